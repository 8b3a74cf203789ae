"""What convolution-arithmetic works out without training: sizes, matrices, ranks, parameters and equivariance."""

from itertools import product

import numpy as np
import torch
from torch.nn import functional

from annlab.errors import UsageError
from annlab.measure.convolution import convolution_matrix, convolve, dense_parameters, null_space, rank, shifted
from annlab.nets.layers import Conv
from annlab.nets.shapes import output_size

__all__ = ["INPUT", "KERNEL", "ROW", "ROW_KERNEL", "STRIDE", "compared_layers", "measured", "size_grid"]

INPUT = np.array([[2, 5, 4, 1], [3, 1, 2, 0], [4, 5, 7, 1], [1, 2, 3, 4]])
KERNEL = np.array([[1, 0], [0, 1]])
STRIDE = 2
ROW = np.array([2, 5, 4, 1, 3, 7])
ROW_KERNEL = np.array([1, 0, 1])
EDGES, KERNELS, PADDINGS, STRIDES = range(1, 13), range(1, 6), range(3), range(1, 4)


def size_grid() -> list[tuple[int, int, int, int, int | None, int | None]]:
    """For every n, m, P and S of the grid: the size by formula and that of torch's output, None where there is none."""
    rows = []
    for n, m, padding, stride in product(EDGES, KERNELS, PADDINGS, STRIDES):
        try:
            ours = output_size(n, m, stride, padding)
        except UsageError:
            ours = None
        try:
            x = torch.zeros(1, 1, n)
            theirs = functional.conv1d(x, torch.zeros(1, 1, m), stride=stride, padding=padding).shape[2]
        except RuntimeError:
            theirs = None
        rows.append((n, m, padding, stride, ours, theirs))
    return rows


def compared_layers(edge: int = 28, channels: int = 16, kernel_size: int = 3) -> tuple[int, int, tuple[int, ...]]:
    """Parameters of a convolution that keeps the size, of a dense layer with the same output, and the shape of that output."""
    layer = Conv(channels, kernel_size, padding=kernel_size // 2)
    shape = (edge, edge, 1)
    after = layer.output_shape(shape)
    return layer.parameters(shape), dense_parameters(shape, after), after


def measured(rng: np.random.Generator) -> dict[str, float]:
    """All numbers of the arithmetic on inputs and kernels drawn from `rng`, beside the worked ones."""
    grid = size_grid()
    few, many, _ = compared_layers()
    A = convolution_matrix(ROW_KERNEL, ROW.shape)
    lost = null_space(A)
    back = A.T @ (A @ ROW)
    return {
        "sizes_checked": float(len(grid)),
        "sizes_wrong": float(sum(ours != theirs for *_, ours, theirs in grid)),
        "sizes_rounded": float(sum(ours is not None and (n - m + 2 * p) % s != 0 for n, m, p, s, ours, _ in grid)),
        **_against_torch(rng),
        "rank": float(rank(A)),
        "null_dimension": float(lost.shape[1]),
        "transpose_error": float(np.linalg.norm(back - ROW) / np.linalg.norm(ROW)),
        "inverse_error": float(np.linalg.norm(np.linalg.pinv(A) @ A @ ROW - ROW) / np.linalg.norm(ROW)),
        "lost_share": float(np.linalg.norm(lost.T @ ROW) / np.linalg.norm(ROW)),
        "convolution_parameters": float(few),
        "dense_parameters": float(many),
        **_equivariance(rng),
    }


def _against_torch(rng: np.random.Generator) -> dict[str, float]:
    """Largest difference of matrix products from torch's convolutions and transposed convolutions."""
    found: dict[str, float] = {}
    for axes, (conv, transposed) in enumerate(
        ((functional.conv1d, functional.conv_transpose1d), (functional.conv2d, functional.conv_transpose2d)), 1
    ):
        straight, back = [], []
        for stride, padding in product((1, 2), (0, 1)):
            shape, kernel_shape = (9, 11)[:axes], (3, 3)[:axes]
            x, kernel = rng.normal(size=shape), rng.normal(size=kernel_shape)
            A = convolution_matrix(kernel, shape, stride, padding)
            weights = torch.from_numpy(kernel)[None, None]
            theirs = conv(torch.from_numpy(x)[None, None], weights, stride=stride, padding=padding)
            returned = transposed(theirs, weights, stride=stride, padding=padding)
            straight.append(np.abs(A @ x.ravel() - theirs.numpy().ravel()).max())
            back.append(np.abs(A.T @ theirs.numpy().ravel() - returned.numpy().ravel()).max())
        found |= {f"matrix_difference_{axes}d": float(max(straight)), f"transposed_difference_{axes}d": float(max(back))}
    return found


def _equivariance(rng: np.random.Generator) -> dict[str, float]:
    """Share of outputs that differ between convolving a shifted image and shifting the convolved one; whole numbers, so exact."""
    image, kernel = rng.integers(0, 16, (12, 12)), rng.integers(-3, 4, (3, 3))

    def moved(x: np.ndarray, pixels: int, wrap: bool) -> np.ndarray:
        return np.asarray(shifted(x[None], 0, pixels, wrap=wrap)[0])

    def circular(x: np.ndarray) -> np.ndarray:
        return convolve(np.pad(x, 1, mode="wrap"), kernel)

    def share(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.mean(one != other))

    wrapped = share(circular(moved(image, 1, True)), moved(circular(image), 1, True))
    one, other = convolve(moved(image, 1, True), kernel, padding=1), moved(convolve(image, kernel, padding=1), 1, True)
    halved = [circular(moved(image, pixels, True))[::2, ::2] for pixels in (0, 1, 2)]
    return {
        "equivariance_circular": wrapped,
        "equivariance_border": share(one, other),
        "equivariance_interior": share(one[1:-1, 2:-1], other[1:-1, 2:-1]),
        "equivariance_stride_odd": min(share(halved[1], moved(halved[0], pixels, True)) for pixels in range(6)),
        "equivariance_stride_even": share(halved[2], moved(halved[0], 1, True)),
    }
