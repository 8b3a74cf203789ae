"""Tests of qualitative claims: paired differences over replicates, of two cells or along a parameter, and what they add up to."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from annlab.lab.results import Results
    from annlab.lab.values import Value

__all__ = [
    "AllOf",
    "AnyOf",
    "Contrary",
    "Contrast",
    "Custom",
    "Equal",
    "Extreme",
    "Selects",
    "Test",
    "TestSpec",
    "Trend",
    "all_of",
    "any_of",
    "as_test",
    "equal_within",
    "greater",
    "highest",
    "less",
    "lowest",
    "selects",
    "trend",
]

Contrary = Literal["reverse", "below-margin"]


@dataclass(frozen=True)
class Test:
    """What a function of one's own hands to the verdict: differences, one a replicate, positive where the claim holds.

    Attributes:
        name: what the differences are, in words.
        differences: by replicate, on the scale on which the margin is meant; NaN where a replicate cannot tell.
        margin: smallest difference that counts as holding.
        contrary: see `greater`.
        exact: nothing is random, so that one replicate decides.
    """

    __test__ = False  # not a test case of pytest

    name: str
    differences: Mapping[int, float] = field(hash=False)
    margin: float = 0.0
    contrary: Contrary = "reverse"
    exact: bool = False


@dataclass(frozen=True)
class Contrast:
    """a - b > margin; see `greater`."""

    a: "Value | float"
    b: "Value | float"
    margin: float
    contrary: Contrary
    sign: int = 1


@dataclass(frozen=True)
class Equal:
    """|a - b| < margin; see `equal_within`."""

    a: "Value | float"
    b: "Value | float"
    margin: float


@dataclass(frozen=True)
class Trend:
    """Fitted change along a parameter; see `trend`."""

    value: "Value"
    along: str
    sign: int
    margin: float
    values: tuple[Any, ...] | None
    position: Callable[[Any], float] | None
    contrary: Contrary


@dataclass(frozen=True)
class Extreme:
    """One setting beats every other along a parameter; see `lowest`."""

    value: "Value"
    along: str
    at: Any
    sign: int
    margin: float
    values: tuple[Any, ...] | None
    contrary: Contrary


@dataclass(frozen=True)
class Selects:
    """What the study's selection chooses; see `selects`."""

    wanted: "Mapping[str, Any] | Callable[[Any], bool]" = field(hash=False)


@dataclass(frozen=True)
class AllOf:
    """Every part holds; see `all_of`."""

    parts: "tuple[TestSpec, ...]"


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds; see `any_of`."""

    parts: "tuple[TestSpec, ...]"


@dataclass(frozen=True)
class Custom:
    """A function of one's own that returns a `Test`."""

    function: "Callable[[Results], Test]"


TestSpec = Contrast | Equal | Trend | Extreme | Selects | AllOf | AnyOf | Custom


def greater(a: Any, b: Any, margin: float = 0.0, contrary: Contrary = "reverse") -> Contrast:
    """Holds where `a` exceeds `b` by more than `margin` in the mean of paired differences.

    Args:
        a: a `Value` with its cell, ``metric("train_mse").at(noise=2.0)``, or the pair
            ``(dict(noise=2.0), metric("train_mse"))``. Its cell adds to that of the claim.
        b: the same, or a number.
        margin: smallest difference that counts, on the metric's scale: in its own unit when linear, as a share when log (0.05 is
            5 %), in log-odds when logit.
        contrary: what refutes the claim: ``"reverse"``, a difference shown to be of the other sign, or ``"below-margin"``, one
            shown to be smaller than the margin (for claims of an effect that matters).
    """
    return Contrast(_operand(a), _operand(b), _margin(margin), contrary)


def less(a: Any, b: Any, margin: float = 0.0, contrary: Contrary = "reverse") -> Contrast:
    """Holds where `a` undercuts `b` by more than `margin`; see `greater`."""
    return Contrast(_operand(a), _operand(b), _margin(margin), contrary, -1)


