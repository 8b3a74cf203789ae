import copy
import logging
import random

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from torch import nn

from annlab.errors import UsageError
from annlab.models import ModuleClassifier, ModuleRegressor
from annlab.nets import MLP
from annlab.train import DivergenceError, Recipe, fit

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (80, 2)).astype(np.float32)
Y = np.sin(2 * X[:, 0]) + X[:, 1]
LABELS = np.array(["low", "middle", "high"])[np.digitize(Y, [-0.5, 0.5])]
QUICK = {"learning_rate": 0.03, "max_epochs": 40, "random_state": 0}
NOT_RUN = {"check_array_api_input": "scikit-learn runs it only where SCIPY_ARRAY_API is set"}


@pytest.mark.parametrize(
    "estimator",
    [kind(MLP, {"hidden_sizes": (20,)}, dtype="float64", **QUICK) for kind in (ModuleRegressor, ModuleClassifier)],
    ids=["regressor", "classifier"],
)
def test_contract_of_scikit_learn(estimator):
    checks = check_estimator(estimator, on_skip=None, on_fail="raise")
    assert {check["check_name"] for check in checks if check["status"] != "passed"} <= set(NOT_RUN)
    assert sum(check["status"] == "passed" for check in checks) >= 50


def instance(outputs=1):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, outputs))


def test_an_instance_is_copied_and_trained_as_by_the_loop():
    given = instance()
    kept = copy.deepcopy(given.state_dict())
    model = ModuleRegressor(given, batch_size=16, max_epochs=5, random_state=3).fit(X, Y)
    assert all(torch.equal(value, kept[name]) for name, value in given.state_dict().items())
    twin, streams = instance(), model._streams()
    draws = {name: streams.torch(name) for name in ("order", "noise", "dropout")}
    history = fit(twin, X, Y, Recipe(batch_size=16, max_epochs=5), **draws)
    for a, b in zip(model.module_.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)
    assert model.history_["train_loss"].tolist() == history.columns["train_loss"].tolist()
    assert model.n_iter_ == 5
    with torch.no_grad():
        np.testing.assert_allclose(model.predict(X), twin(torch.from_numpy(X)).numpy()[:, 0], rtol=1e-6)


def test_random_state_decides_all_and_global_generators_stay():
    model = ModuleRegressor(instance_without_seed, batch_size=16, max_epochs=3, validation_fraction=0.2)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    one, two, other = (clone(model).set_params(random_state=seed).fit(X, Y).predict(X) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
    assert random.getstate() == before[2]


def instance_without_seed():
    return nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.2), nn.Linear(4, 1))


def test_a_factory_is_offered_sizes_and_generator():
    seen = {}

    def make(n_inputs, n_outputs, width, generator):
        seen.update(n_inputs=n_inputs, n_outputs=n_outputs, width=width, generator=generator)
        return MLP(n_inputs, (width,), n_outputs, generator=generator)

    ModuleRegressor(make, {"width": 5}, max_epochs=1).fit(X, np.stack([Y, -Y], 1))
    assert (seen["n_inputs"], seen["n_outputs"], seen["width"]) == (2, 2, 5)
    assert isinstance(seen["generator"], torch.Generator)


def test_types_follow_the_input():
    model = ModuleRegressor(MLP, {"hidden_sizes": (4,)}, max_epochs=2, random_state=0)
    assert model.fit(X, Y).predict(X).dtype == np.float32
    assert model.fit(X.astype(float), Y).predict(X.astype(float)).dtype == np.float64
    assert next(model.module_.parameters()).dtype == torch.float32
    model.set_params(dtype="float64").fit(X, Y)
    assert next(model.module_.parameters()).dtype == torch.float64


def test_images_of_bytes():
    images = RNG.integers(0, 256, (60, 1, 6, 6), dtype=np.uint8)
    images[30:] //= 4
    labels = np.repeat([1, 0], 30)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2))
    model = ModuleClassifier(net, max_epochs=60, learning_rate=0.01, random_state=0).fit(images, labels)
    assert model.score(images, labels) > 0.95
    as_numbers = model.predict_proba((images / 255).astype(np.float32))
    np.testing.assert_allclose(model.predict_proba(images), as_numbers, atol=1e-6)


