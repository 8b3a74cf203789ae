"""Several dense networks of one shape as batched matrix products: replicates that differ in their weights alone."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from annlab.nets.activations import ACTIVATIONS
from annlab.nets.dropout import keep_mask
from annlab.nets.mlp import MLP

__all__ = ["StackedBatchNorm", "StackedMLP", "stacked_keep_mask"]


class StackedMLP(nn.Module):
    r"""R multilayer perceptrons evaluated together.

    Layer l of replicate r computes ``h_l = f_l(h_{l-1} W_{l,r} + b_{l,r})`` with ``W_l`` of shape ``(R, inputs, outputs)``, the
    transposes of `MLP`'s (batched products of narrow layers run faster so), and ``b_l`` of shape ``(R, outputs)``: one batched
    product for all replicates. Batch normalisation and dropout stand where `MLP` has them.

    Args:
        n_replicates: number of networks R.
        n_inputs: features of a sample.
        hidden_sizes: units of each hidden layer; ``()`` is a linear map.
        n_outputs: outputs of a network.
        activation: as in `MLP`, the same for all replicates.
        dropout: probability of dropping a hidden unit while training.
        batch_norm: ``"none"``, ``"input"`` or ``"hidden"``, each replicate with its own statistics.
        generators: one for each replicate; replicate r starts with exactly the values of ``MLP(..., generator=generators[r])``.
            None takes seeds 0 to R - 1.
        dtype: type of the parameters; torch's default where None.

    Attributes:
        dropout_generators: generators of the dropout masks, one for each replicate, torch's global one where None;
            `annlab.train.fit_stacked` sets them for the length of a fit. Not part of copies, pickles or the state dict.

    Raises:
        ValueError: where the number of generators is not `n_replicates`, and as `MLP` does.
    """

    def __init__(
        self,
        n_replicates: int,
        n_inputs: int,
        hidden_sizes: Sequence[int],
        n_outputs: int,
        activation: str | Sequence[str] = "tanh",
        dropout: float = 0.0,
        batch_norm: str = "none",
        generators: Sequence[torch.Generator] | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if n_replicates < 1:
            raise ValueError(f"n_replicates must be at least 1, got {n_replicates}")
        if generators is None:
            generators = [torch.Generator().manual_seed(seed) for seed in range(n_replicates)]
        if len(generators) != n_replicates:
            raise ValueError(f"{n_replicates} replicates need as many generators, got {len(generators)}")
        nets = [MLP(n_inputs, hidden_sizes, n_outputs, activation, dropout, batch_norm, generator, dtype) for generator in generators]
        self.n_replicates, self.n_inputs, self.n_outputs = n_replicates, n_inputs, n_outputs
        self.hidden_sizes, self.activations = nets[0].hidden_sizes, nets[0].activations
        self.dropout, self.batch_norm = dropout, batch_norm
        self.dropout_generators: Sequence[torch.Generator | None] = [None] * n_replicates
        depth = range(len(nets[0].layers))
        states = [net.state_dict() for net in nets]
        self.weights = nn.ParameterList(torch.stack([state[f"layers.{layer}.weight"].T for state in states]) for layer in depth)
        self.biases = nn.ParameterList(torch.stack([state[f"layers.{layer}.bias"] for state in states]) for layer in depth)
        normed = [norm for norm in nets[0].norms if isinstance(norm, nn.BatchNorm1d)]
        self.norms = nn.ModuleList(StackedBatchNorm(n_replicates, n.num_features, n.eps, n.momentum or 0.0, dtype) for n in normed)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of every replicate: ``(n, d)`` shared by all, or ``(R, n, d)`` -> ``(R, n, outputs)``."""
        return self.between(x, 0, len(self.weights))

    def between(self, x: Tensor, first: int, stop: int) -> Tensor:
        """Layers `first` to ``stop - 1`` alone, on what enters the first of them: ``(n, d)`` or ``(R, n, d)`` -> ``(R, n, units)``."""
        h = x if x.ndim == 3 else x.expand(self.n_replicates, *x.shape)
        if self.batch_norm == "input" and first == 0:
            h = self.norms[0](h)
        last = len(self.weights) - 1
        for layer in range(first, stop):
            h = torch.baddbmm(self.biases[layer].unsqueeze(1), h, self.weights[layer])  # (R, n, inputs) -> (R, n, outputs)
            if self.batch_norm == "hidden" and layer < last:
                h = self.norms[layer](h)
            h = ACTIVATIONS[self.activations[layer]](h)
            if layer < last and self.training and self.dropout > 0:
                h = h * stacked_keep_mask(h, self.dropout, self.dropout_generators)
        return h

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a stack of this shape, for saving."""
        return {
            "n_replicates": self.n_replicates,
            "n_inputs": self.n_inputs,
            "hidden_sizes": self.hidden_sizes,
            "n_outputs": self.n_outputs,
            "activation": self.activations,
            "dropout": self.dropout,
            "batch_norm": self.batch_norm,
        }

    def replicate(self, index: int) -> MLP:
        """Replicate `index` as an `MLP` whose parameters and statistics are views of this stack's; gradients are not shared."""
        net = MLP(
            self.n_inputs,
            self.hidden_sizes,
            self.n_outputs,
            self.activations,
            self.dropout,
            self.batch_norm,
            torch.Generator().manual_seed(0),
            self.weights[0].dtype,
        )
        for layer, weight, bias in zip(net.layers, self.weights, self.biases, strict=True):
            layer.weight.data, layer.bias.data = weight.data[index].T, bias.data[index]
        for norm, stacked in zip(net.norms, self.norms, strict=True):
            assert isinstance(stacked, StackedBatchNorm)
            norm.weight.data, norm.bias.data = stacked.weight.data[index], stacked.bias.data[index]
            norm.running_mean, norm.running_var = stacked.running_mean[index], stacked.running_var[index]
        return net.train(self.training)

    def select(self, indices: Sequence[int]) -> "StackedMLP":
        """A stack of the replicates `indices`, in that order, with copies of their values."""
        chosen = copy.deepcopy(self)
        chosen.n_replicates = len(indices)
        rows = torch.tensor(list(indices), dtype=torch.int64, device=self.weights[0].device)
        for tensor in (*chosen.parameters(), *chosen.buffers()):
            tensor.data = tensor.data[rows]
        chosen.dropout_generators = [self.dropout_generators[index] for index in indices]
        return chosen

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "dropout_generators": [None] * self.n_replicates}


