"""How inputs are weighed: least squares, automatic relevance determination, lasso, Bayesian ridge, correlation, permutation."""

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from annlab.lab import Streams

__all__ = ["LABELS", "Method", "average_precision", "recovery", "top", "weights"]

Method = Literal["ols", "ard", "lasso", "ridge", "correlation", "permutation"]
LABELS = {
    "ols": "least squares",
    "ard": "ARD",
    "lasso": "lasso",
    "ridge": "Bayesian ridge",
    "correlation": "correlation",
    "permutation": "permutation",
}
SHARES = np.round(np.geomspace(0.001, 1.0, 31), 6)
"""Thresholds of the recovery curve, as shares of the largest weight."""


def weights(method: str, X: np.ndarray, y: np.ndarray, streams: "Streams") -> np.ndarray:
    """A weight for each input, (d,): the larger its size, the more relevant the method takes the input to be.

    ``ols``, ``ard`` (scikit-learn's ARDRegression: a prior variance for each weight, fitted by evidence; MacKay, 1994; Neal, 1996),
    ``lasso`` (its penalty by five folds in the order of the rows) and ``ridge`` (one prior variance for all) are weights of a linear
    regression with intercept; ``correlation`` is that with y; ``permutation`` is the fall in accuracy of a logistic regression on a
    third of the rows, held out, when an input's values are shuffled, the mean of 20 shuffles drawn from the stream ``measure``.
    """
    if method == "correlation":
        spread = X.std(axis=0) * y.std()
        return np.asarray(((X - X.mean(axis=0)) * (y - y.mean())[:, None]).mean(axis=0) / np.where(spread > 0, spread, np.inf))
    if method == "permutation":
        return _permutation(X, y, streams)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import ARDRegression, BayesianRidge, LassoCV, LinearRegression

    models = {"ols": LinearRegression, "ard": ARDRegression, "lasso": lambda: LassoCV(cv=5), "ridge": BayesianRidge}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(models[method]().fit(X, y).coef_, dtype=float)


def _permutation(X: np.ndarray, y: np.ndarray, streams: "Streams") -> np.ndarray:
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    cut = len(X) - len(X) // 3
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X[:cut], y[:cut])
    seed = streams.seed("measure", "permutation") % 2**32
    return np.asarray(permutation_importance(model, X[cut:], y[cut:], n_repeats=20, random_state=seed).importances_mean)


def top(values: np.ndarray, keep: int) -> np.ndarray:
    """Numbers of the `keep` inputs with the largest weights, in ascending order; ties go to the first."""
    return np.sort(np.argsort(-np.abs(values), kind="stable")[:keep])


def recovery(truth: np.ndarray, estimated: np.ndarray, threshold: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of "relevant" where a weight exceeds `threshold` times the largest; precision is 0 where none does."""
    found = np.abs(estimated) > threshold * np.abs(estimated).max()
    right = float(np.sum(found & (truth != 0)))
    precision, recall = right / max(1, int(found.sum())), right / max(1, int(np.sum(truth != 0)))
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-300)


def average_precision(truth: np.ndarray, estimated: np.ndarray) -> float:
    """Area under precision by recall when inputs are called relevant by the size of their weights: 1 where they come first."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth != 0, np.abs(estimated)))
