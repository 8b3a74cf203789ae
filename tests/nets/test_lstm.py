from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from annlab.errors import UsageError
from annlab.nets import StackedLSTM
from annlab.nets.lstm import runs_natively
from annlab.nets.lstm_cell import lstm_layer, lstm_step

F64 = torch.float64


def generators(count: int, seed: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + index) for index in range(count)]


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = F64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64).to(dtype)


def oracle(stack: StackedLSTM, replicate: int) -> tuple[list[nn.LSTM], nn.Linear]:
    """The same network made of torch's modules."""
    layers, inputs = [], 1 if stack.windows else stack.n_inputs
    dtype = stack.weights[0].dtype
    for depth, units in enumerate(stack.hidden_sizes):
        layer = nn.LSTM(inputs, units, dtype=dtype)
        layer.weight_ih_l0.data, layer.weight_hh_l0.data = (stack.weights[2 * depth + k].data[replicate].clone() for k in (0, 1))
        layer.bias_ih_l0.data, layer.bias_hh_l0.data = (stack.biases[2 * depth + k].data[replicate].clone() for k in (0, 1))
        layers.append(layer)
        inputs = units
    head = nn.Linear(inputs, stack.n_outputs, dtype=dtype)
    head.weight.data, head.bias.data = stack.weights[-1].data[replicate].clone(), stack.biases[-1].data[replicate].clone()
    return layers, head


def outputs_of(layers: list[nn.LSTM], head: nn.Linear, x: Tensor, *, windows: bool) -> Tensor:
    h = x.T.unsqueeze(-1) if windows else x.unsqueeze(1)
    for layer in layers:
        h = layer(h)[0]
    return head(h[-1] if windows else h[:, 0])


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("own", [False, True], ids=["shared", "own inputs"])
def test_outputs_and_gradients_are_those_of_torch(dtype: torch.dtype, windows: bool, own: bool) -> None:
    stack = StackedLSTM(3, 4, (5, 6), 2, windows=windows, generators=generators(3), dtype=dtype)
    x, pull = normal(*((3,) if own else ()), 9, 4, dtype=dtype), normal(3, 9, 2, seed=1, dtype=dtype)
    outputs = stack(x)
    (outputs * pull).sum().backward()
    close: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-12} if dtype == F64 else {"rtol": 1e-4, "atol": 1e-5}
    for r in range(3):
        layers, head = oracle(stack, r)
        wanted = outputs_of(layers, head, x[r] if own else x, windows=windows)
        torch.testing.assert_close(outputs[r], wanted, **close)
        (wanted * pull[r]).sum().backward()
        for depth, layer in enumerate(layers):
            for ours, theirs in zip(
                (*stack.weights[2 * depth : 2 * depth + 2], *stack.biases[2 * depth : 2 * depth + 2]),
                (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0),
                strict=True,
            ):
                torch.testing.assert_close(ours.grad[r], theirs.grad, **close)
        torch.testing.assert_close(stack.weights[-1].grad[r], head.weight.grad, **close)
        torch.testing.assert_close(stack.biases[-1].grad[r], head.bias.grad, **close)


@pytest.mark.parametrize("shape", [(6, 2, 3), (6, 2, 2, 3), (6, 1, 3)], ids=["shared", "own", "one sequence"])
def test_derivatives_of_the_layer_by_finite_differences(shape: tuple[int, ...]) -> None:
    replicates, units = 2, 3
    n = shape[-2]
    tensors = [
        normal(*shape),
        *(
            0.5 * normal(*size, seed=seed)
            for seed, size in enumerate([(replicates, 12, 3), (replicates, 12, units), (replicates, 12), *[(replicates, n, units)] * 2])
        ),
    ]
    assert torch.autograd.gradcheck(lstm_layer, [tensor.requires_grad_() for tensor in tensors])


def test_the_last_cell_state_passes_its_gradient_on() -> None:
    tensors = [normal(4, 1, 2), *(0.5 * normal(*size) for size in ((1, 8, 2), (1, 8, 2), (1, 8), (1, 1, 2), (1, 1, 2)))]
    leaves = [tensor.requires_grad_() for tensor in tensors]
    assert torch.autograd.gradcheck(lambda *parts: lstm_layer(*parts)[1], leaves)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), st.integers(0, 2**16))
