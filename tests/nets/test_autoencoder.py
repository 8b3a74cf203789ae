"""Autoencoder modules: halves that make the whole, shapes of every image, replicates alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.nets import ConvAutoencoder, DenseAutoencoder
from annlab.nets.autoencoder import mirrored_activations


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dense(**options: object) -> DenseAutoencoder:
    common = {"hidden_sizes": (6,), "generators": [generator(0), generator(1)], "dtype": torch.float64}
    return DenseAutoencoder(2, 9, 3, **{**common, **options}).eval()


@pytest.mark.parametrize("batch_norm", ["none", "input", "hidden"])
def test_encoder_and_decoder_make_the_whole(batch_norm):
    x = torch.rand(5, 9, dtype=torch.float64, generator=generator(2))
    net = dense(batch_norm=batch_norm)
    assert net.encode(x).shape == (2, 5, 3)
    torch.testing.assert_close(net.decode(net.encode(x)), net(x))


def test_a_replicate_is_the_network_by_hand():
    x = torch.rand(4, 9, dtype=torch.float64, generator=generator(3))
    net = dense(activation=("tanh", "identity"), output_activation="identity")
    alone = net.replicate(1)
    first, code, second, last = alone.layers
    expected = last(torch.tanh(second(code(torch.tanh(first(x))))))
    torch.testing.assert_close(net(x)[1], expected)


def test_decoder_mirrors_the_encoder():
    net = dense(hidden_sizes=(7, 5))
    assert [tuple(weight.shape[1:]) for weight in net.weights] == [(9, 7), (7, 5), (5, 3), (3, 5), (5, 7), (7, 9)]
    assert mirrored_activations(("relu", "tanh", "identity"), 2, "sigmoid") == ("relu", "tanh", "identity", "tanh", "relu", "sigmoid")
    with pytest.raises(UsageError, match="each of 2 hidden layers and the code"):
        mirrored_activations(("relu", "tanh"), 2, "sigmoid")


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 13), st.integers(1, 13), st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 3, 5]))
def test_an_image_of_any_size_comes_back_in_its_size(height, width, channels, depth, kernel):
    net = ConvAutoencoder((height, width, channels), 2, (3,) * depth, kernel_size=kernel, generator=generator(0)).eval()
    x = torch.rand(4, height, width, channels, generator=generator(1))
    assert net.encode(x).shape == (4, 2)
    assert net(x).shape == (4, height * width * channels)
    torch.testing.assert_close(net(x), net(x.flatten(1)))


def test_pixels_keep_their_places():
    """With a kernel of one and weights that copy, each second pixel comes back where it was."""
    net = ConvAutoencoder((4, 4), 4, (1,), "identity", "identity", kernel_size=1, generator=generator(0), dtype=torch.float64).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.convolutions[0].weight.fill_(1.0)
        net.deconvolutions[0].weight.fill_(1.0)
        net.to_code.weight.copy_(torch.eye(4))
        net.from_code.weight.copy_(torch.eye(4))
    x = torch.rand(3, 4, 4, dtype=torch.float64, generator=generator(1))
    back = net(x).detach().reshape(3, 4, 4)
    torch.testing.assert_close(back[:, ::2, ::2], x[:, ::2, ::2])
    assert back[:, 1::2].abs().sum() == 0


def test_arguments_build_the_same_shape():
    nets = [dense(dropout=0.1, batch_norm="hidden"), ConvAutoencoder((5, 6), 3, (2, 4), ("relu", "tanh", "identity"), batch_norm="hidden")]
    for net in nets:
        again = type(net)(**net.arguments, dtype=next(net.parameters()).dtype)
        again.load_state_dict(net.state_dict())
        x = torch.rand(2, 9 if net is nets[0] else 30, generator=generator(5)).to(next(net.parameters()).dtype)
        torch.testing.assert_close(again.eval()(x), net.eval()(x))


@pytest.mark.parametrize(("channels", "kernel"), [((), 3), ((0,), 3), ((4,), 2)])
def test_convolutions_that_cannot_be_are_named(channels, kernel):
    with pytest.raises(UsageError, match="odd kernel"):
        ConvAutoencoder((8, 8), 2, channels, kernel_size=kernel)


def test_output_activation_can_be_exchanged_for_a_known_one():
    for net in (dense(), ConvAutoencoder((4, 4), 2, generator=generator(0))):
        net.output_activation = "identity"
        assert net.arguments["output_activation"] == "identity"
        with pytest.raises(UsageError, match="sinus"):
            net.output_activation = "sinus"
