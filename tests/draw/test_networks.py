from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.patches import FancyBboxPatch

from annlab import draw
from annlab.draw.style import PALETTE


def filled(sizes, rng):
    """Every number that a drawing can carry, negative and tiny ones among them."""
    shapes = [(after, before) for before, after in pairwise(sizes)]
    return {
        "values": [rng.normal(size=size) for size in sizes],
        "node_gradients": [None, *(rng.normal(size=size) * 1e-6 for size in sizes[1:])],
        "weights": [rng.normal(size=shape) for shape in shapes],
        "weight_gradients": [rng.normal(size=shape) * 1e-6 for shape in shapes],
        "biases": [rng.normal(size=size) for size in sizes[1:]],
        "bias_gradients": [rng.normal(size=size) * 1e-6 for size in sizes[1:]],
    }


def boxes(drawing):
    """Extents of all cards and of the texts in them, in pixels, at the size in which they are saved."""
    drawing.paper.draw_without_rendering()
    axis = drawing.paper.axes[0]
    cards = [patch.get_window_extent() for patch in axis.patches if isinstance(patch, FancyBboxPatch)]
    return cards, [text.get_window_extent() for text in axis.texts], axis


@pytest.mark.parametrize("sizes", [(2, 2, 1), (3, 4, 2), (1, 1), (4, 4, 1), (2, 2, 2, 1)])
def test_no_label_overlaps_another_or_leaves_its_card(sizes, rng):
    cards, texts, axis = boxes(draw.network(sizes, **filled(sizes, rng)))
    assert len(cards) == sum(sizes) + sum(before * after for before, after in pairwise(sizes))
    for first, second in combinations(cards, 2):
        assert not first.overlaps(second)
    frame = axis.get_window_extent()
    for text in texts:
        card = next(card for card in cards if card.contains((text.x0 + text.x1) / 2, (text.y0 + text.y1) / 2))
        assert text.x0 >= card.x0 - 1
        assert text.x1 <= card.x1 + 1
        assert frame.x0 <= card.x0
        assert card.x1 <= frame.x1
        assert frame.y0 <= card.y0
        assert card.y1 <= frame.y1


def test_numbers_stand_where_they_belong():
    drawing = draw.network(
        (2, 1),
        values=[np.array([0.05, 0.1]), np.array([0.7513])],
        node_gradients=[None, np.array([0.7414])],
        weights=[np.array([[0.15, -0.2]])],
        weight_gradients=[np.array([[1e-5, 0.5]])],
        biases=[np.array([0.35])],
        weight_names=[[["w1", "w2"]]],
        names=[["i1", "i2"], ["o"]],
        layer_titles=["inputs", "output"],
    )
    axis = drawing.paper.axes[0]
    texts = [text.get_text() for text in axis.texts]
    assert texts[:4] == ["w1 0.15", "∂ 1.000×10⁻⁵", "w2 −0.2", "∂ 0.5"]
    assert texts[4:] == ["i1", "0.05", "i2", "0.1", "inputs", "o", "0.7513", "∂ 0.7414", "b = 0.35", "output"]
    first, second = axis.lines[:2]
    assert (first.get_color(), first.get_linestyle()) == (PALETTE[0], "-")
    assert second.get_color() == PALETTE[1]
    assert second.get_linestyle() != "-"
    assert second.get_linewidth() > first.get_linewidth()


def test_default_names_count_by_layer(rng):
    texts = [text.get_text() for text in draw.network((2, 2, 1)).paper.axes[0].texts]
    assert texts == ["x1", "x2", "h1", "h2", "y1"]
    deeper = [text.get_text() for text in draw.network((1, 1, 1, 1)).paper.axes[0].texts]
    assert deeper == ["x1", "h1.1", "h2.1", "y1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer_sizes": (2,)}, "two layers"),
        ({"layer_sizes": (2, 0)}, "a unit each"),
        ({"layer_sizes": (2, 1), "weights": [np.ones((2, 1))]}, r"weights\[0\] must have shape \(1, 2\), got \(2, 1\)"),
        ({"layer_sizes": (2, 1), "values": [np.ones(2)]}, "values must hold 2 arrays, got 1"),
    ],
)
def test_shapes_must_fit(options, message):
    with pytest.raises(ValueError, match=message):
        draw.network(**options)
