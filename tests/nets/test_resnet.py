"""The residual network: the papers' parameter counts, the plain function, the shapes, the weights it starts from."""

import pytest
import torch
from torch.nn import functional

from annlab.errors import UsageError
from annlab.models.summary import summary
from annlab.nets import ResNet
from annlab.nets.resnet import resnet_parameters


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("depth", "stem", "classes", "count"),
    [(18, "imagenet", 1000, 11_689_512), (34, "imagenet", 1000, 21_797_672), (18, "cifar", 10, 11_173_962), (34, "cifar", 10, 21_282_122)],
)
def test_parameters_are_those_of_the_papers(depth, stem, classes, count):
    assert resnet_parameters(depth, classes, 3, stem) == count
    if depth == 18:
        net = ResNet((32, 32, 3), classes, depth, stem, generator=generator())
        assert sum(parameter.numel() for parameter in net.parameters()) == count


@pytest.mark.parametrize("depth", [10, 18, 34])
@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
def test_the_formula_counts_any_width(depth, stem):
    net = ResNet((40, 33, 2), 5, depth, stem, 4, generator())
    assert sum(parameter.numel() for parameter in net.parameters()) == resnet_parameters(depth, 5, 2, stem, 4)
    found = summary(net, (40, 33, 2))
    assert not found.unknown_flops
    ends = {row.name: row.output_shape for row in found.rows}
    sizes = [ends[f"stages.{stage}.0.convolutions.1"][1:] for stage in range(4)]
    assert sizes == net.map_sizes()


def test_the_sizes_of_the_paper():
    assert ResNet((224, 224, 3), 1, 10, "imagenet", 1).map_sizes() == [(56, 56), (28, 28), (14, 14), (7, 7)]
    assert ResNet((32, 32, 3), 1, 10, "cifar", 1).map_sizes() == [(32, 32), (16, 16), (8, 8), (4, 4)]


@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
def test_it_is_the_function_of_the_paper(stem):
    net = ResNet((20, 17, 2), 3, 18, stem, 3, generator(), torch.float64)
    x = torch.rand(5, 20, 17, 2, generator=generator(1), dtype=torch.float64)

    def normed(y, norm):
        mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), unbiased=False, keepdim=True)
        return (y - mean) / (variance + 1e-5).sqrt() * norm.weight[:, None, None] + norm.bias[:, None, None]

    def convolved(y, kernel, stride, padding):
        return functional.conv2d(y.contiguous(), kernel.contiguous(), None, stride, padding)

    kernels = dict(net.named_parameters())
    y = x.permute(0, 3, 1, 2)
    y = convolved(y, kernels["first.weight"], 2 if stem == "imagenet" else 1, 3 if stem == "imagenet" else 1)
    y = functional.relu(normed(y, net.norm))
    y = functional.max_pool2d(y, 3, 2, 1) if stem == "imagenet" else y
    for stage in range(4):
        for number in range(2):
            block, name = net.stages[stage][number], f"stages.{stage}.{number}"
            stride = 2 if stage and not number else 1
            inner = functional.relu(normed(convolved(y, kernels[f"{name}.convolutions.0.weight"], stride, 1), block.norms[0]))
            inner = normed(convolved(inner, kernels[f"{name}.convolutions.1.weight"], 1, 1), block.norms[1])
            if f"{name}.shortcut.0.weight" in kernels:
                y = normed(convolved(y, kernels[f"{name}.shortcut.0.weight"], stride, 0), block.shortcut[1])
            y = functional.relu(y + inner)
    expected = functional.linear(y.mean((2, 3)), net.dense.weight, net.dense.bias)
    torch.testing.assert_close(net.train()(x), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(net(x.reshape(5, -1)), expected, rtol=1e-9, atol=1e-9)


def test_weights_start_from_the_generator_with_the_deviation_of_the_paper():
    before = torch.get_rng_state()
    one, same, other = (ResNet((8, 8, 3), 4, 10, "cifar", 32, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.first.weight, other.first.weight)
    kernel = one.stages[3][0].convolutions[1].weight
    assert kernel.std().item() == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.01)


def test_arguments_build_the_same_network():
    net = ResNet((9, 8), 3, 10, "imagenet", 4, generator(), torch.float64).eval()
    twin = ResNet(**net.arguments, dtype=torch.float64).eval()
    twin.load_state_dict(net.state_dict())
    x = torch.rand(2, 9, 8, generator=generator(1), dtype=torch.float64)
    assert torch.equal(net(x), twin(x))


@pytest.mark.parametrize(
    ("options", "part"),
    [({"depth": 50}, "depth"), ({"stem": "mnist"}, "stem"), ({"width": 0}, "width"), ({"image_shape": (8,)}, "image_shape")],
)
def test_what_cannot_be_built_is_refused(options, part):
    with pytest.raises(UsageError, match=part):
        ResNet(**{"image_shape": (8, 8), **options})
