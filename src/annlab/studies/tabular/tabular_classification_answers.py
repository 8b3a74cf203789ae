"""The discussion questions of tabular-classification, answered from its results."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab.statistics import mean_interval
from annlab.studies.tabular.tabular_classification_reading import best_of, cell_of, hardest, nested, ranks, tables_of
from annlab.studies.tabular.tabular_classification_tables import pairs, prepared_cells

if TYPE_CHECKING:
    from annlab.lab import Results


def _interval(values: Any) -> str:
    found = mean_interval(np.asarray(values, dtype=float))
    return draw.format_interval(found.mean, found.low, found.high)


def _words(name: str) -> str:
    return name.replace("_", " ")


def best_settings(results: "Results") -> str:
    """Answers which settings win, and how sure that is."""
    sentences, table, chosen = [], ranks(results), nested(results)
    for data in tables_of(results):
        held = table[table["data"] == _words(data)]
        first = best_of(results, data, 1)[0]
        wins = chosen[chosen["data"] == _words(data)]
        values = {str(name): part.sort_values("replicate")["validation_accuracy"].to_numpy() for name, part in held.groupby("setting")}
        tied = len(_tied(values, first)) - 1
        sentences.append(
            f"On {_words(data)} the best mean validation accuracy has {first}, {_interval(values[first])}, and {tied} of the other "
            f"{len(values) - 1} settings cannot be told apart from it by paired intervals. "
            f"Chosen split by split the winner is the same in at most {int(wins['setting'].value_counts().iloc[0])} of {len(wins)} splits; "
            f"its test accuracy is {_interval(wins['test_accuracy'])}, and the validation accuracy that chose it less that is "
            f"{_interval(wins['optimism'])}. "
        )
    both = pairs(results)
    shown = _interval(both.groupby("replicate")["difference"].mean()) if len(both) else "not measured in this profile"
    return "".join(sentences) + f"Our networks with the same settings and splits differ from scikit-learn's in test accuracy by {shown}."


def _tied(values: dict[str, np.ndarray], first: str) -> list[str]:
    """Settings whose paired difference to the first has an interval that holds zero."""
    found = []
    for name, each in values.items():
        difference = mean_interval(values[first] - each)
        if name == first or not difference.low > 0:
            found.append(name)
    return found


def why_harder(results: "Results") -> str:
    """Answers why one table is harder, from the baselines and the gap between training and test."""
    hard = hardest(results)
    others = [data for data in tables_of(results) if data != hard]
    if not others:
        return "Undecided: this run has one table only. A second table is needed to compare with. The standard profile has two."
    easy, chosen = others[0], nested(results)

    def score(data: str, name: str = "test_accuracy") -> str:
        return _interval(chosen[chosen["data"] == _words(data)][name])

    def base(data: str, network: str, name: str = "test_accuracy") -> str:
        return draw.measured(results, name, data=data, network=network, zeros="kept")

    logistic = {"network": "logistic", "zeros": "kept"}
    gap = draw.compare(results, "test_accuracy", {"data": hard}, {"data": easy}, **logistic)
    missing = results.values("incomplete_rows", data=hard, **logistic).mean()
    held = chosen[chosen["data"] == _words(hard)]
    overfits = mean_interval((held["train_accuracy"] - held["test_accuracy"]).to_numpy()).low > 0
    lacks = "capacity is not what lacks" if overfits else "no overfitting was shown"
    linear = {-1: "It is not only a matter of networks", 1: "A linear model does not share the difficulty"}
    return (
        f"The networks chosen within the splits reach a balanced accuracy of {score(hard, 'test_balanced_accuracy')} on {_words(hard)} and "
        f"{score(easy, 'test_balanced_accuracy')} on {_words(easy)}; the majority class alone has an accuracy of "
        f"{base(hard, 'majority')} and {base(easy, 'majority')}. "
        f"{linear.get(gap.sign, 'Whether a linear model shares the difficulty is undecided')}: the accuracy of logistic regression on "
        f"{_words(hard)}, against that on {_words(easy)}, is {gap}. "
        f"How far classes overlap the nearest neighbour tells: it is of a row's class in {base(hard, 'neighbour')} of the cases against "
        f"{base(easy, 'neighbour')}, and in the limit of many rows no classifier errs less than half as often. "
        f"Training accuracy is {score(hard, 'train_accuracy')} where the test accuracy is {score(hard)}: {lacks}. "
        f"A share of {missing:.2f} of the rows of {_words(hard)} has a missing value."
    )


def transfer(results: "Results") -> str:
    """Answers whether settings transfer."""
    names = tables_of(results)
    if len(names) < 2:
        return "Undecided: this run has one table only. A second table is needed to carry settings over. The standard profile has two."
    sentences = []
    for source, target in ((names[0], names[1]), (names[1], names[0])):
        carried = cell_of(results, target, best_of(results, source, 1)[0])
        own = cell_of(results, target, best_of(results, target, 1)[0])
        measured = draw.measured(results, "validation_accuracy", **carried)
        against = "which is the best there too" if carried == own else str(draw.compare(results, "validation_accuracy", carried, own))
        table = ranks(results)
        place = table[(table["data"] == _words(target)) & (table["setting"] == best_of(results, source, 1)[0])]["rank"].mean()
        sentences.append(
            f"The best setting of {_words(source)}, {best_of(results, source, 1)[0]}, has a validation accuracy of {measured} on "
            f"{_words(target)}, against that table's own best: {against}. "
            f"Its mean rank there is {place:.1f} of {table['setting'].nunique()}. "
        )
    return (
        "".join(sentences) + "The own best was picked by the same numbers, so the comparison favours it a little; what the interval cannot "
        "tell from zero is no failure of the transfer."
    )


def preparation(results: "Results") -> str:
    """Answers what scaling and missing values change."""
    frame = prepared_cells(results)
    sentences = []
    for data in tables_of(results):
        held = frame[(frame["data"] == _words(data)) & (frame["zeros"] == "kept")]
        wide = held.pivot_table(index="replicate", columns="scaled", values="test_accuracy")
        if {"raw", "standardised"} <= set(wide.columns):
            found = mean_interval((wide["standardised"] - wide["raw"]).to_numpy())
            verdict = "helps" if found.low > 0 else "harms" if found.high < 0 else "makes no difference that could be shown"
            shown = draw.format_interval(found.mean, found.low, found.high)
            sentences.append(
                f"On {_words(data)} standardising the inputs {verdict}: over the settings shown the test accuracy changes by {shown}. "
            )
    replaced = frame[frame["zeros"] != "kept"]
    if replaced.empty:
        missing = "No value is marked as missing in these tables, so nothing is to be said about replacing them."
    else:
        data = str(replaced["data"].iloc[0])
        keep = frame[(frame["data"] == data) & (frame["scaled"] == "standardised")]
        wide = keep.pivot_table(index="replicate", columns="zeros", values="test_accuracy")
        parts = [f"{name}: {_interval((wide[name] - wide['kept']).to_numpy())}" for name in ("median", "flagged") if name in wide]
        share = frame[frame["data"] == data]["incomplete_rows"].mean()
        missing = (
            f"On {data} zeros stand for missing values in a share of {share:.2f} of the rows; "
            f"replacing them changes the test accuracy by ({'; '.join(parts)})."
        )
    return (
        "".join(sentences)
        + "Scaling and imputation are fitted on the training rows of each split, never on all. "
        + missing
        + " Raw inputs make the first steps depend on units, which gradient descent at one fixed rate cannot undo."
    )
