"""Optimisers by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import torch

from annlab.errors import UsageError, unknown_name
from annlab.train.lbfgs import LBFGS
from annlab.train.muon import Muon
from annlab.train.recipe import Recipe

__all__ = ["OPTIMIZERS", "OptimizerKind", "is_weight", "make_optimizer", "penalises_in_loss"]


@dataclass(frozen=True)
class OptimizerKind:
    """An optimiser class, the options annlab gives it by default, and whether it calls the loss itself (`closure`)."""

    make: Callable[..., torch.optim.Optimizer]
    options: Mapping[str, Any] = field(default_factory=dict)
    closure: bool = False


OPTIMIZERS: dict[str, OptimizerKind] = {
    "sgd": OptimizerKind(torch.optim.SGD, {"fused": True}),
    "momentum": OptimizerKind(torch.optim.SGD, {"momentum": 0.9, "fused": True}),
    "nesterov": OptimizerKind(torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "fused": True}),
    "adam": OptimizerKind(torch.optim.Adam, {"fused": True}),
    "adamw": OptimizerKind(torch.optim.AdamW, {"fused": True}),
    "rmsprop": OptimizerKind(torch.optim.RMSprop),
    "adadelta": OptimizerKind(torch.optim.Adadelta),
    "adagrad": OptimizerKind(torch.optim.Adagrad),
    "muon": OptimizerKind(Muon),
    "lbfgs": OptimizerKind(LBFGS, {"max_iter": 1, "line_search": "strong_wolfe"}, closure=True),
}


def is_weight(name: str, parameter: torch.Tensor) -> bool:
    """Whether penalties apply: matrices and kernels are weights.

    Biases, scales and shifts have one axis and are left out, and so are tables of vectors (see `annlab.train.muon.mark_matrices`).
    """
    return parameter.ndim >= 2 and getattr(parameter, "matrix_axes", ()) is not None


def penalises_in_loss(recipe: Recipe) -> bool:
    """Whether weight decay must be added to the loss, because the optimiser has no option of that kind."""
    return recipe.weight_decay > 0.0 and (callable(recipe.optimizer) or recipe.optimizer == "lbfgs")


def make_optimizer(recipe: Recipe, named_parameters: Iterable[tuple[str, torch.nn.Parameter]]) -> torch.optim.Optimizer:
    """Optimiser of a recipe over the parameters that require a gradient, weight decay on weights alone (see `is_weight`).

    Raises:
        UsageError: for an unknown name, an option the optimiser lacks, or a learning rate that is not one number.
    """
    parameters = [(name, parameter) for name, parameter in named_parameters if parameter.requires_grad]
    if not parameters:
        raise UsageError("the network has no parameters to train")
    if callable(recipe.optimizer):
        return recipe.optimizer([parameter for _, parameter in parameters])  # type: ignore[no-any-return]
    if recipe.optimizer not in OPTIMIZERS:
        raise unknown_name("optimizer", recipe.optimizer, OPTIMIZERS)
    if not isinstance(recipe.learning_rate, Real):
        raise UsageError(f"a single network takes one learning rate, got {recipe.learning_rate!r}")
    kind = OPTIMIZERS[recipe.optimizer]
    for name, setting in (("lr", "learning_rate"), ("weight_decay", "weight_decay")):
        if name in recipe.optimizer_options:
            raise UsageError(f"{name!r} is no option of the optimizer here: give it as {setting}")
    options = {**kind.options, **recipe.optimizer_options, "lr": float(recipe.learning_rate)}
    if {"foreach", "differentiable"} & set(recipe.optimizer_options):
        options.pop("fused", None)  # torch takes one of them
    groups: list[dict[str, Any]]
    if kind.closure:
        groups = [{"params": [parameter for _, parameter in parameters]}]
    else:
        weights = [parameter for name, parameter in parameters if is_weight(name, parameter)]
        others = [parameter for name, parameter in parameters if not is_weight(name, parameter)]
        groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
        groups = [group for group in groups if group["params"]]
    try:
        return kind.make(groups, **options)
    except TypeError as error:
        raise UsageError(f"optimizer {recipe.optimizer!r} does not take the options {dict(recipe.optimizer_options)!r}: {error}") from error
