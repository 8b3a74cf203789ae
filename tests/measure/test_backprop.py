"""The tracer against autograd, against finite differences, and as a marker of hand calculations."""

import re
from itertools import pairwise

import numpy as np
import pytest

from annlab.measure.backprop import DenseNetwork, check_hand_calculation, loss_along_step, trace_step
from annlab.measure.gradient_checks import gradient_by_autograd, gradient_by_differences

HAND = DenseNetwork((2, 2, 1), (0.2, -0.7, -1.2, -0.7, 0.4, 0.7, -0.5, 2.3, 0.4), ("sigmoid", "identity"))
POINTS = [[1, 1], [0, -2], [-1, 1]], [[-1], [1], [1]]
SHAPES = [
    ((2, 2, 1), ("sigmoid", "identity")),
    ((3, 4, 2), ("tanh", "sigmoid")),
    ((2, 3, 2, 1), ("tanh", "relu", "identity")),
    ((1, 1), ("identity",)),
    ((2, 2, 2, 2, 2), ("sigmoid", "tanh", "sigmoid", "identity")),
]


def random_problem(sizes, activations, seed=0):
    rng = np.random.default_rng(seed)
    count = sum((n + 1) * m for n, m in pairwise(sizes))
    network = DenseNetwork(sizes, tuple(rng.normal(size=count)), activations)
    return network, rng.normal(size=(4, sizes[0])), rng.normal(size=(4, sizes[-1]))


@pytest.mark.parametrize(("sizes", "activations"), SHAPES)
def test_agrees_with_autograd(sizes, activations):
    problem = random_problem(sizes, activations)
    values = trace_step(*problem, 0.1).values
    ours = [values[f"dL/dw{i + 1}"] for i in range(len(problem[0].weights))]
    np.testing.assert_allclose(ours, gradient_by_autograd(*problem), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("sizes", "activations"), [shape for shape in SHAPES if "relu" not in shape[1]])
def test_agrees_with_finite_differences(sizes, activations):
    problem = random_problem(sizes, activations, seed=1)
    values = trace_step(*problem, 0.1).values
    ours = [values[f"dL/dw{i + 1}"] for i in range(len(problem[0].weights))]
    np.testing.assert_allclose(ours, gradient_by_differences(*problem), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("sizes", "activations"), SHAPES)
def test_the_step_is_taken_and_measured(sizes, activations):
    network, inputs, targets = random_problem(sizes, activations)
    values = trace_step(network, inputs, targets, 0.1).values
    new = [w - 0.1 * g for w, g in zip(network.weights, gradient_by_autograd(network, inputs, targets), strict=True)]
    moved = DenseNetwork(sizes, tuple(new), activations)
    assert values["new.mse"] == pytest.approx(trace_step(moved, inputs, targets, 0.1).values["loss.mse"], abs=1e-12)


def test_paths_multiply_to_the_gradient():
    network, inputs, targets = random_problem((2, 3, 2, 1), ("tanh", "sigmoid", "identity"), seed=2)
    trace = trace_step(network, inputs, targets, 0.1)
    values, weights = trace.values, {f"w{i + 1}": w for i, w in enumerate(network.weights)}
    for weight in weights:
        total = 0.0
        for p, point in enumerate(inputs, start=1):
            known = {"1": 1.0, "x1": point[0], "x2": point[1]} | weights
            for chain in trace.paths(weight):
                total += np.prod([known.get(factor, values.get(f"{factor}.dp{p}")) for factor in chain])
        assert total == pytest.approx(values[f"dL/d{weight}"], abs=1e-12)
    assert len(trace.paths("w1")) == 2  # from one unit of the first hidden layer the loss is reached by two ways


def test_text_holds_every_formula_with_its_numbers():
    text = trace_step(HAND, *POINTS, 1.0).text()
    assert "h1.dp1 = sigmoid(z.h1) = sigmoid(-0.6) = 0.3543" in text
    assert "new.w9 = w9 - 1 * dL/dw9 = 0.4 - 1 * 2.511 = -2.1107" in text
    assert all(re.search(r"= -?\d+\.\d{4}$", line) for line in text.splitlines())


def test_marks_right_wrong_and_carried_values():
    claimed = {"h1.dp1": 0.3543, "y.dp1": 0.5, "error.y.dp1": 1.5, "dL/dy.dp1": 7.0}
    checked = {row.name: row for row in check_hand_calculation(HAND, *POINTS, 1.0, claimed)}
    assert checked["h1.dp1"].correct
    assert not checked["y.dp1"].correct
    assert not checked["y.dp1"].follows
    assert not checked["error.y.dp1"].correct  # wrong, but only because the output before it was
    assert checked["error.y.dp1"].follows
    assert checked["error.y.dp1"].right == pytest.approx(1.98600, abs=1e-5)
    assert not checked["dL/dy.dp1"].follows


def test_loss_along_a_step_starts_at_the_loss():
    losses = loss_along_step(HAND, *POINTS, [0.0, 0.05, 1.0])
    values = trace_step(HAND, *POINTS, 1.0).values
    assert losses[0] == values["loss.mse"]
    assert losses[1] < losses[0]
    assert losses[2] == values["new.mse"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: DenseNetwork((2, 2, 1), (1.0,), ("tanh", "identity")), "9 weights"),
        (lambda: DenseNetwork((2,), (), ()), "at least an input"),
        (lambda: DenseNetwork((1, 1), (1.0, 1.0), ("tanh", "tanh")), "1 layers"),
        (lambda: DenseNetwork((1, 1), (1.0, 1.0), ("sigmoyd",)), "did you mean 'sigmoid'"),
        (lambda: trace_step(HAND, [[1, 1]], [], 1.0), "as many targets"),
        (lambda: trace_step(HAND, [[1]], [[1]], 1.0), "2 inputs"),
        (lambda: check_hand_calculation(HAND, *POINTS, 1.0, {"new.w10": 1.0}), "did you mean 'new.w1'"),
        (lambda: trace_step(HAND, *POINTS, 1.0).paths("w99"), "unknown weight"),
    ],
)
def test_says_what_is_wrong(call, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        call()
