"""The questions of cnn-architectures, answered from its results."""

from typing import TYPE_CHECKING

from annlab import draw
from annlab.measure.convolution import dense_parameters
from annlab.nets.layers import Conv
from annlab.studies.features.cnn_architectures_networks import shapes_of
from annlab.studies.features.cnn_architectures_reading import (
    FACTORS,
    READINGS,
    REPORTS,
    best_case,
    costs,
    data_text,
    mean_of,
    names,
    unbeaten,
    usual,
)

if TYPE_CHECKING:
    from annlab.lab import Results


def _accuracy(results: "Results", case: str, name: str = "test_accuracy") -> str:
    return draw.measured(results, name, case=case)


def _against(results: "Results", first: str, second: str, name: str = "test_accuracy") -> str:
    return str(draw.compare(results, name, {"case": first}, {"case": second}))


def sizes(results: "Results") -> str:
    """Answers map sizes and parameters of the handout's network."""
    rows = shapes_of(results.where(case="handout").cells[0].params)
    convolutions = [row for row in rows if isinstance(row.layer, Conv)]
    edges = ", ".join(str(row.output_shape[0]) for row in convolutions)
    shared = sum(row.parameters for row in convolutions)
    dense = sum(row.parameters for row in rows if len(row.input_shape) == 1)
    unshared = sum(dense_parameters(row.input_shape, row.output_shape) for row in convolutions)
    inputs = draw.format_number(mean_of(results, "handout", "dense_inputs"))
    return (
        f"By floor((n − m + 2P) / S) + 1 the edges of the maps go from {rows[0].input_shape[0]} to {edges}, so that {inputs} numbers reach "
        "the first dense layer, as its 256 inputs ask. "
        f"The four convolutions have {shared:,} parameters and the dense layers behind them {dense:,}. "
        f"Dense layers in place of the convolutions, with the same outputs, would have {unshared:,}. "
        f"With its {draw.format_number(mean_of(results, 'handout', 'parameters'), 5)} parameters in all the network reaches a test "
        f"accuracy of {_accuracy(results, 'handout')} ({data_text(results)})."
    )


def networks(results: "Results") -> str:
    """Answers how the reports' networks compare."""
    held = [name for name in REPORTS if name in names(results) and name != "better recipe"]
    usual_ones = [name for name in held if results.where(case=name).cells[0].params.images == usual(results)]
    best, worst = (choose(usual_ones, key=lambda name: mean_of(results, name)) for choose in (max, min))
    readings = " and ".join(f"as {name} reads it {_against(results, name, 'handout')}" for name in READINGS)
    rough = max(usual_ones, key=lambda name: mean_of(results, name, "roughness"))
    extremes = f"the accuracy of the first is {_against(results, best, worst)}"
    sentences = [
        f"The handout's network reaches {_accuracy(results, 'handout')}; against it, the accuracy is {readings}.",
        f"Report-D's network reaches {_accuracy(results, 'D')}, which is {_against(results, 'D', 'handout')} than the handout's.",
        f"Of {len(usual_ones)} networks trained alike, {best!r} is the most accurate on average and {worst!r} the least; {extremes}.",
        f"From epoch to epoch {rough!r} changes most on average, by {_accuracy(results, rough, 'roughness')}.",
    ]
    if "better recipe" in names(results):
        sentences.append(f"With a recipe of today and all images the accuracy is {_accuracy(results, 'better recipe')}.")
    return " ".join(sentences)


def factors(results: "Results") -> str:
    """Answers which choices change the accuracy."""
    groups = {"handout": [name for held in FACTORS.values() for name in held], "D": [n for n in names(results) if n.startswith("D ")]}
    sentences = []
    for base, wanted in groups.items():
        there = [name for name in wanted if name in names(results)]
        found = {name: draw.compare(results, "test_accuracy", {"case": name}, {"case": base}) for name in there}
        changed = {sign: [name for name, each in found.items() if each.sign == sign] for sign in (1, -1, 0)}
        title = "the handout's network" if base == "handout" else "report-D's network"
        words = [f"{len(changed[sign])} {word}" + (f" ({'; '.join(changed[sign])})" if changed[sign] else "")
                 for sign, word in ((1, "raise the accuracy"), (-1, "lower it"), (0, "are undecided"))]  # fmt: skip
        largest = max(there, key=lambda name: abs(mean_of(results, name) - mean_of(results, base)))
        sentences.append(f"Of {len(there)} changes of {title}, one at a time, {words[0]}, {words[1]} and {words[2]}.")
        sentences.append(f"The largest mean change is that of {largest!r}: {found[largest]}.")
    return " ".join(sentences)


def training(results: "Results") -> str:
    """Answers what normalisation, dropout and pooling do to training."""
    return (
        "With batch normalisation the handout's network is after one epoch at "
        f"{_accuracy(results, 'handout', 'accuracy_first')}, without it at {_accuracy(results, 'no batch norm', 'accuracy_first')}; at the "
        f"end the accuracy without it is {_against(results, 'no batch norm', 'handout')}, its roughness "
        f"{_against(results, 'no batch norm', 'handout', 'roughness')}. "
        f"Without dropout report-D's network is early on {_against(results, 'D no dropout', 'D', 'accuracy_early')} in accuracy, gains "
        f"{_accuracy(results, 'D no dropout', 'late_gain')} in the second half (with dropout {_accuracy(results, 'D', 'late_gain')}), and "
        f"ends {_against(results, 'D no dropout', 'D')}. "
        f"Its gap between training and test accuracy is {_against(results, 'D no dropout', 'D', 'gap')} than with dropout. "
        f"With maximum pooling after the third convolution the roughness is {_against(results, 'D max pooling', 'D', 'roughness')} than "
        f"without, and the operations for one image are {_against(results, 'D max pooling', 'D', 'operations')}."
    )


def cost_of_accuracy(results: "Results") -> str:
    """Answers what accuracy costs."""
    line = unbeaten(results, "parameters")
    cheapest, dearest = line.index[0], line.index[-1]
    steps = ", ".join(f"{name!r} ({row['parameters']:,.0f} parameters, error {row['error']:.2f} %)" for name, row in line.iterrows())
    best = best_case(results)
    return (
        f"Of {len(costs(results))} networks trained on {usual(results):,} images, {len(line)} are beaten by no other in both "
        f"parameters and mean test accuracy: {steps}. "
        f"From {str(cheapest)!r} to {str(dearest)!r} the accuracy is {_against(results, str(dearest), str(cheapest))}. "
        f"Counted in operations for one image the line is {', '.join(repr(str(name)) for name in unbeaten(results, 'operations').index)}. "
        f"The most accurate of all on average, {best!r}, reaches {_accuracy(results, best)} with "
        f"{draw.format_number(mean_of(results, best, 'parameters'), 5)} parameters."
    )
