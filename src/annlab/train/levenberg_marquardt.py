"""The method of Levenberg and Marquardt for small dense networks: the squared error as a sum of squares, solved step by step.

Sources: K. Levenberg, "A method for the solution of certain non-linear problems in least squares", 1944; D. W. Marquardt, "An
algorithm for least-squares estimation of nonlinear parameters", 1963; for networks M. T. Hagan and M. B. Menhaj, "Training
feedforward networks with the Marquardt algorithm", 1994.
"""

import copy
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.errors import UsageError, unknown_name
from annlab.nets.mlp import MLP
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.dense_jacobian import DenseJacobian
from annlab.train.history import History
from annlab.train.outcomes import DivergenceError
from annlab.train.recipe import Recipe
from annlab.train.stacked_data import StackedData
from annlab.train.stacked_record import StackedRecord
from annlab.train.tensors import place_of

__all__ = ["LEVENBERG_MARQUARDT", "fit_levenberg_marquardt", "fit_levenberg_marquardt_single"]

LEVENBERG_MARQUARDT = "levenberg_marquardt"
OPTIONS = {"damping": 1e-3, "increase": 2.0, "decrease": 0.5, "max_damping": 1e6, "min_gradient": 1e-12}
_MEMORY = 1 << 30  # bytes of the normal equations and their factor, for all replicates
_ROWS = 512  # samples whose derivatives are held at once; fixed, so that a replicate's sums do not depend on its neighbours
_SMALLEST = 1e-20  # damping that is raised when a step without damping does not lower the loss

Monitor = Callable[[StackedMLP], Any]


def fit_levenberg_marquardt(
    stack: StackedMLP,
    X: Any,
    y: Any,
    recipe: Recipe,
    *,
    validation: tuple[Any, Any] | None = None,
    monitors: Mapping[str, Monitor] | None = None,
    progress: Callable[..., None] | None = None,
) -> History:
    r"""Trains every replicate of `stack` on the mean squared error, in place, over all samples at once.

    With e the errors of n samples and K outputs, J their derivatives and D the diagonal of the weights, an epoch solves
    ``(J^T J / (n K) + decay / 2 D + mu I) s = -(J^T e / (n K) + decay / 2 D w)`` by Cholesky's factors and moves to ``w + s`` if that
    lowers ``mean(e^2) + decay / 2 sum(w_weights^2)``; then mu falls by the factor ``decrease``. Otherwise mu grows by ``increase`` and
    the step is solved again. Each replicate has its own mu and stops by itself: by patience on the validation loss, where no damping
    up to ``max_damping`` finds a lower point, or where the largest element of the right-hand side is below ``min_gradient``.

    Computed in float64 whatever the type of `stack`, whose parameters are the rounded result; nothing is drawn at random.

    Args:
        stack: the networks; afterwards each holds its last state, or that of its lowest validation loss.
        X: inputs, ``(n, d)`` shared by all replicates or ``(R, n, d)``.
        y: targets, ``(n,)`` or ``(n, outputs)`` shared, or ``(R, n, outputs)``.
        recipe: `max_epochs`, `weight_decay`, patience and evaluation are heeded, learning rate and order have no meaning here.
            `optimizer_options` are ``damping`` (of the first step), ``increase``, ``decrease``, ``max_damping``, ``min_gradient``.
        validation: inputs and targets that early stopping looks at, shaped as `X` and `y`.
        monitors: functions of the stack that return one number a replicate; columns of the history.
        progress: called as ``progress(epoch, train_loss=..., [validation_loss=...])`` with means over the replicates at work.

    Returns:
        History with arrays of shape (evaluations, replicates); the column ``damping`` stands where other optimisers have their rate.

    Raises:
        UsageError: for a loss other than ``"mse"``, mini-batches, dropout, batch normalisation, L1, noise or a schedule, an unknown
            option, or a network whose normal equations need more than 1 GiB.
        DivergenceError: where the loss of the initial weights is not finite and ``recipe.on_divergence`` is ``"raise"``.
    """
    try:
        return _Run(stack, X, y, recipe, validation, monitors or {}, progress).run()
    finally:
        stack.eval()


def fit_levenberg_marquardt_single(
    net: Any,
    X: Any,
    y: Any,
    recipe: Recipe,
    *,
    validation: tuple[Any, Any] | None = None,
    monitors: Mapping[str, Callable[[Any], float]] | None = None,
    progress: Callable[..., None] | None = None,
) -> History:
    """The same for one `annlab.nets.MLP`; its history has one number an evaluation.

    Raises:
        UsageError: as above, and for any other module.
        DivergenceError: as above.
    """
    if not isinstance(net, MLP):
        raise UsageError(f"levenberg_marquardt knows the derivatives of annlab.nets.MLP alone, got {type(net).__name__}")
    device, dtype = place_of(net)
    stack = StackedMLP(1, **net.arguments, dtype=dtype).to(device)
    for layer, weights, biases in zip(net.layers, stack.weights, stack.biases, strict=True):
        weight, bias = layer.parameters()
        weights.data, biases.data = weight.data.T.unsqueeze(0), bias.data.unsqueeze(0)  # views: one memory
    single = {name: _of_one(monitor, net) for name, monitor in (monitors or {}).items()}
    try:
        history = fit_levenberg_marquardt(stack, X, y, recipe, validation=validation, monitors=single, progress=progress)
    except DivergenceError as error:
        raise DivergenceError(error.epoch, error.history.of(0)) from None
    finally:
        net.eval()
    return history.of(0)


