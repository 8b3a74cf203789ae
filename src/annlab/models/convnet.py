"""The convolutional network of declared layers as an estimator."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch

from annlab.errors import UsageError
from annlab.models.base import Check, optional
from annlab.models.image_classifier import ImageClassifier
from annlab.nets.layer_base import Layer
from annlab.nets.layered import LayeredNet
from annlab.nets.layers import Conv, Dense, Dropout, Flatten, MaxPool, ReLU
from annlab.nets.shapes import trace
from annlab.train.augment import Augmentation

__all__ = ["ConvNetClassifier"]

DEFAULT: tuple[Layer, ...] = (Conv(32, 3), ReLU(), MaxPool(2), Conv(64, 3), ReLU(), MaxPool(2), Flatten(), Dropout(0.5))


def _layers(value: Any) -> str | None:
    good = isinstance(value, Sequence) and all(isinstance(layer, Layer) for layer in value)
    return None if good else "a sequence of annlab.nets.layers, such as [Conv(32, 3), ReLU(), MaxPool(2)]"


class ConvNetClassifier(ImageClassifier):
    """Convolutional network, trained on the cross-entropy; its layers are a list.

    The shapes of all layers are computed before anything is trained. A last layer ``Dense`` is the output layer and must have one
    unit for each class; where the list ends otherwise, the output layer is added, with ``Flatten`` before it where needed.

    Args:
        layers: declarations of `annlab.nets.layers`; None is two convolutions of 32 and 64 maps (3 x 3), each with rectifier and 2 x 2
            maximum pooling, and dropout 0.5.
        optimizer: see `ImageClassifier`, which has the other parameters too, and the attributes.

    Raises:
        ValueError: for a layer that does not fit, naming its place, its declaration, its input and the rule; and as `ImageClassifier`.

    >>> from annlab.nets.layers import BatchNorm, Conv, GlobalAveragePool, ReLU
    >>> ConvNetClassifier([Conv(16, 3, stride=2), BatchNorm(), ReLU(), GlobalAveragePool()], max_epochs=2)
    ConvNetClassifier(layers=[Conv(16, 3, stride=2), BatchNorm(), ReLU(),
                              GlobalAveragePool()],
                      max_epochs=2)
    """

    _checks: ClassVar[dict[str, Check]] = {"layers": optional(_layers), **ImageClassifier._checks}

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "adam",
        learning_rate: float = 1e-3,
        schedule: str | Callable[[int], float] | None = None,
        batch_size: int | None = 128,
        max_epochs: int = 10,
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
        self.layers = layers

    def _build(
        self, image_shape: tuple[int, int, int], n_classes: int, generator: torch.Generator | None, dtype: torch.dtype
    ) -> LayeredNet:
        return LayeredNet(
            image_shape, with_output(DEFAULT if self.layers is None else self.layers, image_shape, n_classes), generator, dtype
        )


def with_output(layers: Sequence[Layer], image_shape: Sequence[int], n_classes: int) -> tuple[Layer, ...]:
    """`layers` with their output layer of `n_classes` units, which is added, with ``Flatten`` where needed, unless a ``Dense`` ends them.

    Raises:
        UsageError: for layers that do not fit, or a last dense layer of another size.
    """
    rows = trace(layers, image_shape)
    if rows and isinstance(rows[-1].layer, Dense):
        if rows[-1].layer.units != n_classes:
            raise UsageError(
                f"layer {len(rows)}, {rows[-1].layer!r}, is the last and so the output layer, "
                f"which must have {n_classes} units for {n_classes} classes"
            )
        return tuple(layers)
    flat = len(rows[-1].output_shape) == 1 if rows else len(image_shape) == 1
    return (*layers, *(() if flat else (Flatten(),)), Dense(n_classes))
