"""Plotly figures for the page: transparent, readable on white and dark, light to send."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import Colormap, to_hex

if TYPE_CHECKING:
    from matplotlib.tri import Triangulation

__all__ = ["surface_page"]

GREY = "#808080"
"""The grey that reads on white (3.9 : 1) and on a near-black page (4.5 : 1); scenes cannot take the page's colour."""

_GRID = "#a0a0a0"  # solid: scenes draw a transparent line paler on white
_COLUMNS = 3
_GRID_EDGE = 120
_REACH = {1: 1.9, 2: 2.2, 3: 3.2}  # distance of the camera by panels in a row, so that narrow panels hold their axes


def surface_page(
    panels: Mapping[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    mesh: "Triangulation | None",
    labels: tuple[str, str, str],
    limits: tuple[float, float],
    colours: Colormap,
    view: tuple[float, float],
) -> Any:
    """Plotly figure of the surfaces that `annlab.draw.surfaces` draws on paper.

    Heights are float32; grids finer than 120 points an edge are thinned.

    Args:
        panels: heights by title, on the grid (len(y), len(x)) or at the points of `mesh`, (n,).
        x, y: axes of the grid or coordinates of the points.
        mesh: triangles over scattered points, or None for a grid.
        labels: texts of the three axes.
        limits: range of height and colour.
        colours: colour map.
        view: elevation and azimuth in degrees.
    """
    from plotly import graph_objects
    from plotly.subplots import make_subplots

    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    page = make_subplots(
        rows,
        columns,
        specs=[[{"type": "scene"}] * columns] * rows,
        subplot_titles=[name.replace(" (", "<br>(") for name in panels],
        horizontal_spacing=0.01,
        vertical_spacing=0.06,
    )
    scale = [[step / 10, to_hex(colours(step / 10))] for step in range(11)]
    shared = {"colorscale": scale, "cmin": limits[0], "cmax": limits[1]}
    bar = {"title": {"text": labels[2], "side": "right"}, "thickness": 12, "len": 0.75, "tickfont": {"color": GREY}}
    step = max(1, -(-max(len(x), len(y)) // _GRID_EDGE))
    for index, (name, heights) in enumerate(panels.items()):
        common = {**shared, "name": name, "showscale": index == 0, "colorbar": bar, "hovertemplate": _hover(labels)}
        if mesh is None:
            trace = graph_objects.Surface(x=_light(x[::step]), y=_light(y[::step]), z=_light(heights[::step, ::step]), **common)
        else:
            corners = dict(zip("ijk", mesh.triangles.astype(np.int32).T, strict=True))
            trace = graph_objects.Mesh3d(
                x=_light(x),
                y=_light(y),
                z=_light(heights),
                intensity=_light(heights),
                lighting={"ambient": 0.75, "diffuse": 0.5, "specular": 0.05},
                **corners,
                **common,
            )
        page.add_trace(trace, index // columns + 1, index % columns + 1)
    axis = {"color": GREY, "gridcolor": _GRID, "zerolinecolor": _GRID, "showbackground": False, "nticks": 5, "tickfont": {"size": 10}}
    page.update_scenes(
        xaxis={**axis, "title": {"text": labels[0], "font": {"size": 11}}},
        yaxis={**axis, "title": {"text": labels[1], "font": {"size": 11}}},
        zaxis={**axis, "title": {"text": labels[2], "font": {"size": 11}}, "range": list(limits)},
        aspectmode="manual",
        aspectratio={"x": 1, "y": 1, "z": 0.72},
        camera={"eye": _eye(view, _REACH[columns]), "center": {"x": 0, "y": 0, "z": -0.12}},
    )
    page.update_annotations(font={"size": 13})
    page.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": GREY, "family": "system-ui, sans-serif", "size": 12},
        margin={"l": 0, "r": 0, "t": 44, "b": 0},
        height=60 + 300 * rows,
        autosize=True,
    )
    return page


def _light(values: np.ndarray) -> np.ndarray:
    """Values as float32, which plotly sends in binary."""
    return np.ascontiguousarray(values, dtype=np.float32)


def _hover(labels: tuple[str, str, str]) -> str:
    return "<br>".join(f"{label}: %{{{axis}:.4g}}" for label, axis in zip(labels, "xyz", strict=True)) + "<extra></extra>"


def _eye(view: tuple[float, float], reach: float) -> dict[str, float]:
    """Camera of plotly from elevation and azimuth in degrees, and its distance."""
    height, turn = np.deg2rad(view)
    return {
        "x": float(reach * np.cos(height) * np.cos(turn)),
        "y": float(reach * np.cos(height) * np.sin(turn)),
        "z": float(reach * np.sin(height)),
    }
