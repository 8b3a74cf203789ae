"""What the report of hopfield-digits shows: figures and tables with their captions."""

from typing import TYPE_CHECKING

from annlab.lab import Figure, Table
from annlab.studies.recurrent import hopfield_digits_capacity as capacity
from annlab.studies.recurrent import hopfield_digits_reading as reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from annlab.lab import Results

__all__ = ["FIGURES", "TABLES"]


def _said(text: str) -> "Callable[[Results], str]":
    """A caption that ends with the data set."""

    def caption(results: "Results") -> str:
        return f"{text} ({results.where(sweep='noise').cells[0].params.data}, first image of each class)."

    return caption


FIGURES = [
    Figure(
        "accuracy-by-noise",
        reading.accuracy,
        _said("Share of the starts recovered by noise level; bands are 95 % intervals over replicates"),
    ),
    Figure("gallery", reading.gallery, _said("Stored digits, one noisy start of each at four levels, and the states at the end of recall")),
    Figure(
        "noise-and-iterations",
        reading.noise_and_iterations,
        _said("Recovery by noise level and iteration, mean over starts and replicates"),
    ),
    Figure(
        "iterations-by-noise",
        reading.iterations_needed,
        _said("Iterations by noise level; a line ends where its share is no longer reached"),
    ),
    Figure(
        "distance-left",
        reading.distance_left,
        _said("Pixels off when recall is stopped early, of the starts that are recovered in the end"),
    ),
    Figure("accuracy-by-digit", reading.by_digit, _said("Share of each digit recovered, levels in five bands")),
    Figure("iterations-by-digit", reading.iterations_by_digit, _said("Iterations to settle by digit")),
    Figure("confusion", reading.confusion, _said("Stored digit nearest to the last state, starts with more than half the highest noise")),
    Figure("rules-by-noise", reading.rules_by_noise, _said("Six rules at the same noisy starts")),
    Figure("sharpness", reading.sharpness, _said("Dense networks by degree and modern ones by inverse temperature β, Gaussian noise")),
    Figure("flipped-and-erased", reading.corruptions, _said("Six rules with pixels flipped, and with pixels set to 0")),
    Figure("ends", reading.ends, _said("How recall ends by rule, Gaussian noise")),
    Figure(
        "capacity-by-load",
        capacity.stable,
        capacity.asked("Random patterns by load and rule; the lines are the theory's for the Hebb rule."),
    ),
    Figure(
        "errors-by-load",
        capacity.errors,
        capacity.asked("Pixels off after recall from a stored random pattern, Hebb rule; the lines are the theory's."),
    ),
    Figure("spurious-by-load", capacity.strange, capacity.asked("Where starts with 10 % of the pixels flipped end, random patterns.")),
    Figure(
        "capacity-by-size",
        capacity.by_size,
        capacity.asked("Patterns that the Hebb rule keeps by number of units, and formulas, which speak of all (random patterns)."),
    ),
]

TABLES = [
    Table("levels", reading.level_table, _said("The course's network by noise level")),
    Table("digits", reading.digit_table, _said("Digits recalled over all noise levels")),
    Table("rules", reading.rule_table, _said("Rules at the same starts, means over noise levels")),
    Table("variants", reading.variant_table, "All cells with noise: share recovered, mean over levels."),
    Table(
        "capacity",
        capacity.capacity_table,
        capacity.asked("Numbers of patterns up to which each criterion holds for those asked, as far as they were tried."),
    ),
]
