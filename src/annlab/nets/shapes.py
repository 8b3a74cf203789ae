"""Arithmetic of shapes: what convolutions and pooling leave of an image, and what a list of layers makes of it, before anything is built.

Shapes are those of one sample, ``(height, width, channels)`` for maps and ``(features,)`` for flat ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annlab.errors import UsageError

if TYPE_CHECKING:
    from annlab.nets.layer_base import Layer

__all__ = ["LayerShape", "as_image_shape", "described", "output_size", "trace", "transposed_output_size"]

Shape = tuple[int, ...]


def output_size(n: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Edge of the output of a convolution or pooling: ``floor((n + 2 p - d (m - 1) - 1) / s) + 1``.

    Args:
        n: edge of the input, in pixels.
        kernel_size: edge m of the kernel or window.
        stride: s, pixels from one place of the kernel to the next.
        padding: p, pixels added on each side.
        dilation: d, pixels from one element of the kernel to the next, so that it reaches over ``d (m - 1) + 1`` of them.

    Raises:
        UsageError: where the kernel reaches over more pixels than there are.
    """
    reach = dilation * (kernel_size - 1) + 1
    if n + 2 * padding < reach:
        padded = f"{n} + 2 * {padding} pixels" if padding else f"{n} pixels"
        raise UsageError(f"a kernel that reaches over d (m - 1) + 1 = {reach} pixels needs n + 2 p of at least as many, here {padded}")
    return (n + 2 * padding - reach) // stride + 1


def transposed_output_size(n: int, kernel_size: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1) -> int:
    """Edge of the output of a transposed convolution: ``(n - 1) s - 2 p + d (m - 1) + o + 1``.

    It is an edge that `output_size` takes back to n; `output_padding` o, smaller than the stride or the dilation, says which of them.

    Raises:
        UsageError: where nothing is left.
    """
    size = (n - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    if size < 1:
        raise UsageError(f"a transposed convolution of {n} pixels with padding {padding} leaves {size} pixels")
    return size


def as_image_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    """``(height, width)`` or ``(height, width, channels)`` as the latter; one channel where none is said.

    Raises:
        UsageError: for anything else.
    """
    if len(shape) not in (2, 3) or any(int(edge) != edge or edge < 1 for edge in shape):
        raise UsageError(f"image_shape is (height, width) or (height, width, channels) of whole numbers from 1, got {tuple(shape)}")
    height, width, *channels = (int(edge) for edge in shape)
    return height, width, channels[0] if channels else 1


def described(shape: Shape) -> str:
    """A shape in words, such as ``28 x 28 x 1 (height x width x channels)``."""
    return f"{shape[0]} features" if len(shape) == 1 else f"{' x '.join(map(str, shape))} (height x width x channels)"


@dataclass(frozen=True)
class LayerShape:
    """What one layer of a list makes of its input.

    Attributes:
        position: its place in the list, from 1.
        layer: its declaration.
        input_shape: shape of a sample that comes in.
        output_shape: shape of a sample that goes out.
        parameters: weights and biases by formula.
        flops: floating-point operations of one sample by formula; a multiplication with an addition counts 2.
    """

    position: int
    layer: "Layer"
    input_shape: Shape
    output_shape: Shape
    parameters: int
    flops: int

    @property
    def size(self) -> int:
        """Numbers that go out."""
        return math.prod(self.output_shape)


def trace(layers: Sequence["Layer"], input_shape: Sequence[int]) -> tuple[LayerShape, ...]:
    """Shapes, parameters and operations of a list of layers, by their rules and formulas alone.

    Args:
        layers: declarations of `annlab.nets.layers`, in their order.
        input_shape: ``(height, width[, channels])`` of an image, or ``(features,)``.

    Raises:
        UsageError: for a layer that does not fit, naming its place, its declaration, its input and the rule it breaks.
    """
    shape: Shape = (int(input_shape[0]),) if len(input_shape) == 1 else as_image_shape(input_shape)
    found = []
    for position, layer in enumerate(layers, 1):
        if isinstance(layer, type) or not callable(getattr(layer, "output_shape", None)):
            raise UsageError(f"layer {position} is {layer!r}, which is no declaration such as Conv(32, 3) or ReLU()")
        try:
            after = layer.output_shape(shape)
        except UsageError as error:
            raise UsageError(f"layer {position}, {layer!r}, does not fit its input of {described(shape)}: {error}") from error
        found.append(LayerShape(position, layer, shape, after, layer.parameters(shape), layer.flops(shape)))
        shape = after
    return tuple(found)
