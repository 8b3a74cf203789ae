"""Claims: how a study says which of its cells answers which row of the ledger.

A study file lists mappings; together they cover every ledger row of the study's name, each exactly once::

    claims = [
        # a number read from a run: which cell, which metric, how sharp our interval must be to say "reproduced"
        claim("noise-and-optimisation.fit.training-error.*",
              cell=dict(optimizer="lbfgs", line_search="strong_wolfe", epochs=2000, noise=from_config("noise_level")),
              value=metric("train_mse"), tolerance=0.15,                     # a share, because train_mse is on the log scale
              variants=dict(activation=["relu", "tanh"]), chosen=("activation",)),   # the report does not say

        # one row that names another (greater-than:<id>): each row brings its own cell, only the margin is to be said
        claim("noise-and-optimisation.error-grows-with-noise", cell=dict(optimizer="lbfgs", noise=2.0),
              value=metric("train_mse"), margin=0.05),

        # a qualitative row: a test on paired differences over replicates
        claim("noise-and-optimisation.surface-less-smooth-with-noise", cell=dict(optimizer="lbfgs"),
              test=trend(metric("surface_roughness"), along="noise", direction="up", margin=0.1)),
        claim("noise-and-optimisation.strong-wolfe-helps", cell=dict(optimizer="lbfgs", noise=0.3),
              test=less(metric("train_mse").at(line_search="strong_wolfe"), metric("train_mse").at(line_search="none"), margin=0.05)),

        # a calculation, a selection, and a row that nothing can answer
        claim("backprop-trace.updated.*", value=derived(lambda row: hand_trace()[row.id])),
        claim("personal-regression.selected.units", value=selected(lambda p: p.hidden_sizes[0]), cell=dict(data="course_regression")),
        claim("personal-regression.selected.activation-tanh", test=selects(activation="tanh"), cell=dict(data="course_regression")),
        claim("convolution-arithmetic.shown-in-lecture", untestable("the statement names no quantity")),
    ]

A cell is found by the parameters named: exactly one cell of the ``full`` profile must have them (a tuple is a value, a list means
"one of these" and has a place only in tests along a parameter). **Everything else of that cell is then fixed as well**: a run
that differs from it in any parameter is *scaled* and answers ``not-run``, unless the mapping lists the parameter in ``free``. So a
smaller run, fewer epochs or a stand-in for the data never answer by oversight. Settings that the report leaves out go into
``chosen``; offer ``variants`` of them, the likeliest first, for without an alternative nothing can be refuted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING, Any

from annlab.lab.contrasts import Contrary, Test, all_of, any_of, as_test, equal_within, greater, highest, less, lowest, selects, trend
from annlab.lab.ledger import Row, rows
from annlab.lab.values import (
    Derived,
    Untestable,
    Value,
    derived,
    from_config,
    metric,
    per_replicate,
    pick,
    resolve_cell,
    selected,
    series,
    timing,
    untestable,
)

if TYPE_CHECKING:
    from annlab.lab.contrasts import TestSpec
    from annlab.lab.study import Study

__all__ = [
    "Claim",
    "Mapped",
    "Test",
    "all_of",
    "any_of",
    "check",
    "claim",
    "derived",
    "equal_within",
    "from_config",
    "greater",
    "highest",
    "less",
    "lowest",
    "mapped",
    "metric",
    "per_replicate",
    "pick",
    "selected",
    "selects",
    "series",
    "timing",
    "trend",
    "untestable",
]


@dataclass(frozen=True)
class Claim:
    """A mapping of ledger rows to what answers them; made by `claim`."""

    patterns: tuple[str, ...]
    answer: "Value | Derived | Untestable | TestSpec"
    cell: Any = field(hash=False)
    variants: tuple[Mapping[str, Any], ...] = field(hash=False)
    chosen: tuple[str, ...]
    free: frozenset[str]
    tolerance: float | None
    margin: float
    contrary: Contrary
    relative_to: str | None
    pool: Any = field(hash=False)

    def covers(self, row: Row) -> bool:
        """Whether one of the patterns fits the row's id."""
        return any(fnmatchcase(row.id, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class Mapped:
    """A ledger row with its mapping: the cell specifications to try, one for each variant, the report's likeliest first."""

    row: Row
    claim: Claim
    cells: tuple[Mapping[str, Any], ...] = field(hash=False)


def claim(
    patterns: str | Sequence[str],
    answer: Any = None,
    *,
    cell: Any = None,
    value: Any = None,
    test: Any = None,
    tolerance: float | None = None,
    variants: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]] = (),
    chosen: Sequence[str] = (),
    free: Sequence[str] = (),
    margin: float = 0.0,
    contrary: Contrary = "reverse",
    relative_to: str | None = None,
    pool: Any = None,
) -> Claim:
    """One mapping; the module's head shows the grammar by example.

    Args:
        patterns: ids of ledger rows, ``*`` standing for anything; the mapping covers the study's rows that fit any of them.
        answer: a value, test, `derived` or `untestable`; the same as `value` or `test`, whichever reads better.
        cell: parameters that find the cell: a mapping whose values may be `from_config`, a `pick` or a function of the row; a
            `pick` of several; or a function of the row that returns the mapping. ``case="name"`` asks for a named case.
        value: where the number comes from.
        test: what a qualitative row claims.
        tolerance: how narrow the prediction interval must be to say *reproduced*: half its width in the ledger's unit, or as a
            share of the value on the log scale. Needed for measured rows that state an approximate value.
        variants: settings the report leaves out, ``dict(activation=["relu", "tanh"])`` (all combinations, the first is ours) or a
            list of mappings.
        chosen: names of unstated settings that we chose. Refuted or exceeded is then said only where every variant lies outside.
            ``"hardware"`` is one for durations that another machine would share out otherwise; it has no variant here.
        free: parameters in which a run may differ from the cell of the ``full`` profile and still answer.
        margin: of a row that names another row, see `greater`.
        contrary: of a row that names another row, see `greater`.
        relative_to: id of another measured row; both sides are divided by it (durations, whose hardware is unknown).
        pool: parameters of the cells whose common spread serves where there are fewer than five replicates; all cells by default.

    Raises:
        ValueError: unless exactly one of `answer`, `value` and `test` is given, or for a tolerance or margin below zero.
        TypeError: for an answer of no known kind.
    """
    given = [each for each in (answer, value, test) if each is not None]
    if len(given) != 1:
        raise ValueError(f"{patterns}: a claim needs one of `answer`, `value` and `test`, got {len(given)}")
    found = given[0]
    if not isinstance(found, Value | Derived | Untestable):
        found = as_test(found)
    if test is not None and isinstance(found, Value | Derived):
        raise TypeError(f"{patterns}: `test` takes a test, got the value {found!r}")
    if (tolerance is not None and tolerance <= 0) or margin < 0:
        raise ValueError(f"{patterns}: tolerance and margin must be positive, got {tolerance} and {margin}")
    if contrary not in ("reverse", "below-margin"):
        raise ValueError(f"{patterns}: contrary must be 'reverse' or 'below-margin', got {contrary!r}")
    names = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    settings = _combinations(variants)
    return Claim(names, found, cell, settings, tuple(chosen), frozenset(free), tolerance, margin, contrary, relative_to, pool)


