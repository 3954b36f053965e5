"""Bars sampled at a wall clock: daylight saving, missing bars, and equality with a loop over the rows."""

from __future__ import annotations

import zoneinfo

import numpy as np
import pandas as pd
import pytest

from research.alignment import Clock
from research.alignment.sample import sample_at
from research.errors import AlignmentError, ParameterError


def bars(start="2024-01-01", count=24 * 366, freq="h"):
    index = pd.date_range(start, periods=count, freq=freq, tz="UTC", name="time")
    open_ = np.arange(count, dtype=float) + 1
    return pd.DataFrame({"open": open_, "close": open_ + 0.5}, index)


def by_hand(frame, time, zone, days, column):
    """One row after the other, with the standard library's time zones."""
    at = {stamp.to_pydatetime(): value for stamp, value in frame[column].items()}
    step = frame.index[1] - frame.index[0]
    hour, minute = map(int, time.split(":"))
    found = []
    for day in days:
        local = day.to_pydatetime().replace(hour=hour, minute=minute, tzinfo=zoneinfo.ZoneInfo(zone))
        moment = pd.Timestamp(local).tz_convert("UTC") - (step if column == "close" else pd.Timedelta(0))
        found.append(at.get(moment.to_pydatetime(), np.nan))
    return found


@pytest.mark.parametrize("column", ["open", "close"])
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Tokyo", "UTC"])
def test_equals_a_loop_over_the_rows(zone, column):
    frame = bars().drop(bars().index[[2000, 5000]])
    days = pd.date_range("2024-01-01", "2024-12-30")
    ours = sample_at(frame, f"16:00 {zone}", days, column=column).prices
    np.testing.assert_array_equal(ours, by_hand(frame, "16:00", zone, days, column))


def test_daylight_saving_moves_the_bar_by_an_hour():
    days = pd.DatetimeIndex(["2024-03-08", "2024-03-11"])
    found = sample_at(bars(), "16:00 America/New_York", days)
    assert found.instants.hour.tolist() == [21, 20]
    assert (found.prices % 24).tolist() == [22.0, 21.0]


def test_a_missing_bar_is_missing():
    frame = bars(count=48)
    gone = frame.drop(frame.index[20])
    found = sample_at(gone, "16:00 America/New_York", pd.DatetimeIndex(["2024-01-01"]))
    assert found.prices.isna().tolist() == [False]  # 21:00 UTC in January
    gone = frame.drop(frame.index[21])
    found = sample_at(gone, "16:00 America/New_York", pd.DatetimeIndex(["2024-01-01", "2024-01-02"]))
    assert found.missing.strftime("%F").tolist() == ["2024-01-01"]
    assert "1 of 2 sessions have no bar" in str(found)


def test_midnight_at_the_end_of_the_day():
    found = sample_at(bars(count=72), Clock("24:00", "UTC"), pd.DatetimeIndex(["2024-01-01"]))
    assert found.prices.tolist() == [25.0]


def test_bars_in_another_zone_are_the_same_instants():
    frame = bars(count=48)
    moved = frame.set_axis(frame.index.tz_convert("Asia/Tokyo"), axis=0)
    days = pd.DatetimeIndex(["2024-01-01"])
    pd.testing.assert_series_equal(
        sample_at(frame, "16:00 America/New_York", days).prices, sample_at(moved, "16:00 America/New_York", days).prices
    )


def test_wrong_bars_are_refused():
    frame, days = bars(count=48), pd.DatetimeIndex(["2024-01-01"])
    with pytest.raises(AlignmentError, match="no time zone"):
        sample_at(frame.set_axis(frame.index.tz_localize(None), axis=0), "16:00 UTC", days)
    with pytest.raises(AlignmentError, match="strictly increasing"):
        sample_at(frame[::-1], "16:00 UTC", days)
    with pytest.raises(ParameterError, match="'open' or 'close'"):
        sample_at(frame, "16:00 UTC", days, column="high")
    with pytest.raises(ParameterError, match="no column 'close'"):
        sample_at(frame[["open"]], "16:00 UTC", days, column="close")
    uneven = frame.set_axis(frame.index + pd.to_timedelta(np.arange(48) ** 2, unit="s"), axis=0)
    with pytest.raises(ParameterError, match="several lengths"):
        sample_at(uneven, "16:00 UTC", days, column="close")
