"""A study's results as one page: self-contained HTML, Markdown or LaTeX.

Printing the HTML page from a browser gives the PDF: its print style shows every figure as a picture and opens what is folded.
"""

from annlab.report.content import Problem, Report
from annlab.report.files import write_latex, write_markdown
from annlab.report.gather import gather, unanswered
from annlab.report.page import FORMATS, Page, build, write, write_as

__all__ = [
    "FORMATS",
    "Page",
    "Problem",
    "Report",
    "build",
    "gather",
    "unanswered",
    "write",
    "write_as",
    "write_latex",
    "write_markdown",
]
