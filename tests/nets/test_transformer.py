"""The vision transformer: the peer's parameters and outputs, the formula, what stays the same whichever way it is computed."""

import importlib.util

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from annlab.errors import UsageError
from annlab.models.summary import summary
from annlab.nets import VisionTransformer
from annlab.nets.transformer import patches, transformer_parameters


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def count(net):
    return sum(parameter.numel() for parameter in net.parameters())


def small(**options):
    return VisionTransformer((8, 8), 3, **{"patch_size": 4, "dim": 8, "depth": 2, "heads": 2, "head_dim": 8, "mlp_dim": 12, **options})


@pytest.mark.parametrize(
    ("dim", "depth", "heads", "mlp_dim", "expected"),
    [(64, 6, 8, 128, 893_164), (128, 6, 8, 128, 1_785_452), (128, 8, 8, 128, 2_377_068), (64, 12, 8, 128, 1_780_972)],
)
def test_parameters_by_the_formula(dim, depth, heads, mlp_dim, expected):
    # 2*49 + 50 d + 2 d, 18 d, a block 2048 d + d + 2 d m + m + d + 4 d, 2 d + 10 d + 10; vit-pytorch 1.26.11 has the first two
    assert transformer_parameters(16, 49, 10, dim, depth, heads, 64, mlp_dim) == expected
    assert count(VisionTransformer((28, 28), 10, 7, dim, depth, heads, 64, mlp_dim)) == expected


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.integers(1, 9))
def test_the_formula_counts_any_size(rows, columns, channels, dim, depth, heads, mlp_dim):
    net = VisionTransformer((2 * rows, 3 * columns, channels), 4, (2, 3), dim, depth, heads, 5, mlp_dim)
    assert count(net) == transformer_parameters(rows * columns, 6 * channels, 4, dim, depth, heads, 5, mlp_dim)


@pytest.mark.oracle
@pytest.mark.parametrize("fold", [True, False])
def test_it_is_the_peers_function(fold):
    spec = importlib.util.find_spec("vit_pytorch")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("vit-pytorch is not installed; see constraints-peers.txt")
    part = importlib.util.spec_from_file_location(
        "vit_of_peer", f"{spec.submodule_search_locations[0]}/vit.py"
    )  # its package asks for more
    peer = importlib.util.module_from_spec(part)
    part.loader.exec_module(peer)
    sizes = {"dim": 16, "depth": 3, "heads": 4, "mlp_dim": 24}
    theirs = peer.ViT(image_size=28, patch_size=7, num_classes=10, channels=1, dim_head=20, **sizes).double()
    ours = VisionTransformer((28, 28), 10, 7, head_dim=20, fold=fold, dtype=torch.float64, generator=generator(), **sizes)
    assert count(theirs) == count(ours)
    ours.load_state_dict(_translated(theirs.state_dict(), 3, 4, 20))
    x = torch.rand(5, 28, 28, 1, generator=generator(), dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x.permute(0, 3, 1, 2)), rtol=1e-6, atol=1e-6)


def _translated(theirs, depth, heads, head_dim):
    """The peer's state by the names of ours."""
    whole = {"class_token": theirs["cls_token"][0], "positions": theirs["pos_embedding"]}
    pairs = {"to_patch_embedding.1": "patch_norm", "to_patch_embedding.2": "embedding", "to_patch_embedding.3": "token_norm"}
    pairs |= {"transformer.norm": "norm", "mlp_head": "dense"}
    for i in range(depth):
        old, new = f"transformer.layers.{i}", f"blocks.{i}"
        whole[f"{new}.attention.projections"] = theirs[f"{old}.0.to_qkv.weight"].reshape(3, heads, head_dim, -1)
        whole[f"{new}.attention.output"] = theirs[f"{old}.0.to_out.0.weight"]
        whole[f"{new}.attention.bias"] = theirs[f"{old}.0.to_out.0.bias"]
        pairs |= {f"{old}.0.norm": f"{new}.norms.0", f"{old}.1.net.0": f"{new}.norms.1"}
        pairs |= {f"{old}.1.net.1": f"{new}.inner", f"{old}.1.net.4": f"{new}.outer"}
    return whole | {f"{new}.{part}": theirs[f"{old}.{part}"] for old, new in pairs.items() for part in ("weight", "bias")}


