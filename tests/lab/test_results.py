from dataclasses import dataclass, replace

import numpy as np
import pytest

from annlab.errors import UsageError
from annlab.lab import Outcome, Results, Study, best, cases, grid
from annlab.lab.jobs import Failure
from annlab.lab.results import Record


@dataclass(frozen=True)
class Params:
    noise: float = 0.0
    sizes: tuple[int, ...] = (50,)
    seeded: bool | None = None
    epochs: int = 9


STUDY = Study(
    name="toy",
    title="Toy",
    sheet={},
    version=1,
    params=Params(),
    trial=lambda params, ctx: Outcome(),
    grid=grid(noise=[0.0, 0.5], sizes=[(50,), (20, 10)]),
    replicates=3,
)
FAILURE = Failure("k", "toy", "trial", {}, (0,), "raised", "ValueError: no")


def outcome(cell, r):
    return Outcome(
        metrics={"mse": cell.params.noise + 0.1 * r},
        timings={"fit": 1.0 + r},
        series={"loss": {"epoch": np.arange(1, 3), "value": [cell.params.noise, float(r)], "name": ["a", "b"]}},
        arrays={"w": np.full(2, r)},
        models={"net": f"net {r}"} if r == 0 else {},
    )


def results(study=STUDY, change=lambda record: record, **options):
    design = study.design()
    made = [change(Record(cell, r, outcome(cell, r))) for cell in design.cells for r in range(design.replicates)]
    return Results.from_records(study, design, [record for record in made if record is not None], **options)


def test_the_table_has_parameters_replicate_and_metrics():
    table = results().table
    assert list(table.columns) == ["noise", "sizes", "seeded", "epochs", "replicate", "mse"]
    assert len(table) == 12
    row = table.iloc[4]
    assert (row["noise"], row["sizes"], row["replicate"]) == (0.0, (20, 10), 1)
    assert row["mse"] == pytest.approx(0.1)
    assert results().timings["fit"].tolist() == [1.0, 2.0, 3.0] * 4
    assert results().final.empty
    assert "replicate" in results().final.columns


def test_names_of_cells_are_a_column_where_there_are_any():
    study = replace(STUDY, grid=grid(noise=[0.0]) + cases(handout={"noise": 0.5}, report={"noise": 0.5}))
    found = results(study)
    assert found.table["case"].tolist() == [""] * 3 + ["handout, report"] * 3
    assert found.values("mse", case="report").tolist() == pytest.approx([0.5, 0.6, 0.7])
    assert list(found.series("loss", case="handout").columns) == ["case", "noise", "replicate", "epoch", "value", "name"]


def test_a_metric_that_bears_a_parameters_name_is_refused():
    with pytest.raises(ValueError, match="both named 'epochs'"):
        results(change=lambda record: replace(record, outcome=Outcome({"epochs": 1}))).table  # noqa: B018


def test_series_are_long_and_carry_the_parameters_that_vary():
    frame = results().series("loss")
    assert list(frame.columns) == ["noise", "sizes", "replicate", "epoch", "value", "name"]
    assert len(frame) == 24
    assert frame["epoch"].dtype == np.int64
    chosen = results().series("loss", noise=0.5, sizes=(20, 10))
    assert chosen["value"].tolist() == [0.5, 0.0, 0.5, 1.0, 0.5, 2.0]
    assert set(chosen["sizes"]) == {(20, 10)}
    with pytest.raises(UsageError, match="did you mean 'loss'"):
        results().series("los")


def test_a_parameter_named_as_a_column_of_a_series_is_renamed():
    study = replace(STUDY, grid=grid(epochs=[1, 2]))
    found = results(study, lambda record: replace(record, outcome=Outcome(series={"s": {"epochs": [5, 6], "y": [1, 2]}})))
    frame = found.series("s")
    assert list(frame.columns) == ["epochs_parameter", "replicate", "epochs", "y"]
    assert frame["epochs"].tolist()[:2] == [5, 6]


