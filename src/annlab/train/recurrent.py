"""Training of stacked LSTM networks: a sequence read with its state carried along, or windows that are sequences of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from annlab.errors import UsageError
from annlab.nets.lstm import LSTMState, StackedLSTM, runs_natively
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.batches import gaussian_noise
from annlab.train.guard import subnormals_as_zero
from annlab.train.history import History
from annlab.train.recipe import Recipe
from annlab.train.stacked import _StackedRun
from annlab.train.stacked_data import StackedData

__all__ = ["fit_recurrent"]

Arrays = Tensor | np.ndarray
Generators = Sequence[torch.Generator] | None
_CHUNK_BYTES = 1 << 28  # of what one pass keeps for the way back, of all replicates that go through it together


@subnormals_as_zero()
def fit_recurrent(
    stack: StackedLSTM,
    X: Arrays,
    y: Arrays,
    recipe: Recipe,
    *,
    validation: tuple[Arrays, Arrays] | None = None,
    skip: int = 0,
    orders: Generators = None,
    noises: Generators = None,
    progress: Callable[..., None] | None = None,
) -> History:
    """Trains every replicate of `stack` in place on the mean squared error; divergence, early stopping and history as in `fit_stacked`.

    With ``stack.windows`` samples are windows, cut into shuffled batches. Otherwise they are the moments of one sequence in order of
    time: an epoch reads it from a state of zeros to its end. ``recipe.batch_size`` then counts the moments of one step, after which
    the state goes on without its gradient (truncated backpropagation through time); None is one step through the whole sequence.

    Args:
        stack: the networks; afterwards each holds its last state, or that of its lowest validation loss.
        X: inputs, ``(n, d)``.
        y: targets, ``(n,)`` or ``(n, outputs)``.
        recipe: how to train; its loss is ``"mse"``, its optimiser given by name.
        validation: inputs and targets that early stopping looks at; of a sequence, the moments that follow X, read on from its end.
        skip: first moments of the validation part that are read and not scored; sequences only.
        orders: generators of the order of the windows in each epoch, one for each replicate.
        noises: generators of the input noise.
        progress: as in `fit_stacked`.

    Raises:
        UsageError, DivergenceError: as `fit_stacked`, and for another loss.
    """
    if recipe.loss != "mse":
        raise UsageError(f"LSTM networks are trained on the loss 'mse' here, got {recipe.loss!r}")
    if recipe.running_loss:
        raise UsageError("running_loss is for a single network: a stack is evaluated after the epoch")
    if skip and (stack.windows or validation is None):
        raise UsageError("skip is for the validation part of a sequence")
    generators = {"orders": orders, "noises": noises, "dropouts": None}
    try:
        return _RecurrentRun(stack, X, y, recipe, validation, skip, generators, progress).run()
    finally:
        stack.eval()


class _RecurrentRun(_StackedRun):
    def __init__(
        self,
        stack: StackedLSTM,
        X: Arrays,
        y: Arrays,
        recipe: Recipe,
        validation: tuple[Arrays, Arrays] | None,
        skip: int,
        generators: Mapping[str, Generators],
        progress: Callable[..., None] | None,
    ) -> None:
        self.sequence, self.skip = not stack.windows, skip
        recipe = replace(recipe, shuffle=recipe.shuffle and stack.windows)
        # the same parts by the same names as a StackedMLP, which is all that the run asks of a stack
        super().__init__(cast(StackedMLP, stack), X, y, recipe, validation, generators, {}, progress)

    def _tie(self) -> None:
        work, rows = self.work, self.work.rows
        if not len(rows):
            return
        self.X, self.y = self.data.rows(rows)
        self.checks = None if self.validation is None else self.validation.rows(rows)
        self.gradient: Any = LSTMGradient(cast(StackedLSTM, work.net))
        rates = self.rates[rows]
        self.rate = float(rates[0]) if (rates == rates[0]).all() else work.spread(rates)

    def _epoch(self, factor: float) -> Tensor:
        if not self.sequence:
            return super()._epoch(factor)
        x = self.X
        if self.recipe.input_noise > 0:
            noises = [cast(torch.Generator, self.noises[row]) for row in self.work.rows]
            x = torch.stack([part + gaussian_noise(part, self.recipe.input_noise, noise) for part, noise in zip(x, noises, strict=True)])
        seen = torch.zeros(len(self.work.rows), dtype=self.dtype, device=x.device)
        state = None
        for start, stop in self.bounds:
            seen += self.gradient(x[:, start:stop], self.y[:, start:stop], state)
            state = self.gradient.end
            self._update(factor)
        return seen

    def _losses(self, X: Tensor, y: Tensor, data: StackedData) -> Tensor:
        if not self.sequence or self.checks is None or X is not self.checks[0]:
            return _mse(self.gradient.outputs(X), y)
        # the training part was read just before with these very weights: the state at its end is where this part begins
        outputs = self.gradient.outputs(X, self.gradient.end)
        return _mse(outputs[:, self.skip :], y[:, self.skip :])


class LSTMGradient:
    """Losses and gradients of a `StackedLSTM` by backpropagation through time.

    Args:
        net: the stack; its parameters are read and their ``grad`` written at every call.

    Attributes:
        end: state after the last sample of the last call, without its gradient.
    """

    def __init__(self, net: StackedLSTM) -> None:
        self.net = net
        self.end: LSTMState | None = None

    def __call__(self, x: Tensor, y: Tensor, state: LSTMState | None = None) -> Tensor:
        """Sets the gradients at `x` ``(R, n, d)`` and `y` ``(R, n, outputs)``; returns the losses ``(R,)``."""
        parameters = list(self.net.parameters())
        losses, ends = [], []
        for rows in self._chunks(x):
            leaves = [parameter.detach()[rows].requires_grad_() for parameter in parameters]
            outputs, end = self.net.run(_shared(x[rows]), _of(state, rows), parameters=leaves)
            loss = _mse(outputs, y[rows])
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss.sum(), leaves), strict=True):
                cast(Tensor, parameter.grad)[rows].copy_(gradient)
            losses.append(loss.detach())
            ends.append(end)
        self.end = _joined(ends)
        return torch.cat(losses)

    @torch.no_grad()
    def outputs(self, x: Tensor, state: LSTMState | None = None) -> Tensor:
        """Outputs ``(R, n, outputs)``."""
        parts, ends = [], []
        for rows in self._chunks(x):
            part, end = self.net.run(_shared(x[rows]), _of(state, rows), rows)
            parts.append(part)
            ends.append(end)
        self.end = _joined(ends)
        return torch.cat(parts)

    def _chunks(self, x: Tensor) -> list[slice]:
        """Replicates that go through a pass together: one by one in torch's kernel, else as many as memory allows."""
        count, n, features = x.shape
        steps = features if self.net.windows else 1
        kept = 14 * n * steps * sum(self.net.hidden_sizes) * x.element_size()
        size = 1 if runs_natively(x) else max(1, _CHUNK_BYTES // kept)
        return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def _mse(outputs: Tensor, y: Tensor) -> Tensor:
    return ((outputs - y) ** 2).mean((1, 2))


def _shared(x: Tensor) -> Tensor:
    return x[0] if x.stride(0) == 0 or len(x) == 1 else x


def _of(state: LSTMState | None, rows: slice) -> LSTMState | None:
    return None if state is None else [(hidden[rows], cell[rows]) for hidden, cell in state]


def _joined(ends: list[LSTMState]) -> LSTMState:
    joined: Any = [
        tuple(torch.cat([part.detach() for part in parts]) for parts in zip(*layer, strict=True)) for layer in zip(*ends, strict=True)
    ]
    return cast(LSTMState, joined)
