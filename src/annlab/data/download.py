"""Download of one file: several addresses in turn, each retried, a temporary name, the checksum before the real name."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from annlab.data.entry import DataError, File

__all__ = ["Progress", "fetch", "lock"]

Progress = Callable[[str, int, int], None]
"""Called as ``progress(file, bytes done, bytes in all)``."""

RETRIES = 1
SECONDS_TO_ANSWER = 20
PIECE = 1 << 16


def fetch(file: File, folder: Path, progress: Progress | None, otherwise: str) -> None:
    """Downloads `file` into `folder`, where it appears whole and verified or not at all.

    Args:
        file: the file, with its addresses.
        folder: made where needed.
        progress: called during the download.
        otherwise: what the user can do instead, the end of the error's sentence.

    Raises:
        DataError: where no address gives the right bytes; the sentence names the hosts tried and what each answered.
    """
    import pooch
    import requests

    logger = pooch.get_logger()
    level = logger.level
    failures = []
    for address in file.sources:
        bar = _Bar(file, progress) if progress else False
        downloader = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=PIECE,
            timeout=SECONDS_TO_ANSWER,
            headers={"Accept-Encoding": "identity"},  # or a server may unpack the .gz on its way
        )
        store = pooch.create(
            path=folder,
            base_url="",
            registry={file.name: f"sha256:{file.sha256}"},
            urls={file.name: address},
            retry_if_failed=RETRIES,
        )
        logger.setLevel("ERROR")
        try:
            store.fetch(file.name, downloader=downloader)
        except (requests.exceptions.RequestException, ValueError) as error:
            failures.append(f"{urlsplit(address).hostname} ({_reason(error)})")
        except OSError as error:
            raise DataError(f"{file.name} cannot be written into {folder}: {error.strerror or error}") from error
        else:
            return
        finally:
            logger.setLevel(level)
    raise DataError(f"{file.name} could not be fetched from {', '.join(failures)}; try again later, or {otherwise}")


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Holds `folder` for one process at a time; the operating system lets go when a process dies.

    Where files cannot be locked (Windows, some network drives) processes do not wait, and the renames alone keep files whole.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a")
    except OSError as error:
        raise DataError(f"annlab cannot write into {folder}: {error.strerror}; set ANNLAB_HOME to a folder it may write") from error
    with handle:
        if sys.platform != "win32":
            import fcntl

            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class _Bar:
    """What pooch takes for a progress bar, telling `progress` the bytes done."""

    def __init__(self, file: File, progress: Progress) -> None:
        self.file, self.progress = file, progress
        self.total = file.size
        self.done = 0

    def update(self, count: int) -> None:
        self.done = min(self.done + count, self.file.size)
        self.progress(self.file.name, self.done, self.file.size)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        self.progress(self.file.name, self.file.size, self.file.size)


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "no connection"
    return "gave other bytes" if isinstance(error, ValueError) and not isinstance(error, OSError) else "broke off"
