"""What the tests of the classifiers of images share: which of scikit-learn's checks bring no images, and how to see the rest of them."""

from typing import Any

import numpy as np
import pytest

RANGE = "images are bytes or numbers in [0, 1], and the check brings others"
SHAPE = "rows of 2, 5 or 10 features are no square images, and the check knows nothing of image_shape"
EXPECTED_FAILURES = {
    "check_classifier_data_not_an_array": SHAPE,
    "check_classifiers_classes": SHAPE,
    "check_classifiers_train": SHAPE,
    "check_decision_proba_consistency": SHAPE,
    "check_dict_unchanged": RANGE,
    "check_dont_overwrite_parameters": RANGE,
    "check_dtype_object": SHAPE,
    "check_estimators_dtypes": SHAPE,
    "check_estimators_fit_returns_self": SHAPE,
    "check_estimators_overwrite_params": SHAPE,
    "check_estimators_pickle": RANGE,
    "check_f_contiguous_array_estimator": RANGE,
    "check_fit2d_1feature": RANGE,
    "check_fit2d_1sample": SHAPE,
    "check_fit2d_predict1d": RANGE,
    "check_fit_check_is_fitted": SHAPE,
    "check_fit_idempotent": SHAPE,
    "check_methods_sample_order_invariance": RANGE,
    "check_methods_subset_invariance": RANGE,
    "check_n_features_in": SHAPE,
    "check_n_features_in_after_fitting": RANGE,
    "check_pipeline_consistency": RANGE,
    "check_positive_only_tag_during_fit": RANGE,
    "check_readonly_memmap_input": SHAPE,
}


def take_any_numbers(patch: pytest.MonkeyPatch) -> None:
    """Rows of any length and range count as images of height 1, so that scikit-learn's checks see everything else."""
    patch.setattr("annlab.models.image_classifier._square", lambda features: (1, features, 1))
    patch.setattr("annlab.models.image_classifier._as_bytes", lambda rows, given: rows)
    patch.setattr("annlab.models.image_classifier._check_range", lambda rows, given: None)


def pictures(n: int = 60, edge: int = 8, channels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (n, edge, edge[, channels]) with a bright bar upright, lying or nowhere, and its name."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 60, (n, edge, edge, channels or 1), dtype=np.uint8)
    kinds = rng.integers(0, 3, n)
    for image, kind, place in zip(X, kinds, rng.integers(0, edge, n), strict=True):
        if kind == 1:
            image[:, place] = 250
        elif kind == 2:
            image[place] = 250
    return X if channels else X[..., 0], np.array(["none", "upright", "lying"])[kinds]


def answers(estimator: Any, X: np.ndarray) -> dict[str, np.ndarray]:
    """What a classifier says of images, by the name of the method."""
    return {name: np.asarray(getattr(estimator, name)(X)) for name in ("predict", "predict_proba", "decision_function")}
