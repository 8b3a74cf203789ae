"""Sheets of images."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from annlab.draw.drawing import Drawing
from annlab.draw.style import figure, housed

__all__ = ["image_sheet"]

GAP = 0.05  # between neighbours, of the edge of a cell


@housed
def image_sheet(
    rows: Mapping[str, np.ndarray],
    *,
    titles: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
    size: float = 0.7,
    alt: str = "",
) -> Drawing:
    """Rows of images, one title a row at the left, one a column above.

    Args:
        rows: images by row title: (n, height, width) grey, or (n, height, width, 3) colour; integers of 0 ... 255 or
            floats in [0, 1]; rows may differ in n.
        titles: title of each column.
        limits: values shown black and white, for grey images that are not in [0, 1]; floats outside are cut.
        size: edge of one image in inches, smaller where the sheet would be wider than a page.
        alt: alternative text; made from the data where empty.

    Raises:
        ValueError: without images or for arrays of other shapes.
    """
    arrays = {name: np.asarray(images) for name, images in rows.items()}
    for name, images in arrays.items():
        if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)) or not len(images):
            raise ValueError(f"images of row {name!r} must have shape (n, height, width[, 1 or 3]) with n >= 1, got {images.shape}")
    if not arrays:
        raise ValueError("an image sheet needs at least one row")
    columns = max(len(images) for images in arrays.values())
    edge = min(size, 6.2 / columns)
    drawn, axes = figure(width=max(2.4, edge * columns + 1.1), height=edge * len(arrays) + 0.25 + 0.2 * bool(titles))
    sheet: Axes = axes[0, 0]  # one for all images: hundreds would take many times as long
    sheet.set_axis_off()
    for row, (name, images) in enumerate(arrays.items()):
        whole = np.issubdtype(images.dtype, np.integer)
        low, high = limits or ((0, 255) if whole else (0.0, 1.0))
        for column, each in enumerate(images):
            image = each[:, :, 0] if each.ndim == 3 and each.shape[2] == 1 else each
            if image.ndim == 3:
                image = np.clip((image.astype(float) - low) / (high - low), 0, 1)
            extent = _within(column, row, *image.shape[:2])
            sheet.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest", extent=extent)
        sheet.text(-0.1, row + 0.5, name, ha="right", va="center", fontsize=8.5)
    for column, title in enumerate((titles or ())[: len(next(iter(arrays.values())))]):
        sheet.text(column + 0.5, -0.06, title, ha="center", va="bottom", fontsize=8)
    sheet.set(xlim=(0, columns), ylim=(len(arrays), 0), aspect="equal")
    shown = "; ".join(f"{name}: {len(images)} images" for name, images in arrays.items())
    return Drawing(drawn, alt=alt or f"Sheet of images. {shown}.")


def _within(column: int, row: int, height: int, width: int) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of an image in the middle of the cell of a column and row, its pixels square."""
    scale = (1 - GAP) / max(height, width)
    x, y, across, down = column + 0.5, row + 0.5, scale * width / 2, scale * height / 2
    return x - across, x + across, y + down, y - down
