"""What every test run shares: a home folder of its own, no network, one thread a process, and what is skipped where."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell: what the tests start would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["OMP_NUM_THREADS"] = "1"  # before torch and NumPy are imported: tests run side by side

settings.register_profile("annlab", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("annlab")


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Home folder of this test process, so that nothing stored by the user is read or changed, and no network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNLAB_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("ANNLAB_OFFLINE", "1")
        yield


@pytest.fixture
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder for one test."""
    home = tmp_path / "home"
    monkeypatch.setenv("ANNLAB_HOME", str(home))
    return home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked for what this machine lacks, and say so."""
    if not os.environ.get("ANNLAB_DATA_DIR"):
        _skip(items, "real_data", "needs the published data sets: set ANNLAB_DATA_DIR")
    if any(item.get_closest_marker("gpu") for item in items):
        import torch

        if not torch.cuda.is_available():
            _skip(items, "gpu", "needs a CUDA device")


def _skip(items: list[pytest.Item], marker: str, reason: str) -> None:
    for item in items:
        if item.get_closest_marker(marker):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _torch_begins_alike() -> None:
    """Torch's global generator in the same state before every test, whatever ran before in this process."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)
