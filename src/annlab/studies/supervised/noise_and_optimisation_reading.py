"""How the results of noise-and-optimisation are read: figures, tables, answers, and which cells answer which claim."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.data.generators import surface
from annlab.lab import claim, metric
from annlab.lab.claims import Test, all_of, any_of, equal_within, from_config, greater, less, series, trend

if TYPE_CHECKING:
    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

AXIS = np.linspace(-3, 3, 40)
SHOWN = {"optimizer": "lbfgs", "line_search": "strong_wolfe", "activation": "relu"}


def _texts(results: "Results") -> dict[str, Any]:
    return draw.texts(results, noise="noise level", line_search="line search", optimizer="optimiser")


def curves(results: "Results") -> "Drawing":
    """Training loss by epoch at each noise level, one panel an optimiser."""
    frame = results.series("curves", line_search="strong_wolfe", activation="relu")
    return draw.curves(frame, y="train_loss", by="noise", facet="optimizer", log_x=True, log_y=True, y_label="training MSE")


def learning_and_fitting(results: "Results") -> "Drawing":
    """Validation loss against clean targets by epoch."""
    frame = results.series("curves", line_search="strong_wolfe", activation="relu")
    return draw.curves(
        frame, y="validation_clean_loss", by="noise", facet="optimizer", log_x=True, log_y=True, y_label="validation MSE, clean targets"
    )


def by_snr(results: "Results") -> "Drawing":
    """Three errors against the signal-to-noise ratio of the data."""
    table = results.where(**SHOWN).table
    table = table[table.noise > 0]
    measures = {
        "train_mse": "training, noisy targets",
        "clean_mse": "training points, clean surface",
        "validation_clean_mse": "unseen points, clean surface",
    }
    long = table.melt(["noise", "replicate", "data_snr_db"], list(measures), "measure", "mse")
    long["measure"] = long["measure"].map(measures)
    return draw.scatter_lines(
        long,
        x="data_snr_db",
        y="mse",
        by="measure",
        at="noise",
        log_y=True,
        x_label="signal-to-noise ratio of the data",
        x_unit="dB",
        y_label="MSE",
    )


def _shown_levels(results: "Results") -> list[float]:
    levels = sorted({cell.params.noise for cell in results.where(**SHOWN).cells})
    return [levels[0], levels[len(levels) // 2], levels[-1]]


def learned_surfaces(results: "Results") -> "Drawing":
    """True surface and what is learned at the lowest, a middle and the highest noise, replicate 0."""
    shown = {"true surface": _clean()} | {f"learned, noise {n:g}": _predicted(results, n) for n in _shown_levels(results)}
    return draw.surfaces(shown, x=AXIS, y=AXIS, x_label="x", y_label="y", z_label="f")


def residual_maps(results: "Results") -> "Drawing":
    """Squared residuals against the clean surface on one scale."""
    shown = {f"noise {n:g}": _predicted(results, n) for n in _shown_levels(results)}
    return draw.residual_maps(_clean(), shown, x=AXIS, y=AXIS)


def _clean() -> np.ndarray:
    return surface(np.stack(np.meshgrid(AXIS, AXIS), axis=-1))


def _predicted(results: "Results", noise: float) -> np.ndarray:
    return results.array("prediction", noise=noise, **SHOWN).reshape(len(AXIS), len(AXIS))


def residual_histograms(results: "Results") -> "Drawing":
    """Residuals of the noisy targets after training."""
    shown = {}
    for n in _shown_levels(results):
        shown[f"noise {n:g}"] = results.array("target", noise=n, **SHOWN) - results.array("prediction", noise=n, **SHOWN)
    return draw.histograms(shown, label="target minus prediction", title="What the network leaves of the training targets")


def roughness(results: "Results") -> "Drawing":
    """Roughness of the loss curve by noise and optimiser."""
    table = results.where(line_search="strong_wolfe", activation="relu").table
    return draw.scatter_lines(
        table,
        x="noise",
        y="curve_roughness",
        by="optimizer",
        x_label="noise level",
        y_label="roughness of the loss curve",
        y_unit="decades",
    )


def data_table(results: "Results") -> "TableView":
    """The noise that was put in."""
    table = results.where(**SHOWN).table
    return draw.summary_table(table, by="noise", values=["data_snr_db", "data_residual", "mean_baseline_mse"], **_texts(results))


def fit_table(results: "Results") -> "TableView":
    """What training reached, as the reports tabulate it."""
    values = ["train_mse", "lowest_printed_loss", "printed_epoch_of_lowest", "fit_snr_db", "clean_fit_snr_db", "train_r2"]
    return draw.summary_table(results.where(**SHOWN).table, by="noise", values=values, **_texts(results))


def generalisation_table(results: "Results") -> "TableView":
    """Fitting against learning, with the constant mean beside."""
    values = [
        "train_mse",
        "validation_mse",
        "gap",
        "gap_ratio",
        "validation_clean_mse",
        "mean_baseline_clean_mse",
        "correlation_with_truth",
    ]
    table = results.where(activation="relu", line_search="strong_wolfe").table
    return draw.summary_table(table, by=["optimizer", "noise"], values=values, **_texts(results))


def line_search_table(results: "Results") -> "TableView":
    """LBFGS with and without the line search."""
    table = results.where(optimizer="lbfgs", activation="relu").table
    kept = table[table.noise.isin(set(table[table.line_search == "none"].noise))]
    values = ["train_mse", "curve_roughness", "rises", "diverged_epoch"]
    return draw.summary_table(kept, by=["noise", "line_search"], values=values, **_texts(results))


def _extremes(results: "Results") -> tuple[dict[str, float], dict[str, float]]:
    levels = sorted({cell.params.noise for cell in results.where(**SHOWN).cells} - {0.0})
    return {"noise": levels[-1]}, {"noise": levels[0]}


def what_is_reached(results: "Results") -> str:
    """Answers what noise does to the error reached, the speed and the smoothness."""
    high, low = _extremes(results)
    error = draw.compare(results, "train_mse", high, low, **SHOWN)
    plateau = draw.compare(results, "plateau_epoch", high, low, **SHOWN)
    rough = draw.compare(results, "curve_roughness", high, low, **SHOWN)
    return (
        f"Between noise {low['noise']:g} and {high['noise']:g} the training error that LBFGS reaches is {error}: "
        f"{draw.measured(results, 'train_mse', **high, **SHOWN)} against {draw.measured(results, 'train_mse', **low, **SHOWN)}. "
        "No network can go below the noise without fitting the noise itself, whose mean square is "
        f"{draw.measured(results, 'data_residual', **high, **SHOWN)} at the higher level. "
        f"The epoch from which the loss stays within 5 % of its final value is {plateau}. "
        f"The fluctuation of the loss curve is {rough}."
    )


def surface_or_noise(results: "Results") -> str:
    """Answers whether the network learns the surface or the noise."""
    high, low = _extremes(results)
    gap = draw.compare(results, "gap", high, low, **SHOWN)
    at_one = {"noise": 1.0, **SHOWN}
    smooth = draw.compare(results, "surface_roughness", high, low, **SHOWN)
    return (
        f"It learns both. The gap between validation and training error is {gap} at noise {high['noise']:g} than at {low['noise']:g}. "
        f"At noise {high['noise']:g} the training error lies below the mean square of the noise by "
        f"{draw.measured(results, 'noise_fitted', **high, **SHOWN)}: so much of the noise was fitted. "
        f"At noise 1 the data are not purely random: the correlation of the prediction with the clean surface is "
        f"{draw.measured(results, 'correlation_with_truth', **at_one)} under LBFGS and "
        f"{draw.measured(results, 'correlation_with_truth', noise=1.0, optimizer='adam')} under Adam. "
        f"The constant mean would have an error of {draw.measured(results, 'mean_baseline_clean_mse', **at_one)} against the clean surface, "
        f"the network has {draw.measured(results, 'clean_mse', **at_one)}. "
        f"The predicted surface is rougher or smoother with more noise: {smooth}."
    )


def sensitive_lbfgs(results: "Results") -> str:
    """Answers whether LBFGS suffers from noise and whether the line search helps."""
    high, low = _extremes(results)
    common = {"optimizer": "lbfgs", "activation": "relu"}
    searched = draw.compare(results, "train_mse", {"line_search": "strong_wolfe"}, {"line_search": "none"}, **high, **common)
    lbfgs = draw.compare(results, "curve_roughness", high, low, **SHOWN)
    adam = draw.compare(results, "curve_roughness", high, low, optimizer="adam", activation="relu")
    return (
        "The noise sits in the targets and the batch is full, so every gradient is exact: noise changes the surface that LBFGS descends, not the "
        "curvature pairs it collects. "
        f"From noise {low['noise']:g} to {high['noise']:g} the roughness of its loss curve is {lbfgs}; that of Adam is {adam}. "
        f"At noise {high['noise']:g} the training error with the strong Wolfe line search, against a fixed step of 1, is {searched}. "
        f"Without the line search the share of epochs in which the loss rises is {draw.measured(results, 'rises', line_search='none', **high, **common)}, "
        f"with it {draw.measured(results, 'rises', line_search='strong_wolfe', **high, **common)}."
    )


REPORTED = {"optimizer": "lbfgs", "line_search": "strong_wolfe", "epochs": 2000, "hidden_sizes": (50, 50)}
OURS = {**REPORTED, "activation": "relu"}
UNSTATED = {"variants": {"activation": ["relu", "tanh"]}, "chosen": ("hidden_sizes", "activation")}
AT_LEVEL = {**REPORTED, "noise": from_config("noise_level")}
OTHERS = [{"optimizer": "adam"}, {"optimizer": "sgd"}]
ANY_OPTIMISER = {"variants": [{"optimizer": "lbfgs", "line_search": "strong_wolfe"}, *OTHERS], "chosen": ("optimizer", "hidden_sizes")}


def close_at_the_start() -> object:
    """Training losses of the first ten epochs within a factor 1.5 of each other, for one of the pairs of levels a figure may show."""
    early = series("curves", "train_loss", reduce="mean", scale="log", epoch=(1, 10))
    return any_of(*(equal_within(early.at(noise=level), early.at(noise=0.0), margin=0.405) for level in (0.1, 0.3, 2.0)))


def rougher_than_adam(results: "Results") -> Test:
    """How much more the roughness of the loss curve grows with noise under LBFGS than under Adam, in logarithms."""
    paired = {"epochs": 2000, "activation": "relu"}

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
    claim(
        "noise-and-optimisation.curves-same-at-start",
        cell={"epochs": 2000, "activation": "relu"},
        test=close_at_the_start(),
        **ANY_OPTIMISER,
    ),
    claim(
        "noise-and-optimisation.earlier-plateau-with-noise",
        cell={"epochs": 2000, "activation": "relu"},
        test=less(metric("plateau_epoch").at(noise=2.0), metric("plateau_epoch").at(noise=0.1), margin=0.1),
        **ANY_OPTIMISER,
    ),
    claim(
        "noise-and-optimisation.slower-and-rougher-with-noise",
        cell=OURS,
        test=all_of(
            trend(metric("curve_roughness"), along="noise", direction="up", margin=0.1),
            trend(metric("plateau_epoch"), along="noise", direction="up", margin=0.1),
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
    claim("noise-and-optimisation.lbfgs-sensitive-to-noise", cell={"epochs": 2000, "activation": "relu"}, test=rougher_than_adam),
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
