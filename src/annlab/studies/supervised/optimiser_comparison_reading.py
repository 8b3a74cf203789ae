"""How the results of optimiser-comparison are read: frames by setting and network, and the figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.params import as_dict
from annlab.studies.supervised.optimiser_comparison_grid import (
    BATCHES,
    BEYOND,
    EVERY,
    FACTORIAL,
    GD,
    HANDOUT,
    MIDDLE,
    MOMENTUM,
    MOMENTUM_40,
    MOMENTUM_400,
    NOISE,
    SGD_40,
    SGD_400,
    SLOW_40,
    Settings,
)

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing
    from annlab.lab import Outcome, Results

NAMES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adadelta": "Adadelta",
    "muon": "Muon",
    "lbfgs": "LBFGS",
}
LABELS: dict[Any, str] = {"network": "network", "setting": "optimiser"}
OTHERS = (SGD_400, SGD_40, SLOW_40, MOMENTUM, MOMENTUM_400, MOMENTUM_40)


def name_of(settings: Settings) -> str:
    """A setting in words: ``SGD 0.05 batch 1600``; LBFGS has one setting."""
    shown = NAMES[settings["optimizer"]]
    return shown if settings["optimizer"] == "lbfgs" else f"{shown} {settings['learning_rate']:g} batch {settings['batch_size']}"


def long(results: "Results", series: str, settings: Sequence[Settings], **cell: Any) -> "pd.DataFrame":
    """A series of the untimed cells with these settings as one frame, in the settings' order, with ``setting`` and ``network``.

    Raises:
        ValueError: where no such cell is stored.
    """
    import pandas as pd

    parts = []
    for each in settings:
        for record in results.where(**{"timed": False, **each, **cell}).records:
            if record.outcome is not None:
                params = as_dict(record.cell.params)
                about = {"setting": name_of(each), "network": _network(params), "noise": params["noise"], "replicate": record.replicate}
                about |= {name: params[name] for name in ("optimizer", "learning_rate", "batch_size")}
                held = {**record.outcome.series[series], **({} if series == "curves" else _whole(record.outcome))}
                parts.append(pd.DataFrame({name: np.asarray(values) for name, values in held.items()}).assign(**about))
    if not parts:
        raise ValueError("no cell of these settings is computed in this profile")
    return pd.concat(parts, ignore_index=True)


def _whole(outcome: "Outcome") -> dict[str, Any]:
    """Metrics that a run has but at its end, or that do not change along it."""
    length = len(outcome.series["lengths"]["epoch"])
    kept = ("clean_mse", "validation_clean_mse", "parameters", "state_bytes", "peak_bytes")
    return {name: np.full(length, outcome.metrics[name]) for name in kept if name in outcome.metrics}


def together(results: "Results", settings: Sequence[Settings], **cell: Any) -> "pd.DataFrame":
    """What these settings reached at the longest length that all their cells have; ``epoch`` says which."""
    frame = long(results, "lengths", settings, **cell)
    cells = frame.groupby(["setting", "network", "noise", "replicate"]).ngroups
    counts = frame.groupby("epoch").size()
    shared = counts[counts == cells]
    if shared.empty:
        raise ValueError("these cells have no length in common")
    kept: pd.DataFrame = frame[frame["epoch"] == shared.index.max()]
    return kept.reset_index(drop=True)


def shared_length(frame: "pd.DataFrame") -> int:
    """Epochs at which a frame of `together` is read."""
    return int(frame["epoch"].iloc[0])


def networks(results: "Results", **cell: Any) -> list[tuple[int, ...]]:
    """Networks on which all of the handout's settings are there, the smallest first."""
    found = [
        {each.params.hidden_sizes for each in results.where(**{"timed": False, "noise": 0.0, **settings, **cell}).cells}
        for settings in HANDOUT
    ]
    return sorted(set.intersection(*found))


