"""The convolutional network for images: convolution, pooling, rectifier, as often as wanted; dropout; one dense layer."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import nn

from annlab.errors import UsageError, unknown_name
from annlab.nets.dropout import Dropout
from annlab.nets.mlp import uniform_init

__all__ = ["PADDINGS", "ConvNet", "convnet_parameters", "flattened_size", "map_sizes"]

PADDINGS = ("valid", "same")
POOL = 2


def map_sizes(size: int, n_layers: int, kernel_size: int = 3, padding: str = "valid") -> list[int]:
    """Edge of the maps after each convolution with its pooling: ``floor((s - k + 1) / 2)``, or ``floor(s / 2)`` for ``"same"``.

    Args:
        size: edge s of the image, in pixels.
        n_layers: number of convolutions, each followed by a maximum over windows of 2 x 2.
        kernel_size: edge k of the kernels.
        padding: ``"valid"`` (none) or ``"same"`` (zeros around, so that a convolution keeps the size).

    Raises:
        UsageError: where nothing is left of the image.
    """
    if padding not in PADDINGS:
        raise unknown_name("padding", padding, PADDINGS)
    sizes = []
    for layer in range(n_layers):
        size = (size if padding == "same" else size - kernel_size + 1) // POOL
        if size < 1:
            raise UsageError(f"nothing is left of the image after convolution {layer + 1}: take larger images or fewer convolutions")
        sizes.append(size)
    return sizes


def flattened_size(
    image_shape: Sequence[int], channels: Sequence[int] = (32, 64), kernel_size: int = 3, padding: str = "valid", **_: Any
) -> int:
    """Inputs of the dense layer: height times width of the last maps, times their number."""
    height, width, depth = _shape(image_shape)
    edges = [map_sizes(edge, len(channels), kernel_size, padding)[-1] if channels else edge for edge in (height, width)]
    return edges[0] * edges[1] * (channels[-1] if channels else depth)


def convnet_parameters(
    image_shape: Sequence[int],
    channels: Sequence[int] = (32, 64),
    n_outputs: int = 10,
    kernel_size: int = 3,
    padding: str = "valid",
) -> dict[str, int]:
    """Parameters of each layer of a `ConvNet` by formula, without building it.

    A convolution from a to b channels has ``k^2 a b`` weights and b biases, whatever the size of its maps; the dense layer has as
    many weights as inputs times outputs and a bias an output.
    """
    depths = (_shape(image_shape)[2], *channels)
    counts = {f"convolution {i + 1}": kernel_size**2 * a * b + b for i, (a, b) in enumerate(pairwise(depths))}
    return {**counts, "dense": (flattened_size(image_shape, channels, kernel_size, padding) + 1) * n_outputs}


class ConvNet(nn.Module):
    """Convolutions with 2 x 2 maximum pooling and rectifiers, dropout, and a dense layer (LeCun et al., 1998, in today's form).

    The rectifier stands after the pooling: ``relu(max(x)) = max(relu(x))``, and it meets a quarter of the numbers. Weights and maps lie
    channels last in memory, in which images ``(n, height, width, channels)`` come as they are.

    Args:
        image_shape: ``(height, width)`` or ``(height, width, channels)``.
        channels: maps of each convolution.
        n_outputs: number of outputs.
        kernel_size: edge of the kernels, odd for ``padding="same"``.
        padding: ``"valid"`` for none, ``"same"`` for zeros around.
        dropout: probability of dropping an input of the dense layer while training.
        generator: draws the initial weights layer by layer, weights before biases, from U(-1/sqrt(fan_in), 1/sqrt(fan_in));
            torch's global generator where None.
        dtype: type of the parameters; torch's default where None.

    Shape:
        (n, height, width[, channels]) or (n, height * width * channels) -> (n, n_outputs).

    Raises:
        UsageError: for sizes that are not whole numbers of at least 1, or images too small for so many convolutions.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28),
        channels: Sequence[int] = (32, 64),
        n_outputs: int = 10,
        kernel_size: int = 3,
        padding: Literal["valid", "same"] = "valid",
        dropout: float = 0.5,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if any(int(size) != size or size < 1 for size in (*channels, n_outputs, kernel_size)):
            raise UsageError(f"channels, outputs and kernels are whole numbers of at least 1, got {channels}, {n_outputs}, {kernel_size}")
        if padding == "same" and kernel_size % 2 == 0:
            raise UsageError(f"padding 'same' takes a kernel of odd size, got {kernel_size}")
        self.image_shape, self.channels, self.n_outputs = _shape(image_shape), tuple(channels), n_outputs
        self.kernel_size, self.padding = kernel_size, padding
        inputs = flattened_size(image_shape, channels, kernel_size, padding)
        margin = kernel_size // 2 if padding == "same" else 0
        self.convolutions = nn.ModuleList(
            nn.utils.skip_init(nn.Conv2d, a, b, kernel_size, padding=margin, dtype=dtype)  # type: ignore[no-untyped-call]
            for a, b in pairwise((self.image_shape[2], *self.channels))
        )
        self.pool = nn.MaxPool2d(POOL)
        self.dropout = Dropout(dropout)
        self.dense = nn.utils.skip_init(nn.Linear, inputs, n_outputs, dtype=dtype)  # type: ignore[no-untyped-call]
        for layer in (*self.convolutions, self.dense):
            uniform_init(layer, generator)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a network of this shape, for saving."""
        return {
            "image_shape": self.image_shape,
            "channels": self.channels,
            "n_outputs": self.n_outputs,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
            "dropout": self.dropout.p,
        }

    def parameter_counts(self) -> dict[str, int]:
        """Parameters of each layer, counted in the module; named as in `convnet_parameters`."""
        layers = {f"convolution {i + 1}": layer for i, layer in enumerate(self.convolutions)} | {"dense": self.dense}
        return {name: sum(parameter.numel() for parameter in layer.parameters()) for name, layer in layers.items()}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(len(x), *self.image_shape).permute(0, 3, 1, 2)  # a view: (n, h, w, c) -> (n, c, h, w), channels last in memory
        for convolution in self.convolutions:
            x = torch.relu(self.pool(convolution(x)))
        return self.dense(self.dropout(x.flatten(1)))  # type: ignore[no-any-return]


def _shape(image_shape: Sequence[int]) -> tuple[int, int, int]:
    if len(image_shape) not in (2, 3) or any(int(edge) != edge or edge < 1 for edge in image_shape):
        raise UsageError(f"image_shape is (height, width) or (height, width, channels) of whole numbers from 1, got {tuple(image_shape)}")
    height, width, *depth = (int(edge) for edge in image_shape)
    return height, width, depth[0] if depth else 1
