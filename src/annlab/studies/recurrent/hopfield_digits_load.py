"""Storage: what happens to the patterns of a network as more and more are stored."""

from typing import Any

import numpy as np

from annlab.measure import capacity_lines
from annlab.studies.recurrent.hopfield_digits_recall import CONVERGED, OSCILLATES, corrupted, follow

__all__ = ["FLIPS", "LOADS", "NEVER", "STRICT", "capacities", "counts", "stored", "theory"]

FLIPS = 0.1
"""Share of pixels flipped in the starts that ask whether a pattern is found again."""
LOADS = np.concatenate([np.arange(0.01, 0.2, 0.01), np.arange(0.2, 0.301, 0.02), np.arange(0.35, 1.01, 0.05)]).round(4)
"""Patterns stored, as shares of the number of units."""
STRICT, NEVER = 0.95, 0.02
"""Share of patterns that makes "most", and share of pixels off up to which a pattern counts as kept with errors."""


def theory(units: int) -> dict[str, float]:
    """Random patterns that a large Hebbian network of `units` stores: all stable, most stable, kept with a few wrong pixels."""
    return capacity_lines(units, "hebb")


def counts(units: int, most: float, every: int) -> np.ndarray:
    """Numbers of patterns of the sweep: each `every`-th of `LOADS` up to `most`, at least 2."""
    loads = LOADS[: np.searchsorted(LOADS, most + 1e-9)][::every]
    return np.unique(np.maximum(2, np.round(loads * units).astype(int)))


def stored(make: Any, patterns: np.ndarray, numbers: np.ndarray, probes: int, iterations: int, rng: np.random.Generator) -> dict[str, Any]:
    """Store the first p patterns for each p and recall some of them, from themselves and with a tenth of their pixels flipped.

    Args:
        make: returns a new network.
        patterns: (at least the largest number, N) of -1 and 1.
        numbers: p, rising.
        probes: patterns recalled at each p, evenly spread over those stored.
        iterations: of recall.
        rng: draws the pixels that flip.

    Returns:
        A column for each measure: shares of the recalled patterns that are ``stable``, that are ``found`` again from the flipped
        start, pixels off after recall from the pattern itself (``errors``) and from the flipped start; of the flipped starts, shares
        that end in no stored pattern nor the negative of one (``spurious``), of these the ``mixed`` that overlap with two or
        more by 5 standard deviations of chance, and that ``oscillate`` or ``move`` still.
    """
    columns: dict[str, list[float]] = {}
    units = patterns.shape[1]
    for p in numbers:
        held = patterns[:p]
        network = make().fit(held)
        own = np.unique(np.linspace(0, p - 1, min(p, probes)).round().astype(int))
        clean = follow(network, held[own], held, own, iterations)
        flipped = follow(network, corrupted(held[own], "flipped", FLIPS, rng), held, own, iterations)
        overlaps = np.abs(flipped.states @ held.T) / units
        ended = flipped.kind == CONVERGED
        strange = ended & (overlaps.max(axis=1) < 1 - 1e-9)
        row = {
            "load": p / units,
            "patterns": float(p),
            "stable": float(clean.signs.all(axis=0).mean()),
            "errors": float((1 - clean.overlap[-1]).mean() / 2),
            "found": float(flipped.matched("signs")[-1].mean()),
            "flipped_errors": float((1 - flipped.overlap[-1]).mean() / 2),
            "spurious": float(strange.mean()),
            "mixed": float((strange & ((overlaps > 5 / np.sqrt(units)).sum(axis=1) > 1)).mean()),
            "oscillate": float((flipped.kind == OSCILLATES).mean()),
            "move": float((~ended & (flipped.kind != OSCILLATES)).mean()),
        }
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in columns.items()}


def capacities(series: dict[str, Any]) -> dict[str, float]:
    """Largest number of patterns stored up to which all or most of those asked are stable, kept with few errors, found again."""
    p = series["patterns"]
    holds = {
        "capacity_all": series["stable"] >= 1,
        "capacity_most": series["stable"] >= STRICT,
        "capacity_errors": series["errors"] <= NEVER,
        "capacity_found": series["found"] >= STRICT,
    }
    found = {}
    for name, each in holds.items():
        failing = np.flatnonzero(~each)
        found[name] = float(p[-1] if not len(failing) else p[failing[0] - 1] if failing[0] else 0)
    return found
