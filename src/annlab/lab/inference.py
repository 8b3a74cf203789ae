"""Inference: p-values of a qualitative claim and of its contrary, from paired differences over replicates."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from annlab.lab.claims import Mapped
from annlab.lab.contrasts import AllOf, Contrary, Contrast, Custom, Equal, Extreme, Selects, TestSpec, Trend
from annlab.lab.evidence import Evidence, MappingError, Sample, targets
from annlab.lab.ledger import Row
from annlab.lab.statistics import SCALES, Interval, mean_interval, paired_test, proportion_interval
from annlab.lab.values import Value

__all__ = ["MINIMUM", "Tested", "compared", "evaluate"]

MINIMUM = 5  # replicates below which nothing is decided
WORDS = {"linear": "difference", "log": "ratio", "logit": "odds ratio"}
LOST = 0.1  # share of pairs without a finite number beyond which nothing is decided


@dataclass(frozen=True)
class Tested:
    """What a test found.

    Attributes:
        shown: p-value of the claim's negation; small where the claim is shown.
        contrary: p-value of the contrary's negation; small where the contrary is shown.
        interval: mean difference with its 95 % interval, back from the scale (a ratio on log, an odds ratio on logit).
        n: pairs.
        text: what was compared and found.
        complete: whether all replicates of the profile are there.
    """

    shown: float
    contrary: float
    interval: Interval
    n: int
    text: str
    complete: bool = True

    @property
    def p_value(self) -> float:
        """Two-sided p-value of the direction."""
        return min(1.0, 2 * min(self.shown, self.contrary))


@dataclass(frozen=True)
class _Asked:
    evidence: Evidence
    row: Row
    wanted: Mapping[str, Any]
    free: frozenset[str]

    def sample(self, operand: Value | float | Sample, **extra: Any) -> Sample | float:
        if isinstance(operand, Value):
            return replace(self.evidence.sample(operand, {**self.wanted, **extra}, self.row, self.free), unit=1.0, pooled=None)
        return operand

    def values_along(self, name: str, given: Sequence[Any] | None) -> list[Any]:
        cells = targets(self.evidence.full, self.wanted, single=False)
        found = list(dict.fromkeys(getattr(cell.params, name) for cell in cells))
        if given is not None:
            return list(given)
        return sorted(found) if all(isinstance(value, int | float) for value in found) else found


def evaluate(spec: TestSpec, evidence: Evidence, row: Row, wanted: Mapping[str, Any], free: frozenset[str]) -> Tested:
    """The test of a qualitative row on the cells of one variant. Raises `NotRun` where a cell it needs does not answer."""
    return _evaluate(spec, _Asked(evidence, row, wanted, free))


def compared(a: Sample | float, b: Sample | float, each: Mapped) -> Tested:
    """The test of a row that says ``greater-than`` or ``less-than`` another row, on both rows' samples or exact numbers."""
    assert each.row.relation is not None
    sign = 1 if each.row.relation[0] == "greater-than" else -1
    sides = [replace(side, unit=1.0, pooled=None) if isinstance(side, Sample) else side for side in (a, b)]
    return _contrast(sides[0], sides[1], sign, each.claim.margin, each.claim.contrary, each.row.id)


def _evaluate(spec: TestSpec, asked: _Asked) -> Tested:
    if isinstance(spec, Contrast):
        return _contrast(asked.sample(spec.a), asked.sample(spec.b), spec.sign, spec.margin, spec.contrary, asked.row.id)
    if isinstance(spec, Equal):
        return _equal(asked.sample(spec.a), asked.sample(spec.b), spec.margin, asked.row.id)
    if isinstance(spec, Trend):
        return _trend(spec, asked)
    if isinstance(spec, Extreme):
        return _extreme(spec, asked)
    if isinstance(spec, Selects):
        return _selects(spec, asked)
    if isinstance(spec, Custom):
        return _custom(spec, asked)
    parts = [_evaluate(part, asked) for part in spec.parts]
    return _joined(parts, isinstance(spec, AllOf))


def _contrast(a: Sample | float, b: Sample | float, sign: int, margin: float, contrary: Contrary, label: str) -> Tested:
    pairs = _paired(a, b)
    if isinstance(pairs, str):
        return _nothing(pairs)
    differences, scale, lost, complete, exact = pairs
    return _decide(
        {key: sign * value for key, value in differences.items()},
        scale,
        _on_scale(margin, scale),
        contrary,
        label,
        lost,
        complete,
        exact,
        sign,
    )


