"""Self-organising maps as an estimator: units on a grid that come to lie in the data so that neighbours on the grid stay neighbours."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from annlab.errors import UsageError
from annlab.measure import maps
from annlab.models.base import BaseEstimator, Check, boolean, choice, count, number, one_of, optional
from annlab.models.som_grids import GRIDS, TOPOLOGIES, Grid
from annlab.models.som_run import COLUMNS, MapRun
from annlab.models.som_training import (
    INITS,
    NEIGHBOURHOODS,
    SCHEDULES,
    batch_update,
    check_schedule,
    initial_weights,
    online_updates,
    scheduled,
    sums,
)

__all__ = ["SelfOrganizingMap"]


class SelfOrganizingMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Self-organising map (Kohonen 1982): clustering whose clusters lie on a grid, for looking at data and for vector quantisation.

    **Batch** training moves, once an epoch, every unit to the mean of all rows, weighted by the neighbourhood of their winners; it
    has no learning rate and depends on no order. **Online** training shows the rows one by one, in random order, and after each moves
    every unit by ``w += learning_rate * h * (x - w)``. Batch is the faster by far and the default.

    Rows are not standardised here. NaN is a missing value: it counts for nothing in a distance (see `annlab.measure.maps`) and moves
    no weight; an infinite value is an error.

    Args:
        shape: rows and columns of units; unit ``row * columns + column`` has its number.
        grid: ``"rectangular"`` or ``"hexagonal"``.
        topology: ``"planar"``, or ``"toroidal"`` where last row and column are neighbours of the first.
        neighbourhood: ``"gaussian"``, ``"bubble"``, ``"triangle"`` or ``"mexican_hat"``; see `annlab.models.som_training.neighbourhood`.
        training: ``"batch"`` or ``"online"``.
        radius: radius of the neighbourhood at the start, in distances between adjacent units; None is half the longer side.
        final_radius: radius at the end; a `radius` of None is never below it.
        radius_schedule: ``"exponential"``, ``"linear"``, ``"inverse"`` or ``"constant"`` (stays at the start), over the epochs of batch
            training or the updates of online training.
        learning_rate: rate of online training (and of `partial_fit`) at the start.
        final_learning_rate: rate at the end.
        learning_rate_schedule: as `radius_schedule`.
        init: ``"pca"``, the grid laid into the plane of the first two principal components; ``"sample"``, rows drawn; ``"random"``,
            uniform; or an array of weights ``(units, features)``.
        init_range: lowest and highest weight of ``"random"``; None is the range of each feature.
        max_epochs: passes over the rows; with a `batch_size`, batch updates.
        batch_size: batch training only: rows of each update, taken in random order; None is all of them. ``"growing"`` takes
            ``n (final_radius / radius)^2``, at least as many as units: where a wide neighbourhood averages over many units few rows say as
            much as many, so large data need about two passes in all for 10 updates or 20.
        max_updates: online training only: rows shown in all, instead of `max_epochs` passes.
        record_at: epochs of batch training, or updates of online training, after which the weights are kept in ``path_``; 0 is the start.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"`` or ``"float64"``; None is that of `X`.
        random_state: draws the initial weights of ``"sample"`` and ``"random"``, and the order of the rows online and with `batch_size`.
        verbose: log each epoch at level INFO of the logger ``annlab``.

    Attributes:
        weights_: weights ``(units, features)``.
        labels_: best unit ``(n,)`` of each training row.
        history_: columns by name, a row for each epoch: epoch, updates, radius, learning_rate, quantization_error, seconds. Radius and
            rate are the last of the epoch. The error is what the epoch saw, before its update in batch training, row by row online.
        winners_: unit ``(updates,)`` that won each row shown by online training, in order; empty after batch training.
        n_iter_: passes over the rows begun.
        path_: weights ``(k, units, features)`` at ``path_steps_`` ``(k,)``.
        unit_labels_: class of each unit ``(units,)``, after `label_units`.

    Raises:
        ValueError: for parameters or data that do not fit, or weights that grew beyond all bounds, as a Mexican hat can make them; the
            last finite ones are kept.

    >>> SelfOrganizingMap((4, 6), grid="hexagonal", radius=2.0)
    SelfOrganizingMap(grid='hexagonal', radius=2.0, shape=(4, 6))
    """

    _checks: ClassVar[dict[str, Check]] = {
        "shape": lambda value: None if _are_steps(value, 1) and len(value) == 2 else "two whole numbers of at least 1, rows and columns",
        "grid": choice(GRIDS),
        "topology": choice(TOPOLOGIES),
        "neighbourhood": choice(NEIGHBOURHOODS),
        "training": choice(("batch", "online")),
        "radius": optional(number(0.0, open_low=True)),
        "final_radius": number(0.0, open_low=True),
        "radius_schedule": choice(SCHEDULES),
        "learning_rate": number(0.0, open_low=True),
        "final_learning_rate": number(0.0),
        "learning_rate_schedule": choice(SCHEDULES),
        "init": one_of(choice(INITS), lambda value: None if not isinstance(value, str) and np.ndim(value) == 2 else "an array of weights"),
        "init_range": optional(lambda value: None if _is_range(value) else "two finite numbers in rising order"),
        "max_epochs": count(),
        "batch_size": optional(one_of(count(), choice(("growing",)))),
        "max_updates": optional(count()),
        "record_at": lambda value: None if _are_steps(value) else "whole numbers of at least 0",
        "dtype": optional(lambda value: None if str(value) in {"float32", "float64"} else "'float32' or 'float64'"),
        "verbose": boolean(),
    }

    def __init__(
        self,
        shape: Sequence[int] = (10, 10),
        grid: str = "rectangular",
        topology: str = "planar",
        neighbourhood: str = "gaussian",
        training: str = "batch",
        radius: float | None = None,
        final_radius: float = 1.0,
        radius_schedule: str = "exponential",
        learning_rate: float = 0.5,
        final_learning_rate: float = 0.01,
        learning_rate_schedule: str = "exponential",
        init: Any = "pca",
        init_range: Sequence[float] | None = None,
        max_epochs: int = 20,
        batch_size: int | str | None = None,
        max_updates: int | None = None,
        record_at: Sequence[int] = (),
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.shape = shape
        self.grid = grid
        self.topology = topology
        self.neighbourhood = neighbourhood
        self.training = training
        self.radius = radius
        self.final_radius = final_radius
        self.radius_schedule = radius_schedule
        self.learning_rate = learning_rate
        self.final_learning_rate = final_learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.init = init
        self.init_range = init_range
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.max_updates = max_updates
        self.record_at = record_at
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on rows `X` ``(n, features)``; `y` is not used."""
        X = self._rows(X, reset=True)
        self._start(X)
        run = self._run(X)
        if self.training == "batch":
            for epoch in range(self.max_epochs):
                progress = self._progress_at(epoch, self.max_epochs)
                self._batch_epoch(run, progress, 1.0, self._batch_rows(run, float(self._radius(progress))))
        else:
            total = self.max_updates or self.max_epochs * len(X)
            for first in range(0, total, len(X)):
                self._online_epoch(run, np.arange(first, min(first + len(X), total)), total)
        self._finish(run)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One more pass, over rows `X` ``(n, features)``, with the radius and rate that the schedules have after the passes so far.

        The schedules run over `max_epochs` passes and then stay at their end. A batch update goes ``learning_rate`` of the way, so that
        chunks of a larger set can follow each other. The first call draws the initial weights from its rows.
        """
        fresh = not hasattr(self, "weights_")
        X = self._rows(X, reset=fresh)
        if fresh:
            self._start(X)
        run = self._run(X)
        if self.training == "batch":
            progress = self._progress_at(min(self.n_iter_, self.max_epochs - 1), self.max_epochs)
            self._batch_epoch(run, progress, float(self._rate(progress)), None)
        else:
            total = self.max_updates or self.max_epochs * len(X)
            self._online_epoch(run, np.minimum(self._updates + np.arange(len(X)), total - 1), total)
        self._finish(run)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Best unit ``(n,)`` of each row, the one whose weights are nearest."""
        return maps.best_units(self._given(X), self._device_weights())

    def transform(self, X: Any) -> np.ndarray:
        """Distances ``(n, units)`` of each row to each unit, Euclidean over the values that are there."""
        return maps.unit_distances(self._given(X), self.weights_)

    def quantization_error(self, X: Any) -> float:
        """Mean distance of the rows to their best unit, in the units of the data."""
        return maps.quantization_error(self._given(X), self._device_weights())

    def topographic_error(self, X: Any) -> float:
        """Share of the rows whose best and second-best units are no neighbours on the grid; NaN for a single unit."""
        return maps.topographic_error(self._given(X), self._device_weights(), self.grid_.edges)

    @property
    def grid_(self) -> Grid:
        """The `Grid` of the fitted map: positions, neighbours and outlines of its units."""
        check_is_fitted(self, "weights_")
        return _grid(*self._geometry)

    @property
    def u_matrix_(self) -> np.ndarray:
        """Mean distance ``(rows, columns)`` of the weights of each unit to those of its neighbours: ridges part clusters."""
        return self.grid_.as_map(maps.u_matrix(self.weights_, self.grid_.edges))

    def hit_map(self, X: Any = None) -> np.ndarray:
        """How many of the rows `X`, or where None of the training rows, each unit wins: ``(rows, columns)``."""
        grid = self.grid_
        return grid.as_map(maps.hits(self.labels_ if X is None else self.predict(X), grid.units))

    def component_planes(self) -> np.ndarray:
        """Weights as one map for each feature, ``(features, rows, columns)``."""
        return np.moveaxis(self.grid_.as_map(self.weights_), -1, 0).copy()

    def label_units(self, y: Any, X: Any = None) -> np.ndarray:
        """Gives each unit a class: the commonest among the rows that it wins, or the commonest of all rows where it wins none.

        Args:
            y: class ``(n,)`` of each row, of any type.
            X: the rows; None for the training rows, in their order.

        Returns:
            Classes ``(units,)``, kept as ``unit_labels_``. Of equally common classes the one that comes first in sorted order.
        """
        units = self.grid_.units
        best = self.labels_ if X is None else self.predict(X)
        classes, indices = np.unique(column_or_1d(y), return_inverse=True)
        check_consistent_length(best, indices)
        votes = np.bincount(best * len(classes) + indices, minlength=units * len(classes)).reshape(units, len(classes))
        winners = np.where(votes.any(axis=1), votes.argmax(axis=1), np.bincount(indices).argmax())
        self.unit_labels_ = classes[winners]
        return np.asarray(self.unit_labels_)

    def classify(self, X: Any) -> np.ndarray:
        """Class ``(n,)`` of the best unit of each row.

        Raises:
            NotFittedError: before `label_units`.
        """
        check_is_fitted(self, ["weights_", "unit_labels_"], msg="classify needs labelled units: call label_units(y) after fit")
        return np.asarray(self.unit_labels_[self.predict(X)])

    def _rows(self, X: Any, *, reset: bool) -> np.ndarray:
        """Training rows, checked with the parameters."""
        self._check_parameters()
        check_schedule("radius", self.radius_schedule, float(self.final_radius))
        check_schedule("learning rate", self.learning_rate_schedule, float(self.final_learning_rate))
        if self.training == "batch" and self.max_updates is not None:
            raise UsageError("max_updates counts the updates of online training; batch training has max_epochs")
        if self.training == "online" and self.batch_size is not None:
            raise UsageError("batch_size is for batch training; online training shows one row at a time")
        rows = _checked(validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan"))
        if np.isnan(rows).all(axis=0).any():
            raise UsageError(f"feature {int(np.isnan(rows).all(axis=0).argmax())} of X has no value in any row")
        return rows

    def _given(self, X: Any) -> np.ndarray:
        """Rows to be looked up, in the type of the weights."""
        check_is_fitted(self, "weights_")
        rows = _checked(validate_data(self, X, reset=False, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan"))
        return rows.astype(self.weights_.dtype, copy=False)

    def _start(self, X: np.ndarray) -> None:
        """Initial weights and an empty record."""
        rows, columns = (int(size) for size in self.shape)
        self._geometry = (rows, columns, str(self.grid), str(self.topology))
        grid = _grid(*self._geometry)
        dtype = np.float32 if self._resolve_dtype(X) == torch.float32 else np.float64
        bounds = None if self.init_range is None else (float(self.init_range[0]), float(self.init_range[1]))
        if isinstance(self.init, str):
            self.weights_ = initial_weights(self.init, X.astype(dtype, copy=False), grid, self._streams().numpy("init"), bounds)
        else:
            self.weights_ = np.array(self.init, dtype=dtype)
            if self.weights_.shape != (grid.units, X.shape[1]):
                raise UsageError(f"init must have the shape {(grid.units, X.shape[1])}, got {self.weights_.shape}")
        self._n_features_out = grid.units
        self.n_iter_ = 0
        self._updates, self.winners_ = 0, np.empty(0, dtype=np.int64)
        self.history_ = {name: np.empty(0) for name in COLUMNS}
        self.path_, self.path_steps_ = np.empty((0, *self.weights_.shape), dtype), np.empty(0, dtype=np.int64)
        if hasattr(self, "unit_labels_"):
            del self.unit_labels_

    def _run(self, X: np.ndarray) -> MapRun:
        """A run that goes on from the weights of now."""
        weights = torch.tensor(self.weights_, device=self._resolve_device())
        draw = self._streams().numpy("order", self.n_iter_)
        run = MapRun(X, weights, self.grid_, str(self.neighbourhood), self.record_at, self._progress(), draw)
        if self.n_iter_ == 0:
            run.record(0)
        return run

    def _batch_rows(self, run: MapRun, radius: float) -> torch.Tensor | None:
        """Rows of the next batch update, None for all."""
        if self.batch_size == "growing":
            size = round(len(run.X) * min(1.0, float(self.final_radius) / radius) ** 2)
            return run.next_rows(max(len(run.weights), size))
        return None if self.batch_size is None else run.next_rows(int(self.batch_size))

    def _batch_epoch(self, run: MapRun, progress: float, rate: float, rows: torch.Tensor | None) -> None:
        """One batch update."""
        radius = float(self._radius(progress))
        scores, totals, counts = sums(*run.part(rows))
        updated = batch_update(run.weights, totals, counts, run.kernel, radius, rate)
        self._step(run, updated, 1, radius, rate, run.mean_distance(scores, rows))
        run.record(self.n_iter_)

    def _online_epoch(self, run: MapRun, steps: np.ndarray, total: int) -> None:
        """One pass of updates at the given places in a run of `total`."""
        draw = self._streams().numpy("order", self.n_iter_)
        progress = self._progress_at(steps, total)
        radii, rates = self._radius(progress), self._rate(progress)
        order = torch.from_numpy(draw.permutation(len(run.X))[: len(steps)]).to(run.X.device)
        weights, before = run.weights.clone(), self._updates
        missing = None if run.missing is None else run.missing[order]
        winners, distances = online_updates(
            weights, run.X[order], missing, run.kernel, radii, rates, lambda done: run.record(before + done, weights)
        )
        self._step(run, weights, len(steps), float(radii[-1]), float(rates[-1]), float(distances.mean()))
        self.winners_ = np.concatenate([self.winners_, winners])

    def _step(self, run: MapRun, weights: torch.Tensor, updates: int, radius: float, rate: float, error: float) -> None:
        """Takes the weights of an epoch, unless they are not finite: then those of the epoch before are kept and the fit ends."""
        if not bool(weights.isfinite().all()):
            self._finish(run)
            what = f"the weights of the map were not finite in epoch {self.n_iter_ + 1}; those of the epoch before are kept"
            raise UsageError(f"{what}. A smaller learning_rate, scaled rows or another neighbourhood help")
        run.weights = weights
        self.n_iter_ += 1
        self._updates += updates
        run.log(self.n_iter_, self._updates, radius, rate, error)

    def _finish(self, run: MapRun) -> None:
        """Learned state from a run."""
        self.weights_ = run.weights.cpu().numpy()
        self.labels_: np.ndarray = maps.nearest(run.X, run.weights, missing=run.missing)[0][:, 0].cpu().numpy()
        for name, values in run.columns().items():
            self.history_[name] = np.concatenate([self.history_[name], values]).astype(values.dtype)
        steps, path = run.path()
        self.path_steps_, self.path_ = np.concatenate([self.path_steps_, steps]), np.concatenate([self.path_, path])

    def _radius(self, progress: Any) -> np.ndarray:
        start = max(max(self.shape) / 2, self.final_radius) if self.radius is None else self.radius
        return scheduled(self.radius_schedule, float(start), float(self.final_radius), progress)

    def _rate(self, progress: Any) -> np.ndarray:
        return scheduled(self.learning_rate_schedule, float(self.learning_rate), float(self.final_learning_rate), progress)

    @staticmethod
    def _progress_at(step: Any, steps: int) -> Any:
        """Place of a step in the schedules, from 0 for the first to 1 for the last."""
        return step / max(steps - 1, 1)

    def _device_weights(self) -> torch.Tensor:
        return torch.from_numpy(self.weights_).to(self._resolve_device())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@lru_cache(maxsize=32)
def _grid(rows: int, columns: int, kind: str, topology: str) -> Grid:
    return Grid(rows, columns, kind, topology)


def _checked(X: np.ndarray) -> np.ndarray:
    """The rows; raises `UsageError` where one of them has no value at all."""
    empty = np.isnan(X).all(axis=1)
    if empty.any():
        raise UsageError(f"row {int(empty.argmax())} of X has no value at all")
    return np.asarray(X)


def _is_range(value: Any) -> bool:
    return np.shape(value) == (2,) and all(number()(v) is None for v in value) and value[0] < value[1]


def _are_steps(value: Any, lowest: int = 0) -> bool:
    sequence = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    return sequence and all(count(lowest)(step) is None for step in value)
