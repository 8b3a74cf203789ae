"""hopfield-2d: known answers, repeatability, and what the symmetric starts are."""

import numpy as np
import pytest
from studies_tools import outcomes

from annlab.lab.discover import load_study
from annlab.studies.recurrent import hopfield_small as small
from annlab.studies.recurrent.hopfield_2d import TWO


@pytest.fixture(scope="module")
def study():
    return load_study("hopfield-2d")


@pytest.fixture(scope="module")
def found(study):
    return outcomes(study, small.Params(volume=400), [0, 1])


def test_the_trial_repeats_itself_and_replicates_differ(study, found):
    again = outcomes(study, small.Params(volume=400), [0])[0]
    assert again.metrics == found[0].metrics
    assert found[1].metrics["iterations_random"] != found[0].metrics["iterations_random"]


def test_the_square_is_what_theory_says(found):
    for outcome in found:
        metrics = outcome.metrics
        np.testing.assert_allclose(outcome.arrays["weights"], np.exp(0.15) * np.eye(2))
        assert not outcome.arrays["bias"].any()
        assert (metrics["fixed_points"], metrics["stable_points"], metrics["spurious_stable"]) == (9, 4, 1)
        assert metrics["stability_agrees"] == metrics["stored_stable"] == metrics["perturbed_to_stable"] == 1.0
        assert metrics["iterations_symmetric"] == metrics["symmetric_moved"] == 0
        assert metrics["unstable_radius"] == pytest.approx(np.exp(0.15))
        assert metrics["energy_rise"] <= 1e-12
        assert metrics["iterations_per_decade"] == pytest.approx(np.log(10) / 0.15, rel=0.1)
        # coordinates grow on their own, so that the basins are the quadrants
        np.testing.assert_array_equal(
            outcome.arrays["basins"].reshape(small.EDGE, small.EDGE)[[0, 0, -1, -1], [0, -1, 0, -1]], [0, 2, 1, 3]
        )


def test_iterations_are_those_of_exponential_growth(found):
    for outcome in found:
        paths = {name: np.asarray(values) for name, values in outcome.series["paths"].items()}
        kinds = {name: np.asarray(values) for name, values in outcome.series["kinds"].items()}
        begin = np.column_stack([paths["x1"], paths["x2"]])[paths["epoch"] == 0]
        expected = np.ceil(np.log(1 / np.abs(begin).min(1)) / 0.15)
        np.testing.assert_array_equal(kinds["iterations"][kinds["name"] == "random"], expected)


def test_two_patterns_do_not_store_their_negatives(study):
    metrics = outcomes(study, small.Params(patterns=TWO, volume=200), [0])[0].metrics
    assert metrics["negatives_stable"] == metrics["spurious_volume"] == 0
    assert metrics["stable_points"] == 2


def test_the_hebb_rule_beside_it(study):
    metrics = outcomes(study, small.Params(rule="hebb"), [0])[0].metrics
    assert metrics["lost_below_one"] == 0
    assert metrics["lost_above_one"] == 1
    assert metrics["hebb_energy_difference"] == pytest.approx(0, abs=1e-12)
    assert metrics["hebb_negatives"] == 1
    assert metrics["hebb_stored"] == pytest.approx(2 / 3)


def test_kinds_of_symmetric_starts():
    kinds = small.symmetric_starts(np.array([[1.0, 1, 1], [-1, -1, 1], [1, -1, -1]]))
    assert {name: len(states) for name, states in kinds.items()} == {
        "origin": 1,
        "centre of a face": 6,
        "centre of an edge": 12,
        "corner": 8,
        "midpoint of two patterns": 3,
    }
    np.testing.assert_array_equal(kinds["midpoint of two patterns"], [[0, 0, 1], [1, 0, 0], [0, -1, 0]])


def test_calculations_of_theory_give_a_truth_value_and_the_right_formula():
    for function, words in ((small.crosstalk_decides, "crosstalk exceeds 1"), (small.printed_capacity, "5.4 patterns for N = 100")):
        holds, text = function(None)
        assert holds is False
        assert words in text
