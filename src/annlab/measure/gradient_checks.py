"""Two independent gradients of a small dense network, to hold a calculation by hand against."""

from collections.abc import Callable, Sequence

import numpy as np

from annlab.measure.backprop import DenseNetwork, loss_of

__all__ = ["gradient_by_autograd", "gradient_by_differences"]


def gradient_by_autograd(network: DenseNetwork, inputs: Sequence[Sequence[float]], targets: Sequence[Sequence[float]]) -> np.ndarray:
    """Gradient of the mean squared error by torch's automatic differentiation in float64, shape (number of weights,)."""
    import torch

    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "identity": lambda z: z,
    }
    weights = torch.tensor(network.weights, dtype=torch.float64, requires_grad=True)
    value, start = torch.tensor(inputs, dtype=torch.float64), 0
    for n, m, name in zip(network.sizes, network.sizes[1:], network.activations, strict=False):
        matrix = weights[start : start + (n + 1) * m].reshape(n + 1, m)  # (sources and bias, targets)
        value, start = functions[name](value @ matrix[:n] + matrix[n]), start + (n + 1) * m
    torch.mean((value - torch.tensor(targets, dtype=torch.float64)) ** 2).backward()  # type: ignore[no-untyped-call]
    return np.asarray(weights.grad)


def gradient_by_differences(
    network: DenseNetwork, inputs: Sequence[Sequence[float]], targets: Sequence[Sequence[float]], step: float = 1e-2
) -> np.ndarray:
    """Gradient of the mean squared error by central differences of eighth order, shape (number of weights,).

    The error is about ``step^8`` where the loss is smooth; a relu crossing its corner within four steps spoils it.
    """
    gradient = np.zeros(len(network.weights))
    for i in range(len(gradient)):
        for k, coefficient in enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), start=1):
            for sign in (1, -1):
                weights = list(network.weights)
                weights[i] += sign * k * step
                moved = DenseNetwork(network.sizes, tuple(weights), network.activations)
                gradient[i] += sign * coefficient * loss_of(moved, inputs, targets) / step
    return gradient
