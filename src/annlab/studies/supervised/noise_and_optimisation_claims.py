"""Which cells of noise-and-optimisation answer which claim.

The reports leave out the network (chosen: the handout's, relu; a tanh network is the variant), and one of them the optimiser
and the noise levels of its figure (variants). Margins are shares where a metric is compared on the logarithmic scale.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab.lab import claim, metric
from annlab.lab.claims import Test, all_of, any_of, equal_within, from_config, greater, less, series, trend

if TYPE_CHECKING:
    from annlab.lab import Results

REPORTED: dict[str, Any] = {"optimizer": "lbfgs", "line_search": "strong_wolfe", "epochs": 2000, "hidden_sizes": (50, 50)}
OURS: dict[str, Any] = {**REPORTED, "activation": "relu"}
UNSTATED: dict[str, Any] = {"variants": {"activation": ["relu", "tanh"]}, "chosen": ("hidden_sizes", "activation")}
AT_LEVEL: dict[str, Any] = {**REPORTED, "noise": from_config("noise_level")}
OPTIMISERS = [{"optimizer": "lbfgs", "line_search": "strong_wolfe"}, {"optimizer": "adam"}, {"optimizer": "sgd"}]
ANY_OPTIMISER: dict[str, Any] = {"variants": OPTIMISERS, "chosen": ("optimizer", "hidden_sizes")}


EARLY = series("curves", "train_loss", reduce="mean", scale="log", epoch=(1, 10))
SETTLED = ("plateau_epoch", "fall_epoch")


def rougher_than_adam(results: "Results") -> Test:
    """How much more the roughness of the loss curve grows with noise under LBFGS than under Adam, in logarithms."""
    paired: dict[str, Any] = {"epochs": 2000, "activation": "relu"}

    def growth(**optimiser: str) -> np.ndarray:
        high, low = (np.log(results.values("curve_roughness", noise=level, **optimiser, **paired)) for level in (2.0, 0.1))
        return np.asarray(high - low)

    differences = growth(optimizer="lbfgs", line_search="strong_wolfe") - growth(optimizer="adam")
    return Test("growth of the curve's roughness from noise 0.1 to 2.0, LBFGS against Adam (log)", dict(enumerate(differences)), margin=0.1)


CLAIMS = [
    claim(
        "noise-and-optimisation.data.snr.*", cell={**OURS, "noise": from_config("noise_level")}, value=metric("data_snr_db"), tolerance=0.5
    ),
    claim(
        "noise-and-optimisation.data.residual.*",
        cell={**OURS, "noise": from_config("noise_level")},
        value=metric("data_residual"),
        tolerance=0.15,
    ),
    claim(
        ["noise-and-optimisation.fit.training-error.*", "noise-and-optimisation.fit.residual.*"],
        cell=AT_LEVEL,
        value=metric("train_mse"),
        tolerance=0.25,
        **UNSTATED,
    ),
    claim("noise-and-optimisation.fit.lowest-loss.*", cell=AT_LEVEL, value=metric("lowest_printed_loss"), tolerance=0.25, **UNSTATED),
    claim("noise-and-optimisation.fit.best-epoch.*", cell=AT_LEVEL, value=metric("printed_epoch_of_lowest"), **UNSTATED),
    claim("noise-and-optimisation.fit.snr.*", cell=AT_LEVEL, value=metric("fit_snr_db"), tolerance=0.7, **UNSTATED),
    claim("noise-and-optimisation.error-grows-with-noise", cell={**OURS, "noise": 2.0}, value=metric("train_mse"), margin=0.05),
    claim(  # "all levels" is read as the widest pair first; the report does not name the levels of its figure
        "noise-and-optimisation.curves-same-at-start",
        cell={"epochs": 2000, "activation": "relu", "line_search": "strong_wolfe"},
        test=equal_within(EARLY, EARLY.at(noise=0.0), margin=0.405),  # within a factor of 1.5
        variants=[{"noise": level, **optimiser} for level in (2.0, 1.0, 0.3, 0.1) for optimiser in OPTIMISERS],
        chosen=("noise", "optimizer", "hidden_sizes"),
    ),
    claim(  # "stops improving" is read in two ways: close to the end in relation to it, or most of the fall done
        "noise-and-optimisation.earlier-plateau-with-noise",
        cell={"epochs": 2000, "activation": "relu"},
        test=any_of(*(less(metric(name).at(noise=2.0), metric(name).at(noise=0.1), margin=0.1) for name in SETTLED)),
        **ANY_OPTIMISER,
    ),
    claim(
        "noise-and-optimisation.slower-and-rougher-with-noise",
        cell=OURS,
        test=all_of(
            any_of(
                trend(metric("curve_roughness"), along="noise", direction="up", margin=0.1),
                trend(metric("rises"), along="noise", direction="up", margin=0.01),
            ),
            any_of(*(trend(metric(name), along="noise", direction="up", margin=0.1) for name in SETTLED)),
        ),
    ),
    claim(
        "noise-and-optimisation.overfitting-risk-with-noise",
        cell=OURS,
        test=trend(metric("gap"), along="noise", direction="up", margin=0.05),
    ),
    claim(
        "noise-and-optimisation.noise-0-converges-fast",
        cell={"epochs": 2000, "activation": "relu", "noise": 0.0},
        test=less(metric("epoch_of_truth"), 200.0, contrary="below-margin"),
        **ANY_OPTIMISER,
    ),
    claim(
        "noise-and-optimisation.noise-positive-slower",
        cell={"epochs": 2000, "activation": "relu"},
        test=all_of(
            *(greater(metric("epoch_of_truth").at(noise=n), metric("epoch_of_truth").at(noise=0.0), margin=0.05) for n in (0.1, 1.0))
        ),
        **ANY_OPTIMISER,
    ),
    claim(
        "noise-and-optimisation.noise-1-only-mean",
        cell={"epochs": 2000, "activation": "relu", "noise": 1.0},
        test=less(metric("correlation_with_truth"), 0.1, contrary="below-margin"),
        **ANY_OPTIMISER,
    ),
    claim(
        "noise-and-optimisation.lbfgs-sensitive-to-noise",
        cell={"epochs": 2000, "activation": "relu", "line_search": "strong_wolfe", "noise": [0.1, 2.0]},
        test=rougher_than_adam,
    ),
    claim(
        "noise-and-optimisation.strong-wolfe-helps",
        cell={"epochs": 2000, "activation": "relu", "optimizer": "lbfgs"},
        test=all_of(
            *(
                less(
                    metric("train_mse").at(line_search="strong_wolfe", noise=n),
                    metric("train_mse").at(line_search="none", noise=n),
                    margin=0.05,
                )
                for n in (0.1, 1.0, 2.0)
            )
        ),
    ),
    claim(
        "noise-and-optimisation.surface-less-smooth-with-noise",
        cell=OURS,
        test=trend(metric("surface_roughness"), along="noise", direction="up", margin=0.1),
    ),
]
