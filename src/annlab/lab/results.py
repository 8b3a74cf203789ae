"""What a study measured, read lazily: tables, series, arrays and models by cell and replicate.

Figures, questions and claims get a `Results`. It never trains, with one exception: a model that was not kept is made again
by its job.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.errors import UsageError, unknown_name
from annlab.lab.grid import Cell
from annlab.lab.jobs import Failure
from annlab.lab.outcome import Outcome
from annlab.lab.params import as_dict

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from annlab.lab.store import Store
    from annlab.lab.study import Design, Selection, Study

__all__ = ["Record", "Results", "select_cell"]


@dataclass(frozen=True)
class Record:
    """One replicate of one cell: its outcome, or why there is none.

    Attributes:
        cell: the cell.
        replicate: index of the replicate, from 0.
        outcome: what was measured; None where the job is missing or failed.
        stage: ``"trial"`` or ``"final"``.
        key: the job's key.
        stale: whether the code has changed since it was computed.
        failure: why it failed, if it did.
    """

    cell: Cell
    replicate: int
    outcome: Outcome | None
    stage: str = "trial"
    key: str = ""
    stale: bool = False
    failure: Failure | None = None


class Results:
    """Outcomes of one study in one profile.

    Keyword arguments named ``cell`` in the methods are parameters and their values, a list meaning any of them, or
    ``case="name"``; see `Cell.matches`. A method that needs exactly one cell says so where it finds none or several.

    Args:
        study: the study.
        design: its cells and replicates in this run.
        records: one for each cell, replicate and stage.
        provenance: seed, device, versions, seconds and the command that gives the results again.
        remake: makes the outcome of a record again with all its models.
    """

    def __init__(
        self,
        study: "Study",
        design: "Design",
        records: Iterable[Record],
        *,
        provenance: Mapping[str, Any] | None = None,
        remake: Callable[[Record], Outcome] | None = None,
    ) -> None:
        self.study, self.design, self.profile = study, design, design.profile
        self.records: tuple[Record, ...] = tuple(records)
        self.provenance: dict[str, Any] = dict(provenance or {})
        self._remake = remake

    def __repr__(self) -> str:
        counted = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        return f"Results({self.study.name!r}, profile={self.profile!r}, {len(self.cells)} cells: {counted or 'nothing'})"

    @classmethod
    def from_records(cls, study: "Study", design: "Design", records: Iterable[Record], **options: Any) -> "Results":
        """Results held in memory, made without computing or a store."""
        return cls(study, design, records, **options)

    @classmethod
    def load(
        cls,
        study: "Study | str | Path",
        profile: str = "standard",
        *,
        settings: Mapping[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
        replicates: int | None = None,
        device: str = "cpu",
        seed: int = 0,
        store: "Store | None" = None,
    ) -> "Results":
        """What the store holds of a run, without computing anything."""
        from annlab.lab.run import load

        return load(study, profile, settings=settings, where=where, replicates=replicates, device=device, seed=seed, store=store)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, in the order of the grid."""
        return self.design.cells

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Names of the parameters that differ between cells."""
        rows = [as_dict(cell.params) for cell in self.cells]
        return tuple(name for name in (rows[0] if rows else {}) if any(row[name] != rows[0][name] for row in rows))

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of replicates, over all cells, that are stored, stale (also counted as stored), failed and missing."""
        trials = [record for record in self.records if record.stage == "trial"]
        stored = sum(record.outcome is not None for record in trials)
        failed = sum(record.failure is not None for record in trials)
        stale = sum(record.stale and record.outcome is not None for record in trials)
        missing = max(0, len(self.cells) * self.design.replicates - stored - failed)
        return {"stored": stored, "stale": stale, "failed": failed, "missing": missing}

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row for each cell and replicate of the trials: ``case`` where cells have names, parameters, ``replicate``, metrics."""
        return self._frame("trial", "metrics")

    @cached_property
    def final(self) -> "pd.DataFrame":
        """As `table`, of the final stage; empty where there is none."""
        return self._frame("final", "metrics")

    @cached_property
    def timings(self) -> "pd.DataFrame":
        """As `table`, with seconds in place of metrics."""
        return self._frame("trial", "timings")

    def series(self, name: str, /, stage: str = "trial", **cell: Any) -> "pd.DataFrame":
        """The series `name` of all matching cells as one long frame.

        Its columns are ``case`` where cells have names, the parameters that vary, ``replicate``, and the series' own; a
        parameter that bears the name of one of those is called ``<name>_parameter``.

        Raises:
            UsageError: where no outcome holds the series.
        """
        import pandas as pd

        parts = []
        for record in self._matching(stage, cell):
            frame = record.outcome.series.get(name) if record.outcome else None
            if frame is not None:
                columns = {column: np.asarray(values) for column, values in frame.items()}
                labels = self._labels(record, self.varying).items()
                index = {f"{key}_parameter" if key in columns else key: value for key, value in labels}
                length = len(next(iter(columns.values()), ()))
                parts.append(pd.DataFrame({**{key: _repeated(value, length) for key, value in index.items()}, **columns}))
        if not parts:
            held = {key for record in self._matching(stage, cell) if record.outcome for key in record.outcome.series}
            raise unknown_name("series", name, held)
        return pd.concat(parts, ignore_index=True)

    def array(self, name: str, /, replicate: int = 0, stage: str = "trial", **cell: Any) -> np.ndarray:
        """The array `name` of one cell and replicate."""
        arrays = self.outcome(replicate, stage, **cell).arrays
        if name not in arrays:
            raise unknown_name("array", name, arrays)
        return arrays[name]

    def model(self, name: str, /, replicate: int = 0, stage: str = "trial", **cell: Any) -> Any:
        """The model `name` of one cell and replicate, made again by its job where it was not kept."""
        record = self._record(replicate, stage, cell)
        models = self.outcome(replicate, stage, **cell).models
        if name not in models and self._remake is not None:
            models = self._remake(record).models
        if name not in models:
            raise unknown_name("model", name, models)
        return models[name]

    def values(self, metric: str, /, stage: str = "trial", **cell: Any) -> np.ndarray:
        """The metric over the stored replicates of one cell, in the order of replicates; shape (replicates,)."""
        found = [record.outcome.metrics for record in self._matching(stage, self._one(cell, stage)) if record.outcome]
        if found and not any(metric in metrics for metrics in found):
            raise unknown_name("metric", metric, found[0])
        return np.array([metrics[metric] for metrics in found if metric in metrics], dtype=np.float64)

    def outcome(self, replicate: int = 0, stage: str = "trial", **cell: Any) -> Outcome:
        """The outcome of one cell and replicate."""
        record = self._record(replicate, stage, cell)
        if record.outcome is None:
            why = f"failed: {record.failure.message}" if record.failure else "is not computed"
            raise UsageError(f"replicate {replicate} of {self.study.name!r} at {_shown(cell) or 'its cell'} {why}")
        return record.outcome

    def where(self, **cell: Any) -> "Results":
        """The same results, narrowed to the cells that match; the selection stays that of the whole."""
        cells = tuple(found for found in self.cells if found.matches(cell))
        kept = [record for record in self.records if record.cell.matches(cell)]
        narrowed = Results(self.study, replace(self.design, cells=cells), kept, provenance=self.provenance, remake=self._remake)
        narrowed.__dict__["selected"] = self.selected
        return narrowed

    @cached_property
    def selected(self) -> Cell | None:
        """The cell chosen by the study's `select`; None where it has none or a candidate is not computed yet."""
        return select_cell(self.study.select, self.design, self.records) if self.study.select else None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Jobs that failed, each once."""
        return tuple({record.failure.key: record.failure for record in self.records if record.failure}.values())

    @property
    def stale(self) -> tuple[Record, ...]:
        """Records computed by code that has changed since."""
        return tuple(record for record in self.records if record.stale)

    @property
    def missing(self) -> tuple[Record, ...]:
        """Records that are neither stored nor failed."""
        return tuple(record for record in self.records if record.outcome is None and record.failure is None)

    def _frame(self, stage: str, kind: str) -> "pd.DataFrame":
        import pandas as pd

        rows, names = [], dict[str, None]()
        parameters = list(as_dict(self.study.params))
        for record in self.records:
            if record.stage == stage and record.outcome is not None:
                values: Mapping[str, float] = getattr(record.outcome, kind)
                clash = next((name for name in values if name in parameters or name in ("case", "replicate")), None)
                if clash:
                    raise ValueError(f"study {self.study.name!r} has a parameter and one of its {kind} both named {clash!r}")
                names.update(dict.fromkeys(values))
                rows.append({**self._labels(record, parameters), **values})
        first = ["case"] if any(cell.names for cell in self.cells) else []
        return pd.DataFrame(rows, columns=[*first, *parameters, "replicate", *names])

    def _labels(self, record: Record, parameters: Sequence[str]) -> dict[str, Any]:
        named = {"case": ", ".join(record.cell.names)} if any(cell.names for cell in self.cells) else {}
        values = as_dict(record.cell.params)
        return {**named, **{name: values[name] for name in parameters}, "replicate": record.replicate}

    def _matching(self, stage: str, wanted: Mapping[str, Any] | Cell) -> list[Record]:
        if isinstance(wanted, Cell):
            identity = wanted.identity
            return [record for record in self.records if record.stage == stage and record.cell.identity == identity]
        return [record for record in self.records if record.stage == stage and record.cell.matches(wanted)]

    def _one(self, wanted: Mapping[str, Any], stage: str) -> Cell:
        found = {record.cell.identity: record.cell for record in self._matching(stage, wanted)}
        if len(found) == 1:
            return next(iter(found.values()))
        if not found:
            raise UsageError(f"no cell of {self.study.name!r} matches {_shown(wanted) or 'the ' + stage + ' stage'}")
        rows = [as_dict(cell.params) for cell in found.values()]
        open_names = [name for name in rows[0] if any(row[name] != rows[0][name] for row in rows)]
        given = _shown(wanted) or "no condition"
        raise UsageError(f"{len(found)} cells of {self.study.name!r} match {given}; also give {', '.join(open_names)}")

    def _record(self, replicate: int, stage: str, wanted: Mapping[str, Any]) -> Record:
        for record in self._matching(stage, self._one(wanted, stage)):
            if record.replicate == replicate:
                return record
        raise UsageError(f"{self.study.name!r} has no replicate {replicate} of {_shown(wanted) or 'its cell'} in this run")


def select_cell(selection: "Selection", design: "Design", records: Iterable[Record]) -> Cell | None:
    """The cell with the best mean of the selection's metric over replicates, the first of equals.

    A cell with a failed replicate or a value that is not finite is left out. None where a candidate is not computed yet
    or none is left.
    """
    candidates = {cell.identity: cell for cell in design.cells if cell.matches(selection.among)}
    values: dict[str, list[float]] = {identity: [] for identity in candidates}
    for record in records:
        identity = record.cell.identity
        if record.stage != "trial" or identity not in candidates:
            continue
        if record.outcome is not None:
            if selection.metric not in record.outcome.metrics:
                raise unknown_name("metric", selection.metric, record.outcome.metrics)
            values[identity].append(float(record.outcome.metrics[selection.metric]))
        else:
            values[identity].append(float("nan" if record.failure is not None else "-inf"))
    if any(len(found) < design.replicates or float("-inf") in found for found in values.values()):
        return None
    means = {identity: float(np.mean(found)) for identity, found in values.items() if np.isfinite(found).all()}
    if not means:
        return None
    chosen = (max if selection.higher else min)(means, key=lambda identity: means[identity])
    return candidates[chosen]


def _repeated(value: Any, length: int) -> Any:
    return [value] * length if isinstance(value, tuple) else np.repeat(value, length) if value is not None else [None] * length


def _shown(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in wanted.items())
