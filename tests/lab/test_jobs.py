import hashlib
from dataclasses import replace

import numpy as np
import pytest
from lab_tools import toy

from annlab.lab import Need
from annlab.lab.jobs import Job, block_of, make_job
from annlab.lab.params import resolve

JOB = Job("toy", 1, {"level": 0.5, "sizes": (3, 2)}, (0,), data={"mnist": "abc"})


def test_the_key_is_the_digest_of_everything_an_outcome_depends_on():
    text = (
        '{"block":[0,1],"data":{"mnist":"abc"},"device":"cpu","dtype":"float32","needs":[],"params":{"level":0.5,"sizes":[3,2]},'
        '"seed":0,"stacked":false,"stage":"trial","study":"toy","threads":1,"version":1}'
    )
    assert JOB.key == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"study": "toys"},
        {"version": 2},
        {"params": {"level": 0.25, "sizes": (3, 2)}},
        {"replicates": (1,)},
        {"replicates": (0, 1)},
        {"stage": "final"},
        {"seed": 1},
        {"device": "cuda"},
        {"dtype": "float64"},
        {"threads": 2},
        {"stacked": True},
        {"data": {"mnist": "abd"}},
        {"needs": ((Need("other"), "k"),)},
    ],
    ids=str,
)
def test_each_of_them_changes_the_key(change):
    assert replace(JOB, **change).key != JOB.key


def test_the_index_of_a_device_and_how_a_job_is_timed_do_not():
    assert replace(JOB, device="cuda:0").key == replace(JOB, device="cuda:1").key
    assert replace(JOB, timed=True).key == JOB.key


def test_blocks_are_fixed_whatever_is_asked_for():
    stacked, single = toy("toy-stacked"), toy("toy")
    assert [block_of(stacked, stacked.params, r) for r in (0, 4, 5)] == [(0, 1, 2, 3, 4)] * 2 + [(5, 6, 7, 8, 9)]
    assert block_of(single, single.params, 7) == (7,)


def test_a_job_holds_plain_values_and_the_type_its_parameters_name():
    study = toy("toy")
    job = make_job(study, resolve(study.params, {"level": np.float64(0.5)}), 2)
    assert type(job.params["level"]) is float
    assert (job.dtype, job.replicates, job.label) == ("float32", (2,), f"toy {job.key[:10]} (replicate 2)")
