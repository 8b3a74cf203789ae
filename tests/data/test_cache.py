"""Decoded arrays: written once and whole, shared as maps, rebuilt when broken, apart for each checksum and version."""

from dataclasses import replace

import numpy as np
import pytest

from annlab import data
from annlab.data import DataError, cache
from annlab.data.registry import ENTRIES


def mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array


def counted(monkeypatch, name="noisy_surface"):
    """Counts how often the set is generated."""
    calls, entry = [], ENTRIES[name]
    monkeypatch.setitem(ENTRIES, name, replace(entry, generate=lambda: calls.append(1) or entry.generate()))
    return calls


def test_a_set_is_built_once_and_then_opened_as_the_same_map(monkeypatch):
    calls = counted(monkeypatch)
    first, second = data.load("noisy_surface"), data.load("noisy_surface")
    assert len(calls) == 1
    for name in first:
        assert type(first[name]) is np.ndarray
        assert mapped(first[name]).filename == mapped(second[name]).filename
        np.testing.assert_array_equal(first[name], second[name])
        with pytest.raises(ValueError, match="read-only"):
            first[name][0] = 0


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "text", "shape", "type"])
def test_broken_arrays_are_built_again(monkeypatch, damage):
    calls = counted(monkeypatch)
    good = data.load("noisy_surface")["X"].copy()
    file = cache.folder_of(data.describe("noisy_surface")) / "X.npy"
    if damage == "gone":
        file.unlink()
    elif damage in {"shape", "type"}:
        np.save(file, good[:-1] if damage == "shape" else good.astype(np.float32))
    else:
        file.write_bytes({"cut": file.read_bytes()[:1_000], "empty": b"", "text": b"text" * 100}[damage])
    np.testing.assert_array_equal(data.load("noisy_surface")["X"], good)
    assert len(calls) == 2
    assert mapped(data.load("noisy_surface")["X"]) is not None
    assert [path.name for path in file.parent.parent.iterdir()] == [file.parent.name]


def test_a_new_version_or_checksum_is_a_new_identity_and_folder(toy):
    entry = toy()
    other = replace(entry, files=(replace(entry.files[0], sha256="0" * 64),))
    entries = [entry, replace(entry, version=2), other, replace(entry, name="doll")]
    assert len({cache.identity(each) for each in entries}) == 4
    assert len({cache.folder_of(each) for each in entries}) == 4
    moved = replace(entry, title="Another title", files=(replace(entry.files[0], sources=("http://elsewhere.example/",)),))
    assert cache.identity(moved) == cache.identity(entry)


def test_decoded_arrays_outlive_their_file(toy, home, content):
    toy()
    own = home / "data" / "toys" / "toy.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(content)
    data.load("toy")
    own.unlink()
    assert data.load("toy")["X"][-1, -1] == 1_999
    assert data.status("toy").available
    assert data.status("toy").where == cache.folder_of(data.describe("toy"))


def test_without_a_writable_home_the_arrays_stay_in_memory(monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv("ANNLAB_HOME", str(tmp_path / "occupied"))
    dataset = data.load("noisy_surface")
    assert mapped(dataset["X"]) is None
    assert not dataset["X"].flags.writeable
    assert dataset["X"].shape == (1_600, 2)


def test_a_reader_that_gives_other_arrays_than_declared_is_refused(toy, home, content):
    own = home / "data" / "toys" / "toy.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(content)
    toy(read=lambda contents: {"X": np.zeros(3)})
    with pytest.raises(DataError, match=r"data set 'toy' came out as .*\(3,\).* where .*\(1000, 2\).* is declared"):
        data.load("toy")

    def refuse(contents):
        raise ValueError("toy.bin is nonsense")

    toy(read=refuse)
    with pytest.raises(DataError, match=r"data set 'toy' cannot be read: toy\.bin is nonsense"):
        data.load("toy")
    assert not cache.is_decoded(data.describe("toy"))


def test_the_process_that_comes_second_keeps_the_first_ones_arrays():
    entry = data.describe("noisy_surface")
    built = cache.build(entry)
    data.load("noisy_surface")
    before = (cache.folder_of(entry) / "X.npy").stat().st_ino
    with pytest.raises(OSError, match=r"."):
        cache._store(entry, built)
    assert (cache.folder_of(entry) / "X.npy").stat().st_ino == before
    assert len(list(cache.folder_of(entry).parent.iterdir())) == 1
