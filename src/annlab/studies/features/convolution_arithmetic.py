"""What does a convolution compute, what does its transpose undo, and is a convolutional network translation-invariant?

The arithmetic is exact: the worked convolution, output sizes for 540 settings of n, m, P and S against torch's, the Toeplitz matrices
of one- and two-dimensional convolutions with their rank and null space, parameters of a convolution and of a dense layer with the same
output, and equivariance on whole numbers. Then networks of about 37,000 parameters are trained on digits in the middle of 40 x 40
pixels and tested on unseen ones moved by 0 to 6 pixels, each up, down, left or right as drawn, so that no stroke leaves the image: two
convolutions of 16 and 32 maps (3 x 3, stride 2, batch normalisation) before a dense layer (`cnn`), three convolutions before the mean
over each map (`cnn-mean`), one hidden layer of 23 units (`mlp`) or of 512 (`mlp-wide`, 826,000 parameters).

All that are compared are trained by Adam for the same number of steps of 50 images, whatever the number of training images: 480, a
whole number of epochs of 250, of 1000 and of 8000 images. `full` adds 60,000 images in 6000 steps, shown apart. With permuted pixels one
permutation, drawn in each replicate, is applied to all images after they are moved. `trained_shift` moves every training image anew,
by up to so many pixels. A prediction is unchanged where it equals that for the digit in the middle, right or wrong.

quick | standard | full: 9 x 3 x 24 | 16 x 5 x 480 | 19 x 10 x 480 updates, estimated 4 | 230 | 1650 seconds on two cores
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data import require
from annlab.errors import UsageError
from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.measure.convolution import shifted
from annlab.models import ConvNetClassifier
from annlab.nets.layers import BatchNorm, Conv, Dense, Flatten, GlobalAveragePool, Layer, ReLU
from annlab.studies.features import convolution_arithmetic_answers as answers
from annlab.studies.features import convolution_arithmetic_reading as reading
from annlab.studies.features.convolution_arithmetic_claims import CLAIMS
from annlab.studies.features.convolution_arithmetic_exact import measured
from annlab.train.augment import Shift

if TYPE_CHECKING:
    from annlab.lab import Context

MARGIN = 6
"""Pixels around a digit, so that it can move."""
BATCH = 50
MAPS = 6
"""Feature maps kept for the report."""
DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])


@dataclass(frozen=True)
class Params:
    """The exact part, or networks on moved digits with what they are trained on."""

    part: Literal["arithmetic", "shifts"] = "shifts"
    data: str = "mnist"
    network: Literal["cnn", "cnn-mean", "mlp", "mlp-wide"] = "cnn"
    images: int = 1000
    permuted: bool = False
    trained_shift: int = 0
    steps: int = 480
    learning_rate: float = 1e-3
    test_images: int = 2000


def trial(params: Params, ctx: "Context") -> Outcome:
    """Work out the arithmetic, or train one network and move the test digits."""
    if params.part == "arithmetic":
        return Outcome(measured(ctx.streams("data")))
    return _shifts(params, ctx)


def layers(network: str) -> list[Layer]:
    """The layers of a network but for its output layer."""
    if network.startswith("mlp"):
        return [Flatten(), Dense(512 if network == "mlp-wide" else 23), ReLU()]
    found: list[Layer] = []
    for channels in (16, 32):
        found += [Conv(channels, 3, stride=2, padding=1), BatchNorm(), ReLU()]
    if network == "cnn":
        return [*found, Flatten()]
    return [*found, Conv(96, 3, padding=1), BatchNorm(), ReLU(), GlobalAveragePool()]


def epochs_of(steps: int, images: int) -> int:
    """Epochs of so many steps on so many images.

    Raises:
        UsageError: where the steps are no whole number of epochs, so that another number of them would be trained.
    """
    one = -(-images // BATCH)
    if steps < 1 or steps % one:
        raise UsageError(f"{steps} steps are no whole number of epochs: {images} images in batches of {BATCH} take {one} steps each")
    return steps // one


def _shifts(params: Params, ctx: "Context") -> Outcome:
    data, streams = ctx.data(params.data), ctx.streams
    training, labels = _drawn(data["X_train"], data["y_train"], params.images, streams("data"))
    test, truth = _drawn(data["X_test"], data["y_test"], params.test_images, streams.child("data", "test"))
    pixels = streams.child("data", "pixels").permutation(training[0].size) if params.permuted else None
    classifier = ConvNetClassifier(
        [*layers(params.network), Dense(len(np.unique(labels)))],
        learning_rate=params.learning_rate,
        batch_size=BATCH,
        max_epochs=epochs_of(params.steps, len(training)),
        augmentation=[Shift(params.trained_shift)] if params.trained_shift else None,
        device=ctx.device,
        random_state=streams.seed("init"),
    ).fit(_rearranged(training, pixels), labels)
    ways = DIRECTIONS[streams("measure").integers(len(DIRECTIONS), size=len(test))]
    moved = {pixels_moved: shifted(test, *(pixels_moved * ways).T) for pixels_moved in range(MARGIN + 1)}
    predicted = {distance: classifier.predict(_rearranged(images, pixels)) for distance, images in moved.items()}
    accuracy = np.array([np.mean(each == truth) for each in predicted.values()])
    unchanged = np.array([np.mean(each == predicted[0]) for each in predicted.values()])
    summary = classifier.summary()
    metrics = {
        "accuracy_0": accuracy[0],
        "accuracy_2": accuracy[2],
        "accuracy_6": accuracy[6],
        "drop_6": accuracy[0] - accuracy[6],
        "unchanged_1": unchanged[1],
        "unchanged_4": unchanged[4],
        "unchanged_6": unchanged[6],
        "parameters": summary.parameters,
        "operations": summary.flops,
    }
    series = {"shifts": {"shift": np.arange(MARGIN + 1), "accuracy": accuracy, "unchanged": unchanged}}
    arrays = _maps(classifier, test[0]) if ctx.replicate == 0 and params.network == "cnn" and not params.permuted else {}
    return Outcome({name: float(value) for name, value in metrics.items()}, {"train": classifier.history_["seconds"][-1]}, series, arrays)


def _drawn(X: np.ndarray, y: np.ndarray, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """So many images, drawn, in the middle of a larger one; fewer are the first of more."""
    rows = rng.permutation(len(X))[:count]
    return np.pad(np.asarray(X[rows]), ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))), np.asarray(y[rows])


def _rearranged(images: np.ndarray, pixels: np.ndarray | None) -> np.ndarray:
    return images if pixels is None else images.reshape(len(images), -1)[:, pixels].reshape(images.shape)


def _maps(classifier: ConvNetClassifier, image: np.ndarray) -> dict[str, np.ndarray]:
    """A digit in the middle and 4 pixels to the right, with some maps of the first convolution after the rectifier."""
    import torch

    both = np.stack([image, shifted(image[None], 0, 4)[0]])
    net: Any = classifier.net_
    x = torch.as_tensor(both / 255.0, dtype=torch.float32, device=next(net.parameters()).device)[:, None]
    with torch.no_grad():
        for part in list(net.parts.values())[:3]:
            x = part(x)
    spread = x[0].std((1, 2)).argsort(descending=True)[:MAPS]
    return {"digits": both, "maps": x[:, spread].cpu().numpy().astype(np.float32)}


METRICS = {
    "sizes_checked": Metric("sizes compared"),
    "sizes_wrong": Metric("sizes that differ from torch's", better="lower"),
    "sizes_rounded": Metric("sizes that need rounding down"),
    "matrix_difference_1d": Metric("A x against conv1d, largest difference", better="lower"),
    "matrix_difference_2d": Metric("A x against conv2d, largest difference", better="lower"),
    "transposed_difference_1d": Metric("Aᵀ y against conv_transpose1d, largest difference".replace("_", " "), better="lower"),
    "transposed_difference_2d": Metric("Aᵀ y against conv_transpose2d, largest difference".replace("_", " "), better="lower"),
    "rank": Metric("rank of the worked Toeplitz matrix"),
    "null_dimension": Metric("dimensions of its null space"),
    "transpose_error": Metric("distance of Aᵀ A x from x, share of x"),
    "inverse_error": Metric("distance of the pseudo-inverse's x from x, share of x"),
    "lost_share": Metric("part of x in the null space, share of x"),
    "convolution_parameters": Metric("parameters of the convolution", scale="log", better="lower"),
    "dense_parameters": Metric("parameters of the dense layer", scale="log", better="lower"),
    "equivariance_circular": Metric("outputs that differ, circular padding", better="lower"),
    "equivariance_border": Metric("outputs that differ, zeros around", better="lower"),
    "equivariance_interior": Metric("outputs that differ, zeros around, away from the border", better="lower"),
    "equivariance_stride_odd": Metric("outputs that differ, stride 2, moved by 1", better="lower"),
    "equivariance_stride_even": Metric("outputs that differ, stride 2, moved by 2", better="lower"),
    "accuracy_0": Metric("test accuracy in the middle", better="higher"),
    "accuracy_2": Metric("test accuracy, moved by 2 pixels", better="higher"),
    "accuracy_6": Metric("test accuracy, moved by 6 pixels", better="higher"),
    "drop_6": Metric("accuracy lost by moving 6 pixels", better="lower"),
    "unchanged_1": Metric("predictions unchanged, moved by 1 pixel", better="higher"),
    "unchanged_4": Metric("predictions unchanged, moved by 4 pixels", better="higher"),
    "unchanged_6": Metric("predictions unchanged, moved by 6 pixels", better="higher"),
    "parameters": Metric("parameters", scale="log"),
    "operations": Metric("operations for one image", scale="log"),
}


EXACT = grid(part=["arithmetic"], data=["mnist"], images=[1000], steps=[480], learning_rate=[1e-3], test_images=[2000])
"""One cell for every profile: nothing of it is scaled."""
ALL = ["cnn", "cnn-mean", "mlp"]


def cells() -> Grid:
    """Networks by number of images, with permuted pixels, and trained on moved digits."""
    usual = {"images": [1000]}
    return (
        EXACT
        + grid(images=[250, 1000, 8000], network=ALL)
        + grid(**usual, network=["mlp-wide"])
        + grid(**usual, network=["cnn", "mlp"], permuted=[True])
        + grid(**usual, network=ALL, trained_shift=[MARGIN])
    )


def few_cells() -> Grid:
    """The same questions with fewer networks."""
    usual = {"images": [1200]}
    return (
        EXACT
        + grid(images=[100, 1200], network=["cnn", "mlp"])
        + grid(**usual, network=["cnn-mean"])
        + grid(**usual, network=["cnn", "mlp"], permuted=[True])
        + grid(**usual, network=["cnn"], trained_shift=[MARGIN])
    )


def cost(params: Params) -> float:
    """Rough seconds of one job."""
    per_step = {"cnn": 0.012, "cnn-mean": 0.022, "mlp": 0.001, "mlp-wide": 0.006}[params.network]
    return 0.1 if params.part == "arithmetic" else 0.3 + per_step * params.steps


study = Study(
    name="convolution-arithmetic",
    title="The arithmetic of convolutions",
    sheet={"2024": "3.2", "C": "3.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cells(),
    replicates=10,
    profiles={
        "quick": overrides(grid=few_cells(), replicates=3, data="digits28", steps=24, learning_rate=1e-2, test_images=120, images=1200),
        "standard": overrides(replicates=5),
        "full": overrides(grid=cells() + grid(images=[60_000], steps=[6000], network=ALL)),
    },
    data=lambda params: (
        ()
        if params.part == "arithmetic"
        else (require(params.data, task="classification", shape={"X_train": (None, None, None), "X_test": (None, None, None)}).name,)
    ),
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("What is the output of the worked convolution, and how large is an output in general?", answers.worked, "3.2.1"),
        Question("What is a convolution as a matrix, and is the transposed convolution its inverse?", answers.transposed, "C 3.3"),
        Question("What does a convolution save against a dense layer, and what does it keep?", answers.saved, "3.2.1"),
        Question("Is a convolutional network translation-invariant?", answers.invariant, "3.2.1"),
        Question("What is the advantage of a convolutional network made of?", answers.advantage, "3.2.1"),
    ],
    figures=[
        Figure("worked", reading.worked, "The worked convolution: stride 2, no padding; the frames mark the places of the kernel."),
        Figure(
            "toeplitz",
            reading.toeplitz,
            "The convolution of six numbers with (1, 0, 1) as a matrix A, its transpose, and their product, which an inverse would make "
            "the identity.",
        ),
        Figure(
            "toeplitz-2d",
            reading.toeplitz_plane,
            "The matrix of a 3 x 3 convolution (a Laplace filter) on 6 x 6 pixels, and five images of its null space: whatever is added "
            "of them, the convolution gives the same.",
        ),
        Figure("sizes", reading.sizes, "Edge of the output of a 28-pixel image by kernel and stride, without and with padding."),
        Figure("feature-maps", reading.feature_maps, reading.maps_caption),
        Figure("accuracy-by-shift", reading.accuracy_by_shift, reading.shift_caption),
        Figure("unchanged-by-shift", reading.unchanged_by_shift, reading.unchanged_caption),
        Figure("training-images", reading.training_images, reading.images_caption),
        Figure("permuted", reading.permuted, reading.permuted_caption),
    ],
    tables=[
        Table("worked", reading.worked_table, "The worked convolution, place by place."),
        Table("sizes", reading.sizes_table, "Output sizes by formula and by torch, counted over n = 1-12, m = 1-5, P = 0-2, S = 1-3."),
        Table("matrices", reading.matrix_table, "The Toeplitz matrices, their transposes and what is lost."),
        Table("equivariance", reading.equivariance_table, "Share of outputs that differ between moving before and after the convolution."),
        Table("networks", reading.networks_table, "Networks by what they were trained on: accuracy and unchanged predictions."),
    ],
    claims=CLAIMS,
)
