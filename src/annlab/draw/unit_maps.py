"""Self-organising maps on paper: U-matrix with hits, labels and component planes in the grid's own geometry, the map among its data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Wedge

from annlab.draw.drawing import INK, Drawing
from annlab.draw.formats import format_number
from annlab.draw.style import (
    PALETTE,
    axis_text,
    colour_bar,
    figure,
    housed,
    label_outer,
    legend_below,
    looks,
    panel_title,
    readable_on,
    sequential,
)
from annlab.draw.unit_cells import UnitMap, corners, matrix_cells

__all__ = ["component_planes", "map_in_data_space", "u_matrix", "unit_labels"]

_EMPTY = "#b9b9b9"
_FEW_UNITS = 150


@housed
def u_matrix(
    maps: Mapping[str, UnitMap],
    *,
    names: Sequence[str] | None = None,
    label: str = "distance to neighbours",
    unit: str = "",
    columns: int = 2,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """U-matrix of each map: dark cells lie far from their neighbours in data space; discs are the samples won.

    The area of a disc is the number of hits (one scale a panel); with hits by class it is cut like a pie. With `distances` the
    cells between the units show the distance of the pair.

    Args:
        maps: maps by title, with `heights`.
        names: names of the classes.
        label, unit: of the height.
        columns: panels in a row.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without maps, or for a map without heights.
    """
    _check(maps, "heights")
    drawn, axes = _panels(list(maps.values()), columns)
    for axis, (name, each) in zip(axes.flat, maps.items(), strict=False):
        values, edge = matrix_cells(each)
        shown = _paint(axis, edge, values, _heights_map(), Normalize(float(values.min()), float(values.max())))
        _bare(axis, name)
        colour_bar(drawn, shown, axis, axis_text(label, unit), shrink=0.8)
        if each.hits is not None:
            _pies(axis, each, 2.0 if each.distances is not None else 1.0)
    _legend(drawn, list(maps.values()), names, discs=True)
    if title:
        drawn.suptitle(title, x=0.01, ha="left")
    ends = ", ".join(
        f"{name}: {format_number(float(each.heights.min()))} to {format_number(float(each.heights.max()))}"
        for name, each in maps.items()
        if each.heights is not None
    )
    return Drawing(drawn, alt=alt or f"U-matrix ({axis_text(label, unit)}) with hits. {ends}.")


@housed
def unit_labels(
    maps: Mapping[str, UnitMap],
    *,
    names: Sequence[str] | None = None,
    columns: int = 3,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """The class that wins each unit: colour of the commonest class, paler the more the unit mixes, with the number of samples.

    Units that win no sample are empty and hatched.

    Args:
        maps: maps by title, with `hits` by class, (units, classes).
        names: names of the classes.
        columns: panels in a row.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without maps, or for a map without hits by class.
    """
    _check(maps, "hits", classes=True)
    drawn, axes = _panels(list(maps.values()), columns)
    for axis, (name, each) in zip(axes.flat, maps.items(), strict=False):
        hits = np.asarray(each.hits)
        total, winner = hits.sum(axis=1), hits.argmax(axis=1)
        purity = hits.max(axis=1) / np.maximum(total, 1)
        outlines = corners(each, each.positions)
        for index, polygon in enumerate(outlines):
            mixed = _tint(PALETTE[winner[index] % len(PALETTE)], 0.25 + 0.75 * purity[index]) if total[index] else "none"
            axis.add_collection(
                PolyCollection(
                    [polygon], facecolors=[mixed], edgecolors=_EMPTY if not total[index] else "white", hatch="" if total[index] else "////"
                )
            )
            if total[index] and len(total) <= _FEW_UNITS:
                axis.text(*each.positions[index], f"{total[index]:g}", ha="center", va="center", fontsize=7.5, color=readable_on(mixed))
        _frame(axis, outlines)
        _bare(axis, name)
    _legend(drawn, list(maps.values()), names, empty=any(bool((np.asarray(each.hits).sum(axis=1) == 0).any()) for each in maps.values()))
    if title:
        drawn.suptitle(title, x=0.01, ha="left")
    idle = ", ".join(f"{name}: {int((np.asarray(each.hits).sum(axis=1) == 0).sum())}" for name, each in maps.items())
    return Drawing(drawn, alt=alt or f"Commonest class of each unit of the map. Units without samples: {idle}.")


@housed
def component_planes(
    units: UnitMap,
    planes: np.ndarray,
    *,
    names: Sequence[str] | None = None,
    unit: str = "",
    columns: int = 2,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """One panel a feature: its value in the weights of every unit.

    Args:
        units: the map.
        planes: weights, (units, features), in the unit of the features.
        names: names of the features.
        unit: of the features.
        columns: panels in a row.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for planes of another shape, or names of another number.
    """
    values = np.asarray(planes, dtype=float)
    if values.ndim != 2 or len(values) != len(units.positions) or not values.shape[1]:
        raise ValueError(f"planes must have shape ({len(units.positions)}, features), got {values.shape}")
    titles = [f"feature {index + 1}" for index in range(values.shape[1])] if names is None else [str(name) for name in names]
    if len(titles) != values.shape[1]:
        raise ValueError(f"names must hold one text a feature: {values.shape[1]} features, {len(titles)} names")
    drawn, axes = _panels([units] * values.shape[1], columns)
    for axis, name, plane in zip(axes.flat, titles, values.T, strict=False):
        span = (float(plane.min()), float(plane.max()))
        shown = _paint(axis, corners(units, units.positions), plane, sequential(), Normalize(*span))
        _bare(axis, name)
        colour_bar(drawn, shown, axis, unit, shrink=0.8)
    if title:
        drawn.suptitle(title, x=0.01, ha="left")
    return Drawing(drawn, alt=alt or f"Component planes of a map of {len(values)} units: {', '.join(titles)}.")


@housed
def map_in_data_space(
    weights: Mapping[Any, np.ndarray],
    X: np.ndarray,
    pairs: np.ndarray,
    *,
    wins: Mapping[Any, np.ndarray] | None = None,
    classes: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    x_label: str = "x",
    y_label: str = "y",
    unit: str = "",
    columns: int = 3,
    iteration: str = "iteration",
    title: str = "",
    alt: str = "",
) -> Drawing:
    """The map among its data, one panel an iteration: units as dots, neighbours joined, units that win nothing as open circles.

    Args:
        weights: two coordinates of the units, (units, 2), by iteration (or by any title).
        X: data in the same two coordinates, (n, 2).
        pairs: units to join by lines, (pairs, 2), such as `UnitMap.lines`.
        wins: samples won by each unit, (units,), by the same keys.
        classes: class of each row of `X` as a whole number from 0.
        names: names of the classes.
        x_label, y_label, unit: of the two coordinates.
        columns: panels in a row.
        iteration: word before a key that is a number.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without weights, or for arrays that are not two-dimensional points.
    """
    points = np.asarray(X, dtype=float)
    placed = {key: np.asarray(value, dtype=float) for key, value in weights.items()}
    if not placed:
        raise ValueError("a map in data space needs the weights of at least one iteration")
    for what, array in (("X", points), *((f"weights at {key}", value) for key, value in placed.items())):
        if array.ndim != 2 or array.shape[1] != 2:
            raise ValueError(f"{what} must have shape (n, 2), got {array.shape}")
    joined = np.asarray(pairs, dtype=int).reshape(-1, 2)
    wide = min(columns, len(placed))
    drawn, axes = figure(-(-len(placed) // wide), wide, sharex=True, sharey=True, height=2.35 * -(-len(placed) // wide) + 0.5)
    kinds = np.zeros(len(points), dtype=int) if classes is None else np.asarray(classes, dtype=int)
    groups = sorted(set(kinds.tolist()))
    style = looks([str(group) for group in groups])
    entries: dict[str, Any] = {}
    for axis, (key, units) in zip(axes.flat, placed.items(), strict=False):
        for group in groups:
            look, rows = style[str(group)], points[kinds == group]
            colour = "#8a8a8a" if classes is None else look.colour
            dots = {"color": colour, "markersize": 3.2, "alpha": 0.55, "markeredgewidth": 0, "rasterized": len(rows) > 800}
            shown = axis.plot(*rows.T, look.marker, **dots)[0]
            entries.setdefault("data" if classes is None else _name(names, group), shown)
        axis.add_collection(LineCollection(list(units[joined]), colors=INK, linewidths=0.9, alpha=0.75))
        idle = np.zeros(len(units), dtype=bool) if wins is None else np.asarray(wins[key]) == 0
        entries["units"] = axis.plot(*units[~idle].T, "o", color=INK, markersize=4.2)[0]
        if idle.any():
            ring = {"markerfacecolor": "white", "markeredgecolor": INK, "markersize": 6, "markeredgewidth": 1.3}
            entries["units that win nothing"] = axis.plot(*units[idle].T, "o", **ring)[0]
        panel_title(axis, f"{iteration} {key}" if isinstance(key, int | np.integer) else str(key))
    for axis in axes.flat[len(placed) :]:
        axis.set_visible(False)
    label_outer(axes, len(placed), axis_text(x_label, unit), axis_text(y_label, unit))
    legend_below(drawn, entries)
    if title:
        drawn.suptitle(title, x=0.01, ha="left")
    return Drawing(
        drawn, alt=alt or f"The map of {len(next(iter(placed.values())))} units among {len(points)} points, {len(placed)} panels."
    )


def _check(maps: Mapping[str, UnitMap], wanted: str, *, classes: bool = False) -> None:
    if not maps:
        raise ValueError("a figure of maps needs at least one map")
    for name, each in maps.items():
        values = getattr(each, wanted)
        if values is None or (classes and values.ndim != 2):
            raise ValueError(f"the map {name!r} has no {wanted}{' by class, (units, classes)' if classes else ''}")


def _panels(maps: Sequence[UnitMap], columns: int) -> tuple[Any, np.ndarray]:
    """Figure whose rows are as high as the broadest map of a panel needs."""
    wide = min(columns, len(maps))
    rows = -(-len(maps) // wide)
    extents = np.array([np.ptp(each.positions, axis=0) + 1.0 for each in maps])
    width = 7.2 if wide > 1 else 5.6
    high = float(np.clip((extents[:, 1] / extents[:, 0]).max() * (width / wide - 1.0), 0.8, 3.6)) + 0.45
    drawn, axes = figure(rows, wide, width=width, height=high * rows + 0.4)
    for axis in axes.flat[len(maps) :]:
        axis.set_visible(False)
    return drawn, axes


def _heights_map() -> Colormap:
    """Pale grey for small heights to near-black for large ones: ridges are dark, and discs in colour stand out."""
    return LinearSegmentedColormap.from_list("annlab-heights", ["#f2f2f2", "#9a9a9a", "#2b2b2b"])


def _paint(axis: Axes, outlines: np.ndarray, values: np.ndarray, colours: Colormap, norm: Normalize) -> PolyCollection:
    shown = PolyCollection(list(outlines), array=values, cmap=colours, norm=norm, edgecolors="face", linewidths=0.4)
    axis.add_collection(shown)
    _frame(axis, outlines)
    return shown


def _frame(axis: Axes, outlines: np.ndarray) -> None:
    low, high = outlines.min(axis=(0, 1)), outlines.max(axis=(0, 1))
    axis.set_xlim(low[0] - 0.05, high[0] + 0.05)
    axis.set_ylim(low[1] - 0.05, high[1] + 0.05)


def _bare(axis: Axes, title: str) -> None:
    axis.set_aspect("equal")
    axis.set_axis_off()
    if title:
        panel_title(axis, title)


def _pies(axis: Axes, units: UnitMap, stretch: float) -> None:
    """A disc a unit, its area the hits, cut by class; `stretch` scales the places, cells stay one wide."""
    assert units.hits is not None
    hits = units.hits[:, None] if units.hits.ndim == 1 else units.hits
    most = float(hits.sum(axis=1).max())
    for place, row in zip(stretch * units.positions, hits, strict=True):
        total = float(row.sum())
        if total == 0:
            continue
        radius, start = (0.44 if stretch == 1 else 0.65) * np.sqrt(total / most), 90.0
        for index in np.flatnonzero(row):
            sweep = 360.0 * float(row[index]) / total
            axis.add_patch(
                Wedge(
                    (float(place[0]), float(place[1])),
                    radius,
                    start - sweep,
                    start,
                    facecolor=PALETTE[index % len(PALETTE)],
                    edgecolor="white",
                    linewidth=0.5,
                    clip_on=False,
                )
            )
            start -= sweep


def _legend(drawn: Any, maps: Sequence[UnitMap], names: Sequence[str] | None, *, empty: bool = False, discs: bool = False) -> None:
    """One entry a class, and what discs and empty cells mean."""
    counted = [each.hits for each in maps if each.hits is not None and each.hits.ndim == 2]
    entries: dict[str, Any] = {}
    if counted:
        for index in range(max(hits.shape[1] for hits in counted)):
            entries[_name(names, index)] = Patch(facecolor=PALETTE[index % len(PALETTE)])
    elif any(each.hits is not None for each in maps):
        entries["samples won"] = Line2D([], [], marker="o", linestyle="", color=PALETTE[0])
    if empty:
        entries["no sample"] = Patch(facecolor="none", edgecolor=_EMPTY, hatch="////")
    most = max((hits.reshape(len(hits), -1).sum(axis=1).max() for hits in (each.hits for each in maps) if hits is not None), default=0)
    legend_below(drawn, entries, f"area of a disc: samples won, at most {most:g}" if discs and entries else "")


def _name(names: Sequence[str] | None, index: int) -> str:
    return str(names[index]) if names is not None else f"class {index}"


def _tint(colour: str, share: float) -> str:
    """The colour mixed with white, `share` of it."""
    red, green, blue = (share * part + 1 - share for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))