def test_a_sequence_is_as_many_steps_and_may_be_cut_anywhere(replicates: int, features: int, units: int, steps: int, seed: int) -> None:
    stack = StackedLSTM(replicates, features, (units, 2), generators=generators(replicates, seed), dtype=F64)
    x = normal(steps, features, seed=seed)
    whole, end = stack.run(x)
    assert whole.shape == (replicates, steps, 1)
    state, parts = stack.start(1), []
    for moment in x:
        part, state = stack.step(moment.expand(replicates, 1, -1), state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-10, atol=1e-12)
    cut = steps // 2
    if cut:
        first, middle = stack.run(x[:cut])
        second, last = stack.run(x[cut:], middle)
        torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-10, atol=1e-12)
        for (hidden, cell), (wanted_hidden, wanted_cell) in zip(last, end, strict=True):
            torch.testing.assert_close(hidden, wanted_hidden)
            torch.testing.assert_close(cell, wanted_cell)


def test_one_step_by_the_formula() -> None:
    x, h, c = normal(1, 1, 2), normal(1, 1, 1, seed=1), normal(1, 1, 1, seed=2)
    w, u, b = normal(1, 4, 2, seed=3), normal(1, 4, 1, seed=4), normal(1, 4, seed=5)
    i, f, g, o = (w[0] @ x[0, 0] + u[0] @ h[0, 0] + b[0]).unbind()
    cell = torch.sigmoid(f) * c[0, 0, 0] + torch.sigmoid(i) * torch.tanh(g)
    hidden, after = lstm_step(x, w, u, b, h, c)
    torch.testing.assert_close(after[0, 0, 0], cell)
    torch.testing.assert_close(hidden[0, 0, 0], torch.sigmoid(o) * torch.tanh(cell))


def test_windows_forget_each_other_and_a_sequence_does_not() -> None:
    x = normal(5, 3)
    other = x.clone()
    other[0] += 1
    windows = StackedLSTM(2, 3, (4,), windows=True, dtype=F64)
    torch.testing.assert_close(windows(x)[:, 1:], windows(other)[:, 1:], rtol=0, atol=0)
    sequence = StackedLSTM(2, 3, (4,), dtype=F64)
    assert (sequence(x)[:, 1:] - sequence(other)[:, 1:]).abs().min() > 0


def test_initial_weights_come_from_the_generators_alone_and_lie_in_their_bounds() -> None:
    before = torch.get_rng_state()
    stack = StackedLSTM(4, 3, (7, 5), generators=generators(4), dtype=F64)
    assert torch.equal(torch.get_rng_state(), before)
    single = StackedLSTM(1, 3, (7, 5), generators=generators(4)[2:3], dtype=F64)
    for ours, alone in zip(stack.parameters(), single.parameters(), strict=True):
        assert torch.equal(ours[2], alone[0])
    rounded = StackedLSTM(4, 3, (7, 5), generators=generators(4), dtype=torch.float32)
    assert torch.equal(rounded.weights[0], stack.weights[0].float())
    for depth, units in enumerate((7, 5)):
        spread = stack.weights[2 * depth].abs().max().item()
        assert 0.9 * units**-0.5 < spread <= units**-0.5


def test_a_selection_holds_copies_and_arguments_rebuild_the_shape() -> None:
    stack = StackedLSTM(3, 2, (4,), dtype=F64)
    chosen = stack.select([2, 0])
    x = normal(6, 2)
    torch.testing.assert_close(chosen(x), stack(x)[[2, 0]])
    chosen.weights[0].data.zero_()
    assert stack.weights[0].abs().min() > 0
    twin = StackedLSTM(**stack.arguments, dtype=F64)
    twin.load_state_dict(stack.state_dict())
    torch.testing.assert_close(twin(x), stack(x), rtol=0, atol=0)


def test_float64_takes_the_batched_program_and_float32_does_where_torch_has_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, x = StackedLSTM(2, 3, (4,), dtype=torch.float32), normal(5, 3, dtype=torch.float32)
    native = stack(x)
    assert not runs_natively(x.double())
    monkeypatch.setattr("annlab.nets.lstm.runs_natively", lambda x: False)
    torch.testing.assert_close(stack(x), native)


@pytest.mark.parametrize("arguments", [(0, 1, (2,)), (1, 0, (2,)), (1, 1, ()), (1, 1, (0,)), (1, 1, (2,), 0)])
def test_sizes_that_cannot_be(arguments: Any) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        StackedLSTM(*arguments)


def test_a_generator_for_each_replicate() -> None:
    with pytest.raises(UsageError, match="as many generators, got 2"):
        StackedLSTM(3, 1, (2,), generators=generators(2))
