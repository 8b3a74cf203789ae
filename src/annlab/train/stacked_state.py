"""The replicates still in training, held as one flat vector so that optimisers and copies are single operations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.stacked_optimisers import FlatOptimiser

__all__ = ["StackedState"]


class StackedState:
    """Working copy of the replicates of a stack that still learn.

    All parameters, and behind them the running statistics, live in one vector `state`; the layers of `net` are views of it, laid out
    layer by layer with the replicates side by side, because batched products want contiguous results. A replicate that stops is
    written back and leaves the working copy, so nothing can change it any more.

    Args:
        stack: the networks to train; written to by `write` alone.
        optimizer: a name of `annlab.train.stacked_optimisers.STACKED_OPTIMISERS`.
        options: its options.
        dropouts: a dropout generator for each replicate.

    Attributes:
        rows: index in `stack` of each replicate at work.
        net: these replicates.
        state: parameters, then running statistics.
        parameters: the front of `state`.
        weights: the front of `parameters`, matrices alone: what penalties apply to.
        gradients: as long as `parameters`.
        optimiser: moves `parameters`.
    """

    def __init__(self, stack: StackedMLP, optimizer: str, options: Mapping[str, Any], dropouts: Sequence[torch.Generator | None]) -> None:
        self.whole = stack
        self.rows = np.arange(stack.n_replicates)
        self.net = stack.select(range(stack.n_replicates))
        self.net.dropout_generators = list(dropouts)
        self._bind()
        self.gradients = torch.zeros_like(self.parameters)
        self._bind_gradients()
        self.optimiser = FlatOptimiser(optimizer, options, self.parameters, self.blocks)

    def keep(self, positions: np.ndarray) -> None:
        """Goes on with the replicates at these positions of `rows` alone."""
        self.gradients = self.select(self.gradients, positions)
        self.optimiser.state = {name: self.select(flat, positions) for name, flat in self.optimiser.state.items()}
        self.net = self.net.select(positions.tolist())
        self.rows = self.rows[positions]
        self._bind()
        self._bind_gradients()

    def select(self, flat: Tensor, positions: np.ndarray) -> Tensor:
        """The part of a vector laid out like `state`, or like its front, that belongs to the replicates at `positions`."""
        index = torch.from_numpy(positions).to(flat.device)
        return torch.cat([block.index_select(0, index).reshape(-1) for block in self.blocks(flat)])

    def blocks(self, flat: Tensor) -> list[Tensor]:
        """Views ``(replicates, ...)`` of a vector laid out like `state`, or like its front."""
        views, start = [], 0
        for shape in self._shapes:
            stop = start + shape.numel()
            if stop > len(flat):
                break
            views.append(flat[start:stop].view(shape))
            start = stop
        return views

    def spread(self, values: np.ndarray) -> Tensor:
        """One value for each replicate as a vector laid out like `parameters`."""
        column = torch.as_tensor(values, dtype=self.state.dtype, device=self.state.device)
        flat = torch.empty_like(self.parameters)
        for block in self.blocks(flat):
            block.copy_(column.view(-1, *(1,) * (block.ndim - 1)))
        return flat

    def copy_rows(self, source: Tensor, target: Tensor, positions: np.ndarray) -> None:
        """Copies the replicates at `positions` from one vector laid out like `state` to another."""
        if len(positions) == len(self.rows):
            target.copy_(source)
        elif len(positions):
            index = torch.from_numpy(positions).to(source.device)
            for old, new in zip(self.blocks(target), self.blocks(source), strict=True):
                old.index_copy_(0, index, new.index_select(0, index))

    def write(self, flat: Tensor, positions: np.ndarray) -> None:
        """Writes the replicates at `positions` of a vector laid out like `state` into the stack."""
        if not len(positions):
            return
        index = torch.from_numpy(positions).to(flat.device)
        rows = torch.from_numpy(self.rows[positions]).to(flat.device)
        for tensor, block in zip(_tensors(self.whole), self.blocks(flat), strict=True):
            tensor.data.index_copy_(0, rows, block.index_select(0, index))

    def finite(self) -> np.ndarray:
        """Whether all values of each replicate are finite, (replicates,)."""
        if bool(torch.isfinite(self.state.sum())):
            return np.ones(len(self.rows), dtype=bool)
        sums = torch.stack([torch.isfinite(block.flatten(1)).all(1) for block in self.blocks(self.state)])
        return np.asarray(sums.all(0).cpu().numpy())

    def _bind(self) -> None:
        tensors = _tensors(self.net)
        self._shapes = [tensor.shape for tensor in tensors]
        self.state = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
        self.parameters = self.state[: sum(parameter.numel() for parameter in self.net.parameters())]
        self.weights = self.state[: sum(weight.numel() for weight in self.net.weights)]
        for tensor, view in zip(tensors, self.blocks(self.state), strict=True):
            tensor.data = view

    def _bind_gradients(self) -> None:
        for parameter, view in zip(_tensors(self.net), self.blocks(self.gradients), strict=False):
            parameter.grad = view


def _tensors(net: StackedMLP) -> list[Tensor]:
    """Weights first, then the other parameters, then running statistics."""
    return [*net.weights, *net.biases, *net.norms.parameters(), *net.buffers()]
