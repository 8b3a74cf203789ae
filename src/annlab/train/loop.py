"""The training loop of a single network: data on the device, batches cut from tensors, one synchronisation an epoch."""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets.dropout import Dropout, set_dropout_generator
from annlab.train.checkpoint import Checkpoint, CheckpointWriter
from annlab.train.evaluation import dataset_loss, draws_of_its_own, size_of_parameters
from annlab.train.guard import guarded_generators, read_generators, subnormals_as_zero, write_generators
from annlab.train.history import History
from annlab.train.levenberg_marquardt import LEVENBERG_MARQUARDT, fit_levenberg_marquardt_single
from annlab.train.losses import target_dtype
from annlab.train.outcomes import DivergenceError
from annlab.train.progress import Tracker
from annlab.train.recipe import Recipe
from annlab.train.schedules import make_schedule
from annlab.train.steps import Stepper
from annlab.train.tensors import as_tensor, place_of

__all__ = ["fit"]


@subnormals_as_zero()
def fit(
    net: nn.Module,
    X: Any,
    y: Any,
    recipe: Recipe,
    *,
    validation: tuple[Any, Any] | None = None,
    order: torch.Generator | None = None,
    noise: torch.Generator | None = None,
    dropout: torch.Generator | None = None,
    monitors: Mapping[str, Callable[[nn.Module], float]] | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    resume: str | Path | Checkpoint | None = None,
    progress: Callable[..., None] | None = None,
) -> History:
    """Trains `net` in place and leaves it in evaluation mode.

    On the CPU with a fixed number of threads the learned state is bitwise the same from the same generators. Torch's, NumPy's
    and Python's global generators are left as found: a network that draws from them finds them seeded from `dropout`.

    Args:
        net: any module that maps a batch of `X` to an output the loss takes; its parameters say device and type.
        X: inputs (n, ...), array or tensor; floating values are brought to the network's type, bytes to [0, 1] batch by batch.
        y: targets (n, ...): of the network's type, class indices for cross-entropy; (n,) stands for (n, 1).
        recipe: how to train.
        validation: inputs and targets of the validation loss, as `X` and `y`.
        order: draws the order of the samples each epoch.
        noise: draws the noise on the inputs.
        dropout: draws the masks of `annlab.nets.Dropout`, and seeds the global generators for other modules (0 where None).
        monitors: functions of the network in evaluation mode, recorded beside the losses under their names.
        checkpoint: file that the state of training is written to: every `checkpoint_every` epochs, or after 20 seconds
            where that is None, and at the end.
        checkpoint_every: see `checkpoint`.
        resume: file or `Checkpoint` to go on from; the continued run equals the undisturbed one bitwise on the CPU.
        progress: called as ``progress(epoch, **columns)`` after every evaluation.

    Returns:
        What was measured; see `History`.

    Raises:
        UsageError: for data, recipe or generators that do not fit together.
        DivergenceError: for a training or validation loss that is not finite, where the recipe says ``"raise"``; the network is
            put back to the end of the last finite epoch.
    """
    if recipe.optimizer == LEVENBERG_MARQUARDT:
        if checkpoint is not None or resume is not None:
            raise UsageError("levenberg_marquardt keeps no checkpoints")
        return fit_levenberg_marquardt_single(net, X, y, recipe, validation=validation, monitors=monitors, progress=progress)
    device, _ = place_of(net)
    if dropout is None and any(isinstance(module, Dropout) and module.p > 0.0 for module in net.modules()):
        raise UsageError("this network has dropout: give fit a generator as dropout=")
    given = {"order": order, "noise": noise, "dropout": dropout}
    generators = {name: generator for name, generator in given.items() if generator is not None}
    kept = resume if resume is None or isinstance(resume, Checkpoint) else Checkpoint.load(resume)
    with guarded_generators(0 if dropout is None else dropout.initial_seed(), device):
        set_dropout_generator(net, dropout)
        try:
            net.eval()
            run = _Run(net, X, y, recipe, validation, generators, monitors or {})
            return run.train(kept, CheckpointWriter(checkpoint, checkpoint_every), progress)
        finally:
            set_dropout_generator(net, None)
            net.eval()


