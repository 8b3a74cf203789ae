"""Why do some units of a self-organising map of two moons win nothing, and do they stay where they started?

A map of 4 x 4 units starts uniformly in [-1, 1]^2 and learns 1000 points of two moons (noise 0.1), drawn anew in each replicate and
shared by all cells, shown one by one in random order: an iteration is one point. Recorded at iterations 0, 1, 2, 5, ... 1000: units to
which none of the 1000 points is nearest (idle), units that have won no point shown so far, and units off the moons: farther than 0.2
from both noise-free half circles, where one point in twenty lies. At the end: how far those units have moved since the start.

The report names neither neighbourhood, radius, rate nor the data's size. Here the usual ones are the base: gaussian, radius 1, rate
0.5, both falling to a third as 1 / (1 + 2 t / T); each is a parameter, as are the grid, the start and constant schedules. In batch
training an iteration is one update from all points, 100 in all.

quick | standard | full: 5 x 10 x 1000 | 24 x 30 x 1000 | 24 x 100 x 1000 updates, estimated 2 | 25 | 80 seconds on two cores
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annlab.data.samples import draw_two_moons
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, overrides
from annlab.measure import maps
from annlab.models.som import SelfOrganizingMap
from annlab.studies.maps import som_two_moons_reading as reading
from annlab.studies.maps.som_two_moons_claims import CLAIMS
from annlab.studies.maps.som_two_moons_grid import full, quick

if TYPE_CHECKING:
    from annlab.lab import Context, Streams

STEPS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
OFF = 0.2  # two standard deviations of the noise from the curve of a moon


@dataclass(frozen=True)
class Params:
    """The map, its training and the points."""

    shape: tuple[int, int] = (4, 4)
    grid: Literal["rectangular", "hexagonal"] = "rectangular"
    topology: Literal["planar", "toroidal"] = "planar"
    neighbourhood: Literal["gaussian", "bubble", "triangle", "mexican_hat"] = "gaussian"
    training: Literal["online", "batch"] = "online"
    init: Literal["random", "sample", "pca"] = "random"
    radius: float = 1.0
    learning_rate: float = 0.5
    schedule: Literal["inverse", "constant"] = "inverse"
    iterations: int = 1000
    points: int = 1000
    noise: float = 0.1


def trial(params: Params, ctx: "Context") -> list[Outcome]:
    """One map in each replicate."""
    return [_one(params, ctx.streams.of(r), keep=r == 0) for r in ctx.replicates]


def _one(params: Params, streams: "Streams", *, keep: bool) -> Outcome:
    X = draw_two_moons(params.points, params.noise, streams("data"))[0]
    steps = [step for step in STEPS if step <= params.iterations]
    model = SelfOrganizingMap(
        params.shape,
        grid=params.grid,
        topology=params.topology,
        neighbourhood=params.neighbourhood,
        training=params.training,
        init=params.init,
        init_range=(-1.0, 1.0),
        radius=params.radius,
        final_radius=params.radius / 3,
        radius_schedule=params.schedule,
        learning_rate=params.learning_rate,
        final_learning_rate=params.learning_rate / 3,
        learning_rate_schedule=params.schedule,
        max_updates=params.iterations if params.training == "online" else None,
        max_epochs=params.iterations if params.training == "batch" else 1,
        record_at=steps,
        random_state=streams.seed("init"),
    ).fit(X)
    path, edges = model.path_, model.grid_.edges
    wins = np.stack([maps.hits(maps.best_units(X, weights), model.grid_.units) for weights in path])
    won = np.stack([np.isin(np.arange(model.grid_.units), model.winners_[:step]) for step in steps])
    off = np.stack([distance_to_moons(weights) > OFF for weights in path])
    moved = np.linalg.norm(path - path[0], axis=-1)
    frame = {
        "iteration": np.array(steps),
        "idle": (wins == 0).sum(axis=1),
        "off": off.sum(axis=1),
        "quantization_error": np.array([maps.quantization_error(X, weights) for weights in path]),
        "topographic_error": np.array([maps.topographic_error(X, weights, edges) for weights in path]),
    }
    if params.training == "online":
        frame["never_won"] = (~won).sum(axis=1)
    metrics = {name: float(values[-1]) for name, values in frame.items() if name != "iteration"}
    metrics |= {"off_idle": float((off[-1] & (wins[-1] == 0)).sum()), "moved_all": float(moved[-1].mean())}
    chosen = {"moved_off": off[-1], "moved_idle": wins[-1] == 0}
    if params.training == "online":
        chosen["moved_never"] = ~won[-1]
    metrics |= {name: float(moved[-1][units].mean()) for name, units in chosen.items() if units.any()}
    arrays = {"X": X, "path": path, "wins": wins, "steps": np.array(steps)} if keep else {}
    return Outcome(metrics, {"train": float(model.history_["seconds"][-1])}, {"by_iteration": frame}, arrays)


def distance_to_moons(points: np.ndarray) -> np.ndarray:
    """Distance ``(n,)`` of points ``(n, 2)`` to the nearer of the noise-free half circles.

    Above its diameter a half circle is as far as | |p - centre| - 1 |; on the other side its nearer end counts.
    """
    found = []
    for centre, up in ((np.array([0.0, 0.0]), 1.0), (np.array([1.0, 0.5]), -1.0)):
        offset = points - centre
        arc = np.abs(np.linalg.norm(offset, axis=-1) - 1)
        ends = np.hypot(np.abs(offset[..., 0]) - 1, offset[..., 1])
        found.append(np.where(up * offset[..., 1] >= 0, arc, ends))
    return np.asarray(np.minimum(*found))


METRICS: dict[str, Any] = {
    "idle": Metric("idle units"),
    "never_won": Metric("units that never won"),
    "off": Metric("units off the moons"),
    "off_idle": Metric("idle units off the moons"),
    "moved_off": Metric("way of units off the moons", better=None),
    "moved_idle": Metric("way of idle units", better=None),
    "moved_never": Metric("way of units that never won", better=None),
    "moved_all": Metric("way of all units", better=None),
    "quantization_error": Metric("quantisation error", scale="log", better="lower"),
    "topographic_error": Metric("topographic error", better="lower"),
}


study = Study(
    name="som-two-moons",
    title="A self-organising map of two moons",
    sheet={"C": "2.3"},
    version=1,
    params=Params(),
    trial=trial,
    grid=full(),
    replicates=30,
    stacked=True,
    profiles={"quick": overrides(grid=quick(), replicates=10), "standard": overrides(), "full": overrides(replicates=100)},
    cost=lambda params: 0.03 + (4e-5 if params.training == "online" else 4e-4) * params.iterations,
    metrics=METRICS,
    questions=[
        Question("Why do some units win nothing, and do they stay where they started?", reading.idle_units, "2.3"),
        Question("How do radius, rate, grid and start change that?", reading.settings, "2.3"),
    ],
    figures=[
        Figure(
            "data-space",
            reading.data_space,
            "The map among its 1000 points by iteration (two moons, replicate 0; gaussian, radius 1, rate 0.5). Open circles win nothing.",
        ),
        Figure(
            "neighbourhoods",
            reading.neighbourhoods,
            "The map at the end with each neighbourhood and radius (two moons, replicate 0, the same start). Open circles win nothing.",
        ),
        Figure(
            "idle-by-iteration",
            reading.idle_by_iteration,
            "Units to which no point is nearest, by iteration; bands are 95 % intervals over replicates (two moons, 4 x 4 units).",
        ),
        Figure(
            "errors-by-iteration",
            reading.errors_by_iteration,
            "Quantisation error by iteration; bands are 95 % intervals over replicates (two moons, 4 x 4 units).",
        ),
        Figure(
            "way",
            reading.way,
            "How far from their start units are at the end that never won a point, against all units (two moons; the start is 2 wide).",
        ),
    ],
    tables=[
        Table("units", reading.units, "Units that win nothing and units off the moons at the end, of 16 (two moons)."),
        Table("errors", reading.errors, "Errors of the map at the end, and the way its units went (two moons)."),
    ],
    claims=CLAIMS,
)
