"""How good a forecast of a series is: by horizon, until it breaks down, in the height and place of its peaks."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["amplitude_error", "breakdown_step", "horizon_mse", "nmse_against", "peak_position_error"]


def horizon_mse(target: ArrayLike, forecasts: ArrayLike) -> np.ndarray:
    """Mean squared error at each step: mean over all axes but the last, ``(..., steps)`` -> ``(steps,)``."""
    raise NotImplementedError


def nmse_against(target: ArrayLike, forecast: ArrayLike, normaliser: str, train: ArrayLike | None = None) -> Any:
    """MSE over the last axis, over ``"test_variance"``, ``"train_variance"``, or the MSE of the ``"train_mean"`` or ``"last_value"``."""
    raise NotImplementedError


def breakdown_step(target: ArrayLike, forecast: ArrayLike, deviation: float, run: int = 5) -> Any:
    """First step (from 1) of the first `run` steps in a row whose error is beyond `deviation`; ``steps + 1`` where it holds to the end."""
    raise NotImplementedError


def amplitude_error(target: ArrayLike, forecast: ArrayLike) -> Any:
    """Range of the forecast minus range of the target over the last axis, over the range of the target; 0 is right, -1 a flat line."""
    raise NotImplementedError


def peak_position_error(target: ArrayLike, forecast: ArrayLike, prominence: float) -> Any:
    """Mean distance in steps of each of the target's peaks from the nearest peak of the forecast."""
    raise NotImplementedError
