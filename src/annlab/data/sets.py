"""Data sets by name: what there is, where it lies, and the arrays."""

from pathlib import Path

import numpy as np

from annlab.data import cache, files, own
from annlab.data.entry import DataError, Dataset, Entry, Status
from annlab.data.files import Progress
from annlab.data.registry import ENTRIES
from annlab.errors import unknown_name

__all__ = ["check", "describe", "fetch", "identity", "load", "names", "path", "status"]


def names() -> list[str]:
    """Names of all data sets, the user's own among them, in alphabetical order."""
    return sorted({*ENTRIES, *own.names()})


def describe(name: str) -> Entry:
    """What is known of a data set; reads and downloads nothing.

    Raises:
        UsageError: for an unknown name, with the nearest valid one.
        DataError: for a set of the user's own whose record is damaged.
    """
    if name in ENTRIES:
        return ENTRIES[name]
    registered = own.names()
    if name not in registered:
        raise unknown_name("data set", name, [*ENTRIES, *registered])
    return own.entry(name)


def identity(name: str) -> str:
    """Text that changes exactly when the arrays may: the version of the reader or generator and the declared checksums.

    Needs no file and no network. Raises `UsageError` for an unknown name.
    """
    return cache.identity(describe(name))


def status(name: str) -> Status:
    """Whether a set can be used now and where it lies; looks at names and sizes of files, not at their contents.

    Raises:
        UsageError: for an unknown name.
    """
    entry = describe(name)
    if entry.generated:
        size = sum(np.dtype(array.dtype).itemsize * int(np.prod(array.shape)) for array in entry.arrays.values())
        return Status(name, True, None, size, entry.stand_in)
    size = sum(file.size for file in entry.files)
    where = files.folder_of(entry)
    if where is None and cache.is_decoded(entry):
        where = cache.folder_of(entry)
    if where is None:
        return Status(name, False, files.any_folder(entry), size, entry.stand_in)
    return Status(name, True, where, size, entry.stand_in)


def path(name: str) -> Path:
    """Folder where a set's files lie, or where annlab keeps what it computes or fetches for it; it need not exist yet.

    Raises:
        UsageError: for an unknown name.
    """
    entry = describe(name)
    if entry.generated:
        return cache.folder_of(entry)
    return files.folder_of(entry) or files.cache_folder(entry)


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Makes sure that a set's files are there and sound, downloading what is missing; returns `path`.

    Files that are already there and match their checksum are left alone, and a generated set needs nothing. A damaged file in
    annlab's own cache is moved aside as ``<file>.damaged`` and fetched again. Processes that fetch the same set wait for each other.

    Args:
        name: data set.
        progress: called as ``progress(file, bytes done, bytes in all)`` during a download.

    Raises:
        UsageError: for an unknown name.
        DataError: offline, where no address answers with the right bytes, or where a file has no address.
    """
    entry = describe(name)
    files.fetch(entry, progress)
    return path(name)


def check(name: str) -> list[tuple[str, bool, str]]:
    """Compares every copy of a set's files with its checksum; moves, downloads and changes nothing.

    Returns:
        ``(file, sound, detail)`` for each copy found, and for each file of which no copy is found. A generated set is computed
        anew and compared with its declared shapes.

    Raises:
        UsageError: for an unknown name.
    """
    entry = describe(name)
    if entry.own:
        changed = own.change(name)
        return [*files.check(entry), *([(name, False, changed)] if changed else [])]
    if not entry.generated:
        return files.check(entry)
    try:
        cache.validated(entry, cache.build(entry))
    except (DataError, ImportError) as error:
        return [(name, False, str(error))]
    return [(name, True, f"computed, version {entry.version}")]


def load(name: str) -> Dataset:
    """The arrays of a set, read-only, as memory maps that all processes of this machine share.

    A set of the user's own stays as it was when it was added; a warning says where its original has changed since.
    Files are verified against their checksum and decoded once; later calls open the decoded arrays. Nothing that is missing is
    downloaded (`fetch` does that), but a damaged file of annlab's own cache is moved aside and fetched again.

    Raises:
        UsageError: for an unknown name.
        DataError: where a file is missing or damaged; the sentence says which, where it may be put, and what fetches it.
    """
    entry = describe(name)
    if entry.own:
        own.warn_if_changed(name)
    return Dataset(name, cache.arrays(entry), entry)
