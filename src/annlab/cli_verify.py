"""``annlab verify``: the verdicts on the claims, as a table to read or as JSON."""

import json
from collections.abc import Sequence

import typer
from rich.text import Text

from annlab.cli_output import say, show_table
from annlab.cli_run import chosen_studies
from annlab.errors import unknown_name
from annlab.lab.study import PROFILES
from annlab.lab.verdicts import Verdict, as_records, summary, verify

__all__ = ["show_verdicts"]

_STYLES = {"reproduced": "green", "exceeded": "blue", "refuted": "red", "undecided": "yellow", "untestable": "dim", "not-run": "dim"}


def show_verdicts(names: Sequence[str] | None, profile: str | None, output_format: str, *, device: str, seed: int) -> None:
    """Print the verdicts on the claims of these studies; all claims where none are named."""
    if profile is not None and profile not in PROFILES:
        raise unknown_name("profile", profile, PROFILES)
    verdicts = verify(chosen_studies(names) if names else None, profile, device=device, seed=seed)
    if output_format == "json":
        typer.echo(json.dumps(as_records(verdicts), indent=2, ensure_ascii=False, allow_nan=False))
        return
    if not verdicts:
        say("no claim is made on these studies")
        return
    columns = ("claim", "verdict", "claimed", "measured", "95 % interval", "n", "reason")
    show_table(columns, [_row(verdict) for verdict in verdicts], numeric=("claimed", "measured", "n"))
    typer.echo()
    typer.echo(summary(verdicts))


def _row(verdict: Verdict) -> list[object]:
    interval = f"[{_number(verdict.low)}, {_number(verdict.high)}]" if verdict.low is not None and verdict.high is not None else ""
    return [
        verdict.id,
        Text(verdict.verdict, style=_STYLES[verdict.verdict]),
        _number(verdict.claimed),
        _number(verdict.measured),
        interval,
        "" if verdict.n is None else verdict.n,
        verdict.record()["reason"],
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
