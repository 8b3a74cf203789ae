"""The command line as a user meets it: what it prints, where, and with which exit code."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import annlab
from annlab.cli import app

ROOT = Path(__file__).parents[1]

TINY = '''
"""Is the mean of more draws nearer to the truth?"""
import time
from dataclasses import dataclass
import numpy as np
from annlab.lab import Metric, Outcome, Study, grid, overrides

@dataclass(frozen=True)
class Params:
    draws: int = 10
    pause: float = 0.0
    fail: bool = False
    sizes: tuple[int, ...] = (1, 2)

def trial(params, ctx):
    time.sleep(params.pause)
    if params.fail and params.draws == 10:
        raise RuntimeError("asked to fail")
    x = ctx.streams("data").normal(size=params.draws)
    return Outcome({"error": float(abs(x.mean()))}, {"own": 0.5}, {"draws": {"k": np.arange(3), "x": np.arange(3.0)}}, {"x": x})

study = Study(
    "tiny", "A mean of draws", {}, 1, Params(), trial, grid(draws=[10, 100, 1000]), replicates=3,
    profiles={"quick": overrides(replicates=2)}, metrics={"error": Metric("error")},
)
'''


@pytest.fixture
def tiny(tmp_path, fresh_home, monkeypatch):
    (tmp_path / "tiny.py").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    return "tiny.py"


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments), prog_name="annlab")


def started(*arguments, **environment):
    """A process of its own, its output piped, in a process group of its own as a shell would start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "annlab", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    )


