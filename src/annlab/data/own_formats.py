"""Files of a user's own: comma-separated tables, NumPy archives, IDX files. What is wrong raises `ValueError` with the file's name."""

import csv
import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annlab.data import readers, tables

__all__ = ["Found", "labelled_images", "npz", "npz_bytes", "series", "table", "unsigned_bytes"]

FEW_CLASSES = 20
KINDS = "biufM"
MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Found:
    """What a user's file holds.

    Attributes:
        arrays: by name.
        task: what they are good for.
        columns: names of the columns of the first array.
        classes: names of the classes.
    """

    arrays: dict[str, np.ndarray]
    task: str
    columns: tuple[str, ...] = field(default=())
    classes: tuple[str, ...] = field(default=())


def table(content: bytes, name: str, *, task: str | None = None, target: str | None = None) -> Found:
    """A table of numbers in UTF-8 text, separated by commas, semicolons or tabs, with or without a header.

    Args:
        content: the file.
        name: its name for the errors.
        task: ``"regression"``, ``"classification"`` or ``"structure"`` (no target). By default a target of text, or of at most 20
            different whole numbers, is a class, and any other a number.
        target: the target's column by its name in the header, or by its number from 1; the last by default.

    Returns:
        ``X`` (n, d) float64 and, unless the task is structure, ``y`` (n,): int64 classes in alphabetical or numerical order, or float64.

    Raises:
        ValueError: for what is no such table, an input or a numerical target that is no finite number, an unknown target.
    """
    header, rows = _rows(content, name)
    names, first = _named(header, len(rows[0])), 2 if header else 1
    if task == "structure":
        if target is not None:
            raise ValueError(f"{name} is read for its structure, which has no target")
        return Found({"X": _floats(rows, names, name, first)}, "structure", names)
    place = _place(target, header, len(rows[0]), name)
    if len(rows[0]) < 2:
        raise ValueError(f"{name} has one column, where inputs and a target are wanted")
    inputs = [row[:place] + row[place + 1 :] for row in rows]
    columns = names[:place] + names[place + 1 :]
    X = _floats(inputs, columns, name, first)
    answers = [row[place] for row in rows]
    try:
        y = _floats([[answer] for answer in answers], names[place : place + 1], name, first)[:, 0]
    except ValueError:
        if task == "regression":
            raise
        if "" in answers:
            raise ValueError(f"{name} has a row without a class in column {names[place]!r}") from None
        classes = tuple(sorted(set(answers)))
        return Found({"X": X, "y": _codes(answers, classes)}, "classification", columns, classes)
    few = np.unique(y)
    if task == "classification" or (task is None and len(few) <= FEW_CLASSES and np.equal(few, np.floor(few)).all()):
        return Found(
            {"X": X, "y": np.searchsorted(few, y).astype(np.int64)}, "classification", columns, tuple(f"{value:g}" for value in few)
        )
    return Found({"X": X, "y": y}, "regression", columns)


def series(content: bytes, name: str, *, target: str | None = None, test: int | None = None) -> Found:
    """One column of a table as a time series: ``train`` (n - test,) and ``test`` (test,), float64.

    Args:
        content: the file, as `table` reads it.
        name: its name for the errors.
        target: the column; the last by default.
        test: values at the end that are held out; a tenth by default.

    Raises:
        ValueError: for what is no such table, a value that is no finite number, and fewer than two values or a test part that leaves none.
    """
    header, rows = _rows(content, name)
    place = _place(target, header, len(rows[0]), name)
    column = _named(header, len(rows[0]))[place]
    values = _floats([[row[place]] for row in rows], (column,), name, 2 if header else 1)[:, 0]
    held_out = max(1, len(values) // 10) if test is None else test
    if not 1 <= held_out < len(values):
        raise ValueError(f"{name} has {len(values)} values, of which {held_out} cannot be held out")
    return Found({"train": values[:-held_out].copy(), "test": values[-held_out:].copy()}, "forecasting")


def unsigned_bytes(content: bytes, name: str) -> np.ndarray:
    """Array of an IDX file of unsigned bytes, gzip-compressed or not. Raises `ValueError` as `readers.idx` does."""
    packed = content if content[:2] == MAGIC else gzip.compress(content, compresslevel=0, mtime=0)
    try:
        with gzip.open(io.BytesIO(packed)) as stream:
            magic = stream.read(4)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name} is not a whole gzip file: {error}") from error
    if len(magic) < 4 or magic[:3] != bytes((0, 0, readers.UNSIGNED_BYTES)) or not 1 <= magic[3] <= 4:
        raise ValueError(
            f"{name} begins with {magic.hex() or 'nothing'}, where an IDX file of unsigned bytes begins with 000008 and 01 to 04"
        )
    return readers.idx(packed, name, axes=magic[3])


