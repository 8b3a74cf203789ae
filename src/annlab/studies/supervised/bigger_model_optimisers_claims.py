"""Which cells of bigger-model-optimisers answer which claim.

Two reports leave out the learning rates and say nothing of fresh weights: the rates of Keras are chosen first, and the other
rates, momenta and replaced optimisers are variants. The third names rate, momentum and decay but not the number of epochs.
Margins of accuracies are in log-odds, those of losses and epochs are shares.
"""

from typing import Any

from annlab.lab import claim, derived, metric
from annlab.lab.claims import all_of, any_of, equal_within, greater, less
from annlab.nets import ConvNet, convnet_parameters, flattened_size

SHAPE = (28, 28)
NAMES = {"conv1": "convolution 1", "conv2": "convolution 2", "dense": "dense"}
COMMON: dict[str, Any] = {"data": "mnist", "images": 60000, "epochs": 15, "batch_size": 128, "dropout": 0.5, "padding": "valid"}
KERAS: dict[str, Any] = {"rho": 0.95, "eps": 1e-7}
FRESH: dict[str, Any] = {"momentum": 0.0, **KERAS, "before": ()}
ADAM: dict[str, Any] = {**FRESH, "optimizer": "adam", "learning_rate": 0.001}
SGD: dict[str, Any] = {**FRESH, "optimizer": "sgd", "learning_rate": 0.01}
ADADELTA: dict[str, Any] = {**FRESH, "optimizer": "adadelta", "learning_rate": 0.001}
OPEN = ("learning_rate", "epochs", "batch_size", "before")
BASES: dict[str, dict[str, Any]] = {"adam": ADAM, "sgd": SGD, "adadelta": ADADELTA}
VARIANTS: dict[str, list[dict[str, Any]]] = {  # the likeliest first, in what differs from the base
    "adam": [{"before": ()}, {"before": ("adam",)}],
    "sgd": [{"before": (), "momentum": 0.0}, {"before": ("adam",)}, {"momentum": 0.4}, {"momentum": 0.9}],
    "adadelta": [
        {"before": (), "learning_rate": 0.001},
        {"before": ("adam", "sgd")},
        {"before": ("adam",)},
        {"learning_rate": 1.0},
        {"learning_rate": 1.0, "before": ("adam",)},
        {"learning_rate": 1.0, "rho": 0.9, "eps": 1e-6},
        {"learning_rate": 0.1},
    ],
}
STATED_C: dict[str, dict[str, Any]] = {"sgd": {"momentum": 0.4}, "adadelta": {"learning_rate": 0.1}}
ACCURACY = metric("test_accuracy")  # everybody's test images are the same: what varies is the training alone
LOSS = metric("test_loss")
FIRST, VARIATION = metric("first_accuracy"), metric("variation")


def counted(row: Any) -> float:
    """Count that a row of parameters asks for, by formula; what does not learn is counted in the module."""
    wanted = row.id.rsplit(".", 1)[1]
    layers = convnet_parameters(SHAPE)
    if wanted == "flatten":
        return float(flattened_size(SHAPE))
    if wanted == "dense-same-padding":
        return float(convnet_parameters(SHAPE, padding="same")["dense"])
    if wanted == "size":
        return sum(layers.values()) * 4 / 1024
    if wanted == "total":
        return float(sum(layers.values()))
    if wanted == "non-trainable":
        net = ConvNet(SHAPE)
        return float(sum(p.numel() for p in net.parameters() if not p.requires_grad) + sum(b.numel() for b in net.buffers()))
    return float(layers[NAMES[wanted]])


def measured(report: str, optimiser: str, **options: Any) -> list[Any]:
    """The accuracy and the loss that a report prints for an optimiser."""
    name = f"bigger-model-optimisers.test-{{}}.{optimiser}.{report}"
    return [
        claim(name.format("accuracy"), cell={**COMMON, **BASES[optimiser]}, value=ACCURACY, tolerance=0.002, **options),
        claim(name.format("loss"), cell={**COMMON, **BASES[optimiser]}, value=LOSS, tolerance=0.2, **options),
    ]


def above_adam(sgd: dict[str, Any], adadelta: dict[str, Any]) -> Any:
    """Both end above Adam from fresh weights."""
    return all_of(greater(ACCURACY.at(**sgd), ACCURACY.at(**ADAM)), greater(ACCURACY.at(**adadelta), ACCURACY.at(**ADAM)))


CLAIMS = [
    claim("bigger-model-optimisers.params.*", value=derived(counted)),
    *(each for name, variants in VARIANTS.items() for each in measured("a", name, variants=variants, chosen=OPEN)),
    *measured("c", "adam", variants=VARIANTS["adam"], chosen=OPEN),
    *(each for name, cell in STATED_C.items() for each in measured("c", name, variants=[cell], chosen=("epochs", "batch_size"))),
    claim("bigger-model-optimisers.adam-beats-sgd", cell={**COMMON, **ADAM}, value=ACCURACY),
    claim(  # the set-up is open: fresh weights with the usual rates, or the optimisers replaced one after the other
        "bigger-model-optimisers.sgd-beats-adam",
        cell=COMMON,
        test=any_of(
            above_adam(SGD, ADADELTA),
            above_adam({**SGD, "momentum": 0.9}, {**ADADELTA, "learning_rate": 1.0}),
            above_adam({**SGD, "before": ("adam",)}, {**ADADELTA, "before": ("adam", "sgd")}),
        ),
    ),
    claim(  # "much more slowly": at least twice the epochs
        "bigger-model-optimisers.sgd-much-slower",
        cell={**COMMON, **SGD},
        test=greater(metric("threshold_epoch"), metric("threshold_epoch").at(**ADAM), margin=1.0, contrary="below-margin"),
        variants={"momentum": [0.0, 0.4, 0.9]},
        chosen=("learning_rate", "momentum"),
    ),
    claim(  # which Adadelta is open; Adam lies between it and SGD in both respects
        "bigger-model-optimisers.adadelta-fast-first-epoch",
        cell={**COMMON, **ADADELTA},
        test=all_of(
            greater(FIRST, FIRST.at(**ADAM)),
            greater(FIRST.at(**ADAM), FIRST.at(**SGD)),
            less(VARIATION, VARIATION.at(**ADAM)),
            less(VARIATION.at(**ADAM), VARIATION.at(**SGD)),
        ),
        variants={"learning_rate": [1.0, 0.1, 0.001]},
        chosen=("learning_rate",),
    ),
    claim(  # then a rate ten or a thousand times smaller changes the odds of an error by less than a quarter
        "bigger-model-optimisers.adadelta-no-lr",
        cell={**COMMON, **ADADELTA},
        test=all_of(
            *(equal_within(ACCURACY.at(learning_rate=rate), ACCURACY.at(learning_rate=1.0), margin=0.223) for rate in (0.1, 0.001))
        ),
    ),
]
