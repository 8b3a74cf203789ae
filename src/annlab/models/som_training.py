"""How a self-organising map learns: neighbourhoods, schedules, initial weights, one online update, one batch update."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.errors import UsageError
from annlab.measure.maps import blocks, nearest
from annlab.models.som_grids import Grid

__all__ = [
    "INITS",
    "NEIGHBOURHOODS",
    "SCHEDULES",
    "batch_update",
    "initial_weights",
    "neighbourhood",
    "online_updates",
    "scheduled",
    "sums",
]

NEIGHBOURHOODS = ("gaussian", "bubble", "triangle", "mexican_hat")
SCHEDULES = ("exponential", "linear", "inverse", "constant")
INITS = ("pca", "sample", "random")

_TABLE = 1024  # units up to which the offsets between all of them are kept


def neighbourhood(name: str, x: Any, y: Any, radius: float, *, separable: bool = True) -> Any:
    """How much of an update a unit gets that lies `x` and `y` from the winner on the grid, 1 for the winner itself.

    With r = sqrt(x^2 + y^2) and u = r^2 / (2 radius^2):

    - ``gaussian``: exp(-u);
    - ``mexican_hat``: (1 - 2 u) exp(-u), negative beyond the radius: such units are pushed away;
    - ``bubble``: 1 where x and y are below the radius, else 0;
    - ``triangle``: max(0, 1 - x / radius) max(0, 1 - y / radius).

    Bubble and triangle are squares on a rectangular grid (`separable`) and discs and cones of r on a hexagonal one.

    Args:
        name: one of `NEIGHBOURHOODS`.
        x: absolute differences along x, arrays or tensors of any shape.
        y: absolute differences along y, of the same shape.
        radius: above 0, in distances between adjacent units.
        separable: squares, not discs.
    """
    xp: Any = torch if isinstance(x, Tensor) else np
    if name in ("gaussian", "mexican_hat"):
        u = (x * x + y * y) / (2 * radius * radius)
        bell = xp.exp(-u)
        return bell if name == "gaussian" else (1 - 2 * u) * bell
    if not separable:
        x, y = xp.sqrt(x * x + y * y), x * 0
    if name == "bubble":
        edge = radius - 1e-9  # six neighbours at distance 1 round to either side of it
        return ((x < edge) & (y < edge)) * (x * 0 + 1)
    return (1 - x / radius).clip(0) * (1 - y / radius).clip(0)


def scheduled(name: str, start: float, final: float, progress: Any) -> np.ndarray:
    """Value of a radius or rate at `progress` in [0, 1], which goes from `start` to `final`.

    ``linear``: start + (final - start) p; ``exponential``: start (final / start)^p; ``inverse``: start / (1 + p (start / final - 1));
    ``constant``: start.
    """
    p = np.asarray(progress, dtype=np.float64)
    if name == "constant":
        return np.full_like(p, start)
    if name == "linear":
        return np.asarray(start + (final - start) * p)
    if name == "exponential":
        return np.asarray(start * (final / start) ** p)
    return np.asarray(start / (1 + p * (start / final - 1)))


def initial_weights(
    name: str, X: np.ndarray, grid: Grid, generator: np.random.Generator, bounds: tuple[float, float] | None = None
) -> np.ndarray:
    """Weights ``(units, features)`` before training, in the type of `X` ``(n, features)``.

    - ``pca``: the grid spread over the plane of the first two principal components, one standard deviation to each side, the longer
      side of the grid along the first; nothing is drawn.
    - ``sample``: rows drawn without replacement, with it where there are fewer rows than units.
    - ``random``: uniform between `bounds`, or where None between the lowest and highest value of each feature.

    Missing values count as the mean of their feature.
    """
    mean = np.nanmean(X, axis=0)
    if name == "random":
        low, high = (np.nanmin(X, axis=0), np.nanmax(X, axis=0)) if bounds is None else bounds
        return generator.uniform(low, high, (grid.units, X.shape[1])).astype(X.dtype)
    if name == "sample":
        drawn = X[generator.choice(len(X), grid.units, replace=len(X) < grid.units)]
        return np.where(np.isnan(drawn), mean, drawn).astype(X.dtype)
    centred = np.where(np.isnan(X), 0.0, X - mean).astype(np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(X))
    axes = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))  # (features, 1 or 2)
    axes = axes * np.where(axes.sum(axis=0) < 0, -1.0, 1.0)  # the sign of an eigenvector is chance
    row, column = np.divmod(np.arange(grid.units), grid.columns)
    sides = [_spread(column, grid.columns), _spread(row, grid.rows)]
    if grid.rows > grid.columns:
        sides.reverse()
    return np.asarray(mean + np.stack(sides, axis=1)[:, : axes.shape[1]] @ axes.T).astype(X.dtype)


def _spread(index: np.ndarray, size: int) -> np.ndarray:
    """Indices of a side as numbers from -1 to 1, 0 where it has length 1."""
    return 2 * index / (size - 1) - 1 if size > 1 else index * 0.0


class Kernel:
    """Neighbourhood function of a grid on a device.

    On a rectangular grid all but the Mexican hat are products of one factor along x and one along y, and so is the matrix h of all
    pairs: then it is never made.

    Args:
        name: one of `NEIGHBOURHOODS`.
        grid: the units.
        like: tensor whose type and device its values get.
    """

    def __init__(self, name: str, grid: Grid, like: Tensor) -> None:
        self._name, self._grid, self._like = name, grid, like
        self._squares = grid.kind == "rectangular"

    @cached_property
    def _table(self) -> np.ndarray | None:
        """Offsets between all units, kept where they are few: online training asks for a row of them with every update."""
        return self._grid.offsets(np.arange(self._grid.units)) if self._grid.units <= _TABLE else None

    def of_unit(self, unit: int, radius: float) -> np.ndarray:
        """Values ``(units,)`` around one unit, in float64."""
        x, y = np.moveaxis(self._grid.offsets(unit) if self._table is None else self._table[unit], -1, 0)
        return np.asarray(neighbourhood(self._name, x, y, radius, separable=self._squares))

    def products(self, radius: float, totals: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Products of h, h and |h| with `totals` ``(units, features)``, `counts` and `counts` ``(units, 1 or features)``."""
        if self._squares and self._name != "mexican_hat":
            weighted = self._by_axes(counts, radius)
            return self._by_axes(totals, radius), weighted, weighted
        answers = [torch.empty_like(totals), torch.empty_like(counts), torch.empty_like(counts)]
        for part in blocks(self._grid.units, self._grid.units):
            x, y = self._tensor(self._grid.offsets(np.arange(self._grid.units)[part])).unbind(-1)
            h = neighbourhood(self._name, x, y, radius, separable=self._squares)
            for answer, product in zip(answers, (h @ totals, h @ counts, h.abs() @ counts), strict=True):
                answer[part] = product
        return answers[0], answers[1], answers[2]

    @cached_property
    def _along(self) -> tuple[Tensor, Tensor]:
        """Offsets between columns along x, and between rows along y."""
        grid = self._grid
        along_x = grid.offsets(np.arange(grid.columns))[:, : grid.columns, 0]
        along_y = grid.offsets(np.arange(grid.rows) * grid.columns)[:, :: grid.columns, 1]
        return self._tensor(along_x), self._tensor(along_y)

    def _by_axes(self, values: Tensor, radius: float) -> Tensor:
        grid = self._grid
        in_x, in_y = (neighbourhood(self._name, apart, apart * 0, radius) for apart in self._along)
        laid_out = values.reshape(grid.rows, grid.columns, -1)
        smoothed: Tensor = in_y @ (in_x @ laid_out).reshape(grid.rows, -1)
        return smoothed.reshape(values.shape)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=self._like.dtype, device=self._like.device)


