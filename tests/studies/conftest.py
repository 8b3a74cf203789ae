"""Lets the tests of this folder import its helpers, and computes small results of each study once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def small():
    """Small results of a study by its name."""
    from studies_tools import small_results

    found = {}

    def of(name):
        if name not in found:
            found[name] = small_results(name)
        return found[name]

    return of
