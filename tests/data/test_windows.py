"""Lag windows: the right values, no copies, no look ahead; and splits of a series in time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.data import consecutive, lag_windows, last_window, most_folds, time_series
from annlab.errors import UsageError


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 5), st.booleans())
def test_windows_hold_the_values_before_their_target(n, lags, horizon, channels):
    series = np.arange(2 * n).reshape(n, 2) if channels else np.arange(n)
    if lags + horizon > n:
        with pytest.raises(UsageError, match=f"a series of {n} values is too short for {lags} lags and a horizon of {horizon}"):
            lag_windows(series, lags, horizon)
        return
    X, y = lag_windows(series, lags, horizon)
    assert len(X) == len(y) == n - lags - horizon + 1
    for t in range(len(X)):
        np.testing.assert_array_equal(X[t], series[t : t + lags])
        np.testing.assert_array_equal(y[t], series[t + lags + horizon - 1])


def test_windows_are_read_only_views_and_leave_the_series_writable():
    series = np.arange(30.0)
    X, y = lag_windows(series, 7, 2)
    assert X.shape == (22, 7)
    assert np.shares_memory(X, series)
    assert np.shares_memory(y, series)
    series[10] = -1
    assert X[4, 6] == y[2] == -1
    for view in (X, y, last_window(series, 4)):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 0
    assert np.shares_memory(last_window(series, 4), series)
    assert last_window(series, 4).tolist() == [26, 27, 28, 29]
    assert lag_windows(series.tolist(), 2)[0].shape == (28, 2)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: lag_windows(np.arange(5), 0), UsageError, "lags must be at least 1, got 0"),
        (lambda: lag_windows(np.arange(5), 2, 0), UsageError, "horizon must be at least 1, got 0"),
        (lambda: lag_windows(np.arange(5), 2.0), TypeError, "lags must be a whole number, got 2.0"),
        (lambda: lag_windows(np.zeros((2, 2, 2)), 1), UsageError, r"shape \(n,\) or \(n, channels\), got \(2, 2, 2\)"),
        (lambda: last_window(np.arange(5), 6), UsageError, "too short for 6 lags"),
        (lambda: last_window(np.float64(3), 1), UsageError, "got"),
    ],
)
def test_impossible_windows_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 6), st.integers(1, 10), st.booleans(), st.data())
def test_folds_of_a_series_never_look_ahead(n, size, gap, window, rolling, data):
    shortest = window if rolling else 1
    possible = most_folds(n, size, gap=gap, shortest=shortest)
    k = data.draw(st.integers(1, possible + 2))
    if k > possible:
        with pytest.raises(ValueError, match=f"1 to {possible} folds of {size} held-out rows with a gap of {gap}, got {k}"):
            time_series(n, k, size, gap=gap, window=window if rolling else None)
        return
    rows = np.arange(n)
    folds = [(rows[train], rows[held]) for train, held in time_series(n, k, size, gap=gap, window=window if rolling else None)]
    assert len(folds) == k
    np.testing.assert_array_equal(np.concatenate([held for _, held in folds]), rows[n - k * size :])
    for train, held in folds:
        assert held[0] - train[-1] == gap + 1
        assert len(train) == window if rolling else train[0] == 0
    series = rows.astype(float)
    assert np.shares_memory(series[time_series(n, 1, size, gap=gap)[0][0]], series)


def test_the_largest_number_of_folds():
    assert most_folds(1_000, 100, shortest=100) == 9
    assert most_folds(1_000, 100, gap=1, shortest=100) == 8
    assert most_folds(10, 100) == 0


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: most_folds(10, 0), ValueError, "at least 1 row and a gap of at least 0, got 0, 1, 0"),
        (lambda: most_folds(10, 1, gap=-1), ValueError, "got 1, 1, -1"),
        (lambda: time_series(10, 0, 2), ValueError, "1 to 4 folds of 2 held-out rows with a gap of 0, got 0"),
        (lambda: time_series(10, 2.0, 2), TypeError, "k must be a whole number"),
        (lambda: consecutive(5, (3, 3)), ValueError, r"parts of \[3, 3\] rows take 6 of 5 rows"),
        (lambda: consecutive(5, ()), ValueError, "at least 1 row"),
        (lambda: consecutive(5, (1, 0)), ValueError, "at least 1 row"),
    ],
)
def test_impossible_folds_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 9))
def test_consecutive_parts_end_the_series(sizes, spare):
    rows = np.arange(sum(sizes) + spare)
    parts = [rows[part] for part in consecutive(len(rows), sizes)]
    assert [len(part) for part in parts] == sizes
    np.testing.assert_array_equal(np.concatenate(parts), rows[spare:])
    assert all(np.shares_memory(part, rows) for part in parts)
