"""Global state while networks train: random generators that those of unknown make may draw from, and how small numbers are taken."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

__all__ = ["guarded_generators", "read_generators", "subnormals_as_zero", "write_generators"]


def read_generators(device: torch.device) -> dict[str, Any]:
    """States of torch's (of the CPU and of `device`), NumPy's legacy and Python's global generators."""
    states: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(legacy=False),  # noqa: NPY002
        "python": random.getstate(),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def write_generators(states: dict[str, Any], device: torch.device) -> None:
    """Puts back what `read_generators` read."""
    torch.set_rng_state(states["torch"])
    np.random.set_state(states["numpy"])  # noqa: NPY002
    random.setstate(states["python"])
    if "cuda" in states and device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


@contextmanager
def guarded_generators(seed: int, device: torch.device) -> Iterator[None]:
    """Within, the global generators start from `seed`; afterwards they are as they were."""
    states = read_generators(device)
    try:
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        random.seed(seed)
        yield
    finally:
        write_generators(states, device)


@contextmanager
def subnormals_as_zero() -> Iterator[None]:
    """Within, the processor takes numbers too small for full precision (in float32 below 1e-38) as 0; afterwards as before.

    Moments of weights whose gradient has vanished, such as those of pixels that are always black, fall so low after a few epochs, and
    processors take some hundred times as long for each of them: training an autoencoder of MNIST took two to eight times as long.
    """
    before = bool((torch.full((1,), 1e-39, dtype=torch.float32) == 0).item())
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