def _equal(a: Sample | float, b: Sample | float, margin: float, label: str) -> Tested:
    pairs = _paired(a, b)
    if isinstance(pairs, str):
        return _nothing(pairs)
    differences, scale, lost, complete, exact = pairs
    m, d = _on_scale(margin, scale), np.array(list(differences.values()))
    refusal = _too_few(len(d), lost, exact)
    if refusal:
        return replace(_nothing(refusal), interval=_back(mean_interval(d), scale), n=len(d), complete=complete)
    if exact:
        inside, interval = bool(np.all(np.abs(d) < m)), _back(mean_interval(d), scale)
        return Tested(float(not inside), float(inside), interval, len(d), _exactly(interval, scale), complete)
    rng = _generator(label)
    below, above = paired_test(d, 0.0, m, "less", rng), paired_test(d, 0.0, -m, "greater", rng)
    outside = min(1.0, 2 * min(paired_test(d, 0.0, m, "greater", rng).p_value, paired_test(d, 0.0, -m, "less", rng).p_value))
    interval = _back(below.difference, scale)
    return Tested(max(below.p_value, above.p_value), outside, interval, len(d), _shown(interval, scale, len(d)), complete)


def _trend(spec: Trend, asked: _Asked) -> Tested:
    values = asked.values_along(spec.along, spec.values)
    position = spec.position or float
    x = np.array([position(value) for value in values], dtype=float)
    if len(x) < 3 or np.ptp(x) == 0:
        raise MappingError(f"a trend along {spec.along!r} needs three values or more, got {values}")
    samples = [asked.sample(spec.value, **{spec.along: value}) for value in values]
    held = [sample for sample in samples if isinstance(sample, Sample)]
    scale = SCALES[held[0].scale]
    replicates = set.intersection(*(set(sample.values) for sample in held))
    everyone = max(len(sample.values) + sample.failed for sample in held)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2) * np.ptp(x)  # least-squares slope times the range
    changes = {}
    for replicate in sorted(replicates):
        y = np.array([sample.values[replicate] for sample in held])
        if np.all(np.isfinite(y)) and scale.fits(y):
            changes[replicate] = spec.sign * float(weights @ scale.forward(y))
    complete, exact = all(sample.complete for sample in held), all(sample.exact for sample in held)
    lost = everyone - len(changes)
    return _decide(changes, scale.name, _on_scale(spec.margin, scale.name), spec.contrary, asked.row.id, lost, complete, exact, spec.sign)


def _extreme(spec: Extreme, asked: _Asked) -> Tested:
    values = asked.values_along(spec.along, spec.values)
    if spec.at not in values or len(values) < 2:
        raise MappingError(f"{spec.at!r} is to be compared with other values of {spec.along!r}, got {values}")
    best = asked.sample(spec.value, **{spec.along: spec.at})
    parts = []
    for value in values:
        if value != spec.at:
            other = asked.sample(spec.value, **{spec.along: value})
            part = _contrast(best, other, spec.sign, spec.margin, spec.contrary, f"{asked.row.id} {value}")
            parts.append(replace(part, text=f"against {spec.along} {value}: {part.text}"))
    return _joined(parts, every=True)


def _selects(spec: Selects, asked: _Asked) -> Tested:
    from scipy.special import bdtr, bdtrc

    choices = asked.evidence.choices(asked.wanted, asked.free)
    n = len(choices)
    if callable(spec.wanted):
        hits = sum(bool(spec.wanted(cell.params)) for cell in choices.values())
    else:
        hits = sum(cell.matches(spec.wanted) for cell in choices.values())
    complete = n >= asked.evidence.results.design.replicates
    if n < MINIMUM:
        return replace(_nothing(f"{n} replicates; {MINIMUM} are needed"), n=n, complete=complete)
    shown, contrary = (float(bdtrc(hits - 1, n, 0.5)) if hits else 1.0), float(bdtr(hits, n, 0.5))  # P(K >= hits), P(K <= hits)
    return Tested(shown, contrary, proportion_interval(hits, n), n, f"selected in {hits} of {n} replicates", complete)


def _custom(spec: Custom, asked: _Asked) -> Tested:
    results = asked.evidence.narrowed(asked.wanted, asked.free)
    test = spec.function(results)
    differences = {key: float(value) for key, value in test.differences.items()}
    finite = {key: value for key, value in differences.items() if math.isfinite(value)}
    complete = len(differences) >= results.design.replicates
    lost = max(len(differences), len({record.replicate for record in results.records})) - len(finite)
    found = _decide(finite, "linear", test.margin, test.contrary, asked.row.id, lost, complete, test.exact, 1)
    return replace(found, text=f"{test.name}: {found.text}")


