"""Engines: a schedule of jobs in, finished jobs out as they finish.

The local engine is a supervised pool of spawned processes with one library thread each. A job that raises, hangs, eats
memory or ends its process costs itself only.
"""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annlab.errors import unknown_name
from annlab.lab.jobs import Failure, Job
from annlab.lab.schedule import Schedule
from annlab.lab.worker import Assignment, Finished, compute, failed, initialise

if TYPE_CHECKING:
    from annlab.lab.study import Study

__all__ = ["ENGINES", "Engine", "Settings", "cores", "engine_named", "local"]

TIME_LIMIT = 6 * 3600.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Settings:
    """How an engine works.

    Attributes:
        assign: makes the assignment of a job.
        studies: the studies by name, for jobs that run in this process.
        staging: folder in which reports of trials appear.
        workers: processes; 0 runs everything in this one.
        time_limit: seconds a job may take in a worker.
        memory_limit: bytes a worker may hold.
        hear: called with a job and what its trial reports; None where nobody listens.
    """

    assign: Callable[[Job], Assignment]
    studies: "Mapping[str, Study]"
    staging: Path
    workers: int = 1
    time_limit: float = TIME_LIMIT
    memory_limit: int | None = None
    hear: Callable[[Job, str], None] | None = None


Engine = Callable[[Schedule, Settings], Generator[tuple[Job, Finished], None, None]]


def engine_named(name: str) -> Engine:
    """The engine called so; raises `UsageError` for an unknown name."""
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return ENGINES[name]


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def local(schedule: Schedule, settings: Settings) -> Generator[tuple[Job, Finished], None, None]:
    """Run jobs in a pool of processes, and those that no other process can import, or that hold a GPU, in this one."""
    pool = _Pool(settings)
    try:
        while len(schedule):
            while (job := schedule.take(settings.workers - pool.threads)) is not None:
                assignment = settings.assign(job)
                if settings.workers == 0 or assignment.source is None or job.device != "cpu":
                    yield job, _here(assignment, settings)
                else:
                    pool.start(job, assignment)
            if not pool.running and len(schedule):
                raise RuntimeError(f"{len(schedule)} jobs wait for what nobody computes")
            yield from pool.finished(_LOOK_SECONDS)
    except KeyboardInterrupt:
        pool.stop()
        yield from pool.already_finished()
        raise
    finally:
        pool.stop()


ENGINES: dict[str, Engine] = {"local": local}


@dataclass
class _Pool:
    """The processes, started when the first job comes."""

    settings: Settings
    running: "dict[Future[Finished], tuple[Job, Assignment]]" = field(default_factory=dict)
    _pool: Any = None
    _second_try: set[str] = field(default_factory=set)
    _heard: dict[str, str] = field(default_factory=dict)

    @property
    def threads(self) -> int:
        """Threads of the jobs under way."""
        return sum(job.threads for job, _ in self.running.values())

    def start(self, job: Job, assignment: Assignment) -> None:
        """Hand a job to a process."""
        if self._pool is None:
            from pebble import ProcessPool

            from annlab.lab.processes import CleanSpawnContext

            self._pool = ProcessPool(
                max_workers=self.settings.workers,
                initializer=initialise,
                initargs=(self.settings.memory_limit,),
                context=CleanSpawnContext(),
            )
        limit = self.settings.time_limit * (3 if job.timed else 1)
        self.running[self._pool.schedule(compute, args=(assignment,), timeout=limit)] = job, assignment

    def finished(self, seconds: float) -> Iterator[tuple[Job, Finished]]:
        """What has finished, after waiting for the first to do so, at most so long."""
        done, _ = wait(self.running, timeout=seconds, return_when=FIRST_COMPLETED)
        self._listen()
        if not done and self._pool is not None and not self._pool.active:  # it broke before it took them
            done = set(self.running)
        again = []
        for future in done:
            job, assignment = self.running.pop(future)
            result = self._result(future, assignment)
            if result is None:
                again.append((job, assignment))
            else:
                yield job, result
        if again:
            again += self.running.values()
            self.running.clear()
            self.stop()
        for job, assignment in again:
            if job.key in self._second_try:
                yield job, _lost(assignment, "died", "the worker processes broke twice, perhaps for want of memory")
            else:
                self._second_try.add(job.key)
                self.start(job, assignment)

    def already_finished(self) -> Iterator[tuple[Job, Finished]]:
        """After an interrupt: what finished and was not handed over yet."""
        for future, (job, _) in list(self.running.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                yield job, future.result()
        self.running.clear()

    def stop(self) -> None:
        """End the processes, whatever they do."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def _result(self, future: "Future[Finished]", assignment: Assignment) -> Finished | None:
        """The result, or the failure that its absence means; None where the pool broke and the job deserves a second try."""
        from pebble import ProcessExpired

        if not future.done():
            return None
        try:
            return future.result()
        except TimeoutError:
            limit = self.settings.time_limit
            return _lost(assignment, "time", f"took longer than its limit of {limit:g} s", limit)
        except ProcessExpired as error:
            return _lost(assignment, "died", f"its process ended with {_exit_words(error.exitcode)}")
        except (BrokenProcessPool, CancelledError):
            return None
        except Exception as error:  # noqa: BLE001 - a result that cannot travel costs its job only
            return _lost(assignment, "raised", f"{type(error).__name__}: {error}")

    def _listen(self) -> None:
        if self.settings.hear is None:
            return
        by_key = {job.key: job for job, _ in self.running.values()}
        for path in self.settings.staging.glob("[!.]*.report"):
            job = by_key.get(path.name.partition("-")[0])
            if job is not None:
                with suppress(OSError):
                    said = path.read_text(encoding="utf-8")
                    if self._heard.get(job.key) != said:
                        self._heard[job.key] = said
                        self.settings.hear(job, said)


def _here(assignment: Assignment, settings: Settings) -> Finished:
    from annlab.lab.context import describe

    hear, job = settings.hear, assignment.job
    speak = None if hear is None else lambda step, metrics: hear(job, describe(step, metrics))
    return compute(assignment, settings.studies[job.study], speak)


def _lost(assignment: Assignment, kind: str, message: str, seconds: float = 0.0) -> Finished:
    failure: Failure = failed(assignment, kind, message, seconds=seconds)
    return Finished(failure=failure)


def _exit_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {-code}" + (", as it does where memory runs out" if code == -9 and sys.platform != "win32" else "")
    return f"exit code {code}"
