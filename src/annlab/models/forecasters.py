"""What all forecasters share: a series in original units, standardised inside, forecast recursively from one or many origins."""

import operator
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from annlab.errors import UsageError, unknown_name
from annlab.models.base import BaseEstimator
from annlab.models.random_state import random_streams

__all__ = ["COMBINATIONS", "Forecaster", "WindowForecaster", "as_series", "combined"]

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

    @abstractmethod
    def fit(self, series: Any, y: Any = None) -> Self:
        """Learns from `series`; `y` is ignored."""

    @property
    @abstractmethod
    def _lag(self) -> int:
        """Values that a forecast needs before it."""

    @property
    def _least(self) -> int:
        """Values that a fit needs."""
        return self._lag + 1

    @abstractmethod
    def _start(self, z: np.ndarray, origins: np.ndarray) -> Any:
        """State of all replicates before each of `origins` of the standardised series `z`: the values before an origin are known."""

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

        Raises:
            UsageError: for numbers below 1, an unknown `combine`, or one together with `n_samples`.
        """
        check_is_fitted(self, "series_")
        steps = _whole("steps", steps)
        if combine not in COMBINATIONS:
            raise unknown_name("combine", combine, COMBINATIONS)
        if n_samples is None:
            paths = self._paths(self.series_, [len(self.series_)], steps, closed=combine == "closed_loop")
            return combined(paths[:, 0], combine)
        if combine != "mean":
            raise UsageError("samples are paths of single replicates: combine is for a forecast without n_samples")
        streams = random_streams(self.seed_ if random_state is None else random_state)
        count, replicates = _whole("n_samples", n_samples), len(self.residuals_)
        copies = -(-count // replicates)
        shape = (steps, replicates, copies)
        picks = streams.numpy("forecast").integers(self.residuals_.shape[1], size=shape)
        noise = self.residuals_[np.arange(replicates)[:, None], picks] / self.scale_
        paths = self._paths(self.series_, np.full(copies, len(self.series_)), steps, noise=noise)
        return np.asarray(paths.swapaxes(0, 1).reshape(-1, steps)[:count])  # copy by copy, the replicates in turn

    def forecast_replicates(self, steps: int) -> np.ndarray:
        """The next `steps` values as each replicate forecasts them, ``(R, steps)``; their spread says how much the networks disagree."""
        check_is_fitted(self, "series_")
        return np.asarray(self._paths(self.series_, [len(self.series_)], _whole("steps", steps))[:, 0])

    def forecast_from(self, series: Any, origins: Sequence[int] | np.ndarray, steps: int, *, closed_loop: bool = False) -> np.ndarray:
        """Recursive forecasts of `steps` values from several origins of a series, all origins and replicates at once.

        Args:
            series: any series of the same kind, ``(n,)``; standardised by the fitted mean and deviation.
            origins: positions of the first forecast values; the values before an origin are known, none from it on. Each at least
                the model's lag, at most n.
            steps: values to forecast from each origin; they may go beyond the series.
            closed_loop: whether the replicates' mean prediction is fed back to all of them.

        Returns:
            ``(R, origins, steps)``.

        Raises:
            UsageError: for a series that `as_series` does not take, no origin, or one that is out of bounds.
        """
        check_is_fitted(self, "series_")
        values, starts = as_series(series, self._lag), np.asarray(origins)
        if starts.ndim != 1 or starts.dtype.kind not in "iu" or not len(starts):
            raise UsageError("origins are whole numbers, at least one of them, in one dimension")
        if starts.min() < self._lag or starts.max() > len(values):
            raise UsageError(f"origins of a series of {len(values)} values lie from {self._lag} (the lag) to {len(values)}, got {starts}")
        return self._paths(values, starts, _whole("steps", steps), closed=closed_loop)

    def one_step(self, series: Any) -> np.ndarray:
        """One-step predictions of ``series[lag:]``, each from the true values before it: the replicates' mean, ``(n - lag,)``."""
        return np.asarray(self.one_step_replicates(series).mean(axis=0))

    def one_step_replicates(self, series: Any) -> np.ndarray:
        """As `one_step`, for each replicate, ``(R, n - lag)``."""
        check_is_fitted(self, "series_")
        values = as_series(series, self._lag + 1)
        return self._restored(self._one_step(self._standardised(values)))

    def _one_step(self, z: np.ndarray) -> np.ndarray:
        """Standardised one-step predictions of ``z[lag:]``, ``(R, n - lag)``."""
        return self._next(self._start(z, np.arange(self._lag, len(z))))

    @property
    def n_parameters_(self) -> int:
        """Trainable numbers of one replicate; 0 for a model that has none or does not tell."""
        return 0

    def _begin(self, series: Any) -> np.ndarray:
        """Checks parameters and series, and keeps what any fit keeps."""
        self._check_parameters()
        values = as_series(series, self._least)
        self.seed_ = int(random_streams(getattr(self, "random_state", 0)).root)
        self.series_, self.mean_, self.scale_ = values, 0.0, 1.0
        return values

    def _standardise_by(self, known: np.ndarray) -> None:
        self.mean_, self.scale_ = float(known.mean()), float(known.std())
        if not self.scale_ > 1e-12 * max(1.0, abs(self.mean_)):
            raise UsageError(f"{type(self).__name__} cannot learn from a constant series: all {len(known)} values are {known[0]:g}")

    def _keep_residuals(self, values: np.ndarray, first: int) -> None:
        """Sets `residuals_` to the errors one step ahead of the values from `first` on."""
        first = max(first, self._lag)
        predicted = self._restored(self._one_step(self._standardised(values)))[:, first - self._lag :]
        self.residuals_ = values[first:] - predicted

    def _standardised(self, values: np.ndarray) -> np.ndarray:
        return np.asarray((values - self.mean_) / self.scale_)

    def _restored(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.asarray(values, dtype=float) * self.scale_ + self.mean_)

    def _paths(self, values: np.ndarray, origins: Any, steps: int, *, noise: np.ndarray | None = None, closed: bool = False) -> np.ndarray:
        """Recursive forecasts ``(R, origins, steps)``, original units; `noise` ``(steps, R, origins)`` is added before feeding back."""
        state = self._start(self._standardised(values), np.asarray(origins))
        path = []
        for step in range(steps):
            predicted = self._next(state)
            predicted = predicted if noise is None else predicted + noise[step]
            predicted = np.clip(np.nan_to_num(predicted, nan=FARTHEST), -FARTHEST, FARTHEST)
            if closed:
                predicted = np.broadcast_to(predicted.mean(axis=0), predicted.shape)
            path.append(predicted)
            if step + 1 < steps:
                state = self._take(state, predicted)
        return self._restored(np.stack(path, axis=-1))


