"""What the reports say of linear-vs-perceptron, and which cells answer."""

import math
from typing import Any

from annlab.lab import claim, derived, greater, less, metric, series
from annlab.lab.claims import all_of, from_config
from annlab.studies.supervised.linear_vs_perceptron_exact import X

LINE = {"target": "pi", "noise": 0.0, "hidden": 0, "optimizer": "sgd", "epochs": 2000, "sweep": False}
OURS = {**LINE, "init": "glorot", "batch_size": None, "criterion": 1e-4}
AT_RATE = {**LINE, "learning_rate": from_config("lr")}
UNSTATED: dict[str, Any] = {
    "variants": {"init": ["glorot", "uniform"], "batch_size": [None, 25], "criterion": [1e-4, 1e-3]},
    "chosen": ("init", "batch_size", "criterion"),
}
SECOND = {"target": "pi", "noise": 0.0, "hidden": 10, "output": "identity", "optimizer": "adam", "learning_rate": 0.1, "epochs": 300}
SIZED = {**SECOND, "batch_size": 25}

CLAIMS = [
    *(
        claim(
            f"linear-vs-perceptron.final-loss.lr-{rate:g}",
            cell={**LINE, "learning_rate": rate},
            value=series("curves", "train_loss", epoch=epoch, scale="log", better="lower"),
            tolerance=0.05,
            **UNSTATED,
        )
        for rate, epoch in ((0.2, 25), (0.02, 37), (0.25, 41))
    ),
    claim("linear-vs-perceptron.final-loss.lr-0.0002", cell=AT_RATE, value=metric("train_mse"), tolerance=0.05, **UNSTATED),
    claim("linear-vs-perceptron.epochs.*", cell=AT_RATE, value=metric("settled_epoch"), tolerance=0.2, **UNSTATED),
    claim(  # over how many epochs is not stated: the mean over all 2000
        "linear-vs-perceptron.loss-slope.lr-0.0002", cell=AT_RATE, value=metric("fall_per_ten_epochs"), tolerance=0.0005, **UNSTATED
    ),
    claim("linear-vs-perceptron.slower.*", cell={**OURS, "learning_rate": from_config("lr")}, value=metric("settled_epoch"), margin=0.05),
    claim(
        "linear-vs-perceptron.diverges.lr-0.3",
        cell={**OURS, "learning_rate": 0.3},
        test=greater(metric("growth"), 1000.0, contrary="below-margin"),
    ),
    claim(  # at the minimum most of the target's variance is left, and unseen points are met as badly as seen ones
        "linear-vs-perceptron.linear-underfits",
        cell={"hidden": 0, "optimizer": "levenberg_marquardt", "noise": 0.3},
        test=all_of(
            greater(metric("unexplained"), 0.5, contrary="below-margin"),
            less(metric("gap_ratio"), 1.5, contrary="below-margin"),
        ),
    ),
    claim(
        "linear-vs-perceptron.identity-perceptron-equals-regression",
        cell={**OURS, "learning_rate": 0.2},
        test=less(metric("distance"), 1e-6, contrary="below-margin"),
    ),
    claim("linear-vs-perceptron.updates-per-epoch.bs-25", value=derived(lambda row: float(math.ceil(X.size / row.config["batch"])))),
    claim(
        "linear-vs-perceptron.loss-not-monotone",
        cell=SIZED,
        test=all_of(greater(metric("falls"), 0.5, contrary="below-margin"), less(metric("falls"), 1.0, contrary="below-margin")),
    ),
    claim(
        "linear-vs-perceptron.two-layer-predicts-well",
        cell={"target": "pi", "noise": 0.0, "output": "identity"},
        test=all_of(
            greater(metric("r2").at(**SIZED), 0.95, contrary="below-margin"),
            less(metric("train_mse").at(**SIZED), metric("train_mse").at(**OURS, learning_rate=0.2), margin=0.5),
        ),
    ),
    claim(  # stagnates: less than a tenth of the loss goes within the window, and more than half of it afterwards
        "linear-vs-perceptron.two-layer-plateau",
        cell=SIZED,
        test=all_of(
            greater(metric("window_ratio"), 0.9, contrary="below-margin"),
            less(metric("later_ratio"), 0.5, contrary="below-margin"),
        ),
        variants={"batch_size": [25, None]},
        chosen=("hidden", "optimizer", "learning_rate", "init", "batch_size"),
    ),
]
