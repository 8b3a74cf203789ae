import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from training_tools import draws, generator, network, problem, state

from annlab.errors import UsageError
from annlab.train import Checkpoint, Recipe, fit
from annlab.train.codec import decode, encode, read_file, write_file

RECIPES = {
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 16},
    "momentum and step": {"optimizer": "momentum", "learning_rate": 0.1, "batch_size": 16, "schedule": "step"},
    "adam and noise": {"optimizer": "adam", "batch_size": 16, "input_noise": 0.1, "schedule": "cosine"},
    "adam full batch": {"optimizer": "adam", "learning_rate": 0.01},
    "adamw, decay, l1": {"optimizer": "adamw", "weight_decay": 0.1, "l1": 0.01, "schedule": "one_cycle"},
    "rmsprop": {"optimizer": "rmsprop", "batch_size": 7},
    "adadelta": {"optimizer": "adadelta", "batch_size": 7},
    "adagrad": {"optimizer": "adagrad"},
    "lbfgs": {"optimizer": "lbfgs", "learning_rate": 1.0},
    "lbfgs without search": {"optimizer": "lbfgs", "learning_rate": 0.1, "optimizer_options": {"line_search": None}},
    "lbfgs, batches, noise": {"optimizer": "lbfgs", "learning_rate": 0.1, "batch_size": 20, "input_noise": 0.1, "weight_decay": 0.01},
}


class Stopped(Exception):
    pass


def stop_at(epoch):
    def progress(now, **row):
        if now == epoch:
            raise Stopped

    return progress


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}, {"batch_norm": "hidden"}], ids=["plain", "dropout", "batch norm"])
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_five_and_five_epochs_are_ten(name, options, dtype, tmp_path):
    X, y = problem(dtype=dtype)
    recipe = Recipe(max_epochs=10, patience=8, evaluate_every=1, **RECIPES[name])
    validation = problem(30, dtype)
    whole = network(dtype=dtype, **options)
    wanted = fit(whole, X, y, recipe, validation=validation, **draws())

    first = network(dtype=dtype, **options)
    file = tmp_path / "state.safetensors"
    with pytest.raises(Stopped):
        fit(first, X, y, recipe, validation=validation, **draws(), checkpoint=file, checkpoint_every=1, progress=stop_at(5))
    second = network(seed=9, dtype=dtype, **options)
    got = fit(second, X, y, recipe, validation=validation, **draws(seed=100), resume=file)

    assert Checkpoint.load(file).epoch == 5
    assert torch.equal(state(whole), state(second))
    assert (got.best_epoch, got.stopped_epoch) == (wanted.best_epoch, wanted.stopped_epoch)
    for column in set(wanted.columns) - {"seconds"}:
        assert np.array_equal(got.columns[column], wanted.columns[column])
    assert (np.diff(got.columns["seconds"]) > 0).all()


def test_a_finished_run_can_be_extended(tmp_path):
    X, y = problem()
    whole, parts = network(), network()
    fit(whole, X, y, Recipe(max_epochs=10), validation=(X, y))
    fit(parts, X, y, Recipe(max_epochs=5), validation=(X, y), checkpoint=tmp_path / "state")
    history = fit(parts, X, y, Recipe(max_epochs=10), validation=(X, y), resume=tmp_path / "state")
    assert torch.equal(state(whole), state(parts))
    assert history.columns["epoch"].tolist() == list(range(1, 11))


def test_early_stopping_goes_on_from_its_patience(tmp_path):
    X, y = problem(20)
    noisy = y + torch.randn(y.shape, generator=generator(), dtype=y.dtype)
    validation, file = problem(100), tmp_path / "state"
    recipe = Recipe(learning_rate=0.05, max_epochs=500, patience=15)
    whole, parts = network(), network()
    wanted = fit(whole, X, noisy, recipe, validation=validation)
    stop = wanted.stopped_epoch - 5
    with pytest.raises(Stopped):
        fit(parts, X, noisy, recipe, validation=validation, checkpoint=file, checkpoint_every=1, progress=stop_at(stop))
    got = fit(parts, X, noisy, recipe, validation=validation, resume=file)
    assert (got.stopped_epoch, got.best_epoch) == (wanted.stopped_epoch, wanted.best_epoch)
    assert torch.equal(state(whole), state(parts))


