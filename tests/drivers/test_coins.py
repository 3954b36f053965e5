"""Coins per share: the fee without a price, and Grayscale's printed ether per share."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from driver_worlds import SESSIONS, make_fund, make_history, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from research.drivers.coins import coins_level, coins_per_share, fee_from_coins, project_coins
from research.drivers.expense import expense_ratio
from research.errors import AlignmentError, DataError, SampleError
from research.funds import FeeSchedule
from research.opening import fund

SPIN_OFF = {dt.date(2024, 7, 23): 0.9}


def fee_of(rate: float) -> FeeSchedule:
    return FeeSchedule.model_validate(
        {"periods": [{"start": "2023-01-01", "tiers": [{"rate": rate}]}], "source": "made up", "status": "READ"}
    )


@settings(max_examples=25)
@given(rate=st.floats(0.0, 0.05))
def test_the_fee_comes_back_from_coins_alone_and_equals_the_expense_ratio(rate):
    fee = fee_of(rate)
    coins = project_coins(0.01, SESSIONS[0].date(), fee, SESSIONS)
    assert fee_from_coins(coins) == pytest.approx(rate, abs=1e-12)
    history = make_history(walk(1), walk(1), make_fund(fee=fee), {"coins_per_share": coins})
    measured, stated = coins_per_share(history), expense_ratio(history)
    assert measured is not None
    assert stated is not None
    np.testing.assert_allclose(measured.level, stated.level, atol=1e-12)


def test_no_price_enters():
    coins = project_coins(0.01, SESSIONS[0].date(), fee_of(0.025), SESSIONS)
    one, other = (
        coins_per_share(make_history(walk(seed), walk(seed + 1), inputs={"coins_per_share": coins})) for seed in (1, 5)
    )
    assert one is not None
    assert other is not None
    pd.testing.assert_series_equal(one.level, other.level)
    assert coins_per_share(make_history(walk(1), walk(1))) is None


def test_a_spin_off_is_neither_fee_nor_return():
    days = pd.date_range("2024-07-01", "2024-08-30")
    coins = project_coins(0.0084807, dt.date(2024, 7, 23), fee_of(0.025), days, events=SPIN_OFF)
    assert coins["2024-07-22"] / coins["2024-07-23"] == pytest.approx(1 / 0.9, rel=1e-4)
    assert fee_from_coins(coins, SPIN_OFF) == pytest.approx(0.025, abs=1e-10)
    assert fee_from_coins(coins) > 0.5
    with pytest.raises(AlignmentError, match="the event of 2024-07-23"):
        coins_level(coins.drop(pd.Timestamp("2024-07-23")), SPIN_OFF)


def test_grayscale_ether_per_share_as_the_10k_prints_it():
    """studies 4.2: 292,262.98913350 ether, about a tenth of the trust, over 310,158,500 shares on 2024-07-23."""
    mini = 292_262.98913350 / 310_158_500
    assert mini == pytest.approx(0.00094230, abs=5e-9)
    before = 10 * mini
    days = pd.DatetimeIndex(["2023-12-31", "2024-07-22", "2024-07-23", "2024-12-31"])
    ethe = fund("ETHE")
    found = project_coins(0.9 * before, dt.date(2024, 7, 23), ethe.fee_schedule, days, events=SPIN_OFF)
    assert found["2024-07-23"] == pytest.approx(0.0084807, abs=5e-8)
    assert found["2023-12-31"] == pytest.approx(0.00956, abs=5e-6)
    assert found["2024-12-31"] == pytest.approx(0.00839, abs=5e-6)
    assert found.round(4).loc[["2023-12-31", "2024-12-31"]].tolist() == [0.0096, 0.0084]
    # From the two printed counts alone the fee is known as well as four decimals of a coin allow.
    printed = pd.Series([0.0096, 0.0084], days[[0, 3]])
    events = {dt.date(2024, 12, 31): 0.9}
    assert fee_from_coins(printed, events) == pytest.approx(0.025, abs=0.0111)


def test_impossible_coins_are_refused():
    coins = pd.Series(0.01, SESSIONS)
    coins.iloc[3] = 0.0
    with pytest.raises(DataError, match=f"coins per share of {SESSIONS[3]:%Y-%m-%d} is 0"):
        coins_level(coins)
    with pytest.raises(SampleError, match="span no time"):
        fee_from_coins(coins.iloc[:1])
    with pytest.raises(DataError, match="give a positive number of coins"):
        project_coins(-1.0, SESSIONS[0].date(), fee_of(0.01), SESSIONS)
    with pytest.raises(DataError, match="has the ratio 0"):
        project_coins(1.0, SESSIONS[0].date(), fee_of(0.01), SESSIONS, events={SESSIONS[5].date(): 0.0})
