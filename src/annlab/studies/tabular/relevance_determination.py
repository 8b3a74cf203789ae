"""Does automatic relevance determination find the inputs that matter, and does a network gain from dropping the others?

Part one draws sparse linear data anew for each replicate (100 standard normal inputs of which 10 have weights, noise 1, 200 points or as
many as a cell says) and compares the weights of least squares, of automatic relevance determination (ARD, scikit-learn's
ARDRegression), of the lasso and of Bayesian ridge with the true ones. An input is called relevant where its weight exceeds 5 % of the
largest, a threshold fixed beforehand; the recovery curve shows all others.

Part two takes a table of two classes (Pima) with targets 0 and 1. The inputs are ranked on the training rows of a stratified split,
raw or standardised, the first three are kept, and the same network is trained on all and on the kept ones, with the same split
and draws. Inside the fold is where a ranking belongs; cells that rank on all rows, test rows too, are there as a warning, with 200
columns of pure noise added, among which chance finds some that predict the test rows. Zeros that stand for missing values are kept
as published in the cells of the report and may be replaced by the training rows' median or flagged as well.

The report names neither the sizes of its synthetic data nor the settings of its network, its scaling or its split. Here the rows are 80 %
training and 20 % test, and its cells use scikit-learn's network with the settings that the report finds best on either of its tables.

quick | standard | full: 13 x 10 x 120 | 67 x 30 x ~600 | 67 x 60 x ~600 updates, estimated 3 | 140 | 280 seconds on two cores
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data.samples import draw_sparse_linear
from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.studies.tabular import relevance_determination_answers as answers
from annlab.studies.tabular import relevance_determination_reading as reading
from annlab.studies.tabular.relevance_determination_claims import CLAIMS
from annlab.studies.tabular.relevance_determination_ranking import SHARES, Method, average_precision, recovery, top, weights
from annlab.studies.tabular.tabular_classification_data import Parts, Zeros, check_table, parts_of, prepared, scores, two_classes
from annlab.studies.tabular.tabular_classification_networks import Fitted, Network, fit_ours, fit_scikit_learn

if TYPE_CHECKING:
    from annlab.lab import Context, Streams


@dataclass(frozen=True)
class Params:
    """Part one: the synthetic data. Part two: table, ranking and network. Both: the method."""

    part: Literal["weights", "inputs"] = "weights"
    method: Method | Literal["all", "fixed"] = "ard"
    points: int = 200
    inputs: int = 100
    relevant: int = 10
    noise: float = 1.0
    threshold: float = 0.05
    data: str = "pima"
    zeros: Zeros = "kept"
    ranked_on: Literal["standardised", "raw"] = "standardised"
    ranked_rows: Literal["training", "all"] = "training"
    keep: int = 3
    fixed: tuple[int, ...] = (0, 5, 6)
    noise_inputs: int = 0
    network: Literal["annlab", "scikit-learn"] = "annlab"
    scaled: bool = True
    solver: Literal["sgd", "adam", "lbfgs"] = "adam"
    activation: Literal["relu", "tanh", "logistic", "identity"] = "tanh"
    hidden: tuple[int, ...] = (50, 20)
    iterations: int = 200


def trial(params: Params, ctx: "Context") -> Any:
    """One replicate of the weights, or of a network of scikit-learn's; a block of replicates of our networks."""
    if params.part == "weights":
        return _weights(params, ctx.streams)
    if not _stacked(params):
        return _inputs(params, ctx, [ctx.streams])[0]
    return _inputs(params, ctx, [ctx.streams.of(r) for r in ctx.replicates])


def _stacked(params: Params) -> bool:
    return params.part == "inputs" and params.network == "annlab" and params.solver != "lbfgs"


