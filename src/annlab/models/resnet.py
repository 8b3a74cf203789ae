"""Residual networks as an estimator."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import torch

from annlab.models.base import Check, choice, count
from annlab.models.image_classifier import ImageClassifier
from annlab.nets.resnet import DEPTHS, STEMS, ResNet
from annlab.train.augment import Augmentation

__all__ = ["ResNetClassifier"]


class ResNetClassifier(ImageClassifier):
    """Residual network of basic blocks (He, Zhang, Ren and Sun, 2016), trained on the cross-entropy.

    The defaults are a common recipe for CIFAR-10: stochastic gradients with Nesterov's momentum under one cycle of the learning rate,
    and weight decay; ``augmentation=[Crop(4), Flip()]`` belongs to it where mirrored images keep their class.

    Args:
        depth: layers with weights: 18 or 34, or 10 for a small one.
        stem: ``"cifar"`` for small images, a convolution of 3 x 3; ``"imagenet"`` for large ones, 7 x 7 and pooling, each with stride 2.
        width: maps of the first stage, doubled in each of the three others.
        optimizer: see `ImageClassifier`, which has the other parameters too, and the attributes.

    Raises:
        ValueError: as `ImageClassifier`.

    >>> from annlab.train.augment import Crop, Flip
    >>> ResNetClassifier(depth=34, augmentation=[Crop(4), Flip()])
    ResNetClassifier(augmentation=[Crop(padding=4, border='reflect'),
                                   Flip(probability=0.5)],
                     depth=34)
    """

    _checks: ClassVar[dict[str, Check]] = {
        "depth": lambda value: None if count()(value) is None and value in DEPTHS else f"one of {', '.join(map(str, DEPTHS))}",
        "stem": choice(STEMS),
        "width": count(),
        **ImageClassifier._checks,
    }

    def __init__(
        self,
        depth: int = 18,
        stem: Literal["cifar", "imagenet"] = "cifar",
        width: int = 64,
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "nesterov",
        learning_rate: float = 0.05,
        schedule: str | Callable[[int], float] | None = "one_cycle",
        batch_size: int | None = 128,
        max_epochs: int = 30,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        label_smoothing: float = 0.0,
        weight_decay: float = 5e-4,
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
        self.depth = depth
        self.stem = stem
        self.width = width

    def _build(self, image_shape: tuple[int, int, int], n_classes: int, generator: torch.Generator | None, dtype: torch.dtype) -> ResNet:
        return ResNet(image_shape, n_classes, self.depth, self.stem, self.width, generator, dtype)
