"""Ledger rows of cnn-architectures: which named cell answers which."""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit

from annlab.lab import claim, derived, greater, less, metric
from annlab.lab.claims import Test, all_of, any_of, equal_within
from annlab.studies.features.cnn_architectures_networks import D, Params, dense_inputs

if TYPE_CHECKING:
    from annlab.lab import Results
    from annlab.lab.ledger import Row

ACCURACY = metric("test_accuracy")
POINTS = metric("test_accuracy", scale="linear")
ROUGH = metric("roughness")
ALIKE = 0.005  # of the accuracy: half a percentage point
SMALL = 0.5  # in log-odds: 99.0 % against 98.4 %
RECIPE = ("images", "test_images", "epochs", "batch_size", "learning_rate")
NAMED = ("D half the filters", "D small kernels", "D no dropout")
OTHERS = ("D deeper", "D max pooling", "D no batch norm", "D leaky relu")
C_NETS = ("C1", "C2", "C3", "C4")


def _at(case: str, value: Any = ACCURACY) -> Any:
    return value.at(case=case)


def dense_inputs_of_d(row: "Row") -> float:
    """Inputs of the first dense layer of report-D's network, from the shapes of its layers."""
    return float(dense_inputs(Params(**D)))


def filters_kernels_dropout(results: "Results") -> Test:
    """By replicate: mean size of the effects of filters, kernels and dropout in log-odds less that of the other choices."""
    table = results.table
    half = 0.5 / float(table["test_images"].iloc[0])
    shown = table.assign(odds=logit(np.clip(table["test_accuracy"], half, 1 - half))).pivot_table("odds", "replicate", "case")
    sizes = {name: (shown[name] - shown["D"]).abs() for name in (*NAMED, *OTHERS) if name in shown}
    if set(sizes) != {*NAMED, *OTHERS}:
        return Test("effects in log-odds", {})
    named, others = (np.mean([sizes[name].to_numpy() for name in part], axis=0) for part in (NAMED, OTHERS))
    replicates = [int(replicate) for replicate in shown.index.tolist()]
    return Test(
        "mean size of the effects of fewer filters, smaller kernels and no dropout less that of other changes, in log-odds",
        dict(zip(replicates, (named - others).tolist(), strict=True)),
        margin=0.1,
    )


CLAIMS = [
    claim(
        "cnn-architectures.baseline.test-accuracy.a",
        value=metric("test_accuracy", trials=2000),
        tolerance=0.01,
        variants={"case": ["A", "A, all images"]},
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.best.test-accuracy.a",
        value=metric("test_accuracy", trials=2000),
        tolerance=0.005,
        variants={"case": ["A tuned", "A tuned, all images"]},
        chosen=(*RECIPE, "kernels", "strides"),
    ),
    claim(
        "cnn-architectures.tuning-improves.a",
        cell={"case": "A tuned"},
        value=ACCURACY,
        margin=0.1,
        chosen=(*RECIPE, "kernels", "strides"),
    ),
    claim(
        "cnn-architectures.deeper-better.a",
        cell={},
        test=all_of(
            greater(_at("six convolutions"), _at("two convolutions"), margin=0.1),
            greater(_at("four times the filters"), _at("half the filters"), margin=0.1),
        ),
        chosen=RECIPE,
    ),
    claim("cnn-architectures.dense-inputs.d", value=derived(dense_inputs_of_d)),
    claim(
        "cnn-architectures.test-accuracy.d",
        value=metric("test_accuracy", trials=2000, factor=100),
        tolerance=0.7,
        variants={"case": ["D", "D, all images"]},
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.more-layers-no-gain.d",
        cell={},
        test=any_of(equal_within(_at("D deeper"), _at("D"), 0.25), less(_at("D deeper"), _at("D"))),
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.filters-kernels-dropout-matter.d",
        cell={"case": ["D", *NAMED, *OTHERS]},
        test=filters_kernels_dropout,
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.too-many-parameters-overfit.d",
        cell={},
        test=all_of(
            greater(_at("D twice, no dropout", metric("gap")), _at("D no dropout", metric("gap")), margin=0.001),
            less(_at("D twice the filters", metric("gap")), _at("D twice, no dropout", metric("gap")), margin=0.001),
        ),
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.no-dropout-stagnates.d",
        cell={},
        test=all_of(
            greater(_at("D no dropout", metric("accuracy_early")), _at("D", metric("accuracy_early"))),
            less(_at("D no dropout", metric("late_gain")), _at("D", metric("late_gain"))),
        ),
        chosen=RECIPE,
    ),
    claim(  # much more: by a tenth of a percentage point
        "cnn-architectures.pooling-variance.d",
        cell={},
        test=greater(_at("D max pooling", ROUGH), _at("D", ROUGH), margin=0.001, contrary="below-margin"),
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.relu-best.d",
        cell={},
        test=all_of(greater(_at("D"), _at("D tanh")), greater(_at("D"), _at("D sigmoid"))),
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.batchnorm-small-gain.d",
        cell={},
        test=all_of(greater(_at("D"), _at("D no batch norm")), equal_within(_at("D"), _at("D no batch norm"), SMALL)),
        chosen=RECIPE,
    ),
    claim("cnn-architectures.large-kernels-first.d", cell={}, test=greater(_at("D"), _at("D kernels reversed")), chosen=RECIPE),
    claim(
        "cnn-architectures.model2.test-accuracy.c",
        value=metric("test_accuracy", trials=2000, factor=100),
        tolerance=0.7,
        variants={"case": ["C2", "C2-wide", "C2, all images"]},
        chosen=(*RECIPE, "network"),
    ),
    claim(
        "cnn-architectures.all-similar.c",
        cell={},
        test=all_of(*(equal_within(_at(name, POINTS), _at("C", POINTS), ALIKE) for name in C_NETS)),
        chosen=(*RECIPE, "network"),
    ),
    claim(
        "cnn-architectures.model2-unreliable.c",
        cell={},
        test=all_of(*(greater(_at("C2", ROUGH), _at(name, ROUGH)) for name in ("C", "C1", "C3", "C4"))),
        chosen=(*RECIPE, "network"),
    ),
    claim(
        "cnn-architectures.model4-more-stable-than-3.c",
        cell={},
        test=all_of(equal_within(_at("C4", POINTS), _at("C3", POINTS), ALIKE), less(_at("C4", ROUGH), _at("C3", ROUGH))),
        chosen=(*RECIPE, "network"),
    ),
    claim(
        "cnn-architectures.batchnorm-speeds-convergence",
        cell={},
        test=all_of(
            greater(_at("handout", metric("accuracy_first")), _at("no batch norm", metric("accuracy_first")), margin=0.005),
            less(_at("handout", ROUGH), _at("no batch norm", ROUGH)),
        ),
        chosen=RECIPE,
    ),
    claim(
        "cnn-architectures.pooling-lowers-cost",
        cell={},
        test=all_of(
            less(_at("D max pooling", metric("operations", exact=True)), _at("D", metric("operations", exact=True)), margin=0.05),
            less(_at("D max pooling", metric("dense_inputs", exact=True)), _at("D", metric("dense_inputs", exact=True)), margin=1.0),
        ),
    ),
]
