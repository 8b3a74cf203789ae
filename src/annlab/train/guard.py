"""Global random generators, kept from what networks of unknown make may draw while they train."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

__all__ = ["guarded_generators", "read_generators", "write_generators"]


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
