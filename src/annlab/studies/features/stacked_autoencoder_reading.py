"""How the results of stacked-autoencoder are read: figures and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.errors import UsageError
from annlab.lab.params import as_dict

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

HANDOUT: dict[str, Any] = {"task": "classifier", "optimizer": "sgd"}
LENGTH = {"length": "epochs (layer / linear layer / fine-tuning)"}
STAGE_WORDS = {"layer 1": "layer 1 alone", "layer 2": "layer 2 alone", "classifier": "linear layer alone", "fine_tune": "fine-tuning"}
STAGES = {"accuracy_initial": "before", "accuracy_pretrain": "after the layers", "accuracy_classifier": "after the linear layer"}
LEARNED = 0.5
"""Training accuracy at the end below which a run is said not to have learned."""
SECONDS = "Seconds are those of this run; what else its cores did is in them."


def texts(results: "Results") -> dict[str, Any]:
    """Labels and units for the tables."""
    return draw.texts(results, way="training", length="epochs", seconds="seconds")


def network(sizes: tuple[int, ...]) -> str:
    """Layers in words, ``256-64``."""
    return "-".join(map(str, sizes))


def schedule_of(row: Any) -> str:
    """Epochs of the stages and batch, ``20/30/50, batch 128``."""
    return f"{row['layer_epochs']}/{row['classifier_epochs']}/{row['epochs']}, batch {row['batch_size']}"


def with_words(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with networks, lengths and ways of training as text."""
    return table.assign(
        network=[network(sizes) for sizes in table["hidden_sizes"]],
        length=[schedule_of(row) for _, row in table.iterrows()],
        way=[_way(row) for _, row in table.iterrows()],
    )


def _way(row: Any) -> str:
    if row["pretrain"]:
        return (
            "layers, then the whole" if row["task"] == "reconstructor" else "three stages" if row["task"] == "classifier" else "pre-trained"
        )
    if row["task"] == "reconstructor":
        return f"the whole, same {row['match']}"
    return "at once"


def _first(results: "Results", wanted: dict[str, Any]) -> Any:
    """Parameters of the first cell that matches."""
    for cell in results.cells:
        if cell.matches(wanted):
            return cell.params
    raise UsageError("this run has no network trained at once, beside which the others are read")


def reference(results: "Results") -> dict[str, Any]:
    """Parameters of the reports' cell that has a control beside it: the same network at once."""
    control = _first(results, {**HANDOUT, "pretrain": False})
    names = ("hidden_sizes", "images", "batch_size", "layer_epochs", "classifier_epochs", "epochs")
    return {**HANDOUT, **{name: getattr(control, name) for name in names}}


def lengths(results: "Results") -> "Results":
    """The reports' cells of the reference network, whatever their length."""
    same = reference(results)
    return results.where(**HANDOUT, pretrain=True, hidden_sizes=same["hidden_sizes"], images=same["images"])


def stages(results: "Results") -> "Drawing":
    """Loss by epoch, one panel a stage."""
    import pandas as pd

    parts = []
    for cell in lengths(results).cells:
        settings = as_dict(cell.params)
        frame = results.series("history", **settings)
        parts.append(frame.assign(length=schedule_of(settings), stage=[STAGE_WORDS[name] for name in frame["stage"]]))
    frame = pd.concat(parts)
    return draw.curves(
        frame, y="train_loss", by="length", facet="stage", log_y=True, y_label="training loss of the stage", labels=LENGTH, columns=2
    )


def stages_caption(results: "Results") -> str:
    """Caption that names network and data."""
    same = reference(results)
    return (
        f"Training loss of each stage by its epochs (handout's recipe, {network(same['hidden_sizes'])}, {same['images']} images of "
        f"{results.cells[0].params.data}): squared error for a pixel or unit in the layers, cross-entropy in nats after that; bands are "
        "95 % intervals over replicates."
    )


def by_stage(results: "Results") -> "Drawing":
    """Accuracy after each stage, and of the control."""
    import pandas as pd

    kept = with_words(lengths(results).table)
    parts = [
        kept.assign(stage=words, accuracy=kept[name], setting=kept["length"])
        for name, words in {**STAGES, "test_accuracy": "after fine-tuning"}.items()
    ]
    control = with_words(results.where(**reference(results), pretrain=False).table)
    parts.append(control.assign(stage="at once", accuracy=control["test_accuracy"], setting=control["length"]))
    return draw.interval_bars(
        pd.concat(parts), by="stage", group="setting", value="accuracy", label="test accuracy", labels={"setting": LENGTH["length"]}
    )


