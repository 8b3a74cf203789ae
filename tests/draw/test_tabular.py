"""Figures of tables: what is drawn, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from annlab import draw

TRUTH = np.array([0.0, 2.0, 0.0, -1.0])
ESTIMATES = {"least squares": np.array([0.1, 1.9, -0.2, -0.8]), "ARD": np.array([0.0, 2.1, 0.0, -0.9])}


@pytest.mark.parametrize("figure", [draw.weight_stems, draw.weight_histograms])
def test_weights_have_a_panel_a_method(figure):
    drawing = figure(TRUTH, ESTIMATES)
    titles = [axis.get_title(loc="left") for axis in drawing.paper.axes]
    assert titles == list(ESTIMATES)
    with pytest.raises(ValueError, match="at least one method"):
        figure(TRUTH, {})
    with pytest.raises(ValueError, match="shape"):
        figure(TRUTH, {"other": np.zeros(3)})


def test_histograms_count_every_weight():
    drawing = draw.weight_histograms(TRUTH, ESTIMATES)
    for axis in drawing.paper.axes:
        assert sum(patch.get_height() for patch in axis.patches) >= len(TRUTH)


def ranking():
    rows = [
        {"replicate": r, "method": m, "input": i, "weight": w * (1 + r), "picked": float(i == 1)}
        for r in range(3)
        for m in ("a", "b")
        for i, w in enumerate([0.5, -2.0, 1.0])
    ]
    return pd.DataFrame(rows)


def test_bars_are_shares_of_the_largest_weight():
    drawing = draw.relevance_bars(ranking(), panel="method", names=["x", "y", "z"], picked="picked")
    widths = [patch.get_width() for patch in drawing.paper.axes[0].patches]
    assert widths == pytest.approx([0.25, 1.0, 0.5])
    assert "100%" in {text.get_text() for text in drawing.paper.axes[0].texts}
    with pytest.raises(ValueError, match="as many names"):
        draw.relevance_bars(ranking(), panel="method", names=["x"])
    with pytest.raises(ValueError, match="needs the column"):
        draw.relevance_bars(ranking(), panel="nothing", names=["x", "y", "z"])


def test_class_curves_are_means_within_the_square():
    frame = pd.DataFrame({"replicate": [0, 0, 1, 1], "x": [0.0, 1.0, 0.0, 1.0], "y": [0.0, 1.0, 0.4, 1.0], "t": "one"})
    drawing = draw.class_curves(frame, x="x", y="y", by="t")
    line = drawing.paper.axes[0].lines[1]
    np.testing.assert_allclose(line.get_ydata(), [0.2, 1.0])
    assert drawing.paper.axes[0].get_ylim()[1] < 1.05
    with pytest.raises(ValueError, match="empty"):
        draw.class_curves(frame.iloc[:0], x="x", y="y")
