"""The discussion questions of santa-fe-forecast, answered from its results."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.params import as_dict
from annlab.studies.recurrent.santa_fe_forecast_grid import BASELINES, largest_folds
from annlab.studies.recurrent.santa_fe_forecast_reading import candidates_of, cells_of, continuation_of, described, network, tested_of
from annlab.studies.recurrent.santa_fe_forecast_tables import ensemble_rows

if TYPE_CHECKING:
    from annlab.lab import Cell, Results

PLAIN: dict[str, Any] = {"validation": "folds", "carry": False, "patience": None, "batch_size": None, "validation_size": 100}
UNDECIDED = "Undecided: this profile does not hold the cells that would tell."


def _plain(results: "Results", model: str, **more: Any) -> "list[Cell]":
    """Cells of a model at the most frequent number of folds, without variants."""
    found = cells_of(results, **PLAIN, model=model, form="stateful", **more)
    cells = [cell for cell in found if len(cell.params.hidden_sizes) == 1]
    counts = [cell.params.folds for cell in cells]
    return [cell for cell in cells if cell.params.folds == max(set(counts), key=counts.count)]


def _number(results: "Results", name: str, cell: "Cell") -> str:
    return draw.measured(results, name, **as_dict(cell.params))


def _against(results: "Results", name: str, first: "Cell", second: "Cell") -> str:
    return str(draw.compare(results, name, as_dict(first.params), as_dict(second.params)))


def _mean(results: "Results", name: str, cell: "Cell") -> float:
    return float(np.mean(results.values(name, **as_dict(cell.params))))


def which_lag(results: "Results") -> str:
    """Answers what the lag does."""
    cells = _plain(results, "mlp")
    units = max({cell.params.hidden_sizes for cell in cells}, key=lambda size: sum(cell.params.hidden_sizes == size for cell in cells))
    same = sorted((cell for cell in cells if cell.params.hidden_sizes == units), key=lambda cell: int(cell.params.lag))
    if len(same) < 2:
        return f"{UNDECIDED} It has one lag for each width. The profile standard has six."
    lowest = min(same, key=lambda cell: _mean(results, "validation_mse", cell))
    ahead = min(same, key=lambda cell: _mean(results, "recursive_validation_mse", cell))
    listed = "; ".join(f"{cell.params.lag}: {_mean(results, 'validation_mse', cell):.3g}" for cell in same)
    chosen = _chosen_lag(results)
    return (
        f"With {units[0]} units the mean validation MSE one step ahead, on the standardised series, is by lag {listed}. "
        f"Lag {lowest.params.lag} has the lowest; against it the error of lag {same[0].params.lag} is "
        f"{_against(results, 'validation_mse', same[0], lowest)} and that of lag {same[-1].params.lag} is "
        f"{_against(results, 'validation_mse', same[-1], lowest) if same[-1] is not lowest else 'its own'}. "
        f"By the recursive forecast of the held-out parts lag {ahead.params.lag} is lowest: the two criteria "
        f"{'agree' if ahead is lowest else 'disagree'} here, and the task is the recursive one. {chosen}"
    )


def _chosen_lag(results: "Results") -> str:
    table = candidates_of(results)
    if "rolling_mse" not in table:
        return "The search over held-out blocks has not run."
    by_lag = table.groupby(["lag", "epochs", "input_noise", "units"])["rolling_mse"].mean().groupby("lag").min()
    listed = "; ".join(f"{lag}: {value:.0f}" for lag, value in by_lag.items())
    return f"In the search over held-out blocks, where the collapses lie too, the best recipe of each lag has an error of {listed}."


def which_validation_size(results: "Results") -> str:
    """Answers what the size of the held-out part does."""
    cells = cells_of(results, validation="folds", carry=False, patience=None, batch_size=None, model="mlp")
    groups: dict[Any, list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.params.lag, cell.params.hidden_sizes, cell.params.folds, cell.params.test), []).append(cell)
    most = max(groups.values(), key=len)
    most.sort(key=lambda cell: int(cell.params.validation_size))
    n = len(continuation_of(results)[0])
    lag = most[0].params.lag
    room = (
        f"With lag {lag} and {n} values at most {largest_folds(n, 50, lag)} folds of 50 or {largest_folds(n, 200, lag)} of 200 are possible"
    )
    if len(most) < 2:
        first = _number(results, "validation_mse", most[0])
        return f"{UNDECIDED} Its one size, {most[0].params.validation_size}, gives {first}. {room}."
    listed = "; ".join(f"{cell.params.validation_size}: {_mean(results, 'validation_mse', cell):.3g}" for cell in most)
    spread = "; ".join(f"{cell.params.validation_size}: {_fold_spread(results, cell):.2g}" for cell in most)
    return (
        f"For {network(most[0].params)} and {most[0].params.folds} folds the mean validation MSE by size is {listed}. "
        f"Folds differ from each other by a standard deviation of {spread}, relative to their mean. "
        f"From the smallest to the largest size the error is {_against(results, 'validation_mse', most[-1], most[0])}. "
        "A larger part averages over more pulses, but leaves the first folds little to learn from. "
        f"{room}. "
        "The held-out parts lie at the end of the series, so that a small number of small parts never meets a collapse."
    )


def _fold_spread(results: "Results", cell: "Cell") -> float:
    frame = results.series("folds", **as_dict(cell.params))
    by_fold = frame.groupby("fold")["validation_mse"].mean()
    return float(by_fold.std() / by_fold.mean()) if len(by_fold) > 1 else 0.0


def how_many_folds(results: "Results") -> str:
    """Answers what the number of folds does."""
    cells = cells_of(results, validation="folds", patience=None, batch_size=None, model="mlp")
    groups: dict[Any, list[Cell]] = {}
    for cell in cells:
        key = (cell.params.lag, cell.params.hidden_sizes, cell.params.validation_size, cell.params.carry)
        groups.setdefault(key, []).append(cell)
    fresh = max((found for key, found in groups.items() if not key[-1]), key=len)
    fresh.sort(key=lambda cell: int(cell.params.folds))
    listed = "; ".join(f"{cell.params.folds}: {_mean(results, 'validation_mse', cell):.3g}" for cell in fresh)
    n, lag = len(continuation_of(results)[0]), fresh[0].params.lag
    text = (
        f"With held-out parts of {fresh[0].params.validation_size}, {network(fresh[0].params)} has the validation MSE {listed}, by folds. "
        "The largest possible number is (n - gap - lag - 1) divided by the size, rounded down: "
        f"{largest_folds(n, 100, lag)} folds of 100 at lag {lag}, for the gap is left out once and not for every fold. "
        "Where fresh weights are trained in each fold and the last fit uses all values, the number of folds cannot change the forecast; it "
        "only changes what the validation says. "
    )
    if len(fresh) > 1 and fresh[0].params.folds == 1:
        text += (
            f"One fold is the hold-out of the last {fresh[0].params.validation_size} values alone; its error, against that of "
            f"{fresh[-1].params.folds} folds, is {_against(results, 'validation_mse', fresh[0], fresh[-1])}. "
        )
    carried = max((found for key, found in groups.items() if key[-1]), key=len, default=[])
    carried = sorted((cell for cell in carried if cell.params.test), key=lambda cell: int(cell.params.folds))
    if len(carried) < 2:
        pair = _carried_pair(results, cells)
        return text + (pair or "Whether more folds harm a model that is carried through them is undecided in this profile.")
    listed = "; ".join(f"{cell.params.folds}: {_mean(results, 'test_mse', cell):.0f}" for cell in carried)
    return text + (
        f"A model carried through the folds trains on with each; its error on the continuation is {listed}, and with the most folds, "
        f"against the fewest, {_against(results, 'test_mse', carried[-1], carried[0])}."
    )


def _carried_pair(results: "Results", cells: "list[Cell]") -> str:
    for cell in cells:
        if cell.params.carry and cell.params.test:
            alike = {**as_dict(cell.params), "carry": False}
            found = draw.compare(results, "test_mse", as_dict(cell.params), alike)
            return f"Carried through the folds, the error of {network(cell.params)} on the continuation is, against a fresh refit, {found}."
    return ""


def how_many_units(results: "Results") -> str:
    """Answers what the number of units does."""
    cells = _plain(results, "mlp")
    lags = {cell.params.lag for cell in cells}
    lag = max(lags, key=lambda lag: (sum(cell.params.lag == lag for cell in cells), lag if lag <= 15 else 0))
    same = sorted((cell for cell in cells if cell.params.lag == lag), key=lambda cell: int(cell.params.hidden_sizes[0]))
    listed = "; ".join(f"{cell.params.hidden_sizes[0]}: {_mean(results, 'validation_mse', cell):.3g}" for cell in same)
    lowest = min(same, key=lambda cell: _mean(results, "validation_mse", cell))
    if len(same) < 2:
        return f"{UNDECIDED} At lag {lag} it has one width, with {listed}. The profile standard has four."
    text = (
        f"At lag {lag} the mean validation MSE of the MLP is by units {listed}. "
        f"{lowest.params.hidden_sizes[0]} units are lowest; against the narrowest, "
        f"{same[0].params.hidden_sizes[0]}, the error of the widest, {same[-1].params.hidden_sizes[0]}, is "
        f"{_against(results, 'validation_mse', same[-1], same[0])}. "
        f"The widest ends with a validation loss {_mean(results, 'overfit', same[-1]):.3g} times its training loss, the narrowest with "
        f"{_mean(results, 'overfit', same[0]):.3g} times. "
    )
    stopped = cells_of(
        results, validation="folds", model="mlp", lag=lag, hidden_sizes=same[-1].params.hidden_sizes, batch_size=None, carry=False
    )
    early = [cell for cell in stopped if cell.params.patience is not None and cell.params.folds == same[-1].params.folds]
    if not early:
        return text + "Whether early stopping changes that is undecided in this profile."
    return text + (
        "With early stopping, against without, the error of the widest is "
        f"{_against(results, 'validation_mse', early[0], same[-1])}; its best weights come after "
        f"{_mean(results, 'best_epoch', early[0]):.0f} epochs on average."
    )


def lstm_design(results: "Results") -> str:
    """Answers how the LSTM is designed and what its lag and width do."""
    cells = _plain(results, "lstm")
    lowest, highest = (pick(cells, key=lambda cell: _mean(results, "validation_mse", cell)) for pick in (min, max))
    text = (
        "The LSTM of the handout reads the whole series once, the last p values as features at each time, and carries its state from the "
        "first value to the last and on into the forecast; a linear output follows. "
        f"Among {len(cells)} settings the lowest mean validation MSE is that of {network(lowest.params)}, "
        f"{_number(results, 'validation_mse', lowest)}, with {_mean(results, 'parameters', lowest):.0f} parameters; the highest, that of "
        f"{network(highest.params)}, is {_against(results, 'validation_mse', highest, lowest)}. "
    )
    width = lowest.params.hidden_sizes
    by_lag = sorted((cell for cell in cells if cell.params.hidden_sizes == width), key=lambda cell: int(cell.params.lag))
    if len(by_lag) > 1:
        listed = "; ".join(f"{cell.params.lag}: {_mean(results, 'validation_mse', cell):.3g}" for cell in by_lag)
        text += f"By lag, at {width[0]} units, it is {listed}. "
    windowed = cells_of(results, model="lstm", form="windowed")
    if windowed:
        best = min(windowed, key=lambda cell: _mean(results, "validation_mse", cell))
        text += f"Reading windows from a state of zeros instead, {network(best.params)} reaches {_number(results, 'validation_mse', best)}"
        alike = cells_of(results, **{**as_dict(best.params), "form": "stateful", "test": [False, True]})
        return text + (
            f"; against the handout's of equal lag and width that is {_against(results, 'validation_mse', best, alike[0])}."
            if alike
            else "."
        )
    return text + "The variant that reads windows from a state of zeros has no cell in this profile, so that comparison is undecided."


def which_model(results: "Results") -> str:
    """Answers which of the two is preferred, on equal lag and width, and against baselines."""
    cells = cells_of(results, test=True, **{**PLAIN, "validation_size": [100, 150]})
    pairs = []
    for cell in cells:
        if cell.params.model == "lstm":
            alike = [o for o in cells if o.params.model == "mlp" and o.params.lag == cell.params.lag]
            alike = [o for o in alike if o.params.hidden_sizes == cell.params.hidden_sizes] or alike
            pairs += [(cell, alike[0])] if alike else []
    said = [f"{network(a.params)} against {network(b.params)}: {_against(results, 'test_mse', a, b)}" for a, b in pairs[:3]]
    base = described(tested_of(results).where(model=list(BASELINES)).table).groupby("network")["test_mse"].mean()
    text = f"Error of the recursive forecast of 100 values: {'; '.join(said) or 'no pair of equal lag in this profile, so undecided'}. "
    if pairs:
        (first, second), *_ = pairs[-1:]
        text += (
            f"The last of these pairs breaks down at step {_number(results, 'breakdown_step', first)} (LSTM) and "
            f"{_number(results, 'breakdown_step', second)} (MLP). "
        )
    beaten = sum(_mean(results, "test_mse", cell) > base.min() for cell in cells if cell.params.model not in BASELINES)
    networks = sum(cell.params.model not in BASELINES for cell in cells)
    return text + (
        f"The best baseline, {base.idxmin()}, has an MSE of {base.min():.0f}; {beaten} of these {networks} networks do worse on average. "
        "A network is preferred by validation and cost, and the numbers above were not used to choose one."
    )


def how_far(results: "Results") -> str:
    """Answers how far the series can be forecast, how the recipe was chosen and how sure the choice is."""
    chosen = results.selected
    if chosen is None or results.final.empty:
        return f"{UNDECIDED} A candidate or the final stage is missing. Run the study again to complete it."
    table = candidates_of(results)
    keys = ["lag", "units", "epochs", "input_noise"]
    means = table.groupby(keys)["rolling_mse"].mean()
    single = table.loc[table.groupby("replicate")["rolling_mse"].idxmin(), keys].apply(tuple, axis=1)
    share, resampled = int((single == means.idxmin()).sum()), _resampled(results, keys)
    values = results.values("test_mse", stage="final")
    rows = ensemble_rows(results)
    whole = rows[(rows["networks"] == rows["networks"].max()) & (rows["combined by"] == "mean")].iloc[0]
    noise = chosen.params.input_noise
    return (
        f"Of {len(means)} recipes, {network(chosen.params)} with {chosen.params.epochs} epochs and input noise {noise:g} has the lowest "
        f"error over held-out blocks of 100 values, {_number(results, 'rolling_mse', chosen)}, a geometric mean over blocks. "
        f"It would have been chosen by {share} of {len(single)} seeds alone, and in {resampled:.0%} of draws of blocks with replacement: "
        "that is how sure the choice is. "
        f"Fitted to all values, its forecast of the continuation has a median MSE of {np.median(values):.0f} over {len(values)} seeds "
        f"(quartiles {np.quantile(values, 0.25):.0f} and {np.quantile(values, 0.75):.0f}). "
        f"The mean path of all {int(whole['networks'])} has {whole['median MSE']:.0f}, an NMSE of {whole['NMSE']:.3f} over the "
        "variance of the continuation. "
        f"A forecast holds until step {draw.measured(results, 'breakdown_step', stage='final')} of 100; 101 means that it never broke down."
    )


def _resampled(results: "Results", keys: list[str]) -> float:
    """Share of bootstrap draws of the held-out blocks in which the same recipe has the lowest error."""
    chosen = results.selected
    frame = results.series("windows", validation="blocks", model="mlp")
    for name in ("lag", "epochs", "input_noise", "hidden_sizes"):
        if name not in frame:
            frame[name] = [getattr(chosen.params, name)] * len(frame) if chosen else 0
    frame = frame.assign(units=["-".join(map(str, sizes)) for sizes in frame["hidden_sizes"]], score=np.log(frame["window_mse"]))
    scores = frame.pivot_table(index=keys, columns="origin", values="score", aggfunc="mean").to_numpy()
    draws = np.random.default_rng(0).integers(0, scores.shape[1], (1000, scores.shape[1]))
    return float(np.mean(scores[:, draws].mean(axis=-1).argmin(axis=0) == scores.mean(axis=1).argmin()))
