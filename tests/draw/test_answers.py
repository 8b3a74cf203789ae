"""Numbers and decisions of answers, on results made up here."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from annlab import draw
from annlab.errors import UsageError
from annlab.lab import Metric, Outcome, Results, Study, grid
from annlab.lab.results import Record
from annlab.lab.statistics import mean_interval


@dataclass(frozen=True)
class Params:
    size: int = 1
    rate: float = 0.1


METRICS = {"gain": Metric("gain", "dB"), "error": Metric("error", scale="log", better="lower")}


def made_up(values, replicates=4, skipped=()):
    """Results whose metrics are ``values[size]``, a function of the replicate."""
    study = Study(
        "made-up",
        "Made up",
        {},
        1,
        Params(),
        trial=lambda params, ctx: Outcome(),
        grid=grid(size=[1, 2]),
        replicates=replicates,
        metrics=METRICS,
    )
    design = study.design("standard")
    records = [
        Record(cell, r, None if (cell.params.size, r) in skipped else Outcome(values[cell.params.size](r)))
        for cell in design.cells
        for r in range(replicates)
    ]
    return Results.from_records(study, design, records)


BASE = made_up({1: lambda r: {"gain": 1.0 + r, "error": 2.0 + r}, 2: lambda r: {"gain": 3.0 + r + 0.1 * (r % 2), "error": (2.0 + r) / 4}})


def test_measured_is_the_mean_with_its_interval_unit_and_count():
    interval = mean_interval([1.0, 2.0, 3.0, 4.0])
    assert draw.measured(BASE, "gain", size=1) == f"{draw.format_interval(2.5, interval.low, interval.high, 'dB')}, n = 4"


def test_a_difference_is_paired_and_signed():
    found = draw.compare(BASE, "gain", {"size": 2}, {"size": 1})
    interval = mean_interval([2.0, 2.1, 2.0, 2.1])
    assert (found.sign, found.decided) == (1, True)
    assert str(found) == f"higher (by {draw.format_interval(interval.mean, interval.low, interval.high, 'dB')}, n = 4)"
    back = draw.compare(BASE, "gain", {"size": 1}, {"size": 2})
    assert back.sign == -1
    assert str(back) == str(found).replace("higher", "lower")


def test_a_logarithmic_metric_is_compared_as_a_ratio():
    found = draw.compare(BASE, "error", {"size": 2}, {"size": 1})
    assert found.sign == -1
    assert str(found).startswith("lower (0.25")
    assert str(found).endswith("times, n = 4)")


def test_what_the_interval_leaves_open_is_undecided():
    results = made_up({1: lambda r: {"gain": float(r)}, 2: lambda r: {"gain": r + (-1.0) ** r}})
    found = draw.compare(results, "gain", {"size": 2}, {"size": 1})
    assert (found.sign, found.decided) == (0, False)
    assert str(found).startswith("undecided (by ")


def test_pairs_are_made_by_replicate():
    values = {1: lambda r: {"gain": 10.0 * r}, 2: lambda r: {"gain": 10.0 * r + 1 + 0.01 * (r % 2)}}
    found = draw.compare(made_up(values, 6, skipped={(1, 0), (2, 3)}), "gain", {"size": 2}, {"size": 1})
    interval = mean_interval([1.01, 1.0, 1.0, 1.01])  # replicates 1, 2, 4 and 5
    assert str(found) == f"higher (by {draw.format_interval(interval.mean, interval.low, interval.high, 'dB')}, n = 4)"


@pytest.mark.parametrize("cell", [{"size": 7}, {"case": "absent"}])
def test_a_cell_that_the_profile_lacks_is_said_to_be_absent(cell):
    assert "not measured" in draw.measured(BASE, "gain", **cell)
    assert draw.compare(BASE, "gain", cell, {"size": 1}).sign == 0
    assert "not measured" in draw.measured(BASE, "unknown", size=1)


def test_several_cells_are_no_answer():
    with pytest.raises(UsageError, match="also give size"):
        draw.measured(BASE, "gain", rate=0.1)


def test_values_without_a_logarithm_decide_nothing():
    results = made_up({1: lambda r: {"error": 0.0}, 2: lambda r: {"error": 1.0}})
    assert draw.compare(results, "error", {"size": 1}, {"size": 2}).sign == 0


def test_one_replicate_decides_nothing():
    results = made_up({1: lambda r: {"gain": 0.0}, 2: lambda r: {"gain": 1.0}}, replicates=1)
    assert str(draw.compare(results, "gain", {"size": 1}, {"size": 2})) == "undecided (n = 1)"


def test_readable_touches_text_alone():
    frame = pd.DataFrame({"case": ["early_stopping", "l1"], "size": [(1, 2), (3,)], "rate": [0.1, np.nan]})
    shown = draw.readable(frame)
    assert list(shown["case"]) == ["early stopping", "l1"]
    pd.testing.assert_frame_equal(shown[["size", "rate"]], frame[["size", "rate"]])
    assert frame["case"][0] == "early_stopping"


def test_texts_are_those_of_the_metrics():
    view = draw.texts(BASE, size="units")
    assert view == {"labels": {"gain": "gain", "error": "error", "size": "units"}, "units": {"gain": "dB"}}
