"""What do Adam, SGD and Adadelta reach on a convolutional network, how soon, and does a network trained already change the answer?

MNIST, 28 x 28 in bytes: convolution to 32 maps (3 x 3), pooling, convolution to 64 maps, pooling, dropout 0.5, dense layer to ten
classes, no padding; batches of 128, 15 epochs, 10 % of the training images for validation (drawn anew in each replicate), the
state after the last epoch measured on the 10,000 test images. The parameters are counted by formula, layer by layer, and in the
module; a job fails where the two differ. Every optimiser starts from the same fresh weights of its replicate; cells *after Adam*
replace the optimiser on a network that Adam has trained for as many epochs, as a notebook cell does that is run again, and one
follows the reports' whole order: Adam, SGD, Adadelta.

Chosen where the reports are silent: Adam at 0.001, SGD at 0.01 with momentum 0, 0.4 or 0.9, Adadelta at 1.0, 0.1 and 0.001 (the
libraries' defaults differ by a factor of a thousand) with the decay and the epsilon of Keras (0.95, 1e-7) and of torch (0.9, 1e-6);
weights uniform in +-1/sqrt(fan-in). "Converged" is read as the first epoch with a validation accuracy of 0.97, "variance" as the
standard deviation of the validation accuracy over the epochs. The training loss is the mean over the batches before their steps,
dropout included. Seconds are those of jobs side by side on one machine: compare them, but do not read them as a bar. `standard`
trains Adam on all images, and nearly every cell on 10,000 of them for 4 epochs with the threshold at 0.9; only the former answers
the reports' numbers.

quick | standard | full: 6 x 3 x 28 | 12 x 5 x ~860 | 15 x 5 x ~8900 updates, estimated 9 | 1000 | 14000 seconds on two cores
"""

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch.nn import functional

from annlab.data import holdout, require
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, cases, overrides
from annlab.measure.classification import confusion_counts, mistakes
from annlab.nets import ConvNet, convnet_parameters
from annlab.studies.supervised import bigger_model_optimisers_reading as reading
from annlab.studies.supervised.bigger_model_optimisers_answers import replaced_or_fresh, what_is_counted, which_optimiser
from annlab.studies.supervised.bigger_model_optimisers_claims import CLAIMS
from annlab.train import Recipe, fit
from annlab.train.evaluation import dataset_outputs
from annlab.train.tensors import as_tensor

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.train import History

IMAGES = {"X_train": (None, 28, 28), "y_train": (None,), "X_test": (None, 28, 28), "y_test": (None,)}
HARDEST = 20  # mistakes kept as images, of replicate 0


@dataclass(frozen=True)
class Params:
    """Optimiser, what trained the network before, network and data."""

    optimizer: Literal["adam", "sgd", "adadelta"] = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.0
    rho: float = 0.95
    eps: float = 1e-7
    before: tuple[str, ...] = ()
    batch_size: int = 128
    epochs: int = 15
    dropout: float = 0.5
    padding: Literal["valid", "same"] = "valid"
    data: str = "mnist"
    images: int = 60000
    validation: float = 0.1
    threshold: float = 0.97


BEFORE: dict[str, dict[str, Any]] = {"adam": {"learning_rate": 0.001}, "sgd": {"learning_rate": 0.01}}


def recipe(params: Params) -> Recipe:
    """Training of a cell: constant rate, no early stopping, divergence recorded."""
    options = {"sgd": {"momentum": params.momentum}, "adadelta": {"rho": params.rho, "eps": params.eps}}.get(params.optimizer, {})
    return Recipe(
        loss="cross_entropy",
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        optimizer_options=options,
        batch_size=params.batch_size,
        max_epochs=params.epochs,
        restore_best=False,
        running_loss=True,
        on_divergence="record",
    )


def earlier(params: Params) -> list[Recipe]:
    """Trainings that the network has behind it when the cell's own begins."""
    unknown = [name for name in params.before if name not in BEFORE]
    if unknown:
        raise ValueError(f"a network is trained before by {' or '.join(BEFORE)}, got {unknown[0]!r}")
    return [recipe(Params(optimizer=name, batch_size=params.batch_size, epochs=params.epochs, **BEFORE[name])) for name in params.before]  # type: ignore[arg-type]


