import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.measure.forecasting import (
    NORMALISERS,
    amplitude_error,
    breakdown_step,
    forecast_mse,
    forecast_nmse,
    horizon_mse,
    peak_position_error,
)

TARGET = np.array([0.0, 4.0, 0.0, 2.0])


def test_errors_by_hand() -> None:
    forecasts = np.array([[1.0, 4.0, 0.0, 2.0], [0.0, 1.0, 2.0, 2.0]])
    np.testing.assert_allclose(forecast_mse(TARGET, forecasts), [0.25, 13 / 4])
    np.testing.assert_allclose(horizon_mse(TARGET, forecasts), [0.5, 4.5, 2.0, 0.0])
    assert forecast_mse(TARGET, forecasts[0]) == 0.25


def test_each_normaliser_by_hand_and_one_is_its_own_forecast() -> None:
    train = np.array([1.0, 3.0, 5.0, 3.0])
    squares = np.array([9.0, 1.0, 9.0, 1.0]).mean()  # both the mean and the last value are 3
    wanted = {"target_variance": 2.75, "train_variance": 2.0, "train_mean": squares, "last_value": squares}
    forecast = TARGET + 1
    for name in NORMALISERS:
        assert forecast_nmse(TARGET, forecast, name, train) == pytest.approx(1 / wanted[name])
    assert forecast_nmse(TARGET, np.full(4, 3.0), "train_mean", train) == 1
    assert forecast_nmse(TARGET, np.full(4, TARGET.mean()), "target_variance") == 1


def test_a_zero_normaliser_gives_infinity_or_nan() -> None:
    flat = np.ones(3)
    assert forecast_nmse(flat, flat + 1, "target_variance") == np.inf
    assert np.isnan(forecast_nmse(flat, flat, "target_variance"))


def test_a_forecast_breaks_down_where_a_whole_run_is_lost() -> None:
    target = np.zeros(12)
    short, late, none = np.zeros(12), np.zeros(12), np.zeros(12)
    short[2:6] = 3  # four steps are not five
    late[[2, *range(5, 10)]] = 3
    none[8:] = 3  # the series ends before the fifth
    np.testing.assert_array_equal(breakdown_step(target, [short, late, none], 2.0), [13, 6, 13])
    assert breakdown_step(target, none, 2.0, misses=4) == 9
    assert breakdown_step(target, late, 3.0) == 13  # beyond, not at
    assert breakdown_step(target, late, 1.0, misses=20) == 13


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 5), st.integers(0, 2**16))
def test_breakdown_is_what_a_plain_loop_finds(steps: int, misses: int, room: int, seed: int) -> None:
    errors = np.random.default_rng(seed).normal(size=(2, steps)) * 2
    for row, found in zip(errors, breakdown_step(np.zeros(steps), errors, 1.0, misses, misses + room), strict=True):
        missed = np.flatnonzero(np.abs(row) > 1)  # five of ten are found from the first of five that lie at most nine apart
        wanted = next(
            (first + 1 for first, last in zip(missed, missed[misses - 1 :], strict=False) if last - first < misses + room), steps + 1
        )
        assert found == wanted
    in_a_row = breakdown_step(np.zeros(steps), errors, 1.0, misses)
    np.testing.assert_array_equal(in_a_row, breakdown_step(np.zeros(steps), errors, 1.0, misses, misses))


def test_amplitude_and_peaks() -> None:
    time = np.arange(60)
    target = np.sin(2 * np.pi * time / 12)
    np.testing.assert_allclose(amplitude_error(target, [target, 2 * target + 5, np.zeros(60)]), [0, 1, -1], atol=1e-12)
    moved = np.sin(2 * np.pi * (time - 2) / 12)
    np.testing.assert_allclose(peak_position_error(target, [target, moved, np.zeros(60)], 0.5), [0, 2, 60])
    assert np.isnan(peak_position_error(np.zeros(60), target, 0.5))
    small = target + 0.1 * (time % 2)
    assert peak_position_error(target, small, 1.0) <= 1  # ripples are no peaks


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((2, 4), (3, 4)), ((0,), (0,)), ((), ())])
def test_shapes_that_do_not_fit(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(UsageError, match="a forecast"):
        forecast_mse(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_wrong_settings() -> None:
    with pytest.raises(UsageError, match="unknown normaliser"):
        forecast_nmse(TARGET, TARGET, "variance")
    with pytest.raises(UsageError, match="needs the training values"):
        forecast_nmse(TARGET, TARGET, "train_mean")
    with pytest.raises(UsageError, match="above 0"):
        breakdown_step(TARGET, TARGET, 0.0)
    with pytest.raises(UsageError, match=r"got 1\.0, 5 and 4"):
        breakdown_step(TARGET, TARGET, 1.0, misses=5, within=4)
