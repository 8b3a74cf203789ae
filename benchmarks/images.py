"""One epoch of four image classifiers, against the loop that a course would write.

Claims, on the CPU: at most 0.65 times the plain loop's time for the MNIST convolutional network, 0.75 for the handout's (convolutions of
16, 32, 32 and 64 maps), 0.5 for the vision transformer (dim 64, depth 6, 8 heads of 64); ResNet-18 on images of CIFAR-10's size has no
bar. The same function, optimiser, batch and images on both sides.

The opponent: contiguous floating-point images made once, TensorDataset, DataLoader(shuffle=True), torch's modules, zero_grad, loss,
backward, step. Ours: `annlab.train.images.fit_images`, the loop of the estimators, on the bytes. Neither augments nor evaluates. Every
run has a process of its own with an untimed epoch first; runs are interleaved and medians count. Processor time stands beside the
clock's: on a busy machine it is the steadier of the two. Rows named "memory kept" tell the C library to use freed memory again, as the
lab does in its own processes. Pixels are drawn: time does not depend on the picture.

Where the time goes: of a step of ours of the handout's CNN (11.7 ms of one core, `--profile cnn`) 4.6 ms are the gradient of its
convolutions, 1.9 their forward pass, 1.8 batch normalisation and its gradient, 0.8 the gradient of rectifiers, 0.5 the optimiser. The
plain loop (16.6 ms) takes 6.4, 2.6, 3.2, 0.4 and 0.8 ms for the same, and 1.6 for its loader: a hundred selections and a stack of images
for every batch. Two thirds of the gain are images that stay channels last, the rest is the loader and the fused optimiser. The
transformer gains by projections multiplied head by head and a last block that computes the class token alone.

    python benchmarks/images.py [--quick] [--only cnn vit] [--images 6000] [--threads 1 2] [--compiled] [--profile cnn]
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from common import interleaved, peak_mebibytes, show, versions


@dataclass(frozen=True)
class Contestant:
    """A network and how it is trained."""

    title: str
    shape: tuple[int, ...]
    batch: int
    images: int
    slice: int
    bar: float | None
    ours: Callable[[Any], Any]
    plain: Callable[[], Any]
    optimizer: str = "adam"
    learning_rate: float = 1e-3


def our_convnet(generator: Any) -> Any:
    """Two convolutions of 32 and 64 maps, each pooled, dropout, dense."""
    from annlab.models.convnet import DEFAULT
    from annlab.nets.layered import LayeredNet
    from annlab.nets.layers import Dense

    return LayeredNet((28, 28, 1), (*DEFAULT, Dense(10)), generator)


def plain_convnet() -> Any:
    """The same in torch's modules."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
    )  # fmt: skip


def our_cnn(generator: Any) -> Any:
    """The handout's network: convolutions of 16, 32, 32 (3 x 3, stride 2) and 64 maps (2 x 2, stride 2), each normalised; 256-100-10."""
    from annlab.nets.layered import LayeredNet
    from annlab.nets.layers import BatchNorm, Conv, Dense, Flatten, ReLU

    first = [layer for maps in (16, 32, 32) for layer in (Conv(maps, 3, stride=2, padding=1), BatchNorm(), ReLU())]
    last = [Conv(64, 2, stride=2), BatchNorm(), ReLU(), Flatten(), Dense(100), ReLU(), Dense(10)]
    return LayeredNet((28, 28, 1), [*first, *last], generator)


def plain_cnn() -> Any:
    """The same in torch's modules."""
    from torch import nn

    maps = [(1, 16, 3, 2, 1), (16, 32, 3, 2, 1), (32, 32, 3, 2, 1), (32, 64, 2, 2, 0)]
    layers = [layer for sizes in maps for layer in (nn.Conv2d(*sizes), nn.BatchNorm2d(sizes[1]), nn.ReLU())]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 100), nn.ReLU(), nn.Linear(100, 10))


def our_vit(generator: Any) -> Any:
    """Patches of 7 x 7, dim 64, depth 6, 8 heads of 64, 128 units."""
    from annlab.nets.transformer import VisionTransformer

    return VisionTransformer((28, 28, 1), generator=generator)


