"""Cells of maps tile the plane and bear the right heights; figures show every unit, label and plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Wedge

from annlab import draw
from annlab.draw.unit_cells import corners, matrix_cells
from annlab.measure.maps import u_matrix as height_of
from annlab.models.som_grids import Grid

KINDS = ["rectangular", "hexagonal"]


def area(polygons):
    x, y = polygons[..., 0], polygons[..., 1]
    return 0.5 * np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1))


def filled(rng, grid, features=3, classes=2):
    return draw.UnitMap.of(grid, rng.normal(size=(grid.units, features)), rng.integers(0, 4, (grid.units, classes)))


def polygons(drawing):
    axes = [axis for axis in drawing.paper.axes if any(isinstance(part, PolyCollection) for part in axis.collections)]
    return [[part for part in axis.collections if isinstance(part, PolyCollection)] for axis in axes]


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 5), st.integers(2, 5), st.sampled_from(KINDS))
def test_cells_are_the_grids_own_and_meet_without_gap_or_overlap(rows, columns, kind):
    grid = Grid(rows, columns, kind)
    units = draw.UnitMap.of(grid)
    found = corners(units, units.positions)
    assert found.shape == grid.outlines.shape
    for ours, theirs in zip(found, grid.outlines, strict=True):
        distances = np.hypot(*(ours[:, None] - theirs[None]).transpose(2, 0, 1))
        assert distances.min(axis=1).max() < 1e-9
    np.testing.assert_allclose(area(found), 1.0 if kind == "rectangular" else np.sqrt(3) / 2)
    apart = np.hypot(*(grid.positions[:, None] - grid.positions[None]).transpose(2, 0, 1))
    assert apart[~np.eye(grid.units, dtype=bool)].min() == pytest.approx(1.0)


def test_hexagons_of_a_grid_turned_by_a_quarter_turn_with_it():
    grid = Grid(3, 4, "hexagonal")
    pairs = grid.edges[grid.edges[:, 0] < grid.edges[:, 1]]
    turned = draw.UnitMap(grid.positions[:, ::-1], pairs, hexagonal=True)
    found = corners(turned, turned.positions)[0] - turned.positions[0]
    assert np.abs(found[:, 1]).max() == pytest.approx(0.5)  # flat above and below
    assert np.abs(found[:, 0]).max() == pytest.approx(1 / np.sqrt(3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_matrix_with_pairs_has_a_cell_for_each_unit_and_each_pair_beside_each_other(kind, rng):
    grid = Grid(4, 5, kind)
    weights = rng.normal(size=(20, 3))
    units = draw.UnitMap.of(grid, weights)
    np.testing.assert_allclose(units.heights, height_of(weights, grid.edges))
    values, outlines = matrix_cells(units)
    np.testing.assert_allclose(area(outlines), 1.0 if kind == "rectangular" else np.sqrt(3) / 2)
    centres = {tuple(np.round(centre, 3)): value for centre, value in zip(outlines.mean(axis=1), values, strict=True)}
    assert len(centres) == (7 * 9 if kind == "rectangular" else 20 + len(units.pairs))
    for unit in range(20):
        assert centres[tuple(np.round(2 * grid.positions[unit], 3))] == pytest.approx(units.heights[unit])
    first, second = units.lines[5]
    between = centres[tuple(np.round(grid.positions[first] + grid.positions[second], 3))]
    assert between == pytest.approx(np.linalg.norm(weights[first] - weights[second]))


def test_the_cell_between_four_units_of_a_grid_without_diagonals_is_the_mean_around_it():
    places = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    pairs = np.array([[0, 1], [2, 3], [0, 2], [1, 3]])
    units = draw.UnitMap(places, pairs, heights=np.zeros(4), distances=np.array([1.0, 2.0, 3.0, 6.0]))
    values, outlines = matrix_cells(units)
    middle = np.hypot(*(outlines.mean(axis=1) - 1.0).T).argmin()
    assert len(values) == 9
    assert values[middle] == 3.0


def test_pairs_around_a_torus_are_heard_in_heights_and_not_drawn(rng):
    grid = Grid(4, 4, "hexagonal", "toroidal")
    units = filled(rng, grid)
    flat = filled(rng, Grid(4, 4, "hexagonal"))
    assert len(units.pairs) == 48
    assert units.beside.sum() == len(units.lines) == len(flat.pairs)
    assert len(matrix_cells(units)[0]) == 16 + len(flat.pairs)


def test_rectangles_are_joined_without_diagonals(rng):
    units = filled(rng, Grid(3, 4))
    assert len(units.lines) == 3 * 3 + 2 * 4


def test_discs_have_the_area_of_the_hits(rng):
    grid = Grid(2, 2, "hexagonal")
    hits = np.array([[4, 0], [1, 0], [1, 1], [0, 0]])
    drawing = draw.u_matrix({"a": draw.UnitMap.of(grid, rng.normal(size=(4, 2)), hits)}, names=["x", "y"], unit="cm")
    (axis,) = (each for each in drawing.paper.axes if any(isinstance(part, Wedge) for part in each.patches))
    wedges = [part for part in axis.patches if isinstance(part, Wedge)]
    shares = sorted(part.r**2 * (part.theta2 - part.theta1) for part in wedges)
    np.testing.assert_allclose(np.array(shares) / shares[-1], [0.25, 0.25, 0.25, 1.0])
    assert "at most 4" in drawing.paper.legends[0].get_title().get_text()
    assert [text.get_text() for text in drawing.paper.legends[0].get_texts()] == ["x", "y"]
    assert any("distance to neighbours (cm)" in each.get_ylabel() for each in drawing.paper.axes)
    counted = draw.u_matrix({"a": draw.UnitMap.of(grid, rng.normal(size=(4, 2)), hits.sum(axis=1).reshape(2, 2))})
    assert [text.get_text() for text in counted.paper.legends[0].get_texts()] == ["samples won"]


def test_labels_are_drawn_for_every_unit_and_empty_ones_are_hatched():
    hits = np.array([[3, 1], [0, 0], [0, 2], [5, 0]])
    drawing = draw.unit_labels({"a": draw.UnitMap.of(Grid(2, 2), hits=hits)}, names=["x", "y"])
    ((first, second, third, fourth),) = polygons(drawing)
    assert second.get_hatch() == "////"
    assert not any(part.get_hatch() for part in (first, third, fourth))
    np.testing.assert_array_less(fourth.get_facecolor()[0, :3], first.get_facecolor()[0, :3] + 1e-9)  # the mixed one is paler
    written = {text.get_text() for axis in drawing.paper.axes for text in axis.texts}
    assert written == {"4", "2", "5"}
    assert drawing.alt.endswith("a: 1.")


def test_planes_show_the_weights(rng):
    grid = Grid(3, 4, "hexagonal")
    weights = rng.normal(size=(12, 3))
    drawing = draw.component_planes(draw.UnitMap.of(grid, weights), weights, names=["a", "b", "c"], unit="cm")
    shown = polygons(drawing)
    assert len(shown) == 3
    for plane, (cells,) in zip(weights.T, shown, strict=True):
        np.testing.assert_allclose(cells.get_array(), plane)
        assert cells.get_clim() == (plane.min(), plane.max())
    assert "<svg" in drawing.svg()


def test_a_map_among_its_data_marks_units_that_win_nothing(rng):
    units = filled(rng, Grid(2, 3))
    drawing = draw.map_in_data_space(
        {0: rng.normal(size=(6, 2)), 10: rng.normal(size=(6, 2))},
        rng.normal(size=(30, 2)),
        units.lines,
        wins={0: np.ones(6), 10: np.array([0, 1, 2, 0, 1, 1])},
        classes=np.repeat([0, 1, 2], 10),
        names=["x", "y", "z"],
    )
    first, second = drawing.paper.axes[:2]
    assert [axis.get_title(loc="left") for axis in (first, second)] == ["iteration 0", "iteration 10"]
    lines = [part for part in second.collections if isinstance(part, LineCollection)]
    assert len(lines[0].get_segments()) == len(units.lines) == 7
    rings = [line for line in second.lines if line.get_markerfacecolor() == "white"]
    assert [len(line.get_xdata()) for line in rings] == [2]
    assert [text.get_text() for text in drawing.paper.legends[0].get_texts()] == ["x", "y", "z", "units", "units that win nothing"]


@pytest.mark.parametrize("shown", ["u_matrix", "unit_labels"])
def test_panels_that_are_not_used_are_hidden(shown, rng):
    maps = {name: filled(rng, Grid(2, 3)) for name in "abcd"}
    drawing = getattr(draw, shown)(maps, columns=3)
    assert sum(not axis.get_visible() for axis in drawing.paper.axes) == 2


def test_what_is_missing_is_said(rng):
    bare = draw.UnitMap.of(Grid(2, 2))
    with pytest.raises(ValueError, match="no heights"):
        draw.u_matrix({"a": bare})
    with pytest.raises(ValueError, match="no hits by class"):
        draw.unit_labels({"a": draw.UnitMap.of(Grid(2, 2), hits=np.ones(4))})
    with pytest.raises(ValueError, match="at least one map"):
        draw.u_matrix({})
    with pytest.raises(ValueError, match=r"\(4, features\)"):
        draw.component_planes(bare, np.ones((3, 2)))
    with pytest.raises(ValueError, match="2 features, 1 names"):
        draw.component_planes(bare, np.ones((4, 2)), names=["a"])
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        draw.map_in_data_space({0: np.ones((4, 3))}, np.ones((5, 2)), bare.lines)
    with pytest.raises(ValueError, match="at least one iteration"):
        draw.map_in_data_space({}, np.ones((5, 2)), bare.lines)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"positions": np.ones(4)}, "positions"),
        ({"pairs": [[0, 4]]}, "numbers up to 4"),
        ({"heights": np.ones(3)}, "heights must hold 4"),
        ({"distances": np.ones(3)}, "distances must hold 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(given, said):
    fine = {"positions": np.zeros((4, 2)) + np.arange(4)[:, None], "pairs": [[0, 1]]}
    with pytest.raises(ValueError, match=said):
        draw.UnitMap(**{**fine, **given})
