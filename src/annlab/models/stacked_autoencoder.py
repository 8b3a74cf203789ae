"""The stacked autoencoder: an encoder trained layer by layer, joined with its decoder and trained as a whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from annlab.errors import UsageError
from annlab.models.base import Check, choice, optional, split_rows
from annlab.models.image_rows import image_rows, rows_at_once, squared_error
from annlab.models.stacked_layers import RECONSTRUCTION_LOSSES, StackedLayers, copied, copy_layer, outputs_of, within_unit
from annlab.nets import ACTIVATIONS, DenseAutoencoder, StackedMLP

if TYPE_CHECKING:
    from annlab.models.summary import Summary

__all__ = ["StackedAutoencoder"]


class StackedAutoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, StackedLayers):  # type: ignore[misc]
    """Autoencoder whose layers are trained one on another, joined and trained as a whole (Hinton and Salakhutdinov, 2006).

    Stages, as ``history_`` names them: ``"layer 1"``, ``"layer 2"``, ... train an autoencoder of one layer each, the first on the rows,
    every further one on the codes before it; ``"joint"`` trains encoder and decoder, put together from them, as one network. With
    ``pretrain=False`` the same network, from the same initial weights, is trained as a whole for as many updates: a control.

    Args:
        hidden_sizes: units of each layer of the encoder, the last of which is the code; the decoder has them in reverse.
        activation: a name of `annlab.nets.ACTIVATIONS` for all layers of the encoder, or one for each; the decoder mirrors them.
        output_activation: of the reconstruction; None is ``"sigmoid"`` where all numbers fitted to lie in [0, 1], else ``"identity"``.
        pretrain: whether layers are trained one by one first.
        pretrain_epochs: epochs of each layer alone.
        pretrain_loss: ``"bce"``, the binary cross-entropy, or ``"mse"``; the former gives way to the squared error for a layer whose
            reconstruction is no sigmoid. Means over samples and numbers.
        pretrain_learning_rate: step size of these stages; None is `learning_rate`.
        loss: ``"mse"`` or ``"bce"`` of the network as a whole.
        denoising: standard deviation of Gaussian noise on the inputs of every stage, the clean ones being the target
            (Vincent et al., 2010).
        max_epochs: epochs of the network as a whole; with 0 the layers are joined and left as they are.
        optimizer: a name of `annlab.train.stacked_optimisers.STACKED_OPTIMISERS`; each stage starts it anew.
        learning_rate: step size.
        schedule: a name of `annlab.train.SCHEDULES`, run through in each stage.
        batch_size: samples a step; None is all of them.
        weight_decay: L2 penalty ``weight_decay / 2 * sum(w^2)`` on weights, not biases (decoupled for ``"adamw"``).
        dropout: probability of dropping a hidden unit, the code's included, while the whole is trained.
        validation_fraction: share of the rows, drawn at random, that is held out; each stage keeps the weights of its lowest loss.
        patience: epochs without a lower validation loss before a stage ends.
        evaluate_every: epochs between measurements of the losses.
        n_replicates: networks that differ in everything drawn at random and share the data; reconstructions are their mean, codes
            stand side by side.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        dtype: ``"float32"`` or ``"float64"``; None is that of `X`, float32 for bytes.
        random_state: draws the initial weights, the rows held out, the order of the samples, noise and dropout. A whole number
            gives the same model again.
        verbose: log each evaluation at level INFO of the logger ``annlab``.

    Attributes:
        stack_: the trained `annlab.nets.DenseAutoencoder`, all replicates in one.
        stages_: copies of it by stage: ``"initial"`` before any training and, with `pretrain`, ``"pretrain"``, the layers joined.
        history_: columns by name, a row for each evaluation of each replicate: stage, replicate, epoch (of the stage), train_loss,
            validation_loss, learning_rate, seconds (since the first stage began, evaluations left out). Losses are those of the stage.
        n_iter_: epochs trained, all stages together.
        image_shape_: shape of an image that it was fitted to, None for rows.
        n_features_in_: numbers of a row.

    Raises:
        ValueError: for parameters or data that do not fit; as `annlab.train.DivergenceError` where the loss became NaN or infinite,
            with the last good weights kept and usable.

    >>> StackedAutoencoder(hidden_sizes=(256, 64), pretrain_epochs=5)
    StackedAutoencoder(pretrain_epochs=5)
    """

    _checks: ClassVar[dict[str, Check]] = {
        **StackedLayers._checks,
        "output_activation": optional(choice(tuple(ACTIVATIONS))),
        "loss": choice(tuple(RECONSTRUCTION_LOSSES)),
    }

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (256, 64),
        activation: str | Sequence[str] = "sigmoid",
        output_activation: str | None = None,
        pretrain: bool = True,
        pretrain_epochs: int = 10,
        pretrain_loss: str = "bce",
        pretrain_learning_rate: float | None = None,
        loss: str = "mse",
        denoising: float = 0.0,
        max_epochs: int = 20,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str | None = None,
        batch_size: int | None = 128,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
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
        self.output_activation = output_activation
        self.pretrain = pretrain
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_loss = pretrain_loss
        self.pretrain_learning_rate = pretrain_learning_rate
        self.loss = loss
        self.denoising = denoising
        self.max_epochs = max_epochs
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.evaluate_every = evaluate_every
        self.n_replicates = n_replicates
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Trains on rows ``(n, features)`` or images ``(n, height, width[, channels])``, bytes (as [0, 1]) or numbers; `y` is ignored."""
        self._check_settings()
        rows, _, shape = image_rows(self, X, reset=True)
        unit = within_unit(rows)
        output = self.output_activation or ("sigmoid" if unit else "identity")
        if self.loss == "bce" and not (output == "sigmoid" and unit):
            raise UsageError("loss 'bce' takes numbers in [0, 1] and the output_activation 'sigmoid'")
        streams = self._streams()
        training, held = split_rows(len(rows), self.validation_fraction, streams.numpy("split"))
        self.image_shape_ = shape
        self._begin()
        checks, rows = (rows[held], rows[training]) if len(held) else (None, rows)
        layers = self._untrained(rows, streams, output)
        self.stack_ = self._joined(layers, output)
        self.stages_: dict[str, Any] = {"initial": copied(self.stack_)}
        epochs = self.max_epochs
        if self.pretrain:
            try:
                self._train_layers(layers, rows, checks, streams)
            finally:
                self.stack_ = self._joined(layers, output)
            self.stages_["pretrain"] = copied(self.stack_)
        else:
            epochs += len(layers) * self.pretrain_epochs
        crossed = self.loss == "bce"
        self.stack_.output_activation = "identity" if crossed else output  # the loss takes logits
        recipe = self._recipe("binary_cross_entropy" if crossed else "mse", epochs, None)
        try:
            self._stage("joint", self.stack_, rows, rows, recipe, streams, checks, checks, noise=self.denoising)
        finally:
            self.stack_.output_activation = output
        self._publish()
        return self

    def _joined(self, layers: Sequence[DenseAutoencoder], output: str) -> DenseAutoencoder:
        """Encoder and decoder of the layers' weights, in evaluation mode."""
        sizes = [int(size) for size in self.hidden_sizes]
        net = DenseAutoencoder(
            int(self.n_replicates),
            self.n_features_in_,
            sizes[-1],
            sizes[:-1],
            self._names(),
            output,
            dropout=float(self.dropout),
            dtype=layers[0].weights[0].dtype,
        ).to(layers[0].weights[0].device)
        last = len(net.weights) - 1
        for place, layer in enumerate(layers):
            copy_layer(layer, 0, net, place)
            copy_layer(layer, 1, net, last - place)
        return net.eval()

    def transform(self, X: Any) -> np.ndarray:
        """Codes of rows or images, ``(n, n_replicates * hidden_sizes[-1])``: those of the replicates side by side."""
        rows = self._rows(X)
        codes = outputs_of(self.stack_, rows, self.stack_.encode)  # (R, n, code)
        return np.asarray(codes.permute(1, 0, 2).reshape(len(rows), -1).cpu().numpy())

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Rows of codes `X` as `transform` gives them, the mean over the replicates; images where it was fitted to images."""
        check_is_fitted(self, "stack_")
        codes = check_array(X, dtype=[np.float64, np.float32], estimator=self, input_name="X")
        if codes.shape[1] != self._n_features_out:
            raise UsageError(f"codes of this {type(self).__name__} have {self._n_features_out} numbers a row, got {codes.shape[1]}")
        stacked = codes.reshape(len(codes), self.stack_.n_replicates, -1).transpose(1, 0, 2)
        rows = outputs_of(self.stack_, np.ascontiguousarray(stacked), self.stack_.decode).mean(0).cpu().numpy()
        return np.asarray(rows.reshape(len(rows), *(self.image_shape_ or (-1,))))

    def reconstruct(self, X: Any, stage: str | None = None) -> np.ndarray:
        """What comes back of rows or images `X`, of their shape: the mean over the replicates.

        Args:
            X: rows or images.
            stage: one of ``stages_``, for the network as it was then; None is the trained one.
        """
        rows = self._rows(X)
        return _back(self._at(stage), rows).reshape(np.shape(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean squared error of `reconstruct` for each number (bytes as numbers in [0, 1]); the higher the better."""
        rows = self._rows(X)
        return -squared_error(rows, rows_at_once(self.stack_), lambda part: _back(self.stack_, part))

    def summary(self) -> "Summary":
        """Layers of one replicate with shapes, parameters and operations; see `annlab.summary`."""
        from annlab.models.summary import summary

        check_is_fitted(self, "stack_")
        return summary(self.stack_.replicate(0), (self.n_features_in_,))

    @property
    def _n_features_out(self) -> int:
        return int(self.stack_.n_replicates * self.stack_.code_size)


def _back(net: StackedMLP, rows: np.ndarray) -> np.ndarray:
    """What comes back of rows, the mean over the replicates."""
    return np.asarray(outputs_of(net, rows, net).mean(0).cpu().numpy())
