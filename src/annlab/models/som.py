"""Self-organising maps as an estimator: units on a grid that learn to lie in the data as the grid's neighbours do."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from annlab.models.base import BaseEstimator
from annlab.models.som_grids import Grid

__all__ = ["SelfOrganizingMap"]


class SelfOrganizingMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Self-organising map; unit ``row * columns + column`` of the grid is row ``unit`` of ``weights_`` (units, features).

    Attributes:
        weights_: ``(units, features)``.
        grid_: the `Grid`; ``grid_.positions`` (units, 2), ``grid_.edges`` (m, 2), ``grid_.outlines`` (units, corners, 2).
        labels_: best unit of each training row, ``(n,)``.
        u_matrix_: ``(rows, columns)``, mean distance of a unit's weights to those of its neighbours.
        unit_labels_: class of each unit after `label_units`, ``(units,)``.
        path_, path_steps_: weights at the steps of ``record_at``, ``(k, units, features)`` and ``(k,)``.
        history_: columns epoch, radius, learning_rate, quantization_error, seconds.
        n_iter_: passes over the rows.
    """

    def __init__(
        self,
        shape: tuple[int, int] = (10, 10),
        grid: str = "rectangular",  # or "hexagonal"
        topology: str = "planar",  # or "toroidal"
        neighbourhood: str = "gaussian",  # "bubble", "triangle", "mexican_hat"
        training: str = "batch",  # or "online"
        radius: float | None = None,
        final_radius: float = 1.0,
        radius_schedule: str = "exponential",  # "constant", "linear", "inverse"
        learning_rate: float = 0.5,
        final_learning_rate: float = 0.01,
        learning_rate_schedule: str = "exponential",
        init: Any = "pca",  # "sample", "random", or an array (units, features)
        init_range: tuple[float, float] | None = None,
        max_epochs: int = 20,
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
        self.max_updates = max_updates
        self.record_at = record_at
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on rows `X` (n, features); NaN is a missing value."""
        raise NotImplementedError

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One more pass."""
        raise NotImplementedError

    def predict(self, X: Any) -> np.ndarray:
        """Best unit of each row, ``(n,)``."""
        raise NotImplementedError

    def transform(self, X: Any) -> np.ndarray:
        """Distances of each row to each unit, ``(n, units)``."""
        raise NotImplementedError

    @property
    def u_matrix_(self) -> np.ndarray:
        """``(rows, columns)``."""
        raise NotImplementedError

    def hit_map(self, X: Any = None) -> np.ndarray:
        """Rows won by each unit, ``(rows, columns)``; None is the training rows."""
        raise NotImplementedError

    def component_planes(self) -> np.ndarray:
        """``(features, rows, columns)``."""
        raise NotImplementedError

    def quantization_error(self, X: Any) -> float:
        """Mean distance to the best unit."""
        raise NotImplementedError

    def topographic_error(self, X: Any) -> float:
        """Share of rows whose two best units are no neighbours."""
        raise NotImplementedError

    def label_units(self, y: Any, X: Any = None) -> np.ndarray:
        """Gives each unit the commonest class among the training rows it wins; an unlabelled unit the commonest of all. ``(units,)``."""
        raise NotImplementedError

    def classify(self, X: Any) -> np.ndarray:
        """Class of the best unit of each row, after `label_units`."""
        raise NotImplementedError

    def grid_of(self) -> Grid:
        """Grid of these parameters, fitted or not."""
        raise NotImplementedError
