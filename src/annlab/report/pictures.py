"""Drawings as parts of a page: an inline SVG always, and the data of an interactive figure where there is one."""

import json
import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from annlab.report.content import FigureBlock, Problem

if TYPE_CHECKING:
    from annlab.draw import Drawing

__all__ = ["Picture", "library", "picture"]

_LOG = logging.getLogger("annlab.report")
_HEIGHT = 460


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


def picture(study: str, block: FigureBlock) -> Picture:
    """The picture of a figure; a drawing that cannot be rendered gives a problem instead."""
    if block.drawing is None:
        return Picture(problem=block.problem or Problem(study, f"figure {block.name!r}", "nothing was drawn"))
    try:
        return _rendered(block.drawing, block.caption or block.name)
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


def _rendered(drawing: "Drawing", caption: str) -> Picture:
    alt = drawing.alt or caption
    svg = _lean(drawing.svg()) if drawing.paper is not None else ""
    if drawing.page is None:
        return Picture(svg, alt=alt)
    found = json.loads(drawing.page.to_json())
    height = int(found.get("layout", {}).get("height") or _HEIGHT)
    data = json.dumps(found, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return Picture(svg, data.replace("</", "<\\/").replace("<!--", "<\\u0021--"), alt, height)


def _lean(svg: str) -> str:
    """The SVG without comments and line breaks between its elements."""
    return re.sub(r">\s+<", "><", re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL))
