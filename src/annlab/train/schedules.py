"""Learning-rate schedules: factors of the learning rate by epoch."""

import math
from collections.abc import Callable

from annlab.errors import UsageError, unknown_name
from annlab.train.recipe import Recipe

__all__ = ["SCHEDULES", "constant", "cosine", "exponential", "make_schedule", "one_cycle", "step", "warmup", "warmup_cosine"]

Schedule = Callable[[int], float]

SHORT = 8  # epochs from which on a cycle can afford its first and last at almost no rate


def constant(max_epochs: int) -> Schedule:
    """Factor 1 throughout."""
    return lambda epoch: 1.0


def step(max_epochs: int, factor: float = 0.1, drops: int = 2) -> Schedule:
    """Multiplies the rate by `factor` at `drops` epochs that cut the run into equal parts."""
    if drops < 0:
        raise UsageError(f"drops must be at least 0, got {drops}")
    return lambda epoch: factor ** min(drops, epoch * (drops + 1) // max(1, max_epochs))


def exponential(max_epochs: int, final: float = 0.01) -> Schedule:
    """Decays geometrically from 1 in the first epoch to `final` in the last: ``final ** (epoch / (max_epochs - 1))``."""
    return lambda epoch: final ** (epoch / max(1, max_epochs - 1))


def cosine(max_epochs: int, final: float = 0.0) -> Schedule:
    """Half a cosine from 1 in the first epoch towards `final` after the last (Loshchilov and Hutter, 2017, without restarts)."""
    return lambda epoch: final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * min(epoch, max_epochs) / max(1, max_epochs)))


def one_cycle(max_epochs: int, rise: float = 0.3, start: float = 0.04, final: float = 1e-4) -> Schedule:
    """From `start` up to 1 over the fraction `rise` of the epochs, then down to `final`, along half cosines (Smith and Topin, 2018).

    With ``c(x) = (1 - cos(pi x)) / 2`` and the top T = max(1, round(rise E)) of E epochs, epoch e has ``start + (1 - start) c(e / T)``
    before T and ``1 - (1 - final) c((e - T) / (E - 1 - T))`` from T on.

    Fewer than 8 epochs spend none at `start` and `final`, which lie one epoch before the first and after the last: T = floor(rise E),
    ``start + (1 - start) c((e + 1) / (T + 1))`` before T and ``1 - (1 - final) c((e - T) / (E - T))`` from T on. One epoch has the
    factor 1, two have 1 and 0.5, three 1, 0.75 and 0.25, four 0.52, 1, 0.75 and 0.25.
    """
    outside = 1 if max_epochs < SHORT else 0
    top = math.floor(rise * max_epochs) if outside else max(1, round(rise * max_epochs))

    def factor(epoch: int) -> float:
        if epoch < top:
            return start + (1.0 - start) * 0.5 * (1.0 - math.cos(math.pi * (epoch + outside) / (top + outside)))
        part = (epoch - top) / max(1, max_epochs - 1 - top + outside)
        return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, part)))

    return factor


def warmup(max_epochs: int, fraction: float = 0.05) -> Schedule:
    """Rises linearly, ``(e + 1) / (T + 1)``, over the first T = max(1, round(fraction E)) of E epochs, then stays at 1.

    One or two epochs have no time for it: T = 0, they stay at 1.
    """
    length = _rising(max_epochs, fraction)
    return lambda epoch: min(1.0, (epoch + 1) / (length + 1))


def warmup_cosine(max_epochs: int, fraction: float = 0.05, final: float = 0.0) -> Schedule:
    """Linear rise as `warmup`, then half a cosine from 1 towards `final` over the remaining epochs, as `cosine`."""
    length = _rising(max_epochs, fraction)
    rise, fall = warmup(max_epochs, fraction), cosine(max_epochs - length, final)
    return lambda epoch: rise(epoch) if epoch < length else fall(epoch - length)


def _rising(max_epochs: int, fraction: float) -> int:
    return max(1, round(fraction * max_epochs)) if max_epochs > 2 else 0


SCHEDULES: dict[str, Callable[[int], Schedule]] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "one_cycle": one_cycle,
    "warmup": warmup,
    "warmup_cosine": warmup_cosine,
}


def make_schedule(recipe: Recipe) -> Schedule:
    """Function ``epoch -> factor of the learning rate`` of a recipe; epochs count from 0.

    Raises:
        UsageError: for an unknown name.
    """
    if recipe.schedule is None:
        return constant(recipe.max_epochs)
    if callable(recipe.schedule):
        return recipe.schedule
    if recipe.schedule not in SCHEDULES:
        raise unknown_name("schedule", recipe.schedule, SCHEDULES)
    return SCHEDULES[recipe.schedule](recipe.max_epochs)
