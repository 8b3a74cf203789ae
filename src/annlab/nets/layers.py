"""Layers of a network as declarations: each knows what it makes of a shape, its parameters and its operations by formula, and its module.

    layers = [Conv(32, 3), ReLU(), MaxPool(2), Conv(64, 3), ReLU(), MaxPool(2), Flatten(), Dropout(0.5), Dense(10)]

Shapes are those of one sample, ``(height, width, channels)`` or ``(features,)``. A multiplication with an addition counts as 2
operations, the bias rides on the sum; an activation counts 1 an element, batch normalisation 2, pooling the size of its window.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets import dropout
from annlab.nets.layer_base import Draws, Kind, Layer, is_number, whole
from annlab.nets.layer_maps import AveragePool, Conv, GlobalAveragePool, MaxPool, TransposedConv
from annlab.nets.mlp import uniform_init
from annlab.nets.shapes import Shape, described, trace

__all__ = [
    "ELU",
    "GELU",
    "AveragePool",
    "BatchNorm",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool",
    "Layer",
    "LeakyReLU",
    "MaxPool",
    "Parallel",
    "ReLU",
    "Reshape",
    "Sigmoid",
    "Tanh",
    "TransposedConv",
]


@dataclass(frozen=True, repr=False)
class BatchNorm(Layer):
    """Batch normalisation of each map or feature, with scale and shift (Ioffe and Szegedy, 2015)."""

    def parameters(self, shape: Shape) -> int:
        """Scale and shift of each channel."""
        return 2 * shape[-1]

    def flops(self, shape: Shape) -> int:
        """Two for each number."""
        return 2 * math.prod(shape)

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``BatchNorm2d`` for maps, ``BatchNorm1d`` for features."""
        return (nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d)(shape[-1], dtype=dtype)


@dataclass(frozen=True, repr=False)
class Dropout(Layer):
    """Zeroes each number with probability `p` while training and scales the rest; see `annlab.nets.Dropout`."""

    p: float = 0.5

    def __post_init__(self) -> None:
        if not is_number(self.p) or not 0.0 <= self.p < 1.0:
            raise UsageError(f"{self!r}: dropout takes a probability in [0, 1)")

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """`annlab.nets.Dropout`, whose masks come from the generator that training sets."""
        return dropout.Dropout(float(self.p))


@dataclass(frozen=True, repr=False)
class _Activation(Layer):
    _kind: ClassVar[type[nn.Module]]

    def flops(self, shape: Shape) -> int:
        """One for each number."""
        return math.prod(shape)

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """Torch's module of that name."""
        return self._kind(*(float(getattr(self, field.name)) for field in fields(self)))


@dataclass(frozen=True, repr=False)
class ReLU(_Activation):
    """``max(x, 0)``."""

    _kind = nn.ReLU


@dataclass(frozen=True, repr=False)
class LeakyReLU(_Activation):
    """``max(x, 0) + slope min(x, 0)``."""

    slope: float = 0.01
    _kind = nn.LeakyReLU

    def __post_init__(self) -> None:
        if not is_number(self.slope) or not 0.0 <= self.slope < math.inf:
            raise UsageError(f"{self!r}: the slope is a finite number of at least 0")


@dataclass(frozen=True, repr=False)
class ELU(_Activation):
    """``x`` where positive, else ``exp(x) - 1``."""

    _kind = nn.ELU


@dataclass(frozen=True, repr=False)
class Tanh(_Activation):
    """Hyperbolic tangent."""

    _kind = nn.Tanh


@dataclass(frozen=True, repr=False)
class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``."""

    _kind = nn.Sigmoid


@dataclass(frozen=True, repr=False)
class GELU(_Activation):
    """``x`` times the normal distribution function of x (Hendrycks and Gimpel, 2016)."""

    _kind = nn.GELU


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """Maps as features, one channel after the other, row by row."""

    def output_shape(self, shape: Shape) -> Shape:
        """``(height width channels,)``."""
        return (math.prod(shape),)

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``Flatten``."""
        return nn.Flatten()


