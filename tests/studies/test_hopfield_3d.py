"""hopfield-3d: the states between the patterns, and the patterns as two reports print them."""

import numpy as np
import pytest
from studies_tools import outcomes

from annlab.lab.discover import load_study
from annlab.studies.recurrent import hopfield_small as small
from annlab.studies.recurrent.hopfield_3d import CUBE, PRINTED


@pytest.fixture(scope="module")
def found():
    return outcomes(load_study("hopfield-3d"), small.Params(patterns=CUBE, asked=PRINTED, volume=400), [0, 1])


def test_only_the_stored_patterns_are_stable(found):
    for outcome in found:
        metrics = outcome.metrics
        assert (metrics["fixed_points"], metrics["stable_points"], metrics["spurious_stable"]) == (7, 3, 0)
        assert metrics["stored_stable"] == metrics["stability_agrees"] == metrics["midpoints_mixed"] == 1
        assert metrics["spurious_volume"] == metrics["midpoints_stored"] == 0
        assert metrics["printed_stable"] == pytest.approx(1 / 3)
        assert metrics["energy_rise"] <= 1e-12


def test_the_state_between_two_patterns(found):
    assert found[0].metrics["intermediate_second"] == pytest.approx(0.06045472, abs=5e-9)
    # the midpoint keeps its clamped coordinate; the others solve (I - W_FF) s_F = W_FC s_C + b_F
    weights, bias = found[0].arrays["weights"], found[0].arrays["bias"]
    free = np.linalg.solve(np.eye(2) - weights[1:, 1:], weights[1:, 0] + bias[1:])
    np.testing.assert_allclose(free, [0.06045472, -0.06045472], atol=5e-9)


def test_replicates_differ_in_their_starts_only(found):
    first, second = (outcome.series for outcome in found)
    np.testing.assert_array_equal(first["fixed"]["energy"], second["fixed"]["energy"])
    assert not np.array_equal(first["paths"]["x1"][:5], second["paths"]["x1"][:5])


def test_the_printed_patterns_lie_in_a_plane_through_the_origin():
    outcome = outcomes(load_study("hopfield-3d"), small.Params(patterns=PRINTED, volume=200), [0])[0]
    assert not outcome.arrays["bias"].any()
    assert outcome.metrics["negatives_stable"] == 1
    assert outcome.metrics["spurious_stable"] == 1
