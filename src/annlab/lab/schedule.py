"""The order of jobs: prerequisites first, then the longest, and timed jobs alone after all others."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from annlab.lab.jobs import Job

__all__ = ["Schedule"]


@dataclass
class Schedule:
    """Jobs that wait, each with what it waits for. It grows while it is worked on.

    An engine takes jobs; the driver tells which have finished.
    """

    _waiting: dict[str, tuple[Job, float, int]] = field(default_factory=dict)
    _running: dict[str, Job] = field(default_factory=dict)
    _unfinished: dict[str, set[str]] = field(default_factory=dict)  # key -> keys it still waits for
    _added: int = 0

    def add(self, job: Job, seconds: float | None, waits_for: set[str]) -> None:
        """Add a job that is to take `seconds` (None: unknown, taken first) and waits for jobs by key."""
        if job.key not in self._waiting and job.key not in self._running:
            self._waiting[job.key] = (job, float("inf") if seconds is None else seconds, self._added)
            self._unfinished[job.key] = set(waits_for)
            self._added += 1

    def __len__(self) -> int:
        """Jobs that wait or run."""
        return len(self._waiting) + len(self._running)

    def __iter__(self) -> Iterator[Job]:
        """Jobs that wait."""
        return (job for job, _, _ in self._waiting.values())

    def unfinished(self) -> Iterator[Job]:
        """Jobs that wait or run."""
        yield from self
        yield from self._running.values()

    def take(self, threads: int) -> Job | None:
        """The next job that may start with this many idle threads, or None; where nothing runs, one job always may."""
        idle = not self._running
        ready = [entry for key, entry in self._waiting.items() if not self._unfinished[key]]
        usual = [entry for entry in ready if not entry[0].timed]
        fitting = [entry for entry in usual if entry[0].threads <= threads or idle]
        if any(job.timed for job in self._running.values()):
            return None
        if usual:
            chosen = min(fitting, key=lambda entry: (-entry[1], entry[2]), default=None)
        else:
            chosen = min(ready, key=lambda entry: entry[2], default=None) if idle else None
        if chosen is None:
            return None
        job = chosen[0]
        del self._waiting[job.key]
        self._running[job.key] = job
        return job

    def finish(self, job: Job, done: bool) -> list[Job]:
        """Note that a job ended; where it failed, the jobs that needed it, directly or through others, leave and are returned."""
        self._running.pop(job.key, None)
        lost: list[Job] = []
        for key in [key for key, missing in self._unfinished.items() if job.key in missing]:
            if done:
                self._unfinished[key].discard(job.key)
            elif key in self._waiting:
                dropped = self._waiting.pop(key)[0]
                lost += [dropped, *self.finish(dropped, done=False)]
        self._unfinished.pop(job.key, None)
        return lost
