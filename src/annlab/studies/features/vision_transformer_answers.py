"""The answers of vision-transformer."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.studies.features.vision_transformer_claims import main_effects
from annlab.studies.features.vision_transformer_reading import (
    alike,
    best_network,
    networks,
    recipes_of,
    seconds_of,
    shown_network,
    shown_records,
    trained,
    usual_of,
)
from annlab.studies.features.vision_transformer_tables import gained

if TYPE_CHECKING:
    import pandas as pd

    from annlab.lab import Results

WORDS = {"dim": "the dimension", "depth": "the depth", "heads": "the number of heads", "mlp_dim": "the MLP size"}


def _of_trained(answer: "Callable[[Results], str]") -> "Callable[[Results], str]":
    """The answer where networks were trained; a run of timed cells alone says so."""

    @wraps(answer)
    def guarded(results: "Results") -> str:
        if trained(results):
            return answer(results)
        return "Undecided: no network was trained here. Cells that are timed make single steps. Run the profile without a condition."

    return guarded


@_of_trained
def shapes(results: "Results") -> str:
    """Answers what queries, keys and values are and which shapes they have."""
    records = shown_records(results)
    record = records[0]
    assert record.outcome is not None
    params, maps = record.cell.params, record.outcome.arrays.get("maps")
    tokens, count = int(record.outcome.metrics["tokens"]), int(record.outcome.metrics["parameters"])
    uniform = 1 / tokens
    looks = ""
    if maps is not None:
        most = maps[:, -1].reshape(len(maps), -1).max(axis=1)
        looks = (
            f" In the last block the class token takes {most.mean():.2f} from one single patch in the mean of {len(maps)} test images, "
            f"where even attention would take {uniform:.3f}."
        )
    accuracy = draw.format_number(float(np.mean([each.outcome.metrics["test_accuracy"] for each in records if each.outcome])), digits=4)
    return (
        f"An image is {tokens} tokens of {params.dim} numbers: {tokens - 1} patches and the class token. "
        f"Each of {params.heads} heads turns every token into a query, a key and a value of {params.head_dim} numbers, so that each of the "
        f"three has the shape {tokens} x {params.head_dim}, the scores {tokens} x {tokens} and the output {tokens} x {params.head_dim}. "
        "The query says what a token looks for, the key what it is found by, the value what it hands over; the softmax of the scores "
        "divided by the root of the keys' length says how much of each value is taken. "
        f"The heads' outputs side by side, {params.heads * params.head_dim} numbers a token, are projected back to {params.dim}. "
        f"This is the network {shown_network(results)} with {count:,} parameters, which reaches a test accuracy of {accuracy}." + looks
    )


@_of_trained
def size(results: "Results") -> str:
    """Answers how size changes accuracy."""
    usual = usual_of(results)
    table = networks(results)
    table = table[table["heads"] == usual.heads]
    varied = [name for name in ("dim", "depth", "mlp_dim") if table[name].nunique() > 1]
    if len(varied) < 2:
        return "Undecided: at most one part of the size varies here. The standard profile has networks of several sizes. Run that one."
    found = main_effects(table)
    lines, strong = [], {}
    for name in varied:
        values = np.array([each[name] for each in found.values()])
        interval, sign = _interval(values)
        strong[name] = abs(float(values.mean()))
        direction = {1: "raises", -1: "lowers", 0: "is not shown to change"}[sign]
        low, high = table[name].min(), table[name].max()
        lines.append(f"{WORDS[name]} from {low} to {high} {direction} the log-odds of a right answer ({interval})")
    order = sorted(strong, key=lambda name: -strong[name])
    spread = networks(results).groupby("network")["test_accuracy"].mean()
    heads = _heads(results)
    return (
        f"In an additive fit over {table['network'].nunique()} networks {'; '.join(lines)}. "
        f"By the size of these effects {WORDS[order[0]]} comes first and {WORDS[order[-1]]} last. "
        f"{heads} "
        f"The mean test accuracy of all networks lies between {spread.min():.4f} ({spread.idxmin()}) and {spread.max():.4f} "
        f"({spread.idxmax()}). "
        f"All were trained on {usual.images:,} images for {usual.epochs} epochs; larger networks may need more of both."
    )


def _heads(results: "Results") -> str:
    counts: dict[tuple[int, int, int], set[int]] = {}
    for record in alike(results):
        params = record.cell.params
        counts.setdefault((params.dim, params.depth, params.mlp_dim), set()).add(params.heads)
    sizes, heads = max(counts.items(), key=lambda each: len(each[1]))
    if len(heads) < 2:
        return "The number of heads does not vary with all else equal, so its effect is undecided."
    common = dict(zip(("dim", "depth", "mlp_dim"), sizes, strict=True))
    alone = next(
        record.cell.params for record in alike(results) if all(getattr(record.cell.params, name) == value for name, value in common.items())
    )
    rest: dict[str, Any] = {name: value for name, value in vars(alone).items() if name != "heads"}
    text = draw.compare(results, "test_accuracy", {"heads": max(heads)}, {"heads": min(heads)}, **rest)
    return f"With {max(heads)} heads in place of {min(heads)} and all else equal (dim {sizes[0]}, depth {sizes[1]}) the accuracy is {text}."


@_of_trained
def overfitting(results: "Results") -> str:
    """Answers whether larger networks overfit."""
    table = networks(results)
    columns = ["parameters", "gap", "accuracy_lost", "loss_risen", "best_epoch"]
    means: Any = table.groupby("network")[columns].mean()
    small, large = str(means["parameters"].idxmin()), str(means["parameters"].idxmax())
    gap = _contrast(table, "gap", large, small)
    lost = _contrast(table, "accuracy_lost", large, small)
    usual = usual_of(results)
    verdict = (
        f"The wider gap of {large} is a sign of overfitting, though not by itself of a lower accuracy"
        if gap[1] > 0
        else "By the gap the larger network does not overfit more"
        if gap[1] < 0
        else "Whether the larger network overfits more is undecided by the gap"
    )
    return (
        f"At the end the accuracy on training images exceeds that on test images by {means.loc[large, 'gap']:.4f} with {large} and by "
        f"{means.loc[small, 'gap']:.4f} with {small}: a difference of {gap[0]}. "
        f"The last epoch lies {means.loc[large, 'accuracy_lost']:.4f} below the best of its run with {large} and "
        f"{means.loc[small, 'accuracy_lost']:.4f} with {small}, a difference of {lost[0]}. "
        f"The test loss at the end is {means.loc[large, 'loss_risen']:.2f} times its lowest value with {large} and "
        f"{means.loc[small, 'loss_risen']:.2f} times with {small}. "
        f"{verdict}. "
        f"The best epoch is {means.loc[large, 'best_epoch']:.1f} and {means.loc[small, 'best_epoch']:.1f} of {usual.epochs} in the mean; "
        "it is read from test images and chooses nothing."
    )


@_of_trained
def cost(results: "Results") -> str:
    """Answers what accuracy costs."""
    frame: Any = gained(results)
    seconds: Any = seconds_of(results)
    if frame.empty:
        return (
            f"Of {networks(results)['network'].nunique()} trained networks none was timed. So the cost in seconds is undecided. "
            "The parameters stand in the table of architectures."
        )
    fast, slow = frame.iloc[0], frame.iloc[-1]
    best = frame.loc[frame["accuracy"].idxmax()]
    paired = seconds.pivot_table(index="replicate", columns="network", values="seconds")
    ratio, _ = _interval(np.log(paired[slow["network"]] / paired[fast["network"]]).to_numpy(), ratio=True)
    useful = frame[(frame["more"] > 0) & (frame["longer"] > 0)]
    rate = (
        f"Most accuracy per extra second of an epoch is gained by {useful.loc[useful['rate'].idxmax(), 'network']}, "
        f"{useful['rate'].max():.2g} points a second"
        if len(useful)
        else "No slower network gains accuracy over it"
    )
    return (
        f"An epoch of 60,000 images takes {fast['seconds']:.3g} s with {fast['network']}, the fastest of {len(frame)} networks that were "
        f"trained and timed, and {slow['seconds']:.3g} s with {slow['network']}, {ratio} times as long. "
        f"Their mean test accuracies are {fast['accuracy']:.4f} and {slow['accuracy']:.4f}; the highest of these networks, "
        f"{best['accuracy']:.4f}, is that of {best['network']} at {best['seconds']:.3g} s and {best['parameters']:,.0f} parameters. "
        f"{rate}. "
        "Whether a gain is worth its seconds is for the reader to judge; the seconds hold for one machine, on which projections are folded "
        "head by head."
    )


@_of_trained
def recipe(results: "Results") -> str:
    """Answers which change of the recipe helps and which networks cannot be told from the best."""
    table = recipes_of(results)
    base = table[table["recipe"] == "as usual"].set_index("replicate")["test_accuracy"]
    lines = []
    for name, part in table[table["recipe"] != "as usual"].groupby("recipe", sort=False):
        own = part.set_index("replicate")["test_accuracy"]
        text, sign = _interval((_odds(own) - _odds(base)).dropna().to_numpy())
        verdict = {1: "helps", -1: "harms", 0: "is undecided"}[sign]
        lines.append(f"{name}: {verdict} ({own.mean():.4f}, {text})")
    wide = networks(results).pivot_table(index="replicate", columns="network", values="test_accuracy")
    best = best_network(results)
    level = [name for name in wide.columns if name != best and _interval((_odds(wide[best]) - _odds(wide[name])).to_numpy())[1] <= 0]
    return (
        f"With the network {table['network'].iloc[0]}, whose test accuracy is {base.mean():.4f}, differences of log-odds are as follows. "
        f"{'; '.join(lines)[:1].upper()}{'; '.join(lines)[1:]}. "
        f"Of {len(wide.columns)} networks with the usual recipe {best} has the highest mean, {wide[best].mean():.4f}; taken one by one, "
        f"{len(level)} of the others cannot be told from it. "
        "Being the highest of many is partly chance, so the next run may name another."
    )


def _odds(accuracy: "pd.Series[Any]") -> Any:
    """Log-odds, an accuracy of 1 or 0 taken half a test image off."""
    clipped = accuracy.clip(5e-5, 1 - 5e-5)
    return np.log(clipped / (1 - clipped))


def _interval(values: np.ndarray, *, ratio: bool = False) -> tuple[str, int]:
    """Mean with its 95 % interval as text, and its sign where shown; of logarithms as a ratio where wanted."""
    from annlab.lab.statistics import mean_interval

    found = mean_interval(np.asarray(values, dtype=float))
    sign = 1 if found.low > 0 else -1 if found.high < 0 else 0
    turn = np.exp if ratio else float
    return draw.format_interval(float(turn(found.mean)), float(turn(found.low)), float(turn(found.high))), sign


def _contrast(table: "pd.DataFrame", column: str, first: str, second: str) -> tuple[str, int]:
    """Paired difference of a column between two networks."""
    wide = table.pivot_table(index="replicate", columns="network", values=column)
    return _interval((wide[first] - wide[second]).dropna().to_numpy())
