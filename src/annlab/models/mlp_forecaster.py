"""Multilayer perceptrons on lag windows as forecasters, all replicates trained as one tensor program."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch

from annlab.models.base import Check
from annlab.models.mlp import MLPRegressor
from annlab.models.network_forecaster import NetworkForecaster, Part
from annlab.models.one_by_one import train_each
from annlab.nets import StackedMLP
from annlab.train import DivergenceError, History, Recipe, fit, fit_stacked
from annlab.train.dense import stacks

__all__ = ["MLPForecaster"]


class MLPForecaster(NetworkForecaster):
    """Multilayer perceptrons that predict the next value from the last `lag` ones; defaults are the course's.

    Args:
        lag: values in a window.
        hidden_sizes, activation, optimizer, learning_rate, batch_size, max_epochs: as in `annlab.MLPRegressor`.
        validation_fraction: share of the targets, the most recent ones, that is held out; 0 holds out none. Not with `validation`.
        patience: epochs without a lower validation loss before training stops; None never stops early.
        restore_best: whether the weights of the lowest validation loss are kept at the end, or else the last.
        dropout, weight_decay, l1, schedule: as in `annlab.MLPRegressor`.
        input_noise: deviation of Gaussian noise on the inputs of each batch, in standard deviations of the series.
        warm_start: whether `fit` goes on from the weights of the fit before.
        n_replicates: networks that differ in everything drawn at random and share the series.
        device, dtype, random_state, verbose: as in `annlab.MLPRegressor`; dtype None is float32.

    Attributes:
        stack_: the trained `annlab.nets.StackedMLP`.
        history_: columns by name, a row for each evaluation of each replicate: replicate, epoch, train_loss, validation_loss (mean
            squared errors one step ahead of the standardised series), learning_rate, seconds.
        n_iter_: epochs trained by the replicate that trained longest.

    >>> MLPForecaster(lag=5, n_replicates=10)
    MLPForecaster(lag=5, n_replicates=10)
    """

    _checks: ClassVar[dict[str, Check]] = {
        **NetworkForecaster._checks,
        **{name: MLPRegressor._checks[name] for name in ("hidden_sizes", "activation", "optimizer", "dropout", "l1")},
    }

    def __init__(
        self,
        lag: int = 10,
        hidden_sizes: Sequence[int] = (25,),
        activation: str | Sequence[str] = "tanh",
        optimizer: str | Callable[[Any], Any] = "adam",
        learning_rate: float = 0.01,
        batch_size: int | None = None,
        max_epochs: int = 200,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        restore_best: bool = True,
        dropout: float = 0.0,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        input_noise: float = 0.0,
        schedule: str | Callable[[int], float] | None = None,
        warm_start: bool = False,
        n_replicates: int = 1,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.lag = lag
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.restore_best = restore_best
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.l1 = l1
        self.input_noise = input_noise
        self.schedule = schedule
        self.warm_start = warm_start
        self.n_replicates = n_replicates
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def _build(self, dtype: torch.dtype) -> StackedMLP:
        return StackedMLP(
            self.n_replicates,
            self.lag,
            tuple(self.hidden_sizes),
            1,
            activation=self.activation if isinstance(self.activation, str) else tuple(self.activation),
            dropout=float(self.dropout),
            generators=self._draws("init"),
            dtype=dtype,
        )

    def _train(self, training: Part, held_out: Part | None, skip: int, recipe: Recipe) -> tuple[Sequence[History], DivergenceError | None]:
        checks = None if held_out is None else (held_out[0][skip:], held_out[1][skip:])
        draws = {name: self._draws(name) for name in ("order", "noise", "dropout")}
        X, y = training
        common: dict[str, Any] = {"validation": checks, "progress": self._progress()}
        if stacks(recipe):
            generators: dict[str, Any] = {f"{name}s": draws[name] for name in draws}
            history = fit_stacked(self.stack_, X, y, recipe, **generators, **common)
            return [history.of(r) for r in range(self.n_replicates)], None

        def train(r: int) -> History:
            single: dict[str, Any] = {name: draws[name][r] for name in draws}
            return fit(self.stack_.replicate(r), X, y, recipe, **single, **common)

        return train_each(self.n_replicates, train)