def _weights(params: Params, streams: "Streams") -> Outcome:
    drawn = (params.points, params.inputs, params.relevant, params.noise)
    X, y, truth = draw_sparse_linear(*drawn, streams("data"))
    found = weights(params.method, X, y, streams)
    sizes, matter = np.abs(found), truth != 0
    precision, recall, f1 = recovery(truth, found, params.threshold)
    curve = np.array([recovery(truth, found, share) for share in SHARES])
    metrics = {
        "weight_rmse": np.sqrt(np.mean((found - truth) ** 2)),
        "irrelevant_rms": np.sqrt(np.mean(found[~matter] ** 2)),
        "relevant_rmse": np.sqrt(np.mean((found - truth)[matter] ** 2)),
        "gap": sizes[matter].min() - sizes[~matter].max(),
        "near_zero": np.mean(sizes <= params.threshold * sizes.max()),
        "exactly_zero": np.mean(sizes == 0),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "average_precision": average_precision(truth, found),
        "excess_mse": np.sum((found - truth) ** 2),  # of new points, whose inputs are independent and of variance 1
    }
    series = {"recovery": {"share": SHARES, "support_precision": curve[:, 0], "support_recall": curve[:, 1], "support_f1": curve[:, 2]}}
    return Outcome({name: float(value) for name, value in metrics.items()}, {}, series, {"weights": found, "truth": truth})


def _inputs(params: Params, ctx: "Context", streams: "Sequence[Streams]") -> list[Outcome]:
    X, missing, y = two_classes(ctx.data(params.data), params.data)
    parts, chosen, tables, ranks = [], [], [], []
    for stream in streams:
        split = parts_of(y, stream)
        columns, ranking = _chosen(params, *_with_noise(params, X, missing, stream), y, split, stream)
        wide = prepared(*_with_noise(params, X, missing, stream), split.development, zeros=params.zeros, scaled=params.scaled)
        parts.append(split)
        chosen.append(columns)
        ranks.append(ranking)
        tables.append(wide[:, columns])
    network = Network(params.solver, params.activation, params.hidden, params.iterations)
    rows = [split.development for split in parts]
    if _stacked(params):
        fits = fit_ours(np.stack(tables), y, rows, network, streams, ctx.device)
    elif params.network == "annlab":
        fits = [fit_ours(table[None], y, [mine], network, [stream])[0] for table, mine, stream in zip(tables, rows, streams, strict=True)]
    else:
        fits = [_or_lost(table, y, mine, network, stream) for table, mine, stream in zip(tables, rows, streams, strict=True)]
    found = zip(parts, chosen, ranks, fits, strict=True)
    return [_measured(params, y, *each) for each in found]


def _or_lost(X: np.ndarray, y: np.ndarray, rows: np.ndarray, network: Network, streams: "Streams") -> Fitted:
    try:
        return fit_scikit_learn(X, y, rows, network, streams)
    except FloatingPointError:
        return Fitted(np.full(len(X), np.nan), 0, False, 0.0)


def _with_noise(params: Params, X: np.ndarray, missing: np.ndarray, streams: "Streams") -> tuple[np.ndarray, np.ndarray]:
    """The table with columns of standard normal noise at its end."""
    if not params.noise_inputs:
        return X, missing
    further = streams("noise").normal(size=(len(X), params.noise_inputs))
    return np.hstack([X, further]), np.hstack([missing, np.zeros(further.shape, dtype=bool)])


def _chosen(
    params: Params, X: np.ndarray, missing: np.ndarray, y: np.ndarray, split: Parts, streams: "Streams"
) -> tuple[np.ndarray, np.ndarray]:
    """Columns kept, and the weight of each by which it was chosen (NaN where nothing was ranked)."""
    rows = np.arange(len(y)) if params.ranked_rows == "all" else split.development
    table = prepared(X, missing, rows, zeros=params.zeros, scaled=params.ranked_on == "standardised")
    if params.method in ("all", "fixed"):
        columns = np.arange(table.shape[1]) if params.method == "all" else np.asarray(params.fixed)
        return columns, np.full(table.shape[1], np.nan)
    ranking = weights(params.method, table[rows], y[rows].astype(float), streams)
    return top(ranking, params.keep), ranking