def labelled_images(X: np.ndarray, labels: np.ndarray, name: str, test: int | None, classes: tuple[str, ...] = ()) -> Found:
    """Images (n, height, width[, 3]) with their labels, parted for training and test.

    The test images are spread evenly over the file: of 100 images with 20 for the test, every fifth.

    Raises:
        ValueError: where labels and images differ in number, or nothing is left to train on.
    """
    if labels.ndim != 1 or len(labels) != len(X) or X.ndim not in (3, 4):
        raise ValueError(f"{name} holds images of shape {X.shape} and labels of shape {labels.shape}, which do not belong together")
    held_out = max(1, len(X) // 5) if test is None else test
    if not 1 <= held_out < len(X):
        raise ValueError(f"{name} holds {len(X)} images, of which {held_out} cannot be held out")
    tested = np.zeros(len(X), dtype=bool)
    tested[(2 * np.arange(held_out) + 1) * len(X) // (2 * held_out)] = True
    y = labels.astype(np.int64)
    return Found({"X_train": X[~tested], "y_train": y[~tested], "X_test": X[tested], "y_test": y[tested]}, "classification", (), classes)


def npz(content: bytes, name: str) -> dict[str, np.ndarray]:
    """Arrays of a NumPy archive: numbers and truth values only, never pickled objects.

    Each array's header is compared with the bytes that are there before memory is taken, so that a header that lies reserves none.

    Raises:
        ValueError: for what is no such archive, and for an array of another type, cut off or of a size that its header does not declare.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                short = member.filename.removesuffix(".npy")
                _check_name(short, arrays)
                with archive.open(member) as stream:
                    arrays[short] = _array(stream.read(member.file_size + 1), short)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, OverflowError, MemoryError, LookupError) as error:
        raise ValueError(f"{name} is no NumPy archive of plain arrays: {error}") from error
    if not arrays:
        raise ValueError(f"{name} holds no arrays")
    return arrays


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """A NumPy archive of arrays; the same arrays give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, array in arrays.items():
            single = io.BytesIO()
            np.save(single, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), single.getvalue())
    return packed.getvalue()


def _check_name(short: str, known: dict[str, np.ndarray]) -> None:
    if not short.isidentifier() or short in known:
        raise ValueError(f"an array cannot be called {short[:40]!r}, or is there twice")


def _array(content: bytes, short: str) -> np.ndarray:
    stream = io.BytesIO(content)
    try:
        shape, fortran, dtype = _header(stream)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, EOFError, AttributeError) as error:
        raise ValueError(f"the header of {short} is wrong: {str(error)[:100]}") from error
    if dtype.kind not in KINDS or dtype.itemsize > 8:
        raise ValueError(f"{short} is of type {dtype}, where numbers are wanted")
    declared = dtype.itemsize
    for length in shape:
        declared *= length  # whole numbers of Python do not overflow
    if min(shape, default=0) < 0 or len(content) - stream.tell() != declared:
        raise ValueError(f"{short} has {len(content) - stream.tell()} bytes, where its header {shape} declares {declared}")
    flat = np.frombuffer(content, dtype=dtype, offset=stream.tell())
    values = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return np.ascontiguousarray(values, dtype=dtype.newbyteorder("="))


def _header(stream: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first axis runs fastest, and type, of the array format's versions 1.0 and 2.0."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"version {version} of the array format is unknown")


def _rows(content: bytes, name: str) -> tuple[list[str] | None, list[list[str]]]:
    """Header, or None where the first line is one of numbers, and the lines below it."""
    text = tables.decoded(content, name, "utf-8-sig")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row
        ]
    except csv.Error as error:
        raise ValueError(f"{name} is no table of separated text: {error}") from error
    if not rows:
        raise ValueError(f"{name} holds no rows")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} of {name} has {len(row)} columns, where the first has {len(rows[0])}")
    header = rows[0] if len(rows) > 1 and not any(map(_is_number, rows[0])) and any(map(_is_number, rows[1])) else None
    if header is not None and len(set(header)) < len(header):
        raise ValueError(f"the header of {name} names a column twice")
    return header, rows[1:] if header else rows


def _named(header: list[str] | None, count: int) -> tuple[str, ...]:
    return tuple(header) if header else tuple(f"column {number}" for number in range(1, count + 1))


def _place(target: str | None, header: list[str] | None, count: int, name: str) -> int:
    if target is None:
        return count - 1
    if header and target in header:
        return header.index(target)
    if target.isdecimal() and 1 <= int(target) <= count:
        return int(target) - 1
    known = ", ".join(header) if header else f"1 to {count}, for it has no header"
    raise ValueError(f"{name} has no column {target!r}; it has {known}")


def _floats(rows: list[list[str]], columns: tuple[str, ...], name: str, first: int) -> np.ndarray:
    """Rows of numbers; `first` is the number of the first row in the file, for the error."""
    try:
        return tables.numbers(rows, name)
    except ValueError:
        for number, row in enumerate(rows, start=first):
            for column, cell in zip(columns, row, strict=True):
                if not _is_number(cell):
                    shown = repr(cell[:20]) if cell else "nothing"
                    raise ValueError(f"row {number} of {name} has {shown} in {column!r}, where a number is wanted") from None
        raise


def _is_number(cell: str) -> bool:
    try:
        return "_" not in cell and bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _codes(answers: list[str], classes: tuple[str, ...]) -> np.ndarray:
    code = {name: number for number, name in enumerate(classes)}
    return np.array([code[answer] for answer in answers], dtype=np.int64)
