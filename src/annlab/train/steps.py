"""One epoch of steps: batches, noise, penalties, and the forward pass that serves two purposes."""

from collections.abc import Mapping

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.train.batches import batch_bounds, epoch_order, gaussian_noise
from annlab.train.evaluation import check_single_samples, dataset_loss, has_batch_norm, same_in_training
from annlab.train.gradients import gradient_of
from annlab.train.lbfgs import LBFGS
from annlab.train.losses import loss_function
from annlab.train.muon import mark_matrices
from annlab.train.optimisers import is_weight, make_optimizer, penalises_in_loss
from annlab.train.recipe import Recipe
from annlab.train.tensors import as_float, place_of

__all__ = ["Stepper"]

WHOLE = 16 * 2**20  # bytes of a training set that is put in the epoch's order at once, so that batches are views


class Stepper:
    """Takes the steps of an epoch and knows the training loss after it.

    Where every epoch is one step whose forward pass computes the training loss itself (one batch, no noise, a network that is
    the same function while training), the evaluation after an epoch is the forward pass of the next step: nothing is computed twice.

    Args:
        net: network, trained in place.
        X: inputs on the network's device.
        y: targets.
        recipe: how to train.
        generators: ``"order"``, ``"noise"`` and ``"dropout"``, those that are drawn from.

    Raises:
        UsageError: for a recipe that draws from a generator not given, or batches too small to be normalised.
    """

    def __init__(self, net: nn.Module, X: torch.Tensor, y: torch.Tensor, recipe: Recipe, generators: Mapping[str, torch.Generator]) -> None:
        self.net, self.X, self.y, self.recipe, self.generators = net, X, y, recipe, generators
        _, self.dtype = place_of(net)
        self.loss = loss_function(recipe.loss)
        self.bounds = batch_bounds(len(X), recipe.batch_size, no_single=has_batch_norm(net))
        if has_batch_norm(net) and any(stop - start == 1 for start, stop in self.bounds):
            check_single_samples(net, as_float(X[:1], self.dtype), alone=len(X) == 1)
        self.shuffled = recipe.shuffle and len(self.bounds) > 1
        for wanted, name in ((self.shuffled, "order"), (recipe.input_noise > 0.0, "noise")):
            if wanted and name not in generators:
                raise UsageError(f"this recipe draws at random: give fit a generator as {name}=")
        mark_matrices(net)
        self.optimizer = make_optimizer(recipe, net.named_parameters())
        self.parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
        self.weights = [p for name, p in net.named_parameters() if p.requires_grad and is_weight(name, p)]
        self.decay = recipe.weight_decay if penalises_in_loss(recipe) else 0.0
        self.penalised = bool(self.weights) and (self.decay > 0.0 or recipe.l1 > 0.0)
        self.by_closure = callable(recipe.optimizer) or recipe.optimizer == "lbfgs"
        self.ahead = len(self.bounds) == 1 and recipe.input_noise == 0.0 and same_in_training(net)
        self.gradient = gradient_of(net, recipe, y, generators.get("dropout"))
        self._total: torch.Tensor | None = None
        self._data: torch.Tensor | None = None

    def epoch(self) -> torch.Tensor:
        """Takes the steps of one epoch; the mean loss its batches had before their steps, left on the device."""
        if self.ahead:
            return self._single_step()
        self.net.train()
        order = epoch_order(len(self.X), self.generators["order"]).to(self.X.device) if self.shuffled else None
        whole = order is not None and self.X.nbytes + self.y.nbytes <= WHOLE
        X, y = (self.X[order], self.y[order]) if whole else (self.X, self.y)
        seen = torch.zeros((), device=self.X.device, dtype=self.dtype)
        for start, stop in self.bounds:
            rows = slice(start, stop) if order is None or whole else order[start:stop]
            batch = as_float(X[rows], self.dtype)
            if self.recipe.input_noise > 0.0:
                batch = batch + gaussian_noise(batch, self.recipe.input_noise, self.generators["noise"])
            seen += self._step(batch, y[rows]) * (stop - start)
        return seen / len(self.X)

    def training_loss(self) -> torch.Tensor:
        """Loss over the training set with the weights as they are, the network being in evaluation mode."""
        if self.ahead:
            if self._data is None:
                self._look(as_float(self.X, self.dtype))
            assert self._data is not None
            return self._data
        return dataset_loss(self.net, self.X, self.y, self.loss, self.dtype, least=self.recipe.batch_size or len(self.X))

    def _single_step(self) -> torch.Tensor:
        X = as_float(self.X, self.dtype)
        if self._total is None:
            self._look(X)
        seen = self._data
        assert seen is not None
        if not self.by_closure:
            self.optimizer.step()
            self._total = None
            self._look(X)
            return seen

        def closure() -> torch.Tensor:
            if self._total is None:
                self._look(X)
            assert self._total is not None
            total, self._total = self._total, None
            return total

        self.optimizer.step(closure)  # type: ignore[arg-type]
        evaluated = self.optimizer.evaluated if isinstance(self.optimizer, LBFGS) else None
        if evaluated is None or self.penalised:
            self._total = None
            self._look(X)
        else:
            self._total = self._data = torch.as_tensor(evaluated, dtype=self.dtype, device=X.device)
        return seen

    def _look(self, X: torch.Tensor) -> None:
        self._data = self.gradient(X, self.y)
        self._total = self._data + self._penalty() if self.penalised else self._data

    def _step(self, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if not self.by_closure:
            data = self.gradient(X, y)
            if self.penalised:
                self._penalty()
            self.optimizer.step()
            return data
        masks = self.generators.get("dropout")
        state = None if masks is None else masks.get_state()
        losses: list[torch.Tensor] = []

        def closure() -> torch.Tensor:
            if masks is not None and state is not None:
                masks.set_state(state)  # one function for all evaluations of a step
            losses.append(self.gradient(X, y))
            return losses[-1] + self._penalty() if self.penalised else losses[-1]

        self.optimizer.step(closure)  # type: ignore[arg-type]
        return losses[0]

    @torch.no_grad()
    def _penalty(self) -> torch.Tensor:
        """Value of the penalties; their gradient is added to that of the loss."""
        total = self.weights[0].new_zeros(())
        for weight in self.weights:
            assert weight.grad is not None
            if self.recipe.l1 > 0.0:
                total += self.recipe.l1 * weight.abs().sum()
                weight.grad.add_(weight.sign(), alpha=self.recipe.l1)
            if self.decay > 0.0:
                total += 0.5 * self.decay * weight.square().sum()
                weight.grad.add_(weight, alpha=self.decay)
        return total
