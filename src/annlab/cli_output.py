"""How the command line writes: tables that fit a screen and can be piped, durations and sizes in words, a progress bar."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from annlab.durations import format_duration

if TYPE_CHECKING:
    from rich.progress import Progress, Task

    from annlab.lab.run import Event

__all__ = ["Display", "console", "say", "show_table", "size"]

PIPE_WIDTH = 200
SECONDS_BETWEEN_LINES = 5.0


def console(file: TextIO | None = None) -> Console:
    """Console on `file` (standard output by default), wide where nobody watches it, so that no table is cut."""
    stream = file or sys.stdout
    return Console(file=stream, highlight=False, soft_wrap=True, width=None if stream.isatty() else PIPE_WIDTH)


def say(text: str) -> None:
    """A line on standard error, where it does not mix with what is piped."""
    Console(file=sys.stderr, highlight=False).print(Text(text), soft_wrap=True)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], numeric: Sequence[str] = (), title: str | None = None) -> None:
    """A table on standard output; `numeric` columns stand to the right and never break, nor does the first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        whole = column in numeric or column == columns[0]
        table.add_column(column, justify="right" if column in numeric else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*[cell if isinstance(cell, Text) else Text(str(cell)) for cell in row])
    to = console()
    if title:
        to.print(Text(title, style="bold"))
    to.print(table, soft_wrap=False)


def size(count: float) -> str:
    """Bytes as ``312 B``, ``4.2 kB``, ``17.0 MB``, ``1.3 GB``."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


class Display:
    """Progress of a run on standard error: one bar with jobs done, rate and time left, or plain lines where it is no terminal.

    Use as a context manager and hand it to `annlab.lab.run.run` as `progress`.
    """

    def __init__(self) -> None:
        self.done = self.failed = self.total = 0
        self._started = self._last_line = time.monotonic()
        self._console = Console(file=sys.stderr, highlight=False)
        self._bar: Progress | None = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TextColumn("jobs"),
                _rate_column(),
                TimeRemainingColumn(compact=True),
                TextColumn("left"),
            )
            self._bar = Progress(*columns, console=self._console, expand=True, transient=True)
            self._task = self._bar.add_task("planning", total=None)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: "Event") -> None:
        """Show one event."""
        self.done, self.total = event.done, event.total
        if event.kind == "start":
            self._started = time.monotonic()
        if event.kind == "failed":
            self.failed += 1
            self._line(event.message)
        elif event.kind == "note" and event.message:
            self._line(event.message)
        if self._bar is not None:
            self._bar.update(self._task, completed=event.done, total=event.total)
            what = {"start": "computing", "report": event.message}.get(event.kind) or (event.job.study if event.job else "")
            if what:
                self._bar.update(self._task, description=what)
        elif event.kind in ("start", "done", "failed", "end"):
            self._plain(event)

    @property
    def stored(self) -> int:
        """Jobs computed and stored in this run."""
        return self.done - self.failed

    def _plain(self, event: "Event") -> None:
        now = time.monotonic()
        if event.kind == "start" and event.total:
            self._line(f"{event.total} jobs to compute")
        elif event.total and (now - self._last_line >= SECONDS_BETWEEN_LINES or event.done == event.total) and event.kind != "end":
            self._last_line = now
            rate = event.done / max(now - self._started, 1e-9)
            left = (event.total - event.done) / rate if rate else None
            rest = (
                f", {_rate(rate)}, {format_duration(left)} left"
                if event.done < event.total
                else f" in {format_duration(now - self._started)}"
            )
            self._line(f"{event.done} of {event.total} jobs{rest}")

    def _line(self, text: str) -> None:
        to = self._bar.console if self._bar is not None else self._console
        to.print(Text(text), soft_wrap=True)


def _rate_column() -> Any:
    from rich.progress import ProgressColumn

    class Rate(ProgressColumn):
        """Jobs a second."""

        def render(self, task: "Task") -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else _rate(speed))

    return Rate()


def _rate(jobs_a_second: float) -> str:
    """``12.5/s``, or ``4.2/min`` where jobs are long."""
    return f"{jobs_a_second:.1f}/s" if jobs_a_second >= 0.1 else f"{60 * jobs_a_second:.1f}/min"
