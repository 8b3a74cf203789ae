"""How far can a multilayer perceptron and an LSTM continue a chaotic laser, how is the model chosen, and which is preferred?

The 100 values after 1000 of the Santa Fe laser (set A) are forecast recursively: each predicted value becomes an input. The series is
standardised by the values trained on; errors of the continuation are in the squared unit of the series, its NMSE is over the
variance of the continuation itself (that over the variance of the training values stands beside). The networks of the reports are
validated one step ahead by time-series folds (held-out part = validation size, gap = lag, fresh weights in each fold) and then
fitted again to all 1000 values; the cells marked ``carry`` train one model on through the folds and let that one forecast. The
recipe of our own is chosen by recursive forecasts of held-out blocks of 100 values at 17 places of the training series, by
the geometric mean over places of the MSE: a rule laid down before the continuation was touched, because the end of the series holds
no collapse of the pulses. The chosen recipe alone meets the continuation, in the final stage; other cells do so only where a
report prints a number for them, and choose nothing by it.

Choices where the reports are silent: full batch (a variant takes 32), no weight decay, 4 folds of 100 values, early stopping
after 10 epochs without a lower validation loss. A network that stopped early in its folds is fitted again for the mean number
of epochs of its best weights. The forecast breaks down at the first of five steps, within ten, that miss by more than one
standard deviation of the training values: five in a row are rare where pulses are narrow, even for a constant. The LSTM of the
handout reads the whole series with the last p values as features; a variant reads windows.

quick | standard | full: 32 x 10 x 60 | 98 x 10 x ~2000 | 262 x 30 x ~2000 updates, estimated 9 | 930 | 12100 seconds on two cores
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data import require
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, best, overrides
from annlab.measure import forecasting, regression
from annlab.models.forecast_validation import cross_validate_series
from annlab.models.lag_forecaster import LagForecaster
from annlab.models.lstm_forecaster import LSTMForecaster
from annlab.models.mlp_forecaster import MLPForecaster
from annlab.studies.recurrent import santa_fe_forecast_answers as answers
from annlab.studies.recurrent import santa_fe_forecast_reading as reading
from annlab.studies.recurrent import santa_fe_forecast_tables as tables
from annlab.studies.recurrent.santa_fe_forecast_claims import CLAIMS
from annlab.studies.recurrent.santa_fe_forecast_grid import BASELINES, full, standard, tiny
from annlab.studies.recurrent.santa_fe_forecast_recipe import (
    STEPS,
    block_forecasts,
    naive_of,
    origins_of,
    regressor_of,
    rolling_scores,
)

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.models.forecasters import Forecaster

TURN = 66
"""Last step of the first two thirds of a forecast."""
SHOWN = 60
"""Points of a loss curve that are kept."""
MISSES, WITHIN = 5, 10
"""A forecast breaks down where so many of so many steps miss."""


@dataclass(frozen=True)
class Params:
    """Data, model, training, validation."""

    data: str = "santa_fe"
    model: Literal["mlp", "lstm", "mean", "last", "seasonal", "linear", "neighbour", "quadratic"] = "mlp"
    form: Literal["stateful", "windowed"] = "stateful"
    lag: int = 10
    hidden_sizes: tuple[int, ...] = (25,)
    epochs: int = 200
    learning_rate: float = 0.01
    schedule: Literal["constant", "cosine"] = "constant"
    batch_size: int | None = None
    weight_decay: float = 0.0
    input_noise: float = 0.0
    patience: int | None = None
    validation: Literal["folds", "blocks"] = "folds"
    validation_size: int = 100
    folds: int = 4
    carry: bool = False
    spacing: int = 50
    test: bool = False


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Validate the replicates of a job; the continuation is met only where the cell says so."""
    return _run(params, ctx, _by_blocks if params.validation == "blocks" else _by_folds, test=params.test)


def final(params: Params, ctx: "Context") -> list[Outcome]:
    """Fit the chosen recipe to all 1000 values and meet the continuation."""
    return _run(params, ctx, lambda *_: ({}, {}, {}), test=True)


