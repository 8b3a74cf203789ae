"""The sweep over noise levels: what is measured of the digits at every level."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.studies.recurrent.hopfield_digits_recall import (
    CONVERGED,
    MOVES,
    OSCILLATES,
    Corruption,
    Followed,
    corrupted,
    follow,
    needed,
)

if TYPE_CHECKING:
    from annlab.lab import Streams

__all__ = ["RECORDED", "level_grid", "summary", "swept"]

RECORDED = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200)
"""Iterations of which the map keeps a row."""
BLOCK = 1000
"""States followed at once, if no level has more."""
READ_AT = 100
"""Iteration at which the largest level without an error is read, as in the reports."""


def level_grid(highest: float, levels: int) -> np.ndarray:
    """Noise levels 0 ... highest in equal steps, as decimal numbers."""
    return np.round(highest * np.arange(levels + 1) / levels, 10)


def swept(
    network: Any,
    patterns: np.ndarray,
    levels: np.ndarray,
    how: Corruption,
    probes: int,
    iterations: int,
    match: str,
    streams: "Streams",
) -> dict[str, dict[str, np.ndarray]]:
    """Series of one network: ``levels``, ``map`` (level x iteration), ``digits`` (level x digit), ``confusion`` (half x digit x recalled).

    Each level has noise of its own, the same for every network that is asked at that level.
    """
    kinds = len(patterns)
    own = np.repeat(np.arange(kinds), probes)
    together = max(1, BLOCK // len(own))
    rows: dict[str, list[dict[str, float]]] = {"levels": [], "map": [], "digits": []}
    confusion = np.zeros((2, kinds, kinds))
    for first in range(0, len(levels), together):
        some = levels[first : first + together].tolist()
        starts = [corrupted(patterns[own], how, level, streams.child("noise", f"{how} {level:g}")) for level in some]
        block = follow(network, np.concatenate(starts), patterns, np.tile(own, len(some)), iterations, signs=match == "signs")
        for index, level in enumerate(some):
            found = block.part(slice(index * len(own), (index + 1) * len(own)))
            _read(found, level, match, patterns, own, rows)
            np.add.at(confusion[int(level > levels[-1] / 2)], (own, found.recalled), 1)
    half, digit, recalled = np.indices(confusion.shape)
    table = {"half": half.ravel(), "digit": digit.ravel(), "recalled": recalled.ravel(), "count": confusion.ravel()}
    series = {name: {key: np.array([float(row[key]) for row in each]) for key in each[0]} for name, each in rows.items()}
    for name, axis in (("map", "iteration"), ("digits", "digit")):
        series[name][axis] = series[name][axis].astype(int)
    return {**series, "confusion": table}


def _read(
    found: Followed, level: float, match: str, patterns: np.ndarray, own: np.ndarray, rows: dict[str, list[dict[str, float]]]
) -> None:
    """Add what is measured at one level to the rows of each series."""
    matched, iterations = found.matched(match), len(found.overlap) - 1
    right = matched[-1]
    rows["levels"].append({"level": level, **_at_level(found, matched, min(READ_AT, iterations), patterns, own)})
    for t in RECORDED:
        if t <= iterations:
            off = (1 - found.overlap[t]) / 2
            entry = {"recovered": matched[t].mean(), "nearest": found.nearest[t].mean(), "off": off.mean()}
            rows["map"].append({"level": level, "iteration": t, **entry, "residue": off[right].mean() if right.any() else np.nan})
    for digit in range(len(patterns)):
        mine = own == digit
        entry = {"recovered": right[mine].mean(), "iterations_mean": found.iterations[mine].mean()}
        rows["digits"].append({"level": level, "digit": digit, **entry})


def _at_level(found: Followed, matched: np.ndarray, read_at: int, patterns: np.ndarray, own: np.ndarray) -> dict[str, float]:
    """Everything that is one number at a noise level."""
    every, ours = needed(matched)
    settled = found.kind == CONVERGED
    stored = np.abs(found.states @ patterns.T).max(axis=1) >= patterns.shape[1] * (1 - 1e-9)
    return {
        "recovered": float(matched[-1].mean()),
        "at_100": float(matched[read_at].mean()),
        "exact": float(found.matched("exact")[-1].mean()),
        "nearest": float(found.nearest[-1].mean()),
        "iterations_mean": float(found.iterations.mean()),
        "iterations_most": float(found.iterations[settled].max(initial=0)),
        "needed": every,
        "needed_recovered": ours,
        "other": float((settled & stored & (found.recalled != own)).mean()),
        "spurious": float((settled & ~stored).mean()),
        "oscillate": float((found.kind == OSCILLATES).mean()),
        "move": float((found.kind == MOVES).mean()),
    }


def summary(series: dict[str, dict[str, np.ndarray]]) -> dict[str, float]:
    """Numbers of a whole sweep."""
    by, digits = series["levels"], series["digits"]
    level, highest = by["level"], by["level"][-1]
    metrics = {name: float(by[name].mean()) for name in ("recovered", "nearest", "spurious", "oscillate", "move", "other")}
    metrics["perfect_up_to"] = _up_to(level, by["at_100"] >= 1)
    metrics["mostly_up_to"] = _up_to(level, by["recovered"] >= 0.95)
    for name, share in (("low", 0.1), ("half", 0.5), ("high", 1.0)):
        place = int(np.abs(level - share * highest).argmin())
        metrics |= {
            f"recovered_{name}": float(by["recovered"][place]),
            f"nearest_{name}": float(by["nearest"][place]),
            f"iterations_{name}": float(by["iterations_mean"][place]),
            f"needed_{name}": float(by["needed_recovered"][place]),
        }
    metrics["iterations_most"] = float(by["iterations_most"].max())
    each = {int(d): float(digits["recovered"][digits["digit"] == d].mean()) for d in np.unique(digits["digit"])}
    metrics |= {f"digit_{d}": value for d, value in each.items()}
    counts = series["confusion"]["count"].reshape(2, len(each), len(each))[1]
    if len(each) == 10:
        sevens = counts[7] / counts[7].sum()
        metrics["seven_as_three"] = float(sevens[3])
        metrics["seven_as_other"] = float(np.delete(sevens, [3, 7]).max())
    return metrics


def _up_to(level: np.ndarray, holds: np.ndarray) -> float:
    """Largest level that holds with all below it; -1 for none."""
    failing = np.flatnonzero(~holds)
    return float(level[-1] if not len(failing) else level[failing[0] - 1] if failing[0] else -1)
