"""Self-organising maps as estimators."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from annlab import SelfOrganizingMap, load

X, y = load_iris(return_X_y=True)
SETTINGS = [
    {},
    {"training": "online", "max_epochs": 5},
    {"grid": "hexagonal", "topology": "toroidal"},
    {"neighbourhood": "bubble", "radius": 3.0},
    {"neighbourhood": "triangle", "training": "online", "init": "sample", "radius": 3.0, "max_epochs": 5},
    {"batch_size": "growing", "init": "random"},
    {"batch_size": 60},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_map_quantises_better_than_the_mean_and_keeps_neighbours(setting):
    som = SelfOrganizingMap((6, 6), random_state=0, **setting).fit(X)
    assert som.quantization_error(X) < 0.3 * np.linalg.norm(X - X.mean(axis=0), axis=1).mean()
    assert som.topographic_error(X) < 0.3
    som.label_units(y)
    assert (som.classify(X) == y).mean() > 0.9
    assert som.hit_map().sum() == len(X)
    assert som.u_matrix_.shape == (6, 6)
    np.testing.assert_array_equal(som.component_planes()[2].ravel(), som.weights_[:, 2])
    np.testing.assert_array_equal(som.transform(X).argmin(axis=1), som.predict(X))
    np.testing.assert_array_equal(som.labels_, som.predict(X))


def test_batch_without_neighbours_is_the_step_of_k_means():
    rows = X + np.random.default_rng(0).normal(size=X.shape) * 0.01  # measurements to a millimetre have ties
    start = rows[:9].copy()
    som = SelfOrganizingMap((3, 3), neighbourhood="bubble", radius=1.0, init=start, max_epochs=1).fit(rows)
    nearest = ((rows[:, None] - start) ** 2).sum(-1).argmin(axis=1)
    expected = [rows[nearest == unit].mean(axis=0) for unit in range(9)]
    np.testing.assert_allclose(som.weights_, expected)


def test_missing_values_are_left_out():
    rng = np.random.default_rng(0)
    gaps = np.where(rng.random(X.shape) < 0.15, np.nan, X)
    gaps[np.isnan(gaps).all(axis=1)] = X[np.isnan(gaps).all(axis=1)]
    for training in ("batch", "online"):
        som = SelfOrganizingMap((5, 5), training=training, random_state=0, max_epochs=8).fit(gaps)
        np.testing.assert_allclose(som.transform(gaps), nan_euclidean_distances(gaps, som.weights_), atol=1e-9)
        assert som.quantization_error(gaps) == pytest.approx(som.transform(gaps).min(axis=1).mean())
        assert som.quantization_error(X) < 0.8


@pytest.mark.parametrize("rows", [np.full((4, 2), np.nan), [[1.0, np.nan], [2.0, np.nan]], [[np.inf, 1.0], [0.0, 1.0]]])
def test_rows_that_say_nothing(rows):
    with pytest.raises(ValueError, match=r"value|infinity"):
        SelfOrganizingMap((2, 2)).fit(rows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": (3,)},
        {"shape": 4},
        {"grid": "round"},
        {"radius": 0.0},
        {"init": "best"},
        {"init": np.zeros((3, 4))},
        {"init_range": (1.0, -1.0)},
        {"max_updates": 10},
        {"batch_size": 10, "training": "online"},
        {"final_learning_rate": 0.0},
        {"grid": "hexagonal", "topology": "toroidal", "shape": (3, 3)},
        {"record_at": (-1,)},
    ],
    ids=str,
)
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(ValueError, match=r"must|max_updates|batch_size|schedule|torus"):
        SelfOrganizingMap(**wrong).fit(X)


def test_labels_of_units():
    som = SelfOrganizingMap((3, 3), neighbourhood="bubble", radius=1.0, init=np.vstack([X[:8], np.full((1, 4), 99.0)]), max_epochs=1).fit(X)
    with pytest.raises(NotFittedError, match="label_units"):
        som.classify(X)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    names[:20] = "virginica"
    labels = som.label_units(names)
    assert som.hit_map()[2, 2] == 0
    assert labels[8] == "virginica"  # wins nothing: the commonest of all
    for unit in np.unique(som.labels_):
        kinds, counts = np.unique(names[som.labels_ == unit], return_counts=True)
        assert counts[kinds.tolist().index(labels[unit])] == counts.max()
    with pytest.raises(ValueError, match="inconsistent"):
        som.label_units(names[:-1])


def test_the_path_and_the_winners_of_online_training():
    som = SelfOrganizingMap(
        (3, 3), neighbourhood="bubble", radius=1.0, training="online", max_updates=200, record_at=(0, 1, 200), init="random", random_state=3
    ).fit(X)
    assert som.path_steps_.tolist() == [0, 1, 200]
    np.testing.assert_array_equal(som.path_[-1], som.weights_)
    assert len(som.winners_) == 200
    assert [som.winners_[0]] == np.flatnonzero((som.path_[1] != som.path_[0]).any(axis=1)).tolist()
    assert som.history_["updates"].tolist() == [150, 200]


def test_passes_one_by_one_are_the_fit():
    for training in ("batch", "online"):
        settings = {"training": training, "max_epochs": 3, "learning_rate": 1.0, "final_learning_rate": 1.0, "random_state": 0}
        whole = SelfOrganizingMap((4, 4), **settings).fit(X)
        parts = SelfOrganizingMap((4, 4), **settings)
        for _ in range(3):
            parts.partial_fit(X)
        np.testing.assert_allclose(parts.weights_, whole.weights_)
        assert parts.n_iter_ == whole.n_iter_ == 3
        parts.partial_fit(X[:20])
        assert parts.n_iter_ == 4


def test_a_runaway_keeps_the_last_finite_weights():
    constant = {"radius_schedule": "constant", "learning_rate_schedule": "constant", "radius": 2.0, "learning_rate": 5.0}
    som = SelfOrganizingMap(
        (4, 4), training="online", neighbourhood="mexican_hat", init="sample", dtype="float32", random_state=0, **constant
    )
    with pytest.raises(ValueError, match="not finite in epoch"):
        som.fit(X)
    assert np.isfinite(som.weights_).all()


def test_saved_loaded_and_in_a_pipeline(tmp_path):
    som = SelfOrganizingMap((4, 4), grid="hexagonal", random_state=0).fit(X)
    som.label_units(np.array(["a", "b", "c"])[y])
    again = load(som.save(tmp_path / "map"))
    np.testing.assert_array_equal(again.classify(X), som.classify(X))
    assert again.grid_ == som.grid_
    assert make_pipeline(StandardScaler(), SelfOrganizingMap((2, 3))).fit_transform(X).shape == (150, 6)


@pytest.mark.gpu
def test_the_same_map_on_a_gpu():
    settings = {"shape": (5, 5), "random_state": 0, "max_epochs": 5}
    for training in ("batch", "online"):
        here = SelfOrganizingMap(training=training, **settings).fit(X)
        there = SelfOrganizingMap(training=training, device="cuda", **settings).fit(X)
        np.testing.assert_allclose(there.weights_, here.weights_, rtol=1e-6)
        assert there.quantization_error(X) == pytest.approx(here.quantization_error(X))
