"""Rows and images for estimators that see an image as a row: their shapes checked, computed in parts that fit in memory."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from annlab.errors import UsageError
from annlab.models.base import BaseEstimator
from annlab.nets import ConvAutoencoder, StackedMLP
from annlab.nets.shapes import as_image_shape

__all__ = ["INPUT_TYPES", "image_rows", "parts", "rows_at_once", "squared_error"]

INPUT_TYPES = [np.float64, np.float32, np.uint8]
NUMBERS = 1 << 23  # of the widest layer of all replicates, computed at once


def image_rows(
    estimator: BaseEstimator, X: Any, y: Any = "no_validation", *, reset: bool, known: Sequence[int] | None = None
) -> tuple[np.ndarray, Any, tuple[int, ...] | None]:
    """Rows checked as scikit-learn does, images flattened first.

    Args:
        estimator: whose data they are.
        X: rows ``(n, features)`` or images ``(n, height, width[, channels])``, arrays or nested lists.
        y: labels or targets, checked with the rows where given.
        reset: whether the estimator learns names and number of the features, or compares them with those it knows.
        known: ``(height, width[, channels])`` that images must have, and flat rows when `reset`; None takes any.

    Returns:
        Rows ``(n, features)``, `y`, and the shape of an image as it was given, None for flat rows.

    Raises:
        UsageError: for images of another shape, or rows that are no images of it.
    """
    wanted = None if known is None else as_image_shape(known)
    shape = None
    X = np.asarray(X) if isinstance(X, Sequence) else X
    if getattr(X, "ndim", 2) > 2:
        X = np.asarray(X)
        shape = tuple(int(edge) for edge in X.shape[1:])
        found = as_image_shape(shape)
        if wanted not in (None, found):
            raise UsageError(f"{type(estimator).__name__} takes images of {wanted} here (height, width, channels), got {found}")
        X = X.reshape(len(X), math.prod(shape))
    checked = validate_data(estimator, X, y, reset=reset, dtype=INPUT_TYPES)
    rows, y = checked if isinstance(checked, tuple) else (checked, None)
    if reset and wanted is not None and math.prod(wanted) != rows.shape[1]:
        raise UsageError(f"rows of {rows.shape[1]} features are no images of {wanted} (height, width, channels)")
    return rows, y, shape


def rows_at_once(*nets: StackedMLP | ConvAutoencoder) -> int:
    """Rows whose widest layer, of all replicates together, fits in memory many times over."""
    return max(1, NUMBERS // sum(map(_width, nets)))


def _width(net: StackedMLP | ConvAutoencoder) -> int:
    """Numbers of a sample in the widest layer, of all replicates."""
    if isinstance(net, StackedMLP):
        return int(net.n_replicates * max(max(weight.shape[1:]) for weight in net.weights))
    height, width, channels = net.image_shape
    sizes = [height * width * channels]
    for channels in net.channels:
        height, width = -(-height // 2), -(-width // 2)  # of stride 2
        sizes.append(height * width * channels)
    return max(sizes)


def parts(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Rows, so many at a time; one part without rows where there are none."""
    return (rows[start : start + size] for start in range(0, max(1, len(rows)), size))


def squared_error(rows: np.ndarray, size: int, reconstruct: Callable[[np.ndarray], np.ndarray]) -> float:
    """Mean squared error of what `reconstruct` makes of rows, for each number, bytes as numbers in [0, 1]; `size` rows at a time."""
    total = 0.0
    for part in parts(rows, size):
        truth = part / np.float32(255) if part.dtype == np.uint8 else part
        total += float(np.square(truth.astype(np.float64) - reconstruct(part)).sum())
    return total / rows.size
