"""Images as bytes, normalised in the batch, channels last: the same training as the plain loop over floating-point images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from training_tools import generator, state

from annlab.nets import ConvNet, StackedMLP, keep_mask
from annlab.train import Recipe, fit, fit_stacked
from annlab.train.batches import epoch_order
from annlab.train.evaluation import CHUNK, chunk_of, dataset_loss
from annlab.train.losses import LOSSES

N, BATCH = 50, 16
RECIPE = Recipe(
    loss="cross_entropy", optimizer="adam", learning_rate=0.003, batch_size=BATCH, max_epochs=2, restore_best=False, running_loss=True
)


def images(n=N, seed=5):
    X = torch.randint(0, 256, (n, 14, 14), generator=generator(seed), dtype=torch.uint8)
    return X, torch.randint(0, 4, (n,), generator=generator(seed + 1))


def network(dtype=torch.float64, dropout=0.5):
    return ConvNet((14, 14), (3, 5), 4, dropout=dropout, generator=generator(), dtype=dtype)


def plain_loop(net, X, y, recipe, order, dropout):
    """Contiguous floating-point images, rectifier before pooling, torch's optimiser; losses of the epochs, state at the end."""
    first, second = (nn.Conv2d(c.in_channels, c.out_channels, 3).double() for c in net.convolutions)
    dense = nn.Linear(net.dense.in_features, net.n_outputs).double()
    twin = nn.ModuleList([first, second, dense])
    for ours, theirs in zip(twin, (*net.convolutions, net.dense), strict=True):
        ours.load_state_dict({name: tensor.contiguous() for name, tensor in theirs.state_dict().items()})
    floats = (X.double() / 255).unsqueeze(1)
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "adadelta": torch.optim.Adadelta}[recipe.optimizer]
    optimizer, losses = kind(twin.parameters(), lr=recipe.learning_rate, **recipe.optimizer_options), []
    for _ in range(recipe.max_epochs):
        total, drawn = 0.0, epoch_order(len(X), order)
        for rows in drawn.split(recipe.batch_size):
            maps = functional.max_pool2d(functional.relu(second(functional.max_pool2d(functional.relu(first(floats[rows])), 2))), 2)
            flat = maps.flatten(1)
            loss = functional.cross_entropy(dense(flat * keep_mask(flat.shape, 0.5, dropout, flat)), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses, state(twin)


@pytest.mark.parametrize(
    ("optimizer", "rate", "options"),
    [
        ("adam", 0.003, {}),
        ("sgd", 0.05, {"momentum": 0.9}),
        ("adadelta", 1.0, {"rho": 0.95, "eps": 1e-7}),
    ],
)
def test_equals_the_plain_loop(optimizer, rate, options):
    recipe = replace(RECIPE, optimizer=optimizer, learning_rate=rate, optimizer_options=options)
    (X, y), net = images(), network()
    losses, final = plain_loop(net, X, y, recipe, generator(1), generator(2))
    history = fit(net, X, y, recipe, order=generator(1), dropout=generator(2))
    np.testing.assert_allclose(history.columns["train_loss"], losses, rtol=1e-9)
    torch.testing.assert_close(state(net), final, rtol=1e-7, atol=1e-9)


def test_bytes_and_numbers_train_alike():
    X, y = images()
    nets = [network(torch.float32) for _ in range(2)]
    for net, inputs in zip(nets, (X, X.float() / 255), strict=True):
        fit(net, inputs, y, RECIPE, validation=(inputs[:9], y[:9]), order=generator(1), dropout=generator(2))
    torch.testing.assert_close(state(nets[0]), state(nets[1]), rtol=1e-5, atol=1e-6)


def test_batches_by_index_equal_batches_of_the_whole(monkeypatch):
    X, y = images()
    nets = [network(torch.float32) for _ in range(2)]
    for net, limit in zip(nets, (0, 2**30), strict=True):
        monkeypatch.setattr("annlab.train.steps.WHOLE", limit)
        fit(net, X, y, RECIPE, order=generator(1), dropout=generator(2))
    assert torch.equal(state(nets[0]), state(nets[1]))


def test_the_images_are_not_changed_and_not_copied_to_floats():
    X, y = images()
    before, seen = X.clone(), []
    net = network(torch.float32)
    handle = net.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    fit(net, X, y, RECIPE, order=generator(1), dropout=generator(2))
    handle.remove()
    assert torch.equal(X, before)
    assert max(len(batch) for batch in seen) == BATCH  # never the whole set as numbers
    assert all(batch.dtype == torch.float32 and batch.min() >= 0 and 0.9 < batch.max() <= 1 for batch in seen)


def test_running_loss_is_the_mean_of_the_batches():
    X, y = images(48)
    still = replace(RECIPE, learning_rate=1e-12, max_epochs=1, batch_size=16)
    histories = [
        fit(network(dropout=0.0), X, y, replace(still, running_loss=running), order=generator(1)).columns["train_loss"]
        for running in (True, False)
    ]
    np.testing.assert_allclose(*histories, rtol=1e-9)
    with_dropout = fit(network(), X, y, still, order=generator(1), dropout=generator(2)).columns["train_loss"]
    assert abs(with_dropout[0] - histories[0][0]) > 1e-4


def test_running_loss_of_a_stack_is_that_of_each_network_alone():
    X, y = torch.rand(50, 3, generator=generator(0)), torch.rand(50, 1, generator=generator(1))
    recipe = Recipe(running_loss=True, batch_size=16, max_epochs=3, learning_rate=0.01)
    stack = StackedMLP(2, 3, (4,), 1, generators=[generator(2), generator(3)], dtype=torch.float64)
    nets = [stack.select([r]).replicate(0) for r in range(2)]
    together = fit_stacked(stack, X, y, recipe, orders=[generator(4), generator(5)])
    for r, net in enumerate(nets):
        alone = fit(net, X, y, recipe, order=generator(4 + r))
        np.testing.assert_allclose(together.of(r).columns["train_loss"], alone.columns["train_loss"], rtol=1e-9)


def test_images_are_evaluated_in_small_chunks():
    assert chunk_of(torch.zeros(3, 2)) == CHUNK
    assert chunk_of(torch.zeros(3, 28, 28, dtype=torch.uint8)) * 784 <= 2**18
    X, y = images(500)
    net = network().eval()
    whole = LOSSES["cross_entropy"](net(X.double() / 255), y)
    parts = torch.stack([dataset_loss(net, X, y, LOSSES["cross_entropy"], torch.float64, least) for least in (1, 400, 1000)])
    torch.testing.assert_close(parts, whole.expand(3), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "adadelta"])
