"""What every study of the catalogue must keep, found by scanning the package."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from studies_tools import changed

from annlab.draw import Drawing, TableView
from annlab.lab.claims import check
from annlab.lab.discover import catalogue, load_study

NAMES = [card.name for card in catalogue()]
CARDS = {card.name: card for card in catalogue()}
SENTENCE = re.compile(r"[.!?](?=\s+[A-Z`0-9]|\s*$)")
ABSENT = ["pandas", "pyarrow", "typer", "plotly", "matplotlib"]

pytestmark = pytest.mark.parametrize("name", NAMES)


def parts_of(name, kind):
    return getattr(load_study(name), kind)


def docstring(name):
    return ast.get_docstring(ast.parse(Path(CARDS[name].path).read_text()))


def test_every_claim_finds_its_cells(name):
    assert check(load_study(name)) == []


def test_the_docstring_begins_with_the_question_and_ends_with_the_sizes(name):
    text = docstring(name)
    question = " ".join(text.split("\n\n")[0].split())
    assert question.endswith("?")
    assert CARDS[name].question == question
    last = text.strip().splitlines()[-1]
    assert last.startswith("quick | standard | full: ")
    sizes = [tuple(map(int, found)) for found in re.findall(r"(\d+) x (\d+) x ~?\d+", last)]
    designs = [load_study(name).design(profile) for profile in ("quick", "standard", "full")]
    assert sizes == [(len(design.cells), design.replicates) for design in designs]
    assert re.search(r"estimated \d+ \| \d+ \| \d+ seconds on two cores$", last)


def test_figures_and_captions_can_be_made(name, small):
    results, study = small(name), load_study(name)
    assert study.figures
    for figure in study.figures:
        drawing = figure.draw(results)
        assert isinstance(drawing, Drawing), figure.name
        assert "<svg" in drawing.svg(), figure.name
        caption = figure.caption(results) if callable(figure.caption) else figure.caption
        assert caption.endswith("."), figure.name


def test_tables_have_rows_and_no_underscores(name, small):
    results, study = small(name), load_study(name)
    assert study.tables
    for table in study.tables:
        view = table.make(results)
        assert isinstance(view, TableView), table.name
        assert view.rows(), table.name
        shown = [*view.headings, *(text for row in view.rows() for text in row)]
        assert not [text for text in shown if re.search(r"[a-z]_[a-z]", text)], table.name
        assert len(view.headings) <= 10, table.name


def test_answers_have_three_to_eight_sentences_with_numbers_of_the_results(name, small):
    results, study = small(name), load_study(name)
    other = changed(results)
    assert study.questions
    for question in study.questions:
        text = question.answer(results)
        assert 3 <= len(SENTENCE.findall(text)) <= 8, text
        assert not re.search(r"\bnan\b|None|np\.", text), text
        assert question.answer(other) != text, "the answer does not depend on the results"


def test_names_of_figures_and_tables_differ(name):
    study = load_study(name)
    names = [part.name for part in (*study.figures, *study.tables)]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", part) for part in names)
    for parts in (study.figures, study.tables):
        assert len({part.name for part in parts}) == len(parts)


def test_metrics_are_described(name, small):
    results = small(name)
    undescribed = {key for record in results.records for key in record.outcome.metrics} - set(load_study(name).metrics)
    assert not undescribed or name == "backprop-trace"  # whose metrics are the quantities of the calculation


def test_imports_without_what_only_reading_needs(name):
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {ABSENT!r}:\n"
        "            raise ModuleNotFoundError(f'{name} is blocked', name=name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"import {CARDS[name].module}\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
