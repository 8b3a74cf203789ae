import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from annlab.train.line_search import Point, strong_wolfe

NONE = torch.zeros(1)


def search(loss, slope, step, **options):
    """The end of a search on a function of one step length, and the lengths tried."""
    tried = []

    def evaluate(t):
        tried.append(t)
        return Point(t, loss(t), slope(t), NONE)

    end, count = strong_wolfe(evaluate, Point(0.0, loss(0.0), slope(0.0), NONE), step, 1.0, **options)
    assert count == len(tried)
    assert end.t in [0.0, *tried]
    return end, tried


def assert_wolfe(end, loss, slope):
    assert end.loss <= loss(0.0) + 1e-4 * end.t * slope(0.0)
    assert abs(end.slope) <= 0.9 * abs(slope(0.0))


@given(st.floats(0.01, 100.0), st.floats(0.05, 20.0), st.floats(0.01, 50.0))
def test_a_parabola(curvature, lowest, step):
    def loss(t):
        return 0.5 * curvature * (t - lowest) ** 2

    def slope(t):
        return curvature * (t - lowest)

    end, tried = search(loss, slope, step)
    assert_wolfe(end, loss, slope)
    assert len(tried) <= 10


@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3), st.floats(0.1, 5.0), st.floats(0.05, 5.0))
def test_waves_on_a_bowl(heights, bowl, step):
    def loss(t):
        return bowl * t * t + sum(h * math.sin((k + 1) * t) for k, h in enumerate(heights))

    def slope(t):
        return 2 * bowl * t + sum(h * (k + 1) * math.cos((k + 1) * t) for k, h in enumerate(heights))

    assume(slope(0.0) < -1e-2)
    end, _ = search(loss, slope, step)
    assert_wolfe(end, loss, slope)


def test_the_first_step_is_taken_where_it_will_do():
    _, tried = search(lambda t: (t - 1.0) ** 2, lambda t: 2 * (t - 1.0), 1.2)
    assert tried == [1.2]


def test_the_cubic_finds_the_bottom_of_a_parabola_at_once():
    end, tried = search(lambda t: (t - 1.0) ** 2, lambda t: 2 * (t - 1.0), 4.0)
    assert tried == [4.0, pytest.approx(1.0)]
    assert end.t == pytest.approx(1.0)


def test_a_slope_that_never_ends_stops_after_its_trials():
    end, tried = search(lambda t: -t, lambda t: -1.0, 1.0, most=4)
    assert len(tried) == 5
    assert end.t == max(tried)


def test_start_comes_back_where_all_is_higher():
    end, _ = search(lambda t: t, lambda t: -1.0 if t == 0.0 else 1.0, 1.0)
    assert end.t == 0.0
