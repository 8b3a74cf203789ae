"""Ledger rows of tabular-classification: scikit-learn's classifier with the settings that the report names."""

from itertools import combinations
from typing import TYPE_CHECKING, Any

from annlab.lab.claims import Test, all_of, claim, equal_within, from_config, metric
from annlab.studies.tabular.tabular_classification_grid import NAMED

if TYPE_CHECKING:
    from annlab.lab import Results

THEIRS: dict[str, Any] = {"network": "scikit-learn", "zeros": "kept"}
SETTING: dict[str, Any] = {
    "solver": from_config("solver"),
    "activation": from_config("activation"),
    "hidden": from_config("hidden"),
}
OPEN: dict[str, Any] = {
    "variants": {"scaled": [True, False], "iterations": [200, 1000]},
    "chosen": ("scaled", "iterations"),
}
ROWS = {"ionosphere": 71, "pima": 154}
"""Rows of the validation part and of the test part."""
BEST_ON_PIMA = {"solver": "sgd", "activation": "tanh", "hidden": (50, 20)}
TOP = 0.25
"""Share of the 72 settings that counts as the best of them."""


def _at(setting: tuple[str, str, tuple[int, ...]]) -> Any:
    solver, activation, hidden = setting
    return metric("validation_accuracy", scale="linear").at(solver=solver, activation=activation, hidden=hidden)


def consistently_top(results: "Results") -> Test:
    """By split, how far within the best quarter of all settings the report's choice lies by validation accuracy, ties counted half."""
    table = results.table
    shares = table.groupby("replicate")["validation_accuracy"].rank(ascending=False, method="average") / table.groupby("replicate")[
        "validation_accuracy"
    ].transform("size")
    theirs = (table["solver"] == "sgd") & (table["activation"] == "tanh") & (table["hidden"].map(tuple) == (50, 20))
    differences = {
        int(replicate): TOP - float(share) for replicate, share in zip(table.loc[theirs, "replicate"], shares[theirs], strict=True)
    }
    return Test("best quarter of all settings less the rank of the report's, as shares", differences)


def _measured(row: str, data: str, part: str) -> Any:
    return claim(
        row,
        cell={**THEIRS, **SETTING, "data": data},
        value=metric(f"{part}_accuracy", trials=ROWS[data]),
        tolerance=0.1,
        **OPEN,
    )


CLAIMS = [
    _measured("tabular-classification.ionosphere.validation-accuracy.*", "ionosphere", "validation"),
    _measured("tabular-classification.ionosphere.test-accuracy", "ionosphere", "test"),
    _measured("tabular-classification.diabetes.validation-accuracy.*", "pima", "validation"),
    _measured("tabular-classification.diabetes.test-accuracy.best", "pima", "test"),
    claim(
        "tabular-classification.ionosphere.different-solvers-similar",
        cell={**THEIRS, "data": "ionosphere"},
        test=all_of(*(equal_within(_at(a), _at(b), margin=0.03) for a, b in combinations(NAMED[:4], 2))),
        **OPEN,
    ),
    claim(
        "tabular-classification.diabetes.harder",
        cell={**THEIRS, **BEST_ON_PIMA, "data": "pima"},
        value=metric("test_accuracy"),
        margin=0.2,
        **OPEN,
    ),
    claim(
        "tabular-classification.diabetes.settings-do-not-transfer",
        cell={**THEIRS, "data": "pima", "solver": "adam", "activation": "relu", "hidden": (100, 100)},
        value=metric("validation_accuracy"),
        margin=0.1,
        **OPEN,
    ),
    claim(
        "tabular-classification.diabetes.selected-consistently-top",
        cell={**THEIRS, "data": "pima", "iterations": 200},
        test=consistently_top,
        variants={"scaled": [True, False]},
        chosen=("scaled", "iterations"),
    ),
]
