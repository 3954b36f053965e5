"""The report on clocks: simulated offsets, Yahoo's ether day, words that follow numbers, and what hours cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import research as rs
from research.alignment.clock_offset import clock_offset
from research.analyses.benchmark_clock.pairs import other_benchmark, with_other
from research.errors import DataFileError, ParameterError, SampleError
from research.simulation import World, simulate


@pytest.fixture(scope="module")
def ethv():
    return rs.benchmark_clock(rs.load("ETHV"))


def written(folder, levels, name="other.csv"):
    path = folder / name
    frame = pd.DataFrame({"date": [f"{day:%Y-%m-%d}" for day in levels.index], "level": levels.to_numpy()})
    frame.to_csv(path, index=False)
    return path


class TestNumbers:
    def test_ethv_is_seen_when_its_index_is(self, ethv):
        own = ethv.pairs[0]
        assert abs(own.offset.hours) < 0.01
        assert own.expected == 0.0
        assert own.spread < 0.1

    def test_offsets_are_those_of_the_diagnostic(self, ethv):
        frame = ethv.history.frame
        plain = clock_offset(frame["nav"], frame["benchmark"])
        assert ethv.pairs[0].offset.to_dict() == plain.to_dict()

    @pytest.mark.parametrize("hours", [3.0, -2.0])
    def test_a_known_offset(self, hours):
        history = simulate(World(clock_offset_hours=hours), 3)
        own = rs.benchmark_clock(history).pairs[0]
        assert own.truth == own.expected == hours
        low, high = own.offset.interval(0.99)
        assert low < hours < high

    def test_what_an_hour_costs_is_what_it_costs(self):
        """Tracking error of a walk against itself some hours later, by simulation."""
        rng = np.random.default_rng(7)
        days = pd.bdate_range("2020-01-01", periods=2500)
        price = np.cumsum(rng.normal(0.0, 0.006, 24 * ((days[-1] - days[0]).days + 2)))
        at = 24 * np.asarray((days - days[0]).days)
        gap = pd.Series(price[at] - price[at + 3], days).diff().dropna()
        report = rs.benchmark_clock(rs.load("ETHV"))
        wanted = float(gap.std() * np.sqrt(252))
        scaled = report.cost(3.0) * 0.006 / np.sqrt(report.hour_variance)
        assert scaled == pytest.approx(wanted, rel=0.05)
        assert report.cost(3.0, 21) == pytest.approx(report.cost(3.0) / np.sqrt(21), rel=1e-12)


class TestAnotherSeries:
    def test_the_clock_is_a_driver_that_explains_the_difference(self, tmp_path, valid_result):
        world = World(clock_offset_hours=4.0)
        late = simulate(world, 11).frame["benchmark"]
        history = simulate(World(), 11)
        other = other_benchmark(written(tmp_path, late), "level", clock="20:00 America/New_York", name="a late index")
        report = rs.benchmark_clock(history, other)
        pair = report.pairs[-1]
        assert pair.expected == 4.0
        low, high = pair.offset.interval(0.99)
        assert low < 4.0 < high
        assert report.clock_share > 0.98
        assert "A late index: seen" in str(report.conclusions)
        assert len(report.limits.about("clock.other_series")) == 1
        document = valid_result(report, "benchmark_clock")
        assert document["provenance"]["data"]["other.csv"]
        assert [driver["name"] for driver in document["bases"]["nav"]["drivers"]][-1] == "clock"
        assert document["clock"]["clock_share"] > 0.98

    def test_sessions_that_the_series_lacks_are_left_out(self, tmp_path):
        history = rs.load("ETHV")
        known = history.frame["benchmark"].iloc[::2]
        shifted = with_other(history, other_benchmark(written(tmp_path, known), "level"))
        assert len(shifted.frame) == len(known)

    def test_refusals(self, tmp_path):
        history = rs.load("ETHV")
        with pytest.raises(DataFileError, match="no such file"):
            other_benchmark(tmp_path / "none.csv", "level")
        path = written(tmp_path, history.frame["benchmark"].iloc[:10])
        with pytest.raises(ParameterError, match="series_column is empty"):
            other_benchmark(path, "")
        with pytest.raises(ParameterError, match="25:00"):
            other_benchmark(path, "level", clock="25:00 UTC")
        with pytest.raises(SampleError, match="shares 10 sessions with ETHV"):
            rs.benchmark_clock(history, other_benchmark(path, "level"))


@pytest.mark.real
def test_yahoos_ether_day_against_ethv(tmp_path, real_data):
    """3.3 hours, by its labels three in winter and four in summer; the file is dirty, and the report says so."""
    table = pd.read_csv(real_data / "crypto" / "yahoo_ethusd_daily.csv").drop_duplicates("Date").sort_values("Date")
    path = tmp_path / "yahoo.csv"
    table.to_csv(path, index=False)
    other = other_benchmark(path, "Close", date_column="Date", name="Yahoo's ether day")
    report = rs.benchmark_clock(rs.load("ETHV"), other)
    pair = report.pairs[-1]
    assert pair.offset.hours == pytest.approx(3.3, abs=0.5)
    assert 3.0 < pair.expected < 4.0
    text = str(report)
    assert "Yahoo's ether day: seen 3.30" in text
    assert "which the interval holds" in text
    assert "the offset differs by period more than its errors say" in text
    assert "unclear" in report.limits.verdicts("clock.side")
    assert report.clock_share > 0.99
    assert report.measures.daily > 40 * 0.0104


class TestWords:
    def test_ethv(self, ethv):
        assert ethv.conclusions.verdicts("clock.offset")[0] == "same moment"
        assert ethv.conclusions.verdicts("clock.through_time")[0] == "steady"
        text = str(ethv.conclusions)
        assert "Net asset value of ETHV and its benchmark: seen at the same moment" in text
        assert "more than 4.2 seconds apart" in text

    def test_words_follow_the_numbers(self):
        late = rs.benchmark_clock(simulate(World(clock_offset_hours=5.0), 2)).conclusions.about("clock.offset")[0]
        assert late.verdict == "after"
        assert late.values["hours"] == pytest.approx(5.0, abs=2.0)
        assert "hours after net asset value" in late.text
        assert "The truth is 5 hours." in late.text
        early = rs.benchmark_clock(simulate(World(clock_offset_hours=-5.0), 2)).conclusions.about("clock.offset")[0]
        assert early.verdict == "before"
        assert "hours before net asset value" in early.text


def test_result_and_figures(ethv, valid_result):
    document = valid_result(ethv, "benchmark_clock")
    assert document["clock"]["clock_share"] is None
    assert [pair["ambiguous"] for pair in document["clock"]["pairs"]] == [False, False]
    assert len(document["clock"]["pairs"][0]["periods"]) == 9
    for figure in (ethv.periods_figure(), ethv.cost_figure(), ethv.lag_figure()):
        assert "ETHV" in figure.alt
