"""How long something takes."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def median(do: Callable[[], Any], runs: int = 5) -> float:
    """Milliseconds of the middle run; the first, which warms up, does not count."""
    do()
    times = []
    for _run in range(runs):
        begun = time.perf_counter()
        do()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)
