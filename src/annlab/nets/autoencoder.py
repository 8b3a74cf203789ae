"""Autoencoders: dense ones as replicates trained together, and the convolutional one for images."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from annlab.errors import UsageError, unknown_name
from annlab.nets.activations import ACTIVATIONS, layer_activations
from annlab.nets.dropout import Dropout
from annlab.nets.mlp import BATCH_NORMS, uniform_init
from annlab.nets.shapes import as_image_shape
from annlab.nets.stacked_mlp import StackedMLP

__all__ = ["ConvAutoencoder", "DenseAutoencoder", "mirrored_activations"]

STRIDE = 2


def mirrored_activations(activation: str | Sequence[str], n_hidden: int, output_activation: str) -> tuple[str, ...]:
    """Activations of an autoencoder with `n_hidden` layers before the code: encoder, code, decoder (the encoder's mirrored), output.

    Args:
        activation: one name, or one for each layer of the encoder, the last of them that of the code.
        n_hidden: layers between the inputs and the code.
        output_activation: name of the last one.

    Raises:
        UsageError: for a name not in `ACTIVATIONS`, or a sequence of the wrong length.

    >>> mirrored_activations(("tanh", "identity"), 1, "sigmoid")
    ('tanh', 'identity', 'tanh', 'sigmoid')
    """
    names = (activation,) * (n_hidden + 1) if isinstance(activation, str) else tuple(activation)
    if len(names) != n_hidden + 1:
        raise UsageError(f"activation takes one name, or one for each of {n_hidden} hidden layers and the code, got {names!r}")
    return layer_activations((*names, *reversed(names[:-1]), output_activation), 2 * n_hidden + 1)


class DenseAutoencoder(StackedMLP):
    """R dense autoencoders of one shape, evaluated together: d - hidden - code - hidden reversed - d.

    ``code = f(... f(x W_1 + b_1) ...)`` and ``reconstruction = g(... f(code W + b) ...)``; the weights of encoder and decoder are not tied.

    Args:
        n_replicates: number of networks R.
        n_inputs: features d of a sample.
        code_size: units of the code.
        hidden_sizes: units of the layers between inputs and code; the decoder has them in reverse.
        activation: see `mirrored_activations`.
        output_activation: of the reconstruction, ``"sigmoid"`` for numbers in [0, 1].
        dropout, batch_norm, generators, dtype: as in `StackedMLP`; every layer but the last counts as hidden, the code too.
    """

    def __init__(
        self,
        n_replicates: int,
        n_inputs: int,
        code_size: int,
        hidden_sizes: Sequence[int] = (),
        activation: str | Sequence[str] = "relu",
        output_activation: str = "sigmoid",
        dropout: float = 0.0,
        batch_norm: str = "none",
        generators: Sequence[torch.Generator] | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        encoder = tuple(hidden_sizes)
        names = mirrored_activations(activation, len(encoder), output_activation)
        sizes = (*encoder, code_size, *reversed(encoder))
        super().__init__(n_replicates, n_inputs, sizes, n_inputs, names, dropout, batch_norm, generators, dtype)
        self.code_size, self.encoder_sizes = code_size, encoder

    @property
    def output_activation(self) -> str:
        """Name of the last activation; ``"identity"`` for the length of a training on logits."""
        return self.activations[-1]

    @output_activation.setter
    def output_activation(self, name: str) -> None:
        if name not in ACTIVATIONS:
            raise unknown_name("activation", name, ACTIVATIONS)
        self.activations = (*self.activations[:-1], name)

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build networks of this shape, for saving."""
        return {
            "n_replicates": self.n_replicates,
            "n_inputs": self.n_inputs,
            "code_size": self.code_size,
            "hidden_sizes": self.encoder_sizes,
            "activation": self.activations[: len(self.encoder_sizes) + 1],
            "output_activation": self.output_activation,
            "dropout": self.dropout,
            "batch_norm": self.batch_norm,
        }

    def encode(self, x: Tensor) -> Tensor:
        """Codes: ``(n, d)`` shared by all, or ``(R, n, d)`` -> ``(R, n, code)``."""
        return self.between(x, 0, len(self.encoder_sizes) + 1)

    def decode(self, code: Tensor) -> Tensor:
        """Reconstructions of codes: ``(n, code)`` shared by all, or ``(R, n, code)`` -> ``(R, n, d)``."""
        return self.between(code, len(self.encoder_sizes) + 1, len(self.weights))


class ConvAutoencoder(nn.Module):
    """Autoencoder of images: convolutions of stride 2, a dense code, and the same way back by transposed convolutions.

    Each convolution (kernel `kernel_size`, stride 2, zeros around) maps an edge s to ``ceil(s / 2)``; the transposed one gives back the
    edge that its partner took, so the reconstruction has the size of the image whatever that is.

    Args:
        image_shape: ``(height, width[, channels])``.
        code_size: units of the code.
        channels: maps of each convolution; the decoder has them in reverse.
        activation: see `mirrored_activations`, one for each convolution and the code.
        output_activation: of the reconstruction.
        kernel_size: edge of the kernels, odd.
        dropout: probability of dropping a number of a hidden layer while training, the code too.
        batch_norm: ``"none"``, ``"input"`` (the image) or ``"hidden"`` (each layer but the last, before its activation).
        generator: draws the initial weights layer by layer, weights before biases; torch's global generator where None.
        dtype: type of the parameters; torch's default where None.

    Shape:
        (n, height, width[, channels]) or (n, height * width * channels) -> (n, height * width * channels), channels last.

    Raises:
        UsageError: for sizes that are not whole numbers of at least 1, no channels, or a kernel of even size.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        code_size: int,
        channels: Sequence[int] = (16, 32),
        activation: str | Sequence[str] = "relu",
        output_activation: str = "sigmoid",
        kernel_size: int = 3,
        dropout: float = 0.0,
        batch_norm: str = "none",
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if not channels or any(int(size) != size or size < 1 for size in (*channels, code_size, kernel_size)) or kernel_size % 2 == 0:
            raise UsageError(
                "a convolutional autoencoder takes at least one number of channels, a code and an odd kernel, whole numbers of at least 1; "
                f"got channels {tuple(channels)}, code_size {code_size} and kernel_size {kernel_size}"
            )
        if batch_norm not in BATCH_NORMS:
            raise unknown_name("batch_norm", batch_norm, BATCH_NORMS)
        self.image_shape, self.code_size, self.channels = as_image_shape(image_shape), code_size, tuple(channels)
        self.kernel_size, self.batch_norm = kernel_size, batch_norm
        self.activations = mirrored_activations(activation, len(self.channels), output_activation)
        height, width, depth = self.image_shape
        edges = [(height, width)]
        for _ in self.channels:
            edges.append((-(-edges[-1][0] // STRIDE), -(-edges[-1][1] // STRIDE)))
        self.map_shape = (self.channels[-1], *edges[-1])  # (channels, height, width) between convolutions and code
        inputs = self.map_shape[0] * self.map_shape[1] * self.map_shape[2]
        margin, depths = kernel_size // 2, (depth, *self.channels)
        skip: Any = nn.utils.skip_init
        self.convolutions = nn.ModuleList(
            skip(nn.Conv2d, a, b, kernel_size, stride=STRIDE, padding=margin, dtype=dtype) for a, b in pairwise(depths)
        )
        self.to_code, self.from_code = skip(nn.Linear, inputs, code_size, dtype=dtype), skip(nn.Linear, code_size, inputs, dtype=dtype)
        self.deconvolutions = nn.ModuleList(
            skip(nn.ConvTranspose2d, b, a, kernel_size, stride=STRIDE, padding=margin, output_padding=extra, dtype=dtype)
            for (a, b), extra in zip(
                reversed(list(pairwise(depths))), [tuple(1 - edge % STRIDE for edge in pair) for pair in reversed(edges[:-1])], strict=True
            )
        )
        for layer in (*self.convolutions, self.to_code, self.from_code, *self.deconvolutions):
            uniform_init(layer, generator)
        maps = (*self.channels, None, *reversed(self.channels))  # None is the code
        normed: tuple[int | None, ...] = {"none": (), "input": (depth,), "hidden": maps}[batch_norm]
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(code_size, dtype=dtype) if size is None else nn.BatchNorm2d(size, dtype=dtype) for size in normed
        )
        self.dropout = Dropout(dropout)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def output_activation(self) -> str:
        """Name of the last activation; ``"identity"`` for the length of a training on logits."""
        return self.activations[-1]

    @output_activation.setter
    def output_activation(self, name: str) -> None:
        if name not in ACTIVATIONS:
            raise unknown_name("activation", name, ACTIVATIONS)
        self.activations = (*self.activations[:-1], name)

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a network of this shape, for saving."""
        return {
            "image_shape": self.image_shape,
            "code_size": self.code_size,
            "channels": self.channels,
            "activation": self.activations[: len(self.channels) + 1],
            "output_activation": self.output_activation,
            "kernel_size": self.kernel_size,
            "dropout": self.dropout.p,
            "batch_norm": self.batch_norm,
        }

    def encode(self, x: Tensor) -> Tensor:
        """Codes (n, code) of images."""
        h = x.reshape(len(x), *self.image_shape).permute(0, 3, 1, 2)  # a view: (n, h, w, c) -> (n, c, h, w), channels last in memory
        if self.batch_norm == "input":
            h = self.norms[0](h)
        for layer, convolution in enumerate(self.convolutions):
            h = self._hidden(convolution(h), layer)
        return self._hidden(self.to_code(h.flatten(1)), len(self.channels))

    def decode(self, code: Tensor) -> Tensor:
        """Reconstructions (n, height * width * channels) of codes (n, code)."""
        first = len(self.channels) + 1
        h = self.from_code(code).view(-1, *self.map_shape)
        for layer, convolution in enumerate(self.deconvolutions, start=first):
            h = convolution(self._hidden(h, layer))
        return ACTIVATIONS[self.output_activation](h).permute(0, 2, 3, 1).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def _hidden(self, z: Tensor, layer: int) -> Tensor:
        if self.batch_norm == "hidden":
            z = self.norms[layer](z)
        return self.dropout(ACTIVATIONS[self.activations[layer]](z))  # type: ignore[no-any-return]
