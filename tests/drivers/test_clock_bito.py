"""BITO against the London rate: forty per cent of tracking error that is a clock, and the clock driver says so."""

from dataclasses import replace

import bito
import numpy as np
import pandas as pd
import pytest

from research.decomposition import decompose
from research.drivers import clock, collateral, expense_ratio, roll_total
from research.metrics import tracking_error

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def wrong(real_data):
    """The same fund with the rate of 16:00 London as benchmark, and bitcoin at 16:00 New York as the second series."""
    data = bito.bito(real_data / "crypto")
    history = data.history
    london = data.london.reindex(history.frame.index)
    assert london.notna().all()
    inputs = {**history.inputs, "benchmark_at_fund_clock": history.frame["benchmark"]}
    return replace(history, frame=history.frame.assign(benchmark=london), inputs=inputs)


def annual(fund: pd.Series, benchmark: pd.Series) -> float:
    return tracking_error(fund, benchmark, periods_per_year=252) * 1e4


def test_the_wrong_clock_reads_forty_per_cent(wrong):
    assert annual(wrong.nav_returns, wrong.benchmark_returns) == pytest.approx(4300, rel=0.05)
    right = np.log(wrong.inputs["benchmark_at_fund_clock"]).diff().iloc[1:]
    assert annual(wrong.nav_returns, right) == pytest.approx(600, rel=0.02)


def test_the_difference_is_the_clock_driver(wrong):
    drivers = [clock(wrong), roll_total(wrong), collateral(wrong), expense_ratio(wrong)]
    policy = {"collateral": "impose", "expense_ratio": "impose"}
    result = decompose(wrong, drivers=drivers, policy=policy)
    offset = result.drivers[0]
    assert offset.name == "clock"
    assert offset.identified == "estimated"
    # Within a hundredth; not within its error, since the hourly bars are one exchange and the rates many.
    assert offset.coefficient == pytest.approx(1.0, abs=0.01)
    assert result.euler.loc["clock", 1] > 0.9
    assert result.reconciliation_gap < 1e-12
    # Five hours of bitcoin dominate the day and come back: over a month their share is smaller than over a day.
    assert result.euler.loc["clock", 21] < result.euler.loc["clock", 1]
    # The roll is found as well as against the right clock.
    assert result.drivers[1].coefficient == pytest.approx(0.98, abs=0.04)


def test_the_registry_finds_the_clock_by_itself(wrong):
    result = decompose(wrong)
    names = [part.name for part in result.drivers]
    assert {"clock", "roll_yield", "curve_shift", "collateral", "expense_ratio"} <= set(names)
    roll, shift = (next(p for p in result.drivers if p.name == name) for name in ("roll_yield", "curve_shift"))
    assert roll.coefficient == shift.coefficient
