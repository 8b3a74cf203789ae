"""Named random generators of an estimator, made from its ``random_state``."""

import hashlib
from typing import Any

import numpy as np
import torch

from annlab.errors import UsageError

__all__ = ["RandomStreams", "random_streams"]


class RandomStreams:
    """Generators by name and replicate, all made from one root seed; asking twice gives equal generators.

    A generator's seed is ``SeedSequence(root, spawn_key)`` with the SHA-256 words of (name, replicate).
    """

    def __init__(self, root: int) -> None:
        self.root = root

    def _sequence(self, name: str, replicate: int) -> np.random.SeedSequence:
        digest = hashlib.sha256(f"{name}\0{replicate}".encode()).digest()
        return np.random.SeedSequence(self.root, spawn_key=tuple(int(word) for word in np.frombuffer(digest, dtype="<u4")))

    def seed(self, name: str, replicate: int = 0) -> int:
        """63-bit seed of a stream."""
        return int(self._sequence(name, replicate).generate_state(1, np.uint64)[0] >> np.uint64(1))

    def numpy(self, name: str, replicate: int = 0) -> np.random.Generator:
        """NumPy generator of a stream."""
        return np.random.default_rng(self._sequence(name, replicate))

    def torch(self, name: str, replicate: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
        """Torch generator of a stream on `device`."""
        return torch.Generator(device=device).manual_seed(self.seed(name, replicate))


def random_streams(random_state: Any) -> RandomStreams:
    """Streams of a ``random_state``: a whole number, a NumPy generator (advanced by one draw), or None for fresh ones.

    Raises:
        UsageError: for anything else.
    """
    if random_state is None:
        return RandomStreams(int(np.random.SeedSequence().generate_state(1, np.uint64)[0]))
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool) and random_state >= 0:
        return RandomStreams(int(random_state))
    if isinstance(random_state, np.random.RandomState):
        return RandomStreams(int(random_state.randint(np.iinfo(np.int32).max)))
    if isinstance(random_state, np.random.Generator):
        return RandomStreams(int(random_state.integers(np.iinfo(np.int64).max)))
    raise UsageError(f"random_state takes None, a whole number of at least 0 or a NumPy generator, got {random_state!r}")
