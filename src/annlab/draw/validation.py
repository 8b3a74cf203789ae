"""Model selection: learning curves by training-set size, validation curves, cross-validation tables and diagrams of folds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from annlab.draw.bands import BandKind, band_words, summarise
from annlab.draw.drawing import INK, Drawing
from annlab.draw.formats import format_setting
from annlab.draw.frames import Words, check_frame, groups_of, replicate_matrix, values_of
from annlab.draw.lines import draw_band
from annlab.draw.style import DASHES, PALETTE, Look, axis_text, figure, housed, legend_below, looks, scale_axes
from annlab.draw.table import TableView
from annlab.lab.statistics import one_standard_error_rule

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cross_validation_table", "fold_diagram", "learning_curve", "validation_curve"]

_MANY_ROWS = 30
_FEW_POINTS = 9


@housed
def learning_curve(
    frame: "pd.DataFrame",
    *,
    size: str = "n_train",
    train: str | None = "train_mse",
    validation: str = "validation_mse",
    by: str | None = None,
    band: BandKind | None = "interval",
    level: float = 0.95,
    log_x: bool = False,
    log_y: bool = False,
    y_label: str = "",
    y_unit: str = "",
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Training (dashed) and validation (solid) error by the number of training examples, bands over replicates.

    Args:
        frame: one row a replicate, size and group, such as ``results.table``.
        size: column with the number of training examples.
        train: column with the training error, or None.
        validation: column with the validation error.
        by: factor whose values get a colour each.
        band, level, log_x, log_y, labels, replicate, alt: as in `curves`.
        y_label, y_unit: of the error.

    Raises:
        ValueError: for an empty frame, a missing column, or several values of a replicate at one size.
    """
    check_frame(frame, [size, train, validation, by], "a learning curve")
    words = Words(labels)
    groups = groups_of(frame, [by] if by else [])
    style = looks([key[0] if key else "" for key, _ in groups])
    drawn, axes = figure(height=3.6)
    axis = axes[0, 0]
    entries: dict[str, Any] = {}
    most = 1
    for key, rows in groups:
        look = style[key[0] if key else ""]
        for column, dashes in ((validation, "-"), (train, DASHES[1])):
            if column is None:
                continue
            points, values = replicate_matrix(rows, size, column, replicate)
            most = max(most, len(values))
            used = Look(look.colour, dashes, look.marker)
            handle = draw_band(
                axis, points, summarise(values, band or "range", level=level, log=log_y), used, shade=band is not None, markers=True
            )
            entries[words.entry(key, column)] = handle
    scale_axes(axis, log_x=log_x, log_y=log_y)
    _tick_points(axis, sorted(frame[size].unique()), log=log_x)
    axis.set_xlabel(axis_text("training set", "examples"))
    axis.set_ylabel(axis_text(y_label or "error", y_unit))
    legend_below(drawn, entries, words(by) if by else "")
    what = band_words(band, "mean", level, most, log=log_y)
    return Drawing(drawn, alt=alt or f"{y_label or 'Error'} by the number of training examples, training and validation; {what}.")


