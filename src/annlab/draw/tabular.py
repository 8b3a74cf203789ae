"""Figures of tables and linear models: weights beside the true ones, relevance of inputs, ROC and calibration curves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from annlab.draw.bands import Band, summarise
from annlab.draw.drawing import INK, Drawing
from annlab.draw.frames import Words, check_frame, groups_of, replicate_matrix
from annlab.draw.lines import draw_band
from annlab.draw.style import PALETTE, axis_text, figure, housed, label_outer, legend_below, looks, panel_title
from annlab.lab.statistics import mean_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["class_curves", "relevance_bars", "weight_histograms", "weight_stems"]


@housed
def weight_stems(truth: np.ndarray, estimates: Mapping[str, np.ndarray], *, label: str = "weight", alt: str = "") -> Drawing:
    """Weights of a linear model by input, one panel a method: rings are the true weights that are not zero, dots the estimates.

    Args:
        truth: true weights, (d,).
        estimates: weights (d,) by method.
        label: of the vertical axis.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without methods, or for weights of another shape than the true ones.
    """
    arrays = _like(truth, estimates)
    drawn, axes = figure(len(arrays), 1, sharex=True, sharey=True, height=0.8 + 1.35 * len(arrays))
    matter = np.flatnonzero(truth)
    for axis, (name, array) in zip(axes.flat, arrays.items(), strict=True):
        axis.axhline(0, color=INK, linewidth=0.8)
        axis.vlines(np.arange(len(array)), 0, array, color=PALETTE[0], linewidth=1.0)
        axis.plot(np.arange(len(array)), array, "o", color=PALETTE[0], markersize=2.6, markeredgewidth=0)
        axis.plot(matter, truth[matter], "o", markerfacecolor="none", markeredgecolor=PALETTE[1], markersize=7, markeredgewidth=1.4)
        panel_title(axis, name)
        axis.set_ylabel(label)
    axes.flat[-1].set_xlabel("input")
    rings = Line2D([], [], linestyle="none", marker="o", markerfacecolor="none", markeredgecolor=PALETTE[1], markersize=7)
    dots = Line2D([], [], linestyle="none", marker="o", color=PALETTE[0], markersize=3)
    legend_below(drawn, {"true weight, where not zero": rings, "estimate": dots})
    return Drawing(
        drawn, alt=alt or f"Weights of {len(truth)} inputs by {', '.join(arrays)}, with the {len(matter)} true ones that matter."
    )


@housed
def weight_histograms(
    truth: np.ndarray, estimates: Mapping[str, np.ndarray], *, label: str = "weight", bins: int = 41, alt: str = ""
) -> Drawing:
    """Histograms of the estimated weights, one panel a method, those of the relevant inputs in another colour and marked by ticks.

    Args:
        truth: true weights, (d,); an input is relevant where its true weight is not zero.
        estimates: weights (d,) by method.
        label: of the horizontal axis.
        bins: number of common bins.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without methods, or for weights of another shape than the true ones.
    """
    arrays = _like(truth, estimates)
    ends = [extreme(array) for array in (truth, *arrays.values()) for extreme in (np.min, np.max)]
    edges = np.linspace(min(ends), max(ends), bins + 1)
    drawn, axes = figure(1, len(arrays), sharex=True, sharey=True, height=2.7)
    for axis, (name, array) in zip(axes.flat, arrays.items(), strict=True):
        relevant = truth != 0
        axis.hist([array[~relevant], array[relevant]], edges, stacked=True, color=[PALETTE[0], PALETTE[1]], alpha=0.8)
        axis.plot(array[relevant], np.zeros(relevant.sum()), "|", color=PALETTE[1], markersize=11, markeredgewidth=1.5, clip_on=False)
        panel_title(axis, name)
        axis.set_yscale("symlog", linthresh=1)
        axis.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
        axis.minorticks_off()
    label_outer(axes, len(arrays), label, "inputs")
    blocks = {"irrelevant inputs": PALETTE[0], "relevant inputs": PALETTE[1]}
    legend_below(drawn, {text: Line2D([], [], linestyle="none", marker="s", color=colour, markersize=7) for text, colour in blocks.items()})
    return Drawing(drawn, alt=alt or f"Histograms of the weights estimated by {', '.join(arrays)}, relevant inputs marked.")


@housed
def relevance_bars(
    frame: "pd.DataFrame",
    *,
    panel: str,
    names: Sequence[str],
    value: str = "weight",
    picked: str | None = None,
    unit: str = "input",
    label: str = "",
    level: float = 0.95,
    columns: int = 4,
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Relevance of each input as a bar, one panel a method: the size of its weight as a share of the replicate's largest, with t interval.

    Args:
        frame: one row a replicate, method and input.
        panel: column that names the method.
        names: names of the inputs, in their order.
        value: column of the weights, whose signs do not matter here.
        picked: column that is 1 where the input was picked; its mean stands at the right of the bar.
        unit: column that numbers the inputs from 0.
        label: of the horizontal axis.
        level: of the intervals.
        columns: panels in a row.
        labels: shown text of the methods.
        replicate: column that numbers the replicates.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or fewer names than inputs.
    """
    check_frame(frame, [panel, unit, value, replicate, *([picked] if picked else [])], "bars of relevance")
    count = int(frame[unit].max()) + 1
    if len(names) < count:
        raise ValueError(f"{count} inputs need as many names, got {len(names)}")
    words, methods = Words(labels), list(dict.fromkeys(frame[panel]))
    wide = min(columns, len(methods))
    rows = -(-len(methods) // wide)
    drawn, axes = figure(rows, wide, sharex=True, sharey=True, width=7.4, height=rows * (0.7 + 0.19 * count) + 0.4)
    for axis, method in zip(axes.flat, methods, strict=False):
        held = frame[frame[panel] == method]
        sizes = held.assign(size=held[value].abs()).pivot_table(index=replicate, columns=unit, values="size")
        shares = sizes.div(sizes.max(axis=1).where(lambda largest: largest > 0, 1.0), axis=0)
        found = [mean_interval(shares[name].to_numpy(), level) for name in shares.columns]
        means = np.array([each.mean for each in found])
        half = np.nan_to_num([each.half_width for each in found])
        axis.barh(shares.columns, means, 0.7, xerr=half, color=PALETTE[0], alpha=0.7, error_kw={"ecolor": INK, "elinewidth": 1.0})
        if picked:
            for place, share in held.groupby(unit)[picked].mean().items():
                if share > 0:
                    axis.text(1.03, place, f"{share:.0%}", transform=axis.get_yaxis_transform(), va="center", fontsize=7)
        panel_title(axis, words(method).replace(", ", "\n"))
        axis.grid(visible=False, axis="y")
    axes.flat[0].set_yticks(range(count), list(names)[:count])
    axes.flat[0].set_ylim(count - 0.4, -0.6)
    axes.flat[0].set_xlim(0, 1.05)
    for axis in axes.flat[len(methods) :]:
        axis.set_visible(False)
    label_outer(axes, len(methods), "", "")
    drawn.supxlabel(label or "share of the largest weight", fontsize=9)
    return Drawing(drawn, alt=alt or f"Relevance of {count} inputs by {', '.join(words(method) for method in methods)}.")


@housed
def class_curves(
    frame: "pd.DataFrame",
    *,
    x: str,
    y: str,
    by: str | None = None,
    x_label: str = "",
    y_label: str = "",
    level: float = 0.95,
    markers: bool = False,
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Curves in the unit square with its diagonal: ROC curves (chance) and calibration curves (probabilities that are right).

    Args:
        frame: rows of several replicates with the same places `x`.
        x, y: columns, both in [0, 1].
        by: column whose values are curves of their own.
        x_label, y_label: of the axes.
        level: of the t intervals of the mean over replicates.
        markers: whether the places are marked.
        labels: shown text.
        replicate: column that numbers the replicates.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate at one place.
    """
    check_frame(frame, [x, y, by, replicate], "curves in the unit square")
    words = Words(labels)
    drawn, axes = figure(width=4.6, height=4.4)
    axis = axes[0, 0]
    axis.plot([0, 1], [0, 1], color="#8a8a8a", linewidth=1.0, linestyle=(0, (5, 1.6)))
    groups = groups_of(frame, [by] if by else [])
    style = looks([key for key, _ in groups])
    entries: dict[str, Any] = {}
    for key, part in groups:
        points, values = replicate_matrix(part, x, y, replicate)
        band = summarise(values, "interval", "mean", level)
        shown = Band(band.centre, np.clip(band.low, 0, 1), np.clip(band.high, 0, 1), band.n)
        entries[words.entry(key)] = draw_band(axis, points, shown, style[key], shade=True, markers=markers, log_x=False)
    axis.set_aspect("equal")
    axis.set_xlim(-0.01, 1.01)
    axis.set_ylim(-0.01, 1.01)
    axis.set_xlabel(axis_text(x_label or words(x), ""))
    axis.set_ylabel(axis_text(y_label or words(y), ""))
    if by:
        legend_below(drawn, entries, words(by))
    return Drawing(drawn, alt=alt or f"{y_label or words(y)} by {x_label or words(x)}, with the diagonal.")


def _like(truth: np.ndarray, estimates: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    if not estimates:
        raise ValueError("weights of at least one method are needed")
    for name, array in estimates.items():
        if np.shape(array) != np.shape(truth) or np.ndim(array) != 1:
            raise ValueError(f"{name} gives weights of shape {np.shape(array)}, where the true ones have {np.shape(truth)}")
    return {name: np.asarray(array, dtype=float) for name, array in estimates.items()}
