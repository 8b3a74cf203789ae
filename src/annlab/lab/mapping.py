"""Mappings against a study's design: the cells that a row needs, and what is wrong with them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from annlab.errors import UsageError
from annlab.lab.contrasts import AllOf, AnyOf, Contrast, Custom, Equal, Extreme, Selects, Trend
from annlab.lab.evidence import MappingError, stand_in, targets
from annlab.lab.params import as_dict
from annlab.lab.values import Derived, Selected, Untestable, Value, resolve_cell

if TYPE_CHECKING:
    from annlab.lab.claims import Mapped
    from annlab.lab.grid import Cell
    from annlab.lab.ledger import Row
    from annlab.lab.study import Design, Study

__all__ = ["HARDWARE", "other_row", "problems_of", "required"]

HARDWARE = "hardware"  # among what a mapping says to be chosen by us: a setting of every run that is no parameter


def required(study: "Study", full: "Design", each: "Mapped", found: "Mapping[str, Mapped]") -> "list[Cell]":
    """Cells of the design `full` that the row needs in all its variants, each once.

    Raises:
        MappingError: where a cell is not found, or not exactly one.
        UsageError: for a parameter that the study has not.
    """
    cells = [cell for wanted in each.cells for cell in _cells(study, full, each.claim.answer, wanted, each.row)]
    other = other_row(each, found)
    if other:
        cells += _cells(study, full, other.claim.answer, other.cells[0], other.row)
    return list({cell.identity: cell for cell in cells}.values())


def other_row(each: "Mapped", found: "Mapping[str, Mapped]") -> "Mapped | None":
    """The row that this one is compared with: the one its comparison names (unless it has a test of its own), or `relative_to`."""
    if each.row.relation and isinstance(each.claim.answer, Value | Derived):
        name: str | None = each.row.relation[1]
    else:
        name = each.claim.relative_to
    if name is not None and name not in found:
        raise MappingError(f"the row {name!r} that it is compared with is not mapped")
    return found[name] if name is not None else None


def problems_of(study: "Study", full: "Design", each: "Mapped", found: "Mapping[str, Mapped]") -> list[str]:
    """What is wrong with the mapping of one row, in sentences."""
    row, mapping = each.row, each.claim
    answer, problems = mapping.answer, list[str]()
    if isinstance(answer, Untestable):
        return problems
    if row.kind != "qualitative" and not isinstance(answer, Value | Derived):
        problems.append(f"a {row.kind} row takes a value or a calculation, not a test")
    if row.kind == "qualitative" and isinstance(answer, Value) and not row.relation:
        problems.append("a qualitative row that names no other row takes a test")
    counted = row.comparison == "equal" and "." not in row.text
    needs_tolerance = isinstance(answer, Value) and not isinstance(answer, Selected) and not answer.exact and not counted
    if row.kind == "measured" and row.comparison in ("approx", "equal") and needs_tolerance and mapping.tolerance is None:
        problems.append("a measured value needs a tolerance")
    if row.unit == "%" and isinstance(answer, Value) and answer.factor is None and not isinstance(answer, Selected):
        described = answer.described_by(study.metrics)
        if not described or described.unit not in ("%", "fraction", "1"):
            problems.append("a row in % takes a metric whose unit is 'fraction' or '%', or a value with factor=")
    unknown = [name for name in (*(set(mapping.chosen) - {HARDWARE}), *mapping.free) if name not in as_dict(study.params)]
    if unknown:
        problems.append(f"chosen or free names {unknown[0]!r}, which is no parameter")
    try:
        cells = required(study, full, each, found)
        other = other_row(each, found)
    except (MappingError, UsageError, KeyError) as error:
        return [*problems, str(error)]
    if other and not isinstance(other.claim.answer, Value | Derived):
        problems.append(f"{other.row.id}, with which it is compared, has no value")
    names = {name for cell in cells for name in study.data_of(cell.params)}
    return problems + [f"the cell uses the stand-in data {name!r}" for name in sorted(names) if stand_in(name)]


def _cells(study: "Study", full: "Design", answer: Any, wanted: Mapping[str, Any], row: "Row") -> "list[Cell]":
    if isinstance(answer, Value):
        return _value_cells(study, full, answer, {**wanted, **resolve_cell(answer.where, row)})
    if isinstance(answer, Contrast | Equal):
        return [cell for side in (answer.a, answer.b) if isinstance(side, Value) for cell in _cells(study, full, side, wanted, row)]
    if isinstance(answer, Trend | Extreme):
        values = answer.values
        if values is None:
            values = tuple({getattr(cell.params, answer.along): None for cell in targets(full, wanted, single=False)})
        if isinstance(answer, Extreme) and (answer.at not in values or len(values) < 2):
            raise MappingError(f"{answer.at!r} is to be compared with other values of {answer.along!r}, got {list(values)}")
        if isinstance(answer, Trend) and len(values) < 3:
            raise MappingError(f"a trend along {answer.along!r} needs three values or more, got {list(values)}")
        return [cell for value in values for cell in _cells(study, full, answer.value, {**wanted, answer.along: value}, row)]
    if isinstance(answer, AllOf | AnyOf):
        return [cell for part in answer.parts for cell in _cells(study, full, part, wanted, row)]
    if isinstance(answer, Selects):
        return _candidates(study, full, wanted)
    return targets(full, wanted, single=False) if isinstance(answer, Custom) else []


def _value_cells(study: "Study", full: "Design", value: Value, wanted: Mapping[str, Any]) -> "list[Cell]":
    if isinstance(value, Selected):
        return _candidates(study, full, wanted)
    if value.stage == "final":
        targets(full, wanted, single=False)
        return _candidates(study, full, {})
    return targets(full, wanted)


def _candidates(study: "Study", full: "Design", wanted: Mapping[str, Any]) -> "list[Cell]":
    if study.select is None:
        raise MappingError(f"study {study.name!r} selects nothing")
    return targets(full, {**study.select.among, **wanted}, single=False)
