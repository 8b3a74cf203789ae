"""The stacked autoencoder and its classifier: stages, what is joined from what, the control, images."""

import tracemalloc

import numpy as np
import pytest
import torch

import annlab
from annlab.models.stacked_autoencoder import StackedAutoencoder
from annlab.models.stacked_classifier import StackedAutoencoderClassifier
from annlab.train import DivergenceError
from annlab.train.augment import Shift

SHORT = {"pretrain_epochs": 2, "max_epochs": 2, "batch_size": 16, "random_state": 0}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], 20)
    bars = np.zeros((60, 6, 6))
    for place, label in enumerate(labels):
        bars[place, "abc".index(label) * 2] = 1.0  # a bright row tells the class
    return (255 * np.clip(0.8 * bars + 0.1 * rng.random(bars.shape), 0, 1)).astype(np.uint8), labels


def same_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_one_layer_joined_with_its_decoder_is_the_autoencoder_that_was_trained(images):
    X = (images[0] / 255.0).reshape(60, -1)
    model = StackedAutoencoder((5,), pretrain_loss="mse", **{**SHORT, "max_epochs": 0}).fit(X)
    assert model.history_["stage"].tolist() == ["layer 1", "layer 1"]
    assert np.mean(np.square(model.reconstruct(X) - X)) == pytest.approx(model.history_["train_loss"][-1], rel=1e-12)


def test_the_second_layer_learns_the_codes_of_the_first(images):
    X = (images[0] / 255.0).reshape(60, -1)
    model = StackedAutoencoder((7, 3), pretrain_loss="mse", **{**SHORT, "max_epochs": 0}).fit(X)
    net = model.stack_.replicate(0)
    with torch.no_grad():
        first = torch.sigmoid(net.layers[0](torch.from_numpy(X)))
        back = torch.sigmoid(net.layers[2](torch.sigmoid(net.layers[1](first))))
    last = model.history_["train_loss"][model.history_["stage"] == "layer 2"][-1]
    assert float((back - first).square().mean()) == pytest.approx(last, rel=1e-12)


def test_cross_entropy_is_taken_of_probabilities(images):
    X = (images[0] / 255.0).reshape(60, -1)
    model = StackedAutoencoder((5,), loss="bce", pretrain=False, **SHORT).fit(X)
    back = model.reconstruct(X)
    expected = -np.mean(X * np.log(back) + (1 - X) * np.log1p(-back))
    assert model.history_["train_loss"][-1] == pytest.approx(expected, rel=1e-9)


def test_stages_follow_each_other_and_the_control_has_as_many_epochs(images):
    model, control = (StackedAutoencoder((7, 3), pretrain=pretrain, **SHORT).fit(images[0]) for pretrain in (True, False))
    assert list(dict.fromkeys(model.history_["stage"])) == ["layer 1", "layer 2", "joint"]
    assert set(control.history_["stage"]) == {"joint"}
    assert model.n_iter_ == control.n_iter_ == 6
    assert np.all(np.diff(model.history_["seconds"]) >= 0)
    assert same_weights(model.stages_["initial"], control.stages_["initial"])
    assert list(control.stages_) == ["initial"]


def test_training_as_a_whole_improves_on_the_layers_alone(images):
    model = StackedAutoencoder((12, 4), **{**SHORT, "pretrain_epochs": 10, "max_epochs": 60, "learning_rate": 0.01}).fit(images[0])
    truth = images[0] / 255.0
    errors = [np.mean(np.square(model.reconstruct(images[0], stage) - truth)) for stage in ("initial", "pretrain", None)]
    assert errors[2] < 0.7 * errors[1] < errors[0]
    assert model.score(images[0]) == pytest.approx(-errors[2], rel=1e-5)


def test_codes_of_replicates_stand_side_by_side_and_come_back_as_images(images):
    model = StackedAutoencoder((7, 3), n_replicates=2, **SHORT).fit(images[0])
    codes = model.transform(images[0])
    assert codes.shape == (60, 6)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(model.inverse_transform(codes), model.reconstruct(images[0]), atol=1e-6)
    assert model.get_feature_names_out()[0] == "stackedautoencoder0"


