"""annlab: a laboratory for neural networks. Names load when they are first used, so that importing the package costs nothing."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.lab.run import run
    from annlab.models.autoencoder import Autoencoder
    from annlab.models.convnet import ConvNetClassifier
    from annlab.models.hopfield import HopfieldNetwork
    from annlab.models.lag_forecaster import LagForecaster
    from annlab.models.lstm_forecaster import LSTMForecaster
    from annlab.models.mlp import MLPClassifier, MLPRegressor
    from annlab.models.mlp_forecaster import MLPForecaster
    from annlab.models.module import ModuleClassifier, ModuleRegressor
    from annlab.models.persistence import load
    from annlab.models.resnet import ResNetClassifier
    from annlab.models.som import SelfOrganizingMap
    from annlab.models.stacked_autoencoder import StackedAutoencoder
    from annlab.models.stacked_classifier import StackedAutoencoderClassifier
    from annlab.models.summary import summary
    from annlab.models.vision_transformer import VisionTransformerClassifier

__version__ = "0.1.0"

__all__ = [
    "Autoencoder",
    "ConvNetClassifier",
    "HopfieldNetwork",
    "LSTMForecaster",
    "LagForecaster",
    "MLPClassifier",
    "MLPForecaster",
    "MLPRegressor",
    "ModuleClassifier",
    "ModuleRegressor",
    "ResNetClassifier",
    "SelfOrganizingMap",
    "StackedAutoencoder",
    "StackedAutoencoderClassifier",
    "VisionTransformerClassifier",
    "__version__",
    "load",
    "run",
    "summary",
]

_HOMES = {
    "Autoencoder": "annlab.models.autoencoder",
    "ResNetClassifier": "annlab.models.resnet",
    "ConvNetClassifier": "annlab.models.convnet",
    "HopfieldNetwork": "annlab.models.hopfield",
    "LSTMForecaster": "annlab.models.lstm_forecaster",
    "LagForecaster": "annlab.models.lag_forecaster",
    "MLPClassifier": "annlab.models.mlp",
    "MLPForecaster": "annlab.models.mlp_forecaster",
    "MLPRegressor": "annlab.models.mlp",
    "ModuleClassifier": "annlab.models.module",
    "ModuleRegressor": "annlab.models.module",
    "SelfOrganizingMap": "annlab.models.som",
    "VisionTransformerClassifier": "annlab.models.vision_transformer",
    "StackedAutoencoder": "annlab.models.stacked_autoencoder",
    "StackedAutoencoderClassifier": "annlab.models.stacked_classifier",
    "load": "annlab.models.persistence",
    "run": "annlab.lab.run",
    "summary": "annlab.models.summary",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'annlab' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
