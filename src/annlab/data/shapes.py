"""Rendered colour shapes of 32 x 32 pixels in ten classes, whose five factors are known: shape, colour, size, position, angle."""

from collections.abc import Callable

import numpy as np

from annlab.data.samples import FixedBits, Source

__all__ = ["COLOURS", "FACTORS", "SHAPES", "draw_factors", "render", "shapes32"]

SIDE = 32
BACKGROUND = 32.0
TRAINING, TEST = 8_000, 2_000
CHUNK = 1_000
FACTORS = ("shape", "colour", "size", "x", "y", "angle")
COLOURS = ("orange", "sky blue", "green", "yellow", "blue", "vermilion", "purple", "white")
RED_GREEN_BLUE = np.array(
    [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167), (240, 240, 240)],
    dtype=np.float64,
)


def shapes32() -> dict[str, np.ndarray]:
    """10,000 images with factors drawn independently of each other; the first 8,000 train and the last 2,000 test.

    Returns:
        ``X_train`` (8000, 32, 32, 3) uint8, ``y_train`` (8000,) int64 the shape, ``factors_train`` (8000, 6) float64 with the columns
        `FACTORS`; ``X_test``, ``y_test`` and ``factors_test`` for 2000.
    """
    factors = draw_factors(TRAINING + TEST, FixedBits(505))
    X, y = render(factors), factors[:, 0].astype(np.int64)
    parts = {"train": slice(TRAINING), "test": slice(TRAINING, None)}
    return {f"{name}_{part}": array[rows] for part, rows in parts.items() for name, array in (("X", X), ("y", y), ("factors", factors))}


def draw_factors(n: int, rng: Source) -> np.ndarray:
    """Factors of `n` images, each uniform and independent.

    Args:
        n: number of images.
        rng: draws all factors at once.

    Returns:
        (n, 6) float64, the columns of `FACTORS`: the shape 0 to 9; the colour 0 to 7; the size, the radius of the circle around the
        shape, 7 to 11 pixels in quarters; the centre's x and y, -4 to 4 pixels from the middle of the image in quarters, y downwards; the
        angle, -30 to 30 whole degrees, clockwise - so little that no shape comes to look as at another angle.
    """
    steps = np.array([len(SHAPES), len(COLOURS), 17, 33, 33, 61])
    return np.asarray(np.floor(rng.random((n, len(FACTORS))) * steps) * (1, 1, 0.25, 0.25, 0.25, 1) + (0, 0, 7, -4, -4, -30))


def render(factors: np.ndarray) -> np.ndarray:
    """Images of the given factors on a dark grey ground.

    A pixel's share of the shape is 1/2 minus the distance of its centre from the outline in pixels, cut off at 0 and 1, so that
    edges are smooth. Apart from the sine and cosine of whole degrees, which are rounded to 12 decimals, only the four operations,
    square roots and comparisons are used, which give the same bits on all machines.

    Args:
        factors: (n, 6) with the columns of `FACTORS`; any real numbers, shape and colour as whole ones.

    Returns:
        (n, 32, 32, 3) uint8.

    Raises:
        ValueError: for factors of another shape, or an unknown shape or colour.
    """
    factors = np.asarray(factors, dtype=np.float64)
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise ValueError(f"factors have the columns {', '.join(FACTORS)}; got an array of shape {factors.shape}")
    kinds, hues = factors[:, 0].astype(np.int64), factors[:, 1].astype(np.int64)
    for name, values, known in (("shape", kinds, len(SHAPES)), ("colour", hues, len(COLOURS))):
        if values.size and not (values.min() >= 0 and values.max() < known):
            raise ValueError(f"a {name} is a whole number from 0 to {known - 1}")
    images = np.empty((len(factors), SIDE, SIDE, 3), dtype=np.uint8)
    for kind, distance in enumerate(SHAPES.values()):
        rows = np.flatnonzero(kinds == kind)
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            share = _share(factors[some], distance)[..., None]
            images[some] = np.floor(BACKGROUND + share * (RED_GREEN_BLUE[hues[some]][:, None, None, :] - BACKGROUND) + 0.5)
    return images