@pytest.mark.parametrize("kind", [StackedAutoencoder, StackedAutoencoderClassifier])
def test_bytes_are_numbers_between_zero_and_one(kind, images):
    X, y = images
    by_bytes = kind((7, 3), **SHORT).fit(X, y)
    by_floats = kind((7, 3), **SHORT).fit((X / 255.0).astype(np.float32).reshape(60, -1), y)
    for a, b in zip(by_bytes.stack_.parameters(), by_floats.stack_.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_numbers_outside_the_unit_interval_are_given_back_linearly():
    X = np.random.default_rng(0).normal(3.0, 2.0, (40, 5))
    model = StackedAutoencoder((4, 2), activation="tanh", **SHORT).fit(X)
    assert model.stack_.output_activation == "identity"
    with pytest.raises(ValueError, match=r"loss 'bce' takes numbers in \[0, 1\]"):
        StackedAutoencoder((4, 2), loss="bce", **SHORT).fit(X)


def test_each_stage_of_the_classifier_moves_its_own_weights(images):
    model = StackedAutoencoderClassifier((7, 3), classifier_epochs=3, **SHORT).fit(*images)
    initial, layers, linear, tuned = *model.stages_.values(), model.stack_
    assert list(model.stages_) == ["initial", "pretrain", "classifier"]
    moved = [
        [not torch.equal(a, b) for a, b in zip(before.weights, after.weights, strict=True)]
        for before, after in ((initial, layers), (layers, linear), (linear, tuned))
    ]
    assert moved == [[True, True, False], [False, False, True], [True, True, True]]
    assert list(dict.fromkeys(model.history_["stage"])) == ["layer 1", "layer 2", "classifier", "fine_tune"]


def test_it_learns_and_accuracy_is_recorded_after_each_stage(images):
    settings = {**SHORT, "pretrain_epochs": 10, "classifier_epochs": 5, "max_epochs": 60, "learning_rate": 0.02}
    model = StackedAutoencoderClassifier((12, 6), validation_fraction=0.3, n_replicates=2, **settings).fit(*images)
    assert model.score(*images) > 0.95
    recorded = model.accuracy_
    assert recorded["stage"].tolist() == [name for name in ("initial", "pretrain", "classifier", "fine_tune") for _ in range(2)]
    assert set(recorded) == {"replicate", "stage", "train_accuracy", "validation_accuracy"}
    scores = model.stage_scores(*images)
    np.testing.assert_allclose(scores["initial"][0] * 60, np.sum(first_answers(model, images[0]) == images[1]))
    assert scores["fine_tune"].mean() > scores["initial"].mean()


def first_answers(model, X):
    with torch.no_grad():
        logits = model.stages_["initial"].replicate(0)(torch.from_numpy(X.reshape(60, -1) / np.float32(255)))
    return model.classes_[logits.argmax(1).numpy()]


def test_the_classifiers_control_is_the_same_network_for_as_many_updates(images):
    three = StackedAutoencoderClassifier((7, 3), classifier_epochs=3, **SHORT).fit(*images)
    once = StackedAutoencoderClassifier((7, 3), classifier_epochs=3, pretrain=False, **SHORT).fit(*images)
    assert same_weights(three.stages_["initial"], once.stages_["initial"])
    assert three.n_iter_ == once.n_iter_ == 2 * 2 + 3 + 2
    assert set(once.history_["stage"]) == {"at_once"}
    assert list(once.stage_scores(*images)) == ["initial", "at_once"]


def test_no_fine_tuning_leaves_the_classifier_stage(images):
    model = StackedAutoencoderClassifier((7, 3), **{**SHORT, "max_epochs": 0}).fit(*images)
    np.testing.assert_array_equal(model.predict_proba(images[0]), model.predict_proba(images[0], "classifier"))


def test_the_classifier_takes_the_encoder_of_a_fitted_autoencoder(images):
    encoder = StackedAutoencoder((7, 3), **SHORT).fit(images[0])
    before = [weight.clone() for weight in encoder.stack_.weights]
    model = StackedAutoencoderClassifier((7, 3), **SHORT).fit(images[0][::4], images[1][::4], encoder=encoder)
    for place in range(2):
        assert torch.equal(model.stages_["pretrain"].weights[place], encoder.stack_.weights[place])
    assert all(torch.equal(a, b) for a, b in zip(before, encoder.stack_.weights, strict=True))
    assert list(dict.fromkeys(model.history_["stage"])) == ["classifier", "fine_tune"]
    with pytest.raises(ValueError, match="encoder must have"):
        StackedAutoencoderClassifier((7, 2), **SHORT).fit(*images, encoder=encoder)


def test_augmentation_moves_the_images_of_fine_tuning_alone(images):
    plain, moved = (
        StackedAutoencoderClassifier((7, 3), augmentation=augmentation, n_replicates=2, **SHORT).fit(*images)
        for augmentation in (None, [Shift(1)])
    )
    assert same_weights(plain.stages_["classifier"], moved.stages_["classifier"])
    assert not same_weights(plain.stack_, moved.stack_)
    flat = images[0].reshape(60, -1)
    again = StackedAutoencoderClassifier((7, 3), augmentation=[Shift(1)], image_shape=(6, 6), n_replicates=2, **SHORT).fit(flat, images[1])
    assert same_weights(again.stack_, moved.stack_)
    with pytest.raises(ValueError, match="augmentation takes images"):
        StackedAutoencoderClassifier((7, 3), augmentation=[Shift(1)], **SHORT).fit(flat, images[1])


def test_a_loss_that_is_not_finite_stops_the_fit_and_leaves_a_usable_model():
    X = np.random.default_rng(0).normal(0.0, 3.0, (40, 5))
    model = StackedAutoencoder((4, 2), activation="relu", optimizer="sgd", learning_rate=1e6, **SHORT)
    with pytest.raises(DivergenceError):
        model.fit(X)
    assert set(model.history_["stage"]) == {"layer 1"}
    assert np.isfinite(model.transform(X)).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden_sizes": ()}, "a sequence of whole numbers of at least 1"),
        ({"pretrain_loss": "huber"}, "pretrain_loss of StackedAutoencoder must be one of 'mse', 'bce'"),
        ({"patience": 3}, "set validation_fraction above 0"),
        ({"optimizer": "lbfgs"}, "optimizer of StackedAutoencoder must be one of"),
        ({"denoising": -1.0}, "denoising of StackedAutoencoder must be a finite number"),
    ],
)
def test_what_does_not_fit_is_said(settings, words):
    with pytest.raises(ValueError, match=words):
        StackedAutoencoder(**settings).fit(np.zeros((10, 4)))


