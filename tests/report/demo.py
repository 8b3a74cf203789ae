"""Does more noise in the targets raise the error, and does the optimiser matter?

The set-up is small: the trial draws its error from the generator and trains nothing.

quick | standard | full: 6 x 5 x 0, 0 s on two cores
"""

import os
import signal
from dataclasses import dataclass

import numpy as np

from annlab import draw
from annlab.lab import Figure, Metric, Outcome, Question, Study, Table, best, cases, grid
from annlab.lab.jobs import Failure
from annlab.lab.params import as_dict
from annlab.lab.results import Record, Results
from annlab.lab.verdicts import Verdict


@dataclass(frozen=True)
class Params:
    """Parameters of the demonstration."""

    noise: float = 0.1
    optimizer: str = "adam"
    hidden_sizes: tuple[int, ...] = (50, 50)
    epochs: int = 20
    patience: int | None = None


def trial(params, ctx):
    """Nothing is computed: the tests make the outcomes."""
    raise NotImplementedError


def outcome(params, replicate, stage="trial"):
    """A plausible outcome of one replicate."""
    rng = np.random.default_rng([replicate, int(params.noise * 100), len(params.optimizer)])
    level = params.noise + 0.05 * len(params.optimizer)
    epochs = np.arange(1, params.epochs + 1)
    loss = level * (1 + 3 / epochs) * np.exp(rng.normal(0, 0.02, len(epochs)))
    metrics = {"validation_mse": level * np.exp(rng.normal(0, 0.05)), "gap": rng.normal()}
    if stage == "final":
        metrics = {"test_mse": 1.1 * level * np.exp(rng.normal(0, 0.05))}
    return Outcome(metrics=metrics, timings={"seconds": 0.1}, series={"loss": {"epoch": epochs, "loss": loss}})


class Torn:
    """A figure that pickles and cannot be saved."""

    def savefig(self, *args, **kwargs):
        raise OSError("torn")


class Deadly(Torn):
    """A figure that ends another process that would render it, and cannot be saved here."""

    def __init__(self):
        self.home = os.getpid()

    def savefig(self, *args, **kwargs):
        if os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        super().savefig()


def loss_curves(results):
    """Loss by epoch, one line a noise level."""
    return draw.curves(results.series("loss", optimizer="adam", epochs=20), y="loss", by="noise", y_label="training loss", log_y=True)


def surface(results):
    """A plotly surface with its picture for paper."""
    import plotly.graph_objects as go
    from matplotlib.figure import Figure as Paper

    side = np.linspace(-3, 3, 30)
    x, y = np.meshgrid(side, side)
    z = np.sin(0.8 * (x**2 + y**2)) / (x**2 + y**2 + 0.01) ** 0.9
    paper = Paper(figsize=(5, 3.4))
    paper.add_subplot(projection="3d").plot_surface(x, y, z, cmap="viridis", rasterized=True)
    page = go.Figure(go.Surface(x=side, y=side, z=z), layout={"height": 420})
    return draw.Drawing(paper, page, alt="A rippled surface.")


def means(results):
    """Mean error by noise level."""
    return results.table.groupby("noise", as_index=False)[["validation_mse"]].mean()


def answer(results):
    """Three sentences with numbers from the table."""
    low, high = (results.values("validation_mse", noise=level, optimizer="adam", epochs=20).mean() for level in (0.1, 0.9))
    return (
        f"Yes: the validation error rises from **{low:.3f}** at noise 0.1 to **{high:.3f}** at noise 0.9. "
        "It is the mean of (y − ŷ)<sup>2</sup>, where *y* holds the noise. "
        "Set `noise=0.0` to see the floor.\n\n- Adam is better where x_1 < 2 & x > 1.\n- SGD is not."
    )