class Drawing(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1, dtype=torch.float64)

    def forward(self, x):
        return self.linear(x) + 0.1 * torch.rand(()) + 0.1 * np.random.rand()


def test_draws_of_unknown_modules_go_on_too(tmp_path):
    X, y = problem()
    nets = [Drawing() for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    recipe = Recipe(max_epochs=8, batch_size=20)
    fit(nets[0], X, y, recipe, **draws())
    with pytest.raises(Stopped):
        fit(nets[1], X, y, recipe, **draws(), checkpoint=tmp_path / "s", checkpoint_every=3, progress=stop_at(4))
    assert Checkpoint.load(tmp_path / "s").epoch == 3
    fit(nets[1], X, y, recipe, **draws(), resume=tmp_path / "s")
    assert torch.equal(state(nets[0]), state(nets[1]))


def test_wrong_files_and_generators(tmp_path):
    X, y = problem()
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="not a file written by annlab"):
        Checkpoint.load(tmp_path / "text")
    save_file({"a": torch.zeros(2)}, tmp_path / "other")
    with pytest.raises(ValueError, match="lacks annlab's part"):
        Checkpoint.load(tmp_path / "other")
    write_file(tmp_path / "mine", {"estimator": 1}, {"a": torch.zeros(2)})
    with pytest.raises(ValueError, match="not a checkpoint"):
        Checkpoint.load(tmp_path / "mine")
    fit(network(), X, y, Recipe(max_epochs=1, batch_size=16), order=generator(), checkpoint=tmp_path / "good")
    with pytest.raises(UsageError, match="differ in the generators"):
        fit(network(), X, y, Recipe(max_epochs=2), resume=tmp_path / "good")
    with pytest.raises(UsageError, match="checkpoint_every"):
        fit(network(), X, y, Recipe(max_epochs=2), checkpoint=tmp_path / "x", checkpoint_every=0)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    write_file(tmp_path / "file", {"old": True}, {})
    with pytest.raises(TypeError):
        write_file(tmp_path / "file", {"new": object()}, {})
    assert read_file(tmp_path / "file")[0] == {"old": True}
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


VALUES = {
    "none": None,
    "truth": True,
    "numbers": [1, -2.5, float("inf"), 10**30],
    "text": 'a "b"\n\u00e9',
    "tuple": (1, (2, "x"), []),
    "keys": {1: "a", (2, 3): [4], None: 5, "s": {}},
    "reserved": {"tensor": 1},
    "array": np.arange(6, dtype=np.int16).reshape(2, 3),
    "scalar": np.float32(2.5),
    "truths": np.array([True, False]),
    "labels": np.array([["a", "bc"]]),
    "objects": np.array(["x", "yz"], dtype=object),
    "empty": np.zeros((0, 3)),
    "zero axes": np.array(3.0),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "tensor": torch.arange(4.0).reshape(2, 2).t(),
    "half": torch.ones(2, dtype=torch.bfloat16),
}


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_come_back(name, tmp_path):
    tree, tensors = encode({"value": VALUES[name]})
    json.dumps(tree, allow_nan=False)
    write_file(tmp_path / "f", tree, tensors)
    assert equal(decode(*read_file(tmp_path / "f"))["value"], VALUES[name])


def test_nan_comes_back():
    assert np.isnan(decode(*encode(float("nan"))))


def test_aliases_are_stored_once():
    a = torch.arange(3.0)
    tree, tensors = encode({"a": a, "b": a, "c": a.clone()})
    assert len(tensors) == 2
    back = decode(tree, tensors)
    assert back["a"] is back["b"]
    assert back["a"] is not back["c"]


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), np.array([1 + 2j]), lambda: 0], ids=lambda v: type(v).__name__)
def test_what_cannot_be_saved_is_named(value):
    with pytest.raises(TypeError, match=r"part\[0\]\.inner"):
        encode({"part": [{"inner": value}]})
