"""Are noisy digits always recovered, and how many iterations does it take?

The first training image of each class, scaled to [-1, 1] and saturated by its sign, is stored in a network of 784 units built as a
linear system in a saturated mode (h = 0.15, tau = 10). A start is a stored digit with Gaussian noise of standard deviation 0 to 10 by
0.1, cut to [-1, 1]; 100 starts of each digit at each level are followed over 200 synchronous iterations, and the accuracy is read at
every iteration. Beyond that: six rules side by side at the same starts; pixels flipped or erased; digits drawn anew in each replicate;
random patterns and images stored until the network forgets them.

Choices where the reports are silent: a digit is recovered where all units are saturated at the stored pattern (`match="exact"`; by
its signs alone or by the nearest stored digit are offered as variants), and the reports' accuracies are in tenths, as one start of
each digit a level gives (`probes=1`, levels by 0.1 or by 1). A state has settled when no unit changes by more than 1e-6; one that
comes back after two iterations oscillates. "Needed" iterations are those after which 95 % of the starts match for good, of all starts
or of those alone that match in the end. The noise of a level is the same for all rules of a replicate.

quick | standard | full: 31 x 3 x 60 | 55 x 10 x 200 | 55 x 30 x 200 updates, estimated 4 | 320 | 1440 seconds on two cores
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data import require
from annlab.lab import Metric, Outcome, Question, Study, overrides
from annlab.models import HopfieldNetwork
from annlab.studies.recurrent import hopfield_digits_answers as answers
from annlab.studies.recurrent.hopfield_digits_claims import CLAIMS
from annlab.studies.recurrent.hopfield_digits_grid import cells, tiny
from annlab.studies.recurrent.hopfield_digits_load import capacities, counts, stored
from annlab.studies.recurrent.hopfield_digits_noise import level_grid, summary, swept
from annlab.studies.recurrent.hopfield_digits_recall import corrupted, first_images, follow, saturated
from annlab.studies.recurrent.hopfield_digits_shown import FIGURES, TABLES

if TYPE_CHECKING:
    from annlab.lab import Context

EDGE = 28
"""Pixels on a side of an image."""
KINDS = 10
SHOWN = (0.1, 0.2, 0.5, 1.0)
"""Levels of the gallery, as shares of the highest."""


@dataclass(frozen=True)
class Params:
    """Patterns, rule and what is swept: the noise of the starts, or with `sweep="load"` the number of patterns stored."""

    data: str = "mnist"
    sweep: Literal["noise", "load"] = "noise"
    rule: Literal["lssm", "hebb", "storkey", "pseudoinverse", "dense", "modern"] = "lssm"
    update: Literal["synchronous", "asynchronous"] = "synchronous"
    degree: int = 3
    beta: float = 1.0
    images: Literal["first", "drawn", "random"] = "first"
    corruption: Literal["gaussian", "flipped", "erased"] = "gaussian"
    highest: float = 10.0
    levels: int = 100
    probes: int = 100
    iterations: int = 200
    match: Literal["exact", "signs", "nearest"] = "exact"
    units: int = 784
    most: float = 1.0
    every: int = 1


def trial(params: Params, ctx: "Context") -> Outcome:
    """Store, corrupt, recall and measure one replicate."""
    begun = time.perf_counter()
    outcome = _loaded(params, ctx) if params.sweep == "load" else _noisy(params, ctx)
    return Outcome(outcome.metrics, {"sweep": time.perf_counter() - begun}, outcome.series, outcome.arrays)


def network(params: Params, ctx: "Context") -> HopfieldNetwork:
    """The network of a cell, before it has seen patterns."""
    return HopfieldNetwork(
        rule=params.rule, update=params.update, degree=params.degree, beta=params.beta, random_state=ctx.streams.seed("order")
    )


def _noisy(params: Params, ctx: "Context") -> Outcome:
    data = ctx.data(params.data)
    X, y = data["X_train"], data["y_train"]
    rows = (
        first_images(y)
        if params.images == "first"
        else [ctx.streams.child("data", str(k)).choice(np.flatnonzero(y == k)) for k in range(KINDS)]
    )
    patterns = saturated(X[rows]).astype(np.float32)  # saturated states are exact in it
    fitted = network(params, ctx).fit(patterns)
    levels = level_grid(params.highest, params.levels)
    series = swept(fitted, patterns, levels, params.corruption, params.probes, params.iterations, params.match, ctx.streams)
    return Outcome(summary(series), series=series, arrays=_gallery(params, ctx, fitted, patterns) if ctx.replicate == 0 else {})


def _gallery(params: Params, ctx: "Context", fitted: Any, patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Images of one start of each digit at a few levels, and what is recalled of it."""
    arrays = {"clean": patterns.astype(np.float16)}
    rng = ctx.streams("measure")
    for share in SHOWN:
        starts = corrupted(patterns, params.corruption, share * params.highest, rng)
        ends = follow(fitted, starts, patterns, np.arange(KINDS), params.iterations).states
        arrays |= {f"start_{share:g}": starts.astype(np.float16), f"end_{share:g}": ends.astype(np.float16)}
    return arrays


