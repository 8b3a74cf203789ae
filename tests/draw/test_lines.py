import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from annlab import draw
from annlab.draw.style import PALETTE
from annlab.lab.statistics import mean_interval


def lines(axis):
    """Drawn lines with data, reference lines and thin runs aside."""
    return [line for line in axis.lines if len(line.get_xdata()) > 2]


def legend_texts(drawing):
    return [text.get_text() for legend in drawing.paper.legends for text in legend.get_texts()]


def band_limits(collection, points):
    """Lowest and highest drawn value at each point of a band."""
    corners = collection.get_paths()[0].vertices
    return np.array([[corners[corners[:, 0] == x, 1].min(), corners[corners[:, 0] == x, 1].max()] for x in points])


def test_lines_are_means_and_bands_the_intervals_of_the_statistics(history):
    drawing = draw.curves(history, by="optimizer", y_label="training MSE", y_unit="K²", labels={"adam": "Adam"})
    axis = drawing.paper.axes[0]
    for line, band, name in zip(lines(axis), axis.collections, ("sgd", "adam"), strict=True):
        part = history[history.optimizer == name]
        expected = [mean_interval(part.loc[part.epoch == epoch, "train_loss"]) for epoch in range(1, 21)]
        np.testing.assert_allclose(line.get_ydata(), [interval.mean for interval in expected])
        np.testing.assert_allclose(band_limits(band, range(1, 21)), [(interval.low, interval.high) for interval in expected])
    assert axis.get_xlabel() == "epoch"
    assert axis.get_ylabel() == "training MSE (K²)"
    assert legend_texts(drawing) == ["sgd", "Adam"]
    assert [to_rgb(line.get_color()) for line in lines(axis)] == [to_rgb(colour) for colour in PALETTE[:2]]
    assert "95 % interval of the mean, n = 6" in drawing.alt


def test_a_logarithmic_axis_has_geometric_means(history):
    axis = draw.curves(history[history.optimizer == "sgd"], log_y=True, log_x=True).paper.axes[0]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    wide = history[history.optimizer == "sgd"].pivot_table(index="epoch", columns="replicate", values="train_loss")
    np.testing.assert_allclose(lines(axis)[0].get_ydata(), np.exp(np.log(wide).mean(axis=1)))


def test_other_centres_and_bands(history):
    sgd = history[history.optimizer == "sgd"]
    axis = draw.curves(sgd, centre="median", band="range").paper.axes[0]
    wide = sgd.pivot_table(index="epoch", columns="replicate", values="train_loss")
    np.testing.assert_allclose(lines(axis)[0].get_ydata(), wide.median(axis=1))
    np.testing.assert_allclose(band_limits(axis.collections[0], range(1, 21)), np.stack([wide.min(axis=1), wide.max(axis=1)], axis=1))
    assert not draw.curves(sgd, band=None).paper.axes[0].collections


def test_several_columns_and_references_are_in_the_legend(history):
    drawing = draw.curves(history, y=["train_loss", "validation_loss"], by="optimizer", reference={"floor": 0.1})
    assert legend_texts(drawing) == ["sgd, train loss", "sgd, validation loss", "adam, train loss", "adam, validation loss", "floor"]
    assert drawing.paper.axes[0].get_ylabel() == "loss"
    dashes = [line.get_linestyle() for line in lines(drawing.paper.axes[0])]
    assert dashes[0] != dashes[1]


def test_facets_share_axes_and_name_their_level(history):
    both = pd.concat([history.assign(noise=0.1), history.assign(noise=0.0)])
    drawing = draw.curves(both, by="optimizer", facet="noise", columns=2)
    first, second = drawing.paper.axes
    assert [axis.get_title(loc="left") for axis in (first, second)] == ["noise = 0", "noise = 0.1"]
    assert first.get_ylim() == second.get_ylim()
    assert second.get_xlabel() == "epoch"


