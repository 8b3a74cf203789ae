import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annlab.errors import UsageError
from annlab.measure import (
    fit_snr_db,
    fraction_of_rises,
    half_mse,
    mse,
    nmse,
    plateau_epoch,
    plateau_index,
    r_squared,
    rmse,
    roughness_of_curve,
    roughness_of_surface,
    snr_db,
)

TARGET = np.array([1.0, 2.0, 3.0, 6.0])
PREDICTION = np.array([1.0, 2.0, 5.0, 4.0])


def test_errors_by_hand():
    assert mse(TARGET, PREDICTION) == 2.0
    assert half_mse(TARGET, PREDICTION) == 1.0
    assert rmse(TARGET, PREDICTION) == pytest.approx(math.sqrt(2.0))
    assert nmse(TARGET, PREDICTION) == pytest.approx(2.0 / 3.5)
    assert nmse(TARGET, PREDICTION, normaliser=4.0) == 0.5
    assert r_squared(TARGET, PREDICTION) == pytest.approx(1.0 - 8.0 / 14.0)


def test_signal_to_noise_by_hand():
    assert snr_db([3.0, 4.0], [0.3, 0.4]) == pytest.approx(20.0)
    assert snr_db([1.0, 1.0], [0.0, 0.0]) == math.inf
    assert snr_db([1.0, -1.0], [10.0, 10.0]) == pytest.approx(-20.0)
    assert fit_snr_db(TARGET, PREDICTION) == pytest.approx(10 * math.log10((50 / 4) / 2))


def test_leading_axes_are_kept():
    target = np.stack([TARGET, 2 * TARGET])
    prediction = np.stack([PREDICTION, 2 * PREDICTION])
    assert mse(target, prediction, axis=1).tolist() == [2.0, 8.0]
    np.testing.assert_allclose(nmse(target, prediction, axis=1), 2.0 / 3.5)
    np.testing.assert_allclose(snr_db(target, target - prediction, axis=1), fit_snr_db(TARGET, PREDICTION))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(UsageError, match=r"one shape, got \(4,\) and \(4, 1\)"):
        mse(TARGET, PREDICTION[:, None])
    with pytest.raises(UsageError, match="at least one"):
        mse([], [])


def test_a_constant_target_has_no_variance():
    assert nmse([1.0, 1.0], [1.0, 2.0]) == math.inf
    assert math.isnan(nmse([1.0, 1.0], [1.0, 1.0]))


def test_roughness_of_a_curve():
    assert roughness_of_curve(10.0 ** -np.arange(9.0)) == pytest.approx(0.0, abs=1e-12)
    assert roughness_of_curve([1.0, 10.0, 1.0, 10.0, 1.0]) == pytest.approx(1.0)
    assert roughness_of_curve([[1.0, 10.0, 1.0], [1.0, 1.0, 1.0]]).tolist() == [1.0, 0.0]
    assert math.isnan(roughness_of_curve([1.0]))
    assert math.isnan(roughness_of_curve([1.0, 0.0, 1.0]))


def test_fraction_of_rises():
    assert fraction_of_rises([3.0, 2.0, 2.5, 1.0, 1.0]) == 0.25
    assert fraction_of_rises([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).tolist() == [1.0, 0.0]
    assert math.isnan(fraction_of_rises([1.0]))


def test_roughness_of_a_surface():
    x, y = np.meshgrid(np.arange(5.0), np.arange(6.0))
    assert roughness_of_surface(2 * x - 3 * y + 1) == 0.0
    assert roughness_of_surface(x**2 + y**2) == pytest.approx(16.0)  # the Laplacian of x^2 + y^2 is 4
    assert roughness_of_surface(np.stack([x, x**2])).tolist() == [0.0, 4.0]
    with pytest.raises(UsageError, match="three rows"):
        roughness_of_surface(np.zeros((2, 5)))


def test_plateau():
    losses = [5.0, 1.04, 1.2, 1.045, 0.96, 1.0]
    assert plateau_index(losses) == 3
    assert plateau_epoch(losses) == 4
    assert plateau_epoch(losses, epochs=[10, 20, 30, 40, 50, 60]) == 40
    assert plateau_index(losses, within=0.0) == 5
    assert plateau_index([2.0, 2.0]) == 0
    assert plateau_index([2.0, 1.0, math.nan]) == 2
    with pytest.raises(UsageError):
        plateau_index([])


VALUES = arrays(float, 7, elements=st.floats(-1e3, 1e3))


@given(VALUES, VALUES, st.floats(0.1, 10.0))
def test_scaling(target, prediction, factor):
    assert mse(factor * target, factor * prediction) == pytest.approx(factor**2 * mse(target, prediction), rel=1e-9, abs=1e-9)
    if np.var(target) > 1e-6 and mse(target, prediction) > 1e-6:
        assert nmse(factor * target, factor * prediction) == pytest.approx(nmse(target, prediction), rel=1e-6)
        assert nmse(target, np.full(7, target.mean())) == pytest.approx(1.0)


@given(arrays(float, 9, elements=st.floats(1e-3, 1e3)), st.floats(0.01, 100.0))
def test_roughness_does_not_depend_on_the_unit_of_the_loss(losses, factor):
    assert roughness_of_curve(factor * losses) == pytest.approx(roughness_of_curve(losses), abs=1e-9)


@given(arrays(float, 12, elements=st.floats(0.0, 10.0)), st.floats(0.0, 1.0))
def test_plateau_is_the_first_such_position(losses, within):
    index = plateau_index(losses, within)
    inside = np.abs(losses - losses[-1]) <= within * np.abs(losses[-1])
    assert inside[index:].all()
    assert index == 0 or not inside[index - 1]
