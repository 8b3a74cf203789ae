"""How the results of hopfield-digits are read: which cells, figures of the noise sweep."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.params import as_dict
from annlab.studies.recurrent.hopfield_digits_grid import BASE, RULES

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

NAMES = {
    "lssm": "saturated linear (LSSM)",
    "hebb": "Hebb",
    "storkey": "Storkey",
    "pseudoinverse": "pseudo-inverse",
    "dense": "dense (polynomial)",
    "modern": "modern (softmax)",
}
LEVEL = "noise level (standard deviation)"
SHARE = "share of the starts"


def base_cell(results: "Results") -> dict[str, Any]:
    """Parameters of the course's network at the finest levels and the most starts that the profile has."""
    loose = {name: value for name, value in BASE.items() if name not in ("levels", "probes")}
    cells = results.where(**loose).cells
    return as_dict(max(cells, key=lambda cell: (cell.params.levels, cell.params.probes)).params)


def rule_cell(results: "Results", rule: str, **changes: Any) -> dict[str, Any]:
    """Parameters of a rule in the comparison under Gaussian noise: the cell that the rules share, apart from `changes`."""
    wanted = {"sweep": "noise", "images": "first", "corruption": "gaussian", "update": "synchronous", "match": "exact", **changes}
    defaults = results.study.params
    shared = results.where(**wanted, rule="hebb", degree=defaults.degree, beta=defaults.beta).cells
    one = as_dict(max(shared, key=lambda cell: cell.params.probes).params)
    return {**one, "rule": rule}


def rules_of(results: "Results") -> list[str]:
    """Rules that the profile compares, in their order."""
    return [rule for rule in RULES if results.where(**rule_cell(results, rule)).cells]


def hebb_sizes(results: "Results") -> dict[int, dict[str, Any]]:
    """Cells of the Hebb rule's load sweep by number of units: those that go alike far."""
    cells = results.where(sweep="load", rule="hebb", images="random").cells
    finest = min(cell.params.every for cell in cells)
    return {cell.params.units: as_dict(cell.params) for cell in cells if cell.params.every == finest}


