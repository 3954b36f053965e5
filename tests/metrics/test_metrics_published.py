"""Figures that others printed: Lo (2002), Bacon (2008), empyrical's and FinanceToolkit's own test values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research import metrics

NAN = float("nan")

LO_PERIODS = (2, 3, 4, 6, 12, 24, 36, 48, 125, 250)
LO_TABLE_2 = {
    0.9: (1.03, 1.05, 1.07, 1.10, 1.21, 1.41, 1.60, 1.77, 2.67, 3.70),
    0.5: (1.15, 1.28, 1.39, 1.60, 2.12, 2.91, 3.53, 4.06, 6.49, 9.15),
    0.2: (1.29, 1.52, 1.73, 2.07, 2.88, 4.04, 4.93, 5.68, 9.14, 12.92),
    0.0: (1.41, 1.73, 2.00, 2.45, 3.46, 4.90, 6.00, 6.93, 11.18, 15.81),
    -0.2: (1.58, 1.99, 2.33, 2.90, 4.17, 5.95, 7.31, 8.45, 13.67, 19.35),
    -0.5: (2.00, 2.45, 3.02, 3.84, 5.69, 8.26, 10.21, 11.84, 19.26, 27.31),
}


@pytest.mark.parametrize("rho", LO_TABLE_2)
@pytest.mark.parametrize("column", range(10))
def test_lo_2002_table_2(rho, column):
    q = LO_PERIODS[column]
    eta = metrics.lo_ratio_factor([rho**k for k in range(1, q)], q)
    assert round(eta, 2) == pytest.approx(LO_TABLE_2[rho][column], abs=1e-12)


@pytest.mark.parametrize(("rho", "share"), [(-0.5, 0.579), (-0.3, 0.735), (-0.2, 0.817), (0.2, 1.224), (0.5, 1.727)])
def test_lo_scaling_of_a_year_of_sessions(rho, share):
    assert round(metrics.lo_scaling([rho**k for k in range(1, 252)], 252) / 252**0.5, 3) == share


# Monthly, January 2000 to December 2001.
BACON_PORTFOLIO = """
    .003  .026  .011 -.010  .015  .025  .016  .067 -.014  .040 -.005  .081
    .040 -.037 -.061  .017 -.049 -.022  .070  .058 -.065  .024 -.005 -.009"""
BACON_BENCHMARK = """
    .002  .025  .018 -.011  .014  .018  .014  .065 -.015  .042 -.006  .083
    .039 -.038 -.062  .015 -.048  .021  .060  .056 -.067  .019 -.003  .000"""
BACON = pd.DataFrame(
    {"portfolio": list(map(float, BACON_PORTFOLIO.split())), "benchmark": list(map(float, BACON_BENCHMARK.split()))},
    index=pd.period_range("2000-01", periods=24, freq="M").to_timestamp(),
)


def bacon_figures() -> dict[str, float]:
    fund, benchmark = BACON["portfolio"], BACON["benchmark"]
    te = metrics.tracking_error(fund, benchmark, periods_per_year=12)
    residual = metrics.residual_tracking_error(fund, benchmark, periods_per_year=12)
    return {
        "tracking error": te,
        "tracking error, divisor n": te * (23 / 24) ** 0.5,
        "uncentred": metrics.root_mean_square_divergence(fund, benchmark, periods_per_year=12),
        "without June 2001": metrics.tracking_error(
            fund.drop("2001-06-01"), benchmark.drop("2001-06-01"), periods_per_year=12
        ),
        "active premium": metrics.active_premium(fund, benchmark, periods_per_year=12),
        "information ratio": metrics.information_ratio_geometric(fund, benchmark, periods_per_year=12),
        "beta": metrics.beta(fund, benchmark),
        "specific risk": residual * (22 / 24) ** 0.5,  # Bacon divides by n, a standard error by n − 2
        "fama beta": metrics.beta(fund, benchmark) / metrics.correlation(fund, benchmark),
    }


@pytest.mark.parametrize(
    ("name", "printed", "digits"),
    [
        ("specific risk", 0.0329, 4),  # Bacon p. 75, and PerformanceAnalytics
        ("specific risk", 0.0329310912, 10),
        ("fama beta", 1.03, 2),  # Bacon p. 78
        ("fama beta", 1.0303949, 7),
        ("beta", 0.998850209, 9),
        ("active premium", -0.014305101, 9),
        ("tracking error", 0.033639715, 9),
        ("tracking error, divisor n", 0.032931431, 9),
        ("uncentred", 0.03313, 5),
        ("without June 2001", 0.01346, 5),
        ("information ratio", -0.425244, 6),
    ],
)
def test_bacon_2008(name, printed, digits):
    assert round(bacon_figures()[name], digits) == printed


def test_finance_toolkit():
    index = range(5)
    asset = pd.Series([0.3, 0.2, 0.1, 0.0, 0.06], index=index)
    benchmark = pd.Series([0.31, 0.19, 0.5, 0.0, 0.03], index=index)
    assert metrics.tracking_error(asset, benchmark, periods_per_year=1) == pytest.approx(0.18283872675120005, rel=1e-14)
    ratio = metrics.information_ratio_arithmetic(asset, benchmark, periods_per_year=1)
    assert ratio == pytest.approx(-0.4047282614295185, rel=1e-13)


DAYS = pd.date_range("2000-01-30", periods=9, freq="D")
MIXED = pd.Series([NAN, 1, 10, -4, 2, 3, 2, 1, -10], index=DAYS) / 100
FLAT = pd.Series(1.0, index=DAYS) / 100
SIMPLE = pd.Series([0, 1, 0, 1, 0, 1, 0, 1, 0], index=DAYS) / 100
POSITIVE = pd.Series([1, 2, 1, 1, 1, 1, 1, 1, 1], index=DAYS) / 100
NEGATIVE = pd.Series([0, -6, -7, -1, -9, -2, -6, -8, -5], index=DAYS) / 100
ALL_NEGATIVE = pd.Series([-2, -6, -7, -1, -9, -2, -6, -8, -5], index=DAYS) / 100
WEEKLY = MIXED.fillna(0.0)
ZERO = pd.Series(0.0, index=DAYS)

# empyrical's tests compare to eight decimals.
EMPYRICAL = [
    ("excess_sharpe(mixed, 0)", metrics.information_ratio_arithmetic, MIXED, ZERO, 1, 0.10859306069076737),
    ("excess_sharpe(mixed, flat)", metrics.information_ratio_arithmetic, MIXED, FLAT, 1, -0.06515583641446039),
    ("excess_sharpe(itself)", metrics.information_ratio_arithmetic, POSITIVE, POSITIVE, 1, NAN),
    ("sharpe_ratio(mixed)", metrics.information_ratio_arithmetic, MIXED, ZERO, 252, 1.7238613961706866),
    ("sharpe_ratio(mixed, simple)", metrics.information_ratio_arithmetic, MIXED, SIMPLE, 252, 0.34111411441060574),
    ("sharpe_ratio(positive)", metrics.information_ratio_arithmetic, POSITIVE, ZERO, 252, 52.915026221291804),
    ("sharpe_ratio(negative)", metrics.information_ratio_arithmetic, NEGATIVE, ZERO, 252, -24.406808633910085),
    ("annual_volatility daily", metrics.tracking_error, MIXED, ZERO, 252, 0.9136465399704637),
    ("annual_volatility weekly", metrics.tracking_error, WEEKLY, ZERO, 52, 0.38851569394870583),
    ("annual_volatility monthly", metrics.tracking_error, WEEKLY, ZERO, 12, 0.18663690238892558),
    ("downside_risk daily", metrics.downside_tracking_error, MIXED, ZERO, 252, 0.60448325038829653),
    ("downside_risk daily, 10 %", metrics.downside_tracking_error, MIXED, ZERO + 0.1, 252, 1.7161730681956295),
    ("downside_risk weekly", metrics.downside_tracking_error, WEEKLY, ZERO, 52, 0.25888650451930134),
    ("downside_risk monthly, 10 %", metrics.downside_tracking_error, WEEKLY, ZERO + 0.1, 12, 0.37148351242013422),
    ("annual_return weekly", metrics.active_premium, WEEKLY, ZERO, 52, 0.24690830513998208),
    ("annual_return monthly", metrics.active_premium, WEEKLY, ZERO, 12, 0.052242061386048144),
    ("up_capture(positive, mixed)", metrics.up_capture_annualised, POSITIVE, MIXED, 252, 0.0076167762),
    ("up_capture(all_negative, mixed)", metrics.up_capture_annualised, ALL_NEGATIVE, MIXED, 252, -0.0004336328),
    ("up_capture(itself)", metrics.up_capture_annualised, MIXED, MIXED, 252, 1.0),
    ("down_capture(all_negative, mixed)", metrics.down_capture_annualised, ALL_NEGATIVE, MIXED, 252, 0.99956025704),
    ("down_capture(positive, mixed)", metrics.down_capture_annualised, POSITIVE, MIXED, 252, -11.27400221),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "fund", "market", "periods", "printed"), EMPYRICAL)
def test_empyrical(name, function, fund, market, periods, printed):
    value = function(fund, market, periods_per_year=periods)
    assert value == pytest.approx(printed, abs=5.1e-9, nan_ok=True), name


def test_empyrical_beta():
    # alpha_beta(mixed, negative[1:]): empyrical drops the first day, which is missing in mixed anyway.
    assert metrics.beta(MIXED, NEGATIVE) == pytest.approx(-0.71296296296296313, abs=5e-9)


def test_one_fee_reads_differently_by_definition():
    # A fund whose only friction is 1.50 % a year, for two years; the markets' growth rates are printed to a digit.
    for growth, arithmetic in ((-0.468, -0.0079), (-0.030, -0.0144), (1.385, -0.0355)):
        benchmark = pd.Series([np.log1p(growth)] * 2)
        fund = benchmark - 0.0150
        found = [metrics.tracking_difference(fund, benchmark, years=2, kind=k) for k in ("log", "ratio", "arithmetic")]
        assert found[0] == pytest.approx(-0.0150, abs=1e-15)
        assert round(found[1], 4) == -0.0149
        assert round(found[2], 4) == arithmetic


def test_rounding_floor_of_the_specification():
    # methods.md: 26 bp a year at $25 with cents.
    assert round(metrics.rounding_floor(25.0, 0.01, periods_per_year=252) * 1e4) == 26
