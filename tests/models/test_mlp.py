import logging
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_moons
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from annlab.models.base import split_rows
from annlab.models.mlp import MLPClassifier, MLPRegressor
from annlab.models.random_state import random_streams
from annlab.train import DivergenceError

SMALL: dict[str, Any] = {"hidden_sizes": (8,), "max_epochs": 5, "random_state": 0}


def surface(n: int = 120, outputs: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (n, 2))
    y = np.sin(3 * X[:, 0]) * X[:, 1]
    return X, np.stack([(1 + k) * y + k for k in range(outputs)], axis=1) if outputs else y


def test_the_linear_neuron_finds_the_least_squares_solution() -> None:
    X, y = surface()
    wanted = LinearRegression().fit(X, y).predict(X)
    made = MLPRegressor(hidden_sizes=(), optimizer="lbfgs", batch_size=None, learning_rate=1.0, max_epochs=60, random_state=0).fit(X, y)
    np.testing.assert_allclose(made.predict(X), wanted, atol=1e-4)  # where its own tolerance on the gradient ends the search
    by_steps = MLPRegressor(hidden_sizes=(), optimizer="momentum", learning_rate=0.05, batch_size=None, max_epochs=500, random_state=0)
    np.testing.assert_allclose(by_steps.fit(X, y).predict(X), wanted, atol=1e-6)


def test_no_hidden_layer_is_logistic_regression() -> None:
    X, y = make_moons(100, noise=0.3, random_state=0)
    wanted = LogisticRegression(C=np.inf).fit(X, y).predict_proba(X)
    made = MLPClassifier(hidden_sizes=(), optimizer="lbfgs", batch_size=None, learning_rate=1.0, max_epochs=60, random_state=0).fit(X, y)
    np.testing.assert_allclose(made.predict_proba(X), wanted, atol=1e-3)


def test_defaults_learn_a_surface_and_classes() -> None:
    X, y = surface(300)
    assert MLPRegressor(random_state=0).fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.98
    X, y = load_iris(return_X_y=True)
    assert cross_val_score(make_pipeline(StandardScaler(), MLPClassifier(max_epochs=50, random_state=0)), X, y, cv=3).min() >= 0.9


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_an_ensemble_is_the_mean_of_its_replicates_and_knows_their_spread(optimizer: str) -> None:
    X, y = surface(outputs=2)
    made = MLPRegressor(**{**SMALL, "batch_size": None}, optimizer=optimizer, n_replicates=4).fit(X, y)
    mean, spread = made.predict(X, return_std=True)
    each = np.stack([made.stack_.replicate(r)(_tensor(X)).detach().numpy() for r in range(4)])
    np.testing.assert_allclose(mean, each.mean(0), rtol=1e-10)
    np.testing.assert_allclose(spread, each.std(0, ddof=1), rtol=1e-8)
    assert mean.shape == y.shape
    assert spread.min() > 0
    np.testing.assert_array_equal(np.unique(made.history_["replicate"]), range(4))


def test_the_first_replicate_is_the_single_network_of_the_same_seed() -> None:
    X, y = surface()
    alone, ensemble = MLPRegressor(**SMALL).fit(X, y), MLPRegressor(**SMALL, n_replicates=3).fit(X, y)
    for name, values in alone.stack_.replicate(0).state_dict().items():
        np.testing.assert_allclose(ensemble.stack_.replicate(0).state_dict()[name], values, rtol=1e-9, atol=1e-12)


def test_averaged_probabilities_sum_to_one() -> None:
    X, y = load_iris(return_X_y=True)
    for labels in (y, y > 0):
        made = MLPClassifier(**SMALL, n_replicates=3).fit(X, labels)
        probabilities = made.predict_proba(X)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        assert probabilities.shape == (150, len(made.classes_))


@pytest.mark.parametrize("labels", [["no", "yes", "why"], [True, False, True], [-1, 7, 3], [2.0, 1.0, 2.0]])
def test_labels_of_any_type_come_back(labels: list[Any]) -> None:
    X = np.repeat(np.eye(3), 10, axis=0)
    y = np.repeat(np.asarray(labels), 10)
    made = MLPClassifier(hidden_sizes=(), learning_rate=0.1, max_epochs=50, random_state=0).fit(X, y)
    predicted = made.predict(X)
    assert predicted.dtype == y.dtype
    np.testing.assert_array_equal(predicted, y)


def test_early_stopping_keeps_the_weights_of_the_lowest_validation_loss() -> None:
    X, y = surface(60)
    y = y + 0.5 * np.random.default_rng(0).standard_normal(len(y))
    made = MLPRegressor(hidden_sizes=(30,), learning_rate=0.02, validation_fraction=0.3, patience=5, max_epochs=500, random_state=0)
    made.fit(X, y)
    history = made.history_
    best = history["validation_loss"].argmin()
    assert made.n_iter_ == len(history["epoch"]) < 500
    assert made.n_iter_ == history["epoch"][best] + 5
    training, held_out = split_rows(60, 0.3, random_streams(0).numpy("split"))
    assert len(held_out) == 18
    np.testing.assert_array_equal(np.sort(np.concatenate([training, held_out])), np.arange(60))
    assert np.mean((made.predict(X[held_out]) - y[held_out]) ** 2) == pytest.approx(history["validation_loss"][best], rel=1e-9)
    assert np.mean((made.predict(X[training]) - y[training]) ** 2) == pytest.approx(history["train_loss"][best], rel=1e-9)


