"""The package's own studies: every question is answered, every figure and table drawn, in the quick profile."""

import pytest

import annlab
from annlab import report
from annlab.lab.discover import catalogue, load_study
from annlab.report.markup import sentences

NAMES = [card.name for card in catalogue()]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_a_studys_parts_are_unique_and_its_questions_end_as_questions(name):
    study = load_study(name)
    for blocks in (study.figures, study.tables):
        names = [block.name for block in blocks]
        assert len(names) == len(set(names))
    asked = [question.text for question in study.questions]
    assert len(asked) == len(set(asked))
    assert all(text.strip().endswith("?") for text in asked)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_a_study_is_whole(name, parse):
    results = annlab.run(name, profile="quick")
    page = report.build([results])
    assert [str(problem) for problem in page.problems] == []
    assert report.unanswered(results) == []
    read = parse(page.html)
    assert read.broken == []
    study = results.study
    assert len(read.all("figure")) == len(study.figures)
    short = {}
    for question in study.questions:
        count = sentences(question.answer(results))
        if not 3 <= count <= 8:
            short[question.text] = count
    assert short == {}
