"""Arrays as tensors where they are wanted, without a copy where possible."""

import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["as_float", "as_tensor", "place_of"]


def as_tensor(values: Any, device: torch.device, dtype: torch.dtype | None) -> torch.Tensor:
    """`values` as a tensor on `device`; floating and integer values are brought to `dtype`, images of bytes stay bytes where it is floating.

    Memory is shared where type and device allow, read-only arrays and memory maps included: the result is not to be written to.
    """
    if not isinstance(values, torch.Tensor):
        array = np.asarray(values)
        if not array.flags.writeable:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
                values = torch.from_numpy(array)
        else:
            values = torch.from_numpy(np.ascontiguousarray(array))
    values = values.detach()
    keep = dtype is None or (values.dtype == torch.uint8 and dtype.is_floating_point)
    return values.to(device=device, dtype=values.dtype if keep else dtype)


def as_float(batch: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Bytes as numbers of `dtype` in [0, 1]; anything else as it is."""
    return batch.to(dtype).div_(255.0) if batch.dtype == torch.uint8 else batch


def place_of(net: nn.Module) -> tuple[torch.device, torch.dtype]:
    """Device and floating type of a network's first floating parameter, or cpu and torch's default where it has none."""
    for parameter in net.parameters():
        if parameter.is_floating_point():
            return parameter.device, parameter.dtype
    return torch.device("cpu"), torch.get_default_dtype()
