"""How well a forecaster does on values it was not trained on: folds in time, and recursive forecasts from rolling origins."""

from typing import Any

import numpy as np

from annlab.models.forecasters import Forecaster

__all__ = ["FoldScores", "cross_validate_series", "rolling_errors"]


class FoldScores:
    """Scores of a cross-validation, and what each fold learned.

    Attributes:
        one_step_mse: ``(folds, R)``, original units.
        recursive_mse: ``(folds, R)``, of the recursive forecast of the held-out part from its beginning, original units.
        scales: ``(folds,)`` deviation of the training part; ``one_step_mse / scales[:, None] ** 2`` is that of the standardised series.
        folds: train and held-out slices of each fold.
        forecasters: the fitted forecaster of each fold (its ``history_`` holds the losses by epoch); the same one where carried.
        forecasts: ``(folds, R, test_size)`` the recursive forecasts.
    """


def cross_validate_series(
    forecaster: Forecaster, series: Any, n_splits: int, test_size: int, *, gap: int | None = None, carry: bool = False
) -> FoldScores:
    """Time-series cross-validation (scikit-learn's ``TimeSeriesSplit``): each fold trains on all values before a gap and its held-out part.

    Args:
        forecaster: cloned for each fold; networks get the held-out part (with the gap's last values as its first inputs) as ``validation``.
        series: ``(n,)``.
        n_splits: folds.
        test_size: held-out values of a fold.
        gap: values between training and held-out part; None is the forecaster's lag, so that no window is in both.
        carry: train one model on through the folds (``warm_start``) in place of a fresh one each.
    """
    raise NotImplementedError


def rolling_errors(forecaster: Forecaster, series: Any, origins: Any, steps: int, *, combine: str | None = None) -> np.ndarray:
    """Mean squared errors of recursive forecasts of `steps` values from each origin of `series`, original units: ``(R, origins)``.

    Args:
        forecaster: fitted, on values before the origins where the errors are to be honest.
        series: ``(n,)``; every origin plus `steps` lies within.
        origins: first positions forecast.
        steps: values forecast from each.
        combine: None for each replicate; ``"mean"`` or ``"median"`` for the ensemble's path, ``(1, origins)``.
    """
    raise NotImplementedError
