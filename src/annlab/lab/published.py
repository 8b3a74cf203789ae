"""The verdict table that ships with annlab: generated from stored jobs, dated, its device and versions named."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from annlab.lab.verdicts import Verdict

__all__ = ["Published", "merge", "published", "read", "save"]

FILE = "published.json"


@dataclass(frozen=True)
class Published:
    """Published verdicts, by study: where and when each study's were computed, and the verdicts themselves.

    Attributes:
        made: for each study its ``date``, ``device`` and ``versions``.
        verdicts: of all studies, in the ledger's order within each.
    """

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: "tuple[Verdict, ...]" = ()

    def of(self, study: str) -> "dict[str, Verdict]":
        """Verdicts of one study by claim."""
        return {verdict.id: verdict for verdict in self.verdicts if verdict.study == study}

    def label(self, study: str) -> str:
        """Where and when the study's verdicts were computed, for a caption; empty where none are published."""
        made = self.made.get(study)
        return f"{made['date']}, {made['device']}, torch {made['versions'].get('torch', 'unknown')}" if made else ""


@cache
def published() -> Published:
    """The table that ships with this version; empty where none was generated yet."""
    return read(files("annlab.lab") / FILE)


def read(place: "Path | Traversable") -> Published:
    """The table in a file; empty where there is none."""
    from annlab.lab.verdicts import Verdict

    if not place.is_file():
        return Published()
    content = json.loads(place.read_text(encoding="utf-8"))
    return Published(content["made"], tuple(Verdict(**record) for record in content["verdicts"]))


def merge(old: Published, verdicts: "Sequence[Verdict]", device: str, versions: dict[str, str]) -> Published:
    """`old` with the verdicts of the studies in `verdicts` in place of theirs, made today on `device`."""
    new = {verdict.study for verdict in verdicts}
    entry = {"date": datetime.now(UTC).date().isoformat(), "device": device, "versions": versions}
    made = {name: there for name, there in old.made.items() if name not in new} | dict.fromkeys(new, entry)
    kept = [verdict for verdict in old.verdicts if verdict.study not in new]
    return Published(dict(sorted(made.items())), tuple(sorted([*kept, *verdicts], key=lambda verdict: verdict.study)))


def save(table: Published, path: Path) -> None:
    """Write the table as JSON, one line a verdict, for review in a diff."""
    lines = ",\n".join("  " + json.dumps(verdict.record(), ensure_ascii=False, allow_nan=False) for verdict in table.verdicts)
    head = json.dumps(table.made, ensure_ascii=False, sort_keys=True)
    path.write_text(f'{{"made": {head},\n "verdicts": [\n{lines}\n]}}\n', encoding="utf-8")
