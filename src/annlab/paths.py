"""Where annlab keeps things and looks for them: one home folder, a list of data folders, one switch for the network."""

import os
from pathlib import Path

__all__ = ["data_folders", "home", "offline"]


def home() -> Path:
    """Folder of everything annlab writes: ``ANNLAB_HOME``, or the platform's user data folder."""
    given = os.environ.get("ANNLAB_HOME")
    if given:
        return Path(given).expanduser().resolve()
    from platformdirs import user_data_path

    return user_data_path("annlab")


def data_folders() -> list[Path]:
    """Folders of ``ANNLAB_DATA_DIR`` (separated as in ``PATH``), read first and never written."""
    given = os.environ.get("ANNLAB_DATA_DIR", "")
    return [Path(part).expanduser().resolve() for part in given.split(os.pathsep) if part]


def offline() -> bool:
    """Whether ``ANNLAB_OFFLINE`` forbids the network."""
    return os.environ.get("ANNLAB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
