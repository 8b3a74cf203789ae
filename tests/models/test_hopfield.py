"""HopfieldNetwork: stored patterns, formulas, energies, recall, fixed points and bad input."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import annlab
from annlab import HopfieldNetwork
from annlab.measure import capacity_lines, crosstalk
from annlab.models.hopfield import RULES

PLANE = [[1, 1, 1], [-1, -1, 1], [1, -1, -1]]
SQUARE = [[1, 1], [-1, -1], [1, -1]]
every_rule = pytest.mark.parametrize("rule", RULES)


def signs(p: int, units: int, seed: int = 0) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random((p, units)) < 0.5, -1.0, 1.0)


def starts(n: int, units: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, units))


def lssm_by_the_formula(patterns: np.ndarray, h: float = 0.15, tau: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    last = patterns[-1]
    left, values, _ = np.linalg.svd((patterns[:-1] - last).T)
    k = int((values > 1e-9).sum())
    inside, outside = left[:, :k], left[:, k:]
    plane, rest = inside @ inside.T, outside @ outside.T
    t_tau = plane - tau * rest
    i_tau = last - t_tau @ last
    weights = np.exp(h) * plane + np.exp(-tau * h) * rest
    return weights, ((np.exp(h) - 1) * plane + (1 - np.exp(-tau * h)) / tau * rest) @ i_tau


def storkey_by_the_formula(patterns: np.ndarray) -> np.ndarray:
    units = patterns.shape[1]
    weights = np.zeros((units, units))
    for x in patterns:
        new = weights.copy()
        for i in range(units):
            for j in range(units):
                if i == j:
                    continue
                others = [k for k in range(units) if k not in (i, j)]
                h_ij, h_ji = weights[i, others] @ x[others], weights[j, others] @ x[others]
                new[i, j] += (x[i] * x[j] - x[i] * h_ji - h_ij * x[j]) / units
        weights = new
    return weights


@pytest.mark.oracle
@pytest.mark.parametrize("patterns", [PLANE, SQUARE, signs(4, 12), signs(2, 30), signs(1, 5)], ids=len)
def test_lssm_is_the_published_construction(patterns: Any) -> None:
    weights, bias = lssm_by_the_formula(np.asarray(patterns, dtype=float))
    net = HopfieldNetwork().fit(patterns)
    np.testing.assert_allclose(net.weights_, weights, atol=1e-12)
    np.testing.assert_allclose(net.bias_, bias, atol=1e-12)


@pytest.mark.oracle
def test_the_other_matrices_are_their_formulas() -> None:
    X = signs(5, 14)
    expected = {"hebb": X.T @ X / 14, "pseudoinverse": np.linalg.pinv(X) @ X, "storkey": storkey_by_the_formula(X)}
    for rule, weights in expected.items():
        np.fill_diagonal(weights, 0)
        net = HopfieldNetwork(rule=rule).fit(X)
        np.testing.assert_allclose(net.weights_, weights, atol=1e-12)
        assert not net.bias_.any()


@pytest.mark.oracle
def test_one_step_of_the_modern_network_is_softmax_attention() -> None:
    rng = np.random.default_rng(0)
    keys, queries = rng.normal(size=(7, 16)), rng.normal(size=(5, 16))
    net = HopfieldNetwork(rule="modern", beta=0.25).fit(keys)
    attention = torch.nn.functional.scaled_dot_product_attention(*(torch.from_numpy(a)[None] for a in (queries, keys, keys)))[0]
    np.testing.assert_allclose(net.recall(queries, n_iter=1), attention.numpy(), atol=1e-12)


@pytest.mark.oracle
def test_degree_two_of_the_dense_network_is_the_hebb_network() -> None:
    X, states = signs(4, 20), np.sign(starts(6, 20))
    dense, hebb = HopfieldNetwork(rule="dense", degree=2).fit(X), HopfieldNetwork(rule="hebb").fit(X)
    np.testing.assert_allclose(dense.energy(states) - hebb.energy(states), -4 / 2, atol=1e-12)
    np.testing.assert_array_equal(dense.recall(states, n_iter=1), hebb.recall(states, n_iter=1))


@every_rule
@pytest.mark.parametrize("update", ["synchronous", "asynchronous"])
def test_a_noisy_pattern_is_recalled_and_a_stored_one_stays(rule: str, update: str) -> None:
    X = signs(4, 100)
    net = HopfieldNetwork(rule=rule, update=update, random_state=0).fit(X)
    noisy = np.clip(X + np.random.default_rng(2).normal(size=X.shape), -1, 1)
    np.testing.assert_allclose(net.recall(noisy), X, atol=1e-6)
    same, moves = net.recall(X, return_n_iter=True)
    np.testing.assert_allclose(same, X, atol=1e-6)
    assert not moves.any()


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), p=st.integers(1, 8), rule=st.sampled_from(RULES))
def test_energy_never_rises_under_asynchronous_updates(seed: int, p: int, rule: str) -> None:
    X = signs(p, 10, seed) if rule != "lssm" else np.unique(signs(p, 10, seed), axis=0)
    net = HopfieldNetwork(rule=rule, update="asynchronous", random_state=seed, max_iter=30).fit(np.unique(X, axis=0))
    begin = starts(5, 10, seed)
    path = net.recall(np.sign(begin) if rule == "dense" else begin, return_path=True)[1]
    energies = np.array([net.energy(states) for states in path])
    assert (np.diff(energies, axis=0) <= 1e-9).all()


@pytest.mark.parametrize("rule", ["lssm", "hebb", "storkey", "pseudoinverse"])
@pytest.mark.parametrize("states", ["saturated", "binary"])
def test_recall_is_the_plain_loop_with_the_dense_matrix(rule: str, states: str) -> None:
    X = signs(6, 64)
    net = HopfieldNetwork(rule=rule, states=states, max_iter=25, tol=0.0).fit(X)
    probes = np.clip(X.repeat(5, 0) + np.random.default_rng(3).normal(size=(30, 64)), -1, 1)
    plain = probes
    for _ in range(25):
        field = plain @ net.weights_ + net.bias_
        plain = np.clip(field, -1, 1) if states == "saturated" else np.where(np.abs(field) < 1e-9, np.sign(plain), np.sign(field))
    np.testing.assert_allclose(net.recall(probes), plain, atol=1e-9)


def test_high_rank_goes_through_the_dense_matrix_with_the_same_answer() -> None:
    X = signs(30, 40)
    net = HopfieldNetwork(rule="hebb", max_iter=1).fit(X)
    states = np.sign(starts(20, 40))
    np.testing.assert_array_equal(net.recall(states), np.sign(states @ net.weights_))


def test_the_path_and_the_count_of_updates() -> None:
    net = HopfieldNetwork(tol=1e-9).fit(PLANE)
    begin = np.array([[0.2, 0.1, 0.3], [1.0, 1.0, 1.0], [0.9, -0.2, 0.5]])
    final, path, moves = net.recall(begin, return_path=True, return_n_iter=True)
    np.testing.assert_array_equal(path[0], begin)
    np.testing.assert_array_equal(path[-1], final)
    moved = np.abs(np.diff(path, axis=0)).max(2) > 1e-9
    np.testing.assert_array_equal(moved.sum(0), moves)
    assert moves[1] == 0
    assert len(path) == moves.max() + 1
    some = net.recall(begin, return_path=[3, 0, 50])[1]
    np.testing.assert_array_equal(some, np.stack([path[3], path[0], path[-1]]))
    assert (net.recall(begin, n_iter=2, return_n_iter=True)[1] == [2, 0, 2]).all()


@pytest.mark.parametrize("update", ["synchronous", "asynchronous"])
def test_the_answer_for_a_state_does_not_depend_on_the_others(update: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X = signs(5, 30)
    net = HopfieldNetwork(update=update, random_state=0).fit(X)
    probes = np.clip(X.repeat(8, 0) + 0.7 * starts(40, 30), -1, 1)
    together = net.recall(probes, return_path=True, return_n_iter=True)
    monkeypatch.setattr("annlab.models.hopfield._BLOCK", 7 * 30)
    for whole, parts in zip(together, net.recall(probes, return_path=True, return_n_iter=True), strict=True):
        np.testing.assert_allclose(parts, whole, atol=1e-12)
    np.testing.assert_allclose(net.recall(probes[5:6]), together[0][5:6], atol=1e-12)


@pytest.mark.gpu
@every_rule
@pytest.mark.parametrize("update", ["synchronous", "asynchronous"])
def test_cuda_gives_what_the_processor_gives(rule: str, update: str) -> None:
    X = signs(4, 60)
    probes = np.clip(X.repeat(8, 0) + 0.7 * starts(32, 60), -1, 1)
    net = HopfieldNetwork(rule=rule, update=update, random_state=0).fit(X)
    final, moves = net.recall(probes, return_n_iter=True)
    for here, there in zip((final, moves), net.set_params(device="cuda").recall(probes, return_n_iter=True), strict=True):
        np.testing.assert_allclose(there, here, atol=1e-9)


def test_a_synchronous_network_may_end_in_a_cycle_and_says_so() -> None:
    net = HopfieldNetwork(rule="hebb").fit([[1, 1]])
    _, moves = net.recall([[1.0, -1.0]], n_iter=50, return_n_iter=True)
    assert moves[0] == 50


def test_fixed_points_of_the_course_networks() -> None:
    square = HopfieldNetwork().fit(SQUARE).fixed_points()
    assert len(square) == 9
    assert square.stable.sum() == 4
    np.testing.assert_array_equal(square.states[square.kinds == "negative"], [[-1, 1]])
    plane = HopfieldNetwork().fit(PLANE).fixed_points()
    assert len(plane) == 7
    assert set(plane.kinds[plane.stable]) == {"stored"}
    assert any(np.allclose(state, [1, 0.06045472, -0.06045472], atol=5e-9) for state in plane.states)
    np.testing.assert_allclose(plane.radii[~plane.stable], np.exp(0.15))


@pytest.mark.parametrize("rule", ["lssm", "hebb", "storkey", "pseudoinverse", "dense"])
def test_fixed_points_are_fixed_and_random_starts_end_in_stable_ones(rule: str) -> None:
    net = HopfieldNetwork(rule=rule, update="asynchronous", random_state=0, max_iter=500, tol=1e-12).fit(signs(3, 6))
    found = net.fixed_points()
    np.testing.assert_allclose(net.recall(found.states, n_iter=1), found.states, atol=1e-9)
    ends = net.recall(starts(50, 6))
    distance = np.abs(ends[:, None] - found.states[None]).max(2)
    assert distance.min(1).max() < 1e-6
    assert found.energies[0] == pytest.approx(net.energy(found.states[:1])[0])


@pytest.mark.slow
@pytest.mark.oracle
def test_the_hebb_network_loses_its_memory_near_the_theoretical_load() -> None:
    overlap = {}
    for load in (0.10, 0.13, 0.16, 0.20):
        X = signs(round(load * 1000), 1000, seed=int(load * 100))
        net = HopfieldNetwork(rule="hebb", update="asynchronous", max_iter=40, random_state=0).fit(X)
        ends = net.recall(X[:40])
        overlap[load] = float((ends * X[:40]).mean())
    assert overlap[0.10] > 0.98
    assert overlap[0.13] > 0.9
    assert overlap[0.16] < 0.75
    assert overlap[0.20] < 0.5


def test_crosstalk_says_which_stored_bits_flip() -> None:
    X = signs(9, 30)
    net = HopfieldNetwork(rule="hebb").fit(X)
    flips = net.recall(X, n_iter=1) != X
    np.testing.assert_array_equal(flips, net.crosstalk() > 1 - 9 / 30)
    np.testing.assert_array_equal(net.crosstalk(), crosstalk(X))
    field = X @ (X.T @ X / 30)
    np.testing.assert_allclose(field, X * (1 - crosstalk(X)), atol=1e-12)


def test_capacity_lines_are_the_printed_formulas() -> None:
    assert capacity_lines(1000)["0.138 N"] == pytest.approx(138)
    assert capacity_lines(1000)["N/(4 ln N)"] == pytest.approx(36.19, abs=0.01)
    assert capacity_lines(100, "dense", degree=2)["N^(n-1)/(2 (2n-3)!! ln N)"] == pytest.approx(100 / (2 * np.log(100)))
    assert HopfieldNetwork(rule="pseudoinverse").fit(signs(2, 9)).capacity() == {"N": 9.0}
    with pytest.raises(ValueError, match="did you mean 'hebb'"):
        capacity_lines(10, "hebbb")


@every_rule
def test_saving_cloning_types_and_inputs(rule: str, tmp_path: Path) -> None:
    X = signs(3, 12).astype(np.float32)
    probes = starts(4, 12).astype(np.float32)
    X.setflags(write=False)
    probes.setflags(write=False)
    net = HopfieldNetwork(rule=rule, random_state=0).fit(X)
    answer = net.recall(probes)
    assert answer.dtype == np.float32
    assert net.energy(probes).dtype == np.float32
    assert net.overlaps(probes).shape == (4, 3)
    loaded = annlab.load(net.save(tmp_path / "net"))
    np.testing.assert_array_equal(loaded.recall(probes), answer)
    np.testing.assert_array_equal(clone(net).fit(X).recall(probes), answer)
    assert hasattr(net.set_params(rule="hebb").fit(X), "weights_")
    assert not hasattr(net.set_params(rule="modern").fit(X), "weights_")


def test_bad_input_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\], got 2"):
        HopfieldNetwork().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"must be -1 or 1, got 0\.5"):
        HopfieldNetwork(rule="hebb").fit([[1.0, 0.5]])
    with pytest.raises(ValueError, match="NaN"):
        HopfieldNetwork().fit([[1.0, np.nan]])
    with pytest.raises(ValueError, match="rule of HopfieldNetwork must be one of 'lssm'"):
        HopfieldNetwork(rule="hopfield").fit(PLANE)
    with pytest.raises(ValueError, match="states of its own"):
        HopfieldNetwork(rule="modern", states="binary").fit(PLANE)
    with pytest.warns(UserWarning, match="1 of 3 patterns are duplicates"):
        net = HopfieldNetwork(rule="pseudoinverse").fit([[1, 1, 1, -1], [1, 1, 1, -1], [1, -1, 1, 1]])
    np.testing.assert_array_equal(net.recall(net.patterns_), net.patterns_)
    with caplog.at_level(logging.INFO, logger="annlab"):
        assert HopfieldNetwork().fit(SQUARE).rank_ == 2
    assert "3 patterns have rank 2" in caplog.text
    net = HopfieldNetwork().fit(PLANE)
    with pytest.raises(ValueError, match="3 features"):
        net.recall([[1.0, 1.0]])
    with pytest.raises(ValueError, match="clip them"):
        net.recall([[1.0, 1.0, 3.0]])
    with pytest.raises(ValueError, match="n_iter must be"):
        net.recall([[1.0, 1.0, 1.0]], n_iter=-1)
    with pytest.raises(ValueError, match="return_path takes"):
        net.recall([[1.0, 1.0, 1.0]], n_iter=3, return_path=[4])
    with pytest.raises(ValueError, match="too many to enumerate"):
        HopfieldNetwork().fit(signs(2, 11)).fixed_points()
    with pytest.raises(ValueError, match="cannot be enumerated"):
        HopfieldNetwork(rule="modern").fit(PLANE).fixed_points()


RANGE = "patterns must lie in [-1, 1], and the check stores data of another range"
EXPECTED_FAILURES = dict.fromkeys(
    [
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_estimators_dtypes",
        "check_estimators_fit_returns_self",
        "check_estimators_overwrite_params",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_fit2d_1feature",
        "check_fit2d_1sample",
        "check_fit2d_predict1d",
        "check_fit_check_is_fitted",
        "check_fit_idempotent",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in",
        "check_n_features_in_after_fitting",
        "check_pipeline_consistency",
        "check_positive_only_tag_during_fit",
        "check_readonly_memmap_input",
    ],
    RANGE,
)


def test_scikit_learn_objects_to_nothing_but_the_range() -> None:
    results = check_estimator(HopfieldNetwork(), on_skip=None, expected_failed_checks=EXPECTED_FAILURES)
    status = {result["check_name"]: result["status"] for result in results}
    assert sum(value == "passed" for value in status.values()) >= 20
    assert {name for name, value in status.items() if value == "xfail"} == set(EXPECTED_FAILURES)


def test_the_modern_network_takes_data_of_any_range() -> None:
    results = check_estimator(HopfieldNetwork(rule="modern"), on_skip=None, on_fail=None)
    # the second check stores rows that repeat, which is said by a warning
    allowed = {"check_array_api_input", "check_positive_only_tag_during_fit"}
    assert {result["check_name"] for result in results if result["status"] != "passed"} <= allowed
