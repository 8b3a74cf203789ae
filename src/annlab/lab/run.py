"""Run studies: plan their jobs, compute what the store lacks, hand back lazy results."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, Unpack

from annlab.errors import UsageError
from annlab.lab.discover import load_study, source_of
from annlab.lab.driver import Driver, Event, Keep, assignment_of
from annlab.lab.engine import TIME_LIMIT, cores
from annlab.lab.limits import default_memory
from annlab.lab.outcome import Outcome
from annlab.lab.params import resolve
from annlab.lab.planning import Plan, Planner, PlanRow
from annlab.lab.provenance import environment
from annlab.lab.results import Record, Results
from annlab.lab.store import Store
from annlab.lab.study import Design, Study
from annlab.lab.worker import compute

__all__ = ["Event", "Plan", "PlanRow", "load", "plan", "plan_many", "run", "run_many", "stale_keys"]

StudyLike = Study | str | Path


class DesignOptions(TypedDict, total=False):
    """The arguments of `load`."""

    settings: Mapping[str, Any] | None
    where: Mapping[str, Any] | None
    replicates: int | None
    device: str
    seed: int
    store: Store | None


class RunOptions(DesignOptions, total=False):
    """The arguments of `run_many`."""

    workers: int | None
    fresh: bool
    retry: bool
    keep: Keep
    time_limit: float | None
    memory_limit: int | None
    engine: str
    progress: Callable[[Event], None] | None


def run(study: StudyLike, profile: str = "standard", **options: Unpack[RunOptions]) -> Results:
    """Compute what the store lacks of a study, and return its results; the arguments are those of `run_many`."""
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
    if workers is not None and workers < 0:
        raise UsageError(f"workers must be at least 0, got {workers}")
    if keep not in ("first", "all", "none"):
        raise UsageError(f"keep must be first, all or none, got {keep!r}")
    request = _Request(studies, profile, settings, where, replicates, device, seed, store)
    planner = request.planner(fresh=fresh, retry=retry)
    driver = Driver(planner, request.designs, cores() if workers is None else workers, keep, progress)
    driver.work(engine, TIME_LIMIT if time_limit is None else time_limit, memory_limit or default_memory())
    return [_results(planner, design, request) for design in request.designs]


def plan(study: StudyLike, profile: str = "standard", **options: Unpack[RunOptions]) -> Plan:
    """What `run` with the same arguments would compute."""
    return plan_many([study], profile, **options)


def plan_many(studies: Sequence[StudyLike], profile: str = "standard", **options: Unpack[RunOptions]) -> Plan:
    """What `run_many` with the same arguments would compute; how it would do so changes only the estimate."""
    given = {name: options[name] for name in DesignOptions.__annotations__ if name in options}  # type: ignore[literal-required]
    request = _Request(studies, profile, **given)
    workers = options.get("workers")
    planner = request.planner(fresh=options.get("fresh", False), retry=options.get("retry", False))
    return planner.plan(request.designs, cores() if workers is None else workers)


def load(study: StudyLike, profile: str = "standard", **options: Unpack[DesignOptions]) -> Results:
    """Results of what the store holds of a run, without computing anything."""
    request = _Request([study], profile, **options)
    return _results(request.planner(), request.designs[0], request)


def stale_keys(store: Store, study: str | None = None) -> set[str]:
    """Keys of the stored jobs that other code computed, or that no run would ask for: the version or the parameters have changed.

    Of a study that cannot be found by its name, such as one in a file of the user's, nothing is said.
    """
    stale: set[str] = set()
    planners: dict[tuple[str, int], Planner] = {}
    for job in store.jobs(study):
        spec = job.info["spec"]
        planner = planners.setdefault((spec["device"], spec["seed"]), Planner(store, {}, spec["device"], spec["seed"]))
        try:
            found = planner.study(job.study)
        except UsageError:
            continue
        try:
            current = planner.job(found, resolve(found.params, spec["params"]), spec["block"][0], spec["stage"])
        except UsageError:  # a parameter has gone, or means something else
            stale.add(job.key)
            continue
        if current.key != job.key or planner.is_stale(current):
            stale.add(job.key)
    return stale


@dataclass(frozen=True)
class _Request:
    """The arguments of a run that change its results."""

    studies: Sequence[StudyLike]
    profile: str
    settings: Mapping[str, Any] | None = None
    where: Mapping[str, Any] | None = None
    replicates: int | None = None
    device: str = "cpu"
    seed: int = 0
    store: Store | None = None

    @cached_property
    def designs(self) -> list[Design]:
        found = [study if isinstance(study, Study) else load_study(study) for study in self.studies]
        return [study.design(self.profile, self.settings, self.where, self.replicates) for study in found]

    def planner(self, *, fresh: bool = False, retry: bool = False) -> Planner:
        studies = {design.study.name: design.study for design in self.designs}
        return Planner(self.store or Store(), studies, _device(self.device), self.seed, fresh, retry)

    def command(self, study: Study) -> str:
        """How the command line writes it."""
        source = source_of(study)
        parts = ["annlab", "run", source.argument if source else study.name, "--profile", self.profile]
        for name, value in (self.settings or {}).items():
            parts += ["--set", f"{name}={_written(value)}"]
        for name, value in (self.where or {}).items():
            for choice in value if isinstance(value, list | set | frozenset) else [value]:
                parts += ["--where", f"{name}={_written(choice)}"]
        parts += ["--replicates", str(self.replicates)] if self.replicates else []
        parts += ["--device", self.device] if self.device != "cpu" else []
        parts += ["--seed", str(self.seed)] if self.seed else []
        return shlex.join(parts)


def _results(planner: Planner, design: Design, request: _Request) -> Results:
    records = planner.records(design, "trial")
    final = planner.final_jobs(design)
    if final:
        chosen = Results(design.study, design, records).selected
        records += planner.records(design, "final", [chosen] if chosen else [])
    jobs = {record.key: planner.store.read(design.study.name, record.key) for record in records if record.outcome is not None}
    held = [job for job in jobs.values() if job is not None]
    versions = environment(request.device)
    for name in versions:
        found = sorted({str(job.info["provenance"].get(name, "")) for job in held})
        versions = {**versions, name: ", ".join(found) or versions[name]}
    provenance = {
        "study": design.study.name,
        "version": design.study.version,
        "profile": design.profile,
        "seed": request.seed,
        "device": versions.pop("device"),
        "versions": versions,
        "seconds": sum(job.seconds for job in held),
        "created": max((str(job.info["created"]) for job in held), default=""),
        "command": request.command(design.study),
        "data": sorted({name for cell in design.cells for name in design.study.data_of(cell.params)}),
    }

    def remake(record: Record) -> Outcome:
        job = planner.job(design.study, record.cell.params, record.replicate, record.stage)
        planner.store.prepare()
        finished = compute(assignment_of(planner, job, "all"), design.study)
        if finished.failure:
            raise UsageError(f"the model cannot be made again: {finished.failure.message}")
        planner.store.commit(job, Path(finished.staged))
        planner.note(job, None)
        stored = planner.stored(job)
        assert stored is not None
        return stored.outcome(record.replicate)

    return Results(design.study, design, records, provenance=provenance, remake=remake)


def _device(name: str) -> str:
    if name != "cpu" and name.partition(":")[0] != "cuda":
        raise UsageError(f"device must be cpu or cuda, got {name!r}")
    if name != "cpu":
        import torch

        if not torch.cuda.is_available():
            raise UsageError(f"device {name!r} is not available here; use cpu")
    return name


def _written(value: Any) -> str:
    """A value as `annlab.lab.params.parse` reads it."""
    nested = isinstance(value, list | tuple) and any(isinstance(part, list | tuple) for part in value)
    return ",".join(map(str, value)) if isinstance(value, list | tuple) and not nested else str(value)
