"""Frames and tables of studies as text, and the plain tables that every report has."""

import re
from collections.abc import Sequence
from typing import Any

from annlab.report.content import TextTable

__all__ = ["as_table", "text_table"]

_NUMBER = re.compile(r"[−+-]?(?:[\d,]+(?:\.\d+)?|\.\d+|∞)(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?:\s*[%\[±].*)?|–|")


def as_table(made: Any) -> TextTable:
    """Text of a pandas frame or an `annlab.draw.TableView`.

    Raises:
        TypeError: for anything else.
    """
    from annlab.draw import TableView

    if type(made).__name__ == "DataFrame":
        made = TableView(made)
    if not isinstance(made, TableView):
        raise TypeError(f"a table must be a pandas frame or a TableView, got {type(made).__name__}")
    return text_table(made.headings, made.rows(), strong=made.emphasis, notes=made.notes)


def text_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, strong: Sequence[bool] = (), notes: Sequence[str] = ()
) -> TextTable:
    """Table of ready text; a column counts as numeric where every cell reads as a number, an interval or nothing."""
    numeric = tuple(bool(rows) and all(_NUMBER.fullmatch(row[k]) for row in rows) for k in range(len(columns)))
    return TextTable(tuple(columns), tuple(tuple(row) for row in rows), numeric, tuple(bool(value) for value in strong), tuple(notes))
