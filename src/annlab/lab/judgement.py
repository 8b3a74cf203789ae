"""Judgement of a study's ledger rows: which profile answers each, and the verdict by its kind."""

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from annlab.errors import UsageError
from annlab.lab.claims import Mapped, mapped
from annlab.lab.comparison import Compared, compare_exactly, compare_sample
from annlab.lab.evidence import Evidence, MappingError, NotRun, Sample
from annlab.lab.inference import MINIMUM, Tested, compared, evaluate
from annlab.lab.mapping import HARDWARE, other_row, required
from annlab.lab.params import as_dict
from annlab.lab.statistics import Interval, Pooled, holm
from annlab.lab.values import Derived, Untestable, Value
from annlab.lab.verdicts import Verdict

if TYPE_CHECKING:
    from annlab.lab.grid import Cell
    from annlab.lab.results import Results
    from annlab.lab.study import Design, Study

__all__ = ["judge_rows"]

ALPHA = 0.05


@dataclass(frozen=True)
class _Answer:
    """What one profile says to a row: one finding for each variant, None where that variant is not run; the first is there."""

    profile: str
    found: tuple[Sample | Tested | None, ...]

    @property
    def complete(self) -> bool:
        return all(each is not None and each.complete for each in self.found)

    @property
    def enough(self) -> bool:
        first = self.found[0]
        return isinstance(first, Tested | Sample) and (_size(first) >= MINIMUM or getattr(first, "exact", False))


def judge_rows(study: "Study", results: "Sequence[Results]") -> list[Verdict]:
    """Verdicts on the study's rows in the ledger's order, from the stored results of several profiles, the first asked first."""
    found = mapped(study)
    full = study.design("full")
    profiles = [Evidence(study, each, full) for each in results]
    verdicts: dict[str, Verdict] = {}
    tests: dict[str, _Answer] = {}
    for each in found.values():
        try:
            judged = _row(full, each, found, profiles)
        except (MappingError, UsageError, KeyError) as error:
            raise MappingError(f"claim {each.row.id}: {error}") from error
        if isinstance(judged, _Answer):
            tests[each.row.id] = judged
        else:
            verdicts[each.row.id] = judged
    verdicts |= _tested_rows(found, tests)
    return [verdicts[name] for name in found]


def _row(full: "Design", each: Mapped, found: Mapping[str, Mapped], profiles: Sequence[Evidence]) -> "Verdict | _Answer":
    """The verdict on one row, or the test results that wait for the correction over the whole study."""
    row, answer, other = each.row, each.claim.answer, other_row(each, found)
    if isinstance(answer, Untestable):
        return _verdict(each, "untestable", answer.reason)
    if isinstance(answer, Derived) and not row.relation:
        return _derived(each, answer.function(row))
    read = _comparing(each, other) if isinstance(answer, Value | Derived) and row.relation else _reading(each, other)
    if row.relation and isinstance(answer, Derived) and other and isinstance(other.claim.answer, Derived):
        return _Answer("", (compared(float(answer.function(row)), float(other.claim.answer.function(other.row)), each),))
    try:
        chosen = _first_answer(each, profiles, read)
    except NotRun as state:
        return _not_run(full, each, found, state)
    return chosen if row.kind == "qualitative" else _measured(each, other, chosen)


def _reading(each: Mapped, other: Mapped | None) -> "Callable[[Evidence, int], Sample | Tested]":
    row, mapping = each.row, each.claim

    def read(evidence: Evidence, variant: int) -> Sample | Tested:
        if not isinstance(mapping.answer, Value):
            assert not isinstance(mapping.answer, Derived | Untestable)
            return evaluate(mapping.answer, evidence, row, each.cells[variant], mapping.free)
        sample = evidence.sample(mapping.answer, each.cells[variant], row, mapping.free, mapping.pool)
        if other:
            return _relative(sample, _side(other, evidence, mapping.variants[variant]), other)
        return replace(sample, exact=True) if row.kind == "derived" else sample

    return read


def _comparing(each: Mapped, other: Mapped | None) -> "Callable[[Evidence, int], Sample | Tested]":
    assert other is not None

    def read(evidence: Evidence, variant: int) -> Sample | Tested:
        ours = _side(replace(each, cells=(each.cells[variant],)), evidence, {})
        return compared(ours, _side(other, evidence, each.claim.variants[variant]), each)

    return read


def _side(each: Mapped, evidence: Evidence, variant: Mapping[str, Any]) -> Sample | float:
    answer = each.claim.answer
    if isinstance(answer, Derived):
        return float(answer.function(each.row))
    if not isinstance(answer, Value):
        raise MappingError(f"{each.row.id}, with which it is compared, has no value")
    return evidence.sample(answer, {**each.cells[0], **variant}, each.row, each.claim.free)


