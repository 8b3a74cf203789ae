"""What both stacked autoencoders share: parameters, autoencoders trained one on another, the record of stages."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from annlab.errors import UsageError, unknown_name
from annlab.models.base import BaseEstimator, Check, boolean, choice, count, fraction, number, optional, sizes, tidy_history
from annlab.models.image_rows import image_rows, rows_at_once
from annlab.models.random_state import RandomStreams
from annlab.nets import ACTIVATIONS, DenseAutoencoder, StackedMLP
from annlab.train import SCHEDULES, DivergenceError, History, Recipe, fit_stacked
from annlab.train.stacked_optimisers import STACKED_OPTIMISERS
from annlab.train.tensors import as_float, as_tensor, place_of

__all__ = [
    "DRAWS",
    "StackedLayers",
    "accuracy_of",
    "as_names",
    "copied",
    "copy_layer",
    "outputs_of",
    "within_unit",
]

RECONSTRUCTION_LOSSES = {"mse": "mse", "bce": "binary_cross_entropy"}
DRAWS = ("order", "noise", "dropout")


def as_names(value: Any) -> str | None:
    """Check that a value names activations."""
    names = (value,) if isinstance(value, str) else value
    good = isinstance(names, Sequence) and all(isinstance(name, str) and name in ACTIVATIONS for name in names)
    return None if good else f"one of {', '.join(ACTIVATIONS)}, or one of them for each layer"


class StackedLayers(BaseEstimator):
    """Base of the stacked autoencoders: rows, autoencoders layer by layer, stages and their record.

    Layer i of the encoder is trained as the encoder of an autoencoder of its own, whose inputs are the codes of layer i - 1
    (Hinton and Salakhutdinov, 2006; Bengio et al., 2007). What it gives back has the activation of layer i - 1, for the first layer
    that of the reconstruction; its loss is `pretrain_loss`, where ``"bce"`` gives way to the squared error unless that activation is the
    sigmoid and the numbers lie in [0, 1].
    """

    _checks: ClassVar[dict[str, Check]] = {
        "hidden_sizes": sizes(1),
        "activation": as_names,
        "pretrain": boolean(),
        "pretrain_epochs": count(0),
        "pretrain_loss": choice(tuple(RECONSTRUCTION_LOSSES)),
        "pretrain_learning_rate": optional(number(0.0, open_low=True)),
        "denoising": number(0.0),
        "max_epochs": count(0),
        "optimizer": choice(tuple(STACKED_OPTIMISERS)),
        "learning_rate": number(0.0, open_low=True),
        "schedule": optional(choice(tuple(SCHEDULES))),
        "batch_size": optional(count()),
        "weight_decay": number(0.0),
        "dropout": fraction(),
        "validation_fraction": fraction(),
        "patience": optional(count()),
        "evaluate_every": count(),
        "n_replicates": count(),
        "dtype": optional(choice(("float32", "float64"))),
        "verbose": boolean(),
    }

    def _check_settings(self) -> None:
        """Checks parameters before anything is trained or forgotten."""
        self._check_parameters()
        if self.patience is not None and not self.validation_fraction:
            raise UsageError("patience watches the validation loss: set validation_fraction above 0")
        self._names()
        self._resolve_device()

    def _begin(self) -> None:
        """Empties the record, once all is checked."""
        self.__dict__.pop("accuracy_", None)  # of a fit before
        self._record: dict[str, list[np.ndarray]] = {}
        self.n_iter_ = 0

    def _rows(self, X: Any) -> np.ndarray:
        """Flat rows for the fitted network."""
        check_is_fitted(self, "stack_")
        return image_rows(self, X, reset=False, known=self.image_shape_)[0]

    def _names(self) -> tuple[str, ...]:
        """Activation of each layer of the encoder."""
        depth = len(self.hidden_sizes)
        names = (self.activation,) * depth if isinstance(self.activation, str) else tuple(self.activation)
        if len(names) != depth:
            raise UsageError(f"activation takes one name, or one for each of the {depth} layers of the encoder, got {names!r}")
        return names

    def _untrained(self, rows: np.ndarray, streams: RandomStreams, output_activation: str) -> list[DenseAutoencoder]:
        """The autoencoder of each layer with fresh weights."""
        device, dtype, names = self._resolve_device(), self._resolve_dtype(rows), self._names()
        inputs = (self.n_features_in_, *self.hidden_sizes[:-1])
        backs = (output_activation, *names[:-1])
        return [
            DenseAutoencoder(
                int(self.n_replicates),
                int(size),
                int(code),
                (),
                name,
                back,
                generators=[streams.torch(f"init layer {layer}", r) for r in range(self.n_replicates)],
                dtype=dtype,
            ).to(device)
            for layer, (size, code, name, back) in enumerate(zip(inputs, self.hidden_sizes, names, backs, strict=True), start=1)
        ]

    def _train_layers(
        self, layers: Sequence[DenseAutoencoder], rows: np.ndarray, held_out: np.ndarray | None, streams: RandomStreams
    ) -> None:
        """Trains the autoencoders one on the codes of another."""
        inputs: Any = rows
        checks: Any = held_out
        for number_, net in enumerate(layers, start=1):
            back = net.output_activation
            crossed = self.pretrain_loss == "bce" and back == "sigmoid" and (number_ > 1 or within_unit(rows))
            recipe = self._recipe("binary_cross_entropy" if crossed else "mse", self.pretrain_epochs, self.pretrain_learning_rate)
            net.output_activation = "identity" if crossed else back  # the loss takes logits
            try:
                self._stage(f"layer {number_}", net, inputs, inputs, recipe, streams, checks, checks, noise=self.denoising)
            finally:
                net.output_activation = back
            if number_ < len(layers):
                inputs = outputs_of(net, inputs, net.encode)
                checks = None if checks is None else outputs_of(net, checks, net.encode)

    def _recipe(self, loss: str, epochs: int, rate: float | None) -> Recipe:
        return Recipe(
            loss=loss,
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate if rate is None else rate),
            schedule=self.schedule,
            batch_size=self.batch_size,
            max_epochs=int(epochs),
            weight_decay=float(self.weight_decay),
            patience=self.patience,
            evaluate_every=int(self.evaluate_every),
        )

    def _stage(
        self,
        name: str,
        net: StackedMLP,
        X: Any,
        y: Any,
        recipe: Recipe,
        streams: RandomStreams,
        held_X: Any = None,
        held_y: Any = None,
        *,
        noise: float = 0.0,
        monitors: dict[str, Any] | None = None,
    ) -> None:
        """Trains a network and adds to the record; a stage of no epochs leaves it as it is."""
        if recipe.max_epochs == 0:
            return
        generators: dict[str, Any] = {f"{draw}s": [streams.torch(f"{draw} {name}", r) for r in range(self.n_replicates)] for draw in DRAWS}
        validation = None if held_X is None else (held_X, held_y)
        recipe = replace(recipe, input_noise=float(noise))
        try:
            history = fit_stacked(net, X, y, recipe, validation=validation, monitors=monitors, progress=self._progress(), **generators)
        except DivergenceError as error:
            self._add(name, [error.history.of(r) for r in range(self.n_replicates)])
            self._publish()
            raise
        self._add(name, [history.of(r) for r in range(self.n_replicates)])

    def _add(self, name: str, histories: Sequence[History]) -> None:
        columns, epochs = tidy_history(histories)
        before = max((part.max() for part in self._record.get("seconds", ()) if len(part)), default=0.0)
        columns["seconds"] = columns["seconds"] + before
        rows, earlier = len(columns["epoch"]), sum(len(part) for part in self._record.get("epoch", ()))
        columns = {"stage": np.full(rows, name), **columns}
        for column in {**columns, **self._record}:
            parts = self._record.setdefault(column, [np.full(earlier, np.nan)] if earlier else [])
            parts.append(columns.get(column, np.full(rows, np.nan)))
        self.n_iter_ += epochs

    def _at(self, stage: str | None) -> StackedMLP:
        """The network after a stage, the trained one for None."""
        if stage is None:
            trained: StackedMLP = self.stack_
            return trained
        if stage not in self.stages_:
            raise unknown_name("stage", stage, self.stages_)
        net: StackedMLP = self.stages_[stage]
        return net

    def _publish(self) -> None:
        """Sets ``history_`` from the record of the stages."""
        self.history_ = {name: np.concatenate(parts) for name, parts in self._record.items()}
        del self._record


def copy_layer(source: StackedMLP, layer: int, target: StackedMLP, place: int) -> None:
    """Copies the weights and biases of one layer of all replicates."""
    with torch.no_grad():
        target.weights[place].copy_(source.weights[layer])
        target.biases[place].copy_(source.biases[layer])


@torch.no_grad()
def outputs_of(net: StackedMLP, X: Any, function: Any) -> torch.Tensor:
    """`function` of rows ``(n, d)`` or ``(R, n, d)`` in evaluation mode, computed in parts: ``(R, n, ...)`` on the network's device."""
    device, dtype = place_of(net)
    inputs, mode = as_tensor(X, device, dtype), net.training
    net.eval()
    size = rows_at_once(net)
    outputs = [function(as_float(inputs[..., start : start + size, :], dtype)) for start in range(0, inputs.shape[-2], size)]
    net.train(mode)
    return torch.cat(outputs, dim=1)


def copied(net: StackedMLP) -> StackedMLP:
    """A copy with weights of its own."""
    return copy.deepcopy(net)


def within_unit(rows: np.ndarray) -> bool:
    """Whether rows are bytes, or numbers that all lie in [0, 1]."""
    return rows.dtype == np.uint8 or bool(rows.min() >= 0.0 and rows.max() <= 1.0)


def accuracy_of(net: StackedMLP, X: Any, y: np.ndarray) -> np.ndarray:
    """Share of rows whose highest logit is that of class index `y`, by replicate."""
    return np.asarray((outputs_of(net, X, net).argmax(-1).cpu().numpy() == y).mean(axis=1))
