"""Autoencoders of digits: measures by hand, a code that can hold everything, what cells of a replicate share."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from studies_tools import outcomes
from torch.nn import functional

from annlab import data
from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.report import unanswered
from annlab.studies.features.autoencoder_mnist import settled
from annlab.studies.features.autoencoder_mnist_training import laplacian_energy, sharpness

STUDY = load_study("autoencoder-mnist")
SMALL = replace(STUDY.params, data="digits28", training=200, validation=100, epochs=3, code_size=8, batch_size=32, learning_rate=0.01)


def test_laplacian_energy_is_that_of_a_convolution():
    images = np.random.default_rng(0).random((3, 7, 9))
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float64)[None, None]
    expected = functional.conv2d(torch.from_numpy(images)[:, None], kernel).square().mean(dim=(1, 2, 3)).numpy()
    np.testing.assert_allclose(laplacian_energy(images), expected, rtol=1e-12)
    ramp = np.add.outer(np.arange(6.0), 2 * np.arange(6.0))
    assert laplacian_energy(ramp[None]) == pytest.approx(0, abs=1e-20)


def test_blurring_lowers_the_sharpness_and_the_original_has_one():
    images = data.load("digits28")["X_train"][:20] / 255
    blurred = np.stack([gaussian_filter(image, 1.0) for image in images])
    flat = images.reshape(20, -1)
    assert sharpness(flat, flat) == 1.0
    assert sharpness(blurred.reshape(20, -1), flat) < 0.5


def test_a_loss_is_stable_after_its_last_real_fall():
    assert settled(np.ones(20)) == 1
    assert settled(0.5 ** np.arange(20.0)) == 20
    steps = np.array([1.0] * 7 + [0.5] * 13)
    assert settled(steps) == 8  # the fall from the seventh to the eighth epoch is the last
    assert settled(np.array([1.0, 0.5])) == 2


def test_the_same_outcome_twice_and_another_for_another_replicate():
    first, other = outcomes(STUDY, SMALL, range(2))
    again = outcomes(STUDY, SMALL, [0])[0]
    assert first.metrics["validation_mse"] == pytest.approx(again.metrics["validation_mse"], rel=1e-4)
    assert first.metrics["validation_mse"] != other.metrics["validation_mse"]
    np.testing.assert_array_equal(first.arrays["originals"], again.arrays["originals"])
    assert not other.arrays


def test_cells_of_a_replicate_hold_out_the_same_images():
    for change in ({"training": 300}, {"model": "pca"}, {"code_size": 4}):
        found = outcomes(STUDY, replace(SMALL, **change), [0])[0]
        np.testing.assert_array_equal(found.arrays["originals"], outcomes(STUDY, replace(SMALL, epochs=1), [0])[0].arrays["originals"])


def test_an_epoch_of_a_longer_run_is_the_end_of_a_shorter_one():
    long, short = (outcomes(STUDY, replace(SMALL, epochs=epochs), [0])[0].series["curves"] for epochs in (4, 2))
    for name in ("train_loss", "validation_mse", "sharpness"):
        np.testing.assert_allclose(long[name][:2], short[name], rtol=1e-6)


def test_curves_end_where_the_metrics_stand_and_the_print_is_the_loss_times_the_batch():
    outcome = outcomes(STUDY, SMALL, [0])[0]
    curves = outcome.series["curves"]
    assert curves["validation_mse"][-1] == pytest.approx(outcome.metrics["validation_mse"], rel=1e-4)
    np.testing.assert_allclose(curves["printed"], curves["train_loss"] * SMALL.batch_size)
    by_digit = outcome.series["by_digit"]
    assert sorted(by_digit["digit"]) == list(range(10))
    assert min(by_digit["mse"]) <= outcome.metrics["validation_mse"] <= max(by_digit["mse"])


def test_as_many_components_as_images_rebuild_them():
    outcome = outcomes(STUDY, replace(SMALL, model="pca", training=50, code_size=50), [0])[0]
    assert outcome.metrics["train_mse"] < 1e-12
    assert outcome.metrics["validation_mse"] > 1e-4


@pytest.mark.parametrize("change", [{"loss": "bce"}, {"model": "convolutional", "hidden_sizes": (2, 3)}, {"batch_norm": "hidden"}])
def test_changes_learn_and_their_errors_are_those_of_pixels(change):
    outcome = outcomes(STUDY, replace(SMALL, **change, epochs=5), [0])[0]
    assert outcome.series["curves"]["train_loss"][-1] < outcome.series["curves"]["train_loss"][0]
    assert 0.001 < outcome.metrics["validation_mse"] < 0.25
    assert outcome.series["curves"]["validation_mse"][-1] == pytest.approx(outcome.metrics["validation_mse"], rel=1e-3)


def test_the_test_images_are_met_only_where_asked():
    assert "test_mse" not in outcomes(STUDY, SMALL, [0])[0].metrics
    assert outcomes(STUDY, replace(SMALL, test=True), [0])[0].metrics["test_mse"] > 0
    assert "test_mse" in outcomes(STUDY, SMALL, [0], stage="final")[0].metrics


def test_a_cell_by_the_clock_measures_nothing_else_while_it_trains():
    outcome = outcomes(STUDY, replace(SMALL, timed=True), [0])[0]
    assert "validation_mse" not in outcome.series["curves"]
    assert 0 < outcome.timings["epochs_1"] <= outcome.timings["epoch"] * SMALL.epochs


def test_every_claim_is_mapped_and_every_question_answered(small):
    assert check(STUDY) == []
    assert not unanswered(small("autoencoder-mnist"))
