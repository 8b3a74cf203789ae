"""Batches as a network wants them: on its device, of its type, bytes as numbers in [0, 1]."""

from typing import Any

import torch
from torch import nn

from annlab import data

__all__ = ["as_float", "as_tensor", "place_of"]


def as_tensor(values: Any, device: torch.device, dtype: torch.dtype | None) -> torch.Tensor:
    """`values` as a tensor on `device` and of `dtype`, except that bytes stay bytes where `dtype` is floating; not to be written to.

    Memory is shared where type and device allow it, see `annlab.data.as_tensor`.
    """
    tensor = data.as_tensor(values).detach()
    keep = dtype is None or (tensor.dtype == torch.uint8 and dtype.is_floating_point)
    return tensor.to(device=device, dtype=tensor.dtype if keep else dtype)


def as_float(batch: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Bytes as numbers of `dtype` in [0, 1]; anything else as it is."""
    return batch.to(dtype).div_(255.0) if batch.dtype == torch.uint8 else batch


def place_of(net: nn.Module) -> tuple[torch.device, torch.dtype]:
    """Device and floating type of a network's first floating parameter, or cpu and torch's default where it has none."""
    for parameter in net.parameters():
        if parameter.is_floating_point():
            return parameter.device, parameter.dtype
    return torch.device("cpu"), torch.get_default_dtype()
