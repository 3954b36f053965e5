"""The intervals among the measures of a report: which there are, where there are none, and that its record has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import research as rs
from research.alignment.history import History
from research.analyses.measures import Measures, measure_basis, measures_table
from research.analyses.statement import Statements

HORIZONS = (1, 5, 21, 63)


def measured(history: History, basis: Any = "nav", confidence: float = 0.95) -> Measures:
    fit = rs.decompose(history, basis).fit
    return measure_basis(history, basis, fit, HORIZONS, confidence)


def with_divergences(divergences: np.ndarray) -> History:
    """ETHV's sessions with a fund that follows the benchmark up to these divergences, and nothing else."""
    history = rs.load("ETHV")
    frame = history.frame[["benchmark"]].iloc[: len(divergences)]
    return replace(history, frame=frame.assign(nav=frame["benchmark"] * np.exp(np.cumsum(divergences))), findings=())


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
    line = next(line for line in shown.splitlines() if line.startswith("- over 1 session, this sample"))
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


class TestWords:
    """Statements of a fund whose divergences are made to be calm, or clustered, or to have a tail."""

    def said(self, divergences: np.ndarray, **options: Any) -> Statements:
        return rs.explain(with_divergences(1e-4 * divergences), draws=19, **options).conclusions

    def test_calm_days_have_neither(self):
        said = self.said(np.random.default_rng(3).standard_normal(504))
        assert not said.about("tracking_error.clusters")
        assert not said.about("tracking_error.tails")
        (one,) = said.about("tracking_error.nav")
        low, high = one.values["period_bp"]
        assert low < one.values["tracking_error_bp"] < high
        assert f"{low:.1f} to {high:.1f} for this sample" in one.text

    def test_clusters_are_said_with_their_stretches(self):
        rng = np.random.default_rng(4)
        calm_and_loud = np.where(np.arange(504) // 63 % 2, 3.0, 0.5)
        (one,) = self.said(calm_and_loud * rng.standard_normal(504)).about("tracking_error.clusters")
        assert one.verdict == "clusters"
        assert 1 <= one.values["independent_stretches"] < 100
        assert f"about {one.values['independent_stretches']:.0f} independent stretches" in one.text

    def test_a_tail_puts_the_mean_absolute_divergence_first(self):
        divergences = np.random.default_rng(5).standard_t(1.5, 504)
        said = self.said(divergences)
        (one,) = said.about("tracking_error.tails")
        assert one.verdict == "may be heavy"
        ids = [statement.id for statement in said]
        assert ids.index("tracking_error.tails") < ids.index("tracking_error.nav")
        changes = divergences[1:]
        centred = (changes - changes.mean()) ** 2
        assert one.values["one_day_share"] == pytest.approx(centred.max() / centred.sum(), rel=1e-6)
        assert one.values["mean_absolute_divergence_bp"] == pytest.approx(np.abs(changes).mean(), rel=1e-9)
        low, high = one.values["interval_bp"]
        assert low < np.abs(changes).mean() < high

    def test_without_an_interval_there_are_none_in_the_words(self):
        noise = np.random.default_rng(6).standard_normal(504)
        (one,) = self.said(noise, confidence=0.9).about("tracking_error.nav")
        assert "this sample" not in one.text
        assert "period_bp" not in one.values
