"""One epoch of the MNIST convolutional network, against the loop that a course would write.

Claim: at most 0.65 times the plain loop's time, the same network, optimiser (Adam), batch (128) and images.
The opponent: contiguous floating-point images made once, TensorDataset, DataLoader(shuffle=True), Sequential(convolution, ReLU,
pooling, convolution, ReLU, pooling, flatten, dropout, dense), zero_grad, loss, backward, step. Ours: `annlab.train.fit` on the bytes,
normalised in the batch, channels last, the rectifier after the pooling, torch's fused optimiser; its epoch holds no evaluation, as
the opponent's does. Every run has a process of its own with an untimed epoch first; runs are interleaved and medians count. Processor
time stands beside the clock's: on a busy machine it is the steadier of the two. A step takes and frees some sixty megabytes; rows
named "memory kept" tell the C library to use them again, as the lab does in its own processes. Pixels are drawn, a fifth of them not
black, as in MNIST: time does not depend on the picture, and the loss is that of guessing.

    python benchmarks/convnet.py [--quick] [--images 54000] [--threads 1 2] [--parts]
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from common import interleaved, peak_mebibytes, show, versions

BATCH, SIDE, BAR = 128, 28, 0.65


def pictures(n: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` images of bytes, a fifth of them not black, and labels of ten classes."""
    rng = np.random.default_rng(0)
    X = rng.integers(1, 256, (n, SIDE, SIDE), dtype=np.uint8)
    for image in X:  # one at a time: peak memory is a result here
        image[rng.random((SIDE, SIDE)) >= 0.2] = 0
    return X, rng.integers(0, 10, n)


