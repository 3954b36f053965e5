"""Which function here is which function of other libraries, and where they differ under the same name."""

from __future__ import annotations

import pandas as pd

from research.tables import Table

__all__ = ["agreements"]

EMPYRICAL, FFN, OKAMA, QUANTSTATS, PA, TOOLKIT = (
    "empyrical-reloaded 0.7.1",
    "ffn 1.4.1",
    "okama 4.0.0",
    "quantstats 0.0.86",
    "PerformanceAnalytics 2.1.0",
    "FinanceToolkit",
)
ROWS = (
    (EMPYRICAL, "excess_sharpe", "information_ratio_arithmetic", "periods_per_year=1", "equal", ""),
    (EMPYRICAL, "annual_volatility(r − b)", "tracking_error", "simple returns", "equal", "has no tracking error"),
    (EMPYRICAL, "downside_risk(r, b)", "downside_tracking_error", "simple returns", "equal", ""),
    (EMPYRICAL, "beta", "beta", "excess returns", "equal", ""),
    (EMPYRICAL, "up_capture", "up_capture_annualised", "", "equal", ""),
    (EMPYRICAL, "down_capture", "down_capture_annualised", "", "equal", "months with b = 0 in neither market"),
    (EMPYRICAL, "capture", "", "", "none here", "CAGR(r)/CAGR(b), without meaning where signs differ"),
    (
        EMPYRICAL,
        "excess_sharpe of a constant divergence",
        "information_ratio_arithmetic",
        "periods_per_year=1",
        "differs",
        "3e15 from rounding errors; NaN here",
    ),
    (QUANTSTATS, "information_ratio", "information_ratio_arithmetic", "periods_per_year=1", "equal", ""),
    (QUANTSTATS, "greeks: beta", "beta", "simple returns", "equal", ""),
    (QUANTSTATS, "r_squared", "correlation", "squared", "equal", ""),
    (
        QUANTSTATS,
        "information_ratio of a fund on itself",
        "information_ratio_arithmetic",
        "periods_per_year=1",
        "differs",
        "0; NaN here",
    ),
    (FFN, "calc_information_ratio", "information_ratio_arithmetic", "periods_per_year=1", "equal", ""),
    (
        FFN,
        "calc_prob_mom",
        "information_ratio_arithmetic",
        "periods_per_year=n",
        "equal",
        "Student t probability with n − 1 degrees of freedom",
    ),
    (
        FFN,
        "calc_information_ratio without dispersion",
        "information_ratio_arithmetic",
        "periods_per_year=1",
        "differs",
        "0; NaN here",
    ),
    (OKAMA, "Index.tracking_error", "expanding_tracking_error", "simple returns, 12, min_count=2", "equal", ""),
    (
        "okama before 4",
        "Index.tracking_error",
        "root_mean_square_divergence",
        "simple returns, 12",
        "equal",
        "as described, not run; expanding",
    ),
    (
        OKAMA,
        "Index.tracking_difference",
        "tracking_difference_arithmetic",
        "log returns, years=1",
        "equal",
        "cumulative, not annualised",
    ),
    (
        OKAMA,
        "Index.tracking_difference_annualized",
        "tracking_difference_arithmetic",
        "",
        "differs",
        "±((1 + |TD|)^(12/(n + 1)) − 1) of the cumulative TD, with one month too many",
    ),
    (OKAMA, "Index.beta", "beta", "simple returns", "equal", "expanding"),
    (OKAMA, "Index.expanding_cov_cor(corr)", "correlation", "simple returns", "equal", "expanding"),
    (PA, "TrackingError", "tracking_error", "simple returns", "equal", "the manual's formula is not the code's"),
    (PA, "ActivePremium", "active_premium", "", "equal", ""),
    (PA, "InformationRatio", "information_ratio_geometric", "", "equal", ""),
    (PA, "UpDownRatios(Capture, Up)", "up_capture", "", "equal", ""),
    (PA, "UpDownRatios(Capture, Down)", "down_capture", "", "equal", ""),
    (PA, "CAPM.beta", "beta", "excess simple returns", "equal", ""),
    (
        PA,
        "SpecificRisk",
        "residual_tracking_error",
        "excess simple returns",
        "differs",
        "divides by n; times √((n − 2)/n) equal",
    ),
    (TOOLKIT, "get_tracking_error", "tracking_error", "simple returns, periods_per_year=1", "equal", ""),
    (TOOLKIT, "get_information_ratio", "information_ratio_arithmetic", "periods_per_year=1", "equal", ""),
)


def agreements() -> Table:
    """Return which function of other libraries equals which one here, with what arguments, and where they differ.

    Parameters
    ----------
    None

    Returns
    -------
    Table
        One row for each of their functions: ``theirs``, ``ours``, ``with``, ``relation`` (``"equal"``, ``"differs"``
        or ``"none here"``) and ``note``; the index is the library and its version.

    Notes
    -----
    empyrical-reloaded, quantstats, ffn and okama were run on Bacon's 24 months and their answers stand in the tests;
    PerformanceAnalytics and FinanceToolkit are compared with the figures that they print. Libraries that reconcile
    calendars silently (fill, intersect, pair by position) are only compared on identical labels: with others the
    functions here refuse. NaN: the four that were run and the functions here leave out a period with a NaN on either
    side.

    Examples
    --------
    >>> table = agreements().to_frame()
    >>> table.query("theirs == 'calc_information_ratio'")["ours"].tolist()
    ['information_ratio_arithmetic']
    """
    columns = ["library", "theirs", "ours", "with", "relation", "note"]
    frame = pd.DataFrame(ROWS, columns=columns).set_index("library")
    return Table(frame, "Measures of other libraries and the functions that equal them")
