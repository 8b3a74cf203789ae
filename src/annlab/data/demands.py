"""What a study asks of a data set that the user may choose: its task and the shapes of its arrays."""

from collections.abc import Mapping, Sequence
from types import EllipsisType

from annlab.data.entry import Array, Entry
from annlab.data.sets import describe
from annlab.errors import UsageError

__all__ = ["Shape", "require"]

Shape = Sequence[int | EllipsisType | None]
"""Lengths of the axes: a number, None for any length, and ``...`` at the end for any further axes."""


def require(name: str, *, task: str | Sequence[str] | None = None, shape: Mapping[str, Shape] | None = None) -> Entry:
    """The entry of a data set that fits; reads no data, so that it costs nothing to ask before a run.

    >>> require("two_moons", task="classification", shape={"X": (None, 2), "y": (None,)}).name
    'two_moons'

    Args:
        name: data set, annlab's own or one that the user registered with ``annlab data add``.
        task: the task, or those, that the set must be for.
        shape: arrays that the set must have, by name, with the length of each axis.

    Raises:
        UsageError: for an unknown name, and for a set that does not fit; the sentence says what it has and what is wanted.
    """
    entry = describe(name)
    tasks = (task,) if isinstance(task, str) else task
    if tasks is not None and entry.task not in tasks:
        raise UsageError(f"data set {name!r} is for {entry.task}, where a set for {' or '.join(tasks)} is wanted")
    for array, wanted in (shape or {}).items():
        found = entry.arrays.get(array)
        if found is None or not _fits(found, wanted):
            has = ", ".join(f"{key} {_text(each.shape)}" for key, each in entry.arrays.items())
            needs = ", ".join(f"{key} {_text(lengths)}" for key, lengths in (shape or {}).items())
            raise UsageError(f"data set {name!r} does not fit: it has {has}, where {needs} is wanted")
    return entry


def _fits(array: Array, wanted: Shape) -> bool:
    lengths = list(wanted)
    if lengths and lengths[-1] is ...:
        lengths.pop()
        if len(array.shape) < len(lengths):
            return False
    elif len(array.shape) != len(lengths):
        return False
    return all(length is None or length == found for length, found in zip(lengths, array.shape, strict=False))


def _text(lengths: Shape) -> str:
    parts = ["any" if length is None else "..." if length is ... else str(length) for length in lengths]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
