"""Generated sets: their formulas, their fixed numbers, and what they take the place of."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from annlab.data import generators

FIVE_SURFACES_SHA256 = "117ed48dea018d053d25b92e7b6282f663c9ce7659d92e9e203d42a91c51ff21"


def test_the_noisy_surface_has_the_known_mean_square():
    made = generators.noisy_surface()
    assert np.mean(made["y"] ** 2) == pytest.approx(0.099864, abs=5e-7)


def test_the_noisy_surface_follows_its_formula_point_by_point():
    made = generators.noisy_surface()
    step = 6 / 39
    for i in range(40):
        for j in range(0, 40, 7):
            x, y = -3 + j * step, -3 + i * step
            squared = x * x + y * y
            assert made["X"][40 * i + j] == pytest.approx((x, y), abs=1e-12)
            assert made["y"][40 * i + j] == pytest.approx(math.sin(0.8 * squared) / squared**0.9, abs=1e-12)


def test_the_surface_takes_its_limit_at_the_origin():
    assert generators.surface(np.zeros((1, 2))).tolist() == [0.0]
    near = np.array([[1e-30, 0.0], [1e-9, 0.0], [0.0, 1e-6], [1e-3, 0.0]])
    np.testing.assert_allclose(generators.surface(near), 0.8 * np.abs(near).sum(axis=1) ** 0.2, rtol=1e-6)
    assert generators.surface(np.array([[5e-324, 0.0]])).tolist() == [0.0]  # r^2 underflows


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_the_surface_depends_on_the_radius_alone(x, y):
    values = generators.surface(np.array([[x, y], [y, x], [-x, y], [math.hypot(x, y), 0.0]]))
    np.testing.assert_allclose(values, values[0], rtol=1e-6, atol=1e-9)


def test_five_surfaces_are_the_same_numbers_on_every_machine():
    made = generators.five_surfaces()
    digest = hashlib.sha256(np.column_stack([made["X"], made["T"]]).astype("<f8").tobytes()).hexdigest()
    assert digest == FIVE_SURFACES_SHA256, "the set has changed: raise its version"


def test_five_surfaces_are_of_like_shape_and_range():
    X, T = generators.five_surfaces().values()
    assert X.shape == (13_600, 2)
    assert T.shape == (13_600, 5)
    assert 0 <= X.min() < 0.001
    assert 0.999 < X.max() <= 1
    assert (np.diff(X[:, 0]) >= 0).all()
    assert len(np.unique(X, axis=0)) == 13_600
    np.testing.assert_allclose(X.mean(axis=0), 0.5, atol=0.01)
    assert (T.min(axis=0) > 0).all()
    assert (T.max(axis=0) < 9).all()
    np.testing.assert_allclose(T.std(axis=0), 1, atol=0.25)
    assert np.abs(np.corrcoef(T.T) - np.eye(5)).max() < 0.7  # five different functions


def test_five_functions_by_hand():
    x, y = 0.3, 0.8
    by_hand = [
        2.3 + 1.05 * math.sin(1.6 * math.pi * x + 0.6) + 0.95 * math.cos(2.4 * math.pi * y - 2.2),
        4.2 + 3.6 * (2 * x - 1) ** 3 * math.sin(2 * math.pi * y + 0.5) + 0.8 * math.cos(math.pi * y),
        3.4 * (1 - math.exp(-7 * (0.15**2 + 0.25**2))),
        3.6 + 2.5 * math.tanh(2.4 * (x - 0.5)) * math.cos(math.pi * y),
        2.6 + 3.8 * math.exp(-25 * (0.45**2 + 0.55**2)) + 2 * math.exp(-30 * (0.05**2 + 0.5**2)) - 2.5 * math.exp(-20 * (0.4**2 + 0.05**2)),
    ]
    np.testing.assert_allclose(generators.five_functions(np.array([[x, y]])), [by_hand], rtol=1e-13)


def test_enlarging_keeps_flat_images_and_mirrors():
    flat = np.array([0, 8, 16])[:, None, None] * np.ones((8, 8), dtype=np.int64)
    assert [np.unique(image).tolist() for image in generators.enlarge(flat)] == [[0], [128], [255]]
    image = np.random.default_rng(0).integers(0, 17, (3, 8, 8))
    np.testing.assert_array_equal(generators.enlarge(image[:, ::-1]), generators.enlarge(image)[:, ::-1])
    np.testing.assert_array_equal(generators.enlarge(image.transpose(0, 2, 1)), generators.enlarge(image).transpose(0, 2, 1))


@pytest.mark.oracle
def test_enlarging_is_bilinear_interpolation():
    image = np.random.default_rng(1).integers(0, 17, (8, 8))
    places = (np.arange(28) + 0.5) * 8 / 28 - 0.5
    wanted = map_coordinates(image * 255 / 16, np.meshgrid(places, places, indexing="ij"), order=1, mode="nearest")
    assert np.abs(generators.enlarge(image[None])[0] - wanted).max() <= 0.5 + 1e-9


def test_digits28_keeps_every_digit_in_its_order():
    from sklearn.datasets import load_digits

    made, source = generators.digits28(), load_digits()
    assert np.concatenate([made["y_train"], made["y_test"]]).tolist() == source.target.tolist()
    assert (len(made["y_train"]), len(made["y_test"])) == (1_437, 360)
    assert min(np.bincount(made["y_train"]).min() / 1_437, np.bincount(made["y_test"]).min() / 360) > 0.09
    whole = np.concatenate([made["X_train"], made["X_test"]])
    np.testing.assert_allclose(whole.mean(axis=(1, 2)), source.images.mean(axis=(1, 2)) * 255 / 16, atol=10)
