"""What the claims of optimiser-comparison read: a run at an epoch, seconds an epoch, cells by the words of a row."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.lab import Outcome, derived, ledger, metric
from annlab.lab.claims import Test, per_replicate
from annlab.lab.evidence import NotRun
from annlab.studies.supervised.optimiser_comparison_grid import (
    ADAM,
    GD,
    HANDOUT,
    LBFGS,
    MIDDLE,
    MOMENTUM,
    REPORT_C,
    SGD_40,
    SGD_400,
    SLOW_40,
    SMALL,
    Settings,
)

if TYPE_CHECKING:
    from annlab.lab import Results
    from annlab.lab.ledger import Row
    from annlab.lab.values import Value

SHORTEST = 8  # epochs that a timing must have to stand for more
OPTIMISERS: dict[str, Settings] = {
    "sgd-lr0.05-bs1600": GD,
    "sgd-lr0.05-bs400": SGD_400,
    "sgd-lr0.05-bs40": SGD_40,
    "sgd-lr0.01-bs40": SLOW_40,
    "sgd-lr0.01-m0.9": MOMENTUM,
    "adam": ADAM,
    "lbfgs": LBFGS,
    **{f"opt{number}": each for number, each in enumerate(HANDOUT, 1)},
}
LOGARITHMIC = ("train_mse", "epochs_to_tenth", "fall_epoch", "plateau_epoch", "curve_roughness")


def at(name: str, epoch: int = 2500) -> "Value":
    """What a run had reached at an epoch; a shorter run does not answer."""

    def read(outcome: Outcome) -> float:
        frame = outcome.series["lengths"]
        found = np.asarray(frame[name])[np.asarray(frame["epoch"]) == epoch]
        if not len(found):
            raise NotRun(f"scaled: trained for {int(frame['epoch'][-1])} instead of {epoch} epochs", 1)
        return float(found[0])

    return per_replicate(read, scale="log" if name in LOGARITHMIC else "linear", better=None if name == "best_epoch" else "lower")


def _pace(outcome: Outcome) -> float:
    """Seconds an epoch, of a run that is long enough."""
    epochs = round(outcome.timings["train"] / outcome.timings["per_epoch"])
    if epochs < SHORTEST:
        raise NotRun(f"scaled: timed over {epochs} epochs, {SHORTEST} are needed", 1)
    return outcome.timings["per_epoch"]


def proportional(outcome: Outcome) -> float:
    """Seconds for 5000 epochs over ten times those for 500: 1 where time is proportional to epochs."""
    return outcome.timings["epoch_5000"] / (10 * outcome.timings["epoch_500"])


STATE = metric("state_bytes", exact=True)
PROPORTIONAL = per_replicate(proportional, scale="log")
PACE = per_replicate(_pace, scale="log", better="lower")
LOSS, SPEED, ROUGH = at("train_mse"), at("epochs_to_tenth"), at("curve_roughness")
LATE, LATE_SPEED, LATE_ROUGH = at("train_mse", 5000), at("epochs_to_tenth", 5000), at("curve_roughness", 5000)


def of(value: "Value", settings: Settings, **cell: Any) -> "Value":
    """The value in the cell of these settings, whose rate stays open for Adam: reports do not state it."""
    kept = {name: part for name, part in settings.items() if settings is not ADAM or name != "learning_rate"}
    return value.at(**kept, **cell)


def spent(settings: Settings, **cell: Any) -> "Value":
    """Seconds an epoch in the timed cell of these settings; the rate does not change them."""
    return PACE.at(**settings, timed=True, **cell)


def network(row: "Row") -> tuple[int, ...]:
    """Hidden sizes in the words of the row: ``"10x10"``, ``"10 (layers of 10 units)"``."""
    units = int("".join(character for character in row.config["hidden"][:3] if character.isdigit()))
    return (units, units)


def reported(row: "Row") -> dict[str, Any]:
    """Network and settings of a row of a table, by the last part of its id."""
    (settings,) = (each for name, each in OPTIMISERS.items() if row.id.endswith(f".{name}"))
    return {**settings, "hidden_sizes": network(row), "noise": 0.0}


def clocked(row: "Row") -> dict[str, Any]:
    """The timed cell of a row of report-C's table."""
    return {**reported(row), "timed": True}


def watched(row: "Row") -> dict[str, Any]:
    """The cell of a best epoch, whose noise stays open, as Adam's rate does."""
    return {name: value for name, value in reported(row).items() if name not in ("noise", "learning_rate")} | {"timed": False}


def growth(name: str) -> Any:
    """Growth of a time from the smallest to the largest network, in per cent, from the report's own table."""

    def recomputed(_: "Row") -> float:
        first, last = (ledger.row(f"optimiser-comparison.time.{size}.{name}").value for size in ("10x10", "100x100"))
        if first is None or last is None:
            raise ValueError(f"the ledger states no time of {name} for both networks")
        return (last / first - 1) * 100

    return derived(recomputed)


def closer_on_small(results: "Results") -> Test:
    """How much less report-C's optimisers differ on the small network: standard deviation of the logarithmic loss, in decades."""
    return _spreads(results, np.std, "spread between optimisers, 50-50 less 10-10 (decades)", 1.0)


def worse_on_small(results: "Results") -> Test:
    """How much higher the mean logarithmic loss of report-C's optimisers is on the small network, in decades."""
    return _spreads(results, np.mean, "mean over optimisers, 10-10 less 50-50 (decades)", -1.0)


def _spreads(results: "Results", function: Any, name: str, sign: float) -> Test:
    found = {}
    for size in (SMALL, MIDDLE):
        losses: dict[int, list[float]] = {}
        for each in REPORT_C:
            for record in results.where(**each, hidden_sizes=size).records:
                if record.outcome is not None:
                    losses.setdefault(record.replicate, []).append(math.log10(LATE.read(record.outcome)))
        found[size] = {r: float(function(values)) for r, values in losses.items() if len(values) == len(REPORT_C)}
    both = found[SMALL].keys() & found[MIDDLE].keys()
    return Test(name, {r: sign * (found[MIDDLE][r] - found[SMALL][r]) for r in sorted(both)})
