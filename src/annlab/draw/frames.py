"""Reading long frames: columns that must be there, groups of rows, values by replicate, shown words."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.draw.formats import format_setting, name_words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Words", "check_frame", "groups_of", "replicate_matrix", "values_of"]


def check_frame(frame: "pd.DataFrame", columns: Sequence[str | None], what: str) -> None:
    """Raise a ValueError that names what is missing: rows or columns."""
    if len(frame) == 0:
        raise ValueError(f"{what} needs at least one row, got an empty frame")
    missing = [name for name in columns if name is not None and name not in frame.columns]
    if missing:
        have = ", ".join(map(str, frame.columns))
        raise ValueError(f"{what} needs the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; the frame has {have}")


def replicate_matrix(frame: "pd.DataFrame", x: str, y: str, replicate: str = "replicate") -> tuple[np.ndarray, np.ndarray]:
    """Sorted points (points,) and values (replicates, points) of one group, NaN where a replicate has no value at a point.

    Raises:
        ValueError: where a replicate has two values at one point, since then another factor varies inside the group.
    """
    columns = [x, replicate] if replicate in frame.columns else [x]
    if frame.duplicated(columns).any():
        first = frame.loc[frame.duplicated(columns), columns].iloc[0].to_dict()
        shown = ", ".join(f"{name}={value}" for name, value in first.items())
        raise ValueError(f"several values of {y} at {shown}: another factor varies; name it in `by` or `facet`, or select one cell")
    if replicate not in frame.columns:
        ordered = frame.sort_values(x)
        return ordered[x].to_numpy(dtype=float), ordered[y].to_numpy(dtype=float)[None, :]
    wide = frame.pivot_table(index=x, columns=replicate, values=y, dropna=False, aggfunc="first", sort=True, observed=True)
    return wide.index.to_numpy(dtype=float), wide.to_numpy(dtype=float).T


def groups_of(frame: "pd.DataFrame", factors: Sequence[str]) -> list[tuple[tuple[Any, ...], "pd.DataFrame"]]:
    """Parts of the frame by the values of `factors`, numbers in order, other values as they come; lists become tuples."""
    if not factors:
        return [((), frame)]
    hashable = frame.copy(deep=False)
    for name in factors:
        if frame[name].dtype != object:  # only objects can be lists
            continue
        hashable[name] = [tuple(value) if isinstance(value, list) else value for value in frame[name]]
    grouped: Any = hashable.groupby(list(factors), sort=False, dropna=False, observed=True)
    parts = [(key if isinstance(key, tuple) else (key,), rows) for key, rows in grouped]
    if all(isinstance(value, int | float | np.integer | np.floating) for key, _ in parts for value in key):
        parts.sort(key=lambda part: part[0])
    return parts


def values_of(frame: "pd.DataFrame", factors: Sequence[str], value: str, replicate: str = "replicate") -> dict[tuple[Any, ...], np.ndarray]:
    """Values (replicates,) of each group, in the order of the replicates of the whole frame, NaN where one is missing.

    Raises:
        ValueError: where a replicate has two values in a group, since then another factor varies inside it.
    """
    parts = groups_of(frame, factors)
    if replicate not in frame.columns:
        return {key: rows[value].to_numpy(dtype=float) for key, rows in parts}
    order = sorted(frame[replicate].unique())
    found = {}
    for key, rows in parts:
        if rows[replicate].duplicated().any():
            shown = ", ".join(f"{name}={part}" for name, part in zip(factors, key, strict=True))
            raise ValueError(f"several values of {value} a replicate at {shown}: another factor varies; name it, or select one cell")
        found[key] = rows.set_index(replicate)[value].reindex(order).to_numpy(dtype=float)
    return found


class Words:
    """Shown texts of columns and values: those of `labels`, else names with spaces for underscores and formatted numbers."""

    def __init__(self, labels: Mapping[Any, str] | None = None) -> None:
        self._labels = labels or {}

    def __call__(self, value: Any) -> str:
        """Text of one column, factor or value."""
        if isinstance(value, list):
            value = tuple(value)
        if value in self._labels:
            return self._labels[value]
        return name_words(value) if isinstance(value, str) else format_setting(value)

    def entry(self, key: Sequence[Any], column: str = "") -> str:
        """Text of a group and, where several columns are drawn, its column."""
        return ", ".join([*(self(value) for value in key), *([self(column)] if column else [])])
