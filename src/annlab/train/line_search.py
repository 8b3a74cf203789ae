"""A step length that satisfies the strong Wolfe conditions (Nocedal and Wright, 2006, algorithms 3.5 and 3.6)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

__all__ = ["Point", "strong_wolfe"]

ARMIJO, CURVATURE = 1e-4, 0.9
LONGEST, SHORTEST = 10.0, 0.01  # an extrapolated step is at most so many steps long, and longer by this part of the last increase
MARGIN = 0.1  # of the bracket, kept from its ends where progress is poor


class Point(NamedTuple):
    """A step of length `t` along the direction: loss, its derivative by t, and its gradient."""

    t: float
    loss: float
    slope: float
    gradient: torch.Tensor


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, step: float, length: float, *, tolerance: float = 1e-9, most: int = 25
) -> tuple[Point, int]:
    """Searches a point with ``loss <= start.loss + 1e-4 t start.slope`` and ``|slope| <= 0.9 |start.slope|``.

    Args:
        evaluate: gives the point at a step length.
        start: the point at 0, whose slope is negative.
        step: length tried first.
        length: largest absolute element of the direction.
        tolerance: change of the parameters below which a bracket is not cut further.
        most: trials after the first.

    Returns:
        Such a point, or the lowest one met where none was found, which may be `start`; and the number of evaluations.
    """
    before, now, trials = start, evaluate(step), 0
    while trials < most:
        if _too_high(now, start) or (trials > 1 and now.loss >= before.loss):
            break
        if _flat_enough(now, start):
            return now, trials + 1
        if now.slope >= 0.0:
            break
        t = _cubic_minimum(before, now, now.t + SHORTEST * (now.t - before.t), LONGEST * now.t)
        before, now = now, evaluate(t)
        trials += 1
    else:
        return min(start, now, key=_loss), trials + 1
    low, high = sorted((before, now), key=_loss)
    hesitant = False  # whether the last trial came close to an end of the bracket
    while trials < most and abs(high.t - low.t) * length >= tolerance:
        left, right = sorted((low.t, high.t))
        t = _cubic_minimum(low, high, left, right)
        margin = MARGIN * (right - left)
        if min(right - t, t - left) >= margin:
            hesitant = False
        elif hesitant or t in (left, right):
            t = right - margin if right - t < t - left else left + margin
            hesitant = False
        else:
            hesitant = True
        now = evaluate(t)
        trials += 1
        if _too_high(now, start) or now.loss >= low.loss:
            low, high = sorted((low, now), key=_loss)
        elif _flat_enough(now, start):
            return now, trials + 1
        else:
            low, high = now, low if now.slope * (high.t - low.t) >= 0.0 else high
    return low, trials + 1


def _loss(point: Point) -> float:
    return point.loss


def _too_high(point: Point, start: Point) -> bool:
    return point.loss > start.loss + ARMIJO * point.t * start.slope


def _flat_enough(point: Point, start: Point) -> bool:
    return abs(point.slope) <= -CURVATURE * start.slope


def _cubic_minimum(a: Point, b: Point, low: float, high: float) -> float:
    """Where the cubic through two points and their slopes is lowest, kept within bounds; the middle where it has no minimum."""
    middle = 0.5 * (low + high)
    first = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.t - b.t)
    square = first**2 - a.slope * b.slope
    if not 0.0 <= square < math.inf:
        return middle
    second = math.copysign(math.sqrt(square), b.t - a.t)
    below = b.slope - a.slope + 2.0 * second
    return min(max(b.t - (b.t - a.t) * (b.slope + second - first) / below, low), high) if below else middle
