"""Sentences of an answer, their numbers filled in from results and undecided where these do not decide."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.draw.formats import format_interval, name_words

if TYPE_CHECKING:
    import pandas as pd

    from annlab.lab.results import Results

__all__ = ["Comparison", "compare", "measured", "readable", "texts"]

ABSENT = "not measured in this profile"


@dataclass(frozen=True)
class Comparison:
    """A paired comparison in words.

    Attributes:
        text: such as ``lower (0.84 [0.74, 0.95] times, n = 10)``, ``undecided (by 0.1 [-0.2, 0.4] dB, n = 5)``,
            or why there is nothing to compare.
        sign: 1 where the first is shown to be higher, -1 lower, 0 undecided (the 95 % interval holds zero, or no data).
    """

    text: str
    sign: int

    def __str__(self) -> str:
        return self.text

    @property
    def decided(self) -> bool:
        """Whether the interval leaves no doubt about the direction."""
        return self.sign != 0


def measured(results: "Results", name: str, /, stage: str = "trial", **cell: Any) -> str:
    """Mean of a metric over the replicates of one cell with its 95 % interval and unit: ``0.056 [0.051, 0.061], n = 10``."""
    from annlab.lab.statistics import mean_interval

    values = np.array(list(_values(results, name, stage, cell).values()))
    if not len(values):
        return ABSENT
    interval, unit = mean_interval(values), results.study.metrics[name].unit if name in results.study.metrics else ""
    shown = format_interval(interval.mean, interval.low, interval.high, unit)
    return f"{shown}, n = {interval.n}"


def compare(
    results: "Results", name: str, first: Mapping[str, Any], second: Mapping[str, Any], /, stage: str = "trial", **common: Any
) -> Comparison:
    """Difference of a metric between two cells, paired by replicate, on the metric's scale: a ratio where it is logarithmic.

    Args:
        results: what was measured.
        name: the metric.
        first, second: parameters in which the two cells differ.
        stage: ``"trial"`` or ``"final"``.
        common: parameters that both share.
    """
    from annlab.lab.statistics import mean_interval

    a, b = (_values(results, name, stage, {**common, **cell}) for cell in (first, second))
    both = [replicate for replicate in a if replicate in b]
    if not both:
        return Comparison(ABSENT, 0)
    one, other = (np.array([values[replicate] for replicate in both]) for values in (a, b))
    logarithmic = name in results.study.metrics and results.study.metrics[name].scale == "log"
    if logarithmic and min(one.min(), other.min()) <= 0:
        return Comparison("undecided (a value is not above zero)", 0)
    interval = mean_interval(np.log(one) - np.log(other) if logarithmic else one - other)
    if not math.isfinite(interval.low):
        return Comparison(f"undecided (n = {interval.n})", 0)
    sign = 1 if interval.low > 0 else -1 if interval.high < 0 else 0
    if logarithmic:
        amount = f"{format_interval(math.exp(interval.mean), math.exp(interval.low), math.exp(interval.high))} times"
    else:
        low, high = sorted((abs(interval.low), abs(interval.high))) if sign else (interval.low, interval.high)
        unit = results.study.metrics[name].unit if name in results.study.metrics else ""
        amount = f"by {format_interval(abs(interval.mean) if sign else interval.mean, low, high, unit)}"
    return Comparison(f"{('undecided', 'higher', 'lower')[sign]} ({amount}, n = {interval.n})", sign)


def _values(results: "Results", name: str, stage: str, cell: Mapping[str, Any]) -> dict[int, float]:
    """The metric by replicate of the one cell that matches; nothing where no cell does, or none of it is stored or has the metric."""
    found = [record for record in results.where(**cell).records if record.stage == stage and record.outcome is not None]
    if len({record.cell.identity for record in found}) > 1:
        results.values(name, stage=stage, **cell)  # says which parameters are left open
    return {record.replicate: float(record.outcome.metrics[name]) for record in found if record.outcome and name in record.outcome.metrics}


def texts(results: "Results", **parameters: str) -> dict[str, Any]:
    """``labels`` and ``units`` of the study's metrics, and the labels of `parameters`, for the tables of this room."""
    metrics = results.study.metrics
    labels = {name: entry.label for name, entry in metrics.items()}
    return {"labels": {**labels, **parameters}, "units": {name: entry.unit for name, entry in metrics.items() if entry.unit}}


def readable(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with underscores in its texts as spaces, for tables and legends: ``early_stopping`` becomes ``early stopping``."""
    words = {name: frame[name].map(_words) for name in frame.columns if frame[name].map(lambda value: isinstance(value, str)).any()}
    return frame.assign(**words)


def _words(value: Any) -> Any:
    return name_words(value) if isinstance(value, str) else value
