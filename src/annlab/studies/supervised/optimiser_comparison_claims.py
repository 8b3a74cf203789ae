"""Which cells of optimiser-comparison answer which claim.

A row on 2500 epochs is read from cells of 5000, and may be read from any run that got so far: `epochs` is free there, and a
shorter run says that it is scaled. Seconds an epoch are compared, over fewer epochs than the reports', as ratios to full-batch
descent on the 50-50 network, and that one to the 10-10 network, so that one ratio is read twice; whether time is proportional to
epochs is a row of its own, answered over 5000. The reports' program is not stated: a plain loop first, ours as the variant.
Margins are shares where a metric is compared on the logarithmic scale.
"""

from typing import TYPE_CHECKING, Any

from annlab.lab import claim, less, metric
from annlab.lab.claims import all_of, any_of, equal_within, greater, timing
from annlab.studies.supervised.optimiser_comparison_grid import (
    ADAM,
    FAST_40,
    GD,
    HANDOUT,
    LARGE,
    LBFGS,
    MIDDLE,
    MOMENTUM,
    NESTEROV,
    NOISE,
    REPORT_C,
    RMSPROP,
    SGD_40,
    SGD_400,
    SMALL,
)
from annlab.studies.supervised.optimiser_comparison_values import (
    LATE,
    LATE_ROUGH,
    LATE_SPEED,
    LOSS,
    PACE,
    PROPORTIONAL,
    ROUGH,
    SPEED,
    STATE,
    at,
    clocked,
    closer_on_small,
    growth,
    of,
    spent,
    watched,
    worse_on_small,
)

if TYPE_CHECKING:
    from annlab.lab.values import Value

HERE: dict[str, Any] = {"noise": 0.0, "hidden_sizes": MIDDLE}
PLAIN: dict[str, Any] = {**HERE, "timed": False}
FREE: dict[str, Any] = {"free": ("epochs",)}
ADAM_RATE: dict[str, Any] = {"variants": {"learning_rate": [0.001, 0.01]}, "chosen": ("learning_rate", "batch_size")}
UNSTATED: dict[str, Any] = {
    "variants": {"hidden_sizes": [MIDDLE, SMALL, LARGE], "learning_rate": [0.001, 0.01]},
    "chosen": ("hidden_sizes", "noise", "batch_size", "learning_rate"),
    **FREE,
}
PLACED: dict[str, Any] = {"noise": 0.0, "timed": False}
LOOPS: dict[str, Any] = {"variants": {"loop": ["plain", "ours"]}}
UNTIMED: dict[str, Any] = {"timed": False, "loop": "ours"}
OTHERS_C = [each for each in REPORT_C if each not in (ADAM, LBFGS)]
BASE, SMALL_BASE = (f"optimiser-comparison.time.{size}.sgd-lr0.05-bs1600" for size in ("50x50", "10x10"))


def _time(pattern: str | list[str], relative_to: str = BASE, value: "Value" = PACE, **options: Any) -> Any:
    names = [pattern] if isinstance(pattern, str) else pattern
    return claim(
        [f"optimiser-comparison.time.{name}" for name in names],
        cell=clocked,
        value=value,
        tolerance=0.25,
        relative_to=relative_to,
        **options,
    )


