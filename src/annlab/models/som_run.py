"""One training run of a self-organising map: data and weights on their device, and what is recorded on the way."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from annlab.measure import maps
from annlab.models.som_grids import Grid
from annlab.models.som_training import Kernel

__all__ = ["COLUMNS", "MapRun"]

COLUMNS = {
    "epoch": np.int64,
    "updates": np.int64,
    "radius": np.float64,
    "learning_rate": np.float64,
    "quantization_error": np.float64,
    "seconds": np.float64,
}
"""What is measured each epoch, and its type."""


class MapRun:
    """Data, weights and record of a run.

    Args:
        X: rows ``(n, features)``, NaN where a value is missing.
        weights: ``(units, features)`` on the device of the run.
        grid: the units.
        neighbourhood: its name.
        record_at: steps at which `record` keeps the weights.
        report: function that is told of each epoch, or None.
        draw: generator of the order of the rows.

    Attributes:
        X: the rows on the device, gaps filled with 0.
        missing: ``(n, features)``, True in the gaps; None where there are none.
        weights: those of now.
        kernel: the neighbourhood on the grid.
        draw: generator of the order of the rows.
        waiting: rows whose turn is to come, where batches are parts of the data.
    """

    def __init__(
        self,
        X: np.ndarray,
        weights: Tensor,
        grid: Grid,
        neighbourhood: str,
        record_at: Sequence[int],
        report: Callable[..., None] | None,
        draw: np.random.Generator,
    ) -> None:
        self.X, self.missing = maps.fill(torch.tensor(X, dtype=weights.dtype, device=weights.device))
        self.weights = weights
        self.kernel = Kernel(neighbourhood, grid, weights)
        self._started = time.perf_counter()
        self.draw = draw
        self.waiting = torch.empty(0, dtype=torch.int64, device=weights.device)
        self._squares: Tensor | None = None
        self._report = report
        self._record_at = {int(step) for step in record_at}
        self._rows: list[tuple[float, ...]] = []
        self._path: list[tuple[int, np.ndarray]] = []

    def part(self, rows: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Data, weights and gaps of some rows, or of all for None."""
        if rows is None:
            return self.X, self.weights, self.missing
        return self.X[rows], self.weights, None if self.missing is None else self.missing[rows]

    def next_rows(self, size: int) -> Tensor | None:
        """The next `size` rows in random order, and in another order when all had their turn; None where that is all of them."""
        if size >= len(self.X):
            return None
        while len(self.waiting) < size:
            order = torch.from_numpy(self.draw.permutation(len(self.X)))
            self.waiting = torch.cat([self.waiting, order.to(self.X.device)])
        taken, self.waiting = self.waiting[:size], self.waiting[size:]
        return taken

    def mean_distance(self, scores: Tensor, rows: Tensor | None) -> float:
        """Mean distance of rows, or of all for None, to their winners, from the winners' scores ``(n,)``."""
        if self._squares is None:
            self._squares = torch.cat([self.X[part].square().sum(1) for part in maps.blocks(len(self.X), self.X.shape[1])])
        squares = ((self._squares if rows is None else self._squares[rows]) + 2 * scores).clamp(min=0)
        if self.missing is not None:
            present = (~(self.missing if rows is None else self.missing[rows])).sum(1)
            squares = squares * (self.X.shape[1] / present)
        return float(squares.sqrt().double().mean())

    def record(self, step: int, weights: Tensor | None = None) -> None:
        """Keeps a copy of the weights, by default those of now, where that was asked for."""
        if step in self._record_at:
            self._path.append((step, (self.weights if weights is None else weights).cpu().numpy().copy()))

    def log(self, epoch: int, updates: int, radius: float, rate: float, error: float) -> None:
        """One row of the record."""
        self._rows.append((epoch, updates, radius, rate, error, time.perf_counter() - self._started))
        if self._report is not None:
            self._report(epoch, radius=radius, quantization_error=error)

    def columns(self) -> dict[str, np.ndarray]:
        """The record, column by column."""
        values = np.array(self._rows, dtype=np.float64).reshape(-1, len(COLUMNS))
        return {name: values[:, i].astype(kind) for i, (name, kind) in enumerate(COLUMNS.items())}

    def path(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps ``(k,)`` and weights ``(k, units, features)`` that were kept."""
        steps = np.array([step for step, _ in self._path], dtype=np.int64)
        empty = np.empty((0, *self.weights.shape), dtype=self.weights.cpu().numpy().dtype)
        return steps, np.stack([weights for _, weights in self._path]) if self._path else empty
