"""What all forecasters share: a series in original units, standardised inside, forecast recursively from one or many origins."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from annlab.errors import UsageError
from annlab.models.base import BaseEstimator

__all__ = ["COMBINATIONS", "Forecaster", "as_series"]

COMBINATIONS = ("mean", "median", "closed_loop")
FARTHEST = 1e6  # standard deviations at which a forecast that runs away is held, so that errors stay finite


class Forecaster(BaseEstimator):
    """A model of one time series. Series are not rows: `fit` takes the values in order of time, ``(n,)`` or ``(n, 1)``.

    A series is standardised by mean and deviation of the values trained on; forecasts and errors are in its own units. A forecast
    is recursive: each predicted value is an input of the next step. R replicates (1 where a model has none) forecast side by side.

    Attributes:
        series_: the series fitted, (n,) float64; forecasts go on from its end.
        mean_, scale_: what values were standardised by.
        residuals_: target minus one-step prediction on the held-out values, or on the training values where none were held out,
            original units, ``(R, m)``; what `forecast` draws its samples from.
        seed_: root of the draws of this fit, and of `forecast`'s where no other is given.
    """

    _lag: int = 1  # values that the first forecast needs before it

    @abstractmethod
    def fit(self, series: Any, y: Any = None) -> Self:
        """Learns from `series`; `y` is ignored."""

    @abstractmethod
    def _start(self, z: np.ndarray, origins: np.ndarray) -> Any:
        """State of all replicates before each of `origins` of the standardised series `z` (values before an origin are known)."""

    @abstractmethod
    def _next(self, state: Any) -> np.ndarray:
        """Predictions of the next value, ``(R, origins)``, standardised."""

    @abstractmethod
    def _take(self, state: Any, values: np.ndarray) -> Any:
        """The state after `values` ``(R, origins)`` have come."""

    def forecast(self, steps: int, n_samples: int | None = None, random_state: Any = None, *, combine: str = "mean") -> np.ndarray:
        """The next `steps` values after the end of the series fitted. Asking twice gives the same.

        Args:
            steps: values to forecast, at least 1.
            n_samples: None for one forecast, made of the replicates' by `combine`. A number for that many possible paths,
                ``(n_samples, steps)``: path s follows replicate s mod R and adds to each step a residual drawn with replacement from
                `residuals_` before it is fed back; quantiles over them are a prediction band.
            random_state: draws the residuals; None draws from the fit's own ``random_state``, the same each time.
            combine: ``"mean"`` or ``"median"`` of the replicates' paths, step by step; ``"closed_loop"`` feeds the replicates' mean
                prediction back to all of them.

        Returns:
            ``(steps,)``, or ``(n_samples, steps)``.
        """
        raise NotImplementedError

    def forecast_replicates(self, steps: int) -> np.ndarray:
        """The next `steps` values as each replicate forecasts them, ``(R, steps)``; their spread says how much the networks disagree."""
        raise NotImplementedError

    def forecast_from(self, series: Any, origins: Sequence[int] | np.ndarray, steps: int) -> np.ndarray:
        """Recursive forecasts of `steps` values from several origins of a series, all origins and replicates at once.

        Args:
            series: any series of the same kind, ``(n,)``; standardised by the fitted mean and deviation.
            origins: positions of the first forecast values; the values before an origin are known, none from it on. Each at least
                the model's lag, at most n.
            steps: values to forecast from each origin; they may go beyond the series.

        Returns:
            ``(R, origins, steps)``.
        """
        raise NotImplementedError

    def one_step(self, series: Any) -> np.ndarray:
        """One-step predictions of ``series[lag:]``, each from the true values before it: the replicates' mean, ``(n - lag,)``."""
        return np.asarray(self.one_step_replicates(series).mean(axis=0))

    def one_step_replicates(self, series: Any) -> np.ndarray:
        """As `one_step`, for each replicate, ``(R, n - lag)``."""
        raise NotImplementedError

    @property
    def n_parameters_(self) -> int:
        """Trainable numbers of one replicate; 0 where a model has none or does not tell."""
        return 0


def as_series(series: Any, shortest: int = 1, what: str = "series") -> np.ndarray:
    """`series` as float64 ``(n,)``; ``(n, 1)`` is flattened.

    Raises:
        UsageError: for other shapes, fewer than `shortest` values, NaN or infinity.
        TypeError: for values that are not real numbers.
    """
    values = np.asarray(series)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"a {what} holds real numbers, got {values.dtype}")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise UsageError(f"a {what} has the shape (n,) or (n, 1), got {np.shape(series)}")
    if len(values) < shortest:
        raise UsageError(f"a {what} of {len(values)} values is too short: this needs at least {shortest}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise UsageError(f"a {what} must be finite; value {int(np.flatnonzero(~np.isfinite(values))[0])} is NaN or infinite")
    return values
