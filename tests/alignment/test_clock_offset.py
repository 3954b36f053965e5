"""The clock offset in hours: which method speaks, what it says, and what a closing market gets instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import Clock
from research.alignment.clock_offset import clock_offset, clock_offset_by_period, expected_offset
from research.alignment.variance_offset import variance_offset
from research.alignment.variance_profile import profiles_of
from research.errors import SampleError, UnknownNameError
from research.simulation.clock_study import intraday_path

DAYS = pd.bdate_range("2024-01-02", periods=300)
ETHER = profiles_of("ether")


@pytest.fixture(scope="module")
def path():
    return intraday_path(ETHER[0], "2023-12-15", "2026-01-31", 4)


def pair(path, hours, days=DAYS):
    at = Clock().instants(days).as_unit("ns").asi8
    x, y = path.index.as_unit("ns").asi8, np.log(path.to_numpy())
    noise = np.random.default_rng(1).normal(0.0, 2e-4, len(days))
    return (
        pd.Series(np.exp(np.interp(at, x, y) + noise), days),
        pd.Series(np.exp(np.interp(at + np.asarray(hours) * 3.6e12, x, y)), days),
    )


@pytest.mark.parametrize("hours", [-6.0, 4.0])
def test_bars_are_used_and_narrow(path, hours):
    fund, other = pair(path, hours)
    daily, bars = (clock_offset(fund, other, profiles=ETHER, prices=prices) for prices in (None, path))
    assert (daily.method, bars.method) == ("profile", "bars")
    for found in (daily, bars):
        low, high = found.interval()
        assert low <= hours <= high
        assert (found.side_probability > 0.95) == (hours > 0)
    assert bars.std_error < 0.5 * daily.std_error
    assert bars.hours == pytest.approx(hours, abs=0.3)


def test_hours_are_not_shares_of_variance(path):
    """Six hours before 16:00 New York hold a third of the day's variance: eight 24ths."""
    found = clock_offset(*pair(path, -6.0), profiles=ETHER)
    assert abs(found.hours + 6.0) < abs(found.variance.parts + 6.0)
    assert found.to_dict()["variance_24ths"] == found.variance.parts


def test_a_closing_market_gets_24ths(path):
    fund, other = pair(path, -4.0)
    found, plain = clock_offset(fund, other, market="closes"), variance_offset(fund, other, market="closes")
    assert found.method == "variance"
    assert (found.hours, found.std_error) == (plain.parts, plain.std_error)
    assert found.interval() == plain.interval()
    assert "24ths of a session's variance" in str(found)
    assert "24ths of a session's variance" in found.seen()
    assert "hours" not in str(found).split("sessions")[0]
    with pytest.raises(UnknownNameError, match="did you mean 'closes'"):
        clock_offset(fund, other, market="close")


def test_words_hold_no_hour_too_many(path):
    fund, other = pair(path, 5.0)
    assert clock_offset(fund, other, profiles=ETHER).seen().startswith("about ")
    short = clock_offset(fund[:100], other[:100], profiles=ETHER).seen()
    assert "about" not in short
    assert "hours apart" in short
    assert "chance of" in short


def test_a_clock_that_changes_inside_a_file_shows_by_period(path):
    days = pd.bdate_range("2024-01-02", "2025-12-31")
    fund, other = pair(path, np.where(days.year == 2024, 4.0, -10.0), days)
    table = clock_offset_by_period(fund, other, freq="YE", profiles=ETHER)
    assert (table["low"].to_numpy() <= [4.0, -10.0]).all()
    assert (table["high"].to_numpy() >= [4.0, -10.0]).all()
    assert (table["side_probability"] > 0.5).tolist() == [True, False]
    with_bars = clock_offset_by_period(fund, other, freq="YE", profiles=ETHER, prices=path)
    np.testing.assert_allclose(with_bars["hours"], [4.0, -10.0], atol=0.5)
    with pytest.raises(SampleError, match="no period of 'W'"):
        clock_offset_by_period(fund, other, freq="W")


def test_one_clock_is_one_clock_to_the_second(path):
    """A basis point of noise bounds the time between two clocks better than any bar does."""
    fund, other = pair(path, 0.0)
    fund = other * np.exp(np.random.default_rng(3).normal(0.0, 1e-4, len(other)))
    found = clock_offset(fund, other, profiles=ETHER, prices=path)
    assert found.method == "profile"
    low, high = found.interval()
    assert -0.05 < low < 0.0 < high < 0.05


def test_expected_hours_follow_daylight_saving():
    days = pd.DatetimeIndex(["2025-01-15", "2025-07-15"])
    assert expected_offset(Clock(), Clock.parse("16:00 UTC"), days).tolist() == [-5.0, -4.0]
