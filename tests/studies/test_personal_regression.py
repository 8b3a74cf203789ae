"""Which rows are used for what, the target, the selection and the final stage."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab import data
from annlab.lab import Results
from annlab.lab.results import Record
from annlab.lab.streams import Streams
from annlab.studies.supervised import personal_regression as module
from annlab.studies.supervised.personal_regression import TEST, TRAINING, VALIDATION, personal_target, study

CELLS = study.design("full").cells
TINY = replace(study.params, data="five_surfaces", hidden_sizes=(6,), epochs=2)


def rows_of(params, replicate=0):
    """Drawn rows, test rows and folds of a replicate."""
    streams = Streams(0, study.name, replicate)
    chosen, tested = module.holdout(13600, [TRAINING, TEST], streams("split"))
    return chosen, tested, module._folds(params, chosen, tested, streams)


@pytest.mark.parametrize("replicate", [0, 7])
def test_no_cell_trains_or_validates_on_test_rows_but_those_marked(replicate):
    kinds = {(cell.params.folds, cell.params.training, cell.params.stop_on): cell.params for cell in CELLS}
    assert len(kinds) >= 6
    for params in kinds.values():
        chosen, tested, folds = rows_of(params, replicate)
        assert len(set(chosen)) == TRAINING
        assert len(set(tested)) == TEST
        assert not set(chosen) & set(tested)
        for fold in folds:
            assert not set(fold.train) & set(fold.validation)
            assert not set(fold.train) & set(tested)
            assert set(fold.train) <= set(chosen)
            if params.stop_on == "validation":
                assert not set(fold.validation) & set(tested)
                assert set(fold.validation) <= set(chosen)


def test_rows_do_not_depend_on_the_cell():
    splits = {tuple(np.concatenate(rows_of(cell.params)[:2])) for cell in CELLS[::20]}
    assert len(splits) == 1
    assert tuple(rows_of(TINY, 1)[0]) != tuple(rows_of(TINY, 0)[0])


def test_folds_are_disjoint_and_cover():
    chosen, _, folds = rows_of(replace(TINY, folds=5))
    held = np.concatenate([fold.validation for fold in folds])
    assert len(folds) == 5
    assert sorted(held) == sorted(chosen)
    assert all(len(fold.train) == 1600 and len(fold.validation) == 400 for fold in folds)


def test_fewer_training_rows_are_the_first_of_the_many():
    _, _, (few,) = rows_of(replace(TINY, training=200))
    _, _, (many,) = rows_of(TINY)
    assert len(many.train) == TRAINING - VALIDATION
    np.testing.assert_array_equal(few.train, many.train[:200])
    np.testing.assert_array_equal(few.validation, many.validation)


def test_the_target_is_the_weighted_mean():
    T = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0, 0.0, 0.0, 36.0]])
    np.testing.assert_allclose(personal_target(T, (9, 9, 7, 6, 5)), [(9 + 18 + 21 + 24 + 25) / 36, 5.0], rtol=1e-15)
    for digits in ((1, 2, 3), (0, 0, 0, 0, 0), (1, 1, 1, 1, -1)):
        with pytest.raises(ValueError, match="5 digits of at least 0"):
            personal_target(T, digits)


def test_metrics_from_the_stored_prediction():
    chosen, tested, (fold,) = rows_of(TINY)
    (outcome,) = outcomes(study, replace(TINY, test=True), [0])
    target, prediction = outcome.arrays["target"], outcome.arrays["prediction"].astype(float)
    unseen = np.setdiff1d(np.arange(13600), np.concatenate([chosen, tested]))
    assert len(unseen) == 10600
    expected = {"train_mse": fold.train, "validation_mse": fold.validation, "test_mse": tested, "unseen_mse": unseen}
    for name, rows in expected.items():
        assert outcome.metrics[name] == pytest.approx(((target[rows] - prediction[rows]) ** 2).mean(), rel=1e-4), name
    assert outcome.metrics["test_half_mse"] == outcome.metrics["test_mse"] / 2
    assert outcome.metrics["mean_baseline_mse"] == pytest.approx(((target[tested] - target[chosen].mean()) ** 2).mean())
    assert outcome.metrics["parameters"] == 6 * 3 + 7


def test_test_rows_change_nothing_before_the_final_stage(monkeypatch):
    """With the targets of the test rows replaced, a cell that stops on validation trains to the same network."""
    chosen, _, _ = rows_of(TINY)
    params = replace(TINY, patience=1, epochs=4)
    (before,) = outcomes(study, params, [0])
    real = data.load("five_surfaces")
    T = np.array(real["T"])
    T[np.setdiff1d(np.arange(len(T)), chosen)] = 1e6

    class Spoiled:
        def load(self, name):
            return {"X": real["X"], "T": T}

    monkeypatch.setattr("studies_tools.data", Spoiled())
    (after,) = outcomes(study, params, [0])
    assert dict(after.metrics) == dict(before.metrics)


@pytest.mark.parametrize("test", [True, False])
def test_only_cells_that_say_so_meet_the_test_set(test):
    (outcome,) = outcomes(study, replace(TINY, epochs=1, test=test), [0])
    assert ("test_mse" in outcome.metrics) is test
    assert "test_mse" in outcomes(study, replace(TINY, epochs=1), [0], "final")[0].metrics


def test_selection_reads_validation_alone():
    design = study.design("quick", replicates=2)
    candidates = [cell for cell in design.cells if cell.matches(study.select.among)]
    assert study.select.metric == "validation_mse"
    records = []
    for place, cell in enumerate(design.cells):
        metrics = {"validation_mse": 1.0 - 0.01 * place if cell in candidates else 0.0, "test_mse": float(place)}
        (outcome,) = outcomes(study, replace(TINY, epochs=1), [0])
        records += [Record(cell, r, replace(outcome, metrics=metrics)) for r in range(2)]
    assert Results.from_records(study, design, records).selected == candidates[-1]


def test_the_final_stage_is_of_the_chosen_cell(small):
    results = small("personal-regression")
    chosen = results.selected
    assert {record.cell.identity for record in results.records if record.stage == "final"} == {chosen.identity}
    means = {c.identity: results.values("validation_mse", **vars(c.params)).mean() for c in results.cells if c.matches(study.select.among)}
    assert min(means, key=means.get) == chosen.identity


def test_an_ensemble_is_the_mean_of_its_members():
    single = [outcomes(study, replace(TINY, test=True), [0])[0]]
    (three,) = outcomes(study, replace(TINY, test=True, ensemble=3), [0])
    assert three.metrics["train_mse"] != single[0].metrics["train_mse"]
    assert three.metrics["parameters"] == single[0].metrics["parameters"]


def test_candidates_are_not_scaled_reports_or_fewer_points():
    candidates = [cell.params for cell in CELLS if cell.matches(study.select.among)]
    assert len(candidates) >= 40
    assert not any(p.test or p.stop_on == "test" or p.folds or p.training < 1600 for p in candidates)
    assert not any(p.optimizer == "levenberg_marquardt" for p in candidates)


def test_levenberg_marquardt_goes_below_first_order():
    (cell,) = [cell for cell in CELLS if "levenberg_marquardt" in cell.names]
    second = outcomes(study, replace(cell.params, data="five_surfaces", hidden_sizes=(8, 8), epochs=25), [0])[0].metrics
    first = outcomes(study, replace(TINY, hidden_sizes=(8, 8), activation="tanh", epochs=25), [0])[0].metrics
    assert second["validation_mse"] < first["validation_mse"] / 3


@pytest.mark.real_data
def test_on_the_course_set():
    params = replace(study.params, epochs=60)
    found = outcomes(study, params, [0, 1], "final")
    errors = [outcome.metrics["test_mse"] for outcome in found]
    assert max(errors) < 0.01
    assert all(outcome.metrics["test_mse"] < outcome.metrics["mean_baseline_mse"] / 20 for outcome in found)


@pytest.mark.real_data
@pytest.mark.slow
def test_levenberg_marquardt_on_the_course_set():
    (cell,) = [cell for cell in CELLS if "levenberg_marquardt_15_15" in cell.names]
    found = outcomes(study, cell.params, [0, 1, 2])
    assert np.median([outcome.metrics["test_mse"] for outcome in found]) <= 1e-6
