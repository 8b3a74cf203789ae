"""The classifier on a stacked autoencoder's encoder, trained in three stages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from annlab.errors import UsageError
from annlab.models.base import Check, count, number, optional, split_rows
from annlab.models.image_classifier import ImageClassifier
from annlab.models.image_rows import image_rows
from annlab.models.one_by_one import train_each
from annlab.models.random_state import RandomStreams
from annlab.models.stacked_autoencoder import StackedAutoencoder
from annlab.models.stacked_layers import DRAWS, StackedLayers, accuracy_of, copied, copy_layer, outputs_of, within_unit
from annlab.nets import DenseAutoencoder, StackedMLP
from annlab.nets.shapes import as_image_shape
from annlab.train import DivergenceError, History, Recipe
from annlab.train.augment import Augmentation
from annlab.train.images import fit_images

if TYPE_CHECKING:
    from annlab.models.summary import Summary

__all__ = ["StackedAutoencoderClassifier"]


class StackedAutoencoderClassifier(ClassifierMixin, StackedLayers):  # type: ignore[misc]
    """Classifier on the encoder of a stacked autoencoder, trained in three stages (Bengio et al., 2007).

    1. ``pretrain``: every layer of the encoder as an autoencoder of its own, without labels (``"layer 1"``, ``"layer 2"``, ... in
       ``history_``); or taken from a fitted `StackedAutoencoder`, see `fit`.
    2. ``classifier``: a linear layer to the classes alone, on the codes, by the cross-entropy.
    3. ``fine_tune``: the whole network, by the cross-entropy.

    With ``pretrain=False`` the same network, from the same initial weights, is trained at once by the cross-entropy for as many updates
    as the three stages have (``"at_once"`` in ``history_``): a control.

    Args:
        hidden_sizes: units of each layer of the encoder, the last of which is the code.
        activation: a name of `annlab.nets.ACTIVATIONS` for all layers of the encoder, or one for each.
        pretrain: whether the stages before fine-tuning are made.
        pretrain_epochs: epochs of each layer alone.
        pretrain_loss: ``"bce"`` or ``"mse"``, see `StackedAutoencoder`.
        pretrain_learning_rate: step size of these stages; None is `learning_rate`.
        denoising: standard deviation of Gaussian noise on the inputs while layers are trained, the clean ones being the target.
        classifier_epochs: epochs of the linear layer alone.
        classifier_learning_rate: its step size; None is `learning_rate`.
        max_epochs: epochs of the whole network.
        optimizer: a name of `annlab.train.stacked_optimisers.STACKED_OPTIMISERS`; each stage starts it anew.
        learning_rate: step size.
        schedule: a name of `annlab.train.SCHEDULES`, run through in each stage.
        batch_size: samples a step; None is all of them.
        weight_decay: L2 penalty ``weight_decay / 2 * sum(w^2)`` on weights, not biases (decoupled for ``"adamw"``).
        dropout: probability of dropping a hidden unit while the whole is trained.
        input_noise: standard deviation of Gaussian noise on the inputs while the whole is trained.
        augmentation: declarations of `annlab.train.augment`, such as ``[Shift(1)]``, applied anew to every batch of images while the
            whole is trained. Replicates then train one by one, and the training loss of that stage is the mean over the batches before
            their steps, as trained on.
        image_shape: ``(height, width[, channels])`` of flat rows, for `augmentation`; None reads it from images, which must have it
            where given.
        validation_fraction: share of the rows, drawn at random, that is held out; each stage keeps the weights of its lowest loss.
        patience: epochs without a lower validation loss before a stage ends.
        evaluate_every: epochs between measurements of the losses.
        n_replicates: networks that differ in everything drawn at random and share the data; probabilities are their mean.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"`` or ``"float64"``; None is that of `X`, float32 for bytes.
        random_state: draws the initial weights, the rows held out, the order of the samples, noise and dropout. A whole number
            gives the same model again.
        verbose: log each evaluation at level INFO of the logger ``annlab``.

    Attributes:
        stack_: the trained `annlab.nets.StackedMLP`, all replicates in one.
        stages_: copies of it by stage: ``"initial"`` before any training and, with `pretrain`, ``"pretrain"`` and ``"classifier"``.
        classes_: labels in the order of its outputs.
        accuracy_: share of right answers after each stage, columns by name, a row a replicate and stage: replicate, stage
            (``"initial"``, ``"pretrain"``, ``"classifier"``, ``"fine_tune"`` or ``"at_once"``), train_accuracy and, where rows are held
            out, validation_accuracy. None is kept of a fit that diverged.
        history_: as that of `StackedAutoencoder`; losses are those of the stage.
        n_iter_: epochs trained, all stages together.
        image_shape_: shape of an image that it was fitted to, `image_shape` or None for rows.
        n_features_in_: numbers of a row.

    Raises:
        ValueError: for parameters or data that do not fit; as `annlab.train.DivergenceError` where the loss became NaN or infinite,
            with the last good weights kept and usable.

    >>> StackedAutoencoderClassifier(hidden_sizes=(256, 128), pretrain_epochs=5)
    StackedAutoencoderClassifier(hidden_sizes=(256, 128), pretrain_epochs=5)
    """

    _checks: ClassVar[dict[str, Check]] = {
        **StackedLayers._checks,
        "classifier_epochs": count(0),
        "classifier_learning_rate": optional(number(0.0, open_low=True)),
        "input_noise": number(0.0),
        "augmentation": ImageClassifier._checks["augmentation"],
        "image_shape": ImageClassifier._checks["image_shape"],
    }

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (256, 64),
        activation: str | Sequence[str] = "sigmoid",
        pretrain: bool = True,
        pretrain_epochs: int = 10,
        pretrain_loss: str = "bce",
        pretrain_learning_rate: float | None = None,
        denoising: float = 0.0,
        classifier_epochs: int = 10,
        classifier_learning_rate: float | None = None,
        max_epochs: int = 20,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str | None = None,
        batch_size: int | None = 128,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        augmentation: Sequence[Augmentation] | None = None,
        image_shape: Sequence[int] | None = None,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        evaluate_every: int = 1,
        n_replicates: int = 1,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.pretrain = pretrain
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_loss = pretrain_loss
        self.pretrain_learning_rate = pretrain_learning_rate
        self.denoising = denoising
        self.classifier_epochs = classifier_epochs
        self.classifier_learning_rate = classifier_learning_rate
        self.max_epochs = max_epochs
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.input_noise = input_noise
        self.augmentation = augmentation
        self.image_shape = image_shape
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.evaluate_every = evaluate_every
        self.n_replicates = n_replicates
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, *, encoder: StackedAutoencoder | None = None) -> Self:
        """Trains in three stages, or at once.

        Args:
            X: rows ``(n, features)`` or images ``(n, height, width[, channels])``, bytes (read as [0, 1]) or numbers.
            y: labels (n,) of any type.
            encoder: a fitted `StackedAutoencoder` of the same layers and replicates, trained perhaps on rows without labels; copies of its
                layers take the place of the first stage.
        """
        self._check_settings()
        if encoder is not None and not self.pretrain:
            raise UsageError("encoder= takes the place of the first stage, which pretrain=False leaves out: give one of them")
        rows, y, shape = image_rows(self, X, y, reset=True, known=self.image_shape)
        check_classification_targets(y)
        classes, labels = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise UsageError(f"{type(self).__name__} needs samples of at least 2 classes, got 1 class: {classes[0]!r}")
        if encoder is not None:
            self._check_encoder(encoder)
        known = self.image_shape if shape is None else shape
        if self.augmentation and known is None:
            raise UsageError("augmentation takes images (n, height, width[, channels]), or flat rows and image_shape=")
        unit, streams = within_unit(rows), self._streams()
        training, held = split_rows(len(rows), self.validation_fraction, streams.numpy("split"))
        self.classes_, self.image_shape_ = classes, None if known is None else tuple(int(edge) for edge in known)
        self._begin()
        checks = (rows[held], labels[held]) if len(held) else (None, None)
        rows, labels = (rows[training], labels[training]) if len(held) else (rows, labels)
        layers = self._untrained(rows, streams, "sigmoid" if unit else "identity")
        head = StackedMLP(
            int(self.n_replicates),
            int(self.hidden_sizes[-1]),
            (),
            len(self.classes_),
            generators=[streams.torch("init classifier", r) for r in range(self.n_replicates)],
            dtype=layers[0].weights[0].dtype,
        ).to(layers[0].weights[0].device)
        self.stages_: dict[str, Any] = {}
        self._last_stage = name = "fine_tune" if self.pretrain else "at_once"
        self._reach("initial", layers, head)
        if self.pretrain:
            try:
                self._stages_before(layers, head, rows, labels, checks, streams, encoder)
            except DivergenceError:
                self.stack_ = self._joined(layers, head)
                raise
        more = 0 if self.pretrain else len(layers) * self.pretrain_epochs + self.classifier_epochs
        recipe = self._recipe("cross_entropy", self.max_epochs + more, None)
        if self.augmentation:
            self._train_augmented(name, rows, labels, recipe, streams, checks)
        else:
            self._stage(name, self.stack_, rows, labels, recipe, streams, *checks, noise=self.input_noise)
        self.accuracy_ = self._accuracies(name, rows, labels, *checks)
        self._publish()
        return self

    def _stages_before(
        self,
        layers: list[DenseAutoencoder],
        head: StackedMLP,
        rows: np.ndarray,
        labels: np.ndarray,
        checks: tuple[Any, Any],
        streams: RandomStreams,
        encoder: StackedAutoencoder | None,
    ) -> None:
        """The stages ``pretrain`` and ``classifier``."""
        if encoder is None:
            self._train_layers(layers, rows, checks[0], streams)
        else:
            for place, layer in enumerate(layers):
                copy_layer(encoder.stack_, place, layer, 0)
        self._reach("pretrain", layers, head)
        depth = len(layers)
        codes = outputs_of(self.stack_, rows, lambda part: self.stack_.between(part, 0, depth))
        held = None if checks[0] is None else outputs_of(self.stack_, checks[0], lambda part: self.stack_.between(part, 0, depth))
        recipe = self._recipe("cross_entropy", self.classifier_epochs, self.classifier_learning_rate)
        self._stage("classifier", head, codes, labels, recipe, streams, held, checks[1])
        self._reach("classifier", layers, head)

    def _train_augmented(
        self, name: str, rows: np.ndarray, labels: np.ndarray, recipe: Recipe, streams: RandomStreams, checks: tuple[Any, Any]
    ) -> None:
        """Trains the whole network on augmented images, one replicate after the other, each a view of the stack."""
        if not recipe.max_epochs:
            return
        known: Any = self.image_shape_
        shape = as_image_shape(known)
        validation = None if checks[0] is None else (checks[0].reshape(-1, *shape), checks[1])
        recipe = replace(recipe, input_noise=float(self.input_noise), running_loss=True)
        images, device = rows.reshape(-1, *shape), self.stack_.weights[0].device

        def train(r: int) -> History:
            draws: dict[str, Any] = {draw: streams.torch(f"{draw} {name}", r) for draw in DRAWS}
            return fit_images(
                self.stack_.replicate(r),
                images,
                labels,
                recipe,
                augmentation=tuple(self.augmentation or ()),
                augment=streams.torch(f"augmentation {name}", r, device=device),
                validation=validation,
                progress=self._progress(),
                **draws,
            )

        histories, failure = train_each(self.n_replicates, train)
        self._add(name, histories)
        if failure is not None:
            self._publish()
            raise failure

    def _check_encoder(self, encoder: StackedAutoencoder) -> None:
        """Compares a fitted autoencoder with the encoder of this network."""
        check_is_fitted(encoder, "stack_")
        wanted = (self.n_replicates, self.n_features_in_, tuple(map(int, self.hidden_sizes)), self._names())
        net = encoder.stack_
        sizes = (*net.encoder_sizes, net.code_size)
        given = (net.n_replicates, net.n_inputs, sizes, net.activations[: len(sizes)])
        if wanted != given:
            raise UsageError(f"encoder must have the replicates, inputs, layers and activations {wanted}, got {given}")

    def _reach(self, stage: str, layers: Sequence[DenseAutoencoder], head: StackedMLP) -> None:
        """Joins the network as a stage leaves it, and keeps a copy."""
        self.stack_ = self._joined(layers, head)
        self.stages_[stage] = copied(self.stack_)

    def _joined(self, layers: Sequence[DenseAutoencoder], head: StackedMLP) -> StackedMLP:
        """Encoder of the layers' weights with the linear layer on top, in evaluation mode."""
        weight = head.weights[0]
        sizes = [int(size) for size in self.hidden_sizes]
        net = StackedMLP(
            int(self.n_replicates),
            self.n_features_in_,
            sizes,
            len(self.classes_),
            self._names(),
            dropout=float(self.dropout),
            dtype=weight.dtype,
        ).to(weight.device)
        for place, layer in enumerate((*layers, head)):
            copy_layer(layer, 0, net, place)
        return net.eval()

    def _accuracies(self, last: str, rows: Any, labels: Any, held: Any, held_labels: Any) -> dict[str, np.ndarray]:
        nets = {**self.stages_, last: self.stack_}
        columns: dict[str, Any] = {
            "replicate": np.tile(np.arange(self.n_replicates), len(nets)),
            "stage": np.repeat(list(nets), self.n_replicates),
            "train_accuracy": np.concatenate([accuracy_of(net, rows, labels) for net in nets.values()]),
        }
        if held is not None:
            columns["validation_accuracy"] = np.concatenate([accuracy_of(net, held, held_labels) for net in nets.values()])
        return columns

    def predict_proba(self, X: Any, stage: str | None = None) -> np.ndarray:
        """Probability of each class in the order of ``classes_``, ``(n, classes)``: the mean over the replicates.

        Args:
            X: rows or images.
            stage: one of ``stages_``, for the network as it was then; None is the trained one.
        """
        rows = self._rows(X)
        net = self._at(stage)
        logits = outputs_of(net, rows, net)
        return np.asarray(torch.softmax(logits, -1).mean(0).cpu().numpy())

    def predict(self, X: Any, stage: str | None = None) -> np.ndarray:
        """Most probable class of each row; `stage` as in `predict_proba`."""
        probabilities = self.predict_proba(X, stage)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def stage_scores(self, X: Any, y: Any) -> dict[str, np.ndarray]:
        """Accuracy of each replicate, (n_replicates,), after each stage, the last one under ``"fine_tune"`` or ``"at_once"``."""
        rows = self._rows(X)
        nets = {**self.stages_, self._last_stage: self.stack_}
        answers = {name: self.classes_[outputs_of(net, rows, net).argmax(-1).cpu().numpy()] for name, net in nets.items()}
        return {name: np.asarray((given == np.asarray(y)).mean(axis=1)) for name, given in answers.items()}

    def summary(self) -> "Summary":
        """Layers of one replicate with shapes, parameters and operations; see `annlab.summary`."""
        from annlab.models.summary import summary

        check_is_fitted(self, "stack_")
        return summary(self.stack_.replicate(0), (self.n_features_in_,))
