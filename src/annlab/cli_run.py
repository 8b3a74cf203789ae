"""``annlab run`` and ``annlab report``: from what was typed to results, and from results to a report."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from annlab.cli_output import Display, duration, say, show_table
from annlab.errors import UsageError
from annlab.lab.discover import catalogue, load_study
from annlab.lab.params import parse
from annlab.lab.study import PROFILES, Study
from annlab.paths import home

if TYPE_CHECKING:
    from annlab.lab.results import Results
    from annlab.lab.run import Plan

__all__ = ["Request", "chosen_studies", "dry", "execute", "report_stored"]


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

    @property
    def report_path(self) -> Path:
        """Where the report goes unless another place is given."""
        stem = self.studies[0].name if len(self.studies) == 1 else "selection" if self.names else "studies"
        return home() / "reports" / f"{stem}-{self.profile}.html"


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
        (row.study, row.cells, row.replicates, row.jobs, row.stored, row.missing, duration(row.seconds)) for row in plan.rows
    ]
    if len(rows) > 1:
        rows.append(("together", "", "", len(plan.jobs), len(plan.stored), len(plan.missing), duration(plan.seconds)))
    columns = ("study", "cells", "replicates", "jobs", "stored", "to compute", "estimated time")
    show_table(columns, rows, numeric=columns[1:], title=f"profile {request.profile}")
    _notes(request, plan)


def execute(request: Request, *, report: bool, **options: Any) -> None:
    """Run, list what failed, write the report and print its path; exit code 1 if a job failed, 130 if interrupted."""
    from annlab.lab.run import run_many

    display = Display()
    try:
        with display:
            results = run_many(request.studies, request.profile, **request.design, **options, progress=display)
    except KeyboardInterrupt:
        held = (
            f"{display.stored} of {display.total} jobs of this run are computed and stored."
            if display.total
            else "Nothing was computed yet."
        )
        say(f"Stopped. {held} Go on with: {request.command()}")
        raise typer.Exit(130) from None
    failures = [failure for result in results for failure in result.failures]
    if report:
        print_report(results, request.report_path)
    for failure in failures:
        say(f"failed: {failure.study} {failure.key[:10]}, {failure.kind}: {failure.message} (annlab show {failure.key[:10]})")
    if failures:
        say(f"{len(failures)} jobs failed. Try them again with: {request.command('--retry')}")
        raise typer.Exit(1)


def report_stored(
    names: Sequence[str] | None,
    profile: str | None,
    settings: Sequence[str] | None,
    where: Sequence[str] | None,
    replicates: int | None,
    device: str,
    seed: int,
    output: Path | None,
) -> None:
    """Write the report of what is stored; studies of which nothing is stored are left out where none were named."""
    from annlab.lab.run import load

    chosen = chosen_studies(names)
    results: list[Results] = []
    used: list[str] = []
    for study in chosen:
        for one in (profile,) if profile else reversed(PROFILES):
            request = Request.read([_given(names, study)], one, settings, where, replicates, device, seed)
            found = load(study, one, **request.design)
            if found.counts["stored"] or found.counts["failed"]:
                results.append(found)
                used.append(one)
                break
        else:
            if names:
                say(f"annlab: nothing is stored of {study.name!r}; compute it with: annlab run {study.name} --profile {profile or 'quick'}")
                raise typer.Exit(1)
    if not results:
        say(f"annlab: nothing is stored; compute it with: annlab run --profile {profile or 'quick'}")
        raise typer.Exit(1)
    label = used[0] if len(set(used)) == 1 else "stored"
    stem = results[0].study.name if len(chosen) == 1 else "selection" if names else "studies"
    print_report(results, output or home() / "reports" / f"{stem}-{label}.html")


def print_report(results: "Sequence[Results]", path: Path) -> None:
    """Write the report with the verdicts on exactly these results, and print its path."""
    from annlab.lab.verdicts import judge, summary
    from annlab.report import write

    verdicts = [verdict for result in results for verdict in judge(result.study, {result.profile: result})]
    path.parent.mkdir(parents=True, exist_ok=True)
    written = write(results, path, verdicts)
    if verdicts:
        say(f"claims: {summary(verdicts)}")
    typer.echo(written)


def _given(names: Sequence[str] | None, study: Study) -> str:
    return next((name for name in names or () if name != study.name and load_study(name) is study), study.name)


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
