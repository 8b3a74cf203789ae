"""Losses over whole data sets, and when a training step has already computed them."""

from collections.abc import Sequence

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.nets.convnet import ConvNet
from annlab.nets.dropout import Dropout
from annlab.nets.mlp import MLP
from annlab.train.losses import Loss
from annlab.train.tensors import as_float

__all__ = [
    "CHUNK",
    "check_single_samples",
    "chunk_of",
    "dataset_loss",
    "dataset_outputs",
    "draws_of_its_own",
    "has_batch_norm",
    "same_in_training",
    "size_of_parameters",
]

CHUNK = 2048
CHUNK_ELEMENTS = 2**18  # of the inputs of a chunk: the maps of a convolution are many times larger than its images

_PLAIN = (
    nn.Sequential, nn.ModuleList, nn.Linear, nn.Flatten, nn.Identity, nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Mish, nn.GELU, nn.ELU,
    nn.LeakyReLU, nn.SiLU, nn.Softplus, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.MaxPool2d, nn.AvgPool2d, nn.LayerNorm, MLP, ConvNet,
)  # fmt: skip


@torch.no_grad()
def dataset_loss(net: nn.Module, X: torch.Tensor, y: torch.Tensor, loss: Loss, dtype: torch.dtype, least: int = 1) -> torch.Tensor:
    """Mean loss of `net` over all samples, computed `chunk_of(X)` samples at a time, or `least` where more, and left on the device.

    The network is used in the mode it is in; a `loss` must be a mean over samples.
    """
    n, chunk = len(X), max(chunk_of(X), least)
    if n <= chunk:
        return loss(net(as_float(X, dtype)), y)
    total = torch.zeros((), device=X.device, dtype=torch.float64)
    for start in range(0, n, chunk):
        part = X[start : start + chunk]
        total += loss(net(as_float(part, dtype)), y[start : start + chunk]).double() * len(part)
    return total / n


@torch.no_grad()
def dataset_outputs(net: nn.Module, X: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Outputs of `net` for all samples, computed `chunk_of(X)` samples at a time, the network used in the mode it is in."""
    size = chunk_of(X)
    return torch.cat([net(as_float(X[start : start + size], dtype)) for start in range(0, len(X), size)])


def chunk_of(X: torch.Tensor) -> int:
    """Samples that a network is evaluated on at once: fewer where they are images."""
    return max(1, min(CHUNK, CHUNK_ELEMENTS // max(1, X[:1].numel())))


def same_in_training(net: nn.Module) -> bool:
    """Whether `net` is known to be the same function while training as in evaluation.

    It has no active dropout, no batch normalisation and no module of unknown make.
    """
    for module in net.modules():
        if isinstance(module, Dropout | nn.Dropout):
            if module.p > 0.0:
                return False
        elif type(module) not in _PLAIN:
            return False
    return True


def draws_of_its_own(net: nn.Module) -> bool:
    """Whether `net` has a module of unknown make, which may draw from a global generator even in evaluation mode."""
    known = (*_PLAIN, Dropout, nn.Dropout, nn.BatchNorm1d, nn.BatchNorm2d)
    return any(type(module) not in known for module in net.modules())


@torch.no_grad()
def size_of_parameters(parameters: Sequence[torch.Tensor]) -> torch.Tensor:
    """Sum of the absolute values of all elements, which is finite only where every one is."""
    return torch.stack(list(torch._foreach_norm(list(parameters), 1))).sum()


def has_batch_norm(net: nn.Module) -> bool:
    """Whether `net` normalises by the statistics of a batch, which one sample does not have."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules())


@torch.no_grad()
def check_single_samples(net: nn.Module, sample: torch.Tensor, *, alone: bool) -> None:
    """Looks, in evaluation mode, whether batches of one sample can be normalised: maps of several pixels can, single numbers cannot.

    Args:
        net: network in evaluation mode.
        sample: one sample, (1, ...).
        alone: whether it is the only one there is.

    Raises:
        UsageError: where a batch normalisation sees one value a channel.
    """

    def check(module: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        if given[0].numel() == given[0].shape[1]:
            cure = "train on more samples or hold out fewer" if alone else "set batch_size to at least 2"
            raise UsageError(f"batch normalisation needs several values a channel, and a batch of 1 sample has one here: {cure}")

    normalising = [module for module in net.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    hooks = [module.register_forward_pre_hook(check) for module in normalising]
    try:
        net(sample)
    finally:
        for hook in hooks:
            hook.remove()