def forecaster_of(params: Params, replicates: int, seed: int, epochs: int | None = None, device: str = "cpu") -> "Forecaster":
    """The cell's model, not fitted; `epochs` in place of the cell's switches early stopping off."""
    if params.model in ("mean", "last", "seasonal"):
        return naive_of(params.model)
    if params.model not in ("mlp", "lstm"):
        return LagForecaster(regressor_of(params.model), lag=params.lag)
    settings: dict[str, Any] = {
        "lag": params.lag,
        "hidden_sizes": params.hidden_sizes,
        "learning_rate": params.learning_rate,
        "schedule": None if params.schedule == "constant" else params.schedule,
        "batch_size": params.batch_size,
        "max_epochs": params.epochs if epochs is None else epochs,
        "patience": params.patience if epochs is None else None,
        "restore_best": params.patience is not None,
        "weight_decay": params.weight_decay,
        "input_noise": params.input_noise,
        "warm_start": params.carry,
        "n_replicates": replicates,
        "device": device,
        "random_state": seed,
    }
    return MLPForecaster(**settings) if params.model == "mlp" else LSTMForecaster(form=params.form, **settings)


def _run(params: Params, ctx: "Context", validate: "Validation", *, test: bool) -> list[Outcome]:
    data = ctx.data(params.data)
    series, count = np.asarray(data["train"], dtype=float), len(ctx.replicates)
    columns, frames, arrays = validate(params, ctx, series)
    seconds = {"train": columns.pop("seconds")} if "seconds" in columns else {}
    if test:
        forecasts = arrays.pop("forecasts", None)
        if forecasts is None:
            begun = time.perf_counter()
            model = forecaster_of(params, count, ctx.streams.seed("init"), arrays.pop("epochs", None), ctx.device).fit(series)
            seconds["refit"] = np.full(count, (time.perf_counter() - begun) / count)
            forecasts = model.forecast_replicates(STEPS)
            columns["parameters"] = np.full(count, float(model.n_parameters_))
        measured, paths = tested(series, np.asarray(data["test"], dtype=float), _repeated(forecasts, count))
        columns |= measured
        frames["forecast"] = paths
    return [
        Outcome(
            {name: float(values[i]) for name, values in columns.items()},
            {name: float(values[i]) for name, values in seconds.items()},
            {name: {column: rows[i] for column, rows in frame.items()} for name, frame in frames.items()},
            {"train": series, **({"continuation": np.asarray(data["test"], dtype=float)} if test else {})} if r == 0 else {},
        )
        for i, r in enumerate(ctx.replicates)
    ]


Columns = dict[str, np.ndarray]
Frames = dict[str, dict[str, np.ndarray]]
Validation = Callable[[Params, "Context", np.ndarray], tuple[Columns, Frames, dict[str, Any]]]


def _by_folds(params: Params, ctx: "Context", series: np.ndarray) -> tuple[Columns, Frames, dict[str, Any]]:
    """Time-series folds: one-step and recursive errors, losses by epoch; the last model's forecast where it is carried."""
    count = len(ctx.replicates)
    model = forecaster_of(params, count, ctx.streams.seed("init"), device=ctx.device)
    scores = cross_validate_series(model, series, params.folds, params.validation_size, gap=params.lag, carry=params.carry)
    one_step = np.stack([_repeated(row[:, None], count)[:, 0] for row in scores.one_step_mse / scores.scales[:, None] ** 2], axis=1)
    ahead = np.stack([_repeated(row[:, None], count)[:, 0] for row in scores.recursive_mse], axis=1)
    numbers = np.tile(np.arange(params.folds), (count, 1))
    columns = {
        "validation_mse": one_step.mean(axis=1),
        "recursive_validation_mse": ahead.mean(axis=1),
        "parameters": np.full(count, float(scores.forecasters[-1].n_parameters_)),
        "seconds": np.zeros(count),
    }
    frames: Frames = {"folds": {"fold": numbers, "validation_mse": one_step, "recursive_mse": ahead}}
    rest: dict[str, Any] = {}
    if params.model in ("mlp", "lstm"):
        curves, best_epochs, last = _curves(scores, params.folds, count)
        frames["curves"] = curves
        columns |= {"best_epoch": best_epochs, "train_mse": last, "overfit": curves["validation_loss"][:, -1] / last}
        columns["seconds"] = np.full(count, sum(float(np.max(each["seconds"])) for each in scores.histories) / count)
        if params.patience is not None:
            rest["epochs"] = max(1, round(float(best_epochs.mean())))
    if params.carry:
        rest["forecasts"] = scores.forecasters[-1].forecast_from(series, [len(series)], STEPS)[:, 0]
    return columns, frames, rest