def _relative(sample: Sample, base: Sample | float, other: Mapped) -> Sample:
    """`sample` divided by `base` in each replicate, in the time base of the report: times the value the report states for `base`.

    On the log scale a quotient is a difference, and its pooled spread that of two independent runs: what a replicate does to both alike
    is counted twice, so the interval is rather too wide.
    """
    assert other.row.value is not None
    held = base.values if isinstance(base, Sample) else dict.fromkeys(sample.values, base)
    values = {key: value / held[key] * other.row.value if held[key] else math.nan for key, value in sample.values.items() if key in held}
    failed = sample.failed + (base.failed if isinstance(base, Sample) else 0)
    complete = sample.complete and (not isinstance(base, Sample) or base.complete)
    pooled = None
    if sample.scale == "log" and sample.pooled and isinstance(base, Sample) and base.scale == "log" and base.pooled:
        spread = math.hypot(sample.pooled.std, base.pooled.std)
        pooled = Pooled(spread, min(sample.pooled.freedom, base.pooled.freedom))
    return replace(sample, values=values, failed=failed, complete=complete, pooled=pooled)


def _first_answer(each: Mapped, profiles: Sequence[Evidence], read: "Callable[[Evidence, int], Sample | Tested]") -> _Answer:
    """The first profile with all replicates of all variants, else the first with enough replicates, else the first with any."""
    answers, states = [], []
    for evidence in profiles:
        found: list[Sample | Tested | None] = []
        for variant in range(len(each.cells)):
            try:
                found.append(read(evidence, variant))
            except NotRun as state:
                found.append(None)
                if variant == 0:
                    states.append(state)
                    break
        if found[0] is not None:
            answers.append(_Answer(evidence.profile, tuple(found)))
            if answers[-1].complete and answers[-1].enough:
                return answers[-1]
    if answers:
        return next((answer for answer in answers if answer.enough), answers[0])
    raise min(states, key=lambda state: state.rank) if states else NotRun("not run")


def _derived(each: Mapped, value: Any) -> Verdict:
    row = each.row
    holds, instead = value if isinstance(value, tuple) else (value, "")
    if row.value is None:
        if not isinstance(holds, bool):
            raise MappingError(f"the row states no number, so the calculation must give a truth value, got {value!r}")
        reason = "recomputed" if holds else "recomputed, it does not hold"
        return _verdict(each, "reproduced" if holds else "refuted", f"{reason}: {instead}" if instead else reason)
    if isinstance(value, bool | tuple) or not math.isfinite(float(value)):
        raise MappingError(f"the row states a number, so the calculation must give one, got {value!r}")
    return _from(each, compare_exactly(row, float(value)), None)


def _measured(each: Mapped, other: Mapped | None, answer: _Answer) -> Verdict:
    row = each.row
    assert row.value is not None
    half = row.half_digit
    if other and other.row.value:
        half += abs(row.value / other.row.value) * other.row.half_digit  # the report's reference is rounded as well
    found = [
        compare_sample(row, row.value, half, each_found, each.claim.tolerance) if isinstance(each_found, Sample) else None
        for each_found in answer.found
    ]
    first = found[0]
    assert first is not None
    if not _open(each) or first.verdict in ("reproduced", "undecided"):
        return _from(each, first, answer.profile, _label(each))
    outside = [one is not None and one.verdict in ("refuted", "exceeded") for one in found]
    if len(found) > 1 and all(outside) and HARDWARE not in each.claim.chosen:
        same = len({one.verdict for one in found if one is not None}) == 1
        agreed = first if same else replace(first, verdict="refuted")
        return _from(each, agreed, answer.profile, f", and outside in all {len(found)} variants of {_open(each)}")
    return _from(
        each,
        replace(first, verdict="undecided", risk=0.0),
        answer.profile,
        f"; outside, but the set-up is not stated: {_unsettled(each, found)}",
    )


