"""The HTML page: complete, escaped, self-contained, readable by machines, and whole where a part fails."""

import json
import re
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import demo
import pytest

from annlab import report
from annlab.errors import UsageError
from annlab.lab import Figure, Question, Table
from annlab.lab.published import Published, merge

NOW = datetime(2024, 5, 17, 12, 30)  # noqa: DTZ001  local time of no place
SMALL = replace(demo.STUDY, figures=[], tables=[])


def test_everything_the_study_declares_is_on_the_page(page, read):
    assert page.problems == ()
    for figure in demo.STUDY.figures:
        assert read.all("figure", id=f"noise-demo-figure-{figure.name}")
    assert len(read.all("figcaption")) == len(demo.STUDY.figures)
    assert "Training loss by epoch on the five surfaces, mean and 95 % band over 5 replicates." in read.text
    assert "The target surface, 5 replicates." in read.text
    for table in demo.STUDY.tables:
        assert read.all("div", id=f"noise-demo-table-{table.name}")
        assert table.caption in read.text
    for question in demo.STUDY.questions:
        assert read.text.count(question.text.replace("*", "")) == 2  # where it is answered, and in the list of all
    assert "the validation error rises from 0.291 at noise 0.1" in read.text
    assert demo.__doc__.split("\n\n")[0] in read.text


def test_no_element_is_left_open_and_ids_are_unique(read):
    assert read.broken == []
    assert read.open == []
    ids = [element["attrs"]["id"] for element in read.elements if "id" in element["attrs"]]
    assert len(ids) == len(set(ids))


def test_every_link_within_the_page_leads_somewhere(read):
    ids = {element["attrs"].get("id") for element in read.elements}
    links = [element["attrs"]["href"][1:] for element in read.all("a") if element["attrs"]["href"].startswith("#")]
    assert len(links) > 10
    assert [link for link in links if link not in ids] == []


