"""Grids of maps: neighbours, distances, shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.models.som_grids import GRIDS, TOPOLOGIES, Grid

grids = st.builds(
    Grid, st.integers(1, 4).map(lambda half: 2 * half), st.integers(1, 8), st.sampled_from(GRIDS), st.sampled_from(TOPOLOGIES)
)


@pytest.mark.parametrize(
    ("kind", "topology", "counts"),
    [
        ("rectangular", "planar", {3: 4, 5: 12, 8: 8}),
        ("rectangular", "toroidal", {8: 24}),
        ("hexagonal", "planar", {2: 2, 3: 4, 4: 8, 5: 2, 6: 8}),
        ("hexagonal", "toroidal", {6: 24}),
    ],
)
def test_counts_of_neighbours_of_four_by_six(kind, topology, counts):
    found = [len(neighbours) for neighbours in Grid(4, 6, kind, topology).neighbours]
    assert {count: found.count(count) for count in sorted(set(found))} == counts


@settings(max_examples=40, deadline=None)
@given(grids)
def test_neighbours_are_mutual_and_nearest_on_the_grid(grid):
    pairs = set(map(tuple, grid.edges.tolist()))
    assert pairs == {(b, a) for a, b in pairs}
    assert all(a != b for a, b in pairs)
    reach = 1.5 if grid.kind == "rectangular" else 1.1
    distances = grid.distances(np.arange(grid.units))
    near = (distances < reach) & ~np.eye(grid.units, dtype=bool)
    assert pairs == set(map(tuple, np.argwhere(near).tolist()))


@settings(max_examples=40, deadline=None)
@given(grids)
def test_distances_are_a_metric(grid):
    distances = grid.distances(np.arange(grid.units))
    np.testing.assert_array_equal(distances, distances.T)
    assert (np.diag(distances) == 0).all()
    assert (distances[:, :, None] <= distances[:, None, :] + distances.T[None, :, :] + 1e-9).all()


def test_a_torus_has_no_edge():
    grid = Grid(6, 4, "hexagonal", "toroidal")
    sorted_distances = np.sort(grid.distances(np.arange(24)), axis=1)
    np.testing.assert_allclose(sorted_distances, np.broadcast_to(sorted_distances[0], (24, 24)), atol=1e-12)
    assert Grid(5, 9, "rectangular", "toroidal").distances(0)[8] == 1.0  # first and last column touch
    assert Grid(5, 9, "rectangular", "toroidal").distances(0)[4 * 9 + 8] == pytest.approx(2**0.5)
    assert Grid(5, 9).distances(0)[8] == 8.0


def test_hexagons_are_regular_and_tile():
    grid = Grid(4, 5, "hexagonal")
    for unit, neighbours in enumerate(grid.neighbours):
        np.testing.assert_allclose(grid.distances(unit)[neighbours], 1.0)
        for other in neighbours:
            shared = np.linalg.norm(grid.outlines[unit][:, None] - grid.outlines[other], axis=-1) < 1e-9
            assert shared.sum() == 2  # a common side
    sides = np.linalg.norm(grid.outlines - np.roll(grid.outlines, 1, axis=1), axis=-1)
    np.testing.assert_allclose(sides, 1 / 3**0.5)


def test_adjacency_pair_by_pair():
    grid = Grid(3, 3)
    assert grid.adjacent(np.array([0, 0, 4]), np.array([4, 8, 8])).tolist() == [True, False, True]


@pytest.mark.parametrize("wrong", [(0, 3), (3, 3, "round"), (3, 3, "rectangular", "sphere"), (3, 4, "hexagonal", "toroidal")])
def test_what_is_no_grid(wrong):
    with pytest.raises(UsageError):
        Grid(*wrong)
