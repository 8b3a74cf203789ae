"""What a trained network of resnet-cifar10 gets wrong: by class, by pair of classes, and the images themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from annlab.measure.classification import confusion_counts, mistakes
from annlab.train.evaluation import dataset_outputs
from annlab.train.tensors import as_tensor, place_of

if TYPE_CHECKING:
    from annlab.studies.features.resnet_cifar10_training import Parts

__all__ = ["Found", "kept_mistakes", "measured_errors", "pair_errors"]

SURE = 0.9  # probability above which a mistake counts as made with confidence
CONFIDENT, PAIRS, OF_A_PAIR = 10, 6, 8  # mistakes whose images are kept: the most confident, and those of the most frequent confusions
LOOKED_AT = 5000  # training images on which the training accuracy is measured


@dataclass
class Found:
    """Metrics, the series of classes, and arrays of one network."""

    metrics: dict[str, float]
    classes: dict[str, np.ndarray]
    arrays: dict[str, np.ndarray]


def measured_errors(net: nn.Module, parts: "Parts", names: Sequence[str]) -> Found:
    """Accuracies, errors by class, the confusion matrix, and the mistakes that are shown.

    Args:
        net: the trained network.
        parts: its images.
        names: of the classes; their numbers where there are none.
    """
    logits = _logits(net, parts.X_test)
    chance = torch.softmax(logits, 1).numpy()
    predicted, n_classes = chance.argmax(1), chance.shape[1]
    sure = chance.max(1)
    counts = confusion_counts(parts.y_test, predicted, n_classes)
    wrong = predicted != parts.y_test
    errors = counts.sum(1) - np.diagonal(counts)
    seen = slice(0, LOOKED_AT)
    train_accuracy = float((_logits(net, parts.X[seen]).argmax(1).numpy() == parts.y[seen]).mean())
    test_accuracy = float(1.0 - wrong.mean())
    metrics = {
        "test_accuracy": test_accuracy,
        "test_loss": float(torch.nn.functional.cross_entropy(logits, torch.as_tensor(parts.y_test))),
        "train_accuracy": train_accuracy,
        "gap": train_accuracy - test_accuracy,
        "two_worst_share": float(np.sort(errors)[-2:].sum() / max(1, wrong.sum())),
        "sure_errors": float((sure[wrong] > SURE).mean()) if wrong.any() else 0.0,
        "parameters": float(sum(parameter.numel() for parameter in net.parameters())),
    }
    labels = list(names) if len(names) == n_classes else [str(k) for k in range(n_classes)]
    support = counts.sum(1)
    classes = {"name": np.array(labels), "errors": errors, "error_share": errors / np.maximum(1, support), "support": support}
    kept = kept_mistakes(parts.y_test, predicted, sure, counts)
    arrays = {
        "confusion": counts,
        "mistake_images": parts.X_test[kept],
        "mistake_labels": np.stack([parts.y_test[kept], predicted[kept]], axis=1),
        "mistake_probability": sure[kept],
    }
    return Found(metrics, classes, arrays)


def pair_errors(counts: np.ndarray) -> list[tuple[int, int, float]]:
    """Pairs of classes ``(true, predicted, count)`` that differ, the most frequent first, ties in the order of the classes."""
    wrong = counts.astype(float) * (1 - np.eye(len(counts)))
    order = np.argsort(-wrong.ravel(), kind="stable")
    found = [(int(place) // len(counts), int(place) % len(counts)) for place in order]
    return [(true, predicted, float(wrong[true, predicted])) for true, predicted in found if wrong[true, predicted] > 0]


def kept_mistakes(y: np.ndarray, predicted: np.ndarray, sure: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Rows of the most confident mistakes of all, and of each of the most frequent confusions; the most confident first."""
    wrong = mistakes(y, predicted, sure)
    kept = set(wrong[:CONFIDENT].tolist())
    for true, taken, _ in pair_errors(counts)[:PAIRS]:
        kept.update(wrong[(y[wrong] == true) & (predicted[wrong] == taken)][:OF_A_PAIR].tolist())
    return np.array([row for row in wrong.tolist() if row in kept], dtype=np.int64)


def _logits(net: nn.Module, X: np.ndarray) -> torch.Tensor:
    return dataset_outputs(net, as_tensor(X, *place_of(net)), place_of(net)[1]).cpu()