def named(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with rules in words."""
    return frame.assign(rule=frame["rule"].map(NAMES)) if "rule" in frame else frame


def confusion_counts(results: "Results", half: int | None = None) -> np.ndarray:
    """Counts (replicates, digit, recalled) over all levels, or those above half the highest (1) or not (0)."""
    frame = results.series("confusion", **base_cell(results))
    kept = frame if half is None else frame[frame["half"] == frame["half"].unique()[half]]
    return np.stack(
        [each.groupby(["digit", "recalled"])["count"].sum().to_numpy().reshape(10, 10) for _, each in kept.groupby("replicate")]
    )


def _together(results: "Results", series: str, cells: list[dict[str, Any]]) -> "pd.DataFrame":
    """A series of some cells as one frame, with their rule, corruption, update and images beside."""
    import pandas as pd

    parts = []
    for cell in cells:
        frame = results.series(series, **cell)
        about = {name: cell[name] for name in ("rule", "corruption", "update", "images", "units")}
        parts.append(frame.drop(columns=[name for name in about if name in frame]).assign(**about))
    return pd.concat(parts, ignore_index=True)


def accuracy(results: "Results") -> "Drawing":
    """Recovered and nearest by noise level."""
    frame = results.series("levels", **base_cell(results))
    return draw.curves(
        frame, x="level", y=["recovered", "nearest"], x_label=LEVEL, y_label=SHARE, reference={"guessing": 0.1},
        labels={"recovered": "recovered exactly", "nearest": "nearest digit is the right one"},
    )  # fmt: skip


def noise_and_iterations(results: "Results") -> "Drawing":
    """Maps over noise level and iteration."""
    frame = results.series("map", **base_cell(results))
    frame = frame[frame["iteration"] <= 100]
    tables = {
        title: frame.pivot_table(index="iteration", columns="level", values=column, aggfunc="mean")
        for title, column in {"recovered exactly": "recovered", "nearest digit is right": "nearest", "share of pixels off": "off"}.items()
    }
    first = next(iter(tables.values()))
    drawing = draw.maps(
        {title: table.to_numpy() for title, table in tables.items()}, x=first.columns.to_numpy(), y=first.index.to_numpy(),
        label="share", x_label="noise level", y_label="iteration", limits=(0.0, 1.0),
    )  # fmt: skip
    assert drawing.paper is not None
    for axis in drawing.paper.axes[: len(tables)]:
        axis.set_yscale("symlog", linthresh=1)
        axis.set_yticks([0, 1, 3, 10, 30, 100], ["0", "1", "3", "10", "30", "100"])
        axis.set_ylim(-0.5, first.index.max())
        axis.minorticks_off()
    return drawing


def gallery(results: "Results") -> "Drawing":
    """Stored digits, noisy starts and what is recalled."""
    outcome = results.outcome(**base_cell(results))
    highest, arrays = base_cell(results)["highest"], outcome.arrays
    rows = {"stored": arrays["clean"]}
    for name in arrays:
        if name.startswith("start_"):
            level = f"{highest * float(name.removeprefix('start_')):g}"
            rows |= {f"noise {level}": arrays[name], f"recalled from {level}": arrays[name.replace("start", "end")]}
    return draw.image_sheet(
        {name: np.asarray(each, dtype=float).reshape(-1, 28, 28) for name, each in rows.items()}, limits=(-1, 1), size=0.55
    )


def iterations_needed(results: "Results") -> "Drawing":
    """Iterations to settle and iterations needed, by noise level."""
    frame = results.series("levels", **base_cell(results))
    return draw.curves(
        frame, x="level", y=["iterations_mean", "needed_recovered", "needed"], x_label=LEVEL, y_label="iterations",
        labels={
            "iterations_mean": "until nothing changes, mean",
            "needed_recovered": "until 95 % of the recovered are there",
            "needed": "until 95 % of all are recovered",
        },
    )  # fmt: skip


def distance_left(results: "Results") -> "Drawing":
    """Pixels off by iteration at a few levels, of the starts that are recovered."""
    frame = results.series("map", **base_cell(results))
    levels = np.unique(frame["level"])
    shown = [levels[np.abs(levels - share * levels[-1]).argmin()] for share in (0.1, 0.2, 0.3, 0.5, 1.0)]
    kept = frame[frame["level"].isin(shown) & (frame["iteration"] <= 60)]
    return draw.curves(
        kept.assign(residue=100 * kept["residue"]), x="iteration", y="residue", by="level", x_label="iterations", y_label="pixels off",
        y_unit="%", labels={"level": "noise level"},
    )  # fmt: skip


def by_digit(results: "Results") -> "Drawing":
    """Share recovered of each digit, in bands of the noise level."""
    frame = results.series("digits", **base_cell(results))
    highest = float(frame["level"].max())
    edges = np.round(np.linspace(0, highest, 6), 2)
    band = np.clip(np.ceil(5 * frame["level"] / highest).astype(int), 1, 5)
    words = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    means = frame.assign(band=band).groupby(["digit", "replicate", "band"], as_index=False)["recovered"].mean().round(12)
    return draw.heat_map(
        means.assign(band=means["band"].map(lambda place: words[place - 1])),
        row="digit",
        column="band",
        value="recovered",
        label="share recovered",
        labels={"band": "noise level"},
    )


def iterations_by_digit(results: "Results") -> "Drawing":
    """Iterations to settle for each digit, mean over levels."""
    frame = results.series("digits", **base_cell(results))
    means: pd.DataFrame = frame.groupby(["digit", "replicate"], as_index=False)[["iterations_mean"]].mean()
    return draw.interval_bars(means, by="digit", value="iterations_mean", label="iterations to settle, mean over levels")


def confusion(results: "Results") -> "Drawing":
    """Confusion of digits above half the highest level."""
    return draw.confusion_matrix(confusion_counts(results, half=1))


def rules_by_noise(results: "Results") -> "Drawing":
    """Share recovered by noise level and rule."""
    frame = named(_together(results, "levels", [rule_cell(results, rule) for rule in rules_of(results)]))
    return draw.curves(frame, x="level", y="recovered", by="rule", x_label=LEVEL, y_label="share recovered")


def sharpness(results: "Results") -> "Drawing":
    """Share recovered by noise level with sharper and softer dense and modern networks."""
    cells = results.where(sweep="noise", rule=["dense", "modern"], corruption="gaussian", images="first").cells
    parts = []
    for cell in cells:
        what = f"dense, degree {cell.params.degree}" if cell.params.rule == "dense" else f"modern, β = {cell.params.beta:g}"
        parts.append((what, as_dict(cell.params)))
    import pandas as pd

    frame = pd.concat([results.series("levels", **cell).assign(network=what) for what, cell in sorted(parts, key=lambda part: part[0])])
    return draw.curves(frame, x="level", y="recovered", by="network", x_label=LEVEL, y_label="share recovered")


def corruptions(results: "Results") -> "Drawing":
    """Share recovered by share of pixels flipped or erased, a panel each."""
    cells = [rule_cell(results, rule, corruption=how) for how in ("flipped", "erased") for rule in rules_of(results)]
    frame = named(_together(results, "levels", cells))
    return draw.curves(
        frame, x="level", y="recovered", by="rule", facet="corruption", x_label="share of pixels", y_label="share recovered", columns=2
    )


def ends(results: "Results") -> "Drawing":
    """How starts end, by rule and way, mean over levels."""
    table = _table(results)
    long = table.melt(["rule", "replicate"], list(WAYS), "end", "share").assign(end=lambda frame: frame["end"].map(WAYS))
    return draw.interval_bars(named(long), by="rule", group="end", value="share", label="share of the starts, mean over levels")


WAYS = {"recovered": "the digit", "other": "another digit", "spurious": "no stored digit", "oscillate": "oscillates", "move": "moves still"}


def _table(results: "Results") -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([results.where(**rule_cell(results, rule)).table for rule in rules_of(results)], ignore_index=True)


def texts(results: "Results") -> dict[str, Any]:
    """Labels and units for the tables."""
    words = {"rule": "rule", "units": "units", "corruption": "corruption", "images": "images", "update": "updates", "level": "noise level"}
    return draw.texts(results, **words, every="every n-th load")


def level_table(results: "Results") -> "TableView":
    """The course's network at eleven levels."""
    frame = results.series("levels", **base_cell(results))
    levels = np.unique(frame["level"])
    kept = frame[frame["level"].isin(levels[:: max(1, (len(levels) - 1) // 10)])]
    view = texts(results)
    view["labels"] |= {"recovered": "recovered", "nearest": "nearest is right", "needed": "iterations for 95 % of all"}
    return draw.summary_table(
        kept, by="level", values=["recovered", "nearest", "iterations_mean", "needed_recovered", "needed", "other", "spurious"], **view
    )


def digit_table(results: "Results") -> "TableView":
    """Precision and recall of each digit over all levels."""
    return draw.per_class_table(confusion_counts(results))


def rule_table(results: "Results") -> "TableView":
    """Rules at the same starts."""
    values = ["recovered", "nearest", "mostly_up_to", "iterations_half", "spurious", "oscillate"]
    return draw.summary_table(named(_table(results)), by="rule", values=values, **texts(results))


def variant_table(results: "Results") -> "TableView":
    """Everything else that was tried with noise: images, updates, degree, inverse temperature."""
    table = results.where(sweep="noise", match="exact").table
    table = table[table["probes"] > 1]
    by = ["rule", "corruption", "images", "update", "degree", "beta", "levels", "probes"]
    return draw.summary_table(named(table), by=by, values=["recovered"], **texts(results))
