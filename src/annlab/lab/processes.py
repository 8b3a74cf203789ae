"""Spawned processes that start clean: the driver's main module is not run again, and Ctrl-C reaches the driver alone."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import Lock
from typing import Any

__all__ = ["CleanSpawnContext"]

_LOCK = Lock()


class _CleanProcess(SpawnProcess):
    """A spawned process without the parent's main module, which would import the command line or run a script again."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the name that multiprocessing calls
        with _LOCK, _main_hidden(), _interrupts_blocked():
            return SpawnProcess._Popen(process_obj)


class CleanSpawnContext(SpawnContext):
    """The `multiprocessing` context of such processes."""

    Process = _CleanProcess


@contextmanager
def _main_hidden() -> Iterator[None]:
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    main.__spec__ = None
    if "__file__" in kept:
        del main.__file__
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """A process inherits the signals that its parent's thread blocks, from its first instruction on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
