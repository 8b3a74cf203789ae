"""Counts of true and predicted classes."""

import numpy as np
from sklearn.metrics import confusion_matrix

from annlab.measure.classification import confusion_counts


def test_counts_are_scikit_learns_whatever_the_type_of_the_labels():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 7, (2, 200))
    expected = confusion_matrix(truth, predicted, labels=np.arange(9))
    for kind in (np.uint8, np.int64):  # bytes must not run over
        counts = confusion_counts(truth.astype(kind), predicted, 9)
        np.testing.assert_array_equal(counts, expected)
        assert counts.dtype == np.int64
