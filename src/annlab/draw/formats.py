"""Numbers as text: significant digits, powers of ten, means with half-widths and intervals."""

import math
from typing import Any

import numpy as np

__all__ = ["format_interval", "format_number", "format_plus_minus", "format_setting", "format_value", "name_words"]

_SMALL, _LARGE = -4, 6  # powers of ten outside which scientific notation is used
_GROUPED_FROM = 10_000
_ROUNDING = 1e-13  # a relative half-width below which there is no spread but that of floating-point sums
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTHING = "–"
_CAPITALS = {"mse": "MSE", "rmse": "RMSE", "nmse": "NMSE", "mae": "MAE", "snr": "SNR", "db": "dB", "f1": "F1", "r2": "R²"}


def format_number(value: float | None, digits: int = 3, unit: str = "") -> str:
    """A number with `digits` significant digits, such as ``0.0123``, ``13,600`` or ``1.20×10⁻⁵``.

    Whole numbers keep all their digits. None and NaN give a dash, infinity its sign. `unit` follows after a space.

    Raises:
        ValueError: for fewer than one digit.
    """
    if digits < 1:
        raise ValueError(f"digits must be at least 1, got {digits}")
    return _with_unit(_number(value, digits), unit)


def format_plus_minus(mean: float, half_width: float, unit: str = "") -> str:
    """``0.0123 ± 0.0012``: the half-width to two significant digits, the mean to the same decimal place.

    Without a finite half-width it is the mean alone, to three significant digits.
    """
    if not (math.isfinite(mean) and math.isfinite(half_width)):
        return format_number(mean, unit=unit)
    power = _shared_power(mean, half_width)
    places = _places(half_width / 10**power, mean / 10**power)
    text = f"{_fixed(mean / 10**power, places)} ± {_fixed(half_width / 10**power, places)}"
    return _with_unit(f"({text}){_ten(power)}" if power else text, unit)


def format_interval(mean: float, low: float, high: float, unit: str = "") -> str:
    """``0.0123 [0.0110, 0.0136]``: all to the decimal place at which the half-width has two significant digits.

    Without finite ends it is the mean alone, to three significant digits.
    """
    if not all(math.isfinite(value) for value in (mean, low, high)):
        return format_number(mean, unit=unit)
    power = _shared_power(mean, max(abs(low), abs(high)))
    places = _places((high - low) / 2 / 10**power, mean / 10**power)
    middle, lower, upper = (_fixed(value / 10**power, places) for value in (mean, low, high))
    text = f"{middle} [{lower}, {upper}]"
    return _with_unit(f"{text}{_ten(power)}" if power else text, unit)


def format_setting(value: Any) -> str:
    """A parameter's value, short: numbers without trailing zeros (``0.1``, ``10⁻⁵``, ``2×10⁻⁴``), lists joined by hyphens."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_):
        number = float(value)
        if not math.isfinite(number) or number == 0 or number.is_integer():
            return _number(number, 3)
        power = math.floor(math.log10(abs(number)))
        if _SMALL <= power < _LARGE:
            return _minus(f"{number:.6g}")
        mantissa = f"{number / 10.0**power:.6g}"
        return (_minus(mantissa) if mantissa not in {"1", "-1"} else "−" * (mantissa == "-1")) + _ten(power).lstrip(
            "×" if mantissa in {"1", "-1"} else ""
        )
    if isinstance(value, list | tuple):
        return "-".join(format_setting(part) for part in value) if value else "none"
    return format_value(value)


def name_words(name: str) -> str:
    """A column's name as words: spaces for underscores, abbreviations in capitals."""
    return " ".join(_CAPITALS.get(word, word) for word in name.split("_"))


def format_value(value: Any, digits: int = 3) -> str:
    """Any value of a table: numbers, intervals (objects with ``mean``, ``low``, ``high``), truth values, lists, text."""
    if value is None:
        return NOTHING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.integer | np.floating):
        return format_number(float(value) if isinstance(value, float | np.floating) else int(value), digits)
    if all(hasattr(value, part) for part in ("mean", "low", "high")) and not callable(value.mean):
        return format_interval(value.mean, value.low, value.high)
    if isinstance(value, list | tuple):
        return "-".join(format_value(part, digits) for part in value) if value else "none"
    text = str(value)
    return NOTHING if text in {"nan", "NaT", "<NA>", "None", ""} else text


def _number(value: float | None, digits: int) -> str:
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 10**_LARGE):
        whole = int(value)
        return _minus(f"{whole:,}" if abs(whole) >= _GROUPED_FROM else f"{whole}")
    mantissa, _, power_text = f"{value:.{digits - 1}e}".partition("e")
    power = int(power_text)
    if _SMALL <= power < _LARGE:
        return _fixed(value, max(0, digits - 1 - power))
    return _minus(mantissa) + _ten(power)


def _shared_power(*values: float) -> int:
    """Power of ten taken out of a group of numbers; 0 where plain notation reads well."""
    largest = max(abs(value) for value in values)
    if largest == 0:
        return 0
    power = math.floor(math.log10(largest))
    return 0 if _SMALL <= power < _LARGE else power


def _places(half_width: float, mean: float) -> int:
    """Decimal places at which the half-width has two significant digits (the mean three where there is no width)."""
    if half_width > _ROUNDING * abs(mean):
        return min(12, max(0, 1 - int(f"{half_width:.1e}".partition("e")[2])))
    return 0 if mean == 0 else min(12, max(0, 2 - math.floor(math.log10(abs(mean)))))


def _fixed(value: float, places: int) -> str:
    text = f"{value:,.{places}f}" if abs(value) >= _GROUPED_FROM else f"{value:.{places}f}"
    return _minus(text if float(text.replace(",", "")) != 0 else text.lstrip("-"))


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _ten(power: int) -> str:
    return f"×10{str(power).translate(_SUPERSCRIPTS)}"


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit and text != NOTHING else text
