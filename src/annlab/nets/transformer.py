"""The vision transformer."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets.attention import MultiHeadAttention
from annlab.nets.dropout import Dropout
from annlab.nets.layer_base import pair
from annlab.nets.mlp import uniform_init
from annlab.nets.shapes import as_image_shape

__all__ = ["VisionTransformer", "patches", "transformer_parameters"]


def transformer_parameters(
    patches: int,
    patch_features: int,
    n_outputs: int = 10,
    dim: int = 64,
    depth: int = 6,
    heads: int = 8,
    head_dim: int = 64,
    mlp_dim: int = 128,
) -> int:
    """Parameters of a `VisionTransformer` by formula, with `patches` patches of `patch_features` numbers each.

    Embedding ``2 P + (P + 1) d + 2 d``, class token and positions ``(N + 2) d``; each of the blocks ``4 h k d + d`` for attention,
    ``2 d m + m + d`` for the two dense layers and ``4 d`` for the normalisations; ``2 d + (d + 1) c`` at the end.
    """
    embedding = 2 * patch_features + (patch_features + 1) * dim + 2 * dim + (patches + 2) * dim
    block = 4 * heads * head_dim * dim + dim + 2 * dim * mlp_dim + mlp_dim + dim + 4 * dim
    return embedding + depth * block + 2 * dim + (dim + 1) * n_outputs


def patches(x: torch.Tensor, patch_size: tuple[int, int]) -> torch.Tensor:
    """Images (n, height, width, channels) cut into patches (n, patches, numbers of a patch), row by row."""
    n, height, width, channels = x.shape
    high, wide = patch_size
    cut = x.reshape(n, height // high, high, width // wide, wide, channels).permute(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, (height // high) * (width // wide), high * wide * channels)


class VisionTransformer(nn.Module):
    """Vision transformer (Dosovitskiy et al., 2021) with normalisation before attention and before the dense layers.

    The image is cut into patches, each normalised, projected to `dim` numbers and normalised; a learned class token comes first and
    learned positions are added. A block is ``x + attention(norm(x))``, then ``x + dense(gelu(dense(norm(x))))``. The class token after
    the last block, normalised, goes through a dense layer. The last block computes the class token alone, as nothing else is read.

    Args:
        image_shape: ``(height, width[, channels])``.
        n_outputs: number of outputs.
        patch_size: edge of a patch, or its ``(height, width)``; it must divide the image's.
        dim: length of a token.
        depth: number of blocks.
        heads, head_dim: see `annlab.nets.MultiHeadAttention`.
        mlp_dim: units between the dense layers of a block.
        dropout: probability of dropping a weight of attention, an output of attention, a unit or output of the dense layers, and
            a number of the embedded tokens, while training.
        generator: draws the initial weights part by part: dense layers and attention as `annlab.nets.uniform_init`, class token and
            positions from N(0, 1); torch's global generator where None.
        dtype: type of the parameters; torch's default where None.
        fold: see `annlab.nets.MultiHeadAttention`.

    Shape:
        (n, height, width[, channels]) or (n, height * width * channels) -> (n, n_outputs).

    Raises:
        UsageError: for patches that do not divide the image or hold one number, or sizes that are not whole numbers of at least 1.

    >>> VisionTransformer((28, 28)).tokens
    17
    """

    matrix_axes: ClassVar = {"positions": None}  # a table of vectors: no matrix to optimisers, no weight to penalties

    def __init__(
        self,
        image_shape: Sequence[int],
        n_outputs: int = 10,
        patch_size: int | Sequence[int] = 7,
        dim: int = 64,
        depth: int = 6,
        heads: int = 8,
        head_dim: int = 64,
        mlp_dim: int = 128,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
        fold: bool | None = None,
    ) -> None:
        super().__init__()
        if any(int(size) != size or size < 1 for size in (n_outputs, dim, depth, heads, head_dim, mlp_dim)):
            sizes = f"{n_outputs}, {dim}, {depth}, {heads}, {head_dim} and {mlp_dim}"
            raise UsageError(f"outputs, dim, depth, heads, head_dim and mlp_dim are whole numbers of at least 1, got {sizes}")
        self.image_shape, self.n_outputs = as_image_shape(image_shape), int(n_outputs)
        dim, depth, heads, head_dim, mlp_dim = map(int, (dim, depth, heads, head_dim, mlp_dim))
        height, width = pair(patch_size)
        self.patch_size = (int(height), int(width))
        height, width, channels = self.image_shape
        high, wide = self.patch_size
        if high < 1 or wide < 1 or height % high or width % wide:
            raise UsageError(f"patches of {high} x {wide} pixels do not divide an image of {height} x {width}")
        self.dim, self.depth, self.heads, self.head_dim, self.mlp_dim = dim, depth, heads, head_dim, mlp_dim
        self.grid = (height // high, width // wide)
        self.tokens = self.grid[0] * self.grid[1] + 1
        features = high * wide * channels
        if features == 1:
            raise UsageError("a patch of one number is 0 once it is normalised: patches need more pixels or channels")
        self.patch_norm = nn.LayerNorm(features, dtype=dtype)
        self.embedding = _dense(features, dim, generator, dtype)
        self.token_norm = nn.LayerNorm(dim, dtype=dtype)
        self.class_token = nn.Parameter(_normal((dim,), generator, dtype))
        self.positions = nn.Parameter(_normal((self.tokens, dim), generator, dtype))
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(Block(dim, heads, head_dim, mlp_dim, dropout, generator, dtype, fold) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, dtype=dtype)
        self.dense = _dense(dim, n_outputs, generator, dtype)

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a network of this shape, for saving."""
        names = ("image_shape", "n_outputs", "patch_size", "dim", "depth", "heads", "head_dim", "mlp_dim")
        return {**{name: getattr(self, name) for name in names}, "dropout": self.dropout.p}

    def embedded(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens before the first block, (n, tokens, dim), the class token first."""
        x = patches(x.reshape(len(x), *self.image_shape), self.patch_size)
        x = self.token_norm(self.embedding(self.patch_norm(x)))
        x = torch.cat([self.class_token.to(x.dtype).expand(len(x), 1, -1), x], dim=1)
        return self.dropout(x + self.positions)  # type: ignore[no-any-return]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embedded(x)
        for index, block in enumerate(self.blocks):
            x = block(x, 1 if index == self.depth - 1 else None)
        return self.dense(self.norm(x[:, 0]))  # type: ignore[no-any-return]

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        """Weights of the softmax in every block, without dropout: (n, depth, heads, tokens, tokens), the class token first."""
        x, found = self.embedded(x), []
        for block in self.blocks:
            found.append(block.attention_weights(x))  # type: ignore[operator]
            x = block(x)
        return torch.stack(found, dim=1)


class Block(nn.Module):
    """Attention and two dense layers, each after a normalisation and added to what came in."""

    def __init__(
        self,
        dim: int,
        heads: int,
        head_dim: int,
        mlp_dim: int,
        dropout: float,
        generator: torch.Generator | None,
        dtype: torch.dtype | None,
        fold: bool | None,
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim, dtype=dtype) for _ in range(2))
        self.attention = MultiHeadAttention(dim, heads, head_dim, dropout, generator, dtype, fold)
        self.inner = _dense(dim, mlp_dim, generator, dtype)
        self.activation = nn.GELU()
        self.outer = _dense(mlp_dim, dim, generator, dtype)
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in range(3))

    def attention_weights(self, x: torch.Tensor) -> torch.Tensor:
        """Weights of the softmax for what comes in, (n, heads, tokens, tokens)."""
        return self.attention.weights(self.norms[0](x))

    def forward(self, x: torch.Tensor, queries: int | None = None) -> torch.Tensor:
        """Tokens after the block, the first `queries` alone where a number is given."""
        attended = self.dropouts[0](self.attention(self.norms[0](x), queries))
        x = (x if queries is None else x[:, :queries]) + attended
        inner = self.dropouts[1](self.activation(self.inner(self.norms[1](x))))
        return x + self.dropouts[2](self.outer(inner))  # type: ignore[no-any-return]


def _dense(before: int, after: int, generator: torch.Generator | None, dtype: torch.dtype | None) -> nn.Linear:
    made: nn.Linear = nn.utils.skip_init(nn.Linear, before, after, dtype=dtype)  # type: ignore[no-untyped-call]
    uniform_init(made, generator)
    return made


def _normal(shape: tuple[int, ...], generator: torch.Generator | None, dtype: torch.dtype | None) -> torch.Tensor:
    """Standard normal numbers, drawn as float64 on the generator's device."""
    device = torch.device("cpu") if generator is None else generator.device
    drawn = torch.empty(shape, dtype=torch.float64, device=device).normal_(generator=generator)
    return drawn.to(device="cpu", dtype=dtype or torch.get_default_dtype())
