"""Which states does a network of three neurons fall into, and what lies between its three stored patterns?

The patterns (1, 1, 1), (−1, −1, 1) and (1, −1, −1) are stored as a linear system in a saturated mode (step 0.15, decay 10); states move
by ``s <- clip(W s + b, -1, 1)``, all units at once, for at most 50 iterations. All fixed points are enumerated, their stability taken
from the linearised map and from perturbations of 0.01, the volumes of basins from 2000 uniform points. Each replicate has its own ten
random starts. Symmetric starts are the origin, the centres of faces and edges, the corners and the midpoints of two patterns.

The reports leave open how the random starts are drawn and when a state counts as at rest: uniform or normal (clipped), and no unit
moving by more than 1e-6 or 1e-2, are parameters. Two reports print other patterns in their heading, (1, 1, 1), (−1, −1, −1) and
(1, −1, 1): a cell stores those. The Hebb rule stands beside it, on the same patterns and on random ones of 100 units.

quick | standard | full: 6 x 3 x 50 | 6 x 30 x 50 | 6 x 100 x 50 updates, estimated 2 | 30 | 90 seconds on two cores
"""

from typing import Any

from annlab.lab import Figure, Question, Study, Table, claim, derived, greater, grid, less, metric, overrides
from annlab.lab.claims import all_of, equal_within
from annlab.studies.recurrent import hopfield_small_answers as answers
from annlab.studies.recurrent import hopfield_small_reading as reading
from annlab.studies.recurrent.hopfield_small import METRICS, Params, printed_capacity, trial

CUBE = ((1.0, 1.0, 1.0), (-1.0, -1.0, 1.0), (1.0, -1.0, -1.0))
PRINTED = ((1.0, 1.0, 1.0), (-1.0, -1.0, -1.0), (1.0, -1.0, 1.0))
LIKE = {"rule": "lssm", "patterns": CUBE}
OURS = {**LIKE, "distribution": "uniform", "tol": 1e-6}
OPEN: dict[str, Any] = {"variants": {"distribution": ["uniform", "normal"], "tol": [1e-6, 1e-2]}, "chosen": ("distribution", "tol")}

CLAIMS = [
    claim(
        "hopfield-3d.targets-reached",
        cell=OURS,
        test=all_of(
            equal_within(metric("stored_stable"), 1.0, 0.01), greater(metric("smallest_stored_basin"), 0.05, contrary="below-margin")
        ),
    ),
    claim(  # the network with the handout's patterns: which share of the printed ones is stable in it
        "hopfield-3d.targets-as-printed", cell=OURS, test=greater(metric("printed_stable"), 0.9, contrary="below-margin")
    ),
    claim(  # the mean of ten starts varies by half of itself between runs
        ["hopfield-3d.iterations.random.a", "hopfield-3d.iterations.random.d"],
        cell=LIKE,
        value=metric("iterations_random"),
        tolerance=0.6,
        **OPEN,
    ),
    claim("hopfield-3d.iterations.symmetric.a", cell=LIKE, value=metric("iterations_midpoints", exact=True), tolerance=0.5, **OPEN),
    claim("hopfield-3d.intermediate-state", cell=OURS, value=metric("intermediate_second", exact=True), tolerance=1e-8),
    claim("hopfield-3d.no-spurious", cell=OURS, test=less(metric("spurious_volume"), 0.01, contrary="below-margin")),
    claim("hopfield-3d.spurious-exist", cell=OURS, test=greater(metric("midpoints_mixed"), 0.5, contrary="below-margin")),
    claim("hopfield-3d.midpoint-starts-stable", cell=OURS, test=greater(metric("midpoints_stored"), 0.5, contrary="below-margin")),
    claim(
        "hopfield-3d.plane-first",
        cell=OURS,
        test=all_of(
            greater(metric("plane_first"), 0.5, contrary="below-margin"),
            greater(metric("nearest_share"), 0.5, contrary="below-margin"),
        ),
    ),
    claim("hopfield-3d.storage-capacity", value=derived(printed_capacity)),
]

CELLS = grid(distribution=["uniform", "normal"], tol=[1e-6, 1e-2]) + grid(patterns=[PRINTED]) + grid(rule=["hebb"])

study = Study(
    name="hopfield-3d",
    title="A Hopfield network of three neurons",
    sheet={"2024": "2.1"},
    version=1,
    params=Params(patterns=CUBE, asked=PRINTED),
    trial=trial,
    grid=CELLS,
    replicates=30,
    profiles={"quick": overrides(replicates=3, volume=500), "standard": overrides(), "full": overrides(replicates=100)},
    cost=lambda params: 0.2,
    metrics=METRICS,
    questions=[
        Question("Are the stored patterns attractors?", answers.attractors, "2.1"),
        Question("Are there unwanted attractors, and where do they come from?", answers.unwanted, "2.1"),
        Question("How many iterations does it take to reach an attractor?", answers.iterations, "2.1"),
        Question("Which fixed points are stable?", answers.stability, "2.1"),
    ],
    figures=[
        Figure(
            "state-space",
            reading.state_space,
            "The cube of states, to be turned: random starts (large dots) of the first two replicates and their ways; squares were stored, "
            "open circles are unstable fixed points.",
        ),
        Figure(
            "energy-surface",
            reading.energy_surface,
            "Energy −s'Ws/2 − b's + s's/2 on three slices of the cube; the colours end at the median, above which all is drawn alike.",
        ),
        Figure("energy-by-update", reading.energy_by_update, "Energy along the ways of the random starts of three replicates."),
        Figure(
            "plane",
            reading.plane_and_goal,
            "Distance to the plane of the three patterns and, within it, to the end of the way, mean over the random starts; bands are "
            "95 % intervals over replicates.",
        ),
        Figure(
            "iterations-by-distance",
            reading.by_distance,
            "Iterations until a start at a set distance from a basin boundary rests; the band is the 95 % interval over replicates.",
        ),
        Figure("basin-volumes", reading.basin_volumes, "Share of the cube that flows to each stable state, with 95 % intervals."),
    ],
    tables=[
        Table("fixed-points", reading.fixed_table, "All fixed points, enumerated."),
        Table("iterations", reading.kinds_table, "Iterations by kind of start, all replicates together."),
        Table("settings", reading.settings_table, "Random starts by how they are drawn and when a state counts as at rest."),
        Table("patterns", reading.patterns_table, "The network beside one that stores the patterns as two reports print them."),
        Table("crosstalk", reading.hebb_table, "The Hebb rule on the same patterns: crosstalk of each bit, and whether the bit is kept."),
        Table("hebb", reading.hebb_random_table, "The Hebb rule on random patterns of 100 units, 30 of them for the crosstalk."),
    ],
    claims=CLAIMS,
)
