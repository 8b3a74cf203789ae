"""How the results of personal-regression are read: figures, tables, answers, and which cells answer which claim."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab import claim, derived, ledger, less, metric
from annlab.lab.claims import all_of, equal_within, greater, lowest, selected, selects
from annlab.nets import MLP

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results
    from annlab.lab.ledger import Row

CANDIDATES = {"scale": True, "schedule": "cosine", "folds": 0, "optimizer": "adam", "learning_rate": 0.01, "stop_on": "validation"}
REGULARISERS = ("no_regulariser", "early_stopping", "l1", "l2", "dropout", "batch_norm", "input_noise", "ensemble")
REPORT_A = {"batch_size": 64, "epochs": 200, "schedule": "constant", "stop_on": "validation"}
REPORT_C = {"hidden_sizes": (20, 10), "batch_size": 64, "epochs": 500, "patience": 5, "schedule": "constant", "scale": False}
REPORT_D = {"batch_size": 64, "epochs": 500, "patience": 10, "schedule": "constant", "stop_on": "validation"}
NET_A = {**REPORT_A, "hidden_sizes": (20, 20, 20), "activation": "tanh", "learning_rate": 0.01, "test": True}
NET_C = {**REPORT_C, "activation": "relu", "optimizer": "momentum", "batch_norm": "input"}
NET_D = {
    **REPORT_D,
    "hidden_sizes": (16, 16, 16),
    "activation": ("mish", "mish", "tanh"),
    "learning_rate": 0.05,
    "optimizer": "adam",
    "test": True,
}


def _texts(results: "Results") -> dict[str, Any]:
    names = {
        "hidden_sizes": "hidden units",
        "learning_rate": "learning rate",
        "optimizer": "optimiser",
        "case": "regulariser",
        "batch_norm": "batch norm",
    }
    return draw.texts(results, **names)


def _with_names(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with networks as text, ``20-20``, and layers counted."""
    named = table.copy()
    named["network"] = ["-".join(map(str, sizes)) or "linear" for sizes in table["hidden_sizes"]]
    named["activation"] = ["-".join(name) if isinstance(name, tuple) else name for name in table["activation"]]
    return named


def _candidates(results: "Results") -> "pd.DataFrame":
    return _with_names(results.where(**CANDIDATES).table)


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
    return f"Target, prediction of the chosen network and their difference ({_data_of(results)}, digits {weights}; replicate 0, 2500 of 13,600 points)."


def by_size(results: "Results") -> "Drawing":
    """Validation error by network and activation."""
    return draw.heat_map(
        _candidates(results), row="network", column="activation", value="validation_mse", log=True, better="lower", label="validation MSE"
    )


def by_units(results: "Results") -> "Drawing":
    """Validation error by width with the one-standard-error rule."""
    table = _candidates(results)
    layers = table["hidden_sizes"].map(len)
    equal = table["hidden_sizes"].map(lambda sizes: len(set(sizes)) == 1)
    activation = results.selected.params.activation if results.selected else "tanh"
    shown = table[equal & (layers == layers[equal].max()) & (table.activation == activation)].assign(
        units=lambda t: t["hidden_sizes"].map(lambda sizes: sizes[0])
    )
    return draw.validation_curve(
        shown, parameter="units", train="train_mse", log_y=True, x_label=f"units of each layer ({activation})", y_label="MSE"
    )


def _regularised(results: "Results") -> "pd.DataFrame":
    table = results.table
    return table[table["case"].isin(REGULARISERS)]


def regularisers(results: "Results") -> "Drawing":
    """Validation error over that without regulariser."""
    return draw.paired_differences(
        _regularised(results),
        by="case",
        value="validation_mse",
        baseline="no_regulariser",
        ratio=True,
        better="lower",
        label="validation MSE over that without",
    )


