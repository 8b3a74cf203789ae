"""Is one step of backpropagation, worked out by hand, right in every number - and does the step lower the loss?

The hand calculation is a 2-2-1 network with sigmoid hidden units and a linear output, three points, mean squared error over
the three, one full-batch step of size 1. Every value and derivative is computed from its formula, checked against automatic
differentiation and finite differences, and laid beside the numbers that a report prints. Two larger networks with random
weights go through the same tracer. Beyond the exercise: the loss along the step for other step sizes, and how often a step
of a given size helps from random starting weights. To mark a hand calculation of one's own, call
`annlab.measure.check_hand_calculation(network, inputs, targets, learning_rate, {"h1.dp1": 0.3543, ...})`; to trace another
network, set `sizes`, `activations`, `weights`, `inputs` and `targets` of this study.

quick | standard | full: 4 x 1 x 1 | 4 x 1 x 1 | 4 x 1 x 1 steps and 30 | 100 | 100 random starts, estimated 1 | 2 | 2 seconds on two cores
"""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, cases, claim, derived, ledger, metric, overrides
from annlab.lab.statistics import proportion_interval
from annlab.measure.backprop import Checked, DenseNetwork, check_hand_calculation, loss_along_step, trace_step
from annlab.measure.gradient_checks import gradient_by_autograd, gradient_by_differences

if TYPE_CHECKING:
    from annlab.draw import Drawing, TableView
    from annlab.lab import Context, Results
    from annlab.lab.ledger import Row

HAND_WEIGHTS = (0.2, -0.7, -1.2, -0.7, 0.4, 0.7, -0.5, 2.3, 0.4)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True)
class Params:
    """A network, its data and the step; weights or inputs left empty are drawn from N(0, 1), with 4 points."""

    sizes: tuple[int, ...] = (2, 2, 1)
    activations: tuple[str, ...] = ("sigmoid", "identity")
    weights: tuple[float, ...] = HAND_WEIGHTS
    inputs: tuple[tuple[float, ...], ...] = ((1.0, 1.0), (0.0, -2.0), (-1.0, 1.0))
    targets: tuple[tuple[float, ...], ...] = ((-1.0,), (1.0,), (1.0,))
    learning_rate: float = 1.0
    starts: int = 100


def trial(params: Params, ctx: "Context") -> Outcome:
    """Trace the step, check its gradient twice, follow the loss along the step and take steps from random weights."""
    count = sum((n + 1) * m for n, m in zip(params.sizes, params.sizes[1:], strict=False))
    weights = params.weights or tuple(ctx.streams("init").normal(size=count))
    draws = ctx.streams("data")
    inputs = params.inputs or draws.normal(size=(4, params.sizes[0])).tolist()
    targets = params.targets or draws.normal(size=(4, params.sizes[-1])).tolist()
    network = DenseNetwork(params.sizes, weights, params.activations)
    trace = trace_step(network, inputs, targets, params.learning_rate)
    values = trace.values
    gradient = np.array([values[f"dL/dw{i + 1}"] for i in range(count)])
    along = np.concatenate([[0.0], np.geomspace(1e-3, 2 * max(params.learning_rate, 1.0), 60)])
    starts = _random_starts(params, inputs, targets, ctx.streams("sampling"))
    metrics = values | {
        "loss_before": values["loss.mse"],
        "loss_after": values["new.mse"],
        "autograd_difference": float(np.abs(gradient - gradient_by_autograd(network, inputs, targets)).max()),
        "finite_difference": float(np.abs(gradient - gradient_by_differences(network, inputs, targets)).max()),
    }
    steps = {name: [getattr(step, name) for step in trace.steps] for name in ("name", "formula", "filled", "value")}
    losses = {"learning_rate": along, "loss": loss_along_step(network, inputs, targets, list(along))}
    return Outcome(metrics, series={"steps": steps, "along": losses, "starts": starts})


