"""What does a self-organising map show of Fisher's iris, and how well does it cluster and classify the flowers?

Three tasks. *View*: a map of 8 x 8 units on all 150 flowers, its U-matrix with hits and its component planes, on rectangles and
hexagons, planes and tori, with four neighbourhoods, trained online and in batches. *Clustering*: 1 x 3 units (gaussian, radius 1.0, rate
0.1), each a cluster, scored by normalised mutual information and the adjusted Rand index against the species; k-means and a Gaussian
mixture beside. *Classification*: 4 x 4 units (triangle, radius 2, rate 0.5) trained on 120 flowers; a unit has the commonest class of
the flowers it wins, or the commonest of all 120 where it wins none; 30 flowers are held out, split anew in each replicate. Nothing is
chosen by the held-out flowers, and no replicate by its score.

The reports leave open scaling, iterations, seed and, for the U-matrix, the map. Here columns are standardised (by the training rows),
500 flowers are shown, and radius and rate fall to a third of their start as 1 / (1 + 2 t / T); raw centimetres, rows divided by their
length, 100 and 5000 flowers stand beside. Units start at flowers drawn at random. A batch pass counts as as many updates as it has rows.

quick | standard | full: 15 x 10 x 500 | 64 x 30 x 1400 | 64 x 100 x 1400 updates, estimated 2 | 50 | 160 seconds on two cores
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data import holdout
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, overrides
from annlab.models.som import SelfOrganizingMap
from annlab.studies.maps import som_iris_answers as answers
from annlab.studies.maps import som_iris_reading as reading
from annlab.studies.maps.som_iris_claims import CLAIMS
from annlab.studies.maps.som_iris_grid import full, quick
from annlab.studies.maps.som_iris_measures import class_regions, escaped, labels_of, per_class, regions, ridges, unit_classes, votes_of

if TYPE_CHECKING:
    from annlab.lab import Context, Streams

UNSEEN = 30
CLASSES = 3
OF_DISTANCES = (
    "height_hits", "ridge_setosa", "ridge_virginica", "map_regions", "petal_planes", "sepal_planes", "quantization_error",
    "topographic_error",
)  # fmt: skip
"""Metrics of a view that have no meaning where the map diverged."""


@dataclass(frozen=True)
class Params:
    """Task, method and the map; what k-means and the others have no use for, they do without."""

    task: Literal["view", "clustering", "classification"] = "view"
    method: Literal["som", "kmeans", "mixture", "neighbour"] = "som"
    shape: tuple[int, int] = (8, 8)
    grid: Literal["rectangular", "hexagonal"] = "rectangular"
    topology: Literal["planar", "toroidal"] = "planar"
    neighbourhood: Literal["gaussian", "bubble", "triangle", "mexican_hat"] = "gaussian"
    training: Literal["online", "batch"] = "online"
    init: Literal["sample", "random", "pca"] = "sample"
    radius: float = 3.0
    learning_rate: float = 0.5
    updates: int = 500
    scaling: Literal["standardised", "raw", "unit"] = "standardised"


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """The task in each replicate."""
    table = ctx.data("iris")
    X, y = np.asarray(table["X"]), np.asarray(table["y"])
    task = {"view": _viewed, "clustering": _clustered, "classification": _classified}[params.task]
    return [task(params, ctx.streams.of(r), X, y) for r in ctx.replicates]


def scaled(how: str, rows: np.ndarray, by: np.ndarray) -> np.ndarray:
    """`rows` by the mean and deviation of `by`, as they are, or divided by their length."""
    if how == "standardised":
        return np.asarray((rows - by.mean(axis=0)) / by.std(axis=0))
    return rows if how == "raw" else np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def the_map(params: Params, streams: "Streams", X: np.ndarray, record_at: tuple[int, ...] = ()) -> SelfOrganizingMap:
    """The fitted map of a cell."""
    passes: dict[str, Any] = {"max_updates": params.updates}
    if params.training == "batch":
        passes = {"max_epochs": max(1, round(params.updates / len(X)))}
    estimator = SelfOrganizingMap(
        shape=params.shape,
        grid=params.grid,
        topology=params.topology,
        neighbourhood=params.neighbourhood,
        training=params.training,
        radius=params.radius,
        final_radius=params.radius / 3,
        radius_schedule="inverse",
        learning_rate=params.learning_rate,
        final_learning_rate=params.learning_rate / 3,
        learning_rate_schedule="inverse",
        init=params.init,
        record_at=record_at,
        random_state=streams.seed("init") % 2**32,
        **passes,
    )
    return estimator.fit(X)


def _viewed(params: Params, streams: "Streams", X: np.ndarray, y: np.ndarray) -> Outcome:
    from scipy.stats import spearmanr

    rows = scaled(params.scaling, X, X)
    steps = params.updates if params.training == "online" else max(1, round(params.updates / len(X)))
    kept = tuple(sorted({0, max(1, steps // 50), max(1, steps // 10), steps}))
    found = the_map(params, streams, rows, kept)
    edges, units = found.grid_.edges, found.grid_.units
    votes = votes_of(found.labels_, y, units, CLASSES)
    hits, heights = votes.sum(axis=1), found.u_matrix_.ravel()
    kinds = unit_classes(votes, found.transform(rows), y)
    setosa, virginica = ridges(found.weights_, edges, kinds)
    beside = np.unique(edges[(kinds[edges] == 0).sum(axis=1) == 1])
    planes = np.corrcoef(found.weights_.T)
    metrics = {
        "height_hits": float(spearmanr(heights, hits)[0]),
        "ridge_setosa": setosa,
        "ridge_virginica": virginica,
        "map_regions": regions(found.weights_, edges, hits),
        "separate": class_regions(edges, kinds, votes),
        "pure": float(votes[(votes > 0).sum(axis=1) == 1].sum() / len(y)),
        "idle": float((hits == 0).mean()),
        "border_idle": float((hits[beside] == 0).mean()) if len(beside) else np.nan,
        "petal_planes": float(planes[2, 3]),
        "sepal_planes": float(planes[0, 1]),
        "quantization_error": found.quantization_error(rows),
        "topographic_error": found.topographic_error(rows),
    }
    metrics["diverged"] = float(escaped(found.weights_, rows))
    if metrics["diverged"]:  # distances among units that ran away say nothing of the flowers
        metrics |= dict.fromkeys(OF_DISTANCES, float("nan"))
    mean = rows.mean(axis=0)
    plane = np.linalg.svd(rows - mean, full_matrices=False)[2][:2].T
    arrays = {
        "weights": found.weights_,
        "votes": votes,
        "path": (found.path_ - mean) @ plane,
        "path_wins": np.stack([np.bincount(_nearest(rows, weights), minlength=units) for weights in found.path_]),
        "path_steps": found.path_steps_,
        "points": (rows - mean) @ plane,
    }
    return Outcome(metrics, {}, {"units": {"unit": np.arange(units), "hits": hits, "height": heights}}, arrays)


def _nearest(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.asarray(((rows[:, None] - weights) ** 2).sum(axis=2).argmin(axis=1))


def _clustered(params: Params, streams: "Streams", X: np.ndarray, y: np.ndarray) -> Outcome:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    rows = scaled(params.scaling, X, X)
    found = _fitted(params, streams, rows)
    won = found.predict(rows)
    votes = votes_of(won, y, params.shape[0] * params.shape[1], CLASSES)
    metrics = {
        "nmi": round(float(normalized_mutual_info_score(y, won)), 12),  # equal clusterings differ by rounding alone
        "ari": round(float(adjusted_rand_score(y, won)), 12),
        "clusters": float(votes.any(axis=1).sum()),
        "purity": float(votes.max(axis=1).sum() / len(y)),
    }
    if isinstance(found, SelfOrganizingMap):
        metrics["quantization_error"] = found.quantization_error(rows)
    return Outcome(metrics, arrays={"votes": votes})


def _classified(params: Params, streams: "Streams", X: np.ndarray, y: np.ndarray) -> Outcome:
    unseen, seen = holdout(len(X), [UNSEEN, len(X) - UNSEEN], streams("split"))
    train, test = scaled(params.scaling, X[seen], X[seen]), scaled(params.scaling, X[unseen], X[seen])
    if params.method == "neighbour":
        units, won, won_unseen = len(train), np.arange(len(train)), _nearest(test, train)
    else:
        found = _fitted(params, streams, train)
        units, won, won_unseen = params.shape[0] * params.shape[1], found.predict(train), found.predict(test)
    votes = votes_of(won, y[seen], units, CLASSES)
    classes, labelled = labels_of(votes), np.asarray(votes.sum(axis=1) > 0)
    predicted = classes[won_unseen]
    confusion = votes_of(y[unseen], predicted, CLASSES, CLASSES)
    accuracies = float((classes[won] == y[seen]).mean()), float((predicted == y[unseen]).mean())
    metrics = {
        "train_accuracy": accuracies[0],
        "test_accuracy": accuracies[1],
        "gap": accuracies[0] - accuracies[1],
        "idle": float(1 - labelled.mean()),
        "by_default": float(1 - labelled[won_unseen].mean()),
        "labelled_accuracy": accuracies[1],
        **per_class(confusion),
    }
    if params.method == "som":
        among = np.flatnonzero(labelled)[found.transform(test)[:, labelled].argmin(axis=1)]
        metrics["labelled_accuracy"] = float((classes[among] == y[unseen]).mean())
        metrics["quantization_error"] = found.quantization_error(train)
        metrics["test_quantization_error"] = found.quantization_error(test)
    return Outcome(metrics, arrays={"confusion": confusion, "votes": votes})


def _fitted(params: Params, streams: "Streams", rows: np.ndarray) -> Any:
    """The fitted map, k-means or mixture of a cell, with as many groups as the map has units."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    if params.method == "som":
        return the_map(params, streams, rows)
    groups, seed = params.shape[0] * params.shape[1], streams.seed("init") % 2**32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of k-means on few rows and of mixtures that stop before they settle
        if params.method == "kmeans":
            return KMeans(groups, n_init=10, random_state=seed).fit(rows)
        return GaussianMixture(groups, n_init=5, random_state=seed).fit(rows)


