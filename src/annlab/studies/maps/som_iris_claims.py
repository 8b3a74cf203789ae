"""What the report says of som-iris, and which cells answer."""

import math
from typing import TYPE_CHECKING, Any

from annlab.lab import claim, derived, greater, less, metric, untestable
from annlab.lab.claims import all_of, any_of
from annlab.studies.maps.som_iris_grid import CLASSIFICATION, CLUSTERING, VIEW

if TYPE_CHECKING:
    from annlab.lab.ledger import Row

UNSTATED: dict[str, Any] = {
    "variants": {"scaling": ["standardised", "raw", "unit"], "updates": [500, 100, 5000]},
    "chosen": ("scaling", "updates", "init"),
}
MAPS: dict[str, Any] = {
    "variants": [
        {},
        {"shape": (5, 5)},
        {"shape": (15, 15)},
        {"scaling": "raw"},
        {"scaling": "unit"},
        {"grid": "hexagonal"},
        {"topology": "toroidal"},
        {"updates": 5000},
        {"neighbourhood": "triangle"},
        {"training": "batch", "updates": 3000},
    ],
    "chosen": ("shape", "grid", "topology", "neighbourhood", "radius", "learning_rate", "scaling", "updates", "training", "init"),
}


def stated(measure: str, kind: int) -> float:
    """What the ledger holds of one class: its precision, recall, f1 or support."""
    from annlab.lab.ledger import rows

    return next(float(row.value) for row in rows("som-iris") if row.id.endswith(f".{measure}.class{kind}") and row.value is not None)


def averaged(row: "Row") -> float:
    """The average that a row states, from the rows of the classes: plain, or weighted by support."""
    measure, how = row.id.split(".")[-2:]
    weights = [stated("support", kind) if how == "weighted" else 1.0 for kind in range(3)]
    return math.fsum(weight * stated(measure, kind) for kind, weight in enumerate(weights)) / math.fsum(weights)


def units(row: "Row") -> float:
    """Units of the map that the row's configuration names."""
    return float(math.prod(int(side) for side in row.config["map"].split("x")))


CLAIMS = [
    claim(  # two ridges that separate: neighbours at either border of classes half again as far apart as within one, or three regions
        "som-iris.umatrix-two-ridges",
        cell=VIEW,
        test=any_of(
            all_of(
                greater(metric("ridge_setosa"), 1.5, contrary="below-margin"),
                greater(metric("ridge_virginica"), 1.5, contrary="below-margin"),
            ),
            greater(metric("map_regions"), 2.5, contrary="below-margin"),
        ),
        **MAPS,
    ),
    claim(  # separate: nine of ten flowers lie in one connected region of units of their class
        "som-iris.umatrix-classes-separate",
        cell=VIEW,
        test=greater(metric("separate"), 0.9, contrary="below-margin"),
        **MAPS,
    ),
    claim("som-iris.light-areas-many-samples", cell=VIEW, test=less(metric("height_hits"), 0.0, margin=0.1), **MAPS),
    claim("som-iris.clustering.nmi", cell=CLUSTERING, value=metric("nmi"), tolerance=0.05, **UNSTATED),
    claim("som-iris.clustering.clusters", value=derived(units)),
    *(
        claim(
            f"som-iris.classification.{measure}.class{kind}",
            cell=CLASSIFICATION,
            value=metric(f"{measure}_{kind}"),
            tolerance=0.05,
            **UNSTATED,
        )
        for measure in ("precision", "recall", "f1")
        for kind in range(3)
    ),
    claim(
        "som-iris.classification.support.class*",
        untestable("the 30 flowers were drawn at random with a seed that is not stated; every split has counts of its own"),
    ),
    claim("som-iris.classification.accuracy", cell=CLASSIFICATION, value=metric("test_accuracy"), tolerance=0.05, **UNSTATED),
    claim("som-iris.classification.support.total", value=derived(lambda row: math.fsum(stated("support", kind) for kind in range(3)))),
    claim(["som-iris.classification.*.macro", "som-iris.classification.*.weighted"], value=derived(averaged)),
    claim(  # overfits: the training flowers are met better by more than 0.02, and a smaller map meets unseen ones better
        "som-iris.classification.overfits",
        cell={name: value for name, value in CLASSIFICATION.items() if name not in ("shape", "updates")},
        test=all_of(
            greater(metric("gap").at(shape=(4, 4)), 0.02, contrary="below-margin"),
            any_of(
                *(
                    greater(metric("test_accuracy").at(shape=smaller), metric("test_accuracy").at(shape=(4, 4)), margin=0.005)
                    for smaller in ((1, 3), (2, 2), (3, 3))
                )
            ),
        ),
        variants={"updates": [500, 5000]},
        chosen=("scaling", "updates", "init"),
    ),
]
