"""The multilayer perceptron."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from annlab.errors import UsageError, unknown_name
from annlab.nets.activations import ACTIVATIONS, layer_activations
from annlab.nets.dropout import Dropout

__all__ = ["BATCH_NORMS", "MLP", "uniform_init"]

BATCH_NORMS = ("none", "input", "hidden")


def uniform_init(linear: nn.Module, generator: torch.Generator | None) -> None:
    """Draws the weights, then the bias of a dense layer or a convolution from U(-1/sqrt(fan_in), 1/sqrt(fan_in)).

    Drawn as float64 on the generator's device, so that a float32 network starts from the rounded weights of the float64 one.
    """
    weight, bias = linear.parameters()
    bound = 1.0 / math.sqrt(weight[0].numel())
    device = torch.device("cpu") if generator is None else generator.device
    with torch.no_grad():
        for parameter in (weight, bias):
            draw = torch.empty(parameter.shape, dtype=torch.float64, device=device)
            parameter.copy_(draw.uniform_(-bound, bound, generator=generator))


class MLP(nn.Module):
    """Dense network: an affine map and an activation for each layer, the last one linear unless `activation` says otherwise.

    With weights W_l and biases b_l: h_0 = x, h_l = dropout(f_l(norm(W_l h_{l-1} + b_l))), output = f_L(W_L h_{L-1} + b_L).

    Args:
        n_inputs: number of features.
        hidden_sizes: units of each hidden layer; none makes the linear neuron.
        n_outputs: number of outputs.
        activation: see `layer_activations`.
        dropout: probability of dropping a hidden unit while training.
        batch_norm: ``"none"``, ``"input"`` (the features) or ``"hidden"`` (each hidden layer before its activation).
        generator: draws the initial weights, layer by layer, weights before biases; torch's global generator where None.
        dtype: type of the parameters; torch's default where None.

    Shape:
        (n, n_inputs) -> (n, n_outputs); inputs with more axes, such as images, are flattened.
    """

    def __init__(
        self,
        n_inputs: int,
        hidden_sizes: Sequence[int],
        n_outputs: int,
        activation: str | Sequence[str] = "tanh",
        dropout: float = 0.0,
        batch_norm: str = "none",
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        sizes = (n_inputs, *hidden_sizes, n_outputs)
        if any(int(size) != size or size < 1 for size in sizes):
            raise UsageError(f"layer sizes are whole numbers of at least 1, got {sizes}")
        if batch_norm not in BATCH_NORMS:
            raise unknown_name("batch_norm", batch_norm, BATCH_NORMS)
        self.n_inputs, self.hidden_sizes, self.n_outputs = n_inputs, tuple(hidden_sizes), n_outputs
        self.activations = layer_activations(activation, len(self.hidden_sizes))
        self.batch_norm = batch_norm
        self.layers = nn.ModuleList(
            nn.utils.skip_init(nn.Linear, fan_in, fan_out, dtype=dtype)  # type: ignore[no-untyped-call]
            for fan_in, fan_out in pairwise(sizes)
        )
        for layer in self.layers:
            uniform_init(layer, generator)
        normed = {"none": (), "input": sizes[:1], "hidden": self.hidden_sizes}[batch_norm]
        self.norms = nn.ModuleList(nn.BatchNorm1d(size, dtype=dtype) for size in normed)
        self.dropout = Dropout(dropout)

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a network of this shape, for saving."""
        return {
            "n_inputs": self.n_inputs,
            "hidden_sizes": self.hidden_sizes,
            "n_outputs": self.n_outputs,
            "activation": self.activations,
            "dropout": self.dropout.p,
            "batch_norm": self.batch_norm,
        }

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        if self.batch_norm == "input":
            x = self.norms[0](x)
        last = len(self.layers) - 1
        for index, (layer, name) in enumerate(zip(self.layers, self.activations, strict=True)):
            x = layer(x)
            if self.batch_norm == "hidden" and index < last:
                x = self.norms[index](x)
            x = ACTIVATIONS[name](x)
            if index < last:
                x = self.dropout(x)
        return x
