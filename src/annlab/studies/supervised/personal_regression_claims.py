"""Which cells of personal-regression answer which claim.

Margins and tolerances are shares, for errors are compared on the logarithmic scale: 0.25 is a quarter. Settings that a report
leaves out are named in `chosen`, with variants where another choice is as likely.
"""

from typing import TYPE_CHECKING, Any

from annlab.lab import claim, derived, ledger, less, metric
from annlab.lab.claims import all_of, any_of, equal_within, greater, lowest, selected, selects
from annlab.nets import MLP
from annlab.studies.supervised.personal_regression_grid import MIXED, NET_A, NET_C, NET_D, REPORT_A, REPORT_C, REPORT_D

if TYPE_CHECKING:
    from annlab.lab.ledger import Row


def parameters_of_layer(row: "Row") -> int:
    """Parameters of report-D's network, counted in the module: one dense layer, or all."""
    net = MLP(2, (16, 16, 16), 1, ("mish", "mish", "tanh"))
    counts = [sum(parameter.numel() for parameter in layer.parameters()) for layer in net.layers]
    name = row.id.split(".")[-2]
    return sum(counts) if name == "total" else counts[int(name.removeprefix("dense")) - 1]


def test_is_low(row: "Row") -> tuple[bool, str]:
    """Whether report-A's printed test error is of the size of its own validation error."""
    ratio = _printed("personal-regression.test-mse.a") / _printed("personal-regression.validation-loss")
    return ratio < 2, f"the report's own test error is {ratio:.0f} times its validation error"


def _printed(claim_id: str) -> float:
    value = ledger.row(claim_id).value
    if value is None:
        raise ValueError(f"the ledger states no value for {claim_id}")
    return value


DATA: dict[str, Any] = {"data": "course_regression"}
GRID_A: dict[str, Any] = {**DATA, **REPORT_A, "test": False}
UNSCALED: dict[str, Any] = {"variants": {"scale": [False, True]}, "chosen": ("scale", "batch_size", "epochs", "digits")}
RATE_C: dict[str, Any] = {"variants": {"learning_rate": [0.01, 0.1]}, "chosen": ("learning_rate", "batch_size", "epochs")}
SEARCHED_C: dict[str, Any] = {"variants": {"learning_rate": [0.01, 0.001]}, "chosen": ("learning_rate", "batch_size", "epochs")}
BEST_C: dict[str, Any] = {"optimizer": "momentum", "activation": "relu"}
OTHERS_C = [
    {"optimizer": optimizer, "activation": activation}
    for optimizer in ("momentum", "adam", "adamw", "rmsprop")
    for activation in ("relu", "sigmoid", "tanh")
][1:]

