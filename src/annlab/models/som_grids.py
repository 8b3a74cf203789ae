"""Grids of a self-organising map: where units lie, which are neighbours, how far apart they are."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from annlab.errors import UsageError, unknown_name

__all__ = ["GRIDS", "TOPOLOGIES", "Grid"]

GRIDS = ("rectangular", "hexagonal")
TOPOLOGIES = ("planar", "toroidal")
_HEIGHT = 3**0.5 / 2  # between rows of hexagons whose centres lie 1 apart


@dataclass(frozen=True)
class Grid:
    """Units in `rows` x `columns`; unit ``row * columns + column`` has its number.

    Rectangular: unit squares, whose neighbours are the up to 8 that share a side or a corner. Hexagonal: regular hexagons with a
    vertex upwards, odd rows half a column to the right, the up to 6 that share a side; all six centres lie at distance 1. On a
    torus the last row and column are neighbours of the first; hexagons then need an even number of rows.

    Args:
        rows: rows of units.
        columns: columns of units.
        kind: ``"rectangular"`` or ``"hexagonal"``.
        topology: ``"planar"`` or ``"toroidal"``.

    Raises:
        UsageError: for an unknown name, or an odd number of rows of hexagons on a torus.

    >>> Grid(3, 4, "hexagonal").neighbours[5].tolist()
    [1, 2, 4, 6, 9, 10]
    """

    rows: int
    columns: int
    kind: str = "rectangular"
    topology: str = "planar"

    def __post_init__(self) -> None:
        if self.kind not in GRIDS:
            raise unknown_name("grid", self.kind, GRIDS)
        if self.topology not in TOPOLOGIES:
            raise unknown_name("topology", self.topology, TOPOLOGIES)
        if min(self.rows, self.columns) < 1:
            raise UsageError(f"a grid has at least 1 row and 1 column, got {self.rows} x {self.columns}")
        if self.kind == "hexagonal" and self.topology == "toroidal" and self.rows % 2:
            raise UsageError(f"hexagons close to a torus with an even number of rows, got {self.rows}")

    @property
    def units(self) -> int:
        """Number of units."""
        return self.rows * self.columns

    @cached_property
    def positions(self) -> np.ndarray:
        """Centres ``(units, 2)`` as (x, y): x to the right along a row, y from row to row; adjacent centres lie 1 apart."""
        row, column = np.divmod(np.arange(self.units), self.columns)
        if self.kind == "rectangular":
            return np.stack([column, row], axis=1).astype(np.float64)
        return np.stack([column + 0.5 * (row % 2), row * _HEIGHT], axis=1)

    @cached_property
    def period(self) -> np.ndarray:
        """Width and height ``(2,)`` after which a torus repeats itself; infinite for a plane."""
        if self.topology == "planar":
            return np.array([np.inf, np.inf])
        return np.array([self.columns, self.rows * (1.0 if self.kind == "rectangular" else _HEIGHT)])

    def offsets(self, units: np.ndarray | int) -> np.ndarray:
        """Absolute differences ``(*units, all units, 2)`` of positions along x and y, by the shorter way round on a torus."""
        return self.wrap(self.positions[units][..., None, :] - self.positions)

    def wrap(self, difference: np.ndarray) -> np.ndarray:
        """Absolute differences ``(..., 2)`` by the shorter way round."""
        apart = np.abs(difference)
        return np.asarray(np.minimum(apart, np.abs(self.period - apart)) if self.topology == "toroidal" else apart)

    def distances(self, units: np.ndarray | int) -> np.ndarray:
        """Euclidean distances on the grid ``(*units, all units)``."""
        return np.asarray(np.hypot(*np.moveaxis(self.offsets(units), -1, 0)))

    @cached_property
    def neighbours(self) -> tuple[np.ndarray, ...]:
        """Neighbours of every unit, in rising order."""
        starts = np.searchsorted(self.edges[:, 0], np.arange(self.units + 1))
        return tuple(self.edges[first:last, 1] for first, last in pairwise(starts))

    @cached_property
    def edges(self) -> np.ndarray:
        """Pairs ``(m, 2)`` of neighbours, each in both directions, sorted."""
        row, column = np.divmod(np.arange(self.units), self.columns)
        found = []
        for down, right in self._steps():
            to_row = row + down
            to_column = column + right
            if self.kind == "hexagonal" and down:
                to_column = to_column + row % 2
            if self.topology == "toroidal":
                to_row, to_column = to_row % self.rows, to_column % self.columns
            inside = (to_row >= 0) & (to_row < self.rows) & (to_column >= 0) & (to_column < self.columns)
            unit = np.arange(self.units)[inside]
            found.append(np.stack([unit, to_row[inside] * self.columns + to_column[inside]], axis=1))
        pairs = np.unique(np.concatenate(found), axis=0)
        return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]])

    def _steps(self) -> list[tuple[int, int]]:
        """Steps (rows, columns) to the neighbours, on a hexagonal grid those of an even row; in odd rows steps down or up go one right."""
        if self.kind == "rectangular":
            return [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]
        return [(-1, -1), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 0)]

    def adjacent(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether the units `first` ``(n,)`` and `second` ``(n,)`` are neighbours, pair by pair."""
        codes = self.edges[:, 0] * self.units + self.edges[:, 1]
        return np.isin(np.asarray(first) * self.units + np.asarray(second), codes)

    @cached_property
    def outlines(self) -> np.ndarray:
        """Corners ``(units, corners, 2)`` of every unit's square or hexagon, which tile the plane."""
        if self.kind == "rectangular":
            corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
        else:
            angles = np.deg2rad(np.arange(30, 390, 60))
            corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) / 3**0.5
        return np.asarray(self.positions[:, None, :] + corners)

    def as_map(self, values: np.ndarray) -> np.ndarray:
        """Values ``(units, ...)`` laid out as ``(rows, columns, ...)``."""
        return np.asarray(values).reshape(self.rows, self.columns, *np.shape(values)[1:])
