"""Readings of tiny runs recomputed here, long runs that hold the short ones, seconds, memory, and what the claims read."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from studies_tools import outcomes

from annlab.lab import Outcome, Results, ledger
from annlab.lab.evidence import NotRun
from annlab.lab.jobs import make_job
from annlab.lab.results import Record
from annlab.lab.verdicts import judge
from annlab.nets import MLP
from annlab.studies.supervised.optimiser_comparison import LENGTHS, _read, study
from annlab.studies.supervised.optimiser_comparison_grid import ADAM, FAST_40, GD, HANDOUT, LBFGS, NESTEROV, REPORT_C
from annlab.studies.supervised.optimiser_comparison_loop import fit_plainly
from annlab.studies.supervised.optimiser_comparison_memory import Allocations
from annlab.studies.supervised.optimiser_comparison_reading import crossed, raced, seconds_at, together
from annlab.studies.supervised.optimiser_comparison_values import at, clocked, closer_on_small, spent, watched, worse_on_small
from annlab.train import History, Recipe, fit

READ = ("train_mse", "best_epoch", "epochs_to_half", "epochs_to_tenth", "fall_epoch", "plateau_epoch", "curve_roughness")
TINY = replace(study.params, epochs=8, hidden_sizes=(10, 10))


def history(train, validation=None, diverged=0):
    train = np.array(train, dtype=float)
    columns = {"epoch": np.arange(1, len(train) + 1), "train_loss": train, "validation_loss": np.array(validation or train, dtype=float)}
    return History(columns, 0, len(train), diverged)


def test_readings_of_a_curve_worked_by_hand():
    lengths, curves = _read(history([0.9, 0.5, 0.2, 0.04, 0.06, 0.05], [1.0, 0.3, 0.4, 0.5, 0.6, 0.7]), 6, floor=0.1, variance=0.5)
    assert {name: float(values[-1]) for name, values in lengths.items()} == pytest.approx(
        {
            "epoch": 6,
            "train_mse": 0.05,
            "validation_mse": 0.7,
            "gap_ratio": 14.0,
            "best_epoch": 4,
            "best_validation_epoch": 2,
            "epochs_to_half": 3,  # at 0.1 + 0.25
            "epochs_to_tenth": 4,  # at 0.1 + 0.05
            "fall_epoch": 4,  # the first within 5 % of the whole fall
            "plateau_epoch": 6,
            "curve_roughness": np.diff(np.log10([0.9, 0.5, 0.2, 0.04, 0.06, 0.05])).std(),
            "rises": 1 / 5,
        }
    )
    np.testing.assert_array_equal(curves["epoch"], range(1, 7))


def test_a_long_run_holds_the_shorter_ones():
    losses = np.geomspace(1, 1e-3, 1200) * (1 + 0.1 * np.sin(np.arange(1200)))
    long, _ = _read(history(losses), 1200, 0.0, 0.1)
    assert list(long["epoch"]) == [500, 1000, 1200]
    short, _ = _read(history(losses[:500]), 500, 0.0, 0.1)
    for name, values in short.items():
        assert values[-1] == long[name][0], name
    assert short["epochs_to_tenth"][-1] == 501  # not reached


def test_a_diverged_run_has_no_error_and_reaches_nothing_after_it():
    lengths, _ = _read(history([0.9, 0.4, np.nan], diverged=3), 6, floor=0.0, variance=1.0)
    assert lengths["train_mse"][-1] == np.inf
    assert lengths["epochs_to_half"][-1] == 2
    assert lengths["epochs_to_tenth"][-1] == 7
    assert np.isnan(lengths["curve_roughness"][-1])


@pytest.mark.parametrize("settings", [GD, FAST_40, NESTEROV, ADAM], ids=lambda each: each["optimizer"] + str(each["batch_size"]))
def test_stacked_replicates_equal_single_ones(settings):
    params = replace(TINY, **settings)
    together = outcomes(study, params, [0, 1])
    for replicate, one in enumerate(together):
        (alone,) = outcomes(study, params, [replicate])
        np.testing.assert_allclose(one.series["curves"]["train_loss"], alone.series["curves"]["train_loss"], rtol=1e-4)


def test_settings_of_a_replicate_start_from_the_same_weights_and_noise():
    noisy = replace(TINY, noise=0.3, epochs=1, learning_rate=1e-9)
    first = [outcomes(study, replace(noisy, batch_size=size), [1])[0].metrics["train_mse"] for size in (1600, 400)]
    assert first[0] == pytest.approx(first[1], rel=1e-5)


def test_timed_cells_run_alone_and_give_seconds_and_the_same_training():
    params = replace(TINY, **GD, timed=True)
    assert make_job(study, params, 3).timed
    assert make_job(study, params, 3).replicates == (3,)
    assert not make_job(study, TINY, 3).timed
    assert len(make_job(study, TINY, 3).replicates) == 10
    (ours,), (plain,) = (outcomes(study, replace(params, loop=loop), [0]) for loop in ("ours", "plain"))
    (trained,) = outcomes(study, replace(TINY, **GD), [0])
    assert ours.metrics["train_mse"] == pytest.approx(trained.metrics["train_mse"], rel=1e-4)
    assert plain.metrics["train_mse"] == pytest.approx(trained.metrics["train_mse"], rel=1e-4)
    for found in (ours, plain):
        assert found.timings["per_epoch"] * 8 == pytest.approx(found.timings["train"])
        clock = [found.timings[f"epoch_{epoch}"] for epoch in range(1, 9)]
        assert clock == sorted(clock)
        assert clock[-1] == found.timings["train"] > 0


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_the_plain_loop_takes_the_steps_of_ours_on_the_full_batch(optimizer):
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.random.default_rng(1).normal(size=60)
    losses = []
    for run in (fit, fit_plainly):
        net = MLP(2, (6,), 1, "tanh", generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        recipe = Recipe(optimizer=optimizer, learning_rate=0.5 if optimizer == "lbfgs" else 0.01, batch_size=60, max_epochs=10)
        losses.append(run(net, X, y, recipe, order=torch.Generator().manual_seed(0)).columns["train_loss"])
    np.testing.assert_allclose(*losses, rtol=1e-8)


def test_seconds_between_and_beyond_the_timed_epochs():
    import pandas as pd

    clock = pd.DataFrame({"epoch": [2, 4, 6], "seconds": [10.0, 12.0, 16.0]})
    np.testing.assert_allclose(seconds_at(clock, [1, 3, 6, 8]), [5.0, 11.0, 16.0, 20.0])


def test_memory_of_optimisers():
    count = 10 * 3 + 10 * 11 + 11
    found = {each["optimizer"]: outcomes(study, replace(TINY, epochs=1, **each), [0])[0].metrics for each in (GD, NESTEROV, ADAM, LBFGS)}
    assert {metrics["parameters"] for metrics in found.values()} == {count}
    assert found["sgd"]["state_bytes"] == 0
    assert found["nesterov"]["state_bytes"] == 4 * count
    assert 8 * count <= found["adam"]["state_bytes"] <= 8 * count + 100  # and its counts of steps
    assert found["lbfgs"]["state_bytes"] >= 2 * 100 * 4 * count  # a hundred pairs
    assert found["sgd"]["peak_bytes"] > 4 * 1600 * 20  # activations of the full batch


def test_allocations_are_followed():
    with Allocations() as memory:
        a = torch.zeros(1000)
        b = a.view(10, 100).add(1)
        assert memory.live == 8000
        del b
        a.add_(torch.ones(1000))
    assert (memory.live, memory.peak) == (4000, 8000)


def test_a_shorter_run_is_scaled_and_no_answer():
    outcome = Outcome(
        {}, {"train": 0.1, "per_epoch": 0.05}, {"lengths": {"epoch": np.array([500, 2500]), "train_mse": np.array([0.2, 0.1])}}
    )
    assert at("train_mse").read(outcome) == 0.1
    with pytest.raises(NotRun, match="2500 instead of 5000"):
        at("train_mse", 5000).read(outcome)
    with pytest.raises(NotRun, match="timed over 2 epochs"):
        spent(GD).read(outcome)


def test_rows_find_their_settings():
    timed = ledger.row("optimiser-comparison.time.100x100.sgd-lr0.01-m0.9")
    assert clocked(timed) == {
        "optimizer": "momentum",
        "learning_rate": 0.01,
        "batch_size": 1600,
        "hidden_sizes": (100, 100),
        "noise": 0.0,
        "timed": True,
    }
    best = ledger.row("optimiser-comparison.best-epoch.h50.opt3")
    assert watched(best) == {"optimizer": "nesterov", "batch_size": 400, "hidden_sizes": (50, 50), "timed": False}


def test_spread_and_mean_of_the_small_network_against_the_middle_one():
    design, records = study.design("full"), []
    for cell in design.cells:
        p = cell.params
        for place, each in enumerate(REPORT_C):
            if not p.timed and p.noise == 0 and p.hidden_sizes in ((10, 10), (50, 50)) and cell.matches(each):
                loss = 10.0 ** (-2 - 0.1 * place) if p.hidden_sizes == (10, 10) else 10.0 ** (-3 - 0.3 * place)
                series = {"lengths": {"epoch": np.array([5000]), "train_mse": np.array([loss])}}
                records += [Record(cell, r, Outcome(series=series)) for r in range(2)]
    results = Results.from_records(study, design, records)
    places = np.arange(7)
    assert closer_on_small(results).differences == pytest.approx(dict.fromkeys(range(2), 0.2 * places.std()))
    assert worse_on_small(results).differences == pytest.approx(dict.fromkeys(range(2), 1 + 0.2 * places.mean()))


def test_readings_are_of_one_length_and_balanced(small):
    results = small("optimiser-comparison")
    assert set(together(results, HANDOUT, noise=0.0)["epoch"]) == {14}
    frame = crossed(results)
    assert set(frame.groupby(["batch_size", "learning_rate", "momentum"]).size()) == {3}
    assert frame.groupby(["batch_size", "learning_rate", "momentum"]).ngroups == 8
    race = raced(results, HANDOUT)
    assert race["setting"].nunique() == 5
    assert (race.sort_values("epoch").groupby(["setting", "replicate"])["seconds"].diff().dropna() > 0).all()


def made_up(cell, replicate):
    """An outcome of a cell of the full profile: errors by optimiser and size, seconds by batch and size, with some spread."""
    p, rng = cell.params, np.random.default_rng([replicate, len(cell.identity), cell.params.batch_size])
    spread = float(np.exp(0.02 * rng.normal()))
    if p.timed:
        pace = (0.001 + 0.04 / p.batch_size + 1e-5 * p.hidden_sizes[0]) * spread * (1.5 if p.optimizer == "adam" else 1.0)
        return Outcome({"train_mse": 0.1}, {"train": pace * p.epochs, "per_epoch": pace} | {f"epoch_{n}": pace * n for n in LENGTHS})
    error = {"adam": 0.001, "lbfgs": 0.002}.get(p.optimizer, 0.01) * spread
    values = {name: np.full(4, error * 100 if "epoch" in name else error) for name in READ}
    series = {"lengths": {"epoch": np.array(LENGTHS), **values}}
    return Outcome({"state_bytes": 8.0 * (p.optimizer != "sgd"), "validation_clean_mse": error, "gap_ratio": spread}, {}, series)


def test_every_row_is_judged_on_whole_results():
    design = study.design("full", replicates=6)
    records = [Record(cell, r, made_up(cell, r)) for cell in design.cells for r in range(6)]
    verdicts = {each.id: each for each in judge(study, Results.from_records(study, design, records))}
    assert len(verdicts) == 71
    assert not [each.id for each in verdicts.values() if each.verdict in ("not-run", "untestable")]
    for name in ("adam-and-lbfgs-best", "time-linear-in-epochs", "time-growth.gd", "adam-memory-overhead", "larger-network-slower"):
        assert verdicts[f"optimiser-comparison.{name}"].verdict == "reproduced", verdicts[f"optimiser-comparison.{name}"].reason
    short = study.design("quick", replicates=6)
    few = Results.from_records(study, short, [Record(cell, r, made_up(cell, r)) for cell in short.cells for r in range(6)])
    others = {each.id: each.verdict for each in judge(study, few)}
    assert others["optimiser-comparison.adam-and-lbfgs-best"] == "not-run"
