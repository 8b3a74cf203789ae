import numpy as np
import pytest

from annlab import draw
from annlab.draw import format_plus_minus
from annlab.lab.statistics import mean_interval


def cell(table, activation, hidden):
    return table[(table.activation == activation) & (table.hidden == hidden)].validation_mse


def test_every_cell_prints_its_mean_and_half_width(table):
    drawing = draw.heat_map(table, row="activation", column="hidden", value="validation_mse", better="lower", unit="K²")
    axis = drawing.paper.axes[0]
    texts = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axis.texts}
    for row, activation in enumerate(("tanh", "relu")):
        for column, hidden in enumerate((3, 10, 50)):
            interval = mean_interval(cell(table, activation, hidden))
            assert texts[row, column].replace("\n", " ") == format_plus_minus(interval.mean, interval.half_width)
    np.testing.assert_allclose(axis.collections[0].get_array()[0, 2], cell(table, "tanh", 50).mean())
    frame = axis.patches[0]
    assert (frame.get_x() + frame.get_width() / 2, frame.get_y() + frame.get_height() / 2) == pytest.approx((2, 0))
    assert drawing.paper.axes[1].get_ylabel() == "validation MSE (K²)"
    assert [label.get_text() for label in axis.get_xticklabels()] == ["3", "10", "50"]


def test_failed_replicates_and_empty_cells_are_said(table):
    table.loc[(table.hidden == 3) & (table.activation == "tanh") & (table.replicate < 2), "validation_mse"] = np.inf
    table.loc[(table.hidden == 10) & (table.activation == "tanh"), "validation_mse"] = np.nan
    kept = table[~((table.hidden == 50) & (table.activation == "relu"))]
    texts = [text.get_text() for text in draw.heat_map(kept, row="activation", column="hidden", value="validation_mse").paper.axes[0].texts]
    assert texts[0].endswith("2 failed")
    assert texts[1] == "6 failed"
    assert texts[5] == "–"


def test_further_factors_are_refused_unless_averaged(table):
    with pytest.raises(ValueError, match="another factor varies"):
        draw.heat_map(table.assign(one=1), row="one", column="hidden", value="validation_mse")
    drawing = draw.heat_map(table.assign(one=1), row="one", column="hidden", value="validation_mse", reduce="mean")
    np.testing.assert_allclose(drawing.paper.axes[0].collections[0].get_array()[0], table.groupby("hidden").validation_mse.mean())


def test_a_diverging_map_is_centred(table):
    drawing = draw.heat_map(table, row="activation", column="hidden", value="validation_mse", centre=0.1)
    mesh = drawing.paper.axes[0].collections[0]
    assert mesh.norm(0.1) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="not both"):
        draw.heat_map(table, row="activation", column="hidden", value="validation_mse", centre=0.1, log=True)


def test_main_effects_average_within_replicates_first(table):
    drawing = draw.main_effects(table, factors=["hidden", "activation"], value="validation_mse", log=True, label="MSE")
    hidden = drawing.paper.axes[0]
    log = np.log(table.validation_mse)
    expected = [mean_interval(log[table.hidden == size].groupby(table.replicate).mean()) for size in (3, 10, 50)]
    bars = hidden.containers[0]
    np.testing.assert_allclose(bars[0].get_ydata(), np.exp([interval.mean for interval in expected]))
    ends = np.array([segment[:, 1] for segment in bars[2][0].get_segments()])
    np.testing.assert_allclose(ends, np.exp([(interval.low, interval.high) for interval in expected]))
    assert hidden.get_yscale() == "log"
    assert (hidden.get_xlabel(), hidden.get_ylabel()) == ("hidden", "MSE")
    assert hidden.get_ylim() == drawing.paper.axes[1].get_ylim()


def test_empty_frames_and_missing_columns_are_refused(table):
    with pytest.raises(ValueError, match="empty frame"):
        draw.heat_map(table.iloc[:0], row="activation", column="hidden", value="validation_mse")
    with pytest.raises(ValueError, match="needs the column loss"):
        draw.main_effects(table, factors=["hidden"], value="loss")
    with pytest.raises(ValueError, match="at least one factor"):
        draw.main_effects(table, factors=[], value="validation_mse")
    with pytest.raises(ValueError, match="finite value"):
        draw.heat_map(table.assign(validation_mse=np.nan), row="activation", column="hidden", value="validation_mse")
