"""How a cell of autoencoder-mnist is computed: autoencoders trained and watched, principal components fitted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from annlab.nets import ConvAutoencoder, DenseAutoencoder
from annlab.train import History, Recipe, fit, fit_stacked
from annlab.train.losses import LOSSES
from annlab.train.tensors import as_float, as_tensor

if TYPE_CHECKING:
    from annlab.lab import Streams

SHARP = 200
"""Held-out images whose sharpness is measured."""
CHUNK = 500
SHOWN_AT = (1, 5, 20)
"""Epochs at which the same digits are kept, besides the last."""


@dataclass
class Fitted:
    """What became of one replicate.

    Attributes:
        parameters: weights and biases.
        trained: reconstructions of the training images, as errors: their mean square for each pixel.
        reconstructed: held-out images rebuilt, (n, pixels).
        codes: their codes (n, code).
        history: record of the training; None for components.
        shown: the digits to show at some epochs, by epoch.
        filters: weights from the image to the first layer, (units, pixels); None where that is no dense layer.
        tested: mean square error on the test images, where asked for.
    """

    parameters: int
    trained: float
    reconstructed: np.ndarray
    codes: np.ndarray
    history: History | None = None
    shown: dict[int, np.ndarray] = field(default_factory=dict)
    filters: np.ndarray | None = None
    tested: float | None = None


@dataclass(frozen=True)
class Part:
    """Images of one replicate as bytes, (n, pixels) each, and places in `held_out` of the digits to show."""

    training: np.ndarray
    held_out: np.ndarray
    shown: np.ndarray
    test: np.ndarray | None = None


def laplacian_energy(images: np.ndarray) -> np.ndarray:
    """Mean square of the discrete Laplacian of images (..., height, width) over their inner pixels, one number an image.

    The Laplacian is the sum of the four neighbours less four times the pixel: large at edges, nothing on even ground, so it falls when
    an image is blurred.
    """
    centre = images[..., 1:-1, 1:-1]
    around = images[..., :-2, 1:-1] + images[..., 2:, 1:-1] + images[..., 1:-1, :-2] + images[..., 1:-1, 2:]
    return np.asarray(np.square(around - 4 * centre).mean(axis=(-2, -1)))


def sharpness(rebuilt: np.ndarray, originals: np.ndarray) -> float:
    """Laplacian energy of reconstructions (n, pixels) over that of their originals, both summed over square images: 1 is as sharp."""
    edge = round(rebuilt.shape[-1] ** 0.5)
    energies = [laplacian_energy(np.asarray(rows, dtype=float).reshape(-1, edge, edge)).sum() for rows in (rebuilt, originals)]
    return float(energies[0] / energies[1])


class Watch:
    """Looks at held-out images after each epoch: error and sharpness of every replicate, and the digits to show at some epochs."""

    def __init__(self, parts: Sequence[Part], every: int, finish: str) -> None:
        self.parts, self.every, self.finish = parts, every, finish
        self.images = torch.from_numpy(np.stack([part.held_out for part in parts]))
        self.epoch = 0
        self.sharp: list[float] = []
        self.shown: list[dict[int, np.ndarray]] = [{} for _ in parts]

    def error(self, net: Any) -> Any:
        """Mean square error for each pixel of each replicate; keeps what else is measured."""
        self.epoch += self.every
        rebuilt = self.rebuilt(net, self.images)
        self.sharp = [sharpness(rows[:SHARP].numpy(), part.held_out[:SHARP] / 255) for rows, part in zip(rebuilt, self.parts, strict=True)]
        if self.epoch in SHOWN_AT:
            for kept, rows, part in zip(self.shown, rebuilt, self.parts, strict=True):
                kept[self.epoch] = as_bytes(rows.numpy()[part.shown])
        errors = [float((rows - as_float(truth, rows.dtype)).square().mean()) for rows, truth in zip(rebuilt, self.images, strict=True)]
        return np.array(errors) if isinstance(net, DenseAutoencoder) else errors[0]

    def sharpness(self, net: Any) -> Any:
        """Sharpness of each replicate, measured with the error before it."""
        return np.array(self.sharp) if isinstance(net, DenseAutoencoder) else self.sharp[0]

    @torch.no_grad()
    def rebuilt(self, net: Any, images: Tensor) -> Tensor:
        """Reconstructions (replicates, n, pixels) of bytes, a part at a time."""
        dense, dtype = isinstance(net, DenseAutoencoder), torch.float32
        parts = []
        for start in range(0, images.shape[1], CHUNK):
            batch = as_float(images[:, start : start + CHUNK], dtype)
            outputs = net(batch) if dense else net(batch[0])[None]
            parts.append(torch.sigmoid(outputs) if self.finish == "logits" else outputs)
        return torch.cat(parts, 1)


def recipe(params: Any) -> Recipe:
    """How the autoencoder of a cell is trained."""
    return Recipe(
        loss={"mse": "mse", "bce": "binary_cross_entropy"}[params.loss],
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        batch_size=params.batch_size,
        max_epochs=params.epochs,
        weight_decay=params.weight_decay,
        input_noise=params.denoising,
        running_loss=True,
        on_divergence="record",
    )


def train(params: Any, parts: Sequence[Part], streams: Sequence["Streams"]) -> list[Fitted]:
    """Trains the replicates of a cell: dense ones together, a convolutional one alone."""
    finish = "logits" if params.loss == "bce" else "outputs"
    watch = Watch(parts, 1, finish)
    output = "identity" if params.loss == "bce" else params.output_activation
    draws = {name: [stream.torch(name) for stream in streams] for name in ("init", "order", "noise", "dropout")}
    common: dict[str, Any] = {"dropout": params.dropout, "batch_norm": params.batch_norm, "dtype": torch.float32}
    monitors = {} if params.timed else {"validation_mse": watch.error, "sharpness": watch.sharpness}
    if params.model == "convolutional":
        return _train_convolutional(params, parts, watch, draws, output, common, monitors)
    rows = torch.from_numpy(np.stack([part.training for part in parts]))
    net = DenseAutoencoder(
        len(parts), rows.shape[-1], params.code_size, params.hidden_sizes, params.activation, output, generators=draws["init"], **common
    )
    generators: dict[str, Any] = {f"{name}s": draws[name] for name in ("order", "noise", "dropout")}
    history = fit_stacked(net, rows, rows, recipe(params), monitors=monitors, **generators)
    parameters = sum(parameter[0].numel() for parameter in net.parameters())
    rebuilt = watch.rebuilt(net, watch.images)
    errors = _errors(watch, net, rows)
    tested: list[float | None] = [None] * len(parts)
    if params.test and parts[0].test is not None:
        images = as_tensor(parts[0].test, torch.device("cpu"), None).expand(len(parts), *parts[0].test.shape)
        tested = list(_errors(watch, net, images))
    with torch.no_grad():
        codes = net.encode(as_float(watch.images, torch.float32)).numpy()
    weights = net.weights[0].detach().numpy()
    return [
        Fitted(parameters, errors[r], rebuilt[r].numpy(), codes[r], history.of(r), watch.shown[r], weights[r].T, tested[r])
        for r in range(len(parts))
    ]


def _errors(watch: Watch, net: Any, images: Tensor) -> list[float]:
    """Mean square error of each replicate on images (replicates, n, pixels), a part at a time."""
    totals = torch.zeros(len(images), dtype=torch.float64)
    for start in range(0, images.shape[1], CHUNK):
        part = images[:, start : start + CHUNK]
        totals += (watch.rebuilt(net, part) - as_float(part, torch.float32)).square().sum((1, 2)).double()
    return [float(total) / images[0].numel() for total in totals]


def _train_convolutional(
    params: Any,
    parts: Sequence[Part],
    watch: Watch,
    draws: dict[str, list[torch.Generator]],
    output: str,
    common: dict[str, Any],
    monitors: dict[str, Any],
) -> list[Fitted]:
    (part,) = parts
    rows = torch.from_numpy(part.training)
    edge = round(rows.shape[1] ** 0.5)
    net = ConvAutoencoder(
        (edge, edge), params.code_size, params.hidden_sizes, params.activation, output, generator=draws["init"][0], **common
    )
    compare = LOSSES[str(recipe(params).loss)]

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return compare(outputs, as_float(targets, outputs.dtype))

    own = Recipe(**{**vars(recipe(params)), "loss": loss})
    single: dict[str, Any] = {name: draws[name][0] for name in ("order", "noise", "dropout")}
    history = fit(net, rows, rows, own, monitors=monitors, **single)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    with torch.no_grad():
        codes = net.encode(as_float(watch.images[0], torch.float32)).numpy()
    return [
        Fitted(parameters, _errors(watch, net, rows[None])[0], watch.rebuilt(net, watch.images)[0].numpy(), codes, history, watch.shown[0])
    ]


def components(params: Any, part: Part) -> Fitted:
    """Principal components of the training images, as many as the code has units."""
    from sklearn.decomposition import PCA

    training = part.training / 255.0
    fitted = PCA(params.code_size, svd_solver="covariance_eigh").fit(training)
    codes = fitted.transform(part.held_out / 255.0)
    error = float(np.mean(np.square(training - fitted.inverse_transform(fitted.transform(training)))))
    numbers = fitted.components_.size + fitted.mean_.size
    return Fitted(numbers, error, fitted.inverse_transform(codes).astype(np.float32), codes, filters=fitted.components_)


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Numbers as bytes, those outside [0, 1] cut."""
    return np.asarray(np.rint(np.clip(images, 0, 1) * 255), dtype=np.uint8)
