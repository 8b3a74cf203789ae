"""Loss and gradient of stacked dense networks, written out by hand: no graph is built, every product is batched.

With delta_l the derivative of the loss with respect to the sums ``z_l = h_{l-1} W_l + b_l`` of layer l:
``dL/dW_l = h_{l-1}^T delta_l``, ``dL/db_l = sum over samples of delta_l``, ``delta_{l-1} = (delta_l W_l^T) * f'(z_{l-1})``.
Rows are worked through in chunks whose activations stay in the processor's cache.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from annlab.nets.activations import ACTIVATIONS
from annlab.nets.dropout import keep_mask
from annlab.nets.stacked_mlp import StackedMLP

__all__ = ["DERIVATIVES", "IN_PLACE", "DenseGradient", "GraphGradient", "stacked_gradient", "stacked_loss"]

_aten = torch.ops.aten
_CHUNK_BYTES = 1 << 20  # of the widest layer's activations: a handful of them stay in the nearer caches

# f'(z) times delta, in place; from the activation h = f(z) where `_FROM_OUTPUT` has the name, else from z
DERIVATIVES: dict[str, Callable[[Tensor, Tensor], object]] = {
    "identity": lambda delta, h: delta,
    "relu": lambda delta, h: _aten.threshold_backward.grad_input(delta, h, 0.0, grad_input=delta),
    "tanh": lambda delta, h: _aten.tanh_backward.grad_input(delta, h, grad_input=delta),
    "sigmoid": lambda delta, h: _aten.sigmoid_backward.grad_input(delta, h, grad_input=delta),
    "leaky_relu": lambda delta, h: _aten.leaky_relu_backward.grad_input(delta, h, 0.01, True, grad_input=delta),
    "elu": lambda delta, h: _aten.elu_backward.grad_input(delta, 1.0, 1.0, 1.0, True, h, grad_input=delta),
    "mish": lambda delta, z: delta.copy_(_aten.mish_backward(delta, z)),
    "gelu": lambda delta, z: _aten.gelu_backward.grad_input(delta, z, grad_input=delta),
    "softplus": lambda delta, z: _aten.softplus_backward.grad_input(delta, z, 1.0, 20.0, grad_input=delta),
}
IN_PLACE: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z,
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
    "leaky_relu": functional.leaky_relu_,
    "elu": functional.elu_,
}


class DenseGradient:
    """Computes outputs, losses and gradients of a `StackedMLP` without batch normalisation.

    Args:
        net: the stack; its parameters are read and their ``grad``, contiguous tensors, written at every call.
        loss: ``"mse"``, ``"cross_entropy"`` or ``"binary_cross_entropy"``.
    """

    least = 16  # rows of a chunk, however wide the network

    def __init__(self, net: StackedMLP, loss: str) -> None:
        self.net, self.loss = net, loss
        self.gradients = [(_gradient(weight), _gradient(bias)) for weight, bias in zip(net.weights, net.biases, strict=True)]
        self.weights = [weight.data for weight in net.weights]
        self.biases = [bias.data.unsqueeze(1) for bias in net.biases]
        self.widest = max(weight.shape[2] for weight in self.weights)
        self._buffers: dict[tuple[object, ...], Tensor] = {}

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Sets the gradients at `x` ``(R, n, d)`` and `y` ``(R, n, outputs)``, or indices ``(R, n)``; returns the losses ``(R,)``."""
        n = x.shape[1]
        total: Tensor | None = None
        for start, stop in self.chunks(x):
            part = self._chunk(x[:, start:stop], y[:, start:stop], n, first=start == 0)
            total = part if total is None else total.add_(part)
        assert total is not None
        return total

    def outputs(self, x: Tensor) -> Tensor:
        """Outputs ``(R, n, outputs)`` in evaluation mode."""
        parts = [self._forward(x[:, start:stop], None) for start, stop in self.chunks(x)]
        return torch.cat(parts, 1) if len(parts) > 1 else parts[0]

    def chunks(self, x: Tensor) -> list[tuple[int, int]]:
        """Row ranges of `x` whose activations fit the cache; everything at once where dropout draws a mask or on an accelerator."""
        n = x.shape[1]
        size = n
        if x.device.type == "cpu" and not (self.net.dropout and self.net.training):
            size = max(self.least, _CHUNK_BYTES // (x.shape[0] * self.widest * x.element_size()))
        return [(start, min(start + size, n)) for start in range(0, n, size)]

    def _forward(self, x: Tensor, trace: list[tuple[Tensor, Tensor, Tensor | None]] | None) -> Tensor:
        """Outputs of one chunk; `trace` collects each layer's input, what its derivative needs, and its dropout mask."""
        h, last = x, len(self.weights) - 1
        for layer, (weight, bias, name) in enumerate(zip(self.weights, self.biases, self.net.activations, strict=True)):
            entered = h
            fresh = trace is None and layer == last  # handed out, so it is no buffer
            shape = (x.shape[0], x.shape[1], weight.shape[2])
            z = weight.new_empty(shape) if fresh else self._buffer("z", layer, shape)
            if weight.shape[2] == 1:  # a row times a matrix is several times as fast as a matrix times a column
                torch.bmm(weight.transpose(1, 2), h.transpose(1, 2), out=z.transpose(1, 2))
            else:
                torch.bmm(h, weight, out=z)
            z.add_(bias)
            h = IN_PLACE[name](z) if name in IN_PLACE else ACTIVATIONS[name](z)
            mask = None
            if trace is not None:
                kept = z
                if layer < last and self.net.training and self.net.dropout > 0:
                    mask = self._mask(h)
                    h = torch.mul(h, mask, out=self._buffer("dropped", layer, shape))
                trace.append((entered, kept, mask))
        return h

    def _chunk(self, x: Tensor, y: Tensor, n: int, *, first: bool) -> Tensor:
        trace: list[tuple[Tensor, Tensor, Tensor | None]] = []
        output = self._forward(x, trace)
        losses, delta = _loss_and_delta(self.loss, output, y, n)
        for layer in range(len(self.weights) - 1, -1, -1):
            entered, kept, mask = trace[layer]
            if mask is not None:
                delta.mul_(mask)
            DERIVATIVES[self.net.activations[layer]](delta, kept)
            weight_gradient, bias_gradient = self.gradients[layer]
            if first:
                torch.bmm(entered.transpose(1, 2), delta, out=weight_gradient)  # (R, inputs, n) (R, n, outputs)
                torch.sum(delta, 1, out=bias_gradient)
            else:
                weight_gradient.baddbmm_(entered.transpose(1, 2), delta)
                bias_gradient.add_(delta.sum(1))
            if layer:
                weight = self.weights[layer]
                before = self._buffer("delta", layer, (x.shape[0], x.shape[1], weight.shape[1]))
                delta = torch.bmm(delta, weight.transpose(1, 2), out=before)
        return losses

    def _mask(self, h: Tensor) -> Tensor:
        mask = self._buffer("mask", 0, h.shape)
        for row, generator in zip(mask, self.net.dropout_generators, strict=True):
            row.copy_(keep_mask(row.shape, self.net.dropout, generator, h))
        return mask

    def _buffer(self, kind: str, layer: int, shape: Sequence[int]) -> Tensor:
        key = (kind, layer, *shape)
        if key not in self._buffers:
            self._buffers[key] = self.weights[0].new_empty(shape)
        return self._buffers[key]


class GraphGradient:
    """The same by torch's automatic differentiation: for batch normalisation and for losses of one's own.

    Args:
        net: the stack; the ``grad`` of its parameters are written at every call.
        loss: as in `annlab.train.Recipe`.
    """

    def __init__(self, net: StackedMLP, loss: str | Callable[[Tensor, Tensor], Tensor]) -> None:
        self.net, self.loss = net, loss

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Sets the gradients of the loss at `x` and `y`; returns the losses ``(R,)``."""
        for parameter in self.net.parameters():
            _gradient(parameter).zero_()
        with torch.enable_grad():
            losses = stacked_loss(self.loss, self.net(x), y)
            losses.sum().backward()  # type: ignore[no-untyped-call]
        return losses.detach()

    def outputs(self, x: Tensor) -> Tensor:
        """Outputs ``(R, n, outputs)``."""
        with torch.no_grad():
            return self.net(x)  # type: ignore[no-any-return]


def stacked_gradient(net: StackedMLP, loss: str | Callable[[Tensor, Tensor], Tensor]) -> DenseGradient | GraphGradient:
    """What computes the gradients of `net`: written out by hand where it can be."""
    if callable(loss) or len(net.norms):
        return GraphGradient(net, loss)
    return DenseGradient(net, loss)


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def stacked_loss(loss: str | Callable[[Tensor, Tensor], Tensor], output: Tensor, target: Tensor) -> Tensor:
    """Losses ``(R,)`` of outputs ``(R, n, outputs)``, each the mean over its samples and outputs as in `annlab.train.LOSSES`."""
    if callable(loss):
        return torch.stack([loss(out, wanted) for out, wanted in zip(output, target, strict=True)])
    if loss == "mse":
        return (output - target).square().mean((1, 2))
    if loss == "binary_cross_entropy":
        target = target.expand_as(output)
        return functional.binary_cross_entropy_with_logits(output, target, reduction="none").mean((1, 2))
    scores = torch.log_softmax(output, -1)
    return -scores.gather(-1, target.unsqueeze(-1)).mean((1, 2))


def _loss_and_delta(loss: str, output: Tensor, target: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """This chunk's share of the losses of `n` samples, and their derivative with respect to the outputs."""
    scale = 1.0 / (n * output.shape[-1])
    if loss == "mse":
        difference = output - target
        return difference.square().sum((1, 2)).mul_(scale), difference.mul_(2 * scale)
    if loss == "binary_cross_entropy":
        losses = functional.binary_cross_entropy_with_logits(output, target.expand_as(output), reduction="none").sum((1, 2))
        return losses.mul_(scale), torch.sigmoid(output).sub_(target).mul_(scale)
    scores = torch.log_softmax(output, -1)
    index = target.unsqueeze(-1)
    losses = scores.gather(-1, index).sum((1, 2)).mul_(-1.0 / n)
    delta = scores.exp_()
    delta.scatter_add_(-1, index, torch.full_like(index, -1, dtype=delta.dtype))
    return losses, delta.mul_(1.0 / n)
