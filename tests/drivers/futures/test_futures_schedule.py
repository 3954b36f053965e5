"""Roll rules against their own words, day by day."""

import numpy as np
import pandas as pd
import pytest
from futures_worlds import choices, few, market, schedules, worlds
from hypothesis import given
from hypothesis import strategies as st

from research.drivers.futures import FuturesCurve, Schedule, constant_maturity, roll_last_days, roll_on_expiry, sp_vix
from research.errors import DataError, ParameterError


def front(curve, session):
    """Columns of the contracts that expire after a session."""
    return [column for column, expiry in enumerate(curve.expiries) if expiry > session]


@few
@given(worlds, choices)
def test_every_rule_holds_something_alive_on_every_session(world, choice):
    weights = schedules(world, choice).weights
    assert (weights.sum(axis=1) > 0).all()
    held = weights.to_numpy() > 0
    assert (weights.columns.to_numpy()[None, :] > weights.index.to_numpy()[:, None])[held].all()
    if choice < 5:
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)


@few
@given(worlds, st.integers(1, 8), st.integers(0, 4))
def test_last_days_roll_counts_the_business_days_left(world, days, offset):
    curve = world.curve
    weights = roll_last_days(curve, days, world.business_days, offset=offset).weights
    for session in curve.sessions:
        expected = np.zeros(len(curve.expiries))
        for column, expiry in enumerate(curve.expiries):
            left = ((world.business_days > session) & (world.business_days <= expiry)).sum() - offset
            kept = min(1.0, max(0.0, left / days))
            expected[column] = max(kept - expected[:column].sum(), 0.0)
        np.testing.assert_allclose(weights.loc[session], expected, atol=1e-12)


@few
@given(worlds)
def test_roll_on_expiry_holds_the_next_contract_to_expire(world):
    weights = roll_on_expiry(world.curve).weights
    for session in world.curve.sessions:
        assert weights.loc[session].to_numpy().nonzero()[0].tolist() == front(world.curve, session)[:1]
    same = roll_last_days(world.curve, 1, world.business_days, offset=0).weights
    pd.testing.assert_frame_equal(weights, same)


@few
@given(worlds)
def test_sp_vix_weights_are_business_days_left_over_business_days(world):
    curve, days = world.curve, world.business_days
    weights = sp_vix(curve, days).weights
    for session in curve.sessions:
        near = front(curve, session)[0]
        start, end = curve.expiries[near - 1], curve.expiries[near]
        total = ((days >= start) & (days < end)).sum()
        left = ((days > session) & (days < end)).sum()
        if start < days[0]:
            continue  # the calendar begins inside this period: its length is counted from there
        expected = np.zeros(len(curve.expiries))
        expected[near], expected[near + 1] = left / total, 1 - left / total
        np.testing.assert_allclose(weights.loc[session], expected, atol=1e-12)


def test_sp_vix_medium_term_is_three_ranks_of_it():
    world = market(3, 40)
    short = sp_vix(world.curve, world.business_days).weights.to_numpy()
    medium = sp_vix(world.curve, world.business_days, ranks={4: 1.0, 5: 1.0, 6: 1.0}).weights.to_numpy()
    np.testing.assert_allclose(medium.sum(axis=1), 3.0)
    for row in range(len(short)):
        near = short[row].nonzero()[0][0] if short[row, short[row].nonzero()[0][0]] < 1 else None
        if near is None:
            continue
        expected = [short[row, near], 1.0, 1.0, short[row, near + 1]]
        np.testing.assert_allclose(medium[row, near + 3 : near + 7], expected)


@few
@given(worlds, st.floats(40.0, 80.0))
def test_constant_maturity_keeps_the_average_maturity(world, days):
    weights = constant_maturity(world.curve, days).weights
    average = (weights * world.curve.days_to_expiry).sum(axis=1)
    np.testing.assert_allclose(average, days, rtol=1e-12)


def test_several_contracts_roll_at_once():
    world = market(1, 40)
    both = roll_last_days(world.curve, 5, world.business_days, ranks={1: 0.25, 3: 0.75}).weights
    first = roll_last_days(world.curve, 5, world.business_days).weights
    third = roll_last_days(world.curve, 5, world.business_days, ranks={3: 1.0}).weights
    pd.testing.assert_frame_equal(both, 0.25 * first + 0.75 * third)
    np.testing.assert_array_equal(third.to_numpy()[:, 2:], first.to_numpy()[:, :-2])


def test_bad_requests_are_refused():
    world = market(1, 40)
    curve, days = world.curve, world.business_days
    for bad in (
        {"days": 0},
        {"days": 3, "offset": -1},
        {"days": 3, "ranks": {0: 1.0}},
        {"days": 3, "ranks": {1: -1.0}},
    ):
        with pytest.raises(ParameterError):
            roll_last_days(curve, **{"business_days": days, **bad})
    with pytest.raises(DataError, match="no contract left for rank 99"):
        roll_on_expiry(curve, ranks={99: 1.0})
    with pytest.raises(DataError, match="is a session of the curve but no business day"):
        roll_last_days(curve, 3, days[1:])
    with pytest.raises(DataError, match="the business days end on"):
        roll_last_days(curve, 3, curve.sessions)
    with pytest.raises(DataError, match="the business days end on"):
        sp_vix(curve, curve.sessions)
    with pytest.raises(DataError, match="before its first roll date"):
        sp_vix(curve.select(curve.expiries[2:]), days)
    with pytest.raises(ParameterError, match="one for each"):
        sp_vix(curve, days, roll_dates=curve.expiries[1:])


def weights(values, days=("2024-01-15", "2024-01-16"), expiries=("2024-01-17", "2024-02-14")):
    return pd.DataFrame(values, pd.to_datetime(list(days)), pd.to_datetime(list(expiries)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (weights([[1.0, 0.0], [np.nan, 1.0]]), "contract expiring 2024-01-17 is nan on 2024-01-16"),
        (weights([[1.0, -0.5], [1.0, 0.0]]), "contract expiring 2024-02-14 is -0.5 on 2024-01-15"),
        (weights([[1.0, 0.0], [0.0, 0.0]]), "nothing is held after the close of 2024-01-16"),
        (weights([[1.0, 0.0], [1.0, 0.0]], ("2024-01-16", "2024-01-17")), "after the close of 2024-01-17: it has exp"),
        (weights([[1.0, 0.0], [1.0, 0.0]], ("2024-01-17", "2024-01-18")), "after the close of 2024-01-17: it has exp"),
        (weights([[1.0, 0.0], [1.0, 0.0]], ("2024-01-16", "2024-01-15")), "not in order"),
    ],
)
def test_arbitrary_weights_are_checked(table, message):
    with pytest.raises(DataError, match=message):
        Schedule(table)


def test_the_unit_is_one_of_two():
    with pytest.raises(ParameterError, match="'counts' or 'values'"):
        Schedule(weights([[1.0, 0.0], [1.0, 0.0]]), "value")


def test_an_expiry_on_a_holiday_counts_the_days_before_it():
    days = pd.bdate_range("2024-01-08", "2024-02-29").drop(pd.Timestamp("2024-01-17"))
    prices = pd.DataFrame(10.0, days[:4], pd.to_datetime(["2024-01-17", "2024-02-14"]))
    held = roll_last_days(FuturesCurve(prices), 2, days, offset=0).weights.iloc[:, 0]
    assert held.tolist() == [1.0, 1.0, 1.0, 1.0]
    assert days[3] == pd.Timestamp("2024-01-11")
