"""What all classifiers of images share: images as bytes or numbers, flat or not; training; probabilities; the summary."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from torch import nn

from annlab.errors import UsageError
from annlab.models.base import BaseEstimator, Check, boolean, choice, count, fraction, number, one_of, optional, split_rows
from annlab.models.image_rows import image_rows
from annlab.nets.shapes import as_image_shape
from annlab.train import OPTIMIZERS, SCHEDULES, DivergenceError, History, Recipe
from annlab.train.augment import Augmentation
from annlab.train.evaluation import dataset_outputs
from annlab.train.images import fit_images
from annlab.train.tensors import as_tensor, place_of

if TYPE_CHECKING:
    from annlab.models.summary import Summary

__all__ = ["ImageClassifier"]

ROWS = 4096  # images looked at together while they are checked
TYPES = ("float32", "float64", "bfloat16")


def _function(value: Any) -> str | None:
    return None if callable(value) else "a function"


def _augmentations(value: Any) -> str | None:
    good = isinstance(value, Sequence) and all(isinstance(each, Augmentation) for each in value)
    return None if good else "a sequence of annlab.train.augment's Shift, Crop, Flip, CutOut or MixUp"


def _shape(value: Any) -> str | None:
    try:
        as_image_shape(value)
    except (UsageError, TypeError, ValueError):
        return "(height, width) or (height, width, channels)"
    return None


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the classifiers of images; a subclass makes the network (`_build`) and names its own parameters.

    A subclass lists all parameters in the signature of its ``__init__``, as scikit-learn asks, stores its own and hands the common ones
    to this class; its checks are ``_checks = {**ImageClassifier._checks, ...}``; its network has a property ``arguments`` and a place in
    `annlab.nets`, so that it can be saved, takes images (n, height, width, channels) of numbers in [0, 1] and gives logits.

    Args:
        optimizer: a name of `annlab.train.OPTIMIZERS`, or a function ``parameters -> torch.optim.Optimizer``, which sets the learning
            rate itself. ``"lbfgs"``, and a function that makes it, takes no augmentation.
        learning_rate: step size of an `optimizer` given by name; it has no effect on a function's.
        schedule: a name of `annlab.train.SCHEDULES` or a function ``epoch -> factor`` of the learning rate.
        batch_size: images a step; None is all of them.
        max_epochs: passes over the training images.
        validation_fraction: share of the images, drawn at random, that is held out; the weights of its lowest loss are kept.
        patience: epochs without a lower validation loss before training stops.
        label_smoothing: share of the target that is spread evenly over all classes, in [0, 1).
        weight_decay: L2 penalty ``weight_decay / 2 * sum(w^2)`` on weights, not biases (decoupled for ``"adamw"``).
        augmentation: declarations of `annlab.train.augment`, such as ``[Shift(2), CutOut(8)]``, applied to every batch anew.
        image_shape: ``(height, width[, channels])`` of flat rows; None reads squares of one or three channels.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"``, ``"float64"``, or ``"bfloat16"`` for products in bfloat16 about weights in float32; None is the last on a
            GPU that has it, and ``"float32"`` elsewhere.
        compile: whether ``torch.compile`` makes one program of the network for training.
        random_state: draws the initial weights, the images held out, their order, augmentation and dropout. A whole number
            gives the same model again.
        verbose: log each epoch at level INFO of the logger ``annlab``.

    Attributes:
        net_: the trained network.
        classes_: labels in the order of its outputs.
        image_shape_: (height, width, channels).
        history_: columns by name, a row an epoch: epoch, train_loss (mean over the batches before their steps, as trained on),
            validation_loss and validation_accuracy where images are held out, learning_rate, seconds.
        n_iter_: epochs trained.
        n_features_in_: pixels times channels.

    Raises:
        ValueError: for parameters or images that do not fit, the estimator left as it was; as `annlab.train.DivergenceError` where the
            loss became NaN or infinite, with the last good weights kept and usable.
    """

    _checks: ClassVar[dict[str, Check]] = {
        "optimizer": one_of(choice(tuple(OPTIMIZERS)), _function),
        "learning_rate": number(0.0, open_low=True),
        "schedule": optional(one_of(choice(tuple(SCHEDULES)), _function)),
        "batch_size": optional(count()),
        "max_epochs": count(),
        "validation_fraction": fraction(),
        "patience": optional(count()),
        "label_smoothing": fraction(),
        "weight_decay": number(0.0),
        "augmentation": optional(_augmentations),
        "image_shape": optional(_shape),
        "dtype": optional(choice(TYPES)),
        "compile": boolean(),
        "verbose": boolean(),
    }

    def __init__(
        self,
        *,
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "adam",
        learning_rate: float = 1e-3,
        schedule: str | Callable[[int], float] | None = None,
        batch_size: int | None = 128,
        max_epochs: int = 10,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        label_smoothing: float = 0.0,
        weight_decay: float = 0.0,
        augmentation: Sequence[Augmentation] | None = None,
        image_shape: Sequence[int] | None = None,
        device: str = "cpu",
        dtype: str | None = None,
        compile: bool = False,  # noqa: A002 - the name that torch gives it
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.label_smoothing = label_smoothing
        self.weight_decay = weight_decay
        self.augmentation = augmentation
        self.image_shape = image_shape
        self.device = device
        self.dtype = dtype
        self.compile = compile
        self.random_state = random_state
        self.verbose = verbose

    def _build(self, image_shape: tuple[int, int, int], n_classes: int, generator: torch.Generator | None, dtype: torch.dtype) -> nn.Module:
        """The network with fresh weights drawn from `generator`: numbers in [0, 1] (n, height, width, channels) -> logits (n, classes)."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on images and labels of any type.

        Args:
            X: ``(n, height, width[, channels])`` or flat rows ``(n, features)``, bytes or numbers in [0, 1].
            y: labels (n,).
        """
        with _as_before_unless_trained(self):
            return self._fit(X, y)

    def _fit(self, X: Any, y: Any) -> Self:
        self._check_parameters()
        if self.patience is not None and not self.validation_fraction:
            raise UsageError("patience watches the validation loss: set validation_fraction above 0")
        rows, y, shape = self._rows(X, y, reset=True)
        classes, indices = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise UsageError(f"{type(self).__name__} needs samples of at least 2 classes, got 1 class: {classes[0]!r}")
        images = _as_bytes(rows, X).reshape(len(rows), *shape)
        device, dtype, streams = self._resolve_device(), self._network_dtype(), self._streams()
        net = self._build(shape, len(classes), streams.torch("init"), dtype).to(device)
        training, held_out = split_rows(len(images), self.validation_fraction, streams.numpy("split"))
        validation = (images[held_out], indices[held_out]) if len(held_out) else None
        images, indices = (images[training], indices[training]) if len(held_out) else (images, indices)
        try:
            history = fit_images(
                net,
                images,
                indices,
                self._recipe(),
                augmentation=tuple(self.augmentation or ()),
                augment=streams.torch("augmentation", device=device),
                label_smoothing=float(self.label_smoothing),
                mixed_precision=self._is_mixed(device),
                compile=bool(self.compile),
                validation=validation,
                order=streams.torch("order"),
                dropout=streams.torch("dropout", device=device),
                progress=self._progress(),
            )
        except DivergenceError as error:
            self._learn(net, classes, shape, error.history)
            raise
        self._learn(net, classes, shape, history)
        return self

    def _learn(self, net: nn.Module, classes: np.ndarray, shape: tuple[int, int, int], history: History) -> None:
        self.net_, self.classes_, self.image_shape_ = net, classes, shape
        self.history_ = dict(history.columns)
        self.n_iter_ = int(history.stopped_epoch)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class in the order of ``classes_``, (n, classes), of the type of `X` where that is floating."""
        logits, kind = self._logits(X)
        return np.asarray(torch.softmax(logits, 1).numpy().astype(kind, copy=False))

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits, (n, classes); for two classes (n,), that of the second above that of the first."""
        logits, kind = self._logits(X)
        scores = logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits
        return np.asarray(scores.numpy().astype(kind, copy=False))

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each image."""
        best = self._logits(X)[0].argmax(1).numpy()
        return np.asarray(self.classes_[best])

    def summary(self) -> "Summary":
        """Layers of the trained network with shapes, parameters and operations; see `annlab.summary`."""
        from annlab.models.summary import summary

        check_is_fitted(self, "net_")
        return summary(self.net_, self.image_shape_)

    def _images(self, X: Any) -> torch.Tensor:
        """Images as the trained network takes them but for their division by 255 where they are bytes: (n, height, width, channels)."""
        check_is_fitted(self, "net_")
        rows, _, shape = self._rows(X, None, reset=False)
        if rows.dtype != np.uint8:
            _check_range(rows, X)
        return as_tensor(rows.reshape(len(rows), *shape), *place_of(self.net_))

    def _logits(self, X: Any) -> tuple[torch.Tensor, np.dtype[Any]]:
        """Logits on the host, and the floating type that answers have."""
        images = self._images(X)
        kind = getattr(X, "dtype", None)
        logits = dataset_outputs(self.net_, images, place_of(self.net_)[1]).cpu()
        given = np.dtype(kind) if isinstance(kind, np.dtype) and kind in (np.float32, np.float64) else None
        return logits, given or np.dtype(np.float64 if logits.dtype == torch.float64 else np.float32)

    def _rows(self, X: Any, y: Any, *, reset: bool) -> tuple[np.ndarray, Any, tuple[int, int, int]]:
        """Flat rows (n, features), labels and the shape of an image."""
        if not reset:
            return image_rows(self, X, reset=False, known=self.image_shape_)[0], None, self.image_shape_
        rows, y, found = image_rows(self, X, y, reset=True, known=self.image_shape)
        check_classification_targets(y)
        given = found or self.image_shape
        height, width, channels = _square(rows.shape[1]) if given is None else as_image_shape(given)
        return rows, y, (height, width, channels)

    def _network_dtype(self) -> torch.dtype:
        return torch.float64 if self.dtype == "float64" else torch.float32

    def _is_mixed(self, device: torch.device) -> bool:
        """Whether products are computed in bfloat16."""
        if self.dtype is None:
            return device.type == "cuda" and torch.cuda.is_bf16_supported()
        return self.dtype == "bfloat16"

    def _recipe(self) -> Recipe:
        return Recipe(
            loss="cross_entropy",
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate),
            schedule=self.schedule,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            weight_decay=float(self.weight_decay),
            patience=self.patience,
            running_loss=True,
        )


@contextmanager
def _as_before_unless_trained(estimator: Any) -> Iterator[None]:
    """Puts the attributes back where a fit is refused or interrupted, the number of features that scikit-learn notes among them."""
    before = dict(vars(estimator))
    try:
        yield
    except DivergenceError:
        raise
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def _square(features: int) -> tuple[int, int, int]:
    """Shape of a square image of so many numbers, of one or three channels."""
    for channels in (1, 3):
        edge = math.isqrt(features // channels)
        if edge * edge * channels == features:
            return edge, edge, channels
    raise UsageError(
        f"rows of {features} features are no square images of one or three channels: give image_shape=(height, width, channels)"
    )


def _as_bytes(rows: np.ndarray, given: Any) -> np.ndarray:
    """Rows as bytes where they are, or where every number is a whole 255th: the same numbers in a quarter of the memory.

    Raises:
        UsageError: for numbers outside [0, 1].
    """
    if rows.dtype == np.uint8:
        return rows
    _check_range(rows, given)
    held = np.empty(rows.shape, dtype=np.uint8)
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        whole = np.rint(part * 255)
        if not np.array_equal((whole / 255).astype(np.float32), part.astype(np.float32)):
            return rows
        held[start : start + ROWS] = whole
    return held


def _check_range(rows: np.ndarray, given: Any) -> None:
    """Raises `UsageError` for rows outside [0, 1], with the type that the images were `given` in."""
    low, high = rows.min(initial=0.0), rows.max(initial=0.0)
    if low < 0.0 or high > 1.0:
        kind = np.asarray(given).dtype
        raise UsageError(f"images are bytes (uint8) or numbers in [0, 1], got numbers from {low:g} to {high:g} of type {kind}")
