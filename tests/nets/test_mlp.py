import copy
import math

import numpy as np
import pytest
import torch
from scipy import stats

from annlab.errors import UsageError
from annlab.nets import MLP, Dropout


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_forward_by_hand():
    net = MLP(2, (3,), 1, "tanh", generator=generator(), dtype=torch.float64)
    x = np.array([[0.5, -1.0], [2.0, 0.1]])
    W1, b1, W2, b2 = (parameter.detach().numpy() for parameter in net.parameters())
    wanted = np.tanh(x @ W1.T + b1) @ W2.T + b2
    np.testing.assert_allclose(net(torch.from_numpy(x)).detach().numpy(), wanted, rtol=1e-14)


def test_no_hidden_layer_is_the_linear_neuron():
    net = MLP(3, (), 2)
    assert [tuple(parameter.shape) for parameter in net.parameters()] == [(2, 3), (2,)]
    x = torch.randn(4, 3, generator=generator())
    torch.testing.assert_close(net(x), torch.nn.functional.linear(x, *net.parameters()))


def test_initial_weights_are_uniform_and_scaled_by_the_inputs():
    net = MLP(400, (300,), 1, generator=generator(1), dtype=torch.float64)
    for layer, fan_in in zip(net.layers, (400, 300), strict=True):
        bound = 1 / math.sqrt(fan_in)
        values = layer.weight.detach().numpy().ravel()
        assert abs(values).max() <= bound
        assert stats.kstest(values, stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-4
        assert abs(layer.bias.detach().numpy()).max() <= bound


def test_generator_alone_decides_and_precisions_agree():
    state = torch.get_rng_state()
    single, double = (MLP(3, (4, 5), 2, generator=generator(7), dtype=kind) for kind in (torch.float32, torch.float64))
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(single.parameters(), double.parameters(), strict=True):
        assert torch.equal(a, b.float())
    other = MLP(3, (4, 5), 2, generator=generator(8))
    assert not torch.equal(other.layers[0].weight, single.layers[0].weight)


@pytest.mark.parametrize(("kind", "sizes"), [("none", []), ("input", [6]), ("hidden", [4, 3])])
def test_batch_norm_stands_where_it_says(kind, sizes):
    net = MLP(6, (4, 3), 2, batch_norm=kind)
    assert [norm.num_features for norm in net.norms] == sizes


def test_input_batch_norm_makes_features_standard():
    x = 5 + 3 * torch.randn(50, 2, generator=generator(), dtype=torch.float64)
    net = MLP(2, (), 1, batch_norm="input", dtype=torch.float64)
    z = (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(net(x), net.layers[0](z))


def test_hidden_batch_norm_comes_before_the_activation():
    x = torch.randn(50, 2, generator=generator(), dtype=torch.float64)
    net = MLP(2, (3,), 1, "sigmoid", batch_norm="hidden", dtype=torch.float64)
    z = net.layers[0](x)
    z = (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(net(x), net.layers[1](torch.sigmoid(z)))


def test_dropout_touches_hidden_units_only():
    net = MLP(2, (1000,), 1, "sigmoid", dropout=0.5, generator=generator())
    assert sum(isinstance(module, Dropout) for module in net.modules()) == 1
    net.dropout.generator = generator()
    seen = []
    net.layers[1].register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    net(torch.ones(1, 2))
    zeros = (seen[0] == 0).float().mean().item()
    assert 0.4 < zeros < 0.6
    net.eval()
    assert torch.equal(net(torch.ones(1, 2)), net(torch.ones(1, 2)))


def test_output_activation():
    net = MLP(2, (3,), 1, ["relu", "sigmoid"], generator=generator())
    out = net(10 * torch.randn(100, 2, generator=generator()))
    assert ((out > 0) & (out < 1)).all()


def test_images_are_flattened_and_one_sample_or_none_pass():
    net = MLP(12, (5,), 3)
    assert net(torch.zeros(2, 3, 4)).shape == (2, 3)
    assert net(torch.zeros(1, 12)).shape == (1, 3)
    assert net(torch.zeros(0, 12)).shape == (0, 3)


@pytest.mark.parametrize(
    "arguments", [(0, (3,), 1), (2, (0,), 1), (2, (3,), 0), (2, (2.5,), 1)], ids=["inputs", "hidden", "outputs", "fraction"]
)
def test_sizes_are_checked(arguments):
    with pytest.raises(UsageError, match="layer sizes"):
        MLP(*arguments)


def test_unknown_batch_norm():
    with pytest.raises(UsageError, match="did you mean 'hidden'"):
        MLP(2, (3,), 1, batch_norm="hiden")


def test_copies_are_equal():
    net = MLP(2, (3,), 1, dropout=0.2, generator=generator())
    net.dropout.generator = generator()
    twin = copy.deepcopy(net)
    for a, b in zip(net.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)
