"""The house style: fonts, colours, markers and dashes that read on white and dark pages, in print and without colour."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterMathtext

from annlab.draw.drawing import INK
from annlab.draw.formats import format_setting, name_words

__all__ = [
    "DASHES",
    "MARKERS",
    "PALETTE",
    "Look",
    "axis_text",
    "colour_bar",
    "diverging",
    "figure",
    "house",
    "housed",
    "label_outer",
    "legend_below",
    "looks",
    "panel_title",
    "readable_on",
    "relative_luminance",
    "scale_axes",
    "sequential",
    "whole_ticks",
]

PALETTE = ("#0070b0", "#d86000", "#b63af0", "#48a0d0", "#b03800", "#8c857d", "#785868")
"""Seven colours, each at least 2.9 : 1 against white and against a near-black page, and apart for the three common colour-blindnesses."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.4, 1.2)),
    (0, (6, 1.5, 1.4, 1.5)),
    (0, (8, 2.5)),
    (0, (3, 1.2, 1, 1.2, 1, 1.2)),
    (0, (1, 2.2)),
)

_ORDERED = ("#2a6fd6", "#7d5fd0", "#b653b0", "#d4607c", "#e07a2e")
_FEW = 3

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 8.5,
    "figure.titlesize": 10.5,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#8a8a8a",
    "grid.alpha": 0.28,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.7,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": True,
    "mathtext.fontset": "dejavusans",
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
    "svg.fonttype": "path",
    "svg.hashsalt": "annlab",
    "pdf.fonttype": 42,
    "savefig.edgecolor": "none",
}

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def house() -> Iterator[None]:
    """The style for the figures made and saved inside; matplotlib's settings are left as they were."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def housed(draw: Callable[P, T]) -> Callable[P, T]:
    """The function, run inside `house`."""

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        with house():
            return draw(*args, **kwargs)

    return inside


def figure(
    rows: int = 1, columns: int = 1, *, width: float | None = None, height: float | None = None, **subplots: Any
) -> tuple[Figure, np.ndarray]:
    """Figure with a (rows, columns) array of axes; `width` and `height` in inches, at most 7.4 wide by default.

    Further arguments go to matplotlib's ``Figure.subplots``.
    """
    size = (width or min(7.4, {1: 5.6, 2: 7.2}.get(columns, 7.4)), height or {1: 3.4}.get(columns, 2.5) * rows + 0.3)
    made = Figure(figsize=size, layout="constrained")
    axes = made.subplots(rows, columns, squeeze=False, **subplots)
    return made, axes


@dataclass(frozen=True)
class Look:
    """How one group is drawn: colour, dashes and marker, so that it is known without its colour."""

    colour: Any
    dashes: Any
    marker: str


def looks(groups: Sequence[Any]) -> dict[Any, Look]:
    """A look a group, in order: a colour ramp where more than three groups are numbers, the palette otherwise."""
    numbers = [value for value in groups if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)]
    ordered = len(groups) > _FEW and len(numbers) == len(groups)
    ramp = LinearSegmentedColormap.from_list("ordered", _ORDERED)
    found = {}
    for index, group in enumerate(groups):
        colour = tuple(float(part) for part in ramp(index / (len(groups) - 1))[:3]) if ordered else PALETTE[index % len(PALETTE)]
        turn = index // len(PALETTE) if not ordered else 0
        found[group] = Look(colour, DASHES[(index + turn) % len(DASHES)], MARKERS[(index + 2 * turn) % len(MARKERS)])
    return found


def sequential() -> Colormap:
    """Perceptually uniform map for magnitudes (viridis)."""
    return mpl.colormaps["viridis"]


@lru_cache(maxsize=1)
def diverging() -> Colormap:
    """Map for signed values: blue, pale grey at zero, orange, with lightness falling linearly on both sides (OKLab)."""
    ends = (_oklab("#0a4f8f"), _oklab("#a84300"))
    middle = np.array([0.95, 0.0, 0.0])
    lightness = min(ends[0][0], ends[1][0])
    steps = np.linspace(-1.0, 1.0, 257)
    colours = []
    for step in steps:
        end = ends[int(step > 0)].copy()
        end[0] = lightness
        weight = abs(step)
        mixed = middle * (1 - weight) + end * weight
        mixed[1:] = end[1:] * np.sin(weight * np.pi / 2)
        colours.append(_rgb(mixed))
    return LinearSegmentedColormap.from_list("annlab-diverging", colours, N=257)


def readable_on(colour: Any) -> str:
    """Near-black or white, whichever has the higher contrast on `colour`."""
    light = relative_luminance(colour)
    return "#0b0b0b" if (light + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


def relative_luminance(colour: Any) -> float:
    """Relative luminance of an sRGB colour in [0, 1] (WCAG 2)."""
    return float(_linear(np.array(to_rgb(colour))) @ np.array([0.2126, 0.7152, 0.0722]))


def axis_text(label: str, unit: str = "") -> str:
    """``label (unit)``; underscores of a column's name become spaces."""
    words = name_words(label)
    return f"{words} ({unit})" if unit else words


