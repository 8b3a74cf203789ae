"""How the results of personal-regression are read: figures and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.studies.supervised.personal_regression_grid import CANDIDATES, REGULARISERS, REPORT_A, stacks_of

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

SEARCHED: dict[str, Any] = {**CANDIDATES, "optimizer": "adam", "learning_rate": 0.01, "stop_on": "validation"}


def texts(results: "Results") -> dict[str, Any]:
    """Labels and units for the tables."""
    names = {
        "hidden_sizes": "hidden units",
        "learning_rate": "learning rate",
        "optimizer": "optimiser",
        "case": "regulariser",
        "batch_norm": "batch norm",
    }
    return draw.texts(results, **names)


def with_names(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with networks and activations as text, ``20-20``, layers and units counted, no underscores."""
    named = draw.readable(table)
    named["network"] = ["-".join(map(str, sizes)) or "linear" for sizes in table["hidden_sizes"]]
    named["activation"] = ["-".join(name) if isinstance(name, tuple) else name for name in table["activation"]]
    named["layers"] = [len(sizes) for sizes in table["hidden_sizes"]]
    named["units"] = [sizes[0] if sizes else 0 for sizes in table["hidden_sizes"]]
    return named


SETTING = ["network", "activation", "optimizer", "learning_rate"]
"""What tells one candidate from another."""


def candidates_of(results: "Results") -> "pd.DataFrame":
    """All cells that the selection chooses among."""
    return with_names(results.where(**CANDIDATES).table)


def searched_of(results: "Results") -> "pd.DataFrame":
    """Candidates at the default rate and optimiser, which make the product of networks and activations."""
    return with_names(results.where(**SEARCHED).table)


ERRORS = {"train_mse": "training", "validation_mse": "validation"}


def _data_of(results: "Results") -> str:
    return str(results.cells[0].params.data)


def surfaces(results: "Results") -> "Drawing":
    """Target, prediction and difference of the chosen network, replicate 0."""
    X, target, prediction = (results.array(name, stage="final") for name in ("X", "target", "prediction"))
    kept = np.random.default_rng(0).choice(len(X), size=min(2500, len(X)), replace=False)  # enough for the eye, light for the page
    return draw.compare_surfaces(
        target[kept], prediction[kept], x=X[kept, 0], y=X[kept, 1], names=("target", "prediction", "prediction − target"), z_label="T"
    )


def surfaces_caption(results: "Results") -> str:
    """Caption that names the data and the digits."""
    params = results.cells[0].params
    weights = ", ".join(map(str, params.digits))
    shown = f"{_data_of(results)}, digits {weights}; replicate 0, 2500 of 13,600 points"
    return f"Target, prediction of the chosen network and their difference ({shown})."


def by_size(results: "Results") -> "Drawing":
    """Validation error by network and activation."""
    return draw.heat_map(
        searched_of(results), row="network", column="activation", value="validation_mse", log=True, better="lower", label="validation MSE"
    )


def by_units(results: "Results") -> "Drawing":
    """Validation error by size with the one-standard-error rule: by width at the largest depth, or by network where that is one width."""
    table = searched_of(results)
    activation = results.selected.params.activation if results.selected else "tanh"
    same = table[table["activation"] == activation]
    deepest = same[same["layers"] == same["layers"].max()]
    shown, parameter = (deepest, "units") if deepest["units"].nunique() > 1 else (same, "network")
    order = None if parameter == "units" else list(dict.fromkeys(shown.sort_values("parameters")["network"]))
    return draw.validation_curve(
        shown,
        parameter=parameter,
        train="train_mse",
        simplest_first=order,
        log_y=True,
        x_label=f"{'units of each layer' if parameter == 'units' else 'network'} ({activation})",
        y_label="MSE",
        labels=ERRORS,
    )


