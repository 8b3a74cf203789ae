"""Sizes by formula against torch, over grids that hypothesis draws; errors that name the layer."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from annlab.errors import UsageError
from annlab.nets.layers import BatchNorm, Conv, Dense, Dropout, Flatten, GlobalAveragePool, MaxPool, Parallel, ReLU, Reshape
from annlab.nets.shapes import as_image_shape, output_size, trace, transposed_output_size

edges = st.integers(1, 20)


@settings(max_examples=150)
@given(n=edges, m=st.integers(1, 6), s=st.integers(1, 4), p=st.integers(0, 4), d=st.integers(1, 3))
def test_output_sizes_are_those_of_torch(n, m, s, p, d):
    x, kernel = torch.zeros(1, 1, n), torch.zeros(1, 1, m)
    if n + 2 * p < d * (m - 1) + 1:
        with pytest.raises(UsageError, match="reaches over"):
            output_size(n, m, s, p, d)
        with pytest.raises(RuntimeError):
            functional.conv1d(x, kernel, None, s, p, d)
    else:
        assert output_size(n, m, s, p, d) == functional.conv1d(x, kernel, None, s, p, d).shape[2]


@settings(max_examples=100)
@given(n=edges, m=st.integers(1, 6), s=st.integers(1, 4), p=st.integers(0, 3), o=st.integers(0, 3), d=st.integers(1, 3))
def test_sizes_of_transposed_convolutions_are_those_of_torch_and_undo_the_size_of_a_convolution(n, m, s, p, o, d):
    o %= s
    try:
        size = transposed_output_size(n, m, s, p, o, d)
    except UsageError:
        assert (n - 1) * s - 2 * p + d * (m - 1) + o + 1 < 1
        return
    assert size == functional.conv_transpose1d(torch.zeros(1, 1, n), torch.zeros(1, 1, m), None, s, p, o, 1, d).shape[2]
    assert output_size(size, m, s, p, d) == n


def test_the_network_of_a_handout_by_hand():
    layers = [
        *(Conv(16, 4, stride=2, padding=2), BatchNorm(), ReLU(), Dropout(0.2)),
        *(Conv(32, 4, stride=2, padding=1), BatchNorm(), ReLU(), Dropout(0.4)),
        *(Conv(32, 3, padding=1), BatchNorm(), ReLU(), Dropout(0.4)),
        *(Conv(64, 2), BatchNorm(), ReLU(), Flatten()),
        *(Dense(100), ReLU(), Dense(10)),
    ]
    rows = trace(layers, (28, 28))
    assert [row.output_shape for row in rows if isinstance(row.layer, Conv)] == [(15, 15, 16), (7, 7, 32), (7, 7, 32), (6, 6, 64)]
    assert rows[15].output_shape == (2304,)
    assert [row.position for row in rows] == list(range(1, 20))
    assert sum(row.parameters for row in rows) == (
        (16 * 1 + 1) * 16 + (16 * 16 + 1) * 32 + (9 * 32 + 1) * 32 + (4 * 32 + 1) * 64 + 2 * (16 + 32 + 32 + 64) + 2305 * 100 + 101 * 10
    )
    assert rows[0].flops == 2 * 16 * 15 * 15 * 16


@pytest.mark.parametrize(
    ("layers", "shape", "parts"),
    [
        ([Conv(8, 3), MaxPool(2), Conv(8, 5)], (8, 8), ["layer 3, Conv(8, 5)", "3 x 3 x 8", "5 pixels", "3 pixels"]),
        ([Conv(8, (3, 9))], (28, 4, 3), ["layer 1, Conv(8, (3, 9))", "28 x 4 x 3", "9 pixels"]),
        ([ReLU(), Dense(10)], (5, 5), ["layer 2, Dense(10)", "5 x 5 x 1", "Flatten()"]),
        ([Flatten(), Conv(8, 3)], (5, 5), ["layer 2, Conv(8, 3)", "25 features", "before Flatten()"]),
        ([Flatten(), GlobalAveragePool()], (5, 5), ["layer 2, GlobalAveragePool()", "25 features"]),
        ([Reshape(2, 3, 4)], (25,), ["layer 1, Reshape(2, 3, 4)", "24 numbers", "25"]),
        ([Parallel([Conv(4, 1)], [Conv(4, 3)])], (9, 9), ["layer 1, Parallel(", "agree", "9 x 9 x 4", "7 x 7 x 4"]),
        ([Parallel([], [ReLU(), Conv(4, 10)])], (9, 9), ["layer 1, Parallel(", "branch 2", "layer 2, Conv(4, 10)"]),
        ([Parallel([], [Flatten()])], (9, 9), ["layer 1, Parallel(", "agree"]),
        ([ReLU(), "relu"], (9, 9), ["layer 2", "'relu'", "no declaration"]),
        ([ReLU], (9, 9), ["layer 1"]),
    ],
)
def test_a_layer_that_does_not_fit_is_named_with_its_input_and_the_rule(layers, shape, parts):
    with pytest.raises(ValueError, match="layer") as error:
        trace(layers, shape)
    for part in parts:
        assert part in str(error.value)


@pytest.mark.parametrize("shape", [(28,), (28, 0), (2, 3, 4, 5), (2.5, 3)])
def test_shapes_that_are_none(shape):
    with pytest.raises(UsageError, match="image_shape"):
        as_image_shape(shape)