STUDY = Study(
    name="noise-demo",
    title="Noise and its price",
    sheet={"2024": "1.3", "C": "1.2"},
    version=1,
    params=Params(),
    trial=trial,
    grid=grid(noise=[0.1, 0.3, 0.9], optimizer=["sgd", "adam"]) + cases(handout={"noise": 0.3, "epochs": 25}),
    replicates=5,
    data=("five_surfaces",),
    select=best("validation_mse"),
    final=trial,
    metrics={
        "validation_mse": Metric("validation MSE", scale="log", better="lower"),
        "test_mse": Metric("test MSE", scale="log", better="lower"),
        "gap": Metric("generalisation gap", unit="dB"),
    },
    questions=[
        Question("Does noise in the targets raise the validation error?", answer, "1.3 Q1"),
        Question(
            "Which of <b>two</b> optimisers is *faster*?",
            lambda results: "Undecided: both take n = 5 replicates. Neither wins. More are needed.",
        ),
    ],
    figures=[
        Figure("loss", loss_curves, "Training loss by epoch on the **five surfaces**, mean and 95 % band over 5 replicates."),
        Figure("surface", surface, lambda results: f"The target surface, {results.design.replicates} replicates."),
    ],
    tables=[Table("means", means, "Mean validation MSE by noise level.")],
)


def records(study=STUDY, *, failed=(), missing=(), stale=(), profile="quick"):
    """Records of the study: pairs of cell index and replicate in `failed`, `missing` and `stale`."""
    design = study.design(profile)
    found = []
    for index, cell in enumerate(design.cells):
        for replicate in range(design.replicates):
            place = (index, replicate)
            if place in missing:
                continue
            key = f"{index:02d}{replicate:02d}" * 8
            failure = None
            if place in failed:
                failure = Failure(key, study.name, "trial", as_dict(cell.params), (replicate,), "raised", "ValueError: loss is <NaN>")
            made = None if failure else outcome(cell.params, replicate)
            found.append(Record(cell, replicate, made, key=key, stale=place in stale, failure=failure))
    if study.select and not missing:
        chosen = Results.from_records(study, design, found).selected
        found += [
            Record(chosen, k, outcome(chosen.params, k, "final"), "final", key=f"ff{k:02d}" * 8) for k in range(design.final_replicates)
        ]
    return design, found


def results(study=STUDY, **troubles):
    """Results of the study, held in memory."""
    design, found = records(study, **troubles)
    provenance = {
        "seed": 0,
        "device": "cpu",
        "dtype": "float32",
        "seconds": 12.3,
        "versions": {"annlab": "0.1.0", "torch": "2.13.0", "numpy": "2.3"},
        "command": f"annlab run {study.name} --profile {design.profile} --seed 0",
    }
    return Results.from_records(study, design, found, provenance=provenance)


def verdicts(study=STUDY):
    """One verdict of each word."""
    told = {
        "reproduced": ("Ours lies inside the interval.", 0.0106, 0.0107, 0.0104, 0.011),
        "exceeded": ("Ours is better by more than the interval.", 0.98, 0.995, 0.993, 0.997),
        "refuted": ("The right value is 0.315.", 0.205, 0.315, None, None),
        "undecided": ("The interval is wider than the tolerance.", 5.0, 4.0, 1.0, 9.0),
        "untestable": ("The report does not say which loss.", None, None, None, None),
        "not-run": ("This profile uses 20 epochs, the claim 2500.", 0.1, None, None, None),
    }
    found = []
    for number, (word, (reason, claimed, measured, low, high)) in enumerate(told.items()):
        command = f"annlab run {study.name} --profile full" if word == "not-run" else None
        cost = 4000.0 if word == "not-run" else None
        found.append(
            Verdict(
                id=f"{study.name}.claim-{number}", study=study.name, verdict=word, reason=reason,
                kind="derived" if word == "refuted" else "measured",
                claimed=claimed, measured=measured, low=low, high=high, n=5, profile="quick", statement=f"Claim {number}: x < y & more.",
                source="report-A;report-E", unit="MSE", cost_seconds=cost, command=command, risk=0.05,
            )
        )  # fmt: skip
    return found
