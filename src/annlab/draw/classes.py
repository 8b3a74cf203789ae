"""Classification: confusion matrix and the table of precision, recall and F1 a class."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from annlab.draw.drawing import Drawing
from annlab.draw.formats import format_number
from annlab.draw.style import colour_bar, figure, housed, panel_title, readable_on, sequential
from annlab.draw.table import TableView
from annlab.lab.statistics import mean_interval, proportion_interval

__all__ = ["confusion_matrix", "per_class_table"]

_MANY_CLASSES = 12


@housed
def confusion_matrix(
    counts: np.ndarray, *, names: Sequence[str] | None = None, normalise: bool = True, title: str = "", alt: str = ""
) -> Drawing:
    """Confusion matrix: a row a true class, a column a predicted one.

    Colours are shares of the row (or counts), numbers are counts; with several replicates, means of counts.

    Args:
        counts: (classes, classes), ``counts[true, predicted]``, or (replicates, classes, classes).
        names: name of each class; its number by default.
        normalise: colour by the share of the true class instead of the count.
        title: heading.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: for an array of another shape, without counts or with negative ones.
    """
    table = _counts(counts).mean(axis=0)
    shown_names = _names(names, len(table))
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1e-300)
    drawn, axes = figure(width=min(7.2, 2.0 + 0.5 * len(table)), height=min(6.6, 1.3 + 0.44 * len(table)))
    axis = axes[0, 0]
    image = axis.imshow(shares if normalise else table, cmap=sequential(), vmin=0, vmax=1 if normalise else None, interpolation="nearest")
    small = len(table) > _MANY_CLASSES
    for (row, column), count in np.ndenumerate(table):
        if count > 0:
            colour = readable_on(image.cmap(image.norm(shares[row, column] if normalise else count)))
            axis.text(column, row, format_number(float(count)), ha="center", va="center", color=colour, fontsize=5.5 if small else 7.5)
    axis.set_xticks(range(len(table)), shown_names, rotation=40 if max(map(len, shown_names)) > 3 else 0)
    axis.set_yticks(range(len(table)), shown_names)
    axis.grid(visible=False)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("true class")
    colour_bar(drawn, image, axis, "share of the true class" if normalise else "count")
    if title:
        panel_title(axis, title)
    accuracy = float(np.trace(table) / table.sum())
    return Drawing(drawn, alt=alt or f"Confusion matrix of {len(table)} classes; accuracy {format_number(accuracy)}.")


def per_class_table(counts: np.ndarray, *, names: Sequence[str] | None = None, level: float = 0.95) -> TableView:
    """Precision, recall and F1 a class with intervals, and support; the last row is the unweighted mean over classes.

    From one confusion matrix: Wilson intervals of precision TP / (TP + FP) and recall TP / (TP + FN); that of
    F1 = 2 J / (1 + J) comes from the Wilson interval of J = TP / (TP + FP + FN). From several: t intervals over replicates.

    Args:
        counts: (classes, classes), ``counts[true, predicted]``, or (replicates, classes, classes).
        names: name of each class; its number by default.
        level: of the intervals.

    Raises:
        ValueError: for an array of another shape, without counts or with negative ones.
    """
    import pandas as pd

    tables = _counts(counts)
    right = np.diagonal(tables, axis1=1, axis2=2)  # (replicates, classes)
    predicted, support = tables.sum(axis=1), tables.sum(axis=2)
    scores = {
        "precision": _quotient(right, predicted),
        "recall": _quotient(right, support),
        "F1": _quotient(2 * right, predicted + support),
    }
    rows = []
    for index, name in enumerate(_names(names, right.shape[1])):
        row: dict[str, object] = {"class": name}
        if len(tables) > 1:
            row |= {key: mean_interval(values[:, index], level) for key, values in scores.items()}
        else:
            hits = int(right[0, index])
            row["precision"] = _wilson(hits, int(predicted[0, index]), level)
            row["recall"] = _wilson(hits, int(support[0, index]), level)
            row["F1"] = _wilson(hits, int(predicted[0, index] + support[0, index]) - hits, level, f1=True)
        rows.append(row | {"support": float(support[:, index].mean())})
    means = {key: np.nanmean(values, axis=1) for key, values in scores.items()}
    last: Mapping[str, object] = {
        key: mean_interval(values, level) if len(tables) > 1 else float(values[0]) for key, values in means.items()
    }
    rows.append({"class": "mean over classes", **last, "support": float(support.sum(axis=1).mean())})
    kind = f"t intervals over {len(tables)} replicates" if len(tables) > 1 else "Wilson intervals"
    each = ", mean over replicates" if len(tables) > 1 else ""
    note = f"Brackets hold {level * 100:g} % {kind}; support is the number of test examples{each}."
    return TableView(pd.DataFrame(rows), notes=[note], emphasis=[False] * (len(rows) - 1) + [True])


def _counts(counts: np.ndarray) -> np.ndarray:
    """Confusion matrices as (replicates, classes, classes)."""
    tables = np.asarray(counts, dtype=float)
    tables = tables[None] if tables.ndim == 2 else tables
    if tables.ndim != 3 or tables.shape[1] != tables.shape[2]:
        raise ValueError(f"counts must have shape (classes, classes) or (replicates, classes, classes), got {np.shape(counts)}")
    if tables.size == 0 or not np.all(tables >= 0) or not np.all(tables.sum(axis=(1, 2)) > 0):
        raise ValueError("counts must not be negative, and each confusion matrix needs at least one")
    return tables


def _names(names: Sequence[str] | None, n: int) -> list[str]:
    if names is not None and len(names) != n:
        raise ValueError(f"names must hold one text a class: {n} classes, {len(names)} names")
    return [str(name) for name in names] if names is not None else [str(index) for index in range(n)]


def _quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _wilson(successes: int, trials: int, level: float, *, f1: bool = False) -> object:

    if trials == 0:
        return float("nan")
    found = proportion_interval(successes, trials, level)
    if not f1:
        return found
    return replace(found, **{name: 2 * getattr(found, name) / (1 + getattr(found, name)) for name in ("mean", "low", "high")})
