"""The local engine: equal outcomes whoever computes them, and mishaps that cost one job each."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from lab_tools import TOYS, store_bits, toy

from annlab.lab import Store, grid, overrides
from annlab.lab.engine import _exit_words, engine_named
from annlab.lab.run import run, run_many


def test_a_mishap_costs_its_own_job_only(store):
    results = run(toy("toy-mishaps"), store=store, workers=2, time_limit=3.0, memory_limit=300_000_000, progress=lambda event: None)
    assert results.table["mishap"].tolist() == ["none"]
    kinds = {failure.params["mishap"]: failure.kind for failure in results.failures}
    assert kinds == {"raise": "raised", "exit": "died", "leave": "raised", "hang": "time", "eat": "memory"}
    failures = {failure.params["mishap"]: failure for failure in results.failures}
    assert failures["raise"].message == "ZeroDivisionError: the toy broke"
    assert "in _mishap" in failures["raise"].traceback
    assert "exit code 7" in failures["exit"].message
    assert "limit of 3 s" in failures["hang"].message
    assert {failure.key for failure in store.failures()} == {failure.key for failure in failures.values()}
    assert list(store.staging.iterdir()) == []


def test_outcomes_are_the_same_whoever_computes_them_and_in_whatever_order(tmp_path):
    names = ["toy", "toy-stacked", "toy-select", "toy-needy"]
    stores = {name: Store(tmp_path / name) for name in ("here", "one", "two", "shuffled")}
    run_many(list(map(toy, names)), store=stores["here"], workers=0)
    run_many(list(map(toy, names)), store=stores["one"], workers=1)
    run_many(list(map(toy, names)), store=stores["two"], workers=2)
    rng = np.random.default_rng(0)
    for name in ("toy-stacked", "toy"):
        for level in rng.permutation([0.5, 1.0]):
            run(toy(name), store=stores["shuffled"], workers=0, where={"level": float(level)}, replicates=int(rng.integers(1, 4)))
    run_many([toy(name) for name in rng.permutation(names)], store=stores["shuffled"], workers=2)
    expected = store_bits(stores["here"])
    assert len(expected) > 40
    for name in ("one", "two", "shuffled"):
        assert store_bits(stores[name]) == expected


def test_outcomes_of_torch_are_the_same_in_this_process_and_in_a_worker(tmp_path):
    pytest.importorskip("torch")
    path = tmp_path / "torch_study.py"
    path.write_text(
        "from dataclasses import dataclass\nimport numpy as np\nimport torch\nfrom annlab.lab import Outcome, Study, grid\n"
        "@dataclass(frozen=True)\nclass Params:\n    size: int = 300\n"
        "def trial(params, ctx):\n"
        "    X = torch.randn(params.size, params.size, generator=ctx.streams.torch('data'))\n"
        "    stray = torch.rand(1) + np.random.rand()\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    Y = X.numpy() @ X.numpy().T\n"
        "    metrics = {'sum': float((X @ X).tanh().sum()), 'stray': float(stray[0]), 'threads': torch.get_num_threads()}\n"
        "    return Outcome(metrics, arrays={'y': Y})\n"
        "study = Study(name='torch-toy', title='t', sheet={}, version=1, params=Params(), trial=trial, grid=grid(size=[300, 401]),\n"
        "              replicates=2)\n"
    )
    import torch

    before = torch.get_num_threads(), torch.get_rng_state(), torch.get_default_dtype()
    torch.set_num_threads(2)
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    try:
        results = run(path, store=here, workers=0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before[0])
    assert torch.equal(torch.get_rng_state(), before[1])
    assert torch.get_default_dtype() == before[2]
    run(path, store=there, workers=1)
    assert store_bits(here) == store_bits(there)
    assert set(results.table["threads"]) == {1}


@pytest.mark.gpu
def test_outcomes_on_a_gpu_are_the_same_again(tmp_path):
    path = tmp_path / "gpu_study.py"
    path.write_text(
        "from dataclasses import dataclass\nimport torch\nfrom annlab.lab import Outcome, Study\n"
        "@dataclass(frozen=True)\nclass Params:\n    size: int = 2000\n"
        "def trial(params, ctx):\n"
        "    X = torch.randn(params.size, params.size, generator=ctx.streams.torch('data', device=ctx.device), device=ctx.device)\n"
        "    rows = torch.zeros(7, params.size, device=ctx.device).index_add_(0, torch.arange(params.size, device=ctx.device) % 7, X @ X)\n"
        "    return Outcome({'sum': float(rows.tanh().sum())}, arrays={'rows': rows})\n"
        "study = Study(name='gpu-toy', title='t', sheet={}, version=1, params=Params(), trial=trial, replicates=3)\n"
    )
    stores = [Store(tmp_path / name) for name in ("one", "two")]
    for one in stores:
        run(path, store=one, device="cuda")
    assert len(store_bits(stores[0])) == 3
    assert store_bits(stores[0]) == store_bits(stores[1])


def test_a_study_that_no_worker_can_import_runs_here_and_that_is_said_once(store):
    from dataclasses import replace

    events = []
    local = replace(toy("toy"), trial=lambda params, ctx: toy("toy").trial(params, ctx))
    results = run(local, "quick", store=store, progress=events.append)
    assert results.counts["stored"] == 6
    assert [event.message for event in events if event.kind == "note"] == [
        "'toy' cannot be imported by another process, so it runs in this one, a job at a time"
    ]


def test_a_study_may_report_from_a_worker_and_from_here(store, tmp_path):
    path = tmp_path / "talker.py"
    path.write_text(
        "import time\nfrom dataclasses import dataclass\nfrom annlab.lab import Outcome, Study\n"
        "@dataclass(frozen=True)\nclass Params:\n    steps: int = 16\n"
        "def trial(params, ctx):\n"
        "    for step in range(params.steps):\n        time.sleep(0.1)\n        ctx.report(step, loss=0.5)\n"
        "    return Outcome({'done': 1})\n"
        "study = Study(name='talker', title='t', sheet={}, version=1, params=Params(), trial=trial, replicates=1)\n"
    )
    for workers in (1, 0):
        events = []
        run(path, store=Store(tmp_path / f"runs{workers}"), workers=workers, progress=events.append)
        said = [event.message for event in events if event.kind == "report"]
        assert said
        assert all(message.startswith("step ") and message.endswith(", loss 0.5") for message in said)
        assert events[-1].kind == "end"


def test_two_threads_take_two_places(store, tmp_path):
    path = tmp_path / "wide.py"
    path.write_text(
        "import time\nfrom dataclasses import dataclass\nfrom annlab.lab import Outcome, Study\n"
        "@dataclass(frozen=True)\nclass Params:\n    pause: float = 0.1\n"
        "def trial(params, ctx):\n    began = time.time()\n    time.sleep(params.pause)\n"
        "    return Outcome({'began': began, 'ended': time.time(), 'threads': ctx.threads})\n"
        "study = Study(name='wide', title='t', sheet={}, version=1, params=Params(), trial=trial, replicates=3, threads=2)\n"
    )
    table = run(path, store=store, workers=2).table.sort_values("began")
    assert (table["began"].to_numpy()[1:] >= table["ended"].to_numpy()[:-1]).all()
    assert set(table["threads"]) == {2}
    assert len(run(path, store=Store(tmp_path / "one"), workers=1).table) == 3


def test_an_unknown_engine_gets_the_nearest_name():
    from annlab.errors import UsageError

    with pytest.raises(UsageError, match="did you mean 'local'"):
        engine_named("locl")


def test_workers_that_cannot_start_fail_the_jobs_and_the_run_ends(store, monkeypatch):
    monkeypatch.setattr("annlab.lab.engine.initialise", os._exit)  # with the memory limit as exit code
    results = run(toy("toy"), "quick", where={"level": 0.5}, store=store, workers=2, memory_limit=3, progress=lambda event: None)
    assert [failure.kind for failure in results.failures] == ["died", "died"]
    assert all("broke twice" in failure.message for failure in results.failures)


def test_how_a_process_ended_is_told_in_words():
    assert _exit_words(7) == "exit code 7"
    assert "memory" in _exit_words(-9)


SCRIPT = """
import sys, logging
logging.basicConfig(format="%(message)s")
from annlab.lab.run import run
from annlab.lab.store import Store
if __name__ == "__main__":
    try:
        run(sys.argv[1] + ":toy-slow", store=Store(sys.argv[2]), workers=2, replicates=int(sys.argv[3]))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def start(tmp_path, root, replicates=6):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(TOYS), str(root), str(replicates)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def count(root):
    return len(list(Path(root).glob("toy-slow/*/run.json")))


