"""Distributions and relations: histograms, and points joined by lines such as error against signal-to-noise ratio."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from annlab.draw.bands import summarise
from annlab.draw.drawing import INK, Drawing
from annlab.draw.formats import format_number
from annlab.draw.frames import Words, check_frame, groups_of
from annlab.draw.style import DASHES, axis_text, figure, housed, label_outer, legend_below, looks, panel_title, scale_axes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["histograms", "scatter_lines"]


@housed
def histograms(
    values: Mapping[str, np.ndarray],
    *,
    label: str,
    unit: str = "",
    bins: int | np.ndarray = 40,
    density: bool = True,
    log_x: bool = False,
    overlaid: bool = False,
    columns: int = 3,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """Histograms with common bins, one panel a group (or overlaid outlines), the mean and standard deviation named in each title.

    Args:
        values: array of any shape by group; values that are not finite (not positive, with `log_x`) are left out.
        label, unit: of the value.
        bins: number of bins over the common range, or their edges.
        density: share a unit of the value (area 1) instead of counts.
        log_x: logarithmic axis and bins.
        overlaid: outlines in one panel, told apart by colour and dashes.
        columns: panels in a row.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without groups, or for a group without a usable value.
    """
    arrays = {}
    for name, given in values.items():
        array = np.asarray(given, dtype=float).ravel()
        arrays[name] = array[np.isfinite(array) & ((array > 0) | (not log_x))]
        if not arrays[name].size:
            raise ValueError(f"the histogram of {name!r} needs at least one {'positive ' if log_x else ''}finite value")
    if not arrays:
        raise ValueError("histograms need at least one group")
    edges = _edges(np.concatenate(list(arrays.values())), bins, log=log_x)
    panels = 1 if overlaid else len(arrays)
    wide = min(columns, panels)
    drawn, axes = figure(-(-panels // wide), wide, sharex=True, sharey=True)
    style = looks([str(name) for name in arrays])
    entries: dict[str, Any] = {}
    for index, (name, array) in enumerate(arrays.items()):
        axis = axes.flat[0 if overlaid else index]
        heights, _ = np.histogram(array, edges, density=density)
        look = style[str(name)]
        if overlaid:
            axis.stairs(heights, edges, color=look.colour, linestyle=look.dashes, linewidth=1.6)
            entries[str(name)] = Line2D([], [], color=look.colour, linestyle=look.dashes)
        else:
            axis.stairs(heights, edges, fill=True, color=style[str(next(iter(arrays)))].colour, alpha=0.75)
            axis.axvline(float(array.mean()), color=INK, linewidth=1.0, linestyle=DASHES[1])
            spread = f"mean {format_number(float(array.mean()))}, s.d. {format_number(float(array.std(ddof=min(1, array.size - 1))))}"
            panel_title(axis, f"{name}\n{spread}")
        scale_axes(axis, log_x=log_x, log_y=False)
    for axis in axes.flat[panels:]:
        axis.set_visible(False)
    label_outer(axes, panels, axis_text(label, unit), "density" if density else "count")
    legend_below(drawn, entries)
    if title:
        drawn.suptitle(title, x=0.01, ha="left")
    return Drawing(drawn, alt=alt or f"Histograms of {axis_text(label, unit)} for {', '.join(map(str, arrays))}.")


@housed
def scatter_lines(
    frame: "pd.DataFrame",
    *,
    x: str,
    y: str,
    by: str | None = None,
    at: str | None = None,
    level: float = 0.95,
    log_x: bool = False,
    log_y: bool = False,
    x_label: str = "",
    x_unit: str = "",
    y_label: str = "",
    y_unit: str = "",
    labels: Mapping[Any, str] | None = None,
    reference: Mapping[str, float] | None = None,
    dots: bool = True,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """Every row as a pale dot, and a line a group through the means, with the t interval of the mean in y.

    Args:
        frame: one row a replicate and setting, such as ``results.table``.
        x, y: columns of the axes, both may be measured.
        by: factor whose values get a line each.
        at: factor whose values make a point of the line (its rows are averaged in x and in y); `x` itself by default.
        level: of the intervals.
        log_x, log_y: logarithmic axes; with `log_y` means and intervals in y are computed on logarithms.
        x_label, x_unit, y_label, y_unit, labels: texts.
        reference: horizontal lines by label.
        dots: whether single rows are drawn.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or no finite pair.
    """
    check_frame(frame, [x, y, by, at], "a scatter figure")
    words = Words(labels)
    finite = frame[np.isfinite(frame[x].astype(float)) & np.isfinite(frame[y].astype(float))]
    if log_x:
        finite = finite[finite[x] > 0]
    if log_y:
        finite = finite[finite[y] > 0]
    check_frame(finite, [x], "a scatter figure (finite pairs)")
    groups = groups_of(finite, [by] if by else [])
    style = looks([key[0] if key else "" for key, _ in groups])
    drawn, axes = figure(height=3.7)
    axis = axes[0, 0]
    entries: dict[str, Any] = {}
    for key, rows in groups:
        look = style[key[0] if key else ""]
        points = [part for _, part in groups_of(rows, [at or x])]
        across = np.array([float(part[x].mean()) for part in points])
        bands = [summarise(part[y].to_numpy(dtype=float)[:, None], level=level, log=log_y) for part in points]
        centre, low, high = (np.array([getattr(band, name)[0] for band in bands]) for name in ("centre", "low", "high"))
        order = np.argsort(across, kind="stable")
        if dots and len(rows) > len(points):
            axis.plot(
                rows[x], rows[y], look.marker, color=look.colour, alpha=0.28, markersize=3, markeredgewidth=0, rasterized=len(rows) > 800
            )
        errors = np.nan_to_num(np.stack([centre - low, high - centre]))[:, order]
        entries[words.entry(key)] = axis.errorbar(
            across[order], centre[order], errors, color=look.colour, linestyle=look.dashes, marker=look.marker, capsize=2.2, elinewidth=1.0
        )
    for index, (text, value) in enumerate((reference or {}).items()):
        entries[text] = axis.axhline(value, color="#8a8a8a", linewidth=1.2, linestyle=DASHES[(index + 2) % len(DASHES)])
    scale_axes(axis, log_x=log_x, log_y=log_y)
    axis.set_xlabel(axis_text(x_label or words(x), x_unit))
    axis.set_ylabel(axis_text(y_label or words(y), y_unit))
    if title:
        panel_title(axis, title)
    legend_below(drawn, {text: handle for text, handle in entries.items() if text}, words(by) if by else "")
    return Drawing(
        drawn,
        alt=alt
        or f"{axis_text(y_label or words(y), y_unit)} against {axis_text(x_label or words(x), x_unit)}"
        f"{f', one line a value of {words(by)}' if by else ''}; bars: {level * 100:g} % intervals of the mean.",
    )


def _edges(values: np.ndarray, bins: int | np.ndarray, *, log: bool) -> np.ndarray:
    if not isinstance(bins, int):
        return np.asarray(bins, dtype=float)
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
    return np.geomspace(low, high, bins + 1) if log else np.linspace(low, high, bins + 1)
