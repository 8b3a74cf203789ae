"""What a study asks of a set: asked without reading, answered in one sentence."""

import doctest
from dataclasses import replace

import pytest

from annlab import data
from annlab.data import demands
from annlab.errors import UsageError


@pytest.mark.parametrize(
    ("name", "task", "shape"),
    [
        ("mnist", "classification", {"X_train": (None, 28, 28), "y_train": (60_000,)}),
        ("cifar10", ["classification", "structure"], {"X_train": (None, 32, 32, 3)}),
        ("cifar10", None, {"X_train": (None, ...)}),
        ("mnist", None, {"X_train": (None, 28, 28, ...)}),
        ("five_surfaces", "regression", None),
    ],
)
def test_a_set_that_fits_is_described(name, task, shape, home):
    assert data.require(name, task=task, shape=shape) is data.describe(name)
    assert not home.exists()


@pytest.mark.parametrize(
    ("name", "task", "shape", "says"),
    [
        ("minst", None, None, "unknown data set 'minst'; did you mean 'mnist'"),
        ("mnist", "regression", None, "^data set 'mnist' is for classification, where a set for regression is wanted$"),
        ("mnist", ["regression", "structure"], None, "where a set for regression or structure is wanted$"),
        ("iris", None, {"X": (None, 2)}, r"'iris' does not fit: it has X \(150, 4\), y \(150,\), where X \(any, 2\) is wanted$"),
        ("iris", None, {"X": (None,)}, r"where X \(any,\) is wanted$"),
        ("iris", None, {"X": (None, None, None, ...)}, r"where X \(any, any, any, \.\.\.\) is wanted$"),
        ("iris", None, {"T": (None, ...)}, r"where T \(any, \.\.\.\) is wanted$"),
    ],
)
def test_a_set_that_does_not_fit_is_refused_with_what_is_wanted(name, task, shape, says):
    with pytest.raises(UsageError, match=says) as raised:
        data.require(name, task=task, shape=shape)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("study", ["personal-regression", "bigger-model-optimisers"])
def test_a_study_refuses_a_set_that_does_not_fit_before_it_computes(study):
    from annlab.lab.discover import load_study

    chosen = load_study(study)
    assert chosen.data_of(chosen.params) == (chosen.params.data,)
    with pytest.raises(UsageError, match="data set 'two_moons'"):
        chosen.data_of(replace(chosen.params, data="two_moons"))


def test_the_example():
    assert doctest.testmod(demands, extraglobs={"require": data.require}).failed == 0
