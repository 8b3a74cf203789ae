"""Which cells of vision-transformer answer which claim.

Report-D states its settings; those of report-C leave out the number of epochs and what its split called validation is, for which the
handout's 20 epochs and the test images are taken; report-E leaves out most architectures, for which report-A's seven stand. Durations
are compared within their report.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.lab.claims import Test, all_of, claim, greater, less, metric, pick, series, timing, trend, untestable
from annlab.studies.features.vision_transformer_grid import OF_A, OF_C, OF_D, STEPS, Size

if TYPE_CHECKING:
    import pandas as pd

    from annlab.lab import Results
    from annlab.lab.ledger import Row

PLAIN: dict[str, Any] = {"data": "mnist", "patch_size": 7, "shift": 0, "warmup": 0, "label_smoothing": 0.0, "decay": 0.95}
TRAINED: dict[str, Any] = {**PLAIN, "timed": False, "images": 60_000, "epochs": 20}
TIMED: dict[str, Any] = {**PLAIN, **STEPS}
BASE: dict[str, Any] = {**TRAINED, **Size()._asdict()}
LARGE: dict[str, Any] = {**TRAINED, **Size(128, 8, 8, 256)._asdict()}
WIDE: dict[str, Any] = {**TRAINED, **Size(128, 6, 8, 256)._asdict()}
ACCURACY, LOSS = metric("test_accuracy"), metric("test_loss")
UNSTATED = ("epochs", "images")
ANY_SIZE: dict[str, Any] = {
    "variants": [Size(128, 6, 8, 256)._asdict(), Size()._asdict(), Size(128, 8, 8, 256)._asdict(), Size(128, 8, 16, 256)._asdict()],
    "chosen": ("dim", "depth", "heads", "mlp_dim"),
}
FACTORS = ("dim", "depth", "mlp_dim")
D, C = "vision-transformer.time.64-6-128.d", "vision-transformer.time.baseline.c"


def size_of(row: "Row") -> dict[str, Any]:
    """Architecture that a row of report-C names by its words."""
    return dict(OF_C[row.id.removesuffix(".c").rsplit(".", 1)[1]]._asdict())


def trained_size(row: "Row") -> dict[str, Any]:
    """The trained cell of a row of report-C."""
    return {**TRAINED, **size_of(row)}


def timed_size(row: "Row") -> dict[str, Any]:
    """The timed cell of a row of report-C."""
    return {**TIMED, **size_of(row)}


def main_effects(table: "pd.DataFrame") -> dict[int, dict[str, float]]:
    """Change of the accuracy in log-odds from the lowest to the highest level of each factor, by replicate.

    An additive model in the logarithms of the factors is fitted by least squares, since not all combinations are there.
    """
    found = {}
    for replicate, part in table.groupby("replicate"):
        levels = np.log2(part[list(FACTORS)].to_numpy(dtype=float))
        accuracy = part["test_accuracy"].to_numpy(dtype=float)
        odds = np.log(accuracy / (1 - accuracy))
        slopes = np.linalg.lstsq(np.column_stack([np.ones(len(part)), levels]), odds, rcond=None)[0][1:]
        found[int(str(replicate))] = dict(zip(FACTORS, (slopes * np.ptp(levels, axis=0)).tolist(), strict=True))
    return found


def architectures(results: "Results", sizes: Iterable[Size]) -> "pd.DataFrame":
    """Metrics of the networks of these sizes, one row a replicate; others that a profile has are left out."""
    import pandas as pd

    wanted, rows = set(sizes), []
    for record in results.records:
        size = Size(*(getattr(record.cell.params, name) for name in Size._fields))
        if record.outcome and size in wanted:
            rows.append({**size._asdict(), "replicate": record.replicate, **record.outcome.metrics})
    return pd.DataFrame(rows)


def dim_leads(results: "Results") -> Test:
    """By how much the effect of dim, larger being better, exceeds the larger of the two others in size."""
    effects = main_effects(architectures(results, OF_D))
    differences = {key: each["dim"] - max(abs(each["depth"]), abs(each["mlp_dim"])) for key, each in effects.items()}
    return Test("effect of dim less the larger of those of depth and MLP size (log-odds)", differences)


def others_minor(results: "Results") -> Test:
    """By how much half the effect of dim exceeds the larger of the two others, all in size."""
    effects = main_effects(architectures(results, OF_D))
    differences = {key: abs(each["dim"]) / 2 - max(abs(each["depth"]), abs(each["mlp_dim"])) for key, each in effects.items()}
    return Test("half the effect of dim less the larger of those of depth and MLP size (log-odds)", differences)


def similar(results: "Results") -> Test:
    """Half a point less the range of the middle half of the accuracies of report-C's and report-D's networks."""
    ranges = {
        int(str(key)): 0.005 - float(np.subtract(*np.percentile(part["test_accuracy"], [75, 25])))
        for key, part in architectures(results, (*OF_C.values(), *OF_D)).groupby("replicate")
    }
    return Test("0.005 less the interquartile range of test accuracy over architectures", ranges, contrary="below-margin")


def stable(results: "Results") -> Test:
    """A point less the largest fall of test accuracy between epochs over report-E's networks; a run that diverged falls by 1."""
    falls = {
        int(str(key)): 0.01 - float(np.where(part["diverged_epoch"] > 0, 1.0, part["largest_fall"]).max())
        for key, part in architectures(results, OF_A).groupby("replicate")
    }
    return Test("0.01 less the largest fall of test accuracy from one epoch to the next", falls, contrary="below-margin")


