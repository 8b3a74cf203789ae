"""Costs against losses: what nothing beats, and what is drawn of it."""

import numpy as np
import pandas as pd
import pytest

from annlab.draw import efficient, trade_off


def test_what_nothing_beats_by_comparing_each_with_each():
    rng = np.random.default_rng(0)
    cost, loss = rng.integers(0, 8, (2, 60)).astype(float)  # ties in one and in both
    for i, kept in enumerate(efficient(cost, loss)):
        beaten = any((c <= cost[i] and e < loss[i]) or (c < cost[i] and e <= loss[i]) for c, e in zip(cost, loss, strict=True))
        assert kept == (not beaten)


def test_what_is_not_finite_is_never_on_the_line_and_beats_nothing():
    np.testing.assert_array_equal(efficient([1, 2, np.nan, 0], [3, 1, 0, np.inf]), [True, True, False, False])


def test_lists_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="two lists of one length, got shapes"):
        efficient([1, 2], [1, 2, 3])


FRAME = pd.DataFrame(
    {
        "network": ["a", "a", "b", "b", "c", "c", "d"],
        "replicate": [0, 1, 0, 1, 0, 1, 0],
        "seconds": [1.0, 3.0, 4.0, 4.0, 8.0, 8.0, np.nan],
        "parameters": [10, 10, 40, 40, 20, 20, 5],
        "error": [0.3, 0.5, 0.1, 0.1, 0.2, 0.2, 0.6],
        "dim": [8, 8, 16, 16, 16, 16, 8],
    }
)


def test_a_panel_a_cost_with_means_and_the_steps_of_what_nothing_beats():
    made = trade_off(FRAME, by="network", costs=["seconds", "parameters"], value="error", group="dim", units={"seconds": "s"})
    left, right = made.paper.axes
    assert left.get_xlabel() == "seconds (s)"
    steps = left.lines[0].get_xydata()
    np.testing.assert_allclose(steps, [[2.0, 0.4], [4.0, 0.1]])
    assert [text.get_text() for text in left.texts] == ["a", "b"]
    assert [text.get_text() for text in right.texts] == ["d", "a", "c", "b"]  # d has no seconds
    shown = np.vstack([line.get_xydata() for line in left.lines[1:]])
    assert sorted(shown[:, 0]) == [2.0, 4.0, 8.0]
    assert "nothing beats d, a, c, b" in made.alt


def test_a_setting_without_any_cost_is_said():
    with pytest.raises(ValueError, match="no setting has both seconds and error"):
        trade_off(FRAME.assign(seconds=np.nan), by="network", costs="seconds", value="error")
    with pytest.raises(ValueError, match="needs the column watts"):
        trade_off(FRAME, by="network", costs="watts", value="error")
