import numpy as np
import pytest
import torch
from training_tools import generator, problem

from annlab.nets import MLP
from annlab.train import Recipe, fit
from annlab.train.dense import DRAWS, fit_dense, stacks

RECIPES = {
    "adam": Recipe(optimizer="adam", learning_rate=0.01, batch_size=16, max_epochs=6, input_noise=0.1),
    "sgd": Recipe(optimizer="sgd", learning_rate=0.1, max_epochs=6, weight_decay=0.01),
    "lbfgs": Recipe(optimizer="lbfgs", learning_rate=1.0, max_epochs=6),
}


def streams(count):
    return [{name: generator(10 * r + k) for k, name in enumerate(DRAWS)} for r in range(count)]


def data(count, n=50):
    X, y = (part.numpy() for part in problem(n))
    return X, np.stack([y + 0.1 * r for r in range(count)])


def dense(recipe, count=3, **options):
    X, y = data(count)
    return fit_dense(X, y, recipe, streams(count), hidden_sizes=(8, 5), activation="tanh", dtype=torch.float64, **options)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("options", [{}, {"dropout": 0.2}, {"batch_norm": "hidden"}], ids=str)
def test_equals_training_one_by_one(name, options):
    recipe, (X, y) = RECIPES[name], data(3)
    fitted = dense(recipe, validation=(X[:20], y[:, :20]), **options)
    # biases before batch norm have no gradient but rounding, which adam scales up to a step
    exact = 1e-6 if name == "adam" and "batch_norm" in options else 1e-9
    for r, draws in enumerate(streams(3)):
        net = MLP(2, (8, 5), 1, "tanh", generator=draws.pop("init"), dtype=torch.float64, **options)
        with torch.no_grad():
            start = ((net.eval()(torch.tensor(X)) - torch.tensor(y[r])) ** 2).mean().item()
        history = fit(net, X, y[r], recipe, validation=(X[:20], y[r, :20]), **draws)
        assert fitted.initial_losses[r] == pytest.approx(start, rel=1e-12)
        for column in ("train_loss", "validation_loss"):
            np.testing.assert_allclose(fitted.histories[r].columns[column], history.columns[column], rtol=exact)
        np.testing.assert_allclose(fitted.predict(X)[r], net(torch.tensor(X)).detach().numpy(), atol=exact)


@pytest.mark.parametrize("name", RECIPES)
def test_histories_tell_of_the_networks_and_the_further_sets(name):
    X, y = data(3)
    fitted = dense(RECIPES[name], further={"elsewhere": (X[:7], y[:, :7])})
    for r, history in enumerate(fitted.histories):
        assert list(history.columns["epoch"]) == list(range(1, 7))
        predictions = fitted.predict(X)[r]
        assert history.columns["train_loss"][-1] == pytest.approx(((predictions - y[r]) ** 2).mean())
        assert history.columns["elsewhere"][-1] == pytest.approx(((predictions[:7] - y[r, :7]) ** 2).mean())
        assert history.stopped_epoch == 6


def test_inputs_of_each_replicate():
    X, y = data(2)
    own = np.stack([X, 2 * X])
    fitted = fit_dense(own, y, RECIPES["sgd"], streams(2), hidden_sizes=(4,))
    np.testing.assert_allclose(fitted.predict(own)[1], fitted.predict(2 * X)[1])
    alone = fit_dense(2 * X, y[1], RECIPES["sgd"], streams(2)[1:], hidden_sizes=(4,))
    np.testing.assert_allclose(fitted.predict(2 * X)[1], alone.predict(2 * X)[0], atol=1e-5)


def test_levenberg_marquardt_replicates_fall_and_do_not_mix():
    recipe = Recipe(optimizer="levenberg_marquardt", max_epochs=15)
    together, (X, y) = dense(recipe), data(3)
    for r, history in enumerate(together.histories):
        assert np.all(np.diff(history.columns["train_loss"]) < 0)
        alone = fit_dense(X, y[r], recipe, streams(3)[r : r + 1], hidden_sizes=(8, 5), activation="tanh", dtype=torch.float64)
        np.testing.assert_allclose(together.predict(X)[r], alone.predict(X)[0], atol=1e-8)


def test_stops_each_replicate_by_itself():
    X, y = data(3)
    recipe = Recipe(optimizer="adam", learning_rate=0.05, max_epochs=200, patience=3)
    fitted = fit_dense(X[:30], y[:, :30], recipe, streams(3), hidden_sizes=(8,), validation=(X[30:], y[:, 30:]))
    for r, history in enumerate(fitted.histories):
        losses = history.columns["validation_loss"]
        assert len(losses) == history.stopped_epoch <= 200
        reached = ((fitted.predict(X[30:])[r] - y[r, 30:]) ** 2).mean()
        assert reached == pytest.approx(losses.min(), rel=1e-4)  # the best state is restored


@pytest.mark.parametrize(("optimizer", "together"), [("adam", True), ("momentum", True), ("lbfgs", False), (torch.optim.SGD, False)])
def test_which_recipes_train_together(optimizer, together):
    assert stacks(Recipe(optimizer=optimizer)) is together
