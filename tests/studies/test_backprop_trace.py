"""The marks of the hand calculation against a calculation of the same step written out here."""

import numpy as np
import pytest

from annlab.lab import ledger
from annlab.lab.discover import load_study
from annlab.measure import DenseNetwork, check_hand_calculation, trace_step
from annlab.studies.supervised.backprop_trace import Params, chains_table, marked, quantity

X = np.array([[1.0, 1.0], [0.0, -2.0], [-1.0, 1.0]])
T = np.array([-1.0, 1.0, 1.0])
V = np.array([[0.2, -0.7], [-1.2, -0.7], [0.4, 0.7]])  # x1, x2, bias to h1, h2
U = np.array([-0.5, 2.3, 0.4])  # h1, h2, bias to y


def forward(V, U):
    hidden = 1 / (1 + np.exp(-(X @ V[:2] + V[2])))
    return hidden, hidden @ U[:2] + U[2]


def by_hand():
    """Every quantity that the ledger states, from two lines of calculus: dL/dy = 2/3 (y - t), sigma' = h (1 - h)."""
    hidden, y = forward(V, U)
    down = 2 / 3 * (y - T)
    delta = down[:, None] * U[:2] * hidden * (1 - hidden)
    new_V = V - np.vstack([X.T @ delta, delta.sum(0)])
    new_U = U - np.append(hidden.T @ down, down.sum())
    _, new_y = forward(new_V, new_U)
    found = {"loss.sse": ((y - T) ** 2).sum(), "loss.mse": ((y - T) ** 2).mean(), "new.mse": ((new_y - T) ** 2).mean()}
    for p in range(3):
        found |= {f"h1.dp{p + 1}": hidden[p, 0], f"h2.dp{p + 1}": hidden[p, 1], f"y.dp{p + 1}": y[p]}
        found |= {f"dL/dy.dp{p + 1}": down[p], f"sigma'.y.dp{p + 1}": 1.0, f"new.y.dp{p + 1}": new_y[p]}
    return found | {f"new.w{i + 1}": w for i, w in enumerate([*new_V.ravel(), *new_U])}


def test_right_values_agree_with_the_calculation_here():
    right, expected = {row.name: row.right for row in marked()}, by_hand()
    assert set(right) == set(expected)
    for name, value in expected.items():
        assert right[name] == pytest.approx(value, abs=1e-12), name


def test_marks_agree_with_rounding_to_the_printed_digits():
    expected, printed = by_hand(), {quantity(row.id): row.text for row in ledger.rows("backprop-trace") if row.value is not None}
    wrong = {row.name for row in marked() if not row.correct}
    for name, text in printed.items():
        digits = len(text.partition(".")[2])
        assert (name in wrong) == (abs(float(text) - expected[name]) > 0.5 * 10.0**-digits), name
    assert 0 < len(wrong) < len(printed)


def test_the_chains_add_up_to_the_gradient():
    frame = chains_table(None).frame
    params = Params()
    values = trace_step(DenseNetwork(params.sizes, params.weights, params.activations), params.inputs, params.targets, 1.0).values
    assert list(frame["weight"]) == [f"w{i}" for i in range(1, 10)]
    for row in frame.to_dict("records"):
        assert row["sum"] == pytest.approx(values[f"dL/d{row['weight']}"], abs=1e-12)
        assert row["point 1"] + row["point 2"] + row["point 3"] == pytest.approx(row["sum"], abs=1e-12)


def test_the_verdict_on_the_step_is_the_loss_after_it(small):
    results = small("backprop-trace")
    values = results.outcome(case="hand_calculation").metrics
    assert values["loss_after"] == pytest.approx(by_hand()["new.mse"], abs=1e-12)
    assert "raised the loss" in load_study("backprop-trace").questions[0].answer(results)
    assert all(results.table["autograd_difference"] < 1e-10)
    assert all(results.table["finite_difference"] < 1e-10)


def test_any_calculation_of_ones_own_is_marked():
    network = DenseNetwork((1, 1), (2.0, 1.0), ("identity",))
    checked = check_hand_calculation(network, [[3.0]], [[5.0]], 0.1, {"y.dp1": 7.0, "loss.mse": 4.0, "dL/dw1": 12.0, "new.w1": 0.9})
    assert [row.correct for row in checked] == [True, True, True, False]
    assert checked[-1].right == pytest.approx(0.8)


def test_factors_want_a_point_of_the_data():
    trace = trace_step(DenseNetwork((1, 1), (2.0, 1.0), ("identity",)), [[3.0]], [[5.0]], 0.1)
    assert trace.factors("w1", 1) == [[4.0, 1.0, 3.0]]
    with pytest.raises(ValueError, match="data points are 1 to 1"):
        trace.factors("w1", 2)
