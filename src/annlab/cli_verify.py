"""``annlab verify``: the verdicts on the claims, as a table to read or as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer
from rich.text import Text

from annlab.cli_output import say, show_table
from annlab.cli_run import chosen_studies
from annlab.errors import unknown_name
from annlab.lab.provenance import environment
from annlab.lab.published import merge, published, read, save
from annlab.lab.study import PROFILES
from annlab.lab.verdicts import Verdict, as_records, summary, verify

__all__ = ["show_verdicts"]

_STYLES = {"reproduced": "green", "exceeded": "blue", "refuted": "red", "undecided": "yellow", "untestable": "dim", "not-run": "dim"}


def show_verdicts(
    names: Sequence[str] | None, profile: str | None, output_format: str, publish: Path | None, *, device: str, seed: int
) -> None:
    """Print the verdicts on the claims of these studies; all claims where none are named."""
    if profile is not None and profile not in PROFILES:
        raise unknown_name("profile", profile, PROFILES)
    verdicts = verify(chosen_studies(names) if names else None, profile, device=device, seed=seed)
    if publish is not None:
        made = environment(device)
        save(merge(read(publish), verdicts, made["device"], {name: made[name] for name in ("annlab", "torch", "numpy", "python")}), publish)
    if output_format == "json":
        typer.echo(json.dumps(as_records(verdicts), indent=2, ensure_ascii=False, allow_nan=False))
        return
    if not verdicts:
        say("no claim is made on these studies")
        return
    shipped = {verdict.id: verdict for verdict in published().verdicts}
    columns = ("claim", "verdict", "published", "claimed", "measured", "95 % interval", "n", "reason")
    show_table(columns, [_row(verdict, shipped) for verdict in verdicts], numeric=("claimed", "measured", "n"))
    typer.echo()
    typer.echo(summary(verdicts))
    labels = {name: published().label(name) for name in dict.fromkeys(verdict.study for verdict in verdicts)}
    for name, label in labels.items():
        if label:
            typer.echo(f"published verdicts of {name}: {label}")


def _row(verdict: Verdict, shipped: Mapping[str, Verdict]) -> list[object]:
    interval = f"[{_number(verdict.low)}, {_number(verdict.high)}]" if verdict.low is not None and verdict.high is not None else ""
    return [
        verdict.id,
        Text(verdict.verdict, style=_STYLES[verdict.verdict]),
        shipped[verdict.id].verdict if verdict.id in shipped else "",
        _number(verdict.claimed),
        _number(verdict.measured),
        interval,
        "" if verdict.n is None else verdict.n,
        verdict.record()["reason"],
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
