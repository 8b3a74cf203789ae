"""The autoencoder: principal components as oracle, images and bytes, replicates, denoising, saving."""

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
