"""The questions of linear-vs-perceptron, answered from its results."""

from typing import TYPE_CHECKING

import numpy as np

from annlab import draw
from annlab.studies.supervised.linear_vs_perceptron_exact import X, closed_form, critical_rate, design, hessian, sine
from annlab.studies.supervised.linear_vs_perceptron_reading import WIDE, by_batch, line_cell, second_cell

if TYPE_CHECKING:
    from annlab.lab import Results


def perceptron_and_regression(results: "Results") -> str:
    """Answers how a neuron with the identity and linear regression differ."""
    cell = line_cell(results, learning_rate=0.2)
    slope, intercept = closed_form(X, sine(X))
    return (
        "A neuron computes f(w x + b). With the identity as f that is the line of linear regression: both choose from the same functions "
        "and differ in how they find the weights. "
        f"The closed form solves A'A (w, b) = A'y at once: w = {slope:.4f}, b = {intercept:.4f}. "
        f"Gradient descent at rate 0.2 comes to it step by step and ends after {cell['epochs']} epochs at a distance of "
        f"{draw.measured(results, 'distance', **cell)}. "
        f"Its error is {draw.measured(results, 'train_mse', **cell)}, "
        f"that of the closed form {draw.measured(results, 'closed_form_mse', **cell)}. "
        "A perceptron with a step or a sigmoid as f, or with a hidden layer, has no closed form; there the steps are all there is."
    )


def under_and_overfitting(results: "Results") -> str:
    """Answers whether the line under- or overfits and what width does."""
    sizes = sorted({cell.params.hidden for cell in results.where(**WIDE).cells})
    noise = max(cell.params.noise for cell in results.where(**WIDE).cells)
    widest, noisy = sizes[-1], {"noise": noise, **WIDE}
    logs = {size: np.log(results.values("held_out_clean_mse", hidden=size, **noisy)).mean() for size in sizes}
    best = min(logs, key=lambda size: logs[size])
    fit = draw.compare(results, "train_mse", {"hidden": widest}, {"hidden": 0}, **noisy)
    unseen = draw.compare(results, "held_out_clean_mse", {"hidden": widest}, {"hidden": best}, **noisy)
    return (
        f"The line leaves a share of {draw.measured(results, 'unexplained', hidden=0, **noisy)} of the target's variance unexplained "
        "at its very minimum: it has too few weights, not too little training, and that is underfitting. "
        f"Its held-out error is {draw.measured(results, 'gap_ratio', hidden=0, **noisy)} times its training error. "
        f"With {widest} sigmoid units, against the line, the training error under noise {noise:g} is {fit}, and the held-out error is "
        f"{draw.measured(results, 'gap_ratio', hidden=widest, **noisy)} times the training error. "
        f"Against clean held-out targets {best} units have the lowest mean error of the widths tried. "
        + (f"With {widest} units, against {best}, it is {unseen}. " if best != widest else "")
        + f"Without noise the held-out error of {widest} units is "
        f"{draw.measured(results, 'held_out_mse', hidden=widest, **WIDE, noise=0.0)}: "
        "what a wide net follows too closely is the noise."
    )


def learning_rate(results: "Results") -> str:
    """Answers what the learning rate decides."""
    low, high = np.linalg.eigvalsh(hessian(design(X)))
    slower, small = (
        draw.compare(results, "settled_epoch", {"learning_rate": rate}, {"learning_rate": 0.2}, **line_cell(results))
        for rate in (0.25, 0.02)
    )
    fall = draw.measured(results, "fall_per_ten_epochs", **line_cell(results, learning_rate=0.0002))
    growth = draw.measured(results, "growth", **line_cell(results, learning_rate=0.3))
    return (
        f"The loss is a quadratic bowl whose Hessian has the eigenvalues {high:.3f} and {low:.3f}: a step of rate r multiplies the errors "
        "along its axes by 1 - r times these. "
        f"Above 2 / {high:.3f} = {critical_rate(design(X)):.4f} the steep axis grows; measured, the largest stable rate is "
        f"{draw.measured(results, 'critical_rate', sweep=True, batch_size=None)}. "
        f"Rate 0.3 lies above it, and the loss ends at {growth} times its start (larger growth counts as 10¹²). "
        f"Both axes shrink alike at 2 / ({high:.3f} + {low:.3f}) = {2 / (high + low):.4f}; "
        "a larger rate makes the steep axis the slow one. "
        f"At rate 0.25, against 0.2, the epoch at which the loss has settled is {slower}. "
        f"At rate 0.02, against 0.2, it is {small}. "
        f"At rate 0.0002 the loss falls by {fall} in ten epochs."
    )


def every_epoch(results: "Results") -> str:
    """Answers whether every epoch lowers the loss."""
    table, second = by_batch(results), second_cell(results)
    shares = []
    for net, part in table.groupby("net", sort=False):
        means = part.groupby("batch_size")["falls"].mean().sort_index(ascending=False)
        shares.append(f"{net}: " + ", ".join(f"{100 * share:.0f} % with batches of {size}" for size, share in means.items()))
    return (
        "Only a full-batch step below the largest stable rate is sure to lower a quadratic loss: its gradient is that very loss's. "
        "A mini-batch step lowers the loss of its own batch, and momentum, as in Adam, goes on where the slope has turned. "
        f"The share of epochs that lower the loss over all points: {'; '.join(shares)}. "
        f"With two batches of 25 an epoch that share is {draw.measured(results, 'falls', **second)} for the second net. "
        f"A plateau of its loss is {draw.measured(results, 'plateau_length', **second)} long, 0 standing for none, "
        f"and from epoch 30 to 70 the loss goes to {draw.measured(results, 'window_ratio', **second)} times itself: "
        "a loss that stands still for a while need not be at its end."
    )
