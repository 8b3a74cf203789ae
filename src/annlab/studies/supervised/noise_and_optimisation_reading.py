"""How the results of noise-and-optimisation are read: figures, tables and answers."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from annlab import draw
from annlab.data.generators import surface

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

AXIS = np.linspace(-3, 3, 40)
NAMES: dict[str, Any] = {"noise": "noise level", "optimizer": "optimiser", "lbfgs": "LBFGS", "adam": "Adam", "sgd": "SGD"}
SHOWN: dict[str, Any] = {"optimizer": "lbfgs", "line_search": "strong_wolfe", "activation": "relu"}


def _texts(results: "Results") -> dict[str, Any]:
    return draw.texts(results, noise="noise level", line_search="line search", optimizer="optimiser")


def _named(table: "pd.DataFrame") -> "pd.DataFrame":
    return draw.readable(table.assign(optimizer=table["optimizer"].replace(NAMES)))


def curves(results: "Results") -> "Drawing":
    """Training loss by epoch at each noise level, one panel an optimiser."""
    frame = _trained(results)
    return draw.curves(frame, y="train_loss", by="noise", facet="optimizer", log_x=True, log_y=True, y_label="training MSE", labels=NAMES)


def learning_and_fitting(results: "Results") -> "Drawing":
    """Validation loss against clean targets by epoch."""
    frame = _trained(results)
    return draw.curves(
        frame,
        y="validation_clean_loss",
        by="noise",
        facet="optimizer",
        log_x=True,
        log_y=True,
        y_label="validation MSE, clean targets",
        labels=NAMES,
    )


def gap_by_epoch(results: "Results") -> "Drawing":
    """Validation minus training loss by epoch."""
    frame = _trained(results)
    frame = frame.assign(gap=frame["validation_loss"] - frame["train_loss"])
    return draw.curves(frame, y="gap", by="noise", facet="optimizer", log_x=True, y_label="validation minus training MSE", labels=NAMES)


def ratio_by_epoch(results: "Results") -> "Drawing":
    """Validation over training loss by epoch."""
    frame = _trained(results)
    frame = frame.assign(ratio=frame["validation_loss"] / frame["train_loss"])
    return draw.curves(
        frame,
        y="ratio",
        by="noise",
        facet="optimizer",
        log_x=True,
        log_y=True,
        y_label="validation over training MSE",
        reference={"equal": 1.0},
        labels=NAMES,
    )


def _trained(results: "Results") -> "pd.DataFrame":
    return results.series("curves", line_search="strong_wolfe", activation="relu")


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


def residual_surfaces(results: "Results") -> "Drawing":
    """Clean surface, prediction and residual at the highest noise."""
    highest = _shown_levels(results)[-1]
    names = ("clean surface", f"learned, noise {highest:g}", "learned − clean")
    return draw.compare_surfaces(_clean(), _predicted(results, highest), x=AXIS, y=AXIS, names=names, z_label="f")


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
        log_y=True,
        x_label="noise level",
        y_label="roughness of the loss curve",
        y_unit="decades",
        labels=NAMES,
    )


def data_table(results: "Results") -> "TableView":
    """The noise that was put in."""
    table = results.where(**SHOWN).table
    return draw.summary_table(
        table, by="noise", values=["data_residual", "data_snr_db", "mean_baseline_mse", "mean_baseline_clean_mse"], **_texts(results)
    )


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
        "correlation_with_truth",
    ]
    table = results.where(activation="relu", line_search="strong_wolfe").table
    return draw.summary_table(_named(table), by=["optimizer", "noise"], values=values, **_texts(results))


def start_spreads(results: "Results") -> "pd.DataFrame":
    """By optimiser and replicate: the mean loss of the first ten epochs, its highest level over its lowest and their difference.

    The last column takes the mean square of the noise off each loss first: what is then left is the difference of the
    networks, not of the noise that was put in.
    """
    import pandas as pd

    frame = _trained(results)
    early = frame[frame["epoch"] <= 10].groupby(["optimizer", "replicate", "noise"])["train_loss"].mean()
    noise = results.table.groupby(["optimizer", "replicate", "noise"])["data_residual"].mean()
    rows = []
    for key, losses in early.groupby(level=["optimizer", "replicate"]):
        optimizer, replicate = cast("tuple[str, int]", key)
        left = losses - noise[losses.index]
        rows.append(
            {
                "optimizer": optimizer,
                "replicate": replicate,
                "ratio": losses.max() / losses.min(),
                "spread": losses.max() - losses.min(),
                "left": left.max() - left.min(),
            }
        )
    return pd.DataFrame(rows)


def start_table(results: "Results") -> "TableView":
    """Spread between the noise levels in the first ten epochs."""
    view = _texts(results)
    view["labels"] |= {
        "ratio": "highest over lowest level",
        "spread": "highest minus lowest level",
        "left": "the same, mean square of the noise taken off",
    }
    return draw.summary_table(_named(start_spreads(results)), by="optimizer", values=["ratio", "spread", "left"], **view)


def activation_table(results: "Results") -> "TableView":
    """The relu and the tanh network under LBFGS."""
    table = results.where(optimizer="lbfgs", line_search="strong_wolfe").table
    values = ["train_mse", "noise_fitted", "validation_clean_mse", "surface_roughness", "plateau_epoch"]
    return draw.summary_table(table, by=["noise", "activation"], values=values, **_texts(results))


def line_search_table(results: "Results") -> "TableView":
    """LBFGS with and without the line search."""
    table = results.where(optimizer="lbfgs", activation="relu").table
    kept = table[table.noise.isin(set(table[table.line_search == "none"].noise))]
    values = ["train_mse", "validation_clean_mse", "curve_roughness", "rises", "diverged_epoch"]
    return draw.summary_table(draw.readable(kept), by=["noise", "line_search"], values=values, **_texts(results))


def _extremes(results: "Results") -> tuple[dict[str, Any], dict[str, Any]]:
    levels = sorted({cell.params.noise for cell in results.where(**SHOWN).cells} - {0.0})
    return {"noise": levels[-1]}, {"noise": levels[0]}


def what_is_reached(results: "Results") -> str:
    """Answers what noise does to the error reached, the speed and the smoothness."""
    high, low = _extremes(results)
    error = draw.compare(results, "train_mse", high, low, **SHOWN)
    plateau = draw.compare(results, "plateau_epoch", high, low, **SHOWN)
    fall = draw.compare(results, "fall_epoch", high, low, **SHOWN)
    rough = draw.compare(results, "curve_roughness", high, low, **SHOWN)
    return (
        f"At noise {high['noise']:g} the training error that LBFGS reaches, against noise {low['noise']:g}, is {error}: "
        f"{draw.measured(results, 'train_mse', **high, **SHOWN)} against {draw.measured(results, 'train_mse', **low, **SHOWN)}. "
        "A network that learned the surface alone would stop at the mean square of the noise, "
        f"{draw.measured(results, 'data_residual', **high, **SHOWN)} at the higher level. "
        f"The epoch from which the loss stays within 5 % of its final value is {plateau}; "
        f"the epoch by which 95 % of the whole fall is done is {fall}. "
        "The two need not agree: the first is relative to the final loss, which the noise lifts, so that any curve looks settled sooner. "
        f"The fluctuation of the loss curve from epoch to epoch, on a logarithmic scale, is {rough}."
    )


def start_and_gap(results: "Results") -> str:
    """Answers whether the curves start alike and how the gap between unseen and training points opens."""
    from annlab.lab.statistics import mean_interval

    high, low = _extremes(results)
    spreads = start_spreads(results)
    ratio, left = (mean_interval(spreads.loc[spreads.optimizer == "lbfgs", name].to_numpy()) for name in ("ratio", "left"))
    return (
        f"They do not lie together where the levels differ much: over the first ten epochs of LBFGS the highest mean loss is "
        f"{draw.format_interval(ratio.mean, ratio.low, ratio.high)} times the lowest, n = {ratio.n}. "
        if ratio.low > 1.5
        else f"Over the first ten epochs of LBFGS the highest mean loss is {draw.format_interval(ratio.mean, ratio.low, ratio.high)} times "
        f"the lowest, n = {ratio.n}. "
    ) + (
        "Most of that is the noise itself, which no network can fit in ten epochs: with its mean square taken off, the highest and the "
        "lowest "
        f"differ by {draw.format_interval(left.mean, left.low, left.high)}, where the clean surface has a variance of "
        f"{_clean().var():.3g}. "
        f"At the end validation exceeds training error by {draw.measured(results, 'gap', **high, **SHOWN)} at noise {high['noise']:g} "
        f"and by {draw.measured(results, 'gap', **low, **SHOWN)} at noise {low['noise']:g}. "
        f"As a ratio that is {draw.measured(results, 'gap_ratio', **high, **SHOWN)} and "
        f"{draw.measured(results, 'gap_ratio', **low, **SHOWN)}."
    )


def surface_or_noise(results: "Results") -> str:
    """Answers whether the network learns the surface or the noise."""
    high, low = _extremes(results)
    gap = draw.compare(results, "gap", high, low, **SHOWN)
    at_one = {"noise": 1.0, **SHOWN}
    smooth = draw.compare(results, "surface_roughness", high, low, **SHOWN)
    network, constant = (results.values(name, **at_one).mean() for name in ("clean_mse", "mean_baseline_clean_mse"))
    return (
        f"Both. The gap between validation and training error at noise {high['noise']:g}, against noise {low['noise']:g}, is {gap}. "
        f"At noise {high['noise']:g} the training error lies below the mean square of the noise by "
        f"{draw.measured(results, 'noise_fitted', **high, **SHOWN)}: that much of the noise was fitted. "
        f"At noise 1 the correlation of the prediction with the clean surface is "
        f"{draw.measured(results, 'correlation_with_truth', **at_one)} under LBFGS and "
        f"{draw.measured(results, 'correlation_with_truth', noise=1.0, optimizer='adam')} under Adam; a model of the mean alone would "
        "have 0. "
        f"Yet correlated is not close: against the clean surface the network's error is {draw.measured(results, 'clean_mse', **at_one)}, "
        f"{network / constant:.2f} times that of the constant mean. "
        f"The roughness of the predicted surface at noise {high['noise']:g}, against noise {low['noise']:g}, is {smooth}."
    )


def sensitive_lbfgs(results: "Results") -> str:
    """Answers whether LBFGS suffers from noise and whether the line search helps."""
    high, low = _extremes(results)
    common = {"optimizer": "lbfgs", "activation": "relu"}
    searched = draw.compare(results, "train_mse", {"line_search": "strong_wolfe"}, {"line_search": "none"}, **high, **common)
    lbfgs = draw.compare(results, "curve_roughness", high, low, **SHOWN)
    adam = draw.compare(results, "curve_roughness", high, low, optimizer="adam", activation="relu")
    return (
        "The noise sits in the targets and the batch is full, so every gradient is exact: noise changes the surface that LBFGS "
        "descends, not the "
        "curvature pairs it collects. "
        f"The roughness of its loss curve at noise {high['noise']:g}, against noise {low['noise']:g}, is {lbfgs}; that of Adam is "
        f"{adam}. "
        f"At noise {high['noise']:g} the training error with the strong Wolfe line search, against a fixed step of 1, is {searched}. "
        f"Without the line search the loss rises in a share of {draw.measured(results, 'rises', line_search='none', **high, **common)} "
        "of the epochs, "
        f"with it in {draw.measured(results, 'rises', line_search='strong_wolfe', **high, **common)}."
    )
