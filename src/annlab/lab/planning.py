"""From studies to jobs: which there are, which are stored, what the others need and how long they may take."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from annlab.errors import UsageError
from annlab.lab.discover import load_study, study_needed
from annlab.lab.grid import Cell
from annlab.lab.jobs import Job, make_job
from annlab.lab.params import canonical, resolve
from annlab.lab.provenance import digest_of
from annlab.lab.results import Record, select_cell
from annlab.lab.study import Design, Study

if TYPE_CHECKING:
    from annlab.lab.jobs import Failure
    from annlab.lab.store import Store
    from annlab.lab.stored import StoredJob

__all__ = ["Plan", "PlanRow", "Planner"]


@dataclass(frozen=True)
class PlanRow:
    """One study of a plan.

    Attributes:
        study: its name.
        profile: the profile.
        cells: number of cells.
        replicates: replicates of each.
        jobs: its jobs, with those of its needs and of its final stage.
        stored: how many of them are stored.
        missing: how many are to be computed; failed ones are not, unless a retry is asked for.
        seconds: estimated seconds on the workers given, alone; None where some are unknown.
    """

    study: str
    profile: str
    cells: int
    replicates: int
    jobs: int
    stored: int
    missing: int
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """What a run would compute.

    Attributes:
        jobs: every job once, needs first. The final stage of a study counts where its cell can be chosen already, and
            is announced by the rows otherwise.
        stored: those that are stored and would be used.
        missing: those that would be computed.
        failed: those that failed before and would not be tried again.
        stale: those that are stored but were computed by other code; they are used unless `fresh`.
        seconds: estimated seconds of the whole on the workers given; None where some are unknown.
        rows: one a study.
    """

    jobs: tuple[Job, ...]
    stored: tuple[Job, ...]
    missing: tuple[Job, ...]
    failed: tuple[Job, ...]
    stale: tuple[Job, ...]
    seconds: float | None
    rows: tuple[PlanRow, ...]


@dataclass
class Planner:
    """Makes jobs and knows what the store holds of them.

    Args:
        store: the store.
        studies: studies of this call by name; others are found by their names when they are needed.
        device: ``"cpu"`` or ``"cuda"``.
        seed: root seed.
        fresh: whether stale jobs count as missing.
        retry: whether failed jobs count as missing; those that other code failed always do.
    """

    store: "Store"
    studies: dict[str, Study]
    device: str = "cpu"
    seed: int = 0
    fresh: bool = False
    retry: bool = False
    _jobs: dict[tuple[str, str, int, str], Job] = field(default_factory=dict)
    _by_key: dict[str, Job] = field(default_factory=dict)
    _stored: "dict[str, StoredJob | None]" = field(default_factory=dict)
    _failures: "dict[str, Failure | None]" = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)
    _paces: dict[str, Callable[[Job], float | None]] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)

    def study(self, name: str, needed_by: Study | None = None) -> Study:
        """The study called so: of this call, else of the module of the one that needs it, else of all."""
        if name not in self.studies:
            self.studies[name] = study_needed(name, needed_by) if needed_by else load_study(name)
        return self.studies[name]

    def job(self, study: Study, params: Any, replicate: int, stage: str = "trial", _path: tuple[str, ...] = ()) -> Job:
        """The job that computes a replicate of a cell, its needs planned before it."""
        if study.name in _path:
            raise UsageError(f"studies need each other in a circle: {' -> '.join((*_path, study.name))}")
        first = replicate - replicate % study.block if study.is_stacked(params) else replicate
        place = (study.name, canonical(params), first, stage)
        if place not in self._jobs:
            needs = []
            for need in study.needs_of(params):
                other = self.study(need.study, study)
                wanted = self.job(other, resolve(other.params, need.params), need.replicate, "trial", (*_path, study.name))
                self._whole.add(wanted.key)
                needs.append((need, wanted.key))
            data = {name: _identity(name) for name in study.data_of(params)}
            job = make_job(study, params, replicate, stage=stage, seed=self.seed, device=self.device, data=data, needs=tuple(needs))
            self._jobs[place] = self._by_key[job.key] = job
        return self._jobs[place]

    def jobs_of(self, design: Design) -> list[Job]:
        """Jobs of a design's cells, without those they need."""
        return self._cells_jobs(design.study, design.cells, design.replicates, "trial")

    def final_jobs(self, design: Design) -> list[Job]:
        """Jobs of the final stage; none where the study has none or its cell cannot be chosen yet."""
        if design.study.select is None:
            return []
        chosen = select_cell(design.study.select, design, self.records(design, "trial"))
        return self._cells_jobs(design.study, [chosen], design.final_replicates, "final") if chosen else []

    def with_needs(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs with all that they need, each once, needs first."""
        found: dict[str, Job] = {}
        for job in jobs:
            for need in self.with_needs(self._by_key[key] for _, key in job.needs):
                found.setdefault(need.key, need)
            found.setdefault(job.key, job)
        return list(found.values())

    def stored(self, job: Job) -> "StoredJob | None":
        """The job in the store."""
        if job.key not in self._stored:
            self._stored[job.key] = self.store.read(job.study, job.key)
        return self._stored[job.key]

    def failure(self, job: Job) -> "Failure | None":
        """The recorded failure of a job that is not stored."""
        if job.key not in self._failures:
            self._failures[job.key] = None if self.stored(job) else self.store.failure(job.study, job.key)
        return self._failures[job.key]

    def is_stale(self, job: Job) -> bool:
        """Whether the job is stored and was computed by other code."""
        stored = self.stored(job)
        return stored is not None and stored.digest != self.digest(job)

    def is_missing(self, job: Job) -> bool:
        """Whether the job is to be computed."""
        stored = self.stored(job)
        if stored is not None:
            return (self.fresh and self.is_stale(job)) or (self.keeps_all(job) and stored.lacks_models())
        failure = self.failure(job)
        return failure is None or self.retry or self.fresh or failure.digest != self.digest(job)

    def keeps_all(self, job: Job) -> bool:
        """Whether another job needs this one, so that all its models are kept."""
        return job.key in self._whole

    def digest(self, job: Job) -> str:
        """Digest of the job's code and of the code of all that it needs."""
        if job.key not in self._digests:
            if job.study not in self._sources:
                self._sources[job.study] = digest_of(self.study(job.study))
            parts = [self._sources[job.study], *sorted(self.digest(self._by_key[key]) for _, key in job.needs)]
            self._digests[job.key] = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
        return self._digests[job.key]

    def note(self, job: Job, failure: "Failure | None") -> None:
        """Learn that a job was computed just now, or why it could not be."""
        self._stored.pop(job.key, None)
        self._failures.pop(job.key, None)
        if failure is not None:
            self._stored[job.key], self._failures[job.key] = None, failure

    def seconds(self, job: Job) -> float | None:
        """Estimated seconds of a job: from stored jobs of its study, scaled by the study's `cost` where it has one; else that."""
        if job.study not in self._paces:
            self._paces[job.study] = self._pace(self.study(job.study))
        return self._paces[job.study](job)

    def records(self, design: Design, stage: str, cells: Iterable[Cell] | None = None) -> list[Record]:
        """Records of a stage from what the store holds now."""
        study, found = design.study, []
        count = design.replicates if stage == "trial" else design.final_replicates
        for cell in design.cells if cells is None else cells:
            for replicate in range(count):
                job = self.job(study, cell.params, replicate, stage)
                stored = self.stored(job)
                outcome = stored.outcome(replicate) if stored else None
                found.append(Record(cell, replicate, outcome, stage, job.key, self.is_stale(job), self.failure(job)))
        return found

    def plan(self, designs: Iterable[Design], workers: int) -> Plan:
        """What computing these designs comes to."""
        rows, everything = [], dict[str, Job]()
        for design in designs:
            jobs = self.with_needs([*self.jobs_of(design), *self.final_jobs(design)])
            missing = [job for job in jobs if self.is_missing(job)]
            stored = sum(self.stored(job) is not None for job in jobs)
            seconds = self._estimate(missing, workers)
            counted = (len(design.cells), design.replicates, len(jobs), stored, len(missing))
            rows.append(PlanRow(design.study.name, design.profile, *counted, seconds))
            everything.update((job.key, job) for job in jobs)
        jobs = list(everything.values())
        missing = [job for job in jobs if self.is_missing(job)]
        return Plan(
            tuple(jobs),
            tuple(job for job in jobs if not self.is_missing(job) and self.stored(job) is not None),
            tuple(missing),
            tuple(job for job in jobs if not self.is_missing(job) and self.failure(job) is not None),
            tuple(job for job in jobs if self.is_stale(job)),
            self._estimate(missing, workers),
            tuple(rows),
        )

    def _estimate(self, jobs: Iterable[Job], workers: int) -> float | None:
        """Seconds of the jobs on so many workers, no less than the longest takes; None where some are unknown."""
        seconds = [self.seconds(job) for job in jobs]
        known = [each for each in seconds if each is not None]
        return None if len(known) < len(seconds) else max(sum(known) / max(1, workers), max(known, default=0.0))

    def _cells_jobs(self, study: Study, cells: Iterable[Cell], replicates: int, stage: str) -> list[Job]:
        found: dict[str, Job] = {}
        for cell in cells:
            for replicate in range(replicates):
                job = self.job(study, cell.params, replicate, stage)
                found.setdefault(job.key, job)
        return list(found.values())

    def _pace(self, study: Study) -> Callable[[Job], float | None]:
        cost = study.cost

        def declared(params: Mapping[str, Any]) -> float:
            return float(cost(resolve(study.params, params))) if cost else 1.0

        ratios, here = [], self.device.partition(":")[0]
        for stored in self.store.jobs(study.name):
            spec = stored.info["spec"]
            if spec["version"] == study.version and spec["device"] == here:
                try:
                    expected = declared(spec["params"])  # `resolve` makes tuples of lists
                except UsageError:  # a parameter has gone since
                    continue
                if expected > 0:
                    ratios.append(stored.seconds / expected)
        if ratios:
            pace = median(ratios) if cost else fmean(ratios)
            return lambda job: pace * declared(job.params)
        return (lambda job: declared(job.params)) if cost else (lambda _: None)


@cache
def _identity(name: str) -> str:
    from annlab import data

    return data.identity(name)
