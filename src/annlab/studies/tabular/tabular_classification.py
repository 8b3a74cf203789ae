"""Which solver, activation and size classify a small table best, and why is one table harder than another?

Ionosphere and Pima (in ``quick`` breast cancer and two moons), each split anew for every replicate into 60 % training, 20 % validation
and 20 % test rows with the classes' shares. The grid is that of the course: lbfgs, sgd and adam with four activations and six sizes,
with scikit-learn's MLPClassifier and with ours beside it on the same splits, on standardised and on raw inputs. Baselines: the majority
class, logistic regression and the nearest neighbour.

A setting is chosen within each split by its validation accuracy alone, and the test rows of that split judge the choice; that is nested
selection, repeated over the splits. The splits of one table overlap, so a mean over splits would choose with rows that other splits
test on: it ranks the settings and promises nothing. Every cell records its test scores, for the tables of the report and for the
nested choice, and no choice looks at them.

Zeros that stand for missing values in Pima are kept as published in the grid and in the report's cells; the side cells replace them by the
median of the training rows, or add a flag for each column as well. The report leaves out split, scaling, rate and iterations: rates
and 200 epochs are scikit-learn's defaults, raw inputs and 1000 epochs are offered as variants.

quick | standard | full: 24 x 3 x 60 | 298 x 10 x ~500 | 472 x 30 x ~500 updates, estimated 3 | 340 | 2100 seconds on two cores
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, overrides
from annlab.studies.tabular import tabular_classification_answers as answers
from annlab.studies.tabular import tabular_classification_reading as reading
from annlab.studies.tabular import tabular_classification_tables as tables
from annlab.studies.tabular.tabular_classification_claims import CLAIMS
from annlab.studies.tabular.tabular_classification_data import Parts, Zeros, check_table, parts_of, prepared, scores, shown, two_classes
from annlab.studies.tabular.tabular_classification_grid import everything, reported_only, tiny
from annlab.studies.tabular.tabular_classification_networks import Fitted, Network, fit_ours, fit_scikit_learn

if TYPE_CHECKING:
    from annlab.lab import Context, Streams


@dataclass(frozen=True)
class Params:
    """Table, preparation and classifier."""

    data: str = "ionosphere"
    network: Literal["scikit-learn", "annlab", "majority", "logistic", "neighbour"] = "scikit-learn"
    solver: Literal["lbfgs", "sgd", "adam"] = "adam"
    activation: Literal["relu", "tanh", "logistic", "identity"] = "relu"
    hidden: tuple[int, ...] = (100, 100)
    iterations: int = 200
    scaled: bool = True
    zeros: Zeros = "kept"


def trial(params: Params, ctx: "Context") -> Any:
    """One split, or a block of splits whose networks of ours train together."""
    X, missing, y = two_classes(ctx.data(params.data), params.data)
    streams = [ctx.streams.of(r) for r in ctx.replicates] if _stacked(params) else [ctx.streams]
    splits = [parts_of(y, stream) for stream in streams]
    inputs = [prepared(X, missing, split.train, zeros=params.zeros, scaled=params.scaled) for split in splits]
    outcomes = [
        _measured(y, missing, split, fit)
        for split, fit in zip(splits, _fitted(params, inputs, y, splits, streams, ctx.device), strict=True)
    ]
    return outcomes if _stacked(params) else outcomes[0]


def _stacked(params: Params) -> bool:
    return params.network == "annlab" and params.solver != "lbfgs"


def _fitted(
    params: Params, inputs: list[np.ndarray], y: np.ndarray, splits: list[Parts], streams: "list[Streams]", device: str
) -> list[Fitted]:
    network = Network(params.solver, params.activation, params.hidden, params.iterations)
    if params.network == "annlab":
        return fit_ours(np.stack(inputs), y, [split.train for split in splits], network, streams, device)
    (table,), (split,), (stream,) = inputs, splits, streams
    if params.network != "scikit-learn":
        return [_baseline(params.network, table, y, split)]
    try:
        return [fit_scikit_learn(table, y, split.train, network, stream)]
    except FloatingPointError:
        return [Fitted(np.full(len(y), np.nan), 0, False, 0.0)]


def _baseline(name: str, X: np.ndarray, y: np.ndarray, split: Parts) -> Fitted:
    """The training share of the class 1 for all rows, logistic regression with scikit-learn's penalty, or the nearest training row."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    if name == "majority":
        return Fitted(np.full(len(y), y[split.train].mean()), 0, True, 0.0)
    model = LogisticRegression(max_iter=2000) if name == "logistic" else KNeighborsClassifier(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[split.train], y[split.train])
    return Fitted(model.predict_proba(X)[:, 1], 0, True, 0.0)


