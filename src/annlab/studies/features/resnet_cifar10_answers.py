"""Answers of resnet-cifar10, their numbers and directions read from the results."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.draw.answers import ABSENT
from annlab.lab.params import as_dict
from annlab.lab.statistics import mean_interval
from annlab.studies.features.resnet_cifar10_reading import WORDS, class_names, classes_frame, main, main_cell, main_counts, pair_shares

if TYPE_CHECKING:
    from annlab.lab import Results


def where_it_errs(results: "Results") -> str:
    """The worst and the best classes, the pairs taken for each other, and how sure the network is of its mistakes."""
    cell, frame = main_cell(results), classes_frame(results)
    order = list(dict.fromkeys(frame["name"]))
    shares = {name: frame.loc[frame["name"] == name, "error_share"].to_numpy(float) for name in order}
    worst, second, third, best = order[0], order[1], order[2], order[-1]
    pairs = pair_shares(results)
    first = pairs[pairs["pair"] == pairs["pair"].iloc[0]]
    a, b = int(first["a"].iloc[0]), int(first["b"].iloc[0])
    names, n = class_names(results), len(class_names(results))
    errors = frame.pivot_table(index="replicate", columns="name", values="errors")
    both = (errors[worst] + errors[second]) / errors.sum(axis=1).clip(lower=1)
    return (
        f"ResNet-{main(results).depth} ({main(results).width} maps) classifies {draw.measured(results, 'test_accuracy', **cell)} of the "
        f"test images of {main(results).data} rightly. "
        f"It errs most on {worst}, {_share(shares[worst])} of whose images are wrong, then on {second} ({_share(shares[second])}), and "
        f"least on {best} ({_share(shares[best])}). "
        f"That both are worse than the third, {third}, is {_apart(np.minimum(shares[worst], shares[second]) - shares[third])}. "
        f"These two classes hold {_share(both.to_numpy(float))} of all errors, "
        f"where {2 / n:.2f} would be an even share. "
        f"The pair taken for each other most often is {names[a]} and {names[b]}, with {_share(first['share'].to_numpy(float))} of all "
        f"errors, where {2 / (n * (n - 1)):.3f} would be an even share. "
        f"Of the wrong images of {names[a]}, {_taken(results, a, b)} are taken for {names[b]}, and of those of {names[b]}, "
        f"{_taken(results, b, a)} for {names[a]}. "
        f"In {draw.measured(results, 'sure_errors', **cell)} of its errors the network gives the wrong class a probability above 0.9."
    )


def what_changes(results: "Results") -> str:
    """Paired comparisons of test accuracy among the cells that hold images out."""
    base = next(as_dict(cell.params) for cell in results.cells if cell.params.held_out)

    def of(name: str, one: Any, other: Any, metric: str = "test_accuracy") -> str:
        common = {key: value for key, value in base.items() if key != name}
        return str(draw.compare(results, metric, {name: one}, {name: other}, **common))

    depths = sorted({cell.params.depth for cell in results.cells})
    deeper = f"{depths[-1]} layers against {depths[0]}" if len(depths) > 1 else "another depth"
    further = {
        "mirrored ones against those as they are": of("augmentation", "flip", "none"),
        "cropped ones against those as they are": of("augmentation", "crop", "none"),
        "a hole cut out besides": of("augmentation", "crop-flip-cut", "crop-flip"),
        deeper: of("depth", depths[-1], depths[0]) if len(depths) > 1 else ABSENT,
        "the stem for large images against the one for small images": of("stem", "imagenet", "cifar"),
    }
    found = "; ".join(f"{what}: {text}" for what, text in further.items() if text != ABSENT)
    absent = ", ".join(what for what, text in further.items() if text == ABSENT)
    return (
        f"With images {WORDS['crop-flip']} at random the test accuracy is {of('augmentation', 'crop-flip', 'none')} than with images "
        f"{WORDS['none']}. "
        f"The training accuracy, on images as they are, is {of('augmentation', 'crop-flip', 'none', 'train_accuracy')}, and the gap "
        f"between training and test accuracy is {of('augmentation', 'crop-flip', 'none', 'gap')}. "
        + (f"The test accuracy of further pairs: {found}. " if found else "")
        + (f"Not measured in this profile: {absent}. " if absent else "")
        + "Networks of a replicate learn from the same images and start from the same stream of weights."
    )


def _share(values: np.ndarray) -> str:
    found = mean_interval(values)
    return draw.format_interval(found.mean, found.low, found.high)


def _taken(results: "Results", true: int, predicted: int) -> str:
    counts = main_counts(results)
    return _share(counts[:, true, predicted] / np.maximum(1.0, counts[:, true].sum(axis=1) - counts[:, true, true]))


def _apart(differences: np.ndarray) -> str:
    found = mean_interval(differences)
    decided = "shown" if found.low > 0 else "refuted" if found.high < 0 else "undecided"
    return f"{decided} (by {draw.format_interval(found.mean, found.low, found.high)}, n = {found.n})"
