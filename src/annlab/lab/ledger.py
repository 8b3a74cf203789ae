"""The ledger of claims: what five course reports state, row by row, as package data."""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any, Literal

from annlab.errors import unknown_name

__all__ = ["KINDS", "LedgerError", "Row", "experiments", "ledger", "parse_ledger", "row", "rows"]

Kind = Literal["measured", "derived", "qualitative"]
KINDS = ("measured", "derived", "qualitative")
COMPARISONS = ("", "approx", "equal", "at-least", "at-most")
RELATIONS = ("greater-than", "less-than")
COLUMNS = ("id", "experiment", "source", "section", "kind", "quantity", "value", "unit", "comparison", "config", "statement")
NUMBER = re.compile(r"[+-]?\d+(?:\.(\d*))?(?:[eE]([+-]?\d+))?")


class LedgerError(ValueError):
    """The ledger breaks one of its own rules; the message names the row."""


@dataclass(frozen=True)
class Row:
    """One claim, as a report makes it.

    Attributes:
        id: stable slug, ``experiment.detail``.
        experiment: name of the study that answers it.
        source: the reports that state it.
        section: number of the exercise in each report.
        kind: ``measured`` (read from a run), ``derived`` (follows by calculation) or ``qualitative``.
        quantity: what is stated.
        text: the value as printed, empty where the report prints none.
        value: the same as a number, or None.
        unit: unit of the value.
        comparison: ``approx``, ``equal``, ``at-least``, ``at-most``, ``greater-than:<id>``, ``less-than:<id>`` or empty.
        config: the configuration that the report gives.
        statement: the claim in the ledger's words.
    """

    id: str
    experiment: str
    source: str
    section: str
    kind: Kind
    quantity: str
    text: str
    value: float | None
    unit: str
    comparison: str
    config: Mapping[str, Any] = field(hash=False)
    statement: str

    @property
    def half_digit(self) -> float:
        """Half a unit in the last printed digit: what rounding may have hidden. 0.05 for ``2.3``, 0.5 for ``200``, 0 without a value."""
        found = NUMBER.fullmatch(self.text)
        if not found:
            return 0.0
        decimals, exponent = len(found[1] or ""), int(found[2] or 0)
        return float(f"5e{exponent - decimals - 1}")

    @property
    def relation(self) -> tuple[str, str] | None:
        """``("greater-than" or "less-than", id of the other row)``, or None."""
        name, colon, other = self.comparison.partition(":")
        return (name, other) if colon else None


def rows(experiment: str) -> tuple[Row, ...]:
    """Rows of one experiment in the ledger's order; empty for a study that no report has."""
    return tuple(row for row in ledger().values() if row.experiment == experiment)


def row(identifier: str) -> Row:
    """The row of that id. Raises `UsageError` with the nearest id for an unknown one."""
    found = ledger().get(identifier)
    if found is None:
        raise unknown_name("claim", identifier, ledger())
    return found


def experiments() -> tuple[str, ...]:
    """Names of the experiments in the ledger's order."""
    return tuple(dict.fromkeys(row.experiment for row in ledger().values()))


@cache
def ledger() -> Mapping[str, Row]:
    """All rows by id, read once and validated. Raises `LedgerError` for a ledger that breaks its rules."""
    return parse_ledger((files("annlab.lab") / "claims.csv").read_bytes().decode("utf-8"))


def parse_ledger(text: str) -> dict[str, Row]:
    """Rows by id from the text of a ledger (comma-separated values with the columns of `Row`).

    Raises:
        LedgerError: for other columns, an id given twice, an unknown kind or comparison, a comparison with a row that does not
            exist, a value that is not a finite number, a configuration that is not a JSON object, an id outside its experiment.
    """
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise LedgerError(f"the ledger has the columns {reader.fieldnames}, wanted {list(COLUMNS)}")
    parsed = [_parse(record) for record in reader]
    _validate(parsed)
    return {row.id: row for row in parsed}


def _parse(record: Mapping[str, str]) -> Row:
    name = record["id"]
    if None in record or None in record.values():
        raise LedgerError(f"{name}: wrong number of fields")
    try:
        config = json.loads(record["config"])
    except json.JSONDecodeError as error:
        raise LedgerError(f"{name}: the configuration is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise LedgerError(f"{name}: the configuration must be a JSON object, got {record['config']}")
    text = record["value"]
    if text and not (NUMBER.fullmatch(text) and math.isfinite(float(text))):
        raise LedgerError(f"{name}: the value must be a number, got {text!r}")
    if record["kind"] not in KINDS:
        raise LedgerError(f"{name}: unknown kind {record['kind']!r}; choose from {', '.join(KINDS)}")
    plain = {column: record[column] for column in COLUMNS if column not in ("value", "config", "kind")}
    return Row(kind=record["kind"], text=text, value=float(text) if text else None, config=config, **plain)  # type: ignore[arg-type]


def _validate(parsed: Iterable[Row]) -> None:
    rows = list(parsed)
    for name, times in Counter(row.id for row in rows).items():
        if times > 1:
            raise LedgerError(f"{name}: the id occurs {times} times")
    known = {row.id for row in rows}
    for row in rows:
        if not row.id.startswith(row.experiment + "."):
            raise LedgerError(f"{row.id}: the id does not begin with its experiment {row.experiment!r}")
        if row.relation:
            relation, other = row.relation
            if relation not in RELATIONS or other not in known or other == row.id:
                raise LedgerError(f"{row.id}: comparison {row.comparison!r} refers to no other row")
        elif row.comparison not in COMPARISONS:
            raise LedgerError(f"{row.id}: unknown comparison {row.comparison!r}")
        elif (row.comparison != "") is not (row.value is not None):
            raise LedgerError(f"{row.id}: a comparison without another row goes with a value, and a value with a comparison")
        if row.kind == "measured" and row.value is None:
            raise LedgerError(f"{row.id}: a measured row needs a value")
