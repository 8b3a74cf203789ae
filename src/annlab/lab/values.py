"""What a claim reads from a study's results: one number a replicate, from a metric, a series, a timing, a selection or a function."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from annlab.errors import unknown_name

if TYPE_CHECKING:
    from annlab.lab.ledger import Row
    from annlab.lab.outcome import Outcome
    from annlab.lab.study import Metric

__all__ = [
    "Derived",
    "FromConfig",
    "Pick",
    "Selected",
    "Untestable",
    "Value",
    "derived",
    "from_config",
    "metric",
    "per_replicate",
    "pick",
    "resolve_cell",
    "selected",
    "series",
    "timing",
    "untestable",
]

ScaleName = Literal["linear", "log", "logit"]
Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class FromConfig:
    """A parameter's value read from the configuration of the ledger row; see `from_config`."""

    key: str
    convert: "Callable[[Any], Any] | Mapping[Any, Any] | None" = None

    def __call__(self, row: "Row") -> Any:
        """The value for `row`."""
        found: Any = row.config
        for part in self.key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise KeyError(f"the configuration of {row.id} has no {self.key!r}")
            found = found[part]
        if isinstance(self.convert, Mapping):
            return self.convert[found]
        found = tuple(found) if isinstance(found, list) else found
        return self.convert(found) if self.convert else found


@dataclass(frozen=True)
class Pick:
    """A whole cell, or one value, read from the configuration of the ledger row; see `pick`."""

    names: tuple[str, ...]
    fixed: Mapping[str, Any]


def from_config(key: str, convert: "Callable[[Any], Any] | Mapping[Any, Any] | None" = None) -> FromConfig:
    """Value of `key` in the row's configuration, dots reaching inside: ``from_config("best.layers")``.

    `convert` is a function or a dictionary from the report's words to ours: ``from_config("optimiser", {"SGD": "sgd"})``.
    """
    return FromConfig(key, convert)


def pick(*names: str, **fixed: Any) -> Pick:
    """The parameters called as in the row's configuration, and fixed ones beside: ``cell=pick("dim", "depth", data="mnist")``.

    With one name and nothing else it may also stand for a single value: ``cell=dict(dim=pick("dim"))``.
    """
    return Pick(names, fixed)


def resolve_cell(spec: Any, row: "Row") -> dict[str, Any]:
    """The parameters that a cell specification asks for in the case of `row`.

    A specification is a mapping, a `Pick`, or a function of the row; a value in a mapping is a plain value (a list means
    "one of these"), a `FromConfig`, a `Pick` of one name, or a function of the row.
    """
    if isinstance(spec, Pick):
        spec = {**{name: FromConfig(name) for name in spec.names}, **spec.fixed}
    elif callable(spec):
        spec = spec(row)
    resolved = {}
    for name, value in dict(spec or {}).items():
        if isinstance(value, Pick):
            (single,) = value.names
            resolved[name] = FromConfig(single)(row)
        else:
            resolved[name] = value(row) if callable(value) else value
    return resolved


@dataclass(frozen=True, kw_only=True)
class Value:
    """One number a replicate, with the options that all sources of a value share.

    Attributes:
        stage: ``"trial"``, or ``"final"`` for the stage that runs with the selected cell.
        scale: scale of comparison, instead of the metric's own.
        better: which way is better, instead of the metric's own.
        factor: our number times this has the ledger's unit; by default 100 for a ``%`` row of a metric that is a fraction.
        trials: how many cases the proportion was counted over (test images, probes); sets a lower bound to the spread of a logit.
        exact: the number is computed, nothing in it is random, so that one replicate decides.
        where: parameters of the cell, added to those of the claim (see `at`).
    """

    stage: Literal["trial", "final"] = "trial"
    scale: ScaleName | None = None
    better: Better | None = None
    factor: float | None = None
    trials: int | None = None
    exact: bool = False
    where: Any = field(default_factory=dict, hash=False)

    def at(self, **cell: Any) -> Self:
        """The same value in another cell: ``metric("train_mse").at(noise=2.0)``."""
        return replace(self, where={**self.where, **cell})

    def read(self, outcome: "Outcome") -> float:
        """The number in one outcome."""
        raise NotImplementedError

    def described_by(self, metrics: "Mapping[str, Metric]") -> "Metric | None":
        """How the study says the number is read, if it does."""
        return None


@dataclass(frozen=True, kw_only=True)
class _Column(Value):
    name: str
    timed: bool = False

    def read(self, outcome: "Outcome") -> float:
        held = outcome.timings if self.timed else outcome.metrics
        if self.name not in held:
            raise unknown_name("timing" if self.timed else "metric", self.name, held)
        return float(held[self.name])

    def described_by(self, metrics: "Mapping[str, Metric]") -> "Metric | None":
        return metrics.get(self.name)


@dataclass(frozen=True, kw_only=True)
class _Series(Value):
    name: str
    column: str
    reduce: "Callable[[np.ndarray], float]"
    axes: Mapping[str, Any] = field(hash=False)

    def read(self, outcome: "Outcome") -> float:
        if self.name not in outcome.series:
            raise unknown_name("series", self.name, outcome.series)
        frame = outcome.series[self.name]
        unknown = [name for name in (*self.axes, self.column) if name not in frame]
        if unknown:
            raise unknown_name(f"column of the series {self.name!r}", unknown[0], frame)
        values = np.asarray(frame[self.column], dtype=float)
        kept = np.ones(len(values), dtype=bool)
        for axis, wanted in self.axes.items():
            kept &= _wanted(np.asarray(frame[axis]), wanted)
        return float(self.reduce(values[kept])) if kept.any() else math.nan

    def described_by(self, metrics: "Mapping[str, Metric]") -> "Metric | None":
        return metrics.get(self.column) or metrics.get(self.name)


