"""The intervals among the measures of a report: which there are, where there are none, and that its record has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import research as rs
from research.alignment.history import History
from research.analyses.measures import Measures, measure_basis, measures_table

HORIZONS = (1, 5, 21, 63)


def measured(history: History, basis: Any = "nav", confidence: float = 0.95) -> Measures:
    fit = rs.decompose(history, basis).fit
    return measure_basis(history, basis, fit, HORIZONS, confidence)


@pytest.fixture(scope="module")
def ethv() -> dict[str, Measures]:
    history = rs.load("ETHV")
    return {basis: measured(history, basis) for basis in history.bases}


@pytest.mark.parametrize("basis", ["nav", "price"])
def test_every_calibrated_horizon_has_both_intervals_around_its_own_number(ethv, basis):
    one = ethv[basis]
    assert sorted(one.intervals) == [1, 5, 21]
    for horizon, found in one.intervals.items():
        assert found.estimate == pytest.approx(one.horizons[horizon], rel=1e-9)
        assert found.long_run[0] <= found.lower < found.estimate < found.upper <= found.long_run[1]
    history = rs.load("ETHV")
    fund = history.nav_returns if basis == "nav" else history.price_returns
    alone = rs.tracking_error_interval(fund, history.target_returns, periods_per_year=252)
    assert one.intervals[1].interval == alone.interval


def test_the_table_reads_and_says_which_horizon_has_none(ethv):
    shown = str(measures_table(list(ethv.values())))
    low, high = (f"{end * 1e4:.2f}" for end in ethv["nav"].intervals[1].period)
    line = next(line for line in shown.splitlines() if line.startswith("- over 1 session, these sessions"))
    assert f"{low} to {high}" in line
    assert "no calibrated interval over 63 sessions" in shown
    assert all(len(line) < 100 for line in shown.splitlines() if line.startswith(("Tracking", "-")))


def test_a_short_sample_and_another_confidence_have_measures_without_intervals():
    short = measured(rs.load("ETHV", end="2024-10-15"))
    assert short.observations < 63
    assert short.daily > 0.0
    assert not short.intervals
    other = measured(rs.load("ETHV"), confidence=0.9)
    assert not other.intervals
    for one, over in ((short, "1, 5 and 21"), (other, "1, 5, 21 and 63")):
        record: Any = one.to_dict()["tracking_error_bp"]
        assert record["intervals"] == {}
        assert record["clusters"] is None
        assert f"No calibrated interval over {over} sessions" in str(measures_table([one]))


def test_the_record_holds_what_the_interval_says(ethv, valid_result: Callable[..., dict[str, Any]]):
    document = valid_result(rs.explain(rs.load("ETHV"), draws=19), "decomposition")
    for basis, one in ethv.items():
        record = document["bases"][basis]["tracking_error_bp"]
        for horizon, found in one.intervals.items():
            assert record["intervals"][str(horizon)]["period"] == pytest.approx([1e4 * end for end in found.period])
            assert record["intervals"][str(horizon)]["long_run"] == pytest.approx([1e4 * end for end in found.long_run])
        daily = one.intervals[1]
        assert (record["clusters"], record["heavy_tails"]) == (daily.clusters, daily.heavy_tails)
        stretches = pytest.approx(daily.independent_stretches) if daily.clusters else None
        assert record["independent_stretches"] == stretches
