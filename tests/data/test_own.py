"""Sets of the user's own: read once, kept whole, used like any other, and refused with a sentence."""

import gzip
import json
import struct

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from annlab import data
from annlab.data import DataError, tables
from annlab.errors import UsageError


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "wine.csv"
    path.write_text("acid,sugar,kind\n1,2.5,red\n3,4,white\n5,6e1,red\n", encoding="utf-8")
    return path


def idx(array):
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()


def one_sentence(raised):
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_table_is_a_set_like_any_other(table, home):
    entry = data.add("wine", table)
    assert (entry.task, entry.columns, entry.classes) == ("classification", ("acid", "sugar"), ("red", "white"))
    wine = data.load("wine")
    np.testing.assert_array_equal(wine["X"], [[1, 2.5], [3, 4], [5, 60]])
    assert wine["y"].tolist() == [0, 1, 0]
    assert wine.column("sugar").tolist() == [2.5, 4, 60]
    assert "wine" in data.names()
    assert data.status("wine").available
    assert data.path("wine") == home / "data" / "own" / "wine"
    assert all(sound for _, sound, _ in data.check("wine"))
    assert data.identity("wine").startswith("wine/v1/sha256:")
    assert wine.stand_in == "This is a data set of your own (wine), read from wine.csv."
    assert data.require("wine", task="classification", shape={"X": (None, 2)}) == entry
    with pytest.raises(UsageError, match="did you mean 'wine'"):
        data.load("vine")


