"""A table to be read: a frame with labels, units, formats and notes, as HTML, Markdown or LaTeX."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from annlab.draw.formats import NOTHING, format_value, name_words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TableView"]


@dataclass(frozen=True)
class TableView:
    r"""A frame and how it is shown.

    Attributes:
        frame: pandas frame; a named index becomes the first columns, an unnamed one is left out. Cells may be numbers, text,
            lists, truth values or intervals (objects with ``mean``, ``low`` and ``high``).
        labels: heading by column; a column without one shows its name, underscores as spaces.
        units: unit by column, shown in brackets after the heading.
        formats: by column, the number of significant digits or a function of the value; three digits otherwise.
        notes: sentences under the table.
        emphasis: one truth value a row: rows set in bold; none where empty.
    """

    frame: "pd.DataFrame"
    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, int | Callable[[Any], str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    emphasis: Sequence[bool] = ()

    def __post_init__(self) -> None:
        if self.emphasis and len(self.emphasis) != len(self.frame):
            raise ValueError(f"emphasis needs one truth value a row: {len(self.frame)} rows, {len(self.emphasis)} values")
        if isinstance(self.notes, str):
            raise TypeError(f"notes must be a list of sentences, got the text {self.notes!r}")

    @property
    def headings(self) -> list[str]:
        """Headings with units, one a shown column."""
        names = [str(name) for name in self._shown().columns]
        texts = [self.labels.get(name, name_words(name)) for name in names]
        return [f"{text} ({self.units[name]})" if self.units.get(name) else text for name, text in zip(names, texts, strict=True)]

    def rows(self) -> list[list[str]]:
        """The cells as text."""
        shown = self._shown()
        columns = [[self._text(str(name), value) for value in shown[name]] for name in shown.columns]
        return [list(row) for row in zip(*columns, strict=True)]

    def html(self) -> str:
        """A ``<table>`` of class ``table-view``; columns of numbers have class ``number``; notes follow in a paragraph."""
        sides = ["number" if number else "text" for number in self._numeric()]
        head = "".join(f'<th class="{side}" scope="col">{html.escape(text)}</th>' for side, text in zip(sides, self.headings, strict=True))
        lines = []
        for row, strong in zip(self.rows(), self._strong(), strict=True):
            cells = "".join(f'<td class="{side}">{html.escape(text)}</td>' for side, text in zip(sides, row, strict=True))
            lines.append(f'<tr class="emphasis">{cells}</tr>' if strong else f"<tr>{cells}</tr>")
        notes = "".join(f'<p class="table-note">{html.escape(note)}</p>' for note in self.notes)
        return f'<table class="table-view"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>{notes}'

    def markdown(self) -> str:
        """A pipe table; notes follow as paragraphs."""
        lines = ["| " + " | ".join(_piped(text) for text in self.headings) + " |"]
        lines.append("| " + " | ".join("---:" if number else ":---" for number in self._numeric()) + " |")
        for row, strong in zip(self.rows(), self._strong(), strict=True):
            lines.append("| " + " | ".join(f"**{_piped(text)}**" if strong else _piped(text) for text in row) + " |")
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])

    def latex(self) -> str:
        """A ``tabular`` with rules of the booktabs package; notes follow as lines of small print."""
        sides = "".join("r" if number else "l" for number in self._numeric())
        lines = [rf"\begin{{tabular}}{{{sides}}}", r"\toprule", " & ".join(_tex(text) for text in self.headings) + r" \\", r"\midrule"]
        for row, strong in zip(self.rows(), self._strong(), strict=True):
            cells = [_tex(text) for text in row]
            lines.append(" & ".join(rf"\textbf{{{text}}}" if strong else text for text in cells) + r" \\")
        lines += [r"\bottomrule", r"\end{tabular}", *(rf"\par\small {_tex(note)}" for note in self.notes)]
        return "\n".join(lines)

    def _shown(self) -> "pd.DataFrame":
        named = any(name is not None for name in self.frame.index.names)
        return self.frame.reset_index() if named else self.frame

    def _strong(self) -> list[bool]:
        return [bool(value) for value in self.emphasis] or [False] * len(self.frame)

    def _text(self, column: str, value: Any) -> str:
        chosen = self.formats.get(column, 3)
        return chosen(value) if callable(chosen) else format_value(value, chosen)

    def _numeric(self) -> list[bool]:
        """Whether a column holds numbers or intervals alone, missing values aside."""
        shown = self._shown()
        return [all(_is_number(value) for value in shown[name]) and len(shown) > 0 for name in shown.columns]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | str | list | tuple):
        return False
    if hasattr(value, "mean") and hasattr(value, "low"):
        return True
    return format_value(value) == NOTHING or hasattr(value, "__float__")


def _piped(text: str) -> str:
    return text.replace("|", r"\|")


_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "∞": r"$\infty$",
    "–": "--",
    "²": "$^{2}$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
} | {superscript: f"$^{{{plain}}}$" for superscript, plain in zip("⁻⁰¹³⁴⁵⁶⁷⁸⁹", ["-", *"013456789"], strict=True)}


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)
