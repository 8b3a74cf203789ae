"""Multilayer perceptrons as estimators: regression and classification, one network or an ensemble of replicates."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from annlab.errors import UsageError
from annlab.models.base import BaseEstimator, Check, boolean, choice, count, fraction, number, one_of, optional, split_rows, tidy_history
from annlab.models.one_by_one import train_each
from annlab.nets import ACTIVATIONS, BATCH_NORMS, StackedMLP
from annlab.train import OPTIMIZERS, SCHEDULES, DivergenceError, History, Recipe, fit, fit_stacked
from annlab.train.dense import stacks
from annlab.train.levenberg_marquardt import LEVENBERG_MARQUARDT

__all__ = ["MLPClassifier", "MLPRegressor"]

_ROWS = 8192  # rows predicted at once


class _MLP(BaseEstimator):
    """What both perceptrons share: parameters, training of the replicates, outputs."""

    _checks: ClassVar[dict[str, Check]] = {
        "hidden_sizes": lambda value: None if _is_sizes(value) else "a sequence of whole numbers of at least 1, or ()",
        "activation": lambda value: None if _is_names(value) else f"one of {', '.join(ACTIVATIONS)}, or one of them for each layer",
        "optimizer": one_of(choice((*OPTIMIZERS, LEVENBERG_MARQUARDT)), lambda value: None if callable(value) else "a function"),
        "learning_rate": number(0.0, open_low=True),
        "batch_size": optional(count()),
        "max_epochs": count(),
        "validation_fraction": fraction(),
        "patience": optional(count()),
        "dropout": fraction(),
        "batch_norm": choice(BATCH_NORMS),
        "weight_decay": number(0.0),
        "l1": number(0.0),
        "input_noise": number(0.0),
        "schedule": optional(one_of(choice(tuple(SCHEDULES)), lambda value: None if callable(value) else "a function")),
        "n_replicates": count(),
        "dtype": optional(lambda value: None if str(value) in {"float32", "float64"} else "'float32' or 'float64'"),
        "verbose": boolean(),
    }

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (50, 50),
        activation: str | Sequence[str] = "relu",
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "adam",
        learning_rate: float = 1e-3,
        batch_size: int | None = 32,
        max_epochs: int = 200,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        dropout: float = 0.0,
        batch_norm: str = "none",
        weight_decay: float = 0.0,
        l1: float = 0.0,
        input_noise: float = 0.0,
        schedule: str | Callable[[int], float] | None = None,
        n_replicates: int = 1,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.weight_decay = weight_decay
        self.l1 = l1
        self.input_noise = input_noise
        self.schedule = schedule
        self.n_replicates = n_replicates
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def _train(self, X: np.ndarray, y: np.ndarray, n_outputs: int, loss: str) -> None:
        """Draws and trains the replicates; a fit that diverges leaves them in their last good state before it raises."""
        device, dtype, streams = self._resolve_device(), self._resolve_dtype(X), self._streams()
        if self.patience is not None and not self.validation_fraction:
            raise UsageError("patience watches the validation loss: set validation_fraction above 0")
        training, validation = split_rows(len(X), self.validation_fraction, streams.numpy("split"))
        recipe = Recipe(
            loss=loss,
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate),
            schedule=self.schedule,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            weight_decay=float(self.weight_decay),
            l1=float(self.l1),
            input_noise=float(self.input_noise),
            patience=self.patience,
        )
        replicates = range(self.n_replicates)
        draws = {name: [streams.torch(name, r) for r in replicates] for name in ("init", "order", "noise", "dropout")}
        self.n_outputs_ = n_outputs
        self.stack_ = self._build(dtype, draws["init"]).to(device)
        held_out = (X[validation], y[validation]) if len(validation) else None
        X, y = (X[training], y[training]) if len(validation) else (X, y)
        common: dict[str, Any] = {"validation": held_out, "progress": self._progress()}
        if not stacks(recipe):
            self._train_singly(X, y, recipe, draws, common)
            return
        generators: dict[str, Any] = {f"{name}s": draws[name] for name in ("order", "noise", "dropout")}
        try:
            history = fit_stacked(self.stack_, X, y, recipe, **generators, **common)
        except DivergenceError as error:
            self.stack_.eval()
            self._record([error.history.of(r) for r in replicates])
            raise
        self._record([history.of(r) for r in replicates])

    def _train_singly(
        self, X: np.ndarray, y: np.ndarray, recipe: Recipe, draws: dict[str, list[torch.Generator]], common: dict[str, Any]
    ) -> None:
        """Trains one replicate after the other; each is a view of the stack, so the stack holds the result."""

        def train(r: int) -> History:
            single: dict[str, Any] = {name: draws[name][r] for name in ("order", "noise", "dropout")}
            return fit(self.stack_.replicate(r), X, y, recipe, **single, **common)

        histories, failure = train_each(self.n_replicates, train)
        self.stack_.eval()
        self._record(histories)
        if failure is not None:
            raise failure

    def _build(self, dtype: torch.dtype, generators: Sequence[torch.Generator] | None = None) -> StackedMLP:
        """The networks of these parameters with fresh weights."""
        return StackedMLP(
            self.n_replicates,
            self.n_features_in_,
            tuple(self.hidden_sizes),
            self.n_outputs_,
            activation=self.activation if isinstance(self.activation, str) else tuple(self.activation),
            dropout=float(self.dropout),
            batch_norm=self.batch_norm,
            generators=generators,
            dtype=dtype,
        )

    def _record(self, histories: Sequence[History]) -> None:
        """Sets ``history_`` and ``n_iter_``."""
        self.history_, self.n_iter_ = tidy_history(histories)

    def _outputs(self, X: Any) -> np.ndarray:
        """Outputs of every replicate, (replicates, n, outputs)."""
        check_is_fitted(self, "stack_")
        X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        weight = self.stack_.weights[0]
        parts = []
        with torch.no_grad():
            for start in range(0, len(X), _ROWS):
                rows = torch.tensor(X[start : start + _ROWS], dtype=weight.dtype, device=weight.device)
                parts.append(self.stack_(rows).cpu().numpy())
        return np.concatenate(parts, axis=1)


class MLPRegressor(RegressorMixin, _MLP):  # type: ignore[misc]
    """Multilayer perceptron for regression, trained on the mean squared error; with several replicates, an ensemble.

    Neither inputs nor targets are standardised here: networks learn best where both have about zero mean and unit variance, so put
    a ``StandardScaler`` before it in a ``Pipeline``, and a ``TransformedTargetRegressor`` around it for targets of another scale.

    Args:
        hidden_sizes: units of each hidden layer; ``()`` is the linear neuron.
        activation: a name of `annlab.nets.ACTIVATIONS`, or one for each hidden layer (and one for the output, else linear).
        optimizer: a name of `annlab.train.OPTIMIZERS`, or a function ``parameters -> torch.optim.Optimizer``. Replicates train as
            one tensor program, except with ``"lbfgs"`` or a function: then one by one. ``"levenberg_marquardt"`` solves for small
            networks without dropout or normalisation in float64, over all samples at once (``batch_size=None``).
        learning_rate: step size of an `optimizer` given by name; it has no effect on a function's.
        batch_size: samples a step; None is all of them, as ``"lbfgs"`` wants it.
        max_epochs: passes over the training rows.
        validation_fraction: share of the rows, drawn at random, that is held out; the weights of its lowest loss are kept. 0 holds
            out none and keeps the last weights.
        patience: epochs without a lower validation loss before training stops; None never stops early.
        dropout: probability of dropping a hidden unit while training.
        batch_norm: ``"none"``, ``"input"`` or ``"hidden"``.
        weight_decay: L2 penalty ``weight_decay / 2 * sum(w^2)`` on weights, not biases (decoupled for ``"adamw"``).
        l1: L1 penalty ``l1 * sum(|w|)`` on weights.
        input_noise: standard deviation of Gaussian noise on the inputs of each batch.
        schedule: a name of `annlab.train.SCHEDULES` or a function ``epoch -> factor`` of the learning rate.
        n_replicates: networks that differ in everything drawn at random and share the data; predictions are their mean.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"`` or ``"float64"``; None is that of `X`.
        random_state: draws the initial weights, the rows held out, the order of the samples, noise and dropout. A whole number
            gives the same model again.
        verbose: log each epoch at level INFO of the logger ``annlab``.

    Attributes:
        stack_: the trained `annlab.nets.StackedMLP`; ``stack_.replicate(r)`` is one network.
        history_: columns by name, a row for each evaluation of each replicate: replicate, epoch, train_loss, validation_loss,
            learning_rate, seconds.
        n_iter_: epochs trained by the replicate that trained longest.
        n_outputs_: number of targets.

    Raises:
        ValueError: for parameters or data that do not fit; as `annlab.train.DivergenceError` where the loss became NaN or infinite,
            with the last good weights of every replicate kept and usable. Replicates that train one by one are all trained before.

    >>> MLPRegressor(hidden_sizes=(20,), n_replicates=10)
    MLPRegressor(hidden_sizes=(20,), n_replicates=10)
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on rows `X` ``(n, features)`` and targets `y` ``(n,)`` or ``(n, outputs)``."""
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], multi_output=True, y_numeric=True)
        targets = np.asarray(y, dtype=X.dtype)
        self._flat_targets = targets.ndim == 1
        self._train(X, targets.reshape(len(X), -1), 1 if targets.ndim == 1 else targets.shape[1], "mse")
        return self

    @overload
    def predict(self, X: Any, return_std: Literal[False] = False) -> np.ndarray: ...
    @overload
    def predict(self, X: Any, return_std: Literal[True]) -> tuple[np.ndarray, np.ndarray]: ...
    def predict(self, X: Any, return_std: bool = False) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Mean over the replicates' outputs, of the shape of `y`; with `return_std` also their standard deviation (n - 1).

        The deviation tells how much the networks disagree, not how noisy the targets are.
        """
        outputs = self._outputs(X)
        if self._flat_targets:
            outputs = outputs[..., 0]
        if not return_std:
            return np.asarray(outputs.mean(axis=0))
        if len(outputs) < 2:
            raise UsageError("return_std needs n_replicates of at least 2: one network has no spread")
        return outputs.mean(axis=0), outputs.std(axis=0, ddof=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class MLPClassifier(ClassifierMixin, _MLP):  # type: ignore[misc]
    """Multilayer perceptron for classification, trained on the cross-entropy; with several replicates, an ensemble.

    Two classes have one output and the binary cross-entropy, so that ``hidden_sizes=()`` is logistic regression; more classes have
    one output each and the softmax. Parameters and attributes are those of `MLPRegressor`, and ``classes_``.

    Inputs are not standardised here: put a ``StandardScaler`` before it in a ``Pipeline``.

    >>> MLPClassifier(hidden_sizes=(), max_epochs=50)
    MLPClassifier(hidden_sizes=(), max_epochs=50)
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on rows `X` ``(n, features)`` and labels `y` ``(n,)`` of any type."""
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        k = len(self.classes_)
        if k < 2:
            raise UsageError(f"{type(self).__name__} needs samples of at least 2 classes, got 1 class: {self.classes_[0]!r}")
        if k == 2:
            self._train(X, indices.astype(X.dtype).reshape(-1, 1), 1, "binary_cross_entropy")
        else:
            self._train(X, indices, k, "cross_entropy")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class in the order of ``classes_``, ``(n, classes)``: the mean over the replicates."""
        outputs = torch.from_numpy(self._outputs(X))
        if outputs.shape[-1] == 1:
            positive = torch.sigmoid(outputs).mean(0)
            return np.asarray(torch.cat([1 - positive, positive], dim=1).numpy())
        return np.asarray(torch.softmax(outputs, -1).mean(0).numpy())

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each row."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])


def _is_sizes(value: Any) -> bool:
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        return False
    return all(count()(size) is None for size in value)


def _is_names(value: Any) -> bool:
    names = (value,) if isinstance(value, str) else value
    return isinstance(names, Sequence | np.ndarray) and all(name in ACTIVATIONS for name in names)
