"""The questions of cnn-architectures, answered from its results."""

from typing import TYPE_CHECKING

from annlab import draw
from annlab.measure.convolution import dense_parameters
from annlab.nets.layers import Conv
from annlab.studies.features.cnn_architectures_networks import Params, dense_inputs, shapes_of
from annlab.studies.features.cnn_architectures_reading import (
    FACTORS,
    READINGS,
    REPORTS,
    changes_of_d,
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
    rows = shapes_of(Params())
    convolutions = [row for row in rows if isinstance(row.layer, Conv)]
    edges = ", ".join(str(row.output_shape[0]) for row in convolutions)
    shared = sum(row.parameters for row in convolutions)
    dense = sum(row.parameters for row in rows if len(row.input_shape) == 1)
    unshared = sum(dense_parameters(row.input_shape, row.output_shape) for row in convolutions)
    return (
        f"By floor((n − m + 2P) / S) + 1 the edges of the maps go from {rows[0].input_shape[0]} to {edges}, so that "
        f"{dense_inputs(Params())} numbers reach the first dense layer, as its 256 inputs ask. "
        f"The four convolutions have {shared:,} parameters and the dense layers behind them {dense:,}. "
        f"Dense layers in place of the convolutions, with the same outputs, would have {unshared:,}. "
        f"Its parameters are {sum(row.parameters for row in rows):,} in all; its test accuracy: {_accuracy(results, 'handout')} "
        f"({data_text(results)})."
    )


def networks(results: "Results") -> str:
    """Answers how the reports' networks compare."""
    held = [name for name in REPORTS if name in names(results) and name != "better recipe"]
    usual_ones = [name for name in held if results.where(case=name).cells[0].params.images == usual(results)]
    sentences = []
    if "handout" in held:
        readings = [f"; as {name} reads it, the accuracy is {_against(results, name, 'handout')}" for name in READINGS if name in held]
        sentences.append(f"The handout's network reaches {_accuracy(results, 'handout')}{''.join(readings)}.")
    if "D" in held:
        against = f"; against the handout's this is {_against(results, 'D', 'handout')}" if "handout" in held else ""
        sentences.append(f"Report-D's network reaches {_accuracy(results, 'D')}{against}.")
    if len(usual_ones) > 1:
        best, worst = (choose(usual_ones, key=lambda name: mean_of(results, name)) for choose in (max, min))
        rough = max(usual_ones, key=lambda name: mean_of(results, name, "roughness"))
        sentences += [
            (
                f"Of {len(usual_ones)} networks trained alike, {best!r} has the highest mean test accuracy and {worst!r} the lowest; the "
                f"first against the second is {_against(results, best, worst)}, which flatters, as both are picked by these accuracies."
            ),
            f"From epoch to epoch {rough!r} changes most on average, by {_accuracy(results, rough, 'roughness')}.",
        ]
    else:
        sentences.append("No two of the networks that the handout and the reports print are in this run, so they are not ranked.")
    if "better recipe" in names(results):
        sentences.append(f"With a recipe of today and all images the accuracy is {_accuracy(results, 'better recipe')}.")
    return _at_least_three(results, sentences)


def _at_least_three(results: "Results", sentences: list[str]) -> str:
    """The sentences; a run narrowed to few networks says how few and on what they are trained."""
    if len(sentences) < 3:
        sentences = [*sentences, f"Networks in this run: {len(names(results))}.", f"They are trained on {data_text(results)}."]
    return " ".join(sentences)


def factors(results: "Results") -> str:
    """Answers which choices change the accuracy."""
    held = names(results)
    groups = {
        "handout": ("the handout's network", [name for names_of in FACTORS.values() for name in names_of if name in held]),
        "D": ("report-D's network", changes_of_d(results)),
    }
    sentences, compared = [], 0
    for base, (title, there) in groups.items():
        if base not in held or not there:
            sentences.append(f"What changes of {title} do is not measured in this run.")
            continue
        found = {name: draw.compare(results, "test_accuracy", {"case": name}, {"case": base}) for name in there}
        lists = {sign: "; ".join(name for name, each in found.items() if each.sign == sign) or "none" for sign in (1, -1, 0)}
        largest = max(there, key=lambda name: abs(mean_of(results, name) - mean_of(results, base)))
        compared += len(there)
        sentences += [
            (
                f"Of changes of {title}, one at a time, these are shown to raise the accuracy: {lists[1]}; to lower it: {lists[-1]}; these "
                f"are undecided: {lists[0]}."
            ),
            f"The largest mean change is that of {largest!r}: {found[largest]}.",
        ]
    if compared:
        sentences.append(
            f"That makes {compared} comparison{'s' * (compared > 1)}, each at its own 95 %, so a narrow one may be chance, and the largest "
            "of several is flattered by being picked."
        )
    return _at_least_three(results, sentences)


def training(results: "Results") -> str:
    """Answers what normalisation, dropout and pooling do to training."""
    held, sentences = set(names(results)), []
    if {"handout", "no batch norm"} <= held:
        sentences += [
            (
                "With batch normalisation the handout's network is after one epoch at "
                f"{_accuracy(results, 'handout', 'accuracy_first')}, without it at {_accuracy(results, 'no batch norm', 'accuracy_first')}."
            ),
            (
                f"At the end the accuracy without it is {_against(results, 'no batch norm', 'handout')}, the roughness "
                f"{_against(results, 'no batch norm', 'handout', 'roughness')}."
            ),
        ]
    if {"D", "D no dropout"} <= held:
        sentences += [
            (
                "Without dropout the accuracy of report-D's network, against that with dropout, is "
                f"{_against(results, 'D no dropout', 'D', 'accuracy_early')} early on and {_against(results, 'D no dropout', 'D')} at the "
                f"end; in the second half it gains {_accuracy(results, 'D no dropout', 'late_gain')} without and "
                f"{_accuracy(results, 'D', 'late_gain')} with dropout."
            ),
            f"The gap between training and test accuracy is {_against(results, 'D no dropout', 'D', 'gap')} without dropout.",
        ]
    if {"D", "D max pooling"} <= held:
        share = mean_of(results, "D max pooling", "operations") / mean_of(results, "D", "operations")
        sentences.append(
            f"With maximum pooling after the third convolution the roughness is {_against(results, 'D max pooling', 'D', 'roughness')}, "
            f"and the operations for one image are {draw.format_number(share)} of those without."
        )
    return _at_least_three(results, sentences or ["None of the pairs that differ in one of these alone is in this run."])


def cost_of_accuracy(results: "Results") -> str:
    """Answers what accuracy costs."""
    count, line = len(costs(results)), unbeaten(results, "parameters")
    if count == 1:
        return _at_least_three(results, [f"One network alone was trained, {str(line.index[0])!r}, so what accuracy costs is not compared."])
    cheapest, dearest = str(line.index[0]), str(line.index[-1])
    steps = ", ".join(f"{name!r} ({row['parameters']:,.0f} parameters, error {row['error']:.2f} %)" for name, row in line.iterrows())
    operations = ", ".join(repr(str(name)) for name in unbeaten(results, "operations").index)
    sentences = [
        f"Networks trained on {usual(results):,} images: {count}; beaten by no other in both parameters and mean test accuracy: {steps}.",
        f"Counted in operations for one image the line is {operations}.",
        (
            f"Of these {count} mean test accuracies that of {dearest!r} is the highest, {_accuracy(results, dearest)}; picked by the test "
            "images themselves, it flatters, and so does the line."
        ),
    ]
    if cheapest != dearest:
        sentences.insert(1, f"From {cheapest!r} to {dearest!r} the accuracy is {_against(results, dearest, cheapest)}.")
    return " ".join(sentences)
