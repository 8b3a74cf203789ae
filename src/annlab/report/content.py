"""What a report holds, whatever its format: plain records that the writers turn into HTML, Markdown or LaTeX."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annlab.draw import Drawing

__all__ = ["Answer", "ClaimRow", "DataSet", "FigureBlock", "Problem", "Report", "Setting", "StudyPart", "TableBlock", "TextTable"]


@dataclass(frozen=True)
class Problem:
    """Something of a study that could not be shown, and why."""

    study: str
    part: str
    message: str

    def __str__(self) -> str:
        return f"{self.study}: {self.part}: {self.message}"


@dataclass(frozen=True)
class TextTable:
    """A table as text: column heads, rows of the same length, which columns hold numbers, which rows stand out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    strong: tuple[bool, ...] = ()
    notes: tuple[str, ...] = ()

    def is_strong(self, row: int) -> bool:
        """Whether a row stands out."""
        return bool(self.strong) and self.strong[row]


@dataclass(frozen=True)
class TableBlock:
    """A named table with its caption, or the problem that took its place."""

    name: str
    anchor: str
    caption: str
    table: TextTable | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class FigureBlock:
    """A named figure with its caption, or the problem that took its place."""

    name: str
    anchor: str
    caption: str
    drawing: "Drawing | None" = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Answer:
    """A question and its answer in light markup, or the problem that took the answer's place."""

    text: str
    sheet: str
    anchor: str
    answer: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class Setting:
    """A parameter: its default and the values that the cells of this run take."""

    name: str
    default: str
    values: str
    varied: bool


@dataclass(frozen=True)
class DataSet:
    """A data set that the study used: its description, licence, source, and the sentence of a stand-in."""

    name: str
    title: str = ""
    licence: str = ""
    citation: str = ""
    stand_in: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class ClaimRow:
    """A claim of the ledger beside what was measured."""

    id: str
    kind: str
    source: str
    statement: str
    claimed: str
    measured: str
    interval: str
    n: str
    verdict: str
    reason: str
    profile: str = ""
    cost: str = ""
    command: str = ""
    published: str = ""


@dataclass(frozen=True)
class StudyPart:
    """Everything that the report says of one study."""

    name: str
    title: str
    anchor: str
    sheet: Mapping[str, str]
    question: str
    details: str
    profile: str
    settings: tuple[Setting, ...]
    cells: int
    replicates: int
    seed: str
    data: tuple[DataSet, ...]
    figures: tuple[FigureBlock, ...]
    tables: tuple[TableBlock, ...]
    cell_table: TableBlock | None
    selection: str
    chosen: tuple[tuple[str, str], ...]
    final: TableBlock | None
    answers: tuple[Answer, ...]
    claims: tuple[ClaimRow, ...]
    claims_note: str
    published: str
    jobs: Mapping[str, int]
    failures: TableBlock | None
    missing: TableBlock | None
    stale: tuple[str, ...]
    """Keys of the stale jobs."""
    facts: tuple[tuple[str, str], ...]
    seconds: float | None
    device: str
    command: str
    problems: tuple[Problem, ...] = ()

    @property
    def stand_ins(self) -> tuple[DataSet, ...]:
        """The data sets that stand in for others."""
        return tuple(entry for entry in self.data if entry.stand_in)

    @property
    def result_tables(self) -> tuple[TableBlock, ...]:
        """The study's own tables and the table of all cells."""
        return (*self.tables, *([self.cell_table] if self.cell_table else []))

    @property
    def every_table(self) -> tuple[TableBlock, ...]:
        """All tables in the order in which a report shows them."""
        return (*self.result_tables, *(block for block in (self.final, self.failures, self.missing) if block))


@dataclass(frozen=True)
class Report:
    """All studies of one report and what is said over them."""

    title: str
    date: str
    studies: tuple[StudyPart, ...]
    counts: Mapping[str, int]
    false_refutations: float
    editions: tuple[str, ...]
    contents: tuple[tuple[str, Mapping[str, tuple[StudyPart, ...]]], ...]
    facts: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...] = field(default=())
