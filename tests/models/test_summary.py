import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from torch import nn

import annlab
from annlab.errors import UsageError
from annlab.models.layer_counts import evaluate
from annlab.nets import MLP

LAYERS = {
    "dense": (nn.Linear(784, 256), (784,), "784*256 + 256", 2 * 784 * 256, (256,)),
    "dense, no bias": (nn.Linear(3, 2, bias=False), (3,), "3*2", 12, (2,)),
    "dense on a sequence": (nn.Linear(3, 2), (5, 3), "3*2 + 2", 60, (5, 2)),
    "conv1d": (nn.Conv1d(2, 4, 3), (2, 10), "3*2*4 + 4", 2 * 3 * 2 * 4 * 8, (4, 8)),
    "conv2d": (nn.Conv2d(1, 32, 3), (1, 28, 28), "3*3*1*32 + 32", 2 * 9 * 32 * 26 * 26, (32, 26, 26)),
    "grouped": (nn.Conv2d(4, 8, (3, 1), groups=2, bias=False), (4, 6, 6), "3*1*2*8", 2 * 3 * 2 * 8 * 4 * 6, (8, 4, 6)),
    "conv3d": (nn.Conv3d(1, 2, 2), (1, 3, 3, 3), "2*2*2*1*2 + 2", 2 * 8 * 2 * 8, (2, 2, 2, 2)),
    "transposed": (nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2), (4, 5, 5), "2*2*4*3 + 6", 2 * 100 * 3 * 4, (6, 10, 10)),
    "batch norm": (nn.BatchNorm2d(3), (3, 4, 4), "2*3", 2 * 48, (3, 4, 4)),
    "batch norm, fixed": (nn.BatchNorm1d(3, affine=False), (3,), "", 6, (3,)),
    "layer norm": (nn.LayerNorm((2, 3)), (2, 3), "2*2*3", 42, (2, 3)),
    "layer norm, no bias": (nn.LayerNorm(3, bias=False), (3,), "3", 21, (3,)),
    "embedding": (nn.Embedding(10, 4), (6,), "10*4", 0, (6, 4)),
    "LSTM": (nn.LSTM(3, 5, batch_first=True), (7, 3), "4*(3 + 5 + 2)*5", 7 * (2 * 4 * 5 * 8 + 45), (7, 5)),
    "LSTM, two ways": (
        nn.LSTM(3, 5, 2, bidirectional=True, bias=False, batch_first=True), (7, 3), "2*4*(3 + 5)*5 + 2*4*(10 + 5)*5",
        7 * 2 * (40 * 8 + 45 + 40 * 15 + 45), (7, 10),
    ),
    "GRU": (nn.GRU(3, 5, batch_first=True), (2, 3), "3*(3 + 5 + 2)*5", 2 * (30 * 8 + 35), (2, 5)),
    "max pool": (nn.MaxPool2d(2), (3, 4, 4), "", 4 * 12, (3, 2, 2)),
    "average pool": (nn.AvgPool1d(3), (2, 9), "", 18, (2, 3)),
    "adaptive pool": (nn.AdaptiveAvgPool2d(1), (3, 4, 4), "", 48, (3, 1, 1)),
    "activation": (nn.GELU(), (3, 4), "", 12, (3, 4)),
    "prelu": (nn.PReLU(3), (3, 4), "3", 12, (3, 4)),
    "softmax": (nn.Softmax(-1), (5,), "", 15, (5,)),
    "dropout": (nn.Dropout(0.5), (5,), "", 0, (5,)),
    "flatten": (nn.Flatten(), (2, 3), "", 0, (6,)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_layers_by_hand(name):
    layer, shape, formula, flops, output = LAYERS[name]
    found = annlab.summary(nn.Sequential(layer), shape)
    (row,) = found.rows
    assert (row.formula, row.flops, row.output_shape) == (formula, flops, output)
    assert found.parameters == sum(parameter.numel() for parameter in layer.parameters())
    assert found.bytes == 4 * found.parameters


class Attention(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, x):
        return self.attention(x, x, x)[0]


@pytest.mark.parametrize(
    ("options", "formula"),
    [({}, "4*(8*8 + 8)"), ({"bias": False}, "4*8*8"), ({"add_bias_kv": True}, "24*8 + 24 + 1*1*8 + 1*1*8 + 8*8 + 8")],
)
def test_attention(options, formula):
    (row,) = annlab.summary(Attention(**options), (5, 8)).rows
    assert row.formula == formula
    assert row.output_shape == (5, 8)
    assert row.flops == 2 * 8 * 8 * 20 + 4 * 25 * 8 + 3 * 2 * 25


def test_convnet_of_the_course():
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(1600, 10),
    )  # fmt: skip
    found = annlab.summary(net, (1, 28, 28))
    assert found.parameters == 34_826  # 320 + 18,496 + 16,010
    assert [row.parameters for row in found.rows if row.parameters] == [320, 18_496, 16_010]
    assert found.unknown_flops == ()


