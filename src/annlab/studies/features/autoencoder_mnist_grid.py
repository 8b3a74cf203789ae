"""Cells of autoencoder-mnist: codes and batches, the handout's set-up, one change at a time, components beside."""

from typing import Any

from annlab.lab import Grid, cases, grid

ALL: dict[str, Any] = {"training": 10_000, "test": False, "timed": False}
"""The handout's 10,000 images, none set apart."""
PLAIN: dict[str, Any] = {
    "model": "autoencoder", "hidden_sizes": (), "activation": "relu", "output_activation": "sigmoid", "loss": "mse", "optimizer": "adam",
    "learning_rate": 0.001, "denoising": 0.0, "dropout": 0.0, "batch_norm": "none", "weight_decay": 0.0,
}  # fmt: skip
"""The handout's network and training."""
BASE: dict[str, Any] = {**PLAIN, "code_size": 32, "batch_size": 64}
"""What every change is compared with."""
SEARCHED: dict[str, Any] = {
    **PLAIN, "learning_rate": [0.001, 0.01], "training": [8000, 800], "epochs": [60, 6], "test": False, "timed": False
}  # fmt: skip
"""What the selection chooses among: codes and batches, of the length and the size of data in standard and in quick."""

CHANGES: dict[str, dict[str, Any]] = {
    "deeper": {"hidden_sizes": (256,)},
    "batch_norm": {"batch_norm": "hidden"},
    "dropout": {"dropout": 0.2},
    "weight_decay": {"weight_decay": 1e-4},
    "cross_entropy": {"loss": "bce"},
    "denoising": {"denoising": 0.3},
    "convolutional": {"model": "convolutional", "hidden_sizes": (8, 16)},
    "linear": {"activation": "identity", "output_activation": "identity"},
    "momentum": {"optimizer": "momentum", "learning_rate": 5.0},
    "rmsprop": {"optimizer": "rmsprop"},
    "muon": {"optimizer": "muon", "learning_rate": 0.02},
}
"""One change of the base each; rates of other optimisers are of the size that such losses, means over 784 pixels, ask for."""


def changes(*names: str, **common: Any) -> Grid:
    """The base, and the changes of these names (all without names), as named cases with settings that all share."""
    return cases(base=common, **{name: {**CHANGES[name], **common} for name in names or CHANGES})


def codes(sizes: list[int], batches: list[int], **fixed: Any) -> Grid:
    """Code sizes by batch sizes."""
    return grid(code_size=sizes, batch_size=batches, **{name: [value] for name, value in fixed.items()})


def components(sizes: list[int]) -> Grid:
    """Principal components of the same numbers; nothing of them is trained in batches."""
    return grid(model=["pca"], code_size=sizes)


def handout() -> Grid:
    """Codes and batches at the handout's size of data, and components."""
    return (
        codes([16, 32, 64, 128], [16, 32, 64])
        + codes([16, 64, 128], [16], epochs=100, training=10_000)
        + grid(code_size=[32], batch_size=[32], epochs=[20], test=[True])
        + grid(code_size=[128], test=[True])
        + components([16, 32, 64, 128])
    )


def standard() -> Grid:
    """Everything at the handout's size of data, the changes trained a third as long."""
    return handout() + changes(epochs=20)


def full() -> Grid:
    """Also the changes trained as long as the rest, the whole of MNIST, further batches, and training by the clock."""
    return (
        handout()
        + changes()
        + codes([32, 64, 128], [16, 32, 64], training=48_000)
        + codes([16, 64, 128], [32, 64], epochs=100, training=10_000)
        + codes([16, 64, 128], [16], epochs=100, training=58_000)
        + grid(code_size=[32], batch_size=[32], epochs=[20], test=[True], training=[48_000])
        + grid(code_size=[128], test=[True], training=[48_000])
        + codes([16, 64, 128], [16], epochs=20, training=10_000, timed=True)
        + codes([16], [16], epochs=100, training=10_000, timed=True)
    )


def quick() -> Grid:
    """Two codes, two batches, the changes that are soonest done."""
    return codes([16, 32], [32, 64]) + changes("deeper", "cross_entropy", "linear") + components([16, 32])
