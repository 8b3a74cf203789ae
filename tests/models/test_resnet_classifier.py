"""The residual classifier: scikit-learn's checks, learning, saving, parameters."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_checks import EXPECTED_FAILURES, answers, pictures
from sklearn.utils.estimator_checks import check_estimator

import annlab
from annlab.models.resnet import ResNetClassifier
from annlab.nets.resnet import resnet_parameters
from annlab.train.augment import Crop, Flip


def make(**options: Any) -> ResNetClassifier:
    return ResNetClassifier(**{"depth": 10, "width": 4, "batch_size": 16, "max_epochs": 2, "random_state": 0, **options})


@pytest.mark.slow
def test_scikit_learn_objects_to_nothing_but_shape_and_range() -> None:
    results = check_estimator(make(), on_skip=None, expected_failed_checks=EXPECTED_FAILURES)
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(EXPECTED_FAILURES)
    assert sum(result["status"] == "passed" for result in results) >= 25


def test_it_learns_with_augmentation_and_is_saved(tmp_path: Path) -> None:
    X, y = pictures(300, channels=3)
    fitted = make(max_epochs=8, augmentation=[Crop(1), Flip()]).fit(X[:240], y[:240])
    assert fitted.score(X[240:], y[240:]) > 0.9
    assert fitted.summary().parameters == resnet_parameters(10, 3, 3, "cifar", 4)
    loaded = annlab.load(fitted.save(tmp_path / "model"))
    assert loaded.get_params() == fitted.get_params()
    for method, answer in answers(fitted, X).items():
        np.testing.assert_array_equal(answers(loaded, X)[method], answer)


def test_whole_numbers_of_numpy_are_those_of_python(tmp_path: Path) -> None:
    X, y = pictures()
    fitted = make(depth=np.int64(10), width=np.int32(4), max_epochs=np.int64(2)).fit(X, y)
    np.testing.assert_array_equal(fitted.predict_proba(X), make().fit(X, y).predict_proba(X))
    np.testing.assert_array_equal(annlab.load(fitted.save(tmp_path / "model")).predict_proba(X), fitted.predict_proba(X))


@pytest.mark.parametrize(
    "options",
    [{"depth": 50}, {"depth": [18]}, {"depth": 18.0}, {"stem": "mnist"}, {"width": 0}, {"max_epochs": 0}],
    ids=lambda options: next(iter(options)),
)
def test_parameters_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} of ResNetClassifier"):
        make(**options).fit(*pictures())