def regulariser_table(results: "Results") -> "TableView":
    """Training and validation error with each regulariser."""
    return draw.summary_table(
        _regularised(results), by="case", values=["train_mse", "validation_mse", "gap_ratio", "stop_epoch"], **_texts(results)
    )


def training_on(results: "Results") -> "Drawing":
    """Errors by epoch without a stop, of the longest training there is."""
    longest = max(cell.params.epochs for cell in results.cells if cell.params.patience is None)
    name = "trained_on" if _has(results, "trained_on") else "no_regulariser"
    frame = results.series("curves", case=name, epochs=longest)
    return draw.curves(
        frame,
        y=["train_mse", "validation_mse"],
        log_x=True,
        log_y=True,
        y_label="MSE",
        labels={"train_mse": "training", "validation_mse": "validation"},
    )


def fold_figure(results: "Results") -> "Drawing":
    """Rows used for training and validation by each fold of replicate 0, in the order in which they were drawn."""
    outcome = results.outcome(case="five_folds" if _has(results, "five_folds") else "no_regulariser")
    order = {row: place for place, row in enumerate(outcome.arrays["rows"].tolist())}
    held = [np.array([order[row] for row in rows.tolist()]) for name, rows in sorted(outcome.arrays.items()) if name.startswith("fold_")]
    return draw.fold_diagram(held, n=len(order))


def fold_table(results: "Results") -> "TableView":
    """Validation error by fold, replicate 0."""
    if not _has(results, "five_folds"):
        return _absent("This profile has no cell with folds.")
    frame = results.series("folds", case="five_folds")
    return draw.cross_validation_table(frame[frame["replicate"] == 0], by="case", **_texts(results))


def _has(results: "Results", case: str) -> bool:
    return any(case in cell.names for cell in results.cells)


def candidates(results: "Results") -> "TableView":
    """Our candidates ranked by validation error."""
    return draw.ranked_table(
        _candidates(results), by=["network", "activation"], value="validation_mse", scale="log", top=12, **_texts(results)
    )


def final_table(results: "Results") -> "TableView":
    """The chosen cell on the test points."""
    values = ["train_mse", "validation_mse", "test_mse", "test_half_mse", "unseen_mse", "mean_baseline_mse", "parameters"]
    return draw.summary_table(_with_names(results.final), by=["network", "activation", "learning_rate"], values=values, **_texts(results))


def stability(results: "Results") -> "TableView":
    """Spread of the five best candidates over seeds."""
    table = _candidates(results)
    means = table.groupby(["network", "activation"])["validation_mse"].mean().nsmallest(5).index
    kept = table[[pair in means for pair in zip(table.network, table.activation, strict=True)]]
    return draw.stability_table(kept, by=["network", "activation"], value="validation_mse", **_texts(results))


def reported_table(results: "Results") -> "TableView":
    """Networks that record their test error."""
    table = results.table
    if "test_mse" not in table:
        return _absent("No cell of this profile repeats a network of the reports.")
    kept = _with_names(table[table["test"] & (table["stop_on"] == "validation")])
    by = ["network", "activation", "optimizer", "learning_rate", "batch_norm", "scale"]
    return draw.summary_table(kept, by=by, values=["validation_mse", "test_mse", "unseen_mse", "stop_epoch"], **_texts(results))


def _optimism(results: "Results") -> "pd.DataFrame | None":
    """By replicate: test error of the network chosen and stopped by the test set, and its error on unseen points."""
    table = results.table
    kept = table[table["stop_on"] == "test"]
    if kept.empty:
        return None
    chosen = kept.loc[kept.groupby("replicate")["test_mse"].idxmin()]
    return chosen.assign(ratio=chosen["unseen_mse"] / chosen["test_mse"], family="chosen by the test set")


def optimism_table(results: "Results") -> "TableView":
    """What choosing by the test set promises."""
    chosen = _optimism(results)
    if chosen is None:
        return _absent("This profile has no cell that chooses by the test set.")
    view = _texts(results)
    view["labels"] |= {"ratio": "unseen MSE over test MSE", "family": "choice"}
    return draw.summary_table(chosen, by="family", values=["test_mse", "unseen_mse", "ratio"], **view)


