"""Cells of personal-regression: our candidates, regularisers and side studies, and the networks of the reports."""

from typing import Any

from annlab.lab import Grid, cases, grid

Settings = dict[str, Any]

REPORT_A: Settings = {"batch_size": 64, "epochs": 200, "schedule": "constant", "stop_on": "validation"}
REPORT_C: Settings = {"hidden_sizes": (20, 10), "batch_size": 64, "epochs": 500, "patience": 5, "schedule": "constant", "scale": False}
REPORT_D: Settings = {"batch_size": 64, "epochs": 500, "patience": 10, "schedule": "constant", "stop_on": "validation"}
MIXED = ("mish", "mish", "tanh")
NET_A: Settings = {**REPORT_A, "hidden_sizes": (20, 20, 20), "activation": "tanh", "learning_rate": 0.01, "test": True}
NET_C: Settings = {**REPORT_C, "activation": "relu", "optimizer": "momentum", "batch_norm": "input"}
NET_D: Settings = {
    **REPORT_D,
    "hidden_sizes": (16, 16, 16),
    "activation": MIXED,
    "learning_rate": 0.05,
    "optimizer": "adam",
    "test": True,
}
CANDIDATES: Settings = {"scale": True, "schedule": "cosine", "folds": 0, "training": 1600}
"""What the cells share among which the selection chooses."""
SECOND_ORDER: Settings = {
    "activation": "tanh",
    "optimizer": "levenberg_marquardt",
    "learning_rate": 1.0,
    "schedule": "constant",
    "batch_size": None,
    "epochs": 150,
    "test": True,
}
"""Beyond the exercise: two networks fixed beforehand, which record their test error and take part in no choice."""
BASE: Settings = {"hidden_sizes": (20, 20, 20), "activation": "tanh", "schedule": "constant"}
REGULARISERS: dict[str, Settings] = {
    "no_regulariser": {},
    "early_stopping": {"patience": 10},
    "l1": {"l1": 1e-5},
    "l2": {"l2": 1e-4},
    "dropout": {"dropout": 0.05},
    "batch_norm": {"batch_norm": "hidden"},
    "input_noise": {"input_noise": 0.02},
    "ensemble": {"ensemble": 5},
}
SMALLER = (100, 200, 400, 800)


def cells(settings: Settings, **axes: list[Any]) -> Grid:
    """Product of the axes, everything else as in `settings`."""
    return grid(**{name: [value] for name, value in settings.items() if name not in axes}, **axes)


def stacks_of(layers: list[int], units: list[int]) -> list[tuple[int, ...]]:
    """Hidden sizes of equal layers."""
    return [(unit,) * layer for layer in layers for unit in units]


def regularised() -> Grid:
    """The same network with each regulariser and with none."""
    return cases(**{name: {**BASE, **changes} for name, changes in REGULARISERS.items()})


def ours() -> Grid:
    """Candidates of the selection, k folds, other optimisers, fewer training points, regularisers."""
    return (
        grid(hidden_sizes=stacks_of([1, 2, 3], [10, 20, 50]), activation=["tanh", "relu", "mish", "sigmoid"], learning_rate=[0.01])
        + grid(hidden_sizes=[(50, 50)], activation=["tanh"], learning_rate=[0.05, 0.003, 0.001, 0.0001])
        + grid(optimizer=["adamw", "rmsprop", "momentum"], learning_rate=[0.01])
        + cases(
            levenberg_marquardt={**SECOND_ORDER, "hidden_sizes": (20, 20)},
            levenberg_marquardt_15_15={**SECOND_ORDER, "hidden_sizes": (15, 15)},
            lbfgs={"optimizer": "lbfgs", "learning_rate": 1.0, "schedule": "constant", "batch_size": None, "epochs": 500},
            five_folds={"folds": 5},
        )
        + grid(training=[*SMALLER, 1600])
        + regularised()
    )


def reported() -> Grid:
    """Networks of the reports; those that state a test error record it."""
    regularised_c = {**NET_C, "learning_rate": 0.01}
    searched_d = {**NET_D, "scale": False, "test": False}
    return (
        cells(
            REPORT_A,
            hidden_sizes=stacks_of([1, 2, 3], [3, 10, 20]),
            activation=["tanh", "relu"],
            learning_rate=[0.01, 0.001, 0.0001],
            scale=[False, True],
        )
        + cells(NET_A, scale=[False, True])
        + cells(
            NET_C,
            optimizer=["momentum", "adam", "adamw", "rmsprop"],
            activation=["relu", "sigmoid", "tanh"],
            learning_rate=[0.01, 0.001],
        )
        + cells({**NET_C, "test": True}, learning_rate=[0.01, 0.1])
        + cells({**regularised_c, "batch_norm": "none"}, dropout=[0.0, 0.05, 0.2])
        + cells(NET_D, activation=[MIXED, "mish", "relu", "tanh", "sigmoid"], scale=[False, True])
        + cells({**NET_D, "activation": "mish", "scale": False}, hidden_sizes=[(4,), (8, 8), (50, 50, 50), (100, 100, 100)])
        + cells(searched_d, optimizer=["adam", "momentum", "rmsprop"], learning_rate=[0.05, 0.01, 0.001])
        + cells(
            {**NET_D, "scale": False, "stop_on": "test"}, hidden_sizes=stacks_of([1, 2, 3], [8, 16]), activation=["mish", "tanh", "relu"]
        )
        + cases(trained_on={**NET_A, "scale": False, "test": False, "epochs": 2000})
    )


def tiny() -> Grid:
    """The ``quick`` profile: a few candidates and rates, a small learning curve, the regularisers."""
    few = grid(hidden_sizes=[(10,), (20, 20)], activation=["tanh", "relu", "mish"], learning_rate=[0.01])
    sides: Settings = {"hidden_sizes": [(20, 20)], "activation": ["mish"]}
    return few + grid(**sides, learning_rate=[0.03, 0.003]) + grid(**sides, training=[200, 600]) + regularised()
