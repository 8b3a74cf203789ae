"""The synthetic laser: its equations, its likeness to the published facts of set A, and the margins that make it the same everywhere."""

import numpy as np
import pytest

from annlab.data import laser
from annlab.data.laser import BETA, BLOCK, INTERVAL, PUMP, SIGMA, START


@pytest.fixture(scope="module")
def series():
    made = laser.laser()
    return np.concatenate([made["train"], made["test"]])


def peaks(values):
    places = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:])) + 1
    return places[values[places] > 30]


def collapses(values):
    """Samples at which a pulse is much lower than the one before."""
    places = peaks(values)
    return places[1:][values[places[1:]] < 0.62 * values[places[:-1]]]


def test_values_are_those_of_an_8_bit_instrument(series):
    assert series.shape == (1_100,)
    assert np.array_equal(series, np.floor(series))
    assert 0 <= series.min() < 10
    assert series.max() == 255


def test_mean_and_spread_are_about_those_of_set_a(series):
    assert series[:1_000].mean() == pytest.approx(59.9, abs=1)
    assert series[:1_000].std() == pytest.approx(46.9, abs=1)


def test_a_pulse_takes_seven_to_eight_samples(series):
    assert 7 < 1_100 / len(peaks(series)) < 8.5
    spectrum = np.abs(np.fft.rfft(series[:1_000] - series[:1_000].mean())) ** 2
    assert 7 < 1_000 / np.argmax(spectrum) < 8


def test_low_values_are_common_and_high_ones_rare_as_in_set_a(series):
    share = np.histogram(series[:1_000], bins=[0, 32, 64, 128, 192, 256])[0] / 1_000
    # Set A: 0.34, 0.30, 0.26, 0.09, 0.02; the histogram of a chaotic laser falls off from dark to bright.
    np.testing.assert_allclose(share, [0.34, 0.30, 0.26, 0.09, 0.02], atol=0.08)
    assert (np.diff(share) < 0.03).all()


def test_pulses_grow_and_collapse(series):
    found = collapses(series)
    assert 3 <= len(found[found < 1_000]) <= 8
    assert len(found[found >= 1_000]) >= 1  # the continuation has a collapse to foresee
    longest = np.argmax(np.diff(found))
    assert np.diff(found)[longest] > 300
    heights = series[peaks(series)]
    growing = heights[(peaks(series) > found[longest] + 20) & (peaks(series) < found[longest + 1])]
    growth = np.polyfit(np.arange(len(growing)), growing, 1)[0] * len(growing)
    assert growth > 60


def test_the_intensity_follows_the_equations():
    # One block by a plain fourth-order Runge-Kutta rule with small steps.
    state, steps = np.array([*START, 0.0]), 400

    def rates(u):
        return np.array([SIGMA * (u[1] - u[0]), u[0] * (PUMP - u[2]) - u[1], u[0] * u[1] - BETA * u[2], u[0] ** 2])

    collected, h = [0.0], INTERVAL / steps
    for _ in range(BLOCK):
        for _ in range(steps):
            k1 = rates(state)
            k2 = rates(state + h / 2 * k1)
            k3 = rates(state + h / 2 * k2)
            k4 = rates(state + h * k3)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        collected.append(state[3])
    np.testing.assert_allclose(laser.intensity(BLOCK), np.diff(collected) / INTERVAL, rtol=1e-6, atol=1e-8)


def test_the_steady_beam_stays_steady():
    steady = np.sqrt(BETA * (PUMP - 1))
    np.testing.assert_allclose(laser.intensity(5, (steady, steady, PUMP - 1)), steady**2, rtol=1e-9)
    assert laser.intensity(3, (0.0, 0.0, 1.0)).tolist() == [0.0] * 3
    assert len(laser.intensity(23)) == 23


def test_no_value_lies_so_near_a_rounding_that_another_machine_could_round_otherwise(monkeypatch):
    distances = []
    plain = np.round

    def watched(values, decimals):
        scaled = np.asarray(values) * 10.0**decimals
        distances.append(np.abs(scaled - np.floor(scaled) - 0.5).min() * 10.0**-decimals)
        return plain(values, decimals)

    monkeypatch.setattr(laser.np, "round", watched)
    counts = laser.DARK + laser.GAIN * laser.intensity(1_100) + 0.5
    assert len(distances) == 110
    assert min(distances) > 1e-10  # arithmetic differs by 1e-14 or so
    assert np.abs(counts - np.floor(counts + 0.5)).min() > 1e-7


def test_a_change_in_the_last_bits_changes_nothing_after_a_block():
    moved = tuple(value * (1 + 4e-16) for value in START)
    np.testing.assert_array_equal(laser.intensity(300)[BLOCK:], laser.intensity(300, moved)[BLOCK:])
