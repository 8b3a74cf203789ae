"""Cells of stacked-autoencoder: the handout's recipe as the reports ran it, ours, the sweep of labels, the reconstructor."""

from typing import Any

from annlab.lab import grid
from annlab.lab.grid import Grid

LAYERS: list[tuple[int, ...]] = [(256, 64), (256, 128), (128, 64), (256, 256)]
LABELS = (100, 300, 1000, 10_000, 60_000)
"""Numbers of labelled images."""

HANDOUT: dict[str, Any] = {
    "task": "classifier",
    "optimizer": "sgd",
    "layer_rate": 0.1,
    "rate": 1.0,
    "layer_loss": "mse",
    "schedule": "constant",
    "shift": 0,
    "input_noise": 0.0,
    "test": True,
}
"""What the course prints: SGD with 0.1 on the squared error for layers, with 1.0 on the cross-entropy for the rest."""
BASELINE: dict[str, Any] = {"batch_size": 128, "layer_epochs": 10, "classifier_epochs": 10, "epochs": 10}
LONGER: dict[str, Any] = {"batch_size": 64, "layer_epochs": 60, "classifier_epochs": 60, "epochs": 60}
REPORT_D: dict[str, Any] = {"layer_epochs": 20, "classifier_epochs": 30, "epochs": 50}
OURS: dict[str, Any] = {
    "task": "classifier",
    "images": 60_000,
    "optimizer": "adam",
    "layer_rate": 2e-3,
    "rate": 3e-3,
    "layer_loss": "bce",
    "schedule": "cosine",
    "batch_size": 128,
    "layer_epochs": 4,
    "classifier_epochs": 2,
    "test": False,
}
LABELLED: dict[str, Any] = {**OURS, "task": "labels", "schedule": "constant", "layer_epochs": 2, "rate": 2e-3, "test": True}
REBUILT: dict[str, Any] = {
    **OURS,
    "task": "reconstructor",
    "images": 6000,
    "schedule": "constant",
    "layer_epochs": 10,
    "rate": 2e-3,
    "epochs": 20,
    "test": True,
}


def fixed(settings: dict[str, Any], **axes: list[Any]) -> Grid:
    """Cells that share settings, over the product of `axes`."""
    return grid(**{name: [value] for name, value in settings.items() if name not in axes}, **axes)


def reported(images: list[int]) -> Grid:
    """The cells of the reports, trained on so many images."""
    shared = {**HANDOUT}
    return (
        fixed({**shared, **BASELINE}, images=images, hidden_sizes=[(256, 256), (256, 64)])
        + fixed({**shared, **LONGER}, images=images, hidden_sizes=LAYERS)
        + fixed({**shared, **REPORT_D, "batch_size": 128}, images=images, hidden_sizes=LAYERS)
        + fixed({**shared, **REPORT_D, "batch_size": 64}, images=images, hidden_sizes=[(256, 64)])
        + fixed({**shared, **REPORT_D, "batch_size": 128, "pretrain": False}, images=images, hidden_sizes=[(256, 64)])
    )


def labels(updates: int) -> Grid:
    """Pre-trained and trained at once, by the number of labelled images."""
    return fixed({**LABELLED, "updates": updates}, hidden_sizes=[(256, 64)], pretrain=[True, False])


def reconstructor(layers: list[tuple[int, ...]], sizes: list[tuple[int, ...]]) -> Grid:
    """Layer by layer and as a whole against as a whole alone, for the same updates and for the same work; further sizes of the first."""
    arms = fixed(REBUILT, hidden_sizes=[*layers, *sizes], pretrain=[True])
    return arms + fixed({**REBUILT, "pretrain": False}, hidden_sizes=layers, match=["updates", "work"])


def candidates(epochs: int, *, wide: bool) -> Grid:
    """Our recipes for all images, chosen by validation accuracy."""
    moved = fixed({**OURS, "epochs": epochs, "shift": 1}, hidden_sizes=[(256, 64), (256, 128)])
    if not wide:
        return moved
    noisy = fixed({**OURS, "epochs": epochs, "input_noise": 0.3}, hidden_sizes=[(256, 64), (256, 128)])
    plain = fixed({**OURS, "epochs": epochs}, hidden_sizes=[(256, 64), (256, 128)])
    return moved + noisy + plain + fixed({**OURS, "epochs": epochs, "shift": 1, "pretrain": False}, hidden_sizes=[(256, 128)])


def everything() -> Grid:
    """The cells of ``full``."""
    return (
        reported([6000, 60_000])
        + labels(1000)
        + reconstructor([(256, 64), (128, 64)], [(256, 128), (256, 256)])
        + candidates(60, wide=True)
    )


def real() -> Grid:
    """The cells of ``standard``: those of the reports on 6000 images, and ours in fewer epochs."""
    shared = {**HANDOUT, "images": 6000}
    return (
        fixed({**shared, **BASELINE}, hidden_sizes=[(256, 256), (256, 64)])
        + fixed({**shared, **LONGER}, hidden_sizes=[(256, 256), (256, 128)])
        + fixed({**shared, **REPORT_D, "batch_size": 128}, hidden_sizes=LAYERS)
        + fixed({**shared, **REPORT_D, "batch_size": 128, "pretrain": False}, hidden_sizes=[(256, 64)])
        + labels(1000)
        + reconstructor([(256, 64), (128, 64)], [(256, 128)])
        + candidates(20, wide=False)
    )


def tiny() -> Grid:
    """The cells of ``quick``: narrow networks, a few epochs."""
    few: dict[str, Any] = {"layer_epochs": 3, "classifier_epochs": 2, "images": 400, "batch_size": 10}
    narrow, wider = (48, 16), (48, 32)
    shared = {**HANDOUT, **few}
    ours = {**OURS, **few, "layer_rate": 5e-3, "rate": 5e-3, "schedule": "constant", "epochs": 6}
    labelled = {**ours, "task": "labels", "test": True, "batch_size": 20, "layer_epochs": 4, "layer_rate": 1e-2, "rate": 1e-2}
    rebuilt = {**ours, "task": "reconstructor", "test": True, "images": 300}
    return (
        fixed({**shared, "epochs": 3}, hidden_sizes=[narrow])
        + fixed({**shared, "epochs": 8}, hidden_sizes=[narrow, wider])
        + fixed({**shared, "epochs": 8, "pretrain": False}, hidden_sizes=[narrow])
        + fixed({**labelled, "updates": 80}, hidden_sizes=[narrow], pretrain=[True, False])
        + fixed(rebuilt, hidden_sizes=[narrow, wider], pretrain=[True])
        + fixed({**rebuilt, "pretrain": False}, hidden_sizes=[narrow], match=["updates", "work"])
        + fixed(ours, hidden_sizes=[narrow], shift=[0, 1])
    )


__all__ = ["BASELINE", "HANDOUT", "LABELLED", "LABELS", "LAYERS", "LONGER", "OURS", "REBUILT", "REPORT_D", "everything", "real", "tiny"]
