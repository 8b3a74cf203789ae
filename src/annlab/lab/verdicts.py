"""Verdicts: what our measurements say to each claim of the ledger."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from annlab.lab.results import Results
    from annlab.lab.store import Store
    from annlab.lab.study import Study

__all__ = ["FIELDS", "VERDICTS", "Summary", "Verdict", "as_records", "judge", "summary", "verify"]

VerdictName = Literal["reproduced", "refuted", "exceeded", "undecided", "untestable", "not-run"]
VERDICTS: tuple[VerdictName, ...] = ("reproduced", "refuted", "exceeded", "undecided", "untestable", "not-run")
FIELDS = ("id", "study", "kind", "verdict", "claimed", "measured", "low", "high", "n", "reason", "profile")
ORDER = ("full", "standard", "quick")  # profiles asked, the most telling first


@dataclass(frozen=True)
class Verdict:
    """The answer to one row of the ledger.

    Attributes:
        id, study, kind, statement, source, unit: of the row.
        verdict: one of `VERDICTS`.
        claimed: the number claimed, in `unit`.
        measured: our mean in `unit` (back from the scale of comparison); for a qualitative row the mean paired difference (a ratio
            on the log scale, an odds ratio on the logit scale), or the share of replicates.
        low, high: 95 % prediction interval of one new run for a measured row (the extremes of our runs where they are whole or
            chosen numbers), 95 % interval of the mean for a qualitative one.
        n: replicates, or pairs.
        reason: one or two sentences.
        profile: the profile whose results answer; None where nothing was run or needs to be.
        cost_seconds: for `not-run`, roughly how long one worker needs.
        command: for `not-run`, what computes it.
        risk: probability that a true claim is refuted here by chance.
    """

    id: str
    study: str
    kind: str
    verdict: VerdictName
    reason: str
    claimed: float | None = None
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    profile: str | None = None
    statement: str = ""
    source: str = ""
    unit: str = ""
    cost_seconds: float | None = None
    command: str | None = None
    risk: float = 0.0

    def record(self) -> dict[str, Any]:
        """The eleven fields of `FIELDS` as JSON values: absent or non-finite numbers are None; cost and command close the reason."""
        values = {name: getattr(self, name) for name in FIELDS}
        for name, value in values.items():
            if isinstance(value, float) and not math.isfinite(value):
                values[name] = None
        if self.command:
            cost = f"; about {self.cost_seconds:.0f} s" if self.cost_seconds is not None else ""
            values["reason"] = f"{self.reason}{cost}: {self.command}"
        return values


@dataclass(frozen=True)
class Summary:
    """How many verdicts of each kind, and how many refutations chance alone would make if every claim were true."""

    counts: Mapping[str, int] = field(hash=False)
    expected_false_refutations: float

    def __str__(self) -> str:
        counted = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        return f"{counted or 'no claims'}; at most {self.expected_false_refutations:.1f} false refutations expected by chance"


def as_records(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """The verdicts as `annlab verify --format json` prints them."""
    return [verdict.record() for verdict in verdicts]


def summary(verdicts: Iterable[Verdict]) -> Summary:
    """Counts by verdict in the order of `VERDICTS`, and the expected number of false refutations."""
    found = list(verdicts)
    counts = Counter(verdict.verdict for verdict in found)
    return Summary({name: counts[name] for name in VERDICTS}, math.fsum(verdict.risk for verdict in found))


def judge(study: "Study", results: "Mapping[str, Results] | Sequence[Results] | Results") -> list[Verdict]:
    """Verdicts on the study's ledger rows in the ledger's order.

    Args:
        study: the study with its mappings.
        results: what is stored, by profile, in the order in which profiles are asked (or in one list, or of one profile).

    Raises:
        ValueError: for mappings that do not cover the study's rows once each, or do not find their cells; see `claims.check`.
    """
    from annlab.lab.judgement import judge_rows

    if isinstance(results, Mapping):
        return judge_rows(study, list(results.values()))
    return judge_rows(study, list(results) if isinstance(results, Sequence) else [results])


def verify(
    studies: "Sequence[Study | str | Path] | None" = None,
    profile: str | None = None,
    store: "Store | None" = None,
    *,
    device: str = "cpu",
    seed: int = 0,
) -> list[Verdict]:
    """Verdicts on the ledger from what is stored; nothing is computed.

    Args:
        studies: studies or their names; all that have mappings by default.
        profile: ask only this profile; by default ``full``, then ``standard``, then ``quick``.
        store: where results are kept.
        device: device type of the runs asked.
        seed: root seed of the runs asked.

    Raises:
        UsageError: for an unknown study or profile.
    """
    from annlab.errors import unknown_name
    from annlab.lab.discover import catalogue, load_study
    from annlab.lab.ledger import rows
    from annlab.lab.run import load

    if profile is not None and profile not in ORDER:
        raise unknown_name("profile", profile, ORDER)
    asked = [card.name for card in catalogue()] if studies is None else list(studies)
    verdicts = []
    for each in asked:
        study = load_study(each) if isinstance(each, str | Path) else each
        if rows(study.name):
            held = [load(study, name, device=device, seed=seed, store=store) for name in ([profile] if profile else ORDER)]
            verdicts += judge(study, held)
    return verdicts
