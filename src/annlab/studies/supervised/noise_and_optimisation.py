"""What does noise in the targets do to optimisation: how low does the training error go, how soon, how smoothly, and what is learned?

A 2-50-50-1 network fits f(x, y) = sin(0.8 r^2) / (r^2)^0.9, r^2 = x^2 + y^2, on a 40 x 40 grid over [-3, 3]^2, full batch, with
noise n N(0, 1) on the training targets. LBFGS takes one iteration an epoch with a strong Wolfe line search of up to 25
evaluations, as torch did for the course (newer versions grant a single iteration none, and stall early); Adam and SGD stand
beside it, LBFGS without line search and a tanh network too. The reports leave out the network size and the optimiser's
settings: chosen here are the handout's network, rate 1 for LBFGS, 0.01 for Adam, 0.05 for SGD without momentum, 2000 epochs.
400 points off the grid, with noisy and with clean targets, tell fitting from learning.

Replicates share grid and levels; each has its own weights, noise and validation points. The noise of one replicate is the
same draw at every level, scaled. Epochs count from 1; the reports' lowest loss is the loss *before* each epoch's step, its
epoch counted from 0, and is recorded apart as they print it.

quick | standard | full: 10 x 5 x 100 | 31 x 6 x 2000 | 39 x 30 x 2000 updates, estimated 8 | 480 | 2900 seconds on two cores
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data.generators import surface
from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.measure import regression as measure
from annlab.studies.supervised import noise_and_optimisation_reading as reading
from annlab.studies.supervised.noise_and_optimisation_claims import CLAIMS
from annlab.train import Recipe
from annlab.train.dense import DRAWS, fit_dense

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.train import History

LEVELS = (0.0, 0.1, 0.3, 0.9, 1.0, 1.3, 1.6, 1.9, 2.0)
VALIDATION_POINTS = 400


@dataclass(frozen=True)
class Params:
    """Noise level, network and training."""

    noise: float = 0.1
    optimizer: Literal["lbfgs", "adam", "sgd"] = "lbfgs"
    learning_rate: float = 1.0
    line_search: Literal["strong_wolfe", "none"] = "strong_wolfe"
    hidden_sizes: tuple[int, ...] = (50, 50)
    activation: str = "relu"
    epochs: int = 2000


def recipe(params: Params) -> Recipe:
    """Training of a cell: full batch, no early stopping, divergence recorded."""
    options = {"line_search": None if params.line_search == "none" else params.line_search} if params.optimizer == "lbfgs" else {}
    return Recipe(
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        optimizer_options=options,
        max_epochs=params.epochs,
        restore_best=False,
        on_divergence="record",
    )


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Train the replicates of a job and measure each."""
    grid_points = ctx.data("noisy_surface")
    X, clean = grid_points["X"], grid_points["y"]
    streams = [ctx.streams.of(r) for r in ctx.replicates]
    noise = np.stack([params.noise * stream("noise").normal(size=clean.size) for stream in streams])
    places = np.stack([stream("data").uniform(-3, 3, (VALIDATION_POINTS, 2)) for stream in streams])
    truth = surface(places)
    unseen = truth + np.stack([params.noise * stream.child("noise", "validation").normal(size=VALIDATION_POINTS) for stream in streams])
    y = clean + noise
    fitted = fit_dense(
        X,
        y[..., None],
        recipe(params),
        [{name: stream.torch(name) for name in DRAWS} for stream in streams],
        hidden_sizes=params.hidden_sizes,
        activation=params.activation,
        validation=(places, unseen[..., None]),
        further={"validation_clean_loss": (places, truth[..., None])},
        device=ctx.device,
    )
    predictions = fitted.predict(X)[..., 0]
    seen = fitted.predict(places)[..., 0]
    return [
        _measured(clean, y[i], predictions[i], unseen[i], truth[i], seen[i], history, fitted.initial_losses[i], params)
        for i, history in enumerate(fitted.histories)
    ]


