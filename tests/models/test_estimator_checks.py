"""One suite for every estimator of rows: scikit-learn's own checks, and what annlab promises besides."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from annlab.models.autoencoder import Autoencoder
from annlab.models.mlp import MLPClassifier, MLPRegressor
from annlab.models.som import SelfOrganizingMap
from annlab.models.stacked_autoencoder import StackedAutoencoder
from annlab.models.stacked_classifier import StackedAutoencoderClassifier

ESTIMATORS: dict[str, Callable[[], Any]] = {
    "Autoencoder": lambda: Autoencoder(code_size=2, max_epochs=5, random_state=0),
    "Autoencoder, 2 replicates": lambda: Autoencoder(2, (5,), n_replicates=2, denoising=0.1, dropout=0.1, max_epochs=3, random_state=0),
    "MLPRegressor": lambda: MLPRegressor(hidden_sizes=(20,), max_epochs=20, learning_rate=0.02, random_state=0),
    "MLPRegressor, 3 replicates": lambda: MLPRegressor(hidden_sizes=(6,), max_epochs=3, n_replicates=3, dropout=0.2, random_state=0),
    "MLPRegressor, lbfgs": lambda: MLPRegressor(hidden_sizes=(6,), optimizer="lbfgs", batch_size=None, max_epochs=3, random_state=0),
    "MLPRegressor, held out": lambda: MLPRegressor(hidden_sizes=(6,), max_epochs=5, validation_fraction=0.3, patience=2, random_state=0),
    "MLPRegressor, normed": lambda: MLPRegressor(hidden_sizes=(6,), max_epochs=3, batch_norm="hidden", input_noise=0.1, random_state=0),
    "MLPClassifier": lambda: MLPClassifier(hidden_sizes=(20,), max_epochs=20, learning_rate=0.02, random_state=0),
    "MLPClassifier, 3 replicates": lambda: MLPClassifier(hidden_sizes=(6,), max_epochs=3, n_replicates=3, random_state=0),
    "SelfOrganizingMap": lambda: SelfOrganizingMap((3, 4), init="random", max_epochs=5, random_state=0),
    "SelfOrganizingMap, online": lambda: SelfOrganizingMap((3, 4), grid="hexagonal", training="online", max_epochs=3, random_state=0),
    "StackedAutoencoder": lambda: StackedAutoencoder((6, 2), pretrain_epochs=3, max_epochs=3, random_state=0),
    "StackedAutoencoderClassifier": lambda: StackedAutoencoderClassifier(
        (20, 8), pretrain_epochs=5, max_epochs=30, batch_size=16, learning_rate=0.02, random_state=0
    ),
    "StackedAutoencoderClassifier, 2 replicates": lambda: StackedAutoencoderClassifier(
        (6, 4), pretrain_epochs=2, classifier_epochs=2, max_epochs=3, validation_fraction=0.3, n_replicates=2, dropout=0.2, random_state=0
    ),
}
every_estimator = pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS.keys())


def rows(estimator: Any, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3)).astype(dtype)
    if hasattr(estimator, "predict_proba"):
        return X, np.array(["left", "middle", "right"])[np.digitize(X[:, 0], [-0.5, 0.5])]
    return X, (X[:, 0] * X[:, 1]).astype(dtype)


def answers(estimator: Any, X: np.ndarray) -> dict[str, np.ndarray]:
    """What an estimator says of rows, by the name of the method."""
    names = ("predict", "predict_proba", "transform", "score_samples")
    return {name: np.asarray(getattr(estimator, name)(X)) for name in names if hasattr(estimator, name)}


@pytest.mark.parametrize(
    "name",
    [
        "Autoencoder",
        "MLPRegressor",
        "MLPClassifier",
        "SelfOrganizingMap",
        "SelfOrganizingMap, online",
        "StackedAutoencoder",
        "StackedAutoencoderClassifier",
    ],
)
def test_scikit_learn_finds_nothing_to_object(name: str) -> None:
    results = check_estimator(ESTIMATORS[name](), on_skip=None)
    passed = [result["check_name"] for result in results if result["status"] == "passed"]
    assert len(passed) >= 40
    # the one check that asks for an environment variable set before scipy is imported
    assert {result["check_name"] for result in results} - set(passed) <= {"check_array_api_input"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator", [Autoencoder(), MLPRegressor(), MLPClassifier(), SelfOrganizingMap()], ids=lambda made: type(made).__name__
)
def test_scikit_learn_finds_nothing_to_object_in_the_defaults(estimator: Any) -> None:
    assert sum(result["status"] == "passed" for result in check_estimator(estimator, on_skip=None)) >= 40


@every_estimator
def test_the_same_random_state_gives_the_same_model(make: Callable[[], Any]) -> None:
    X, y = rows(make())
    first, again, other = make().fit(X, y), make().fit(X, y), make().set_params(random_state=1).fit(X, y)
    for name, answer in answers(first, X).items():
        np.testing.assert_array_equal(answers(again, X)[name], answer)
        np.testing.assert_array_equal(answers(first.fit(X, y), X)[name], answer)
    floats = [name for name, answer in answers(first, X).items() if answer.dtype.kind == "f"]
    assert all(not np.array_equal(answers(other, X)[name], answers(first, X)[name]) for name in floats)


@every_estimator
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_answers_have_the_type_of_the_inputs(make: Callable[[], Any], dtype: type) -> None:
    X, y = rows(make(), dtype)
    floats = [answer for answer in answers(make().fit(X, y), X).values() if answer.dtype.kind == "f"]
    assert floats
    assert all(answer.dtype == dtype for answer in floats)


@every_estimator
def test_inputs_are_not_touched(make: Callable[[], Any]) -> None:
    X, y = rows(make())
    before = X.copy(), y.copy()
    for array in (X, y):
        array.setflags(write=False)
    answers(make().fit(X, y), X)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


@every_estimator
def test_global_generators_are_left_as_found(make: Callable[[], Any]) -> None:
    X, y = rows(make())
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    answers(make().set_params(random_state=None).fit(X, y), X)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]


@every_estimator
def test_a_clone_is_unfitted_and_learns_the_same(make: Callable[[], Any]) -> None:
    X, y = rows(make())
    fitted = make().fit(X, y)
    copied = clone(fitted)
    assert not [name for name in vars(copied) if name.endswith("_")]
    for name, answer in answers(copied.fit(X, y), X).items():
        np.testing.assert_array_equal(answer, answers(fitted, X)[name])


@every_estimator
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_saved_comes_back(make: Callable[[], Any], dtype: type, tmp_path: Path) -> None:
    import annlab

    X, y = rows(make(), dtype)
    fitted = make().fit(X, y)
    loaded = annlab.load(fitted.save(tmp_path / "model"))
    assert type(loaded) is type(fitted)
    assert loaded.get_params() == fitted.get_params()
    assert {name for name in vars(loaded) if name.endswith("_")} == {name for name in vars(fitted) if name.endswith("_")}
    for name, answer in answers(fitted, X).items():
        again = answers(loaded, X)[name]
        assert again.dtype == answer.dtype
        np.testing.assert_array_equal(again, answer)
    for name, column in fitted.history_.items():
        np.testing.assert_array_equal(loaded.history_[name], column)
    assert answers(loaded.fit(X, y), X).keys() == answers(fitted, X).keys()


@every_estimator
def test_the_record_is_tidy(make: Callable[[], Any]) -> None:
    X, y = rows(make())
    history = make().fit(X, y).history_
    assert {"epoch", "seconds"} <= set(history)
    assert len({len(column) for column in history.values()}) == 1
    assert all(np.asarray(column).ndim == 1 for column in history.values())
    assert min(history["epoch"]) == 1


@every_estimator
def test_fit_takes_targets_as_an_option_and_names_are_the_common_ones(make: Callable[[], Any]) -> None:
    assert inspect.signature(make().fit).parameters["y"].default is None
    assert "random_state" in make().get_params()
