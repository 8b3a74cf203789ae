"""What a report says of the cells of a run: parameters, means with intervals, the choice, the final stage, what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.draw.formats import format_interval, format_number, name_words
from annlab.lab.params import as_dict, resolve
from annlab.report.content import Setting, TableBlock
from annlab.report.tables import text_table

if TYPE_CHECKING:
    from annlab.lab.grid import Cell
    from annlab.lab.results import Record, Results
    from annlab.lab.study import Study

__all__ = ["cell_table", "chosen_cell", "final_table", "mean_text", "missing_table", "ranges", "settings"]

_MOST_VALUES = 12
_MOST_ROWS = 400


def settings(results: "Results") -> tuple[Setting, ...]:
    """Each parameter with its default in the study and the values in this run's cells, varied ones first."""
    defaults, rows = as_dict(resolve(results.study.params, {})), [as_dict(cell.params) for cell in results.cells]
    found = []
    for name, default in defaults.items():
        values = list(dict.fromkeys(row[name] for row in rows))
        shown = ", ".join(_parameter(value) for value in values[:_MOST_VALUES])
        if len(values) > _MOST_VALUES:
            shown += f", … ({len(values)} values up to {_parameter(values[-1])})"
        found.append(Setting(name, _parameter(default), shown, len(values) > 1))
    return tuple(sorted(found, key=lambda setting: not setting.varied))


def cell_table(results: "Results", anchor: str) -> TableBlock | None:
    """A row a cell: its case and varying parameters, stored replicates, and mean with 95 % interval of each metric."""
    outcomes = _by_cell(results, "trial")
    metrics = _metrics(results, outcomes)
    if not metrics:
        return None
    named = any(cell.names for cell in results.cells)
    rows = []
    for cell in results.cells[:_MOST_ROWS]:
        records = outcomes.get(cell.identity, [])
        rows.append([*_head(cell, results.varying, named), str(len(records)), *(mean_text(_values(records, name)) for name in metrics)])
    columns = [
        *(["case"] if named else []),
        *(name_words(name) for name in results.varying),
        "n",
        *(label_of(results.study, name) for name in metrics),
    ]
    notes = [f"The first {_MOST_ROWS} of {len(results.cells)} cells."] if len(results.cells) > _MOST_ROWS else []
    caption = "Every cell: mean over n replicates and its 95 % interval"
    return TableBlock("cells", f"{anchor}-cells", caption, text_table(columns, rows, notes=notes))


def chosen_cell(results: "Results") -> tuple[str, tuple[tuple[str, str], ...]]:
    """How the cell was chosen, in words, and its varying parameters; empty for a study that chooses none."""
    selection = results.study.select
    if selection is None:
        return "", ()
    best, label = "highest" if selection.higher else "lowest", label_of(results.study, selection.metric)
    among = [cell for cell in results.cells if cell.matches(selection.among)]
    rule = f"The cell with the {best} mean {label} over {results.design.replicates} replicates"
    limits = "".join(f", {name_words(name)} = {_parameter(value)}" for name, value in selection.among.items())
    if results.selected is None:
        return f"{rule} among {len(among)} cells{limits} is not known yet: some of them are not computed.", ()
    values = as_dict(results.selected.params)
    used = len(_by_cell(results, "final").get(results.selected.identity, [])) or sum(record.stage == "final" for record in results.records)
    met = f" Only then did its final stage meet the test set, once in each of {used} replicates."
    names = [("case", ", ".join(results.selected.names))] if results.selected.names else []
    chosen = (*names, *((name, _parameter(values[name])) for name in results.varying))
    return f"{rule} among {len(among)} cells{limits} was chosen.{met if used else ' Its final stage has not been run.'}", chosen


