"""What is held earns what a futures account would, and its split over spot is exact."""

import numpy as np
import pandas as pd
import pytest
from futures_worlds import choices, few, frozen_worlds, market, schedules, worlds
from hypothesis import given
from hypothesis import strategies as st

from research.drivers.futures import FuturesCurve, Schedule, hold, roll_last_days, roll_on_expiry
from research.drivers.futures.held import log_mean
from research.errors import AlignmentError, DataError, MissingColumnError, ParameterError, SampleError


@few
@given(worlds, choices)
def test_carry_and_shift_add_to_futures_less_spot(world, choice):
    split = hold(world.curve, schedules(world, choice), world.spot).intervals
    gap = split["futures"] - split["spot"] - split["roll_yield"] - split["curve_shift"]
    assert gap.abs().max() < 1e-12


@few
@given(worlds, choices)
def test_an_account_that_trades_contracts_has_the_same_wealth(world, choice):
    schedule = schedules(world, choice)
    held = hold(world.curve, schedule)
    prices = world.curve.prices.fillna(0.0).to_numpy()
    weights = schedule.weights.to_numpy()
    wealth = [100.0]
    for row in range(len(prices) - 1):
        # Sized to the account's wealth at today's settlement, then marked to tomorrow's: cash flows, no spliced price.
        if schedule.unit == "values":
            contracts = wealth[-1] * weights[row] / weights[row].sum() / np.where(prices[row] > 0, prices[row], 1.0)
        else:
            contracts = wealth[-1] * weights[row] / (weights[row] @ prices[row])
        wealth.append(wealth[-1] + contracts @ (prices[row + 1] - prices[row]))
    np.testing.assert_allclose(held.excess_return_index(), wealth, rtol=1e-10)
    np.testing.assert_allclose(held.simple_returns, np.diff(wealth) / wealth[:-1], atol=1e-12)


@few
@given(frozen_worlds, choices)
def test_on_a_frozen_curve_rolling_earns_exactly_nothing(world, choice):
    held = hold(world.curve, schedules(world, choice))
    assert (held.intervals["futures"] == 0.0).all()
    assert (held.simple_returns == 0.0).all()


def test_a_spliced_price_would_have_earned_the_calendar_spread():
    world = market(5, 60, frozen=True)
    spliced = np.log(world.curve.by_rank(1)["price"]).diff().abs().max()
    assert spliced > 0.05
    assert (hold(world.curve, roll_on_expiry(world.curve)).intervals["futures"] == 0.0).all()


@few
@given(worlds)
def test_one_contract_follows_the_formulas_of_the_method(world):
    curve, spot = world.curve, world.spot
    last = len(curve.expiries) - 1
    weights = np.zeros(curve.prices.shape)
    weights[:, last] = 1.0
    held = hold(curve, Schedule(pd.DataFrame(weights, curve.sessions, curve.expiries)), spot)
    years = (curve.expiries[last] - curve.sessions).days.to_numpy() / 365
    basis = np.log(curve.prices.iloc[:, last].to_numpy() / spot.to_numpy()) / years
    days = np.diff(curve.sessions).astype("timedelta64[D]").astype(int)
    np.testing.assert_allclose(held.intervals["roll_yield"], -basis[:-1] * days / 365, atol=1e-13)
    np.testing.assert_allclose(held.intervals["curve_shift"], years[1:] * np.diff(basis), atol=1e-13)
    np.testing.assert_allclose(held.basis, basis, atol=1e-12)
    np.testing.assert_allclose(held.states["maturity"], years * 365)
    assert (held.states["turnover"] == 0.0).all()


