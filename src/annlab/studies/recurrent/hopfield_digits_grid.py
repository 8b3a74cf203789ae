"""The cells of hopfield-digits."""

from typing import Any

from annlab.lab import Grid, grid

__all__ = ["BASE", "LOAD", "RULES", "cells", "tiny"]

RULES = ["lssm", "hebb", "storkey", "pseudoinverse", "dense", "modern"]
HEAVY = ["storkey", "dense"]
"""Rules whose sweep over loads costs much: it is coarser and ends earlier."""
BASE: dict[str, Any] = {
    "sweep": "noise", "rule": "lssm", "update": "synchronous", "images": "first", "corruption": "gaussian",
    "levels": 100, "probes": 100, "match": "exact",
}  # fmt: skip
"""The course's network at every noise level."""
LOAD: dict[str, list[Any]] = {"sweep": ["load"], "probes": [30], "iterations": [20]}
SIZES = [100, 196, 400, 784]


def cells(every: int = 3) -> Grid:
    """All cells; a sweep over loads asks each `every`-th of them."""
    light = [rule for rule in RULES if rule not in HEAVY]
    return (
        grid(rule=["lssm"])
        + grid(probes=[1], levels=[100, 10], match=["exact", "signs", "nearest"])
        + grid(rule=RULES, levels=[20], probes=[50])
        + grid(rule=RULES, corruption=["flipped", "erased"], highest=[1.0], levels=[20], probes=[20])
        + grid(rule=RULES, images=["drawn"], levels=[20], probes=[20])
        + grid(rule=["hebb", "storkey", "pseudoinverse"], update=["asynchronous"], levels=[10], probes=[10], iterations=[20])
        + grid(rule=["dense"], degree=[10, 30], levels=[20], probes=[20])
        + grid(rule=["modern"], beta=[0.001, 0.01, 0.1], levels=[20], probes=[20])
        + grid(rule=light, images=["random"], units=[400], every=[every], **LOAD)
        + grid(rule=HEAVY, images=["random"], units=[400], most=[0.5], every=[every], **LOAD)
        + grid(rule=light, images=["drawn"], every=[2 * every], **LOAD)
        + grid(rule=HEAVY, images=["drawn"], most=[0.3], every=[2 * every], **LOAD)
        + grid(rule=["hebb"], images=["random"], units=SIZES, most=[0.2], every=[1], **LOAD)
    )


def tiny() -> Grid:
    """The ``quick`` profile: fewer starts and levels, smaller networks, the same questions."""
    load = {**LOAD, "probes": [15], "images": ["random"], "most": [0.3]}
    return (
        grid(rule=["lssm"], probes=[5], levels=[20])
        + grid(rule=RULES, levels=[10], probes=[3], iterations=[60])
        + grid(rule=RULES, corruption=["flipped", "erased"], highest=[1.0], levels=[5], probes=[2], iterations=[40])
        + grid(rule=["dense"], degree=[10], levels=[10], probes=[3], iterations=[60])
        + grid(rule=["modern"], beta=[0.001, 0.01], levels=[10], probes=[3], iterations=[60])
        + grid(rule=RULES, units=[100], every=[4], **load)
        + grid(rule=["hebb"], units=[49, 100, 196], every=[3], **load)
    )
