"""Comparison of a number that a report states with our calculation, or with our sample of runs."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from annlab.lab.evidence import Sample
from annlab.lab.ledger import Row
from annlab.lab.statistics import SCALES, Interval, Pooled, Scale, prediction_interval, proportion_interval

__all__ = ["Compared", "compare_exactly", "compare_sample"]

MINIMUM = 5  # replicates below which a cell has no spread of its own
CATEGORIES_FROM = 7  # replicates from which a value never chosen is improbable: p (1 - p)^7 < 0.05 for every p
LEVEL = 0.95

Decision = Literal["reproduced", "refuted", "exceeded", "undecided"]


@dataclass(frozen=True)
class Compared:
    """A verdict on one number: what we have, bounds, replicates, reason, and the probability of refuting a true claim by chance."""

    verdict: Decision
    reason: str
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    risk: float = 0.0


def compare_exactly(row: Row, ours: float, better: str | None = None) -> Compared:
    """A calculated number against the printed one: equal to half the last printed digit (or beyond it, as a bound allows)."""
    assert row.value is not None
    if not math.isfinite(ours):
        return Compared("undecided", f"the calculation gives {ours}")
    slack = row.half_digit * (1 + 1e-9) + 1e-12 * abs(row.value)  # a tie in rounding is no error
    difference = ours - row.value
    holds = {"at-least": difference >= -slack, "at-most": difference <= slack}.get(row.comparison, abs(difference) <= slack)
    if holds:
        return Compared("reproduced", f"recomputed: {_digits(ours, row)}", ours)
    verdict = _outside(difference < 0, better)
    cut = math.trunc(abs(ours) / (2 * row.half_digit)) == round(abs(row.value) / (2 * row.half_digit)) and ours * row.value > 0
    why = ": it was cut off, not rounded" if cut else ""
    return Compared(verdict, f"the right value is {_digits(ours, row)}, not {row.text}{why}", ours)


def compare_sample(row: Row, claimed: float, half: float, sample: Sample, tolerance: float | None) -> Compared:
    """A number from one run of a report against the 95 % prediction interval of one more run of ours.

    Args:
        row: the row, for its comparison and unit.
        claimed: the number, in the ledger's unit.
        half: half its last printed digit, by which it is widened.
        sample: our runs.
        tolerance: half-width up to which an interval is narrow enough to say *reproduced*: in the ledger's unit, or as a share of
            the value on the log scale.
    """
    x, lost = sample.finite, f"; {sample.lost} replicates failed or diverged and were left out" if sample.lost else ""
    if len(x) == 0:
        return Compared("undecided", f"no replicate gave a finite number{lost}", n=0)
    if sample.exact:
        decided = {(found := compare_exactly(row, float(value), sample.better)).verdict: found for value in x}
        if len(decided) > 1:
            return Compared("undecided", "said to be exact, but it differs between replicates", float(x.mean()), n=len(x))
        found = next(iter(decided.values()))
        return Compared(found.verdict, found.reason + lost, found.measured, n=len(x))
    scale = SCALES[sample.scale]
    if not (scale.fits(x / sample.unit) and scale.fits(claimed / sample.unit)):
        scale = SCALES["linear"]
    if len(x) < MINIMUM and sample.pooled is None:
        return Compared("undecided", f"{len(x)} replicates; {MINIMUM} are needed{lost}", float(x.mean()), n=len(x))
    interval = _prediction(x, sample, scale)
    if sample.discrete or _counts(row, x):
        compared = _compare_counts(row, claimed, half, x, interval, sample.better)
    else:
        compared = _compare_interval(row, claimed, half, interval, sample, scale, tolerance)
    return Compared(compared.verdict, compared.reason + lost, compared.measured, compared.low, compared.high, len(x), compared.risk)


def _prediction(x: np.ndarray, sample: Sample, scale: Scale) -> Interval:
    """Prediction interval in the ledger's unit; `std` and `half_width` keep the scale's meaning through `_half_width`."""
    y = scale.forward(x / sample.unit)
    pooled = sample.pooled if len(x) < MINIMUM and scale.name == sample.scale else None
    interval = prediction_interval(y, LEVEL, pooled)
    if scale.name == "logit" and sample.trials:
        p = (float(np.mean(x)) / sample.unit * sample.trials + 0.5) / (sample.trials + 1)
        counting = 1 / math.sqrt(sample.trials * p * (1 - p))  # what counting cases alone adds to the spread of a logit
        if not interval.std >= counting:
            interval = prediction_interval(y, LEVEL, Pooled(counting, max(1, len(x) - 1)))
    mean, low, high = (float(scale.back(bound)) * sample.unit for bound in (interval.mean, interval.low, interval.high))
    return Interval(mean, low, high, interval.n, interval.std)


def _half_width(interval: Interval, scale: Scale) -> float:
    """Half the width as the tolerance counts it: a share on the log scale, else in the ledger's unit."""
    if scale.name == "log":
        return math.sqrt(interval.high / interval.low) - 1
    return interval.half_width


