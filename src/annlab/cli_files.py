"""``annlab data`` and ``annlab store``: the files that annlab reads and those that it keeps."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer
from rich.console import Console

from annlab.cli_output import say, show_table, size
from annlab.durations import format_duration
from annlab.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from annlab.data import Entry

__all__ = ["add_data", "check_data", "check_store", "export_store", "fetch_data", "import_store", "list_data", "list_store", "prune_store"]


def list_data() -> None:
    """Table of the data sets: whether each can be used now, its size, where it lies, what it is."""
    from annlab import data

    rows = []
    for name in data.names():
        try:
            entry, status = data.describe(name), data.status(name)
        except data.DataError as error:
            rows.append((name, "damaged", "", str(error), ""))
            continue
        state = "ready" if status.available else "to be fetched" if _has_address(entry) else "to be put by hand"
        where = "generated" if entry.generated else str(status.where or "")
        rows.append((name, state, size(status.bytes), entry.stand_in or entry.title, where))
    show_table(("data set", "state", "size", "what", "where"), rows, numeric=("size",))


def _has_address(entry: "Entry") -> bool:
    return all(file.sources for file in ((entry.archive,) if entry.archive else entry.files))


def fetch_data(names: Sequence[str]) -> None:
    """Download and verify each set, with a bar where somebody watches; prints where each lies."""
    from annlab import data

    for name in names:
        data.describe(name)  # every name is checked before the first download
    for name in names:
        with _Download() as download:
            place = data.fetch(name, download)
        typer.echo(f"{name}: {'needs no file, it is generated' if data.describe(name).generated else place}")


def add_data(name: str, path: Path, size_text: str | None, **options: Any) -> None:
    """Register a user's own set and print what it holds."""
    from annlab import data

    size_wanted = None
    if size_text is not None:
        height, _, width = size_text.lower().partition("x")
        if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
            raise UsageError(f"--size takes HEIGHTxWIDTH in pixels, such as 32x32, got {size_text!r}")
        size_wanted = (int(height), int(width))
    entry = data.add(name, path, size=size_wanted, **options)
    held = ", ".join(f"{array} {each.shape} {each.dtype}" for array, each in entry.arrays.items())
    typer.echo(f"{name}: {entry.task}: {held}, kept in {data.path(name)}")


def check_data(names: Sequence[str] | None) -> None:
    """Compare files with their checksums; exit code 1 where one that was named, or that is there, is not sound."""
    from annlab import data

    wrong = 0
    for name in names or data.names():
        try:
            status, rows = data.status(name), data.check(name)
        except data.DataError as error:
            wrong += 1
            typer.echo(f"{name}: NOT SOUND: {error}")
            continue
        if not names and not status.available and status.where is None:
            typer.echo(f"{name}: not here: {rows[0][2]}")
            continue
        for file, sound, detail in rows:
            wrong += not sound
            typer.echo(f"{name if file == name else f'{name}: {file}'}: {'sound' if sound else 'NOT SOUND'}: {detail}")
    if wrong:
        raise typer.Exit(1)


def list_store(study: str | None) -> None:
    """Count jobs by study; list those of one study."""
    from annlab.lab.store import Store

    store = Store()
    if study is not None:
        rows = [
            (
                job.key[:10],
                job.info["spec"]["stage"],
                f"{job.replicates[0]}-{job.replicates[-1]}",
                job.info["created"],
                format_duration(job.seconds),
            )
            for job in store.jobs(study)
        ]
        for failure in store.failures(study):
            replicates = f"{failure.replicates[0]}-{failure.replicates[-1]}"
            rows.append((failure.key[:10], failure.stage, replicates, failure.created, f"failed: {failure.kind}"))
        show_table(("job", "stage", "replicates", "computed", "took"), rows)
        return
    jobs, seconds, bytes_held = Counter[str](), Counter[str](), Counter[str]()
    for job in store.jobs():
        jobs[job.study] += 1
        seconds[job.study] += round(job.seconds * 1000)
        bytes_held[job.study] += _bytes(job.folder)
    failed = Counter(failure.study for failure in store.failures())
    names = sorted({*jobs, *failed})
    show_table(
        ("study", "jobs", "failed", "computed in", "size"),
        [(name, jobs[name], failed[name], format_duration(seconds[name] / 1000), size(bytes_held[name])) for name in names],
        numeric=("jobs", "failed", "computed in", "size"),
        title=str(store.root),
    )
    for note in store.notes:
        say(note)


def check_store(study: str | None) -> None:
    """Move damaged jobs aside; exit code 1 where there were some."""
    from annlab.lab.store import Store

    store = Store()
    damaged = store.check(study)
    for note in store.notes:
        say(note)
    typer.echo(f"{damaged} damaged jobs in {store.root}")
    if damaged:
        raise typer.Exit(1)


def prune_store(study: str | None, *, stale: bool, everything: bool) -> None:
    """Remove what is of no use any more, and say how much that was."""
    from annlab.lab.run import stale_keys
    from annlab.lab.store import Store

    store = Store()
    removed = store.prune(study, stale=stale_keys(store, study) if stale else None, everything=everything)
    typer.echo(f"removed {removed} from {store.root}")


def export_store(file: Path, study: str | None, *, models: bool, split: float | None) -> None:
    """Write stored jobs to a zip file, or to several, and print their paths."""
    from annlab.lab.store import Store
    from annlab.lab.transfer import export_jobs

    limit = None if split is None else round(split * 1e6)
    for written in export_jobs(Store(), file, studies=None if study is None else [study], models=models, part_bytes=limit):
        typer.echo(f"{written} ({size(written.stat().st_size)})")


def import_store(files: Sequence[Path]) -> None:
    """Take jobs of zip files into the store; exit code 1 where some were refused."""
    from annlab.lab.store import Store
    from annlab.lab.transfer import import_jobs

    refused = 0
    for file in files:
        found = import_jobs(Store(), file)
        typer.echo(f"{file}: {found.new} new jobs, {found.known} were here already, {len(found.refused)} refused")
        for reason in found.refused:
            say(f"refused: {reason}")
        refused += len(found.refused)
    if refused:
        raise typer.Exit(1)


class _Download:
    """Bar of a download on standard error; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        to = Console(file=sys.stderr)
        if to.is_terminal:
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=to, transient=True
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, file: str, done: int, total: int) -> None:
        if self._bar is not None:
            if file not in self._tasks:
                self._tasks[file] = self._bar.add_task(file, total=total)
            self._bar.update(self._tasks[file], completed=done)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