def by_rate(results: "Results") -> "Drawing":
    """Validation error by learning rate, of the candidate that was trained at most rates."""
    table = candidates_of(results)
    table = table[table["optimizer"] == "adam"]
    table = table.assign(what=table["network"] + " " + table["activation"])
    what = str(table.groupby("what")["learning_rate"].nunique().idxmax())
    return draw.validation_curve(
        table[table["what"] == what],
        parameter="learning_rate",
        train="train_mse",
        log_x=True,
        log_y=True,
        x_label=f"learning rate ({what})",
        y_label="MSE",
        labels=ERRORS,
    )


def effects(results: "Results") -> "Drawing":
    """Main effects in report-A's grid, or among our candidates."""
    grid_a = {**REPORT_A, "hidden_sizes": stacks_of([1, 2, 3], [3, 10, 20]), "activation": ["tanh", "relu"], "scale": False, "test": False}
    found = results.where(**grid_a)
    table, factors = searched_of(results), ["network", "activation"]
    if found.cells and not found.table.empty:
        table, factors = with_names(found.table), ["layers", "units", "activation", "learning_rate"]
    return draw.main_effects(
        table, factors=factors, value="validation_mse", log=True, label="validation MSE", labels={"learning_rate": "learning rate"}
    )


def by_training_points(results: "Results") -> "Drawing":
    """Errors by the number of training points, of the network that was trained on several."""
    sizes = {name: value for name, value in CANDIDATES.items() if name != "training"}
    table = results.where(**sizes, optimizer="adam", learning_rate=0.01, test=False, ensemble=1).table
    fewest = table[table["training"] == table["training"].min()].iloc[0]
    same = [
        sizes == fewest["hidden_sizes"] and name == fewest["activation"]
        for sizes, name in zip(table["hidden_sizes"], table["activation"], strict=True)
    ]
    return draw.learning_curve(
        table[same], size="training", log_x=True, log_y=True, y_label="MSE", labels=ERRORS | {"training": "training points"}
    )


def _regularised(results: "Results") -> "pd.DataFrame":
    table = results.table
    return draw.readable(table[table["case"].isin(list(REGULARISERS))])


def regularisers(results: "Results") -> "Drawing":
    """Validation error over that without regulariser."""
    return draw.paired_differences(
        _regularised(results),
        by="case",
        value="validation_mse",
        baseline="no regulariser",
        ratio=True,
        better="lower",
        label="validation MSE over that without",
        labels={"case": "regulariser"},
    )


def regulariser_table(results: "Results") -> "TableView":
    """Training and validation error with each regulariser."""
    return draw.summary_table(
        _regularised(results), by="case", values=["train_mse", "validation_mse", "gap_ratio", "stop_epoch"], **texts(results)
    )


def training_on(results: "Results") -> "Drawing":
    """Errors by epoch without a stop, of the longest training there is."""
    longest = max(cell.params.epochs for cell in results.cells if cell.params.patience is None)
    name = "trained_on" if has(results, "trained_on") else "no_regulariser"
    frame = results.series("curves", case=name, epochs=longest)
    return draw.curves(
        frame,
        y=["train_mse", "validation_mse"],
        log_x=True,
        log_y=True,
        y_label="MSE",
        labels=ERRORS,
    )


def fold_figure(results: "Results") -> "Drawing":
    """Rows used for training and validation by each fold of replicate 0, in the order in which they were drawn."""
    outcome = results.outcome(case="five_folds" if has(results, "five_folds") else "no_regulariser")
    order = {row: place for place, row in enumerate(outcome.arrays["rows"].tolist())}
    held = [np.array([order[row] for row in rows.tolist()]) for name, rows in sorted(outcome.arrays.items()) if name.startswith("fold_")]
    return draw.fold_diagram(held, n=len(order))


def fold_table(results: "Results") -> "TableView":
    """Validation error by fold, replicate 0."""
    if not has(results, "five_folds"):
        return _absent("This profile has no cell with folds.")
    frame = results.series("folds", case="five_folds")
    return draw.cross_validation_table(draw.readable(frame[frame["replicate"] == 0]), by="case", **texts(results))


