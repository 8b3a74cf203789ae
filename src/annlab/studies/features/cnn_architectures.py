"""Which convolutional network reads handwritten digits best, what does each choice change, and what does it cost?

The handout's network is four convolutions with stride 2, each with batch normalisation and rectifier, and dense layers of 256, 100 and
10; report-A reads its last convolution as 32 maps, report-C its last two as 64. Around it and around report-D's network one thing at a
time is changed: depth, filters, kernels and their order, stride, pooling, activation, batch normalisation, dropout, dense layers; and
four variants of report-C and a tuned one of report-A are trained. Sizes, parameters and operations are computed before training.

Adam at 0.001, batches of 100, 20 epochs, the first 10,000 training and 2000 test images of MNIST, as the handout says; no validation
images are held out, nothing is stopped or chosen by the test images, and all numbers are those after the last epoch. What the reports
leave out is ours: strides and dropout of report-C's variants (`-wide` is their other reading), kernels of report-A's best. Roughness is
the standard deviation of the change of the test accuracy from epoch to epoch, over the second half of training. The better recipe (five
convolutions, moved digits, one-cycle rate, label smoothing, 12 epochs of all images) was chosen between two by 10,000 training images
held out, one run each; what it then does on the test images chose nothing.

quick | standard | full: 8 x 3 x 40 | 9 x 5 x 2000 | 50 x 5 x 2000 updates, estimated 5 | 1100 | 27000 seconds on two cores
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.data import require
from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, cases, overrides
from annlab.measure.classification import confusion_counts, mistakes
from annlab.nets.layered import LayeredNet
from annlab.studies.features import cnn_architectures_answers as answers
from annlab.studies.features import cnn_architectures_reading as reading
from annlab.studies.features.cnn_architectures_claims import CLAIMS
from annlab.studies.features.cnn_architectures_networks import CASES, FEW, STANDARD, Params, dense_inputs, layers_of, shapes_of
from annlab.train import Recipe
from annlab.train.augment import Shift
from annlab.train.evaluation import dataset_outputs
from annlab.train.images import fit_images
from annlab.train.tensors import as_tensor

if TYPE_CHECKING:
    import torch

    from annlab.lab import Context

TARGET = 0.98
"""Accuracy whose epoch is recorded."""
MISTAKES, MAPS = 8, 8


def trial(params: Params, ctx: "Context") -> Outcome:
    """Train one network, watch its test accuracy by epoch, and measure it after the last."""
    import torch

    data, streams = ctx.data(params.data), ctx.streams
    device = torch.device(ctx.device)
    X, y = (as_tensor(data[name][: params.images], device, None) for name in ("X_train", "y_train"))
    X_test, y_test = (as_tensor(data[name][: params.test_images], device, None) for name in ("X_test", "y_test"))
    net = LayeredNet((*X.shape[1:], 1), layers_of(params), streams.torch("init")).to(device)

    def accuracy(trained: Any) -> float:
        return float((dataset_outputs(trained, X_test, torch.float32).argmax(1) == y_test).float().mean())

    history = fit_images(
        net,
        X[..., None],
        y,
        Recipe(
            loss="cross_entropy",
            learning_rate=params.learning_rate,
            schedule=params.schedule,
            batch_size=min(params.batch_size, len(X)),
            max_epochs=params.epochs,
            running_loss=True,
        ),
        augmentation=[Shift(params.shift)] if params.shift else (),
        augment=streams.torch("order", "augmentation", device=device),
        label_smoothing=params.label_smoothing,
        mixed_precision=device.type == "cuda",
        monitors={"test_accuracy": accuracy},
        order=streams.torch("order"),
        dropout=streams.torch("dropout", device=device),
        progress=ctx.report,
    )
    columns = history.frame()
    seconds = np.asarray(columns["seconds"])
    metrics = {**_curve(np.asarray(columns["test_accuracy"])), **_after(net, X, y, X_test, y_test), **_sizes(params)}
    outputs = torch.softmax(dataset_outputs(net, X_test, torch.float32), 1).cpu().numpy()
    arrays = {"confusion": confusion_counts(y_test.cpu().numpy(), outputs.argmax(1), 10)}
    if ctx.replicate == 0:
        arrays |= _shown(net, X_test.cpu(), y_test.cpu().numpy(), outputs)
    timings = {"train": float(seconds[-1]), "epoch": float(seconds[-1] / params.epochs)}
    return Outcome({name: float(value) for name, value in metrics.items()}, timings, {"curves": columns}, arrays)


def _curve(accuracy: np.ndarray) -> dict[str, float]:
    """What the test accuracy by epoch says; epochs that never come count as one more than were trained."""
    half = len(accuracy) // 2
    changes = np.diff(accuracy[max(0, half - 1) :])
    reached = np.flatnonzero(accuracy >= TARGET)
    return {
        "test_accuracy": accuracy[-1],
        "accuracy_first": accuracy[0],
        "accuracy_early": accuracy[min(2, len(accuracy) - 1)],
        "late_gain": accuracy[-1] - accuracy[half - 1],
        "roughness": changes.std() if len(changes) else 0.0,
        "epochs_98": reached[0] + 1 if len(reached) else len(accuracy) + 1,
    }


def _after(net: LayeredNet, X: "torch.Tensor", y: "torch.Tensor", X_test: "torch.Tensor", y_test: "torch.Tensor") -> dict[str, float]:
    """Accuracy and loss on both sets after training, in evaluation mode."""
    import torch
    from torch.nn import functional

    found = {}
    for name, images, truth in (("train", X, y), ("test", X_test, y_test)):
        outputs = dataset_outputs(net, images, torch.float32)
        found[f"{name}_loss"] = float(functional.cross_entropy(outputs, truth))
        found[name] = float((outputs.argmax(1) == truth).float().mean())
    return {
        "train_accuracy": found["train"],
        "test_loss": found["test_loss"],
        "gap": found["train"] - found["test"],
        "loss_gap": found["test_loss"] - found["train_loss"],
    }


def _sizes(params: Params) -> dict[str, float]:
    """What is known before training."""
    rows = shapes_of(params)
    return {
        "parameters": sum(row.parameters for row in rows),
        "operations": sum(row.flops for row in rows),
        "dense_inputs": dense_inputs(params),
    }


def _shown(net: LayeredNet, images: "torch.Tensor", truth: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Images of the most confident mistakes, filters of the first layer, and the maps of one digit."""
    import torch

    predicted, confidence = probabilities.argmax(1), probabilities.max(1)
    wrong = mistakes(truth, predicted, confidence)[:MISTAKES]
    kept = {
        "mistakes": images[wrong].numpy(),
        "mistaken": np.stack([truth[wrong], predicted[wrong]]),
        "confidence": confidence[wrong].astype(np.float32),
    }
    net = net.cpu()
    parts: Any = list(net.parts.items())
    if parts[0][0].endswith("_Conv"):
        kept["filters"] = parts[0][1].weight.detach().numpy()[:, 0].copy()
    x = images[:1, None].float() / 255.0
    kept["digit"], number = images[:1].numpy(), 0
    with torch.no_grad():
        for name, part in parts:
            x = part(x)
            if x.ndim == 4 and name.endswith(("ReLU", "Tanh", "Sigmoid")):
                number += 1
                kept[f"maps_{number}"] = x[0, :MAPS].numpy().astype(np.float32)
    return kept


