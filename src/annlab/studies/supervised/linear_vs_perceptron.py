"""Can one linear neuron fit a sine, what does its learning rate decide, and what does a hidden layer change?

The target is y = -sin(0.8 pi x) (a variant without pi, as the handout has it) at 50 points x = linspace(0, 3, 50). A neuron with the
identity as activation is linear regression: gradient descent on its mean squared error is compared with the closed form, at rates
0.2, 0.02, 0.0002, 0.25 and 0.3 over 2000 epochs. The loss is quadratic, so its Hessian's largest eigenvalue predicts the largest stable
rate, 2 / lambda; a sweep of rates measures it. A second net has 10 sigmoid units (Adam 0.1, batches of 25, 300 epochs). Widths 0 to
50 trained to the bottom by Levenberg-Marquardt, with and without noise on the targets, show under- and overfitting; held out are 200 points
drawn uniformly from the same range.

The reports leave open where the weights start and when a loss has settled: both are parameters. ``glorot`` starts from
U(-sqrt(6 / (inputs + outputs)), the same) and zero biases, as the handout does; ``uniform`` from U(-1, 1) / sqrt(inputs), biases too. A
loss has settled at the first epoch from which it stays within ``criterion`` of its last value, and not at all where that is in the last
tenth of the epochs. Everything runs in float64.

quick | standard | full: 26 x 10 x 300 | 76 x 10 x 1500 | 76 x 30 x 1500 updates, estimated 6 | 40 | 110 seconds on two cores
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.measure import regression as measure
from annlab.nets import StackedMLP
from annlab.studies.supervised import linear_vs_perceptron_answers as answers
from annlab.studies.supervised import linear_vs_perceptron_reading as reading
from annlab.studies.supervised.linear_vs_perceptron_claims import CLAIMS
from annlab.studies.supervised.linear_vs_perceptron_exact import (
    LOSS_WINDOW,
    X,
    closed_form,
    critical_rate,
    design,
    falls,
    plateau,
    settled_epoch,
    sine,
)
from annlab.train import Recipe, fit_stacked

if TYPE_CHECKING:
    from annlab.lab import Context, Streams
    from annlab.train import History

HELD_OUT = 200
LOST = 1e12
"""Growth of the loss beyond which a run counts as lost; larger numbers are not told apart."""
PATH = 60
"""Epochs of which the weights of the linear neuron are kept."""
RELATIVE = np.unique(np.round(np.concatenate([np.linspace(0.1, 1.2, 45), np.linspace(0.96, 1.04, 17)]), 6))
"""Rates of the sweep, as shares of the predicted largest stable one."""


@dataclass(frozen=True)
class Params:
    """Target, network and training; `sweep` measures the largest stable rate instead of training at one."""

    target: Literal["pi", "plain"] = "pi"
    noise: float = 0.0
    hidden: int = 0
    output: Literal["identity", "sigmoid", "tanh", "relu"] = "identity"
    init: Literal["glorot", "uniform"] = "glorot"
    optimizer: str = "sgd"
    learning_rate: float = 0.2
    batch_size: int | None = None
    epochs: int = 2000
    criterion: float = 1e-4
    sweep: bool = False


def recipe(params: Params, rates: Any) -> Recipe:
    """Training of a cell: no early stopping, divergence recorded."""
    return Recipe(
        optimizer=params.optimizer,
        learning_rate=rates,
        batch_size=params.batch_size,
        max_epochs=params.epochs,
        restore_best=False,
        on_divergence="record",
    )


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Train the replicates of a job and measure each."""
    streams = [ctx.streams.of(r) for r in ctx.replicates]
    if params.sweep:
        return _swept(params, streams)
    clean = sine(X, params.target)
    y = np.stack([clean + params.noise * stream("noise").normal(size=X.size) for stream in streams])
    places = np.stack([stream("data").uniform(X[0], X[-1], HELD_OUT) for stream in streams])
    truth = sine(places, params.target)
    unseen = truth + np.stack([params.noise * stream.child("noise", "held out").normal(size=HELD_OUT) for stream in streams])
    stack = _network(params, streams)
    with torch.no_grad():
        start = measure.mse(y, stack(torch.from_numpy(X)[:, None])[..., 0].numpy(), axis=1)
    orders = [stream.torch("order") for stream in streams]
    history = fit_stacked(stack, X[:, None], y[..., None], recipe(params, params.learning_rate), orders=orders)
    paths = _paths(params, streams, y)
    with torch.no_grad():
        predicted = stack(torch.from_numpy(X)[:, None])[..., 0].numpy()
        seen = stack(torch.from_numpy(places)[..., None])[..., 0].numpy()
    return [
        _measured(params, y[r], predicted[r], (truth[r], unseen[r], seen[r]), history.of(r), float(start[r]), paths[r])
        for r in range(len(streams))
    ]


