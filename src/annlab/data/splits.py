"""Fixed splits of rows, drawn from a generator that the caller names."""

import operator
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

__all__ = ["holdout", "kfold"]


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


def _whole(what: str, value: int) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number, got {value!r}") from None


def _generator(rng: np.random.Generator) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    return rng
