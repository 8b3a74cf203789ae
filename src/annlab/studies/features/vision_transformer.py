"""How do dimension, depth, heads and MLP size of a vision transformer decide its accuracy, its time and its overfitting on digits?

MNIST, 28 x 28 in bytes: patches of 7 x 7 pixels, a class token, learned positions, blocks of attention and two dense layers, each after
a normalisation, as vit-pytorch's (heads of 64, no projection bias, no dropout); Adam at 0.001 that falls to 95 % each epoch, batches of
128, 20 epochs, all 60,000 images. The 10,000 test images are looked at after each epoch, since the reports print what they say; they
stop, choose and tune nothing, and the cells are fixed beforehand. The network is counted by formula and in the module.

Choices where the reports are silent: images as numbers in [0, 1]; 20 epochs and the test images for report-C; weights uniform in
+-1/sqrt(fan-in), token and positions normal, as vit-pytorch draws them. "Overfitting" is read from the gap between training images and
test images at the end and from how far the test accuracy lies below its best epoch, "roughness" from the training loss of the epochs in
decades, the spread of single batches at the end beside it. The better recipe has patches of 4, images shifted by up to 2 pixels, two
epochs of warm-up, label smoothing 0.1 and, in `full`, 40 epochs; each change stands alone as well. Seconds are those of timed cells:
single steps with 128 images, one network at a time, and reports' durations are compared as ratios within a report.
`standard` trains on 8000 images for 4 epochs and answers durations alone; epochs are counted to 90 % there, to 98 % in `full`.

quick | standard | full: 12 x 3 x ~33 | 58 x 3 x ~63 | 100 x 5 x ~5300 updates, estimated 6 | 820 | 350000 seconds on two cores
"""

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from annlab.data import holdout, require
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, overrides
from annlab.measure import regression as measure
from annlab.measure.classification import confusion_counts, mistakes
from annlab.nets import VisionTransformer
from annlab.nets.transformer import transformer_parameters
from annlab.studies.features import vision_transformer_answers as answers
from annlab.studies.features import vision_transformer_reading as reading
from annlab.studies.features import vision_transformer_tables as tables
from annlab.studies.features.vision_transformer_claims import CLAIMS
from annlab.studies.features.vision_transformer_grid import full, quick, standard
from annlab.train import Recipe
from annlab.train.augment import Shift
from annlab.train.evaluation import dataset_outputs
from annlab.train.images import fit_images
from annlab.train.tensors import as_float, as_tensor

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.train import History

IMAGES = {"X_train": (None, 28, 28), "y_train": (None,), "X_test": (None, 28, 28), "y_test": (None,)}
SHOWN = 8  # test images whose attention is kept, of replicate 0
HARDEST = 10
SEEN = 10_000  # training images on which the gap is measured


@dataclass(frozen=True)
class Params:
    """Network, recipe and data; `timed` cells are there for their seconds."""

    dim: int = 64
    depth: int = 6
    heads: int = 8
    mlp_dim: int = 128
    head_dim: int = 64
    patch_size: int = 7
    learning_rate: float = 0.001
    decay: float = 0.95
    warmup: int = 0
    batch_size: int = 128
    epochs: int = 20
    label_smoothing: float = 0.0
    shift: int = 0
    data: str = "mnist"
    images: int = 60_000
    test_images: int = 10_000
    threshold: float = 0.98
    timed: bool = False


def recipe(params: Params) -> Recipe:
    """Training of a cell: Adam, a rate that warms up and decays, no early stopping."""

    def rate(epoch: int) -> float:
        return params.decay**epoch * min(1.0, (epoch + 1) / (params.warmup + 1))

    return Recipe(
        loss="cross_entropy",
        learning_rate=params.learning_rate,
        schedule=rate,
        batch_size=params.batch_size,
        max_epochs=params.epochs,
        restore_best=False,
        running_loss=True,
        on_divergence="record",
    )


