"""A small dense network with values and gradients on its nodes and edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from annlab.draw.drawing import Drawing
from annlab.draw.formats import format_number
from annlab.draw.style import PALETTE, housed, legend_below

__all__ = ["network"]

_LINE = 0.165  # inches of one line of text
_FREE = 1.7  # inches between the boxes of two layers, at least
_NODE = 1.25  # inches, width of a node's box
_DARK = "#15181c"
_VALUE, _GRADIENT = "#00507f", "#a03c00"


@housed
def network(
    layer_sizes: Sequence[int],
    *,
    values: Sequence[np.ndarray] | None = None,
    node_gradients: Sequence[np.ndarray | None] | None = None,
    weights: Sequence[np.ndarray] | None = None,
    weight_gradients: Sequence[np.ndarray] | None = None,
    biases: Sequence[np.ndarray | None] | None = None,
    bias_gradients: Sequence[np.ndarray | None] | None = None,
    names: Sequence[Sequence[str]] | None = None,
    weight_names: Sequence[Sequence[Sequence[str]]] | None = None,
    layer_titles: Sequence[str] | None = None,
    digits: int = 4,
    loss: str = "loss",
    title: str = "",
    alt: str = "",
) -> Drawing:
    """Dense network, layers from left to right: values in blue, derivatives of the loss in orange under them.

    Every edge's label stands on its own line, at the height where the labels of a layer are spaced evenly, so that none
    overlap. Lines are blue for positive weights and dashed orange for negative ones, thicker for larger ones. Readable up to about
    16 edges between two layers.

    Args:
        layer_sizes: units of each layer, the inputs first, such as ``(2, 2, 1)``.
        values: output of each layer, (units,) each, one a layer.
        node_gradients: derivative of the loss by those outputs, one a layer; None for a layer without.
        weights: one (units, units before) matrix a layer after the inputs, as torch keeps them.
        weight_gradients: derivative of the loss by the weights, of the same shapes.
        biases: (units,) a layer after the inputs; None for a layer without.
        bias_gradients: derivatives by the biases.
        names: name of every node by layer; ``x1``, ``h1``, ``y1`` by default.
        weight_names: name of every edge, ``weight_names[layer][unit][unit before]``, put before its value.
        layer_titles: text above each layer.
        digits: significant digits.
        loss: name of the loss in the legend.
        title: heading.
        alt: alternative text; made from the sizes where empty.

    Raises:
        ValueError: for fewer than two layers or arrays whose shapes do not fit the sizes.
    """
    sizes = [int(size) for size in layer_sizes]
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"a network needs two layers or more with a unit each, got sizes {tuple(layer_sizes)}")
    _check("values", values, [(size,) for size in sizes])
    _check("node_gradients", node_gradients, [(size,) for size in sizes])
    shapes = [(after, before) for before, after in pairwise(sizes)]
    _check("weights", weights, shapes)
    _check("weight_gradients", weight_gradients, shapes)
    _check("biases", biases, [(size,) for size in sizes[1:]])
    _check("bias_gradients", bias_gradients, [(size,) for size in sizes[1:]])
    shown = _Shown(digits, values, node_gradients, biases, bias_gradients, names or _default_names(sizes))
    boxes = [[shown.lines(layer, unit) for unit in range(size)] for layer, size in enumerate(sizes)]
    edge_lines = (weights is not None) + (weight_gradients is not None)
    height = _height(sizes, max(len(lines) for layer in boxes for lines in layer), edge_lines)
    labels = _edge_texts(sizes, weights, weight_gradients, weight_names, digits)
    columns = _columns(sizes, labels)
    width = columns[-1] + _NODE + 0.3
    drawn = Figure(figsize=(width, height + 0.4 + 0.25 * bool(layer_titles) + 0.25 * bool(title)), layout="constrained")
    axis = drawn.add_subplot()
    axis.set_axis_off()
    axis.set_aspect("equal")
    axis.set_xlim(-_NODE / 2 - 0.1, columns[-1] + _NODE / 2 + 0.1)
    axis.set_ylim(-height / 2, height / 2 + 0.3 * bool(layer_titles))
    places = [
        [(columns[layer], (size - 1) / 2 * height / size - unit * height / size) for unit in range(size)]
        for layer, size in enumerate(sizes)
    ]
    reach = max((float(np.abs(matrix).max()) for matrix in weights or []), default=1.0) or 1.0
    for layer in range(len(sizes) - 1):
        share = _label_share(sizes[layer], sizes[layer + 1])
        for unit, (end_x, end_y) in enumerate(places[layer + 1]):
            for before, (start_x, start_y) in enumerate(places[layer]):
                start, end = (start_x + _NODE / 2, start_y), (end_x - _NODE / 2, end_y)
                weight = None if weights is None else float(np.asarray(weights[layer])[unit, before])
                _edge(axis, start, end, weight, reach)
                _edge_label(axis, start, end, share, labels[layer][unit][before])
    for layer, column in enumerate(places):
        for unit, (at_x, at_y) in enumerate(column):
            _node(axis, at_x, at_y, boxes[layer][unit])
        if layer_titles:
            axis.text(column[0][0], height / 2 + 0.12, layer_titles[layer], ha="center", va="bottom", fontsize=9)
    entries = {
        "value": Line2D([], [], color=PALETTE[0], linewidth=5),
        f"∂ = derivative of the {loss}": Line2D([], [], color=PALETTE[1], linewidth=5),
    }
    if weights is not None:
        entries |= {
            "positive weight": Line2D([], [], color=PALETTE[0]),
            "negative weight": Line2D([], [], color=PALETTE[1], linestyle=(0, (5, 1.6))),
        }
    legend_below(drawn, entries, columns=2 if width < 6 else 4)
    if title:
        drawn.suptitle(title)
    return Drawing(drawn, alt=alt or f"Dense network {'-'.join(map(str, sizes))} with values and derivatives on nodes and edges.")


@dataclass(frozen=True)
class _Shown:
    """The numbers of the nodes."""

    digits: int
    values: Sequence[np.ndarray] | None
    gradients: Sequence[np.ndarray | None] | None
    biases: Sequence[np.ndarray | None] | None
    bias_gradients: Sequence[np.ndarray | None] | None
    names: Sequence[Sequence[str]]

    def lines(self, layer: int, unit: int) -> list[tuple[str, str]]:
        """Lines of text of a node with their colours."""
        found = [(self.names[layer][unit], _DARK)]
        before = layer - 1
        for source, index, lead, colour in (
            (self.values, layer, "", _VALUE),
            (self.gradients, layer, "∂ ", _GRADIENT),
            (self.biases, before, "b = ", _VALUE),
            (self.bias_gradients, before, "∂b = ", _GRADIENT),
        ):
            part = None if source is None or index < 0 else source[index]
            if part is not None:
                found.append((lead + _short(np.asarray(part)[unit], self.digits), colour))
        return found


def _label_share(before: int, after: int) -> float:
    """Share of the way along its line at which an edge's label stands.

    At share t the labels lie at (1 - t) y_before + t y_after. Nodes are height / units apart, so that with
    t / after = (1 - t) / (before after) or (1 - t) / before = t / (before after) the labels are spaced evenly; the wider spacing is taken.
    """
    return 1 / (1 + before) if before <= after else after / (1 + after)


def _label_spacing(before: int, after: int) -> float:
    """Distance of neighbouring labels as a share of the height."""
    share = _label_share(before, after)
    return min(share / after if after > 1 else 1.0, (1 - share) / before if before > 1 else 1.0)


def _height(sizes: Sequence[int], node_lines: int, edge_lines: int) -> float:
    """Height in inches at which neither boxes nor labels touch."""
    nodes = max(sizes) * (_LINE * node_lines + 0.22)
    label = _LINE * edge_lines + 0.09
    gaps = max(label / _label_spacing(before, after) for before, after in pairwise(sizes))
    return max(nodes, gaps if edge_lines else 0.0, 1.6)


def _edge(axis: Axes, start: tuple[float, float], end: tuple[float, float], weight: float | None, reach: float) -> None:
    negative = weight is not None and weight < 0
    thickness = 1.0 if weight is None else 0.6 + 2.2 * abs(weight) / reach
    colour = "#8c8c8c" if weight is None else PALETTE[1] if negative else PALETTE[0]
    axis.plot(
        *zip(start, end, strict=True), color=colour, linewidth=thickness, alpha=0.75, linestyle=(0, (5, 1.6)) if negative else "-", zorder=1
    )


def _edge_label(axis: Axes, start: tuple[float, float], end: tuple[float, float], share: float, lines: list[tuple[str, str]]) -> None:
    at_x, at_y = (first + share * (last - first) for first, last in zip(start, end, strict=True))
    _box(axis, at_x, at_y, lines, _label_width(lines), 7.2, "#f7f7f4", edge=False)


def _node(axis: Axes, at_x: float, at_y: float, lines: list[tuple[str, str]]) -> None:
    _box(axis, at_x, at_y, lines, _NODE, 8.2, "#e8eef4", edge=True)


def _box(axis: Axes, at_x: float, at_y: float, lines: list[tuple[str, str]], width: float, size: float, fill: str, *, edge: bool) -> None:
    """Lines of dark text on a light card, which reads on white and on dark pages."""
    from matplotlib.patches import FancyBboxPatch

    if not lines:
        return
    step = _LINE if edge else _LINE * 0.88
    tall = step * len(lines) + (0.1 if edge else 0.03)
    card = FancyBboxPatch(
        (at_x - width / 2, at_y - tall / 2),
        width,
        tall,
        boxstyle="round,pad=0,rounding_size=0.06",
        facecolor=fill,
        edgecolor="#5b6570" if edge else "none",
        linewidth=0.9,
        zorder=3 if edge else 2,
    )
    axis.add_patch(card)
    for index, (text, colour) in enumerate(lines):
        weight = "bold" if edge and index == 0 else "normal"
        at = at_y + (len(lines) - 1) / 2 * step - index * step
        axis.text(
            at_x, at, text, ha="center", va="center_baseline", fontsize=size, color=colour, fontweight=weight, zorder=4 if edge else 2.5
        )


def _edge_texts(
    sizes: Sequence[int],
    weights: Sequence[np.ndarray] | None,
    gradients: Sequence[np.ndarray] | None,
    names: Sequence[Sequence[Sequence[str]]] | None,
    digits: int,
) -> list[list[list[list[tuple[str, str]]]]]:
    """Lines of text with their colours of every edge, by layer, unit and unit before."""
    found = []
    for layer, (before, after) in enumerate(pairwise(sizes)):
        rows = []
        for unit in range(after):
            row = []
            for source in range(before):
                lines = []
                if weights is not None:
                    name = f"{names[layer][unit][source]} " if names else ""
                    lines.append((name + _short(np.asarray(weights[layer])[unit, source], digits), _VALUE))
                if gradients is not None:
                    lines.append((f"∂ {_short(np.asarray(gradients[layer])[unit, source], digits)}", _GRADIENT))
                row.append(lines)
            rows.append(row)
        found.append(rows)
    return found


def _label_width(lines: list[tuple[str, str]]) -> float:
    """Inches that an edge's label takes."""
    return 0.066 * max((len(text) for text, _ in lines), default=0) + 0.1


