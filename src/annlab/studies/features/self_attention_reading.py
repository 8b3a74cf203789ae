"""How the results of self-attention are read: figures, tables and answers."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

STEPS = ("tokens", "queries", "keys", "values", "scores", "weights", "output")
NAMES = {"numpy": "32 tokens of 256", "torch": "32 x 20 tokens of 128", "heads": "the same, 4 heads of 32"}
WORDS = ("the", "cat", "saw", "the", "ball", "and", "chased", "it")
"""The sentence, a word for each row of the study's features."""
LABELS = {"key_size": "length of the keys", "scaling": "scores", "part": "example"}


def _scores(results: "Results") -> "pd.DataFrame":
    table = results.where(part="scores").table
    return table.assign(scaling=table["scaled"].map({True: "divided by the root", False: "as they are"}))


def variance(results: "Results") -> "Drawing":
    """Variance of the scores by length of the keys."""
    return draw.scatter_lines(
        _scores(results),
        x="key_size",
        y="score_variance",
        by="scaling",
        log_x=True,
        log_y=True,
        y_label="variance of the scores",
        labels=LABELS,
    )


def entropy(results: "Results") -> "Drawing":
    """Entropy of the weights by length of the keys."""
    even = {"all alike": math.log(32)}
    return draw.scatter_lines(
        _scores(results),
        x="key_size",
        y="entropy",
        by="scaling",
        log_x=True,
        y_label="entropy",
        y_unit="nats",
        labels=LABELS,
        reference=even,
    )


def sentence(results: "Results") -> "Drawing":
    """Weights of the sentence, a row each word."""
    import pandas as pd

    weights = results.array("weights", part="sentence")
    names = [f"{index + 1} {word}" for index, word in enumerate(WORDS)]
    rows = [
        {"word": names[i], "takes from": names[j], "weight": weights[i, j], "replicate": 0}
        for i in range(len(names))
        for j in range(len(names))
    ]
    return draw.heat_map(pd.DataFrame(rows), row="word", column="takes from", value="weight", label="weight", digits=2)


def digits(results: "Results") -> "Drawing":
    """What the class token takes in the last block, by head."""
    images, maps = (results.array(name, part="digits") for name in ("images", "maps"))
    rows = {"image": images.astype(float) / 255}
    for head in range(maps.shape[1]):
        large = maps[:, head].repeat(7, axis=1).repeat(7, axis=2)
        rows[f"head {head + 1}"] = large / large.max(axis=(1, 2), keepdims=True)
    return draw.image_sheet(rows)


def digits_caption(results: "Results") -> str:
    """Caption that names the data."""
    params = results.where(part="digits").cells[0].params
    return (
        f"What the class token takes from each patch in the last block, by head, white the most of each map ({params.data}, "
        f"{params.images:,} images, {params.epochs} epochs, first replicate)."
    )


def shape_table(results: "Results") -> "TableView":
    """Shapes of every step."""
    import pandas as pd

    formulas = ("X", "Q = X Wq", "K = X Wk", "V = X Wv", "S = Q Kᵀ / √d", "A = softmax of S by row", "A V")
    rows = []
    for name, formula in zip(STEPS, formulas, strict=True):
        shown = {title: " x ".join(str(int(n)) for n in results.array(name, part=part)) for part, title in NAMES.items()}
        rows.append({"step": name, "formula": formula, **shown})
    return draw.TableView(pd.DataFrame(rows), notes=["With heads the output is that of the projection that joins them."])


def agreement(results: "Results") -> "TableView":
    """Differences from torch's product."""
    table = results.where(part=list(NAMES)).table
    return draw.summary_table(
        table, by="part", values=["numpy_difference", "torch_difference", "entropy"], **draw.texts(results, part="example")
    )


def score_table(results: "Results") -> "TableView":
    """Scores by length of the keys."""
    values = ["score_variance", "entropy", "largest_weight", "gradient"]
    return draw.summary_table(_scores(results), by=["key_size", "scaling"], values=values, **draw.texts(results, **LABELS))


