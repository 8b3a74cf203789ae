"""How the results of bigger-model-optimisers are read: figures and tables."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results
    from annlab.lab.results import Record

NAMES = {"adam": "Adam", "sgd": "SGD", "adadelta": "Adadelta"}
KERAS_RHO = 0.95


def setting(params: Any) -> str:
    """The optimiser of a cell in words, such as ``SGD, momentum 0.9`` or ``Adadelta 0.001 (Keras) after Adam``."""
    text = NAMES[params.optimizer]
    if params.optimizer == "sgd" and params.momentum:
        text += f", momentum {params.momentum:g}"
    if params.optimizer == "adadelta":
        text += f" {params.learning_rate:g} ({'Keras' if params.rho == KERAS_RHO else 'torch'})"
    return text + "".join(f" after {NAMES[name]}" if not i else f" and {NAMES[name]}" for i, name in enumerate(params.before))


def images_of(results: "Results") -> int:
    """Number of training images of the cells that are compared: of most cells."""
    counts: Counter[int] = Counter(cell.params.images for cell in results.cells)
    return counts.most_common(1)[0][0]


def compared(results: "Results") -> "list[Record]":
    """Stored trials of the cells that differ in nothing but the optimiser and what trained before it."""
    images = images_of(results)
    return [record for record in results.records if record.stage == "trial" and record.outcome and record.cell.params.images == images]


def table_of(results: "Results", *, fresh: bool | None = None) -> "pd.DataFrame":
    """One row a compared cell and replicate: setting, start, metrics, seconds of an epoch; `fresh` keeps one kind of start."""
    import pandas as pd

    rows = [_row(record) for record in compared(results) if fresh is None or fresh is (not record.cell.params.before)]
    return pd.DataFrame(rows)


def everything(results: "Results") -> "pd.DataFrame":
    """As `table_of`, of all cells, the number of images in the setting's name where it is not that of most cells."""
    import pandas as pd

    usual = images_of(results)
    rows = []
    for record in results.records:
        if record.stage == "trial" and record.outcome:
            row = _row(record)
            if (images := record.cell.params.images) != usual:
                row["setting"] = f"{row['setting']}, {images:,} images, {record.cell.params.epochs} epochs"
            rows.append(row)
    return pd.DataFrame(rows)


def _row(record: "Record") -> dict[str, Any]:
    assert record.outcome is not None
    params = record.cell.params
    start = "trained before" if params.before else "fresh weights"
    known = {"setting": setting(params), "start": start, "replicate": record.replicate, "learning_rate": params.learning_rate}
    return {
        **known,
        "optimizer": params.optimizer,
        "rho": params.rho,
        **record.outcome.metrics,
        "epoch_seconds": record.outcome.timings["epoch"],
    }


def curves_of(results: "Results", *, fresh: bool | None = None) -> "pd.DataFrame":
    """Long frame of the curves of the compared cells, with the setting and the seconds at which each epoch ends."""
    import pandas as pd

    frames = []
    for record in compared(results):
        if fresh is None or fresh is (not record.cell.params.before):
            assert record.outcome is not None
            frame = pd.DataFrame(dict(record.outcome.series["curves"]))
            start = "trained before" if record.cell.params.before else "fresh weights"
            frame = frame.assign(setting=setting(record.cell.params), start=start, replicate=record.replicate)
            frames.append(frame.assign(seconds=frame["epoch"] * record.outcome.timings["epoch"]))
    return pd.concat(frames, ignore_index=True)


def data_of(results: "Results") -> str:
    """The data in words."""
    params = results.cells[0].params
    return f"{params.data}, {images_of(results):,} training and validation images"


def race(results: "Results") -> "Drawing":
    """Validation accuracy by epoch and by second."""
    frame = curves_of(results, fresh=True)
    return draw.race(
        frame, by="setting", y="validation_accuracy", log_y=False, y_label="validation accuracy", labels={"setting": "optimiser"}
    )


def race_caption(results: "Results") -> str:
    """Caption that names the data."""
    return (
        f"Validation accuracy by epoch and by second, fresh weights ({data_of(results)}). Seconds are the median epoch of each job times "
        "the epoch, jobs side by side."
    )


def losses(results: "Results") -> "Drawing":
    """Validation cross-entropy by epoch."""
    frame = curves_of(results, fresh=True)
    return draw.curves(
        frame,
        y="validation_loss",
        by="setting",
        log_y=True,
        y_label="validation cross-entropy",
        y_unit="nats",
        labels={"setting": "optimiser"},
    )


def replaced(results: "Results") -> "Drawing":
    """Loss of fresh networks beside those trained before."""
    return draw.curves(
        curves_of(results),
        y="validation_loss",
        by="setting",
        facet="start",
        log_y=True,
        y_label="validation cross-entropy",
        y_unit="nats",
        labels={"setting": "optimiser"},
    )


