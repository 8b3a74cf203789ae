import random

import numpy as np
import pytest
import torch
from torch import nn
from training_tools import draws, generator, network, problem, state

from annlab.errors import UsageError
from annlab.nets import MLP, StackedMLP
from annlab.train import DivergenceError, Recipe, fit, fit_stacked


def test_mini_batches_by_hand():
    X, y = problem(50)
    net, twin = network(), network()
    fit(net, X, y, Recipe(optimizer="sgd", learning_rate=0.1, batch_size=16, max_epochs=3), order=generator(5))
    order, optimizer = generator(5), torch.optim.SGD(twin.parameters(), 0.1)
    for _ in range(3):
        for rows in torch.randperm(50, generator=order).split(16):
            optimizer.zero_grad()
            nn.functional.mse_loss(twin(X[rows]), y[rows]).backward()
            optimizer.step()
    torch.testing.assert_close(state(net), state(twin), rtol=1e-12, atol=1e-13)


def test_input_noise_by_hand():
    X, y = problem(40)
    net, twin = network(), network()
    fit(net, X, y, Recipe(optimizer="sgd", learning_rate=0.1, input_noise=0.2, max_epochs=4), noise=generator(5))
    noise, optimizer = generator(5), torch.optim.SGD(twin.parameters(), 0.1)
    for _ in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(twin(X + 0.2 * torch.randn(X.shape, generator=noise, dtype=X.dtype)), y).backward()
        optimizer.step()
    torch.testing.assert_close(state(net), state(twin), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize(
    "options", [{}, {"batch_size": 16}, {"weight_decay": 0.01, "l1": 0.01}, {"batch_size": 16, "input_noise": 0.1}], ids=str
)
def test_hand_made_gradient_agrees_with_the_graph(optimizer, options, monkeypatch):
    X, y = problem()
    recipe = Recipe(optimizer=optimizer, learning_rate=0.05, max_epochs=8, **options)
    ours, theirs = network(dropout=0.3), network(dropout=0.3)
    a = fit(ours, X, y, recipe, **draws())
    from annlab.train import gradients, steps

    monkeypatch.setattr(steps, "gradient_of", lambda net, recipe, y, dropout: gradients.GraphGradient(net, nn.functional.mse_loss))
    b = fit(theirs, X, y, recipe, **draws())
    torch.testing.assert_close(state(ours), state(theirs), rtol=1e-8, atol=1e-9)
    assert a.columns["train_loss"] == pytest.approx(b.columns["train_loss"], rel=1e-8)


@pytest.mark.parametrize(
    ("loss", "outputs", "target"),
    [
        ("cross_entropy", 3, lambda y: (y.ravel() > 0).long() + (y.ravel() > 0.2).long()),
        ("binary_cross_entropy", 1, lambda y: (y > 0).double()),
        ("binary_cross_entropy", 1, lambda y: (y > 0).ravel().numpy()),
        ("mse", 1, lambda y: y.ravel()),
    ],
)
def test_losses_and_their_gradients(loss, outputs, target, monkeypatch):
    X, y = problem()
    nets = [MLP(2, (5,), outputs, "mish", generator=generator(), dtype=torch.float64) for _ in range(2)]
    recipe = Recipe(loss=loss, optimizer="momentum", learning_rate=0.05, max_epochs=10)
    history = fit(nets[0], X, target(y), recipe)
    from annlab.train import gradients, steps
    from annlab.train.losses import LOSSES

    monkeypatch.setattr(steps, "gradient_of", lambda net, recipe, y, dropout: gradients.GraphGradient(net, LOSSES[loss]))
    fit(nets[1], X, target(y), recipe)
    torch.testing.assert_close(state(nets[0]), state(nets[1]), rtol=1e-9, atol=1e-10)
    assert history.columns["train_loss"][-1] < history.columns["train_loss"][0]


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("options", [{}, {"dropout": 0.4}, {"batch_norm": "hidden"}, {"batch_norm": "input"}], ids=str)
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_train_loss_is_the_loss_in_evaluation_mode(batch_size, options, optimizer):
    X, y = problem()
    net = network(**options)
    history = fit(net, X, y, Recipe(optimizer=optimizer, max_epochs=6, batch_size=batch_size, l1=0.01), **draws())
    assert not net.training
    assert history.columns["train_loss"][-1] == pytest.approx(nn.functional.mse_loss(net(X), y).item(), rel=1e-12)
    assert history.columns["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert (np.diff(history.columns["seconds"]) > 0).all()


def test_evaluation_is_chunked_without_a_difference(monkeypatch):
    from annlab.train import evaluation

    X, y = problem(50)
    net = network()
    whole = evaluation.dataset_loss(net, X, y, nn.functional.mse_loss, X.dtype)
    assert evaluation.dataset_loss(net, X, y, nn.functional.mse_loss, X.dtype, 7).item() == pytest.approx(whole.item(), rel=1e-13)


def test_evaluate_every_and_monitors():
    X, y = problem()
    net, twin = network(), network()
    seen = []
    recipe = Recipe(max_epochs=10, evaluate_every=4, batch_size=20, schedule="cosine")
    monitors = {"norm": lambda net: state(net).norm().item(), "draw": lambda net: torch.rand(()).item() + random.random()}
    history = fit(net, X, y, recipe, order=generator(), monitors=monitors, progress=lambda epoch, **row: seen.append((epoch, *row)))
    assert history.columns["epoch"].tolist() == [4, 8, 10]
    assert history.columns["norm"][-1] == pytest.approx(state(net).norm().item())
    assert [row[0] for row in seen] == [4, 8, 10]
    assert set(seen[0][1:]) == {"train_loss", "learning_rate", "norm", "draw", "seconds"}
    assert history.columns["learning_rate"][0] == pytest.approx(1e-3 * 0.5 * (1 + np.cos(np.pi * 0.3)))
    fit(twin, X, y, Recipe(max_epochs=10, batch_size=20, schedule="cosine"), order=generator())
    assert torch.equal(state(net), state(twin))


def test_early_stopping_restores_the_best():
    X, y = problem(30)
    noisy = y + torch.randn(y.shape, generator=generator(), dtype=y.dtype)
    validation = problem(200)
    net = MLP(2, (40,), 1, generator=generator(), dtype=torch.float64)
    history = fit(net, X, noisy, Recipe(learning_rate=0.05, max_epochs=500, patience=20), validation=validation)
    losses = history.columns["validation_loss"]
    assert history.stopped_epoch == history.best_epoch + 20 < 500
    assert losses.argmin() + 1 == history.best_epoch
    assert nn.functional.mse_loss(net(validation[0]), validation[1]).item() == pytest.approx(losses.min(), rel=1e-12)

    twin = MLP(2, (40,), 1, generator=generator(), dtype=torch.float64)
    recipe = Recipe(learning_rate=0.05, max_epochs=500, patience=20, restore_best=False)
    assert fit(twin, X, noisy, recipe, validation=validation).stopped_epoch == history.stopped_epoch
    assert nn.functional.mse_loss(twin(validation[0]), validation[1]).item() == pytest.approx(losses[-1], rel=1e-12)


def test_min_delta_stops_earlier():
    X, y = problem()
    recipe = Recipe(learning_rate=1e-4, max_epochs=200, patience=5, min_delta=1.0)
    history = fit(network(), X, y, recipe, validation=(X, y))
    assert history.stopped_epoch == 6  # the first loss is an improvement on nothing
    assert history.best_epoch == 6


@pytest.mark.parametrize("batch_size", [None, 20])
def test_divergence_raises_and_keeps_the_last_finite_state(batch_size):
    X, y = problem()
    recipe = Recipe(optimizer="sgd", learning_rate=200.0, max_epochs=2000, batch_size=batch_size)
    net = MLP(2, (5,), 1, "relu", generator=generator(1))
    with pytest.raises(DivergenceError, match="was not finite in epoch") as caught:
        fit(net, X, y, recipe, order=generator())
    epoch = caught.value.epoch
    assert caught.value.history.diverged_epoch == epoch
    twin = MLP(2, (5,), 1, "relu", generator=generator(1))
    fit(twin, X, y, Recipe(optimizer="sgd", learning_rate=200.0, max_epochs=epoch - 1, batch_size=batch_size), order=generator())
    assert torch.equal(state(net), state(twin))
    assert torch.isfinite(state(net)).all()


def test_divergence_is_recorded_where_it_is_studied():
    X, y = problem()
    recipe = Recipe(optimizer="sgd", learning_rate=1e6, max_epochs=300, on_divergence="record")
    history = fit(MLP(2, (), 1, generator=generator()), X, y, recipe)
    assert history.diverged_epoch == history.stopped_epoch == history.columns["epoch"][-1] < 300
    assert not np.isfinite(history.columns["train_loss"][-1])
    assert np.isfinite(history.columns["train_loss"][:-1]).all()


def test_a_validation_loss_that_is_not_finite_is_a_divergence_in_both_loops():
    X, y = problem()
    validation = X[:5], torch.full((5, 1), torch.nan, dtype=torch.float64)
    net, start = network(), state(network())
    with pytest.raises(DivergenceError, match="not finite in epoch 1"):
        fit(net, X, y, Recipe(max_epochs=3), validation=validation)
    assert torch.equal(state(net), start)
    recorded = fit(network(), X, y, Recipe(max_epochs=3, on_divergence="record"), validation=validation)
    stack = StackedMLP(1, 2, (8, 6), 1, generators=[generator()], dtype=torch.float64)
    stacked = fit_stacked(stack, X, y, Recipe(max_epochs=3, on_divergence="record"), validation=validation)
    assert recorded.diverged_epoch == stacked.diverged_epoch[0] == 1
    assert np.isfinite(recorded.columns["train_loss"]).all()


@pytest.mark.parametrize(("options", "part"), [({"batch_size": 1}, "batch_size"), ({}, "hold out fewer")], ids=["batches", "data"])
def test_a_batch_of_one_that_cannot_be_normalised_is_refused(options, part):
    X, y = problem()
    n = 5 if options else 1
    with pytest.raises(UsageError, match=part):
        fit(network(batch_norm="hidden"), X[:n], y[:n], Recipe(max_epochs=1, **options), order=generator())


def test_nan_in_the_inputs_is_a_divergence():
    X, y = problem()
    X[3, 0] = float("nan")
    with pytest.raises(DivergenceError, match="epoch 1"):
        fit(network(), X, y, Recipe(max_epochs=2))


class Drawing(nn.Module):
    """Draws from every global generator, in both modes."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1, dtype=torch.float64)

    def forward(self, x):
        return self.linear(x) + 0.01 * torch.rand(()) * random.random() * np.random.rand()


def test_global_generators_are_left_as_found_and_do_not_matter():
    X, y = problem()
    outcomes = []
    for seed in (1, 2):
        torch.manual_seed(0)
        net = Drawing()
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
        fit(net, X, y, Recipe(max_epochs=3, batch_size=20, evaluate_every=seed), **draws())
        assert torch.equal(torch.get_rng_state(), before[0])
        assert (np.random.get_state()[1] == before[1]).all()
        assert random.getstate() == before[2]
        outcomes.append(state(net))
    assert torch.equal(*outcomes)


def test_the_same_generators_give_the_same_bits():
    X, y = problem(dtype=torch.float32)
    recipe = Recipe(max_epochs=5, batch_size=16, input_noise=0.1)
    nets = [network(dtype=torch.float32, dropout=0.2) for _ in range(2)]
    for net in nets:
        fit(net, X, y, recipe, **draws())
    assert torch.equal(state(nets[0]), state(nets[1]))


def test_bytes_are_images_in_zero_to_one():
    pixels = torch.randint(0, 256, (40, 3, 2), generator=generator(), dtype=torch.uint8).numpy()
    pixels.flags.writeable = False
    y = pixels.mean((1, 2)) / 255.0
    nets = [MLP(6, (4,), 1, generator=generator()) for _ in range(2)]
    recipe = Recipe(max_epochs=4, batch_size=10)
    fit(nets[0], pixels, y, recipe, order=generator(), validation=(pixels, y))
    fit(nets[1], pixels.astype(np.float32) / np.float32(255), y, recipe, order=generator())
    torch.testing.assert_close(state(nets[0]), state(nets[1]), rtol=1e-5, atol=1e-6)


def test_inputs_are_not_changed():
    X, y = (tensor.numpy() for tensor in problem())
    kept = X.copy(), y.copy()
    fit(network(), X, y, Recipe(max_epochs=3, batch_size=16, input_noise=0.5), **draws())
    assert np.array_equal(X, kept[0])
    assert np.array_equal(y, kept[1])


def test_a_last_batch_of_one_does_not_stop_batch_norm():
    X, y = problem(33)
    history = fit(network(batch_norm="hidden"), X, y, Recipe(max_epochs=2, batch_size=16), order=generator())
    assert np.isfinite(history.columns["train_loss"]).all()


def test_any_module_and_any_loss():
    X, y = problem(40, torch.float32)
    images = X.repeat(1, 8).reshape(40, 1, 4, 4)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(8, 1))
    history = fit(
        net, images, y, Recipe(loss=lambda out, t: (out - t).abs().mean(), max_epochs=60, batch_size=8, learning_rate=0.01), **draws()
    )
    assert history.columns["train_loss"][-1] < 0.8 * history.columns["train_loss"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": Recipe(batch_size=16)}, "order="),
        ({"recipe": Recipe(input_noise=0.1)}, "noise="),
        ({"net": lambda: network(dropout=0.5)}, "dropout="),
        ({"recipe": Recipe(patience=3)}, "patience needs validation"),
        ({"recipe": Recipe(on_divergence="ignore")}, "'raise' or 'record'"),
        ({"recipe": Recipe(loss="mes")}, "did you mean 'mse'"),
        ({"y": torch.zeros(59, 1)}, "as many targets"),
        ({"y": torch.zeros(60, 2)}, "output has shape"),
        ({"X": torch.zeros(0, 2), "y": torch.zeros(0, 1)}, "at least one"),
        ({"resume": "nowhere"}, "no checkpoint"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes(change, message):
    X, y = problem()
    net = change.pop("net", network)()
    recipe = change.pop("recipe", Recipe())
    with pytest.raises(UsageError, match=message):
        fit(net, change.pop("X", X), change.pop("y", y), recipe, **change)
