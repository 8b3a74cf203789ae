"""Muon: momentum whose matrices are made orthogonal before they become a step.

Source: K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse and J. Bernstein, "Muon: an optimizer for hidden layers in neural
networks", 2024, https://kellerjordan.github.io/posts/muon/; the step's scale is that of J. Liu et al., "Muon is scalable for LLM
training", 2025, https://arxiv.org/abs/2502.16982.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Muon", "has_sides", "mark_matrices", "muon_direction", "orthogonalise"]

_QUINTIC = (3.4445, -4.7750, 2.0315)  # steep at zero, so that five rounds lift small singular values as well
_RMS = 0.2  # root mean square of an entry of Adam's usual step, to which a matrix's step is brought
_ROWS_FIRST: tuple[tuple[int, ...], tuple[int, ...]] = ((), (0,))


def orthogonalise(matrices: Tensor, rounds: int = 5) -> Tensor:
    """Matrices with the same singular vectors and singular values near 1, by Newton and Schulz's iteration.

    ``X <- a X + b (X X^T) X + c (X X^T)^2 X`` from ``X = G / ||G||_F`` with (a, b, c) = (3.4445, -4.7750, 2.0315): the values end
    between about 0.7 and 1.2, not at 1, which training does not feel. A matrix of zeros stays.

    Args:
        matrices: ``(..., rows, columns)``; computed in their own type.
        rounds: iterations.
    """
    a, b, c = _QUINTIC
    tall = matrices.shape[-2] > matrices.shape[-1]
    x: Tensor = matrices.mT if tall else matrices
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


def has_sides(rows: int, columns: int) -> bool:
    """Whether a parameter is a matrix to Muon: a single row or column has no directions to make orthogonal."""
    return min(rows, columns) > 1


def mark_matrices(net: nn.Module) -> None:
    """Says on the parameters of `net`, as ``matrix_axes``, what matrices they are made of where that is not rows by everything else.

    A module's ``matrix_axes`` has by parameter two lists of axes, those along which whole matrices lie and those of their rows, the
    others being columns; or None for a table of vectors, which is no matrix. Kernels of transposed convolutions have inputs first.
    """
    for module in net.modules():
        transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
        for name, axes in ({"weight": ((), (1,))} if transposed else getattr(module, "matrix_axes", {})).items():
            getattr(module, name).matrix_axes = axes


def muon_direction(gradients: Tensor, momentum_buffer: Tensor, momentum: float, rounds: int, *, nesterov: bool) -> Tensor:
    """Moves the momentum of matrices ``(..., rows, columns)`` in place and returns their step for a learning rate of 1.

    ``m <- momentum m + (1 - momentum) g``; the step is ``0.2 sqrt(max(rows, columns))`` times the orthogonal part of m, or of
    ``momentum m + (1 - momentum) g`` again with Nesterov's momentum.
    """
    momentum_buffer.lerp_(gradients, 1 - momentum)
    ahead = gradients.lerp(momentum_buffer, momentum) if nesterov else momentum_buffer
    return orthogonalise(ahead, rounds).mul_(_RMS * math.sqrt(max(gradients.shape[-2:])))


class Muon(torch.optim.Optimizer):
    """Muon for matrices and kernels, Adam with the same learning rate for biases, scales, tables and single rows or columns.

    A matrix's step has entries of root mean square near 0.2, that of Adam's usual step, so that one learning rate serves both.
    Kernels count as matrices of outputs by everything else; what other parameters are made of is said by `mark_matrices`, which
    `annlab.train.fit` calls. `weight_decay` is decoupled: ``w <- (1 - lr weight_decay) w``.

    Args:
        params: parameters or groups.
        lr: learning rate.
        momentum: share of the past in the momentum.
        nesterov: whether the step looks one momentum ahead.
        rounds: iterations of `orthogonalise`.
        betas: decay of Adam's two moments.
        eps: of Adam.
        weight_decay: see above.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.95,
        nesterov: bool = True,
        rounds: int = 5,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"momentum": momentum, "nesterov": nesterov, "rounds": rounds, "betas": betas, "eps": eps}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **options})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update; `closure`, where given, computes the loss first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if group["weight_decay"]:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                axes = getattr(parameter, "matrix_axes", _ROWS_FIRST) if parameter.ndim >= 2 else None
                gradient = None if axes is None else _laid_out(parameter.grad, *axes)
                if gradient is not None and has_sides(*gradient.shape[-2:]):
                    direction = self._orthogonal(parameter, gradient, group)
                else:
                    direction = self._adam(parameter, group)
                parameter.add_(direction, alpha=-group["lr"])
        return loss

    def _orthogonal(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        state = self.state[parameter]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient, memory_format=torch.contiguous_format)
        step = muon_direction(gradient, state["momentum_buffer"], group["momentum"], group["rounds"], nesterov=group["nesterov"])
        order = _order(parameter.ndim, *getattr(parameter, "matrix_axes", _ROWS_FIRST))
        return step.reshape([parameter.shape[axis] for axis in order]).permute([order.index(axis) for axis in range(parameter.ndim)])

    def _adam(self, parameter: Tensor, group: dict[str, Any]) -> Tensor:
        assert parameter.grad is not None
        state = self.state[parameter]
        if not state:
            state.update(step=torch.tensor(0.0), exp_avg=torch.zeros_like(parameter), exp_avg_sq=torch.zeros_like(parameter))
        state["step"] += 1
        steps = int(state["step"].item())
        first, second = group["betas"]
        mean: Tensor = state["exp_avg"]
        mean.lerp_(parameter.grad, 1 - first)
        state["exp_avg_sq"].mul_(second).addcmul_(parameter.grad, parameter.grad, value=1 - second)
        scale = state["exp_avg_sq"].sqrt().div_(math.sqrt(1 - second**steps)).add_(group["eps"])
        return mean.div(scale).div_(1 - first**steps)


def _order(ndim: int, along: tuple[int, ...], rows: tuple[int, ...]) -> list[int]:
    """Axes of a parameter in the order of its matrices: along them, their rows, their columns."""
    return [*along, *rows, *(axis for axis in range(ndim) if axis not in along + rows)]


def _laid_out(tensor: Tensor, along: tuple[int, ...], rows: tuple[int, ...]) -> Tensor:
    """A parameter's tensor as its matrices, (..., rows, columns)."""
    sizes = [tensor.shape[axis] for axis in along]
    return tensor.permute(_order(tensor.ndim, along, rows)).reshape(*sizes, math.prod(tensor.shape[axis] for axis in rows), -1)
