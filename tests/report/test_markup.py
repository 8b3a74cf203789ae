"""Light markup: what it marks, what it leaves alone, what it escapes, in three formats."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.report.markup import inline_html, inline_latex, latex_text, markdown, plain, sentences, to_html, to_latex


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **bold** word", "a <strong>bold</strong> word"),
        ("an *emphasised phrase*.", "an <em>emphasised phrase</em>."),
        ("`noise=0.1` and ``x_1``", "<code>noise=0.1</code> and <code>x_1</code>"),
        ("r<sup>2</sup> = x<sub>1</sub>", "r<sup>2</sup> = x<sub>1</sub>"),
        ("**bold with *emphasis* and x<sub>i</sub>**", "<strong>bold with <em>emphasis</em> and x<sub>i</sub></strong>"),
        ("2 * 3 * 4 and n*N(0,1) and a*b*c", "2 * 3 * 4 and n*N(0,1) and a*b*c"),
        ("`a **b** <c>`", "<code>a **b** &lt;c&gt;</code>"),
        ('<b>no</b> & "no"', "&lt;b&gt;no&lt;/b&gt; &amp; &quot;no&quot;"),
        ("<sub>never closed", "&lt;sub&gt;never closed"),
        ("<sub onclick=x>no</sub>", "&lt;sub onclick=x&gt;no&lt;/sub&gt;"),
        ("x**2 and y**2", "x**2 and y**2"),
    ],
)
def test_one_line_as_html(text, expected):
    assert inline_html(text) == expected


def test_paragraphs_and_lists():
    text = "One line\ngoes on.\n\nAn item follows:\n- first\n  goes on\n- second\n\nEnd."
    assert to_html(text) == "<p>One line goes on.</p>\n<p>An item follows:</p>\n<ul><li>first goes on</li><li>second</li></ul>\n<p>End.</p>"
    assert markdown(text) == "One line goes on.\n\nAn item follows:\n\n- first goes on\n- second\n\nEnd."
    assert to_latex("Yes.\n\n- a_1").split("\n") == ["Yes.", "", r"\begin{itemize}", r"  \item a\_1", r"\end{itemize}"]


def test_latex_has_its_own_signs():
    assert inline_latex("**50 %** of `x_1` & *y*<sup>2</sup> ≤ 3×10⁻⁴") == (
        r"\textbf{50 \%} of \texttt{x\_1} \& \emph{y}\textsuperscript{2} \ensuremath{\le} "
        r"3\ensuremath{\times}10\textsuperscript{--}\textsuperscript{4}"
    )
    assert latex_text("αθΣ") == r"\ensuremath{\alpha}\ensuremath{\theta}\ensuremath{\Sigma}"


def test_markdown_escapes_what_would_be_read_as_marks():
    assert markdown("a_b | <i> & `c|d`") == r"a\_b \| &lt;i&gt; &amp; `c|d`"


def test_plain_has_no_marks():
    assert plain("**a** *b*\n`c` x<sub>1</sub>") == "a b c x1"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3),
        ("It is 0.5 [0.4, 0.6] at n = 10. Then e.g. SGD at 1.5 dB fell.", 2),
        ("**Yes.** It (the loss) rises.", 2),
        ("no end", 1),
        ("", 0),
        ("First line.\n\nSecond line.", 2),
    ],
)
def test_sentences_are_counted(text, count):
    assert sentences(text) == count


@given(st.text(alphabet="ab*`<>&/subp \n-\"'", max_size=60))
def test_html_holds_no_tag_but_ours(text):
    made = to_html(text)
    tags = re.findall(r"<(/?[^>]*)>", made)
    assert set(tags) <= {side + tag for tag in ("p", "ul", "li", "strong", "em", "code", "sub", "sup") for side in ("", "/")}
    opened = []
    for tag in tags:
        if tag.startswith("/"):
            assert opened.pop() == tag[1:]
        else:
            opened.append(tag)
    assert opened == []
