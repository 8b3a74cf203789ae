"""The tables of santa-fe-forecast; each holds the baselines beside the networks."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.params import as_dict
from annlab.studies.recurrent.santa_fe_forecast_grid import BASELINES, largest_folds
from annlab.studies.recurrent.santa_fe_forecast_reading import (
    CHOSEN,
    cells_of,
    continuation_of,
    described,
    network,
    shown_tests,
    tested_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import TableView
    from annlab.lab import Results

RECIPE = ["network", "epochs", "input_noise"]
SUBSETS = 200
"""Random ensembles of one size that an average is taken over."""


def texts(results: "Results") -> dict[str, Any]:
    """Labels and units."""
    names = {"network": "model", "input_noise": "input noise", "validation_size": "held out", "hidden_sizes": "units"}
    return draw.texts(results, **names)


def candidates(results: "Results") -> "TableView":
    """The searched recipes and the baselines by the error of held-out blocks."""
    table = described(results.where(validation="blocks").table)
    values = ["rolling_mse"]
    return _beside_baselines(draw.ranked_table(table, by=RECIPE, value=values[0], scale="log", top=16, **texts(results)), table, values[0])


def ensembles_by_block(results: "Results") -> "TableView":
    """Held-out blocks: one network beside the mean path of ten, the geometric mean over blocks beside the arithmetic one."""
    table = described(results.where(validation="blocks").table)
    best = table.groupby(RECIPE)["rolling_mse"].mean().nsmallest(8).index
    kept = table.set_index(RECIPE).loc[list(best)].reset_index()
    baseline = table[table["model"].isin(BASELINES) & ~table["network"].isin(kept["network"])]
    import pandas as pd

    shown = pd.concat([kept, baseline], ignore_index=True)
    return draw.summary_table(shown, by=RECIPE, values=["rolling_mse", "rolling_ensemble_mse", "rolling_mean_mse"], **texts(results))


def final_table(results: "Results") -> "TableView":
    """The chosen recipe on the continuation, and the baselines."""
    import pandas as pd

    parts = [described(tested_of(results).where(model=list(BASELINES)).table)]
    if not results.final.empty:
        parts.insert(0, described(results.final).assign(network=CHOSEN))
    values = ["test_mse", "test_nmse", "test_nmse_train", "breakdown_step", "amplitude_error", "peak_position_error"]
    return draw.summary_table(pd.concat(parts, ignore_index=True), by="network", values=values, **texts(results))


def tested(results: "Results") -> "TableView":
    """Every cell that met the continuation."""
    table = described(tested_of(results).table)
    values = ["test_mse", "test_nmse", "breakdown_step", "amplitude_error", "peak_position_error", "parameters"]
    return draw.summary_table(table, by=["network", "training"], values=values, **texts(results))


def seeds(results: "Results") -> "TableView":
    """Distribution over seeds: median and quartiles, not the best."""
    import pandas as pd

    table = pd.concat([shown_tests(results), described(tested_of(results).where(model=list(BASELINES)).table)], ignore_index=True)
    grouped = table.groupby("network", sort=False)["test_mse"]
    rows = pd.DataFrame(
        {
            "lowest": grouped.min(),
            "first quartile": grouped.quantile(0.25),
            "median": grouped.median(),
            "third quartile": grouped.quantile(0.75),
            "highest": grouped.max(),
            "seeds": grouped.size(),
        }
    ).reset_index()
    return draw.TableView(rows.rename(columns={"network": "model"}), notes=["MSE on the continuation, original units."])


def ensemble_errors(paths: np.ndarray, truth: np.ndarray, size: int, combine: str) -> np.ndarray:
    """MSE of the mean or median path of `size` members: over random subsets of `paths` (R, steps), or all members once."""
    reduce = np.median if combine == "median" else np.mean
    if size >= len(paths):
        return np.array([np.mean((reduce(paths, axis=0) - truth) ** 2)])
    draws = np.random.default_rng(0)
    chosen = [draws.choice(len(paths), size, replace=False) for _ in range(SUBSETS if size > 1 else 0)]
    groups = [paths[members] for members in chosen] or [path[None] for path in paths]
    return np.array([np.mean((reduce(group, axis=0) - truth) ** 2) for group in groups])


def final_paths(results: "Results") -> np.ndarray:
    """Forecasts of the chosen recipe, (R, steps)."""
    frame = results.series("forecast", stage="final")
    return np.asarray(frame.pivot_table(index="replicate", columns="step", values="prediction").to_numpy())


def ensemble_rows(results: "Results") -> "pd.DataFrame":
    """MSE of ensembles of the chosen recipe by size and how they are combined."""
    import pandas as pd

    paths, truth = final_paths(results), continuation_of(results)[1]
    sizes = sorted({size for size in (1, 2, 3, 5, 10, 20) if size < len(paths)} | {len(paths)})
    rows = []
    for size in sizes:
        for combine in ("mean", "median"):
            errors = ensemble_errors(paths, truth, size, combine)
            rows.append(
                {
                    "networks": size,
                    "combined by": combine,
                    "median MSE": float(np.median(errors)),
                    "lowest tenth": float(np.quantile(errors, 0.1)),
                    "highest tenth": float(np.quantile(errors, 0.9)),
                    "NMSE": float(np.median(errors) / truth.var()),
                    "ensembles": len(errors),
                }
            )
    return pd.DataFrame(rows)


def ensembles(results: "Results") -> "TableView":
    """Ensembles of the chosen recipe on the continuation, with the best baseline."""
    if results.final.empty:
        return absent("The final stage has not run.")
    base = tested_of(results).where(model=list(BASELINES)).table
    best = described(base).groupby("network")["test_mse"].mean()
    note = f"The best baseline there is {best.idxmin()} with an MSE of {best.min():.0f}; NMSE over the variance of the continuation."
    return draw.TableView(ensemble_rows(results), notes=[note])


def networks(results: "Results") -> "TableView":
    """Networks of one layer ranked by one-step validation error, and the baselines."""
    table = described(results.where(validation="folds", carry=False).table)
    plain = table[(table["batch_size"].isna()) & (table["validation_size"] == 100) & (table["folds"] == table["folds"].mode()[0])]
    ranked = draw.ranked_table(plain, by=["network", "training"], value="validation_mse", scale="log", top=16, **texts(results))
    return _beside_baselines(ranked, table, "validation_mse")


def _beside_baselines(view: "TableView", table: "pd.DataFrame", value: str) -> "TableView":
    """The view with a note of what every baseline has, wherever in the ranking it stands."""
    means = table[table["model"].isin(BASELINES)].groupby("network", sort=False)[value].mean()
    note = f"Baselines: {'; '.join(f'{name} {draw.format_number(float(mean))}' for name, mean in means.items())}."
    return replace(view, notes=[*view.notes, *([note] if len(means) else [])])


def one_step_and_recursive(results: "Results") -> "TableView":
    """Both validation errors of the plain cells: what one step says about a hundred."""
    table = described(results.where(validation="folds", carry=False).table)
    plain = table[(table["batch_size"].isna()) & (table["patience"].isna()) & (table["folds"] == table["folds"].mode()[0])]
    order = plain.groupby("network")["recursive_validation_mse"].mean().nsmallest(14).index
    kept = plain[plain["network"].isin(order) | plain["model"].isin(BASELINES)]
    return draw.summary_table(kept, by="network", values=["validation_mse", "recursive_validation_mse", "parameters"], **texts(results))


def forms(results: "Results") -> "TableView":
    """The handout's LSTM beside the one that reads windows, at equal lag, units and folds."""
    table = described(results.where(validation="folds", carry=False, patience=None).table)
    keys = ["lag", "hidden_sizes", "folds", "validation_size", "epochs"]
    own = table[table["model"] == "lstm"]
    both = own.groupby(keys)["form"].transform("nunique") > 1
    if not both.any():
        return absent("No LSTM of this profile reads windows, or none of equal lag and width reads the whole series.")
    values = ["validation_mse", "recursive_validation_mse", "train_mse", "best_epoch", "parameters"]
    shown = own[both].sort_values(["lag", "form"], kind="stable")
    view = draw.summary_table(shown, by=["lag", "units", "form"], values=values, **texts(results))
    return _beside_baselines(view, table, "validation_mse")


