"""Convolution as arithmetic: the sum place by place, its matrix, the transpose of that matrix, and what the matrix loses.

As in neural networks the kernel is not mirrored (a cross-correlation): ``y[i] = sum_j k[j] x[s i + j - p]`` along every axis, with
zeros outside of x.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from annlab.errors import UsageError
from annlab.nets.shapes import output_size

__all__ = ["Place", "convolution_matrix", "convolve", "dense_parameters", "im2col", "null_space", "places", "rank", "shifted"]


@dataclass(frozen=True)
class Place:
    """One place of the kernel: where its value goes, and the numbers under the kernel."""

    index: tuple[int, ...]
    patch: np.ndarray
    products: np.ndarray

    @property
    def value(self) -> float:
        """Sum of the products."""
        return float(self.products.sum())


def places(x: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: int = 0) -> Iterator[Place]:
    """The places of the kernel one after the other, as one would work them out by hand.

    Args:
        x: input of one, two or more axes.
        kernel: of as many axes.
        stride: numbers from one place to the next, along every axis.
        padding: zeros added at both ends of every axis.

    Raises:
        UsageError: for arrays of different numbers of axes, or a kernel larger than the padded input.
    """
    inputs, weights = _both(x, kernel)
    padded = np.pad(inputs, padding)
    for index in np.ndindex(*_sizes(inputs.shape, weights.shape, stride, padding)):
        patch = padded[tuple(slice(i * stride, i * stride + m) for i, m in zip(index, weights.shape, strict=True))]
        yield Place(index, patch, patch * weights)


def convolve(x: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Convolution of `x` with `kernel`, place by place; the arguments are those of `places`.

    >>> convolve([2, 5, 4, 1, 3, 7], [1, 0, 1])
    array([6., 6., 7., 8.])
    """
    inputs, weights = _both(x, kernel)
    found = np.zeros(_sizes(inputs.shape, weights.shape, stride, padding))
    for place in places(inputs, weights, stride, padding):
        found[place.index] = place.value
    return found


def im2col(x: ArrayLike, kernel_shape: Sequence[int], stride: int = 1, padding: int = 0) -> np.ndarray:
    """The patches as rows, (places, numbers under the kernel): times the flat kernel they are the flat convolution."""
    patches = [place.patch.ravel() for place in places(x, np.ones(tuple(kernel_shape)), stride, padding)]
    return np.stack(patches)


def convolution_matrix(kernel: ArrayLike, input_shape: Sequence[int], stride: int = 1, padding: int = 0) -> np.ndarray:
    """The matrix A of a convolution: ``A x.ravel() = convolve(x, kernel, stride, padding).ravel()``, (outputs, inputs).

    At stride 1 it is a Toeplitz matrix in one dimension and a block Toeplitz matrix of Toeplitz blocks in two. Its transpose is the
    transposed convolution, which is how a gradient goes back through a convolution, and no inverse.

    Args:
        kernel: of as many axes as the input.
        input_shape: lengths of the input's axes.
        stride, padding: as in `places`.

    Raises:
        UsageError: as `places` does.
    """
    weights, shape = np.asarray(kernel, dtype=np.float64), tuple(int(n) for n in input_shape)
    if weights.ndim != len(shape):
        raise UsageError(f"kernel and input have as many axes, got {weights.ndim} and {len(shape)}")
    numbers = np.arange(1, int(np.prod(shape)) + 1).reshape(shape)  # 0 stands for padding
    columns = im2col(numbers, weights.shape, stride, padding).astype(np.int64)
    matrix = np.zeros((len(columns), numbers.size + 1))
    np.add.at(matrix, (np.arange(len(columns))[:, None], columns), weights.ravel()[None, :])
    return matrix[:, 1:]


def rank(matrix: np.ndarray) -> int:
    """Number of independent rows."""
    return int(np.linalg.matrix_rank(matrix))


def null_space(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal inputs that the matrix takes to zero, as columns (inputs, inputs - rank): what no inverse can bring back."""
    return np.asarray(linalg.null_space(matrix))


def dense_parameters(inputs: Sequence[int], outputs: Sequence[int]) -> int:
    """Weights and biases of a dense layer between two shapes: ``(prod(inputs) + 1) prod(outputs)``."""
    return (int(np.prod(tuple(inputs))) + 1) * int(np.prod(tuple(outputs)))


def shifted(images: np.ndarray, down: ArrayLike, across: ArrayLike, wrap: bool = False) -> np.ndarray:
    """Images (n, height, width) moved by whole pixels, each by its own number or all by one.

    Args:
        images: of any type, which is kept.
        down, across: pixels, negative for up and to the left; (n,) or one number.
        wrap: whether what leaves on one side comes in on the other; zeros come in otherwise.
    """
    n, height, width = images.shape
    rows = np.arange(height)[None, :] - np.broadcast_to(down, n)[:, None]
    columns = np.arange(width)[None, :] - np.broadcast_to(across, n)[:, None]
    found = images[np.arange(n)[:, None, None], (rows % height)[:, :, None], (columns % width)[:, None, :]]
    if wrap:
        return np.asarray(found)
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    return np.asarray(np.where(inside, found, np.zeros((), dtype=images.dtype)))


def _both(x: ArrayLike, kernel: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    inputs, weights = np.asarray(x, dtype=np.float64), np.asarray(kernel, dtype=np.float64)
    if inputs.ndim != weights.ndim or not inputs.ndim:
        raise UsageError(f"kernel and input have as many axes, got {weights.ndim} and {inputs.ndim}")
    return inputs, weights


def _sizes(shape: Sequence[int], kernel: Sequence[int], stride: int, padding: int) -> tuple[int, ...]:
    return tuple(output_size(n, m, stride, padding) for n, m in zip(shape, kernel, strict=True))
