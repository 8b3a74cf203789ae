"""Readers take exactly what their format says and name the file in every refusal."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from annlab.data.readers import course_regression, idx, mnist


def packed(array, magic=None):
    header = bytes((0, 0, 8, array.ndim)) if magic is None else magic
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def squeezed(raw):
    return gzip.compress(raw, compresslevel=1, mtime=0)


IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)))
def test_idx_gives_back_what_was_packed(array):
    found = idx(squeezed(packed(array)), "a.gz", axes=array.ndim)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


@given(st.binary(max_size=80))
def test_idx_refuses_any_bytes_by_name(raw):
    for content in (raw, squeezed(raw)):
        with pytest.raises(ValueError, match=r"^a\.gz "):
            idx(content, "a.gz", axes=3)


@given(st.integers(0, 39), st.integers(1, 255))
def test_one_wrong_byte_of_the_compressed_file_is_refused_or_harmless(place, change):
    content = bytearray(squeezed(packed(IMAGES)))
    content[place % len(content)] ^= change
    try:
        found = idx(bytes(content), "a.gz", axes=3)
    except ValueError as error:
        assert str(error).startswith("a.gz ")  # noqa: PT017  (either outcome is right)
    else:
        np.testing.assert_array_equal(found, IMAGES)  # the byte was in the gzip header's time or system


@given(st.integers(0, 10_000))
def test_a_file_cut_anywhere_is_refused(length):
    whole = squeezed(packed(IMAGES))
    with pytest.raises(ValueError, match=r"^a\.gz "):
        idx(whole[: length % len(whole)], "a.gz", axes=3)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (packed(IMAGES, bytes((0, 0, 13, 3))), "begins with 00000d03, where an IDX file of 3 axes begins with 00000803"),
        (packed(IMAGES.reshape(6, 4)), "begins with 00000802"),
        (b"", "begins with nothing"),
        (packed(IMAGES)[:10], "ends within its header"),
        (packed(IMAGES)[:-1], r"ends after 23 of the 24 values that its header \(2, 3, 4\) declares"),
        (packed(IMAGES) + b"\0", "goes on after the 24 values"),
        (bytes((0, 0, 8, 3)) + b"\xff" * 12 + b"abc", "ends after 3 of the 79228162458924105385300197375 values"),
    ],
    ids=["type", "axes", "empty", "header", "short", "long", "overflow"],
)
def test_idx_says_what_is_wrong(raw, says):
    with pytest.raises(ValueError, match=says):
        idx(squeezed(raw), "a.gz", axes=3)


def test_bytes_after_the_gzip_stream_are_refused():
    with pytest.raises(ValueError, match=r"a\.gz is not a whole gzip file"):
        idx(squeezed(packed(IMAGES)) + b"more", "a.gz", axes=3)


def mnist_files(**changes):
    labels = np.array([3, 9], dtype=np.uint8)
    files = {
        "train-images-idx3-ubyte.gz": IMAGES,
        "train-labels-idx1-ubyte.gz": labels,
        "t10k-images-idx3-ubyte.gz": IMAGES[:1],
        "t10k-labels-idx1-ubyte.gz": labels[:1],
    }
    return {name: squeezed(packed(changes.get(name[:7], array))) for name, array in files.items()}


def test_mnist_reads_its_four_files():
    found = mnist(mnist_files())
    np.testing.assert_array_equal(found["X_train"], IMAGES)
    np.testing.assert_array_equal(found["X_test"], IMAGES[:1])
    assert found["y_train"].tolist() == [3, 9]
    assert found["y_test"].tolist() == [3]
    assert found["y_train"].dtype == np.int64


def test_mnist_refuses_labels_that_do_not_fit():
    short = mnist_files()
    short["train-labels-idx1-ubyte.gz"] = short["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz holds 2 images but train-labels-idx1-ubyte\.gz holds 1 labels"):
        mnist(short)
    wrong = mnist_files()
    wrong["t10k-labels-idx1-ubyte.gz"] = squeezed(packed(np.array([10], dtype=np.uint8)))
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte\.gz holds the label 10"):
        mnist(wrong)


@given(arrays.arrays(np.float64, st.tuples(st.just(7), st.integers(1, 5)), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_the_course_table_is_read_exactly(table):
    text = "\n".join(",".join(map(repr, row)) for row in table.tolist())
    found = course_regression({"data.csv": text.encode()})
    np.testing.assert_array_equal(found["X"], table[:2].T)
    np.testing.assert_array_equal(found["T"], table[2:].T)
    assert found["X"].flags.c_contiguous
    assert found["T"].flags.c_contiguous


GOOD = ["0.1,0.2"] * 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has 0 rows, where"),
        ("\n".join(GOOD[:6]), "has 6 rows, where"),
        ("\n".join([*GOOD, "1,2"]), "has 8 rows, where"),
        ("\n".join([*GOOD[:6], "1,2,3"]), "differ in length: from 2 to 3 numbers"),
        ("\n".join([*GOOD[:6], "1,"]), "holds something that is no number"),
        ("\n".join([*GOOD[:6], "1,two"]), "holds something that is no number"),
        ("\n".join([*GOOD[:6], "1,nan"]), "is not finite"),
        ("\n".join([*GOOD[:6], "1,1e999"]), "is not finite"),
        ("\n".join([*GOOD[:6], "1,\N{SUPERSCRIPT TWO}"]), "is not plain text"),
    ],
)
def test_a_wrong_course_table_is_refused(text, says):
    with pytest.raises(ValueError, match=rf"data\.csv.* {says}"):
        course_regression({"data.csv": text.encode()})


@given(st.binary(max_size=60))
def test_any_bytes_for_the_course_table_are_refused_by_name(raw):
    with pytest.raises(ValueError, match=r"data\.csv"):
        course_regression({"data.csv": raw})
