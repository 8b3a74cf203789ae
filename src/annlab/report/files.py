"""The report as Markdown or LaTeX: one text in a folder, with its figures and tables as files beside it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from annlab.durations import format_duration
from annlab.report.content import FigureBlock, Report, StudyPart, TextTable
from annlab.report.gather import gather
from annlab.report.markup import inline_latex, latex_text, markdown, plain, to_latex

if TYPE_CHECKING:
    from jinja2 import Environment

    from annlab.lab.published import Published
    from annlab.lab.results import Results
    from annlab.lab.verdicts import Verdict

__all__ = ["write_latex", "write_markdown"]

_LOG = logging.getLogger("annlab.report")
ICONS = {"reproduced": "✅", "exceeded": "🔼", "refuted": "❌", "undecided": "❔", "untestable": "🚫", "not-run": "⚪"}


def write_markdown(
    results: Sequence["Results"],
    folder: str | Path,
    verdicts: Sequence["Verdict"] | None = None,
    title: str | None = None,
    *,
    published: "Published | None" = None,
    now: datetime | None = None,
) -> Path:
    """Write ``report.md`` into `folder`, figures as ``figures/*.png`` and tables as ``tables/*.csv``; return the text's path."""
    report = gather(results, verdicts, title=title, published=published, now=now)
    return _written(report, Path(folder), "report.md", "png", "csv", _csv)


def write_latex(
    results: Sequence["Results"],
    folder: str | Path,
    verdicts: Sequence["Verdict"] | None = None,
    title: str | None = None,
    *,
    published: "Published | None" = None,
    now: datetime | None = None,
) -> Path:
    """Write ``report.tex`` into `folder`, figures as ``figures/*.pdf`` and tables as ``tables/*.tex``; return the text's path.

    It needs the packages booktabs, longtable, graphicx, hyperref, geometry and pdflscape.
    """
    report = gather(results, verdicts, title=title, published=published, now=now)
    return _written(report, Path(folder), "report.tex", "pdf", "tex", _longtable)


def _written(report: Report, folder: Path, name: str, picture: str, ending: str, text_of: Callable[[TextTable], str]) -> Path:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    pictures = {figure.anchor: _picture(study, figure, folder, picture) for study in report.studies for figure in study.figures}
    for study in report.studies:
        for block in study.every_table:
            if block.table:
                (folder / "tables" / f"{block.anchor}.{ending}").write_text(text_of(block.table), encoding="utf-8")
    target = folder / name
    text = (
        _environment().get_template(f"{name}.j2").render(report=report, pictures=pictures, judged=sum(report.counts.values()), icons=ICONS)
    )
    target.write_text(text, encoding="utf-8")
    return target


def _picture(study: StudyPart, figure: FigureBlock, folder: Path, ending: str) -> tuple[str, str]:
    """Path of the figure's file relative to the folder, or the reason why there is none."""
    if figure.drawing is None:
        return "", figure.problem.message if figure.problem else "nothing was drawn"
    target = folder / "figures" / f"{figure.anchor}.{ending}"
    try:
        figure.drawing.png(target) if ending == "png" else figure.drawing.pdf(target)
    except Exception as error:
        message = f"{type(error).__name__}: {error}".split("\n")[0]
        _LOG.warning("%s: figure %r: %s", study.name, figure.name, message)
        return "", message
    return f"figures/{target.name}", ""


def _csv(table: TextTable) -> str:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([table.columns, *table.rows])
    return out.getvalue()


def _longtable(table: TextTable) -> str:
    """The table as a ``longtable`` that breaks across pages; columns of long text wrap."""
    longest = [max((len(row[k]) for row in table.rows), default=0) for k in range(len(table.columns))]
    wide = [length > 30 for length in longest]
    share = 0.7 / max(1, sum(wide))
    sides = "".join(
        f"p{{{share:.2f}\\linewidth}}" if wide[k] and not number else "r" if number else "l" for k, number in enumerate(table.numeric)
    )
    head = " & ".join(inline_latex(column) for column in table.columns)
    lines = [f"\\begin{{longtable}}{{{sides}}}", r"\toprule", head + r" \\", r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"]
    for k, row in enumerate(table.rows):
        cells = [inline_latex(value) for value in row]
        lines.append(" & ".join(f"\\textbf{{{cell}}}" if table.is_strong(k) else cell for cell in cells) + r" \\")
    notes = [f"\n{{\\small {inline_latex(note)}}}\n" for note in table.notes]
    return "\n".join([*lines, r"\end{longtable}", *notes]) + "\n"


def _pipes(table: TextTable) -> str:
    """The table as Markdown."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    rows = [[markdown(value).replace("\n", " ") for value in row] for row in table.rows]
    strong = [[f"**{value}**" if table.is_strong(k) and value else value for value in row] for k, row in enumerate(rows)]
    head = [line([markdown(column) for column in table.columns]), line(["---:" if number else ":---" for number in table.numeric])]
    return "\n".join([*head, *(line(row) for row in strong), *(f"\n{markdown(note)}" for note in table.notes)])


@cache
def _environment() -> "Environment":
    """Templates of texts: nothing is escaped by itself, every value passes one of the filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("annlab.report"),
        autoescape=False,  # noqa: S701  the filters escape for Markdown and LaTeX
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        comment_start_string="((#",
        comment_end_string="#))",
    )
    made.filters |= {
        "md": markdown,
        "mdline": lambda text: markdown(" ".join(str(text).split())),
        "pipes": _pipes,
        "tex": latex_text,
        "texline": inline_latex,
        "texblock": to_latex,
        "plain": plain,
        "duration": format_duration,
    }
    return made
