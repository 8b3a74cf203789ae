"""The autoencoder: principal components as oracle, images and bytes, replicates, denoising, saving."""

import tracemalloc

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import annlab
from annlab import Autoencoder
from annlab.train import DivergenceError, Recipe, fit_stacked

rng = np.random.default_rng(0)
IMAGES = (rng.random((40, 6, 5)) * 255).astype(np.uint8)
FORMS = {
    "dense": {},
    "three replicates, deep, bce": {"n_replicates": 3, "hidden_sizes": (8,), "loss": "bce"},
    "normed, dropped out": {"batch_norm": "hidden", "dropout": 0.2, "weight_decay": 1e-3},
    "one by one": {"optimizer": "lbfgs", "batch_size": None, "n_replicates": 2},
    "convolutional": {"convolutional": True, "n_replicates": 2, "hidden_sizes": (3,), "loss": "bce", "batch_norm": "hidden"},
    "held out": {"validation_fraction": 0.25, "patience": 2},
}
every_form = pytest.mark.parametrize("options", FORMS.values(), ids=FORMS.keys())


def small(**options):
    return Autoencoder(**{"code_size": 4, "max_epochs": 3, "batch_size": 16, "random_state": 0, **options})


@pytest.mark.oracle
def test_linear_autoencoder_reaches_the_error_of_principal_components():
    X = np.random.default_rng(1).normal(size=(200, 12)) @ np.random.default_rng(2).normal(size=(12, 12))
    X -= X.mean(axis=0)
    pca = PCA(3).fit(X)
    best = np.mean((X - pca.inverse_transform(pca.transform(X))) ** 2)
    linear = Autoencoder(
        3, activation="identity", output_activation="identity", batch_size=None, max_epochs=3000, learning_rate=0.02, schedule="cosine",
        random_state=0,
    ).fit(X)  # fmt: skip
    assert best <= -linear.score(X) * (1 + 1e-9) <= 1.01 * best


@every_form
def test_codes_and_rows_belong_together(options):
    X = IMAGES if options.get("convolutional") else IMAGES.reshape(len(IMAGES), -1)
    before = X.copy()
    model = small(**options).fit(X)
    codes, back = model.transform(X), model.reconstruct(X)
    assert codes.shape == (len(X), 4 * model.n_replicates)
    assert back.shape == X.shape
    assert back.dtype == codes.dtype == np.float32
    assert len(model.get_feature_names_out()) == codes.shape[1]
    np.testing.assert_allclose(model.inverse_transform(codes), back, atol=1e-6)
    assert model.score(X) == pytest.approx(-np.mean((X / 255 - back) ** 2), rel=1e-5)
    assert back.min() >= 0
    assert back.max() <= 1
    np.testing.assert_array_equal(X, before)


@every_form
def test_the_same_random_state_gives_the_same_model_saved_or_cloned(options, tmp_path):
    model = small(**options).fit(IMAGES)
    back = model.reconstruct(IMAGES)
    np.testing.assert_array_equal(clone(model).fit(IMAGES).reconstruct(IMAGES), back)
    loaded = annlab.load(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.reconstruct(IMAGES), back)
    np.testing.assert_array_equal(loaded.transform(IMAGES), model.transform(IMAGES))
    assert not np.array_equal(small(**{**options, "random_state": 1}).fit(IMAGES).reconstruct(IMAGES), back)


def test_bytes_are_the_numbers_they_stand_for():
    numbers = (IMAGES / np.float32(255)).astype(np.float32)
    for options in ({}, {"convolutional": True}, {"optimizer": "lbfgs", "batch_size": None}):
        bytewise, floating = (small(**options).fit(X).reconstruct(X) for X in (IMAGES, numbers))
        np.testing.assert_allclose(bytewise, floating, atol=2e-5)


def test_loss_and_denoising_do_what_they_say():
    model = small(denoising=0.5, validation_fraction=0.25, max_epochs=2).fit(IMAGES)
    history = model.history_
    assert set(history) == {"replicate", "epoch", "train_loss", "validation_loss", "learning_rate", "seconds"}
    clean = small(validation_fraction=0.25, max_epochs=2).fit(IMAGES)
    assert not np.array_equal(clean.history_["train_loss"], history["train_loss"])
    plain = small(loss="bce", max_epochs=1, learning_rate=1e-12, batch_size=None).fit(IMAGES)
    p, x = plain.reconstruct(IMAGES).astype(float), IMAGES / 255
    assert plain.history_["train_loss"][-1] == pytest.approx(-np.mean(x * np.log(p) + (1 - x) * np.log(1 - p)), rel=1e-5)