@dataclass(frozen=True, kw_only=True)
class _Function(Value):
    function: "Callable[[Outcome], float]"

    def read(self, outcome: "Outcome") -> float:
        return float(self.function(outcome))


def metric(name: str, **options: Any) -> Value:
    """A metric of the cell, by name; for the options see `Value`."""
    return _Column(name=name, **options)


def timing(name: str, **options: Any) -> Value:
    """A timing of the cell, in seconds, on the log scale. Give the claim `relative_to`: the reports' hardware is unknown."""
    return _Column(name=name, timed=True, **{"scale": "log", "better": "lower", **options})


def series(
    name: str,
    column: str | None = None,
    *,
    reduce: Literal["mean", "min", "max", "last", "only"] | Callable[[np.ndarray], float] = "only",
    stage: Literal["trial", "final"] = "trial",
    scale: ScaleName | None = None,
    better: Better | None = None,
    factor: float | None = None,
    trials: int | None = None,
    exact: bool = False,
    **axes: Any,
) -> Value:
    """A value of a series: ``series("loss", "train_mse", epoch=10)``.

    Args:
        name: name of the series.
        column: its column, by default of the same name.
        reduce: what becomes of several points: their mean, extreme, last, a function of the array; ``"only"`` wants exactly one.
        stage: see `Value`, as for the five below.
        scale: scale of comparison.
        better: which way is better.
        factor: brings our number to the ledger's unit.
        trials: cases counted over.
        exact: nothing is random.
        axes: the place on each axis: a number (``epoch=10``), ``"first"`` or ``"last"``, a list of values, or a pair
            ``(low, high)``, bounds included.

    Raises:
        TypeError: for a place that would have to be read from the row, as `from_config` does; cells alone may be.
    """
    unread = [axis for axis, place in axes.items() if isinstance(place, Pick) or callable(place)]
    if unread:
        raise TypeError(f"series {name!r}: the place on axis {unread[0]!r} must be a value, not read from the row; write one claim a place")
    reducer = _REDUCERS[reduce] if isinstance(reduce, str) else reduce
    options: dict[str, Any] = {"stage": stage, "scale": scale, "better": better, "factor": factor, "trials": trials, "exact": exact}
    return _Series(name=name, column=column or name, reduce=reducer, axes=axes, **options)


def per_replicate(function: "Callable[[Outcome], float]", **options: Any) -> Value:
    """A number computed by a function of one replicate's outcome; for the options see `Value`."""
    return _Function(function=function, **options)


@dataclass(frozen=True, kw_only=True)
class Selected(Value):
    """A parameter of the selected cell; see `selected`."""

    what: "str | Callable[[Any], float]"

    def of(self, params: Any) -> Any:
        """The parameter of a cell."""
        return self.what(params) if callable(self.what) else getattr(params, self.what)


def selected(what: "str | Callable[[Any], Any]", **options: Any) -> Selected:
    """A parameter of the cell that the study selects, once for each replicate by its own value of the selection metric.

    The sample is the replicate-wise choice, so that its spread says how often another setting would have been chosen. All
    candidates of the ``full`` profile that match the claim's cell must be there.

    Args:
        what: name of a parameter, or a function of a cell's parameters: ``selected(lambda p: len(p.hidden_sizes))``.
        options: see `Value`.
    """
    return Selected(what=what, **options)


@dataclass(frozen=True)
class Derived:
    """A calculation that needs no run; see `derived`."""

    function: "Callable[[Row], Any]"


def derived(function: "Callable[[Row], Any]") -> Derived:
    """The row's value, calculated anew: ``derived(lambda row: trace()[row.id])``.

    `function` gets the row and returns a number for a row that states one; for a row without a value (a formula, a shape) a truth
    value, or ``(truth, "what is right instead")``. For a qualitative row that compares with another row it returns its own number.
    """
    return Derived(function)


@dataclass(frozen=True)
class Untestable:
    """No run can answer the row, for a reason."""

    reason: str


def untestable(reason: str) -> Untestable:
    """A row that no computation answers; `reason` is a sentence for the reader."""
    if not reason.strip():
        raise ValueError("untestable needs a reason")
    return Untestable(reason)


def _only(values: np.ndarray) -> float:
    if len(values) != 1:
        raise ValueError(f"the axes leave {len(values)} points of the series; name a place on every axis or give `reduce`")
    return float(values[0])


_REDUCERS: Mapping[str, Callable[[np.ndarray], float]] = {
    "mean": lambda x: float(np.mean(x)),
    "min": lambda x: float(np.min(x)),
    "max": lambda x: float(np.max(x)),
    "last": lambda x: float(x[-1]),
    "only": _only,
}


def _wanted(axis: np.ndarray, wanted: Any) -> np.ndarray:
    if isinstance(wanted, str) and wanted == "first":
        return np.asarray(axis == axis.min())
    if isinstance(wanted, str) and wanted == "last":
        return np.asarray(axis == axis.max())
    if isinstance(wanted, tuple):
        low, high = wanted
        return np.asarray((axis >= low) & (axis <= high))
    choices: Sequence[Any] = wanted if isinstance(wanted, list) else [wanted]
    return np.asarray(np.isin(axis, choices))
