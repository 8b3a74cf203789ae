"""The discussion questions of climate-forecast, answered from its results."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.draw.formats import format_setting
from annlab.lab.statistics import mean_interval
from annlab.studies.tabular.climate_forecast_claims import searched
from annlab.studies.tabular.climate_forecast_reading import WORDS, chosen, cities, plain, sweeps, unsettled, usual_years

if TYPE_CHECKING:
    from annlab.lab import Results


def _interval(values: Any, *, ratio: bool = False) -> str:
    x = np.asarray(values, dtype=float)
    found = mean_interval(np.log(x) if ratio else x)
    mean, low, high = (float(np.exp(each)) if ratio else each for each in (found.mean, found.low, found.high))
    return draw.format_interval(mean, low, high)


def model_and_lag(results: "Results") -> str:
    """Answers which model and lag the validation months choose."""
    frame, swept = chosen(results), sweeps(results)
    one = frame[frame["forecast"] == "one-step"]
    sentences = []
    for city in cities(results)[:3]:
        held = one[one["city"] == city]
        most, count = held["model"].value_counts().index[0], int(held["model"].value_counts().iloc[0])
        lags = []
        for model, part in swept[swept["city"] == city].groupby("model", sort=False):
            means = part.groupby("lag")["validation_mse"].mean()
            lags.append(f"{means.index[int(means.to_numpy().argmin())]} for the {model}")
        sentences.append(
            f"For {city} the validation months choose most often the {most} ({count} of {len(held)} replicates), and the test error one "
            f"step ahead is {_interval(held['ratio'], ratio=True)} times that of the calendar month's mean; the lags with the lowest mean "
            f"validation error are {' and '.join(lags)}. "
        )
    text = "".join(sentences)
    far = frame[frame["forecast"] == "recursive"]
    beyond = mean_interval(np.log(one["ratio"].to_numpy())).high < 0
    return (
        text + f"One step ahead the last months {'say' if beyond else 'were not shown to say'} more about the next than the season does. "
        f"Ten years ahead, recursively, the chosen models have {_interval(far['ratio'], ratio=True)} times the error of the month "
        "means, over all cities."
    )


def training_or_validation(results: "Results") -> str:
    """Answers what the training error says about the lag."""
    frame = sweeps(results)
    sentences = []
    for _, part in list(frame.groupby(["city", "model"], sort=False))[:4]:
        city, model = (str(part[name].iloc[0]) for name in ("city", "model"))
        wide = part.set_index(["replicate", "lag"])[["train_mse", "validation_mse"]]
        best_train = wide["train_mse"].groupby("replicate").idxmin()
        loss = wide.loc[list(best_train), "validation_mse"].to_numpy() / wide["validation_mse"].groupby("replicate").min().to_numpy()
        lags = [lag for _, lag in best_train]
        means = part.groupby("lag")["train_mse"].mean()
        sentences.append(
            f"{model[0].upper()}{model[1:]}, {city}: from lag {means.index[0]} to {means.index[-1]} the training error changes by a factor "
            f"of {draw.format_number(float(means.iloc[-1] / means.iloc[0]))}; it is lowest at {_range(lags)}, where the validation error "
            f"is {_interval(loss, ratio=True)} times its own minimum. "
        )
    return (
        "A longer lag gives a model more inputs, and with them the training error tends to fall whether or not they help. "
        + "".join(sentences)
        + "So the lag is to be chosen on months that were not trained on."
    )


def _range(lags: list[int]) -> str:
    return f"lag {lags[0]}" if len(set(lags)) == 1 else f"lags {min(lags)} to {max(lags)}"


def irregular(results: "Results") -> str:
    """Answers how irregular the series are and whether a forecast repeats."""
    shares = {}
    for city in cities(results):
        shares[city] = results.where(city=city, model="month mean", forecast="one-step").table["left_share"].to_numpy()
    text = "; ".join(f"{city}: {_interval(values)}" for city, values in shares.items())
    ranked = max(shares, key=lambda city: shares[city].mean())
    city = cities(results)[0]
    cell = {"city": city, "model": "forest", "forecast": "recursive"}
    narrowed = plain(results)
    forecast = draw.measured(narrowed, "forecast_repeats", **cell)
    truth = draw.measured(narrowed, "truth_repeats", **cell)
    both = [narrowed.values(name, **cell) for name in ("forecast_repeats", "truth_repeats")]
    beyond = mean_interval(both[0] - both[1]).low > 0
    return (
        f"Month means leave these shares of the variance of the training months: {text}. "
        f"By that measure the least regular of them is {ranked}. "
        f"The random forest's recursive forecast for {city} has an autocorrelation at twelve months of {forecast}, the true months "
        f"{truth}. "
        "Fed with its own predictions a forecast meets nothing unexpected: "
        f"{'it repeats itself more than the months do. ' if beyond else 'that it repeats itself more than the months do was not shown. '}"
        + (
            ""
            if any("Brussels" in name for name in shares)
            else "Whether Rio is more irregular than Brussels is undecided: Brussels is not here. "
        )
    )


def search(results: "Results") -> str:
    """Answers whether a search of C and epsilon lowers the error."""
    narrowed = results.where(
        model="svr",
        lags=(),
        kernel="rbf",
        forecast="one-step",
        standardise=True,
        training_years=usual_years(results),
        city=cities(results)[0],
    )
    wide, narrowed = narrowed.where(epsilon=0.2), narrowed.where(gamma="scale")
    values, verdict = _helps(narrowed)
    picks = _picked(narrowed)
    words = ", ".join(f"C = {c:g} with ε = {e:g}" for c, e in sorted(set(zip(picks["C"], picks["epsilon"], strict=True))))
    return (
        f"The report's C = 0.4 and ε = 0.2, at γ = scale, compete with {len(narrowed.cells) - 1} other pairs for {cities(results)[0]}, "
        "lag 22, one step ahead. "
        f"Chosen by the validation months of each replicate ({words}), the search {verdict}: with the report's settings the test error is "
        f"{_interval(np.exp(values), ratio=True)} times that of the chosen ones, n = {len(values)}. "
        "The test months choose nothing here; a search that looked at them would promise more than it keeps. "
        + _widths(wide)
        + f"The {WORDS['forest']} has settings of its own, in the table of forests. "
        + unsettled(results)
    )


def _helps(results: "Results") -> tuple[np.ndarray, str]:
    """Differences that the search makes by replicate, logarithms, and what they say."""
    values = np.array(list(searched(results).differences.values()))
    interval = mean_interval(values)
    return values, "helps" if interval.low > 0 else "harms" if interval.high < 0 else "makes no difference that could be shown (undecided)"


def _picked(results: "Results") -> Any:
    table = results.table
    return table.loc[table.groupby("replicate")["validation_mse"].idxmin()]


def _widths(results: "Results") -> str:
    """What a search of the kernel's width along with the penalty adds; nothing where only one width was tried."""
    tried = {cell.params.gamma for cell in results.cells}
    if len(tried) < 2:
        return ""
    values, verdict = _helps(results)
    picks = sorted(set(zip(_picked(results)["C"], _picked(results)["gamma"], strict=True)), key=str)
    words = ", ".join(f"C = {penalty:g} with γ = {format_setting(gamma)}" for penalty, gamma in picks)
    return (
        f"With {len(tried)} widths γ of the kernel crossed with C at ε = 0.2, {len(results.cells)} pairs, the search {verdict}: it chooses "
        f"{words}, and the report's settings have {_interval(np.exp(values), ratio=True)} times the test error of that. "
    )
