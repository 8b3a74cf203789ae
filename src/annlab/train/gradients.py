"""What computes the loss of a batch and its gradient: by hand for the multilayer perceptron, by torch's graph for any other network."""

from typing import Protocol

import torch
from torch import nn

from annlab.nets.mlp import MLP
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.dense_gradient import DenseGradient
from annlab.train.losses import LOSSES, Loss, loss_function
from annlab.train.recipe import Recipe
from annlab.train.tensors import place_of

__all__ = ["Gradient", "GraphGradient", "TiedGradient", "gradient_of"]


class Gradient(Protocol):
    """Sets ``.grad`` of a network's parameters to the gradient of the mean loss over a batch, and returns that loss."""

    def __call__(self, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Loss of the batch."""


class GraphGradient:
    """Gradient of any network by torch's automatic differentiation."""

    def __init__(self, net: nn.Module, loss: Loss) -> None:
        self.net, self.loss = net, loss
        self.parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]

    def __call__(self, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Loss of the batch, its graph released."""
        for parameter in self.parameters:
            parameter.grad = None
        with torch.enable_grad():
            loss = self.loss(self.net(X), y)
            loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


class TiedGradient:
    """Gradient of an `MLP` written out by hand, half the time of the graph's: a stack of one whose memory is the network's own.

    Args:
        net: network without batch normalisation; its parameters must be changed in place while this object is in use.
        loss: a name of `LOSSES`.
        dropout: generator of the dropout masks.
    """

    def __init__(self, net: MLP, loss: str, dropout: torch.Generator | None) -> None:
        stack = StackedMLP(1, **net.arguments, dtype=place_of(net)[1])
        if dropout is not None:
            stack.dropout_generators = [dropout]
        self.ties: list[tuple[torch.Tensor, torch.Tensor]] = []
        for layer, weight, bias in zip(net.layers, stack.weights, stack.biases, strict=True):
            for own, stacked in zip(layer.parameters(), (weight, bias), strict=True):
                gradient = torch.zeros_like(own)
                # a stack holds transposed weights
                stacked.data, stacked.grad = (t.permute(*range(t.ndim)[::-1]).unsqueeze(0) for t in (own.data, gradient))
                self.ties.append((own, gradient))
        self.gradient = DenseGradient(stack, loss)
        self.indices = loss == "cross_entropy"
        self.n_outputs = net.n_outputs

    def __call__(self, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Loss of the batch."""
        for own, gradient in self.ties:
            own.grad = gradient
        with torch.no_grad():
            targets = y if self.indices else y.reshape(len(y), self.n_outputs)
            return self.gradient(X.flatten(1).unsqueeze(0), targets.unsqueeze(0))[0]


def gradient_of(net: nn.Module, recipe: Recipe, y: torch.Tensor, dropout: torch.Generator | None) -> Gradient:
    """The gradient of a network on targets `y`: by hand where network, loss, optimiser and targets allow."""
    if type(net) is MLP and net.batch_norm == "none" and isinstance(recipe.loss, str) and isinstance(recipe.optimizer, str):
        wanted = [(len(y),)] if recipe.loss == "cross_entropy" else [(len(y), net.n_outputs)] + [(len(y),)] * (net.n_outputs == 1)
        hooked = any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
        if recipe.loss in LOSSES and tuple(y.shape) in wanted and not hooked and all(p.requires_grad for p in net.parameters()):
            return TiedGradient(net, recipe.loss, dropout)
    return GraphGradient(net, loss_function(recipe.loss))
