import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import annlab
from annlab.errors import UsageError
from annlab.models import MLPClassifier, MLPRegressor, ModuleClassifier, ModuleRegressor
from annlab.models.base import BaseEstimator
from annlab.nets import MLP

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype(np.float32)
Y = X[:, 0] - X[:, 1]
LABELS = np.array(["no", "yes", "perhaps"])[RNG.integers(0, 3, 40)]
QUICK = {"max_epochs": 3, "random_state": 0}
NET = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 1))


class Tied(nn.Module):
    def __init__(self, n_inputs):
        super().__init__()
        self.down = nn.Linear(n_inputs, 2, bias=False)
        self.up = nn.Linear(n_inputs, 2, bias=False)
        self.up.weight = self.down.weight

    def forward(self, x):
        return (self.down(x) * self.up(x)).sum(1, keepdim=True)


FITTED = {
    "regressor": (lambda: MLPRegressor((5, 4), ["mish", "tanh"], n_replicates=2, **QUICK).fit(X, Y), None),
    "several targets, float64": (lambda: MLPRegressor((5,), dtype="float64", **QUICK).fit(X, np.stack([Y, Y], 1)), None),
    "batch norm and dropout": (lambda: MLPRegressor((5,), batch_norm="hidden", dropout=0.2, **QUICK).fit(X, Y), None),
    "classifier": (lambda: MLPClassifier((), validation_fraction=0.2, patience=2, **QUICK).fit(X, LABELS), None),
    "module instance": (lambda: ModuleRegressor(NET, **QUICK).fit(X, Y), NET),
    "module class": (lambda: ModuleClassifier(MLP, {"hidden_sizes": (4,)}, **QUICK).fit(X, LABELS), MLP),
    "tied weights": (lambda: ModuleRegressor(Tied, dtype="float64", **QUICK).fit(X, Y), Tied),
}


@pytest.mark.parametrize("file", ["model", "deep/er/model.safetensors"])
@pytest.mark.parametrize("name", sorted(FITTED))
def test_comes_back_as_it_was(name, file, tmp_path):
    make, module = FITTED[name]
    estimator = make()
    state = torch.get_rng_state()
    path = estimator.save(tmp_path / file)
    back = annlab.load(path) if module is None else annlab.load(path, module=module)
    assert torch.equal(torch.get_rng_state(), state)
    assert type(back) is type(estimator)
    assert np.array_equal(back.predict(X), estimator.predict(X))
    if hasattr(estimator, "classes_"):
        assert back.classes_.tolist() == estimator.classes_.tolist()
        assert np.array_equal(back.predict_proba(X), estimator.predict_proba(X))
    ours, theirs = estimator.get_params(), back.get_params()
    assert ours.pop("module", None) is theirs.pop("module", None) is module
    assert ours == theirs
    assert back.history_.keys() == estimator.history_.keys()
    assert all(np.array_equal(back.history_[column], estimator.history_[column]) for column in back.history_)
    assert vars(back).keys() == vars(estimator).keys()


def test_learns_on_after_loading(tmp_path):
    model = MLPRegressor((5,), **QUICK).fit(X, Y)
    back = annlab.load(model.save(tmp_path / "model"))
    assert np.array_equal(back.fit(X, Y).predict(X), model.predict(X))


def test_before_fitting(tmp_path):
    back = annlab.load(MLPRegressor((7,), learning_rate=0.5).save(tmp_path / "model"))
    assert back.get_params() == MLPRegressor((7,), learning_rate=0.5).get_params()
    assert not hasattr(back, "stack_")


def test_saved_files_are_no_pickles(tmp_path):
    path = MLPRegressor((5,), **QUICK).fit(X, Y).save(tmp_path / "model")
    assert sorted(file.name for file in path.iterdir()) == ["estimator.json", "weights.safetensors"]
    content = json.loads((path / "estimator.json").read_text())
    assert content["estimator"] == "MLPRegressor"
    with pytest.raises((pickle.UnpicklingError, ValueError, KeyError, EOFError, IndexError)):
        pickle.loads((path / "weights.safetensors").read_bytes())


