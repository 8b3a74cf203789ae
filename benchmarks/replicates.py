"""Thirty replicates of a small network trained as one tensor program, against one at a time with a DataLoader.

Claim: per trained network, batch 40: at least 20 times as fast; full batch: at least twice as fast; the same optimiser, epochs and data.
The opponent is the loop that a course would write: TensorDataset, DataLoader(shuffle=True), zero_grad, loss, backward, step. For the
full batch a second opponent takes the tensors whole, without a DataLoader. Neither side evaluates anything but its training loss: ours
over the whole set after each epoch, the opponent's from its batches. Every run has a process of its own; runs are interleaved and
medians count. Processor time stands beside the clock's: on a busy machine it is the steadier of the two. The plain loop trains three
networks, one after the other, ours all thirty; times are per network.

    python benchmarks/replicates.py [--quick] [--optimizer adam|sgd]
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from common import interleaved, peak_mebibytes, show, versions

REPLICATES, HIDDEN, POINTS = 30, (50, 50), 1600
RATES = {"sgd": 0.05, "adam": 0.001}


def surface() -> tuple[np.ndarray, np.ndarray]:
    """The noisy surface: sin(0.8 r^2) / (r^2)^0.9 on a 40 x 40 grid over [-3, 3]^2, plus Gaussian noise of deviation 0.3."""
    axis = np.linspace(-3, 3, 40)
    points = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    square = (points**2).sum(1, keepdims=True)
    values = np.sin(0.8 * square) / square**0.9
    return points.astype(np.float32), (values + 0.3 * np.random.default_rng(0).standard_normal(values.shape)).astype(np.float32)


def stacked(batch: int, epochs: int, optimizer: str) -> dict[str, float]:
    """Seconds per network and epoch of annlab's stacked training."""
    import torch

    from annlab.nets import StackedMLP
    from annlab.train import Recipe, fit_stacked

    def generators(start: int) -> list[torch.Generator]:
        return [torch.Generator().manual_seed(start + replicate) for replicate in range(REPLICATES)]

    X, y = surface()

    def train(length: int) -> tuple[float, float, float]:
        stack = StackedMLP(REPLICATES, 2, HIDDEN, 1, "relu", generators=generators(0))
        recipe = Recipe(optimizer=optimizer, learning_rate=RATES[optimizer], batch_size=batch, max_epochs=length)
        started, used = time.perf_counter(), time.process_time()
        history = fit_stacked(stack, X, y, recipe, orders=generators(100))
        loss = float(history.columns["train_loss"][-1].mean())
        return time.perf_counter() - started, time.process_time() - used, loss

    train(2)
    seconds, used, loss = train(epochs)
    share = REPLICATES * epochs
    return {"seconds": seconds / share, "used": used / share, "memory": peak_mebibytes(), "loss": loss, "threads": torch.get_num_threads()}


def plain(batch: int, epochs: int, optimizer: str, *, loader: bool) -> dict[str, float]:
    """Seconds per network and epoch of a plain PyTorch loop."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    X, y = (torch.from_numpy(values) for values in surface())

    def train(length: int, seed: int) -> tuple[float, float, float]:
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1))
        step = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](net.parameters(), lr=RATES[optimizer])
        criterion = nn.MSELoss()
        batches = DataLoader(TensorDataset(X, y), batch_size=batch, shuffle=True) if loader else [(X, y)]
        started, used = time.perf_counter(), time.process_time()
        for _ in range(length):
            total = 0.0
            for inputs, targets in batches:
                step.zero_grad()
                loss = criterion(net(inputs), targets)
                loss.backward()
                step.step()
                total += loss.item() * len(inputs)
        return time.perf_counter() - started, time.process_time() - used, total / len(X)

    train(2, 0)
    networks = 3  # one at a time, so that time grows with their number and memory does not
    seconds, used, loss = np.mean([train(epochs, seed) for seed in range(networks)], axis=0).tolist()
    return {
        "seconds": seconds / epochs,
        "used": used / epochs,
        "memory": peak_mebibytes(),
        "loss": loss,
        "threads": torch.get_num_threads(),
    }


def compare(optimizer: str, *, quick: bool) -> None:
    """Runs the contestants and prints the table."""
    repeats = 5
    print(f"{versions()}; {REPLICATES} replicates of 2-50-50-1 relu, {POINTS} points, {optimizer}, float32, medians of {repeats} rounds")
    for batch, epochs, rivals in ((40, 6 if quick else 20, ("loader",)), (POINTS, 60 if quick else 200, ("loader", "tensors"))):
        common = ["--batch", str(batch), "--optimizer", optimizer]
        # a plain loop over full batches through a DataLoader is slow enough for fewer epochs
        lengths = {"stacked": epochs, "loader": epochs if batch == 40 else epochs // 3, "tensors": epochs}
        contestants = {
            f"{side}, {threads} thread{'s' if threads > 1 else ''}": (["--side", side, "--epochs", str(lengths[side]), *common], threads)
            for side in ("stacked", *rivals)
            for threads in ((1,) if quick else (1, 2))
        }
        answers = interleaved(str(Path(__file__).resolve()), contestants, repeats)
        rows = [[name, a["seconds"] * 1e3, a["used"] * 1e3, a["memory"], a["loss"]] for name, a in answers.items()]
        label = f"batch {batch}" if batch < POINTS else "full batch"
        show(f"{label}: milliseconds per network and epoch", ["contestant", "ms", "processor ms", "peak MiB", "loss"], rows)
        for rival in rivals:
            bars = {("loader", 40): ">= 20", ("loader", POINTS): ">= 2", ("tensors", POINTS): ">= 2"}
            best = min(a["seconds"] for name, a in answers.items() if name.startswith(rival))
            ours, theirs = answers["stacked, 1 thread"], answers[f"{rival}, 1 thread"]
            print(
                f"{label}: stacked on one thread is {theirs['seconds'] / ours['seconds']:.1f} x as fast as the plain loop ({rival}) on one "
                f"thread ({theirs['used'] / ours['used']:.1f} x by processor time), {best / ours['seconds']:.1f} x it at its best "
                f"thread count shown; bar {bars[rival, batch]}"
            )


def main() -> None:
    """Compares, or is one contestant where ``--side`` names it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer epochs, one thread")
    parser.add_argument("--optimizer", choices=sorted(RATES), default="adam")
    parser.add_argument("--side", choices=["stacked", "loader", "tensors"], help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side is None:
        compare(options.optimizer, quick=options.quick)
    elif options.side == "stacked":
        print(json.dumps(stacked(options.batch, options.epochs, options.optimizer)))
    else:
        print(json.dumps(plain(options.batch, options.epochs, options.optimizer, loader=options.side == "loader")))


if __name__ == "__main__":
    main()
