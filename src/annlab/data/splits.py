"""Splits of rows: random ones drawn from a generator that the caller names, and those of a time series, which never look ahead."""

import operator
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

__all__ = ["consecutive", "holdout", "kfold", "most_folds", "time_series"]


def holdout(n: int, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    """Disjoint random index sets of the given `sizes`, drawn from ``0 .. n - 1`` without replacement.

    Args:
        n: number of rows.
        sizes: rows of each part, at least 1 each; together at most `n`, what is left over is in no part.
        rng: draws one permutation of the rows.

    Returns:
        One int64 array a part, in random order.

    Raises:
        ValueError: for sizes that are not positive or ask for more rows than there are.
        TypeError: for sizes that are not whole numbers, or an `rng` that is not a NumPy generator.
    """
    rows, counts = _whole("n", n), [_whole("a size", size) for size in sizes]
    if not counts or min(counts) < 1:
        raise ValueError(f"every part takes at least 1 row, got sizes {counts}")
    if sum(counts) > rows:
        raise ValueError(f"parts of {counts} rows take {sum(counts)} of {rows} rows")
    order = _generator(rng).permutation(rows)
    ends = list(accumulate(counts))
    return [order[end - count : end] for end, count in zip(ends, counts, strict=True)]


def kfold(n: int, k: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """`k` random folds: each row is held out exactly once.

    Args:
        n: number of rows.
        k: number of folds, 2 to `n`; their sizes differ by at most one, the larger ones first.
        rng: draws one permutation of the rows.

    Returns:
        ``(train, held_out)`` index arrays, one pair a fold.

    Raises:
        ValueError: for a number of folds outside 2 .. `n`.
        TypeError: for numbers that are not whole, or an `rng` that is not a NumPy generator.
    """
    rows, folds = _whole("n", n), _whole("k", k)
    if not 2 <= folds <= rows:
        raise ValueError(f"the number of folds must lie between 2 and the number of rows, {rows}, got {folds}")
    parts = np.array_split(_generator(rng).permutation(rows), folds)
    return [(np.concatenate(parts[:fold] + parts[fold + 1 :]), parts[fold]) for fold in range(folds)]


def consecutive(n: int, sizes: Sequence[int]) -> list[slice]:
    """Neighbouring parts of the given sizes at the end of ``0 .. n - 1``, as slices: ``series[part]`` is a view.

    Args:
        n: number of rows.
        sizes: rows of each part in order, at least 1 each; what they leave over at the beginning is in no part.

    Raises:
        ValueError: for sizes that are not positive or ask for more rows than there are.
        TypeError: for sizes that are not whole numbers.
    """
    rows, counts = _whole("n", n), [_whole("a size", size) for size in sizes]
    if not counts or min(counts) < 1:
        raise ValueError(f"every part takes at least 1 row, got sizes {counts}")
    if sum(counts) > rows:
        raise ValueError(f"parts of {counts} rows take {sum(counts)} of {rows} rows")
    start = rows - sum(counts)
    ends = list(accumulate(counts, initial=start))
    return [slice(begin, end) for begin, end in pairwise(ends)]


def time_series(n: int, k: int, size: int, *, gap: int = 0, window: int | None = None) -> list[tuple[slice, slice]]:
    """`k` folds of a time series, each validated on `size` rows that come after all rows it trains on.

    The last fold is validated on the last rows, the one before on the rows before those, and so on: the held-out parts are neighbours
    and do not overlap. Training begins at row 0 (an expanding window) or `window` rows back (a rolling one) and ends `gap` rows before the
    held-out part, so that windows of lags do not reach into it.

    Args:
        n: number of rows.
        k: number of folds, at least 1.
        size: held-out rows of a fold.
        gap: rows between training and held-out part that are in neither.
        window: training rows; all that come before by default.

    Returns:
        ``(train, held_out)`` slices, one pair a fold, in the order of time; ``series[train]`` is a view.

    Raises:
        ValueError: where the first fold would train on nothing, or on less than `window`; the sentence says how many folds there can be.
        TypeError: for numbers that are not whole.
    """
    folds = _whole("k", k)
    possible = most_folds(n, size, gap=gap, shortest=1 if window is None else window)
    if not 1 <= folds <= possible:
        raise ValueError(f"{n} rows give 1 to {possible} folds of {size} held-out rows with a gap of {gap}, got {folds}")
    starts = [n - size * (folds - fold) for fold in range(folds)]
    first = [0 if window is None else start - gap - window for start in starts]
    return [(slice(begin, start - gap), slice(start, start + size)) for begin, start in zip(first, starts, strict=True)]


def most_folds(n: int, size: int, *, gap: int = 0, shortest: int = 1) -> int:
    """The largest number of folds that `time_series` can make: floor((n - gap - shortest) / size), or 0.

    Args:
        n: number of rows.
        size: held-out rows of a fold.
        gap: rows between training and held-out part.
        shortest: the least number of rows that the first fold must train on.

    Raises:
        ValueError: for a negative gap, and a size or a shortest training part below 1.
        TypeError: for numbers that are not whole.
    """
    rows, held_out, between, least = _whole("n", n), _whole("size", size), _whole("gap", gap), _whole("shortest", shortest)
    if held_out < 1 or between < 0 or least < 1:
        raise ValueError(
            f"a fold takes a size and a training part of at least 1 row and a gap of at least 0, got {held_out}, {least}, {between}"
        )
    return max(0, (rows - between - least) // held_out)


def _whole(what: str, value: int) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number, got {value!r}") from None


def _generator(rng: np.random.Generator) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    return rng