def _absent(sentence: str) -> "TableView":
    import pandas as pd

    return draw.TableView(pd.DataFrame({"": [sentence]}))


def how_chosen(results: "Results") -> str:
    """Answers which network is chosen and how it was validated."""
    chosen, table = results.selected, _candidates(results)
    if chosen is None:
        return "Undecided: a candidate is missing, so nothing is chosen. Every candidate must be computed first. Run the study again to complete it."
    network = "-".join(map(str, chosen.params.hidden_sizes))
    wins = table.loc[table.groupby("replicate")["validation_mse"].idxmin()]
    same = int(((wins.network == network) & (wins.activation == chosen.params.activation)).sum())
    score = draw.measured(results, "validation_mse", **_identity(chosen))
    return (
        f"Of {table.groupby(['network', 'activation']).ngroups} candidates the one with {network} units and {chosen.params.activation} has the "
        f"lowest mean validation error, {score}. "
        "Validation uses 400 of the 2000 training points, drawn anew with each replicate and never the test points. "
        f"Chosen replicate by replicate, it would have been this one in {same} of {len(wins)}: the rest of the choice is chance. "
        f"Five folds instead of one held-out part give {draw.measured(results, 'validation_mse', case='five_folds')} for the default network against "
        f"{draw.measured(results, 'validation_mse', **_default_network(results))} held out; folds cost five trainings and halve the noise of the estimate at most."
    )


def _identity(cell: Any) -> dict[str, Any]:
    from annlab.lab.params import as_dict

    return as_dict(cell.params)


def _default_network(results: "Results") -> dict[str, Any]:
    return {**CANDIDATES, "hidden_sizes": (50, 50), "activation": "mish", "ensemble": 1}


def why_a_test_set(results: "Results") -> str:
    """Answers why a test set is needed."""
    optimism, table = _optimism(results), results.final
    if table.empty:
        return "Undecided: the final stage has not run. It alone meets the test points. Run the study again to complete it."
    validation, test = table["validation_mse"].mean(), table["test_mse"].mean()
    text = (
        f"The validation error chose the network, so it is the smallest of many noisy numbers and tends to be too low. The test points chose nothing: on them "
        f"the chosen network has an MSE of {draw.measured(results, 'test_mse', stage='final')}, {test / validation:.2f} times its validation error. "
        f"On the points that nobody used it is {draw.measured(results, 'unseen_mse', stage='final')}, which tells how far 1000 test points can be trusted. "
    )
    if optimism is None:
        return text + "How much is lost by choosing with the test set itself is undecided: this profile has no such cells."
    ratio = float(np.exp(np.log(optimism["ratio"]).mean()))
    return text + (
        f"Where the test points stop the training and choose among {results.where(stop_on='test').table['hidden_sizes'].nunique() * 3} networks, the unseen points "
        f"show an error {ratio:.2f} times what the test set promised (geometric mean over {len(optimism)} replicates). That factor is the optimism."
    )


def why_stop(results: "Results") -> str:
    """Answers why one does not train on."""
    name = "trained_on" if _has(results, "trained_on") else "no_regulariser"
    values, train = results.values("validation_after_stop", case=name), results.values("train_after_stop", case=name)
    from annlab.lab.statistics import mean_interval

    interval = mean_interval(np.log(values))
    direction = (
        "rises" if interval.low > 0 else "falls further" if interval.high < 0 else "does neither rise nor fall for certain (undecided)"
    )
    ratio = draw.format_interval(*(float(np.exp(value)) for value in (interval.mean, interval.low, interval.high)))
    stopped = draw.compare(results, "validation_mse", {"case": "early_stopping"}, {"case": "no_regulariser"})
    return (
        f"The textbook's reason is that the network begins to fit noise and its validation error rises. Measured here, far past the stop (patience 10) the validation "
        f"error {direction}: the last tenth of the epochs has {ratio} times the error at the stop, while the training error has "
        f"{float(np.exp(np.log(train).mean())):.2f} times. The targets carry no noise and 1600 points pin down some thousand weights well, so there is little to overfit. "
        f"Stopping early, with everything else equal, gives a validation error that is {stopped}. "
        "With noisy targets or fewer points the answer may differ: it is the data that decide, through the validation error."
    )


