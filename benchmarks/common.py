"""What every timing here shares: own processes, interleaved repeats, medians, one table of ratios."""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["interleaved", "measured", "peak_mebibytes", "show", "versions"]


def peak_mebibytes() -> float:
    """Largest resident memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)


def measured(script: str, arguments: Sequence[str], threads: int) -> dict[str, float]:
    """Runs ``script arguments`` in a process of its own with `threads` threads; the last line it prints is a JSON object."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    done = subprocess.run([sys.executable, script, *arguments], env=environment, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def interleaved(script: str, contestants: Mapping[str, tuple[Sequence[str], int]], repeats: int) -> dict[str, dict[str, float]]:
    """Medians of what each contestant measured over `repeats` rounds; in every round each runs once, so that all meet the same load.

    Args:
        script: file to run.
        contestants: arguments and number of threads by name.
        repeats: rounds.
    """
    answers: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, (arguments, threads) in contestants.items():
            answers[name].append(measured(script, arguments, threads))
    return {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in answers.items()}


def versions() -> str:
    """Python, torch, NumPy, processor and cores in one line."""
    import numpy as np
    import torch

    return f"Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}, {_processor()}, {os.cpu_count()} cores"


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints a table with aligned columns."""
    cells = [list(columns), *[[value if isinstance(value, str) else f"{value:.3g}" for value in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    print(f"\n{title}")
    for index, row in enumerate(cells):
        first, *rest = [
            cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join([first, *rest]))
        if index == 0:
            print("  ".join("-" * width for width in widths))


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
