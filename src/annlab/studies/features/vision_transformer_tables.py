"""The tables of vision-transformer."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.studies.features.vision_transformer_reading import (
    LABELS,
    confusions,
    data_of,
    name_of,
    networks,
    recipes_of,
    seconds_of,
    shown_network,
    trained,
    usual_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import TableView
    from annlab.lab import Results


def _texts(results: "Results") -> dict[str, Any]:
    view = draw.texts(results)
    view["labels"] |= LABELS
    view["units"] = {name: unit for name, unit in view["units"].items() if unit != "fraction"} | {"seconds": "s"}
    return view


def ranking(results: "Results") -> "TableView":
    """Networks by test accuracy, with letters for those that cannot be told apart."""
    return draw.ranked_table(networks(results), by="network", value="test_accuracy", better="higher", scale="logit", **_texts(results))


def ranking_caption(results: "Results") -> str:
    """Caption that says what the order is worth."""
    return (
        f"Networks ranked by test accuracy ({data_of(results)}); networks that share a letter cannot be told apart. The first of many is "
        "there partly by chance."
    )


def architectures(results: "Results") -> "TableView":
    """Accuracy with its standard error, losses and gap."""
    import pandas as pd

    table = networks(results)
    rows = []
    for name, part in table.groupby("network", sort=False):
        accuracy = part["test_accuracy"]
        error = accuracy.std(ddof=1) / np.sqrt(len(part)) if len(part) > 1 else np.nan
        means = {column: part[column].mean() for column in ("parameters", "test_loss", "train_accuracy", "gap")}
        rows.append({"network": name, "accuracy": accuracy.mean(), "standard error": error, **means, "replicates": len(part)})
    frame = pd.DataFrame(rows)[["network", "parameters", "accuracy", "standard error", "test_loss", "train_accuracy", "gap", "replicates"]]
    view = _texts(results)
    view["labels"] |= {"accuracy": "test accuracy", "gap": "gap"}
    formats: dict[str, Any] = {
        "parameters": lambda value: f"{value:,.0f}",
        "accuracy": 5,
        "standard error": 2,
        "train_accuracy": 5,
        "gap": 2,
    }
    return draw.TableView(frame, view["labels"], view["units"], formats)


def training(results: "Results") -> "TableView":
    """How training goes."""
    values = ["threshold_epoch", "best_epoch", "accuracy_lost", "loss_risen", "roughness", "batch_spread", "largest_fall"]
    view = _texts(results)
    return draw.summary_table(networks(results), by="network", values=values, **view)


def gained(results: "Results") -> "pd.DataFrame":
    """By network: accuracy, seconds of an epoch, and both above those of the fastest network, with their quotient."""
    table = networks(results).groupby("network").agg(parameters=("parameters", "mean"), accuracy=("test_accuracy", "mean"))
    seconds = seconds_of(results).groupby("network")["seconds"].mean()
    frame = table.join(seconds, how="inner").sort_values("seconds").reset_index()
    if frame.empty:
        return frame
    first = frame.iloc[0]
    more, longer = 100 * (frame["accuracy"] - first["accuracy"]), frame["seconds"] - first["seconds"]
    return frame.assign(more=more, longer=longer, rate=np.where(longer > 0, more / longer.where(longer > 0, 1.0), np.nan))


def gains(results: "Results") -> "TableView":
    """Accuracy gained against seconds spent."""
    frame = gained(results)
    if frame.empty:
        raise ValueError("no network was both trained and timed")
    labels = {**LABELS, "accuracy": "test accuracy", "more": "gained", "longer": "longer", "rate": "gained a second"}
    units = {"seconds": "s", "more": "points", "longer": "s an epoch", "rate": "points / (s an epoch)"}
    formats: dict[str, Any] = {"parameters": lambda value: f"{value:,.0f}", "accuracy": 5, "more": 2, "rate": 2}
    return draw.TableView(frame, labels, units, formats, ["Points are hundredths of accuracy, seconds those of an epoch."])


def gains_caption(results: "Results") -> str:
    """Caption that says against what is compared."""
    return f"Test accuracy gained per extra second of an epoch of 60,000 images, against the fastest network ({data_of(results)})."


def recipe_table(results: "Results") -> "TableView":
    """One network with changed recipes."""
    table = recipes_of(results)
    values = ["test_accuracy", "test_loss", "gap", "threshold_epoch", "best_epoch", "parameters"]
    return draw.summary_table(table, by="recipe", values=values, **_texts(results))


def shapes(results: "Results") -> "TableView":
    """What has which shape on the way through one network."""
    import pandas as pd

    params = next(record.cell.params for record in trained(results) if name_of(record.cell.params) == shown_network(results))
    tokens = next(int(record.outcome.metrics["tokens"]) for record in trained(results) if record.outcome and record.cell.params == params)
    n, patch, dim, heads, length = params.batch_size, params.patch_size, params.dim, params.heads, params.head_dim
    steps = [
        ("images", (n, 28, 28, 1), "bytes divided by 255"),
        ("patches", (n, tokens - 1, patch**2), f"{28 // patch} x {28 // patch} patches of {patch} x {patch} pixels"),
        ("tokens X", (n, tokens, dim), "projected patches after the class token, positions added"),
        ("queries Q = X W_q", (n, heads, tokens, length), "what a token asks for, by head"),
        ("keys K = X W_k", (n, heads, tokens, length), "what a token is found by"),
        ("values V = X W_v", (n, heads, tokens, length), "what a token hands over"),
        ("scores Q K^T / sqrt(d_k)", (n, heads, tokens, tokens), f"divided by {np.sqrt(length):g}; each row becomes weights that sum to 1"),
        ("outputs A V", (n, heads, tokens, length), "values weighed"),
        ("side by side, projected", (n, tokens, dim), f"{heads} heads of {length} numbers, W_o of {heads * length} x {dim}"),
        ("inner layer", (n, tokens, params.mlp_dim), "of the two dense layers"),
        ("logits", (n, 10), "from the class token of the last block"),
    ]
    rows = [{"step": name.replace("W_", "W"), "shape": " x ".join(map(str, shape)), "what": what} for name, shape, what in steps]
    frame = pd.DataFrame(rows)
    frame["step"] = frame["step"].str.replace("d_k", "d", regex=False)
    frame["what"] = frame["what"].str.replace("W_o", "Wo", regex=False)
    return draw.TableView(frame)


def shapes_caption(results: "Results") -> str:
    """Caption that names the network."""
    usual = usual_of(results)
    return f"Shapes on the way of a batch of {usual.batch_size} images through the network {shown_network(results)} (dim-depth-heads-MLP)."


def classes(results: "Results") -> "TableView":
    """Precision, recall and F1 by class of the network that is shown."""
    return draw.per_class_table(confusions(results))
