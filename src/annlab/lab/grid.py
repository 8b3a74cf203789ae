"""The grid of a study: products, lists and named settings that add up to cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from annlab.errors import UsageError, unknown_name
from annlab.lab.params import as_dict, canonical, resolve

__all__ = ["Cell", "Grid", "cases", "grid", "zipped"]


@dataclass(frozen=True)
class Grid:
    """Settings, each a mapping of parameter to value, with the name that `cases` gave it or none. Grids add up."""

    points: tuple[tuple[str | None, Mapping[str, Any]], ...] = ()

    def __add__(self, other: "Grid") -> "Grid":
        return Grid(self.points + other.points)

    def __len__(self) -> int:
        return len(self.points)

    def cells(self, defaults: Any) -> list["Cell"]:
        """Resolved cells in the order given, equal ones merged; the empty grid is one cell of defaults."""
        found: dict[str, Cell] = {}
        for name, values in self.points or ((None, {}),):
            params = resolve(defaults, values)
            identity = canonical(params)
            names = (*found[identity].names, *([name] if name else [])) if identity in found else (name,) if name else ()
            found[identity] = Cell(params, tuple(dict.fromkeys(names)))
        return list(found.values())


@dataclass(frozen=True)
class Cell:
    """One point of a grid; its identity is its resolved parameters."""

    params: Any
    names: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Canonical JSON of the parameters."""
        return canonical(self.params)

    def matches(self, wanted: Mapping[str, Any]) -> bool:
        """Whether every parameter in `wanted` has the wanted value, or one of them where a list or set is given.

        The key ``case`` asks for a name given by `cases`, or one of several.
        """
        for name, value in wanted.items():
            choices: Iterable[Any] = value if isinstance(value, list | set | frozenset) else (value,)
            if name == "case":
                if not set(choices) & set(self.names):
                    return False
                continue
            if name not in type(self.params).__dataclass_fields__:
                raise unknown_name("parameter", name, as_dict(self.params))
            mine = getattr(self.params, name)
            if not any(_same(mine, choice) for choice in choices):
                return False
        return True


def grid(**axes: Sequence[Any]) -> Grid:
    """Product of the axes, the last one running fastest."""
    for name, values in axes.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise UsageError(f"axis {name!r} takes a list of values, got {values!r}")
    return Grid(tuple((None, dict(zip(axes, values, strict=True))) for values in product(*axes.values())))


def zipped(**axes: Sequence[Any]) -> Grid:
    """The axes taken side by side: as many settings as each axis has values."""
    lengths = {name: len(values) for name, values in axes.items()}
    if len(set(lengths.values())) > 1:
        raise UsageError(f"zipped axes must have one length, got {lengths}")
    return Grid(tuple((None, dict(zip(axes, values, strict=True))) for values in zip(*axes.values(), strict=True)))


def cases(**named: Mapping[str, Any]) -> Grid:
    """Settings with a name each, which captions and claims may use."""
    return Grid(tuple((name, dict(values)) for name, values in named.items()))


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list | tuple) and isinstance(value, tuple):
        return len(value) == len(wanted) and all(_same(a, b) for a, b in zip(value, wanted, strict=True))
    if isinstance(value, bool) is not isinstance(wanted, bool):
        return False
    return bool(value == wanted)
