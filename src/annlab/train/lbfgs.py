"""Limited-memory BFGS whose direction is a few matrix-vector products instead of hundreds of small vector operations."""

import math
from collections.abc import Callable
from typing import Any

import torch

from annlab.errors import UsageError
from annlab.train.line_search import Point, strong_wolfe

__all__ = ["LBFGS"]

SLACK = 32  # rows kept free behind the history, so that the oldest pair leaves by moving a window, not the memory


class LBFGS(torch.optim.Optimizer):
    r"""L-BFGS (Nocedal and Wright, 2006, algorithm 7.4) with a strong Wolfe line search: the iterates of `torch.optim.LBFGS`.

    Three things differ. The line search may always take 25 evaluations, where torch of late grants it what `max_eval` leaves: none
    for one iteration a step, which then goes the whole way or nowhere. Where the search finds no lower point the history is forgotten,
    and if steepest descent finds none either the optimiser rests until the gradient changes; torch searches in vain ever after. A loss
    that is not finite counts as high, so that the search turns back from it.

    With the pairs s_i = x_{i+1} - x_i and y_i = g_{i+1} - g_i as rows of S and Y and U the upper triangle of S Y^T, the two-loop
    recursion is U a = -S g; r = h (-g - Y^T a); U^T c = diag(U) a - Y r; direction = r + S^T c, with h = s^T y / y^T y of the last pair.

    Args:
        params: parameters, one group.
        lr: first step length tried; the first iteration divides it by the gradient's 1-norm where that exceeds 1.
        max_iter: iterations a `step`.
        max_eval: evaluations a `step` after which no further iteration starts; ``max_iter * 5 // 4`` where None. It does not cut a
            line search short.
        tolerance_grad: largest absolute gradient at which nothing is left to do.
        tolerance_change: change of the parameters or the loss at which a `step` ends.
        history_size: number of pairs kept.
        line_search: ``"strong_wolfe"``, or None for steps of length `lr`.

    Attributes:
        evaluated: loss at the parameters where the last `step` ended, their gradient being in ``.grad``; None where that
            point was not evaluated.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        max_iter: int = 1,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search: str | None = "strong_wolfe",
    ) -> None:
        if line_search not in (None, "strong_wolfe"):
            raise UsageError(f"line_search takes 'strong_wolfe' or None, got {line_search!r}")
        if min(max_iter, history_size) < 1:
            raise UsageError(f"max_iter and history_size must be at least 1, got {max_iter} and {history_size}")
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search": line_search,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise UsageError("LBFGS takes one group of parameters")
        self._parameters: list[torch.Tensor] = self.param_groups[0]["params"]
        self.evaluated: torch.Tensor | float | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], torch.Tensor]) -> torch.Tensor:  # type: ignore[override]
        """Up to ``max_iter`` iterations; `closure` clears the gradients, computes the loss and its gradient, and returns the loss.

        Returns:
            The loss before the step.
        """
        closure = torch.enable_grad()(closure)
        group = self.param_groups[0]
        state = self.state[self._parameters[0]]
        first_loss = closure()
        loss: Any = float(first_loss)
        evaluations, x, gradient = 1, self._gather(), self._gather_gradient()
        state["evaluations"] = state.get("evaluations", 0) + 1
        self.evaluated = first_loss
        if _largest(gradient) <= group["tolerance_grad"] or _same(state.get("resting_at"), gradient):
            return first_loss

        for iteration in range(1, group["max_iter"] + 1):
            direction = self._direction(state, gradient)
            fresh = state["iterations"] == 1
            t = group["lr"] * (min(1.0, 1.0 / float(gradient.abs().sum())) if fresh else 1.0)
            start = Point(0.0, loss, float(gradient.dot(direction)), gradient)
            state["previous_gradient"], state["move"] = gradient, torch.zeros_like(x)
            if start.slope > -group["tolerance_change"]:
                break
            if group["line_search"] is None:
                state["move"] = direction * t
                x = x + state["move"]
                self._scatter(x)
                self.evaluated, spent = None, 0
                if iteration < group["max_iter"]:
                    self.evaluated = loss = float(closure())
                    gradient, spent = self._gather_gradient(), 1
            else:
                end, spent = self._search(closure, x, direction, start, t)
                self.evaluated, loss, gradient = end.loss, end.loss, end.gradient
                state["move"] = direction * end.t
                x = x + state["move"]
                if not end.t:
                    state["resting_at"] = gradient if fresh else None
                    state["iterations"] = 0
            evaluations += spent
            state["evaluations"] += spent
            if iteration == group["max_iter"] or evaluations >= group["max_eval"] or _largest(gradient) <= group["tolerance_grad"]:
                break
            if _largest(state["move"]) <= group["tolerance_change"] or abs(loss - start.loss) < group["tolerance_change"]:
                break
        return first_loss

    def _search(
        self, closure: Callable[[], torch.Tensor], x: torch.Tensor, direction: torch.Tensor, start: Point, step: float
    ) -> tuple[Point, int]:
        """Where the line search ends, the parameters and their gradients being there, and the evaluations it took."""
        reached = 0.0

        def evaluate(t: float) -> Point:
            nonlocal reached
            reached = t
            self._scatter(x + direction * t)
            loss = float(closure())
            if not math.isfinite(loss):
                return Point(t, start.loss + 1e6 * (1.0 + abs(start.loss)), 0.0, start.gradient)
            gradient = self._gather_gradient()
            return Point(t, loss, float(gradient.dot(direction)), gradient)

        end, spent = strong_wolfe(evaluate, start, step, _largest(direction), tolerance=self.param_groups[0]["tolerance_change"])
        if reached != end.t:
            self._scatter(x + direction * end.t)
            self._scatter_gradient(end.gradient)
        return end, spent

    def _direction(self, state: dict[str, Any], gradient: torch.Tensor) -> torch.Tensor:
        state["iterations"] = state.get("iterations", 0) + 1
        if state["iterations"] == 1:
            rows = self.param_groups[0]["history_size"] + SLACK
            state["S"], state["Y"] = gradient.new_zeros(0, gradient.numel()), gradient.new_zeros(0, gradient.numel())
            state["SY"] = gradient.new_zeros(rows, rows)
            state["first"], state["end"], state["scale"] = 0, 0, 1.0
            return gradient.neg()
        y, s = gradient - state["previous_gradient"], state["move"]
        curvature = float(y.dot(s))
        if curvature > 1e-10:
            self._remember(state, s, y)
            state["scale"] = curvature / float(y.dot(y))
        window = slice(state["first"], state["end"])
        S, Y, U = state["S"][window], state["Y"][window], state["SY"][window, window]
        a = torch.linalg.solve_triangular(U, torch.mv(S, gradient).neg_().unsqueeze(1), upper=True).squeeze(1)
        r = torch.addmv(gradient, Y.t(), a).mul_(-state["scale"])
        right = (U.diagonal() * a).sub_(torch.mv(Y, r)).unsqueeze(1)
        c = torch.linalg.solve_triangular(U.t(), right, upper=False).squeeze(1)
        return torch.addmv(r, S.t(), c)

    def _remember(self, state: dict[str, Any], s: torch.Tensor, y: torch.Tensor) -> None:
        size = self.param_groups[0]["history_size"]
        rows, end = len(state["S"]), state["end"]
        if end == rows and rows < size + SLACK:
            more = min(max(16, rows), size + SLACK - rows)
            for name in ("S", "Y"):
                state[name] = torch.cat([state[name], state[name].new_zeros(more, s.numel())])
        elif end == rows:
            keep = slice(end - size + 1, end)
            for name in ("S", "Y"):
                state[name][: size - 1] = state[name][keep].clone()
            state["SY"][: size - 1, : size - 1] = state["SY"][keep, keep].clone()
            state["first"], state["end"] = 0, size - 1
            end = size - 1
        state["S"][end], state["Y"][end] = s, y
        state["end"] = end + 1
        state["first"] = max(state["first"], end + 1 - size)
        window = slice(state["first"], end + 1)
        state["SY"][window, end] = torch.mv(state["S"][window], y)

    def _gather(self) -> torch.Tensor:
        return torch.cat([parameter.reshape(-1) for parameter in self._parameters])

    def _gather_gradient(self) -> torch.Tensor:
        return torch.cat([(p.new_zeros(p.numel()) if p.grad is None else p.grad.reshape(-1)) for p in self._parameters])

    def _scatter(self, flat: torch.Tensor) -> None:
        torch._foreach_copy_(self._parameters, self._parts(flat))

    def _scatter_gradient(self, flat: torch.Tensor) -> None:
        for parameter, part in zip(self._parameters, self._parts(flat), strict=True):
            if parameter.grad is None:
                parameter.grad = part.clone()
            else:
                parameter.grad.copy_(part)

    def _parts(self, flat: torch.Tensor) -> list[torch.Tensor]:
        pieces = torch.split(flat, [parameter.numel() for parameter in self._parameters])
        return [piece.view_as(parameter) for piece, parameter in zip(pieces, self._parameters, strict=True)]


def _largest(vector: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(vector, math.inf))


def _same(kept: torch.Tensor | None, gradient: torch.Tensor) -> bool:
    return kept is not None and torch.equal(kept, gradient)
