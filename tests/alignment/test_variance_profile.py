"""When in the week a market moves: planted hours, algebra, and the bundled profiles."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from research.alignment.variance_profile import (
    VarianceProfile,
    bundled_profiles,
    flat_profile,
    profile_entry,
    profiles_of,
    variance_profile,
)
from research.cli import cli
from research.errors import AlignmentError, DataError, SampleError

HOURS = pd.date_range("2023-01-02", periods=24 * 7 * 150, freq="h", tz="UTC")


def path(rate, seed=0, zone="America/New_York"):
    local = HOURS.tz_convert(zone)
    sd = 0.005 * np.sqrt(np.asarray(rate)[local.day_of_week, local.hour])
    moves = np.random.default_rng(seed).normal(0.0, sd)
    return pd.Series(np.exp(np.cumsum(moves)), HOURS + pd.Timedelta(hours=1))


def planted():
    rate = np.ones((7, 24))
    rate[:5, 9:12] = 3.0
    rate[5] *= 0.4
    return rate


def test_planted_hours_are_found():
    found = variance_profile(path(planted())).rate
    wanted = planted()
    wanted /= wanted[:5].mean()
    # Smoothing spreads a step over its neighbours; the whole of a stretch stays.
    assert found[:5, 7:14].mean() == pytest.approx(wanted[:5, 7:14].mean(), rel=0.08)
    assert found[:5, 16:].mean() == pytest.approx(wanted[:5, 16:].mean(), rel=0.15)
    assert found[5].mean() == pytest.approx(wanted[5].mean(), rel=0.15)


def test_a_walk_without_hours_has_a_flat_profile():
    found = variance_profile(path(np.ones((7, 24)))).rate
    assert found.mean() == pytest.approx(1.0, abs=0.05)
    assert abs(found[:5].mean(axis=0) - 1.0).max() < 0.3


def test_an_hour_that_is_taken_back_adds_less_to_the_day():
    """The move of 20:00 is half undone by that of the next morning: variance stays, the day's does not."""
    prices = path(np.ones((7, 24)), 3)
    moves = np.log(prices).diff().fillna(0.0)
    local = pd.DatetimeIndex(prices.index - pd.Timedelta(hours=1)).tz_convert("America/New_York")
    evening = moves.where(local.hour == 20, 0.0)
    undone = moves - 0.5 * evening.shift(12, fill_value=0.0)
    plain, less = (variance_profile(np.exp(one.cumsum())).rate for one in (moves, undone))
    assert less[:5, 20].mean() < 0.93 * plain[:5, 20].mean()


def test_cumulated_variance_is_the_sum_of_rates():
    profile = VarianceProfile(planted())
    instants, variance = profile.cumulated(pd.Timestamp("2024-01-08", tz="UTC"), pd.Timestamp("2024-01-15", tz="UTC"))
    week = np.interp(instants[0] + 168 * 3.6e12, instants, variance)
    assert week == pytest.approx(planted().sum())


def test_bundled_profiles_are_ours_and_whole():
    for name, profile in bundled_profiles().items():
        assert name.startswith(profile.asset)
        assert profile.rate.shape == (7, 24)
        assert profile.rate[:5].mean() == pytest.approx(1.0, abs=0.01)
        assert profile.rate[5].mean() < 1.0
        assert "sha256" in profile.source
    assert {profile.asset for profile in profiles_of("ether")} == {"ether"}
    assert "Variance by time of the week" in str(profiles_of("ether")[0])


def test_an_entry_reads_back():
    profile = variance_profile(path(planted()), asset="a coin", source='bars "of" a test')
    (entry,) = tomllib.loads(profile_entry("coin_2023", profile)).values()
    assert entry["source"] == 'bars "of" a test'
    np.testing.assert_allclose(np.array(entry["rate"]), profile.rate, rtol=1e-3)


def test_the_command_makes_an_entry(tmp_path):
    prices = path(planted())
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), prices))
    frame.rename_axis("timestamp").to_csv(tmp_path / "bars.csv")
    call = ["profile", str(tmp_path / "bars.csv"), "--asset", "coin", "--year", "2023", "--source", "a test"]
    ran = CliRunner().invoke(cli, call)
    assert ran.exit_code == 0, ran.output
    entry = tomllib.loads(ran.output)["coin_2023"]
    wanted = variance_profile(prices[prices.index.year == 2023]).rate
    np.testing.assert_allclose(np.array(entry["rate"]), wanted, rtol=1e-3)


@pytest.mark.real
def test_the_bundled_numbers_are_those_of_the_bars(real_data):
    for coin, symbol in (("ether", "eth"), ("bitcoin", "btc")):
        table = pd.read_csv(real_data / "crypto" / f"binance_{symbol}usdt_1h_2024_2026.csv")
        opens = pd.Series(table["open"].to_numpy(), pd.DatetimeIndex(pd.to_datetime(table["timestamp"], utc=True)))
        for year in (2024, 2025):
            made = variance_profile(opens[opens.index.year == year])
            np.testing.assert_allclose(bundled_profiles()[f"{coin}_{year}"].rate, made.rate, rtol=1e-3)


def test_bad_input_is_refused():
    prices = path(np.ones((7, 24)))
    with pytest.raises(AlignmentError, match="carry no time zone"):
        variance_profile(prices.tz_localize(None))
    with pytest.raises(AlignmentError, match="not strictly increasing"):
        variance_profile(prices[::-1])
    with pytest.raises(DataError, match="not positive"):
        variance_profile(-prices)
    with pytest.raises(SampleError, match="too few for a profile"):
        variance_profile(prices[:200])
    with pytest.raises(DataError, match="7 x 24"):
        VarianceProfile(np.ones(168))
    assert flat_profile().rate.max() == 1.0