def equal_within(a: Any, b: Any, margin: float) -> Equal:
    """Holds where the mean paired difference is shown to lie within +-`margin` (two one-sided tests), refuted where shown outside."""
    if margin <= 0:
        raise ValueError(f"equal_within needs a positive margin, got {margin}")
    return Equal(_operand(a), _operand(b), margin)


def trend(
    value: "Value",
    along: str,
    direction: Literal["up", "down"],
    margin: float = 0.0,
    values: Sequence[Any] | None = None,
    position: Callable[[Any], float] | None = None,
    contrary: Contrary = "reverse",
) -> Trend:
    """Holds where `value` rises (or falls) along a parameter: a least-squares line is fitted in each replicate.

    The difference tested is the fitted change from the lowest to the highest position, on the metric's scale.

    Args:
        value: what is measured.
        along: parameter that differs between the cells; everything else is fixed by the claim's cell.
        direction: ``"up"`` or ``"down"``.
        margin: see `greater`.
        contrary: see `greater`.
        values: the parameter's values, by default all of the ``full`` profile.
        position: number of a value, such as ``math.log`` or ``len``; by default the value itself.
    """
    if direction not in ("up", "down"):
        raise ValueError(f"direction must be 'up' or 'down', got {direction!r}")
    sign = 1 if direction == "up" else -1
    return Trend(value, along, sign, _margin(margin), None if values is None else tuple(values), position, contrary)


def lowest(
    value: "Value", along: str, at: Any, margin: float = 0.0, values: Sequence[Any] | None = None, contrary: Contrary = "reverse"
) -> Extreme:
    """Holds where `value` is lower at ``along=at`` than at every other value of that parameter; see `trend` for the arguments."""
    return Extreme(value, along, at, -1, _margin(margin), None if values is None else tuple(values), contrary)


def highest(
    value: "Value", along: str, at: Any, margin: float = 0.0, values: Sequence[Any] | None = None, contrary: Contrary = "reverse"
) -> Extreme:
    """Holds where `value` is higher at ``along=at`` than at every other value of that parameter; see `trend` for the arguments."""
    return Extreme(value, along, at, 1, _margin(margin), None if values is None else tuple(values), contrary)


def selects(predicate: "Callable[[Any], bool] | None" = None, **wanted: Any) -> Selects:
    """Holds where more than half of the replicates select a cell with the wanted parameters: ``selects(activation="tanh")``.

    `predicate` is a function of the selected cell's parameters instead. Judged by the binomial test
    of the share against one half.
    """
    if (predicate is None) is (not wanted):
        raise ValueError("selects takes either a function or parameters")
    return Selects(predicate or dict(wanted))


def all_of(*parts: Any) -> AllOf:
    """Holds where every part holds; refuted where the contrary of one part is shown, corrected for their number."""
    return AllOf(_parts(parts))


def any_of(*parts: Any) -> AnyOf:
    """Holds where one part holds, corrected for their number; refuted where the contrary of every part is shown."""
    return AnyOf(_parts(parts))


def as_test(spec: Any) -> TestSpec:
    """`spec` as a test: one of this module's, or a function of results that returns a `Test`."""
    if isinstance(spec, TestSpec):
        return spec
    if callable(spec):
        return Custom(spec)
    raise TypeError(f"a test is greater, less, equal_within, trend, lowest, highest, selects, all_of, any_of or a function, got {spec!r}")


def _parts(parts: Sequence[Any]) -> tuple[TestSpec, ...]:
    if not parts:
        raise ValueError("at least one test is needed")
    return tuple(as_test(part) for part in parts)


def _margin(margin: float) -> float:
    if not (margin >= 0 and math.isfinite(margin)):
        raise ValueError(f"a margin is a number of at least 0, got {margin}")
    return margin


def _operand(operand: Any) -> "Value | float":
    from annlab.lab.values import Value

    if isinstance(operand, tuple) and len(operand) == 2:
        cell, value = operand
        return _operand(value.at(**cell))
    if isinstance(operand, Value):
        return operand
    if isinstance(operand, int | float) and not isinstance(operand, bool):
        return float(operand)
    raise TypeError(f"compare metric(...), series(...), selected(...) or a number, got {operand!r}")
