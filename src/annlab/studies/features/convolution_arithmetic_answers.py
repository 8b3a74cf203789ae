"""The questions of convolution-arithmetic, answered from its results."""

from typing import TYPE_CHECKING, Any

from annlab import draw
from annlab.measure.convolution import convolution_matrix, convolve
from annlab.studies.features.convolution_arithmetic_exact import INPUT, KERNEL, ROW, ROW_KERNEL, STRIDE
from annlab.studies.features.convolution_arithmetic_reading import PLAIN, steps, usual

if TYPE_CHECKING:
    from annlab.lab import Results

EXACT = {"part": "arithmetic"}


def _number(results: "Results", name: str) -> str:
    """A number of the arithmetic, which is the same in all replicates or the largest of them."""
    return draw.format_number(float(results.values(name, **EXACT).max()))


def _row(values: Any) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"


def worked(results: "Results") -> str:
    """Answers the worked convolution."""
    output = convolve(INPUT, KERNEL, STRIDE)
    return (
        f"The kernel has {output.size} places, 2 pixels apart, and the output is {_row(output[0])} above {_row(output[1])}, not one "
        "number. "
        "Its edge is floor((n − m + 2P) / S) + 1 for an input of edge n, a kernel of edge m, padding P and stride S, here "
        f"{output.shape[0]}. "
        f"Of {_number(results, 'sizes_checked')} settings of n, m, P and S, {_number(results, 'sizes_wrong')} differ from torch's. "
        f"In {_number(results, 'sizes_rounded')} of them the stride does not divide n − m + 2P, so that the formula without rounding down "
        "gives no whole number there."
    )


def transposed(results: "Results") -> str:
    """Answers what the transpose does."""
    A = convolution_matrix(ROW_KERNEL, ROW.shape)
    y = A @ ROW
    return (
        f"Each row of A holds the kernel, moved by the stride: y = A x = {_row(y)} for x = {_row(ROW)}. "
        f"The matrix has rank {_number(results, 'rank')} and a null space of {_number(results, 'null_dimension')} dimensions, so that no "
        "matrix gives x back. "
        f"Aᵀ y = {_row(A.T @ y)} is {_number(results, 'transpose_error')} of the length of x away from x, and the best linear guess, the "
        f"pseudo-inverse, {_number(results, 'inverse_error')}, the part of x that lies in the null space "
        f"({_number(results, 'lost_share')}). "
        "What is called a transposed convolution is Aᵀ: it brings back the size and the gradient, and not the values. "
        f"On random images A x differs from torch's convolution by {_number(results, 'matrix_difference_2d')} at most, and Aᵀ y from its "
        f"transposed convolution by {_number(results, 'transposed_difference_2d')}."
    )


def saved(results: "Results") -> str:
    """Answers parameters and equivariance."""
    few, many = (float(results.values(f"{kind}_parameters", **EXACT)[0]) for kind in ("convolution", "dense"))
    return (
        f"Sixteen 3 x 3 maps of a 28 x 28 image have {few:,.0f} parameters, a dense layer with the same output {many:,.0f}, "
        f"{draw.format_number(many / few)} times as many. "
        "The kernel sees every place with the same weights, so a moved input gives a moved output: with circular padding the share of "
        f"outputs that differ is {_number(results, 'equivariance_circular')}. "
        f"With zeros around it is {_number(results, 'equivariance_interior')} away from the border and "
        f"{_number(results, 'equivariance_border')} over all outputs. "
        f"With stride 2 it is {_number(results, 'equivariance_stride_even')} for a move by 2 pixels and "
        f"{_number(results, 'equivariance_stride_odd')} at least for a move by 1, which lies between the places of the kernel. "
        "That is equivariance: the maps move along. Invariance, the same answer, is another matter."
    )


def invariant(results: "Results") -> str:
    """Answers whether a CNN is translation-invariant."""
    cell: dict[str, Any] = {**PLAIN, "images": usual(results), "steps": steps(results)}
    network, mean, dense = ({**cell, "network": name} for name in ("cnn", "cnn-mean", "mlp"))
    moved = {**network, "trained_shift": 6}
    loss = draw.compare(results, "drop_6", network, dense)
    unchanged = float(results.values("unchanged_6", **network).mean())
    verdict = "No" if unchanged < 0.99 else "Nearly, here"
    return (
        f"{verdict}: of digits moved by 6 pixels a share of {draw.measured(results, 'unchanged_6', **network)} is called what it was "
        f"called in the middle, and of those moved by 1 pixel {draw.measured(results, 'unchanged_1', **network)}. "
        f"Its accuracy goes from {draw.measured(results, 'accuracy_0', **network)} to {draw.measured(results, 'accuracy_6', **network)}; "
        f"that of the MLP of like size goes from {draw.measured(results, 'accuracy_0', **dense)} to "
        f"{draw.measured(results, 'accuracy_6', **dense)}, and what the CNN loses is {loss}. "
        "Its convolutions are equivariant, but the dense layer behind them has its own weights for every place. "
        "With the mean over each map in its place the share unchanged is "
        f"{draw.compare(results, 'unchanged_6', mean, network)} than with the dense layer, "
        f"{draw.measured(results, 'unchanged_6', **mean)}; stride and border keep it from 1. "
        f"Trained on moved digits, the CNN with a dense layer keeps {draw.measured(results, 'unchanged_6', **moved)}: "
        "that invariance is learned from data."
    )


def advantage(results: "Results") -> str:
    """Answers what the advantage is made of."""
    cell: dict[str, Any] = {**PLAIN, "steps": steps(results)}
    first, last = {"network": "cnn"}, {"network": "mlp"}
    sizes = sorted({each.params.images for each in results.where(**cell, network="mlp").cells})
    at = {**cell, "images": usual(results)}
    ordered = draw.compare(results, "accuracy_0", first, last, **at)
    mixed = draw.compare(results, "accuracy_0", first, last, **{**at, "permuted": True})
    lost = draw.compare(results, "accuracy_0", {"permuted": True}, {"permuted": False}, **{**at, **first})
    same = draw.compare(results, "accuracy_0", {"permuted": True}, {"permuted": False}, **{**at, **last})
    by_size = " and ".join(f"with {n} it is {draw.compare(results, 'accuracy_0', first, last, **{**cell, 'images': n})}" for n in
                           dict.fromkeys((sizes[0], sizes[-1])))  # fmt: skip
    return (
        f"With {usual(results)} training images the accuracy of the CNN is {ordered} than that of the MLP of like size. "
        f"If all pixels change places in the same way, it is {mixed}. "
        f"The CNN's own accuracy with permuted pixels is {lost} than with pixels in their order, the MLP's {same}. "
        "A dense layer does not know which pixels are neighbours and cannot miss them; the convolution counts on it. "
        f"By number of training images: {by_size}."
    )
