import pytest
import torch
from training_tools import generator

from annlab.nets import ACTIVATIONS, StackedMLP
from annlab.train import dense_gradient
from annlab.train.dense_gradient import DenseGradient, GraphGradient, stacked_gradient, stacked_loss
from annlab.train.losses import LOSSES

R, N = 3, 11


def stack(outputs: int, **options: object) -> StackedMLP:
    made = StackedMLP(R, 2, (6, 5), outputs, **{"generators": [generator(seed) for seed in range(R)], "dtype": torch.float64, **options})
    for parameter in made.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)  # what a former step left
    return made.train()


def targets(loss: str, outputs: int) -> torch.Tensor:
    if loss == "cross_entropy":
        return torch.randint(outputs, (R, N), generator=generator(3))
    drawn = torch.randn(R, N, outputs, generator=generator(3), dtype=torch.float64)
    return (drawn > 0).double() if loss == "binary_cross_entropy" else drawn


def both(made: StackedMLP, loss: str, x: torch.Tensor, y: torch.Tensor) -> list[list[torch.Tensor]]:
    """Losses and gradients by hand and by torch's graph, one replicate after the other."""
    by_hand = [DenseGradient(made, loss)(x, y), *[p.grad.clone() for p in made.parameters()]]
    for parameter in made.parameters():
        parameter.grad = None
    losses = torch.stack([LOSSES[loss](out, wanted) for out, wanted in zip(made(x), y, strict=True)])
    losses.sum().backward()
    return [by_hand, [losses.detach(), *[p.grad for p in made.parameters()]]]


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("loss", "outputs"), [("mse", 1), ("mse", 3), ("cross_entropy", 4), ("binary_cross_entropy", 1)])
def test_gradients_by_hand_are_those_of_the_graph(activation: str, loss: str, outputs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = 2 * torch.randn(R, N, 2, generator=generator(9), dtype=torch.float64)
    for chunk in (1 << 20, 1):  # all rows at once; chunks of the least size, filled below
        monkeypatch.setattr(dense_gradient, "_CHUNK_BYTES", chunk)
        monkeypatch.setattr(DenseGradient, "least", 4)
        made = stack(outputs, activation=activation)
        for ours, graph in zip(*both(made, loss, x, targets(loss, outputs)), strict=True):
            torch.testing.assert_close(ours, graph, rtol=1e-10, atol=1e-13)


def test_an_activation_of_the_output_and_dropout_are_part_of_the_gradient() -> None:
    x = torch.randn(R, N, 2, generator=generator(9), dtype=torch.float64)
    made = stack(2, activation=("mish", "relu", "tanh"), dropout=0.3)
    made.dropout_generators = [generator(seed) for seed in range(R)]
    by_hand = [DenseGradient(made, "mse")(x, targets("mse", 2)), *[p.grad.clone() for p in made.parameters()]]
    made.dropout_generators = [generator(seed) for seed in range(R)]
    graph = [GraphGradient(made, "mse")(x, targets("mse", 2)), *[p.grad for p in made.parameters()]]
    for ours, theirs in zip(by_hand, graph, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-13)


def test_shared_inputs_need_no_copy() -> None:
    x = torch.randn(N, 2, generator=generator(9), dtype=torch.float64)
    made = stack(1)
    spread = both(made, "mse", x.expand(R, N, 2), targets("mse", 1))
    for ours, graph in zip(*spread, strict=True):
        torch.testing.assert_close(ours, graph, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("loss", "outputs"), [("mse", 2), ("cross_entropy", 4), ("binary_cross_entropy", 2)])
def test_stacked_losses_are_the_losses_of_the_replicates(loss: str, outputs: int) -> None:
    output = torch.randn(R, N, outputs, generator=generator(1), dtype=torch.float64)
    wanted = targets(loss, outputs)
    alone = torch.stack([LOSSES[loss](out, y) for out, y in zip(output, wanted, strict=True)])
    torch.testing.assert_close(stacked_loss(loss, output, wanted), alone, rtol=1e-12, atol=0)
    torch.testing.assert_close(stacked_loss(LOSSES[loss], output, wanted), alone, rtol=1e-12, atol=0)


def test_norms_and_losses_of_ones_own_go_by_the_graph() -> None:
    assert isinstance(stacked_gradient(stack(1), "mse"), DenseGradient)
    assert isinstance(stacked_gradient(stack(1, batch_norm="hidden"), "mse"), GraphGradient)
    assert isinstance(stacked_gradient(stack(1), LOSSES["mse"]), GraphGradient)