def test_ctrl_c_reaches_the_driver_alone_and_says_what_is_stored(tmp_path):
    root = tmp_path / "runs"
    process = start(tmp_path, root)
    wait_for(lambda: count(root) >= 3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    error = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    stored = count(root)
    assert 3 <= stored < 24
    assert error.strip() == f"interrupted: {stored} of 24 jobs were computed and are stored; the same command goes on from there"
    assert list((root / ".staging").iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_workers_end_with_a_killed_driver(tmp_path):
    process = start(tmp_path, tmp_path / "runs", replicates=100)
    wait_for(lambda: count(tmp_path / "runs") >= 1)
    process.kill()
    process.wait()
    process.stderr.close()

    def members():
        stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
        return [stat for stat in stats if int(stat[3]) == process.pid and stat[0] != "Z"]

    wait_for(lambda: not members(), 15)


def test_the_worker_needs_no_tables_no_pages_and_no_torch(tmp_path):
    code = (
        "import sys\nfor name in ('pandas', 'pyarrow', 'typer', 'rich', 'plotly', 'matplotlib', 'jinja2'):\n    sys.modules[name] = None\n"
        "from annlab.lab.run import run\nfrom annlab.lab.store import Store\n"
        f"results = run({f'{TOYS}:toy-select'!r}, store=Store({str(tmp_path)!r}), workers=1)\n"
        "assert not results.failures, results.failures\nassert results.selected is not None\n"
        "assert len(results.values('validation', level=2.0)) == 3\nassert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_profile_made_for_a_grid_of_mishaps_can_be_narrowed(store):
    from dataclasses import replace

    study = replace(toy("toy-mishaps"), profiles={"quick": overrides(grid=grid(mishap=["raise", "none"]))})
    results = run(study, "quick", store=store, workers=0, progress=lambda event: None)
    assert len(results.failures) == 1
    assert results.counts == {"stored": 1, "stale": 0, "failed": 1, "missing": 0}
