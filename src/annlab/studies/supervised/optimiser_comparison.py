"""Which optimiser is fastest, in epochs and in seconds, and how does that depend on batch size, rate, momentum and the network?

A 2-h-h-1 relu network with h = 10, 25, 50 or 100 fits f(x, y) = sin(0.8 r^2) / (r^2)^0.9, r^2 = x^2 + y^2, on the 40 x 40 grid
over [-3, 3]^2, without noise unless a cell says 0.3. Batch 1600 is the full batch. Settings are those of the handout (SGD 0.05
batch 1600, SGD 0.1 batch 40, Nesterov 0.9 at 0.1 batch 400, Adam, LBFGS) and of report-C, and RMSprop, AdamW, Adadelta and Muon
beyond. Chosen where the reports are silent: Adam at 0.001 with batch 400 (variants 0.01 and batch 1600), no noise (variant 0.3),
LBFGS at 1 with one iteration an epoch and strong Wolfe search, report-C's momentum at batch 1600 (variants 400 and 40), and the
best epoch by the training loss, taken after each epoch over all points (that by the validation loss stands beside it).

A run is read at 500, 1000, 2500 and 5000 epochs, as far as it goes: rates are constant, so a long run holds the shorter ones.
A threshold is reached when the training MSE falls to a share of the surface's variance above the mean square of the noise; a run
that does not get there counts as one epoch more than it has. Validation takes 400 points off the grid. Seconds come from timed
cells alone, one network at a time on a quiet machine; the race by second lays their seconds under the loss curves, going on
beyond the timed epochs at the pace of their second half. The reports' durations are compared as ratios of seconds an epoch, first
in a plain loop (a DataLoader that hands out sample by sample), which is likely theirs, then in ours. Memory is that of tensors.

quick | standard | full: 23 x 5 x ~300 | 91 x 10 x ~9000 | 176 x 10 x ~60000 updates, estimated 11 | 880 | 13000 seconds on two cores
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from annlab.data.generators import surface
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, overrides
from annlab.measure import regression as measure
from annlab.nets import MLP
from annlab.studies.supervised import optimiser_comparison_answers as answers
from annlab.studies.supervised import optimiser_comparison_reading as reading
from annlab.studies.supervised import optimiser_comparison_tables as tables
from annlab.studies.supervised.optimiser_comparison_claims import CLAIMS
from annlab.studies.supervised.optimiser_comparison_grid import POINTS, full, quick, standard
from annlab.studies.supervised.optimiser_comparison_loop import fit_plainly
from annlab.studies.supervised.optimiser_comparison_memory import Allocations, state_bytes
from annlab.train import Recipe, fit
from annlab.train.dense import DRAWS, fit_dense, stacks
from annlab.train.optimisers import make_optimizer

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.train import History

VALIDATION_POINTS = 400
LENGTHS = (500, 1000, 2500, 5000)
FILLED = 140  # steps after which LBFGS holds its 100 pairs and the rows it keeps free
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Params:
    """Optimiser, network, noise and length; whether the cell is there for its seconds, and in whose training loop."""

    optimizer: str = "sgd"
    learning_rate: float = 0.05
    batch_size: int = 1600
    hidden_sizes: tuple[int, ...] = (50, 50)
    noise: float = 0.0
    epochs: int = 2500
    timed: bool = False
    loop: Literal["ours", "plain"] = "ours"


def recipe(params: Params, epochs: int, evaluate_every: int = 1) -> Recipe:
    """Training of a cell: constant rate, no early stopping, divergence recorded."""
    return Recipe(
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        batch_size=params.batch_size,
        max_epochs=epochs,
        evaluate_every=evaluate_every,
        restore_best=False,
        on_divergence="record",
    )


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Train the replicates of a job and measure each, or time one."""
    return [_timed(params, ctx)] if params.timed else _trained(params, ctx)


