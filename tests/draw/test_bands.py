import numpy as np
import pytest

from annlab.draw.bands import band_words, summarise
from annlab.lab.statistics import mean_interval


def test_the_interval_is_that_of_the_statistics_at_every_point(rng):
    values = rng.normal(size=(7, 5))
    values[2, 1] = np.nan
    values[:, 3] = np.inf
    values[1:, 4] = np.nan
    band = summarise(values, level=0.9)
    for point in range(5):
        expected = mean_interval(values[:, point], 0.9)
        assert band.n[point] == expected.n
        np.testing.assert_allclose(
            [band.centre[point], band.low[point], band.high[point]],
            [expected.mean, expected.low, expected.high],
            rtol=1e-12,
            equal_nan=True,
        )


def test_on_logarithms_mean_and_interval_are_turned_back(rng):
    values = np.exp(rng.normal(size=(6, 3)))
    values[0, 0] = -1.0
    band = summarise(values, log=True)
    expected = mean_interval(np.log(values[1:, 0]))
    assert band.n[0] == 5
    np.testing.assert_allclose([band.centre[0], band.low[0], band.high[0]], np.exp([expected.mean, expected.low, expected.high]))


def test_range_quartiles_and_deviation(rng):
    values = rng.normal(size=(9, 4))
    assert np.array_equal(summarise(values, "range").low, values.min(axis=0))
    assert np.array_equal(summarise(values, "range").high, values.max(axis=0))
    np.testing.assert_allclose(summarise(values, "quartiles").low, np.quantile(values, 0.25, axis=0))
    spread = summarise(values, "deviation")
    np.testing.assert_allclose(spread.high - spread.centre, values.std(axis=0, ddof=1))
    np.testing.assert_allclose(summarise(values, centre="median").centre, np.median(values, axis=0))


def test_one_replicate_has_no_band():
    for kind in ("interval", "range", "deviation", "quartiles"):
        band = summarise(np.array([[1.0, 2.0]]), kind)
        assert np.isnan(band.low).all()
        assert band.centre.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"kind": "sem"}, "band must be"), ({"centre": "mode"}, "centre must be"), ({"level": 95}, "between 0 and 1")],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        summarise(np.ones((2, 2)), **options)
    with pytest.raises(ValueError, match="axes"):
        summarise(np.ones(3))


def test_words_say_what_is_drawn():
    assert band_words("interval", "mean", 0.95, 10, log=True) == "geometric mean, band: 95 % interval of the geometric mean, n = 10"
    assert band_words(None, "median", 0.95, 10, log=False) == "median"
    assert band_words("range", "mean", 0.95, 1, log=False) == "one run"
