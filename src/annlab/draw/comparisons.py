"""Settings beside each other as figures: strips of replicates, bars with intervals, paired differences."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from annlab.draw.drawing import INK, Drawing
from annlab.draw.frames import Words, check_frame, values_of
from annlab.draw.ranking import ScaleName, Way, scale_interval
from annlab.draw.style import PALETTE, axis_text, figure, housed, legend_below, looks, scale_axes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["interval_bars", "paired_differences", "stability_strip"]


@housed
def stability_strip(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    value: str,
    log: bool = False,
    level: float = 0.95,
    label: str = "",
    unit: str = "",
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Every seed as a dot, one strip a setting; the diamond is the mean, its bar the t interval; failed seeds are counted.

    With `log` the axis is logarithmic and mean and interval are computed on logarithms.

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        by: factor or factors that make a setting.
        value: column to show.
        log: logarithmic axis.
        level: of the intervals.
        label, unit: of the value.
        labels: shown text by factor or value.
        replicate: column that numbers the seeds.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate in a setting.
    """
    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, value], "a stability strip")
    words = Words(labels)
    groups = values_of(frame, factors, value, replicate)
    drawn, axis = _lying(groups, words, factors)
    for place, values in enumerate(groups.values()):
        usable = values[np.isfinite(values) & ((values > 0) | (not log))]
        axis.plot(usable, place + _jitter(len(usable)), "o", color=PALETTE[0], alpha=0.55, markersize=3.5, markeredgewidth=0)
        _mark(axis, place, values, "log" if log else "linear", level, PALETTE[1], "D")
        if len(usable) < len(values):
            axis.annotate(
                f"{len(values) - len(usable)} of {len(values)} failed",
                (1.0, place),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
                fontsize=7.5,
            )
    if log:
        scale_axes(axis, log_x=True, log_y=False)
    axis.set_xlabel(axis_text(label or words(value), unit))
    return Drawing(
        drawn,
        alt=alt
        or f"{axis_text(label or words(value), unit)} of every seed, one strip a setting, with means and {level * 100:g} % intervals.",
    )


