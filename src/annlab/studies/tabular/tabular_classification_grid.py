"""Cells of tabular-classification: the course's grid with both libraries, the report's settings, baselines, missing values."""

from typing import Any

from annlab.lab import Grid, grid

__all__ = ["HIDDEN", "NAMED", "everything", "reported_only", "tiny"]

SOLVERS = ["lbfgs", "sgd", "adam"]
ACTIVATIONS = ["relu", "tanh", "logistic", "identity"]
HIDDEN = [(20, 20), (20, 50), (50, 50), (50, 20), (100, 100), (50, 100, 100)]
NAMED = [
    ("sgd", "relu", (50, 20)),
    ("adam", "relu", (20, 50)),
    ("adam", "relu", (50, 100, 100)),
    ("adam", "relu", (100, 100)),
    ("sgd", "tanh", (50, 20)),
]
"""Settings that the report names: four of its table, and its best on Pima."""
BASELINES = ["majority", "logistic", "neighbour"]


def product(data: list[str], hidden: list[Any] = HIDDEN, activations: list[str] = ACTIVATIONS, **further: list[Any]) -> Grid:
    """All solvers, activations and sizes on each table."""
    return grid(data=data, solver=SOLVERS, activation=activations, hidden=hidden, **further)


def named(data: list[str], **further: list[Any]) -> Grid:
    """The settings of the report on each table."""
    found = Grid()
    for solver, activation, hidden in NAMED:
        found = found + grid(data=data, solver=[solver], activation=[activation], hidden=[hidden], **further)
    return found


def sides(data: list[str]) -> Grid:
    """Baselines, raw inputs and longer training of the report's settings, missing values replaced."""
    return (
        grid(data=data, network=BASELINES)
        + named(data, scaled=[False])
        + named(data, scaled=[True, False], iterations=[1000])
        + grid(data=["pima"], network=BASELINES[1:], zeros=["median", "flagged"])
        + named(["pima"], zeros=["median", "flagged"])
    )


def everything(data: list[str]) -> Grid:
    """The ``full`` profile: the grid with both libraries, with scikit-learn's on raw inputs too."""
    return product(data) + product(data, network=["annlab"]) + product(data, scaled=[False]) + sides(data)


def reported_only(data: list[str]) -> Grid:
    """The ``standard`` profile: raw inputs for the report's settings alone, fewer of ours with lbfgs."""
    stacked = grid(data=data, network=["annlab"], solver=["sgd", "adam"], activation=ACTIVATIONS, hidden=HIDDEN)
    single = grid(data=data, network=["annlab"], solver=["lbfgs"], activation=ACTIVATIONS, hidden=[(20, 20)])
    return product(data) + stacked + single + sides(data)


def tiny(data: list[str]) -> Grid:
    """The ``quick`` profile: two sizes and activations."""
    small: dict[str, Any] = {"hidden": [(20, 20)], "activations": ["relu", "identity"]}
    return (
        product(data, **small)
        + grid(data=data, network=["annlab"], solver=["sgd", "adam"], activation=["relu"], hidden=[(20, 20)])
        + grid(data=data, network=BASELINES)
        + grid(data=data, solver=["adam"], activation=["relu"], hidden=[(20, 20)], scaled=[False])
    )
