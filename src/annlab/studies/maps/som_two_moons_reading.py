"""How the results of som-two-moons are read: figures, tables and answers."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.models.som_grids import Grid
from annlab.studies.maps.som_two_moons_grid import BASE, BATCH, STAYED, setting

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

WAYS = {"moved_never": "units that never won", "moved_all": "all units"}


def data_space(results: "Results") -> "Drawing":
    """The map by iteration, replicate 0."""
    steps = results.array("steps", **BASE).astype(int).tolist()
    shown = [step for step in (0, 10, 50, 100, 200, 1000) if step in steps]
    path, wins = results.array("path", **BASE), results.array("wins", **BASE)
    return draw.map_in_data_space(
        {step: path[steps.index(step)] for step in shown},
        results.array("X", **BASE),
        _lines(),
        wins={step: wins[steps.index(step)] for step in shown},
        x_label="x₁",
        y_label="x₂",
    )


def neighbourhoods(results: "Results") -> "Drawing":
    """The map at the end with each neighbourhood, replicate 0; units that were flung out of the figure are left out with their map."""
    maps, wins = {}, {}
    for cell in results.cells:
        fixed = ("grid", "topology", "training", "init", "learning_rate", "schedule")
        if all(getattr(cell.params, name) == BASE[name] for name in fixed):
            chosen: dict[str, Any] = {**BASE, "neighbourhood": cell.params.neighbourhood, "radius": cell.params.radius}
            last = results.array("path", **chosen)[-1]
            if np.abs(last).max() < 3:
                maps[setting(cell.params)], wins[setting(cell.params)] = last, results.array("wins", **chosen)[-1]
    return draw.map_in_data_space(maps, results.array("X", **BASE), _lines(), wins=wins, x_label="x₁", y_label="x₂")


def _lines() -> np.ndarray:
    edges = Grid(4, 4).edges
    apart = np.abs(edges[:, 0] - edges[:, 1])
    return np.asarray(edges[(edges[:, 0] < edges[:, 1]) & ((apart == 1) | (apart == 4))])  # the lines of the grid without diagonals


def idle_by_iteration(results: "Results") -> "Drawing":
    """Idle units by iteration, by neighbourhood and radius."""
    frame = _online(results)
    return draw.curves(
        frame, x="iteration", y="idle", by="setting", log_x=True, x_label="iteration", y_label="idle units of 16", markers=True
    )


def errors_by_iteration(results: "Results") -> "Drawing":
    """Quantisation error by iteration, by neighbourhood and radius."""
    frame = _online(results)
    return draw.curves(
        frame,
        x="iteration",
        y="quantization_error",
        by="setting",
        log_x=True,
        log_y=True,
        x_label="iteration",
        y_label="quantisation error",
    )


def _online(results: "Results") -> "pd.DataFrame":
    """Series of the cells whose neighbourhood alone differs from the base, from the first iteration."""
    frame = results.series(
        "by_iteration", **{name: BASE[name] for name in ("grid", "topology", "training", "init", "learning_rate", "schedule")}
    )
    frame = frame[
        (frame["iteration"] > 0)
        & (frame["neighbourhood"] != "mexican_hat")
        & frame["radius"].isin([1.0, 2.0])
        & (frame["neighbourhood"] != "triangle")
    ]
    return frame.assign(setting=frame["neighbourhood"] + " " + frame["radius"].map("{:g}".format))


def _named(results: "Results") -> "pd.DataFrame":
    names = {cell.identity: setting(cell.params) for cell in results.cells}
    table = results.table.copy()
    keys = [names[record.cell.identity] for record in results.records if record.outcome is not None]
    table["setting"] = keys
    return table


def way(results: "Results") -> "Drawing":
    """Way of units that never won and of all units, by setting."""
    table = _named(results)
    table = table[(table["training"] == "online") & (table["neighbourhood"] != "mexican_hat")]
    long = table.melt(["setting", "replicate"], [name for name in WAYS if name in table], "units", "moved").dropna()
    long["units"] = long["units"].map(WAYS)
    return draw.interval_bars(long, by="setting", value="moved", group="units", label="distance from the start")


def units(results: "Results") -> "TableView":
    """Idle units, units that never won, units off the moons."""
    columns = ["idle", "never_won", "off", "off_idle"]
    return draw.summary_table(_named(results), by=["setting"], values=columns, **draw.texts(results))


def errors(results: "Results") -> "TableView":
    """Errors and ways."""
    columns = ["quantization_error", "topographic_error", "moved_all", "moved_idle", "moved_off"]
    return draw.summary_table(_named(results), by=["setting"], values=columns, **draw.texts(results))


def idle_units(results: "Results") -> str:
    """How many units win nothing, and whether they stay."""
    alone = {**BASE, "neighbourhood": "bubble"}
    return " ".join(
        [
            (
                f"After 1000 iterations of the base map (gaussian, radius 1, rate 0.5) {_value(results, 'idle', BASE)} of the 16 units are "
                f"nearest to no point, and {_value(results, 'never_won', BASE)} never won one while the map learned."
            ),
            f"{_value(results, 'off', BASE)} lie off the moons, {_value(results, 'off_idle', BASE)} of them winning nothing.",
            _way(results, "moved_off", BASE, "Units off the moons"),
            _way(results, "moved_never", BASE, "Units that never won"),
            f"All units together are {_value(results, 'moved_all', BASE)} from their start.",
            f"Where the winner learns alone (a bubble of radius 1) {_value(results, 'never_won', alone)} units never win.",
            _way(results, "moved_never", alone, "There they"),
            (
                f"So what wins nothing {_stays(results, alone)} where the winner learns alone, and {_stays(results, BASE)} where its "
                "neighbours learn with it."
            ),
        ]
    )


def _stays(results: "Results", cell: dict[str, Any]) -> str:
    """Whether units that never won are where they were."""
    values = results.values("moved_never", **cell) if _has(results, "moved_never", cell) else np.array([])
    return "stays where it started" if len(values) and values.mean() < STAYED else "moves all the same" if len(values) else "is not met"


def settings(results: "Results") -> str:
    """Radius, rate, grid and start against the base."""
    parts = [f"Radius 2 against 1: {_against(results, {'radius': 2.0}, 'radius')}."]
    parts.append(f"Winner takes all against the gaussian: {_against(results, {'neighbourhood': 'bubble'}, 'neighbourhood')}.")
    parts.append(f"Batch training against online: {_against(results, BATCH, 'training', 'iterations')}.")
    for words, changed in (
        ("A rate of 0.1 against 0.5", {"learning_rate": 0.1}),
        ("A hexagonal grid against a rectangular one", {"grid": "hexagonal"}),
        ("A torus against a plane", {"topology": "toroidal"}),
        ("A start at points of the data against one in the square", {"init": "sample"}),
    ):
        if results.where(**{**BASE, **changed}).records:
            parts.append(f"{words}: {_against(results, changed, *changed)}.")
    means = {setting(cell.params): _mean(results, cell.params) for cell in results.cells}
    fewest, most = min(means, key=lambda name: means[name]), max(means, key=lambda name: means[name])
    parts.append(
        f"Of the {len(means)} settings, {fewest} leaves fewest idle ({means[fewest]:.2f} of 16) and {most} most ({means[most]:.2f})."
    )
    return " ".join(parts)


def _against(results: "Results", changed: dict[str, Any], *names: str) -> str:
    compared = draw.compare(results, "idle", changed, {name: BASE[name] for name in names}, **_without(*names))
    return f"idle units {compared}"


def _without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in BASE.items() if name not in names}


def _mean(results: "Results", params: Any) -> float:
    return float(np.mean(results.values("idle", **{name: getattr(params, name) for name in BASE})))


def _value(results: "Results", name: str, cell: dict[str, Any]) -> str:
    return draw.measured(results, name, **cell)


def _way(results: "Results", name: str, cell: dict[str, Any], words: str) -> str:
    if not _has(results, name, cell):
        return f"{words}: there are none."
    return f"{words} are {_value(results, name, cell)} from where they started."


def _has(results: "Results", name: str, cell: dict[str, Any]) -> bool:
    return any(record.outcome is not None and name in record.outcome.metrics for record in results.where(**cell).records)
