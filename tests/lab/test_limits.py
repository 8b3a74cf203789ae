"""Memory that a worker has freed is used again without asking the system for it."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from annlab.lab.limits import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    blocks = [bytearray(10 * 2**20) for _ in range(3)]  # 2560 pages each
    for block in blocks:
        block[::4096] = bytes(2560)
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_freed_memory_is_kept():
    counts = {
        kind: int(subprocess.run([sys.executable, "-c", FAULTS, kind], check=True, capture_output=True, text=True).stdout)
        for kind in ("keep", "usual")
    }
    assert counts["keep"] < 100
    assert counts["usual"] > 15 * 2560 / 2  # most of 15 blocks
