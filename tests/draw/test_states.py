"""State spaces: what is drawn, and what is refused."""

import numpy as np
import pytest

from annlab import draw

SQUARE = {"(1, 1)": [np.array([[0.2, 0.5], [0.6, 1.0], [1.0, 1.0]])], "(−1, 1)": [np.array([[-0.1, 0.3], [-1.0, 1.0]])]}
POINTS = {"stored": np.array([[1.0, 1.0]]), "unstable": np.array([[0.0, 0.0], [0.0, 1.0]])}


def test_the_plane_shows_paths_points_and_basins():
    drawing = draw.state_space(SQUARE, POINTS, basins=(np.array([[0, 1], [1, -1]]), list(SQUARE)))
    assert not drawing.interactive
    assert "2 trajectories (1 end at (1, 1), 1 end at (−1, 1))" in drawing.alt
    axis = drawing.paper.axes[0]
    texts = [text.get_text() for text in drawing.paper.legends[0].get_texts()]
    assert texts == ["ends at (1, 1)", "ends at (−1, 1)", "stored", "unstable"]
    assert len(axis.images) == 1
    lines = axis.get_lines()
    np.testing.assert_array_equal(lines[0].get_xydata(), SQUARE["(1, 1)"][0])
    assert lines[-1].get_markerfacecolor() == "white"
    assert "<svg" in drawing.svg()


def test_the_cube_can_be_turned():
    paths = {name: [np.column_stack([path, path[:, 0]]) for path in group] for name, group in SQUARE.items()}
    points = {name: np.column_stack([states, states[:, 0]]) for name, states in POINTS.items()}
    drawing = draw.state_space(paths, points)
    assert drawing.interactive
    shown = [trace.name for trace in drawing.page.data if trace.showlegend is not False]
    assert shown == ["ends at (1, 1)", "ends at (−1, 1)", "stored", "unstable"]
    assert len(drawing.page.frames) > 10
    assert "<svg" in drawing.svg()


def test_other_spaces_are_refused():
    with pytest.raises(ValueError, match="two or three dimensions"):
        draw.state_space({"a": [np.zeros((2, 4))]}, {})
    with pytest.raises(ValueError, match="two or three dimensions"):
        draw.state_space({}, {})
    with pytest.raises(ValueError, match="basins"):
        draw.state_space({"a": [np.zeros((2, 3))]}, {}, basins=(np.zeros((2, 2), int), ["a"]))
