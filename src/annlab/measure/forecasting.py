"""How good a forecast of a series is: by horizon, until it breaks down, in the height and place of its peaks.

Pure functions of arrays in original units. `target` is ``(steps,)`` or has the forecast's shape; forecasts are ``(..., steps)``, and
all but `horizon_mse` go over the last axis and keep the others, such as replicates and origins.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import find_peaks

from annlab.errors import UsageError, unknown_name

__all__ = ["NORMALISERS", "amplitude_error", "breakdown_step", "forecast_mse", "forecast_nmse", "horizon_mse", "peak_position_error"]

NORMALISERS = ("target_variance", "train_variance", "train_mean", "last_value")


def forecast_mse(target: ArrayLike, forecast: ArrayLike) -> Any:
    """Mean over the steps of ``(target - forecast)^2``, in the squared unit of the series."""
    a, b = _pair(target, forecast)
    return ((a - b) ** 2).mean(axis=-1)


def forecast_nmse(target: ArrayLike, forecast: ArrayLike, normaliser: str, train: ArrayLike | None = None) -> Any:
    """Mean squared error over a named normaliser, so that 1 is no better than it.

    Args:
        target: ``(steps,)``, or as `forecast`.
        forecast: ``(..., steps)``.
        normaliser: ``"target_variance"`` (of the target over its steps, dividing by their number), ``"train_variance"`` (of the training
            values), ``"train_mean"`` or ``"last_value"`` (the mean squared error of forecasting that for every step).
        train: training values ``(n,)``, which all but the first normaliser need.

    Returns:
        ``(...)``; infinite where the normaliser is zero and the error is not, NaN where both are.

    Raises:
        UsageError: for an unknown normaliser, or one that needs `train`.
    """
    a, b = _pair(target, forecast)
    if normaliser not in NORMALISERS:
        raise unknown_name("normaliser", normaliser, NORMALISERS)
    scale: Any = a.var(axis=-1)
    if normaliser != "target_variance":
        if train is None:
            raise UsageError(f"the normaliser {normaliser!r} needs the training values")
        known = np.asarray(train, dtype=float)
        if normaliser == "train_variance":
            scale = known.var()
        else:
            level = known.mean() if normaliser == "train_mean" else known[-1]
            scale = ((a - level) ** 2).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return forecast_mse(a, b) / scale


def horizon_mse(target: ArrayLike, forecasts: ArrayLike) -> np.ndarray:
    """Mean squared error at each step, over all axes but the last: ``(..., steps)`` -> ``(steps,)``."""
    a, b = _pair(target, forecasts)
    return np.asarray(((a - b) ** 2).reshape(-1, b.shape[-1]).mean(axis=0))


def breakdown_step(target: ArrayLike, forecast: ArrayLike, deviation: float, misses: int = 5, within: int | None = None) -> Any:
    """Where the forecast is lost: the first miss of the first `within` steps in a row that hold `misses` of them.

    A miss is an error beyond `deviation`. Where pulses are narrow, a forecast with its pulses in the wrong places rarely misses many
    times in a row, so that `within` leaves room between the misses.

    Args:
        target: ``(steps,)``, or as `forecast`.
        forecast: ``(..., steps)``.
        deviation: absolute error that is too much; one standard deviation of the training values is usual.
        misses: how many make a breakdown.
        within: steps among which they lie; None is as many as `misses`, all in a row.

    Returns:
        Step counted from 1, ``(...)``; ``steps + 1`` where the forecast holds to the end.

    Raises:
        UsageError: for a deviation that is not positive, fewer than one miss, or fewer steps than misses.
    """
    a, b = _pair(target, forecast)
    span = misses if within is None else within
    if not deviation > 0 or misses < 1 or span < misses:
        raise UsageError(
            f"a breakdown takes a deviation above 0 and at least 1 miss within at least as many steps, got {deviation}, {misses} and {span}"
        )
    steps = b.shape[-1]
    beyond = np.abs(a - b) > deviation
    dense = np.lib.stride_tricks.sliding_window_view(beyond, min(span, steps), axis=-1).sum(axis=-1) >= misses
    since = np.arange(steps) >= dense.argmax(axis=-1)[..., None]
    return np.where(dense.any(axis=-1), (beyond & since).argmax(axis=-1) + 1, steps + 1)[()]


def amplitude_error(target: ArrayLike, forecast: ArrayLike) -> Any:
    """Range (maximum minus minimum) of the forecast over that of the target, minus 1: 0 is right, -1 a flat line, 1 twice too high.

    Infinite or NaN for a constant target.
    """
    a, b = _pair(target, forecast)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.ptp(b, axis=-1) / np.ptp(a, axis=-1) - 1.0


def peak_position_error(target: ArrayLike, forecast: ArrayLike, prominence: float) -> Any:
    """Mean distance, in steps, of each of the target's peaks from the nearest peak of the forecast.

    Args:
        target: ``(steps,)``, or as `forecast`.
        forecast: ``(..., steps)``.
        prominence: how far a peak stands above its surroundings at least (`scipy.signal.find_peaks`), in the unit of the series.

    Returns:
        ``(...)``; the number of steps where the forecast has no peak at all, NaN where the target has none.
    """
    a, b = _pair(target, forecast)
    rows = zip(np.broadcast_to(a, b.shape).reshape(-1, b.shape[-1]), b.reshape(-1, b.shape[-1]), strict=True)
    return np.array([_distance(one, other, prominence) for one, other in rows]).reshape(b.shape[:-1])[()]


def _distance(target: np.ndarray, forecast: np.ndarray, prominence: float) -> float:
    wanted, found = (find_peaks(values, prominence=prominence)[0] for values in (target, forecast))
    if not len(wanted):
        return float("nan")
    if not len(found):
        return float(len(target))
    return float(np.abs(wanted[:, None] - found).min(axis=1).mean())


def _pair(target: ArrayLike, forecast: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(target, dtype=float), np.asarray(forecast, dtype=float)
    if not b.ndim or not b.shape[-1] or a.shape not in {b.shape, b.shape[-1:]}:
        raise UsageError(f"a forecast (..., steps) meets a target (steps,) or of its own shape, got {b.shape} and {a.shape}")
    return a, b
