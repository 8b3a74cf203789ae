import numpy as np
import pytest
from matplotlib.colors import LogNorm

from annlab import draw

AXIS = np.linspace(-1, 1, 9)
TALL = np.linspace(-2, 2, 7)


@pytest.fixture
def heights(rng):
    return rng.normal(size=(7, 9))


def test_grids_and_points_keep_their_values_on_page_and_paper(heights, rng):
    drawing = draw.surfaces({"a": heights, "b": 2 * heights}, x=AXIS, y=TALL, x_label="x1", y_label="x2", z_label="T", unit="K")
    first, second = drawing.page.data
    np.testing.assert_allclose(first.z, heights, rtol=1e-6)
    np.testing.assert_allclose(second.z, 2 * heights, rtol=1e-6)
    assert first.z.dtype == np.float32
    assert (first.x.size, first.y.size) == (9, 7)
    assert drawing.page.layout.scene.zaxis.title.text == "T (K)"
    assert drawing.page.layout.paper_bgcolor == "rgba(0,0,0,0)"
    solid = [axis for axis in drawing.paper.axes if axis.name == "3d"]
    assert [axis.get_xlabel() for axis in solid] == ["x1", "x1"]
    points = rng.random((40, 2))
    scattered = draw.surfaces({"a": points[:, 0]}, x=points[:, 0], y=points[:, 1])
    mesh = scattered.page.data[0]
    assert mesh.type == "mesh3d"
    np.testing.assert_allclose(mesh.intensity, points[:, 0], rtol=1e-6)
    assert max(mesh.i.max(), mesh.j.max(), mesh.k.max()) == 39


def test_all_panels_share_one_scale(heights):
    drawing = draw.surfaces({"a": heights, "b": 3 * heights}, x=AXIS, y=TALL)
    low, high = 3 * heights.min(), 3 * heights.max()
    for trace in drawing.page.data:
        assert (trace.cmin, trace.cmax) == (low, high)
    for axis in drawing.paper.axes:
        if axis.name == "3d":
            assert axis.get_zlim() == pytest.approx((low, high))
    signed = draw.surfaces({"a": heights}, x=AXIS, y=TALL, signed=True).page.data[0]
    assert signed.cmin == -signed.cmax


def test_the_difference_is_predicted_minus_true(heights):
    drawing = draw.compare_surfaces(heights, heights + 0.25, x=AXIS, y=TALL)
    np.testing.assert_allclose(drawing.page.data[2].z, 0.25, rtol=1e-5)
    titles = [axis.get_title() for axis in drawing.paper.axes if axis.name == "3d"]
    assert titles == ["true", "predicted", "predicted − true (largest 0.25)"]
    assert len({(trace.cmin, trace.cmax) for trace in drawing.page.data}) == 1


def test_maps_share_one_norm(heights):
    drawing = draw.maps({"a": heights, "b": heights * 2}, x=AXIS, y=TALL, label="f", unit="m", scale="signed")
    meshes = [axis.collections[0] for axis in drawing.paper.axes[:2]]
    assert meshes[0].norm is meshes[1].norm
    assert meshes[0].norm.vmin == -meshes[0].norm.vmax
    np.testing.assert_allclose(meshes[0].get_array(), heights)
    assert drawing.paper.axes[-1].get_ylabel() == "f (m)"


def test_residual_maps_hold_squares_and_their_means(heights):
    drawing = draw.residual_maps(heights, {"near": heights + 0.1, "far": heights - 2.0}, x=AXIS, y=TALL)
    near, far = drawing.paper.axes[:2]
    np.testing.assert_allclose(near.collections[0].get_array(), 0.01)
    np.testing.assert_allclose(far.collections[0].get_array(), 4.0)
    assert near.get_title(loc="left") == "near\nmean 0.0100"
    assert isinstance(near.collections[0].norm, LogNorm)
    zero = draw.residual_maps(heights, {"exact": heights, "far": heights + 1}, x=AXIS, y=TALL)
    assert np.all(zero.paper.axes[0].collections[0].get_array() > 0)


@pytest.mark.parametrize(
    ("panels", "x", "y", "message"),
    [
        ({}, AXIS, TALL, "at least one panel"),
        ({"a": np.ones((9, 7))}, AXIS, TALL, r"shape \(9, 7\) does not belong"),
        ({"a": np.ones(9)}, AXIS, TALL, "does not belong"),
        ({"a": np.ones((7, 9))}, AXIS[None], TALL, "one axis"),
        ({"a": np.full((7, 9), np.nan)}, AXIS, TALL, "finite value"),
    ],
)
def test_shapes_must_belong_together(panels, x, y, message):
    with pytest.raises(ValueError, match=message):
        draw.surfaces(panels, x=x, y=y)
    with pytest.raises(ValueError, match=message):
        draw.maps(panels, x=x, y=y, label="f")


def test_predictions_of_another_shape_are_refused(heights):
    with pytest.raises(ValueError, match="one shape"):
        draw.compare_surfaces(heights, heights.T, x=AXIS, y=TALL)
    with pytest.raises(ValueError, match="'a' must have the truth's shape"):
        draw.residual_maps(heights, {"a": heights.T}, x=AXIS, y=TALL)
    with pytest.raises(ValueError, match="positive value"):
        draw.residual_maps(heights, {"a": heights}, x=AXIS, y=TALL)
