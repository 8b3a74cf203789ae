"""Decoded arrays, kept as ``.npy`` files and opened as memory maps: each set is in memory once a machine."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from annlab import paths
from annlab.data import files
from annlab.data.entry import DataError, Entry

__all__ = ["arrays", "build", "digest", "folder_of", "identity", "is_decoded", "validated"]


def identity(entry: Entry) -> str:
    """``name/v1`` for a generated set, ``name/v1/sha256:...`` over the declared checksums for files."""
    text = f"{entry.name}/v{entry.version}"
    if entry.generated:
        return text
    listed = "".join(f"{file.sha256}  {file.name}\n" for file in entry.files)
    return f"{text}/sha256:{hashlib.sha256(listed.encode()).hexdigest()}"


def folder_of(entry: Entry) -> Path:
    """Folder of the decoded arrays; a new version or checksum is a new folder."""
    return paths.home() / "data" / "decoded" / f"{entry.name}-{hashlib.sha256(identity(entry).encode()).hexdigest()[:16]}"


def is_decoded(entry: Entry) -> bool:
    """Whether the decoded arrays are there, each of the declared shape and type."""
    return _opened(entry) is not None


def arrays(entry: Entry) -> dict[str, np.ndarray]:
    """The set's arrays, read-only: from the cache, else built and cached. Where the cache cannot be written they stay in memory."""
    opened = _opened(entry)
    if opened is not None:
        return opened
    built = validated(entry, build(entry))
    with contextlib.suppress(OSError):
        _store(entry, built)
        opened = _opened(entry)
    if opened is not None:
        return opened
    for array in built.values():
        array.flags.writeable = False
    return built


def build(entry: Entry) -> dict[str, np.ndarray]:
    """The arrays computed by the set's generator, or read from its verified files."""
    if entry.generate is not None:
        return entry.generate()
    if entry.read is None:
        raise TypeError(f"data set {entry.name!r} has neither a reader nor a generator")
    contents = files.verified(entry)
    try:
        return entry.read(contents)
    except ValueError as error:
        raise DataError(f"data set {entry.name!r} cannot be read: {error}") from error


def validated(entry: Entry, built: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`built` in the declared order and memory layout. Raises `DataError` for other names, shapes, types or declared values."""
    found = {name: (array.shape, array.dtype.name) for name, array in built.items()}
    declared = {name: (array.shape, array.dtype) for name, array in entry.arrays.items()}
    if found != declared:
        raise DataError(f"data set {entry.name!r} came out as {found}, where {declared} is declared")
    ordered = {name: np.ascontiguousarray(built[name]) for name in entry.arrays}
    if entry.sha256 is not None and digest(ordered) != entry.sha256:
        raise DataError(f"data set {entry.name!r} came out with other values than the declared ones")
    return ordered


def digest(built: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of arrays: name, type, shape and little-endian bytes of each."""
    found = hashlib.sha256()
    for name, array in built.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        found.update(f"{name} {little.dtype.str} {little.shape}\n".encode())
        found.update(little.view(np.uint8).data if little.size else b"")
    return found.hexdigest()


def _opened(entry: Entry) -> dict[str, np.ndarray] | None:
    """Maps of the cached arrays, or None where one is missing or not as declared."""
    folder, opened = folder_of(entry), {}
    for name, declared in entry.arrays.items():
        try:
            # Copy-on-write pages are shared like read-only ones, and torch takes them without a warning or a copy.
            mapped = np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if mapped.shape != declared.shape or mapped.dtype != np.dtype(declared.dtype):
            return None
        array = mapped.view(np.ndarray)
        array.flags.writeable = False
        opened[name] = array
    return opened


def _store(entry: Entry, built: Mapping[str, np.ndarray]) -> None:
    """Writes all arrays into a folder of its own and renames it; the process that comes second leaves the first one's."""
    target = folder_of(entry)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=target.parent))
    try:
        for name, array in built.items():
            np.save(staging / f"{name}.npy", array, allow_pickle=False)
        if target.exists() and _opened(entry) is None:
            broken = Path(tempfile.mkdtemp(prefix=".broken-", dir=target.parent))
            target.replace(broken / "arrays")
            shutil.rmtree(broken, ignore_errors=True)
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
