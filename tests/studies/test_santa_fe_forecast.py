"""Which values are used for what, the scores, the largest number of folds, the choice of the recipe."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit
from studies_tools import outcomes

from annlab import data
from annlab.draw import Drawing, forecast, phase_plot, recurrence_plot, time_folds
from annlab.studies.recurrent import santa_fe_forecast as module
from annlab.studies.recurrent.santa_fe_forecast import Params, study
from annlab.studies.recurrent.santa_fe_forecast_claims import folds_formula
from annlab.studies.recurrent.santa_fe_forecast_grid import BASELINES, largest_folds
from annlab.studies.recurrent.santa_fe_forecast_reading import NAMES
from annlab.studies.recurrent.santa_fe_forecast_recipe import STEPS, origins_of, recursive, rolling_scores, windows_without
from annlab.studies.recurrent.santa_fe_forecast_tables import ensemble_errors

TINY = Params(data="laser", lag=8, hidden_sizes=(4,), epochs=3, folds=2, spacing=400)
BLOCKS = replace(TINY, validation="blocks", batch_size=64, schedule="cosine")


@pytest.mark.parametrize("lag", [1, 7, 100])
@pytest.mark.parametrize("origin", [100, 455, 900])
def test_a_held_out_block_is_no_target_and_moves_no_mean(lag, origin):
    series = np.arange(1000.0)
    X, y, mean, deviation = windows_without(series, lag, origin)
    times = np.round(y * deviation + mean).astype(int)
    assert X.shape == (1000 - lag - STEPS, lag)
    assert set(times) == set(range(lag, 1000)) - set(range(origin, origin + STEPS))
    np.testing.assert_allclose(X * deviation + mean, times[:, None] - np.arange(lag, 0, -1), atol=0.01)
    outside = np.r_[series[:origin], series[origin + STEPS :]]
    assert (mean, deviation) == pytest.approx((outside.mean(), outside.std()))


@pytest.mark.parametrize("origin", [99, 901])
def test_a_block_lies_within_the_series(origin):
    with pytest.raises(ValueError, match=f"an origin lies in 100 ... 900, got {origin}"):
        windows_without(np.arange(1000.0), 100, origin)


def test_origins_serve_every_lag_and_leave_room():
    for spacing in (50, 70, 200):
        origins = origins_of(1000, spacing)
        assert origins[0] == 100
        assert origins[-1] <= 900 < origins[-1] + spacing
        assert set(np.diff(origins)) == {spacing}


def test_recursion_feeds_predictions_back():
    series = np.cos(0.3 * np.arange(60))
    X = np.lib.stride_tricks.sliding_window_view(series[:40], 2)[:-1]
    linear = LinearRegression().fit(X, series[2:40])  # x[t] = 2 cos(0.3) x[t-1] - x[t-2]
    path = recursive(linear.predict, series[None, 38:40], 20)
    np.testing.assert_allclose(path[0], series[40:60], atol=1e-9)


def test_a_forecast_is_lost_at_the_first_of_five_misses_within_ten():
    missed, wave = np.zeros((4, 100)), np.sin(np.arange(100.0))
    missed[1, [3, 5, 7, 9, 11]] = 2.0  # five misses within ten steps
    missed[2, [3, 6, 9, 12, 15]] = 2.0  # five within thirteen
    missed[3, 95:] = -2.0
    series = np.array([-1.0, 1.0])  # standard deviation 1
    columns, _ = module.tested(series, wave, wave + missed)
    np.testing.assert_array_equal(columns["breakdown_step"], [101, 4, 101, 96])


def test_a_forecast_that_runs_away_stays_finite():
    path = recursive(lambda states: 1e3 * states[:, -1], np.ones((2, 3)), 50)
    assert np.isfinite(path).all()


def test_scores_are_the_geometric_and_the_arithmetic_mean_over_windows():
    target = np.zeros((2, 5))
    forecasts = np.stack([np.stack([np.full(5, 1.0), np.full(5, 4.0)])])  # MSE 1 and 16
    scores = rolling_scores(target, forecasts)
    assert scores["rolling_mse"] == pytest.approx([4.0])
    assert scores["rolling_mean_mse"] == pytest.approx([8.5])


@pytest.mark.parametrize("size", [50, 100, 150, 300])
@pytest.mark.parametrize("lag", [1, 20, 80])
def test_the_largest_number_of_folds_is_the_largest(size, lag):
    most = largest_folds(1000, size, lag)

    def smallest(folds):
        split = TimeSeriesSplit(n_splits=folds, test_size=size, gap=lag)
        return min(len(train) for train, _ in split.split(np.zeros(1000)))

    assert smallest(most) >= lag + 1
    try:
        fewer = smallest(most + 1)
    except ValueError:  # scikit-learn finds no value to train on
        fewer = 0
    assert fewer < lag + 1


def test_the_printed_formula_of_folds_is_wrong():
    truth, why = folds_formula(None)
    assert not truth
    assert "5 and 8 are possible" in why


def test_a_perfect_and_a_flat_forecast():
    known = data.load("laser")
    train, truth = known["train"], known["test"]
    flat = np.full(100, train.mean())
    columns, frames = module.tested(train, truth, np.stack([truth, flat]))
    assert columns["test_mse"][0] == columns["test_nmse"][0] == columns["peak_position_error"][0] == 0
    assert columns["breakdown_step"][0] == 101
    assert columns["test_mse"][1] == pytest.approx(np.mean((truth - train.mean()) ** 2))
    assert columns["test_nmse"][1] == pytest.approx(columns["test_mse"][1] / truth.var())
    assert columns["test_nmse_train"][1] == pytest.approx(columns["test_mse"][1] / train.var())
    assert columns["amplitude_error"][1] == -1
    assert 66 * columns["early_mse"][1] + 34 * columns["late_mse"][1] == pytest.approx(100 * columns["test_mse"][1])
    np.testing.assert_array_equal(frames["prediction"][1], flat)


@pytest.mark.parametrize(
    "params",
    [
        TINY,
        replace(TINY, carry=True, test=True),
        replace(TINY, model="lstm", epochs=2, test=True),
        BLOCKS,
        replace(TINY, patience=1, test=True),
    ],
    ids=["mlp", "carried", "lstm", "blocks", "stopped"],
)
def test_the_same_numbers_again_and_others_for_another_seed(params):
    first, again = (outcomes(study, params, [0, 1]) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert a.metrics == b.metrics
    assert first[0].metrics != first[1].metrics


def test_the_continuation_is_met_only_where_the_cell_says_so(monkeypatch):
    class Guarded(dict):
        def __getitem__(self, name):
            if name == "test":
                raise AssertionError("the continuation was read")
            return super().__getitem__(name)

    series = data.load("laser")["train"]
    monkeypatch.setattr("studies_tools.Surroundings.data", lambda self, name: Guarded(train=series))
    for params in (TINY, BLOCKS, replace(TINY, model="linear", hidden_sizes=())):
        found = outcomes(study, params, [0])[0]
        assert not [name for name in found.metrics if name.startswith("test")]
    with pytest.raises(AssertionError, match="continuation was read"):
        outcomes(study, replace(TINY, test=True), [0])


def test_no_candidate_of_the_choice_is_tested_and_all_share_their_windows():
    for profile in ("quick", "standard", "full"):
        design = study.design(profile)
        candidates = [cell.params for cell in design.cells if cell.matches(study.select.among)]
        assert len(candidates) >= 4
        assert not any(params.test for params in candidates)
        assert len({params.spacing for params in candidates}) == 1


def test_ensembles_average_paths():
    paths = np.stack([np.zeros(4), np.full(4, 2.0), np.full(4, 4.0)])
    assert ensemble_errors(paths, np.full(4, 2.0), 3, "mean") == pytest.approx([0.0])
    assert ensemble_errors(paths, np.zeros(4), 1, "mean") == pytest.approx([0.0, 4.0, 16.0])
    assert set(ensemble_errors(paths, np.zeros(4), 2, "mean")) == {1.0, 4.0, 9.0}
    assert ensemble_errors(paths, np.zeros(4), 3, "median") == pytest.approx([4.0])


def test_the_figures_of_series():
    import pandas as pd

    steps = np.arange(1, 6)
    frame = pd.DataFrame({"step": np.tile(steps, 3), "replicate": np.repeat([0, 1, 2], 5), "prediction": np.arange(15.0)})
    assert isinstance(forecast(frame, np.arange(5.0), history=np.arange(3.0)), Drawing)
    assert isinstance(phase_plot({"a": np.arange(9.0)}, delay=2), Drawing)
    assert isinstance(recurrence_plot({"a": np.arange(9.0)}, window=2), Drawing)
    assert isinstance(time_folds([(np.arange(4), np.arange(6, 8))], 10), Drawing)
    for wrong in (
        lambda: phase_plot({}),
        lambda: phase_plot({"a": np.arange(3.0)}, delay=3),
        lambda: recurrence_plot({"a": np.arange(9.0)}, share=1.0),
        lambda: time_folds([], 10),
        lambda: time_folds([(np.arange(4), np.array([12]))], 10),
    ):
        with pytest.raises(ValueError, match=r"needed|wanted|between|at least|outside"):
            wrong()


def test_every_table_of_errors_names_every_baseline(small):
    results = small("santa-fe-forecast")
    makers = {table.name: table.make for table in study.tables}
    for name in (
        "recipes",
        "recipes-as-ensembles",
        "final",
        "seeds",
        "continuation",
        "networks",
        "one-step-and-recursive",
        "forms",
        "carried",
    ):
        view = makers[name](results)
        shown = " ".join([*view.notes, *(text for row in view.rows() for text in row)])
        assert not [baseline for baseline in BASELINES if NAMES[baseline] not in shown], name


@pytest.mark.real_data
def test_on_the_measured_laser():
    known = data.load("santa_fe")
    assert known["train"].shape == (1000,)
    params = replace(study.params, lag=20, hidden_sizes=(25,), epochs=60, folds=2)
    found = [outcome.metrics for outcome in outcomes(study, params, [0, 1])]
    assert max(metrics["validation_mse"] for metrics in found) < 0.3
