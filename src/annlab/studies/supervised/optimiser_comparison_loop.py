"""A training loop as a notebook writes it, for durations that compare with those of the reports."""

import time
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from annlab.train import History, Recipe
from annlab.train.optimisers import make_optimizer

__all__ = ["fit_plainly"]

Array = np.ndarray[Any, Any]


def fit_plainly(net: torch.nn.Module, X: Array, y: Array, recipe: Recipe, *, order: torch.Generator) -> History:
    """Mean squared error by a DataLoader that hands out sample by sample and by torch's graph.

    Args:
        net: network, trained in place.
        X: inputs (n, d).
        y: targets (n,).
        recipe: optimiser, rate, batch size and epochs; nothing else of it counts.
        order: draws the order of the samples.

    Returns:
        Columns ``epoch``, ``train_loss`` and ``seconds`` (evaluation excluded) of the evaluated epochs.
    """
    place = next(net.parameters())
    inputs, targets = (torch.tensor(part, dtype=place.dtype) for part in (X, y[:, None]))
    loader = DataLoader(TensorDataset(inputs, targets), recipe.batch_size, shuffle=True, generator=order)
    optimizer, loss_of = make_optimizer(recipe, net.named_parameters()), torch.nn.MSELoss()

    def loss_and_gradient(batch: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss: torch.Tensor = loss_of(net(batch), wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    found: dict[str, list[float]] = {"epoch": [], "train_loss": [], "seconds": []}
    seconds = 0.0
    for epoch in range(1, recipe.max_epochs + 1):
        started = time.perf_counter()
        for batch, wanted in loader:
            optimizer.step(partial(loss_and_gradient, batch.to(place.device), wanted.to(place.device)))  # type: ignore[arg-type]
        seconds += time.perf_counter() - started
        if epoch % recipe.evaluate_every == 0 or epoch == recipe.max_epochs:
            with torch.no_grad():
                loss = float(loss_of(net(inputs.to(place.device)), targets.to(place.device)))
            for name, value in (("epoch", epoch), ("train_loss", loss), ("seconds", seconds)):
                found[name].append(value)
    return History({name: np.array(values, dtype=int if name == "epoch" else float) for name, values in found.items()})
