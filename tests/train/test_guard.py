"""Global state while networks train."""

import pytest
import torch
from training_tools import generator

from annlab.nets import MLP, StackedMLP
from annlab.train import Recipe, fit, fit_stacked

X, Y = torch.ones(8, 2), torch.ones(8, 1)
RECIPE = Recipe(learning_rate=0.1, max_epochs=1)


def has_subnormals():
    return bool(torch.full((1,), 1e-39) > 0)


def single(monitor):
    fit(MLP(2, (3,), 1, generator=generator(0)), X, Y, RECIPE, monitors={"seen": monitor})


def stacked(monitor):
    net = StackedMLP(1, 2, (3,), 1, generators=[generator(0)])
    fit_stacked(net, X[None], Y[None], RECIPE, monitors={"seen": lambda net: [monitor(net)]})


@pytest.mark.parametrize("train", [single, stacked])
@pytest.mark.parametrize("flushed", [False, True])
def test_subnormal_numbers_are_zero_while_a_network_trains_and_afterwards_as_before(train, flushed):
    seen = []
    torch.set_flush_denormal(flushed)
    try:
        train(lambda net: seen.append(has_subnormals()) or 0.0)
        after = has_subnormals()
    finally:
        torch.set_flush_denormal(False)
    assert seen == [False]
    assert after is not flushed


def test_an_error_in_training_leaves_small_numbers_as_they_were():
    def fail(net):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        single(fail)
    assert has_subnormals()
