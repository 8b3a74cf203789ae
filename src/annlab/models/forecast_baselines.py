"""Forecasts that every model has to beat."""

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.neighbors import KNeighborsRegressor

from annlab.models.base import Check, count, optional
from annlab.models.forecasters import Forecaster
from annlab.models.lag_forecaster import LagForecaster

__all__ = [
    "LastValueForecaster",
    "MeanForecaster",
    "SeasonalMeanForecaster",
    "SeasonalNaiveForecaster",
    "baseline_forecasters",
    "main_period",
]


class MeanForecaster(Forecaster):
    """Always the mean of the series fitted."""

    _lag = 0

    def fit(self, series: Any, y: Any = None) -> Self:
        """Takes the mean of `series`; `y` is ignored."""
        values = self._begin(series)
        self.level_ = float(values.mean())
        self._keep_residuals(values, 0)
        return self

    def _start(self, z: np.ndarray, origins: np.ndarray) -> np.ndarray:
        return np.full((1, len(origins)), self.level_)

    def _next(self, state: np.ndarray) -> np.ndarray:
        return state

    def _take(self, state: np.ndarray, values: np.ndarray) -> np.ndarray:
        return state


class LastValueForecaster(Forecaster):
    """Always the last value known (persistence)."""

    _lag = 1

    def fit(self, series: Any, y: Any = None) -> Self:
        """Keeps `series`; `y` is ignored."""
        self._keep_residuals(self._begin(series), 0)
        return self

    def _start(self, z: np.ndarray, origins: np.ndarray) -> np.ndarray:
        return np.asarray(z[origins - 1][None])

    def _next(self, state: np.ndarray) -> np.ndarray:
        return state

    def _take(self, state: np.ndarray, values: np.ndarray) -> np.ndarray:
        return values


class _Seasonal(Forecaster):
    _checks: ClassVar[dict[str, Check]] = {"period": optional(count())}

    def __init__(self, period: int | None = None) -> None:
        self.period = period

    @property
    def _least(self) -> int:
        return 3 if self.period is None else self.period + 1

    def _find_period(self, values: np.ndarray) -> None:
        self.period_ = main_period(values) if self.period is None else int(self.period)


class SeasonalNaiveForecaster(_Seasonal):
    """The value one period before; the last period known is repeated.

    Args:
        period: steps of a period; None takes `main_period` of the series.

    Attributes:
        period_: the period in use.
    """

    @property
    def _lag(self) -> int:
        return self.period_

    def fit(self, series: Any, y: Any = None) -> Self:
        """Keeps `series` and finds the period; `y` is ignored."""
        values = self._begin(series)
        self._find_period(values)
        self._keep_residuals(values, 0)
        return self

    def _start(self, z: np.ndarray, origins: np.ndarray) -> np.ndarray:
        return np.asarray(np.lib.stride_tricks.sliding_window_view(z, self.period_)[origins - self.period_][None])

    def _next(self, state: np.ndarray) -> np.ndarray:
        return np.asarray(state[..., 0])

    def _take(self, state: np.ndarray, values: np.ndarray) -> np.ndarray:
        before = np.broadcast_to(state, (*values.shape, self.period_))
        return np.concatenate([before[..., 1:], values[..., None]], axis=-1)


class SeasonalMeanForecaster(_Seasonal):
    """The mean of all fitted values at the same place in the period, such as the mean of all Januaries for ``period=12``.

    Places are counted from the beginning of the series fitted; a series given to `forecast_from` or `one_step` begins at the same place.

    Args:
        period: steps of a period; None takes `main_period` of the series.

    Attributes:
        period_: the period in use.
        means_: mean at each place, ``(period,)``.
    """

    _lag = 0

    def fit(self, series: Any, y: Any = None) -> Self:
        """Takes the means of `series`; `y` is ignored."""
        values = self._begin(series)
        self._find_period(values)
        self.means_ = np.array([values[place :: self.period_].mean() for place in range(self.period_)])
        self._keep_residuals(values, 0)
        return self

    def _start(self, z: np.ndarray, origins: np.ndarray) -> np.ndarray:
        return np.asarray(origins)[None]

    def _next(self, state: np.ndarray) -> np.ndarray:
        return np.asarray(self.means_[state % self.period_])

    def _take(self, state: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.asarray(state + 1)


def main_period(values: np.ndarray) -> int:
    """Lag of the highest autocorrelation of `values` beyond the first that is not positive, up to half the series.

    2 where the autocorrelation never falls to zero, as for a trend or a constant: such a series has no period to see.
    """
    centred = values - values.mean()
    correlation = np.correlate(centred, centred, "full")[len(values) - 1 :]
    last = len(values) // 2
    below = np.flatnonzero(correlation[: last + 1] <= 0)
    if not len(below) or not below[0]:
        return min(2, len(values) - 1)
    return int(below[0] + np.argmax(correlation[below[0] : last + 1]))


def baseline_forecasters(lag: int = 10, period: int | None = None, n_neighbors: int = 1) -> dict[str, Forecaster]:
    """The baselines of a forecast table by name: training mean, last value, seasonal naive, linear AR, nearest neighbours in lag space.

    Args:
        lag: window of the last two.
        period: see `SeasonalNaiveForecaster`.
        n_neighbors: neighbours whose next values are averaged (Lorenz, 1969, method of analogues for one).
    """
    return {
        "training mean": MeanForecaster(),
        "last value": LastValueForecaster(),
        "seasonal naive": SeasonalNaiveForecaster(period),
        "linear AR": LagForecaster(lag=lag),
        "nearest neighbours": LagForecaster(KNeighborsRegressor(n_neighbors=n_neighbors), lag=lag),
    }
