"""Measures of a map against counts by hand, the classifier's rule, the splits, and what must hold whatever the numbers are."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support
from studies_tools import changed, outcomes

from annlab import data
from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.lab.grid import Cell
from annlab.lab.ledger import rows as ledger
from annlab.lab.results import Record, Results
from annlab.models.som_grids import Grid
from annlab.report import unanswered
from annlab.studies.maps import som_iris
from annlab.studies.maps.som_iris_claims import averaged, units
from annlab.studies.maps.som_iris_grid import CLASSIFICATION, CLUSTERING, VIEW
from annlab.studies.maps.som_iris_measures import class_regions, escaped, labels_of, per_class, regions, ridges, unit_classes, votes_of

STUDY = load_study("som-iris")
LINE = Grid(1, 5).edges


def cell(base, **changes):
    return replace(STUDY.params, **{**base, **changes})


def test_votes_and_labels_by_hand():
    votes = votes_of(np.array([0, 0, 0, 2]), np.array([1, 1, 0, 0]), 3, 2)
    np.testing.assert_array_equal(votes, [[1, 2], [0, 0], [1, 0]])
    np.testing.assert_array_equal(labels_of(votes), [1, 0, 0])
    np.testing.assert_array_equal(labels_of(np.array([[0, 3], [0, 0], [1, 0]])), [1, 1, 0])  # the empty unit: the commonest class of all
    distances = np.array([[0.0, 2.0, 9.0], [0.0, 5.0, 9.0], [0.0, 1.0, 9.0], [9.0, 9.0, 0.0]])
    np.testing.assert_array_equal(unit_classes(votes, distances, np.array([1, 1, 0, 0])), [1, 0, 0])  # the nearest row's class


def test_ridges_by_hand():
    weights = np.array([[0.0], [1.0], [5.0], [6.0], [8.0]])
    setosa, virginica = ridges(weights, LINE, np.array([0, 0, 1, 1, 2]))
    assert setosa == 4.0  # (5 - 1) over the mean of 1 and 1
    assert virginica == 2.0
    assert np.isnan(ridges(weights, LINE, np.array([0, 0, 1, 1, 1]))[1])
    assert np.isnan(ridges(weights, LINE, np.zeros(5, dtype=int))).all()


def test_regions_are_parted_by_gaps_and_counted_by_their_samples():
    weights = np.array([[0.0], [1.0], [9.0], [10.0], [11.0]])
    assert regions(weights, LINE, np.array([5, 5, 0, 5, 5])) == 2
    assert regions(weights, LINE, np.array([1, 0, 0, 10, 10])) == 1  # a region with less than a tenth does not count
    assert regions(np.arange(5.0)[:, None], LINE, np.ones(5)) == 1


def test_class_regions_count_the_largest_piece_of_each_class():
    kinds = np.array([0, 1, 0, 0, 1])
    votes = np.array([[2, 0], [0, 3], [4, 1], [1, 0], [0, 5]])
    assert class_regions(LINE, kinds, votes) == (5 + 5) / 16


@pytest.mark.oracle
def test_scores_by_class_are_scikit_learns():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    found = per_class(votes_of(truth, predicted, 3, 3))
    expected = precision_recall_fscore_support(truth, predicted)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [found[f"{name}_{kind}"] for kind in range(3)] == pytest.approx(list(values))
    assert found["f1_macro"] == pytest.approx(expected[2].mean())


def test_a_class_that_is_never_predicted_or_missing():
    found = per_class(np.array([[3, 0, 0], [2, 0, 0], [0, 0, 0]]))
    assert (found["precision_1"], found["recall_1"], found["f1_1"]) == (0, 0, 0)
    assert np.isnan(found["recall_2"])
    assert found["recall_macro"] == 0.5


def test_scaling_takes_nothing_from_the_rows_held_out():
    rng = np.random.default_rng(1)
    train, test = rng.normal(3, 2, (50, 4)), rng.normal(0, 9, (10, 4))
    np.testing.assert_allclose(som_iris.scaled("standardised", train, train).std(axis=0), 1.0)
    np.testing.assert_allclose(som_iris.scaled("standardised", test, train), (test - train.mean(axis=0)) / train.std(axis=0))
    np.testing.assert_array_equal(som_iris.scaled("raw", test, train), test)
    np.testing.assert_allclose(np.linalg.norm(som_iris.scaled("unit", test, train), axis=1), 1.0)


@pytest.mark.parametrize("method", ["som", "kmeans", "neighbour"])
def test_thirty_flowers_are_held_out_and_split_anew(method):
    first, second = outcomes(STUDY, cell(CLASSIFICATION, method=method), [0, 1])
    for outcome in (first, second):
        assert outcome.arrays["confusion"].sum() == 30
        assert outcome.arrays["votes"].sum() == 120
        support = np.array([outcome.metrics[f"support_{kind}"] for kind in range(3)])
        np.testing.assert_array_equal(outcome.arrays["votes"].sum(axis=0) + support, 50)
        assert outcome.metrics["test_accuracy"] == np.trace(outcome.arrays["confusion"]) / 30
        assert outcome.metrics["gap"] == outcome.metrics["train_accuracy"] - outcome.metrics["test_accuracy"]
    assert not np.array_equal(first.arrays["confusion"].sum(axis=1), second.arrays["confusion"].sum(axis=1))
    shared = outcomes(STUDY, cell(CLASSIFICATION, method="som", updates=100), [0])[0]
    np.testing.assert_array_equal(shared.arrays["confusion"].sum(axis=1), first.arrays["confusion"].sum(axis=1))


def test_each_training_flower_is_its_own_nearest_neighbour():
    metrics = outcomes(STUDY, cell(CLASSIFICATION, method="neighbour"), [0])[0].metrics
    assert metrics["train_accuracy"] == 1
    assert metrics["idle"] == metrics["by_default"] == 0


def test_empty_units_classify_by_default_and_labelled_ones_do_not():
    metrics = outcomes(STUDY, cell(CLASSIFICATION, shape=(10, 10), updates=300), [0])[0].metrics
    assert metrics["idle"] > 0.2
    assert metrics["by_default"] > 0
    assert metrics["labelled_accuracy"] > metrics["test_accuracy"]


def test_setosa_lies_apart():
    outcome = outcomes(STUDY, cell(VIEW), [0])[0]
    assert outcome.metrics["ridge_setosa"] > 1.5
    assert outcome.arrays["votes"].sum() == 150
    assert outcome.metrics["idle"] == (outcome.arrays["votes"].sum(axis=1) == 0).mean()
    np.testing.assert_array_equal(outcome.arrays["path_wins"].sum(axis=1), 150)
    assert list(outcome.arrays["path_steps"]) == [0, 10, 50, 500]
    flowers = np.asarray(data.load("iris")["X"])
    rows = som_iris.scaled("standardised", flowers, flowers)
    np.testing.assert_allclose(np.square(outcome.arrays["points"]).sum(), np.square(np.linalg.svd(rows)[1][:2]).sum())


@pytest.mark.parametrize("method", ["som", "kmeans", "mixture"])
def test_three_clusters_come_again(method):
    first, second = (outcomes(STUDY, cell(CLUSTERING, method=method), [0, 1]) for _ in range(2))
    assert [each.metrics for each in first] == [each.metrics for each in second]
    for outcome in first:
        assert outcome.metrics["clusters"] == 3
        assert 0.5 < outcome.metrics["nmi"] <= 1


def test_averages_of_the_ledger_are_computed_from_its_classes():
    found = {row.id: row for row in ledger("som-iris")}
    assert averaged(found["som-iris.classification.f1.weighted"]) == 1.0
    assert units(found["som-iris.clustering.clusters"]) == 3


def test_every_row_is_mapped_and_every_question_answered(small):
    results = small("som-iris")
    assert check(STUDY) == []
    assert unanswered(results) == []
    assert unanswered(changed(results)) == []


def test_a_map_has_escaped_where_a_unit_is_far_beyond_the_rows():
    rows = np.array([[-1.0, 0.0], [1.0, 0.0]])
    assert not escaped(np.array([[[9.0, 0.0], [0.0, 0.0]]]), rows)
    assert escaped(np.array([[[11.0, 0.0], [0.0, 0.0]]]), rows)
    assert escaped(np.array([[[np.nan, 0.0], [0.0, 0.0]]]), rows)
    assert escaped(np.array([[[np.inf, 0.0], [0.0, 0.0]]]), rows)


def test_a_map_that_diverged_has_no_ratios_and_is_counted():
    params = [cell(VIEW, shape=(5, 5), updates=300, neighbourhood=name) for name in ("gaussian", "mexican_hat")]
    design = replace(STUDY.design("quick"), cells=tuple(Cell(each) for each in params))
    records = [Record(each, r, found) for each in design.cells for r, found in enumerate(outcomes(STUDY, each.params, [0, 1]))]
    whole, lost = records[0].outcome.metrics, records[2].outcome.metrics
    assert (whole["diverged"], lost["diverged"]) == (0, 1)
    assert np.isfinite([whole[name] for name in som_iris.OF_DISTANCES]).all()
    assert np.isnan([lost[name] for name in som_iris.OF_DISTANCES]).all()
    view = next(table for table in STUDY.tables if table.name == "view").make(Results.from_records(STUDY, design, records))
    shown = {row[0]: row for row in view.rows()}
    (name,) = (name for name in shown if "mexican hat" in name)
    assert name.endswith(": 2 of 2 maps diverged")
    assert not [text for text in shown[name] if "e+" in text or "10" in text.replace("[", " ").split()]
    assert "–" in shown[name]
    assert any("diverged" in note for note in view.notes)
