"""A network made of declared layers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from annlab.nets.layer_base import Layer
from annlab.nets.layers import ELU, LeakyReLU, MaxPool, ReLU, Sigmoid, Tanh
from annlab.nets.shapes import as_image_shape, trace

__all__ = ["LayeredNet"]

_RISING = (ReLU, LeakyReLU, ELU, Tanh, Sigmoid)


class LayeredNet(nn.Module):
    """Declared layers one after the other.

    Weights and maps lie channels last in memory, in which images ``(n, height, width, channels)`` come as they are. An activation that
    never falls is computed after the maximum pooling behind it, ``max(f(x)) = f(max(x))``, where it meets fewer numbers.

    Args:
        input_shape: ``(height, width[, channels])`` of an image, or ``(features,)``.
        layers: declarations of `annlab.nets.layers`.
        generator: draws the initial weights layer by layer, weights before biases; torch's global generator where None.
        dtype: type of the parameters; torch's default where None.

    Shape:
        (n, height, width[, channels]), (n, height * width * channels) or (n, features) -> (n, features), or (n, height, width,
        channels) where the last layer gives maps.

    Raises:
        UsageError: for a layer that does not fit, see `annlab.nets.shapes.trace`.

    >>> from annlab.nets.layers import Conv, Dense, Flatten, MaxPool, ReLU
    >>> LayeredNet((28, 28), [Conv(16, 5), ReLU(), MaxPool(2), Flatten(), Dense(10)]).rows[-1].input_shape
    (2304,)
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        layers: Sequence[Layer],
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_shape: tuple[int, ...] = tuple(input_shape) if len(input_shape) == 1 else as_image_shape(input_shape)
        self.layers = tuple(layers)
        self.rows = trace(self.layers, self.input_shape)
        self.output_shape = self.rows[-1].output_shape if self.rows else self.input_shape
        self.parts = nn.ModuleDict(
            {f"{row.position}_{type(row.layer).__name__}": row.layer.module(row.input_shape, generator, dtype) for row in self.rows}
        )
        self.order = _order(self.layers)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a network of this shape, for saving."""
        return {"input_shape": self.input_shape, "layers": self.layers}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(len(x), *self.input_shape)
        if x.ndim == 4:
            x = x.permute(0, 3, 1, 2)  # a view: (n, h, w, c) -> (n, c, h, w), channels last in memory
        parts = list(self.parts.values())
        for position in self.order:
            x = parts[position](x)
        return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def _order(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Positions in the order of computing: pooling before the activation that it follows."""
    order = list(range(len(layers)))
    for first, second in pairwise(range(len(layers))):
        if type(layers[first]) in _RISING and type(layers[second]) is MaxPool:
            order[first], order[second] = second, first
    return tuple(order)
