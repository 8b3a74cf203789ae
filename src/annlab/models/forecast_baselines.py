"""Forecasts that every model has to beat."""

from typing import Any, Self

from annlab.models.forecasters import Forecaster

__all__ = ["LastValueForecaster", "MeanForecaster", "SeasonalMeanForecaster", "SeasonalNaiveForecaster", "baseline_forecasters"]


class MeanForecaster(Forecaster):
    """Always the mean of the series fitted."""

    def fit(self, series: Any, y: Any = None) -> Self:
        """Takes the mean of `series`."""
        raise NotImplementedError


class LastValueForecaster(Forecaster):
    """Always the last value known (persistence)."""

    def fit(self, series: Any, y: Any = None) -> Self:
        """Keeps `series`."""
        raise NotImplementedError


class SeasonalNaiveForecaster(Forecaster):
    """The value one period before; the last period known is repeated.

    Args:
        period: steps of a period; None takes the lag of the series' highest autocorrelation beyond its first negative one.

    Attributes:
        period_: the period in use.
    """

    def __init__(self, period: int | None = None) -> None:
        self.period = period

    def fit(self, series: Any, y: Any = None) -> Self:
        """Keeps `series`, finds the period."""
        raise NotImplementedError


class SeasonalMeanForecaster(Forecaster):
    """The mean of all fitted values at the same place in the period, such as the mean of all Januaries for ``period=12``.

    Places are counted from the start of the series; `forecast_from` and `one_step` take theirs to begin at the same place unless
    `phase` says otherwise.

    Args:
        period: steps of a period; None as in `SeasonalNaiveForecaster`.
    """

    def __init__(self, period: int | None = None) -> None:
        self.period = period

    def fit(self, series: Any, y: Any = None) -> Self:
        """Takes the means of `series`."""
        raise NotImplementedError


def baseline_forecasters(lag: int = 10, period: int | None = None, n_neighbors: int = 1) -> dict[str, Forecaster]:
    """The baselines of a forecast table by name: training mean, last value, seasonal naive, linear AR, nearest neighbours in lag space."""
    raise NotImplementedError