def which_regularisers(results: "Results") -> str:
    """Answers which regularisers help."""
    lines = []
    for name in REGULARISERS[1:]:
        outcome = draw.compare(results, "validation_mse", {"case": name}, {"case": "no_regulariser"})
        lines.append((name.replace("_", " "), outcome))
    better = [f"{name} ({found})" for name, found in lines if found.sign < 0]
    worse = [f"{name} ({found})" for name, found in lines if found.sign > 0]
    open_ = [f"{name} ({found})" for name, found in lines if found.sign == 0]
    return (
        "Each is compared with the same 20-20-20 tanh network without it, replicate by replicate, by validation error. "
        f"Shown to help: {'; '.join(better) or 'none'}. "
        f"Shown to harm: {'; '.join(worse) or 'none'}. "
        f"Undecided: {'; '.join(open_) or 'none'}. "
        "Seven comparisons at 95 % make about one false alarm in three such tables, so a narrow one should be read with care."
    )


def parameters_of_layer(row: "Row") -> int:
    """Parameters of report-D's network, counted in the module: one dense layer, or all."""
    net = MLP(2, (16, 16, 16), 1, ("mish", "mish", "tanh"))
    counts = [sum(parameter.numel() for parameter in layer.parameters()) for layer in net.layers]
    name = row.id.split(".")[-2]
    return sum(counts) if name == "total" else counts[int(name.removeprefix("dense")) - 1]


def test_is_low(row: "Row") -> tuple[bool, str]:
    """Whether report-A's printed test error is of the size of its own validation error."""
    ratio = _printed("personal-regression.test-mse.a") / _printed("personal-regression.validation-loss")
    return ratio < 2, f"the report's own test error is {ratio:.0f} times its validation error"


def _printed(claim_id: str) -> float:
    value = ledger.row(claim_id).value
    if value is None:
        raise ValueError(f"the ledger states no value for {claim_id}")
    return value


DATA = {"data": "course_regression"}
GRID_A = {**DATA, **REPORT_A, "test": False}
UNSCALED = {"variants": {"scale": [False, True]}, "chosen": ("scale", "batch_size", "epochs", "digits")}
RATE_C = {"variants": {"learning_rate": [0.01, 0.1]}, "chosen": ("learning_rate", "batch_size", "epochs")}