def _measured(
    clean: np.ndarray,
    y: np.ndarray,
    predicted: np.ndarray,
    unseen: np.ndarray,
    truth: np.ndarray,
    seen: np.ndarray,
    history: "History",
    initial_loss: float,
    params: Params,
) -> Outcome:
    losses = history.columns["train_loss"]
    before = np.concatenate([[initial_loss], losses[:-1]])  # the loss that a training loop prints in each epoch
    train, noise = measure.mse(y, predicted), y - clean
    validation, validation_clean = measure.mse(unseen, seen), measure.mse(truth, seen)
    found = history.columns["validation_clean_loss"] <= 0.05 * clean.var()
    epochs = history.columns["epoch"]
    metrics = {
        "data_snr_db": measure.snr_db(clean, noise) if params.noise else np.inf,
        "data_residual": measure.mse(y, clean),
        "train_mse": train,
        "train_r2": measure.r_squared(y, predicted),
        "fit_snr_db": measure.fit_snr_db(y, predicted),
        "clean_fit_snr_db": measure.fit_snr_db(clean, predicted),
        "clean_mse": measure.mse(clean, predicted),
        "lowest_printed_loss": float(before.min()),
        "printed_epoch_of_lowest": int(before.argmin()),
        "lowest_loss": float(losses.min()),
        "best_epoch": int(epochs[losses.argmin()]),
        "validation_mse": validation,
        "validation_clean_mse": validation_clean,
        "gap": validation - train,
        "gap_ratio": validation / train,
        "noise_fitted": measure.mse(y, clean) - train,
        "plateau_epoch": measure.plateau_epoch(losses, within=0.05, epochs=epochs),
        "fall_epoch": int(epochs[(before[0] - losses >= 0.95 * (before[0] - losses.min())).argmax()]),
        "epoch_of_truth": int(epochs[found.argmax()]) if found.any() else params.epochs + 1,
        "curve_roughness": measure.roughness_of_curve(losses),
        "rises": measure.fraction_of_rises(losses),
        "surface_roughness": measure.roughness_of_surface(predicted.reshape(40, 40)),
        "correlation_with_truth": float(np.corrcoef(predicted, clean)[0, 1]) if predicted.std() > 0 else 0.0,
        "mean_baseline_mse": float(y.var()),
        "mean_baseline_clean_mse": measure.mse(clean, np.full_like(clean, y.mean())),
        "diverged_epoch": int(history.diverged_epoch),
    }
    shown = np.unique(np.concatenate([np.arange(min(10, len(epochs))), np.geomspace(1, len(epochs), 120).astype(int) - 1]))
    curves = {name: history.columns[name][shown] for name in ("epoch", "train_loss", "validation_loss", "validation_clean_loss")}
    return Outcome(metrics, {"train": float(history.columns["seconds"][-1])}, {"curves": curves}, {"prediction": predicted, "target": y})