@dataclass(frozen=True, repr=False)
class Reshape(Layer):
    """Features as maps, the inverse of `Flatten`: one channel after the other, row by row."""

    height: int
    width: int
    channels: int

    def __post_init__(self) -> None:
        whole(self, 1, "height", "width", "channels")

    def output_shape(self, shape: Shape) -> Shape:
        """The maps, of as many numbers as there are."""
        wanted = (self.height, self.width, self.channels)
        if math.prod(shape) != math.prod(wanted):
            raise UsageError(f"it takes {math.prod(wanted)} numbers, there are {math.prod(shape)}")
        return wanted

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``Unflatten``, after ``Flatten`` where maps come in."""
        after = nn.Unflatten(1, (self.channels, self.height, self.width))
        return after if len(shape) == 1 else nn.Sequential(nn.Flatten(), after)


@dataclass(frozen=True, repr=False)
class Dense(Layer):
    """Affine map of all features to `units`, drawn as `Conv`: ``n b + b`` parameters."""

    units: int

    def __post_init__(self) -> None:
        whole(self, 1, "units")

    def output_shape(self, shape: Shape) -> Shape:
        """``(units,)``."""
        if len(shape) != 1:
            raise UsageError("a dense layer takes features, not maps: put Flatten() or GlobalAveragePool() before it")
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        """``(n + 1) b``."""
        return (shape[0] + 1) * self.units

    def flops(self, shape: Shape) -> int:
        """``2 n b``."""
        return 2 * shape[0] * self.units

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """``Linear``."""
        layer: nn.Module = nn.utils.skip_init(nn.Linear, shape[0], self.units, dtype=dtype)  # type: ignore[no-untyped-call]
        uniform_init(layer, generator)
        return layer


class Branches(nn.Module):
    """Modules that all see the same input; their outputs are joined along the channels."""

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


@dataclass(frozen=True, repr=False, init=False)
class Parallel(Layer):
    """Lists of layers that all see the same input; their maps are concatenated along the channels (Szegedy et al., 2015).

    An empty list hands its input on.

    >>> Parallel([Conv(16, 1)], [Conv(16, 3, padding=1)], [Conv(16, 5, padding=2)]).output_shape((28, 28, 1))
    (28, 28, 48)
    """

    branches: tuple[tuple[Layer, ...], ...]

    def __init__(self, *branches: Sequence[Layer]) -> None:
        if not branches or any(isinstance(branch, Layer) for branch in branches):
            raise UsageError("Parallel takes one or more lists of layers, such as Parallel([Conv(8, 1)], [Conv(8, 3, padding=1)])")
        object.__setattr__(self, "branches", tuple(tuple(branch) for branch in branches))

    def __repr__(self) -> str:
        return f"Parallel({', '.join(repr(list(branch)) for branch in self.branches)})"

    def output_shape(self, shape: Shape) -> Shape:
        """Edges that all branches must share, and the sum of their channels."""
        found = []
        for number, branch in enumerate(self.branches, 1):
            try:
                found.append(_after(branch, shape))
            except UsageError as error:
                raise UsageError(f"branch {number}: {error}") from error
        if len({after[:-1] for after in found}) > 1 or len({len(after) for after in found}) > 1:
            raise UsageError(f"its branches must agree in height and width, they give {', '.join(map(described, found))}")
        return (*found[0][:-1], sum(after[-1] for after in found))

    def parameters(self, shape: Shape) -> int:
        """Sum over the branches."""
        return sum(row.parameters for branch in self.branches for row in trace(branch, shape))

    def flops(self, shape: Shape) -> int:
        """Sum over the branches."""
        return sum(row.flops for branch in self.branches for row in trace(branch, shape))

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """`Branches` of ``Sequential``."""
        made = [[row.layer.module(row.input_shape, generator, dtype) for row in trace(branch, shape)] for branch in self.branches]
        return Branches([nn.Sequential(*modules) if modules else nn.Identity() for modules in made])


def _after(layers: Sequence[Layer], shape: Shape) -> Shape:
    rows = trace(layers, shape)
    return rows[-1].output_shape if rows else shape
