from dataclasses import dataclass, replace

import pytest

from annlab.errors import UsageError
from annlab.lab import Need, Study, best, cases, grid, overrides


@dataclass(frozen=True)
class Params:
    noise: float = 0.0
    epochs: int = 100


def trial(params, ctx):
    raise AssertionError("designing a study runs nothing")


STUDY = Study(
    name="toy",
    title="Toy",
    sheet={"2024": "0"},
    version=1,
    params=Params(),
    trial=trial,
    grid=grid(noise=[0.0, 0.5]) + cases(handout={"noise": 0.5, "epochs": 7}),
    replicates=10,
    profiles={"quick": overrides(epochs=5, replicates=2), "full": overrides(grid=grid(noise=[9.0]), final_replicates=4)},
)


def settings(design):
    return [(cell.params.noise, cell.params.epochs) for cell in design.cells]


def test_a_profile_changes_defaults_and_the_grid_wins_over_them():
    assert settings(STUDY.design("standard")) == [(0.0, 100), (0.5, 100), (0.5, 7)]
    assert settings(STUDY.design("quick")) == [(0.0, 5), (0.5, 5), (0.5, 7)]
    assert settings(STUDY.design("full")) == [(9.0, 100)]


def test_settings_win_over_the_grid_and_merge_cells_that_become_equal():
    design = STUDY.design("quick", settings={"epochs": 3})
    assert settings(design) == [(0.0, 3), (0.5, 3)]
    assert design.cells[1].names == ("handout",)


def test_where_keeps_the_cells_that_match():
    assert settings(STUDY.design(where={"noise": 0.5})) == [(0.5, 100), (0.5, 7)]
    assert settings(STUDY.design(where={"case": "handout"})) == [(0.5, 7)]
    with pytest.raises(UsageError, match=r"no cell of 'toy' in profile 'quick' matches noise=3"):
        STUDY.design("quick", where={"noise": 3})


@pytest.mark.parametrize(
    ("profile", "given", "replicates", "final"),
    [("quick", None, 2, 2), ("standard", None, 10, 10), ("full", None, 10, 4), ("full", 3, 3, 3)],
)
def test_replicates_come_from_the_user_the_profile_or_the_study(profile, given, replicates, final):
    design = STUDY.design(profile, replicates=given)
    assert (design.replicates, design.final_replicates) == (replicates, final)


def test_wrong_requests_are_one_sentence():
    with pytest.raises(UsageError, match="did you mean 'quick'"):
        STUDY.design("quik")
    with pytest.raises(UsageError, match="at least 1"):
        STUDY.design(replicates=0)
    with pytest.raises(UsageError, match="did you mean 'epochs'"):
        STUDY.design(settings={"epoch": 3})


def test_declarations_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="come together"):
        replace(STUDY, select=best("loss"))
    with pytest.raises(ValueError, match="1 or 2 threads"):
        replace(STUDY, threads=4)
    with pytest.raises(ValueError, match="unknown profiles"):
        replace(STUDY, profiles={"slow": overrides()})


def test_stacking_data_and_needs_may_depend_on_the_parameters():
    study = replace(
        STUDY,
        stacked=lambda params: params.noise > 0,
        data=lambda params: ["a"] if params.noise else (),
        needs=lambda params: [Need("other", {"noise": params.noise})],
    )
    quiet, noisy = Params(), Params(noise=1.0)
    assert [study.is_stacked(params) for params in (quiet, noisy)] == [False, True]
    assert [study.data_of(params) for params in (quiet, noisy)] == [(), ("a",)]
    assert study.needs_of(noisy) == (Need("other", {"noise": 1.0}),)
    assert not replace(study, timed=True).is_stacked(noisy)
