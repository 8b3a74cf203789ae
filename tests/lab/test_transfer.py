import zipfile

import numpy as np
import pytest
from lab_tools import edit_json, put, store_bits, toy

from annlab.errors import UsageError
from annlab.lab import Outcome, Store
from annlab.lab.jobs import Job
from annlab.lab.run import run_many
from annlab.lab.transfer import export_jobs, import_jobs


@pytest.fixture
def filled(store):
    run_many([toy("toy"), toy("toy-stacked")], store=store, workers=0)
    return store


@pytest.fixture
def other(tmp_path):
    return Store(tmp_path / "other")


def test_jobs_come_home_bit_for_bit_and_only_once(filled, other, tmp_path):
    [file] = export_jobs(filled, tmp_path / "jobs.zip")
    assert import_jobs(other, file).new == 16
    assert store_bits(other) == store_bits(filled)
    again = import_jobs(other, file)
    assert (again.new, again.known, again.refused) == (0, 16, ())
    assert list(other.staging.iterdir()) == []


def test_an_import_merges_and_what_is_stored_stays(filled, other, tmp_path):
    job = next(filled.jobs("toy"))
    mine = Job("toy", 1, job.info["spec"]["params"], job.replicates)
    assert mine.key == job.key
    put(other, mine, [Outcome({"mean": 42.0})])
    [file] = export_jobs(filled, tmp_path / "jobs.zip", studies=["toy"])
    done = import_jobs(other, file)
    assert (done.new, done.known) == (11, 1)
    assert other.read("toy", mine.key).outcome(mine.replicates[0]).metrics == {"mean": 42.0}


def test_a_split_export_is_a_number_of_whole_files(filled, other, tmp_path):
    files = export_jobs(filled, tmp_path / "jobs.zip", part_bytes=12_000)
    assert len(files) > 2
    assert [file.name for file in files[:2]] == ["jobs-1.zip", "jobs-2.zip"]
    assert all(file.stat().st_size <= 12_000 for file in files)
    assert sum(import_jobs(other, file).new for file in reversed(files)) == 16
    assert store_bits(other) == store_bits(filled)


class Model:
    def save(self, path):
        path.mkdir()
        (path / "weights").write_bytes(b"w" * 100)


def test_models_travel_on_request(store, other, tmp_path):
    put(store, Job("toy", 1, {}, (0,)), [Outcome({"m": 1.0}, models={"net": Model()})])
    for models in (False, True):
        [file] = export_jobs(store, tmp_path / "jobs.zip", models=models)
        assert import_jobs(other, file).new == (not models)
        assert len(list(other.root.glob("toy/*/models/0/net/weights"))) == models


def rewrite(source, target, change):
    """Copy a zip file, each member's name and bytes changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            for name, data in change(member.filename, old.read(member)):
                new.writestr(name, data)
    return target


@pytest.fixture
def small(store, tmp_path):
    put(store, Job("toy", 1, {"level": 1.0}, (0,)), [Outcome({"m": 1.0}, arrays={"a": np.ones(4)})])
    return export_jobs(store, tmp_path / "small.zip")[0]


KEY = "a" * 64


@pytest.mark.parametrize(
    "name", ["../evil", "toy/../../evil", "/evil", "toy/k/run.json", ".staging/x", f"toy/{KEY}/evil", f"toy/{KEY}/models/0/../../run.json"]
)
def test_names_that_are_no_part_of_a_job_are_refused(small, other, tmp_path, name):
    file = rewrite(small, tmp_path / "bad.zip", lambda member, data: [(member, data), (name, b"x")][: 1 + member.endswith("run.json")])
    done = import_jobs(other, file)
    assert done.new == 1
    assert len(done.refused) == 1
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "change",
    [
        lambda member, data: [(member, data.replace(b'"level": 1.0', b'"level": 2.0'))],
        lambda member, data: [(member, data[:-1] + b"\x01" if member.endswith("safetensors") else data)],
        lambda member, data: [(member, data[:-1])],
        lambda member, data: [] if member.endswith("run.json") else [(member, data)],
        lambda member, data: [(member.replace("toy/", "yot/"), data)],
        lambda member, data: [(member.replace("/", "/" + "0" * 64 + "/").replace(member.split("/")[1] + "/", ""), data)],
    ],
    ids=["parameters", "arrays", "short", "no run.json", "study", "key"],
)
def test_a_job_that_does_not_agree_with_itself_is_refused(small, other, tmp_path, change):
    done = import_jobs(other, rewrite(small, tmp_path / "bad.zip", change))
    assert done.new == done.known == 0
    assert done.refused
    assert list(other.jobs()) == []
    assert list(other.staging.iterdir()) == []


def test_files_that_are_none_and_empty_stores_are_one_sentence(store, other, tmp_path, small):
    (tmp_path / "text").write_text("no zip")
    for path in (tmp_path / "text", tmp_path / "absent", tmp_path):
        with pytest.raises(UsageError, match="is not a file that `annlab store export` wrote"):
            import_jobs(other, path)
    with pytest.raises(UsageError, match="nothing is stored"):
        export_jobs(other, tmp_path / "jobs.zip")
    with pytest.raises(UsageError, match="nothing is stored of toi"):
        export_jobs(store, tmp_path / "jobs.zip", studies=["toi"])
    with pytest.raises(UsageError, match="cannot be written"):
        export_jobs(store, tmp_path / "text" / "jobs.zip")


def test_a_damaged_job_stays_at_home(filled, tmp_path):
    damaged = next(filled.jobs("toy"))
    edit_json(damaged.folder / "run.json", lambda held: held.pop("outcomes"))
    [file] = export_jobs(filled, tmp_path / "jobs.zip")
    with zipfile.ZipFile(file) as archive:
        assert not [name for name in archive.namelist() if damaged.key in name]
