"""How well units lie in the data: best units, distances, quantisation and topographic error, U-matrix.

A map is an array of weights ``(units, features)`` and, where neighbours matter, the pairs ``edges`` ``(m, 2)`` of neighbouring units,
each in both directions. NaN in the data is a missing value: a distance is taken over the features that are there and scaled up,

    d(x, w)^2 = features / present * sum over present j of (x_j - w_j)^2,

as scikit-learn's ``nan_euclidean_distances`` does; so rows without gaps have their Euclidean distances.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "best_units",
    "hits",
    "nearest",
    "quantization_error",
    "topographic_error",
    "u_matrix",
    "unit_distances",
]

_SCORES = 1 << 21  # scores held at once, so that they stay in the cache and memory is bounded


def nearest(X: Tensor, weights: Tensor, k: int = 1, *, missing: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The `k` nearest units of each row, found by one matrix product in blocks of rows.

    Of |x - w|^2 = |x|^2 - 2 x w + |w|^2 only |w|^2 / 2 - x w differs between units, the score that is minimised.

    Args:
        X: ``(n, features)``, gaps filled with 0.
        weights: ``(units, features)``, of the same type and device.
        k: units wanted, at most `units`.
        missing: ``(n, features)``, True where a value is missing; None where none is.

    Returns:
        Units ``(n, k)``, nearest first, and their scores ``(n, k)``.
    """
    squares = 0.5 * weights.square()
    halves = squares.sum(1)
    found = torch.empty(len(X), k, dtype=torch.int64, device=X.device)
    scores = torch.empty(len(X), k, dtype=X.dtype, device=X.device)
    for rows in blocks(len(X), len(weights)):
        block = torch.addmm(halves, X[rows], weights.T, alpha=-1)
        if missing is not None:
            block -= missing[rows].to(X.dtype) @ squares.T
        if k == 1 and X.device.type == "cpu":
            found[rows, 0] = torch.from_numpy(block.numpy().argmin(axis=1))  # several times as fast as torch's
            scores[rows] = block.gather(1, found[rows])
        elif k == 1:
            torch.min(block, 1, keepdim=True, out=(scores[rows], found[rows]))
        else:
            scores[rows], found[rows] = torch.topk(block, k, dim=1, largest=False)
    return found, scores


def blocks(n: int, units: int) -> Iterator[slice]:
    """Slices of `n` rows that bound the memory of scores against `units` units."""
    step = max(64, _SCORES // max(units, 1))
    return (slice(start, start + step) for start in range(0, n, step))


def best_units(X: Any, weights: Any, k: int = 1) -> np.ndarray:
    """The nearest unit of each row ``(n,)``, or the `k` nearest ``(n, k)``, nearest first; of equals the first."""
    rows, units = _tensors(X, weights)
    filled, missing = fill(rows)
    found = nearest(filled, units, k, missing=missing)[0].cpu().numpy()
    return np.asarray(found[:, 0] if k == 1 else found)


def unit_distances(X: Any, weights: Any) -> np.ndarray:
    """Distance of every row to every unit, ``(n, units)``, in the type of `weights`; computed in float64."""
    rows, units = _tensors(X, weights)
    units = units.double()
    distances = np.empty((len(rows), len(units)), dtype=np.asarray(weights).dtype)
    for part in blocks(len(rows), len(units)):
        filled, missing = fill(rows[part].double())
        products = filled @ units.T
        there = torch.ones_like(filled) if missing is None else (~missing).double()
        sizes = filled.square().sum(1, keepdim=True) + there @ units.square().T
        squares = sizes - 2 * products
        close = (squares <= 1e-6 * sizes).nonzero(as_tuple=True)  # where the difference of large numbers has lost its digits
        squares[close] = (there[close[0]] * (filled[close[0]] - units[close[1]])).square().sum(1)
        squares *= filled.shape[1] / there.sum(1, keepdim=True)
        distances[part] = squares.sqrt().cpu().numpy()
    return distances


def quantization_error(X: Any, weights: Any) -> float:
    """Mean over the rows of the distance to their best unit, in the units of the data."""
    rows, units = _tensors(X, weights)
    total = 0.0
    for part in blocks(len(rows), rows.shape[1]):
        filled, missing = fill(rows[part])
        best = nearest(filled, units, missing=missing)[0][:, 0]
        difference = (filled - units[best]).double()
        if missing is None:
            total += float(difference.square().sum(1).sqrt().sum())
        else:
            there = ~missing
            total += float(((difference.square() * there).sum(1) * filled.shape[1] / there.sum(1)).sqrt().sum())
    return total / len(rows)


def topographic_error(X: Any, weights: Any, edges: np.ndarray) -> float:
    """Share of rows whose best and second-best units are no neighbours (Kiviluoto 1996); NaN for a map of one unit."""
    units = len(weights)
    if units < 2:
        return float("nan")
    best = best_units(X, weights, 2)
    return float(1 - np.isin(best[:, 0] * units + best[:, 1], edges[:, 0] * units + edges[:, 1]).mean())


def u_matrix(weights: Any, edges: np.ndarray) -> np.ndarray:
    """Mean distance of each unit's weights to those of its neighbours, ``(units,)``; 0 for a unit without neighbours (Ultsch 1993)."""
    values = np.asarray(weights, dtype=np.float64)
    lengths = np.linalg.norm(values[edges[:, 0]] - values[edges[:, 1]], axis=1)
    counts = np.bincount(edges[:, 0], minlength=len(values))
    return np.asarray(np.bincount(edges[:, 0], lengths, minlength=len(values)) / np.maximum(counts, 1))


def hits(best: np.ndarray, units: int) -> np.ndarray:
    """How many rows each unit wins, ``(units,)``, from the best unit of each row."""
    return np.bincount(np.asarray(best), minlength=units)


def fill(X: Tensor) -> tuple[Tensor, Tensor | None]:
    """Rows with 0 in place of NaN, and where that was; the rows themselves and None where nothing is missing."""
    missing = X.isnan()
    return (X.masked_fill(missing, 0.0), missing) if bool(missing.any()) else (X, None)


def _tensors(X: Any, weights: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of the weights' type on the weights' device."""
    units = weights if isinstance(weights, Tensor) else torch.as_tensor(np.asarray(weights))
    rows = X if isinstance(X, Tensor) else torch.from_numpy(np.array(X, dtype=np.asarray(weights).dtype, copy=True))
    return rows.to(units.device, units.dtype), units
