"""Which network fits a personal surface best, how is it chosen honestly, and what do early stopping and regularisation buy?

The target is the mean of five unknown functions of two inputs, weighted by five digits (here 9, 9, 7, 6, 5). Of the 13,600
points 2000 are drawn for training and 1000 for the test; 400 of the 2000 validate (or k folds do), all without replacement.
Architecture, activation, rate and regulariser are chosen by validation error; the chosen cell alone meets the test points, once,
in the final stage. Cells that repeat a report's network record its test error too, and choose nothing by it - but for one
family, marked ``stop_on="test"``, which does what should not be done, so that the optimism can be measured on the 10,600 points
that nobody has seen.

Choices where the reports are silent: mini-batches of 64 in their networks (100 in ours), 200 epochs for report-A and at most 500
with early stopping, no scaling of inputs and target (a variant with both standardised is offered), rates 0.01 and 0.001 (and 0.1
for the network that report-C tests). MSE is the mean square; the handout prints half of it, which is recorded apart. The Levenberg-
Marquardt cells go beyond the exercise: two networks fixed beforehand, no candidates and without an early stop, which record their
test error and choose nothing by it. Whether further training overfits is read from means over eleven epochs around the early stop
and at the end.

quick | standard | full: 18 x 10 x 480 | 240 x 10 x ~5000 | 240 x 30 x ~5000 updates, estimated 10 | 500 | 1500 seconds on two cores
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from annlab.data import holdout, kfold, require
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, best, overrides
from annlab.measure import regression as measure
from annlab.studies.supervised import personal_regression_reading as reading
from annlab.studies.supervised.personal_regression_answers import how_chosen, which_regularisers, why_a_test_set, why_stop
from annlab.studies.supervised.personal_regression_claims import CLAIMS
from annlab.studies.supervised.personal_regression_grid import CANDIDATES, ours, reported, tiny
from annlab.train import Recipe
from annlab.train.dense import DRAWS, fit_dense, stacks
from annlab.train.levenberg_marquardt import LEVENBERG_MARQUARDT

if TYPE_CHECKING:
    from annlab.lab import Context, Streams
    from annlab.train import History

TRAINING, VALIDATION, TEST = 2000, 400, 1000


@dataclass(frozen=True)
class Params:
    """Data, network, training and regularisation."""

    data: str = "course_regression"
    digits: tuple[int, ...] = (9, 9, 7, 6, 5)
    hidden_sizes: tuple[int, ...] = (50, 50)
    activation: str | tuple[str, ...] = "tanh"
    optimizer: str = "adam"
    learning_rate: float = 0.01
    schedule: Literal["constant", "cosine"] = "cosine"
    batch_size: int | None = 100
    epochs: int = 300
    scale: bool = True
    patience: int | None = None
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    batch_norm: Literal["none", "input", "hidden"] = "none"
    input_noise: float = 0.0
    training: int = 1600
    ensemble: int = 1
    folds: int = 0
    stop_on: Literal["validation", "test"] = "validation"
    test: bool = False


@dataclass(frozen=True)
class Fold:
    """Rows of one training run of one replicate."""

    train: np.ndarray
    validation: np.ndarray


def recipe(params: Params) -> Recipe:
    """How the networks of a cell are trained."""
    return Recipe(
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        schedule=None if params.schedule == "constant" else params.schedule,
        batch_size=params.batch_size,
        max_epochs=params.epochs,
        weight_decay=params.l2,
        l1=params.l1,
        input_noise=params.input_noise,
        patience=params.patience,
        restore_best=params.patience is not None,
        on_divergence="record",
    )


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Train the replicates of a job; the test set is met only where the cell says so."""
    return _train(params, ctx, test=params.test)


def final(params: Params, ctx: "Context") -> list[Outcome]:
    """Train the chosen cell and meet the test set."""
    return _train(params, ctx, test=True)


def personal_target(T: np.ndarray, digits: tuple[int, ...]) -> np.ndarray:
    """Mean of the five functions (n, 5) weighted by five digits: sum(d_i T_i) / sum(d_i), shape (n,).

    Raises:
        ValueError: unless there are as many digits as functions, none negative and not all zero.
    """
    if len(digits) != T.shape[1] or min(digits) < 0 or sum(digits) == 0:
        raise ValueError(f"{T.shape[1]} digits of at least 0, not all 0, are needed; got {digits}")
    return np.asarray(T @ np.asarray(digits, dtype=float) / sum(digits))


