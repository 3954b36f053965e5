"""Weeks, months and markets that never close: sampled on the last session, annualised by their own number."""

from __future__ import annotations

import numpy as np
import own_fund
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import research as rs
from research.alignment import Clock, align, sessions
from research.analyses.measures import measures_table
from research.errors import LossError, ParameterError, SampleError, UnknownNameError
from research.simulation import World, simulate

DAYS = sessions("XNYS", "2024-01-02", "2025-12-31")
NEW_YORK = Clock("16:00", "America/New_York")
RULES = {"weekly": "W-SUN", "monthly": "M"}
PER_YEAR = {"weekly": 52, "monthly": 12}


def aligned(frame: pd.DataFrame, **options):
    return align({name: (values.dropna(), NEW_YORK) for name, values in frame.items()}, "XNYS", **options)


class TestEveryDay:
    """A product that trades around the clock: 365 returns a year (160.5 where 193.2 is right, were it 252)."""

    def test_tracking_error_of_a_market_that_never_closes(self, tmp_path):
        days = pd.date_range("2024-01-02", "2024-12-31")
        frame = own_fund.table(days, noise=1e-3)
        folder = own_fund.write(tmp_path, frame, calendar='"24/7"')
        history = rs.load("OWN", data=folder)
        assert len(history.frame) == len(days) == history.losses.rows_out
        assert history.periods_per_year == 365.0
        explained = rs.explain(history, draws=19)
        daily = np.log(frame["nav"] / frame["benchmark"]).diff().std()
        assert explained.measures["nav"].daily == pytest.approx(daily * np.sqrt(365), rel=1e-9)
        assert explained.measures["nav"].daily / (daily * np.sqrt(252)) == pytest.approx(193.2 / 160.5, rel=1e-3)
        fit = explained.bases["nav"].fit
        assert explained.measures["nav"].permanent == pytest.approx(fit.sd_permanent * np.sqrt(365), rel=1e-12)
        assert "annualised with 365 sessions a year" in str(explained.measures_table())
        assert history.naive.sessions_bp == pytest.approx(daily * np.sqrt(365) * 1e4, rel=1e-9)

    def test_figures_and_the_clock_read_the_same_number(self):
        history = simulate(World(calendar="24/7", sessions=300), 3)
        assert history.periods_per_year == 365.0
        other = simulate(World(sessions=300), 3)
        assert other.periods_per_year == 252.0
        report = rs.benchmark_clock(history)
        assert report.cost(1.0) == pytest.approx(np.sqrt(2.0 * report.hour_variance * 365.0), rel=1e-12)
        assert "365/sessions" in str(report.cost_table())
        shown = rs.plots.rolling(history, (60,)).axes[0].lines[0].get_ydata()
        by_hand = (history.nav_returns - history.benchmark_returns).rolling(60).std() * np.sqrt(365) * 1e4
        np.testing.assert_allclose(shown, by_hand, rtol=1e-9)


