"""The networks before training, one trial, and what is read from curves."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from studies_tools import changed, outcomes

from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.nets.layered import LayeredNet
from annlab.report import unanswered
from annlab.studies.features.cnn_architectures import _curve
from annlab.studies.features.cnn_architectures_networks import CASES, FEW, STANDARD, D, Params, dense_inputs, layers_of, shapes_of
from annlab.studies.features.cnn_architectures_reading import costs, unbeaten

STUDY = load_study("cnn-architectures")
SMALL = replace(STUDY.params, data="digits28", images=80, test_images=40, epochs=2, batch_size=40)
OF = {name: replace(Params(), **values) for name, values in CASES.items()}


def edges(params):
    return [row.output_shape[0] for row in shapes_of(params) if type(row.layer).__name__ == "Conv"]


def test_the_handouts_network():
    assert edges(OF["handout"]) == [14, 7, 4, 2]
    assert [type(row.layer).__name__ for row in shapes_of(OF["handout"])][-4:] == ["Flatten", "Dense", "ReLU", "Dense"]
    assert dense_inputs(OF["handout"]) == 256
    convolutions = 160 + 16 * 32 * 9 + 32 + 32 * 32 * 9 + 32 + 32 * 64 * 4 + 64
    assert sum(row.parameters for row in shapes_of(OF["handout"])) == convolutions + 2 * 144 + 257 * 100 + 1010
    assert dense_inputs(OF["A"]) == 128
    assert dense_inputs(OF["C"]) == 256


def test_report_ds_network():
    assert edges(Params(**D)) == [15, 7, 7, 6]
    assert dense_inputs(Params(**D)) == 2304
    assert [row.layer.p for row in shapes_of(Params(**D)) if type(row.layer).__name__ == "Dropout"] == [0.2, 0.4, 0.4]
    assert dense_inputs(OF["D kernels reversed"]) == 2304


@pytest.mark.parametrize("name", CASES)
def test_every_network_can_be_built(name):
    net = LayeredNet((28, 28, 1), layers_of(OF[name])).eval()
    assert net(torch.zeros(1, 28, 28)).shape == (1, 10)
    assert sum(weights.numel() for weights in net.parameters()) == sum(row.parameters for row in shapes_of(OF[name]))


def test_the_profiles_hold_cells_of_the_full_one():
    full = {cell.identity for cell in STUDY.design("full").cells}
    assert len(full) == len(CASES)
    assert {cell.identity for cell in STUDY.design("standard").cells} <= full
    assert set(STANDARD) | set(FEW) <= set(CASES)


def test_what_is_read_from_a_curve():
    found = _curve(np.array([0.5, 0.9, 0.97, 0.985, 0.983, 0.987]))
    assert found["epochs_98"] == 4
    assert (found["accuracy_first"], found["accuracy_early"], found["test_accuracy"]) == (0.5, 0.97, 0.987)
    assert found["late_gain"] == pytest.approx(0.987 - 0.97)
    assert found["roughness"] == pytest.approx(np.std([0.015, -0.002, 0.004]))
    assert _curve(np.array([0.5, 0.6]))["epochs_98"] == 3


def test_a_trial_comes_again_and_replicates_differ():
    cell = replace(SMALL, **{**D, "channels": (4, 4, 4, 4)})
    first, again = (outcomes(STUDY, cell, [0, 1]) for _ in range(2))
    assert [each.metrics for each in first] == [each.metrics for each in again]
    assert first[0].metrics != first[1].metrics
    assert first[0].arrays["confusion"].sum() == 40
    assert first[0].metrics["test_accuracy"] == pytest.approx(np.trace(first[0].arrays["confusion"]) / 40)
    assert "mistakes" not in first[1].arrays
    assert len(first[0].series["curves"]["test_accuracy"]) == 2


def test_watching_and_showing_change_no_training():
    cell = replace(SMALL, channels=(4, 4, 4, 4), epochs=1)
    few, many = (outcomes(STUDY, replace(cell, test_images=n), [0])[0] for n in (20, 40))
    assert few.metrics["train_accuracy"] == many.metrics["train_accuracy"]
    assert few.series["curves"]["train_loss"].tolist() == many.series["curves"]["train_loss"].tolist()


def test_the_recipe_moves_digits_and_smooths():
    plain, moved = (outcomes(STUDY, replace(SMALL, channels=(4, 4, 4, 4), shift=n, schedule="one_cycle"), [0])[0] for n in (0, 2))
    assert plain.metrics["test_loss"] != moved.metrics["test_loss"]
    assert math.isfinite(moved.metrics["test_loss"])


def test_nothing_beats_the_line(small):
    results = small("cnn-architectures")
    line = unbeaten(results, "parameters")
    assert line["parameters"].is_monotonic_increasing
    assert line["error"].is_monotonic_decreasing
    assert line["error"].min() == costs(results)["error"].min()


def test_every_row_is_mapped_and_every_question_answered(small):
    results = small("cnn-architectures")
    assert check(STUDY) == []
    assert unanswered(results) == []
    assert unanswered(changed(results)) == []
