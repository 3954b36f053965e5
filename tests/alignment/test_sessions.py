from __future__ import annotations

import sys
import warnings

import pandas as pd
import pytest

from research.alignment import as_date, early_closes, is_session, session_closes, sessions
from research.errors import ParameterError, SampleError, UnknownNameError

# As the New York Stock Exchange published them (2025-01-09: day of mourning).
NYSE_HOLIDAYS_2025 = [
    "2025-01-01", "2025-01-09", "2025-01-20", "2025-02-17", "2025-04-18", "2025-05-26",
    "2025-06-19", "2025-07-04", "2025-09-01", "2025-11-27", "2025-12-25",
]  # fmt: skip
NYSE_EARLY_2025 = ["2025-07-03", "2025-11-28", "2025-12-24"]


def test_sessions_of_2025_are_the_weekdays_less_the_published_holidays():
    expected = pd.bdate_range("2025-01-01", "2025-12-31").difference(pd.DatetimeIndex(NYSE_HOLIDAYS_2025))
    found = sessions("XNYS", "2025-01-01", "2025-12-31")
    assert len(found) == 250
    assert found.equals(expected.as_unit("ns"))
    assert found.tz is None
    assert found.freq is None


def test_early_closes_of_2025_are_the_published_ones_and_close_at_one():
    days = early_closes("XNYS", "2025-01-01", "2025-12-31")
    assert days.strftime("%Y-%m-%d").tolist() == NYSE_EARLY_2025
    local = session_closes("XNYS", days).tz_convert("America/New_York")
    assert set(local.strftime("%H:%M")) == {"13:00"}


def test_a_round_the_clock_calendar_has_weekends():
    assert len(sessions("24/7", "2025-01-01", "2025-01-31")) == 31


def test_the_window_is_the_part_of_a_longer_one():
    long = sessions("XNYS", "2019-01-01", "2026-12-31")
    short = sessions("XNYS", "2023-06-15", "2024-02-01")
    assert short.equals(long[(long >= "2023-06-15") & (long <= "2024-02-01")])


def test_a_window_inside_one_that_was_asked_for_needs_no_new_calendar(monkeypatch):
    module = sys.modules[sessions.__module__]
    monkeypatch.setattr(module, "_years", {})
    made = []
    make = module._calendar
    monkeypatch.setattr(module, "_calendar", lambda *asked: made.append(asked) or make(*asked))
    whole = sessions("XNYS", "2021-03-01", "2024-12-31")
    part = sessions("XNYS", "2022-05-02", "2022-06-30")
    assert set(made) == {("XNYS", "2021-01-01", "2024-12-31")}
    assert part.equals(whole[(whole >= "2022-05-02") & (whole <= "2022-06-30")])
    sessions("XNYS", "2024-12-02", "2025-02-03")
    assert made[-1] == ("XNYS", "2024-01-01", "2025-12-31")


def test_days_without_a_session():
    assert not is_session("XNYS", "2024-07-27")
    assert len(sessions("XNYS", "2024-07-27", "2024-07-28")) == 0
    assert len(session_closes("XNYS", pd.DatetimeIndex([]))) == 0
    assert session_closes("XNYS", pd.DatetimeIndex(["2024-07-27"]), strict=False).isna().all()


def test_unknown_calendar_backwards_dates_and_dates_outside_the_calendar():
    with pytest.raises(UnknownNameError, match="did you mean 'XNYS'"):
        sessions("XNYSE", "2024-01-01", "2024-02-01")
    with pytest.raises(SampleError, match="end 2024-01-01 lies before start 2024-02-01"):
        sessions("XNYS", "2024-02-01", "2024-01-01")
    with pytest.raises(SampleError, match="calendar XKRX does not cover 1950-01-01 to 1950-02-01"):
        sessions("XKRX", "1950-01-01", "1950-02-01")


def test_the_library_is_quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(sessions("XTKS", "2021-01-01", "2021-12-31")) > 200


@pytest.mark.parametrize(
    "value", ["yesterday", "2024-13-01", "", 20240723, True, None, float("nan"), pd.NaT, "2024-07-23T16:00"]
)
def test_what_is_not_a_date_is_refused_by_name(value):
    with pytest.raises(ParameterError, match=r"start .*such as '2024-07-23'"):
        as_date(value, "start")


def test_dates_that_are_dates():
    label = pd.Timestamp("2024-07-23")
    for value in ("2024-07-23", label, label.date(), label.to_pydatetime(), " 2024-07-23 "):
        assert as_date(value, "start") == label
    for value in (label.tz_localize("UTC"), "1066-10-14", "9999-01-01"):
        with pytest.raises(ParameterError):
            as_date(value, "end")
