"""The study: one experiment with its question, trial, grid, replicates, profiles, figures, tables, questions and claims."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from annlab.errors import UsageError, unknown_name
from annlab.lab.grid import Cell, Grid
from annlab.lab.params import as_dict, resolve

if TYPE_CHECKING:
    from annlab.lab.claims import Claim
    from annlab.lab.context import Context
    from annlab.lab.outcome import Outcome
    from annlab.lab.results import Results

__all__ = ["Design", "Figure", "Metric", "Need", "Overrides", "Question", "Selection", "Study", "Table", "best", "overrides"]

PROFILES = ("quick", "standard", "full")


@dataclass(frozen=True)
class Metric:
    """How a metric is read: its label, unit, natural scale and which way is better."""

    label: str
    unit: str = ""
    scale: Literal["linear", "log", "logit"] = "linear"
    better: Literal["lower", "higher"] | None = None


@dataclass(frozen=True)
class Question:
    """A discussion question and the function that answers it from the results in three to eight sentences."""

    text: str
    answer: "Callable[[Results], str]"
    sheet: str = ""


@dataclass(frozen=True)
class Figure:
    """A named figure: `draw` makes an `annlab.draw.Drawing` from the results; `caption` names the data."""

    name: str
    draw: "Callable[[Results], Any]"
    caption: "str | Callable[[Results], str]"


@dataclass(frozen=True)
class Table:
    """A named table: `make` returns a pandas frame or an `annlab.draw.TableView`."""

    name: str
    make: "Callable[[Results], Any]"
    caption: "str | Callable[[Results], str]"


@dataclass(frozen=True)
class Need:
    """A job of another study that must be computed first: the study's name, the parameters that differ from its defaults, the replicate."""

    study: str
    params: Mapping[str, Any] = field(default_factory=dict)
    replicate: int = 0


@dataclass(frozen=True)
class Selection:
    """Choice of one cell by the mean of a metric over replicates, among the cells that match `among`.

    A cell with a failed replicate or a metric that is not finite is left out.
    """

    metric: str
    higher: bool = False
    among: Mapping[str, Any] = field(default_factory=dict)


def best(metric: str, *, higher: bool = False, **among: Any) -> Selection:
    """Selection of the cell with the lowest (or highest) mean `metric`, never one measured on the test set."""
    return Selection(metric, higher, among)


@dataclass(frozen=True)
class Overrides:
    """What a profile changes: default parameters, the grid, the number of replicates."""

    params: Mapping[str, Any] = field(default_factory=dict)
    grid: Grid | None = None
    replicates: int | None = None
    final_replicates: int | None = None


def overrides(*, grid: Grid | None = None, replicates: int | None = None, final_replicates: int | None = None, **params: Any) -> Overrides:
    """Profile that replaces the grid and the replicates where given, and sets default parameters (the grid's values win)."""
    return Overrides(params, grid, replicates, final_replicates)


@dataclass(frozen=True)
class Design:
    """A study resolved for one run: which cells, how many replicates."""

    study: "Study"
    profile: str
    cells: tuple[Cell, ...]
    replicates: int
    final_replicates: int


