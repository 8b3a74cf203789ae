"""What the lab is fed: named data sets, their files, generators and splits.

>>> from annlab import data
>>> surface = data.load("noisy_surface")
>>> surface["X"].shape, surface.side
((1600, 2), 40)
"""

from annlab.data.entry import Array, DataError, Dataset, Entry, File, Status
from annlab.data.sets import check, describe, fetch, identity, load, names, path, status
from annlab.data.splits import holdout, kfold
from annlab.data.tensors import as_tensor

__all__ = [
    "Array",
    "DataError",
    "Dataset",
    "Entry",
    "File",
    "Status",
    "as_tensor",
    "check",
    "describe",
    "fetch",
    "holdout",
    "identity",
    "kfold",
    "load",
    "names",
    "path",
    "status",
]
