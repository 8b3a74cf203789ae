"""One LSTM layer of many replicates over a sequence, forward and backward in time, as a few in-place operations a step."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["lstm_layer", "lstm_step"]


def lstm_layer(x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states of R layers over a sequence (Hochreiter and Schmidhuber, 1997; forget gates by Gers, Schmidhuber and Cummins, 2000).

    ``i, f, g, o = split(W_ih x_t + W_hh h_{t-1} + b)``; ``c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)``;
    ``h_t = sigmoid(o) tanh(c_t)``. Gates lie in the order of `torch.nn.LSTM`. Derivatives are backpropagated through all steps.

    Args:
        x: inputs, ``(T, n, d)`` shared by the replicates or ``(T, R, n, d)``.
        weight_ih: ``(R, 4 units, d)``.
        weight_hh: ``(R, 4 units, units)``.
        bias: ``(R, 4 units)``.
        h: hidden state before the first step, ``(R, n, units)``.
        c: cell state before the first step, ``(R, n, units)``.

    Returns:
        Hidden states ``(T, R, n, units)``, and the last cell state ``(R, n, units)``.
    """
    return _Sequence.apply(x, weight_ih, weight_hh, bias, h, c)  # type: ignore[no-any-return, no-untyped-call]


def lstm_step(x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden and cell state after one step with inputs `x` ``(R, n, d)``; see `lstm_layer`."""
    gates = torch.baddbmm(bias.unsqueeze(1), x, weight_ih.mT).baddbmm(h, weight_hh.mT)
    i, f, g, o = gates.chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class _Sequence(torch.autograd.Function):
    """Gates are held in the order o, i, f, g: the three sigmoids lie side by side, and so do the three that the cell's derivative meets."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        units = h.shape[-1]
        gates = _projected(x, _reordered(weight_ih), _reordered(bias))  # (T, R, n, 4 units)
        into = _reordered(weight_hh).mT.contiguous()  # (R, units, 4 units)
        steps = len(gates)
        hidden, cells = gates.new_empty(steps + 1, *h.shape), gates.new_empty(steps + 1, *c.shape)
        squashed = gates.new_empty(steps, *c.shape)
        hidden[0], cells[0] = h, c
        o, i, f, g = (part.unbind(0) for part in gates.chunk(4, -1))
        sigmoids, rows = gates[..., : 3 * units].unbind(0), gates.unbind(0)
        hs, cs, ts = hidden.unbind(0), cells.unbind(0), squashed.unbind(0)
        for t in range(steps):
            rows[t].baddbmm_(hs[t], into)
            sigmoids[t].sigmoid_()
            g[t].tanh_()
            torch.mul(f[t], cs[t], out=cs[t + 1]).addcmul_(i[t], g[t])
            torch.mul(o[t], torch.tanh(cs[t + 1], out=ts[t]), out=hs[t + 1])
        ctx.save_for_backward(x, weight_ih, weight_hh, gates, hidden, cells, squashed)
        return hidden[1:], cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight_ih, weight_hh, gates, hidden, cells, squashed = ctx.saved_tensors
        out_of = _reordered(weight_hh).contiguous()  # (R, 4 units, units)
        o, i, f, g = gates.chunk(4, -1)
        through = o * (1 - squashed * squashed)  # d h_t / d c_t
        forgets = f.clone()
        steps = len(gates)
        deltas = torch.empty_like(gates)  # first the derivatives of c_t (of h_t for o) by the gates' inputs
        d_o, d_i, d_f, d_g = deltas.chunk(4, -1)
        torch.mul(squashed, o * (1 - o), out=d_o)
        torch.mul(g, i * (1 - i), out=d_i)
        torch.mul(cells[:-1], f * (1 - f), out=d_f)
        torch.mul(i, 1 - g * g, out=d_g)
        dh, dc = gradients[0].clone(), gradients[1].clone()
        outputs, cell = d_o.unbind(0), deltas.view(*f.shape[:-1], 4, -1)[..., 1:, :].unbind(0)
        rows, dhs, slopes, keeps = deltas.unbind(0), dh.unbind(0), through.unbind(0), forgets.unbind(0)
        spread = dc.unsqueeze(-2)
        for t in range(steps - 1, -1, -1):
            if t < steps - 1:
                dhs[t].baddbmm_(rows[t + 1], out_of)
                dc.mul_(keeps[t + 1])
            dc.addcmul_(dhs[t], slopes[t])
            outputs[t].mul_(dhs[t])
            cell[t].mul_(spread)
        flat = deltas.movedim(1, 0).flatten(1, 2)  # (R, T n, 4 units)
        d_hh = torch.bmm(flat.mT, hidden[:-1].movedim(1, 0).flatten(1, 2))
        shared = x.ndim == 3
        d_ih = torch.matmul(flat.mT, x.flatten(0, 1)) if shared else torch.bmm(flat.mT, x.movedim(1, 0).flatten(1, 2))
        d_x = None
        if ctx.needs_input_grad[0]:
            d_x = torch.bmm(flat, _reordered(weight_ih)).view(len(flat), steps, -1, x.shape[-1]).movedim(0, 1)
            d_x = d_x.sum(1) if shared else d_x
        d_h = torch.bmm(rows[0], out_of) if ctx.needs_input_grad[4] else None
        d_c = dc * keeps[0] if ctx.needs_input_grad[5] else None
        return d_x, _restored(d_ih), _restored(d_hh), _restored(flat.sum(1)), d_h, d_c


def _projected(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``W x_t + b`` at all times, ``(T, R, n, 4 units)``, contiguous."""
    if x.ndim == 3 and x.shape[1] == 1:  # one shared sequence: one matrix product, already in the right order
        return torch.addmm(bias.flatten(), x[:, 0], weight.flatten(0, 1).T).view(len(x), len(weight), 1, -1)
    steps = len(x)
    rows = x.flatten(0, 1).expand(len(weight), -1, -1) if x.ndim == 3 else x.movedim(1, 0).flatten(1, 2)
    sums = torch.baddbmm(bias.unsqueeze(1), rows, weight.mT)
    return sums.view(len(weight), steps, -1, sums.shape[-1]).movedim(1, 0).contiguous()


def _reordered(values: Tensor) -> Tensor:
    """Gates i, f, g, o along axis 1 as o, i, f, g."""
    return torch.cat([values[:, -(values.shape[1] // 4) :], values[:, : -(values.shape[1] // 4)]], 1)


def _restored(values: Tensor) -> Tensor:
    """Gates o, i, f, g along axis 1 as i, f, g, o."""
    return torch.cat([values[:, values.shape[1] // 4 :], values[:, : values.shape[1] // 4]], 1)
