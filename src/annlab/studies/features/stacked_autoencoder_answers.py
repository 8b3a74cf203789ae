"""The discussion questions of stacked-autoencoder, answered from its results."""

from typing import TYPE_CHECKING, Any

from annlab import draw
from annlab.studies.features.stacked_autoencoder_grid import LABELS
from annlab.studies.features.stacked_autoencoder_reading import (
    HANDOUT,
    arms,
    lengths,
    network,
    not_learned,
    reference,
    schedule_of,
)

if TYPE_CHECKING:
    from annlab.draw.answers import Comparison
    from annlab.lab import Results

UNDECIDED = "Undecided: this run does not hold the cells that would tell. They are missing, or they failed. The whole profile has them."


def better(results: "Results") -> str:
    """Answers which training gives the better autoencoder."""
    found = arms(results)
    both, updates, work = found.values()
    size = network(both["hidden_sizes"])
    compared = {"as many updates": updates, "as much arithmetic": work}
    said = [f"against {name} of the whole alone it is {draw.compare(results, 'test_mse', both, cell)}" for name, cell in compared.items()]
    return (
        f"A {size} autoencoder trained layer by layer and left so has a squared error for each pixel of "
        f"{draw.measured(results, 'layerwise_mse', **both)} on test images; trained on as a whole, "
        f"{draw.measured(results, 'test_mse', **both)}. "
        f"The latter error, {said[0]}, and {said[1]}. "
        f"As many principal components have {draw.measured(results, 'pca_mse', **both)}, the mean image "
        f"{draw.measured(results, 'mean_mse', **both)}. "
        f"So the joint training {_helps(results, both)}."
    )


def _helps(results: "Results", cell: dict[str, Any]) -> str:
    joint, layers = results.values("test_mse", **cell), results.values("layerwise_mse", **cell)
    lower = int((joint < layers).sum())
    if lower == len(joint):
        return f"lowered the error in all {lower} replicates, by a factor of {float((layers / joint).mean()):.2f} on average"
    return f"lowered the error in {lower} of {len(joint)} replicates, which leaves its use undecided"


def size(results: "Results") -> str:
    """Answers whether the size of the layers matters."""
    same = reference(results)
    mine = {**HANDOUT, **same, "pretrain": True}
    others = [cell.params.hidden_sizes for cell in results.where(**{**mine, "hidden_sizes": _all_sizes(results)}).cells]
    others = [each for each in others if each != same["hidden_sizes"]]
    said = _listed(
        {
            network(each): draw.compare(
                results,
                "test_accuracy",
                {"hidden_sizes": each},
                {"hidden_sizes": same["hidden_sizes"]},
                **{name: value for name, value in mine.items() if name != "hidden_sizes"},
            )
            for each in others
        }
    )
    wide = _reconstructors(results)
    return (
        f"With the handout's recipe ({_length(same)}) a {network(same['hidden_sizes'])} classifier reaches a test accuracy of "
        f"{draw.measured(results, 'test_accuracy', **mine)}. "
        f"Against it the accuracy of other sizes is {said}. "
        f"{not_learned(results.where(**HANDOUT))} "
        f"As reconstructors, {wide}. "
        f"{_longer_code(results)}"
    )


def _length(settings: dict[str, Any]) -> str:
    return f"epochs {schedule_of(settings)}"


def _all_sizes(results: "Results") -> list[tuple[int, ...]]:
    return list(dict.fromkeys(cell.params.hidden_sizes for cell in results.cells))


def _listed(compared: "dict[str, Comparison]") -> str:
    return "; ".join(f"{found} for {name}" for name, found in compared.items()) or "not measured in this profile"


def _reconstructors(results: "Results") -> str:
    cells = results.where(task="reconstructor", pretrain=True).cells
    return "; ".join(
        f"{network(cell.params.hidden_sizes)} has a test MSE of "
        f"{draw.measured(results, 'test_mse', task='reconstructor', pretrain=True, hidden_sizes=cell.params.hidden_sizes)}"
        for cell in cells
    )