def _measured(params: Params, y: np.ndarray, split: Parts, columns: np.ndarray, ranking: np.ndarray, fit: Fitted) -> Outcome:
    counted = np.bincount(y[split.development], minlength=2)
    metrics = {"majority_accuracy": float(np.mean(y[split.test] == counted.argmax())), "inputs_kept": float(len(columns))}
    lost = not np.isfinite(fit.probability).all()
    names = ("accuracy", "balanced_accuracy", "roc_auc")
    tested = scores(y[split.test], np.where(np.isfinite(fit.probability), fit.probability, 0.0)[split.test])
    trained = float(np.mean((fit.probability[split.development] > 0.5) == y[split.development]))
    metrics |= {f"test_{name}": np.nan if lost else tested[f"test_{name}"] for name in names}
    metrics |= {"train_accuracy": np.nan if lost else trained, "epochs_trained": float(fit.epochs)}
    if params.method not in ("all", "fixed"):
        metrics["picks_fixed"] = float(set(columns.tolist()) == set(params.fixed))
        metrics["ranking_zeros"] = float(np.mean(ranking == 0))
    picked = np.isin(np.arange(len(ranking)), columns).astype(float)
    series = {"ranking": {"input": np.arange(len(ranking)), "weight": ranking, "picked": picked}}
    return Outcome(metrics, {"train": fit.seconds}, series)


def _data(params: Params) -> tuple[str, ...]:
    return () if params.part == "weights" else (check_table(params.data),)


METRICS = {
    "weight_rmse": Metric("error of the weights, root mean square", scale="log", better="lower"),
    "irrelevant_rms": Metric("irrelevant weights, root mean square", better="lower"),
    "relevant_rmse": Metric("error of the relevant weights, root mean square", scale="log", better="lower"),
    "gap": Metric("smallest relevant minus largest irrelevant weight", better="higher"),
    "near_zero": Metric("share of weights near zero"),
    "exactly_zero": Metric("share of weights exactly zero"),
    "precision": Metric("precision of the support", better="higher"),
    "recall": Metric("recall of the support", better="higher"),
    "f1": Metric("F1 of the support", better="higher"),
    "average_precision": Metric("average precision over thresholds", better="higher"),
    "excess_mse": Metric("excess squared error on new points", scale="log", better="lower"),
    "support_precision": Metric("precision of the support"),
    "support_recall": Metric("recall of the support"),
    "support_f1": Metric("F1 of the support"),
    "majority_accuracy": Metric("accuracy of the majority class"),
    "inputs_kept": Metric("inputs"),
    "test_accuracy": Metric("test accuracy", scale="logit", better="higher"),
    "test_balanced_accuracy": Metric("balanced test accuracy", scale="logit", better="higher"),
    "test_roc_auc": Metric("area under the ROC curve", scale="logit", better="higher"),
    "train_accuracy": Metric("training accuracy", scale="logit", better="higher"),
    "epochs_trained": Metric("epochs trained"),
    "picks_fixed": Metric("share of splits that choose the report's inputs"),
    "ranking_zeros": Metric("share of weights exactly zero in the ranking"),
}

RANKINGS = ["ard", "ols", "lasso", "permutation"]
REPORTED: dict[str, list[Any]] = {"part": ["inputs"], "network": ["scikit-learn"], "method": ["all", "fixed"], "scaled": [False, True]}
"""The two networks that the report compares, under the settings it finds best on Pima and on Ionosphere."""


