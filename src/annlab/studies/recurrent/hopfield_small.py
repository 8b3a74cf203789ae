"""Networks of two and three neurons, measured: fixed points, starts of every kind, basins, energy; and the Hebb rule beside them."""

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.lab import Metric, Outcome
from annlab.measure import FixedPoints, capacity_lines, crosstalk
from annlab.models.hopfield import HopfieldNetwork

if TYPE_CHECKING:
    from annlab.lab import Context
    from annlab.lab.ledger import Row

State = tuple[float, ...]

DISTANCES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Distances of starts from a boundary between two basins."""
PERTURBATION = 0.01
SAME = 1e-3
"""States closer than this are one."""
EDGE = 60
"""Points along an edge of the map of basins."""
_CUTS = 40  # parts into which the way between two starts is cut, four times over
_LONG = 3000  # updates after which a start has ended wherever it goes


@dataclass(frozen=True)
class Params:
    """Stored patterns, others whose stability is asked, rule, random starts of a replicate, when a state counts as at rest."""

    patterns: tuple[State, ...] = ((1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))
    asked: tuple[State, ...] = ()
    rule: Literal["lssm", "hebb"] = "lssm"
    starts: int = 10
    distribution: Literal["uniform", "normal"] = "uniform"
    tol: float = 1e-6
    iterations: int = 50
    volume: int = 2000
    units: int = 100


def trial(params: Params, ctx: "Context") -> Outcome:
    """Everything measured on one network, with one draw of random starts."""
    if params.rule == "hebb":
        return _hebb(params, ctx)
    patterns = np.array(params.patterns)
    net = HopfieldNetwork(rule=params.rule, max_iter=params.iterations, tol=params.tol).fit(patterns)
    found, rng = net.fixed_points(), ctx.streams("measure")
    metrics, fixed = _fixed(net, found, patterns, rng)
    if params.asked:
        asked = _index(found.states, np.array(params.asked))
        metrics["printed_stable"] = float(np.mean([index >= 0 and found.stable[index] for index in asked]))
    random = _random(params, ctx.streams("data"))
    by_kind, kinds = _kinds(net, found, random, params, rng)
    walked, paths = _paths(net, random, patterns)
    by_distance, distances = _boundaries(net, params, rng)
    volumes, basins = _volumes(net, found, params, rng)
    arrays = {"weights": net.weights_, "bias": net.bias_}
    if patterns.shape[1] == 2:
        arrays["basins"] = _index(found.states, _ends(net, plane_points()))
    return Outcome(
        metrics=metrics | by_kind | walked | by_distance | volumes,
        series={"fixed": fixed, "kinds": kinds, "paths": paths, "distances": distances, "basins": basins},
        arrays=arrays,
    )


def plane_points() -> np.ndarray:
    """Centres of the squares into which the map of basins is cut, ``(EDGE^2, 2)``, row by row from below."""
    axis = (np.arange(EDGE) + 0.5) / EDGE * 2 - 1
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)


def shown(state: Any) -> str:
    """A state as text: ``(1, −1)``."""
    return "(" + ", ".join(f"{value:.3g}".replace("-", "−") for value in np.asarray(state) + 0.0) + ")"


def symmetric_starts(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Starts of high symmetry by kind: the origin, centres of faces, of edges, corners, midpoints of stored patterns."""
    units = patterns.shape[1]
    signs = np.array(list(product((-1.0, 0.0, 1.0), repeat=units)))
    used = np.abs(signs).sum(1)
    kinds = {"origin": signs[used == 0], "centre of a face": signs[used == 1]}
    if units > 2:
        kinds["centre of an edge"] = signs[used == 2]
    return {
        **kinds,
        "corner": signs[used == units],
        "midpoint of two patterns": np.array([(a + b) / 2 for a, b in combinations(patterns, 2)]),
    }


def _random(params: Params, rng: np.random.Generator) -> np.ndarray:
    """Random starts, ``(starts, units)``: uniform on the cube, or standard normal and clipped to it."""
    shape = params.starts, len(params.patterns[0])
    return rng.uniform(-1, 1, shape) if params.distribution == "uniform" else np.clip(rng.normal(size=shape), -1, 1)


def _ends(net: HopfieldNetwork, states: np.ndarray) -> np.ndarray:
    ends: np.ndarray = net.recall(states, n_iter=_LONG, tol=1e-9)
    return ends


