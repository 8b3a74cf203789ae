"""Run studies: plan their jobs, compute what is missing, hand back lazy results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from annlab.lab.jobs import Job
from annlab.lab.results import Results
from annlab.lab.store import Store
from annlab.lab.study import Study

__all__ = ["Event", "Plan", "PlanRow", "load", "plan", "plan_many", "run", "run_many"]

StudyLike = Study | str | Path


@dataclass(frozen=True)
class Event:
    """What happened in a run, for a progress display.

    Attributes:
        kind: ``"start"``, ``"done"``, ``"failed"``, ``"report"`` (a trial speaks), ``"note"``, ``"interrupted"``, ``"end"``.
        done: jobs finished in this call, failed ones included.
        total: jobs to compute in this call; it grows when a final stage is chosen.
        job: the job concerned, if one is.
        seconds: the job's own seconds.
        message: one line to show, or "".
    """

    kind: str
    done: int = 0
    total: int = 0
    job: Job | None = None
    seconds: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class PlanRow:
    """One study of a plan."""

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
    """What a run would compute; `seconds` is the estimate on this many workers, None where nothing is known."""

    jobs: tuple[Job, ...]
    stored: tuple[Job, ...]
    missing: tuple[Job, ...]
    failed: tuple[Job, ...]
    stale: tuple[Job, ...]
    seconds: float | None
    rows: tuple[PlanRow, ...]


def run(
    study: StudyLike,
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
    keep: Literal["first", "all", "none"] = "first",
    time_limit: float | None = None,
    memory_limit: float | None = None,
    engine: str = "local",
    store: Store | None = None,
    progress: Callable[[Event], None] | None = None,
) -> Results:
    """Compute what the store lacks of a study and return its results."""
    raise NotImplementedError


def run_many(studies: Sequence[StudyLike], profile: str = "standard", **options: Any) -> list[Results]:
    """As `run`, for several studies in one pool of workers."""
    raise NotImplementedError


def plan(study: StudyLike, profile: str = "standard", **options: Any) -> Plan:
    """What `run` with the same arguments would compute."""
    raise NotImplementedError


def plan_many(studies: Sequence[StudyLike], profile: str = "standard", **options: Any) -> Plan:
    """As `plan`, for several studies."""
    raise NotImplementedError


def load(study: StudyLike, profile: str = "standard", **options: Any) -> Results:
    """Results of what the store holds, without computing."""
    raise NotImplementedError
