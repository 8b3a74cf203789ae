"""The questions of pca-reconstruction, answered from its results."""

from typing import TYPE_CHECKING, Any

from annlab import data, draw
from annlab.studies.maps.pca_reconstruction_reading import GAUSSIAN, RAW, STANDARDISED, rows_of, sizes_of

if TYPE_CHECKING:
    from annlab.lab import Results


def known(results: "Results", name: str, **cell: Any) -> str:
    """A number of iris in which nothing is random, without an interval."""
    return draw.format_number(float(results.values(name, **cell)[0]))


def random_and_real(results: "Results") -> str:
    """Answers how random and real data differ."""
    rows = rows_of(results)
    noise = {**GAUSSIAN, "samples": rows}
    half = draw.compare(results, "half_drop", STANDARDISED, noise)
    unseen = draw.compare(results, "held_out_half", STANDARDISED, noise)
    return (
        f"The first component of standardised iris removes {known(results, 'first_drop', **STANDARDISED)} of the error, "
        f"that of {rows} Gaussian rows in 50 dimensions {draw.measured(results, 'first_drop', **noise)}; but it is one of 4 against one "
        f"of 50. At the same share, half of the components, the share removed is {half} on iris than on the Gaussian rows. "
        f"Leaving out only the last one leaves {known(results, 'last_left', **STANDARDISED)} of the error on iris and "
        f"{draw.measured(results, 'last_left', **noise)} on the Gaussian rows. "
        f"On unseen rows the error left with half of the components is {unseen} on iris. "
        "Real columns depend on each other, so that few directions hold most of the variance; independent columns have no such "
        f"directions: the largest variance of a component is {draw.measured(results, 'spread', **noise)} times the smallest in the sample, "
        "and in the population they are equal."
    )


def straight(results: "Results") -> str:
    """Answers whether the Gaussian curve is a line."""
    rows, sizes = rows_of(results), sizes_of(results)
    noise = {**GAUSSIAN, "samples": rows}
    gaps = {size: float(results.values("line_gap", **GAUSSIAN, samples=size).mean()) for size in sizes}
    nearest = min(gaps, key=lambda size: gaps[size])
    few, many = (draw.measured(results, "bend", **GAUSSIAN, samples=size) for size in (sizes[0], sizes[-1]))
    return (
        f"With {rows} rows the largest distance between the relative error and a straight line is "
        f"{draw.measured(results, 'line_gap', **noise)}. "
        "If the variance is spread evenly, the squared error falls linearly, and its root is √(1 − k/d), a curve and no line. "
        f"The measured curve is {draw.measured(results, 'root_gap', **noise)} away from that one, because sample eigenvalues are not "
        f"even; from the eigenvalues to be expected (Marchenko and Pastur) it is {draw.measured(results, 'expected_gap', **noise)} away. "
        f"With {sizes[0]} rows the largest distance from the line, with its sign, is {few}, with {sizes[-1]} rows {many}. "
        f"Of the sizes tried {nearest} rows come nearest to a line, {gaps[nearest]:.3f} away at most in the mean: where it looks straight, "
        "that is a matter of the number of rows."
    )


def how_many(results: "Results") -> str:
    """Answers how many components are enough."""
    rows = rows_of(results)
    noise = {**GAUSSIAN, "samples": rows}
    shares = ("90", "95", "99")

    def counts(cell: dict[str, Any]) -> str:
        return ", ".join(draw.format_number(float(results.values(f"components_{share}", **cell).mean())) for share in shares)

    unseen = draw.measured(results, "held_out_two", **STANDARDISED)
    columns = data.load("iris").entry.columns
    weights = results.array("loadings", **RAW)[:, 0] ** 2
    heaviest = f"the first component is {weights.max():.2f} {columns[int(weights.argmax())]} (squared weight)"
    return (
        f"For 90, 95 and 99 % of the variance standardised iris needs {counts(STANDARDISED)} components, raw iris {counts(RAW)}, and "
        f"{rows} Gaussian rows {counts(noise)} of 50 in the mean. "
        f"Two components of standardised iris hold {known(results, 'two_explained', **STANDARDISED)} of the variance and leave "
        f"{known(results, 'two_left', **STANDARDISED)} of the error (on held-out flowers {unseen}), and two can be drawn. "
        f"Errors that fall like one over the number would have two components leave 0.5 of what one leaves, and three 0.333; they leave "
        f"{known(results, 'second_over_first', **STANDARDISED)} and {known(results, 'third_over_first', **STANDARDISED)}. "
        f"In raw centimetres the column that varies most weighs most: {heaviest}. "
        "For the Gaussian rows 90 % of the variance take a share of "
        f"{float(results.values('components_90', **noise).mean()) / 50:.2f} of the components: there is little to leave out."
    )


def own_and_library(results: "Results") -> str:
    """Answers whether own and library components agree."""
    same, other = STANDARDISED, {**STANDARDISED, "library_input": "raw"}
    flipped = float(results.values("flipped", **same)[0])
    turned = float(results.values("signed_difference", **same)[0])
    return (
        "An eigenvector has no sign, so that two programs may give mirror images. "
        f"On the same standardised rows a share of {draw.format_number(flipped)} of the components points the other way, and the first "
        f"two scores, scaled to variance 1, differ by {draw.format_number(turned)} as they come. "
        f"With the signs made equal they differ by {known(results, 'score_difference', **same)}, the variances by "
        f"{known(results, 'variance_difference', **same)} of the first one: that is rounding. "
        f"Where the library is given raw columns and we standardise, the scores differ by {known(results, 'score_difference', **other)}: "
        "a similar but skewed picture comes from other input and not from the library. "
        f"On {rows_of(results)} Gaussian rows the directions agree to "
        f"{draw.measured(results, 'direction_difference', **GAUSSIAN, samples=rows_of(results))} (1 − |cos|)."
    )
