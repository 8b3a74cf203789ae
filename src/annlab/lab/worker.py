"""What happens where a job runs: the trial is called and its outcome written aside, or the reason why not comes back."""

import errno
import os
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.lab.discover import Source
    from annlab.lab.jobs import Failure, Job
    from annlab.lab.outcome import Outcome
    from annlab.lab.study import Study

__all__ = ["Assignment", "Finished", "compute", "initialise"]

REPEATS = 3  # of a timed trial; the first warms up and does not count
_QUIET_SECONDS = 0.5


@dataclass(frozen=True)
class Assignment:
    """A job with what a worker must know to do it.

    Attributes:
        job: the job.
        source: where the study is found; None where it is handed over.
        root: folder of the store; None is the default one.
        provenance: what is written beside the outcome.
        keep: which models are kept: ``"first"`` replicate, ``"all"``, ``"none"``.
        voice: whether reports are written for the driver to read.
    """

    job: "Job"
    source: "Source | None"
    root: str | None
    provenance: Mapping[str, Any]
    keep: str = "first"
    voice: bool = False


@dataclass(frozen=True)
class Finished:
    """A written outcome that waits to be renamed, or a failure."""

    staged: str = ""
    seconds: float = 0.0
    failure: "Failure | None" = None


def initialise(memory: int | None) -> None:
    """Prepare a spawned process: one thread a library, a memory limit, an end with its parent. It must run before NumPy loads."""
    from annlab.lab import limits

    limits.single_threaded_libraries()
    limits.keep_freed_memory()
    limits.limit_memory(memory)
    limits.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def compute(assignment: Assignment, study: "Study | None" = None, speak: Callable[[int, dict[str, float]], None] | None = None) -> Finished:
    """Do a job; what the trial raises comes back as a failure, with its traceback."""
    from annlab.lab.store import Store

    job, began = assignment.job, time.perf_counter()
    store = Store(assignment.root)
    staged = store.staging / f"{job.key}-{os.getpid()}"
    writing = False
    try:
        found = study if study is not None else assignment.source.load()  # type: ignore[union-attr]
        voice = speak or (_Voice(staged.with_name(staged.name + ".report")) if assignment.voice else None)
        outcomes, seconds, repeats = _trials(found, job, store, voice)
        writing = True
        from annlab.lab.stored import write_job

        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        write_job(staged, job, outcomes, seconds=seconds, provenance=assignment.provenance, keep=assignment.keep, repeats=repeats)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a trial raises costs its own job only
        shutil.rmtree(staged, ignore_errors=True)
        return Finished(
            failure=failed(assignment, _kind(error, writing), _line(error), traceback.format_exc(), time.perf_counter() - began)
        )
    except KeyboardInterrupt:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    finally:
        staged.with_name(staged.name + ".report").unlink(missing_ok=True)
    return Finished(str(staged), seconds)


def failed(assignment: Assignment, kind: str, message: str, trace: str = "", seconds: float = 0.0) -> "Failure":
    """The record of a failed job."""
    from annlab.lab.jobs import Failure
    from annlab.lab.stored import now

    job, digest = assignment.job, str(assignment.provenance.get("digest", ""))
    return Failure(job.key, job.study, job.stage, dict(job.params), job.replicates, kind, message, trace, now(), digest, seconds)


def _trials(study: "Study", job: "Job", store: Any, speak: Any) -> "tuple[Sequence[Outcome], float, list[float]]":
    """Outcomes by replicate, seconds, and the seconds of each repeat. A timed trial gives the faster of the runs that count."""
    from annlab.lab.context import Context
    from annlab.lab.limits import isolated
    from annlab.lab.params import resolve

    params = resolve(study.params, job.params)
    trial = study.trial if job.stage == "trial" else study.final
    assert trial is not None
    runs: list[tuple[float, Sequence[Outcome]]] = []
    for _ in range(REPEATS if job.timed else 1):
        with isolated(int(job.key[:12], 16), job.threads, job.device):
            began = time.perf_counter()
            returned = trial(params, Context(job, store, speak))
            runs.append((time.perf_counter() - began, _checked(returned, job)))
    seconds, outcomes = min(runs[1:] or runs, key=lambda run: run[0])
    return outcomes, seconds, [spent for spent, _ in runs[1:]]


def _checked(returned: Any, job: "Job") -> "Sequence[Outcome]":
    from annlab.lab.outcome import Outcome

    if not job.stacked and isinstance(returned, Outcome):
        return [returned]
    outcomes = list(returned) if isinstance(returned, Sequence) else [returned]
    if len(outcomes) != len(job.replicates) or not all(isinstance(outcome, Outcome) for outcome in outcomes):
        wanted = f"a list of {len(job.replicates)} outcomes" if job.stacked else "one Outcome"
        given = f"{len(outcomes)} of {type(outcomes[0]).__name__}" if outcomes else "an empty list"
        raise TypeError(f"the {job.stage} of {job.study!r} must return {wanted}, got {given}")
    return outcomes


def _kind(error: BaseException, writing: bool) -> str:
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error) or "out of memory" in str(error).lower():
        return "memory"
    if isinstance(error, OSError) and (writing or error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return "store"
    return "raised"


def _line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


class _Voice:
    """Writes a trial's latest report to a small file, at most twice a second."""

    def __init__(self, path: Path) -> None:
        self._path, self._last = path, time.monotonic()

    def __call__(self, step: int, metrics: dict[str, float]) -> None:
        if time.monotonic() - self._last < _QUIET_SECONDS:
            return
        self._last = time.monotonic()
        from annlab.lab.context import describe

        part = self._path.with_name("." + self._path.name)
        part.write_text(describe(step, metrics), encoding="utf-8")
        part.replace(self._path)
