"""Declared layers of maps: convolutions and pooling."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets.layer_base import Draws, Kind, Layer, Pair, maps, pair, whole
from annlab.nets.mlp import uniform_init
from annlab.nets.shapes import Shape, output_size, transposed_output_size

__all__ = ["AveragePool", "Conv", "GlobalAveragePool", "GlobalMean", "MaxPool", "TransposedConv"]


@dataclass(frozen=True, repr=False)
class Conv(Layer):
    """Convolution; its edges follow `annlab.nets.shapes.output_size`.

    Weights and biases start from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), as torch's do: ``m_h m_w a b + b`` for a to b channels.

    Args:
        channels: maps that go out.
        kernel_size: edge of the kernel, or (height, width).
        stride: pixels from one place of the kernel to the next.
        padding: zeros added on each side; ``"same"`` is ``d (m - 1) / 2``, which keeps the size at stride 1.
        dilation: pixels from one element of the kernel to the next.
    """

    channels: int
    kernel_size: Pair
    stride: Pair = 1
    padding: Pair | Literal["same"] = 0
    dilation: Pair = 1

    def __post_init__(self) -> None:
        whole(self, 1, "channels", "kernel_size", "stride", "dilation")
        if self.padding != "same":
            whole(self, 0, "padding")
        elif any(d * (m - 1) % 2 for d, m in zip(pair(self.dilation), pair(self.kernel_size), strict=True)):
            raise UsageError(f"{self!r}: padding 'same' takes a kernel that reaches over an odd number of pixels")

    def _padding(self) -> tuple[int, int]:
        if self.padding != "same":
            return pair(self.padding)
        height, width = (d * (m - 1) // 2 for d, m in zip(pair(self.dilation), pair(self.kernel_size), strict=True))
        return height, width

    def output_shape(self, shape: Shape) -> Shape:
        """``floor((n + 2 p - d (m - 1) - 1) / s) + 1`` for each edge."""
        settings = (pair(self.kernel_size), pair(self.stride), self._padding(), pair(self.dilation))
        edges = [output_size(*each) for each in zip(maps(shape)[:2], *settings, strict=True)]
        return (*edges, self.channels)

    def parameters(self, shape: Shape) -> int:
        """``m_h m_w a b + b``, whatever the size of the maps."""
        return (math.prod(pair(self.kernel_size)) * shape[2] + 1) * self.channels

    def flops(self, shape: Shape) -> int:
        """``2 m_h m_w a`` for each number that goes out."""
        return 2 * math.prod(pair(self.kernel_size)) * shape[2] * math.prod(self.output_shape(shape))

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``Conv2d``."""
        layer: nn.Module = nn.utils.skip_init(  # type: ignore[no-untyped-call]
            nn.Conv2d, shape[2], self.channels, pair(self.kernel_size), pair(self.stride), self._padding(), pair(self.dilation), dtype=dtype
        )
        uniform_init(layer, generator)
        return layer


@dataclass(frozen=True, repr=False)
class TransposedConv(Layer):
    """Transposed convolution, the gradient of a convolution by its input; edges follow `annlab.nets.shapes.transposed_output_size`.

    Args:
        channels: maps that go out.
        kernel_size: edge of the kernel, or (height, width).
        stride: pixels out for one pixel in.
        padding: pixels cut off on each side.
        output_padding: pixels added below and to the right, fewer than the stride.
    """

    channels: int
    kernel_size: Pair
    stride: Pair = 1
    padding: Pair = 0
    output_padding: Pair = 0

    def __post_init__(self) -> None:
        whole(self, 1, "channels", "kernel_size", "stride")
        whole(self, 0, "padding", "output_padding")
        if any(o >= s for o, s in zip(pair(self.output_padding), pair(self.stride), strict=True)):
            raise UsageError(f"{self!r}: output_padding must be smaller than the stride")

    def output_shape(self, shape: Shape) -> Shape:
        """``(n - 1) s - 2 p + m + o`` for each edge."""
        settings = (pair(self.kernel_size), pair(self.stride), pair(self.padding), pair(self.output_padding))
        edges = [transposed_output_size(*each) for each in zip(maps(shape)[:2], *settings, strict=True)]
        return (*edges, self.channels)

    def parameters(self, shape: Shape) -> int:
        """``m_h m_w a b + b``."""
        return (math.prod(pair(self.kernel_size)) * shape[2] + 1) * self.channels

    def flops(self, shape: Shape) -> int:
        """``2 m_h m_w b`` for each number that comes in."""
        return 2 * math.prod(pair(self.kernel_size)) * self.channels * math.prod(shape)

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``ConvTranspose2d``."""
        kernel, stride, padding, extra = map(pair, (self.kernel_size, self.stride, self.padding, self.output_padding))
        layer: nn.Module = nn.utils.skip_init(  # type: ignore[no-untyped-call]
            nn.ConvTranspose2d, shape[2], self.channels, kernel, stride, padding, extra, dtype=dtype
        )
        uniform_init(layer, generator)
        return layer


@dataclass(frozen=True, repr=False)
class _Pool(Layer):
    size: Pair
    stride: Pair | None = None
    padding: Pair = 0
    _kind: ClassVar[type[nn.Module]]

    def __post_init__(self) -> None:
        whole(self, 1, "size", *(() if self.stride is None else ("stride",)))
        whole(self, 0, "padding")
        if any(2 * p > m for p, m in zip(pair(self.padding), pair(self.size), strict=True)):
            raise UsageError(f"{self!r}: padding may be at most half of the window")

    def _stride(self) -> tuple[int, int]:
        return pair(self.size if self.stride is None else self.stride)

    def output_shape(self, shape: Shape) -> Shape:
        """``floor((n + 2 p - m) / s) + 1`` for each edge."""
        settings = (pair(self.size), self._stride(), pair(self.padding))
        edges = [output_size(*each) for each in zip(maps(shape)[:2], *settings, strict=True)]
        return (*edges, shape[2])

    def flops(self, shape: Shape) -> int:
        """The size of the window for each number that goes out."""
        return math.prod(pair(self.size)) * math.prod(self.output_shape(shape))

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``MaxPool2d`` or ``AvgPool2d``."""
        return self._kind(pair(self.size), self._stride(), pair(self.padding))


@dataclass(frozen=True, repr=False)
class MaxPool(_Pool):
    """Maximum over windows of edge `size` (or (height, width)), `stride` pixels apart (side by side where None)."""

    _kind = nn.MaxPool2d


@dataclass(frozen=True, repr=False)
class AveragePool(_Pool):
    """Mean over windows, as `MaxPool`; the zeros of `padding` count."""

    _kind = nn.AvgPool2d


class GlobalMean(nn.AdaptiveAvgPool2d):
    """Mean of each map: (n, channels, height, width) -> (n, channels)."""

    def __init__(self) -> None:
        super().__init__(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))


@dataclass(frozen=True, repr=False)
class GlobalAveragePool(Layer):
    """Mean of each map, which leaves as many features as there are channels (Lin, Chen and Yan, 2014)."""

    def output_shape(self, shape: Shape) -> Shape:
        """``(channels,)``."""
        return maps(shape)[2:]

    def flops(self, shape: Shape) -> int:
        """One for each number that comes in."""
        return math.prod(shape)

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """`GlobalMean`."""
        return GlobalMean()
