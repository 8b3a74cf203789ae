"""The HTML page: one file that needs nothing else, for the screen in light and dark and for paper."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annlab.durations import format_duration
from annlab.errors import unknown_name
from annlab.report.content import Problem, Report
from annlab.report.files import write_latex, write_markdown
from annlab.report.gather import gather
from annlab.report.markup import inline_html, plain, to_html
from annlab.report.pictures import Picture, Renderer, library

if TYPE_CHECKING:
    from jinja2 import Environment

    from annlab.lab.published import Published
    from annlab.lab.results import Results
    from annlab.lab.verdicts import Verdict

__all__ = ["FORMATS", "Page", "build", "write", "write_as"]

FORMATS = ("html", "markdown", "latex")

ICONS = {"reproduced": "✓", "exceeded": "▲", "refuted": "✗", "undecided": "?", "untestable": "⊘", "not-run": "○"}

_POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; font-src data:"
"""No request leaves the page; plotly's three-dimensional figures compile functions, hence ``unsafe-eval``."""

_ENDS = re.compile(r"(?<=[\d∞] )(\[[^\[\]<>]*\](?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)")
"""The ends of an interval after its mean, which may go to a line of their own in a narrow column."""


@dataclass(frozen=True)
class Page:
    """A finished page and what could not be shown on it."""

    html: str
    problems: tuple[Problem, ...] = ()


def build(
    results: Sequence["Results"],
    verdicts: Sequence["Verdict"] | None = None,
    title: str | None = None,
    *,
    published: "Published | None" = None,
    now: datetime | None = None,
) -> Page:
    """The page on `results`; see `annlab.report.gather` for the arguments.

    A figure, table or answer that fails is a box with one line in its place and one of the page's problems.
    """
    with Renderer(sum(len(one.study.figures) for one in results)) as renderer:
        report = gather(results, verdicts, title=title, published=published, now=now, each=renderer.add)
        return _page(report, renderer.pictures())


def write(
    results: Sequence["Results"],
    path: str | Path,
    verdicts: Sequence["Verdict"] | None = None,
    title: str | None = None,
    *,
    published: "Published | None" = None,
    now: datetime | None = None,
) -> Path:
    """Write the page on `results` to `path` in one step, and return the path. Folders are made; an older page is replaced."""
    target = Path(path)
    _replace(target, build(results, verdicts, title, published=published, now=now).html)
    return target


def write_as(
    output_format: str, results: Sequence["Results"], path: str | Path, verdicts: Sequence["Verdict"] | None = None, **options: Any
) -> Path:
    """Write the report as ``html`` (to the file `path`), ``markdown`` or ``latex`` (into the folder `path`); return the file to open.

    Further arguments are those of `write`. For a PDF print the HTML page from a browser, or compile the LaTeX.

    Raises:
        UsageError: for another format.
    """
    writers = {"html": write, "markdown": write_markdown, "latex": write_latex}
    if output_format not in writers:
        raise unknown_name("report format", output_format, FORMATS)
    return writers[output_format](results, path, verdicts, **options)


def _page(report: Report, pictures: Mapping[str, Picture]) -> Page:
    from annlab.draw import CSS

    found = {*report.problems}
    late = [shown.problem for shown in pictures.values() if shown.problem and shown.problem not in found]
    problems = (*report.problems, *late)
    live = [(anchor, shown.data) for anchor, shown in pictures.items() if shown.live]
    from markupsafe import Markup

    html = (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            problems=problems,
            judged=sum(report.counts.values()),
            pictures=pictures,
            payloads=[(anchor, Markup(data)) for anchor, data in live],
            library=Markup(library()) if live else "",
            css=Markup(_without_print(CSS) + _asset("page.css")),
            early_script=Markup(_asset("early.js")),
            script=Markup(_asset("page.js")),
            policy=_POLICY,
        )
    )
    return Page(html, problems)


@cache
def _environment() -> "Environment":
    """Templates of the package; every value is escaped unless a filter has done so."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=PackageLoader("annlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "inline": lambda text: Markup(inline_html(text)),
        "cell": lambda text: Markup(_ENDS.sub(r'<span class="ends">\1</span>', inline_html(text))),
        "markup": lambda text: Markup(to_html(text)),
        "plain": plain,
        "duration": format_duration,
        "capital": lambda text: text[:1].upper() + text[1:],
    }
    made.globals |= {"icons": ICONS, "words": tuple(ICONS)}
    return made


def _asset(name: str) -> str:
    return (package_files("annlab.report") / "templates" / name).read_text(encoding="utf-8")


def _without_print(css: str) -> str:
    """The drawings' style sheet without its rules for paper, which the page states itself."""
    return re.sub(r"@media print \{.*?\n\}\n", "", css, flags=re.DOTALL)


def _replace(target: Path, text: str) -> None:
    """Write `text` under another name beside `target`, then rename it: a reader never meets half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
