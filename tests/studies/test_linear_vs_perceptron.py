"""The closed form, the largest stable rate and the reading of curves, against calculations written out here."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from studies_tools import outcomes

from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.studies.supervised.linear_vs_perceptron import SECOND_NET
from annlab.studies.supervised.linear_vs_perceptron_exact import (
    X,
    closed_form,
    critical_rate,
    design,
    falls,
    hessian,
    plateau,
    settled_epoch,
    sine,
)

STUDY = load_study("linear-vs-perceptron")
SECOND = replace(STUDY.params, batch_size=25, **{name: values[0] for name, values in SECOND_NET.items()})


def line(**changes):
    return replace(STUDY.params, **changes)


@pytest.mark.oracle
@pytest.mark.parametrize("target", ["pi", "plain"])
def test_the_closed_form_is_least_squares(target):
    y = sine(X, target)
    np.testing.assert_allclose(closed_form(X, y), np.linalg.lstsq(design(X), y, rcond=None)[0], rtol=1e-12)


def test_the_target_is_the_sheets():
    assert len(X) == 50
    assert (X[0], X[-1]) == (0.0, 3.0)
    np.testing.assert_allclose(sine(np.array([0.0, 0.625, 1.25])), [0.0, -1.0, 0.0], atol=1e-15)
    assert sine(np.array([1.0]), "plain")[0] == -np.sin(0.8)


def test_the_hessian_is_that_of_autograd():
    x, y = torch.from_numpy(X), torch.from_numpy(sine(X))
    second = torch.autograd.functional.hessian(lambda v: ((v[0] * x + v[1] - y) ** 2).mean(), torch.zeros(2, dtype=torch.float64))
    np.testing.assert_allclose(hessian(design(X)), second, rtol=1e-12)


def test_gradient_descent_is_stable_just_below_the_predicted_rate_and_not_just_above():
    rate = critical_rate(design(X))
    assert rate == pytest.approx(2 / max(np.linalg.eigvalsh(2 * design(X).T @ design(X) / 50)))
    below, above = (outcomes(STUDY, line(learning_rate=share * rate, epochs=600), [0])[0].metrics for share in (0.999, 1.001))
    assert below["growth"] < 1 < above["growth"]


def test_the_sweep_finds_that_rate():
    found = outcomes(STUDY, line(sweep=True, epochs=300), [0, 1])
    for outcome in found:
        assert outcome.metrics["critical_share"] == pytest.approx(1.0, abs=0.0051)  # the spacing of the sweep


@pytest.mark.parametrize("init", ["glorot", "uniform"])
def test_gradient_descent_follows_the_formula_of_a_quadratic(init):
    """The error of the weights is multiplied by (I - rate H) in every epoch."""
    outcome = outcomes(STUDY, line(learning_rate=0.02, epochs=40, init=init), [1])[0]
    path, losses = outcome.series["path"], outcome.series["curves"]["train_loss"]
    best = np.array(closed_form(X, sine(X)))
    error = np.array([path["w"][0], path["b"][0]]) - best
    step = np.eye(2) - 0.02 * hessian(design(X))
    low = np.mean((sine(X) - best[0] * X - best[1]) ** 2)
    for w, b, loss in zip(path["w"], path["b"], losses, strict=True):
        np.testing.assert_allclose([w, b], best + error, rtol=1e-9, atol=1e-12)
        assert loss == pytest.approx(low + 0.5 * error @ hessian(design(X)) @ error, rel=1e-9)
        error = step @ error
    if init == "glorot":
        assert path["b"][0] == 0
        assert abs(path["w"][0]) <= np.sqrt(3)


def test_a_long_run_ends_at_the_closed_form_and_lowers_the_loss_in_every_epoch():
    metrics = outcomes(STUDY, line(), [0])[0].metrics
    assert metrics["distance"] < 1e-12
    assert metrics["train_mse"] == pytest.approx(metrics["closed_form_mse"], rel=1e-12)
    assert metrics["train_mse"] == pytest.approx(0.4235, abs=5e-5)
    assert metrics["falls"] == 1


def test_a_rate_above_the_largest_stable_one_is_an_outcome_and_no_crash():
    outcome = outcomes(STUDY, line(learning_rate=0.3), [0, 1])[1]
    assert outcome.metrics["diverged_epoch"] > 35
    assert outcome.metrics["growth"] == 1e12
    assert np.isinf(outcome.metrics["train_mse"])


def test_replicates_differ_and_come_again():
    first, second = (outcomes(STUDY, replace(SECOND, epochs=20), [0, 1]) for _ in range(2))
    assert [each.metrics for each in first] != [first[0].metrics] * 2
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.series["curves"]["train_loss"], b.series["curves"]["train_loss"])


def test_the_line_of_levenberg_and_marquardt_is_least_squares_under_noise():
    outcome = outcomes(STUDY, line(optimizer="levenberg_marquardt", noise=0.3, epochs=30), [0])[0]
    assert outcome.metrics["train_mse"] == pytest.approx(outcome.metrics["closed_form_mse"], rel=1e-10)
    assert outcome.metrics["distance"] < 1e-5


def test_a_hidden_layer_fits_what_a_line_cannot():
    second = outcomes(STUDY, SECOND, [0])[0].metrics
    assert second["r2"] > 0.9
    assert second["updates_per_epoch"] == 2
    assert 0 < second["falls"] < 1


def test_settled_epoch_and_share_of_falls():
    losses = np.array([4.0, 2.0, 1.0, 1.2, 1.0005, 1.0])
    assert settled_epoch(losses, 1e-3) == 4
    assert settled_epoch(losses, 1e-4) == 6  # one past the last: it still moves
    assert settled_epoch(losses, 0.5) == 2
    assert settled_epoch(losses, 10.0) == 0
    assert falls(losses) == pytest.approx(4 / 5)
    assert falls(np.array([2.0, 1.0, 1.0 + 1e-15])) == 1
    assert np.isnan(falls(np.ones(3)))


def test_a_plateau_is_a_stretch_that_a_fall_follows():
    curve = np.concatenate([np.geomspace(1, 0.4, 20), np.full(40, 0.4), np.geomspace(0.4, 0.01, 40), np.full(100, 0.01)])
    first, last = plateau(curve)
    assert first == pytest.approx(20, abs=5)  # the last tenth of the fall before counts
    assert last == pytest.approx(60, abs=5)
    assert np.isnan(plateau(np.geomspace(1, 0.01, 100))).all()
    assert np.isnan(plateau(np.ones(100))).all()


def test_every_row_of_the_ledger_is_mapped():
    assert check(STUDY) == []
