import pytest
import torch
from training_tools import generator, network, problem, state

from annlab.errors import UsageError
from annlab.train import Recipe, fit
from annlab.train.lbfgs import LBFGS


def closures(net, optimizer, X, y):
    counts = []

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(X), y)
        loss.backward()
        counts.append(loss.item())
        return loss

    return closure, counts


@pytest.mark.oracle
@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
@pytest.mark.parametrize(("max_iter", "history"), [(1, 100), (1, 3), (20, 7)])
def test_same_iterates_as_torch(line_search, max_iter, history):
    X, y = problem()
    net, twin = network(), network()
    rate = 1.0 if line_search else 0.1
    ours = LBFGS(net.parameters(), rate, max_iter=max_iter, history_size=history, line_search=line_search)
    options = {"max_iter": max_iter, "history_size": history, "line_search_fn": line_search}
    theirs = torch.optim.LBFGS(twin.parameters(), rate, max_eval=26 if max_iter == 1 else None, **options)  # 25 for the search
    for _ in range(30 if max_iter == 1 else 2):
        (a, n), (b, m) = closures(net, ours, X, y), closures(twin, theirs, X, y)
        assert ours.step(a).item() == pytest.approx(theirs.step(b).item(), rel=1e-6)
        assert len(n) == len(m)
    torch.testing.assert_close(state(net), state(twin), rtol=1e-5, atol=1e-6)


def test_history_longer_than_its_memory_moves_with_the_window():
    X, y = problem()
    net, twin = network(), network()
    ours = LBFGS(net.parameters(), 0.1, history_size=2, line_search=None)
    theirs = torch.optim.LBFGS(twin.parameters(), 0.1, max_iter=1, history_size=2)
    for _ in range(80):  # beyond history and slack
        ours.step(closures(net, ours, X, y)[0])
        theirs.step(closures(twin, theirs, X, y)[0])
    torch.testing.assert_close(state(net), state(twin), rtol=1e-6, atol=1e-8)


def test_solves_a_quadratic():
    A = torch.diag(torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64))
    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    optimizer = LBFGS([x], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = 0.5 * x @ A @ x
        loss.backward()
        return loss

    optimizer.step(closure)
    assert x.abs().max() < 1e-5


def test_turns_back_from_a_loss_that_is_not_finite():
    x = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    optimizer = LBFGS([x], lr=50.0)

    def closure():
        optimizer.zero_grad()
        loss = (x - x.log()).sum()  # lowest at 1, no number left of 0
        loss.backward()
        return loss

    for _ in range(20):
        optimizer.step(closure)
    assert x.item() == pytest.approx(1.0, abs=1e-6)


def test_rests_where_no_point_is_lower():
    x = torch.ones(1, requires_grad=True)
    optimizer, calls = LBFGS([x]), []

    def closure():  # the gradient points the wrong way
        calls.append(x.item())
        x.grad = torch.ones(1)
        return (2.0 - x).sum().detach()

    for _ in range(5):
        optimizer.step(closure)
    assert x.item() == 1.0
    assert len(calls) < 40
    x.grad = None

    def slope():
        x.grad = -torch.ones(1)
        return (2.0 - x).sum().detach()

    optimizer.step(slope)
    assert x.item() > 1.0


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_says_the_loss_where_it_ended(line_search):
    X, y = problem()
    net = network()
    optimizer = LBFGS(net.parameters(), 0.5, line_search=line_search)
    for _ in range(20):
        optimizer.step(closures(net, optimizer, X, y)[0])
        if line_search is None:
            assert optimizer.evaluated is None
            continue
        gradient = [parameter.grad.clone() for parameter in net.parameters()]
        closure, _ = closures(net, optimizer, X, y)
        assert optimizer.evaluated == closure().item()
        for kept, parameter in zip(gradient, net.parameters(), strict=True):
            assert torch.equal(kept, parameter.grad)


def test_no_point_is_evaluated_twice():
    X, y = problem()
    seen = []

    class Counting(torch.nn.Sequential):
        def forward(self, x):
            seen.append(torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters()]))
            return super().forward(x)

    net = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    counted = Counting(*net)
    from annlab.train import steps

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "same_in_training", lambda net: True)
        fit(counted, X, y, Recipe(optimizer="lbfgs", learning_rate=1.0, max_epochs=20), order=generator())
    assert len({tuple(point.tolist()) for point in seen}) == len(seen)


def test_mistakes():
    parameter = torch.ones(2, requires_grad=True)
    with pytest.raises(UsageError, match="strong_wolfe"):
        LBFGS([parameter], line_search="armijo")
    with pytest.raises(UsageError, match="at least 1"):
        LBFGS([parameter], max_iter=0)
    with pytest.raises(UsageError, match="one group"):
        LBFGS([{"params": [parameter]}, {"params": [torch.ones(1, requires_grad=True)]}])