def by_labels(results: "Results") -> "Drawing":
    """Accuracy by labels, pre-trained and at once."""
    frame = results.where(task="labels").series("labels")
    frame = frame.assign(way=np.where(frame["pretrain"], "pre-trained on all images", "at once on the labelled ones"))
    return draw.curves(
        frame,
        x="labels",
        y="test_accuracy",
        by="way",
        labels={"way": "training"},
        log_x=True,
        markers=True,
        x_label="labelled images",
        y_label="test accuracy",
    )


def updates(results: "Results") -> str:
    """Updates of both ways by number of labels, in a sentence."""
    frame = results.where(task="labels").series("labels").drop_duplicates(["labels", "pretrain"]).set_index("labels")
    layers_first = frame["pretrain"].to_numpy(dtype=bool)
    pre, once = frame.loc[layers_first, "updates"], frame.loc[~layers_first, "updates"]
    said = [f"{once[n]:,.0f} for {pre[n]:,.0f} with {n:,} labels" for n in once.index if n in pre.index]
    return (
        "Trained at once, a network makes whole epochs on the labelled images, as many updates as all stages of the pre-trained one "
        f"together or up to an epoch more: {', '.join(said) or 'both are not measured in this profile'}."
    )


def labels_caption(results: "Results") -> str:
    """Caption that counts the updates of both."""
    return f"Test accuracy by the number of labelled images; bands are 95 % intervals over replicates. {updates(results)}"


def labels_table_caption(results: "Results") -> str:
    """Caption that says what is counted."""
    return "Test accuracy by labels, pre-trained on all images without labels or trained at once, with the updates of all stages together."


def arms(results: "Results") -> dict[str, dict[str, Any]]:
    """The three trainings of a reconstructor by name: parameters of the first network that has all."""
    control = _first(results, {"task": "reconstructor", "match": "work", "pretrain": False})
    same = {"task": "reconstructor", "hidden_sizes": control.hidden_sizes}
    return {
        "layers, then the whole": {**same, "pretrain": True},
        "the whole, same updates": {**same, "pretrain": False, "match": "updates"},
        "the whole, same work": {**same, "pretrain": False, "match": "work"},
    }


def reconstructions(results: "Results") -> "Drawing":
    """Test digits and what comes back of them by training."""
    found = {name: results.outcome(**cell).arrays for name, cell in arms(results).items()}
    first = next(iter(found.values()))
    rows = {"original": first["original"], "layers alone": first["layerwise"].astype(np.float32)}
    return draw.image_sheet(rows | {name: arrays["trained"].astype(np.float32) for name, arrays in found.items()})


def reconstructions_caption(results: "Results") -> str:
    """Caption that names network and data."""
    cell = next(iter(arms(results).values()))
    return (
        f"The first test image of each digit of {results.cells[0].params.data} and its reconstructions, replicate 0, "
        f"{network(cell['hidden_sizes'])}."
    )


def joint(results: "Results") -> "Drawing":
    """Loss of the whole by epoch and second."""
    import pandas as pd

    parts = []
    for name, cell in arms(results).items():
        frame = results.series("history", **cell)
        parts.append(frame[frame["stage"] == "joint"].assign(way=name))
    return draw.race(pd.concat(parts), by="way", y="train_loss", y_label="training MSE for each pixel", labels={"way": "training"})


def joint_caption(results: "Results") -> str:
    """Caption that says whose seconds they are."""
    return f"Loss of the joint training by epoch and by second of all training, layers included. {SECONDS}"


def compared_sizes(results: "Results") -> "Results":
    """The reports' cells of all sizes and lengths on as many images as the reference."""
    return results.where(**HANDOUT, pretrain=True, images=reference(results)["images"])


def by_size(results: "Results") -> "Drawing":
    """Median accuracy by layers and length."""
    table = with_words(compared_sizes(results).table)
    return draw.heat_map(
        table.groupby(["network", "length"], sort=False)["test_accuracy"].median().reset_index(),
        row="network",
        column="length",
        value="test_accuracy",
        better="higher",
        label="test accuracy, median",
        labels=LENGTH,
        digits=4,
    )


def size_caption(results: "Results") -> str:
    """Caption that names the runs that a median hides."""
    kept = compared_sizes(results)
    return (
        f"Median test accuracy over replicates of the handout's recipe by layers and length of training ({reference(results)['images']} "
        f"images of {results.cells[0].params.data}). {not_learned(kept)}"
    )


