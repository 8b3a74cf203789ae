"""Torch modules: they know nothing of training or data."""

from annlab.nets.activations import ACTIVATIONS, layer_activations
from annlab.nets.dropout import Dropout, keep_mask, set_dropout_generator
from annlab.nets.mlp import BATCH_NORMS, MLP, uniform_init
from annlab.nets.stacked_mlp import StackedMLP

__all__ = [
    "ACTIVATIONS",
    "BATCH_NORMS",
    "MLP",
    "Dropout",
    "StackedMLP",
    "keep_mask",
    "layer_activations",
    "set_dropout_generator",
    "uniform_init",
]
