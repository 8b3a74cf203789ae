"""Learning rules of Hopfield networks whose field is linear: every one is a diagonal plus a term of low rank."""

from typing import NamedTuple

import numpy as np

__all__ = ["LINEAR_RULES", "LinearWeights", "linear_weights"]

_ROUNDING = 1e-12  # what the projection of a pattern in its own plane leaves by rounding


class LinearWeights(NamedTuple):
    """``W = diag(diagonal) + left @ right.T`` (symmetric) and the bias, all float64.

    Args:
        diagonal: ``(units,)``.
        left: ``(units, k)``.
        right: ``(units, k)``.
        bias: ``(units,)``.
    """

    diagonal: np.ndarray
    left: np.ndarray
    right: np.ndarray
    bias: np.ndarray

    def dense(self) -> np.ndarray:
        """The matrix ``W``, ``(units, units)``."""
        weights: np.ndarray = self.left @ self.right.T
        weights[np.diag_indices_from(weights)] += self.diagonal
        return weights


def linear_weights(rule: str, patterns: np.ndarray, step: float = 0.15, decay: float = 10.0) -> LinearWeights:
    """Weights and bias that store `patterns` ``(p, units)`` by one of `LINEAR_RULES`.

    - ``"lssm"``, a linear system in a saturated mode: with ``U1`` an orthonormal basis of the differences of all patterns from the
      last one ``t``, ``U2`` of what is orthogonal to them, ``h`` the step and ``tau`` the decay, ``W = U1 e^h U1^T + U2 e^(-tau h) U2^T``
      and ``b = (U1 (e^h - 1) U1^T + U2 (1 - e^(-tau h)) / tau U2^T) (t - T t)`` with ``T = U1 U1^T - tau U2 U2^T`` (Li, Michel and
      Porod 1989). It is exact integration over the time h of a linear system that grows on the patterns' plane and decays towards it.
    - ``"hebb"``: ``W = X^T X / N`` without its diagonal.
    - ``"storkey"``: patterns one after the other, ``W += (x x^T - x h^T - h x^T) / N`` off the diagonal, ``h_ij`` the field at i
      without the terms of i and j (Storkey 1997).
    - ``"pseudoinverse"``: the projection ``X^+ X`` onto the span of the patterns, without its diagonal (Personnaz, Guyon and
      Dreyfus 1985; Kanter and Sompolinsky 1987).
    """
    return _RULES[rule](np.asarray(patterns, dtype=np.float64), step, decay)


def _lssm(patterns: np.ndarray, step: float, decay: float) -> LinearWeights:
    last = patterns[-1]
    basis = _basis((patterns[:-1] - last).T)
    grows, decays = np.exp(step), np.exp(-decay * step)
    inside = basis @ (basis.T @ last)
    outside = last - inside
    outside[np.abs(outside) < _ROUNDING] = 0.0
    # t - T t is (1 + tau) times the part of t outside the plane's directions, on which the input matrix is (1 - e^(-tau h)) / tau
    bias = (1 - decays) / decay * (1 + decay) * outside
    return LinearWeights(np.full(len(last), decays), (grows - decays) * basis, basis, bias)


def _hebb(patterns: np.ndarray, step: float, decay: float) -> LinearWeights:
    units = patterns.shape[1]
    return LinearWeights(-np.sum(patterns**2, axis=0) / units, patterns.T / units, patterns.T.copy(), np.zeros(units))


def _pseudoinverse(patterns: np.ndarray, step: float, decay: float) -> LinearWeights:
    basis = _basis(patterns.T)
    return LinearWeights(-np.sum(basis**2, axis=1), basis, basis, np.zeros(patterns.shape[1]))


def _storkey(patterns: np.ndarray, step: float, decay: float) -> LinearWeights:
    """Off the diagonal the weights are ``L = F C F^T`` with F the patterns and their fields, so that rank 2p holds them exactly."""
    p, units = patterns.shape
    factors, inner = np.zeros((units, 2 * p)), np.zeros((2 * p, 2 * p))
    diagonal = np.zeros(units)
    for index, x in enumerate(patterns):
        # both terms of h_ij that leave out i or j together add 2 / N times the old weight off the diagonal
        field = factors @ (inner @ (factors.T @ x)) - diagonal * x
        factors[:, index], factors[:, p + index] = x, field
        inner *= 1 + 2 / units
        inner[index, index] += 1 / units
        inner[index, p + index] -= 1 / units
        inner[p + index, index] -= 1 / units
        diagonal = (1 + 2 / units) * diagonal + (x * x - 2 * x * field) / units  # that of F C F^T
    return LinearWeights(-diagonal, factors @ inner, factors, np.zeros(units))


def _basis(columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis ``(units, k)`` of the span of `columns`, k its numerical rank."""
    if columns.shape[1] == 0:
        return np.zeros((len(columns), 0))
    left, values, _ = np.linalg.svd(columns, full_matrices=False)
    threshold = values.max(initial=0.0) * max(columns.shape) * np.finfo(np.float64).eps
    return np.ascontiguousarray(left[:, values > threshold])


_RULES = {"lssm": _lssm, "hebb": _hebb, "storkey": _storkey, "pseudoinverse": _pseudoinverse}
LINEAR_RULES = tuple(_RULES)
