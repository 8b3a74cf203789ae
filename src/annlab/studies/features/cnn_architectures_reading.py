"""Figures and tables of cnn-architectures."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.studies.features.cnn_architectures_networks import shapes_of

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

REPORTS = ("handout", "A", "C", "C1", "C2", "C3", "C4", "D", "A tuned", "better recipe")
FACTORS = {
    "depth": ("two convolutions", "three convolutions", "six convolutions"),
    "filters": ("half the filters", "twice the filters", "four times the filters"),
    "kernels": ("kernels of 2", "kernels of 5"),
    "stride": ("stride 1",),
    "pooling": ("max pooling", "average pooling"),
    "activation": ("leaky relu", "tanh", "sigmoid"),
    "normalisation": ("no batch norm",),
    "dropout": ("dropout 0.2", "dropout 0.4"),
    "dense layers": ("no hidden dense layer", "two hidden dense layers"),
}
"""Cells that change one thing of the handout's network."""
READINGS = ("A", "C")
SHOWN = ("D", "handout")
"""The network to show from the inside: the first that the run has, else that of its first cell."""


def names(results: "Results") -> list[str]:
    """Names of the cells, in the order of the grid."""
    return [name for cell in results.cells for name in cell.names]


def changes_of_d(results: "Results") -> list[str]:
    """Cells that change one thing of report-D's network; one without dropout and with twice the filters changes two."""
    return [name for name in names(results) if name.startswith("D ") and "," not in name]


def usual(results: "Results") -> int:
    """Number of training images of the usual cells."""
    return int(min(cell.params.images for cell in results.cells))


def among(results: "Results", wanted: Sequence[str]) -> "pd.DataFrame":
    """Rows of the named cells that are there."""
    table = results.table
    return table[table["case"].isin(list(wanted))]


def data_text(results: "Results") -> str:
    """The data and the training in a few words."""
    return _data(next(cell.params for cell in results.cells if cell.params.images == usual(results)))


def _data(params: Any) -> str:
    return f"{params.data}, {params.images:,} training images, {params.epochs} epochs"


def mean_of(results: "Results", case: str, name: str = "test_accuracy") -> float:
    """Mean of a metric of one cell."""
    return float(results.values(name, case=case).mean())


def shown_case(results: "Results") -> str:
    """The network whose confusion, mistakes, filters and maps are shown: a fixed one, which no accuracy chooses."""
    held = names(results)
    return next((name for name in SHOWN if name in held), held[0])


def by_epoch(results: "Results") -> "Drawing":
    """Test accuracy by epoch of the reports' networks."""
    frame = results.where(images=usual(results)).series("curves")
    shown = frame[frame["case"].isin([*REPORTS, "D no dropout", "no batch norm"])]
    return draw.curves(shown, x="epoch", y="test_accuracy", by="case", y_label="test accuracy", labels={"case": "network"})


def epoch_caption(results: "Results") -> str:
    """Caption with the data."""
    return f"Test accuracy by epoch; bands are 95 % intervals over replicates ({data_text(results)})."


def _differences(results: "Results", base: str, wanted: Sequence[str]) -> "Drawing":
    frame = among(results, [base, *wanted])
    return draw.paired_differences(
        frame.assign(accuracy=100 * frame["test_accuracy"]),
        by="case",
        value="accuracy",
        baseline=base,
        better="higher",
        label="test accuracy",
        unit="percentage points",
        labels={"case": "network"},
    )


def factors_of_d(results: "Results") -> "Drawing":
    """Changes of report-D's network."""
    return _differences(results, "D", changes_of_d(results))


def factors_of_handout(results: "Results") -> "Drawing":
    """Changes of the handout's network."""
    return _differences(results, "handout", [*READINGS, *(name for held in FACTORS.values() for name in held)])


def factors_caption(base: str) -> Callable[["Results"], str]:
    """Caption of a figure of changes of one network."""

    def caption(results: "Results") -> str:
        return f"Test accuracy with one thing of {base} changed, paired by replicate, with 95 % intervals ({data_text(results)})."

    return caption


def costs(results: "Results") -> "pd.DataFrame":
    """Mean test error in per cent and mean costs of every usual cell, by its name."""
    held = results.where(images=usual(results))
    means = held.table.groupby("case", sort=False)[["test_accuracy", "parameters", "operations"]].mean()
    seconds = held.timings.groupby("case", sort=False)["epoch"].mean()
    return means.assign(error=100 * (1 - means["test_accuracy"]), epoch=seconds).rename_axis("network")


def unbeaten(results: "Results", cost: str) -> "pd.DataFrame":
    """Those of them that no other beats in both this cost and the error, the cheapest first."""
    frame = costs(results)
    return frame[draw.efficient(frame[cost], frame["error"])].sort_values([cost, "error"])


def trade_off(results: "Results") -> "Drawing":
    """Error against parameters and against seconds, with the line that nothing beats."""
    return draw.trade_off(
        costs(results).reset_index(),
        by="network",
        costs=["parameters", "epoch"],
        value="error",
        label="test error",
        unit="%",
        labels={"epoch": "an epoch on one core"},
        units={"epoch": "s"},
    )


def trade_off_caption(results: "Results") -> str:
    """Caption with the data."""
    return (
        "Test error of every network against its parameters and its seconds an epoch, means over replicates; the line joins those "
        f"that no other beats in both ({data_text(results)}). Seconds are those of this run; what else its cores did is in them."
    )


def strip(results: "Results") -> "Drawing":
    """Accuracy of every replicate of the reports' networks."""
    frame = among(results.where(images=usual(results)), REPORTS)
    return draw.stability_strip(frame, by="case", value="test_accuracy", label="test accuracy", labels={"case": "network"})