def _tested_rows(found: Mapping[str, Mapped], tests: Mapping[str, _Answer]) -> dict[str, Verdict]:
    """Verdicts on the qualitative rows, corrected by Holm over all tests of the study."""
    combined = {name: _combined(found[name], answer) for name, answer in tests.items()}
    family = [name for name, test in combined.items() if test.p_value < 1 or test.shown < 1 or test.contrary < 1]
    adjusted = dict(zip(family, holm([combined[name].p_value for name in family]).tolist(), strict=True))
    verdicts = {}
    for name, test in combined.items():
        each, answer = found[name], tests[name]
        p, first = adjusted.get(name, 1.0), answer.found[0]
        assert isinstance(first, Tested)
        reason = test.text + (f"; p = {p:.2g} over {len(family)} tests" if name in adjusted and test.p_value > 0 else "")
        if p <= ALPHA:
            verdict = "reproduced" if test.shown < test.contrary else "refuted"
            reason += _label(each) if verdict == "reproduced" else ""
        else:
            verdict = "undecided"
            if first.contrary <= ALPHA / 2 < test.contrary:
                reason += f"; the contrary, but the set-up is not stated: {_unsettled(each, answer.found)}"
        risk = ALPHA / 2 / len(family) if name in adjusted and test.n and p > 0 else 0.0
        bounds = test.interval if test.n else Interval(math.nan, math.nan, math.nan, 0, math.nan)
        result = Compared(verdict, reason, bounds.mean, bounds.low, bounds.high, test.n, risk)  # type: ignore[arg-type]
        verdicts[name] = _from(each, result, answer.profile or None)
    return verdicts


def _combined(each: Mapped, answer: _Answer) -> Tested:
    """Shown by the first variant; the contrary only where every variant offered shows it."""
    first = answer.found[0]
    assert isinstance(first, Tested)
    if not _open(each):
        return first
    contrary = max(one.contrary if isinstance(one, Tested) else 1.0 for one in answer.found) if len(answer.found) > 1 else 1.0
    return replace(first, contrary=contrary)


def _open(each: Mapped) -> str:
    """Names of the settings that the report leaves out, empty where it leaves out none."""
    varied = [name for variant in each.claim.variants for name in variant]
    return ", ".join(dict.fromkeys([*each.claim.chosen, *varied]))


def _unsettled(each: Mapped, found: Sequence[object]) -> str:
    if len(found) == 1 or HARDWARE in each.claim.chosen:
        return f"{_open(each)} chosen by us, without an alternative"
    missing = sum(one is None for one in found)
    return f"{_open(each)}" + (f", {missing} of {len(found)} variants not run" if missing else ", and other variants are not outside")


def _label(each: Mapped) -> str:
    shown = ", ".join(f"{name} {value}" for name, value in each.claim.variants[0].items())
    return f" with {shown}" if shown else ""


def _not_run(full: "Design", each: Mapped, found: Mapping[str, Mapped], state: NotRun) -> Verdict:
    study, cells = full.study, required(full.study, full, each, found)
    command = ["annlab", "run", study.name, "--profile", "full", *(_where(full, cells)), *(["--fresh"] if state.rank == 0 else [])]
    verdict = _verdict(each, "not-run", state.reason)
    return replace(verdict, cost_seconds=_cost(full, cells), command=shlex.join(command))


def _where(full: "Design", cells: "Sequence[Cell]") -> list[str]:
    """Conditions that keep the needed cells of the ``full`` profile: a named case, or parameters that leave out further cells."""
    named = set.intersection(*(set(cell.names) for cell in cells))
    if named:
        return ["--where", f"case={min(named)}"]
    everything = [as_dict(cell.params) for cell in full.cells]
    needed = [as_dict(cell.params) for cell in cells]
    options = []
    for name, value in needed[0].items():
        kept = [each for each in everything if each[name] == value]
        if len(kept) < len(everything) and all(each[name] == value for each in needed):
            everything = kept
            options += ["--where", f"{name}={_written(value)}"]
    return options


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ",".join(map(_written, value)) + ")"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _cost(full: "Design", cells: "Sequence[Cell]") -> float | None:
    study, replicates = full.study, full.replicates
    if study.cost is None:
        return None
    blocks = math.ceil(replicates / study.block)
    return math.fsum(study.cost(cell.params) * (blocks if study.is_stacked(cell.params) else replicates) for cell in cells)


def _size(found: Sample | Tested) -> int:
    return found.n if isinstance(found, Tested) else len(found.finite)


def _verdict(each: Mapped, verdict: Any, reason: str) -> Verdict:
    row = each.row
    return Verdict(row.id, row.experiment, row.kind, verdict, reason, row.value, statement=row.statement, source=row.source, unit=row.unit)


def _from(each: Mapped, result: Compared, profile: str | None, addition: str = "") -> Verdict:
    numbers = [None if value is None or not math.isfinite(value) else value for value in (result.measured, result.low, result.high)]
    verdict = _verdict(each, result.verdict, result.reason + addition)
    return replace(verdict, measured=numbers[0], low=numbers[1], high=numbers[2], n=result.n, profile=profile, risk=result.risk)
