"""A job on disk: ``run.json`` with metrics, timings and names, ``arrays.safetensors`` with every number of series and arrays, ``models/``.

Finite metrics are written as JSON numbers in their shortest exact form, others as ``"nan"``, ``"inf"`` and ``"-inf"``, so that
what is read equals what was measured bit for bit. Text columns of series stand in the JSON. Arrays are read when asked for.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from annlab.lab.jobs import Job, key_of
from annlab.lab.outcome import Outcome

__all__ = ["DamagedJobError", "StoredJob", "now", "write_job", "write_json"]

FORMAT = 1
_NAME = re.compile(r"[\w.+-]+( [\w.+-]+)*")


class DamagedJobError(Exception):
    """A stored job cannot be read; the message says which file and why."""


@dataclass(frozen=True)
class StoredJob:
    """A stored job, its ``run.json`` read and checked."""

    folder: Path
    info: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "StoredJob":
        """Read ``run.json`` and check that key, content and the length of the arrays agree.

        Raises:
            DamagedJobError: where they do not.
            FileNotFoundError: where there is no such job.
        """
        try:
            info = json.loads((folder / "run.json").read_bytes())
            key, size = info["key"], info["arrays"]["bytes"]
            sound = info["format"] == FORMAT and isinstance(info["outcomes"], dict) and key_of(info["spec"]) == key
        except (FileNotFoundError, NotADirectoryError):
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedJobError(f"{folder / 'run.json'} cannot be read: {error}") from error
        if not sound or key != folder.name.partition("-")[0]:
            raise DamagedJobError(f"{folder / 'run.json'} does not belong to the job {folder.name[:10]}")
        arrays = folder / "arrays.safetensors"
        held = arrays.stat().st_size if arrays.exists() else 0
        if held != size:
            raise DamagedJobError(f"{arrays} holds {held} bytes, {size} were written")
        return cls(folder, info)

    @property
    def key(self) -> str:
        """The job's key."""
        return str(self.info["key"])

    @property
    def study(self) -> str:
        """Name of the study."""
        return str(self.info["spec"]["study"])

    @property
    def seconds(self) -> float:
        """Seconds the job took."""
        return float(self.info["seconds"])

    @property
    def digest(self) -> str:
        """Digest of the code that computed it."""
        return str(self.info["provenance"].get("digest", ""))

    @cached_property
    def replicates(self) -> tuple[int, ...]:
        """The replicates it holds."""
        return tuple(int(replicate) for replicate in self.info["outcomes"])

    def outcome(self, replicate: int) -> Outcome:
        """Outcome of one replicate; series, arrays and models are read when they are asked for."""
        held = self.info["outcomes"][str(replicate)]
        return _LazyOutcome(
            metrics={name: _decode(value) for name, value in held["metrics"].items()},
            timings={name: _decode(value) for name, value in held["timings"].items()},
            series=_Lazy(held["series"], lambda name: _Lazy(held["series"][name], lambda column: self._column(replicate, name, column))),
            arrays=_Lazy(held["arrays"], lambda name: self._tensor(f"{replicate}/array/{name}")),
            models=_Lazy(self.models_of(replicate), lambda name: _load_model(self.folder / "models" / str(replicate) / name)),
        )

    def models_of(self, replicate: int) -> tuple[str, ...]:
        """Names of the models kept of a replicate."""
        folder = self.folder / "models" / str(replicate)
        return tuple(name for name in self.info["outcomes"][str(replicate)]["models"] if (folder / name).exists())

    def lacks_models(self) -> bool:
        """Whether the trial returned models of some replicate that are not kept here."""
        return any(set(held["models"]) != set(self.models_of(int(replicate))) for replicate, held in self.info["outcomes"].items())

    def check(self) -> None:
        """Compare the arrays with the checksum in ``run.json``; raises `DamagedJobError` where they differ."""
        expected = self.info["arrays"]["sha256"]
        path = self.folder / "arrays.safetensors"
        if expected and hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise DamagedJobError(f"{path} differs from what was written")

    def _column(self, replicate: int, series: str, column: str) -> np.ndarray:
        text = self.info["outcomes"][str(replicate)]["series"][series][column]
        return self._tensor(f"{replicate}/series/{series}/{column}") if text is None else np.array(text, dtype=np.str_)

    def _tensor(self, name: str) -> np.ndarray:
        from safetensors import SafetensorError, safe_open

        path = self.folder / "arrays.safetensors"
        try:
            with safe_open(path, framework="np") as file:
                tensor: np.ndarray = file.get_tensor(name)
        except (SafetensorError, OSError) as error:
            raise DamagedJobError(f"{path} cannot be read ({error}); `annlab store check` moves it aside, then run again") from error
        return tensor


