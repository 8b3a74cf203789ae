"""How well do a few principal components rebuild random data and real data, how many are needed, and does a library find the same ones?

Data: independent standard normal rows in 50 dimensions, drawn anew in each replicate, and Fisher's iris. Rows are centred, rotated
onto the first k eigenvectors of their covariance and back; the error is the root mean square over all entries, for every k. It is
compared with what the eigenvalues left out say, with sqrt(1 - k / d) for directions that all hold the same variance, with the sample
eigenvalues to be expected by Marchenko and Pastur (1967), and with a straight line. Held-out error: 1000 further normal rows, or 30
iris flowers that the components of the other 120 have not seen. The library's components are scikit-learn's; they agree where they
equal ours up to sign.

The report leaves the number of Gaussian rows open: 500 here, 50 to 10,000 beside. Its iris errors near 1 say that the columns were
standardised; raw centimetres are a cell beside. What the library was given is not said either: the same rows, or the raw ones.

quick | standard | full: 9 x 10 x 1 | 10 x 30 x 1 | 10 x 30 x 1 updates, estimated 1 | 8 | 8 seconds on two cores
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from annlab.data import holdout
from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.studies.maps import pca_reconstruction_answers as answers
from annlab.studies.maps import pca_reconstruction_reading as reading
from annlab.studies.maps.pca_reconstruction_claims import CLAIMS
from annlab.studies.maps.pca_reconstruction_exact import (
    Components,
    agreement,
    by_library,
    decompose,
    expected_errors,
    needed,
    population_errors,
    reconstruction_errors,
)

if TYPE_CHECKING:
    from annlab.lab import Context, Streams

FURTHER = 1000
"""Normal rows on which the held-out error is measured."""
UNSEEN = 30
"""Iris flowers held out."""


@dataclass(frozen=True)
class Params:
    """Rows, their scaling, and what the library is given; `samples` and `dimensions` are those of the Gaussian data."""

    data: Literal["gaussian", "iris"] = "gaussian"
    samples: int = 500
    dimensions: int = 50
    scaling: Literal["raw", "standardised"] = "raw"
    library_input: Literal["same", "raw"] = "same"


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """Decompose and rebuild the data of each replicate."""
    table = np.asarray(ctx.data("iris")["X"]) if params.data == "iris" else None
    return [_measured(params, ctx.streams.of(r), table) for r in ctx.replicates]


def _measured(params: Params, streams: "Streams", table: np.ndarray | None) -> Outcome:
    raw = streams("data").normal(size=(params.samples, params.dimensions)) if table is None else table
    X = _scaled(params, raw, raw)
    own = decompose(X)
    given = raw if params.library_input == "raw" else X
    library = by_library(given)
    errors = reconstruction_errors(own, X)
    held_out = _held_out(params, streams, raw, own)
    width = X.shape[1]
    places = np.arange(width + 1)
    relative, line = errors / errors[0], 1 - places / width
    cumulative = np.concatenate([[0.0], np.cumsum(own.variances) / own.variances.sum()])
    theory = np.sqrt(np.append(np.cumsum(own.variances[::-1])[::-1], 0.0) / width)
    bend = relative - line
    metrics = {
        "rmse_none": errors[0],
        "rmse_all": errors[-1],
        "first_drop": 1 - relative[1],
        "half_drop": 1 - relative[width // 2],
        "two_left": relative[2],
        "two_explained": cumulative[2],
        "last_left": relative[-2],
        "line_gap": np.abs(bend).max(),
        "bend": bend[np.abs(bend).argmax()],
        "root_gap": np.abs(relative - population_errors(width)).max(),
        "eigenvalue_gap": np.abs(errors - theory).max(),
        "second_over_first": errors[2] / errors[1],
        "third_over_first": errors[3] / errors[1],
        "spread": own.variances[0] / own.variances[own.known() - 1],
        "held_out_half": held_out[width // 2],
        "held_out_two": held_out[2],
        **{f"components_{share}": needed(own.variances, share / 100) for share in (90, 95, 99)},
        **agreement(own, library, X, given),
    }
    curve = {
        "components": places,
        "rmse": errors,
        "relative": relative,
        "held_out": held_out,
        "cumulative": cumulative,
        "variance": np.append(own.variances / own.variances.sum(), 0.0),
        "line": line,
        "root": population_errors(width),
    }
    if table is None:
        expected = expected_errors(params.samples, width)
        metrics["expected_gap"] = np.abs(errors - expected).max()
        curve["expected"] = expected / expected[0]
    arrays = {} if table is None else {"own": own.scores(X)[:, :2], "library": library.scores(given)[:, :2], "loadings": own.vectors}
    return Outcome({name: float(value) for name, value in metrics.items()}, {}, {"curve": curve}, arrays)


def _scaled(params: Params, rows: np.ndarray, by: np.ndarray) -> np.ndarray:
    """`rows` with the mean and deviation of `by` taken out, where the cell asks for it."""
    return (rows - by.mean(axis=0)) / by.std(axis=0) if params.scaling == "standardised" else rows


def _held_out(params: Params, streams: "Streams", raw: np.ndarray, own: Components) -> np.ndarray:
    """Error of rows that the components have not seen by their number, relative to the error of the mean alone."""
    if params.data == "gaussian":
        further = streams.child("data", "held out").normal(size=(FURTHER, params.dimensions))
        errors = reconstruction_errors(own, _scaled(params, further, raw))
    else:
        unseen, seen = holdout(len(raw), [UNSEEN, len(raw) - UNSEEN], streams("split"))
        parts = decompose(_scaled(params, raw[seen], raw[seen]))
        errors = reconstruction_errors(parts, _scaled(params, raw[unseen], raw[seen]))
    return np.asarray(errors / errors[0])


METRICS = {
    "rmse_none": Metric("RMSE without components"),
    "rmse_all": Metric("RMSE with all components", better="lower"),
    "first_drop": Metric("error removed by the first component, share"),
    "half_drop": Metric("error removed by half of the components, share"),
    "two_left": Metric("error left with two components, share"),
    "two_explained": Metric("variance held by two components, share"),
    "last_left": Metric("error left without the last component, share"),
    "line_gap": Metric("largest distance from a straight line"),
    "bend": Metric("largest distance from a straight line, with its sign"),
    "root_gap": Metric("largest distance from √(1 − k/d)"),
    "eigenvalue_gap": Metric("largest difference from the eigenvalues left out"),
    "expected_gap": Metric("largest distance from Marchenko and Pastur"),
    "second_over_first": Metric("RMSE of two components over that of one"),
    "third_over_first": Metric("RMSE of three components over that of one"),
    "spread": Metric("largest over smallest variance of a component", scale="log"),
    "held_out_half": Metric("held-out error left with half of the components, share"),
    "held_out_two": Metric("held-out error left with two components, share"),
    "components_90": Metric("components for 90 % of the variance"),
    "components_95": Metric("components for 95 % of the variance"),
    "components_99": Metric("components for 99 % of the variance"),
    "direction_difference": Metric("1 − |cos| between own and library components, largest"),
    "variance_difference": Metric("difference of variances, largest, share of the first"),
    "score_difference": Metric("difference of the first two scores up to sign"),
    "signed_difference": Metric("difference of the first two scores with their signs"),
    "flipped": Metric("components that point the other way, share"),
}


def cells(samples: list[int]) -> Grid:
    """Gaussian rows by their number, both scalings of iris, and a library that was given the raw rows."""
    return (
        grid(data=["gaussian"], samples=samples)
        + grid(data=["iris"], scaling=["standardised", "raw"])
        + grid(data=["iris"], scaling=["standardised"], library_input=["raw"])
    )


study = Study(
    name="pca-reconstruction",
    title="Principal components of random and of real data",
    sheet={"C": "3.1"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cells([50, 100, 120, 200, 500, 1000, 10_000]),
    replicates=30,
    stacked=True,
    profiles={"quick": overrides(grid=cells([50, 100, 120, 200, 500, 1000]), replicates=10), "standard": overrides(), "full": overrides()},
    data=lambda params: ("iris",) if params.data == "iris" else (),
    cost=lambda params: 0.05 + 0.00001 * params.samples,
    metrics=METRICS,
    questions=[
        Question("How do random and real data differ in what their components rebuild?", answers.random_and_real, "3.1"),
        Question("Is the curve of the Gaussian data a line?", answers.straight, "3.1"),
        Question("How many components are enough?", answers.how_many, "3.1"),
        Question("Do our own components and the library's agree?", answers.own_and_library, "3.1"),
    ],
    figures=[
        Figure(
            "random-and-real",
            reading.random_and_real,
            "Reconstruction error as a share of the error without components, by share of components (500 standard normal rows in 50 "
            "dimensions; iris, standardised and raw).",
        ),
        Figure(
            "gaussian",
            reading.gaussian,
            "Reconstruction error of 500 standard normal rows in 50 dimensions by number of components, of the rows decomposed and of "
            "1000 further ones, with three curves of theory: the first runs on Marchenko and Pastur's, the second on √(1 − k/d).",
        ),
        Figure(
            "sample-size",
            reading.sample_size,
            "The curve of the Gaussian data by number of rows (50 dimensions), as its distance from a straight line.",
        ),
        Figure(
            "iris",
            reading.iris,
            "Reconstruction error of iris by number of components: the 150 flowers, 30 held-out ones, and errors that would fall like "
            "one over the number.",
        ),
        Figure("scree-iris", reading.scree_iris, "Share of the variance that each component of iris holds, and all up to it."),
        Figure(
            "scree-gaussian",
            reading.scree_gaussian,
            "Share of the variance by component and cumulative, 500 standard normal rows in 50 dimensions.",
        ),
        Figure(
            "scores",
            reading.scores,
            "Iris on its first two components: our own decomposition of the standardised columns, the library's on the same rows and on "
            "the raw rows (scores scaled to variance 1).",
        ),
    ],
    tables=[
        Table("reconstruction", reading.reconstruction_table, "What components rebuild, by data."),
        Table("gaussian", reading.gaussian_table, "The Gaussian curve against a line and against theory, by number of rows."),
        Table("components-needed", reading.needed_table, "Components that hold 90, 95 and 99 % of the variance."),
        Table("own-and-library", reading.library_table, "Own eigenvectors against scikit-learn's PCA."),
    ],
    claims=CLAIMS,
)
