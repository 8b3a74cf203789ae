"""Further tables and figures of tabular-classification: baselines, transfer, preparation, both libraries beside each other."""

from typing import TYPE_CHECKING

from annlab import draw
from annlab.studies.tabular.tabular_classification_reading import NAMES, SETTING, best_of, cell_of, compared, in_words, main_grid, tables_of

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results


def baselines(results: "Results") -> "TableView":
    """The nested choice beside the baselines."""
    values = ["test_accuracy", "test_balanced_accuracy", "test_roc_auc", "test_f1", "test_brier", "test_calibration_error"]
    return draw.summary_table(compared(results), by=["data", "classifier"], values=values, **draw.texts(results, **NAMES))


def transfer_table(results: "Results") -> "TableView":
    """Best settings of each table on each table."""
    import pandas as pd

    rows = []
    for source in tables_of(results):
        setting = best_of(results, source, 1)[0]
        for target in tables_of(results):
            cell = cell_of(results, target, setting)
            own = cell_of(results, target, best_of(results, target, 1)[0])
            loss = "its own" if cell == own else str(draw.compare(results, "validation_accuracy", cell, own))
            rows.append(
                {
                    "best of": source.replace("_", " "),
                    "setting": setting,
                    "used on": target.replace("_", " "),
                    "validation accuracy": draw.measured(results, "validation_accuracy", **cell),
                    "test accuracy": draw.measured(results, "test_accuracy", **cell),
                    "validation against its own best": loss,
                }
            )
    return draw.TableView(pd.DataFrame(rows))


def prepared_cells(results: "Results") -> "pd.DataFrame":
    """The settings that were also trained on raw inputs or with missing values replaced, at the profile's usual length."""
    usual = min(cell.params.iterations for cell in results.cells)
    raw = [cell.params for cell in results.where(network="scikit-learn", scaled=False, iterations=usual).cells]
    wanted = {(params.solver, params.activation, params.hidden) for params in raw}
    table = results.where(network="scikit-learn", iterations=usual).table
    keys = zip(table["solver"], table["activation"], table["hidden"], strict=True)
    few = (
        sorted(wanted, key=str)
        if len(wanted) <= 6
        else [("adam", "relu", (100, 100)), ("sgd", "tanh", (50, 20)), ("lbfgs", "relu", (20, 20))]
    )
    return in_words(table[[key in few for key in keys]])


def preparation_table(results: "Results") -> "TableView":
    """Raw and standardised inputs, missing values kept, replaced and flagged."""
    values = ["test_accuracy", "test_balanced_accuracy", "epochs_trained"]
    return draw.summary_table(
        prepared_cells(results), by=["data", *SETTING, "scaled", "zeros"], values=values, **draw.texts(results, **NAMES, scaled="inputs")
    )


def preparation_caption(results: "Results") -> str:
    """Caption that says what the words mean."""
    return (
        "scikit-learn's networks by preparation of the inputs: kept = as published, median = missing values replaced by the training rows' "
        "median, flagged = a column that says so as well."
    )


def pairs(results: "Results") -> "pd.DataFrame":
    """Mean test accuracy of scikit-learn's network and of ours over splits, by table and setting, on standardised inputs."""
    usual = min(cell.params.iterations for cell in results.cells)
    ours = in_words(results.where(network="annlab", iterations=usual, scaled=True).table)
    theirs = in_words(main_grid(results).table)
    keys = ["data", *SETTING, "replicate"]
    both = theirs.merge(ours, on=keys, suffixes=("_theirs", "_ours"))
    return both.assign(difference=both["test_accuracy_ours"] - both["test_accuracy_theirs"])


def beside(results: "Results") -> "Drawing":
    """Difference of the two libraries by solver and table."""
    frame = pairs(results).groupby(["data", "solver", "replicate"], sort=False)["difference"].mean().reset_index()
    return draw.stability_strip(
        frame,
        by=["data", "solver"],
        value="difference",
        label="test accuracy: ours less scikit-learn's, mean over settings",
        labels=NAMES,
    )


def beside_caption(results: "Results") -> str:
    """Caption that counts settings."""
    count = pairs(results).groupby(["data", *SETTING]).ngroups
    shown = f"a dot a split, {count} pairs of cells; the diamond is the mean with its 95 % interval"
    return f"Our networks less scikit-learn's on the same splits, {shown}."


def beside_table(results: "Results") -> "TableView":
    """Accuracy of both libraries and their paired difference, by table and solver."""
    frame = pairs(results)
    values = ["test_accuracy_theirs", "test_accuracy_ours", "difference"]
    means = frame.groupby(["data", "solver", "replicate"], sort=False)[values].mean().reset_index()
    labels = {**NAMES, "test_accuracy_theirs": "scikit-learn", "test_accuracy_ours": "ours", "difference": "ours less scikit-learn"}
    return draw.summary_table(means, by=["data", "solver"], values=values, labels=labels)
