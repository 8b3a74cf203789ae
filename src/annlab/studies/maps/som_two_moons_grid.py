"""Cells of som-two-moons: one setting of the base at a time, and the neighbourhoods at several radii."""

from typing import Any

from annlab.lab import Grid, grid

__all__ = ["BASE", "BATCH", "STAYED", "full", "quick", "setting"]

BASE: dict[str, Any] = {
    "grid": "rectangular", "topology": "planar", "neighbourhood": "gaussian", "training": "online", "init": "random", "radius": 1.0,
    "learning_rate": 0.5, "schedule": "inverse", "iterations": 1000,
}  # fmt: skip
STAYED = 0.05  # a unit that moved less, in a start region 2 wide, is said to have stayed
BATCH: dict[str, Any] = {"training": "batch", "iterations": 100}
CHANGES: dict[str, list[Any]] = {
    "radius": [0.5, 1.5, 2.0, 3.0],
    "learning_rate": [0.1, 0.9],
    "grid": ["hexagonal"],
    "topology": ["toroidal"],
    "init": ["sample", "pca"],
    "schedule": ["constant"],
}


def cells(**changed: Any) -> Grid:
    """The base with some parameters changed, each a value or a list."""
    return grid(**{name: value if isinstance(value, list) else [value] for name, value in {**BASE, **changed}.items()})


def full() -> Grid:
    """Every cell."""
    found = cells()
    for name, values in CHANGES.items():
        found += cells(**{name: values})
    found += cells(grid="hexagonal", topology="toroidal")
    found += cells(neighbourhood=["bubble", "triangle", "mexican_hat"], radius=[1.0, 2.0])
    return found + cells(**BATCH, radius=[1.0, 2.0]) + cells(**BATCH, neighbourhood=["bubble", "triangle", "mexican_hat"])


def quick() -> Grid:
    """The base, winner-takes-all, a wider neighbourhood, a larger radius and batch training."""
    return cells(radius=[1.0, 2.0]) + cells(neighbourhood="bubble", radius=[1.0, 2.0]) + cells(**BATCH)


def setting(params: Any) -> str:
    """A cell in words: neighbourhood and radius, and what else differs from the base."""
    words = [f"{params.neighbourhood.replace('_', ' ')} {params.radius:g}"]
    if params.learning_rate != BASE["learning_rate"]:
        words.append(f"rate {params.learning_rate:g}")
    words += [str(getattr(params, name)) for name in ("schedule", "grid", "topology", "training") if getattr(params, name) != BASE[name]]
    if params.init != BASE["init"]:
        words.append(f"{params.init.replace('pca', 'PCA')} start")
    return ", ".join(words)
