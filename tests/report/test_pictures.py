"""Figures rendered in processes of their own: the same pictures, and none lost."""

import pickle
from dataclasses import replace

import demo
import pytest

from annlab.draw import Drawing
from annlab.lab import Figure
from annlab.report.gather import gather
from annlab.report.pictures import Renderer


class Unknown(demo.Torn):
    """A figure of a module that no other process can import."""


def _with(figures):
    return gather([demo.results(replace(demo.STUDY, figures=figures))], [], now=None).studies[0]


def _pictures(part, workers):
    with Renderer(len(part.figures), workers=workers) as renderer:
        renderer.add(part)
        return renderer.pictures()


@pytest.fixture(scope="module")
def part():
    return gather([demo.results()], []).studies[0]


def test_pictures_made_in_a_process_are_those_made_here(part):
    here, there = _pictures(part, 0), _pictures(part, 1)
    assert list(there) == [figure.anchor for figure in part.figures]
    assert there == here
    assert any(picture.svg for picture in here.values())


def test_a_figure_that_does_not_pickle_is_rendered_here():
    def tied(results):
        drawing = demo.loss_curves(results)
        drawing.paper.axes[0].xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        return drawing

    part = _with([Figure("tied", tied, "Tied.")])
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(part.figures[0].drawing.paper)
    (picture,) = _pictures(part, 1).values()
    assert picture.problem is None
    assert picture.svg.startswith("<svg")


@pytest.mark.parametrize("kind", [demo.Torn, demo.Deadly, Unknown])
def test_what_fails_in_a_process_is_a_problem_by_name(kind):
    part = _with([Figure("torn", lambda results: Drawing(kind()), "Torn."), Figure("sound", demo.loss_curves, "Sound.")])
    torn, sound = _pictures(part, 1).values()
    assert str(torn.problem) == "noise-demo: figure 'torn': OSError: torn"
    assert sound.problem is None
    assert sound.svg


def test_few_figures_start_no_process():
    with Renderer(3) as few:
        assert few._pool is None
