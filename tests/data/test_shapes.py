"""Rendered shapes: their factors are what the pixels show, and independent of each other."""

import numpy as np
import pytest

from annlab.data import shapes
from annlab.data.shapes import COLOURS, RED_GREEN_BLUE, SHAPES, draw_factors, render

CENTRAL = np.array([(kind, 7, 10, 0, 0, 0) for kind in range(len(SHAPES))], dtype=float)


def area(images):
    """Pixels that a white shape covers."""
    return (images[..., 0].astype(float) - 32).sum(axis=(1, 2)) / (240 - 32)


def centre(images):
    weight = images[..., 0].astype(float) - 32
    axis = np.arange(32) - 15.5
    total = weight.sum(axis=(1, 2))
    return np.stack([(weight.sum(axis=1) * axis).sum(axis=1) / total, (weight.sum(axis=2) * axis).sum(axis=1) / total], axis=1)


def test_areas_are_those_of_the_shapes():
    found = area(render(CENTRAL)) / 100
    known = {
        "triangle": 3 * np.sqrt(3) / 4,
        "square": 1.96,
        "cross": 2 * 1.9 * 0.56 - 0.56**2,
        "ell": 0.5 * 1.6 + 0.7 * 0.5,
        "half disc": np.pi * 0.95**2 / 2,
        "star": 1.123,  # the pentagram in the unit circle
    }
    for name, wanted in known.items():
        assert found[list(SHAPES).index(name)] == pytest.approx(wanted, rel=0.03), name


@pytest.mark.parametrize("factor", ["colour", "size", "x", "y", "angle"])
def test_each_factor_does_what_it_says(factor):
    plain, moved = CENTRAL.copy(), CENTRAL.copy()
    if factor == "colour":
        for hue in range(len(COLOURS)):
            moved[:, 1] = hue
            inked = render(moved)[1, 16, 16]
            np.testing.assert_array_equal(inked, RED_GREEN_BLUE[hue])
    elif factor == "size":
        plain[:, 2], moved[:, 2] = 7, 10.5
        np.testing.assert_allclose(area(render(moved)) / area(render(plain)), 1.5**2, rtol=0.05)
    elif factor in {"x", "y"}:
        column = shapes.FACTORS.index(factor)
        moved[:, column] = 2.5
        step = centre(render(moved)) - centre(render(plain))
        np.testing.assert_allclose(step[:, column - 3], 2.5, atol=0.1)
        np.testing.assert_allclose(step[:, 4 - column], 0, atol=0.1)
        moved[:, column] = 3
        np.testing.assert_array_equal(render(moved), np.roll(render(plain), 3, axis=2 if factor == "x" else 1))
    else:
        moved[:, 5] = 90  # beyond what is drawn, but exact on the grid
        np.testing.assert_array_equal(render(moved), np.rot90(render(plain), -1, axes=(1, 2)))


def test_angles_within_the_range_show():
    for angle in (-30, 15, 30):
        turned = CENTRAL.copy()
        turned[:, 5] = angle
        assert (np.abs(render(turned).astype(int) - render(CENTRAL)).max(axis=(1, 2, 3)) > 60).all()


def test_edges_are_smooth_and_shapes_stay_inside():
    corners = np.array([(kind, 7, 11, x, y, 30) for kind in range(10) for x in (-4, 4) for y in (-4, 4)], dtype=float)
    images = render(corners)[..., 0]
    assert ((images > 40) & (images < 230)).any(axis=(1, 2)).all()
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    assert border.max() < 140  # an edge may touch the border, no shape is cut off


def test_the_ten_shapes_differ():
    images = render(CENTRAL)[..., 0].astype(float).reshape(10, -1)
    distance = np.abs(images[:, None] - images[None]).mean(axis=2)
    assert distance[~np.eye(10, dtype=bool)].min() > 5


def test_factors_are_independent_and_of_their_ranges():
    factors = draw_factors(20_000, np.random.default_rng(0))
    assert factors.min(axis=0).tolist() == [0, 0, 7, -4, -4, -30]
    assert factors.max(axis=0).tolist() == [9, 7, 11, 4, 4, 30]
    assert np.abs(np.corrcoef(factors.T) - np.eye(6)).max() < 5 / np.sqrt(20_000)
    assert np.bincount(factors[:, 0].astype(int)).min() > 1_800


def test_the_set_is_rendered_from_its_factors():
    made = shapes.shapes32()
    rows = [0, 777, 1_999]
    np.testing.assert_array_equal(render(made["factors_test"][rows]), made["X_test"][rows])
    assert made["y_train"].tolist() == made["factors_train"][:, 0].tolist()


@pytest.mark.parametrize(
    ("factors", "says"),
    [
        (np.zeros((2, 5)), "columns shape, colour, size, x, y, angle; got an array of shape"),
        (np.zeros(6), "got an array of shape"),
        ([(10, 0, 8, 0, 0, 0)], "a shape is a whole number from 0 to 9"),
        ([(0, -1, 8, 0, 0, 0)], "a colour is a whole number from 0 to 7"),
    ],
)
def test_wrong_factors_are_refused(factors, says):
    with pytest.raises(ValueError, match=says):
        render(factors)


def test_no_images_are_no_images():
    assert render(np.zeros((0, 6))).shape == (0, 32, 32, 3)
