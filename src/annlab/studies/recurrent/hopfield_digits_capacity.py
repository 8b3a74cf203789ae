"""How the results of hopfield-digits are read: figures and tables of the sweep over loads."""

from typing import TYPE_CHECKING

import numpy as np

from annlab import draw
from annlab.studies.recurrent.hopfield_digits_load import theory
from annlab.studies.recurrent.hopfield_digits_reading import hebb_sizes, named, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

LOAD = "load: patterns over units"
CRITERIA = {
    "capacity_all": "all asked stable",
    "capacity_most": "95 % of those asked stable",
    "capacity_errors": "at most 2 % of pixels off",
    "capacity_found": "95 % of those asked found from 10 % flipped",
}


def _loads(results: "Results") -> "pd.DataFrame":
    """Load sweeps that compare the rules, without the finer one of the Hebb rule alone."""
    coarsest = max(cell.params.every for cell in results.where(sweep="load", images="random").cells)
    drawn = [cell.params.every for cell in results.where(sweep="load", images="drawn").cells]
    frame = results.where(sweep="load", every=[coarsest, *drawn]).series("load")
    return named(frame)


def _with_theory(drawing: "Drawing", units: int) -> "Drawing":
    """Vertical lines at the loads that theory gives for the Hebb rule."""
    assert drawing.paper is not None
    for axis in drawing.paper.axes:
        for dashes, (name, value) in zip(((0, (1, 1)), (0, (4, 2)), "-"), theory(units).items(), strict=True):
            axis.axvline(value / units, color="#8a8a8a", linewidth=1.0, linestyle=dashes, zorder=0)
            axis.annotate(
                name,
                (value / units, 0.03),
                xycoords=("data", "axes fraction"),
                rotation=90,
                fontsize=6.5,
                color="#6a6a6a",
                ha="right",
                va="bottom",
            )
    return drawing


def _units(frame: "pd.DataFrame") -> int:
    return round(float((frame["patterns"] / frame["load"]).iloc[0]))


def stable(results: "Results") -> "Drawing":
    """Share of random patterns that are stable, and of those found again, by load and rule."""
    frame = _random(_loads(results))
    long = frame.melt(["rule", "replicate", "load"], ["stable", "found"], "measure", "share")
    long = long.assign(measure=long["measure"].map({"stable": "stays where it is stored", "found": "found from 10 % flipped"}))
    drawing = draw.curves(
        long,
        x="load",
        y="share",
        by="rule",
        facet="measure",
        x_label=LOAD,
        y_label="share of the patterns",
        columns=2,
        labels={"measure": "start"},
    )
    return _with_theory(drawing, _units(frame))


def errors(results: "Results") -> "Drawing":
    """Pixels off after recall from the stored pattern, Hebb rule, by number of units."""
    sizes = hebb_sizes(results)
    frame = results.where(sweep="load", rule="hebb", images="random", units=list(sizes)).series("load")
    most = min(float(results.series("load", **cell)["load"].max()) for cell in sizes.values())
    frame = results.where(sweep="load", rule="hebb", images="random", every=next(iter(sizes.values()))["every"]).series("load")
    if "units" not in frame:
        frame = frame.assign(units=next(iter(sizes)))
    frame = frame[frame["load"] <= most + 1e-3]
    frame = frame.assign(load=(frame["load"] * 100).round() / 100, errors=100 * frame["errors"])
    drawing = draw.curves(
        frame.drop_duplicates(["units", "replicate", "load"]),
        x="load",
        y="errors",
        by="units",
        x_label=LOAD,
        y_label="pixels off",
        y_unit="%",
    )
    return _with_theory(drawing, max(sizes))


def strange(results: "Results") -> "Drawing":
    """Where flipped starts end by load and rule: in no stored pattern, in a mixture, in a cycle or still on their way."""
    frame = _random(_loads(results))
    frame = frame.assign(unsettled=frame["oscillate"] + frame["move"])
    names = {"spurious": "settles in no stored pattern", "unsettled": "oscillates or moves still"}
    long = frame.melt(["rule", "replicate", "load"], list(names), "end", "share")
    return draw.curves(
        long.assign(end=long["end"].map(names)),
        x="load",
        y="share",
        by="rule",
        facet="end",
        x_label=LOAD,
        y_label="share of the starts",
        columns=2,
    )


def asked(text: str) -> "Callable[[Results], str]":
    """A caption that ends with how many of the stored patterns are asked at each load."""

    def caption(results: "Results") -> str:
        probes = max(cell.params.probes for cell in results.where(sweep="load").cells)
        return (
            f"{text} At each load at most {probes} of the stored patterns, evenly spread, are asked whether they are stable and found "
            "again: with more stored, a pattern that is lost may be none of those."
        )

    return caption


def _random(frame: "pd.DataFrame") -> "pd.DataFrame":
    return frame[frame["images"] == "random"] if "images" in frame else frame


def by_size(results: "Results") -> "Drawing":
    """Capacity of the Hebb rule by number of units beside the theory's lines, and the formula as printed."""
    import pandas as pd

    sizes = hebb_sizes(results)
    rows = []
    for units, cell in sizes.items():
        table = results.where(**cell).table
        for name, label in list(CRITERIA.items())[:3]:
            rows += [
                {"units": units, "what": label, "patterns": value, "replicate": r}
                for r, value in zip(table["replicate"], table[name], strict=True)
            ]
        lines = {**theory(units), "N/4 ln N, as printed": units / 4 * np.log(units)}
        rows += [
            {"units": units, "what": name, "patterns": value, "replicate": r} for name, value in lines.items() for r in table["replicate"]
        ]
    return draw.curves(
        pd.DataFrame(rows), x="units", y="patterns", by="what", log_x=True, log_y=True, markers=True, x_label="units N", y_label="patterns",
        labels={"what": "criterion or formula"},
    )  # fmt: skip


def capacity_table(results: "Results") -> "TableView":
    """Capacities of all rules, on random patterns and on images."""
    table = named(results.where(sweep="load").table)
    return draw.summary_table(table, by=["rule", "images", "units", "every"], values=list(CRITERIA), **texts(results))
