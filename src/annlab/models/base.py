"""What all estimators share: checked parameters, random streams, device, type, record and saving."""

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator as ScikitEstimator

from annlab.errors import UsageError
from annlab.models.random_state import RandomStreams, random_streams

if TYPE_CHECKING:
    from annlab.train import History

__all__ = [
    "BaseEstimator",
    "Check",
    "boolean",
    "choice",
    "count",
    "fraction",
    "number",
    "one_of",
    "optional",
    "sizes",
    "split_rows",
    "tidy_history",
]

Check = Callable[[Any], str | None]


def count(minimum: int = 1) -> Check:
    """Check that a value is a whole number of at least `minimum`."""

    def check(value: Any) -> str | None:
        good = isinstance(value, int | np.integer) and value is not True and value is not False and value >= minimum
        return None if good else f"a whole number of at least {minimum}"

    return check


def sizes(layers: int = 0) -> Check:
    """Check that a value lists whole numbers of at least 1, for at least so many layers."""
    wanted = "a sequence of whole numbers of at least 1" + ("" if layers else ", or ()")

    def check(value: Any) -> str | None:
        listed = value.ndim == 1 if isinstance(value, np.ndarray) else isinstance(value, Sequence) and not isinstance(value, str)
        return None if listed and len(value) >= layers and all(count()(each) is None for each in value) else wanted

    return check


def number(low: float = -math.inf, high: float = math.inf, *, open_low: bool = False, open_high: bool = False) -> Check:
    """Check that a value is a finite number between `low` and `high`, which are allowed themselves unless open."""

    def check(value: Any) -> str | None:
        good = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and math.isfinite(value)
        good = good and (low < value if open_low else low <= value) and (value < high if open_high else value <= high)
        left, right = ("(" if open_low or math.isinf(low) else "["), (")" if open_high or math.isinf(high) else "]")
        return None if good else f"a finite number in {left}{low:g}, {high:g}{right}"

    return check


def fraction() -> Check:
    """Check that a value is a number in [0, 1)."""
    return number(0.0, 1.0, open_high=True)


def boolean() -> Check:
    """Check that a value is True or False."""
    return lambda value: None if isinstance(value, bool | np.bool_) else "True or False"


def choice(names: Sequence[str]) -> Check:
    """Check that a value is one of `names`."""
    return lambda value: None if isinstance(value, str) and value in names else f"one of {', '.join(map(repr, names))}"


def optional(check: Check) -> Check:
    """Check that a value is None or passes `check`."""

    def either(value: Any) -> str | None:
        wanted = None if value is None else check(value)
        return None if wanted is None else f"None or {wanted}"

    return either


def one_of(*checks: Check) -> Check:
    """Check that a value passes one of `checks`."""

    def any_of(value: Any) -> str | None:
        wanted = [check(value) for check in checks]
        return None if any(answer is None for answer in wanted) else " or ".join(str(answer) for answer in wanted)

    return any_of


class BaseEstimator(ScikitEstimator):  # type: ignore[misc]
    """Foundation of annlab's estimators: scikit-learn's contract, and what training networks needs besides.

    A subclass lists its checks in `_checks` (parameter name to `Check`) and its learned attributes as scikit-learn does, by a
    trailing underscore. Parameters are stored by ``__init__`` as given and checked by `fit` through `_check_parameters`.
    """

    _checks: ClassVar[dict[str, Check]] = {}
    _external: ClassVar[tuple[str, ...]] = ()  # parameters that are the user's own code, whose fitted form is saved by its weights

    def _check_parameters(self) -> None:
        """Raises `UsageError` for the first parameter whose value does not pass its check."""
        for name, check in self._checks.items():
            value = getattr(self, name)
            wanted = check(value)
            if wanted is not None:
                raise UsageError(f"{name} of {type(self).__name__} must be {wanted}, got {value!r}")

    def _streams(self) -> RandomStreams:
        """Random streams of this fit, made from ``random_state``."""
        return random_streams(self.random_state)

    def _resolve_device(self) -> torch.device:
        """The torch device that ``device`` names: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, or ``"auto"`` for cuda where there is one."""
        name = getattr(self, "device", "cpu")
        if name == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(name)
        except (RuntimeError, TypeError) as error:
            raise UsageError(f"device must be 'cpu', 'cuda' or 'auto', got {name!r}") from error
        if device.type == "cuda" and not torch.cuda.is_available():
            raise UsageError(f"device {name!r} was asked for, but torch finds no cuda device here")
        return device

    def _resolve_dtype(self, X: Any) -> torch.dtype:
        """Type of the network: ``dtype`` where given, otherwise float64 for float64 or integer inputs wider than a byte, else float32."""
        name = getattr(self, "dtype", None)
        if name is not None:
            return {"float32": torch.float32, "float64": torch.float64}[str(np.dtype(name))]
        kind = np.dtype(X.dtype) if hasattr(X, "dtype") else np.dtype(np.float64)
        narrow = kind.itemsize <= 4 and (kind.kind == "f" or kind.itemsize == 1)
        return torch.float32 if narrow else torch.float64

    def _progress(self) -> Callable[..., None] | None:
        """Function that logs an evaluation at level INFO of the logger ``annlab`` where ``verbose``, else None."""
        if not getattr(self, "verbose", False):
            return None
        logger = logging.getLogger("annlab")
        name = type(self).__name__

        def report(epoch: int, **columns: Any) -> None:
            shown = ", ".join(f"{column} {np.mean(value):.4g}" for column, value in columns.items() if column != "seconds")
            logger.info("%s epoch %d: %s", name, epoch, shown)

        return report

    def save(self, path: str | Path) -> Path:
        """Writes parameters and learned state to a folder, or to one file where `path` ends in ``.safetensors``.

        `annlab.load` reads it back. See `annlab.models.persistence.save`.
        """
        from annlab.models.persistence import save

        return save(self, path)


def split_rows(n: int, validation_fraction: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows held out at random, both in rising order; none are held out for a fraction of 0.

    Raises:
        UsageError: where nothing is left to train on.
    """
    if not validation_fraction:
        return np.arange(n), np.arange(0)
    size = max(1, round(validation_fraction * n))
    if size >= n:
        raise UsageError(f"validation_fraction {validation_fraction} leaves none of the n_samples = {n} to train on")
    order = generator.permutation(n)
    return np.sort(order[size:]), np.sort(order[:size])


def tidy_history(histories: Sequence["History"]) -> tuple[dict[str, np.ndarray], int]:
    """Records of replicates one below the other with a column ``replicate``, and the epochs of the one that trained longest."""
    columns: dict[str, list[np.ndarray]] = {}
    for r, history in enumerate(histories):
        rows = len(history.columns.get("epoch", ()))
        for name, values in {"replicate": np.full(rows, r), **history.columns}.items():
            columns.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in columns.items()}, max(int(history.stopped_epoch) for history in histories)
