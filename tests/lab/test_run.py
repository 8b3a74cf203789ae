"""Runs: what is planned, computed once, selected, needed, retried and made again."""

import errno
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from lab_tools import store_bits, toy

import annlab
from annlab.errors import UsageError
from annlab.lab import Need, Outcome, Results, Store, grid
from annlab.lab.run import load, plan, plan_many, run, run_many, stale_keys


@pytest.fixture
def here(store):
    """Options that run in this process."""
    return {"store": store, "workers": 0}


def edited(study, **changes):
    """A study whose code counts as changed, since no file holds its trial."""
    trial = study.trial
    return replace(study, trial=lambda params, ctx: [*trial(params, ctx)] if study.stacked else trial(params, ctx), **changes)


def test_nothing_is_computed_twice_and_surplus_replicates_are_kept(here):
    events = []
    run(toy("toy-stacked"), replicates=2, progress=events.append, **here)
    assert [(event.kind, event.done, event.total) for event in events] == [("start", 0, 2), ("done", 1, 2), ("done", 2, 2), ("end", 2, 2)]
    before = store_bits(here["store"])
    assert len(before) == 10  # two cells, the whole block of five
    events.clear()
    assert len(run(toy("toy-stacked"), replicates=5, progress=events.append, **here).table) == 10
    assert events == []
    run(toy("toy-stacked"), replicates=6, **here)
    after = store_bits(here["store"])
    assert len(after) == 20
    assert {key: after[key] for key in before} == before


def test_replicates_and_streams_of_a_block_are_those_of_single_trials(here):
    single = run(toy("toy"), where={"level": 0.5}, settings={"size": 20}, **here)
    stacked = run(replace(toy("toy-stacked"), name="toy"), where={"level": 0.5}, replicates=4, **here)
    np.testing.assert_array_equal(single.values("mean"), stacked.values("mean"))


def test_settings_seed_and_where_make_other_jobs(here):
    base = run(toy("toy"), "quick", **here)
    for options in ({"settings": {"size": 5}}, {"seed": 1}):
        other = run(toy("toy"), "quick", **options, **here)
        assert not set(other.table["mean"]) & set(base.table["mean"])
    assert run(toy("toy"), "quick", where={"level": [0.5, 2.0]}, **here).table["level"].tolist() == [0.5, 0.5, 2.0, 2.0]


def test_needs_are_computed_first_whole_and_once(here):
    order = []
    results = run(toy("toy-needy"), progress=lambda event: event.kind == "done" and order.append(event.job), **here)
    assert sorted(job.study for job in order) == ["toy-needy"] * 4 + ["toy-stacked"] * 2
    finished = [job.key for job in order]
    for job in order:
        assert all(finished.index(key) < finished.index(job.key) for _, key in job.needs)
    block = next(job for job in order if job.study == "toy-stacked" and job.params["level"] == 2.0)
    needed = here["store"].read("toy-stacked", block.key).outcome(3).metrics["mean"]
    assert results.values("twice", level=2.0).tolist() == [2 * needed] * 2
    assert set(results.table["r"]) == {3}


def test_a_failed_need_fails_what_needs_it_and_nothing_else(here):
    def broken(params, ctx):
        if params.level == 0.5:
            raise ValueError("no")
        return toy("toy-stacked").trial(params, ctx)

    studies = [toy("toy-needy"), replace(toy("toy-stacked"), trial=broken)]
    lost, blocks = [("toy-needy", "need")] * 2, [("toy-stacked", "raised")] * 2
    for options, expected in (({}, lost + blocks), ({}, lost), ({"retry": True}, lost + blocks)):
        events = []
        results = run_many(studies, progress=events.append, **options, **here)
        assert results[0].table["level"].tolist() == [2.0, 2.0]
        assert {failure.kind for failure in results[0].failures} == {"need"}
        assert len(results[1].table) == 6
        assert sorted(event.job.study for event in events if event.kind == "failed") == sorted(name for name, _ in expected)
        assert all(event.done <= event.total for event in events)


