"""Replicates of a dense network trained together where that is possible, one by one where the optimiser asks for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.nets.mlp import MLP
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.history import History
from annlab.train.loop import fit
from annlab.train.losses import loss_function
from annlab.train.optimisers import OPTIMIZERS
from annlab.train.recipe import Recipe
from annlab.train.stacked import fit_stacked
from annlab.train.tensors import as_tensor

__all__ = ["DRAWS", "DenseFit", "fit_dense", "stacks"]

DRAWS = ("init", "order", "noise", "dropout")
"""Generators that each replicate brings."""


@dataclass(frozen=True)
class DenseFit:
    """Trained replicates: a network, a history and the training loss before the first step each."""

    nets: list[MLP]
    histories: list[History]
    initial_losses: list[float]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Outputs in evaluation mode: (n, d) or (R, n, d) -> (R, n, outputs)."""
        first = next(self.nets[0].parameters())
        inputs = as_tensor(X, first.device, first.dtype)
        rows = inputs if inputs.ndim == 3 else inputs.expand(len(self.nets), *inputs.shape)
        with torch.no_grad():
            return torch.stack([net.eval()(x) for net, x in zip(self.nets, rows, strict=True)]).cpu().numpy()


def stacks(recipe: Recipe) -> bool:
    """Whether replicates train as one tensor program with this recipe: not with LBFGS, whose line search is each network's own."""
    return isinstance(recipe.optimizer, str) and not (recipe.optimizer in OPTIMIZERS and OPTIMIZERS[recipe.optimizer].closure)


def fit_dense(
    X: np.ndarray,
    y: np.ndarray,
    recipe: Recipe,
    draws: Sequence[Mapping[str, torch.Generator]],
    *,
    hidden_sizes: Sequence[int],
    activation: str | Sequence[str] = "tanh",
    dropout: float = 0.0,
    batch_norm: str = "none",
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    further: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> DenseFit:
    """Train R replicates of one dense network.

    Args:
        X: inputs, (n, d) shared by all replicates or (R, n, d).
        y: targets, (n, outputs) or (R, n, outputs).
        recipe: how they are trained.
        draws: for each replicate a generator of every name in `DRAWS`.
        hidden_sizes, activation, dropout, batch_norm: as in `annlab.nets.MLP`.
        validation: inputs and targets that early stopping looks at, shaped as `X` and `y`.
        further: other sets by name, shaped likewise; their loss becomes a column of the history and decides nothing.
        dtype: type of weights and data.
        device: where the training runs.

    Returns:
        The networks in evaluation mode, and their histories.
    """
    count = len(draws)

    def tensor(values: np.ndarray) -> Tensor:
        return as_tensor(values, torch.device(device), dtype)

    def each(values: Tensor, r: int) -> Tensor:
        return values[r] if values.ndim == 3 else values

    loss = loss_function(recipe.loss)
    inputs, targets = tensor(X), tensor(y)
    checks = (tensor(validation[0]), tensor(validation[1])) if validation else None
    others = {name: (tensor(a), tensor(b)) for name, (a, b) in (further or {}).items()}
    shape: dict[str, Any] = {"activation": activation, "dropout": dropout, "batch_norm": batch_norm, "dtype": dtype}
    sizes = (inputs.shape[-1], tuple(hidden_sizes), targets.shape[-1])
    generators = {name: [draw[name] for draw in draws] for name in DRAWS}
    if stacks(recipe):
        stack = StackedMLP(count, *sizes, generators=generators["init"], **shape).to(device)

        def stacked_monitor(a: Tensor, b: Tensor) -> Callable[[StackedMLP], np.ndarray]:
            return lambda net: np.array([loss(out, each(b, r)).item() for r, out in enumerate(net(a))])

        with torch.no_grad():
            initial = stacked_monitor(inputs, targets)(stack.eval()).tolist()
        monitors = {name: stacked_monitor(a, b) for name, (a, b) in others.items()}
        history = fit_stacked(
            stack,
            inputs,
            targets,
            recipe,
            validation=checks,
            orders=generators["order"],
            noises=generators["noise"],
            dropouts=generators["dropout"],
            monitors=monitors,
        )
        return DenseFit([stack.replicate(r).eval() for r in range(count)], [history.of(r) for r in range(count)], initial)
    nets, histories, initial = [], [], []
    for r, draw in enumerate(draws):
        net = MLP(*sizes, generator=draw["init"], **shape).to(device)

        def monitor(a: Tensor, b: Tensor) -> Callable[[torch.nn.Module], float]:
            return lambda module: loss(module(a), b).item()

        with torch.no_grad():
            initial.append(monitor(each(inputs, r), each(targets, r))(net.eval()))
        held = (each(checks[0], r), each(checks[1], r)) if checks else None
        history = fit(
            net,
            each(inputs, r),
            each(targets, r),
            recipe,
            validation=held,
            order=draw["order"],
            noise=draw["noise"],
            dropout=draw["dropout"],
            monitors={name: monitor(each(a, r), each(b, r)) for name, (a, b) in others.items()},
        )
        nets.append(net.eval())
        histories.append(history)
    return DenseFit(nets, histories, initial)
