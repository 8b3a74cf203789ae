"""A network's summary as text, HTML, Markdown and LaTeX."""

import html
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from annlab.models.summary import Summary

__all__ = ["as_html", "as_latex", "as_markdown", "as_rich", "as_text"]

HEADINGS = ("layer", "kind", "output", "parameters", "formula", "bytes", "FLOPs")
NUMBERS = (3, 5, 6)  # columns set flush right
UNKNOWN = "?"


def as_rich(summary: "Summary") -> "Table":
    """Table of the rich library."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=_title(summary), caption=_caption(summary), show_footer=True)
    for index, (heading, total) in enumerate(zip(HEADINGS, _totals(summary), strict=True)):
        table.add_column(heading, Text(total), justify="right" if index in NUMBERS else "left", overflow="fold")
    for cells in _cells(summary):
        table.add_row(*map(Text, cells))
    return table


def as_text(summary: "Summary") -> str:
    """The rich table as plain text."""
    from rich.console import Console

    file = io.StringIO()
    Console(file=file, width=140, color_system=None).print(as_rich(summary))
    return file.getvalue().rstrip()


def as_html(summary: "Summary") -> str:
    """One table with caption, head, body and foot; numbers have the class ``number``."""

    def row(cells: Any, tag: str) -> str:
        kind = [' class="number"' if index in NUMBERS else "" for index in range(len(HEADINGS))]
        return "<tr>" + "".join(f"<{tag}{k}>{html.escape(cell)}</{tag}>" for k, cell in zip(kind, cells, strict=True)) + "</tr>"

    body = "\n".join(row(cells, "td") for cells in _cells(summary))
    caption = html.escape(f"{_title(summary)}. {_caption(summary)}")
    return (
        f'<table class="summary">\n<caption>{caption}</caption>\n<thead>{row(HEADINGS, "th")}</thead>\n'
        f"<tbody>\n{body}\n</tbody>\n<tfoot>{row(_totals(summary), 'th')}</tfoot>\n</table>"
    )


def as_markdown(summary: "Summary") -> str:
    """Pipe table, the totals as its last row, the caption below."""

    def row(cells: Any) -> str:
        return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |"

    rule = "|" + "|".join(" ---: " if index in NUMBERS else " --- " for index in range(len(HEADINGS))) + "|"
    lines = [row(HEADINGS), rule, *map(row, _cells(summary)), row(_totals(summary)), "", f"{_title(summary)}. {_caption(summary)}"]
    return "\n".join(lines)


def as_latex(summary: "Summary") -> str:
    """``tabular`` environment; needs the package booktabs."""

    def row(cells: Any) -> str:
        return " & ".join(map(_latex, cells)) + r" \\"

    columns = "".join("r" if index in NUMBERS else "l" for index in range(len(HEADINGS)))
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", row(HEADINGS), r"\midrule", *map(row, _cells(summary))]
    return "\n".join([*lines, r"\midrule", row(_totals(summary)), r"\bottomrule", r"\end{tabular}"])


def _latex(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "*": r"$\times$", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {character: f"\\{character}" for character in "&%$#_{}"}
    return "".join(special.get(character, character) for character in text)


def _title(summary: "Summary") -> str:
    return f"{summary.model}, input {_shape(summary.input_shape)}"


def _caption(summary: "Summary") -> str:
    learn = "" if summary.trainable == summary.parameters else f"{summary.trainable:,} of the parameters learn. "
    unknown = f"; not known for {', '.join(summary.unknown_flops)}" if summary.unknown_flops else ""
    return f"{learn}Shapes and FLOPs of one sample, a multiplication with an addition counted as 2{unknown}"


def _shape(shape: Any) -> str:
    if shape and isinstance(shape[0], tuple):
        return ", ".join(map(_shape, shape))
    return "(" + ", ".join(map(str, shape)) + ")"


def _cells(summary: "Summary") -> list[tuple[str, ...]]:
    return [
        (
            row.name,
            row.kind,
            UNKNOWN if row.output_shape is None else _shape(row.output_shape),
            f"{row.parameters:,}",
            row.formula,
            f"{row.bytes:,}",
            UNKNOWN if row.flops is None else f"{row.flops:,}",
        )
        for row in summary.rows
    ]


def _totals(summary: "Summary") -> tuple[str, ...]:
    flops = f"{summary.flops:,}" + (f" + {UNKNOWN}" if summary.unknown_flops else "")
    return ("total", "", "", f"{summary.parameters:,}", "", f"{summary.bytes:,}", flops)
