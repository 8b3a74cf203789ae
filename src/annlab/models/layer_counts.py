"""Parameters and floating-point operations of torch's layers, as formulas with the numbers filled in.

Operations count one sample through the layer in evaluation mode. A multiplication with an addition counts 2, and the bias rides
on the sum: a dense layer costs ``2*inputs*outputs``. An activation counts 1 an element, batch normalisation 2 (scale and shift),
layer normalisation 5 and 2 more with weights, softmax 3, pooling the size of its window an output.
"""

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from annlab.nets.attention import MultiHeadAttention

__all__ = ["ATTENTION", "evaluate", "operations", "parameter_formula"]

ATTENTION = (nn.MultiheadAttention, MultiHeadAttention)  # one layer each, whatever modules they hold

Shape = tuple[int, ...]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_AVERAGE_POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ADAPTIVE_POOLS = (
    nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d,
)  # fmt: skip
_ELEMENTWISE = (
    nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Mish, nn.LeakyReLU, nn.ELU, nn.GELU, nn.Softplus, nn.SiLU, nn.ReLU6, nn.SELU, nn.CELU, nn.Hardtanh,
    nn.Hardswish, nn.Hardsigmoid, nn.LogSigmoid, nn.Softsign, nn.PReLU,
)  # fmt: skip
_FREE = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Embedding, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.PixelShuffle)
_GATES: dict[type[nn.Module], tuple[int, int]] = {nn.LSTM: (4, 9), nn.GRU: (3, 7), nn.RNN: (1, 1)}  # and elementwise operations a unit


def evaluate(formula: str) -> int:
    """Value of a formula of whole numbers, sums, products and brackets. Raises `ValueError` for anything else."""

    def value(node: ast.AST) -> int:
        if isinstance(node, ast.Expression):
            return value(node.body)
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
            left, right = value(node.left), value(node.right)
            return left + right if isinstance(node.op, ast.Add) else left * right
        raise ValueError(f"{formula!r} is not a formula of whole numbers, sums and products")

    return value(ast.parse(formula, mode="eval"))


def parameter_formula(module: nn.Module) -> str:
    """Count of a layer's own parameters as a formula: weights, then biases; for a layer of unknown make the product of each shape."""
    bias = getattr(module, "bias", None) is not None
    if isinstance(module, nn.Linear):
        return _plus(f"{module.in_features}*{module.out_features}", bias and module.out_features)
    if isinstance(module, (*_CONVOLUTIONS, *_TRANSPOSED)):
        kernel = "*".join(map(str, module.kernel_size))
        first, second = module.in_channels, module.out_channels
        first, second = (first, second // module.groups) if isinstance(module, _TRANSPOSED) else (first // module.groups, second)
        return _plus(f"{kernel}*{first}*{second}", bias and module.out_channels)
    if isinstance(module, _BATCH_NORMS) and module.affine:
        return f"2*{module.num_features}"
    if isinstance(module, nn.LayerNorm) and module.elementwise_affine and bias:
        return f"2*{'*'.join(map(str, module.normalized_shape))}"
    if isinstance(module, nn.RNNBase) and type(module) in _GATES and not module.proj_size:
        return _recurrent_formula(module)
    if isinstance(module, nn.MultiheadAttention) and module._qkv_same_embed_dim and module.bias_k is None:
        size, biased = module.embed_dim, module.in_proj_bias is not None
        return f"4*({size}*{size} + {size})" if biased else f"4*{size}*{size}"
    own = list(module.parameters()) if isinstance(module, ATTENTION) else list(module.parameters(recurse=False))
    return " + ".join("*".join(map(str, parameter.shape)) or "1" for parameter in own)


def operations(module: nn.Module, inputs: Sequence[Any], output: Any) -> int | None:
    """Floating-point operations of one call with these inputs (a batch of one) and this output, or None where they are not known."""
    first = inputs[0].shape if inputs and isinstance(inputs[0], torch.Tensor) else torch.Size()
    result = output.shape if isinstance(output, torch.Tensor) else torch.Size()
    for kinds, count in _COUNTS:
        if isinstance(module, kinds):
            return count(module, first, result)
    if isinstance(module, nn.MultiheadAttention):
        return _attention(module, inputs)
    if isinstance(module, MultiHeadAttention):
        return module.operations(first[1], result[1])
    own = type(module).__module__.startswith("annlab.nets") and type(module).__name__ == "Dropout"
    return 0 if own or isinstance(module, nn.Dropout) else None


def _plus(weights: str, bias: int | bool) -> str:
    return f"{weights} + {bias}" if bias else weights


def _recurrent_formula(module: nn.RNNBase) -> str:
    gates, _ = _GATES[type(module)]
    directions = 2 if module.bidirectional else 1
    size, extra = module.hidden_size, " + 2" if module.bias else ""
    front = f"{directions}*" if directions > 1 else ""
    terms = [
        f"{front}{gates}*({module.input_size if layer == 0 else directions * size} + {size}{extra})*{size}"
        for layer in range(module.num_layers)
    ]
    return " + ".join(terms)


def _recurrent(module: nn.RNNBase, shape: Shape) -> int | None:
    if module.proj_size:
        return None
    gates, elementwise = _GATES[type(module)]
    directions, size = 2 if module.bidirectional else 1, module.hidden_size
    steps = math.prod(shape[:-1])
    inputs = [module.input_size] + [directions * size] * (module.num_layers - 1)
    return steps * directions * sum(2 * gates * size * (width + size) + elementwise * size for width in inputs)


def _attention(module: nn.MultiheadAttention, inputs: Sequence[Any]) -> int | None:
    if len(inputs) < 3 or not module._qkv_same_embed_dim:
        return None
    size, axis = module.embed_dim, 1 if module.batch_first else 0
    queries, keys = (value.shape[axis] if value.ndim == 3 else value.shape[0] for value in inputs[:2])
    projections = 2 * size * size * (2 * queries + 2 * keys)
    return int(projections + 4 * queries * keys * size + 3 * module.num_heads * queries * keys)


def _window(module: Any) -> int:
    size = module.kernel_size
    axes = int(type(module).__name__[-2])
    return int(math.prod(size) if isinstance(size, tuple) else size**axes)


_COUNTS: list[tuple[Any, Callable[[Any, Shape, Shape], int | None]]] = [
    (nn.Linear, lambda m, i, o: 2 * m.in_features * math.prod(o)),
    (_CONVOLUTIONS, lambda m, i, o: 2 * math.prod(o) * m.in_channels // m.groups * math.prod(m.kernel_size)),
    (_TRANSPOSED, lambda m, i, o: 2 * math.prod(i) * m.out_channels // m.groups * math.prod(m.kernel_size)),
    (_BATCH_NORMS, lambda m, i, o: 2 * math.prod(o)),
    (nn.LayerNorm, lambda m, i, o: (7 if m.elementwise_affine else 5) * math.prod(o)),
    ((*_MAX_POOLS, *_AVERAGE_POOLS), lambda m, i, o: _window(m) * math.prod(o)),
    (_ADAPTIVE_POOLS, lambda m, i, o: math.prod(i)),
    (_ELEMENTWISE, lambda m, i, o: math.prod(o)),
    ((nn.Softmax, nn.LogSoftmax), lambda m, i, o: 3 * math.prod(o)),
    (_FREE, lambda m, i, o: 0),
    (tuple(_GATES), lambda m, i, o: _recurrent(m, i)),
]
