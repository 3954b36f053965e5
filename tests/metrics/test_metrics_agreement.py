"""Other libraries' answers on Bacon's 24 months, as they gave them, against the functions that should equal them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from research import metrics
from research.metrics import agreements

PORTFOLIO = """
    .003  .026  .011 -.010  .015  .025  .016  .067 -.014  .040 -.005  .081
    .040 -.037 -.061  .017 -.049 -.022  .070  .058 -.065  .024 -.005 -.009"""
REFERENCE = """
    .002  .025  .018 -.011  .014  .018  .014  .065 -.015  .042 -.006  .083
    .039 -.038 -.062  .015 -.048  .021  .060  .056 -.067  .019 -.003  .000"""
R, B = (pd.Series(list(map(float, text.split()))) for text in (PORTFOLIO, REFERENCE))
LOG_R, LOG_B = np.log1p(R), np.log1p(B)
MONTHS = {"periods_per_year": 12}

# What each library answered, run in the version that the table names, and ours.
ANSWERS = {
    ("empyrical-reloaded 0.7.1", "excess_sharpe"): (
        -0.10726723360428558,
        lambda: metrics.information_ratio_arithmetic(R, B, periods_per_year=1),
    ),
    ("empyrical-reloaded 0.7.1", "annual_volatility(r − b)"): (
        0.03363971514122271,
        lambda: metrics.tracking_error(R, B, **MONTHS),
    ),
    ("empyrical-reloaded 0.7.1", "downside_risk(r, b)"): (
        0.031559467676119,
        lambda: metrics.downside_tracking_error(R, B, **MONTHS),
    ),
    ("empyrical-reloaded 0.7.1", "beta"): (0.9988502086225742, lambda: metrics.beta(R, B)),
    ("empyrical-reloaded 0.7.1", "up_capture"): (
        0.9478779356059414,
        lambda: metrics.up_capture_annualised(R, B, **MONTHS),
    ),
    ("empyrical-reloaded 0.7.1", "down_capture"): (
        0.9864739725390025,
        lambda: metrics.down_capture_annualised(R, B, **MONTHS),
    ),
    ("quantstats 0.0.86", "information_ratio"): (
        -0.10726723360428553,
        lambda: metrics.information_ratio_arithmetic(R, B, periods_per_year=1),
    ),
    ("quantstats 0.0.86", "greeks: beta"): (0.9988502086225745, lambda: metrics.beta(R, B)),
    ("quantstats 0.0.86", "r_squared"): (0.9397088580814588, lambda: metrics.correlation(R, B) ** 2),
    ("ffn 1.4.1", "calc_information_ratio"): (
        -0.10726723360428553,
        lambda: metrics.information_ratio_arithmetic(R, B, periods_per_year=1),
    ),
    ("ffn 1.4.1", "calc_prob_mom"): (
        0.30213278658893156,
        lambda: stats.t.cdf(metrics.information_ratio_arithmetic(R, B, periods_per_year=24), 23),
    ),
    ("okama 4.0.0", "Index.tracking_error"): (
        0.033639715141222715,
        lambda: metrics.expanding_tracking_error(R, B, min_count=2, **MONTHS).iloc[-1],
    ),
    ("okama 4.0.0", "Index.tracking_difference"): (
        -0.031781094591562864,
        lambda: metrics.tracking_difference_arithmetic(LOG_R, LOG_B, years=1),
    ),
    ("okama 4.0.0", "Index.tracking_difference_annualized"): (
        -0.015130862667283695,
        lambda: 1 - (1 - metrics.tracking_difference_arithmetic(LOG_R, LOG_B, years=1)) ** (12 / 25),
    ),
    ("okama 4.0.0", "Index.beta"): (0.9988502086225749, lambda: metrics.beta(R, B)),
    ("okama 4.0.0", "Index.expanding_cov_cor(corr)"): (0.9693858148753053, lambda: metrics.correlation(R, B)),
}
# Printed by PerformanceAnalytics 2.1.0 for the same data.
PRINTED = {
    "TrackingError": (0.033639715, lambda: metrics.tracking_error(R, B, **MONTHS)),
    "InformationRatio": (-0.425244, lambda: metrics.information_ratio_geometric(R, B, **MONTHS)),
    "CAPM.beta": (0.998850209, lambda: metrics.beta(R, B)),
    "SpecificRisk": (
        0.0329310912,
        lambda: metrics.residual_tracking_error(R, B, **MONTHS) * (22 / 24) ** 0.5,
    ),
}


@pytest.mark.parametrize(("library", "theirs"), ANSWERS)
def test_answers_of_other_libraries(library, theirs):
    answer, ours = ANSWERS[library, theirs]
    assert ours() == pytest.approx(answer, rel=1e-12)


@pytest.mark.parametrize("theirs", PRINTED)
def test_printed_by_performance_analytics(theirs):
    answer, ours = PRINTED[theirs]
    assert ours() == pytest.approx(answer, rel=2e-6)


def test_where_they_differ():
    # A constant divergence on a moving benchmark: empyrical and quantstats 3e15, ffn 0; here nothing can be said.
    assert np.isnan(metrics.information_ratio_arithmetic(B + 0.01, B, periods_per_year=1))
    assert np.isnan(metrics.information_ratio_arithmetic(B, B, periods_per_year=1))
    # okama's annual figure is not the difference of annual growth rates.
    growth = metrics.tracking_difference_arithmetic(LOG_R, LOG_B, years=2)
    assert growth == pytest.approx(-0.0143051, abs=1e-6)
    assert abs(growth - ANSWERS["okama 4.0.0", "Index.tracking_difference_annualized"][0]) > 5e-4


def test_table():
    table = agreements()
    frame = table.to_frame()
    assert set(frame["relation"]) == {"equal", "differs", "none here"}
    for name in frame["ours"]:
        assert not name or name in metrics.__all__
    listed = set(zip(frame.index, frame["theirs"], strict=True))
    assert set(ANSWERS) <= listed
    assert {("PerformanceAnalytics 2.1.0", name) for name in PRINTED} <= listed
    assert "okama" in str(table)
