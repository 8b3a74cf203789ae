from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from annlab.errors import UsageError
from annlab.nets import StackedLSTM
from annlab.train import DivergenceError, Recipe
from annlab.train.batches import epoch_order, gaussian_noise
from annlab.train.recurrent import fit_recurrent

F64 = torch.float64
SERIES = torch.sin(torch.arange(40, dtype=F64) * 0.7) + 0.1 * torch.arange(40, dtype=F64).cos()
X, Y = SERIES.unfold(0, 3, 1)[:-1], SERIES[3:]


def generators(count: int, seed: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + index) for index in range(count)]


def stack_of(count: int = 3, seed: int = 0, **options: Any) -> StackedLSTM:
    return StackedLSTM(count, 3, (4,), generators=generators(count, seed), **{"dtype": F64, **options})


class Plain(nn.Module):
    """The network that a course would write."""

    def __init__(self, stack: StackedLSTM, replicate: int) -> None:
        super().__init__()
        self.windows = stack.windows
        self.lstm, self.head = nn.LSTM(1 if stack.windows else 3, 4, dtype=F64), nn.Linear(4, 1, dtype=F64)
        self.lstm.weight_ih_l0.data, self.lstm.weight_hh_l0.data = (stack.weights[k].data[replicate].clone() for k in (0, 1))
        self.lstm.bias_ih_l0.data, self.lstm.bias_hh_l0.data = (stack.biases[k].data[replicate].clone() for k in (0, 1))
        self.head.weight.data, self.head.bias.data = stack.weights[2].data[replicate].clone(), stack.biases[2].data[replicate].clone()

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        h, state = self.lstm(x.T.unsqueeze(-1) if self.windows else x.unsqueeze(1), state)
        return self.head(h[-1] if self.windows else h[:, 0])[:, 0], state

    def values(self) -> list[Tensor]:
        lstm, head = self.lstm, self.head
        return [
            part.detach()
            for part in (
                *(lstm.weight_ih_l0, lstm.weight_hh_l0, head.weight),
                *(lstm.bias_ih_l0, lstm.bias_hh_l0, head.bias),
            )
        ]


def train_plainly(net: Plain, epochs: int, batches: Any, *, decay: float = 0.0, carried: bool = False) -> None:
    weights, rest = [p for p in net.parameters() if p.ndim > 1], [p for p in net.parameters() if p.ndim == 1]
    adam = torch.optim.Adam([{"params": weights, "weight_decay": decay}, {"params": rest}], lr=0.01)
    for _ in range(epochs):
        state = None
        for x, y in batches():
            adam.zero_grad()
            outputs, after = net(x, state)
            state = tuple(part.detach() for part in after) if carried else None
            ((outputs - y) ** 2).mean().backward()
            adam.step()


