"""Bills: the rulebook's formula, a quote as of the interval's start, and rates that are none."""

from decimal import Decimal, getcontext

import numpy as np
import pandas as pd
import pytest
from futures_worlds import few
from hypothesis import given
from hypothesis import strategies as st

from research.drivers.futures import bill_returns
from research.errors import DataError, ParameterError, SampleError

SESSIONS = pd.to_datetime(["2022-10-07", "2022-10-10", "2022-10-11", "2022-10-14"])


@few
@given(st.floats(-0.04, 0.24))
def test_the_formula_in_exact_arithmetic(rate):
    getcontext().prec = 40
    quotes = pd.Series(rate, SESSIONS)
    factor = 1 / (1 - Decimal(91) / Decimal(360) * Decimal(rate))
    expected = [float(factor ** (Decimal(days) / Decimal(91)) - 1) for days in (3, 1, 3)]
    np.testing.assert_allclose(bill_returns(quotes, SESSIONS), expected, rtol=1e-11, atol=1e-17)


def test_held_to_maturity_a_bill_pays_its_discount():
    start = pd.Timestamp("2024-01-02")
    days = pd.DatetimeIndex([start, start + pd.Timedelta(days=91)])
    price = 1 - 0.0525 * 91 / 360
    np.testing.assert_allclose(bill_returns(pd.Series([0.0525], days[:1]), days), 1 / price - 1)


def test_on_a_bond_holiday_the_rate_known_is_that_of_the_day_before():
    # Columbus Day 2022: shares trade, bonds do not.
    quotes = pd.Series([0.030, np.nan, 0.035, 0.036], SESSIONS)
    returns = bill_returns(quotes, SESSIONS)
    expected = bill_returns(pd.Series([0.030, 0.030, 0.035, 0.036], SESSIONS), SESSIONS)
    pd.testing.assert_series_equal(returns, expected)
    pd.testing.assert_series_equal(bill_returns(quotes.dropna(), SESSIONS), expected)
    # The quote of the day that ends an interval is not known when it starts.
    assert bill_returns(quotes * [1, 1, 1, 5], SESSIONS).equals(expected)


def test_rates_in_percent_gaps_and_labels_are_refused():
    with pytest.raises(DataError, match=r"bill rate is 3.3 on 2022-10-07: give a fraction"):
        bill_returns(pd.Series(3.3, SESSIONS), SESSIONS)
    with pytest.raises(DataError, match="bill rate is 4 on"):
        bill_returns(pd.Series(4.0, SESSIONS), SESSIONS)
    with pytest.raises(DataError, match="no bill quote stands in the 7 days up to 2022-10-07"):
        bill_returns(pd.Series([0.03], pd.to_datetime(["2022-09-29"])), SESSIONS)
    with pytest.raises(DataError, match="no bill quote stands in the 7 days up to 2022-10-07"):
        bill_returns(pd.Series([0.03], SESSIONS[1:2]), SESSIONS)
    with pytest.raises(DataError, match="no bill quote"):
        bill_returns(pd.Series(np.nan, SESSIONS), SESSIONS)
    with pytest.raises(DataError, match="not in order"):
        bill_returns(pd.Series(0.03, SESSIONS[::-1]), SESSIONS)
    with pytest.raises(SampleError):
        bill_returns(pd.Series(0.03, SESSIONS), SESSIONS[:1])
    with pytest.raises(ParameterError):
        bill_returns(pd.Series(0.03, SESSIONS), SESSIONS, bill_days=0)
