"""Figures and tables of the networks of two and three neurons."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.params import as_dict
from annlab.studies.recurrent.hopfield_small import EDGE, SAME, shown

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results


def main_cell(results: "Results") -> dict[str, Any]:
    """Parameters of the first cell of the study's own network."""
    return as_dict(next(cell.params for cell in results.cells if cell.params.rule == "lssm"))


def coordinates(frame: "pd.DataFrame") -> np.ndarray:
    """States of a series, ``(rows, units)``."""
    found: np.ndarray = frame[[name for name in ("x1", "x2", "x3") if name in frame and frame[name].notna().all()]].to_numpy()
    return found


def fixed_points(results: "Results", **cell: Any) -> "pd.DataFrame":
    """The enumerated fixed points of one cell, the same in all replicates."""
    frame: pd.DataFrame = results.series("fixed", **(cell or main_cell(results)))
    first: pd.DataFrame = frame[frame["replicate"] == frame["replicate"].min()]
    return first


def _points(frame: "pd.DataFrame") -> dict[str, np.ndarray]:
    states, stable = coordinates(frame), frame["stable"].to_numpy() > 0
    stored = frame["name"].str.startswith("stored").to_numpy()
    kinds = {"stored": stored, "stable, not stored": stable & ~stored, "unstable": ~stable & ~stored}
    return {kind: states[chosen] for kind, chosen in kinds.items() if chosen.any()}


def state_space(results: "Results") -> "Drawing":
    """Random starts of the first two replicates on their way; in two dimensions over the basins."""
    cell, fixed = main_cell(results), fixed_points(results)
    states, names = coordinates(fixed), [name.split(": ")[1] for name in fixed["name"]]
    frame = results.series("paths", **cell)
    paths: dict[str, list[np.ndarray]] = {}
    for _, way in frame[frame["replicate"] < 2].groupby(["replicate", "start"]):
        path = coordinates(way.sort_values("epoch"))
        away = np.abs(states - path[-1]).max(1)
        paths.setdefault(names[int(away.argmin())] if away.min() < SAME else "no fixed point yet", []).append(path)
    paths = dict(sorted(paths.items()))
    if states.shape[1] == 3:
        return draw.state_space(paths, _points(fixed))
    labels = results.array("basins", **cell).reshape(EDGE, EDGE)
    order = sorted(set(labels[labels >= 0].tolist()), key=lambda index: names[index])
    renamed = np.full_like(labels, -1)
    for place, index in enumerate(order):
        renamed[labels == index] = place
    return draw.state_space(paths, _points(fixed), basins=(renamed, [names[index] for index in order]))


def energy_surface(results: "Results") -> "Drawing":
    """Energy over the square, or over three slices of the cube."""
    cell = main_cell(results)
    weights, bias = results.array("weights", **cell), results.array("bias", **cell)
    axis = np.linspace(-1, 1, 41)
    plane = np.stack(np.meshgrid(axis, axis), -1)

    def energy(states: np.ndarray) -> np.ndarray:
        found: np.ndarray = -0.5 * np.einsum("...i,ij,...j", states, weights - np.eye(len(bias)), states) - states @ bias
        return found

    if len(bias) == 2:
        return draw.surfaces({"energy": energy(plane)}, x=axis, y=axis, x_label="x₁", y_label="x₂", z_label="energy")
    third = (-1.0, 0.0, 1.0)
    panels = {f"x₃ = {value:g}".replace("-", "−"): energy(np.concatenate([plane, np.full((41, 41, 1), value)], -1)) for value in third}
    every = np.concatenate([values.ravel() for values in panels.values()])
    low, high = float(every.min()), float(np.median(every))  # the far corners are much higher and would hide the valleys
    return draw.maps(panels, x=axis, y=axis, label="energy", x_label="x₁", y_label="x₂", limits=(low, high))


def energy_by_update(results: "Results") -> "Drawing":
    """Energy of every random start of the first replicates by update."""
    frame = results.series("paths", **main_cell(results))
    wide = frame[frame["replicate"] < 3].pivot_table(index=["replicate", "start"], columns="epoch", values="energy").ffill(axis=1)
    return draw.energy(wide.to_numpy(), label="energy", iteration="updates")


def by_distance(results: "Results") -> "Drawing":
    """Iterations by distance of the start from a boundary."""
    frame = results.series("distances", **main_cell(results))
    return draw.curves(
        frame,
        x="distance",
        y="iterations",
        log_x=True,
        markers=True,
        x_label="distance from a basin boundary",
        y_label="iterations to a fixed point",
    )


def basin_volumes(results: "Results") -> "Drawing":
    """Share of the state space that flows to each stable state."""
    frame = results.series("basins", **main_cell(results))
    equal = 1 / frame["name"].nunique()
    words = {"name": "stable state"}
    label = "share of the state space"
    return draw.interval_bars(frame, by="name", value="share", label=label, reference={"equal shares": equal}, labels=words)


