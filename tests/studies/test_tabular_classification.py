"""Parts and preparation of tables, scores with known answers, both libraries on the same splits."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab.errors import UsageError
from annlab.lab.streams import Streams
from annlab.studies.tabular.tabular_classification import study
from annlab.studies.tabular.tabular_classification_data import calibration, check_table, parts_of, prepared, roc, scores
from annlab.studies.tabular.tabular_classification_networks import Network, fit_ours, fit_scikit_learn

TINY = replace(study.params, data="breast_cancer", hidden=(5,), iterations=3)
STREAMS = [Streams(0, study.name, r) for r in range(2)]


def test_parts_are_disjoint_stratified_and_cover():
    y = np.array([0] * 130 + [1] * 70)
    parts = parts_of(y, STREAMS[0])
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(rows) == list(range(200))
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [120, 40, 40]
    for part in (parts.train, parts.validation, parts.test):
        assert y[part].mean() == pytest.approx(0.35)
    assert parts_of(y, STREAMS[1]).test.tolist() != parts.test.tolist()


def test_preparation_is_decided_by_the_fitted_rows_alone():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(3, 2, size=(20, 2)), np.full(20, 7.0)])
    missing = np.zeros(X.shape, dtype=bool)
    missing[[0, 15], 0] = True
    X[missing] = 0
    rows = np.arange(10)
    table = prepared(X, missing, rows, zeros="median", scaled=True)
    np.testing.assert_allclose(table[rows].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(table[rows, :2].std(axis=0), 1)
    assert (table[:, 2] == 0).all()
    other = X.copy()
    other[10:] += 1e6
    np.testing.assert_array_equal(prepared(other, missing, rows, zeros="median", scaled=True)[rows], table[rows])
    filled = prepared(X, missing, rows, zeros="median", scaled=False)
    assert filled[0, 0] == filled[15, 0] == np.median(X[1:10, 0])
    flagged = prepared(X, missing, rows, zeros="flagged", scaled=False)
    assert flagged.shape == (20, 4)
    assert np.flatnonzero(flagged[:, 3]).tolist() == [0, 15]
    np.testing.assert_array_equal(prepared(X, missing, rows, zeros="kept", scaled=False), X)


def test_scores_by_hand():
    y, probability = np.array([1, 1, 1, 0, 0]), np.array([0.9, 0.8, 0.3, 0.6, 0.1])
    found = scores(y, probability)
    assert found["test_accuracy"] == pytest.approx(3 / 5)
    assert found["test_balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert (found["test_precision"], found["test_recall"]) == pytest.approx((2 / 3, 2 / 3))
    assert found["test_roc_auc"] == pytest.approx(5 / 6)
    assert found["test_brier"] == pytest.approx((0.01 + 0.04 + 0.49 + 0.36 + 0.01) / 5)
    assert found["test_calibration_error"] == pytest.approx((0.1 + 0.2 + 0.7 + 0.6 + 0.1) / 5)


def test_calibration_and_roc_of_a_perfect_prediction():
    y = np.array([0, 0, 1, 1])
    bins = calibration(y, y.astype(float))
    np.testing.assert_array_equal(bins["predicted"], bins["observed"])
    assert bins["rows"].tolist() == [2, 2]
    assert (roc(y, y.astype(float))["true_positive"] == 1).all()


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_ours_and_scikit_learns_reach_the_same_on_separated_classes(solver):
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 60)
    X = rng.normal(size=(120, 2)) + 4.0 * y[:, None] - 2.0
    network = Network(solver, "tanh", (8,), 1000)
    (ours,) = fit_ours(X[None], y, [np.arange(120)], network, STREAMS[:1])
    theirs = fit_scikit_learn(X, y, np.arange(120), network, STREAMS[0])
    for fitted in (ours, theirs):
        assert np.mean((fitted.probability > 0.5) == y) > 0.95
    if solver == "lbfgs":
        assert ours.probability[y == 1].min() > 0.4


@pytest.mark.parametrize(("activation", "factor"), [("tanh", 6.0), ("logistic", 2.0)])
def test_first_weights_have_scikit_learns_law(activation, factor):
    from annlab.nets import StackedMLP
    from annlab.studies.tabular import tabular_classification_networks as module

    stack = StackedMLP(2, 40, (60,), 1, generators=[stream.torch("init") for stream in STREAMS])
    module._glorot(stack, factor)
    bound = np.sqrt(factor / 100)
    weight = stack.weights[0].detach().numpy()
    assert 0.98 * bound < np.abs(weight).max() <= bound * (1 + 1e-6)
    assert activation in module.ACTIVATIONS


def test_weights_beyond_all_numbers_are_recorded_as_lost():
    X = np.random.default_rng(0).normal(size=(60, 3)) * 1e30
    with pytest.raises(FloatingPointError):
        fit_scikit_learn(X, np.arange(60) % 2, np.arange(60), Network("sgd", "identity", (4, 4), 50), STREAMS[0])


def test_baselines_and_repeatability():
    (majority,) = outcomes(study, replace(TINY, network="majority"), [0])
    assert majority.metrics["test_balanced_accuracy"] == 0.5
    assert majority.metrics["test_roc_auc"] == 0.5
    (logistic,) = outcomes(study, replace(TINY, network="logistic"), [0])
    assert logistic.metrics["test_accuracy"] > 0.93
    for network in ("scikit-learn", "annlab"):
        first, again = (outcomes(study, replace(TINY, network=network), [0])[0].metrics for _ in range(2))
        assert first == again
        assert first != outcomes(study, replace(TINY, network=network), [1])[0].metrics


def test_a_table_of_three_classes_is_refused():
    with pytest.raises(UsageError, match="3 classes"):
        outcomes(study, replace(TINY, data="iris"), [0])
    with pytest.raises(UsageError, match="for forecasting"):
        check_table("seasonal")