METRICS = {
    "test_accuracy": Metric("test accuracy", scale="logit", better="higher"),
    "train_accuracy": Metric("training accuracy", scale="logit", better="higher"),
    "test_loss": Metric("test loss", "nats", scale="log", better="lower"),
    "gap": Metric("training less test accuracy", better="lower"),
    "loss_gap": Metric("test less training loss", "nats", better="lower"),
    "accuracy_first": Metric("test accuracy after one epoch", better="higher"),
    "accuracy_early": Metric("test accuracy after three epochs", better="higher"),
    "late_gain": Metric("accuracy gained in the second half", better="higher"),
    "roughness": Metric("epoch-to-epoch roughness of the accuracy", better="lower"),
    "epochs_98": Metric("epochs to 98 % (one more than trained: never)", better="lower"),
    "parameters": Metric("parameters", scale="log", better="lower"),
    "operations": Metric("operations for one image", scale="log", better="lower"),
    "dense_inputs": Metric("inputs of the first dense layer"),
}


def chosen(names: Any) -> Grid:
    """Cells by their names."""
    return cases(**{name: dict(CASES[name]) for name in names})


def cost(params: Params) -> float:
    """Rough seconds of one job on one core."""
    operations = sum(row.flops for row in shapes_of(params))
    return 0.2 + params.images / 10_000 * params.epochs * (1.0 + 0.6e-6 * operations)


study = Study(
    name="cnn-architectures",
    title="Architectures of convolutional networks",
    sheet={"2024": "3.2", "C": "3.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=chosen(CASES),
    replicates=5,
    profiles={
        "quick": overrides(grid=chosen(FEW), replicates=3, data="digits28", images=300, test_images=200, epochs=4, batch_size=30),
        "standard": overrides(grid=chosen(STANDARD)),
        "full": overrides(),
    },
    data=lambda params: (require(params.data, task="classification", shape={"X_train": (None, 28, 28), "X_test": (None, 28, 28)}).name,),
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("How large are the maps of the provided network, and where are its parameters?", answers.sizes, "3.2.1"),
        Question("How do the readings of the provided network and the reports' networks compare?", answers.networks, "3.2.2"),
        Question("Which choices change the accuracy, and which do not?", answers.factors, "3.2.2"),
        Question("What do batch normalisation, dropout and pooling change in training?", answers.training, "3.2.2"),
        Question("What does accuracy cost in parameters and in operations?", answers.cost_of_accuracy, "3.2.2"),
    ],
    figures=[
        Figure("accuracy-by-epoch", reading.by_epoch, reading.epoch_caption),
        Figure("factors-of-d", reading.factors_of_d, reading.factors_caption("report-D's network")),
        Figure("factors", reading.factors_of_handout, reading.factors_caption("the handout's network")),
        Figure("accuracy-and-cost", reading.trade_off, reading.trade_off_caption),
        Figure("accuracy-strip", reading.strip, reading.strip_caption),
        Figure("confusion", reading.confusion, reading.confusion_caption),
        Figure("mistakes", reading.mistakes, reading.mistakes_caption),
        Figure("filters", reading.filters, reading.filters_caption),
        Figure("feature-maps", reading.feature_maps, reading.maps_caption),
    ],
    tables=[
        Table("layers", reading.layers_table, "The handout's network, layer by layer, for images of 28 x 28 pixels."),
        Table("sizes", reading.sizes_table, "All networks before training: convolutions, parameters and operations for one image."),
        Table("accuracy", reading.accuracy_table, "Accuracy after the last epoch, mean and 95 % interval over replicates."),
        Table("training", reading.training_table, "How training went, mean and 95 % interval over replicates."),
        Table("ranked", reading.ranked_table, "Networks by test accuracy; those that share a letter cannot be told apart."),
        Table("classes", reading.classes_table, reading.confusion_caption),
    ],
    claims=CLAIMS,
)
