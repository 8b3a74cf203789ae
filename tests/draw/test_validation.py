import numpy as np
import pandas as pd
import pytest

from annlab import draw


def legend_texts(drawing):
    return [text.get_text() for legend in drawing.paper.legends for text in legend.get_texts()]


@pytest.fixture
def folds():
    """Best at 50 units; 10 lies within one standard error of it, 3 does not."""
    scores = {3: [0.9, 1.0, 1.1, 1.0], 10: [0.5, 0.6, 0.5, 0.52], 50: [0.4, 0.6, 0.5, 0.5]}
    return pd.DataFrame(
        [
            {"units": units, "fold": fold, "validation_mse": score, "train_mse": score / 2}
            for units, all_ in scores.items()
            for fold, score in enumerate(all_)
        ]
    )


def test_the_rule_chooses_the_simplest_within_one_standard_error(folds):
    drawing = draw.validation_curve(folds, parameter="units", train="train_mse", replicate="fold", x_label="hidden units")
    assert {"best: 50", "chosen: 10"} <= set(legend_texts(drawing))
    axis = drawing.paper.axes[0]
    best = folds[folds.units == 50].validation_mse
    dotted = [line for line in axis.lines if list(line.get_xdata()) == [0, 1]]
    assert dotted[0].get_ydata()[0] == pytest.approx(best.mean() + best.std() / 2)
    np.testing.assert_allclose(axis.containers[0][0].get_ydata(), folds.groupby("units").validation_mse.mean())
    ends = np.array([segment[:, 1] for segment in axis.containers[0][2][0].get_segments()])
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 2 * folds.groupby("units").validation_mse.std() / 2)
    assert axis.get_xlabel() == "hidden units"


def test_higher_may_be_better_and_the_order_of_complexity_given(folds):
    higher = draw.validation_curve(folds, parameter="units", better="higher", replicate="fold")
    assert {"best: 3", "chosen: 3"} <= set(legend_texts(higher))
    turned = draw.validation_curve(folds, parameter="units", simplest_first=[50, 10, 3], replicate="fold")
    assert {"best: 50", "chosen: 50"} <= set(legend_texts(turned))
    with pytest.raises(ValueError, match="simplest_first"):
        draw.validation_curve(folds, parameter="units", simplest_first=[50, 10], replicate="fold")


def test_a_value_without_a_finite_score_is_named_and_left_out(folds):
    folds.loc[folds.units == 3, "validation_mse"] = np.inf
    drawing = draw.validation_curve(folds, parameter="units", train="train_mse", replicate="fold", simplest_first=[3, 10, 50])
    assert drawing.paper.axes[0].get_xlabel() == "units\n(no finite score: 3)"
    assert {"best: 50", "chosen: 10"} <= set(legend_texts(drawing))
    with pytest.raises(ValueError, match="at least one finite validation MSE"):
        draw.validation_curve(folds.assign(validation_mse=np.nan), parameter="units", replicate="fold")


def test_values_that_are_no_numbers_are_spaced_evenly(folds):
    named = folds.assign(units=folds.units.map({3: (3,), 10: (10, 10), 50: (50, 50, 50)}))
    axis = draw.validation_curve(named, parameter="units", replicate="fold", log_x=True).paper.axes[0]
    assert axis.get_xscale() == "linear"
    assert [label.get_text() for label in axis.get_xticklabels()] == ["3", "10-10", "50-50-50"]


def test_the_learning_curve_has_two_lines_a_group(table):
    drawing = draw.learning_curve(table, by="activation", log_x=True)
    axis = drawing.paper.axes[0]
    part = table[table.activation == "tanh"]
    np.testing.assert_allclose(axis.lines[0].get_ydata(), part.groupby("n_train").validation_mse.mean())
    np.testing.assert_allclose(axis.lines[1].get_ydata(), part.groupby("n_train").train_mse.mean())
    assert axis.get_xlabel() == "training set (examples)"
    assert axis.get_xscale() == "log"
    assert axis.lines[0].get_linestyle() != axis.lines[1].get_linestyle()
    assert len(draw.learning_curve(part, train=None).paper.axes[0].lines) == 1


def test_the_cross_validation_table_has_folds_and_their_spread(folds):
    view = draw.cross_validation_table(folds, by="units", units={"mean": "K²"})
    assert view.headings == ["units", "fold 0", "fold 1", "fold 2", "fold 3", "mean (K²)", "standard deviation", "standard error"]
    scores = folds[folds.units == 10].validation_mse
    row = view.frame.iloc[1]
    assert row["mean"] == pytest.approx(scores.mean())
    assert row["standard deviation"] == pytest.approx(scores.std())
    assert row["standard error"] == pytest.approx(scores.std() / 2)
    assert list(view.emphasis) == [False, False, True]


def test_the_fold_diagram_shows_each_example_once_a_fold():
    parts = [np.arange(0, 4), np.arange(4, 8)]
    axis = draw.fold_diagram(parts, 10, test=np.array([8, 9])).paper.axes[0]
    widths = {(bar.get_x(), bar.get_width()) for bar in axis.patches}
    assert widths == {(0, 4), (4, 4), (8, 2)}
    assert sum(bar.get_width() for bar in axis.patches) == 20
    scattered = np.arange(0, 1000, 2)
    assert draw.fold_diagram([scattered], 1000).paper.axes[0].images


@pytest.mark.parametrize(
    ("parts", "test", "message"),
    [([], None, "at least one fold"), ([np.array([10])], None, "outside 0 ... 9"), ([np.array([1])], np.array([1]), "share examples")],
)
def test_wrong_folds_are_refused(parts, test, message):
    with pytest.raises(ValueError, match=message):
        draw.fold_diagram(parts, 10, test=test)
