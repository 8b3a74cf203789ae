"""Answers to the questions of bigger-model-optimisers."""

from typing import TYPE_CHECKING, Any

from annlab import draw
from annlab.studies.supervised.bigger_model_optimisers_reading import KERAS_RHO, NAMES, compared, data_of, images_of, setting, table_of

if TYPE_CHECKING:
    import pandas as pd

    from annlab.lab import Results

OWN = ("optimizer", "learning_rate", "momentum", "rho", "eps")


def what_is_counted(results: "Results") -> str:
    """Answers how many parameters there are."""
    metrics = compared(results)[0].outcome.metrics  # type: ignore[union-attr]
    names = ("convolution_1", "convolution_2", "dense")
    first, second, dense = (f"{metrics[f'parameters_{name}']:,.0f}" for name in names)
    share = metrics["parameters_convolution_2"] / metrics["parameters"]
    return (
        f"The first convolution has 3 · 3 · 1 · 32 weights and 32 biases, {first}; the second 3 · 3 · 32 · 64 and 64, {second}. "
        "Each pooling halves the maps, 28 to 26 to 13 and 11 to 5 pixels, so that the dense layer meets 5 · 5 · 64 = 1600 inputs: "
        f"with ten outputs it has {dense} parameters. "
        f"Together they are {metrics['parameters']:,.0f}, or {metrics['parameters'] * 4 / 1024:.2f} KiB in single precision; pooling, "
        f"flattening and dropout have none, and {metrics['parameters_fixed']:.0f} of them do not learn. "
        f"The second convolution holds {share:.0%} of them, though no convolution's count depends on the size of the image. "
        "With padding the maps would be 28, 14 and 7 pixels wide, the dense layer would meet 7 · 7 · 64 = 3136 inputs, and the total be "
        f"{metrics['parameters_same']:,.0f}."
    )


def which_optimiser(results: "Results") -> str:
    """Answers what Adam, SGD and Adadelta reach."""
    means = table_of(results, fresh=True).groupby("setting")["validation_accuracy"].mean()
    common: dict[str, Any] = {"images": images_of(results), "before": ()}
    adam = {"optimizer": "adam", **common}
    return (
        f"With fresh weights ({data_of(results)}) Adam reaches a test accuracy of {draw.measured(results, 'test_accuracy', **adam)} and a "
        f"cross-entropy of {draw.measured(results, 'test_loss', **adam)}. "
        f"{_best_of(results, 'sgd', means, common)} {_best_of(results, 'adadelta', means, common)} "
        f"By validation accuracy {means.idxmax()} comes first at {means.max():.4f} and {means.idxmin()} last at {means.min():.4f}. "
        f"{_rates(results, common)}"
    )


def _best_of(results: "Results", optimiser: str, means: "pd.Series[float]", common: dict[str, Any]) -> str:
    """The setting of an optimiser with the highest validation accuracy, against Adam."""
    cells = [cell for cell in results.where(optimizer=optimiser, **common).cells if setting(cell.params) in means]
    best = max(cells, key=lambda cell: means[setting(cell.params)])
    where, adam = {name: getattr(best.params, name) for name in OWN}, {"optimizer": "adam"}
    accuracy, soon = (draw.compare(results, name, where, adam, **common) for name in ("test_accuracy", "threshold_epoch"))
    reached = draw.measured(results, "test_accuracy", **where, **common)
    return (
        f"The best of the family {NAMES[optimiser]}, {setting(best.params)}, reaches {reached}; against Adam that is {accuracy}, and the "
        f"epoch at which it passes a validation accuracy of {best.params.threshold:g} is {soon}."
    )


def _rates(results: "Results", common: dict[str, Any]) -> str:
    """How much Adadelta's learning rate matters, with the decay and epsilon of Keras."""
    keras = {"optimizer": "adadelta", "rho": KERAS_RHO, **common}
    rates = sorted({cell.params.learning_rate for cell in results.where(**keras).cells})
    found = draw.compare(results, "test_loss", {"learning_rate": rates[0]}, {"learning_rate": rates[-1]}, **keras)
    verdict = "so it does need one" if found.decided else "so these runs do not show that it needs one"
    return (
        f"Adadelta is said to need no learning rate: at {rates[0]:g} its test cross-entropy against that at {rates[-1]:g} is {found}, "
        f"{verdict}."
    )


def replaced_or_fresh(results: "Results") -> str:
    """Answers whether the start matters."""
    after: dict[str, Any] = {"before": ("adam",)}
    fresh: dict[str, Any] = {"before": ()}
    images: dict[str, Any] = {"images": images_of(results)}
    cells = results.where(**images, **after).cells[:3]
    sentences, signs = [], []
    for cell in cells:
        own = {name: getattr(cell.params, name) for name in OWN} | images
        found = draw.compare(results, "test_accuracy", after, fresh, **own)
        signs.append(found.sign)
        ends = draw.measured(results, "test_accuracy", **own, **after)
        sentences.append(f"{setting(cell.params)} ends at a test accuracy of {ends}; against the same from fresh weights that is {found}.")
    start = draw.measured(results, "start_accuracy", **{name: getattr(cells[0].params, name) for name in OWN}, **images, **after)
    gained, lost = sum(sign > 0 for sign in signs), sum(sign < 0 for sign in signs)
    return (
        "A notebook cell that is run again with another optimiser goes on from the weights that are there; only a model built anew starts "
        f"afresh. Such a network begins here with a validation accuracy of {start}. "
        f"{' '.join(sentences)} "
        f"Shown to end higher than from fresh weights: {gained} of {len(signs)}; lower: {lost}. "
        f"{'What was gained is owed to the training before.' if gained else 'A gain from the training before is not shown.'}"
    )
