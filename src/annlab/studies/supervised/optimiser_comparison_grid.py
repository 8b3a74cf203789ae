"""Cells of optimiser-comparison: the optimisers of handout and reports, those beyond, the factorial, noisy targets, timed cells."""

from collections.abc import Sequence
from typing import Any

from annlab.lab import Grid

Settings = dict[str, Any]
Sizes = tuple[int, ...]

SIZES: tuple[Sizes, ...] = ((10, 10), (25, 25), (50, 50), (100, 100))
SMALL, MIDDLE, LARGE = (10, 10), (50, 50), (100, 100)
POINTS = 1600
NOISE = 0.3


def setting(optimizer: str, learning_rate: float, batch_size: int) -> Settings:
    """One way to train."""
    return {"optimizer": optimizer, "learning_rate": learning_rate, "batch_size": batch_size}


GD = setting("sgd", 0.05, POINTS)
SGD_400 = setting("sgd", 0.05, 400)
SGD_40 = setting("sgd", 0.05, 40)
SLOW_40 = setting("sgd", 0.01, 40)
FAST_400 = setting("sgd", 0.1, 400)
FAST_40 = setting("sgd", 0.1, 40)
NESTEROV = setting("nesterov", 0.1, 400)
MOMENTUM = setting("momentum", 0.01, POINTS)
MOMENTUM_400 = setting("momentum", 0.01, 400)
MOMENTUM_40 = setting("momentum", 0.01, 40)
ADAM = setting("adam", 0.001, 400)
ADAM_FULL = setting("adam", 0.001, POINTS)
ADAM_FAST = setting("adam", 0.01, 400)
LBFGS = setting("lbfgs", 1.0, POINTS)
RMSPROP = setting("rmsprop", 0.001, 400)

HANDOUT = (GD, FAST_40, NESTEROV, ADAM, LBFGS)
REPORT_C = (GD, SGD_400, SGD_40, SLOW_40, MOMENTUM, ADAM, LBFGS)
BEYOND = (RMSPROP, setting("adamw", 0.001, 400), setting("adadelta", 1.0, 400), setting("muon", 0.001, 400))
OPEN = (MOMENTUM_400, MOMENTUM_40, ADAM_FULL, ADAM_FAST)
"""What the reports may have meant where they leave batch size or rate open."""
EVERY = (*HANDOUT, SGD_400, SGD_40, SLOW_40, FAST_400, MOMENTUM, *OPEN, *BEYOND)

BATCHES, RATES, KINDS = (POINTS, 400, 40), (0.05, 0.1), ("sgd", "nesterov")
FACTORIAL = tuple(setting(kind, rate, batch) for kind in KINDS for rate in RATES for batch in BATCHES)
"""Batch size, rate and Nesterov's momentum crossed; the handout changes all three at once."""


def cells(settings: Sequence[Settings], sizes: Sequence[Sizes], **fixed: Any) -> Grid:
    """Every way to train on every network, everything else fixed."""
    return Grid(tuple((None, {**each, "hidden_sizes": size, **fixed}) for size in sizes for each in settings))


def timed(settings: Sequence[Settings], sizes: Sequence[Sizes], epochs: int, lbfgs_epochs: int, loop: str = "ours") -> Grid:
    """Timed cells; LBFGS over epochs enough to fill its history of 100 pairs, where the profile can afford them."""
    others = [each for each in settings if each != LBFGS]
    kept = [LBFGS] * (LBFGS in settings)
    return cells(others, sizes, epochs=epochs, timed=True, loop=loop) + cells(kept, sizes, epochs=lbfgs_epochs, timed=True, loop=loop)


def full() -> Grid:
    """All that a row of the ledger names, and what goes beyond."""
    opened, long = [MOMENTUM_400, ADAM_FULL], [ADAM, LBFGS]
    here = [each for each in (*HANDOUT, *REPORT_C, *opened, *BEYOND) if each not in long]
    return (
        cells(EVERY, SIZES, epochs=5000)
        + cells(FACTORIAL, [MIDDLE], epochs=5000)
        + cells([*HANDOUT, ADAM_FAST], [SMALL, MIDDLE, LARGE], noise=NOISE, epochs=5000)
        + timed([*REPORT_C, *opened], [size for size in SIZES if size != MIDDLE], 500, 500)
        + timed(here, [MIDDLE], 500, 500)
        + timed(long, [MIDDLE], 5000, 5000)
        + timed([*REPORT_C, *opened], SIZES, 100, 200, "plain")
        + timed([*HANDOUT], [MIDDLE], 100, 200, "plain")
    )


def standard() -> Grid:
    """The handout's five on three networks; the others, the factorial and noisy targets shorter; short timings."""
    others = [each for each in (*EVERY, *FACTORIAL) if each not in HANDOUT]
    return (
        cells(HANDOUT, [SMALL, MIDDLE], epochs=2500)
        + cells(HANDOUT, [LARGE], epochs=1000)
        + cells(others, [MIDDLE], epochs=500)
        + cells([FAST_40, ADAM, LBFGS], [SMALL, LARGE], noise=NOISE, epochs=500)
        + timed([*HANDOUT, *REPORT_C, *BEYOND], [MIDDLE], 25, 120)
        + timed([GD, FAST_40, ADAM, LBFGS], [SMALL, LARGE], 25, 120)
        + timed(REPORT_C, SIZES, 8, 8, "plain")
        + timed(HANDOUT, [MIDDLE], 8, 8, "plain")
    )


def quick(epochs: int) -> Grid:
    """The handout's five on two networks, a factorial of two levels on the small one, noisy targets, the shortest timings."""
    two = [each for each in FACTORIAL if each["batch_size"] in (BATCHES[0], BATCHES[-1]) and each not in HANDOUT]
    return (
        cells(HANDOUT, [SMALL, MIDDLE], epochs=epochs)
        + cells(two, [SMALL], epochs=epochs)
        + cells([FAST_40, ADAM], [SMALL], noise=NOISE, epochs=epochs)
        + timed(HANDOUT, [MIDDLE], 6, 6)
    )
