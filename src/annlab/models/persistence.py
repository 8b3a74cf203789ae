"""Estimators on disk: weights as safetensors, the rest as JSON. Only annlab's own classes are rebuilt, and nothing is unpickled."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

import annlab
from annlab import nets
from annlab.errors import UsageError
from annlab.models import ESTIMATORS
from annlab.models.base import BaseEstimator
from annlab.nets import layers
from annlab.nets.layer_base import Layer
from annlab.train import augment
from annlab.train.codec import decode, encode, read_file, write_file
from annlab.train.tensors import place_of

__all__ = ["load", "save"]

FORMAT = 1
WEIGHTS, REST = "weights.safetensors", "estimator.json"


def save(estimator: BaseEstimator, path: str | Path) -> Path:
    """Writes an estimator's parameters and learned state.

    Args:
        estimator: fitted or not.
        path: a folder, which gets ``weights.safetensors`` and ``estimator.json``; or one file ending in ``.safetensors`` whose
            header holds the JSON. An estimator already there is replaced, whole or not at all.

    Returns:
        The path.

    Raises:
        TypeError: naming the part that cannot be saved without pickling, such as a function given as parameter.
        UsageError: where `path` is a folder that holds something else.
    """
    path, name = Path(path), type(estimator).__name__
    if ESTIMATORS.get(name) != type(estimator).__module__.rpartition(".")[2] or not _is_own(type(estimator)):
        raise TypeError(f"only annlab's own estimators can be saved, not a {type(estimator).__qualname__}")
    tree, tensors = encode(_state(estimator), name, _special(estimator))
    content = {"estimator": name, "format": FORMAT, "annlab": annlab.__version__, "state": tree}
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        write_file(path, content, tensors)
        return path
    if path.exists() and not (path / REST).is_file():
        raise UsageError(f"{path} exists and is no saved estimator; give another path")
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        safetensors.torch.save_file(tensors, staging / WEIGHTS)
        (staging / REST).write_text(json.dumps(content, indent=1), encoding="utf-8")
        if path.exists():
            old = path.with_name(f".{path.name}.{os.getpid()}.old")
            path.rename(old)
            staging.rename(path)
            shutil.rmtree(old)
        else:
            staging.rename(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return path


def load(path: str | Path, module: nn.Module | Callable[..., nn.Module] | None = None) -> Any:
    """Reads what `save` wrote; networks come back on the CPU.

    Args:
        path: folder or file.
        module: the torch module of a ``ModuleRegressor`` or ``ModuleClassifier``, whose code is not saved: the class or function that
            it was made with, or an instance of the same shape, which is copied.

    Raises:
        UsageError: where nothing is saved at `path`, or a module is missing, not wanted or of another shape.
        ValueError: for a file that annlab did not write, or an estimator that this version does not know.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"there is no saved estimator at {path}")
    content, tensors = read_file(path) if path.is_file() else _read_folder(path)
    name = content.get("estimator") if isinstance(content, dict) else None
    if not isinstance(name, str) or content.get("format") != FORMAT:
        raise ValueError(f"{path} holds no estimator in a format that annlab {annlab.__version__} reads")
    if name not in ESTIMATORS:
        raise ValueError(f"{path} holds a {name!r}, which annlab {annlab.__version__} does not know")
    kind = getattr(import_module(f"annlab.models.{ESTIMATORS[name]}"), name)
    state = decode(content["state"], tensors, {"net": _build_net, "external": _External, "declared": _declare})
    parameters = state["parameters"]
    external = [key for key, value in parameters.items() if isinstance(value, _External)]
    if bool(external) != (module is not None):
        wanted = f"needs module=, the {external[0]} it was made with" if external else "holds its own networks and takes no module="
        raise UsageError(f"the {name} at {path} {wanted}")
    estimator = kind(**{key: module if key in external else value for key, value in parameters.items()})
    vars(estimator).update({key: value for key, value in state["learned"].items() if not isinstance(value, _External)})
    for key, value in state["learned"].items():
        if isinstance(value, _External):
            setattr(estimator, key, value.fill(estimator))
    return estimator


