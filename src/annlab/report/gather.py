"""From results and verdicts to the content of a report; what fails becomes a problem with a name, and the rest stays."""

import inspect
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from annlab.report.cells import cell_table, chosen_cell, final_table, missing_table, settings
from annlab.report.claims import claim_rows, verdicts_of
from annlab.report.content import Answer, DataSet, FigureBlock, Problem, Report, StudyPart, TableBlock
from annlab.report.provenance import facts_of, failures_table, overall_facts, stale_keys
from annlab.report.tables import as_table

if TYPE_CHECKING:
    from annlab.lab.published import Published
    from annlab.lab.results import Results
    from annlab.lab.verdicts import Verdict

__all__ = ["gather", "unanswered"]

_LOG = logging.getLogger("annlab.report")
_EDITIONS = ("2024", "C")
T = TypeVar("T")


def gather(
    results: Sequence["Results"],
    verdicts: Sequence["Verdict"] | None = None,
    *,
    title: str | None = None,
    published: "Published | None" = None,
    now: datetime | None = None,
    each: Callable[[StudyPart], None] | None = None,
) -> Report:
    """Content of a report on `results`, in their order.

    Args:
        results: one a study.
        verdicts: on the studies' claims; None takes those that these results alone give.
        title: heading of the report.
        published: verdicts shown beside this machine's; the table that ships with annlab by default.
        now: date of the report; the present by default.
        each: called with the content of each study as soon as it is there.
    """
    from annlab.lab.published import published as shipped
    from annlab.lab.verdicts import summary

    published = shipped() if published is None else published
    date = (now or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M")
    anchors: dict[str, int] = {}
    judged: list[Verdict] = []
    parts = []
    for one in results:
        parts.append(_study(one, verdicts, published, anchors, judged))
        if each is not None:
            each(parts[-1])
    studies = tuple(parts)
    problems = tuple(problem for part in studies for problem in part.problems)
    for problem in problems:
        _LOG.warning("%s", problem)
    names = " and ".join(part.title for part in studies)
    editions, contents = _contents(studies)
    return Report(
        title=title or (names if len(studies) in (1, 2) else f"Report on {len(studies)} studies"),
        date=date,
        studies=studies,
        counts=summary(judged).counts,
        false_refutations=summary(judged).expected_false_refutations,
        editions=editions,
        contents=contents,
        facts=overall_facts(studies, results),
        problems=problems,
    )


def unanswered(results: "Results") -> list[str]:
    """Questions of a study whose answer raises or is empty, each as its text and the reason."""
    answers = (_answer(results, question, k, "x") for k, question in enumerate(results.study.questions, 1))
    return [f"{answer.text} ({answer.problem.message})" for answer in answers if answer.problem]


def _study(
    results: "Results",
    verdicts: Sequence["Verdict"] | None,
    published: "Published",
    anchors: dict[str, int],
    judged: list["Verdict"],
) -> StudyPart:
    study = results.study
    anchor = _anchor(study.name, anchors)
    problems: list[Problem] = []

    def guarded(part: str, make: Callable[[], T], otherwise: Any) -> T:
        value, problem = _try(study.name, part, make)
        if problem:
            problems.append(problem)
        return otherwise if value is None else value

    question, details = _docstring(study)
    figures = tuple(_figure(results, figure, anchor) for figure in study.figures)
    tables = tuple(_table(results, table, anchor) for table in study.tables)
    answers = tuple(_answer(results, asked, k, anchor) for k, asked in enumerate(study.questions, 1))
    data = tuple(_data(results))
    blocks: tuple[FigureBlock | TableBlock | Answer | DataSet, ...] = (*figures, *tables, *answers, *data)
    problems += [block.problem for block in blocks if block.problem]
    selection, chosen = guarded("choice", lambda: chosen_cell(results), ("", ()))
    missing, absent = guarded("missing jobs", lambda: missing_table(results, anchor), (None, 0))
    failures, failed = guarded("failed jobs", lambda: failures_table(results, anchor), (None, 0))
    stale = tuple(guarded("stale jobs", lambda: stale_keys(results), []))
    stored = sum(record.outcome is not None for record in results.records)
    mine = guarded("claims", lambda: verdicts_of(results, verdicts), [])
    judged += mine
    rows, note = guarded("claims", lambda: claim_rows(results, mine, published), ((), ""))
    facts, seconds, device, command, seed = guarded("provenance", lambda: facts_of(results), ((), None, "", "", ""))
    return StudyPart(
        name=study.name,
        title=study.title,
        anchor=anchor,
        sheet=dict(study.sheet),
        question=question,
        details=details,
        profile=results.profile,
        settings=guarded("settings", lambda: settings(results), ()),
        cells=len(results.design.cells),
        replicates=results.design.replicates,
        seed=seed,
        data=data,
        figures=figures,
        tables=tables,
        cell_table=guarded("cells", lambda: cell_table(results, anchor), None),
        selection=selection,
        chosen=chosen,
        final=guarded("final stage", lambda: final_table(results, anchor), None),
        answers=answers,
        claims=rows,
        claims_note=note,
        published=published.label(study.name),
        jobs={"stored": stored, "failed": failed, "missing": absent, "stale": len(results.stale)},
        failures=failures,
        missing=missing,
        stale=stale,
        facts=facts,
        seconds=seconds,
        device=device,
        command=command,
        problems=tuple(problems),
    )


def _figure(results: "Results", figure: Any, anchor: str) -> FigureBlock:
    mark = f"{anchor}-figure-{_slug(figure.name)}"
    caption, trouble = _caption(results, figure)
    drawing, problem = _try(results.study.name, f"figure {figure.name!r}", lambda: figure.draw(results))
    if problem is None and drawing is None:
        problem = Problem(results.study.name, f"figure {figure.name!r}", "nothing was drawn")
    return FigureBlock(figure.name, mark, caption, drawing, problem or trouble)


def _table(results: "Results", table: Any, anchor: str) -> TableBlock:
    mark = f"{anchor}-table-{_slug(table.name)}"
    caption, trouble = _caption(results, table)
    made, problem = _try(results.study.name, f"table {table.name!r}", lambda: as_table(table.make(results)))
    return TableBlock(table.name, mark, caption, made, problem=problem or trouble)


def _answer(results: "Results", question: Any, number: int, anchor: str) -> Answer:
    mark = f"{anchor}-question-{number}"
    part = f"question {number} ({question.text!r})"
    text, problem = _try(results.study.name, part, lambda: question.answer(results))
    if problem is None and (not isinstance(text, str) or not text.strip()):
        problem = Problem(results.study.name, part, "the question is not answered")
    return Answer(question.text, question.sheet, mark, text if isinstance(text, str) and not problem else "", problem)


def _caption(results: "Results", block: Any) -> tuple[str, Problem | None]:
    if not callable(block.caption):
        return str(block.caption), None
    text, problem = _try(results.study.name, f"caption of {block.name!r}", lambda: str(block.caption(results)))
    return text or "", problem


def _data(results: "Results") -> Iterable[DataSet]:
    study = results.study
    names, problem = _try(study.name, "data", lambda: [name for cell in results.design.cells for name in study.data_of(cell.params)])
    if problem:
        yield DataSet("data", problem=problem)
    for name in dict.fromkeys(names or ()):
        entry, problem = _try(study.name, f"data {name!r}", lambda name=name: _describe(name))  # type: ignore[misc]
        if problem or entry is None:
            yield DataSet(name, problem=problem)
            continue
        read = {key: str(getattr(entry, key, None) or "") for key in ("title", "description", "licence", "citation", "stand_in")}
        yield DataSet(name, read["title"] or read["description"], read["licence"], read["citation"], read["stand_in"])


def _describe(name: str) -> Any:
    from annlab import data

    return data.describe(name)


def _try(study: str, part: str, make: Callable[[], T]) -> tuple[T | None, Problem | None]:
    """What `make` returns, or the problem in one line; the traceback goes to the log."""
    try:
        return make(), None
    except Exception as error:
        message = f"{type(error).__name__}: {error}".split("\n")[0]
        _LOG.debug("%s", traceback.format_exc())
        return None, Problem(study, part, message[:400])


def _docstring(study: Any) -> tuple[str, str]:
    """First paragraph of the study's module (its question), and the rest."""
    from annlab.lab.discover import module_of

    module = sys.modules.get(module_of(study) or study.trial.__module__)
    text = inspect.cleandoc(getattr(module, "__doc__", None) or "")
    question, _, details = text.partition("\n\n")
    return " ".join(question.split()), details.strip()


def _contents(studies: Sequence[StudyPart]) -> tuple[tuple[str, ...], tuple[tuple[str, Mapping[str, tuple[StudyPart, ...]]], ...]]:
    """Editions, and for each exercise number the studies of each edition; studies without a number come last."""
    editions = (*_EDITIONS, *sorted({edition for part in studies for edition in part.sheet} - set(_EDITIONS)))
    found: dict[str, dict[str, list[StudyPart]]] = {}
    for part in studies:
        for edition, numbers in part.sheet.items():
            for number in re.split(r"\s*[,;]\s*", str(numbers)):
                found.setdefault(number, {}).setdefault(edition, []).append(part)
        if not part.sheet:
            found.setdefault("beyond", {}).setdefault(editions[0], []).append(part)
    rows = sorted(found, key=lambda number: (number == "beyond", [int(n) for n in re.findall(r"\d+", number)], number))
    return editions, tuple((row, {edition: tuple(parts) for edition, parts in found[row].items()}) for row in rows)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def _anchor(name: str, taken: dict[str, int]) -> str:
    slug = _slug(name)
    taken[slug] = taken.get(slug, 0) + 1
    return slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"
