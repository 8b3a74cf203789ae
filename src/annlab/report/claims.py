"""Claims of the ledger beside what was measured here, as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from annlab.draw.formats import format_interval, format_number
from annlab.durations import format_duration
from annlab.report.content import ClaimRow

if TYPE_CHECKING:
    from annlab.lab.ledger import Row
    from annlab.lab.published import Published
    from annlab.lab.results import Results
    from annlab.lab.verdicts import Verdict

__all__ = ["claim_rows", "verdicts_of"]

_SIGNS = {"approx": "", "equal": "", "at-least": "≥ ", "at-most": "≤ "}


def verdicts_of(results: "Results", verdicts: Sequence["Verdict"] | None) -> list["Verdict"]:
    """The given verdicts on the study's claims in the ledger's order; without any, those that these results alone give."""
    from annlab.lab.ledger import ledger
    from annlab.lab.verdicts import judge

    study = results.study
    if verdicts is None:
        verdicts = judge(study, {results.profile: results})
    order = {identifier: place for place, identifier in enumerate(ledger())}
    return sorted((one for one in verdicts if one.study == study.name), key=lambda one: order.get(one.id, len(order)))


def claim_rows(results: "Results", verdicts: Sequence["Verdict"], published: "Published") -> tuple[tuple[ClaimRow, ...], str]:
    """Rows for the verdicts on one study, and a note where there are none though the ledger has claims."""
    from annlab.lab.ledger import ledger

    known, name = ledger(), results.study.name
    if not verdicts:
        claimed = sum(row.experiment == name for row in known.values())
        return (), f"The reports make {claimed} claims that concern this study; `annlab verify {name}` judges them." if claimed else ""
    earlier = {identifier: one.verdict for identifier, one in published.of(name).items()}
    return tuple(_row(one, known.get(one.id), earlier.get(one.id, "")) for one in verdicts), ""


def _row(verdict: "Verdict", row: "Row | None", published: str) -> ClaimRow:
    measured, interval = _number(verdict.measured), ""
    if verdict.low is not None and verdict.high is not None and verdict.measured is not None:
        text, _, ends = format_interval(verdict.measured, verdict.low, verdict.high).partition(" [")
        if ends:
            bracket, _, power = ends.partition("]")
            measured, interval = text + power, f"[{bracket}]{power}"
        else:
            measured = format_number(verdict.measured, 4)
    unit = (verdict.unit or (row.unit if row else "")).removeprefix("1")  # 1 is the unit of a pure number
    claimed = f"{_SIGNS.get(row.comparison, '')}{row.text}" if row and row.text else _number(verdict.claimed)
    return ClaimRow(
        id=verdict.id,
        kind=verdict.kind,
        source=(verdict.source or (row.source if row else "")).replace(";", ", "),
        statement=verdict.statement or (row.statement if row else verdict.id),
        claimed=f"{claimed} {unit}".strip() if claimed else "",
        measured=measured,
        interval=interval,
        n="" if verdict.n is None else str(verdict.n),
        verdict=verdict.verdict,
        reason=verdict.reason,
        profile=verdict.profile or "",
        cost=format_duration(verdict.cost_seconds) if verdict.cost_seconds is not None else "",
        command=verdict.command or "",
        published=published,
    )


def _number(value: float | None) -> str:
    return "" if value is None else format_number(value, 4)
