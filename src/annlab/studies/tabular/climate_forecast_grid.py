"""Cells of climate-forecast: models by city, sweeps of the lag, settings of both of the report's models."""

from typing import Any

from annlab.data import names
from annlab.lab import Grid, grid

__all__ = ["ALL_LAGS", "BRUSSELS", "FOREST", "SVR", "some", "thorough", "tiny"]

BRUSSELS = "brussels" in names()
"""Whether the user has registered Berkeley Earth's larger table for Brussels."""
ALL_LAGS = tuple(range(1, 49))
FEW_LAGS = (1, 6, 12, 29, 48)
SVR: dict[str, list[Any]] = {"model": ["svr"], "lag": [22]}
FOREST: dict[str, list[Any]] = {"model": ["forest"], "lag": [29]}
MODES = ["one-step", "recursive"]
CITIES: list[dict[str, list[Any]]] = [{"city": ["Rio de Janeiro", "Paris", "London"]}]
if BRUSSELS:
    CITIES.append({"data": ["brussels"], "city": ["Brussels"]})


def models(place: dict[str, list[Any]], modes: list[str]) -> Grid:
    """Every model on a place, at the lags that the report finds for Brussels and Rio, in both kinds of forecast."""
    return (
        grid(**place, **SVR, forecast=modes, standardise=[False, True])
        + grid(**place, **FOREST, forecast=modes)
        + grid(**place, model=["linear", "mlp"], lag=[24], forecast=modes)
        + grid(**place, model=["lstm"], lag=[24], epochs=[50], forecast=modes)
        + grid(**place, model=["month mean", "seasonal naive"], lag=[12], forecast=modes)
    )


def searches(place: dict[str, list[Any]]) -> Grid:
    """Kernels, penalties and tubes of the support vector regression."""
    return grid(**place, **SVR, kernel=["linear", "poly", "rbf", "sigmoid"], standardise=[False, True]) + grid(
        **place, **SVR, C=[0.1, 0.4, 2.0, 10.0], epsilon=[0.05, 0.2, 0.5], standardise=[True]
    )


def widths(place: dict[str, list[Any]], penalties: list[float], gammas: list[Any]) -> Grid:
    """Widths of the rbf kernel, crossed with the penalty at the report's tube; a standardised series makes "scale" about 1 / lag."""
    return grid(**place, **SVR, C=penalties, gamma=gammas, standardise=[True])


def forests(place: dict[str, list[Any]], trees: list[int]) -> Grid:
    """Number and depth of the trees."""
    return grid(**place, **FOREST, trees=trees) + grid(**place, **FOREST, depth=[2, 5, 10, 20])


def some() -> Grid:
    """The ``standard`` profile: all lags for support vectors and for Rio's forest, few for the other forests, a search on Rio."""
    rio: dict[str, list[Any]] = {"city": ["Rio de Janeiro"]}
    found = Grid()
    for place in CITIES:
        others = {**place, "city": [city for city in place["city"] if city != "Rio de Janeiro"]}
        found = found + models(place, MODES) + grid(**place, model=["svr"], lags=[ALL_LAGS])
        found = found + grid(**others, model=["forest"], lags=[FEW_LAGS])
        found = found + grid(**place, **SVR, kernel=["linear", "poly", "sigmoid"])
    settings = searches(rio) + widths(rio, [0.1, 0.4, 2.0, 10.0], [0.005, 0.02, "scale", 0.2]) + forests(rio, [10, 30, 100])
    return found + grid(**rio, model=["forest"], lags=[ALL_LAGS]) + settings + variants(rio)


def variants(rio: dict[str, list[Any]]) -> Grid:
    """Thirty training years in place of all, for the report's cells on Rio."""
    return grid(**rio, **FOREST, forecast=MODES, training_years=[30])


def thorough() -> Grid:
    """The ``full`` profile: every lag and every search on every city."""
    found = some() + grid(city=["Rio de Janeiro"], model=["forest"], lags=[ALL_LAGS], training_years=[30])
    for place in CITIES:
        found = found + grid(**place, model=["svr", "forest"], lags=[ALL_LAGS]) + searches(place) + forests(place, [10, 30, 100, 300])
        if BRUSSELS and "data" in place:
            found = found + grid(**place, **SVR, forecast=MODES, standardise=[False, True], training_years=[30])
    return found


def tiny() -> Grid:
    """The ``quick`` profile: one place of the stand-in, few lags and settings."""
    place: dict[str, list[Any]] = {"city": ["southern tropics"]}
    return (
        grid(**place, **SVR, forecast=MODES, standardise=[True])
        + grid(**place, **FOREST, forecast=MODES)
        + grid(**place, model=["linear", "mlp", "month mean", "seasonal naive"], lag=[12], forecast=MODES)
        + grid(**place, model=["svr", "forest"], lags=[(1, 3, 12, 24)], standardise=[True])
        + grid(**place, **SVR, kernel=["linear", "rbf"], standardise=[True])
        + grid(**place, **SVR, C=[0.4, 2.0], epsilon=[0.05, 0.2], standardise=[True])
        + widths(place, [0.4, 2.0], ["scale", 0.2])
        + grid(**place, **FOREST, depth=[2, 10])
    )
