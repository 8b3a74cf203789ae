"""Counts, which images are used for what, the optimisers of the cells, the replaced optimiser, what the profiles answer."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import Surroundings, outcomes

from annlab import data
from annlab.lab import Results
from annlab.lab.ledger import rows
from annlab.lab.results import Record
from annlab.nets import ConvNet
from annlab.studies.supervised import bigger_model_optimisers as module
from annlab.studies.supervised.bigger_model_optimisers import AFTER, FRESH, study
from annlab.studies.supervised.bigger_model_optimisers_claims import counted
from annlab.studies.supervised.bigger_model_optimisers_reading import confusions, everything, setting, table_of
from annlab.train.optimisers import make_optimizer

TINY = replace(study.params, data="digits28", images=120, batch_size=32, epochs=2)


@pytest.fixture(scope="module")
def adam():
    return outcomes(study, TINY, [0])[0]


def test_the_rows_of_the_parameters():
    found = {row.id.rsplit(".", 1)[1]: counted(row) for row in rows("bigger-model-optimisers") if ".params." in row.id}
    assert found == {
        "conv1": 3 * 3 * 32 + 32,
        "conv2": 3 * 3 * 32 * 64 + 64,
        "flatten": 5 * 5 * 64,
        "dense": 5 * 5 * 64 * 10 + 10,
        "dense-same-padding": 7 * 7 * 64 * 10 + 10,
        "total": 34826,
        "size": 34826 * 4 / 1024,
        "non-trainable": 0,
    }


def test_a_job_fails_where_formula_and_module_differ(monkeypatch):
    monkeypatch.setattr(module, "convnet_parameters", lambda *shape: {"convolution 1": 320, "convolution 2": 18496, "dense": 16009})
    with pytest.raises(RuntimeError, match="16010"):
        study.trial(TINY, Surroundings(study, [0]))


def test_the_counts_of_a_job(adam):
    counts = {name: value for name, value in adam.metrics.items() if name.startswith("parameters")}
    net = ConvNet((28, 28))
    assert counts["parameters"] == sum(parameter.numel() for parameter in net.parameters()) == 34826
    assert sum(counts[f"parameters_{name}"] for name in ("convolution_1", "convolution_2", "dense")) == counts["parameters"]
    assert counts["parameters_same"] == 320 + 18496 + 31370
    assert counts["parameters_fixed"] == 0


def test_metrics_from_the_stored_arrays(adam):
    confusion, m = adam.arrays["confusion"], adam.metrics
    labels = data.load("digits28")["y_test"]
    np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(labels, minlength=10))
    assert m["test_accuracy"] == np.trace(confusion) / len(labels)
    curve = adam.series["curves"]
    assert list(curve["epoch"]) == [1, 2]
    assert m["validation_accuracy"] == curve["validation_accuracy"][-1]
    assert m["first_accuracy"] == curve["validation_accuracy"][0]
    assert m["variation"] == pytest.approx(abs(np.diff(curve["validation_accuracy"])[0]) / 2)
    assert m["threshold_epoch"] == 3  # not reached in two epochs
    assert len(adam.arrays["hardest"]) == len(adam.arrays["true"]) == 20
    assert (adam.arrays["true"] != adam.arrays["predicted"]).all()


def test_a_threshold_that_is_reached():
    (outcome,) = outcomes(study, replace(TINY, threshold=0.0), [0])
    assert outcome.metrics["threshold_epoch"] == 1


def test_the_same_replicate_twice_and_another(adam):
    again, other = (outcomes(study, TINY, [r])[0] for r in (0, 1))
    assert dict(again.metrics) == dict(adam.metrics)
    assert other.metrics["test_loss"] != adam.metrics["test_loss"]
    assert "hardest" not in other.arrays


def test_test_images_change_nothing_but_test_metrics(adam, monkeypatch):
    real = data.load("digits28")

    class Spoiled:
        def load(self, name):
            held = {key: real[key] for key in ("X_train", "y_train", "y_test")}
            return held | {"X_test": np.zeros_like(real["X_test"])}

    monkeypatch.setattr("studies_tools.data", Spoiled())
    (spoiled,) = outcomes(study, TINY, [0])
    assert spoiled.metrics["test_loss"] != adam.metrics["test_loss"]
    for name, values in adam.series["curves"].items():
        np.testing.assert_array_equal(spoiled.series["curves"][name], values)


def test_validation_images_train_nothing(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "fit", lambda net, X, y, recipe, **options: seen.append((X, y, options["validation"])) or 1 / 0)
    for params in (TINY, replace(TINY, optimizer="sgd")):
        with pytest.raises(ZeroDivisionError):
            study.trial(params, Surroundings(study, [0]))
    (X, y, (X_held, y_held)), (same, *_) = seen
    assert (len(X), len(y), len(X_held), len(y_held)) == (108, 108, 12, 12)
    assert X.dtype.is_floating_point is False
    assert (same == X).all()  # cells of a replicate share their images
    held = {image.tobytes() for image in X_held.numpy()}
    assert not held & {image.tobytes() for image in X.numpy()}


def test_every_optimiser_starts_from_the_same_weights(adam):
    (sgd,) = outcomes(study, replace(TINY, optimizer="sgd", learning_rate=1e-12, epochs=1), [0])
    assert sgd.metrics["start_accuracy"] == adam.metrics["start_accuracy"] == sgd.metrics["validation_accuracy"]


def test_a_replaced_optimiser_goes_on_from_adams_network(adam):
    params = replace(TINY, optimizer="sgd", learning_rate=1e-12, epochs=2, **AFTER)
    (after,) = outcomes(study, params, [0])
    assert after.metrics["start_accuracy"] == adam.metrics["validation_accuracy"]
    assert after.metrics["test_accuracy"] == adam.metrics["test_accuracy"]
    np.testing.assert_array_equal(after.arrays["confusion"], adam.arrays["confusion"])


def test_a_network_is_trained_before_by_known_optimisers():
    with pytest.raises(ValueError, match="adam or sgd"):
        module.earlier(replace(TINY, before=("muon",)))
    assert [each.optimizer for each in module.earlier(replace(TINY, before=("adam", "sgd")))] == ["adam", "sgd"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("adam", {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8}),
        ("sgd", {"lr": 0.01, "momentum": 0.0}),
        ("sgd_momentum_04", {"lr": 0.01, "momentum": 0.4}),
        ("sgd_momentum_09", {"lr": 0.01, "momentum": 0.9}),
        ("adadelta", {"lr": 1.0, "rho": 0.95, "eps": 1e-7}),
        ("adadelta_01", {"lr": 0.1, "rho": 0.95, "eps": 1e-7}),
        ("adadelta_0001", {"lr": 0.001, "rho": 0.95, "eps": 1e-7}),
        ("adadelta_torch", {"lr": 1.0, "rho": 0.9, "eps": 1e-6}),
        ("adadelta_01_torch", {"lr": 0.1, "rho": 0.9, "eps": 1e-6}),
        ("adadelta_0001_torch", {"lr": 0.001, "rho": 0.9, "eps": 1e-6}),
    ],
)
def test_optimisers_of_the_cells(name, wanted):
    recipe = module.recipe(replace(study.params, **FRESH[name]))
    optimizer = make_optimizer(recipe, ConvNet((28, 28)).named_parameters())
    for group in optimizer.param_groups:
        assert {key: group[key] for key in wanted} == wanted
        assert group["weight_decay"] == 0
    assert (recipe.batch_size, recipe.max_epochs, recipe.patience, recipe.restore_best) == (128, 15, None, False)


def test_what_the_standard_profile_answers():
    full = {cell.identity for cell in study.design("full").cells}
    same = [cell.params for cell in study.design("standard").cells if cell.identity in full]
    assert [(params.optimizer, params.images, params.epochs, params.before) for params in same] == [("adam", 60000, 15, ())]
    assert all(cell.params.images == 10000 for cell in study.design("standard").cells if cell.params not in same)


@pytest.mark.parametrize("profile", ["quick", "standard", "full"])
def test_settings_have_names_of_their_own(profile):
    cells = study.design(profile).cells
    names = {(setting(cell.params), cell.params.images) for cell in cells}
    assert len(names) == len(cells)


def test_tables_keep_sizes_apart():
    design, records = study.design("standard"), []
    (outcome,) = outcomes(study, replace(TINY, epochs=1), [0])
    for place, cell in enumerate(design.cells):
        metrics = {**outcome.metrics, "validation_accuracy": 0.5 + 0.01 * place}
        records.append(Record(cell, 0, replace(outcome, metrics=metrics)))
    results = Results.from_records(study, design, records)
    assert len(table_of(results)) == len(design.cells) - 1
    assert len(everything(results)["setting"].unique()) == len(design.cells)
    assert confusions(results).shape == (1, 10, 10)
    for part in (*study.figures, *study.tables):
        (part.draw if hasattr(part, "draw") else part.make)(results)


@pytest.mark.real_data
def test_adam_on_a_little_of_mnist():
    params = replace(study.params, images=2000, epochs=2, batch_size=32)
    (outcome,) = outcomes(study, params, [0])
    assert outcome.metrics["test_accuracy"] > 0.8
    assert outcome.arrays["confusion"].sum() == 10000
