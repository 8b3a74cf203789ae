"""Torch modules: they know nothing of training or data."""

from annlab.nets.activations import ACTIVATIONS, layer_activations
from annlab.nets.attention import MultiHeadAttention
from annlab.nets.autoencoder import ConvAutoencoder, DenseAutoencoder
from annlab.nets.convnet import PADDINGS, ConvNet, convnet_parameters, flattened_size
from annlab.nets.dropout import Dropout, keep_mask, set_dropout_generator
from annlab.nets.layered import LayeredNet
from annlab.nets.lstm import StackedLSTM
from annlab.nets.mlp import BATCH_NORMS, MLP, uniform_init
from annlab.nets.resnet import ResNet
from annlab.nets.stacked_mlp import StackedMLP
from annlab.nets.transformer import VisionTransformer

__all__ = [
    "ACTIVATIONS",
    "BATCH_NORMS",
    "MLP",
    "PADDINGS",
    "ConvAutoencoder",
    "ConvNet",
    "DenseAutoencoder",
    "Dropout",
    "LayeredNet",
    "MultiHeadAttention",
    "ResNet",
    "StackedLSTM",
    "StackedMLP",
    "VisionTransformer",
    "convnet_parameters",
    "flattened_size",
    "keep_mask",
    "layer_activations",
    "set_dropout_generator",
    "uniform_init",
]
