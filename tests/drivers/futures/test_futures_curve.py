"""A curve refuses what no return can be computed from, and reads ranks and maturities off the rest."""

import numpy as np
import pandas as pd
import pytest
from futures_worlds import few, worlds
from hypothesis import given
from hypothesis import strategies as st

from research.drivers.futures import ConstantMaturityCurve, FuturesCurve
from research.errors import AlignmentError, DataError, ParameterError

DAYS = pd.to_datetime(["2020-04-17", "2020-04-20", "2020-04-21", "2020-04-22"])
EXPIRIES = pd.to_datetime(["2020-04-21", "2020-05-19", "2020-06-22"])


def table(**cells):
    frame = pd.DataFrame(
        [[18.27, 25.03, 29.42], [17.0, 20.43, 26.28], [10.01, 11.57, 18.69], [np.nan, 13.78, 20.69]], DAYS, EXPIRIES
    )
    for place, value in cells.items():
        _, row, column = place.split("_")
        frame.iloc[int(row), int(column)] = value
    return frame


def test_a_negative_settlement_names_date_contract_and_remedy():
    # WTI, May 2020 contract, the day before it expired.
    with pytest.raises(DataError, match=r"contract expiring 2020-04-21 settles at -37.63 on 2020-04-20.*hold another"):
        FuturesCurve(table(at_1_0=-37.63))


@pytest.mark.parametrize("price", [0.0, np.inf, -1.0])
def test_a_price_is_positive_and_finite(price):
    with pytest.raises(DataError, match="2020-04-21"):
        FuturesCurve(table(at_2_1=price))


def test_a_price_after_expiry_names_the_row():
    with pytest.raises(DataError, match=r"contract expiring 2020-04-21 has a price on 2020-04-22, after its expiry"):
        FuturesCurve(table(at_3_0=12.0))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table().iloc[[0, 2, 1, 3]], "sessions of the curve are not in order: 2020-04-20 follows"),
        (table().iloc[[0, 1, 1, 2]], "sessions of the curve hold 2020-04-20 more than once"),
        (table().iloc[:, [0, 2, 1]], "expiries of the curve are not in order: 2020-05-19 follows"),
        (table().iloc[:, [0, 1, 1]], "expiries of the curve hold 2020-05-19 more than once"),
        (table().set_axis(["a", "b", "c"], axis=1), "expiries of the curve are not dates"),
        (table().set_axis(DAYS + pd.Timedelta(hours=16)), "has a time of day"),
        (table().set_axis(DAYS.tz_localize("UTC")), "time zone UTC"),
        (table().set_axis([*DAYS[:3], pd.NaT]), "place 3"),
        (table().iloc[:0], "there are no sessions"),
        (table().astype(object).replace(20.43, "20,43"), "hold text"),
    ],
)
def test_labels_and_values_are_checked(frame, message):
    with pytest.raises(DataError, match=message):
        FuturesCurve(frame)


def test_the_curve_is_its_own_copy():
    frame = table()
    curve = FuturesCurve(frame)
    frame.iloc[0, 0] = -1.0
    assert curve.prices.iloc[0, 0] == 18.27


def test_ranks_change_contract_on_expiry_day_or_after_it():
    curve = FuturesCurve(table())
    assert curve.by_rank(1)["expiry"].tolist() == [EXPIRIES[0], EXPIRIES[0], EXPIRIES[1], EXPIRIES[1]]
    assert curve.by_rank(1, min_days=0)["price"].tolist() == [18.27, 17.0, 10.01, 13.78]
    assert curve.by_rank(3)["price"].isna().tolist() == [False, False, True, True]
    assert curve.by_rank(9)["expiry"].isna().all()
    with pytest.raises(ParameterError):
        curve.by_rank(0)


def test_holes_are_listed_and_a_contract_not_yet_listed_is_none():
    curve = FuturesCurve(table(at_0_2=np.nan, at_1_1=np.nan))
    assert curve.holes() == ((DAYS[1], EXPIRIES[1]),)
    assert curve.listed.iloc[:, 2].tolist() == [False, True, True, True]
    assert curve.by_rank(2)["price"].isna().iloc[1]


