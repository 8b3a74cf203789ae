"""Training of stacked networks: every replicate its own data, order, noise and rate, all in one tensor program."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.errors import UsageError
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.batches import batch_bounds, epoch_order, gaussian_noise
from annlab.train.dense_gradient import stacked_gradient, stacked_loss
from annlab.train.guard import subnormals_as_zero
from annlab.train.history import History
from annlab.train.levenberg_marquardt import LEVENBERG_MARQUARDT, fit_levenberg_marquardt
from annlab.train.losses import loss_function
from annlab.train.outcomes import DivergenceError
from annlab.train.recipe import Recipe
from annlab.train.schedules import make_schedule
from annlab.train.stacked_data import StackedData, in_order
from annlab.train.stacked_optimisers import DECOUPLED
from annlab.train.stacked_record import StackedRecord
from annlab.train.stacked_state import StackedState
from annlab.train.tensors import as_float

__all__ = ["fit_stacked"]

Arrays = Tensor | np.ndarray
Monitor = Callable[[StackedMLP], Any]
Generators = Sequence[torch.Generator] | None
_OUTPUTS = 1 << 22  # numbers of the replicates' outputs that are held at once while losses are computed
_WHOLE = 1 << 25  # bytes of a training set, times replicates, that is put in the epoch's order whole


@subnormals_as_zero()
def fit_stacked(
    stack: StackedMLP,
    X: Arrays,
    y: Arrays,
    recipe: Recipe,
    *,
    validation: tuple[Arrays, Arrays] | None = None,
    orders: Generators = None,
    noises: Generators = None,
    dropouts: Generators = None,
    monitors: Mapping[str, Monitor] | None = None,
    progress: Callable[..., None] | None = None,
) -> History:
    """Trains every replicate of `stack` in place and leaves it in evaluation mode, each as `annlab.train.fit` would train it alone.

    Replicates share no number: one that diverges or stops early leaves the batch with its state, and the others go on as if it had
    never been there. Equal to one-by-one training up to rounding.

    Args:
        stack: the networks; afterwards each holds its last state, or that of its lowest validation loss.
        X: inputs, ``(n, d)`` shared by all replicates or ``(R, n, d)``; bytes are read as numbers in [0, 1].
        y: targets, ``(n,)`` or ``(n, outputs)`` shared, or ``(R, n, outputs)`` (``(R, n)`` for class indices); `X` itself, the same
            object, for networks that give back their inputs, noise on the way in left out.
        recipe: how to train; `learning_rate` may be a sequence of one rate a replicate. An `optimizer` is given by name; not lbfgs.
        validation: inputs and targets that early stopping looks at, shaped as `X` and `y`.
        orders: generators of the order of the samples in each epoch, one for each replicate.
        noises: generators of the input noise.
        dropouts: generators of the dropout masks.
        monitors: functions of the stack in evaluation mode, without gradients, that return one number a replicate; columns of the history.
        progress: called as ``progress(epoch, train_loss=..., [validation_loss=...])`` with means over the replicates at work.

    Returns:
        History with arrays of shape (evaluations, replicates); see `History`.

    Raises:
        UsageError: for lbfgs or an optimiser function, a missing generator, or shapes that do not fit.
        DivergenceError: where a loss is not finite and ``recipe.on_divergence`` is ``"raise"``; the stack holds the last finite states.
    """
    if recipe.optimizer == LEVENBERG_MARQUARDT:
        return fit_levenberg_marquardt(stack, X, y, recipe, validation=validation, monitors=monitors, progress=progress)
    generators = {"orders": orders, "noises": noises, "dropouts": dropouts}
    try:
        return _StackedRun(stack, X, y, recipe, validation, generators, monitors or {}, progress).run()
    finally:
        stack.eval()


class _StackedRun:
    def __init__(
        self,
        stack: StackedMLP,
        X: Arrays,
        y: Arrays,
        recipe: Recipe,
        validation: tuple[Arrays, Arrays] | None,
        generators: Mapping[str, Generators],
        monitors: Mapping[str, Monitor],
        progress: Callable[..., None] | None,
    ) -> None:
        if callable(recipe.optimizer):
            raise UsageError("stacked training takes the name of an optimizer, got a function: train one by one with `annlab.train.fit`")
        if recipe.patience is not None and validation is None:
            raise UsageError("patience needs validation data")
        loss_function(recipe.loss)
        self.stack, self.recipe, self.monitors, self.progress = stack, recipe, monitors, progress
        self.dtype, count = stack.weights[0].dtype, stack.n_replicates
        self.data = StackedData(stack, X, y, recipe.loss, "training")
        self.validation = None if validation is None else StackedData(stack, *validation, recipe.loss, "validation")
        self.bounds = batch_bounds(self.data.n, recipe.batch_size, no_single=len(stack.norms) > 0)
        self.shuffled = recipe.shuffle and len(self.bounds) > 1
        self.orders = _checked("orders", generators, count, needed=self.shuffled)
        self.noises = _checked("noises", generators, count, needed=recipe.input_noise > 0)
        dropouts = _checked("dropouts", generators, count, needed=stack.dropout > 0)
        rates = np.asarray(recipe.learning_rate, dtype=float)
        if rates.shape not in {(), (count,)}:
            raise UsageError(f"learning_rate takes one number, or one for each of the {count} replicates; got {recipe.learning_rate!r}")
        self.rates = np.broadcast_to(rates, (count,))
        self.schedule = make_schedule(recipe)
        self.work = StackedState(stack, recipe.optimizer, recipe.optimizer_options, dropouts)
        self.restores = validation is not None and recipe.restore_best
        self.previous = self.work.state.clone()
        self.best = self.work.state.clone() if self.restores else self.previous
        names = ["train_loss", *(["validation_loss"] if validation else []), *monitors, "learning_rate"]
        self.record = StackedRecord(recipe, count, names, validated=validation is not None)
        # Where a step's forward pass computes the very training loss, the evaluation after an epoch is the next step's forward pass.
        self.ahead = not recipe.running_loss and len(self.bounds) == 1 and recipe.input_noise == 0 and stack.dropout == 0
        self.ahead = self.ahead and not len(stack.norms)
        if self.ahead:
            self.data.X = as_float(self.data.X, self.dtype)  # every step sees them all: no sense in converting them each time
        self.seconds = 0.0
        self._tie()

    def run(self) -> History:
        recipe, work = self.recipe, self.work
        factor, pending = 1.0, False
        work.net.train()
        for epoch in range(1, recipe.max_epochs + 1):
            started = time.perf_counter()
            losses = self.gradient(self.X, self.X if self.data.tied else self.y) if self.ahead else None
            if pending:
                self.seconds += time.perf_counter() - started
                assert losses is not None
                losses = losses[self._evaluate(epoch - 1, factor, losses)]
                started = time.perf_counter()
                if not len(work.rows):
                    break
            factor = self.schedule(epoch - 1)
            self.previous.copy_(work.state)
            if losses is None:
                losses = self._epoch(factor)
            else:
                self._update(factor)
            finite = torch.isfinite(losses).cpu().numpy() & work.finite()
            self.seconds += time.perf_counter() - started
            if not finite.all():
                self._diverge(epoch, factor, ~finite, {})
            due = epoch % recipe.evaluate_every == 0 or epoch == recipe.max_epochs
            pending = due and self.ahead and epoch < recipe.max_epochs
            if due and not pending and len(work.rows):
                self._evaluate(epoch, factor, losses[torch.from_numpy(finite)] if recipe.running_loss else None)
            if not len(work.rows):
                break
        self._stop(recipe.max_epochs, np.ones(len(work.rows), dtype=bool))
        return self.record.history()

    def _tie(self) -> None:
        """Ties data, rates and gradient to the replicates at work."""
        work, rows = self.work, self.work.rows
        if not len(rows):
            return
        self.X, self.y = self.data.rows(rows)
        self.checks = None if self.validation is None else self.validation.rows(rows)
        self.gradient = stacked_gradient(work.net, self.recipe.loss)
        rates = self.rates[rows]
        self.rate: float | Tensor = float(rates[0]) if (rates == rates[0]).all() else work.spread(rates)

    def _epoch(self, factor: float) -> Tensor:
        """One pass over the data; returns the means of the losses that the batches had before their steps."""
        rows, x, y = self.work.rows, self.X, self.y
        order = None
        if self.shuffled:
            order = torch.stack([epoch_order(self.data.n, _drawn(self.orders[row])) for row in rows]).to(x.device)
            if len(rows) * self.X[0].numel() * x.element_size() <= _WHOLE:
                x = in_order(x, order)
                y, order = x if self.data.tied else in_order(y, order), None
        seen = torch.zeros(len(rows), dtype=self.dtype, device=x.device)
        for start, stop in self.bounds:
            if order is None:
                batch, target = x[:, start:stop], y[:, start:stop]
            else:
                batch = in_order(x, order[:, start:stop])
                target = batch if self.data.tied else in_order(y, order[:, start:stop])
            batch = as_float(batch, self.dtype)
            target = batch if self.data.tied else target
            if self.recipe.input_noise > 0:
                pieces = zip(batch, rows, strict=True)
                batch = torch.stack(
                    [piece + gaussian_noise(piece, self.recipe.input_noise, _drawn(self.noises[row])) for piece, row in pieces]
                )
            seen.add_(self.gradient(batch, target), alpha=(stop - start) / self.data.n)
            self._update(factor)
        return seen

    def _update(self, factor: float) -> None:
        """Adds the penalties to the gradients and makes one step."""
        recipe, work = self.recipe, self.work
        weights, gradients, rate = work.weights, work.gradients, self.rate * factor
        if recipe.l1:
            gradients[: len(weights)].add_(weights.sign(), alpha=recipe.l1)
        if recipe.weight_decay and recipe.optimizer in DECOUPLED:
            weights.mul_(1 - (rate[: len(weights)] if isinstance(rate, Tensor) else rate) * recipe.weight_decay)
        elif recipe.weight_decay:
            gradients[: len(weights)].add_(weights, alpha=recipe.weight_decay)
        work.optimiser.step(work.parameters, gradients, rate)

    @torch.no_grad()
    def _evaluate(self, epoch: int, factor: float, train_losses: Tensor | None) -> np.ndarray:
        """Records losses and monitors, stops what is to stop; returns the former positions of the replicates that go on."""
        work, rows = self.work, self.work.rows
        positions = np.arange(len(rows))
        if train_losses is None:
            train_losses = self._losses(self.X, self.y, self.data)
        values = {"train_loss": _array(train_losses)}
        if self.checks is not None:
            assert self.validation is not None
            values["validation_loss"] = _array(self._losses(*self.checks, self.validation))
        finite = np.isfinite(np.stack(list(values.values()))).all(0)
        if not finite.all():
            self._diverge(epoch, factor, ~finite, values)
            rows, positions = work.rows, positions[finite]
            values = {name: numbers[finite] for name, numbers in values.items()}
        if not len(rows):
            return positions
        if self.monitors:
            work.write(work.state, np.arange(len(rows)))
            self.stack.eval()
            values |= {name: np.asarray(monitor(self.stack), dtype=float)[rows] for name, monitor in self.monitors.items()}
        self.record.add(epoch, self.seconds, rows, {**values, "learning_rate": self.rates[rows] * factor})
        lower, waited = self.record.judge(epoch, rows, values["validation_loss" if self.checks is not None else "train_loss"])
        if self.restores:
            work.copy_rows(work.state, self.best, np.flatnonzero(lower))
        if self.progress is not None:
            means = {name: float(numbers.mean()) for name, numbers in values.items() if name.endswith("_loss")}
            self.progress(epoch, **means, seconds=self.seconds)
        if waited.any():
            self._stop(epoch, waited)
            positions = positions[~waited]
        return positions

    def _losses(self, X: Tensor, y: Tensor, data: StackedData) -> Tensor:
        self.work.net.eval()
        n = X.shape[1]
        size = max(1, _OUTPUTS // (len(X) * self.stack.n_outputs))
        total: Tensor | None = None
        for start in range(0, n, size):
            inputs = as_float(X[:, start : start + size], self.dtype)
            targets = inputs if data.tied else y[:, start : start + size]
            losses = stacked_loss(self.recipe.loss, self.gradient.outputs(inputs), targets)
            if n > size:
                losses = losses * (targets.shape[1] / n)
            total = losses if total is None else total + losses
        self.work.net.train()
        assert total is not None
        return total

    def _diverge(self, epoch: int, factor: float, which: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Freezes replicates whose loss is not finite in the state before this epoch."""
        rows = self.work.rows[which]
        losses = {name: numbers[which] for name, numbers in values.items()} or {"train_loss": np.full(len(rows), np.nan)}
        self.record.add(epoch, self.seconds, rows, {**losses, "learning_rate": self.rates[rows] * factor})
        self.record.diverged_epoch[rows] = epoch
        self.work.copy_rows(self.previous, self.work.state, np.flatnonzero(which))
        if self.recipe.on_divergence == "raise":
            self._stop(epoch, np.ones(len(which), dtype=bool))
            raise DivergenceError(epoch, self.record.history())
        self._stop(epoch, which)

    def _stop(self, epoch: int, which: np.ndarray) -> None:
        """Writes replicates back, their best state where that is wanted, and goes on without them."""
        work = self.work
        self.record.stopped_epoch[work.rows[which]] = epoch
        if self.restores:
            work.copy_rows(self.best, work.state, np.flatnonzero(which & (self.record.best_epoch[work.rows] > 0)))
        work.write(work.state, np.flatnonzero(which))
        stay = np.flatnonzero(~which)
        self.previous = work.select(self.previous, stay)
        self.best = work.select(self.best, stay) if self.restores else self.previous
        work.keep(stay)
        self._tie()


def _checked(name: str, generators: Mapping[str, Generators], count: int, *, needed: bool) -> list[torch.Generator | None]:
    given = generators[name]
    if given is None:
        if needed:
            raise UsageError(f"this recipe draws at random: give fit_stacked a generator for each replicate as {name}=")
        return [None] * count
    if len(given) != count:
        raise UsageError(f"{name} takes one generator for each of the {count} replicates, got {len(given)}")
    return list(given)


def _drawn(generator: torch.Generator | None) -> torch.Generator:
    assert generator is not None  # `_checked` saw to it
    return generator


def _array(losses: Tensor) -> np.ndarray:
    return np.asarray(losses.double().cpu().numpy())
