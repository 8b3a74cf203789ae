"""Errors that a user can act on, and the nearest valid name for a wrong one."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["UsageError", "unknown_name"]


class UsageError(ValueError):
    """A wrong name, value or combination given by the user; the message is one sentence that says what is wanted.

    The command line prints it as one line and leaves with exit code 2.
    """


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> UsageError:
    """Error for an unknown `name` of the given `kind`, with the nearest valid name, or all of them where none is near."""
    names = sorted(valid)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return UsageError(f"unknown {kind} {name!r}; did you mean {near[0]!r}?")
    return UsageError(f"unknown {kind} {name!r}; choose from {', '.join(names) or 'nothing: none exist'}")