def test_replaces_an_estimator_but_nothing_else(tmp_path):
    MLPRegressor((5,), **QUICK).save(tmp_path / "model")
    MLPClassifier((6,), **QUICK).save(tmp_path / "model")
    assert isinstance(annlab.load(tmp_path / "model"), MLPClassifier)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="no saved estimator"):
        MLPRegressor().save(tmp_path / "photos")


class Extra(nn.Linear):
    def get_extra_state(self):
        return {"a": 1}


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(TypeError, match=r"MLPRegressor\.parameters\.optimizer is a function"):
        MLPRegressor(optimizer=lambda p: torch.optim.SGD(p, 0.1)).save(tmp_path / "a")
    with pytest.raises(TypeError, match=r"MLPRegressor\.parameters\.random_state is a Generator"):
        MLPRegressor(random_state=np.random.default_rng()).save(tmp_path / "a")
    strange = MLPRegressor()
    strange.notes_ = {"nets": [nn.Linear(2, 2)]}
    with pytest.raises(TypeError, match=r"MLPRegressor\.learned\.notes_\.nets\[0\] is a Linear"):
        strange.save(tmp_path / "a")
    unusual = ModuleRegressor(nn.Sequential(Extra(3, 1)), **QUICK).fit(X, Y)
    with pytest.raises(TypeError, match=r"module_\.0\._extra_state is a dict"):
        unusual.save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_only_own_classes(tmp_path):
    class MLPRegressor(BaseEstimator):
        pass

    with pytest.raises(TypeError, match="only annlab's own"):
        MLPRegressor().save(tmp_path / "a")
    path = annlab.MLPRegressor((5,), **QUICK).fit(X, Y).save(tmp_path / "model")
    text = (path / "estimator.json").read_text()
    for old, new, message in [
        ('"MLPRegressor"', '"BaseEstimator"', "does not know"),
        ('"MLPRegressor"', '"os.system"', "does not know"),
        ('"StackedMLP"', '"keep_mask"', "unknown class"),
        ('"StackedMLP"', '"__builtins__"', "unknown class"),
        ('"format": 1', '"format": 99', "in a format"),
        ('"tuple"', '"pickle"', "unknown kind"),
        ("{", "", "not a folder written by annlab"),
    ]:
        (path / "estimator.json").write_text(text.replace(old, new, 1))
        with pytest.raises(ValueError, match=message):
            annlab.load(path)


def test_other_files(tmp_path):
    with pytest.raises(UsageError, match="no saved estimator at"):
        annlab.load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="is missing"):
        annlab.load(tmp_path)
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="not a file written by annlab"):
        annlab.load(tmp_path / "other.safetensors")


def test_module_must_be_given_and_fit(tmp_path):
    path = ModuleRegressor(NET, **QUICK).fit(X, Y).save(tmp_path / "model")
    with pytest.raises(UsageError, match="needs module="):
        annlab.load(path)
    with pytest.raises(UsageError, match="does not have the shape"):
        annlab.load(path, module=nn.Linear(3, 1))
    plain = MLPRegressor((5,)).save(tmp_path / "plain")
    with pytest.raises(UsageError, match="takes no module="):
        annlab.load(plain, module=NET)


def test_a_model_keeps_its_own_copy_of_the_module_given(tmp_path):
    model = ModuleRegressor(NET, **QUICK).fit(X, Y)
    wanted = model.predict(X)
    back = annlab.load(model.save(tmp_path / "model"), module=NET)
    assert back.module is NET
    assert np.array_equal(back.predict(X), wanted)
    fresh = {name: value.clone() for name, value in NET.state_dict().items()}
    assert not torch.equal(fresh["0.weight"], back.module_.state_dict()["0.weight"])
