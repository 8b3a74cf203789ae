"""Best units, distances and errors of maps."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import euclidean_distances, nan_euclidean_distances

from annlab.measure import maps

RNG = np.random.default_rng(0)
X, WEIGHTS = RNG.normal(size=(500, 7)), RNG.normal(size=(30, 7))


@pytest.mark.parametrize("scores", [1, 1 << 21])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_best_units_in_blocks(monkeypatch, scores, dtype):
    monkeypatch.setattr(maps, "_SCORES", scores)  # 1: many small blocks
    expected = np.argsort(euclidean_distances(X, WEIGHTS), axis=1)
    np.testing.assert_array_equal(maps.best_units(X.astype(dtype), WEIGHTS.astype(dtype)), expected[:, 0])
    np.testing.assert_array_equal(maps.best_units(X.astype(dtype), WEIGHTS.astype(dtype), 3), expected[:, :3])


def test_distances_with_gaps_and_of_equal_points():
    gaps = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
    gaps = gaps[~np.isnan(gaps).all(axis=1)]
    expected = nan_euclidean_distances(gaps, WEIGHTS)
    np.testing.assert_allclose(maps.unit_distances(gaps, WEIGHTS), expected)
    np.testing.assert_array_equal(maps.best_units(gaps, WEIGHTS), nan_euclidean_distances(gaps, WEIGHTS).argmin(axis=1))
    assert maps.quantization_error(gaps, WEIGHTS) == pytest.approx(expected.min(axis=1).mean())
    far = WEIGHTS + 1e6  # the difference of large squares would lose every digit
    np.testing.assert_allclose(maps.unit_distances(far, far), euclidean_distances(WEIGHTS, WEIGHTS), atol=1e-6)
    assert (np.diag(maps.unit_distances(far, far)) == 0).all()


def test_errors_by_hand():
    line = np.array([[0.0], [1.0], [3.0], [0.6]])  # on the grid 0 - 1 - 2 - 3, in the data 3 lies between 0 and 1
    edges = np.array([[0, 1], [1, 0], [1, 2], [2, 1], [2, 3], [3, 2]])
    data = np.array([[0.1], [0.9], [2.5], [2.0]])
    assert maps.quantization_error(data, line) == pytest.approx((0.1 + 0.1 + 0.5 + 1.0) / 4)
    assert maps.topographic_error(data, line, edges) == 0.5  # best two: 0 and 3, 1 and 3, 2 and 1, 1 and 2
    np.testing.assert_allclose(maps.u_matrix(line, edges), [1.0, 1.5, (2.0 + 2.4) / 2, 2.4])
    assert np.isnan(maps.topographic_error(data, line[:1], edges[:0]))
    assert maps.u_matrix(line[:1], edges[:0]).tolist() == [0.0]
    assert maps.hits(np.array([0, 2, 2]), 4).tolist() == [1, 0, 2, 0]
