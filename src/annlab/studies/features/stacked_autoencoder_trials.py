"""What one replicate of stacked-autoencoder trains and measures."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.lab import Outcome
from annlab.measure.classification import confusion_counts, mistakes
from annlab.models import StackedAutoencoder, StackedAutoencoderClassifier
from annlab.studies.features.stacked_autoencoder_grid import LABELS
from annlab.train.augment import Shift

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.studies.features.stacked_autoencoder import Params

HELD_OUT = 6
"""Our recipes are chosen on one in so many images."""
POINTS = 10
"""Measurements of the loss in the longest stage, about."""
SHOWN = 10
"""Images of a sheet."""


def work(inputs: int, hidden_sizes: tuple[int, ...]) -> float:
    """Multiplications of one row's pass through the encoder; all layers alone, decoders included, take twice that, as does the whole."""
    return float(sum(a * b for a, b in pairwise((inputs, *hidden_sizes))))


def common(params: "Params", ctx: "Context") -> dict[str, Any]:
    """What all estimators of a cell share."""
    longest = max(params.layer_epochs, params.epochs)
    return {
        "hidden_sizes": params.hidden_sizes,
        "pretrain_epochs": params.layer_epochs,
        "pretrain_loss": params.layer_loss,
        "pretrain_learning_rate": params.layer_rate,
        "optimizer": params.optimizer,
        "learning_rate": params.rate,
        "schedule": None if params.schedule == "constant" else params.schedule,
        "batch_size": params.batch_size,
        "evaluate_every": max(1, longest // POINTS),
        "device": ctx.device,
        "random_state": ctx.streams.seed("init"),
    }


def unseen(data: Any, params: "Params") -> tuple[np.ndarray, np.ndarray]:
    """The test images with their labels, as many as asked for."""
    return data["X_test"][: params.test_images], data["y_test"][: params.test_images]


def classified(params: "Params", ctx: "Context", *, last: bool = False) -> Outcome:
    """A classifier in three stages or at once; `last` trains on all images and meets the test set."""
    data = ctx.data(params.data)
    X, y = data["X_train"], data["y_train"]
    rows = ctx.streams("split").permutation(len(X))[: params.images]
    kept, held = (rows, rows[:0]) if last or params.test else (rows[len(rows) // HELD_OUT :], rows[: len(rows) // HELD_OUT])
    images, labels = X[np.sort(kept)], y[np.sort(kept)]
    model = StackedAutoencoderClassifier(
        **common(params, ctx),
        pretrain=params.pretrain,
        classifier_epochs=params.classifier_epochs,
        max_epochs=params.epochs,
        input_noise=params.input_noise,
        augmentation=[Shift(params.shift)] if params.shift else None,
    ).fit(images, labels)
    history = model.history_
    metrics = {"train_accuracy": float(model.accuracy_["train_accuracy"][-1]), "parameters": float(_parameters(model))}
    arrays: dict[str, np.ndarray] = {}
    if len(held):
        metrics["validation_accuracy"] = _last(model.stage_scores(X[held], y[held]))
    if params.test or last:
        scores = model.stage_scores(*unseen(data, params))
        metrics["test_accuracy"] = _last(scores)
        metrics |= {f"accuracy_{stage}": float(scores[stage][0]) for stage in ("initial", "pretrain", "classifier") if stage in scores}
    if params.pretrain:
        before, after = (_loss(model, images, labels, stage) for stage in ("pretrain", "classifier"))
        metrics["classifier_loss_ratio"] = after / before
    if last:
        arrays = _answers(model, *unseen(data, params), shown=ctx.replicate == 0)
    return Outcome(metrics, {"train": float(history["seconds"][-1])}, {"history": _series(history)}, arrays)


def labelled(params: "Params", ctx: "Context") -> Outcome:
    """The encoder of all images and classifiers of few labels; or the same networks at once, on those alone.

    The control makes whole epochs, so many that its updates are no fewer than those of all stages together: at most an epoch more.
    """
    data = ctx.data(params.data)
    X, y = data["X_train"], data["y_train"]
    order = ctx.streams("split").permutation(len(X))[: params.images]
    settings = {**common(params, ctx), "evaluate_every": 10**6}
    encoder, seconds = None, 0.0
    if params.pretrain:
        encoder = StackedAutoencoder(**settings, max_epochs=0).fit(X[np.sort(order)])
        seconds = float(encoder.history_["seconds"][-1])
    numbers = [n for n in LABELS if n <= len(order)]
    accuracies, updates = [], []
    for n in numbers:
        rows, stages = order[:n], stage_updates(params, n, len(order))
        linear, tuned = stages["classifier"], stages["fine_tune"]
        one = math.ceil(n / params.batch_size)
        model = StackedAutoencoderClassifier(
            **{**settings, "pretrain_epochs": 0},
            pretrain=params.pretrain,
            classifier_epochs=linear // one if params.pretrain else 0,
            max_epochs=tuned // one if params.pretrain else math.ceil(sum(stages.values()) / one),
        ).fit(X[rows], y[rows], encoder=encoder)
        seconds += float(model.history_["seconds"][-1])
        accuracies.append(_last(model.stage_scores(*unseen(data, params))))
        updates.append(model.n_iter_ * one + (stages["layers"] if params.pretrain else 0))
        ctx.report(n, accuracy=accuracies[-1])
    metrics = {f"accuracy_{n}": accuracy for n, accuracy in zip(numbers, accuracies, strict=True)}
    metrics |= {f"updates_{n}": float(count) for n, count in zip(numbers, updates, strict=True)}
    series = {"labels": {"labels": np.array(numbers), "test_accuracy": np.array(accuracies), "updates": np.array(updates)}}
    return Outcome(metrics, {"train": seconds}, series)


def stage_updates(params: "Params", labels: int, images: int) -> dict[str, int]:
    """Updates of the stages, in whole epochs: the layers on all images, the linear layer and the whole on those with labels.

    The linear layer makes a quarter of `params.updates`, the whole makes them all, rounded up to epochs.
    """
    one = math.ceil(labels / params.batch_size)
    return {
        "layers": len(params.hidden_sizes) * params.layer_epochs * math.ceil(images / params.batch_size),
        "classifier": math.ceil(params.updates // 4 / one) * one,
        "fine_tune": math.ceil(params.updates / one) * one,
    }


def rebuilt(params: "Params", ctx: "Context") -> Outcome:
    """A reconstructor: layers and then the whole, or the whole alone."""
    from sklearn.decomposition import PCA

    data = ctx.data(params.data)
    X = data["X_train"][np.sort(ctx.streams("split").permutation(len(data["X_train"]))[: params.images])]
    settings = common(params, ctx)
    epochs = params.epochs
    if params.match == "work" and not params.pretrain:  # an epoch of every layer alone takes the work of one of the whole
        settings["pretrain_epochs"], epochs = 0, params.epochs + params.layer_epochs
    model = StackedAutoencoder(**settings, pretrain=params.pretrain, max_epochs=epochs).fit(X)
    images, labels = unseen(data, params)
    truth = images.reshape(len(images), -1) / 255.0
    flat = X.reshape(len(X), -1) / 255.0
    components = PCA(min(params.hidden_sizes[-1], *flat.shape), svd_solver="covariance_eigh").fit(flat)
    metrics = {
        "test_mse": -model.score(images),
        "initial_mse": _error(truth, model.reconstruct(images, "initial")),
        "mean_mse": _error(truth, flat.mean(axis=0)),
        "pca_mse": _error(truth, components.inverse_transform(components.transform(truth))),
        "parameters": float(_parameters(model)),
    }
    if params.pretrain:
        metrics["layerwise_mse"] = _error(truth, model.reconstruct(images, "pretrain"))
    arrays = {}
    if ctx.replicate == 0:
        shown = images[np.unique(labels, return_index=True)[1]]
        arrays = {"original": shown, "trained": model.reconstruct(shown).astype(np.float16)}
        if params.pretrain:
            arrays["layerwise"] = model.reconstruct(shown, "pretrain").astype(np.float16)
    return Outcome(metrics, {"train": float(model.history_["seconds"][-1])}, {"history": _series(model.history_)}, arrays)


def _series(history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: history[name] for name in ("stage", "epoch", "train_loss", "seconds")}


def _last(scores: dict[str, np.ndarray]) -> float:
    """Accuracy of the trained network, which stands last."""
    return float(list(scores.values())[-1][0])


def _loss(model: StackedAutoencoderClassifier, X: np.ndarray, y: np.ndarray, stage: str) -> float:
    """Cross-entropy in nats after a stage."""
    chosen = model.predict_proba(X, stage)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    return float(-np.log(np.maximum(chosen, 1e-30)).mean())


def _answers(model: StackedAutoencoderClassifier, X: np.ndarray, y: np.ndarray, *, shown: bool) -> dict[str, np.ndarray]:
    """Counts of true and given classes, and the mistakes of most confidence."""
    probabilities = model.predict_proba(X)
    given = probabilities.argmax(axis=1)
    truth = np.searchsorted(model.classes_, y)
    arrays = {"confusions": confusion_counts(truth, given, len(model.classes_))}
    worst = mistakes(truth, given, probabilities.max(axis=1))[:SHOWN]
    if shown and len(worst):
        arrays |= {"mistakes": X[worst], "mistaken": np.stack([truth[worst], given[worst]])}
    return arrays


def _error(truth: np.ndarray, back: np.ndarray) -> float:
    return float(np.mean(np.square(truth - back.reshape(-1, truth.shape[1]))))


def _parameters(model: StackedAutoencoder | StackedAutoencoderClassifier) -> int:
    return sum(parameter[0].numel() for parameter in model.stack_.parameters())
