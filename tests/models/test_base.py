import logging
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.models.base import BaseEstimator, boolean, choice, count, fraction, number, one_of, optional, split_rows
from annlab.models.random_state import random_streams


class Toy(BaseEstimator):
    _checks = {"size": count(2), "rate": optional(number(0.0, open_low=True))}  # noqa: RUF012

    def __init__(self, size=3, rate=None, device="cpu", dtype=None, random_state=None, verbose=False):
        self.size, self.rate, self.device, self.dtype = size, rate, device, dtype
        self.random_state, self.verbose = random_state, verbose


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (count(2), [2, 10, np.int64(3)], [1, 2.0, True, "3", None, math.nan]),
        (count(0), [0], [-1, False]),
        (number(0.0, 1.0), [0, 1, 0.5, np.float32(0.25)], [-0.1, 1.1, math.nan, math.inf, True, "0.5", None]),
        (number(0.0, open_low=True), [1e-9, 1e9], [0.0, -1.0, math.inf]),
        (fraction(), [0.0, 0.999], [1.0, -0.01]),
        (boolean(), [True, False, np.bool_(True)], [0, 1, None, "yes"]),
        (choice(["a", "b"]), ["a"], ["c", None, 1, ["a"]]),
        (optional(count()), [None, 1], [0, "x"]),
        (one_of(count(), choice(["all"])), [1, "all"], [0, "some", None]),
    ],
)
def test_checks(check, good, bad):
    assert [check(value) for value in good] == [None] * len(good)
    assert all(isinstance(check(value), str) for value in bad)


def test_the_first_wrong_parameter_is_named():
    Toy()._check_parameters()
    with pytest.raises(UsageError, match="size of Toy must be a whole number of at least 2, got 1"):
        Toy(size=1, rate=-1)._check_parameters()
    with pytest.raises(UsageError, match=r"rate of Toy must be None or a finite number in \(0, inf\), got -1"):
        Toy(rate=-1)._check_parameters()


@pytest.mark.parametrize(
    ("values", "dtype", "wanted"),
    [
        (np.zeros(2, np.float32), None, torch.float32),
        (np.zeros(2, np.float16), None, torch.float32),
        (np.zeros(2, np.uint8), None, torch.float32),
        (np.zeros(2), None, torch.float64),
        (np.zeros(2, np.int64), None, torch.float64),
        ([1.0], None, torch.float64),
        (np.zeros(2), "float32", torch.float32),
        (np.zeros(2, np.float32), "float64", torch.float64),
    ],
)
def test_type_of_the_network(values, dtype, wanted):
    assert Toy(dtype=dtype)._resolve_dtype(values) == wanted


def test_streams_are_named_and_repeat():
    streams = random_streams(5)
    draw = streams.numpy("init").random(4)
    assert np.array_equal(draw, random_streams(np.int64(5)).numpy("init").random(4))
    others = [streams.numpy("order"), streams.numpy("init", 1), random_streams(6).numpy("init")]
    assert not any(np.array_equal(draw, other.random(4)) for other in others)
    assert torch.equal(torch.rand(3, generator=streams.torch("init")), torch.rand(3, generator=random_streams(5).torch("init")))


def test_generators_advance_and_none_is_fresh():
    generator = np.random.default_rng(0)
    assert random_streams(generator).root != random_streams(generator).root
    assert random_streams(np.random.default_rng(0)).root == random_streams(np.random.default_rng(0)).root
    legacy = [random_streams(np.random.RandomState(1)).root for _ in range(2)]
    assert legacy[0] == legacy[1]
    assert random_streams(None).root != random_streams(None).root
    for wrong in (-1, 1.5, "0", True):
        with pytest.raises(UsageError, match="random_state takes"):
            random_streams(wrong)


@given(st.integers(2, 60), st.floats(0.0, 0.49))
def test_rows_are_split_without_loss(n, share):
    training, held_out = split_rows(n, share, np.random.default_rng(0))
    assert sorted([*training, *held_out]) == list(range(n))
    assert len(held_out) == (max(1, round(share * n)) if share else 0)
    assert (np.diff(training) > 0).all()
    assert (np.diff(held_out) > 0).all()


def test_nothing_left_to_train_on():
    with pytest.raises(UsageError, match="n_samples = 1"):
        split_rows(1, 0.1, np.random.default_rng(0))


def test_progress_is_silent_unless_asked(caplog):
    assert Toy()._progress() is None
    with caplog.at_level(logging.INFO, logger="annlab"):
        Toy(verbose=True)._progress()(3, train_loss=np.array([1.0, 2.0]), seconds=9.0)
    assert caplog.messages == ["Toy epoch 3: train_loss 1.5"]