def cells(methods: list[str], rankings: list[str], keeps: list[int], noisy: list[int], zeros: list[str]) -> Grid:
    """Weights by method; inputs by ranking, number kept, treatment of zeros, and ranked outside the fold."""
    inputs: dict[str, list[Any]] = {"part": ["inputs"]}
    outside = grid(**inputs, method=["correlation"], ranked_rows=["training", "all"], noise_inputs=noisy, keep=[20]) if noisy else Grid()
    return (
        grid(part=["weights"], method=methods)
        + grid(**inputs, method=["all", "fixed"])
        + grid(**inputs, method=rankings, ranked_on=["standardised", "raw"])
        + grid(**inputs, method=["ard"], keep=keeps)
        + grid(**inputs, method=["all", "ard"], zeros=zeros)
        + outside
    )


study = Study(
    name="relevance-determination",
    title="Relevant inputs",
    sheet={"C": "2.2"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cells(["ols", "ard", "lasso", "ridge"], RANKINGS, [1, 2, 3, 4, 5, 6], [200], ["kept", "median", "flagged"])
    + grid(part=["weights"], method=["ols", "ard", "lasso", "ridge"], points=[60, 100, 400, 1000])
    + grid(part=["weights"], method=["ols", "ard", "lasso", "ridge"], points=[100, 200], noise=[0.3, 3.0])
    + grid(part=["inputs"], method=["ard"], ranked_on=["standardised", "raw"], ranked_rows=["all"])
    + grid(**REPORTED, solver=["sgd"], activation=["tanh"], hidden=[(50, 20)])
    + grid(**REPORTED, solver=["adam"], activation=["relu"], hidden=[(100, 100)]),
    replicates=30,
    stacked=_stacked,
    data=_data,
    profiles={
        "quick": overrides(
            grid=cells(["ols", "ard", "lasso"], ["ard", "ols"], [1, 3, 10], [200], ["kept"]),
            data="breast_cancer",
            iterations=40,
            replicates=10,
        ),
        "standard": overrides(),
        "full": overrides(replicates=60),
    },
    cost=lambda params: 0.15 if params.part == "weights" else 0.6 if params.network == "scikit-learn" else 2.0,
    metrics=METRICS,
    questions=[
        Question("How do least squares and automatic relevance determination differ?", answers.ols_and_ard, "2.2"),
        Question("Which inputs matter, and does the answer depend on their units?", answers.which_inputs, "2.2"),
        Question("Does a network gain from keeping only the relevant inputs?", answers.selected_inputs, "2.2"),
        Question("Where does a selection of inputs belong?", answers.inside_the_fold, "2.2"),
    ],
    figures=[
        Figure("weights", reading.weights_figure, "True weights and estimates, replicate 0 (sparse linear data, 200 points, noise 1)."),
        Figure(
            "weight-histograms",
            reading.histograms,
            "Estimated weights of replicate 0; ticks mark the relevant inputs (sparse linear data).",
        ),
        Figure(
            "recovery",
            reading.recovery_figure,
            "F1 of the support by threshold, mean and 95 % interval over replicates (sparse linear data).",
        ),
        Figure("by-points", reading.by_points, reading.by_points_caption),
        Figure("relevance", reading.relevance, reading.relevance_caption),
        Figure("selected-inputs", reading.differences, reading.differences_caption),
        Figure("by-number-kept", reading.by_keep, reading.by_keep_caption),
    ],
    tables=[
        Table("weights", reading.weight_table, "Recovery of the ten relevant weights; mean and 95 % interval over replicates."),
        Table("inputs", reading.input_table, reading.input_caption),
        Table(
            "subsets",
            reading.subset_table,
            "How often each subset of inputs is chosen over the splits, the three most frequent of each ranking.",
        ),
        Table(
            "fold",
            reading.fold_table,
            "Ranking inside the fold and, as a warning, on all rows; 20 inputs kept, 200 columns of noise added.",
        ),
        Table(
            "reported",
            reading.reported_table,
            "scikit-learn's network on all and on the report's inputs, with either setting of the report.",
        ),
    ],
    claims=CLAIMS,
)
