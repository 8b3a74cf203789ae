"""What was measured while a network learned."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["History"]


@dataclass
class History:
    """Record of one training run, a row an evaluation.

    Attributes:
        columns: arrays of equal length by name: ``epoch`` (from 1), ``train_loss`` (over the whole training set, in
            evaluation mode, after the epoch), ``validation_loss`` where there is validation data, ``learning_rate``, and
            ``seconds`` (since the start, evaluation excluded). Stacked runs hold arrays of shape (evaluations, replicates),
            with NaN after a replicate stopped; ``epoch`` and ``seconds`` keep shape (evaluations,).
        best_epoch: epoch of the lowest validation loss (training loss without validation data); (replicates,) where stacked.
        stopped_epoch: last epoch trained; (replicates,) where stacked.
        diverged_epoch: epoch at which the loss was not finite, 0 for never; (replicates,) where stacked.
    """

    columns: dict[str, np.ndarray] = field(default_factory=dict)
    best_epoch: int | np.ndarray = 0
    stopped_epoch: int | np.ndarray = 0
    diverged_epoch: int | np.ndarray = 0

    def of(self, replicate: int) -> "History":
        """History of one replicate of a stacked run, cut at its last epoch."""
        stopped = np.asarray(self.stopped_epoch)[replicate]
        keep = self.columns["epoch"] <= stopped
        columns = {name: (values[:, replicate] if values.ndim == 2 else values)[keep] for name, values in self.columns.items()}
        best, diverged = (int(np.asarray(value)[replicate]) for value in (self.best_epoch, self.diverged_epoch))
        return History(columns, best, int(stopped), diverged)

    def frame(self) -> Mapping[str, np.ndarray]:
        """The columns, for `Outcome.series`."""
        return dict(self.columns)
