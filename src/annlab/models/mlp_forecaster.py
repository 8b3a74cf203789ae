"""Multilayer perceptrons on lag windows as forecasters, all replicates trained as one tensor program."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from annlab.models.forecasters import Forecaster

__all__ = ["MLPForecaster"]


class MLPForecaster(Forecaster):
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
    """

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

    def fit(self, series: Any, y: Any = None, *, validation: Any = None) -> Self:
        """Trains on all windows of `series`.

        Args:
            series: ``(n,)``, in order of time.
            y: ignored.
            validation: a later series whose first `lag` values are inputs alone; its one-step loss is recorded, and decides about
                early stopping and the best weights. In place of `validation_fraction`.
        """
        raise NotImplementedError