def test_select_names_the_nearest_contract():
    curve = FuturesCurve(table())
    assert curve.select([EXPIRIES[2], EXPIRIES[0]]).expiries.tolist() == [EXPIRIES[0], EXPIRIES[2]]
    with pytest.raises(DataError, match="2020-05-20: the nearest one expires 2020-05-19"):
        curve.select(["2020-05-20"])


@few
@given(worlds)
def test_a_table_by_rank_and_its_expiries_give_the_contracts_back(world):
    curve = world.curve
    ranked = {rank: curve.by_rank(rank, min_days=0) for rank in range(1, len(curve.expiries) + 1)}
    prices = pd.DataFrame({rank: one["price"] for rank, one in ranked.items()})
    expiries = pd.DataFrame({rank: one["expiry"] for rank, one in ranked.items()})
    again = FuturesCurve.from_ranks(prices, expiries)
    kept = curve.prices.dropna(axis=1, how="all")
    pd.testing.assert_frame_equal(again.prices, kept, check_names=False, check_freq=False)


def test_a_table_by_rank_is_checked():
    prices = pd.DataFrame({1: [10.0], 2: [11.0]}, DAYS[:1])
    expiries = pd.DataFrame({1: [EXPIRIES[0]], 2: [EXPIRIES[0]]}, DAYS[:1])
    with pytest.raises(DataError, match="two ranks are the contract expiring 2020-04-21 on 2020-04-17"):
        FuturesCurve.from_ranks(prices, expiries)
    with pytest.raises(DataError, match="price of 11 on 2020-04-17 has no expiry"):
        FuturesCurve.from_ranks(prices, expiries.assign(**{"2": pd.NaT}).set_axis([1, "x", 2], axis=1)[[1, 2]])
    with pytest.raises(AlignmentError):
        FuturesCurve.from_ranks(prices, expiries[[1]])


@few
@given(worlds, st.floats(40.0, 80.0))
def test_constant_maturity_is_linear_interpolation_in_time(world, days):
    curve = world.curve
    expected = []
    for session, row in curve.prices.iterrows():
        left = (curve.expiries - session).days.to_numpy()
        use = left > 0
        expected.append(np.interp(days, left[use], row.to_numpy()[use]))
    np.testing.assert_allclose(curve.constant_maturity(days), expected, rtol=1e-12)


def test_constant_maturity_needs_contracts_on_both_sides():
    curve = FuturesCurve(table())
    with pytest.raises(DataError, match=r"on 2020-04-21 no contract expires before a maturity of 20 days"):
        curve.constant_maturity(20)
    with pytest.raises(DataError, match=r"on 2020-04-17 no contract expires after a maturity of 80 days"):
        curve.constant_maturity(80)
    with pytest.raises(DataError, match=r"contract expiring 2020-05-19 has no price on 2020-04-20"):
        FuturesCurve(table(at_1_1=np.nan)).constant_maturity(30)
    with pytest.raises(ParameterError):
        curve.constant_maturity(-1)
    assert FuturesCurve(table().iloc[:1]).constant_maturity(32).tolist() == [25.03]


def test_a_curve_by_maturity_checks_its_columns_and_prices():
    with pytest.raises(DataError, match="are not maturities"):
        ConstantMaturityCurve(pd.DataFrame({"1M": [1.0]}, DAYS[:1]))
    for maturities in ([60.0, 30.0], [30.0, 30.0], [0.0, 30.0]):
        with pytest.raises(DataError, match="positive, unique and increasing"):
            ConstantMaturityCurve(pd.DataFrame([[1.0, 1.0]], DAYS[:1], maturities))
    with pytest.raises(DataError, match=r"maturity of 30 days settles at -2 on 2020-04-17"):
        ConstantMaturityCurve(pd.DataFrame({30.0: [-2.0]}, DAYS[:1]))
