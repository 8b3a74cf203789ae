"""The convolutional network against torch's layers in the usual order, its counts against arithmetic and a sum over its layers."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from annlab.errors import UsageError
from annlab.models.summary import summary
from annlab.nets import ConvNet, convnet_parameters, flattened_size, set_dropout_generator
from annlab.nets.convnet import map_sizes


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def usual(net):
    """The same network as the textbooks write it: contiguous maps, the rectifier before the pooling."""
    layers, kind = [], net.dense.weight.dtype
    for convolution in net.convolutions:
        twin = nn.Conv2d(convolution.in_channels, convolution.out_channels, net.kernel_size, padding=convolution.padding, dtype=kind)
        twin.load_state_dict({name: tensor.contiguous() for name, tensor in convolution.state_dict().items()})
        layers += [twin, nn.ReLU(), nn.MaxPool2d(2)]
    dense = nn.Linear(net.dense.in_features, net.n_outputs, dtype=kind)
    dense.load_state_dict(net.dense.state_dict())
    return nn.Sequential(*layers, nn.Flatten(), dense)


def test_the_parameters_of_the_handouts_network():
    assert convnet_parameters((28, 28)) == {"convolution 1": 3 * 3 * 1 * 32 + 32, "convolution 2": 3 * 3 * 32 * 64 + 64, "dense": 16010}
    assert map_sizes(28, 2) == [13, 5]
    assert flattened_size((28, 28)) == 5 * 5 * 64
    assert map_sizes(28, 2, padding="same") == [14, 7]
    assert convnet_parameters((28, 28), padding="same")["dense"] == 7 * 7 * 64 * 10 + 10


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_formula_module_and_summary_agree(padding):
    net = ConvNet((28, 28), padding=padding, generator=generator())
    assert net.parameter_counts() == convnet_parameters((28, 28), padding=padding)
    found = summary(net, (28, 28))
    assert found.parameters == sum(net.parameter_counts().values())
    assert [row.parameters for row in found.rows if row.parameters] == list(net.parameter_counts().values())


@given(
    height=st.integers(16, 24),
    width=st.integers(16, 24),
    depth=st.sampled_from([1, 2, 3]),
    channels=st.lists(st.integers(1, 5), max_size=2),
    padding=st.sampled_from(["valid", "same"]),
    kernel=st.sampled_from([1, 3, 5]),
    n_outputs=st.integers(1, 4),
)
def test_counts_of_any_shape(height, width, depth, channels, padding, kernel, n_outputs):
    net = ConvNet((height, width, depth), channels, n_outputs, kernel, padding, generator=generator())
    assert net.parameter_counts() == convnet_parameters((height, width, depth), channels, n_outputs, kernel, padding)
    assert sum(net.parameter_counts().values()) == sum(parameter.numel() for parameter in net.parameters())
    assert net.eval()(torch.zeros(2, height, width, depth)).shape == (2, n_outputs)


@pytest.mark.parametrize(("shape", "padding"), [((28, 28), "valid"), ((28, 28), "same"), ((17, 20, 3), "valid")])
def test_equals_the_usual_order_of_layers(shape, padding):
    net = ConvNet(shape, (4, 6), 5, padding=padding, generator=generator(), dtype=torch.float64).eval()
    images = torch.rand(7, *shape, generator=generator(1), dtype=torch.float64)
    as_usual = images.unsqueeze(1) if len(shape) == 2 else images.permute(0, 3, 1, 2).contiguous()
    twin, target = usual(net), torch.arange(7) % 5
    torch.testing.assert_close(net(images), twin(as_usual), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(net(images.flatten(1)), net(images), rtol=0, atol=0)
    functional.cross_entropy(net(images), target).backward()
    functional.cross_entropy(twin(as_usual), target).backward()
    ours = [parameter.grad for parameter in net.parameters()]
    theirs = [parameter.grad for parameter in twin.parameters()]
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_maps_lie_channels_last():
    net, seen = ConvNet((28, 28), generator=generator()), []
    handles = [c.register_forward_hook(lambda module, given, output: seen.append(output)) for c in net.convolutions]
    net(torch.rand(4, 28, 28))
    for handle in handles:
        handle.remove()
    assert [tuple(maps.shape) for maps in seen] == [(4, 32, 26, 26), (4, 64, 11, 11)]
    assert all(maps.is_contiguous(memory_format=torch.channels_last) for maps in seen)


def test_initial_weights_come_from_the_generator_alone():
    before = torch.get_rng_state()
    one, same, other = (ConvNet((14, 14), (3, 4), generator=generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b, c in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    bounds = [1 / (fan_in**0.5) for fan_in in (9, 27, 4 * 2 * 2)]
    for layer, bound in zip((*one.convolutions, one.dense), bounds, strict=True):
        assert max(p.abs().max().item() for p in layer.parameters()) <= bound
        assert layer.weight.abs().max().item() > 0.8 * bound


def test_dropout_draws_from_its_generator():
    net, x = ConvNet((14, 14), (3, 4), generator=generator()), torch.rand(5, 14, 14, generator=generator(2))
    set_dropout_generator(net, generator(7))
    first = net(x)
    assert not torch.equal(first, net(x))
    set_dropout_generator(net, generator(7))
    assert torch.equal(net(x), first)
    assert torch.equal(net.eval()(x), copy.deepcopy(net)(x))


def test_arguments_build_the_same_shape():
    net = ConvNet((16, 18, 2), (3, 5), 4, 5, "same", 0.25, generator())
    twin = ConvNet(**net.arguments)
    twin.load_state_dict(net.state_dict())
    x = torch.rand(3, 16, 18, 2)
    assert torch.equal(twin.eval()(x), net.eval()(x))
    assert twin.arguments == net.arguments


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (6, 6)}, "nothing is left"),
        ({"image_shape": (28,)}, "height"),
        ({"image_shape": (28, 0)}, "height"),
        ({"padding": "full"}, "padding"),
        ({"padding": "same", "kernel_size": 2}, "odd"),
        ({"channels": (8, 0)}, "whole numbers"),
        ({"dropout": 1.0}, "probability"),
    ],
)
def test_what_cannot_be_built_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        ConvNet(**{"image_shape": (28, 28), **options})