CLAIMS = [
    claim("personal-regression.selected.layers", cell=GRID_A, value=selected(lambda p: len(p.hidden_sizes)), **UNSCALED),
    claim("personal-regression.selected.units", cell=GRID_A, value=selected(lambda p: p.hidden_sizes[0]), **UNSCALED),
    claim("personal-regression.selected.lr", cell=GRID_A, value=selected("learning_rate"), **UNSCALED),
    claim("personal-regression.selected.activation-tanh", cell=GRID_A, test=selects(activation="tanh"), **UNSCALED),
    claim(
        "personal-regression.selected.two-relu-layers",
        cell=GRID_A,
        test=selects(lambda p: p.hidden_sizes == (20, 20) and p.activation == "relu"),
        **UNSCALED,
    ),
    claim(
        ["personal-regression.validation-loss", "personal-regression.validation-error"],
        cell={**DATA, **NET_A},
        value=metric("validation_mse"),
        tolerance=0.5,
        **UNSCALED,
    ),
    claim("personal-regression.training-error", cell={**DATA, **NET_A}, value=metric("train_mse"), tolerance=0.5, **UNSCALED),
    claim("personal-regression.test-mse.a", cell={**DATA, **NET_A}, value=metric("test_mse"), tolerance=0.5, **UNSCALED),
    claim("personal-regression.test-error-low", derived(test_is_low)),
    claim(
        "personal-regression.further-training-overfits",
        cell={**DATA, "case": "trained_on"},
        test=all_of(less(metric("train_after_stop"), 1.0), greater(metric("validation_after_stop"), 1.0)),
    ),
    claim("personal-regression.test-mse.c", cell={**DATA, **NET_C, "test": True}, value=metric("test_mse"), tolerance=0.5, **RATE_C),
    claim("personal-regression.stop-epoch.c", cell={**DATA, **NET_C, "test": True}, value=metric("stop_epoch"), tolerance=0.5, **RATE_C),
    claim(
        "personal-regression.sgd-momentum-best",
        cell={**DATA, **REPORT_C, "batch_norm": "input", "learning_rate": 0.01, "test": False},
        test=all_of(
            lowest(metric("validation_mse").at(activation="relu"), along="optimizer", at="momentum"),
            lowest(metric("validation_mse").at(optimizer="momentum"), along="activation", at="relu"),
        ),
    ),
    claim(
        "personal-regression.dropout-also-good",
        cell={**DATA, **REPORT_C, "activation": "relu", "optimizer": "momentum", "learning_rate": 0.01, "test": False},
        test=equal_within(
            metric("validation_mse").at(dropout=0.2, batch_norm="none"),
            metric("validation_mse").at(dropout=0.0, batch_norm="input"),
            margin=0.25,
        ),
    ),
    claim(
        "personal-regression.batchnorm-regularises",
        cell={**DATA, **REPORT_C, "activation": "relu", "optimizer": "momentum", "learning_rate": 0.01, "dropout": 0.0, "test": False},
        test=less(metric("gap_ratio").at(batch_norm="input"), metric("gap_ratio").at(batch_norm="none"), margin=0.02),
    ),
    claim("personal-regression.params.*", derived(parameters_of_layer)),
    claim("personal-regression.test-mse.d", cell={**DATA, **NET_D}, value=metric("test_mse"), tolerance=0.5, **UNSCALED),
    claim(
        "personal-regression.mish-best",
        cell={**DATA, **{name: value for name, value in NET_D.items() if name != "activation"}},
        test=lowest(metric("test_mse"), along="activation", at="mish", values=["mish", "relu", "tanh", "sigmoid"], margin=0.1),
        **UNSCALED,
    ),
    claim(
        "personal-regression.bigger-better-then-overfits",
        cell={**DATA, **REPORT_D, "activation": "mish", "learning_rate": 0.05, "scale": False, "test": True},
        test=all_of(
            less(metric("test_mse").at(hidden_sizes=(16, 16, 16)), metric("test_mse").at(hidden_sizes=(4,)), margin=0.1),
            greater(metric("test_mse").at(hidden_sizes=(100, 100, 100)), metric("test_mse").at(hidden_sizes=(16, 16, 16)), margin=0.1),
        ),
    ),
    claim(
        "personal-regression.optimiser-lr-minor",
        cell={**DATA, **REPORT_D, "hidden_sizes": (16, 16, 16), "activation": ("mish", "mish", "tanh"), "scale": False, "test": False},
        test=all_of(
            *(
                equal_within(
                    metric("validation_mse").at(optimizer=name, learning_rate=rate),
                    metric("validation_mse").at(optimizer="adam", learning_rate=0.05),
                    margin=0.4,
                )
                for name, rate in (
                    ("adam", 0.01),
                    ("adam", 0.001),
                    ("momentum", 0.05),
                    ("momentum", 0.001),
                    ("rmsprop", 0.05),
                    ("rmsprop", 0.001),
                )
            )
        ),
    ),
]
