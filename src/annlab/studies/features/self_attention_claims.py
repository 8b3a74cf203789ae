"""What the reports say of self-attention: shapes and formulas, computed again."""

from typing import TYPE_CHECKING

import numpy as np

from annlab.lab.claims import claim, derived
from annlab.measure.attention import SelfAttention, self_attention

if TYPE_CHECKING:
    from annlab.lab.ledger import Row

PARTS = {"q": "queries", "v": "values", "scores": "scores", "output": "output"}


def steps(shape: tuple[int, ...], key_size: int, value_size: int) -> SelfAttention:
    """Self-attention of random tokens of `shape`, for its shapes."""
    rng = np.random.default_rng(0)
    W_q, W_k, W_v = (rng.normal(size=(shape[-1], size)) for size in (key_size, key_size, value_size))
    return self_attention(rng.normal(size=shape), W_q, W_k, W_v)


def shape_is(row: "Row") -> tuple[bool, str]:
    """Whether the shape that a row states is the one that comes out."""
    given = row.config
    if given["implementation"] == "NumPy":
        found = steps((given["n"], given["d"]), given["W"][1], given["W"][1])
    else:
        found = steps((given["batch"], given["seq_len"], given["dim_input"]), given["dim_qk"], given["dim_v"])
    shape = getattr(found, PARTS[row.id.rsplit("-", 1)[1]]).shape
    return shape == tuple(given["shape"]), f"the shape is {' by '.join(map(str, shape))}"


def general(row: "Row") -> tuple[bool, str]:
    """Whether the general shapes hold, with all lengths different."""
    found = steps((5, 7), 3, 2)
    shapes = [getattr(found, name).shape for name in ("queries", "keys", "values", "scores", "output")]
    return shapes == [(5, 3), (5, 3), (5, 2), (5, 5), (5, 2)], f"with n = 5, d_k = 3 and d_v = 2 the shapes are {shapes}"


def of_weights(row: "Row") -> tuple[bool, str]:
    """Whether scores can be products of the weight matrices alone: other tokens would leave them as they are."""
    rng = np.random.default_rng(0)
    W_q, W_k, W_v = (rng.normal(size=(7, size)) for size in (3, 3, 2))
    first, second = (self_attention(rng.normal(size=(5, 7)), W_q, W_k, W_v) for _ in range(2))
    right = "scores are (X W_q)(X W_k)^T / sqrt(d_k), n by n, and the output their softmax times X W_v: they depend on the tokens X"
    return bool(np.allclose(first.scores, second.scores)), right


CLAIMS = [
    claim(["self-attention.numpy.shape-*", "self-attention.torch.shape-*"], value=derived(shape_is)),
    claim("self-attention.general-shapes", value=derived(general)),
    claim("self-attention.scores-from-weights", value=derived(of_weights)),
]
