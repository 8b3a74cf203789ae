"""Members of a published archive: read one by one into memory, never unpacked onto the disk."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, cast

__all__ = ["members"]

SPARE = 1 << 20


class _RefusedError(ValueError):
    """An archive whose members are not as declared; the message is whole."""


def members(source: Path | bytes, name: str, sizes: Mapping[str, int]) -> dict[str, bytes]:
    """Contents of the named members of a gzip-compressed tar archive.

    A member is known by the last part of its path, and must be a plain file of just the given size. Folders, links and files of
    other names are passed over, whatever their paths say. Reading stops as soon as all members are found, and fails once much
    more than their sizes has been unpacked, so that a small archive cannot fill the memory.

    Args:
        source: the archive's path or bytes.
        name: its name for the errors.
        sizes: bytes of each member by file name.

    Raises:
        ValueError: for bytes that are no such archive, and for a member that is missing, cut off, of another size or there twice.
    """
    found: dict[str, bytes] = {}
    try:
        packed = source if isinstance(source, Path) else io.BytesIO(source)
        with gzip.open(packed, "rb") as stream:
            limited = cast("IO[bytes]", _Limited(stream, name, 2 * sum(sizes.values()) + SPARE))
            with tarfile.open(fileobj=limited, mode="r|") as archive:
                for member in archive:
                    short = PurePosixPath(member.name).name
                    if short in sizes and member.isreg():
                        found[short] = _content(archive, member, name, short, sizes[short], short in found)
                        if len(found) == len(sizes):
                            break
    except _RefusedError:
        raise
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, KeyError, IndexError) as error:
        raise ValueError(f"{name} is no whole gzip-compressed tar archive: {error}") from error
    lacking = [short for short in sizes if short not in found]
    if lacking:
        raise ValueError(f"{name} holds no {lacking[0]}")
    return {short: found[short] for short in sizes}


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, short: str, size: int, known: bool) -> bytes:
    if known:
        raise _RefusedError(f"{name} holds {short} twice")
    if member.size != size:
        raise _RefusedError(f"{name} holds {short} with {member.size} bytes, where {size} are declared")
    stream = archive.extractfile(member)
    content = stream.read() if stream else b""
    if len(content) != size:
        raise _RefusedError(f"{name} ends within {short}")
    return content


class _Limited:
    """A stream to read from that gives no more than `limit` bytes."""

    def __init__(self, stream: gzip.GzipFile, name: str, limit: int) -> None:
        self._stream, self._name, self._left = stream, name, limit

    def read(self, count: int) -> bytes:
        """Up to `count` further bytes."""
        self._left -= count
        if self._left < 0:
            raise _RefusedError(f"{self._name} holds much more than the members asked for")
        return self._stream.read(count)
