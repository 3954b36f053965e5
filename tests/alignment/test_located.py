"""Where in the day a daily series was seen: planted hours and windows, named clocks, and the issuers' own NAVs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import Clock
from research.alignment.located import locate
from research.alignment.named_clocks import compare_clocks, named_clocks
from research.alignment.variance_profile import flat_profile, profiles_of
from research.errors import AlignmentError, DataError, ParameterError, SampleError
from research.simulation.clock_study import intraday_path

DAYS = pd.bdate_range("2025-01-06", periods=250)


@pytest.fixture(scope="module")
def path():
    return intraday_path(profiles_of("ether")[-1], "2024-12-20", "2026-02-01", 11)


def seen(path, label, noise=5e-4, days=DAYS):
    at = Clock.parse(label).instants(days).as_unit("ns").asi8
    logs = np.interp(at, path.index.as_unit("ns").asi8, np.log(path.to_numpy()))
    return pd.Series(np.exp(logs + np.random.default_rng(2).normal(0.0, noise, len(days))), days)


@pytest.mark.parametrize(("label", "hours"), [("16:00", 0.0), ("10:00", -6.0), ("19:30", 3.5), ("01:00", -15.0)])
@pytest.mark.parametrize("length", [63, 250])
def test_the_hour_is_found(path, label, hours, length):
    found = locate(seen(path, f"{label} America/New_York", days=DAYS[:length]), path)
    low, high = found.interval()
    assert low <= hours <= high
    assert found.hours == pytest.approx(hours, abs=0.5)
    if hours:
        assert (found.side_probability > 0.99) == (hours > 0)


def test_a_window_is_found_by_its_centre(path):
    """Means of an hour that ends at 16:00, from a path six times finer than what is searched."""
    fine = pd.date_range(path.index[0], path.index[-1], freq="5min")
    logs = pd.Series(np.cumsum(np.random.default_rng(8).normal(0.0, 0.002, len(fine))), fine)
    at, path = Clock().instants(DAYS), np.exp(logs[::6])
    mean = sum(logs[at - pd.Timedelta(minutes=5 * k)].to_numpy() for k in range(13)) / 13.0
    levels = pd.Series(np.exp(mean), DAYS)
    found = locate(levels, path, window=None)
    assert found.window == 1.0
    assert found.hours == pytest.approx(-0.5, abs=0.1)
    assert locate(seen(path, "16:00 America/New_York", noise=1e-5), path, window=None).window == 0.0


def test_another_coin_serves_with_a_slope(path):
    rng = np.random.default_rng(5)
    own = pd.Series(np.exp(0.6 * np.log(path) + np.cumsum(rng.normal(0.0, 0.001, len(path)))), path.index)
    found = locate(seen(own, "12:00 America/New_York"), path, proxy=True)
    low, high = found.interval()
    assert low <= -4.0 <= high
    assert found.hours == pytest.approx(-4.0, abs=1.0)


@pytest.mark.parametrize("right", ["16:00 London or 16:00 Lisbon", "New York time taken for UTC", "24:00 UTC"])
def test_the_right_one_of_the_named_clocks_is_found_from_bars(path, right):
    clocks = named_clocks(Clock(), DAYS)
    fund = seen(path, "16:00 America/New_York")
    logs = np.interp(clocks[right].as_unit("ns").asi8, path.index.as_unit("ns").asi8, np.log(path.to_numpy()))
    found = compare_clocks(fund, pd.Series(np.exp(logs), DAYS), prices=path)
    assert found.consistent == (right,)
    assert "Consistent with" in str(found)


def test_daily_levels_leave_neighbours_in(path):
    """Four hours in summer and five in winter, against four, five and 24:00 UTC: consistent with, never is."""
    clocks = named_clocks(Clock(), DAYS)
    right = "New York time taken for UTC"
    logs = np.interp(clocks[right].as_unit("ns").asi8, path.index.as_unit("ns").asi8, np.log(path.to_numpy()))
    other = pd.Series(np.exp(logs), DAYS)
    found = compare_clocks(seen(path, "16:00 America/New_York"), other, profiles=profiles_of("ether"))
    assert right in found.consistent
    assert len(found.consistent) > 1
    assert "16:00 London or 16:00 Lisbon" not in found.consistent
    assert found.frame["chance"].sum() == pytest.approx(1.0)


def test_lisbon_and_london_keep_one_time_and_are_named_together():
    names = list(named_clocks(Clock(), DAYS))
    assert "London time taken for UTC or Lisbon time taken for UTC" in names
    assert "16:00 America/New_York" in names
    assert "16:00 New York" not in names
    assert len(names) >= 10


@pytest.mark.real
def test_issuers_net_asset_values(real_data):
    """ETHV and ARKB strike on the mean of 15:00 to 16:00, GBTC on a point at 16:00 New York."""
    import research as rs

    def opens(symbol):
        table = pd.read_csv(real_data / "crypto" / f"binance_{symbol}usdt_30m_2024_2026.csv")
        return pd.Series(table["open"].to_numpy(), pd.DatetimeIndex(pd.to_datetime(table["timestamp"], utc=True)))

    found = locate(rs.load("ETHV").frame["nav"], opens("eth"), window=None)
    assert found.window == 1.0
    assert found.hours == pytest.approx(-0.50, abs=0.01)
    np.testing.assert_allclose(found.interval(), (-0.62, -0.33), atol=0.01)


def test_bad_input_is_refused(path):
    levels = seen(path, "16:00 America/New_York")
    with pytest.raises(AlignmentError, match="carry no time zone"):
        locate(levels, path.tz_localize(None))
    with pytest.raises(AlignmentError, match="not strictly increasing"):
        locate(levels, path[::-1])
    with pytest.raises(DataError, match="not positive"):
        locate(levels, -path)
    with pytest.raises(ParameterError, match="reach is 0"):
        locate(levels, path, reach=0.0)
    with pytest.raises(SampleError, match="sessions lie within the prices' reach"):
        locate(levels, path[:200])
    with pytest.raises(ParameterError, match="nothing to compare"):
        compare_clocks(levels, levels, clocks={"one": Clock().instants(DAYS)})
    assert flat_profile().zone == "America/New_York"
