"""Killed at random moments, or worked on by two drivers, a store ends with the same outcomes, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from lab_tools import TOYS, store_bits, toy

from annlab.lab import Store
from annlab.lab.run import run_many

STUDIES = ("toy-slow", "toy-stacked", "toy-select", "toy-needy")
SCRIPT = f"""
import sys
from annlab.lab.run import run_many
from annlab.lab.store import Store
if __name__ == "__main__":
    run_many([{str(TOYS)!r} + ":" + name for name in {STUDIES!r}], store=Store(sys.argv[1]), workers=2)
"""


def killed(script, root, seconds):
    """Run the studies and kill everything after so many seconds; returns whether they had finished before."""
    process = subprocess.Popen([sys.executable, str(script), str(root)], start_new_session=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_going_on_ends_with_the_same_outcomes(tmp_path, kills):
    whole, torn = Store(tmp_path / "whole"), Store(tmp_path / "torn")
    run_many([toy(name) for name in STUDIES], store=whole, workers=0)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    moments = random.Random(kills)
    done = 0
    while done < kills:
        if killed(script, torn.root, moments.uniform(0.2, 1.2)):
            victim = moments.choice(list(torn.jobs()))  # all was stored: take something away and go on
            for path in sorted(victim.folder.rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            continue
        done += 1
        for job in torn.jobs():
            job.check()
    time.sleep(0.1)
    assert killed(script, torn.root, 120)
    assert torn.notes == []
    assert store_bits(torn) == store_bits(whole)
    assert list(torn.staging.iterdir()) == []


def test_two_drivers_on_one_store_get_the_same_outcomes_and_lose_none(tmp_path):
    whole, shared = Store(tmp_path / "whole"), Store(tmp_path / "shared")
    run_many([toy(name) for name in STUDIES], store=whole, workers=0)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    drivers = [subprocess.Popen([sys.executable, str(script), str(shared.root)]) for _ in range(2)]
    assert [driver.wait(120) for driver in drivers] == [0, 0]
    assert shared.notes == []
    assert store_bits(shared) == store_bits(whole)
    assert list(shared.staging.iterdir()) == []
