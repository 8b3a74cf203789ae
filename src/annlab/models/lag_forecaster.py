"""Any scikit-learn regressor on lag windows as a forecaster."""

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.linear_model import LinearRegression

from annlab.data import lag_windows
from annlab.models.base import Check, boolean, count
from annlab.models.forecasters import WindowForecaster
from annlab.models.random_state import random_streams

__all__ = ["LagForecaster"]


class LagForecaster(WindowForecaster):
    """Autoregression with a regressor: ``x_t = f(x_{t-lag}, ..., x_{t-1})``, oldest value first.

    Args:
        regressor: any scikit-learn regressor; clones are fitted. None is ordinary least squares, the linear AR model.
        lag: values in a window.
        standardise: whether windows and targets are standardised by the mean and deviation of the series.
        n_replicates: clones fitted, each with a ``random_state`` of its own where the regressor, or a part of it, has one.
        random_state: draws the clones' random states, and the samples of `forecast`.

    Attributes:
        regressors_: the fitted clones.

    >>> from sklearn.svm import SVR
    >>> LagForecaster(SVR(C=0.4, epsilon=0.2), lag=22)
    LagForecaster(lag=22, regressor=SVR(C=0.4, epsilon=0.2))
    """

    _checks: ClassVar[dict[str, Check]] = {
        "regressor": lambda value: None if value is None or _is_regressor(value) else "None or a scikit-learn regressor",
        "lag": count(),
        "standardise": boolean(),
        "n_replicates": count(),
    }

    def __init__(
        self, regressor: Any = None, lag: int = 10, standardise: bool = True, n_replicates: int = 1, random_state: Any = None
    ) -> None:
        self.regressor = regressor
        self.lag = lag
        self.standardise = standardise
        self.n_replicates = n_replicates
        self.random_state = random_state

    def fit(self, series: Any, y: Any = None) -> Self:
        """Fits the clones to all windows of `series`, at least ``lag + 2`` values; `y` is ignored."""
        values = self._begin(series)
        if self.standardise:
            self._standardise_by(values)
        windows, targets = (np.ascontiguousarray(part) for part in lag_windows(self._standardised(values), self.lag))
        streams = random_streams(self.seed_)
        self.regressors_ = []
        for replicate in range(self.n_replicates):
            regressor = LinearRegression() if self.regressor is None else clone(self.regressor)
            drawing = [name for name in regressor.get_params() if name == "random_state" or name.endswith("__random_state")]
            regressor.set_params(**{name: streams.seed(name, replicate) % 2**32 for name in drawing})
            self.regressors_.append(regressor.fit(windows, targets))
        self._keep_residuals(values, 0)
        return self

    def _predict(self, windows: np.ndarray) -> np.ndarray:
        own = windows if windows.ndim == 3 else np.broadcast_to(windows, (len(self.regressors_), *windows.shape))
        return np.stack([np.asarray(each.predict(rows), dtype=float) for each, rows in zip(self.regressors_, own, strict=True)])


def _is_regressor(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type) and bool(is_regressor(value))