def test_the_summary_counts_the_parameters(images):
    model = StackedAutoencoderClassifier((7, 3), **SHORT).fit(*images)
    assert model.summary().parameters == 36 * 7 + 7 + 7 * 3 + 3 + 3 * 3 + 3


both = pytest.mark.parametrize("kind", [StackedAutoencoder, StackedAutoencoderClassifier])


def answer(model, X, stage=None):
    return model.predict_proba(X, stage) if hasattr(model, "classes_") else model.reconstruct(X, stage)


@both
def test_images_of_another_shape_are_refused(kind, images):
    X, y = images[0][:, :5], images[1]
    model = kind((7, 3), **SHORT).fit(X, y)
    with pytest.raises(ValueError, match=r"takes images of \(5, 6, 1\) here .*, got \(6, 5, 1\)"):
        answer(model, X.transpose(0, 2, 1))
    np.testing.assert_array_equal(answer(model, X[..., None]).reshape(60, -1), answer(model, X.reshape(60, -1)))


def test_the_classifier_refuses_images_unlike_its_image_shape(images):
    X, y = images[0][:, :5], images[1]
    model = StackedAutoencoderClassifier((7, 3), augmentation=[Shift(1)], image_shape=(6, 5), **SHORT)
    with pytest.raises(ValueError, match=r"takes images of \(6, 5, 1\)"):
        model.fit(X, y)
    turned = np.ascontiguousarray(X.transpose(0, 2, 1))
    model.fit(turned.reshape(60, -1), y)
    assert model.image_shape_ == (6, 5)
    np.testing.assert_array_equal(model.predict_proba(turned), model.predict_proba(turned.reshape(60, -1)))
    with pytest.raises(ValueError, match=r"takes images of \(6, 5, 1\)"):
        model.predict(X)
    with pytest.raises(ValueError, match="rows of 30 features are no images of"):
        StackedAutoencoderClassifier((7, 3), image_shape=(6, 6), **SHORT).fit(X.reshape(60, -1), y)


@both
def test_nested_lists_are_images(kind, images):
    X, y = images[0] / 255, images[1]
    model = kind((7, 3), **SHORT).fit(X.tolist(), y.tolist())
    assert model.image_shape_ == (6, 6)
    np.testing.assert_array_equal(answer(model, X.tolist()), answer(kind((7, 3), **SHORT).fit(X, y), X))


@pytest.mark.parametrize(
    ("settings", "given", "words"),
    [
        ({"augmentation": [Shift(1)]}, "nothing", "augmentation takes images"),
        ({"pretrain": False}, "an encoder", "pretrain=False leaves out"),
        ({"hidden_sizes": (7, 2)}, "an encoder", "encoder must have"),
        ({"activation": ("tanh", "relu", "sigmoid")}, "nothing", "one for each of the 2 layers"),
        ({"activation": ("tanh",)}, "nothing", "one for each of the 2 layers"),
        ({"validation_fraction": 0.999}, "nothing", "leaves none"),
        ({"device": "nowhere"}, "nothing", "device must be"),
    ],
)
def test_all_is_checked_before_anything_is_trained(settings, given, words, images):
    X = images[0].reshape(60, -1)
    encoder = StackedAutoencoder((7, 3), **SHORT).fit(X) if given == "an encoder" else None
    model = StackedAutoencoderClassifier(**{"hidden_sizes": (7, 3), **SHORT, **settings})
    with pytest.raises(ValueError, match=words):
        model.fit(X, images[1], encoder=encoder)
    assert not {"_record", "stack_", "stages_", "history_"} & set(vars(model))


