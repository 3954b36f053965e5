"""Staking drivers against algebra and the published pass-through table."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from driver_worlds import SESSIONS, fact, make_fund, make_history, staking_terms, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from research.decomposition import decompose
from research.drivers.distributions import distributions, total_return
from research.drivers.pass_through import (
    implied_fee_share,
    net_staking_yield,
    realised_scenarios,
    staking_scenarios,
)
from research.drivers.staking import staking_fee, staking_levels, staking_reward, staking_tax
from research.errors import AlignmentError, DataError, ParameterError

fractions = st.floats(0.0, 1.0)


def series(value: float) -> pd.Series:
    return pd.Series(value, SESSIONS)


def staked_history(**inputs: pd.Series):
    fund = make_fund(kind="staking", staking=staking_terms(0.1))
    given_inputs = {"staking_yield": series(0.03), "staked_share": series(0.8)} | inputs
    return make_history(walk(1), walk(1), fund, given_inputs)


@settings(max_examples=25)
@given(y=st.floats(-0.9, 0.9), s=fractions, f=fractions, tax=fractions, w=fractions)
def test_gross_less_fee_less_tax_is_the_net_yield_for_every_rate(y, s, f, tax, w):
    levels = staking_levels(SESSIONS, staking_yield=y, staked_share=s, fee_share=f, tax_rate=tax, holders=w)
    years = (SESSIONS[-1] - SESSIONS[0]).days / 365
    net = net_staking_yield(staking_yield=y, staked_share=s, fee_share=f, tax_rate=tax, holders=w)
    assert levels.sum(axis=1).iloc[-1] == pytest.approx(net * years, abs=1e-12)
    assert (levels.iloc[0] == 0.0).all()


@settings(max_examples=25)
@given(cut=st.integers(1, len(SESSIONS) - 2), seed=st.integers(0, 99))
def test_levels_add_over_time(cut, seed):
    rng = np.random.default_rng(seed)
    gross = pd.Series(rng.uniform(0.0, 0.1, len(SESSIONS)), SESSIONS)
    share = pd.Series(rng.uniform(0.0, 1.0, len(SESSIONS)), SESSIONS)

    def levels(part: slice) -> pd.Series:
        days = SESSIONS[part]
        return staking_levels(
            days, staking_yield=gross.loc[days], staked_share=share.loc[days], fee_share=0.1, tax_rate=0.3
        ).iloc[-1]

    together = levels(slice(None))
    apart = levels(slice(None, cut + 1)) + levels(slice(cut, None))
    np.testing.assert_allclose(apart, together, atol=1e-14)


def test_no_yield_or_no_stake_earns_exactly_nothing():
    for gross, share in ((0.0, 0.8), (0.03, 0.0)):
        levels = staking_levels(SESSIONS, staking_yield=gross, staked_share=share, fee_share=0.2, tax_rate=0.3)
        assert not levels.to_numpy().any()


def test_a_rate_holds_over_the_calendar_days_before_its_session():
    days = pd.DatetimeIndex(["2026-01-02", "2026-01-05", "2026-01-06"])
    rate = pd.Series([np.nan, 0.0365, 0.073], days)
    level = staking_levels(days, staking_yield=rate, staked_share=1.0)["staking_reward"]
    np.testing.assert_allclose(level, [0.0, 3e-4, 5e-4], atol=1e-15)


def test_a_benchmark_that_earns_staking_leaves_only_the_drag():
    alike = staking_levels(SESSIONS, staking_yield=0.03, staked_share=1.0, fee_share=0.1, benchmark_yield=0.03)
    assert not alike["staking_reward"].any()
    idle = staking_reward(make_history(walk(1), walk(1), inputs={"benchmark_staking_yield": series(0.03)}))
    years = (SESSIONS[-1] - SESSIONS[0]).days / 365
    assert idle is not None
    assert idle.level.iloc[-1] == pytest.approx(-0.03 * years)


def test_drivers_are_absent_where_nothing_is_known():
    bare = make_history(walk(1), walk(1))
    assert staking_reward(bare) is staking_fee(bare) is staking_tax(bare, tax_rate=0.3) is None
    no_day = make_fund(
        staking={"since": fact("unknown"), "staked_share": fact(0.8)}, facts={"staking_gross_yield": fact(0.03)}
    )
    assert staking_reward(make_history(walk(1), walk(1), no_day)) is None
    history = staked_history()
    assert staking_tax(history) is None
    assert staking_tax(history, tax_rate=0.0) is None


def test_constants_of_the_fund_begin_on_the_day_that_staking_began():
    began = SESSIONS[100]
    terms = staking_terms(0.1, 0.8) | {"since": fact(began.date())}
    fund = make_fund(staking=terms, facts={"staking_gross_yield": fact(0.03)})
    driver = staking_reward(make_history(walk(1), walk(1), fund))
    assert driver is not None
    assert not driver.level.iloc[:100].any()
    days = (SESSIONS[-1] - SESSIONS[99]).days
    assert driver.level.iloc[-1] == pytest.approx(0.024 * days / 365)


def test_tax_is_taken_from_what_the_staking_fee_leaves():
    history = staked_history()
    reward, fee, tax = staking_reward(history), staking_fee(history), staking_tax(history, tax_rate=0.3, holders=0.5)
    assert reward is not None
    assert fee is not None
    assert tax is not None
    np.testing.assert_allclose(fee.level, -0.1 * reward.level, atol=1e-15)
    np.testing.assert_allclose(tax.level, -0.15 * 0.9 * reward.level, atol=1e-15)
    by_session = staking_tax(staked_history(staking_tax_rate=series(0.15)))
    assert by_session is not None
    np.testing.assert_allclose(by_session.level, tax.level, atol=1e-15)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"staking_yield": 4.0}, r"staking yield of 2025-01-03 is 4 \(400%\): write a fraction"),
        ({"staked_share": 1.2}, r"staked share of 2025-01-03 is 1.2 \(120%\): write the fraction"),
        ({"staked_share": np.nan}, r"staked share of 2025-01-03 is missing"),
        ({"benchmark_staking_yield": 2.8}, r"benchmark staking yield of 2025-01-03 is 2.8"),
    ],
)
def test_impossible_series_are_refused_with_row_and_value(inputs, message):
    with pytest.raises(DataError, match=message):
        staking_reward(staked_history(**{key: series(value) for key, value in inputs.items()}))


def test_impossible_parameters_are_refused_with_the_value():
    with pytest.raises(ParameterError, match=r"tax rate is 30: write a fraction between 0 and 1, as in 0\.30"):
        staking_tax(staked_history(), tax_rate=30)
    with pytest.raises(ParameterError, match=r"holders is -0\.1"):
        staking_tax(staked_history(), tax_rate=0.3, holders=-0.1)
    with pytest.raises(ParameterError, match="staking yield is 4"):
        net_staking_yield(staking_yield=4.0, staked_share=1.0)
    with pytest.raises(ParameterError, match=r"staked share is 1\.01"):
        staking_scenarios(staking_yield=0.03, staked_share=1.01)
    with pytest.raises(ParameterError, match="tax rate is 30"):
        realised_scenarios(staked_history(), tax_rates=[30])
    with pytest.raises(ParameterError, match="no tax rate"):
        staking_scenarios(staking_yield=0.03, staked_share=1.0, tax_rates=[])
    with pytest.raises(ParameterError, match="gross yield is 0"):
        implied_fee_share(0.0, 0.01)
    with pytest.raises(ParameterError, match="MADE is not known to stake"):
        realised_scenarios(make_history(walk(1), walk(1)))


def test_a_series_that_lacks_sessions_is_refused():
    short = series(0.03).drop(SESSIONS[7])
    with pytest.raises(AlignmentError, match=f"'staking_yield' has no row for {SESSIONS[7]:%Y-%m-%d}"):
        staking_reward(staked_history(staking_yield=short))
    with pytest.raises(AlignmentError, match="staking yield has 252 labels"):
        staking_levels(SESSIONS, staking_yield=short, staked_share=1.0)


def test_scenarios_stand_side_by_side():
    frame = staking_scenarios(
        staking_yield=0.03, staked_share=0.8, fee_share=0.1, expense_ratio=0.0025, benchmark_yield=0.03
    ).to_frame()
    assert list(frame.columns) == ["tax 0%", "tax 15%", "tax 30%"]
    parts = frame.loc[["gross reward", "staking fee", "staking tax", "expense ratio"]]
    np.testing.assert_allclose(parts.sum(), frame.loc["net yield"], atol=1e-10)
    assert frame.loc["against the benchmark", "tax 0%"] == pytest.approx(240 - 24 - 25 - 300)
    realised = realised_scenarios(staked_history()).to_frame()
    np.testing.assert_allclose(realised.loc["Staking tax"], [0.0, -32.4, -64.8], atol=1e-9)
    np.testing.assert_allclose(realised.loc["Together"], [216, 183.6, 151.2], atol=1e-9)


@pytest.mark.parametrize("total", [False, True])
def test_paid_out_or_kept_the_total_return_is_the_same_and_every_part_is_found(total):
    """Cash on ex-dates and accrual into coins: one total return, no unexplained, price or total-return benchmark."""
    rng = np.random.default_rng(3)
    gross = pd.Series(0.03 + 0.01 * np.sin(np.arange(len(SESSIONS)) / 20), SESSIONS)
    share = pd.Series(rng.uniform(0.7, 0.9, len(SESSIONS)), SESSIONS)
    price = walk(2)
    levels = staking_levels(SESSIONS, staking_yield=gross, staked_share=share, fee_share=0.1, tax_rate=0.3, holders=0.5)
    kept = price / 100 * np.exp(levels.sum(axis=1))
    ex = SESSIONS[[60, 120, 180, 240]]
    paid_share = pd.Series(0.0, SESSIONS)
    paid_share.loc[ex] = 0.005
    out = kept * np.exp(-paid_share.cumsum())
    cash = (np.exp(paid_share) - 1.0) * out

    again = total_return(out, cash)
    np.testing.assert_allclose(again / again.iloc[0], kept / kept.iloc[0], rtol=1e-13)

    index = price.copy()
    inputs = {"staking_yield": gross, "staked_share": share}
    if total:
        inputs["benchmark_staking_yield"] = series(0.028)
        days = np.diff(SESSIONS.to_numpy(), prepend=SESSIONS.to_numpy()[:1]) / np.timedelta64(1, "D")
        index = price * np.exp(np.cumsum(0.028 * days / 365))
    fund = make_fund(kind="staking", staking=staking_terms(0.1))
    for nav, more in ((kept, {}), (out, {"distributions": cash})):
        history = make_history(nav, index, fund, inputs | more)
        drivers = [staking_reward(history), staking_fee(history), staking_tax(history, tax_rate=0.3, holders=0.5)]
        drivers.append(distributions(history))
        found = [driver for driver in drivers if driver is not None]
        assert len(found) == (4 if more else 3)
        explained = sum(driver.level for driver in found)
        divergence = history.divergence("nav")
        np.testing.assert_allclose(explained, divergence - divergence.iloc[0], atol=1e-12)


def test_decompose_separates_reward_from_price_noise():
    fund = make_fund(kind="staking", staking=staking_terms(None))
    gross = pd.Series(np.where(np.arange(len(SESSIONS)) < 126, 0.05, 0.02), SESSIONS)
    history = make_history(walk(4), walk(4), fund, {"staking_yield": gross, "staked_share": series(0.9)})
    reward = staking_reward(history)
    assert reward is not None
    noise = np.random.default_rng(5).normal(0.0, 2e-5, len(SESSIONS))
    moved = history.frame["nav"] * np.exp(reward.level + noise)
    result = decompose(make_history(moved, walk(4), fund, history.inputs), drivers=[reward])
    (row,) = result.drivers
    assert row.identified == "estimated"
    assert abs(row.coefficient - 1.0) < 3 * row.std_error
    assert row.truth == 1.0


# studies.md 4.4: share staked, gross and published net yield, fee
def test_the_published_pass_through_table():
    assert implied_fee_share(0.0275, 0.0211) == pytest.approx(0.23, abs=0.01)
    assert implied_fee_share(0.0277, 0.0260) == pytest.approx(0.06, abs=0.01)
    ethb = net_staking_yield(staking_yield=0.0277, staked_share=0.869, fee_share=0.18, expense_ratio=0.0012)
    assert ethb == pytest.approx(0.0180, abs=0.001)
    at_august = net_staking_yield(staking_yield=0.0277, staked_share=0.7609, fee_share=0.18, expense_ratio=0.0012)
    assert at_august == pytest.approx(0.0161, abs=0.0001)
    ethe = net_staking_yield(
        staking_yield=0.0275, staked_share=0.8066, fee_share=implied_fee_share(0.0275, 0.0211), expense_ratio=0.025
    )
    assert ethe == pytest.approx(-0.0080, abs=0.0005)
    mini = net_staking_yield(
        staking_yield=0.0277, staked_share=0.8033, fee_share=implied_fee_share(0.0277, 0.0260), expense_ratio=0.0015
    )
    assert mini == pytest.approx(0.019, abs=0.0005)


def test_the_registry_of_funds_says_the_same_as_the_table():
    from research.opening import fund

    for ticker, published in (("ETHE", 0.0211), ("ETH", 0.0260)):
        entry = fund(ticker)
        assert entry.staking is not None
        assert entry.staking.fee_share is not None
        gross = entry.facts["staking_gross_yield"].value
        net = net_staking_yield(staking_yield=gross, staked_share=1.0, fee_share=entry.staking.fee_share.value)
        assert net == pytest.approx(published, abs=5e-5)
        assert entry.staking.since.value == dt.date(2025, 10, 6)
