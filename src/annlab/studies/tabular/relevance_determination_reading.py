"""How the results of relevance-determination are read: figures and tables."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.data import describe
from annlab.studies.tabular.relevance_determination_ranking import LABELS

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

SYNTHETIC: dict[str, Any] = {"part": "weights", "points": 200, "noise": 1.0}
INSIDE: dict[str, Any] = {"part": "inputs", "network": "annlab", "zeros": "kept", "ranked_rows": "training", "noise_inputs": 0}
WORDS = {**LABELS, "all": "all inputs", "fixed": "the report's inputs", "method": "method"}


def table_name(results: "Results") -> str:
    """Name of the table of part two."""
    return next(str(cell.params.data) for cell in results.cells if cell.params.part == "inputs")


def input_names(results: "Results") -> list[str]:
    """Names of the table's inputs, or their numbers."""
    entry = describe(table_name(results))
    width = entry.arrays["X"].shape[1]
    assert isinstance(width, int)
    return list(entry.columns[:width]) if len(entry.columns) >= width else [f"input {index}" for index in range(width)]


def _named(frame: "pd.DataFrame") -> "pd.DataFrame":
    return frame.assign(method=frame["method"].map(lambda name: WORDS.get(name, name)))


def methods(results: "Results") -> list[str]:
    """Methods of part one in this profile."""
    return list(dict.fromkeys(cell.params.method for cell in results.where(**SYNTHETIC).cells))