@given(st.integers(1, 20), st.lists(st.integers(1, 20), max_size=3), st.integers(1, 5), st.sampled_from(["none", "input", "hidden"]))
def test_any_perceptron_adds_up(n_inputs, hidden, n_outputs, batch_norm):
    net = MLP(n_inputs, hidden, n_outputs, batch_norm=batch_norm)
    found = annlab.summary(net, (n_inputs,))
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters()) == found.trainable
    assert sum(evaluate(row.formula) for row in found.rows if row.formula) == found.parameters
    assert found.unknown_flops == ()


class Unusual(nn.Module):
    """Own parameters beside layers, a layer called twice, one never, tied weights, a module of unknown make, draws and a counter."""

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 4))
        self.scale = nn.Parameter(torch.tensor(2.0), requires_grad=False)
        self.twice = nn.Linear(4, 4)
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.twice.weight
        self.never = nn.Linear(4, 9)
        self.own = nn.Bilinear(4, 4, 2)
        self.norm = nn.BatchNorm1d(2)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        x = self.twice(self.twice(x + self.token * self.scale))
        x = self.tied(x) + torch.rand(()) * np.random.rand()
        return self.norm(self.own(x, x))


def test_unusual_modules_and_nothing_changes():
    net = Unusual()
    net.never.eval()
    kept = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    drawn, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()
    found = annlab.summary(net, (4,))
    rows = {row.name: row for row in found.rows}
    assert rows["Unusual"].formula == "1*4 + 1"
    assert rows["twice"].flops == 2 * 32
    assert rows["tied"].formula == "4"  # its bias; the weight is the first layer's
    assert rows["never"].output_shape is None
    assert rows["never"].parameters == 45
    assert rows["own"].formula == "2*4*4 + 2"
    assert set(found.unknown_flops) == {"never", "own"}
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert found.trainable == found.parameters - 1
    assert all(torch.equal(value, kept[name]) for name, value in net.state_dict().items())
    assert [module.training for module in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), drawn)
    assert (np.random.get_state()[1] == legacy).all()
    assert not any(module._forward_hooks for module in net.modules())


def test_transformer_encoder_is_seen_whole():
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, enable_nested_tensor=False)
    found = annlab.summary(net, (5, 8))
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert sum(row.kind == "MultiheadAttention" for row in found.rows) == 2
    assert found.unknown_flops == ()


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 3), nn.Linear(4, 3)

    def forward(self, x, y):
        return self.a(x) + self.b(y)


def test_several_inputs():
    found = annlab.summary(Two(), [(2,), (4,)])
    assert found.input_shape == ((2,), (4,))
    assert found.parameters == 24
    assert "(2), (4)" in str(found)


def test_double_precision_counts_its_bytes():
    assert annlab.summary(nn.Linear(2, 3, dtype=torch.float64), (2,)).bytes == 72


def test_mistakes():
    net = nn.Linear(2, 3)
    with pytest.raises(UsageError, match=r"Linear does not take a sample of shape \(5,\)"):
        annlab.summary(net, (5,))
    assert not net._forward_hooks
    with pytest.raises(UsageError, match="lazy layers"):
        annlab.summary(nn.LazyLinear(3), (5,))
    for text in ("2**3", "f(2)", "a", "2.5", "-1"):
        with pytest.raises(ValueError, match="not a formula"):
            evaluate(text)


def test_renderings_hold_the_same_numbers():
    class Odd_Name(nn.Sequential):  # noqa: N801 - an underscore and a bar must survive in every format
        pass

    net = Odd_Name()
    net.add_module("a<b|c", nn.Linear(784, 256))
    net.add_module("own_part", nn.Bilinear(2, 2, 1))
    net.forward = net[0].__call__
    found = annlab.summary(net, (784,))
    tree = ElementTree.fromstring(found.html())
    cells = [[cell.text or "" for cell in row] for row in tree.iter("tr")]
    assert cells[0] == ["layer", "kind", "output", "parameters", "formula", "bytes", "FLOPs"]
    assert cells[1] == ["a<b|c", "Linear", "(256)", "200,960", "784*256 + 256", "803,840", "401,408"]
    assert cells[-1][3] == f"{found.parameters:,}"
    markdown = found.markdown().splitlines()
    assert [re.split(r"(?<!\\)\|", line)[4].strip() for line in markdown[2:5]] == ["200,960", "5", "200,965"]
    assert r"a<b\|c" in markdown[2]
    latex = found.latex()
    assert latex.startswith(r"\begin{tabular}{lllrlrr}")
    assert r"784$\times$256 + 256" in latex
    assert r"own\_part" in latex
    text = str(found)
    assert "784*256 + 256" in text
    assert "not known for own_part" in " ".join(text.split())
    console = Console(width=140, file=io.StringIO())
    console.print(found)
    assert "200,960" in console.file.getvalue()
