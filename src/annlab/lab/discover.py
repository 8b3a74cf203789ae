"""Find studies: those of the package and of others by reading their source, one's own by its path."""

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from annlab.errors import UsageError, unknown_name
from annlab.lab.study import Study

__all__ = ["Card", "Source", "catalogue", "load_study", "module_of", "source_of", "studies_in", "study_needed"]


@dataclass(frozen=True)
class Card:
    """What is known of a study without importing it.

    Attributes:
        name: what the command line calls it.
        title: heading in the report.
        sheet: number of the exercise by edition.
        question: first paragraph of the module's docstring.
        module: dotted name of its module.
        path: its file.
    """

    name: str
    title: str
    sheet: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    module: str = ""
    path: Path = Path()


@dataclass(frozen=True)
class Source:
    """Where another process finds a study: a module's name or a file, and the study's name in it."""

    module: str
    path: str
    name: str

    @property
    def argument(self) -> str:
        """What `load_study` takes to find it: its name, or its file, relative where it lies below the current folder."""
        if not self.path:
            return self.name
        here, path = Path.cwd(), Path(self.path)
        shown = str(path.relative_to(here) if path.is_relative_to(here) else path)
        alone = getattr(_from_file(path), "study", None) is self.load() or len(studies_in(_from_file(path))) == 1
        return shown if alone else f"{shown}:{self.name}"

    def load(self) -> Study:
        """Import it, or take it where it is imported already."""
        module = _from_file(Path(self.path)) if self.path else import_module(self.module)
        return studies_in(module)[self.name]


def catalogue() -> list[Card]:
    """Every study that can be called by name: those in `annlab.studies` and those of the entry-point group of that name."""
    return list(_cards().values())


def load_study(name_or_path: str | Path) -> Study:
    """The study called so, or the one in a Python file: ``my_study.py``, ``my_study.py:name`` where it holds several.

    Raises:
        UsageError: for an unknown name, with the nearest; a file that is not there or holds no study.
    """
    text = str(name_or_path)
    path, _, name = text.partition(".py:")
    if text.endswith(".py") or name:
        return _study_of_file(Path(path + ".py") if name else Path(text), name)
    cards = _cards()
    if text not in cards:
        raise unknown_name("study", text, cards)
    _LOADED[cards[text].module] = 0
    try:
        found = studies_in(import_module(cards[text].module))
    except ModuleNotFoundError as error:
        raise UsageError(f"study {text!r} cannot be imported: {error}") from error
    if text not in found:
        raise UsageError(f"module {cards[text].module} holds no study named {text!r}")
    return found[text]


def studies_in(module: ModuleType) -> dict[str, Study]:
    """The studies bound to names of a module, by their own names."""
    return {value.name: value for value in vars(module).values() if isinstance(value, Study)}


def study_needed(name: str, by: Study) -> Study:
    """The study called `name` that `by` needs: one of its own module, or one that can be called by name."""
    home = module_of(by)
    beside = studies_in(sys.modules[home]) if home else {}
    return beside[name] if name in beside else load_study(name)


def module_of(study: Study) -> str | None:
    """Name of the module that binds `study` to a name; None where none does: made inside a function, or replaced since."""
    for name in dict.fromkeys((study.trial.__module__, type(study.params).__module__, *_LOADED)):
        module = sys.modules.get(name)
        if module is not None and studies_in(module).get(study.name) is study:
            return name
    return None


def source_of(study: Study) -> Source | None:
    """Where a worker finds `study`; None where it cannot: made in `__main__`, in a notebook or inside a function."""
    name = module_of(study)
    path = getattr(sys.modules[name], "__file__", None) if name and name != "__main__" else None
    if not name or not path:
        return None
    return Source("", str(path), study.name) if name.startswith(_PREFIX) else Source(name, "", study.name)


_LOADED: dict[str, int] = {}  # modules that studies were loaded from, with the time of change of one's own files
_PREFIX = "annlab_study_file_"


def _study_of_file(path: Path, name: str) -> Study:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    module = _from_file(path, again=True)
    found = studies_in(module)
    if name:
        if name not in found:
            raise unknown_name(f"study in {path.name}", name, found)
        return found[name]
    given = getattr(module, "study", None)
    if isinstance(given, Study):
        return given
    if len(found) != 1:
        held = f"several: {', '.join(sorted(found))}; add ':name' to the path" if found else "none"
        raise UsageError(f"{path} must hold a study named `study`; it holds {held}")
    return next(iter(found.values()))


def _from_file(path: Path, *, again: bool = False) -> ModuleType:
    """The module of a file, run anew where it is not loaded, or (`again`) has changed since: a notebook outlives many edits."""
    name = f"{_PREFIX}{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    changed = path.stat().st_mtime_ns
    if name in sys.modules and not (again and _LOADED.get(name) != changed):
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file")
    module = module_from_spec(spec)
    _LOADED[name] = changed
    sys.modules[name] = module  # dataclasses look their module up while it is being run
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name], _LOADED[name]
        raise
    return module


@cache
def _cards() -> dict[str, Card]:
    found: dict[str, Card] = {}
    package = find_spec("annlab.studies")
    for folder in package.submodule_search_locations or () if package else ():
        root = Path(folder)
        for path in sorted(root.rglob("*.py")):
            if not path.name.startswith("_"):
                dotted = ".".join(("annlab.studies", *path.relative_to(root).with_suffix("").parts))
                found.update({card.name: card for card in _read(path, dotted)})
    for card in _from_entry_points():
        found.setdefault(card.name, card)
    return found


def _from_entry_points() -> Iterator[Card]:
    from importlib.metadata import entry_points

    for point in entry_points(group="annlab.studies"):
        path = Path()
        with suppress(ModuleNotFoundError):
            spec = find_spec(point.module)
            path = Path(spec.origin) if spec and spec.origin else Path()
        cards = [card for card in _read(path, point.module) if card.name == point.name] if path.is_file() else []
        yield cards[0] if cards else Card(point.name, point.name, module=point.module, path=path)


def _read(path: Path, module: str) -> Iterator[Card]:
    """Cards of the `Study(...)` calls bound at the top level of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    question = " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        call = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(call, ast.Call) and _called(call.func) == "Study":
            values = {keyword.arg: _literal(keyword.value, constants) for keyword in call.keywords}
            name = values.get("name")
            if isinstance(name, str):
                yield Card(name, str(values.get("title") or name), values.get("sheet") or {}, question, module, path)


def _called(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _literal(node: ast.expr, constants: Mapping[str, ast.expr]) -> Any:
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
