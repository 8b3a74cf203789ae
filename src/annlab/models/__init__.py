"""The estimators people import; names load when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.models.base import BaseEstimator
    from annlab.models.mlp import MLPClassifier, MLPRegressor
    from annlab.models.module import ModuleClassifier, ModuleRegressor
    from annlab.models.persistence import load, save
    from annlab.models.summary import Summary, summary

__all__ = [
    "ESTIMATORS",
    "BaseEstimator",
    "MLPClassifier",
    "MLPRegressor",
    "ModuleClassifier",
    "ModuleRegressor",
    "Summary",
    "load",
    "save",
    "summary",
]

ESTIMATORS = {
    "MLPClassifier": "mlp",
    "MLPRegressor": "mlp",
    "ModuleClassifier": "module",
    "ModuleRegressor": "module",
}
"""The classes that `load` rebuilds, and the file of each."""

_HOMES = {
    **ESTIMATORS,
    "BaseEstimator": "base",
    "Summary": "summary",
    "load": "persistence",
    "save": "persistence",
    "summary": "summary",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'annlab.models' has no attribute {name!r}")
    return getattr(import_module(f"annlab.models.{_HOMES[name]}"), name)
