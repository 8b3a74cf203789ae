"""Which code computed a job: a digest of the syntax it runs through, and the versions of what it stands on.

The digest covers the modules of the rooms `nets`, `measure`, `train` and `models`, the splits and generators of `data` and the
random streams that a study imports, directly or through others (saving models apart), and of the study's own file those top-level
statements that its trial, its final stage, its parameters and its needs reach by name. Docstrings, comments, figures, questions and
claims do not count.
"""

import ast
import hashlib
import inspect
import platform
import sys
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.lab.study import Study

__all__ = ["digest_of", "environment"]

ROOMS = ("data", "nets", "measure", "train", "models")
STREAMS = "annlab.lab.streams"
DATA = (
    "generators",
    "splits",
    "tensors",
    "windows",
)  # what trials compute with; the rest of the room brings data, and their identity is in the key
WRITING = "annlab.models.persistence"
"""How models are written and read back: no outcome depends on it, and it names every network and estimator that there is."""
ROOTS = ("trial", "final", "params", "needs")


@cache
def environment(device: str = "cpu") -> dict[str, str]:
    """Versions of Python, NumPy, torch and annlab, the system, and the name of the device."""
    from annlab import __version__

    return {
        "annlab": __version__,
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "torch": _version("torch"),
        "platform": platform.platform(),
        "device": _device_name(device),
    }


def digest_of(study: "Study") -> str:
    """SHA-256 digest of the code that a trial of `study` runs through, in hexadecimal."""
    walk = _Walk()
    module = sys.modules.get(_home(study))
    path = getattr(module, "__file__", None)
    if module is not None and path and Path(path).is_file():
        walk.study(module.__name__, Path(path), study.name)
    else:
        walk.functions([part for part in (study.trial, study.final, study.needs) if part is not None])
    return hashlib.sha256("\n".join(sorted(walk.found)).encode()).hexdigest()


def _home(study: "Study") -> str:
    """Name of the module that holds the study, or else its trial."""
    from annlab.lab.discover import module_of

    return module_of(study) or study.trial.__module__


