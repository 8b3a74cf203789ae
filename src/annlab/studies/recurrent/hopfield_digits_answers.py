"""Answers of hopfield-digits."""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from annlab import draw
from annlab.studies.recurrent import hopfield_digits_reading as reading
from annlab.studies.recurrent.hopfield_digits_load import theory

if TYPE_CHECKING:
    from annlab.lab import Results


def always(results: "Results") -> str:
    """Up to which noise all digits come back, and what is left of it at the highest."""
    base = reading.base_cell(results)
    highest = results.where(**base).cells[0].params.highest
    low, half, high = (draw.measured(results, f"recovered_{name}", **base) for name in ("low", "half", "high"))
    every = results.values("perfect_up_to", **base)
    lost = float(results.values("recovered_high", **base).max()) < 1
    other, none = (draw.measured(results, name, **base) for name in ("other", "spurious"))
    return (
        f"{'No' if lost else 'In these runs yes'}: at noise of standard deviation {0.1 * highest:g}, {0.5 * highest:g} and {highest:g} "
        f"the share recovered exactly is {low}; {half}; {high}. "
        f"Not one start of any digit fails up to level {_range(every)} (over replicates), and 95 % are recovered up to level "
        f"{draw.measured(results, 'mostly_up_to', **base)}. "
        f"At level {highest:g} the noise turns the sign of {draw.format_number(100 * float(ndtr(-1 / highest)))} % of the pixels, "
        f"where 50 % would leave nothing of the digit. "
        f"The nearest stored digit at the end is the right one for {draw.measured(results, 'nearest_high', **base)} of the starts at the "
        f"highest level, where guessing gives 0.1. "
        f"A start that is lost ends in another stored digit ({other}) or in a state that is none ({none}; means over levels)."
    )


def iterations(results: "Results") -> str:
    """Iterations by noise level, and what stopping early leaves."""
    base = reading.base_cell(results)
    highest = results.where(**base).cells[0].params.highest
    low, half, high = (draw.measured(results, f"iterations_{name}", **base) for name in ("low", "half", "high"))
    rise = _paired(results, "iterations_half", "iterations_low", **base)
    later = _paired(results, "iterations_high", "iterations_half", **base)
    frame = results.series("map", **base)
    level = _nearest(frame["level"], 0.5 * highest)
    early, last = _nearest(frame["iteration"], 5), frame["iteration"].max()
    kept = frame[frame["level"] == level]
    begun, ended = [draw.format_number(float(kept[kept["iteration"] == t]["nearest"].mean())) for t in (0, last)]
    left, least = (draw.format_number(100 * float(kept[kept["iteration"] == t]["residue"].mean())) for t in (early, last))
    return (
        f"States settle after {low} iterations at level {0.1 * highest:g}, {half} at {0.5 * highest:g} and {high} at {highest:g}. "
        f"From the first to the second level the number is {rise}, from the second to the third {later}. "
        f"Of the starts that are recovered, 95 % are there for good after {draw.measured(results, 'needed_low', **base)}, "
        f"{draw.measured(results, 'needed_half', **base)} and {draw.measured(results, 'needed_high', **base)} iterations; the slowest "
        f"start of all took {results.values('iterations_most', **base).max():.0f}. "
        f"Stopped after {early:.0f} iterations at level {level:g}, digits that would be recovered still have "
        f"{left} % of their pixels off, at the last iteration {least} %. "
        f"Which digit a start goes to is another matter: the right one is the nearest for {begun} of the starts at level {level:g} "
        f"before any iteration, and for {ended} at the end."
    )


