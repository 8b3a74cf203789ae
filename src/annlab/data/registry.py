"""The registry: every data set of annlab's by name. Those that a user registered are in `annlab.data.own`."""

from annlab.data.computed import COMPUTED
from annlab.data.entry import Entry
from annlab.data.published import PUBLISHED

__all__ = ["ENTRIES"]

ENTRIES: dict[str, Entry] = {entry.name: entry for entry in (*PUBLISHED, *COMPUTED)}
