import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.draw import format_interval, format_number, format_plus_minus
from annlab.draw.formats import format_setting, format_value, name_words
from annlab.lab.statistics import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123456, "0.0123"),
        (0.012, "0.0120"),
        (1234.5678, "1235"),
        (13600, "13,600"),
        (2500, "2500"),
        (0, "0"),
        (-0.5, "−0.500"),
        (1.2e-5, "1.20×10⁻⁵"),
        (-3.4e9 - 0.5, "−3.40×10⁹"),
        (float("nan"), "–"),
        (None, "–"),
        (float("inf"), "∞"),
        (-math.inf, "−∞"),
        (0.99999, "1.00"),
        (np.float32(0.25), "0.250"),
    ],
)
def test_numbers(value, text):
    assert format_number(value) == text


def test_units_follow_numbers_and_not_dashes():
    assert format_number(0.25, unit="s") == "0.250 s"
    assert format_number(None, unit="s") == "–"
    with pytest.raises(ValueError, match="digits must be at least 1"):
        format_number(1.0, digits=0)


@given(st.floats(min_value=1e-12, max_value=1e12), st.booleans(), st.integers(2, 6))
def test_a_number_read_back_is_within_half_a_digit(size, negative, digits):
    value = -size if negative else size
    text = format_number(value, digits)
    mantissa, _, power = text.replace("−", "-").replace(",", "").partition("×10")
    exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if power else 0
    assert float(mantissa) * 10.0**exponent == pytest.approx(value, rel=0.501 * 10 ** (1 - digits) if digits < 7 else 1e-9)


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.012345, 0.00123, "0.0123 ± 0.0012"),
        (97.8123, 0.0456, "97.812 ± 0.046"),
        (1.234e-7, 1.2e-9, "(1.234 ± 0.012)×10⁻⁷"),
        (12345.6, 234.0, "12,346 ± 234"),
        (0.5, float("nan"), "0.500"),
        (0.00039, 0.00006, "0.000390 ± 0.000060"),
    ],
)
def test_half_widths_have_two_digits_and_means_the_same_place(mean, half, text):
    assert format_plus_minus(mean, half) == text


def test_intervals_share_the_decimal_place():
    assert format_interval(0.0123, 0.011, 0.0136) == "0.0123 [0.0110, 0.0136]"
    assert format_interval(2e-8, 1e-8, 3e-8) == "2.0 [1.0, 3.0]×10⁻⁸"
    assert format_interval(0.5, math.nan, math.nan, "dB") == "0.500 dB"
    assert format_interval(0.5, 0.5, 0.5) == "0.500 [0.500, 0.500]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e-05, "10⁻⁵"),
        (2e-05, "2×10⁻⁵"),
        (-1e-6, "−10⁻⁶"),
        (0.0001, "0.0001"),
        (2.0, "2"),
        ((16, 16), "16-16"),
        ((), "none"),
        (True, "yes"),
        ("adam", "adam"),
    ],
)
def test_settings_are_short(value, text):
    assert format_setting(value) == text


def test_values_of_tables():
    assert format_value(Interval(0.0123, 0.011, 0.0136, 5, 0.1)) == "0.0123 [0.0110, 0.0136]"
    assert format_value(np.bool_(False)) == "no"
    assert format_value(float("nan")) == "–"


def test_names_become_words():
    assert name_words("validation_mse") == "validation MSE"
    assert name_words("learning rate") == "learning rate"


def test_rounding_noise_is_no_width():
    assert format_plus_minus(0.95, 1e-17) == format_plus_minus(0.95, 0.0) == "0.950 ± 0.000"
    assert format_interval(0.95, 0.95 - 1e-16, 0.95 + 1e-16) == "0.950 [0.950, 0.950]"
    assert format_plus_minus(0.95, 1e-10).startswith("0.95000000000 ± 0.0000000001")
