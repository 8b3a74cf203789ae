"""What classifiers get right and wrong."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["confusion_counts", "mistakes"]


def confusion_counts(truth: ArrayLike, predicted: ArrayLike, classes: int) -> np.ndarray:
    """How often each class was taken for each, ``(classes, classes)``: true classes down, predicted ones across.

    Args:
        truth: class indices ``(n,)`` below `classes`.
        predicted: class indices ``(n,)`` below `classes`.
        classes: their number.
    """
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (np.asarray(truth), np.asarray(predicted)), 1)
    return counts


def mistakes(truth: ArrayLike, predicted: ArrayLike, weight: ArrayLike) -> np.ndarray:
    """Rows that are predicted wrong, the largest weight first, equal ones in their order.

    Args:
        truth: class indices ``(n,)``.
        predicted: class indices ``(n,)``.
        weight: what to sort by ``(n,)``, such as the confidence or the loss of each.
    """
    wrong = np.flatnonzero(np.asarray(truth) != np.asarray(predicted))
    return wrong[np.argsort(-np.asarray(weight)[wrong], kind="stable")]
