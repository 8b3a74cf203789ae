"""Convolutions by hand, their matrices against torch, and what the transpose does not bring back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from annlab.errors import UsageError
from annlab.measure.convolution import (
    convolution_matrix,
    convolve,
    dense_parameters,
    im2col,
    null_space,
    places,
    rank,
    shifted,
)
from annlab.nets.shapes import output_size, transposed_output_size

SETTINGS = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2)).filter(lambda v: v[0] + 2 * v[3] >= v[1])


def test_the_worked_convolution():
    x = np.array([[2, 5, 4, 1], [3, 1, 2, 0], [4, 5, 7, 1], [1, 2, 3, 4]])
    assert convolve(x, np.eye(2), stride=2).tolist() == [[3, 4], [6, 11]]
    first = next(places(x, np.eye(2), stride=2))
    assert first.index == (0, 0)
    assert first.patch.tolist() == [[2, 5], [3, 1]]
    assert first.products.tolist() == [[2, 0], [0, 1]]


def test_toeplitz_matrix_by_hand():
    A = convolution_matrix([1, 0, 1], [6])
    assert A.tolist() == [[1, 0, 1, 0, 0, 0], [0, 1, 0, 1, 0, 0], [0, 0, 1, 0, 1, 0], [0, 0, 0, 1, 0, 1]]
    x = np.array([2, 5, 4, 1, 3, 7])
    assert (A @ x).tolist() == [6, 6, 7, 8]
    assert (A.T @ A @ x).tolist() == [6, 6, 13, 14, 7, 8]
    assert rank(A) == 4
    lost = null_space(A)
    assert lost.shape == (6, 2)
    np.testing.assert_allclose(A @ lost, 0, atol=1e-14)
    np.testing.assert_allclose(A @ (x + lost @ [3.0, -2.0]), A @ x, atol=1e-13)


@pytest.mark.oracle
@settings(max_examples=25, deadline=None)
@given(SETTINGS, st.integers(0, 99))
def test_one_dimension_against_torch(setting, seed):
    n, m, stride, padding = setting
    rng = np.random.default_rng(seed)
    x, kernel = torch.from_numpy(rng.normal(size=n)), torch.from_numpy(rng.normal(size=m))
    A = convolution_matrix(kernel, [n], stride, padding)
    theirs = functional.conv1d(x[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]
    np.testing.assert_allclose(A @ x.numpy(), theirs, atol=1e-12)
    np.testing.assert_allclose(convolve(x, kernel, stride, padding), theirs, atol=1e-12)
    assert len(theirs) == output_size(n, m, stride, padding)
    if (len(theirs) - 1) * stride + m > 2 * padding:  # torch asks for that, whatever it is to add at the end
        extra = n - transposed_output_size(len(theirs), m, stride, padding)
        back = functional.conv_transpose1d(theirs[None, None], kernel[None, None], stride=stride, padding=padding, output_padding=extra)
        np.testing.assert_allclose(A.T @ theirs.numpy(), back[0, 0], atol=1e-12)


@pytest.mark.oracle
@settings(max_examples=25, deadline=None)
@given(SETTINGS, SETTINGS, st.integers(0, 99))
def test_two_dimensions_against_torch(rows, columns, seed):
    (h, a, stride, padding), (w, b, _, _) = rows, columns
    w = max(w, b)
    rng = np.random.default_rng(seed)
    x, kernel = torch.from_numpy(rng.normal(size=(h, w))), torch.from_numpy(rng.normal(size=(a, b)))
    A = convolution_matrix(kernel, (h, w), stride, padding)
    theirs = functional.conv2d(x[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]
    np.testing.assert_allclose((A @ x.numpy().ravel()).reshape(theirs.shape), theirs, atol=1e-12)
    np.testing.assert_allclose((im2col(x, (a, b), stride, padding) @ kernel.numpy().ravel()).reshape(theirs.shape), theirs, atol=1e-12)
    back = torch.nn.grad.conv2d_input((1, 1, h, w), kernel[None, None], theirs[None, None], stride=stride, padding=padding)[0, 0]
    np.testing.assert_allclose((A.T @ theirs.numpy().ravel()).reshape(h, w), back, atol=1e-12)


@pytest.mark.oracle
def test_the_transpose_is_torchs_transposed_convolution():
    rng = np.random.default_rng(0)
    y, kernel = torch.from_numpy(rng.normal(size=(4, 5))), torch.from_numpy(rng.normal(size=(3, 2)))
    A = convolution_matrix(kernel, (9, 10), 2)
    theirs = functional.conv_transpose2d(y[None, None], kernel[None, None], stride=2)[0, 0]
    np.testing.assert_allclose((A.T @ y.numpy().ravel()).reshape(9, 10), theirs, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 8), st.integers(1, 3), st.integers(0, 99))
def test_rank_and_null_space_add_up(n, m, seed):
    A = convolution_matrix(np.random.default_rng(seed).normal(size=min(n, m)), [n])
    assert rank(A) == len(A)  # the first nonzero weight makes its rows independent
    assert null_space(A).shape == (n, n - len(A))


def test_a_square_matrix_need_not_be_invertible():
    A = convolution_matrix([1.0, 0.0, 1.0], [5], padding=1)
    assert A.shape == (5, 5)
    assert rank(A) == 4
    assert not np.allclose(A.T @ A, np.eye(5))


def test_shifts():
    image = np.arange(1, 7, dtype=np.uint8).reshape(1, 2, 3)
    assert shifted(image, 1, 0)[0].tolist() == [[0, 0, 0], [1, 2, 3]]
    assert shifted(image, 0, -1)[0].tolist() == [[2, 3, 0], [5, 6, 0]]
    assert shifted(image, 0, -1, wrap=True)[0].tolist() == [[2, 3, 1], [5, 6, 4]]
    assert shifted(image, 0, 0).dtype == np.uint8
    both = shifted(np.concatenate([image, image]), [0, 1], [1, 0])
    assert both.tolist() == [[[0, 1, 2], [0, 4, 5]], [[0, 0, 0], [1, 2, 3]]]


def test_parameters_of_a_dense_layer():
    assert dense_parameters((28, 28), (26, 26)) == 785 * 676


def test_what_does_not_fit():
    with pytest.raises(UsageError, match="as many axes"):
        convolve([1, 2], [[1]])
    with pytest.raises(UsageError, match="as many axes"):
        convolution_matrix([1], (2, 2))
    with pytest.raises(UsageError, match="reaches over"):
        convolve([1, 2], [1, 1, 1])
