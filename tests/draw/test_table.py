import numpy as np
import pandas as pd
import pytest

from annlab.draw import TableView
from annlab.lab.statistics import mean_interval


@pytest.fixture
def view():
    frame = pd.DataFrame({"optimizer": ["a|b", "x_<1>"], "mse": [mean_interval([0.1, 0.2, 0.3]), np.nan], "seconds": [1.5, 2.25]})
    return TableView(
        frame, {"mse": "test MSE"}, {"seconds": "s"}, {"seconds": lambda value: f"{value:.1f}!"}, ["Two rows & a note."], [False, True]
    )


def test_headings_have_labels_and_units(view):
    assert view.headings == ["optimizer", "test MSE", "seconds (s)"]


def test_cells_are_formatted_by_kind(view):
    assert view.rows() == [["a|b", "0.20 [−0.05, 0.45]", "1.5!"], ["x_<1>", "–", "2.2!"]]


def test_html_escapes_and_aligns(view):
    page = view.html()
    assert "x_&lt;1&gt;" in page
    assert '<th class="text" scope="col">optimizer</th><th class="number" scope="col">test MSE</th>' in page
    assert page.count('<tr class="emphasis">') == 1
    assert "Two rows &amp; a note." in page


def test_markdown_escapes_pipes_and_aligns(view):
    lines = view.markdown().splitlines()
    assert lines[0] == "| optimizer | test MSE | seconds (s) |"
    assert lines[1] == "| :--- | ---: | ---: |"
    assert lines[2].startswith(r"| a\|b |")
    assert lines[3].startswith("| **x_<1>** |")


def test_latex_escapes_every_special_character():
    frame = pd.DataFrame({"50 % & more": ["a_b^c~d\\{}", "−1.2×10⁻⁵ ± #$"]})
    text = TableView(frame).latex()
    assert r"50 \% \& more" in text
    assert r"a\_b\textasciicircum{}c\textasciitilde{}d\textbackslash{}\{\}" in text
    assert r"$-$1.2$\times$10$^{-}$$^{5}$ $\pm$ \#\$" in text
    assert text.startswith(r"\begin{tabular}{l}")


def test_a_named_index_is_shown_and_an_unnamed_one_is_not():
    frame = pd.DataFrame({"v": [1, 2]})
    assert TableView(frame).headings == ["v"]
    assert TableView(frame.rename_axis("fold")).headings == ["fold", "v"]


def test_wrong_emphasis_and_notes_are_refused():
    frame = pd.DataFrame({"v": [1, 2]})
    with pytest.raises(ValueError, match="2 rows, 1 values"):
        TableView(frame, emphasis=[True])
    with pytest.raises(TypeError, match="list of sentences"):
        TableView(frame, notes="one")


def test_an_empty_table_has_a_heading_in_every_format():
    view = TableView(pd.DataFrame({"a": []}))
    assert "<th" in view.html()
    assert view.markdown().startswith("| a |")
    assert r"\bottomrule" in view.latex()
