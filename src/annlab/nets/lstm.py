"""Several LSTM networks of one shape: replicates that differ in their weights alone."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from annlab.errors import UsageError
from annlab.nets.lstm_cell import lstm_layer, lstm_step

__all__ = ["LSTMState", "StackedLSTM", "runs_natively"]

LSTMState = list[tuple[Tensor, Tensor]]
"""Hidden and cell state of each layer, ``(R, n, units)`` each."""


class StackedLSTM(nn.Module):
    r"""R long short-term memories with a linear output, evaluated together; layer for layer the parameters of `torch.nn.LSTM`.

    With ``windows=False`` the samples are successive moments of one sequence, and the state is carried from each to the next. With
    ``windows=True`` each sample is a sequence of its own: its features are read as one value after the other, from a state of
    zeros, and the output is read off at the end. Either way ``(n, d) -> (R, n, outputs)``, as in `StackedMLP`.

    Two programs compute the same. `lstm_layer` takes all replicates through each step by batched products; torch's own kernel
    (oneDNN) takes one replicate after the other through the whole sequence, and is faster for float32 on a CPU, where it is used.

    Args:
        n_replicates: number of networks R.
        n_inputs: features of a sample.
        hidden_sizes: units of each layer, one on top of the other; at least one layer.
        n_outputs: outputs of a network.
        windows: how samples are read, see above.
        generators: one for each replicate; draws weights and biases of the layers from U(-1/sqrt(units), 1/sqrt(units)), and those of
            the output likewise, as float64. None takes seeds 0 to R - 1.
        dtype: type of the parameters; torch's default where None.

    Attributes:
        weights: for each layer input weights ``(R, 4 units, inputs)`` and recurrent weights ``(R, 4 units, units)``, at the end the
            output's ``(R, outputs, units)``; gates in the order i, f, g, o.
        biases: for each layer two of ``(R, 4 units)``, which are added, at the end the output's ``(R, outputs)``.

    Raises:
        UsageError: for sizes below 1, no layer, or a number of generators that is not `n_replicates`.
    """

    def __init__(
        self,
        n_replicates: int,
        n_inputs: int,
        hidden_sizes: Sequence[int],
        n_outputs: int = 1,
        windows: bool = False,
        generators: Sequence[torch.Generator] | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        sizes = (n_replicates, n_inputs, *hidden_sizes, n_outputs)
        if any(int(size) != size or size < 1 for size in sizes) or not len(hidden_sizes):
            raise UsageError(f"replicates, inputs, units of at least one layer and outputs are whole numbers of at least 1, got {sizes}")
        if generators is None:
            generators = [torch.Generator().manual_seed(seed) for seed in range(n_replicates)]
        if len(generators) != n_replicates:
            raise UsageError(f"{n_replicates} replicates need as many generators, got {len(generators)}")
        self.n_replicates, self.n_inputs, self.n_outputs = n_replicates, n_inputs, n_outputs
        self.hidden_sizes, self.windows = tuple(hidden_sizes), windows
        shapes = []
        inputs = 1 if windows else n_inputs
        for units in self.hidden_sizes:
            shapes += [(4 * units, inputs), (4 * units, units), (4 * units,), (4 * units,)]
            inputs = units
        shapes += [(n_outputs, inputs), (n_outputs,)]
        bounds = [1 / math.sqrt(units) for units in self.hidden_sizes for _ in range(4)] + [1 / math.sqrt(inputs)] * 2
        draws = [[_uniform(*drawn, generator) for drawn in zip(shapes, bounds, strict=True)] for generator in generators]
        stacks = [torch.stack(column).to(dtype or torch.get_default_dtype()) for column in zip(*draws, strict=True)]
        self.weights = nn.ParameterList(stack for stack in stacks if stack.ndim == 3)
        self.biases = nn.ParameterList(stack for stack in stacks if stack.ndim == 2)
        self.norms, self.dropout = nn.ModuleList(), 0.0  # what a stack may have; an LSTM here has neither
        self.dropout_generators: Sequence[torch.Generator | None] = [None] * n_replicates

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments that build a stack of this shape, for saving."""
        return {
            "n_replicates": self.n_replicates,
            "n_inputs": self.n_inputs,
            "hidden_sizes": self.hidden_sizes,
            "n_outputs": self.n_outputs,
            "windows": self.windows,
        }

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of every replicate: ``(n, d)`` shared by all, or ``(R, n, d)`` -> ``(R, n, outputs)``."""
        return self.run(x)[0]

    def run(
        self, x: Tensor, state: LSTMState | None = None, replicates: slice = slice(None), parameters: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, LSTMState]:
        """Outputs, and the state after the last sample.

        Args:
            x: ``(n, d)`` shared, or ``(R, n, d)``, of the replicates chosen.
            state: state before the first sample, ``(R, 1, units)`` each; zeros where None. Not for windows.
            replicates: which replicates.
            parameters: in place of the stack's own, weights then biases, of the replicates chosen.
        """
        if parameters is None:
            parameters = [tensor[replicates] for tensor in (*self.weights, *self.biases)]
        depth = len(self.hidden_sizes)
        weights, biases = parameters[: 2 * depth + 1], parameters[2 * depth + 1 :]
        h = _in_time(x, windows=self.windows)
        if state is None:
            n = 1 if not self.windows else x.shape[-2]
            state = [(x.new_zeros(len(weights[0]), n, units),) * 2 for units in self.hidden_sizes]
        run, after = _native_layer if runs_natively(x) else lstm_layer, []
        for layer, before in enumerate(state):
            w, b = weights[2 * layer : 2 * layer + 2], biases[2 * layer : 2 * layer + 2]
            h, cell = run(h, w[0], w[1], b[0] + b[1], *before)  # (T, R, n, units)
            after.append((h[-1], cell))
        features = h[-1] if self.windows else h.squeeze(2).movedim(1, 0)
        return torch.baddbmm(biases[-1].unsqueeze(1), features, weights[-1].mT), after

    def start(self, n: int) -> LSTMState:
        """State of zeros for `n` sequences."""
        like = self.weights[0]
        return [(like.new_zeros(self.n_replicates, n, units),) * 2 for units in self.hidden_sizes]

    def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """Outputs ``(R, n, outputs)`` and the next state of `n` sequences after one moment each, features `x` ``(R, n, d)``."""
        after = []
        for layer, (hidden, cell) in enumerate(state):
            bias = self.biases[2 * layer] + self.biases[2 * layer + 1]
            after.append(lstm_step(x, self.weights[2 * layer], self.weights[2 * layer + 1], bias, hidden, cell))
            x = after[-1][0]
        return torch.baddbmm(self.biases[-1].unsqueeze(1), x, self.weights[-1].mT), after

    def select(self, indices: Sequence[int]) -> "StackedLSTM":
        """A stack of the replicates `indices`, in that order, with copies of their values."""
        chosen = copy.deepcopy(self)
        chosen.n_replicates = len(indices)
        rows = torch.tensor(list(indices), dtype=torch.int64, device=self.weights[0].device)
        for tensor in chosen.parameters():
            tensor.data = tensor.data[rows]
        chosen.dropout_generators = [self.dropout_generators[index] for index in indices]
        return chosen


def runs_natively(x: Tensor) -> bool:
    """Whether torch's own kernel is the faster program for data like `x`: float32 on a CPU with oneDNN."""
    fits = x.device.type == "cpu" and x.dtype == torch.float32
    return fits and bool(torch.backends.mkldnn.enabled) and bool(torch._C._has_mkldnn)


