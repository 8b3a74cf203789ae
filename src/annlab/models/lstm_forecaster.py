"""LSTM networks as forecasters, all replicates trained as one tensor program: the whole series in one sequence, or windows of it."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from annlab.models.forecasters import Forecaster

__all__ = ["FORMS", "LSTMForecaster"]

FORMS = ("stateful", "windowed")


class LSTMForecaster(Forecaster):
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
    """

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

    def fit(self, series: Any, y: Any = None, *, validation: Any = None) -> Self:
        """Trains on `series`; arguments as in `MLPForecaster.fit`."""
        raise NotImplementedError