def _longer_code(results: "Results") -> str:
    """What a longer code behind the same layers does to the error, where both are there."""
    sizes = sorted(cell.params.hidden_sizes for cell in results.where(task="reconstructor", pretrain=True).cells)
    pairs = [(short, long) for short in sizes for long in sizes if short[:-1] == long[:-1] and short[-1] < long[-1]]
    if not pairs:
        return "Codes of two lengths behind the same layers are not measured in this profile."
    short, long = pairs[0]
    found = draw.compare(results, "test_mse", {"hidden_sizes": long}, {"hidden_sizes": short}, task="reconstructor", pretrain=True)
    return f"A code of {long[-1]} units instead of {short[-1]} behind the same first layers has an error that is {found}."


def fine_tuning(results: "Results") -> str:
    """Answers how the classifier does before and after fine-tuning."""
    same = {**reference(results), "pretrain": True}
    kept = lengths(results)
    tuned, before = results.values("test_accuracy", **same), results.values("accuracy_classifier", **same)
    ratio = results.values("classifier_loss_ratio", **same)
    if not len(tuned):
        return UNDECIDED
    gain = (tuned - before).mean()
    return (
        f"With the handout's recipe ({network(same['hidden_sizes'])}, {_length(same)}) the test accuracy is "
        f"{draw.measured(results, 'accuracy_initial', **same)} before training and {draw.measured(results, 'accuracy_pretrain', **same)} "
        "after the layers, when the linear layer is still random. "
        f"After the linear layer's own stage it is {draw.measured(results, 'accuracy_classifier', **same)}, the loss in that stage "
        f"having gone to {ratio.mean():.2f} times what it was. "
        f"After fine-tuning it is {draw.measured(results, 'test_accuracy', **same)}: {'a gain' if gain > 0 else 'a loss'} of "
        f"{abs(gain):.3f} on average, {'up' if (tuned > before).all() else 'not up'} in every replicate. "
        f"{len(kept.cells)} lengths of training were tried with this network. "
        f"{_chosen(results)}"
    )


def _chosen(results: "Results") -> str:
    if results.selected is None or results.final.empty:
        return "The recipe of our own has not been run to the end."
    return (
        f"The recipe chosen on validation images, {network(results.selected.params.hidden_sizes)} trained on "
        f"{results.selected.params.images} images at most, reaches {draw.measured(results, 'test_accuracy', stage='final')}."
    )


def benefit(results: "Results") -> str:
    """Answers what pre-training brings."""
    same = reference(results)
    reported = draw.compare(results, "test_accuracy", {"pretrain": True}, {"pretrain": False}, **same)
    swept = [n for n in LABELS if f"accuracy_{n}" in results.where(task="labels").table]
    pre: dict[str, Any] = {"task": "labels", "pretrain": True}
    once: dict[str, Any] = {"task": "labels", "pretrain": False}
    found = {n: draw.compare(results, f"accuracy_{n}", pre, once) for n in swept}
    up, down = ([str(n) for n, each in found.items() if each.sign == sign] for sign in (1, -1))
    open_ = [str(n) for n, each in found.items() if each.sign == 0]
    if not swept:
        return UNDECIDED
    few, many = swept[0], swept[-1]
    return (
        f"Against the same network trained at once for as many updates, the handout's recipe in three stages ends with an accuracy that is "
        f"{reported}. "
        "With an encoder trained on all images, labels or not, and the binary cross-entropy, the use may depend on the labels: "
        f"with {few} labels the accuracy is {draw.measured(results, f'accuracy_{few}', **pre)} against "
        f"{draw.measured(results, f'accuracy_{few}', **once)} at once, with {many} labels "
        f"{draw.measured(results, f'accuracy_{many}', **pre)} against {draw.measured(results, f'accuracy_{many}', **once)}. "
        f"Pre-training is shown to raise it with {', '.join(up) or 'no number of'} labels and to lower it with "
        f"{', '.join(down) or 'no number of'} labels. "
        f"Undecided: {', '.join(open_) or 'none'}."
    )
