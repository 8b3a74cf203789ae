"""Neighbourhoods, schedules, initial weights, one update."""

import numpy as np
import pytest
import torch

from annlab.models.som_grids import Grid
from annlab.models.som_training import NEIGHBOURHOODS, Kernel, batch_update, initial_weights, neighbourhood, online_updates, scheduled, sums

RNG = np.random.default_rng(0)


def test_neighbourhoods_by_hand():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(neighbourhood("gaussian", x, y, 2.0), np.exp(-np.array([0, 2, 4, 9]) / 8))
    u = np.array([0, 2, 4, 9]) / 8
    np.testing.assert_allclose(neighbourhood("mexican_hat", x, y, 2.0), (1 - 2 * u) * np.exp(-u))
    np.testing.assert_allclose(neighbourhood("bubble", x, y, 2.0), [1, 1, 0, 0])
    np.testing.assert_allclose(neighbourhood("triangle", x, y, 2.0), [1, 0.25, 0, 0])
    np.testing.assert_allclose(neighbourhood("triangle", x, y, 2.0, separable=False), [1, 1 - 2**0.5 / 2, 0, 0])


def test_schedules_begin_and_end_where_they_should():
    for name in ("linear", "exponential", "inverse"):
        values = scheduled(name, 4.0, 0.5, np.linspace(0, 1, 5))
        assert values[0] == 4.0
        assert values[-1] == pytest.approx(0.5)
        assert (np.diff(values) < 0).all()
    assert scheduled("constant", 4.0, 0.5, 1.0) == 4.0
    assert scheduled("inverse", 3.0, 1.0, 0.5) == pytest.approx(3 / 2)


def test_initial_weights():
    X = RNG.normal(size=(200, 3)) * [3.0, 1.0, 0.1]
    grid = Grid(3, 5)
    rng = np.random.default_rng(1)
    plane = initial_weights("pca", X, grid, rng)
    ends = plane[grid.columns - 1] - plane[0]  # along the longer side: the first component, one deviation to each side
    assert np.linalg.norm(ends) == pytest.approx(2 * X[:, 0].std(), rel=0.02)
    assert abs(ends[0]) > 50 * abs(ends[2])
    np.testing.assert_allclose(plane.mean(axis=0), X.mean(axis=0))
    drawn = initial_weights("sample", X, grid, rng)
    assert all((drawn[i] == X).all(axis=1).any() for i in range(15))
    assert len(np.unique(drawn, axis=0)) == 15
    uniform = initial_weights("random", X, Grid(40, 40), rng, (-1.0, 1.0))
    assert -1 <= uniform.min() < -0.99
    assert 0.99 < uniform.max() <= 1
    inside = initial_weights("random", X, grid, rng)
    assert ((inside >= X.min(axis=0)) & (inside <= X.max(axis=0))).all()


@pytest.mark.parametrize("kind", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("topology", ["planar", "toroidal"])
@pytest.mark.parametrize("name", NEIGHBOURHOODS)
@pytest.mark.parametrize("gaps", [False, True])
def test_a_batch_update_is_the_weighted_mean(kind, topology, name, gaps):
    grid = Grid(4, 3, kind, topology)
    X, weights = RNG.normal(size=(50, 2)), RNG.normal(size=(12, 2))
    missing = RNG.random(X.shape) < 0.2 if gaps else np.zeros(X.shape, dtype=bool)
    missing[:, 0] &= ~missing[:, 1]
    there = ~missing
    best = ((X[:, None] - weights) ** 2 * there[:, None]).sum(-1).argmin(axis=1)
    expected = weights.copy()
    for unit in range(12):
        x, y = grid.offsets(unit)[best].T
        h = neighbourhood(name, x, y, 1.5, separable=kind == "rectangular")[:, None] * there
        pull = (h * (X - weights[unit])).sum(axis=0)
        reached = np.abs(h).sum(axis=0)
        expected[unit] += np.where(reached > 0, pull / np.where(reached > 0, reached, 1), 0)
    W = torch.from_numpy(weights)
    _, totals, counts = sums(torch.from_numpy(np.where(missing, 0, X)), W, torch.from_numpy(missing) if gaps else None)
    np.testing.assert_allclose(batch_update(W, totals, counts, Kernel(name, grid, W), 1.5).numpy(), expected, atol=1e-12)


def test_online_updates_by_hand():
    grid = Grid(1, 3)
    W = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    X = torch.tensor([[1.2, 1.0], [0.0, 4.0]], dtype=torch.float64)
    gaps = torch.tensor([[False, False], [True, False]])
    winners, distances = online_updates(W, X, gaps, Kernel("bubble", grid, W), np.ones(2), np.array([0.5, 0.25]))
    assert winners.tolist() == [1, 1]  # the second row has no first value: the unit whose second is nearest to 4
    np.testing.assert_allclose(distances, [np.hypot(0.2, 1.0), 3.5 * 2**0.5])
    np.testing.assert_allclose(W.numpy(), [[0, 0], [1.1, 1.375], [2, 0]])
