"""Training of stacked networks: every replicate its own data, order, noise and rate, all in one tensor program."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from annlab.nets.stacked_mlp import StackedMLP
from annlab.train.history import History
from annlab.train.recipe import Recipe

__all__ = ["fit_stacked"]


def fit_stacked(
    stack: StackedMLP,
    X: Tensor | np.ndarray,
    y: Tensor | np.ndarray,
    recipe: Recipe,
    *,
    validation: tuple[Tensor | np.ndarray, Tensor | np.ndarray] | None = None,
    orders: Sequence[torch.Generator] | None = None,
    noises: Sequence[torch.Generator] | None = None,
    dropouts: Sequence[torch.Generator] | None = None,
    monitors: Mapping[str, Callable[[StackedMLP], Any]] | None = None,
    progress: Callable[..., None] | None = None,
) -> History:
    """Train every replicate of `stack` in place, each as `annlab.train.fit` would train it alone."""
    raise NotImplementedError
