"""How the results of som-iris are read: figures and tables."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import data, draw
from annlab.models.som_grids import Grid
from annlab.studies.maps.som_iris_grid import CLASSIFICATION, CLUSTERING, VIEW

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

METHODS = {"som": "map", "kmeans": "k-means", "mixture": "Gaussian mixture", "neighbour": "nearest neighbour"}
SPECIES = ("setosa", "versicolor", "virginica")
ONE_LENGTH = {"updates": 500}


def sizes_of(results: "Results", **cell: Any) -> list[tuple[int, int]]:
    """Shapes of the maps that classify under the reported settings, by number of units."""
    found = {each.params.shape for each in results.where(**{**CLASSIFICATION, "shape": _shapes(results), **cell}).cells}
    return sorted(found, key=lambda shape: shape[0] * shape[1])


def _shapes(results: "Results") -> list[tuple[int, int]]:
    return list({cell.params.shape for cell in results.where(task="classification").cells})


def unit_map(results: "Results", **cell: Any) -> "draw.UnitMap":
    """The map of replicate 0 of a view's cell."""
    wanted = {**VIEW, **cell}
    grid = Grid(wanted["shape"][0], wanted["shape"][1], wanted["grid"], wanted["topology"])
    return draw.UnitMap.of(grid, results.array("weights", **wanted), results.array("votes", **wanted))


def _views(results: "Results") -> dict[str, dict[str, Any]]:
    """Cells of the view by title: both grids, and a torus where the profile has one."""
    shown: dict[str, dict[str, Any]] = {
        "rectangular": {},
        "hexagonal": {"grid": "hexagonal"},
        "hexagonal torus": {"grid": "hexagonal", "topology": "toroidal"},
        "batch, 20 passes": {"training": "batch", "updates": 3000},
    }
    return {name: cell for name, cell in shown.items() if results.where(**{**VIEW, **cell}).cells}


def u_matrix(results: "Results") -> "Drawing":
    """U-matrix with hits on both grids."""
    return draw.u_matrix({name: unit_map(results, **cell) for name, cell in _views(results).items()}, names=SPECIES)


def labels(results: "Results") -> "Drawing":
    """Commonest species of each unit."""
    shown = {name: unit_map(results, **cell) for name, cell in _views(results).items()}
    grid = Grid(1, 3)
    shown["1 x 3"] = draw.UnitMap.of(grid, hits=results.array("votes", **CLUSTERING))
    return draw.unit_labels(shown, names=SPECIES)


def planes(results: "Results") -> "Drawing":
    """Component planes of the hexagonal map, in centimetres."""
    loaded = data.load("iris")
    X = np.asarray(loaded["X"])
    weights = results.array("weights", **{**VIEW, "grid": "hexagonal"})
    return draw.component_planes(
        unit_map(results, grid="hexagonal"), weights * X.std(axis=0) + X.mean(axis=0), names=loaded.entry.columns, unit="cm"
    )


def data_space(results: "Results") -> "Drawing":
    """The rectangular map among the flowers."""
    path, wins, steps, points = (results.array(name, **VIEW) for name in ("path", "path_wins", "path_steps", "points"))
    y = np.asarray(data.load("iris")["y"])
    return draw.map_in_data_space(
        {int(step): weights for step, weights in zip(steps, path, strict=True)},
        points,
        unit_map(results).lines,
        wins={int(step): won for step, won in zip(steps, wins, strict=True)},
        classes=y,
        names=SPECIES,
        x_label="first principal component",
        y_label="second principal component",
        columns=2,
        iteration="flowers shown:",
    )


def heights(results: "Results") -> "Drawing":
    """Height by hits of every unit."""
    frame = results.where(**VIEW).series("units")
    return draw.scatter_lines(
        frame, x="hits", y="height", x_label="flowers won", y_label="mean distance to neighbours", y_unit="standard deviations"
    )


def _clusterings(results: "Results") -> "pd.DataFrame":
    """The clusterings under the reported settings by method and scaling."""
    frame = results.where(**{**CLUSTERING, "method": list(METHODS), "scaling": ["standardised", "raw", "unit"]}).table
    return frame.assign(method=frame["method"].map(METHODS), scaling=frame["scaling"].map(_scaling))


def _scaling(name: str) -> str:
    return "divided by length" if name == "unit" else name


def strips(results: "Results") -> "Drawing":
    """Agreement with the species by method and scaling, every replicate."""
    return draw.stability_strip(_clusterings(results), by=["scaling", "method"], value="nmi", label="normalised mutual information")


def _by_size(results: "Results") -> "pd.DataFrame":
    frame = results.where(**{**CLASSIFICATION, "shape": _shapes(results), "method": ["som", "kmeans"]}).table
    return _sized(frame)


def _sized(frame: "pd.DataFrame") -> "pd.DataFrame":
    """With the number of units, the shape as text, and methods in words."""
    return frame.assign(
        units=[
            120 if method == "neighbour" else rows * columns
            for (rows, columns), method in zip(frame["shape"], frame["method"], strict=True)
        ],
        shape=[
            f"{rows} x {columns}" if method == "som" else "–"
            for (rows, columns), method in zip(frame["shape"], frame["method"], strict=True)
        ],
        method=frame["method"].map(METHODS),
        scaling=frame["scaling"].map(_scaling),
    )


