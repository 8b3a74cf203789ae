"""Data of stacked training: held once where replicates share them, and put in each replicate's order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.errors import UsageError
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.losses import target_dtype
from annlab.train.tensors import as_tensor

__all__ = ["StackedData", "in_order"]


class StackedData:
    """Inputs and targets of R networks.

    Args:
        stack: says device, type, and sizes.
        X: inputs, ``(n, d)`` shared or ``(R, n, d)``; bytes stand for numbers in [0, 1].
        y: targets, ``(n,)`` or ``(n, outputs)`` shared, or ``(R, n, outputs)``; class indices ``(n,)`` or ``(R, n)``. `X` itself where
            the networks are to give back their inputs, which are then held once.
        loss: as in `annlab.train.Recipe`; decides the type of the targets.
        kind: what the data are for, named in errors.

    Attributes:
        n: number of samples.
        tied: whether the inputs are the targets.

    Raises:
        UsageError: where the shapes fit neither each other nor the stack.
    """

    def __init__(self, stack: StackedMLP, X: Any, y: Any, loss: str | Callable[..., Any], kind: str) -> None:
        weight = stack.weights[0]
        self.count, classes = stack.n_replicates, loss == "cross_entropy"
        self.X = as_tensor(X, weight.device, weight.dtype)
        self.tied = y is X
        self.y = self.X if self.tied else as_tensor(y, weight.device, target_dtype(loss, weight.dtype))
        if not classes and self.y.ndim == 1:
            self.y = self.y.unsqueeze(-1)
        self.own_inputs, self.own_targets = self.X.ndim == 3, self.y.ndim == (2 if classes else 3)
        self.n = self.X.shape[-2] if self.X.ndim in {2, 3} else 0
        inputs = (self.count, self.n, stack.n_inputs)[0 if self.own_inputs else 1 :]
        targets = ((self.count,) if self.own_targets else ()) + ((self.n,) if classes else (self.n, stack.n_outputs))
        if self.n == 0 or self.X.shape != inputs or self.y.shape != targets:
            raise UsageError(
                f"{kind} data of a stack of {self.count} networks with {stack.n_inputs} inputs and {stack.n_outputs} outputs have as many "
                f"targets as inputs, at least one, shared or one set a replicate; "
                f"got inputs {tuple(self.X.shape)} and targets {tuple(self.y.shape)}"
            )

    def rows(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """All samples of the replicates `rows`, ``(replicates, n, ...)``; shared ones as views that repeat nothing."""
        return self._of(self.X, self.own_inputs, rows), self._of(self.y, self.own_targets, rows)

    def _of(self, values: Tensor, own: bool, rows: np.ndarray) -> Tensor:
        if not own:
            return values.expand(len(rows), *values.shape)
        return values if len(rows) == self.count else values.index_select(0, torch.from_numpy(rows).to(values.device))


def in_order(values: Tensor, index: Tensor) -> Tensor:
    """Samples `index` ``(replicates, m)`` of ``(replicates, n, ...)``, replicate by replicate: ``(replicates, m, ...)``."""
    count, n = values.shape[:2]
    if values.stride(0) == 0:  # shared: one copy serves all
        flat, where = values[0], index
    else:
        flat, where = values.reshape(count * n, *values.shape[2:]), index + n * torch.arange(count, device=index.device).unsqueeze(1)
    return flat.index_select(0, where.reshape(-1)).view(*index.shape, *values.shape[2:])
