"""What a trial gets besides its parameters: streams, data, prerequisites, a folder that survives, a voice."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annlab.errors import UsageError
from annlab.lab.jobs import Job
from annlab.lab.outcome import Outcome
from annlab.lab.streams import Streams
from annlab.lab.study import Need

if TYPE_CHECKING:
    from annlab.data import Dataset
    from annlab.lab.store import Store

__all__ = ["Context"]


class Context:
    """The surroundings of one job.

    Attributes:
        study: name of the study.
        replicates: indices of the job's replicates; one, unless the cell is stacked.
        replicate: the first of them.
        streams: random streams of that replicate; ``streams.of(r)`` gives another's.
        device: ``"cpu"`` or ``"cuda"``.
        dtype: ``"float32"``, or what the study's parameter ``dtype`` says.
        threads: threads the job may use.
    """

    def __init__(self, job: Job, store: "Store", speak: Callable[[int, dict[str, float]], None] | None = None) -> None:
        self.study, self.replicates, self.replicate = job.study, job.replicates, job.replicates[0]
        self.streams = Streams(job.seed, job.study, self.replicate)
        self.device, self.dtype, self.threads = job.device, job.dtype, job.threads
        self._job, self._store, self._speak = job, store, speak

    def __repr__(self) -> str:
        return f"Context({self._job.label})"

    @property
    def scratch(self) -> Path:
        """Folder of this job alone, for checkpoints: it survives a kill and goes when the job is stored."""
        folder = self._store.scratch(self._job.key)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def data(self, name: str) -> "Dataset":
        """The data set `name`, which the study must declare in `data`, since it is part of the job's key."""
        if name not in self._job.data:
            raise UsageError(f"study {self.study!r} must name {name!r} in `data` to use it; it names {list(self._job.data) or 'none'}")
        from annlab import data

        return data.load(name)

    def report(self, step: int, **metrics: float) -> None:
        """Tell how far the trial is; cheap, shown at most twice a second, and without effect on the outcome."""
        if self._speak is not None:
            self._speak(step, metrics)

    def need(self, need: Need) -> Outcome:
        """Outcome of a prerequisite that the study declares in `needs`."""
        for declared, key in self._job.needs:
            if declared == need:
                stored = self._store.read(need.study, key)
                if stored is None:
                    raise RuntimeError(f"the outcome of {need} is not in the store {self._store.root}")
                return stored.outcome(need.replicate)
        raise UsageError(f"study {self.study!r} must return {need} from `needs` to use it")


def describe(step: int, metrics: dict[str, Any]) -> str:
    """One line that shows a report."""
    return ", ".join([f"step {step}", *(f"{name} {float(value):.4g}" for name, value in metrics.items())])
