"""What must hold in stacked-autoencoder whatever the numbers are."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab.lab import Outcome
from annlab.lab.claims import check, mapped
from annlab.lab.discover import load_study
from annlab.lab.results import Record, Results
from annlab.studies.features import stacked_autoencoder_answers as answers
from annlab.studies.features import stacked_autoencoder_reading as reading
from annlab.studies.features.stacked_autoencoder_claims import fewer_units_better
from annlab.studies.features.stacked_autoencoder_grid import HANDOUT, LABELS, LAYERS
from annlab.studies.features.stacked_autoencoder_trials import stage_updates, work

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


@pytest.mark.parametrize(("images", "updates"), [(200, 8), (330, 7)])
def test_the_control_of_few_labels_has_as_many_updates_or_up_to_an_epoch_more(images, updates):
    pre, once = (
        one(task="labels", pretrain=pretrain, images=images, updates=updates, batch_size=32, layer_epochs=1) for pretrain in (True, False)
    )
    numbers = [n for n in LABELS if n <= images]
    assert pre.series["labels"]["updates"].tolist() == [pre.metrics[f"updates_{n}"] for n in numbers]
    for n in numbers:
        epoch = -(-n // 32)
        assert 0 <= once.metrics[f"updates_{n}"] - pre.metrics[f"updates_{n}"] < epoch
        assert once.metrics[f"updates_{n}"] % epoch == 0
        whole = [-(-count // epoch) * epoch for count in (updates // 4, updates)]
        assert pre.metrics[f"updates_{n}"] == 2 * -(-images // 32) + sum(whole)


def test_updates_of_the_stages_on_all_of_mnist():
    (pre,) = (c.params for c in STUDY.design("standard").cells if c.params.task == "labels" and c.params.pretrain)
    made = {n: sum(stage_updates(pre, n, 60_000).values()) for n in LABELS}
    assert made == {100: 3126, 300: 3130, 1000: 3132, 10_000: 3219, 60_000: 3752}


def test_as_many_test_images_as_asked_for():
    assert one(test_images=50).metrics["test_accuracy"] * 50 == pytest.approx(round(one(test_images=50).metrics["test_accuracy"] * 50))
    assert one(test_images=10_000).metrics == one().metrics == one(test_images=360).metrics


def test_fewer_labels_than_images_are_swept_and_the_encoder_is_shared():
    pre, once = (one(task="labels", pretrain=pretrain, updates=8, optimizer="adam", rate=0.01) for pretrain in (True, False))
    for outcome in (pre, once):
        np.testing.assert_array_equal(outcome.series["labels"]["labels"], [100])
        assert outcome.metrics["accuracy_100"] == outcome.series["labels"]["test_accuracy"][0]


def test_the_handouts_recipe_is_the_default():
    for name, value in HANDOUT.items():
        assert getattr(STUDY.params, name) == value


def with_metrics(results, cell, replicates, **metrics):
    """The same results with other metrics in some replicates of the cells that match."""
    records = [
        replace(record, outcome=replace(record.outcome, metrics={**record.outcome.metrics, **metrics}))
        if record.stage == "trial" and record.replicate in replicates and record.cell.matches(cell)
        else record
        for record in results.records
    ]
    return Results.from_records(results.study, results.design, records)


def test_runs_that_did_not_learn_are_counted_and_named(small):
    learned = with_metrics(small("stacked-autoencoder"), reading.HANDOUT, (0, 1, 2), train_accuracy=0.9, test_accuracy=0.85)
    handed = learned.where(**reading.HANDOUT)
    assert reading.not_learned(handed).startswith(f"All {len(handed.records)} runs learned")
    wide = {**reading.HANDOUT, "hidden_sizes": (48, 32)}
    collapsed = with_metrics(learned, wide, (1,), train_accuracy=0.105, test_accuracy=0.101)
    said = reading.not_learned(collapsed.where(**reading.HANDOUT))
    assert said.startswith(f"1 of {len(handed.records)} runs did not learn")
    assert "1 of 3 of 48-32 (three stages, epochs 3/2/8, batch 10, 400 images; test accuracy 0.101)" in said
    for text in (answers.size(collapsed), reading.size_caption(collapsed), reading.reported_caption(collapsed)):
        assert "of 48-32 (three stages" in text
        assert "of 48-16 (three stages" not in text


def test_the_map_of_sizes_shows_medians(small, monkeypatch):
    shown = []
    monkeypatch.setattr(reading.draw, "heat_map", lambda frame, **options: shown.append(frame))
    wide = {**reading.HANDOUT, "hidden_sizes": (48, 32)}
    learned = with_metrics(small("stacked-autoencoder"), wide, (0, 1, 2), test_accuracy=0.94)
    reading.by_size(with_metrics(learned, wide, (1,), test_accuracy=0.1))
    assert shown[0].set_index("network")["test_accuracy"]["48-32"] == 0.94


def test_a_longer_code_is_compared_and_not_asserted(small):
    results = small("stacked-autoencoder")
    rebuilt = {"task": "reconstructor", "pretrain": True}
    for error, word in ((0.01, "lower"), (0.5, "higher")):
        other = with_metrics(results, {**rebuilt, "hidden_sizes": (48, 16)}, (0, 1, 2), test_mse=0.1)
        for replicate in range(3):
            other = with_metrics(other, {**rebuilt, "hidden_sizes": (48, 32)}, (replicate,), test_mse=error + 1e-4 * replicate)
        assert f"A code of 32 units instead of 16 behind the same first layers has an error that is {word}" in answers.size(other)


def test_a_smaller_layer_is_read_in_both_ways():
    found = mapped(STUDY)["stacked-autoencoder.smaller-hidden-better"]
    pairs = {tuple(cell["hidden_sizes"]) for cell in found.cells}
    assert pairs == {((256, 256), (256, 128)), ((256, 64), (128, 64))}
    design = STUDY.design("full")
    for spec in found.cells:
        cells = [cell for cell in design.cells if cell.matches(spec)]
        assert len(cells) == 2
        accuracies = {sum(cell.params.hidden_sizes): 0.9 for cell in cells} | {min(sum(c.params.hidden_sizes) for c in cells): 0.95}
        records = [
            Record(cell, r, Outcome({"test_accuracy": accuracies[sum(cell.params.hidden_sizes)]})) for cell in cells for r in range(2)
        ]
        test = fewer_units_better(Results.from_records(STUDY, replace(design, cells=tuple(cells)), records))
        np.testing.assert_allclose(list(test.differences.values()), [np.log(19 / 9)] * 2)


def test_accuracies_of_the_reports_are_counted_over_a_thousand_images():
    measured = [each for each in mapped(STUDY).values() if each.row.kind == "measured"]
    assert len(measured) == 4
    assert all(each.claim.answer.trials == 1000 and "test_images" in each.claim.chosen for each in measured)