CLAIMS = [
    claim("personal-regression.selected.layers", cell=GRID_A, value=selected(lambda p: len(p.hidden_sizes)), **UNSCALED),
    claim("personal-regression.selected.units", cell=GRID_A, value=selected(lambda p: p.hidden_sizes[0]), **UNSCALED),
    claim("personal-regression.selected.lr", cell=GRID_A, value=selected("learning_rate"), **UNSCALED),
    claim("personal-regression.selected.activation-tanh", cell=GRID_A, test=selects(activation="tanh"), **UNSCALED),
    claim(
        "personal-regression.selected.two-relu-layers",
        cell=GRID_A,
        test=selects(lambda p: p.hidden_sizes == (20, 20) and p.activation == "relu" and p.learning_rate == 0.01),
        **UNSCALED,
    ),
    claim(
        ["personal-regression.validation-loss", "personal-regression.validation-error"],
        cell={**DATA, **NET_A},
        value=metric("validation_mse"),
        tolerance=0.5,
        **UNSCALED,
    ),
    claim("personal-regression.training-error", cell={**DATA, **NET_A}, value=metric("train_mse"), tolerance=0.5, **UNSCALED),
    claim("personal-regression.test-mse.a", cell={**DATA, **NET_A}, value=metric("test_mse"), tolerance=0.5, **UNSCALED),
    claim("personal-regression.test-error-low", derived(test_is_low)),
    claim(
        "personal-regression.further-training-overfits",
        cell={**DATA, "case": "trained_on"},
        test=all_of(less(metric("train_after_stop"), 1.0), greater(metric("validation_after_stop"), 1.0)),
    ),
    claim("personal-regression.test-mse.c", cell={**DATA, **NET_C, "test": True}, value=metric("test_mse"), tolerance=0.5, **RATE_C),
    claim("personal-regression.stop-epoch.c", cell={**DATA, **NET_C, "test": True}, value=metric("stop_epoch"), tolerance=0.5, **RATE_C),
    claim(
        "personal-regression.sgd-momentum-best",
        cell={**DATA, **REPORT_C, "batch_norm": "input", "test": False},
        test=all_of(*(less(metric("validation_mse").at(**BEST_C), metric("validation_mse").at(**other)) for other in OTHERS_C)),
        **SEARCHED_C,
    ),
    claim(
        "personal-regression.dropout-also-good",
        cell={**DATA, **REPORT_C, "activation": "relu", "optimizer": "momentum", "learning_rate": 0.01, "test": False},
        test=equal_within(
            metric("validation_mse").at(batch_norm="none"), metric("validation_mse").at(dropout=0.0, batch_norm="input"), margin=0.25
        ),
        variants={"dropout": [0.2, 0.05]},
        chosen=("dropout", "learning_rate"),
    ),
    claim(
        "personal-regression.batchnorm-regularises",
        cell={**DATA, **REPORT_C, "activation": "relu", "optimizer": "momentum", "learning_rate": 0.01, "dropout": 0.0, "test": False},
        test=less(metric("gap_ratio").at(batch_norm="input"), metric("gap_ratio").at(batch_norm="none"), margin=0.02),
    ),
    claim("personal-regression.params.*", derived(parameters_of_layer)),
    claim("personal-regression.test-mse.d", cell={**DATA, **NET_D}, value=metric("test_mse"), tolerance=0.5, **UNSCALED),
    claim(
        "personal-regression.mish-best",
        cell={**DATA, **{name: value for name, value in NET_D.items() if name != "activation"}},
        test=any_of(  # mish throughout, or as in the report's own network, against each other activation throughout
            *(
                lowest(metric("test_mse"), along="activation", at=mish, values=[mish, "relu", "tanh", "sigmoid"], margin=0.1)
                for mish in ("mish", MIXED)
            )
        ),
        **UNSCALED,
    ),
    claim(
        "personal-regression.bigger-better-then-overfits",
        cell={**DATA, **REPORT_D, "activation": "mish", "learning_rate": 0.05, "scale": False, "test": True},
        test=all_of(
            less(metric("test_mse").at(hidden_sizes=(16, 16, 16)), metric("test_mse").at(hidden_sizes=(4,)), margin=0.1),
            greater(metric("test_mse").at(hidden_sizes=(100, 100, 100)), metric("test_mse").at(hidden_sizes=(16, 16, 16)), margin=0.1),
        ),
    ),
    claim(
        "personal-regression.optimiser-lr-minor",
        cell={**DATA, **REPORT_D, "hidden_sizes": (16, 16, 16), "activation": MIXED, "scale": False, "test": False},
        test=all_of(
            *(
                equal_within(
                    metric("validation_mse").at(optimizer=name, learning_rate=rate),
                    metric("validation_mse").at(optimizer="adam", learning_rate=0.05),
                    margin=0.4,
                )
                for name, rate in (
                    ("adam", 0.01),
                    ("adam", 0.001),
                    ("momentum", 0.05),
                    ("momentum", 0.001),
                    ("rmsprop", 0.05),
                    ("rmsprop", 0.001),
                )
            )
        ),
    ),
]
