"""Dropout that draws from a generator of its own."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from annlab.errors import UsageError

__all__ = ["Dropout", "keep_mask", "set_dropout_generator"]


def keep_mask(shape: Sequence[int], p: float, generator: torch.Generator | None, like: torch.Tensor) -> torch.Tensor:
    """Mask of `shape` that is 0 with probability `p` and ``1 / (1 - p)`` otherwise, of the type and on the device of `like`.

    Drawn as float32 whatever the type of `like`, so that networks of both precisions drop the same units.
    """
    device = like.device if generator is None else generator.device
    kept = torch.rand(*shape, generator=generator, device=device, dtype=torch.float32) >= p
    return kept.to(device=like.device, dtype=like.dtype).div_(1.0 - p)


class Dropout(nn.Module):
    """Zeroes each input with probability `p` while training and scales the rest by ``1 / (1 - p)`` (Srivastava et al., 2014).

    Args:
        p: probability of a zero, in [0, 1).
        generator: where the masks are drawn from; torch's global generator where None. It is not part of copies,
            pickles or the state dict.
    """

    def __init__(self, p: float = 0.5, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise UsageError(f"dropout takes a probability in [0, 1), got {p!r}")
        self.p = p
        self.generator = generator

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return x
        return x * keep_mask(x.shape, self.p, self.generator, x)

    def extra_repr(self) -> str:
        return f"p={self.p}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "generator": None}


def set_dropout_generator(net: nn.Module, generator: torch.Generator | None) -> None:
    """Makes every `Dropout` of `net` draw from `generator`."""
    for module in net.modules():
        if isinstance(module, Dropout):
            module.generator = generator