def _paired(a: Sample | float, b: Sample | float) -> "tuple[dict[int, float], str, int, bool, bool] | str":
    samples = [each for each in (a, b) if isinstance(each, Sample)]
    if not samples:
        return _paired(Sample({0: float(a)}, exact=True), Sample({0: float(b)}, exact=True))  # type: ignore[arg-type]
    scale = SCALES[samples[0].scale]
    if any(sample.scale != scale.name for sample in samples):
        raise MappingError(f"the two sides are on different scales: {[sample.scale for sample in samples]}")
    replicates = sorted(set.intersection(*(set(sample.values) for sample in samples)))
    everyone = max(len(sample.values) + sample.failed for sample in samples)
    x, y = ([each.values[key] if isinstance(each, Sample) else each for key in replicates] for each in (a, b))
    finite = [index for index in range(len(replicates)) if math.isfinite(x[index]) and math.isfinite(y[index])]
    left, right = np.array([x[index] for index in finite]), np.array([y[index] for index in finite])
    if not (scale.fits(left) and scale.fits(right)):
        return f"values that have no place on the {scale.name} scale"
    d = scale.forward(left) - scale.forward(right)
    differences = {replicates[index]: float(value) for index, value in zip(finite, d, strict=True)}
    return differences, scale.name, everyone - len(finite), all(each.complete for each in samples), all(each.exact for each in samples)


def _decide(
    differences: Mapping[int, float],
    scale: str,
    margin: float,
    contrary: Contrary,
    label: str,
    lost: int,
    complete: bool,
    exact: bool,
    sign: int,
) -> Tested:
    """Both p-values from differences that are positive where the claim holds; the interval is shown in the original direction."""
    d = np.array([differences[key] for key in sorted(differences)])
    floor = margin if contrary == "below-margin" else 0.0
    interval = _back(mean_interval(sign * d), scale)
    refusal = _too_few(len(d), lost, exact)
    if refusal:
        return Tested(1.0, 1.0, interval, len(d), refusal, complete)
    if exact:
        return Tested(
            float(not np.all(d > margin)),
            float(not np.all(d <= floor)),
            interval,
            len(d),
            _exactly(interval, scale),
            complete,
        )
    rng = _generator(label)
    shown, against = paired_test(d, 0.0, margin, "greater", rng), paired_test(d, 0.0, floor, "less", rng)
    text = _shown(interval, scale, len(d)) + (f", {lost} without a finite number left out" if lost else "")
    return Tested(shown.p_value, against.p_value, interval, len(d), text, complete)


def _joined(parts: Sequence[Tested], every: bool) -> Tested:
    k, complete = len(parts), all(part.complete for part in parts)
    if every:
        weakest = max(parts, key=lambda part: (part.shown, -part.contrary))
        shown, contrary = weakest.shown, min(1.0, k * min(part.contrary for part in parts))
    else:
        weakest = min(parts, key=lambda part: part.shown)
        shown, contrary = min(1.0, k * weakest.shown), max(part.contrary for part in parts)
    return Tested(shown, contrary, weakest.interval, min(part.n for part in parts), weakest.text, complete)


def _too_few(n: int, lost: int, exact: bool) -> str:
    if n == 0:
        return "no pair of replicates gave finite numbers"
    if exact:
        return ""
    if lost > LOST * (n + lost):
        return f"{lost} of {n + lost} pairs failed or diverged, too many to leave out"
    return f"{n} pairs of replicates; {MINIMUM} are needed" if n < MINIMUM else ""


def _nothing(text: str) -> Tested:
    return Tested(1.0, 1.0, Interval(math.nan, math.nan, math.nan, 0, math.nan), 0, text)


def _on_scale(margin: float, scale: str) -> float:
    return math.log1p(margin) if scale == "log" else margin


def _back(interval: Interval, scale: str) -> Interval:
    if scale == "linear":
        return interval
    mean, low, high = (math.exp(bound) for bound in (interval.mean, interval.low, interval.high))
    return replace(interval, mean=mean, low=low, high=high)


def _shown(interval: Interval, scale: str, n: int) -> str:
    return f"{WORDS[scale]} {interval.mean:.4g} (95 % {interval.low:.4g} to {interval.high:.4g}, {n} pairs)"


def _exactly(interval: Interval, scale: str) -> str:
    return f"{WORDS[scale]} {interval.mean:.6g}, exact"


def _generator(label: str) -> np.random.Generator:
    """The same resamples for the same row, whatever else is judged."""
    return np.random.default_rng(
        np.random.SeedSequence([int(word) for word in np.frombuffer(hashlib.sha256(label.encode()).digest(), "<u4")])
    )
