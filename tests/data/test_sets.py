"""The data room's functions by name: what they say, and what they leave alone."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from annlab import data
from annlab.data.registry import ENTRIES
from annlab.errors import UsageError

NAMES = [
    *("breast_cancer", "cifar10", "climate", "course_regression", "digits28", "five_surfaces", "gaussian", "ionosphere", "iris", "laser"),
    *("mnist", "noisy_surface", "pima", "santa_fe", "seasonal", "shapes32", "sparse_linear", "two_moons"),
]
STAND_INS = {
    "breast_cancer": ("ionosphere", "pima"),
    "digits28": ("mnist",),
    "five_surfaces": ("course_regression",),
    "laser": ("santa_fe",),
    "seasonal": ("climate",),
    "shapes32": ("cifar10",),
}


def test_the_names():
    assert data.names() == NAMES
    assert all(ENTRIES[name].name == name for name in NAMES)


@pytest.mark.parametrize("call", [data.describe, data.load, data.status, data.fetch, data.check, data.path, data.identity])
def test_an_unknown_name_is_refused_with_the_nearest(call):
    with pytest.raises(UsageError, match="unknown data set 'minst'; did you mean 'mnist'"):
        call("minst")


def test_describing_touches_nothing(home):
    identities = {data.identity(name) for name in NAMES}
    assert len(identities) == len(NAMES)
    assert data.identity("noisy_surface") == "noisy_surface/v1"
    assert re.fullmatch("mnist/v1/sha256:[0-9a-f]{64}", data.identity("mnist"))
    for name in NAMES:
        data.describe(name), data.status(name), data.path(name)
    assert not home.exists()


def test_every_entry_is_complete():
    for entry in ENTRIES.values():
        assert (entry.generate is None) == bool(entry.files)
        assert (entry.read is None) == (not entry.files)
        assert all((entry.title, entry.task, entry.units, entry.source, entry.citation, entry.licence, entry.folder, entry.arrays))
        assert entry.task in {"regression", "classification", "forecasting", "structure"}
        assert (entry.stand_in is None) == (not entry.stands_in_for) == entry.real
        assert entry.real or entry.stand_in.endswith(".")
        first = next(iter(entry.arrays.values()))
        assert not entry.columns or len(entry.columns) == len(set(entry.columns)) == first.shape[1]
        for real in entry.stands_in_for:
            assert ENTRIES[real].real
            assert ENTRIES[real].task == entry.task
            assert set(ENTRIES[real].arrays) - {"missing"} <= set(entry.arrays)
        for file in (*entry.files, *filter(None, [entry.archive])):
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            assert len(set(file.sources)) == len(file.sources)
            assert all(re.fullmatch(r"https?://[a-z0-9.-]+/\S+", source) for source in file.sources)
    assert {len(file.sources) for file in ENTRIES["mnist"].files} == {3}
    without_address = {entry.name for entry in ENTRIES.values() if any(not file.sources for file in entry.files) and not entry.archive}
    assert without_address == {"course_regression", "santa_fe"}


def test_generated_sets_are_declared_by_checksum_or_vary_in_the_last_bit():
    assert [name for name in NAMES if ENTRIES[name].generated and not ENTRIES[name].sha256] == ["noisy_surface"]


@pytest.mark.parametrize("name", [name for name in NAMES if ENTRIES[name].generated])
def test_bundled_sets_load_offline_as_declared(name, monkeypatch):
    monkeypatch.setenv("ANNLAB_OFFLINE", "1")
    assert data.fetch(name) == data.path(name)
    dataset, entry = data.load(name), data.describe(name)
    assert {key: (array.shape, array.dtype.name) for key, array in dataset.arrays.items()} == {
        key: (array.shape, array.dtype) for key, array in entry.arrays.items()
    }
    assert data.status(name) == data.Status(name, True, None, sum(array.nbytes for array in dataset.arrays.values()), entry.stand_in)
    assert data.check(name) == [(name, True, "computed, version 1")]
    assert list(dataset) == list(entry.arrays)
    assert len(dataset) == len(entry.arrays)


def test_stand_ins_say_what_they_are():
    assert "not MNIST" in data.load("digits28").stand_in
    assert "not the course's" in data.load("five_surfaces").stand_in
    assert data.load("noisy_surface").stand_in is None
    assert {name: data.describe(name).stands_in_for for name in NAMES if not data.describe(name).real} == STAND_INS


def test_a_dataset_answers_by_name():
    dataset = data.load("noisy_surface")
    assert dataset["y"] is dataset.arrays["y"]
    assert dataset.side == 40
    with pytest.raises(KeyError, match="data set 'noisy_surface' has no array 'z'; it has X, y"):
        dataset["z"]
    with pytest.raises(UsageError, match="unknown noisy_surface column 'x'; choose from nothing: none exist"):
        dataset.column("x")
    with pytest.raises(ValueError, match="'five_surfaces' form no square grid"):
        data.load("five_surfaces").side  # noqa: B018  (asking for it is the test)
    assert repr(dataset) == "Dataset(name='noisy_surface')"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(dataset))["y"], dataset["y"])


def test_a_column_is_a_view_by_name():
    seasonal = data.load("seasonal")
    column = seasonal.column("northern coast")
    assert np.shares_memory(column, seasonal["temperature"])
    np.testing.assert_array_equal(column, seasonal["temperature"][:, 2])
    with pytest.raises(UsageError, match="did you mean 'northern coast'"):
        seasonal.column("northern cost")


def test_status_check_and_path_of_what_is_missing(home):
    assert data.status("mnist") == data.Status("mnist", False, None, 11_594_722, None)
    assert data.path("mnist") == home / "data" / "mnist"
    rows = data.check("mnist")
    assert [name for name, _, _ in rows] == [file.name for file in ENTRIES["mnist"].files]
    assert not any(sound for _, sound, _ in rows)
    assert all("is missing" in detail for _, _, detail in rows)


def test_a_set_with_one_file_missing_is_not_available(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNLAB_DATA_DIR", str(tmp_path))
    files = ENTRIES["mnist"].files
    for file in files:
        with (tmp_path / file.name).open("wb") as stream:
            stream.truncate(file.size)
    assert data.status("mnist").available
    assert data.status("mnist").where == tmp_path.resolve()
    (tmp_path / files[2].name).unlink()
    assert not data.status("mnist").available
    assert data.status("mnist").where == tmp_path.resolve()


def test_importing_the_data_room_loads_numpy_alone():
    code = "import sys, annlab.data as data; data.load('noisy_surface'); print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"torch", "scipy", "sklearn", "pandas", "pooch", "requests", "typer", "matplotlib"}