def digit_table(results: "Results") -> "TableView":
    """The trained transformer."""
    values = ["test_accuracy", "ink_share", "ink_attention_1", "ink_attention_2", "entropy"]
    return draw.summary_table(results.where(part="digits").table, by="data", values=values, **draw.texts(results))


def _mean(results: "Results", name: str, **cell: Any) -> float:
    return float(np.mean(results.values(name, **cell)))


def meaning(results: "Results") -> str:
    """Answers what queries, keys and values mean."""
    from annlab.lab.statistics import mean_interval

    weights = results.array("weights", part="sentence")
    taken = int(weights[-1].argmax())
    most = _mean(results, "most", part="sentence")
    there = results.values("ink_attention_2", part="digits") - results.values("ink_share", part="digits")
    found = mean_interval(there)
    verdict = "more than" if found.low > 0 else "less than" if found.high < 0 else "not decidedly other than"
    return (
        "A query says what a token looks for, a key what it can be found by, and a value what it hands over once it is found. "
        f"In the sentence '{' '.join(WORDS)}' the pronoun asks for a thing, the only key that answers is that of '{WORDS[taken]}', and so "
        f"it takes {most:.2f} of its output from there. "
        f"In a transformer trained on digits the class token takes {_mean(results, 'ink_attention_2', part='digits'):.3f} of what it takes "
        f"from patches with ink, which are {_mean(results, 'ink_share', part='digits'):.3f} of all: {verdict} even attention would. "
        f"Its test accuracy is {_mean(results, 'test_accuracy', part='digits'):.3f}; nobody told it where to look."
    )


def shapes(results: "Results") -> str:
    """Answers which shape each step has."""

    def shape(name: str, part: str) -> str:
        return " by ".join(str(int(n)) for n in results.array(name, part=part))

    worst = max(float(results.where(part=list(NAMES)).table[name].max()) for name in ("numpy_difference", "torch_difference"))
    return (
        "With n tokens, queries and keys are n by d(k), values n by d(v), scores and weights n by n, and the output n by d(v); leading "
        "axes stay as they are. "
        f"In the NumPy example the queries are {shape('queries', 'numpy')}, the scores {shape('scores', 'numpy')} and the output "
        f"{shape('output', 'numpy')}. "
        f"In the torch example the queries are {shape('queries', 'torch')}, the values {shape('values', 'torch')}, the scores "
        f"{shape('scores', 'torch')} and the output {shape('output', 'torch')}. "
        f"With heads, each has its own scores, {shape('scores', 'heads')} in all. "
        f"Both implementations agree with torch's product to {worst:.1e}."
    )


def why_scaled(results: "Results") -> str:
    """Answers why scores are divided by the root of the keys' length."""
    table = results.where(part="scores").table
    low, high = int(table["key_size"].min()), int(table["key_size"].max())
    cell: dict[str, Any] = {"part": "scores"}
    raw = [_mean(results, "score_variance", key_size=size, scaled=False, **cell) for size in (low, high)]
    scaled = [_mean(results, "score_variance", key_size=size, scaled=True, **cell) for size in (low, high)]
    even = draw.compare(results, "entropy", {"scaled": False}, {"scaled": True}, key_size=high, **cell)
    slope = draw.compare(results, "gradient", {"scaled": False}, {"scaled": True}, key_size=high, **cell)
    return (
        "A score is a sum of as many products as the keys have numbers, so for independent numbers of variance 1 its variance is their "
        f"count. Measured it is {raw[0]:.3g} for {low} numbers and {raw[1]:.4g} for {high}; divided by the root it is {scaled[0]:.3g} and "
        f"{scaled[1]:.3g}. "
        f"For {high} numbers without division the entropy of the softmax is {even}, where log 32 = {math.log(32):.3f} nats would be all "
        f"alike. There the mean slope of the softmax is {slope}. "
        "A softmax that takes nearly all from one token hardly changes with its scores, so that queries and keys learn slowly."
    )