def test_a_resumed_run_equals_the_undisturbed_one(optimizer, tmp_path):
    (X, y), recipe = images(), replace(RECIPE, optimizer=optimizer, learning_rate=0.01, max_epochs=4)
    undisturbed, cut = network(torch.float32), network(torch.float32)
    fit(undisturbed, X, y, recipe, order=generator(1), dropout=generator(2))
    kept = tmp_path / "kept"
    fit(cut, X, y, replace(recipe, max_epochs=2), order=generator(1), dropout=generator(2), checkpoint=kept, checkpoint_every=1)
    resumed = network(torch.float32)
    fit(resumed, X, y, recipe, order=generator(8), dropout=generator(9), resume=kept)
    assert torch.equal(state(resumed), state(undisturbed))


@pytest.mark.gpu
def test_on_a_gpu_as_on_the_cpu():
    X, y = images()
    recipe = replace(RECIPE, optimizer="momentum", learning_rate=0.01)
    nets = [network(dropout=0.0), network(dropout=0.0).cuda()]
    for net in nets:
        fit(net, X, y, recipe, validation=(X[:9], y[:9]), order=generator(1))
    torch.testing.assert_close(state(nets[1]).cpu(), state(nets[0]), rtol=1e-7, atol=1e-9)
    drawn = [network(torch.float32).cuda() for _ in range(2)]
    for net in drawn:
        fit(net, X, y, recipe, order=generator(1), dropout=torch.Generator("cuda").manual_seed(2))
    torch.testing.assert_close(state(drawn[0]), state(drawn[1]), rtol=1e-4, atol=1e-5)
