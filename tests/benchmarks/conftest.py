"""Timing in one run: peers take turns, the best of each counts, and the ratio is what is asserted."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def race() -> Callable[..., dict[str, float]]:
    """Time functions in turns and print them; return the shortest time of each, in seconds."""

    def run(title: str, rounds: int, **functions: Callable[[], object]) -> dict[str, float]:
        shortest = dict.fromkeys(functions, float("inf"))
        for _ in range(rounds):
            for name, function in functions.items():
                start = time.perf_counter()
                function()
                shortest[name] = min(shortest[name], time.perf_counter() - start)
        first = next(iter(functions))
        print(f"\n{title}")  # noqa: T201 - a benchmark is read
        for name, seconds in shortest.items():
            ratio = "" if name == first else f"   {seconds / shortest[first]:8.2f} × {first}"
            print(f"  {name:<24}{seconds * 1e3:12.2f} ms{ratio}")  # noqa: T201
        return shortest

    return run
