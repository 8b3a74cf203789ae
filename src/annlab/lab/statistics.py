"""Intervals and tests over replicates: small, exact where theory is exact, and drawing only from a given generator."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # scipy.stats takes a second and more to import

__all__ = [
    "SCALES",
    "Interval",
    "PairedTest",
    "Pooled",
    "Scale",
    "groups_not_separable",
    "holm",
    "mean_interval",
    "one_standard_error_rule",
    "paired_test",
    "pooled_sd",
    "prediction_interval",
    "proportion_interval",
]

ScaleName = Literal["linear", "log", "logit"]
Alternative = Literal["greater", "less", "two-sided"]
BOOTSTRAP_FROM = 20  # pairs, from which a resampled distribution is better than the normal one
RESAMPLES = 9999


@dataclass(frozen=True)
class Scale:
    """A scale on which spreads are about equal and intervals symmetric: `forward` goes to it, `back` comes from it."""

    name: ScaleName
    forward: Callable[[ArrayLike], np.ndarray]
    back: Callable[[ArrayLike], np.ndarray]

    def fits(self, values: ArrayLike) -> bool:
        """Whether all `values` have a finite place on the scale; zero and one are pulled inside on the logit scale, so they fit it."""
        x = np.asarray(values, dtype=float)
        if self.name == "log":
            return bool(np.all(x > 0))
        return self.name == "linear" or bool(np.all((x >= 0) & (x <= 1)))


def _logit(p: ArrayLike, edge: float = 5e-4) -> np.ndarray:
    inside = np.clip(np.asarray(p, dtype=float), edge, 1 - edge)  # 0 of n and n of n have no finite logit
    return np.asarray(np.log(inside) - np.log1p(-inside))


SCALES: Mapping[str, Scale] = {
    "linear": Scale("linear", lambda x: np.asarray(x, dtype=float), lambda x: np.asarray(x, dtype=float)),
    "log": Scale("log", lambda x: np.log(np.asarray(x, dtype=float)), lambda x: np.exp(np.asarray(x, dtype=float))),
    "logit": Scale("logit", _logit, lambda x: 1 / (1 + np.exp(-np.asarray(x, dtype=float)))),
}


@dataclass(frozen=True)
class Interval:
    """A mean with bounds; `n` finite values went in, with standard deviation `std` (NaN for one value)."""

    mean: float
    low: float
    high: float
    n: int
    std: float

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds."""
        return (self.high - self.low) / 2


