"""Which months are used for what, baselines with known answers, sweeps that agree with single lags."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab import data
from annlab.errors import UsageError
from annlab.lab.results import Results
from annlab.studies.tabular import climate_forecast as module
from annlab.studies.tabular import climate_forecast_models as models
from annlab.studies.tabular.climate_forecast import HELD_OUT, irregularity, months_of, repeats, study
from annlab.studies.tabular.climate_forecast_reading import unsettled, vector_caption

TINY = replace(study.params, data="seasonal", city="southern tropics", model="linear", lag=12)
SERIES = data.load("seasonal")["temperature"][:, 0]


@pytest.mark.parametrize("years", [0, 30])
def test_parts_follow_each_other_and_replicates_end_earlier(years):
    params = replace(TINY, training_years=years)
    first, second = (months_of(SERIES, params, replicate) for replicate in (0, 1))
    assert len(first.values) - len(second.values) == 36
    for months in (first, second):
        assert len(months.values) - months.test == months.test - months.validation == HELD_OUT
        assert len(months.training) % 12 == 0
        assert len(months.training) == (360 if years else months.validation - months.first)
        assert months.values[months.validation] not in months.training[-1:]
    np.testing.assert_array_equal(first.values, SERIES)


def test_a_short_series_is_refused():
    with pytest.raises(UsageError, match="120 are needed"):
        months_of(SERIES[:300], TINY, 0)


def test_irregularity_of_a_pure_season_is_nothing_and_of_noise_nearly_all():
    season = np.tile(np.arange(12.0), 20)
    assert irregularity(season) == {"left_variance": 0.0, "left_share": 0.0}
    noise = np.random.default_rng(0).normal(size=2400)
    assert irregularity(noise)["left_share"] == pytest.approx(1 - 11 / 2399, abs=0.01)
    assert repeats(season) == pytest.approx(1.0)
    assert repeats(np.ones(48)) == 1.0
    assert abs(repeats(noise)) < 0.1


def test_the_month_mean_by_hand():
    (found,) = outcomes(study, replace(TINY, model="month mean"), [0])
    months = months_of(SERIES, TINY, 0)
    means = np.array([months.training[month::12].mean() for month in range(12)])
    place = (np.arange(months.test, len(SERIES)) - months.first) % 12
    assert found.metrics["test_mse"] == pytest.approx(np.mean((SERIES[months.test :] - means[place]) ** 2))
    assert found.metrics["train_mse"] == pytest.approx(found.metrics["left_variance"])
    (far,) = outcomes(study, replace(TINY, model="month mean", forecast="recursive"), [0])
    assert far.metrics["test_mse"] == pytest.approx(found.metrics["test_mse"])
    assert far.metrics["forecast_repeats"] == pytest.approx(1.0)


@pytest.mark.parametrize("mode", ["one-step", "recursive"])
def test_a_pure_season_is_forecast_exactly(monkeypatch, mode):
    season = np.tile(10 + 5 * np.cos(2 * np.pi * np.arange(12) / 12), 60)
    monkeypatch.setattr(module, "months_of", lambda values, params, replicate: months_of(season, params, replicate))
    for model in ("linear", "seasonal naive", "month mean"):
        (found,) = outcomes(study, replace(TINY, model=model, forecast=mode), [0])
        assert found.metrics["test_mse"] < 1e-10


def test_test_months_change_neither_fit_nor_validation(monkeypatch):
    for mode in ("one-step", "recursive"):
        params = replace(TINY, model="forest", trees=3, training_years=30, forecast=mode)
        (before,) = outcomes(study, params, [0])
        spoiled = np.array(SERIES)
        spoiled[-HELD_OUT:] += 40
        with monkeypatch.context() as patch:
            patch.setattr(module, "months_of", lambda values, params, replicate: months_of(spoiled, params, replicate))  # noqa: B023
            (after,) = outcomes(study, params, [0])
        for name in ("train_mse", "validation_mse"):
            assert after.metrics[name] == before.metrics[name]
        assert after.metrics["test_mse"] != before.metrics["test_mse"]


def test_a_sweep_agrees_with_single_lags():
    (swept,) = outcomes(study, replace(TINY, lags=(3, 12)), [0])
    (single,) = outcomes(study, TINY, [0])
    assert swept.series["by_lag"]["validation_mse"][1] == pytest.approx(single.metrics["validation_mse"])
    assert swept.series["by_lag"]["train_mse"][1] == pytest.approx(single.metrics["train_mse"])  # months counted from the longest lag
    assert swept.metrics["best_lag_validation"] == 12


def test_the_width_scale_is_one_over_lag_and_variance():
    params = replace(TINY, model="svr", standardise=False)
    training = months_of(SERIES, params, 0).training
    windows = np.lib.stride_tricks.sliding_window_view(training, params.lag)[:-1]
    (usual,) = outcomes(study, params, [0])
    (same,) = outcomes(study, replace(params, gamma=1 / (params.lag * windows.var())), [0])
    (other,) = outcomes(study, replace(params, gamma=0.5), [0])
    assert same.metrics["validation_mse"] == pytest.approx(usual.metrics["validation_mse"])
    assert other.metrics["validation_mse"] != pytest.approx(usual.metrics["validation_mse"], rel=1e-3)


def test_a_fit_that_stops_early_is_a_number_and_no_warning(monkeypatch):  # warnings are errors here
    params = replace(TINY, model="svr")
    assert [found.metrics["converged"] for found in outcomes(study, params, [0])] == [1.0]
    monkeypatch.setattr(models, "MOST_ITERATIONS", 40)
    assert [found.metrics["converged"] for found in outcomes(study, params, [0])] == [0.0]
    (swept,) = outcomes(study, replace(params, lags=(1, 12), epsilon=3.0), [0])  # in so wide a tube lie nearly all months
    assert swept.metrics["converged"] == 1.0
    assert "converged" not in outcomes(study, TINY, [0])[0].metrics


def test_the_report_counts_fits_that_did_not_converge(small):
    results = small("climate-forecast")
    fits = sum(max(1, len(record.cell.params.lags)) for record in results.records if record.cell.params.model == "svr")
    assert unsettled(results).startswith(f"All {fits} fits")
    metrics = {**results.records[0].outcome.metrics, "converged": 0.0}
    spoiled = [replace(results.records[0], outcome=replace(results.records[0].outcome, metrics=metrics)), *results.records[1:]]
    assert results.records[0].cell.params.kernel == "rbf"
    found = unsettled(Results.from_records(study, results.design, spoiled))
    assert found.startswith(f"1 of {fits} fits")
    assert "rbf on standardised values" in found
    for text in (vector_caption(results), study.questions[-1].answer(results)):
        assert unsettled(results) in text


@pytest.mark.real_data
def test_rio_is_repeated_by_a_forest():
    params = replace(study.params, model="forest", lag=29, trees=20, forecast="recursive")
    (found,) = outcomes(study, params, [0])
    assert found.metrics["forecast_repeats"] > 0.9
    assert found.metrics["test_mse"] < 4