CLAIMS = [
    *(
        claim(
            f"optimiser-comparison.best-epoch.*.opt{number}",
            cell=watched,
            value=at("best_epoch"),
            tolerance=125,
            variants={"noise": [0.0, NOISE], "learning_rate": [each["learning_rate"], 0.01] if each is ADAM else [each["learning_rate"]]},
            chosen=("noise", "batch_size"),
            **FREE,
        )
        for number, each in enumerate(HANDOUT, 1)
    ),
    _time("50x50.sgd-lr0.05-bs1600", SMALL_BASE, PACE.at(**GD), **LOOPS, **FREE),  # pinned: variants of other rows do not move it
    _time([f"{size}.sgd-lr0.05-bs1600" for size in ("10x10", "25x25", "100x100")], **LOOPS, **FREE),
    _time(["*.sgd-lr0.05-bs400", "*.sgd-lr0.05-bs40", "*.sgd-lr0.01-bs40"], **LOOPS, **FREE),
    _time("*.sgd-lr0.01-m0.9", variants={"batch_size": [1600, 400], "loop": ["plain", "ours"]}, chosen=("batch_size",), **FREE),
    _time("*.adam", variants={"batch_size": [400, 1600], "loop": ["plain", "ours"]}, chosen=("batch_size", "learning_rate"), **FREE),
    _time("*.lbfgs", chosen=("batch_size", "learning_rate"), **LOOPS, **FREE),
    *(
        claim(
            f"optimiser-comparison.time.50x50.adam.epochs-{epochs}",
            cell={**HERE, **ADAM, "timed": True},
            value=timing(f"epoch_{epochs}"),
            tolerance=0.25,
            relative_to="optimiser-comparison.time.50x50.adam.epochs-5000",
            variants={"loop": ["ours"]},
            chosen=("batch_size", "learning_rate"),
        )
        for epochs in (500, 1000, 2500)
    ),
    claim(
        "optimiser-comparison.time.50x50.adam.epochs-5000",
        cell={**HERE, **ADAM, "timed": True},
        value=timing("epoch_5000"),
        tolerance=0.25,
        relative_to=BASE,
        variants={"loop": ["ours"]},
        chosen=("batch_size", "learning_rate"),
    ),
    claim("optimiser-comparison.time-growth.gd", growth("sgd-lr0.05-bs1600")),
    claim("optimiser-comparison.time-growth.lbfgs", growth("lbfgs")),
    claim(
        "optimiser-comparison.time-linear-in-epochs",
        cell={**HERE, **ADAM, "timed": True, "loop": "ours"},
        test=equal_within(PROPORTIONAL, 1.0, margin=0.1),
    ),
    claim("optimiser-comparison.small-batch-costs-time", cell=HERE, test=greater(spent(SGD_40), spent(GD), margin=0.5), **LOOPS, **FREE),
    claim(
        "optimiser-comparison.larger-network-slower",
        cell={"noise": 0.0},
        test=all_of(*(greater(spent(each, hidden_sizes=LARGE), spent(each, hidden_sizes=SMALL), margin=0.05) for each in REPORT_C)),
        **LOOPS,
        **FREE,
    ),
    claim(
        "optimiser-comparison.full-batch-slowest-in-epochs",
        cell=PLAIN,
        test=all_of(*(greater(of(LATE_SPEED, GD), of(LATE_SPEED, each), margin=0.1) for each in REPORT_C if each is not GD)),
        **ADAM_RATE,
    ),
    claim(
        "optimiser-comparison.sgd-faster-noisier",
        cell=PLAIN,
        test=all_of(
            *(less(of(LATE_SPEED, each), of(LATE_SPEED, GD), margin=0.1) for each in (SGD_40, SGD_400)),
            *(greater(of(LATE_ROUGH, each), of(LATE_ROUGH, GD), margin=0.1) for each in (SGD_40, SGD_400)),
        ),
    ),
    *(
        claim(
            f"optimiser-comparison.{name}",
            cell={**PLAIN, "hidden_sizes": size},
            test=all_of(*(less(of(LATE, ours), of(LATE, other)) for ours in (ADAM, LBFGS) for other in OTHERS_C)),
            **ADAM_RATE,
        )
        for name, size in (("adam-and-lbfgs-best", MIDDLE), ("large-network-needs-adam-lbfgs", LARGE))
    ),
    claim(
        "optimiser-comparison.adam-overtakes-lbfgs-3000",
        cell=PLAIN,
        test=all_of(
            *(less(of(at("train_mse", epoch), LBFGS), of(at("train_mse", epoch), ADAM)) for epoch in (500, 1000, 2500)),
            less(of(LATE, ADAM), of(LATE, LBFGS)),
        ),
        **ADAM_RATE,
    ),
    claim(  # the report leaves momentum's batch and Adam's rate open
        "optimiser-comparison.momentum-beats-adam-10x10",
        cell={**PLAIN, "hidden_sizes": SMALL},
        test=less(LATE.at(optimizer="momentum", learning_rate=0.01), of(LATE, ADAM)),
        variants={"batch_size": [1600, 400, 40], "learning_rate": [0.001, 0.01]},
        chosen=("batch_size", "learning_rate"),
    ),
    claim(
        "optimiser-comparison.small-network-optimisers-similar",
        cell={
            **PLACED,
            "hidden_sizes": [SMALL, MIDDLE],
            "optimizer": ["sgd", "momentum", "adam", "lbfgs"],
            "learning_rate": [0.05, 0.01, 0.001, 1.0],
        },
        test=all_of(closer_on_small, worse_on_small),
    ),
    claim(
        "optimiser-comparison.accelerated-fastest",
        cell=PLACED,
        test=all_of(less(of(SPEED, NESTEROV), of(SPEED, FAST_40)), less(of(SPEED, FAST_40), of(SPEED, GD))),
        variants={"hidden_sizes": [MIDDLE, SMALL, LARGE], "noise": [0.0, NOISE]},
        chosen=("hidden_sizes", "noise", "batch_size"),
        **FREE,
    ),
    claim(  # "average run time" is read as within a factor of two of Adam's
        "optimiser-comparison.sgd-0.05-slow",
        cell=HERE,
        test=all_of(
            *(greater(of(SPEED, GD, **UNTIMED), SPEED.at(**each, **UNTIMED), margin=1.0) for each in HANDOUT if each is not GD),
            equal_within(spent(GD), spent(ADAM), margin=1.0),
        ),
        **LOOPS,
        chosen=("hidden_sizes", "noise", "batch_size"),
        **FREE,
    ),
    claim(
        "optimiser-comparison.sgd-0.1-faster-convergence",
        cell=PLACED,
        test=less(of(SPEED, FAST_40), of(SPEED, GD), margin=1.0),
        variants={"hidden_sizes": [MIDDLE, SMALL, LARGE], "noise": [0.0, NOISE]},
        chosen=("hidden_sizes", "noise", "batch_size"),
        **FREE,
    ),
    claim(
        "optimiser-comparison.sgd-0.1-takes-longer",
        cell=HERE,
        test=greater(spent(FAST_40), spent(GD), margin=0.05),
        chosen=("hidden_sizes", "batch_size"),
        **LOOPS,
        **FREE,
    ),
    claim(  # "about as fast" within a factor of 1.5, "high variance" against Adam's, which the report calls low
        "optimiser-comparison.momentum-quicker-but-variable",
        cell=HERE,
        test=all_of(
            equal_within(of(SPEED, NESTEROV, **UNTIMED), of(SPEED, FAST_40, **UNTIMED), margin=0.5),
            less(spent(NESTEROV), spent(FAST_40), margin=0.05),
            greater(of(ROUGH, NESTEROV, **UNTIMED), ROUGH.at(**ADAM, **UNTIMED), margin=0.1),
        ),
        chosen=("hidden_sizes", "noise", "batch_size", "learning_rate"),
        **LOOPS,
        **FREE,
    ),
    claim(
        "optimiser-comparison.adam-lbfgs-fewest-epochs",
        cell=PLACED,
        test=all_of(*(less(of(SPEED, ours), of(SPEED, other)) for ours in (ADAM, LBFGS) for other in (GD, FAST_40, NESTEROV))),
        **UNSTATED,
    ),
    claim(
        "optimiser-comparison.lbfgs-longest-time",
        cell=HERE,
        test=all_of(*(greater(spent(LBFGS), spent(each), margin=0.05) for each in (GD, MOMENTUM))),
        chosen=("hidden_sizes",),
        **LOOPS,
        **FREE,
    ),
    claim(  # quick: less time an epoch than stochastic descent and LBFGS; variance: roughness of the loss curve
        "optimiser-comparison.adam-best-choice",
        cell=HERE,
        test=all_of(
            *(less(spent(ADAM), spent(each)) for each in (FAST_40, LBFGS)),
            *(less(ROUGH.at(**ADAM, **UNTIMED), of(ROUGH, each, **UNTIMED)) for each in (FAST_40, NESTEROV)),
        ),
        chosen=("hidden_sizes", "noise", "batch_size", "learning_rate"),
        **LOOPS,
        **FREE,
    ),
    claim(  # "converged" is read in two ways: most of the fall done, or close to the end in relation to it
        "optimiser-comparison.converged-by-1000",
        cell=PLACED,
        test=any_of(
            *(
                all_of(
                    *(less(of(at(name), each), 1000.0, contrary="below-margin") for each in HANDOUT if each is not GD),
                    greater(of(at(name), GD), 1000.0, contrary="below-margin"),
                )
                for name in ("fall_epoch", "plateau_epoch")
            )
        ),
        **UNSTATED,
    ),
    claim(  # "good enough" is read as within a factor of two of stochastic descent
        "optimiser-comparison.small-net-vanilla-sufficient",
        cell=PLACED,
        test=all_of(
            equal_within(of(LOSS, GD, hidden_sizes=SMALL), of(LOSS, FAST_40, hidden_sizes=SMALL), margin=1.0),
            any_of(
                *(less(of(LOSS, each, hidden_sizes=LARGE), of(LOSS, GD, hidden_sizes=LARGE), margin=0.1) for each in (FAST_40, NESTEROV))
            ),
        ),
        variants={"noise": [0.0, NOISE]},
        chosen=("noise", "batch_size"),
        **FREE,
    ),
    claim(
        "optimiser-comparison.adaptive-may-overfit",
        cell={"hidden_sizes": LARGE, "timed": False},
        test=all_of(
            greater(of(metric("validation_clean_mse"), ADAM), of(metric("validation_clean_mse"), FAST_40), margin=0.05),
            greater(of(metric("gap_ratio"), ADAM), of(metric("gap_ratio"), FAST_40), margin=0.05),
        ),
        variants={"noise": [NOISE, 0.0], "learning_rate": [0.001, 0.01]},
        chosen=("noise", "batch_size", "learning_rate", "epochs"),
    ),
    claim(
        "optimiser-comparison.adam-memory-overhead",
        cell=HERE,
        test=all_of(
            *(greater(STATE.at(**each, **UNTIMED), STATE.at(**SGD_400, **UNTIMED)) for each in (ADAM, RMSPROP)),
            greater(spent(ADAM), spent(SGD_400), margin=0.02),
        ),
        **LOOPS,
        **FREE,
    ),
]