def _random_starts(params: Params, inputs: Any, targets: Any, rng: np.random.Generator) -> dict[str, list[float]]:
    """Loss before and after one step of each size in `RATES`, from weights drawn from N(0, 1)."""
    count = sum((n + 1) * m for n, m in zip(params.sizes, params.sizes[1:], strict=False))
    rows: dict[str, list[float]] = {"learning_rate": [], "start": [], "before": [], "after": []}
    for start in range(params.starts):
        network = DenseNetwork(params.sizes, tuple(rng.normal(size=count)), params.activations)
        before, *after = loss_along_step(network, inputs, targets, [0.0, *RATES])
        rows["learning_rate"] += RATES
        rows["start"] += [float(start)] * len(RATES)
        rows["before"] += [float(before)] * len(RATES)
        rows["after"] += [float(loss) for loss in after]
    return rows


_NAMES = (
    ("forward.", ""),
    ("dl-dy", "dL/dy"),
    ("sigma-prime-y", "sigma'.y"),
    ("updated.", "new."),
    ("new-output", "new.y"),
    ("new-mse", "new.mse"),
)


def quantity(claim_id: str) -> str:
    """Name of the quantity that a ledger row of this study states: ``backprop-trace.updated.w3`` -> ``new.w3``."""
    name = claim_id.removeprefix("backprop-trace.")
    for theirs, ours in _NAMES:
        name = name.replace(theirs, ours)
    return name


def _stated() -> "dict[str, Row]":
    """Ledger rows that print a value, by the quantity they state."""
    return {quantity(row.id): row for row in ledger.rows("backprop-trace") if row.value is not None}


def marked() -> list[Checked]:
    """The report's hand calculation, every value marked."""
    stated = _stated()
    claimed = {name: row.value for name, row in stated.items() if row.value is not None}
    half_digits = {name: row.half_digit for name, row in stated.items()}
    defaults = Params()
    network = DenseNetwork(defaults.sizes, defaults.weights, defaults.activations)
    return check_hand_calculation(network, defaults.inputs, defaults.targets, defaults.learning_rate, claimed, half_digits)


def hand_table(results: "Results") -> "TableView":
    """Each printed value beside the right one."""
    import pandas as pd

    stated = _stated()
    rows = [
        {
            "quantity": row.name,
            "report": stated[row.name].text.replace("-", "−"),
            "right": row.right,
            "verdict": "right" if row.correct else "wrong",
            "carried": row.carried,
            "why": "" if row.correct else "rounded or carried on from an earlier value" if row.follows else "a mistake of its own",
        }
        for row in marked()
    ]
    labels = {"report": "hand calculation", "right": "right value", "carried": "from the hand calculation's own earlier values"}
    return draw.TableView(pd.DataFrame(rows), labels=labels, formats={"right": 5, "carried": 5})


def steps_table(results: "Results") -> "TableView":
    """The whole calculation, line by line."""
    frame = results.series("steps", case="hand_calculation")[["name", "formula", "filled", "value"]]
    labels = {"name": "quantity", "filled": "with numbers"}
    return draw.TableView(frame, labels=labels, formats={"value": 6})


def chains_table(results: "Results") -> "TableView":
    """Every weight's derivative as its chains of factors, in letters and in numbers, point by point."""
    import pandas as pd

    defaults = Params()
    network = DenseNetwork(defaults.sizes, defaults.weights, defaults.activations)
    trace = trace_step(network, defaults.inputs, defaults.targets, defaults.learning_rate)
    points = range(1, len(defaults.inputs) + 1)
    rows = []
    for name, _layer, source, target in network.connections():
        for place, chain in enumerate(trace.paths(name)):
            numbers = [trace.factors(name, point)[place] for point in points]
            row: dict[str, Any] = {"weight": name, "from_to": f"{source} to {target}", "chain": " · ".join(chain)}
            row["first"] = " · ".join(draw.format_number(value, 4) for value in numbers[0])
            row |= {f"point {point}": float(np.prod(values)) for point, values in zip(points, numbers, strict=True)}
            rows.append(row | {"sum": float(sum(np.prod(values) for values in numbers))})
    labels = {"from_to": "from, to", "chain": "chain of factors", "first": "in numbers at point 1", "sum": "sum = dL/dw"}
    formats = dict.fromkeys([*(f"point {point}" for point in points), "sum"], 4)
    return draw.TableView(pd.DataFrame(rows), labels=labels, formats=formats)


