"""Data sets of the user's own, registered once under a name and used from then on like any other."""

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import warnings
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from annlab import paths
from annlab.data import cache, own_formats, own_sources
from annlab.data.entry import Array, DataError, Entry, File
from annlab.data.registry import ENTRIES
from annlab.errors import UsageError

__all__ = ["add", "change", "entry", "names", "warn_if_changed"]

FOLDER = "own"
RECORD = "set.json"
FORMAT = 1
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TASKS = ("regression", "classification", "forecasting", "structure")


def add(
    name: str,
    path: str | Path,
    *,
    task: str | None = None,
    target: str | None = None,
    labels: str | Path | None = None,
    test: int | None = None,
    size: tuple[int, int] | None = None,
    city: str | None = None,
    replace: bool = False,
) -> Entry:
    """Reads a file or folder, keeps its arrays under annlab's home and registers them as data set `name`.

    What it may be: a table in text (``.csv``, ``.tsv``, ``.txt``), a NumPy archive (``.npz``, plain arrays only), an IDX file of images or
    a folder of the four files of MNIST's form, a folder of images with a sub-folder a class. The original is read and never changed;
    when it changes later, `load` warns and `check` says so.

    Args:
        name: small letters, digits and underscores; not the name of one of annlab's sets.
        path: file or folder.
        task: ``"regression"``, ``"classification"``, ``"forecasting"`` or ``"structure"``; by default what the content suggests.
        target: column of the target or of the series in a table, by name or by number from 1; the last by default.
        labels: IDX file of the labels of a single IDX file of images.
        test: values at the end of a series, or images spread over the file, that are held out; a tenth and a fifth by default.
        size: height and width to which a folder's images are resized.
        city: city of a temperature table of Berkeley Earth, whose months from 1870 to 2012 are taken.
        replace: whether a set that is registered under this name goes.

    Returns:
        The entry, as `describe` gives it from now on.

    Raises:
        UsageError: for a name that cannot be taken, an option that does not go with the content, and content that cannot be read.
        DataError: where annlab cannot write.
    """
    source = Path(path).expanduser().resolve()
    _check_name(name, replace)
    if task is not None and task not in TASKS:
        raise UsageError(f"a task is {', '.join(TASKS[:-1])} or {TASKS[-1]}, got {task!r}")
    given = {"target": target, "labels": labels, "test": test, "size": size, "city": city}
    try:
        found = own_sources.read(source, task, {key: value for key, value in given.items() if value is not None})
    except OSError as error:
        raise UsageError(f"{error.filename or source} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error
    if any(array.size == 0 for array in found.arrays.values()):
        raise UsageError(f"{source} holds an empty array")
    content = own_formats.npz_bytes(found.arrays)
    record = {
        "format": FORMAT,
        "name": name,
        "task": found.task,
        "arrays": {key: {"shape": array.shape, "dtype": array.dtype.name} for key, array in found.arrays.items()},
        "columns": found.columns,
        "classes": found.classes,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "origin": {"path": str(source), "checksum": _checksum(source), "stamp": _stamp(source)},
        "added": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with contextlib.suppress(DataError):
        shutil.rmtree(cache.folder_of(entry(name)), ignore_errors=True)  # what was decoded from a set that goes
    _keep(name, content, record)
    return entry(name)


def names() -> list[str]:
    """Names of the registered sets, in alphabetical order."""
    try:
        return sorted(place.name for place in _root().iterdir() if NAME.fullmatch(place.name) and (place / RECORD).is_file())
    except OSError:
        return []


def entry(name: str) -> Entry:
    """The entry of a registered set. Raises `DataError` where its record is missing or damaged."""
    place = _root() / name / RECORD
    try:
        return _entry(place, place.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{place} is damaged; add data set {name!r} again with --replace") from error


def change(name: str) -> str | None:
    """A sentence where the file or folder that the set was read from is not what it was; None where it is, or is gone.

    Size and time are looked at first, and the content only where they differ.
    """
    origin = _record(_root() / name / RECORD)["origin"]
    source = Path(origin["path"])
    try:
        if _stamp(source) == origin["stamp"] or _checksum(source) == origin["checksum"]:
            return None
    except OSError:
        return None
    return f"{source} has changed since data set {name!r} was read from it; `annlab data add {name} ... --replace` reads it again"


def warn_if_changed(name: str) -> None:
    """Warns where the original has changed; the set stays as it was."""
    said = change(name)
    if said:
        warnings.warn(said, stacklevel=3)


def _root() -> Path:
    return paths.home() / "data" / FOLDER


def _check_name(name: str, replace: bool) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"a data set's name is small letters, digits and underscores, begins with a letter and has at most 40, got {name!r}"
        )
    if name in ENTRIES:
        raise UsageError(f"{name!r} is a data set of annlab's; choose another name")
    if name in names() and not replace:
        raise UsageError(f"{name!r} is registered already; choose another name, or replace it with --replace")


def _stamp(source: Path) -> list[int]:
    """Number of files, bytes in all, latest change in nanoseconds."""
    found = [file.stat() for file in _files(source)]
    return [len(found), sum(each.st_size for each in found), max((each.st_mtime_ns for each in found), default=0)]


def _checksum(source: Path) -> str:
    """SHA-256 of a file, or of the names and checksums of a folder's files."""
    if source.is_dir():
        listed = "".join(f"{_checksum(file)}  {file.relative_to(source).as_posix()}\n" for file in _files(source))
        return hashlib.sha256(listed.encode()).hexdigest()
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(source: Path) -> list[Path]:
    return sorted(file for file in source.rglob("*") if file.is_file()) if source.is_dir() else [source]


def _keep(name: str, content: bytes, record: dict[str, Any]) -> None:
    """Writes arrays and record into a folder of its own, which then takes the place of the set's."""
    root = _root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=root))
    except OSError as error:
        raise DataError(f"annlab cannot write into {root}: {error.strerror}; set ANNLAB_HOME to a folder it may write") from error
    try:
        (staging / f"{name}.npz").write_bytes(content)
        (staging / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
        if (root / name).exists():
            (root / name).rename(staging / "replaced")
        (staging / "set").mkdir()
        for file in (f"{name}.npz", RECORD):
            (staging / file).rename(staging / "set" / file)
        (staging / "set").rename(root / name)
    except OSError as error:
        with contextlib.suppress(OSError):
            (staging / "replaced").rename(root / name)
        raise DataError(f"data set {name!r} cannot be written into {root}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _record(place: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return record


@lru_cache(maxsize=64)
def _entry(place: Path, _changed: int) -> Entry:
    record = _record(place)
    if record["format"] != FORMAT:
        raise ValueError("it is of another version of annlab")
    name, origin = record["name"], record["origin"]["path"]
    file = f"{name}.npz"
    return Entry(
        name=name,
        title=f"Your own set, read from {Path(origin).name}",
        task=record["task"],
        arrays={key: Array(tuple(array["shape"]), array["dtype"], "as read") for key, array in record["arrays"].items()},
        units="not known to annlab",
        source=f"{origin}, added {record['added']}",
        citation="a data set of the user's own.",
        licence="not known to annlab",
        version=FORMAT,
        folder=f"{FOLDER}/{name}",
        files=(File(file, record["sha256"], record["size"]),),
        read=lambda contents: own_formats.npz(contents[file], file),
        stand_in=f"This is a data set of your own ({name}), read from {Path(origin).name}.",
        columns=tuple(record["columns"]),
        classes=tuple(record["classes"]),
        own=True,
    )