def _index(points: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The fixed point at which each state is, ``(n,)``; -1 for none."""
    away: np.ndarray = np.abs(states[:, None] - points[None]).max(2)
    found: np.ndarray = np.where(away.min(1) < SAME, away.argmin(1), -1)
    return found


def _around(states: np.ndarray, distance: float, copies: int, rng: np.random.Generator) -> np.ndarray:
    """Copies of the states moved by `distance` in random directions, kept in the cube."""
    repeated = states.repeat(copies, axis=0)
    direction = rng.normal(size=repeated.shape)
    moved: np.ndarray = np.clip(repeated + distance * direction / np.linalg.norm(direction, axis=1, keepdims=True), -1, 1)
    return moved


def _fixed(
    net: HopfieldNetwork, found: FixedPoints, patterns: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, Any]]:
    """The enumerated fixed points: what they are, and whether perturbations come back as the eigenvalues say."""
    copies = 20
    ends = _index(found.states, _ends(net, _around(found.states, PERTURBATION, copies, rng))).reshape(-1, copies)
    back = (ends == np.arange(len(found))[:, None]).all(1)
    stored = _index(found.states, patterns)
    held = np.array([stable and index >= 0 for index, stable in zip(stored, found.stable[stored], strict=True)])
    stable_others = found.stable & (found.kinds != "stored")
    negatives = np.array([-p for p in patterns if not (np.abs(patterns + p).max(1) < SAME).any()]).reshape(-1, patterns.shape[1])
    at = _index(found.states, negatives)
    corners = symmetric_starts(patterns)["corner"]
    kept = _ends(net, _around(corners, 0.3, copies, rng)).reshape(len(corners), copies, -1)
    metrics = {
        "stored_stable": float(held.mean()),
        "fixed_points": len(found),
        "stable_points": int(found.stable.sum()),
        "spurious_stable": int(stable_others.sum()),
        "negatives_stable": float(np.mean([index >= 0 and found.stable[index] for index in at])) if len(at) else np.nan,
        "unstable_radius": float(found.radii[~found.stable].min()) if (~found.stable).any() else np.nan,
        "stability_agrees": float((back == found.stable).mean()),
        "corners_kept": float((np.abs(kept - corners[:, None]).max(2) < SAME).mean()),
    }
    series = {
        "start": np.arange(len(found)),
        "name": [f"{kind}: {shown(state)}" for kind, state in zip(found.kinds, found.states, strict=True)],
        **{f"x{i + 1}": column for i, column in enumerate(found.states.T)},
        "stable": found.stable.astype(float),
        "radius": found.radii,
        "free": found.free.astype(float),
        "energy": found.energies,
        "returns": (ends == np.arange(len(found))[:, None]).mean(1),
    }
    return metrics, series


def _kinds(
    net: HopfieldNetwork, found: FixedPoints, random: np.ndarray, params: Params, rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, Any]]:
    """Iterations and ends of every kind of start; 0 iterations is a start that is already fixed."""
    patterns = np.array(params.patterns)
    symmetric = symmetric_starts(patterns)
    unstable = found.states[~found.stable]
    starts = {"random": random, **symmetric}
    starts |= {f"{distance:g} from an unstable point": _around(unstable, distance, 4, rng) for distance in (0.1, 0.01, 0.001)}
    frame: dict[str, list[Any]] = {name: [] for name in ("name", "start", "iterations", "moved", "stored", "stable", "settled")}
    for name, states in starts.items():
        ends, iterations = net.recall(states, return_n_iter=True)
        at = _index(found.states, ends)
        frame["name"] += [name] * len(states)
        frame["start"] += range(len(states))
        frame["iterations"] += iterations.tolist()
        frame["moved"] += np.abs(ends - states).max(1).tolist()
        frame["stored"] += [float(index >= 0 and found.kinds[index] == "stored") for index in at]
        frame["stable"] += [float(index >= 0 and found.stable[index]) for index in at]
        frame["settled"] += (iterations < params.iterations).astype(float).tolist()
    names, columns = np.array(frame["name"]), {key: np.array(values, dtype=float) for key, values in frame.items() if key != "name"}
    drawn, middle = names == "random", names == "midpoint of two patterns"
    centres = np.isin(names, ["origin", "centre of a face"]) | middle
    disturbed = np.concatenate([symmetric["origin"], symmetric["centre of a face"], symmetric["midpoint of two patterns"]])
    left = _index(found.states, _ends(net, _around(disturbed, PERTURBATION, 5, rng)))
    first = net.recall(((patterns[0] + patterns[-1]) / 2)[None], tol=1e-12)[0]
    metrics = {
        "iterations_random": columns["iterations"][drawn].mean(),
        "iterations_least": columns["iterations"][drawn].min(),
        "iterations_most": columns["iterations"][drawn].max(),
        "iterations_symmetric": columns["iterations"][centres].mean(),
        "iterations_midpoints": columns["iterations"][middle].mean(),
        "random_stored": columns["stored"][drawn].mean(),
        "random_settled": columns["settled"][drawn].mean(),
        "symmetric_moved": columns["moved"][centres].max(),
        "symmetric_unstable": 1.0 - columns["stable"][centres].mean(),
        "midpoints_stored": columns["stored"][middle].mean(),
        "midpoints_mixed": 1.0 - columns["stable"][middle].mean(),
        "perturbed_to_stable": float(np.mean([index >= 0 and found.stable[index] for index in left])),
        "intermediate_second": float(first[1]),
    }
    return {name: float(value) for name, value in metrics.items()}, frame


def _paths(net: HopfieldNetwork, random: np.ndarray, patterns: np.ndarray) -> tuple[dict[str, float], dict[str, Any]]:
    """The random starts on their way: energy, distance to the patterns' plane and, within it, to where they end."""
    path = net.recall(random, return_path=True)[1]  # (updates + 1, starts, units)
    energy = np.array([net.energy(states) for states in path])
    basis = np.linalg.svd((patterns[:-1] - patterns[-1]).T, full_matrices=False)
    inside = basis.U[:, basis.S > SAME]
    from_last = path - patterns[-1]
    plane = np.linalg.norm(from_last - from_last @ inside @ inside.T, axis=2)
    goal = np.linalg.norm((path - path[-1]) @ inside, axis=2)
    ends = np.abs(path[-1][:, None] - patterns[None]).max(2)
    nearest = np.linalg.norm(random[:, None] - patterns[None], axis=2).argmin(1)
    metrics = {
        "energy_rise": float(np.diff(energy, axis=0).max(initial=0.0)),
        "nearest_share": float((np.where(ends.min(1) < SAME, ends.argmin(1), -1) == nearest).mean()),
    }
    if inside.shape[1] < patterns.shape[1]:
        tenth = [np.argmax(values <= 0.1 * values[:1], axis=0) for values in (plane, goal)]
        metrics |= {
            "plane_updates": float(tenth[0].mean()),
            "goal_updates": float(tenth[1].mean()),
            "plane_first": float((tenth[0] < tenth[1]).mean()),
        }
    updates, starts = np.meshgrid(np.arange(len(path)), np.arange(len(random)), indexing="ij")
    series = {"start": starts.ravel(), "epoch": updates.ravel(), **{f"x{i + 1}": path[..., i].ravel() for i in range(path.shape[2])}}
    return metrics, {**series, "energy": energy.ravel(), "plane": plane.ravel(), "goal": goal.ravel()}


def _boundaries(net: HopfieldNetwork, params: Params, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, Any]]:
    """Iterations from starts at set distances of a boundary, found between two starts with different ends."""
    units = len(params.patterns[0])
    one, other = rng.uniform(-1, 1, (2, 40, units))
    end = _ends(net, one)
    apart = (np.abs(end - _ends(net, other)).max(1) > SAME) & (np.linalg.norm(one - other, axis=1) > 1.0)
    one, other, end = one[apart], other[apart], end[apart]
    low, high = np.zeros(len(one)), np.ones(len(one))
    for _ in range(4):
        places = low[:, None] + (high - low)[:, None] * (np.arange(_CUTS + 1) / _CUTS)
        states = one[:, None] + places[..., None] * (other - one)[:, None]
        ends = net.recall(states.reshape(-1, units), n_iter=_LONG).reshape(states.shape)
        same = np.abs(ends - end[:, None]).max(2) <= SAME
        first = np.where(same.all(1), _CUTS, np.argmin(same, axis=1)).clip(1)
        rows = np.arange(len(one))
        low, high = places[rows, first - 1], places[rows, first]
    away = one - other
    length = np.linalg.norm(away, axis=1)
    border, unit = one - low[:, None] * away, away / length[:, None]
    far = low * length > DISTANCES[0]
    border, unit = border[far], unit[far]
    iterations = np.array([net.recall(border + d * unit, n_iter=_LONG, return_n_iter=True)[1].mean() for d in DISTANCES])
    slope = -np.polyfit(np.log10(DISTANCES), iterations, 1)[0]
    metrics = {"iterations_far": iterations[0], "iterations_near": iterations[-1], "iterations_per_decade": slope}
    return {name: float(value) for name, value in metrics.items()}, {"distance": np.array(DISTANCES), "iterations": iterations}