@pytest.mark.parametrize("frequency", ["weekly", "monthly"])
class TestSampled:
    def test_the_last_session_of_each_is_kept(self, tmp_path, frequency):
        frame = own_fund.table(DAYS, fee=0.02)
        history = rs.load("OWN", data=own_fund.write(tmp_path, frame, fee=0.02), frequency=frequency)
        expected = frame.groupby(frame.index.to_period(RULES[frequency])).tail(1)
        # The year ends on a Wednesday, in the middle of a week.
        expected = expected.iloc[:-1] if frequency == "weekly" else expected
        pd.testing.assert_frame_equal(
            history.frame[["nav", "close", "benchmark"]], expected[["nav", "close", "benchmark"]], check_names=False
        )
        assert history.sessions.equals(history.frame.index)
        assert history.positions.tolist() == list(range(len(expected)))
        counts = history.losses.counts()
        inside = (frame.index <= expected.index[-1]).sum()
        assert counts["not_sampled"] == inside - len(expected)
        assert history.losses.rows_in == len(frame)
        assert history.losses.sessions_lost == 0
        assert history.periods_per_year == PER_YEAR[frequency]

    def test_the_entry_may_say_so_and_every_report_reads_it(self, tmp_path, frequency):
        folder = own_fund.write(tmp_path, own_fund.table(DAYS, fee=0.02), fee=0.02, frequency=f'"{frequency}"')
        history = rs.load("OWN", data=folder)
        explained = rs.explain(history, draws=19)
        (fee,) = [part for part in explained.bases["nav"].drivers if part.name == "expense_ratio"]
        assert fee.contribution == pytest.approx(-0.02, abs=4 * fee.contribution_std_error)
        daily = np.log(history.frame["nav"] / history.frame["benchmark"]).diff().std()
        assert explained.measures["nav"].daily == pytest.approx(daily * np.sqrt(PER_YEAR[frequency]), rel=1e-9)
        period = history.period
        table = str(measures_table(list(explained.measures.values())))
        assert f"annualised with {PER_YEAR[frequency]} {period}s a year" in table
        assert f"over 5 {period}s" in table
        assert "session" not in table
        shares = explained.bases["nav"].shares()
        assert f"Euler 5{period[0]}" in shares.frame
        assert f"changes over h {period}s" in str(shares)
        assert f"{len(history.frame)} {period}s" in str(explained.conclusions)
        assert f"horizon, {period}s" in rs.plots.horizon_curve(history).axes[0].get_xlabel()
        assert rs.data_quality(history).verdict in {"usable", "look first"}
        assert rs.data_quality(history).days_figure().alt
        assert rs.benchmark_clock(history).conclusions
        measured = str(rs.expense_ratio(history, draws=19).conclusions)
        assert "{" not in measured
        assert "daily" not in measured
        assert explained.to_dict()["sample"]["frequency"] == frequency
        with pytest.raises(SampleError, match="load it daily"):
            rs.premium_discount(history)

    def test_payments_add_up_and_rates_are_averaged(self, tmp_path, frequency):
        frame = own_fund.table(DAYS)
        frame["distributions"] = 0.0
        frame.iloc[5::7, frame.columns.get_loc("distributions")] = 0.01
        frame["staking_yield"] = np.linspace(0.02, 0.04, len(frame))
        frame["staked_share"] = 0.5
        names = ["distributions", "staking_yield", "staked_share"]
        units = {"staking_yield": "fraction a year", "staked_share": "fraction"}
        history = rs.load("OWN", data=own_fund.write(tmp_path, frame, inputs=names, units=units), frequency=frequency)
        first, last = history.start, history.end
        assert history.inputs["distributions"].sum() == pytest.approx(frame.loc[first:last, "distributions"].sum())
        second = history.frame.index[1]
        between = frame.loc[first:second, "staking_yield"].iloc[1:]
        assert history.inputs["staking_yield"][second] == pytest.approx(between.mean())
        assert history.inputs["staked_share"].eq(0.5).all()

    def test_a_hole_at_the_end_of_a_period_takes_the_session_before(self, frequency):
        frame = own_fund.table(DAYS)
        last = frame.groupby(frame.index.to_period(RULES[frequency])).tail(1).index[4]
        before = DAYS[DAYS.get_loc(last) - 1]
        frame.loc[last, "nav"] = np.nan
        found, losses = aligned(frame, frequency=frequency)
        assert before in found.index
        assert last not in found.index
        assert losses.sessions_lost == 0

    def test_a_period_without_a_value_is_lost_and_said(self, frequency):
        frame = own_fund.table(DAYS)
        period = frame.index.to_period(RULES[frequency])
        frame.loc[period == period[100], "nav"] = np.nan
        frame = frame[period != period[200]]
        found, losses = aligned(frame, frequency=frequency, max_loss=0.1)
        assert losses.counts()["missing_value"] == losses.counts()["no_row"] == 1
        assert losses.sessions_lost == 2
        assert losses.sessions == len(found) + 2
        assert losses.rows_in == len(frame)


def test_month_ends_on_closed_days_are_dated_on_the_last_session(tmp_path):
    """A file of months: 30 June 2024 is a Sunday, and its value is that of Friday."""
    daily = own_fund.table(DAYS, fee=0.02)
    months = daily.groupby(daily.index.to_period("M")).tail(1)
    months.index = months.index.to_period("M").end_time.normalize()
    folder = own_fund.write(tmp_path, months, fee=0.02)
    history = rs.load("OWN", data=folder, frequency="monthly")
    assert len(history.frame) == 24
    expected = daily.groupby(daily.index.to_period("M")).tail(1)
    assert history.frame.index.equals(expected.index)
    np.testing.assert_array_equal(history.frame["nav"], expected["nav"])
    assert history.losses.sessions_lost == 0
    # The same numbers as from the file of days, and a refusal that says what the file is where nobody said it.
    again = rs.load("OWN", data=own_fund.write(tmp_path, daily, fee=0.02), frequency="monthly")
    pd.testing.assert_frame_equal(history.frame, again.frame)


