"""Pictures of resnet-cifar10: the mistakes themselves, and the filters of the first layer."""

from typing import TYPE_CHECKING

import numpy as np

from annlab import draw
from annlab.studies.features.resnet_cifar10_measures import OF_A_PAIR, PAIRS, pair_errors
from annlab.studies.features.resnet_cifar10_reading import class_names, main_cell, main_setting, shown_data

if TYPE_CHECKING:
    from annlab.draw import Drawing
    from annlab.lab import Outcome, Results


def confident_figure(results: "Results") -> "Drawing":
    """The most confident mistakes of one network."""
    outcome, names = _first(results), class_names(results)
    images, labels, sure = (outcome.arrays[f"mistake_{part}"] for part in ("images", "labels", "probability"))
    if not len(images):
        raise ValueError("the network makes no mistake on these test images")
    count = min(len(images), 8)
    titles = [f"{names[t]}\ntaken for\n{names[p]}\n{chance:.3f}" for (t, p), chance in zip(labels[:count], sure[:count], strict=True)]
    said = "; ".join(title.replace("\n", " ") for title in titles)
    return draw.image_sheet({"": images[:count]}, titles=titles, size=0.78, alt=f"The most confident mistakes: {said}.")


def confident_caption(results: "Results") -> str:
    """Caption that says what is shown."""
    return (
        "Most confident mistakes on the test images: true class, class that it is taken for, and its probability "
        f"(first replicate; {main_setting(results)}; {shown_data(results)})."
    )


def pairs_figure(results: "Results") -> "Drawing":
    """The most confident mistakes of the most frequent confusions, a row each."""
    outcome, names = _first(results), class_names(results)
    images, labels = outcome.arrays["mistake_images"], outcome.arrays["mistake_labels"]
    rows = {}
    for true, taken, count in pair_errors(np.asarray(outcome.arrays["confusion"]))[:PAIRS]:
        held = images[(labels[:, 0] == true) & (labels[:, 1] == taken)][:OF_A_PAIR]
        rows[f"{names[true]} taken for {names[taken]} ({count:.0f})"] = held
    if not rows:
        raise ValueError("the network makes no mistake on these test images")
    return draw.image_sheet(rows, size=0.62)


def pairs_caption(results: "Results") -> str:
    """Caption that says what is shown."""
    return (
        "Test images of the most frequent confusions with their number, the most confident mistakes first "
        f"(first replicate; {main_setting(results)}; {shown_data(results)})."
    )


def filters_figure(results: "Results") -> "Drawing":
    """Kernels of the first convolution, each on a scale of its own about grey."""
    filters = np.asarray(_first(results).arrays["filters"], dtype=float)
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + 0.5 * filters / np.maximum(largest, 1e-12)
    order = np.argsort(-largest.ravel(), kind="stable")
    shown = shown[order] if shown.shape[3] == 3 else shown[order].mean(axis=3)
    per_row = 8 if len(shown) <= 32 else 16
    rows = {f"{start + 1} to {min(start + per_row, len(shown))}": shown[start : start + per_row] for start in range(0, len(shown), per_row)}
    return draw.image_sheet(rows, size=0.5, alt=f"{len(shown)} kernels of the first convolution.")


def filters_caption(results: "Results") -> str:
    """Caption that says how the kernels are scaled."""
    edge = _first(results).arrays["filters"].shape[1]
    return (
        f"Kernels of the first convolution, {edge} x {edge} and three colours, each scaled by its largest weight, grey being 0; "
        f"the largest first (first replicate; {main_setting(results)}; {shown_data(results)})."
    )


def _first(results: "Results") -> "Outcome":
    records = results.where(**main_cell(results)).records
    return next(record.outcome for record in records if record.outcome is not None)
