"""Benchmark mismatch: the benchmark that the fund names against the one that the history has."""

from __future__ import annotations

from research.alignment.history import History
from research.drivers.clock import log_ratio
from research.drivers.driver import Driver
from research.drivers.inputs import input_series

__all__ = ["benchmark_mismatch"]


def benchmark_mismatch(history: History) -> Driver | None:
    """Return the divergence that comes from measuring against another benchmark than the one the fund names.

    Parameters
    ----------
    history : History
        Its input ``benchmark_stated`` is the level of the benchmark that the fund names, at the benchmark's clock.

    Returns
    -------
    Driver or None
        ``benchmark_mismatch``; None where there is no such series. Exchanging the two benchmarks changes its sign.

    Raises
    ------
    DataError
        If a level is NaN or not positive.

    Notes
    -----
    ``n − b = (n − a) + (a − b)`` with a the stated and b the history's benchmark: the level is
    ``Δln A − Δln B``.
    """
    stated = input_series(history, "benchmark_stated")
    if stated is None:
        return None
    name = history.fund.benchmark.text
    level = log_ratio(
        stated,
        history.frame["benchmark"],
        "benchmark_mismatch",
        ("input 'benchmark_stated'", "the benchmark"),
    )
    return Driver(
        name="benchmark_mismatch",
        level=level,
        title="Benchmark mismatch",
        description=f"{name} less the benchmark that is compared with",
        source="series benchmark_stated",
        truth=1.0 if history.fund.simulated else None,
    )
