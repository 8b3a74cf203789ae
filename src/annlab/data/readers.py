"""Readers of published images and of the course's table: bytes in, arrays out; what is wrong raises `ValueError` with the file's name."""

import gzip
import io
import zlib
from collections.abc import Mapping

import numpy as np

__all__ = ["CIFAR_CLASSES", "cifar10", "course_regression", "idx", "mnist"]

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_TRAINING = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
CIFAR_TEST = "test_batch.bin"
CIFAR_RECORD = 1 + 3 * 32 * 32

UNSIGNED_BYTES = 0x08
PIECE = 1 << 20


def mnist(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """The four IDX files of MNIST.

    Returns:
        ``X_train`` and ``X_test`` (n, 28, 28) uint8, 0 = background; ``y_train`` and ``y_test`` (n,) int64, 0 to 9.
    """
    arrays = {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"
        X, y = idx(contents[images], images, axes=3), idx(contents[labels], labels, axes=1)
        if len(X) != len(y):
            raise ValueError(f"{images} holds {len(X)} images but {labels} holds {len(y)} labels")
        if y.size and y.max() > 9:
            raise ValueError(f"{labels} holds the label {y.max()}, where labels are 0 to 9")
        arrays[f"X_{part}"], arrays[f"y_{part}"] = X, y.astype(np.int64)
    return arrays


def cifar10(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """The six batches of CIFAR-10 in their binary form: records of a label byte and three planes of 32 x 32 pixels, red, green, blue.

    Returns:
        ``X_train`` (n, 32, 32, 3) and ``X_test`` uint8; ``y_train`` (n,) and ``y_test`` int64, 0 to 9.

    Raises:
        ValueError: for a file that is not whole records, and for a label above 9.
    """
    arrays = {}
    for part, names in (("train", CIFAR_TRAINING), ("test", (CIFAR_TEST,))):
        records = [_cifar_records(contents[name], name) for name in names]
        X = np.empty((sum(map(len, records)), 32, 32, 3), dtype=np.uint8)
        start = 0
        for batch in records:  # one batch at a time: the whole set is held once
            X[start : start + len(batch)] = batch[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            start += len(batch)
        arrays[f"X_{part}"], arrays[f"y_{part}"] = X, np.concatenate([batch[:, 0] for batch in records]).astype(np.int64)
    return arrays


def _cifar_records(content: bytes, name: str) -> np.ndarray:
    if not content or len(content) % CIFAR_RECORD:
        raise ValueError(f"{name} has {len(content)} bytes, which is no whole number of records of {CIFAR_RECORD} bytes")
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, CIFAR_RECORD)
    if records[:, 0].max() > 9:
        raise ValueError(f"{name} holds the label {records[:, 0].max()}, where labels are 0 to 9")
    return records


def idx(content: bytes, name: str, axes: int) -> np.ndarray:
    """Array of unsigned bytes from a gzip-compressed IDX file.

    The format: two zero bytes, the type (8: unsigned byte), the number of axes, the length of each axis as 32-bit big-endian
    numbers, then the values in row-major order and nothing more (LeCun, Cortes and Burges, 1998).

    Args:
        content: the compressed bytes.
        name: file name for the errors.
        axes: axes the array must have.

    Raises:
        ValueError: for bytes that are not gzip, a wrong magic number, and fewer or more values than the header declares.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
        header = _take(stream, 4 + 4 * axes, name)
        magic = bytes((0, 0, UNSIGNED_BYTES, axes))
        if header[:4] != magic:
            found = header[:4].hex() or "nothing"
            raise ValueError(f"{name} begins with {found}, where an IDX file of {axes} axes begins with {magic.hex()}")
        if len(header) < 4 + 4 * axes:
            raise ValueError(f"{name} ends within its header")
        shape = tuple(int(length) for length in np.frombuffer(header, dtype=">u4", offset=4))
        declared = 1
        for length in shape:
            declared *= length  # whole numbers of Python do not overflow
        values = _take(stream, declared, name)
        if len(values) < declared:
            raise ValueError(f"{name} ends after {len(values)} of the {declared} values that its header {shape} declares")
        if _take(stream, 1, name):
            raise ValueError(f"{name} goes on after the {declared} values that its header {shape} declares")
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _take(stream: gzip.GzipFile, count: int, name: str) -> bytes:
    """Up to `count` bytes, a piece at a time: a header that lies reserves no memory."""
    pieces, missing = [], count
    try:
        while missing and (piece := stream.read(min(missing, PIECE))):
            pieces.append(piece)
            missing -= len(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name} is not a whole gzip file: {error}") from error
    return b"".join(pieces)


def course_regression(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """The course's five functions: ``data.csv`` has one row each for X1, X2, T1 ... T5 and one column a point, without a header.

    Returns:
        ``X`` (n, 2) and ``T`` (n, 5), float64.

    Raises:
        ValueError: for text that is not seven rows of equally many finite numbers.
    """
    name = "data.csv"
    try:
        lines = contents[name].decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not plain text: {error}") from error
    if len(lines) != 7:
        raise ValueError(f"{name} has {len(lines)} rows, where X1, X2, T1 ... T5 are 7")
    rows = [line.split(",") for line in lines]
    counts = sorted({len(row) for row in rows})
    if len(counts) > 1:
        raise ValueError(f"the rows of {name} differ in length: from {counts[0]} to {counts[-1]} numbers")
    try:
        table = np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{name} holds something that is no number: {error}") from error
    if not np.isfinite(table).all():
        raise ValueError(f"{name} holds a number that is not finite")
    return {"X": np.ascontiguousarray(table[:2].T), "T": np.ascontiguousarray(table[2:].T)}
