"""How the results of resnet-cifar10 are read: figures and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.data import describe
from annlab.studies.features.resnet_cifar10_measures import pair_errors

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

WORDS = {
    "none": "as they are",
    "flip": "mirrored",
    "crop": "cropped",
    "crop-flip": "cropped and mirrored",
    "crop-flip-cut": "cropped, mirrored, cut out",
}
SCHEDULES = {"cosine": "half a cosine", "one_cycle": "one cycle"}
STEMS = {"cifar": "3 x 3", "imagenet": "7 x 7, pooling"}
SHOWN_PAIRS = 10


def setting_of(params: Any, varying: tuple[str, ...]) -> str:
    """A cell in words: the network, and of the rest what differs between cells."""
    parts = [f"ResNet-{params.depth}"]
    if "stem" in varying:
        parts[0] += f" (stem {STEMS[params.stem]})" if params.stem != "cifar" else ""
    parts.append(WORDS[params.augmentation])
    if {"epochs", "schedule"} & set(varying):
        parts.append(f"{params.epochs} epochs, {SCHEDULES[params.schedule]}")
    if "held_out" in varying and params.held_out:
        parts.append(f"{params.held_out} held out")
    return ", ".join(parts)


def shown_data(results: "Results") -> str:
    """The data set and how much of it the first cell learns from."""
    params = main(results)
    count = f"{params.images} training images" if params.images else "all training images"
    return f"{params.data}, {count}"


def main(results: "Results") -> Any:
    """Parameters of the first cell, which is the report's network or stands in for it."""
    return results.cells[0].params


def main_cell(results: "Results") -> dict[str, Any]:
    """The parameters that find the first cell."""
    return {name: getattr(main(results), name) for name in results.varying}


def main_setting(results: "Results") -> str:
    """The first cell in words."""
    return setting_of(main(results), results.varying)


