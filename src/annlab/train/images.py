"""Training of image classifiers: the loop of `annlab.train.fit` with augmentation, label smoothing and mixed precision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from annlab.errors import UsageError
from annlab.train.augment import Augmentation, Augmenter
from annlab.train.history import History
from annlab.train.lbfgs import LBFGS
from annlab.train.loop import fit
from annlab.train.recipe import Recipe

__all__ = ["fit_images"]

SEVERAL = "lbfgs looks at a batch several times and cannot have it augmented anew each time: leave out augmentation, or take another one"


def fit_images(
    net: nn.Module,
    X: Any,
    y: Any,
    recipe: Recipe,
    *,
    augmentation: Sequence[Augmentation] = (),
    augment: torch.Generator | None = None,
    label_smoothing: float = 0.0,
    mixed_precision: bool = False,
    compile: bool = False,  # noqa: A002 - the name that torch gives it
    validation: tuple[Any, Any] | None = None,
    monitors: Mapping[str, Callable[[nn.Module], float]] | None = None,
    **common: Any,
) -> History:
    """Trains a classifier of images in place, as `annlab.train.fit` does, which it calls.

    Training and validation losses are cross-entropies in nats. The training loss has augmentation, smoothing and mixing in it where the
    recipe says ``running_loss``, and is the plain one of the images as they are where not; the validation loss is plain. With
    validation data the record has a column ``validation_accuracy``, taken from the same outputs.

    Args:
        net: gives logits (n, classes); its own parameters are trained.
        X: images (n, height, width, channels), best as bytes, which are made numbers in [0, 1] batch by batch on the device of `net`.
        y: class indices (n,).
        recipe: how to train; its loss must be ``"cross_entropy"``. L-BFGS, by name or made by a function, takes no augmentation.
        augmentation: declarations of `annlab.train.augment`, applied to each batch anew.
        augment: draws them; on the device of `net` it costs no transfer. No part of checkpoints.
        label_smoothing: share of the target that is spread evenly over all classes.
        mixed_precision: whether matrix products and convolutions are computed in bfloat16, the weights staying as they are.
        compile: whether ``torch.compile`` makes one program of the network; needs a compiler, and a while at first.
        validation: as in `fit`.
        monitors: as in `fit`.
        common: the other options of `fit`: order, noise, dropout, checkpoint, checkpoint_every, resume, progress.

    Returns:
        What was measured; see `History`.

    Raises:
        UsageError: for options that do not fit together, and as `fit` does.
        DivergenceError: as `fit` does.
    """
    if recipe.loss != "cross_entropy":
        raise UsageError(f"fit_images trains on the cross-entropy, got the loss {recipe.loss!r}")
    if augmentation and augment is None:
        raise UsageError("augmentation draws at random: give fit_images a generator as augment=")
    if augmentation and recipe.optimizer == "lbfgs":
        raise UsageError(SEVERAL)
    if augmentation and callable(recipe.optimizer):
        recipe = replace(recipe, optimizer=_one_look(recipe.optimizer))
    augmenter = Augmenter(augmentation, augment) if augmentation and augment is not None else None
    view = _View(net, augmenter, mixed_precision=mixed_precision, compiled=compile)
    loss = _Loss(view, label_smoothing, counting=validation is not None)
    monitors = {name: _of_net(monitor, net) for name, monitor in (monitors or {}).items()}
    if validation is not None:
        n = len(validation[1])
        monitors = {"validation_accuracy": lambda _: loss.accuracy(n), **monitors}
    return fit(view, X, y, replace(recipe, loss=loss), validation=validation, monitors=monitors, **common)


def _one_look(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`make`, which may not make an optimiser that evaluates the loss of a step several times."""

    def made(parameters: Any) -> Any:
        optimizer = make(parameters)
        if isinstance(optimizer, torch.optim.LBFGS | LBFGS):
            raise UsageError(SEVERAL)
        return optimizer

    return made


def _of_net(monitor: Callable[[nn.Module], float], net: nn.Module) -> Callable[[nn.Module], float]:
    return lambda _: monitor(net)


class _View(nn.Module):
    """The network as training sees it: images augmented on their way in, products in low precision, logits as its parameters' type."""

    def __init__(self, net: nn.Module, augmenter: Augmenter | None, *, mixed_precision: bool, compiled: bool) -> None:
        super().__init__()
        self.net, self.augmenter, self.mixed_precision = net, augmenter, mixed_precision
        self.mixed: tuple[torch.Tensor, torch.Tensor] | None = None
        self._call: tuple[Callable[..., Any], ...] = (torch.compile(net) if compiled else net,)  # in a tuple: no second submodule

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and self.augmenter is not None:
            x, self.mixed = self.augmenter(x)
        call = self._call[0]
        if not self.mixed_precision:
            return call(x)  # type: ignore[no-any-return]
        with torch.autocast(x.device.type, torch.bfloat16):
            outputs = call(x)
        return outputs.to(x.dtype)  # type: ignore[no-any-return]


class _Loss:
    """Cross-entropy of a `_View`: smoothed and mixed while training; in evaluation plain, and right answers are counted."""

    def __init__(self, view: _View, label_smoothing: float, *, counting: bool) -> None:
        self.view, self.label_smoothing, self.counting = view, label_smoothing, counting
        self.counted: list[tuple[torch.Tensor, int]] = []

    def __call__(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if not self.view.training:
            if self.counting:
                self.counted.append(((output.argmax(1) == target).sum(), len(target)))
            return functional.cross_entropy(output, target)
        own = functional.cross_entropy(output, target, label_smoothing=self.label_smoothing)
        if self.view.mixed is None:
            return own
        partner, weight = self.view.mixed
        other = functional.cross_entropy(output, target[partner], label_smoothing=self.label_smoothing)
        return torch.lerp(other, own, weight.to(own.dtype))

    def accuracy(self, n: int) -> float:
        """Share of right answers among the last `n` samples evaluated; the count starts anew."""
        right, seen = 0, 0
        while seen < n:
            correct, size = self.counted.pop()
            right, seen = right + int(correct), seen + size
        self.counted.clear()
        return right / n