@housed
def validation_curve(
    frame: "pd.DataFrame",
    *,
    parameter: str,
    validation: str = "validation_mse",
    train: str | None = None,
    better: Literal["lower", "higher"] = "lower",
    simplest_first: Sequence[Any] | None = None,
    log_x: bool = False,
    log_y: bool = False,
    x_label: str = "",
    x_unit: str = "",
    y_label: str = "",
    y_unit: str = "",
    labels: Mapping[Any, str] | None = None,
    replicate: str = "replicate",
    alt: str = "",
) -> Drawing:
    """Mean validation score by the value of one parameter, with ± 1 standard error and the one-standard-error rule.

    The best value and the chosen one (the simplest whose mean is within one standard error of the best; Breiman et al., 1984) are
    marked; the dotted line lies one standard error from the best. Values without a finite
    score are named under the axis. Bars are ± s / sqrt(n) over replicates or folds.

    Args:
        frame: one row a replicate (or fold) and value, such as ``results.table``.
        parameter: column with the parameter; values that are not numbers are spaced evenly.
        validation: column with the validation score.
        train: column with the training score, drawn dashed, or None.
        better: which way is better.
        simplest_first: all values in the order of complexity; numbers in rising order, others as they come, by default.
        log_x, log_y: logarithmic axes (numbers only).
        x_label, x_unit, y_label, y_unit, labels, replicate, alt: as in `curves`.

    Raises:
        ValueError: for an empty frame, a missing column, no finite score at all, or `simplest_first` that does not
            hold all values.
    """
    check_frame(frame, [parameter, validation, train], "a validation curve")
    words = Words(labels)
    every = {key[0]: values for key, values in values_of(frame, [parameter], validation, replicate).items()}
    scores = {setting: values for setting, values in every.items() if np.isfinite(values).any()}
    if not scores:
        raise ValueError(f"a validation curve needs at least one finite {words(validation)}")
    settings = list(scores)
    names = {str(value): value for value in settings}
    order = [str(tuple(value) if isinstance(value, list) else value) for value in (simplest_first or every)]
    order = [name for name in order if name in names or name not in map(str, every)]
    chosen = names[one_standard_error_rule({str(value): scores[value] for value in settings}, order, higher=better == "higher")]
    numeric = all(isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) for value in settings)
    places = np.array(settings, dtype=float) if numeric else np.arange(len(settings), dtype=float)
    drawn, axes = figure(height=3.6)
    axis = axes[0, 0]
    entries: dict[str, Any] = {}
    means, errors = _means(scores)
    line = axis.errorbar(places, means, errors, color=PALETTE[0], marker="o", capsize=2.5, linewidth=1.7, elinewidth=1.0)
    entries[f"{words(validation)}, mean ± standard error"] = line
    if train is not None:
        trained = {key[0]: values for key, values in values_of(frame, [parameter], train, replicate).items()}
        train_means, train_errors = _means({setting: trained[setting] for setting in settings})
        entries[f"{words(train)}, mean ± standard error"] = axis.errorbar(
            places, train_means, train_errors, color=PALETTE[1], marker="s", linestyle=DASHES[1], capsize=2.5, elinewidth=1.0
        )
    best = int(np.nanargmin(means) if better == "lower" else np.nanargmax(means))
    limit = means[best] + (errors[best] if better == "lower" else -errors[best])
    entries["one standard error from the best"] = axis.axhline(limit, color="#8a8a8a", linewidth=1.2, linestyle=DASHES[2])
    at = settings.index(chosen)
    _ring(axis, places[best], means[best], "s", entries, f"best: {words(settings[best])}", 12)
    _ring(axis, places[at], means[at], "o", entries, f"chosen: {words(chosen)}", 9)
    scale_axes(axis, log_x=log_x and numeric, log_y=log_y)
    if numeric:
        _tick_points(axis, settings, log=log_x)
    else:
        axis.set_xticks(places, [words(value) for value in settings])
        turned = max(len(words(value)) for value in settings) * len(settings) > 55  # characters that fit under the axis
        axis.tick_params(axis="x", rotation=35 if turned else 0)
    lost = ", ".join(words(setting) for setting in every if setting not in scores)
    axis.set_xlabel(axis_text(x_label or words(parameter), x_unit) + (f"\n(no finite score: {lost})" if lost else ""))
    axis.set_ylabel(axis_text(y_label or words(validation), y_unit))
    legend_below(drawn, entries)
    return Drawing(
        drawn,
        alt=alt
        or f"{y_label or words(validation)} by {x_label or words(parameter)}: best at {words(settings[best])}, "
        f"the one-standard-error rule chooses {words(chosen)}.",
    )