def clocks(results: "Results", settings: Sequence[Settings], **cell: Any) -> "pd.DataFrame":
    """Seconds of the timed cells: a row a setting, network, replicate and timed epoch, with the mean seconds of an epoch beside.

    Raises:
        ValueError: where no such cell is timed.
    """
    import pandas as pd

    rows = []
    for each in settings:
        for record in results.where(**{"timed": True, "loop": "ours", **each, **cell}).records:
            if record.outcome is not None:
                timings = record.outcome.timings
                about = {"setting": name_of(each), "network": _network(as_dict(record.cell.params)), "replicate": record.replicate}
                about["milliseconds"] = 1000 * timings["per_epoch"]
                rows += [
                    {**about, "epoch": int(name.removeprefix("epoch_")), "seconds": seconds}
                    for name, seconds in timings.items()
                    if name.startswith("epoch_")
                ]
    if not rows:
        raise ValueError("no cell of these settings is timed in this profile")
    return pd.DataFrame(rows)


def paces(results: "Results", settings: Sequence[Settings], **cell: Any) -> "pd.DataFrame":
    """A row a setting, network and replicate: ``milliseconds`` of an epoch in the timed cells."""
    return clocks(results, settings, **cell).drop_duplicates(["setting", "network", "replicate"]).reset_index(drop=True)


def seconds_at(clock: "pd.DataFrame", epochs: Any) -> np.ndarray:
    """Seconds at epochs by one replicate's clock: linear between the timed epochs, beyond them at the pace of their second half."""
    ordered = clock.sort_values("epoch")
    known, seconds = ordered["epoch"].to_numpy(dtype=float), ordered["seconds"].to_numpy(dtype=float)
    wanted, half = np.asarray(epochs, dtype=float), (len(known) - 1) // 2
    start = (known[half], seconds[half]) if len(known) > 1 else (0.0, 0.0)
    pace = (seconds[-1] - start[1]) / (known[-1] - start[0])
    inside = np.interp(wanted, np.concatenate([[0.0], known]), np.concatenate([[0.0], seconds]))
    return np.asarray(np.where(wanted > known[-1], seconds[-1] + (wanted - known[-1]) * pace, inside))


def raced(results: "Results", settings: Sequence[Settings]) -> "pd.DataFrame":
    """Loss curves on the 50-50 network with the seconds of the timed cells under them, replicate by replicate."""
    import pandas as pd

    cell: dict[str, Any] = {"hidden_sizes": MIDDLE, "noise": 0.0}
    curves, timed = long(results, "curves", settings, **cell), clocks(results, settings, **cell)
    held: dict[Any, Any] = dict(iter(timed.groupby(["setting", "replicate"], sort=False)))
    parts = [
        part.assign(seconds=seconds_at(held[key], part["epoch"]))
        for key, part in curves.groupby(["setting", "replicate"], sort=False)
        if key in held
    ]
    if not parts:
        raise ValueError("no setting is both trained and timed in this profile")
    return pd.concat(parts, ignore_index=True)


def _race(results: "Results", settings: Sequence[Settings]) -> "Drawing":
    return draw.race(raced(results, settings), by="setting", log_x=True, y_label="training MSE", labels=LABELS)


def race(results: "Results") -> "Drawing":
    """The handout's five by epoch and by second."""
    return _race(results, HANDOUT)


def race_beyond(results: "Results") -> "Drawing":
    """Adam and those beyond the handout."""
    return _race(results, [HANDOUT[3], *BEYOND])


def race_batches(results: "Results") -> "Drawing":
    """Plain and momentum descent at several batch sizes and rates, as in report-C."""
    return _race(results, [GD, *OTHERS])