def trial(params: Params, ctx: "Context") -> Outcome:
    """Train one network and measure it on the test images."""
    data = ctx.data(params.data)
    shape = data["X_train"].shape[1:]
    held = round(params.validation * params.images)
    rows = holdout(len(data["X_train"]), [params.images - held, held], ctx.streams("split"))
    net = ConvNet(shape, padding=params.padding, dropout=params.dropout, generator=ctx.streams.torch("init")).to(ctx.device)
    counts = counted(net)
    place = torch.device(ctx.device)
    train, validation = ((as_tensor(data["X_train"][part], place, None), as_tensor(data["y_train"][part], place, None)) for part in rows)
    test = as_tensor(data["X_test"], place, None), as_tensor(data["y_test"], place, None)
    start, history = 0.0, None
    for number, each in enumerate([*earlier(params), recipe(params)]):
        start = _accuracy(net.eval(), *validation)
        label = f"phase {number + 1}" if number else None  # so that what trained before is that very network
        history = fit(
            net,
            *train,
            each,
            validation=validation,
            order=ctx.streams.torch("order", label),
            dropout=ctx.streams.torch("dropout", label, ctx.device),
            monitors={"validation_accuracy": lambda trained: _accuracy(trained, *validation)},
            progress=ctx.report,
        )
    assert history is not None
    scores = dataset_outputs(net, test[0], torch.float32).cpu()
    return _measured(params, ctx.replicate, history, scores, test[0].cpu(), test[1].cpu(), counts | {"start_accuracy": start})


def counted(net: ConvNet) -> dict[str, float]:
    """Parameters of the network, layer by layer and in all.

    Raises:
        RuntimeError: where the formulas and the module do not agree.
    """
    shape = (net.image_shape, net.channels, net.n_outputs, net.kernel_size)
    formula, module = convnet_parameters(*shape, net.padding), net.parameter_counts()
    total = sum(parameter.numel() for parameter in net.parameters())
    if formula != module or sum(formula.values()) != total:
        raise RuntimeError(f"the formulas give the parameters {formula}, the module has {module}, {total} in all")
    layers = {f"parameters_{name.replace(' ', '_')}": float(count) for name, count in module.items()}
    fixed = total - sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)
    same = sum(convnet_parameters(*shape, "same").values())
    return {**layers, "parameters": float(total), "parameters_fixed": float(fixed), "parameters_same": float(same)}


def _accuracy(net: torch.nn.Module, X: torch.Tensor, y: torch.Tensor) -> float:
    return float((dataset_outputs(net, X, torch.float32).argmax(1) == y).double().mean())


def _measured(
    params: Params,
    replicate: int,
    history: "History",
    scores: torch.Tensor,
    images: torch.Tensor,
    labels: torch.Tensor,
    known: dict[str, float],
) -> Outcome:
    columns, predicted = history.columns, scores.argmax(1)
    accuracy, epochs = columns["validation_accuracy"], columns["epoch"]
    reached = accuracy >= params.threshold
    losses = functional.cross_entropy(scores, labels, reduction="none").double()
    metrics = known | {
        "test_accuracy": float((predicted == labels).double().mean()),
        "test_loss": float(losses.mean()),
        "validation_accuracy": float(accuracy[-1]),
        "validation_loss": float(columns["validation_loss"][-1]),
        "train_loss": float(columns["train_loss"][-1]),
        "first_accuracy": float(accuracy[0]),
        "best_accuracy": float(accuracy.max()),
        "threshold_epoch": float(epochs[reached.argmax()] if reached.any() else params.epochs + 1),
        "variation": float(accuracy.std()),
        "diverged_epoch": float(history.diverged_epoch),
    }
    arrays = {"confusion": confusion_counts(labels, predicted, scores.shape[1])}
    if replicate == 0:
        worst = mistakes(labels, predicted, losses)[:HARDEST]
        arrays |= {"hardest": images[worst].numpy(), "true": labels[worst].numpy(), "predicted": predicted[worst].numpy()}
    durations = np.diff(columns["seconds"], prepend=0.0)
    curves = {name: columns[name] for name in ("epoch", "train_loss", "validation_loss", "validation_accuracy")}
    timings = {"train": float(columns["seconds"][-1]), "epoch": statistics.median(durations.tolist())}
    return Outcome(metrics, timings, {"curves": curves}, arrays)


METRICS: dict[str, Any] = {
    "test_accuracy": Metric("test accuracy", scale="logit", better="higher"),
    "test_loss": Metric("test cross-entropy", "nats", scale="log", better="lower"),
    "validation_accuracy": Metric("validation accuracy", scale="logit", better="higher"),
    "validation_loss": Metric("validation cross-entropy", "nats", scale="log", better="lower"),
    "train_loss": Metric("training cross-entropy, dropout on", "nats", scale="log", better="lower"),
    "first_accuracy": Metric("validation accuracy after one epoch", scale="logit", better="higher"),
    "best_accuracy": Metric("highest validation accuracy", scale="logit", better="higher"),
    "start_accuracy": Metric("validation accuracy before the first step", scale="logit", better="higher"),
    "threshold_epoch": Metric("first epoch at the threshold of validation accuracy", scale="log", better="lower"),
    "variation": Metric("standard deviation of validation accuracy over epochs", better="lower"),
    "parameters_convolution_1": Metric("parameters of the first convolution"),
    "parameters_convolution_2": Metric("parameters of the second convolution"),
    "parameters_dense": Metric("parameters of the dense layer"),
    "parameters": Metric("parameters"),
    "parameters_fixed": Metric("parameters that do not learn"),
    "parameters_same": Metric("parameters with padding"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
}

ADAM: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.001}
SGD: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.01}
ADADELTA: dict[str, Any] = {"optimizer": "adadelta", "learning_rate": 1.0}
TORCH: dict[str, Any] = {"rho": 0.9, "eps": 1e-6}
AFTER: dict[str, Any] = {"before": ("adam",)}

