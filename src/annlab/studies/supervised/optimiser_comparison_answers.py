"""The discussion questions of optimiser-comparison, answered from its results."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.statistics import mean_interval
from annlab.studies.supervised.optimiser_comparison_grid import (
    ADAM,
    EVERY,
    FAST_40,
    GD,
    HANDOUT,
    LBFGS,
    MIDDLE,
    NESTEROV,
    NOISE,
    SMALL,
)
from annlab.studies.supervised.optimiser_comparison_reading import (
    crossed,
    name_of,
    networks,
    paces,
    shared_length,
    together,
)
from annlab.studies.supervised.optimiser_comparison_tables import speeds

if TYPE_CHECKING:
    import pandas as pd

    from annlab.lab import Results

HERE: dict[str, Any] = {"hidden_sizes": MIDDLE, "noise": 0.0, "timed": False}


def ratio(frame: "pd.DataFrame", value: str, first: str, second: str) -> tuple[str, int]:
    """Ratio of a value between two settings, paired by replicate, in words, and its direction: 1, -1, or 0 where undecided."""
    wide = np.log(frame.pivot_table(index="replicate", columns="setting", values=value).replace([np.inf, 0], np.nan))
    if first not in wide or second not in wide or (wide[first] - wide[second]).count() == 0:
        return "not measured in this profile", 0
    found = mean_interval((wide[first] - wide[second]).dropna().to_numpy())
    mean, low, high = (float(np.exp(part)) for part in (found.mean, found.low, found.high))
    amount = draw.format_interval(mean, low, high)
    sign = 1 if found.low > 0 else -1 if found.high < 0 else 0
    return f"{amount} (n = {found.n}{'' if sign else ', undecided'})", sign


def vanilla_stochastic_accelerated(results: "Results") -> str:
    """Answers what sets the three kinds of gradient descent apart."""
    epochs = draw.compare(results, "epochs_to_half", FAST_40, GD, **HERE)
    nesterov = draw.compare(results, "epochs_to_half", NESTEROV, GD, **HERE)
    rough = draw.compare(results, "curve_roughness", FAST_40, GD, **HERE)
    reached = [f"{name_of(each)} {draw.measured(results, 'train_mse', **each, **HERE)}" for each in HANDOUT]
    steps = 1600 // FAST_40["batch_size"]
    return (
        "Vanilla gradient descent makes one step an epoch with the exact gradient, stochastic descent "
        f"{steps} steps with gradients of {FAST_40['batch_size']} points each, and acceleration adds to each step a share 0.9 of the one "
        "before. "
        f"The number of epochs to half of the surface's variance, against full-batch descent, is {epochs} for {name_of(FAST_40)} and "
        f"{nesterov} for {name_of(NESTEROV)}. "
        f"The roughness of the loss curve of {name_of(FAST_40)}, against full-batch descent, is {rough}. "
        f"At the end the training MSE on the 50-50 network is: {'; '.join(reached)}. "
        "The handout changes batch size, rate and momentum at once, so these comparisons say which recipe wins and not why."
    )


def which_factor(results: "Results") -> str:
    """Answers which of batch size, rate and momentum makes the difference."""
    frame = crossed(results)
    effects: dict[str, tuple[str, int]] = {}
    for factor, high, low in (("batch_size", 40, 1600), ("learning_rate", 0.1, 0.05), ("momentum", "0.9", "none")):
        losses = frame.assign(setting=frame[factor].map({high: "high", low: "low"}))
        mean = np.log(losses["train_mse"]).groupby([losses["setting"], losses["replicate"]]).mean()
        effects[factor] = ratio(np.exp(mean).reset_index(), "train_mse", "high", "low")
    diverged = int((~np.isfinite(frame["train_mse"])).sum())
    return (
        f"All combinations were trained for {shared_length(frame)} epochs on the {frame['network'].iloc[0]} network, so that each factor "
        "is averaged over the others. "
        f"Batch 40 instead of 1600 multiplies the training MSE by {effects['batch_size'][0]}. "
        f"Doubling the rate from 0.05 to 0.1 multiplies it by {effects['learning_rate'][0]}, and Nesterov's momentum of 0.9 "
        f"instead of none by {effects['momentum'][0]}. "
        "A batch of 40 means forty times the steps an epoch, and momentum of 0.9 about ten times the effective rate. "
        f"{'No run' if not diverged else f'{diverged} of {len(frame)} runs'} diverged."
    )


def size_and_optimiser(results: "Results") -> str:
    """Answers how the size of the network changes which optimiser is best."""
    lines, spreads = [], {}
    sizes = networks(results, epochs=_longest(results))
    for size in sizes:
        frame = together(results, HANDOUT, hidden_sizes=size, noise=0.0)
        means = np.log(frame["train_mse"]).groupby(frame["setting"]).mean().sort_values()
        text, sign = ratio(frame, "train_mse", str(means.index[0]), str(means.index[1]))
        verdict = "ahead of" if sign < 0 else "not told apart from"
        lines.append(f"on {'-'.join(map(str, size))} {means.index[0]}, {verdict} {means.index[1]} with {text} times the error")
        spreads[size] = float(np.exp(means.iloc[-1] - means.iloc[0]))
    first, last = sizes[0], sizes[-1]
    larger = draw.compare(results, "train_mse", {"hidden_sizes": last}, {"hidden_sizes": first}, **ADAM, noise=0.0, timed=False)
    vanilla = draw.compare(results, "train_mse", {"hidden_sizes": last}, {"hidden_sizes": first}, **GD, noise=0.0, timed=False)
    gains = (
        "So Adam turns the added units into a lower error and full-batch descent is not shown to"
        if larger.sign < 0 <= vanilla.sign
        else "So both turn the added units into a lower error"
        if larger.sign < 0 and vanilla.sign < 0
        else "So it is undecided whether Adam turns the added units into a lower error"
        if not larger.decided
        else "So the added units do not help Adam in so many epochs"
    )
    small, large = ("-".join(map(str, size)) for size in (first, last))
    return (
        f"Of the handout's five settings the lowest training MSE is reached, {'; '.join(lines)}. "
        f"The worst of them is {spreads[first]:.3g} times the best on {small} and {spreads[last]:.3g} times on {large}. "
        f"On {large} against {small} the training MSE of Adam is {larger}, and that of full-batch descent is {vanilla}. "
        f"{gains}."
    )


def _longest(results: "Results") -> int:
    return max(int(cell.params.epochs) for cell in results.where(timed=False, noise=0.0, **GD).cells)


def epochs_and_time(results: "Results") -> str:
    """Answers what fast means."""
    frame = speeds(results, hidden_sizes=MIDDLE, noise=0.0)
    order = {
        name: " < ".join(np.log(frame[name].replace(np.inf, np.nan)).groupby(frame["setting"]).mean().dropna().sort_values().index[:4])
        for name in ("epochs_to_half", "milliseconds", "seconds_to_tenth")
    }
    batch = ratio(frame, "milliseconds", name_of(FAST_40), name_of(GD))[0]
    second = ratio(frame, "milliseconds", name_of(LBFGS), name_of(GD))[0]
    there = np.isfinite(frame["seconds_to_tenth"])
    reached = (
        f"By seconds to a tenth of the variance it is {order['seconds_to_tenth']}; {int(there.sum())} of {len(frame)} runs get there."
        if there.any()
        else "No run of this profile gets to a tenth of the variance, so the order by seconds is undecided."
    )
    epochs = draw.compare(results, "epochs_to_half", LBFGS, FAST_40, **HERE)
    return (
        f"By epochs to half of the surface's variance the first four are {order['epochs_to_half']}; by milliseconds an epoch they are "
        f"{order['milliseconds']}. "
        f"An epoch of {name_of(FAST_40)} takes {batch} times that of full-batch descent, one of LBFGS {second} times. "
        f"{reached} "
        f"The epochs that LBFGS needs, against {name_of(FAST_40)}, are {epochs}. "
        "An epoch is one pass over the data whatever the number of steps in it, so epochs compare how data are used and seconds what one "
        "waits for. "
        "Seconds hold for one machine and one program, epochs for every machine; fast in practice means seconds to an error that is good "
        "enough on unseen points."
    )


def parameters(results: "Results") -> str:
    """Answers how many parameters there are and what optimisers add."""
    counts = {}
    for size in networks(results):
        frame = together(results, HANDOUT, hidden_sizes=size, noise=0.0)
        counts["-".join(map(str, size))] = int(frame["parameters"].iloc[0])
    frame = together(results, EVERY, hidden_sizes=MIDDLE, noise=0.0).drop_duplicates("setting").set_index("setting")
    weights = 4 * frame["parameters"].iloc[0]
    adam, lbfgs = (frame["state_bytes"][name_of(each)] for each in (ADAM, LBFGS))
    peak = {name_of(each): draw.format_number(frame["peak_bytes"][name_of(each)] / 1e6, unit="MB") for each in (GD, FAST_40, LBFGS)}
    pace = paces(results, HANDOUT, noise=0.0)
    growing = pace[pace["setting"] == name_of(GD)].groupby("network")["milliseconds"].mean()
    return (
        "A 2-h-h-1 network has 3h + h(h + 1) + h + 1 parameters: "
        f"{', '.join(f'{count} on {name}' for name, count in counts.items())}. "
        f"On the 50-50 network plain descent keeps {frame['state_bytes'][name_of(GD)]:.0f} bytes between steps and Adam {adam:.0f}, "
        f"{adam / weights:.2f} times the weights themselves; LBFGS with its history full keeps {lbfgs:.0f}, {lbfgs / weights:.0f} times. "
        f"The most memory held while training is {', '.join(f'{shown} with {name}' for name, shown in peak.items())}; with Adam it is "
        f"{frame['peak_bytes'][name_of(ADAM)] / adam:.0f} times its state, for data and activations of a batch weigh more. "
        f"An epoch of full-batch descent takes {', '.join(f'{value:.3g} ms on {name}' for name, value in growing.items())}."
    )


def overfitting(results: "Results") -> str:
    """Answers whether adaptive optimisers overfit more."""
    sizes = sorted({cell.params.hidden_sizes for cell in results.where(timed=False, noise=NOISE, **ADAM).cells})
    size = sizes[-1] if sizes else SMALL
    there: dict[str, Any] = {"hidden_sizes": size, "noise": NOISE, "timed": False}
    gap = draw.compare(results, "gap_ratio", ADAM, FAST_40, **there)
    train = draw.compare(results, "train_mse", ADAM, FAST_40, **there)
    unseen = draw.compare(results, "validation_clean_mse", ADAM, FAST_40, **there)
    verdict = (
        "So here Adam does overfit more"
        if gap.sign > 0 and unseen.sign > 0
        else "So here stochastic descent overfits more"
        if gap.sign < 0 and unseen.sign < 0
        else "So it is undecided here, for gap and error do not both point one way"
    )
    return (
        f"With noise {NOISE:g} on the targets and the {'-'.join(map(str, size))} network, the ratio of validation to training MSE under "
        f"Adam, against {name_of(FAST_40)}, is {gap}: {draw.measured(results, 'gap_ratio', **ADAM, **there)} against "
        f"{draw.measured(results, 'gap_ratio', **FAST_40, **there)}. "
        f"Adam's training MSE is {train}; its error on unseen points without noise is {unseen}. "
        f"{verdict}. "
        "Both were stopped after the same number of epochs, not at the same training error: an optimiser that gets further in them also "
        "fits more noise, which is no property of its adaptivity."
    )