def _share(factors: np.ndarray, distance: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Share of each pixel that the shape covers, (n, 32, 32)."""
    size, x, y, angle = (column[:, None, None] for column in factors[:, 2:].T)
    axis = np.arange(SIDE) - (SIDE - 1) / 2
    cosine, sine = (np.round(function(np.radians(angle)), 12) for function in (np.cos, np.sin))
    right, down = axis[None, None, :] - x, axis[None, :, None] - y
    u, v = (cosine * right + sine * down) / size, (cosine * down - sine * right) / size
    return np.asarray(np.clip(0.5 - size * distance(u, v), 0.0, 1.0))


# Distances from the outline of shapes in the unit circle, negative inside; u points right, v down.


def _disc(u: np.ndarray, v: np.ndarray, radius: float, left: float = 0.0, top: float = 0.0) -> np.ndarray:
    return np.asarray(np.sqrt((u - left) * (u - left) + (v - top) * (v - top)) - radius)


def _box(u: np.ndarray, v: np.ndarray, left: float, right: float, top: float, bottom: float) -> np.ndarray:
    across, along = np.maximum(left - u, u - right), np.maximum(top - v, v - bottom)
    return np.asarray(np.maximum(across, along))


def _sides(u: np.ndarray, v: np.ndarray, corners: int, distance: float) -> np.ndarray:
    """Distances from the sides of a regular polygon with one corner at the top, (corners, ...)."""
    directions = np.round([(np.sin(turn), -np.cos(turn)) for turn in np.pi * (2 * np.arange(corners) + 1) / corners], 12)
    return np.stack([a * u + b * v - distance for a, b in directions.tolist()])


def _triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.asarray(_sides(u, v, 3, 0.5).max(axis=0))


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _box(u, v, -0.7, 0.7, -0.7, 0.7)


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    # A point lies in the pentagram where it is within at least four of the five sides.
    return np.asarray(np.sort(_sides(u, v, 5, 0.309), axis=0)[-2])


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum(_box(u, v, -0.95, 0.95, -0.28, 0.28), _box(u, v, -0.28, 0.28, -0.95, 0.95)))


def _ell(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum(_box(u, v, -0.6, -0.1, -0.8, 0.8), _box(u, v, -0.6, 0.6, 0.3, 0.8)))


def _arrow(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    slope = 0.7071067811865476
    head = np.maximum(v - 0.0, np.maximum(slope * (u - v) - slope * 0.95, slope * (-u - v) - slope * 0.95))
    return np.asarray(np.minimum(head, _box(u, v, -0.25, 0.25, -0.2, 0.95)))


def _heart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    slope = 0.7071067811865476
    point = np.maximum(slope * np.maximum(u + v, v - u) - slope * 0.85, slope * (np.maximum(-u - v, u - v)) - slope * 0.55)
    return np.asarray(np.minimum(point, np.minimum(_disc(u, v, 0.495, -0.35, -0.2), _disc(u, v, 0.495, 0.35, -0.2))))


def _crescent(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(_disc(u, v, 0.95), -_disc(u, v, 0.8, 0.45)))


def _half_disc(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(_disc(u, v, 0.95, 0.0, 0.4), v - 0.4))


def _horseshoe(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    ring = np.maximum(_disc(u, v, 0.95), -_disc(u, v, 0.5))
    return np.asarray(np.maximum(ring, -_box(u, v, -0.35, 0.35, 0.0, 2.0)))


SHAPES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "triangle": _triangle,
    "square": _square,
    "star": _star,
    "cross": _cross,
    "ell": _ell,
    "arrow": _arrow,
    "heart": _heart,
    "crescent": _crescent,
    "half disc": _half_disc,
    "horseshoe": _horseshoe,
}
