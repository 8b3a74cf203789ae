"""The images of a replicate, mistakes counted by hand, repeatability, and what the claims read."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from studies_tools import Surroundings, outcomes

from annlab.data import load
from annlab.lab.outcome import Outcome
from annlab.measure.classification import confusion_counts
from annlab.studies.features.resnet_cifar10 import study
from annlab.studies.features.resnet_cifar10_claims import least_of_cat_and_dog, most_of_others
from annlab.studies.features.resnet_cifar10_measures import kept_mistakes, pair_errors
from annlab.studies.features.resnet_cifar10_training import AUGMENTATIONS, Standardised, parts_of

TINY = replace(study.design("quick").cells[0].params, width=2, epochs=1, images=40, held_out=20, test_images=50)


def test_parts_are_disjoint_and_drawn_anew_for_each_replicate():
    dataset = load("shapes32")
    first, again, other = (parts_of(dataset, TINY, Surroundings(study, [r])) for r in (0, 0, 1))
    assert [len(part) for part in first] == [40, 40, 20, 20, 50, 50]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.X, other.X)
    learned = {image.tobytes() for image in first.X}
    assert not learned & {image.tobytes() for image in first.X_held_out}
    everything = parts_of(dataset, replace(TINY, images=0, held_out=0, test_images=0), Surroundings(study, [0]))
    np.testing.assert_array_equal(everything.X, dataset["X_train"])
    np.testing.assert_array_equal(everything.y_test, dataset["y_test"])
    assert len(everything.X_held_out) == 0


def test_more_images_than_there_are_is_refused():
    with pytest.raises(ValueError, match="8000"):
        parts_of(load("shapes32"), replace(TINY, images=8000), Surroundings(study, [0]))


def test_mistakes_by_hand():
    y = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    predicted = np.array([0, 1, 1, 1, 0, 2, 1, 2])
    counts = confusion_counts(y, predicted, 3)
    np.testing.assert_array_equal(counts, [[1, 2, 0], [1, 1, 0], [0, 1, 2]])
    assert pair_errors(counts) == [(0, 1, 2.0), (1, 0, 1.0), (2, 1, 1.0)]
    sure = np.array([0.9, 0.5, 0.7, 0.99, 0.6, 0.9, 0.8, 0.9])
    np.testing.assert_array_equal(kept_mistakes(y, predicted, sure, counts), [6, 2, 4, 1])
    assert len(kept_mistakes(y, y, sure, confusion_counts(y, y, 3))) == 0


def test_metrics_series_and_images_say_the_same():
    (outcome,) = outcomes(study, TINY, [0])
    counts, classes = outcome.arrays["confusion"], outcome.series["classes"]
    assert counts.sum() == 50
    assert outcome.metrics["test_accuracy"] == pytest.approx(np.trace(counts) / 50)
    np.testing.assert_array_equal(classes["errors"], counts.sum(1) - np.diagonal(counts))
    np.testing.assert_array_equal(classes["support"], counts.sum(1))
    worst = np.sort(classes["errors"])[-2:].sum()
    assert outcome.metrics["two_worst_share"] == pytest.approx(worst / classes["errors"].sum())
    labels, sure = outcome.arrays["mistake_labels"], outcome.arrays["mistake_probability"]
    assert (labels[:, 0] != labels[:, 1]).all()
    assert (np.diff(sure) <= 0).all()
    assert outcome.arrays["mistake_images"].dtype == np.uint8
    assert outcome.series["by_epoch"]["validation_accuracy"][-1] == outcome.metrics["validation_accuracy"]


def test_a_replicate_is_repeatable_and_its_own():
    first, again = (outcomes(study, TINY, [0])[0] for _ in range(2))
    assert first.metrics == again.metrics
    np.testing.assert_array_equal(first.arrays["filters"], again.arrays["filters"])
    assert not np.array_equal(first.arrays["filters"], outcomes(study, TINY, [1])[0].arrays["filters"])


def test_without_held_out_images_there_is_no_held_out_accuracy():
    (outcome,) = outcomes(study, replace(TINY, held_out=0, augmentation="none"), [0])
    assert "validation_accuracy" not in outcome.metrics
    assert "validation_accuracy" not in outcome.series["by_epoch"]


def test_every_augmentation_of_the_grid_is_declared():
    assert {cell.params.augmentation for cell in study.design("full").cells} == set(AUGMENTATIONS)


def test_claims_compare_cats_and_dogs_with_the_rest():
    errors = np.array([1, 2, 3, 9, 5, 7, 6, 0, 0, 0])
    outcome = Outcome(series={"classes": {"name": np.arange(10), "errors": errors}})
    assert least_of_cat_and_dog(outcome) == 7
    assert most_of_others(outcome) == 6


def test_channels_are_standardised_by_the_images_learned_from():
    images = np.random.default_rng(0).integers(0, 200, (6, 4, 4, 3), dtype=np.uint8)
    images[..., 2] = 7
    seen = Standardised(torch.nn.Identity(), images)(torch.from_numpy(images) / 255)
    np.testing.assert_allclose(seen.mean((0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(seen.std((0, 1, 2), correction=0), [1, 1, 0], atol=1e-5)