def test_two_classes_with_one_output_or_two():
    labels = np.where(Y > 0, "up", "down")
    for outputs in (1, 2):
        model = ModuleClassifier(instance(outputs), **QUICK).fit(X, labels)
        assert model.classes_.tolist() == ["down", "up"]
        assert model.score(X, labels) > 0.9
        probabilities = model.predict_proba(X)
        assert probabilities.shape == (80, 2)
        np.testing.assert_allclose(probabilities.sum(1), 1.0, rtol=1e-5)


def test_more_classes_and_own_loss():
    model = ModuleClassifier(MLP, {"hidden_sizes": (10,)}, **QUICK).fit(X, LABELS)
    assert model.score(X, LABELS) > 0.85
    smooth = ModuleClassifier(
        MLP, {"hidden_sizes": (10,)}, loss=lambda out, t: nn.functional.cross_entropy(out, t, label_smoothing=0.5), **QUICK
    ).fit(X, LABELS)
    assert smooth.predict_proba(X).max() < model.predict_proba(X).max()


def test_clone_pipeline_and_grid_search():
    model = ModuleRegressor(instance(), **QUICK)
    twin = clone(model)
    assert twin.module is not model.module
    search = GridSearchCV(make_pipeline(StandardScaler(), model), {"moduleregressor__learning_rate": [1e-5, 0.03]}, cv=2).fit(X, Y)
    assert search.best_params_ == {"moduleregressor__learning_rate": 0.03}
    assert search.predict(X).shape == (80,)


def test_early_stopping_and_log(caplog):
    model = ModuleRegressor(MLP, {"hidden_sizes": (4,)}, validation_fraction=0.25, patience=1, max_epochs=400, learning_rate=0.1,
                            random_state=0, verbose=True)  # fmt: skip
    with caplog.at_level(logging.INFO, logger="annlab"):
        model.fit(X, Y)
    assert model.n_iter_ < 400
    assert len(caplog.records) == model.n_iter_ == len(model.history_["validation_loss"])
    assert "ModuleRegressor epoch 1: train_loss" in caplog.text


def test_divergence_keeps_the_last_good_weights():
    model = ModuleRegressor(nn.Linear(2, 1), optimizer="sgd", learning_rate=1e4, batch_size=None)
    with pytest.raises(DivergenceError):
        model.fit(X, Y)
    assert np.isfinite(model.predict(X)).all()
    assert model.history_["epoch"][-1] == model.n_iter_


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"module": 3}, "a torch module, or what makes one, got 3"),
        ({"module": lambda: 3}, "gave a int"),
        ({"module": nn.Linear(2, 3)}, "3 outputs a row but there are 1 targets"),
        ({"module": nn.Unflatten(1, (1, 2))}, "one row of outputs"),
        ({"module": nn.Linear(2, 1), "module_options": {"bias": False}}, "instance already"),
        ({"learning_rate": 0.0}, r"learning_rate of ModuleRegressor must be a finite number in \(0, inf\), got 0.0"),
        ({"batch_size": 0}, "None or a whole number of at least 1, got 0"),
        ({"optimizer": "adma"}, "one of 'sgd'"),
        ({"patience": 3}, "set validation_fraction"),
        ({"validation_fraction": 1.0}, r"\[0, 1\)"),
        ({"validation_fraction": 0.999}, "leaves none"),
        ({"dtype": "float16"}, "'float32', 'float64', got 'float16'"),
        ({"device": "gpu0"}, "device must be"),
        ({"device": 3.5}, "device must be"),
        ({"random_state": -1}, "random_state takes"),
        ({"loss": "mes"}, "one of 'mse'"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_mistakes(parameters, message):
    with pytest.raises(UsageError, match=message):
        ModuleRegressor(**{"module": nn.Linear(2, 1), **parameters}).fit(X, Y)


def test_cuda_is_asked_for_in_vain():
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(UsageError, match="finds no cuda device"):
        ModuleRegressor(nn.Linear(2, 1), device="cuda").fit(X, Y)
    assert ModuleRegressor(nn.Linear(2, 1), device="auto", max_epochs=1).fit(X, Y).n_iter_ == 1


def test_wrong_number_of_classes():
    with pytest.raises(UsageError, match="2 outputs a row but there are 3 classes"):
        ModuleClassifier(nn.Linear(2, 2)).fit(X, LABELS)
