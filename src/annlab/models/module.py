"""Any torch module of the user's as an estimator for regression or classification."""

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from annlab.errors import UsageError
from annlab.models.base import BaseEstimator, Check, boolean, choice, count, fraction, number, one_of, optional, split_rows
from annlab.models.image_rows import INPUT_TYPES
from annlab.models.random_state import RandomStreams
from annlab.train import LOSSES, OPTIMIZERS, SCHEDULES, DivergenceError, History, Recipe, fit
from annlab.train.guard import guarded_generators
from annlab.train.tensors import as_float, as_tensor, place_of

__all__ = ["ModuleClassifier", "ModuleRegressor"]

ROWS = 1024  # rows predicted at once


def _function(value: Any) -> str | None:
    return None if callable(value) else "a function"


class _ModuleEstimator(BaseEstimator):
    """What both share: parameters, building and training of the module, its outputs."""

    _checks: ClassVar[dict[str, Check]] = {
        "module": lambda value: None if isinstance(value, nn.Module) or callable(value) else "a torch module, or what makes one",
        "module_options": optional(lambda value: None if isinstance(value, Mapping) else "a mapping"),
        "loss": optional(one_of(choice(tuple(LOSSES)), _function)),
        "optimizer": one_of(choice(tuple(OPTIMIZERS)), _function),
        "learning_rate": number(0.0, open_low=True),
        "batch_size": optional(count()),
        "max_epochs": count(),
        "validation_fraction": fraction(),
        "patience": optional(count()),
        "weight_decay": number(0.0),
        "l1": number(0.0),
        "input_noise": number(0.0),
        "schedule": optional(one_of(choice(tuple(SCHEDULES)), _function)),
        "dtype": optional(choice(("float32", "float64"))),
        "verbose": boolean(),
    }
    _external: ClassVar[tuple[str, ...]] = ("module",)

    def __init__(
        self,
        module: nn.Module | Callable[..., nn.Module],
        module_options: Mapping[str, Any] | None = None,
        loss: str | Callable[[Any, Any], torch.Tensor] | None = None,
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "adam",
        learning_rate: float = 1e-3,
        batch_size: int | None = 32,
        max_epochs: int = 200,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        input_noise: float = 0.0,
        schedule: str | Callable[[int], float] | None = None,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.module = module
        self.module_options = module_options
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.weight_decay = weight_decay
        self.l1 = l1
        self.input_noise = input_noise
        self.schedule = schedule
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def _make_module(self, streams: RandomStreams | None = None) -> nn.Module:
        """A new module: a copy of the instance given, or what the class or function makes from options, sizes and generator."""
        if isinstance(self.module, nn.Module):
            if self.module_options:
                raise UsageError("module_options are for a class or function; the module given is an instance already")
            return copy.deepcopy(self.module)
        streams = streams or RandomStreams(0)
        offered = {"n_inputs": self._n_inputs, "n_outputs": self.n_outputs_, "generator": streams.torch("init")}
        try:
            wanted = set(inspect.signature(self.module).parameters)
        except (TypeError, ValueError):  # a callable written in C has no signature
            wanted = set()
        options = {name: value for name, value in offered.items() if name in wanted} | dict(self.module_options or {})
        with guarded_generators(streams.seed("init"), torch.device("cpu")):
            made = self.module(**options)
        if not isinstance(made, nn.Module):
            raise UsageError(f"module= gave a {type(made).__name__}, not a torch module")
        return made

    def _place_module(self, X: np.ndarray, streams: RandomStreams) -> int:
        """Makes ``module_`` for the rows `X`; the number of its outputs."""
        module = self._make_module(streams)
        if self.dtype is not None:
            module = module.to(dtype=getattr(torch, self.dtype))
        self.module_ = module.to(self._resolve_device()).eval()
        first = self._outputs(X[:1])
        if first.ndim not in (1, 2) or len(first) != 1:
            raise UsageError(f"the module must give one row of outputs a sample, got the shape {first.shape} for one")
        return int(first.shape[1]) if first.ndim == 2 else 1

    def _train(self, X: np.ndarray, y: np.ndarray, loss: Any, streams: RandomStreams) -> None:
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
        if self.patience is not None and not self.validation_fraction:
            raise UsageError("patience watches the validation loss: set validation_fraction above 0")
        training, held_out = split_rows(len(X), self.validation_fraction, streams.numpy("split"))
        validation = (X[held_out], y[held_out]) if len(held_out) else None
        X, y = (X[training], y[training]) if len(held_out) else (X, y)
        common: dict[str, Any] = {name: streams.torch(name) for name in ("order", "noise", "dropout")}
        common |= {"validation": validation, "progress": self._progress()}
        try:
            self._record(fit(self.module_, X, y, recipe, **common))
        except DivergenceError as error:
            self._record(error.history)
            raise

    def _record(self, history: History) -> None:
        self.history_ = dict(history.columns)
        self.n_iter_ = int(history.stopped_epoch)

    def _outputs(self, X: np.ndarray) -> np.ndarray:
        device, dtype = place_of(self.module_)
        with guarded_generators(0, device), torch.no_grad():
            parts = [
                self.module_(as_float(as_tensor(X[start : start + ROWS], device, dtype), dtype)).cpu().numpy()
                for start in range(0, len(X), ROWS)
            ]
        outputs = np.concatenate(parts)
        return outputs.astype(X.dtype, copy=False) if X.dtype.kind == "f" else outputs

    def _rows(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "module_")
        return np.asarray(validate_data(self, X, reset=False, dtype=INPUT_TYPES, allow_nd=True))


class ModuleRegressor(RegressorMixin, _ModuleEstimator):  # type: ignore[misc]
    """Any torch module, trained as a regressor.

    Args:
        module: an instance, which is copied with its weights and never changed; or a class or function that makes one, called with
            `module_options` and, where its signature has them, ``n_inputs`` (features of a row, or the length of the last axis),
            ``n_outputs`` (targets) and ``generator``. Torch's global generator is seeded from `random_state` meanwhile and put
            back after.
        module_options: keyword arguments of that class or function.
        loss: a name of `annlab.train.LOSSES` or a function ``(output, target) -> scalar``, a mean over samples; None is ``"mse"``.
        optimizer: a name of `annlab.train.OPTIMIZERS`, or a function ``parameters -> torch.optim.Optimizer``.
        learning_rate: step size of an `optimizer` given by name; it has no effect on a function's.
        batch_size: samples a step; None is all of them.
        max_epochs: passes over the training rows.
        validation_fraction: share of the rows, drawn at random, that is held out; the weights of its lowest loss are kept.
        patience: epochs without a lower validation loss before training stops.
        weight_decay: L2 penalty ``weight_decay / 2 * sum(w^2)`` on weights, not biases (decoupled for ``"adamw"``).
        l1: L1 penalty ``l1 * sum(|w|)`` on weights.
        input_noise: standard deviation of Gaussian noise on the inputs of each batch.
        schedule: a name of `annlab.train.SCHEDULES` or a function ``epoch -> factor`` of the learning rate.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"`` or ``"float64"``; None leaves the module in its own type, which inputs are brought to.
        random_state: draws the initial weights of a class or function, the rows held out, the order of the samples, noise and
            dropout. A whole number gives the same model again.
        verbose: log each epoch at level INFO of the logger ``annlab``.

    Attributes:
        module_: the trained module.
        history_: columns by name, a row an epoch: epoch, train_loss, validation_loss, learning_rate, seconds.
        n_iter_: epochs trained.
        n_outputs_: number of targets.

    Raises:
        ValueError: for parameters or data that do not fit; as `annlab.train.DivergenceError` where the loss became NaN or infinite,
            with the last good weights kept and usable.

    >>> from annlab.nets import MLP
    >>> ModuleRegressor(MLP, {"hidden_sizes": (20,)}, max_epochs=50).fit([[0.0], [1.0]], [0.0, 1.0]).module_.n_inputs
    1
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on `X` ``(n, ...)``, floats or bytes (read as [0, 1]), and targets `y` ``(n,)`` or ``(n, outputs)``."""
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=INPUT_TYPES, allow_nd=True, multi_output=True, y_numeric=True)
        self._n_inputs = int(X.shape[-1])
        self._flat_targets = y.ndim == 1
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        streams = self._streams()
        width = self._place_module(X, streams)
        if width != self.n_outputs_:
            raise UsageError(f"the module gives {width} outputs a row but there are {self.n_outputs_} targets")
        self._train(X, np.asarray(y, dtype=np.float64).reshape(len(X), -1), "mse" if self.loss is None else self.loss, streams)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Outputs of the module in evaluation mode, of the shape of `y` and the type of `X`."""
        outputs = self._outputs(self._rows(X))
        return outputs.reshape(len(outputs)) if self._flat_targets else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class ModuleClassifier(ClassifierMixin, _ModuleEstimator):  # type: ignore[misc]
    """Any torch module, trained as a classifier; its outputs are logits.

    A module with one output for each class is trained on the cross-entropy; for two classes it may have a single output, trained on
    the binary cross-entropy. Parameters and attributes are those of `ModuleRegressor`, where ``n_outputs`` is the number of
    classes and `loss` a function of logits and class indices (or of one logit and 0 or 1); also ``classes_``.

    >>> from annlab.nets import MLP
    >>> X, y = [[0.0], [1.0]], ["low", "high"]
    >>> ModuleClassifier(MLP, {"hidden_sizes": ()}, learning_rate=0.1, random_state=0).fit(X, y).predict(X).tolist()
    ['low', 'high']
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on `X` ``(n, ...)``, floats or bytes (read as [0, 1]), and labels `y` ``(n,)`` of any type."""
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=INPUT_TYPES, allow_nd=True)
        check_classification_targets(y)
        self._n_inputs = int(X.shape[-1])
        self.classes_, indices = np.unique(y, return_inverse=True)
        self.n_outputs_ = len(self.classes_)
        if self.n_outputs_ < 2:
            raise UsageError(f"{type(self).__name__} needs samples of at least 2 classes, got 1 class: {self.classes_[0]!r}")
        streams = self._streams()
        width = self._place_module(X, streams)
        if width == 1 and self.n_outputs_ == 2:
            self._train(X, indices.astype(np.float64).reshape(-1, 1), "binary_cross_entropy" if self.loss is None else self.loss, streams)
        elif width == self.n_outputs_:
            self._train(X, indices, "cross_entropy" if self.loss is None else self.loss, streams)
        else:
            raise UsageError(f"the module gives {width} outputs a row but there are {self.n_outputs_} classes")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class in the order of ``classes_``, (n, classes)."""
        outputs = torch.from_numpy(self._outputs(self._rows(X)))
        if outputs.ndim == 1 or outputs.shape[1] == 1:
            positive = torch.sigmoid(outputs.reshape(-1, 1))
            return np.asarray(torch.cat([1 - positive, positive], dim=1).numpy())
        return np.asarray(torch.softmax(outputs, 1).numpy())

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each row."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])