def legend_below(made: Figure, entries: Mapping[str, Any], title: str = "", columns: int | None = None) -> None:
    """One legend under the panels; nothing where there are no entries."""
    if not entries:
        return
    made.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=columns or _legend_columns(list(entries), made.get_figwidth()),
        title=title or None,
        handlelength=3.0,
        columnspacing=1.4,
    )


def colour_bar(made: Figure, shown: Any, axes: Any, text: str, *, log: bool = False, aspect: float = 20, **places: Any) -> None:
    """Colour bar beside `axes` (or in ``cax=``) with its label."""
    bar = made.colorbar(shown, ax=axes, **places) if "cax" in places else made.colorbar(shown, ax=axes, pad=0.02, aspect=aspect, **places)
    bar.set_label(text)
    bar.outline.set_visible(False)
    if log:
        bar.ax.yaxis.set_major_formatter(_PlainPowers())
        bar.ax.yaxis.set_minor_formatter(_PlainPowers(minor_thresholds=(1.2, 0.5)))


def panel_title(axes: Axes, text: str) -> None:
    """Title of one panel, left-aligned."""
    axes.set_title(text, loc="left", pad=5)


def scale_axes(axis: Axes, *, log_x: bool, log_y: bool) -> None:
    """Logarithmic axes where asked."""
    for used, direction, scale in ((log_x, axis.xaxis, axis.set_xscale), (log_y, axis.yaxis, axis.set_yscale)):
        if used:
            scale("log")
            direction.set_major_formatter(_PlainPowers())
            direction.set_minor_formatter(_PlainPowers(minor_thresholds=(1.2, 0.5)))


def whole_ticks(axis: Axes, values: Iterable[float]) -> None:
    """No ticks between whole numbers on a linear horizontal axis whose `values` are whole, such as epochs."""
    if axis.get_xscale() == "linear" and all(float(value).is_integer() for value in values):
        axis.locator_params(axis="x", integer=True)


def label_outer(axes: np.ndarray, count: int, x_label: str, y_label: str) -> None:
    """Label the left and lowest axes of a grid of which `count` panels are used, row by row."""
    columns = axes.shape[1]
    for index in range(count):
        row, column = divmod(index, columns)
        if index + columns >= count:
            axes[row, column].set_xlabel(x_label)
            axes[row, column].tick_params(labelbottom=True)
        if column == 0:
            axes[row, column].set_ylabel(y_label)


class _PlainPowers(LogFormatterMathtext):
    """Ticks of a logarithmic axis as plain numbers (0.01) or powers (10⁻⁵), where matplotlib labels them at all."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return format_setting(float(f"{x:.6g}")) if super().__call__(x, pos) else ""


def _legend_columns(texts: Sequence[str], width: float) -> int:
    """Largest number of columns, filled downwards, that fits into `width` inches."""
    for columns in range(len(texts), 1, -1):
        rows = -(-len(texts) // columns)
        needed = sum(0.62 + 0.073 * max(map(len, texts[start : start + rows])) for start in range(0, len(texts), rows))
        if needed <= width - 0.1:
            return -(-len(texts) // rows)
    return 1


def _linear(colour: np.ndarray) -> np.ndarray:
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)


def _oklab(colour: Any) -> np.ndarray:
    """OKLab coordinates of an sRGB colour (Björn Ottosson, 2020)."""
    found: np.ndarray = _TO_LAB @ np.cbrt(_TO_LMS @ _linear(np.array(to_rgb(colour))))
    return found


def _rgb(lab: np.ndarray) -> tuple[float, float, float]:
    linear = np.linalg.solve(_TO_LMS, np.linalg.solve(_TO_LAB, lab) ** 3)
    linear = np.clip(linear, 0.0, 1.0)
    red, green, blue = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return float(red), float(green), float(blue)
