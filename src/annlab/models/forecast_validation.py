"""How well a forecaster does on values it was not trained on: folds in time, and recursive forecasts from rolling origins."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit

from annlab.errors import UsageError
from annlab.models.forecasters import COMBINATIONS, Forecaster, as_series, combined
from annlab.models.network_forecaster import NetworkForecaster

__all__ = ["FoldScores", "cross_validate_series", "rolling_errors", "series_folds"]


@dataclass(frozen=True)
class FoldScores:
    """Scores of a cross-validation, and what each fold learned.

    Attributes:
        one_step_mse: ``(folds, R)``, original units.
        recursive_mse: ``(folds, R)``, of the recursive forecast of the held-out part from its beginning, original units.
        scales: ``(folds,)`` deviation of the training part; ``one_step_mse / scales[:, None] ** 2`` is that of the standardised series.
        folds: train and held-out slices of each fold.
        forecasters: the fitted forecaster of each fold (its ``history_`` holds the losses by epoch); the last one alone where carried.
        histories: ``history_`` of each fold; empty for a forecaster without.
        forecasts: the recursive forecasts, ``(folds, R, test_size)``.
    """

    one_step_mse: np.ndarray
    recursive_mse: np.ndarray
    scales: np.ndarray
    folds: list[tuple[slice, slice]]
    forecasters: list[Forecaster]
    histories: list[dict[str, np.ndarray]]
    forecasts: np.ndarray


def cross_validate_series(
    forecaster: Forecaster, series: Any, n_splits: int, test_size: int, *, gap: int | None = None, carry: bool = False
) -> FoldScores:
    """Time-series cross-validation (scikit-learn's ``TimeSeriesSplit``): each fold trains on all values before a gap and its held-out part.

    Args:
        forecaster: cloned for each fold; networks get the gap and the held-out part as `validation`, unless they hold out a part of
            their training values themselves (``validation_fraction``).
        series: ``(n,)``.
        n_splits: folds, at least 1, which is the one hold-out of the last `test_size` values.
        test_size: held-out values of a fold.
        gap: values between training and held-out part; None is the forecaster's lag, so that no window is in both.
        carry: train one network on through the folds (``warm_start``) in place of a fresh one each.

    Raises:
        UsageError: where the first fold would train on fewer values than the forecaster needs, or `carry` is asked of no network.
    """
    values = as_series(series)
    lag = int(getattr(forecaster, "lag", 0))
    between = lag if gap is None else gap
    least = lag + 2
    if n_splits < 1 or test_size < 1 or between < 0:
        raise UsageError(f"folds and held-out values number at least 1, a gap at least 0; got {n_splits}, {test_size} and {between}")
    needed = least + between + n_splits * test_size
    if len(values) < needed:
        raise UsageError(
            f"{n_splits} folds of {test_size} held-out values with a gap of {between} and a lag of {lag} need at least {needed} values, "
            f"got {len(values)}"
        )
    if carry and not isinstance(forecaster, NetworkForecaster):
        raise UsageError(f"carry trains networks on from fold to fold, and {type(forecaster).__name__} is none")
    fitted, histories, rows = [], [], []
    folds = series_folds(len(values), n_splits, test_size, between)
    model = clone(forecaster).set_params(warm_start=True) if carry else forecaster
    for train, held_out in folds:
        model = model if carry else clone(forecaster)
        if isinstance(model, NetworkForecaster):
            own = bool(model.validation_fraction)
            follow = None if own else values[train.stop : held_out.stop]
            model.fit(values[train], validation=follow, gap=None if own else between)
        else:
            model.fit(values[train])
        known, target = values[: held_out.stop], values[held_out]
        one_step = model.one_step_replicates(known)[:, -test_size:]
        path = model.forecast_from(known, [held_out.start], test_size)[:, 0]
        errors = [((predicted - target) ** 2).mean(axis=-1) for predicted in (one_step, path)]
        rows.append((*errors, values[train].std(), path))
        histories.append(getattr(model, "history_", {}))
        fitted.append(model)
    one, recursive, scales, paths = (np.array(column) for column in zip(*rows, strict=True))
    return FoldScores(one, recursive, scales, folds, fitted[-1:] if carry else fitted, histories, paths)


def rolling_errors(forecaster: Forecaster, series: Any, origins: Any, steps: int, *, combine: str | None = None) -> np.ndarray:
    """Mean squared errors of recursive forecasts of `steps` values from each origin of `series`, original units: ``(R, origins)``.

    Args:
        forecaster: fitted, on values before the origins where the errors are to be honest.
        series: ``(n,)``; every origin plus `steps` lies within.
        origins: first positions forecast.
        steps: values forecast from each.
        combine: None for each replicate; a name of `COMBINATIONS`, as in `Forecaster.forecast`, for the ensemble's path, ``(1, origins)``.

    Raises:
        UsageError: where a window leaves the series.
    """
    if combine is not None and combine not in COMBINATIONS:
        raise UsageError(f"combine takes None or one of {', '.join(COMBINATIONS)}, got {combine!r}")
    values, starts = as_series(series), np.asarray(origins)
    if starts.size and starts.max() + steps > len(values):
        raise UsageError(f"a window of {steps} steps from {starts.max()} leaves the series of {len(values)} values")
    paths = forecaster.forecast_from(values, starts, steps, closed_loop=combine == "closed_loop")
    if combine is not None:
        paths = combined(paths, combine)[None]
    target = values[starts[:, None] + np.arange(steps)]
    return np.asarray(((paths - target) ** 2).mean(axis=-1))


def series_folds(n: int, n_splits: int, test_size: int, gap: int) -> list[tuple[slice, slice]]:
    """Folds of `n` values as slices of training and held-out part: scikit-learn's ``TimeSeriesSplit``.

    That wants at least two folds; one fold is the last of them, the hold-out of the last `test_size` values.
    """
    if n_splits == 1:
        return [(slice(0, n - test_size - gap), slice(n - test_size, n))]
    parts = TimeSeriesSplit(n_splits, test_size=test_size, gap=gap).split(np.zeros(n))
    return [(slice(0, int(train[-1]) + 1), slice(int(test[0]), int(test[-1]) + 1)) for train, test in parts]