def test_the_set_outlives_its_original_and_says_when_that_has_changed(table):
    data.add("wine", table)
    identity = data.identity("wine")
    table.touch()
    data.load("wine")  # another time, the same content
    table.write_text("acid,kind\n1,red\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=rf"{table} has changed since data set 'wine' was read from it; `annlab data add wine"):
        assert len(data.load("wine")["X"]) == 3
    assert [sound for _, sound, _ in data.check("wine")] == [True, False]
    assert data.identity("wine") == identity
    table.unlink()
    assert len(data.load("wine")["X"]) == 3
    assert all(sound for _, sound, _ in data.check("wine"))


def test_replacing_needs_to_be_asked_for_and_leaves_nothing(table, home):
    data.add("wine", table)
    data.load("wine")
    identity = data.identity("wine")
    with pytest.raises(UsageError, match="'wine' is registered already; choose another name, or replace it with --replace"):
        data.add("wine", table)
    data.add("wine", table, replace=True)
    assert data.identity("wine") == identity  # the same content
    data.load("wine")
    table.write_text("1,2\n3,4.5\n", encoding="utf-8")
    assert data.add("wine", table, replace=True).task == "regression"
    assert data.identity("wine") != identity
    assert data.load("wine")["y"].tolist() == [2, 4.5]
    assert len(list((home / "data" / "decoded").iterdir())) == 1
    assert [path.name for path in (home / "data" / "own").iterdir()] == ["wine"]


def test_a_damaged_copy_or_record_is_named(table, home):
    data.add("wine", table)
    kept = home / "data" / "own" / "wine"
    (kept / "wine.npz").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"wine\.npz is damaged.*; add it again with `annlab data add wine \.\.\. --replace`") as raised:
        data.load("wine")
    one_sentence(raised)
    (kept / "wine.npz").unlink()
    with pytest.raises(DataError, match=r"wine\.npz of your data set 'wine' is missing: add it again"):
        data.load("wine")
    for text in ("no json", "{}", "[]", json.dumps({"format": 99})):
        (kept / "set.json").write_text(text)
        with pytest.raises(DataError, match=r"set\.json is damaged; add data set 'wine' again") as raised:
            data.load("wine")
        one_sentence(raised)
    assert data.load("noisy_surface").side == 40
    data.add("wine", table, replace=True)
    assert len(data.load("wine")["X"]) == 3


@pytest.mark.parametrize(
    ("text", "options", "task", "y"),
    [
        ("1;2\n3;4\n", {}, "classification", [0, 1]),
        ("1\t2.5\n3\t4\n", {}, "regression", [2.5, 4]),
        ("a,b\n1,2\n3,4\n", {"target": "a"}, "classification", [0, 1]),
        ("1,7\n3,4\n", {"target": "2", "task": "regression"}, "regression", [7, 4]),
        ("1,7\n3,4\n", {"task": "structure"}, "structure", None),
        ('\ufeff"a b","c,d"\r\n1,x\r\n2,"y z"\r\n\r\n', {}, "classification", [0, 1]),
    ],
)
def test_tables_of_many_kinds(tmp_path, text, options, task, y):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8", newline="")
    assert data.add("t", tmp_path / "t.csv", **options).task == task
    found = data.load("t")
    assert ("y" in found.arrays) == (y is not None)
    assert y is None or found["y"].tolist() == y


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", {}, "holds no rows"),
        ("a,b\n1,\n2,3\n", {}, None),
        ("1,2\n3\n", {}, "row 2 of .* has 1 columns, where the first has 2"),
        ("a,b\nx,1\n3,4\n", {}, "row 2 of .* has 'x' in 'a', where a number is wanted"),
        ("a,b\n,1\n3,4\n", {}, "row 2 of .* has nothing in 'a'"),
        ("1,nan\n3,4\n", {"task": "regression"}, "row 1 of .* has 'nan' in 'column 2'"),
        ("a,a\n1,2\n", {}, "names a column twice"),
        ("1\n2\n", {}, "has one column"),
        ("a,b\n1,2\n", {"target": "c"}, "has no column 'c'; it has a, b"),
        ("1,2\n3,4\n", {"target": "3"}, "has no column '3'; it has 1 to 2, for it has no header"),
        ("1,2\n3,4\n", {"target": "1", "task": "structure"}, "has no target"),
        ("1,2\n3,4\n", {"test": 1}, "is a table, for which --test means nothing"),
        ("1,2\n3,4\n", {"task": "guessing"}, "a task is regression, classification, forecasting or structure, got 'guessing'"),
        ("a,b\n1,x\n2,\n", {}, "a row without a class in column 'b'"),
    ],
)
def test_a_table_that_cannot_be_taken(tmp_path, text, options, says):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    if says is None:
        says = "a row without a class"
    with pytest.raises(UsageError, match=says) as raised:
        data.add("t", tmp_path / "t.csv", **options)
    one_sentence(raised)
    assert "t" not in data.names()


@pytest.mark.parametrize("name", ["Wine", "2wine", "", "wine-list", "../wine", "w" * 41])
def test_names_that_cannot_be_taken(table, name):
    with pytest.raises(UsageError, match="a data set's name is small letters"):
        data.add(name, table)


def test_annlabs_own_names_and_missing_files(tmp_path):
    with pytest.raises(UsageError, match="'mnist' is a data set of annlab's"):
        data.add("mnist", tmp_path / "x.csv")
    with pytest.raises(UsageError, match=r"x\.csv cannot be read: No such file"):
        data.add("x", tmp_path / "x.csv")


def test_a_series_keeps_its_end_for_the_test(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("when,level\n" + "".join(f"{t},{t / 2}\n" for t in range(50)))
    assert data.add("s", path, task="forecasting").task == "forecasting"
    assert (data.load("s")["train"].shape, data.load("s")["test"].tolist()) == ((45,), [22.5, 23, 23.5, 24, 24.5])
    data.add("s", path, task="forecasting", target="when", test=2, replace=True)
    assert data.load("s")["test"].tolist() == [48, 49]
    with pytest.raises(UsageError, match="has 50 values, of which 50 cannot be held out"):
        data.add("s", path, task="forecasting", test=50, replace=True)


def test_a_city_of_the_larger_table(tmp_path):
    rows = [f"{year}-{month:02}-01,{month},0.5,Brussels,Belgium,50N,4E" for year in range(1870, 2013) for month in range(1, 13)]
    path = tmp_path / "GlobalLandTemperaturesByCity.csv"
    path.write_text("\n".join([",".join(tables.CLIMATE_HEADER), *rows]))
    data.add("brussels", path, city="Brussels")
    brussels = data.load("brussels")
    assert brussels.column("Brussels")[:13].tolist() == [*range(1, 13), 1]
    assert brussels["month"][0] == np.datetime64("1870-01")
    data.require("brussels", task="forecasting", shape={"temperature": (1_716, None)})
    with pytest.raises(UsageError, match="has no months of 'Ghent'"):
        data.add("ghent", path, city="Ghent")


def test_an_archive_keeps_its_names(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.ones((3, 2), np.float32), y_train=np.array([2, 0, 1], np.int8))
    assert data.add("a", tmp_path / "a.npz").task == "classification"
    assert data.load("a")["X_train"].dtype == np.float32
    assert data.load("a")["y_train"].tolist() == [2, 0, 1]
    np.savez_compressed(tmp_path / "b.npz", X=np.asfortranarray(np.arange(6.0).reshape(2, 3)).astype(">f8"))
    assert data.add("b", tmp_path / "b.npz").task == "structure"
    np.testing.assert_array_equal(data.load("b")["X"], np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize(
    ("arrays", "options", "says"),
    [
        ({"X": np.array([{}, 1], dtype=object)}, {}, "is of type object, where numbers are wanted|header of X is wrong"),
        ({"X": np.array(["a"])}, {}, "is of type <U1, where numbers are wanted"),
        ({"X": np.zeros((0, 2))}, {}, "holds an empty array"),
        ({"X": np.zeros(2), "x": np.zeros(2)}, {}, "both with a small and a large x"),
        ({"X": np.zeros(2)}, {"task": "classification"}, "has no y of whole numbers"),
        ({"X": np.zeros(2), "y": np.zeros(2)}, {"task": "classification"}, "has no y of whole numbers"),
        ({}, {}, "holds no arrays"),
    ],
)
def test_an_archive_that_cannot_be_taken(tmp_path, arrays, options, says):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UsageError, match=says) as raised:
        data.add("a", tmp_path / "a.npz", **options)
    one_sentence(raised)


@pytest.mark.parametrize("squeeze", [lambda content: content, gzip.compress], ids=["plain", "gzip"])
def test_idx_files_alone_with_labels_and_in_fours(tmp_path, squeeze):
    images, labels = np.arange(120).reshape(10, 3, 4), np.arange(10) % 3
    for name, array in {"a-images.idx": images, "a-labels.idx": labels}.items():
        (tmp_path / name).write_bytes(squeeze(idx(array)))
    assert data.add("alone", tmp_path / "a-images.idx").task == "structure"
    np.testing.assert_array_equal(data.load("alone")["X"], images)
    data.add("both", tmp_path / "a-images.idx", labels=tmp_path / "a-labels.idx", test=2)
    both = data.load("both")
    np.testing.assert_array_equal(both["X_test"], images[[2, 7]])
    np.testing.assert_array_equal(both["y_train"], labels[[0, 1, 3, 4, 5, 6, 8, 9]])
    folder = tmp_path / "four"
    folder.mkdir()
    for part, rows in (("train", slice(6)), ("t10k", slice(6, None))):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(squeeze(idx(images[rows])))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(squeeze(idx(labels[rows])))
    data.add("four", folder)
    np.testing.assert_array_equal(data.load("four")["X_test"], images[6:])
    (folder / "t10k-labels-idx1-ubyte").write_bytes(squeeze(idx(labels[:2])))
    with pytest.raises(UsageError, match=r"images of shape \(4, 3, 4\) and labels of shape \(2,\), which do not belong together"):
        data.add("five", folder)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UsageError, match=r"has no t10k-labels-idx1-ubyte, with or without \.gz"):
        data.add("five", folder)
    with pytest.raises(UsageError, match="do not belong together"):
        data.add("five", tmp_path / "a-images.idx", labels=tmp_path / "a-images.idx")
    with pytest.raises(UsageError, match="--target means nothing"):
        data.add("five", tmp_path / "a-images.idx", target="1")


def draw(folder, name, value, size=(6, 4), mode="L"):
    folder.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(folder / name)


def test_a_folder_of_images_by_class(tmp_path):
    for label, kind in enumerate(["cat", "dog"]):
        for number in range(5):
            draw(tmp_path / "im" / kind, f"{number}.png", 10 * number + label)
    (tmp_path / "im" / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "im" / ".hidden").mkdir()
    entry = data.add("pets", tmp_path / "im")
    pets = data.load("pets")
    assert entry.classes == ("cat", "dog")
    assert pets["X_train"].shape == (8, 4, 6)
    assert pets["y_test"].tolist() == [0, 1]
    assert pets["X_test"][:, 0, 0].tolist() == [20, 21]
    draw(tmp_path / "im" / "dog", "9.png", (1, 2, 3), mode="RGB")
    with pytest.warns(UserWarning, match="has changed since"):
        data.load("pets")
    data.add("pets", tmp_path / "im", size=(8, 8), test=1, replace=True)
    assert data.load("pets")["X_train"].shape == (10, 8, 8, 3)


def test_a_folder_with_parts_of_its_own(tmp_path):
    for part, count in (("train", 3), ("test", 2)):
        for number in range(count):
            draw(tmp_path / "im" / part / "a", f"{number}.jpg", 100 + number)
    data.add("parts", tmp_path / "im")
    assert [len(array) for array in data.load("parts").arrays.values()] == [3, 3, 2, 2]
    with pytest.raises(UsageError, match="has its own test part"):
        data.add("parts", tmp_path / "im", test=1, replace=True)
    draw(tmp_path / "im" / "test" / "b", "0.jpg", 3)
    with pytest.raises(UsageError, match="has other classes in test than in train"):
        data.add("parts", tmp_path / "im", replace=True)


def test_folders_that_cannot_be_taken(tmp_path):
    (tmp_path / "im").mkdir()
    with pytest.raises(UsageError, match="has no sub-folders, where one a class is wanted"):
        data.add("im", tmp_path / "im")
    (tmp_path / "im" / "a").mkdir()
    with pytest.raises(UsageError, match="holds no images"):
        data.add("im", tmp_path / "im")
    draw(tmp_path / "im" / "a", "0.png", 1)
    (tmp_path / "im" / "a" / "1.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"1\.png is no image that can be read"):
        data.add("im", tmp_path / "im")
    draw(tmp_path / "im" / "a", "1.png", 1, size=(7, 4))
    with pytest.raises(UsageError, match=r"1\.png is of 4 x 7 pixels, where others are of 4 x 6: give a size"):
        data.add("im", tmp_path / "im")
    draw(tmp_path / "im" / "a", "0.png", 1, size=(5_000, 4_000))
    with pytest.raises(UsageError, match="5000 x 4000 pixels"):
        data.add("im", tmp_path / "im")


def test_a_home_that_cannot_be_written(table, tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv("ANNLAB_HOME", str(tmp_path / "occupied"))
    with pytest.raises(DataError, match=r"annlab cannot write into .*; set ANNLAB_HOME"):
        data.add("wine", table)


def test_the_command(table, home, monkeypatch):
    from annlab.cli import app

    def call(*arguments):
        return CliRunner().invoke(app, ["data", *map(str, arguments)])

    added = call("add", "wine", table, "--target", "kind")
    assert added.exit_code == 0, added.output
    assert added.stdout.split(", kept in ")[0] == "wine: classification: X (3, 2) float64, y (3,) int64"
    assert "wine" in call("list").stdout
    assert call("check", "wine").exit_code == 0
    again = call("add", "wine", table)
    assert again.exit_code == 2
    assert "registered already" in again.stderr
    assert "--size takes HEIGHTxWIDTH in pixels, such as 32x32, got '32'" in call("add", "im", table, "--size", "32").stderr
    assert "is a table, for which --size means nothing" in call("add", "im", table, "--size", "32x32").stderr
    (home / "data" / "own" / "wine" / "set.json").write_text("no json")
    listed = call("list")
    assert listed.exit_code == 0
    assert "damaged" in listed.stdout
    assert "mnist" in listed.stdout
    assert call("check", "wine").exit_code == 1
