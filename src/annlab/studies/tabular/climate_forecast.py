"""Which model and how many months of the past forecast a city's monthly temperature best?

Rio de Janeiro, Paris and London from 1870 to 2012 (Berkeley Earth); Brussels, which is only in the larger table, joins where the user
has registered it as ``brussels``, and no other city takes its place. Support vector regression, a random forest, a linear autoregression, a
perceptron and an LSTM predict the next month from the last `lag` months, through the forecasters of this package; the mean of the
calendar month and the same month of last year are the baselines.

The last ten years test, the ten years before validate, all earlier months train, once: nothing is fitted again. The reports state no
dates, so each replicate ends three years earlier than the one before, which makes the spread one over times (the windows overlap, so it
is a little too small). Lags and settings are chosen on the validation months of the replicate. Every score is one step ahead, from true
values, or recursive, ten years from one origin, as the cell says. Also open are units, scaling and length of the training
series: degrees Celsius; raw or standardised values; all years, or the last thirty before validation, as a variant.

quick | standard | full: 21 x 3 x 1 | 96 x 5 x 1 | 140 x 10 x 1 updates, estimated 7 | 420 | 4550 seconds on two cores
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from annlab.data import require
from annlab.errors import UsageError
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, overrides
from annlab.studies.tabular import climate_forecast_answers as answers
from annlab.studies.tabular import climate_forecast_reading as reading
from annlab.studies.tabular.climate_forecast_claims import CLAIMS
from annlab.studies.tabular.climate_forecast_grid import some, thorough, tiny
from annlab.studies.tabular.climate_forecast_models import fitted

if TYPE_CHECKING:
    from annlab.lab import Context

YEAR, HELD_OUT, SHIFT = 12, 120, 36
"""Months of a year, of the validation and of the test part, and between the ends of two replicates."""
SAMPLES = 100


@dataclass(frozen=True)
class Params:
    """Series, model, and what is scored; with `lags` one job fits them all, one step ahead."""

    data: str = "climate"
    city: str = "Rio de Janeiro"
    model: Literal["svr", "forest", "linear", "mlp", "lstm", "month mean", "seasonal naive"] = "svr"
    lag: int = 22
    lags: tuple[int, ...] = ()
    forecast: Literal["one-step", "recursive"] = "one-step"
    standardise: bool = False
    training_years: int = 0
    kernel: Literal["linear", "poly", "rbf", "sigmoid"] = "rbf"
    C: float = 0.4
    epsilon: float = 0.2
    gamma: float | Literal["scale"] = "scale"
    trees: int = 100
    depth: int = 10
    hidden: int = 25
    epochs: int = 200


@dataclass(frozen=True)
class Months:
    """One replicate's series up to its end, and where validation and test begin."""

    values: np.ndarray
    first: int
    validation: int
    test: int

    @property
    def training(self) -> np.ndarray:
        """The months trained on."""
        return self.values[self.first : self.validation]


def trial(params: Params, ctx: "Context") -> Outcome:
    """Fit on the training months; score validation and test."""
    months = months_of(ctx.data(params.data).column(params.city), params, ctx.replicate)
    state = irregularity(months.training)
    if params.lags:
        return _sweep(params, months, ctx, state)
    seed = ctx.streams.seed("init") % 2**32
    model, converged = fitted(params, params.lag, seed, months.training)
    known = months.values[months.first :]  # months before the training years are not seen by any window
    origins = np.array([months.validation, months.test]) - months.first
    one_step = np.full(len(known), np.nan)
    predicted = model.one_step(known)
    one_step[len(known) - len(predicted) :] = predicted
    errors = (known - one_step) ** 2
    metrics = {**state, "train_mse": float(np.nanmean(errors[: origins[0]]))}
    if params.model == "svr":
        metrics["converged"] = float(converged)
    if params.forecast == "one-step":
        paths = np.stack([one_step[origin : origin + HELD_OUT] for origin in origins])
    else:
        paths = model.forecast_from(known, origins, HELD_OUT).mean(axis=0)
    truth = np.stack([known[origin : origin + HELD_OUT] for origin in origins])
    scored = ((paths - truth) ** 2).mean(axis=1)
    metrics |= {"validation_mse": float(scored[0]), "test_mse": float(scored[1]), "test_nmse": float(scored[1] / months.training.var())}
    metrics |= {"forecast_repeats": repeats(paths[1]), "truth_repeats": repeats(truth[1])}
    series = {"forecast": {"step": np.arange(1, HELD_OUT + 1), "prediction": paths[1], "truth": truth[1]}}
    arrays = {}
    if params.forecast == "recursive" and ctx.replicate == 0:
        arrays = {
            "samples": np.asarray(
                model.forecast(HELD_OUT, n_samples=SAMPLES, random_state=ctx.streams.seed("measure") % 2**32), dtype=np.float32
            ),
            "followed": truth[0],
            "history": months.training[-5 * YEAR :],
        }
    return Outcome(metrics, {}, series, arrays)


def months_of(values: np.ndarray, params: Params, replicate: int) -> Months:
    """The series of a replicate: whole years, ending three years earlier than that of the one before.

    Raises:
        UsageError: where fewer than ten years are left to train on.
    """
    end = len(values) - SHIFT * replicate
    validation = end - 2 * HELD_OUT
    first = max(0, validation - YEAR * params.training_years) if params.training_years else validation % YEAR
    if validation - first < 10 * YEAR:
        raise UsageError(f"{len(values)} months leave {max(0, validation - first)} to train in replicate {replicate}; 120 are needed")
    return Months(np.asarray(values[:end], dtype=float), first, validation, end - HELD_OUT)


