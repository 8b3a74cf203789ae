"""Which states does a network of two neurons fall into, how long does it take, and which of them were never stored?

The patterns (1, 1), (−1, −1) and (1, −1) are stored as a linear system in a saturated mode (step 0.15, decay 10); states move by
``s <- clip(W s + b, -1, 1)``, all units at once, for at most 50 iterations. All fixed points are enumerated, their stability taken from
the linearised map and from perturbations of 0.01, the volumes of basins from 2000 uniform points. Each replicate has its own random
starts, ten as the handout has it. Symmetric starts are the origin, the centres of the sides, the corners and the midpoints of patterns.

The reports leave open how the random starts are drawn and when a state counts as at rest: uniform or normal (clipped), and no unit
moving by more than 1e-6 or 1e-2, are parameters. An iteration is an update that moves a unit by more than the tolerance, so that a start
which is already fixed takes 0. Two further networks stand beside it: two of the patterns alone, whose weights are as symmetric, and the
Hebb rule on the same three patterns and on random ones of 100 units.

quick | standard | full: 6 x 3 x 50 | 6 x 30 x 50 | 6 x 100 x 50 updates, estimated 2 | 25 | 80 seconds on two cores
"""

from typing import Any

from annlab.lab import Figure, Question, Study, Table, claim, derived, greater, grid, less, metric, overrides
from annlab.lab.claims import all_of, equal_within
from annlab.studies.recurrent import hopfield_small_answers as answers
from annlab.studies.recurrent import hopfield_small_reading as reading
from annlab.studies.recurrent.hopfield_small import METRICS, Params, crosstalk_decides, trial

SQUARE = ((1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))
TWO = ((1.0, 1.0), (1.0, -1.0))
OURS = {"rule": "lssm", "patterns": SQUARE, "distribution": "uniform", "tol": 1e-6}
OPEN: dict[str, Any] = {"variants": {"distribution": ["uniform", "normal"], "tol": [1e-6, 1e-2]}, "chosen": ("distribution", "tol")}
LIKE = {"rule": "lssm", "patterns": SQUARE}

CLAIMS = [
    claim(
        "hopfield-2d.targets-stable",
        cell=OURS,
        test=all_of(
            equal_within(metric("stored_stable"), 1.0, 0.01), greater(metric("smallest_stored_basin"), 0.05, contrary="below-margin")
        ),
    ),
    claim(
        "hopfield-2d.spurious-reached",
        cell=OURS,
        test=all_of(
            greater(metric("spurious_stable"), 0.5, contrary="below-margin"),
            greater(metric("spurious_volume"), 0.05, contrary="below-margin"),
        ),
    ),
    claim(  # weights as symmetric, of the same design: were symmetry the cause, their patterns' negatives would be stable as well
        "hopfield-2d.spurious-cause",
        cell={"rule": "lssm", "distribution": "uniform", "tol": 1e-6},
        test=all_of(
            greater(metric("negatives_stable").at(patterns=SQUARE), 0.5, contrary="below-margin"),
            greater(metric("negatives_stable").at(patterns=TWO), 0.5, contrary="below-margin"),
        ),
    ),
    claim(  # a network that did not tell corners apart would bring starts near one of them to another
        "hopfield-2d.spurious-cause.d", cell=OURS, test=less(metric("corners_kept"), 0.9, contrary="below-margin")
    ),
    claim(  # the mean of ten starts varies by half of itself between runs
        ["hopfield-2d.iterations.random.a", "hopfield-2d.iterations.random.d"],
        cell=LIKE,
        value=metric("iterations_random"),
        tolerance=0.6,
        **OPEN,
    ),
    claim("hopfield-2d.iterations.symmetric.a", cell=LIKE, value=metric("iterations_symmetric", exact=True), tolerance=0.5, **OPEN),
    claim("hopfield-2d.iterations.range-min.a", cell=LIKE, value=metric("iterations_least"), tolerance=2.0, **OPEN),
    claim("hopfield-2d.iterations.range-max.a", cell=LIKE, value=metric("iterations_most"), tolerance=2.0, **OPEN),
    claim("hopfield-2d.symmetric-unchanged", cell=OURS, test=less(metric("symmetric_moved"), 0.01, contrary="below-margin")),
    claim(
        "hopfield-2d.symmetric-unstable",
        cell=OURS,
        test=all_of(
            greater(metric("symmetric_unstable"), 0.9, contrary="below-margin"),
            greater(metric("perturbed_to_stable"), 0.9, contrary="below-margin"),
        ),
    ),
    claim(
        "hopfield-2d.slow-near-boundary",
        cell=OURS,
        test=greater(metric("iterations_near"), metric("iterations_far"), margin=0.1),
    ),
    claim("hopfield-2d.crosstalk-condition", value=derived(crosstalk_decides)),
]

CELLS = grid(distribution=["uniform", "normal"], tol=[1e-6, 1e-2]) + grid(patterns=[TWO]) + grid(rule=["hebb"])

study = Study(
    name="hopfield-2d",
    title="A Hopfield network of two neurons",
    sheet={"2024": "2.1"},
    version=1,
    params=Params(),
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
            "The square of states: random starts (dots) of the first two replicates and their ways, over the basins of the stable states; "
            "squares were stored, open circles are unstable fixed points.",
        ),
        Figure("energy-surface", reading.energy_surface, "Energy over the square: −s'Ws/2 − b's + s's/2; its corners are the minima."),
        Figure("energy-by-update", reading.energy_by_update, "Energy along the ways of the random starts of three replicates."),
        Figure(
            "iterations-by-distance",
            reading.by_distance,
            "Iterations until a start at a set distance from a basin boundary rests; the band is the 95 % interval over replicates.",
        ),
        Figure("basin-volumes", reading.basin_volumes, "Share of the square that flows to each stable state, with 95 % intervals."),
    ],
    tables=[
        Table("fixed-points", reading.fixed_table, "All fixed points, enumerated."),
        Table("iterations", reading.kinds_table, "Iterations by kind of start, all replicates together."),
        Table("settings", reading.settings_table, "Random starts by how they are drawn and when a state counts as at rest."),
        Table("patterns", reading.patterns_table, "The network beside one that stores two of its patterns."),
        Table("crosstalk", reading.hebb_table, "The Hebb rule on the same patterns: crosstalk of each bit, and whether the bit is kept."),
        Table("hebb", reading.hebb_random_table, "The Hebb rule on random patterns of 100 units, 30 of them for the crosstalk."),
    ],
    claims=CLAIMS,
)
