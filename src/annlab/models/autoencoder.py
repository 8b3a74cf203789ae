"""The autoencoder as an estimator: codes of rows or images, and the rows and images of codes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from annlab.errors import UsageError
from annlab.models.base import (
    BaseEstimator,
    Check,
    boolean,
    choice,
    count,
    fraction,
    number,
    one_of,
    optional,
    sizes,
    split_rows,
    tidy_history,
)
from annlab.models.image_rows import image_rows, parts, rows_at_once, squared_error
from annlab.models.one_by_one import train_each
from annlab.models.random_state import RandomStreams
from annlab.nets import ACTIVATIONS, BATCH_NORMS, ConvAutoencoder, DenseAutoencoder
from annlab.nets.shapes import as_image_shape
from annlab.train import LOSSES, OPTIMIZERS, SCHEDULES, DivergenceError, History, Recipe, fit, fit_stacked
from annlab.train.dense import stacks
from annlab.train.tensors import as_float, as_tensor, place_of

__all__ = ["Autoencoder"]

CHANNELS = (16, 32)
RECONSTRUCTION_LOSSES = {"mse": "mse", "bce": "binary_cross_entropy"}
Trained = tuple[list[History], DivergenceError | None]
"""A history of each replicate, and what stopped one of them."""


def _names(value: Any) -> str | None:
    names = (value,) if isinstance(value, str) else value
    good = isinstance(names, Sequence) and all(isinstance(name, str) and name in ACTIVATIONS for name in names)
    return None if good else f"one of {', '.join(ACTIVATIONS)}, or one of them for each layer of the encoder and the code"


def _shape(value: Any) -> str | None:
    try:
        as_image_shape(value)
    except (UsageError, TypeError, ValueError):
        return "(height, width) or (height, width, channels)"
    return None


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Network that learns to give back its inputs through a narrow code (Hinton and Salakhutdinov, 2006).

    The encoder maps a row of d numbers through `hidden_sizes` to a code of `code_size`, the decoder maps it back through the same
    sizes in reverse; their weights are not tied. With ``activation="identity"``, ``output_activation="identity"`` and the squared
    error the best it can reach is the error of principal components of the same number.

    Args:
        code_size: units of the code.
        hidden_sizes: units of the layers between inputs and code; channels of the convolutions where `convolutional`, ``()`` then
            standing for ``(16, 32)``.
        activation: a name of `annlab.nets.ACTIVATIONS` for all hidden layers and the code, or one for each layer of the encoder, the
            last of them that of the code; the decoder mirrors them.
        output_activation: of the reconstruction: ``"sigmoid"`` for numbers in [0, 1], ``"identity"`` for any others.
        loss: ``"mse"``, the squared error, or ``"bce"``, the binary cross-entropy in nats, for numbers in [0, 1] and the sigmoid; both
            are means over samples and features.
        denoising: standard deviation of Gaussian noise on the inputs while training, the clean row being the target
            (Vincent et al., 2008).
        convolutional: whether images go through convolutions of stride 2 and back through transposed ones instead of dense layers.
        batch_norm: ``"none"``, ``"input"`` or ``"hidden"``, the code included.
        dropout: probability of dropping a hidden unit while training, the code's included.
        weight_decay: L2 penalty ``weight_decay / 2 * sum(w^2)`` on weights, not biases (decoupled for ``"adamw"``).
        optimizer: a name of `annlab.train.OPTIMIZERS`, or a function ``parameters -> torch.optim.Optimizer``. Dense replicates train as
            one tensor program, except with ``"lbfgs"`` or a function: then, and where `convolutional`, one by one.
        learning_rate: step size.
        schedule: a name of `annlab.train.SCHEDULES` or a function ``epoch -> factor`` of the learning rate.
        batch_size: samples a step; None is all of them.
        max_epochs: passes over the training rows.
        validation_fraction: share of the rows, drawn at random, that is held out; the weights of its lowest loss are kept. 0 holds
            out none and keeps the last weights.
        patience: epochs without a lower validation loss before training stops; None never stops early.
        image_shape: ``(height, width[, channels])`` of flat rows, for `convolutional`; None reads it from images, which must have it
            where given.
        n_replicates: networks that differ in everything drawn at random and share the data; reconstructions are their mean, codes
            stand side by side.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"`` or ``"float64"``; None is that of `X`, float32 for bytes.
        random_state: draws the initial weights, the rows held out, the order of the samples, noise and dropout. A whole number
            gives the same model again.
        verbose: log each epoch at level INFO of the logger ``annlab``.

    Attributes:
        stack_: the trained `annlab.nets.DenseAutoencoder`, all replicates in one, unless `convolutional`.
        nets_: the trained `annlab.nets.ConvAutoencoder` of each replicate, where `convolutional`.
        image_shape_: shape of an image that it was fitted to, None for rows.
        history_: columns by name, a row for each evaluation of each replicate: replicate, epoch, train_loss, validation_loss,
            learning_rate, seconds. Losses are those of `loss`, for each number of a row; the training loss is the mean over the batches
            before their steps, noise and dropout included.
        n_iter_: epochs trained by the replicate that trained longest.
        n_features_in_: numbers of a row.

    Raises:
        ValueError: for parameters or data that do not fit; as `annlab.train.DivergenceError` where the loss became NaN or infinite,
            with the last good weights of every replicate kept and usable. Replicates that train one by one are all trained before.

    >>> Autoencoder(code_size=64, denoising=0.2)
    Autoencoder(code_size=64, denoising=0.2)
    """

    _checks: ClassVar[dict[str, Check]] = {
        "code_size": count(),
        "hidden_sizes": sizes(),
        "activation": _names,
        "output_activation": choice(tuple(ACTIVATIONS)),
        "loss": choice(tuple(RECONSTRUCTION_LOSSES)),
        "denoising": number(0.0),
        "convolutional": boolean(),
        "batch_norm": choice(BATCH_NORMS),
        "dropout": fraction(),
        "weight_decay": number(0.0),
        "optimizer": one_of(choice(tuple(OPTIMIZERS)), lambda value: None if callable(value) else "a function"),
        "learning_rate": number(0.0, open_low=True),
        "schedule": optional(one_of(choice(tuple(SCHEDULES)), lambda value: None if callable(value) else "a function")),
        "batch_size": optional(count()),
        "max_epochs": count(),
        "validation_fraction": fraction(),
        "patience": optional(count()),
        "image_shape": optional(_shape),
        "n_replicates": count(),
        "dtype": optional(choice(("float32", "float64"))),
        "verbose": boolean(),
    }

    def __init__(
        self,
        code_size: int = 32,
        hidden_sizes: Sequence[int] = (),
        activation: str | Sequence[str] = "relu",
        output_activation: str = "sigmoid",
        loss: str = "mse",
        denoising: float = 0.0,
        convolutional: bool = False,
        batch_norm: str = "none",
        dropout: float = 0.0,
        weight_decay: float = 0.0,
        optimizer: str | Callable[[Any], torch.optim.Optimizer] = "adam",
        learning_rate: float = 1e-3,
        schedule: str | Callable[[int], float] | None = None,
        batch_size: int | None = 64,
        max_epochs: int = 20,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        image_shape: Sequence[int] | None = None,
        n_replicates: int = 1,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.code_size = code_size
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.denoising = denoising
        self.convolutional = convolutional
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.image_shape = image_shape
        self.n_replicates = n_replicates
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on rows ``(n, features)`` or images ``(n, height, width[, channels])``, bytes (read as [0, 1]) or numbers."""
        self._check_parameters()
        if self.patience is not None and not self.validation_fraction:
            raise UsageError("patience watches the validation loss: set validation_fraction above 0")
        if self.loss == "bce" and self.output_activation != "sigmoid":
            raise UsageError(f"loss 'bce' needs the output_activation 'sigmoid', got {self.output_activation!r}")
        rows, _, shape = image_rows(self, X, reset=True, known=self.image_shape)
        if self.loss == "bce" and rows.dtype != np.uint8 and (rows.min() < 0.0 or rows.max() > 1.0):
            raise UsageError(f"loss 'bce' takes numbers in [0, 1], got numbers from {rows.min():g} to {rows.max():g}")
        if self.convolutional and shape is None and self.image_shape is None:
            raise UsageError("convolutional=True takes images (n, height, width[, channels]), or flat rows and image_shape=")
        self.image_shape_ = shape
        streams, device, dtype = self._streams(), self._resolve_device(), self._resolve_dtype(rows)
        training, held_out = split_rows(len(rows), self.validation_fraction, streams.numpy("split"))
        checks = rows[held_out] if len(held_out) else None
        rows = rows[training] if len(held_out) else rows
        train = self._train_convolutional if self.convolutional else self._train_dense
        histories, failure = train(rows, checks, streams, device, dtype)
        self.history_, self.n_iter_ = tidy_history(histories)
        if failure is not None:
            raise failure
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Codes of rows or images, ``(n, n_replicates * code_size)``: those of the replicates side by side."""
        rows = self._rows(X)
        codes = np.concatenate([self._encode(part) for part in parts(rows, rows_at_once(*self._nets))], axis=1)
        return codes.transpose(1, 0, 2).reshape(len(rows), -1)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Rows of codes `X` as `transform` gives them, the mean over the replicates; images where it was fitted to images."""
        check_is_fitted(self, "history_")
        codes = check_array(X, dtype=[np.float64, np.float32], estimator=self, input_name="X")
        width = self._n_features_out
        if codes.shape[1] != width:
            raise UsageError(f"codes of this {type(self).__name__} have {width} numbers a row, got {codes.shape[1]}")
        rows = np.concatenate([self._decode(self._by_replicate(part)).mean(0) for part in parts(codes, rows_at_once(*self._nets))])
        return rows.reshape(len(rows), *(self.image_shape_ or (-1,)))

    def reconstruct(self, X: Any) -> np.ndarray:
        """What comes back of rows or images `X`, of their shape: the mean over the replicates."""
        rows = self._rows(X)
        return np.concatenate([self._back(part) for part in parts(rows, rows_at_once(*self._nets))]).reshape(np.shape(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean squared error of `reconstruct` for each number (bytes as numbers in [0, 1]); the higher the better."""
        rows = self._rows(X)
        return -squared_error(rows, rows_at_once(*self._nets), self._back)

    @property
    def _nets(self) -> tuple[Any, ...]:
        """The fitted networks: the stack of all replicates, or one of each."""
        return tuple(self.nets_) if hasattr(self, "nets_") else (self.stack_,)

    @property
    def _n_features_out(self) -> int:
        nets = self._nets
        return int(nets[0].code_size) * (len(nets) if hasattr(self, "nets_") else int(nets[0].n_replicates))

    def _rows(self, X: Any) -> np.ndarray:
        """Flat rows for the fitted networks."""
        check_is_fitted(self, "history_")
        known = self.nets_[0].image_shape if hasattr(self, "nets_") else self.image_shape_
        return image_rows(self, X, reset=False, known=known)[0]

    def _by_replicate(self, codes: np.ndarray) -> np.ndarray:
        """Codes side by side, (n, replicates * code), as (replicates, n, code)."""
        return codes.reshape(len(codes), -1, int(self._nets[0].code_size)).transpose(1, 0, 2)

    def _train_dense(
        self, rows: np.ndarray, checks: np.ndarray | None, streams: RandomStreams, device: torch.device, dtype: torch.dtype
    ) -> Trained:
        replicates, recipe = range(self.n_replicates), self._recipe()
        draws = {name: [streams.torch(name, r) for r in replicates] for name in ("init", "order", "noise", "dropout")}
        self.stack_ = DenseAutoencoder(
            int(self.n_replicates),
            self.n_features_in_,
            int(self.code_size),
            [int(size) for size in self.hidden_sizes],
            self.activation if isinstance(self.activation, str) else tuple(self.activation),
            self._trained_output(),
            dropout=float(self.dropout),
            batch_norm=self.batch_norm,
            generators=draws["init"],
            dtype=dtype,
        ).to(device)
        self.__dict__.pop("nets_", None)  # of a fit before
        try:
            if stacks(recipe):
                validation = None if checks is None else (checks, checks)
                generators: dict[str, Any] = {f"{name}s": draws[name] for name in ("order", "noise", "dropout")}
                failure = None
                try:
                    history = fit_stacked(self.stack_, rows, rows, recipe, validation=validation, progress=self._progress(), **generators)
                except DivergenceError as error:
                    history, failure = error.history, error
                return [history.of(r) for r in replicates], failure
            nets = [self.stack_.replicate(r) for r in replicates]  # views of the stack, which so holds the result
            return self._train_singly(nets, rows, checks, recipe, draws)
        finally:
            self.stack_.output_activation = self.output_activation
            self.stack_.eval()

    def _train_convolutional(
        self, rows: np.ndarray, checks: np.ndarray | None, streams: RandomStreams, device: torch.device, dtype: torch.dtype
    ) -> Trained:
        shape: Any = self.image_shape_ if self.image_shape is None else self.image_shape
        draws = {name: [streams.torch(name, r) for r in range(self.n_replicates)] for name in ("init", "order", "noise", "dropout")}
        self.nets_ = [
            ConvAutoencoder(
                as_image_shape(shape),
                int(self.code_size),
                [int(size) for size in self.hidden_sizes] or CHANNELS,
                self.activation if isinstance(self.activation, str) else tuple(self.activation),
                self._trained_output(),
                dropout=float(self.dropout),
                batch_norm=self.batch_norm,
                generator=generator,
                dtype=dtype,
            ).to(device)
            for generator in draws["init"]
        ]
        self.__dict__.pop("stack_", None)  # of a fit before
        try:
            return self._train_singly(self.nets_, rows, checks, self._recipe(), draws)
        finally:
            for net in self.nets_:
                net.output_activation = self.output_activation
                net.eval()

    def _train_singly(
        self,
        nets: Sequence[torch.nn.Module],
        rows: np.ndarray,
        checks: np.ndarray | None,
        recipe: Recipe,
        draws: dict[str, list[torch.Generator]],
    ) -> Trained:
        """Trains one network after the other; bytes become numbers batch by batch, the targets too."""
        compare = LOSSES[RECONSTRUCTION_LOSSES[self.loss]]

        def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return compare(output, as_float(target, output.dtype).to(output.dtype))

        validation = None if checks is None else (checks, checks)

        def train(r: int) -> History:
            single: dict[str, Any] = {name: draws[name][r] for name in ("order", "noise", "dropout")}
            common: dict[str, Any] = {"validation": validation, "progress": self._progress()}
            return fit(nets[r], rows, rows, replace(recipe, loss=loss), **single, **common)

        return train_each(len(nets), train)

    def _trained_output(self) -> str:
        """Output activation while training: the cross-entropy takes logits."""
        return "identity" if self.loss == "bce" else self.output_activation

    def _recipe(self) -> Recipe:
        return Recipe(
            loss=RECONSTRUCTION_LOSSES[self.loss],
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate),
            schedule=self.schedule,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            weight_decay=float(self.weight_decay),
            input_noise=float(self.denoising),
            patience=self.patience,
            running_loss=True,
        )

    def _back(self, rows: np.ndarray) -> np.ndarray:
        """What comes back of rows, the mean over the replicates."""
        return np.asarray(self._decode(self._encode(rows)).mean(0))

    @torch.no_grad()
    def _encode(self, rows: np.ndarray) -> np.ndarray:
        """Codes of every replicate, (replicates, n, code)."""
        if hasattr(self, "nets_"):
            return torch.stack([net.encode(_inputs(net, rows)) for net in self.nets_]).cpu().numpy()
        return self.stack_.encode(_inputs(self.stack_, rows)).cpu().numpy()

    @torch.no_grad()
    def _decode(self, codes: np.ndarray) -> np.ndarray:
        """Rows of every replicate's codes, (replicates, n, features)."""
        if hasattr(self, "nets_"):
            return torch.stack([net.decode(_inputs(net, code)) for net, code in zip(self.nets_, codes, strict=True)]).cpu().numpy()
        return self.stack_.decode(_inputs(self.stack_, codes)).cpu().numpy()


def _inputs(net: torch.nn.Module, values: np.ndarray) -> torch.Tensor:
    """Values on the device and of the type of a network, bytes as numbers in [0, 1]."""
    device, dtype = place_of(net)
    return as_float(as_tensor(values, device, dtype), dtype)
