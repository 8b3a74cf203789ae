"""The questions of som-iris, answered from its results."""

from typing import TYPE_CHECKING, Any

from annlab import draw
from annlab.studies.maps.som_iris_grid import CLASSIFICATION, CLUSTERING, VIEW
from annlab.studies.maps.som_iris_reading import sizes_of

if TYPE_CHECKING:
    from annlab.lab import Results

HEXAGONAL: dict[str, Any] = {**VIEW, "grid": "hexagonal"}


def idle_units(results: "Results") -> str:
    """Answers which units never win."""
    sizes = sizes_of(results)
    largest, smallest = sizes[-1], sizes[0]
    widest = {**CLASSIFICATION, "shape": largest}
    more = draw.compare(results, "idle", {"shape": largest}, {"shape": smallest}, **_without(CLASSIFICATION, "shape"))
    return (
        f"On the map of 8 x 8 units a share of {draw.measured(results, 'idle', **VIEW)} wins no flower. "
        "Such units lie between groups: their neighbours on either side pull them into the gap, where no flower is. "
        f"The rank correlation of a unit's height in the U-matrix with its hits is {draw.measured(results, 'height_hits', **VIEW)}. "
        f"Of the maps trained on 120 flowers, the idle share of {_size(largest)} units against that of {_size(smallest)}: {more}. "
        "A classifier still needs a label for them: they get the commonest class of all training flowers, and "
        f"{draw.measured(results, 'by_default', **widest)} of the held-out flowers fall on them at {_size(largest)} units. "
        f"With the label of the nearest unit that has one the accuracy there is {draw.measured(results, 'labelled_accuracy', **widest)} "
        f"instead of {draw.measured(results, 'test_accuracy', **widest)}."
    )


def u_matrix(results: "Results") -> str:
    """Answers what the U-matrix shows."""
    ridge = draw.compare(results, "ridge_setosa", HEXAGONAL, VIEW)
    return (
        "A unit of the U-matrix is as high as its weights are far from those of its neighbours: low ground is a group, a ridge a gap. "
        f"Across the border of setosa neighbours are {draw.measured(results, 'ridge_setosa', **VIEW)} times as far apart as within a "
        f"class, across that of versicolor and virginica {draw.measured(results, 'ridge_virginica', **VIEW)} times: a ratio near 1 is no "
        "ridge. "
        f"Of the units at the border of setosa a share of {draw.measured(results, 'border_idle', **VIEW)} wins nothing; a row of such "
        "units in the gap makes one gap look like two dark lines. "
        f"Without a look at the classes, ridges part {draw.measured(results, 'map_regions', **VIEW)} regions. "
        f"A share of {draw.measured(results, 'separate', **VIEW)} of the flowers lies in the connected region of its class, so that "
        "classes may lie apart on the map where no ridge shows it. "
        f"The planes of petal length and width correlate at {draw.measured(results, 'petal_planes', **VIEW)}, those of sepal length and "
        f"width at {draw.measured(results, 'sepal_planes', **VIEW)}. "
        f"The ridge at setosa on hexagons, against that on rectangles: {ridge}."
    )


def clustering(results: "Results") -> str:
    """Answers how good three units are as a clustering."""
    values = results.values("nmi", **CLUSTERING)
    means, mixture, raw = (
        draw.compare(results, "nmi", first, CLUSTERING)
        for first in ({**CLUSTERING, "method": "kmeans"}, {**CLUSTERING, "method": "mixture"}, {**CLUSTERING, "scaling": "raw"})
    )
    return (
        f"Three units in a row, each a cluster, reach a normalised mutual information of {draw.measured(results, 'nmi', **CLUSTERING)} and "
        f"an adjusted Rand index of {draw.measured(results, 'ari', **CLUSTERING)} with the species (standardised columns, 500 flowers "
        "shown). "
        f"Over {len(values)} starts the former runs from {draw.format_number(float(values.min()))} to "
        f"{draw.format_number(float(values.max()))}; the best of many starts, picked by the species, is no result of a clustering. "
        f"Against it, on the same columns, that of k-means: {means}; that of a Gaussian mixture: {mixture}; that of the map on raw "
        f"centimetres: {raw}. How columns are scaled decides what is near. "
        "A map and k-means look for compact groups, while versicolor and virginica are long clouds side by side, which a mixture with full "
        "covariances can describe."
    )


def classification(results: "Results") -> str:
    """Answers how well labelled units classify and whether they overfit."""
    sizes = sizes_of(results)
    smaller = [shape for shape in sizes if shape[0] * shape[1] < 16]
    largest, rest = sizes[-1], _without(CLASSIFICATION, "shape")
    against = "; ".join(
        f"{_size(shape)}: {draw.compare(results, 'test_accuracy', {'shape': shape}, {'shape': (4, 4)}, **rest)}" for shape in smaller
    )
    gap = draw.compare(results, "gap", {"shape": largest}, {"shape": (4, 4)}, **rest)
    means = draw.compare(results, "test_accuracy", {"method": "kmeans"}, {"method": "som"}, **_without(CLASSIFICATION, "method"))
    neighbour = draw.measured(results, "test_accuracy", **{**CLASSIFICATION, "method": "neighbour"})
    perfect = results.values("test_accuracy", **CLASSIFICATION) == 1
    return (
        f"The 4 x 4 map classifies {draw.measured(results, 'test_accuracy', **CLASSIFICATION)} of 30 held-out flowers rightly and "
        f"{draw.measured(results, 'train_accuracy', **CLASSIFICATION)} of the 120 it was trained on. "
        f"All 30 are right in {int(perfect.sum())} of {len(perfect)} splits, so that one such split says little. "
        f"The gap between training and held-out flowers is {draw.measured(results, 'gap', **CLASSIFICATION)}; that "
        f"of {_size(largest)} units against that of 4 x 4: {gap}. "
        f"Were 16 units too many, smaller maps would do better on held-out flowers; against 4 x 4 their accuracy is: {against}. "
        f"With 16 centres of k-means, labelled in the same way, the accuracy against that of the map: {means}; the nearest of the "
        f"120 flowers alone reaches {neighbour}."
    )


def _without(cell: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in cell.items() if key != name}


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"