def checks_table(results: "Results") -> "TableView":
    """Agreement with the two other gradients, and what the step did, for every network."""
    values = ["autograd_difference", "finite_difference", "loss_before", "loss_after"]
    return draw.summary_table(draw.readable(results.table), by="case", values=values, **draw.texts(results, case="network"))


def network_figure(results: "Results") -> "Drawing":
    """The network of the hand calculation with the values and gradients of its first point."""
    params = Params()
    network = DenseNetwork(params.sizes, params.weights, params.activations)
    values = results.outcome(case="hand_calculation").metrics
    names = [network.units(layer) for layer in range(len(params.sizes))]
    shown: dict[str, Any] = {key: [] for key in ("weights", "weight_gradients", "biases", "bias_gradients", "weight_names")}
    edges = iter(zip(network.connections(), params.weights, strict=True))
    for sources, targets in itertools.pairwise(params.sizes):
        layer = [next(edges) for _ in range((sources + 1) * targets)]  # source by source, the bias last
        labels = np.array([name for (name, *_), _ in layer]).reshape(sources + 1, targets)
        weights = np.array([weight for _, weight in layer]).reshape(sources + 1, targets)
        gradients = np.array([values[f"dL/d{name}"] for (name, *_), _ in layer]).reshape(sources + 1, targets)
        shown["weights"].append(weights[:-1].T)
        shown["biases"].append(weights[-1])
        shown["weight_gradients"].append(gradients[:-1].T)
        shown["bias_gradients"].append(gradients[-1])
        shown["weight_names"].append(labels[:-1].T.tolist())
    return draw.network(
        params.sizes,
        values=[np.array(params.inputs[0])] + [np.array([values[f"{unit}.dp1"] for unit in layer]) for layer in names[1:]],
        node_gradients=[None] + [np.array([values[f"delta.{unit}.dp1"] for unit in layer]) for layer in names[1:]],
        names=names,
        layer_titles=["inputs", "hidden (sigmoid)", "output (linear)"],
        **shown,
    )


def along_figure(results: "Results") -> "Drawing":
    """Loss after one step by its size, for the three networks."""
    frame = results.series("along")
    frame = frame[frame["case"] != "smaller_step"]  # the same network as that of the hand calculation
    return draw.curves(
        frame,
        x="learning_rate",
        y="loss",
        by="case",
        x_label="step size",
        y_label="MSE after one step",
        log_y=True,
        labels={"case": "network"},
    )


def starts_table(results: "Results") -> "TableView":
    """Share of random starts from which one step lowers the loss, by step size."""
    import pandas as pd

    frame = draw.readable(results.series("starts"))
    frame = frame[frame["case"] != "smaller step"]
    rows = []
    for (case, rate), part in frame.groupby(["case", "learning_rate"], sort=False):
        helped = int((part["after"] < part["before"]).sum())
        rows.append({"network": case, "step size": f"{rate:g}", "starts": len(part), "share": proportion_interval(helped, len(part))})
    return draw.TableView(pd.DataFrame(rows), labels={"share": "share of starts at which the step lowers the loss"})


