"""Cash that a fund pays out, by way of a folder of one's own: whatever its days, it arrives whole."""

from __future__ import annotations

import numpy as np
import own_fund
import pandas as pd
import pytest

import research as rs

SATURDAYS = pd.DatetimeIndex(["2024-03-02", "2024-06-01", "2024-09-07"])
CASH = pd.Series([0.08, 0.0837, 0.08], SATURDAYS, name="distributions")


def paying(cash: pd.Series, **options) -> pd.DataFrame:
    """Return a table whose NAV and close lack the cash from the first session on or after its day."""
    frame = own_fund.table(**options)
    for day, amount in cash.items():
        after = frame.index >= day
        frame.loc[after, ["nav", "close"]] *= 1.0 - amount / frame.loc[after, "nav"].iloc[0]
    return frame


@pytest.fixture(params=["only the payments", "every calendar day", "empty cells"])
def listed(request):
    days = pd.date_range("2024-01-02", "2024-12-31")
    filler = 0.0 if request.param == "every calendar day" else np.nan
    full = CASH if request.param == "only the payments" else CASH.reindex(days).fillna(filler)
    return full.to_frame()


def test_payments_on_saturdays_arrive_whole(tmp_path, listed):
    folder = own_fund.write(tmp_path, paying(CASH), inputs=["distributions"], files={"distributions": listed}, fee=0.0)
    history = rs.load("OWN", data=folder)
    assert history.inputs["distributions"].sum() == pytest.approx(0.2437, rel=1e-12)
    moved = [item for item in history.findings if item.rule == "payment_moved"]
    assert [item.session for item in moved] == list(SATURDAYS)
    assert {item.severity for item in history.findings} == {"note"}
    result = rs.decompose(history)
    (driver,) = [part for part in result.drivers if part.name == "distributions"]
    lost = np.log1p(history.inputs["distributions"] / history.frame["nav"]).sum()
    assert driver.stated * history.years == pytest.approx(-lost, rel=1e-9)
    assert driver.coefficient == pytest.approx(1.0, abs=4 * driver.std_error)
    assert abs(result.unexplained.contribution) < 5e-4


def test_a_payment_on_a_session_without_a_value_arrives_too(tmp_path):
    frame = paying(CASH)
    day = pd.Timestamp("2024-05-15")
    cash = pd.concat([CASH, pd.Series([0.1], [day], name="distributions")]).sort_index()
    frame.loc[day, "nav"] = np.nan
    folder = own_fund.write(tmp_path, frame, inputs=["distributions"], files={"distributions": cash.to_frame()})
    history = rs.load("OWN", data=folder)
    assert history.inputs["distributions"].sum() == pytest.approx(cash.sum(), rel=1e-12)
    assert history.inputs["distributions"][pd.Timestamp("2024-05-16")] == 0.1


def test_distributions_that_nobody_named_are_found(tmp_path):
    cash = pd.Series([0.3, 0.3], pd.DatetimeIndex(["2024-03-04", "2024-09-09"]))
    frame = paying(cash)
    frame["Dividends"] = cash.reindex(frame.index).fillna(0.0)
    history = rs.load("OWN", data=own_fund.write(tmp_path, frame))
    (found,) = [item for item in history.findings if item.rule == "distributions_not_named"]
    assert (found.severity, found.value) == ("warning", pytest.approx(0.6))
    assert f"{found.session:%F}" == "2024-03-04"
    assert '[fund.OWN.inputs.distributions] with column = "Dividends"' in found.message
    assert rs.data_quality(history).verdict != "usable"


@pytest.mark.parametrize("column", ["Dividend Yield", "Ex-Dividend Date", "volume"])
def test_a_column_that_is_no_cash_is_not_taken_for_it(tmp_path, column):
    frame = own_fund.table().assign(**{column: 1.0})
    history = rs.load("OWN", data=own_fund.write(tmp_path, frame))
    assert not [item for item in history.findings if item.rule == "distributions_not_named"]


@pytest.mark.parametrize("start", [None, "2024-02-01"])
def test_distributions_outside_the_sample_are_none_of_its_business(tmp_path, start):
    frame = own_fund.table()
    frame["distribution"] = 0.0
    frame.iloc[0, frame.columns.get_loc("distribution")] = 1.0  # who buys there does not receive it
    history = rs.load("OWN", data=own_fund.write(tmp_path, frame), start=start)
    assert not [item for item in history.findings if item.severity != "note"]