def _native_layer(x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """`lstm_layer`, one replicate after the other through torch's kernel."""
    rows = x.unbind(1) if x.ndim == 4 else [x] * len(weight_ih)
    parts = []
    for row, *tensors in zip(rows, weight_ih.unbind(0), weight_hh.unbind(0), bias.unbind(0), h.unbind(0), c.unbind(0), strict=True):
        w_ih, w_hh, b, hidden, cell = tensors
        start = (hidden.unsqueeze(0), cell.unsqueeze(0))
        parts.append(torch.lstm(row, start, [w_ih, w_hh, b, torch.zeros_like(b)], True, 1, 0.0, torch.is_grad_enabled(), False, False))
    return torch.stack([part[0] for part in parts], 1), torch.cat([part[2] for part in parts])


def _in_time(x: Tensor, *, windows: bool) -> Tensor:
    """``(T, n, d)`` shared or ``(T, R, n, d)``: moments of one sequence, or windows of which each feature is a moment."""
    if windows:
        return x.movedim(-1, 0).unsqueeze(-1)
    return x.unsqueeze(1) if x.ndim == 2 else x.movedim(1, 0).unsqueeze(2)


def _uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> Tensor:
    draw = torch.empty(shape, dtype=torch.float64, device=generator.device)
    return draw.uniform_(-bound, bound, generator=generator)
