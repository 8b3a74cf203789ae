"""Metrics of tiny trials recomputed here, noise paired between levels, stacked against one by one."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab import data
from annlab.lab import Results
from annlab.lab.discover import load_study
from annlab.lab.results import Record
from annlab.studies.supervised.noise_and_optimisation import study
from annlab.studies.supervised.noise_and_optimisation_claims import rougher_than_adam
from annlab.studies.supervised.noise_and_optimisation_reading import start_spreads

CLEAN = data.load("noisy_surface")["y"]
TINY = replace(study.params, epochs=15, noise=0.3)
ADAM = replace(TINY, optimizer="adam", learning_rate=0.01)


@pytest.mark.parametrize("params", [TINY, ADAM], ids=["lbfgs", "adam"])
def test_metrics_from_the_stored_arrays(params):
    (outcome,) = outcomes(study, params, [0])
    m, y, p = outcome.metrics, outcome.arrays["target"], outcome.arrays["prediction"]
    noise, left = y - CLEAN, y - p
    expected = {
        "data_snr_db": 10 * np.log10((CLEAN**2).sum() / (noise**2).sum()),
        "data_residual": (noise**2).mean(),
        "train_mse": (left**2).mean(),
        "train_r2": 1 - (left**2).sum() / ((y - y.mean()) ** 2).sum(),
        "fit_snr_db": 10 * np.log10((y**2).sum() / (left**2).sum()),
        "clean_fit_snr_db": 10 * np.log10((CLEAN**2).sum() / ((CLEAN - p) ** 2).sum()),
        "clean_mse": ((CLEAN - p) ** 2).mean(),
        "noise_fitted": (noise**2).mean() - (left**2).mean(),
        "mean_baseline_mse": y.var(),
        "mean_baseline_clean_mse": ((CLEAN - y.mean()) ** 2).mean(),
        "correlation_with_truth": np.corrcoef(p, CLEAN)[0, 1],
    }
    for name, value in expected.items():
        assert m[name] == pytest.approx(value, rel=1e-9), name
    assert m["gap"] == pytest.approx(m["validation_mse"] - m["train_mse"])
    assert m["gap_ratio"] == pytest.approx(m["validation_mse"] / m["train_mse"])


@pytest.mark.parametrize("params", [TINY, ADAM], ids=["lbfgs", "adam"])
def test_metrics_of_the_loss_curve(params):
    (outcome,) = outcomes(study, params, [0])
    m, curve = outcome.metrics, outcome.series["curves"]
    losses, epochs = curve["train_loss"], curve["epoch"]
    assert list(epochs) == list(range(1, 16))  # so short a curve is stored whole
    assert losses[-1] == pytest.approx(m["train_mse"], rel=1e-5)  # taken in float32
    assert m["lowest_loss"] == losses.min()
    assert m["best_epoch"] == epochs[losses.argmin()]
    assert m["rises"] == np.mean(losses[1:] > losses[:-1])
    assert m["curve_roughness"] == pytest.approx(np.diff(np.log10(losses)).std())
    within = np.abs(losses - losses[-1]) <= 0.05 * losses[-1]
    assert m["plateau_epoch"] == next(e for i, e in enumerate(epochs) if within[i:].all())
    before = m["lowest_printed_loss"]
    assert before >= losses[:-1].min() or m["printed_epoch_of_lowest"] == 0  # a loss before a step is that after the one before
    if m["printed_epoch_of_lowest"] > 0:
        assert before == losses[m["printed_epoch_of_lowest"] - 1]


def test_the_noise_of_a_replicate_is_one_draw_scaled():
    unit = [(outcomes(study, replace(TINY, epochs=1, noise=level), [1])[0].arrays["target"] - CLEAN) / level for level in (0.1, 2.0)]
    np.testing.assert_allclose(unit[0], unit[1], atol=1e-12)
    other = outcomes(study, replace(TINY, epochs=1, noise=2.0), [2])[0].arrays["target"] - CLEAN
    assert abs(np.corrcoef(unit[0], other)[0, 1]) < 0.15  # another replicate, another draw


def test_levels_and_optimisers_start_from_the_same_weights():
    first = [outcomes(study, replace(params, epochs=1, noise=0.0), [0])[0].metrics for params in (TINY, ADAM)]
    assert first[0]["lowest_printed_loss"] == pytest.approx(first[1]["lowest_printed_loss"], rel=1e-6)


def test_stacked_replicates_equal_single_ones():
    together = outcomes(study, ADAM, [0, 1, 2])
    for replicate, one in enumerate(together):
        (alone,) = outcomes(study, ADAM, [replicate])
        np.testing.assert_allclose(one.arrays["prediction"], alone.arrays["prediction"], atol=1e-5)
        np.testing.assert_array_equal(one.arrays["target"], alone.arrays["target"])


def test_without_noise_the_ratio_of_the_data_is_infinite():
    (outcome,) = outcomes(study, replace(TINY, noise=0.0, epochs=2), [0])
    assert outcome.metrics["data_snr_db"] == np.inf
    assert outcome.metrics["data_residual"] == 0
    assert outcome.metrics["validation_mse"] == outcome.metrics["validation_clean_mse"]


def test_spread_at_the_start_from_the_curves(small):
    results = small("noise-and-optimisation")
    row = start_spreads(results).query("optimizer == 'adam' and replicate == 1").iloc[0]
    means = {}
    for level in (0.0, 0.1, 1.0, 2.0):
        curve = results.outcome(1, noise=level, optimizer="adam").series["curves"]
        means[level] = curve["train_loss"][curve["epoch"] <= 10].mean()
    assert row["ratio"] == pytest.approx(max(means.values()) / min(means.values()))
    assert row["spread"] == pytest.approx(max(means.values()) - min(means.values()))


def test_growth_of_roughness_is_compared_in_pairs():
    wanted = {"lbfgs": (0.02, 0.08), "adam": (0.01, 0.02)}  # at noise 0.1 and 2.0: a growth of 4 against 2
    design, records = study.design("full"), []
    for cell in design.cells:
        p = cell.params
        if p.optimizer in wanted and p.activation == "relu" and p.line_search == "strong_wolfe" and p.noise in (0.1, 2.0):
            (outcome,) = outcomes(study, replace(p, epochs=1), [0])
            value = wanted[p.optimizer][p.noise == 2.0]
            records += [Record(cell, r, replace(outcome, metrics={"curve_roughness": value * (1 + r)})) for r in range(3)]
    test = rougher_than_adam(Results.from_records(study, design, records))
    assert test.differences == pytest.approx(dict.fromkeys(range(3), np.log(2)))


def test_the_ledger_levels_are_in_the_grid():
    levels = {cell.params.noise for cell in load_study("noise-and-optimisation").design("full").cells}
    assert levels == {0.0, 0.1, 0.3, 0.9, 1.0, 1.3, 1.6, 1.9, 2.0}
