"""Splits: disjoint, complete, drawn from the given generator alone, and refused where they cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.data.splits import holdout, kfold


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_holdout_parts_are_disjoint_and_of_their_sizes(sizes, spare, seed):
    n = sum(sizes) + spare
    parts = holdout(n, sizes, np.random.default_rng(seed))
    assert [len(part) for part in parts] == sizes
    together = np.concatenate(parts)
    assert len(set(together.tolist())) == sum(sizes)
    assert together.min() >= 0
    assert together.max() < n
    for first, second in zip(parts, holdout(n, sizes, np.random.default_rng(seed)), strict=True):
        np.testing.assert_array_equal(first, second)


@given(st.integers(2, 60), st.data(), st.integers(0, 2**32 - 1))
def test_each_row_is_held_out_once(n, data, seed):
    k = data.draw(st.integers(2, n))
    folds = kfold(n, k, np.random.default_rng(seed))
    assert len(folds) == k
    held_out = np.concatenate([part for _, part in folds])
    assert sorted(held_out.tolist()) == list(range(n))
    assert max(len(part) for _, part in folds) - min(len(part) for _, part in folds) <= 1
    for train, part in folds:
        assert sorted([*train.tolist(), *part.tolist()]) == list(range(n))


def test_every_row_is_as_likely_in_every_part():
    rng = np.random.default_rng(5)
    counts = np.zeros(10)
    for _ in range(4_000):
        counts[holdout(10, (3, 2), rng)[1]] += 1
    np.testing.assert_allclose(counts / 4_000, 0.2, atol=4 * np.sqrt(0.2 * 0.8 / 4_000))


def test_a_split_is_one_permutation_of_the_generator():
    order = np.random.default_rng(7).permutation(9)
    first, second = holdout(9, (4, 3), np.random.default_rng(7))
    np.testing.assert_array_equal(np.concatenate([first, second]), order[:7])
    np.testing.assert_array_equal(np.concatenate([part for _, part in kfold(9, 4, np.random.default_rng(7))]), order)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda rng: holdout(5, (3, 3), rng), ValueError, r"parts of \[3, 3\] rows take 6 of 5 rows"),
        (lambda rng: holdout(5, (3, 0), rng), ValueError, "at least 1 row"),
        (lambda rng: holdout(5, (3, -1), rng), ValueError, "at least 1 row"),
        (lambda rng: holdout(5, (), rng), ValueError, "at least 1 row"),
        (lambda rng: holdout(5, (0.5,), rng), TypeError, "a size must be a whole number, got 0.5"),
        (lambda rng: holdout(5, (2,), None), TypeError, r"numpy\.random\.Generator, got NoneType"),
        (lambda rng: holdout(5, (2,), 3), TypeError, "got int"),
        (lambda rng: kfold(5, 1, rng), ValueError, "between 2 and the number of rows, 5, got 1"),
        (lambda rng: kfold(5, 6, rng), ValueError, "got 6"),
        (lambda rng: kfold(5.0, 2, rng), TypeError, "n must be a whole number"),
    ],
)
def test_impossible_splits_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call(np.random.default_rng(0))
