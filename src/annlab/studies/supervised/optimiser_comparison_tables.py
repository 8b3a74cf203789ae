"""The tables of optimiser-comparison."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.statistics import mean_interval
from annlab.studies.supervised.optimiser_comparison_grid import EVERY, HANDOUT, MIDDLE, NOISE
from annlab.studies.supervised.optimiser_comparison_reading import (
    clocks,
    long,
    networks,
    paces,
    seconds_at,
    shared_length,
    together,
)

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import TableView
    from annlab.lab import Results

HERE: dict[str, Any] = {"hidden_sizes": MIDDLE, "noise": 0.0}


def texts(results: "Results") -> dict[str, Any]:
    """Labels and units for the tables."""
    view = draw.texts(results, setting="optimiser", network="network", epoch="epochs")
    view["labels"] |= {"seconds_to_tenth": "seconds to a tenth of the variance", "milliseconds": "an epoch", "seconds": "time"}
    view["units"] |= {"seconds_to_tenth": "s", "milliseconds": "ms", "seconds": "s"}
    return view


def sizes(results: "Results") -> "TableView":
    """Errors by network and setting."""
    frame = together(results, HANDOUT, hidden_sizes=networks(results), noise=0.0)
    values = ["train_mse", "validation_mse", "gap_ratio", "epochs_to_half", "epochs_to_tenth"]
    return draw.summary_table(frame, by=["network", "setting", "epoch"], values=values, **texts(results))


def ranking(results: "Results") -> "TableView":
    """All settings on the 50-50 network."""
    frame = together(results, EVERY, **HERE)
    view = texts(results)
    view["labels"]["train_mse"] = f"training MSE after {shared_length(frame)} epochs"
    return draw.ranked_table(frame, by="setting", value="train_mse", scale="log", **view)


def speeds(results: "Results", **cell: Any) -> "pd.DataFrame":
    """Epochs to a tenth of the variance, milliseconds an epoch and their product, of settings both trained and timed.

    Seconds are infinite where a run does not get there.
    """
    settings = [each for each in EVERY if results.where(timed=True, loop="ours", **each, **cell).cells]
    frame = together(results, settings, **cell)
    clock: dict[Any, Any] = dict(iter(clocks(results, settings, **cell).groupby(["setting", "network", "replicate"])))
    keys = list(zip(frame["setting"], frame["network"], frame["replicate"], strict=True))
    there = [key in clock for key in keys]
    frame, keys = frame[there].reset_index(drop=True), [key for key in keys if key in clock]
    seconds = [float(seconds_at(clock[key], epochs)) for key, epochs in zip(keys, frame["epochs_to_tenth"], strict=True)]
    frame["seconds_to_tenth"] = np.where(frame["epochs_to_tenth"] <= frame["epoch"], seconds, np.inf)
    return frame.assign(milliseconds=[float(clock[key]["milliseconds"].iloc[0]) for key in keys])


def speed(results: "Results") -> "TableView":
    """What fast means: in epochs, in seconds an epoch, in seconds."""
    values = ["epochs_to_half", "epochs_to_tenth", "milliseconds", "seconds_to_tenth", "curve_roughness"]
    return draw.summary_table(speeds(results, **HERE), by=["setting", "epoch"], values=values, **texts(results))


def best_epochs(results: "Results") -> "TableView":
    """Best epochs by both losses."""
    frame = together(results, HANDOUT, hidden_sizes=networks(results), noise=0.0)
    values = ["best_epoch", "best_validation_epoch", "fall_epoch", "plateau_epoch"]
    return draw.summary_table(frame, by=["network", "setting", "epoch"], values=values, **texts(results))


def lengths(results: "Results") -> "TableView":
    """Training error and seconds of the handout's settings at each length."""
    frame = long(results, "lengths", HANDOUT, **HERE)
    clock: dict[Any, Any] = dict(iter(clocks(results, HANDOUT, **HERE).groupby(["setting", "replicate"])))
    keys = list(zip(frame["setting"], frame["replicate"], strict=True))
    kept = frame[[key in clock for key in keys]]
    keys = [key for key in keys if key in clock]
    seconds = [float(seconds_at(clock[key], epoch)) for key, epoch in zip(keys, kept["epoch"], strict=True)]
    values = ["train_mse", "validation_mse", "seconds"]
    return draw.summary_table(kept.assign(seconds=seconds), by=["setting", "epoch"], values=values, **texts(results))


def seeds(results: "Results") -> "TableView":
    """Stability over seeds."""
    return draw.stability_table(together(results, EVERY, **HERE), by="setting", value="train_mse", **texts(results))


def memory(results: "Results") -> "TableView":
    """What an optimiser holds, beside the time of its epochs."""
    import pandas as pd

    frame, timed = together(results, EVERY, **HERE).drop_duplicates("setting"), paces(results, EVERY, **HERE)
    shown = pd.DataFrame(
        {
            "setting": frame["setting"],
            "parameters": frame["parameters"].astype(int),
            "state": frame["state_bytes"] / 1e3,
            "per parameter": frame["state_bytes"] / frame["parameters"],
            "peak": frame["peak_bytes"] / 1e3,
            "milliseconds": [mean_interval(timed.loc[timed["setting"] == name, "milliseconds"].to_numpy()) for name in frame["setting"]],
        }
    )
    labels = {"setting": "optimiser", "state": "optimiser state", "peak": "most memory while training", "milliseconds": "an epoch"}
    units = {"state": "kB", "per parameter": "bytes", "peak": "kB", "milliseconds": "ms"}
    notes = ["Memory is counted, the same in every replicate; brackets hold the 95 % t interval of the mean over replicates."]
    return draw.TableView(shown, labels, units, notes=notes)


def noisy(results: "Results") -> "TableView":
    """Fitting and learning with noisy targets."""
    frame = together(results, EVERY, noise=NOISE)
    values = ["train_mse", "validation_mse", "gap_ratio", "clean_mse", "validation_clean_mse"]
    return draw.summary_table(frame, by=["network", "setting", "epoch"], values=values, **texts(results))
