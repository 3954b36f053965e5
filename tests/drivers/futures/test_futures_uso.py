"""USO against the contracts it held (Hassman 2021; studies, section 11.2), to the printed digits."""

import numpy as np
import pandas as pd
import pytest

from research.metrics import beta, correlation, mean_absolute_divergence, residual_tracking_error, tracking_error

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def table(real_data):
    table = pd.read_csv(real_data / "general" / "hassman_uso_ex.csv")
    table.index = pd.to_datetime(table["DATE"], format="%m/%d/%Y")
    return table.sort_index()


@pytest.fixture(scope="module")
def returns(table):
    """Log returns in percent; the days of the roll are left out after the returns are taken, as in the study."""
    percent = 100 * np.log(table[["Price", "NAV", "Futures"]]).diff()
    return percent[table["ROLL"] != 1].dropna()


def test_daily_tracking_differences(returns):
    price, nav, futures = (returns[name] for name in ("Price", "NAV", "Futures"))
    assert len(returns) == 1333
    printed = {
        (price.name, futures.name): 0.5709988090573025,
        (price.name, nav.name): 0.570992624370081,
        (nav.name, futures.name): 0.004076190123422442,
    }
    for (fund, benchmark), figure in printed.items():
        assert tracking_error(returns[fund], returns[benchmark], periods_per_year=1) == pytest.approx(figure, abs=5e-13)
    assert mean_absolute_divergence(price, futures) == pytest.approx(0.3764862368145581, abs=5e-13)


def test_regressions_on_the_futures_held(returns):
    price, nav, futures = (returns[name] for name in ("Price", "NAV", "Futures"))
    assert beta(price, futures) == pytest.approx(0.904749962006879, abs=5e-13)
    assert correlation(price, futures) ** 2 == pytest.approx(0.931013612980474, abs=5e-13)
    assert beta(nav, futures) == pytest.approx(1.00004421383327, abs=5e-13)
    assert correlation(nav, futures) ** 2 == pytest.approx(0.999996448905454, abs=5e-13)
    for fund, benchmark, figure in ((price, futures, 0.532757), (price, nav, 0.532716), (nav, futures, 0.004077)):
        assert residual_tracking_error(fund, benchmark, periods_per_year=1) == pytest.approx(figure, abs=5e-7)


def test_premium_of_the_close_over_net_asset_value(table):
    premium = (100 * (table["Price"] / table["NAV"] - 1))[table["ROLL"] != 1]
    assert len(premium) == 1334
    figures = [premium.min(), premium.median(), premium.mean(), premium.max(), premium.std()]
    np.testing.assert_allclose(figures, [-2.0277, -0.01736, -0.016354, 3.5155, 0.39540], atol=5e-5)


def test_net_asset_value_follows_the_contract_held_and_not_a_spliced_price(table):
    change = 100 * np.log(table[["NAV", "Futures"]]).diff().dropna()
    rolled = table["ROLL"].reindex(change.index) == 1
    gap = (change["NAV"] - change["Futures"]).abs()
    # On the four days of a roll the file's front price is no return of what the fund holds.
    assert gap[rolled].median() > 20 * gap[~rolled].median()
