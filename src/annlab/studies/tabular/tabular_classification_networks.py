"""Multilayer perceptrons of the studies of tables: scikit-learn's, one fit at a time, and ours, all replicates of a cell as one."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.studies.tabular.tabular_classification_data import number
from annlab.train import Recipe
from annlab.train.dense import DRAWS, fit_dense

if TYPE_CHECKING:
    from annlab.lab import Streams

__all__ = ["ACTIVATIONS", "Fitted", "Network", "fit_ours", "fit_scikit_learn", "recipe"]

OPTIMIZERS = {"lbfgs": "lbfgs", "sgd": "nesterov", "adam": "adam"}
ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid", "identity": "identity"}
"""scikit-learn's words in ours."""
BATCH = 200


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron in scikit-learn's words; batches of 200 rows, a rate of 0.001, momentum 0.9 (Nesterov) for ``sgd``."""

    solver: str = "adam"
    activation: str = "relu"
    hidden: tuple[int, ...] = (100,)
    iterations: int = 200


@dataclass(frozen=True)
class Fitted:
    """Probabilities of the class 1 for all rows, epochs trained, and whether the training came to rest before the last."""

    probability: np.ndarray
    epochs: int
    settled: bool
    seconds: float


def fit_scikit_learn(
    X: np.ndarray, y: np.ndarray, rows: np.ndarray, network: Network, streams: "Streams", label: str | None = None
) -> Fitted:
    """scikit-learn's MLPClassifier with its defaults, trained on `rows`; it stops early where its training loss no longer falls.

    One whole number from the stream ``init`` seeds both weights and order of the rows.

    Raises:
        FloatingPointError: where the weights are no longer finite.
    """
    import time

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        network.hidden,
        activation=network.activation,
        solver=network.solver,
        max_iter=network.iterations,
        random_state=number(streams, "init", label),
    )
    started = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # kept as `settled`
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            model.fit(X[rows], y[rows])
            probability = model.predict_proba(X)[:, 1]
        except ValueError as error:
            if "finite" not in str(error):
                raise
            raise FloatingPointError("the weights are no longer finite") from error
    return Fitted(probability, int(model.n_iter_), bool(model.n_iter_ < network.iterations), time.perf_counter() - started)


def fit_ours(
    X: np.ndarray, y: np.ndarray, rows: Sequence[np.ndarray], network: Network, streams: "Sequence[Streams]", device: str = "cpu"
) -> list[Fitted]:
    """Our networks with the same settings, one for each replicate's inputs (R, n, d) and rows, trained together.

    They differ from scikit-learn's in the first weights (uniform within 1 / sqrt(inputs of the layer)) and go through all epochs.
    """
    X = np.asarray(X, dtype=np.float32)
    chosen = np.stack([each[mine] for each, mine in zip(X, rows, strict=True)])
    targets = np.stack([y[mine] for mine in rows]).astype(np.float32)[..., None]
    found = fit_dense(
        chosen,
        targets,
        recipe(network),
        [{name: stream.torch(name) for name in DRAWS} for stream in streams],
        hidden_sizes=network.hidden,
        activation=ACTIVATIONS[network.activation],
        device=device,
    )
    outputs = found.predict(X)[..., 0].astype(float)
    probabilities = 1 / (1 + np.exp(-np.clip(outputs, -60, 60)))
    results = []
    for probability, history in zip(probabilities, found.histories, strict=True):
        seconds = float(history.columns["seconds"][-1]) / (len(streams) if network.solver != "lbfgs" else 1)
        results.append(Fitted(probability, int(history.stopped_epoch), False, seconds))
    return results


def recipe(network: Network) -> Recipe:
    """Training of our network; only its last loss is evaluated."""
    options: dict[str, Any] = {"learning_rate": 1.0, "batch_size": None} if network.solver == "lbfgs" else {"batch_size": BATCH}
    return Recipe(
        loss="binary_cross_entropy",
        optimizer=OPTIMIZERS[network.solver],
        max_epochs=network.iterations,
        evaluate_every=network.iterations,
        on_divergence="record",
        **{"learning_rate": 1e-3, **options},
    )
