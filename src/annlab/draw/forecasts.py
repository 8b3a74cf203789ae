"""Forecasts of a series: paths with their band over the true values, phase and recurrence plots, folds in time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.colors import ListedColormap

from annlab.draw.bands import BandKind, band_words, summarise
from annlab.draw.drawing import INK, Drawing
from annlab.draw.frames import Words, check_frame, groups_of, replicate_matrix
from annlab.draw.style import DASHES, PALETTE, axis_text, figure, housed, label_outer, legend_below, looks, panel_title

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["forecast", "phase_plot", "recurrence_plot", "time_folds"]

_MOST_PANELS = 12
_MOST_POINTS = 1200


@housed
def forecast(
    frame: "pd.DataFrame",
    truth: Sequence[float] | np.ndarray,
    *,
    x: str = "step",
    y: str = "prediction",
    by: str | Sequence[str] | None = None,
    history: Sequence[float] | np.ndarray = (),
    band: BandKind | None = "quartiles",
    centre: Literal["mean", "median"] = "median",
    level: float = 0.95,
    x_label: str = "",
    x_unit: str = "",
    y_label: str = "",
    y_unit: str = "",
    labels: Mapping[Any, str] | None = None,
    marks: Mapping[str, Mapping[Any, float]] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Forecasts over the true series: one panel a group, its centre and band over replicates, the true values in ink.

    Args:
        frame: one row a replicate, step and group, such as ``results.series("forecast")``; steps count from 1.
        truth: true values of the steps forecast, (steps,); they may be fewer than the steps, and none at all.
        x: column of the steps.
        y: column of the predictions.
        by: factor or factors whose values get a panel each, on shared axes; at most 12.
        history: true values before the first step; drawn at steps 0, -1, ...
        band, centre, level, labels, replicate, alt: as in `curves`.
        x_label, x_unit, y_label, y_unit: texts of the axes.
        marks: vertical lines by label: for each the place in every group, ``{"breaks down": {"MLP": 61}}``.

    Raises:
        ValueError: for an empty frame, a missing column, several values of a replicate at one step, or more than 12 panels.
    """
    factors = [by] if isinstance(by, str) else list(by or ())
    check_frame(frame, [x, y, *factors], "a figure of forecasts")
    panels = groups_of(frame, factors)
    if len(panels) > _MOST_PANELS:
        raise ValueError(f"a figure of forecasts shows at most {_MOST_PANELS} panels, got {len(panels)}; choose cells first")
    words = Words(labels or {})
    style = looks([key[0] if len(key) == 1 else key for key, _ in panels])
    drawn, axes = figure(len(panels), 1, width=7.4, height=0.75 + 1.55 * len(panels), sharex=True, sharey=True)
    known, future = np.asarray(history, dtype=float), np.asarray(truth, dtype=float)
    entries: dict[str, Any] = {}
    most, low, high = 1, *_ends(known, future)
    for axis, (key, part) in zip(axes[:, 0], panels, strict=True):
        single = key[0] if len(key) == 1 else key
        points, values = replicate_matrix(part, x, y, replicate)
        found = summarise(values, band or "range", centre, level)
        most = max(most, len(values))
        steps = np.concatenate([np.arange(1 - len(known), 1), np.arange(1, len(future) + 1)])
        (line,) = axis.plot(steps, np.concatenate([known, future]), color=INK, linewidth=1.0)
        entries.setdefault("true series", line)
        if band is not None and len(values) > 1:
            axis.fill_between(points, found.low, found.high, color=style[single].colour, alpha=0.28, linewidth=0)
        (path,) = axis.plot(points, found.centre, color=style[single].colour, linewidth=1.5)
        entries.setdefault("forecast" if len(panels) > 1 else "forecast " + words.entry(key, ""), path)
        if len(known):
            axis.axvline(0.5, color="#8a8a8a", linewidth=0.9)
        for index, (label, places) in enumerate((marks or {}).items()):
            if single in places:
                entries.setdefault(label, axis.axvline(places[single], color=PALETTE[4], linewidth=1.1, linestyle=DASHES[index + 1]))
        if factors:
            panel_title(axis, words.entry(key, "") or str(single))
        low, high = min(low, float(np.nanmin(found.centre))), max(high, float(np.nanmax(found.centre)))
    room = 0.06 * (high - low or 1.0)
    lowest, highest = _ends(known, future)
    reach = (highest - lowest) or 1.0
    axes[0, 0].set_ylim(max(low - room, lowest - 2 * reach), min(high + room, highest + 2 * reach))
    side = axis_text(y_label or words(y), y_unit)
    label_outer(axes, len(panels), axis_text(x_label or words(x), x_unit), side if len(panels) == 1 else "")
    if len(panels) > 1:
        drawn.supylabel(side, fontsize="medium")  # one for all: the panels are lower than the text is long
    legend_below(drawn, {text.strip(): handle for text, handle in entries.items()})
    what = band_words(band, centre, level, most, log=False)
    names = ", ".join(words.entry(key, "") for key, _ in panels) if factors else "one model"
    return Drawing(drawn, alt=alt or f"Forecasts of {len(future)} steps over the true series: {names}; line: {what}.")


