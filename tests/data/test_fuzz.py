"""Every reader, fed with any bytes and damaged copies of good files: sensible arrays, or a `ValueError` that names the file."""

import atexit
import gzip
import io
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annlab.data import archives, own_formats, own_images, readers, tables

NAME = "file.x"


def tar_gz():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("pack/a.bin")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"aaaaa"))
    return packed.getvalue()


def tar(content):
    """Reads the bytes of a tar archive before compression."""
    return archives.members(gzip.compress(content, compresslevel=0), NAME, {"a.bin": 5})


def png():
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).save(packed, "PNG")
    return packed.getvalue()


def image(content, folder=[]):  # noqa: B006  (one folder for all examples)
    if not folder:
        folder.append(Path(tempfile.mkdtemp()))
        atexit.register(shutil.rmtree, folder[0])
    path = folder[0] / NAME
    path.write_bytes(content)
    return {"image": np.asarray(own_images.read_image(path))}


def mnist_like(content):
    return {"X": readers.idx(content, NAME, axes=3)}


def idx_of_any_axes(content):
    return {"X": own_formats.unsigned_bytes(content, NAME)}


def months(content):
    return tables.city_months(content, NAME, ["Köln"])


def city_table():
    header = ",".join(tables.CLIMATE_HEADER)
    return (header + "\n" + "".join(f"1870-{month:02}-01,1.5,0.5,Köln,Land,1N,2E\n" for month in range(1, 13))).encode()


IDX = bytes((0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4)) + bytes(range(24))
ROW = (",".join(["0.5"] * 34) + ",g\n").encode()
TABLE = b"size;weight;kind\n1.5;2;small\n3;4e2;large\n5;6;small\n"
NPZ = own_formats.npz_bytes({"X": np.arange(12.0).reshape(4, 3), "y": np.array([0, 1, 0, 1])})
READERS = {
    "idx": (mnist_like, [gzip.compress(IDX, 1, mtime=0)]),
    "own idx": (idx_of_any_axes, [IDX, gzip.compress(IDX, 1, mtime=0)]),
    "cifar10": (
        lambda content: readers.cifar10(dict.fromkeys((*readers.CIFAR_TRAINING, NAME, readers.CIFAR_TEST), content)),
        [bytes(3_073)],
    ),
    "course": (lambda content: readers.course_regression({"data.csv": content}), [b"0.1,0.2\n" * 7]),
    "santa_fe": (lambda content: tables.santa_fe({"lasertrain.dat": content, "laserpred.dat": b"1"}), [b"   8.6000000e+01\r\n"] * 2),
    "ionosphere": (lambda content: tables.ionosphere({"ionosphere.data": content}), [ROW * 2]),
    "pima": (lambda content: tables.pima({"pima-indians-diabetes.csv": content}), [b"6,148,72,35,0,33.6,0.627,50,1\n1,0,0,0,0,0,0.1,20,0"]),
    "climate": (months, [city_table()]),
    "table": (lambda content: own_formats.table(content, NAME).arrays, [TABLE, b"1,2\n3,4\n"]),
    "series": (lambda content: own_formats.series(content, NAME).arrays, [b"year,size\n1,2.5\n2,3e1\n3,4\n", b"1\n2\n3\n"]),
    "npz": (lambda content: own_formats.npz(content, NAME), [NPZ]),
    "tar.gz": (lambda content: archives.members(content, NAME, {"a.bin": 5}), [tar_gz()]),
    "tar": (tar, [gzip.decompress(tar_gz())]),
    "image": (image, [png()]),
}
NAMES = {"course": "data.csv", "cifar10": "data_batch_1.bin", "santa_fe": "lasertrain.dat", "ionosphere": "ionosphere.data"}
NAMES |= {"pima": "pima-indians-diabetes.csv"}
TEXT = b"0123456789.,;-+eE_ \t\r\n\"'\0\xff\xc3\xa4naninfgbKlr"


@st.composite
def damaged(draw, wholes):
    """A good file with a few bytes changed, cut out, put in, or the end cut off."""
    content = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        kind = draw(st.integers(0, 4))
        if kind == 0 and content:
            content[place] = draw(st.integers(0, 255))
        elif kind == 1:
            del content[place : place + draw(st.integers(1, 9))]
        elif kind == 2:
            content[place:place] = draw(st.binary(min_size=1, max_size=6))
        elif kind == 3:
            content[place:place] = bytes(draw(st.lists(st.sampled_from(TEXT), min_size=1, max_size=6)))
        else:
            del content[place:]
    return bytes(content)


def survives(name, content):
    read, _ = READERS[name]
    found, refusal = {}, None
    try:
        found = read(content)
    except ValueError as error:
        refusal = str(error)
    assert refusal is None or (NAMES.get(name, NAME) in refusal and "\n" not in refusal)
    for array in found.values():
        held = np.asarray(array) if isinstance(array, np.ndarray) else np.frombuffer(array, dtype=np.uint8)
        assert held.dtype.kind in "biufM"
        assert held.dtype.kind != "f" or name == "npz" or np.isfinite(held).all()
        assert held.nbytes <= max(100_000, 20 * len(content))


def fuzz(name, examples):
    inputs = st.one_of(st.binary(max_size=120), damaged(READERS[name][1]), damaged(READERS[name][1]))
    limits = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    limits(given(inputs)(lambda content: survives(name, content)))()


@pytest.mark.parametrize("name", READERS)
def test_readers_survive_a_few_damaged_files(name):
    fuzz(name, 100)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", READERS)
def test_readers_survive_ten_thousand_damaged_files(name):
    fuzz(name, 10_000)


@pytest.mark.parametrize("name", READERS)
def test_the_good_files_are_good(name):
    read, wholes = READERS[name]
    for whole in wholes:
        if name == "climate":
            with pytest.raises(ValueError, match="lacks 1704 months"):
                read(whole)
        else:
            assert read(whole)
