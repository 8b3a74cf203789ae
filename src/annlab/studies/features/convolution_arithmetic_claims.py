"""Ledger rows of convolution-arithmetic: the sums worked out anew, and what shifts do to trained networks."""

import numpy as np

from annlab.lab import claim, derived, greater, less, metric
from annlab.lab.ledger import Row
from annlab.measure.convolution import convolution_matrix, convolve

MATRIX = "convolution-arithmetic.toeplitz."


def worked(row: Row) -> np.ndarray:
    """Output of the two-dimensional convolution in the row's configuration."""
    config = row.config
    return convolve(config["input"], config["kernel"], config["stride"], config["padding"])


def element(row: Row) -> float:
    """The element that the row's id names by its two digits."""
    return float(worked(row)[int(row.id[-2]), int(row.id[-1])])


def first_element(row: Row) -> float:
    """The first element of the output, which has four."""
    return float(worked(row).flat[0])


def size(row: Row) -> float:
    """Edge of the output."""
    return float(worked(row).shape[0])


def _sizes_by_counting(rounded: bool) -> int:
    """How many settings of a grid have another number of places of the kernel than the formula gives."""
    wrong = 0
    for n in range(1, 13):
        for m in range(1, 6):
            for padding in range(3):
                for stride in range(1, 4):
                    counted = len(range(0, n + 2 * padding - m + 1, stride))
                    formula = (n - m + 2 * padding) / stride + 1
                    wrong += counted > 0 and counted != (int(formula // 1) if rounded else formula)
    return wrong


def unrounded(row: Row) -> tuple[bool, str]:
    """Whether (W - K + 2P)/S + 1 counts the places of the kernel."""
    wrong = _sizes_by_counting(rounded=False)
    return not wrong, f"right where the stride divides W - K + 2P, as here; in {wrong} settings of 540 it must be rounded down"


def rounded_down(row: Row) -> tuple[bool, str]:
    """Whether floor((n - m + 2P)/S) + 1 counts the places of the kernel."""
    wrong = _sizes_by_counting(rounded=True)
    return not wrong, f"{wrong} of 540 settings differ from the number of places counted"


def matrix(row: Row) -> np.ndarray:
    """The matrix of the convolution in the row's configuration."""
    return convolution_matrix(row.config["k"], (len(row.config["x"]),), row.config["stride"], row.config["padding"])


def straight(row: Row) -> float:
    """Element of A x that the row's id names."""
    return float((matrix(row) @ np.asarray(row.config["x"]))[int(row.id[-1])])


def back(row: Row) -> float:
    """Element of A^T A x that the row's id names."""
    A = matrix(row)
    return float((A.T @ (A @ np.asarray(row.config["x"])))[int(row.id[-1])])


def printed_vector(row: Row) -> tuple[bool, str]:
    """Whether the printed vector can be multiplied by the transpose."""
    A, printed = matrix(row), row.config["printed"]
    product = A @ np.asarray(row.config["x"])
    shown = ", ".join(f"{value:g}" for value in product)
    return len(printed) == A.shape[0], f"A^T has {A.shape[0]} columns and takes y = ({shown}), not {len(printed)} numbers"


def not_inverse(row: Row) -> tuple[bool, str]:
    """Whether the transpose leaves something other than the input."""
    A, x = matrix(row), np.asarray(row.config["x"], dtype=float)
    returned = A.T @ (A @ x)
    lost = A.shape[1] - int(np.linalg.matrix_rank(A))
    return not np.allclose(returned, x), f"A has rank {A.shape[1] - lost} for {A.shape[1]} unknowns, so that nothing can give x back"


CLAIMS = [
    claim("convolution-arithmetic.conv2d.out-*", value=derived(element)),
    claim("convolution-arithmetic.conv2d.size", value=derived(size)),
    claim("convolution-arithmetic.conv2d.one-by-one", value=derived(first_element)),
    claim("convolution-arithmetic.conv2d.size-formula", value=derived(unrounded)),
    claim("convolution-arithmetic.conv2d.size-formula-floor", value=derived(rounded_down)),
    claim(f"{MATRIX}rows", value=derived(lambda row: float(matrix(row).shape[0]))),
    claim(f"{MATRIX}columns", value=derived(lambda row: float(matrix(row).shape[1]))),
    claim(f"{MATRIX}y?", value=derived(straight)),
    claim(f"{MATRIX}xhat?", value=derived(back)),
    claim(f"{MATRIX}printed-vector", value=derived(printed_vector)),
    claim(f"{MATRIX}transpose-not-inverse", value=derived(not_inverse)),
    claim(  # a tenth, on the scale of logarithms
        "convolution-arithmetic.cnn-fewer-parameters",
        cell={"part": "arithmetic"},
        test=less(
            metric("convolution_parameters", exact=True), metric("dense_parameters", exact=True), margin=2.3, contrary="below-margin"
        ),
    ),
    claim(  # an invariant network answers the same for a digit that has moved, with one in a hundred let off
        "convolution-arithmetic.cnn-translation-invariant",
        cell={"part": "shifts", "images": 8000, "steps": 480, "permuted": False, "trained_shift": 0},
        test=greater(metric("unchanged_6"), 0.99, contrary="below-margin"),
        variants={"network": ["cnn", "cnn-mean"]},
        chosen=("network",),
    ),
]