def trial(params: Params, ctx: "Context") -> Outcome:
    """Train one network and look at the test images after each epoch; or train it for its seconds."""
    data, place = ctx.data(params.data), torch.device(ctx.device)
    shape = data["X_train"].shape[1:]
    sizes = (params.dim, params.depth, params.heads, params.head_dim, params.mlp_dim)
    net = VisionTransformer(shape, 10, params.patch_size, *sizes, generator=ctx.streams.torch("init"))
    parameters = counted(net)
    net = net.to(place)
    rows = np.sort(holdout(len(data["X_train"]), [min(params.images, len(data["X_train"]))], ctx.streams("split"))[0])
    every = max(1, len(data["X_test"]) // params.test_images)  # the test images come in an order that is not random
    train = as_tensor(data["X_train"][rows][..., None], place, None), as_tensor(data["y_train"][rows], place, None)
    test = as_tensor(data["X_test"][::every][..., None], place, None), as_tensor(data["y_test"][::every], place, None)
    history = fit_images(
        net,
        *train,
        recipe(params),
        augmentation=[Shift(params.shift)] if params.shift else [],
        augment=ctx.streams.torch("noise", "augmentation", ctx.device),
        label_smoothing=params.label_smoothing,
        mixed_precision=place.type == "cuda",
        validation=None if params.timed else test,
        order=ctx.streams.torch("order"),
        progress=ctx.report,
    )
    if params.timed:
        steps = -(-len(rows) // params.batch_size)
        epochs = np.diff(history.columns["seconds"], prepend=0.0)[1:]  # the first warms up
        return Outcome(parameters, {"step": statistics.median(epochs.tolist()) / steps, "train": float(history.columns["seconds"][-1])})
    return _measured(params, ctx.replicate, net, history, train, test, parameters)


def counted(net: VisionTransformer) -> dict[str, float]:
    """Parameters, tokens and operations of the network.

    Raises:
        RuntimeError: where the formula and the module do not agree.
    """
    height, width = net.patch_size
    features = height * width * net.image_shape[2]
    formula = transformer_parameters(net.tokens - 1, features, net.n_outputs, net.dim, net.depth, net.heads, net.head_dim, net.mlp_dim)
    found = sum(parameter.numel() for parameter in net.parameters())
    if found != formula:
        raise RuntimeError(f"the formula gives {formula} parameters, the module has {found}")
    return {"parameters": float(found), "tokens": float(net.tokens)}


Pair = tuple[torch.Tensor, torch.Tensor]


def _measured(
    params: Params, replicate: int, net: VisionTransformer, history: "History", train: Pair, test: Pair, known: dict[str, float]
) -> Outcome:
    net.eval()
    columns, epochs = history.columns, history.columns["epoch"]
    accuracy, losses = columns["validation_accuracy"], columns["validation_loss"]
    scores = dataset_outputs(net, test[0], torch.float32).float().cpu()
    labels = test[1].cpu()
    single = functional.cross_entropy(scores, labels, reduction="none").double()
    predicted = scores.argmax(1)
    seen = dataset_outputs(net, train[0][:SEEN], torch.float32).float()
    on_seen = functional.cross_entropy(seen, train[1][:SEEN], reduction="none").double()
    batches = on_seen[: len(on_seen) // params.batch_size * params.batch_size].reshape(-1, params.batch_size).mean(1)
    test_accuracy, test_loss = float((predicted == labels).double().mean()), float(single.mean())
    train_accuracy = float((seen.argmax(1) == train[1][:SEEN]).double().mean())
    reached = accuracy >= params.threshold
    metrics = known | {
        "test_accuracy": test_accuracy,
        "test_loss": test_loss,
        "train_accuracy": train_accuracy,
        "train_loss": float(on_seen.mean()),
        "gap": train_accuracy - test_accuracy,
        "best_accuracy": float(accuracy.max()),
        "best_epoch": float(epochs[accuracy.argmax()]),
        "accuracy_lost": float(accuracy.max() - test_accuracy),
        "loss_risen": float(losses[-1] / losses.min()),
        "threshold_epoch": float(epochs[reached.argmax()] if reached.any() else params.epochs + 1),
        "first_loss": float(columns["train_loss"][0]),
        "loss_left": float(columns["train_loss"][-1] / columns["train_loss"][0]),
        "roughness": float(measure.roughness_of_curve(columns["train_loss"])),
        "batch_spread": float(batches.std() / batches.mean()),
        "largest_fall": float(np.maximum(0.0, -np.diff(accuracy)).max(initial=0.0)),
        "diverged_epoch": float(history.diverged_epoch),
    }
    curves = {"epoch": epochs, "train_loss": columns["train_loss"], "test_loss": losses, "test_accuracy": accuracy}
    arrays = {"confusion": confusion_counts(labels, predicted, scores.shape[1])}
    if replicate == 0:
        arrays |= _pictures(net, test[0], labels, scores, predicted)
    durations = np.diff(columns["seconds"], prepend=0.0)
    timings = {"train": float(columns["seconds"][-1]), "epoch": statistics.median(durations.tolist())}
    return Outcome(metrics, timings, {"curves": curves}, arrays)


def _pictures(
    net: VisionTransformer, images: torch.Tensor, labels: torch.Tensor, scores: torch.Tensor, predicted: torch.Tensor
) -> dict[str, np.ndarray]:
    """The most confident mistakes, and where the class token looks in the first test image of each of some classes."""
    sure = torch.softmax(scores, 1).amax(1)
    wrong = mistakes(labels, predicted, sure)[:HARDEST]
    first = torch.stack([(labels == digit).double().argmax() for digit in range(SHOWN)])
    with torch.no_grad():
        maps = net.attention(as_float(images[first], torch.float32)).mean(2)[:, :, 0, 1:].float().cpu()  # mean over heads
    return {
        "mistakes": images[wrong, :, :, 0].cpu().numpy(),
        "true": labels[wrong].numpy(),
        "taken": predicted[wrong].numpy(),
        "sure": sure[wrong].numpy(),
        "shown": images[first, :, :, 0].cpu().numpy(),
        "maps": maps.reshape(len(first), net.depth, *net.grid).numpy(),
    }


METRICS: dict[str, Any] = {
    "test_accuracy": Metric("test accuracy", "fraction", scale="logit", better="higher"),
    "test_loss": Metric("test cross-entropy", "nats", scale="log", better="lower"),
    "train_accuracy": Metric("accuracy on training images", scale="logit", better="higher"),
    "train_loss": Metric("cross-entropy on training images", "nats", scale="log", better="lower"),
    "gap": Metric("training less test accuracy", better="lower"),
    "best_accuracy": Metric("highest test accuracy of an epoch", scale="logit", better="higher"),
    "best_epoch": Metric("epoch of the highest test accuracy"),
    "accuracy_lost": Metric("test accuracy of the best epoch less that of the last", better="lower"),
    "loss_risen": Metric("test loss of the last epoch over the lowest", scale="log", better="lower"),
    "threshold_epoch": Metric("first epoch at the threshold of test accuracy", scale="log", better="lower"),
    "first_loss": Metric("training loss of the first epoch", "nats", scale="log", better="lower"),
    "loss_left": Metric("training loss of the last epoch over that of the first", scale="log", better="lower"),
    "roughness": Metric("roughness of the training loss", "decades", scale="log", better="lower"),
    "batch_spread": Metric("spread of the loss over batches, share of its mean", better="lower"),
    "largest_fall": Metric("largest fall of test accuracy between epochs", better="lower"),
    "diverged_epoch": Metric("epoch of divergence, 0 for none"),
    "parameters": Metric("parameters", scale="log", better="lower"),
    "tokens": Metric("tokens"),
}


def cost(params: Params) -> float:
    """Rough seconds of a job on one core; the images are read anew by each."""
    tokens = (28 // params.patch_size) ** 2 + 1
    folded = min(2 * params.heads * params.dim**2, 4 * params.heads * params.head_dim * params.dim)
    block = 2 * folded + 4 * params.dim * params.mlp_dim + 4 * params.heads * tokens * min(params.dim, params.head_dim)
    image = 4e-11 * params.depth * tokens * block + 3e-5
    reading = 0.1 if params.data == "digits28" else 0.5
    return reading + params.epochs * image * (params.images + (0 if params.timed else min(params.test_images, 5 * params.images) / 3))


study = Study(
    name="vision-transformer",
    title="Vision transformers",
    sheet={"2024": "3.3", "C": "3.4"},
    version=1,
    params=Params(),
    trial=trial,
    grid=full(),
    replicates=3,
    timed=lambda params: params.timed,
    data=lambda params: (require(params.data, task="classification", shape=IMAGES).name,),
    profiles={
        "quick": overrides(grid=quick()),
        "standard": overrides(grid=standard()),
        "full": overrides(replicates=5),  # paired tests need five
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("What are queries, keys and values here, and which shapes have they?", answers.shapes, "3.3"),
        Question("How does the size of the network change its accuracy?", answers.size, "3.3"),
        Question("Do larger transformers overfit?", answers.overfitting, "3.3"),
        Question("What does accuracy cost in time and parameters?", answers.cost, "3.3"),
        Question("Which change of the recipe helps, and which network cannot be told from the best?", answers.recipe, "3.3"),
    ],
    figures=[
        Figure("accuracy-by-epoch", reading.accuracy_curves, reading.curves_caption),
        Figure("loss-by-epoch", reading.loss_curves, reading.losses_caption),
        Figure("main-effects", reading.effects, reading.effects_caption),
        Figure("accuracy-against-parameters", reading.against_parameters, reading.parameters_caption),
        Figure("accuracy-against-seconds", reading.against_seconds, reading.seconds_caption),
        Figure("recipes", reading.recipes, reading.recipes_caption),
        Figure("attention", reading.attention, reading.attention_caption),
        Figure("confusion", reading.confusion, reading.confusion_caption),
        Figure("confident-mistakes", reading.mistakes, reading.mistakes_caption),
    ],
    tables=[
        Table("ranking", tables.ranking, tables.ranking_caption),
        Table("architectures", tables.architectures, "Accuracy with its standard error, loss and gap of each network; one recipe."),
        Table("training", tables.training, "How training goes: mean and 95 % interval over replicates."),
        Table("gains", tables.gains, tables.gains_caption),
        Table("recipes", tables.recipe_table, "One network with single changes of the recipe; mean and 95 % interval."),
        Table("shapes", tables.shapes, tables.shapes_caption),
        Table("classes", tables.classes, reading.confusion_caption),
    ],
    claims=CLAIMS,
)
