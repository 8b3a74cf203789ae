"""The networks before training, one trial, and what is read from curves."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from studies_tools import changed, outcomes

from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.lab.results import Results
from annlab.nets.layered import LayeredNet
from annlab.report import unanswered
from annlab.studies.features import cnn_architectures_answers as answers
from annlab.studies.features import cnn_architectures_reading as reading
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


def favouring(results, name):
    """The results with this network the most accurate of all on the test images."""
    records = []
    for record in results.records:
        accuracy = record.outcome.metrics["test_accuracy"] / 2 + 0.5 * (name in record.cell.names)
        outcome = replace(record.outcome, metrics={**record.outcome.metrics, "test_accuracy": accuracy})
        records.append(replace(record, outcome=outcome))
    return Results.from_records(results.study, results.design, records)


@pytest.mark.parametrize("best", ["A", "C4", "D no dropout"])
def test_no_test_accuracy_chooses_the_network_that_is_shown(small, best):
    favoured = favouring(small("cnn-architectures"), best)
    assert f"that of {best!r} is the highest" in answers.cost_of_accuracy(favoured)
    assert reading.shown_case(favoured) == "D"
    for caption in (reading.confusion_caption, reading.mistakes_caption, reading.filters_caption, reading.maps_caption):
        assert "(network 'D'; digits28, 300 training images, 4 epochs)" in caption(favoured)


def test_without_report_ds_network_the_handouts_is_shown(small):
    results = small("cnn-architectures")
    assert reading.shown_case(results.where(case=["A", "C", "handout"])) == "handout"
    assert reading.shown_case(results.where(case=["C4", "C"])) == "C"  # the first of the grid


def test_one_network_is_compared_with_no_other(small):
    alone = small("cnn-architectures").where(case="D")
    assert "not ranked" in answers.networks(alone)
    assert "One network alone was trained, 'D'" in answers.cost_of_accuracy(alone)
    assert answers.factors(alone).count("is not measured in this run") == 2
    assert unanswered(alone) == []


def test_where_the_test_images_pick_it_is_said(small):
    results = small("cnn-architectures")
    assert "flatters, as both are picked by these accuracies" in answers.networks(results)
    assert "picked by the test images themselves, it flatters" in answers.cost_of_accuracy(results)
    assert "That makes 3 comparisons" in answers.factors(results)


def test_one_choice_of_set_up_refutes_no_row_that_states_none():
    for claim in STUDY.claims:
        exact = {"cnn-architectures.dense-inputs.d", "cnn-architectures.pooling-lowers-cost"}  # arithmetic, the same in any set-up
        assert claim.patterns[0] in exact or {"images", "epochs"} <= set(claim.chosen)


def test_changes_of_report_ds_network_are_of_one_thing():
    names = reading.changes_of_d(Results.from_records(STUDY, STUDY.design("full"), []))
    plain = vars(OF["D"])
    several = {name for name in names if sum(plain[field] != value for field, value in vars(OF[name]).items()) > 1}
    # one convolution more, kernels and the pooling's kind bring settings that must go with them
    assert several == {"D deeper", "D average pooling", "D kernels reversed"}
    assert "D twice, no dropout" not in names
    assert "D, all images" not in names
