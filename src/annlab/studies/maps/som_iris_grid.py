"""Cells of som-iris: maps to look at, clusterings with three units, classifications by labelled units."""

from typing import Any

from annlab.lab import Grid, grid

__all__ = ["CLASSIFICATION", "CLUSTERING", "SIZES", "VIEW", "full", "quick"]

COMMON: dict[str, Any] = {
    "method": "som",
    "grid": "rectangular",
    "topology": "planar",
    "training": "online",
    "init": "sample",
    "updates": 500,
    "scaling": "standardised",
}
VIEW: dict[str, Any] = {
    **COMMON, "task": "view", "shape": (8, 8), "neighbourhood": "gaussian", "radius": 3.0, "learning_rate": 0.5,
}  # fmt: skip
CLUSTERING: dict[str, Any] = {
    **COMMON, "task": "clustering", "shape": (1, 3), "neighbourhood": "gaussian", "radius": 1.0, "learning_rate": 0.1,
}  # fmt: skip
CLASSIFICATION: dict[str, Any] = {
    **COMMON, "task": "classification", "shape": (4, 4), "neighbourhood": "triangle", "radius": 2.0, "learning_rate": 0.5,
}  # fmt: skip
SIZES = [(1, 3), (2, 2), (3, 3), (4, 4), (6, 6), (8, 8), (10, 10)]

GAUSSIAN = {"neighbourhood": "gaussian", "radius": 1.0, "learning_rate": 0.1}
TRIANGLE = {"neighbourhood": "triangle", "radius": 2.0, "learning_rate": 0.5}
BATCH = {"training": "batch", "updates": 3000}


def cells(base: dict[str, Any], **axes: list[Any]) -> Grid:
    """The product of `axes`, all else as in `base`."""
    return grid(**{**{name: [value] for name, value in base.items()}, **axes})


def full() -> Grid:
    """Every cell: one factor of the view at a time; scalings and lengths of training for both tasks; all sizes; other methods."""
    view = cells(VIEW, grid=["rectangular", "hexagonal"], topology=["planar", "toroidal"])
    changes: dict[str, list[Any]] = {
        "scaling": ["raw", "unit"],
        "shape": [(5, 5), (15, 15)],
        "updates": [100, 5000],
        "neighbourhood": ["bubble", "triangle", "mexican_hat"],
        "init": ["random", "pca"],
    }
    for name, values in changes.items():
        view += cells(VIEW, **{name: values})
    view += cells({**VIEW, **BATCH})
    scalings, lengths = ["standardised", "raw", "unit"], [500, 100, 5000]
    clustering = (
        cells(CLUSTERING, scaling=scalings, updates=lengths)
        + cells({**CLUSTERING, **TRIANGLE})
        + cells({**CLUSTERING, **BATCH})
        + cells({**CLUSTERING, "init": "pca"})
        + cells(CLUSTERING, method=["kmeans", "mixture"], scaling=scalings)
    )
    classification = (
        cells(CLASSIFICATION, scaling=scalings, updates=lengths)
        + cells(CLASSIFICATION, shape=list(SIZES))
        + cells(CLASSIFICATION, shape=[(1, 3), (2, 2), (3, 3), (8, 8)], updates=[5000])
        + cells({**CLASSIFICATION, **GAUSSIAN})
        + cells({**CLASSIFICATION, **BATCH})
        + cells(CLASSIFICATION, method=["kmeans"], shape=list(SIZES))
        + cells(CLASSIFICATION, method=["mixture"], shape=[(1, 3)])
        + cells(CLASSIFICATION, method=["neighbour"])
    )
    return view + clustering + classification


def quick() -> Grid:
    """Both grids of the view, one clustering a method, four sizes."""
    sizes = [(2, 2), (3, 3), (4, 4), (8, 8)]
    return (
        cells(VIEW, grid=["rectangular", "hexagonal"])
        + cells(CLUSTERING, scaling=["standardised", "raw"])
        + cells(CLUSTERING, method=["kmeans", "mixture"])
        + cells(CLASSIFICATION, shape=sizes)
        + cells(CLASSIFICATION, method=["kmeans"], shape=sizes)
        + cells(CLASSIFICATION, method=["neighbour"])
    )
