"""How the results of pca-reconstruction are read: figures and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

GAUSSIAN: dict[str, Any] = {"data": "gaussian"}
IRIS: dict[str, Any] = {"data": "iris", "library_input": "same"}
STANDARDISED: dict[str, Any] = {**IRIS, "scaling": "standardised"}
RAW: dict[str, Any] = {**IRIS, "scaling": "raw"}


def rows_of(results: "Results") -> int:
    """Number of Gaussian rows shown where one is shown: 500, or the nearest there is."""
    sizes: set[int] = {cell.params.samples for cell in results.where(**GAUSSIAN).cells}
    return min(sizes, key=lambda size: abs(size - 500))


def sizes_of(results: "Results") -> list[int]:
    """Numbers of Gaussian rows, in order."""
    return sorted({cell.params.samples for cell in results.where(**GAUSSIAN).cells})


def _curve(results: "Results", **cell: Any) -> "pd.DataFrame":
    """The series of one cell; columns of parameters aside."""
    return results.where(**cell).series("curve")


def _stack(parts: dict[str, "pd.DataFrame"], column: str = "relative") -> "pd.DataFrame":
    import pandas as pd

    kept = [
        frame.assign(curve=name, value=frame[column], share=frame["components"] / frame["components"].max())
        for name, frame in parts.items()
    ]
    return pd.concat(kept, ignore_index=True)[["curve", "replicate", "components", "share", "value"]]


def random_and_real(results: "Results") -> "Drawing":
    """Error by share of components, Gaussian and iris."""
    frame = _stack(
        {
            f"Gaussian, {rows_of(results)} rows": _curve(results, **GAUSSIAN, samples=rows_of(results)),
            "iris, standardised": _curve(results, **STANDARDISED),
            "iris, raw": _curve(results, **RAW),
        }
    )
    return draw.curves(
        frame,
        x="share",
        y="value",
        by="curve",
        markers=True,
        x_label="share of the components kept",
        y_label="RMSE over RMSE without components",
    )


def gaussian(results: "Results") -> "Drawing":
    """Measured and theoretical curves of the Gaussian data."""
    frame = _curve(results, **GAUSSIAN, samples=rows_of(results))
    import pandas as pd

    names = {
        "relative": "rows decomposed",
        "held_out": "further rows",
        "expected": "Marchenko and Pastur",
        "root": "√(1 − k/d)",
        "line": "straight line",
    }
    shown = pd.concat([_stack({name: frame}, column) for column, name in names.items()], ignore_index=True)
    return draw.curves(shown, x="components", y="value", by="curve", x_label="components kept", y_label="RMSE over RMSE without components")


def sample_size(results: "Results") -> "Drawing":
    """Distance of the Gaussian curve from a line by number of rows."""
    frame = _curve(results, **GAUSSIAN)
    frame = frame.assign(bend=frame["relative"] - frame["line"])
    return draw.curves(
        frame,
        x="components",
        y="bend",
        by="samples",
        x_label="components kept",
        y_label="relative RMSE minus the straight line",
        reference={"straight line": 0.0},
        labels={"samples": "rows"},
    )


def iris(results: "Results") -> "Drawing":
    """Error of iris by number of components, seen, held out, and falling like one over the number."""
    standardised = _curve(results, **STANDARDISED)
    one = float(results.values("first_drop", **STANDARDISED).mean())
    inverse = standardised[standardised["components"] > 0]
    inverse = inverse.assign(relative=(1 - one) / inverse["components"])
    import pandas as pd

    shown = pd.concat(
        [
            _stack({"standardised": standardised, "raw": _curve(results, **RAW)}),
            _stack({"standardised, held out": standardised}, "held_out"),
            _stack({"one over the number": inverse}),
        ],
        ignore_index=True,
    )
    return draw.curves(
        shown, x="components", y="value", by="curve", markers=True, x_label="components kept", y_label="RMSE over RMSE without components"
    )


def _scree(frame: "pd.DataFrame", by: str | None) -> "Drawing":
    import pandas as pd

    kept = frame[frame["components"] < frame["components"].max()]
    single = kept.assign(component=kept["components"] + 1, share=kept["variance"], what="by itself")
    summed = frame[frame["components"] > 0]
    summed = summed.assign(component=summed["components"], share=summed["cumulative"], what="all up to it")
    factors = ["what", *([by] if by else [])]
    return draw.curves(
        pd.concat([single, summed], ignore_index=True),
        x="component",
        y="share",
        by=factors if by else "what",
        markers=frame["components"].max() < 10,
        x_label="component",
        y_label="share of the variance",
        reference={"95 %": 0.95},
        labels={"what": "component"},
    )


def scree_iris(results: "Results") -> "Drawing":
    """Scree of both scalings of iris."""
    return _scree(results.where(**IRIS).series("curve"), "scaling")


def scree_gaussian(results: "Results") -> "Drawing":
    """Scree of the Gaussian data."""
    return _scree(_curve(results, **GAUSSIAN, samples=rows_of(results)), None)


def scores(results: "Results") -> "Drawing":
    """Iris on two components, own and library."""
    from annlab import data
    from annlab.draw.style import figure, house, label_outer, legend_below, looks, panel_title

    loaded = data.load("iris")
    kinds, names = np.asarray(loaded["y"]), loaded.entry.classes
    other = {**STANDARDISED, "library_input": "raw"}
    own, same = (results.array(name, **STANDARDISED) for name in ("own", "library"))
    panels = {
        "own, standardised rows": own,
        "library, same rows": same,
        "library, raw rows": results.array("library", **other),
    }
    with house():
        made, axes = figure(1, 3, height=3.0, sharex=True, sharey=True)
        entries = {}
        for axis, (title, points) in zip(axes.flat, panels.items(), strict=True):
            scaled = points / points.std(axis=0)
            for kind, look in looks(list(names)).items():
                part = scaled[kinds == list(names).index(kind)]
                entries[kind] = axis.plot(*part.T, look.marker, color=look.colour, markersize=3.2, alpha=0.7, markeredgewidth=0)[0]
            panel_title(axis, title)
        label_outer(axes, 3, "first component", "second component")
        legend_below(made, entries)
    flips = np.sign((own * same).sum(axis=0))
    turned = [name for name, sign in zip(("first", "second"), flips, strict=True) if sign < 0]
    return draw.Drawing(
        made,
        alt="Iris on its first two principal components, found by us and by the library"
        + (f"; the library's {' and '.join(turned)} axis points the other way." if turned else "; all axes point the same way."),
    )


def _texts(results: "Results") -> dict[str, Any]:
    return draw.texts(results, samples="rows", scaling="columns", library_input="library is given")


def _named(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Rows counted for both data sets, iris having 150."""
    return frame.assign(samples=frame["samples"].where(frame["data"] == "gaussian", 150))


def reconstruction_table(results: "Results") -> "TableView":
    """Error with none, one, half and all but one component."""
    table = _named(results.where(library_input="same").table)
    values = ["rmse_none", "first_drop", "half_drop", "last_left", "held_out_half", "eigenvalue_gap"]
    return draw.summary_table(table, by=["data", "scaling", "samples"], values=values, **_texts(results))


def gaussian_table(results: "Results") -> "TableView":
    """The Gaussian curve against line and theory."""
    values = ["line_gap", "bend", "root_gap", "expected_gap", "spread"]
    return draw.summary_table(results.where(**GAUSSIAN).table, by="samples", values=values, **_texts(results))


def needed_table(results: "Results") -> "TableView":
    """Components for shares of the variance."""
    table = _named(results.where(library_input="same").table)
    values = ["components_90", "components_95", "components_99", "two_explained", "held_out_two"]
    return draw.summary_table(table, by=["data", "scaling", "samples"], values=values, **_texts(results))


def library_table(results: "Results") -> "TableView":
    """Own against library."""
    values = ["direction_difference", "variance_difference", "score_difference", "signed_difference", "flipped"]
    return draw.summary_table(_named(results.table), by=["data", "scaling", "samples", "library_input"], values=values, **_texts(results))