def folds(results: "Results") -> "TableView":
    """Validation error by fold, replicate 0, of one network."""
    first = cells_of(results, model="mlp", validation="folds", carry=False)[0]
    frame = results.series("folds", **as_dict(first.params))
    return draw.cross_validation_table(frame[frame["replicate"] == 0].assign(network=network(first.params)), by="network", **texts(results))


def largest(results: "Results") -> "TableView":
    """The largest possible number of folds, by lag (= gap) and size of the held-out part."""
    import pandas as pd

    n = len(continuation_of(results)[0])
    lags = sorted({cell.params.lag for cell in results.cells})
    rows = [{"lag": lag, **{str(size): largest_folds(n, size, lag) for size in (50, 100, 150, 200, 300)}} for lag in lags]
    return draw.TableView(pd.DataFrame(rows), notes=[f"Columns: values held out in each fold; series of {n} values, gap = lag."])


def carried(results: "Results") -> "TableView":
    """Fresh weights in each fold and a refit on all values, beside one model carried through the folds."""
    table = described(results.where(test=True).table)
    names = table[table["carry"]]["network"].unique()
    if not len(names):
        return absent("No cell of this profile carries a model through the folds.")
    kept = table[table["network"].isin(names) | table["model"].isin(BASELINES)]
    values = ["validation_mse", "test_mse", "test_nmse", "breakdown_step"]
    return draw.summary_table(kept, by=["network", "training"], values=values, **texts(results))


def duration(results: "Results") -> "TableView":
    """Seconds of training of one replicate (stacked) with the number of parameters."""
    times = results.timings
    merged = described(results.table).assign(train=times["train"].to_numpy())
    kept = merged[merged["model"].isin(["mlp", "lstm"]) & (merged["validation"] == "folds") & ~merged["carry"]]
    kept = kept[kept["batch_size"].isna() & kept["patience"].isna()]
    kept = kept[kept["training"] == kept["training"].mode()[0]]
    view = texts(results)
    return draw.summary_table(
        kept, by="network", values=["parameters", "train"], labels=view["labels"] | {"train": "training"}, units={"train": "s"}
    )


def absent(sentence: str) -> "TableView":
    """A table of one sentence."""
    import pandas as pd

    return draw.TableView(pd.DataFrame({"": [sentence]}))