def final_table(results: "Results", anchor: str) -> TableBlock | None:
    """A row a metric of the final stage: mean with 95 % interval, standard deviation, extremes, replicates."""
    outcomes = _by_cell(results, "final")
    if not outcomes:
        return None
    records = [record for group in outcomes.values() for record in group]
    rows = []
    for name in _metrics(results, outcomes):
        values = _values(records, name)
        finite = values[np.isfinite(values)]
        spread = [format_number(float(f(finite))) for f in (lambda x: np.std(x, ddof=1), np.min, np.max)] if len(finite) > 1 else ["–"] * 3
        rows.append([label_of(results.study, name), mean_text(values), *spread, str(len(values))])
    columns = ["metric", "mean and 95 % interval", "standard deviation", "lowest", "highest", "n"]
    return TableBlock("final", f"{anchor}-final", "The final stage: the chosen cell on the test set", text_table(columns, rows))


def missing_table(results: "Results", anchor: str) -> tuple[TableBlock | None, int]:
    """The replicates of each cell that are neither stored nor failed, and how many there are."""
    known = {(record.stage, record.cell.identity, record.replicate) for record in results.records if record.outcome or record.failure}
    wanted = [("trial", cell, k) for cell in results.cells for k in range(results.design.replicates)]
    wanted += [("final", record.cell, record.replicate) for record in results.missing if record.stage == "final"]
    absent: dict[tuple[str, str], list[int]] = {}
    cells = {cell.identity: cell for _, cell, _ in wanted}
    for stage, cell, replicate in wanted:
        if (stage, cell.identity, replicate) not in known:
            absent.setdefault((stage, cell.identity), []).append(replicate)
    if not absent:
        return None, 0
    rows = [[stage, describe(cells[identity], results), ranges(found)] for (stage, identity), found in absent.items()]
    table = text_table(["stage", "cell", "replicates"], rows)
    return TableBlock("missing", f"{anchor}-missing", "Not computed", table), sum(map(len, absent.values()))


def describe(cell: "Cell", results: "Results") -> str:
    """A cell in words: its names and varying parameters."""
    values = as_dict(cell.params)
    parts = [*cell.names, *(f"{name}={_parameter(values[name])}" for name in results.varying)]
    return ", ".join(parts) or "the defaults"


def mean_text(values: np.ndarray) -> str:
    """Mean with its 95 % interval, and how many values are not finite."""
    from annlab.lab.statistics import mean_interval

    finite = values[np.isfinite(values)]
    lost = f" ({len(values) - len(finite)} of {len(values)} not finite)" if len(finite) < len(values) else ""
    if len(finite) == 0:
        return f"–{lost}"
    if np.ptp(finite) == 0:
        return format_number(float(finite[0]), 4) + lost
    found = mean_interval(finite)
    return format_interval(found.mean, found.low, found.high) + lost


def label_of(study: "Study", metric: str) -> str:
    """A metric's label with its unit in brackets, or its name in words."""
    known = study.metrics.get(metric)
    if known is None:
        return name_words(metric)
    return f"{known.label} ({known.unit})" if known.unit else known.label


def ranges(numbers: Iterable[int]) -> str:
    """Whole numbers with neighbours joined: ``0–9, 12``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)


def _by_cell(results: "Results", stage: str) -> dict[str, list["Record"]]:
    found: dict[str, list[Record]] = {}
    for record in results.records:
        if record.stage == stage and record.outcome is not None:
            found.setdefault(record.cell.identity, []).append(record)
    return found


def _metrics(results: "Results", outcomes: Mapping[str, Sequence["Record"]]) -> list[str]:
    """Declared metrics that were measured, in the order declared; all that were measured where none is declared."""
    found = (record.outcome.metrics for records in outcomes.values() for record in records if record.outcome)
    measured = dict.fromkeys(name for metrics in found for name in metrics)
    declared = [name for name in results.study.metrics if name in measured]
    return declared or list(measured)


def _values(records: Sequence["Record"], metric: str) -> np.ndarray:
    found = [record.outcome.metrics[metric] for record in records if record.outcome and metric in record.outcome.metrics]
    return np.array(found, dtype=np.float64)


def _head(cell: "Cell", varying: Sequence[str], named: bool) -> list[str]:
    values = as_dict(cell.params)
    return [*([", ".join(cell.names)] if named else []), *(_parameter(values[name]) for name in varying)]


def _parameter(value: Any) -> str:
    """A parameter as one would type it: no rounding, no digits grouped."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(_parameter(part) for part in value) + ")" if value else "()"
    return str(value)
