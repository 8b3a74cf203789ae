"""What must hold in stacked-autoencoder whatever the numbers are."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.studies.features.stacked_autoencoder_grid import HANDOUT, LAYERS
from annlab.studies.features.stacked_autoencoder_trials import work

STUDY = load_study("stacked-autoencoder")
SMALL = replace(STUDY.params, data="digits28", hidden_sizes=(12, 6), images=200, layer_epochs=2, classifier_epochs=2, epochs=3)


def one(**settings):
    return outcomes(STUDY, replace(SMALL, **settings), [0])[0]


def test_every_claim_finds_its_cells_and_all_four_sizes_are_there():
    assert check(STUDY) == []
    cells = [cell.params for cell in STUDY.design("full").cells]
    for epochs, batch in ((10, 128), (60, 64), (50, 128)):
        found = {p.hidden_sizes for p in cells if (p.optimizer, p.epochs, p.batch_size, p.images) == ("sgd", epochs, batch, 6000)}
        assert found <= set(LAYERS)
        assert {(256, 256), (256, 64)} <= found
    assert {p.images for p in cells if p.test and p.optimizer == "sgd" and p.task == "classifier"} == {6000, 60_000}


def test_only_candidates_are_chosen_among_and_they_do_not_meet_the_test_set():
    candidates = [cell for cell in STUDY.design("full").cells if cell.matches(STUDY.select.among)]
    assert candidates
    assert all(not cell.params.test and cell.params.optimizer != "sgd" for cell in candidates)
    chosen = one(test=False)
    assert "test_accuracy" not in chosen.metrics
    assert "validation_accuracy" in chosen.metrics
    final = outcomes(STUDY, replace(SMALL, test=False), [0], "final")[0]
    assert "validation_accuracy" not in final.metrics
    assert final.arrays["confusions"].sum() == 360


@pytest.mark.parametrize("task", ["classifier", "reconstructor"])
def test_a_trial_gives_the_same_outcome_twice_and_another_for_another_replicate(task):
    first, again = one(task=task), one(task=task)
    assert first.metrics == again.metrics
    other = outcomes(STUDY, replace(SMALL, task=task), [1])[0]
    assert other.metrics != first.metrics


def test_accuracy_is_read_before_and_after_each_stage():
    metrics = one(optimizer="adam", layer_rate=0.01, rate=0.02, layer_loss="bce", epochs=14).metrics
    assert metrics["accuracy_initial"] < 0.3
    assert metrics["accuracy_pretrain"] < 0.3  # the linear layer is still random
    assert metrics["test_accuracy"] > metrics["accuracy_initial"] + 0.2
    assert "accuracy_classifier" not in one(pretrain=False).metrics


def test_the_control_has_as_many_epochs_as_all_stages():
    stages, at_once = (one(pretrain=pretrain).series["history"] for pretrain in (True, False))
    assert list(dict.fromkeys(stages["stage"])) == ["layer 1", "layer 2", "classifier", "fine_tune"]
    last = {name: stages["epoch"][stages["stage"] == name].max() for name in stages["stage"]}
    assert set(at_once["stage"]) == {"at_once"}
    assert at_once["epoch"].max() == sum(last.values())


def test_the_same_work_is_the_layers_work_added_to_that_of_the_whole():
    inputs, sizes = 784, (256, 64)
    layers = 2 * sum(a * b for a, b in zip((inputs, *sizes), sizes, strict=False))  # each layer with its decoder
    assert layers == 2 * work(inputs, sizes)  # is as much as encoder and decoder together
    history = one(task="reconstructor", pretrain=False, match="work").series["history"]
    assert history["epoch"].max() == SMALL.epochs + SMALL.layer_epochs


def test_fewer_labels_than_images_are_swept_and_the_encoder_is_shared():
    pre, once = (one(task="labels", pretrain=pretrain, updates=8, optimizer="adam", rate=0.01) for pretrain in (True, False))
    for outcome in (pre, once):
        np.testing.assert_array_equal(outcome.series["labels"]["labels"], [100])
        assert outcome.metrics["accuracy_100"] == outcome.series["labels"]["test_accuracy"][0]


def test_the_handouts_recipe_is_the_default():
    for name, value in HANDOUT.items():
        assert getattr(STUDY.params, name) == value