def with_settings(results: "Results", frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with a column ``setting``, its cell in words."""
    names = {
        tuple(getattr(cell.params, name) for name in results.varying): setting_of(cell.params, results.varying) for cell in results.cells
    }
    keys = zip(*(frame[name] for name in results.varying), strict=True) if results.varying else [()] * len(frame)
    return frame.assign(setting=[names[tuple(key)] for key in keys])


def class_names(results: "Results") -> list[str]:
    """Names of the classes; their numbers where the data set names none."""
    names, n = list(describe(main(results).data).classes), len(main_counts(results)[0])
    return names if len(names) == n else [str(k) for k in range(n)]


def main_counts(results: "Results") -> np.ndarray:
    """Confusion matrices of the first cell (replicates, true, predicted)."""
    found = [record.outcome for record in results.where(**main_cell(results)).records if record.outcome is not None]
    return np.stack([np.asarray(outcome.arrays["confusion"], dtype=float) for outcome in found])


def followed(results: "Results") -> "pd.DataFrame":
    """Histories of the cells that hold images out."""
    frame = with_settings(results, results.series("by_epoch"))
    kept: pd.DataFrame = frame[np.isfinite(frame["validation_accuracy"])]
    return kept


def accuracy_figure(results: "Results") -> "Drawing":
    """Held-out accuracy by epoch."""
    return draw.curves(followed(results), y="validation_accuracy", by="setting", y_label="held-out accuracy")


def accuracy_caption(results: "Results") -> str:
    """Caption that names the data."""
    return f"Accuracy on held-out images by epoch; bands are 95 % intervals over replicates ({main(results).data})."


def loss_figure(results: "Results") -> "Drawing":
    """Training loss by epoch."""
    frame = with_settings(results, results.series("by_epoch"))
    return draw.curves(frame, y="train_loss", by="setting", log_y=True, y_label="training loss", y_unit="nats")


def loss_caption(results: "Results") -> str:
    """Caption that says what the loss is."""
    return (
        f"Mean cross-entropy of the batches of an epoch before their steps, as augmented; bands are 95 % intervals ({main(results).data})."
    )


def classes_frame(results: "Results") -> "pd.DataFrame":
    """Errors by class and replicate of the first cell, the worst class first."""
    frame = results.series("classes", **main_cell(results))
    means = frame.groupby("name", sort=False)["error_share"].mean().sort_values(ascending=False, kind="stable")
    place = {name: index for index, name in enumerate(means.index)}
    return frame.assign(order=frame["name"].map(place)).sort_values(["order", "replicate"], kind="stable")


def classes_figure(results: "Results") -> "Drawing":
    """Share of each class that is classified wrongly."""
    overall = float(results.where(**main_cell(results)).table["test_accuracy"].mean())
    return draw.interval_bars(
        classes_frame(results),
        by="name",
        value="error_share",
        label="share of wrong test images",
        reference={"all classes": 1 - overall},
        labels={"name": "class"},
    )


def classes_caption(results: "Results") -> str:
    """Caption that names network and data."""
    return f"Wrong test images by class, mean and 95 % interval over replicates ({main_setting(results)}; {shown_data(results)})."


def confusion_figure(results: "Results") -> "Drawing":
    """Confusion matrix of the first cell."""
    return draw.confusion_matrix(main_counts(results), names=class_names(results))


def confusion_caption(results: "Results") -> str:
    """Caption that names network and data."""
    return f"Confusion on the test images, mean counts over replicates ({main_setting(results)}; {shown_data(results)})."


def pair_shares(results: "Results") -> "pd.DataFrame":
    """By replicate: share of all errors made within each of the most frequent unordered pairs of classes, the most frequent first."""
    import pandas as pd

    counts, names = main_counts(results), class_names(results)
    both = counts + counts.transpose(0, 2, 1)
    upper = np.triu(both.mean(axis=0), 1)
    wrong = counts.sum(axis=(1, 2)) - np.trace(counts, axis1=1, axis2=2)
    rows = [
        {"pair": f"{names[a]} and {names[b]}", "replicate": r, "share": float(both[r, a, b] / max(1.0, wrong[r])), "a": a, "b": b}
        for a, b, _ in pair_errors(upper)[:SHOWN_PAIRS]
        for r in range(len(counts))
    ]
    return pd.DataFrame(rows)


def pairs_figure(results: "Results") -> "Drawing":
    """Pairs of classes that are taken for each other."""
    n = len(class_names(results))
    return draw.interval_bars(
        pair_shares(results),
        by="pair",
        value="share",
        label="share of all errors",
        reference={"were all pairs equal": 2 / (n * (n - 1))},
        labels={"pair": "classes"},
    )


def pairs_caption(results: "Results") -> str:
    """Caption that names network and data."""
    return (
        "Classes that are taken for each other, in both directions: share of all wrong test images, mean and 95 % interval over "
        f"replicates ({main_setting(results)}; {shown_data(results)})."
    )


def settings_table(results: "Results") -> "TableView":
    """Parameters, accuracies and seconds of each setting."""
    table = with_settings(results, results.table)
    table["seconds"] = results.timings["train"].to_numpy()
    values = ["parameters", "train_accuracy", "validation_accuracy", "test_accuracy", "gap", "test_loss", "sure_errors", "seconds"]
    view = draw.texts(results)
    return draw.summary_table(table, by="setting", values=[name for name in values if name in table], **view)


def per_class(results: "Results") -> "TableView":
    """Precision, recall and F1 by class."""
    return draw.per_class_table(main_counts(results), names=class_names(results))


def per_class_caption(results: "Results") -> str:
    """Caption that names network and data."""
    return f"Precision, recall and F1 by class on the test images ({main_setting(results)}; {shown_data(results)})."


def classes_table(results: "Results") -> "TableView":
    """Errors by class and what the class is taken for most often."""
    import pandas as pd

    from annlab.lab.statistics import mean_interval

    counts, names, frame = main_counts(results), class_names(results), classes_frame(results)
    mean = counts.mean(axis=0)
    rows = []
    for name in dict.fromkeys(frame["name"]):
        label, held = names.index(name), frame[frame["name"] == name]
        wrong = mean[label] * (np.arange(len(names)) != label)
        most = int(wrong.argmax())
        shares = counts[:, label, most] / np.maximum(1.0, counts[:, label].sum(axis=1) - counts[:, label, label])
        rows.append(
            {
                "class": name,
                "wrong images": mean_interval(held["errors"].to_numpy(float)),
                "share of the class": mean_interval(held["error_share"].to_numpy(float)),
                "most often taken for": names[most] if wrong.any() else "-",
                "share of its errors": mean_interval(shares),
            }
        )
    note = f"Brackets hold 95 % t intervals over {len(counts)} replicates."
    return draw.TableView(pd.DataFrame(rows), notes=[note])


def classes_table_caption(results: "Results") -> str:
    """Caption that names network and data."""
    return f"Wrong test images by class, the worst first, and what they are taken for ({main_setting(results)}; {shown_data(results)})."
