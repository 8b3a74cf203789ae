"""How well a prediction meets its target, how loud a signal is over noise, how rough a curve or a surface is.

Pure functions of arrays. Targets and predictions have one shape; measures go over all elements, or over `axis` where given, so that
stacked replicates keep their leading axes.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from annlab.errors import UsageError

__all__ = [
    "fit_snr_db",
    "fraction_of_rises",
    "half_mse",
    "mse",
    "nmse",
    "plateau_epoch",
    "plateau_index",
    "r_squared",
    "rmse",
    "roughness_of_curve",
    "roughness_of_surface",
    "snr_db",
]

Axis = int | tuple[int, ...] | None


def mse(target: ArrayLike, prediction: ArrayLike, axis: Axis = None) -> Any:
    """Mean squared error, ``mean((target - prediction)^2)``, in the squared unit of the target."""
    a, b = _pair(target, prediction)
    return np.mean((a - b) ** 2, axis=axis)


def half_mse(target: ArrayLike, prediction: ArrayLike, axis: Axis = None) -> Any:
    """Half the mean squared error, the loss whose derivative has no factor 2; some texts print it as *the* error."""
    return 0.5 * mse(target, prediction, axis)


def rmse(target: ArrayLike, prediction: ArrayLike, axis: Axis = None) -> Any:
    """Root of the mean squared error, in the unit of the target."""
    return np.sqrt(mse(target, prediction, axis))


def nmse(target: ArrayLike, prediction: ArrayLike, axis: Axis = None, normaliser: float | None = None) -> Any:
    """Mean squared error over `normaliser`, the variance of the target itself where None (dividing by n, over the same axes).

    With the target's own variance 1 is the error of its mean, and ``nmse = 1 - r_squared``; time series are often
    normalised by the variance of the training part instead: give that. A normaliser of zero gives infinity, or NaN for no error.
    """
    a, _ = _pair(target, prediction)
    scale = np.var(a, axis=axis) if normaliser is None else np.asarray(normaliser, dtype=float)
    return _ratio(mse(target, prediction, axis), scale)


def r_squared(target: ArrayLike, prediction: ArrayLike, axis: Axis = None) -> Any:
    """Coefficient of determination, ``1 - sum((target - prediction)^2) / sum((target - mean(target))^2)``."""
    return 1.0 - nmse(target, prediction, axis)


def snr_db(signal: ArrayLike, noise: ArrayLike, axis: Axis = None) -> Any:
    """Signal-to-noise ratio in decibels, ``10 log10(mean(signal^2) / mean(noise^2))``; infinite without noise.

    `noise` is what was added to the signal, not the sum. Neither is centred first.
    """
    a, b = _pair(signal, noise)
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(_ratio(np.mean(a**2, axis=axis), np.mean(b**2, axis=axis)))


def fit_snr_db(target: ArrayLike, prediction: ArrayLike, axis: Axis = None) -> Any:
    """The same ratio of a fit, its residual taken as the noise: ``10 log10(mean(target^2) / mean((target - prediction)^2))``."""
    a, b = _pair(target, prediction)
    return snr_db(a, a - b, axis)


def roughness_of_curve(losses: ArrayLike) -> Any:
    """Fluctuation of a loss curve: standard deviation of the differences of neighbours of ``log10(loss)``, in decades an epoch.

    A curve that falls by the same factor every epoch has 0. The mean difference, the trend, is taken off; the deviation
    divides by their number. Losses of shape (..., epochs) give (...); fewer than two epochs, or a loss that is not positive and
    finite, give NaN.
    """
    curve = np.asarray(losses, dtype=float)
    if curve.shape[-1] < 2:
        return np.full(curve.shape[:-1], np.nan)[()]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.std(np.diff(np.log10(curve), axis=-1), axis=-1)


def fraction_of_rises(losses: ArrayLike) -> Any:
    """Fraction of epochs after the first whose loss is higher than that of the epoch before; (..., epochs) -> (...), NaN for one epoch."""
    curve = np.asarray(losses, dtype=float)
    if curve.shape[-1] < 2:
        return np.full(curve.shape[:-1], np.nan)[()]
    return np.mean(curve[..., 1:] > curve[..., :-1], axis=-1)


def roughness_of_surface(surface: ArrayLike) -> Any:
    """Mean squared discrete Laplacian of a surface on a square grid, over its inner points; (..., rows, columns) -> (...).

    The Laplacian at a point is the sum of its four neighbours less four times itself, in the unit of the surface; divide by
    the fourth power of the grid's spacing to compare grids. A plane has 0.

    Raises:
        UsageError: for fewer than three rows or columns.
    """
    z = np.asarray(surface, dtype=float)
    if z.ndim < 2 or min(z.shape[-2:]) < 3:
        raise UsageError(f"a surface needs at least three rows and columns, got the shape {z.shape}")
    centre = z[..., 1:-1, 1:-1]
    laplacian = z[..., :-2, 1:-1] + z[..., 2:, 1:-1] + z[..., 1:-1, :-2] + z[..., 1:-1, 2:] - 4.0 * centre
    return np.mean(laplacian**2, axis=(-2, -1))


def plateau_index(losses: ArrayLike, within: float = 0.05) -> int:
    """First position from which every loss is within a fraction `within` of the last one, ``|loss - last| <= within * |last|``.

    Raises:
        UsageError: for no losses, more than one axis, or a negative `within`.
    """
    curve = np.asarray(losses, dtype=float)
    if curve.ndim != 1 or len(curve) == 0 or not within >= 0.0:
        raise UsageError(f"a plateau needs one curve of at least one loss and within >= 0, got the shape {curve.shape} and {within!r}")
    outside = np.flatnonzero(~(np.abs(curve - curve[-1]) <= within * np.abs(curve[-1])))
    return min(int(outside[-1]) + 1, len(curve) - 1) if len(outside) else 0


def plateau_epoch(losses: ArrayLike, within: float = 0.05, epochs: ArrayLike | None = None) -> int:
    """Epoch at `plateau_index`: of `epochs` where given, else counted from 1."""
    index = plateau_index(losses, within)
    return index + 1 if epochs is None else int(np.asarray(epochs)[index])


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape:  # (n,) against (n, 1) would broadcast to (n, n) and give a wrong number
        raise UsageError(f"arrays that are compared must have one shape, got {a.shape} and {b.shape}")
    if a.size == 0:
        raise UsageError("a measure needs at least one value")
    return a, b


def _ratio(numerator: Any, denominator: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(numerator, denominator)
