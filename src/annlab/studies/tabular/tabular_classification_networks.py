"""Multilayer perceptrons of the studies of tables: scikit-learn's, one fit at a time, and ours, all replicates of a cell as one."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from annlab.nets import StackedMLP
from annlab.studies.tabular.tabular_classification_data import number
from annlab.train import Recipe, fit, fit_stacked
from annlab.train.dense import stacks

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
    """Our networks with the same settings and the same law of the first weights, one for each replicate's inputs (R, n, d) and rows.

    They train together as one tensor program, ``lbfgs`` one by one, and go through all epochs.
    """
    inputs = torch.as_tensor(np.asarray(X, dtype=np.float32), device=device)
    chosen = torch.stack([each[torch.as_tensor(mine, device=device)] for each, mine in zip(inputs, rows, strict=True)])
    targets = torch.as_tensor(np.stack([y[mine] for mine in rows])[..., None], dtype=torch.float32, device=device)
    draws = {name: [stream.torch(name) for stream in streams] for name in ("init", "order")}
    activation = ACTIVATIONS[network.activation]
    stack = StackedMLP(len(rows), inputs.shape[-1], network.hidden, 1, activation=activation, generators=draws["init"]).to(device)
    _glorot(stack, 2.0 if activation == "sigmoid" else 6.0)
    settings = recipe(network)
    if stacks(settings):
        history = fit_stacked(stack, chosen, targets, settings, orders=draws["order"])
        histories = [history.of(r) for r in range(len(rows))]
    else:
        each = zip(chosen, targets, draws["order"], strict=True)
        histories = [fit(stack.replicate(r), mine, truth, settings, order=order) for r, (mine, truth, order) in enumerate(each)]
    with torch.no_grad():
        probabilities = torch.sigmoid(stack.eval()(inputs)[..., 0].double()).cpu().numpy()
    share = len(rows) if stacks(settings) else 1
    return [
        Fitted(probability, int(history.stopped_epoch), False, float(history.columns["seconds"][-1]) / share)
        for probability, history in zip(probabilities, histories, strict=True)
    ]


@torch.no_grad()
def _glorot(stack: StackedMLP, factor: float) -> None:
    """Weights and biases, drawn within 1 / sqrt(inputs), widened to sqrt(factor / (inputs + outputs)) as scikit-learn draws them."""
    for weight, bias in zip(stack.weights, stack.biases, strict=True):
        inputs, outputs = weight.shape[1:]
        scale = float(np.sqrt(inputs * factor / (inputs + outputs)))
        weight.mul_(scale)
        bias.mul_(scale)


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