def assert_equal(stack: StackedLSTM, nets: Sequence[Plain], tolerance: float = 1e-10) -> None:
    for r, net in enumerate(nets):
        for ours, theirs in zip(stack.parameters(), net.values(), strict=True):
            torch.testing.assert_close(ours.detach()[r], theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.oracle
@pytest.mark.parametrize("size", [None, 10], ids=["whole sequence", "truncated"])
def test_a_sequence_trains_as_torch_trains_it_one_by_one(size: int | None) -> None:
    stack = stack_of()
    nets = [Plain(stack, r) for r in range(3)]
    fit_recurrent(stack, X, Y, Recipe(learning_rate=0.01, batch_size=size, max_epochs=25, weight_decay=0.01))
    pieces = list(zip(X.split(size or len(X)), Y.split(size or len(Y)), strict=True))
    for net in nets:
        train_plainly(net, 25, lambda: pieces, decay=0.01, carried=True)
    assert_equal(stack, nets)


@pytest.mark.oracle
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_windows_train_as_torch_trains_them_one_by_one(noise: float) -> None:
    stack = stack_of(windows=True)
    nets = [Plain(stack, r) for r in range(3)]
    recipe = Recipe(learning_rate=0.01, batch_size=10, max_epochs=10, input_noise=noise)
    fit_recurrent(stack, X, Y, recipe, orders=generators(3, 10), noises=generators(3, 20))
    for r, net in enumerate(nets):
        order, draw = generators(1, 10 + r)[0], generators(1, 20 + r)[0]

        def batches(order: torch.Generator = order, draw: torch.Generator = draw) -> Any:
            for index in epoch_order(len(X), order).split(10):
                yield (X[index] + gaussian_noise(X[index], noise, draw) if noise else X[index]), Y[index]

        train_plainly(net, 10, batches)
    assert_equal(stack, nets)


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_stack_is_its_replicates_trained_alone(windows: bool, noise: float) -> None:
    recipe = Recipe(learning_rate=0.02, max_epochs=50, input_noise=noise)
    together = stack_of(3, windows=windows)
    history = fit_recurrent(together, X, Y, recipe, noises=generators(3, 7))
    for r in range(3):
        alone = stack_of(1, seed=r, windows=windows)
        lonely = fit_recurrent(alone, X, Y, recipe, noises=generators(1, 7 + r))
        for ours, theirs in zip(together.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(ours[r], theirs[0], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(history.columns["train_loss"][:, r], lonely.columns["train_loss"][:, 0], rtol=1e-9)


def test_torchs_kernel_and_the_batched_program_agree_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    native = stack_of(dtype=torch.float32)
    batched = native.select(range(3))
    recipe = Recipe(learning_rate=0.01, max_epochs=20)
    fit_recurrent(native, X.float(), Y.float(), recipe)
    for module in ("annlab.nets.lstm", "annlab.train.recurrent"):
        monkeypatch.setattr(f"{module}.runs_natively", lambda x: False)
    fit_recurrent(batched, X.float(), Y.float(), recipe)
    for ours, theirs in zip(native.parameters(), batched.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "noise"), [(None, 0.0), (None, 0.1), (7, 0.0)])
def test_validation_reads_on_from_the_end_of_the_training_part(size: int | None, noise: float) -> None:
    stack = stack_of()
    recipe = Recipe(learning_rate=0.01, max_epochs=4, batch_size=size, input_noise=noise, restore_best=False)
    history = fit_recurrent(stack, X[:25], Y[:25], recipe, validation=(X[25:], Y[25:]), skip=3, noises=generators(3))
    with torch.no_grad():
        errors = (stack(X)[..., 0] - Y) ** 2
    np.testing.assert_allclose(history.columns["validation_loss"][-1], errors[:, 28:].mean(1), rtol=1e-10)
    np.testing.assert_allclose(history.columns["train_loss"][-1], errors[:, :25].mean(1), rtol=1e-10)


def test_early_stopping_keeps_the_best_weights() -> None:
    stack = stack_of()
    recipe = Recipe(learning_rate=0.3, max_epochs=60, patience=4)
    history = fit_recurrent(stack, X[:25], Y[:25], recipe, validation=(X[25:], Y[25:]))
    assert (np.asarray(history.stopped_epoch) < 60).any()
    with torch.no_grad():
        left = ((stack(X)[..., 0] - Y) ** 2)[:, 25:].mean(1)
    np.testing.assert_allclose(left, np.nanmin(history.columns["validation_loss"], axis=0), rtol=1e-10)


def test_divergence_keeps_the_last_finite_state() -> None:
    stack = stack_of()
    with pytest.raises(DivergenceError):
        fit_recurrent(stack, X, 1e200 * Y, Recipe(optimizer="sgd", learning_rate=1e200, max_epochs=5))
    assert all(torch.isfinite(parameter).all() for parameter in stack.parameters())


def test_global_generators_and_data_are_left_as_found() -> None:
    before, kept = torch.get_rng_state(), X.clone()
    fit_recurrent(stack_of(windows=True), X, Y, Recipe(max_epochs=2, batch_size=9), orders=generators(3))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(kept, X)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"recipe": Recipe(loss="cross_entropy")}, "'mse'"),
        ({"recipe": Recipe(running_loss=True)}, "single network"),
        ({"recipe": Recipe(optimizer="lbfgs")}, "one by one"),
        ({"recipe": Recipe(patience=3)}, "validation"),
        ({"recipe": Recipe(input_noise=0.1)}, "generator for each replicate"),
        ({"skip": 2}, "skip is for"),
        ({"X": X[:, :2]}, "3 inputs"),
    ],
)
def test_what_cannot_be_trained(options: dict[str, Any], said: str) -> None:
    given = {"X": X, "y": Y, "recipe": Recipe(max_epochs=1), **options}
    with pytest.raises(UsageError, match=said):
        fit_recurrent(stack_of(), given.pop("X"), given.pop("y"), given.pop("recipe"), **given)
