"""Measures of tracking: pure functions of returns that are already aligned.

Every function takes a fund (a Series, or a DataFrame with one column for each fund) and a benchmark (a Series, or a
DataFrame with the funds' columns) on identical labels, and returns one number, or one for each fund. Returns are log
returns per period unless the parameters are called ``simple``. Nothing is filled: a period with a NaN on either side
is left out, and `observations` says how many remain. Where too few remain the answer is NaN. Labels that differ,
infinite values, unsorted or repeated labels, and prices in place of returns are refused. `measures` lists every measure
with the names that the field has for it, and `measure` finds one by any of them. `hac_interval`, `bootstrap_interval`
and `paired_interval` give each its uncertainty; `tracking_error_interval`, `premium_mean_interval` and
`tracking_error_ratio_interval` give one that holds under fat tails, clusters and slow reversion; `rank_funds` says
which places of a league table are real.
"""

from research.metrics.active import active_premium, information_ratio_arithmetic, information_ratio_geometric
from research.metrics.adjustments import before_fee_returns, investor_tracking_difference
from research.metrics.agreement import agreements
from research.metrics.autocorrelation import (
    ar1_adjusted_tracking_error,
    autocorrelation_adjusted_tracking_error,
    divergence_autocorrelation,
    lo_ratio_factor,
    lo_scaling,
)
from research.metrics.blocks import Resampling, choose_block_length, stationary_blocks
from research.metrics.capture import (
    down_capture,
    down_capture_annualised,
    down_capture_arithmetic,
    up_capture,
    up_capture_annualised,
    up_capture_arithmetic,
)
from research.metrics.difference import (
    observations,
    tracking_difference,
    tracking_difference_arithmetic,
    tracking_difference_log,
    tracking_difference_ratio,
)
from research.metrics.error import (
    downside_tracking_error,
    mean_absolute_centred_divergence,
    mean_absolute_divergence,
    root_mean_square_divergence,
    rounding_floor,
    tracking_error,
    tracking_error_variance,
)
from research.metrics.ewc import (
    CosineInterval,
    premium_deviation_interval,
    premium_mean_interval,
    tracking_error_ratio_interval,
)
from research.metrics.ex_ante import (
    ewma_covariance,
    ex_ante_interval,
    ex_ante_tracking_error,
    sample_covariance,
    tracking_error_contributions,
)
from research.metrics.horizon import HORIZONS, horizon_tracking_error, horizon_tracking_error_of_level
from research.metrics.intervals import MeasureInterval, bootstrap_interval, hac_interval, paired_interval
from research.metrics.longrun import bandwidth_lags, bartlett_covariance, critical_value, newey_west_covariance
from research.metrics.premium import (
    BANDS,
    PERCENTILES,
    days_outside,
    premium_deviation,
    premium_mean,
    premium_percentile_interval,
    premium_percentiles,
    premium_statistics,
)
from research.metrics.ranking import FundRanking, rank_funds
from research.metrics.registry import Measure, Registry, measure, measures
from research.metrics.regression import beta, correlation, residual_tracking_error
from research.metrics.reversion import (
    ClosingSides,
    PremiumClosing,
    PremiumReversion,
    closing_sides,
    half_life,
    premium_autoregression,
    premium_closing,
    premium_half_life,
    premium_reversion,
)
from research.metrics.rolling import (
    expanding_tracking_error,
    rolling_beta,
    rolling_correlation,
    rolling_mean_absolute_divergence,
    rolling_root_mean_square_divergence,
    rolling_tracking_difference_log,
    rolling_tracking_error,
)
from research.metrics.rolling_ols import RollingRegression, rolling_regression
from research.metrics.sensitivity import BenchmarkSensitivity, benchmark_sensitivity
from research.metrics.tracking_error_interval import TrackingErrorInterval, tracking_error_interval

__all__ = [
    "BANDS",
    "HORIZONS",
    "PERCENTILES",
    "BenchmarkSensitivity",
    "ClosingSides",
    "CosineInterval",
    "FundRanking",
    "Measure",
    "MeasureInterval",
    "PremiumClosing",
    "PremiumReversion",
    "Registry",
    "Resampling",
    "RollingRegression",
    "TrackingErrorInterval",
    "active_premium",
    "agreements",
    "ar1_adjusted_tracking_error",
    "autocorrelation_adjusted_tracking_error",
    "bandwidth_lags",
    "bartlett_covariance",
    "before_fee_returns",
    "benchmark_sensitivity",
    "beta",
    "bootstrap_interval",
    "choose_block_length",
    "closing_sides",
    "correlation",
    "critical_value",
    "days_outside",
    "divergence_autocorrelation",
    "down_capture",
    "down_capture_annualised",
    "down_capture_arithmetic",
    "downside_tracking_error",
    "ewma_covariance",
    "ex_ante_interval",
    "ex_ante_tracking_error",
    "expanding_tracking_error",
    "hac_interval",
    "half_life",
    "horizon_tracking_error",
    "horizon_tracking_error_of_level",
    "information_ratio_arithmetic",
    "information_ratio_geometric",
    "investor_tracking_difference",
    "lo_ratio_factor",
    "lo_scaling",
    "mean_absolute_centred_divergence",
    "mean_absolute_divergence",
    "measure",
    "measures",
    "newey_west_covariance",
    "observations",
    "paired_interval",
    "premium_autoregression",
    "premium_closing",
    "premium_deviation",
    "premium_deviation_interval",
    "premium_half_life",
    "premium_mean",
    "premium_mean_interval",
    "premium_percentile_interval",
    "premium_percentiles",
    "premium_reversion",
    "premium_statistics",
    "rank_funds",
    "residual_tracking_error",
    "rolling_beta",
    "rolling_correlation",
    "rolling_mean_absolute_divergence",
    "rolling_regression",
    "rolling_root_mean_square_divergence",
    "rolling_tracking_difference_log",
    "rolling_tracking_error",
    "root_mean_square_divergence",
    "rounding_floor",
    "sample_covariance",
    "stationary_blocks",
    "tracking_difference",
    "tracking_difference_arithmetic",
    "tracking_difference_log",
    "tracking_difference_ratio",
    "tracking_error",
    "tracking_error_contributions",
    "tracking_error_interval",
    "tracking_error_ratio_interval",
    "tracking_error_variance",
    "up_capture",
    "up_capture_annualised",
    "up_capture_arithmetic",
]
