import pytest
import torch

from annlab.errors import UsageError
from annlab.nets import ACTIVATIONS, layer_activations

Z = torch.tensor([-2.0, -0.5, 0.0, 1.5], dtype=torch.float64)
FORMULAS = {
    "relu": Z.clamp(min=0),
    "tanh": (Z.exp() - (-Z).exp()) / (Z.exp() + (-Z).exp()),
    "sigmoid": 1 / (1 + (-Z).exp()),
    "mish": Z * ((1 + Z.exp()).log()).tanh(),
    "identity": Z,
    "leaky_relu": torch.where(Z > 0, Z, 0.01 * Z),
    "elu": torch.where(Z > 0, Z, Z.exp() - 1),
    "gelu": Z * 0.5 * (1 + torch.erf(Z / 2**0.5)),
    "softplus": (1 + Z.exp()).log(),
}


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_formula(name):
    torch.testing.assert_close(ACTIVATIONS[name](Z), FORMULAS[name])


def test_one_name_or_one_a_layer():
    assert layer_activations("relu", 2) == ("relu", "relu", "identity")
    assert layer_activations(["mish", "tanh"], 2) == ("mish", "tanh", "identity")
    assert layer_activations(["mish", "tanh", "sigmoid"], 2) == ("mish", "tanh", "sigmoid")
    assert layer_activations("tanh", 0) == ("identity",)
    assert layer_activations(["sigmoid"], 0) == ("sigmoid",)


@pytest.mark.parametrize(("given", "n"), [("rleu", 1), ("rleu", 0), (["relu", "nope"], 2)])
def test_unknown_name(given, n):
    with pytest.raises(UsageError, match="unknown activation"):
        layer_activations(given, n)


def test_wrong_length():
    with pytest.raises(UsageError, match="each of the 3 hidden layers"):
        layer_activations(["relu"], 3)