def strip_caption(results: "Results") -> str:
    """Caption with the data."""
    return f"Test accuracy of every replicate of the reports' networks ({data_text(results)})."


def _counts(results: "Results") -> np.ndarray:
    case = shown_case(results)
    stored = sorted(record.replicate for record in results.where(case=case).records if record.outcome)
    return np.stack([results.array("confusion", replicate=r, case=case) for r in stored])


def confusion(results: "Results") -> "Drawing":
    """Confusion matrix of the shown network."""
    return draw.confusion_matrix(_counts(results), names=[str(digit) for digit in range(10)])


def _of_shown(results: "Results") -> str:
    case = shown_case(results)
    return f"network {case!r}; {_data(results.where(case=case).cells[0].params)}"


def confusion_caption(results: "Results") -> str:
    """Caption that names the network."""
    return f"Test digits by true and predicted class, mean counts over replicates ({_of_shown(results)})."


def mistakes(results: "Results") -> "Drawing":
    """The mistakes made with the highest probability."""
    case = shown_case(results)
    images, (truth, predicted), confidence = (results.array(name, case=case) for name in ("mistakes", "mistaken", "confidence"))
    if not len(images):
        return draw.image_sheet({"no mistake": results.array("digit", case=case)})
    titles = [f"{t} as {p}\n{share:.3f}" for t, p, share in zip(truth, predicted, confidence, strict=True)]
    return draw.image_sheet({"": images}, titles=titles, size=0.85)


def mistakes_caption(results: "Results") -> str:
    """Caption that names the network."""
    return f"Mistakes of highest probability in the first replicate: true digit as predicted, with the probability ({_of_shown(results)})."


def filters(results: "Results") -> "Drawing":
    """Filters of the first layer."""
    kept = results.array("filters", case=shown_case(results))
    top = float(np.abs(kept).max())
    per = min(16, len(kept))
    rows = {f"{start + 1} to {min(start + per, len(kept))}": kept[start : start + per] for start in range(0, len(kept), per)}
    return draw.image_sheet(rows, limits=(-top, top))


def filters_caption(results: "Results") -> str:
    """Caption that names the network."""
    return f"Filters of the first convolution, black for the most negative weight and white for the most positive ({_of_shown(results)})."


def feature_maps(results: "Results") -> "Drawing":
    """Maps of one digit through the network."""
    case = shown_case(results)
    arrays = results.outcome(case=case).arrays
    levels = sorted(name for name in arrays if name.startswith("maps_"))
    rows = {"digit": arrays["digit"].astype(float) / 255.0}
    for number, name in enumerate(levels, 1):
        maps = arrays[name]
        low, high = float(maps.min()), float(maps.max())
        rows[f"{number}: {maps.shape[1]} x {maps.shape[2]}"] = (maps - low) / max(high - low, 1e-9)
    return draw.image_sheet(_apart(rows))


def _apart(rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The rows, none of them a single number a map."""
    return {name: images for name, images in rows.items() if images.shape[1] > 1} or rows


def maps_caption(results: "Results") -> str:
    """Caption that names the network."""
    return f"The first test digit and its first eight maps after each activation, one scale a row, labelled by size ({_of_shown(results)})."


def layers_table(results: "Results") -> "TableView":
    """The handout's network before training."""
    import pandas as pd

    rows = [
        {
            "layer": repr(row.layer),
            "output": " x ".join(map(str, row.output_shape)),
            "parameters": row.parameters,
            "operations": row.flops,
        }
        for row in shapes_of(results.where(case="handout").cells[0].params)
    ]
    return draw.TableView(pd.DataFrame(rows))


def sizes_table(results: "Results") -> "TableView":
    """What is known before training."""
    import pandas as pd

    rows = []
    for cell in results.cells:
        shapes = shapes_of(cell.params)
        maps = [row for row in shapes if len(row.output_shape) == 3 and row.parameters]
        last = next(row for row in reversed(shapes) if len(row.output_shape) == 3)
        rows.append(
            {
                "network": ", ".join(cell.names),
                "convolutions": sum(type(row.layer).__name__ in ("Conv", "Parallel") for row in maps),
                "last maps": " x ".join(map(str, last.output_shape)),
                "parameters": sum(row.parameters for row in shapes),
                "in dense layers": sum(row.parameters for row in shapes if len(row.input_shape) == 1),
                "operations": sum(row.flops for row in shapes),
            }
        )
    return draw.TableView(pd.DataFrame(rows))


def _texts(results: "Results") -> dict[str, Any]:
    return draw.texts(results, case="network", images="training images")


def accuracy_table(results: "Results") -> "TableView":
    """Accuracies and gaps."""
    values = ["test_accuracy", "train_accuracy", "gap", "test_loss", "loss_gap"]
    return draw.summary_table(results.table, by=["case", "images"], values=values, **_texts(results))


def training_table(results: "Results") -> "TableView":
    """Speed and steadiness of training."""
    values = ["accuracy_first", "accuracy_early", "late_gain", "roughness", "epochs_98"]
    return draw.summary_table(results.table, by="case", values=values, **_texts(results))


def ranked_table(results: "Results") -> "TableView":
    """Ranking of the usual cells."""
    held = results.where(images=usual(results)).table
    return draw.ranked_table(held, by="case", value="test_accuracy", better="higher", scale="logit", **_texts(results))


def classes_table(results: "Results") -> "TableView":
    """Precision and recall by digit."""
    return draw.per_class_table(_counts(results), names=[str(digit) for digit in range(10)])