def test_undeclared_needs_and_data_are_refused(here):
    for name, body, message in (
        ("cheat-needs", lambda params, ctx: ctx.need(Need("toy")), r"must return Need\(study='toy'.* from `needs`"),
        ("cheat-data", lambda params, ctx: ctx.data("mnist"), "must name 'mnist' in `data` to use it; it names none"),
    ):
        failure = run(replace(toy("toy"), name=name, trial=body), "quick", progress=lambda event: None, **here).failures[0]
        assert re.search(message, failure.message)


def test_studies_that_need_each_other_are_refused(store):
    one = replace(toy("toy"), name="one", needs=lambda params: [Need("two")])
    two = replace(toy("toy"), name="two", needs=lambda params: [Need("one")])
    with pytest.raises(UsageError, match="in a circle: one -> two -> one"):
        plan_many([one, two], store=store)


def test_the_final_stage_runs_with_the_selected_cell_alone(here):
    results = run(toy("toy-select"), **here)
    assert results.selected.params.level == 2.0
    assert results.final["level"].tolist() == [2.0] * 4
    assert results.final["replicate"].tolist() == [0, 1, 2, 3]
    assert results.values("test", stage="final").shape == (4,)
    assert "test" not in results.table
    assert len(results.table) == 9
    assert load(toy("toy-select"), store=here["store"]).selected == results.selected


def test_a_cell_that_failed_or_diverged_is_not_selected(here):
    study = replace(toy("toy-select"), grid=grid(level=[2.0], mishap=["raise", "diverge"]) + grid(level=[1.0, 3.0]))
    results = run(study, progress=lambda event: None, **here)
    assert results.selected.params.level == 1.0  # the first of two equals
    assert set(results.final["level"]) == {1.0}
    assert len(results.failures) == 3
    hopeless = replace(study, grid=grid(mishap=["raise"]))
    events = []
    assert run(hopeless, progress=events.append, **here).selected is None
    assert any("no cell can be selected" in event.message for event in events)


def test_nothing_is_selected_while_a_cell_is_not_computed(here):
    run(toy("toy-select"), where={"level": [1.0, 3.0]}, **here)
    partial = load(toy("toy-select"), store=here["store"])
    assert partial.selected is None
    assert partial.counts["missing"] == 3
    assert {record.cell.params.level for record in partial.missing} == {2.0}


def test_a_timed_trial_runs_unstacked_last_with_a_warm_up_and_repeats(here):
    order = []
    results = run_many(
        [toy("toy-timed"), toy("toy")], "quick", progress=lambda event: event.kind == "done" and order.append(event.job.study), **here
    )[0]
    assert order == ["toy"] * 6 + ["toy-timed"] * 2
    assert set(results.table["calls"]) <= {2.0, 3.0}  # the first call warmed up
    assert results.timings["nap"].tolist() == [0.01, 0.01]
    stored = next(here["store"].jobs("toy-timed"))
    assert len(stored.info["repeats"]) == 2
    assert stored.seconds == min(stored.info["repeats"]) >= 0.01


def test_a_stale_job_is_used_and_marked_and_computed_again_when_fresh(here):
    run(toy("toy"), "quick", **here)
    changed = edited(toy("toy"))
    results = run(changed, "quick", **here)
    assert len(results.stale) == 6
    assert results.counts == {"stored": 6, "stale": 6, "failed": 0, "missing": 0}
    assert len(plan(changed, "quick", store=here["store"]).stale) == 6
    assert len(plan(changed, "quick", fresh=True, store=here["store"]).missing) == 6
    again = run(changed, "quick", fresh=True, **here)
    assert again.stale == ()
    np.testing.assert_array_equal(again.table["mean"], results.table["mean"])
    assert list(here["store"].staging.iterdir()) == []


def test_code_of_a_need_makes_what_needs_it_stale(here):
    run(toy("toy-needy"), **here)
    changed = edited(toy("toy-stacked"))
    results = run_many([toy("toy-needy"), changed], **here)
    assert len(results[0].stale) == 4


