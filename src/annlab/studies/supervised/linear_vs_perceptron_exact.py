"""What linear-vs-perceptron knows without training: the data, the closed form, the Hessian; and how its loss curves are read."""

import numpy as np

__all__ = ["LOSS_WINDOW", "X", "closed_form", "critical_rate", "design", "falls", "hessian", "plateau", "settled_epoch", "sine"]

X = np.linspace(0.0, 3.0, 50)
LOSS_WINDOW = (30, 70)
"""Epochs between which a report sees the second net's loss stagnate."""


def sine(x: np.ndarray, target: str = "pi") -> np.ndarray:
    """The target, -sin(0.8 pi x), or -sin(0.8 x) where `target` is ``"plain"``."""
    return -np.sin(0.8 * (np.pi if target == "pi" else 1.0) * x)


def design(x: np.ndarray) -> np.ndarray:
    """Design matrix of a line, columns x and 1: (n,) -> (n, 2)."""
    return np.stack([x, np.ones_like(x)], axis=1)


def closed_form(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope ``cov(x, y) / var(x)`` and intercept ``mean(y) - slope mean(x)`` of the least-squares line."""
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return slope, float(y.mean() - slope * x.mean())


def hessian(inputs: np.ndarray) -> np.ndarray:
    """Second derivatives ``2 A^T A / n`` of the mean squared error of a linear model with design matrix A (n, p): (p, p)."""
    return np.asarray(2.0 * inputs.T @ inputs / len(inputs))


def critical_rate(inputs: np.ndarray) -> float:
    """Largest learning rate at which gradient descent over the full batch is stable: 2 over the Hessian's largest eigenvalue.

    A step multiplies the error along an eigenvector of eigenvalue l by 1 - rate l, which must stay within -1 and 1.
    """
    return float(2.0 / np.linalg.eigvalsh(hessian(inputs))[-1])


def settled_epoch(losses: np.ndarray, criterion: float) -> int:
    """First epoch from which the loss stays within `criterion` of its last value; `losses` start before the first epoch.

    Where that lies in the last tenth of the epochs the loss has not settled: one past the last epoch stands for that.
    """
    outside = np.flatnonzero(np.abs(losses - losses[-1]) > criterion)
    found = int(outside[-1]) + 1 if len(outside) else 0
    return found if found <= 0.9 * (len(losses) - 1) else len(losses)


def falls(losses: np.ndarray) -> float:
    """Share of epochs that lower the loss, among those that move it by more than rounding (1e-12 of it); NaN for none."""
    finite = losses[np.isfinite(losses)]
    change = np.diff(finite)
    moved = np.abs(change) > 1e-12 * np.abs(finite[:-1])
    return float((change[moved] < 0).mean()) if moved.any() else np.nan


def plateau(losses: np.ndarray, within: float = 0.1, shortest: int = 10) -> tuple[float, float]:
    """First and last epoch of the longest plateau: a stretch that a real fall follows.

    The curve is smoothed by running medians of five. Over a plateau the loss differs by a share of at most `within`, for `shortest`
    epochs or more, and later it drops below half of its level. NaN where there is none.
    """
    if len(losses) < shortest + 4 or not np.isfinite(losses).all():
        return np.nan, np.nan
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(losses, 5), axis=1)  # epoch of its centre: index + 2
    lowest_later = np.minimum.accumulate(smooth[::-1])[::-1]
    found, start = (np.nan, np.nan), 0
    for stop in range(len(smooth)):
        while smooth[start : stop + 1].max() > (1 + within) * smooth[start : stop + 1].min():
            start += 1
        length = stop - start + 1
        longest = 0 if np.isnan(found[0]) else found[1] - found[0] + 1
        if length >= max(shortest, longest + 1) and lowest_later[stop] < 0.5 * smooth[stop]:
            found = (start + 2.0, stop + 2.0)
    return found
