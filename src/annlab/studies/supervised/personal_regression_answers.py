"""The discussion questions of personal-regression, answered from its results."""

import math
from typing import TYPE_CHECKING

import numpy as np

from annlab import draw
from annlab.lab.params import as_dict
from annlab.lab.statistics import mean_interval
from annlab.studies.supervised.personal_regression_grid import REGULARISERS
from annlab.studies.supervised.personal_regression_reading import SETTING, candidates_of, has, optimism_of

if TYPE_CHECKING:
    from annlab.lab import Results


def how_chosen(results: "Results") -> str:
    """Answers which network is chosen and how it was validated."""
    chosen, table = results.selected, candidates_of(results)
    if chosen is None:
        return (
            "Undecided: a candidate is missing, so nothing is chosen. Every candidate must be computed first. "
            "Run the study again to complete it."
        )
    network = "-".join(map(str, chosen.params.hidden_sizes))
    wins = table.loc[table.groupby("replicate")["validation_mse"].idxmin(), SETTING]
    same = int((wins == [network, chosen.params.activation, chosen.params.optimizer, chosen.params.learning_rate]).all(axis=1).sum())
    score = draw.measured(results, "validation_mse", **as_dict(chosen.params))
    return (
        f"Of {table.groupby(SETTING).ngroups} candidates the one with {network} units, {chosen.params.activation}, "
        f"{chosen.params.optimizer} and the "
        f"rate {chosen.params.learning_rate:g} has the lowest mean validation error, {score}. "
        "Validation uses 400 of the 2000 training points, drawn anew with each replicate and never the test points. "
        f"Chosen by each replicate's own validation points alone, it would have been this one in {same} of {len(wins)} replicates. "
        f"{_folds_against_holdout(results)}"
    )


def _folds_against_holdout(results: "Results") -> str:
    if not has(results, "five_folds"):
        return "Whether folds would choose better than one held-out part is undecided here: this profile has no cell with folds."
    held_out = {**as_dict(results.study.params), "folds": 0}
    return (
        f"Five folds give {draw.measured(results, 'validation_mse', case='five_folds')} for the default network, one held-out part gives "
        f"{draw.measured(results, 'validation_mse', **held_out)}; folds cost five trainings, use every row once and train on as many."
    )


def why_a_test_set(results: "Results") -> str:
    """Answers why a test set is needed."""
    optimism, table = optimism_of(results), results.final
    if table.empty:
        return "Undecided: the final stage has not run. It alone meets the test points. Run the study again to complete it."
    validation, test = table["validation_mse"].mean(), table["test_mse"].mean()
    text = (
        f"The validation error chose the network, so it is the smallest of many noisy numbers and tends to be too low. "
        f"The test points chose nothing: on them "
        f"the chosen network has an MSE of {draw.measured(results, 'test_mse', stage='final')}, {test / validation:.2f} times its "
        "validation error. "
        f"On the points that nobody used it is {draw.measured(results, 'unseen_mse', stage='final')}, which tells how far 1000 test "
        "points can be trusted. "
    )
    if optimism is None:
        return text + "How much is lost by choosing with the test set itself is undecided: this profile has no such cells."
    ratio = float(np.exp(np.log(optimism["ratio"]).mean()))
    return text + (
        f"Where the test points stop the training and choose among {len(results.where(stop_on='test').cells)} networks, the unseen points "
        f"show an error {ratio:.2f} times what the test set promised (geometric mean over {len(optimism)} replicates). That factor is "
        "the optimism."
    )


def why_stop(results: "Results") -> str:
    """Answers why one does not train on."""
    name = "trained_on" if has(results, "trained_on") else "no_regulariser"
    values, train = results.values("validation_after_stop", case=name), results.values("train_after_stop", case=name)
    past = results.values("past_stop", case=name).mean()
    interval = mean_interval(np.log(values))
    direction = (
        "rises" if interval.low > 0 else "falls further" if interval.high < 0 else "does neither rise nor fall for certain (undecided)"
    )
    ratio = draw.format_interval(math.exp(interval.mean), math.exp(interval.low), math.exp(interval.high))
    stopped = draw.compare(results, "validation_mse", {"case": "early_stopping"}, {"case": "no_regulariser"})
    return (
        "The textbook's reason is that the network begins to fit noise, so that its validation error rises while its training error falls. "
        f"Measured here, with training {past:.1f} times as long as early stopping (patience 10) would have trained on average, the "
        f"validation error {direction}: at the end it is "
        f"{ratio} times that around the stop, and the training error {float(np.exp(np.log(train).mean())):.2f} times. "
        + ("That is hardly past the stop: a longer profile tells more. " if past < 3 else "")
        + "The targets carry no noise, so there is none to fit. "
        f"Stopping early, with everything else equal, gives a validation error that is {stopped}. "
        "With noisy targets or fewer points the answer may differ, and the validation error tells."
    )


def which_regularisers(results: "Results") -> str:
    """Answers which regularisers help."""
    lines = []
    for name in list(REGULARISERS)[1:]:
        outcome = draw.compare(results, "validation_mse", {"case": name}, {"case": "no_regulariser"})
        lines.append((name.replace("_", " "), outcome))
    better = [f"{name}, {found}" for name, found in lines if found.sign < 0]
    worse = [f"{name}, {found}" for name, found in lines if found.sign > 0]
    open_ = [f"{name}, {found}" for name, found in lines if found.sign == 0]
    return (
        "Each is compared with the same 20-20-20 tanh network without it, replicate by replicate, by validation error. "
        f"Shown to help: {'; '.join(better) or 'none'}. "
        f"Shown to harm: {'; '.join(worse) or 'none'}. "
        f"Undecided: {'; '.join(open_) or 'none'}. "
        f"{len(lines)} comparisons at 95 % raise a false alarm in up to {1 - 0.95 ** len(lines):.0%} of such tables, so a narrow one "
        "should be read with care."
    )