def test_a_fit_that_diverges_keeps_no_accuracy_of_the_one_before(images):
    model = StackedAutoencoderClassifier((7, 3), activation="relu", optimizer="sgd", **SHORT).fit(*images)
    assert "accuracy_" in vars(model)
    with pytest.raises(DivergenceError):
        model.set_params(learning_rate=1e30, pretrain_learning_rate=1e-3).fit(*images)
    assert "accuracy_" not in vars(model)
    assert np.isfinite(model.predict_proba(images[0])).all()


def test_augmented_replicates_after_one_that_diverges_are_trained_too(images, monkeypatch):
    from annlab.models import stacked_classifier

    settings = {"augmentation": [Shift(1)], "n_replicates": 3, **SHORT}
    alone, histories, train = StackedAutoencoderClassifier((7, 3), **settings).fit(*images), [], stacked_classifier.fit_images

    def second_diverges(*arguments, **keywords):
        histories.append(train(*arguments, **keywords))
        if len(histories) == 2:
            raise DivergenceError(3, histories[-1])
        return histories[-1]

    monkeypatch.setattr(stacked_classifier, "fit_images", second_diverges)
    model = StackedAutoencoderClassifier((7, 3), **settings)
    with pytest.raises(DivergenceError):
        model.fit(*images)
    for column in ("stage", "replicate", "train_loss"):
        np.testing.assert_array_equal(model.history_[column], alone.history_[column])
    assert same_weights(model.stack_, alone.stack_)


def test_what_was_fitted_counts_and_not_parameters_set_since(images):
    X, y = images
    model = StackedAutoencoder((7, 3), n_replicates=2, **SHORT).fit(X)
    codes, back = model.transform(X), model.reconstruct(X)
    model.set_params(n_replicates=1, hidden_sizes=(9, 4, 2), activation="relu")
    np.testing.assert_allclose(model.inverse_transform(codes), back, atol=1e-6)
    assert len(model.get_feature_names_out()) == 6
    classifier = StackedAutoencoderClassifier((7, 3), n_replicates=2, **SHORT).fit(X, y, encoder=model)
    assert list(classifier.set_params(pretrain=False).stage_scores(X, y)) == ["initial", "pretrain", "classifier", "fine_tune"]


@both
def test_sizes_may_be_numbers_and_arrays_of_numpy(kind, images, tmp_path):
    X, y = images
    sizes = {"hidden_sizes": np.array([7, 3]), "n_replicates": np.int32(2), "max_epochs": np.uint8(2), "pretrain_epochs": np.int64(2)}
    plain = kind((7, 3), n_replicates=2, **SHORT).fit(X, y)
    model = kind(**{**SHORT, **sizes, "batch_size": np.int64(16), "evaluate_every": np.int64(1)}).fit(X, y)
    np.testing.assert_array_equal(answer(model, X), answer(plain, X))
    np.testing.assert_array_equal(answer(annlab.load(model.save(tmp_path / "model")), X), answer(plain, X))
    for wrong in (np.array([True, True]), np.array(7), [True], np.array([[7, 3]])):
        with pytest.raises(ValueError, match="hidden_sizes"):
            kind(hidden_sizes=wrong).fit(X, y)


def test_parts_are_of_the_widest_layer_and_the_score_is_taken_of_them(images, monkeypatch):
    from annlab.models import image_rows

    wide = StackedAutoencoder((100, 3), n_replicates=2, **SHORT).fit(images[0])
    assert image_rows.rows_at_once(wide.stack_) == (1 << 23) // 200
    whole = wide.score(images[0])
    monkeypatch.setattr(image_rows, "NUMBERS", 7 * 200)
    assert wide.score(images[0]) == pytest.approx(whole, rel=1e-6)
    monkeypatch.setattr(image_rows, "NUMBERS", 1 << 16)
    X = np.random.default_rng(0).integers(0, 255, (20_000, 100), dtype=np.uint8)
    model = StackedAutoencoder((2,), **SHORT).fit(X[:16])
    tracemalloc.start()
    model.score(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.size * 4  # below one copy of the set, which scores of it whole would make several of