def _compare_interval(
    row: Row, claimed: float, half: float, interval: Interval, sample: Sample, scale: Scale, tolerance: float | None
) -> Compared:
    ours = f"{interval.mean:.4g} (95 % of runs {interval.low:.4g} to {interval.high:.4g})"
    if not math.isfinite(interval.half_width):
        return Compared("undecided", "the spread of our runs is unknown", interval.mean)
    slack = half + 1e-9 * abs(claimed)
    below, above = claimed - slack > interval.high, claimed + slack < interval.low  # where our interval lies
    if row.comparison in ("at-least", "at-most"):
        risk = (1 - LEVEL) / 2
        failed = below if row.comparison == "at-least" else above
        inside = interval.low >= claimed - slack if row.comparison == "at-least" else interval.high <= claimed + slack
        if failed:
            return _decided(_outside(below, sample.better), f"we measure {ours}", interval, risk)
        verdict: Decision = "reproduced" if inside else "undecided"
        return _decided(verdict, f"we measure {ours}" + ("" if inside else ", on both sides of the bound"), interval, risk)
    risk = (1 - LEVEL) / (2 if sample.better else 1)
    if below or above:
        return _decided(_outside(below, sample.better), f"we measure {ours}", interval, risk)
    width, allowed = _half_width(interval, scale), max(tolerance or 0.0, half / abs(claimed) if scale.name == "log" else half)
    if width <= allowed * (1 + 1e-9):
        return _decided("reproduced", f"we measure {ours}", interval, risk)
    shown = f"{width:.0%}, wider than the {allowed:.0%}" if scale.name == "log" else f"{width:.3g}, wider than the {allowed:.3g}"
    return _decided("undecided", f"we measure {ours}: an interval of +-{shown} declared", interval, risk)


def _counts(row: Row, x: np.ndarray) -> bool:
    """Whether the row states a whole number exactly and ours are whole numbers too."""
    return row.comparison == "equal" and "." not in row.text and bool(np.all(x == np.round(x)))


def _compare_counts(row: Row, claimed: float, half: float, x: np.ndarray, interval: Interval, better: str | None) -> Compared:
    """A whole or chosen number: reproduced where most runs give it, refuted where none of seven or more does and it lies outside."""
    # chosen numbers are exact, so only rounding noise is allowed
    hits = int(np.sum(np.abs(x - claimed) <= (1e-9 * max(1.0, abs(claimed)) if half >= 0.5 else half)))
    common, times = Counter(x.tolist()).most_common(1)[0]
    seen = f"{hits} of {len(x)} runs give {row.text}"
    found = Interval(float(common), float(x.min()), float(x.max()), len(x), interval.std)
    if hits and len(x) >= MINIMUM and proportion_interval(hits, len(x)).low > 0.5:
        return _decided("reproduced", seen, found, 1 - LEVEL)
    usual = f", the usual value is {common:.4g} ({times} runs)"
    outside = not interval.low <= claimed <= interval.high
    if hits == 0 and len(x) >= CATEGORIES_FROM and outside:
        return _decided(_outside(claimed > common, better), seen + usual, found, 1 - LEVEL)
    return _decided("undecided", seen + usual, found, 1 - LEVEL)


def _decided(verdict: Decision, reason: str, interval: Interval, risk: float) -> Compared:
    return Compared(verdict, reason, interval.mean, interval.low, interval.high, interval.n, risk)


def _outside(ours_is_lower: bool, better: str | None) -> Decision:
    return "exceeded" if better == ("lower" if ours_is_lower else "higher") else "refuted"


def _digits(value: float, row: Row) -> str:
    """`value` with two digits more than the report prints."""
    return f"{value:.{len(row.text.partition('.')[2]) + 2}f}".rstrip("0").rstrip(".") if "." in row.text else f"{value:.10g}"
