"""Validation by held-out blocks: every 100 values in turn are forecast recursively by models trained on all the other targets.

One-step errors say little about a recursive forecast, and the end of the series holds no collapse of the pulses. So a window of 100
values slides over the whole training series; for each place a fresh network is trained on every target outside the window
(values inside it may still stand among the inputs of later targets, which for an autoregression leaves the estimate
valid: Bergmeir, Hyndman and Koo, "A note on the validity of cross-validation for evaluating autoregressive time series prediction",
Computational Statistics & Data Analysis 120, 2018), and forecasts the window from the values before it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.data import lag_windows
from annlab.models.forecast_baselines import LastValueForecaster, MeanForecaster, SeasonalNaiveForecaster
from annlab.models.forecasters import FARTHEST
from annlab.train import Recipe
from annlab.train.dense import DRAWS, fit_dense

if TYPE_CHECKING:
    from annlab.lab import Streams
    from annlab.models.forecasters import Forecaster

__all__ = [
    "FIRST",
    "STEPS",
    "block_forecasts",
    "naive_of",
    "origins_of",
    "recipe_of",
    "recursive",
    "regressor_of",
    "rolling_scores",
    "windows_without",
]

FIRST, STEPS = 100, 100
"""First origin, the same for all lags, and the values forecast from each."""


def origins_of(n: int, spacing: int) -> np.ndarray:
    """Origins of the windows: every `spacing` values from `FIRST` on, as long as `STEPS` values follow."""
    return np.arange(FIRST, n - STEPS + 1, spacing)


def windows_without(series: np.ndarray, lag: int, origin: int) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Windows and targets outside the block of `STEPS` values that begins at `origin`, standardised by the values outside it.

    Returns:
        X (n - lag - STEPS, lag) and y (n - lag - STEPS,), float32; mean and deviation of the values outside the block.

    Raises:
        ValueError: for an origin before the first possible target.
    """
    if not lag <= origin <= len(series) - STEPS:
        raise ValueError(f"an origin lies in {lag} ... {len(series) - STEPS}, got {origin}")
    outside = np.delete(series, np.s_[origin : origin + STEPS])
    mean, deviation = float(outside.mean()), float(outside.std())
    X, y = lag_windows((series - mean) / deviation, lag)
    held = np.s_[origin - lag : origin - lag + STEPS]
    return np.delete(X, held, axis=0).astype(np.float32), np.delete(y, held).astype(np.float32), mean, deviation


def recursive(predict: Callable[[np.ndarray], np.ndarray], windows: np.ndarray, steps: int) -> np.ndarray:
    """Recursive forecasts: `predict` maps windows (R, lag) to next values (R,), each of which enters the next window.

    Returns:
        (R, steps); a forecast that runs away is held at a million standard deviations, so that errors stay finite.
    """
    states, path = np.array(windows, dtype=float), np.empty((len(windows), steps))
    for step in range(steps):
        path[:, step] = np.clip(predict(states), -FARTHEST, FARTHEST)
        states = np.concatenate([states[:, 1:], path[:, step : step + 1]], axis=1)
    return path


def block_forecasts(params: Any, series: np.ndarray, streams: "Sequence[Streams]", device: str) -> np.ndarray:
    """Forecasts of every window by every replicate, original units: (replicates, windows, STEPS)."""
    origins = origins_of(len(series), params.spacing)
    parts = [windows_without(series, params.lag, origin) for origin in origins.tolist()]
    mean, deviation = (np.array([part[i] for part in parts])[:, None] for i in (2, 3))
    starts = np.stack([series[origin - params.lag : origin] for origin in origins.tolist()])
    starts = (starts - mean) / deviation
    if params.model in ("mean", "last", "seasonal"):
        known = [naive_of(params.model).fit(series[:origin]).forecast(STEPS) for origin in origins.tolist()]
        return np.repeat(np.stack(known)[None], len(streams), axis=0)
    if params.model != "mlp":
        paths = np.concatenate([_baseline(params, X, y, start[None]) for (X, y, _, _), start in zip(parts, starts, strict=True)])
        return np.repeat((paths * deviation + mean)[None], len(streams), axis=0)
    count = len(streams)
    fitted = fit_dense(
        np.tile(np.stack([part[0] for part in parts]), (count, 1, 1)),
        np.tile(np.stack([part[1][:, None] for part in parts]), (count, 1, 1)),
        recipe_of(params),
        [{name: stream.torch(name, f"block {origin}") for name in DRAWS} for stream in streams for origin in origins.tolist()],
        hidden_sizes=params.hidden_sizes,
        activation="tanh",
        device=device,
    )
    paths = recursive(lambda states: fitted.predict(states[:, None, :].astype(np.float32))[:, 0, 0], np.tile(starts, (count, 1)), STEPS)
    return np.asarray(paths.reshape(count, len(origins), STEPS) * deviation + mean)


def recipe_of(params: Any) -> Recipe:
    """How the networks of a cell with held-out blocks are trained."""
    return Recipe(
        learning_rate=params.learning_rate,
        schedule=None if params.schedule == "constant" else params.schedule,
        batch_size=params.batch_size,
        max_epochs=params.epochs,
        weight_decay=params.weight_decay,
        input_noise=params.input_noise,
        evaluate_every=max(1, params.epochs),
    )


def regressor_of(model: str) -> Any:
    """Regressor of lag windows by name: ``linear``, ``neighbour`` (what followed the nearest window), ``quadratic`` (products too)."""
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    if model == "quadratic":
        return make_pipeline(PolynomialFeatures(2, include_bias=False), Ridge(alpha=30.0))
    return LinearRegression() if model == "linear" else KNeighborsRegressor(1)


def naive_of(model: str) -> "Forecaster":
    """Forecaster that learns nothing but a number: ``mean``, ``last`` value, ``seasonal`` (the last period again)."""
    return {"mean": MeanForecaster, "last": LastValueForecaster, "seasonal": SeasonalNaiveForecaster}[model]()


def _baseline(params: Any, X: np.ndarray, y: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Path of a baseline from `start` (1, lag), standardised: (1, STEPS)."""
    regressor = regressor_of(params.model).fit(X, y)
    return recursive(lambda states: np.asarray(regressor.predict(states.astype(np.float32))), start, STEPS)


def rolling_scores(target: np.ndarray, forecasts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of forecasts (R, windows, steps) of `target` (windows, steps), one number a replicate.

    ``rolling_mse`` is the geometric mean over windows of the MSE in each, so that windows that nobody can forecast do not drown the
    others; ``rolling_mean_mse`` the arithmetic one.
    """
    errors = ((forecasts - target) ** 2).mean(axis=-1)
    return {"rolling_mse": np.exp(np.log(errors).mean(axis=-1)), "rolling_mean_mse": errors.mean(axis=-1)}
