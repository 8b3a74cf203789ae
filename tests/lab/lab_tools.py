"""Helpers of the laboratory's tests: toy studies by name, outcomes compared bit by bit."""

import json
from pathlib import Path

import numpy as np

from annlab.lab.discover import load_study

TOYS = Path(__file__).with_name("toy_studies.py")


def toy(name):
    """A toy study by its name."""
    return load_study(f"{TOYS}:{name}")


def bits(value):
    """An array's bytes, type and shape, so that NaN equals NaN and 0.0 differs from -0.0."""
    array = np.asarray(value)
    return array.dtype.str, array.shape, array.tobytes()


def outcome_bits(outcome):
    """All of an outcome that counts for equality."""
    return {
        "metrics": {name: (type(value).__name__, repr(value)) for name, value in outcome.metrics.items()},
        "series": {name: {column: bits(values) for column, values in frame.items()} for name, frame in outcome.series.items()},
        "arrays": {name: bits(values) for name, values in outcome.arrays.items()},
    }


def store_bits(store):
    """Every stored outcome, by study, key and replicate."""
    return {(job.study, job.key, r): outcome_bits(job.outcome(r)) for job in store.jobs() for r in job.replicates}


def edit_json(path, change):
    """Read a JSON file, let `change` work on it, and write it back."""
    held = json.loads(path.read_text())
    change(held)
    path.write_text(json.dumps(held))


def put(store, job, outcomes, **options):
    """Store outcomes of a job as a worker and the driver do."""
    from annlab.lab.stored import write_job

    store.prepare()
    staged = store.staging / f"{job.key}-1"
    staged.mkdir()
    write_job(staged, job, outcomes, **{"seconds": 1.0, "provenance": {"digest": "d"}, **options})
    store.commit(job, staged)
    return store.read(job.study, job.key)
