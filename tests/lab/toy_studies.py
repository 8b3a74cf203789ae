"""Studies without a network, for tests of the laboratory itself. They need NumPy alone."""

import os
import time
from dataclasses import dataclass, replace

import numpy as np

from annlab.lab import Outcome, Study, best, grid, overrides
from annlab.lab.study import Need


@dataclass(frozen=True)
class Params:
    level: float = 1.0
    size: int = 20
    pause: float = 0.0
    mishap: str = "none"
    note: str = ""


def trial(params, ctx):
    """A mean of noisy numbers, with everything an outcome may hold."""
    time.sleep(params.pause)
    _mishap(params, ctx)
    noise = ctx.streams("noise").normal(0.0, params.level, params.size)
    steps = np.arange(3)
    return Outcome(
        metrics={"mean": float(noise.mean()), "nothing": float("nan"), "count": params.size, "everything": float("-inf")},
        timings={"draw": 0.001},
        series={"path": {"step": steps, "value": np.cumsum(noise)[:3], "name": ["a", "b", "é"]}},
        arrays={"noise": noise, "flags": noise > 0, "scalar": np.float32(noise[0]), "turned": noise[:4].reshape(2, 2).T},
    )


def _mishap(params, ctx):
    match params.mishap:
        case "raise":
            raise ZeroDivisionError("the toy broke")
        case "exit":
            os._exit(7)
        case "leave":
            raise SystemExit(3)
        case "hang":
            time.sleep(3600)
        case "eat":
            held = [np.ones(4_000_000) for _ in range(10_000)]
            raise AssertionError(f"{len(held)} pieces were eaten")


def stacked_trial(params, ctx):
    return [
        Outcome(
            metrics={"mean": float(ctx.streams.of(r)("noise").normal(0.0, params.level, params.size).mean())}, arrays={"r": np.array(r)}
        )
        for r in ctx.replicates
    ]


def final(params, ctx):
    return Outcome(metrics={"test": float(ctx.streams("measure").normal(params.level, 0.01))})


def selecting_trial(params, ctx):
    value = float("inf") if params.mishap == "diverge" else (params.level - 2.0) ** 2 + 0.001 * ctx.replicate
    _mishap(params, ctx)
    return Outcome(metrics={"validation": value})


def needy_needs(params):
    return [Need("toy-stacked", {"level": params.level}, replicate=3)]


def needy_trial(params, ctx):
    outcome = ctx.need(Need("toy-stacked", {"level": params.level}, replicate=3))
    return Outcome(metrics={"twice": 2 * outcome.metrics["mean"], "r": int(outcome.arrays["r"])})


def timed_trial(params, ctx):
    calls = ctx.scratch / "calls"
    calls.write_text((calls.read_text() if calls.exists() else "") + "x")
    time.sleep(0.01)
    return Outcome(metrics={"calls": float(len(calls.read_text()))}, timings={"nap": 0.01})


toy = Study(
    name="toy",
    title="Toy",
    sheet={"2024": "0.1"},
    version=1,
    params=Params(),
    trial=trial,
    grid=grid(level=[0.5, 1.0, 2.0]),
    replicates=4,
    profiles={"quick": overrides(replicates=2), "standard": overrides()},
)
study = toy
toy_stacked = Study(
    name="toy-stacked",
    title="Stacked toy",
    sheet={},
    version=1,
    params=Params(),
    trial=stacked_trial,
    grid=grid(level=[0.5, 1.0]),
    replicates=6,
    stacked=True,
    block=5,
)
toy_select = Study(
    name="toy-select",
    title="Choosing toy",
    sheet={},
    version=1,
    params=Params(),
    trial=selecting_trial,
    grid=grid(level=[1.0, 2.0, 3.0]),
    replicates=3,
    select=best("validation"),
    final=final,
    final_replicates=4,
)
toy_needy = Study(
    name="toy-needy",
    title="Needy toy",
    sheet={},
    version=1,
    params=Params(),
    trial=needy_trial,
    grid=grid(level=[0.5, 2.0]),
    replicates=2,
    needs=needy_needs,
)
toy_timed = Study(
    name="toy-timed",
    title="Timed toy",
    sheet={},
    version=1,
    params=Params(),
    trial=timed_trial,
    grid=grid(level=[0.5, 2.0]),
    replicates=1,
    timed=True,
    stacked=True,
    cost=lambda params: params.level,
)
toy_priced = replace(toy, name="toy-priced", cost=lambda params: params.level)
toy_mishaps = replace(toy, name="toy-mishaps", replicates=1, grid=grid(mishap=["none", "raise", "exit", "leave", "hang", "eat"]))
toy_slow = replace(toy, name="toy-slow", replicates=6, grid=grid(pause=[0.1, 0.15], level=[1.0, 2.0]))
