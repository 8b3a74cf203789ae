"""What makes a better autoencoder of handwritten digits: a larger code, other batches, longer training, or another network?

The handout's network, 784-d-784 with rectified code and sigmoid output, is trained on the squared error by Adam (rate 0.001).
Errors are for each pixel, so that all compare; what the handout prints, the mean of the batches' errors while training times the batch
size, is kept beside. Of the 60,000 training images each replicate draws 2000 to hold out, the same for all its cells, and others to
train on: 8000 (80 of 100 parts of the handout's 10,000 images, as reports A and E split), or all 10,000 (report C). An epoch's numbers
are read from the curve of a longer run, which the rate, being constant, leaves as they are. The code and batch with the lowest
held-out error alone meet the test images in the final stage; two cells whose test error a report prints record theirs too and choose
nothing.

Choices where the reports are silent: the optimiser and rate are the handout's; 48,000 and 58,000 training images are variants in full;
sharpness, for what they say of blur, is the energy of the Laplacian of 200 held-out reconstructions over that of the originals; a loss
is stable from the epoch after which no five epochs lower it by 5 % more. Every change of the base (code 32, batch 64) is one alone,
trained for 20 epochs in standard and for 60 in full.

quick | standard | full: 9 x 5 x ~100 | 33 x 5 x ~15000 | 56 x 5 x ~60000 updates, estimated 4 | 820 | 5000 seconds on two cores
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data import holdout, require
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, best, overrides
from annlab.studies.features import autoencoder_mnist_answers as answers
from annlab.studies.features import autoencoder_mnist_reading as reading
from annlab.studies.features.autoencoder_mnist_claims import CLAIMS
from annlab.studies.features.autoencoder_mnist_grid import SEARCHED, full, quick, standard
from annlab.studies.features.autoencoder_mnist_training import SHARP, Fitted, Part, as_bytes, components, sharpness, train

if TYPE_CHECKING:
    from annlab.lab import Context, Streams

WINDOW, FALL = 5, 0.05
"""A loss is stable once no so many epochs lower it by a larger share."""


@dataclass(frozen=True)
class Params:
    """Network, training and data; `training` and `validation` are numbers of images."""

    data: str = "mnist"
    model: Literal["autoencoder", "convolutional", "pca"] = "autoencoder"
    code_size: int = 32
    hidden_sizes: tuple[int, ...] = ()
    activation: str = "relu"
    output_activation: str = "sigmoid"
    loss: Literal["mse", "bce"] = "mse"
    optimizer: str = "adam"
    learning_rate: float = 0.001
    batch_size: int = 64
    epochs: int = 60
    denoising: float = 0.0
    dropout: float = 0.0
    batch_norm: Literal["none", "input", "hidden"] = "none"
    weight_decay: float = 0.0
    training: int = 8000
    validation: int = 2000
    test: bool = False
    timed: bool = False


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Train or fit the replicates of a job and measure them on held-out images."""
    return _measure(params, ctx, test=params.test)


def final(params: Params, ctx: "Context") -> list[Outcome]:
    """The selected code and batch, measured on the test images, which nothing before has seen."""
    return _measure(params, ctx, test=True)


def _measure(params: Params, ctx: "Context", *, test: bool) -> list[Outcome]:
    data = ctx.data(params.data)
    images, labels = data["X_train"].reshape(len(data["X_train"]), -1), data["y_train"]
    tested = data["X_test"].reshape(len(data["X_test"]), -1) if test else None
    streams = [ctx.streams.of(r) for r in ctx.replicates]
    held = [_split(params, len(images), stream) for stream in streams]
    parts = [Part(images[seen], images[kept], _first_of_each(labels[kept]), tested) for kept, seen in held]
    if params.model == "pca":
        fitted = [components(params, part) for part in parts]
    else:
        fitted = train(Params(**{**vars(params), "test": test}), parts, streams)
    return [
        _outcome(params, each, part, labels[kept], r) for each, part, (kept, _), r in zip(fitted, parts, held, ctx.replicates, strict=True)
    ]


def _split(params: Params, n: int, streams: "Streams") -> tuple[np.ndarray, np.ndarray]:
    """Rows held out, the same whatever is trained on, and rows to train on."""
    kept, seen = holdout(n, [params.validation, params.training], streams("split"))
    return kept, seen


def _first_of_each(labels: np.ndarray) -> np.ndarray:
    """Place of the first image of each class."""
    return np.array([np.flatnonzero(labels == label)[0] for label in np.unique(labels)])


