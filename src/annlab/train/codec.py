"""Nested values as JSON and tensors: what checkpoints and saved estimators are made of. Nothing is pickled.

A tree of dicts, lists, tuples, numbers, text, arrays and tensors becomes JSON in which each array is a reference to a tensor
stored apart as safetensors; arrays that share memory are stored once.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch

__all__ = ["decode", "encode", "read_file", "write_file"]

_SCALARS = (bool, int, str, type(None))


def encode(value: Any, name: str = "") -> tuple[Any, dict[str, torch.Tensor]]:
    """`value` as a JSON tree and the tensors it refers to.

    Args:
        value: what to encode.
        name: what it is called, for errors and for the names of tensors.

    Raises:
        TypeError: naming the part that is none of the kinds above.
    """
    tensors: dict[str, torch.Tensor] = {}
    return _encode(value, name, tensors, {}), tensors


def decode(tree: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """The value that `encode` was given; references to one tensor become one tensor."""
    if isinstance(tree, list):
        return [decode(part, tensors) for part in tree]
    if not isinstance(tree, dict):
        return tree
    kind, content = next(iter(tree.items()))
    if kind == "dict":
        return {key: decode(part, tensors) for key, part in content.items()}
    if kind == "items":
        return {_key(decode(key, tensors)): decode(part, tensors) for key, part in content}
    if kind == "tuple":
        return tuple(decode(part, tensors) for part in content)
    if kind == "float":
        return float(content)
    if kind == "tensor":
        return tensors[content]
    if kind == "array":
        return tensors[content].numpy().copy()
    if kind == "scalar":
        return tensors[content].numpy()[()]
    if kind == "text":
        return np.array(content["values"], dtype=content["dtype"]).reshape(content["shape"])
    raise ValueError(f"a saved value has the unknown kind {kind!r}")


def write_file(path: Path, tree: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Writes one safetensors file whose header holds the JSON; an existing file is replaced at once or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        safetensors.torch.save_file(tensors, temporary, metadata={"annlab": json.dumps(tree)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_file(path: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    """JSON and tensors of a file of `write_file`. Raises `ValueError` for any other file."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:  # type: ignore[no-untyped-call]
            text = (file.metadata() or {}).get("annlab")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is not a file written by annlab: {error}") from error
    if text is None:
        raise ValueError(f"{path} is not a file written by annlab: its header lacks annlab's part")
    return json.loads(text), tensors


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _encode(value: Any, name: str, tensors: dict[str, torch.Tensor], seen: dict[Any, str]) -> Any:
    if isinstance(value, _SCALARS) and not isinstance(value, np.generic):
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, torch.Tensor):
        return {"tensor": _store(value.detach(), name, tensors, seen)}
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value, name, tensors, seen)
    if isinstance(value, list):
        return [_encode(part, f"{name}[{index}]", tensors, seen) for index, part in enumerate(value)]
    if isinstance(value, tuple):
        return {"tuple": [_encode(part, f"{name}[{index}]", tensors, seen) for index, part in enumerate(value)]}
    if isinstance(value, dict):
        if all(type(key) is str for key in value):
            return {"dict": {key: _encode(part, f"{name}.{key}" if name else key, tensors, seen) for key, part in value.items()}}
        pairs = [[_encode(key, name, tensors, seen), _encode(part, f"{name}[{key!r}]", tensors, seen)] for key, part in value.items()]
        return {"items": pairs}
    raise TypeError(f"{name or 'the value'} is a {type(value).__name__}, which cannot be saved without pickling")


def _encode_array(value: Any, name: str, tensors: dict[str, torch.Tensor], seen: dict[Any, str]) -> Any:
    array = np.asarray(value)
    flat = array.ravel().tolist()
    if array.dtype.kind == "U" or (array.dtype == object and all(isinstance(part, str) for part in flat)):
        return {"text": {"values": flat, "dtype": "object" if array.dtype == object else str(array.dtype), "shape": list(array.shape)}}
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name or 'the value'} is an array of {array.dtype}, which cannot be saved without pickling")
    native = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).reshape(array.shape)
    kind = "scalar" if isinstance(value, np.generic) else "array"
    return {kind: _store(torch.from_numpy(native), name, tensors, seen)}


def _store(tensor: torch.Tensor, name: str, tensors: dict[str, torch.Tensor], seen: dict[Any, str]) -> str:
    alias = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride()) if tensor.numel() else None
    if alias is not None and alias in seen:
        return seen[alias]
    label = name or "value"
    while label in tensors:
        label += "'"
    tensors[label] = tensor.to("cpu", copy=True).contiguous()
    if alias is not None:
        seen[alias] = label
    return label