def test_a_stack_learns_its_inputs_as_it_learns_equal_targets():
    X = torch.rand(30, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    states = []
    for targets in (X, X.clone()):
        stack = annlab.nets.DenseAutoencoder(2, 8, 3, dtype=torch.float64)
        orders, noises = ([torch.Generator().manual_seed(10 * k + r) for r in range(2)] for k in range(2))
        recipe = Recipe(batch_size=8, max_epochs=3, input_noise=0.1)
        history = fit_stacked(stack, X, targets, recipe, orders=orders, noises=noises, validation=(targets, targets))
        states.append((stack(X), history.columns["train_loss"], history.columns["validation_loss"]))
    for own, given in zip(*states, strict=True):
        np.testing.assert_array_equal(
            np.asarray(own.detach() if hasattr(own, "detach") else own), np.asarray(given.detach() if hasattr(given, "detach") else given)
        )


def test_learning_lowers_the_error_below_that_of_the_mean():
    digits = annlab.data.load("digits28")["X_train"][:300]
    constant = -np.mean((digits / 255 - (digits / 255).mean(axis=0)) ** 2)
    for options in ({}, {"convolutional": True, "hidden_sizes": (4, 8)}):
        model = Autoencoder(16, max_epochs=15, batch_size=16, learning_rate=3e-3, random_state=0, **options).fit(digits)
        assert model.score(digits) > 0.7 * constant


def test_stands_in_a_pipeline():
    X = np.random.default_rng(0).normal(size=(30, 5))
    pipeline = make_pipeline(StandardScaler(), small(output_activation="identity")).fit(X)
    assert pipeline.inverse_transform(pipeline.transform(X)).shape == X.shape


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "bce", "output_activation": "identity"}, "needs the output_activation 'sigmoid'"),
        ({"loss": "mae"}, "loss of Autoencoder"),
        ({"patience": 2}, "validation_fraction"),
        ({"convolutional": True}, "image_shape="),
        ({"convolutional": True, "image_shape": (4, 4)}, "no images of"),
        ({"hidden_sizes": (0,)}, "hidden_sizes"),
        ({"activation": ("relu", "relu")}, "each of 0 hidden layers and the code"),
    ],
)
def test_what_does_not_fit_is_said(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options).fit(np.random.default_rng(0).random((20, 6)))


def test_numbers_that_are_no_probabilities_and_codes_of_another_size_are_refused():
    with pytest.raises(ValueError, match="numbers in \\[0, 1\\]"):
        small(loss="bce").fit(np.full((20, 3), 2.0))
    with pytest.raises(ValueError, match="4 numbers a row, got 3"):
        small().fit(IMAGES).inverse_transform(np.zeros((2, 3)))


def test_divergence_leaves_the_last_good_state():
    X = np.random.default_rng(0).normal(size=(30, 6)) * 100
    options = {"optimizer": "sgd", "learning_rate": 1.0, "activation": "identity", "output_activation": "identity", "max_epochs": 50}
    model = small(**options)
    with pytest.raises(DivergenceError):
        model.fit(X)
    assert np.isfinite(model.reconstruct(X)).all()


@pytest.mark.parametrize("options", [{"optimizer": "lbfgs", "batch_size": None}, {"convolutional": True, "hidden_sizes": (3,)}])
def test_a_replicate_that_diverges_leaves_the_record_and_the_training_of_all_others(options, monkeypatch):
    from annlab.models import autoencoder

    alone, calls, train = small(n_replicates=3, **options).fit(IMAGES), [], autoencoder.fit

    def second_diverges(*arguments, **keywords):
        calls.append(train(*arguments, **keywords))
        if len(calls) == 2:
            raise DivergenceError(4, calls[-1])
        return calls[-1]

    monkeypatch.setattr(autoencoder, "fit", second_diverges)
    model = small(n_replicates=3, **options)
    with pytest.raises(DivergenceError):
        model.fit(IMAGES)
    np.testing.assert_array_equal(model.history_["replicate"], alone.history_["replicate"])
    np.testing.assert_array_equal(model.history_["train_loss"], alone.history_["train_loss"])
    np.testing.assert_array_equal(model.transform(IMAGES), alone.transform(IMAGES))


