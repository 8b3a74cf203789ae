"""Tables in text: exactly what the format says, and a refusal that names the file."""

import numpy as np
import pytest

from annlab.data import tables


def series_files(train="   8.6000000e+01\r\n   2.5500000e+02\r\n", test="7\n"):
    return {"lasertrain.dat": train.encode(), "laserpred.dat": test.encode()}


def test_the_laser_is_read_line_by_line():
    found = tables.santa_fe(series_files())
    assert found["train"].tolist() == [86.0, 255.0]
    assert found["test"].tolist() == [7.0]
    assert found["train"].dtype == np.float64


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (series_files(train=""), r"lasertrain\.dat holds no rows"),
        (series_files(train="1.5\n"), r"lasertrain\.dat holds a value that is no whole number from 0 to 255"),
        (series_files(test="256\n"), r"laserpred\.dat holds a value that is no whole number"),
        (series_files(test="-1\n"), r"laserpred\.dat holds a value that is no whole number"),
        (series_files(test="nan\n"), r"laserpred\.dat holds a number that is not finite"),
        (series_files(train="1 2\n"), r"lasertrain\.dat holds something that is no number"),
        (series_files(train="1_0\n"), r"lasertrain\.dat holds something that is no number"),
        (series_files(train="1\n\n2\n"), r"lasertrain\.dat holds something that is no number"),
        (series_files(train="\N{SUPERSCRIPT TWO}\n"), r"lasertrain\.dat is not plain ascii text"),
        (series_files(train="1\0\n"), r"lasertrain\.dat .* null character"),
    ],
)
def test_a_wrong_laser_file_is_named(files, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        tables.santa_fe(files)


def radar(value="0.5", last="g", columns=34):
    return {"ionosphere.data": (",".join([value] * columns) + f",{last}\n").encode()}


def test_radar_returns_are_good_or_bad():
    both = tables.ionosphere({"ionosphere.data": radar()["ionosphere.data"] + radar("-1", "b")["ionosphere.data"]})
    np.testing.assert_array_equal(both["X"], [[0.5] * 34, [-1.0] * 34])
    assert both["y"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (radar(last="x"), "holds the class 'x', where classes are 'g' and 'b'"),
        (radar("1.01"), r"holds a number outside \[-1, 1\]"),
        (radar("one"), "holds something that is no number"),
        (radar(columns=33), "has 34 columns, where 35 are declared"),
        ({"ionosphere.data": b'"open'}, "is no comma-separated text"),
        ({"ionosphere.data": b""}, "holds no rows"),
    ],
)
def test_a_wrong_radar_table_is_named(files, says):
    with pytest.raises(ValueError, match=rf"ionosphere\.data.* {says}|ionosphere\.data {says}"):
        tables.ionosphere(files)


def test_zeros_that_stand_for_nothing_are_marked_and_kept():
    found = tables.pima({"pima-indians-diabetes.csv": b"0,0,0,0,0,0,0.5,30,1\n6,148,72,35,0,33.6,0.627,50,0"})
    assert found["X"].tolist() == [[0, 0, 0, 0, 0, 0, 0.5, 30], [6, 148, 72, 35, 0, 33.6, 0.627, 50]]
    assert found["missing"][0].tolist() == [False, True, True, True, True, True, False, False]
    assert found["missing"][1].tolist() == [False, False, False, False, True, False, False, False]
    assert found["y"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,2,3,4,5,6,7,8,2", "a class other than 0 and 1"),
        ("1,2,3,4,5,6,7,8,0.5", "a class other than 0 and 1"),
        ("-1,2,3,4,5,6,7,8,0", "a negative number"),
        ("1,2,3,4,5,6,7,8", "has 8 columns, where 9"),
        ("1,2,3,4,5,6,7,inf,0", "not finite"),
    ],
)
def test_a_wrong_pima_table_is_named(text, says):
    with pytest.raises(ValueError, match=rf"pima-indians-diabetes\.csv.* {says}"):
        tables.pima({"pima-indians-diabetes.csv": text.encode()})


HEADER = ",".join(tables.CLIMATE_HEADER)
MONTHS = [f"{year}-{month:02}-01" for year in range(1870, 2013) for month in range(1, 13)]


def city_table(city="Köln", months=MONTHS, extra=()):
    rows = [f"{month},{number / 4},0.5,{city},Land,1N,2E" for number, month in enumerate(months)]
    return "\r\n".join([HEADER, *extra, *rows, ""]).encode()


def test_whole_years_of_a_city_are_taken_from_the_table():
    extra = [
        "1743-11-01,,,Köln,Land,1N,2E",
        "1869-12-01,99,1,Köln,Land,1N,2E",
        "2013-01-01,99,1,Köln,Land,1N,2E",
        "1900-01-01,3,1,Bonn,Land,1N,2E",
    ]
    found = tables.city_months(city_table(extra=extra), "t.csv", ["Köln"])
    assert found["temperature"].shape == (1_716, 1)
    np.testing.assert_array_equal(found["temperature"][:, 0], np.arange(1_716) / 4)
    assert (found["month"][0], found["month"][-1]) == (np.datetime64("1870-01"), np.datetime64("2012-12"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "does not begin with the header dt,"),
        (b"a,b\n", "does not begin with the header dt,"),
        (city_table(city="Bonn"), "has no months of 'Köln' from 1870 to 2012"),
        (city_table(months=MONTHS[:-2]), "lacks 2 months of Köln, the first 2012-11"),
        (city_table(extra=["1870-01-01,1,1,Köln,Land,1N,2E"]), "gives 1870-01 of Köln a second time"),
        (city_table(extra=["1870-13-01,1,1,Köln,Land,1N,2E"]), "line 2 of t.csv has the date '1870-13-01'"),
        (city_table(extra=["1870/01/01,1,1,Köln,Land,1N,2E"]), "line 2 of t.csv has the date"),
        (city_table(extra=["1870-01-01,warm,1,Köln,Land,1N,2E"]), "line 2 of t.csv has 'warm' for a number"),
        (city_table(extra=["1870-01-01,inf,1,Köln,Land,1N,2E"]), "line 2 of t.csv has a number that is not finite"),
        (city_table(extra=["1870-01-01,1,1,Köln,Land"]), "line 2 of t.csv has 5 columns, where 7"),
        (city_table().decode().encode("latin-1"), "is not plain utf-8 text"),
    ],
)
def test_a_wrong_city_table_is_named(content, says):
    with pytest.raises(ValueError, match=says) as raised:
        tables.city_months(content, "t.csv", ["Köln"])
    assert "t.csv" in str(raised.value)


def test_the_three_cities_come_in_their_order():
    parts = [city_table(city=city).decode().partition("\r\n")[2] for city in ("London", "Rio De Janeiro", "Paris")]
    found = tables.climate({tables.CLIMATE_FILE: (HEADER + "\r\n" + "".join(parts)).encode()})
    assert found["temperature"].shape == (1_716, 3)
    np.testing.assert_array_equal(found["temperature"].T, [np.arange(1_716) / 4] * 3)
