"""Collateral from a history: bills on the share of assets that earns them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import roll_history

from research.drivers.collateral import collateral
from research.errors import DataError, ParameterError


@pytest.fixture(scope="module")
def history():
    held, spot = roll_history.position(count=60)
    return roll_history.history(held, spot, rate=0.0525)


def test_a_bill_rolled_over_pays_its_yield(history):
    level = collateral(history).level
    elapsed = (level.index[-1] - level.index[0]).days
    # A thirteen-week bill at 5.25 % discount returns 1/(1 − 0.0525·91/360) in 91 days.
    assert level.iloc[-1] == pytest.approx(-np.log(1 - 0.0525 * 91 / 360) * elapsed / 91, rel=1e-12)


def test_margin_earns_nothing(history):
    full, part = collateral(history).level, collateral(history, share=0.6).level
    np.testing.assert_allclose(np.expm1(part.diff().iloc[1:]), 0.6 * np.expm1(full.diff().iloc[1:]), rtol=1e-9)
    assert (collateral(history, share=0.0).level == 0.0).all()


def test_the_share_may_be_a_fact_of_the_fund(history):
    stated = replace(history, fund=roll_history.fund(collateral_share=0.6))
    pd.testing.assert_series_equal(collateral(stated).level, collateral(history, share=0.6).level)
    unknown = replace(history, fund=roll_history.fund(collateral_share="unknown"))
    pd.testing.assert_series_equal(collateral(unknown).level, collateral(history).level)
    with pytest.raises(DataError, match="collateral_share of MADE is 'most'"):
        collateral(replace(history, fund=roll_history.fund(collateral_share="most")))


@pytest.mark.parametrize("share", [-0.1, 1.01, 60.0, float("nan")])
def test_a_share_is_a_fraction(history, share):
    with pytest.raises(ParameterError, match="from 0 to 1"):
        collateral(history, share=share)


def test_quotes_on_other_dates_and_holidays(history):
    quotes = history.inputs["bill_rate"]
    sparse = quotes.iloc[[0, 3, 6, *range(7, len(quotes), 3)]]
    pd.testing.assert_series_equal(
        collateral(replace(history, inputs={"bill_rate": sparse})).level, collateral(history).level
    )
    with pytest.raises(DataError, match="no bill quote stands in the 7 days"):
        collateral(replace(history, inputs={"bill_rate": quotes.iloc[:5]}))


def test_percent_and_tables_are_refused(history):
    with pytest.raises(DataError, match="give a fraction"):
        collateral(replace(history, inputs={"bill_rate": 100 * history.inputs["bill_rate"]}))
    with pytest.raises(DataError, match="is a DataFrame"):
        collateral(replace(history, inputs={"bill_rate": history.inputs["bill_rate"].to_frame()}))
