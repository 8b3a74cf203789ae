"""The laboratory: study, grid, streams, jobs, store, engines, statistics, claims and verdicts.

Names load when they are first used. Only the grid is imported at once: its function `grid` bears the name of its module.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from annlab.lab.grid import Cell, Grid, cases, grid, zipped

if TYPE_CHECKING:
    from annlab.lab.claims import claim, derived, greater, less, metric, pick, series, untestable
    from annlab.lab.context import Context
    from annlab.lab.outcome import Outcome
    from annlab.lab.results import Results
    from annlab.lab.store import Store
    from annlab.lab.streams import Streams
    from annlab.lab.study import Figure, Metric, Need, Question, Study, Table, best, overrides

_HOMES = {
    "claims": ("claim", "derived", "greater", "less", "metric", "pick", "series", "untestable"),
    "context": ("Context",),
    "outcome": ("Outcome",),
    "results": ("Results",),
    "store": ("Store",),
    "streams": ("Streams",),
    "study": ("Figure", "Metric", "Need", "Question", "Study", "Table", "best", "overrides"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Cell",
    "Context",
    "Figure",
    "Grid",
    "Metric",
    "Need",
    "Outcome",
    "Question",
    "Results",
    "Store",
    "Streams",
    "Study",
    "Table",
    "best",
    "cases",
    "claim",
    "derived",
    "greater",
    "grid",
    "less",
    "metric",
    "overrides",
    "pick",
    "series",
    "untestable",
    "zipped",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