def _columns(sizes: Sequence[int], labels: list[list[list[list[tuple[str, str]]]]]) -> list[float]:
    """Places of the layers, in inches, so far apart that labels stay clear of the boxes."""
    places = [0.0]
    for (before, after), layer in zip(pairwise(sizes), labels, strict=True):
        share = _label_share(before, after)
        widest = max(_label_width(lines) for row in layer for lines in row)
        places.append(places[-1] + _NODE + max(_FREE, (widest / 2 + 0.08) / min(share, 1 - share)))
    return places


def _short(number: float, digits: int) -> str:
    """Significant digits without trailing zeros."""
    text = format_number(float(number), digits)
    return text.rstrip("0").rstrip(".") if "." in text and "×" not in text else text


def _default_names(sizes: Sequence[int]) -> list[list[str]]:
    hidden = ["h"] if len(sizes) == 3 else [f"h{layer}." for layer in range(1, len(sizes) - 1)]
    letters = ["x", *hidden, "y"]
    return [[f"{letter}{unit}" for unit in range(1, size + 1)] for letter, size in zip(letters, sizes, strict=True)]


def _check(name: str, arrays: Sequence[np.ndarray | None] | None, shapes: Sequence[tuple[int, ...]]) -> None:
    if arrays is None:
        return
    if len(arrays) != len(shapes):
        raise ValueError(f"{name} must hold {len(shapes)} arrays, got {len(arrays)}")
    for index, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
        if array is not None and np.shape(array) != shape:
            raise ValueError(f"{name}[{index}] must have shape {shape}, got {np.shape(array)}")
