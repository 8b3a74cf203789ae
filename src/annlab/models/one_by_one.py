"""Replicates that train one after the other."""

from collections.abc import Callable

from annlab.train import DivergenceError, History

__all__ = ["train_each"]


def train_each(n_replicates: int, train: Callable[[int], History]) -> tuple[list[History], DivergenceError | None]:
    """Trains every replicate, those after one that diverges too, so that none is left with its initial weights.

    Args:
        n_replicates: how many.
        train: trains replicate r and gives its history.

    Returns:
        A history each, up to its divergence where it diverged, and the first divergence, for the caller to raise.
    """
    histories: list[History] = []
    failure: DivergenceError | None = None
    for r in range(n_replicates):
        try:
            histories.append(train(r))
        except DivergenceError as error:
            histories.append(error.history)
            failure = failure or error
    return histories, failure
