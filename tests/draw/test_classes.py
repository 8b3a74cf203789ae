import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from annlab import draw
from annlab.lab.statistics import mean_interval, proportion_interval


@pytest.fixture
def labels(rng):
    truth = rng.integers(0, 3, 200)
    return truth, np.where(rng.random(200) < 0.8, truth, rng.integers(0, 3, 200))


def matrix(truth, predicted):
    counts = np.zeros((3, 3))
    np.add.at(counts, (truth, predicted), 1)
    return counts


@pytest.mark.oracle
def test_scores_are_those_of_scikit_learn(labels):
    view = draw.per_class_table(matrix(*labels), names=["x", "y", "z"])
    oracle = precision_recall_fscore_support(*labels)
    for column, expected in zip(("precision", "recall", "F1"), oracle, strict=False):
        np.testing.assert_allclose([cell.mean for cell in view.frame[column][:3]], expected)
        assert view.frame[column].iloc[3] == pytest.approx(expected.mean())
    assert view.frame.support[:3].tolist() == oracle[3].tolist()
    assert view.frame["class"].tolist() == ["x", "y", "z", "mean over classes"]


def test_one_matrix_has_wilson_intervals_and_several_t_intervals(labels, rng):
    counts = matrix(*labels)
    recall = draw.per_class_table(counts).frame.recall[1]
    assert recall == proportion_interval(int(counts[1, 1]), int(counts[1].sum()))
    several = np.stack([counts, counts.T, counts + 1])
    shown = draw.per_class_table(several).frame.recall[1]
    assert shown == mean_interval([table[1, 1] / table[1].sum() for table in several])


def test_f1_intervals_hold_f1(labels):
    for cell in draw.per_class_table(matrix(*labels)).frame.F1[:3]:
        assert 0 < cell.low < cell.mean < cell.high < 1


def test_a_class_never_predicted_has_no_precision():
    view = draw.per_class_table(np.array([[5, 0], [3, 0]]))
    assert view.rows()[1] == ["1", "–", "0 [0.00, 0.56]".replace("0 [", "0.00 ["), "0.00 [0.00, 0.72]", "3"]


def test_the_confusion_matrix_prints_counts_and_colours_shares(labels):
    counts = matrix(*labels)
    drawing = draw.confusion_matrix(counts, names=["x", "y", "z"])
    axis = drawing.paper.axes[0]
    np.testing.assert_allclose(axis.images[0].get_array(), counts / counts.sum(axis=1, keepdims=True))
    texts = {(int(text.get_position()[1]), int(text.get_position()[0])): float(text.get_text()) for text in axis.texts}
    assert texts == {at: count for at, count in np.ndenumerate(counts) if count}
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted class", "true class")


@pytest.mark.parametrize("counts", [np.ones((2, 3)), np.zeros((2, 2)), -np.eye(2), np.ones(4)])
@pytest.mark.parametrize("make", [draw.confusion_matrix, draw.per_class_table])
def test_wrong_counts_are_refused(make, counts):
    with pytest.raises(ValueError, match="counts must"):
        make(counts)


def test_names_must_fit():
    with pytest.raises(ValueError, match="2 classes, 1 names"):
        draw.confusion_matrix(np.eye(2), names=["one"])