def test_stale_keys_of_a_store(here, monkeypatch):
    run_many([toy("toy"), toy("toy-stacked")], "quick", **here)
    everything = {job.key for job in here["store"].jobs()}
    assert stale_keys(here["store"]) == set()  # nobody knows a toy by its name

    def stale_with(change):
        monkeypatch.setattr("annlab.lab.planning.load_study", lambda name: change(toy(name)))
        return stale_keys(here["store"])

    assert stale_with(lambda study: study) == set()
    assert stale_with(lambda study: replace(study, version=2)) == everything
    assert stale_with(edited) == everything
    assert {job.study for job in here["store"].jobs() if job.key in stale_with(lambda s: edited(s) if s.name == "toy" else s)} == {"toy"}

    @dataclass(frozen=True)
    class Other:
        levels: float = 1.0

    assert stale_with(lambda study: replace(study, params=Other())) == everything


def test_a_failed_job_is_shown_and_tried_again_on_request_or_with_other_code(here):
    calls = []

    def trial(params, ctx):
        calls.append(params.level)
        if len(calls) <= 2:
            raise ValueError("bad luck")
        return Outcome({"m": params.level})

    study = replace(toy("toy"), trial=trial, grid=grid(level=[0.5]), replicates=2)
    events = []
    for _ in range(2):
        results = run(study, progress=events.append, **here)
        assert [failure.message for failure in results.failures] == ["ValueError: bad luck"] * 2
    assert len(calls) == 2
    assert [event.kind for event in events] == ["start", "failed", "failed", "end"]
    assert len(plan(study, store=here["store"]).failed) == 2
    assert plan(study, retry=True, store=here["store"]).failed == ()
    assert run(study, retry=True, **here).counts == {"stored": 2, "stale": 0, "failed": 0, "missing": 0}
    assert list(here["store"].failures()) == []


def test_failures_are_logged_where_nobody_listens(here, caplog):
    run(toy("toy-mishaps"), where={"mishap": "raise"}, **here)
    assert "ZeroDivisionError: the toy broke" in caplog.text


def test_a_plan_counts_stored_and_missing_jobs_and_estimates_from_what_is_stored(here):
    store = here["store"]
    unknown = plan(toy("toy"), store=store)
    assert (len(unknown.jobs), len(unknown.missing), unknown.seconds) == (12, 12, None)
    priced = plan(toy("toy-priced"), workers=1, store=store)
    assert priced.seconds == pytest.approx(4 * (0.5 + 1.0 + 2.0))
    two = plan(toy("toy-priced"), workers=2, store=store)
    assert two.seconds == two.rows[0].seconds == pytest.approx(2 * (0.5 + 1.0 + 2.0))
    run(toy("toy-priced"), where={"level": 0.5}, replicates=2, settings={"pause": 0.05}, **here)
    known = plan(toy("toy-priced"), workers=1, settings={"pause": 0.05}, store=store)
    assert (len(known.stored), len(known.missing)) == (2, 10)
    assert known.seconds == pytest.approx(0.1 * (2 * 0.5 + 4 * 1.0 + 4 * 2.0), rel=0.3)
    both = plan_many([toy("toy-needy"), toy("toy-stacked")], store=store)
    assert [(row.study, row.jobs) for row in both.rows] == [("toy-needy", 6), ("toy-stacked", 4)]
    assert len(both.jobs) == 9  # one block is wanted twice
    assert not list(store.jobs("toy-needy"))


def test_a_plan_knows_the_final_stage_when_its_cell_is_known(here):
    assert len(plan(toy("toy-select"), store=here["store"]).jobs) == 9
    run(toy("toy-select"), **here)
    assert len(plan(toy("toy-select"), store=here["store"]).stored) == 13


class Model:
    def __init__(self, text):
        self.text = text

    def save(self, path):
        path.write_text(self.text)


def test_a_model_that_was_not_kept_is_made_again_by_its_job(here, monkeypatch):
    monkeypatch.setitem(vars(annlab), "load", lambda path: path.read_text())
    calls = []

    def trial(params, ctx):
        calls.append(ctx.replicate)
        return Outcome({"m": 1.0}, models={"net": Model(f"{params.level} {ctx.replicate}")})

    study = replace(toy("toy"), trial=trial)
    results = run(study, "quick", **here)
    assert results.model("net", level=0.5) == "0.5 0"
    assert len(calls) == 6
    assert results.model("net", replicate=1, level=2.0) == "2.0 1"
    assert load(study, "quick", store=here["store"]).model("net", replicate=1, level=2.0) == "2.0 1"
    assert len(calls) == 7
    with pytest.raises(UsageError, match="did you mean 'net'"):
        results.model("nets", level=0.5)
    run(replace(study, name="toy-all"), "quick", keep="all", **here)
    assert len(list(here["store"].root.glob("toy-all/*/models/*/net"))) == 6


