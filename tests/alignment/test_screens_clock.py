"""A benchmark observed hours away from its stated clock, and local time taken for UTC."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import Clock, sessions
from research.alignment.sample import sample_at
from research.alignment.screens import screen
from research.alignment.screens_clock import clock_offset_screen

DAYS = sessions("XNYS", "2023-01-03", "2024-12-30")


def hourly(seed=0):
    hours = pd.date_range("2023-01-01", "2025-01-05", freq="h", tz="UTC")
    rng = np.random.default_rng(seed)
    return pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.006, len(hours)))), hours)


def observed(prices, nav="16:00 America/New_York", benchmark="16:00 America/New_York"):
    frame = pd.DataFrame(
        {"nav": sample_at(prices, nav, DAYS).prices / 100, "benchmark": sample_at(prices, benchmark, DAYS).prices}
    )
    frame["nav"] *= np.exp(np.random.default_rng(9).normal(0, 1e-4, len(DAYS)))
    return frame


@pytest.mark.parametrize("seed", range(6))
def test_one_clock_gives_nothing(seed):
    assert clock_offset_screen(observed(hourly(seed))) == ()


@pytest.mark.parametrize(("clock", "hours"), [("19:00 America/New_York", 3.0), ("12:00 America/New_York", -4.0)])
def test_hours_and_sign_are_told(clock, hours):
    (found,) = clock_offset_screen(observed(hourly(), benchmark=clock))
    assert found.rule == "clock_offset"
    assert found.value == pytest.approx(hours, abs=1.5)
    assert np.sign(found.value) == np.sign(hours)
    assert f"{'after' if hours > 0 else 'before'} (95 % interval" in found.message


def test_local_time_taken_for_utc_follows_the_season():
    """Bars labelled with New York time but called UTC: what reads as 16:00 was seen at 20:00 or 21:00 there."""
    prices = hourly(2)
    mislabelled = prices.set_axis(prices.index.tz_convert("America/New_York").tz_localize(None), axis=0)
    mislabelled = mislabelled[~mislabelled.index.duplicated()].tz_localize("UTC").sort_index()
    frame = observed(prices)
    frame["benchmark"] = sample_at(mislabelled, Clock(), DAYS).prices
    (found,) = clock_offset_screen(frame.dropna())
    assert found.rule == "local_time_for_utc"
    assert found.value == pytest.approx(4.4, abs=1.5)
    assert "consistent with New York time taken for UTC" in found.message
    assert " is New York" not in found.message


def test_dates_that_are_a_session_off_are_not_also_hours_off():
    frame = observed(hourly())
    frame["nav"] = frame["nav"].shift(1)
    rules = {item.rule for item in screen(frame.dropna())}
    assert "shifted_dates" in rules
    assert not rules & {"clock_offset", "local_time_for_utc"}


def test_bars_of_the_asset_are_used():
    prices = hourly(4)
    frame = observed(prices, benchmark="18:00 America/New_York")
    (found,) = clock_offset_screen(frame, prices=prices)
    assert found.value == pytest.approx(2.0, abs=0.25)
    assert "2.00 hours after" in found.message
    assert clock_offset_screen(observed(prices), prices=prices) == ()


def test_a_market_that_closes_is_told_in_24ths():
    """Prices of five days a week in which nothing happens between the close and the open."""
    rng = np.random.default_rng(3)
    path = np.cumsum(rng.normal(0.0, 0.004, 24 * len(DAYS)))
    frame = pd.DataFrame({"nav": np.exp(path[23::24]), "benchmark": np.exp(path[19::24])}, DAYS)
    (found,) = clock_offset_screen(frame)
    assert found.rule == "clock_offset"
    assert found.value == pytest.approx(-4.0, abs=1.5)
    assert "24ths of a session's variance" in found.message
    assert "hours" not in found.message


def test_one_hour_is_not_enough():
    assert clock_offset_screen(observed(hourly(1), benchmark="17:00 America/New_York")) == ()


def test_a_leveraged_fund_and_a_short_sample_are_not_looked_at():
    frame = observed(hourly(), benchmark="19:00 America/New_York")
    assert clock_offset_screen(frame, multiple=2.0) == ()
    assert clock_offset_screen(frame.iloc[:40]) == ()
    assert clock_offset_screen(frame[["nav"]]) == ()
