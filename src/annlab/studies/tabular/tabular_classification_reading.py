"""How the results of tabular-classification are read: figures and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.data import describe

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

SETTING = ["solver", "activation", "hidden"]
BASELINES = {"majority": "majority class", "logistic": "logistic regression", "neighbour": "nearest neighbour"}
NAMES = {"data": "table", "hidden": "hidden units", "zeros": "missing values"}


def main_grid(results: "Results") -> "Results":
    """scikit-learn's networks on standardised inputs, missing values as published, at the profile's usual length."""
    usual = min(cell.params.iterations for cell in results.cells)
    return results.where(network="scikit-learn", scaled=True, zeros="kept", iterations=usual)


def tables_of(results: "Results") -> list[str]:
    """Names of the tables, in the order of the grid."""
    return list(dict.fromkeys(str(cell.params.data) for cell in results.cells))


def in_words(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with sizes as ``50-20`` and preparation as words, no underscores."""
    frame = draw.readable(frame)
    frame["hidden"] = ["-".join(map(str, sizes)) for sizes in frame["hidden"]]
    frame["scaled"] = ["standardised" if scaled else "raw" for scaled in frame["scaled"]]
    return frame


def nested(results: "Results") -> "pd.DataFrame":
    """By table and split: the setting with the best validation accuracy of that split (the first of equals) and its test scores."""
    table = in_words(main_grid(results).table)
    table = table[np.isfinite(table["validation_accuracy"])]
    best: pd.DataFrame = table.loc[table.groupby(["data", "replicate"], sort=False)["validation_accuracy"].idxmax()]
    return best.assign(optimism=best["validation_accuracy"] - best["test_accuracy"], setting=_setting(best))


def _setting(frame: "pd.DataFrame") -> list[str]:
    return [" ".join(parts) for parts in zip(frame["solver"], frame["activation"], frame["hidden"], strict=True)]


def ranks(results: "Results") -> "pd.DataFrame":
    """By table, setting and split: validation accuracy and its rank among all settings of the split, 1 the best, ties shared."""
    table = in_words(main_grid(results).table)
    grouped = table.groupby(["data", "replicate"])["validation_accuracy"]
    return table.assign(rank=grouped.rank(ascending=False, method="average"), setting=_setting(table))


def best_of(results: "Results", data: str, count: int = 5) -> list[str]:
    """The settings with the best mean validation accuracy on a table, the best first."""
    table = ranks(results)
    return list(table[table["data"] == data.replace("_", " ")].groupby("setting")["validation_accuracy"].mean().nlargest(count).index)


def cell_of(results: "Results", data: str, setting: str) -> dict[str, Any]:
    """Parameters of the main grid's cell with this setting in words."""
    solver, activation, hidden = setting.split()
    usual = min(cell.params.iterations for cell in results.cells)
    sizes = tuple(map(int, hidden.split("-")))
    fixed = {"network": "scikit-learn", "scaled": True, "zeros": "kept", "iterations": usual}
    return {**fixed, "data": data, "solver": solver, "activation": activation, "hidden": sizes}


def _shown(results: "Results") -> str:
    return " and ".join(name.replace("_", " ") for name in tables_of(results))


def effects(results: "Results") -> "Drawing":
    """Main effects of the grid's factors."""
    table = in_words(main_grid(results).table)
    factors = [name for name in ("data", *SETTING) if table[name].nunique() > 1]
    return draw.main_effects(table, factors=factors, value="validation_accuracy", label="validation accuracy", labels=NAMES)


def effects_caption(results: "Results") -> str:
    """Caption that names the tables."""
    return f"Main effects on the validation accuracy of scikit-learn's networks, standardised inputs ({_shown(results)})."


def compared(results: "Results") -> "pd.DataFrame":
    """Test scores of the nested choice and of the baselines, by table."""
    import pandas as pd

    chosen = nested(results).assign(classifier="network chosen in the split")
    table = results.where(network=list(BASELINES), zeros="kept").table
    others = in_words(table).assign(classifier=table["network"].map(BASELINES))
    both = pd.concat([chosen, others], ignore_index=True)
    return both[["data", "classifier", "replicate", *(name for name in both.columns if name.startswith("test_"))]]


def accuracy_bars(results: "Results") -> "Drawing":
    """Balanced test accuracy of the nested choice and of the baselines."""
    return draw.interval_bars(
        compared(results),
        by="classifier",
        value="test_balanced_accuracy",
        group="data",
        label="balanced test accuracy",
        reference={"chance": 0.5},
        labels=NAMES,
    )


def accuracy_caption(results: "Results") -> str:
    """Caption that names the tables."""
    return (
        f"Balanced test accuracy of the setting chosen within each split and of the baselines, mean and 95 % interval ({_shown(results)})."
    )


def rank_strip(results: "Results") -> "Drawing":
    """Rank of the five best settings of each table over the splits."""
    import pandas as pd

    table = ranks(results)
    kept = [(data, setting) for data in tables_of(results) for setting in best_of(results, data)]
    rows = [table[(table["data"] == data.replace("_", " ")) & (table["setting"] == setting)] for data, setting in kept]
    return draw.stability_strip(pd.concat(rows), by=["data", "setting"], value="rank", label="rank in a split, 1 the best", labels=NAMES)


