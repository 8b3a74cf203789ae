"""Readers of published tables in plain text: verified bytes in, arrays out. Whatever is wrong raises `ValueError` with the file's name."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

__all__ = ["CITIES", "city_months", "climate", "decoded", "ionosphere", "numbers", "pima", "santa_fe"]

CITIES = {"Rio de Janeiro": "Rio De Janeiro", "Paris": "Paris", "London": "London"}
FIRST_YEAR, LAST_YEAR = 1870, 2012
MISSING_AS_ZERO = (1, 2, 3, 4, 5)  # glucose, blood pressure, skin fold, insulin, body mass index
CLIMATE_FILE = "GlobalLandTemperaturesByMajorCity.csv"
CLIMATE_HEADER = ["dt", "AverageTemperature", "AverageTemperatureUncertainty", "City", "Country", "Latitude", "Longitude"]


def santa_fe(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """``lasertrain.dat`` and ``laserpred.dat``: one whole number from 0 to 255 a line.

    Returns:
        ``train`` (1000,) and ``test`` (100,), float64.
    """
    series = {}
    for part, name in (("train", "lasertrain.dat"), ("test", "laserpred.dat")):
        values = numbers([[line] for line in decoded(contents[name], name).splitlines()], name)[:, 0]
        if not (np.equal(values, np.floor(values)) & (values >= 0) & (values <= 255)).all():
            raise ValueError(f"{name} holds a value that is no whole number from 0 to 255")
        series[part] = values
    return series


def ionosphere(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """``ionosphere.data``: 34 numbers in [-1, 1] and a letter a line, ``g`` for a good return and ``b`` for a bad one.

    Returns:
        ``X`` (351, 34) float64 and ``y`` (351,) int64, 1 = good.
    """
    name = "ionosphere.data"
    rows = _cells(contents[name], name, 35)
    wrong = sorted({row[-1] for row in rows} - {"g", "b"})
    if wrong:
        raise ValueError(f"{name} holds the class {wrong[0][:20]!r}, where classes are 'g' and 'b'")
    X = numbers([row[:-1] for row in rows], name)
    if np.abs(X).max() > 1:
        raise ValueError(f"{name} holds a number outside [-1, 1]")
    return {"X": X, "y": np.array([row[-1] == "g" for row in rows], dtype=np.int64)}


def pima(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """``pima-indians-diabetes.csv``: eight numbers, none negative, and the class 0 or 1 a line.

    The file writes 0 where glucose, blood pressure, skin fold, insulin or body mass index were not measured. The numbers are given as
    published; the mask says which of them stand for nothing.

    Returns:
        ``X`` (768, 8) float64 as published, ``missing`` (768, 8) bool, and ``y`` (768,) int64, 1 = tested positive.
    """
    name = "pima-indians-diabetes.csv"
    table = numbers(_cells(contents[name], name, 9), name)
    if (table < 0).any():
        raise ValueError(f"{name} holds a negative number")
    X, y = np.ascontiguousarray(table[:, :-1]), table[:, -1]
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"{name} holds a class other than 0 and 1")
    missing = np.zeros(X.shape, dtype=bool)
    missing[:, MISSING_AS_ZERO] = X[:, MISSING_AS_ZERO] == 0
    return {"X": X, "missing": missing, "y": y.astype(np.int64)}


def climate(contents: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """``GlobalLandTemperaturesByMajorCity.csv``: the months 1870-01 to 2012-12 of Rio de Janeiro, Paris and London.

    Returns:
        ``temperature`` (1716, 3) float64 in degrees Celsius, and ``month`` (1716,).
    """
    return city_months(contents[CLIMATE_FILE], CLIMATE_FILE, list(CITIES.values()))


def city_months(content: bytes, name: str, cities: Sequence[str]) -> dict[str, np.ndarray]:
    """Whole years 1870 to 2012 of cities from a table of Berkeley Earth by city or by major city.

    Args:
        content: the file: UTF-8 text, comma-separated, with a header.
        name: file name for the errors.
        cities: as the column City spells them.

    Returns:
        ``temperature`` (1716, cities) float64 in degrees Celsius, and ``month`` (1716,) datetime64 by months.

    Raises:
        ValueError: for another header, a line that is no row of it, and a city or month that is missing or there twice.
    """
    lines = _lines(content, name)
    if next(lines, "").split(",") != CLIMATE_HEADER:
        raise ValueError(f"{name} does not begin with the header {','.join(CLIMATE_HEADER)}")
    count = 12 * (LAST_YEAR + 1 - FIRST_YEAR)
    temperature = np.full((count, len(cities)), np.nan)
    place = {city: column for column, city in enumerate(cities)}
    for number, line in enumerate(lines, start=2):
        cells = line.split(",")
        if len(cells) != len(CLIMATE_HEADER):
            raise ValueError(f"line {number} of {name} has {len(cells)} columns, where {len(CLIMATE_HEADER)} are declared")
        column = place.get(cells[3])
        if column is None or not cells[1]:
            continue
        month = _month(cells[0], number, name)
        if 0 <= month < count:
            if not np.isnan(temperature[month, column]):
                raise ValueError(f"line {number} of {name} gives {cells[0][:7]} of {cells[3]} a second time")
            temperature[month, column] = _number(cells[1], number, name)
    for city, column in place.items():
        lacking = np.flatnonzero(np.isnan(temperature[:, column]))
        if len(lacking) == count:
            raise ValueError(f"{name} has no months of {city!r} from {FIRST_YEAR} to {LAST_YEAR}")
        if len(lacking):
            year, month = divmod(int(lacking[0]), 12)
            raise ValueError(f"{name} lacks {len(lacking)} months of {city}, the first {FIRST_YEAR + year}-{month + 1:02}")
    return {"temperature": temperature, "month": np.datetime64(f"{FIRST_YEAR}-01", "M") + np.arange(count)}


def decoded(content: bytes, name: str, encoding: str = "ascii") -> str:
    """The text of a file. Raises `ValueError` where it is not plain text of this encoding."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not plain {encoding} text: {error}") from error
    if "\0" in text:
        raise ValueError(f"{name} is not plain {encoding} text: it holds a null character")
    return text


