"""Which cells of stacked-autoencoder answer which claim.

Accuracies are compared as log-odds, errors as ratios. The reports leave out layers, number of images or batch size; the readings offered
are named as variants, the likeliest first. The handout has 1000 test images, over which a report's accuracy is counted.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit

from annlab.lab import claim, greater, metric
from annlab.lab.claims import Test, all_of, any_of, equal_within
from annlab.studies.features.stacked_autoencoder_grid import BASELINE, HANDOUT, LAYERS, LONGER, REBUILT, REPORT_D

if TYPE_CHECKING:
    from annlab.lab import Results
    from annlab.lab.grid import Cell

DATA: dict[str, Any] = {"data": "mnist"}
REPORTED: dict[str, Any] = {**DATA, **HANDOUT, "pretrain": True}
CELL_D: dict[str, Any] = {**REPORTED, **REPORT_D, "hidden_sizes": (256, 64)}
IMAGES = [6000, 60_000]
CHOSEN = ("hidden_sizes", "images", "test_images", "optimizer")
CHOSEN_D = ("batch_size", "images", "test_images", "optimizer")
ACCURACY = metric("test_accuracy", trials=1000)


def _layers(*sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"hidden_sizes": size, "images": images} for size in sizes for images in IMAGES]


BATCHES = [{"batch_size": 128, "images": 6000}, {"batch_size": 64, "images": 6000}, {"batch_size": 128, "images": 60_000}]
ONE_BATCH = [{"batch_size": 128, "images": images} for images in IMAGES]
RECONSTRUCTOR: dict[str, Any] = {**DATA, **REBUILT}
SIZES: dict[str, Any] = {
    "variants": {"hidden_sizes": [(256, 64), (128, 64)]},
    "chosen": ("hidden_sizes", "epochs", "images", "test_images", "optimizer"),
}
SMALLER = [[(256, 256), (256, 128)], [(256, 64), (128, 64)]]
"""Both readings of a hidden layer of 256 units made one of 128."""


def fewer_units_better(results: "Results") -> Test:
    """By replicate: log-odds of the test accuracy of the network with fewer units less those of the one with more."""
    smaller, larger = sorted(results.cells, key=lambda cell: sum(cell.params.hidden_sizes))
    less_units, more_units = (_log_odds(results, cell) for cell in (smaller, larger))
    words = ["-".join(map(str, cell.params.hidden_sizes)) for cell in (smaller, larger)]
    return Test(
        f"accuracy of {words[0]} less that of {words[1]}, in log-odds",
        {replicate: odds - more_units[replicate] for replicate, odds in less_units.items() if replicate in more_units},
    )


def _log_odds(results: "Results", cell: "Cell") -> dict[int, float]:
    half = 0.5 / cell.params.test_images  # an accuracy of 0 or 1 has no log-odds
    return {
        record.replicate: float(logit(np.clip(record.outcome.metrics["test_accuracy"], half, 1 - half)))
        for record in results.records
        if record.outcome is not None and record.stage == "trial" and record.cell.identity == cell.identity
    }


CLAIMS = [
    claim(
        "stacked-autoencoder.test-accuracy.baseline.a",
        cell={**REPORTED, **BASELINE},
        value=ACCURACY,
        tolerance=0.01,
        variants=_layers((256, 256), (256, 64)),
        chosen=CHOSEN,
    ),
    claim(
        "stacked-autoencoder.test-accuracy.longer.a",
        cell={**REPORTED, **LONGER},
        value=ACCURACY,
        tolerance=0.01,
        variants=_layers((256, 256), (256, 64)),
        chosen=CHOSEN,
    ),
    claim(
        "stacked-autoencoder.test-accuracy.longer-128.a",
        cell={**REPORTED, **LONGER},
        value=ACCURACY,
        tolerance=0.01,
        variants=_layers((256, 128), (128, 64)),
        chosen=CHOSEN,
    ),
    claim(
        "stacked-autoencoder.longer-and-smaller-batch-better",
        cell={**REPORTED, **LONGER},
        value=ACCURACY,
        variants=_layers((256, 256), (256, 64)),
        chosen=CHOSEN,
    ),
    claim(
        "stacked-autoencoder.smaller-hidden-better",
        cell={**REPORTED, **LONGER},
        test=fewer_units_better,
        variants=[{"hidden_sizes": pair, "images": images} for pair in SMALLER for images in IMAGES],
        chosen=CHOSEN,
    ),
    claim(
        "stacked-autoencoder.test-accuracy.d",
        cell=CELL_D,
        value=ACCURACY,
        tolerance=0.01,
        variants=BATCHES,
        chosen=CHOSEN_D,
    ),
    claim(
        "stacked-autoencoder.size-no-gain.d",
        cell={name: value for name, value in CELL_D.items() if name != "hidden_sizes"},
        test=all_of(
            *(
                equal_within(metric("test_accuracy").at(hidden_sizes=size), metric("test_accuracy").at(hidden_sizes=(256, 64)), margin=0.3)
                for size in LAYERS
                if size != (256, 64)
            )
        ),
        variants=ONE_BATCH,
        chosen=CHOSEN_D,
    ),
    claim(
        "stacked-autoencoder.epochs-matter.d",
        cell={**REPORTED, "hidden_sizes": (256, 64)},
        test=greater(metric("test_accuracy").at(**REPORT_D), metric("test_accuracy").at(**BASELINE), margin=0.1),
        variants=ONE_BATCH,
        chosen=CHOSEN_D,
    ),
    claim(
        "stacked-autoencoder.finetuning-helps",
        cell=CELL_D,
        test=greater(metric("test_accuracy"), metric("accuracy_classifier"), margin=0.5),
        variants=BATCHES,
        chosen=CHOSEN_D,
    ),
    claim(
        "stacked-autoencoder.classifier-phase-does-not-learn",
        cell=CELL_D,
        test=greater(metric("classifier_loss_ratio"), 0.9),
        variants=BATCHES,
        chosen=CHOSEN_D,
    ),
    claim(
        "stacked-autoencoder.pretraining-good-initialisation",
        cell={name: value for name, value in CELL_D.items() if name != "pretrain"},
        test=greater(metric("test_accuracy").at(pretrain=True), metric("test_accuracy").at(pretrain=False), margin=0.05),
        variants=ONE_BATCH,
        chosen=CHOSEN_D,
    ),
    claim(
        "stacked-autoencoder.pretraining-not-better-than-joint",
        cell=RECONSTRUCTOR,
        test=any_of(
            greater(metric("test_mse").at(pretrain=True), metric("test_mse").at(pretrain=False, match="work")),
            equal_within(metric("test_mse").at(pretrain=True), metric("test_mse").at(pretrain=False, match="work"), margin=0.05),
        ),
        **SIZES,
    ),
    claim(
        "stacked-autoencoder.layerwise-only-poor",
        cell={**RECONSTRUCTOR, "pretrain": True},
        test=greater(metric("layerwise_mse"), metric("test_mse"), margin=0.5),
        **SIZES,
    ),
]