METRICS = {
    "height_hits": Metric("rank correlation of U-matrix height and hits"),
    "ridge_setosa": Metric("distance across the border of setosa over that within classes", scale="log"),
    "ridge_virginica": Metric("distance across the border of versicolor and virginica over that within classes", scale="log"),
    "map_regions": Metric("regions parted by ridges"),
    "separate": Metric("flowers in the largest region of their class, share", better="higher"),
    "pure": Metric("flowers on units of one class, share", better="higher"),
    "idle": Metric("units that win nothing, share"),
    "border_idle": Metric("units at the border of setosa that win nothing, share"),
    "petal_planes": Metric("correlation of the planes of petal length and width"),
    "sepal_planes": Metric("correlation of the planes of sepal length and width"),
    "quantization_error": Metric("quantisation error", scale="log", better="lower"),
    "test_quantization_error": Metric("quantisation error, held out", scale="log", better="lower"),
    "topographic_error": Metric("topographic error", better="lower"),
    "diverged": Metric("diverged, share of maps", better="lower"),
    "nmi": Metric("normalised mutual information", better="higher"),
    "ari": Metric("adjusted Rand index", better="higher"),
    "clusters": Metric("clusters that win flowers"),
    "purity": Metric("purity", better="higher"),
    "train_accuracy": Metric("training accuracy", better="higher"),
    "test_accuracy": Metric("test accuracy", better="higher"),
    "gap": Metric("training minus test accuracy"),
    "labelled_accuracy": Metric("test accuracy by the nearest unit with a label", better="higher"),
    "by_default": Metric("test flowers on units without a label, share"),
    **{
        f"{name}_{kind}": Metric(f"{word} of {species}", better="higher")
        for name, word in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
        for kind, species in (("0", "setosa"), ("1", "versicolor"), ("2", "virginica"), ("macro", "all classes, mean"))
    },
    **{f"support_{kind}": Metric(f"test flowers of class {kind}") for kind in range(CLASSES)},
}