def plane_and_goal(results: "Results") -> "Drawing":
    """Distances to the plane of the patterns and, within it, to the end, mean over the random starts."""
    import pandas as pd

    frame = results.series("paths", **main_cell(results))
    parts = {}
    for name in ("plane", "goal"):
        wide = frame.pivot_table(index=["replicate", "start"], columns="epoch", values=name).ffill(axis=1)
        parts[name] = wide.groupby(level="replicate").mean().stack()
    means = pd.DataFrame(parts).reset_index()
    return draw.curves(
        means,
        y=["plane", "goal"],
        x_label="updates",
        y_label="distance, mean of the random starts",
        labels={"plane": "to the plane of the patterns", "goal": "within the plane, to the end"},
    )


def fixed_table(results: "Results") -> "TableView":
    """Every fixed point: what it is, its stability twice, its energy."""
    frame = fixed_points(results)
    returns = results.series("fixed", **main_cell(results)).groupby("start")["returns"].mean()
    table = frame.assign(
        state=[name.split(": ")[1] for name in frame["name"]],
        kind=[name.split(": ")[0] for name in frame["name"]],
        stable=["yes" if value > 0 else "no" for value in frame["stable"]],
        free=frame["free"].round().astype(int),
        returns=[returns[start] for start in frame["start"]],
    )[["state", "kind", "stable", "free", "radius", "returns", "energy"]].reset_index(drop=True)
    labels = {"free": "free coordinates", "radius": "spectral radius on them", "returns": "share of perturbed starts that return"}
    return draw.TableView(table, labels=labels, formats={"energy": 4, "radius": 5})


def kinds_table(results: "Results") -> "TableView":
    """Iterations by kind of start, over all replicates."""
    import pandas as pd

    frame = results.series("kinds", **main_cell(results))
    rows = [
        {
            "start": name,
            "starts": len(part),
            "mean": float(part["iterations"].mean()),
            "least": float(part["iterations"].min()),
            "most": float(part["iterations"].max()),
            "settled": float(part["settled"].mean()),
            "stored": float(part["stored"].mean()),
            "stable": float(part["stable"].mean()),
            "moved": float(part["moved"].max()),
        }
        for name, part in frame.groupby("name", sort=False)
    ]
    cell = main_cell(results)
    labels = {
        "mean": "mean iterations",
        "settled": "share at rest within the limit",
        "stored": "share that ends in a stored pattern",
        "stable": "share that ends in a stable state",
        "moved": "largest movement",
    }
    notes = [f"At most {cell['iterations']} iterations; at rest where no unit moves by more than {cell['tol']:g}; 0: already fixed."]
    return draw.TableView(pd.DataFrame(rows), labels=labels, notes=notes)


def settings_table(results: "Results") -> "TableView":
    """Iterations of random starts by what the reports leave open."""
    frame = results.where(rule="lssm", patterns=main_cell(results)["patterns"]).table
    values = ["iterations_random", "iterations_least", "iterations_most", "iterations_near", "iterations_per_decade", "random_stored"]
    words = draw.texts(results, distribution="random starts", tol="tolerance")
    return draw.summary_table(frame, by=["distribution", "tol"], values=values, **words)


def patterns_table(results: "Results") -> "TableView":
    """The same measures for other sets of stored patterns."""
    cell = main_cell(results)
    frame = results.where(rule="lssm", distribution=cell["distribution"], tol=cell["tol"]).table
    frame = frame.assign(patterns=[" ".join(shown(state) for state in patterns) for patterns in frame["patterns"]])
    values = ["fixed_points", "stable_points", "spurious_stable", "negatives_stable", "smallest_stored_basin", "spurious_volume"]
    return draw.summary_table(frame, by="patterns", values=values, **draw.texts(results, patterns="stored patterns"))


def hebb_table(results: "Results") -> "TableView":
    """Crosstalk of each stored bit under the Hebb rule, and whether the bit is kept."""
    frame = results.series("crosstalk", rule="hebb")
    frame = frame[frame["replicate"] == frame["replicate"].min()]
    table = frame[["name", "crosstalk", "kept_with_diagonal", "kept"]].reset_index(drop=True)
    table = table.assign(**{key: ["yes" if value > 0 else "no" for value in table[key]] for key in ("kept_with_diagonal", "kept")})
    labels = {"name": "stored bit", "kept_with_diagonal": "kept with the diagonal of W", "kept": "kept without it"}
    return draw.TableView(table, labels=labels, formats={"crosstalk": 3})


def hebb_random_table(results: "Results") -> "TableView":
    """The Hebb rule on random patterns: which bits flip, how many patterns it keeps."""
    values = ["lost_below_one", "lost_above_one", "perfect_at_theory", "perfect_at_printed", "hebb_negatives", "hebb_energy_difference"]
    return draw.summary_table(results.where(rule="hebb").table, by="units", values=values, **draw.texts(results, units="units"))
