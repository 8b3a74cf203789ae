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
from annlab.lab.grid import Cell
from annlab.lab.results import Record, Results
from annlab.report import unanswered
from annlab.studies.features import autoencoder_mnist_answers as answers
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


def remade(results, make, by_clock=False):
    """Results whose outcomes `make` gives from a record, and cells trained by the clock beside where asked for."""
    records = [replace(record, outcome=make(record)) for record in results.records]
    if not by_clock:
        return Results.from_records(results.study, results.design, records)
    twins = {cell: Cell(replace(cell.params, timed=True)) for cell in results.cells if cell.params.batch_size == 32}
    records += [
        Record(twins[record.cell], record.replicate, make(replace(record, cell=twins[record.cell])))
        for record in results.records
        if record.cell in twins and record.stage == "trial"
    ]
    return Results.from_records(results.study, replace(results.design, cells=(*results.cells, *twins.values())), records)


def with_times(results, late, by_code, by_clock=False):
    """The results with five epochs that take `late` times as long as one, and epochs that take `by_code` seconds a unit of the code."""

    def make(record):
        params, outcome = record.cell.params, record.outcome
        factor = (1 + 0.01 * record.replicate) if params.timed or not by_clock else 100.0 ** (params.code_size / 16)
        times = {"epochs_1": 1.0, "epochs_5": late * factor, "epoch": factor * (1 + by_code * params.code_size)}
        return replace(outcome, timings=times) if outcome.timings else outcome

    return remade(results, make, by_clock)


def test_what_is_said_of_time_follows_its_ratios(small):
    results = small("autoencoder-mnist")
    grown = answers.how_long(with_times(results, 5.0, 1.0))
    assert "5 epochs take 5.05 times as long as 1 with 16 units" in grown
    assert "time grows in proportion" in grown
    assert "An epoch with 32 units takes 1.94 times as long as one with 16." in grown
    assert "the size of the code shows in the time" in grown
    assert "other jobs ran beside" in grown
    level = answers.how_long(with_times(results, 2.0, 0.0))
    assert "time is not shown to grow in proportion" in level
    assert "does not show in the time" in level
    assert "how rough these times are" in answers.how_long(with_times(results, 5.0, -0.025))


def test_times_are_those_by_the_clock_where_there_are_any(small):
    timed = answers.how_long(with_times(small("autoencoder-mnist"), 5.0, 1.0, by_clock=True))
    assert "1.94 [1.94, 1.94] times as long as one with 16" in timed
    assert "These jobs ran alone, one replicate each, n = 3." in timed
    assert "beside" not in timed


def test_one_code_is_compared_with_no_other(small):
    alone = small("autoencoder-mnist").where(code_size=16)
    assert "One code alone was trained, of 16 units" in answers.size(alone)
    assert answers.size(alone).count("n = 3 with 16 units") == 1
    assert "One code alone" in answers.how_long(alone)
    assert answers.how_long(alone).count("With 16 units the held-out error") == 1
    assert answers.sharp(alone).count("With 16 units the digit") == 1
    assert "no part of this run" in answers.better(alone)


def test_an_unmet_test_set_is_said_to_be_so(small):
    results = small("autoencoder-mnist")
    trials = Results.from_records(results.study, results.design, [record for record in results.records if record.stage == "trial"])
    assert "has not met the test images" in answers.better(trials)
    assert "On the test images, met once" in answers.better(results)


def test_the_ratio_of_errors_is_shown_by_its_interval_and_idle_units_only_where_there_are_any(small):
    results = small("autoencoder-mnist")

    def ratios(values, dead):
        def make(record):
            found = {"train_mse": 0.01, "validation_mse": 0.01 * values[record.replicate], "dead_units": dead}
            return replace(record.outcome, metrics={**record.outcome.metrics, **found})

        return remade(results, make)

    assert "With 16 and 32 units it is shown to be above 1" in answers.size(ratios([1.2, 1.21, 1.22], 0.0))
    assert "each is above zero" in answers.size(ratios([1.2, 1.21, 1.22], 0.0))
    assert "carry nothing" not in answers.size(ratios([1.2, 1.21, 1.22], 0.0))
    unsure = answers.size(ratios([0.9, 1.5, 1.6], 0.25))
    assert "undecided on which side of 1" in unsure
    assert "fits its training images better" not in unsure
    assert "25 % of 16, 25 % of 32" in unsure
    single = Results.from_records(results.study, replace(results.design, replicates=1), [r for r in results.records if r.replicate == 0])
    assert "undecided on which side of 1" in answers.size(single)


def test_a_gain_over_components_is_named_only_where_shown(small):
    results = small("autoencoder-mnist")

    def against(error):
        def make(record):
            own = error if record.cell.params.model == "autoencoder" else 0.01
            return replace(record.outcome, metrics={**record.outcome.metrics, "validation_mse": own * (1 + 0.01 * record.replicate)})

        return answers.components(remade(results, make))

    assert "with 16 and 32 units it is shown to do better than components" in against(0.005)
    assert "that they gain anything is not shown here" in against(0.02)
    assert "that they gain anything is not shown here" in against(0.01)
