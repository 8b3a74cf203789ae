"""The residual network of basic blocks for images."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import nn

from annlab.errors import UsageError, unknown_name
from annlab.nets.layer_maps import GlobalMean
from annlab.nets.mlp import uniform_init
from annlab.nets.shapes import as_image_shape, output_size

__all__ = ["DEPTHS", "STEMS", "ResNet", "resnet_parameters"]

DEPTHS: dict[int, tuple[int, ...]] = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
"""Blocks of each of the four stages, by the number of layers with weights."""

STEMS = ("cifar", "imagenet")


def resnet_parameters(depth: int = 18, n_outputs: int = 10, channels: int = 3, stem: str = "cifar", width: int = 64) -> int:
    """Parameters of a `ResNet` by formula: convolutions without biases, two numbers a map for each normalisation, the dense layer.

    A block from a to b maps has ``9 a b + 9 b b + 4 b``, and ``a b + 2 b`` for the shortcut where maps or edges change.
    """
    kernel = 9 if stem == "cifar" else 49
    widths = [width, 2 * width, 4 * width, 8 * width]
    total = kernel * channels * width + 2 * width
    for stage, (before, b) in enumerate(pairwise([width, *widths])):
        for block in range(DEPTHS[depth][stage]):
            a = before if block == 0 else b
            total += 9 * a * b + 9 * b * b + 4 * b + (a * b + 2 * b if a != b else 0)
    return total + (widths[-1] + 1) * n_outputs


class ResNet(nn.Module):
    """Residual network of basic blocks (He, Zhang, Ren and Sun, 2016): ``relu(x + norm(conv(relu(norm(conv(x))))))``.

    Four stages; each after the first halves the edges and doubles the maps, its first shortcut being a convolution of 1 x 1 with
    stride 2. Then the mean of each map, and a dense layer. Weights and maps lie channels last in memory.

    Args:
        image_shape: ``(height, width[, channels])``.
        n_outputs: number of outputs.
        depth: layers with weights, a key of `DEPTHS`.
        stem: ``"cifar"``, a convolution of 3 x 3 alone, for small images; ``"imagenet"``, the paper's 7 x 7 with stride 2 and
            maximum pooling 3 x 3 with stride 2.
        width: maps of the first stage; 64 in the paper.
        generator: draws the initial weights layer by layer: kernels from N(0, 2 / fan_out) (He, Zhang, Ren and Sun, 2015), the dense
            layer as `annlab.nets.uniform_init`; torch's global generator where None.
        dtype: type of the parameters; torch's default where None.

    Shape:
        (n, height, width[, channels]) or (n, height * width * channels) -> (n, n_outputs).

    Raises:
        UsageError: for an unknown depth or stem, or sizes that are not whole numbers of at least 1.

    >>> ResNet((32, 32, 3)).stages[-1][-1].norms[-1].num_features
    512
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        n_outputs: int = 10,
        depth: int = 18,
        stem: Literal["cifar", "imagenet"] = "cifar",
        width: int = 64,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if depth not in DEPTHS:
            raise UsageError(f"depth is one of {', '.join(map(str, DEPTHS))}, got {depth!r}")
        if stem not in STEMS:
            raise unknown_name("stem", stem, STEMS)
        if any(int(size) != size or size < 1 for size in (n_outputs, width)):
            raise UsageError(f"outputs and width are whole numbers of at least 1, got {n_outputs} and {width}")
        depth, width, n_outputs = int(depth), int(width), int(n_outputs)
        self.image_shape, self.n_outputs, self.depth, self.stem, self.width = as_image_shape(image_shape), n_outputs, depth, stem, width
        small = stem == "cifar"
        self.first = _convolution(self.image_shape[2], width, 3 if small else 7, 1 if small else 2, dtype)
        self.norm = nn.BatchNorm2d(width, dtype=dtype)
        self.rectifier = nn.ReLU(inplace=True)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        stages = []
        for stage, (before, after) in enumerate(pairwise([width, width, 2 * width, 4 * width, 8 * width])):
            strides = [2 if stage and not block else 1 for block in range(DEPTHS[depth][stage])]
            stages.append(nn.Sequential(*(Block(after if block else before, after, s, dtype) for block, s in enumerate(strides))))
        self.stages = nn.ModuleList(stages)
        self.mean = GlobalMean()
        self.dense = nn.utils.skip_init(nn.Linear, 8 * width, n_outputs, dtype=dtype)  # type: ignore[no-untyped-call]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                _normal_init(module, generator)
        uniform_init(self.dense, generator)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a network of this shape, for saving."""
        return {name: getattr(self, name) for name in ("image_shape", "n_outputs", "depth", "stem", "width")}

    def map_sizes(self) -> list[tuple[int, int]]:
        """Height and width of the maps that each stage gives."""
        edges = self.image_shape[:2]
        for kernel, stride, padding in [(3, 1, 1)] if self.stem == "cifar" else [(7, 2, 3), (3, 2, 1)]:
            edges = (output_size(edges[0], kernel, stride, padding), output_size(edges[1], kernel, stride, padding))
        sizes = [edges]
        for _ in range(3):
            sizes.append((output_size(sizes[-1][0], 3, 2, 1), output_size(sizes[-1][1], 3, 2, 1)))
        return sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(len(x), *self.image_shape).permute(0, 3, 1, 2)  # a view: (n, h, w, c) -> (n, c, h, w), channels last in memory
        x = self.pool(self.rectifier(self.norm(self.first(x))))
        for stage in self.stages:
            x = stage(x)
        return self.dense(self.mean(x))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Two convolutions of 3 x 3 with normalisation, and a shortcut around them."""

    def __init__(self, before: int, after: int, stride: int, dtype: torch.dtype | None) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList([_convolution(before, after, 3, stride, dtype), _convolution(after, after, 3, 1, dtype)])
        self.norms = nn.ModuleList(nn.BatchNorm2d(after, dtype=dtype) for _ in range(2))
        self.rectifiers = nn.ModuleList(nn.ReLU(inplace=True) for _ in range(2))
        changed = stride > 1 or before != after
        self.shortcut = (
            nn.Sequential(_convolution(before, after, 1, stride, dtype), nn.BatchNorm2d(after, dtype=dtype)) if changed else nn.Identity()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.rectifiers[0](self.norms[0](self.convolutions[0](x)))
        inner = self.norms[1](self.convolutions[1](inner))
        return self.rectifiers[1](inner.add_(self.shortcut(x)))  # type: ignore[no-any-return]


def _convolution(before: int, after: int, kernel: int, stride: int, dtype: torch.dtype | None) -> nn.Conv2d:
    made: nn.Conv2d = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Conv2d, before, after, kernel, stride, kernel // 2, bias=False, dtype=dtype
    )
    return made


def _normal_init(convolution: nn.Conv2d, generator: torch.Generator | None) -> None:
    """Draws a kernel from N(0, 2 / fan_out), as float64 on the generator's device."""
    weight = convolution.weight
    deviation = math.sqrt(2.0 / weight[:, 0].numel())
    device = torch.device("cpu") if generator is None else generator.device
    with torch.no_grad():
        weight.copy_(torch.empty(weight.shape, dtype=torch.float64, device=device).normal_(0.0, deviation, generator=generator))