def write_job(
    folder: Path,
    job: Job,
    outcomes: Sequence[Outcome],
    *,
    seconds: float,
    provenance: Mapping[str, Any],
    keep: str = "first",
    repeats: Sequence[float] = (),
) -> None:
    """Write a job's outcomes, one for each of its replicates, to an empty `folder` and flush them to the disk.

    Raises:
        TypeError: for a column or an array that is neither numbers nor text, a name that no file can have, or two columns that no
            table can hold.
        OSError: where the disk is full or refuses.
    """
    tensors: dict[str, np.ndarray] = {}
    held = {str(replicate): _encode(replicate, outcome, tensors) for replicate, outcome in zip(job.replicates, outcomes, strict=True)}
    kept = job.replicates if keep == "all" else () if keep == "none" else (0,)
    for replicate, outcome in zip(job.replicates, outcomes, strict=True):
        if replicate in kept:
            for name, model in outcome.models.items():
                path = folder / "models" / str(replicate) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                model.save(path)
    arrays: dict[str, Any] = {"bytes": 0, "sha256": ""}
    if tensors:
        from safetensors.numpy import save

        data = save(tensors)
        arrays = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        _write(folder / "arrays.safetensors", data)
    info = {
        "format": FORMAT,
        "key": job.key,
        "spec": job.spec,
        "created": now(),
        "seconds": seconds,
        "repeats": list(repeats),
        "provenance": dict(provenance),
        "arrays": arrays,
        "outcomes": held,
    }
    write_json(folder / "run.json", info)
    for path in folder.rglob("*"):
        if path.is_file() and path.parent != folder:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON and flush it to the disk. An infinite parameter becomes ``Infinity``, as Python reads it."""
    _write(path, json.dumps(value, ensure_ascii=False).encode())


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _encode(replicate: int, outcome: Outcome, tensors: dict[str, np.ndarray]) -> dict[str, Any]:
    series: dict[str, dict[str, Any]] = {}
    for name, frame in outcome.series.items():
        series[name] = {}
        for column, values in frame.items():
            array = _plain_array(values, f"column {column!r} of series {name!r}")
            if array.ndim != 1:
                raise TypeError(f"column {column!r} of series {name!r} must have one dimension, got shape {array.shape}")
            text = array.dtype.kind == "U"
            series[name][column] = array.tolist() if text else None
            if not text:
                tensors[f"{replicate}/series/{name}/{column}"] = array
    for name, values in outcome.arrays.items():
        array = _plain_array(values, f"array {name!r}")
        if array.dtype.kind == "U":
            raise TypeError(f"array {name!r} must hold numbers; text belongs in a series")
        tensors[f"{replicate}/array/{name}"] = array
    for name in outcome.models:
        if not _NAME.fullmatch(name):
            raise TypeError(f"model name {name!r} may have letters, digits, '.', '+', '-', '_' and spaces")
    return {
        "metrics": {name: _number(value) for name, value in outcome.metrics.items()},
        "timings": {name: _number(value) for name, value in outcome.timings.items()},
        "series": series,
        "arrays": list(outcome.arrays),
        "models": list(outcome.models),
    }


def _plain_array(values: Any, what: str) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    array = np.asarray(values, order="C")
    if array.dtype.kind not in "biufU" or array.dtype.name in ("float128", "longdouble"):
        raise TypeError(f"{what} must hold numbers, truth values or text, got {array.dtype}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _number(value: Any) -> float | int | str:
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, bool | int):
        return int(number)
    return float(number) if math.isfinite(number) else str(float(number))


def _decode(value: float | str) -> float:
    return float(value) if isinstance(value, str) else value


def _load_model(path: Path) -> Any:
    import annlab

    return annlab.load(path)


class _Lazy(Mapping[str, Any]):
    """Mapping with known names whose values are read when asked for, once."""

    def __init__(self, names: Any, read: Any) -> None:
        self._names, self._read, self._held = tuple(names), read, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._held:
            self._held[name] = self._read(name)
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{', '.join(self._names)}>"


class _LazyOutcome(Outcome):
    """An outcome on disk; it was checked when it was made."""

    def __post_init__(self) -> None:
        pass
