import pytest
import torch
from torch import nn
from training_tools import generator, network, problem, state

from annlab.errors import UsageError
from annlab.train import OPTIMIZERS, Recipe, fit, make_optimizer

REFERENCES = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.0),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
    "adadelta": lambda p: torch.optim.Adadelta(p, lr=0.05),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.05, max_iter=1, max_eval=26, line_search_fn="strong_wolfe"),
}


def plain_loop(net, optimizer, X, y, epochs, penalty=lambda net: 0.0):
    losses = []
    for _ in range(epochs):

        def closure():
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(X), y) + penalty(net)
            loss.backward()
            return loss

        optimizer.step(closure)
        losses.append(nn.functional.mse_loss(net(X), y).item())
    return losses


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"muon"}))  # torch's own works in bfloat16: see test_muon
def test_same_iterates_as_torch(name):
    X, y = problem()
    net, twin = network(), network()
    history = fit(net, X, y, Recipe(optimizer=name, learning_rate=0.05, max_epochs=25))
    losses = plain_loop(twin, REFERENCES[name](twin.parameters()), X, y, 25)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-9, atol=1e-10)
    assert history.columns["train_loss"] == pytest.approx(losses, rel=1e-9)


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"adamw", "muon"}))
def test_weight_decay_is_the_penalty_it_says(name):
    X, y = problem()
    net, twin = network(), network()
    fit(net, X, y, Recipe(optimizer=name, learning_rate=0.05, max_epochs=15, weight_decay=0.1))

    def penalty(module):
        return 0.05 * sum(layer.weight.square().sum() for layer in module.layers)

    plain_loop(twin, REFERENCES[name](twin.parameters()), X, y, 15, penalty)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_l1_is_the_penalty_it_says(name):
    X, y = problem()
    net, twin = network(), network()
    fit(net, X, y, Recipe(optimizer=name, learning_rate=0.05, max_epochs=15, l1=0.003))

    def penalty(module):
        return 0.003 * sum(layer.weight.abs().sum() for layer in module.layers)

    plain_loop(twin, REFERENCES[name](twin.parameters()), X, y, 15, penalty)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-8, atol=1e-9)


def test_adamw_decays_weights_apart_from_the_gradient_and_leaves_biases():
    X, y = problem()
    net, twin = network(), network()
    fit(net, X, y, Recipe(optimizer="adamw", learning_rate=0.05, max_epochs=10, weight_decay=0.3))
    groups = [
        {"params": [layer.weight for layer in twin.layers], "weight_decay": 0.3},
        {"params": [layer.bias for layer in twin.layers], "weight_decay": 0.0},
    ]
    plain_loop(twin, torch.optim.AdamW(groups, lr=0.05), X, y, 10)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"lr": 0.1}], ids=["factory", "with rate"])
def test_a_function_makes_the_optimiser(options):
    X, y = problem()
    net, twin = network(), network()
    fit(net, X, y, Recipe(optimizer=lambda p: torch.optim.NAdam(p, **options), max_epochs=10, weight_decay=0.1))

    def penalty(module):
        return 0.05 * sum(layer.weight.square().sum() for layer in module.layers)

    plain_loop(twin, torch.optim.NAdam(twin.parameters(), **options), X, y, 10, penalty)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-9, atol=1e-10)


def test_a_function_may_make_an_optimiser_that_calls_the_loss():
    X, y = problem()
    net, twin = network(), network()
    make = lambda p: torch.optim.LBFGS(p, max_iter=4)  # noqa: E731
    fit(net, X, y, Recipe(optimizer=make, max_epochs=5))
    plain_loop(twin, make(twin.parameters()), X, y, 5)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-8, atol=1e-9)


def test_mistakes():
    parameters = list(network().named_parameters())
    with pytest.raises(UsageError, match="did you mean 'adam'"):
        make_optimizer(Recipe(optimizer="adma"), parameters)
    with pytest.raises(UsageError, match="does not take the options"):
        make_optimizer(Recipe(optimizer="sgd", optimizer_options={"betas": (0.9, 0.99)}), parameters)
    for option in ("lr", "weight_decay"):
        with pytest.raises(UsageError, match="is no option of the optimizer here"):
            make_optimizer(Recipe(optimizer="sgd", optimizer_options={option: 0.1}), parameters)
    assert not make_optimizer(Recipe(optimizer_options={"foreach": True}), parameters).defaults["fused"]
    with pytest.raises(UsageError, match="one learning rate"):
        make_optimizer(Recipe(learning_rate=[0.1, 0.2]), parameters)
    with pytest.raises(UsageError, match="no parameters"):
        make_optimizer(Recipe(), nn.ReLU().named_parameters())


def test_frozen_parameters_stay():
    X, y = problem()
    net = network()
    net.layers[0].weight.requires_grad_(False)
    before, after = net.layers[0].weight.clone(), net.layers[1].weight.detach().clone()
    fit(net, X, y, Recipe(max_epochs=3), order=generator())
    assert torch.equal(net.layers[0].weight, before)
    assert not torch.equal(net.layers[1].weight, after)
