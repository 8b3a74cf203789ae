"""The driver: feeds an engine with jobs, stores what comes back, and tells how far it is."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annlab.errors import UsageError
from annlab.lab.discover import source_of
from annlab.lab.engine import Settings, engine_named
from annlab.lab.jobs import Failure, Job
from annlab.lab.planning import Planner
from annlab.lab.provenance import environment
from annlab.lab.schedule import Schedule
from annlab.lab.study import Design
from annlab.lab.worker import Assignment, failed

__all__ = ["Driver", "Event", "Keep", "assignment_of"]

Keep = Literal["first", "all", "none"]

_log = logging.getLogger("annlab.lab")


@dataclass(frozen=True)
class Event:
    """What happened in a run, for a progress display.

    Attributes:
        kind: ``"start"``, ``"done"``, ``"failed"``, ``"report"`` (a trial speaks), ``"note"``, ``"interrupted"``, ``"end"``.
        done: jobs finished in this call, failed ones included.
        total: jobs to compute in this call; it grows when a final stage is chosen.
        job: the job concerned, if one is.
        seconds: the job's own seconds; at the start the estimate for the whole, 0 where it is unknown.
        message: one line to show, or "".
    """

    kind: str
    done: int = 0
    total: int = 0
    job: Job | None = None
    seconds: float = 0.0
    message: str = ""


class Driver:
    """Feeds an engine and stores what comes back."""

    def __init__(
        self, planner: Planner, designs: Sequence[Design], workers: int, keep: Keep, progress: Callable[[Event], None] | None
    ) -> None:
        self.planner, self.designs, self.workers, self.keep, self.progress = planner, designs, workers, keep, progress
        self.store, self.schedule = planner.store, Schedule()
        self.done, self.total, self.failures = 0, 0, 0
        awaited = [(design, {job.key for job in self._plan(planner.jobs_of(design))}) for design in designs]
        self._open = [(design, keys) for design, keys in awaited if design.study.select is not None]
        self._begin_finals()

    def work(self, engine: str, time_limit: float, memory_limit: int | None) -> None:
        """Compute all that is missing."""
        chosen = engine_named(engine)
        if not self.total:
            return
        self.store.prepare()
        for name in sorted({job.study for job in self.schedule}):
            if self.workers and self.planner.device == "cpu" and source_of(self.planner.study(name)) is None:
                self.say("note", message=f"{name!r} cannot be imported by another process, so it runs in this one, a job at a time")
        estimate = [self.planner.seconds(job) for job in self.schedule]
        total = sum(seconds or 0.0 for seconds in estimate) if None not in estimate else 0.0
        self.say("start", seconds=total / max(1, self.workers))
        settings = Settings(
            assign=self.assignment,
            studies=self.planner.studies,
            staging=self.store.staging,
            workers=min(self.workers, max(2, self.total)) if self.planner.device == "cpu" else 0,
            time_limit=time_limit,
            memory_limit=memory_limit,
            hear=None if self.progress is None else lambda job, said: self.say("report", job, message=said),
        )
        results = chosen(self.schedule, settings)
        try:
            for job, finished in results:
                self.take_in(job, Path(finished.staged), finished.seconds, finished.failure)
        except KeyboardInterrupt:
            stored = self.done - self.failures
            message = f"interrupted: {stored} of {self.total} jobs were computed and are stored; the same command goes on from there"
            self.say("interrupted", message=message)
            raise
        finally:
            results.close()
            self.store.clear_staging()
        self.say("end", message=f"{self.failures} of {self.total} jobs failed" if self.failures else "")

    def assignment(self, job: Job) -> Assignment:
        """What a worker must know to do a job."""
        return assignment_of(self.planner, job, "all" if self.planner.keeps_all(job) else self.keep, voice=self.progress is not None)

    def take_in(self, job: Job, staged: Path, seconds: float, failure: Failure | None) -> None:
        """Store what came back, and see what may be computed now."""
        self.done += 1
        if failure is None:
            self.store.commit(job, staged, replace=self.planner.fresh)
            self.planner.note(job, None)
            self.schedule.finish(job, done=True)
            self.say("done", job, seconds)
        elif failure.kind == "store":
            raise UsageError(f"the outcome of {job.label} cannot be written to {self.store.root}: {failure.message}")
        else:
            self.failures += 1
            self.store.commit_failure(failure)
            self._lose(job, failure)
            for lost in self.schedule.finish(job, done=False):
                self.done, self.failures = self.done + 1, self.failures + 1
                self._lose_with(lost, job)
        self._begin_finals()

    def say(self, kind: str, job: Job | None = None, seconds: float = 0.0, message: str = "") -> None:
        """Tell whoever listens."""
        if self.progress is not None:
            self.progress(Event(kind, self.done, self.total, job, seconds, message))
        elif message and kind in ("note", "failed", "interrupted", "end"):
            _log.warning(message)

    def _lose(self, job: Job, failure: Failure) -> None:
        self.planner.note(job, failure)
        self.say("failed", job, failure.seconds, f"{job.label} failed: {failure.message}")

    def _lose_with(self, job: Job, broken: Job) -> None:
        """A job that is not even tried, since one that it needs failed; nothing is recorded of it."""
        self._lose(job, failed(self.assignment(job), "need", f"it needs {broken.label}, which failed"))

    def _plan(self, jobs: Sequence[Job]) -> list[Job]:
        """Put what is missing of these jobs and of their needs in the schedule; returns what is awaited."""
        everything = self.planner.with_needs(jobs)
        missing = {job.key for job in everything if self.planner.is_missing(job)}
        hopeless = {job.key: job for job in everything if job.key not in missing and self.planner.failure(job) is not None}
        for job in everything:
            broken = next((hopeless[key] for _, key in job.needs if key in hopeless), None)
            if job.key in missing and broken is not None:
                missing.discard(job.key)
                hopeless[job.key] = job
                self._lose_with(job, broken)
            elif job.key in missing:
                self.schedule.add(job, self.planner.seconds(job), {key for _, key in job.needs} & missing)
        for note in self.store.notes:
            self.say("note", message=note)
        self.store.notes.clear()
        self.total = self.done + len(self.schedule)
        return [job for job in everything if job.key in missing]

    def _begin_finals(self) -> None:
        """Begin the final stage of every study whose trials have all ended."""
        if not self._open:
            return
        waiting = {job.key for job in self.schedule.unfinished()}
        still = []
        for design, awaited in self._open:
            if awaited & waiting:
                still.append((design, awaited))
            else:
                finals = self.planner.final_jobs(design)
                if not finals:
                    self.say("note", message=f"{design.study.name!r}: no cell can be selected, so its final stage does not run")
                self._plan(finals)
        self._open = still


def assignment_of(planner: Planner, job: Job, keep: Keep, *, voice: bool = False) -> Assignment:
    """A planned job with what a worker must know to do it."""
    root = str(planner.store.root) if planner.store.is_elsewhere else None
    provenance = {"digest": planner.digest(job), **environment(job.device)}
    return Assignment(job, source_of(planner.study(job.study)), root, provenance, keep, voice)
