"""Levenberg-Marquardt: damped Gauss-Newton steps on the residuals of a small network with one output."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from annlab.errors import UsageError
from annlab.train.history import History
from annlab.train.recipe import Recipe

__all__ = ["LEVENBERG_MARQUARDT", "fit_levenberg_marquardt"]

LEVENBERG_MARQUARDT = "levenberg_marquardt"
LARGEST = 1e10  # damping beyond which no step lowers the loss any more


def fit_levenberg_marquardt(
    net: nn.Module,
    X: Tensor,
    y: Tensor,
    recipe: Recipe,
    *,
    validation: tuple[Tensor, Tensor] | None = None,
    damping: float = 1e-3,
    factor: float = 10.0,
) -> History:
    """Trains `net` in place on the mean squared error and leaves it in evaluation mode.

    With residuals r (n,) and their Jacobian J (n, p) an epoch solves (J^T J + mu I) d = J^T r and takes w - d. Where the loss falls
    mu is divided by `factor`; where it does not, mu is multiplied and the step tried again, until mu exceeds 1e10: then training
    ends (K. Levenberg, 1944; D. W. Marquardt, 1963; M. T. Hagan and M. B. Menhaj, IEEE Trans. Neural Networks 5, 1994). Nothing is
    drawn at random. Memory is n x p numbers, time n p^2 a step: for networks of some hundred weights, in float64.

    Args:
        net: module with one output, smooth in its weights, that treats rows one by one (no batch norm, no dropout).
        X: inputs (n, d).
        y: targets (n, 1).
        recipe: `max_epochs` is read from it; it must ask for no penalty, noise, mini-batches or early stopping.
        validation: inputs and targets whose loss is recorded.
        damping: mu at the start.
        factor: see above.

    Returns:
        What was measured; ``learning_rate`` is 1 throughout, ``damping`` is mu after the epoch.

    Raises:
        UsageError: for more outputs than one, or a recipe with what this method has not.
    """
    if y.ndim != 2 or y.shape[1] != 1:
        raise UsageError(f"Levenberg-Marquardt takes targets of shape (n, 1), got {tuple(y.shape)}")
    if recipe.weight_decay or recipe.l1 or recipe.input_noise or recipe.batch_size is not None or recipe.patience is not None:
        raise UsageError("Levenberg-Marquardt takes the full batch, without penalty, input noise or early stopping")
    names, parameters = zip(*net.named_parameters(), strict=True)
    net.eval()
    weights = nn.utils.parameters_to_vector(parameters).detach()
    run = _Residuals(net, names, [parameter.shape for parameter in parameters])
    loss, mu, seconds = _mse(run.outputs(weights, X), y), damping, 0.0
    rows: list[dict[str, float]] = []
    for epoch in range(1, recipe.max_epochs + 1):
        started = time.perf_counter()
        jacobian = run.jacobian(weights, X)
        gauss, slope = jacobian.T @ jacobian, jacobian.T @ (run.outputs(weights, X) - y[:, 0])
        fell = False
        while not fell and mu <= LARGEST:
            factored, failed = torch.linalg.cholesky_ex(gauss + mu * torch.eye(len(gauss), dtype=gauss.dtype, device=gauss.device))
            if not failed.item():
                moved = weights - torch.cholesky_solve(slope[:, None], factored)[:, 0]
                reached = _mse(run.outputs(moved, X), y)
                fell = reached < loss
            if fell:
                weights, loss = moved, reached
            mu = max(mu / factor, 1e-20) if fell else mu * factor
        seconds += time.perf_counter() - started
        if not fell:
            break
        row = {"epoch": epoch, "train_loss": loss, "learning_rate": 1.0, "damping": mu, "seconds": seconds}
        if validation is not None:
            row["validation_loss"] = _mse(run.outputs(weights, validation[0]), validation[1])
        rows.append(row)
    with torch.no_grad():
        nn.utils.vector_to_parameters(weights, parameters)
    columns = {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}
    best = columns["validation_loss" if validation is not None else "train_loss"] if rows else np.array([])
    return History(columns, int(columns["epoch"][best.argmin()]) if rows else 0, len(rows), 0)


class _Residuals:
    """Outputs of the network and their derivatives as functions of one vector of weights."""

    def __init__(self, net: nn.Module, names: tuple[str, ...], shapes: list[torch.Size]) -> None:
        self.net, self.names, self.shapes = net, names, shapes
        self.sizes = [shape.numel() for shape in shapes]

    def _named(self, weights: Tensor) -> Mapping[str, Tensor]:
        parts = weights.split(self.sizes)
        return {name: part.reshape(shape) for name, part, shape in zip(self.names, parts, self.shapes, strict=True)}

    def outputs(self, weights: Tensor, X: Tensor) -> Tensor:
        """Outputs, (n,)."""
        with torch.no_grad():
            output: Tensor = torch.func.functional_call(self.net, dict(self._named(weights)), (X,))
        return output[:, 0]

    def jacobian(self, weights: Tensor, X: Tensor) -> Tensor:
        """Derivatives of the outputs, (n, p)."""

        def output(vector: Tensor, row: Tensor) -> Any:
            return torch.func.functional_call(self.net, dict(self._named(vector)), (row[None],))[0, 0]

        found: Tensor = torch.func.vmap(torch.func.grad(output), in_dims=(None, 0))(weights, X)
        return found


def _mse(outputs: Tensor, y: Tensor) -> float:
    return float(torch.mean((outputs - y[:, 0]) ** 2))