def irregularity(values: np.ndarray) -> dict[str, float]:
    """What calendar-month means leave of the variance (Celsius squared), and as a share of all of it."""
    place = np.arange(len(values)) % YEAR
    means = np.array([values[place == month].mean() for month in range(YEAR)])
    left = float(np.mean((values - means[place]) ** 2))
    return {"left_variance": left, "left_share": left / float(values.var())}


def repeats(path: np.ndarray) -> float:
    """Autocorrelation at twelve months, over the overlapping part with its own means: 1 for a path that repeats each year."""
    before, after = path[:-YEAR], path[YEAR:]
    return float(np.corrcoef(before, after)[0, 1]) if min(before.std(), after.std()) > 0 else 1.0


def _sweep(params: Params, months: Months, ctx: "Context", state: dict[str, float]) -> Outcome:
    """Training and validation error one step ahead at every lag, all on the months that the longest lag leaves to train on."""
    known, cut = months.values[months.first : months.test], months.validation - months.first
    from_month = max(params.lags)
    rows, settled = [], []
    for lag in params.lags:
        model, converged = fitted(params, lag, ctx.streams.seed("init") % 2**32, months.training)
        settled.append(converged)
        errors = (known[from_month:] - model.one_step(known)[from_month - lag :]) ** 2
        rows.append((errors[: cut - from_month].mean(), errors[cut - from_month :].mean()))
        ctx.report(lag, train_mse=rows[-1][0])
    train, validation = np.array(rows).T
    lags = np.asarray(params.lags)
    metrics = {
        **state,
        "best_lag_training": float(lags[train.argmin()]),
        "best_lag_validation": float(lags[validation.argmin()]),
        "best_validation_mse": float(validation.min()),
    }
    if params.model == "svr":
        metrics["converged"] = float(np.mean(settled))
    if 22 in params.lags:
        metrics["gain_after_22"] = float(1 - train[lags > 22].min(initial=np.inf) / train[lags == 22][0]) if (lags > 22).any() else 0.0
    return Outcome(metrics, {}, {"by_lag": {"lag": lags, "train_mse": train, "validation_mse": validation}})


METRICS = {
    "train_mse": Metric("training MSE", "°C²", scale="log", better="lower"),
    "validation_mse": Metric("validation MSE", "°C²", scale="log", better="lower"),
    "test_mse": Metric("test MSE", "°C²", scale="log", better="lower"),
    "test_nmse": Metric("test MSE over the variance of the training months", scale="log", better="lower"),
    "forecast_repeats": Metric("autocorrelation of the forecast at 12 months"),
    "truth_repeats": Metric("autocorrelation of the true months at 12 months"),
    "left_variance": Metric("variance left after month means", "°C²", scale="log"),
    "left_share": Metric("share of the variance left after month means", scale="log"),
    "best_lag_training": Metric("lag with the lowest training MSE", "months"),
    "best_lag_validation": Metric("lag with the lowest validation MSE", "months"),
    "best_validation_mse": Metric("lowest validation MSE over lags", "°C²", scale="log", better="lower"),
    "converged": Metric("fits that converged, share", better="higher"),
    "gain_after_22": Metric("share of the training MSE that lags beyond 22 take away"),
}


def cost(params: Params) -> float:
    """Rough seconds of one job."""
    slow = 6.0 if params.kernel == "poly" and not params.standardise else 1.0
    one = {"svr": 0.27 * slow, "forest": 0.014 * params.trees, "mlp": 5e-4 * params.epochs, "lstm": 0.07 * params.epochs}
    twice = 2.0 if params.forecast == "recursive" and params.model in ("svr", "forest") else 1.0
    return one.get(params.model, 0.03) * max(1, len(params.lags)) * twice


study = Study(
    name="climate-forecast",
    title="Monthly temperatures of cities",
    sheet={"C": "2.1"},
    version=1,
    params=Params(),
    trial=trial,
    grid=thorough(),
    replicates=5,
    data=lambda params: (require(params.data, task="forecasting", shape={"temperature": (None, None)}).name,),
    profiles={
        "quick": overrides(grid=tiny(), data="seasonal", training_years=30, trees=10, epochs=40, replicates=3),
        "standard": overrides(grid=some()),
        "full": overrides(replicates=10),
    },
    cost=cost,
    metrics=METRICS,
    questions=[
        Question("Which model and which lag suit each city?", answers.model_and_lag, "2.1"),
        Question("Is the lag that fits the training months best also the best for others?", answers.training_or_validation, "2.1"),
        Question("How irregular are the series, and what does a forecast of many years look like?", answers.irregular, "2.1"),
        Question("Would a more structured search of the settings help?", answers.search, "2.1"),
    ],
    figures=[
        Figure("by-lag", reading.by_lag, "Training and validation error one step ahead by lag, mean and 95 % interval over replicates."),
        Figure("forecast", reading.forecast_figure, reading.forecast_caption),
        Figure("models", reading.models, reading.models_caption),
        Figure("kernels", reading.kernels, reading.kernels_caption),
        Figure("settings", reading.settings, reading.settings_caption),
        Figure("kernel-width", reading.widths, reading.widths_caption),
    ],
    tables=[
        Table("lags", reading.lag_table, "Best lags by training and by validation months."),
        Table("models", reading.model_table, "All models and baselines, one step ahead and recursively over ten years."),
        Table("chosen", reading.chosen_table, "The model chosen by the validation months of each replicate, and its test error."),
        Table(
            "irregularity", reading.irregularity_table, "What the calendar months explain, and how much of the training variance is left."
        ),
        Table("support-vectors", reading.vector_table, reading.vector_caption),
        Table("forest", reading.forest_table, "Random forests by number and depth of trees."),
    ],
    claims=CLAIMS,
)