METRICS: dict[str, Any] = {
    "data_snr_db": Metric("signal-to-noise ratio of the data", "dB"),
    "data_residual": Metric("mean square of the noise", scale="log"),
    "train_mse": Metric("training MSE", scale="log", better="lower"),
    "train_r2": Metric("R² on the training targets", better="higher"),
    "fit_snr_db": Metric("fit SNR, target against what is left", "dB", better="higher"),
    "clean_fit_snr_db": Metric("clean fit SNR, surface against error", "dB", better="higher"),
    "clean_mse": Metric("MSE against the clean surface, training points", scale="log", better="lower"),
    "lowest_printed_loss": Metric("lowest loss before a step", scale="log", better="lower"),
    "printed_epoch_of_lowest": Metric("its epoch, from 0"),
    "lowest_loss": Metric("lowest training loss after an epoch", scale="log", better="lower"),
    "best_epoch": Metric("epoch of the lowest training loss"),
    "validation_mse": Metric("validation MSE, noisy targets", scale="log", better="lower"),
    "validation_clean_mse": Metric("validation MSE, clean targets", scale="log", better="lower"),
    "gap": Metric("validation minus training MSE", better="lower"),
    "gap_ratio": Metric("validation over training MSE", scale="log", better="lower"),
    "noise_fitted": Metric("noise fitted: its mean square minus the training MSE"),
    "plateau_epoch": Metric("epoch from which the loss stays within 5 % of its end", scale="log", better="lower"),
    "fall_epoch": Metric("epoch by which 95 % of the fall of the loss is done", scale="log", better="lower"),
    "epoch_of_truth": Metric("epoch at which 5 % of the clean surface's variance is left", scale="log", better="lower"),
    "curve_roughness": Metric("roughness of the loss curve", "decades", scale="log", better="lower"),
    "rises": Metric("share of epochs in which the loss rises", better="lower"),
    "surface_roughness": Metric("roughness of the predicted surface", scale="log"),
    "correlation_with_truth": Metric("correlation of prediction and clean surface", better="higher"),
    "mean_baseline_mse": Metric("MSE of the constant mean, noisy targets", scale="log"),
    "mean_baseline_clean_mse": Metric("MSE of the constant mean, clean surface", scale="log"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
}

LBFGS: dict[str, Any] = {"optimizer": ["lbfgs"], "learning_rate": [1.0]}
FIRST_ORDER: tuple[dict[str, Any], ...] = (
    {"optimizer": ["adam"], "learning_rate": [0.01]},
    {"optimizer": ["sgd"], "learning_rate": [0.05]},
)


def levels(first_order: Sequence[float]) -> Grid:
    """LBFGS with both networks at every noise level and without line search at three; Adam and SGD at the levels given."""
    lbfgs = grid(noise=LEVELS, **LBFGS, activation=["relu", "tanh"]) + grid(noise=[0.1, 1.0, 2.0], **LBFGS, line_search=["none"])
    return lbfgs + grid(noise=first_order, **FIRST_ORDER[0]) + grid(noise=first_order, **FIRST_ORDER[1])


study = Study(
    name="noise-and-optimisation",
    title="Noise and optimisation",
    sheet={"2024": "1.3", "C": "1.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=levels(LEVELS),
    replicates=10,
    stacked=lambda params: params.optimizer != "lbfgs",
    data=("noisy_surface",),
    profiles={
        "quick": overrides(
            grid=grid(noise=[0.0, 0.1, 1.0, 2.0], **LBFGS)
            + grid(noise=[0.1, 2.0], **LBFGS, line_search=["none"])
            + grid(noise=[0.0, 0.1, 1.0, 2.0], **FIRST_ORDER[0]),
            epochs=100,
            replicates=5,
        ),
        "standard": overrides(grid=levels([0.0, 0.1, 0.3, 1.0, 2.0]), replicates=6),
        "full": overrides(replicates=30),
    },
    cost=lambda params: params.epochs * (0.0022 if params.optimizer == "lbfgs" else 0.012),
    metrics=METRICS,
    questions=[
        Question(
            "What does noise in the targets do to the error reached, the speed and the smoothness of training?",
            reading.what_is_reached,
            "1.3",
        ),
        Question(
            "Do the loss curves start alike at every noise level, and where does the gap to unseen points open?",
            reading.start_and_gap,
            "1.3",
        ),
        Question("Does the network learn the surface or the noise?", reading.surface_or_noise, "1.3"),
        Question("Is LBFGS sensitive to noise, and does its line search help?", reading.sensitive_lbfgs, "1.3"),
    ],
    figures=[
        Figure(
            "loss-by-epoch",
            reading.curves,
            "Training loss by epoch (noisy surface, full batch, strong Wolfe for LBFGS); lines are geometric means over replicates.",
        ),
        Figure(
            "learning-by-epoch",
            reading.learning_and_fitting,
            "Loss on unseen points with clean targets: where it turns up, noise is being fitted.",
        ),
        Figure(
            "gap-by-epoch",
            reading.gap_by_epoch,
            "Validation minus training loss by epoch (400 points off the grid with noise of the same level; relu network).",
        ),
        Figure(
            "ratio-by-epoch",
            reading.ratio_by_epoch,
            "Validation loss over training loss by epoch: 1 where the network does as well on points it has not seen.",
        ),
        Figure(
            "error-by-snr",
            reading.by_snr,
            "Errors of the relu network trained by LBFGS against the data's signal-to-noise ratio; noise 0 has no finite ratio.",
        ),
        Figure("surfaces", reading.learned_surfaces, "The clean surface and what one network (replicate 0, LBFGS, relu) learned of it."),
        Figure(
            "residual-surfaces",
            reading.residual_surfaces,
            "Prediction minus clean surface at the highest noise beside both (replicate 0, LBFGS, relu).",
        ),
        Figure(
            "residual-maps",
            reading.residual_maps,
            "Squared difference of prediction and clean surface on one scale (replicate 0, LBFGS, relu).",
        ),
        Figure("residual-histograms", reading.residual_histograms, "Residuals of the training targets (replicate 0, LBFGS, relu)."),
        Figure("roughness", reading.roughness, "Fluctuation of the loss curve by noise level and optimiser (relu network)."),
    ],
    tables=[
        Table(
            "data", reading.data_table, "The training targets: signal-to-noise ratio, mean square of the noise, error of the constant mean."
        ),
        Table("fit", reading.fit_table, "What LBFGS reached with the relu network, in the columns of the reports."),
        Table("generalisation", reading.generalisation_table, "Fitting and learning apart, for every optimiser (relu network)."),
        Table(
            "start",
            reading.start_table,
            "How far the loss curves of the noise levels lie apart in the first ten epochs (mean loss of each curve, relu network).",
        ),
        Table("activation", reading.activation_table, "The relu and the tanh network under LBFGS."),
        Table("line-search", reading.line_search_table, "LBFGS with and without the strong Wolfe line search (relu network)."),
    ],
    claims=CLAIMS,
)