@pytest.mark.parametrize("n_replicates", [1, 3])
@pytest.mark.parametrize("optimizer", ["sgd", "function"])
def test_divergence_is_an_error_that_leaves_the_last_good_networks(optimizer: str, n_replicates: int) -> None:
    import torch

    X, y = surface()
    made = MLPRegressor(
        **SMALL,
        learning_rate=1e6,
        n_replicates=n_replicates,
        optimizer="sgd" if optimizer == "sgd" else lambda parameters: torch.optim.SGD(parameters, lr=1e6),
    )
    with pytest.raises(DivergenceError, match=r"not finite in epoch \d+.*smaller learning_rate"):
        made.fit(X, y)
    assert np.isfinite(made.predict(X)).all()
    assert not np.isfinite(made.history_["train_loss"]).all()


def test_a_replicate_that_diverges_leaves_the_record_and_the_training_of_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from annlab.models import mlp

    X, y = surface()
    settings: dict[str, Any] = {**SMALL, "optimizer": "lbfgs", "batch_size": None, "n_replicates": 3}
    alone = MLPRegressor(**settings).fit(X, y)
    train, histories = mlp.fit, []

    def second_diverges(*arguments: Any, **keywords: Any) -> Any:
        histories.append(train(*arguments, **keywords))
        if len(histories) == 2:
            raise DivergenceError(6, histories[-1])
        return histories[-1]

    monkeypatch.setattr(mlp, "fit", second_diverges)
    made = MLPRegressor(**settings)
    with pytest.raises(DivergenceError):
        made.fit(X, y)
    for column in ("replicate", "epoch", "train_loss"):
        np.testing.assert_array_equal(made.history_[column], alone.history_[column])
    np.testing.assert_array_equal(made.predict(X), alone.predict(X))


def test_a_function_makes_the_optimiser() -> None:
    import torch

    X, y = surface()
    named = MLPRegressor(**SMALL, optimizer="adam", learning_rate=0.01).fit(X, y)
    made = MLPRegressor(**SMALL, optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.01)).fit(X, y)
    np.testing.assert_allclose(made.predict(X), named.predict(X), rtol=1e-8)


def test_it_works_in_a_grid_search_over_a_pipeline() -> None:
    X, y = surface(60)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), MLPRegressor(**SMALL)),
        {"mlpregressor__hidden_sizes": [(), (4, 3)], "mlpregressor__activation": ["relu", "tanh"]},
        cv=2,
        error_score="raise",
    )
    assert len(search.fit(X, y).cv_results_["params"]) == 4


def test_settings_reach_the_training() -> None:
    X, y = surface()
    plain = MLPRegressor(**SMALL).fit(X, y).predict(X)
    for setting in (
        {"dropout": 0.3},
        {"batch_norm": "hidden"},
        {"batch_norm": "input"},
        {"weight_decay": 0.1},
        {"l1": 0.1},
        {"input_noise": 0.3},
        {"schedule": "cosine"},
        {"activation": "tanh"},
        {"batch_size": 7},
        {"learning_rate": 0.1},
        {"optimizer": "rmsprop"},
        {"validation_fraction": 0.5},
    ):
        assert not np.allclose(MLPRegressor(**{**SMALL, **setting}).fit(X, y).predict(X), plain), setting


def test_verbose_logs_and_quiet_does_not(caplog: pytest.LogCaptureFixture) -> None:
    X, y = surface(20)
    with caplog.at_level(logging.INFO, logger="annlab"):
        MLPRegressor(**SMALL).fit(X, y)
        assert not caplog.records
        MLPRegressor(**SMALL, verbose=True).fit(X, y)
    assert len(caplog.records) == 5
    assert "MLPRegressor epoch 5: train_loss" in caplog.messages[-1]


def test_processes_may_exchange_pickles() -> None:
    X, y = surface(20)
    made = MLPRegressor(**SMALL, dropout=0.2).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made)).predict(X), made.predict(X))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_sizes": 5}, "hidden_sizes of MLPRegressor must be a sequence of whole numbers"),
        ({"hidden_sizes": (0,)}, "hidden_sizes"),
        ({"activation": "rleu"}, "activation"),
        ({"activation": ["relu"] * 5}, "activation takes one name, or one for each of the 1 hidden layers"),
        ({"optimizer": "adma"}, "optimizer"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"max_epochs": 2.5}, "max_epochs"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"validation_fraction": 0.999}, "leaves none of the n_samples = 20"),
        ({"patience": 3}, "set validation_fraction above 0"),
        ({"dropout": 1.0}, "dropout"),
        ({"batch_norm": "all"}, "batch_norm"),
        ({"schedule": "cosin"}, "schedule"),
        ({"n_replicates": 0}, "n_replicates"),
        ({"device": "gpu"}, "device"),
        ({"dtype": "float16"}, "dtype"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_wrong_parameters_are_said(settings: dict[str, Any], message: str) -> None:
    X, y = surface(20)
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**{**SMALL, **settings}).fit(X, y)


def test_one_network_has_no_spread_and_one_class_is_no_problem_to_learn() -> None:
    X, y = surface(20)
    with pytest.raises(ValueError, match="n_replicates of at least 2"):
        MLPRegressor(**SMALL).fit(X, y).predict(X, return_std=True)
    with pytest.raises(ValueError, match="at least 2 classes, got 1 class"):
        MLPClassifier(**SMALL).fit(X, np.zeros(20))


def _tensor(X: np.ndarray) -> Any:
    import torch

    return torch.as_tensor(X)