def adadelta_rate(results: "Results") -> "Drawing":
    """Adadelta by learning rate."""
    table = table_of(results, fresh=True)
    kept = table[table["optimizer"] == "adadelta"].assign(defaults=lambda t: np.where(t["rho"] == KERAS_RHO, "Keras", "torch"))
    return draw.interval_bars(
        kept,
        by="learning_rate",
        value="validation_loss",
        group="defaults",
        log=True,
        label="validation cross-entropy",
        unit="nats",
        labels={"learning_rate": "learning rate", "defaults": "decay and epsilon of"},
    )


def best_setting(results: "Results") -> str:
    """The compared setting with the highest mean validation accuracy."""
    return str(table_of(results).groupby("setting")["validation_accuracy"].mean().idxmax())


def _best(results: "Results") -> "list[Record]":
    name = best_setting(results)
    return [record for record in compared(results) if setting(record.cell.params) == name]


def confusions(results: "Results") -> np.ndarray:
    """Confusion matrices of the best setting, (replicates, classes, classes)."""
    return np.stack([record.outcome.arrays["confusion"] for record in _best(results) if record.outcome])


def confusion(results: "Results") -> "Drawing":
    """Confusion matrix of the best setting."""
    return draw.confusion_matrix(confusions(results))


def confusion_caption(results: "Results") -> str:
    """Caption that names setting and data."""
    return f"Confusion matrix on the test images, mean over replicates: {best_setting(results)} ({data_of(results)})."


def hardest(results: "Results") -> "Drawing":
    """Mistakes with the highest loss."""
    best = _best(results)
    arrays = next((r.outcome.arrays for r in best if r.outcome and len(r.outcome.arrays.get("hardest", ()))), None)
    if arrays is None:
        raise ValueError("no mistake is kept: replicate 0 of the best setting made none or is not stored")
    shown = slice(0, 10)
    titles = [f"{true} as {predicted}" for true, predicted in zip(arrays["true"][shown], arrays["predicted"][shown], strict=True)]
    return draw.image_sheet({"": arrays["hardest"][shown]}, titles=titles)


def class_table(results: "Results") -> "TableView":
    """Precision, recall and F1 by class."""
    return draw.per_class_table(confusions(results))


def class_caption(results: "Results") -> str:
    """Caption that names setting and data."""
    return f"Test images by class: {best_setting(results)} ({data_of(results)})."


def parameter_table(results: "Results") -> "TableView":
    """Layers with their output, formula and number of parameters."""
    import pandas as pd

    from annlab.models.summary import summary
    from annlab.nets import ConvNet

    shape = (28, 28)
    plain, padded = (summary(ConvNet(shape, padding=padding), shape) for padding in ("valid", "same"))
    rows = [
        {
            "layer": row.kind,
            "output": "×".join(map(str, row.output_shape or ())),
            "formula": row.formula or "0",
            "parameters": row.parameters,
            "padded": "×".join(map(str, other.output_shape or ())),
            "padded_formula": other.formula or "0",
            "padded_parameters": other.parameters,
        }
        for row, other in zip(plain.rows, padded.rows, strict=True)
    ]
    frame = pd.DataFrame([*rows, {"layer": "total", "parameters": plain.parameters, "padded_parameters": padded.parameters}]).fillna("")
    labels = {"padded": "output, padded", "padded_formula": "formula, padded", "padded_parameters": "parameters, padded"}
    note = "Every job counts its network by the formulas and in the module, and fails where they differ."
    number = "{:,}".format
    return draw.TableView(
        frame, labels, formats={"parameters": number, "padded_parameters": number}, notes=[note], emphasis=[False] * len(rows) + [True]
    )


def _texts(results: "Results") -> dict[str, Any]:
    view = draw.texts(results, setting="optimiser", epoch_seconds="an epoch")
    view["units"]["epoch_seconds"] = "s"
    return view


def optimiser_table(results: "Results") -> "TableView":
    """What fresh networks reach."""
    values = ["test_accuracy", "test_loss", "validation_accuracy", "first_accuracy", "threshold_epoch", "variation"]
    table = everything(results)
    return draw.summary_table(table[table["start"] == "fresh weights"], by="setting", values=values, **_texts(results))


def ranking_table(results: "Results") -> "TableView":
    """All compared cells ranked."""
    return draw.ranked_table(
        table_of(results), by="setting", value="validation_accuracy", better="higher", scale="logit", **_texts(results)
    )


def start_table(results: "Results") -> "TableView":
    """Fresh weights against replaced optimisers."""
    table = table_of(results)
    ours = set(table.loc[table["start"] == "trained before", "optimizer"])
    values = ["start_accuracy", "first_accuracy", "validation_accuracy", "test_accuracy", "test_loss"]
    return draw.summary_table(table[table["optimizer"].isin(ours)], by="setting", values=values, **_texts(results))


def seconds_table(results: "Results") -> "TableView":
    """Seconds of an epoch by optimiser."""
    return draw.summary_table(table_of(results, fresh=True), by="setting", values=["epoch_seconds"], **_texts(results))


def stability(results: "Results") -> "TableView":
    """Spread over seeds."""
    return draw.stability_table(everything(results), by="setting", value="test_accuracy", **_texts(results))
