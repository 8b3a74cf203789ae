"""``annlab list``, ``show`` and ``info``: what there is to run, what a job holds, what this machine is."""

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from annlab.cli_output import console, show_table, size
from annlab.durations import format_duration
from annlab.errors import UsageError
from annlab.lab.discover import catalogue
from annlab.lab.store import Store
from annlab.paths import data_folders, home, offline

if TYPE_CHECKING:
    from annlab.lab.jobs import Failure
    from annlab.lab.stored import StoredJob

__all__ = ["show_info", "show_job", "show_studies"]

_LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "plotly", "pebble")


def show_studies() -> None:
    """Table of all studies in the order of the exercise sheets; reads their files, imports none."""
    cards = sorted(catalogue(), key=lambda card: (_sheet_order(card.sheet), card.name))
    show_table(
        ("study", "sheets", "question"),
        [(card.name, ", ".join(f"{edition}: {sheet}" for edition, sheet in card.sheet.items()), card.question) for card in cards],
    )


def show_job(key: str) -> None:
    """What a job holds, or why it failed. Raises `UsageError` where no key, or more than one, starts so."""
    store = Store()
    failures = [failure for failure in store.failures() if key and failure.key.startswith(key)]
    try:
        job = store.find(key)
    except UsageError:
        if len(failures) != 1:
            raise
        _show_failure(failures[0])
        return
    _show_stored(job)


def show_info() -> None:
    """Versions, devices, threads and folders of this machine."""
    import torch

    runs = Store().root
    rows = [
        ("annlab", _version_of("annlab")),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        *((name, _version_of(name)) for name in _LIBRARIES),
        ("cores", str(os.cpu_count())),
        ("threads of torch", str(torch.get_num_threads())),
        ("device", _devices()),
        ("home", f"{home()}{'' if _writable() else ' (cannot be written; set ANNLAB_HOME to a folder of yours)'}"),
        ("stored jobs", f"{sum(1 for _ in runs.glob('[!.]*/[!.]*/run.json'))} in {runs}"),
        ("data folders", ", ".join(map(str, data_folders())) or "none (set ANNLAB_DATA_DIR)"),
        ("network", "forbidden by ANNLAB_OFFLINE" if offline() else "allowed"),
    ]
    _pairs(rows)


def _show_stored(job: "StoredJob") -> None:
    spec, provenance = job.info["spec"], job.info["provenance"]
    _pairs(
        [
            ("job", job.key),
            ("study", f"{job.study}, version {spec['version']}, stage {spec['stage']}"),
            ("replicates", ", ".join(map(str, job.replicates))),
            ("seed", str(spec["seed"])),
            (
                "computed",
                f"{job.info['created']}, {format_duration(job.seconds)} on {spec['device']}, {spec['threads']} thread(s), {spec['dtype']}",
            ),
            *(("data", f"{name} ({identity})") for name, identity in spec["data"].items()),
            *((name, _short(value)) for name, value in provenance.items()),
            ("folder", str(job.folder)),
        ]
    )
    _heading("parameters")
    _pairs((name, _short(value)) for name, value in spec["params"].items())
    outcomes = {replicate: job.outcome(replicate) for replicate in job.replicates}
    first = outcomes[job.replicates[0]]
    for title, kind in (("metrics", "metrics"), ("seconds", "timings")):
        names = list(getattr(first, kind))
        if names:
            _heading(title)
            rows = [(replicate, *(f"{getattr(outcome, kind)[name]:.6g}" for name in names)) for replicate, outcome in outcomes.items()]
            show_table(("replicate", *names), rows, numeric=("replicate", *names))
    held: list[tuple[str, str]] = []
    held += [(f"series {name}", _columns(frame)) for name, frame in first.series.items()]
    held += [(f"array {name}", f"{array.dtype} {tuple(array.shape)}") for name, array in first.arrays.items()]
    held += [
        (f"models of replicate {replicate}", ", ".join(job.models_of(replicate)))
        for replicate in job.replicates
        if job.models_of(replicate)
    ]
    if held:
        _heading("also holds")
        _pairs(held)


def _show_failure(failure: "Failure") -> None:
    _pairs(
        [
            ("job", failure.key),
            ("study", f"{failure.study}, stage {failure.stage}"),
            ("replicates", ", ".join(map(str, failure.replicates))),
            ("failed", f"{failure.created} after {format_duration(failure.seconds)}: {failure.kind}"),
            ("message", failure.message),
        ]
    )
    _heading("parameters")
    _pairs((name, _short(value)) for name, value in failure.params.items())
    if failure.traceback:
        _heading("traceback")
        typer.echo(failure.traceback.rstrip())


def _pairs(rows: Iterable[tuple[str, str]]) -> None:
    listed = list(rows)
    width = max((len(name) for name, _ in listed), default=0)
    to = console()
    for name, value in listed:
        to.print(Text.assemble((name.ljust(width), "bold"), "  ", value))


def _heading(text: str) -> None:
    console().print(Text(f"\n{text}", style="bold underline"))


def _columns(frame: Mapping[str, Any]) -> str:
    names = list(frame)
    return f"{len(frame[names[0]]) if names else 0} rows of {', '.join(names)}"


def _short(value: Any) -> str:
    text = "none" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _sheet_order(sheet: Mapping[str, str]) -> tuple[Any, ...]:
    first = next(iter(sheet.values()), "~")
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in first.replace(" ", ".").split("."))


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _writable() -> bool:
    place = home()
    while not place.exists():
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK)


def _devices() -> str:
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    described = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return "cpu, " + ", ".join(f"cuda:{index} ({found.name}, {size(found.total_memory)})" for index, found in enumerate(described))