@housed
def phase_plot(
    series: Mapping[str, np.ndarray],
    *,
    delay: int = 1,
    label: str = "value",
    unit: str = "",
    columns: int = 3,
    alt: str = "",
) -> Drawing:
    """Each series against itself `delay` steps earlier (delay coordinates, Takens 1981), one panel a series on shared axes.

    Args:
        series: values by title, (n,) each, in order of time.
        delay: steps between the coordinates, at least 1.
        label, unit: texts of the axes.
        columns: panels in a row.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without series, for a delay below 1 or a series that is not longer than it.
    """
    arrays = _checked(series, delay)
    columns = min(columns, len(arrays))
    rows = -(-len(arrays) // columns)
    drawn, axes = figure(rows, columns, width=min(7.4, 2.6 * columns + 0.6), height=2.5 * rows + 0.3, sharex=True, sharey=True)
    for axis, (name, values) in zip(axes.flat, arrays.items(), strict=False):
        shown = values[:_MOST_POINTS]
        axis.plot(shown[:-delay], shown[delay:], color=PALETTE[0], linewidth=0.6, alpha=0.7)
        axis.plot(shown[:-delay], shown[delay:], "o", color=PALETTE[0], markersize=2.0)
        axis.set_box_aspect(1)
        panel_title(axis, name)
    for axis in axes.flat[len(arrays) :]:
        axis.set_visible(False)
    text = axis_text(label, unit)
    label_outer(axes, len(arrays), f"{text} at t", f"{text} at t + {delay}")
    return Drawing(drawn, alt=alt or f"{text} at t + {delay} against {text} at t: {', '.join(arrays)}.")


@housed
def recurrence_plot(
    series: Mapping[str, np.ndarray],
    *,
    window: int = 1,
    share: float = 0.1,
    starts: Mapping[str, int] | None = None,
    x_label: str = "time",
    unit: str = "",
    columns: int = 2,
    alt: str = "",
) -> Drawing:
    """When a series returns to where it was: a dot where the windows at two times are near (Eckmann, Kamphorst and Ruelle 1987).

    Times i and j are near where the Euclidean distance of the windows of `window` values that end there is among the smallest
    `share` of all pairs of that series. Diagonal lines are stretches that repeat; a series that never repeats shows short ones.

    Args:
        series: values by title, (n,) each.
        window: values compared, at least 1.
        share: share of pairs that are marked, in (0, 1).
        starts: time of the first value by title; 0 by default.
        x_label, unit: text of both axes.
        columns: panels in a row.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without series, for a window below 1, a share outside (0, 1), or a series shorter than two windows.
    """
    arrays = _checked(series, window)
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    columns = min(columns, len(arrays))
    rows = -(-len(arrays) // columns)
    drawn, axes = figure(rows, columns, width=min(7.4, 3.5 * columns + 0.4), height=3.3 * rows + 0.2)
    text = axis_text(x_label, unit)
    for axis, (name, values) in zip(axes.flat, arrays.items(), strict=False):
        windows = np.lib.stride_tricks.sliding_window_view(values[:_MOST_POINTS], window)
        norms = (windows**2).sum(axis=1)
        distances = norms[:, None] + norms[None, :] - 2 * windows @ windows.T
        near = distances <= np.quantile(distances, share)
        first = (starts or {}).get(name, 0) + window - 1
        edges = (first - 0.5, first + len(near) - 0.5)
        shades = ListedColormap(["#00000000", PALETTE[0]])
        axis.imshow(near, origin="lower", extent=(*edges, *edges), cmap=shades, interpolation="nearest", aspect="equal")
        axis.grid(visible=False)
        panel_title(axis, name)
        axis.set_xlabel(text)
        axis.set_ylabel(text)
    for axis in axes.flat[len(arrays) :]:
        axis.set_visible(False)
    return Drawing(drawn, alt=alt or f"Recurrence plots, the nearest {share:.0%} of pairs of times: {', '.join(arrays)}.")


def _checked(series: Mapping[str, np.ndarray], reach: int) -> dict[str, np.ndarray]:
    """The series as float arrays, each longer than `reach`."""
    if not series:
        raise ValueError("at least one series is needed")
    if reach < 1:
        raise ValueError(f"a delay or window is at least 1, got {reach}")
    arrays = {name: np.asarray(values, dtype=float) for name, values in series.items()}
    for name, values in arrays.items():
        if values.ndim != 1 or len(values) <= reach:
            raise ValueError(f"the series {name!r} has the shape {values.shape}; wanted (n,) with n above {reach}")
    return arrays


def _ends(*parts: np.ndarray) -> tuple[float, float]:
    """Lowest and highest of all true values; 0 and 0 where there are none."""
    values = np.concatenate(parts)
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


@housed
def time_folds(
    folds: Sequence[tuple[np.ndarray, np.ndarray]], n: int, *, names: Sequence[str] | None = None, x_label: str = "time", alt: str = ""
) -> Drawing:
    """Folds of a time series: one bar a fold over the whole series, its training part, gap, held-out part and what it leaves unused.

    Args:
        folds: training and held-out indices of each fold, as ``TimeSeriesSplit.split`` gives them, in 0 ... n - 1.
        n: length of the series.
        names: name of each fold; ``fold 1`` ... by default.
        x_label: text of the axis.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without folds, or for an index outside 0 ... n - 1.
    """
    if not len(folds):
        raise ValueError("a diagram of folds needs at least one fold")
    drawn, axes = figure(width=7.0, height=1.0 + 0.3 * len(folds))
    axis = axes[0, 0]
    kinds = ("training", "held out", "gap", "not used")
    colours = dict(zip(kinds, (PALETTE[0], PALETTE[1], "#ffffff", "#d9d6d0"), strict=True))
    entries: dict[str, Any] = {}
    for row, (train, held) in enumerate(folds):
        used = np.concatenate([np.asarray(train, dtype=int), np.asarray(held, dtype=int)])
        if not used.size or used.min() < 0 or used.max() >= n:
            raise ValueError(f"fold {row + 1} holds no index, or one outside 0 ... {n - 1}")
        what = np.full(n, 3)
        what[: max(held) + 1] = 2
        what[train], what[held] = 0, 1
        edges = np.flatnonzero(np.diff(what)) + 1
        for start, end in zip(np.append(0, edges), np.append(edges, n), strict=True):
            kind = kinds[what[start]]
            bar = axis.barh(row, end - start, left=start, height=0.72, color=colours[kind], edgecolor="#8a8a8a", linewidth=0.5)
            entries.setdefault(kind, bar)
    axis.set_yticks(range(len(folds)), list(names) if names else [f"fold {row + 1}" for row in range(len(folds))])
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.set_xlim(0, n)
    axis.set_xlabel(axis_text(x_label))
    legend_below(drawn, {kind: entries[kind] for kind in kinds if kind in entries})
    sizes = ", ".join(f"{len(train)} and {len(held)}" for train, held in folds)
    return Drawing(drawn, alt=alt or f"{len(folds)} folds of a series of {n} values; training and held-out values: {sizes}.")