FRESH: dict[str, dict[str, Any]] = {
    "adam": ADAM,
    "sgd": SGD,
    "sgd_momentum_04": {**SGD, "momentum": 0.4},
    "sgd_momentum_09": {**SGD, "momentum": 0.9},
    "adadelta": ADADELTA,
    "adadelta_01": {**ADADELTA, "learning_rate": 0.1},
    "adadelta_0001": {**ADADELTA, "learning_rate": 0.001},
    "adadelta_torch": {**ADADELTA, **TORCH},
    "adadelta_01_torch": {**ADADELTA, "learning_rate": 0.1, **TORCH},
    "adadelta_0001_torch": {**ADADELTA, "learning_rate": 0.001, **TORCH},
}
REPLACED: dict[str, dict[str, Any]] = {
    "adam_after_adam": {**ADAM, **AFTER},
    "sgd_after_adam": {**SGD, **AFTER},
    "adadelta_after_adam": {**ADADELTA, "learning_rate": 0.001, **AFTER},
}
CHAIN: dict[str, dict[str, Any]] = {
    "adadelta_1_after_adam": {**ADADELTA, **AFTER},
    "adadelta_after_both": {**ADADELTA, "learning_rate": 0.001, "before": ("adam", "sgd")},
}
RARE = ("adadelta_01_torch", "adadelta_0001_torch")  # of the full profile alone
FEW = ("adam", "sgd", "sgd_momentum_09", "adadelta", "adadelta_0001")


def at(settings: dict[str, dict[str, Any]], **common: Any) -> Any:
    """Named cells with settings that all share."""
    return cases(**{name: {**each, **common} for name, each in settings.items()})


study = Study(
    name="bigger-model-optimisers",
    title="Optimisers on a bigger model",
    sheet={"2024": "1.3", "C": "1.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=at(FRESH | REPLACED | CHAIN),
    replicates=5,
    data=lambda params: (require(params.data, task="classification", shape=IMAGES).name,),
    profiles={
        "quick": overrides(
            grid=at({name: FRESH[name] for name in FEW} | {"sgd_after_adam": REPLACED["sgd_after_adam"]}),
            data="digits28",
            images=240,
            batch_size=32,
            epochs=4,
            threshold=0.6,
            replicates=3,
        ),
        "standard": overrides(
            grid=cases(adam_all_images=ADAM | {"images": 60000, "epochs": 15})
            + at({name: each for name, each in (FRESH | REPLACED).items() if name not in RARE}, images=10000, epochs=4, threshold=0.9),
        ),
        "full": overrides(),
    },
    cost=lambda params: 0.3 + 3e-4 * params.images * params.epochs * (1 + len(params.before)),
    metrics=METRICS,
    questions=[
        Question("How many parameters has the network, layer by layer, and what would padding change?", what_is_counted, "1.3"),
        Question("What happens when Adam gives way to SGD and to Adadelta?", which_optimiser, "1.3"),
        Question("Does it matter whether the network starts afresh or is trained already?", replaced_or_fresh, "1.3"),
    ],
    figures=[
        Figure("accuracy-by-epoch-and-second", reading.race, reading.race_caption),
        Figure(
            "loss-by-epoch", reading.losses, "Validation cross-entropy by epoch, fresh weights; lines are geometric means over replicates."
        ),
        Figure(
            "replaced", reading.replaced, "Validation cross-entropy by epoch, fresh weights and a network that Adam has trained before."
        ),
        Figure("adadelta-rate", reading.adadelta_rate, "Adadelta's validation cross-entropy by learning rate; bars are 95 % intervals."),
        Figure("confusion", reading.confusion, reading.confusion_caption),
        Figure(
            "hardest", reading.hardest, "Test images that the network with the highest validation accuracy gets most wrong, replicate 0."
        ),
    ],
    tables=[
        Table("parameters", reading.parameter_table, "Parameters layer by layer, with and without padding."),
        Table("optimisers", reading.optimiser_table, "What each optimiser reaches from fresh weights; mean and 95 % interval."),
        Table("ranking", reading.ranking_table, "All cells of one size ranked by validation accuracy."),
        Table("start", reading.start_table, "Fresh weights and replaced optimisers."),
        Table(
            "seconds", reading.seconds_table, "Seconds of an epoch, jobs side by side on one machine; compare them with each other alone."
        ),
        Table("stability", reading.stability, "Spread of the test accuracy over seeds."),
        Table("classes", reading.class_table, reading.class_caption),
    ],
    claims=CLAIMS,
)
