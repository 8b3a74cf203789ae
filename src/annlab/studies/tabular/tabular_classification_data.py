"""What the studies of tables share: stratified parts of the rows, preparation of the inputs by the training rows alone, scores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data import Dataset, require
from annlab.errors import UsageError

if TYPE_CHECKING:
    from annlab.lab import Streams

__all__ = ["Parts", "Zeros", "check_table", "number", "parts_of", "prepared", "scores", "two_classes"]

Zeros = Literal["kept", "median", "flagged"]
"""What becomes of values that a table marks as missing: as published (Pima: 0), the median of the training rows, or that and a flag."""

TEST, VALIDATION = 0.2, 0.2
BINS = 10
"""Bins of the calibration curve, equally wide."""
FALSE_POSITIVE = np.linspace(0.0, 1.0, 41)
"""Rates at which every ROC curve is read, so that curves of several splits have a mean."""


@dataclass(frozen=True)
class Parts:
    """Row numbers of one stratified split, all disjoint."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def development(self) -> np.ndarray:
        """Everything but the test rows."""
        return np.concatenate([self.train, self.validation])


def check_table(name: str, inputs: int | None = None) -> str:
    """The name of a data set if it is a table of classes. Raises `UsageError` where it is not."""
    return require(name, task="classification", shape={"X": (None, inputs), "y": (None,)}).name


def two_classes(data: Dataset, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs (n, d), where one is missing (n, d), and classes (n,) as 0 and 1.

    Raises:
        UsageError: for a table of more or fewer than two classes.
    """
    X, y = np.array(data["X"], dtype=float), np.asarray(data["y"])
    labels, classes = np.unique(y, return_inverse=True)
    if len(labels) != 2:
        raise UsageError(f"data set {name!r} has {len(labels)} classes, where 2 are wanted")
    missing = np.array(data["missing"]) if "missing" in data else np.zeros(X.shape, dtype=bool)
    return X, missing, classes.astype(np.int64)


def number(streams: "Streams", name: str, label: str | None = None) -> int:
    """A seed that scikit-learn takes, below 2^32."""
    return streams.seed(name, label) % 2**32


def parts_of(y: np.ndarray, streams: "Streams") -> Parts:
    """60 % of the rows to train, 20 % to validate and 20 % to test, each with the classes' shares, drawn from the stream ``split``."""
    from sklearn.model_selection import train_test_split

    chosen, test = train_test_split(np.arange(len(y)), test_size=TEST, stratify=y, random_state=number(streams, "split"))
    share = VALIDATION / (1 - TEST)
    train, validation = train_test_split(chosen, test_size=share, stratify=y[chosen], random_state=number(streams, "split", "validation"))
    return Parts(train, validation, test)


def prepared(X: np.ndarray, missing: np.ndarray, fitted_on: np.ndarray, *, zeros: Zeros, scaled: bool) -> np.ndarray:
    """All rows, with what is missing filled in and the columns standardised by the rows `fitted_on`, which alone decide.

    A column without spread on those rows is only centred.
    """
    if zeros != "kept":
        filled = X.copy()
        for column in np.flatnonzero(missing.any(axis=0)):
            known = fitted_on[~missing[fitted_on, column]]
            filled[missing[:, column], column] = np.median(X[known, column]) if len(known) else 0.0
        X = np.hstack([filled, missing[:, missing.any(axis=0)]]) if zeros == "flagged" else filled
    if not scaled:
        return X
    width = X[fitted_on].std(axis=0)
    return np.asarray((X - X[fitted_on].mean(axis=0)) / np.where(width > 0, width, 1.0))


def scores(y: np.ndarray, probability: np.ndarray, prefix: str = "test_") -> dict[str, float]:
    """Accuracy, balanced accuracy, precision, recall, F1, area under the ROC curve, Brier score and calibration error.

    The class 1 is the positive one and is predicted where its probability exceeds 1/2; precision and F1 of a prediction without any
    positive are 0. The calibration error is the mean distance of predicted and observed share over ten equally wide bins, weighted by
    the rows in them (Naeini, Cooper, Hauskrecht, 2015).
    """
    from sklearn import metrics

    predicted = (probability > 0.5).astype(np.int64)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(y, predicted, average="binary", zero_division=0.0)
    bins = calibration(y, probability)
    values = {
        "accuracy": np.mean(predicted == y),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "roc_auc": metrics.roc_auc_score(y, probability),
        "brier": np.mean((probability - y) ** 2),
        "calibration_error": np.sum(bins["rows"] * np.abs(bins["predicted"] - bins["observed"])) / len(y),
    }
    return {prefix + name: round(float(value), 12) for name, value in values.items()}  # last bits of a sum are no spread


def calibration(y: np.ndarray, probability: np.ndarray) -> dict[str, np.ndarray]:
    """Mean predicted probability and observed share of the class 1 by bin; bins without rows are left out."""
    places = np.minimum((probability * BINS).astype(int), BINS - 1)
    rows = np.bincount(places, minlength=BINS)
    kept = np.flatnonzero(rows)
    means = [np.bincount(places, weights=values, minlength=BINS)[kept] / rows[kept] for values in (probability, y.astype(float))]
    return {"bin_centre": (kept + 0.5) / BINS, "predicted": means[0], "observed": means[1], "rows": rows[kept]}


def roc(y: np.ndarray, probability: np.ndarray) -> dict[str, np.ndarray]:
    """The ROC curve read at `FALSE_POSITIVE`: the largest true positive rate that this false positive rate allows."""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(y, probability, drop_intermediate=False)
    places = np.searchsorted(false, FALSE_POSITIVE, side="right") - 1
    return {"false_positive": FALSE_POSITIVE, "true_positive": true[places]}


def shown(y: np.ndarray, probability: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Series (ROC curve, calibration) and arrays (counts by true and predicted class) of predicted probabilities."""
    predicted = (probability > 0.5).astype(np.int64)
    counts = np.bincount(2 * y + predicted, minlength=4).reshape(2, 2)
    return {"roc": roc(y, probability), "calibration": calibration(y, probability)}, {"confusion": counts}
