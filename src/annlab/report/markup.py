"""Light markup of answers and captions, turned into HTML, Markdown or LaTeX.

Paragraphs are parted by an empty line and lists have lines that start with ``- ``; inside them are ``**bold**``, ``*emphasis*``,
`` `code` `` (with one or two backticks), ``<sub>...</sub>`` and ``<sup>...</sup>``. All else is text and comes out escaped.
"""

import html
import re
from collections.abc import Callable

__all__ = ["inline_html", "inline_latex", "latex_text", "markdown", "plain", "sentences", "to_html", "to_latex"]

_TOKENS = re.compile(
    r"(?P<code>``[^`\n]+``|`[^`\n]+`)"
    r"|(?P<bold>(?<![\w*])\*\*(?=\S)(?:.+?)(?<=\S)\*\*(?!\w))"
    r"|(?P<emphasis>(?<![\w*])\*(?=[^\s*])(?:[^*]+?)(?<=\S)\*(?![\w*]))"
    r"|(?P<sub><sub>(?:[^<]*)</sub>)"
    r"|(?P<sup><sup>(?:[^<]*)</sup>)",
    re.DOTALL,
)
_EDGES = {"code": (1, 1), "bold": (2, 2), "emphasis": (1, 1), "sub": (5, 6), "sup": (5, 6)}
_ABBREVIATIONS = re.compile(r"\b(?:e\.g|i\.e|cf|vs|approx|resp|no|eq|fig|al)\.", re.IGNORECASE)


def to_html(text: str) -> str:
    """Paragraphs and lists of `text` as HTML."""
    parts = []
    for is_list, lines in _blocks(text):
        if is_list:
            parts.append("<ul>" + "".join(f"<li>{inline_html(line)}</li>" for line in lines) + "</ul>")
        else:
            parts.append(f"<p>{inline_html(' '.join(lines))}</p>")
    return "\n".join(parts)


def inline_html(text: str) -> str:
    """One line of `text` as HTML without a paragraph around it."""
    tags = {"code": "code", "bold": "strong", "emphasis": "em", "sub": "sub", "sup": "sup"}
    return _render(text, lambda words: html.escape(words, quote=True), lambda kind, inner: f"<{tags[kind]}>{inner}</{tags[kind]}>")


def to_latex(text: str) -> str:
    """Paragraphs and lists of `text` as LaTeX."""
    parts = []
    for is_list, lines in _blocks(text):
        if is_list:
            items = "\n".join(rf"  \item {inline_latex(line)}" for line in lines)
            parts.append(f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}")
        else:
            parts.append(inline_latex(" ".join(lines)))
    return "\n\n".join(parts)


def inline_latex(text: str) -> str:
    """One line of `text` as LaTeX."""
    commands = {"code": "texttt", "bold": "textbf", "emphasis": "emph", "sub": "textsubscript", "sup": "textsuperscript"}
    return _render(text, latex_text, lambda kind, inner: f"\\{commands[kind]}{{{inner}}}")


_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "−": r"\ensuremath{-}", "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}", "≤": r"\ensuremath{\le}", "≥": r"\ensuremath{\ge}",
    "≈": r"\ensuremath{\approx}", "≠": r"\ensuremath{\ne}", "∞": r"\ensuremath{\infty}", "∂": r"\ensuremath{\partial}",
    "·": r"\ensuremath{\cdot}", "…": r"\ldots{}", "→": r"\ensuremath{\to}", "√": r"\ensuremath{\surd}", "∑": r"\ensuremath{\sum}",
    "∇": r"\ensuremath{\nabla}", "–": "--", "—": "---", "“": "``", "”": "''", "’": "'", "\u202f": r"\,", "\u00a0": "~",
}  # fmt: skip
_LETTERS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho . sigma tau upsilon phi chi psi omega"
_GREEK = _LETTERS.split(" ")  # as Unicode orders them; o has no command, the dot is the final sigma
_LATEX.update({chr(945 + k): rf"\ensuremath{{\{name}}}" for k, name in enumerate(_GREEK) if len(name) > 1})
_LATEX.update({chr(913 + k): rf"\ensuremath{{\{_GREEK[k].title()}}}" for k in (2, 3, 7, 10, 13, 15, 18, 20, 21, 23, 24)})
_LATEX.update({digit: rf"\textsuperscript{{{value}}}" for value, digit in zip([*"0123456789", "--"], "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True)})
_LATEX.update({digit: rf"\textsubscript{{{value}}}" for value, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")})


def latex_text(text: str) -> str:
    """`text` with LaTeX's special characters escaped and the Unicode signs that reports use replaced by commands."""
    return "".join(_LATEX.get(letter, letter) for letter in text)


def markdown(text: str) -> str:
    """`text` as Markdown: emphasis, code, lists, sub and sup stay; what Markdown would read as HTML or a table is escaped."""
    marks = {"code": "`{}`", "bold": "**{}**", "emphasis": "*{}*", "sub": "<sub>{}</sub>", "sup": "<sup>{}</sup>"}

    def words(part: str) -> str:
        return re.sub(r"([\\*_`|\[\]])", r"\\\1", part).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    parts = []
    for is_list, lines in _blocks(text):
        rendered = [_render(line, words, lambda kind, inner: marks[kind].format(inner), code=lambda part: part) for line in lines]
        parts.append("\n".join(f"- {line}" for line in rendered) if is_list else " ".join(rendered))
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """`text` without its marks, on one line."""
    return " ".join(_render(text, lambda words: words, lambda _, inner: inner).split())


def sentences(text: str) -> int:
    """Number of sentences in `text`: ends ``. ! ?`` followed by a space and a capital, digit, bracket or the end."""
    words = _ABBREVIATIONS.sub("", plain(text)).strip()
    return len(re.findall(r"[.!?][)”\"']*(?=\s+[^a-z]|$)", words)) or int(bool(words))


def _blocks(text: str) -> list[tuple[bool, list[str]]]:
    """Paragraphs (False, lines) and lists (True, items) of `text`."""
    blocks: list[tuple[bool, list[str]]] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        fresh = True
        for raw in paragraph.splitlines():
            line = raw.strip()
            if not line:
                continue
            item = line.startswith("- ")
            if item and (fresh or not blocks[-1][0]):
                blocks.append((True, []))
            elif not item and fresh:
                blocks.append((False, []))
            fresh = False
            if not item and blocks[-1][0]:
                blocks[-1][1][-1] += f" {line}"  # a list item that goes on
            else:
                blocks[-1][1].append(line[2:] if item else line)
    return blocks


def _render(
    text: str,
    words: Callable[[str], str],
    wrap: Callable[[str, str], str],
    code: Callable[[str], str] | None = None,
) -> str:
    """`text` with its words and its marks each turned by a function; code holds no marks, bold and emphasis may."""
    out, position = [], 0
    for found in _TOKENS.finditer(text):
        kind = found.lastgroup or ""
        left, right = _EDGES[kind]
        inner = found[0][left : len(found[0]) - right].strip("`" if kind == "code" else "")
        out.append(words(text[position : found.start()]))
        nested = kind in ("bold", "emphasis")
        turned = _render(inner, words, wrap, code) if nested else (code if kind == "code" and code else words)(inner)
        out.append(wrap(kind, turned))
        position = found.end()
    out.append(words(text[position:]))
    return "".join(out)
