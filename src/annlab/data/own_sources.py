"""What a user's file or folder is, by its name and the options given, and the reader that belongs to it."""

from pathlib import Path
from typing import Any

import numpy as np

from annlab.data import own_formats, tables
from annlab.data.own_formats import Found

__all__ = ["read"]

IDX_PARTS = {
    "X_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "X_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def read(source: Path, task: str | None, options: dict[str, Any]) -> Found:
    """Content of a file or folder, by what it is.

    Args:
        source: file or folder.
        task: the task it must be for, if any.
        options: those of `annlab.data.add` that were given, by name.

    Raises:
        ValueError: for content that cannot be read, and for an option that means nothing for it.
        OSError: for a file that cannot be opened.
    """
    kind = _kind(source, task, options)
    takes = {
        "series": {"target", "test"},
        "table": {"target"},
        "temperature table": {"city"},
        "NumPy archive": set(),
        "IDX file": {"labels", "test"},
        "folder of IDX files": set(),
        "folder of images": {"size", "test"},
    }[kind]
    for option in options:
        if option not in takes:
            raise ValueError(f"{source} is a {kind}, for which --{option} means nothing")
    if kind == "folder of images":
        from annlab.data.own_images import image_folder

        found = image_folder(source, **options)
    elif kind == "folder of IDX files":
        found = _idx_folder(source)
    else:
        found = _file(source.read_bytes(), source, kind, task, options)
    if task is not None and found.task != task:
        raise ValueError(f"{source} is a {kind} for {found.task}, not for {task}")
    return found


def _kind(source: Path, task: str | None, options: dict[str, Any]) -> str:
    if source.is_dir():
        return "folder of IDX files" if _idx_file(source, IDX_PARTS["X_train"]) else "folder of images"
    ending = source.name.lower().removesuffix(".gz")
    if ending.endswith(".npz"):
        return "NumPy archive"
    if ending.endswith((".idx", "ubyte")) or "labels" in options:
        return "IDX file"
    if "city" in options:
        return "temperature table"
    return "series" if task == "forecasting" else "table"


def _file(content: bytes, source: Path, kind: str, task: str | None, options: dict[str, Any]) -> Found:
    name = str(source)
    if kind == "NumPy archive":
        return _archive(own_formats.npz(content, name), name, task)
    if kind == "temperature table":
        return Found(tables.city_months(content, name, [options["city"]]), "forecasting", (options["city"],))
    if kind == "series":
        return own_formats.series(content, name, **options)
    if kind == "table":
        return own_formats.table(content, name, task=task, **options)
    images = own_formats.unsigned_bytes(content, name)
    if "labels" not in options:
        if "test" in options:
            raise ValueError(f"{name} has no --labels, so that no test part means anything")
        return Found({"X": images}, "structure")
    place = Path(options["labels"]).expanduser()
    labels = own_formats.unsigned_bytes(place.read_bytes(), str(place))
    return own_formats.labelled_images(images, labels, name, options.get("test"))


def _archive(arrays: dict[str, np.ndarray], name: str, task: str | None) -> Found:
    """Arrays under their own names, but for a small x, which annlab writes large, and classes as int64."""
    renamed = {f"X{key[1:]}" if key == "x" or key.startswith("x_") else key: array for key, array in arrays.items()}
    if len(renamed) < len(arrays):
        raise ValueError(f"{name} names an array both with a small and a large x")
    target = renamed.get("y", renamed.get("y_train"))
    if task is None:
        task = "forecasting" if "train" in renamed else "structure" if target is None else "regression"
        task = "classification" if target is not None and target.dtype.kind in "biu" and target.ndim == 1 else task
    if task == "classification":
        if target is None or any(key in renamed and renamed[key].dtype.kind not in "biu" for key in ("y", "y_train", "y_test")):
            raise ValueError(f"{name} has no y of whole numbers, where classes are wanted")
        renamed = {key: array.astype(np.int64) if key in {"y", "y_train", "y_test"} else array for key, array in renamed.items()}
    return Found(renamed, task)


def _idx_file(folder: Path, name: str) -> Path | None:
    return next((place for place in (folder / name, folder / f"{name}.gz") if place.is_file()), None)


def _idx_folder(folder: Path) -> Found:
    arrays = {}
    for key, part in IDX_PARTS.items():
        place = _idx_file(folder, part)
        if place is None:
            raise ValueError(f"{folder} has no {part}, with or without .gz")
        arrays[key] = own_formats.unsigned_bytes(place.read_bytes(), str(place))
    for part in ("train", "test"):
        X, y = arrays[f"X_{part}"], arrays[f"y_{part}"]
        if y.ndim != 1 or len(X) != len(y) or X.shape[1:] != arrays["X_train"].shape[1:]:
            raise ValueError(f"{folder} holds images of shape {X.shape} and labels of shape {y.shape}, which do not belong together")
        arrays[f"y_{part}"] = y.astype(np.int64)
    return Found(arrays, "classification")
