"""The units of a self-organising map on paper: places, neighbours, and the squares or hexagons that are drawn for them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annlab.measure.maps import u_matrix as height_of

if TYPE_CHECKING:
    from annlab.models.som_grids import Grid

__all__ = ["UnitMap", "corners", "matrix_cells"]

_BESIDE = 1.5  # neighbours further apart than this on paper are joined around a torus
_ONE = 1.01


@dataclass(frozen=True)
class UnitMap:
    """The units of one map and what is shown of them.

    Attributes:
        positions: places of the units on paper, (units, 2), neighbours one apart.
        pairs: neighbouring units, (pairs, 2) whole numbers, each pair once; pairs joined around a torus may be among them.
        hexagonal: whether cells are hexagons, squares otherwise.
        heights: U-matrix, the mean distance in data space from each unit to its neighbours, (units,).
        hits: samples won by each unit, (units,), or by class, (units, classes).
        distances: distance in data space of each of the `pairs`, (pairs,); where given, the U-matrix has a cell for each pair too.
    """

    positions: np.ndarray
    pairs: np.ndarray
    hexagonal: bool = False
    heights: np.ndarray | None = None
    hits: np.ndarray | None = None
    distances: np.ndarray | None = None

    def __post_init__(self) -> None:
        places, pairs = np.asarray(self.positions, dtype=float), np.asarray(self.pairs, dtype=int).reshape(-1, 2)
        if places.ndim != 2 or places.shape[1] != 2 or not len(places):
            raise ValueError(f"positions must have shape (units, 2), got {np.shape(self.positions)}")
        if pairs.size and (pairs.min() < 0 or pairs.max() >= len(places)):
            raise ValueError(f"pairs must number the {len(places)} units from 0, got numbers up to {pairs.max()}")
        object.__setattr__(self, "positions", places)
        object.__setattr__(self, "pairs", pairs)
        for name, wanted in (("heights", len(places)), ("hits", len(places)), ("distances", len(pairs))):
            if getattr(self, name) is not None:
                values = np.asarray(getattr(self, name), dtype=float)
                if len(values) != wanted:
                    raise ValueError(f"{name} must hold {wanted} values, got {len(values)}")
                object.__setattr__(self, name, values)

    @classmethod
    def of(cls, grid: "Grid", weights: np.ndarray | None = None, hits: np.ndarray | None = None) -> "UnitMap":
        """The map of an estimator's `grid`; from `weights`, (units, features), come heights and distances."""
        pairs = grid.edges[grid.edges[:, 0] < grid.edges[:, 1]]
        counted = None if hits is None else np.asarray(hits, dtype=float)
        if counted is not None and counted.shape == (grid.rows, grid.columns) and len(counted) != grid.units:
            counted = counted.reshape(-1)
        if weights is None:
            return cls(grid.positions, pairs, grid.kind == "hexagonal", hits=counted)
        placed = np.asarray(weights, dtype=float)
        distances = np.linalg.norm(placed[pairs[:, 0]] - placed[pairs[:, 1]], axis=1)
        heights = height_of(placed, grid.edges)
        return cls(grid.positions, pairs, grid.kind == "hexagonal", heights, counted, distances)

    @property
    def lines(self) -> np.ndarray:
        """Pairs one apart on paper, to be joined by lines: no diagonals, none around a torus, (lines, 2)."""
        gaps = self.positions[self.pairs[:, 0]] - self.positions[self.pairs[:, 1]]
        return np.asarray(self.pairs[np.hypot(*gaps.T) < _ONE])

    @property
    def beside(self) -> np.ndarray:
        """Which of the pairs lie beside each other on paper, (pairs,)."""
        first, second = self.positions[self.pairs[:, 0]], self.positions[self.pairs[:, 1]]
        return np.asarray(np.hypot(*(first - second).T) < _BESIDE)


def matrix_cells(units: UnitMap) -> tuple[np.ndarray, np.ndarray]:
    """Heights (cells,) and corners of the cells of a U-matrix; with distances on doubled coordinates."""
    assert units.heights is not None
    if units.distances is None:
        return units.heights, corners(units, units.positions)
    near = units.beside
    middles = units.positions[units.pairs[near]].sum(axis=1)
    places = np.round(np.concatenate([2 * units.positions, middles]), 6)
    values = np.concatenate([units.heights, units.distances[near]])
    centres, index = np.unique(places, axis=0, return_inverse=True)
    index = index.reshape(-1)
    means = np.bincount(index, values) / np.bincount(index)  # two diagonals share a cell
    if not units.hexagonal:
        centres, means = _filled(units, centres, means)
    return means, corners(units, centres)


def corners(units: UnitMap, centres: np.ndarray) -> np.ndarray:
    """Corners of the cells around `centres` whose neighbours are 1 apart, (cells, 6 or 4, 2)."""
    sides = 6 if units.hexagonal else 4
    angles = _turn(units) + (np.arange(sides) + 0.5) * 2 * np.pi / sides
    outer = 0.5 / np.cos(np.pi / sides)
    return np.asarray(centres[:, None] + outer * np.stack([np.cos(angles), np.sin(angles)], axis=-1))


def _filled(units: UnitMap, centres: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A rectangular U-matrix with the cells between four units, the mean of the cells around them."""
    known = {(float(x), float(y)) for x, y in centres}
    between = {(float(x) + 1.0, float(y) + 1.0) for x, y in np.round(2 * units.positions, 6)}
    added = []
    for x, y in sorted(between - known):
        around = np.hypot(*(centres - (x, y)).T) < 1.01
        if around.sum() == 4:
            added.append((x, y, float(means[around].mean())))
    if not added:
        return centres, means
    extra = np.array(added)
    return np.concatenate([centres, extra[:, :2]]), np.concatenate([means, extra[:, 2]])


def _turn(units: UnitMap) -> float:
    """Angle of one direction in which a unit has a neighbour on paper, in radians."""
    near = units.pairs[units.beside]
    if not len(near):
        return 0.0
    gaps = units.positions[near[:, 1]] - units.positions[near[:, 0]]
    shortest = gaps[np.hypot(*gaps.T).argmin()]
    return float(np.arctan2(shortest[1], shortest[0]))
