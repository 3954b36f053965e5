"""The report on clocks: simulated offsets, Yahoo's ether day, words that follow numbers, and what hours cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import research as rs
from research.alignment import Clock, sessions
from research.alignment.clock_offset import clock_offset
from research.alignment.variance_profile import flat_profile, profiles_of
from research.analyses.benchmark_clock.pairs import _pair, market_of, other_benchmark, with_other
from research.errors import DataFileError, ParameterError, SampleError
from research.simulation import Leverage, World, simulate
from research.simulation.clock_study import intraday_path


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
        plain = clock_offset(frame["nav"], frame["benchmark"], profiles=profiles_of("ether"))
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
        assert "A late index (stated: 20:00 America/New_York): seen about" in str(report.conclusions)
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
    """Three hours in winter and four in summer while the file keeps its clock; the report says when it no longer does.

    From 2025-04-16 on rows were taken at other hours: of the whole file the side is not known, and no sign is claimed.
    """
    table = pd.read_csv(real_data / "crypto" / "yahoo_ethusd_daily.csv").drop_duplicates("Date").sort_values("Date")
    path = tmp_path / "yahoo.csv"
    table.to_csv(path, index=False)
    other = other_benchmark(path, "Close", date_column="Date", name="Yahoo's ether day")
    clean = rs.benchmark_clock(rs.load("ETHV", end="2025-04-15"), other)
    pair = clean.pairs[-1]
    assert 3.0 < pair.expected < 4.0
    low, high = pair.offset.interval()
    assert 0.0 < low < pair.expected < high
    text = str(clean.conclusions)
    assert "Yahoo's ether day (stated: 24:00 UTC): seen about" in text
    assert "which the interval holds" in text
    assert "24:00 UTC" in pair.named.consistent
    report = rs.benchmark_clock(rs.load("ETHV"), other)
    assert report.pairs[-1].offset.ambiguous
    assert report.conclusions.about("clock.offset")[-1].verdict == "apart"
    assert "hours apart" in str(report.conclusions)
    assert "the offset differs by period more than its errors say" in str(report.conclusions)
    assert "unclear" in report.limits.verdicts("clock.side")
    assert report.clock_share > 0.99
    assert report.measures.daily > 40 * 0.0104


class TestWords:
    def test_ethv(self, ethv):
        assert ethv.conclusions.verdicts("clock.offset")[0] == "same moment"
        assert ethv.conclusions.verdicts("clock.through_time")[0] == "steady"
        text = str(ethv.conclusions)
        assert "its benchmark (stated: 16:00 America/New_York): seen at the same moment, to within" in text
        assert "apart." in text
        # Its closes come after a mean of 15:00 to 16:00, and only bars could say by how much.
        assert len(ethv.limits.about("clock.bars")) == 1
        assert "inputs.asset_bars" in ethv.limits.about("clock.bars")[0].text

    def test_words_follow_the_numbers(self):
        late = rs.benchmark_clock(simulate(World(clock_offset_hours=5.0), 2)).conclusions.about("clock.offset")[0]
        assert late.verdict == "after"
        assert late.values["hours"] == pytest.approx(5.0, abs=2.0)
        assert "hours after (95 % interval" in late.text
        assert "stated: 21:00 America/New_York" in late.text
        assert late.values["side_probability"] > 0.95
        assert "The truth is 5 hours." in late.text
        early = rs.benchmark_clock(simulate(World(clock_offset_hours=-5.0), 2)).conclusions.about("clock.offset")[0]
        assert early.verdict == "before"
        assert "hours before (95 % interval" in early.text

    def test_a_closing_market_is_told_in_24ths(self):
        report = rs.benchmark_clock(simulate(World(clock_offset_hours=5.0), 2), market="closes")
        said = report.conclusions.about("clock.offset")[0]
        assert "24ths of a session's variance" in said.text
        assert said.values["label"] == "none"
        assert report.figures()[0].unit == "24ths of a session's variance"
        assert "24ths" in report.pairs_table().to_frame().columns


def test_result_and_figures(ethv, valid_result):
    document = valid_result(ethv, "benchmark_clock")
    assert document["clock"]["clock_share"] is None
    own = document["clock"]["pairs"][0]
    assert own["method"] == "profile"
    assert 0.0 <= own["side_probability"] <= 1.0
    assert own["interval_hours"][0] <= own["hours"] <= own["interval_hours"][1]
    assert abs(own["variance_24ths"]) < 0.01
    assert len(document["clock"]["pairs"][0]["periods"]) == 9
    for figure in (ethv.periods_figure(), ethv.cost_figure(), ethv.lag_figure()):
        assert "ETHV" in figure.alt


ENTRY = """
[fund.LATE]
name = "A late benchmark"
issuer = "nobody"
kind = "spot"
asset = "ether"
listed = { value = 2024-01-02, status = "MEM", source = "a test" }
benchmark = { value = "An index", status = "MEM", source = "a test" }
fee = "unknown"
[fund.LATE.series.nav]
file = "levels.csv"
column = "nav"
clock = "16:00 America/New_York"
unit = "USD"
provider = "a test"
[fund.LATE.series.benchmark]
BENCHMARK
unit = "USD"
provider = "a test"
measures = "An index"
"""

LEVELS = """file = "levels.csv"
column = "benchmark"
clock = "16:00 America/New_York"
"""

SAMPLED = """file = "bars.csv"
format = "bars"
column = "open"
sample_at = "16:00 America/New_York"
"""

BARS = """
[fund.LATE.inputs.asset_bars]
file = "bars.csv"
format = "bars"
column = "open"
unit = "USD"
provider = "a test"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A fund whose benchmark is seen two hours before its net asset value, and bars of what it holds."""
    folder = tmp_path_factory.mktemp("late")
    path = intraday_path(profiles_of("ether")[0], "2023-12-20", "2025-02-01", 6)
    days = sessions("XNYS", "2024-01-02", "2025-01-15")
    at = Clock().instants(days)
    noise = np.exp(np.random.default_rng(1).normal(0.0, 2e-4, len(days)))
    frame = {"nav": path[at].to_numpy() * noise / 100.0, "benchmark": path[at - pd.Timedelta(hours=2)].to_numpy()}
    pd.DataFrame(frame, pd.Index([f"{day:%Y-%m-%d}" for day in days], name="date")).to_csv(folder / "levels.csv")
    prices = dict.fromkeys(("open", "high", "low", "close"), path)
    pd.DataFrame(prices).rename_axis("timestamp").to_csv(folder / "bars.csv")
    return folder


class TestBars:
    def opened(self, folder, benchmark, more=""):
        (folder / "funds.toml").write_text(ENTRY.replace("BENCHMARK", benchmark) + more)
        return rs.load("LATE", data=folder)

    def test_bars_at_hand_are_used_without_being_asked(self, folder):
        history = self.opened(folder, LEVELS, BARS)
        report = rs.benchmark_clock(history)
        offset = report.pairs[0].offset
        assert offset.method == "bars"
        assert offset.hours == pytest.approx(-2.0, abs=0.2)
        assert offset.side_probability < 0.01
        said = report.conclusions.about("clock.located")[0]
        assert said.verdict == "holds"
        assert "60 minutes apart" in said.text
        assert not report.limits.about("clock.bars")
        # The screen says the same.
        (found,) = [item for item in history.findings if item.series == "benchmark" and "clock" in item.rule]
        assert found.value == pytest.approx(offset.hours, abs=1e-9)

    def test_without_them_it_is_said_what_they_would_bring(self, folder):
        report = rs.benchmark_clock(self.opened(folder, LEVELS))
        assert report.pairs[0].offset.method == "profile"
        assert report.pairs[0].offset.located is None
        low, high = report.pairs[0].offset.interval()
        assert low <= -2.0 <= high
        assert "hourly prices of ether" in report.limits.about("clock.bars")[0].text

    def test_the_benchmarks_own_bars_serve_too(self, folder):
        report = rs.benchmark_clock(self.opened(folder, SAMPLED))
        assert report.has_bars
        assert report.conclusions.about("clock.located")[0].verdict == "holds"

    def test_bars_that_are_none_are_refused(self, folder):
        wrong = BARS.replace('column = "open"', 'column = "close"')
        with pytest.raises(ParameterError, match="asset_bars are the opens of intraday bars"):
            self.opened(folder, LEVELS, wrong)


class TestLeverage:
    """Less the benchmark alone, a fund of another multiple would leave returns that look like many hours."""

    @pytest.mark.parametrize("multiple", [2.0, -1.0])
    def test_no_hours_where_there_are_none(self, multiple):
        world = World(kind="leveraged", leverage=Leverage(multiple))
        report = rs.benchmark_clock(simulate(world, 4))
        low, high = report.pairs[0].offset.interval()
        assert -1.0 < low <= 0.0 <= high < 1.0
        assert abs(report.pairs[0].periods["hours"]).max() < 1.0
        assert report.conclusions.about("clock.offset")[0].verdict in ("same moment", "no offset found")

    def test_hours_that_there_are(self):
        """A fund that doubles what one at another clock returns is as many hours from the benchmark as that one."""
        history = simulate(World(clock_offset_hours=4.0), 3)
        doubled = (1.0 + 2.0 * history.frame["nav"].pct_change().fillna(0.0)).cumprod()
        terms = simulate(World(kind="leveraged", leverage=Leverage(2.0)), 3).fund.leverage
        history = replace(
            history,
            frame=history.frame.assign(nav=doubled, close=doubled * history.frame["close"] / history.frame["nav"]),
            fund=history.fund.model_copy(update={"kind": "leveraged", "leverage": terms}),
        )
        low, high = rs.benchmark_clock(history).pairs[0].offset.interval(0.99)
        assert 0.0 < low < 4.0 < high < 8.0


class TestNoisyCloses:
    def test_a_white_premium_is_no_offset(self):
        """Of 60 funds whose closes err by 30 bp at the moment of the net asset value few are said to be hours apart.

        Of a market that closes, where three are expected at a nominal 5 %; with closes in the place of the exact
        series it is half of them.
        """
        days = pd.bdate_range("2024-01-02", periods=253)
        false = 0
        for seed in range(60):
            rng = np.random.default_rng(seed)
            nav = np.exp(np.cumsum(rng.normal(0.0, 0.037, len(days))))
            close = nav * np.exp(rng.normal(0.0, 0.003, len(days)))
            clocks = {"nav": "16:00 America/New_York", "benchmark": "16:00 America/New_York"}
            given = {"market": "closes", "profiles": (flat_profile(),), "prices": None}
            pair = _pair(
                ("nav", "close"), pd.Series(nav, days), pd.Series(close, days), clocks, "YE", given, noisy=True
            )
            low, high = pair.offset.interval()
            false += low > 0.0 or high < 0.0
        assert false <= 12

    def test_closes_seen_later_come_after(self):
        """The sign stays: positive where closes are seen after the net asset value, whole and by period."""
        rng = np.random.default_rng(3)
        days = pd.date_range("2024-01-01", periods=500)
        price = np.exp(np.cumsum(rng.normal(0.0, 0.005, 24 * 502)))
        nav, close = (pd.Series(price[start : start + 24 * 500 : 24], days) for start in (0, 4))
        close = close * np.exp(rng.normal(0.0, 0.001, len(days)))
        clocks = {"nav": "16:00 America/New_York", "benchmark": "20:00 America/New_York"}
        given = {"market": "continuous", "profiles": (flat_profile(),), "prices": None}
        found = _pair(("nav", "close"), nav, close, clocks, "YE", given, noisy=True)
        low, high = found.offset.interval(0.99)
        assert 0.0 < low < 4.0 < high
        assert found.expected == 4.0
        assert found.offset.side_probability > 0.95
        assert (found.periods["low"] > 0.0).all()
        assert (
            (found.periods["low"] < found.periods["hours"]) & (found.periods["hours"] < found.periods["high"])
        ).all()


class TestMarket:
    @pytest.mark.parametrize(
        ("kind", "asset", "market"),
        [
            ("spot", "ether", "continuous"),
            ("staking", "a coin", "continuous"),
            ("futures", "crude oil", "closes"),
            ("commodity", "gold", "closes"),
            ("futures", "bitcoin", "continuous"),
        ],
    )
    def test_only_coins_never_close(self, kind, asset, market):
        assert market_of(rs.load("ETHV").fund.model_copy(update={"kind": kind, "asset": asset})) == market

    def test_hours_of_a_closing_market_are_not_claimed(self):
        history = rs.load("ETHV")
        history = replace(history, fund=history.fund.model_copy(update={"kind": "commodity", "asset": "crude oil"}))
        report = rs.benchmark_clock(history)
        assert {pair.offset.method for pair in report.pairs} == {"variance"}
        assert {pair.offset.market for pair in report.pairs} == {"closes"}
        assert "minutes" not in " ".join(said.text for said in report.conclusions.about("clock.offset"))


def test_a_futures_funds_curve_is_no_clock():
    """Of the same numbers a spot fund's are hours, and a futures fund's cannot be told from moves of the curve."""
    history = simulate(World(clock_offset_hours=5.0), 2)
    assert rs.benchmark_clock(history).verdicts[0].moment == "after"
    futures = rs.benchmark_clock(replace(history, fund=history.fund.model_copy(update={"kind": "futures"})))
    said = futures.conclusions.about("clock.offset")[0]
    assert said.verdict == "cannot be told"
    assert "moves of their curve against the benchmark look like an offset" in said.text
    assert "hours after" not in said.text
    assert "Consistent with" not in said.text
    assert "Benchmark seen later" not in [figure.label for figure in futures.figures()]
