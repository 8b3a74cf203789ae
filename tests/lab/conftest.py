"""Lets the tests of this folder import its helpers, and gives each its own store."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    from annlab.lab import Store

    return Store(tmp_path / "runs")
