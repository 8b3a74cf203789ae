"""The questions on networks of two and three neurons, answered from their results."""

from typing import TYPE_CHECKING

import numpy as np

from annlab import draw
from annlab.studies.recurrent.hopfield_small import DISTANCES, PERTURBATION, shown
from annlab.studies.recurrent.hopfield_small_reading import coordinates, fixed_points, main_cell

if TYPE_CHECKING:
    from annlab.lab import Results


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0] if names else "none"


def attractors(results: "Results") -> str:
    """Answers whether the stored patterns are attractors."""
    cell, fixed = main_cell(results), fixed_points(results)
    stable = fixed[fixed["stable"] > 0]
    stored = [name.split(": ")[1] for name in stable["name"] if name.startswith("stored")]
    verdict = "All of them are" if len(stored) == len(cell["patterns"]) else f"{len(stored)} of them are"
    return (
        f"{len(cell['patterns'])} patterns were stored: {_listed([shown(p) for p in cell['patterns']])}. "
        f"{verdict} stable fixed points: a state near them is pushed against the walls of the cube, where a small perturbation dies out. "
        f"Of the random starts {draw.measured(results, 'random_stored', **cell)} (a share) end in a stored pattern "
        f"after {draw.measured(results, 'iterations_random', **cell)} iterations on average. "
        f"The smallest basin of a stored pattern takes {draw.measured(results, 'smallest_stored_basin', **cell)} of the state space. "
        f"The end is the stored pattern nearest to the start in {draw.measured(results, 'nearest_share', **cell)} of the cases (a share). "
        f"Along every way the energy never rose by more than {results.values('energy_rise', **cell).max():.1g} in one update."
    )


def unwanted(results: "Results") -> str:
    """Answers which other attractors there are and why."""
    cell, fixed = main_cell(results), fixed_points(results)
    stable = fixed[fixed["stable"] > 0]
    others = [name.split(": ")[1] for name in stable["name"] if not name.startswith("stored")]
    weights, bias = results.array("weights", **cell), results.array("bias", **cell)
    if others:
        first = (
            f"Besides the stored patterns {_listed(others)} {'is' if len(others) == 1 else 'are'} stable, "
            f"with {draw.measured(results, 'spurious_volume', **cell)} of the state space as basin. "
        )
    else:
        first = (
            f"No stable state was found besides the stored patterns: their number is {draw.measured(results, 'spurious_stable', **cell)}. "
        )
    multiple = np.abs(weights - weights[0, 0] * np.eye(len(bias))).max() < 1e-9
    if multiple and not np.abs(bias).max() > 1e-9:
        second = (
            f"The differences of the patterns span the whole space, so that the weights are {weights[0, 0]:.4f} times the identity and the "
            "bias is zero: every coordinate grows by itself to the sign it has, and every corner is an attractor, stored or not. "
        )
    else:
        second = (
            f"The patterns lie in a plane, towards which the bias {shown(bias)} pushes and everything off it decays, "
            "so that the cube's other corners are not held. "
        )
    other = next((c.params for c in results.cells if c.params.rule == "lssm" and c.params.patterns != cell["patterns"]), None)
    third = ""
    if other is not None:
        place = {**cell, "patterns": other.patterns}
        here, there = (results.values("negatives_stable", **where) for where in (cell, place))
        decides = "symmetry alone does not decide it" if len(there) and there.mean() != here.mean() else "the same share as here"
        third = (
            f"With {_listed([shown(p) for p in other.patterns])} stored instead, by weights just as symmetric, "
            f"{draw.measured(results, 'negatives_stable', **place)} of the patterns' negatives (a share) are stable: "
            f"{decides}. "
        )
    return (
        f"{first}{second}{third}"
        f"The linear growth that makes corners attractors also makes {len(fixed) - len(stable)} unstable fixed points between them, "
        f"whose largest eigenvalue is {draw.measured(results, 'unstable_radius', **cell)}. "
        f"Under the Hebb rule the same patterns fare otherwise: it keeps {draw.measured(results, 'hebb_stored', rule='hebb')} of them "
        f"and the negatives of {draw.measured(results, 'hebb_negatives', rule='hebb')} of those (shares), since without a bias "
        "s and −s have one energy."
    )


def iterations(results: "Results") -> str:
    """Answers how many iterations it takes and what they depend on."""
    cell = main_cell(results)
    slope = float(np.log(10) / 0.15)
    near = draw.compare(results, "iterations_random", {"tol": 1e-2}, {"tol": cell["tol"]}, **{k: v for k, v in cell.items() if k != "tol"})
    return (
        f"A random start needs {draw.measured(results, 'iterations_random', **cell)} iterations on average; over all starts between "
        f"{results.values('iterations_least', **cell).min():.3g} and {results.values('iterations_most', **cell).max():.3g}. "
        f"A symmetric start (origin, centres of faces, midpoints) needs {draw.measured(results, 'iterations_symmetric', **cell)}, "
        "0 standing for one that is already fixed. "
        f"What costs time is a boundary nearby: from {DISTANCES[0]:g} away it takes {draw.measured(results, 'iterations_far', **cell)} "
        f"iterations, from {DISTANCES[-1]:g} away {draw.measured(results, 'iterations_near', **cell)}. "
        f"Every tenth of the distance adds {draw.measured(results, 'iterations_per_decade', **cell)}; each update multiplies the distance "
        f"from the boundary by e to the 0.15, which predicts ln 10 / 0.15 = {slope:.2f}. "
        f"The count depends on when a state is said to be at rest: with a tolerance of 0.01, against {cell['tol']:g}, it is {near}."
    )


def stability(results: "Results") -> str:
    """Answers which fixed points are stable, by eigenvalues and by perturbation."""
    cell, fixed = main_cell(results), fixed_points(results)
    unstable = fixed[fixed["stable"] == 0]
    rows = [shown(state) for state in coordinates(unstable)]
    return (
        f"Of {len(fixed)} fixed points {int((fixed['stable'] > 0).sum())} are stable and {len(unstable)} are not: {_listed(rows)}. "
        "At a corner no coordinate is free to move, so that small perturbations are clipped away at once. "
        "Elsewhere the eigenvalues of the weights of the free coordinates decide: the smallest spectral radius of an unstable point is "
        f"{draw.measured(results, 'unstable_radius', **cell)}, above 1. "
        f"Perturbations of {PERTURBATION:g} say the same at a share of {draw.measured(results, 'stability_agrees', **cell)} of the points. "
        f"A symmetric start ends in no stable state in a share of {draw.measured(results, 'symmetric_unstable', **cell)} of the cases, "
        f"moving by at most {results.values('symmetric_moved', **cell).max():.3g}. "
        f"Moved by {PERTURBATION:g}, a share of {draw.measured(results, 'perturbed_to_stable', **cell)} of these starts "
        "goes to a stable state."
    )