def _volumes(net: HopfieldNetwork, found: FixedPoints, params: Params, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, Any]]:
    """Share of the cube that flows to each stable state, from uniform random points."""
    at = _index(found.states, _ends(net, rng.uniform(-1, 1, (params.volume, len(params.patterns[0])))))
    shares = np.array([(at == index).mean() for index in range(len(found))])
    stored = found.kinds == "stored"
    metrics = {
        "smallest_stored_basin": float(shares[stored].min(initial=1.0)),
        "spurious_volume": float(shares[found.stable & ~stored].sum()),
    }
    keep = found.stable
    names = [f"{kind}: {shown(state)}" for kind, state in zip(found.kinds[keep], found.states[keep], strict=True)]
    return metrics, {"name": names, "share": shares[keep]}


def _hebb(params: Params, ctx: "Context") -> Outcome:
    """The Hebb rule on the same patterns, and on random ones where its theory speaks: crosstalk, negatives, capacity."""
    patterns = np.array(params.patterns)
    net = HopfieldNetwork(rule="hebb").fit(patterns)
    found, terms = net.fixed_points(), crosstalk(patterns)
    at, opposite = _index(found.states, patterns), _index(found.states, -patterns)
    rng = ctx.streams("data")
    states = _signs(50, patterns.shape[1], rng)
    metrics = {
        "hebb_stored": float((at >= 0).mean()),
        "hebb_negatives": float((opposite >= 0)[at >= 0].mean()) if (at >= 0).any() else np.nan,
        "hebb_energy_difference": float(np.abs(net.energy(states) - net.energy(-states)).max()),
        "largest_crosstalk": float(terms.max()),
        **random_hebb(params.units, rng),
    }
    rows = [(mu, i) for mu in range(len(patterns)) for i in range(patterns.shape[1])]
    series = {
        "name": [f"{shown(patterns[mu])}, bit {i + 1}" for mu, i in rows],
        "crosstalk": np.array([terms[mu, i] for mu, i in rows]),
        "kept": np.array([float(terms[mu, i] <= 1 - len(patterns) / patterns.shape[1] + SAME) for mu, i in rows]),
        "kept_with_diagonal": np.array([float(terms[mu, i] <= 1 + SAME) for mu, i in rows]),
    }
    return Outcome(metrics, series={"crosstalk": series})