def _train(params: Params, ctx: "Context", *, test: bool) -> list[Outcome]:
    data = ctx.data(params.data)
    X, target = data["X"], personal_target(data["T"], params.digits)
    outcomes = []
    streams = [ctx.streams.of(r) for r in ctx.replicates]
    splits = [holdout(len(X), [TRAINING, TEST], stream("split")) for stream in streams]
    folds = [_folds(params, chosen, tested, stream) for stream, (chosen, tested) in zip(streams, splits, strict=True)]
    runs = [fold for each in folds for fold in each for _ in range(params.ensemble)]  # (replicate, fold, member)
    scalers = [_Scaler(X[fold.train], target[fold.train], params.scale) for fold in runs]
    fitted = fit_dense(
        np.stack([scaler.inputs(X[fold.train]) for fold, scaler in zip(runs, scalers, strict=True)]),
        np.stack([scaler.targets(target[fold.train]) for fold, scaler in zip(runs, scalers, strict=True)]),
        recipe(params),
        [draws for stream, each in zip(streams, folds, strict=True) for draws in _draws(stream, len(each), params.ensemble)],
        hidden_sizes=params.hidden_sizes,
        activation=params.activation,
        dropout=params.dropout,
        batch_norm=params.batch_norm,
        validation=(
            np.stack([scaler.inputs(X[fold.validation]) for fold, scaler in zip(runs, scalers, strict=True)]),
            np.stack([scaler.targets(target[fold.validation]) for fold, scaler in zip(runs, scalers, strict=True)]),
        ),
        dtype=torch.float64 if params.optimizer == LEVENBERG_MARQUARDT else torch.float32,  # its errors pass below float32's rounding
        device=ctx.device,
    )
    everywhere = fitted.predict(np.stack([scaler.inputs(X) for scaler in scalers]))[..., 0]  # (runs, n)
    predictions = np.stack([scaler.back(values) for values, scaler in zip(everywhere, scalers, strict=True)])
    per_replicate = len(runs) // len(streams)
    for i, (chosen, tested) in enumerate(splits):
        mine = slice(i * per_replicate, (i + 1) * per_replicate)
        by_fold = predictions[mine].reshape(len(folds[i]), params.ensemble, len(X)).mean(axis=1)
        metrics, series = _measured(params, target, by_fold, folds[i], fitted.histories[mine], scalers[mine])
        arrays = {f"fold_{k}": fold.validation for k, fold in enumerate(folds[i])} | {"rows": chosen}
        if test:
            prediction = by_fold.mean(axis=0)
            metrics |= _tested(target, prediction, chosen, tested)
            if ctx.replicates[i] == 0:
                arrays |= {"X": X, "target": target, "prediction": prediction.astype(np.float32)}
        outcomes.append(Outcome(metrics, {"train": float(fitted.histories[mine][0].columns["seconds"][-1])}, series, arrays))
    return outcomes