def _loaded(params: Params, ctx: "Context") -> Outcome:
    numbers = counts(params.units, params.most, params.every)
    if params.images == "random":
        patterns = ctx.streams("data").choice([-1.0, 1.0], size=(numbers[-1], params.units))
    else:
        X = ctx.data(params.data)["X_train"]
        patterns = saturated(X[ctx.streams("data").choice(len(X), size=numbers[-1], replace=False)])
    series = stored(lambda: network(params, ctx), patterns, numbers, params.probes, params.iterations, ctx.streams("noise"))
    return Outcome(capacities(series), series={"load": series})


METRICS = {
    "recovered": Metric("digits recovered, mean over levels", better="higher"),
    "nearest": Metric("nearest digit is right, mean over levels", better="higher"),
    "spurious": Metric("share that ends in no stored digit", better="lower"),
    "oscillate": Metric("share that oscillates", better="lower"),
    "move": Metric("share that moves still", better="lower"),
    "other": Metric("share that ends in another digit", better="lower"),
    "perfect_up_to": Metric("largest level up to which all are recovered", better="higher"),
    "mostly_up_to": Metric("largest level up to which 95 % are recovered", better="higher"),
    "recovered_low": Metric("recovered at a tenth of the highest level", better="higher"),
    "recovered_half": Metric("recovered at half the highest level", better="higher"),
    "recovered_high": Metric("recovered at the highest level", better="higher"),
    "nearest_low": Metric("nearest digit right at a tenth of the highest level", better="higher"),
    "nearest_half": Metric("nearest digit right at half the highest level", better="higher"),
    "nearest_high": Metric("nearest digit right at the highest level", better="higher"),
    "iterations_low": Metric("iterations to settle at a tenth of the highest level"),
    "iterations_half": Metric("iterations to settle at half the highest level"),
    "iterations_high": Metric("iterations to settle at the highest level"),
    "iterations_most": Metric("most iterations to settle"),
    "needed_low": Metric("iterations for 95 % of the recovered, a tenth of the highest level"),
    "needed_half": Metric("iterations for 95 % of the recovered, half the highest level"),
    "needed_high": Metric("iterations for 95 % of the recovered, highest level"),
    "needed_recovered": Metric("iterations for 95 % of the recovered"),
    "iterations_mean": Metric("iterations to settle"),
    **{f"digit_{digit}": Metric(f"share of {digit} recovered, mean over levels", better="higher") for digit in range(KINDS)},
    "seven_as_three": Metric("share of 7 recalled as 3 above half the highest level"),
    "seven_as_other": Metric("largest share of 7 recalled as another wrong digit"),
    "capacity_all": Metric("patterns up to which all that are asked are stable", better="higher"),
    "capacity_most": Metric("patterns up to which 95 % of those asked are stable", better="higher"),
    "capacity_errors": Metric("patterns kept with at most 2 % of pixels off", better="higher"),
    "capacity_found": Metric("patterns up to which 95 % of those asked are found from 10 % flipped pixels", better="higher"),
}


def data_of(params: Params) -> tuple[str, ...]:
    """The data set, unless the patterns are random."""
    if params.images == "random":
        return ()
    return (require(params.data, task="classification", shape={"X_train": (None, EDGE, EDGE), "y_train": (None,)}).name,)


def cost(params: Params) -> float:
    """Rough seconds of a replicate on one core."""
    if params.sweep == "load":
        loads = counts(params.units, params.most, params.every) / params.units
        return float(0.02 * len(loads) + 4e-9 * params.units**3 * (loads**2).sum())
    each = {"lssm": 2.0e-4, "dense": 3.0e-4}.get(params.rule, 6e-5)
    return (params.levels + 1) * (0.003 + KINDS * params.probes * (10 * each if params.update == "asynchronous" else each))


study = Study(
    name="hopfield-digits",
    title="Hopfield networks recall digits",
    sheet={"2024": "2.1"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cells(),
    replicates=10,
    data=data_of,
    profiles={
        "quick": overrides(grid=tiny(), data="digits28", replicates=3),
        "standard": overrides(),
        "full": overrides(grid=cells(every=1), replicates=30),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("Are noisy digits always recovered?", answers.always, "2.1.3"),
        Question("How do the noise level and the number of iterations bear on it?", answers.iterations, "2.1.3"),
        Question("Which digits are confused, and how do starts end that are not recovered?", answers.confusions, "2.1.3"),
        Question("Which rule recalls best, and how many patterns does each hold?", answers.rules, "2.1.3"),
    ],
    figures=FIGURES,
    tables=TABLES,
    claims=CLAIMS,
)
