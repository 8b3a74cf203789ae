"""Recall step by step against whole recalls, what is needed and counted, and cells whose end is known."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import Surroundings, outcomes

from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.measure import capacity_lines
from annlab.models import HopfieldNetwork
from annlab.studies.recurrent.hopfield_digits import data_of
from annlab.studies.recurrent.hopfield_digits_load import LOADS, capacities, counts, stored
from annlab.studies.recurrent.hopfield_digits_noise import level_grid
from annlab.studies.recurrent.hopfield_digits_recall import (
    CONVERGED,
    MOVES,
    OSCILLATES,
    STRIDE,
    corrupted,
    first_images,
    follow,
    needed,
    saturated,
)

STUDY = load_study("hopfield-digits")
PARAMS = replace(STUDY.params, data="digits28", probes=2, levels=4)


def random_patterns(p, units, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(p, units))


@pytest.mark.parametrize("rule", ["lssm", "hebb", "storkey", "pseudoinverse", "dense", "modern"])
def test_following_ends_where_a_whole_recall_ends(rule):
    patterns = random_patterns(5, 60)
    network, own = HopfieldNetwork(rule=rule).fit(patterns), np.repeat(np.arange(5), 8)
    starts = corrupted(patterns[own], "gaussian", 1.5, np.random.default_rng(1))
    found = follow(network, starts, patterns, own, 37)
    states, moves = network.recall(starts, n_iter=37, return_n_iter=True)
    np.testing.assert_allclose(found.states, states, atol=1e-12)
    np.testing.assert_array_equal(found.iterations, moves)
    for t in (0, 1, STRIDE, STRIDE + 1, 37):
        at = network.recall(starts, n_iter=t)
        overlap = (at * patterns[own]).mean(axis=1)
        np.testing.assert_allclose(found.overlap[t], overlap, atol=1e-6)
        np.testing.assert_array_equal(found.signs[t], (np.sign(at) == patterns[own]).all(axis=1))
        np.testing.assert_array_equal(found.nearest[t], (at @ patterns.T).argmax(axis=1) == own)
    settled = (found.kind == CONVERGED) & (found.overlap[-1] > 1 - 1e-9)
    np.testing.assert_allclose(found.states[settled], patterns[own][settled])
    assert not found.exact[0].any()
    assert settled.any()


class Turning:
    """A network that turns every unit over and over, a cycle of two states; the first unit of a slow one only creeps."""

    def __init__(self, slow):
        self.slow = slow

    def recall(self, states, n_iter, **asked):
        path = [states]
        for _ in range(n_iter):
            after = 0.999 * path[-1] if self.slow else -path[-1]
            path.append(after)
        return path[-1], np.stack(path), np.full(len(states), n_iter)


def test_a_cycle_of_two_oscillates_and_a_creeping_state_moves():
    patterns = random_patterns(2, 30)
    own = np.array([0, 1])
    turning = follow(Turning(slow=False), patterns, patterns, own, 25)
    assert turning.kind.tolist() == [OSCILLATES] * 2
    assert turning.iterations.tolist() == [25] * 2
    assert turning.exact[0].all()
    assert not turning.matched("exact").any()  # it comes by every second iteration, and does not stay
    assert follow(Turning(slow=True), patterns, patterns, own, 25).kind.tolist() == [MOVES] * 2


def test_iterations_needed_are_those_after_which_nothing_is_lost_again():
    matched = np.zeros((6, 10), dtype=bool)
    matched[2:, :5] = True
    matched[4:, 5:9] = True
    matched[1, 9] = True  # found, and lost again
    every, recovered = needed(matched)
    assert np.isnan(every)
    assert recovered == 4
    assert needed(matched, share=0.5) == (2, 2)
    matched[5, 9] = True
    assert needed(matched) == (5, 5)
    assert needed(np.ones((3, 4), dtype=bool)) == (0, 0)
    assert np.isnan(needed(np.zeros((3, 4), dtype=bool))).all()


def test_images_become_signs_and_the_first_of_each_class_is_taken():
    images = np.array([[[0, 127], [128, 255]], [[10, 40], [60, 110]]])
    np.testing.assert_array_equal(saturated(images), [[-1, -1, 1, 1], [-1, -1, -1, 1]])
    assert first_images(np.array([3, 0, 3, 1, 0, 2])).tolist() == [1, 3, 5, 0]


def test_corruption_is_what_it_says():
    patterns = random_patterns(40, 500)
    rng = np.random.default_rng
    noisy = corrupted(patterns, "gaussian", 10.0, rng(0))
    assert np.abs(noisy).max() <= 1
    assert (noisy * patterns < 0).mean() == pytest.approx(0.4602, abs=0.012)  # the normal distribution at -1 / 10
    flipped, erased = (corrupted(patterns, how, 0.3, rng(0)) for how in ("flipped", "erased"))
    assert (flipped == -patterns).mean() == pytest.approx(0.3, abs=0.012)
    np.testing.assert_array_equal(erased == 0, flipped == -patterns)
    np.testing.assert_array_equal(corrupted(patterns, "gaussian", 0.0, rng(0)), patterns)


def test_levels_are_decimal_numbers_that_claims_can_name():
    levels = level_grid(10.0, 100)
    assert len(levels) == 101
    assert {0.1, 0.3, 5.0, 9.7, 10.0} <= set(levels.tolist())


def test_without_noise_the_courses_network_is_at_rest():
    outcome = outcomes(STUDY, PARAMS, [0])[0]
    levels = outcome.series["levels"]
    assert levels["recovered"][0] == levels["exact"][0] == levels["nearest"][0] == 1
    assert levels["iterations_mean"][0] == 0
    assert (np.diff(levels["recovered"]) <= 0.25).all()
    ends = sum(levels[name] for name in ("spurious", "oscillate", "move", "other", "nearest"))
    np.testing.assert_allclose(ends, 1, atol=0.11)
    assert outcome.series["confusion"]["count"].sum() == 5 * 10 * 2


def test_replicates_differ_come_again_and_share_the_noise_of_a_level():
    first, second = (outcomes(STUDY, PARAMS, [0, 1]) for _ in range(2))
    assert first[0].metrics != first[1].metrics
    for a, b in zip(first, second, strict=True):
        assert a.metrics == pytest.approx(b.metrics, nan_ok=True)
    finer = outcomes(STUDY, replace(PARAMS, levels=8), [0])[0].series["levels"]
    for name in ("recovered", "iterations_mean"):
        np.testing.assert_array_equal(finer[name][::2], first[0].series["levels"][name])


@pytest.mark.parametrize("match", ["exact", "signs", "nearest"])
def test_what_counts_as_recovered_grows_weaker_in_that_order(match):
    strict = outcomes(STUDY, PARAMS, [0])[0].series
    found = outcomes(STUDY, replace(PARAMS, match=match), [0])[0].series
    assert (found["levels"]["recovered"] >= strict["levels"]["recovered"]).all()
    assert (found["map"]["recovered"] >= strict["map"]["recovered"]).all()
    np.testing.assert_array_equal(found["levels"]["exact"], strict["levels"]["exact"])


def test_capacity_of_the_hebb_rule_lies_at_the_theorys_lines():
    params = replace(PARAMS, sweep="load", rule="hebb", images="random", units=400, most=0.2, every=1, probes=40, iterations=20)
    found = [outcome.metrics for outcome in outcomes(STUDY, params, range(3))]
    lines = capacity_lines(400, "hebb")
    for name, line in (("capacity_most", "N/(2 ln N)"), ("capacity_errors", "0.138 N")):
        assert np.mean([each[name] for each in found]) == pytest.approx(lines[line], rel=0.25)
    for each in found:
        assert each["capacity_all"] <= each["capacity_most"] <= each["capacity_errors"]


def test_the_other_end_of_the_load():
    patterns = random_patterns(40, 40)
    found = stored(lambda: HopfieldNetwork(rule="pseudoinverse"), patterns, np.array([4, 20]), 10, 20, np.random.default_rng(0))
    assert found["stable"].tolist() == [1, 1]
    assert found["found"][0] == 1
    for name in ("stable", "found", "spurious", "mixed", "oscillate", "move"):
        assert ((found[name] >= 0) & (found[name] <= 1)).all()


def test_capacities_are_read_before_the_first_failure():
    series = {
        "patterns": np.array([4.0, 8.0, 12.0, 16.0]),
        "stable": np.array([1.0, 0.96, 0.9, 1.0]),
        "errors": np.array([0.0, 0.01, 0.02, 0.3]),
        "found": np.array([0.5, 1.0, 1.0, 1.0]),
    }
    assert capacities(series) == {"capacity_all": 4, "capacity_most": 8, "capacity_errors": 12, "capacity_found": 0}
    assert counts(100, 0.1, 1).tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert counts(784, 1.0, 1)[-1] == 784
    assert (np.diff(LOADS) > 0).all()


def test_images_drawn_anew_are_one_of_each_digit():
    patterns = [outcomes(STUDY, replace(PARAMS, images="drawn", levels=1), [0])[0].arrays["clean"] for _ in range(2)]
    np.testing.assert_array_equal(*patterns)
    assert patterns[0].shape == (10, 784)
    first = outcomes(STUDY, replace(PARAMS, levels=1), [0])[0].arrays["clean"]
    assert not (first == patterns[0]).all()
    X, y = (Surroundings(STUDY, [0]).data("digits28")[name] for name in ("X_train", "y_train"))
    for digit, pattern in enumerate(patterns[0]):
        assert (saturated(X[y == digit]) == pattern).all(axis=1).any()


def test_random_patterns_need_no_data():
    assert data_of(replace(PARAMS, sweep="load", images="random")) == ()
    assert data_of(PARAMS) == ("digits28",)


def test_every_row_of_the_ledger_is_mapped():
    assert check(STUDY) == []


def test_captions_of_capacities_say_of_how_many_patterns_they_speak(small):
    results = small("hopfield-digits")
    (probes,) = {cell.params.probes for cell in results.where(sweep="load").cells}
    captions = {part.name: part.caption for part in (*STUDY.figures, *STUDY.tables)}
    for name in ("capacity-by-load", "capacity-by-size", "capacity"):
        assert f"at most {probes} of the stored patterns" in captions[name](results)
