from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.lab import Grid, cases, grid, zipped


@dataclass(frozen=True)
class Params:
    noise: float = 0.0
    optimizer: str = "sgd"
    sizes: tuple[int, ...] = (50,)
    fast: bool = False


def chosen(points):
    return [(cell.params.noise, cell.params.optimizer) for cell in points.cells(Params())]


def test_a_grid_is_the_product_with_the_last_axis_fastest():
    assert chosen(grid(noise=[0, 1], optimizer=["a", "b"])) == [(0.0, "a"), (0.0, "b"), (1.0, "a"), (1.0, "b")]


def test_zipped_axes_run_side_by_side_and_have_one_length():
    assert chosen(zipped(noise=[0, 1], optimizer=["a", "b"])) == [(0.0, "a"), (1.0, "b")]
    with pytest.raises(UsageError, match="one length"):
        zipped(noise=[0, 1], optimizer=["a"])


def test_an_axis_is_a_list():
    for axis in ("sgd", 0.1):
        with pytest.raises(UsageError, match="takes a list"):
            grid(optimizer=axis)


def test_sums_are_merged_by_resolved_parameters_and_keep_every_name():
    found = (grid(noise=[0, 0.5]) + cases(handout={"noise": 0.5}, report={"noise": 0.5, "optimizer": "sgd"}, other={"noise": 2})).cells(
        Params()
    )
    assert [cell.params.noise for cell in found] == [0.0, 0.5, 2.0]
    assert [cell.names for cell in found] == [(), ("handout", "report"), ("other",)]


def test_the_empty_grid_is_one_cell_of_defaults():
    assert [cell.params for cell in Grid().cells(Params())] == [Params()]


def test_matching():
    cell = cases(handout={"noise": 0.5, "sizes": [20, 10]}).cells(Params())[0]
    assert cell.matches({"noise": 0.5, "optimizer": ["adam", "sgd"], "case": "handout"})
    assert cell.matches({"sizes": (20, 10)})
    assert cell.matches({"sizes": [(20, 10), (5,)]})
    assert not cell.matches({"case": "report"})
    assert cell.matches({"case": ["report", "handout"]})
    assert not cell.matches({"case": ["report", "other"]})
    assert not cell.matches({"noise": [0.1, 0.2]})
    assert not cell.matches({"fast": 0})  # 0 is no truth value
    with pytest.raises(UsageError, match="did you mean 'noise'"):
        cell.matches({"nose": 1})


@given(st.lists(st.floats(0, 9), max_size=6), st.lists(st.sampled_from("abc"), max_size=4))
def test_cells_are_unique_and_in_order_of_first_appearance(noises, optimizers):
    found = (grid(noise=noises, optimizer=optimizers) + grid(noise=noises)).cells(Params())
    identities = [cell.identity for cell in found]
    assert len(set(identities)) == len(identities)
    wanted = {(float(n), o): None for n in noises for o in optimizers} | {(float(n), "sgd"): None for n in noises}
    assert chosen(grid(noise=noises, optimizer=optimizers) + grid(noise=noises)) == (list(wanted) or [(0.0, "sgd")])
