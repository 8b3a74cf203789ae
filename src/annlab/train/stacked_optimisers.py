"""First-order optimisers on one flat vector: the parameters of all stacked replicates move in a few in-place operations.

Each rule computes what `torch.optim` computes, in the same order of operations; the learning rate is one number or a vector
as long as the parameters, so that replicates may differ in it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from annlab.errors import UsageError, unknown_name
from annlab.train.muon import has_sides, muon_direction

__all__ = ["DECOUPLED", "STACKED_OPTIMISERS", "FlatOptimiser"]

Rate = float | Tensor
Blocks = Callable[[Tensor], list[Tensor]]

_fused_adam = getattr(torch, "_fused_adam_", None)  # one pass over memory in place of six; what torch.optim.Adam(fused=True) calls


class FlatOptimiser:
    """An optimiser by name, with its state, on a flat vector.

    Args:
        name: one of `STACKED_OPTIMISERS`.
        options: options of the rule by the names that `torch.optim` gives them, such as ``{"momentum": 0.9}``.
        like: the parameters; the state has their length.
        blocks: splits such a vector into views ``(replicates, ...)``, one a layer's weights or biases.

    Attributes:
        state: vectors as long as the parameters, by name.
        steps: updates made.

    Raises:
        UsageError: for an unknown name or option.
    """

    def __init__(self, name: str, options: Mapping[str, Any], like: Tensor, blocks: Blocks | None = None) -> None:
        if name == "lbfgs":
            raise UsageError("lbfgs searches along a line for each network, so it runs one by one: use `annlab.train.fit`")
        if name not in STACKED_OPTIMISERS:
            raise unknown_name("optimizer for stacked training", name, STACKED_OPTIMISERS)
        self.rule, defaults, states = STACKED_OPTIMISERS[name]
        for option in options:
            if option not in defaults:
                raise unknown_name(f"option of {name}", option, defaults)
        self.options: dict[str, Any] = {**defaults, **options}
        self.blocks: Blocks = blocks or (lambda flat: [flat])
        self.state = {state: torch.zeros_like(like) for state in states}
        if name == "adagrad":
            self.state["sum"].fill_(self.options["initial_accumulator_value"])
        self.steps = 0

    def step(self, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
        """One update of `parameters` in place; `gradients` may be overwritten."""
        self.steps += 1
        self.rule(self, parameters, gradients, rate)


def _sgd(optimiser: FlatOptimiser, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
    """``v <- m v + g; w <- w - rate v`` (Polyak, 1964), or ``w <- w - rate (g + m v)`` with Nesterov's momentum (1983)."""
    options = optimiser.options
    momentum = options["momentum"]
    direction = gradients
    if momentum:
        velocity = optimiser.state["momentum_buffer"]
        if optimiser.steps == 1:
            velocity.copy_(gradients)
        else:
            velocity.mul_(momentum).add_(gradients, alpha=1 - options["dampening"])
        direction = gradients.add_(velocity, alpha=momentum) if options["nesterov"] else velocity
    _descend(parameters, direction, rate)