def test_nothing_is_loaded_from_anywhere(page, read):
    loading = [
        (element["tag"], name, value)
        for element in read.elements
        for name, value in element["attrs"].items()
        if name in ("src", "srcset", "href", "xlink:href", "data", "action", "poster", "background")
        and value
        and not value.startswith(("#", "data:"))
        and not (element["tag"] == "a" and name == "href")
    ]
    assert loading == []
    assert read.all("link") == read.all("iframe") == read.all("object") == []
    styles = " ".join(element["text"] for element in read.all("style"))
    assert "@import" not in styles
    assert not re.search(r"url\((?!#|[\"']?data:)", styles)
    policy = read.all("meta", http_equiv="Content-Security-Policy")[0]["attrs"]["content"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "connect-src" not in policy


def test_plotly_comes_once_and_only_if_a_figure_needs_it(page, read, results):
    assert len(read.all("script", id="plotly-library")) == 1
    plain = report.build([demo.results(replace(demo.STUDY, figures=demo.STUDY.figures[:1]))], [], now=NOW)
    assert 'id="plotly-library"' not in plain.html
    assert len(plain.html) < 400_000
    twice = report.build([results, demo.results(replace(demo.STUDY, name="again"))], [], now=NOW)
    assert twice.html.count('id="plotly-library"') == 1
    assert len(twice.html) < 4_000_000


def test_interactive_figures_have_their_data_and_a_picture_for_print_and_for_browsers_without_scripts(read):
    place = read.all("div", kind="drawing-page")[0]["attrs"]
    payload = read.all("script", id=f"{place['data-figure']}-data")[0]
    assert json.loads(payload["text"])["data"][0]["type"] == "surface"
    assert "hidden" in place
    assert len(read.all("div", kind="drawing-paper")) == 2
    assert len([element for element in read.all("svg") if element["attrs"].get("role") == "img"]) == 2
    assert "@media print" in read.all("style")[0]["text"]


def test_text_of_studies_is_escaped(parse):
    rough = replace(
        SMALL,
        name="<script>alert(1)</script>",
        title='A <script>alert(2)</script> & "more"',
        questions=[Question("Is <img src=x onerror=alert(3)> safe?", lambda results: "<script>alert(4)</script> **<b>bold</b>**. `<i>`")],
        figures=[Figure("<svg>", demo.surface, "</figcaption><script>alert(5)</script>")],
    )
    page = report.build([demo.results(rough, failed={(0, 0)})], demo.verdicts(rough), title="</title><script>alert(6)</script>", now=NOW)
    read = parse(page.html)
    assert [element for element in read.all("script") if "alert(" in element["text"]] == []
    assert read.all("img") == read.all("b") == read.all("i") == []
    assert read.broken == []
    assert "alert(4)" in read.text
    assert "ValueError: loss is <NaN>" in read.text


def test_data_of_figures_cannot_close_their_script(parse):
    def draw(results):
        drawing = demo.surface(results)
        drawing.page.update_layout(title="</script><script>alert(1)</script><!--")
        return drawing

    page = report.build([demo.results(replace(SMALL, figures=[Figure("sly", draw, "A title.")]))], [], now=NOW)
    read = parse(page.html)
    data = json.loads(read.all("script", id="noise-demo-figure-sly-data")[0]["text"])
    assert data["layout"]["title"]["text"] == "</script><script>alert(1)</script><!--"
    assert [element for element in read.all("script") if element["text"].startswith("alert")] == []


def test_stand_in_data_are_named_with_a_warning_wherever_they_are_shown(read):
    from annlab import data

    sentence = data.describe("five_surfaces").stand_in
    assert sentence in read.text
    assert read.all("p", kind="stand-in")
    for caption in read.all("figcaption"):
        assert "Stand-in data: five_surfaces." in caption["text"]
    tables = [element["text"] for element in read.all("caption")]
    assert sum("Stand-in data: five_surfaces." in text for text in tables) == 3  # the study's table, all cells, the final stage


def test_real_data_carry_no_warning(parse):
    page = report.build([demo.results(replace(SMALL, data=("course_regression",)))], [], now=NOW)
    read = parse(page.html)
    assert "tand-in data" not in read.text
    assert not read.all("p", kind="stand-in")


def test_licence_and_citation_of_the_data_are_shown(read):
    from annlab import data

    entry = data.describe("five_surfaces")
    assert entry.licence in read.text
    assert entry.citation in read.text


def test_verdicts_have_colour_word_and_icon_and_are_counted(read):
    from annlab.lab.verdicts import VERDICTS

    for word in VERDICTS:
        badges = [element for element in read.all("span", kind="badge") if f"v-{word}" in element["attrs"]["class"]]
        assert len(badges) == 3  # the legend, how to read, the claim
        assert all(word in badge["text"] and badge["text"].strip() != word for badge in badges)
        assert len(read.all("tr", data_verdict=word)) == 1
    assert "Verdicts on 6 claims" in read.text
    bar = read.all("div", kind="bar")[0]["attrs"]["aria-label"]
    assert "1 reproduced" in bar
    assert "about 0.3 of them" in read.text


def test_a_claim_stands_beside_its_measurement(read):
    row = read.all("tr", data_verdict="reproduced")[0]["text"]
    for part in (
        "Claim 0: x < y & more.",
        "0.01060 MSE",
        "0.01070",
        "[0.01040, 0.01100]",
        "Ours lies inside the interval.",
        "report-A, report-E",
    ):
        assert part in row
    row = read.all("tr", data_verdict="not-run")[0]["text"]
    assert "About 1 h 7 min: annlab run noise-demo --profile full" in row


def test_a_pure_number_is_shown_without_its_unit(results):
    pure = [replace(verdict, unit="1") for verdict in demo.verdicts()]
    made = report.gather([results], pure, now=NOW).studies[0].claims
    assert made[0].claimed == "0.01060"


def test_published_verdicts_are_shown_and_labelled(results, parse):
    earlier = [replace(verdict, verdict="undecided") for verdict in demo.verdicts()]
    page = report.build([results], demo.verdicts(), published=merge(Published(), earlier, "a processor", {"torch": "2.13.0"}), now=NOW)
    assert parse(page.html).text.count("published: undecided") == 6
    assert "a processor, torch 2.13.0" in parse(page.html).text


def test_what_fails_is_a_box_that_names_it_and_the_rest_stays(parse, caplog):
    broken = replace(
        demo.STUDY,
        figures=[
            Figure("bad picture", lambda results: 1 / 0, "Never seen."),
            *demo.STUDY.figures,
            Figure("none", lambda results: None, "None."),
        ],
        tables=[
            Table("bad table", lambda results: results.table["absent"], "Never."),
            Table("odd", lambda results: 3, "Odd."),
            *demo.STUDY.tables,
        ],
        questions=[Question("What breaks?", lambda results: results.values("absent")), *demo.STUDY.questions],
        data=("five_surfaces", "no_such_set"),
    )
    page = report.build([demo.results(broken)], demo.verdicts(broken), now=NOW)
    parts = [problem.part for problem in page.problems]
    assert parts == [
        "figure 'bad picture'",
        "figure 'none'",
        "table 'bad table'",
        "table 'odd'",
        "question 1 ('What breaks?')",
        "data 'no_such_set'",
    ]
    read = parse(page.html)
    boxes = [element["text"] for element in read.all("p", kind="problem")]
    for problem in page.problems:
        assert sum(problem.message in box and problem.part[1:] in box for box in boxes) == 1
        assert problem.message in caplog.text
    assert "6 parts of this page could not be made." in read.text
    assert len(read.all("figure")) == 2
    assert "the validation error rises from 0.291" in read.text
    assert "Mean validation MSE by noise level." in read.text


def test_a_drawing_that_cannot_be_rendered_is_a_problem(parse):
    from annlab.draw import Drawing

    class Torn:
        def savefig(self, *args, **kwargs):
            raise OSError("torn")

    page = report.build([demo.results(replace(SMALL, figures=[Figure("torn", lambda results: Drawing(Torn()), "Torn.")]))], [], now=NOW)
    assert [str(problem) for problem in page.problems] == ["noise-demo: figure 'torn': OSError: torn"]
    assert "1 part of this page could not be made." in parse(page.html).text


@pytest.mark.parametrize("answer", ["", "  \n", None])
def test_an_unanswered_question_is_reported(answer, parse):
    silent = replace(SMALL, questions=[Question("Why?", lambda results: answer), demo.STUDY.questions[1]])
    results = demo.results(silent)
    assert report.unanswered(results) == ["Why? (the question is not answered)"]
    page = report.build([results], [], now=NOW)
    assert [problem.part for problem in page.problems] == ["question 1 ('Why?')"]
    assert parse(page.html).text.count("not answered") == 3  # the summary, the box, the list of all


def test_failed_missing_and_stale_jobs_are_listed(parse):
    found = demo.results(SMALL, failed={(0, 1), (0, 2)}, missing={(1, 3), (1, 4), (2, 0)}, stale={(3, 0)})
    read = parse(report.build([found], [], now=NOW).html)
    assert "of 35 replicates 2 failed, 3 missing" in read.text
    assert "1 replicate was computed by an earlier state of the code" in read.text
    assert read.text.count("raised an error") == read.text.count("ValueError: loss is <NaN>") == 2
    missing = read.all("div", id="noise-demo-missing")[0]["text"]
    assert "3–4" in missing
    assert "0300" * 8 in read.all("p", kind="keys")[0]["text"]
    assert "is not known yet" in read.text  # no cell is chosen while some are missing


def test_a_study_without_tables_shows_the_mean_and_interval_of_every_declared_metric_in_every_cell(results):
    from annlab.lab.statistics import mean_interval

    [part] = report.gather([results], [], now=NOW).studies
    table = part.cell_table.table
    assert table.columns == ("case", "noise", "optimizer", "epochs", "n", "validation MSE", "generalisation gap (dB)")
    assert len(table.rows) == 7
    expected = mean_interval(results.values("validation_mse", noise=0.9, optimizer="sgd"))
    [row] = [row for row in table.rows if row[1:3] == ("0.9", "sgd")]
    mean, low, high = (float(number) for number in re.findall(r"[\d.]+", row[5]))
    assert (mean, low, high) == pytest.approx((expected.mean, expected.low, expected.high), abs=5e-4)
    assert table.rows[-1][0] == "handout"


def test_set_up_choice_and_final_stage(read, results):
    assert "7 cells × 5 replicates, root seed 0" in read.text
    assert "noise: 0.1, 0.3, 0.9" in read.text
    assert "hidden_sizes(50, 50)(50, 50)" in read.text.replace(" (50, 50)", "(50, 50)")
    assert "The cell with the lowest mean validation MSE over 5 replicates among 7 cells was chosen." in read.text
    assert "met the test set" in read.text or "meet the test set, once in each of 5 replicates" in read.text
    assert read.all("div", id="noise-demo-final")
    assert "annlab run noise-demo --profile quick --seed 0" in read.text
    assert "torch 2.13.0" in read.text


def test_contents_have_a_column_for_each_edition(parse, results):
    beyond = replace(SMALL, name="beyond-demo", title="Beyond", sheet={})
    page = report.build([results, demo.results(beyond)], [], now=NOW)
    made = report.gather([results, demo.results(beyond)], [], now=NOW)
    assert made.editions == ("2024", "C")
    rows = {number: {edition: [part.name for part in parts] for edition, parts in studies.items()} for number, studies in made.contents}
    assert rows == {"1.2": {"C": ["noise-demo"]}, "1.3": {"2024": ["noise-demo"]}, "beyond": {"2024": ["beyond-demo"]}}
    heads = [element["text"] for element in parse(page.html).all("th")]
    assert "Edition 2024" in heads
    assert "Edition C" in heads


def test_studies_of_a_long_page_are_folded_and_say_what_they_hold(parse):
    def folds(count):
        parts = [demo.results(replace(SMALL, name=f"demo-{number}")) for number in range(count)]
        read = parse(report.build(parts, [], now=NOW).html)
        return [("open" in fold["attrs"], fold["text"]) for fold in read.all("details", kind="whole")]

    assert [unfolded for unfolded, _ in folds(3)] == [True] * 3
    assert [unfolded for unfolded, _ in folds(4)] == [False] * 4
    assert " ".join(folds(1)[0][1].split()).startswith(f"Set-up, {len(SMALL.questions)} questions")


def test_the_page_can_be_walked_through_by_ear_and_by_keyboard(read):
    assert read.all("html", lang="en")
    assert read.all("a", kind="skip")[0]["attrs"]["href"] == "#main"
    assert len(read.all("main")) == len(read.all("h1")) == 1
    levels = [int(element["tag"][1]) for element in read.elements if re.fullmatch(r"h[1-6]", element["tag"])]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(read.all("table")) == len(read.all("caption"))
    assert all(element["attrs"].get("scope") for element in read.all("th"))
    assert all(element["attrs"].get("aria-label") for element in read.all("svg") if element["attrs"].get("role") == "img")
    assert all(element["attrs"].get("aria-label") for element in read.all(role="region"))
    hidden = {element["attrs"].get("class") for element in read.all("button")}
    assert all("needs-script" in kind or kind == "tool" for kind in hidden)  # no button without its script


def test_how_to_read_explains_every_word(read):
    told = read.all("section", id="reading")[0]["text"]
    for word in (
        "replicate",
        "Interval",
        "Profile",
        "stale",
        "Stand-in",
        "reproduced",
        "refuted",
        "exceeded",
        "undecided",
        "untestable",
        "not-run",
    ):
        assert word in told


def test_equal_input_gives_the_equal_page(page):
    again = report.build([demo.results()], demo.verdicts(), now=NOW)
    assert again.html == page.html
    other = report.build([demo.results()], demo.verdicts(), now=datetime(2024, 5, 18))  # noqa: DTZ001
    assert other.html.replace("2024-05-18 00:00", "2024-05-17 12:30") == page.html


def test_write_replaces_the_page_in_one_step(tmp_path):
    target = tmp_path / "deep" / "report.html"
    found = [demo.results(SMALL)]
    assert report.write(found, target, [], now=NOW) == target
    first = target.read_text(encoding="utf-8")
    report.write(found, str(target), demo.verdicts(SMALL), "Another title", now=NOW)
    assert target.read_text(encoding="utf-8") != first
    assert "<title>Another title</title>" in target.read_text(encoding="utf-8")
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_an_unknown_format_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match="unknown report format 'htm'; did you mean 'html'"):
        report.write_as("htm", [], tmp_path / "x")


def test_no_results_give_a_page_too(parse):
    read = parse(report.build([], [], now=NOW).html)
    assert read.broken == []
    assert "0 studies" in read.text
