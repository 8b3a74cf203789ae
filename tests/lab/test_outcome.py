import numpy as np
import pytest

from annlab.lab import Outcome


def test_columns_of_a_series_have_one_length():
    with pytest.raises(ValueError, match=r"columns of series 'loss' differ in length: \{'epoch': 2, 'value': 1\}"):
        Outcome(series={"loss": {"epoch": [1, 2], "value": [0.5]}})


@pytest.mark.parametrize("value", ["0.5", None, [1.0], np.array([1.0])])
def test_metrics_and_timings_are_numbers(value):
    with pytest.raises(TypeError, match="metric 'loss' must be a number"):
        Outcome(metrics={"loss": value})
    with pytest.raises(TypeError, match="timing 'fit' must be a number"):
        Outcome(timings={"fit": value})


def test_numbers_of_numpy_and_not_finite_ones_are_taken():
    assert Outcome(metrics={"a": np.float32(1), "b": np.int64(2), "c": float("nan")}).metrics["a"] == 1
