"""The forecasters of climate-forecast by their parameters."""

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from annlab.models.forecasters import Forecaster

__all__ = ["BASELINES", "MOST_ITERATIONS", "fitted", "forecaster_of"]

BASELINES = ["month mean", "seasonal naive"]
MOST_ITERATIONS = 200_000
"""Iterations after which the solver of the support vectors stops, converged or not."""


def fitted(params: Any, lag: int, seed: int, training: "np.ndarray") -> tuple["Forecaster", bool]:
    """The forecaster fitted on the training months, and whether its solver converged (which only support vectors may fail to)."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it becomes a number of the outcome
        model = forecaster_of(params, lag, seed).fit(training)
    return model, all(getattr(each, "fit_status_", 0) == 0 for each in getattr(model, "regressors_", ()))


def forecaster_of(params: Any, lag: int, seed: int) -> "Forecaster":
    """A fresh forecaster of this lag; `seed` draws the trees or the weights.

    The networks are trained on all training months for all epochs, without a stop.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.svm import SVR

    from annlab.models.forecast_baselines import SeasonalMeanForecaster, SeasonalNaiveForecaster
    from annlab.models.lag_forecaster import LagForecaster
    from annlab.models.lstm_forecaster import LSTMForecaster
    from annlab.models.mlp_forecaster import MLPForecaster

    if params.model == "month mean":
        return SeasonalMeanForecaster(12)
    if params.model == "seasonal naive":
        return SeasonalNaiveForecaster(12)
    if params.model == "linear":
        return LagForecaster(lag=lag)
    if params.model == "svr":
        regressor = SVR(kernel=params.kernel, C=params.C, epsilon=params.epsilon, gamma=params.gamma, max_iter=MOST_ITERATIONS)
        return LagForecaster(regressor, lag=lag, standardise=params.standardise)
    if params.model == "forest":
        trees = RandomForestRegressor(params.trees, max_depth=params.depth)
        return LagForecaster(trees, lag=lag, standardise=params.standardise, random_state=seed)
    if params.model == "mlp":
        return MLPForecaster(lag=lag, hidden_sizes=(params.hidden,), max_epochs=params.epochs, random_state=seed)
    return LSTMForecaster(
        form="windowed", lag=lag, hidden_sizes=(params.hidden,), learning_rate=0.01, max_epochs=params.epochs, random_state=seed
    )
