"""The published sets against what their makers and the course state about them."""

import os

import numpy as np
import pytest

from annlab import data

pytestmark = pytest.mark.real_data
FOLDERS = os.environ.get("ANNLAB_DATA_DIR", "")


@pytest.fixture(autouse=True)
def _published(home, monkeypatch):
    monkeypatch.setenv("ANNLAB_DATA_DIR", FOLDERS)
    monkeypatch.setenv("ANNLAB_OFFLINE", "1")


def test_mnist_is_what_its_makers_published():
    mnist = data.load("mnist")
    assert mnist["y_train"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist["y_test"][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert mnist["X_train"].shape == (60_000, 28, 28)
    assert mnist["X_test"].shape == (10_000, 28, 28)
    assert mnist["X_train"].dtype == np.uint8
    assert (mnist["X_train"].min(), mnist["X_train"].max()) == (0, 255)
    assert mnist["X_train"].mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist["X_train"].std() / 255 == pytest.approx(0.3081, abs=5e-5)
    assert np.bincount(mnist["y_train"]).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.stand_in is None


def test_the_course_set_is_what_the_course_handed_out():
    course = data.load("course_regression")
    assert course["X"][0].tolist() == [0.000253, 0.387901]
    assert course["T"][0].tolist() == [1.735751, 2.522464, 3.100178, 4.621772, 2.032179]
    np.testing.assert_allclose(course["T"].min(axis=0), [0.0252, 0.0787, 0.0006, 0.0486, 0.0267], atol=5e-5)
    np.testing.assert_allclose(course["T"].max(axis=0), [5.2516, 8.4707, 3.4079, 6.1892, 6.5387], atol=5e-5)
    assert 0 <= course["X"].min() <= course["X"].max() <= 1


def test_the_stand_in_is_of_like_range_but_another_set():
    course, ours = data.load("course_regression"), data.load("five_surfaces")
    np.testing.assert_allclose(ours["T"].mean(axis=0), course["T"].mean(axis=0), atol=0.3)
    np.testing.assert_allclose(ours["T"].std(axis=0), course["T"].std(axis=0), atol=0.3)
    assert not np.array_equal(ours["X"], course["X"])


def test_published_files_are_sound_and_where_they_were_put():
    for name in ("mnist", "course_regression"):
        assert all(sound for _, sound, _ in data.check(name))
        assert data.status(name).available
        assert data.fetch(name) == data.path(name) == data.status(name).where
