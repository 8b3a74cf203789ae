"""Settings beside each other as tables: summary, ranking with groups that cannot be told apart, stability over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import ascii_lowercase
from typing import TYPE_CHECKING, Literal

import numpy as np

from annlab.draw.formats import format_setting
from annlab.draw.frames import check_frame, values_of
from annlab.draw.table import TableView
from annlab.lab.statistics import SCALES, Interval, groups_not_separable, mean_interval

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["ScaleName", "Way", "on_scale", "ranked_table", "scale_interval", "stability_table", "summary_table"]

ScaleName = Literal["linear", "log", "logit"]
Way = Literal["lower", "higher"]


def summary_table(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    values: Sequence[str],
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    replicate: str = "replicate",
) -> TableView:
    """One row a setting: each of `values` as mean with its t interval over replicates, and the number of replicates.

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        by: factor or factors that make a setting.
        values: columns to summarise.
        level: of the intervals.
        labels, units: by column, as in `TableView`.
        replicate: column that numbers the runs.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate in a setting.
    """
    import pandas as pd

    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, *values], "a summary table")
    columns = {name: values_of(frame, factors, name, replicate) for name in values}
    first = columns[values[0]]
    rows = [
        dict(zip(factors, key, strict=True))
        | {name: mean_interval(columns[name][key], level) for name in values}
        | {"replicates": int(np.isfinite(first[key]).sum())}
        for key in first
    ]
    return TableView(
        pd.DataFrame(rows),
        labels or {},
        units or {},
        dict.fromkeys(factors, format_setting),
        [f"Brackets hold the {level * 100:g} % t interval of the mean over replicates."],
    )


def ranked_table(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    value: str,
    better: Way = "lower",
    scale: ScaleName = "linear",
    level: float = 0.95,
    top: int | None = None,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    replicate: str = "replicate",
) -> TableView:
    """Settings by their mean, the best first, with letters: two settings that share a letter cannot be told apart.

    Differences are tested in pairs over replicates on `scale`, corrected by Holm (`annlab.lab.statistics.groups_not_separable`).
    With ``log`` or ``logit`` the mean is that on the scale, turned back. Settings without two finite values come last, without a letter.

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        by: factor or factors that make a setting.
        value: column to rank by.
        better: which way is better.
        scale: on which differences are tested and means taken.
        level: of the intervals and of the family of tests.
        top: rows shown; all by default. Letters are found among all settings.
        labels, units: by column, as in `TableView`.
        replicate: column that numbers the runs.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate in a setting.
    """
    import pandas as pd

    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, value], "a ranked table")
    groups = values_of(frame, factors, value, replicate)
    keys = {f"{index:06d}": key for index, key in enumerate(groups)}
    moved = {name: on_scale(groups[key], scale) for name, key in keys.items()}
    testable = {name: values for name, values in moved.items() if np.isfinite(values).sum() > 1}
    letters: dict[str, list[str]] = {}
    for index, members in enumerate(groups_not_separable(testable, level, higher=better == "higher") if testable else []):
        for name in members:
            letters.setdefault(name, []).append(_letter(index))
    intervals = {name: scale_interval(groups[key], scale, level) for name, key in keys.items()}
    sign = 1.0 if better == "lower" else -1.0
    order = sorted(keys, key=lambda name: (name not in testable, not np.isfinite(intervals[name].mean), sign * intervals[name].mean, name))
    rows = [
        {"rank": rank}
        | dict(zip(factors, keys[name], strict=True))
        | {
            value: intervals[name],
            "not told apart": " ".join(letters.get(name, [])),
            "replicates": intervals[name].n,
            "failed": len(groups[keys[name]]) - intervals[name].n,
        }
        for rank, name in enumerate(order, 1)
    ]
    kind = {"linear": "mean", "log": "geometric mean", "logit": "mean on the logit scale"}[scale]
    notes = [
        f"Value: {kind} with its {level * 100:g} % interval over replicates.",
        f"Rows that share a letter cannot be told apart (paired tests, Holm-corrected, family level {level * 100:g} %).",
    ]
    if top is not None and top < len(rows):
        notes.append(f"The first {top} of {len(rows)} settings.")
    shown = rows[:top] if top is not None else rows
    best = _letter(0)
    return TableView(
        pd.DataFrame(shown),
        labels or {},
        units or {},
        dict.fromkeys(factors, format_setting),
        notes,
        [best in str(row["not told apart"]).split() for row in shown],
    )


def stability_table(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    value: str,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    replicate: str = "replicate",
) -> TableView:
    """One row a setting: mean, standard deviation, minimum and maximum over seeds, and how many seeds failed (not finite).

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        by: factor or factors that make a setting.
        value: column to describe.
        labels, units: by column, as in `TableView`; the unit of `value` is that of all four numbers.
        replicate: column that numbers the seeds.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate in a setting.
    """
    import pandas as pd

    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, value], "a stability table")
    rows = []
    for key, values in values_of(frame, factors, value, replicate).items():
        finite = values[np.isfinite(values)]
        some = finite.size > 0
        rows.append(
            dict(zip(factors, key, strict=True))
            | {
                "mean": float(finite.mean()) if some else np.nan,
                "standard deviation": float(finite.std(ddof=1)) if finite.size > 1 else np.nan,
                "minimum": float(finite.min()) if some else np.nan,
                "maximum": float(finite.max()) if some else np.nan,
                "seeds": len(values),
                "failed": len(values) - finite.size,
            }
        )
    unit = (units or {}).get(value, "")
    given = dict.fromkeys(("mean", "standard deviation", "minimum", "maximum"), unit) if unit else {}
    note = f"{(labels or {}).get(value, value.replace('_', ' '))} over seeds."
    return TableView(pd.DataFrame(rows), labels or {}, {**given, **(units or {})}, dict.fromkeys(factors, format_setting), [note])


def scale_interval(values: np.ndarray, scale: ScaleName, level: float) -> Interval:
    """T interval on a scale, its ends turned back."""
    found = mean_interval(on_scale(values, scale), level)
    if scale == "linear":
        return found
    back = SCALES[scale].back
    return replace(found, mean=float(back(found.mean)), low=float(back(found.low)), high=float(back(found.high)))


def on_scale(values: np.ndarray, scale: ScaleName) -> np.ndarray:
    """Values on the scale; NaN for those without a place on it."""
    usable = np.isfinite(values) & ((values > 0) | (scale != "log"))
    return np.where(usable, SCALES[scale].forward(np.where(usable, values, 0.5)), np.nan)


def _letter(index: int) -> str:
    """A ... z, then a1 and so on."""
    turn, place = divmod(index, len(ascii_lowercase))
    return f"{ascii_lowercase[place]}{turn or ''}"
