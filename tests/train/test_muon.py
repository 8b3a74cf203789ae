import copy

import numpy as np
import pytest
import torch
from training_tools import generator, network, problem, state

from annlab.nets import MLP, StackedMLP, VisionTransformer
from annlab.train import Recipe, fit, fit_stacked
from annlab.train.muon import Muon, mark_matrices, muon_direction, orthogonalise
from annlab.train.optimisers import is_weight


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(7), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(8, 8), (50, 2), (3, 40), (4, 20, 10)])
def test_singular_vectors_stay_and_singular_values_come_near_one(shape, dtype):
    matrices = normal(*shape, dtype=dtype)
    left, values, right = torch.linalg.svd(matrices, full_matrices=False)
    assert values.max() / values.min() > 1.2
    result = orthogonalise(1e3 * matrices)
    assert result.shape == matrices.shape
    inner = left.mT @ result @ right.mT  # diagonal where the vectors are the same
    diagonal = inner.diagonal(dim1=-2, dim2=-1)
    assert ((diagonal > 0.6) & (diagonal < 1.25)).all()
    assert (inner - torch.diag_embed(diagonal)).abs().max() < 1e-3


def test_zero_stays_zero_and_the_scale_of_the_gradient_does_not_matter():
    assert orthogonalise(torch.zeros(3, 4)).abs().max() == 0
    gradient = normal(6, 4)
    torch.testing.assert_close(orthogonalise(1e-9 * gradient), orthogonalise(gradient), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(30, 30), (64, 10), (10, 64)])
def test_a_step_has_the_size_of_adams(shape):
    step = muon_direction(normal(*shape), torch.zeros(shape, dtype=torch.float64), 0.95, 5, nesterov=True)
    assert 0.13 < step.square().mean().sqrt() < 0.25


@pytest.mark.oracle
@pytest.mark.parametrize("nesterov", [True, False])
def test_steps_are_those_of_torch_up_to_its_bfloat16(nesterov):
    ours, theirs = (torch.nn.Parameter(torch.zeros(12, 7)) for _ in range(2))
    optimiser = Muon([ours], lr=1.0, nesterov=nesterov)
    options = {"weight_decay": 0.0, "nesterov": nesterov, "adjust_lr_fn": "match_rms_adamw"}
    reference = torch.optim.Muon([theirs], lr=1.0, **options)
    for _ in range(4):
        gradient = torch.randn(12, 7, generator=generator(3)) + normal(12, 7, dtype=torch.float32)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        optimiser.step()
        reference.step()
    assert (ours - theirs).norm() < 0.03 * theirs.norm()


@pytest.mark.oracle
def test_vectors_and_single_rows_move_as_under_adam():
    shapes = [(5,), (1, 6), (6, 1)]
    ours, theirs = ([torch.nn.Parameter(normal(*shape)) for shape in shapes] for _ in range(2))
    optimiser, reference = Muon(ours, lr=0.1), torch.optim.Adam(theirs, lr=0.1)
    for step in range(5):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = b.grad = (step + 1) * normal(*a.shape).roll(step, 0)
        optimiser.step()
        reference.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


def test_a_kernel_is_a_matrix_of_outputs_by_everything_else():
    kernel, matrix = torch.nn.Parameter(torch.zeros(6, 2, 3, 3).double()), torch.nn.Parameter(torch.zeros(6, 18).double())
    kernel.grad = normal(6, 18).view(6, 2, 3, 3)
    matrix.grad = normal(6, 18)
    for parameter in (kernel, matrix):
        Muon([parameter], lr=0.1).step()
    assert torch.equal(kernel.view(6, 18), matrix)


def singular_values(step):
    """Of the steps of matrices (..., rows, columns), in units of 0.2 sqrt(max(rows, columns))."""
    return torch.linalg.svdvals(step) / (0.2 * max(step.shape[-2:]) ** 0.5)


@pytest.mark.parametrize("wrap", [lambda net: net, copy.deepcopy], ids=["as made", "copied"])
def test_projections_of_attention_are_three_matrices_and_positions_are_none(wrap):
    """Queries, keys and values of all heads each make one matrix whose step has singular values as any other; positions go with Adam."""
    net = wrap(VisionTransformer((8, 8), 3, 4, 12, 2, 2, 8, 16, generator=generator(), dtype=torch.float64))
    fit(net, torch.rand(4, 8, 8), torch.arange(4) % 3, Recipe(loss="cross_entropy", optimizer="muon", max_epochs=1))  # marks them
    before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
    for parameter in net.parameters():
        parameter.grad = normal(*parameter.shape)
    Muon(net.parameters(), lr=1.0).step()
    steps = {name: parameter.detach() - before[name] for name, parameter in net.named_parameters()}
    others = singular_values(steps["blocks.0.inner.weight"])
    projections = singular_values(steps["blocks.0.attention.projections"].reshape(3, 16, 12))
    for values in (others, projections):
        assert ((values > 0.6) & (values < 1.25)).all()
    torch.testing.assert_close(steps["positions"].abs(), torch.ones_like(steps["positions"]), rtol=1e-3, atol=0)  # Adam's first step


