"""Self-attention of several heads."""

import math
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional

from annlab.errors import UsageError
from annlab.nets.dropout import Dropout

__all__ = ["MultiHeadAttention", "attention"]


def attention(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scaled dot-product attention (Vaswani et al., 2017): ``softmax(scale Q K^T) V``, and the weights that the softmax gives.

    Args:
        queries: (..., n, d_k).
        keys: (..., m, d_k).
        values: (..., m, d_v).
        scale: factor of the scores; ``1 / sqrt(d_k)`` where None.

    Returns:
        The outputs (..., n, d_v) and the weights (..., n, m), each row of which sums to 1.
    """
    factor = 1.0 / math.sqrt(queries.shape[-1]) if scale is None else scale
    weights = torch.softmax((queries * factor) @ keys.transpose(-2, -1), dim=-1)
    return weights @ values, weights


class MultiHeadAttention(nn.Module):
    """Self-attention of `heads` heads (Vaswani et al., 2017), projections without biases but for the last.

    Head i has ``softmax(X W_q W_k^T X^T / sqrt(head_dim)) X W_v``; what the heads give is put side by side and projected back by W_o.

    Where `fold` is true, ``W_q W_k^T`` and ``W_v W_o`` are multiplied first, head by head: the same function of the same parameters,
    with dim x dim matrices in place of dim x head_dim ones and without projected keys and values. On a CPU it is faster up to
    ``dim = 2 head_dim``, from where on it multiplies more numbers; a GPU takes torch's fused product.

    Args:
        dim: length of a token.
        heads: number of heads.
        head_dim: length d_k of queries, keys and values of each head.
        dropout: probability of dropping a weight of the softmax while training.
        generator: draws the initial weights, each from U(-1/sqrt(fan_in), 1/sqrt(fan_in)); torch's global generator where None.
        dtype: type of the parameters; torch's default where None.
        fold: see above; None chooses by device and sizes.

    Shape:
        (n, tokens, dim) -> (n, tokens, dim).

    Raises:
        UsageError: for sizes that are not whole numbers of at least 1.

    >>> sum(p.numel() for p in MultiHeadAttention(64, 8, 64).parameters())
    131136
    """

    matrix_axes: ClassVar = {"projections": ((0,), (1, 2))}  # three matrices (heads * head_dim, dim) to optimisers that take matrices

    def __init__(
        self,
        dim: int,
        heads: int = 8,
        head_dim: int = 64,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
        fold: bool | None = None,
    ) -> None:
        super().__init__()
        if any(int(size) != size or size < 1 for size in (dim, heads, head_dim)):
            raise UsageError(f"dim, heads and head_dim are whole numbers of at least 1, got {dim}, {heads} and {head_dim}")
        self.dim, self.heads, self.head_dim, self.fold = int(dim), int(heads), int(head_dim), fold
        inner = heads * head_dim
        self.projections = nn.Parameter(torch.empty(3, heads, head_dim, dim, dtype=dtype))  # W_q, W_k, W_v, each head transposed
        self.output = nn.Parameter(torch.empty(dim, inner, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(dim, dtype=dtype))
        self.dropout = Dropout(dropout)
        device = torch.device("cpu") if generator is None else generator.device
        with torch.no_grad():
            for parameter, fan_in in ((self.projections, dim), (self.output, inner), (self.bias, inner)):
                bound = 1.0 / math.sqrt(fan_in)
                drawn = torch.empty(parameter.shape, dtype=torch.float64, device=device)
                parameter.copy_(drawn.uniform_(-bound, bound, generator=generator))

    def forward(self, x: torch.Tensor, queries: int | None = None) -> torch.Tensor:
        """Outputs of the first `queries` tokens, all of them where None; keys and values are those of all tokens."""
        rows = x if queries is None else x[:, :queries]
        fold = not x.is_cuda and self.dim <= 2 * self.head_dim if self.fold is None else self.fold
        return self._folded(x, rows) if fold else self._plain(x, rows)

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Weights of the softmax without dropout, (n, heads, tokens, tokens): row i holds what token i takes from each other."""
        query, key, value = self._projected(x, x)
        return attention(query, key, value)[1]

    def operations(self, tokens: int, queries: int | None = None) -> int:
        """Floating-point operations of one sample as its definition counts them, 2 a multiplication with an addition, 3 a softmax entry."""
        rows, inner = tokens if queries is None else queries, self.heads * self.head_dim
        projected = 2 * self.dim * inner * (2 * rows + 2 * tokens)
        return projected + rows * tokens * (4 * inner + 3 * self.heads)

    def _folded(self, x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        n, count, dim = rows.shape
        query, key, value = self.projections.unbind()  # (heads, head_dim, dim)
        scores_of = (query.transpose(1, 2) @ key) * (1.0 / math.sqrt(self.head_dim))  # (heads, dim, dim)
        outputs_of = value.transpose(1, 2) @ self.output.view(dim, self.heads, self.head_dim).permute(1, 2, 0)  # (heads, dim, dim)
        turned = rows @ scores_of.transpose(0, 1).reshape(dim, -1)  # (n, count, heads * dim)
        scores = torch.bmm(turned.view(n, count * self.heads, dim), x.transpose(1, 2))  # all heads as rows of one product
        weights = self.dropout(torch.softmax(scores, dim=-1))
        mixed = torch.bmm(weights, x).view(n * count, self.heads * dim)
        return torch.addmm(self.bias, mixed, outputs_of.reshape(-1, dim)).view(n, count, dim)

    def _plain(self, x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        query, key, value = self._projected(x, rows)
        if x.is_cuda and not (self.training and self.dropout.p):
            mixed = functional.scaled_dot_product_attention(query, key, value)
        else:
            scores = (query * (1.0 / math.sqrt(self.head_dim))) @ key.transpose(2, 3)
            mixed = self.dropout(torch.softmax(scores, dim=-1)) @ value  # (n, heads, count, head_dim)
        return functional.linear(mixed.transpose(1, 2).flatten(2), self.output, self.bias)

    def _projected(self, x: torch.Tensor, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries of `rows` and keys and values of `x`, each (n, heads, tokens, head_dim)."""

        def split(tokens: torch.Tensor, projections: torch.Tensor) -> Any:
            made = functional.linear(tokens, projections.flatten(0, 2))
            return made.view(*tokens.shape[:2], len(projections), self.heads, self.head_dim).permute(2, 0, 3, 1, 4).unbind()

        if rows is x:
            query, key, value = split(x, self.projections)
        else:
            (query,), (key, value) = split(rows, self.projections[:1]), split(x, self.projections[1:])
        return query, key, value

    def extra_repr(self) -> str:
        return f"dim={self.dim}, heads={self.heads}, head_dim={self.head_dim}"