@few
@given(worlds, choices, st.floats(-0.5, 0.5))
def test_a_flat_and_constant_basis_earns_its_carry_and_no_shift(world, choice, basis):
    left = world.curve.days_to_expiry.to_numpy()
    prices = np.where(left >= 0, world.spot.to_numpy()[:, None] * np.exp(basis * left / 365), np.nan)
    curve = FuturesCurve(pd.DataFrame(prices, world.curve.sessions, world.curve.expiries))
    held = hold(curve, schedules(world, choice), world.spot)
    assert held.intervals["curve_shift"].abs().max() < 1e-13
    one = (held.weights > 0).sum(axis=1).to_numpy()[:-1] == 1
    np.testing.assert_allclose(
        held.intervals["roll_yield"][one], (-basis * held.intervals["days"] / 365)[one], atol=1e-13
    )
    # Over several contracts the weights of the split sum to one but for second-order terms of the spread between them.
    np.testing.assert_allclose(
        held.intervals["roll_yield"], -basis * held.intervals["days"] / 365, rtol=2e-2, atol=1e-12
    )
    assert (np.sign(held.intervals["roll_yield"]) == -np.sign(basis)).all() or abs(basis) < 1e-9


@few
@given(worlds, choices, st.floats(0.01, 100.0))
def test_units_of_price_do_not_matter(world, choice, scale):
    world_schedule = schedules(world, choice)
    held = hold(world.curve, world_schedule, world.spot, cost=0.001)
    scaled = hold(FuturesCurve(scale * world.curve.prices), world_schedule, scale * world.spot, cost=0.001)
    np.testing.assert_allclose(scaled.intervals, held.intervals, atol=1e-12)


@few
@given(worlds, st.floats(0.0, 0.01))
def test_cost_is_the_value_traded_times_the_parameter(world, cost):
    curve = world.curve
    schedule = roll_last_days(curve, 5, world.business_days)
    held = hold(curve, schedule, world.spot, cost=cost)
    free = hold(curve, schedule, world.spot)
    pd.testing.assert_series_equal(held.intervals["futures"], free.intervals["futures"])
    counts, prices = schedule.weights.to_numpy(), curve.prices.fillna(0.0).to_numpy()
    for row in range(1, len(counts)):
        drifted = counts[row - 1] * prices[row] / (counts[row - 1] @ prices[row])
        after = counts[row] * prices[row] / (counts[row] @ prices[row])
        traded = np.abs(after - drifted).sum()
        assert held.states["turnover"].iloc[row] == pytest.approx(traded, abs=1e-9)
        assert held.intervals["cost"].iloc[row - 1] == pytest.approx(np.log(1 - cost * traded), abs=1e-12)
    np.testing.assert_allclose(held.log_returns, held.intervals["futures"] + held.intervals["cost"])
    assert (held.intervals["cost"] <= 0).all()


def test_a_contract_that_settles_in_cash_is_bought_again_but_not_sold():
    days = pd.to_datetime(["2024-01-16", "2024-01-17"])
    curve = FuturesCurve(pd.DataFrame(10.0, days, pd.to_datetime(["2024-01-17", "2024-02-14"])))
    assert hold(curve, roll_on_expiry(curve), cost=0.001).states["turnover"].tolist() == [0.0, 1.0]


def curve_of(prices, expiries=("2024-01-18", "2024-02-14")):
    days = pd.to_datetime(["2024-01-16", "2024-01-17", "2024-01-18", "2024-01-19"])[: len(prices)]
    return FuturesCurve(pd.DataFrame(prices, days, pd.to_datetime(list(expiries))))


def held_in(curve, column):
    weights = np.zeros(curve.prices.shape)
    weights[:, column] = 1.0
    return Schedule(pd.DataFrame(weights, curve.sessions, curve.expiries))


def test_a_hole_where_a_price_is_needed_names_session_and_contract():
    curve = curve_of([[10.0, 11.0], [10.0, np.nan], [10.0, 11.0]])
    with pytest.raises(
        DataError, match=r"contract expiring 2024-02-14 is held on 2024-01-17 but has no settlement.*hole"
    ):
        hold(curve, held_in(curve, 1))
    # Nobody holds it: no price is needed.
    kept = held_in(curve_of([[10.0, 11.0], [10.0, np.nan]]), 0)
    assert len(hold(curve, kept).intervals) == 1


