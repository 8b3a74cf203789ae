"""Our stacked perceptrons against scikit-learn's MLPClassifier on the same splits of a table.

Claim: with the same settings, splits and law of the first weights the accuracy is the same within the noise of the splits, and ten
splits trained as one tensor program take less time than ten fits of scikit-learn's one after the other. Both go through as many epochs
as scikit-learn's own stopping rule allows it: its epochs stand in the table, ours are always all of them. Each side has a process of its
own and one thread; sides are interleaved and medians count. The bundled breast cancer set serves, or any table of two classes.

    python benchmarks/tabular.py [--quick] [--data ionosphere]
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from common import interleaved, show, versions

SPLITS = 10
SETTINGS = [
    ("adam", "relu", (50, 20)),
    ("adam", "relu", (100, 100)),
    ("adam", "tanh", (50, 100, 100)),
    ("sgd", "tanh", (50, 20)),
    ("sgd", "relu", (100, 100)),
]


def side(name: str, setting: int, epochs: int, data: str) -> dict[str, float]:
    """Seconds a fit, accuracy and epochs of one side."""
    from annlab import data as sets
    from annlab.lab.streams import Streams
    from annlab.studies.tabular.tabular_classification_data import parts_of, prepared, two_classes
    from annlab.studies.tabular.tabular_classification_networks import Network, fit_ours, fit_scikit_learn

    X, missing, y = two_classes(sets.load(data), data)
    streams = [Streams(0, "benchmark", r) for r in range(SPLITS)]
    splits = [parts_of(y, stream) for stream in streams]
    tables = np.stack([prepared(X, missing, split.train, zeros="kept", scaled=True) for split in splits])
    rows = [split.train for split in splits]

    def train(length: int) -> tuple[float, list[float], float]:
        network = Network(*SETTINGS[setting], length)
        started = time.perf_counter()
        if name == "annlab":
            fits = fit_ours(tables, y, rows, network, streams)
        else:
            fits = [fit_scikit_learn(table, y, mine, network, stream) for table, mine, stream in zip(tables, rows, streams, strict=True)]
        seconds = time.perf_counter() - started
        right = [np.mean((fit.probability > 0.5)[split.test] == y[split.test]) for fit, split in zip(fits, splits, strict=True)]
        return seconds / SPLITS, right, float(np.mean([fit.epochs for fit in fits]))

    train(2)
    seconds, right, trained = train(epochs)
    return {"seconds": seconds, "accuracy": float(np.mean(right)), "spread": float(np.std(right, ddof=1)), "epochs": trained}


def main() -> None:
    """Compares, or is one side where ``--side`` names it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer epochs, two settings, one round")
    parser.add_argument("--data", default="breast_cancer", help="a table of two classes")
    parser.add_argument("--side", choices=["annlab", "scikit-learn"], help=argparse.SUPPRESS)
    parser.add_argument("--setting", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, default=200, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(side(options.side, options.setting, options.epochs, options.data)))
        return
    epochs, repeats = (50, 1) if options.quick else (200, 3)
    shown = [1, 3] if options.quick else range(len(SETTINGS))
    print(f"{versions()}; {options.data}, {SPLITS} splits, at most {epochs} epochs, batches of 200, medians of {repeats} rounds")
    contestants = {
        f"{name} {index}": (["--side", name, "--setting", str(index), "--epochs", str(epochs), "--data", options.data], 1)
        for index in shown
        for name in ("scikit-learn", "annlab")
    }
    answers = interleaved(str(Path(__file__).resolve()), contestants, repeats)
    rows = []
    for index in shown:
        ours, theirs = answers[f"annlab {index}"], answers[f"scikit-learn {index}"]
        solver, activation, hidden = SETTINGS[index]
        gap, noise = ours["accuracy"] - theirs["accuracy"], np.hypot(ours["spread"], theirs["spread"]) / np.sqrt(SPLITS)
        per_epoch = (theirs["seconds"] / theirs["epochs"]) / (ours["seconds"] / ours["epochs"])
        name = f"{solver} {activation} {'-'.join(map(str, hidden))}"
        ratio = theirs["seconds"] / ours["seconds"]
        rows.append([name, theirs["accuracy"], ours["accuracy"], f"{gap:+.3f} ({noise:.3f})", theirs["epochs"], ratio, per_epoch])
    columns = ["setting", "scikit-learn", "ours", "difference (its error)", "their epochs", "times as fast", "per epoch"]
    show("test accuracy, and seconds a fit as a ratio", columns, rows)


if __name__ == "__main__":
    main()
