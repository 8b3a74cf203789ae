"""The error of a training run whose loss stopped being a number."""

from annlab.train.history import History

__all__ = ["DivergenceError"]


class DivergenceError(ValueError):
    """The loss became NaN or infinite; the network is back in the state after the last epoch with finite loss.

    Attributes:
        epoch: epoch in which it happened.
        history: what was measured until then.
    """

    def __init__(self, epoch: int, history: History) -> None:
        super().__init__(
            f"the loss was not finite in epoch {epoch}; the network was put back to the end of epoch {epoch - 1}. "
            "A smaller learning_rate or scaled inputs usually help"
        )
        self.epoch = epoch
        self.history = history
