"""Recall step by step: what a network makes of corrupted patterns at every iteration, and where it ends."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["Corruption", "Followed", "corrupted", "first_images", "follow", "needed", "saturated"]

Corruption = Literal["gaussian", "flipped", "erased"]
SETTLED = 1e-6
"""Largest change of any unit in an iteration after which a state counts as settled."""
STRIDE = 10
"""Iterations computed at once, of which all states are held."""
SAME = 1e-12
CONVERGED, OSCILLATES, MOVES = 0, 1, 2


@dataclass(frozen=True)
class Followed:
    """What became of n states over T iterations; the first axis of tables is the iteration, 0 the start.

    Attributes:
        overlap: s·p / N of the state with the pattern it was made from, (T + 1, n); (1 - overlap) / 2 is the share of pixels off.
        nearest: whether that pattern is the nearest of all, (T + 1, n).
        signs: whether the signs of all units are the pattern's, (T + 1, n).
        states: the last states, (n, N).
        iterations: iterations after which nothing changes, (n,); T where that is not seen.
        kind: ``CONVERGED``, ``OSCILLATES`` (comes back after two iterations) or ``MOVES``, (n,).
        recalled: index of the pattern nearest to the last state, (n,).
    """

    overlap: np.ndarray
    nearest: np.ndarray
    signs: np.ndarray
    states: np.ndarray
    iterations: np.ndarray
    kind: np.ndarray
    recalled: np.ndarray

    @property
    def exact(self) -> np.ndarray:
        """Whether the state is the pattern, all units saturated, (T + 1, n)."""
        return np.asarray(self.overlap >= 1 - SAME)

    def part(self, which: slice) -> "Followed":
        """The same of some of the states."""
        tables = (self.overlap[:, which], self.nearest[:, which], self.signs[:, which])
        return Followed(*tables, self.states[which], self.iterations[which], self.kind[which], self.recalled[which])

    def matched(self, how: str) -> np.ndarray:
        """One of the three, by its name; a state that oscillates is never recovered."""
        found: np.ndarray = getattr(self, how).copy()
        if how != "nearest":
            found[:, self.kind == OSCILLATES] = False
        return found


def saturated(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width) of 0 ... 255 as patterns (n, height * width) of -1 and 1: scaled to [-1, 1] each, then the sign."""
    flat = images.reshape(len(images), -1).astype(float)
    low, high = flat.min(axis=1, keepdims=True), flat.max(axis=1, keepdims=True)
    return np.asarray(np.where(2 * flat > low + high, 1.0, -1.0))


def first_images(y: np.ndarray) -> np.ndarray:
    """Index of the first image of each class, classes in order."""
    return np.unique(y, return_index=True)[1]


def corrupted(patterns: np.ndarray, how: Corruption, level: float, rng: np.random.Generator) -> np.ndarray:
    """Patterns (n, N) with Gaussian noise of that standard deviation cut to [-1, 1], or with a share of pixels flipped or set to 0."""
    if how == "gaussian":
        noise = rng.standard_normal(patterns.shape, dtype=np.float32)
        return np.asarray(np.clip(patterns + np.float32(level) * noise, -1, 1))
    struck = rng.random(patterns.shape, dtype=np.float32) < level
    return np.where(struck, -patterns if how == "flipped" else 0.0, patterns)


def follow(network: Any, starts: np.ndarray, patterns: np.ndarray, own: np.ndarray, iterations: int, *, signs: bool = True) -> Followed:
    """Iterate the starts (n, N), each made from ``patterns[own]``, and measure them after every iteration.

    States that have settled, or that come back after two iterations, leave the batch: they say nothing new.
    Without `signs`, whose reading costs as much as the recall, those of `Followed` are as `exact`.
    """
    n, units = starts.shape
    patterns = patterns.astype(starts.dtype)
    overlap, nearest = np.empty((iterations + 1, n)), np.empty((iterations + 1, n), dtype=bool)
    right = np.empty((iterations + 1, n), dtype=bool)
    states, last = np.empty_like(starts), np.full(n, iterations)
    kind, recalled = np.full(n, MOVES), np.zeros(n, dtype=int)
    active, now = np.arange(n), starts
    for t in range(0, max(iterations, 1), STRIDE):
        ahead = min(STRIDE, iterations - t)
        after, path, moves = network.recall(now, n_iter=ahead, tol=SETTLED, return_path=True, return_n_iter=True)
        mine, rows = own[active], np.minimum(np.arange(ahead + 1), len(path) - 1)  # the path ends where nothing moves
        overlaps = path @ patterns.T / units
        best = overlaps.argmax(axis=2)
        with_own = np.take_along_axis(overlaps, mine[None, :, None], axis=2)[..., 0]
        correct = (path * patterns[mine]).min(axis=2) > 0 if signs else with_own >= 1 - SAME
        for table, found in ((overlap, with_own), (nearest, best == mine), (right, correct)):
            table[t : t + ahead + 1, active] = found[rows]
        still = moves < ahead
        back = ~still & (ahead > 1) & (np.abs(after - path[rows[ahead - 2]]).max(axis=1) <= SETTLED)
        kind[active[still]], kind[active[back]] = CONVERGED, OSCILLATES
        last[active[still]] = t + moves[still]
        recalled[active] = best[-1]
        states[active] = after
        leaving = still | back
        for table in (overlap, nearest, right):
            table[t + ahead + 1 :, active[leaving]] = table[t + ahead, active[leaving]]
        active, now = active[~leaving], after[~leaving]
        if not len(active):
            break
    return Followed(overlap, nearest, right, states, last, kind, recalled)


def needed(matched: np.ndarray, share: float = 0.95) -> tuple[float, float]:
    """Iterations until `share` of the states match for good: of all states, and of those alone that match in the end; NaN for never."""
    length = len(matched)
    missed = ~matched[::-1]
    reached = np.where(missed.any(axis=0), length - missed.argmax(axis=0), 0).astype(float)
    reached[~matched[-1]] = np.inf
    found = []
    for kept in (np.sort(reached), np.sort(reached[np.isfinite(reached)])):
        value = kept[int(np.ceil(share * len(kept) - 1e-9)) - 1] if len(kept) else np.inf
        found.append(float(value) if np.isfinite(value) else float("nan"))
    return found[0], found[1]
