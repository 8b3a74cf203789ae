import copy
import pickle

import pytest
import torch

from annlab.nets import ACTIVATIONS, MLP, StackedMLP


def generators(count: int, start: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(start + index) for index in range(count)]


def inputs(*shape: int, seed: int = 5) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stack(count: int = 3, **options: object) -> StackedMLP:
    return StackedMLP(count, 2, (5, 4), 3, **{"generators": generators(count), "dtype": torch.float64, **options})


@pytest.mark.parametrize("hidden_sizes", [(), (1,), (5, 4), (3, 3, 3)])
@pytest.mark.parametrize("batch_norm", ["none", "input", "hidden"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_replicates_start_as_plain_networks_do(hidden_sizes: tuple[int, ...], batch_norm: str, dtype: torch.dtype) -> None:
    made = StackedMLP(3, 2, hidden_sizes, 2, "relu", batch_norm=batch_norm, generators=generators(3), dtype=dtype)
    for index, generator in enumerate(generators(3)):
        plain = MLP(2, hidden_sizes, 2, "relu", batch_norm=batch_norm, generator=generator, dtype=dtype).state_dict()
        values = made.replicate(index).state_dict()
        assert list(values) == list(plain)
        assert all(torch.equal(values[name], plain[name]) for name in plain)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_outputs_are_those_of_the_replicates(activation: str) -> None:
    made, x = stack(activation=activation).eval(), inputs(7, 2)
    together = made(x)
    assert together.shape == (3, 7, 3)
    for index in range(3):
        torch.testing.assert_close(together[index], made.replicate(index)(x), rtol=1e-12, atol=1e-14)


def test_each_replicate_may_have_inputs_and_activations_of_its_own_layer() -> None:
    made, x = stack(activation=("relu", "tanh", "sigmoid")).eval(), inputs(3, 7, 2)
    for index in range(3):
        torch.testing.assert_close(made(x)[index], made.replicate(index)(x[index]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("batch_norm", ["input", "hidden"])
def test_batch_norm_normalises_each_replicate_by_its_own_batch_as_torch_does(batch_norm: str) -> None:
    made, x = stack(batch_norm=batch_norm), inputs(3, 9, 2) * torch.tensor([1.0, 5.0, 0.1]).reshape(3, 1, 1)
    plain = [copy.deepcopy(made.replicate(index)).train() for index in range(3)]
    for _ in range(2):
        together = made.train()(x)
        for index, net in enumerate(plain):
            torch.testing.assert_close(together[index], net(x[index]), rtol=1e-11, atol=1e-12)
    for index, net in enumerate(plain):
        values = made.replicate(index).state_dict()
        for name, value in net.state_dict().items():
            if "running" in name:
                torch.testing.assert_close(values[name], value, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(made.eval()(x)[index], net.eval()(x[index]), rtol=1e-11, atol=1e-12)


def test_batch_norm_wants_two_samples() -> None:
    with pytest.raises(ValueError, match="at least 2 samples"):
        stack(batch_norm="hidden").train()(inputs(1, 2))


def test_dropout_draws_each_replicate_from_its_own_generator_as_a_plain_network_would() -> None:
    made, x = stack(dropout=0.4).train(), inputs(7, 2)
    made.dropout_generators = generators(3, 50)
    together = made(x)
    for index, generator in enumerate(generators(3, 50)):
        net = made.replicate(index).train()
        net.dropout.generator = generator
        torch.testing.assert_close(together[index], net(x), rtol=1e-12, atol=1e-14)


def test_a_replicate_shares_memory_with_the_stack_and_a_selection_does_not() -> None:
    made = stack(batch_norm="input")
    with torch.no_grad():
        made.replicate(1).layers[0].bias.add_(1)
        made.replicate(1).norms[0].running_mean.add_(2)
    assert torch.equal(made.replicate(1).layers[0].bias, made.biases[0][1])
    assert (made.norms[0].running_mean[1] == 2).all()
    assert (made.norms[0].running_mean[0] == 0).all()
    chosen = made.select([2, 1])
    torch.testing.assert_close(chosen.eval()(inputs(4, 2)), made.eval()(inputs(4, 2))[[2, 1]], rtol=1e-13, atol=1e-15)
    with torch.no_grad():
        chosen.weights[0].zero_()
    assert made.weights[0].abs().sum() > 0


def test_pickles_and_copies_leave_generators_behind() -> None:
    made = stack(dropout=0.5)
    made.dropout_generators = generators(3)
    again = pickle.loads(pickle.dumps(made))
    assert again.dropout_generators == [None] * 3
    assert torch.equal(again.eval()(inputs(4, 2)), made.eval()(inputs(4, 2)))


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="3 replicates need as many generators, got 2"):
        StackedMLP(3, 2, (4,), 1, generators=generators(2))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        StackedMLP(0, 2, (4,), 1)
    with pytest.raises(ValueError, match="did you mean 'tanh'"):
        StackedMLP(1, 2, (4,), 1, "tahn")