def test_lost_replicates_are_counted(history):
    history.loc[(history.optimizer == "sgd") & (history.replicate < 2) & (history.epoch > 10), "train_loss"] = np.nan
    drawing = draw.curves(history, by="optimizer")
    assert legend_texts(drawing)[0] == "sgd (4 of 6 to the end)"


def test_a_hidden_factor_is_refused_not_averaged(history):
    with pytest.raises(ValueError, match=r"several values of train_loss at epoch=1, replicate=0: another factor varies"):
        draw.curves(history)


@pytest.mark.parametrize(
    ("change", "message"), [(lambda f: f.iloc[:0], "empty frame"), (lambda f: f.drop(columns="epoch"), "needs the column epoch")]
)
def test_frames_without_data_are_refused(history, change, message):
    for figure in (draw.curves, draw.race):
        with pytest.raises(ValueError, match=message):
            figure(change(history), by="optimizer")


def test_factors_may_hold_lists(history):
    sized = history.assign(hidden_sizes=[[10] if name == "sgd" else [5, 5] for name in history.optimizer])
    assert legend_texts(draw.curves(sized, by="hidden_sizes")) == ["10", "5-5"]


def test_the_race_by_second_interpolates_each_run(history):
    drawing = draw.race(history, by="optimizer", log_y=False)
    by_epoch, by_second = drawing.paper.axes
    sgd = history[history.optimizer == "sgd"]
    seconds = lines(by_second)[0].get_xdata()
    assert seconds[-1] == pytest.approx(sgd.groupby("replicate").seconds.max().min())
    assert seconds[0] == pytest.approx(sgd.groupby("replicate").seconds.min().max())
    middle = len(seconds) // 2
    runs = [np.interp(seconds[middle], run.seconds, run.train_loss) for _, run in sgd.groupby("replicate")]
    assert lines(by_second)[0].get_ydata()[middle] == pytest.approx(np.mean(runs))
    np.testing.assert_allclose(lines(by_epoch)[0].get_ydata(), sgd.groupby("epoch").train_loss.mean())
    assert by_second.get_xlabel() == "time (seconds)"
    assert by_epoch.get_ylim() == by_second.get_ylim()


@pytest.mark.parametrize("log", [False, True])
def test_long_curves_are_thinned_evenly_along_the_axis(log):
    epochs = np.arange(1, 20_001)
    frame = pd.DataFrame({"epoch": epochs, "train_loss": epochs * 2.0})
    line = lines(draw.curves(frame, log_x=log).paper.axes[0])[0]
    x = line.get_xdata()
    np.testing.assert_array_equal(line.get_ydata(), 2 * x)
    assert (x[0], x[-1]) == (1, 20_000)
    assert len(x) <= 800
    steps = np.diff(np.log(x[x > 100]) if log else x)
    assert steps.max() < 3 * np.median(steps)


def test_energy_draws_runs_and_their_median(rng):
    values = -np.cumsum(rng.random((5, 9)), axis=1)
    axis = draw.energy(values, unit="nats").paper.axes[0]
    assert len(lines(axis)) == 6
    np.testing.assert_allclose(lines(axis)[-1].get_ydata(), np.median(values, axis=0))
    assert axis.get_ylabel() == "energy (nats)"
    many = draw.energy({"all": rng.random((40, 9))}).paper.axes[0]
    assert len(lines(many)) == 1
    assert len(many.collections) == 1
    with pytest.raises(ValueError, match="at least one value"):
        draw.energy(np.empty((0, 3)))


def test_epochs_have_no_ticks_between_whole_numbers():
    import pandas as pd

    few = pd.DataFrame({"epoch": [1, 2, 3] * 2, "replicate": [0] * 3 + [1] * 3, "loss": [3.0, 2.0, 1.0, 3.1, 2.1, 1.1]})
    drawing = draw.curves(few, y="loss")
    drawing.paper.canvas.draw()
    assert all(float(tick).is_integer() for tick in drawing.paper.axes[0].get_xticks())