def has(results: "Results", case: str) -> bool:
    """Whether the profile has a cell of that name."""
    return any(case in cell.names for cell in results.cells)


def candidates(results: "Results") -> "TableView":
    """Our candidates ranked by validation error."""
    return draw.ranked_table(candidates_of(results), by=SETTING, value="validation_mse", scale="log", top=12, **texts(results))


def optimisers(results: "Results") -> "TableView":
    """Optimisers beside each other by validation error."""
    params, table = results.study.params, results.table
    same = (table["hidden_sizes"] == params.hidden_sizes) & (table["activation"] == params.activation) & (table["learning_rate"] == 0.01)
    kept = table[
        (same & table["scale"] & (table["folds"] == 0) & (table["training"] == 1600))
        | table["optimizer"].isin(["lbfgs", "levenberg_marquardt"])
    ]
    if kept["optimizer"].nunique() < 2:
        return _absent("This profile compares no optimisers.")
    return draw.ranked_table(
        with_names(kept), by=["optimizer", "network", "activation"], value="validation_mse", scale="log", **texts(results)
    )


def final_table(results: "Results") -> "TableView":
    """The chosen cell on the test points."""
    values = ["validation_mse", "test_mse", "test_half_mse", "unseen_mse", "mean_baseline_mse"]
    return draw.summary_table(with_names(results.final), by=SETTING, values=values, **texts(results))


def stability(results: "Results") -> "TableView":
    """Spread of the five best candidates over seeds, the best first."""
    table = candidates_of(results)
    best = table.groupby(SETTING)["validation_mse"].mean().nsmallest(5).index
    return draw.stability_table(
        table.set_index(SETTING).loc[list(best)].reset_index(), by=SETTING, value="validation_mse", **texts(results)
    )


def reported_table(results: "Results") -> "TableView":
    """Networks that record their test error."""
    table = results.table
    if "test_mse" not in table:
        return _absent("No cell of this profile repeats a network of the reports.")
    reported = table["test"] & (table["stop_on"] == "validation") & (table["optimizer"] != "levenberg_marquardt")
    kept = with_names(table[reported])
    by = ["network", "activation", "optimizer", "learning_rate", "batch_norm", "scale"]
    return draw.summary_table(kept, by=by, values=["test_mse", "stop_epoch"], **texts(results))


def second_order(results: "Results") -> "TableView":
    """Networks trained by Levenberg and Marquardt's method, with their test error."""
    table = results.table
    kept = table[table["optimizer"] == "levenberg_marquardt"]
    if kept.empty:
        return _absent("No cell of this profile is trained by Levenberg and Marquardt's method.")
    values = ["train_mse", "validation_mse", "test_mse", "unseen_mse"]
    return draw.summary_table(with_names(kept), by=["network", "activation"], values=values, **texts(results))


def optimism_of(results: "Results") -> "pd.DataFrame | None":
    """By replicate: test error of the network chosen and stopped by the test set, and its error on unseen points."""
    table = results.table
    kept = table[table["stop_on"] == "test"]
    if kept.empty:
        return None
    chosen = kept.loc[kept.groupby("replicate")["test_mse"].idxmin()]
    return chosen.assign(ratio=chosen["unseen_mse"] / chosen["test_mse"], family="chosen by the test set")


def optimism_table(results: "Results") -> "TableView":
    """What choosing by the test set promises."""
    chosen = optimism_of(results)
    if chosen is None:
        return _absent("This profile has no cell that chooses by the test set.")
    view = texts(results)
    view["labels"] |= {"ratio": "unseen MSE over test MSE", "family": "choice"}
    return draw.summary_table(chosen, by="family", values=["test_mse", "unseen_mse", "ratio"], **view)


def _absent(sentence: str) -> "TableView":
    import pandas as pd

    return draw.TableView(pd.DataFrame({"": [sentence]}))