class _Walk:
    """Follows imports and names, and gathers the syntax it comes by."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._whole: set[str] = set()
        self._reached: set[tuple[str, str]] = set()
        self._whole_module(STREAMS)

    def study(self, module: str, path: Path, name: str) -> None:
        """The file of a study, from the arguments of its `Study(...)` call."""
        tree = _tree(path)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == "Study"]
        named = [call for call in calls if any(part.arg == "name" and _text(part.value) == name for part in call.keywords)]
        chosen = named or (calls if len(calls) == 1 else [])
        if chosen:
            for part in chosen[0].keywords:
                if part.arg in ROOTS:
                    self._node(module, path, part.value)
        else:
            for node in tree.body:
                self._node(module, path, node)

    def functions(self, functions: Sequence[Any]) -> None:
        """Functions without a file: their own source where it is known, their byte code otherwise."""
        for function in functions:
            try:
                tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
                self.found.add(_dump(tree))
                self._imports("", Path(), tree)
            except (OSError, TypeError, SyntaxError):
                code = getattr(function, "__code__", None)
                self.found.add(repr((code.co_code, code.co_names, code.co_consts)) if code else repr(type(function)))

    def _node(self, module: str, path: Path, node: ast.AST) -> None:
        """A piece of a study's file with everything it names."""
        self.found.add(_dump(node))
        self._imports(module, path, node)
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                self._reach(module, path, part.id)

    def _reach(self, module: str, path: Path, name: str) -> None:
        if (module, name) in self._reached:
            return
        self._reached.add((module, name))
        for node in _definitions(path).get(name, ()):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(module, path, node, name)
            else:
                self._node(module, path, node)

    def _imports(self, module: str, path: Path, node: ast.AST) -> None:
        for part in _running(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                self._import(module, path, part, None)

    def _import(self, module: str, path: Path, node: ast.Import | ast.ImportFrom, bound: str | None) -> None:
        for alias in node.names:
            if bound is not None and (alias.asname or alias.name.partition(".")[0]) != bound:
                continue
            if isinstance(node, ast.Import):
                self._target(path, alias.name, None)
            else:
                self._target(path, _absolute(module, path, node), alias.name)

    def _target(self, path: Path, source: str, name: str | None) -> None:
        if name is not None and _file(f"{source}.{name}") is not None:
            source, name = f"{source}.{name}", None
        beside = path.with_name(f"{source}.py") if path.name and "." not in source else None
        if source.startswith("annlab.studies.") or (beside is not None and beside.is_file()):
            file = _file(source) or beside
            if file is not None:
                for reached in [name] if name is not None else list(_definitions(file)):
                    self._reach(source, file, reached)
        elif name is None:
            self._whole_module(source)
        else:
            self._whole_module(_origin(source, name))

    def _whole_module(self, name: str) -> None:
        """A module of a room, from its first line to its last, and what it imports."""
        file = _file(name)
        if name in self._whole or file is None or not _counts(name):
            return
        self._whole.add(name)
        tree = _tree(file)
        self.found.add(f"{name} {_dump(tree)}")
        for node in _running(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._whole_module(alias.name)
            elif isinstance(node, ast.ImportFrom):
                source = _absolute(name, file, node)
                for alias in node.names:
                    self._whole_module(_origin(source, alias.name))


def _counts(name: str) -> bool:
    parts = name.split(".")
    if len(parts) < 2 or parts[0] != "annlab" or parts[1] not in ROOMS or name == WRITING:
        return name == STREAMS
    return parts[1] != "data" or (len(parts) > 2 and parts[2] in DATA)


@cache
def _origin(source: str, name: str) -> str:
    """The module in which a name that is imported from a module or a package is written."""
    if _file(f"{source}.{name}") is not None:
        return f"{source}.{name}"
    file = _file(source)
    if file is None or file.name != "__init__.py":
        return source
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
            original = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
            return _origin(_absolute(source, file, node), original)
    home = getattr(getattr(import_module(source), name, None), "__module__", None) if source.partition(".")[0] == "annlab" else None
    return home if isinstance(home, str) and _file(home) else source


def _absolute(module: str, path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    base = parts[: len(parts) - node.level + (path.name == "__init__.py")]
    return ".".join([*base, *([node.module] if node.module else [])])


@cache
def _file(name: str) -> Path | None:
    """File of one of annlab's own modules, found without importing it."""
    parts = name.split(".")
    if parts[0] != "annlab":
        return None
    base = Path(__file__).parents[1].joinpath(*parts[1:])
    for path in (base.with_suffix(".py") if len(parts) > 1 else base / "__init__.py", base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _tree(path: Path) -> ast.Module:
    return _parsed(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _parsed(path: str, _changed: int) -> ast.Module:
    return ast.parse(Path(path).read_bytes(), filename=path)


def _definitions(path: Path) -> dict[str, list[ast.stmt]]:
    return _definitions_of(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _definitions_of(path: str, changed: int) -> dict[str, list[ast.stmt]]:
    found: dict[str, list[ast.stmt]] = {}
    for node in _parsed(path, changed).body:
        for name in set(_defined(node)):
            found.setdefault(name, []).append(node)
    return found


def _defined(node: ast.stmt) -> Iterator[str]:
    """Names that a top-level statement makes or changes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Expr):
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    else:
        for part in _running(node):
            if isinstance(part, ast.FunctionDef | ast.ClassDef):
                yield part.name
            elif isinstance(part, ast.Import | ast.ImportFrom):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in part.names)
            elif isinstance(part, ast.Assign | ast.AugAssign | ast.AnnAssign):
                for target in part.targets if isinstance(part, ast.Assign) else [part.target]:
                    yield from (inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk`, without what stands under ``if TYPE_CHECKING``."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and _name(child.test) == "TYPE_CHECKING"):
            yield from _running(child)


def _dump(node: Any) -> str:
    """Syntax as text that no position, comment, docstring or empty field enters, so that Python versions agree as far as they can."""
    if isinstance(node, list):
        return f"[{','.join(map(_dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            value = value[1:] if value and isinstance(value[0], ast.Expr) and _text(value[0].value) is not None else value  # noqa: PLW2901
        if value not in (None, []) and name not in ("ctx", "kind", "type_comment"):
            fields.append(f"{name}={_dump(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _device_name(device: str) -> str:
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