def _by_blocks(params: Params, ctx: "Context", series: np.ndarray) -> tuple[Columns, Frames, dict[str, Any]]:
    """Held-out blocks: recursive errors of every window."""
    begun = time.perf_counter()
    origins = origins_of(len(series), params.spacing)
    target = np.stack([series[origin : origin + STEPS] for origin in origins])
    forecasts = block_forecasts(params, series, [ctx.streams.of(r) for r in ctx.replicates], ctx.device)
    count = len(forecasts)
    columns = rolling_scores(target, forecasts)
    together = rolling_scores(target, forecasts.mean(axis=0, keepdims=True))
    columns["rolling_ensemble_mse"] = np.full(count, together["rolling_mse"][0])
    columns["seconds"] = np.full(count, (time.perf_counter() - begun) / count)
    errors = ((forecasts - target) ** 2).mean(axis=-1)
    by_step = ((forecasts - target) ** 2).mean(axis=1)
    frames: Frames = {
        "windows": {"origin": np.tile(origins, (count, 1)), "window_mse": errors},
        "rolling_horizon": {"step": np.tile(np.arange(1, STEPS + 1), (count, 1)), "squared_error": by_step},
    }
    return columns, frames, {}


def tested(series: np.ndarray, continuation: np.ndarray, forecasts: np.ndarray) -> tuple[Columns, Columns]:
    """Metrics and paths of forecasts (R, STEPS) of the continuation, original units."""
    deviation = float(series.std())
    wanted = np.broadcast_to(continuation, forecasts.shape)
    errors = (forecasts - wanted) ** 2
    columns = {
        "test_mse": errors.mean(axis=1),
        "test_nmse": np.asarray(regression.nmse(wanted, forecasts, axis=1)),
        "test_nmse_train": errors.mean(axis=1) / deviation**2,
        "early_mse": errors[:, :TURN].mean(axis=1),
        "late_mse": errors[:, TURN:].mean(axis=1),
        "breakdown_step": forecasting.breakdown_step(continuation, forecasts, deviation, MISSES, WITHIN),
        "amplitude_error": np.array([float(forecasting.amplitude_error(continuation, path)) for path in forecasts]),
        "late_amplitude_error": np.array([float(forecasting.amplitude_error(continuation[TURN:], path[TURN:])) for path in forecasts]),
        "peak_position_error": np.array([_peaks(continuation, path, deviation) for path in forecasts]),
    }
    steps = np.tile(np.arange(1, STEPS + 1), (len(forecasts), 1))
    return columns, {"step": steps, "prediction": forecasts, "truth": np.array(wanted), "squared_error": errors}


def _peaks(target: np.ndarray, path: np.ndarray, deviation: float) -> float:
    """Peak-position error; a forecast without a peak is as far off as the series is long."""
    error = float(forecasting.peak_position_error(target, path, prominence=deviation / 2))
    return error if np.isfinite(error) else float(len(target))


def _repeated(values: np.ndarray, count: int) -> np.ndarray:
    """One row a replicate: models that draw nothing have one for all."""
    return np.repeat(values, count, axis=0) if len(values) == 1 and count > 1 else values


