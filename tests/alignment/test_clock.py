from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from research.alignment import Clock
from research.errors import ParameterError, SampleError, UnknownNameError

NEW_YORK = Clock("16:00", "America/New_York")


@pytest.mark.parametrize(("session", "hour"), [("2024-07-23", 20), ("2025-01-15", 21)])
def test_four_in_new_york_is_eight_or_nine_in_utc(session, hour):
    assert NEW_YORK.instant(session) == pd.Timestamp(f"{session} {hour}:00", tz="UTC")


def test_the_hour_changes_with_daylight_saving_between_two_sessions():
    friday, monday = NEW_YORK.instants(pd.DatetimeIndex(["2025-03-07", "2025-03-10"]))
    assert monday - friday == pd.Timedelta(hours=71)
    friday, monday = NEW_YORK.instants(pd.DatetimeIndex(["2025-10-31", "2025-11-03"]))
    assert monday - friday == pd.Timedelta(hours=73)


@example(date(2025, 3, 9), 150, "America/New_York")
@example(date(2025, 11, 2), 90, "America/New_York")
@example(date(2025, 10, 5), 135, "Australia/Sydney")
@given(
    st.dates(min_value=date(1990, 1, 1), max_value=date(2035, 1, 1)),
    st.integers(0, 24 * 60 - 1),
    st.sampled_from(["America/New_York", "Europe/London", "Asia/Tokyo", "UTC", "Australia/Sydney"]),
)
def test_instants_are_those_of_the_standard_library(day, minute, zone):
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    # The first minute at which a clock on that wall shows the time, or a later one where it leaps over it.
    earliest = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    shown = ((earliest + timedelta(minutes=later)) for later in range(30 * 60))
    first = next(instant for instant in shown if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) >= wall)
    clock = Clock(f"{minute // 60:02d}:{minute % 60:02d}", zone)
    assert clock.instant(pd.Timestamp(day)) == pd.Timestamp(first)


def test_a_time_that_does_not_exist_or_exists_twice_is_the_first_instant():
    assert Clock("02:30", "America/New_York").instant("2025-03-09") == pd.Timestamp("2025-03-09 07:00", tz="UTC")
    assert Clock("01:30", "America/New_York").instant("2025-11-02") == pd.Timestamp("2025-11-02 05:30", tz="UTC")


def test_twenty_four_hours_is_the_midnight_that_ends_the_day():
    end, start = Clock.parse("24:00 UTC"), Clock.parse("00:00 UTC")
    assert end.instant("2024-12-31") == pd.Timestamp("2025-01-01", tz="UTC")
    assert end.instant("2024-12-31") - start.instant("2024-12-31") == pd.Timedelta(days=1)
    assert not end.same_as(start)


def test_the_close_of_an_exchange_is_earlier_on_early_closes():
    close = Clock.parse("close XNYS")
    assert close.instant("2024-07-02") == pd.Timestamp("2024-07-02 20:00", tz="UTC")
    assert close.instant("2024-07-03") == pd.Timestamp("2024-07-03 17:00", tz="UTC")
    with pytest.raises(SampleError, match="2024-07-04 is not a session of XNYS"):
        close.instant("2024-07-04")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("16:00 America/New_York", "16:00 America/New_York", True),
        ("16:00 America/New_York", "16:00 US/Eastern", True),
        ("16:00 America/New_York", "close XNYS", True),
        ("24:00 UTC", "24:00 Etc/UTC", True),
        ("16:00 America/New_York", "16:00 Europe/London", False),
        ("16:00 America/New_York", "20:00 UTC", False),
        ("16:00 America/New_York", "21:00 UTC", False),
        ("16:00 Europe/London", "16:00 UTC", False),
        ("close XNYS", "close XLON", False),
    ],
)
def test_clocks_are_compared_by_what_they_mean(one, other, same):
    assert Clock.parse(one).same_as(Clock.parse(other)) is same
    assert Clock.parse(other).same_as(Clock.parse(one)) is same


@pytest.mark.parametrize("label", ["16:00", "", "16:00  ", "4pm New York", None, 16])
def test_a_label_of_another_form_is_refused_with_an_example(label):
    with pytest.raises(ParameterError, match="16:00 America/New_York"):
        Clock.parse(label)


@pytest.mark.parametrize("time", ["25:00", "24:01", "16:60", "4:00", "16.00", "", "16:00:00"])
def test_a_time_that_does_not_exist_is_refused(time):
    with pytest.raises(ParameterError, match="HH:MM"):
        Clock(time, "UTC")


def test_a_misspelt_zone_or_calendar_gets_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'America/New_York'"):
        Clock("16:00", "America/NewYork")
    with pytest.raises(UnknownNameError, match="calendar 'XNYZ'"):
        Clock("close", "XNYZ")
    for zone in ("../etc", "/etc/passwd", "a\0b"):
        with pytest.raises(ParameterError, match="does not exist"):
            Clock("16:00", zone)


def test_labels_with_a_time_zone_are_refused_and_round_trip_of_a_label():
    with pytest.raises(ParameterError, match="tz_localize"):
        NEW_YORK.instants(pd.DatetimeIndex(["2024-07-23"], tz="UTC"))
    assert Clock.parse(str(NEW_YORK)) == NEW_YORK == Clock()
    assert len({NEW_YORK, Clock()}) == 1