class _Run:
    def __init__(
        self,
        net: nn.Module,
        X: Any,
        y: Any,
        recipe: Recipe,
        validation: tuple[Any, Any] | None,
        generators: Mapping[str, torch.Generator],
        monitors: Mapping[str, Callable[[nn.Module], float]],
    ) -> None:
        if recipe.patience is not None and validation is None:
            raise UsageError("patience needs validation data")
        if recipe.on_divergence not in ("raise", "record"):
            raise UsageError(f"on_divergence takes 'raise' or 'record', got {recipe.on_divergence!r}")
        self.net, self.recipe, self.generators, self.monitors = net, recipe, generators, monitors
        self.device, self.dtype = place_of(net)
        self.stepper = Stepper(net, *self._data(X, y, "training"), recipe, generators)
        self.validation = None if validation is None else self._data(*validation, "validation")
        self.tracker = Tracker(recipe, net, validated=validation is not None)
        self.schedule = make_schedule(recipe)
        self.rates = [group["lr"] for group in self.stepper.optimizer.param_groups]
        self.apart = bool(monitors) or draws_of_its_own(net)

    def _data(self, X: Any, y: Any, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
        features = as_tensor(X, self.device, self.dtype)
        targets = as_tensor(y, self.device, target_dtype(self.recipe.loss, self.dtype))
        if len(features) == 0 or len(features) != len(targets):
            raise UsageError(f"{kind} data need as many targets as inputs, at least one; got {len(targets)} and {len(features)}")
        return features, targets

    def train(self, resume: Checkpoint | None, writer: CheckpointWriter, progress: Callable[..., None] | None) -> History:
        recipe, tracker = self.recipe, self.tracker
        if resume is not None:
            self._go_on(resume)
        while tracker.epoch < recipe.max_epochs and not tracker.stopped:
            epoch = tracker.epoch + 1
            rate = self._set_rate(epoch)
            started = time.perf_counter()
            seen = self.stepper.epoch()
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            tracker.seconds += time.perf_counter() - started
            due = epoch % recipe.evaluate_every == 0 or epoch == recipe.max_epochs
            row, finite = self._measure(seen, evaluated=due)
            row["learning_rate"] = rate
            if finite:
                tracker.advance(row if due else None)
            else:
                tracker.diverge(row)
            ended = epoch == recipe.max_epochs or bool(tracker.stopped)
            writer.write(self._checkpoint, epoch, last=ended)
            if not finite and recipe.on_divergence == "raise":
                raise DivergenceError(epoch, tracker.history())
            if progress is not None and (due or ended):
                progress(epoch, **row, seconds=tracker.seconds)
        tracker.restore_best()
        return tracker.history()

    def _set_rate(self, epoch: int) -> float:
        factor = self.schedule(epoch - 1)
        for group, rate in zip(self.stepper.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        return float(self.rates[0] * factor)

    def _measure(self, seen: torch.Tensor, *, evaluated: bool) -> tuple[dict[str, float], bool]:
        """The losses and monitors after an epoch, and whether all losses and the weights are finite; one synchronisation for them."""
        numbers = {"seen": seen, "weights": size_of_parameters(self.stepper.parameters)}
        states = read_generators(self.device) if self.apart and evaluated else None
        if evaluated:
            if self.net.training:
                self.net.eval()
            numbers["train_loss"] = seen if self.recipe.running_loss else self.stepper.training_loss()
            if self.validation is not None:
                numbers["validation_loss"] = dataset_loss(self.net, *self.validation, self.stepper.loss, self.dtype)
        values = dict(zip(numbers, torch.stack([number.double() for number in numbers.values()]).tolist(), strict=True))
        finite = all(map(math.isfinite, values.values()))
        row: dict[str, float] = {name: values[name] for name in ("train_loss", "validation_loss") if name in values}
        if not finite and not evaluated:
            row = {"train_loss": math.nan} | ({} if self.validation is None else {"validation_loss": math.nan})
        if evaluated:
            with torch.no_grad():
                row |= {name: float(monitor(self.net)) for name, monitor in self.monitors.items()}
        if states is not None:
            write_generators(states, self.device)
        return row, finite

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            net=self.net.state_dict(),
            optimizer=self.stepper.optimizer.state_dict(),
            generators={name: generator.get_state() for name, generator in self.generators.items()},
            global_generators=read_generators(self.device),
            tracker=self.tracker.read(),
        )

    def _go_on(self, kept: Checkpoint) -> None:
        missing = set(kept.generators) ^ set(self.generators)
        if missing:
            raise UsageError(f"the checkpoint and this call differ in the generators {sorted(missing)}")
        self.net.load_state_dict(kept.net)
        self.stepper.optimizer.load_state_dict(kept.optimizer)
        self._lay_as_parameters()
        for name, state in kept.generators.items():
            self.generators[name].set_state(state)
        write_generators(kept.global_generators, self.device)
        self.tracker.write(kept.tracker)

    def _lay_as_parameters(self) -> None:
        """Lays the optimiser's tensors in memory as their parameters lie; fused optimisers take them element by element, strides unseen."""
        for parameter, state in self.stepper.optimizer.state.items():
            for name, value in state.items():
                if isinstance(value, torch.Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                    state[name] = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)