def _trained(params: Params, ctx: "Context") -> list[Outcome]:
    grid_points = ctx.data("noisy_surface")
    X, clean = grid_points["X"], grid_points["y"]
    streams = [ctx.streams.of(r) for r in ctx.replicates]
    y = clean + np.stack([params.noise * stream("noise").normal(size=clean.size) for stream in streams])
    places = np.stack([stream("data").uniform(-3, 3, (VALIDATION_POINTS, 2)) for stream in streams])
    truth = surface(places)
    unseen = truth + np.stack([params.noise * stream.child("noise", "validation").normal(size=VALIDATION_POINTS) for stream in streams])
    fitted = fit_dense(
        X,
        y[..., None],
        recipe(params, params.epochs),
        [{name: stream.torch(name) for name in DRAWS} for stream in streams],
        hidden_sizes=params.hidden_sizes,
        activation="relu",
        validation=(places, unseen[..., None]),
        device=ctx.device,
    )
    predictions, seen = fitted.predict(X)[..., 0], fitted.predict(places)[..., 0]
    memory = _memory(replace(params, noise=0.0, epochs=1))
    outcomes = []
    for i, history in enumerate(fitted.histories):
        going = history.diverged_epoch == 0
        at_end: dict[str, float] = {
            "clean_mse": measure.mse(clean, predictions[i]) if going else np.inf,
            "validation_clean_mse": measure.mse(truth[i], seen[i]) if going else np.inf,
            "diverged_epoch": float(history.diverged_epoch),
        }
        lengths, curves = _read(history, params.epochs, measure.mse(y[i], clean), float(clean.var()))
        metrics = {name: float(values[-1]) for name, values in lengths.items() if name != "epoch"} | at_end | memory
        timings = {"train": float(history.columns["seconds"][-1])}
        outcomes.append(Outcome(metrics, timings, {"curves": curves, "lengths": lengths}))
    return outcomes


def _read(history: "History", epochs: int, floor: float, variance: float) -> tuple[dict[str, Array], dict[str, Array]]:
    """What was reached at each length up to `epochs`, and the curves at some epochs; infinite after a divergence."""
    columns = {name: np.full(epochs, np.inf) for name in ("train_loss", "validation_loss")}
    for name, values in columns.items():
        found = history.columns[name]
        values[: len(found)] = np.where(np.isfinite(found), found, np.inf)
        if history.diverged_epoch:
            values[int(history.diverged_epoch) - 1 :] = np.inf
    train, validation = columns.values()
    lengths = sorted({n for n in LENGTHS if n < epochs} | {epochs})
    rows = [_until(train[:n], validation[:n], floor, variance) for n in lengths]
    read = {"epoch": np.array(lengths)} | {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}
    shown = np.unique(np.concatenate([np.geomspace(1, epochs, 150).astype(int), lengths])) - 1
    return read, {"epoch": shown + 1, **{name: values[shown] for name, values in columns.items()}}


def _until(train: Array, validation: Array, floor: float, variance: float) -> dict[str, float]:
    n, whole = len(train), bool(np.isfinite(train[-1]))
    fallen = train[0] - train >= 0.95 * (train[0] - train.min()) if whole else np.zeros(n, dtype=bool)
    return {
        "train_mse": float(train[-1]),
        "validation_mse": float(validation[-1]),
        "gap_ratio": float(validation[-1] / train[-1]) if whole else np.nan,
        "best_epoch": float(train.argmin() + 1),
        "best_validation_epoch": float(validation.argmin() + 1),
        "epochs_to_half": _first(train <= floor + 0.5 * variance),
        "epochs_to_tenth": _first(train <= floor + 0.1 * variance),
        "fall_epoch": _first(fallen),
        "plateau_epoch": float(measure.plateau_epoch(train)) if whole else np.nan,
        "curve_roughness": float(measure.roughness_of_curve(train)) if whole else np.nan,
        "rises": float(measure.fraction_of_rises(train)) if whole else np.nan,
    }


def _first(reached: Array) -> float:
    """Epoch at which something holds first, one more than there are where it never does."""
    return float(reached.argmax() + 1 if reached.any() else len(reached) + 1)