def ours(n: int) -> dict[str, float]:
    """An epoch of annlab's loop."""
    import torch

    from annlab.nets import ConvNet
    from annlab.train import Recipe, fit

    X, y = pictures(n)
    net = ConvNet((SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    order, dropout = (torch.Generator().manual_seed(seed) for seed in (1, 2))

    def train() -> float:
        recipe = Recipe(loss="cross_entropy", optimizer="adam", batch_size=BATCH, max_epochs=1, running_loss=True)
        return float(fit(net, X, y, recipe, order=order, dropout=dropout).columns["train_loss"][-1])

    return timed(train)


def plain(n: int) -> dict[str, float]:
    """An epoch of the plain loop."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    X, y = pictures(n)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
    )  # fmt: skip
    optimizer, criterion = torch.optim.Adam(net.parameters(), lr=0.001), nn.CrossEntropyLoss()
    images = (torch.from_numpy(X).float() / 255).unsqueeze(1).contiguous()
    batches = DataLoader(TensorDataset(images, torch.from_numpy(y)), batch_size=BATCH, shuffle=True)

    def train() -> float:
        total = 0.0
        for inputs, targets in batches:
            optimizer.zero_grad()
            loss = criterion(net(inputs), targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(inputs)
        return total / n

    return timed(train)


def timed(train: Callable[[], float]) -> dict[str, float]:
    """Seconds, processor seconds and memory of the second of two epochs, and its loss."""
    train()
    started, used = time.perf_counter(), time.process_time()
    loss = train()
    return {"seconds": time.perf_counter() - started, "used": time.process_time() - used, "memory": peak_mebibytes(), "loss": loss}


def parts(repeats: int) -> dict[str, float]:
    """Milliseconds of each part of a step of ours, the fastest of `repeats`, and of the matrix products alone that it cannot do without."""
    import torch
    from torch.nn import functional

    from annlab.nets import ConvNet, keep_mask

    draws = torch.Generator().manual_seed(0)
    net = ConvNet((SIDE, SIDE), generator=draws)
    first, second = net.convolutions
    one = torch.rand(BATCH, SIDE, SIDE, 1, generator=draws).permute(0, 3, 1, 2)
    maps_1, maps_2 = (torch.rand(BATCH, e, e, c, generator=draws).permute(0, 3, 1, 2) for e, c in ((26, 32), (11, 64)))
    two, flat = torch.rand(BATCH, 13, 13, 32, generator=draws).permute(0, 3, 1, 2), torch.rand(BATCH, 1600, generator=draws)
    backward, pooled = torch.ops.aten.convolution_backward, torch.ops.aten.max_pool2d_with_indices
    geometry: tuple[Any, ...] = ([1, 1], [0, 0], [1, 1], False, [0, 0], 1)
    pooling: tuple[Any, ...] = ([2, 2], [2, 2], [0, 0], [1, 1], False)
    (small_1, at_1), (small_2, at_2) = pooled(maps_1, 2), pooled(maps_2, 2)
    patches, kernels = torch.rand(BATCH * 121, 288, generator=draws), torch.rand(288, 64, generator=draws)
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)

    def unpool() -> None:
        torch.ops.aten.max_pool2d_with_indices_backward(small_1, maps_1, *pooling, at_1)
        torch.ops.aten.max_pool2d_with_indices_backward(small_2, maps_2, *pooling, at_2)

    steps: dict[str, Callable[[], object]] = {
        "convolution 1": lambda: first(one),
        "convolution 1, gradient of weights": lambda: backward(maps_1, one, first.weight, [32], *geometry, [False, True, True]),
        "convolution 2": lambda: second(two),
        "convolution 2, gradient of weights": lambda: backward(maps_2, two, second.weight, [64], *geometry, [False, True, True]),
        "convolution 2, gradient of inputs": lambda: backward(maps_2, two, second.weight, [64], *geometry, [True, False, False]),
        "both poolings": lambda: (pooled(maps_1, 2), pooled(maps_2, 2)),
        "both poolings, gradient": unpool,
        "both rectifiers and their gradient": lambda: [torch.relu(s) * (s > 0) for s in (small_1, small_2)],
        "dropout": lambda: flat * keep_mask(flat.shape, 0.5, draws, flat),
        "dense layer and gradient": lambda: functional.linear(flat, net.dense.weight).t() @ flat,
        "optimiser": optimizer.step,
        "for scale: one matrix product of the size of convolution 2": lambda: patches @ kernels,
    }
    with torch.no_grad():
        return {name: 1e3 * min(_seconds(step) for _ in range(repeats + 1)) for name, step in steps.items()}


def _seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def compare(images: int, rounds: int, threads: list[int]) -> None:
    """Runs both sides and prints the table."""
    print(f"{versions()}; {images} images, batch {BATCH}, Adam, float32, medians of {rounds} rounds")
    contestants = {
        f"{side}{', memory kept' if kept else ''}, {_threads(count)}": (
            ["--side", side, "--images", str(images), *(["--keep"] if kept else [])],
            count,
        )
        for count in threads
        for kept in (False, True)
        for side in ("ours", "plain")
    }
    answers = interleaved(str(Path(__file__).resolve()), contestants, rounds)
    steps = -(-images // BATCH)
    rows = [[name, a["seconds"], 1e3 * a["seconds"] / steps, 1e3 * a["used"] / steps, a["memory"]] for name, a in answers.items()]
    show("an epoch", ["contestant", "seconds", "ms a step", "processor ms a step", "peak MiB"], rows)
    for count in threads:
        other = answers[f"plain, {_threads(count)}"]
        for side in ("ours", "ours, memory kept"):
            one = answers[f"{side}, {_threads(count)}"]
            print(
                f"{_threads(count)}, {side}: {one['seconds'] / other['seconds']:.2f} x the plain loop's time "
                f"({one['used'] / other['used']:.2f} x its processor time), {one['memory'] / other['memory']:.2f} x its peak memory; "
                f"bar <= {BAR} x time"
            )


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"


def main() -> None:
    """Compares, or is one contestant where ``--side`` names it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a slice of 2560 images, three rounds, one thread")
    parser.add_argument("--images", type=int, help="images of an epoch (54000: MNIST without a tenth for validation)")
    parser.add_argument("--threads", type=int, nargs="+", help="numbers of threads to compare (1 and 2)")
    parser.add_argument("--parts", action="store_true", help="where a step's time goes, freed memory kept, and nothing else")
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=["ours", "plain"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    images = options.images or (2560 if options.quick else 54000)
    if options.keep or options.parts:
        from annlab.lab.limits import keep_freed_memory

        keep_freed_memory()
    if options.side is not None:
        print(json.dumps((ours if options.side == "ours" else plain)(images)))
    elif options.parts:
        import torch

        torch.set_num_threads((options.threads or [1])[0])
        found = parts(5 if options.quick else 30)
        show("where a step goes", ["part", "ms"], [[name, value] for name, value in found.items()])
        print(f"together {sum(list(found.values())[:-1]):.1f} ms without the last row")
    else:
        compare(images, 3 if options.quick else 5, options.threads or ([1] if options.quick else [1, 2]))


if __name__ == "__main__":
    main()
