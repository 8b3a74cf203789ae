import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from training_tools import generator, network, problem, state

from annlab.errors import UsageError
from annlab.models import MLPClassifier, MLPRegressor
from annlab.nets import ACTIVATIONS, MLP, StackedMLP
from annlab.train import DivergenceError, Recipe, fit, fit_stacked
from annlab.train.dense import DRAWS, fit_dense, stacks
from annlab.train.dense_jacobian import DenseJacobian

R = 3


def recipe(**settings):
    return Recipe(**{"optimizer": "levenberg_marquardt", "max_epochs": 60, **settings})


def stacked(sizes=(4,), outputs=1, count=R, inputs=2, dtype=torch.float64, **options):
    return StackedMLP(count, inputs, sizes, outputs, generators=[generator(seed) for seed in range(count)], dtype=dtype, **options)


def flat(stack, r):
    return state(stack.replicate(r))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("sizes", "outputs"), [((), 1), ((5,), 1), ((4, 3), 2)])
def test_derivatives_equal_autograd(activation, sizes, outputs):
    stack = stacked(sizes, outputs, activation=(activation,) * (len(sizes) + 1))
    X, _ = problem(7)
    derivatives = DenseJacobian(stack)
    output, jacobian = derivatives(derivatives.read(stack), X.T.expand(R, 2, 7))
    torch.testing.assert_close(output, stack(X).transpose(1, 2), rtol=1e-12, atol=1e-14)
    tensors = [tensor for pair in zip(stack.weights, stack.biases, strict=True) for tensor in pair]
    for r in range(R):
        for sample in range(7):
            for k in range(outputs):
                wanted = torch.autograd.grad(stack(X)[r, sample, k], tensors, retain_graph=True)
                ours = jacobian[r, :, k, sample]
                torch.testing.assert_close(ours, torch.cat([g[r].reshape(-1) for g in wanted]), rtol=1e-9, atol=1e-12)


def test_parameters_are_read_and_written_by_replicate():
    stack, other = stacked((4, 3)), stacked((4, 3), dtype=torch.float32)
    derivatives = DenseJacobian(stack)
    before = flat(other, 0)
    derivatives.write(other, torch.tensor([2, 1]), derivatives.read(stack)[[2, 1]])
    assert torch.equal(flat(other, 0), before)
    for r in (1, 2):
        assert torch.equal(flat(other, r), flat(stack, r).float().double())
    assert int(derivatives.is_weight.sum()) == 2 * 4 + 4 * 3 + 3


