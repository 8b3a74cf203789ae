"""How networks learn: recipes, optimisers, schedules, the training loops, checkpoints."""

from annlab.train.checkpoint import Checkpoint
from annlab.train.history import History
from annlab.train.loop import fit
from annlab.train.losses import LOSSES
from annlab.train.optimisers import OPTIMIZERS, make_optimizer
from annlab.train.outcomes import DivergenceError
from annlab.train.recipe import Recipe
from annlab.train.schedules import SCHEDULES, make_schedule
from annlab.train.stacked import fit_stacked

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Checkpoint",
    "DivergenceError",
    "History",
    "Recipe",
    "fit",
    "fit_stacked",
    "make_optimizer",
    "make_schedule",
]
