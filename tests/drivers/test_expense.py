"""Fee drivers: what the schedule takes, and what the unpaid part of it does."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import research as rs
from research.drivers import LIABILITIES, Driver, accrued_fee, expense_ratio, measure, owed_from, premium_discount
from research.drivers.accrued_fee import unpaid_share
from research.errors import DataError, UnknownNameError


@pytest.fixture(scope="module")
def ethv():
    return rs.load("ETHV")


def test_the_fee_falls_by_its_rate_on_every_calendar_day(ethv):
    level = expense_ratio(ethv).level
    assert level.iloc[0] == 0.0
    assert level["2025-07-22"] == 0.0
    assert level["2025-07-23"] == pytest.approx(-0.0020 / 365)
    days = (ethv.end - pd.Timestamp("2025-07-22")).days
    assert level.iloc[-1] == pytest.approx(-0.0020 * days / 365)
    assert (level.diff().dropna() <= 1e-18).all()


def test_a_fund_of_unknown_fee_has_no_fee_driver(ethv):
    fund = ethv.fund.model_copy(update={"fee": None})
    without = replace(ethv, fund=fund)
    assert expense_ratio(without) is None
    assert accrued_fee(without) is None
    assert measure(without, "nav") == ()


def test_a_fund_that_pays_daily_owes_nothing(ethv):
    daily = ethv.fund.fee.model_copy(update={"paid": "daily"})
    assert accrued_fee(replace(ethv, fund=ethv.fund.model_copy(update={"fee": daily}))) is None


def test_premium_is_log_close_over_nav(ethv):
    expected = np.log(ethv.frame["close"] / ethv.frame["nav"])
    np.testing.assert_allclose(premium_discount(ethv).level, expected, atol=1e-15)
    assert premium_discount(rs.load("ETHA")) is None


def test_unpaid_share_by_hand():
    """A constant fee of 3.65 % on a NAV of 100 accrues a cent a day; the first session of a month pays the month."""
    days = pd.date_range("2025-01-29", "2025-02-05", freq="D")
    sessions = pd.DatetimeIndex(["2025-01-29", "2025-01-30", "2025-01-31", "2025-02-03", "2025-02-04", "2025-02-05"])
    share = unpaid_share(pd.Series(0.0365, days), pd.Series(100.0, sessions), "M")
    # 30 and 31 January accrue two cents; on Monday 3 February January is paid and three days of February are owed.
    np.testing.assert_allclose(share * 100.0, [0.0, 0.01, 0.02, 0.03, 0.04, 0.05])


def test_unpaid_share_keeps_its_dollars_when_the_price_moves():
    days = pd.date_range("2025-03-03", "2025-03-06", freq="D")
    nav = pd.Series([100.0, 50.0, 50.0, 200.0], days)
    share = unpaid_share(pd.Series(0.0365, days), nav, "M")
    np.testing.assert_allclose(share * nav, [0.0, 0.01, 0.015, 0.02])


def books(price: np.ndarray, sessions: pd.DatetimeIndex, rate: float) -> np.ndarray:
    """Keep a fund's books by hand: ether, a debt in dollars that accrues daily, payment on a month's first session."""
    ether, debts, nav = 0.01, {}, [0.01 * price[0]]
    for (before, now), cost in zip(itertools.pairwise(sessions), price[1:], strict=True):
        for offset in range(1, (now - before).days + 1):
            month = (before + dt.timedelta(days=offset)).month
            debts[month] = debts.get(month, 0.0) + rate / 365 * nav[-1]
        nav.append(ether * cost - sum(debts.values()))
        for month in [month for month in debts if month != now.month]:
            ether -= debts.pop(month) / cost  # paid after the strike, at its price
    return np.array(nav)


@given(seed=st.integers(0, 10_000), rate=st.floats(0.0, 0.05))
@settings(max_examples=10)
def test_accrued_fee_reproduces_the_books(seed, rate):
    rng = np.random.default_rng(seed)
    sessions = pd.bdate_range("2025-07-23", periods=90)
    price = 3000.0 * np.exp(np.cumsum(np.concatenate([[0.0], 0.04 * rng.standard_normal(89)])))
    nav = books(price, sessions, rate)
    share = unpaid_share(pd.Series(rate, pd.date_range(sessions[0], sessions[-1])), pd.Series(nav, sessions), "M")
    simple = np.diff(price) / price[:-1]
    fees = np.diff((sessions - sessions[0]).days.to_numpy()) * rate / 365
    exact = np.log((1 + share[:-1]) * (1 + simple) - share[:-1] - fees)
    np.testing.assert_allclose(np.diff(np.log(nav)), exact, atol=1e-12)
    # The two drivers, each alone, add up to the divergence but for the product of fee and return.
    gained = np.log1p(share[:-1] * simple / (1 + simple))
    rest = np.diff(np.log(nav / price)) - (gained - fees)
    assert np.all(np.abs(rest) <= 1.2 * np.abs(fees * simple / (1 + simple)) + 1e-7)


def test_the_last_session_of_a_month_books_the_rest_of_it(ethv):
    """Friday 29 August 2025 is August's last session: it books Saturday's and Sunday's fee, Tuesday has them not."""
    daily = ethv.fund.model_copy(update={"fee": ethv.fund.fee.model_copy(update={"booked": "session"})})
    apart = accrued_fee(ethv).level - accrued_fee(replace(ethv, fund=daily)).level
    day = 0.0020 / 365
    assert apart["2025-08-29"] == pytest.approx(-2 * day)
    assert apart["2025-11-28"] == pytest.approx(-2 * day)
    assert apart["2026-01-30"] == pytest.approx(-1 * day)
    assert apart[["2025-08-28", "2025-09-02", "2025-09-30", "2025-05-30"]].to_numpy() == pytest.approx(0.0, abs=1e-16)


def test_what_a_drift_brings_with_it_is_the_accrued_fee(ethv):
    """A fee of 0.20 % from 23 July 2025, without the schedule that says so: equal but for squares of the fee."""
    brought = owed_from(ethv)(pd.DatetimeIndex(["2025-07-23"]))[:, 0]
    np.testing.assert_allclose(-0.0020 * brought, accrued_fee(ethv).level, atol=1e-8)


def test_days_of_liability(ethv):
    """More days owed gear more: over a weekend three days against one, at 20 bp a year."""
    session, day, following = (accrued_fee(ethv, one).level.diff() for one in LIABILITIES)
    gross = np.expm1(ethv.benchmark_returns)
    friday = pd.Timestamp("2025-08-11")  # the interval that starts on Friday the 8th
    before = ethv.frame["nav"].index.get_loc(friday) - 1
    lever = (gross / (1 + gross)).iloc[before]
    assert (day - session)[friday] == pytest.approx(0.0020 / 365 * lever, rel=1e-3)
    assert (following - session)[friday] == pytest.approx(3 * 0.0020 / 365 * lever, rel=1e-3)
    with pytest.raises(UnknownNameError, match="next session"):
        accrued_fee(ethv, "next sesion")


def test_infinite_drivers_are_refused():
    with pytest.raises(DataError, match="2025-01-02"):
        Driver("x", pd.Series([0.0, np.inf], pd.DatetimeIndex(["2025-01-01", "2025-01-02"])), "X", "", "")
