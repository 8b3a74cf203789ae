"""Where does a residual network err on small photographs?

ResNet-18 with the stem for small images (He, Zhang, Ren and Sun, 2016) learns CIFAR-10: stochastic gradients with Nesterov's momentum 0.9,
batches of 128, weight decay 5e-4, random crops and mirrored images drawn anew for every batch; then each channel less its mean over
its deviation, both of the images learned from, so that what a crop adds is black. The report names neither epochs nor
schedule nor augmentation, nor whether its network came trained: the likeliest choice is 200 epochs along half a cosine on all 50,000
training images; 30 epochs under one cycle, and both without augmentation, are offered as variants. A network that was trained elsewhere
is not.

Nothing is chosen by the test images, which each network sees once, after its last epoch. What is followed by epoch is the accuracy on
images held out of the training part; cells whose networks learn from all images have no such curve.

On two cores a smaller member of the family learns from part of the images: ten layers and 16 maps in place of 64 in `standard`. `quick`
learns rendered shapes, with the stem for large images, which needs less than half of the time.

quick | standard | full: 2 x 3 x 60 | 2 x 3 x 630 | 12 x 5 x ~22000 updates, estimated 4 | 600 | 3300000 seconds on two cores
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from annlab.data import require
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.studies.features import resnet_cifar10_answers as answers
from annlab.studies.features import resnet_cifar10_pictures as pictures
from annlab.studies.features import resnet_cifar10_reading as reading
from annlab.studies.features.resnet_cifar10_claims import CLAIMS
from annlab.studies.features.resnet_cifar10_measures import measured_errors
from annlab.studies.features.resnet_cifar10_training import Augmented, parts_of, trained

if TYPE_CHECKING:
    from annlab.lab import Context


@dataclass(frozen=True)
class Params:
    """Images, network and training; 0 images are all there are."""

    data: str = "cifar10"
    depth: Literal[10, 18, 34] = 18
    stem: Literal["cifar", "imagenet"] = "cifar"
    width: int = 64
    augmentation: Augmented = "crop-flip"
    schedule: Literal["cosine", "one_cycle"] = "cosine"
    learning_rate: float = 0.1
    epochs: int = 200
    batch: int = 128
    images: int = 0
    held_out: int = 0
    test_images: int = 0


def trial(params: Params, ctx: "Context") -> Outcome:
    """Train one network and look at its mistakes."""
    dataset = ctx.data(params.data)
    parts = parts_of(dataset, params, ctx)
    net, history = trained(parts, params, ctx)
    found = measured_errors(net, parts, dataset.entry.classes)
    if params.held_out:
        found.metrics["validation_accuracy"] = float(history.columns["validation_accuracy"][-1])
    columns = {name: values for name, values in history.frame().items() if name != "seconds"}
    return Outcome(
        metrics=found.metrics,
        timings={"train": float(history.columns["seconds"][-1])},
        series={"by_epoch": columns, "classes": found.classes},
        arrays={**found.arrays, "filters": net.net.first.weight.detach().permute(0, 2, 3, 1).cpu().numpy().copy()},
    )


METRICS = {
    "test_accuracy": Metric("test accuracy", scale="logit", better="higher"),
    "test_loss": Metric("test cross-entropy", "nats", scale="log", better="lower"),
    "train_accuracy": Metric("training accuracy", scale="logit", better="higher"),
    "validation_accuracy": Metric("held-out accuracy", scale="logit", better="higher"),
    "gap": Metric("training less test accuracy", better="lower"),
    "two_worst_share": Metric("share of the errors in the two classes worst in a replicate"),
    "sure_errors": Metric("share of the errors with a probability above 0.9", better="lower"),
    "parameters": Metric("parameters"),
}


def cost(params: Params) -> float:
    """Rough seconds of one job on one core."""
    milliseconds = (0.3 + 1.7 * math.pow(params.width / 16, 1.7)) * (params.depth - 2) / 8 / (1 if params.stem == "cifar" else 2.4)
    return 1.0 + 1e-3 * milliseconds * ((params.images or 50_000) * params.epochs + 0.4 * (params.test_images or 10_000))


IMAGES: dict[str, Any] = {"X_train": (None, None, None, ...), "X_test": (None, None, None, ...)}
FOLLOWED = {"epochs": 30, "schedule": "one_cycle", "held_out": 5000}

study = Study(
    name="resnet-cifar10",
    title="A residual network on photographs",
    sheet={"C": "3.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=grid(augmentation=["crop-flip", "none"])
    + grid(epochs=[30], schedule=["one_cycle"], augmentation=["crop-flip", "none"])
    + grid(**{name: [value] for name, value in FOLLOWED.items()}, augmentation=["crop-flip", "none", "flip", "crop", "crop-flip-cut"])
    + grid(**{name: [value] for name, value in FOLLOWED.items()}, depth=[10, 34])
    + grid(**{name: [value] for name, value in FOLLOWED.items()}, stem=["imagenet"]),
    replicates=3,
    data=lambda params: (require(params.data, task="classification", shape=IMAGES).name,),
    profiles={
        "quick": overrides(
            grid=grid(augmentation=["crop-flip", "none"]),
            data="shapes32",
            depth=10,
            width=8,
            stem="imagenet",
            epochs=4,
            images=480,
            batch=32,
            held_out=200,
            test_images=500,
        ),
        "standard": overrides(grid=grid(augmentation=["crop-flip", "none"]), depth=10, width=16, epochs=10, images=8000, held_out=2000),
        "full": overrides(replicates=5),  # paired tests need five
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("Where does the network err?", answers.where_it_errs, "3.3"),
        Question("What do augmentation, depth and stem change?", answers.what_changes, "3.3"),
    ],
    figures=[
        Figure("accuracy-by-epoch", reading.accuracy_figure, reading.accuracy_caption),
        Figure("loss-by-epoch", reading.loss_figure, reading.loss_caption),
        Figure("errors-by-class", reading.classes_figure, reading.classes_caption),
        Figure("confusion", reading.confusion_figure, reading.confusion_caption),
        Figure("confused-pairs", reading.pairs_figure, reading.pairs_caption),
        Figure("confident-mistakes", pictures.confident_figure, pictures.confident_caption),
        Figure("mistakes-of-pairs", pictures.pairs_figure, pictures.pairs_caption),
        Figure("filters", pictures.filters_figure, pictures.filters_caption),
    ],
    tables=[
        Table("settings", reading.settings_table, "What each setting reaches, mean and 95 % interval over replicates."),
        Table("per-class", reading.per_class, reading.per_class_caption),
        Table("errors-by-class", reading.classes_table, reading.classes_table_caption),
    ],
    claims=CLAIMS,
)
