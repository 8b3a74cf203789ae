"""Which cells of santa-fe-forecast answer which claim.

Errors are compared on the logarithmic scale, so that margins and tolerances are shares. What the reports leave out (batch size,
number of folds, whether one model is carried through the folds, when training stops early) is named in `chosen`, with variants
where another choice is as likely. "Keeps a consistent pattern" is read as: over the last third the range of the forecast is
within a half of the range of the series. "Lost" is the first of five steps, within ten, that miss by more than one standard deviation.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.lab import claim, derived, less, metric
from annlab.lab.claims import Test, all_of, any_of, equal_within, from_config, per_replicate, trend
from annlab.studies.recurrent.santa_fe_forecast_grid import LSTM, MLP, REPORT_D, TRAINING, largest_folds

if TYPE_CHECKING:
    from annlab.lab import Results
    from annlab.lab.ledger import Row
    from annlab.lab.outcome import Outcome

__all__ = ["CLAIMS"]


def folds_formula(_: "Row") -> tuple[bool, str]:
    """Whether points over validation size plus gap is the number of folds that a time-series split can make."""
    cases = [(size, lag) for size in (50, 100, 150, 200) for lag in (1, 5, 10, 15, 20, 80)]
    said = [TRAINING // (size + lag) for size, lag in cases]
    right = [largest_folds(TRAINING, size, lag) for size, lag in cases]
    size, lag = 100, 80
    return said == right, (
        f"the gap is left out once, not for every fold: (n - gap - lag - 1) // size; at size {size} and gap {lag} the report's formula "
        f"gives {TRAINING // (size + lag)} and {largest_folds(TRAINING, size, lag)} are possible"
    )


def lost_at(outcome: "Outcome") -> float:
    """Time step, counted from the start of the training series, at which the forecast breaks down."""
    return TRAINING + outcome.metrics["breakdown_step"]


def typical_deviation(results: "Results") -> Test:
    """How far a run's test error lies from the median run's, as a logarithm: a fifth counts as strong."""
    values = np.log(results.where(**DATA, **MLP_D, batch_size=None, carry=False).values("test_mse"))
    distances = np.abs(values - np.median(values))
    return Test("distance of a run's test MSE from the median run's (log)", dict(enumerate(distances)), margin=0.2, contrary="below-margin")


def one(unit: int) -> tuple[int, ...]:
    """Hidden sizes of a layer of `unit` units."""
    return (unit,)


def network(lag: int, unit: int) -> dict[str, Any]:
    """Parameters of one network of report-A."""
    return {"lag": lag, "hidden_sizes": (unit,)}


def better_than_all(best: tuple[int, int], others: list[tuple[int, int]]) -> Any:
    """Test that a network's validation error is below that of each other."""
    value = metric("validation_mse")
    return all_of(*(less(value.at(**network(*best)), value.at(**network(*other))) for other in others))


DATA: dict[str, Any] = {"data": "santa_fe", "validation": "folds", "schedule": "constant", "weight_decay": 0.0, "input_noise": 0.0}
FOUR: dict[str, Any] = {"folds": 4, "validation_size": 100, "carry": False}
MLP_A: dict[str, Any] = {**DATA, **MLP, **FOUR, "patience": None}
LSTM_A: dict[str, Any] = {**DATA, **LSTM, "form": "stateful", "validation_size": 100, "carry": False, "patience": None, "batch_size": None}
MLP_D: dict[str, Any] = {**MLP, **REPORT_D, "patience": None}
LSTM_D: dict[str, Any] = {**LSTM, **REPORT_D, "form": "stateful", "patience": None}
AT: dict[str, Any] = {"lag": from_config("lag"), "hidden_sizes": from_config("hidden", one)}
SILENT = ("epochs", "learning_rate", "batch_size", "validation_size")
BATCHES: dict[str, Any] = {"variants": {"batch_size": [None, 32]}, "chosen": SILENT}
FOLDS: dict[str, Any] = {"variants": {"folds": [4, 3, 5]}, "chosen": ("folds", *SILENT)}
LSTM_15: dict[str, Any] = {**LSTM_A, **network(15, 25)}
CARRIED: dict[str, Any] = {"variants": {"carry": [False, True]}, "chosen": ("carry", "batch_size")}
GRID_A = [(lag, unit) for lag in (1, 5, 10, 15) for unit in (5, 10, 25, 50)]
STOPPED = [(lag, unit) for lag in (5, 10, 15) for unit in (5, 10, 25, 50)]
LARGER = [(10, 25), (15, 25)]

