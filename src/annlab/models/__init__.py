"""The estimators people import; names load when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.models.autoencoder import Autoencoder
    from annlab.models.base import BaseEstimator
    from annlab.models.convnet import ConvNetClassifier
    from annlab.models.forecast_baselines import LastValueForecaster, MeanForecaster, SeasonalMeanForecaster, SeasonalNaiveForecaster
    from annlab.models.hopfield import HopfieldNetwork
    from annlab.models.lag_forecaster import LagForecaster
    from annlab.models.lstm_forecaster import LSTMForecaster
    from annlab.models.mlp import MLPClassifier, MLPRegressor
    from annlab.models.mlp_forecaster import MLPForecaster
    from annlab.models.module import ModuleClassifier, ModuleRegressor
    from annlab.models.persistence import load, save
    from annlab.models.resnet import ResNetClassifier
    from annlab.models.som import SelfOrganizingMap
    from annlab.models.stacked_autoencoder import StackedAutoencoder
    from annlab.models.stacked_classifier import StackedAutoencoderClassifier
    from annlab.models.summary import Summary, summary
    from annlab.models.vision_transformer import VisionTransformerClassifier

__all__ = [
    "ESTIMATORS",
    "Autoencoder",
    "BaseEstimator",
    "ConvNetClassifier",
    "HopfieldNetwork",
    "LSTMForecaster",
    "LagForecaster",
    "LastValueForecaster",
    "MLPClassifier",
    "MLPForecaster",
    "MLPRegressor",
    "MeanForecaster",
    "ModuleClassifier",
    "ModuleRegressor",
    "ResNetClassifier",
    "SeasonalMeanForecaster",
    "SeasonalNaiveForecaster",
    "SelfOrganizingMap",
    "StackedAutoencoder",
    "StackedAutoencoderClassifier",
    "Summary",
    "VisionTransformerClassifier",
    "load",
    "save",
    "summary",
]

ESTIMATORS = {
    "Autoencoder": "autoencoder",
    "ResNetClassifier": "resnet",
    "ConvNetClassifier": "convnet",
    "HopfieldNetwork": "hopfield",
    "LSTMForecaster": "lstm_forecaster",
    "LagForecaster": "lag_forecaster",
    "LastValueForecaster": "forecast_baselines",
    "MLPClassifier": "mlp",
    "MLPForecaster": "mlp_forecaster",
    "MLPRegressor": "mlp",
    "MeanForecaster": "forecast_baselines",
    "ModuleClassifier": "module",
    "ModuleRegressor": "module",
    "SeasonalMeanForecaster": "forecast_baselines",
    "SeasonalNaiveForecaster": "forecast_baselines",
    "SelfOrganizingMap": "som",
    "VisionTransformerClassifier": "vision_transformer",
    "StackedAutoencoder": "stacked_autoencoder",
    "StackedAutoencoderClassifier": "stacked_classifier",
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
