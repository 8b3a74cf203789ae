"""Lag windows of a time series: the values before a moment as inputs, a later value as the target; views, no copies."""

import operator

import numpy as np

from annlab.errors import UsageError

__all__ = ["lag_windows", "last_window"]


def lag_windows(series: np.ndarray, lags: int, horizon: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of a forecast `horizon` steps ahead from the last `lags` values.

    Row t is ``X[t] = series[t : t + lags]``, oldest value first, with ``y[t] = series[t + lags + horizon - 1]``. Both are read-only views
    of the series, so that a thousand windows take no more memory than it does.

    Args:
        series: (n,) or (n, channels).
        lags: values in a window, at least 1.
        horizon: steps from the last value of the window to the target, at least 1.

    Returns:
        X (m, lags) or (m, lags, channels), and y (m,) or (m, channels), with m = n - lags - horizon + 1.

    Raises:
        ValueError: where the series is too short for one window and its target, or has more than two axes.
        TypeError: for numbers that are not whole.
    """
    values = _series(series)
    width, ahead = _positive("lags", lags), _positive("horizon", horizon)
    count = len(values) - width - ahead + 1
    if count < 1:
        raise UsageError(f"a series of {len(values)} values is too short for {width} lags and a horizon of {ahead}")
    windows = np.moveaxis(np.lib.stride_tricks.sliding_window_view(values, width, axis=0), -1, 1)
    targets = values[width + ahead - 1 :].view()
    targets.flags.writeable = False
    return windows[:count], targets


def last_window(series: np.ndarray, lags: int) -> np.ndarray:
    """The last `lags` values, from which a forecast beyond the series begins: a view (lags,) or (lags, channels).

    Raises:
        ValueError: where the series has fewer values.
        TypeError: for a number that is not whole.
    """
    values, width = _series(series), _positive("lags", lags)
    if len(values) < width:
        raise UsageError(f"a series of {len(values)} values is too short for {width} lags")
    window = values[-width:].view()
    window.flags.writeable = False
    return window


def _series(series: np.ndarray) -> np.ndarray:
    values = np.asarray(series)
    if values.ndim not in (1, 2):
        raise UsageError(f"a series has the shape (n,) or (n, channels), got {values.shape}")
    return values


def _positive(what: str, value: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number, got {value!r}") from None
    if number < 1:
        raise UsageError(f"{what} must be at least 1, got {number}")
    return number
