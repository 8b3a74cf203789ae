"""Recall of noisy digits by a Hopfield network: low rank and converged states dropped, against the dense matrix.

Claim: 101 noise levels x 10 digits x 100 probes x at most 100 updates on 784 units are at least 12 times as fast, with the same result.
The opponent is the loop that a course would write in PyTorch, ``s = (s @ W + b).clamp(-1, 1)``, a hundred times for all probes of a
level, and nothing else: no test of convergence. Ours also counts the updates of every probe. Both get the same float32 states, level
by level in turn, in one process, so that both meet the same load; "same" is the share of probes whose last states differ by at most
1e-3 in every unit; float32 decides the few that start next to a boundary between basins one way or the other. Digits: the first MNIST
training image of each class where ``ANNLAB_DATA_DIR`` has it, else bundled ones, by sign.

    python benchmarks/hopfield.py [--quick] [--threads 1]
"""

import argparse
import os
import time

import numpy as np

from common import peak_mebibytes, show, versions

UPDATES = 100


def digits() -> tuple[np.ndarray, str]:
    """One pattern of -1 and 1 for each class, ``(10, 784)``, and the name of the data."""
    from annlab import data

    name = "mnist" if os.environ.get("ANNLAB_DATA_DIR") else "digits28"
    content = data.load(name)
    images, labels = np.asarray(content["X_train"]).reshape(-1, 784), np.asarray(content["y_train"])
    first = images[[int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]].astype(np.float64)
    scaled = (first - first.min(1, keepdims=True)) / (first.max(1, keepdims=True) - first.min(1, keepdims=True)) * 2 - 1
    return np.where(scaled >= 0, 1.0, -1.0).astype(np.float32), name


def main() -> None:
    """Recalls every probe twice and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="11 noise levels in place of 101")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    import torch

    from annlab import HopfieldNetwork

    torch.set_num_threads(options.threads)
    patterns, name = digits()
    net = HopfieldNetwork(rule="lssm", max_iter=UPDATES).fit(patterns)
    weights, bias = torch.tensor(net.weights_, dtype=torch.float32), torch.tensor(net.bias_, dtype=torch.float32)
    rng = np.random.default_rng(0)
    levels = np.linspace(0, 10, 11 if options.quick else 101)
    seconds, used, same, right, moved = np.zeros(2), np.zeros(2), [], [], []

    def recall(probes: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray | None]:
        if side == 0:
            return net.recall(probes, return_n_iter=True)  # type: ignore[no-any-return]
        states = torch.from_numpy(probes)
        for _ in range(UPDATES):
            states = torch.addmm(bias, states, weights).clamp_(-1, 1)
        return states.numpy(), None

    for index, level in enumerate(levels):
        probes = np.repeat(patterns, 100, axis=0)
        probes = np.clip(probes + rng.normal(size=probes.shape).astype(np.float32) * np.float32(level), -1, 1)
        results = {}
        for side in (0, 1) if index % 2 else (1, 0):
            if index == 0:
                recall(probes[:100], side)
            started, process = time.perf_counter(), time.process_time()
            results[side] = recall(probes, side)
            seconds[side] += time.perf_counter() - started
            used[side] += time.process_time() - process
        same.append((np.abs(results[0][0] - results[1][0]).max(1) <= 1e-3).mean())
        right.append((results[0][0] == np.repeat(patterns, 100, axis=0)).all(1).mean())
        moved.append(results[0][1].mean())  # type: ignore[union-attr]
    print(f"{versions()}; {name}, {len(levels)} levels x 10 digits x 100 probes, float32, {torch.get_num_threads()} threads")
    rows = [[who, seconds[side], used[side]] for side, who in enumerate(("annlab, low rank", "dense matrix"))]
    show("seconds for all levels", ["contestant", "seconds", "processor seconds"], rows)
    print(f"peak memory {peak_mebibytes():.0f} MiB; same last state: {np.mean(same):.2%}; exactly recalled: {np.mean(right):.1%}")
    print(f"mean updates until a probe rests: {np.mean(moved):.1f} (at level {levels[-1]:g}: {moved[-1]:.1f})")
    print(f"annlab is {seconds[1] / seconds[0]:.1f} x as fast as the dense matrix ({used[1] / used[0]:.1f} x by processor time); bar >= 12")


if __name__ == "__main__":
    main()
