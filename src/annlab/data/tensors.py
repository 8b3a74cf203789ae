"""Arrays of a data set as tensors, without a second copy in memory."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.errors import unknown_name

if TYPE_CHECKING:
    import torch

__all__ = ["as_tensor"]


def as_tensor(array: Any, device: "torch.device | str" = "cpu", dtype: "torch.dtype | str | None" = None) -> "torch.Tensor":
    """`array` as a tensor on `device`, copied at most once on the host.

    On the CPU in its own type, the tensor shares the memory of a writable array and of a loaded data set (whose pages are
    copied on writing, so that no write reaches the cache or another process); any other read-only array is copied.

    Args:
        array: NumPy array, tensor, or nested numbers.
        device: torch device.
        dtype: torch type or its name, such as ``"float32"``; the array's own by default.

    Raises:
        UsageError: for an unknown name of a type.
        TypeError: for an array that torch cannot hold, such as text.
    """
    import torch

    if isinstance(dtype, str):
        named = getattr(torch, dtype, None)
        if not isinstance(named, torch.dtype):
            raise unknown_name("dtype", dtype, ("float16", "bfloat16", "float32", "float64", "uint8", "int32", "int64", "bool"))
        dtype = named
    tensor = array if isinstance(array, torch.Tensor) else torch.from_numpy(_writable(np.asarray(array)))
    if dtype is None or dtype == tensor.dtype:
        return tensor.to(device)
    if dtype.itemsize > tensor.dtype.itemsize:  # the narrow type is the cheaper one to move: uint8 images
        return tensor.to(device).to(dtype)
    return tensor.to(dtype).to(device)


def _writable(array: np.ndarray) -> np.ndarray:
    """`array`, a writable view of its copy-on-write pages, or a copy, whichever torch takes without harm."""
    if not array.dtype.isnative or any(stride < 0 for stride in array.strides):
        return array.astype(array.dtype.newbyteorder("="), order="C")
    if array.flags.writeable:
        return array
    owner: Any = array
    while owner is not None and not isinstance(owner, np.memmap):
        owner = getattr(owner, "base", None)
    if owner is None or owner.mode != "c":
        return array.copy()
    shared = array.view()
    shared.flags.writeable = True
    return shared