def confusions(results: "Results") -> str:
    """Digits by accuracy, the commonest confusion, ways to end."""
    base = reading.base_cell(results)
    digits = {d: results.values(f"digit_{d}", **base) for d in range(10)}
    best, worst = (pick(digits, key=lambda d: float(digits[d].mean())) for pick in (max, min))
    counts = reading.confusion_counts(results, half=1).mean(axis=0)
    wrong = counts * (1 - np.eye(10))
    one, other = np.unravel_index(int(wrong.argmax()), wrong.shape)
    share = 100 * wrong[one, other] / counts[one].sum()
    three, rival, cycles, moving = (
        draw.measured(results, name, **base) for name in ("seven_as_three", "seven_as_other", "oscillate", "move")
    )
    return (
        f"Averaged over levels {best} is recovered most ({draw.measured(results, f'digit_{best}', **base)}) and {worst} least "
        f"({draw.measured(results, f'digit_{worst}', **base)}), the first against the second: "
        f"{_difference(digits[best], digits[worst])}. "
        f"Above half the highest level the commonest mistake is {one} read as {other}, {draw.format_number(float(share))} % of the {one}s. "
        f"The share of sevens read as 3 is {three}, that of the commonest other misreading of a seven {rival}; the first against the "
        f"second: {_paired(results, 'seven_as_three', 'seven_as_other', **base)}. "
        f"Oscillating ends {cycles} of the starts, still moving {moving}."
    )


def rules(results: "Results") -> str:
    """Rules beside each other at the same starts, and their capacity."""
    cells = {rule: reading.rule_cell(results, rule) for rule in reading.rules_of(results)}
    means = {rule: float(results.values("recovered", **cell).mean()) for rule, cell in cells.items()}
    order = sorted(means, key=lambda rule: -means[rule])
    first, second = order[:2]
    lead = draw.compare(results, "recovered", {"rule": first}, {"rule": second}, **{k: v for k, v in cells[first].items() if k != "rule"})
    at_rest = {rule: results.series("levels", **cell).groupby("level")["recovered"].mean().iloc[0] for rule, cell in cells.items()}
    bad = [rule for rule in order if at_rest[rule] < 0.5]
    sizes = reading.hebb_sizes(results)
    units = max(sizes)
    lines = theory(units)
    return (
        f"With ten digits and Gaussian noise the rules recover, averaged over levels, "
        f"{', '.join(f'{reading.NAMES[rule]} {draw.format_number(means[rule])}' for rule in order)}. "
        f"The first against the second of these: {lead}. "
        f"Started at the stored digits themselves, without noise, {', '.join(reading.NAMES[rule] for rule in bad) or 'no rule'} "
        f"{'lose' if len(bad) > 1 else 'loses'} more than half of them{': digits overlap, as random patterns do not' if bad else ''}. "
        f"With random patterns and {units} units the Hebb rule keeps all that are asked, {sizes[units]['probes']} at most, stable up to "
        f"{draw.measured(results, 'capacity_all', **sizes[units])}, 95 % of them up to "
        f"{draw.measured(results, 'capacity_most', **sizes[units])} and with at most 2 % of pixels off up to "
        f"{draw.measured(results, 'capacity_errors', **sizes[units])} patterns. "
        f"Theory says for large networks {', '.join(f'{name} = {draw.format_number(value)}' for name, value in lines.items())}. "
        f"The formula as one report prints it, N/4 times ln N, would be {draw.format_number(units / 4 * np.log(units))}, "
        f"more than the number of units: the logarithm belongs below the line."
    )


def _paired(results: "Results", first: str, second: str, **cell: Any) -> str:
    return _difference(results.values(first, **cell), results.values(second, **cell))


def _difference(a: np.ndarray, b: np.ndarray) -> str:
    """Difference of two paired samples in words: ``higher by 3 [2, 4]``, ``undecided``."""
    from annlab.lab.statistics import mean_interval

    interval = mean_interval(a - b)
    if not interval.low <= 0 <= interval.high and np.isfinite(interval.low):
        sign = "higher" if interval.mean > 0 else "lower"
        low, high = sorted((abs(interval.low), abs(interval.high)))
        return f"{sign} by {draw.format_interval(abs(interval.mean), low, high)}"
    return "undecided"


def _nearest(values: Any, wanted: float) -> float:
    found = np.unique(values)
    return float(found[np.abs(found - wanted).argmin()])


def _range(values: np.ndarray) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