class _Run:
    def __init__(
        self,
        stack: StackedMLP,
        X: Any,
        y: Any,
        recipe: Recipe,
        validation: tuple[Any, Any] | None,
        monitors: Mapping[str, Monitor],
        progress: Callable[..., None] | None,
    ) -> None:
        if recipe.running_loss:
            raise UsageError("levenberg_marquardt takes one step an epoch and has no running_loss")
        self.options = {**OPTIONS, **_checked_options(recipe)}
        self.stack, self.recipe, self.monitors, self.progress = stack, recipe, monitors, progress
        double = copy.deepcopy(stack).double()
        training = StackedData(double, X, y, "mse", "training")
        _refuse(stack, recipe, training.n)
        if recipe.patience is not None and validation is None:
            raise UsageError("patience needs validation data")
        self.jacobian = DenseJacobian(double)
        needed = 3 * 8 * stack.n_replicates * self.jacobian.size**2
        if needed > _MEMORY:
            raise UsageError(
                f"levenberg_marquardt is for small networks: {stack.n_replicates} x {self.jacobian.size} parameters need "
                f"{needed / 2**30:.1f} GiB for their normal equations, {_MEMORY / 2**30:.0f} GiB is the limit; use fewer units, or lbfgs"
            )
        self.rows = np.arange(stack.n_replicates)
        self.data = _columns(*training.rows(self.rows))
        self.checks = None if validation is None else _columns(*StackedData(double, *validation, "mse", "validation").rows(self.rows))
        self.weights = self.jacobian.read(double)
        self.penalty = 0.5 * recipe.weight_decay * self.jacobian.is_weight
        self.damping = torch.full_like(self.weights[:, 0], float(self.options["damping"]))
        self.losses = self._losses(self.weights, *self.data)
        self.restores = validation is not None and recipe.restore_best
        self.best = self.weights.clone()
        names = ["train_loss", *(["validation_loss"] if validation else []), *monitors, "damping"]
        self.record = StackedRecord(recipe, stack.n_replicates, names, validated=validation is not None)
        self.seconds = 0.0

    @torch.no_grad()
    def run(self) -> History:
        finite = torch.isfinite(self.losses).cpu().numpy()
        if not finite.all():
            self._diverge(~finite)
        for epoch in range(1, self.recipe.max_epochs + 1):
            if not len(self.rows):
                break
            started = time.perf_counter()
            stalled = self._step()
            self.seconds += time.perf_counter() - started
            due = epoch % self.recipe.evaluate_every == 0 or epoch == self.recipe.max_epochs
            waited = self._evaluate(epoch) if due or stalled.any() else np.zeros(len(self.rows), dtype=bool)
            self._stop(epoch, stalled | waited)
        self._stop(self.recipe.max_epochs, np.ones(len(self.rows), dtype=bool))
        return self.record.history()

    def _step(self) -> np.ndarray:
        """Moves every replicate to a lower point; returns which found none."""
        curvature, slope = self._normal_equations()
        objective = self._objective(self.weights, self.losses)
        stalled = slope.abs().amax(1) < self.options["min_gradient"]
        pending = torch.nonzero(~stalled).squeeze(1)
        while len(pending):
            damped = curvature[pending]
            damped.diagonal(dim1=1, dim2=2).add_(self.damping[pending].unsqueeze(1))
            factor, failed = torch.linalg.cholesky_ex(damped)
            step = torch.cholesky_solve(slope[pending].unsqueeze(2), factor).squeeze(2)
            weights = self.weights[pending] - step
            losses = self._losses(weights, *(part[pending] for part in self.data))
            lower = (self._objective(weights, losses) < objective[pending]) & (failed == 0)
            accepted, rejected = pending[lower], pending[~lower]
            self.weights[accepted], self.losses[accepted] = weights[lower], losses[lower]
            self.damping[accepted] *= self.options["decrease"]
            self.damping[rejected] = self.damping[rejected].clamp_min(_SMALLEST) * self.options["increase"]
            lost = self.damping[rejected] > self.options["max_damping"]
            stalled[rejected[lost]] = True
            pending = rejected[~lost]
        return np.asarray(stalled.cpu().numpy())

    def _normal_equations(self) -> tuple[Tensor, Tensor]:
        """Half the second derivatives ``(R, P, P)``, those of the outputs left out, and half the gradient ``(R, P)`` of the objective."""
        x, y = self.data
        scale = 1.0 / (y.shape[1] * y.shape[2])
        curvature, slope = torch.diag_embed(self.penalty.expand_as(self.weights)), self.weights * self.penalty
        for start in range(0, x.shape[2], _ROWS):
            piece = slice(start, start + _ROWS)
            output, jacobian = self.jacobian(self.weights, x[:, :, piece])
            flat = jacobian.flatten(2)  # (R, P, K * rows)
            errors = (output - y[:, :, piece]).flatten(1).unsqueeze(2)
            curvature.baddbmm_(flat, flat.transpose(1, 2), alpha=scale)
            slope += torch.bmm(flat, errors).squeeze(2).mul_(scale)
        return curvature, slope

    def _objective(self, weights: Tensor, losses: Tensor) -> Tensor:
        return losses + (self.penalty * weights.square()).sum(1)

    def _losses(self, weights: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Mean squared errors (R,)."""
        total = weights.new_zeros(len(weights))
        for start in range(0, x.shape[2], _ROWS):
            piece = slice(start, start + _ROWS)
            total += (self.jacobian.outputs(weights, x[:, :, piece]) - y[:, :, piece]).square().sum((1, 2))
        return total / (y.shape[1] * y.shape[2])

    def _evaluate(self, epoch: int) -> np.ndarray:
        """Records losses and monitors; returns which replicates have waited long enough."""
        values = {"train_loss": _array(self.losses)}
        if self.checks is not None:
            values["validation_loss"] = _array(self._losses(self.weights, *self.checks))
        if self.monitors:
            self._write(self.weights, np.arange(len(self.rows)))
            self.stack.eval()
            values |= {name: np.asarray(monitor(self.stack), dtype=float)[self.rows] for name, monitor in self.monitors.items()}
        self.record.add(epoch, self.seconds, self.rows, {**values, "damping": _array(self.damping)})
        lower, waited = self.record.judge(epoch, self.rows, values["train_loss" if self.checks is None else "validation_loss"])
        if self.restores:
            chosen = torch.from_numpy(lower).to(self.weights.device)
            self.best[chosen] = self.weights[chosen]
        if self.progress is not None:
            means = {name: float(numbers.mean()) for name, numbers in values.items() if name.endswith("_loss")}
            self.progress(epoch, **means, seconds=self.seconds)
        return waited

    def _diverge(self, which: np.ndarray) -> None:
        rows = self.rows[which]
        self.record.add(1, 0.0, rows, {"train_loss": _array(self.losses)[which]})
        self.record.diverged_epoch[rows] = 1
        if self.recipe.on_divergence == "raise":
            raise DivergenceError(1, self.record.history())
        self._stop(1, which)

    def _stop(self, epoch: int, which: np.ndarray) -> None:
        """Writes replicates back, their best state where that is wanted, and goes on without them."""
        if not which.any():
            return
        self.record.stopped_epoch[self.rows[which]] = epoch
        self._write(self.best if self.restores else self.weights, np.flatnonzero(which))
        stay = torch.from_numpy(np.flatnonzero(~which)).to(self.weights.device)
        self.rows = self.rows[~which]
        self.weights, self.damping, self.losses, self.best = (t[stay] for t in (self.weights, self.damping, self.losses, self.best))
        self.data = (self.data[0][stay], self.data[1][stay])
        self.checks = None if self.checks is None else (self.checks[0][stay], self.checks[1][stay])

    def _write(self, weights: Tensor, positions: np.ndarray) -> None:
        rows = torch.from_numpy(self.rows[positions]).to(weights.device)
        self.jacobian.write(self.stack, rows, weights[torch.from_numpy(positions).to(weights.device)])


def _checked_options(recipe: Recipe) -> Mapping[str, Any]:
    for name, value in recipe.optimizer_options.items():
        if name not in OPTIONS:
            raise unknown_name("option of levenberg_marquardt", name, OPTIONS)
        if not value >= 0.0:
            raise UsageError(f"option {name!r} of levenberg_marquardt takes a number of at least 0, got {value!r}")
    return recipe.optimizer_options


def _refuse(stack: StackedMLP, recipe: Recipe, n: int) -> None:
    """Raises for what a sum of squares over all samples cannot have."""
    asked = {
        f'the loss {recipe.loss!r}: it minimises a sum of squares, "mse"': recipe.loss != "mse",
        f"batch_size={recipe.batch_size}: it solves for all samples at once, set batch_size=None": (recipe.batch_size or n) < n,
        "dropout": stack.dropout > 0,
        "batch normalisation": len(stack.norms) > 0,
        "an L1 penalty": recipe.l1 > 0,
        "input noise": recipe.input_noise > 0,
        "a schedule: its damping sets the step": recipe.schedule is not None,
    }
    for what, wanted in asked.items():
        if wanted:
            raise UsageError(f"levenberg_marquardt does not take {what}")


def _columns(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs ``(R, d, n)`` and targets ``(R, K, n)`` from ``(R, n, ...)``."""
    return X.transpose(1, 2).contiguous(), y.transpose(1, 2).contiguous()


def _of_one(monitor: Callable[[Any], float], net: MLP) -> Monitor:
    return lambda _: [monitor(net)]


def _array(values: Tensor) -> np.ndarray:
    return np.asarray(values.cpu().numpy())