CLAIMS = [
    claim("vision-transformer.baseline.test-accuracy.a", cell=BASE, value=ACCURACY, tolerance=0.003),
    claim("vision-transformer.baseline.test-loss.a", cell=BASE, value=LOSS, tolerance=0.2),
    claim(
        "vision-transformer.best.test-accuracy.e",
        cell=TRAINED,
        value=series("curves", "test_accuracy", epoch=18),
        tolerance=0.3,
        **ANY_SIZE,
    ),
    claim("vision-transformer.best.test-loss.e", cell=TRAINED, value=series("curves", "test_loss", epoch=18), tolerance=0.2, **ANY_SIZE),
    claim(
        "vision-transformer.dim64.test-accuracy.e",
        cell={**TRAINED, "dim": 64},
        value=ACCURACY,
        variants=[{name: value for name, value in size._asdict().items() if name != "dim"} for size in OF_A if size.dim == 64],
        chosen=("depth", "heads", "mlp_dim"),
    ),
    claim("vision-transformer.dim128.test-accuracy.e", cell=WIDE, value=ACCURACY, tolerance=0.3),
    claim(  # clear overfitting: at the end a fifth of a point below the best epoch, or a loss a quarter above the lowest
        "vision-transformer.larger-not-overfitting.e",
        cell=TRAINED,
        test=all_of(
            less(metric("accuracy_lost"), 0.002, contrary="below-margin"), less(metric("loss_risen"), 1.25, contrary="below-margin")
        ),
        variants=[Size(128, 8, 8, 256)._asdict(), Size(128, 6, 8, 256)._asdict(), Size(128, 8, 16, 256)._asdict()],
        chosen=("dim", "depth", "heads", "mlp_dim"),
    ),
    claim(
        "vision-transformer.larger-faster-initially.e",
        test=all_of(
            less(metric("first_loss").at(**LARGE), metric("first_loss").at(**BASE)),
            greater(metric("best_epoch").at(**LARGE), metric("best_epoch").at(**BASE)),
        ),
        chosen=("dim", "depth", "heads", "mlp_dim"),
    ),
    claim(
        "vision-transformer.gain-justifies-cost.e",
        untestable("Whether a gain is worth its cost is a judgement; the table of gains states accuracy gained and seconds spent."),
    ),
    claim([f"vision-transformer.accuracy.{name}.c" for name in OF_C], cell=trained_size, value=ACCURACY, tolerance=0.3, chosen=UNSTATED),
    *(
        claim(f"vision-transformer.{name}.c", cell={**TRAINED, **OF_C[size]._asdict()}, value=ACCURACY, chosen=UNSTATED)
        for name, size in {
            "capacity-helps": "increased-capacity",
            "reduced-worse": "reduced-capacity",
            "depth-helps": "increased-depth",
            "mlp-alone-no-gain": "high-mlp",
        }.items()
    ),
    *(
        claim(
            [f"vision-transformer.time.{name}.c" for name in names],
            cell=timed_size,
            value=timing("step"),
            tolerance=0.25,
            relative_to=base,
            chosen=(*UNSTATED, "hardware"),
        )
        for names, base in (
            ([name for name in OF_C if name != "baseline"], C),
            (["baseline"], "vision-transformer.time.reduced-capacity.c"),
        )
    ),
    claim("vision-transformer.all-similar", cell=TRAINED, test=similar),
    claim("vision-transformer.accuracy.*-*-*.d", cell=pick(*FACTORS, heads=8, **TRAINED), value=ACCURACY, tolerance=0.003),
    *(
        claim(
            patterns,
            cell=pick(*FACTORS, heads=8, **TIMED),
            value=timing("step"),
            tolerance=0.25,
            relative_to=base,
            chosen=("hardware",),  # where a step waits for a GPU to be started, the size hardly shows
        )
        for patterns, base in (
            ([f"vision-transformer.time.{kind}.d" for kind in ("32-*", "128-*", "256-*", "64-4-*", "64-8-*", "64-6-64", "64-6-256")], D),
            ([D], "vision-transformer.time.64-8-128.d"),
        )
    ),
    claim("vision-transformer.dim-most-important.d", cell={**TRAINED, "heads": 8}, test=dim_leads),
    claim("vision-transformer.depth-mlp-minor.d", cell={**TRAINED, "heads": 8}, test=others_minor),
    claim(
        "vision-transformer.time-grows-with-dim.d",
        cell={**TIMED, "depth": 8, "heads": 8, "mlp_dim": 128},
        test=trend(timing("step"), along="dim", direction="up", values=[32, 64, 128, 256], position=math.log2),
    ),
    claim("vision-transformer.no-instability", cell=TRAINED, test=stable, chosen=("dim", "depth", "heads", "mlp_dim")),
    claim(  # the losses of single batches differ by half of their mean, and the epoch's mean falls to a half
        "vision-transformer.loss-varies-but-learns",
        cell={**TRAINED, **Size(128, 8, 8, 128)._asdict()},
        test=all_of(greater(metric("batch_spread"), 0.5, contrary="below-margin"), less(metric("loss_left"), 0.5, contrary="below-margin")),
    ),
]
