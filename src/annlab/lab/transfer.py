"""Carry stored jobs between machines in zip files: export some, import what is new."""

import os
import re
import shutil
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from annlab.errors import UsageError
from annlab.lab.store import Store, why_unwritable
from annlab.lab.stored import DamagedJobError, StoredJob

__all__ = ["Imported", "export_jobs", "import_jobs"]

_MEMBER = re.compile(r"(?P<study>[A-Za-z0-9][\w.-]*)/(?P<key>[0-9a-f]{64})/(?P<file>run\.json|arrays\.safetensors|models/\d+/[\w.+ /-]+)")
_OVERHEAD = 512  # bytes of a zip file's directory for each member, generously


@dataclass(frozen=True)
class Imported:
    """How many jobs of a file were new, were there already, or were refused, with the reasons."""

    new: int
    known: int
    refused: tuple[str, ...]


def export_jobs(
    store: Store,
    path: Path | str,
    *,
    studies: Iterable[str] | None = None,
    models: bool = False,
    part_bytes: int | None = None,
) -> list[Path]:
    """Write stored jobs to a zip file, or to several that are each complete.

    Args:
        store: the store.
        path: the file; the parts of a split export are called ``name-1.zip``, ``name-2.zip``, ...
        studies: names of studies; all by default.
        models: whether models travel too.
        part_bytes: begin a new file before one grows beyond so many bytes; a larger job has a file to itself.

    Returns:
        The files written.

    Raises:
        UsageError: where nothing is stored, or the file cannot be written.
    """
    target = Path(path).expanduser()
    names = list(studies) if studies is not None else [None]
    parts: list[list[tuple[StoredJob, list[Path]]]] = [[]]
    filled = 0
    for job in (job for name in names for job in store.jobs(name)):
        files = [file for file in sorted(job.folder.rglob("*")) if file.is_file() and (models or file.parent == job.folder)]
        size = sum(file.stat().st_size + _OVERHEAD for file in files)
        if part_bytes is not None and parts[-1] and filled + size > part_bytes:
            parts.append([])
            filled = 0
        parts[-1].append((job, files))
        filled += size
    if not parts[0]:
        raise UsageError(f"nothing is stored{' of ' + ', '.join(map(str, names)) if studies is not None else ''} in {store.root}")
    written = []
    for number, jobs in enumerate(parts, start=1):
        file = target if len(parts) == 1 else target.with_name(f"{target.stem}-{number}{target.suffix or '.zip'}")
        written.append(_write(file, jobs))
    return written


def import_jobs(store: Store, path: Path | str) -> Imported:
    """Merge the jobs of a zip file into the store by key; what is stored already stays.

    Every job is checked before it is taken: its key against its content, its arrays against their checksum. Members with other
    than the store's own names are refused.

    Raises:
        UsageError: where the file is not such a file, or the store cannot be written.
    """
    source = Path(path).expanduser()
    store.prepare()
    new, known, refused = 0, 0, []
    try:
        with zipfile.ZipFile(source) as archive:
            jobs: dict[tuple[str, str], list[tuple[zipfile.ZipInfo, str]]] = {}
            for member in archive.infolist():
                match = _MEMBER.fullmatch(member.filename)
                if match is None or ".." in member.filename:
                    refused.append(f"{member.filename!r} is no part of a job")
                else:
                    jobs.setdefault((match["study"], match["key"]), []).append((member, match["file"]))
            for (study, key), members in jobs.items():
                staged = store.staging / f"{key}-{os.getpid()}"
                try:
                    _unpack(archive, members, staged, study)
                except (DamagedJobError, FileNotFoundError, zipfile.BadZipFile, EOFError) as error:
                    refused.append(str(error))
                    shutil.rmtree(staged, ignore_errors=True)
                    continue
                taken = store.adopt(study, key, staged)
                new, known = new + taken, known + (not taken)
    except (zipfile.BadZipFile, FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"{source} is not a file that `annlab store export` wrote: {error}") from error
    except OSError as error:
        raise why_unwritable(store.root, error) from error
    return Imported(new, known, tuple(refused))


def _unpack(archive: zipfile.ZipFile, members: list[tuple[zipfile.ZipInfo, str]], staged: Path, study: str) -> None:
    """Write the members of one job to the disk and check what they say."""
    shutil.rmtree(staged, ignore_errors=True)
    for member, name in members:
        place = staged / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, place.open("wb") as file:
            shutil.copyfileobj(packed, file)
            file.flush()
            os.fsync(file.fileno())
    job = StoredJob.read(staged)
    job.check()
    if job.study != study:
        raise DamagedJobError(f"{job.key[:10]} is a job of {job.study!r}, not of {study!r}")


def _write(file: Path, jobs: list[tuple[StoredJob, list[Path]]]) -> Path:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for job, files in jobs:
                for member in files:
                    archive.write(member, f"{job.study}/{job.key}/{member.relative_to(job.folder).as_posix()}")
        part.replace(file)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise UsageError(f"{file} cannot be written: {error.strerror or error}") from error
    return file
