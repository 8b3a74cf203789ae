"""What a setting costs against what it loses: a dot a setting, a line through those that nothing beats."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from annlab.draw.drawing import Drawing
from annlab.draw.frames import Words, check_frame
from annlab.draw.style import PALETTE, Look, axis_text, figure, housed, legend_below, looks, scale_axes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["efficient", "trade_off"]

LINE = "#8a8a8a"


def efficient(costs: ArrayLike, losses: ArrayLike) -> np.ndarray:
    """Which of n settings nothing beats: no other has a lower cost or loss, and the other of the two not higher (Pareto).

    Settings alike in both are all kept; one with a number that is not finite is not.

    Returns:
        True and False, (n,).

    Raises:
        ValueError: for other than two lists of the same length.
    """
    cost, loss = np.asarray(costs, dtype=float), np.asarray(losses, dtype=float)
    if cost.ndim != 1 or cost.shape != loss.shape:
        raise ValueError(f"costs and losses must be two lists of one length, got shapes {cost.shape} and {loss.shape}")
    no_worse = (cost[:, None] <= cost) & (loss[:, None] <= loss)  # (other, each)
    beaten = np.any(no_worse & ((cost[:, None] < cost) | (loss[:, None] < loss)), axis=0)
    return np.asarray(~beaten & np.isfinite(cost) & np.isfinite(loss))


@housed
def trade_off(
    frame: "pd.DataFrame",
    *,
    by: str,
    costs: str | Sequence[str],
    value: str,
    group: str | None = None,
    label: str = "",
    unit: str = "",
    labels: Mapping[Any, str] | None = None,
    units: Mapping[str, str] | None = None,
    alt: str = "",
) -> Drawing:
    """Mean of a loss against the mean of what it costs, both logarithmic, a panel a cost; the steps join settings that nothing beats.

    Args:
        frame: one row a replicate and setting, such as ``results.table``; settings without a cost or a loss are left out of its panel.
        by: column that names the setting; those on the line are written beside it.
        costs: column or columns of costs, such as parameters or seconds.
        value: column of losses; lower is better.
        group: column whose values have a colour and a marker each; none for one colour.
        label, unit: of the loss.
        labels: shown text by column.
        units: of the costs, by column.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an empty frame, a missing column, or where no setting has both a cost and a loss.
    """
    columns = [costs] if isinstance(costs, str) else list(costs)
    check_frame(frame, [by, value, *columns, *([group] if group else [])], "a trade-off")
    words = Words(labels)
    means = frame.groupby(by, sort=False)[[value, *columns]].mean()
    if group:
        means = means.assign(**{group: frame.groupby(by, sort=False)[group].first()})
    drawn, axes = figure(1, len(columns), width=7.2 if len(columns) > 1 else None, height=3.6, sharey=True)
    kinds: dict[Any, Look | None] = {None: None}
    if group:
        kinds = dict(looks(sorted(means[group].unique().tolist())))
    entries: dict[str, Any] = {}
    said = []
    for axis, cost in zip(axes.flat, columns, strict=True):
        both = means.dropna(subset=[cost, value])
        if both.empty:
            raise ValueError(f"no setting has both {words(cost)} and {label or words(value)}")
        line = both[efficient(both[cost], both[value])].sort_values([cost, value])
        axis.step(line[cost], line[value], where="post", color=LINE, linewidth=1.2, zorder=1)
        for kind, look in kinds.items():
            part = both if look is None else both[both[group] == kind]
            colour, marker = (PALETTE[0], "o") if look is None else (look.colour, look.marker)
            (dots,) = axis.plot(part[cost], part[value], marker, linestyle="none", color=colour, markersize=5, alpha=0.8)
            if look is not None:
                entries.setdefault(str(kind), dots)
        for place, (name, row) in enumerate(line.iterrows()):
            above = 4 + 8 * (place % 2)  # neighbours on the line keep off each other
            axis.annotate(str(name), (row[cost], row[value]), xytext=(3, above), textcoords="offset points", fontsize=7)
        scale_axes(axis, log_x=True, log_y=True)
        axis.set_xlabel(axis_text(words(cost), (units or {}).get(cost, "")))
        axis.margins(x=0.15)
        said.append(f"against {words(cost)} nothing beats {', '.join(map(str, line.index))}")
    axes[0, 0].set_ylabel(axis_text(label or words(value), unit))
    legend_below(drawn, entries, words(group) if group else "")
    return Drawing(drawn, alt=alt or f"{axis_text(label or words(value), unit)} of {len(means)} settings, a dot each: {'; '.join(said)}.")
