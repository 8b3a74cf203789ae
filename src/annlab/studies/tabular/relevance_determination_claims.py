"""Ledger rows of relevance-determination: sizes of the synthetic data and settings of the network are ours, with alternatives."""

from typing import Any

from annlab.lab.claims import all_of, claim, greater, metric

SYNTHETIC: dict[str, Any] = {"part": "weights", "inputs": 100, "relevant": 10, "noise": 1.0}
SIZES: dict[str, Any] = {"variants": {"points": [200, 100]}, "chosen": ("points", "inputs", "relevant", "noise", "threshold")}
PIMA: dict[str, Any] = {"part": "inputs", "data": "pima", "zeros": "kept", "noise_inputs": 0}
NETWORKS: list[dict[str, Any]] = [
    {"scaled": scaled, "solver": solver, "activation": activation, "hidden": hidden}
    for scaled in (False, True)
    for solver, activation, hidden in (("sgd", "tanh", (50, 20)), ("adam", "relu", (100, 100)))
]
"""The report gives no settings for this network: those it finds best on Pima and on Ionosphere, raw and standardised inputs."""
OPEN: dict[str, Any] = {"variants": NETWORKS, "chosen": ("scaled", "solver", "activation", "hidden", "iterations")}


CLAIMS = [
    claim(
        "relevance-determination.ard-finds-relevant",
        cell=SYNTHETIC,
        test=all_of(
            greater(metric("gap").at(method="ard"), metric("gap").at(method="ols")),
            greater(metric("f1").at(method="ard"), metric("f1").at(method="ols"), margin=0.05),
        ),
        **SIZES,
    ),
    claim(
        "relevance-determination.ols-noisy",
        cell=SYNTHETIC,
        test=greater(metric("irrelevant_rms").at(method="ols"), metric("irrelevant_rms").at(method="ard"), margin=0.02),
        **SIZES,
    ),
    claim(
        "relevance-determination.ard-sparse",
        cell={**SYNTHETIC, "method": "ard"},
        test=all_of(greater(metric("near_zero"), 0.5), greater(metric("precision"), 0.5)),
        **SIZES,
    ),
    claim(
        "relevance-determination.ard-selects-0-5-6",
        cell={**PIMA, "method": "ard", "keep": 3},
        test=greater(metric("picks_fixed"), 0.5),
        variants={"ranked_on": ["raw", "standardised"], "ranked_rows": ["training", "all"]},
        chosen=("ranked_on", "ranked_rows", "keep"),
    ),
    claim(
        "relevance-determination.accuracy.all-inputs",
        cell={**PIMA, "network": "scikit-learn", "method": "all"},
        value=metric("test_accuracy", trials=154),
        tolerance=0.1,
        **OPEN,
    ),
    claim(
        "relevance-determination.accuracy.selected-inputs",
        cell={**PIMA, "network": "scikit-learn", "method": "fixed"},
        value=metric("test_accuracy", trials=154),
        tolerance=0.1,
        **OPEN,
    ),
    claim(
        "relevance-determination.selection-improves",
        cell={**PIMA, "network": "scikit-learn", "method": "fixed"},
        value=metric("test_accuracy", trials=154),
        margin=0.05,
        **OPEN,
    ),
]
