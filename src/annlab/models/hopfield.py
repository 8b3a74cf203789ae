"""Hopfield networks: six rules to store patterns, recall, energy and fixed points."""

import logging
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted, validate_data

from annlab.errors import UsageError
from annlab.measure.hopfield import FixedPoints, binary_fixed_points, capacity_lines, crosstalk, saturated_fixed_points
from annlab.models.base import BaseEstimator, Check, choice, count, number, optional
from annlab.models.hopfield_dynamics import Dynamics, LinearField, PolynomialField, SoftmaxField, iterate
from annlab.models.hopfield_rules import LINEAR_RULES, LinearWeights, linear_weights

__all__ = ["HopfieldNetwork"]

RULES = (*LINEAR_RULES, "dense", "modern")
_BLOCK = 2**18  # values updated at once, so that they stay in the processor's cache
_BLOCK_CUDA = 2**26


class HopfieldNetwork(BaseEstimator):
    """Associative memory: stores patterns as attractors of a dynamical system and recalls them from distorted versions.

    ==================  ==========================================  =====================
    rule                a state moves to                            states
    ==================  ==========================================  =====================
    ``lssm``            ``clip(W s + b, -1, 1)``                    saturated (or binary)
    ``hebb``            ``sign(W s)``                               binary (or saturated)
    ``storkey``         ``sign(W s)``                               binary (or saturated)
    ``pseudoinverse``   ``sign(W s)``                               binary (or saturated)
    ``dense``           the sign of lower polynomial energy         binary
    ``modern``          ``X^T softmax(beta X s)``                   continuous
    ==================  ==========================================  =====================

    The matrices of the first four are a diagonal plus a term of rank k, so that a recall costs O(units k) for each state and update
    (see `annlab.models.hopfield_rules.linear_weights` for formulas and sources); ``dense`` is the dense associative memory of Krotov
    and Hopfield (2016), ``modern`` that of Ramsauer and others (2021), whose one step is softmax attention.

    Args:
        rule: how patterns are stored.
        update: ``"synchronous"``, all units at once, or ``"asynchronous"``, one after the other in a random order that changes with
            every sweep. The energy never rises under asynchronous updates (of ``dense`` with an odd degree: once states are binary);
            synchronous ones may end in a cycle of two states.
        states: ``"saturated"``, ``"binary"``, or ``"auto"`` for the rule's own in the table.
        step: integration time h of ``lssm``.
        decay: decay rate tau of ``lssm`` towards the patterns' plane.
        degree: degree of the polynomial of ``dense``; 2 has the energy of ``hebb``.
        beta: inverse temperature of ``modern``; attention takes ``1 / sqrt(units)``.
        max_iter: updates (sweeps) of a recall at most.
        tol: a state has converged when no unit moves by more than this.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``, where states are recalled.
        dtype: ``"float32"`` or ``"float64"`` of the recall; None is that of the states.
        random_state: draws the orders of asynchronous sweeps, the same for every state and every recall if it is a whole number.

    Attributes:
        patterns_: ``(p, units)``.
        weights_: ``(units, units)``, made on demand; ``lssm``, ``hebb``, ``storkey`` and ``pseudoinverse`` only.
        bias_: ``(units,)``; the same rules.
        rank_: rank of the patterns: below p they are linearly dependent, which is allowed and logged.
        n_features_in_: units.

    Raises:
        ValueError: where patterns or states do not fit. Duplicated patterns are stored, with a ``UserWarning``.

    >>> net = HopfieldNetwork().fit([[1, 1, 1], [-1, -1, 1], [1, -1, -1]])
    >>> net.recall([[0.3, 0.4, 0.9]])
    array([[1., 1., 1.]])
    """

    _checks: ClassVar[dict[str, Check]] = {
        "rule": choice(RULES),
        "update": choice(("synchronous", "asynchronous")),
        "states": choice(("auto", "saturated", "binary")),
        "step": number(0.0, open_low=True),
        "decay": number(0.0, open_low=True),
        "degree": count(2),
        "beta": number(0.0, open_low=True),
        "max_iter": count(0),
        "tol": number(0.0),
        "dtype": optional(lambda value: None if str(value) in {"float32", "float64"} else "'float32' or 'float64'"),
    }

    def __init__(
        self,
        rule: str = "lssm",
        update: str = "synchronous",
        states: str = "auto",
        step: float = 0.15,
        decay: float = 10.0,
        degree: int = 3,
        beta: float = 1.0,
        max_iter: int = 100,
        tol: float = 1e-6,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.rule = rule
        self.update = update
        self.states = states
        self.step = step
        self.decay = decay
        self.degree = degree
        self.beta = beta
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.dtype = dtype
        self.random_state = random_state

    def fit(self, patterns: Any, y: Any = None) -> Self:
        """Stores `patterns` ``(p, units)``: -1 and 1 for binary states, [-1, 1] for saturated ones, any numbers for ``modern``."""
        self._check_parameters()
        binary = self._is_binary()
        patterns = validate_data(self, patterns, dtype=[np.float64, np.float32])
        if binary and not np.all(np.abs(patterns) == 1):
            raise UsageError(f"patterns of rule {self.rule!r} with binary states must be -1 or 1, got {_outside(patterns, binary)}")
        if self.rule != "modern" and np.abs(patterns).max() > 1:
            raise UsageError(f"patterns of rule {self.rule!r} must lie in [-1, 1], got {_outside(patterns, binary)}")
        distinct = len(np.unique(patterns, axis=0))
        if distinct < len(patterns):
            warnings.warn(f"{len(patterns) - distinct} of {len(patterns)} patterns are duplicates", UserWarning, stacklevel=2)
        self.patterns_ = patterns.copy()
        self.rank_ = int(np.linalg.matrix_rank(patterns))
        if self.rank_ < len(patterns):
            logging.getLogger("annlab").info("%d patterns have rank %d: they are linearly dependent", len(patterns), self.rank_)
        for name in ("diagonal_", "left_", "right_", "bias_"):
            if hasattr(self, name):
                delattr(self, name)
        if self.rule in LINEAR_RULES:
            weights = linear_weights(self.rule, patterns, float(self.step), float(self.decay))
            self.diagonal_, self.left_, self.right_, self.bias_ = weights
        return self

    @property
    def weights_(self) -> np.ndarray:
        """The weight matrix ``W``, ``(units, units)``."""
        return self._linear("weights_").dense()

    def recall(
        self,
        states: Any,
        n_iter: int | None = None,
        tol: float | None = None,
        return_path: bool | Sequence[int] = False,
        return_n_iter: bool = False,
    ) -> Any:
        """Updates `states` ``(n, units)`` until they have converged.

        A converged state leaves the computation, so that it costs nothing more.

        Args:
            states: starts, in [-1, 1] except for ``modern``.
            n_iter: updates (sweeps) at most; None is ``max_iter``.
            tol: a state has converged when no unit moves by more than this; None is the parameter ``tol``.
            return_path: also return the states after each update, ``(updates + 1, n, units)``, the start first, up to the last update
                that moved any; or, for a sequence of update numbers (0 is the start), after those.
            return_n_iter: also return how many updates moved each state, ``(n,)``: 0 for a start that is already fixed, and
                ``n_iter`` for one that was never seen at rest, be it on its way or in a cycle.

        Returns:
            The last states ``(n, units)``, then what was asked for, in the order of the arguments.
        """
        states, tensor, dynamics = self._start(states)
        limit = self.max_iter if n_iter is None else n_iter
        tolerance = self.tol if tol is None else tol
        for name, value, check in (("n_iter", limit, count(0)), ("tol", tolerance, number(0.0))):
            wanted = check(value)
            if wanted is not None:
                raise UsageError(f"{name} must be {wanted}, got {value!r}")
        kept = _kept(return_path, limit)
        block = max(1, (_BLOCK_CUDA if tensor.is_cuda else _BLOCK) // tensor.shape[1])
        streams = self._streams() if self.update == "asynchronous" else None
        parts = []
        for start in range(0, len(tensor), block):
            orders = None
            if streams is not None:
                generator = streams.numpy("order")

                def orders(generator: np.random.Generator = generator) -> list[int]:
                    return [int(i) for i in generator.permutation(self.n_features_in_)]

            parts.append(iterate(dynamics, tensor[start : start + block], int(limit), float(tolerance), orders, kept))
        out: list[np.ndarray] = [torch.cat([final for final, _, _ in parts]).cpu().numpy().astype(states.dtype, copy=False)]
        if kept is None or len(kept):
            length = max(len(path) for _, _, path in parts)
            paths = [torch.stack([*path, *[path[-1]] * (length - len(path))]) for _, _, path in parts]
            ordered = torch.cat(paths, dim=1).cpu().numpy().astype(states.dtype, copy=False)
            out.append(ordered if kept is None else ordered[np.searchsorted(kept, np.asarray(return_path))])
        elif return_path is not False:
            out.append(np.zeros((0, *states.shape), states.dtype))
        if return_n_iter:
            out.append(torch.cat([moves for _, moves, _ in parts]).cpu().numpy())
        return out[0] if len(out) == 1 else tuple(out)

    def energy(self, states: Any) -> np.ndarray:
        """Energy of `states` ``(n, units)``, ``(n,)``.

        ``-s^T W s / 2 - b^T s`` for binary states, plus ``s^T s / 2`` for saturated ones;
        ``-(N / degree) sum_mu (x_mu . s / N)^degree`` for ``dense``;
        ``-log(sum_mu exp(beta x_mu . s)) / beta + |s|^2 / 2 + log(p) / beta + max_mu |x_mu|^2 / 2`` for ``modern``.
        """
        states, tensor, dynamics = self._start(states)
        block = max(1, (_BLOCK_CUDA if tensor.is_cuda else _BLOCK) // tensor.shape[1])
        return torch.cat([dynamics.energy(rows) for rows in torch.split(tensor, block)]).cpu().numpy().astype(states.dtype, copy=False)

    def overlaps(self, states: Any) -> np.ndarray:
        """Overlap ``x_mu . s / units`` of `states` ``(n, units)`` with each stored pattern, ``(n, p)``; 1 is the pattern itself."""
        states, tensor, _ = self._start(states)
        patterns = torch.as_tensor(self.patterns_, dtype=tensor.dtype, device=tensor.device)
        return (tensor @ patterns.T / tensor.shape[1]).cpu().numpy().astype(states.dtype, copy=False)

    def fixed_points(self) -> FixedPoints:
        """All fixed points of a small network, enumerated, with what each is and whether it is stable.

        Saturated states: every face of the cube is solved for, ``3^units`` linear systems; binary ones: all ``2^units`` states.

        Raises:
            UsageError: for more than 10 units (16 binary ones), and for ``modern``, whose fixed points cannot be enumerated.
        """
        check_is_fitted(self, "patterns_")
        if self.rule == "modern":
            raise UsageError("the fixed points of rule 'modern' cannot be enumerated: recall starts of your choice instead")
        patterns = np.asarray(self.patterns_, dtype=np.float64)
        if not self._is_binary():
            weights = self._linear("fixed points")
            return saturated_fixed_points(weights.dense(), weights.bias, patterns)
        dynamics = self._dynamics(torch.float64, torch.device("cpu"))
        return binary_fixed_points(
            lambda states: dynamics.step(torch.from_numpy(states)).numpy(),
            lambda states: dynamics.energy(torch.from_numpy(states)).numpy(),
            patterns,
        )

    def crosstalk(self) -> np.ndarray:
        """Crosstalk of each stored bit under the Hebb rule, ``(p, units)``: see `annlab.measure.crosstalk`."""
        check_is_fitted(self, "patterns_")
        return crosstalk(self.patterns_)

    def capacity(self) -> dict[str, float]:
        """What theory says the rule stores in a network of this size, patterns by name of the criterion.

        See `annlab.measure.capacity_lines`.
        """
        check_is_fitted(self, "patterns_")
        return capacity_lines(self.n_features_in_, self.rule, degree=self.degree)

    def _is_binary(self) -> bool:
        """Whether states are signs; raises where the rule has no such states."""
        if self.states != "auto" and self.rule in ("dense", "modern") and (self.states, self.rule) != ("binary", "dense"):
            raise UsageError(f"rule {self.rule!r} has states of its own: leave states at 'auto', got {self.states!r}")
        return self.states == "binary" or (self.states == "auto" and self.rule not in ("lssm", "modern"))

    def _linear(self, name: str) -> LinearWeights:
        check_is_fitted(self, "patterns_")
        if not hasattr(self, "left_"):
            raise AttributeError(f"HopfieldNetwork with rule {self.rule!r} has no {name}")
        return LinearWeights(self.diagonal_, self.left_, self.right_, self.bias_)

    def _dynamics(self, dtype: torch.dtype, device: torch.device) -> Dynamics:
        def place(array: np.ndarray) -> torch.Tensor:
            return torch.tensor(array, dtype=dtype, device=device)

        if self.rule == "dense":
            return PolynomialField(place(self.patterns_), int(self.degree))
        if self.rule == "modern":
            return SoftmaxField(place(self.patterns_), float(self.beta))
        diagonal, left, right, bias = map(place, self._linear("weights_"))
        return LinearField(diagonal, left, right, bias, binary=self._is_binary())

    def _start(self, states: Any) -> tuple[np.ndarray, torch.Tensor, Dynamics]:
        """Checked states, the same as tensor, and the network on their device."""
        check_is_fitted(self, "patterns_")
        states = validate_data(self, states, reset=False, dtype=[np.float64, np.float32])
        if self.rule != "modern" and np.abs(states).max() > 1:
            raise UsageError(f"states of rule {self.rule!r} must lie in [-1, 1], got {_outside(states, False)}; clip them")
        dtype, device = self._resolve_dtype(states), self._resolve_device()
        return states, torch.tensor(states, dtype=dtype, device=device), self._dynamics(dtype, device)


def _outside(values: np.ndarray, binary: bool) -> str:
    bad = values[np.abs(values) != 1] if binary else values[np.abs(values) > 1]
    return f"{bad[0]:g}"


def _kept(return_path: bool | Sequence[int], limit: int) -> list[int] | None:
    """Updates to keep: none, all (None), or those named."""
    if isinstance(return_path, bool | np.bool_):
        return None if return_path else []
    kept = list(return_path)
    if any(count(0)(index) is not None or index > limit for index in kept):
        raise UsageError(f"return_path takes True, False or update numbers from 0 to {limit}, got {return_path!r}")
    return sorted({int(index) for index in kept})
