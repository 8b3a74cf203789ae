"""Cells of santa-fe-forecast: the networks of the reports, folds and variants, baselines, and the recipes that are searched."""

from typing import Any

from annlab.lab import Grid, grid

__all__ = [
    "BASELINES",
    "LSTM",
    "MLP",
    "RECIPE",
    "REPORT_D",
    "baselines",
    "full",
    "largest_folds",
    "recipes",
    "standard",
    "tiny",
]

Settings = dict[str, Any]

TRAINING, STEPS = 1000, 100
MLP: Settings = {"model": "mlp", "epochs": 200, "learning_rate": 0.01}
LSTM: Settings = {"model": "lstm", "epochs": 150, "learning_rate": 0.001}
REPORT_D: Settings = {"lag": 80, "hidden_sizes": (100,), "folds": 3, "validation_size": 150}
RECIPE: Settings = {
    "model": "mlp",
    "validation": "blocks",
    "learning_rate": 0.01,
    "batch_size": 64,
    "schedule": "cosine",
    "weight_decay": 3e-4,
}
"""What the searched recipes share: small batches and a falling rate, weights held small."""
BASELINES = ("mean", "last", "seasonal", "linear", "neighbour", "quadratic")
LAGS, UNITS = (1, 5, 10, 15, 20, 80), (5, 10, 25, 50, 100)
TESTED = ((5, 25), (5, 50), (10, 25), (15, 25), (15, 50))
"""Lag and units of the networks of which report-A prints the test error."""


def largest_folds(n: int, validation_size: int, lag: int, gap: int | None = None) -> int:
    """Largest number of folds of a time-series split: ``(n - gap - lag - 1) // validation_size``.

    The held-out parts lie one behind the other at the end of the series; the gap is left out once before each fold's part, inside what
    earlier folds hold out, so that it is subtracted once and not for every fold. The first fold must keep one window, `lag` + 1 values.
    """
    return (n - (lag if gap is None else gap) - lag - 1) // validation_size


def cells(settings: Settings, **axes: list[Any]) -> Grid:
    """Product of the axes, everything else as in `settings`."""
    return grid(**{name: [value] for name, value in settings.items() if name not in axes}, **axes)


def one_layer(units: tuple[int, ...] | list[int]) -> list[tuple[int, ...]]:
    """Hidden sizes of one layer."""
    return [(unit,) for unit in units]


def networks(settings: Settings, lags: tuple[int, ...], units: tuple[int, ...], **axes: list[Any]) -> Grid:
    """Every lag with every number of units; those of which report-A prints the test error are tested."""
    everywhere, plain = Grid(), settings.get("patience") is None and settings.get("form", "stateful") == "stateful"
    for lag in lags:
        for unit in units:
            tested = plain and (lag, unit) in (TESTED if settings["model"] == "mlp" else TESTED[3:4])
            everywhere += cells({**settings, "lag": lag, "hidden_sizes": (unit,), "test": tested}, **axes)
    return everywhere


def report_d(settings: Settings, folds: list[int]) -> Grid:
    """The network of report-D, fresh in each fold and carried through them, with shorter lags and fewer units beside it."""
    tested = {**settings, **REPORT_D, "test": True}
    return (
        cells(tested, carry=[False, True])
        + cells({**tested, "carry": True}, folds=folds)
        + cells(tested, lag=[10, 20])
        + cells(tested, hidden_sizes=one_layer([10, 25]))
    )


def validation_parts(settings: Settings) -> Grid:
    """Sizes of the held-out part and numbers of folds, from the one of the last values up to the largest possible."""
    base = {**settings, "lag": 20, "hidden_sizes": (25,)}
    most = largest_folds(TRAINING, 100, 20)
    return (
        cells({**base, "folds": 3}, validation_size=[50, 100, 150, 200, 300])
        + cells({**base, "validation_size": 50}, folds=[1, 3, 4, 5, 10])
        + cells(base, folds=sorted({1, 3, 4, 5, most}))
    )


def baselines(test: bool = True) -> Grid:
    """What every network has to beat, by folds and by held-out blocks."""
    named: Settings = {"hidden_sizes": (), "epochs": 0, "lag": 10}
    return cells({**named, "test": test}, model=list(BASELINES)) + cells({**named, "validation": "blocks"}, model=list(BASELINES))


def recipes(lags: list[int], noises: list[float], sizes: list[tuple[int, ...]], epochs: list[int]) -> Grid:
    """Candidates of the selection."""
    return cells(RECIPE, hidden_sizes=sizes, lag=lags, input_noise=noises, epochs=epochs)


def searched() -> Grid:
    """The recipes of ``standard`` and ``full``: lag, noise, size and length of training, each around the middle."""
    return (
        recipes([20, 40, 80], [0.2], [(50,)], [320])
        + recipes([40], [0.0, 0.1], [(50,)], [320])
        + recipes([40], [0.2], [(50,)], [110, 640])
        + recipes([40], [0.2], [(100,)], [320])
        + recipes([40], [0.2], [(50, 50)], [320, 640])
    )


def standard() -> Grid:
    """Report-A's and report-D's networks, perceptrons and recurrent ones, the searched recipes, baselines."""
    return (
        networks(MLP, LAGS[:-1], UNITS[:-1])
        + networks({**MLP, "patience": 10}, LAGS[1:4], UNITS[:-1])
        + report_d(MLP, [2, 3, 5])
        + validation_parts(MLP)
        + networks(LSTM, (1, 5, 10, 15, 20), (10, 25, 50))
        + networks({**LSTM, "form": "windowed"}, (5,), (25,))
        + report_d(LSTM, [2, 3, 5])
        + baselines()
        + searched()
    )


def full() -> Grid:
    """Everything, with the settings that the reports leave out in variants."""
    return (
        standard()
        + networks(MLP, (*LAGS, 40, 100), UNITS, batch_size=[None, 32])
        + networks({**MLP, "patience": 10}, LAGS, UNITS, batch_size=[None, 32])
        + networks({**MLP, "patience": 25}, LAGS[1:4], UNITS[:-1])
        + networks(LSTM, LAGS, UNITS)
        + networks(LSTM, (1, 5, 10, 15), (25,), folds=[3, 5])
        + networks({**LSTM, "form": "windowed"}, LAGS[1:], (25,))
        + networks({**LSTM, "patience": 10}, LAGS[1:4], (25,))
        + validation_parts(LSTM)
        + cells({**MLP, **REPORT_D, "batch_size": 32, "test": True}, carry=[False, True])
    )


def tiny() -> Grid:
    """The ``quick`` profile: small networks of either kind, few epochs."""
    short: Settings = {**MLP, "epochs": 40}
    return (
        networks(short, (1, 5, 15), (5, 25))
        + networks({**short, "patience": 10}, (15,), (5, 25))
        + cells({**short, "lag": 20, "hidden_sizes": (25,), "folds": 2, "test": True}, carry=[False, True])
        + cells({**LSTM, "epochs": 8, "learning_rate": 0.01, "hidden_sizes": (8,), "folds": 2, "test": True}, lag=[5, 15])
        + cells({**LSTM, "epochs": 8, "learning_rate": 0.01, "hidden_sizes": (8,), "folds": 2, "lag": 15}, form=["windowed"])
        + cells({**short, "lag": 15, "hidden_sizes": (5,)}, folds=[1, 2, 8])
        + baselines()
        + recipes([20, 40], [0.0, 0.2], [(16,)], [10])
    )
