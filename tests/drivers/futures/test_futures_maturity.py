"""A position of constant maturity, on a curve without contracts, against the same position in contracts."""

import numpy as np
import pandas as pd
import pytest
from futures_worlds import few
from hypothesis import given
from hypothesis import strategies as st

from research.drivers.futures import (
    MONTH,
    ConstantMaturityCurve,
    FuturesCurve,
    constant_maturity,
    hold,
    hold_constant_maturity,
)
from research.errors import AlignmentError, DataError, ParameterError, SampleError

SESSIONS = pd.bdate_range("2024-01-08", periods=15)


def spot_of(seed, days=SESSIONS):
    return pd.Series(100 * np.exp(np.random.default_rng(seed).normal(0, 0.03, len(days)).cumsum()), days)


@few
@given(st.integers(0, 10**6), st.floats(35.0, 55.0), st.floats(0.0, 0.001))
def test_on_a_straight_curve_it_is_the_position_in_contracts(seed, days, cost):
    rng = np.random.default_rng(seed)
    spot = spot_of(seed)
    level, slope = spot.to_numpy() * np.exp(rng.normal(0, 0.01, 15)), rng.normal(0, 0.05, 15)
    expiries = pd.date_range("2024-01-29", periods=5, freq="30D")
    left = (expiries.to_numpy()[None, :] - SESSIONS.to_numpy()[:, None]) / np.timedelta64(1, "D")
    contracts = FuturesCurve(pd.DataFrame(level[:, None] + slope[:, None] * left, SESSIONS, expiries))
    nodes = np.array([30.0, 60.0, 90.0])
    by_maturity = ConstantMaturityCurve(pd.DataFrame(level[:, None] + slope[:, None] * nodes, SESSIONS, nodes))
    one = hold_constant_maturity(by_maturity, days, spot, cost=cost, spacing=30.0)
    other = hold(contracts, constant_maturity(contracts, days), spot, cost=cost)
    np.testing.assert_allclose(one.intervals["futures"], other.intervals["futures"], atol=1e-12)
    np.testing.assert_allclose(one.states["maturity"], other.states["maturity"])
    # Turnover by contract is in value, by maturity in contracts: they differ by the spread between the two contracts.
    # Less is traded where the position passes from one pair of contracts to the next, or settles part of it in cash.
    assert (other.states["turnover"] <= 1.1 * one.states["turnover"]).all()
    assert other.states["turnover"].median() == pytest.approx(one.states["turnover"].median(), rel=0.05)


@few
@given(st.integers(0, 10**6), st.floats(20.0, 80.0), st.sampled_from(["curve", "spot"]))
def test_carry_and_shift_add_to_futures_less_spot(seed, days, below):
    rng = np.random.default_rng(seed)
    spot = spot_of(seed)
    table = spot.to_numpy()[:, None] * np.exp(rng.normal(0.005, 0.01, (15, 3)))
    curve = ConstantMaturityCurve(pd.DataFrame(table, SESSIONS, [30.0, 60.0, 90.0]))
    held = hold_constant_maturity(curve, days, spot, below=below)
    split = held.intervals
    gap = split["futures"] - split["spot"] - split["roll_yield"] - split["curve_shift"]
    assert gap.abs().max() < 1e-12
    basis = np.log(curve.price(days) / spot) * 365 / days
    np.testing.assert_allclose(split["roll_yield"], (-basis.to_numpy()[:-1] * split["days"] / 365), atol=1e-14)


def test_a_curve_that_does_not_move_rolls_down_its_own_slope():
    curve = ConstantMaturityCurve(pd.DataFrame({30.0: 102.0, 60.0: 104.0}, SESSIONS))
    held = hold_constant_maturity(curve, 30.0, pd.Series(100.0, SESSIONS))
    days = held.intervals["days"]
    np.testing.assert_allclose(held.simple_returns, -(2.0 / 30.0) * days / 102.0)
    # The change of the published one-month price would have been zero: that is not a return of anything.
    assert (curve.price(30.0).diff().dropna() == 0).all()


def test_prices_between_and_beyond_the_maturities():
    curve = ConstantMaturityCurve(pd.DataFrame({30.0: [102.0, 102.0], 60.0: [104.0, np.nan]}, SESSIONS[:2]))
    spot = pd.Series(100.0, SESSIONS[:2])
    first = ConstantMaturityCurve(curve.prices.iloc[:1])
    assert first.price(15.0).tolist() == [101.0]
    assert first.price(15.0, spot.iloc[:1]).tolist() == [101.0]
    assert first.price(60.0).tolist() == [104.0]
    assert curve.price(30.0).tolist() == [102.0, 102.0]
    with pytest.raises(ParameterError, match="ends at 60 days"):
        curve.price(61.0)
    with pytest.raises(DataError, match=r"45 days ahead of 2024-01-09"):
        curve.price(45.0)
    with pytest.raises(DataError, match="no positive price"):
        ConstantMaturityCurve(pd.DataFrame({30.0: [1.0], 31.0: [2.0]}, SESSIONS[:1])).price(20.0)
    single = ConstantMaturityCurve(pd.DataFrame({30.0: [102.0]}, SESSIONS[:1]))
    assert single.price(30.0).tolist() == [102.0]
    assert single.price(15.0, spot.iloc[:1]).tolist() == [101.0]
    with pytest.raises(ParameterError, match="a single maturity"):
        single.price(29.0)


def test_bad_requests_are_refused():
    curve = ConstantMaturityCurve(pd.DataFrame({MONTH: 102.0, 2 * MONTH: 104.0}, SESSIONS))
    spot = pd.Series(100.0, SESSIONS)
    with pytest.raises(ParameterError, match="'curve' or 'spot'"):
        hold_constant_maturity(curve, MONTH, spot, below="flat")
    with pytest.raises(ParameterError, match=r"does not outlive the 3 days to 2024-01-15"):
        hold_constant_maturity(curve, 2.0, spot)
    with pytest.raises(ParameterError, match="contracts lie"):
        hold_constant_maturity(curve, MONTH, spot, spacing=0.0)
    with pytest.raises(ParameterError, match="two basis points"):
        hold_constant_maturity(curve, MONTH, spot, cost=1.0)
    with pytest.raises(AlignmentError, match="spot lacks 2024-01-08"):
        hold_constant_maturity(curve, MONTH, spot.iloc[1:])
    with pytest.raises(SampleError):
        hold_constant_maturity(ConstantMaturityCurve(curve.prices.iloc[:1]), MONTH, spot.iloc[:1])
