from typing import Any

import numpy as np
import pytest
import torch
from training_tools import generator, problem

from annlab.errors import UsageError
from annlab.nets import MLP, StackedMLP
from annlab.train import DivergenceError, History, Recipe, fit, fit_stacked
from annlab.train.stacked_optimisers import STACKED_OPTIMISERS

R = 3
STREAMS = ("order", "noise", "dropout")


def seeds(start: int, count: int = R) -> list[torch.Generator]:
    return [generator(start + index) for index in range(count)]


def streams() -> dict[str, list[torch.Generator]]:
    return {f"{name}s": seeds(100 * place) for place, name in enumerate(STREAMS, start=1)}


def stacked(dtype: torch.dtype = torch.float64, count: int = R, **options: Any) -> StackedMLP:
    return StackedMLP(count, 2, (8, 6), 1, generators=seeds(0, count), dtype=dtype, **options)


def values(net: MLP) -> torch.Tensor:
    return torch.cat([tensor.detach().reshape(-1) for tensor in net.state_dict().values() if tensor.is_floating_point()]).double()


def one_by_one(stack_options: dict[str, Any], X: Any, y: Any, recipes: list[Recipe], **further: Any) -> tuple[list[MLP], list[History]]:
    """The replicates trained alone; data and validation with three axes hold a set for each."""

    def own(data: Any, r: int) -> Any:
        return data[r] if data.ndim == 3 else data

    nets, histories = [], []
    for r, recipe in enumerate(recipes):
        options = {"dtype": torch.float64, **stack_options}
        net = MLP(2, (8, 6), 1, generator=seeds(0)[r], **options)
        each = {name: streams()[f"{name}s"][r] for name in STREAMS}
        validation = further.get("validation")
        pair = None if validation is None else (own(validation[0], r), own(validation[1], r))
        histories.append(fit(net, own(X, r), own(y, r), recipe, validation=pair, **each))
        nets.append(net)
    return nets, histories


def assert_equal_runs(stack: StackedMLP, history: History, nets: list[MLP], histories: list[History], rtol: float) -> None:
    for r, (net, alone) in enumerate(zip(nets, histories, strict=True)):
        ours, theirs = values(stack.replicate(r)), values(net)
        assert (ours - theirs).norm() <= rtol * theirs.norm()
        mine = history.of(r)
        assert (mine.best_epoch, mine.stopped_epoch, mine.diverged_epoch) == (alone.best_epoch, alone.stopped_epoch, alone.diverged_epoch)
        assert set(mine.columns) == set(alone.columns)
        for name, column in alone.columns.items():
            if name != "seconds":
                np.testing.assert_allclose(mine.columns[name], column, rtol=10 * rtol, err_msg=name)


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("optimizer", sorted(STACKED_OPTIMISERS))
def test_stacked_equals_one_by_one_over_fifty_epochs_in_float64(optimizer: str, batch_size: int | None) -> None:
    X, y = problem(50)
    recipe = Recipe(optimizer=optimizer, learning_rate=0.02, batch_size=batch_size, max_epochs=50, evaluate_every=7)
    stack = stacked()
    history = fit_stacked(stack, X, y, recipe, **streams())
    assert_equal_runs(stack, history, *one_by_one({}, X, y, [recipe] * R), rtol=1e-10)


