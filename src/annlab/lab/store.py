"""Where computed jobs are kept: ``runs/<study>/<key>/``, written aside and renamed whole, so that no half job is ever read."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from annlab.errors import UsageError
from annlab.lab.jobs import Failure, Job
from annlab.lab.stored import DamagedJobError, StoredJob, now, write_json
from annlab.paths import home

__all__ = ["Store", "why_unwritable"]


class Store:
    """The jobs computed so far.

    A job's folder holds ``run.json``, ``arrays.safetensors`` and ``models/``. A failure is kept as
    ``<study>/.failed/<key>/error.json``, a damaged job is moved to ``.damaged``, and unfinished writing stays in ``.staging``.

    Args:
        root: its folder; ``runs`` in annlab's home by default. It is made when something is written.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self._own = root is None
        self.root = home() / "runs" if root is None else Path(root).expanduser().resolve()
        self.notes: list[str] = []

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    @property
    def is_elsewhere(self) -> bool:
        """Whether it has a root of its own, away from annlab's home."""
        return not self._own

    def folder(self, study: str, key: str) -> Path:
        """Folder of a job."""
        return self.root / study / key

    def scratch(self, key: str) -> Path:
        """Working folder of a job that survives a kill; it is removed when the job is stored."""
        return (home() / "scratch" if self._own else self.root / ".scratch") / key

    def read(self, study: str, key: str) -> StoredJob | None:
        """The stored job, or None. A damaged one is moved aside, noted in `notes`, and counts as missing."""
        folder = self.folder(study, key)
        try:
            return StoredJob.read(folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except DamagedJobError as error:
            self.set_aside(folder, str(error))
            return None

    def failure(self, study: str, key: str) -> Failure | None:
        """The recorded failure of a job, or None."""
        try:
            held = json.loads((self._failed(study, key) / "error.json").read_bytes())
            return Failure(**{**held, "replicates": tuple(held["replicates"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def jobs(self, study: str | None = None) -> Iterator[StoredJob]:
        """Every stored job, of one study or of all."""
        for folder in self._job_folders(study):
            found = self.read(folder.parent.name, folder.name)
            if found is not None:
                yield found

    def failures(self, study: str | None = None) -> Iterator[Failure]:
        """Every recorded failure, of one study or of all."""
        for folder in sorted(self.root.glob(f"{study or '[!.]*'}/.failed/*")):
            found = self.failure(folder.parents[1].name, folder.name)
            if found is not None:
                yield found

    def find(self, key: str) -> StoredJob:
        """The stored job whose key starts so.

        Raises:
            UsageError: where there is none or several.
        """
        found = [folder for folder in self._job_folders(None) if folder.name.startswith(key)]
        if len(found) != 1:
            raise UsageError(f"one stored job's key must start with {key!r}, {len(found)} do")
        job = self.read(found[0].parent.name, found[0].name)
        if job is None:
            raise UsageError(self.notes[-1])
        return job

    def prepare(self) -> None:
        """Make the folders that writing needs, and clear what dead processes left there.

        Raises:
            UsageError: where the store cannot be written.
        """
        try:
            self.staging.mkdir(parents=True, exist_ok=True)
            probe = self.staging / f"probe-{os.getpid()}"
            probe.write_bytes(b"annlab")
            probe.unlink()
        except OSError as error:
            raise why_unwritable(self.root, error) from error
        self.clear_staging()

    @property
    def staging(self) -> Path:
        """Folder in which jobs are written before they are renamed."""
        return self.root / ".staging"

    def clear_staging(self) -> int:
        """Remove what processes that no longer live left in the staging folder; returns how many things."""
        removed = 0
        for path in self.staging.glob("*-*"):
            pid = path.name.rpartition("-")[2].partition(".")[0]
            if pid.isdigit() and not _alive(int(pid)):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                removed += 1
        return removed

    def commit(self, job: Job, staged: Path, *, replace: bool = False) -> None:
        """Put a finished folder in its place (see `adopt`), and remove the job's earlier failure and its working folder.

        Raises:
            UsageError: where the store cannot be written.
        """
        self.adopt(job.study, job.key, staged, replace=replace)
        for leftover in (self._failed(job.study, job.key), self.scratch(job.key)):
            shutil.rmtree(leftover, ignore_errors=True)

    def adopt(self, study: str, key: str, staged: Path, *, replace: bool = False) -> bool:
        """Rename a finished folder to its place. What stands there wins, gaining models that it lacks, unless `replace`.

        Returns:
            Whether the folder was taken.

        Raises:
            UsageError: where the store cannot be written.
        """
        target, old = self.folder(study, key), self.staging / f"old-{key}-{os.getpid()}"
        taken = True
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if replace and target.exists():
                target.replace(old)
            try:
                staged.rename(target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                taken = False
                _add_models(staged, target)
            _sync(target.parent)
        except OSError as error:
            raise why_unwritable(self.root, error) from error
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        return taken

    def commit_failure(self, failure: Failure) -> None:
        """Record why a job failed, in place of an earlier record."""
        folder = self._failed(failure.study, failure.key)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            staged = folder / f"error-{os.getpid()}.json"
            write_json(staged, asdict(failure))
            staged.replace(folder / "error.json")
        except OSError as error:
            raise why_unwritable(self.root, error) from error

    def set_aside(self, folder: Path, why: str) -> None:
        """Move a damaged job out of the way and note it; a store that cannot be written only notes it."""
        target = self.root / ".damaged" / folder.parent.name / f"{folder.name}-{now().replace(':', '')}-{os.getpid()}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.replace(target)
            self.notes.append(f"{why}; moved to {target}, the job counts as missing")
        except OSError:
            self.notes.append(f"{why}; the job counts as missing")

    def check(self, study: str | None = None) -> int:
        """Compare every job's arrays with their checksums, move damaged ones aside, and return how many were."""
        before = len(self.notes)
        for job in self.jobs(study):
            try:
                job.check()
            except (DamagedJobError, OSError) as error:
                self.set_aside(job.folder, str(error))
        return len(self.notes) - before

    def prune(self, study: str | None = None, *, stale: "set[str] | None" = None, failed: bool = True, everything: bool = False) -> int:
        """Remove failures, leftovers of dead processes, damaged jobs, and jobs by key; returns how many things.

        Args:
            study: only this study's.
            stale: keys of stale jobs, to be removed (see `annlab.lab.run.stale_keys`).
            failed: whether recorded failures go.
            everything: whether all jobs of the study go; then `study` must be given.
        """
        if everything and study is None:
            raise UsageError("removing every job needs the name of a study")
        doomed = [folder for folder in self._job_folders(study) if everything or folder.name in (stale or ())]
        if failed:
            doomed += self.root.glob(f"{study or '[!.]*'}/.failed/*")
        doomed += self.root.glob(f".damaged/{study or '*'}/*")
        for folder in doomed:
            shutil.rmtree(folder, ignore_errors=True)
        if study is not None and everything:
            with suppress(OSError):
                shutil.rmtree(self.root / study / ".failed", ignore_errors=True)
                (self.root / study).rmdir()
        return len(doomed) + self.clear_staging()

    def _failed(self, study: str, key: str) -> Path:
        return self.root / study / ".failed" / key

    def _job_folders(self, study: str | None) -> list[Path]:
        return sorted(path.parent for path in self.root.glob(f"{study or '[!.]*'}/[!.]*/run.json"))


def why_unwritable(root: Path, error: OSError) -> UsageError:
    """One sentence on why the store at `root` cannot be written and what helps."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UsageError(f"the disk of the store {root} is full; free some space or set ANNLAB_HOME to another folder")
    return UsageError(f"the store {root} cannot be written ({error.strerror or error}); set ANNLAB_HOME to a folder of yours")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _add_models(staged: Path, target: Path) -> None:
    for model in sorted(staged.glob("models/*/*")):
        place = target / model.relative_to(staged)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                model.rename(place)


def _sync(folder: Path) -> None:
    """Flush the renaming to the disk, where folders can be opened for that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
