"""The forecasters of climate-forecast by their parameters."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.models.forecasters import Forecaster

__all__ = ["BASELINES", "forecaster_of"]

BASELINES = ["month mean", "seasonal naive"]


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
        regressor = SVR(kernel=params.kernel, C=params.C, epsilon=params.epsilon, gamma="scale", max_iter=200_000)
        return LagForecaster(regressor, lag=lag, standardise=params.standardise)
    if params.model == "forest":
        trees = RandomForestRegressor(params.trees, max_depth=params.depth)
        return LagForecaster(trees, lag=lag, standardise=params.standardise, random_state=seed)
    if params.model == "mlp":
        return MLPForecaster(lag=lag, hidden_sizes=(params.hidden,), max_epochs=params.epochs, random_state=seed)
    return LSTMForecaster(
        form="windowed", lag=lag, hidden_sizes=(params.hidden,), learning_rate=0.01, max_epochs=params.epochs, random_state=seed
    )