def did_the_step_help(results: "Results") -> str:
    """Answers whether the step lowered the loss."""
    values = results.outcome(case="hand_calculation").metrics
    before, after = values["loss_before"], values["loss_after"]
    along = results.series("along", case="hand_calculation")
    best = along.iloc[int(along["loss"].argmin())]
    helping = along[(along["loss"] < before) & (along["learning_rate"] > 0)]["learning_rate"]
    checks = marked()
    wrong = [row for row in checks if not row.correct]
    own = [row for row in wrong if not row.follows]
    verdict = "lowered" if after < before else "raised"
    by_autograd, by_differences = (draw.format_number(values[name], 2) for name in ("autograd_difference", "finite_difference"))
    return (
        f"The step of size 1 {verdict} the loss: it was {before:.4f} before and is {after:.4f} after, recomputed from the formulas. "
        f"The gradient itself is right: it agrees with automatic differentiation to {by_autograd} and with finite differences to "
        f"{by_differences}. "
        f"What decides is the size of the step: the loss falls for steps up to about {helping.max():.2f}, and most, to {best['loss']:.4f}, "
        f"at {best['learning_rate']:.2f}. "
        f"Of the report's {len(checks)} printed values {len(checks) - len(wrong)} are right to their last digit; of the {len(wrong)} "
        "others "
        f"{len(wrong) - len(own)} follow from its own earlier values (rounding, or an error carried on) and {len(own)} do not. "
        f"{_first_mistake(checks)}"
    )


def _first_mistake(checks: list[Checked]) -> str:
    """The first value that does not follow from those before it, in the order of the calculation."""
    params = Params()
    network = DenseNetwork(params.sizes, params.weights, params.activations)
    order = [step.name for step in trace_step(network, params.inputs, params.targets, params.learning_rate).steps]
    own = sorted((row for row in checks if not row.correct and not row.follows), key=lambda row: order.index(row.name))
    if not own:
        return "Every value follows from the ones before it."
    first, activation = own[0], network.activations[-1]
    why = f", for the output is {'linear' if activation == 'identity' else activation}" if first.name.startswith("sigma'.y") else ""
    return f"The first of these is `{first.name}`: {first.claimed:g} is written where {first.right:.4g} is right{why}."


METRICS: dict[str, Any] = {
    "autograd_difference": Metric("largest difference to automatic differentiation", scale="linear"),
    "finite_difference": Metric("largest difference to finite differences", scale="linear"),
    "loss_before": Metric("MSE before the step", scale="log", better="lower"),
    "loss_after": Metric("MSE after the step", scale="log", better="lower"),
}

study = Study(
    name="backprop-trace",
    title="One step of backpropagation by hand",
    sheet={"C": "1.2"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cases(
        hand_calculation={},
        smaller_step={"learning_rate": 0.1},
        wider={"sizes": (3, 4, 2), "activations": ("tanh", "sigmoid"), "weights": (), "inputs": (), "targets": ()},
        deeper={"sizes": (2, 3, 3, 1), "activations": ("tanh", "sigmoid", "identity"), "weights": (), "inputs": (), "targets": ()},
    ),
    replicates=1,
    profiles={"quick": overrides(starts=30), "standard": overrides(), "full": overrides()},
    cost=lambda params: 0.3 + 0.005 * params.starts,
    metrics=METRICS,
    questions=[Question("Did the step help?", did_the_step_help, "1.2")],
    figures=[
        Figure(
            "network",
            network_figure,
            "The 2-2-1 network of the hand calculation: values and gradients dL/dz at point 1, weights with dL/dw over all points.",
        ),
        Figure("loss-along-step", along_figure, "Mean squared error after one step of each size along the negative gradient."),
    ],
    tables=[
        Table("hand-calculation", hand_table, "The report's hand calculation, every number checked."),
        Table("calculation", steps_table, "The calculation line by line, with its formulas filled in."),
        Table(
            "chains",
            chains_table,
            "Every derivative of the hand calculation as its chain of factors (sigma' is the slope of the unit's activation); "
            "the products add up over the points.",
        ),
        Table("checks", checks_table, "Our gradient against two independent ones, and the loss before and after the step."),
        Table("starts", starts_table, "How often one step helps from random starting weights (95 % Wilson intervals)."),
    ],
    claims=[
        claim(
            "backprop-trace.step-reduces-loss", value=metric("loss_after", exact=True), cell={"case": "hand_calculation"}, free=("starts",)
        ),
        claim(
            [f"backprop-trace.{part}" for part in ("forward.*", "loss.*", "dl-dy.*", "sigma-prime-y.*", "updated.*", "new-*")],
            derived(lambda row: {each.name: each.right for each in marked()}[quantity(row.id)]),
        ),
    ],
)
