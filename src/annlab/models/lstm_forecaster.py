"""LSTM networks as forecasters, all replicates trained as one tensor program: the whole series in one sequence, or windows of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch

from annlab.models.base import Check, choice
from annlab.models.mlp import MLPRegressor
from annlab.models.network_forecaster import NetworkForecaster, Part
from annlab.nets.lstm import LSTMState, StackedLSTM
from annlab.train import DivergenceError, History, Recipe
from annlab.train.recurrent import fit_recurrent
from annlab.train.stacked_optimisers import STACKED_OPTIMISERS

__all__ = ["FORMS", "LSTMForecaster"]

FORMS = ("stateful", "windowed")
_SIZES = "a sequence of whole numbers of at least 1, one a layer"


class LSTMForecaster(NetworkForecaster):
    """LSTM networks (Hochreiter and Schmidhuber, 1997) that predict the next value; defaults are the course's.

    The *stateful* form reads the series as one sequence: at each time the features are the last `lag` values, and the hidden state is
    carried on from the beginning of the series, in forecasts too. The *windowed* form reads each window of `lag` values as a sequence of
    its own, one value at a time from a state of zeros, and predicts from the state at its end.

    Args:
        form: ``"stateful"`` or ``"windowed"``.
        lag: values in a window.
        hidden_sizes: units of each LSTM layer, one on top of the other; a linear output follows.
        optimizer, learning_rate, max_epochs: as in `annlab.MLPRegressor`; the optimiser by name, not lbfgs.
        batch_size: windowed: windows a step. Stateful: times a step, the state being carried into the next step without its gradient
            (truncated backpropagation through time). None is all of them: one step an epoch.
        validation_fraction, patience, restore_best, weight_decay, input_noise, schedule, warm_start, n_replicates, device, dtype,
            random_state, verbose: as in `annlab.MLPForecaster`.

    Attributes:
        stack_: the trained `annlab.nets.StackedLSTM`.
        history_, n_iter_: as in `annlab.MLPForecaster`.

    >>> LSTMForecaster(lag=5, n_replicates=10)
    LSTMForecaster(lag=5, n_replicates=10)
    """

    _checks: ClassVar[dict[str, Check]] = {
        **NetworkForecaster._checks,
        "form": choice(FORMS),
        "hidden_sizes": lambda value: None if MLPRegressor._checks["hidden_sizes"](value) is None and len(value) else _SIZES,
        "optimizer": choice(tuple(STACKED_OPTIMISERS)),
    }

    def __init__(
        self,
        form: str = "stateful",
        lag: int = 10,
        hidden_sizes: Sequence[int] = (25,),
        optimizer: str = "adam",
        learning_rate: float = 0.001,
        batch_size: int | None = None,
        max_epochs: int = 150,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        restore_best: bool = True,
        weight_decay: float = 0.0,
        input_noise: float = 0.0,
        schedule: str | Callable[[int], float] | None = None,
        warm_start: bool = False,
        n_replicates: int = 1,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.form = form
        self.lag = lag
        self.hidden_sizes = hidden_sizes
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.restore_best = restore_best
        self.weight_decay = weight_decay
        self.input_noise = input_noise
        self.schedule = schedule
        self.warm_start = warm_start
        self.n_replicates = n_replicates
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def _build(self, dtype: torch.dtype) -> StackedLSTM:
        return StackedLSTM(
            self.n_replicates,
            self.lag,
            tuple(self.hidden_sizes),
            windows=self.form == "windowed",
            generators=self._draws("init"),
            dtype=dtype,
        )

    def _train(self, training: Part, held_out: Part | None, skip: int, recipe: Recipe) -> tuple[Sequence[History], DivergenceError | None]:
        stateful = self.form == "stateful"
        if held_out is not None and not stateful:
            held_out, skip = (held_out[0][skip:], held_out[1][skip:]), 0
        X, y = training
        orders, noises = self._draws("order"), self._draws("noise")
        common: dict[str, Any] = {"validation": held_out, "skip": skip, "progress": self._progress()}
        history = fit_recurrent(self.stack_, X, y, recipe, orders=orders, noises=noises, **common)
        return [history.of(r) for r in range(self.n_replicates)], None

    def _start(self, z: np.ndarray, origins: np.ndarray) -> Any:
        windows = super()._start(z, origins)
        if self.form == "windowed":
            return windows
        rows = self._tensor(np.lib.stride_tricks.sliding_window_view(z, self.lag))
        state, done = self.stack_.start(1), 0
        states: dict[int, LSTMState] = {}
        with torch.no_grad():
            for origin in sorted({int(origin) for origin in origins}):
                read = origin - self.lag  # windows before the one that the forecast itself begins with
                if read > done:
                    _, state = self.stack_.run(rows[done:read], state)
                    done = read
                states[origin] = state
        each = [states[int(origin)] for origin in origins]
        before = [(torch.cat([s[layer][0] for s in each], 1), torch.cat([s[layer][1] for s in each], 1)) for layer in range(len(state))]
        return _Reading(windows, before)

    @torch.no_grad()
    def _next(self, state: Any) -> np.ndarray:
        if self.form == "windowed":
            return super()._next(state)
        windows = self._tensor(np.broadcast_to(state.windows, (self.stack_.n_replicates, *state.windows.shape[-2:])))
        outputs, state.after = self.stack_.step(windows, state.before)
        return np.asarray(outputs[..., 0].double().cpu().numpy())

    def _take(self, state: Any, values: np.ndarray) -> Any:
        if self.form == "windowed":
            return super()._take(state, values)
        return _Reading(super()._take(state.windows, values), state.after)

    def _one_step(self, z: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(z, self.lag)[:-1]
        return self._predict(windows)  # of a sequence too: its moments are the windows in order of time


@dataclass
class _Reading:
    """Networks in the middle of their sequences: the next windows, the state before them and, once predicted, after them."""

    windows: np.ndarray
    before: LSTMState
    after: LSTMState = field(default_factory=list)
