import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.train import SCHEDULES, Recipe, make_schedule, schedules


def values(name, epochs):
    schedule = make_schedule(Recipe(schedule=name, max_epochs=epochs))
    return [schedule(epoch) for epoch in range(epochs)]


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 200))
def test_factors_stay_between_zero_and_one(name, epochs):
    factors = values(name, epochs)
    assert all(0.0 <= factor <= 1.0 + 1e-12 for factor in factors)
    assert factors[0] > 0.0


def test_none_and_functions():
    assert values(None, 3) == [1.0, 1.0, 1.0]
    assert make_schedule(Recipe(schedule=lambda epoch: 1 / (1 + epoch)))(3) == 0.25
    with pytest.raises(UsageError, match="did you mean 'cosine'"):
        make_schedule(Recipe(schedule="cosin"))


def test_known_points():
    assert values("step", 9) == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    exponential = values("exponential", 11)
    assert exponential[0] == 1.0
    assert exponential[5] == pytest.approx(0.1)
    assert exponential[10] == pytest.approx(0.01)
    assert values("cosine", 4) == pytest.approx([0.5 * (1 + math.cos(math.pi * k / 4)) for k in range(4)])
    cycle = values("one_cycle", 11)
    assert cycle[0] == pytest.approx(0.04)
    assert cycle[3] == 1.0
    assert cycle[-1] == pytest.approx(1e-4)
    assert values("warmup", 40) == pytest.approx([1 / 3, 2 / 3] + [1.0] * 38)
    both = values("warmup_cosine", 40)
    assert both[2] == 1.0
    assert both[21] == pytest.approx(0.5)


@pytest.mark.parametrize(("epochs", "top"), [(8, 2), (12, 4), (30, 9)])
def test_one_cycle_by_its_formula(epochs, top):
    rise = [0.04 + 0.96 * math.sin(math.pi * e / top / 2) ** 2 for e in range(top)]
    fall = [1e-4 + 0.9999 * math.cos(math.pi * e / (epochs - 1 - top) / 2) ** 2 for e in range(epochs - top)]
    assert values("one_cycle", epochs) == pytest.approx(rise + fall, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "factors"),
    [
        ("one_cycle", [[1.0], [1.0, 0.50005], [1.0, 0.750025, 0.250075], [0.52, 1.0, 0.750025, 0.250075]]),
        ("warmup", [[1.0], [1.0, 1.0], [0.5, 1.0, 1.0], [0.5, 1.0, 1.0, 1.0]]),
        ("warmup_cosine", [[1.0], [1.0, 0.5], [0.5, 1.0, 0.5], [0.5, 1.0, 0.75, 0.25]]),
    ],
)
def test_a_few_epochs_are_trained_at_the_full_rate_and_spend_none_at_almost_no_rate(name, factors):
    for epochs, wanted in enumerate(factors, 1):
        assert values(name, epochs) == pytest.approx(wanted, rel=1e-12)
    for epochs in range(len(factors) + 1, 8):
        found = values(name, epochs)
        assert max(found) == 1.0
        assert min(found) > 0.03
        assert name == "warmup" or found[-1] < 0.3


@given(st.integers(3, 100))
def test_falling_schedules_never_rise(epochs):
    for name in ("step", "exponential", "cosine"):
        factors = values(name, epochs)
        assert all(b <= a + 1e-12 for a, b in pairwise(factors))
    top = schedules.one_cycle(epochs)
    peak = max(range(epochs), key=top)
    assert all(top(e) <= top(e + 1) for e in range(peak))
    assert all(top(e) >= top(e + 1) for e in range(peak, epochs - 1))
