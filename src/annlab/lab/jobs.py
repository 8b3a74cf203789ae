"""The job: what is computed and stored whole, and the key that names it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from annlab.lab.params import as_dict

if TYPE_CHECKING:
    from annlab.lab.study import Need, Study

__all__ = ["Failure", "Job", "block_of", "key_of", "make_job"]


@dataclass(frozen=True)
class Job:
    """One trial, or a fixed block of replicates of a stacked cell, as plain data that travels to a worker.

    Attributes:
        study: name of the study.
        version: the study's version.
        params: the resolved parameters by name.
        replicates: one index, or the indices of the whole block.
        stage: ``"trial"`` or ``"final"``.
        seed: root seed.
        device: ``"cpu"`` or ``"cuda"``, with an index if need be; only its type is part of the key.
        dtype: floating-point type of the run; the study's parameter ``dtype`` where it has one.
        threads: threads of the job.
        stacked: whether the trial is called once for the block.
        data: identity of each data set by name.
        needs: what must be computed first, each with its key.
        timed: whether it runs alone, after all others, repeated.
    """

    study: str
    version: int
    params: Mapping[str, Any]
    replicates: tuple[int, ...]
    stage: str = "trial"
    seed: int = 0
    device: str = "cpu"
    dtype: str = "float32"
    threads: int = 1
    stacked: bool = False
    data: Mapping[str, str] = field(default_factory=dict)
    needs: "tuple[tuple[Need, str], ...]" = ()
    timed: bool = False

    @cached_property
    def spec(self) -> dict[str, Any]:
        """What the key is made of, as JSON values."""
        return {
            "study": self.study,
            "version": self.version,
            "params": dict(self.params),
            "data": dict(self.data),
            "block": [self.replicates[0], len(self.replicates)],
            "stacked": self.stacked,
            "stage": self.stage,
            "seed": self.seed,
            "device": self.device.partition(":")[0],
            "dtype": self.dtype,
            "threads": self.threads,
            "needs": sorted(key for _, key in self.needs),
        }

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of `spec`, in hexadecimal."""
        return key_of(self.spec)

    @property
    def label(self) -> str:
        """Study, stage and replicates in a few words, for messages."""
        first, last = self.replicates[0], self.replicates[-1]
        shown = f"replicate {first}" if first == last else f"replicates {first}-{last}"
        return f"{self.study} {self.key[:10]} ({'final, ' if self.stage == 'final' else ''}{shown})"


@dataclass(frozen=True)
class Failure:
    """Why a job has no outcome.

    Attributes:
        key: the job's key.
        study: name of the study.
        stage: ``"trial"`` or ``"final"``.
        params: the resolved parameters.
        replicates: the job's replicates.
        kind: ``"raised"``, ``"time"``, ``"memory"``, ``"died"`` (the process ended), ``"need"`` (a prerequisite failed)
            or ``"store"`` (the outcome could not be written).
        message: one line.
        traceback: the traceback where there is one.
        created: when, as ISO 8601 in UTC.
        digest: digest of the code that failed.
        seconds: how long it had run.
    """

    key: str
    study: str
    stage: str
    params: Mapping[str, Any]
    replicates: tuple[int, ...]
    kind: str
    message: str
    traceback: str = ""
    created: str = ""
    digest: str = ""
    seconds: float = 0.0


def key_of(spec: Mapping[str, Any]) -> str:
    """SHA-256 of `spec` as JSON with sorted names and no spaces, in hexadecimal."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def block_of(study: "Study", params: Any, replicate: int) -> tuple[int, ...]:
    """Replicates of the job that holds `replicate`: itself, or its whole block where the cell is stacked."""
    if not study.is_stacked(params):
        return (replicate,)
    first = replicate - replicate % study.block
    return tuple(range(first, first + study.block))


def make_job(
    study: "Study",
    params: Any,
    replicate: int,
    *,
    stage: str = "trial",
    seed: int = 0,
    device: str = "cpu",
    data: Mapping[str, str] | None = None,
    needs: "tuple[tuple[Need, str], ...]" = (),
) -> Job:
    """The job of `study` that computes `replicate` of the cell with these parameters."""
    return Job(
        study=study.name,
        version=study.version,
        params={name: _plain(value) for name, value in as_dict(params).items()},
        replicates=block_of(study, params, replicate),
        stage=stage,
        seed=seed,
        device=device,
        dtype=str(getattr(params, "dtype", "float32")),
        threads=study.threads,
        stacked=study.is_stacked(params),
        data=data or {},
        needs=needs,
        timed=study.is_timed(params),
    )


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
