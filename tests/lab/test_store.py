import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from lab_tools import put

from annlab.errors import UsageError
from annlab.lab import Outcome, Store
from annlab.lab.jobs import Failure, Job
from annlab.lab.store import why_unwritable

JOB = Job("toy", 1, {"level": 0.5}, (0,))
OTHER = Job("toy", 1, {"level": 1.0}, (0,))
ELSEWHERE = Job("toy-two", 1, {"level": 1.0}, (0,))
FAILURE = Failure(JOB.key, "toy", "trial", {"level": 0.5}, (0,), "raised", "ZeroDivisionError: x", "Traceback ...", digest="d")


def stage(store, name, **files):
    folder = store.staging / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text)
    return folder


def dead_pid():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_the_default_store_is_in_the_home_folder(fresh_home):
    store = Store()
    assert store.root == fresh_home / "runs"
    assert store.scratch("k") == fresh_home / "scratch" / "k"
    assert not fresh_home.exists()
    assert list(store.jobs()) == []


def test_a_job_is_read_back_and_its_failure_and_scratch_go(store):
    store.commit_failure(FAILURE)
    store.scratch(JOB.key).mkdir(parents=True)
    assert store.failure("toy", JOB.key) == FAILURE
    assert store.read("toy", JOB.key) is None
    stored = put(store, JOB, [Outcome({"m": 1.0})])
    assert stored.outcome(0).metrics == {"m": 1.0}
    assert store.failure("toy", JOB.key) is None
    assert not store.scratch(JOB.key).exists()
    assert list(store.staging.iterdir()) == []


def test_what_stands_in_a_place_wins_unless_it_is_to_be_replaced(store):
    put(store, JOB, [Outcome({"m": 1.0})])
    assert put(store, JOB, [Outcome({"m": 2.0})]).outcome(0).metrics == {"m": 1.0}
    staged = stage(store, f"{JOB.key}-2", marker="new")
    store.commit(JOB, staged, replace=True)
    assert [path.name for path in store.folder("toy", JOB.key).iterdir()] == ["marker"]
    assert list(store.staging.iterdir()) == []


def test_models_that_a_stored_job_lacks_are_added(store):
    put(store, JOB, [Outcome({"m": 1.0})])
    staged = store.staging / f"{JOB.key}-2"
    (staged / "models/0/net").mkdir(parents=True)
    (staged / "models/0/net/weights").write_text("w")
    store.commit(JOB, staged)
    assert (store.folder("toy", JOB.key) / "models/0/net/weights").read_text() == "w"


def test_a_damaged_job_is_moved_aside_and_the_others_stay_readable(store):
    put(store, JOB, [Outcome({"m": 1.0})])
    put(store, OTHER, [Outcome({"m": 2.0})])
    (store.folder("toy", JOB.key) / "run.json").write_text("{")
    assert [job.key for job in store.jobs()] == [OTHER.key]
    assert len(store.notes) == 1
    assert "run.json cannot be read" in store.notes[0]
    assert "counts as missing" in store.notes[0]
    assert not store.folder("toy", JOB.key).exists()
    assert len(list((store.root / ".damaged/toy").iterdir())) == 1


def test_checking_finds_changed_arrays(store):
    stored = put(store, JOB, [Outcome(arrays={"a": np.ones(3)})])
    put(store, OTHER, [Outcome(arrays={"a": np.ones(3)})])
    path = stored.folder / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    assert store.check() == 1
    assert [job.key for job in store.jobs()] == [OTHER.key]


def test_a_damaged_failure_record_counts_as_none(store):
    store.commit_failure(FAILURE)
    next(store.root.glob("toy/.failed/*/error.json")).write_text("{")
    assert store.failure("toy", JOB.key) is None
    assert list(store.failures()) == []


def test_leftovers_of_dead_processes_are_cleared_and_those_of_living_ones_stay(store):
    gone, living = dead_pid(), os.getpid()
    stage(store, f"{JOB.key}-{gone}")
    stage(store, f"{OTHER.key}-{living}")
    (store.staging / f"{JOB.key}-{gone}.report").write_text("step 1")
    assert store.clear_staging() == 2
    assert [path.name for path in store.staging.iterdir()] == [f"{OTHER.key}-{living}"]


def test_finding_a_job_by_the_start_of_its_key(store):
    for job in (JOB, OTHER):
        put(store, job, [Outcome({"m": 1.0})])
    assert store.find(JOB.key[:12]).key == JOB.key
    for wrong in ("", "xyz"):
        with pytest.raises(UsageError, match="one stored job's key must start with"):
            store.find(wrong)


def test_pruning(store):
    for job in (JOB, OTHER, ELSEWHERE):
        put(store, job, [Outcome({"m": 1.0})])
    store.commit_failure(FAILURE)
    stage(store, f"{JOB.key}-{dead_pid()}")
    assert store.prune("toy-two") == 1  # the staging leftover is nobody's
    assert store.prune() == 1
    assert len(list(store.jobs())) == 3
    assert store.prune(stale={OTHER.key}) == 1
    assert {job.key for job in store.jobs()} == {JOB.key, ELSEWHERE.key}
    with pytest.raises(UsageError, match="needs the name of a study"):
        store.prune(everything=True)
    assert store.prune("toy", everything=True) == 1
    assert [path.name for path in store.root.glob("[!.]*")] == ["toy-two"]


def test_a_full_disk_and_a_forbidden_folder_are_one_sentence(store, monkeypatch):
    assert "is full" in str(why_unwritable(store.root, OSError(errno.ENOSPC, "No space left on device")))

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)
    with pytest.raises(UsageError, match=r"cannot be written \(Permission denied\); set ANNLAB_HOME"):
        store.prepare()


def test_a_store_under_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        Store(tmp_path / "file" / "runs").prepare()
