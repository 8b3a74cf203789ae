"""What every declared layer answers, and the checks of their settings."""

from dataclasses import MISSING, dataclass, fields
from numbers import Integral, Real
from typing import Any

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets.shapes import Shape

__all__ = ["Draws", "Kind", "Layer", "Pair", "maps", "pair", "whole"]

Pair = int | tuple[int, int]
Draws = torch.Generator | None
Kind = torch.dtype | None

_SINGLE = ("channels", "units", "height", "width")  # settings that take no pair


@dataclass(frozen=True, repr=False)
class Layer:
    """What every declaration answers; one without parameters that keeps its shape needs a module alone."""

    def output_shape(self, shape: Shape) -> Shape:
        """Shape that goes out where `shape` comes in. Raises `UsageError` with the rule where it does not fit."""
        return shape

    def parameters(self, shape: Shape) -> int:
        """Number of weights and biases for inputs of `shape`."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Floating-point operations of one sample of `shape`."""
        return 0

    def module(self, shape: Shape, generator: Draws = None, dtype: Kind = None) -> nn.Module:
        """The torch module for inputs of `shape`, its weights drawn from `generator`; maps are (n, channels, height, width) to it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        shown = []
        for position, field in enumerate(fields(self)):
            value = getattr(self, field.name)
            if field.default is MISSING or position == 0:
                shown.append(repr(value))
            elif value != field.default:
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def pair(value: Any) -> tuple[int, int]:
    """A number twice, a pair as it is."""
    return (int(value), int(value)) if isinstance(value, Integral) else (value[0], value[1])


def is_number(value: Any) -> bool:
    """Whether it is a real number, of Python's or NumPy's, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: Any, least: int) -> bool:
    """Whether it is a whole number of at least `least`, and no truth value."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def maps(shape: Shape) -> Shape:
    """`shape` where it is one of maps. Raises `UsageError` otherwise."""
    if len(shape) != 3:
        raise UsageError("it takes maps of height, width and channels, not features: put it before Flatten()")
    return shape


def whole(layer: Layer, least: int, *names: str) -> None:
    """Checks that attributes are whole numbers of at least `least`, or pairs of them where their type allows, and makes them Python's.

    Raises:
        UsageError: for anything else.
    """
    for name in names:
        value = getattr(layer, name)
        paired = isinstance(value, tuple) and len(value) == 2 and name not in _SINGLE
        parts = value if paired else (value,)
        if not all(is_whole(part, least) for part in parts):
            pair = "" if name in _SINGLE else ", or a pair of them"
            raise UsageError(f"{layer!r}: {name} is a whole number of at least {least}{pair}")
        object.__setattr__(layer, name, tuple(map(int, value)) if paired else int(value))
