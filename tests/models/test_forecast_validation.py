from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from annlab.errors import UsageError
from annlab.models.forecast_baselines import LastValueForecaster, MeanForecaster
from annlab.models.forecast_validation import cross_validate_series, rolling_errors, series_folds
from annlab.models.forecasters import Forecaster
from annlab.models.lag_forecaster import LagForecaster
from annlab.models.lstm_forecaster import LSTMForecaster
from annlab.models.mlp_forecaster import MLPForecaster

SERIES = np.sin(np.arange(80) * 0.7) + 0.3 * np.random.default_rng(0).normal(size=80)
SMALL: dict[str, Any] = {"lag": 4, "hidden_sizes": (3,), "max_epochs": 3, "n_replicates": 2, "random_state": 0, "dtype": "float64"}
NETWORKS = {"mlp": MLPForecaster(**SMALL), "stateful": LSTMForecaster(**SMALL), "windowed": LSTMForecaster("windowed", **SMALL)}
every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


def test_folds_are_scikit_learns_with_the_lag_as_gap() -> None:
    scores = cross_validate_series(LagForecaster(lag=4), SERIES, 3, 10)
    wanted = TimeSeriesSplit(3, test_size=10, gap=4).split(SERIES)
    rows = np.arange(80)
    for (train, held_out), (first, second) in zip(scores.folds, wanted, strict=True):
        np.testing.assert_array_equal(rows[train], first)
        np.testing.assert_array_equal(rows[held_out], second)
    assert series_folds(80, 3, 10, 4) == scores.folds
    single = cross_validate_series(LagForecaster(lag=4), SERIES, 1, 10)
    assert single.folds == [(slice(0, 66), slice(70, 80))]
    assert single.folds == scores.folds[-1:]
    np.testing.assert_allclose(single.recursive_mse, scores.recursive_mse[-1:])


def test_scores_are_those_of_a_fit_by_hand() -> None:
    scores = cross_validate_series(LagForecaster(lag=4), SERIES, 2, 10, gap=6)
    made = LagForecaster(lag=4).fit(SERIES[:54])
    np.testing.assert_allclose(scores.one_step_mse[0], [((made.one_step(SERIES[:70])[-10:] - SERIES[60:70]) ** 2).mean()])
    path = made.forecast_from(SERIES[:60], [60], 10)[0, 0]
    np.testing.assert_allclose(scores.forecasts[0, 0], path)
    np.testing.assert_allclose(scores.recursive_mse[0], [((path - SERIES[60:70]) ** 2).mean()])
    assert scores.scales[0] == pytest.approx(SERIES[:54].std())
    assert scores.histories == [{}, {}]


@every_network
def test_networks_record_the_held_out_loss_by_epoch_and_fold(network: Any) -> None:
    network = network.set_params(restore_best=False)
    scores = cross_validate_series(network, SERIES, 3, 10)
    assert scores.one_step_mse.shape == (3, 2)
    for history, errors, scale in zip(scores.histories, scores.one_step_mse, scores.scales, strict=True):
        np.testing.assert_allclose(history["validation_loss"][history["epoch"] == 3], errors / scale**2, rtol=1e-9)
    assert not hasattr(network, "stack_")
    assert len({id(each) for each in scores.forecasters}) == 3


@every_network
def test_one_network_may_be_carried_through_the_folds(network: Any) -> None:
    fresh, carried = (cross_validate_series(network, SERIES, 3, 10, carry=carry) for carry in (False, True))
    np.testing.assert_array_equal(carried.one_step_mse[0], fresh.one_step_mse[0])
    assert carried.histories[1]["train_loss"][0] < fresh.histories[1]["train_loss"][0]
    assert len(carried.forecasters) == 1


def test_a_network_that_holds_out_its_own_part_keeps_to_it() -> None:
    scores = cross_validate_series(MLPForecaster(**SMALL, validation_fraction=0.2), SERIES, 2, 10)
    made = MLPForecaster(**SMALL, validation_fraction=0.2).fit(SERIES[:56])
    np.testing.assert_array_equal(scores.histories[0]["validation_loss"], made.history_["validation_loss"])


def test_rolling_errors_by_hand_and_of_an_ensemble() -> None:
    errors = rolling_errors(LastValueForecaster().fit(SERIES[:40]), SERIES, [40, 55, 70], 10)
    wanted = [((SERIES[k : k + 10] - SERIES[k - 1]) ** 2).mean() for k in (40, 55, 70)]
    np.testing.assert_allclose(errors, [wanted])
    made = MLPForecaster(**SMALL).fit(SERIES[:40])
    single = rolling_errors(made, SERIES, [40, 55], 10)
    together = rolling_errors(made, SERIES, [40, 55], 10, combine="mean")
    assert single.shape == (2, 2)
    assert (together[0] <= single.mean(0) + 1e-12).all()  # the squared error of a mean is at most the mean of the squared errors
    assert rolling_errors(made, SERIES, [40, 55], 10, combine="closed_loop").shape == (1, 2)


@pytest.mark.parametrize(
    ("made", "options", "said"),
    [
        (LagForecaster(lag=10), {"n_splits": 6, "test_size": 10}, "need at least 82 values, got 80"),
        (MeanForecaster(), {"n_splits": 0, "test_size": 10}, "at least 1"),
        (MeanForecaster(), {"n_splits": 2, "test_size": 10, "gap": -1}, "a gap at least 0"),
        (MeanForecaster(), {"n_splits": 2, "test_size": 10, "carry": True}, "MeanForecaster is none"),
    ],
)
def test_folds_that_cannot_be(made: Forecaster, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        cross_validate_series(made, SERIES, **options)


def test_the_shortest_series_for_its_folds_is_enough() -> None:
    for made in (LagForecaster(lag=4), *NETWORKS.values()):
        scores = cross_validate_series(made, SERIES[: 4 + 2 + 4 + 3 * 5], 3, 5)
        assert np.isfinite(scores.recursive_mse).all()


def test_windows_that_leave_the_series() -> None:
    made = LastValueForecaster().fit(SERIES)
    with pytest.raises(UsageError, match="leaves the series"):
        rolling_errors(made, SERIES, [75], 10)
    with pytest.raises(UsageError, match="combine takes"):
        rolling_errors(made, SERIES, [5], 10, combine="best")