def race_caption(results: "Results") -> str:
    """Caption that tells how far the seconds were timed."""
    timed = sorted({cell.params.epochs for cell in results.where(timed=True, loop="ours", hidden_sizes=MIDDLE).cells})
    how = f"{' or '.join(map(str, timed)) or 'no'} epochs"
    return (
        "Training MSE by epoch and by second (50-50 network, surface without noise); geometric means over replicates. "
        f"Seconds come from timed cells of {how}, one network at a time, and go on at the pace of their second half."
    )


def size_by_optimiser(results: "Results") -> "Drawing":
    """Training error by network and setting."""
    frame = together(results, HANDOUT, hidden_sizes=networks(results), noise=0.0)
    return draw.heat_map(
        frame,
        row="setting",
        column="network",
        value="train_mse",
        log=True,
        better="lower",
        label=f"training MSE after {shared_length(frame)} epochs",
        labels=LABELS,
    )


def crossed(results: "Results") -> "pd.DataFrame":
    """The factorial on the network that has most of it, batch sizes with all four combinations, momentum as a factor of its own."""
    plain = results.where(timed=False, noise=0.0)
    counts = {size: sum(bool(plain.where(**each, hidden_sizes=size).cells) for each in FACTORIAL) for size in networks(results)}
    size = max(counts, key=lambda each: counts[each])
    whole = [
        [each for each in FACTORIAL if each["batch_size"] == batch]
        for batch in BATCHES
        if all(plain.where(**each, hidden_sizes=size).cells for each in FACTORIAL if each["batch_size"] == batch)
    ]
    frame = together(results, [each for level in whole for each in level], hidden_sizes=size, noise=0.0)
    return frame.assign(momentum=frame["optimizer"].map({"sgd": "none", "nesterov": "0.9"}))


def _effects(results: "Results", value: str, label: str) -> "Drawing":
    frame = crossed(results)
    factors = ["batch_size", "learning_rate", "momentum"]
    shown = f"{label} after {shared_length(frame)} epochs, {frame['network'].iloc[0]} network"
    return draw.main_effects(frame, factors=factors, value=value, log=True, label=label, alt=f"Main effects on {shown}.")


def main_effects(results: "Results") -> "Drawing":
    """Main effects on the training error."""
    return _effects(results, "train_mse", "training MSE")


def main_effects_epochs(results: "Results") -> "Drawing":
    """Main effects on the epochs to half of the variance."""
    return _effects(results, "epochs_to_half", "epochs to half of the variance")


def stability(results: "Results") -> "Drawing":
    """Every seed of every setting on the 50-50 network."""
    frame = together(results, EVERY, hidden_sizes=MIDDLE, noise=0.0)
    label = f"training MSE after {shared_length(frame)} epochs"
    return draw.stability_strip(frame, by="setting", value="train_mse", log=True, label=label, labels=LABELS)


def seconds_by_epochs(results: "Results") -> "Drawing":
    """Seconds since the start by epoch."""
    frame = clocks(results, HANDOUT, hidden_sizes=MIDDLE, noise=0.0)
    return draw.curves(
        frame, y="seconds", by="setting", log_x=True, log_y=True, y_label="time", y_unit="s", labels=LABELS, band="range", markers=True
    )


def seconds_by_size(results: "Results") -> "Drawing":
    """Milliseconds an epoch by network and setting."""
    frame = paces(results, [*EVERY], noise=0.0)
    frame = frame.sort_values("network", key=lambda names: names.str.partition("-")[0].astype(int), kind="stable")
    return draw.heat_map(frame, row="setting", column="network", value="milliseconds", log=True, label="an epoch", unit="ms", labels=LABELS)


def gap_by_size(results: "Results") -> "Drawing":
    """Validation over training error with noisy targets."""
    frame = together(results, EVERY, noise=NOISE)
    label = f"validation over training MSE after {shared_length(frame)} epochs"
    return draw.interval_bars(frame, by="network", group="setting", value="gap_ratio", log=True, label=label, labels=LABELS)


def _network(params: dict[str, Any]) -> str:
    return "-".join(map(str, params["hidden_sizes"]))
