"""Drawings as parts of a page: an inline SVG always, and the data of an interactive figure where there is one."""

import json
import logging
import pickle
import re
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Self

from annlab.lab.engine import cores
from annlab.lab.processes import CleanSpawnContext
from annlab.report.content import FigureBlock, Problem, StudyPart

if TYPE_CHECKING:
    from annlab.draw import Drawing

__all__ = ["Picture", "Renderer", "library", "picture"]

_LOG = logging.getLogger("annlab.report")
_HEIGHT = 460
_WORTH_PROCESSES = 8  # figures; fewer are drawn sooner than a process starts
_MOST_PROCESSES = 4


@dataclass(frozen=True)
class Picture:
    """A figure ready for the page, or the problem that took its place."""

    svg: str = ""
    data: str = ""
    alt: str = ""
    height: int = _HEIGHT
    problem: Problem | None = None

    @property
    def live(self) -> bool:
        """Whether the figure can be turned and zoomed."""
        return bool(self.data)


class Renderer:
    """Renders the figures of studies as they come, in processes of their own where there are many and cores to do it.

    Args:
        figures: how many will come.
        workers: processes; 0 renders in this one. By default as many as help.
    """

    def __init__(self, figures: int, workers: int | None = None) -> None:
        able = min(cores(), _MOST_PROCESSES) if figures >= _WORTH_PROCESSES else 0
        count = (able if able > 1 else 0) if workers is None else workers
        self._pool = ProcessPoolExecutor(count, mp_context=CleanSpawnContext()) if count else None
        self._blocks: dict[str, tuple[str, FigureBlock]] = {}
        self._rendered: dict[str, Future[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def add(self, study: StudyPart) -> None:
        """Begin with the figures of a study."""
        for block in study.figures:
            self._blocks[block.anchor] = study.name, block
            if self._pool is not None and block.drawing is not None and block.drawing.paper is not None:
                try:
                    self._rendered[block.anchor] = self._pool.submit(_pickled_svg, pickle.dumps(block.drawing.paper), block.drawing.alt)
                except (pickle.PicklingError, AttributeError, TypeError, BrokenProcessPool):  # it is rendered here, when asked for
                    _LOG.debug("%s: figure %r stays in this process", study.name, block.name)

    def pictures(self) -> dict[str, Picture]:
        """Every picture by the anchor of its figure, in the order in which they came."""
        return {anchor: picture(study, block, self._rendered.get(anchor)) for anchor, (study, block) in self._blocks.items()}


def picture(study: str, block: FigureBlock, rendered: "Future[str] | None" = None) -> Picture:
    """The picture of a figure, with its SVG from another process if one makes it; what cannot be rendered gives a problem instead."""
    if block.drawing is None:
        return Picture(problem=block.problem or Problem(study, f"figure {block.name!r}", "nothing was drawn"))
    try:
        return _rendered(block.drawing, block.caption or block.name, rendered)
    except Exception as error:
        message = f"{type(error).__name__}: {error}".split("\n")[0]
        _LOG.warning("%s: figure %r: %s", study, block.name, message)
        return Picture(problem=Problem(study, f"figure {block.name!r}", message[:400]))


@cache
def library() -> str:
    """Plotly's script, gzipped and in base64, to be unpacked by the page when the first interactive figure is seen."""
    import base64
    import gzip

    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _pickled_svg(figure: bytes, alt: str) -> str:
    """What a process renders: the SVG of a pickled matplotlib figure."""
    from annlab.draw import Drawing

    return Drawing(paper=pickle.loads(figure), alt=alt).svg()  # noqa: S301  from this program's own process


def _rendered(drawing: "Drawing", caption: str, rendered: "Future[str] | None") -> Picture:
    alt = drawing.alt or caption
    svg = _lean(_svg(drawing, rendered)) if drawing.paper is not None else ""
    if drawing.page is None:
        return Picture(svg, alt=alt)
    found = json.loads(drawing.page.to_json())
    height = int(found.get("layout", {}).get("height") or _HEIGHT)
    data = json.dumps(found, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return Picture(svg, data.replace("</", "<\\/").replace("<!--", "<\\u0021--"), alt, height)


def _svg(drawing: "Drawing", rendered: "Future[str] | None") -> str:
    if rendered is not None:
        try:
            return rendered.result()
        except Exception as error:  # a dead process, or a class that only this one knows: what is wrong with the figure shows here
            _LOG.debug("a figure is rendered in this process after all: %s", error)
    return drawing.svg()


def _lean(svg: str) -> str:
    """The SVG without comments and line breaks between its elements."""
    return re.sub(r">\s+<", "><", re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL))
