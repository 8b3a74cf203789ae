"""Weights with known answers, rankings inside the fold, the same rows for all cells."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab import data
from annlab.lab.streams import Streams
from annlab.studies.tabular import relevance_determination as module
from annlab.studies.tabular.relevance_determination import study
from annlab.studies.tabular.relevance_determination_ranking import average_precision, recovery, top, weights

TINY = replace(study.params, part="inputs", data="breast_cancer", hidden=(4,), iterations=2, ranked_on="standardised")
STREAMS = Streams(0, "relevance-determination", 0)


@pytest.mark.parametrize("method", ["ols", "ard", "ridge", "lasso"])
def test_without_noise_every_method_finds_the_weights(method):
    (found,) = outcomes(study, replace(study.params, method=method, noise=1e-6, inputs=20, relevant=3), [0])
    np.testing.assert_allclose(found.arrays["weights"], found.arrays["truth"], atol=0.01)
    assert found.metrics["recall"] == found.metrics["average_precision"] == 1.0
    assert found.metrics["excess_mse"] == pytest.approx(np.sum((found.arrays["weights"] - found.arrays["truth"]) ** 2))


def test_recovery_by_hand():
    truth, estimated = np.array([2.0, 0.0, -1.0, 0.0]), np.array([1.0, 0.3, -0.05, 0.0])
    precision, recall, f1 = recovery(truth, estimated, 0.1)  # inputs 0 and 1 are called relevant
    assert (precision, recall, f1) == pytest.approx((0.5, 0.5, 0.5))
    assert recovery(truth, estimated, 1.0) == (0.0, 0.0, 0.0)
    assert average_precision(truth, estimated) == pytest.approx((1 + 2 / 3) / 2)
    assert top(estimated, 2).tolist() == [0, 1]


def test_correlation_is_pearsons_and_knows_constants():
    rng = np.random.default_rng(0)
    X, y = np.column_stack([rng.normal(size=(50, 2)), np.ones(50)]), rng.normal(size=50)
    found = weights("correlation", X, y, STREAMS)
    assert found[0] == pytest.approx(np.corrcoef(X[:, 0], y)[0, 1])
    assert found[2] == 0


def test_a_ranking_inside_the_fold_does_not_see_the_test_rows(monkeypatch):
    """With the classes of the test rows turned round the inputs kept stay the same, and a ranking of all rows changes its weights."""
    real = data.load("breast_cancer")
    y = np.array(real["y"])
    test = module.parts_of(y, Streams(0, study.name, 0)).test
    turned = y.copy()
    turned[test] = 1 - turned[test]
    split = module.parts_of(y, Streams(0, study.name, 0))
    X = np.array(real["X"])
    missing = np.zeros(X.shape, dtype=bool)
    for rows, same in (("training", True), ("all", False)):
        params = replace(TINY, method="correlation", ranked_rows=rows)
        found = [module._chosen(params, X, missing, labels, split, STREAMS)[1] for labels in (y, turned)]
        assert np.array_equal(*found) is same


def test_all_keeps_every_input_and_fixed_the_named_ones():
    (every,) = outcomes(study, replace(TINY, method="all"), [0])
    (fixed,) = outcomes(study, replace(TINY, method="fixed"), [0])
    assert every.metrics["inputs_kept"] == 30
    assert np.flatnonzero(fixed.series["ranking"]["picked"]).tolist() == [0, 5, 6]
    assert every.metrics["majority_accuracy"] == fixed.metrics["majority_accuracy"]


def test_a_block_equals_its_replicates_one_by_one():
    params = replace(TINY, method="ard")
    block = outcomes(study, params, [0, 1])
    assert block[0].metrics != block[1].metrics
    for r in (0, 1):
        (alone,) = outcomes(study, params, [r])
        assert alone.metrics == pytest.approx(block[r].metrics, abs=1e-5)


@pytest.mark.real_data
def test_raw_inputs_of_pima_take_glucose_out():
    raw, standardised = (
        outcomes(study, replace(TINY, data="pima", method="ard", ranked_on=name), [0])[0].series["ranking"]
        for name in ("raw", "standardised")
    )
    assert np.flatnonzero(raw["picked"]).tolist() == [0, 5, 6]
    assert raw["weight"][1] == 0
    assert np.abs(standardised["weight"]).argmax() == 1