@pytest.mark.parametrize("batch_size", [None, 15])
@pytest.mark.parametrize("optimizer", sorted(STACKED_OPTIMISERS))
def test_stacked_equals_one_by_one_over_twenty_steps_in_float32(optimizer: str, batch_size: int | None) -> None:
    X, y = problem(60, torch.float32)
    recipe = Recipe(optimizer=optimizer, learning_rate=0.01, batch_size=batch_size, max_epochs=20 if batch_size is None else 5)
    stack = stacked(torch.float32)
    fit_stacked(stack, X, y, recipe, **streams())
    for r, net in enumerate(one_by_one({"dtype": torch.float32}, X, y, [recipe] * R)[0]):
        assert (values(stack.replicate(r)) - values(net)).norm() <= 1e-5 * values(net).norm()


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"l1": 1e-3, "weight_decay": 1e-2}, {}),
        ({"weight_decay": 0.1, "optimizer": "adamw"}, {}),
        ({"schedule": "cosine"}, {}),
        ({"schedule": lambda epoch: 0.9**epoch}, {"activation": ("mish", "gelu", "softplus")}),
        ({"input_noise": 0.2}, {"dropout": 0.3}),
        ({"batch_size": None, "input_noise": 0.2}, {"dropout": 0.3}),
        # adam would magnify rounding in the biases, whose gradient is 0 before a norm
        ({"batch_size": 7, "optimizer": "momentum"}, {"batch_norm": "hidden"}),
        ({}, {"batch_norm": "input", "dropout": 0.1}),
        ({"shuffle": False, "optimizer_options": {"betas": (0.8, 0.9)}}, {}),
        ({"optimizer": "sgd", "optimizer_options": {"momentum": 0.5, "nesterov": True}}, {}),
        ({"loss": torch.nn.functional.smooth_l1_loss}, {}),
    ],
    ids=lambda value: "-".join(value) or "plain",
)
def test_every_setting_equals_one_by_one(settings: dict[str, Any], options: dict[str, Any]) -> None:
    X, y = problem(50)
    recipe = Recipe(**{"learning_rate": 0.01, "batch_size": 16, "max_epochs": 12, **settings})
    stack = stacked(**options)
    history = fit_stacked(stack, X, y, recipe, validation=problem(20), **streams())
    assert_equal_runs(stack, history, *one_by_one(options, X, y, [recipe] * R, validation=problem(20)), rtol=1e-10)


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("optimizer", sorted(STACKED_OPTIMISERS))
def test_replicates_have_data_and_rates_of_their_own(optimizer: str, batch_size: int | None) -> None:
    X, y = problem(3 * 40)
    X, y = X.reshape(R, 40, 2), y.reshape(R, 40, 1)
    rates = [0.01, 0.003, 0.02]
    recipes = [Recipe(optimizer=optimizer, learning_rate=rate, batch_size=batch_size, max_epochs=15, weight_decay=0.01) for rate in rates]
    together = Recipe(optimizer=optimizer, learning_rate=rates, batch_size=batch_size, max_epochs=15, weight_decay=0.01)
    stack = stacked()
    history = fit_stacked(stack, X, y, together, validation=(X.flip(0), y.flip(0)), **streams())
    singles = one_by_one({}, X, y, recipes, validation=(X.flip(0), y.flip(0)))
    assert_equal_runs(stack, history, *singles, rtol=1e-10)
    np.testing.assert_array_equal(history.columns["learning_rate"][0], rates)