def _paths(params: Params, streams: "list[Streams]", y: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Weight and bias of the linear neuron over the first epochs, the same steps taken again; nothing for a hidden layer."""
    if params.hidden:
        return [{} for _ in streams]
    stack = _network(params, streams)
    begun = [(stack.weights[0][r, 0, 0].item(), stack.biases[0][r, 0].item()) for r in range(len(streams))]
    history = fit_stacked(
        stack,
        X[:, None],
        y[..., None],
        replace(recipe(params, params.learning_rate), max_epochs=min(params.epochs, PATH)),
        orders=[stream.torch("order") for stream in streams],
        monitors={"w": lambda net: net.weights[0][:, 0, 0].numpy(), "b": lambda net: net.biases[0][:, 0].numpy()},
    )
    found = []
    for r, (w, b) in enumerate(begun):
        columns = history.of(r).columns
        path = {"w": np.concatenate([[w], columns["w"]]), "b": np.concatenate([[b], columns["b"]])}
        found.append({"epoch": np.arange(len(path["w"])), **path})
    return found


def _network(params: Params, streams: "list[Streams]", copies: int = 1) -> StackedMLP:
    """A network a replicate, `copies` of each, all of them with the same start."""
    sizes, activations = ((params.hidden,), ("sigmoid", params.output)) if params.hidden else ((), (params.output,))
    draws = [stream.torch("init") for stream in streams for _ in range(copies)]
    stack = StackedMLP(len(draws), 1, sizes, 1, activation=activations, generators=draws, dtype=torch.float64)
    if params.init == "glorot":
        with torch.no_grad():
            for weight, bias in zip(stack.weights, stack.biases, strict=True):
                inputs, outputs = weight.shape[1:]
                weight.mul_(np.sqrt(inputs) * np.sqrt(6.0 / (inputs + outputs)))  # drawn from U(-1, 1) / sqrt(inputs)
                bias.zero_()
    return stack


def _measured(
    params: Params,
    y: np.ndarray,
    predicted: np.ndarray,
    held_out: tuple[np.ndarray, np.ndarray, np.ndarray],
    history: "History",
    start: float,
    path: dict[str, np.ndarray],
) -> Outcome:
    columns = history.columns
    losses = np.concatenate([[start], columns["train_loss"]])
    diverged = int(history.diverged_epoch)
    finite = losses[np.isfinite(losses)]
    growth = min(finite[-1] / start, LOST)
    lost = diverged > 0 or growth == LOST
    truth, unseen, seen = held_out
    slope, intercept = closed_form(X, y)
    best = measure.mse(y, slope * X + intercept)
    train = np.inf if lost else float(measure.mse(y, predicted))
    flat = plateau(losses) if params.hidden else (np.nan, np.nan)
    first, last = LOSS_WINDOW
    long_enough = len(losses) > last and np.isfinite(losses).all()
    metrics = {
        "train_mse": train,
        "unexplained": train / y.var(),
        "r2": 1.0 - train / y.var(),
        "held_out_mse": np.inf if lost else measure.mse(unseen, seen),
        "held_out_clean_mse": np.inf if lost else measure.mse(truth, seen),
        "gap_ratio": np.nan if lost else measure.mse(unseen, seen) / max(train, 1e-16),
        "closed_form_mse": best,
        "distance": np.nan if params.hidden or lost else max(_distance(predicted, slope * X + intercept), 1e-16),
        "settled_epoch": params.epochs + 1 if lost else settled_epoch(losses, params.criterion),
        "fall_per_ten_epochs": np.nan if lost else 10 * (start - losses[-1]) / params.epochs,
        "growth": growth,
        "diverged_epoch": diverged,
        "falls": falls(losses),
        "updates_per_epoch": -(-X.size // (params.batch_size or X.size)),
        "plateau_from": flat[0],
        "plateau_to": flat[1],
        "plateau_length": 0 if np.isnan(flat[0]) else flat[1] - flat[0] + 1,
        "window_ratio": losses[last] / losses[first] if long_enough else np.nan,
        "later_ratio": losses[-1] / losses[last] if long_enough else np.nan,
    }
    epochs = np.arange(len(losses))
    kept = np.unique(np.concatenate([epochs[:301], np.geomspace(1, len(losses), 100).astype(int) - 1]))
    series = {"curves": {"epoch": epochs[kept], "train_loss": losses[kept]}} | ({"path": path} if path else {})
    return Outcome(metrics, {"train": float(columns["seconds"][-1])}, series, {"prediction": predicted, "target": y})


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Distance of two lines over the points `X` in slope and intercept."""
    return float(np.hypot(*np.linalg.lstsq(design(X), first - second, rcond=None)[0]))


def _swept(params: Params, streams: "list[Streams]") -> list[Outcome]:
    """Each start trained at every rate of `RELATIVE`, all of them in one stack: the largest rate below which all are stable."""
    predicted = critical_rate(design(X))
    rates = predicted * RELATIVE
    stack, y = _network(params, streams, copies=len(rates)), sine(X, params.target)
    with torch.no_grad():
        begun = stack(torch.from_numpy(X)[:, None])[..., 0].numpy()
    starts = ((begun - y) ** 2).mean(axis=1)
    orders = [stream.torch("order") for stream in streams for _ in rates]
    history = fit_stacked(stack, X[:, None], y[:, None], recipe(params, [*rates] * len(streams)), orders=orders)
    losses, stops = history.columns["train_loss"], np.asarray(history.stopped_epoch)
    ended = losses[stops - 1, np.arange(len(stops))]
    growth = np.where(np.asarray(history.diverged_epoch) > 0, np.inf, ended / starts).reshape(len(streams), len(rates))
    outcomes = []
    for each in growth:
        unstable = ~(each < 1.0)
        critical = float(rates[max(0, int(unstable.argmax()) - 1)] if unstable.any() else rates[-1])
        metrics = {"critical_rate": critical, "predicted_rate": predicted, "critical_share": critical / predicted}
        shown = {"learning_rate": rates, "relative_rate": RELATIVE, "growth": np.minimum(each, LOST)}
        outcomes.append(Outcome(metrics, {"train": float(history.columns["seconds"][-1])}, {"sweep": shown}))
    return outcomes


METRICS = {
    "train_mse": Metric("training MSE", scale="log", better="lower"),
    "unexplained": Metric("training MSE over the variance of the target", better="lower"),
    "r2": Metric("R² on the training points", better="higher"),
    "held_out_mse": Metric("held-out MSE", scale="log", better="lower"),
    "held_out_clean_mse": Metric("held-out MSE, clean targets", scale="log", better="lower"),
    "gap_ratio": Metric("held-out over training MSE", scale="log", better="lower"),
    "closed_form_mse": Metric("MSE of the least-squares line", scale="log"),
    "distance": Metric("distance of (w, b) from the closed form", scale="log", better="lower"),
    "settled_epoch": Metric("epoch at which the loss has settled (past the last: never)", scale="log", better="lower"),
    "fall_per_ten_epochs": Metric("fall of the loss in ten epochs, mean"),
    "growth": Metric("last finite loss over the first, at most 10¹²", scale="log", better="lower"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
    "falls": Metric("share of epochs that lower the loss", better="higher"),
    "updates_per_epoch": Metric("weight updates in an epoch"),
    "plateau_from": Metric("first epoch of the plateau"),
    "plateau_to": Metric("last epoch of the plateau"),
    "plateau_length": Metric("length of the plateau", "epochs"),
    "window_ratio": Metric("loss at epoch 70 over that at 30", scale="log"),
    "later_ratio": Metric("loss at the end over that at epoch 70", scale="log"),
    "critical_rate": Metric("largest stable rate, measured", scale="log"),
    "predicted_rate": Metric("largest stable rate, predicted", scale="log"),
    "critical_share": Metric("measured over predicted rate", scale="log"),
}

SECOND_NET: dict[str, list[Any]] = {"hidden": [10], "optimizer": ["adam"], "learning_rate": [0.1], "epochs": [300]}
WIDTHS = [0, 1, 2, 3, 5, 10, 20, 50]


def cells(rates: list[float], widths: list[int], outputs: list[str], batches: list[int | None], steps: int, **further: list[Any]) -> Grid:
    """Linear neurons by rate, both targets, batch sizes for both nets, sweeps of the rate, output activations, widths."""
    return (
        grid(learning_rate=rates, **further)
        + grid(target=["plain"], learning_rate=[0.2])
        + grid(learning_rate=[0.02], batch_size=batches, epochs=[300])
        + grid(sweep=[True], batch_size=batches[:-1], epochs=[300])
        + grid(output=outputs, batch_size=[25], **SECOND_NET)
        + grid(batch_size=batches, **SECOND_NET)
        + grid(target=["plain"], batch_size=[25], **SECOND_NET)
        + grid(hidden=widths, noise=[0.0, 0.3], optimizer=["levenberg_marquardt"], epochs=[steps])
    )


OUTPUTS = ["identity", "sigmoid", "tanh", "relu"]

study = Study(
    name="linear-vs-perceptron",
    title="A linear neuron and a perceptron on a sine",
    sheet={"2024": "1.1", "C": "1.1"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cells(
        [0.2, 0.02, 0.0002, 0.25, 0.3],
        WIDTHS,
        OUTPUTS,
        [None, 25, 10, 5, 1],
        200,
        init=["glorot", "uniform"],
        batch_size=[None, 25],
        criterion=[1e-4, 1e-3],
    )
    + grid(learning_rate=[0.2], epochs=[35]),
    replicates=10,
    stacked=True,
    profiles={
        "quick": overrides(grid=cells([0.2, 0.02, 0.0002, 0.25, 0.3], [0, 2, 5, 20], OUTPUTS, [None, 25, 10], 60), epochs=400),
        "standard": overrides(),
        "full": overrides(replicates=30),
    },
    cost=lambda params: params.epochs * (0.0002 + 0.00015 * -(-50 // (params.batch_size or 50))) * (3 if params.sweep else 1),
    metrics=METRICS,
    questions=[
        Question("What is the difference between a perceptron and linear regression?", answers.perceptron_and_regression, "1.1"),
        Question("Does the linear neuron underfit or overfit, and what do hidden units change?", answers.under_and_overfitting, "1.1"),
        Question("What does the learning rate decide?", answers.learning_rate, "1.1"),
        Question("Does every epoch lower the loss?", answers.every_epoch, "1.1"),
    ],
    figures=[
        Figure("fits", reading.fits, "The 50 points (sine with pi, no noise) and what the linear neuron and the second net make of them."),
        Figure(
            "loss-by-rate",
            reading.loss_by_rate,
            "Training loss of the linear neuron by epoch at each learning rate (full batch; epoch 0 is the start). "
            "A rate above the largest stable one leaves the picture.",
        ),
        Figure(
            "loss-surface",
            reading.loss_surface,
            "The mean squared error of a line over its two weights, and the first 60 epochs of gradient descent on it (replicate 0, "
            "full batch); the cross is the closed form.",
        ),
        Figure(
            "largest-stable-rate",
            reading.stability,
            "Loss after 300 epochs over the loss before, by learning rate as a share of the rate that the Hessian predicts as the "
            "largest stable one; values are cut at a million, beyond which training diverges.",
        ),
        Figure("epochs-that-help", reading.helping_epochs, "Share of epochs that lower the training loss, by batch size (300 epochs)."),
        Figure(
            "second-net",
            reading.second_net,
            "Training loss of the second net (10 sigmoid units, Adam 0.1) by epoch at each batch size.",
        ),
        Figure(
            "outputs", reading.outputs, "The second net with four activations at its output, fitted to the sine (batch 25, 300 epochs)."
        ),
        Figure(
            "width-without-noise",
            reading.widths_clean,
            "Training and held-out error by number of hidden units, no noise (Levenberg-Marquardt; 0 units is the line).",
        ),
        Figure(
            "width-with-noise",
            reading.widths_noisy,
            "The same with noise of standard deviation 0.3 on the targets; the held-out points have noisy and clean targets.",
        ),
    ],
    tables=[
        Table("rates", reading.rate_table, "The linear neuron at each learning rate (full batch)."),
        Table("stability", reading.stability_table, "The largest stable rate, predicted from the Hessian of the full batch and measured."),
        Table("second-net", reading.second_table, "The second net: output activations and batch sizes, both targets."),
        Table("width", reading.width_table, "Under- and overfitting by number of hidden units."),
    ],
    claims=CLAIMS,
)
