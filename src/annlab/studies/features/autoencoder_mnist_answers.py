"""The discussion questions of autoencoder-mnist, answered from its results."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.draw.formats import name_words
from annlab.lab.params import as_dict
from annlab.studies.features.autoencoder_mnist_grid import SEARCHED
from annlab.studies.features.autoencoder_mnist_reading import changes_of, codes_of, components_of, searched, smallest_batch

if TYPE_CHECKING:
    from annlab.lab import Results


def _plain(results: "Results", code: int) -> dict[str, Any]:
    return {**SEARCHED, "code_size": code, "batch_size": smallest_batch(results)}


def better(results: "Results") -> str:
    """Answers what makes a better autoencoder."""
    chosen = results.selected
    if chosen is None:
        return "Undecided: a cell is missing, so nothing is chosen. Every code and batch is needed. Run the study again to complete it."
    base = changes_of(results)["base"]
    found = {
        name_words(name): draw.compare(results, "validation_mse", as_dict(cell.params), as_dict(base.params))
        for name, cell in changes_of(results).items()
        if name != "base"
    }
    lists = {sign: "; ".join(f"{name}, {each}" for name, each in found.items() if each.sign == sign) or "none" for sign in (-1, 0, 1)}
    params = chosen.params
    test = draw.measured(results, "test_mse", stage="final")
    return (
        f"Among codes and batches, {params.code_size} units and batches of {params.batch_size} have the lowest held-out error after "
        f"{params.epochs} epochs, {draw.measured(results, 'validation_mse', **as_dict(params))} for each pixel. "
        f"On the test images, met once, this network has {test}. "
        f"Of single changes of the base (code {base.params.code_size}, batch {base.params.batch_size}, {base.params.epochs} epochs), these "
        f"are shown to lower the held-out error: {lists[-1]}. "
        f"These are shown to raise it: {lists[1]}. "
        f"These are undecided: {lists[0]}. "
        f"That makes {len(found)} comparisons, each at its own 95 %, so a narrow one may be chance."
    )


def size(results: "Results") -> str:
    """Answers what the size of the code does."""
    codes = codes_of(results)
    sentences = [
        f"{large} units against {small}: the held-out error is "
        f"{draw.compare(results, 'validation_mse', {'code_size': large}, {'code_size': small}, **_without_code(results))}."
        for small, large in pairwise(codes)
    ]
    gaps = [_mean(results, "validation_mse", code) / _mean(results, "train_mse", code) for code in (codes[0], codes[-1])]
    dead = [_mean(results, "dead_units", code) for code in (codes[0], codes[-1])]
    return (
        " ".join(sentences)
        + f" Held-out over training error is {gaps[0]:.2f} with {codes[0]} units and {gaps[1]:.2f} with {codes[-1]}; the network "
        + f"{'hardly learns images by heart' if max(gaps) < 1.2 else 'does learn images by heart'}. "
        + f"Of {codes[0]} rectified units {dead[0]:.0%} are never above zero, of {codes[-1]} units {dead[1]:.0%}: those carry nothing, "
        + "and the code is smaller than it is called."
    )


def _without_code(results: "Results") -> dict[str, Any]:
    return {**SEARCHED, "batch_size": smallest_batch(results)}


def _mean(results: "Results", metric: str, code: int) -> float:
    return float(results.values(metric, **_plain(results, code)).mean())


def how_long(results: "Results") -> str:
    """Answers how long training pays and what its time depends on."""
    codes, batch = codes_of(results), smallest_batch(results)
    frame = searched(results).where(batch_size=batch).series("curves")
    last = int(frame["epoch"].max())
    middle = max(1, last // 3)
    parts = []
    for code in (codes[0], codes[-1]):
        rows = frame[frame["code_size"] == code] if "code_size" in frame else frame
        late, early = (rows[rows["epoch"] == epoch]["validation_mse"].mean() for epoch in (last, middle))
        settled = _mean(results, "settled", code)
        parts.append(
            f"With {code} units the held-out error after {last} epochs is {late / early:.3f} times that after {middle}; the training loss "
            f"is stable (no five epochs lower it by more than 5 %) after {settled:.0f} epochs on average."
        )
    table = results.timings
    times = {
        code: float(results.where(**_plain(results, code)).timings["epoch"].mean()) if not table.empty else float("nan") for code in codes
    }
    ratio = times[codes[-1]] / times[codes[0]]
    batches = sorted({cell.params.batch_size for cell in searched(results).cells})
    by_batch = draw.compare(
        results, "validation_mse", {"batch_size": batches[0]}, {"batch_size": batches[-1]}, **{**SEARCHED, "code_size": codes[-1]}
    )
    return (
        " ".join(parts)
        + f" At the same number of epochs batches of {batches[0]} make {batches[-1] / batches[0]:.0f} times as many steps as those of "
        + f"{batches[-1]}; with {codes[-1]} units the held-out error is {by_batch}. "
        + f"Time grows in proportion to the epochs, and here an epoch with {codes[-1]} units takes {ratio:.1f} times as long as one with "
        + f"{codes[0]}. Where reading the images takes most of the time, as in loops that load them batch by batch, the code hardly shows; "
        + "here they lie ready in memory and the products are what is paid for."
    )


def components(results: "Results") -> str:
    """Answers what an autoencoder gains over principal components."""
    sizes = sorted({cell.params.code_size for cell in components_of(results).cells} & set(codes_of(results)))
    if not sizes:
        return "Undecided: this profile has no principal components. They are a cell of the standard profile. Run that one to compare."
    parts = [
        f"With {code} the held-out error of the autoencoder against that of components is "
        f"{draw.compare(results, 'validation_mse', _plain(results, code), {'model': 'pca', 'code_size': code})}."
        for code in sizes
    ]
    linear = changes_of(results).get("linear")
    text = ""
    if linear is not None:
        same = draw.compare(results, "train_mse", as_dict(linear.params), {"model": "pca", "code_size": linear.params.code_size})
        text = (
            f" A linear autoencoder cannot do better than components on the images it is trained on: its training error is {same} after "
            f"{linear.params.epochs} epochs."
        )
    return (
        "Components are the best that a linear map through so many numbers can do on the training images. "
        + " ".join(parts)
        + text
        + " What the network adds is the sigmoid, which cuts to black and white, and the rectifier, which switches off units that an image "
        + "does not need."
    )


def sharp(results: "Results") -> str:
    """Answers how sharp reconstructions are and which digits are hardest."""
    codes = codes_of(results)
    frame = searched(results).where(batch_size=smallest_batch(results)).series("by_digit")
    ranks = []
    for code in (codes[0], codes[-1]):
        rows = frame[frame["code_size"] == code] if "code_size" in frame else frame
        means = rows.groupby("digit")["mse"].mean().sort_values()
        ranks.append(
            f"With {code} units the digit {means.index[-1]} has the largest held-out error, {draw.format_number(float(means.iloc[-1]))} a "
            f"pixel, and the {means.index[0]} the smallest, {draw.format_number(float(means.iloc[0]))}."
        )
    difference = draw.compare(results, "sharpness", {"code_size": codes[-1]}, {"code_size": codes[0]}, **_without_code(results))
    values = results.values("sharpness", **_plain(results, codes[-1]))
    shown = [draw.measured(results, "sharpness", **_plain(results, code)) for code in (codes[0], codes[-1])]
    level = float(np.mean(values))
    found = "They stay blurred" if level < 0.9 else "They come near the originals" if level < 1.1 else "Above 1 it is grain, not sharpness"
    return (
        f"The reconstructions have {shown[0]} of the originals' Laplacian energy with {codes[0]} units and {shown[1]} with {codes[-1]}; "
        f"the latter is {difference}. "
        f"{found}: squared errors are lowest for the mean of all images that the code cannot tell apart, which is smooth, while few "
        "steps leave the noise of the first weights. " + " ".join(ranks)
    )
