"""Markdown and LaTeX: the same content, figures and tables as files, escaped; small pieces of text and time."""

import csv
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import demo
import numpy as np
import pytest

from annlab import report
from annlab.durations import format_duration
from annlab.lab import Figure
from annlab.report.cells import mean_text, ranges
from annlab.report.tables import as_table, text_table

NOW = datetime(2024, 5, 17, 12, 30)  # noqa: DTZ001  local time of no place


@pytest.fixture(scope="module")
def rough():
    """The demonstration with a figure that fails, a failed job and signs that both formats know."""
    study = replace(
        demo.STUDY, title="Noise & <price> at 100 % of x_1", figures=[*demo.STUDY.figures, Figure("bad", lambda results: 1 / 0, "Never.")]
    )
    return demo.results(study, failed={(0, 1)})


def test_markdown(rough, tmp_path):
    path = report.write_as("markdown", [rough], tmp_path, demo.verdicts(), now=NOW)
    text = path.read_text(encoding="utf-8")
    assert path == tmp_path / "report.md"
    assert "## Noise &amp; &lt;price&gt; at 100 % of x\\_1" in text
    for needed in (
        "Stand-in data",
        "1.3 Q1",
        "rises from **0.",
        "division by zero",
        "refuted",
        "annlab run noise-demo",
        "loss is &lt;NaN&gt;",
        "0.3 of them",
    ):
        assert needed in text
    for file in re.findall(r"\]\(([^)]+)\)", text):
        assert (tmp_path / file).stat().st_size > 0
    assert sorted(file.name for file in (tmp_path / "figures").iterdir()) == ["noise-demo-figure-loss.png", "noise-demo-figure-surface.png"]
    with (tmp_path / "tables" / "noise-demo-cells.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["case", "noise", "optimizer", "epochs", "n", "validation MSE", "generalisation gap (dB)"]
    assert len(rows) == 8


def test_every_markdown_table_has_rows_of_one_width(rough, tmp_path):
    text = report.write_markdown([rough], tmp_path, demo.verdicts(), now=NOW).read_text(encoding="utf-8")
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert len(tables) >= 8
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line))) for line in table.splitlines()}
        assert len(widths) == 1
        assert re.fullmatch(r"\|(?: :?-+:? \|)+", table.splitlines()[1])


def test_latex(rough, tmp_path):
    path = report.write_as("latex", [rough], tmp_path, demo.verdicts(), now=NOW)
    text = path.read_text(encoding="utf-8")
    assert r"\section{Noise \& \textless{}price\textgreater{} at 100 \% of x\_1}" in text
    for needed in (
        "Stand-in data",
        r"\textbf{0.",
        "division by zero",
        r"\textcolor{refuted}",
        "annlab run noise-demo",
        r"loss is \textless{}NaN\textgreater{}",
    ):
        assert needed in text + (tmp_path / "tables" / "noise-demo-failures.tex").read_text(encoding="utf-8")
    for file in re.findall(r"\\includegraphics\[[^]]*\]\{([^}]+)\}", text):
        assert (tmp_path / file).read_bytes().startswith(b"%PDF")
    for file in re.findall(r"\\input\{([^}]+)\}", text):
        assert (tmp_path / f"{file}.tex").is_file()
    for part in (text, *(file.read_text(encoding="utf-8") for file in (tmp_path / "tables").iterdir())):
        opened = re.sub(r"\\[{}]", "", part)
        assert opened.count("{") == opened.count("}")
        begun = re.findall(r"\\(begin|end)\{(\w+)\}", part)
        assert sorted(name for kind, name in begun if kind == "begin") == sorted(name for kind, name in begun if kind == "end")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.slow
def test_latex_compiles(rough, tmp_path):
    path = report.write_latex([rough], tmp_path, demo.verdicts(), now=NOW)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7801, "2 h 10 min"),
    ],
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("numbers", "text"), [([], ""), ([3], "3"), ([0, 1, 2, 3, 7, 9, 10], "0–3, 7, 9–10"), ([2, 1], "1–2")])
def test_ranges(numbers, text):
    assert ranges(numbers) == text


def test_mean_with_interval_counts_what_is_not_finite():
    # mean 2, s = 1, n = 3: half-width 4.302653 * 1 / sqrt(3) = 2.4841
    assert mean_text(np.array([1.0, 2.0, 3.0])) == "2.0 [−0.5, 4.5]"
    assert mean_text(np.array([1.0, np.inf, 2.0, 3.0, np.nan])) == "2.0 [−0.5, 4.5] (2 of 5 not finite)"
    assert mean_text(np.array([np.nan])) == "– (1 of 1 not finite)"
    assert mean_text(np.array([0.25, 0.25])) == "0.2500"
    assert mean_text(np.array([])) == "–"


def test_columns_of_numbers_are_known_by_their_text():
    table = text_table(["a", "b", "c", "d"], [["1", "0.42 [0.40, 0.44]", "x", "–"], ["−2.5×10⁻³", "13,600", "1", ""]])
    assert table.numeric == (True, True, False, True)


def test_a_frame_keeps_its_named_index():
    import pandas as pd

    frame = pd.DataFrame({"mse": [0.5, 0.25]}, index=pd.Index(["sgd", "adam"], name="optimizer"))
    table = as_table(frame)
    assert table.columns == ("optimizer", "MSE")
    assert table.rows == (("sgd", "0.500"), ("adam", "0.250"))
    with pytest.raises(TypeError, match="a table must be a pandas frame or a TableView, got list"):
        as_table([])
