"""Training of image classifiers: the loop of `fit` where nothing is asked for, the right loss where something is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional
from training_tools import generator, state

from annlab.errors import UsageError
from annlab.nets import LayeredNet
from annlab.nets.layers import BatchNorm, Conv, Dense, Dropout, Flatten, MaxPool, ReLU
from annlab.train import Recipe, fit
from annlab.train.augment import Augmenter, CutOut, MixUp, Shift
from annlab.train.batches import epoch_order
from annlab.train.images import fit_images
from annlab.train.lbfgs import LBFGS

RECIPE = Recipe(loss="cross_entropy", optimizer="momentum", learning_rate=0.05, batch_size=16, max_epochs=2, running_loss=True)
AUGMENTATION = [Shift(1), CutOut(3), MixUp(0.5)]


def images(n=50, seed=5):
    X = torch.randint(0, 256, (n, 9, 9, 2), generator=generator(seed), dtype=torch.uint8)
    return X, torch.randint(0, 4, (n,), generator=generator(seed + 1))


def network(dtype=torch.float64, dropout=0.3):
    layers = [Conv(4, 3), BatchNorm(), ReLU(), MaxPool(2), Flatten(), Dropout(dropout), Dense(4)]
    return LayeredNet((9, 9, 2), layers, generator(), dtype)


def test_without_wishes_it_is_the_loop_bit_by_bit():
    X, y = images()
    nets = [network(torch.float32) for _ in range(2)]
    common = {"validation": (X[:9], y[:9])}
    plain = fit(nets[0], X, y, RECIPE, order=generator(1), dropout=generator(2), **common)
    ours = fit_images(nets[1], X, y, RECIPE, order=generator(1), dropout=generator(2), **common)
    assert torch.equal(state(nets[0]), state(nets[1]))
    np.testing.assert_array_equal(ours.columns["validation_loss"], plain.columns["validation_loss"])
    np.testing.assert_array_equal(ours.columns["train_loss"], plain.columns["train_loss"])


def test_augmentation_smoothing_and_mixing_equal_the_plain_loop():
    X, y = images()
    net, twin = network(dropout=0.0), network(dropout=0.0)
    validation = X[:11], y[:11]
    history = fit_images(
        net, X, y, replace(RECIPE, restore_best=False), augmentation=AUGMENTATION, augment=generator(3), label_smoothing=0.1,
        validation=validation, order=generator(1), monitors={"parameters": lambda given: float(given is net)},
    )  # fmt: skip
    augmenter, order = Augmenter(AUGMENTATION, generator(3)), generator(1)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.9)
    smooth = torch.full((4, 4), 0.1 / 4, dtype=torch.float64) + 0.9 * torch.eye(4, dtype=torch.float64)
    for epoch in range(2):
        total = 0.0
        twin.train()
        for rows in epoch_order(len(X), order).split(16):
            batch, (partner, weight) = augmenter(X[rows].double() / 255)
            targets = weight * smooth[y[rows]] + (1 - weight) * smooth[y[rows]][partner]
            loss = -(targets * functional.log_softmax(twin(batch), 1)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        twin.eval()
        with torch.no_grad():
            logits = twin(validation[0].double() / 255)
        columns = {name: values[epoch] for name, values in history.columns.items()}
        assert columns["train_loss"] == pytest.approx(total / len(X), rel=1e-9)
        assert columns["validation_loss"] == pytest.approx(functional.cross_entropy(logits, validation[1]).item(), rel=1e-9)
        assert columns["validation_accuracy"] == (logits.argmax(1) == validation[1]).double().mean().item()
        assert columns["parameters"] == 1.0
    torch.testing.assert_close(state(net), state(twin), rtol=1e-8, atol=1e-10)


def test_smoothing_is_in_the_running_loss_alone():
    X, y = images()
    still = replace(RECIPE, optimizer="sgd", learning_rate=1e-12, max_epochs=1)
    losses = {
        (smoothing, running): fit_images(
            network(dropout=0.0), X, y, replace(still, running_loss=running), label_smoothing=smoothing, order=generator(1)
        ).columns["train_loss"][0]
        for smoothing in (0.0, 0.9)
        for running in (True, False)
    }
    assert losses[0.9, False] == pytest.approx(losses[0.0, False], rel=1e-9)
    assert abs(losses[0.9, True] - losses[0.0, True]) > 1e-3


def test_optimisers_made_by_functions_that_look_once_may_augment():
    X, y = images()
    nets = [network() for _ in range(2)]
    for net, optimizer in zip(nets, ("sgd", lambda p: torch.optim.SGD(p, 0.05)), strict=True):
        recipe = replace(RECIPE, optimizer=optimizer)
        fit_images(net, X, y, recipe, augmentation=AUGMENTATION, augment=generator(3), order=generator(1), dropout=generator(2))
    torch.testing.assert_close(state(nets[0]), state(nets[1]))


def test_accuracy_counts_every_validation_image_once_whatever_the_chunks(monkeypatch):
    X, y = images(400)
    monkeypatch.setattr("annlab.train.evaluation.CHUNK", 37)
    net = network(torch.float32)
    recipe = replace(RECIPE, running_loss=False, evaluate_every=2, max_epochs=4, restore_best=False)
    history = fit_images(net, X, y, recipe, validation=(X[:301], y[:301]), order=generator(1), dropout=generator(2))
    with torch.no_grad():
        right = (net(X[:301].float() / 255).argmax(1) == y[:301]).double().mean().item()
    assert history.columns["validation_accuracy"].shape == (2,)
    assert history.columns["validation_accuracy"][-1] == pytest.approx(right, abs=1e-12)


def test_mixed_precision_computes_in_bfloat16_and_keeps_the_weights():
    X, y = images()
    nets, seen = [network(torch.float32, 0.0) for _ in range(2)], []
    nets[1].parts["1_Conv"].register_forward_hook(lambda module, given, output: seen.append(output.dtype))
    histories = [
        fit_images(net, X, y, RECIPE, mixed_precision=mixed, order=generator(1)) for net, mixed in zip(nets, (False, True), strict=True)
    ]
    assert set(seen) == {torch.bfloat16}
    assert all(parameter.dtype == torch.float32 for parameter in nets[1].parameters())
    np.testing.assert_allclose(histories[1].columns["train_loss"], histories[0].columns["train_loss"], rtol=0.02)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"recipe": replace(RECIPE, loss="mse")}, "cross-entropy"),
        ({"augmentation": [Shift(1)]}, "augment="),
        *(
            ({"augmentation": [Shift(1)], "augment": generator(), "recipe": replace(RECIPE, optimizer=optimizer)}, "lbfgs")
            for optimizer in ("lbfgs", torch.optim.LBFGS, LBFGS)
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(options, part):
    X, y = images()
    with pytest.raises(UsageError, match=part):
        fit_images(network(), X, y, **{"recipe": RECIPE, "order": generator(1), "dropout": generator(2), **options})


@pytest.mark.gpu
@pytest.mark.parametrize("compiled", [False, True])
def test_on_a_gpu(compiled):
    X, y = images()
    nets = [network(torch.float32, 0.0), network(torch.float32, 0.0).cuda()]
    histories = [
        fit_images(
            net, X, y, RECIPE, augmentation=AUGMENTATION, augment=torch.Generator(next(net.parameters()).device).manual_seed(3),
            mixed_precision=True, compile=compiled and net is nets[1], order=generator(1),
        )
        for net in nets
    ]  # fmt: skip
    np.testing.assert_allclose(histories[1].columns["train_loss"], histories[0].columns["train_loss"], rtol=0.1)
