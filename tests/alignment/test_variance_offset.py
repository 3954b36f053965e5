"""The share of variance between two clocks against simulated ones, Yahoo's ether day, CoinGecko's, and USO's close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.alignment import Clock
from research.alignment.clock_offset import expected_offset
from research.alignment.variance_offset import variance_offset
from research.errors import AlignmentError, DataError, ParameterError, SampleError, UnknownNameError
from research.opening import load

DAYS = pd.bdate_range("2024-01-02", periods=250)


def sampled(rng: np.random.Generator, hours: int, days: pd.DatetimeIndex = DAYS, *, fat: bool = False):
    """Return a price that never stops, seen daily by the fund and `hours` later by the benchmark."""
    span = 24 * ((days[-1] - days[0]).days + 8)
    steps = rng.standard_t(4, span) / np.sqrt(2) if fat else rng.standard_normal(span)
    price = np.exp(np.cumsum(0.006 * steps))
    at = 24 * np.asarray((days - days[0]).days) + 72
    return pd.Series(price[at], days), pd.Series(price[at + hours], days)


@pytest.mark.parametrize(("hours", "fat"), [(4, False), (-2, False), (9, True)])
def test_hours_and_sign_are_recovered_and_intervals_cover(hours, fat):
    rng = np.random.default_rng(11)
    draws = 400
    found = [variance_offset(*sampled(rng, hours, fat=fat)) for _ in range(draws)]
    right = np.array([item.regression == ("lag" if hours > 0 else "lead") for item in found])
    assert right.mean() > 0.95
    hit = [item for item, ok in zip(found, right, strict=True) if ok]
    gaps = np.array([item.parts - hours for item in hit])
    errors = np.array([item.std_error for item in hit])
    assert abs(gaps.mean() / errors.mean()) < 0.1 + 2.0 / np.sqrt(draws)
    inside = [low <= hours <= high for low, high in (item.interval() for item in hit)]
    assert 0.92 <= np.mean(inside) <= 0.98


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), hours=st.integers(2, 12))
def test_units_do_not_matter_and_time_reversal_changes_the_sign(seed, scale, hours):
    fund, late = sampled(np.random.default_rng(seed), hours, DAYS[:80])
    plain = variance_offset(fund, late)
    scaled = variance_offset(fund * scale, late)
    assert scaled.parts == pytest.approx(plain.parts, rel=1e-9)
    assert scaled.std_error == pytest.approx(plain.std_error, rel=1e-9)
    labels = DAYS[0] + (DAYS[79] - DAYS[:80])[::-1]
    back = variance_offset(pd.Series(fund.to_numpy()[::-1], labels), pd.Series(late.to_numpy()[::-1], labels))
    assert back.parts == pytest.approx(-plain.parts, rel=1e-9)


def test_a_market_that_closes_counts_sessions():
    fund, late = sampled(np.random.default_rng(2), 5, pd.date_range("2024-01-02", periods=250))
    squeezed = [pd.Series(values.to_numpy(), DAYS) for values in (fund, late)]
    open_all_day, closing = variance_offset(fund, late), variance_offset(*squeezed, market="closes")
    assert closing.parts == pytest.approx(open_all_day.parts)
    assert "24ths of a session's variance" in str(closing)
    assert variance_offset(*squeezed).parts != pytest.approx(open_all_day.parts)


def test_equal_clocks_are_not_told_apart():
    rng = np.random.default_rng(5)
    fund, _ = sampled(rng, 0)
    noisy = fund * np.exp(rng.normal(0.0, 1e-4, len(fund)))
    found = variance_offset(noisy, fund)
    low, high = found.interval(0.999)
    assert low < 0.0 < high
    assert abs(found.parts) < 0.2


def test_the_result_reads_well():
    found = variance_offset(*sampled(np.random.default_rng(3), 4))
    assert "24ths of a day's variance lie between" in str(found)
    assert set(found.fits.index) == {"lag", "lead"}
    assert found.nobs == 248
    assert found.side_probability > 0.95
    assert "<table>" in found._repr_html_()
    with pytest.raises(ParameterError, match="confidence is 95"):
        found.interval(95)


def test_bad_input_is_refused():
    fund, late = sampled(np.random.default_rng(1), 3)
    with pytest.raises(AlignmentError, match="do not carry the same dates"):
        variance_offset(fund, late.iloc[1:])
    with pytest.raises(AlignmentError, match=r"use sort_index\(\)"):
        variance_offset(fund.iloc[::-1], late.iloc[::-1])
    with pytest.raises(DataError, match=f"the benchmark of {DAYS[4]:%Y-%m-%d} is -1: give positive levels"):
        variance_offset(fund, late.where(np.arange(250) != 4, -1.0))
    with pytest.raises(SampleError, match="are the same series"):
        variance_offset(fund, fund)
    with pytest.raises(SampleError, match="never moves"):
        variance_offset(fund, fund * 0 + 1.0)
    with pytest.raises(SampleError, match="10 sessions are too few"):
        variance_offset(fund.iloc[:10], late.iloc[:10])
    with pytest.raises(UnknownNameError, match="did you mean 'closes'"):
        variance_offset(fund, late, market="close")


def _on_sessions_of_ethv(series: pd.Series) -> tuple[pd.Series, pd.Series]:
    nav = load("ETHV").frame["nav"]
    both = nav.index.intersection(series.index)
    return nav.loc[both], series.loc[both]


@pytest.fixture(scope="module")
def yahoo(real_data: Path) -> pd.Series:
    table = pd.read_csv(real_data / "crypto" / "yahoo_ethusd_daily.csv", parse_dates=["Date"])
    return table.set_index("Date")["Close"].sort_index()


@pytest.fixture(scope="module")
def coingecko(real_data: Path) -> pd.Series:
    table = pd.read_csv(real_data / "crypto" / "coingecko_eth_daily.csv")
    days = pd.to_datetime(table["snapped_at"]).dt.tz_localize(None).dt.normalize()
    return pd.Series(table["price"].to_numpy(), pd.DatetimeIndex(days))


@pytest.mark.real
def test_yahoo_ends_its_day_three_to_four_hours_after_ethv(yahoo):
    nav, day = _on_sessions_of_ethv(yahoo)
    found = variance_offset(nav, day)
    assert found.regression == "lag"
    assert found.parts == pytest.approx(3.3, abs=0.05)
    assert found.std_error_iid == pytest.approx(0.5, abs=0.05)
    truth = expected_offset(Clock(), Clock.parse("24:00 UTC"), pd.DatetimeIndex(nav.index))
    assert set(truth) == {3.0, 4.0}
    low, high = found.interval()
    assert low < truth.mean() < high


@pytest.mark.real
def test_yahoo_rows_of_spring_2025_were_taken_at_another_hour(yahoo):
    """Until 2025-04-16 the file keeps its clock; after that many rows are of about 04:00 UTC of their own day."""
    nav, day = _on_sessions_of_ethv(yahoo)
    early = variance_offset(nav[:"2025-04-16"], day[:"2025-04-16"])
    assert early.regression == "lag"
    assert early.interval()[0] > 0.5
    assert early.interval()[1] > 3.5
    late = variance_offset(nav["2025-04-17":"2025-08-06"], day["2025-04-17":"2025-08-06"])
    assert late.regression == "lead"
    assert late.interval()[1] < -5
    # Where the fit decides, those rows would turn the sign of the whole file.
    assert not early.ambiguous
    whole = variance_offset(nav, day)
    assert whole.ambiguous
    assert "the clock may change inside the sample" in str(whole)
    assert whole.fits["r_squared"].idxmax() == "lead"


@pytest.mark.real
def test_coingecko_labels_are_one_day_off_yahoos(coingecko):
    """Its day D is 00:00 UTC of D, 20 hours before New York closes; labelled by the day that ends there, 4 after."""
    found = variance_offset(*_on_sessions_of_ethv(coingecko))
    assert found.regression == "lead"
    assert found.parts == pytest.approx(-20.3, abs=1.0)
    moved = coingecko.set_axis(coingecko.index - pd.Timedelta(days=1))
    again = variance_offset(*_on_sessions_of_ethv(moved))
    assert again.regression == "lag"
    assert again.parts == pytest.approx(3.7, abs=1.0)
    assert not found.ambiguous
    assert not again.ambiguous


@pytest.mark.real
def test_uso_closes_an_hour_and_a_half_after_its_nav(real_data):
    table = pd.read_csv(real_data / "general" / "hassman_uso_ex.csv")
    table.index = pd.DatetimeIndex(pd.to_datetime(table["DATE"], format="%m/%d/%Y"))
    table = table.sort_index()
    found = variance_offset(table["Price"], table["NAV"], market="closes")
    assert found.regression == "lead"
    assert found.parts == pytest.approx(-1.7, abs=0.05)
    assert found.std_error_iid == pytest.approx(0.1, abs=0.01)
    low, high = found.interval()
    assert low < -1.5 < high
