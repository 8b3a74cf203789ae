"""Activation functions by name."""

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional

from annlab.errors import UsageError, unknown_name

__all__ = ["ACTIVATIONS", "layer_activations"]


def _identity(x: torch.Tensor) -> torch.Tensor:
    return x


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "mish": functional.mish,
    "identity": _identity,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "softplus": functional.softplus,
}


def layer_activations(activation: str | Sequence[str], n_hidden: int) -> tuple[str, ...]:
    """Names of the activations of `n_hidden` hidden layers and of the output, ``n_hidden + 1`` of them.

    Args:
        activation: one name for every hidden layer, or a sequence with one for each hidden layer and, if one longer, one
            for the output; the output is linear otherwise.
        n_hidden: number of hidden layers.

    Raises:
        UsageError: for a name not in `ACTIVATIONS`, or a sequence of the wrong length.
    """
    names = (activation,) * n_hidden if isinstance(activation, str) else tuple(activation)
    for name in (activation,) if isinstance(activation, str) else names:
        if name not in ACTIVATIONS:
            raise unknown_name("activation", name, ACTIVATIONS)
    if len(names) == n_hidden:
        names = (*names, "identity")
    if len(names) != n_hidden + 1:
        raise UsageError(f"activation takes one name, or one for each of the {n_hidden} hidden layers (and the output), got {names!r}")
    return names
