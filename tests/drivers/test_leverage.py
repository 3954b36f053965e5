"""Leverage and financing against day-by-day compounding, algebra, and SSO against the S&P 500 total return."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from driver_worlds import SESSIONS, leverage_terms, make_fund, make_history, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from research.alignment import sessions
from research.drivers.leverage import compounding_drag, financing, financing_level, leverage
from research.errors import DataError, ParameterError, UnknownNameError

multiples = st.sampled_from([-3.0, -2.0, -1.0, -0.5, 0.5, 1.5, 2.0, 3.0])


@settings(max_examples=25)
@given(multiple=multiples, seed=st.integers(0, 200))
def test_drag_is_exact_against_day_by_day_compounding(multiple, seed):
    benchmark = walk(seed)
    simple = benchmark.pct_change().iloc[1:]
    fund = float((1.0 + multiple * simple).prod())
    level = compounding_drag(benchmark, multiple)
    expected = np.log(fund) - multiple * np.log(benchmark.iloc[-1] / benchmark.iloc[0])
    assert level.iloc[-1] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 50))
def test_no_leverage_has_exactly_no_drag_and_no_financing(seed):
    rate = pd.Series(np.random.default_rng(seed).uniform(0, 0.05, len(SESSIONS)), SESSIONS)
    for reset in ("daily", "monthly"):
        assert (compounding_drag(walk(seed), 1.0, reset=reset) == 0.0).all()
    assert (financing_level(rate, 1.0) == 0.0).all()


@settings(max_examples=25)
@given(multiple=multiples, cut=st.integers(1, len(SESSIONS) - 2))
def test_drag_adds_over_time(multiple, cut):
    benchmark = walk(7)
    whole = compounding_drag(benchmark, multiple).iloc[-1]
    parts = sum(compounding_drag(part, multiple).iloc[-1] for part in (benchmark.iloc[: cut + 1], benchmark.iloc[cut:]))
    assert parts == pytest.approx(whole, abs=1e-13)


def test_drag_is_half_the_variance_for_small_moves():
    benchmark = walk(8, sd=0.005)
    variance = float(np.log(benchmark).diff().pow(2).sum())
    for multiple in (-1.0, 2.0, 3.0):
        level = compounding_drag(benchmark, multiple)
        assert level.iloc[-1] == pytest.approx(-0.5 * multiple * (multiple - 1.0) * variance, rel=0.05)


@settings(max_examples=25)
@given(multiple=multiples, seed=st.integers(0, 50))
def test_a_monthly_reset_holds_the_position_within_each_month(multiple, seed):
    benchmark = walk(seed, sd=0.01)
    value, expected, base = 1.0, [0.0], benchmark.iloc[0]
    start = value
    for before, now in pairwise(SESSIONS):
        if before.month != now.month:
            start, base = value, benchmark[before]
        value = start * (1.0 + multiple * (benchmark[now] / base - 1.0))
        expected.append(np.log(value) - multiple * np.log(benchmark[now] / benchmark.iloc[0]))
    np.testing.assert_allclose(compounding_drag(benchmark, multiple, reset="monthly"), expected, atol=1e-11)


def test_financing_accrues_over_calendar_days_at_the_rate_of_the_start():
    days = pd.DatetimeIndex(["2025-01-03", "2025-01-06", "2025-01-07"])
    rate = pd.Series([0.0365, 0.073, 0.5], days)
    np.testing.assert_allclose(financing_level(rate, 2.0), [0.0, -3e-4, -5e-4], atol=1e-15)
    np.testing.assert_allclose(financing_level(rate, -1.0), [0.0, 6e-4, 10e-4], atol=1e-15)
    np.testing.assert_allclose(financing_level(rate, 3.0), 2 * financing_level(rate, 2.0), atol=1e-15)


def test_a_session_without_a_quote_has_the_last_one_and_an_old_one_is_refused():
    days = pd.bdate_range("2025-01-06", periods=4)
    rate = pd.Series([0.0365, np.nan, 0.073, np.nan], days)
    np.testing.assert_allclose(financing_level(rate, 2.0), [0.0, -1e-4, -2e-4, -4e-4], atol=1e-15)
    with pytest.raises(DataError, match="no financing rate was quoted in the 7 days to 2025-01-14"):
        financing_level(pd.Series([0.04], days[:1]), 2.0, pd.bdate_range("2025-01-06", periods=9))
    with pytest.raises(DataError, match="in the 7 days to 2025-01-06"):
        financing_level(pd.Series([np.nan] * 4, days), 2.0)
    with pytest.raises(DataError, match=r"of 2025-01-07 is 4.5: write a fraction a year"):
        financing_level(pd.Series([0.04, 4.5, 0.04, 0.04], days), 2.0)


def test_a_leverage_of_nothing_is_refused():
    for multiple in (0, 0.0, np.nan, np.inf):
        with pytest.raises(ParameterError, match=r"leverage is .*: give the stated multiple"):
            compounding_drag(walk(1), multiple)
        with pytest.raises(ParameterError, match="leverage is"):
            financing_level(pd.Series(0.01, SESSIONS), multiple)
    with pytest.raises(ValueError, match="the multiple is 0, which is no exposure"):
        make_fund(leverage=leverage_terms(0.0))


def test_impossible_benchmarks_are_refused_with_the_day():
    benchmark = walk(1)
    benchmark.iloc[5] *= 0.45
    with pytest.raises(DataError, match=f"by {SESSIONS[5]:%Y-%m-%d}: a fund of 2 times that loses everything"):
        compounding_drag(benchmark, 2.0)
    benchmark.iloc[5] = -1.0
    with pytest.raises(DataError, match=f"the benchmark of {SESSIONS[5]:%Y-%m-%d} is -1"):
        compounding_drag(benchmark, 2.0)
    with pytest.raises(UnknownNameError, match="did you mean 'monthly'"):
        compounding_drag(walk(1), 2.0, reset="month")


def test_drivers_are_absent_without_leverage_or_rate():
    bare = make_history(walk(1), walk(1))
    assert leverage(bare) is financing(bare) is None
    assert financing(make_history(walk(1), walk(1), make_fund(leverage=leverage_terms(2.0)))) is None


@pytest.mark.parametrize("multiple", [-2.0, -1.0, 0.5, 2.0, 3.0])
def test_every_part_of_a_leveraged_fund_is_found(multiple):
    benchmark = walk(11)
    rate = pd.Series(np.linspace(0.01, 0.05, len(SESSIONS)), SESSIONS)
    simple = benchmark.pct_change().fillna(0.0)
    nav = 25.0 * (1.0 + multiple * simple).cumprod() * np.exp(financing_level(rate, multiple))
    fund = make_fund(kind="leveraged", leverage=leverage_terms(multiple))
    history = make_history(nav, benchmark, fund, {"financing_rate": rate})
    drivers = [leverage(history), financing(history)]
    divergence = np.log(nav / nav.iloc[0]) - multiple * np.log(benchmark / benchmark.iloc[0])
    level = history.divergence("nav")
    np.testing.assert_allclose(level - level.iloc[0], divergence, atol=1e-12)
    np.testing.assert_allclose(sum(driver.level for driver in drivers), divergence, atol=1e-12)


@pytest.fixture(scope="module")
def spxtr(real_data: Path) -> pd.Series:
    """Total-return index on New York sessions; its seven other rows, one of them wrong, are left out."""
    table = pd.read_csv(real_data / "general" / "spxtr_1999_2026_arns11.csv", parse_dates=["date"])
    index = table.set_index("date")["close"]
    days = sessions("XNYS", index.index[0], index.index[-1])
    assert len(index.index.difference(days)) == 7
    assert list(days.difference(index.index)) == [pd.Timestamp("2017-02-06")]
    return index[index.index.isin(days)]


@pytest.fixture(scope="module")
def sso(real_data: Path, spxtr: pd.Series) -> pd.DataFrame:
    """NAV, the publisher's own daily NAV change, and the index."""
    table = pd.read_csv(real_data / "general" / "proshares_sso_historical_nav.csv", parse_dates=["Date"])
    nav = table.set_index("Date").sort_index()
    days = sessions("XNYS", nav.index[0], nav.index[-1])
    assert nav.index.equals(days)
    return pd.DataFrame({"nav": nav["NAV"], "change": nav["NAV Change (%)"] / 100, "index": spxtr.reindex(days)})


