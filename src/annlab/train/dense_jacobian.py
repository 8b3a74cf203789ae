"""Outputs of stacked dense networks and their derivatives with respect to every parameter, written out by hand.

With ``delta_l`` the derivative of one output with respect to the sums ``z_l = W_l^T h_{l-1} + b_l`` of layer l:
``df/dW_l = h_{l-1} delta_l^T``, ``df/db_l = delta_l``, ``delta_{l-1} = (W_l delta_l) * f'(z_{l-1})``. Samples run along the last axis,
so that every product works on long rows.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from annlab.nets.activations import ACTIVATIONS
from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.dense_gradient import DERIVATIVES, IN_PLACE

__all__ = ["DenseJacobian"]


class DenseJacobian:
    """Works on vectors of parameters ``(R, P)``: layer by layer the weights, inputs by outputs, then the biases.

    Args:
        net: a stack without batch normalisation or dropout; gives the shape alone.

    Attributes:
        size: number of parameters P of one network.
        is_weight: ``(P,)``, 1 for weights and 0 for biases, of the type of the stack.
    """

    def __init__(self, net: StackedMLP) -> None:
        self.sizes = (net.n_inputs, *net.hidden_sizes, net.n_outputs)
        self.activations = net.activations
        shapes = list(pairwise(self.sizes))
        self.lengths = [length for fan_in, fan_out in shapes for length in (fan_in * fan_out, fan_out)]
        self.size = sum(self.lengths)
        kinds = [torch.full((length,), 1.0 - place % 2) for place, length in enumerate(self.lengths)]
        self.is_weight = torch.cat(kinds).to(net.weights[0])

    def read(self, net: StackedMLP) -> Tensor:
        """Parameters of a stack as ``(R, P)``."""
        pairs = zip(net.weights, net.biases, strict=True)
        return torch.cat([tensor.detach().flatten(1) for pair in pairs for tensor in pair], 1)

    def write(self, net: StackedMLP, rows: Tensor, parameters: Tensor) -> None:
        """Writes parameters ``(len(rows), P)`` into the replicates `rows` of a stack of any type."""
        tensors = [tensor for pair in zip(net.weights, net.biases, strict=True) for tensor in pair]
        for tensor, block in zip(tensors, self._split(parameters), strict=True):
            tensor.data[rows] = block.reshape(-1, *tensor.shape[1:]).to(tensor.dtype)

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Outputs ``(R, outputs, n)`` for inputs ``(R, inputs, n)``."""
        return self._forward(parameters, x)[-1][0]

    def __call__(self, parameters: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs ``(R, K, n)`` and their derivatives ``(R, P, K, n)`` for inputs ``(R, inputs, n)``."""
        trace = self._forward(parameters, x)
        count, n, outputs = len(parameters), x.shape[2], self.sizes[-1]
        jacobian = parameters.new_empty(count, self.size, outputs, n)
        blocks = self._split(jacobian)
        # derivatives of output k with respect to the last layer's sums: (R, units, K, n)
        delta = torch.eye(outputs).to(parameters)[None, :, :, None].expand(count, outputs, outputs, n).contiguous()
        for layer in range(len(self.sizes) - 2, -1, -1):
            kept = trace[layer + 1][1].unsqueeze(2).expand_as(delta).contiguous()
            DERIVATIVES[self.activations[layer]](delta, kept)
            entered = trace[layer][0]
            weights = blocks[2 * layer].view(count, self.sizes[layer], -1, outputs, n)
            torch.mul(entered[:, :, None, None], delta[:, None], out=weights)
            blocks[2 * layer + 1].copy_(delta)
            if layer:
                delta = torch.bmm(self._weights(parameters, layer), delta.flatten(2)).view(count, -1, outputs, n)
        return trace[-1][0], jacobian

    def _split(self, values: Tensor) -> Sequence[Tensor]:
        return torch.split(values, self.lengths, 1)

    def _weights(self, parameters: Tensor, layer: int) -> Tensor:
        block = self._split(parameters)[2 * layer]
        return block.view(-1, self.sizes[layer], self.sizes[layer + 1])

    def _forward(self, parameters: Tensor, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For the inputs and every layer, its values and what its derivative needs, ``(R, units, n)`` each."""
        biases = self._split(parameters)[1::2]
        trace, h = [(x, x)], x
        for layer, (name, bias) in enumerate(zip(self.activations, biases, strict=True)):
            z = torch.baddbmm(bias.unsqueeze(2), self._weights(parameters, layer).transpose(1, 2), h)
            h = IN_PLACE[name](z) if name in IN_PLACE else ACTIVATIONS[name](z)
            trace.append((h, z))
        return trace