def test_patches_are_cut_row_by_row():
    x = torch.arange(2 * 4 * 6 * 2).reshape(2, 4, 6, 2)
    cut = patches(x, (2, 3))
    assert cut.shape == (2, 4, 12)
    assert torch.equal(cut[1, 2], x[1, 2:4, 0:3].flatten())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_folded_and_plain_learn_the_same(dtype):
    x, y = torch.rand(24, 8, 8, 1, generator=generator(), dtype=dtype), torch.randint(0, 3, (24,), generator=generator())
    losses, states = [], []
    for fold in (True, False):
        net = small(fold=fold, generator=generator(), dtype=dtype)
        optimizer, seen = torch.optim.Adam(net.parameters(), 1e-3), []
        for _ in range(20):
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            seen.append(loss.item())
        losses.append(seen)
        states.append([parameter.grad for parameter in net.parameters()])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5 if dtype == torch.float32 else 1e-10)
    assert losses[0][-1] < losses[0][0]


def test_attention_is_what_the_blocks_weigh_with():
    net = small(generator=generator(), dtype=torch.float64, dropout=0.3).eval()
    x = torch.rand(5, 8, 8, generator=generator(), dtype=torch.float64)
    weights = net.attention(x)
    assert weights.shape == (5, 2, 2, 5, 5)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, 2, 2, 5, dtype=torch.float64))
    layer, inputs = net.blocks[0].attention, net.blocks[0].norms[0](net.embedded(x))
    values = inputs[:, None] @ layer.projections[2].transpose(1, 2)
    mixed = (weights[:, 0] @ values).transpose(1, 2).flatten(2) @ layer.output.T + layer.bias
    torch.testing.assert_close(layer(inputs), mixed)


def test_flat_rows_and_images_are_the_same():
    net = small(generator=generator())
    x = torch.rand(5, 8, 8, generator=generator())
    assert torch.equal(net(x), net(x.reshape(5, -1)))


def test_dropout_draws_from_its_generator():
    from annlab.nets import set_dropout_generator

    net, x = small(generator=generator(), dropout=0.5), torch.rand(5, 8, 8, generator=generator())
    before, found = torch.get_rng_state(), []
    for seed in (1, 1, 2):
        set_dropout_generator(net, generator(seed))
        found.append(net(x))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_arguments_build_the_same_network():
    net = small(generator=generator(), dropout=0.2, patch_size=(2, 4)).eval()
    twin = VisionTransformer(**net.arguments).eval()
    twin.load_state_dict(net.state_dict())
    x = torch.rand(2, 8, 8, generator=generator(1))
    assert torch.equal(net(x), twin(x))


def test_the_summary_counts_parameters_and_operations():
    net = VisionTransformer((28, 28), 10, generator=generator())
    found = summary(net, (28, 28, 1))
    assert found.parameters == 893_164
    assert not found.unknown_flops
    rows = {row.name: row for row in found.rows}
    full = 2 * 64 * 512 * 4 * 17 + 17 * 17 * (4 * 512 + 3 * 8)
    assert rows["blocks.0.attention"].flops == full
    assert rows["blocks.5.attention"].flops == 2 * 64 * 512 * (2 + 2 * 17) + 17 * (4 * 512 + 3 * 8)
    assert rows["blocks.5.inner"].output_shape == (1, 128)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"patch_size": 3}, "patches of 3 x 3"),
        ({"patch_size": 0}, "patches of 0"),
        ({"patch_size": 1}, "one number"),
        ({"dim": 0}, "dim"),
        ({"depth": 1.5}, "depth"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_what_cannot_be_built_is_refused(options, part):
    with pytest.raises(UsageError, match=part):
        small(**options)
