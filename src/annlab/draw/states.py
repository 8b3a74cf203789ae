"""The state space of small recurrent networks: trajectories in two and three dimensions, fixed points, basins of attraction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from annlab.draw.drawing import INK, Drawing
from annlab.draw.pages import GREY
from annlab.draw.style import Look, figure, housed, legend_below, looks

__all__ = ["state_space"]

_MARKS = ("s", "D", "^", "v")
_PAGE_MARKS = {"s": "square", "D": "diamond", "^": "cross", "v": "x", "o": "circle-open"}
_TURNS = 48


@housed
def state_space(
    paths: Mapping[str, Sequence[np.ndarray]],
    points: Mapping[str, np.ndarray],
    *,
    basins: tuple[np.ndarray, Sequence[str]] | None = None,
    hollow: Collection[str] = ("unstable",),
    names: Sequence[str] = ("x₁", "x₂", "x₃"),
    limit: float = 1.0,
    alt: str = "",
) -> Drawing:
    """Trajectories in the square or the cube ``[-limit, limit]^d``, d of 2 or 3, coloured by where they end, with fixed points.

    In three dimensions the page has a figure that can be turned by hand or by its button, the paper a view of it.

    Args:
        paths: trajectories ``(updates, d)`` by the name of where they end; a dot marks each start.
        points: fixed points ``(n, d)`` by kind, each kind with a marker of its own.
        basins: in two dimensions, the index of the basin of each square of the plane ``(rows, columns)``, rows from below, -1 for
            none, and the names of the basins, whose colours are those of the paths of the same name.
        hollow: kinds of points that are drawn as open circles.
        names: of the coordinates.
        limit: half the edge.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without trajectories and points, for another dimension than 2 or 3, or for basins in three dimensions.
    """
    arrays = [*(np.asarray(path) for group in paths.values() for path in group), *map(np.asarray, points.values())]
    sizes = {array.shape[1] for array in arrays}
    if sizes not in ({2}, {3}):
        raise ValueError(f"state_space draws two or three dimensions, got {sorted(sizes)}")
    if basins is not None and sizes == {3}:
        raise ValueError("basins are drawn in two dimensions only")
    style = looks(list(dict.fromkeys([*paths, *(basins[1] if basins else ())])))
    counted = ", ".join(f"{len(group)} end at {name}" for name, group in paths.items())
    text = alt or f"State space with {sum(map(len, paths.values()))} trajectories ({counted}) and {', '.join(points)} as points."
    filled = [kind for kind in points if kind not in hollow]
    marks = {kind: _MARKS[filled.index(kind) % len(_MARKS)] if kind in filled else "o" for kind in points}
    if sizes == {2}:
        return Drawing(_flat(paths, points, marks, basins, style, names, limit), None, text)
    return Drawing(_still(paths, points, marks, style, names, limit), _page(paths, points, marks, style, names, limit), text)


def _flat(
    paths: Any, points: Any, marks: dict[str, str], basins: Any, style: dict[str, Look], names: Sequence[str], limit: float
) -> Figure:
    drawn, axes = figure(width=5.4, height=5.6)
    axis, entries = axes[0, 0], {}
    if basins is not None:
        labels, titles = basins
        used = np.ma.masked_less(np.asarray(labels), 0)
        colours = ListedColormap([style[title].colour for title in titles])
        extent = (-limit, limit, -limit, limit)
        axis.imshow(used, origin="lower", extent=extent, cmap=colours, vmin=-0.5, vmax=len(titles) - 0.5, alpha=0.22, zorder=0)
    for name, group in paths.items():
        look = style[name]
        for path in group:
            line = axis.plot(path[:, 0], path[:, 1], "-", color=look.colour, linewidth=1.2, zorder=3)[0]
            axis.plot(path[1:-1, 0], path[1:-1, 1], ".", color=look.colour, markersize=2.5, zorder=3)
            axis.plot(*path[0], "o", color=look.colour, markersize=4.5, zorder=4)
            entries[f"ends at {name}"] = line
    for kind, states in points.items():
        face = "white" if marks[kind] == "o" else INK
        options = {"color": INK, "markersize": 8, "markerfacecolor": face, "clip_on": False, "zorder": 5}
        entries[kind] = axis.plot(states[:, 0], states[:, 1], marks[kind], **options)[0]
    axis.set(xlabel=names[0], ylabel=names[1], xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    legend_below(drawn, entries)
    return drawn


def _still(paths: Any, points: Any, marks: dict[str, str], style: dict[str, Look], names: Sequence[str], limit: float) -> Figure:
    drawn = Figure(figsize=(6.2, 5.4))
    axis: Any = drawn.add_subplot(projection="3d")
    for edge in _cube(limit):
        axis.plot(*edge.T, color=INK, linewidth=0.6, alpha=0.4)
    for name, group in paths.items():
        for index, path in enumerate(group):
            axis.plot(*path.T, "-", color=style[name].colour, linewidth=1.3, label=f"ends at {name}" if index == 0 else None)
            axis.plot(*path[:1].T, "o", color=style[name].colour, markersize=4)
    for kind, states in points.items():
        axis.plot(*states.T, marks[kind], color=INK, markersize=7, markerfacecolor="white" if marks[kind] == "o" else INK, label=kind)
    axis.set(xlabel=names[0], ylabel=names[1], zlabel=names[2])
    axis.view_init(22, -58)
    axis.tick_params(pad=-2, labelsize=7)
    axis.locator_params(nbins=5)
    for part in (axis.xaxis, axis.yaxis, axis.zaxis):
        part.set_pane_color((0.5, 0.5, 0.5, 0.07))
    axis.set_box_aspect((1, 1, 1), zoom=0.9)
    handles, texts = axis.get_legend_handles_labels()
    drawn.legend(handles, texts, loc="lower center", ncols=2)
    drawn.subplots_adjust(left=0.0, right=0.96, bottom=0.16, top=1.0)
    return drawn


def _page(paths: Any, points: Any, marks: dict[str, str], style: dict[str, Look], names: Sequence[str], limit: float) -> Any:
    from matplotlib.colors import to_hex
    from plotly import graph_objects

    page = graph_objects.Figure()
    for edge in _cube(limit):
        line = {"color": GREY, "width": 2}
        page.add_trace(graph_objects.Scatter3d(**_xyz(edge), mode="lines", line=line, showlegend=False, hoverinfo="skip"))
    for name, group in paths.items():
        colour = to_hex(style[name].colour)
        for index, path in enumerate(group):
            sizes = [6] + [2.5] * (len(path) - 1)
            page.add_trace(
                graph_objects.Scatter3d(
                    **_xyz(path),
                    mode="lines+markers",
                    line={"color": colour, "width": 4},
                    marker={"color": colour, "size": sizes},
                    name=f"ends at {name}",
                    legendgroup=name,
                    showlegend=index == 0,
                    text=[f"after {update} updates" for update in range(len(path))],
                )
            )
    for kind, states in points.items():
        marker = {"color": GREY, "size": 7, "symbol": _PAGE_MARKS[marks[kind]]}
        page.add_trace(graph_objects.Scatter3d(**_xyz(states), mode="markers", marker=marker, name=kind))
    axis = {"color": GREY, "gridcolor": "#a0a0a0", "showbackground": False, "nticks": 5, "zeroline": False}
    turn = {"frame": {"duration": 60, "redraw": True}, "transition": {"duration": 0}, "mode": "immediate"}
    page.frames = [
        graph_objects.Frame(layout={"scene": {"camera": _camera(2 * np.pi * step / _TURNS - 1.0)}}, name=str(step))
        for step in range(_TURNS + 1)
    ]
    page.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        font={"color": GREY, "family": "system-ui, sans-serif", "size": 12},
        margin={"l": 0, "r": 0, "t": 10, "b": 0},
        height=520,
        autosize=True,
        legend={"orientation": "h", "y": -0.02},
        scene={
            **{f"{key}axis": {**axis, "title": {"text": text}} for key, text in zip("xyz", names, strict=True)},
            "aspectmode": "cube",
            "camera": _camera(-1.0),
        },
        updatemenus=[
            {
                "type": "buttons",
                "showactive": False,
                "x": 0.0,
                "y": 1.0,
                "xanchor": "left",
                "yanchor": "top",
                "buttons": [{"label": "Turn", "method": "animate", "args": [None, turn]}],
            }
        ],
    )
    return page


def _camera(turn: float) -> dict[str, dict[str, float]]:
    """Camera of plotly at an azimuth in radians, a little above."""
    eye = {"x": float(2.0 * np.cos(turn)), "y": float(2.0 * np.sin(turn)), "z": 0.9}
    return {"eye": eye, "center": {"x": 0.0, "y": 0.0, "z": -0.08}}


def _xyz(states: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip("xyz", np.asarray(states, dtype=np.float32).T, strict=True))


def _cube(limit: float) -> list[np.ndarray]:
    """The twelve edges, ``(2, 3)`` each."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * limit
    pairs = [(i, j) for i in range(8) for j in range(i) if (corners[i] != corners[j]).sum() == 1]
    return [corners[[i, j]] for i, j in pairs]
