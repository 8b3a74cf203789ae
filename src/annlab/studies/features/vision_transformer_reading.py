"""How the results of vision-transformer are read: frames and figures."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing
    from annlab.lab import Results
    from annlab.lab.results import Record

FACTORS = ("dim", "depth", "heads", "mlp_dim")
CHANGES = {"patch_size": "patches of {}", "shift": "shifted by up to {}", "warmup": "warm-up {}", "label_smoothing": "smoothing {}"}
LABELS = {
    "network": "dim-depth-heads-MLP",
    "mlp_dim": "MLP",
    "heads": "heads",
    "test_error": "test error",
    "test_accuracy": "test accuracy",
    "train_accuracy": "training accuracy",
    "test_loss": "test cross-entropy",
    "train_loss": "training cross-entropy",
    "seconds": "an epoch of 60,000 images",
    "epochs": "epochs",
}
EPOCH = 60_000


def name_of(params: Any) -> str:
    """Architecture of a cell, such as ``64-6-8-128``."""
    return "-".join(str(getattr(params, name)) for name in FACTORS)


def changed(params: Any, usual: Any) -> str:
    """What a cell's recipe has that the usual one has not, or ``as usual``."""
    parts = [text.format(getattr(params, name)) for name, text in CHANGES.items() if getattr(params, name) != getattr(usual, name)]
    text = ", ".join(parts) if len(parts) < 2 else "all of these"
    if params.epochs != usual.epochs:
        text += f", {params.epochs} epochs"
    return text or "as usual"


def usual_of(results: "Results") -> Any:
    """Parameters of the first trained cell, whose recipe most networks share."""
    return next(cell.params for cell in results.cells if not cell.params.timed)


def trained(results: "Results") -> "list[Record]":
    """Stored trials that were measured, not timed."""
    return [record for record in results.records if record.stage == "trial" and record.outcome and not record.cell.params.timed]


def alike(results: "Results") -> "list[Record]":
    """Stored trials of the usual recipe: they differ in their architecture alone."""
    usual = usual_of(results)
    return [record for record in trained(results) if changed(record.cell.params, usual) == "as usual"]


def frame_of(records: "list[Record]", usual: Any) -> "pd.DataFrame":
    """One row a record: architecture, recipe, metrics."""
    import pandas as pd

    rows = []
    for record in records:
        assert record.outcome is not None
        params, metrics = record.cell.params, record.outcome.metrics
        known = {name: getattr(params, name) for name in FACTORS}
        known |= {"network": name_of(params), "recipe": changed(params, usual), "replicate": record.replicate}
        rows.append({**known, **metrics, "test_error": 1 - metrics["test_accuracy"]})
    return pd.DataFrame(rows)


def networks(results: "Results") -> "pd.DataFrame":
    """All networks of the usual recipe."""
    return frame_of(alike(results), usual_of(results))


def seconds_of(results: "Results") -> "pd.DataFrame":
    """Seconds of an epoch of 60,000 images by network and replicate, from the timed cells."""
    import pandas as pd

    rows = [
        {
            "network": name_of(record.cell.params),
            "replicate": record.replicate,
            "dim": record.cell.params.dim,
            "seconds": record.outcome.timings["step"] * EPOCH / min(record.cell.params.images, record.cell.params.batch_size),
        }
        for record in results.records
        if record.stage == "trial" and record.outcome and record.cell.params.timed
    ]
    return pd.DataFrame(rows, columns=["network", "replicate", "dim", "seconds"])


def best_network(results: "Results") -> str:
    """Network of the usual recipe with the highest mean test accuracy."""
    return str(networks(results).groupby("network")["test_accuracy"].mean().idxmax())


def shown_network(results: "Results") -> str:
    """Network whose pictures are shown: the handout's where it was trained, else the first; test images choose none."""
    names = [name_of(record.cell.params) for record in alike(results)]
    handout = name_of(results.study.params)
    return handout if handout in names else names[0]


def shown_records(results: "Results") -> "list[Record]":
    """Stored trials of that network."""
    shown = shown_network(results)
    return [record for record in alike(results) if name_of(record.cell.params) == shown]


def data_of(results: "Results") -> str:
    """Data and length of training in words."""
    usual = usual_of(results)
    return f"{usual.data}, {min(usual.images, EPOCH):,} training images, {usual.epochs} epochs"


def _curves(results: "Results") -> "pd.DataFrame":
    """Curves of a few networks: the smallest, the handout's or the first, and the largest."""
    import pandas as pd

    table = networks(results)
    parameters = table.groupby("network")["parameters"].mean()
    names = [parameters.idxmin(), shown_network(results), parameters.idxmax()]
    parts = []
    for record in alike(results):
        if (name := name_of(record.cell.params)) in names:
            assert record.outcome is not None
            parts.append(pd.DataFrame({"network": name, "replicate": record.replicate, **record.outcome.series["curves"]}))
    return pd.concat(parts, ignore_index=True)


def accuracy_curves(results: "Results") -> "Drawing":
    """Test accuracy by epoch."""
    return draw.curves(_curves(results), y="test_accuracy", by="network", y_label="test accuracy", labels=LABELS)


def curves_caption(results: "Results") -> str:
    """Caption that names the data."""
    return f"Test accuracy by epoch of the smallest network, {shown_network(results)}, and the largest ({data_of(results)})."


