"""The demonstration study for every report test: its results, its verdicts, and a page that holds both."""

import sys
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import demo

NOW = datetime(2024, 5, 17, 12, 30)  # noqa: DTZ001  local time of no place
_VOID = {"meta", "col", "br", "img", "hr", "input", "link", "path", "use", "rect", "stop", "circle", "image"}


class Read(HTMLParser):
    """A page read into elements (tag, attributes, text inside), its visible text, and what does not close."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.broken, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": ""}
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "attrs": dict(attrs), "text": ""})

    def handle_endtag(self, tag):
        if tag in _VOID:
            return
        if not self.open or self.open[-1]["tag"] != tag:
            self.broken.append(f"</{tag}> at {self.getpos()}")
            return
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data
        if not any(element["tag"] in ("script", "style") for element in self.open):
            self.words.append(data)

    def all(self, tag=None, kind=None, **attrs):
        """Elements with that tag, class and attributes."""
        return [
            element
            for element in self.elements
            if (tag is None or element["tag"] == tag)
            and (kind is None or kind in (element["attrs"].get("class") or "").split())
            and all(element["attrs"].get(name.replace("_", "-")) == value for name, value in attrs.items())
        ]

    @property
    def text(self):
        """Everything a reader sees, with single spaces."""
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="session")
def results():
    """Complete results of the demonstration study."""
    return demo.results()


@pytest.fixture(scope="session")
def page(results):
    """Its page, built once."""
    from annlab import report

    return report.build([results], demo.verdicts(), now=NOW)


@pytest.fixture(scope="session")
def read(page):
    """The page, parsed."""
    return Read(page.html)


@pytest.fixture
def parse():
    """Parser of a page."""
    return Read
