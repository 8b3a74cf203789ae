"""The convolutional classifier: scikit-learn's checks, the forms that images come in, what it learns, what it refuses."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from image_checks import EXPECTED_FAILURES, answers, pictures, take_any_numbers
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

import annlab
from annlab.models.convnet import ConvNetClassifier, with_output
from annlab.nets import LayeredNet
from annlab.nets.layers import BatchNorm, Conv, Dense, Dropout, Flatten, GlobalAveragePool, LeakyReLU, MaxPool, Parallel, ReLU
from annlab.train import DivergenceError
from annlab.train.augment import Crop, CutOut, Flip, MixUp, Shift

LAYERS = (Conv(8, 3, padding=1), BatchNorm(), ReLU(), MaxPool(2), Conv(8, 3), ReLU(), GlobalAveragePool())


def make(**options: Any) -> ConvNetClassifier:
    return ConvNetClassifier(**{"layers": LAYERS, "learning_rate": 0.02, "batch_size": 16, "max_epochs": 3, "random_state": 0, **options})


def test_scikit_learn_objects_to_nothing_but_shape_and_range() -> None:
    results = check_estimator(make(layers=[Flatten()]), on_skip=None, expected_failed_checks=EXPECTED_FAILURES)
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(EXPECTED_FAILURES)
    assert sum(result["status"] == "passed" for result in results) >= 25


@pytest.mark.slow
def test_scikit_learn_objects_to_nothing_where_any_numbers_are_images(monkeypatch: pytest.MonkeyPatch) -> None:
    take_any_numbers(monkeypatch)
    dense = make(layers=[Flatten(), Dense(20), ReLU()], batch_size=32, max_epochs=20, dtype="float64")
    results = check_estimator(dense, on_skip=None)
    assert sum(result["status"] == "passed" for result in results) >= 50


def test_it_learns_what_a_convolution_can() -> None:
    X, y = pictures(400)
    fitted = make(max_epochs=8).fit(X[:300], y[:300])
    assert fitted.score(X[300:], y[300:]) > 0.97
    assert fitted.history_["train_loss"][-1] < 0.3 * fitted.history_["train_loss"][0]


def test_images_in_every_form_are_the_same_images() -> None:
    X, y = pictures()
    first = make().fit(X, y)
    expected = first.predict_proba(X)
    assert first.image_shape_ == (8, 8, 1)
    assert first.n_features_in_ == 64
    floats = X.astype(np.float32) / np.float32(255)
    forms = [X[..., None], X.reshape(60, -1), floats, floats.reshape(60, -1), X / 255, np.asfortranarray(X), torch.from_numpy(X)]
    for form in forms:
        np.testing.assert_array_equal(first.predict_proba(form), expected.astype(first.predict_proba(form).dtype))
        np.testing.assert_array_equal(make().fit(form, y).predict_proba(X), expected)


def test_numbers_between_the_bytes_are_kept() -> None:
    X, y = pictures()
    floats = (X / 255).astype(np.float32)
    floats[0, 0, 0] = 0.12345
    trained = make().fit(floats, y)
    assert not np.array_equal(trained.predict_proba(floats), trained.predict_proba(X))
    twin = make(dtype="float64").fit(X / 255 * 0.999, y)
    assert twin.predict_proba(X / 255).dtype == np.float64
    assert twin.net_.parts["1_Conv"].weight.dtype == torch.float64


def test_answers_have_the_floating_type_of_the_images() -> None:
    X, y = pictures()
    trained = make(max_epochs=1).fit(X, y)
    for form, kind in ((X, np.float32), (X / 255, np.float64), ((X / 255).astype(np.float32), np.float32)):
        probabilities = trained.predict_proba(form)
        assert probabilities.dtype == kind
        np.testing.assert_allclose(probabilities.sum(1), 1.0, rtol=1e-5)


def test_colour_images_and_rows_of_a_given_shape() -> None:
    X, y = pictures(edge=8, channels=3)
    trained = make().fit(X, y)
    assert trained.image_shape_ == (8, 8, 3)
    np.testing.assert_array_equal(make().fit(X.reshape(60, -1), y).predict_proba(X), trained.predict_proba(X))
    tall = X[:, :, :7].reshape(60, -1)
    with pytest.raises(ValueError, match="image_shape"):
        make().fit(tall, y)
    assert make(image_shape=(8, 7, 3)).fit(tall, y).predict(X[:, :, :7]).shape == (60,)


def test_two_classes_and_any_labels() -> None:
    X, y = pictures(120)
    two = y != "none"
    trained = make(max_epochs=6).fit(X[two], y[two] == "lying")
    assert trained.classes_.tolist() == [False, True]
    scores = trained.decision_function(X[two])
    assert scores.shape == (two.sum(),)
    np.testing.assert_array_equal(scores > 0, trained.predict(X[two]))
    np.testing.assert_allclose(1 / (1 + np.exp(-scores)), trained.predict_proba(X[two])[:, 1], rtol=1e-4)


def test_held_out_images_stop_the_training_and_their_best_weights_come_back() -> None:
    X, y = pictures()
    rng = np.random.default_rng(1)
    guess = rng.permutation(y)
    trained = make(max_epochs=50, validation_fraction=0.3, patience=2).fit(X, guess)
    history = trained.history_
    assert set(history) == {"epoch", "train_loss", "validation_loss", "validation_accuracy", "learning_rate", "seconds"}
    assert trained.n_iter_ == len(history["epoch"]) < 50
    assert trained.n_iter_ - (history["validation_loss"].argmin() + 1) == 2


def test_everything_at_once_and_saved(tmp_path: Path) -> None:
    X, y = pictures(channels=2)
    layers = [Parallel([Conv(4, 1)], [Conv(4, 3, padding="same")], []), LeakyReLU(0.1), MaxPool(2), Dropout(0.2), Flatten(), Dense(3)]
    augmentation = [Shift(1), Crop(2), Flip(), CutOut(2), MixUp(0.3)]
    options = {"augmentation": augmentation, "label_smoothing": 0.1, "weight_decay": 1e-3, "schedule": "cosine", "optimizer": "adamw"}
    fitted = make(layers=layers, **options).fit(X, y)
    for name in ("folder", "one.safetensors"):
        loaded = annlab.load(fitted.save(tmp_path / name))
        assert loaded.get_params() == fitted.get_params()
        assert repr(loaded) == repr(fitted)
        for method, answer in answers(fitted, X).items():
            np.testing.assert_array_equal(answers(loaded, X)[method], answer)
        np.testing.assert_array_equal(loaded.fit(X, y).predict_proba(X), fitted.predict_proba(X))


def test_the_same_random_state_gives_the_same_model_and_global_generators_are_left_as_found() -> None:
    X, y = pictures()
    options = {"augmentation": [Shift(1), MixUp()], "layers": [*LAYERS, Dropout(0.3)], "validation_fraction": 0.2}
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    X.setflags(write=False)
    first, again, other = (make(**options, random_state=seed).fit(X, y).predict_proba(X) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(clone(make(**options)).fit(X, y).predict_proba(X), first)


def test_the_default_network_and_its_summary() -> None:
    X, y = pictures(edge=12)
    trained = ConvNetClassifier(max_epochs=1, random_state=0).fit(X, y)
    found = trained.summary()
    assert found.parameters == (9 + 1) * 32 + (9 * 32 + 1) * 64 + (64 + 1) * 3 == sum(row.parameters for row in trained.net_.rows)
    assert not found.unknown_flops
    assert annlab.summary(trained.net_, trained.image_shape_) == found


def test_the_output_layer_is_added_where_it_is_not_there() -> None:
    assert with_output([Conv(4, 3)], (8, 8), 5) == (Conv(4, 3), Flatten(), Dense(5))
    assert with_output([Conv(4, 3), GlobalAveragePool()], (8, 8), 5) == (Conv(4, 3), GlobalAveragePool(), Dense(5))
    assert with_output([Flatten(), Dense(5)], (8, 8), 5) == (Flatten(), Dense(5))
    assert with_output([], (8, 8), 5) == (Flatten(), Dense(5))
    with pytest.raises(ValueError, match=r"layer 2, Dense\(4\).*5 units for 5 classes"):
        with_output([Flatten(), Dense(4)], (8, 8), 5)


def test_a_grid_search_over_lists_of_layers() -> None:
    X, y = pictures()
    lists = [[Flatten()], list(LAYERS)]
    search = GridSearchCV(make(max_epochs=6), {"layers": lists}, cv=2, n_jobs=1).fit(X, y)
    assert search.best_params_["layers"] == lists[1]


def test_low_precision_about_weights_in_full() -> None:
    X, y = pictures()
    exact, low = (make(dtype=dtype).fit(X, y) for dtype in ("float32", "bfloat16"))
    assert low.net_.parts["1_Conv"].weight.dtype == torch.float32
    assert not np.array_equal(low.predict_proba(X), exact.predict_proba(X))
    np.testing.assert_allclose(low.history_["train_loss"], exact.history_["train_loss"], rtol=0.1)


def test_a_fit_that_diverges_leaves_weights_that_answer() -> None:
    X, y = pictures()
    estimator = make(optimizer="sgd", learning_rate=1e38, layers=[Flatten()], max_epochs=30)
    with pytest.raises(DivergenceError):
        estimator.fit(X, y)
    assert np.isfinite(estimator.predict_proba(X)).all()
    assert len(estimator.history_["epoch"]) >= 1


def test_progress_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "annlab"):
        make(max_epochs=2, verbose=True).fit(*pictures())
    assert [record.message.split(":")[0] for record in caplog.records] == [f"ConvNetClassifier epoch {epoch}" for epoch in (1, 2)]


def test_layers_that_do_not_fit_are_named_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LayeredNet, "forward", lambda *_: pytest.fail("trained"))
    with pytest.raises(ValueError, match=r"layer 3, Conv\(8, 5\), does not fit its input of 3 x 3 x 8 \(height x width x channels\)"):
        make(layers=[Conv(8, 3), MaxPool(2), Conv(8, 5)]).fit(*pictures())


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"layers": [Conv]}, "layers of ConvNetClassifier must be"),
        ({"layers": "Conv"}, "layers"),
        ({"augmentation": ["flip"]}, "augmentation"),
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"image_shape": (8,)}, "image_shape"),
        ({"dtype": "float16"}, "dtype"),
        ({"compile": 1}, "compile"),
        ({"patience": 2}, "validation_fraction"),
        ({"device": "nowhere"}, "device"),
        ({"image_shape": (4, 4)}, "images"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(options: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        make(**options).fit(*pictures())


@pytest.mark.parametrize("optimizer", ["lbfgs", lambda p: torch.optim.LBFGS(p, max_iter=5)], ids=["by name", "function"])
def test_a_fit_that_is_refused_leaves_the_estimator_as_it_was(optimizer: Any) -> None:
    X, y = pictures()
    refused = {"optimizer": optimizer, "augmentation": [Shift(1)]}
    estimator = make(**refused)
    with pytest.raises(ValueError, match="augmented anew"):
        estimator.fit(X, y)
    with pytest.raises(NotFittedError):
        estimator.predict(X)
    estimator = make().fit(X, y)
    learned = dict(vars(estimator))
    expected = estimator.predict_proba(X)
    with pytest.raises(ValueError, match="augmented anew"):
        estimator.set_params(**refused).fit(X[:, :7, :7], y)
    assert {name: value for name, value in vars(estimator).items() if name.endswith("_")} == {
        name: value for name, value in learned.items() if name.endswith("_")
    }
    np.testing.assert_array_equal(estimator.predict_proba(X), expected)


def test_a_single_image_that_cannot_be_normalised_is_refused_before_training() -> None:
    X, y = pictures()
    flat = [Flatten(), Dense(5), BatchNorm(), ReLU()]
    with pytest.raises(ValueError, match="set batch_size to at least 2"):
        make(layers=flat, batch_size=1).fit(X[:6], y[:6])
    two = [int(np.flatnonzero(y == label)[0]) for label in ("none", "lying")]
    with pytest.raises(ValueError, match="hold out fewer"):
        make(layers=flat, validation_fraction=0.5).fit(X[two], y[two])
    assert make(batch_size=1).fit(X[:6], y[:6]).n_iter_ == 3  # maps of several pixels have several values


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda X: X.astype(np.float32), r"from 0 to 2\d\d of type float32"),
        (lambda X: X.astype(np.int16), "of type int16"),
        (lambda X: X.reshape(60, -1).astype(int).tolist(), "of type int64"),
        (lambda X: X / 255 - 0.5, "from -0.5"),
        (lambda X: X.astype(np.int64), "numbers in"),
        (lambda X: np.where(X > 200, np.nan, X / 255), "NaN"),
        (lambda X: X[:, :, :, None, None], "image_shape"),
        (lambda X: X[:40], "inconsistent"),
    ],
)
def test_images_that_are_none_are_refused(change: Any, part: str) -> None:
    X, y = pictures()
    with pytest.raises(ValueError, match=part):
        make().fit(change(X), y)


def test_images_of_another_shape_are_refused_after_training() -> None:
    X, y = pictures()
    trained = make(max_epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=r"\(8, 8, 1\)"):
        trained.predict(X[:, :7])
    with pytest.raises(ValueError, match="features"):
        trained.predict(X[:, :7].reshape(60, -1))
    with pytest.raises(ValueError, match="numbers in"):
        trained.predict(X.astype(float))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, as it imports its compiler
def test_a_compiled_step_trains_as_the_plain_one() -> None:
    X, y = pictures()
    plain, compiled = (make(compile=wish).fit(X, y) for wish in (False, True))
    np.testing.assert_allclose(compiled.history_["train_loss"], plain.history_["train_loss"], rtol=1e-3)


@pytest.mark.gpu
def test_on_a_gpu(tmp_path: Path) -> None:
    X, y = pictures(400)
    trained = make(device="cuda", max_epochs=8, augmentation=[Shift(1)], validation_fraction=0.1).fit(X[:300], y[:300])
    assert trained.score(X[300:], y[300:]) > 0.97
    assert annlab.load(trained.save(tmp_path / "saved")).score(X[300:], y[300:]) > 0.97
