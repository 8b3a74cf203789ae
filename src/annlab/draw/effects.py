"""Factors of a grid: heat maps of two, main effects of several."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.colors import LogNorm, Normalize, TwoSlopeNorm
from matplotlib.patches import Rectangle

from annlab.draw.bands import summarise
from annlab.draw.drawing import Drawing
from annlab.draw.formats import format_number, format_plus_minus
from annlab.draw.frames import Words, check_frame, groups_of
from annlab.draw.style import PALETTE, axis_text, colour_bar, diverging, figure, housed, panel_title, readable_on, scale_axes, sequential

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["heat_map", "main_effects"]


@housed
def heat_map(
    frame: "pd.DataFrame",
    *,
    row: str,
    column: str,
    value: str,
    reduce: Literal["mean"] | None = None,
    log: bool = False,
    centre: float | None = None,
    better: Literal["lower", "higher"] | None = None,
    label: str = "",
    unit: str = "",
    digits: int = 3,
    level: float = 0.95,
    labels: Mapping[Any, str] | None = None,
    title: str = "",
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Mean of `value` over replicates for every pair of two factors, as colour and as number.

    Under each mean stands ± the half-width of its t interval at `level` where there are two replicates or more, and how many
    replicates were not finite. The best cell has a frame.

    Args:
        frame: one row a replicate and cell, such as ``results.table``.
        row, column: the two factors; numbers in order, other values as they come.
        value: column to show.
        reduce: what to do with further factors that vary: average within each replicate (``mean``) or None to refuse.
        log: logarithmic colours (numbers stay means).
        centre: value of the neutral colour of a diverging map, for signed quantities.
        better: which way is better; marks the best cell.
        label, unit: of the value.
        digits: significant digits where there is no interval; else the half-width has two.
        level: of the intervals.
        labels: shown text by factor or value.
        title: heading.
        replicate: column that numbers the runs.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, further factors without `reduce`, or `log` together with `centre`.
    """
    check_frame(frame, [row, column, value], "a heat map")
    if log and centre is not None:
        raise ValueError("a heat map is logarithmic or diverging, not both: give `log` or `centre`")
    words = Words(labels)
    rows = [key[0] for key, _ in groups_of(frame, [row])]
    columns = [key[0] for key, _ in groups_of(frame, [column])]
    means, halves = np.full((2, len(rows), len(columns)), np.nan)
    lost = np.zeros(means.shape, dtype=int)
    for (first, second), part in groups_of(frame, [row, column]):
        values = _reduced(part, value, replicate, reduce)
        band = summarise(values[:, None], level=level)
        at = rows.index(first), columns.index(second)
        means[at], halves[at], lost[at] = band.centre[0], band.high[0] - band.centre[0], len(values) - band.n[0]
    drawn, axes = figure(width=min(7.4, 1.9 + 0.95 * len(columns)), height=1.2 + 0.5 * len(rows))
    axis = axes[0, 0]
    norm = _norm(means, log=log, centre=centre)
    shown = axis.pcolormesh(
        np.arange(len(columns) + 1) - 0.5,
        np.arange(len(rows) + 1) - 0.5,
        means,
        norm=norm,
        cmap=diverging() if centre is not None else sequential(),
        edgecolors="white",
        linewidth=0.8,
    )
    for (at_row, at_column), mean in np.ndenumerate(means):
        text = _cell(float(mean), float(halves[at_row, at_column]), int(lost[at_row, at_column]), digits)
        colour = readable_on(shown.cmap(norm(mean))) if np.isfinite(mean) else "#7a7a7a"
        axis.text(at_column, at_row, text, ha="center", va="center", color=colour, fontsize=8 if len(columns) <= 6 else 7, linespacing=1.15)
    if better and np.isfinite(means).any():
        best = np.unravel_index(np.nanargmin(means) if better == "lower" else np.nanargmax(means), means.shape)
        axis.add_patch(Rectangle((best[1] - 0.47, best[0] - 0.46), 0.94, 0.92, fill=False, edgecolor=PALETTE[1], linewidth=2.2))
    axis.set_xticks(range(len(columns)), [words(name) for name in columns])
    axis.set_yticks(range(len(rows)), [words(name) for name in rows])
    if max(len(words(name)) for name in columns) > 9:
        axis.tick_params(axis="x", rotation=25)
    axis.invert_yaxis()
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    axis.set_xlabel(words(column))
    axis.set_ylabel(words(row))
    if title:
        panel_title(axis, title)
    text = axis_text(label or words(value), unit)
    colour_bar(drawn, shown, axis, text, log=log)
    ends = " to ".join(format_number(float(end)) for end in (np.nanmin(means), np.nanmax(means)))
    return Drawing(drawn, alt=alt or f"{text} by {words(row)} and {words(column)}, from {ends}.")