@pytest.mark.real
def test_sso_has_the_published_slope(sso, spxtr):
    """OLS with a constant, simple returns: the publisher's daily NAV change on the index's change from row to row.

    The published 1.9985 and -4.0 % a year (252 times the constant) hold the row of the inception, 2006-06-19, whose
    NAV change of 0 is no return; without it the slope is 1.9988, a quarter of a standard error away.
    """
    returns = pd.DataFrame({"fund": sso["change"], "index": spxtr.pct_change()}).dropna()
    fits = [
        sm.OLS(part["fund"].to_numpy(), sm.add_constant(part["index"].to_numpy())).fit()
        for part in (returns, returns.iloc[1:])
    ]
    assert [int(fit.nobs) for fit in fits] == [4754, 4753]
    assert fits[0].params[1] == pytest.approx(1.9985, abs=5e-5)
    assert 252 * fits[0].params[0] == pytest.approx(-0.0400, abs=0.0005)
    assert fits[1].params[1] == pytest.approx(1.9988, abs=5e-5)
    assert abs(fits[1].params[1] - fits[0].params[1]) < 0.3 * fits[0].bse[1]


@pytest.mark.real
def test_sso_compounds_as_the_driver_says_and_pays_about_four_percent(sso):
    """Over common sessions: what is left after drag is fee, financing, and the distributions that no file holds."""
    both = sso[["nav", "index"]].dropna()
    simple = both["index"].pct_change().iloc[1:]
    drag = compounding_drag(both["index"], 2.0)
    by_day = np.log((1.0 + 2.0 * simple).prod()) - 2.0 * np.log(both["index"].iloc[-1] / both["index"].iloc[0])
    assert drag.iloc[-1] == pytest.approx(by_day, abs=1e-10)
    years = (both.index[-1] - both.index[0]).days / 365
    rest = np.log(both["nav"]).diff().sum() - 2.0 * np.log(both["index"]).diff().sum() - drag.iloc[-1]
    assert rest / years == pytest.approx(-0.040, abs=0.003)
    assert drag.iloc[-1] / years == pytest.approx(-float(simple.var()) * len(simple) / years, rel=0.02)
    # Two ex-dates that nobody could miss: NAV falls by 4 % more than twice the index.
    daily = both["nav"].pct_change().iloc[1:] - 2.0 * simple
    assert list(daily.index[daily < -0.02].strftime("%Y-%m-%d")) == ["2006-12-20", "2007-12-20"]


@pytest.mark.real
def test_sso_financing_is_of_the_size_of_the_bill_rate(sso, real_data):
    """After the bill rate, what remains is the fee near 0.9 %, swap spreads, and about 1 % of distributions."""
    both = sso[["nav", "index"]].dropna().loc["2008":]
    bills = pd.read_csv(real_data / "crypto" / "fred_dtb3.csv", parse_dates=["observation_date"])
    rate = bills.set_index("observation_date")["DTB3"].loc["2007-12":] / 100
    cost = financing_level(rate, 2.0, pd.DatetimeIndex(both.index))
    years = (both.index[-1] - both.index[0]).days / 365
    rest = (np.log(both["nav"]) - 2.0 * np.log(both["index"])).diff().sum() - compounding_drag(both["index"], 2.0).iloc[
        -1
    ]
    assert cost.iloc[-1] / years == pytest.approx(-0.0129, abs=0.002)
    assert -0.03 < (rest - cost.iloc[-1]) / years < -0.0089
