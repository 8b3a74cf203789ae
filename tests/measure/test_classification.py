"""Counts of true and predicted classes."""

import numpy as np
from sklearn.metrics import confusion_matrix

from annlab.measure.classification import confusion_counts, mistakes


def test_counts_are_scikit_learns_whatever_the_type_of_the_labels():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 7, (2, 200))
    expected = confusion_matrix(truth, predicted, labels=np.arange(9))
    for kind in (np.uint8, np.int64):  # bytes must not run over
        counts = confusion_counts(truth.astype(kind), predicted, 9)
        np.testing.assert_array_equal(counts, expected)
        assert counts.dtype == np.int64


def test_mistakes_come_with_the_largest_weight_first_and_right_rows_never():
    truth, predicted = [0, 1, 2, 0, 1], [1, 1, 0, 2, 0]
    np.testing.assert_array_equal(mistakes(truth, predicted, [0.5, 0.9, 0.7, 0.5, 0.6]), [2, 4, 0, 3])
    assert mistakes(truth, truth, np.ones(5)).shape == (0,)
