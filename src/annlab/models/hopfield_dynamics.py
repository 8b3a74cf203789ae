"""How the state of a Hopfield network moves: one step, one sweep, energy, and the loop in which converged states leave the batch."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

__all__ = ["Dynamics", "LinearField", "PolynomialField", "SoftmaxField", "iterate"]

_SHRINK = 0.8  # share of the batch below which it is cut to the states that still move
_TIE = 64.0  # a field below this many rounding errors of its largest value is zero


class Dynamics(Protocol):
    """What `iterate` needs of a network; states are ``(n, units)``."""

    def step(self, states: Tensor) -> Tensor:
        """All units at once; `states` is left as it was."""

    def sweep(self, states: Tensor, order: Sequence[int]) -> Tensor:
        """The units one after the other in the given order; `states` is left as it was."""

    def energy(self, states: Tensor) -> Tensor:
        """Energy of each state, ``(n,)``."""


class LinearField:
    """Field ``W s + b`` with ``W = diag(diagonal) + left right^T``, then clipped to [-1, 1] or taken by its sign.

    Where twice the rank exceeds the number of units, the product is that with the dense matrix.

    Args:
        diagonal: ``(units,)``.
        left: ``(units, k)``.
        right: ``(units, k)``.
        bias: ``(units,)``.
        binary: states are signs, and a field of zero leaves a unit its sign; otherwise they are clipped.
    """

    def __init__(self, diagonal: Tensor, left: Tensor, right: Tensor, bias: Tensor, *, binary: bool) -> None:
        self.diagonal, self.left, self.right, self.bias, self.binary = diagonal, left, right, bias, binary
        self.spread = right.T.contiguous()
        self.dense = left @ self.spread + torch.diag(diagonal) if 2 * left.shape[1] > len(bias) else None
        size = (left.abs() @ self.spread.abs().sum(1) + diagonal.abs()).max() + bias.abs().max()
        self.tie = float(_TIE * torch.finfo(bias.dtype).eps * size)

    def field(self, states: Tensor) -> Tensor:
        """``W s + b`` of each state, ``(n, units)``."""
        if self.dense is not None:
            return torch.addmm(self.bias, states, self.dense)
        return torch.addmm(self.bias, states @ self.left, self.spread).addcmul_(states, self.diagonal)

    def _settle(self, field: Tensor, states: Tensor) -> Tensor:
        if not self.binary:
            return field.clamp_(-1, 1)
        return torch.where(field.abs() <= self.tie, torch.sign(states), torch.sign(field))

    def step(self, states: Tensor) -> Tensor:
        """All units at once."""
        return self._settle(self.field(states), states)

    def sweep(self, states: Tensor, order: Sequence[int]) -> Tensor:
        """One unit after the other."""
        states = states.clone()
        if self.dense is not None:
            for i in order:
                states[:, i] = self._settle(states @ self.dense[:, i] + self.bias[i], states[:, i])
            return states
        inner = states @ self.left
        for i in order:
            old = states[:, i].clone()
            new = self._settle(torch.addmv(self.diagonal[i] * old + self.bias[i], inner, self.right[i]), old)
            inner.addr_(new - old, self.left[i])
            states[:, i] = new
        return states

    def energy(self, states: Tensor) -> Tensor:
        """Energy of each state, ``(n,)``."""
        energy = -0.5 * (states * (self.field(states) + self.bias)).sum(1)
        return energy if self.binary else energy + 0.5 * states.square().sum(1)


class PolynomialField:
    """Dense associative memory (Krotov and Hopfield 2016): energy ``-(N / n) sum_mu (x_mu . s / N)^n``, binary states.

    A unit takes the sign that has the lower energy, all others fixed.

    Args:
        patterns: ``(p, units)`` of -1 and 1.
        degree: n.
    """

    def __init__(self, patterns: Tensor, degree: int) -> None:
        self.patterns, self.degree, self.units = patterns, degree, patterns.shape[1]

    def _gain(self, rest: Tensor, pattern: Tensor) -> Tensor:
        return ((rest + pattern) / self.units) ** self.degree - ((rest - pattern) / self.units) ** self.degree

    def step(self, states: Tensor) -> Tensor:
        """All units at once."""
        overlaps = states @ self.patterns.T
        gain = torch.zeros_like(states)
        for index, pattern in enumerate(self.patterns):
            gain += self._gain(overlaps[:, index, None] - pattern * states, pattern)
        return torch.where(gain == 0, torch.sign(states), torch.sign(gain))

    def sweep(self, states: Tensor, order: Sequence[int]) -> Tensor:
        """One unit after the other."""
        states = states.clone()
        overlaps = states @ self.patterns.T
        for i in order:
            column, old = self.patterns[:, i], states[:, i].clone()
            gain = self._gain(overlaps - torch.outer(old, column), column).sum(1)
            new = torch.where(gain == 0, torch.sign(old), torch.sign(gain))
            overlaps.addr_(new - old, column)
            states[:, i] = new
        return states

    def energy(self, states: Tensor) -> Tensor:
        """Energy of each state, ``(n,)``."""
        return -self.units / self.degree * ((states @ self.patterns.T / self.units) ** self.degree).sum(1)


class SoftmaxField:
    """Modern Hopfield network (Ramsauer and others 2021): ``s <- X^T softmax(beta X s)``, continuous states.

    Energy ``-log(sum_mu exp(beta x_mu . s)) / beta + |s|^2 / 2 + log(p) / beta + max_mu |x_mu|^2 / 2``.

    Args:
        patterns: ``(p, units)``.
        beta: inverse temperature.
    """

    def __init__(self, patterns: Tensor, beta: float) -> None:
        self.patterns, self.beta = patterns, beta
        self.offset = float(np.log(len(patterns)) / beta + 0.5 * patterns.square().sum(1).max())

    def step(self, states: Tensor) -> Tensor:
        """All units at once."""
        return torch.softmax(self.beta * (states @ self.patterns.T), 1) @ self.patterns

    def sweep(self, states: Tensor, order: Sequence[int]) -> Tensor:
        """One unit after the other."""
        states = states.clone()
        overlaps = states @ self.patterns.T
        for i in order:
            column, old = self.patterns[:, i], states[:, i].clone()
            new = torch.softmax(self.beta * overlaps, 1) @ column
            overlaps.addr_(new - old, column)
            states[:, i] = new
        return states

    def energy(self, states: Tensor) -> Tensor:
        """Energy of each state, ``(n,)``."""
        together = torch.logsumexp(self.beta * (states @ self.patterns.T), 1) / self.beta
        return 0.5 * states.square().sum(1) - together + self.offset


def iterate(
    dynamics: Dynamics,
    states: Tensor,
    n_iter: int,
    tol: float,
    orders: Callable[[], Sequence[int]] | None = None,
    kept: Sequence[int] | None = (),
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Updates states until no unit of them moves by more than `tol`; those that have converged leave the batch.

    Args:
        dynamics: the network.
        states: ``(n, units)``, left as they are.
        n_iter: largest number of updates.
        tol: largest movement of a unit that counts as none.
        orders: gives the order of the units of the next sweep, for asynchronous updates; None is synchronous.
        kept: updates after which the states are kept, rising, 0 being the start; None keeps all up to the last that moved a state.

    Returns:
        The last states; the updates that moved each, ``(n,)``, `n_iter` where it was never seen at rest; the kept states.
    """
    final = states.clone()
    moves = torch.full((len(states),), n_iter, dtype=torch.int64, device=states.device)
    rows = torch.arange(len(states), device=states.device)
    path = [final.clone()] if kept is None or 0 in kept else []
    wanted = None if kept is None else [index for index in kept if index > 0]
    alive = torch.ones(len(states), dtype=torch.bool, device=states.device)
    remaining, current = len(states), states
    for update in range(1, n_iter + 1):
        if not remaining:
            break
        new = dynamics.step(current) if orders is None else dynamics.sweep(current, orders())
        finished = alive & ((new - current).abs_().amax(1) <= tol)
        leaving = finished.nonzero()[:, 0]
        if len(leaving):
            final[rows[leaving]], moves[rows[leaving]] = new[leaving], update - 1
            alive &= ~finished
            remaining -= len(leaving)
            # a copy of those that stay costs as much as an update of theirs, so it waits until it saves something
            if remaining <= _SHRINK * len(rows):
                new, rows, alive = new[alive], rows[alive], alive[alive]
        current = new
        if (wanted is None and remaining) or (wanted and wanted[0] == update):
            final[rows[alive]] = current[alive]
            path.append(final.clone())
            if wanted:
                wanted.pop(0)
    final[rows[alive]] = current[alive]
    path.extend(final.clone() for _ in wanted or ())
    return final, moves, path
