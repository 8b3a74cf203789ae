"""Any scikit-learn regressor on lag windows as a forecaster."""

from typing import Any, Self

from annlab.models.forecasters import Forecaster

__all__ = ["LagForecaster"]


class LagForecaster(Forecaster):
    """Autoregression with a regressor: ``x_t = f(x_{t-lag}, ..., x_{t-1})``, oldest value first.

    Args:
        regressor: any scikit-learn regressor; clones are fitted. None is ordinary least squares, the linear AR model.
        lag: values in a window.
        standardise: whether windows and targets are standardised by the mean and deviation of the series.
        n_replicates: clones fitted, each with a ``random_state`` of its own where the regressor has one.
        random_state: draws the clones' random states, and the samples of `forecast`.

    Attributes:
        regressors_: the fitted clones.
    """

    def __init__(
        self, regressor: Any = None, lag: int = 10, standardise: bool = True, n_replicates: int = 1, random_state: Any = None
    ) -> None:
        self.regressor = regressor
        self.lag = lag
        self.standardise = standardise
        self.n_replicates = n_replicates
        self.random_state = random_state

    def fit(self, series: Any, y: Any = None) -> Self:
        """Fits the clones to all windows of `series`."""
        raise NotImplementedError
