"""Real funds: PerformanceAnalytics on its own data, Hassman (2021) on USO, and ETHV as in the specification."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research import metrics

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def managers(real_data):
    return pd.read_csv(real_data / "general" / "pa_managers.csv", index_col=0, parse_dates=True)


# PerformanceAnalytics 2.1.0 against SP500 TR, full precision; its snapshots print four digits of these.
MANAGERS = {
    #        n    active premium tracking error information ratio arithmetic up capture down capture
    "HAM1": (132, 0.0407866801, 0.1131666594, 0.3604125130, 0.260577, 0.321540, 0.377099),
    "HAM2": (125, 0.0775987307, 0.1533647157, 0.5059751220, 0.423821, 0.346261, 0.109022),
    "HAM3": (132, 0.0544693465, 0.1158673476, 0.4701009186, 0.391651, 0.526178, 0.586687),
    "HAM4": (132, 0.0247344253, 0.1596655566, 0.1549139703, 0.176719, 0.767514, 0.873297),
}
# TrackingError prints (truncated), table.InformationRatio prints (rounded), InformationRatio prints.
PRINTED = {
    "HAM1": (0.1131, 0.1132, 0.3604),
    "HAM2": (0.1533, 0.1534, 0.5060),
    "HAM3": (0.1158, 0.1159, 0.4701),
    "HAM4": (0.1596, 0.1597, 0.1549),
    "HAM5": (0.1800, 0.1800, 0.1212),
    "HAM6": (0.1128, 0.1128, 0.6723),
}


def test_performance_analytics_full_precision(managers):
    funds, benchmark = managers[list(MANAGERS)], managers["SP500 TR"]
    columns = [
        (metrics.observations(funds, benchmark), 0),
        (metrics.active_premium(funds, benchmark, periods_per_year=12), 10),
        (metrics.tracking_error(funds, benchmark, periods_per_year=12), 10),
        (metrics.information_ratio_geometric(funds, benchmark, periods_per_year=12), 10),
        (metrics.information_ratio_arithmetic(funds, benchmark, periods_per_year=12), 6),
        (metrics.up_capture(funds, benchmark), 6),
        (metrics.down_capture(funds, benchmark), 6),
    ]
    for i, (values, digits) in enumerate(columns):
        for fund, row in MANAGERS.items():
            assert round(values[fund], digits) == row[i], (fund, i)


def test_performance_analytics_as_printed(managers):
    funds, benchmark = managers[list(PRINTED)], managers["SP500 TR"]
    errors = metrics.tracking_error(funds, benchmark, periods_per_year=12)
    ratios = metrics.information_ratio_geometric(funds, benchmark, periods_per_year=12)
    for fund, (truncated, rounded, ratio) in PRINTED.items():
        assert np.floor(errors[fund] * 1e4) / 1e4 == pytest.approx(truncated, abs=1e-12)
        assert round(errors[fund], 4) == rounded
        assert round(ratios[fund], 4) == ratio
    itself = metrics.information_ratio_geometric(benchmark, benchmark, periods_per_year=12)
    assert np.isnan(itself)  # as table.InformationRatio prints


def test_performance_analytics_beta(managers):
    excess = managers.sub(managers["US 3m TR"], axis=0)
    fund, benchmark = excess["HAM1"], excess["SP500 TR"]
    assert metrics.beta(fund, benchmark) == pytest.approx(0.390071248399483, abs=1e-14)
    up, down = benchmark > 0, benchmark < 0
    assert metrics.beta(fund[up], benchmark[up]) == pytest.approx(0.300546080919799, abs=1e-13)
    assert metrics.beta(fund[down], benchmark[down]) == pytest.approx(0.4264215, abs=5e-8)
    assert round(metrics.beta(managers["HAM1"], managers["SP500 TR"]), 12) == 0.390603325605


def test_performance_analytics_annualised_return(managers):
    printed = (0.1375, 0.1747, 0.1512, 0.1215, 0.0373, 0.1373, 0.1180, 0.0967)
    returns = managers.iloc[:, :8]
    zero = pd.Series(0.0, index=managers.index)
    found = metrics.active_premium(returns, zero, periods_per_year=12)
    assert found.round(4).tolist() == list(printed)


def test_bacon_file_is_the_table_in_print(real_data):
    table = pd.read_csv(real_data / "general" / "pa_portfolio_bacon.csv", index_col=0)
    fund, benchmark = table.iloc[:, 0], table.iloc[:, 1]
    assert round(metrics.tracking_error(fund, benchmark, periods_per_year=12), 9) == 0.033639715
    assert round(metrics.information_ratio_geometric(fund, benchmark, periods_per_year=12), 6) == -0.425244


def test_hassman_uso(real_data):
    table = pd.read_csv(real_data / "general" / "hassman_uso_ex.csv")
    table.index = pd.to_datetime(table["DATE"], format="%m/%d/%Y")
    table = table.sort_index()
    returns = np.log(table[["Price", "NAV", "Futures"]]).diff() * 100
    returns = returns[table["ROLL"] != 1].dropna()
    price, nav, futures = (returns[name] for name in ("Price", "NAV", "Futures"))
    expected = {
        0.5709988090573025: (price, futures),
        0.570992624370081: (price, nav),
        0.004076190123422442: (nav, futures),
    }
    for printed, pair in expected.items():
        assert metrics.tracking_error(*pair, periods_per_year=1) == pytest.approx(printed, rel=1e-11)
    assert metrics.mean_absolute_divergence(price, futures) == pytest.approx(0.3764862368145581, rel=1e-12)
    assert metrics.observations(price, futures) == 1333
    assert metrics.beta(price, futures) == pytest.approx(0.904749962006879, rel=1e-12)
    assert metrics.beta(nav, futures) == pytest.approx(1.00004421383327, rel=1e-12)
    assert metrics.correlation(price, futures) ** 2 == pytest.approx(0.931013612980474, rel=1e-12)
    for printed, pair in {0.532757: (price, futures), 0.532716: (price, nav), 0.004077: (nav, futures)}.items():
        assert round(metrics.residual_tracking_error(*pair, periods_per_year=1), 6) == printed
    premium = ((table["Price"] / table["NAV"] - 1) * 100)[table["ROLL"] != 1]
    statistics = metrics.premium_statistics(premium, percentiles=(50,), bands=())
    found = [round(statistics[name], 4) for name in ("min", "max")]
    assert found == [-2.0277, 3.5155]
    assert round(statistics["p50"], 5) == -0.01736
    assert round(statistics["mean"], 6) == -0.016354
    assert round(statistics["sd"], 5) == 0.39540
    assert statistics["count"] == 1334


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the calendar library on newer pandas
def test_ethv_of_the_specification(real_data):
    # methods.md: price tracking error 1,086 bp at one day, 476 at five, 231 at twenty-one; NAV about 1 bp.
    calendar = pytest.importorskip("exchange_calendars").get_calendar("XNYS")
    table = pd.read_csv(real_data / "crypto" / "vaneck_ethv_nav_close_index.csv", index_col=0, parse_dates=True)
    sessions = calendar.sessions_in_range("2024-07-23", "2026-09-25")
    table = table.sort_index().reindex(sessions)
    logs = np.log(table[["NAV", "Close", "Index Level"]].astype(float))
    assert logs["NAV"].notna().all()
    price = metrics.horizon_tracking_error_of_level(logs["Close"] - logs["Index Level"], periods_per_year=252)
    assert [round(price[h] * 1e4) for h in (1, 5, 21)] == [1086, 476, 231]
    returns = logs.diff().iloc[1:]
    nav = metrics.tracking_error(returns["NAV"], returns["Index Level"], periods_per_year=252)
    assert 0.5e-4 < nav < 1.5e-4
