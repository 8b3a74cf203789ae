"""``annlab run`` and ``annlab report``: from what was typed to results, and from results to a report."""

import shlex
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from annlab.cli_output import Display, say, show_table
from annlab.durations import format_duration
from annlab.errors import UsageError
from annlab.lab.discover import catalogue, load_study
from annlab.lab.params import parse
from annlab.lab.study import PROFILES, Study
from annlab.paths import home

if TYPE_CHECKING:
    from annlab.lab.results import Results
    from annlab.lab.run import Plan

__all__ = ["Request", "chosen_studies", "dry", "execute", "print_report", "report_path", "stored_results"]

_LISTED = 20


@dataclass(frozen=True)
class Request:
    """Studies to run or report, and the design asked for."""

    names: tuple[str, ...]
    studies: tuple[Study, ...]
    profile: str
    typed: tuple[str, ...]
    design: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        names: Sequence[str] | None,
        profile: str,
        settings: Sequence[str] | None = None,
        where: Sequence[str] | None = None,
        replicates: int | None = None,
        device: str = "cpu",
        seed: int = 0,
    ) -> "Request":
        """Check names, parameters and values, and bring values to the types of the studies' parameters.

        Raises:
            UsageError: for the first thing that is wrong.
        """
        studies = chosen_studies(names)
        pairs, conditions = _pairs(settings, "--set"), _pairs(where, "--where")
        for name in {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}:
            raise UsageError(f"--set gives {name!r} twice")
        design: dict[str, Any] = {
            "settings": {name: _value(studies, name, text) for name, text in pairs} or None,
            "where": _gather(studies, conditions) or None,
            "replicates": replicates,
            "device": device,
            "seed": seed,
        }
        for study in studies:
            study.design(profile, design["settings"], design["where"], replicates)
        typed = [part for option, given in (("--set", settings), ("--where", where)) for text in given or () for part in (option, text)]
        for option, value, default in (("--replicates", replicates, None), ("--device", device, "cpu"), ("--seed", seed, 0)):
            typed += [option, str(value)] if value != default else []
        return cls(tuple(names or ()), studies, profile, tuple(typed), design)

    def command(self, *more: str) -> str:
        """The command line that asks for the same again."""
        return shlex.join(["annlab", "run", *self.names, "--profile", self.profile, *self.typed, *more])


def chosen_studies(names: Sequence[str] | None) -> tuple[Study, ...]:
    """The studies of these names or paths, each once; all where none are given."""
    loaded = [load_study(name) for name in dict.fromkeys(names or [card.name for card in catalogue()])]
    if not loaded:
        raise UsageError("there is no study; give the path of a Python file that holds one")
    return tuple({study.name: study for study in loaded}.values())


def dry(request: Request, **options: Any) -> None:
    """Show what a run would compute."""
    from annlab.lab.run import plan_many

    plan = plan_many(request.studies, request.profile, **request.design, **options)
    rows: list[Sequence[object]] = [
        (row.study, row.cells, row.replicates, row.jobs, row.stored, row.missing, format_duration(row.seconds)) for row in plan.rows
    ]
    if len(rows) > 1:
        rows.append(("together", "", "", len(plan.jobs), len(plan.stored), len(plan.missing), format_duration(plan.seconds)))
    columns = ("study", "cells", "replicates", "jobs", "stored", "to compute", "estimated time")
    show_table(columns, rows, numeric=columns[1:], title=f"profile {request.profile}")
    _notes(request, plan)


def execute(request: Request, *, report: bool, **options: Any) -> None:
    """Run, list what failed, write the report and print its path; exit code 1 if a job failed, 130 if interrupted, 143 if ended."""
    from annlab.lab.run import run_many

    _demand_data(request)
    display = Display()
    try:
        with _ended_as_interrupted() as ended, display:
            results = run_many(request.studies, request.profile, **request.design, **options, progress=display)
    except KeyboardInterrupt:
        held = (
            f"{display.stored} of {display.total} jobs of this run are computed and stored."
            if display.total
            else "Nothing was computed yet."
        )
        say(f"Stopped. {held} Go on with: {request.command()}")
        raise typer.Exit(128 + (signal.SIGTERM if ended else signal.SIGINT)) from None
    failures = [failure for result in results for failure in result.failures]
    for failure in failures[:_LISTED]:
        say(f"failed: {failure.study} {failure.key[:10]}, {failure.kind}: {failure.message} (annlab show {failure.key[:10]})")
    if failures:
        if len(failures) > _LISTED:
            say(f"and {len(failures) - _LISTED} more: annlab store list --study {failures[_LISTED].study}")
        say(f"{len(failures)} jobs failed. Try them again with: {request.command('--retry')}")
    if report:
        print_report(results, report_path(results, bool(request.names)))
    if failures:
        raise typer.Exit(1)


