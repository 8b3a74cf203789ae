"""Named random streams: one root seed makes every draw of a study, and adding a draw changes no other.

A stream is a generator seeded by ``SeedSequence(root, spawn_key=words)``, where `words` are the eight 32-bit words of the
SHA-256 digest of (study, stream, replicate). Cells of one replicate share their streams, so that they compare in pairs.
"""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from annlab.errors import unknown_name

if TYPE_CHECKING:
    import torch

__all__ = ["STREAMS", "Streams"]

STREAMS = ("init", "data", "split", "order", "noise", "dropout", "sampling", "measure")


class Streams:
    """The named streams of one replicate of a study.

    Every call starts a stream anew: the same name gives a generator in the same state, whatever was drawn before.
    Metrics draw from ``"measure"`` alone.

    Args:
        root: root seed of the run.
        study: name of the study.
        replicate: index of the replicate, from 0.
    """

    def __init__(self, root: int, study: str, replicate: int = 0) -> None:
        self.root, self.study, self.replicate = root, study, replicate

    def __repr__(self) -> str:
        return f"Streams(root={self.root}, study={self.study!r}, replicate={self.replicate})"

    def __call__(self, name: str) -> np.random.Generator:
        """NumPy generator of the stream `name`, one of `STREAMS`."""
        return np.random.default_rng(self._sequence(name, None))

    def child(self, name: str, label: str) -> np.random.Generator:
        """NumPy generator of a draw of one's own, independent of the stream `name` and of other labels."""
        return np.random.default_rng(self._sequence(name, label))

    def seed(self, name: str, label: str | None = None) -> int:
        """63-bit seed of a stream or of its child, for `random_state` parameters and `torch.Generator.manual_seed`."""
        high, low = self._sequence(name, label).generate_state(2, np.uint32)
        return (int(high) << 32 | int(low)) >> 1

    def torch(self, name: str, label: str | None = None, device: "torch.device | str" = "cpu") -> "torch.Generator":
        """Torch generator of a stream or of its child on `device`."""
        import torch

        return torch.Generator(device=device).manual_seed(self.seed(name, label))

    def of(self, replicate: int) -> "Streams":
        """The streams of another replicate of the same study and root seed."""
        return Streams(self.root, self.study, replicate)

    def _sequence(self, name: str, label: str | None) -> np.random.SeedSequence:
        if name not in STREAMS:
            raise unknown_name("stream", name, STREAMS)
        parts = [self.study, name, str(self.replicate)] + ([] if label is None else [label])
        digest = hashlib.sha256("\0".join(parts).encode()).digest()
        words = tuple(int(word) for word in np.frombuffer(digest, dtype="<u4"))
        return np.random.SeedSequence(self.root, spawn_key=words)