def test_images_of_another_shape_are_refused():
    turned = IMAGES.transpose(0, 2, 1)
    rows = IMAGES.reshape(len(IMAGES), -1)
    flat = small(convolutional=True, image_shape=(6, 5)).fit(rows)
    for model in (small().fit(IMAGES), small(convolutional=True).fit(IMAGES), flat):
        for method in (model.transform, model.reconstruct, model.score):
            with pytest.raises(ValueError, match=r"Autoencoder takes images of \(6, 5, 1\) here .*, got \(5, 6, 1\)"):
                method(turned)
        np.testing.assert_array_equal(model.transform(IMAGES[..., None]), model.transform(rows))
    for options in ({}, {"convolutional": True}):
        with pytest.raises(ValueError, match=r"takes images of \(5, 6, 1\)"):
            small(image_shape=(5, 6), **options).fit(IMAGES)


def test_nested_lists_are_images():
    numbers = IMAGES / 255
    model = small(convolutional=True).fit(numbers.tolist())
    assert model.image_shape_ == (6, 5)
    back = model.reconstruct(numbers.tolist())
    np.testing.assert_array_equal(back, small(convolutional=True).fit(numbers).reconstruct(numbers))
    assert back.shape == IMAGES.shape


def test_what_was_fitted_counts_and_not_parameters_set_since():
    model = small(n_replicates=2).fit(IMAGES)
    codes, back = model.transform(IMAGES), model.reconstruct(IMAGES)
    model.set_params(n_replicates=1, code_size=3, convolutional=True, hidden_sizes=(2,))
    np.testing.assert_array_equal(model.transform(IMAGES), codes)
    np.testing.assert_allclose(model.inverse_transform(codes), back, atol=1e-6)
    assert len(model.get_feature_names_out()) == 8
    convolutional = model.fit(IMAGES)
    assert not hasattr(convolutional, "stack_")
    assert convolutional.transform(IMAGES).shape == (40, 3)
    dense = convolutional.set_params(convolutional=False).fit(IMAGES)
    assert not hasattr(dense, "nets_")
    np.testing.assert_array_equal(dense.transform(IMAGES), clone(dense).fit(IMAGES).transform(IMAGES))


@pytest.mark.parametrize("convolutional", [False, True])
def test_sizes_may_be_numbers_and_arrays_of_numpy(convolutional, tmp_path):
    sizes = {"hidden_sizes": np.array([8]), "code_size": np.int64(4), "n_replicates": np.int32(2), "max_epochs": np.uint8(3)}
    plain = small(hidden_sizes=(8,), n_replicates=2, convolutional=convolutional).fit(IMAGES)
    model = small(**sizes, batch_size=np.int64(16), image_shape=np.array([6, 5]), convolutional=convolutional).fit(IMAGES)
    np.testing.assert_array_equal(model.transform(IMAGES), plain.transform(IMAGES))
    np.testing.assert_array_equal(annlab.load(model.save(tmp_path / "model")).transform(IMAGES), plain.transform(IMAGES))
    for wrong in ({"hidden_sizes": np.array([True])}, {"hidden_sizes": np.array(8)}, {"hidden_sizes": [True]}, {"code_size": True}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            small(**wrong).fit(IMAGES)


def everything(model):
    codes = model.transform(IMAGES)
    return codes, model.reconstruct(IMAGES), model.inverse_transform(codes), model.score(IMAGES)


def test_parts_are_of_the_widest_layer_and_change_nothing(monkeypatch):
    from annlab.models import image_rows

    models = [small(hidden_sizes=(100,), n_replicates=2).fit(IMAGES), small(convolutional=True, n_replicates=2).fit(IMAGES)]
    assert [image_rows.rows_at_once(*model._nets) * width for model, width in zip(models, (2 * 100, 2 * 16 * 3 * 3), strict=True)] == [
        pytest.approx(1 << 23, rel=1e-3)
    ] * 2
    for model in models:
        whole = everything(model)
        with monkeypatch.context() as patch:
            patch.setattr(image_rows, "NUMBERS", 7 * 200)
            assert image_rows.rows_at_once(*model._nets) < 8
            apart = everything(model)
        for a, b in zip(whole, apart, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_the_score_is_taken_part_by_part(monkeypatch):
    monkeypatch.setattr("annlab.models.image_rows.NUMBERS", 1 << 16)
    X = np.random.default_rng(0).integers(0, 255, (20_000, 100), dtype=np.uint8)
    model = small(code_size=2, max_epochs=1, batch_size=None).fit(X[:16])
    tracemalloc.start()
    model.score(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.size * 4  # below one copy of the set, which scores of it whole would make several of
