"""How the results of santa-fe-forecast are drawn."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.models.forecast_validation import series_folds
from annlab.studies.recurrent.santa_fe_forecast_grid import BASELINES
from annlab.studies.recurrent.santa_fe_forecast_recipe import STEPS

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing
    from annlab.lab import Cell, Results

NAMES = {
    "mlp": "MLP",
    "lstm": "LSTM",
    "mean": "training mean",
    "last": "last value",
    "seasonal": "seasonal naive",
    "linear": "linear AR",
    "neighbour": "nearest neighbour",
    "quadratic": "quadratic AR",
}
CHOSEN, ENSEMBLE = "chosen recipe", "ensemble"
SHOWN_NETWORKS = [("mlp", 15, 25), ("lstm", 15, 25), ("mlp", 80, 100), ("lstm", 80, 100)]
UNIT = "8-bit counts"
RUNAWAY = 1e6
"""MSE of a forecast that left the range of the instrument by far; figures leave it out."""


def network(params: Any) -> str:
    """A model in words: ``MLP, lag 15, 25 units``; anything with the attributes or keys of the parameters."""
    get = params.get if hasattr(params, "get") else lambda name: getattr(params, name)
    name = NAMES[get("model")]
    if get("model") in ("mean", "last", "seasonal"):
        return name
    if get("model") in BASELINES:
        return f"{name}, lag {get('lag')}"
    if get("model") == "lstm" and get("form") == "windowed":
        name = "windowed LSTM"
    return f"{name}, lag {get('lag')}, {'-'.join(map(str, get('hidden_sizes')))} units"


def described(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with the column ``network`` in words, ``units`` as text, and ``training`` for what else differs between cells."""
    rows: list[Any] = table.to_dict("records")
    return table.assign(
        network=[network(row) for row in rows],
        units=["-".join(map(str, row["hidden_sizes"])) or "none" for row in rows],
        training=[_training(row) for row in rows],
    )


def _training(row: dict[str, Any]) -> str:
    """How a network is trained and validated, in words, as far as it differs from the plain case."""
    if row["model"] in BASELINES:
        return "as it is"
    parts = [folds_in_words(row["folds"], row["validation_size"])] if row["validation"] == "folds" else [f"{row['epochs']} epochs"]
    if row["carry"]:
        parts.append("carried on")
    if present(row["patience"]):
        parts.append(f"patience {int(row['patience'])}")
    if present(row["batch_size"]) and row["validation"] == "folds":
        parts.append(f"batch {int(row['batch_size'])}")
    if row["validation"] == "blocks":
        parts.append(f"noise {row['input_noise']:g}")
    return ", ".join(parts)


def folds_in_words(folds: int, size: int) -> str:
    """How the series is split: ``4 folds of 100``."""
    return f"{folds} {'fold' if folds == 1 else 'folds'} of {size}"


def present(value: Any) -> bool:
    """Whether a cell of a table holds a number, which pandas may have turned from None into NaN."""
    return value is not None and not np.isnan(value)


def tested_of(results: "Results") -> "Results":
    """The cells that meet the continuation."""
    return results.where(test=True)


def cells_of(results: "Results", **wanted: Any) -> "list[Cell]":
    """The cells that match and of which something is computed."""
    narrowed = results.where(**wanted)
    stored = {record.cell.identity for record in narrowed.records if record.outcome is not None and record.stage == "trial"}
    return [cell for cell in narrowed.cells if cell.identity in stored]


def paths_of(results: "Results") -> "pd.DataFrame":
    """Forecasts of the continuation: those of `SHOWN_NETWORKS` (or the first tested ones) and of the chosen recipe."""
    import pandas as pd

    parts = []
    if not results.final.empty:
        parts.append(results.series("forecast", stage="final").assign(shown=CHOSEN))
    plain = cells_of(results, test=True, carry=False, patience=None, batch_size=None)
    cells = [cell for cell in plain if cell.params.model not in BASELINES]
    wanted = [cell for cell in cells if (cell.params.model, cell.params.lag, *cell.params.hidden_sizes) in SHOWN_NETWORKS]
    named: dict[str, Any] = {}
    for cell in wanted + cells:
        named.setdefault(network(cell.params), cell)
    for name, cell in list(named.items())[:4]:
        parts.append(results.series("forecast", **_exactly(cell)).assign(shown=name))
    columns = ["shown", "replicate", "step", "prediction", "truth", "squared_error"]
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def _exactly(cell: Any) -> dict[str, Any]:
    from annlab.lab.params import as_dict

    return as_dict(cell.params)


def continuation_of(results: "Results") -> tuple[np.ndarray, np.ndarray]:
    """The training series and its continuation."""
    for stage, of in (("final", results), ("trial", tested_of(results))):
        for record in of.records:
            if record.stage == stage and record.outcome is not None and "continuation" in record.outcome.arrays:
                return record.outcome.arrays["train"], record.outcome.arrays["continuation"]
    raise ValueError("no job of this run has met the continuation yet")