def mean_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Student's t interval of the mean: mean +- t((1 + level)/2, n - 1) sd / sqrt(n).

    Values that are not finite are left out. One value has NaN bounds, none has a NaN mean.
    """
    return _interval(values, level, lambda n: 1 / n, None)


def prediction_interval(values: ArrayLike, level: float = 0.95, pooled: "Pooled | None" = None) -> Interval:
    """Interval that holds one new observation with probability `level`: mean +- t((1 + level)/2, df) sd sqrt(1 + 1/n).

    Args:
        values: observations from the same normal distribution; those that are not finite are left out.
        level: probability.
        pooled: spread shared with other cells, used with its own degrees of freedom instead of the n - 1 of `values`.
    """
    return _interval(values, level, lambda n: 1 + 1 / n, pooled)


def _interval(values: ArrayLike, level: float, variance: Callable[[int], float], pooled: "Pooled | None") -> Interval:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    x = _finite(values)
    n = len(x)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0, math.nan)
    std = _std(x)
    spread, freedom = (pooled.std, pooled.freedom) if pooled else (std, n - 1)
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * spread * math.sqrt(variance(n)) if freedom > 0 else math.nan
    mean = float(np.mean(x)) if np.ptp(x) > 0 else float(x[0])  # the mean of equal numbers may differ from them in the last bit
    return Interval(mean, mean - half, mean + half, n, std)


@dataclass(frozen=True)
class Pooled:
    """Standard deviation within groups and its degrees of freedom."""

    std: float
    freedom: int


def pooled_sd(groups: Sequence[ArrayLike]) -> Pooled:
    """Spread within groups: sqrt(sum (n_i - 1) s_i^2 / sum (n_i - 1)); NaN with 0 degrees of freedom where no group has two values."""
    kept = [x for x in map(_finite, groups) if len(x) > 1]
    freedom = sum(len(x) - 1 for x in kept)
    total = sum(_std(x) ** 2 * (len(x) - 1) for x in kept)
    return Pooled(math.sqrt(total / freedom) if freedom else math.nan, freedom)


def proportion_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Wilson score interval of a proportion (Wilson, 1927): solves |p - k/n| = z sqrt(p (1 - p)/n) for p.

    Raises:
        ValueError: unless 0 <= successes <= trials and trials >= 1.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"successes must lie between 0 and trials >= 1, got {successes} of {trials}")
    z, p = float(special.ndtri((1 + level) / 2)), successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials**2))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Interval(p, low, high, trials, math.sqrt(p * (1 - p)))


@dataclass(frozen=True)
class PairedTest:
    """Test of mean(a - b) against a margin: the p-value, the mean difference with its 95 % t interval, the number of pairs, the method."""

    p_value: float
    difference: Interval
    n: int
    method: Literal["t", "bootstrap", "none"]


def paired_test(
    a: ArrayLike,
    b: ArrayLike | float = 0.0,
    margin: float = 0.0,
    alternative: Alternative = "greater",
    rng: np.random.Generator | None = None,
) -> PairedTest:
    """Test of the mean paired difference d = a - b against `margin`, by Student's t or a studentised bootstrap.

    The hypothesis tested is mean(d) <= margin for ``"greater"``, >= for ``"less"``, = for ``"two-sided"``. With `rng` and at least
    20 pairs the distribution of (mean* - mean)/se* over 9999 resamples takes the place of Student's (Efron, 1979); it allows for
    skewed differences. Pairs with a value that is not finite are left out. Differences without any spread decide exactly
    (p is 0 or 1); fewer than two pairs decide nothing (p = 1).

    Args:
        a: values, shape (n,).
        b: values of the same replicates, shape (n,), or a constant.
        margin: difference to test against.
        alternative: direction.
        rng: generator of the resampled indices; without it the test is always Student's.
    """
    d = _finite(np.asarray(a, dtype=float) - np.asarray(b, dtype=float))
    interval, n = mean_interval(d), len(d)
    if n < 2:
        return PairedTest(1.0, interval, n, "none")
    if np.ptp(d) == 0:
        excess = float(d[0]) - margin
        holds = {"greater": excess > 0, "less": excess < 0, "two-sided": excess != 0}[alternative]
        return PairedTest(0.0 if holds else 1.0, interval, n, "t")
    observed = (interval.mean - margin) / (interval.std / math.sqrt(n))
    if rng is not None and n >= BOOTSTRAP_FROM:
        above, below = _bootstrap_tails(d, observed, rng)
        method: Literal["t", "bootstrap"] = "bootstrap"
    else:
        above, below = float(special.stdtr(n - 1, -observed)), float(special.stdtr(n - 1, observed))
        method = "t"
    p = {"greater": above, "less": below, "two-sided": min(1.0, 2 * min(above, below))}[alternative]
    return PairedTest(p, interval, n, method)


def _bootstrap_tails(d: np.ndarray, observed: float, rng: np.random.Generator) -> tuple[float, float]:
    draws = d[rng.integers(len(d), size=(RESAMPLES, len(d)))]  # (resamples, n)
    errors = np.std(draws, axis=1, ddof=1) / math.sqrt(len(d))
    pulls = (np.mean(draws, axis=1) - np.mean(d)) / np.where(errors > 0, errors, np.inf)
    return float((1 + np.sum(pulls >= observed)) / (RESAMPLES + 1)), float((1 + np.sum(pulls <= observed)) / (RESAMPLES + 1))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjusted p-values of Holm (1979): the family-wise error stays below alpha where those below alpha are rejected.

    With p sorted upwards, adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)).
    """
    p = np.asarray(p_values, dtype=float)
    if p.size == 0:
        return p
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p-values lie between 0 and 1, got {p.tolist()}")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def groups_not_separable(
    groups: Mapping[str, ArrayLike], level: float = 0.95, higher: bool = False, rng: np.random.Generator | None = None
) -> list[list[str]]:
    """Ranked groups of names that cannot be told apart: two-sided paired tests of all pairs, corrected by Holm.

    Names are ranked by their mean, the best first (the lowest, or the highest with `higher`); a group is a longest run of
    ranks in which no two names differ. A name may stand in two groups, as in "a, b" and "b, c".

    Args:
        groups: values by name, one of each replicate in the same order, shape (n,).
        level: confidence of the whole family.
        higher: whether high values are good.
        rng: generator for the bootstrap, see `paired_test`.
    """
    names = sorted(groups, key=lambda name: (mean_interval(groups[name]).mean * (-1 if higher else 1), name))
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    p = [paired_test(groups[names[i]], np.asarray(groups[names[j]]), 0.0, "two-sided", rng).p_value for i, j in pairs]
    apart = {pair for pair, adjusted in zip(pairs, holm(p), strict=True) if adjusted <= 1 - level}
    found: list[list[str]] = []
    reached = -1
    for start in range(len(names)):
        end = start
        while end + 1 < len(names) and all((i, end + 1) not in apart for i in range(start, end + 1)):
            end += 1
        if end > reached:
            found.append(names[start : end + 1])
            reached = end
    return found


def one_standard_error_rule(scores: Mapping[str, ArrayLike], simplest_first: Sequence[str], higher: bool = False) -> str:
    """The simplest setting whose mean score is within one standard error of the best (Breiman et al., 1984).

    Args:
        scores: scores by name (over folds or replicates), low is good unless `higher`.
        simplest_first: all names in the order of complexity.
        higher: whether high scores are good.

    Raises:
        ValueError: if the names differ or a setting has no finite score.
    """
    if set(scores) != set(simplest_first) or not scores:
        raise ValueError(f"simplest_first must hold the names of the scores {sorted(scores)}, got {list(simplest_first)}")
    sign = -1 if higher else 1
    intervals = {name: mean_interval(values) for name, values in scores.items()}
    if any(interval.n == 0 for interval in intervals.values()):
        raise ValueError("every setting needs a finite score")
    best = min(intervals.values(), key=lambda interval: sign * interval.mean)
    error = best.std / math.sqrt(best.n) if best.n > 1 else 0.0
    return next(name for name in simplest_first if sign * intervals[name].mean <= sign * best.mean + error)


def _finite(values: ArrayLike) -> np.ndarray:
    x = np.atleast_1d(np.asarray(values, dtype=float)).ravel()
    return np.asarray(x[np.isfinite(x)])


def _std(x: np.ndarray) -> float:
    if len(x) < 2:
        return math.nan
    return float(np.std(x, ddof=1)) if np.ptp(x) > 0 else 0.0
