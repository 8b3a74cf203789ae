"""The discussion questions of autoencoder-mnist, answered from its results."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.draw.formats import format_interval, name_words
from annlab.lab.params import as_dict
from annlab.lab.statistics import Interval, mean_interval
from annlab.studies.features.autoencoder_mnist_grid import SEARCHED
from annlab.studies.features.autoencoder_mnist_reading import changes_of, codes_of, components_of, searched, smallest_batch

if TYPE_CHECKING:
    import pandas as pd

    from annlab.lab import Results

ALIKE = 1.25
"""Times are alike where neither is more than so many times the other: the margin of the claims on times."""
CLOCKED = (1, 5, 20)
"""Epochs whose time every cell stores, as far as it has them."""


def better(results: "Results") -> str:
    """Answers what makes a better autoencoder."""
    chosen = results.selected
    if chosen is None:
        return "Undecided: a cell is missing, so nothing is chosen. Every code and batch is needed. Run the study again to complete it."
    params = chosen.params
    if results.final.empty:
        tested = "This network has not met the test images: the final stage is not computed."
    else:
        tested = f"On the test images, met once, this network has {draw.measured(results, 'test_mse', stage='final')}."
    return (
        f"Among codes and batches, {params.code_size} units and batches of {params.batch_size} have the lowest held-out error for each "
        f"pixel after {params.epochs} epochs: {draw.measured(results, 'validation_mse', **as_dict(params))}. {tested} {_changes(results)}"
    )


def _changes(results: "Results") -> str:
    """What single changes of the base do, in sentences."""
    cells = changes_of(results)
    base = cells.pop("base", None)
    if base is None or not cells:
        return "Single changes of the base are no part of this run, so what they do is not said."
    found = {
        name_words(name): draw.compare(results, "validation_mse", as_dict(cell.params), as_dict(base.params))
        for name, cell in cells.items()
    }
    lists = {sign: "; ".join(f"{name}, {each}" for name, each in found.items() if each.sign == sign) or "none" for sign in (-1, 0, 1)}
    return (
        f"Of single changes of the base (code {base.params.code_size}, batch {base.params.batch_size}, {base.params.epochs} epochs), these "
        f"are shown to lower the held-out error: {lists[-1]}. "
        f"These are shown to raise it: {lists[1]}. "
        f"These are undecided: {lists[0]}. "
        f"That makes {len(found)} comparison{'s' * (len(found) > 1)}, each at its own 95 %, so a narrow one may be chance."
    )


def size(results: "Results") -> str:
    """Answers what the size of the code does."""
    codes = codes_of(results)
    sentences = [
        f"{large} units against {small}: the held-out error is "
        f"{draw.compare(results, 'validation_mse', {'code_size': large}, {'code_size': small}, **_without_code(results))}."
        for small, large in pairwise(codes)
    ]
    if len(codes) == 1:
        sentences.append(f"One code alone was trained, of {codes[0]} units, so what its size does is not compared.")
    return " ".join([*sentences, *_by_heart(results, codes), _idle(results, codes)])


def _by_heart(results: "Results", codes: list[int]) -> list[str]:
    """Held-out over training error of each code, and for which it is shown to be above 1."""
    ratios = {
        code: _log_ratio(*(results.values(name, **_plain(results, code)) for name in ("validation_mse", "train_mse"))) for code in codes
    }
    placed = {code: _side(ratio) for code, ratio in ratios.items()}
    shown = "; ".join(f"{_counted(ratio)} with {code} units" for code, ratio in ratios.items())
    words = {1: "is shown to be above 1", -1: "is shown to be below 1", 0: "is undecided on which side of 1 it lies"}
    found = [f"with {_joined(held)} units it {words[side]}" for side in words if (held := [code for code in codes if placed[code] == side])]
    heart = "; above 1, the network fits its training images better than others" if 1 in placed.values() else ""
    return [f"Held-out over training error, paired by replicate, is {shown}.", f"{'; '.join(found).capitalize()}{heart}."]


def _idle(results: "Results", codes: list[int]) -> str:
    """Units that are never above zero, in a sentence."""
    dead = {code: float(results.values("dead_units", **_plain(results, code)).mean()) for code in codes}
    idle = [f"{draw.format_number(100 * share, 2)} % of {code}" for code, share in dead.items() if share > 0]
    if not idle:
        return f"Of {_joined(codes)} rectified units each is above zero for some held-out image."
    busy = [code for code in codes if dead[code] == 0]
    rest = f"; of {_joined(busy)} each is above zero for some" if busy else ""
    return (
        f"Of the rectified units some are above zero for no held-out image and carry nothing, so that the code is smaller than it is "
        f"called: {', '.join(idle)}{rest}."
    )


def _plain(results: "Results", code: int) -> dict[str, Any]:
    return {**_without_code(results), "code_size": code}


def _without_code(results: "Results") -> dict[str, Any]:
    return {**SEARCHED, "batch_size": smallest_batch(results)}


def _ends(codes: list[int]) -> list[int]:
    """The smallest and the largest code; one where they are the same."""
    return sorted({codes[0], codes[-1]})


def _joined(values: Iterable[object]) -> str:
    """``16``, ``16 and 32``, ``16, 32 and 64``."""
    *first, last = map(str, values)
    return f"{', '.join(first)} and {last}" if first else last


def _log_ratio(first: Any, second: Any) -> Interval:
    """Mean of log(first / second) over replicates with its 95 % interval; frames' columns are paired by their index."""
    return mean_interval(np.log(first / second))


