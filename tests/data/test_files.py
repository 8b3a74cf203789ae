"""Finding, verifying and fetching files: what is missing is said in one sentence, what is damaged is named."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from annlab import data
from annlab.data import DataError

FETCH = """
import sys, warnings
sys.path.insert(0, sys.argv[1])
import conftest
from annlab import data
from annlab.data.entry import Array, Entry, File
from annlab.data.registry import ENTRIES
import hashlib
file = File("toy.bin", hashlib.sha256(conftest.CONTENT).hexdigest(), len(conftest.CONTENT), (sys.argv[2],))
arrays = {"X": Array((1000, 2), "float64", "")}
ENTRIES["toy"] = Entry("toy", "Toy", "regression", arrays, "", "", "", "", 1, "toys", (file,), conftest.read_toy)
warnings.simplefilter("ignore")
data.fetch("toy")
print(data.load("toy")["X"].sum())
"""


def put(folder, content, name="toy.bin"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def one_sentence(raised):
    text = str(raised.value)
    assert "\n" not in text
    return text


def test_a_missing_file_says_where_it_goes_and_what_fetches_it(toy, home):
    toy("http://127.0.0.1:9/toy.bin")
    with pytest.raises(DataError) as raised:
        data.load("toy")
    assert one_sentence(raised) == (
        f"toy.bin of data set 'toy' is missing: fetch it with `annlab data fetch toy`, or put it into {home}/data/toys "
        "or into a folder of ANNLAB_DATA_DIR"
    )


@pytest.mark.parametrize("call", [data.load, data.fetch])
def test_a_file_without_an_address_says_what_to_put_where(toy, home, call):
    entry = toy()
    with pytest.raises(DataError, match=r"toy\.bin of data set 'toy' is missing and has no public address: put it into") as raised:
        call("toy")
    text = one_sentence(raised)
    assert f"{home}/data/toys" in text
    assert entry.files[0].sha256 in text
    assert "fetch" not in text


def test_the_course_set_is_put_by_hand():
    with pytest.raises(DataError, match=r"data\.csv of data set 'course_regression' is missing and has no public address"):
        data.fetch("course_regression")


@pytest.mark.parametrize("place", ["toys", "."])
def test_a_users_folder_is_read_first_and_never_written(toy, tmp_path, monkeypatch, content, place, home):
    toy()
    empty, folder = tmp_path / "empty", tmp_path / "mine"
    empty.mkdir()
    put(folder / place, content)
    monkeypatch.setenv("ANNLAB_DATA_DIR", f"{empty}:{folder}")
    put(home / "data" / "toys", b"damaged, but never looked at")
    np.testing.assert_array_equal(data.load("toy")["X"].ravel(), np.arange(2_000.0))
    assert data.path("toy") == (folder / place).resolve()
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["toy.bin"]
    assert not list(empty.iterdir())


def test_a_damaged_copy_in_a_users_folder_is_named_and_passed_over(toy, tmp_path, monkeypatch, content, home):
    toy()
    damaged = put(tmp_path / "mine", content[:-1])
    monkeypatch.setenv("ANNLAB_DATA_DIR", str(tmp_path / "mine"))
    put(home / "data" / "toys", content)
    with pytest.warns(UserWarning, match=rf"{damaged} is damaged: its sha256 .* passed over"):
        dataset = data.load("toy")
    assert dataset["X"][-1, -1] == 1_999
    assert damaged.read_bytes() == content[:-1]


@pytest.mark.parametrize("sources", [(), ("http://127.0.0.1:9/toy.bin",)])
def test_a_damaged_copy_in_a_users_folder_alone_is_refused(toy, tmp_path, monkeypatch, content, sources):
    toy(*sources)
    damaged = put(tmp_path, content + b"x")
    monkeypatch.setenv("ANNLAB_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError, match=f"{damaged} is damaged.*(replace it by hand|`annlab data fetch toy`)$") as raised:
        data.load("toy")
    one_sentence(raised)
    assert damaged.read_bytes() == content + b"x"


def test_fetching_tries_address_after_address(toy, server, content, home):
    toy(
        server.serve("/gone", (404, b"")),
        server.serve("/other", b"not it"),
        server.serve("/good", (503, b""), content),
        server.serve("/unused", content),
    )
    calls = []
    folder = data.fetch("toy", lambda *call: calls.append(call))
    assert folder == home / "data" / "toys"
    assert (folder / "toy.bin").read_bytes() == content
    assert dict(server.hits) == {"/gone": 2, "/other": 2, "/good": 2}
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "toy.bin"]
    assert calls[-1] == ("toy.bin", len(content), len(content))
    assert all(0 <= done <= size == len(content) for _, done, size in calls)
    data.fetch("toy")
    assert server.hits["/good"] == 2
    assert data.load("toy")["X"].sum() == np.arange(2_000.0).sum()


def test_a_broken_off_download_leaves_nothing(toy, server, content, home):
    toy(server.serve("/half", content[:5_000]))
    with pytest.raises(
        DataError, match=r"toy\.bin could not be fetched from 127\.0\.0\.1 \(gave other bytes\); try again later, or put it"
    ):
        data.fetch("toy")
    assert [path.name for path in (home / "data" / "toys").iterdir()] == [".lock"]


def test_the_hosts_tried_are_named(toy, server):
    toy(server.serve("/gone", (404, b"")), "http://127.0.0.2:9/toy.bin")
    with pytest.raises(DataError, match=r"127\.0\.0\.1 \(answered 404\), 127\.0\.0\.2 \(no connection\)") as raised:
        data.fetch("toy")
    one_sentence(raised)


def test_a_damaged_file_is_moved_aside_and_fetched_again(toy, server, content, home):
    toy(server.serve("/good", content))
    own = put(home / "data" / "toys", b"damaged")
    with pytest.warns(UserWarning, match=rf"{own} is damaged: it was moved to toy\.bin\.damaged"):
        assert data.load("toy")["X"][0, 1] == 1
    assert own.read_bytes() == content
    assert own.with_name("toy.bin.damaged").read_bytes() == b"damaged"


def test_a_damaged_file_is_kept_and_refused_offline(toy, home, monkeypatch):
    toy("http://127.0.0.1:9/toy.bin")
    own = put(home / "data" / "toys", b"damaged")
    monkeypatch.setenv("ANNLAB_OFFLINE", "1")
    for call in (data.load, data.fetch):
        with pytest.raises(DataError, match=rf"{own} is damaged.*; ANNLAB_OFFLINE forbids fetching it") as raised:
            call("toy")
        one_sentence(raised)
    assert [path.name for path in own.parent.iterdir()] == ["toy.bin"]


def test_nothing_is_fetched_offline(toy, server, content, monkeypatch, home):
    toy(server.serve("/good", content))
    monkeypatch.setenv("ANNLAB_OFFLINE", "1")
    with pytest.raises(DataError, match="ANNLAB_OFFLINE forbids fetching it"):
        data.fetch("toy")
    put(home / "data" / "toys", content)
    data.fetch("toy")
    assert not server.hits


def test_fetching_repairs_what_only_a_users_folder_has_damaged(toy, server, content, tmp_path, monkeypatch, home):
    toy(server.serve("/good", content))
    damaged = put(tmp_path / "mine", b"damaged")
    monkeypatch.setenv("ANNLAB_DATA_DIR", str(tmp_path / "mine"))
    assert data.fetch("toy") == home / "data" / "toys"
    assert damaged.read_bytes() == b"damaged"
    assert [(Path(detail.split(" ", maxsplit=1)[0]), sound) for _, sound, detail in data.check("toy")] == [
        (damaged, False),
        (home / "data" / "toys" / "toy.bin", True),
    ]


def test_a_home_that_cannot_be_written_is_one_sentence(toy, server, content, tmp_path, monkeypatch):
    toy(server.serve("/good", content))
    put(tmp_path, b"a file", "occupied")
    monkeypatch.setenv("ANNLAB_HOME", str(tmp_path / "occupied"))
    with pytest.raises(DataError, match=r"annlab cannot write into .*occupied/data/toys: .*; set ANNLAB_HOME") as raised:
        data.fetch("toy")
    one_sentence(raised)


def test_two_processes_fetch_once(server, content, home):
    put(home / "data" / "toys", b"damaged")
    server.delay = 0.3
    address = server.serve("/good", content)
    processes = [
        subprocess.Popen([sys.executable, "-c", FETCH, str(Path(__file__).parent), address], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [(process.communicate(timeout=60)[0], process.returncode) for process in processes] == [("1999000.0\n", 0)] * 2
    assert server.hits["/good"] == 1
    folder = home / "data" / "toys"
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "toy.bin", "toy.bin.damaged"]
    assert (folder / "toy.bin").read_bytes() == content
    assert not [path for path in (home / "data" / "decoded").iterdir() if path.name.startswith(".")]
