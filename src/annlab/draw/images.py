"""Sheets of images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from annlab.draw.drawing import Drawing
from annlab.draw.style import figure, housed

__all__ = ["image_sheet"]


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
    drawn, axes = figure(len(arrays), columns, width=max(2.4, edge * columns + 1.1), height=edge * len(arrays) + 0.25 + 0.2 * bool(titles))
    engine: Any = drawn.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0)
    for row, (line, (name, images)) in enumerate(zip(axes, arrays.items(), strict=True)):
        whole = np.issubdtype(images.dtype, np.integer)
        low, high = limits or ((0, 255) if whole else (0.0, 1.0))
        for index, axis in enumerate(line):
            axis.set_axis_off()
            if index >= len(images):
                continue
            image = images[index, :, :, 0] if images.ndim == 4 and images.shape[3] == 1 else images[index]
            if image.ndim == 3:
                image = np.clip((image.astype(float) - low) / (high - low), 0, 1)
            axis.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            if titles and row == 0 and index < len(titles):
                axis.set_title(titles[index], fontsize=8)
        line[0].text(-0.12, 0.5, name, transform=line[0].transAxes, ha="right", va="center", fontsize=8.5)
    shown = "; ".join(f"{name}: {len(images)} images" for name, images in arrays.items())
    return Drawing(drawn, alt=alt or f"Sheet of images. {shown}.")
