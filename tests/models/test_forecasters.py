import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVR

import annlab
from annlab.errors import UsageError
from annlab.models.forecast_baselines import (
    LastValueForecaster,
    MeanForecaster,
    SeasonalMeanForecaster,
    SeasonalNaiveForecaster,
    baseline_forecasters,
    main_period,
)
from annlab.models.forecasters import Forecaster
from annlab.models.lag_forecaster import LagForecaster
from annlab.models.lstm_forecaster import LSTMForecaster
from annlab.models.mlp_forecaster import MLPForecaster

TIME = np.arange(90)
WAVE = 50 + 20 * np.sin(2 * np.pi * TIME / 9) + 5 * np.sin(2 * np.pi * TIME / 5)
SMALL: dict[str, Any] = {"lag": 6, "hidden_sizes": (5,), "max_epochs": 4, "n_replicates": 3, "random_state": 0, "dtype": "float64"}
NETWORKS: dict[str, Callable[[], Any]] = {
    "mlp": lambda: MLPForecaster(**SMALL),
    "stateful": lambda: LSTMForecaster(**SMALL),
    "windowed": lambda: LSTMForecaster("windowed", **{**SMALL, "hidden_sizes": (4, 3), "batch_size": 30}),
}
EVERY: dict[str, Callable[[], Any]] = {
    **NETWORKS,
    "linear": lambda: LagForecaster(lag=6, random_state=0),
    "forest": lambda: LagForecaster(RandomForestRegressor(5), lag=6, n_replicates=2, random_state=0),
    "svr": lambda: LagForecaster(SVR(), lag=6, standardise=False, random_state=0),
    "mean": MeanForecaster,
    "last": LastValueForecaster,
    "naive": lambda: SeasonalNaiveForecaster(9),
    "month": lambda: SeasonalMeanForecaster(9),
}
every = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY.keys())
every_network = pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS.keys())


def replicates(forecaster: Any) -> int:
    return int(getattr(forecaster, "n_replicates", 1))


@every
def test_shapes_repetition_and_untouched_inputs(make: Callable[[], Forecaster]) -> None:
    series = WAVE.copy()
    before = torch.get_rng_state()
    made = make().fit(series)
    count = replicates(made)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(series, WAVE)
    assert made.forecast(7).shape == (7,)
    assert made.forecast_replicates(7).shape == (count, 7)
    assert made.forecast(7, n_samples=5).shape == (5, 7)
    assert made.forecast_from(series, [20, 90, 30], 4).shape == (count, 3, 4)
    assert made.one_step(series).shape == (90 - made._lag,)
    for call in (lambda: made.forecast(7), lambda: made.forecast(7, n_samples=5), lambda: made.forecast(7, n_samples=5, random_state=3)):
        np.testing.assert_array_equal(call(), call())
    again = make().fit(series)
    np.testing.assert_array_equal(again.forecast(7), made.forecast(7))
    np.testing.assert_array_equal(again.forecast(7, 4), made.forecast(7, 4))
    np.testing.assert_array_equal(made.fit(series[:, None]).forecast(7), again.forecast(7))
    np.testing.assert_array_equal(made.forecast(7)[:3], made.forecast(3))


@every
def test_a_recursive_forecast_is_one_step_predictions_fed_back(make: Callable[[], Forecaster]) -> None:
    made = make().fit(WAVE)
    paths = made.forecast_from(WAVE, [60, 40], 5)
    for column, origin in enumerate((60, 40)):
        for r in range(replicates(made)):
            known = WAVE[:origin]
            for step in range(5):
                longer = np.append(known, 0.0)  # the last value is asked for and not read
                predicted = made.one_step_replicates(longer)[r, -1]
                np.testing.assert_allclose(paths[r, column, step], predicted, rtol=1e-9)
                known = np.append(known, predicted)
    np.testing.assert_allclose(made.forecast(5), made.forecast_replicates(5).mean(0), rtol=1e-12)
    np.testing.assert_allclose(made.forecast(5, combine="median"), np.median(made.forecast_replicates(5), 0), rtol=1e-12)
    np.testing.assert_allclose(made.forecast_from(WAVE, [90], 5)[:, 0], made.forecast_replicates(5), rtol=1e-9)


