"""What the networks that forecast share: the parts of a series, the recipe, the record of training."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch

from annlab.data import lag_windows
from annlab.errors import UsageError
from annlab.models.base import Check, boolean, choice, count, fraction, number, one_of, optional
from annlab.models.forecasters import WindowForecaster, as_series
from annlab.models.random_state import random_streams
from annlab.train import OPTIMIZERS, SCHEDULES, DivergenceError, History, Recipe

__all__ = ["NetworkForecaster", "Part"]

Part = tuple[np.ndarray, np.ndarray]
"""Windows and targets."""


class NetworkForecaster(WindowForecaster):
    """A forecaster whose replicates are networks, trained one step ahead."""

    _checks: ClassVar[dict[str, Check]] = {
        "lag": count(),
        "optimizer": choice(tuple(OPTIMIZERS)),
        "learning_rate": number(0.0, open_low=True),
        "batch_size": optional(count()),
        "max_epochs": count(),
        "validation_fraction": fraction(),
        "patience": optional(count()),
        "restore_best": boolean(),
        "weight_decay": number(0.0),
        "input_noise": number(0.0),
        "schedule": optional(one_of(choice(tuple(SCHEDULES)), lambda value: None if callable(value) else "a function")),
        "warm_start": boolean(),
        "n_replicates": count(),
        "dtype": optional(lambda value: None if str(value) in {"float32", "float64"} else "'float32' or 'float64'"),
        "verbose": boolean(),
    }

    hidden_sizes: Any
    validation_fraction: float
    patience: int | None
    warm_start: bool
    n_replicates: int
    verbose: bool
    random_state: Any
    stack_: Any

    def fit(self, series: Any, y: Any = None, *, validation: Any = None, gap: int | None = None) -> Self:
        """Trains on all windows of `series`.

        Args:
            series: ``(n,)``, in order of time.
            y: ignored.
            validation: the values that follow `series`, whose loss one step ahead is recorded each epoch and decides about early
                stopping and the best weights; in place of `validation_fraction`. They belong to no training window.
            gap: first values of `validation` that are inputs and not scored; None is `lag`, so that no scored window holds a value of
                `series`.

        Raises:
            UsageError: for parameters or series that do not fit; a series needs at least ``lag + 2`` values to train on.
            DivergenceError: where the loss became NaN or infinite, with the last good weights kept and usable.
        """
        known, follow, skip = self._parts(series, validation, gap)
        self._standardise_by(known)
        values = np.concatenate([known, follow])
        X, targets = (np.ascontiguousarray(part) for part in lag_windows(self._standardised(values), self.lag))
        first = len(known) - self.lag
        if not (self.warm_start and hasattr(self, "stack_")):
            dtype = torch.float64 if str(self.dtype) == "float64" else torch.float32
            self.stack_ = self._build(dtype).to(self._resolve_device())
        elif self.stack_.n_replicates != self.n_replicates or self.stack_.n_inputs != self.lag:
            raise UsageError("warm_start goes on with the networks of the fit before: lag and n_replicates must be the same")
        held_out = (X[first:], targets[first:]) if len(follow) else None
        failure: DivergenceError | None
        try:
            histories, failure = self._train((X[:first], targets[:first]), held_out, skip, self._recipe())
        except DivergenceError as error:  # of replicates that train as one
            histories, failure = [error.history.of(r) for r in range(self.n_replicates)], error
        self.stack_.eval()
        self._record(histories)
        if failure is not None:
            self._keep_residuals(known, 0)
            raise failure
        self._keep_residuals(values, len(known) + skip if len(follow) else 0)
        return self

    @abstractmethod
    def _build(self, dtype: torch.dtype) -> Any:
        """The networks with fresh weights."""

    @abstractmethod
    def _train(self, training: Part, held_out: Part | None, skip: int, recipe: Recipe) -> tuple[Sequence[History], DivergenceError | None]:
        """Trains the networks; the first `skip` targets held out are not scored.

        Returns:
            A history for each replicate, and the divergence of one of several that trained one by one.
        """

    def _parts(self, series: Any, validation: Any, gap: int | None) -> tuple[np.ndarray, np.ndarray, int]:
        """Values to train on, those that follow and are held out, and how many of these are not scored."""
        values = self._begin(series)
        if validation is None:
            if gap is not None:
                raise UsageError("gap belongs to the values given as validation")
            if self.patience is not None and not self.validation_fraction:
                raise UsageError("patience watches the validation loss: set validation_fraction above 0, or give fit the validation values")
            size = max(1, round(self.validation_fraction * (len(values) - self.lag))) if self.validation_fraction else 0
            if len(values) - size < self._least:
                raise UsageError(
                    f"a series of {len(values)} values is too short for a lag of {self.lag} and {size} values held out: "
                    f"it needs at least {self._least + size}"
                )
            return values[: len(values) - size], values[len(values) - size :], 0
        if self.validation_fraction:
            raise UsageError("give validation_fraction or the validation values, not both")
        skip = self.lag if gap is None else gap
        if skip < 0:
            raise UsageError(f"gap must be at least 0, got {skip}")
        return values, as_series(validation, skip + 1, "validation series"), skip

    def _recipe(self) -> Recipe:
        return Recipe(
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate),
            schedule=self.schedule,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            weight_decay=float(self.weight_decay),
            l1=float(getattr(self, "l1", 0.0)),
            input_noise=float(self.input_noise),
            patience=self.patience,
            restore_best=self.restore_best,
        )

    def _draws(self, name: str) -> list[torch.Generator]:
        """A generator for each replicate, the same each time it is asked for."""
        streams = random_streams(self.seed_)
        return [streams.torch(name, r) for r in range(self.n_replicates)]

    def _record(self, histories: Sequence[History]) -> None:
        """Sets ``history_`` and ``n_iter_``."""
        columns: dict[str, list[np.ndarray]] = {}
        for r, history in enumerate(histories):
            rows = len(history.columns.get("epoch", ()))
            for name, values in {"replicate": np.full(rows, r), **history.columns}.items():
                columns.setdefault(name, []).append(values)
        self.history_ = {name: np.concatenate(parts) for name, parts in columns.items()}
        self.n_iter_ = max(int(history.stopped_epoch) for history in histories)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        weight = self.stack_.weights[0]
        return torch.tensor(np.ascontiguousarray(values), dtype=weight.dtype, device=weight.device)

    @torch.no_grad()
    def _predict(self, windows: np.ndarray) -> np.ndarray:
        return np.asarray(self.stack_(self._tensor(windows))[..., 0].double().cpu().numpy())

    @property
    def n_parameters_(self) -> int:
        """Trainable numbers of one replicate."""
        return sum(parameter[0].numel() for parameter in self.stack_.parameters())
