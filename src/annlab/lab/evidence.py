"""Evidence: which stored replicates may answer a claim, and why others may not."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.errors import UsageError
from annlab.lab.grid import Cell
from annlab.lab.params import as_dict
from annlab.lab.statistics import Pooled, pooled_sd
from annlab.lab.values import Selected, Value, resolve_cell

if TYPE_CHECKING:
    from annlab.lab.ledger import Row
    from annlab.lab.results import Record, Results
    from annlab.lab.study import Design, Study

__all__ = ["Evidence", "MappingError", "NotRun", "Sample", "stand_in", "targets"]


class MappingError(ValueError):
    """A mapping that does not find what it names in the study; a mistake in the study file."""


class NotRun(Exception):  # noqa: N818 - it reports a state, not an error
    """No stored run answers. `rank` orders reasons by how much they tell: 0 stale, 1 scaled, 2 nothing stored."""

    def __init__(self, reason: str, rank: int = 2) -> None:
        super().__init__(reason)
        self.reason, self.rank = reason, rank


@dataclass(frozen=True)
class Sample:
    """Values by replicate in the ledger's unit, with how they are compared.

    Attributes:
        values: by replicate, NaN or infinity where the run measured that (it diverged).
        scale: scale of comparison.
        better: which way is better, if the study says.
        unit: what one is in the ledger's unit: 100 for per cent.
        failed: replicates without an outcome because their job failed.
        complete: whether all replicates of the profile are there or failed.
        trials, exact: see `Value`.
        pooled: spread shared with other cells on `scale`, where the sample is small.
    """

    values: Mapping[int, float] = field(hash=False)
    scale: str = "linear"
    better: str | None = None
    unit: float = 1.0
    failed: int = 0
    complete: bool = True
    trials: int | None = None
    exact: bool = False
    discrete: bool = False
    pooled: Pooled | None = None

    @property
    def finite(self) -> np.ndarray:
        """The finite values, in the order of replicates."""
        x = np.array([self.values[replicate] for replicate in sorted(self.values)], dtype=float)
        return np.asarray(x[np.isfinite(x)])

    @property
    def lost(self) -> int:
        """Replicates that failed or gave no finite number."""
        return self.failed + len(self.values) - len(self.finite)


def targets(design: "Design", wanted: Mapping[str, Any], single: bool = True) -> list[Cell]:
    """Cells of a design with the wanted parameters. Raises `MappingError` where there is none, or, with `single`, more than one."""
    found = [cell for cell in design.cells if cell.matches(wanted)]
    if not found or (single and len(found) > 1):
        shown = ", ".join(f"{name}={value!r}" for name, value in wanted.items()) or "no condition"
        open_names = [name for name in _varying(found) if name not in wanted]
        hint = f"; also name {', '.join(open_names)}" if open_names else ""
        raise MappingError(f"{len(found)} cells of profile {design.profile!r} match {shown}{hint}")
    return found


class Evidence:
    """Stored results of one profile, asked for the cells of the ``full`` profile.

    Args:
        study: the study.
        results: what is stored of one profile.
        full: the design of the ``full`` profile.
    """

    def __init__(self, study: "Study", results: "Results", full: "Design | None" = None) -> None:
        self.study, self.results, self.profile = study, results, results.profile
        self.full = full or study.design("full")
        self._identities: dict[int, tuple[Cell, str]] = {}  # making one costs more than all else here
        self._records: dict[tuple[str, str], list[Record]] = {}
        for record in results.records:
            self._records.setdefault((record.stage, self._identity(record.cell)), []).append(record)
        self._cells = {self._identity(cell): cell for cell in results.cells}
        self._settings = {self._identity(cell): as_dict(cell.params) for cell in (*self.full.cells, *results.cells)}

    def sample(self, value: Value, wanted: Mapping[str, Any], row: "Row", free: frozenset[str], pool: Any = None) -> Sample:
        """Values of `value` in the cell of the ``full`` profile with the wanted parameters.

        Raises:
            NotRun: where the cell is not stored, stored by other code, or stored only with other parameters or stand-in data.
            MappingError: where `wanted` does not find exactly one cell, or the value is not in the outcomes.
        """
        wanted = {**wanted, **resolve_cell(value.where, row)}
        if isinstance(value, Selected):
            choices = self.choices(wanted, free)
            chosen = {replicate: _number(value.of(cell.params)) for replicate, cell in choices.items()}
            return Sample(
                chosen, value.scale or "linear", value.better, discrete=True, complete=len(chosen) >= self.results.design.replicates
            )
        records = self._final(wanted, free) if value.stage == "final" else self._usable(self._locate(targets(self.full, wanted)[0], free))
        described = value.described_by(self.study.metrics)
        scale = value.scale or (described.scale if described else "linear")
        measured_in = described.unit if described else ""
        factor = value.factor or _factor(measured_in, row.unit)
        unit = 100.0 if row.unit == "%" else 1.0
        values = {record.replicate: value.read(record.outcome) * factor for record in records if record.outcome}
        sample = Sample(
            values=values,
            scale=scale,
            better=value.better or (described.better if described else None),
            unit=unit,
            failed=sum(record.failure is not None and record.outcome is None for record in records),
            complete=self._accounted(records, value.stage),
            trials=value.trials,
            exact=value.exact,
        )
        if len(sample.finite) < 5 and not value.exact:
            return replace(sample, pooled=self._pooled(value, scale, unit, factor, resolve_cell(pool, row)))
        return sample

    def choices(self, wanted: Mapping[str, Any], free: frozenset[str]) -> dict[int, Cell]:
        """The cell that each replicate selects, among all candidates of the ``full`` profile that match."""
        selection = self.study.select
        if selection is None:
            raise MappingError(f"study {self.study.name!r} selects nothing")
        held: dict[int, list[tuple[float, Cell]]] = {}
        for target in targets(self.full, {**selection.among, **wanted}, single=False):
            cell = self._locate(target, free)
            for record in self._usable(cell):
                if record.outcome and math.isfinite(score := float(record.outcome.metrics[selection.metric])):
                    held.setdefault(record.replicate, []).append((-score if selection.higher else score, cell))
        return {replicate: min(scores, key=lambda pair: pair[0])[1] for replicate, scores in held.items()}

    def narrowed(self, wanted: Mapping[str, Any], free: frozenset[str]) -> "Results":
        """The results of all cells of the ``full`` profile that match, for a test of one's own."""
        from annlab.lab.results import Results

        cells = [self._locate(target, free) for target in targets(self.full, wanted, single=False)]
        records = [record for cell in cells for record in self._usable(cell)]
        design = replace(self.results.design, cells=tuple(cells))
        return Results(self.study, design, records, provenance=self.results.provenance)

    def _locate(self, target: Cell, free: frozenset[str]) -> Cell:
        """The cell of this profile that equals `target` but for free parameters; `NotRun` names what else differs."""
        nearest = self._cells.get(self._identity(target)) or self._nearest(target, free)
        differences = self._differences(nearest, target, free)
        if differences:
            stored = any(record.outcome for record in self._records.get(("trial", self._identity(nearest)), ()))
            raise NotRun(f"scaled: the {self.profile} profile has {', '.join(differences)}", 1 if stored else 2)
        for name in self.study.data_of(nearest.params):
            if sentence := stand_in(name):
                raise NotRun(f"stand-in data: {sentence}", 1)
        return nearest

    def _nearest(self, target: Cell, free: frozenset[str]) -> Cell:
        if not self._cells:
            raise NotRun("not run")
        theirs, best, nearest = self._settings[self._identity(target)], (math.inf, math.inf), target
        for cell in self._cells.values():
            unlike = [name for name, value in self._settings[self._identity(cell)].items() if value != theirs[name]]
            if (distance := (sum(name not in free for name in unlike), len(unlike))) < best:
                best, nearest = distance, cell
        return nearest

    def _identity(self, cell: Cell) -> str:
        known = self._identities.get(id(cell))
        if known is None:
            known = self._identities[id(cell)] = (cell, cell.identity)  # holding the cell keeps its id taken
        return known[1]

    def _differences(self, cell: Cell, target: Cell, free: Iterable[str] = ()) -> list[str]:
        ours, theirs = self._settings[self._identity(cell)], self._settings[self._identity(target)]
        return [f"{name} {ours[name]} instead of {theirs[name]}" for name in ours if name not in free and ours[name] != theirs[name]]

    def _usable(self, cell: Cell, stage: str = "trial") -> "list[Record]":
        held = [record for record in self._records.get((stage, self._identity(cell)), ()) if record.outcome or record.failure]
        if not held:
            raise NotRun("not run")
        fresh = [record for record in held if not record.stale]
        if not fresh:
            raise NotRun("stale: the code has changed since these results were computed", 0)
        return fresh

    def _final(self, wanted: Mapping[str, Any], free: frozenset[str]) -> "list[Record]":
        if self.study.select is None:
            raise MappingError(f"study {self.study.name!r} has no final stage")
        for target in targets(self.full, self.study.select.among, single=False):
            self._usable(self._locate(target, free))  # the choice was made among all candidates, or this raises
        ran = {self._identity(record.cell): record.cell for record in self.results.records if record.stage == "final"}
        allowed = targets(self.full, wanted, single=False)
        for cell in ran.values():
            self._settings.setdefault(self._identity(cell), as_dict(cell.params))
            if any(not self._differences(cell, target, free) for target in allowed):
                return self._usable(cell, "final")
        if ran:
            cell = next(iter(ran.values()))
            nearest = min(allowed, key=lambda target: len(self._differences(cell, target, free)))
            raise NotRun(f"the final stage ran with {', '.join(self._differences(cell, nearest, free))}", 1)
        raise NotRun("the final stage has not run")

    def _accounted(self, records: "Sequence[Record]", stage: str) -> bool:
        wanted = self.results.design.final_replicates if stage == "final" else self.results.design.replicates
        return len({record.replicate for record in records}) >= wanted

    def _pooled(self, value: Value, scale: str, unit: float, factor: float, pool: Mapping[str, Any]) -> Pooled | None:
        from annlab.lab.statistics import SCALES

        groups = []
        for (stage, _), records in self._records.items():
            if stage != value.stage or not records[0].cell.matches(pool):
                continue
            try:
                x = np.array([value.read(record.outcome) for record in records if record.outcome and not record.stale]) * factor / unit
            except UsageError:  # a metric of other cells only
                continue
            x = x[np.isfinite(x)]
            if len(x) > 1 and SCALES[scale].fits(x):
                groups.append(SCALES[scale].forward(x))
        pooled = pooled_sd(groups)
        return pooled if pooled.freedom >= 4 else None


def stand_in(name: str) -> str | None:
    """The sentence of a data set that takes the place of another, or None."""
    from annlab.data import describe, names

    return describe(name).stand_in if name in names() else None


def _factor(ours: str, theirs: str) -> float:
    if theirs == "%" and ours in ("fraction", "1"):
        return 100.0
    return 0.01 if theirs == "fraction" and ours == "%" else 1.0


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise MappingError(f"selected(...) must give a number, got {value!r}; use selects(...) for names")
    return float(value)


def _varying(cells: Sequence[Cell]) -> list[str]:
    settings = [as_dict(cell.params) for cell in cells]
    return [name for name in (settings[0] if settings else {}) if any(each[name] != settings[0][name] for each in settings)]