def online_updates(
    weights: Tensor,
    X: Tensor,
    missing: Tensor | None,
    kernel: Kernel,
    radii: np.ndarray,
    rates: np.ndarray,
    record: Callable[[int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Shows the rows one by one and moves the weights, in place, after each: w += rate h (x - w), h the neighbourhood of the winner.

    Missing values move nothing and count for nothing in the distance.

    Args:
        weights: ``(units, features)``, contiguous.
        X: ``(n, features)`` in the order of showing, gaps filled with 0.
        missing: ``(n, features)``, True in the gaps; None where there are none.
        kernel: the neighbourhood.
        radii: radius of each update, ``(n,)``.
        rates: rate of each update, ``(n,)``.
        record: called with the number of updates done after each.

    Returns:
        Unit ``(n,)`` that won each row, and its distance ``(n,)`` before the update.
    """
    on_host = weights.device.type == "cpu"
    W: Any = weights.numpy() if on_host else weights
    rows: Any = X.numpy() if on_host else X
    there: Any = None if missing is None else (~missing).to(X.dtype)
    there = there.numpy() if on_host and there is not None else there
    xp: Any = np if on_host else torch
    winners, distances = np.empty(len(X), dtype=np.int64), np.empty(len(X))
    with np.errstate(over="ignore", invalid="ignore"):
        for i, (radius, rate) in enumerate(zip(radii.tolist(), rates.tolist(), strict=True)):
            difference = rows[i] - W
            if there is not None:
                difference *= there[i]
            squares = xp.einsum("ij,ij->i", difference, difference)
            winners[i] = winner = int(squares.argmin())
            distances[i] = float(squares[winner])
            step = rate * kernel.of_unit(winner, radius)
            step = step.astype(W.dtype) if on_host else torch.as_tensor(step, dtype=W.dtype, device=W.device)
            difference *= step[:, None]
            W += difference
            if record is not None:
                record(i + 1)
    scale = 1.0 if missing is None else (X.shape[1] / (~missing).sum(1)).cpu().numpy()
    return winners, np.sqrt(distances * scale)


def sums(X: Tensor, weights: Tensor, missing: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """What a batch update needs of the data: scores ``(n,)`` of the winners, sums and counts of the rows that each unit won.

    Sums are ``(units, features)``, counts ``(units, 1)``, or ``(units, features)`` with missing values, which `X` has as 0.
    """
    totals = torch.zeros_like(weights)
    best, scores = nearest(X, weights, missing=missing)
    best = best[:, 0]
    for rows in blocks(len(X), X.shape[1]):
        totals.index_add_(0, best[rows], X[rows])
    if missing is None:
        counts = torch.bincount(best, minlength=len(weights)).to(X.dtype)[:, None]
    else:
        counts = torch.zeros_like(weights)
        for rows in blocks(len(X), X.shape[1]):
            counts.index_add_(0, best[rows], (~missing[rows]).to(X.dtype))
    return scores[:, 0], totals, counts


def batch_update(weights: Tensor, totals: Tensor, counts: Tensor, kernel: Kernel, radius: float, rate: float = 1.0) -> Tensor:
    """Weights after one batch update (Kohonen 2013): each unit goes to the mean of all rows, weighted by how near their winners are.

        w_i += rate * sum_c h(i, c) (s_c - n_c w_i) / sum_c |h(i, c)| n_c

    with s_c the sum and n_c the number of the rows that unit c wins. For h >= 0 and rate 1 that is the weighted mean; the absolute value
    keeps steps bounded where a Mexican hat is negative. A unit that no row reaches stays.

    Args:
        weights: ``(units, features)``, left as they are.
        totals: s, ``(units, features)``.
        counts: n, ``(units, 1 or features)``.
        kernel: the neighbourhood.
        radius: its radius.
        rate: share of the way to go.
    """
    pulled, counted, reached = kernel.products(radius, totals, counts)
    return weights + rate * torch.where(reached > 0, (pulled - counted * weights) / reached, 0.0)


def check_schedule(what: str, name: str, final: float) -> None:
    """Raises `UsageError` for a schedule that cannot end at 0."""
    if final == 0 and name in ("exponential", "inverse"):
        raise UsageError(f"an {name} schedule never reaches a {what} of 0; give a small one, or the schedule 'linear'")