@pytest.mark.parametrize(("loss", "outputs"), [("cross_entropy", 3), ("binary_cross_entropy", 1)])
def test_classes_shared_and_own(loss: str, outputs: int) -> None:
    X, y = problem(60)
    labels = (y[:, 0] > 0).long() + (y[:, 0] > 0.3).long() * (outputs > 1)
    recipe = Recipe(loss=loss, learning_rate=0.01, batch_size=20, max_epochs=5)

    def run(labels: torch.Tensor) -> torch.Tensor:
        stack = StackedMLP(R, 2, (8,), outputs, generators=seeds(0), dtype=torch.float64)
        fit_stacked(stack, X, labels, recipe, **streams())
        return stack(X)

    shared = run(labels)
    own = labels.expand(R, 60) if outputs > 1 else labels.expand(R, 60).unsqueeze(-1)
    torch.testing.assert_close(run(own), shared, rtol=1e-12, atol=0)
    for r in range(R):
        net = MLP(2, (8,), outputs, generator=seeds(0)[r], dtype=torch.float64)
        fit(net, X, labels, recipe, order=streams()["orders"][r])
        torch.testing.assert_close(shared[r], net(X), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("batch_size", [None, 10])
def test_each_replicate_stops_by_its_own_validation_loss_and_gets_its_best_state_back(batch_size: int | None) -> None:
    X, y = problem(30)
    noisy = y + 0.5 * torch.randn(y.shape, generator=generator(4), dtype=y.dtype)
    recipe = Recipe(learning_rate=0.02, batch_size=batch_size, max_epochs=200, patience=4, min_delta=1e-4)
    stack = stacked()
    history = fit_stacked(stack, X, noisy, recipe, validation=problem(25), **streams())
    stops = np.asarray(history.stopped_epoch)
    assert len(set(stops)) > 1
    assert stops.min() < 200
    assert_equal_runs(stack, history, *one_by_one({}, X, noisy, [recipe] * R, validation=problem(25)), rtol=1e-10)
    column = history.columns["validation_loss"]
    for r, stop in enumerate(stops):
        assert np.isnan(column[stop:, r]).all()
        lowest = ((stack(problem(25)[0])[r] - problem(25)[1]) ** 2).mean().item()
        assert lowest == pytest.approx(np.nanmin(column[:, r]), rel=1e-12)


@pytest.mark.parametrize("batch_size", [None, 10])
def test_a_replicate_that_diverges_is_frozen_and_touches_no_other(batch_size: int | None) -> None:
    X, y = problem(40)
    base = {"optimizer": "sgd", "batch_size": batch_size, "max_epochs": 30, "on_divergence": "record"}
    options = {"activation": "relu"}
    stack, calm = stacked(**options), stacked(**options)
    history = fit_stacked(stack, X, y, Recipe(learning_rate=[0.05, 1e4, 0.05], **base), **streams())
    fit_stacked(calm, X, y, Recipe(learning_rate=[0.05, 0.05, 0.05], **base), **streams())
    assert np.asarray(history.diverged_epoch).tolist()[::2] == [0, 0]
    assert 1 <= history.diverged_epoch[1] < 30
    assert history.stopped_epoch[1] == history.diverged_epoch[1]
    assert not np.isfinite(history.of(1).columns["train_loss"][-1])
    assert torch.isfinite(values(stack.replicate(1))).all()
    for r in (0, 2):
        torch.testing.assert_close(values(stack.replicate(r)), values(calm.replicate(r)), rtol=1e-12, atol=1e-14)
    nets, histories = one_by_one(options, X, y, [Recipe(learning_rate=rate, **base) for rate in (0.05, 1e4, 0.05)])
    assert histories[1].diverged_epoch == history.diverged_epoch[1]
    torch.testing.assert_close(values(stack.replicate(1)), values(nets[1]), rtol=1e-8, atol=0)


def test_divergence_raises_where_the_recipe_says_so_and_keeps_the_last_good_states() -> None:
    X, y = problem(40)
    stack = stacked(activation="relu")
    with pytest.raises(DivergenceError, match="not finite in epoch") as caught:
        fit_stacked(stack, X, y, Recipe(optimizer="sgd", learning_rate=[0.01, 1e5, 0.01], max_epochs=50), **streams())
    assert caught.value.history.diverged_epoch[1] == caught.value.epoch
    assert torch.isfinite(stack(X)).all()


def test_a_run_is_bitwise_the_same_whatever_ran_before() -> None:
    X, y = problem(40)
    recipe = Recipe(batch_size=16, max_epochs=5, input_noise=0.1)

    def run() -> tuple[torch.Tensor, np.ndarray]:
        stack = stacked(torch.float32, dropout=0.2)
        history = fit_stacked(stack, X, y, recipe, validation=problem(20), **streams())
        return torch.stack([values(stack.replicate(r)) for r in range(R)]), history.columns["train_loss"]

    first = run()
    other = StackedMLP(7, 2, (31, 3), 1, generators=seeds(0, 7))
    fit_stacked(other, X, y, Recipe(max_epochs=3))
    second = run()
    assert torch.equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_global_generators_inputs_and_modes_are_left_as_found() -> None:
    X, y = problem(40, torch.float32)
    before = (X.clone(), y.clone(), torch.get_rng_state(), np.random.get_state()[1].tolist())
    stack = stacked(torch.float32, dropout=0.2)
    fit_stacked(stack, X, y, Recipe(batch_size=16, max_epochs=2, input_noise=0.1), **streams())
    assert torch.equal(X, before[0])
    assert torch.equal(y, before[1])
    assert torch.equal(torch.get_rng_state(), before[2])
    assert np.random.get_state()[1].tolist() == before[3]
    assert not stack.training


def test_monitors_see_every_replicate_in_its_current_state_and_progress_is_told() -> None:
    X, y = problem(40)
    told: list[tuple[int, set[str]]] = []
    recipe = Recipe(batch_size=16, max_epochs=6, evaluate_every=4)

    def errors(net: StackedMLP) -> np.ndarray:
        assert not net.training
        assert not torch.is_grad_enabled()
        return np.asarray(((net(X) - y) ** 2).mean((1, 2)))

    def tell(epoch: int, **columns: float) -> None:
        told.append((epoch, set(columns)))

    history = fit_stacked(stacked(), X, y, recipe, monitors={"error": errors}, progress=tell, **streams())
    assert history.columns["epoch"].tolist() == [4, 6]
    np.testing.assert_allclose(history.columns["error"], history.columns["train_loss"], rtol=1e-12)
    assert told == [(4, {"train_loss", "seconds"}), (6, {"train_loss", "seconds"})]
    assert (np.diff(history.columns["seconds"]) > 0).all()


@pytest.mark.parametrize("batch_size", [None, 16])
def test_bytes_are_numbers_between_zero_and_one(batch_size: int | None) -> None:
    pixels = torch.randint(256, (40, 2), generator=generator(1), dtype=torch.uint8)
    y = pixels[:, 0].double() / 255
    bytewise, real = stacked(), stacked()
    recipe = Recipe(batch_size=batch_size, max_epochs=2)
    fit_stacked(bytewise, pixels, y, recipe, **streams())
    fit_stacked(real, pixels.double() / 255, y, recipe, **streams())
    torch.testing.assert_close(values(bytewise.replicate(2)), values(real.replicate(2)), rtol=1e-13, atol=0)


def test_batches_too_large_to_gather_at_once_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = problem(40)
    whole, pieces = stacked(), stacked()
    fit_stacked(whole, X, y, Recipe(batch_size=16, max_epochs=3), **streams())
    monkeypatch.setattr("annlab.train.stacked._WHOLE", 0)
    fit_stacked(pieces, X, y, Recipe(batch_size=16, max_epochs=3), **streams())
    assert torch.equal(values(whole.replicate(1)), values(pieces.replicate(1)))


@pytest.mark.parametrize(
    ("recipe", "given", "message"),
    [
        (Recipe(optimizer="lbfgs"), {}, "runs one by one"),
        (Recipe(optimizer=torch.optim.Adam), {}, "got a function"),
        (Recipe(optimizer="adma"), {}, "did you mean 'adam'"),
        (Recipe(optimizer_options={"beta": 1}), {}, "option of adam"),
        (Recipe(learning_rate=[0.1, 0.2]), {}, "one for each of the 3"),
        (Recipe(batch_size=8), {"orders": None}, "as orders="),
        (Recipe(batch_size=8), {"orders": seeds(0, 2)}, "got 2"),
        (Recipe(input_noise=0.1), {"noises": None}, "as noises="),
        (Recipe(patience=3), {}, "patience needs validation"),
        (Recipe(loss="mes"), {}, "unknown loss"),
    ],
)
def test_what_cannot_be_trained_is_said(recipe: Recipe, given: dict[str, Any], message: str) -> None:
    X, y = problem(20)
    with pytest.raises(UsageError, match=message):
        fit_stacked(stacked(), X, y, recipe, **{**streams(), **given})


@pytest.mark.parametrize(
    ("inputs", "targets"), [((20, 3), (20, 1)), ((20, 2), (19, 1)), ((2, 20, 2), (20, 1)), ((0, 2), (0, 1)), ((20, 2), (20, 2))]
)
def test_shapes_that_do_not_fit_are_said(inputs: tuple[int, ...], targets: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="training data of a stack of 3 networks"):
        fit_stacked(stacked(), torch.zeros(inputs), torch.zeros(targets), Recipe(max_epochs=1))


def test_the_first_epoch_trains_in_training_mode_whatever_mode_the_stack_is_in():
    X, y = problem()
    runs = []
    for mode in (True, False):
        stack = stacked(dropout=0.3, batch_norm="hidden").train(mode)
        fit_stacked(stack, X, y, Recipe(max_epochs=2, batch_size=10), **streams())
        runs.append(torch.stack([values(stack.replicate(r)) for r in range(R)]))
    assert torch.equal(*runs)
