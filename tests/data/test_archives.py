"""CIFAR-10's binary form and the archive it is published in: read member by member, never unpacked."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

from annlab import data
from annlab.data import DataError, archives, readers
from annlab.data.entry import Array, Entry, File
from annlab.data.registry import ENTRIES


def tar_gz(*members):
    """A gzip-compressed tar archive of (path, bytes) or (path, link target)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in members:
            member = tarfile.TarInfo(path)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_members_are_known_by_the_end_of_their_path_and_come_in_the_order_asked():
    content = tar_gz(("folder/b.bin", b"bb"), ("../../etc/other", b"x"), ("/abs/a.bin", b"aaa"))
    assert list(archives.members(content, "t.tar.gz", {"a.bin": 3, "b.bin": 2}).items()) == [("a.bin", b"aaa"), ("b.bin", b"bb")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no whole gzip-compressed tar archive"),
        (b"text", "is no whole gzip-compressed tar archive"),
        (gzip.compress(b"no tar at all" * 100), "is no whole gzip-compressed tar archive"),
        (tar_gz(("a.bin", b"aaa"))[:40], "is no whole gzip-compressed tar archive"),
        (tar_gz(("b.bin", b"aaa")), r"holds no a\.bin"),
        (tar_gz(("a.bin", "/etc/passwd")), r"holds no a\.bin"),
        (tar_gz(("a.bin", b"aa")), r"holds a\.bin with 2 bytes, where 3 are declared"),
        (tar_gz(("x/a.bin", b"aaa"), ("y/a.bin", b"bbb")), None),
        (tar_gz(("zeros", bytes(3_000_000)), ("a.bin", b"aaa")), "holds much more than the members asked for"),
    ],
    ids=["empty", "text", "gzip", "cut", "missing", "link", "short", "enough", "bomb"],
)
def test_what_an_archive_lacks_is_said(content, says):
    if says is None:  # reading stops once everything is found
        assert archives.members(content, "t.tar.gz", {"a.bin": 3}) == {"a.bin": b"aaa"}
        return
    with pytest.raises(ValueError, match=rf"^t\.tar\.gz {says}"):
        archives.members(content, "t.tar.gz", {"a.bin": 3})


def test_a_member_that_is_there_twice_is_refused():
    content = tar_gz(("x/a.bin", b"aaa"), ("y/a.bin", b"bbb"), ("b.bin", b"b"))
    with pytest.raises(ValueError, match=r"^t\.tar\.gz holds a\.bin twice"):
        archives.members(content, "t.tar.gz", {"a.bin": 3, "b.bin": 1})


def records(*labels, seed=0):
    rng = np.random.default_rng(seed)
    return b"".join(bytes([label]) + rng.integers(0, 256, 3_072, dtype=np.uint8).tobytes() for label in labels)


def cifar_files(**changes):
    files = {f"data_batch_{number}.bin": records(number, 9, seed=number) for number in range(1, 6)} | {"test_batch.bin": records(0, seed=9)}
    return files | changes


def test_planes_become_pixels():
    files = cifar_files()
    found = readers.cifar10(files)
    assert found["X_train"].shape == (10, 32, 32, 3)
    assert found["y_train"].tolist() == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert found["y_test"].tolist() == [0]
    raw = files["data_batch_2.bin"]
    for row, column, colour in [(0, 0, 0), (31, 31, 2), (4, 7, 1)]:
        assert found["X_train"][2, row, column, colour] == raw[1 + 1_024 * colour + 32 * row + column]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data_batch_3.bin": b""}, r"data_batch_3\.bin has 0 bytes, which is no whole number of records"),
        ({"data_batch_3.bin": records(1)[:-1]}, r"data_batch_3\.bin has 3072 bytes"),
        ({"test_batch.bin": records(10)}, r"test_batch\.bin holds the label 10"),
    ],
)
def test_wrong_batches_are_named(change, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        readers.cifar10(cifar_files(**change))


@pytest.fixture
def packed(monkeypatch, server):
    """A set of two files that are published in one archive, and the archive's bytes."""
    contents = {"one.bin": b"1" * 80, "two.bin": b"2" * 40}
    content = tar_gz(*((f"pack/{name}", member) for name, member in contents.items()))

    def sha(member):
        return hashlib.sha256(member).hexdigest()

    monkeypatch.setitem(
        ENTRIES,
        "toy",
        Entry(
            name="toy",
            title="Toy",
            task="regression",
            arrays={"X": Array((120,), "uint8", "bytes")},
            units="none",
            source="none",
            citation="none",
            licence="none",
            version=1,
            folder="pack",
            also=("packed",),
            files=tuple(File(name, sha(member), len(member)) for name, member in contents.items()),
            archive=File("toy.tar.gz", sha(content), len(content), (server.serve("/toy.tar.gz", content),)),
            read=lambda files: {"X": np.frombuffer(files["one.bin"] + files["two.bin"], dtype=np.uint8)},
        ),
    )
    return contents, content


WHOLE = [ord("1")] * 80 + [ord("2")] * 40


def test_an_archive_is_fetched_and_read_where_it_lies(packed, server, home):
    assert not data.status("toy").available
    with pytest.raises(DataError, match=r"toy\.tar\.gz of data set 'toy' is missing: fetch it with `annlab data fetch toy`"):
        data.load("toy")
    assert [name for name, _, _ in data.check("toy")] == ["toy.tar.gz"]
    assert data.fetch("toy") == home / "data" / "pack"
    assert data.load("toy")["X"].tolist() == WHOLE
    assert sorted(path.name for path in (home / "data" / "pack").iterdir()) == [".lock", "toy.tar.gz"]
    assert data.check("toy") == [("toy.tar.gz", True, f"{home / 'data' / 'pack' / 'toy.tar.gz'} matches its sha256")]
    data.fetch("toy")
    assert server.hits["/toy.tar.gz"] == 1


@pytest.mark.parametrize("folder", ["pack", "packed", "."])
def test_files_of_a_users_own_need_no_archive(packed, folder, tmp_path, monkeypatch, server):
    contents, _ = packed
    (tmp_path / folder).mkdir(exist_ok=True)
    for name, member in contents.items():
        (tmp_path / folder / name).write_bytes(member)
    monkeypatch.setenv("ANNLAB_DATA_DIR", str(tmp_path))
    assert data.status("toy").available
    data.fetch("toy")
    assert data.load("toy")["X"].tolist() == WHOLE
    assert [name for name, sound, _ in data.check("toy") if sound] == ["one.bin", "two.bin"]
    assert not server.hits


def test_an_archive_of_a_users_own_is_read_and_left_alone(packed, tmp_path, monkeypatch, server):
    (tmp_path / "toy.tar.gz").write_bytes(packed[1])
    (tmp_path / "one.bin").write_bytes(b"damaged")
    monkeypatch.setenv("ANNLAB_DATA_DIR", str(tmp_path))
    assert data.status("toy").available
    with pytest.warns(UserWarning, match=r"one\.bin is damaged.* it is passed over"):
        assert data.load("toy")["X"].tolist() == WHOLE
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["one.bin", "toy.tar.gz"]
    assert not server.hits
    assert ("one.bin", False) in [(name, sound) for name, sound, _ in data.check("toy")]


def test_a_damaged_archive_is_fetched_again(packed, home, server):
    own = home / "data" / "pack" / "toy.tar.gz"
    own.parent.mkdir(parents=True)
    own.write_bytes(packed[1][:-3])
    with pytest.warns(UserWarning, match="is damaged: it was moved"):
        assert data.load("toy")["X"].tolist() == WHOLE
    assert server.hits["/toy.tar.gz"] == 1