study = Study(
    name="som-iris",
    title="A self-organising map of iris",
    sheet={"C": "2.3"},
    version=2,
    params=Params(),
    trial=trial,
    grid=full(),
    replicates=30,
    stacked=True,
    data=("iris",),
    profiles={"quick": overrides(grid=quick(), replicates=10), "standard": overrides(), "full": overrides(replicates=100)},
    cost=lambda params: 0.3 + (0.0008 * params.updates if params.method == "som" and params.training == "online" else 0.4),
    metrics=METRICS,
    questions=[
        Question("Which units never win?", answers.idle_units, "2.3"),
        Question("What does the U-matrix show?", answers.u_matrix, "2.3"),
        Question("How good is a map of three units as a clustering?", answers.clustering, "2.3"),
        Question("How good is a map as a classifier, and does it overfit?", answers.classification, "2.3"),
    ],
    figures=[
        Figure(
            "u-matrix",
            reading.u_matrix,
            "U-matrix of 8 x 8 units with the 150 flowers as hits (standardised iris, replicate 0). Cells between units show the distance "
            "of the pair, in standard deviations; the edges of a torus meet.",
        ),
        Figure(
            "labels",
            reading.labels,
            "Commonest species of each unit and flowers won, paler where species mix (iris, replicate 0 of each map).",
        ),
        Figure("component-planes", reading.planes, "The weights of 8 x 8 hexagons, one feature a panel (iris, replicate 0)."),
        Figure(
            "data-space",
            reading.data_space,
            "The map of 8 x 8 units among the flowers, on the first two principal components of standardised iris, by flowers shown "
            "(replicate 0).",
        ),
        Figure(
            "height-and-hits",
            reading.heights,
            "Height of the U-matrix by hits of the unit, all replicates (8 x 8 units on rectangles, standardised iris).",
        ),
        Figure(
            "clustering",
            reading.strips,
            "Normalised mutual information of three clusters with the species, every replicate (iris, all 150 flowers).",
        ),
        Figure(
            "size",
            reading.sizes,
            "Accuracy on the 120 training and 30 held-out flowers by number of units (iris, standardised); k-means with as many centres, "
            "labelled the same way, beside.",
        ),
        Figure("confusion", reading.confusion, "Held-out flowers by true and predicted species, mean over splits (iris, 4 x 4 units)."),
    ],
    tables=[
        Table("view", reading.view_table, "The map to look at, one factor changed at a time (iris)."),
        Table("clustering", reading.clustering_table, "Three clusters against the species (iris)."),
        Table("sizes", reading.size_table, "Classification by labelled units (iris, 120 flowers to train, 30 held out)."),
        Table("settings", reading.setting_table, "The 4 x 4 map as a classifier under settings that the report leaves open (iris)."),
        Table("classes", reading.class_table, "The 4 x 4 map by class on the 30 held-out flowers (iris)."),
    ],
    claims=CLAIMS,
)
