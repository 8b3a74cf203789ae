"""Nested values as JSON and tensors: what checkpoints and saved estimators are made of. Nothing is pickled.

A tree of dicts, lists, tuples, numbers, text, arrays and tensors becomes JSON in which each array is a reference to a tensor
stored apart as safetensors; arrays that share memory are stored once.
"""

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch

__all__ = ["decode", "encode", "read_file", "write_file"]

Special = Callable[[Any, str], tuple[str, Any] | None]

_SCALARS = (bool, int, str, type(None))


def encode(value: Any, name: str = "", special: Special | None = None) -> tuple[Any, dict[str, torch.Tensor]]:
    """`value` as a JSON tree and the tensors it refers to.

    Args:
        value: what to encode.
        name: what it is called, for errors and for the names of tensors.
        special: function ``(value, name)`` that gives a kind of its own and content of the kinds above for values that need
            more than that, such as networks, and None for all others.

    Raises:
        TypeError: naming the part that is none of the kinds above.
    """
    tensors: dict[str, torch.Tensor] = {}
    return _Encoder(tensors, special).encode(value, name), tensors


def decode(tree: Any, tensors: dict[str, torch.Tensor], special: Mapping[str, Callable[[Any], Any]] | None = None) -> Any:
    """The value that `encode` was given; references to one tensor become one tensor, kinds of one's own are left to `special`."""
    if isinstance(tree, list):
        return [decode(part, tensors, special) for part in tree]
    if not isinstance(tree, dict):
        return tree
    kind, content = next(iter(tree.items()))
    if kind == "dict":
        return {key: decode(part, tensors, special) for key, part in content.items()}
    if kind == "items":
        return {_key(decode(key, tensors, special)): decode(part, tensors, special) for key, part in content}
    if kind == "tuple":
        return tuple(decode(part, tensors, special) for part in content)
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
    if special is not None and kind in special:
        return special[kind](decode(content, tensors, special))
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
        with safetensors.safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get("annlab")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is not a file written by annlab: {error}") from error
    if text is None:
        raise ValueError(f"{path} is not a file written by annlab: its header lacks annlab's part")
    return json.loads(text), tensors


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class _Encoder:
    def __init__(self, tensors: dict[str, torch.Tensor], special: Special | None) -> None:
        self.tensors, self.special = tensors, special
        self.seen: dict[Any, str] = {}
        self.alive: list[torch.Tensor] = []  # memory of a freed tensor would be taken for an alias when it is used again

    def encode(self, value: Any, name: str) -> Any:
        if isinstance(value, _SCALARS) and not isinstance(value, np.generic):
            return value
        if isinstance(value, float) and not isinstance(value, np.generic):
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, torch.Tensor):
            return {"tensor": self._store(value.detach(), name)}
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, name)
        if isinstance(value, list):
            return [self.encode(part, f"{name}[{index}]") for index, part in enumerate(value)]
        if isinstance(value, tuple):
            return {"tuple": [self.encode(part, f"{name}[{index}]") for index, part in enumerate(value)]}
        if isinstance(value, dict):
            if all(type(key) is str for key in value):
                return {"dict": {key: self.encode(part, f"{name}.{key}" if name else key) for key, part in value.items()}}
            return {"items": [[self.encode(key, name), self.encode(part, f"{name}[{key!r}]")] for key, part in value.items()]}
        found = None if self.special is None else self.special(value, name)
        if found is not None:
            return {found[0]: self.encode(found[1], name)}
        raise TypeError(f"{name or 'the value'} is a {type(value).__name__}, which cannot be saved without pickling")

    def _array(self, value: Any, name: str) -> Any:
        array = np.asarray(value)
        if array.dtype.kind == "U" or (array.dtype == object and all(isinstance(part, str) for part in array.ravel())):
            dtype = "object" if array.dtype == object else array.dtype.str
            return {"text": {"values": array.ravel().tolist(), "dtype": dtype, "shape": list(array.shape)}}
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"{name or 'the value'} is an array of {array.dtype}, which cannot be saved without pickling")
        native = np.array(array, dtype=array.dtype.newbyteorder("="), order="C")
        return {"scalar" if isinstance(value, np.generic) else "array": self._store(torch.from_numpy(native), name)}

    def _store(self, tensor: torch.Tensor, name: str) -> str:
        alias = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride()) if tensor.numel() else None
        if alias is not None and alias in self.seen:
            return self.seen[alias]
        label = name or "value"
        while label in self.tensors:
            label += "'"
        self.tensors[label] = tensor.to("cpu", copy=True).contiguous()
        if alias is not None:
            self.seen[alias] = label
            self.alive.append(tensor)
        return label
