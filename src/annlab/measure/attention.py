"""Self-attention in NumPy, every intermediate step kept, and how evenly attention is spread."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, softmax

from annlab.errors import UsageError

__all__ = ["SelfAttention", "attention", "attention_entropy", "multi_head_attention", "self_attention"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SelfAttention:
    """Every step of self-attention, with leading axes (...) as in the inputs.

    Attributes:
        queries: ``Q = X W_q``, (..., n, d_k).
        keys: ``K = X W_k``, (..., n, d_k).
        values: ``V = X W_v``, (..., n, d_v).
        scores: ``scale Q K^T``, (..., n, n).
        weights: softmax of each row of the scores, (..., n, n).
        output: ``weights V``, (..., n, d_v).
    """

    queries: Array
    keys: Array
    values: Array
    scores: Array
    weights: Array
    output: Array


def attention(queries: ArrayLike, keys: ArrayLike, values: ArrayLike, scale: float | None = None) -> tuple[Array, Array, Array]:
    """Scaled dot-product attention (Vaswani et al., 2017): output, weights and scores.

    Args:
        queries: (..., n, d_k).
        keys: (..., m, d_k).
        values: (..., m, d_v).
        scale: factor of the scores; ``1 / sqrt(d_k)`` where None.

    Returns:
        ``softmax(S) V`` (..., n, d_v), ``softmax(S)`` and ``S = scale Q K^T``, both (..., n, m); the softmax is taken by row.

    Raises:
        UsageError: for lengths that do not fit.
    """
    q, k, v = (np.asarray(each, dtype=np.float64) for each in (queries, keys, values))
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        wanted = "queries (..., n, d_k), keys (..., m, d_k) and values (..., m, d_v)"
        raise UsageError(f"attention takes {wanted}, got {q.shape}, {k.shape} and {v.shape}")
    scores = np.asarray(q @ np.swapaxes(k, -2, -1) * (1.0 / math.sqrt(q.shape[-1]) if scale is None else scale))
    weights = np.asarray(softmax(scores, axis=-1))
    return np.asarray(weights @ v), weights, scores


def self_attention(X: ArrayLike, W_q: ArrayLike, W_k: ArrayLike, W_v: ArrayLike, scale: float | None = None) -> SelfAttention:
    """Attention of tokens among themselves, every step kept.

    Args:
        X: tokens (..., n, d).
        W_q: (d, d_k).
        W_k: (d, d_k).
        W_v: (d, d_v).
        scale: see `attention`.

    Raises:
        UsageError: for matrices that do not fit.
    """
    x, *matrices = (np.asarray(each, dtype=np.float64) for each in (X, W_q, W_k, W_v))
    if x.ndim < 2 or any(each.ndim != 2 or each.shape[0] != x.shape[-1] for each in matrices):
        shapes = ", ".join(str(each.shape) for each in (x, *matrices))
        raise UsageError(f"self_attention takes tokens (..., n, d) and matrices of d rows, got {shapes}")
    queries, keys, values = (np.asarray(x @ each) for each in matrices)
    output, weights, scores = attention(queries, keys, values, scale)
    return SelfAttention(queries, keys, values, scores, weights, output)


def multi_head_attention(X: ArrayLike, W_q: ArrayLike, W_k: ArrayLike, W_v: ArrayLike, W_o: ArrayLike) -> tuple[Array, SelfAttention]:
    """Self-attention of several heads, side by side and projected back.

    Args:
        X: tokens (..., n, d).
        W_q: (heads, d, d_k).
        W_k: (heads, d, d_k).
        W_v: (heads, d, d_v).
        W_o: (heads * d_v, d).

    Returns:
        The output (..., n, d), and the steps of all heads, each (..., heads, n, ...).
    """
    x = np.asarray(X, dtype=np.float64)[..., None, :, :]
    queries, keys, values = (np.asarray(x @ np.asarray(each, dtype=np.float64)) for each in (W_q, W_k, W_v))
    output, weights, scores = attention(queries, keys, values)
    joined = np.moveaxis(output, -3, -2)  # (..., n, heads, d_v)
    projected = joined.reshape(*joined.shape[:-2], -1) @ np.asarray(W_o, dtype=np.float64)
    return np.asarray(projected), SelfAttention(queries, keys, values, scores, weights, output)


def attention_entropy(weights: ArrayLike) -> Any:
    """Entropy of each row of weights in nats, ``-sum(w log w)``: 0 where one token takes all, ``log m`` where all m share alike.

    (..., n, m) -> (..., n).
    """
    return entr(np.asarray(weights, dtype=np.float64)).sum(axis=-1)
