"""The vision transformer as an estimator."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from annlab.models.base import Check, count, fraction, number, one_of
from annlab.models.image_classifier import ImageClassifier
from annlab.nets.transformer import VisionTransformer
from annlab.train.augment import Augmentation
from annlab.train.recipe import Recipe
from annlab.train.schedules import make_schedule
from annlab.train.tensors import as_float

__all__ = ["VisionTransformerClassifier"]

ROWS = 256  # most images whose attention is computed together
NUMBERS = 2**24  # most weights of attention that are computed together


def _pair(value: Any) -> str | None:
    good = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2 and all(count()(each) is None for each in value)
    return None if good else "two of them (height, width)"


class VisionTransformerClassifier(ImageClassifier):
    """Vision transformer (Dosovitskiy et al., 2021), see `annlab.nets.VisionTransformer`, trained on the cross-entropy.

    The learning rate of epoch e, from 0, is ``learning_rate * decay^e``, times ``(e + 1) / (warmup + 1)`` in the first `warmup`
    epochs, times the factor of `schedule` where one is given. The defaults are those of the course: Adam at 0.001, which falls to
    95 % each epoch. A recipe for higher accuracy on small images is ``patch_size=4, warmup=2, augmentation=[Shift(2)],
    label_smoothing=0.1`` with more epochs.

    Args:
        patch_size: edge of a patch in pixels, or its ``(height, width)``; it must divide the image's.
        dim: length of a token.
        depth: number of blocks.
        heads: heads of attention in each block.
        head_dim: length of queries, keys and values of each head.
        mlp_dim: units between the dense layers of a block.
        dropout: probability of dropping attention, units and embedded numbers while training.
        warmup: epochs over which the learning rate rises.
        decay: factor of the learning rate from each epoch to the next, in (0, 1].
        optimizer: see `ImageClassifier`, which has the other parameters too, and the attributes.

    Raises:
        ValueError: as `ImageClassifier`, and for patches that do not divide the image.

    >>> VisionTransformerClassifier(patch_size=4, warmup=2)
    VisionTransformerClassifier(patch_size=4, warmup=2)
    """

    _checks: ClassVar[dict[str, Check]] = {
        "patch_size": one_of(count(), _pair),
        **{name: count() for name in ("dim", "depth", "heads", "head_dim", "mlp_dim")},
        "dropout": fraction(),
        "warmup": count(0),
        "decay": number(0.0, 1.0, open_low=True),
        **ImageClassifier._checks,
    }

    def __init__(
        self,
        patch_size: int | Sequence[int] = 7,
        dim: int = 64,
        depth: int = 6,
        heads: int = 8,
        head_dim: int = 64,
        mlp_dim: int = 128,
        dropout: float = 0.0,
        warmup: int = 0,
        decay: float = 0.95,
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "adam",
        learning_rate: float = 1e-3,
        schedule: str | Callable[[int], float] | None = None,
        batch_size: int | None = 128,
        max_epochs: int = 20,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        label_smoothing: float = 0.0,
        weight_decay: float = 0.0,
        augmentation: Sequence[Augmentation] | None = None,
        image_shape: Sequence[int] | None = None,
        device: str = "cpu",
        dtype: str | None = None,
        compile: bool = False,  # noqa: A002 - the name that torch gives it
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            batch_size=batch_size,
            max_epochs=max_epochs,
            validation_fraction=validation_fraction,
            patience=patience,
            label_smoothing=label_smoothing,
            weight_decay=weight_decay,
            augmentation=augmentation,
            image_shape=image_shape,
            device=device,
            dtype=dtype,
            compile=compile,
            random_state=random_state,
            verbose=verbose,
        )
        self.patch_size = patch_size
        self.dim = dim
        self.depth = depth
        self.heads = heads
        self.head_dim = head_dim
        self.mlp_dim = mlp_dim
        self.dropout = dropout
        self.warmup = warmup
        self.decay = decay

    def attention(self, X: Any) -> np.ndarray:
        """Weights of attention in every block and head, (n, depth, heads, tokens, tokens), each row summing to 1.

        Token 0 is the class token, the others are the patches row by row: ``attention(X)[:, -1, :, 0, 1:]`` is what the class token
        takes from each patch in the last block, which `patch_grid` says how to lay out.
        """
        images, net = self._images(X), self._net()
        shape = (net.depth, net.heads, net.tokens, net.tokens)
        size = max(1, min(ROWS, NUMBERS // math.prod(shape)))
        found = torch.empty(len(images), *shape, dtype=net.positions.dtype)
        with torch.no_grad():
            for start in range(0, len(images), size):
                rows = slice(start, start + size)
                found[rows] = net.attention(as_float(images[rows], found.dtype))
        return found.numpy()

    @property
    def patch_grid(self) -> tuple[int, int]:
        """Rows and columns of patches in an image."""
        return self._net().grid

    def _net(self) -> VisionTransformer:
        check_is_fitted(self, "net_")
        net: Any = self.net_
        return cast("VisionTransformer", net.eval())

    def _build(
        self, image_shape: tuple[int, int, int], n_classes: int, generator: torch.Generator | None, dtype: torch.dtype
    ) -> VisionTransformer:
        sizes = (self.dim, self.depth, self.heads, self.head_dim, self.mlp_dim)
        return VisionTransformer(image_shape, n_classes, self.patch_size, *sizes, float(self.dropout), generator, dtype)

    def _recipe(self) -> Recipe:
        recipe = super()._recipe()
        return replace(recipe, schedule=_Rate(make_schedule(recipe), int(self.warmup), float(self.decay)))


@dataclass(frozen=True)
class _Rate:
    """Factor of the learning rate by epoch: a schedule, decay and warm-up multiplied."""

    schedule: Callable[[int], float]
    warmup: int
    decay: float

    def __call__(self, epoch: int) -> float:
        return self.schedule(epoch) * self.decay**epoch * min(1.0, (epoch + 1) / (self.warmup + 1))