@every
def test_what_comes_after_an_origin_changes_nothing(make: Callable[[], Forecaster]) -> None:
    made = make().fit(WAVE)
    other = WAVE.copy()
    other[50:] = 1000.0
    np.testing.assert_allclose(made.forecast_from(other, [50, 30], 6), made.forecast_from(WAVE, [50, 30], 6), rtol=1e-10)


@every
def test_a_saved_forecaster_forecasts_the_same(make: Callable[[], Forecaster], tmp_path: Path) -> None:
    made = make().fit(WAVE)
    if isinstance(made, LagForecaster):
        with pytest.raises(TypeError, match="without pickling"):
            made.save(tmp_path / "model")
        return
    loaded = annlab.load(made.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.forecast(9), made.forecast(9))
    np.testing.assert_array_equal(loaded.forecast(9, n_samples=4), made.forecast(9, n_samples=4))
    assert loaded.get_params() == made.get_params()


@every
@pytest.mark.parametrize(
    ("series", "said"),
    [
        (np.where(TIME == 7, np.nan, WAVE), "value 7 is NaN or infinite"),
        (np.where(TIME == 3, np.inf, WAVE), "value 3 is NaN or infinite"),
        (np.stack([WAVE, WAVE], 1), "has the shape"),
        (5.0, "has the shape"),
        ([], "too short"),
    ],
    ids=["nan", "infinity", "two channels", "a number", "empty"],
)
def test_series_that_cannot_be(make: Callable[[], Forecaster], series: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make().fit(series)
    with pytest.raises(UsageError, match=said):
        make().fit(WAVE).one_step(series)


@every
def test_what_is_not_a_number(make: Callable[[], Forecaster]) -> None:
    with pytest.raises(TypeError, match="real numbers"):
        make().fit(["a"] * 90)
    with pytest.raises(TypeError, match="steps must be a whole number"):
        make().fit(WAVE).forecast(2.5)  # type: ignore[arg-type]


@every
def test_questions_that_cannot_be_answered(make: Callable[[], Forecaster]) -> None:
    made = make()
    with pytest.raises(ValueError, match="not fitted"):
        made.forecast(3)
    made.fit(WAVE)
    with pytest.raises(UsageError, match="steps must be at least 1"):
        made.forecast(0)
    with pytest.raises(UsageError, match="n_samples must be at least 1"):
        made.forecast(3, n_samples=0)
    with pytest.raises(UsageError, match="combine"):
        made.forecast(3, combine="meen")
    with pytest.raises(UsageError, match="combine is for"):
        made.forecast(3, n_samples=2, combine="median")
    for origins in ([91], [made._lag - 1], [], [1.5], [[20]]):
        with pytest.raises(UsageError, match="origins"):
            made.forecast_from(WAVE, origins, 3)


@pytest.mark.parametrize("make", [EVERY[name] for name in ("mlp", "stateful", "windowed", "linear")])
def test_short_and_constant_series(make: Callable[[], Forecaster]) -> None:
    with pytest.raises(UsageError, match=r"7 values is too short: this needs at least 8"):
        make().fit(WAVE[:7])
    assert np.isfinite(make().fit(WAVE[:8]).forecast(3)).all()
    with pytest.raises(UsageError, match="constant series: all 90 values are 4"):
        make().fit(np.full(90, 4))


def test_a_constant_series_without_standardisation_is_forecast_by_its_constant() -> None:
    np.testing.assert_allclose(LagForecaster(lag=3, standardise=False).fit(np.full(20, 4.0)).forecast(5), 4)
    for made in (MeanForecaster(), LastValueForecaster(), SeasonalNaiveForecaster()):
        np.testing.assert_array_equal(made.fit(np.full(20, 4.0)).forecast(5), 4)


@every_network
def test_one_replicate_is_the_same_network_in_any_company(make: Callable[[], Any]) -> None:
    together, alone = make().fit(WAVE), make().set_params(n_replicates=1).fit(WAVE)
    np.testing.assert_allclose(together.forecast_replicates(8)[0], alone.forecast_replicates(8)[0], rtol=1e-9)
    assert np.ptp(together.forecast_replicates(8), axis=0).min() > 0


@every_network
def test_units_of_the_series_do_not_matter(make: Callable[[], Any]) -> None:
    made, other = make().fit(WAVE), make().fit(1000 * WAVE - 7)
    np.testing.assert_allclose(other.forecast(6), 1000 * made.forecast(6) - 7, rtol=1e-7)


@every_network
def test_the_most_recent_part_is_held_out(make: Callable[[], Any]) -> None:
    by_fraction = make().set_params(validation_fraction=0.25, restore_best=False).fit(WAVE)
    by_hand = make().set_params(restore_best=False).fit(WAVE[:69], validation=WAVE[69:], gap=0)
    assert by_hand.mean_ == WAVE[:69].mean()
    for name in ("train_loss", "validation_loss"):
        np.testing.assert_array_equal(by_fraction.history_[name], by_hand.history_[name])
    np.testing.assert_array_equal(by_fraction.history_["replicate"], np.repeat([0, 1, 2], 4))
    errors = (by_hand.one_step_replicates(WAVE)[:, 63:] - WAVE[69:]) / by_hand.scale_
    last = by_hand.history_["epoch"] == 4
    np.testing.assert_allclose(by_hand.history_["validation_loss"][last], (errors**2).mean(1), rtol=1e-9)
    np.testing.assert_allclose(by_hand.residuals_, -errors * by_hand.scale_, rtol=1e-9, atol=1e-12)
    assert len(by_fraction.series_) == 90
    assert len(by_hand.series_) == 69


@every_network
def test_a_gap_is_read_and_not_scored(make: Callable[[], Any]) -> None:
    made = make().set_params(restore_best=False).fit(WAVE[:60], validation=WAVE[60:])
    errors = (made.one_step_replicates(WAVE)[:, 60:] - WAVE[66:]) / made.scale_
    np.testing.assert_allclose(made.history_["validation_loss"][made.history_["epoch"] == 4], (errors**2).mean(1), rtol=1e-9)


@every_network
def test_early_stopping_and_the_best_weights(make: Callable[[], Any]) -> None:
    options = {"max_epochs": 40, "learning_rate": 0.5, "validation_fraction": 0.3}
    stopped = make().set_params(**options, patience=3).fit(WAVE)
    assert stopped.n_iter_ <= 40
    assert len(stopped.history_["epoch"]) < 120
    best = [np.nanmin(stopped.history_["validation_loss"][stopped.history_["replicate"] == r]) for r in range(3)]
    np.testing.assert_allclose((stopped.residuals_**2).mean(1) / stopped.scale_**2, best, rtol=1e-9)


@every_network
def test_training_goes_on_from_the_weights_before(make: Callable[[], Any]) -> None:
    made = make().set_params(warm_start=True).fit(WAVE)
    before = made.history_["train_loss"][3]
    assert made.fit(WAVE).history_["train_loss"][0] < before
    with pytest.raises(UsageError, match="warm_start"):
        made.set_params(lag=3).fit(WAVE)


@every_network
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lag": 0}, "lag of"),
        ({"hidden_sizes": (0,)}, "hidden_sizes"),
        ({"optimizer": "adm"}, "optimizer"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"patience": 3}, "patience watches"),
        ({"validation_fraction": 0.99}, "too short for a lag"),
        ({"n_replicates": 0}, "n_replicates"),
        ({"dtype": "float16"}, "dtype"),
        ({"device": "tpu0"}, "device"),
        ({"input_noise": -1.0}, "input_noise"),
    ],
)
def test_wrong_parameters(make: Callable[[], Any], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make().set_params(**options).fit(WAVE)


@every_network
def test_wrong_validation(make: Callable[[], Any]) -> None:
    with pytest.raises(UsageError, match="not both"):
        make().set_params(validation_fraction=0.2).fit(WAVE, validation=WAVE)
    with pytest.raises(UsageError, match="gap belongs"):
        make().fit(WAVE, gap=2)
    with pytest.raises(UsageError, match="validation series of 6 values is too short"):
        make().fit(WAVE, validation=WAVE[:6])
    with pytest.raises(UsageError, match="gap must be"):
        make().fit(WAVE, validation=WAVE, gap=-1)


@every_network
def test_divergence_is_an_error_that_leaves_a_usable_forecaster(make: Callable[[], Any]) -> None:
    made = make().set_params(optimizer="sgd", learning_rate=1e300, max_epochs=30)
    with pytest.raises(annlab.train.DivergenceError):
        made.fit(WAVE)
    assert np.isfinite(made.forecast(5)).all()


def test_a_replicate_that_diverges_alone_leaves_the_others_their_records(monkeypatch: pytest.MonkeyPatch) -> None:
    from annlab.models import mlp_forecaster

    options: dict[str, Any] = {"lag": 4, "hidden_sizes": (3,), "optimizer": "lbfgs", "max_epochs": 4, "n_replicates": 3, "random_state": 0}
    alone = MLPForecaster(**options, batch_size=None).fit(WAVE)
    train, histories = mlp_forecaster.fit, []

    def second_diverges(*arguments: Any, **keywords: Any) -> Any:
        histories.append(train(*arguments, **keywords))
        if len(histories) == 2:
            raise annlab.train.DivergenceError(3, histories[-1])
        return histories[-1]

    monkeypatch.setattr(mlp_forecaster, "fit", second_diverges)
    made = MLPForecaster(**options, batch_size=None)
    with pytest.raises(annlab.train.DivergenceError):
        made.fit(WAVE)
    np.testing.assert_array_equal(made.history_["replicate"], alone.history_["replicate"])
    np.testing.assert_array_equal(made.history_["train_loss"], alone.history_["train_loss"])


@every_network
def test_input_noise_and_verbosity(make: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="annlab"):
        noisy = make().set_params(input_noise=0.5, verbose=True).fit(WAVE)
    assert "epoch 4: train_loss" in caplog.text
    assert np.abs(noisy.forecast(5) - make().fit(WAVE).forecast(5)).max() > 0


@pytest.mark.parametrize("form", [None, "stateful", "windowed"])
def test_networks_learn_a_wave(form: str | None) -> None:
    wave = np.sin(2 * np.pi * np.arange(110) / 12.5)
    options: dict[str, Any] = {"lag": 8, "n_replicates": 2, "max_epochs": 100, "random_state": 0, "learning_rate": 0.03}
    made = MLPForecaster(**options) if form is None else LSTMForecaster(form, **{**options, "hidden_sizes": (10,)})
    made.fit(wave[:90])
    assert np.mean((made.forecast(20) - wave[90:110]) ** 2) < 0.1 * wave.var()


@pytest.mark.parametrize("optimizer", ["lbfgs", "levenberg_marquardt", torch.optim.Rprop])
def test_a_perceptron_takes_optimisers_that_run_one_by_one(optimizer: Any) -> None:
    made = MLPForecaster(**{**SMALL, "max_epochs": 10}, optimizer=optimizer, learning_rate=0.1).fit(WAVE)
    assert made.history_["train_loss"][9] < made.history_["train_loss"][0]
    assert made.n_parameters_ == 6 * 5 + 5 + 5 + 1


def test_parameters_of_an_lstm_by_formula() -> None:
    made = LSTMForecaster(lag=7, hidden_sizes=(5,), max_epochs=1).fit(WAVE)
    assert made.n_parameters_ == 4 * 5 * (7 + 5 + 2) + 5 + 1


def test_samples_follow_the_replicates_in_turn_and_their_residuals() -> None:
    made = LastValueForecaster().fit(np.array([0.0, 1.0, -1.0, 0.0]))  # residuals 1, -2, 1
    steps = np.diff(made.forecast(50, n_samples=40, random_state=1), axis=1, prepend=0.0)
    assert set(np.unique(steps)) == {-2.0, 1.0}
    assert abs((steps == 1).mean() - 2 / 3) < 4 * np.sqrt(2 / 9 / steps.size)
    networks = MLPForecaster(**SMALL).fit(WAVE)
    networks.residuals_ = np.zeros_like(networks.residuals_)
    np.testing.assert_allclose(networks.forecast(4, n_samples=7), networks.forecast_replicates(4)[[0, 1, 2, 0, 1, 2, 0]], rtol=1e-9)


def test_the_closed_loop_feeds_the_mean_back() -> None:
    made = MLPForecaster(**SMALL).fit(WAVE)
    known = WAVE
    for wanted in made.forecast(4, combine="closed_loop"):
        known = np.append(known, made.one_step(np.append(known, 0.0))[-1])
        np.testing.assert_allclose(known[-1], wanted, rtol=1e-9)


def test_a_runaway_recursion_is_held_finite() -> None:
    made = LagForecaster(lag=1).fit(1.5 ** np.arange(12))
    path = made.forecast(500)
    assert np.isfinite(path).all()
    assert path[-1] == path.max()


def test_linear_autoregression_continues_a_sum_of_waves_exactly() -> None:
    later = np.arange(90, 110)
    wanted = 50 + 20 * np.sin(2 * np.pi * later / 9) + 5 * np.sin(2 * np.pi * later / 5)
    np.testing.assert_allclose(LagForecaster(lag=4).fit(WAVE).forecast(20), wanted, rtol=1e-6)


def test_nearest_neighbours_repeat_what_once_followed() -> None:
    series = np.tile([1.0, 5.0, 2.0, 8.0], 6)
    np.testing.assert_allclose(LagForecaster(KNeighborsRegressor(1), lag=2).fit(series).forecast(8), series[:8])


def test_clones_of_a_regressor_differ_where_it_draws_at_random() -> None:
    made = LagForecaster(RandomForestRegressor(3), lag=6, n_replicates=3, random_state=0).fit(WAVE)
    assert np.ptp(made.forecast_replicates(10), axis=0).max() > 0
    assert clone(made).get_params()["regressor__n_estimators"] == 3
    with pytest.raises(UsageError, match="scikit-learn regressor"):
        LagForecaster("svr").fit(WAVE)


def test_baselines_by_hand() -> None:
    series = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 9.0])
    np.testing.assert_array_equal(MeanForecaster().fit(series).forecast(2), series.mean())
    np.testing.assert_array_equal(LastValueForecaster().fit(series).forecast(2), 9)
    np.testing.assert_array_equal(SeasonalNaiveForecaster(3).fit(series).forecast(5), [6, 7, 9, 6, 7])
    np.testing.assert_allclose(SeasonalMeanForecaster(3).fit(series).forecast(4), [4, 5, 5, 4])
    np.testing.assert_allclose(SeasonalMeanForecaster(3).fit(series).one_step(series[:4]), [5, 4, 5, 5])


def test_every_table_has_the_same_baselines() -> None:
    made = baseline_forecasters(lag=5, period=9)
    assert list(made) == ["training mean", "last value", "seasonal naive", "linear AR", "nearest neighbours"]
    assert all(np.isfinite(each.fit(WAVE).forecast(3)).all() for each in made.values())


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 20), st.floats(0.1, 100), st.floats(-50, 50))
def test_the_period_of_a_periodic_series_is_found(period: int, scale: float, level: float) -> None:
    values = level + scale * np.cos(2 * np.pi * np.arange(8 * period) / period)
    assert main_period(values) == period
    np.testing.assert_allclose(SeasonalNaiveForecaster().fit(values).forecast(period), values[:period], atol=1e-6 * scale)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**16))
def test_windows_of_random_series_forecast_within_their_neighbours(lag: int, steps: int, seed: int) -> None:
    series = np.random.default_rng(seed).normal(size=30)
    path = LagForecaster(KNeighborsRegressor(2), lag=lag).fit(series).forecast(steps)
    assert path.min() >= series.min() - 1e-12
    assert path.max() <= series.max() + 1e-12