def test_positions_are_no_weights_to_decay():
    net = VisionTransformer((8, 8), 3, 4, 12, 1, 2, 8, 16, generator=generator())
    mark_matrices(net)
    left_out = {name for name, parameter in net.named_parameters() if parameter.ndim > 1 and not is_weight(name, parameter)}
    assert left_out == {"positions"}


def test_a_transposed_kernel_is_a_matrix_of_outputs_by_everything_else():
    plain, transposed = torch.nn.Conv2d(5, 6, 3, bias=False), torch.nn.ConvTranspose2d(5, 6, 3, bias=False)
    gradient = normal(6, 5, 3, 3, dtype=torch.float32)
    plain.weight.grad, transposed.weight.grad = gradient, gradient.transpose(0, 1).contiguous()
    for layer in (plain, transposed):
        mark_matrices(layer)
        torch.nn.init.zeros_(layer.weight)
        Muon(layer.parameters(), lr=0.1).step()
    torch.testing.assert_close(transposed.weight.transpose(0, 1), plain.weight)


def test_channels_last_kernels_learn_the_same():
    plain, last = (torch.nn.Parameter(torch.zeros(6, 2, 3, 3)) for _ in range(2))
    last.data = last.data.contiguous(memory_format=torch.channels_last)
    optimisers = Muon([plain], lr=0.1), Muon([last], lr=0.1)
    for step in range(3):
        gradient = normal(6, 2, 3, 3, dtype=torch.float32).roll(step, 0)
        plain.grad, last.grad = gradient, gradient.contiguous(memory_format=torch.channels_last)
        for optimiser in optimisers:
            optimiser.step()
    torch.testing.assert_close(plain, last)


@pytest.mark.parametrize(("batch_size", "share"), [(None, 0.25), (16, 0.05)])
def test_it_learns(batch_size, share):
    X, y = problem()
    net = network()
    history = fit(net, X, y, Recipe(optimizer="muon", learning_rate=0.02, max_epochs=100, batch_size=batch_size), order=generator(1))
    losses = history.columns["train_loss"]
    assert losses[-1] < share * losses[0]


def test_weight_decay_shrinks_weights_apart_from_the_gradient_in_both_loops():
    X, y = problem()
    recipe = Recipe(optimizer="muon", learning_rate=0.01, weight_decay=0.5, max_epochs=1)
    plain, decayed = network(), network()
    before = [layer.weight.detach().clone() for layer in plain.layers]
    fit(plain, X, y, Recipe(optimizer="muon", learning_rate=0.01, max_epochs=1))
    fit(decayed, X, y, recipe)
    for start, a, b in zip(before, plain.layers, decayed.layers, strict=True):
        torch.testing.assert_close(b.weight, a.weight - 0.01 * 0.5 * start, rtol=1e-12, atol=1e-14)
        assert torch.equal(a.bias, b.bias)
    stack = StackedMLP(1, 2, (8, 6), 1, generators=[generator(0)], dtype=torch.float64)
    fit_stacked(stack, X, y, recipe)
    torch.testing.assert_close(state(stack.replicate(0)), state(decayed), rtol=1e-11, atol=1e-13)


def test_replicates_have_rates_of_their_own_and_leave_alone():
    """One replicate stops early; the others end where they end by themselves."""
    X, y = problem(40)
    noisy = y + 0.5 * torch.randn(y.shape, generator=generator(4), dtype=y.dtype)
    rates = [0.003, 0.05, 0.01]
    stack = StackedMLP(3, 2, (8, 6), 1, generators=[generator(r) for r in range(3)], dtype=torch.float64)
    settings = {"optimizer": "muon", "max_epochs": 60, "patience": 4, "optimizer_options": {"nesterov": False}}
    history = fit_stacked(stack, X, noisy, Recipe(learning_rate=rates, **settings), validation=problem(25))
    assert len(set(history.stopped_epoch)) > 1
    for r, rate in enumerate(rates):
        net = MLP(2, (8, 6), 1, generator=generator(r), dtype=torch.float64)
        single = fit(net, X, noisy, Recipe(learning_rate=rate, **settings), validation=problem(25))
        assert single.stopped_epoch == history.stopped_epoch[r]
        np.testing.assert_allclose(history.of(r).columns["train_loss"], single.columns["train_loss"], rtol=1e-9)


def test_a_run_goes_on_from_its_checkpoint(tmp_path):
    X, y = problem()
    whole, half = network(), network()
    recipe = Recipe(optimizer="muon", learning_rate=0.02, max_epochs=10)
    fit(whole, X, y, recipe)
    fit(half, X, y, Recipe(optimizer="muon", learning_rate=0.02, max_epochs=5), checkpoint=tmp_path / "state")
    fit(half, X, y, recipe, resume=tmp_path / "state")
    assert torch.equal(state(whole), state(half))
