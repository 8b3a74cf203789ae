"""A drawing: a matplotlib figure for paper and, where it gains by being turned and touched, a plotly figure for the page."""

import hashlib
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CSS", "INK", "Drawing"]

INK = "#16191d"
"""Colour of text, axes and neutral lines on paper; in an inline figure it becomes the page's own text colour."""

CSS = """
.drawing { display: block; max-width: 100%; overflow-x: auto; }
.drawing svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.drawing .drawing-page { width: 100%; }
.drawing .drawing-page svg { max-width: none; margin: 0; }
.drawing .drawing-page svg.main-svg { display: inline; background: transparent !important; }
.drawing .drawing-page text { fill: currentColor !important; }
.drawing .drawing-print { display: none; }
@media print {
  .drawing .drawing-page { display: none !important; }
  .drawing .drawing-print { display: block; }
}
"""
"""Style sheet that a page includes once for the markup of `Drawing.html`: sizes, dark pages, print."""

_PIXELS_PER_INCH = 96.0
_COORDINATES = re.compile(r' (?:d|x|y|points)="[^"]*"')
_DECIMALS = re.compile(r"(\.\d\d)\d+")


@dataclass(frozen=True)
class Drawing:
    """One figure in up to two renderings.

    Attributes:
        paper: matplotlib figure, for print, PDF and inline SVG.
        page: plotly figure for the browser, or None where the inline SVG serves.
        alt: what the figure shows, one or two sentences, read aloud by screen readers.
    """

    paper: "Figure | None" = None
    page: Any | None = None
    alt: str = ""

    def __post_init__(self) -> None:
        if self.paper is None and self.page is None:
            raise ValueError("a drawing needs a matplotlib figure (paper), a plotly figure (page) or both")

    @property
    def interactive(self) -> bool:
        """Whether `html` needs the plotly library in the page."""
        return self.page is not None

    def svg(self) -> str:
        """SVG element to put inline: no XML header, no date, the same text for the same figure.

        The background is transparent and text and axes take the page's text colour (``currentColor``). Identifiers carry a
        digest of the content, so that figures in one page do not meet. Dense parts are images inside.

        Raises:
            ValueError: where the drawing has no matplotlib figure.
        """
        text = self._saved("svg", transparent=True).decode()
        text = text[text.index("<svg") :].strip()
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = text.replace(INK, "currentColor")
        text = _COORDINATES.sub(lambda found: _DECIMALS.sub(r"\1", found[0]), text)
        mark = "d" + hashlib.sha256(text.encode()).hexdigest()[:8] + "-"
        text = re.sub(r'(\bid=")', rf"\1{mark}", text)
        text = re.sub(r'(href="#|url\(#)', rf"\1{mark}", text)
        return self._described(text)

    def html(self) -> str:
        """Block for a web page: an interactive plotly figure without its library, or the inline SVG.

        A page that holds an interactive drawing loads plotly once itself, and includes `CSS` once.
        The interactive block carries the SVG as well, shown in print and where scripts are off.
        """
        if self.page is None:
            return f'<div class="drawing">{self.svg()}</div>'
        payload = self.page.to_json()
        mark = "drawing-" + hashlib.sha256(payload.encode()).hexdigest()[:12]
        live = self.page.to_html(include_plotlyjs=False, full_html=False, div_id=mark, config=_PLOTLY_CONFIG)
        label = html.escape(self.alt or "interactive figure", quote=True)
        block = f'<div class="drawing-page" role="img" aria-label="{label}">{live}</div>'
        if self.paper is not None:
            block += f'<div class="drawing-print">{self.svg()}</div>{_WITHOUT_SCRIPTS}'
        return f'<div class="drawing">{block}</div>'

    def png(self, path: str | Path, dpi: float = 150) -> Path:
        """Write the paper figure as PNG on white at `dpi` dots an inch; return the path."""
        return self._write(path, "png", dpi)

    def pdf(self, path: str | Path) -> Path:
        """Write the paper figure as PDF without a date; return the path."""
        return self._write(path, "pdf", 200)

    def _write(self, path: str | Path, kind: str, dpi: float) -> Path:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._saved(kind, transparent=False, dpi=dpi))
        return target

    def _saved(self, kind: str, *, transparent: bool, dpi: float = 120) -> bytes:
        if self.paper is None:
            raise ValueError("this drawing has no matplotlib figure to save; it has a plotly figure only")
        from annlab.draw.style import house

        dates: dict[str, dict[str, Any]] = {
            "svg": {"Date": None, "Creator": None},
            "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
            "png": {"Software": None},
        }
        buffer = io.BytesIO()
        with house():
            self.paper.savefig(
                buffer,
                format=kind,
                dpi=dpi,
                metadata=dates[kind],
                facecolor="none" if transparent else "white",
                bbox_inches="tight",
                pad_inches=0.05,
            )
        return buffer.getvalue()

    def _described(self, text: str) -> str:
        """The SVG with its role and alternative text, and its size in pixels."""
        alt = html.escape(self.alt or "figure", quote=True)
        size = re.compile(r'(<svg[^>]*?) (width|height)="([\d.]+)pt"')
        for _ in range(2):
            text = size.sub(lambda found: f'{found[1]} {found[2]}="{float(found[3]) * _PIXELS_PER_INCH / 72:.0f}"', text, count=1)
        head = text.index(">", text.index("<svg"))
        return f'{text[:head]} role="img" aria-label="{alt}">{text[head + 1 :]}'


_WITHOUT_SCRIPTS = "<noscript><style>.drawing .drawing-print { display: block; }</style></noscript>"
_PLOTLY_CONFIG = {"displaylogo": False, "responsive": True, "displayModeBar": "hover", "modeBarButtonsToRemove": ["sendDataToCloud"]}
