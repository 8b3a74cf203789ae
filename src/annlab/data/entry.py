"""What is known of a data set before its data are read, and the set itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from annlab.errors import UsageError, unknown_name

__all__ = ["Array", "DataError", "Dataset", "Entry", "File", "Status"]


class DataError(OSError, ValueError):
    """Data that are missing, damaged or out of reach; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class File:
    """One published file.

    Attributes:
        name: file name, without folders.
        sha256: checksum of the published bytes.
        size: bytes.
        sources: addresses that serve these bytes, tried in turn; none where it must be put by hand.
    """

    name: str
    sha256: str
    size: int
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Array:
    """Shape and type that an array of a set always has, with a line on what it holds."""

    shape: tuple[int, ...]
    dtype: str
    holds: str


@dataclass(frozen=True)
class Entry:
    """A named data set, as the registry declares it.

    Attributes:
        name: what `load` and the command line call it.
        title: one line for a reader.
        task: ``"regression"``, ``"classification"``, ``"forecasting"`` or ``"structure"`` (inputs alone).
        arrays: every array by name.
        units: of inputs and targets.
        source: who made the data, or how they are generated.
        citation: how to cite them.
        licence: as published; says so where none is.
        version: of the reader or generator; raised when the arrays change, so that nothing stored under the old one is used.
        folder: name of the sub-folder that holds the files.
        also: other names that such a folder of the user's may have.
        files: published files; none for a generated set.
        archive: one published file that holds all the others, where they are published so.
        columns: names of the columns of the first array, where it is a table.
        classes: names of the classes 0, 1, ..., where they have any.
        note: a sentence for whoever looks here for something that is not here.
        sha256: checksum of a generated set's arrays, where all machines give the same bytes (see `annlab.data.cache.digest`).
        own: whether the user registered the set.
        read: bytes of the files by name -> arrays.
        generate: arrays of a generated set; takes no random state, the same call gives the same arrays.
        stand_in: sentence shown wherever the data are shown, for a set that takes the place of another.
        stands_in_for: names of those other sets.
        side: points along one side, where the points form a square grid.
    """

    name: str
    title: str
    task: str
    arrays: Mapping[str, Array]
    units: str
    source: str
    citation: str
    licence: str
    version: int
    folder: str
    files: tuple[File, ...] = ()
    read: Callable[[Mapping[str, bytes]], dict[str, np.ndarray]] | None = None
    generate: Callable[[], dict[str, np.ndarray]] | None = None
    stand_in: str | None = None
    stands_in_for: tuple[str, ...] = ()
    side: int | None = None
    also: tuple[str, ...] = ()
    archive: File | None = None
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    note: str = ""
    sha256: str | None = None
    own: bool = False

    @property
    def real(self) -> bool:
        """Whether these are the data a claim may speak of; False for a stand-in."""
        return self.stand_in is None

    @property
    def generated(self) -> bool:
        """Whether the set is computed here and needs no file."""
        return not self.files


@dataclass(frozen=True)
class Dataset:
    """A loaded set. Its arrays are read-only and, where the cache can be written, shared by all processes of the machine.

    Attributes:
        name: as in the registry.
        arrays: arrays by name; ``dataset["X"]`` is ``dataset.arrays["X"]``.
        entry: what is known of the set.
    """

    name: str
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    entry: Entry = field(repr=False)

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self.arrays[name]
        except KeyError:
            raise KeyError(f"data set {self.name!r} has no array {name!r}; it has {', '.join(self.arrays)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    @property
    def stand_in(self) -> str | None:
        """Sentence that must be shown with the data, for a set that takes the place of another."""
        return self.entry.stand_in

    def column(self, name: str) -> np.ndarray:
        """The named column of the set's first array, a view of shape (n,).

        Raises:
            UsageError: for a name that is not among the columns.
        """
        columns = self.entry.columns
        if name in columns:
            return np.asarray(next(iter(self.arrays.values()))[:, columns.index(name)])
        error = unknown_name(f"{self.name} column", name, columns)
        raise UsageError(f"{error}; {self.entry.note}") if self.entry.note else error

    @property
    def side(self) -> int:
        """Points along one side of the square grid. Raises `ValueError` for a set whose points form none."""
        if self.entry.side is None:
            raise ValueError(f"the points of data set {self.name!r} form no square grid")
        return self.entry.side


@dataclass(frozen=True)
class Status:
    """Whether a set can be used now.

    Attributes:
        name: as in the registry.
        available: whether `load` will find it without the network; contents are verified by `check` and `load`.
        where: folder of its files, also where some are missing or of a wrong size; None where there are none, or for a generated set.
        bytes: size of the published files, or of the arrays of a generated set.
        stand_in: sentence shown with the data, or None.
    """

    name: str
    available: bool
    where: Path | None
    bytes: int
    stand_in: str | None
