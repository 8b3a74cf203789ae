"""Where a training run stands: its record, its best and its last good weights, its patience."""

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from annlab.train.history import History
from annlab.train.recipe import Recipe

__all__ = ["Tracker"]


class Tracker:
    """Follows one run of one network.

    Attributes:
        epoch: epochs done.
        seconds: spent on training so far, evaluation excluded.
        rows: one mapping an evaluation.
        best: lowest loss so far (validation loss where there is one) and `best_epoch`, its epoch.
        stopped: whether patience has run out or the run diverged.
        diverged_epoch: epoch of the first loss that was not finite, 0 for none.
    """

    def __init__(self, recipe: Recipe, net: nn.Module, *, validated: bool) -> None:
        self.recipe, self.validated = recipe, validated
        self._tensors = [*net.parameters(), *net.buffers()]
        self.epoch, self.seconds, self.rows = 0, 0.0, list[dict[str, float]]()
        self.best, self.best_epoch = math.inf, 0
        self.reference, self.reference_epoch = math.inf, 0  # the lowest loss by more than min_delta, for patience
        self.stopped, self.diverged_epoch = False, 0
        self.best_state: list[torch.Tensor] | None = None
        self.good_state = self.state()

    def state(self) -> list[torch.Tensor]:
        """Copies of the network's parameters and buffers."""
        return [tensor.detach().clone() for tensor in self._tensors]

    def advance(self, row: dict[str, float] | None) -> None:
        """Counts an epoch with finite loss, and its evaluation where there was one."""
        self.epoch += 1
        self._copy(self.good_state)
        if row is None:
            return
        self._record(row)
        loss = row["validation_loss" if self.validated else "train_loss"]
        if loss < self.best:
            self.best, self.best_epoch = loss, self.epoch
            if self.validated and self.recipe.restore_best:
                if self.best_state is None:
                    self.best_state = self.state()
                else:
                    self._copy(self.best_state)
        if loss < self.reference - self.recipe.min_delta:
            self.reference, self.reference_epoch = loss, self.epoch
        patience = self.recipe.patience
        self.stopped = patience is not None and self.epoch - self.reference_epoch >= patience

    def diverge(self, row: dict[str, float]) -> None:
        """Counts an epoch whose loss was not finite and puts back the state after the epoch before it."""
        self.epoch += 1
        self._record(row)
        self.stopped, self.diverged_epoch = True, self.epoch
        self._put(self.good_state)

    def restore_best(self) -> None:
        """Puts back the weights of the lowest validation loss, where the recipe wants them."""
        if self.best_state is not None:
            self._put(self.best_state)

    def history(self) -> History:
        """The record so far."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        columns = {name: np.array([row.get(name, math.nan) for row in self.rows]) for name in names}
        if "epoch" in columns:
            columns["epoch"] = columns["epoch"].astype(np.int64)
        return History(columns, self.best_epoch, self.epoch, self.diverged_epoch)

    def read(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        names = ("epoch", "seconds", "rows", "best", "best_epoch", "reference", "reference_epoch", "diverged_epoch", "best_state")
        return {name: getattr(self, name) for name in names}

    def write(self, state: dict[str, Any]) -> None:
        """Puts back what `read` gave; the network's weights are those of the checkpoint already."""
        for name, value in state.items():
            setattr(self, name, value)
        self.stopped = bool(self.diverged_epoch)
        patience = self.recipe.patience
        self.stopped = self.stopped or (patience is not None and self.epoch - self.reference_epoch >= patience)
        self._copy(self.good_state)

    def _record(self, row: dict[str, float]) -> None:
        self.rows.append({"epoch": self.epoch, **row, "seconds": self.seconds})

    @torch.no_grad()
    def _copy(self, kept: list[torch.Tensor]) -> None:
        if kept:
            torch._foreach_copy_(kept, self._tensors)

    @torch.no_grad()
    def _put(self, kept: list[torch.Tensor]) -> None:
        if kept:
            torch._foreach_copy_(self._tensors, kept)
