"""The published sets against what their makers and the course state about them."""

import os

import numpy as np
import pytest

from annlab import data
from annlab.errors import UsageError

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


def test_cifar10_is_what_its_maker_published():
    if not data.status("cifar10").available:
        pytest.skip("the binary form of CIFAR-10 is in no folder of ANNLAB_DATA_DIR")
    cifar = data.load("cifar10")
    assert cifar["X_train"].shape == (50_000, 32, 32, 3)
    assert cifar["X_test"].shape == (10_000, 32, 32, 3)
    assert cifar["y_train"][:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert np.bincount(cifar["y_train"]).tolist() == [5_000] * 10
    assert np.bincount(cifar["y_test"]).tolist() == [1_000] * 10
    np.testing.assert_allclose(cifar["X_train"].mean(axis=(0, 1, 2)) / 255, [0.4914, 0.4822, 0.4465], atol=5e-5)
    assert cifar.entry.classes[cifar["y_test"][0]] == "cat"


def test_the_laser_is_what_the_competition_handed_out():
    laser = data.load("santa_fe")
    assert laser["train"][:12].tolist() == [86, 141, 95, 41, 22, 21, 32, 72, 138, 111, 48, 23]
    assert laser["train"][-5:].tolist() == [61, 20, 12, 13, 23]
    assert laser["test"][:12].tolist() == [72, 178, 122, 36, 14, 11, 14, 32, 110, 188, 80, 23]
    assert laser["train"].mean() == pytest.approx(59.894, abs=5e-4)
    assert laser["train"].std() == pytest.approx(46.852, abs=5e-4)
    assert len(laser["test"]) == 100


def test_the_synthetic_laser_resembles_the_measured_one():
    measured, ours = data.load("santa_fe")["train"], data.load("laser")["train"]
    levels = [1, 5, 10, 25, 50, 75, 90, 95, 99]
    np.testing.assert_allclose(np.percentile(ours, levels), np.percentile(measured, levels), atol=14)
    assert not np.array_equal(ours, measured)


def test_ionosphere_is_what_its_donor_described():
    radar = data.load("ionosphere")
    assert np.bincount(radar["y"]).tolist() == [126, 225]
    assert radar["X"][0, :5].tolist() == [1, 0, 0.99539, -0.05889, 0.85243]
    assert not radar.column("pulse 1 imaginary").any()
    assert (radar["X"].min(), radar["X"].max()) == (-1, 1)


def test_pima_marks_what_was_not_measured():
    pima = data.load("pima")
    assert np.bincount(pima["y"]).tolist() == [500, 268]
    assert pima["missing"].sum(axis=0).tolist() == [0, 5, 35, 227, 374, 11, 0, 0]
    assert pima["X"][0].tolist() == [6, 148, 72, 35, 0, 33.6, 0.627, 50]
    assert (pima["X"][pima["missing"]] == 0).all()
    assert pima.column("pregnancies")[pima.column("pregnancies") == 0].size == 111  # a count, where zero is a number


def test_the_climate_of_three_cities():
    climate = data.load("climate")
    assert climate["temperature"].shape == (1_716, 3)
    np.testing.assert_allclose(climate["temperature"].mean(axis=0), [23.897, 10.549, 9.619], atol=5e-4)
    assert climate.column("Rio de Janeiro")[0] == 25.967
    with pytest.raises(UsageError, match=r"unknown climate column 'Brussels'.*; Brussels is only in Berkeley Earth's larger table"):
        climate.column("Brussels")


def test_the_seasons_are_of_like_climate_but_no_citys():
    climate, ours = data.load("climate")["temperature"], data.load("seasonal")["temperature"]
    np.testing.assert_allclose(ours.mean(axis=0), climate.mean(axis=0), atol=0.5)
    np.testing.assert_allclose(ours.std(axis=0), climate.std(axis=0), atol=0.5)
    assert np.abs(ours - climate).mean() > 0.5


def test_the_stand_in_is_of_like_range_but_another_set():
    course, ours = data.load("course_regression"), data.load("five_surfaces")
    np.testing.assert_allclose(ours["T"].mean(axis=0), course["T"].mean(axis=0), atol=0.3)
    np.testing.assert_allclose(ours["T"].std(axis=0), course["T"].std(axis=0), atol=0.3)
    assert not np.array_equal(ours["X"], course["X"])


def test_published_files_are_sound_and_where_they_were_put():
    for name in ("mnist", "course_regression", "santa_fe", "ionosphere", "pima", "climate"):
        assert all(sound for _, sound, _ in data.check(name))
        assert data.status(name).available
        assert data.fetch(name) == data.path(name) == data.status(name).where
