"""The images of a cell of resnet-cifar10 and the training of its network."""

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import torch
from torch import nn

from annlab.data.splits import holdout
from annlab.nets import ResNet
from annlab.train import History, Recipe
from annlab.train.augment import Augmentation, Crop, CutOut, Flip
from annlab.train.images import fit_images

if TYPE_CHECKING:
    from annlab.data import Dataset
    from annlab.lab import Context
    from annlab.studies.features.resnet_cifar10 import Params

__all__ = ["AUGMENTATIONS", "Augmented", "Parts", "Standardised", "parts_of", "trained"]

Augmented = Literal["none", "flip", "crop", "crop-flip", "crop-flip-cut"]

AUGMENTATIONS: dict[str, tuple[Augmentation, ...]] = {
    "none": (),
    "flip": (Flip(),),
    "crop": (Crop(4),),
    "crop-flip": (Crop(4), Flip()),
    "crop-flip-cut": (Crop(4), Flip(), CutOut(8)),
}
WEIGHT_DECAY = 5e-4


class Parts(NamedTuple):
    """Images as bytes (n, height, width, channels) and labels (n,) to learn from, held out, and to test on."""

    X: np.ndarray
    y: np.ndarray
    X_held_out: np.ndarray
    y_held_out: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def parts_of(dataset: "Dataset", params: "Params", ctx: "Context") -> Parts:
    """The images of one replicate: drawn at random from the training and from the test part where a cell takes fewer than all.

    Raises:
        ValueError: where a cell asks for more images than there are.
    """
    X, y, X_test, y_test = (dataset[name] for name in ("X_train", "y_train", "X_test", "y_test"))
    learned = params.images or len(X) - params.held_out
    held_out = np.zeros(0, dtype=np.int64)
    if params.held_out:
        rows, held_out = holdout(len(X), [learned, params.held_out], ctx.streams("data"))
    else:
        (rows,) = holdout(len(X), [learned], ctx.streams("data"))
    (test,) = holdout(len(X_test), [params.test_images or len(X_test)], ctx.streams.child("data", "test"))
    rows, held_out, test = (np.sort(part) for part in (rows, held_out, test))
    X, X_test = (images[..., None] if images.ndim == 3 else images for images in (X, X_test))
    return Parts(X[rows], y[rows], X[held_out], y[held_out], X_test[test], y_test[test])


class Standardised(nn.Module):
    """A network that is given images less the mean of each channel, over its deviation, where the images lie and batch by batch.

    Args:
        net: the network.
        images: those to learn from, bytes (n, height, width, channels); means and deviations are theirs, over all pixels, on the scale
            of 0 to 1 that batches have. A channel that is the same everywhere is only centred.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, net: ResNet, images: np.ndarray) -> None:
        super().__init__()
        self.net = net
        counts = np.stack([np.bincount(images[..., k].ravel(), minlength=256) for k in range(images.shape[-1])])
        levels, shares = np.arange(256) / 255.0, counts / counts.sum(axis=1, keepdims=True)
        mean = shares @ levels
        deviation = np.sqrt((shares * np.square(levels - mean[:, None])).sum(axis=1))
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(np.where(deviation > 0, deviation, 1.0), dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs of the network for images (n, height, width, channels) in [0, 1]."""
        return self.net((x - self.mean) / self.deviation)  # type: ignore[no-any-return]


def trained(parts: Parts, params: "Params", ctx: "Context") -> tuple[Standardised, History]:
    """The network after its last epoch, and its history; on a GPU that has it, products are computed in bfloat16."""
    shape, classes = parts.X.shape[1:], int(max(parts.y.max(), parts.y_test.max())) + 1
    residual = ResNet(shape, classes, params.depth, params.stem, params.width, ctx.streams.torch("init"))
    net = Standardised(residual, parts.X).to(ctx.device)
    recipe = Recipe(
        loss="cross_entropy",
        optimizer="nesterov",
        learning_rate=params.learning_rate,
        schedule=params.schedule,
        batch_size=params.batch,
        max_epochs=params.epochs,
        weight_decay=WEIGHT_DECAY,
        restore_best=False,
        running_loss=True,
    )
    history = fit_images(
        net,
        parts.X,
        parts.y,
        recipe,
        augmentation=AUGMENTATIONS[params.augmentation],
        augment=ctx.streams.torch("noise", "augmentation", device=ctx.device),
        mixed_precision=ctx.device == "cuda" and torch.cuda.is_bf16_supported(),
        validation=(parts.X_held_out, parts.y_held_out) if params.held_out else None,
        order=ctx.streams.torch("order"),
        progress=ctx.report,
    )
    return net, history
