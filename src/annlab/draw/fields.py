"""Functions of two variables: 3-D surfaces to turn in the page and to print, and flat maps on one scale."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from annlab.draw.drawing import Drawing
from annlab.draw.formats import format_number
from annlab.draw.pages import surface_page
from annlab.draw.style import axis_text, colour_bar, diverging, figure, housed, label_outer, panel_title, sequential

__all__ = ["compare_surfaces", "maps", "residual_maps", "surfaces"]


@housed
def surfaces(
    panels: Mapping[str, np.ndarray],
    *,
    x: np.ndarray,
    y: np.ndarray,
    x_label: str = "x",
    y_label: str = "y",
    z_label: str = "z",
    unit: str = "",
    limits: tuple[float, float] | None = None,
    signed: bool = False,
    view: tuple[float, float] = (28.0, -60.0),
    alt: str = "",
) -> Drawing:
    """3-D surfaces side by side on one scale of height and colour: plotly in the page, matplotlib on paper.

    Args:
        panels: heights by title: (len(y), len(x)) on a grid, or (n,) over scattered points, which are triangulated (Delaunay).
        x, y: axes of the grid, (columns,) and (rows,), or coordinates of the points, (n,) each.
        x_label, y_label, z_label, unit: texts of the axes; the unit is that of the height.
        limits: range of height and colour; that of all panels together by default.
        signed: colours that part at zero.
        view: elevation and azimuth in degrees.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without panels, or for shapes that do not belong together.
    """
    arrays, across, along, mesh = _checked(panels, x, y)
    low, high = limits or _range(arrays, signed=signed)
    drawn = Figure(figsize=(min(7.4, 0.8 + 3.3 * min(3, len(arrays))), 3.0 * -(-len(arrays) // 3)))
    colours = diverging() if signed else sequential()
    shown: Any = None
    columns = min(3, len(arrays))
    rows = -(-len(arrays) // columns)
    for index, (name, heights) in enumerate(arrays.items(), 1):
        axis: Any = drawn.add_subplot(rows, columns, index, projection="3d")
        options = {"cmap": colours, "vmin": low, "vmax": high, "linewidth": 0, "antialiased": False, "rasterized": True}
        if mesh is None:
            shown = axis.plot_surface(*np.meshgrid(across, along), heights, rcount=80, ccount=80, **options)
        else:
            shown = axis.plot_trisurf(mesh, heights, **options)
        axis.set_zlim(low, high)
        axis.view_init(*view)
        axis.set_title(name, pad=-2)
        axis.set_xlabel(x_label, labelpad=-6)
        axis.set_ylabel(y_label, labelpad=-6)
        axis.tick_params(pad=-3, labelsize=6.5)
        axis.locator_params(nbins=5)
        axis.set_box_aspect((1, 1, 0.72), zoom=0.92)
        for part in (axis.xaxis, axis.yaxis, axis.zaxis):
            part.set_pane_color((0.5, 0.5, 0.5, 0.07))
    text = axis_text(z_label, unit)
    drawn.subplots_adjust(left=0.01, right=0.88 if columns > 1 else 0.82, bottom=0.06, top=0.93, wspace=0.06, hspace=0.12)
    place = drawn.add_axes((0.92 if columns > 1 else 0.88, 0.2, 0.018, 0.6))
    colour_bar(drawn, shown, None, text, cax=place)
    page = surface_page(arrays, across, along, mesh, (x_label, y_label, text), (low, high), colours, view)
    ends = " to ".join(format_number(value) for value in (low, high))
    return Drawing(drawn, page, alt or f"Surfaces of {text} over {x_label} and {y_label}, from {ends}: {', '.join(arrays)}.")


def compare_surfaces(
    truth: np.ndarray,
    predicted: np.ndarray,
    *,
    x: np.ndarray,
    y: np.ndarray,
    names: tuple[str, str, str] = ("true", "predicted", "predicted − true"),
    x_label: str = "x",
    y_label: str = "y",
    z_label: str = "z",
    unit: str = "",
    view: tuple[float, float] = (28.0, -60.0),
    alt: str = "",
) -> Drawing:
    """True surface, predicted surface and their difference, all on one scale; the title of the last names the largest difference.

    Args:
        truth, predicted: (len(y), len(x)) on a grid or (n,) over scattered points.
        x, y: as in `surfaces`.
        names: titles of the three panels.
        x_label, y_label, z_label, unit, view, alt: as in `surfaces`.

    Raises:
        ValueError: for shapes that do not belong together.
    """
    if np.shape(truth) != np.shape(predicted):
        raise ValueError(f"truth and predicted must have one shape, got {np.shape(truth)} and {np.shape(predicted)}")
    difference = np.asarray(predicted, dtype=float) - np.asarray(truth, dtype=float)
    last = f"{names[2]} (largest {format_number(float(np.abs(difference).max()), 2)})"
    panels = {names[0]: truth, names[1]: predicted, last: difference}
    return surfaces(panels, x=x, y=y, x_label=x_label, y_label=y_label, z_label=z_label, unit=unit, view=view, alt=alt)


@housed
def maps(
    panels: Mapping[str, np.ndarray],
    *,
    x: np.ndarray,
    y: np.ndarray,
    label: str,
    unit: str = "",
    x_label: str = "x",
    y_label: str = "y",
    scale: Literal["linear", "log", "signed"] = "linear",
    limits: tuple[float, float] | None = None,
    columns: int = 3,
    alt: str = "",
) -> Drawing:
    """Flat colour maps of functions of two variables, side by side on one scale.

    Args:
        panels: values by title: (len(y), len(x)) on a grid, or (n,) over scattered points, which are triangulated.
        x, y: as in `surfaces`.
        label, unit: of the colour.
        x_label, y_label: of the axes.
        scale: ``linear``; ``log`` (values at or below zero take the lowest colour); ``signed``, colours that part at zero.
        limits: range of the colours; that of all panels together by default (at most six powers of ten on the log scale).
        columns: panels in a row.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without panels, for shapes that do not belong together, or for a log scale without a positive value.
    """
    arrays, across, along, mesh = _checked(panels, x, y)
    wide = min(columns, len(arrays))
    drawn, axes = figure(
        -(-len(arrays) // wide),
        wide,
        width=min(7.4, 1.1 + 2.5 * wide),
        height=0.4 + 2.25 * -(-len(arrays) // wide),
        sharex=True,
        sharey=True,
    )
    norm = _norm(arrays, scale, limits)
    colours = diverging() if scale == "signed" else sequential()
    shown: Any = None
    for axis, (name, values) in zip(axes.flat, arrays.items(), strict=False):
        kept = np.clip(values, norm.vmin, None) if scale == "log" else values
        if mesh is None:
            shown = axis.pcolormesh(across, along, kept, norm=norm, cmap=colours, shading="nearest", rasterized=True)
        else:
            shown = axis.tripcolor(mesh, kept, norm=norm, cmap=colours, shading="gouraud", rasterized=True)
        axis.set_aspect("equal" if _similar(across, along) else "auto")
        axis.grid(visible=False)
        panel_title(axis, name)
    for axis in axes.flat[len(arrays) :]:
        axis.set_visible(False)
    label_outer(axes, len(arrays), x_label, y_label)
    text = axis_text(label, unit)
    colour_bar(drawn, shown, axes, text, log=scale == "log", aspect=24, fraction=0.05)
    return Drawing(drawn, alt=alt or f"Maps of {text} over {x_label} and {y_label} on one scale: {', '.join(arrays)}.")


def residual_maps(
    truth: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    *,
    x: np.ndarray,
    y: np.ndarray,
    x_label: str = "x",
    y_label: str = "y",
    unit: str = "",
    log: bool = True,
    columns: int = 3,
    alt: str = "",
) -> Drawing:
    """Squared residual (prediction - truth)^2 of each prediction as a map, all on one scale; titles name the mean.

    Args:
        truth: (len(y), len(x)) on a grid or (n,) over scattered points.
        predictions: arrays of the same shape by title.
        x, y: as in `surfaces`.
        x_label, y_label: of the axes.
        unit: of the squared residual.
        log: logarithmic colours.
        columns: panels in a row.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: as `maps`, or for a prediction of another shape.
    """
    panels = {}
    for name, predicted in predictions.items():
        if np.shape(predicted) != np.shape(truth):
            raise ValueError(f"prediction {name!r} must have the truth's shape {np.shape(truth)}, got {np.shape(predicted)}")
        squared = (np.asarray(predicted, dtype=float) - np.asarray(truth, dtype=float)) ** 2
        panels[f"{name}\nmean {format_number(float(squared.mean()))}"] = squared
    return maps(
        panels,
        x=x,
        y=y,
        label="squared residual",
        unit=unit,
        x_label=x_label,
        y_label=y_label,
        scale="log" if log else "linear",
        columns=columns,
        alt=alt,
    )


def _checked(
    panels: Mapping[str, np.ndarray], x: np.ndarray, y: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, Triangulation | None]:
    """Panels and axes as float arrays, and the triangles where the points are scattered."""
    across, along = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    arrays = {str(name): np.asarray(values, dtype=float) for name, values in panels.items()}
    if not arrays:
        raise ValueError("a figure of surfaces needs at least one panel")
    if across.ndim != 1 or along.ndim != 1:
        raise ValueError(f"x and y must have one axis, got shapes {across.shape} and {along.shape}")
    grid = next(iter(arrays.values())).ndim == 2
    wanted = (len(along), len(across)) if grid else (len(across),)
    for name, values in arrays.items():
        if values.shape != wanted or (not grid and len(along) != len(across)):
            raise ValueError(
                f"panel {name!r} of shape {values.shape} does not belong to x of length {len(across)} and y of length {len(along)}"
            )
        if not np.isfinite(values).any():
            raise ValueError(f"panel {name!r} needs at least one finite value")
    return arrays, across, along, None if grid else Triangulation(across, along)


def _range(arrays: Mapping[str, np.ndarray], *, signed: bool) -> tuple[float, float]:
    low = min(float(np.nanmin(values)) for values in arrays.values())
    high = max(float(np.nanmax(values)) for values in arrays.values())
    if signed:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _norm(arrays: Mapping[str, np.ndarray], scale: str, limits: tuple[float, float] | None) -> Normalize:
    if scale != "log":
        return Normalize(*(limits or _range(arrays, signed=scale == "signed")))
    positive = np.concatenate([values[np.isfinite(values) & (values > 0)].ravel() for values in arrays.values()])
    if not positive.size:
        raise ValueError("a logarithmic scale needs at least one positive value")
    high = float(positive.max())
    low = max(float(positive.min()), high * 1e-6)
    return LogNorm(*(limits or (low, high if high > low else low * 10)))


def _similar(across: np.ndarray, along: np.ndarray) -> bool:
    spans = np.ptp(across), np.ptp(along)
    return bool(min(spans) > 0 and max(spans) / min(spans) < 1.5)