def mapped(study: "Study") -> dict[str, Mapped]:
    """The study's ledger rows with their mappings, by id.

    Raises:
        ValueError: for a row that no mapping or more than one covers, and for a mapping that covers no row.
    """
    found, problems = _mapped(study)
    if problems:
        raise ValueError(f"claims of {study.name!r}: " + "; ".join(problems))
    return found


def check(study: "Study") -> list[str]:
    """What is wrong with a study's mappings, in sentences; empty where every row is mapped once and finds its cells.

    Checked against the cells of the ``full`` profile: each mapping finds exactly one (or one for each variant), named parameters
    exist, measured rows declare a tolerance, tests along a parameter find all their cells, and no data set is a stand-in.
    """
    from annlab.lab.mapping import problems_of

    found, problems = _mapped(study)
    full = study.design("full")
    return problems + [f"{each.row.id}: {problem}" for each in found.values() for problem in problems_of(study, full, each, found)]


def _mapped(study: "Study") -> tuple[dict[str, Mapped], list[str]]:
    problems, found = [], {}
    used: set[int] = set()
    for each in rows(study.name):
        fits = [index for index, mapping in enumerate(study.claims) if mapping.covers(each)]
        used.update(fits)
        if len(fits) != 1:
            problems.append(f"{each.id} is mapped {len(fits)} times, wanted once")
            continue
        mapping = study.claims[fits[0]]
        try:
            found[each.id] = Mapped(each, mapping, tuple({**resolve_cell(mapping.cell, each), **extra} for extra in mapping.variants))
        except (KeyError, ValueError, TypeError) as error:
            problems.append(f"{each.id}: the cell cannot be read ({error})")
    idle = [mapping.patterns for index, mapping in enumerate(study.claims) if index not in used]
    return found, problems + [f"the mapping of {', '.join(patterns)} covers no row" for patterns in idle]


def _combinations(variants: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    if isinstance(variants, Mapping):
        return tuple(dict(zip(variants, values, strict=True)) for values in product(*variants.values()))
    return tuple(dict(variant) for variant in variants) or ({},)
