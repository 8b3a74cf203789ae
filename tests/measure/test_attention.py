"""Attention in NumPy: against torch, heads one by one, entropy of known weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from annlab.errors import UsageError
from annlab.measure.attention import attention, attention_entropy, multi_head_attention, self_attention


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.oracle
@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 9), st.integers(1, 5), st.sampled_from([None, 0.7]))
def test_it_is_torchs_scaled_dot_product(n, m, key_size, value_size, scale):
    q, k, v = draws(2, n, key_size), draws(2, m, key_size, seed=1), draws(2, m, value_size, seed=2)
    expected = functional.scaled_dot_product_attention(*(torch.as_tensor(each) for each in (q, k, v)), scale=scale)
    output, weights, scores = attention(q, k, v, scale)
    np.testing.assert_allclose(output, expected.numpy(), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(weights.sum(-1), 1.0)
    assert scores.shape == (2, n, m)


def test_every_step_of_self_attention():
    X, W_q, W_k, W_v = draws(3, 4, 6), draws(6, 5, seed=1), draws(6, 5, seed=2), draws(6, 2, seed=3)
    found = self_attention(X, W_q, W_k, W_v)
    np.testing.assert_allclose(found.queries, X @ W_q)
    np.testing.assert_allclose(found.scores[1, 2, 3], X[1, 2] @ W_q @ W_k.T @ X[1, 3] / np.sqrt(5))
    np.testing.assert_allclose(found.weights[0, 1], np.exp(found.scores[0, 1]) / np.exp(found.scores[0, 1]).sum())
    np.testing.assert_allclose(found.output[2, 0], found.weights[2, 0] @ (X[2] @ W_v))


def test_heads_are_single_attentions_side_by_side():
    X, W_q, W_k, W_v, W_o = draws(2, 4, 6), draws(3, 6, 5, seed=1), draws(3, 6, 5, seed=2), draws(3, 6, 2, seed=3), draws(6, 6, seed=4)
    output, steps = multi_head_attention(X, W_q, W_k, W_v, W_o)
    single = [self_attention(X, W_q[head], W_k[head], W_v[head]) for head in range(3)]
    np.testing.assert_allclose(output, np.concatenate([each.output for each in single], axis=-1) @ W_o)
    np.testing.assert_allclose(steps.weights[:, 2], single[2].weights)


def test_entropy_of_one_and_of_even_weights():
    assert attention_entropy([[1.0, 0.0, 0.0, 0.0]]) == 0.0
    np.testing.assert_allclose(attention_entropy(np.full((2, 3, 4), 0.25)), np.full((2, 3), np.log(4)))


@pytest.mark.parametrize("shapes", [((2, 3), (4, 5), (4, 1)), ((2, 3), (4, 3), (5, 1)), ((3,), (4, 3), (4, 1))])
def test_lengths_that_do_not_fit_are_refused(shapes):
    with pytest.raises(UsageError, match="attention takes queries"):
        attention(*(draws(*shape) for shape in shapes))
    with pytest.raises(UsageError, match="self_attention takes tokens"):
        self_attention(draws(4, 6), draws(5, 2), draws(6, 2), draws(6, 2))
