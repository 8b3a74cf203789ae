"""What the tests of studies share: trials run in this process, small results of any study."""

from dataclasses import replace

import numpy as np

from annlab import data
from annlab.lab.discover import load_study
from annlab.lab.params import as_dict
from annlab.lab.results import Record, Results
from annlab.lab.streams import Streams

SMALL = {"epochs": 14, "starts": 5}  # settings of any study that make its quick profile a matter of seconds

AXES = ("epoch", "learning_rate", "start", "fold", "name", "formula", "filled", "input", "lag")


class Surroundings:
    """What a trial gets, without a job or a store."""

    device, dtype, threads = "cpu", "float32", 1

    def __init__(self, study, replicates):
        self.study, self.replicates, self.replicate = study.name, tuple(replicates), replicates[0]
        self.streams = Streams(0, study.name, replicates[0])

    def data(self, name):
        return data.load(name)

    def report(self, step, **metrics):
        pass


def outcomes(study, params, replicates, stage="trial"):
    """Outcomes of the replicates of one cell, as the study's jobs would compute them."""
    function = study.trial if stage == "trial" else study.final
    blocks = [tuple(replicates)] if study.is_stacked(params) else [(r,) for r in replicates]
    found = [function(params, Surroundings(study, block)) for block in blocks]
    return [outcome for each in found for outcome in (each if isinstance(each, list) else [each])]


def small_results(name, replicates=3):
    """Results of a study's quick profile, cut down by `SMALL`, its final stage too."""
    study = load_study(name)
    sizes = [as_dict(cell.params) for cell in study.design("quick").cells]
    smaller = {key: value for key, value in SMALL.items() if any(size.get(key, 0) > value for size in sizes)}
    design = study.design("quick", smaller, replicates=replicates)
    records = []
    for cell in design.cells:
        records += [Record(cell, r, outcome) for r, outcome in enumerate(outcomes(study, cell.params, range(replicates)))]
    selected = Results.from_records(study, design, records).selected
    if selected is not None:
        found = outcomes(study, selected.params, range(replicates), "final")
        records += [Record(selected, r, outcome, "final") for r, outcome in enumerate(found)]
    return Results.from_records(study, design, records)


def changed(results):
    """The same results with every measured number raised to the power 1.1, its sign kept."""
    records = []
    for record in results.records:
        outcome = record.outcome
        series = {
            name: {
                column: values if column in AXES or np.asarray(values).dtype.kind in "UO" else _raised(values)
                for column, values in frame.items()
            }
            for name, frame in outcome.series.items()
        }
        other = replace(outcome, metrics={name: float(_raised(value)) for name, value in outcome.metrics.items()}, series=series)
        records.append(replace(record, outcome=other))
    return Results.from_records(results.study, results.design, records)


def _raised(values):
    return np.sign(values) * np.abs(values) ** 1.1
