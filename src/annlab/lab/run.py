"""Run studies: plan their jobs, compute what the store lacks, hand back lazy results."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from annlab.errors import UsageError
from annlab.lab.discover import load_study, source_of
from annlab.lab.engine import TIME_LIMIT, Settings, cores, engine_named
from annlab.lab.grid import Cell
from annlab.lab.jobs import Failure, Job
from annlab.lab.limits import default_memory
from annlab.lab.outcome import Outcome
from annlab.lab.planning import Plan, Planner, PlanRow
from annlab.lab.provenance import environment
from annlab.lab.results import Record, Results
from annlab.lab.schedule import Schedule
from annlab.lab.store import Store
from annlab.lab.study import Design, Study
from annlab.lab.worker import Assignment, compute, failed

__all__ = ["Event", "Plan", "PlanRow", "load", "plan", "plan_many", "run", "run_many", "stale_keys"]

StudyLike = Study | str | Path
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


def run(study: StudyLike, profile: str = "standard", **options: Any) -> Results:
    """Compute what the store lacks of a study, and return its results.

    Takes the arguments of `run_many`.
    """
    return run_many([study], profile, **options)[0]


def run_many(
    studies: Sequence[StudyLike],
    profile: str = "standard",
    *,
    settings: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    device: str = "cpu",
    seed: int = 0,
    fresh: bool = False,
    retry: bool = False,
    keep: Keep = "first",
    time_limit: float | None = None,
    memory_limit: int | None = None,
    engine: str = "local",
    store: Store | None = None,
    progress: Callable[[Event], None] | None = None,
) -> list[Results]:
    """Compute what the store lacks of several studies with one pool of workers, and return their results in order.

    Args:
        studies: studies, their names, or paths of Python files that hold one.
        profile: ``"quick"``, ``"standard"`` or ``"full"``.
        settings: parameters set in every cell.
        where: keeps the cells that match.
        replicates: replicates instead of the profile's.
        workers: processes, one for each core by default; 0 computes in this process, where limits do not hold.
        device: ``"cpu"`` or ``"cuda"``; a GPU is used from this process, a job at a time.
        seed: root seed of every random draw.
        fresh: compute stale jobs again.
        retry: try failed jobs again; those that failed with other code always are.
        keep: models kept of a cell: of the first replicate, of all or of none.
        time_limit: seconds that a job may take, six hours by default.
        memory_limit: bytes that a worker may hold, three quarters of the machine's by default.
        engine: name of an engine.
        store: where jobs are kept.
        progress: called with each event; without it, notes and failures go to the logger ``annlab.lab``.

    Raises:
        UsageError: for an unknown study, profile, parameter, engine or value; where the store cannot be written.
        KeyboardInterrupt: after the interrupt was noted and what had finished was stored.
    """
    found = [_study(study) for study in studies]
    if workers is not None and workers < 0:
        raise UsageError(f"workers must be at least 0, got {workers}")
    if keep not in ("first", "all", "none"):
        raise UsageError(f"keep must be first, all or none, got {keep!r}")
    designs = [study.design(profile, settings, where, replicates) for study in found]
    planner = Planner(store or Store(), {study.name: study for study in found}, _device(device), seed, fresh, retry)
    driver = _Driver(planner, designs, cores() if workers is None else workers, keep, progress)
    driver.work(engine, TIME_LIMIT if time_limit is None else time_limit, memory_limit or default_memory())
    command = _Command(profile, settings, where, replicates, planner.device, seed)
    return [_results(planner, design, command) for design in designs]


def plan(study: StudyLike, profile: str = "standard", **options: Any) -> Plan:
    """What `run` with the same arguments would compute."""
    return plan_many([study], profile, **options)


def plan_many(
    studies: Sequence[StudyLike],
    profile: str = "standard",
    *,
    settings: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    device: str = "cpu",
    seed: int = 0,
    fresh: bool = False,
    retry: bool = False,
    store: Store | None = None,
    **_unused: Any,
) -> Plan:
    """What `run_many` with the same arguments would compute; further arguments of it change nothing here."""
    found = [_study(study) for study in studies]
    designs = [study.design(profile, settings, where, replicates) for study in found]
    planner = Planner(store or Store(), {study.name: study for study in found}, _device(device), seed, fresh, retry)
    return planner.plan(designs, cores() if workers is None else workers)


def load(
    study: StudyLike,
    profile: str = "standard",
    *,
    settings: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    replicates: int | None = None,
    device: str = "cpu",
    seed: int = 0,
    store: Store | None = None,
) -> Results:
    """Results of what the store holds of a run, without computing anything."""
    found = _study(study)
    planner = Planner(store or Store(), {found.name: found}, _device(device), seed)
    design = found.design(profile, settings, where, replicates)
    return _results(planner, design, _Command(profile, settings, where, replicates, device, seed))


def stale_keys(store: Store, study: str | None = None) -> set[str]:
    """Keys of the stored jobs that other code computed, or whose study, version or parameters are gone."""
    stale: set[str] = set()
    planners: dict[tuple[str, int], Planner] = {}
    for job in store.jobs(study):
        spec = job.info["spec"]
        planner = planners.setdefault((spec["device"], spec["seed"]), Planner(store, {}, spec["device"], spec["seed"]))
        try:
            found = planner.study(job.study)
            cell = Cell(replace(found.params, **{name: _tupled(value) for name, value in spec["params"].items()}))
            current = planner.job(found, cell.params, spec["block"][0], spec["stage"])
        except (UsageError, TypeError, ImportError):
            stale.add(job.key)
            continue
        if current.key != job.key or planner.is_stale(current):
            stale.add(job.key)
    return stale


@dataclass(frozen=True)
class _Command:
    """The arguments of a run that change its results, and how the command line writes them."""

    profile: str
    settings: Mapping[str, Any] | None
    where: Mapping[str, Any] | None
    replicates: int | None
    device: str
    seed: int

    def text(self, study: str) -> str:
        parts = ["annlab run", study, "--profile", self.profile]
        for option, values in (("--set", self.settings), ("--where", self.where)):
            for name, value in (values or {}).items():
                written = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
                parts += [option, f"{name}={written}" if " " not in written else f'"{name}={written}"']
        parts += ["--replicates", str(self.replicates)] if self.replicates else []
        parts += ["--device", self.device] if self.device != "cpu" else []
        parts += ["--seed", str(self.seed)] if self.seed else []
        return " ".join(parts)


class _Driver:
    """Feeds an engine and stores what comes back."""

    def __init__(
        self, planner: Planner, designs: Sequence[Design], workers: int, keep: Keep, progress: Callable[[Event], None] | None
    ) -> None:
        self.planner, self.designs, self.workers, self.keep, self.progress = planner, designs, workers, keep, progress
        self.store, self.schedule = planner.store, Schedule()
        self.done, self.total, self.failures = 0, 0, 0
        self._open = [(design, {job.key for job in self._plan(planner.jobs_of(design))}) for design in designs]
        self._close_stages(None)

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
        try:
            for job, finished in chosen(self.schedule, settings):
                self.take_in(job, Path(finished.staged), finished.seconds, finished.failure)
        except KeyboardInterrupt:
            stored = self.done - self.failures
            self.say("interrupted", message=f"interrupted: {stored} of {self.total} jobs were computed and are stored; the same command goes on from there")
            raise
        self.say("end", message=f"{self.failures} of {self.total} jobs failed" if self.failures else "")

    def assignment(self, job: Job) -> Assignment:
        """What a worker must know to do a job."""
        study = self.planner.study(job.study)
        root = str(self.store.root) if self.store.is_elsewhere else None
        provenance = {"digest": self.planner.digest(job), **environment(job.device)}
        keep = "all" if self.planner.keeps_all(job) else self.keep
        return Assignment(job, source_of(study), root, provenance, keep, voice=self.progress is not None)

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
            self._lose(job, failure)
            for lost in self.schedule.finish(job, done=False):
                self.done += 1
                self._lose(lost, failed(self.assignment(lost), "need", f"it needs {job.label}, which failed"), keep=False)
        self._close_stages(job)

    def say(self, kind: str, job: Job | None = None, seconds: float = 0.0, message: str = "") -> None:
        """Tell whoever listens."""
        if self.progress is not None:
            self.progress(Event(kind, self.done, self.total, job, seconds, message))
        elif message and kind in ("note", "failed", "interrupted", "end"):
            _log.warning(message)

    def _lose(self, job: Job, failure: Failure, *, keep: bool = True) -> None:
        self.failures += 1
        if keep:
            self.store.commit_failure(failure)
        self.planner.note(job, failure)
        self.say("failed", job, failure.seconds, f"{job.label} failed: {failure.message}")

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
                self._lose(job, failed(self.assignment(job), "need", f"it needs {broken.label}, which failed"), keep=False)
            elif job.key in missing:
                self.schedule.add(job, self.planner.seconds(job), {key for _, key in job.needs} & missing)
        for note in self.store.notes:
            self.say("note", message=note)
        self.store.notes.clear()
        self.total = self.done + len(self.schedule)
        return [job for job in everything if job.key in missing]

    def _close_stages(self, ended: Job | None) -> None:
        """Begin the final stage of every study whose trials have all ended."""
        del ended
        waiting = {job.key for job in self.schedule.unfinished()}
        still = []
        for design, awaited in self._open:
            if awaited & waiting:
                still.append((design, awaited))
            elif design.study.select is not None:
                finals = self.planner.final_jobs(design)
                if not finals:
                    self.say("note", message=f"{design.study.name!r}: no cell can be selected, so its final stage does not run")
                self._plan(finals)
        self._open = still


def _results(planner: Planner, design: Design, command: _Command) -> Results:
    records = planner.records(design, "trial")
    final = planner.final_jobs(design)
    if final:
        chosen = Results(design.study, design, records).selected
        records += planner.records(design, "final", [chosen] if chosen else [])
    jobs = {record.key: planner.store.read(design.study.name, record.key) for record in records if record.outcome is not None}
    held = [job for job in jobs.values() if job is not None]
    versions = environment(command.device)
    for name in versions:
        found = sorted({str(job.info["provenance"].get(name, "")) for job in held})
        versions = {**versions, name: ", ".join(found) or versions[name]}
    provenance = {
        "study": design.study.name,
        "version": design.study.version,
        "profile": design.profile,
        "seed": command.seed,
        "device": versions.pop("device"),
        "versions": versions,
        "seconds": sum(job.seconds for job in held),
        "created": max((str(job.info["created"]) for job in held), default=""),
        "command": command.text(design.study.name),
        "data": sorted({name for cell in design.cells for name in design.study.data_of(cell.params)}),
    }

    def remake(record: Record) -> Outcome:
        job = planner.job(design.study, record.cell.params, record.replicate, record.stage)
        provenance = {"digest": planner.digest(job), **environment(job.device)}
        root = str(planner.store.root) if planner.store.is_elsewhere else None
        planner.store.prepare()
        finished = compute(Assignment(job, None, root, provenance, keep="all"), design.study)
        if finished.failure:
            raise UsageError(f"the model cannot be made again: {finished.failure.message}")
        planner.store.commit(job, Path(finished.staged))
        planner.note(job, None)
        stored = planner.stored(job)
        assert stored is not None
        return stored.outcome(record.replicate)

    return Results(design.study, design, records, provenance=provenance, remake=remake)


def _study(given: StudyLike) -> Study:
    return given if isinstance(given, Study) else load_study(given)


def _device(name: str) -> str:
    if name != "cpu" and name.partition(":")[0] != "cuda":
        raise UsageError(f"device must be cpu or cuda, got {name!r}")
    if name != "cpu":
        import torch

        if not torch.cuda.is_available():
            raise UsageError(f"device {name!r} is not available here; use cpu")
    return name


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


