"""Training losses by name."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from annlab.errors import UsageError, unknown_name

__all__ = ["LOSSES", "loss_function", "target_dtype"]

Loss = Callable[[Any, Any], torch.Tensor]


def _aligned(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    if target.shape == output.shape:
        return target
    if output.shape == (*target.shape, 1):
        return target.unsqueeze(-1)
    raise UsageError(f"the network's output has shape {tuple(output.shape)} but the target {tuple(target.shape)}")


def _mse(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(output, _aligned(output, target))


def _binary_cross_entropy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(output, _aligned(output, target))


def _cross_entropy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(output, target)


LOSSES: dict[str, Loss] = {"mse": _mse, "cross_entropy": _cross_entropy, "binary_cross_entropy": _binary_cross_entropy}


def loss_function(loss: str | Loss) -> Loss:
    """The function ``(output, target) -> scalar`` of a recipe's `loss`; a mean over samples, and over outputs where there are several.

    A target of shape (n,) meets an output of shape (n, 1); any other difference of shapes raises `UsageError`.
    """
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise unknown_name("loss", loss, LOSSES)
    return LOSSES[loss]


def target_dtype(loss: str | Loss, dtype: torch.dtype) -> torch.dtype | None:
    """Type that targets are brought to for a network of type `dtype`: class indices for cross-entropy, as given for one's own loss."""
    if callable(loss):
        return None
    return torch.int64 if loss == "cross_entropy" else dtype