def test_values_arrays_and_models_of_one_cell():
    found = results()
    np.testing.assert_allclose(found.values("mse", noise=0.5, sizes=(50,)), [0.5, 0.6, 0.7])
    np.testing.assert_array_equal(found.array("w", replicate=2, noise=0.5, sizes=(50,)), [2, 2])
    assert found.model("net", noise=0.5, sizes=(50,)) == "net 0"
    with pytest.raises(UsageError, match="unknown model 'net'"):
        found.model("net", replicate=1, noise=0.5, sizes=(50,))
    remade = results(remake=lambda record: Outcome(models={"net": f"again {record.replicate}"}))
    assert remade.model("net", replicate=1, noise=0.5, sizes=(50,)) == "again 1"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda found: found.values("mse", noise=0.5), "2 cells of 'toy' match noise=0.5; also give sizes"),
        (lambda found: found.values("mse"), "4 cells of 'toy' match no condition; also give noise, sizes"),
        (lambda found: found.values("mse", noise=0.7), "no cell of 'toy' matches noise=0.7"),
        (lambda found: found.values("mse", nois=0.5), "did you mean 'noise'"),
        (lambda found: found.values("msee", noise=0.5, sizes=(50,)), "did you mean 'mse'"),
        (lambda found: found.array("w", replicate=7, noise=0.5, sizes=(50,)), "has no replicate 7"),
        (lambda found: found.values("mse", stage="final"), "no cell of 'toy' matches the final stage"),
    ],
)
def test_wrong_questions_are_one_sentence(ask, message):
    with pytest.raises(UsageError, match=message):
        ask(results())


def test_missing_failed_and_stale_replicates_are_known():
    def change(record):
        if record.cell.params.noise == 0.5 and record.replicate == 0:
            return replace(record, outcome=None, failure=replace(FAILURE, key=str(record.cell.params.sizes)))
        if record.replicate == 1:
            return replace(record, outcome=None)
        return replace(record, stale=record.replicate == 2)

    found = results(change=change)
    assert found.counts == {"stored": 6, "stale": 4, "failed": 2, "missing": 4}
    assert len(found.failures) == 2
    assert len(found.stale) == 4
    assert len(found.missing) == 4
    assert len(found.table) == 6
    assert found.values("mse", noise=0.5, sizes=(50,)).tolist() == [0.7]
    with pytest.raises(UsageError, match="failed: ValueError: no"):
        found.outcome(0, noise=0.5, sizes=(50,))
    with pytest.raises(UsageError, match="is not computed"):
        found.outcome(1, noise=0.5, sizes=(50,))


def test_narrowed_results_keep_the_selection_of_the_whole():
    study = replace(STUDY, select=best("mse"), final=lambda params, ctx: Outcome())
    found = results(study)
    assert found.selected == study.design().cells[0]
    narrow = found.where(noise=0.5)
    assert len(narrow.cells) == 2
    assert len(narrow.table) == 6
    assert narrow.selected == found.selected
    assert narrow.varying == ("sizes",)


def test_the_highest_among_some_cells_may_be_selected():
    study = replace(STUDY, select=best("mse", higher=True, sizes=(20, 10)), final=lambda params, ctx: Outcome())
    chosen = results(study).selected
    assert (chosen.params.noise, chosen.params.sizes) == (0.5, (20, 10))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None])
def test_a_cell_with_a_value_that_is_not_finite_is_left_out_and_ties_go_to_the_first(bad):
    def change(record):
        if record.cell.params.noise == 0.0 and record.cell.params.sizes == (50,) and record.replicate == 1:
            return replace(record, outcome=Outcome({"mse": bad}) if bad is not None else None, failure=None if bad is not None else FAILURE)
        return replace(record, outcome=Outcome({"mse": 1.0}))

    study = replace(STUDY, select=best("mse"), final=lambda params, ctx: Outcome())
    chosen = results(study, change).selected
    assert (chosen.params.noise, chosen.params.sizes) == (0.0, (20, 10))


def test_nothing_is_selected_before_all_candidates_are_computed():
    study = replace(STUDY, select=best("mse"), final=lambda params, ctx: Outcome())
    absent = results(study, lambda record: None if record.replicate == 2 else record)
    empty = results(study, lambda record: replace(record, outcome=None) if record.replicate == 2 else record)
    assert absent.selected is None
    assert empty.selected is None


def test_a_selection_by_an_unknown_metric_names_the_nearest():
    study = replace(STUDY, select=best("mce"), final=lambda params, ctx: Outcome())
    with pytest.raises(UsageError, match="did you mean 'mse'"):
        results(study).selected  # noqa: B018


def test_what_it_is_can_be_seen():
    assert repr(results()) == "Results('toy', profile='standard', 4 cells: 12 stored)"