def _curves(scores: Any, folds: int, count: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Losses by epoch of every fold, thinned; by replicate the mean best epoch and the mean last training loss."""
    parts, best_epochs, last = [], np.zeros((folds, count)), np.zeros((folds, count))
    for fold, history in enumerate(scores.histories):
        rows = [np.flatnonzero(history["replicate"] == r) for r in range(count)]
        longest = max(map(len, rows))
        kept = np.unique(np.geomspace(1, longest, SHOWN).astype(int) - 1)
        rows = [np.append(own, np.full(longest - len(own), own[-1])) for own in rows]  # a network that stopped keeps its last loss
        parts.append(
            {
                "fold": np.full((count, len(kept)), fold),
                "epoch": np.tile(np.arange(1, longest + 1)[kept], (count, 1)),
                "train_loss": np.stack([history["train_loss"][own[kept]] for own in rows]),
                "validation_loss": np.stack([history["validation_loss"][own[kept]] for own in rows]),
            }
        )
        best_epochs[fold] = [history["epoch"][own[np.argmin(history["validation_loss"][own])]] for own in rows]
        last[fold] = [history["train_loss"][own[-1]] for own in rows]
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}, best_epochs.mean(axis=0), last.mean(axis=0)


METRICS: dict[str, Any] = {
    "validation_mse": Metric("validation MSE, one step", scale="log", better="lower"),
    "recursive_validation_mse": Metric("validation MSE, recursive", scale="log", better="lower"),
    "train_mse": Metric("training MSE", scale="log", better="lower"),
    "overfit": Metric("validation over training loss at the end", scale="log", better="lower"),
    "best_epoch": Metric("epoch of the lowest validation loss", scale="log"),
    "rolling_mse": Metric("MSE of held-out blocks", scale="log", better="lower"),
    "rolling_mean_mse": Metric("arithmetic mean", scale="log", better="lower"),
    "rolling_ensemble_mse": Metric("mean path of ten", scale="log", better="lower"),
    "parameters": Metric("parameters"),
    "test_mse": Metric("MSE on the continuation", scale="log", better="lower"),
    "test_nmse": Metric("NMSE", scale="log", better="lower"),
    "test_nmse_train": Metric("NMSE, training variance", scale="log", better="lower"),
    "early_mse": Metric("MSE of steps 1 to 66", scale="log", better="lower"),
    "late_mse": Metric("MSE of steps 67 to 100", scale="log", better="lower"),
    "breakdown_step": Metric("breakdown step"),
    "amplitude_error": Metric("range error"),
    "late_amplitude_error": Metric("range error after step 66"),
    "peak_position_error": Metric("peak shift", "steps", better="lower"),
}


def cost(params: Params) -> float:
    """Rough seconds of one job of ten replicates."""
    if params.model in BASELINES:
        return 1.0
    weights = params.lag * params.hidden_sizes[0] + sum(a * b for a, b in pairwise(params.hidden_sizes))
    if params.validation == "blocks":
        places = (900 // params.spacing) + 1
        return 1.0 + params.epochs * places * (0.0085 + 2.6e-6 * weights)
    if params.model == "lstm" and params.form == "windowed":
        return params.epochs * params.folds * (0.03 + 1e-2 * params.lag * (params.hidden_sizes[0] / 25))
    if params.model == "lstm":
        return params.epochs * (params.folds + 1) * (0.055 + 3.5e-6 * (weights + params.hidden_sizes[0] ** 2))
    steps = 1000 // params.batch_size if params.batch_size else 1
    return 0.5 + params.epochs * (params.folds + 1) * (3e-3 * steps + 6e-7 * weights)


study = Study(
    name="santa-fe-forecast",
    title="A chaotic laser, continued",
    sheet={"2024": "2.2"},
    version=1,
    params=Params(),
    trial=trial,
    final=final,
    select=best("rolling_mse", validation="blocks", model="mlp"),
    grid=standard(),
    replicates=10,
    final_replicates=30,
    stacked=True,
    data=lambda params: (require(params.data, task="forecasting", shape={"train": (1000,), "test": (100,)}).name,),
    profiles={
        "quick": overrides(grid=tiny(), data="laser", spacing=200, final_replicates=10),
        "standard": overrides(),
        "full": overrides(grid=full(), replicates=30),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("What does the lag do?", answers.which_lag, "2.2"),
        Question("What does the size of the validation set do?", answers.which_validation_size, "2.2"),
        Question("How many folds are possible, and what do they do?", answers.how_many_folds, "2.2"),
        Question("How many hidden units, and does the network overfit?", answers.how_many_units, "2.2"),
        Question("How is the LSTM designed, and what do its lag and width do?", answers.lstm_design, "2.2"),
        Question("Which model is preferred, MLP or LSTM?", answers.which_model, "2.2"),
        Question("How far can the series be forecast, and how sure is the choice of the model?", answers.how_far, "2.2"),
    ],
    figures=[
        Figure(
            "forecast",
            reading.forecasts,
            reading.caption("Median forecast of the continuation and quartiles over seeds, over the true series"),
        ),
        Figure("error-by-horizon", reading.horizon, reading.caption("Mean squared error of the first h steps of the forecast, by h")),
        Figure("lag-by-units", reading.map_of_mlp, reading.caption("Validation error of the MLP one step ahead, by lag and units")),
        Figure("lag-by-units-stopped", reading.map_of_stopped, reading.caption("The same with early stopping")),
        Figure("lag-by-units-lstm", reading.map_of_lstm, reading.caption("Validation error of the LSTM one step ahead, by lag and units")),
        Figure("losses", reading.losses, reading.caption("Loss by epoch in each fold, means over seeds")),
        Figure("folds", reading.fold_diagram, reading.caption("What each fold trains on and holds out; the gap is the lag")),
        Figure("validation-parts", reading.parts, reading.caption("Validation error by number of folds and size of the held-out part")),
        Figure("recipes", reading.recipes, reading.caption("Recursive error over held-out blocks by recipe")),
        Figure(
            "held-out-blocks",
            reading.windows,
            reading.caption("Recursive error of each block of 100 values, held out of training; runaway forecasts are left out"),
        ),
        Figure("seeds", reading.seeds, reading.caption("Error on the continuation by seed")),
        Figure("phase", reading.phases, reading.caption("Each value against the one before")),
        Figure("recurrence", reading.recurrence, reading.caption("Times whose last eight values are among the nearest tenth of pairs")),
    ],
    tables=[
        Table(
            "recipes",
            tables.candidates,
            "Recipes by recursive error over held-out blocks; with a letter in common they cannot be told apart.",
        ),
        Table("recipes-as-ensembles", tables.ensembles_by_block, "Held-out blocks: one network, the mean path of ten, arithmetic means."),
        Table(
            "final",
            tables.final_table,
            "The chosen recipe on the continuation, which nothing before had seen, and the baselines; NMSE over its variance.",
        ),
        Table("seeds", tables.seeds, "Error on the continuation: its distribution over seeds."),
        Table("ensembles", tables.ensembles, "Ensembles of the chosen recipe on the continuation; tenths over random ones of that size."),
        Table(
            "continuation",
            tables.tested,
            "Every cell that met the continuation, to record what a report prints; none was chosen by it. NMSE over its variance.",
        ),
        Table("networks", tables.networks, "Networks by one-step validation error; with a letter in common they cannot be told apart."),
        Table(
            "one-step-and-recursive",
            tables.one_step_and_recursive,
            "Validation one step ahead and by recursive forecasts alike.",
        ),
        Table("forms", tables.forms, "The LSTM that reads the whole series and the one that reads windows, validation alike."),
        Table("folds", tables.folds, "Validation error by fold, replicate 0, of the first network of the grid."),
        Table("largest-number-of-folds", tables.largest, "How many folds are possible."),
        Table("carried", tables.carried, "Fresh weights in each fold and a refit on all values, beside one model carried through folds."),
        Table("duration", tables.duration, "Parameters, and seconds of one replicate trained in a stack of ten, all folds."),
    ],
    claims=CLAIMS,
)
