import copy
import pickle

import pytest
import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets import Dropout, keep_mask, set_dropout_generator


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_masks_keep_the_mean():
    mask = keep_mask((200, 500), 0.3, generator(), torch.zeros(1))
    assert mask.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert abs(mask.mean().item() - 1.0) < 5 * (0.3 / 0.7) ** 0.5 / 100_000**0.5


def test_both_precisions_drop_the_same_units():
    single, double = (keep_mask((50,), 0.5, generator(), torch.zeros(1, dtype=kind)) for kind in (torch.float32, torch.float64))
    assert double.dtype == torch.float64
    assert torch.equal(single.double(), double)


def test_draws_from_its_generator_alone():
    layer, x, state = Dropout(0.5, generator(3)), torch.ones(4, 6), torch.get_rng_state()
    first, second = layer(x), layer(x)
    assert not torch.equal(first, second)
    set_dropout_generator(nn.Sequential(layer), generator(3))
    assert torch.equal(layer(x), first)
    assert torch.equal(torch.get_rng_state(), state)


def test_evaluation_and_zero_probability_change_nothing():
    x = torch.randn(3, 4, generator=generator())
    assert Dropout(0.9).eval()(x) is x
    assert Dropout(0.0)(x) is x


def test_copies_leave_the_generator_behind():
    layer = Dropout(0.5, generator())
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.generator is None
        assert twin.p == 0.5
    assert layer.generator is not None


@pytest.mark.parametrize("p", [-0.1, 1.0, 2.0])
def test_probability(p):
    with pytest.raises(UsageError, match=r"\[0, 1\)"):
        Dropout(p)