def test_linear_least_squares_is_solved_in_one_step():
    X, y = problem(40)
    targets = torch.cat([y, 1 + X @ torch.tensor([[2.0], [-3.0]], dtype=torch.float64)], 1)
    design = np.column_stack([X, np.ones(40)])
    solution = np.linalg.lstsq(design, targets.numpy(), rcond=None)[0]
    stack = stacked((), outputs=2)
    fit_stacked(stack, X, targets, recipe(max_epochs=1, optimizer_options={"damping": 0.0}))
    for r in range(R):
        np.testing.assert_allclose(stack.weights[0][r].detach(), solution[:2], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(stack.biases[0][r].detach(), solution[2], rtol=1e-10, atol=1e-12)


def test_weight_decay_is_ridge_regression_without_its_intercept():
    X, y = problem(40)
    stack = stacked(())
    fit_stacked(stack, X, y, recipe(max_epochs=1, weight_decay=0.3, optimizer_options={"damping": 0.0}))
    centred = X - X.mean(0)  # minimises mean(e^2) + 0.15 |w|^2
    solution = torch.linalg.solve(centred.T @ centred / 40 + 0.15 * torch.eye(2, dtype=torch.float64), centred.T @ (y - y.mean()) / 40)
    torch.testing.assert_close(stack.weights[0][1].detach(), solution, rtol=1e-10, atol=1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize(("sizes", "outputs"), [((2,), 1), ((3,), 2), ((2, 2), 1)])
def test_reaches_the_minimum_of_scipy(sizes, outputs):
    """Noisy targets of a network, from starts around it: the minimum is above zero and well determined."""
    X = 6 * torch.rand(200, 2, generator=generator(11), dtype=torch.float64) - 3
    stack = stacked(sizes, outputs)
    derivatives = DenseJacobian(stack)
    teacher = 1.5 * torch.randn(derivatives.size, generator=generator(3), dtype=torch.float64)
    start = teacher + 0.1 * torch.randn(R, derivatives.size, generator=generator(4), dtype=torch.float64)
    columns = X.T[None].contiguous()
    clean = derivatives.outputs(teacher[None], columns)[0]
    y = clean + 0.05 * torch.randn(clean.shape, generator=generator(5), dtype=torch.float64)

    def errors(weights):
        return (derivatives.outputs(torch.from_numpy(weights)[None], columns)[0] - y).flatten().numpy()

    def jacobian(weights):
        return derivatives(torch.from_numpy(weights)[None], columns)[1][0].flatten(1).T.numpy()

    derivatives.write(stack, torch.arange(R), start)
    history = fit_stacked(stack, X, y.T, recipe(max_epochs=300))
    for r in range(R):
        theirs = least_squares(errors, start[r].numpy(), jacobian, method="lm", xtol=1e-14, ftol=1e-14, gtol=1e-14)
        assert history.of(r).columns["train_loss"][-1] == pytest.approx(np.mean(theirs.fun**2), rel=1e-9)
        np.testing.assert_allclose(derivatives.read(stack)[r], theirs.x, rtol=1e-4, atol=1e-5)


def test_replicates_do_not_touch_each_other():
    X, y = problem(3 * 40)
    X, y = X.reshape(R, 40, 2), y.reshape(R, 40, 1)
    together = stacked((6,))
    history = fit_stacked(together, X, y, recipe(), validation=(X.flip(0), y.flip(0)))
    for r in range(R):
        alone = MLP(2, (6,), 1, generator=generator(r), dtype=torch.float64)
        single = fit(alone, X[r], y[r], recipe(), validation=(X.flip(0)[r], y.flip(0)[r]))
        torch.testing.assert_close(flat(together, r), state(alone), rtol=1e-7, atol=1e-9)
        mine = history.of(r)
        assert (mine.best_epoch, mine.stopped_epoch) == (single.best_epoch, single.stopped_epoch)
        assert set(mine.columns) == set(single.columns) == {"epoch", "train_loss", "validation_loss", "damping", "seconds"}
        np.testing.assert_allclose(mine.columns["train_loss"], single.columns["train_loss"], rtol=1e-7)


def test_the_loss_never_rises_and_the_damping_follows():
    X, y = problem(60)
    history = fit(network(), X, y, recipe())
    losses, damping = history.columns["train_loss"], history.columns["damping"]
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 1e-5 * losses[0]
    assert np.allclose(np.log2(damping / 1e-3), np.round(np.log2(damping / 1e-3)))


def test_a_perfect_fit_stops_where_no_step_lowers_the_loss():
    X, _ = problem(30)
    line = MLP(2, (), 1, generator=generator(), dtype=torch.float64)
    history = fit(line, X, X.sum(1, keepdim=True), recipe(max_epochs=500))
    assert history.stopped_epoch < 200
    assert history.columns["train_loss"][-1] < 1e-20


def test_each_replicate_stops_by_its_own_validation_loss_and_gets_its_best_state_back():
    X, y = problem(25)
    noisy = y + 0.5 * torch.randn(y.shape, generator=generator(4), dtype=y.dtype)
    stack = stacked((8,))
    history = fit_stacked(stack, X, noisy, recipe(max_epochs=300, patience=5), validation=problem(40))
    stops = np.asarray(history.stopped_epoch)
    assert stops.max() < 300
    for r in range(R):
        column = history.of(r).columns["validation_loss"]
        assert column.argmin() + 1 == history.best_epoch[r]
        lowest = ((stack(problem(40)[0])[r] - problem(40)[1]) ** 2).mean().item()
        assert lowest == pytest.approx(column.min(), rel=1e-12)


def test_float32_networks_are_solved_in_float64_and_rounded():
    X, y = problem(60)
    single, double = stacked(dtype=torch.float32), stacked()
    fit_stacked(single, X, y, recipe(max_epochs=5))
    with torch.no_grad():
        for tensor in double.parameters():
            tensor.copy_(tensor.float().double())
    fit_stacked(double, X, y, recipe(max_epochs=5))
    for r in range(R):
        assert single.weights[0].dtype == torch.float32
        assert torch.equal(flat(single, r), flat(double, r).float().double())


def test_many_samples_are_worked_through_in_pieces():
    X, y = problem(1500)
    stack, whole = stacked((3,)), stacked((3,))
    derivatives = DenseJacobian(whole)
    fit_stacked(stack, X, y, recipe(max_epochs=1, optimizer_options={"damping": 0.1}))
    weights = derivatives.read(whole)
    output, jacobian = derivatives(weights, X.T.expand(R, 2, 1500))
    jacobian, errors = jacobian[:, :, 0], output[:, 0] - y[:, 0]
    curvature = jacobian @ jacobian.transpose(1, 2) / 1500 + 0.1 * torch.eye(derivatives.size, dtype=torch.float64)
    step = torch.linalg.solve(curvature, (jacobian @ errors.unsqueeze(2)) / 1500)[..., 0]
    torch.testing.assert_close(derivatives.read(stack), weights - step, rtol=1e-9, atol=1e-11)


def test_monitors_progress_and_schedule_of_evaluation():
    X, y = problem(40)
    told = []
    history = fit_stacked(
        stacked(),
        X,
        y,
        recipe(max_epochs=6, evaluate_every=4),
        monitors={"error": lambda net: ((net(X) - y) ** 2).mean((1, 2))},
        progress=lambda epoch, **columns: told.append((epoch, set(columns))),
    )
    assert history.columns["epoch"].tolist() == [4, 6]
    np.testing.assert_allclose(history.columns["error"], history.columns["train_loss"], rtol=1e-10)
    assert told == [(4, {"train_loss", "seconds"}), (6, {"train_loss", "seconds"})]
    net = network()
    single = fit(net, X, y, recipe(max_epochs=3), monitors={"error": lambda module: ((module(X) - y) ** 2).mean().item()})
    np.testing.assert_allclose(single.columns["error"], single.columns["train_loss"], rtol=1e-10)
    assert not net.training


def test_dense_replicates_train_together():
    X, y = problem(50)
    assert stacks(recipe())
    draws = [{name: generator(r) for name in DRAWS} for r in range(2)]
    fitted = fit_dense(X.numpy(), y.numpy(), recipe(), draws, hidden_sizes=(8,), validation=(X.numpy(), y.numpy()), dtype=torch.float64)
    for r, history in enumerate(fitted.histories):
        assert np.mean((fitted.predict(X.numpy())[r] - y.numpy()) ** 2) == pytest.approx(history.columns["validation_loss"].min(), rel=1e-9)


def test_estimator():
    X, y = (part.numpy() for part in problem(80, torch.float32))
    settings = {"hidden_sizes": (8,), "activation": "tanh", "optimizer": "levenberg_marquardt", "max_epochs": 60}
    model = MLPRegressor(**settings, batch_size=None, n_replicates=2, validation_fraction=0.2, random_state=0).fit(X, y[:, 0])
    assert model.predict(X).dtype == np.float32
    assert model.score(X, y[:, 0]) > 0.999
    assert set(model.history_["replicate"]) == {0, 1}
    with pytest.raises(ValueError, match="batch_size=None"):
        MLPRegressor(**settings).fit(X, y[:, 0])
    with pytest.raises(ValueError, match="sum of squares"):
        MLPClassifier(**settings, batch_size=None).fit(X, y[:, 0] > 0)


@pytest.mark.parametrize(
    ("settings", "options", "message"),
    [
        ({"loss": "binary_cross_entropy"}, {}, "sum of squares"),
        ({"batch_size": 10}, {}, "all samples at once"),
        ({"l1": 0.1}, {}, "L1"),
        ({"input_noise": 0.1}, {}, "noise"),
        ({"schedule": "cosine"}, {}, "schedule"),
        ({"patience": 3}, {}, "validation"),
        ({"optimizer_options": {"dampin": 1.0}}, {}, "did you mean 'damping'"),
        ({"optimizer_options": {"damping": -1.0}}, {}, "at least 0"),
        ({}, {"dropout": 0.1}, "dropout"),
        ({}, {"batch_norm": "hidden"}, "batch normalisation"),
        ({}, {"sizes": (100, 100)}, "small networks"),
    ],
)
def test_what_it_does_not_take_is_refused_in_a_sentence(settings, options, message):
    X, y = problem(40)
    with pytest.raises(UsageError, match=message):
        fit_stacked(stacked(**options), X, y, recipe(**settings))


def test_other_modules_and_checkpoints_are_refused(tmp_path):
    X, y = problem(20)
    with pytest.raises(UsageError, match="Linear"):
        fit(torch.nn.Linear(2, 1).double(), X, y, recipe())
    with pytest.raises(UsageError, match="checkpoints"):
        fit(network(), X, y, recipe(), checkpoint=tmp_path / "state")


def test_a_start_that_is_not_finite_is_recorded_or_raised():
    X, y = problem(20)
    stack = stacked()
    with torch.no_grad():
        stack.weights[0][1] = torch.nan
    calm = stacked()
    history = fit_stacked(stack, X, y, recipe(on_divergence="record"))
    fit_stacked(calm, X, y, recipe())
    assert history.diverged_epoch.tolist() == [0, 1, 0]
    assert history.stopped_epoch[1] == 1
    for r in (0, 2):
        torch.testing.assert_close(flat(stack, r), flat(calm, r), rtol=1e-7, atol=1e-9)
    with pytest.raises(DivergenceError):
        fit_stacked(stack, X, y, recipe())
