"""Parameters of a trial: a frozen dataclass whose field types say what may be given."""

import ast
import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

from annlab.errors import UsageError, unknown_name

__all__ = ["as_dict", "canonical", "parse", "resolve"]


def resolve(defaults: Any, values: Mapping[str, Any]) -> Any:
    """`defaults` with `values` put in their place, all checked and brought to the types of their fields.

    Lists become tuples and whole numbers become floats where the field says so; text is not parsed (see `parse`).

    Raises:
        UsageError: for an unknown name (with the nearest valid one) or a value of the wrong type.
    """
    hints = typing.get_type_hints(type(defaults))
    unknown = [name for name in values if name not in hints]
    if unknown:
        raise unknown_name("parameter", unknown[0], hints)
    # the defaults too: a default 1 and a grid's 1.0 are one cell
    checked = {name: _convert(value, hints[name], name) for name, value in {**as_dict(defaults), **values}.items()}
    return dataclasses.replace(defaults, **checked)


def parse(defaults: Any, name: str, text: str) -> Any:
    """Value of parameter `name` read from `text` as a command line or an address gives it: ``0.1``, ``(50,50)``, ``none``.

    Raises:
        UsageError: for an unknown name or text that does not fit the field's type.
    """
    hints = typing.get_type_hints(type(defaults))
    if name not in hints:
        raise unknown_name("parameter", name, hints)
    return _parse(text.strip(), hints[name], name)


def as_dict(params: Any) -> dict[str, Any]:
    """Fields and values of `params` in the order of its class."""
    return {field.name: getattr(params, field.name) for field in dataclasses.fields(params)}


def canonical(params: Any) -> str:
    """`params` as JSON with sorted names and no spaces: the identity of a cell. Raises `TypeError` for what JSON lacks."""
    return json.dumps(as_dict(params), sort_keys=True, separators=(",", ":"), default=_encode)


def _encode(value: Any) -> Any:
    if hasattr(value, "item"):  # a NumPy scalar
        return value.item()
    raise TypeError(f"a parameter must be a number, text, truth value, None or a tuple of those, got {value!r}")


def _wrong(value: Any, hint: Any, name: str) -> UsageError:
    wanted = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
    return UsageError(f"parameter {name!r} takes {wanted}, got {value!r}")


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _convert(value: Any, hint: Any, name: str) -> Any:
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = value.item()
    for choice in sorted(_alternatives(hint), key=lambda kind: kind is not type(value)):  # exact type first
        origin, inner = typing.get_origin(choice), typing.get_args(choice)
        if choice is Any or (choice is type(None) and value is None):
            return value
        if origin is typing.Literal and value in inner:
            return value
        if origin is tuple and isinstance(value, tuple | list):
            kinds = [inner[0]] * len(value) if len(inner) == 2 and inner[1] is Ellipsis else list(inner)
            if len(kinds) != len(value):
                continue
            try:
                return tuple(_convert(part, kind, name) for part, kind in zip(value, kinds, strict=True))
            except UsageError:
                continue
        if choice is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if choice is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(choice, type) and isinstance(value, choice) and not (choice is int and isinstance(value, bool)):
            return value
    raise _wrong(value, hint, name)


_PARSED_FIRST = (type(None), int, float, bool, typing.Literal, tuple)  # text fits everything, so it comes last


def _order(choice: Any) -> int:
    kind = typing.get_origin(choice) or choice
    return _PARSED_FIRST.index(kind) if kind in _PARSED_FIRST else len(_PARSED_FIRST)


def _parse(text: str, hint: Any, name: str) -> Any:
    for choice in sorted(_alternatives(hint), key=_order):
        origin, inner = typing.get_origin(choice), typing.get_args(choice)
        try:
            if choice is type(None) and text.lower() == "none":
                return None
            if choice is bool and text.lower() in {"true", "false", "yes", "no", "1", "0"}:
                return text.lower() in {"true", "yes", "1"}
            if choice is int:
                return int(text)
            if choice is float and not math.isnan(number := float(text)):
                return number
            if origin is typing.Literal:
                return next(value for value in inner if str(value) == text)
            if origin is tuple and "(" in text.strip()[1:]:  # tuples of tuples
                return _convert(ast.literal_eval(text), choice, name)
            if origin is tuple:
                parts = [part.strip() for part in text.strip("()[]").split(",") if part.strip()]
                kinds = [inner[0]] * len(parts) if len(inner) == 2 and inner[1] is Ellipsis else list(inner)
                return tuple(_parse(part, kind, name) for part, kind in zip(parts, kinds, strict=True))
            if choice is str and text:
                return text
        except (ValueError, SyntaxError, StopIteration):
            continue
    raise _wrong(text, hint, name)