def numbers(rows: Sequence[Sequence[str]], name: str) -> np.ndarray:
    """Rows of equally many numbers as (rows, columns) float64. Raises `ValueError` for none, and for what is no finite number."""
    if not rows:
        raise ValueError(f"{name} holds no rows")
    try:
        table = np.array([[_float(cell) for cell in row] for row in rows])
    except ValueError as error:
        raise ValueError(f"{name} holds something that is no number: {str(error)[:100]}") from error
    if not np.isfinite(table).all():
        raise ValueError(f"{name} holds a number that is not finite")
    return table


def _cells(content: bytes, name: str, columns: int) -> list[list[str]]:
    try:
        rows = list(csv.reader(decoded(content, name).splitlines(), strict=True))
    except csv.Error as error:
        raise ValueError(f"{name} is no comma-separated text: {error}") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            raise ValueError(f"line {number} of {name} has {len(row)} columns, where {columns} are declared")
    return rows


def _lines(content: bytes, name: str) -> Iterator[str]:
    """Lines of UTF-8 text one at a time, since a table by city has millions."""
    try:
        for line in io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="\n"):
            yield line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not plain utf-8 text: {error}") from error


def _month(text: str, line: int, name: str) -> int:
    """Months since January of the first year, from ``YYYY-MM-DD``."""
    year, month, day = text[:4], text[5:7], text[8:]
    if not (len(text) == 10 and text[4] == text[7] == "-" and (year + month + day).isdecimal() and 1 <= int(month) <= 12):
        raise ValueError(f"line {line} of {name} has the date {text[:20]!r}, where dates are YYYY-MM-DD")
    return 12 * (int(year) - FIRST_YEAR) + int(month) - 1


def _float(text: str) -> float:
    """A number as files write it; Python's own 1_000 is none."""
    if "_" in text:
        raise ValueError(f"could not convert {text!r}")
    return float(text)


def _number(text: str, line: int, name: str) -> float:
    try:
        value = _float(text)
    except ValueError:
        raise ValueError(f"line {line} of {name} has {text[:20]!r} for a number") from None
    if not np.isfinite(value):
        raise ValueError(f"line {line} of {name} has a number that is not finite")
    return value
