"""Drawn points: the distributions they are said to come from, and the same numbers everywhere."""

import numpy as np
import pytest

from annlab.data import samples
from annlab.data.samples import FixedBits


def test_fixed_bits_are_uniform_and_normal():
    bits = FixedBits(7)
    uniform, normal = bits.random((50_000,)), bits.standard_normal((50_000,))
    assert 0 <= uniform.min() < uniform.max() < 1
    assert np.histogram(uniform, 10, (0, 1))[0].std() < 3 * np.sqrt(5_000 * 0.9)
    for power, moment in [(1, 0), (2, 1), (3, 0), (4, 3)]:
        spread = np.sqrt({1: 1, 2: 2, 3: 15, 4: 96}[power] / 50_000)
        assert abs((normal**power).mean() - moment) < 4 * spread
    assert abs(np.corrcoef(normal[:-1], normal[1:])[0, 1]) < 4 / np.sqrt(50_000)
    assert np.array_equal(FixedBits(7).random((3,)), uniform[:3])


def test_moons_without_noise_lie_on_their_half_circles():
    X, y = samples.draw_two_moons(401, 0.0, np.random.default_rng(0))
    assert np.bincount(y).tolist() == [201, 200]
    upper, lower = X[y == 0], X[y == 1]
    np.testing.assert_allclose(np.hypot(upper[:, 0], upper[:, 1]), 1, atol=1e-12)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, atol=1e-12)
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0.5).all()
    assert 0 < y[:200].mean() < 1  # the order is random


def test_the_moons_noise_has_its_deviation():
    X, y = samples.two_moons().values()
    radius = np.where(y == 0, np.hypot(X[:, 0], X[:, 1]), np.hypot(X[:, 0] - 1, X[:, 1] - 0.5))
    assert radius.std() == pytest.approx(0.1, abs=0.01)


def test_a_sparse_model_has_so_many_weights_and_so_much_noise():
    X, y, weights = samples.draw_sparse_linear(5_000, 100, 10, 2.0, np.random.default_rng(1))
    assert np.count_nonzero(weights) == 10
    assert np.abs(weights[weights != 0]).min() >= 0.5
    assert (y - X @ weights).std() == pytest.approx(2.0, rel=0.05)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=5 / np.sqrt(5_000))
    made = samples.sparse_linear()
    assert np.count_nonzero(made["weights"]) == 10
    assert (made["y"] - made["X"] @ made["weights"]).std() == pytest.approx(1, abs=0.2)
    with pytest.raises(ValueError, match="between 0 and 5, got 6"):
        samples.draw_sparse_linear(3, 5, 6, 1.0, np.random.default_rng(0))


def test_gaussian_variances_follow_their_spectrum():
    assert samples.gaussian_spectrum(4, 0.0).tolist() == [1.0] * 4
    X = samples.draw_gaussian(20_000, 6, 0.5, np.random.default_rng(2))
    np.testing.assert_allclose(X.var(axis=0), np.exp(-0.5 * np.arange(6)), rtol=5 * np.sqrt(2 / 20_000))
    covariance = np.cov(samples.gaussian()["X"].T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 6 / np.sqrt(500)
    np.testing.assert_allclose(np.diag(covariance), 1, atol=5 * np.sqrt(2 / 500))


def test_the_seasons_return_every_year_and_follow_their_hemisphere():
    made = samples.seasonal()
    temperature, month = made["temperature"], made["month"]
    assert (str(month[0]), str(month[-1]), len(month)) == ("1870-01", "2012-12", 1_716)
    assert (np.diff(month).astype(int) == 1).all()
    by_month = temperature.reshape(143, 12, 3).mean(axis=0)
    assert by_month.argmax(axis=0).tolist() == [1, 6, 6]
    np.testing.assert_allclose(by_month.max(axis=0) - by_month.min(axis=0), [5.2, 15.4, 12.8], atol=1)
    np.testing.assert_allclose(temperature.mean(axis=0), [24.2, 10.8, 9.9], atol=0.3)
    left = temperature - np.tile(by_month, (143, 1))
    autocorrelation = [np.corrcoef(left[:600, place][:-1], left[:600, place][1:])[0, 1] for place in range(3)]
    np.testing.assert_allclose(autocorrelation, [0.35, 0.25, 0.25], atol=0.12)
    warming = temperature[-240:].mean(axis=0) - temperature[:240].mean(axis=0)
    np.testing.assert_allclose(warming, 0.83, atol=0.4)


@pytest.mark.parametrize("make", [samples.two_moons, samples.sparse_linear, samples.gaussian, samples.seasonal])
def test_no_number_lies_so_near_a_rounding_that_another_machine_could_round_otherwise(make, monkeypatch):
    distances, plain = [], np.round

    def watched(values, decimals):
        scaled = np.asarray(values) * 10.0**decimals
        distances.append(np.abs(scaled - np.floor(scaled) - 0.5).min())
        return plain(values, decimals)

    monkeypatch.setattr(samples.np, "round", watched)
    make()
    assert min(distances) > 1e-7  # sines and logarithms differ by 1e-9 of the grid at most