@contextmanager
def _ended_as_interrupted() -> Iterator[list[int]]:
    """SIGTERM, which batch systems send before they kill, is taken as Ctrl-C is; the list that is given holds it then."""
    came: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield came
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)


def stored_results(
    names: Sequence[str] | None,
    profile: str | None,
    settings: Sequence[str] | None,
    where: Sequence[str] | None,
    replicates: int | None,
    device: str,
    seed: int,
) -> "list[Results]":
    """What is stored of the studies, each at the profile of which the largest share is; computes nothing.

    Where no study is named those without results are left out; exit code 1 where nothing is left, or a named one has none.
    """
    from annlab.lab.run import load

    chosen = chosen_studies(names)
    results: list[Results] = []
    for name, study in zip(names or [study.name for study in chosen], chosen, strict=False):
        candidates = []
        for one in (profile,) if profile else reversed(PROFILES):
            request = Request.read([name], one, settings, where, replicates, device, seed)
            candidates.append(load(study, one, **request.design))
        best = max(candidates, key=_completeness)
        if _completeness(best) > 0:
            results.append(best)
        elif names:
            _nothing_stored(f"of {study.name!r} ", f"{name} --profile {profile or 'quick'}")
    if not results:
        _nothing_stored("", f"--profile {profile or 'quick'}")
    return results


def report_path(results: "Sequence[Results]", named: bool, output_format: str = "html") -> Path:
    """Where a report goes unless another place is given: in annlab's home, named after study and profile."""
    stem = results[0].study.name if len(results) == 1 else "selection" if named else "studies"
    profiles = {result.profile for result in results}
    suffix = ".html" if output_format == "html" else f"-{output_format}"
    return home() / "reports" / f"{stem}-{profiles.pop() if len(profiles) == 1 else 'stored'}{suffix}"


def print_report(results: "Sequence[Results]", path: Path, output_format: str = "html") -> None:
    """Write the report with the verdicts on exactly these results, and print its path; exit code 1 where claims cannot be judged."""
    from annlab.lab.verdicts import judge, summary
    from annlab.report import write_as

    verdicts, unjudged = [], 0
    for result in results:
        try:
            verdicts += judge(result.study, {result.profile: result})
        except ValueError as error:  # a wrong mapping must not cost the report of a long run
            say(f"the claims of {result.study.name!r} cannot be judged: {error}")
            unjudged += 1
    written = write_as(output_format, results, path, verdicts)
    if verdicts:
        say(f"claims: {summary(verdicts)}")
    typer.echo(written)
    if unjudged:
        raise typer.Exit(1)


def _completeness(results: "Results") -> float:
    counts = results.counts
    there = counts["stored"] + counts["failed"]
    return there / max(1, there + counts["missing"])


def _demand_data(request: Request) -> None:
    """Say in one sentence, before anything is computed, that a job to compute lacks its data: raises `DataError`."""
    from annlab import data
    from annlab.lab.run import plan_many

    designs = [study.design(request.profile, request.design["settings"], request.design["where"]) for study in request.studies]
    named = {name for design in designs for cell in design.cells for name in design.study.data_of(cell.params)}
    absent = {name for name in named if not data.status(name).available}
    if absent:
        plan = plan_many(request.studies, request.profile, **request.design)
        for name in sorted(absent & {name for job in plan.missing for name in job.data}):
            data.load(name)


def _nothing_stored(what: str, arguments: str) -> NoReturn:
    say(f"annlab: nothing is stored {what}yet; compute it with: annlab run {arguments}")
    raise typer.Exit(1)


def _pairs(texts: Sequence[str] | None, option: str) -> list[tuple[str, str]]:
    pairs = []
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} takes NAME=VALUE, got {text!r}")
        pairs.append((name.strip(), value))
    return pairs


def _value(studies: Sequence[Study], name: str, text: str) -> Any:
    """`text` as the studies' parameter `name` reads it; they must agree."""
    values = []
    for study in studies:
        try:
            values.append(parse(study.params, name, text))
        except UsageError as error:
            if len(studies) == 1:
                raise
            raise UsageError(f"study {study.name!r}: {error}") from None
    if any(value != values[0] for value in values):
        raise UsageError(f"{name}={text} means different values in these studies; run them one at a time")
    return values[0]


def _gather(studies: Sequence[Study], conditions: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Conditions by name; a name given several times keeps every value, as a list."""
    wanted: dict[str, list[Any]] = {}
    for name, text in conditions:
        wanted.setdefault(name, []).append(text if name == "case" else _value(studies, name, text))
    return {name: values[0] if len(values) == 1 else values for name, values in wanted.items()}


def _notes(request: Request, plan: "Plan") -> None:
    if plan.stale:
        say(f"{len(plan.stale)} stored jobs were computed by older code; --fresh computes them again")
    if plan.failed:
        say(f"{len(plan.failed)} jobs failed before; --retry tries them again: {request.command('--retry')}")
