"""The discussion questions of relevance-determination, answered from its results."""

from typing import TYPE_CHECKING

from annlab import draw
from annlab.studies.tabular.relevance_determination_ranking import LABELS
from annlab.studies.tabular.relevance_determination_reading import INSIDE, SYNTHETIC, input_names, outside, subsets, table_name

if TYPE_CHECKING:
    from annlab.lab import Results


def ols_and_ard(results: "Results") -> str:
    """Answers how the two weights differ."""

    def against(name: str) -> str:
        return str(draw.compare(results, name, {"method": "ard"}, {"method": "ols"}, **SYNTHETIC))

    def shown(name: str, method: str) -> str:
        return draw.measured(results, name, method=method, **SYNTHETIC)

    return (
        "Least squares gives every input the weight that fits the points best, noise included; ARD gives every weight a prior variance "
        "of its own, fitted by the evidence, and a variance that shrinks to zero takes its input out. "
        f"On 200 points with 100 inputs of which 10 matter, the weights of irrelevant inputs have a root mean square of "
        f"{shown('irrelevant_rms', 'ols')} with least squares and {shown('irrelevant_rms', 'ard')} with ARD. "
        f"The error of all weights with ARD, against least squares, is {against('weight_rmse')}. "
        f"At a threshold of 5 % of the largest weight its F1, against least squares, is {against('f1')}; its precision is "
        f"{shown('precision', 'ard')}, its recall {shown('recall', 'ard')}. "
        f"A share of {shown('near_zero', 'ard')} of its weights is near zero and {shown('exactly_zero', 'ard')} exactly zero. "
        f"{_lasso(results)}"
    )


def _lasso(results: "Results") -> str:
    found = draw.compare(results, "f1", {"method": "lasso"}, {"method": "ard"}, **SYNTHETIC)
    return f"The F1 of the lasso, against that of ARD at the same threshold, is {found}."


def which_inputs(results: "Results") -> str:
    """Answers which inputs each ranking keeps, and what the units do."""
    names, frame = input_names(results), subsets(results)
    sentences = []
    for ranked in ("standardised", "raw"):
        held = frame[(frame["ranking"] == LABELS["ard"]) & (frame["ranked_on"] == ranked)]
        if held.empty:
            continue
        first = held.iloc[0]
        sentences.append(
            f"On {ranked} inputs ARD most often keeps {', '.join(names[index] for index in first['subset'])}: in {first['share']:.0%} of "
            f"{first['splits']} splits. "
        )
    cell = {**INSIDE, "method": "ard", "keep": 3}
    difference = draw.compare(results, "test_accuracy", {"ranked_on": "raw"}, {"ranked_on": "standardised"}, **cell)
    zero = draw.measured(results, "ranking_zeros", ranked_on="raw", **cell)
    return (
        "".join(sentences)
        + "A weight has the unit of one over its input, so on raw inputs a ranking by weight is a ranking by units: an input with large "
        "numbers gets a small weight however much it matters. "
        f"ARD goes further and sets raw weights below about 0.01 to exactly zero (a share of {zero} of them here), because scikit-learn "
        "prunes where the precision of a weight passes 10000. "
        f"With the three inputs kept on raw inputs the network's test accuracy, against those kept on standardised ones, is {difference}. "
        "Rankings should be made on standardised inputs, and a split more or less should not change them."
    )


def selected_inputs(results: "Results") -> str:
    """Answers whether the network gains."""
    every = {**INSIDE, "method": "all"}
    chosen = {**INSIDE, "method": "ard", "ranked_on": "standardised", "keep": 3}
    fixed = {**INSIDE, "method": "fixed"}
    first = draw.compare(results, "test_accuracy", chosen, every)
    second = draw.compare(results, "test_accuracy", fixed, every)
    text = (
        f"On {table_name(results)} the network reaches a test accuracy of {draw.measured(results, 'test_accuracy', **every)} with all "
        f"inputs; the majority class has {draw.measured(results, 'majority_accuracy', **every)}. "
        f"With the three that ARD keeps on standardised training rows, against all, it is {first}. "
        f"With {', '.join(input_names(results)[index] for index in _fixed(results))}, whose numbers the report keeps, it is {second}. "
    )
    theirs = {"part": "inputs", "network": "scikit-learn", "solver": "sgd"}
    if not results.where(**theirs).cells:
        return text + "Whether the report's own network gains is undecided: this profile has no such cell."
    gained = draw.compare(results, "test_accuracy", {"method": "fixed"}, {"method": "all"}, scaled=False, **theirs)
    scaled = draw.compare(results, "test_accuracy", {"scaled": True}, {"scaled": False}, method="all", **theirs)
    return text + (
        f"With the report's likely set-up, scikit-learn's network on raw inputs, the accuracy with its three inputs, against all, is "
        f"{gained}. "
        f"With all inputs standardised, against raw, the accuracy of that network is {scaled}, without dropping any."
    )


def _fixed(results: "Results") -> tuple[int, ...]:
    return next(tuple(cell.params.fixed) for cell in results.cells if cell.params.part == "inputs")


def inside_the_fold(results: "Results") -> str:
    """Answers where the ranking belongs, and what goes wrong elsewhere."""
    narrowed = outside(results)
    if len(narrowed.cells) < 2:
        return (
            "Undecided: this profile does not rank outside the fold. Inside it the test rows decide nothing. The standard profile has both."
        )
    params = narrowed.cells[0].params
    leak = draw.compare(narrowed, "test_accuracy", {"ranked_rows": "all"}, {"ranked_rows": "training"})
    warned = (
        "The difference is accuracy that nobody would see on new rows. "
        if leak.sign > 0
        else "Here the difference does not show, which is no reason to rely on it. "
    )
    return (
        "Inside the fold: whatever is chosen by looking at targets is part of the training, and the test rows must not take part. "
        f"As a warning, {params.noise_inputs} columns of pure noise were added and {params.keep} inputs kept by their correlation with the "
        "target, once on the training rows and once on all. "
        f"Ranked on all rows the test accuracy is {leak}, against a ranking on the training rows with "
        f"{draw.measured(narrowed, 'test_accuracy', ranked_rows='training')}. "
        f"{warned}"
        "With few inputs and many rows the leak is small; it grows with the number of inputs that are looked through."
    )
