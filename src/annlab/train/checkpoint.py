"""State of a training run on disk: safetensors and JSON in one file, written at once or not at all."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annlab.errors import UsageError
from annlab.train.codec import decode, encode, read_file, write_file

__all__ = ["Checkpoint", "CheckpointWriter"]

SECONDS = 20.0


@dataclass(frozen=True)
class Checkpoint:
    """All that a training run needs to go on as if it had never stopped.

    Attributes:
        net: state dict of the network.
        optimizer: state dict of the optimiser.
        generators: states of the generators of order, noise and dropout, those that are used.
        global_generators: states of the global generators as the network found them.
        tracker: position, record, best weights and patience.
    """

    net: dict[str, Any]
    optimizer: dict[str, Any]
    generators: dict[str, Any]
    global_generators: dict[str, Any]
    tracker: dict[str, Any]

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return int(self.tracker["epoch"])

    def save(self, path: str | Path) -> Path:
        """Writes one file; an existing one is replaced at once."""
        tree, tensors = encode({name: dict(getattr(self, name)) for name in self.__dataclass_fields__})
        write_file(Path(path), {"checkpoint": 1, "state": tree}, tensors)
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> "Checkpoint":
        """Reads what `save` wrote. Raises `UsageError` where there is no file, `ValueError` where it is something else."""
        if not Path(path).is_file():
            raise UsageError(f"there is no checkpoint at {path}")
        tree, tensors = read_file(Path(path))
        if not isinstance(tree, dict) or tree.get("checkpoint") != 1:
            raise ValueError(f"{path} is not a checkpoint of a training run")
        return cls(**decode(tree["state"], tensors))


class CheckpointWriter:
    """Decides when a checkpoint is due: every `every` epochs, or after 20 seconds where that is None, and at the end."""

    def __init__(self, path: str | Path | None, every: int | None) -> None:
        if every is not None and every < 1:
            raise UsageError(f"checkpoint_every must be at least 1, got {every}")
        self.path, self.every = path, every
        self._written = time.monotonic()

    def write(self, make: Callable[[], Checkpoint], epoch: int, *, last: bool) -> None:
        """Writes what `make` returns, if due."""
        if self.path is None:
            return
        due = epoch % self.every == 0 if self.every else time.monotonic() - self._written >= SECONDS
        if due or last:
            make().save(self.path)
            self._written = time.monotonic()