def _is_own(kind: type) -> bool:
    return issubclass(kind, BaseEstimator) and kind.__module__.startswith("annlab.models.")


def _state(estimator: BaseEstimator) -> dict[str, Any]:
    parameters = estimator.get_params(deep=False)
    return {"parameters": parameters, "learned": {key: value for key, value in vars(estimator).items() if key not in parameters}}


def _special(estimator: BaseEstimator) -> Callable[[Any, str], tuple[str, Any] | None]:
    """How networks are saved: annlab's own by class and arguments, declared layers too, the user's by their weights alone."""
    users = {f"{type(estimator).__name__}.parameters.{name}" for name in estimator._external}
    learned = {f"{type(estimator).__name__}.learned.{name}_" for name in estimator._external}

    def special(value: Any, name: str) -> tuple[str, Any] | None:
        if name in users:
            return "external", {}
        if isinstance(value, Layer | augment.Augmentation) and _DECLARED.get(type(value).__name__) is type(value):
            return "declared", {
                "class": type(value).__name__,
                "fields": {field.name: getattr(value, field.name) for field in fields(value)},
            }
        if not isinstance(value, nn.Module):
            return None
        if name in learned:
            return "external", {"weights": _weights(value, name), "training": value.training}
        if getattr(nets, type(value).__name__, None) is type(value) and hasattr(value, "arguments"):
            dtype = str(place_of(value)[1]).removeprefix("torch.")
            return "net", {
                "class": type(value).__name__,
                "arguments": value.arguments,
                "dtype": dtype,
                "weights": _weights(value, name),
                "training": value.training,
            }
        return None

    return special


_DECLARED: dict[str, Any] = {
    kind.__name__: kind
    for room, base in ((layers, Layer), (augment, augment.Augmentation))
    for kind in map(vars(room).get, room.__all__)
    if kind is not base and isinstance(kind, type) and issubclass(kind, base)
}


def _declare(saved: dict[str, Any]) -> Any:
    """A declared layer or augmentation."""
    kind = _DECLARED.get(saved["class"])
    if kind is None:
        raise ValueError(f"a saved declaration has the unknown class {saved['class']!r}")
    return kind(*saved["fields"]["branches"]) if kind is layers.Parallel else kind(**saved["fields"])


def _weights(net: nn.Module, name: str) -> dict[str, torch.Tensor]:
    weights = net.state_dict()
    for key, value in weights.items():
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name}.{key} is a {type(value).__name__}, which cannot be saved without pickling")
    return dict(weights)


def _build_net(saved: dict[str, Any]) -> nn.Module:
    kind = getattr(nets, saved["class"], None) if saved["class"] in nets.__all__ else None
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise ValueError(f"a saved network has the unknown class {saved['class']!r}")  # noqa: TRY004 - the file is wrong, not a type
    generator_state = torch.get_rng_state()
    net: nn.Module = kind(**saved["arguments"], dtype=getattr(torch, saved["dtype"]))
    torch.set_rng_state(generator_state)
    net.load_state_dict(saved["weights"])
    return net.train(saved["training"])


class _External:
    """Weights of a module whose code is the user's."""

    def __init__(self, saved: dict[str, Any]) -> None:
        self.saved = saved

    def fill(self, estimator: Any) -> nn.Module:
        net: nn.Module = estimator._make_module()
        weights = self.saved["weights"]
        floating = [value.dtype for value in weights.values() if value.is_floating_point()]
        net = net.to(dtype=floating[0]) if floating else net
        try:
            net.load_state_dict(weights)
        except RuntimeError as error:
            raise UsageError(f"the module given does not have the shape of the one saved: {error}") from error
        return net.train(self.saved["training"])


def _read_folder(path: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    if not (path / REST).is_file() or not (path / WEIGHTS).is_file():
        raise ValueError(f"{path} is not a folder written by annlab: {REST} or {WEIGHTS} is missing")
    try:
        return json.loads((path / REST).read_text(encoding="utf-8")), safetensors.torch.load_file(path / WEIGHTS)
    except (json.JSONDecodeError, safetensors.SafetensorError) as error:
        raise ValueError(f"{path} is not a folder written by annlab: {error}") from error
