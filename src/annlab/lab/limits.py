"""Threads, memory and global state of the process in which a job runs."""

import os
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from pathlib import Path

__all__ = ["default_memory", "end_with_parent", "isolated", "keep_freed_memory", "limit_memory", "single_threaded_libraries"]

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")


def single_threaded_libraries() -> None:
    """Let numerical libraries that are loaded from now on start with one thread."""
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))


def limit_memory(size: int | None) -> None:
    """Refuse this process more than `size` bytes of memory of its own, where the system can (Linux); mapped files are free."""
    if size is None or not sys.platform.startswith("linux"):
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def keep_freed_memory() -> bool:
    """Let this process use the memory that it has freed again instead of giving it back, where the C library can (glibc); whether it does.

    Maps of a convolutional network are tens of megabytes that every step takes and frees: asking the system for them anew means a page
    fault every 4 KiB, a quarter of the time of a step on MNIST. Blocks up to 32 MiB, the most that glibc takes, come from the heap,
    and up to 512 MiB at its top are kept.
    """
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    with suppress(OSError, AttributeError):
        options = ctypes.CDLL(None).mallopt
        return bool(options(mmap_threshold, 32 * 2**20)) and bool(options(trim_threshold, 512 * 2**20))
    return False


def default_memory() -> int | None:
    """Three quarters of the machine's memory, in bytes; None where it is unknown."""
    with suppress(ValueError, OSError, AttributeError):
        return int(0.75 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return None


def end_with_parent() -> None:
    """Let this process end when its parent does, even in the middle of a job."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def isolated(seed: int, threads: int, device: str = "cpu") -> Iterator[None]:
    """Run a job with a number of threads, global generators seeded by it, and everything put back after it.

    On a GPU, torch is asked for the algorithms whose results do not vary from run to run, where it has them.
    Trials draw from `Streams`; the seeding is for third-party code that draws from global generators.
    """
    import numpy as np

    states = (random.getstate(), np.random.get_state(), np.geterr(), Path.cwd())  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    with _blas_threads(threads), _torch_state(seed, threads, device):
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            np.seterr(**states[2])
            os.chdir(states[3])


@contextmanager
def _blas_threads(threads: int) -> Iterator[None]:
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1" and threads == 1:
        yield
        return
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=threads):
        yield


@contextmanager
def _torch_state(seed: int, threads: int, device: str) -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = (torch.get_num_threads(), torch.get_rng_state(), torch.get_default_dtype(), torch.is_grad_enabled())
    strict, warn_only = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    if device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS wants for that
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_rng_state(before[1])
        torch.set_default_dtype(before[2])
        torch.set_grad_enabled(before[3])
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        torch.set_flush_denormal(False)