def _folds(params: Params, chosen: np.ndarray, tested: np.ndarray, streams: "Streams") -> list[Fold]:
    """Training and validation rows: k folds, the last 400, or - as a warning - the test points for validation."""
    if params.stop_on == "test":
        return [Fold(chosen[:-VALIDATION][: params.training], tested)]
    if params.folds == 0:
        return [Fold(chosen[:-VALIDATION][: params.training], chosen[-VALIDATION:])]
    parts = kfold(len(chosen), params.folds, streams.child("split", "folds"))
    size = min(len(train) for train, _ in parts)  # stacked runs share one length; folds differ by one row at most
    return [Fold(chosen[train[:size]], chosen[held[: len(chosen) // params.folds]]) for train, held in parts]


def _draws(streams: "Streams", folds: int, members: int) -> list[dict[str, torch.Generator]]:
    labels = [None if fold == member == 0 else f"fold {fold}, member {member}" for fold in range(folds) for member in range(members)]
    return [{name: streams.torch(name, label) for name in DRAWS} for label in labels]


class _Scaler:
    """Standardises by the training rows, or leaves all as it is."""

    def __init__(self, X: np.ndarray, y: np.ndarray, active: bool) -> None:
        self.centre: np.ndarray = X.mean(axis=0) if active else np.zeros(2)
        self.width: np.ndarray = X.std(axis=0) if active else np.ones(2)
        self.mean, self.deviation = (float(y.mean()), float(y.std())) if active else (0.0, 1.0)

    def inputs(self, X: np.ndarray) -> np.ndarray:
        return np.asarray((X - self.centre) / self.width)

    def targets(self, y: np.ndarray) -> np.ndarray:
        return np.asarray((y - self.mean) / self.deviation)[:, None]

    def back(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(y, dtype=float) * self.deviation + self.mean


def _measured(
    params: Params,
    target: np.ndarray,
    predictions: np.ndarray,
    folds: list[Fold],
    histories: list["History"],
    scalers: list[_Scaler],
) -> tuple[dict[str, float], dict[str, dict[str, np.ndarray]]]:
    train = [measure.mse(target[fold.train], prediction[fold.train]) for fold, prediction in zip(folds, predictions, strict=True)]
    held = [measure.mse(target[fold.validation], prediction[fold.validation]) for fold, prediction in zip(folds, predictions, strict=True)]
    columns, unit = histories[0].columns, scalers[0].deviation ** 2  # losses were taken on the scaled target
    losses, validation, epochs = columns["train_loss"] * unit, columns["validation_loss"] * unit, columns["epoch"]
    stop = _early_stop(validation, patience=10)
    around, late = slice(max(0, stop - 5), stop + 6), slice(-11, None)  # means of 11 epochs: the stop's own is a chance minimum
    metrics = {
        "train_mse": float(np.mean(train)),
        "validation_mse": float(np.mean(held)),
        "validation_spread": float(np.std(held, ddof=1)) if len(held) > 1 else 0.0,
        "gap_ratio": float(np.mean(held) / np.mean(train)),
        "stop_epoch": float(np.mean([history.stopped_epoch for history in histories])),
        "best_epoch": float(np.mean([history.best_epoch for history in histories])),
        "validation_after_stop": float(validation[late].mean() / validation[around].mean()),
        "train_after_stop": float(losses[late].mean() / losses[around].mean()),
        "past_stop": float(len(epochs) / (stop + 1)),
        "parameters": float(sum((a + 1) * b for a, b in zip((2, *params.hidden_sizes), (*params.hidden_sizes, 1), strict=True))),
        "diverged_epoch": float(max(history.diverged_epoch for history in histories)),
    }
    shown = np.unique(np.geomspace(1, len(epochs), 100).astype(int) - 1)
    curves = {"epoch": epochs[shown], "train_mse": losses[shown], "validation_mse": validation[shown]}
    scores = {"fold": np.arange(len(folds)), "validation_mse": np.array(held)}
    return metrics, {"curves": curves, "folds": scores}


def _tested(target: np.ndarray, prediction: np.ndarray, chosen: np.ndarray, tested: np.ndarray) -> dict[str, float]:
    unseen = np.setdiff1d(np.arange(len(target)), np.concatenate([chosen, tested]))
    return {
        "test_mse": float(measure.mse(target[tested], prediction[tested])),
        "test_half_mse": float(measure.half_mse(target[tested], prediction[tested])),
        "unseen_mse": float(measure.mse(target[unseen], prediction[unseen])),
        "mean_baseline_mse": float(np.mean((target[tested] - target[chosen].mean()) ** 2)),
    }


def _early_stop(validation: np.ndarray, patience: int) -> int:
    """Index of the lowest loss before `patience` evaluations passed without a lower one."""
    lowest = 0
    for index, loss in enumerate(validation):
        if loss < validation[lowest]:
            lowest = index
        elif index - lowest >= patience:
            break
    return lowest


METRICS: dict[str, Any] = {
    "train_mse": Metric("training MSE", scale="log", better="lower"),
    "validation_mse": Metric("validation MSE", scale="log", better="lower"),
    "validation_spread": Metric("standard deviation over folds", better="lower"),
    "gap_ratio": Metric("validation over training MSE", scale="log", better="lower"),
    "stop_epoch": Metric("last epoch trained", scale="log"),
    "best_epoch": Metric("epoch of the lowest validation loss", scale="log"),
    "validation_after_stop": Metric("validation MSE at the end over that around the early stop", scale="log", better="lower"),
    "train_after_stop": Metric("training MSE at the end over that around the early stop", scale="log", better="lower"),
    "past_stop": Metric("epochs trained over those to the early stop", scale="log"),
    "parameters": Metric("parameters"),
    "test_mse": Metric("test MSE", scale="log", better="lower"),
    "test_half_mse": Metric("half the test MSE (the handout's print)", scale="log", better="lower"),
    "unseen_mse": Metric("MSE on points nobody used", scale="log", better="lower"),
    "mean_baseline_mse": Metric("test MSE of the constant mean", scale="log"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
}


def cost(params: Params) -> float:
    """Rough seconds of one job: a part for each step, and one for each activation in it (mish is dear)."""
    if params.optimizer == "levenberg_marquardt":
        return 60.0
    rows = params.batch_size or params.training
    steps = params.epochs * params.training / rows * (0.3 if params.patience else 1.0)
    activations = 10 * rows * sum(params.hidden_sizes) * max(1, params.folds) * params.ensemble
    return steps * (4e-4 + activations * (4e-8 if "mish" in params.activation else 1.2e-8))


study = Study(
    name="personal-regression",
    title="A personal regression surface",
    sheet={"2024": "1.4", "C": "1.4"},
    version=1,
    params=Params(),
    trial=trial,
    final=final,
    select=best("validation_mse", **CANDIDATES),
    grid=ours() + reported(),
    replicates=10,
    stacked=lambda params: stacks(recipe(params)),
    data=lambda params: (require(params.data, task="regression", shape={"X": (None, 2), "T": (None, 5)}).name,),
    profiles={
        "quick": overrides(
            grid=tiny(),
            data="five_surfaces",
            epochs=30,
        ),
        "standard": overrides(),
        "full": overrides(replicates=30),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("Which network is chosen, and how was it validated?", how_chosen, "1.4"),
        Question("Why is a test set needed beside the validation set?", why_a_test_set, "1.4"),
        Question("Why not train on after the validation error has stopped falling?", why_stop, "1.4"),
        Question("Which regularisers help here?", which_regularisers, "1.4"),
    ],
    figures=[
        Figure("surfaces", reading.surfaces, reading.surfaces_caption),
        Figure(
            "validation-by-size",
            reading.by_size,
            "Validation error by network and activation (our candidates: standardised data, cosine schedule).",
        ),
        Figure(
            "validation-by-units",
            reading.by_units,
            "Validation error by size of the network, for the activation of the chosen one, with the one-standard-error rule.",
        ),
        Figure(
            "regularisers",
            reading.regularisers,
            "Validation error with each regulariser over that without, replicate by replicate (20-20-20 tanh network).",
        ),
        Figure(
            "validation-by-rate", reading.by_rate, "Validation error of one network by learning rate, with the one-standard-error rule."
        ),
        Figure(
            "main-effects",
            reading.effects,
            "Main effects of layers, units, activation and learning rate in report-A's grid (no scaling), as geometric means of the "
            "validation error; our candidates where the profile lacks that grid.",
        ),
        Figure(
            "learning-curve",
            reading.by_training_points,
            "Training and validation error by the number of training points; the 400 validation points stay the same.",
        ),
        Figure("training-on", reading.training_on, "Training and validation error when training goes far past the stop."),
        Figure("folds", reading.fold_figure, "Which of the 2000 rows of replicate 0 train and which validate, by fold."),
    ],
    tables=[
        Table("candidates", reading.candidates, "Our candidates by validation error; those that share a letter cannot be told apart."),
        Table("final", reading.final_table, "The chosen network on the test points, which nothing before had seen."),
        Table(
            "optimisers",
            reading.optimisers,
            "Optimisers on the standardised data (50-50 mish network at 0.01; Levenberg-Marquardt: 20-20 and 15-15 tanh, 150 steps).",
        ),
        Table(
            "second-order",
            reading.second_order,
            "Levenberg and Marquardt's method in float64, 150 steps; networks fixed beforehand, their test error chooses nothing.",
        ),
        Table("stability", reading.stability, "Validation error of the five best candidates over seeds."),
        Table("regularisers", reading.regulariser_table, "Regularisers beside the same network without any."),
        Table("folds", reading.fold_table, "Validation error of the default network by fold, replicate 0."),
        Table("reported", reading.reported_table, "Networks of the reports, with the test error they would have met."),
        Table("optimism", reading.optimism_table, "What choosing by the test set promises, and what unseen points say."),
    ],
    claims=CLAIMS,
)