@housed
def main_effects(
    frame: "pd.DataFrame",
    *,
    factors: Sequence[str],
    value: str,
    log: bool = False,
    level: float = 0.95,
    label: str = "",
    unit: str = "",
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Mean of `value` at each level of each factor, averaged over all other factors, on one scale.

    Within each replicate the value is averaged over the cells at that level (with `log` on logarithms, a geometric mean); the
    bar is the t interval of that average over replicates. Pale dots are the means of single cells; the line is the grand mean.

    Args:
        frame: one row a replicate and cell, such as ``results.table``.
        factors: columns, one panel each.
        value: column to show.
        log: logarithmic axis and geometric means.
        level: of the intervals.
        label, unit: of the value.
        labels: shown text by factor or value.
        replicate: column that numbers the runs.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column or no factor.
    """
    check_frame(frame, [*factors, value], "a figure of main effects")
    if not factors:
        raise ValueError("main effects need at least one factor")
    words = Words(labels)
    usable = frame[np.isfinite(frame[value].astype(float)) & ((frame[value] > 0) | (not log))]
    check_frame(usable, [value], "a figure of main effects (finite values)")
    work = usable.assign(**{value: np.log(usable[value].astype(float)) if log else usable[value].astype(float)})
    if replicate not in work.columns:
        work = work.assign(**{replicate: 0})
    columns = min(len(factors), 4)
    drawn, axes = figure(-(-len(factors) // columns), columns, sharey=True, height=2.9 * -(-len(factors) // columns))
    turn = np.exp if log else np.asarray
    grand = float(turn(work[value].mean()))
    for index, (axis, factor) in enumerate(zip(axes.flat, factors, strict=False)):
        parts = groups_of(work, [factor])
        others = [name for name in factors if name != factor]
        for place, (_, part) in enumerate(parts):
            cells = np.array([float(rows[value].mean()) for _, rows in groups_of(part, others)])
            offsets = np.linspace(-0.18, 0.18, len(cells)) if len(cells) > 1 else np.zeros(1)
            axis.plot(place + offsets, turn(cells), ".", color="#8a8a8a", alpha=0.5, markersize=3.5)
        bands = [summarise(part.groupby(replicate)[value].mean().to_numpy()[:, None], level=level) for _, part in parts]
        centre, low, high = (turn(np.array([getattr(band, name)[0] for band in bands])) for name in ("centre", "low", "high"))
        axis.errorbar(
            range(len(parts)),
            centre,
            [np.nan_to_num(centre - low), np.nan_to_num(high - centre)],
            color=PALETTE[index % 5],
            marker="o",
            capsize=2.5,
        )
        axis.axhline(grand, color="#8a8a8a", linewidth=1.0, linestyle=(0, (1.4, 1.2)))
        axis.set_xticks(range(len(parts)), [words(key[0]) for key, _ in parts])
        if max(len(words(key[0])) for key, _ in parts) * len(parts) > 64 / columns:
            axis.tick_params(axis="x", rotation=40)
        axis.set_xlim(-0.5, len(parts) - 0.5)
        axis.set_xlabel(words(factor))
        axis.grid(visible=False, axis="x")
        if log:
            scale_axes(axis, log_x=False, log_y=True)
    for axis in axes.flat[len(factors) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel(axis_text(label or words(value), unit))
    named = ", ".join(words(factor) for factor in factors)
    return Drawing(drawn, alt=alt or f"Main effects of {named} on {label or words(value)}; bars: {level * 100:g} % intervals.")


def _reduced(part: "pd.DataFrame", value: str, replicate: str, reduce: str | None) -> np.ndarray:
    """Values (replicates,) of one cell of the map."""
    if replicate not in part.columns:
        if len(part) > 1 and reduce is None:
            raise ValueError(f"several values of {value} in a cell of the heat map: select one cell, or give `reduce`")
        return part[value].to_numpy(dtype=float)
    if not part[replicate].duplicated().any():
        return part[value].to_numpy(dtype=float)
    if reduce is None:
        raise ValueError(
            f"several values of {value} a replicate in a cell of the heat map: another factor varies; select one value, or give `reduce`"
        )
    return part.groupby(replicate)[value].mean().to_numpy(dtype=float)


def _norm(means: np.ndarray, *, log: bool, centre: float | None) -> Normalize:
    finite = means[np.isfinite(means) & ((means > 0) | (not log))]
    if finite.size == 0:
        raise ValueError("a heat map needs at least one finite value" + (" above zero on a logarithmic scale" if log else ""))
    low, high = float(finite.min()), float(finite.max())
    if centre is not None:
        reach = max(abs(low - centre), abs(high - centre)) or 1.0
        return TwoSlopeNorm(centre, centre - reach, centre + reach)
    if low == high:
        low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
    return LogNorm(low, high) if log else Normalize(low, high)


def _cell(mean: float, half: float, lost: int, digits: int) -> str:
    if not np.isfinite(mean):
        return f"{lost} failed" if lost else "–"
    text = format_plus_minus(float(mean), float(half)) if np.isfinite(half) else format_number(float(mean), digits)
    lines = [text.replace(" ± ", "\n± ") if text[0] != "(" else text.replace("×", "\n×")]
    if lost:
        lines.append(f"{lost} failed")
    return "\n".join(lines)