CLAIMS = [
    claim("santa-fe-forecast.mlp.cv-mse.*", cell={**MLP_A, **AT}, value=metric("validation_mse"), tolerance=0.5, **BATCHES),
    claim("santa-fe-forecast.mlp.test-mse.*.a", cell={**MLP_A, **AT}, value=metric("test_mse"), tolerance=0.5, **BATCHES),
    claim("santa-fe-forecast.lstm.cv-mse.lag15-h25.a", cell=LSTM_15, value=metric("validation_mse"), tolerance=0.5, **FOLDS),
    claim("santa-fe-forecast.lstm.test-mse.lag15-h25.a", cell=LSTM_15, value=metric("test_mse"), tolerance=0.5, **FOLDS),
    claim("santa-fe-forecast.lstm-better-than-mlp.a", cell=LSTM_15, value=metric("test_mse"), margin=0.1, **FOLDS),
    claim(
        "santa-fe-forecast.mlp-fails-after-1060",
        cell={**MLP_A, **AT},
        value=per_replicate(lost_at, scale="linear"),
        tolerance=20.0,
        **BATCHES,
    ),
    claim(
        "santa-fe-forecast.lstm-stable-throughout",
        cell=LSTM_15,
        test=equal_within(metric("late_amplitude_error"), 0.0, margin=0.5),
        **FOLDS,
    ),
    claim(
        "santa-fe-forecast.both-fail-after-1040",
        cell=LSTM_15,
        value=per_replicate(lost_at, scale="linear"),
        tolerance=20.0,
        **FOLDS,
    ),
    claim("santa-fe-forecast.best-mlp.a", cell={**MLP_A, **network(5, 10)}, value=metric("validation_mse"), **BATCHES),
    claim(
        "santa-fe-forecast.best-mlp.e",
        cell=MLP_A,
        test=better_than_all((10, 25), [other for other in GRID_A if other != (10, 25)]),
        **BATCHES,
    ),
    claim(
        "santa-fe-forecast.early-stopping-changes-best",
        cell={**DATA, **MLP, **FOUR, "batch_size": None},
        test=any_of(*(better_than_all(best, [other for other in STOPPED if other not in LARGER]) for best in LARGER)),
        variants={"patience": [10, 25]},
        chosen=("patience", *SILENT),
    ),
    claim(
        "santa-fe-forecast.large-lag-and-width-overfit",
        cell={**MLP_A, **network(15, 50)},
        value=metric("validation_mse"),
        margin=0.1,
        **BATCHES,
    ),
    claim("santa-fe-forecast.lag-1-too-short", cell={**MLP_A, **network(1, 10)}, value=metric("validation_mse"), margin=0.1, **BATCHES),
    claim(
        "santa-fe-forecast.lstm-lag-effect",
        cell={**LSTM_A, "hidden_sizes": (25,)},
        test=trend(metric("validation_mse"), along="lag", direction="down", margin=0.1, values=[1, 5, 10, 15]),
        **FOLDS,
    ),
    claim("santa-fe-forecast.folds-formula", derived(folds_formula)),
    claim(
        "santa-fe-forecast.mlp.test-mse.lag80-h100.d",
        cell={**DATA, **MLP_D},
        value=metric("test_mse"),
        tolerance=0.5,
        variants={"carry": [False, True], "batch_size": [None, 32]},
        chosen=("carry", "batch_size"),
    ),
    claim("santa-fe-forecast.lstm.test-mse.lag80-h100.d", cell={**DATA, **LSTM_D}, value=metric("test_mse"), tolerance=0.5, **CARRIED),
    claim("santa-fe-forecast.lstm-better-than-mlp.d", cell={**DATA, **LSTM_D, "carry": False}, value=metric("test_mse"), margin=0.1),
    claim(
        "santa-fe-forecast.same-first-two-thirds",
        cell={**DATA, **REPORT_D, "batch_size": None, "patience": None, "form": "stateful"},
        test=all_of(
            equal_within(metric("early_mse").at(**LSTM), metric("early_mse").at(**MLP), margin=0.5),
            less(metric("late_mse").at(**LSTM), metric("late_mse").at(**MLP), margin=0.1),
        ),
        **CARRIED,
    ),
    claim(
        "santa-fe-forecast.bigger-lag-and-hidden-help",
        cell={**DATA, **MLP, "folds": 3, "validation_size": 150, "patience": None, "carry": False, "batch_size": None},
        test=all_of(
            trend(metric("test_mse").at(hidden_sizes=(100,)), along="lag", direction="down", margin=0.1, values=[10, 20, 80]),
            trend(
                metric("test_mse").at(lag=80),
                along="hidden_sizes",
                direction="down",
                margin=0.1,
                values=[(10,), (25,), (100,)],
                position=lambda sizes: float(sizes[0]),
            ),
        ),
    ),
    claim(
        "santa-fe-forecast.fewer-folds-better",
        cell={**DATA, "lag": 80, "hidden_sizes": (100,), "validation_size": 150, "patience": None, "carry": True, "batch_size": None},
        test=all_of(
            *(
                trend(metric("test_mse").at(**model), along="folds", direction="up", margin=0.1, values=[2, 3, 5])
                for model in (MLP, {**LSTM, "form": "stateful"})
            )
        ),
        chosen=("carry", "batch_size"),
    ),
    claim(
        "santa-fe-forecast.mlp-run-to-run-variance",
        cell={**DATA, **MLP_D, "batch_size": None, "carry": False},
        test=typical_deviation,
    ),
    claim(
        "santa-fe-forecast.lstm-shorter-lag-worse",
        cell={
            **DATA,
            **LSTM,
            "form": "stateful",
            "hidden_sizes": (100,),
            "folds": 3,
            "validation_size": 150,
            "patience": None,
            "carry": False,
        },
        test=trend(metric("test_mse"), along="lag", direction="down", margin=0.1, values=[10, 20, 80]),
    ),
    claim(
        "santa-fe-forecast.long-lag-beats-short-lag",
        cell={**DATA, **MLP_D, "batch_size": None, "carry": False},
        value=metric("test_mse"),
        margin=0.5,
    ),
]
