import numpy as np
import pandas as pd
import pytest

from annlab import draw
from annlab.lab.statistics import mean_interval


def test_histograms_share_bins_and_have_area_one(rng):
    values = {"a": rng.normal(size=500), "b": rng.normal(3, 1, size=(20, 20))}
    drawing = draw.histograms(values, label="residual", unit="K", bins=30)
    first, second = (axis.patches[0].get_data() for axis in drawing.paper.axes[:2])
    np.testing.assert_array_equal(first.edges, second.edges)
    assert (first.edges[0], first.edges[-1]) == (values["a"].min(), values["b"].max())
    assert np.sum(first.values * np.diff(first.edges)) == pytest.approx(1)
    assert drawing.paper.axes[0].get_xlabel() == "residual (K)"
    counted = draw.histograms(values, label="residual", density=False, overlaid=True).paper.axes[0]
    assert counted.patches[1].get_data().values.sum() == 400
    assert counted.get_ylabel() == "count"


def test_histograms_leave_out_what_is_not_finite():
    data = (
        draw.histograms({"a": np.array([1.0, 10.0, np.nan, -1.0])}, label="v", log_x=True, density=False, bins=4)
        .paper.axes[0]
        .patches[0]
        .get_data()
    )
    assert data.values.sum() == 2
    np.testing.assert_allclose(np.diff(np.log(data.edges)), np.log(10) / 4)
    with pytest.raises(ValueError, match="'a' needs at least one finite"):
        draw.histograms({"a": np.array([np.nan])}, label="v")
    with pytest.raises(ValueError, match="at least one group"):
        draw.histograms({}, label="v")


@pytest.fixture
def measured(rng):
    rows = [
        {"noise": noise, "optimizer": name, "replicate": r, "snr": 10 - noise + rng.normal(0, 0.1), "mse": noise + 0.1 + rng.random() * 0.1}
        for noise in (0.1, 1.0, 2.0)
        for name in ("sgd", "adam")
        for r in range(5)
    ]
    return pd.DataFrame(rows)


def test_lines_go_through_the_means_of_both_axes(measured):
    drawing = draw.scatter_lines(measured, x="snr", y="mse", by="optimizer", at="noise", x_unit="dB", x_label="data SNR")
    axis = drawing.paper.axes[0]
    sgd = measured[measured.optimizer == "sgd"]
    means = sgd.groupby("noise")[["snr", "mse"]].mean().sort_values("snr")
    container = axis.containers[0]
    np.testing.assert_allclose(container[0].get_xdata(), means.snr)
    np.testing.assert_allclose(container[0].get_ydata(), means.mse)
    expected = [mean_interval(sgd[sgd.noise == noise].mse) for noise in means.index]
    np.testing.assert_allclose([s[:, 1] for s in container[2][0].get_segments()], [(i.low, i.high) for i in expected])
    assert axis.get_xlabel() == "data SNR (dB)"
    assert sorted(axis.lines[0].get_xdata()) == sorted(sgd.snr)


def test_on_a_logarithmic_axis_means_are_geometric(measured):
    axis = draw.scatter_lines(measured, x="noise", y="mse", by="optimizer", log_y=True, dots=False).paper.axes[0]
    part = measured[(measured.optimizer == "sgd") & (measured.noise == 1.0)]
    assert axis.containers[0][0].get_ydata()[1] == pytest.approx(np.exp(np.log(part.mse).mean()))


def test_rows_that_are_not_finite_are_left_out(measured):
    measured.loc[0, "mse"] = np.inf
    axis = draw.scatter_lines(measured, x="snr", y="mse", by="optimizer", at="noise").paper.axes[0]
    assert len(axis.lines[0].get_xdata()) == 14
    with pytest.raises(ValueError, match="finite pairs"):
        draw.scatter_lines(measured.assign(mse=np.nan), x="snr", y="mse")


def test_image_sheets_place_rows_and_titles(rng):
    images = rng.random((3, 6, 5))
    drawing = draw.image_sheet({"original": images, "colour": rng.integers(0, 255, (2, 6, 5, 3))}, titles=["0", "1", "2"])
    (sheet,) = drawing.paper.axes
    np.testing.assert_array_equal(sheet.images[1].get_array(), images[1])
    places = [image.get_extent() for image in sheet.images]  # left, right, bottom, top; rows downwards
    middles = [((left + right) / 2, (low + high) / 2) for left, right, low, high in places]
    np.testing.assert_allclose(middles, [(0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (0.5, 1.5), (1.5, 1.5)])
    left, right, low, high = places[0]
    assert (right - left) / (low - high) == pytest.approx(5 / 6)  # pixels are square
    words = {text.get_text(): text.get_position() for text in sheet.texts}
    assert set(words) == {"original", "colour", "0", "1", "2"}
    assert words["1"][0] == 1.5
    assert words["colour"][1] == 1.5
    whole = draw.image_sheet({"a": np.full((1, 2, 2), 255, dtype=np.uint8)}).paper.axes[0].images[0]
    assert whole.get_clim() == (0, 255)
    with pytest.raises(ValueError, match="row 'flat' must have shape"):
        draw.image_sheet({"flat": np.ones((4, 4))})
    with pytest.raises(ValueError, match="at least one row"):
        draw.image_sheet({})
