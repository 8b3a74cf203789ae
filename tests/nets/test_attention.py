"""Attention of several heads: against torch's own product, folded against plain, the last token alone, the drawn weights."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from annlab.errors import UsageError
from annlab.nets import MultiHeadAttention
from annlab.nets.attention import attention


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def tokens(*shape, seed=1):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


@pytest.mark.oracle
@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 9), st.integers(1, 5), st.sampled_from([None, 0.3]))
def test_it_is_torchs_scaled_dot_product(n, m, key_dim, value_dim, scale):
    query, key, value = tokens(2, n, key_dim), tokens(2, m, key_dim, seed=2), tokens(2, m, value_dim, seed=3)
    output, weights = attention(query, key, value, scale)
    expected = functional.scaled_dot_product_attention(query, key, value, scale=scale)
    torch.testing.assert_close(output, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, n, dtype=torch.float64))


@pytest.mark.oracle
def test_heads_are_torchs_multi_head_attention():
    dim, heads = 12, 3
    ours = MultiHeadAttention(dim, heads, dim // heads, generator=generator(), dtype=torch.float64)
    theirs = torch.nn.MultiheadAttention(dim, heads, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.projections.flatten(0, 2))
        theirs.in_proj_bias.zero_()
        theirs.out_proj.weight.copy_(ours.output)
        theirs.out_proj.bias.copy_(ours.bias)
    x = tokens(4, 5, dim)
    expected, weights = theirs(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(ours(x), expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.weights(x), weights, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("dim", "head_dim"), [(8, 16), (8, 8), (12, 6), (12, 4)])
@pytest.mark.parametrize("queries", [None, 1, 3])
def test_folded_is_the_same_function_with_the_same_gradients(dim, head_dim, queries):
    found = []
    for fold in (True, False):
        layer = MultiHeadAttention(dim, 3, head_dim, generator=generator(), dtype=torch.float64, fold=fold)
        x = tokens(4, 5, dim).requires_grad_()
        output = layer(x, queries)
        output.sin().sum().backward()
        found.append([output, x.grad, *(parameter.grad for parameter in layer.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("fold", [True, False])
def test_fewer_queries_are_the_first_rows(fold):
    layer = MultiHeadAttention(8, 2, 6, generator=generator(), dtype=torch.float64, fold=fold)
    x = tokens(3, 5, 8)
    torch.testing.assert_close(layer(x, 2), layer(x)[:, :2])


def test_both_ways_drop_weights_of_the_softmax():
    for fold in (True, False):
        layer = MultiHeadAttention(8, 2, 6, 0.5, generator(), torch.float64, fold)
        layer.dropout.generator = generator(3)
        x = tokens(1, 5, 8)
        kept = layer.eval()(x)
        mean = layer.train()(x.expand(3000, -1, -1)).mean(0, keepdim=True)
        assert (mean - kept).abs().max() < 0.03
        assert not torch.equal(layer(x), layer(x))


def test_weights_start_from_the_generator_within_the_bounds():
    before = torch.get_rng_state()
    one, same, other = (MultiHeadAttention(16, 4, 8, generator=generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.projections, other.projections)
    for parameter, fan_in in ((one.projections, 16), (one.output, 32)):
        assert parameter.abs().max().item() == pytest.approx(1 / math.sqrt(fan_in), rel=0.02)


@pytest.mark.parametrize("sizes", [(0, 1, 1), (4, 0, 1), (4, 1, 1.5)])
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(UsageError, match="whole numbers"):
        MultiHeadAttention(*sizes)