def test_a_sunday_of_a_daily_file_is_not_taken_for_a_friday():
    days = pd.date_range("2024-01-02", "2024-12-31")
    frame = own_fund.table(days)
    frame.loc["2024-06-28", "nav"] = np.nan  # the Friday; the file goes on through the weekend
    found, _ = aligned(frame, frequency="monthly")
    assert pd.Timestamp("2024-06-27") in found.index
    assert found.loc["2024-06-27", "nav"] == frame.loc["2024-06-27", "nav"]


@settings(max_examples=40)
@given(
    holes=st.sets(st.integers(0, len(DAYS) - 1), max_size=120),
    frequency=st.sampled_from(["daily", "weekly", "monthly"]),
)
def test_rows_add_up_and_no_session_is_there_twice(holes, frequency):
    frame = own_fund.table(DAYS)
    frame.iloc[sorted(holes), 0] = np.nan
    found, losses = aligned(frame, frequency=frequency, max_loss=0.9)
    assert losses.rows_in == len(found) + losses.rows_dropped
    assert losses.sessions == len(found) + losses.sessions_lost
    assert found.index.is_monotonic_increasing
    assert found.index.is_unique
    assert found[["nav", "benchmark"]].notna().all(axis=None)
    if frequency != "daily":
        assert not found.index.to_period(RULES[frequency]).duplicated().any()


class TestRefused:
    def test_another_frequency(self):
        with pytest.raises(UnknownNameError, match="did you mean 'weekly'"):
            rs.load("ETHV", frequency="weekley")

    def test_a_simulated_fund_and_futures(self, tmp_path):
        with pytest.raises(ParameterError, match="simulated by the session"):
            rs.load("SIM-SPOT", frequency="weekly")
        futures = '{ table = "curve", schedule = "last_days" }'
        folder = own_fund.write(tmp_path, own_fund.table(DAYS), futures=futures)
        with pytest.raises(ParameterError, match="rolls futures by the session"):
            rs.load("OWN", data=folder, frequency="monthly")

    @pytest.mark.parametrize(("reset", "frequency"), [("daily", "weekly"), ("daily", "monthly"), ("monthly", "weekly")])
    def test_a_multiple_that_is_reset_in_between(self, tmp_path, reset, frequency):
        """Taken from weeks, the compounding of a 2x fund had a coefficient of 0.53 ± 0.06."""
        terms = f'{{ multiple = 2.0, reset = "{reset}", source = "made", status = "READ" }}'
        folder = own_fund.write(tmp_path, own_fund.table(DAYS), leverage=terms)
        with pytest.raises(ParameterError, match=f"back {reset}, and what that compounds to is not in {frequency}"):
            rs.load("OWN", data=folder, frequency=frequency)

    @pytest.mark.parametrize("frequency", ["weekly", "monthly"])
    def test_a_sparse_file_that_nobody_called_so(self, tmp_path, frequency):
        daily = own_fund.table(DAYS)
        folder = own_fund.write(tmp_path, daily.groupby(daily.index.to_period(RULES[frequency])).tail(1))
        with pytest.raises(LossError, match=f'say so with frequency = "{frequency}"'):
            rs.load("OWN", data=folder)

    def test_too_few_of_them(self, tmp_path):
        folder = own_fund.write(tmp_path, own_fund.table())
        with pytest.raises(SampleError, match="holds 5 months and 12 are needed"):
            rs.load("OWN", data=folder, end="2024-05-31", frequency="monthly")
        with pytest.raises(SampleError, match="holds no whole month"):
            rs.load("OWN", data=folder, end="2024-01-20", frequency="monthly")


def test_what_is_owed_between_sessions_is_no_driver_of_months():
    names = {part.name for part in rs.decompose(rs.load("ETHV", frequency="monthly")).drivers}
    assert names == {"expense_ratio"}


def test_a_part_of_a_weekly_history_keeps_its_losses_straight():
    history = rs.load("ETHV", frequency="weekly")
    part = history.between("2025-01-01", "2025-12-31")
    assert part.frequency == "weekly"
    assert part.losses.rows_in == history.losses.rows_in
    assert part.losses.rows_out == len(part.frame)
    assert part.losses.sessions_lost == 0