def forecasts(results: "Results") -> "Drawing":
    """Median forecast and quartiles over seeds, over the true series."""
    train, truth = continuation_of(results)
    return draw.forecast(
        paths_of(results),
        truth,
        by="shown",
        history=train[-40:],
        x_label="steps after the training series",
        y_label="intensity",
        y_unit=UNIT,
    )


def horizon(results: "Results") -> "Drawing":
    """Mean squared error of the first h steps, by h, with the baselines."""
    import pandas as pd

    frame = paths_of(results)
    parts = [frame]
    for cell in cells_of(results, test=True, model=list(BASELINES)):
        path = results.series("forecast", **_exactly(cell)).assign(shown=network(cell.params))
        parts.append(path[path["replicate"] == 0])
    frame = pd.concat([part[["shown", "replicate", "step", "squared_error"]] for part in parts], ignore_index=True)
    so_far = frame.sort_values("step").groupby(["shown", "replicate"])["squared_error"].expanding().mean()
    frame = frame.sort_values(["shown", "replicate", "step"]).assign(mse=so_far.sort_index(level=[0, 1]).to_numpy())
    kept = [name for name in dict.fromkeys(frame["shown"]) if name != NAMES["last"]]
    return draw.curves(
        frame[frame["shown"].isin(kept)],
        x="step",
        y="mse",
        by="shown",
        log_y=True,
        x_label="steps forecast",
        y_label="MSE of all steps so far",
        labels={"shown": "model"},
    )


def _map(results: "Results", model: str, patience: Any) -> "Drawing":
    settings: dict[str, Any] = {"model": model, "validation": "folds", "patience": patience, "carry": False, "batch_size": None}
    settings |= {"validation_size": 100, "form": "stateful", "input_noise": 0.0}
    table = results.where(**settings).table
    table = table[table["folds"] == table["folds"].mode()[0]]
    table = described(table[table["hidden_sizes"].map(len) == 1])
    table = table.assign(units=[sizes[0] for sizes in table["hidden_sizes"]])
    table = table.drop_duplicates(["lag", "units", "replicate"])
    return draw.heat_map(table, row="lag", column="units", value="validation_mse", log=True, better="lower", label="validation MSE")


def map_of_mlp(results: "Results") -> "Drawing":
    """Validation error of the MLP by lag and units."""
    return _map(results, "mlp", None)


def map_of_stopped(results: "Results") -> "Drawing":
    """The same with early stopping."""
    return _map(results, "mlp", 10)


def map_of_lstm(results: "Results") -> "Drawing":
    """Validation error of the LSTM by lag and units."""
    return _map(results, "lstm", None)


def losses(results: "Results") -> "Drawing":
    """Training and validation loss by epoch, for each fold, of up to six networks."""
    import pandas as pd

    plain: dict[str, Any] = {"validation": "folds", "validation_size": 100, "carry": False, "patience": None, "batch_size": None}
    cells = [cell for cell in cells_of(results, **plain, form="stateful", model=["mlp", "lstm"]) if cell.params.folds <= 5]
    order = {("mlp", 1, 25): 0, ("mlp", 5, 25): 1, ("mlp", 15, 25): 2, ("mlp", 15, 50): 3, ("lstm", 5, 25): 4, ("lstm", 15, 25): 5}
    ranked = sorted(cells, key=lambda cell: order.get((cell.params.model, cell.params.lag, *cell.params.hidden_sizes), 9))
    named: dict[str, Any] = {}
    for cell in ranked:
        named.setdefault(network(cell.params), cell)
    parts = [results.series("curves", **_exactly(cell)).assign(network=name) for name, cell in list(named.items())[:6]]
    frame = pd.concat([part[["network", "replicate", "fold", "epoch", "train_loss", "validation_loss"]] for part in parts])
    frame = frame.assign(fold=[f"fold {fold + 1}" for fold in frame["fold"]])
    return draw.curves(
        frame,
        y=["train_loss", "validation_loss"],
        by="fold",
        facet="network",
        band=None,
        log_y=True,
        columns=2,
        y_label="MSE, standardised series",
        labels={"train_loss": "training", "validation_loss": "validation"},
    )


def fold_diagram(results: "Results") -> "Drawing":
    """Which values train and which validate, by fold, for a lag of 20 (or that of the default network)."""
    cells = cells_of(results, validation="folds", model="mlp")
    cell = next((cell for cell in cells if cell.params.lag == 20), cells[0])
    n = len(continuation_of(results)[0])
    params = cell.params
    folds = series_folds(n, params.folds, params.validation_size, params.lag)
    values = np.arange(n)
    return draw.time_folds([(values[train], values[held]) for train, held in folds], n, x_label="value of the training series")


