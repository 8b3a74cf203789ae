"""The study of vision transformers: networks of the ledger, effects of known size, a network that learns, seconds."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies_tools import outcomes

from annlab.lab.discover import load_study
from annlab.lab.ledger import rows
from annlab.studies.features.vision_transformer_answers import size
from annlab.studies.features.vision_transformer_claims import architectures, main_effects
from annlab.studies.features.vision_transformer_grid import OF_A, OF_D, Size
from annlab.studies.features.vision_transformer_reading import name_of, shown_network

STUDY = load_study("vision-transformer")
TINY = {"dim": 8, "depth": 1, "heads": 2, "mlp_dim": 8, "head_dim": 8, "data": "digits28", "images": 320, "batch_size": 32, "epochs": 2}


def test_all_networks_of_the_reports_are_there():
    assert len(OF_D) == len(set(OF_D)) == 40
    assert len(set(OF_A)) == 7
    sizes = {Size(c.params.dim, c.params.depth, c.params.heads, c.params.mlp_dim) for c in STUDY.design("full").cells if not c.params.timed}
    for row in rows("vision-transformer"):
        if {"dim", "depth", "heads", "mlp_dim"} <= set(row.config):
            assert Size(*(row.config[name] for name in Size._fields)) in sizes, json.dumps(dict(row.config))


def test_effects_of_an_additive_table_come_out():
    sizes = ((32, 4, 64), (64, 4, 128), (64, 8, 64), (32, 8, 256))
    table = pd.DataFrame(sizes, columns=["dim", "depth", "mlp_dim"])
    odds = 3 + 0.5 * np.log2(table["dim"]) - 0.2 * np.log2(table["depth"]) + 0.1 * np.log2(table["mlp_dim"])
    found = main_effects(table.assign(test_accuracy=1 / (1 + np.exp(-odds)), replicate=0))[0]
    assert found == pytest.approx({"dim": 0.5, "depth": -0.2, "mlp_dim": 0.2})


def test_claims_on_many_networks_look_at_those_that_their_report_has(small):
    results = small("vision-transformer")
    some = list(dict.fromkeys(Size(*(getattr(c.params, name) for name in Size._fields)) for c in results.cells if not c.params.timed))
    held = architectures(results, some[:2])
    assert set(zip(held["dim"], held["depth"], held["heads"], held["mlp_dim"], strict=True)) == set(some[:2])
    assert architectures(results, OF_D).empty


def test_what_is_shown_is_not_chosen_by_test_images(small):
    results = small("vision-transformer")
    first = next(cell.params for cell in results.cells if not cell.params.timed)
    assert shown_network(results) == name_of(first)  # the handout's network is not in this profile


def test_one_size_says_nothing_of_size(small):
    results = small("vision-transformer")
    one = replace(next(cell.params for cell in results.cells if not cell.params.timed), timed=False)
    assert size(results.where(dim=one.dim, depth=one.depth, timed=False)).startswith("Undecided")


def test_timed_cells_alone_answer_nothing_else(small):
    timed = small("vision-transformer").where(timed=True)
    assert all(question.answer(timed).startswith("Undecided") for question in STUDY.questions)


def test_a_trial_repeats_and_measures_what_it_says():
    params = replace(STUDY.params, **TINY, shift=1, warmup=1)
    first, again, other = (outcomes(STUDY, params, [replicate])[0] for replicate in (0, 0, 1))
    assert first.metrics == again.metrics
    assert first.metrics != other.metrics
    curves = first.series["curves"]
    assert curves["test_accuracy"][-1] == pytest.approx(first.metrics["test_accuracy"])
    assert first.metrics["gap"] == pytest.approx(first.metrics["train_accuracy"] - first.metrics["test_accuracy"])
    assert first.arrays["confusion"].trace() / first.arrays["confusion"].sum() == pytest.approx(first.metrics["test_accuracy"])
    assert first.arrays["maps"].shape == (8, 1, 4, 4)


def test_a_timed_trial_gives_seconds_alone():
    found = outcomes(STUDY, replace(STUDY.params, **TINY | {"images": 32}, timed=True), [0])[0]
    assert found.timings["step"] > 0
    assert set(found.metrics) == {"parameters", "tokens"}
