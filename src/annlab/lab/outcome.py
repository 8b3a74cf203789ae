"""What a trial returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """Measurements of one trial of one replicate.

    Attributes:
        metrics: numbers by name; NaN or infinity where the trial measured just that (a diverged loss). Part of equality.
        timings: seconds by name; stored apart and outside every equality.
        series: frames by name, each a mapping of column to a one-dimensional array of common length; the first columns
            name the axes (epoch, noise level, horizon, class), the others are values at them. Inner sweeps live here.
        arrays: arrays by name (predictions, weights, images).
        models: estimators by name, stored by their own ``save``.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, frame in self.series.items():
            lengths = {column: len(values) for column, values in frame.items()}
            if len(set(lengths.values())) > 1:
                raise ValueError(f"columns of series {name!r} differ in length: {lengths}")
        for kind, values in (("metric", self.metrics), ("timing", self.timings)):
            for name, value in values.items():
                if not isinstance(value, int | float | np.integer | np.floating):
                    raise TypeError(f"{kind} {name!r} must be a number, got {type(value).__name__}")
