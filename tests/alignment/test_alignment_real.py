"""Alignment and screens on publishers' files other than the bundled ones."""

from __future__ import annotations

import pandas as pd
import pytest

from research.alignment import align, screen, sessions, shifted_dates
from research.errors import ClockError
from research.opening import load

pytestmark = pytest.mark.real
CLOCK = "16:00 America/New_York"


def column(path, date, value, fmt=None):
    table = pd.read_csv(path)
    table[date] = pd.to_datetime(table[date], format=fmt)
    return table.set_index(date)[value].sort_index()


def test_the_rows_of_an_issuer_that_prints_sessions_only_are_the_sessions(real_data):
    nav = column(real_data / "crypto/ishares_etha_historical.csv", "As Of", "NAV per Share", "%b %d, %Y")
    days = sessions("XNYS", nav.index[0], nav.index[-1])
    assert days.equals(nav.index.as_unit("ns"))


def test_the_bundled_history_is_the_publishers_file(real_data):
    path = real_data / "crypto/vaneck_ethv_nav_close_index.csv"
    frame = load("ETHV").frame
    for name, printed in {"nav": "NAV", "close": "Close", "benchmark": "Index Level"}.items():
        values = column(path, "Date", printed)
        assert (values[frame.index] == frame[name]).all()


def test_closes_of_another_vendor_give_no_false_alarm(real_data):
    nav = column(real_data / "crypto/ishares_etha_historical.csv", "As Of", "NAV per Share", "%b %d, %Y")
    index = column(real_data / "crypto/vaneck_ethv_nav_close_index.csv", "Date", "Index Level")
    close = column(real_data / "crypto/yahoo_raw/ETHA.csv", "Date", "Close").round(4)
    series = {"nav": (nav, CLOCK), "close": (close, CLOCK), "benchmark": (index, CLOCK)}
    frame, _ = align(series, "XNYS", listed="2024-07-23")
    assert [item.rule for item in screen(frame, calendar="XNYS")] == ["early_close"]


def test_a_premium_column_in_dollars_is_named_where_it_claims_percent(real_data):
    published = column(real_data / "crypto/vaneck_ethv_nav_close_index.csv", "Date", "Premium/Discount")
    frame = load("ETHV").frame
    found = screen(frame, raw={"premium_published": published}, units={"premium_published": "percent"})
    assert "premium_in_dollars" in {item.rule for item in found}


def test_labels_that_are_the_start_of_the_day_read_as_shifted(real_data):
    end_of_day = column(real_data / "crypto/yahoo_ethusd_daily.csv", "Date", "Close")
    start_of_day = column(real_data / "crypto/coingecko_eth_daily.csv", "snapped_at", "price", "%Y-%m-%d %H:%M:%S UTC")
    start_of_day = start_of_day[start_of_day.index == start_of_day.index.normalize()]  # one row of 2018 is of 00:05
    series = {"nav": (start_of_day, "00:00 UTC"), "benchmark": (end_of_day, "24:00 UTC")}
    with pytest.raises(ClockError):
        align(series, "24/7")
    frame, _ = align(series, "24/7", start="2020-01-01", end="2024-12-31", allow_clocks=True)
    assert [(item.rule, item.value) for item in shifted_dates(frame)] == [("shifted_dates", 1.0)]


def test_a_fund_with_nav_hours_before_its_price_is_not_taken_for_shifted_or_stale(real_data):
    path = real_data / "general/hassman_uso_ex.csv"
    series = {
        name: (column(path, "DATE", printed), CLOCK) for name, printed in {"nav": "NAV", "close": "Price"}.items()
    }
    series["benchmark"] = (column(path, "DATE", "Futures"), CLOCK)
    frame, _ = align(series, "XNYS", max_loss=0.2)
    assert [item.rule for item in screen(frame, calendar="XNYS")] == ["early_close"]