@housed
def interval_bars(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    value: str,
    group: str | None = None,
    log: bool = False,
    level: float = 0.95,
    label: str = "",
    unit: str = "",
    reference: Mapping[str, float] | None = None,
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Mean of `value` a setting as a bar from zero with its t interval over replicates; on a logarithmic axis a dot, not a bar.

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        by: factor or factors, one place on the axis a setting.
        value: column to show.
        group: a further factor, told apart by colour within each place.
        log: logarithmic axis, means and intervals computed on logarithms.
        level: of the intervals.
        label, unit: of the value.
        reference: vertical lines by label.
        labels: shown text by factor or value.
        replicate: column that numbers the runs.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate in a setting.
    """
    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, group, value], "a figure of bars")
    words = Words(labels)
    all_values = values_of(frame, [*factors, *([group] if group else [])], value, replicate)
    places = {key[: len(factors)]: None for key in all_values}
    members = list({key[-1]: None for key in all_values}) if group else [""]
    style = looks(members)
    drawn, axis = _lying(places, words, factors, per_place=len(members))
    height = 0.8 / len(members)
    entries: dict[str, Any] = {}
    for index, member in enumerate(members):
        for place, key in enumerate(places):
            values = all_values.get((*key, member) if group else key)
            if values is None:
                continue
            at = place + (index - (len(members) - 1) / 2) * height
            interval = scale_interval(values, "log" if log else "linear", level)
            if not log and np.isfinite(interval.mean):
                axis.barh(at, interval.mean, height * 0.86, color=style[member].colour, alpha=0.55)
            handle = _mark(
                axis,
                at,
                values,
                "log" if log else "linear",
                level,
                style[member].colour if log else INK,
                style[member].marker if log else "",
            )
            if group:
                entries.setdefault(words(member), handle if log else Patch(facecolor=style[member].colour, alpha=0.55))
    for text, at in (reference or {}).items():
        entries[text] = axis.axvline(at, color="#8a8a8a", linewidth=1.2, linestyle=(0, (5, 1.6)))
    if log:
        scale_axes(axis, log_x=True, log_y=False)
    axis.set_xlabel(axis_text(label or words(value), unit))
    legend_below(drawn, entries, words(group) if group else "")
    named = ", ".join(words(name) for name in factors)
    return Drawing(drawn, alt=alt or f"Mean {axis_text(label or words(value), unit)} by {named} with {level * 100:g} % intervals.")


@housed
def paired_differences(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    value: str,
    baseline: Any,
    better: Way | None = None,
    ratio: bool = False,
    level: float = 0.95,
    label: str = "",
    unit: str = "",
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Difference of each setting to a baseline, replicate by replicate: pale dots, their mean and its t interval.

    With `ratio`, quotients on a logarithmic axis instead (geometric mean, interval on logarithms). An interval that does not
    touch the line (0, or 1 for ratios) differs at that level, one setting at a time, not corrected for many.

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        by: factor or factors that make a setting.
        value: column to compare.
        baseline: the value of `by` (a tuple for several factors) that the others are compared with.
        better: which way is better; names the better side under the axis.
        ratio: quotients instead of differences, for errors and times.
        level: of the intervals.
        label, unit: of the value.
        labels: shown text by factor or value.
        replicate: column that numbers the runs; pairs share it.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, an unknown baseline, or several values of a replicate in a setting.
    """
    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, value, replicate], "a figure of paired differences")
    words = Words(labels)
    groups = values_of(frame, factors, value, replicate)
    origin = tuple(baseline) if len(factors) > 1 else (tuple(baseline) if isinstance(baseline, list) else baseline,)
    if origin not in groups:
        raise ValueError(f"baseline {baseline!r} is none of the settings {', '.join(words.entry(key) for key in groups)}")
    others = {key: (values / groups[origin] if ratio else values - groups[origin]) for key, values in groups.items() if key != origin}
    if not others:
        raise ValueError("paired differences need a setting besides the baseline")
    drawn, axis = _lying(others, words, factors)
    for place, values in enumerate(others.values()):
        usable = values[np.isfinite(values) & ((values > 0) | (not ratio))]
        axis.plot(usable, place + _jitter(len(usable)), "o", color=PALETTE[0], alpha=0.4, markersize=3.2, markeredgewidth=0)
        _mark(axis, place, values, "log" if ratio else "linear", level, PALETTE[1], "D")
    axis.axvline(1 if ratio else 0, color=INK, linewidth=1.0)
    if ratio:
        scale_axes(axis, log_x=True, log_y=False)
    name = words.entry(origin)
    text = f"{label or words(value)}: {'ratio' if ratio else 'difference'} to “{name}”"
    side = f"\n({'left' if better == 'lower' else 'right'} of the line is better than “{name}”)" if better else ""
    axis.set_xlabel(axis_text(text, "" if ratio else unit) + side)
    return Drawing(drawn, alt=alt or f"{text}, paired by replicate, with {level * 100:g} % intervals.")


def _lying(groups: Mapping[tuple[Any, ...], Any], words: Words, factors: Sequence[str], per_place: int = 1) -> tuple[Figure, Axes]:
    """Axes with one place a setting from top to bottom."""
    names = [words.entry(key) for key in groups]
    drawn, axes = figure(width=6.4, height=1.0 + max(0.34, 0.2 * per_place) * len(names))
    axis: Axes = axes[0, 0]
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(visible=False, axis="y")
    axis.set_ylabel(", ".join(words(name) for name in factors))
    return drawn, axis


def _mark(axis: Axes, place: float, values: np.ndarray, scale: ScaleName, level: float, colour: Any, marker: str) -> Any:
    interval = scale_interval(values, scale, level)
    limits = [[np.nan_to_num(interval.mean - interval.low)], [np.nan_to_num(interval.high - interval.mean)]]
    return axis.errorbar(
        [interval.mean],
        [place],
        xerr=limits,
        color=colour,
        marker=marker,
        markersize=5,
        capsize=2.5,
        linestyle="none",
        elinewidth=1.4,
        zorder=3,
    )


def _jitter(n: int) -> np.ndarray:
    """Offsets in [-0.2, 0.2] that keep neighbours apart: multiples of the golden ratio, always the same."""
    return (np.arange(n) * 0.6180339887 % 1.0 - 0.5) * 0.4
