"""Maps against MiniSom: equal weights give equal errors and equal steps."""

import numpy as np
import pytest
import torch

from annlab import SelfOrganizingMap
from annlab.measure import maps
from annlab.models.som_grids import Grid
from annlab.models.som_training import Kernel, batch_update, online_updates, sums

minisom = pytest.importorskip("minisom", reason="minisom is not installed; see constraints-peers.txt")
pytestmark = pytest.mark.oracle
X = np.random.default_rng(0).normal(size=(120, 4))
ROWS, COLUMNS = 5, 6


def peer(topology="rectangular", neighbourhood="gaussian", **options):
    """MiniSom's first axis is our column, its second our row; its odd rows of hexagons lie as ours where the last row is even."""
    return minisom.MiniSom(COLUMNS, ROWS, 4, sigma=2, topology=topology, neighborhood_function=neighbourhood, random_seed=0, **options)


def ours(weights):
    return np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(ROWS * COLUMNS, 4))


@pytest.mark.parametrize("kind", ["rectangular", "hexagonal"])
def test_equal_errors(kind):
    theirs, grid = peer(kind), Grid(ROWS, COLUMNS, kind)
    theirs.train(X, 200)
    weights = ours(theirs.get_weights())
    assert maps.quantization_error(X, weights) == pytest.approx(theirs.quantization_error(X))
    assert maps.topographic_error(X, weights, grid.edges) == pytest.approx(theirs.topographic_error(X))
    if kind == "rectangular":
        expected = theirs.distance_map("mean").T.ravel()
        found = maps.u_matrix(weights, grid.edges)
        np.testing.assert_allclose(found / found.max(), expected)


@pytest.mark.parametrize("kind", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("name", ["gaussian", "mexican_hat", "bubble", "triangle"])
def test_equal_online_step(kind, name):
    if kind == "hexagonal" and name in ("bubble", "triangle"):
        pytest.skip("MiniSom takes squares of rows and columns there, not discs")
    theirs = peer(kind, name)
    weights = torch.from_numpy(ours(theirs.get_weights()))
    scale = 4 if name == "triangle" else 1  # MiniSom's triangle has the height radius^2
    kernel = Kernel(name, Grid(ROWS, COLUMNS, kind), weights)
    online_updates(weights, torch.from_numpy(X[:1]), None, kernel, np.array([2.0]), np.array([0.1 * scale]))
    theirs._learning_rate = 0.1
    theirs.update(X[0], theirs.winner(X[0]), 0, 100)
    np.testing.assert_allclose(weights.numpy(), ours(theirs.get_weights()), atol=1e-12)


def test_equal_batch_update():
    theirs = peer(decay_function="linear_decay_to_zero", learning_rate=1.0)
    weights = torch.from_numpy(ours(theirs.get_weights()))
    _, totals, counts = sums(torch.from_numpy(X), weights, None)
    found = batch_update(weights, totals, counts, Kernel("gaussian", Grid(ROWS, COLUMNS), weights), 2.0)
    theirs.train_batch_offline(X, 1)
    np.testing.assert_allclose(found.numpy(), ours(theirs.get_weights()), atol=1e-12)


def test_equal_batch_training_with_equal_schedules():
    theirs = peer(decay_function="linear_decay_to_zero", learning_rate=1.0, sigma_decay_function="linear_decay_to_one")
    start = ours(theirs.get_weights())
    radii = [2 + t * (1 - 2) / 4 for t in range(4)]  # MiniSom's last step is one before its end
    theirs._learning_rate_decay_function = lambda rate, _t, _n: rate
    theirs.train_batch_offline(X, 4)
    som = SelfOrganizingMap((ROWS, COLUMNS), init=start, radius=2.0, final_radius=radii[-1], radius_schedule="linear", max_epochs=4).fit(X)
    np.testing.assert_allclose(som.weights_, ours(theirs.get_weights()), atol=1e-10)