def one_line(result, code):
    """The only line of standard error, for a command that must fail with nothing on standard output."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_version():
    assert invoke("--version").stdout == f"annlab {annlab.__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        *("", "list", "run", "report", "verify", "show", "info", "data", "data list", "data add", "data fetch", "data check", "data path"),
        *("store", "store list", "store check", "store prune", "store export", "store import"),
    ],
)
def test_every_help_text_has_an_example(command):
    result = invoke(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Example: annlab {command}".strip() in " ".join(result.stdout.split())


def test_list_names_every_study_with_its_question_and_imports_none():
    from annlab.lab.discover import catalogue

    code = "import sys\nsys.argv = ['annlab', 'list']\nfrom annlab.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
    code += "print('loaded:', *[name for name in sys.modules if name.startswith(('annlab.studies', 'torch'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    table, _, loaded = done.stdout.rpartition("loaded:")
    assert loaded.split() == []
    words = " ".join(table.split())
    for card in catalogue():
        assert card.name in words
        assert card.question.split()[0] in words


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["noise-and-optimisatoin"], "unknown study 'noise-and-optimisatoin'; did you mean 'noise-and-optimisation'?"),
        (["nowhere.py"], "there is no file"),
        (["tiny.py", "--profile", "quik"], "unknown profile 'quik'; did you mean 'quick'?"),
        (["tiny.py", "--set", "drws=3"], "unknown parameter 'drws'; did you mean 'draws'?"),
        (["tiny.py", "--set", "draws=many"], "parameter 'draws' takes int, got 'many'"),
        (["tiny.py", "--set", "draws"], "--set takes NAME=VALUE, got 'draws'"),
        (["tiny.py", "--set", "draws=1", "--set", "draws=2"], "--set gives 'draws' twice"),
        (["tiny.py", "--where", "draws=7"], "no cell of 'tiny' in profile 'standard' matches draws=7"),
        (["tiny.py", "--where", "case=handout"], "matches case=handout"),
        (["tiny.py", "--replicates", "0"], "--replicates"),
        (["tiny.py", "--keep", "some"], "'some' is not one of"),
        (["tiny.py", "--device", "gpu"], "device must be cpu or cuda, got 'gpu'"),
        (["tiny.py", "--replicate", "2"], "--replicates"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(tiny, arguments, sentence):
    assert sentence in one_line(invoke("run", *arguments), 2)


def test_a_wrong_command_suggests_the_right_one():
    assert "Did you mean 'run'?" in one_line(invoke("rnu"), 2)


def test_dry_run_counts_and_computes_nothing(tiny, fresh_home):
    result = invoke("run", tiny, "--profile", "quick", "--where", "draws=10", "--where", "draws=100", "--dry-run")
    assert result.exit_code == 0
    header, _, row = (line.split() for line in result.stdout.splitlines()[1:4])
    assert header == ["study", "cells", "replicates", "jobs", "stored", "to", "compute", "estimated", "time"]
    assert row[:6] == ["tiny", "2", "2", "4", "0", "4"]
    assert not (fresh_home / "runs").exists()


def test_run_stores_reports_and_computes_nothing_twice(tiny, fresh_home):
    first = invoke("run", tiny, "--profile", "quick")
    assert first.exit_code == 0, first.output
    page = Path(first.stdout.splitlines()[-1])
    assert page == fresh_home / "reports" / "tiny-quick.html"
    assert "Is the mean of more draws nearer to the truth?" in page.read_text()
    assert "6 of 6 jobs" in first.stderr

    stored = {path: path.read_bytes() for path in (fresh_home / "runs").rglob("run.json")}
    assert len(stored) == 6
    second = invoke("run", tiny, "--profile", "quick")
    assert second.exit_code == 0
    assert "jobs" not in second.stderr
    assert {path: path.read_bytes() for path in (fresh_home / "runs").rglob("run.json")} == stored

    rows = invoke("run", tiny, "--profile", "quick", "--dry-run").stdout.splitlines()
    assert rows[3].split()[:6] == ["tiny", "3", "2", "6", "6", "0"]


def test_settings_and_conditions_reach_the_trial(tiny, fresh_home):
    result = invoke("run", tiny, "--profile", "quick", "--set", "sizes=(3, 4)", "--where", "draws=100", "--replicates", "1", "--no-report")
    assert result.exit_code == 0
    (stored,) = (fresh_home / "runs").rglob("run.json")
    spec = json.loads(stored.read_text())["spec"]
    assert (spec["params"]["sizes"], spec["params"]["draws"], spec["block"]) == ([3, 4], 100, [0, 1])
    assert not (fresh_home / "reports").exists()


def test_the_command_in_the_report_gives_the_same_results_again(tiny, fresh_home):
    from annlab.lab.discover import load_study
    from annlab.lab.run import run

    results = run(load_study(tiny), "quick", settings={"sizes": (3, 4)}, where={"draws": [10, 100]}, replicates=1, seed=3, workers=0)
    command = shlex.split(results.provenance["command"])
    assert command[:3] == ["annlab", "run", "tiny.py"]
    assert invoke(*command[1:], "--dry-run").stdout.splitlines()[3].split()[:6] == ["tiny", "2", "1", "2", "2", "0"]


def test_a_failed_job_is_listed_costs_itself_alone_and_can_be_shown(tiny, fresh_home):
    result = invoke("run", tiny, "--profile", "quick", "--set", "fail=true", "--no-report")
    assert result.exit_code == 1
    assert "RuntimeError: asked to fail" in result.stderr
    assert "2 jobs failed. Try them again with: annlab run tiny.py --profile quick --set fail=true --retry" in result.stderr
    assert len(list((fresh_home / "runs" / "tiny").glob("[!.]*/run.json"))) == 4

    key = re.search(r"annlab show (\w+)", result.stderr)[1]
    shown = invoke("show", key)
    assert shown.exit_code == 0
    assert "asked to fail" in shown.stdout
    assert "in trial" in shown.stdout  # the traceback

    assert invoke("run", tiny, "--profile", "quick", "--set", "fail=true", "--no-report").exit_code == 1
    assert "removed 2" in invoke("store", "prune").stdout


def test_show_prints_what_a_job_holds(tiny, fresh_home):
    invoke("run", tiny, "--profile", "quick", "--where", "draws=100", "--replicates", "1", "--no-report")
    (stored,) = (fresh_home / "runs").rglob("run.json")
    record = json.loads(stored.read_text())
    shown = " ".join(invoke("show", stored.parent.name[:8]).stdout.split())
    assert record["key"] in shown
    assert f"error ─ 0 {record['outcomes']['0']['metrics']['error']:.6g}" in re.sub("─+", "─", shown)
    for part in ("draws 100", "own", "0.5", "series draws 3 rows of k, x", "array x float64 (100,)", "version 1"):
        assert part in shown
    assert "'zzzz'" in one_line(invoke("show", "zzzz"), 2)


def test_report_of_what_is_stored(tiny, fresh_home, tmp_path):
    assert "nothing is stored of 'tiny'" in one_line(invoke("report", tiny), 1)
    invoke("run", tiny, "--profile", "quick", "--no-report")
    assert invoke("report", tiny).stdout.strip() == str(fresh_home / "reports" / "tiny-quick.html")
    other = tmp_path / "pages" / "own.html"
    assert invoke("report", tiny, "--profile", "quick", "--output", str(other)).stdout.strip() == str(other)
    assert "A mean of draws" in other.read_text()
    folder = tmp_path / "text"
    assert invoke("report", tiny, "--format", "markdown", "--output", str(folder)).exit_code == 0
    assert "A mean of draws" in next(folder.glob("*.md")).read_text()


def test_verify_prints_pure_json_with_the_promised_fields(tiny):
    result = invoke("verify", "noise-and-optimisation", "--format", "json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert len(rows) == 67
    for row in rows:
        assert list(row) == ["id", "study", "kind", "verdict", "claimed", "measured", "low", "high", "n", "reason", "profile"]
        assert row["study"] == "noise-and-optimisation"
        assert row["verdict"] in ("not-run", "untestable")
        assert row["reason"]
    assert json.loads(invoke("verify", tiny, "--format", "json").stdout) == []
    assert "false refutations expected" in invoke("verify", "noise-and-optimisation").stdout


def test_piped_output_has_plain_lines_and_no_control_codes(tiny, fresh_home):
    process = started("run", tiny, "--profile", "quick", "--no-report")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert err.splitlines()[0] == "6 jobs to compute"
    assert re.fullmatch(r"6 of 6 jobs in .+ s", err.splitlines()[-1])
    assert "\x1b" not in err
    listed, _ = started("list").communicate(timeout=60)
    assert "\x1b" not in listed


def test_a_closed_pipe_is_no_crash(tiny):
    process = started("data", "list")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals as a POSIX shell and batch systems do")
@pytest.mark.parametrize(("send", "number"), [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)], ids=["Ctrl-C", "batch system"])
def test_an_interrupted_run_says_how_to_go_on_and_loses_nothing(send, number, tiny, fresh_home):
    arguments = ("run", tiny, "--profile", "quick", "--set", "pause=0.4", "--workers", "2", "--no-report")
    process = started(*arguments)
    deadline = time.monotonic() + 60
    while not list((fresh_home / "runs").glob("tiny/[!.]*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    send(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    assert "resource_tracker" not in err
    assert "Go on with: annlab run tiny.py --profile quick --set pause=0.4" in err
    stored = {path: path.read_bytes() for path in (fresh_home / "runs").glob("tiny/[!.]*/run.json")}
    assert 1 <= len(stored) < 6
    assert int(re.search(r"(\d+) of 6 jobs", err)[1]) == len(stored)

    again = started(*arguments)
    _, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert err.splitlines()[0] == f"{6 - len(stored)} jobs to compute"
    assert {path: path.read_bytes() for path in stored} == stored


def test_data_commands(fresh_home, monkeypatch):
    monkeypatch.delenv("ANNLAB_DATA_DIR", raising=False)
    listed = invoke("data", "list").stdout
    for name in ("course_regression", "five_surfaces", "noisy_surface", "mnist", "digits28"):
        assert name in listed
    assert "needs no file" in invoke("data", "fetch", "noisy_surface").stdout
    assert "noisy_surface: sound" in invoke("data", "check", "noisy_surface").stdout
    assert str(fresh_home) in invoke("data", "path", "mnist").stdout
    assert "did you mean 'mnist'?" in one_line(invoke("data", "path", "mnst"), 2)
    assert "did you mean 'mnist'?" in one_line(invoke("data", "fetch", "noisy_surface", "mnst"), 2)
    assert invoke("data", "check", "mnist").exit_code == 1


def test_offline_a_missing_set_is_one_sentence_and_exit_code_1(fresh_home, monkeypatch):
    monkeypatch.delenv("ANNLAB_DATA_DIR", raising=False)
    line = one_line(invoke("data", "fetch", "mnist"), 1)
    assert "ANNLAB_OFFLINE" in line
    assert "train-images-idx3-ubyte.gz" in line


def test_a_run_that_lacks_its_data_says_so_before_it_computes(tiny, tmp_path, fresh_home, monkeypatch):
    monkeypatch.delenv("ANNLAB_DATA_DIR", raising=False)
    (tmp_path / "tiny.py").write_text(TINY.replace("replicates=3,", 'replicates=3, data=("course_regression",),'))
    line = one_line(invoke("run", tiny, "--profile", "quick"), 1)
    assert "course_regression" in line
    assert "missing" in line
    assert not (fresh_home / "runs").exists()


def test_a_home_that_cannot_be_written_is_one_line(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ANNLAB_HOME", str(tmp_path / "file" / "home"))
    assert "set ANNLAB_HOME to a folder of yours" in one_line(invoke("run", tiny, "--no-report"), 2)
    shown = invoke("info")
    assert shown.exit_code == 0
    assert "cannot be written" in shown.stdout


def test_info_names_versions_and_folders(fresh_home):
    shown = invoke("info").stdout
    for part in (annlab.__version__, str(fresh_home), "Python 3.", "forbidden by ANNLAB_OFFLINE"):
        assert part in " ".join(shown.split())


def test_store_lists_checks_and_carries_jobs_to_another_home(tiny, fresh_home, tmp_path, monkeypatch):
    invoke("run", tiny, "--profile", "quick", "--no-report")
    assert invoke("store", "list").stdout.splitlines()[3].split()[:3] == ["tiny", "6", "0"]
    assert len(invoke("store", "list", "--study", "tiny").stdout.splitlines()) == 8
    archive = tmp_path / "runs.zip"
    assert invoke("store", "export", str(archive), "--study", "tiny").exit_code == 0

    monkeypatch.setenv("ANNLAB_HOME", str(tmp_path / "other"))
    assert invoke("store", "import", str(archive)).exit_code == 0
    assert invoke("run", tiny, "--profile", "quick", "--dry-run").stdout.splitlines()[3].split()[:6] == ["tiny", "3", "2", "6", "6", "0"]
    assert "none.zip is not a file that" in one_line(invoke("store", "import", str(tmp_path / "none.zip")), 2)

    damaged = next((tmp_path / "other" / "runs" / "tiny").glob("[!.]*/arrays.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert invoke("store", "check").exit_code == 1
    assert invoke("run", tiny, "--profile", "quick", "--dry-run").stdout.splitlines()[3].split()[4:6] == ["5", "1"]


def blocks_of(path):
    return re.findall(r"```python\n(.*?)```", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)


def test_the_study_of_the_readme_has_fifteen_lines_and_runs(tmp_path, fresh_home, monkeypatch):
    text = blocks_of("README.md")[0]
    assert len(text.splitlines()) <= 16
    (tmp_path / "my_study.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    result = invoke("run", "./my_study.py", "--replicates", "1", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "Does a wider hidden layer fit a noisy sine better?" in Path(result.stdout.splitlines()[-1]).read_text()


def test_the_models_of_the_readme_run(tmp_path):
    code = blocks_of("README.md")[1]
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    score, loss = map(float, done.stdout.split())
    assert score > 0.5
    assert loss > 0
    assert annlab.load(tmp_path / "net").hidden_sizes == (50, 50)


def test_the_study_of_the_guide_runs_and_every_part_of_its_report_works(tmp_path, fresh_home, monkeypatch):
    from annlab.lab.discover import load_study
    from annlab.lab.run import load
    from annlab.report import build, unanswered

    (tmp_path / "width_and_data.py").write_text(blocks_of("docs/add-a-study.md")[0])
    monkeypatch.chdir(tmp_path)
    result = invoke("run", "width_and_data.py", "--profile", "quick", "--set", "epochs=20")
    assert result.exit_code == 0, result.output
    results = load(load_study("width_and_data.py"), "quick", settings={"epochs": 20})
    assert unanswered(results) == []
    assert build([results], []).problems == ()
    assert set(results.final["test_mse"] > 0) == {True}