def _estimates(results: "Results", wanted: list[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    held = [name for name in wanted if name in methods(results)]
    found = {LABELS[name]: results.array("weights", method=name, **SYNTHETIC) for name in held}
    return results.array("truth", method=held[0], **SYNTHETIC), found


def weights_figure(results: "Results") -> "Drawing":
    """True weights, least squares and ARD."""
    return draw.weight_stems(*_estimates(results, ["ols", "ard", "lasso"]))


def histograms(results: "Results") -> "Drawing":
    """Distribution of the estimated weights by method."""
    return draw.weight_histograms(*_estimates(results, ["ols", "ard", "lasso"]))


def recovery_figure(results: "Results") -> "Drawing":
    """F1 of the support by threshold."""
    return draw.curves(
        _named(results.series("recovery", **SYNTHETIC)),
        x="share",
        y="support_f1",
        by="method",
        log_x=True,
        x_label="threshold, as a share of the largest weight",
        y_label="F1 of the support",
    )


def by_points(results: "Results") -> "Drawing":
    """Error of the weights by the number of points, or by method where there is one number."""
    table = _named(results.where(part="weights", noise=1.0).table)
    if table["points"].nunique() > 1:
        return draw.curves(
            table, x="points", y="weight_rmse", by="method", log_x=True, log_y=True, markers=True, y_label="error of the weights (RMS)"
        )
    return draw.interval_bars(table, by="method", value="weight_rmse", label="error of the weights (RMS)")


def by_points_caption(results: "Results") -> str:
    """Caption by what the profile holds."""
    sizes = sorted({cell.params.points for cell in results.where(part="weights", noise=1.0).cells})
    shown = f"by the number of points ({sizes[0]} to {sizes[-1]})" if len(sizes) > 1 else f"with {sizes[0]} points"
    return f"Error of all 100 weights {shown}, mean and 95 % interval over replicates (sparse linear data, noise 1)."


def _ranked(results: "Results") -> "Results":
    return results.where(**INSIDE, keep=3, method=["ard", "ols", "lasso", "permutation"])


def relevance(results: "Results") -> "Drawing":
    """Size of each input's weight in each ranking."""
    frame = _ranked(results).series("ranking")
    frame = _named(frame)
    frame = frame.assign(ranking=frame["method"] + ", " + frame["ranked_on"] if "ranked_on" in frame else frame["method"])
    return draw.relevance_bars(
        frame.sort_values(["ranked_on"], ascending=False, kind="stable"), panel="ranking", names=input_names(results), picked="picked"
    )


def relevance_caption(results: "Results") -> str:
    """Caption that names the table."""
    return (
        f"Size of each input's weight as a share of the largest, mean and 95 % interval over splits, on standardised and on raw inputs; "
        f"the percentage is how often the input is among the three that are kept ({table_name(results)})."
    )


def settings_of(results: "Results") -> "pd.DataFrame":
    """Networks on all, on the report's and on three ranked inputs, with the choice in words."""
    table = results.where(**INSIDE).table
    kept = table[table["method"].isin(["all", "fixed"]) | (table["keep"] == 3)]
    words = [
        WORDS.get(name, name) if name in ("all", "fixed") else f"{WORDS.get(name, name)}, {ranked}"
        for name, ranked in zip(kept["method"], kept["ranked_on"], strict=True)
    ]
    return kept.assign(choice=words)


def differences(results: "Results") -> "Drawing":
    """Accuracy with the kept inputs less that with all."""
    return draw.paired_differences(
        settings_of(results), by="choice", value="test_accuracy", baseline="all inputs", better="higher", label="test accuracy"
    )


def differences_caption(results: "Results") -> str:
    """Caption that names the table."""
    return (
        f"Test accuracy of the same network on three inputs less that on all, split by split ({table_name(results)}; "
        "rankings inside the fold, on standardised or raw inputs)."
    )


def by_keep(results: "Results") -> "Drawing":
    """Accuracy by the number of inputs that ARD keeps, with that of all inputs."""
    narrowed = results.where(**INSIDE, method="ard", ranked_on="standardised")
    every = results.values("test_accuracy", **INSIDE, method="all").mean()
    return draw.curves(
        narrowed.table,
        x="keep",
        y="test_accuracy",
        markers=True,
        x_label="inputs kept",
        y_label="test accuracy",
        reference={"all inputs": float(every)},
    )


def by_keep_caption(results: "Results") -> str:
    """Caption that names the table."""
    return f"Test accuracy by the number of inputs that ARD keeps inside the fold, mean and 95 % interval ({table_name(results)})."


def weight_table(results: "Results") -> "TableView":
    """Recovery by method, number of points and noise."""
    table = _named(results.where(part="weights").table)
    values = ["weight_rmse", "irrelevant_rms", "near_zero", "precision", "recall", "f1"]
    return draw.summary_table(table, by=["points", "noise", "method"], values=values, **draw.texts(results))


def input_table(results: "Results") -> "TableView":
    """Accuracy on all and on kept inputs, and with missing values treated otherwise."""
    table = results.where(part="inputs", network="annlab", ranked_rows="training", noise_inputs=0).table
    shown = table[table["method"].isin(["all", "fixed"]) | (table["keep"] == 3)]
    names = {"ranked_on": "ranked on", "zeros": "missing values", "method": "inputs by"}
    values = ["test_accuracy", "test_balanced_accuracy", "test_roc_auc", "majority_accuracy"]
    return draw.summary_table(_named(shown), by=["method", "ranked_on", "zeros"], values=values, **draw.texts(results, **names))


def input_caption(results: "Results") -> str:
    """Caption that names the table and the network."""
    params = next(cell.params for cell in results.cells if cell.params.part == "inputs" and cell.params.network == "annlab")
    network = "-".join(map(str, params.hidden))
    return (
        f"The same network ({network}, {params.activation}, {params.solver}) on all inputs and on three, by how they were chosen inside "
        f"the fold ({table_name(results)})."
    )


def subsets(results: "Results") -> "pd.DataFrame":
    """How often each subset is chosen, by ranking: columns ranking, ranked_on, subset (numbers from 0), share."""
    import pandas as pd

    rows = []
    for cell in _ranked(results).cells:
        frame = results.series("ranking", **{name: getattr(cell.params, name) for name in ("method", "ranked_on")}, **INSIDE, keep=3)
        held = frame[frame["picked"] > 0].groupby("replicate")["input"]
        picked = [tuple(int(each) for each in inputs) for _, inputs in held]
        for subset, count in Counter(picked).most_common():
            rows.append(
                {
                    "ranking": LABELS[cell.params.method],
                    "ranked_on": cell.params.ranked_on,
                    "subset": subset,
                    "share": count / len(picked),
                    "splits": len(picked),
                }
            )
    return pd.DataFrame(rows)


def subset_table(results: "Results") -> "TableView":
    """The most frequent subsets of each ranking, by name."""
    frame, names = subsets(results), input_names(results)
    frame = frame.groupby(["ranking", "ranked_on"], sort=False).head(3)
    words = ["; ".join(f"{index} {names[index]}" for index in subset) for subset in frame["subset"]]
    return draw.TableView(
        frame.assign(subset=words).reset_index(drop=True),
        labels={"ranked_on": "ranked on", "subset": "inputs kept", "share": "share of splits"},
        formats={"share": lambda value: f"{value:.0%}"},
    )


def outside(results: "Results") -> "Results":
    """Cells with columns of noise, ranked inside and outside the fold."""
    return results.where(part="inputs", method="correlation")


def fold_table(results: "Results") -> "TableView":
    """Accuracy where the ranking saw the test rows, and where it did not."""
    table = outside(results).table.assign(
        ranked_rows=lambda frame: frame["ranked_rows"].map({"training": "inside", "all": "outside, a leak"})
    )
    values = ["test_accuracy", "test_roc_auc", "train_accuracy", "majority_accuracy"]
    return draw.summary_table(table, by=["ranked_rows"], values=values, **draw.texts(results, ranked_rows="ranking"))


def reported_table(results: "Results") -> "TableView":
    """scikit-learn's network on all inputs and on the report's."""
    narrowed = results.where(part="inputs", network="scikit-learn")
    if not narrowed.cells:
        import pandas as pd

        return draw.TableView(pd.DataFrame({"": ["This profile has no cell of the report's network."]}))
    table = _named(narrowed.table)
    table = table.assign(
        setting=[
            f"{solver} {activation} {'-'.join(map(str, hidden))}"
            for solver, activation, hidden in zip(table["solver"], table["activation"], table["hidden"], strict=True)
        ],
        scaled=table["scaled"].map({True: "standardised", False: "raw"}),
    )
    names = {"setting": "network", "scaled": "inputs", "method": "kept"}
    values = ["test_accuracy", "test_balanced_accuracy", "majority_accuracy"]
    return draw.summary_table(table, by=["setting", "scaled", "method"], values=values, **draw.texts(results, **names))
