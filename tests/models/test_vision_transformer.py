"""The vision transformer as a classifier: scikit-learn's checks, learning, attention, learning rates, saving."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_checks import EXPECTED_FAILURES, answers, pictures
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

import annlab
from annlab import VisionTransformerClassifier
from annlab.nets.transformer import transformer_parameters
from annlab.train.augment import Shift

SMALL = "rows of 1 feature are images of one pixel, which have no patches of 2 x 2"
FAILURES = EXPECTED_FAILURES | dict.fromkeys(["check_estimators_nan_inf", "check_fit_score_takes_y", "check_supervised_y_2d"], SMALL)


def make(**options: Any) -> VisionTransformerClassifier:
    sizes = {"patch_size": 4, "dim": 12, "depth": 2, "heads": 2, "head_dim": 12, "mlp_dim": 16}
    return VisionTransformerClassifier(**{**sizes, "batch_size": 16, "max_epochs": 2, "random_state": 0, **options})


@pytest.mark.slow
def test_scikit_learn_objects_to_nothing_but_shape_and_range() -> None:
    results = check_estimator(make(patch_size=2), on_skip=None, expected_failed_checks=FAILURES)
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(FAILURES)
    assert sum(result["status"] == "passed" for result in results) >= 20


def test_it_learns_with_augmentation_and_is_saved(tmp_path: Path) -> None:
    X, y = pictures(400)
    fitted = make(max_epochs=20, learning_rate=3e-3, warmup=2, augmentation=[Shift(1)], label_smoothing=0.05).fit(X[:320], y[:320])
    assert fitted.score(X[320:], y[320:]) > 0.7
    assert fitted.summary().parameters == transformer_parameters(4, 16, 3, 12, 2, 2, 12, 16)
    loaded = annlab.load(fitted.save(tmp_path / "model"))
    assert loaded.get_params() == fitted.get_params()
    for method, answer in answers(fitted, X).items():
        np.testing.assert_array_equal(answers(loaded, X)[method], answer)
    np.testing.assert_array_equal(loaded.attention(X[:3]), fitted.attention(X[:3]))


def test_the_same_random_state_gives_the_same_model() -> None:
    X, y = pictures()
    one, same, other = (make(random_state=seed, dropout=0.2, augmentation=[Shift(1)]).fit(X, y).predict_proba(X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_attention_is_shared_out_over_all_tokens() -> None:
    X, y = pictures(300)
    fitted = make(max_epochs=1).fit(X, y)
    weights = fitted.attention(X)
    assert weights.shape == (300, 2, 2, 5, 5)
    assert fitted.patch_grid == (2, 2)
    np.testing.assert_allclose(weights.sum(-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(fitted.attention(X[5:7].reshape(2, -1) / 255.0), weights[5:7], rtol=1e-5, atol=1e-7)


def test_attention_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = pictures()
    fitted = make(max_epochs=1).fit(X, y)
    whole = fitted.attention(X)
    sizes = []
    compute = fitted.net_.attention
    monkeypatch.setattr(fitted.net_, "attention", lambda images: sizes.append(len(images)) or compute(images))
    monkeypatch.setattr("annlab.models.vision_transformer.NUMBERS", 7 * 2 * 2 * 5 * 5 + 1)
    np.testing.assert_allclose(fitted.attention(X), whole, rtol=1e-5, atol=1e-7)
    assert sizes == [7] * 8 + [4]


def test_the_learning_rate_warms_up_and_decays() -> None:
    fitted = make(max_epochs=4, warmup=2, decay=0.5, learning_rate=0.01).fit(*pictures())
    np.testing.assert_allclose(fitted.history_["learning_rate"], [0.01 / 3, 0.01 * 0.5 * 2 / 3, 0.01 * 0.25, 0.01 * 0.125])
    halved = make(max_epochs=3, decay=1.0, learning_rate=0.01, schedule=lambda epoch: 0.5).fit(*pictures())
    np.testing.assert_allclose(halved.history_["learning_rate"], 0.005)


def test_whole_numbers_of_numpy_are_those_of_python(tmp_path: Path) -> None:
    X, y = pictures()
    names = ("patch_size", "dim", "depth", "heads", "head_dim", "mlp_dim", "batch_size", "max_epochs")
    fitted = make(**{name: np.int64(getattr(make(), name)) for name in names}).fit(X, y)
    np.testing.assert_array_equal(fitted.predict_proba(X), make().fit(X, y).predict_proba(X))
    assert make(patch_size=(np.int64(4), np.int32(2))).fit(X, y).patch_grid == (2, 4)
    np.testing.assert_array_equal(annlab.load(fitted.save(tmp_path / "model")).predict_proba(X), fitted.predict_proba(X))
    search = GridSearchCV(make(max_epochs=1), {"patch_size": np.array([2, 4])}, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_["patch_size"] in (2, 4)


@pytest.mark.parametrize(
    "options",
    [{"patch_size": 0}, {"patch_size": (2,)}, {"heads": 0}, {"dropout": 1.0}, {"decay": 0.0}, {"decay": 1.1}, {"warmup": -1}],
    ids=lambda options: next(iter(options)),
)
def test_parameters_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} of VisionTransformerClassifier"):
        make(**options).fit(*pictures())


def test_patches_that_do_not_divide_the_image_are_refused() -> None:
    with pytest.raises(ValueError, match="patches of 3 x 3 pixels do not divide an image of 8 x 8"):
        make(patch_size=3).fit(*pictures())
    with pytest.raises(ValueError, match="one number"):
        make(patch_size=1).fit(*pictures())
