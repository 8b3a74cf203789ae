"""Bookkeeping of stacked training: what each replicate measured, its best epoch, and when it is to stop."""

from collections.abc import Mapping, Sequence

import numpy as np

from annlab.train.history import History
from annlab.train.recipe import Recipe

__all__ = ["StackedRecord"]


class StackedRecord:
    """Measurements of all replicates, NaN for those that no longer learn.

    Args:
        recipe: says how long to wait for a lower validation loss.
        count: number of replicates.
        names: columns beside ``epoch`` and ``seconds``.
        validated: whether the validation loss, not the training loss, decides.

    Attributes:
        stopped_epoch, diverged_epoch: as in `History`, (count,).
    """

    def __init__(self, recipe: Recipe, count: int, names: Sequence[str], *, validated: bool) -> None:
        self.recipe, self.count, self.validated = recipe, count, validated
        self.columns: dict[str, list[np.ndarray]] = {name: [] for name in names}
        self.epochs: list[int] = []
        self.seconds: list[float] = []
        self.lowest, self.reference = np.full(count, np.inf), np.full(count, np.inf)
        self.best_epoch, self.improved_epoch = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
        self.stopped_epoch, self.diverged_epoch = np.zeros(count, dtype=int), np.zeros(count, dtype=int)

    def add(self, epoch: int, seconds: float, rows: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Adds a row; `values` hold one number for each of the replicates `rows`."""
        if not self.epochs or self.epochs[-1] != epoch:
            self.epochs.append(epoch)
            self.seconds.append(seconds)
            for column in self.columns.values():
                column.append(np.full(self.count, np.nan))
        for name, numbers in values.items():
            self.columns[name][-1][rows] = numbers

    def judge(self, epoch: int, rows: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Takes in the losses that decide; returns which of `rows` reached their lowest, and which have waited long enough."""
        lower = losses < self.lowest[rows]
        self.lowest[rows[lower]] = losses[lower]
        self.best_epoch[rows[lower]] = epoch
        improved = losses < self.reference[rows] - self.recipe.min_delta
        self.reference[rows[improved]] = losses[improved]
        self.improved_epoch[rows[improved]] = epoch
        patience = self.recipe.patience
        if patience is None or not self.validated:
            return lower, np.zeros(len(rows), dtype=bool)
        return lower, epoch - self.improved_epoch[rows] >= patience

    def history(self) -> History:
        """The record as arrays."""
        shaped = {name: np.array(values).reshape(len(self.epochs), self.count) for name, values in self.columns.items()}
        columns = {"epoch": np.array(self.epochs, dtype=int), **shaped, "seconds": np.array(self.seconds)}
        return History(columns, self.best_epoch, self.stopped_epoch, self.diverged_epoch)