@cache
def _memory(params: Params) -> dict[str, float]:
    """Parameters, bytes of the optimiser's state, and the most bytes held while training, LBFGS with its history full.

    They depend on no number of the data or the weights, so that any will do.
    """
    generator, X, y = torch.Generator().manual_seed(0), np.zeros((POINTS, 2)), np.ones(POINTS)
    steps = (FILLED, 2) if params.optimizer == "lbfgs" else (1, 1)  # until the state is whole, while allocations are followed
    with Allocations() as allocations:
        net = MLP(2, params.hidden_sizes, 1, "relu", generator=generator)
        fit(net, X, y, recipe(params, steps[1]), order=generator)
    net = MLP(2, params.hidden_sizes, 1, "relu", generator=generator)
    options = {"line_search": None} if params.optimizer == "lbfgs" else {}
    optimizer = make_optimizer(replace(recipe(params, 1), learning_rate=0.01, optimizer_options=options), net.named_parameters())

    def closure() -> torch.Tensor:  # the state's size does not depend on the loss
        optimizer.zero_grad()
        loss = torch.stack([parameter.square().sum() for parameter in net.parameters()]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    held = []
    for _ in range(steps[0]):
        optimizer.step(closure)  # type: ignore[arg-type]
        held.append(state_bytes(optimizer))
    count = sum(parameter.numel() for parameter in net.parameters())
    return {
        "parameters": float(count),
        "state_bytes": float(held[-1]),
        "peak_bytes": float(allocations.peak + held[-1] - held[steps[1] - 1]),
    }


def _timed(params: Params, ctx: "Context") -> Outcome:
    """One network trained for its seconds: all of them, an epoch's mean, and those since the start at about 20 epochs."""
    grid_points, streams = ctx.data("noisy_surface"), ctx.streams
    y = grid_points["y"] + params.noise * streams("noise").normal(size=grid_points["y"].size)
    net = MLP(2, params.hidden_sizes, 1, "relu", generator=streams.torch("init")).to(ctx.device)
    training = recipe(params, params.epochs, max(1, params.epochs // 20))
    run = fit if params.loop == "ours" else fit_plainly
    columns = run(net, grid_points["X"], y, training, order=streams.torch("order")).columns
    epochs, seconds = columns["epoch"], columns["seconds"]
    timings = {"train": float(seconds[-1]), "per_epoch": float(seconds[-1] / epochs[-1])}
    timings |= {f"epoch_{epoch}": float(spent) for epoch, spent in zip(epochs, seconds, strict=True)}
    return Outcome({"train_mse": float(columns["train_loss"][-1])}, timings)


METRICS: dict[str, Any] = {
    "train_mse": Metric("training MSE", scale="log", better="lower"),
    "validation_mse": Metric("validation MSE", scale="log", better="lower"),
    "gap_ratio": Metric("validation over training MSE", scale="log", better="lower"),
    "clean_mse": Metric("MSE against the clean surface", scale="log", better="lower"),
    "validation_clean_mse": Metric("validation MSE, clean targets", scale="log", better="lower"),
    "best_epoch": Metric("epoch of the lowest training loss"),
    "best_validation_epoch": Metric("epoch of the lowest validation loss"),
    "epochs_to_half": Metric("epochs to half of the variance", scale="log", better="lower"),
    "epochs_to_tenth": Metric("epochs to a tenth of the variance", scale="log", better="lower"),
    "fall_epoch": Metric("epoch by which 95 % of the fall is done", scale="log", better="lower"),
    "plateau_epoch": Metric("epoch from which the loss stays within 5 % of its end", scale="log", better="lower"),
    "curve_roughness": Metric("roughness of the loss curve", "decades", scale="log", better="lower"),
    "rises": Metric("share of epochs in which the loss rises", better="lower"),
    "parameters": Metric("parameters"),
    "state_bytes": Metric("optimiser state", "bytes", better="lower"),
    "peak_bytes": Metric("most memory while training", "bytes", better="lower"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
}


def cost(params: Params) -> float:
    """Rough seconds of a job on one core."""
    width, steps = params.hidden_sizes[0], -(-1600 // params.batch_size)
    if params.timed:
        plain = 0.012 + 0.0004 * steps if params.loop == "plain" else 0.0
        return 3 * params.epochs * (0.0005 + 0.0003 * steps + 2e-5 * width + plain) + 0.1
    one_by_one = 0.001 + 5e-5 * width
    return params.epochs * (0.004 + 0.0006 * steps + 3.5e-4 * width if stacks(recipe(params, 1)) else one_by_one) + 0.3


study = Study(
    name="optimiser-comparison",
    title="Optimisers compared",
    sheet={"2024": "1.3", "C": "1.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=full(),
    replicates=10,
    stacked=lambda params: stacks(recipe(params, 1)),
    timed=lambda params: params.timed,
    data=("noisy_surface",),
    profiles={
        "quick": overrides(grid=quick(25), replicates=5),
        "standard": overrides(grid=standard()),
        "full": overrides(),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("What sets vanilla, stochastic and accelerated gradient descent apart?", answers.vanilla_stochastic_accelerated, "1.3"),
        Question("Which of batch size, learning rate and momentum makes the difference?", answers.which_factor, "1.3"),
        Question("How does the size of the network change which optimiser is best?", answers.size_and_optimiser, "1.3"),
        Question("Epochs or time: what does 'fast' mean?", answers.epochs_and_time, "1.3"),
        Question("How many parameters have the networks, and what does an optimiser add to them?", answers.parameters, "1.3"),
        Question("Do adaptive optimisers overfit more than stochastic gradient descent?", answers.overfitting, "1.3"),
    ],
    figures=[
        Figure("race", reading.race, reading.race_caption),
        Figure("race-beyond", reading.race_beyond, reading.race_caption),
        Figure("race-batches", reading.race_batches, reading.race_caption),
        Figure(
            "size-by-optimiser",
            reading.size_by_optimiser,
            "Training MSE by network and optimiser at the end of the longest length that all have (surface without noise).",
        ),
        Figure(
            "main-effects",
            reading.main_effects,
            "Main effects of batch size, learning rate and Nesterov's momentum on the training MSE, all twelve (or eight) combinations "
            "trained equally long (surface without noise).",
        ),
        Figure(
            "main-effects-epochs",
            reading.main_effects_epochs,
            "The same for the epochs to half of the surface's variance; a run that stays above it counts as one epoch more than it has.",
        ),
        Figure(
            "stability", reading.stability, "Training MSE of every seed on the 50-50 network, all equally long (surface without noise)."
        ),
        Figure(
            "seconds-by-epochs",
            reading.seconds_by_epochs,
            "Seconds since the start by epoch, timed cells (50-50 network): a straight line of slope one is proportional.",
        ),
        Figure(
            "seconds-by-size",
            reading.seconds_by_size,
            "Milliseconds an epoch by network and optimiser, timed cells, one network at a time.",
        ),
        Figure(
            "gap-by-size",
            reading.gap_by_size,
            "Validation over training MSE by network and optimiser with noise 0.3 on the targets: above 1 the noise is being fitted.",
        ),
    ],
    tables=[
        Table("sizes", tables.sizes, "Errors by network and optimiser, all equally long (surface without noise)."),
        Table("ranking", tables.ranking, "Settings on the 50-50 network by training MSE, all equally long (surface without noise)."),
        Table("speed", tables.speed, "Epochs and seconds to a tenth of the surface's variance (50-50 network); seconds from timed cells."),
        Table("best-epochs", tables.best_epochs, "Epoch of the lowest training and of the lowest validation loss."),
        Table("lengths", tables.lengths, "Training MSE and seconds of the handout's settings at each length, 50-50 network."),
        Table("seeds", tables.seeds, "Training MSE on the 50-50 network over seeds."),
        Table("memory", tables.memory, "Parameters, bytes an optimiser keeps, most bytes held while training (50-50 network)."),
        Table("noisy", tables.noisy, "Fitting and learning with noise 0.3 on the targets."),
    ],
    claims=CLAIMS,
)