def _outcome(params: Params, fitted: Fitted, part: Part, labels: np.ndarray, replicate: int) -> Outcome:
    truth = part.held_out / 255.0
    squares = np.square(fitted.reconstructed - truth).mean(axis=1)
    digits = np.unique(labels)
    metrics: dict[str, float] = {
        "validation_mse": float(squares.mean()),
        "train_mse": fitted.trained,
        "mean_image_mse": float(np.square(truth - (part.training / np.float32(255)).mean(axis=0)).mean()),
        "sharpness": sharpness(fitted.reconstructed[:SHARP], truth[:SHARP]),
        "parameters": float(fitted.parameters),
    }
    series: dict[str, Any] = {"by_digit": {"digit": digits, "mse": np.array([squares[labels == digit].mean() for digit in digits])}}
    timings: dict[str, float] = {}
    if fitted.history is not None:
        columns = fitted.history.columns
        losses, epochs = columns["train_loss"], columns["epoch"]
        metrics |= {
            "printed": float(losses[-1] * params.batch_size),
            "settled": float(settled(losses)),
            "dead_units": float((fitted.codes.max(axis=0) <= 0).mean()) if params.activation == "relu" else 0.0,
            "diverged_epoch": float(fitted.history.diverged_epoch),
        }
        curves = {"epoch": epochs, "train_loss": losses, "printed": losses * params.batch_size}
        series["curves"] = curves | {name: columns[name] for name in ("validation_mse", "sharpness") if name in columns}
        timings = {f"epochs_{epoch}": float(columns["seconds"][epoch - 1]) for epoch in (1, 5, 20, 100) if epoch <= len(epochs)}
        timings["epoch"] = float(columns["seconds"][-1] / len(epochs))
    if fitted.tested is not None:
        metrics["test_mse"] = fitted.tested
    arrays: dict[str, np.ndarray] = {}
    if replicate == 0:
        arrays = {"originals": part.held_out[part.shown], "shown": as_bytes(fitted.reconstructed[part.shown])}
        arrays |= {f"shown_{epoch}": shown for epoch, shown in fitted.shown.items()}
        if fitted.filters is not None and not params.hidden_sizes:
            arrays["filters"] = np.asarray(fitted.filters[:16], dtype=np.float32)
    return Outcome(metrics, timings, series, arrays)


def settled(losses: np.ndarray) -> int:
    """First epoch after which no `WINDOW` epochs lower the loss by a share of more than `FALL`; the last one where they still do."""
    falls = losses[WINDOW:] < (1 - FALL) * losses[:-WINDOW]
    if not len(falls) or falls[-1]:
        return len(losses)
    return int(np.flatnonzero(falls)[-1]) + 2 if falls.any() else 1


METRICS = {
    "validation_mse": Metric("held-out MSE per pixel", scale="log", better="lower"),
    "train_mse": Metric("training MSE per pixel", scale="log", better="lower"),
    "test_mse": Metric("test MSE per pixel", scale="log", better="lower"),
    "mean_image_mse": Metric("held-out MSE of the mean image", scale="log"),
    "printed": Metric("loss as printed (running loss times batch size)", scale="log", better="lower"),
    "sharpness": Metric("sharpness (Laplacian energy over the original's)"),
    "settled": Metric("epochs until the training loss is stable", better="lower"),
    "dead_units": Metric("code units that are never above zero, share", better="lower"),
    "parameters": Metric("parameters", scale="log"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
}


def cost(params: Params) -> float:
    """Rough seconds of one job: products of a step, and the pixels of its batch."""
    if params.model == "pca":
        return 0.5
    steps = params.epochs * params.training / params.batch_size
    if params.model == "convolutional":
        return 0.2 + steps * params.batch_size * 2e-4
    weights = 784 * (params.code_size if not params.hidden_sizes else params.hidden_sizes[0] * 1.1)
    return 0.2 + 3 * steps * (2e-4 + weights * (4.5e-9 + params.batch_size * 1.5e-10) + params.batch_size * 2e-6)


study = Study(
    name="autoencoder-mnist",
    title="Autoencoders of handwritten digits",
    sheet={"2024": "3.1", "C": "3.2"},
    version=1,
    params=Params(),
    trial=trial,
    final=final,
    select=best("validation_mse", **SEARCHED),
    grid=standard(),
    replicates=5,
    stacked=lambda params: params.model == "autoencoder",
    block=5,
    timed=lambda params: params.timed,
    data=lambda params: (require(params.data, task="classification", shape={"X_train": (None, 28, 28)}).name,),
    profiles={
        "quick": overrides(grid=quick(), data="digits28", training=800, validation=300, epochs=6, learning_rate=0.01),
        "standard": overrides(),
        "full": overrides(grid=full()),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("What makes a better autoencoder?", answers.better, "3.1"),
        Question("What does the size of the code do?", answers.size, "3.1"),
        Question("How long is it worth training, and what does time depend on?", answers.how_long, "3.2"),
        Question("What does an autoencoder find that principal components do not?", answers.components, "3.1"),
        Question("How sharp are the reconstructions, and which digits are hardest?", answers.sharp, "3.2"),
    ],
    figures=[
        Figure("same-digits", reading.same_digits, reading.same_digits_caption),
        Figure("errors", reading.error_maps, reading.errors_caption),
        Figure(
            "by-code", reading.by_code, reading.caption("Held-out error by code size and batch size, and of as many principal components")
        ),
        Figure(
            "by-epoch",
            reading.by_epoch,
            reading.caption("Held-out error by epoch for every code at the smallest batch; bands are 95 % intervals"),
        ),
        Figure("sharpness", reading.by_sharpness, reading.caption("Sharpness of held-out reconstructions by epoch; the original is 1")),
        Figure("changes", reading.changes_figure, reading.changes_caption),
        Figure("by-digit", reading.by_digit, reading.caption("Held-out error of each digit by code size at the smallest batch")),
        Figure("filters", reading.filters, reading.filters_caption),
    ],
    tables=[
        Table(
            "codes-and-batches", reading.codes_table, "Codes and batches at the end of training, mean and 95 % interval over replicates."
        ),
        Table(
            "changes",
            reading.changes_table,
            "Each change of the base network, ranked by held-out error; those that share a letter cannot be told apart.",
        ),
        Table("components", reading.components_table, "Autoencoder and principal components of the same number."),
    ],
    claims=CLAIMS,
)