def parts(results: "Results") -> "Drawing":
    """Validation error by the size of the held-out part and by the number of folds."""
    table = described(results.where(validation="folds", carry=False, patience=None, batch_size=None, model=["mlp", "lstm"]).table)
    same = table.groupby("network")[["folds", "validation_size"]].transform("nunique").sum(axis=1)
    table = table[same == same.max()]
    table = table[table["network"] == table["network"].iloc[0]]
    names = [folds_in_words(folds, size) for folds, size in zip(table["folds"], table["validation_size"], strict=True)]
    table = table.assign(split=names).sort_values(["folds", "validation_size"])
    return draw.interval_bars(
        table, by="split", value="validation_mse", log=True, label=f"validation MSE ({table['network'].iloc[0]})", labels={"split": "folds"}
    )


def candidates_of(results: "Results") -> "pd.DataFrame":
    """The recipes among which the selection chooses."""
    return described(results.where(validation="blocks", model="mlp").table)


def recipes(results: "Results") -> "Drawing":
    """Rolling error of every recipe, by the network and what it is trained with."""
    table = candidates_of(results)
    words = [
        f"lag {lag}, {'-'.join(map(str, sizes))} units, noise {noise:g}, {epochs} epochs"
        for lag, sizes, noise, epochs in zip(table["lag"], table["hidden_sizes"], table["input_noise"], table["epochs"], strict=True)
    ]
    return draw.interval_bars(table.assign(recipe=words), by="recipe", value="rolling_mse", log=True, label="MSE of held-out blocks")


def windows(results: "Results") -> "Drawing":
    """Error of every held-out block: the chosen recipe, the baselines."""
    import pandas as pd

    frame = results.series("windows", validation="blocks")
    parts = []
    if results.selected is not None:
        parts.append(results.series("windows", **_exactly(results.selected)).assign(shown=CHOSEN))
    for model in BASELINES:
        own = frame[(frame["model"] == model) & (frame["replicate"] == 0)]
        parts.append(own.assign(shown=NAMES[model]))
    both = pd.concat([part[["shown", "replicate", "origin", "window_mse"]] for part in parts if len(part)], ignore_index=True)
    both = both.assign(window_mse=both["window_mse"].where(both["window_mse"] < RUNAWAY))
    return draw.curves(
        both,
        x="origin",
        y="window_mse",
        by="shown",
        log_y=True,
        markers=True,
        x_label=f"first of the {STEPS} values held out",
        y_label="MSE",
        labels={"shown": "model"},
    )


def seeds(results: "Results") -> "Drawing":
    """Test error of every seed, by model; the final stage has seeds that the trials have not, so none are paired."""
    return draw.stability_strip(
        shown_tests(results).drop(columns="replicate"),
        by="network",
        value="test_mse",
        log=True,
        label="MSE on the continuation",
        labels={"network": "model"},
    )


def shown_tests(results: "Results") -> "pd.DataFrame":
    """Networks that met the continuation, without variants of their training, and the chosen recipe."""
    import pandas as pd

    table = tested_of(results).where(carry=False, batch_size=None, patience=None).table
    table = described(table[~table["model"].isin(BASELINES)])
    first = table.groupby("network")["training"].transform("first")
    parts = [table[table["training"] == first]]
    if not results.final.empty:
        parts.append(described(results.final).assign(network=CHOSEN))
    return pd.concat(parts, ignore_index=True)


def phases(results: "Results") -> "Drawing":
    """Training series, continuation and forecasts in delay coordinates."""
    train, truth = continuation_of(results)
    shown = {"training series": train, "continuation": truth}
    frame = paths_of(results)
    for name in list(dict.fromkeys(frame["shown"]))[:4]:
        own = frame[(frame["shown"] == name) & (frame["replicate"] == 0)].sort_values("step")
        shown[f"{name}, one seed" if len(name) < 16 else name] = own["prediction"].to_numpy()
    return draw.phase_plot(shown, delay=1, label="intensity", columns=3)


def recurrence(results: "Results") -> "Drawing":
    """When the series returns to where it was: the training series, and its end with a forecast."""
    train, truth = continuation_of(results)
    frame = paths_of(results)
    name = frame["shown"].iloc[0]
    path = frame[(frame["shown"] == name) & (frame["replicate"] == 0)].sort_values("step")["prediction"].to_numpy()
    return draw.recurrence_plot(
        {
            "training series": train,
            "its end and continuation": np.concatenate([train[-100:], truth]),
            f"its end and the forecast ({name})": np.concatenate([train[-100:], path]),
        },
        window=8,
        starts={"its end and continuation": len(train) - 100, f"its end and the forecast ({name})": len(train) - 100},
        x_label="time step",
        columns=3,
    )


def caption(text: str) -> Any:
    """A caption that ends with the name of the data."""
    return lambda results: f"{text} ({results.cells[0].params.data})."
