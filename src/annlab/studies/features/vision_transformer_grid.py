"""Cells of vision-transformer: the architectures of three reports, single changes of the handout's network, recipes, and timed cells."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from annlab.lab import Grid, zipped

MLP = (64, 128, 256, 512)
TABLE: dict[tuple[int, int], tuple[int, ...]] = {  # (dim, depth): units between the dense layers, 8 heads, as report-D lists them
    **{(32, depth): MLP for depth in (4, 6, 8)},
    (32, 10): (256,),
    (64, 4): MLP,
    **{(64, depth): (64, 128, 256) for depth in (6, 8)},
    (128, 4): MLP,
    **{(128, depth): (64, 128, 256) for depth in (6, 8)},
    (128, 10): (64, 128),
    (256, 4): (512,),
    (256, 8): (64, 128),
    (256, 10): (128, 256),
}


class Size(NamedTuple):
    """Architecture of one network."""

    dim: int = 64
    depth: int = 6
    heads: int = 8
    mlp_dim: int = 128


OF_D = tuple(Size(dim, depth, 8, mlp_dim) for (dim, depth), units in TABLE.items() for mlp_dim in units)
OF_C = {
    "baseline": Size(),
    "increased-capacity": Size(128, 8, 16, 256),
    "reduced-capacity": Size(32, 4, 4, 64),
    "increased-depth": Size(64, 12, 8, 128),
    "fewer-heads-higher-dim": Size(128, 6, 4, 128),
    "high-mlp": Size(64, 6, 8, 256),
}
_A = ((64, 6, 8, 128), (128, 6, 8, 256), (32, 6, 8, 64), (64, 8, 16, 128), (64, 3, 4, 128), (128, 8, 8, 256), (128, 8, 16, 256))
OF_A = tuple(Size(*each) for each in _A)
SINGLE = (Size(depth=3), Size(depth=10), Size(heads=4), Size(heads=16), Size(mlp_dim=512))

BETTER: dict[str, Any] = {"patch_size": 4, "shift": 2, "warmup": 2, "label_smoothing": 0.1}
"""What is changed for a better recipe, one at a time and all at once."""

STEPS: dict[str, Any] = {"timed": True, "epochs": 2, "images": 128}
"""Two epochs of one batch each: the first warms up."""


def of(sizes: Iterable[Size], **common: Any) -> Grid:
    """Cells of some architectures with settings that all share."""
    unlike = list(dict.fromkeys(sizes))
    columns = {name: [getattr(size, name) for size in unlike] for name in Size._fields}
    return zipped(**columns, **{name: [value] * len(unlike) for name, value in common.items()})


def recipes(size: Size, longer: dict[str, Any], **common: Any) -> Grid:
    """One network with each change of the recipe alone, and with all of them trained longer."""
    cells = of([size], **{**common, **BETTER, **longer})
    for name, value in BETTER.items():
        cells += of([size], **{**common, name: value})
    return cells


def full() -> Grid:
    """Every network that a report names, single changes of the handout's, recipes, and the timed cells."""
    every = of([*OF_D, *OF_C.values(), *OF_A, *SINGLE])
    return every + recipes(Size(), {"epochs": 40, "decay": 0.92}) + timed()


def timed() -> Grid:
    """The networks whose training time a report states."""
    return of([*OF_D, *OF_C.values()], **STEPS)


def standard() -> Grid:
    """Half of a smaller grid trained shorter, single changes, recipes; the timed cells as they are."""
    short: dict[str, Any] = {"images": 8000, "test_images": 2_000, "epochs": 4, "threshold": 0.9}
    half = [Size(dim, depth, 8, 64 if (depth == 4) != (dim == 64) else 256) for dim in (32, 64, 128) for depth in (2, 4)]
    cells = of([*half, Size(), Size(heads=4), Size(depth=3)], **short)
    return cells + recipes(Size(depth=3), {}, **short) + timed()


def quick() -> Grid:
    """Very small networks on a stand-in."""
    small: dict[str, Any] = {"head_dim": 16, "images": 512, "batch_size": 32, "epochs": 3, "learning_rate": 0.02, "threshold": 0.5}
    small |= {"data": "digits28"}
    sizes = [Size(dim, depth, 2, 32) for dim in (8, 16) for depth in (1, 2)]
    clock = {**small, "timed": True, "epochs": 2, "images": 32}
    return of(sizes, **small) + of([Size(16, 2, 2, 64), Size(16, 2, 4, 32)], **small) + of(sizes, **clock) + recipe(sizes[-1], small)


def recipe(size: Size, common: dict[str, Any]) -> Grid:
    """The same network with shifted images and a rate that warms up."""
    return of([size], **{**common, "shift": 1}) + of([size], **{**common, "warmup": 1})
