"""Fixed points, crosstalk and storage capacity of associative memories."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from annlab.errors import UsageError, unknown_name

__all__ = ["FixedPoints", "binary_fixed_points", "capacity_lines", "crosstalk", "saturated_fixed_points"]

_EDGE = 1e-9  # a value this close to the border counts as on it


@dataclass(frozen=True)
class FixedPoints:
    """Fixed points of a network, one row each, in order of their energy.

    Args:
        states: ``(n, units)``.
        kinds: ``(n,)``: ``"stored"``, ``"negative"`` (of a stored pattern) or ``"spurious"``.
        stable: ``(n,)``: whether every small perturbation dies out.
        radii: ``(n,)``: largest absolute eigenvalue of the linearised map on the coordinates that are free to move; 0 where none is.
        free: ``(n,)``: number of those coordinates.
        energies: ``(n,)``.
    """

    states: np.ndarray
    kinds: np.ndarray
    stable: np.ndarray
    radii: np.ndarray
    free: np.ndarray
    energies: np.ndarray

    def __len__(self) -> int:
        return len(self.states)


def saturated_fixed_points(weights: np.ndarray, bias: np.ndarray, patterns: np.ndarray, limit: int = 10) -> FixedPoints:
    """All fixed points of ``s <- clip(W s + b, -1, 1)`` on the cube ``[-1, 1]^units``.

    On every face, coordinates are clamped at -1 or 1 or free. The free ones solve ``(I - W_FF) s_F = W_FC s_C + b_F`` and must lie
    inside; a clamped one must be pushed outwards. Small perturbations of the free coordinates move by ``W_FF``, whose eigenvalues
    decide the stability; a clamped coordinate whose field is exactly the border counts as free for it. A continuum of fixed points
    is represented by its point of least norm.

    Args:
        weights: ``(units, units)``, symmetric.
        bias: ``(units,)``.
        patterns: ``(p, units)`` that were stored.
        limit: units at most; there are ``3^units`` faces.

    Raises:
        UsageError: for more units than `limit`.
    """
    units = len(bias)
    if units > limit:
        raise UsageError(f"{3**units} faces of {units} units are too many to enumerate; {limit} units is the limit")
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for face in product((-1.0, 0.0, 1.0), repeat=units):
        state = np.array(face)
        free = state == 0
        if free.any():
            inner = np.eye(int(free.sum())) - weights[np.ix_(free, free)]
            outer = weights[np.ix_(free, ~free)] @ state[~free] + bias[free]
            state[free] = np.linalg.lstsq(inner, outer, rcond=None)[0]
            if np.abs(state[free]).max() >= 1 - _EDGE or np.abs(inner @ state[free] - outer).max() > _EDGE:
                continue
        push = (weights @ state + bias) * state
        if (push[~free] >= 1 - _EDGE).all():
            found.append((state, free | (push < 1 + _EDGE)))
    states = np.array([state for state, _ in found]).reshape(-1, units)
    radii = np.array([np.abs(np.linalg.eigvalsh(weights[np.ix_(free, free)])).max(initial=0.0) for _, free in found])
    energies = -0.5 * np.einsum("ni,ij,nj->n", states, weights, states) - states @ bias + 0.5 * (states**2).sum(1)
    return _ordered(states, patterns, radii < 1 - _EDGE, radii, np.array([int(free.sum()) for _, free in found]), energies)


def binary_fixed_points(
    step: Callable[[np.ndarray], np.ndarray], energy: Callable[[np.ndarray], np.ndarray], patterns: np.ndarray, limit: int = 16
) -> FixedPoints:
    """All states of signs that no update changes.

    No coordinate is free between signs, so that the linearised map is zero. A state counts as stable if each of its neighbours, one
    unit flipped, that has the same energy is not fixed as well.

    Args:
        step: synchronous update ``(n, units) -> (n, units)``.
        energy: ``(n, units) -> (n,)``.
        patterns: ``(p, units)`` that were stored.
        limit: units at most; there are ``2^units`` states.

    Raises:
        UsageError: for more units than `limit`.
    """
    units = patterns.shape[1]
    if units > limit:
        raise UsageError(f"{2**units} states of {units} units are too many to enumerate; {limit} units is the limit")
    states = 1.0 - 2.0 * ((np.arange(2**units)[:, None] >> np.arange(units)) & 1)
    states = states[(step(states) == states).all(1)]
    energies = energy(states)
    stable = np.ones(len(states), dtype=bool)
    for unit in range(units):
        flipped = states.copy()
        flipped[:, unit] *= -1
        stable &= energy(flipped) > energies + _EDGE
    return _ordered(states, patterns, stable, np.zeros(len(states)), np.zeros(len(states), dtype=int), energies)


def crosstalk(patterns: np.ndarray) -> np.ndarray:
    """Crosstalk ``C_i = -x_i sum_(nu != mu) x^nu_i (x^nu . x^mu) / N`` of each bit of patterns of -1 and 1, ``(p, units)``.

    Under the Hebb rule the field at a stored bit is ``x_i (1 - C_i)``, so that the bit flips where ``C_i > 1`` and is kept where
    ``C_i < 1`` (Hertz, Krogh and Palmer 1991). Where the weights have no diagonal, the bound is ``1 - p / N`` instead of 1.
    """
    patterns = np.asarray(patterns, dtype=np.float64)
    gram = patterns @ patterns.T / patterns.shape[1]
    np.fill_diagonal(gram, 0.0)
    return np.asarray(-patterns * (gram @ patterns))


def capacity_lines(units: int, rule: str = "hebb", degree: int = 3) -> dict[str, float]:
    """Numbers of random patterns that theory lets a large network of `units` store, by formula.

    - ``hebb``: ``N/(4 ln N)``, all patterns free of errors; ``N/(2 ln N)``, most of them (McEliece and others 1987); ``0.138 N``, with
      about 1.6 % of bits wrong, above which nothing is recalled (Amit, Gutfreund and Sompolinsky 1985).
    - ``storkey``: ``N/sqrt(2 ln N)``, free of errors (Storkey and Valabregue 1999).
    - ``pseudoinverse`` and ``lssm``: ``N``, where the patterns span the whole space and every state is fixed.
    - ``dense``: ``N^(n-1)/(2 (2n-3)!! ln N)``, free of errors (Krotov and Hopfield 2016).
    - ``modern``: ``2^(N/2)`` for binary states (Demircigil and others 2017).

    Raises:
        UsageError: for an unknown rule or fewer than 2 units.
    """
    if units < 2:
        raise UsageError(f"capacity is that of a large network, got {units} units")
    log = float(np.log(units))
    lines: dict[str, dict[str, float]] = {
        "hebb": {"N/(4 ln N)": units / (4 * log), "N/(2 ln N)": units / (2 * log), "0.138 N": 0.138 * units},
        "storkey": {"N/sqrt(2 ln N)": units / np.sqrt(2 * log)},
        "pseudoinverse": {"N": float(units)},
        "lssm": {"N": float(units)},
        "dense": {"N^(n-1)/(2 (2n-3)!! ln N)": units ** (degree - 1) / (2 * float(np.prod(np.arange(2 * degree - 3, 0, -2.0))) * log)},
        "modern": {"2^(N/2)": float(np.exp2(units / 2))},
    }
    if rule not in lines:
        raise unknown_name("rule", rule, lines)
    return {name: float(value) for name, value in lines[rule].items()}


def _ordered(
    states: np.ndarray, patterns: np.ndarray, stable: np.ndarray, radii: np.ndarray, free: np.ndarray, energies: np.ndarray
) -> FixedPoints:
    """The fixed points by rising energy, each named by what it is; a state that was stored is never called a negative."""
    patterns = np.asarray(patterns, dtype=np.float64)

    def among(others: np.ndarray) -> np.ndarray:
        return np.asarray((np.abs(states[:, None] - others[None]) < 1e-6).all(2).any(1))

    kinds = np.where(among(patterns), "stored", np.where(among(-patterns), "negative", "spurious"))
    states = np.where(np.abs(states) < _EDGE, 0.0, states)
    order = np.lexsort((*states.T[::-1], np.round(energies, 9)))
    return FixedPoints(states[order], kinds[order], stable[order], radii[order], free[order], energies[order])