@dataclass(frozen=True)
class Study:
    """One experiment, declared in one file.

    Args:
        name: what the command line calls it.
        title: heading in the report.
        sheet: number of the exercise by edition, ``{"2024": "1.3", "C": "1.3"}``.
        version: raised by hand when the meaning of the trial changes.
        params: a frozen dataclass instance, the defaults.
        trial: ``trial(params, ctx)`` returns an `Outcome`; a stacked one returns one a replicate of ``ctx.replicates``.
        grid: the cells.
        replicates: replicates of each cell.
        profiles: overrides by name: ``quick``, ``standard`` and ``full``.
        stacked: whether one job holds a block of replicates; a function of the parameters where cells differ.
        block: replicates in a block of a stacked study, all computed together however many are asked for.
        data: names of the data sets that a cell uses, part of its key; a function of the parameters.
        needs: jobs that a cell needs first; a function of the parameters.
        select: how one cell is chosen, on validation data.
        final: the stage that alone sees the test set, run with the chosen cell's parameters.
        final_replicates: replicates of the final stage; those of the cells by default.
        timed: whether its jobs run unstacked, alone and after all others; a function of the parameters where cells differ.
        threads: threads of a job, 1 or 2.
        cost: rough seconds that one job of these parameters takes on one core, used where nothing is stored yet.
        metrics: how each metric is read.
        questions, figures, tables, claims: what the report shows.
    """

    name: str
    title: str
    sheet: Mapping[str, str]
    version: int
    params: Any
    trial: "Callable[[Any, Context], Outcome | Sequence[Outcome]]"
    grid: Grid = field(default_factory=Grid)
    replicates: int = 10
    profiles: Mapping[str, Overrides] = field(default_factory=dict)
    stacked: bool | Callable[[Any], bool] = False
    block: int = 10
    data: Sequence[str] | Callable[[Any], Sequence[str]] = ()
    needs: Callable[[Any], Sequence[Need]] | None = None
    select: Selection | None = None
    final: "Callable[[Any, Context], Outcome | Sequence[Outcome]] | None" = None
    final_replicates: int | None = None
    timed: bool | Callable[[Any], bool] = False
    threads: int = 1
    cost: Callable[[Any], float] | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    questions: Sequence[Question] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    claims: "Sequence[Claim]" = ()

    def __post_init__(self) -> None:
        if (self.select is None) != (self.final is None):
            raise ValueError(f"study {self.name!r}: `select` and `final` come together")
        if self.threads not in (1, 2):
            raise ValueError(f"study {self.name!r}: a job has 1 or 2 threads, got {self.threads}")
        unknown = set(self.profiles) - set(PROFILES)
        if unknown:
            raise ValueError(f"study {self.name!r}: unknown profiles {sorted(unknown)}; they are {PROFILES}")

    def is_stacked(self, params: Any) -> bool:
        """Whether a cell's replicates are computed a block at a time."""
        if self.is_timed(params):
            return False
        return self.stacked(params) if callable(self.stacked) else self.stacked

    def is_timed(self, params: Any) -> bool:
        """Whether a cell's jobs run alone, after all others, repeated."""
        return self.timed(params) if callable(self.timed) else self.timed

    def data_of(self, params: Any) -> tuple[str, ...]:
        """Names of the data sets a cell uses."""
        return tuple(self.data(params) if callable(self.data) else self.data)

    def needs_of(self, params: Any) -> tuple[Need, ...]:
        """Jobs that a cell needs first."""
        return tuple(self.needs(params)) if self.needs else ()

    def design(
        self,
        profile: str = "standard",
        settings: Mapping[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
        replicates: int | None = None,
    ) -> Design:
        """The cells and replicates of one run.

        Args:
            profile: one of the study's profiles.
            settings: parameters set by the user; they win over the profile and over the grid's axes.
            where: keep only the cells that match.
            replicates: replicates a cell instead of the profile's.

        Raises:
            UsageError: for an unknown profile, parameter or value, or where no cell matches.
        """
        if profile not in PROFILES:
            raise unknown_name("profile", profile, PROFILES)
        if replicates is not None and replicates < 1:
            raise UsageError(f"replicates must be at least 1, got {replicates}")
        changes = self.profiles.get(profile, Overrides())
        defaults = resolve(self.params, changes.params)
        chosen = changes.grid if changes.grid is not None else self.grid
        cells = chosen.cells(defaults)
        if settings:
            moved = Grid(tuple((name, {**as_dict(cell.params), **settings}) for cell in cells for name in (cell.names or (None,))))
            cells = moved.cells(defaults)
        if where:
            matching = [cell for cell in cells if cell.matches(where)]
            if not matching:
                shown = ", ".join(f"{name}={value}" for name, value in where.items())
                raise UsageError(f"no cell of {self.name!r} in profile {profile!r} matches {shown}")
            cells = matching
        count = replicates or changes.replicates or self.replicates
        final = replicates or changes.final_replicates or self.final_replicates or count
        return Design(self, profile, tuple(cells), count, final)