def cross_validation_table(
    frame: "pd.DataFrame",
    *,
    by: str | Sequence[str],
    value: str = "validation_mse",
    fold: str = "fold",
    better: Literal["lower", "higher"] = "lower",
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> TableView:
    """One row a setting, one column a fold, then mean, standard deviation and standard error; the best row in bold.

    Args:
        frame: one row a setting and fold.
        by: factor or factors that make a setting.
        value: column with the score.
        fold: column with the fold.
        better: which way is better.
        labels, units: by column, as in `TableView`.

    Raises:
        ValueError: for an empty frame, a missing column, or several scores of a fold.
    """
    import pandas as pd

    factors = [by] if isinstance(by, str) else list(by)
    check_frame(frame, [*factors, value, fold], "a cross-validation table")
    scores = values_of(frame, factors, value, fold)
    folds = sorted(frame[fold].unique())
    means, errors = _means(scores)
    rows = []
    for (key, values), mean, error in zip(scores.items(), means, errors, strict=True):
        finite = values[np.isfinite(values)]
        rows.append(
            dict(zip(factors, key, strict=True))
            | {f"fold {name}": score for name, score in zip(folds, values, strict=True)}
            | {"mean": mean, "standard deviation": error * np.sqrt(len(finite)), "standard error": error}
        )
    best = np.nanargmin(means) if better == "lower" else np.nanargmax(means)
    note = f"Scores are {(labels or {}).get(value, value.replace('_', ' '))}; the best mean is set in bold."
    return TableView(
        pd.DataFrame(rows),
        labels or {},
        units or {},
        dict.fromkeys(factors, format_setting),
        [note],
        [index == best for index in range(len(rows))],
    )


@housed
def fold_diagram(
    folds: Sequence[np.ndarray], n: int, *, test: np.ndarray | None = None, names: Sequence[str] | None = None, alt: str = ""
) -> Drawing:
    """Which examples are used for what: one bar a fold over the example numbers, validation examples marked, test ones apart.

    Args:
        folds: validation indices of each fold, (n_fold,) each, in 0 ... n - 1.
        n: number of examples.
        test: indices kept for the test, in no fold, or None.
        names: name of each fold; ``fold 1`` ... by default.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without folds, or for an index outside 0 ... n - 1, or one that is in a fold and in the test set.
    """
    if not len(folds):
        raise ValueError("a fold diagram needs at least one fold")
    used = [np.asarray(fold, dtype=int) for fold in folds]
    kept = np.asarray(test if test is not None else [], dtype=int)
    for name, part in [*enumerate(used, 1), ("test", kept)]:
        if part.size and (part.min() < 0 or part.max() >= n):
            raise ValueError(f"fold {name} holds an index outside 0 ... {n - 1}")
        if name != "test" and np.isin(part, kept).any():
            raise ValueError(f"fold {name} and the test set share examples")
    kinds = np.zeros((len(used), n), dtype=int)
    for row, fold in enumerate(used):
        kinds[row, fold] = 1
    kinds[:, kept] = 2
    colours = ("#b9b6b0", PALETTE[0], PALETTE[1])
    drawn, axes = figure(width=7.0, height=0.9 + 0.34 * min(len(used), _MANY_ROWS))
    axis = axes[0, 0]
    for row, line in enumerate(kinds):
        edges = np.flatnonzero(np.diff(line)) + 1
        starts, ends = np.append(0, edges), np.append(edges, n)
        if len(starts) <= 200:  # bars of neighbours; scattered examples are drawn as an image
            for start, end in zip(starts, ends, strict=True):
                kind = line[start]
                axis.barh(row, end - start, left=start, height=0.72, color=colours[kind], edgecolor="white", linewidth=0.4)
        else:
            axis.imshow(
                line[None, :],
                aspect="auto",
                extent=(0, n, row + 0.36, row - 0.36),
                cmap=ListedColormap(colours),
                vmin=0,
                vmax=2,
                interpolation="nearest",
            )
    axis.set_yticks(range(len(used)), list(names) if names else [f"fold {index}" for index in range(1, len(used) + 1)])
    axis.set_ylim(len(used) - 0.45, -0.55)
    axis.set_xlim(0, n)
    axis.grid(visible=False)
    axis.set_xlabel("example")
    texts = ["training", "validation", *(["test"] if kept.size else [])]
    entries = {text: Patch(facecolor=colours[index], edgecolor="white") for index, text in enumerate(texts)}
    legend_below(drawn, entries)
    held = f", {kept.size} kept for the test" if kept.size else ""
    return Drawing(drawn, alt=alt or f"{len(used)} folds of {n} examples{held}; each bar shows the validation part of one fold.")


def _tick_points(axis: Axes, points: Sequence[float], *, log: bool) -> None:
    """Ticks at the points themselves on a logarithmic axis with few of them."""
    if log and len(points) <= _FEW_POINTS:
        axis.set_xticks(points, [format_setting(point) for point in points])
        axis.set_xticks([], minor=True)


def _means(scores: Mapping[Any, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error of each setting; NaN error for one score."""
    bands = [summarise(np.asarray(values)[:, None], "deviation") for values in scores.values()]
    means = np.array([band.centre[0] for band in bands])
    errors = np.array([(band.high[0] - band.centre[0]) / np.sqrt(max(1, band.n[0])) for band in bands])
    return means, errors


def _ring(axis: Axes, x: float, y: float, marker: str, entries: dict[str, Any], text: str, size: float) -> None:
    (entries[text],) = axis.plot(
        [x], [y], marker=marker, markersize=size, markerfacecolor="none", markeredgecolor=INK, linestyle="none", markeredgewidth=1.3
    )
