"""Self-organising maps on digits (20 x 20 units) and on MNIST (30 x 30), against MiniSom.

Claims, one thread each: at least 50 times as fast as MiniSom's online training at an equal or lower quantisation error, and faster than its
batch training for the same number of passes. MiniSom's online run shows each row as often as the table says, with the radius falling
from its start to 1 and the rate as its defaults have it, the best on digits of four settings tried; it starts at rows of the data. Ours
is batch training with growing parts of the data, from principal components. Both errors are taken over all rows in float64 by one
function, outside the time. Every run has a process of its own; runs are interleaved and medians count. Processor time stands beside the
clock's: on a busy machine it is the steadier of the two.

Most of our time on MNIST goes into one matrix product an update, that of the rows with the units. A pass of MiniSom over MNIST
takes many minutes, for its seconds grow with its updates; --updates shortens it, and then the ratio understates the claim's.
MiniSom's batch training of MNIST would take minutes a pass, so on MNIST both sides of that comparison get 500 rows and one pass.

    python benchmarks/som.py [--quick] [--updates N]
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from common import interleaved, peak_mebibytes, show, versions

SIDES = {"digits": 20, "mnist": 30}
START, FINAL = 10.0, 0.8  # our radii; MiniSom's end at 1, where its error is lowest
UPDATES, PASSES = 12, 10  # our batch updates; passes where batch training is compared


def rows_of(data: str) -> np.ndarray:
    """Images as rows in [0, 1], float32."""
    if data == "digits":
        from sklearn.datasets import load_digits

        return np.asarray(load_digits().data / 16, dtype=np.float32)
    from annlab.data import load

    return np.asarray(load("mnist")["X_train"]).reshape(-1, 784).astype(np.float32) / 255


def timed(train: Callable[[], Any], weights: Callable[[Any], np.ndarray], X: np.ndarray, side: int) -> dict[str, float]:
    """Seconds of training, and the errors of the map."""
    from annlab.measure import maps
    from annlab.models.som_grids import Grid

    started, used = time.perf_counter(), time.process_time()
    trained = train()
    seconds, used = time.perf_counter() - started, time.process_time() - used
    found = weights(trained).astype(np.float64)
    return {
        "seconds": seconds,
        "used": used,
        "memory": peak_mebibytes(),
        "error": maps.quantization_error(X, found),
        "topographic": maps.topographic_error(X, found, Grid(side, side).edges),
    }


def ours(data: str, *, batch: bool, rows: int, passes: int) -> dict[str, float]:
    """Ours: growing parts of the data, or whole passes for the comparison of batch training."""
    from annlab import SelfOrganizingMap

    X, side = rows_of(data), SIDES[data]
    part = X[:rows] if rows else X
    SelfOrganizingMap((4, 4), max_epochs=2).fit(part[:200])  # what is imported and allocated once
    if batch:
        som = SelfOrganizingMap((side, side), radius=START, final_radius=1.0, radius_schedule="inverse", max_epochs=passes)
    else:
        som = SelfOrganizingMap((side, side), radius=START, final_radius=FINAL, max_epochs=UPDATES, batch_size="growing", random_state=0)
    return timed(lambda: som.fit(part), lambda fitted: np.asarray(fitted.weights_), X, side)


def minisom(data: str, *, batch: bool, rows: int, passes: int, updates: int) -> dict[str, float]:
    """MiniSom: online, or its offline batch training."""
    from minisom import MiniSom

    X, side = rows_of(data), SIDES[data]
    part = (X[:rows] if rows else X).astype(np.float64)
    som = MiniSom(
        side,
        side,
        X.shape[1],
        sigma=START,
        learning_rate=0.5,
        sigma_decay_function="inverse_decay_to_one",
        decay_function="asymptotic_decay",
        random_seed=0,
    )
    som.random_weights_init(part)

    def train() -> Any:
        if batch:
            som.train_batch_offline(part, passes)
        else:
            som.train(part, updates, random_order=True)
        return som

    return timed(train, lambda trained: trained.get_weights().transpose(1, 0, 2).reshape(side * side, -1), X, side)


def compare(data: str, *, repeats: int, updates: int, rows: int, passes: int) -> None:
    """Runs the contestants on one data set and prints the tables."""
    common = ["--data", data]
    script = str(Path(__file__).resolve())
    columns = ["contestant", "s", "processor s", "peak MiB", "quantisation error", "topographic error"]
    names = ("seconds", "used", "memory", "error", "topographic")
    contestants = {
        "annlab, batch of growing parts": (["--side", "ours", *common], 1),
        f"MiniSom, online, {updates} updates": (["--side", "minisom", "--updates", str(updates), *common], 1),
    }
    online = interleaved(script, contestants, repeats)
    show(f"{data}, {SIDES[data]} x {SIDES[data]} units", columns, [[name, *(a[key] for key in names)] for name, a in online.items()])
    us, them = online.values()
    print(
        f"{data}: {them['seconds'] / us['seconds']:.0f} x as fast as MiniSom online ({them['used'] / us['used']:.0f} x by processor time) "
        f"at {us['error'] / them['error']:.3f} of its quantisation error; bar >= 50 at <= 1"
    )
    batch = [*common, "--batch", "--rows", str(rows), "--passes", str(passes)]
    whole = interleaved(
        script, {"annlab, batch": (["--side", "ours", *batch], 1), "MiniSom, batch": (["--side", "minisom", *batch], 1)}, repeats
    )
    label = f"{data}: batch training, {passes} pass{'es' if passes > 1 else ''} over {rows or 'all'} rows"
    show(label, columns, [[name, *(a[key] for key in names)] for name, a in whole.items()])
    us, them = whole.values()
    print(f"{data}: {them['seconds'] / us['seconds']:.0f} x as fast as MiniSom's batch training; bar > 1")


def main() -> None:
    """Compares, or is one contestant where ``--side`` names it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="digits, and MNIST with 6,000 updates of MiniSom")
    parser.add_argument("--updates", type=int, help="updates of MiniSom on MNIST; by default one pass, 60,000, which takes minutes")
    parser.add_argument("--side", choices=["ours", "minisom"], help=argparse.SUPPRESS)
    parser.add_argument("--data", choices=sorted(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--batch", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--passes", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side is None:
        print(f"{versions()}; one thread")
        compare("digits", repeats=3, updates=10 * 1797, rows=0, passes=2 if options.quick else PASSES)
        compare("mnist", repeats=1, updates=options.updates or (6000 if options.quick else 60000), rows=500, passes=1)
    elif options.side == "ours":
        print(json.dumps(ours(options.data, batch=options.batch, rows=options.rows, passes=options.passes)))
    else:
        chosen = {"batch": options.batch, "rows": options.rows, "passes": options.passes, "updates": options.updates or 1}
        print(json.dumps(minisom(options.data, **chosen)))


if __name__ == "__main__":
    main()
