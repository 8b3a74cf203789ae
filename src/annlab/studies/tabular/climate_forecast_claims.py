"""Ledger rows of climate-forecast. Rows about Brussels wait for the user's own table; no other city answers them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.lab.claims import Claim, Test, all_of, claim, greater, less, lowest, metric, untestable
from annlab.studies.tabular.climate_forecast_grid import ALL_LAGS, BRUSSELS

if TYPE_CHECKING:
    from annlab.lab import Results

RIO: dict[str, Any] = {"data": "climate", "city": "Rio de Janeiro", "model": "forest", "trees": 100, "depth": 10, "standardise": False}
PLACE: dict[str, Any] = {"data": "brussels", "city": "Brussels", "model": "svr", "C": 0.4, "epsilon": 0.2, "gamma": "scale"}
ABSENT = (
    "Brussels is only in Berkeley Earth's larger table: with `annlab data add brussels GlobalLandTemperaturesByCity.csv --city Brussels` "
    "this row is answered"
)
SPAN: dict[str, Any] = {"chosen": ("training_years", "forecast", "standardise"), "pool": {"model": "forest"}}


def searched(results: "Results") -> Test:
    """By replicate: log of the test error with the report's settings over that with the settings the validation months choose."""
    table = results.table
    differences = {}
    for _, part in table.groupby("replicate"):
        theirs = part[(part["C"] == 0.4) & (part["epsilon"] == 0.2) & (part["gamma"] == "scale")]["test_mse"].iloc[0]
        chosen = part.nsmallest(1, "validation_mse")["test_mse"].iloc[0]
        differences[int(part["replicate"].iloc[0])] = float(np.log(theirs) - np.log(chosen))
    return Test("log of test MSE with the report's settings over that with those chosen by validation", differences)


def brussels() -> list[Claim]:
    """The rows about Brussels."""
    rows = [f"climate-forecast.brussels.{name}" for name in ("best-lag", "test-mse", "plateau-after-22", "rbf-best")]
    if not BRUSSELS:
        return [claim([*rows, "climate-forecast.rio.noisier"], untestable(ABSENT))]
    sweep = {**PLACE, "lags": ALL_LAGS}
    one = {**PLACE, "lag": 22, "lags": (), "training_years": 0}
    return [
        claim(rows[0], cell={**sweep, "standardise": False}, value=metric("best_lag_training"), tolerance=3.0, chosen=("standardise",)),
        claim(
            rows[1],
            cell={**one, "kernel": "rbf"},
            value=metric("test_mse"),
            tolerance=0.3,
            variants={"forecast": ["one-step", "recursive"], "standardise": [False, True]},
            chosen=("forecast", "standardise", "training_years"),
        ),
        claim(rows[2], cell={**sweep, "standardise": False}, test=less(metric("gain_after_22"), 0.05), chosen=("standardise",)),
        claim(
            rows[3],
            cell={**one, "forecast": "one-step"},
            test=lowest(metric("test_mse"), along="kernel", at="rbf", values=["linear", "poly", "rbf", "sigmoid"]),
            variants={"standardise": [False, True]},
            chosen=("standardise",),
        ),
        claim(
            "climate-forecast.rio.noisier",
            cell={"lags": ()},
            test=greater(
                metric("left_share").at(data="climate", city="Rio de Janeiro", model="month mean", forecast="one-step"),
                metric("left_share").at(data="brussels", city="Brussels", model="month mean", forecast="one-step"),
                margin=0.1,
            ),
        ),
    ]


CLAIMS: list[Claim] = [
    *brussels(),
    claim(
        "climate-forecast.rio.best-lag",
        cell={**RIO, "lags": ALL_LAGS},
        value=metric("best_lag_training"),
        tolerance=3.0,
        variants={"training_years": [0, 30]},
        **SPAN,
    ),
    claim(
        "climate-forecast.rio.test-mse",
        cell={**RIO, "lag": 29, "lags": ()},
        value=metric("test_mse"),
        tolerance=0.3,
        variants={"forecast": ["one-step", "recursive"], "training_years": [0, 30]},
        **SPAN,
    ),
    claim(
        "climate-forecast.rio.prediction-repeats",
        cell={**RIO, "lag": 29, "lags": (), "forecast": "recursive"},
        test=all_of(greater(metric("forecast_repeats"), 0.9), greater(metric("forecast_repeats"), metric("truth_repeats"))),
        variants={"training_years": [0, 30]},
        chosen=("training_years", "standardise"),
    ),
    claim(
        "climate-forecast.grid-search-would-help",
        cell={
            "data": "climate",
            "city": "Rio de Janeiro",
            "model": "svr",
            "lag": 22,
            "lags": (),
            "kernel": "rbf",
            "gamma": "scale",
            "forecast": "one-step",
            "standardise": True,
            "training_years": 0,
        },
        test=searched,
        chosen=("city", "standardise"),
    ),
]