def random_hebb(units: int, rng: np.random.Generator) -> dict[str, float]:
    """The Hebb rule on random patterns: which bits flip by their crosstalk, and how many patterns are kept at two loads."""
    patterns = _signs(round(0.3 * units), units, rng)
    interference = crosstalk(patterns)
    lost = patterns * (patterns @ (patterns.T @ patterns)) / units < 0
    small, large = np.abs(interference) < 1 - SAME, interference > 1 + SAME
    metrics = {
        "lost_below_one": float(lost[small].mean()),
        "lost_above_one": float(lost[large].mean()) if large.any() else np.nan,
    }
    for name, load in (("printed", units / 4 * np.log(units)), ("theory", capacity_lines(units)["N/(4 ln N)"])):
        many = _signs(round(load), units, rng)
        moved: np.ndarray = HopfieldNetwork(rule="hebb").fit(many).recall(many, n_iter=1)
        metrics[f"perfect_at_{name}"] = float((moved == many).all(1).mean())
    return metrics


def crosstalk_decides(row: "Row") -> tuple[bool, str]:
    """Whether a bit with crosstalk below 1 in size is lost, over the bits of 30 random patterns of 100 units."""
    found = random_hebb(100, np.random.default_rng(0))
    return found["lost_below_one"] > found["lost_above_one"], (
        f"a stored bit flips where its crosstalk exceeds 1: so do {found['lost_above_one']:.0%} of the bits above 1 and "
        f"{found['lost_below_one']:.0%} of those below 1 in size (30 random patterns of 100 units)"
    )


