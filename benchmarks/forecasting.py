"""Replicates of an LSTM that read one series statefully, against one torch `nn.LSTM` after the other.

Claim: per network, in float64, ten replicates train at least ten times as fast by batched products; in float32 on a CPU nothing beats
torch's own kernel at ten replicates, so that it is what a fit picks there, at no cost over the plain loop.

Ours: `annlab.train.recurrent.fit_recurrent` on ten replicates (a job's block) and on thirty, by the program that it picks (torch's own
kernel, one replicate after the other, for float32 on a CPU; batched products otherwise) and by the other one. The opponent is the loop
that a course would write: zero_grad, forward through the whole sequence, loss, backward, step. The same series, optimiser and
epochs; times are per network and epoch, by the clock and by the processor. Every run has a process of its own; runs are
interleaved and medians count.

    python benchmarks/forecasting.py [--quick]
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from common import interleaved, peak_mebibytes, show, versions

VALUES, LAG = 1000, 15


def windows() -> tuple[np.ndarray, np.ndarray]:
    """Lag windows of 1,000 values of a quasi-periodic series, and the value after each."""
    time_ = np.arange(VALUES)
    series = np.sin(0.8 * time_) * np.cos(0.013 * time_) + 0.1 * np.random.default_rng(0).standard_normal(VALUES)
    rows = np.lib.stride_tricks.sliding_window_view(series, LAG)[:-1]
    return rows.copy(), series[LAG:]


def stacked(units: int, replicates: int, epochs: int, dtype: str, program: str) -> dict[str, float]:
    """Seconds per network and epoch of annlab's training."""
    import torch

    from annlab.nets import StackedLSTM, lstm
    from annlab.train import Recipe, recurrent

    if program != "picked":
        for module in (lstm, recurrent):
            module.runs_natively = lambda x: program == "kernel"
    X, y = windows()

    def train(length: int) -> tuple[float, float, float]:
        stack = StackedLSTM(replicates, LAG, (units,), dtype=getattr(torch, dtype))
        started, used = time.perf_counter(), time.process_time()
        history = recurrent.fit_recurrent(stack, X, y, Recipe(learning_rate=0.001, max_epochs=length))
        return time.perf_counter() - started, time.process_time() - used, float(history.columns["train_loss"][-1].mean())

    train(1)
    seconds, used, loss = train(epochs)
    share = replicates * epochs
    return {"seconds": seconds / share, "used": used / share, "memory": peak_mebibytes(), "loss": loss}


def plain(units: int, epochs: int, dtype: str) -> dict[str, float]:
    """Seconds per network and epoch of a plain PyTorch loop."""
    import torch
    from torch import nn

    X, y = (torch.tensor(values, dtype=getattr(torch, dtype)) for values in windows())
    kind = getattr(torch, dtype)

    def train(length: int, seed: int) -> tuple[float, float, float]:
        torch.manual_seed(seed)
        net, head = nn.LSTM(LAG, units, dtype=kind), nn.Linear(units, 1, dtype=kind)
        step = torch.optim.Adam([*net.parameters(), *head.parameters()], lr=0.001)
        started, used = time.perf_counter(), time.process_time()
        for _ in range(length):
            step.zero_grad()
            loss = nn.functional.mse_loss(head(net(X.unsqueeze(1))[0])[:, 0, 0], y)
            loss.backward()
            step.step()
        return time.perf_counter() - started, time.process_time() - used, float(loss.detach())

    train(1, 0)
    networks = 2
    seconds, used, loss = np.mean([train(epochs, seed) for seed in range(networks)], axis=0).tolist()
    return {"seconds": seconds / epochs, "used": used / epochs, "memory": peak_mebibytes(), "loss": loss}


def compare(*, quick: bool) -> None:
    """Runs the contestants and prints a table for each type and width."""
    repeats = 3
    print(f"{versions()}; {VALUES} values, {LAG} lags, Adam, one step an epoch, one thread, medians of {repeats} rounds")
    cases = [("float32", 5), ("float32", 25), ("float32", 100), ("float64", 25)]
    for dtype, units in cases[:2] if quick else cases:
        common = ["--dtype", dtype, "--units", str(units), "--epochs", "3" if quick else "8"]
        contestants = {"nn.LSTM, one by one": (["--side", "plain", *common], 1)}
        for count in (10, 30):
            programs = (
                {"kernel": "torch's kernel", "batched": "batched products"} if dtype == "float32" else {"batched": "batched products"}
            )
            for program, name in programs.items():
                arguments = ["--side", "stacked", "--program", program, "--replicates", str(count), *common]
                contestants[f"{count} replicates, {name}"] = (arguments, 1)
        answers = interleaved(str(Path(__file__).resolve()), contestants, repeats)
        rival = answers["nn.LSTM, one by one"]
        rows = [
            [name, a["seconds"] * 1e3, a["used"] * 1e3, rival["used"] / a["used"], a["memory"], a["loss"]] for name, a in answers.items()
        ]
        columns = ["contestant", "ms", "processor ms", "times as fast", "peak MiB", "loss"]
        show(f"{units} units, {dtype}: milliseconds per network and epoch", columns, rows)


def main() -> None:
    """Compares, or is one contestant where ``--side`` names it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two widths, fewer epochs")
    parser.add_argument("--side", choices=["stacked", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--program", choices=["picked", "kernel", "batched"], default="picked", help=argparse.SUPPRESS)
    for name in ("units", "replicates", "epochs"):
        parser.add_argument(f"--{name}", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--dtype", choices=["float32", "float64"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side is None:
        compare(quick=options.quick)
    elif options.side == "stacked":
        print(json.dumps(stacked(options.units, options.replicates, options.epochs, options.dtype, options.program)))
    else:
        print(json.dumps(plain(options.units, options.epochs, options.dtype)))


if __name__ == "__main__":
    main()
