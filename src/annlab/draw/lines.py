"""Curves over epochs, seconds or iterations: one line a group, one band over its replicates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from annlab.draw.bands import Band, BandKind, band_words, summarise
from annlab.draw.drawing import Drawing
from annlab.draw.frames import Words, check_frame, groups_of, replicate_matrix
from annlab.draw.style import (
    DASHES,
    Look,
    axis_text,
    figure,
    housed,
    label_outer,
    legend_below,
    looks,
    panel_title,
    scale_axes,
    whole_ticks,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["curves", "energy", "race"]

_LINE_POINTS = 800
_BAND_POINTS = 300
_SECOND_POINTS = 300
_THIN_LINES = 30


@housed
def curves(
    frame: "pd.DataFrame",
    *,
    x: str = "epoch",
    y: str | Sequence[str] = "train_loss",
    by: str | Sequence[str] | None = None,
    facet: str | None = None,
    band: BandKind | None = "interval",
    centre: Literal["mean", "median"] = "mean",
    level: float = 0.95,
    log_x: bool = False,
    log_y: bool = False,
    x_label: str = "",
    x_unit: str = "",
    y_label: str = "",
    y_unit: str = "",
    labels: Mapping[Any, str] | None = None,
    reference: Mapping[str, float] | None = None,
    markers: bool = False,
    title: str = "",
    columns: int = 3,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Curves with bands: one line a group of `by`, its band over replicates, one panel a value of `facet`.

    With `log_y`, means and their intervals are computed on logarithms (geometric means). Replicates that are not finite at a
    point (not positive, with `log_y`), or stopped before it, are left out there; a group that loses replicates says so in the legend.

    Args:
        frame: long frame with columns `x`, `y`, the factors and, where there are several runs, `replicate`; such as
            ``results.series("history")``. One row a replicate, point and group.
        x: column of the horizontal axis.
        y: column, or columns that share the axis; several are told apart by dashes.
        by: factor or factors whose values get a colour each.
        facet: factor whose values get a panel each, on shared axes.
        band: ``interval`` (t interval of the mean at `level`), ``range``, ``deviation``, ``quartiles``, or None.
        centre: mean or median.
        level: of the interval.
        log_x, log_y: logarithmic axes.
        x_label, x_unit, y_label, y_unit: texts of the axes; the column's name where empty.
        labels: shown text by column, factor or factor's value.
        reference: horizontal lines by label.
        markers: whether points are marked (short curves).
        title: heading.
        columns: panels in a row.
        replicate: column that numbers the runs.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate at one point.
    """
    named = [y] if isinstance(y, str) else list(y)
    factors = [by] if isinstance(by, str) else list(by or ())
    check_frame(frame, [x, *named, *factors, facet], "a figure of curves")
    words = Words(labels or {})
    panels = groups_of(frame, [facet] if facet else [])
    groups = [key for key, _ in groups_of(frame, factors)]
    style = looks([key[0] if len(key) == 1 else key for key in groups])
    drawn, axes = figure(-(-len(panels) // columns), min(columns, len(panels)), sharex=True, sharey=True)
    common = words(named[0]) if len(named) == 1 else _common([words(name) for name in named])
    entries: dict[str, Any] = {}
    most = 1
    for axis, (panel, part) in zip(axes.flat, panels, strict=False):
        for key, rows in groups_of(part, factors):
            look = style[key[0] if len(key) == 1 else key]
            for index, column in enumerate(named):
                points, values = replicate_matrix(rows, x, column, replicate)
                summary = summarise(values, band or "range", centre, level, log=log_y)
                most = max(most, len(values))
                used = look if len(named) == 1 else Look(look.colour, DASHES[index], look.marker)
                handle = draw_band(axis, points, summary, used, shade=band is not None, markers=markers, log_x=log_x)
                text = words.entry(key, column if len(named) > 1 else "")
                if summary.n[-1] < len(values):
                    text += f" ({summary.n[-1]} of {len(values)} to the end)"
                if text and (text not in entries):
                    entries[text] = handle
        for index, (label, value) in enumerate((reference or {}).items()):
            entries.setdefault(label, axis.axhline(value, color="#8a8a8a", linewidth=1.2, linestyle=DASHES[(index + 2) % len(DASHES)]))
        if facet:
            panel_title(axis, f"{words(facet)} = {words(panel[0])}")
        scale_axes(axis, log_x=log_x, log_y=log_y)
        whole_ticks(axis, frame[x])
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    label_outer(axes, len(panels), axis_text(x_label or words(x), x_unit), axis_text(y_label or common, y_unit))
    legend_below(drawn, entries, ", ".join(words(factor) for factor in factors))
    what = band_words(band, centre, level, most, log=log_y)
    if title:
        drawn.suptitle(title, x=0.01, ha="left")
    return Drawing(
        drawn,
        alt=alt
        or f"{axis_text(y_label or common, y_unit)} against {axis_text(x_label or words(x), x_unit)}"
        f"{' by ' + ', '.join(words(factor) for factor in factors) if factors else ''}; line: {what}.",
    )


@housed
def race(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    y: str = "train_loss",
    epoch: str = "epoch",
    seconds: str = "seconds",
    band: BandKind | None = "interval",
    level: float = 0.95,
    log_y: bool = True,
    log_x: bool = False,
    y_label: str = "",
    y_unit: str = "",
    labels: Mapping[Any, str] | None = None,
    reference: Mapping[str, float] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """The same curves by epoch (left) and by second (right), one line a group of `by`.

    Seconds differ between replicates: each curve is interpolated linearly on a common grid of seconds, which ends where the
    group's fastest replicate ended. Bands are those of `curves`; with `log_y` computed on logarithms.

    Args:
        frame: long frame with columns `epoch`, `seconds` (since the start of the run), `y`, the factors and `replicate`.
        by: factor or factors whose values race.
        y, epoch, seconds, replicate: columns.
        band, level, log_y, log_x, y_label, y_unit, labels, reference, alt: as in `curves`.

    Raises:
        ValueError: for an empty frame or a missing column.
    """
    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [epoch, seconds, y, *factors], "a race")
    words = Words(labels or {})
    groups = groups_of(frame, factors)
    keys = [key[0] if len(key) == 1 else key for key, _ in groups]
    style = looks(keys)
    drawn, axes = figure(1, 2, sharey=True, height=3.5)
    entries: dict[str, Any] = {}
    for name, (key, rows) in zip(keys, groups, strict=True):
        points, values = replicate_matrix(rows, epoch, y, replicate)
        kind: BandKind = band or "range"
        shade = band is not None
        handle = draw_band(axes[0, 0], points, summarise(values, kind, level=level, log=log_y), style[name], shade=shade, log_x=log_x)
        entries[words.entry(key, "")] = handle
        times, timed = _by_second(rows, seconds, y, replicate)
        draw_band(axes[0, 1], times, summarise(timed, kind, level=level, log=log_y), style[name], shade=shade, log_x=log_x)
    for axis, label in zip(axes[0], ("epoch", axis_text("time", "seconds")), strict=True):
        for index, (text, value) in enumerate((reference or {}).items()):
            entries.setdefault(text, axis.axhline(value, color="#8a8a8a", linewidth=1.2, linestyle=DASHES[(index + 2) % len(DASHES)]))
        scale_axes(axis, log_x=log_x, log_y=log_y)
        axis.set_xlabel(label)
    whole_ticks(axes[0, 0], frame[epoch])
    axes[0, 0].set_ylabel(axis_text(y_label or words(y), y_unit))
    panel_title(axes[0, 0], "by epoch")
    panel_title(axes[0, 1], "by second")
    legend_below(drawn, entries, ", ".join(words(factor) for factor in factors))
    return Drawing(
        drawn,
        alt=alt or f"{axis_text(y_label or words(y), y_unit)} by epoch and by second, one line a {', '.join(words(f) for f in factors)}.",
    )


@housed
def energy(
    values: Mapping[str, np.ndarray] | np.ndarray,
    *,
    label: str = "energy",
    unit: str = "",
    iteration: str = "iteration",
    title: str = "",
    alt: str = "",
) -> Drawing:
    """Energy (or any value that should fall) by iteration.

    Args:
        values: array (iterations,) or (runs, iterations), or a mapping of group to such arrays; NaN after a run stopped.
            Up to 30 runs are drawn as thin lines with their median; more as the band from minimum to maximum.
        label, unit: of the value.
        iteration: label of the horizontal axis, which counts from 0, the state before the first iteration.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an array without values.
    """
    named = dict(values) if isinstance(values, Mapping) else {"": values}
    arrays = {name: np.atleast_2d(np.asarray(array, dtype=float)) for name, array in named.items()}
    if not arrays or any(array.size == 0 for array in arrays.values()):
        raise ValueError("an energy plot needs at least one value a group")
    drawn, axes = figure(height=3.4)
    axis = axes[0, 0]
    style = looks(list(arrays))
    entries = {}
    for name, array in arrays.items():
        points = np.arange(array.shape[1], dtype=float)
        few = len(array) <= _THIN_LINES
        if few and len(array) > 1:
            axis.plot(points, array.T, color=style[name].colour, linewidth=0.6, alpha=0.45)
        handle = draw_band(
            axis, points, summarise(array, "range", "median"), style[name], shade=not few, markers=array.shape[1] <= _THIN_LINES
        )
        runs = f"median of {len(array)} runs" if len(array) > 1 else ""
        entries[", ".join(part for part in (name, runs) if part)] = handle
    axis.set_xlabel(iteration)
    axis.set_ylabel(axis_text(label, unit))
    if title:
        panel_title(axis, title)
    legend_below(drawn, {text: handle for text, handle in entries.items() if text})
    return Drawing(drawn, alt=alt or f"{axis_text(label, unit)} by {iteration}.")


def draw_band(
    axis: Axes, x: np.ndarray, band: Band, look: Look, *, shade: bool = True, markers: bool = False, log_x: bool = False
) -> Line2D:
    """The centre as a line and, where any point has limits and `shade` is set, the band behind it; returns the line.

    Of long curves 800 points are drawn, 300 of their bands, evenly spread along the axis.
    """
    if shade and np.isfinite(band.low).any():
        kept = _spread(x, _BAND_POINTS, log=log_x)
        axis.fill_between(x[kept], band.low[kept], band.high[kept], color=look.colour, alpha=0.2, linewidth=0)
    drawn = _spread(x, _LINE_POINTS, log=log_x)
    (line,) = axis.plot(x[drawn], band.centre[drawn], color=look.colour, linestyle=look.dashes, marker=look.marker if markers else "")
    return line


def _spread(x: np.ndarray, most: int, *, log: bool) -> np.ndarray:
    """Indices of at most `most` of the rising `x`, evenly spread on the axis, the first and the last among them."""
    if len(x) <= most:
        return np.arange(len(x))
    places = np.log(np.maximum(x, np.min(x[x > 0], initial=1.0))) if log else x
    found: np.ndarray = np.unique(np.searchsorted(places, np.linspace(places[0], places[-1], most)).clip(0, len(x) - 1))
    return found


def _common(names: Sequence[str]) -> str:
    """The words with which all names end (``loss`` of training loss and validation loss), or all names."""
    shared: list[str] = []
    for words in zip(*(reversed(name.split()) for name in names), strict=False):
        if len(set(words)) > 1:
            break
        shared.insert(0, words[0])
    return " ".join(shared) or ", ".join(names)


def _by_second(rows: "pd.DataFrame", seconds: str, y: str, replicate: str) -> tuple[np.ndarray, np.ndarray]:
    """Common grid of seconds (points,) and the values (replicates, points) interpolated on it."""
    runs = [part for _, part in rows.groupby(replicate)] if replicate in rows.columns else [rows]
    pairs = []
    for run in runs:
        ordered = run.sort_values(seconds)
        pairs.append((ordered[seconds].to_numpy(dtype=float), ordered[y].to_numpy(dtype=float)))
    grid = np.linspace(max(time[0] for time, _ in pairs), min(time[-1] for time, _ in pairs), _SECOND_POINTS)
    return grid, np.stack([np.interp(grid, time, value) for time, value in pairs])
