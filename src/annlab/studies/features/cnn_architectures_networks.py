"""The networks of cnn-architectures as lists of layers, and the cells by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from annlab.nets.layers import (
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    LeakyReLU,
    MaxPool,
    Parallel,
    ReLU,
    Sigmoid,
    Tanh,
)
from annlab.nets.shapes import LayerShape, trace

__all__ = ["CASES", "FEW", "STANDARD", "Params", "dense_inputs", "layers_of", "shapes_of"]

ACTIVATIONS: dict[str, Layer] = {"relu": ReLU(), "leaky relu": LeakyReLU(), "tanh": Tanh(), "sigmoid": Sigmoid()}
UNSAID = 0.25
"""Probability of the dropout in C4, which the report leaves out."""


@dataclass(frozen=True)
class Params:
    """Images, layers and training of one cell.

    `channels`, `kernels`, `strides` and `paddings` have an entry a convolution, `dropout` one as far as there is any; `pool_after`
    lists the convolutions, from 1, that 2 x 2 pooling follows; `dense` are the hidden layers behind them. `network` is ``"listed"``
    for these, or one of a report's own, ``C2`` to ``C4``, with stride 2 behind its pooling or, as ``-wide``, without.
    """

    data: str = "mnist"
    images: int = 10_000
    test_images: int = 2000
    network: Literal["listed", "C2", "C3", "C4", "C2-wide", "C3-wide", "C4-wide"] = "listed"
    channels: tuple[int, ...] = (16, 32, 32, 64)
    kernels: tuple[int, ...] = (3, 3, 3, 2)
    strides: tuple[int, ...] = (2, 2, 2, 2)
    paddings: tuple[int, ...] = (1, 1, 1, 0)
    pool_after: tuple[int, ...] = ()
    pooling: Literal["max", "average"] = "max"
    activation: Literal["relu", "leaky relu", "leaky relu last", "tanh", "sigmoid"] = "relu"
    batch_norm: Literal["all", "first", "none"] = "all"
    dropout: tuple[float, ...] = ()
    dense: tuple[int, ...] = (100,)
    epochs: int = 20
    batch_size: int = 100
    learning_rate: float = 1e-3
    schedule: Literal["constant", "one_cycle"] = "constant"
    shift: int = 0
    label_smoothing: float = 0.0


def layers_of(params: Params, n_classes: int = 10) -> list[Layer]:
    """The layers of a cell, its output layer included."""
    if params.network != "listed":
        return [*_of_report_c(params.network[:2], 1 if params.network.endswith("wide") else 2), Dense(n_classes)]
    found: list[Layer] = []
    count = len(params.channels)
    for place, setting in enumerate(zip(params.channels, params.kernels, params.strides, params.paddings, strict=True), 1):
        channels, kernel, stride, padding = setting
        found.append(Conv(channels, kernel, stride=stride, padding=padding))
        if params.batch_norm == "all" or (params.batch_norm == "first" and place == 1):
            found.append(BatchNorm())
        found.append(_activation(params.activation, place == count))
        if place in params.pool_after:
            found.append((MaxPool if params.pooling == "max" else AveragePool)(2))
        if place <= len(params.dropout) and params.dropout[place - 1]:
            found.append(Dropout(params.dropout[place - 1]))
    found.append(Flatten())
    for units in params.dense:
        found += [Dense(units), _activation(params.activation, False)]
    return [*found, Dense(n_classes)]


def _activation(name: str, last: bool) -> Layer:
    return ACTIVATIONS["leaky relu" if last else "relu"] if name == "leaky relu last" else ACTIVATIONS[name]


def _of_report_c(name: str, stride: int) -> list[Layer]:
    if name == "C2":
        return [
            *(Conv(32, 3, padding=1), BatchNorm(), ReLU(), MaxPool(2)),
            *(Conv(64, 3, stride=stride, padding=1), ReLU()),
            *(Conv(128, 3, padding=2, dilation=2), ReLU()),
            GlobalAveragePool(),
        ]
    if name == "C3":
        branches = [[Conv(16, 1)], [Conv(16, 3, padding=1)], [Conv(16, 5, padding=2)]]
        blocks: list[Layer] = []
        for _ in range(2):
            blocks += [Conv(128, 3, stride=stride, padding=1), ReLU()]
        return [Parallel(*branches), ReLU(), MaxPool(2), *blocks, Flatten()]
    return [
        *(Conv(16, 3, padding=1), ReLU(), Dropout(UNSAID), MaxPool(2)),
        *(Conv(32, 3, stride=stride, padding=1), ReLU(), Dropout(UNSAID)),
        *(Flatten(), Dense(128), ReLU()),
    ]


def shapes_of(params: Params, edge: int = 28) -> tuple[LayerShape, ...]:
    """Shapes, parameters and operations of a cell's layers, computed before anything is built."""
    return trace(layers_of(params), (edge, edge, 1))


def dense_inputs(params: Params) -> int:
    """Inputs of the first dense layer."""
    return next(row.input_shape[0] for row in shapes_of(params) if isinstance(row.layer, Dense))


