"""The S&P VIX short-term inverse index, rebuilt from settlements and bills (studies, section 11.1)."""

import numpy as np
import pandas as pd
import pytest
import vx_files

from research.drivers.futures import annualised_slope, bill_returns, contango_share, hold, sp_vix

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "general"


@pytest.fixture(scope="module")
def curve(folder):
    return vx_files.curve(folder)


@pytest.fixture(scope="module")
def published(folder):
    return vx_files.inverse_index(folder).pct_change().dropna()


@pytest.fixture(scope="module")
def bills(folder, curve):
    return bill_returns(vx_files.bill_rates(folder), curve.sessions)


@pytest.fixture(scope="module")
def rebuilt(curve):
    return hold(curve, sp_vix(curve, vx_files.business_days())).simple_returns


def basis_points(returns):
    return 1e4 * returns


def test_excess_return_alone_leaves_the_bill_rate(rebuilt, published):
    excess = rebuilt.loc[published.index]
    residual = published + excess
    assert len(residual) == 1898
    assert np.corrcoef(published, excess)[0, 1] == pytest.approx(-0.9999978, abs=5e-8)
    assert np.polyfit(excess, published, 1)[0] == pytest.approx(-0.99986, abs=5e-6)
    assert basis_points(residual.abs().median()) <= 0.05
    assert basis_points(residual.abs().median()) == pytest.approx(0.041, abs=0.002)
    yearly = basis_points(residual.groupby(residual.index.year).median())
    printed = [1.34, 0.48, 0.05, 0.04, 0.014, 0.026, 0.018, 0.013]
    np.testing.assert_allclose(yearly, printed, atol=0.006)


def test_with_bills_the_index_is_rebuilt_to_a_hundredth_of_a_basis_point(rebuilt, published, bills):
    residual = published + rebuilt.loc[published.index] - bills.loc[published.index]
    assert basis_points(residual.abs().median()) <= 0.01
    assert (residual.abs() < 0.5e-4).mean() > 0.98
    yearly = basis_points(residual.groupby(residual.index.year).median())
    assert yearly.abs().max() < 0.02
    # The only real misses: the weeks around the closure for Hurricane Sandy, see below.
    missed = residual[residual.abs() > 2e-4].index
    assert missed.min() >= pd.Timestamp("2012-10-23")
    assert missed.max() <= pd.Timestamp("2012-11-16")


def test_the_index_counts_the_two_days_of_the_hurricane_as_business_days(curve, published, bills):
    # 29 and 30 October 2012 were business days until the exchange closed: the roll period keeps its scheduled length.
    scheduled = vx_files.business_days().union(pd.to_datetime(["2012-10-29", "2012-10-30"]))
    rebuilt = hold(curve, sp_vix(curve, scheduled)).simple_returns
    residual = published + rebuilt.loc[published.index] - bills.loc[published.index]
    assert basis_points(residual.loc["2012-10-15":"2012-11-21"].abs().max()) < 0.05
    assert basis_points(residual.abs().max()) < 1.1


def test_bills_are_those_of_the_rulebook(bills):
    yearly = basis_points(bills.groupby(bills.index.year).median())
    assert yearly[2008] == pytest.approx(0.48, abs=0.1)
    assert basis_points(bills.loc["2007"]).median() == pytest.approx(1.34, abs=0.02)


def test_a_roll_that_starts_on_tuesday_is_seen(curve, published):
    days = vx_files.business_days()
    eve = pd.DatetimeIndex([days[max(days.searchsorted(expiry) - 1, 0)] for expiry in curve.expiries])
    wrong = hold(curve, sp_vix(curve, days, roll_dates=eve)).simple_returns.loc[published.index]
    residual = published + wrong
    assert np.corrcoef(published, wrong)[0, 1] == pytest.approx(-0.99986, abs=5e-6)
    assert np.polyfit(wrong, published, 1)[0] == pytest.approx(-1.016, abs=5e-4)
    assert basis_points(residual.abs().median()) == pytest.approx(4.4, abs=0.05)
    assert basis_points(residual.std()) == pytest.approx(9.6, abs=0.15)


def test_weights_as_values_instead_of_counts_are_seen(curve, published, bills):
    from dataclasses import replace

    schedule = replace(sp_vix(curve, vx_files.business_days()), unit="values")
    residual = published + hold(curve, schedule).simple_returns.loc[published.index] - bills.loc[published.index]
    assert basis_points(residual.abs().median()) > 0.5


def test_ranks_are_those_of_another_vendor(curve, real_data):
    vendor = vx_files.ranks(real_data / "general")
    common = curve.sessions.intersection(vendor.index)
    assert len(common) > 1800
    for rank in range(1, 6):
        ours = curve.by_rank(rank).loc[common, "price"]
        assert (ours - vendor.loc[common, f"VX{rank}"]).abs().max() < 0.0101, rank


def test_the_curve_was_in_contango_on_about_four_days_in_five(curve):
    # Whaley (2013), read in a secondary source: about 80 % of days.
    assert contango_share(annualised_slope(curve)) == pytest.approx(0.80, abs=0.01)