def _adam(optimiser: FlatOptimiser, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
    """``w <- w - rate m / (sqrt(v) + eps)`` with bias-corrected moments (Kingma and Ba, 2015); weight decay is the caller's."""
    first, second = optimiser.options["betas"]
    mean, square = optimiser.state["exp_avg"], optimiser.state["exp_avg_sq"]
    if not isinstance(rate, Tensor) and parameters.device.type == "cpu" and _fused_adam is not None:
        _fused_adam(
            *([parameters], [gradients], [mean], [square], [], [torch.tensor(float(optimiser.steps))]),
            lr=rate,
            beta1=first,
            beta2=second,
            weight_decay=0.0,
            eps=optimiser.options["eps"],
            amsgrad=False,
            maximize=False,
        )
        return
    scale = _adam_scale(optimiser, gradients)
    correction = 1 - first**optimiser.steps
    if isinstance(rate, Tensor):
        parameters.addcmul_(torch.div(mean, scale, out=scale), rate, value=-1 / correction)
    else:
        parameters.addcdiv_(mean, scale, value=-rate / correction)


def _adam_scale(optimiser: FlatOptimiser, gradients: Tensor) -> Tensor:
    """Moves Adam's moments; returns ``sqrt(v) + eps`` with v corrected, in the memory of `gradients`."""
    first, second = optimiser.options["betas"]
    mean, square = optimiser.state["exp_avg"], optimiser.state["exp_avg_sq"]
    mean.lerp_(gradients, 1 - first)
    square.mul_(second).addcmul_(gradients, gradients, value=1 - second)
    scale = torch.sqrt(square, out=gradients)
    return scale.div_(math.sqrt(1 - second**optimiser.steps)).add_(optimiser.options["eps"])


def _muon(optimiser: FlatOptimiser, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
    """Orthogonal momentum for matrices, Adam for the rest (Jordan et al., 2024); see `annlab.train.muon.Muon`."""
    options = optimiser.options
    steps = {
        place: muon_direction(gradient, buffer, options["momentum"], options["rounds"], nesterov=options["nesterov"])
        for place, (gradient, buffer) in enumerate(
            zip(optimiser.blocks(gradients), optimiser.blocks(optimiser.state["momentum_buffer"]), strict=True)
        )
        if gradient.ndim == 3 and has_sides(*gradient.shape[1:])
    }
    scale = _adam_scale(optimiser, gradients)
    correction = 1 - options["betas"][0] ** optimiser.steps
    direction = torch.div(optimiser.state["exp_avg"], scale, out=gradients).div_(correction)
    for place, block in enumerate(optimiser.blocks(direction)):
        if place in steps:
            block.copy_(steps[place])
    _descend(parameters, direction, rate)


def _rmsprop(optimiser: FlatOptimiser, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
    """``s <- a s + (1 - a) g^2; w <- w - rate g / (sqrt(s) + eps)`` (Tieleman and Hinton, 2012), with momentum on request."""
    options = optimiser.options
    square = optimiser.state["square_avg"]
    square.mul_(options["alpha"]).addcmul_(gradients, gradients, value=1 - options["alpha"])
    direction = gradients.div_(square.sqrt().add_(options["eps"]))
    if options["momentum"]:
        direction = optimiser.state["momentum_buffer"].mul_(options["momentum"]).add_(direction)
    _descend(parameters, direction, rate)


def _adadelta(optimiser: FlatOptimiser, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
    """``w <- w - rate d`` with ``d = sqrt(u + eps) / sqrt(s + eps) g``, s and u averages of g^2 and d^2 (Zeiler, 2012)."""
    rho, eps = optimiser.options["rho"], optimiser.options["eps"]
    square, accumulated = optimiser.state["square_avg"], optimiser.state["acc_delta"]
    square.mul_(rho).addcmul_(gradients, gradients, value=1 - rho)
    delta = accumulated.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(gradients)
    accumulated.mul_(rho).addcmul_(delta, delta, value=1 - rho)
    _descend(parameters, delta, rate)


def _adagrad(optimiser: FlatOptimiser, parameters: Tensor, gradients: Tensor, rate: Rate) -> None:
    """``s <- s + g^2; w <- w - rate g / (sqrt(s) + eps)`` (Duchi, Hazan and Singer, 2011)."""
    options = optimiser.options
    total = optimiser.state["sum"]
    total.addcmul_(gradients, gradients)
    decayed = rate / (1 + (optimiser.steps - 1) * options["lr_decay"])
    _descend(parameters, gradients.div_(total.sqrt().add_(options["eps"])), decayed)


def _descend(parameters: Tensor, direction: Tensor, rate: Rate) -> None:
    if isinstance(rate, Tensor):
        parameters.addcmul_(direction, rate, value=-1)
    else:
        parameters.add_(direction, alpha=-rate)


_MOMENTUM = {"momentum": 0.9, "dampening": 0.0, "nesterov": False}
_ADAM = {"betas": (0.9, 0.999), "eps": 1e-8}

# name: (rule, options with their defaults, names of the state vectors)
STACKED_OPTIMISERS: dict[str, tuple[Callable[[FlatOptimiser, Tensor, Tensor, Rate], None], dict[str, Any], tuple[str, ...]]] = {
    "sgd": (_sgd, {**_MOMENTUM, "momentum": 0.0}, ("momentum_buffer",)),
    "momentum": (_sgd, _MOMENTUM, ("momentum_buffer",)),
    "nesterov": (_sgd, {**_MOMENTUM, "nesterov": True}, ("momentum_buffer",)),
    "adam": (_adam, _ADAM, ("exp_avg", "exp_avg_sq")),
    "adamw": (_adam, _ADAM, ("exp_avg", "exp_avg_sq")),
    "muon": (_muon, {"momentum": 0.95, "nesterov": True, "rounds": 5, **_ADAM}, ("momentum_buffer", "exp_avg", "exp_avg_sq")),
    "rmsprop": (_rmsprop, {"alpha": 0.99, "eps": 1e-8, "momentum": 0.0}, ("square_avg", "momentum_buffer")),
    "adadelta": (_adadelta, {"rho": 0.9, "eps": 1e-6}, ("square_avg", "acc_delta")),
    "adagrad": (_adagrad, {"lr_decay": 0.0, "eps": 1e-10, "initial_accumulator_value": 0.0}, ("sum",)),
}

DECOUPLED = ("adamw", "muon")
"""Optimisers whose weight decay shrinks the weights themselves and is no part of the gradient."""