def _measured(y: np.ndarray, missing: np.ndarray, split: Parts, fit: Fitted) -> Outcome:
    lost = not np.isfinite(fit.probability).all()
    probability = np.where(np.isfinite(fit.probability), fit.probability, 0.0)
    metrics = {
        "validation_accuracy": float(np.mean((probability > 0.5)[split.validation] == y[split.validation])),
        "train_accuracy": float(np.mean((probability > 0.5)[split.train] == y[split.train])),
        **scores(y[split.test], probability[split.test]),
    }
    if lost:
        metrics = dict.fromkeys(metrics, np.nan)
    metrics |= {
        "epochs_trained": float(fit.epochs),
        "settled": float(fit.settled),
        "lost": float(lost),
        "incomplete_rows": float(missing.any(axis=1).mean()),
    }
    series, arrays = shown(y[split.test], probability[split.test])
    return Outcome(metrics, {"train": fit.seconds}, series, arrays)


METRICS = {
    "validation_accuracy": Metric("validation accuracy", scale="logit", better="higher"),
    "train_accuracy": Metric("training accuracy", scale="logit", better="higher"),
    "test_accuracy": Metric("test accuracy", scale="logit", better="higher"),
    "test_balanced_accuracy": Metric("balanced test accuracy", scale="logit", better="higher"),
    "test_precision": Metric("precision", scale="logit", better="higher"),
    "test_recall": Metric("recall", scale="logit", better="higher"),
    "test_f1": Metric("F1", scale="logit", better="higher"),
    "test_roc_auc": Metric("area under the ROC curve", scale="logit", better="higher"),
    "test_brier": Metric("Brier score", better="lower"),
    "test_calibration_error": Metric("calibration error", better="lower"),
    "epochs_trained": Metric("epochs trained"),
    "settled": Metric("share of fits that came to rest"),
    "lost": Metric("share of fits with weights no longer finite", better="lower"),
    "incomplete_rows": Metric("share of rows with a missing value"),
}


def cost(params: Params) -> float:
    """Rough seconds of one job."""
    if params.network in ("majority", "logistic", "neighbour"):
        return 0.05
    size = sum(a * b for a, b in zip((20, *params.hidden), (*params.hidden, 1), strict=True)) / 10000
    return (0.1 + 0.35 * size) * params.iterations / 200 * (10 if _stacked(params) else 1)


study = Study(
    name="tabular-classification",
    title="Classification of small tables",
    sheet={"C": "2.2"},
    version=1,
    params=Params(),
    trial=trial,
    grid=everything(["ionosphere", "pima"]),
    replicates=10,
    stacked=_stacked,
    data=lambda params: (check_table(params.data),),
    profiles={
        "quick": overrides(grid=tiny(["breast_cancer", "two_moons"]), iterations=60, replicates=3),
        "standard": overrides(grid=reported_only(["ionosphere", "pima"])),
        "full": overrides(replicates=30),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("Which settings are best, and how sure is that?", answers.best_settings, "2.2"),
        Question("Why is one table harder than the other?", answers.why_harder, "2.2"),
        Question("Do the best settings of one table serve the other?", answers.transfer, "2.2"),
        Question("What do scaling and missing values change?", answers.preparation, "2.2"),
    ],
    figures=[
        Figure("main-effects", reading.effects, reading.effects_caption),
        Figure("accuracy", reading.accuracy_bars, reading.accuracy_caption),
        Figure("rank-stability", reading.rank_strip, reading.rank_caption),
        Figure("roc", reading.roc_figure, reading.roc_caption),
        Figure("calibration", reading.calibration_figure, reading.calibration_caption),
        Figure("confusion", reading.confusion_figure, reading.confusion_caption),
        Figure("beside-scikit-learn", tables.beside, tables.beside_caption),
    ],
    tables=[
        Table("nested", reading.nested_table, "Settings chosen by validation within each split, and what the test rows of that split say."),
        Table("ranked", reading.ranked, reading.ranked_caption),
        Table(
            "top-five",
            reading.top_five,
            "The five settings with the best mean validation accuracy of each table, and their rank over the splits.",
        ),
        Table("baselines", tables.baselines, "The setting chosen within each split beside the baselines, on the test rows."),
        Table(
            "transfer",
            tables.transfer_table,
            "The best settings of each table on the other, by mean validation accuracy; chosen by rank, so slightly too good.",
        ),
        Table("preparation", tables.preparation_table, tables.preparation_caption),
        Table("per-class", reading.per_class, reading.per_class_caption),
        Table(
            "beside-scikit-learn",
            tables.beside_table,
            "Our network beside scikit-learn's with the same settings and splits: paired difference of test accuracy.",
        ),
    ],
    claims=CLAIMS,
)