class StackedBatchNorm(nn.Module):
    """Batch normalisation (Ioffe and Szegedy, 2015) of ``(R, n, features)`` with statistics over n for each replicate.

    Training: ``y = g (x - mean) / sqrt(var + eps) + b`` with the batch's biased variance, and running statistics moved by
    `momentum` towards the batch's mean and unbiased variance. Evaluation: the running statistics.

    Args:
        n_replicates: number of replicates R.
        features: features of a sample.
        eps: added to the variance.
        momentum: share of the batch in the running statistics.
        dtype: type of parameters and statistics; torch's default where None.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, n_replicates: int, features: int, eps: float = 1e-5, momentum: float = 0.1, dtype: torch.dtype | None = None
    ) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(n_replicates, features, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(n_replicates, features, dtype=dtype))
        self.register_buffer("running_mean", torch.zeros(n_replicates, features, dtype=dtype))
        self.register_buffer("running_var", torch.ones(n_replicates, features, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised values of the shape of `x`, ``(R, n, features)``."""
        if self.training:
            if x.shape[1] < 2:
                raise ValueError("batch normalisation needs at least 2 samples in a training batch, got 1")
            variance, mean = torch.var_mean(x, dim=1, correction=0)
            with torch.no_grad():
                unbiased = variance * (x.shape[1] / (x.shape[1] - 1))
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(unbiased, self.momentum)
        else:
            mean, variance = self.running_mean, self.running_var
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (x - mean.unsqueeze(1)) * scale.unsqueeze(1) + self.bias.unsqueeze(1)


def stacked_keep_mask(like: Tensor, p: float, generators: Sequence[torch.Generator | None]) -> Tensor:
    """Masks of the shape of `like`, ``(R, n, units)``: replicate r has `annlab.nets.dropout.keep_mask` of ``generators[r]``."""
    return torch.stack([keep_mask(like.shape[1:], p, generator, like) for generator in generators])