class WindowForecaster(Forecaster):
    """A forecaster whose next value depends on the last `lag` values alone."""

    lag: int

    @property
    def _lag(self) -> int:
        return self.lag

    @property
    def _least(self) -> int:
        return self.lag + 2  # two windows with their targets

    @abstractmethod
    def _predict(self, windows: np.ndarray) -> np.ndarray:
        """Next values ``(R, m)`` after standardised windows ``(m, lag)`` shared by the replicates, or ``(R, m, lag)``."""

    def _start(self, z: np.ndarray, origins: np.ndarray) -> np.ndarray:
        return np.asarray(np.lib.stride_tricks.sliding_window_view(z, self.lag)[origins - self.lag])

    def _next(self, state: np.ndarray) -> np.ndarray:
        return self._predict(state)

    def _take(self, state: np.ndarray, values: np.ndarray) -> np.ndarray:
        before = np.broadcast_to(state, (*values.shape, self.lag))
        return np.concatenate([before[..., 1:], values[..., None]], axis=-1)


def combined(paths: np.ndarray, combine: str) -> np.ndarray:
    """One path for each origin out of those of the replicates ``(R, ...)``: their median for ``"median"``, else their mean."""
    return np.asarray(np.median(paths, axis=0) if combine == "median" else paths.mean(axis=0))


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


def _whole(what: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number, got {value!r}") from None
    if number < 1:
        raise UsageError(f"{what} must be at least 1, got {number}")
    return number
