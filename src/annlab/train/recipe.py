"""How a network is trained: one frozen record that the single and the stacked loop both read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run.

    Attributes:
        loss: ``"mse"`` (mean over samples and outputs), ``"cross_entropy"`` (logits against class indices),
            ``"binary_cross_entropy"`` (logits against 0/1), or a function ``(output, target) -> scalar``.
        optimizer: a name of `annlab.train.OPTIMIZERS`, a function ``parameters -> torch.optim.Optimizer``, or
            ``"levenberg_marquardt"`` (dense networks, squared error; see `annlab.train.levenberg_marquardt`).
        learning_rate: step size of an optimizer given by name (a function sets its own); stacked training takes one for each
            replicate too.
        optimizer_options: further options, such as ``{"momentum": 0.9}``.
        schedule: a name of `annlab.train.SCHEDULES` or a function ``epoch -> factor`` of the learning rate, or None.
        batch_size: samples a step; None is the full batch.
        max_epochs: passes over the training set.
        shuffle: whether the order is drawn anew each epoch.
        weight_decay: L2 penalty, ``weight_decay / 2 * sum(w^2)`` added to the loss (decoupled for adamw and muon); biases are left out.
        l1: L1 penalty, ``l1 * sum(|w|)`` added to the loss; biases are left out.
        input_noise: standard deviation of Gaussian noise added to the inputs of each batch.
        patience: epochs without a validation loss lower by more than `min_delta` before training stops; None never stops.
        min_delta: see `patience`.
        restore_best: whether the weights of the lowest validation loss come back at the end.
        evaluate_every: epochs between evaluations of training and validation loss (the last epoch always is).
        running_loss: whether ``train_loss`` is the mean of the losses that the batches had before their steps, dropout and noise
            included, which costs nothing. Otherwise it is computed over the training set after the epoch.
        on_divergence: ``"raise"`` stops with an error and the last finite state kept; ``"record"`` freezes the network
            in that state and notes the epoch.
    """

    loss: str | Callable[[Any, Any], Any] = "mse"
    optimizer: str | Callable[[Any], Any] = "adam"
    learning_rate: float | Sequence[float] = 1e-3
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    schedule: str | Callable[[int], float] | None = None
    batch_size: int | None = None
    max_epochs: int = 200
    shuffle: bool = True
    weight_decay: float = 0.0
    l1: float = 0.0
    input_noise: float = 0.0
    patience: int | None = None
    min_delta: float = 0.0
    restore_best: bool = True
    evaluate_every: int = 1
    running_loss: bool = False
    on_divergence: str = "raise"
