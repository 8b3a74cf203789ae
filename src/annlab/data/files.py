"""Published files: found in the user's folders or annlab's own, verified against their checksum, fetched where missing."""

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path

from annlab import paths
from annlab.data import archives, download
from annlab.data.download import Progress
from annlab.data.entry import DataError, Entry, File

__all__ = ["Progress", "any_folder", "cache_folder", "check", "fetch", "folder_of", "missing", "verified"]


def cache_folder(entry: Entry) -> Path:
    """Folder of annlab's own for the files of a set: downloads land here, and a user may put files here too."""
    return paths.home() / "data" / entry.folder


def folder_of(entry: Entry) -> Path | None:
    """Folder of the set's first file, or of its archive; None unless a copy of the right size of every file or of the archive is there."""
    places = [next((place for place in _places(entry, file) if _size(place) == file.size), None) for file in entry.files]
    if places and None not in places and places[0] is not None:
        return places[0].parent
    packed = entry.archive and next((place for place in _places(entry, entry.archive) if _size(place) == entry.archive.size), None)
    return packed.parent if packed else None


def any_folder(entry: Entry) -> Path | None:
    """Folder of the first copy of any of the files, sound or not."""
    return next((place.parent for file in _published(entry) for place in _places(entry, file) if place.is_file()), None)


def verified(entry: Entry) -> dict[str, bytes]:
    """Bytes of every file, each matching its checksum.

    Copies in the user's folders come first; a damaged one is named by a warning and passed over. A damaged one in annlab's own
    folder is moved aside and fetched again.

    Raises:
        DataError: where no sound copy is there and none can be fetched.
    """
    if entry.archive is None:
        return {file.name: _read(entry, file) for file in entry.files}
    contents = {}
    for file in entry.files:
        content, damaged = _search(entry, file)
        if content is not None:
            contents[file.name] = content
            continue
        for copy in damaged:
            warnings.warn(f"{_damage(file, copy)}; it is passed over", stacklevel=2)
        return _unpacked(entry, entry.archive)
    return contents


def fetch(entry: Entry, progress: Progress | None = None) -> None:
    """Fetches what `verified` would not find. Raises `DataError` as it does."""
    if entry.archive is not None and all(_search(entry, file)[0] is not None for file in entry.files):
        return
    for file in (entry.archive,) if entry.archive else entry.files:
        content, damaged = _search(entry, file)
        if content is None:
            _fetch_one(entry, file, damaged, progress)


def check(entry: Entry) -> list[tuple[str, bool, str]]:
    """``(file, sound, detail)`` for every copy, or for a file without one."""
    copies = {file: [place for place in _places(entry, file) if place.is_file()] for file in _published(entry)}
    if entry.archive and copies[entry.archive] and not any(copies[file] for file in entry.files):
        wanted: tuple[File, ...] = (entry.archive,)
    elif entry.archive and any(copies[file] for file in entry.files):
        wanted = entry.files if not copies[entry.archive] else _published(entry)
    else:
        wanted = (entry.archive,) if entry.archive else entry.files
    rows = []
    for file in wanted:
        rows += [_verdict(file, place) for place in copies[file]] or [(file.name, False, missing(entry, file))]
    return rows


def missing(entry: Entry, file: File) -> str:
    """One sentence: which file is missing, where it may be put by hand, which command fetches it."""
    if entry.own:
        return f"{file.name} of your data set {entry.name!r} is missing: add it again with `annlab data add {entry.name} ... --replace`"
    by_hand = f"put it into {cache_folder(entry)} or into a folder of ANNLAB_DATA_DIR"
    if not file.sources:
        return (
            f"{file.name} of data set {entry.name!r} is missing and has no public address: {by_hand} "
            f"({file.size} bytes, sha256 {file.sha256})"
        )
    return f"{file.name} of data set {entry.name!r} is missing: fetch it with `annlab data fetch {entry.name}`, or {by_hand}"


def _places(entry: Entry, file: File) -> Iterator[Path]:
    """Where a copy may lie, in the order of search."""
    for folder in () if entry.own else paths.data_folders():
        for name in (entry.folder, *entry.also):
            yield folder / name / file.name
        yield folder / file.name
    yield cache_folder(entry) / file.name