def _times(ratio: Interval) -> str:
    """The interval of a logarithm of ratios as a ratio: ``1.02 [1.01, 1.03]``."""
    return format_interval(math.exp(ratio.mean), math.exp(ratio.low), math.exp(ratio.high))


def _counted(ratio: Interval) -> str:
    """The same with the number of replicates: ``1.02 [1.01, 1.03], n = 5``."""
    return f"{_times(ratio)}, n = {ratio.n}"


def _side(interval: Interval) -> int:
    """1 where the interval lies above zero, -1 below, 0 where it holds zero or has no ends."""
    return 1 if interval.low > 0 else -1 if interval.high < 0 else 0


def how_long(results: "Results") -> str:
    """Answers how long training pays and what its time depends on."""
    codes, batch = codes_of(results), smallest_batch(results)
    sentences = []
    for code in _ends(codes):
        rows = results.where(**_plain(results, code)).series("curves").pivot(index="replicate", columns="epoch", values="validation_mse")
        last = int(rows.columns.max())
        middle = max(1, last // 3)
        later = _counted(_log_ratio(rows[last], rows[middle]))
        settled = float(results.values("settled", **_plain(results, code)).mean())
        sentences.append(
            f"With {code} units the held-out error after {last} epochs over that after {middle} is {later}; the training loss is stable "
            f"(no five epochs lower it by more than 5 %) after {settled:.0f} epochs on average, {last} where it still falls."
        )
    batches = sorted({cell.params.batch_size for cell in searched(results).cells})
    if len(batches) > 1:
        by_batch = draw.compare(
            results, "validation_mse", {"batch_size": batch}, {"batch_size": batches[-1]}, **{**SEARCHED, "code_size": codes[-1]}
        )
        sentences.append(
            f"At the same number of epochs batches of {batch} make {batches[-1] / batch:.0f} times as many steps as those of "
            f"{batches[-1]}; with {codes[-1]} units the held-out error is {by_batch}."
        )
    return " ".join([*sentences, *_time(results, _ends(codes))])


def _time(results: "Results", codes: list[int]) -> list[str]:
    """What time depends on, in sentences: on the epochs, on the code, and how it was taken."""
    by_clock = {code: _first_length(results.where(timed=True, code_size=code).timings) for code in codes}
    alone = all(len(frame) for frame in by_clock.values())
    frames = by_clock if alone else {code: results.where(**_plain(results, code)).timings.set_index("replicate") for code in codes}
    marks = [epoch for epoch in CLOCKED if all(f"epochs_{epoch}" in frame for frame in frames.values())]
    sentences = []
    if len(marks) > 1:
        early, late = marks[-2:]
        ratios = {code: _log_ratio(frame[f"epochs_{late}"], frame[f"epochs_{early}"]) for code, frame in frames.items()}
        shown = _joined(f"{_as_timed(ratio, alone)} times as long as {early} with {code} units" for code, ratio in ratios.items())
        grows = "grows" if all(_apart(ratio, late / early, alone) == 0 for ratio in ratios.values()) else "is not shown to grow"
        sentences.append(
            f"{late} epochs take {shown}, where proportion asks for {late / early:g}; so, to a quarter, time {grows} in proportion to the "
            "epochs."
        )
    if len(codes) > 1:
        small, large = codes
        ratio = _log_ratio(frames[large]["epoch"], frames[small]["epoch"])
        apart = _apart(ratio, 1.0, alone)
        sentences.append(
            f"An epoch with {large} units takes {_as_timed(ratio, alone)} times as long as one with {small}. {SIZE_SHOWS[apart]}"
        )
    else:
        sentences.append("One code alone was trained, so what its size does to the time is not measured.")
    taken = (
        f"These jobs ran alone, one replicate each, n = {len(frames[codes[0]])}."
        if alone
        else "All replicates of a job have one clock and other jobs ran beside, so these ratios are rough and without interval."
    )
    return [*sentences, taken]


SIZE_SHOWS = {
    1: "So the size of the code shows in the time: the images lie ready in memory, and a loop that mostly waits for them would show less.",
    0: "So, to a quarter, the size of the code does not show in the time, most of which goes into what is the same for every code.",
    -1: "That the larger code is the faster one says how rough these times are.",
    None: "Whether they differ by more than a quarter is undecided.",
}
"""What the ratio of times of two codes says, by its place as `_apart` gives it."""


def _first_length(timings: "pd.DataFrame") -> "pd.DataFrame":
    """Timings of the shortest of these cells, by replicate."""
    shortest: pd.DataFrame = timings.loc[timings["epochs"] == timings["epochs"].min()]
    return shortest.set_index("replicate")


def _as_timed(ratio: Interval, alone: bool) -> str:
    """A ratio of times, with its interval only where the jobs ran alone: replicates of one job share one clock."""
    return _times(ratio) if alone else draw.format_number(math.exp(ratio.mean))


def _apart(ratio: Interval, expected: float, alone: bool) -> int | None:
    """0 where a ratio of times is `ALIKE` to the expected one, 1 above, -1 below; None where its interval leaves that open."""
    low, high = (ratio.low, ratio.high) if alone and ratio.n > 1 else (ratio.mean, ratio.mean)
    low, high, margin = low - math.log(expected), high - math.log(expected), math.log(ALIKE)
    if -margin <= low and high <= margin:
        return 0
    return 1 if low > margin else -1 if high < -margin else None


def components(results: "Results") -> str:
    """Answers what an autoencoder gains over principal components."""
    sizes = sorted({cell.params.code_size for cell in components_of(results).cells} & set(codes_of(results)))
    if not sizes:
        return "Undecided: this profile has no principal components. They are a cell of the standard profile. Run that one to compare."
    found = {code: draw.compare(results, "validation_mse", _plain(results, code), {"model": "pca", "code_size": code}) for code in sizes}
    sentences = [
        "Components are the best that a linear map through so many numbers can do on the training images.",
        *(f"With {code} the held-out error of the autoencoder against that of components is {each}." for code, each in found.items()),
    ]
    linear = changes_of(results).get("linear")
    if linear is not None:
        same = draw.compare(results, "train_mse", as_dict(linear.params), {"model": "pca", "code_size": linear.params.code_size})
        sentences.append(
            f"A linear autoencoder cannot do better than components on the images it is trained on: its training error is {same} after "
            f"{linear.params.epochs} epochs."
        )
    own = "the sigmoid, which cuts to black and white, and the rectifier, which switches off units that an image does not need"
    gained = [code for code, each in found.items() if each.sign < 0]
    sentences.append(
        f"What the network has beyond a linear map is {own}; with {_joined(gained)} units it is shown to do better than components."
        if gained
        else f"What the network has beyond a linear map is {own}; that they gain anything is not shown here."
    )
    return " ".join(sentences)


def sharp(results: "Results") -> str:
    """Answers how sharp reconstructions are and which digits are hardest."""
    codes = _ends(codes_of(results))
    words = {1: "above 1 is shown", -1: "below 1 is shown", 0: "the side of 1 is undecided"}
    shown = [
        f"{draw.measured(results, 'sharpness', **_plain(results, code))}, with {code} units ("
        f"{words[_side(mean_interval(results.values('sharpness', **_plain(results, code)) - 1))]})"
        for code in codes
    ]
    sentences = [f"The reconstructions have {_joined(shown)} of the originals' Laplacian energy."]
    if len(codes) > 1:
        difference = draw.compare(results, "sharpness", {"code_size": codes[-1]}, {"code_size": codes[0]}, **_without_code(results))
        sentences.append(f"With {codes[-1]} units it is {difference} against {codes[0]}.")
    sentences.append(
        "Below 1 is blur, as squared errors are lowest for the mean of all images that the code cannot tell apart, which is smooth; above "
        "1 is grain, as few steps leave it of the noise of the first weights."
    )
    for code in codes:
        means = results.where(**_plain(results, code)).series("by_digit").groupby("digit")["mse"].mean().sort_values()
        sentences.append(
            f"With {code} units the digit {means.index[-1]} has the largest mean held-out error, "
            f"{draw.format_number(float(means.iloc[-1]))} a pixel, and the {means.index[0]} the smallest, "
            f"{draw.format_number(float(means.iloc[0]))}."
        )
    return " ".join(sentences)
