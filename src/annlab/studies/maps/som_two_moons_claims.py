"""What the report says of som-two-moons, and which cells answer.

The neighbourhood, its radius and the rate are not stated: the usual ones come first, a narrow and a wide neighbourhood, winner takes
all, another rate, and batch training stand beside. Units off the moons are said to be so only beyond two standard deviations of noise.
"""

from typing import TYPE_CHECKING, Any

from annlab.lab import claim, derived, greater, metric
from annlab.lab.claims import Test
from annlab.models.som_grids import Grid
from annlab.studies.maps.som_two_moons_grid import BASE, BATCH, STAYED

if TYPE_CHECKING:
    from annlab.lab import Results

UNSTATED: dict[str, Any] = {
    "variants": [
        {},
        {"radius": 0.5},
        {"radius": 2.0},
        {"neighbourhood": "bubble"},
        {"neighbourhood": "triangle", "radius": 2.0},
        {"learning_rate": 0.1},
        dict(BATCH),
    ],
    "chosen": ("neighbourhood", "radius", "learning_rate", "schedule", "points", "noise", "training", "iterations"),
}


def stayed(results: "Results") -> Test:
    """By how much less than `STAYED` the units off the moons moved in each replicate that has any; they must win nothing as well."""
    found = {
        record.replicate: STAYED - record.outcome.metrics["moved_off"] if record.outcome.metrics["off_idle"] else -1.0
        for record in results.records
        if record.outcome is not None and "moved_off" in record.outcome.metrics
    }
    return Test(f"{STAYED} minus the way of the units off the moons", found)


CLAIMS = [
    claim("som-two-moons.centroids", value=derived(lambda _row: Grid(4, 4).units)),
    claim("som-two-moons.dead-centroids", cell=BASE, test=greater(metric("off"), 1.0, contrary="below-margin"), **UNSTATED),
    claim("som-two-moons.dead-cause", cell=BASE, test=stayed, **UNSTATED),
]
