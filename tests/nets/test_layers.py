"""Declared layers: modules of the shapes, parameters and operations that the formulas say; settings that are refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from annlab.errors import UsageError
from annlab.models.summary import summary
from annlab.nets import LayeredNet, layers, set_dropout_generator
from annlab.nets.layers import (
    ELU,
    GELU,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    LeakyReLU,
    MaxPool,
    Parallel,
    ReLU,
    Reshape,
    Sigmoid,
    Tanh,
    TransposedConv,
)
from annlab.nets.shapes import trace

EVERY = [
    Parallel([Conv(4, 1)], [Conv(4, 3, padding=1), BatchNorm()], [Conv(4, 5, padding="same"), Tanh()], []),
    ReLU(),
    MaxPool(2),
    Conv(6, (3, 2), stride=(1, 2), padding=(1, 0), dilation=(2, 1)),
    BatchNorm(),
    LeakyReLU(0.2),
    AveragePool((2, 1), stride=1, padding=(1, 0)),
    Dropout(0.3),
    ELU(),
    TransposedConv(5, 3, stride=2, padding=1, output_padding=1),
    GELU(),
    Flatten(),
    Dense(24),
    Tanh(),
    BatchNorm(),
    Reshape(2, 3, 4),
    MaxPool(2, padding=1),
    Sigmoid(),
    GlobalAveragePool(),
    Dense(3),
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(*shape):
    return torch.rand(*shape, generator=generator(9), dtype=torch.float64)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(9, 15), width=st.integers(9, 15), channels=st.integers(1, 3), data=st.data())
def test_shapes_and_counts_by_formula_are_those_of_the_modules(height, width, channels, data):
    size = st.integers(1, 3)
    drawn = data.draw(
        st.lists(
            st.one_of(
                st.builds(Conv, st.integers(1, 5), size, stride=st.integers(1, 2), padding=st.integers(0, 2), dilation=st.integers(1, 2)),
                st.builds(Conv, st.integers(1, 5), st.sampled_from([1, 3]), padding=st.just("same")),
                st.builds(TransposedConv, st.integers(1, 5), size, stride=st.integers(1, 2)),
                st.builds(MaxPool, st.integers(1, 2)),
                st.builds(AveragePool, st.integers(1, 2), stride=st.just(1)),
                st.sampled_from([ReLU(), BatchNorm(), Tanh(), Dropout(0.1), Parallel([Conv(2, 1)], [])]),
            ),
            max_size=4,
        )
    )
    try:
        rows = trace(drawn, (height, width, channels))
    except UsageError:
        return
    x = torch.zeros(2, channels, height, width)
    for row in rows:
        module = row.layer.module(row.input_shape, generator()).eval()
        x = module(x)
        assert (x.shape[2], x.shape[3], x.shape[1]) == row.output_shape
        assert sum(parameter.numel() for parameter in module.parameters()) == row.parameters


def test_every_layer_counts_as_the_summary_does():
    declared = [layer for layer in EVERY if not isinstance(layer, Tanh | ReLU | MaxPool)]  # those change places when computed
    net = LayeredNet((14, 11, 2), declared, generator())
    rows, found = net.rows, summary(net, (14, 11, 2))
    assert sum(row.parameters for row in rows) == found.parameters
    assert not found.unknown_flops
    assert sum(row.flops for row in rows) == found.flops


def test_a_network_equals_torch_layers_in_the_declared_order():
    net = LayeredNet((14, 11, 2), EVERY, generator(), torch.float64).eval()
    x = images(6, 14, 11, 2)
    y = x.permute(0, 3, 1, 2).contiguous()
    plain = [
        lambda t: torch.cat([branch(t) for branch in net.parts["1_Parallel"].branches], 1),
        torch.relu,
        nn.MaxPool2d(2),
        net.parts["4_Conv"],
        net.parts["5_BatchNorm"],
        nn.LeakyReLU(0.2),
        nn.AvgPool2d((2, 1), 1, (1, 0)),
        nn.Identity(),
        nn.ELU(),
        net.parts["10_TransposedConv"],
        nn.GELU(),
        nn.Flatten(),
        net.parts["13_Dense"],
        torch.tanh,
        net.parts["15_BatchNorm"],
        nn.Unflatten(1, (4, 2, 3)),
        nn.MaxPool2d(2, padding=1),
        torch.sigmoid,
        lambda t: t.mean((2, 3)),
        net.parts["20_Dense"],
    ]
    for layer in plain:
        y = layer(y)
    torch.testing.assert_close(net(x), y, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(net(x.reshape(6, -1)), y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU(0.3), ELU(), Tanh(), Sigmoid(), GELU()])
def test_pooling_before_the_activation_is_the_same_function_with_the_same_gradients(activation):
    net = LayeredNet((9, 9), [Conv(4, 2), activation, MaxPool(2), Flatten(), Dense(2)], generator(), torch.float64)
    x = images(5, 9, 9)
    gradients = []
    for order in (net.order, range(5)):
        net.order = tuple(order)
        net.zero_grad()
        net(x).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in net.parameters()])
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)
    built = LayeredNet((9, 9), [Conv(4, 2), activation, MaxPool(2)])
    assert built.order == ((0, 1, 2) if isinstance(activation, GELU) else (0, 2, 1))  # GELU falls before it rises


def test_weights_start_as_torch_lets_them_and_come_from_the_generator():
    before = torch.get_rng_state()
    declared = [Conv(30, 3), TransposedConv(20, 3), GlobalAveragePool(), Dense(40)]
    one, same, other = (LayeredNet((12, 12, 2), declared, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b, c in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    for part in (one.parts["1_Conv"], one.parts["2_TransposedConv"], one.parts["4_Dense"]):
        fan_in, _ = nn.init._calculate_fan_in_and_fan_out(part.weight)
        bound = fan_in**-0.5
        assert 0.95 * bound < part.weight.abs().max().item() <= bound
        assert abs(part.weight.std().item() / (bound / 3**0.5) - 1) < 0.1
        assert part.bias.abs().max().item() <= bound


def test_reshape_undoes_flatten():
    x = images(3, 4, 5, 2)
    net = LayeredNet((4, 5, 2), [Flatten(), Reshape(4, 5, 2)])
    assert torch.equal(net(x), x)
    assert torch.equal(LayeredNet((5, 4, 2), [Reshape(4, 5, 2)])(x.permute(0, 3, 1, 2).reshape(3, 2, 5, 4).permute(0, 2, 3, 1)), x)


def test_dropout_draws_from_the_generator_of_the_training():
    net = LayeredNet((8, 8), [Conv(3, 3), Dropout(0.5), Parallel([Dropout(0.5)], [])], generator(), torch.float64)
    x = images(2, 8, 8)
    outputs = []
    for seed in (5, 5, 6):
        set_dropout_generator(net, generator(seed))
        outputs.append(net(x))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_arguments_build_the_same_network():
    net = LayeredNet((14, 11, 2), EVERY, generator(), torch.float64).eval()
    twin = LayeredNet(**net.arguments, dtype=torch.float64).eval()
    twin.load_state_dict(net.state_dict())
    x = images(3, 14, 11, 2)
    assert torch.equal(net(x), twin(x))


def test_declarations_print_as_they_are_written_and_compare_by_value():
    for layer in EVERY:
        again = eval(repr(layer), vars(layers))
        assert again == layer
        assert hash(again) == hash(layer)
    assert repr(Conv(8, 3, padding="same")) == "Conv(8, 3, padding='same')"
    assert repr(Parallel([Conv(8, 1), ReLU()], [])) == "Parallel([Conv(8, 1), ReLU()], [])"
    assert Conv(8, 3) != Conv(8, 3, dilation=2)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: Conv(0, 3), "channels"),
        (lambda: Conv((8, 8), 3), "channels"),
        (lambda: Conv(8, 2.5), "kernel_size"),
        (lambda: Conv(8, 3, stride=0), "stride"),
        (lambda: Conv(8, 3, padding=-1), "padding"),
        (lambda: Conv(8, 3, padding="valid"), "padding"),
        (lambda: Conv(8, 2, padding="same"), "odd"),
        (lambda: Conv(8, 3, dilation=(1, 2, 3)), "dilation"),
        (lambda: TransposedConv(8, 3, output_padding=1), "smaller than the stride"),
        (lambda: MaxPool(2, padding=2), "half"),
        (lambda: MaxPool(2, stride=0), "stride"),
        (lambda: AveragePool(True), "size"),
        (lambda: Dropout(1.0), "probability"),
        (lambda: Dropout("half"), "probability"),
        (lambda: LeakyReLU(-1), "slope"),
        (lambda: Dense(0), "units"),
        (lambda: Reshape(2, 0, 1), "width"),
        (Parallel, "one or more lists"),
        (lambda: Parallel(Conv(4, 1)), "one or more lists"),
    ],
)
def test_settings_that_make_no_layer_are_refused_when_they_are_written(make, part):
    with pytest.raises(UsageError, match=part):
        make()


def test_numbers_of_numpy_are_those_of_python():
    layer = Conv(np.int64(8), (np.int32(3), np.uint8(3)), padding=np.int16(1))
    assert layer == Conv(8, (3, 3), padding=1)
    assert repr(layer) == "Conv(8, (3, 3), padding=1)"
    assert repr(MaxPool(np.int64(2), stride=np.int64(1))) == "MaxPool(2, stride=1)"
    assert layer.module((5, 5, 2)).weight.shape == (8, 2, 3, 3)
    x = torch.tensor([-2.0])
    torch.testing.assert_close(LeakyReLU(np.float32(0.25)).module((1,))(x), 0.25 * x)
    with pytest.raises(UsageError, match="channels"):
        Conv(np.float64(8.0), 3)
    with pytest.raises(UsageError, match="units"):
        Dense(np.bool_(True))
