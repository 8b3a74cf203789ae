"""One step of backpropagation by hand: every value, every derivative with its chain of factors, checked and explained.

The squared error of a dense network, L = (1 / n m) sum (y - t)^2 over n points and m outputs, is differentiated by the chain
rule along every path from a weight to the loss (D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations
by back-propagating errors", Nature 323, 1986). Everything is plain float64 arithmetic on named quantities, so that a student
can follow each line and compare it with paper:

``z.h1.dp2``, ``h1.dp2`` (pre-activation and value of hidden unit 1 at data point 2), ``error.y.dp2``, ``loss.sse``,
``loss.mse``, ``dL/dy.dp2``, ``sigma'.y.dp2`` (derivative of the unit's activation), ``delta.y.dp2`` (dL/dz), ``dL/dw3``,
``new.w3`` (the weight after the step), ``new.h1.dp2``, ``new.y.dp2``, ``new.sse``, ``new.mse``.

Weights are numbered layer by layer, source by source, the bias as the last source: in a 2-2-1 net w1: x1-h1, w2: x1-h2,
w3: x2-h1, w4: x2-h2, w5: b-h1, w6: b-h2, w7: h1-y, w8: h2-y, w9: b-y.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annlab.errors import UsageError, unknown_name

__all__ = ["BackpropTrace", "Checked", "DenseNetwork", "Step", "check_hand_calculation", "loss_along_step", "loss_of", "trace_step"]


@dataclass(frozen=True)
class _Activation:
    value: Callable[[float], float]
    slope: Callable[[float, float], float]  # of the pre-activation z and the value a
    slope_formula: str


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


_ACTIVATIONS = {
    "sigmoid": _Activation(_sigmoid, lambda z, a: a * (1 - a), "{a} * (1 - {a})"),
    "tanh": _Activation(math.tanh, lambda z, a: 1 - a * a, "1 - {a}^2"),
    "relu": _Activation(lambda z: max(z, 0.0), lambda z, a: float(z > 0), "1 if {z} > 0 else 0"),
    "identity": _Activation(lambda z: z, lambda z, a: 1.0, "1"),
}


@dataclass(frozen=True)
class DenseNetwork:
    """A small dense network.

    Args:
        sizes: units of each layer, inputs first: ``(2, 2, 1)``.
        weights: all weights, biases too, in the order of the numbering above.
        activations: one name for each layer after the inputs: sigmoid, tanh, relu or identity.

    Raises:
        ValueError: where the number of weights or activations does not fit the sizes, or an activation is unknown.
    """

    sizes: tuple[int, ...]
    weights: tuple[float, ...]
    activations: tuple[str, ...]

    def __post_init__(self) -> None:
        wanted = sum((n + 1) * m for n, m in zip(self.sizes, self.sizes[1:], strict=False))
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"a network has at least an input and an output layer, each of one unit or more; got sizes {self.sizes}")
        if len(self.weights) != wanted:
            raise ValueError(f"a {'-'.join(map(str, self.sizes))} network has {wanted} weights with its biases, got {len(self.weights)}")
        if len(self.activations) != len(self.sizes) - 1:
            raise ValueError(f"{len(self.sizes) - 1} layers need as many activations, got {self.activations}")
        for name in self.activations:
            if name not in _ACTIVATIONS:
                raise unknown_name("activation", name, _ACTIVATIONS)

    def units(self, layer: int) -> list[str]:
        """Names of the units of `layer` (0: the inputs): x1, h1 (h2.1 where hidden layers are several), y (y1 where several)."""
        count, last = self.sizes[layer], len(self.sizes) - 1
        if layer == 0:
            return [f"x{i + 1}" for i in range(count)]
        if layer == last:
            return ["y"] if count == 1 else [f"y{i + 1}" for i in range(count)]
        return [f"h{i + 1}" if last == 2 else f"h{layer}.{i + 1}" for i in range(count)]

    def connections(self) -> list[tuple[str, int, str, str]]:
        """Every weight as (name, layer it leads to, source unit or ``"b"``, target unit), in order."""
        found: list[tuple[str, int, str, str]] = []
        for layer in range(1, len(self.sizes)):
            for source in [*self.units(layer - 1), "b"]:
                for target in self.units(layer):
                    found.append((f"w{len(found) + 1}", layer, source, target))
        return found


@dataclass(frozen=True)
class Step:
    """One line of the calculation: the quantity, its formula, the formula with numbers filled in, its value."""

    name: str
    formula: str
    filled: str
    value: float


@dataclass(frozen=True)
class BackpropTrace:
    """The whole calculation: its lines in order, and their values by name."""

    network: DenseNetwork
    steps: tuple[Step, ...]
    inputs: tuple[tuple[float, ...], ...]

    @property
    def values(self) -> dict[str, float]:
        """Value of every quantity."""
        return {step.name: step.value for step in self.steps}

    def text(self, digits: int = 4) -> str:
        """The calculation as text, one line a quantity: ``name = formula = formula with numbers = value``."""
        lines = []
        for step in self.steps:
            parts = [step.name, step.formula, step.filled, f"{step.value:.{digits}f}"]
            lines.append(" = ".join(dict.fromkeys(part for part in parts if part)))
        return "\n".join(lines)

    def paths(self, weight: str) -> list[list[str]]:
        """Chains of factors whose products add up to dL/d`weight` at one data point, the loss first: one chain a path."""
        edges = {name: (layer, source, target) for name, layer, source, target in self.network.connections()}
        if weight not in edges:
            raise unknown_name("weight", weight, edges)
        layer, source, target = edges[weight]
        return [[*tail, "1" if source == "b" else source] for tail in self._tails(layer, target)]

    def factors(self, weight: str, point: int) -> list[list[float]]:
        """The chains of `paths` in numbers at data point `point`, counted from 1; their products add up to its share of dL/d`weight`."""
        if not 1 <= point <= len(self.inputs):
            raise UsageError(f"data points are 1 to {len(self.inputs)}, got {point}")
        weights = {name: value for (name, *_), value in zip(self.network.connections(), self.network.weights, strict=True)}
        known = {"1": 1.0} | {f"x{i + 1}": float(x) for i, x in enumerate(self.inputs[point - 1])} | weights
        values = self.values
        return [[known[each] if each in known else values[f"{each}.dp{point}"] for each in chain] for chain in self.paths(weight)]

    def _tails(self, layer: int, unit: str) -> list[list[str]]:
        """Chains from the loss down to the pre-activation of `unit`."""
        if layer == len(self.network.sizes) - 1:
            return [[f"dL/d{unit}", f"sigma'.{unit}"]]
        found = []
        for name, to, source, target in self.network.connections():
            if to == layer + 1 and source == unit:
                found += [[*tail, name, f"sigma'.{unit}"] for tail in self._tails(to, target)]
        return found


def trace_step(
    network: DenseNetwork,
    inputs: Sequence[Sequence[float]],
    targets: Sequence[Sequence[float]],
    learning_rate: float,
    given: Mapping[str, float] | None = None,
) -> BackpropTrace:
    """Trace one full-batch gradient step on the mean squared error.

    Args:
        network: the network before the step.
        inputs: (n, number of inputs).
        targets: (n, number of outputs).
        learning_rate: step size.
        given: values that later lines use instead of the computed ones ("error carried forward"); each line itself still
            holds what its formula gives.

    Returns:
        The calculation, in the order in which it would be done on paper.

    Raises:
        ValueError: where the shapes do not fit the network.
    """
    if not len(inputs) or len(inputs) != len(targets):
        raise ValueError(f"as many targets as inputs are needed, at least one; got {len(inputs)} inputs and {len(targets)} targets")
    if any(len(x) != network.sizes[0] for x in inputs) or any(len(t) != network.sizes[-1] for t in targets):
        raise ValueError(f"points must have {network.sizes[0]} inputs and {network.sizes[-1]} targets")
    sheet = _Sheet(given or {})
    weights = {name: value for (name, *_), value in zip(network.connections(), network.weights, strict=True)}
    _forward(sheet, network, inputs, weights, "")
    _loss(sheet, network, targets, "")
    _backward(sheet, network, inputs, targets, weights)
    new = {}
    for name, value in weights.items():
        rate, slope = f"{learning_rate:g}", sheet[f"dL/d{name}"]
        formula = f"{name} - {rate} * dL/d{name}"
        new[name] = sheet.put(f"new.{name}", formula, f"{_show(value)} - {rate} * {_show(slope)}", value - learning_rate * slope)
    _forward(sheet, network, inputs, new, "new.")
    _loss(sheet, network, targets, "new.")
    return BackpropTrace(network, tuple(sheet.steps), tuple(tuple(map(float, point)) for point in inputs))


class _Sheet:
    """Lines written so far; a value that is given replaces the computed one for later lines."""

    def __init__(self, given: Mapping[str, float]) -> None:
        self.given, self.steps, self._used = given, list[Step](), dict[str, float]()

    def put(self, name: str, formula: str, filled: str, value: float) -> float:
        self.steps.append(Step(name, formula, filled, value))
        self._used[name] = self.given.get(name, value)
        return self._used[name]

    def __getitem__(self, name: str) -> float:
        return self._used[name]


def _forward(sheet: _Sheet, network: DenseNetwork, inputs: Sequence[Sequence[float]], weights: Mapping[str, float], mark: str) -> None:
    for p, point in enumerate(inputs, start=1):
        values = {f"x{i + 1}": float(x) for i, x in enumerate(point)} | {"b": 1.0}
        for layer, activation in enumerate(network.activations, start=1):
            act = _ACTIVATIONS[activation]
            for unit in network.units(layer):
                edges = [(name, source) for name, to, source, target in network.connections() if to == layer and target == unit]
                formula = " + ".join(name if source == "b" else f"{name} * {source}" for name, source in edges)
                filled = " + ".join(
                    _show(weights[name]) if source == "b" else f"{_show(weights[name])} * {_show(values[source])}" for name, source in edges
                )
                z = sheet.put(f"{mark}z.{unit}.dp{p}", formula, filled, math.fsum(weights[name] * values[source] for name, source in edges))
                formula, filled = (f"z.{unit}", "") if activation == "identity" else (f"{activation}(z.{unit})", f"{activation}({z:.4g})")
                values[unit] = sheet.put(f"{mark}{unit}.dp{p}", formula, filled, act.value(z))


def _loss(sheet: _Sheet, network: DenseNetwork, targets: Sequence[Sequence[float]], mark: str) -> None:
    outputs, errors = network.units(len(network.sizes) - 1), []
    for p, target in enumerate(targets, start=1):
        for unit, t in zip(outputs, target, strict=True):
            y = sheet[f"{mark}{unit}.dp{p}"]
            errors.append(sheet.put(f"{mark}error.{unit}.dp{p}", f"{unit} - t", f"{_show(y)} - {_show(t)}", y - t))
    names = ("new.sse", "new.mse") if mark else ("loss.sse", "loss.mse")
    filled = " + ".join(f"{_show(error)}^2" for error in errors)
    sse = sheet.put(names[0], "sum of squared errors", filled, math.fsum(error * error for error in errors))
    sheet.put(names[1], f"{names[0]} / {len(errors)}", f"{_show(sse)} / {len(errors)}", sse / len(errors))


def _backward(
    sheet: _Sheet,
    network: DenseNetwork,
    inputs: Sequence[Sequence[float]],
    targets: Sequence[Sequence[float]],
    weights: Mapping[str, float],
) -> None:
    last, count = len(network.sizes) - 1, len(targets) * network.sizes[-1]
    for p in range(1, len(inputs) + 1):
        for layer in range(last, 0, -1):
            act = _ACTIVATIONS[network.activations[layer - 1]]
            for unit in network.units(layer):
                z, a = sheet[f"z.{unit}.dp{p}"], sheet[f"{unit}.dp{p}"]
                if layer == last:
                    error = sheet[f"error.{unit}.dp{p}"]
                    down = sheet.put(f"dL/d{unit}.dp{p}", f"2/{count} * ({unit} - t)", f"2/{count} * {_show(error)}", 2 * error / count)
                else:
                    edges = [(name, target) for name, to, source, target in network.connections() if to == layer + 1 and source == unit]
                    down = sheet.put(
                        f"dL/d{unit}.dp{p}",
                        " + ".join(f"{name} * delta.{target}" for name, target in edges),
                        " + ".join(f"{_show(weights[name])} * {_show(sheet[f'delta.{target}.dp{p}'])}" for name, target in edges),
                        math.fsum(weights[name] * sheet[f"delta.{target}.dp{p}"] for name, target in edges),
                    )
                filled = act.slope_formula.format(a=_show(a), z=_show(z))
                slope = sheet.put(f"sigma'.{unit}.dp{p}", act.slope_formula.format(a=unit, z=f"z.{unit}"), filled, act.slope(z, a))
                sheet.put(f"delta.{unit}.dp{p}", f"dL/d{unit} * sigma'.{unit}", f"{_show(down)} * {_show(slope)}", down * slope)
    for name, _layer, source, target in network.connections():
        factors = [(sheet[f"delta.{target}.dp{p}"], _input_value(sheet, source, point, p)) for p, point in enumerate(inputs, start=1)]
        formula = f"sum over points of delta.{target}" + ("" if source == "b" else f" * {source}")
        filled = " + ".join(f"{_show(delta)} * {_show(a)}" for delta, a in factors)
        sheet.put(f"dL/d{name}", formula, filled, math.fsum(delta * a for delta, a in factors))


def _input_value(sheet: _Sheet, source: str, point: Sequence[float], p: int) -> float:
    if source == "b":
        return 1.0
    return float(point[int(source[1:]) - 1]) if source.startswith("x") else sheet[f"{source}.dp{p}"]


def _show(value: float) -> str:
    text = f"{value:.4g}"
    return f"({text})" if value < 0 else text


@dataclass(frozen=True)
class Checked:
    """A value of a hand calculation beside the right one.

    Attributes:
        name: the quantity.
        claimed: what the hand calculation says.
        right: what it is.
        correct: whether both agree to half a unit of the last digit written down.
        carried: what the same formula gives from the hand calculation's own earlier values.
        follows: whether the claimed value follows from those to within one per cent: wrong only because something before it is.
    """

    name: str
    claimed: float
    right: float
    correct: bool
    carried: float
    follows: bool


def check_hand_calculation(
    network: DenseNetwork,
    inputs: Sequence[Sequence[float]],
    targets: Sequence[Sequence[float]],
    learning_rate: float,
    claimed: Mapping[str, float],
    half_digit: Mapping[str, float] | float = 5e-5,
) -> list[Checked]:
    """Mark each value of a hand calculation right or wrong, with the right value.

    Args:
        network, inputs, targets, learning_rate: as in `trace_step`.
        claimed: value by quantity, named as in `trace_step`.
        half_digit: half a unit of the last digit written down, for all values or by quantity.

    Raises:
        UsageError: for a name that is no quantity of this calculation, with the nearest one that is.
    """
    right = trace_step(network, inputs, targets, learning_rate).values
    carried = trace_step(network, inputs, targets, learning_rate, given=claimed).values
    checked = []
    for name, value in claimed.items():
        if name not in right:
            raise unknown_name("quantity", name, right)
        margin = half_digit[name] if isinstance(half_digit, Mapping) else half_digit
        margin *= 1 + 1e-9  # a value that lies just on the edge was rounded correctly
        correct = abs(value - right[name]) <= margin
        follows = abs(value - carried[name]) <= max(margin, 0.01 * abs(carried[name]))
        checked.append(Checked(name, value, right[name], correct, carried[name], follows))
    return checked


def loss_of(network: DenseNetwork, inputs: Sequence[Sequence[float]], targets: Sequence[Sequence[float]]) -> float:
    """Mean squared error of the network, by matrix products: the same number as the trace's ``loss.mse``, without its lines."""
    value, start = np.asarray(inputs, dtype=float), 0
    for n, m, name in zip(network.sizes, network.sizes[1:], network.activations, strict=False):
        matrix = np.reshape(network.weights[start : start + (n + 1) * m], (n + 1, m))  # (sources and bias, targets)
        z = value @ matrix[:n] + matrix[n]
        value, start = np.vectorize(_ACTIVATIONS[name].value, otypes=[float])(z), start + (n + 1) * m
    return float(np.mean((value - np.asarray(targets, dtype=float)) ** 2))


def loss_along_step(
    network: DenseNetwork, inputs: Sequence[Sequence[float]], targets: Sequence[Sequence[float]], learning_rates: Sequence[float]
) -> np.ndarray:
    """Mean squared error after one step of each size in `learning_rates`, shape (number of rates,)."""
    values = trace_step(network, inputs, targets, 0.0).values
    slopes = np.array([values[f"dL/d{name}"] for name, *_ in network.connections()])
    moved = [tuple(np.asarray(network.weights) - rate * slopes) for rate in learning_rates]
    return np.array([loss_of(DenseNetwork(network.sizes, weights, network.activations), inputs, targets) for weights in moved])