def sizes(results: "Results") -> "Drawing":
    """Training and test accuracy by number of units."""
    long = _by_size(results).melt(["units", "method", "replicate"], ["train_accuracy", "test_accuracy"], "flowers", "accuracy")
    long = long.assign(flowers=long["flowers"].map({"train_accuracy": "training", "test_accuracy": "held out"}))
    return draw.curves(
        long,
        x="units",
        y="accuracy",
        by=["method", "flowers"],
        log_x=True,
        markers=True,
        x_label="units",
        y_label="accuracy",
    )


def confusion_counts(results: "Results", **cell: Any) -> np.ndarray:
    """Confusion matrices of a classifying cell, (replicates, classes, classes)."""
    wanted = {**CLASSIFICATION, **cell}
    replicates = sorted(results.where(**wanted).table["replicate"].unique())
    return np.stack([results.array("confusion", replicate=int(replicate), **wanted) for replicate in replicates])


def confusion(results: "Results") -> "Drawing":
    """True against predicted species of the 4 x 4 map."""
    return draw.confusion_matrix(confusion_counts(results), names=SPECIES)


def _texts(results: "Results") -> dict[str, Any]:
    found = draw.texts(results, shape="map", learning_rate="rate", updates="flowers shown", change="changed")
    short = {
        "height_hits": "height and hits, rank correlation",
        "ridge_setosa": "ridge at setosa",
        "ridge_virginica": "ridge at virginica",
        "separate": "flowers in their class's region",
        "petal_planes": "petal planes, correlation",
        "by_default": "test flowers on units without a label",
    }
    return {**found, "labels": {**found["labels"], **short}}


def _change(row: "pd.Series[Any]") -> str:
    """What a cell of the view changes against the map shown."""
    words = {"neighbourhood": "{}", "grid": "{}", "topology": "{}", "training": "{}", "init": "start: {}", "scaling": "{}"}
    if row["training"] == "batch":
        return "batch, 20 passes"
    changed = [text.format(_scaling(row[name])) for name, text in words.items() if row[name] != VIEW[name]]
    if tuple(row["shape"]) != VIEW["shape"]:
        changed.append(f"{row['shape'][0]} x {row['shape'][1]}")
    if row["updates"] != VIEW["updates"]:
        changed.append(f"{row['updates']} flowers shown")
    return ", ".join(changed).replace("_", " ") or "as shown"


def view_table(results: "Results") -> "TableView":
    """The map to look at, in every variant."""
    frame = results.where(task="view").table
    frame = frame.assign(change=frame.apply(_change, axis=1))
    words = {}
    for change, part in frame.groupby("change", sort=False):
        if lost := int(part["diverged"].sum()):
            words[change] = f"{change}: {lost} of {len(part)} maps diverged"
    values = ["separate", "idle", "height_hits", "ridge_setosa", "ridge_virginica", "quantization_error", "topographic_error"]
    view = draw.summary_table(frame.assign(change=frame["change"].replace(words)), by="change", values=values, **_texts(results))
    note = "A map diverged where a unit ran away from the flowers; such maps are left out of the means of all that measures distances."
    return replace(view, notes=[*view.notes, note]) if words else view


def clustering_table(results: "Results") -> "TableView":
    """Agreement of three clusters with the species."""
    frame = _sized(results.where(task="clustering").table)
    frame = frame.assign(change=frame.apply(_clustering_change, axis=1))
    return draw.summary_table(frame, by=["method", "scaling", "change"], values=["nmi", "ari", "purity", "clusters"], **_texts(results))


def _clustering_change(row: "pd.Series[Any]") -> str:
    if row["method"] != METHODS["som"]:
        return "–"
    if row["training"] == "batch":
        return "batch, 20 passes"
    if row["neighbourhood"] != CLUSTERING["neighbourhood"]:
        return "triangle, radius 2, rate 0.5"
    return f"{row['updates']} flowers shown" + (", start: pca" if row["init"] == "pca" else "")


def size_table(results: "Results") -> "TableView":
    """Accuracy and gap by size and method."""
    wanted = {**CLASSIFICATION, "shape": _shapes(results), "method": list(METHODS)}
    frame = _sized(results.where(**wanted).table)
    frame = frame.assign(order=frame["method"].map(list(METHODS.values()).index)).sort_values(["order", "units"], kind="stable")
    values = ["train_accuracy", "test_accuracy", "gap", "idle", "by_default", "labelled_accuracy"]
    return draw.summary_table(frame, by=["method", "shape", "units"], values=values, **_texts(results))


def setting_table(results: "Results") -> "TableView":
    """The 4 x 4 map under other settings."""
    frame = _sized(results.where(task="classification", method="som", shape=CLASSIFICATION["shape"]).table)
    values = ["train_accuracy", "test_accuracy", "gap", "idle", "quantization_error"]
    return draw.summary_table(frame, by=["neighbourhood", "training", "scaling", "updates"], values=values, **_texts(results))


def class_table(results: "Results") -> "TableView":
    """Precision, recall, F1 and support of the 4 x 4 map."""
    return draw.per_class_table(confusion_counts(results), names=SPECIES)
