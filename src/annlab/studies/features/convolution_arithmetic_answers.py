"""The questions of convolution-arithmetic, answered from its results."""

from typing import TYPE_CHECKING, Any

from annlab import draw
from annlab.lab.statistics import mean_interval
from annlab.measure.convolution import convolution_matrix, convolve
from annlab.studies.features.convolution_arithmetic_exact import INPUT, KERNEL, ROW, ROW_KERNEL, STRIDE
from annlab.studies.features.convolution_arithmetic_reading import PLAIN, steps, usual

if TYPE_CHECKING:
    from annlab.lab import Results

EXACT = {"part": "arithmetic"}
UNDECIDED = "Undecided: this run does not hold the cells that would tell. They are missing, or they failed. The whole profile has them."
INVARIANT = 0.99
"""Share of predictions unchanged from which a network is called invariant, with one in a hundred let off; as in the claim."""


def _stored(results: "Results", **cell: Any) -> bool:
    """Whether anything is measured in such a cell."""
    return any(record.outcome is not None for record in results.where(**cell).records)


def _number(results: "Results", name: str, *, smallest: bool = False) -> str:
    """A number of the arithmetic, which is the same in all replicates or the largest (smallest) of them."""
    values = results.values(name, **EXACT)
    return draw.format_number(float(values.min() if smallest else values.max()))


def _row(values: Any) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"


def worked(results: "Results") -> str:
    """Answers the worked convolution."""
    if not _stored(results, **EXACT):
        return UNDECIDED
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
    if not _stored(results, **EXACT):
        return UNDECIDED
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
    if not _stored(results, **EXACT):
        return UNDECIDED
    few, many = (float(results.values(f"{kind}_parameters", **EXACT)[0]) for kind in ("convolution", "dense"))
    return (
        f"Sixteen 3 x 3 maps of a 28 x 28 image have {few:,.0f} parameters, a dense layer with the same output {many:,.0f}, "
        f"{draw.format_number(many / few)} times as many. "
        "The kernel sees every place with the same weights, so a moved input gives a moved output: with circular padding the share of "
        f"outputs that differ is {_number(results, 'equivariance_circular')}. "
        f"With zeros around it is {_number(results, 'equivariance_interior')} away from the border and "
        f"{_number(results, 'equivariance_border')} over all outputs. "
        f"With stride 2 it is {_number(results, 'equivariance_stride_even')} for a move by 2 pixels and "
        f"{_number(results, 'equivariance_stride_odd', smallest=True)} at least for a move by 1, which lies between the places of the "
        "kernel. "
        "That is equivariance: the maps move along. Invariance, the same answer, is another matter."
    )


def invariant(results: "Results") -> str:
    """Answers whether a CNN is translation-invariant."""
    cell: dict[str, Any] = {**PLAIN, "images": usual(results), "steps": steps(results)}
    network, mean, dense = ({**cell, "network": name} for name in ("cnn", "cnn-mean", "mlp"))
    if not _stored(results, **network):
        return UNDECIDED
    moved = {**network, "trained_shift": 6}
    unchanged = mean_interval(results.values("unchanged_6", **network))
    verdict = "No" if unchanged.high < INVARIANT else "Nearly, here" if unchanged.low >= INVARIANT else "Undecided"
    learned = draw.compare(results, "unchanged_6", moved, network)
    return (
        f"{verdict}: of digits moved by 6 pixels a share of {draw.measured(results, 'unchanged_6', **network)} is called what it was "
        f"called in the middle, and of those moved by 1 pixel {draw.measured(results, 'unchanged_1', **network)}. "
        f"Its accuracy goes from {draw.measured(results, 'accuracy_0', **network)} to {draw.measured(results, 'accuracy_6', **network)}; "
        f"that of the MLP of like size goes from {draw.measured(results, 'accuracy_0', **dense)} to "
        f"{draw.measured(results, 'accuracy_6', **dense)}. "
        f"Against the MLP's the CNN's loss of accuracy is {draw.compare(results, 'drop_6', network, dense)}. "
        "Its convolutions are equivariant, but the dense layer behind them has its own weights for every place. "
        f"With the mean over each map in its place the share unchanged is {draw.measured(results, 'unchanged_6', **mean)}, against that "
        f"of the dense layer {draw.compare(results, 'unchanged_6', mean, network)}{_left_over(results, mean)}. "
        f"Trained on moved digits, the CNN with a dense layer keeps {draw.measured(results, 'unchanged_6', **moved)}, against training in "
        f"the middle {learned}: "
        f"{'so much of it is' if learned.sign > 0 else 'it is not shown that any of it is'} learned from data."
    )


def _left_over(results: "Results", mean: dict[str, Any]) -> str:
    """What a network of convolutions and a mean over maps lacks of invariance; nothing else in it depends on the place."""
    if not _stored(results, **mean):
        return ""
    kept = bool((results.values("unchanged_6", **mean) == 1).all())
    return (
        ", so that no prediction changed"
        if kept
        else "; what is missing to 1 is the work of stride and border, as nothing else in it depends on the place"
    )


def advantage(results: "Results") -> str:
    """Answers what the advantage is made of."""
    cell: dict[str, Any] = {**PLAIN, "steps": steps(results)}
    first, last = {"network": "cnn"}, {"network": "mlp"}
    sizes = sorted({each.params.images for each in results.where(**cell, network="mlp").cells})
    at = {**cell, "images": usual(results)}
    if not (_stored(results, **at, **first) and _stored(results, **at, **last)):
        return UNDECIDED
    ordered = draw.compare(results, "accuracy_0", first, last, **at)
    mixed = draw.compare(results, "accuracy_0", first, last, **{**at, "permuted": True})
    lost = draw.compare(results, "accuracy_0", {"permuted": True}, {"permuted": False}, **{**at, **first})
    same = draw.compare(results, "accuracy_0", {"permuted": True}, {"permuted": False}, **{**at, **last})
    by_size = " and ".join(f"with {n} it is {draw.compare(results, 'accuracy_0', first, last, **{**cell, 'images': n})}" for n in
                           dict.fromkeys((sizes[0], sizes[-1])))  # fmt: skip
    return (
        f"With {usual(results)} training images, the accuracy of the CNN against that of the MLP of like size is {ordered}. "
        f"If all pixels change places in the same way, it is {mixed}. "
        f"Permuted against ordered, the CNN's own accuracy is {lost}, the MLP's {same}. "
        "A dense layer does not know which pixels are neighbours; a convolution joins neighbours, "
        f"and that it gains by this is {'shown' if lost.sign < 0 else 'not shown'} here. "
        f"By number of training images: {by_size}."
    )