def _published(entry: Entry) -> tuple[File, ...]:
    return (*entry.files, entry.archive) if entry.archive else entry.files


def _unpacked(entry: Entry, archive: File) -> dict[str, bytes]:
    """Files of a set from the archive that holds them, each matching its checksum."""
    place = _sound_copy(entry, archive)
    contents = archives.members(place, archive.name, {file.name: file.size for file in entry.files})
    for file in entry.files:
        if not _matches(contents[file.name], file):
            raise DataError(f"{file.name} in {place} is not the published one, though the archive's sha256 is")
    return contents


def _sound_copy(entry: Entry, archive: File) -> Path:
    """Path of a sound copy of the archive; a damaged one of annlab's own is fetched again. Raises `DataError` where there is none."""
    sound = [place for place in _places(entry, archive) if place.is_file() and _checksum(place) == archive.sha256]
    if not sound:
        _read(entry, archive)
        return cache_folder(entry) / archive.name
    return sound[0]


def _read(entry: Entry, file: File) -> bytes:
    content, damaged = _search(entry, file)
    if content is not None:
        return content
    own = cache_folder(entry) / file.name
    if own in damaged:
        return _fetch_one(entry, file, damaged, None)
    if damaged:
        remedy = f"fetch a good one with `annlab data fetch {entry.name}`" if file.sources else "replace it by hand"
        raise DataError(f"{_damage(file, damaged[0])}; {remedy}")
    raise DataError(missing(entry, file))


def _search(entry: Entry, file: File) -> tuple[bytes | None, list[Path]]:
    """Bytes of the first sound copy or None, and the damaged copies before it; those a user keeps are named by a warning."""
    damaged: list[Path] = []
    for place in _places(entry, file):
        try:
            content = place.read_bytes()
        except OSError as error:
            if place.exists() and not place.is_dir():
                warnings.warn(f"{place} cannot be read and is passed over: {error.strerror}", stacklevel=2)
            continue
        if _matches(content, file):
            for copy in damaged:
                warnings.warn(f"{_damage(file, copy)}; it is passed over", stacklevel=2)
            return content, damaged
        damaged.append(place)
    return None, damaged


def _fetch_one(entry: Entry, file: File, damaged: list[Path], progress: Progress | None) -> bytes:
    """Downloads a file into annlab's own folder, a damaged copy there moved aside first; refuses before touching anything."""
    own = cache_folder(entry) / file.name
    state = _damage(file, damaged[0]) if damaged else missing(entry, file)
    if not file.sources:
        remedy = (
            f"add it again with `annlab data add {entry.name} ... --replace`"
            if entry.own
            else "replace it by hand: it has no public address"
        )
        raise DataError(f"{state}; {remedy}" if damaged else state)
    if paths.offline():
        raise DataError(f"{state}; ANNLAB_OFFLINE forbids fetching it")
    with download.lock(own.parent):
        content = own.read_bytes() if own.is_file() else b""
        if _matches(content, file):  # another process was faster
            return content
        if own.is_file():
            aside = own.with_name(own.name + ".damaged")
            own.replace(aside)
            warnings.warn(f"{own} is damaged: it was moved to {aside.name} and is fetched again", stacklevel=2)
        download.fetch(file, own.parent, progress, f"put it into {own.parent} by hand")
        return own.read_bytes()


def _matches(content: bytes, file: File) -> bool:
    return hashlib.sha256(content).hexdigest() == file.sha256


def _checksum(place: Path) -> str | None:
    """Checksum of a file that may be too large to hold, or None where it cannot be read."""
    try:
        with place.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _damage(file: File, place: Path) -> str:
    return f"{place} is damaged: its sha256 is not the one of {file.name}"


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        return -1


def _verdict(file: File, place: Path) -> tuple[str, bool, str]:
    try:
        sound = _matches(place.read_bytes(), file)
    except OSError as error:
        return file.name, False, f"{place} cannot be read: {error.strerror}"
    return file.name, sound, f"{place} matches its sha256" if sound else _damage(file, place)