D: dict[str, Any] = {
    "kernels": (4, 4, 3, 2),
    "strides": (2, 2, 1, 1),
    "paddings": (2, 1, 1, 0),
    "dropout": (0.2, 0.4, 0.4),
}
"""Report-D's network; it has the handout's channels."""
DEEPER: dict[str, Any] = {
    "channels": (16, 32, 32, 32, 64),
    "kernels": (4, 4, 3, 3, 2),
    "strides": (2, 2, 1, 1, 1),
    "paddings": (2, 1, 1, 1, 0),
}
TUNED: dict[str, Any] = {
    "channels": (16, 32, 64, 128, 256),
    "kernels": (5, 5, 3, 3, 3),
    "strides": (2, 1, 2, 1, 2),
    "paddings": (2, 2, 1, 1, 1),
    "activation": "leaky relu last",
    "batch_norm": "first",
}
"""Our reading of report-A's best: its filters, its kernels, one layer each with leaky rectifier and batch normalisation."""
BETTER: dict[str, Any] = {
    "channels": (24, 48, 64, 96, 128),
    "kernels": (5, 3, 3, 3, 3),
    "strides": (1, 1, 1, 1, 1),
    "paddings": (2, 1, 1, 1, 0),
    "pool_after": (1, 3),
    "dropout": (0.0, 0.1, 0.1, 0.2, 0.4),
    "dense": (),
    "epochs": 12,
    "schedule": "one_cycle",
    "learning_rate": 3e-3,
    "shift": 2,
    "label_smoothing": 0.05,
}
"""A recipe of today: more maps, moved digits, a rate that rises and falls."""
EVERYTHING = {"images": 60_000, "test_images": 10_000}
POOLED = {"strides": (1, 1, 1, 2), "pool_after": (1, 2, 3)}

CASES: Mapping[str, Mapping[str, Any]] = {
    "handout": {},
    "A": {"channels": (16, 32, 32, 32)},
    "C": {"channels": (16, 32, 64, 64)},
    "C1": {"channels": (16, 32, 128, 64), "kernels": (5, 3, 3, 2), "paddings": (2, 1, 1, 0)},
    **{name: {"network": name} for name in ("C2", "C3", "C4", "C2-wide", "C3-wide", "C4-wide")},
    "D": D,
    "D no dropout": {**D, "dropout": ()},
    "D max pooling": {**D, "pool_after": (3,)},
    "D average pooling": {**D, "pool_after": (3,), "pooling": "average"},
    "D tanh": {**D, "activation": "tanh"},
    "D sigmoid": {**D, "activation": "sigmoid"},
    "D leaky relu": {**D, "activation": "leaky relu"},
    "D no batch norm": {**D, "batch_norm": "none"},
    "D kernels reversed": {**D, "kernels": (2, 3, 4, 4), "paddings": (2, 1, 1, 1)},
    "D small kernels": {**D, "kernels": (3, 3, 2, 2), "paddings": (2, 1, 1, 0)},
    "D half the filters": {**D, "channels": (8, 16, 16, 32)},
    "D twice the filters": {**D, "channels": (32, 64, 64, 128)},
    "D twice, no dropout": {**D, "channels": (32, 64, 64, 128), "dropout": ()},
    "D deeper": {**D, **DEEPER, "dropout": (0.2, 0.4, 0.4, 0.4)},
    "two convolutions": {"channels": (16, 32), "kernels": (3, 3), "strides": (2, 2), "paddings": (1, 1)},
    "three convolutions": {"channels": (16, 32, 64), "kernels": (3, 3, 3), "strides": (2, 2, 2), "paddings": (1, 1, 1)},
    "six convolutions": {
        "channels": (16, 32, 32, 32, 32, 64),
        "kernels": (3, 3, 3, 3, 3, 2),
        "strides": (2, 1, 2, 1, 2, 2),
        "paddings": (1, 1, 1, 1, 1, 0),
    },
    "half the filters": {"channels": (8, 16, 16, 32)},
    "twice the filters": {"channels": (32, 64, 64, 128)},
    "four times the filters": {"channels": (64, 128, 128, 256)},
    "kernels of 2": {"kernels": (2, 2, 2, 2)},
    "kernels of 5": {"kernels": (5, 5, 5, 2), "paddings": (2, 2, 2, 0)},
    "stride 1": {"strides": (1, 2, 2, 2)},
    "max pooling": POOLED,
    "average pooling": {**POOLED, "pooling": "average"},
    "leaky relu": {"activation": "leaky relu"},
    "tanh": {"activation": "tanh"},
    "sigmoid": {"activation": "sigmoid"},
    "no batch norm": {"batch_norm": "none"},
    "dropout 0.2": {"dropout": (0.2, 0.2, 0.2)},
    "dropout 0.4": {"dropout": (0.4, 0.4, 0.4)},
    "no hidden dense layer": {"dense": ()},
    "two hidden dense layers": {"dense": (256, 100)},
    "A tuned": TUNED,
    "A, all images": {"channels": (16, 32, 32, 32), **EVERYTHING},
    "A tuned, all images": {**TUNED, **EVERYTHING},
    "C2, all images": {"network": "C2", **EVERYTHING},
    "D, all images": {**D, **EVERYTHING},
    "handout, all images": EVERYTHING,
    "better recipe": {**BETTER, **EVERYTHING},
}
STANDARD = ("handout", "A", "C", "D", "D no dropout", "D max pooling", "D tanh", "D sigmoid", "no batch norm")
"""Cells that two cores train at their full settings in a sitting."""
FEW = ("handout", "A", "C", "C4", "D", "D no dropout", "D max pooling", "no batch norm")
