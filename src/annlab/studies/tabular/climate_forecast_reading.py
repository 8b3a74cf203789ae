"""How the results of climate-forecast are read: figures and tables."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.draw.formats import format_setting
from annlab.studies.tabular.climate_forecast_grid import SVR
from annlab.studies.tabular.climate_forecast_models import MOST_ITERATIONS

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

WORDS = {"svr": "support vectors", "forest": "random forest", "linear": "linear AR", "mlp": "perceptron", "lstm": "LSTM"}
NAMES = {"C": "C", "training_years": "training years", "best_lag_training": "best lag by training", "forecast": "forecast"}
ERRORS = {"train_mse": "training", "validation_mse": "validation"}
UNIT = "°C²"


def cities(results: "Results") -> list[str]:
    """Names of the places, in the order of the grid."""
    return list(dict.fromkeys(str(cell.params.city) for cell in results.cells))


def usual_trees(results: "Results") -> int:
    """Number of trees of most forests of this profile."""
    counts = [int(cell.params.trees) for cell in results.cells if cell.params.model == "forest"]
    return max(set(counts), key=counts.count)


def usual_years(results: "Results") -> int:
    """Training years of the profile's main cells; 0 for all."""
    return min(int(cell.params.training_years) for cell in results.cells)


def plain(results: "Results") -> "Results":
    """Cells with the report's settings of each model and all training years, single lags."""
    fixed: dict[str, Any] = {"kernel": "rbf", "C": 0.4, "epsilon": 0.2, "gamma": "scale", "depth": 10, "trees": usual_trees(results)}
    return results.where(lags=(), training_years=usual_years(results), **fixed)