def printed_capacity(row: "Row") -> tuple[bool, str]:
    """Whether N/4 log N random patterns of 100 units are kept without error by the Hebb rule."""
    units, found = 100, random_hebb(100, np.random.default_rng(0))
    right = capacity_lines(units)["N/(4 ln N)"]
    return found["perfect_at_printed"] > 0.5, (
        f"the capacity for perfect recall is N/(4 log N), {right:.1f} patterns for N = {units}; of N/4 log N = "
        f"{units / 4 * np.log(units):.0f} random patterns {found['perfect_at_printed']:.0%} are kept, of {round(right)} "
        f"{found['perfect_at_theory']:.0%}"
    )


def _signs(p: int, units: int, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random((p, units)) < 0.5, -1.0, 1.0)


METRICS = {
    "stored_stable": Metric("share of stored patterns that are stable", better="higher"),
    "printed_stable": Metric("share of the patterns as printed that are stable"),
    "fixed_points": Metric("fixed points"),
    "stable_points": Metric("stable fixed points"),
    "spurious_stable": Metric("stable states that were not stored", better="lower"),
    "negatives_stable": Metric("share of the patterns' negatives that are stable"),
    "unstable_radius": Metric("smallest spectral radius of an unstable point"),
    "stability_agrees": Metric("share of fixed points at which perturbation and eigenvalues agree", better="higher"),
    "corners_kept": Metric("share of starts 0.3 from a corner that end in it", better="higher"),
    "iterations_random": Metric("mean iterations, random starts", scale="log", better="lower"),
    "iterations_least": Metric("fewest iterations, random starts"),
    "iterations_most": Metric("most iterations, random starts"),
    "iterations_symmetric": Metric("mean iterations, symmetric starts"),
    "iterations_midpoints": Metric("mean iterations, midpoints of two patterns"),
    "random_stored": Metric("share of random starts that end in a stored pattern", better="higher"),
    "random_settled": Metric("share of random starts at rest within the limit", better="higher"),
    "symmetric_moved": Metric("largest movement of a symmetric start"),
    "symmetric_unstable": Metric("share of symmetric starts that end in no stable state"),
    "midpoints_stored": Metric("share of midpoints that end in a stored pattern"),
    "midpoints_mixed": Metric("share of midpoints that end in no stable state"),
    "perturbed_to_stable": Metric("share of symmetric starts, moved by 0.01, that end in a stable state"),
    "intermediate_second": Metric("second coordinate reached from the midpoint of the first and the last pattern"),
    "energy_rise": Metric("largest rise of the energy in an update", better="lower"),
    "nearest_share": Metric("share of random starts that end in the nearest stored pattern", better="higher"),
    "plane_updates": Metric("updates until a tenth of the distance to the plane is left"),
    "goal_updates": Metric("updates until a tenth of the distance to the end, within the plane, is left"),
    "plane_first": Metric("share of random starts that come to the plane first"),
    "iterations_far": Metric("mean iterations 0.3 from a boundary", scale="log"),
    "iterations_near": Metric("mean iterations 0.001 from a boundary", scale="log"),
    "iterations_per_decade": Metric("iterations added by a tenth of the distance"),
    "smallest_stored_basin": Metric("volume of the smallest basin of a stored pattern", better="higher"),
    "spurious_volume": Metric("volume of the basins of stable states that were not stored", better="lower"),
    "hebb_stored": Metric("share of patterns that the Hebb rule keeps", better="higher"),
    "hebb_negatives": Metric("share of the kept patterns whose negative is kept as well"),
    "hebb_energy_difference": Metric("largest difference of the energies of s and −s, Hebb rule"),
    "largest_crosstalk": Metric("largest crosstalk of a stored bit"),
    "lost_below_one": Metric("share of bits with crosstalk below 1 in size that flip"),
    "lost_above_one": Metric("share of bits with crosstalk above 1 that flip"),
    "perfect_at_printed": Metric("share of N/4 ln N random patterns kept without error", better="higher"),
    "perfect_at_theory": Metric("share of N/(4 ln N) random patterns kept without error", better="higher"),
}
