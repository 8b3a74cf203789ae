"""What som-iris measures on a map: ridges of the U-matrix, regions, separated classes, and clusterings read as classifiers."""

from collections.abc import Sequence

import numpy as np

__all__ = ["class_regions", "escaped", "labels_of", "per_class", "regions", "ridges", "unit_classes", "votes_of"]

HIGH = 2.0
"""A pair of neighbours this many times the median distance apart belongs to a ridge."""
SMALL = 0.1
"""Share of the samples below which a region does not count."""
FAR = 10.0
"""A unit this many times as far from the mean of the samples as the farthest of them has escaped."""


def votes_of(winners: np.ndarray, y: np.ndarray, units: int, classes: int) -> np.ndarray:
    """Samples won by each unit, by class, (units, classes)."""
    return np.asarray(np.bincount(winners * classes + y, minlength=units * classes).reshape(units, classes))


def labels_of(votes: np.ndarray) -> np.ndarray:
    """Commonest class of each unit, (units,); the commonest of all where a unit has won nothing."""
    return np.asarray(np.where(votes.any(axis=1), votes.argmax(axis=1), votes.sum(axis=0).argmax()))


def unit_classes(votes: np.ndarray, distances: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Commonest class of each unit, (units,); that of the nearest row, by `distances` (n, units), where it has won nothing."""
    return np.asarray(np.where(votes.any(axis=1), votes.argmax(axis=1), y[distances.argmin(axis=0)]))


def escaped(weights: np.ndarray, rows: np.ndarray) -> bool:
    """Whether training diverged: a unit is no number or `FAR` times as far from the mean of the rows as the farthest row.

    A neighbourhood with negative lobes pushes units away, and the farther they are the harder; one without cannot move a unit beyond
    the rows and where it began.
    """
    mean = rows.mean(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.linalg.norm(weights.reshape(-1, rows.shape[1]) - mean, axis=1)
    return not bool((away <= FAR * np.linalg.norm(rows - mean, axis=1).max()).all())


def ridges(weights: np.ndarray, edges: np.ndarray, kinds: np.ndarray) -> tuple[float, float]:
    """Mean distance of neighbouring units across a border of classes over that within classes.

    Args:
        weights: (units, features).
        edges: neighbouring units, (pairs, 2).
        kinds: class of each unit, (units,), 0 to 2.

    Returns:
        The ratio at the border of class 0 with the others, and at that of class 1 with class 2; NaN where there is none.
    """
    first, second = kinds[edges[:, 0]], kinds[edges[:, 1]]
    distances = np.linalg.norm(weights[edges[:, 0]] - weights[edges[:, 1]], axis=1)
    same = first == second
    zero = ~same & ((first == 0) | (second == 0))
    level = distances[same].mean() if same.any() else np.nan
    outer, inner = (float(distances[kept].mean() / level) if kept.any() else np.nan for kept in (zero, ~same & ~zero))
    return outer, inner


def regions(weights: np.ndarray, edges: np.ndarray, hits: np.ndarray) -> int:
    """Regions of the map that ridges part from each other, without a look at the classes.

    Neighbours are joined where their distance is at most twice the median of all; regions with a tenth of the samples count.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    distances = np.linalg.norm(weights[edges[:, 0]] - weights[edges[:, 1]], axis=1)
    joined = edges[distances <= HIGH * np.median(distances)]
    links = coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(len(weights), len(weights)))
    _, region = connected_components(links, directed=False)
    return int((np.bincount(region, hits) >= SMALL * hits.sum()).sum())


def class_regions(edges: np.ndarray, kinds: np.ndarray, votes: np.ndarray) -> float:
    """Share of the samples that lie in the largest connected region of units of their own class.

    Args:
        edges: neighbouring units, (pairs, 2).
        kinds: class of each unit, (units,).
        votes: samples won by each unit, by class, (units, classes).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = edges[kinds[edges[:, 0]] == kinds[edges[:, 1]]]
    links = coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(len(kinds), len(kinds)))
    _, region = connected_components(links, directed=False)
    together = 0.0
    for kind in range(votes.shape[1]):
        own = np.flatnonzero(kinds == kind)
        if len(own):
            together += float(np.bincount(region[own], votes[own, kind]).max())
    return together / float(votes.sum())


def per_class(confusion: np.ndarray, names: Sequence[str] = ("0", "1", "2")) -> dict[str, float]:
    """Precision, recall, F1 and support of each class and their plain means, from ``confusion[true, predicted]``.

    A class that is never predicted has precision 0, as one that is missing from the test set has recall NaN.
    """
    right, predicted, support = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(support > 0, right / support, np.nan)
        precision = np.where(predicted > 0, right / np.maximum(predicted, 1), 0.0)
        f1 = np.where(support > 0, 2 * right / np.maximum(predicted + support, 1), np.nan)
    found: dict[str, float] = {}
    for index, name in enumerate(names):
        found |= {
            f"precision_{name}": float(precision[index]),
            f"recall_{name}": float(recall[index]),
            f"f1_{name}": float(f1[index]),
            f"support_{name}": float(support[index]),
        }
    means = {"precision": precision, "recall": recall, "f1": f1}
    return found | {f"{name}_macro": float(np.nanmean(values)) for name, values in means.items()}
