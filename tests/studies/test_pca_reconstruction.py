"""Own components against the library's and against theory; what a calculation by hand says of the errors."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from studies_tools import changed, outcomes

from annlab import data
from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.report import unanswered
from annlab.studies.maps.pca_reconstruction_exact import (
    agreement,
    by_library,
    decompose,
    expected_errors,
    needed,
    population_errors,
    reconstruction_errors,
)

STUDY = load_study("pca-reconstruction")
IRIS = replace(STUDY.params, data="iris", scaling="standardised")


def rows(n=40, d=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


@pytest.mark.oracle
@pytest.mark.parametrize("components", range(1, 7))
def test_errors_are_those_of_scikit_learns_reconstruction(components):
    X = rows()
    fitted = PCA(components).fit(X)
    rebuilt = fitted.inverse_transform(fitted.transform(X))
    assert reconstruction_errors(decompose(X), X)[components] == pytest.approx(np.sqrt(np.mean((X - rebuilt) ** 2)), rel=1e-9, abs=1e-13)


@pytest.mark.oracle
def test_components_equal_the_librarys_up_to_sign():
    X = rows(60, 5, 3)
    found = agreement(decompose(X), by_library(X), X, X)
    for name in ("direction_difference", "variance_difference", "score_difference"):
        assert found[name] < 1e-10, name
    parts, mirrored = decompose(X), decompose(X)
    mirrored.vectors[:, 0] *= -1
    found = agreement(parts, mirrored, X, X)
    assert found["flipped"] == 1 / 5
    assert found["signed_difference"] == pytest.approx(2.0)
    assert found["score_difference"] < 1e-10


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 30), st.integers(2, 8), st.integers(0, 99))
def test_errors_fall_to_zero_and_are_the_eigenvalues_left_out(n, d, seed):
    X = rows(n, d, seed)
    parts = decompose(X)
    errors = reconstruction_errors(parts, X)
    left = np.append(np.cumsum(parts.variances[::-1])[::-1], 0.0)
    assert (np.diff(errors) <= 1e-9).all()
    assert errors[-1] <= 1e-12 * max(1.0, errors[0])
    np.testing.assert_allclose(errors**2, left / d, rtol=1e-7, atol=1e-12 * errors[0] ** 2)
    assert parts.known() <= min(n - 1, d)


def test_two_components_by_hand():
    X = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    parts = decompose(X)
    np.testing.assert_allclose(parts.variances, [2.0, 0.5])
    np.testing.assert_allclose(np.abs(parts.vectors), np.eye(2), atol=1e-15)
    np.testing.assert_allclose(reconstruction_errors(parts, X), np.sqrt([1.25, 0.25, 0.0]), atol=1e-15)
    assert [needed(parts.variances, share) for share in (0.5, 0.8, 0.81, 1.0)] == [1, 1, 2, 2]


@pytest.mark.oracle
@pytest.mark.parametrize("samples", [60, 150, 600])
def test_theory_meets_the_mean_of_drawn_samples(samples):
    d, rng = 40, np.random.default_rng(1)
    drawn = [rng.normal(size=(samples, d)) for _ in range(20)]
    mean = np.mean([reconstruction_errors(decompose(X), X) for X in drawn], axis=0)
    np.testing.assert_allclose(expected_errors(samples, d), mean, atol=0.015)


def test_theory_at_its_ends():
    assert expected_errors(30, 50)[29] == pytest.approx(0.0, abs=0.01)  # 30 rows span 29 directions
    for samples in (30, 51, 500):
        found = expected_errors(samples, 50)
        assert found[0] == pytest.approx(np.sqrt((samples - 1) / samples), rel=1e-6)
        assert found[-1] == 0
        assert (np.diff(found) <= 1e-12).all()
    np.testing.assert_allclose(expected_errors(10_000_000, 50), population_errors(50), atol=2e-3)
    assert population_errors(4)[2] == pytest.approx(np.sqrt(0.5))


def test_unseen_normal_rows_follow_the_population():
    outcome = outcomes(STUDY, STUDY.params, [0])[0]
    curve = outcome.series["curve"]
    np.testing.assert_allclose(curve["held_out"], curve["root"], atol=0.02)
    assert outcome.metrics["expected_gap"] < 0.03


def test_standardised_iris():
    metrics = outcomes(STUDY, IRIS, [0])[0].metrics
    correlations = np.linalg.eigvalsh(np.corrcoef(np.asarray(data.load("iris")["X"]).T))[::-1]
    assert metrics["rmse_none"] == pytest.approx(1.0)
    assert metrics["rmse_all"] < 1e-14
    assert metrics["two_explained"] == pytest.approx(correlations[:2].sum() / 4)
    assert metrics["two_left"] == pytest.approx(np.sqrt(correlations[2:].sum() / 4))
    assert [metrics[f"components_{share}"] for share in (90, 95, 99)] == [2, 2, 3]


def test_a_library_that_is_given_raw_rows_gives_another_picture():
    same, raw = (outcomes(STUDY, replace(IRIS, library_input=name), [0])[0].metrics for name in ("same", "raw"))
    assert same["score_difference"] < 1e-12
    assert raw["score_difference"] > 0.1


def test_replicates_differ_and_come_again():
    first, second = (outcomes(STUDY, replace(STUDY.params, samples=60), [0, 1]) for _ in range(2))
    assert [each.metrics for each in first] == [each.metrics for each in second]
    assert first[0].metrics["first_drop"] != first[1].metrics["first_drop"]
    seen = outcomes(STUDY, IRIS, [0, 1])
    assert seen[0].metrics["two_left"] == seen[1].metrics["two_left"]
    assert seen[0].metrics["held_out_two"] != seen[1].metrics["held_out_two"]


def test_every_row_is_mapped_and_every_question_answered(small):
    results = small("pca-reconstruction")
    assert check(STUDY) == []
    assert unanswered(results) == []
    assert unanswered(changed(results)) == []