def plain_vit() -> Any:
    """The same in torch's modules and its fused attention."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Attention(nn.Module):
        def __init__(self, dim: int, heads: int, head_dim: int) -> None:
            super().__init__()
            self.heads, self.norm = heads, nn.LayerNorm(dim)
            self.projections = nn.Linear(dim, 3 * heads * head_dim, bias=False)
            self.output = nn.Linear(heads * head_dim, dim)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            n, tokens, _ = x.shape
            parts = self.projections(self.norm(x)).chunk(3, dim=-1)
            q, k, v = (part.view(n, tokens, self.heads, -1).transpose(1, 2) for part in parts)
            mixed = functional.scaled_dot_product_attention(q, k, v)
            return x + self.output(mixed.transpose(1, 2).reshape(n, tokens, -1))

    class Dense(nn.Module):
        def __init__(self, dim: int, units: int) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, units), nn.GELU(), nn.Linear(units, dim))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.inner(x)

    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Sequential(nn.LayerNorm(49), nn.Linear(49, 64), nn.LayerNorm(64))
            self.token, self.positions = nn.Parameter(torch.randn(1, 1, 64)), nn.Parameter(torch.randn(1, 17, 64))
            self.blocks = nn.Sequential(*(part for _ in range(6) for part in (Attention(64, 8, 64), Dense(64, 128))))
            self.head = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 10))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x.view(-1, 4, 7, 4, 7).transpose(2, 3).reshape(-1, 16, 49)
            x = torch.cat([self.token.expand(len(x), 1, 64), self.embedding(x)], dim=1) + self.positions
            return self.head(self.blocks(x)[:, 0])

    return Transformer()


def our_resnet(generator: Any) -> Any:
    """ResNet-18 with the stem for small images."""
    from annlab.nets import ResNet

    return ResNet((32, 32, 3), generator=generator)


def plain_resnet() -> Any:
    """The same in torch's modules."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.inner = nn.Sequential(
                nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
                nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
            )  # fmt: skip
            changed = stride > 1 or before != after
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)) if changed else None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.inner(x) + (x if self.shortcut is None else self.shortcut(x)))

    sizes = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    return nn.Sequential(*stem, *(Block(*size) for size in sizes), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


CONTESTANTS = {
    "convnet": Contestant("MNIST convolutional network", (28, 28, 1), 128, 60_000, 2560, 0.65, our_convnet, plain_convnet),
    "cnn": Contestant("the handout's CNN", (28, 28, 1), 100, 10_000, 4000, 0.75, our_cnn, plain_cnn),
    "vit": Contestant("vision transformer", (28, 28, 1), 128, 60_000, 1280, 0.5, our_vit, plain_vit),
    "resnet": Contestant("ResNet-18", (32, 32, 3), 128, 1280, 128, None, our_resnet, plain_resnet, "nesterov", 0.05),
}


def pictures(one: Contestant, n: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` images of random bytes, and labels of ten classes."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, *one.shape), dtype=np.uint8), rng.integers(0, 10, n)


def ours(one: Contestant, n: int, *, compiled: bool = False) -> Callable[[], float]:
    """An epoch of annlab's loop."""
    import torch

    from annlab.train import Recipe
    from annlab.train.images import fit_images

    X, y = pictures(one, n)
    order, dropout, init = (torch.Generator().manual_seed(seed) for seed in (1, 2, 0))
    net = one.ours(init)
    recipe = Recipe(
        loss="cross_entropy",
        optimizer=one.optimizer,
        learning_rate=one.learning_rate,
        batch_size=one.batch,
        max_epochs=1,
        running_loss=True,
    )

    def train() -> float:
        history = fit_images(net, X, y, recipe, order=order, dropout=dropout, compile=compiled)
        return float(history.columns["train_loss"][-1])

    return train


def plain(one: Contestant, n: int) -> Callable[[], float]:
    """An epoch of the plain loop."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    X, y = pictures(one, n)
    torch.manual_seed(0)
    net, criterion = one.plain(), nn.CrossEntropyLoss()
    if one.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(net.parameters(), lr=one.learning_rate)
    else:
        optimizer = torch.optim.SGD(net.parameters(), lr=one.learning_rate, momentum=0.9, nesterov=True)
    images = (torch.from_numpy(X).float() / 255).permute(0, 3, 1, 2).contiguous()
    batches = DataLoader(TensorDataset(images, torch.from_numpy(y)), batch_size=one.batch, shuffle=True)

    def train() -> float:
        net.train()
        total = 0.0
        for inputs, targets in batches:
            optimizer.zero_grad()
            loss = criterion(net(inputs), targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(inputs)
        return total / n

    return train


SIDES: dict[str, Callable[[Contestant, int], Callable[[], float]]] = {
    "ours": ours,
    "compiled": partial(ours, compiled=True),
    "plain": plain,
}


def timed(train: Callable[[], float]) -> dict[str, float]:
    """Seconds, processor seconds and memory of the second of two epochs, and its loss."""
    train()
    started, used = time.perf_counter(), time.process_time()
    loss = train()
    return {"seconds": time.perf_counter() - started, "used": time.process_time() - used, "memory": peak_mebibytes(), "loss": loss}


def profiled(one: Contestant, n: int) -> None:
    """Prints the operations of an epoch of each side that take the most processor time of their own."""
    from torch.profiler import ProfilerActivity, profile

    for side, make in (("ours", ours), ("plain", plain)):
        train = make(one, n)
        train()
        with profile(activities=[ProfilerActivity.CPU]) as found:
            train()
        steps = -(-n // one.batch)
        rows = sorted(found.key_averages(), key=lambda row: -row.self_cpu_time_total)[:14]
        show(
            f"{one.title}, {side}",
            ["operation", "ms a step", "calls a step"],
            [[row.key[:60], row.self_cpu_time_total / 1e3 / steps, row.count / steps] for row in rows],
        )


def compare(name: str, images: int, rounds: int, threads: list[int], names: tuple[str, ...]) -> None:
    """Runs all sides of one contestant and prints the table."""
    one = CONTESTANTS[name]
    sides = [(side, kept, count) for count in threads for kept in (False, True) for side in names]
    contestants = {
        _row(side, kept, count): (["--side", side, "--only", name, "--images", str(images), *(["--keep"] if kept else [])], count)
        for side, kept, count in sides
    }
    answers = interleaved(str(Path(__file__).resolve()), contestants, rounds)
    steps = -(-images // one.batch)
    show(
        f"{one.title}: {images} images of {one.shape}, batch {one.batch}, {one.optimizer}, medians of {rounds} rounds",
        ["contestant", "seconds", "ms a step", "processor ms a step", "peak MiB"],
        [[row, a["seconds"], 1e3 * a["seconds"] / steps, 1e3 * a["used"] / steps, a["memory"]] for row, a in answers.items()],
    )
    for side, kept, count in sides:
        if side != "plain":
            mine, other = (answers[_row(each, kept, count)] for each in (side, "plain"))
            ratios = {key: mine[key] / other[key] for key in ("seconds", "used", "memory")}
            bar = "" if one.bar is None else f"; bar <= {one.bar} x time"
            print(
                f"{_row(side, kept, count)}: {ratios['seconds']:.2f} x the plain loop's time ({ratios['used']:.2f} x its processor "
                f"time), {ratios['memory']:.2f} x its peak memory{bar}"
            )


def _row(side: str, kept: bool, threads: int) -> str:
    return f"{side}{', memory kept' if kept else ''}, {threads} thread{'s' if threads > 1 else ''}"


def main() -> None:
    """Compares, or is one contestant where ``--side`` names it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="slices of an epoch, three rounds, one thread")
    parser.add_argument("--only", choices=CONTESTANTS, nargs="+", default=list(CONTESTANTS), help="networks to compare")
    parser.add_argument("--images", type=int, help="images of an epoch")
    parser.add_argument("--threads", type=int, nargs="+", help="numbers of threads to compare (1 and 2)")
    parser.add_argument("--compiled", action="store_true", help="also ours through torch.compile, which needs a C++ compiler")
    parser.add_argument("--profile", choices=CONTESTANTS, help="where the time of one network goes, and nothing else")
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.keep or options.profile:
        from annlab.lab.limits import keep_freed_memory

        keep_freed_memory()
    if options.side is not None:
        print(json.dumps(timed(SIDES[options.side](CONTESTANTS[options.only[0]], options.images))))
    elif options.profile:
        import torch

        torch.set_num_threads((options.threads or [1])[0])
        profiled(CONTESTANTS[options.profile], options.images or CONTESTANTS[options.profile].slice)
    else:
        print(f"{versions()}; float32")
        for name in options.only:
            one = CONTESTANTS[name]
            images = options.images or (one.slice if options.quick else one.images)
            names = ("ours", "compiled", "plain") if options.compiled else ("ours", "plain")
            compare(name, images, 3 if options.quick else 5, options.threads or ([1] if options.quick else [1, 2]), names)


if __name__ == "__main__":
    main()
