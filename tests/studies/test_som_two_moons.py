"""som-two-moons: distances from the moons, units that never win, the way of a lone winner's map."""

from dataclasses import replace

import numpy as np
from studies_tools import outcomes

from annlab.data.samples import draw_two_moons
from annlab.lab.discover import load_study
from annlab.studies.maps.som_two_moons import distance_to_moons
from annlab.studies.maps.som_two_moons_claims import stayed
from annlab.studies.maps.som_two_moons_grid import setting

STUDY = load_study("som-two-moons")


def test_points_without_noise_lie_on_the_moons():
    X = draw_two_moons(300, 0.0, np.random.default_rng(0))[0]
    np.testing.assert_allclose(distance_to_moons(X), 0, atol=1e-12)
    curve = draw_two_moons(20000, 0.0, np.random.default_rng(1))[0]
    elsewhere = np.random.default_rng(2).uniform(-2, 2, (50, 2))
    nearest = np.linalg.norm(elsewhere[:, None] - curve, axis=-1).min(axis=1)
    np.testing.assert_allclose(distance_to_moons(elsewhere), nearest, atol=2e-3)


def test_what_never_wins_stays_where_the_winner_learns_alone():
    alone = replace(STUDY.params, neighbourhood="bubble", radius=1.0)
    found = outcomes(STUDY, alone, range(4))
    assert any(outcome.metrics["never_won"] for outcome in found)
    assert all(outcome.metrics.get("moved_never", 0.0) == 0.0 for outcome in found)
    again = outcomes(STUDY, alone, range(4))
    assert [outcome.metrics for outcome in again] == [outcome.metrics for outcome in found]
    assert found[0].metrics != found[1].metrics


def test_a_series_begins_at_the_start_and_ends_as_the_metrics():
    outcome = outcomes(STUDY, STUDY.params, [0])[0]
    frame = outcome.series["by_iteration"]
    assert frame["iteration"].tolist() == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert frame["never_won"][0] == 16
    assert (np.diff(frame["never_won"]) <= 0).all()
    assert frame["never_won"][-1] == outcome.metrics["never_won"]
    assert np.abs(outcome.arrays["path"][0]).max() <= 1
    assert outcome.arrays["wins"].sum(axis=1).tolist() == [1000] * 11


def test_settings_have_names_of_their_own():
    names = [setting(cell.params) for cell in STUDY.design("full").cells]
    assert len(set(names)) == len(names)


def test_the_claim_of_the_cause_counts_only_replicates_with_units_off_the_moons():
    class Record:
        def __init__(self, replicate, metrics):
            self.replicate = replicate
            self.outcome = type("Outcome", (), {"metrics": metrics})

    records = [
        Record(0, {"off_idle": 1.0, "moved_off": 0.01}),
        Record(1, {"off_idle": 0.0, "moved_off": 0.01}),
        Record(2, {"off_idle": 0.0}),
    ]
    found = stayed(type("Results", (), {"records": records}))
    assert found.differences == {0: 0.04, 1: -1.0}