def named(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Models in words, with raw and standardised support vectors apart."""
    both = frame.loc[frame["model"] == "svr", "standardise"].nunique() > 1
    words = [
        WORDS.get(model, model) + ((", standardised" if scaled else ", raw") if both and model == "svr" else "")
        for model, scaled in zip(frame["model"], frame["standardise"], strict=True)
    ]
    return frame.assign(model=words)


def sweeps(results: "Results") -> "pd.DataFrame":
    """Errors by lag: one row a city, model, replicate and lag, all training years."""
    swept = results.where(
        training_years=usual_years(results), lags=sorted({cell.params.lags for cell in results.cells if cell.params.lags})
    )
    frame = swept.series("by_lag")
    for name in ("city", "model"):
        if name not in frame:
            frame[name] = str(getattr(swept.cells[0].params, name))
    frame = frame.drop_duplicates(["city", "model", "replicate", "lag"])
    return frame.assign(model=[WORDS.get(model, model) for model in frame["model"]])


def by_lag(results: "Results") -> "Drawing":
    """Training and validation error by lag."""
    return draw.curves(
        sweeps(results),
        x="lag",
        y=["train_mse", "validation_mse"],
        by="model",
        facet="city",
        log_y=True,
        x_label="lag",
        x_unit="months",
        y_label="MSE one step ahead",
        y_unit=UNIT,
        labels=ERRORS,
    )


def sampled(results: "Results") -> "Results":
    """The recursive forecasts of the main city with the report's settings."""
    return plain(results).where(city=cities(results)[0], forecast="recursive", model=["svr", "forest", "linear", "month mean", "lstm"])


def forecast_figure(results: "Results") -> "Drawing":
    """Recursive forecasts of the validation months with their bands, replicate 0."""
    import pandas as pd

    parts, truth, history = [], np.empty(0), np.empty(0)
    for cell in sampled(results).cells:
        if cell.params.model == "svr" and not cell.params.standardise:  # one panel is enough
            continue
        key = {name: getattr(cell.params, name) for name in ("city", "model", "standardise", "forecast")}
        outcome = plain(results).outcome(0, **key)
        samples, truth, history = outcome.arrays["samples"], outcome.arrays["followed"], outcome.arrays["history"]
        runs, steps = samples.shape
        parts.append(
            pd.DataFrame(
                {
                    "model": WORDS.get(cell.params.model, cell.params.model),
                    "replicate": np.repeat(np.arange(runs), steps),
                    "step": np.tile(np.arange(1, steps + 1), runs),
                    "prediction": samples.ravel(),
                }
            )
        )
    return draw.forecast(
        pd.concat(parts, ignore_index=True),
        truth,
        history=history[-24:],
        by="model",
        x_label="months after the last that was trained on",
        y_label="temperature",
        y_unit="°C",
    )


def forecast_caption(results: "Results") -> str:
    """Caption that names the city."""
    return (
        "Recursive forecasts of the ten validation years from one origin: the median and the middle half of 100 paths to whose steps "
        f"residuals are added ({cities(results)[0]}, replicate 0)."
    )


def models(results: "Results") -> "Drawing":
    """Test error by model, both kinds of forecast."""
    table = named(plain(results).table)
    by = ["city", "model"] if table["city"].nunique() > 1 else ["model"]
    return draw.interval_bars(table, by=by, value="test_mse", group="forecast", log=True, label="test MSE", unit=UNIT, labels=NAMES)


def models_caption(results: "Results") -> str:
    """Caption that names the cities."""
    places = ", ".join(cities(results))
    return f"Test error by model, one step ahead and recursively over ten years ({places}); 95 % intervals over replicates."


def _searched(results: "Results") -> "Results":
    years = usual_years(results)
    return results.where(model="svr", lags=(), forecast="one-step", training_years=years, city=cities(results)[0])


def kernels(results: "Results") -> "Drawing":
    """Validation error by kernel."""
    table = _searched(results).where(C=0.4, epsilon=0.2, gamma="scale").table
    return draw.interval_bars(
        table.assign(inputs=["standardised" if scaled else "raw" for scaled in table["standardise"]]),
        by="kernel",
        value="validation_mse",
        group="inputs",
        log=True,
        label="validation MSE",
        unit=UNIT,
    )


def kernels_caption(results: "Results") -> str:
    """Caption that names the city."""
    city = cities(results)[0]
    where = f"lag 22, one step ahead ({city})"
    return f"Validation error of support vector regression by kernel, C = 0.4 and ε = 0.2, γ = scale, {where}. {unsettled(results)}"


def unsettled(results: "Results") -> str:
    """How many fits of support vectors stopped before they converged, and of which kernels, as a sentence."""
    table = results.where(model="svr").table
    fits = np.array([max(1, len(lags)) for lags in table["lags"]])
    short = np.rint(fits * (1 - table["converged"].to_numpy())).astype(int)
    limit = f"{MOST_ITERATIONS:,}"
    if not short.any():
        return f"All {fits.sum()} fits of support vectors, over cells, lags and replicates, converged within {limit} iterations."
    kinds = [
        f"{kernel} on {'standardised' if scaled else 'raw'} values"
        for kernel, scaled in dict.fromkeys(zip(table["kernel"][short > 0], table["standardise"][short > 0], strict=True))
    ]
    return (
        f"{short.sum()} of {fits.sum()} fits of support vectors, over cells, lags and replicates, did not converge within {limit} "
        f"iterations ({', '.join(kinds)}); they are shown as they stopped."
    )


def settings(results: "Results") -> "Drawing":
    """Validation error by C and epsilon."""
    table = _searched(results).where(kernel="rbf", standardise=True, gamma="scale").table
    return draw.heat_map(
        table, row="C", column="epsilon", value="validation_mse", log=True, better="lower", label="validation MSE", unit=UNIT
    )


def settings_caption(results: "Results") -> str:
    """Caption that names the city."""
    return f"Validation error of support vector regression by C and ε, rbf kernel, lag 22, standardised series ({cities(results)[0]})."


def width_of(gamma: float | str, lag: int) -> float:
    """The width γ as a number; ``scale`` is one over the lag times the variance of the inputs, which standardising makes 1."""
    return 1 / lag if isinstance(gamma, str) else gamma


def widths(results: "Results") -> "Drawing":
    """Validation error by C and gamma."""
    table = _searched(results).where(kernel="rbf", standardise=True, epsilon=0.2).table
    order = [width_of(gamma, lag) for gamma, lag in zip(table["gamma"], table["lag"], strict=True)]
    table = table.assign(order=order, gamma=[format_setting(gamma) for gamma in table["gamma"]]).sort_values("order", kind="stable")
    kept = table[["C", "gamma", "replicate", "validation_mse"]]
    return draw.heat_map(
        kept, row="C", column="gamma", value="validation_mse", log=True, better="lower", label="validation MSE", unit=UNIT,
        labels={"gamma": "γ"},
    )  # fmt: skip


def widths_caption(results: "Results") -> str:
    """Caption that names the city and says what the default width is."""
    lag = SVR["lag"][0]
    return (
        f"Validation error of support vector regression by C and the width γ of the rbf kernel, ε = 0.2, lag {lag}, standardised series "
        f"({cities(results)[0]}); scale is 1 / (lag · variance), here about {draw.format_number(width_of('scale', lag))}."
    )


def vector_table(results: "Results") -> "TableView":
    """Support vectors by kernel, inputs and settings."""
    table = _searched(results).table
    inputs = ["standardised" if scaled else "raw" for scaled in table["standardise"]]
    values = ["train_mse", "validation_mse", "test_mse", "converged"]
    found = draw.texts(results, epsilon="ε", gamma="γ")
    found["labels"] |= {"converged": "converged"}
    return draw.summary_table(table.assign(inputs=inputs), by=["kernel", "inputs", "C", "epsilon", "gamma"], values=values, **found)


def vector_caption(results: "Results") -> str:
    """Caption that counts the fits that did not converge."""
    return (
        f"Support vector regression by kernel and settings, lag 22, one step ahead ({cities(results)[0]}); converged: share of fits. "
        f"{unsettled(results)}"
    )


def lag_table(results: "Results") -> "TableView":
    """Best lags."""
    swept = results.where(lags=sorted({cell.params.lags for cell in results.cells if cell.params.lags}))
    table = swept.table
    table = table.assign(model=[WORDS.get(model, model) for model in table["model"]], tried=[len(lags) for lags in table["lags"]])
    table = table.assign(span=["all" if not years else f"{years} years" for years in table["training_years"]])
    values = ["best_lag_training", "best_lag_validation", "best_validation_mse"]
    labels = {"tried": "lags tried", "span": "trained on"}
    return draw.summary_table(table, by=["city", "model", "span", "tried"], values=values, **draw.texts(results, **labels))


def model_table(results: "Results") -> "TableView":
    """All models and baselines."""
    table = named(plain(results).table)
    values = ["train_mse", "validation_mse", "test_mse", "test_nmse"]
    return draw.summary_table(table, by=["city", "forecast", "model", "lag"], values=values, **draw.texts(results))


def chosen(results: "Results") -> "pd.DataFrame":
    """By city, kind of forecast and replicate: the cell with the lowest validation error, and its errors over the month means'."""
    table = results.where(lags=()).table
    keys = ["city", "forecast", "replicate"]
    best = table.loc[table.groupby(keys, sort=False)["validation_mse"].idxmin()]
    means = table.loc[table["model"] == "month mean", [*keys, "test_mse"]].rename(columns={"test_mse": "month_mean_mse"})
    best = best.merge(means, on=keys)
    return best.assign(ratio=best["test_mse"] / best["month_mean_mse"], model=[WORDS.get(model, model) for model in best["model"]])


def chosen_table(results: "Results") -> "TableView":
    """What the validation months choose."""
    import pandas as pd

    from annlab.lab.statistics import mean_interval

    rows = []
    for (city, kind), part in chosen(results).groupby(["city", "forecast"], sort=False):
        counts = part["model"].value_counts()
        rows.append(
            {
                "city": city,
                "forecast": kind,
                "chosen": "; ".join(f"{name} ({count})" for name, count in counts.items()),
                "validation MSE": mean_interval(part["validation_mse"]),
                "test MSE": mean_interval(part["test_mse"]),
                "test MSE over that of the month means": mean_interval(part["ratio"]),
            }
        )
    return draw.TableView(pd.DataFrame(rows), units={"validation MSE": UNIT, "test MSE": UNIT})


def irregularity_table(results: "Results") -> "TableView":
    """Variance left after month means, and how much forecasts and truth repeat."""
    table = named(plain(results).where(forecast="recursive", model="forest").table)
    values = ["left_variance", "left_share", "forecast_repeats", "truth_repeats"]
    return draw.summary_table(table, by=["city"], values=values, **draw.texts(results))


def forest_table(results: "Results") -> "TableView":
    """Forests by number and depth of trees."""
    table = results.where(model="forest", lags=(), forecast="one-step", training_years=usual_years(results)).table
    values = ["train_mse", "validation_mse", "test_mse"]
    base = plain(results).where(model=["month mean", "seasonal naive"], forecast="one-step").table
    means = base.groupby(["city", "model"], sort=False, as_index=False)["test_mse"].mean()
    rows = zip(means["city"], means["model"], means["test_mse"], strict=True)
    note = "; ".join(f"{city}, {model} {draw.format_number(float(mean))}" for city, model, mean in rows)
    view = draw.summary_table(table, by=["city", "trees", "depth"], values=values, **draw.texts(results))
    return replace(view, notes=[*view.notes, f"Test MSE of the baselines: {note} {UNIT}."])
