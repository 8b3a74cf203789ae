"""Centres and bands over replicates, for every point of a curve at once."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

__all__ = ["Band", "BandKind", "band_words", "summarise"]

BandKind = Literal["interval", "range", "deviation", "quartiles"]
_WORDS = {"range": "minimum to maximum", "deviation": "± 1 standard deviation", "quartiles": "first to third quartile"}


@dataclass(frozen=True)
class Band:
    """Centre and limits at each point, (points,) each; NaN limits where fewer than two replicates are finite.

    Attributes:
        centre: mean, geometric mean or median.
        low: lower limit.
        high: upper limit.
        n: number of finite replicates.
    """

    centre: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray


def summarise(
    values: np.ndarray, kind: BandKind = "interval", centre: Literal["mean", "median"] = "mean", level: float = 0.95, *, log: bool = False
) -> Band:
    """Centre and band of `values`, (replicates, points), over the first axis.

    ``interval`` is the t interval of the mean at `level`, mean ± t(n - 1) s / sqrt(n); ``range`` the minimum and maximum;
    ``deviation`` mean ± s; ``quartiles`` the quartiles. With `log` all is computed on logarithms and turned back: the mean is
    the geometric mean. Values that are not finite (with `log`, not positive) are left out and counted by `n`.

    Raises:
        ValueError: for an unknown kind, centre, a level outside (0, 1) or an array without two axes.
    """
    if kind not in ("interval", *_WORDS):
        raise ValueError(f"band must be interval, range, deviation or quartiles, got {kind!r}")
    if centre not in ("mean", "median"):
        raise ValueError(f"centre must be mean or median, got {centre!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 2:
        raise ValueError(f"values must have axes (replicates, points), got shape {numbers.shape}")
    usable = np.isfinite(numbers) & ((numbers > 0) | (not log))
    work = np.where(usable, numbers, np.nan)
    if log:
        work = np.log(work)
    n = usable.sum(axis=0)
    total = np.where(usable, work, 0.0).sum(axis=0)
    mean = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    squares = np.where(usable, (work - mean) ** 2, 0.0).sum(axis=0)
    spread = np.sqrt(np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan))
    middle = mean if centre == "mean" else _quantile(work, n, 0.5)
    if kind == "interval":
        half = stats.t.ppf(0.5 + level / 2, np.maximum(n - 1, 1)) * spread / np.sqrt(np.maximum(n, 1))
        low, high = mean - half, mean + half
    elif kind == "deviation":
        low, high = mean - spread, mean + spread
    else:
        lower, upper = (0.0, 1.0) if kind == "range" else (0.25, 0.75)
        low, high = (np.where(n > 1, _quantile(work, n, share), np.nan) for share in (lower, upper))
    middle, low, high = (np.exp(part) if log else part for part in (middle, low, high))
    return Band(middle, low, high, n)


def band_words(kind: BandKind | None, centre: str, level: float, n: int, *, log: bool) -> str:
    """What the line and the band are, for a legend or an alternative text."""
    middle = "median" if centre == "median" else "geometric mean" if log else "mean"
    if kind is None or n < 2:
        return middle if n > 1 else "one run"
    words = _WORDS.get(kind, f"{level * 100:g} % interval of the {'geometric mean' if log else 'mean'}")
    return f"{middle}, band: {words}, n = {n}"


def _quantile(work: np.ndarray, n: np.ndarray, share: float) -> np.ndarray:
    found = np.full(work.shape[1], np.nan)
    some = n > 0
    if some.any():
        found[some] = np.nanquantile(work[:, some], share, axis=0)
    return found