def loss_curves(results: "Results") -> "Drawing":
    """Training and test loss by epoch."""
    frame = _curves(results)
    return draw.curves(
        frame, y=["train_loss", "test_loss"], facet="network", log_y=True, y_label="cross-entropy", y_unit="nats", labels=LABELS, columns=2
    )


def losses_caption(results: "Results") -> str:
    """Caption that says what the losses are."""
    return f"Training loss (mean of the batches before their steps) and test loss by epoch ({data_of(results)})."


def effects(results: "Results") -> "Drawing":
    """Test accuracy at each level of each factor."""
    table = networks(results)
    factors = [name for name in FACTORS if table[name].nunique() > 1]
    return draw.main_effects(table, factors=factors, value="test_accuracy", label="test accuracy", labels=LABELS)


def effects_caption(results: "Results") -> str:
    """Caption that warns of what is not balanced."""
    return (
        f"Test accuracy at each level of each factor, averaged over the networks that have it; pale dots are networks "
        f"({data_of(results)}). Not every combination is there, so levels differ in more than the factor; "
        "the additive fit of the answer takes that into account."
    )


def against_parameters(results: "Results") -> "Drawing":
    """Test error against parameters, with the networks that no smaller one beats."""
    return _trade_off(networks(results), "parameters")


def parameters_caption(results: "Results") -> str:
    """Caption that says what the line is."""
    return f"Test error against parameters, a dot a network; the line joins those that no smaller network beats ({data_of(results)})."


def against_seconds(results: "Results") -> "Drawing":
    """Test error against the seconds of an epoch."""
    seconds = seconds_of(results).groupby("network")["seconds"].mean()
    table = networks(results)
    return _trade_off(table.assign(seconds=table["network"].map(seconds)), "seconds", "s")


def seconds_caption(results: "Results") -> str:
    """Caption that says what the seconds are."""
    return (
        f"Test error against seconds of an epoch, from timed steps on this machine; the line joins networks that no faster one beats "
        f"({data_of(results)})."
    )


def _trade_off(table: "pd.DataFrame", cost: str, unit: str = "") -> "Drawing":
    return draw.trade_off(table, by="network", costs=cost, value="test_error", group="dim", labels=LABELS, units={cost: unit})


def recipes_of(results: "Results") -> "pd.DataFrame":
    """The network that has changed recipes, with its usual one."""
    usual = usual_of(results)
    records = trained(results)
    counted = Counter(name_of(record.cell.params) for record in records if changed(record.cell.params, usual) != "as usual")
    if not counted:
        raise ValueError("no changed recipe is stored")
    network = counted.most_common(1)[0][0]
    return frame_of([record for record in records if name_of(record.cell.params) == network], usual)


def recipes(results: "Results") -> "Drawing":
    """Test error by recipe."""
    return draw.interval_bars(recipes_of(results), by="recipe", value="test_error", log=True, label="test error", labels=LABELS)


def recipes_caption(results: "Results") -> str:
    """Caption that names the network."""
    return f"Test error of the network {recipes_of(results)['network'].iloc[0]} by changes of its recipe ({data_of(results)})."


def _pictured(results: "Results", name: str) -> dict[str, np.ndarray]:
    for record in shown_records(results):
        if record.outcome is not None and len(record.outcome.arrays.get(name, ())):
            return dict(record.outcome.arrays)
    raise ValueError(f"nothing is kept of the {name}: replicate 0 of the network that is shown is not stored, or has none")


def attention(results: "Results") -> "Drawing":
    """Where the class token looks, by block."""
    arrays = _pictured(results, "shown")
    maps, shown = arrays["maps"], arrays["shown"]
    depth = maps.shape[1]
    rows = {"image": shown.astype(float) / 255}
    for block in sorted({0, depth // 2, depth - 1}):
        large = np.repeat(np.repeat(maps[:, block], shown.shape[1] // maps.shape[2], 1), shown.shape[2] // maps.shape[3], 2)
        rows[f"block {block + 1}"] = large / large.max(axis=(1, 2), keepdims=True)
    return draw.image_sheet(rows)


def attention_caption(results: "Results") -> str:
    """Caption that names network and scale."""
    return (
        "What the class token takes from each patch, mean over heads, white the most of each map: first test image of some classes, "
        f"network {shown_network(results)}, first replicate ({data_of(results)})."
    )


def confusions(results: "Results") -> np.ndarray:
    """Confusion matrices of the network that is shown, (replicates, classes, classes)."""
    return np.stack([record.outcome.arrays["confusion"] for record in shown_records(results) if record.outcome])


def confusion(results: "Results") -> "Drawing":
    """Confusion matrix of the network that is shown."""
    return draw.confusion_matrix(confusions(results))


def confusion_caption(results: "Results") -> str:
    """Caption that names network and data."""
    return f"Test images by class, network {shown_network(results)}, all replicates ({data_of(results)})."


def mistakes(results: "Results") -> "Drawing":
    """The most confident mistakes."""
    arrays = _pictured(results, "mistakes")
    titles = [f"{t} as {p}\n{sure:.2f}" for t, p, sure in zip(arrays["true"], arrays["taken"], arrays["sure"], strict=True)]
    return draw.image_sheet({"": arrays["mistakes"]}, titles=titles)


def mistakes_caption(results: "Results") -> str:
    """Caption that says what the numbers are."""
    return (
        f"The most confident mistakes on test images: class, what it is taken for, and its probability, network {shown_network(results)}, "
        f"first replicate ({data_of(results)})."
    )