def test_a_contract_not_listed_or_expired_between_sessions_is_named():
    curve = curve_of([[10.0, np.nan], [10.0, 11.0]])
    with pytest.raises(DataError, match=r"contract expiring 2024-02-14 is held on 2024-01-16 but is not listed yet"):
        hold(curve, held_in(curve, 1))
    days = pd.to_datetime(["2024-01-12", "2024-01-16"])
    weekend = FuturesCurve(
        pd.DataFrame([[10.0, 11.0], [np.nan, 11.0]], days, pd.to_datetime(["2024-01-15", "2024-02-14"]))
    )
    weights = pd.DataFrame([[1.0, 0.0], [0.0, 1.0]], days, weekend.expiries)
    with pytest.raises(DataError, match=r"contract expiring 2024-01-15 is held on 2024-01-16 but expired before"):
        hold(weekend, Schedule(weights))


def test_labels_spot_and_cost_are_checked():
    curve = curve_of([[10.0, 11.0], [10.0, 11.0]])
    schedule = held_in(curve, 1)
    spot = pd.Series([10.0, 10.0], curve.sessions)
    for bad in (-0.01, 0.1, np.nan):
        with pytest.raises(ParameterError, match="two basis points"):
            hold(curve, schedule, cost=bad)
    with pytest.raises(AlignmentError, match="spot lacks 2024-01-17"):
        hold(curve, schedule, spot.iloc[:1])
    with pytest.raises(DataError, match="spot is missing on 2024-01-16"):
        hold(curve, schedule, spot.where(spot.index > "2024-01-16"))
    with pytest.raises(DataError, match="spot settles at 0 on 2024-01-16"):
        hold(curve, schedule, spot.where(spot.index > "2024-01-16", 0.0))
    with pytest.raises(AlignmentError, match="2024-01-18 is a session of the schedule"):
        hold(curve, held_in(curve_of([[10.0, 11.0]] * 3, ("2024-01-18", "2024-02-14")), 1))
    with pytest.raises(AlignmentError, match="2024-03-14 is a contract of the schedule"):
        hold(curve, held_in(curve_of([[10.0, 11.0]] * 2, ("2024-01-18", "2024-03-14")), 1))
    with pytest.raises(SampleError):
        hold(curve, Schedule(schedule.weights.iloc[:1]))


def test_the_result_reads_back():
    world = market(7, 60)
    held = hold(world.curve, roll_last_days(world.curve, 5, world.business_days), world.spot, cost=0.0002)
    years = (world.curve.sessions[-1] - world.curve.sessions[0]).days / 365
    np.testing.assert_allclose(held.per_year()["futures"], held.intervals["futures"].sum() / years)
    frame = held.summary().to_frame()["value"]
    assert frame["roll yield (bp a year)"] == pytest.approx(1e4 * held.per_year()["roll_yield"])
    assert "roll over 5 business days" in str(held)
    assert "<table>" in held._repr_html_()
    far = held.long_dated_share(30)
    left = (world.curve.expiries.to_numpy()[None, :] - world.curve.sessions.to_numpy()[:, None]) > np.timedelta64(
        30, "D"
    )
    np.testing.assert_allclose(far, (held.weights.to_numpy() * left).sum(axis=1))
    np.testing.assert_allclose(held.excess_return_index(50.0).iloc[0], 50.0)
    with pytest.raises(ParameterError):
        held.excess_return_index(0.0)
    bare = hold(world.curve, roll_on_expiry(world.curve))
    assert "sessions in contango (%)" not in bare.summary().to_frame().index
    with pytest.raises(MissingColumnError, match="spot"):
        _ = bare.basis


prices = st.floats(1e-3, 1e6)


@given(prices, prices)
def test_log_mean_times_log_ratio_is_the_difference(a, b):
    mean = log_mean(np.array([a]), np.array([b]))[0]
    assert abs(mean * np.log(a / b) - (a - b)) <= 1e-12 * max(a, b)
    assert np.sqrt(a * b) * (1 - 1e-12) <= mean <= (a + b) / 2 * (1 + 1e-12)


@given(prices, st.floats(-1e-9, 1e-9))
def test_log_mean_keeps_its_digits_between_near_values(a, change):
    mean = log_mean(np.array([a * (1 + change)]), np.array([a]))[0]
    assert abs(mean / a - 1) < 1e-8