def test_scratch_survives_a_failure_and_goes_with_success(here):
    def trial(params, ctx):
        if not (ctx.scratch / "checkpoint").exists():
            (ctx.scratch / "checkpoint").write_text("half")
            raise ValueError("killed")
        return Outcome({"resumed": 1})

    study = replace(toy("toy"), trial=trial, grid=grid(level=[0.5]), replicates=1)
    assert len(run(study, progress=lambda event: None, **here).failures) == 1
    assert run(study, retry=True, **here).values("resumed").tolist() == [1.0]
    assert list(here["store"].scratch("x").parent.iterdir()) == []


def test_provenance_names_the_command_the_versions_and_the_time(here):
    found = run(toy("toy"), "quick", settings={"size": 5, "note": "a b"}, where={"level": [0.5, 1.0]}, seed=3, **here).provenance
    assert found["command"].startswith("annlab run ")
    assert found["command"].endswith(
        "toy_studies.py --profile quick --set size=5 --set 'note=a b' --where level=0.5 --where level=1.0 --seed 3"
    )
    assert "toy_studies.py:toy-stacked --profile" in load(toy("toy-stacked"), store=here["store"]).provenance["command"]
    assert found["versions"]["numpy"] == np.__version__
    assert found["seed"] == 3
    assert found["seconds"] > 0
    assert found["device"]


def test_a_damaged_job_is_computed_again_and_that_is_said(here):
    expected = run(toy("toy"), "quick", **here).table
    stored = next(here["store"].jobs("toy"))
    (stored.folder / "run.json").write_text("{")
    events = []
    results = run(toy("toy"), "quick", progress=events.append, **here)
    assert results.table.equals(expected)
    assert sum(event.kind == "done" for event in events) == 1
    assert any("run.json cannot be read" in event.message for event in events if event.kind == "note")


def test_a_full_disk_ends_the_run_in_one_sentence(here, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("annlab.lab.stored.write_job", full)
    with pytest.raises(UsageError, match=r"cannot be written to .*No space left on device"):
        run(toy("toy"), "quick", **here)
    assert list(here["store"].failures()) == []


def test_a_store_that_cannot_be_written_still_gives_what_it_holds(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    assert Results.load(toy("toy"), store=store).counts["missing"] == 12
    with pytest.raises(UsageError, match="set ANNLAB_HOME"):
        run(toy("toy"), store=store, workers=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": -1}, "workers must be at least 0"),
        ({"keep": "some"}, "keep must be"),
        ({"device": "gpu"}, "device must be cpu or cuda"),
        ({"engine": "loca"}, "did you mean 'local'"),
        ({"settings": {"sise": 3}}, "did you mean 'size'"),
        ({"profile": "quik"}, "did you mean 'quick'"),
    ],
)
def test_wrong_arguments_are_one_sentence(store, options, message):
    with pytest.raises(UsageError, match=message):
        run(toy("toy"), **{"store": store, **options})


@pytest.mark.parametrize("returned", [None, [Outcome()], {"m": 1.0}])
def test_a_trial_that_returns_something_else_fails_in_words(here, returned):
    stacked = replace(toy("toy-stacked"), trial=lambda params, ctx: returned, grid=grid(level=[1.0]))
    failure = run(stacked, progress=lambda event: None, **here).failures[0]
    assert "must return a list of 5 outcomes, got 1 of" in failure.message
    single = replace(toy("toy"), trial=lambda params, ctx: returned, grid=grid(level=[1.0]), replicates=1)
    if not isinstance(returned, list):
        assert "must return one Outcome, got 1 of" in run(single, progress=lambda event: None, **here).failures[0].message
