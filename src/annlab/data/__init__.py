"""What the lab is fed: named data sets, their files, generators, splits and lag windows.

>>> from annlab import data
>>> surface = data.load("noisy_surface")
>>> surface["X"].shape, surface.side
((1600, 2), 40)
"""

from annlab.data.demands import require
from annlab.data.entry import Array, DataError, Dataset, Entry, File, Status
from annlab.data.own import add
from annlab.data.sets import check, describe, fetch, identity, load, names, path, status
from annlab.data.splits import consecutive, holdout, kfold, most_folds, time_series
from annlab.data.tensors import as_tensor
from annlab.data.windows import lag_windows, last_window

__all__ = [
    "Array",
    "DataError",
    "Dataset",
    "Entry",
    "File",
    "Status",
    "add",
    "as_tensor",
    "check",
    "consecutive",
    "describe",
    "fetch",
    "holdout",
    "identity",
    "kfold",
    "lag_windows",
    "last_window",
    "load",
    "most_folds",
    "names",
    "path",
    "require",
    "status",
    "time_series",
]