def rank_caption(results: "Results") -> str:
    """Caption with the number of settings."""
    count = ranks(results)["setting"].nunique()
    return f"Rank by validation accuracy among {count} settings in every split, of the five with the best mean ({_shown(results)})."


def _chosen_series(results: "Results", name: str) -> "pd.DataFrame":
    import pandas as pd

    parts = []
    for data in tables_of(results):
        frame = results.series(name, **cell_of(results, data, best_of(results, data, 1)[0]))
        parts.append(frame.assign(data=data.replace("_", " ")))
    return pd.concat(parts, ignore_index=True)


def roc_figure(results: "Results") -> "Drawing":
    """ROC curve of the best setting of each table."""
    return draw.class_curves(
        _chosen_series(results, "roc"),
        x="false_positive",
        y="true_positive",
        by="data",
        x_label="false positive rate",
        y_label="true positive rate",
        labels=NAMES,
    )


def _best_words(results: "Results") -> str:
    return "; ".join(f"{data.replace('_', ' ')}: {best_of(results, data, 1)[0]}" for data in tables_of(results))


def roc_caption(results: "Results") -> str:
    """Caption that names the settings."""
    best = _best_words(results)
    return f"ROC curve on the test rows of the setting with the best mean validation accuracy, mean and 95 % interval ({best})."


def calibration_figure(results: "Results") -> "Drawing":
    """Observed share by predicted probability."""
    return draw.class_curves(
        _chosen_series(results, "calibration"),
        x="bin_centre",
        y="observed",
        by="data",
        markers=True,
        x_label="predicted probability, in tenths",
        y_label="observed share",
        labels=NAMES,
    )


def calibration_caption(results: "Results") -> str:
    """Caption that names the settings."""
    return (
        "Observed share of the positive class by predicted probability on the test rows; on the diagonal a probability means what it says "
        f"({_best_words(results)})."
    )


def hardest(results: "Results") -> str:
    """The table on which the nested choice has the lowest test accuracy."""
    means = nested(results).groupby("data")["test_accuracy"].mean()
    words = str(means.idxmin())
    return next(name for name in tables_of(results) if name.replace("_", " ") == words)


def _counts(results: "Results") -> tuple[np.ndarray, list[str], str]:
    data = hardest(results)
    cell = cell_of(results, data, best_of(results, data, 1)[0])
    stored = {record.replicate for record in results.where(**cell).records if record.outcome}
    names = list(describe(data).classes)
    counts = np.stack([results.array("confusion", replicate=r, **cell) for r in sorted(stored)])
    return counts, names if len(names) == 2 else ["0", "1"], data


def confusion_figure(results: "Results") -> "Drawing":
    """Confusion matrix on the harder table."""
    counts, names, _ = _counts(results)
    return draw.confusion_matrix(counts, names=names)


def confusion_caption(results: "Results") -> str:
    """Caption that names table and setting."""
    data = hardest(results)
    best = best_of(results, data, 1)[0]
    return f"Confusion on the test rows of the harder table ({data.replace('_', ' ')}, {best}), mean counts over splits."


def per_class(results: "Results") -> "TableView":
    """Precision, recall and F1 by class on the harder table."""
    counts, names, _ = _counts(results)
    return draw.per_class_table(counts, names=names)


def per_class_caption(results: "Results") -> str:
    """Caption that names table and setting."""
    data = hardest(results)
    return f"Precision, recall and F1 by class on the test rows ({data.replace('_', ' ')}, {best_of(results, data, 1)[0]})."


def nested_table(results: "Results") -> "TableView":
    """What the nested choice promises and keeps."""
    values = ["validation_accuracy", "test_accuracy", "optimism", "test_balanced_accuracy", "test_roc_auc", "test_f1"]
    view = draw.texts(results, **NAMES)
    view["labels"] |= {"optimism": "validation less test accuracy"}
    return draw.summary_table(nested(results), by="data", values=values, **view)


def ranked(results: "Results") -> "TableView":
    """Settings of the harder table by validation accuracy."""
    table = ranks(results)
    held = table[table["data"] == hardest(results).replace("_", " ")]
    return draw.ranked_table(
        held, by=SETTING, value="validation_accuracy", better="higher", scale="logit", top=12, **draw.texts(results, **NAMES)
    )


def ranked_caption(results: "Results") -> str:
    """Caption that names the table."""
    return f"Settings by validation accuracy; those that share a letter cannot be told apart ({hardest(results).replace('_', ' ')})."


def top_five(results: "Results") -> "TableView":
    """The five best settings of each table, with their ranks."""
    import pandas as pd

    table, rows = ranks(results), []
    for data in tables_of(results):
        for setting in best_of(results, data):
            held = table[(table["data"] == data.replace("_", " ")) & (table["setting"] == setting)]
            place = held["rank"]
            rows.append(
                {
                    "table": data.replace("_", " "),
                    "setting": setting,
                    "validation accuracy": float(held["validation_accuracy"].mean()),
                    "mean rank": float(place.mean()),
                    "best rank": float(place.min()),
                    "worst rank": float(place.max()),
                    "in the best quarter": f"{np.mean(place <= 0.25 * table['setting'].nunique()):.0%}",
                }
            )
    return draw.TableView(pd.DataFrame(rows))