def not_learned(results: "Results") -> str:
    """How many runs ended with a training accuracy below one half, by network and training, in a sentence."""
    if "train_accuracy" not in results.table:
        return "How many runs learned is not measured in this profile."
    table = with_words(results.table)
    said = []
    for (name, length, images, way), part in table.groupby(["network", "length", "images", "way"], sort=False):
        lost = part[part["train_accuracy"] < LEARNED]
        if len(lost):
            low, high = (draw.format_number(float(end)) for end in (lost["test_accuracy"].min(), lost["test_accuracy"].max()))
            ends = low if low == high else f"{low} to {high}"
            said.append(f"{len(lost)} of {len(part)} of {name} ({way}, epochs {length}, {images:,} images; test accuracy {ends})")
    count = int((table["train_accuracy"] < LEARNED).sum())
    if not count:
        return f"All {len(table)} runs learned: none ended with a training accuracy below one half."
    return f"{count} of {len(table)} runs did not learn, their training accuracy ending below one half: {'; '.join(said)}."


def reported_caption(results: "Results") -> str:
    """Caption that names the runs that a mean hides."""
    return f"Cells with the handout's recipe: accuracy on the test images after each stage. {not_learned(results.where(**HANDOUT))}"


def reconstructor_caption(results: "Results") -> str:
    """Caption that says whose seconds they are."""
    return f"Error for each pixel on the test images, and seconds of training. {SECONDS}"


def confusions(results: "Results") -> "Drawing":
    """Confusion matrix of the chosen recipe."""
    counts = [record.outcome.arrays["confusions"] for record in results.records if record.stage == "final" and record.outcome]
    return draw.confusion_matrix(np.stack(counts), names=[str(digit) for digit in range(counts[0].shape[0])])


def mistakes(results: "Results") -> "Drawing":
    """The most confident mistakes."""
    images, (truth, given) = results.array("mistakes", stage="final"), results.array("mistaken", stage="final")
    titles = [f"{a} as {b}" for a, b in zip(truth, given, strict=True)]
    return draw.image_sheet({"": images[:10]}, titles=titles[:10])


def reported_table(results: "Results") -> "TableView":
    """Accuracy after each stage."""
    table = with_words(results.where(**HANDOUT).table)
    values = [*STAGES, "test_accuracy", "classifier_loss_ratio"]
    return draw.summary_table(table, by=["network", "length", "images", "way"], values=values, **texts(results))


def candidates(results: "Results") -> "TableView":
    """Our recipes ranked."""
    table = with_words(results.where(task="classifier", test=False).table)
    view = texts(results)
    view["labels"] |= {"shift": "shift in pixels", "input_noise": "noise"}
    return draw.ranked_table(
        table, by=["network", "shift", "input_noise", "way"], value="validation_accuracy", better="higher", scale="logit", **view
    )


def final_table(results: "Results") -> "TableView":
    """The chosen recipe on the test set."""
    table = with_words(results.final)
    view = texts(results)
    view["labels"] |= {"shift": "shift in pixels"}
    values = ["accuracy_pretrain", "accuracy_classifier", "test_accuracy"]
    return draw.summary_table(
        table,
        by=["network", "shift", "length", "way"],
        values=[name for name in values if name in table and table[name].notna().all()],
        **view,
    )


def reconstructor_table(results: "Results") -> "TableView":
    """Errors of the reconstructors beside those of principal components."""
    kept = results.where(task="reconstructor")
    table = with_words(kept.table)
    values = ["initial_mse", "layerwise_mse", "test_mse", "pca_mse", "mean_mse"]
    seconds = {(record.cell.identity, record.replicate): record.outcome.timings["train"] for record in kept.records if record.outcome}
    keys = [(record.cell.identity, record.replicate) for record in kept.records if record.outcome]
    table = table.assign(seconds=[seconds[key] for key in keys])
    return draw.summary_table(table, by=["network", "way"], values=[*values, "seconds"], **texts(results))


def label_table(results: "Results") -> "TableView":
    """Accuracy by labels."""
    frame = results.where(task="labels").series("labels")
    frame = frame.assign(way=np.where(frame["pretrain"], "pre-trained", "at once"))
    return draw.summary_table(frame, by=["labels", "way", "updates"], values=["test_accuracy"], **texts(results))
