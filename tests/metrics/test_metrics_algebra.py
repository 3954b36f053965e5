"""Identities and invariances that hold for every sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research import metrics
from research.errors import AlignmentError, DataError, ParameterError, UnknownNameError

RETURNS = st.floats(-0.3, 0.3, allow_nan=False).map(lambda x: round(x, 6))


@st.composite
def samples(draw, least=4, most=60):
    n = draw(st.integers(least, most))
    values = draw(arrays(np.float64, (2, n), elements=RETURNS))
    index = pd.date_range("2024-01-01", periods=n, freq="D")
    return pd.Series(values[0], index=index), pd.Series(values[1], index=index)


def close(a, b, scale=1.0):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-9, atol=1e-12 * scale)


@given(samples())
def test_root_mean_square_is_tracking_error_and_mean(sample):
    fund, benchmark = sample
    n = len(fund)
    te = metrics.tracking_error(fund, benchmark, periods_per_year=1)
    rms = metrics.root_mean_square_divergence(fund, benchmark, periods_per_year=1)
    mean = metrics.tracking_difference_log(fund, benchmark, years=n)
    close(rms**2, (n - 1) / n * te**2 + mean**2)


@given(samples(), st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_scale_of_prices_does_not_matter(sample, a, b):
    prices = [scale * np.exp(x.cumsum()) for x, scale in zip(sample, (a, b), strict=True)]
    again = [np.log(p).diff().iloc[1:] for p in prices]
    cut = [x.iloc[1:] for x in sample]
    close(metrics.tracking_error(*again, periods_per_year=252), metrics.tracking_error(*cut, periods_per_year=252), 1e3)
    close(metrics.tracking_difference_log(*again, years=1), metrics.tracking_difference_log(*cut, years=1), 1e3)


@given(samples())
def test_swapping_fund_and_benchmark(sample):
    fund, benchmark = sample
    for name in ("tracking_error", "root_mean_square_divergence", "tracking_error_variance"):
        function = getattr(metrics, name)
        close(function(fund, benchmark, periods_per_year=252), function(benchmark, fund, periods_per_year=252))
    close(metrics.mean_absolute_divergence(fund, benchmark), metrics.mean_absolute_divergence(benchmark, fund))
    close(metrics.correlation(fund, benchmark), metrics.correlation(benchmark, fund))
    for kind in ("log", "arithmetic"):
        there = metrics.tracking_difference(fund, benchmark, years=2, kind=kind)
        close(there, -metrics.tracking_difference(benchmark, fund, years=2, kind=kind))
    ratio = metrics.tracking_difference_ratio(fund, benchmark, years=2)
    close((1 + ratio) * (1 + metrics.tracking_difference_ratio(benchmark, fund, years=2)), 1.0)


@given(samples(), st.integers(1, 3))
def test_log_tracking_difference_adds_over_samples(sample, cut):
    fund, benchmark = sample
    parts = [(fund.iloc[:cut], benchmark.iloc[:cut]), (fund.iloc[cut:], benchmark.iloc[cut:])]
    added = sum(metrics.tracking_difference_log(*part, years=len(part[0])) * len(part[0]) for part in parts)
    close(metrics.tracking_difference_log(fund, benchmark, years=len(fund)) * len(fund), added)


@given(samples())
def test_definitions_of_tracking_difference_agree(sample):
    fund, benchmark = sample
    log = metrics.tracking_difference_log(fund, benchmark, years=1.5)
    close(metrics.tracking_difference_ratio(fund, benchmark, years=1.5), np.expm1(log))
    growth = [np.expm1(x.sum() / 1.5) for x in sample]
    close(metrics.tracking_difference_arithmetic(fund, benchmark, years=1.5), growth[0] - growth[1])
    close(
        (1 + growth[1]) * metrics.tracking_difference_ratio(fund, benchmark, years=1.5),
        metrics.tracking_difference_arithmetic(fund, benchmark, years=1.5),
    )


@given(samples())
def test_downside_both_ways_is_root_mean_square(sample):
    fund, benchmark = sample
    down = metrics.downside_tracking_error(fund, benchmark, periods_per_year=252)
    up = metrics.downside_tracking_error(benchmark, fund, periods_per_year=252)
    rms = metrics.root_mean_square_divergence(fund, benchmark, periods_per_year=252)
    close(down**2 + up**2, rms**2)


@given(samples())
def test_tracking_error_variance_is_its_square(sample):
    te = metrics.tracking_error(*sample, periods_per_year=12)
    close(te**2, metrics.tracking_error_variance(*sample, periods_per_year=12))


@given(samples(), st.floats(-3, 3), st.floats(-0.01, 0.01))
def test_a_straight_line_of_the_benchmark(sample, slope, intercept):
    benchmark = sample[1]
    if benchmark.std() < 1e-5:
        return
    fund = intercept + slope * benchmark
    close(metrics.beta(fund, benchmark), slope)
    close(metrics.residual_tracking_error(fund, benchmark, periods_per_year=1), 0.0, 100)


@given(samples())
def test_first_horizon_and_last_expanding_row_are_the_tracking_error(sample):
    te = metrics.tracking_error(*sample, periods_per_year=252)
    close(metrics.horizon_tracking_error(*sample, periods_per_year=252, horizons=(1,))[1], te, 1e3)
    close(metrics.expanding_tracking_error(*sample, periods_per_year=252, min_count=2).iloc[-1], te, 1e3)
    close(metrics.rolling_tracking_error(*sample, window=len(sample[0]), periods_per_year=252).iloc[-1], te, 1e3)


@given(samples())
def test_horizons_of_returns_and_of_the_level_agree(sample):
    fund, benchmark = sample
    level = pd.Series(np.r_[0.0, (fund - benchmark).cumsum()])
    close(
        metrics.horizon_tracking_error(fund, benchmark, periods_per_year=252, horizons=(1, 2, 3)),
        metrics.horizon_tracking_error_of_level(level, periods_per_year=252, horizons=(1, 2, 3)),
        1e3,
    )


def test_a_missing_level_costs_two_differences_at_each_horizon():
    rng = np.random.default_rng(3)
    level = pd.Series(rng.normal(size=200).cumsum())
    level.iloc[50] = np.nan
    found = metrics.horizon_tracking_error_of_level(level, periods_per_year=252, horizons=(5,))[5]
    differences = (level.shift(-5) - level).dropna()
    assert len(differences) == 193
    assert found == pytest.approx(differences.std() * (252 / 5) ** 0.5, rel=1e-12)


def test_horizon_of_returns_with_a_gap_is_a_sum_of_complete_windows():
    rng = np.random.default_rng(4)
    fund, benchmark = pd.Series(rng.normal(size=100)), pd.Series(rng.normal(size=100))
    fund.iloc[30] = np.nan
    sums = (fund - benchmark).rolling(5, min_periods=5).sum().dropna()
    found = metrics.horizon_tracking_error(fund, benchmark, periods_per_year=252, horizons=(5,))[5]
    assert found == pytest.approx(sums.std() * (252 / 5) ** 0.5, rel=1e-12)


@given(arrays(np.float64, (4, 4), elements=st.floats(-1, 1)), arrays(np.float64, (2, 4), elements=st.floats(0, 1)))
def test_contributions_sum_to_the_ex_ante_tracking_error(root, weights):
    names = list("ABCD")
    matrix = pd.DataFrame(root @ root.T, index=names, columns=names)
    held, benchmark = (pd.Series(w, index=names) for w in weights)
    te = metrics.ex_ante_tracking_error(held, benchmark, matrix)
    close(metrics.tracking_error_contributions(held, benchmark, matrix).sum(), te, 1e3)
    active = (held - benchmark).to_numpy()
    close(te, np.linalg.norm(root.T @ active), 1e5)


@settings(max_examples=30)
@given(samples(least=8, most=40))
def test_ex_ante_is_ex_post_for_constant_weights(sample):
    returns = pd.DataFrame({"A": sample[0], "B": sample[1]})
    held, benchmark = pd.Series({"A": 0.8, "B": 0.2}), pd.Series({"A": 0.5, "B": 0.5})
    covariance = metrics.sample_covariance(returns, periods_per_year=252)
    ex_post = metrics.tracking_error(returns @ held, returns @ benchmark, periods_per_year=252)
    close(metrics.ex_ante_tracking_error(held, benchmark, covariance), ex_post, 1e5)


def test_covariances_against_numpy_and_pandas():
    rng = np.random.default_rng(5)
    returns = pd.DataFrame(rng.normal(size=(50, 3)), columns=list("ABC"))
    returns.iloc[7, 1] = np.nan
    complete = returns.dropna()
    sample = metrics.sample_covariance(returns, periods_per_year=12)
    np.testing.assert_allclose(sample, np.cov(complete.T) * 12, rtol=1e-12)
    weighted = metrics.ewma_covariance(returns, half_life=9, periods_per_year=12)
    moments = pd.DataFrame({(a, b): complete[a] * complete[b] for a in "ABC" for b in "ABC"})
    expected = moments.ewm(halflife=9).mean().iloc[-1].to_numpy().reshape(3, 3) * 12
    np.testing.assert_allclose(weighted, expected, rtol=1e-12)
    assert metrics.sample_covariance(returns.iloc[:1], periods_per_year=12).isna().all(axis=None)


def test_ex_ante_refusals():
    names = ["A", "B"]
    held, benchmark = pd.Series([0.6, 0.4], names), pd.Series([0.5, 0.5], names)
    matrix = pd.DataFrame(np.eye(2), names, names)
    with pytest.raises(AlignmentError, match="row 1: 'B' in the weights, 'C' in the benchmark weights"):
        metrics.ex_ante_tracking_error(held, benchmark.rename({"B": "C"}), matrix)
    with pytest.raises(AlignmentError, match="columns"):
        metrics.ex_ante_tracking_error(held, benchmark, matrix[["B", "A"]])
    with pytest.raises(DataError, match="write 0 for an asset"):
        metrics.ex_ante_tracking_error(held, benchmark * np.nan, matrix)
    with pytest.raises(DataError, match="not symmetric"):
        metrics.ex_ante_tracking_error(held, benchmark, pd.DataFrame([[1, 0.5], [0, 1]], names, names))
    with pytest.raises(DataError, match="negative variance"):
        metrics.ex_ante_tracking_error(held, benchmark, matrix * -1)
    with pytest.raises(ParameterError, match="half_life"):
        metrics.ewma_covariance(pd.DataFrame({"A": [0.1, 0.2]}), half_life=0, periods_per_year=12)
    with pytest.raises(ParameterError, match="one column for each asset"):
        metrics.sample_covariance(held, periods_per_year=12)
    assert (metrics.tracking_error_contributions(held, held, matrix) == 0).all()


@given(samples())
def test_before_fee_undoes_the_fee(sample):
    gross, benchmark = sample
    sessions = gross.index.insert(0, gross.index[0] - pd.Timedelta(days=1))
    accrual = pd.Series(-0.0025 / 365 * np.arange(len(sessions)), index=sessions)
    net = gross + accrual.diff().iloc[1:]
    close(metrics.before_fee_returns(net, accrual), gross)
    years = len(gross) / 365
    after = metrics.tracking_difference_log(net, benchmark, years=years)
    before = metrics.tracking_difference_log(metrics.before_fee_returns(net, accrual), benchmark, years=years)
    close(before - after, 0.0025, 1e4)


def test_before_fee_refusals():
    returns = pd.Series([0.1, 0.2], index=[1, 2])
    with pytest.raises(AlignmentError, match="one accrual more"):
        metrics.before_fee_returns(returns, pd.Series([0.0, -0.1], index=[1, 2]))
    with pytest.raises(AlignmentError, match="row 0: 1 in the fund, 2 in the accrual"):
        metrics.before_fee_returns(returns, pd.Series([0.0, -0.1, -0.2], index=[1, 2, 3]))
    funds = pd.DataFrame({"A": returns, "B": returns})
    accrual = pd.Series([0.0, -0.1, -0.2], index=[0, 1, 2])
    np.testing.assert_allclose(metrics.before_fee_returns(funds, accrual)["B"], [0.2, 0.3])


def test_investor_pays_premium_and_half_spreads():
    # Bought at ask with a premium, sold at bid with a discount: wealth by hand.
    nav, index = np.array([100.0, 90.0, 120.0]), np.array([50.0, 46.0, 61.0])
    bought = nav[0] * np.exp(0.004) * (1 + 0.002 / 2)
    sold = nav[-1] * np.exp(-0.003) * (1 - 0.006 / 2)
    expected = (np.log(sold / bought) - np.log(index[-1] / index[0])) / 2
    returns = [pd.Series(np.diff(np.log(x))) for x in (nav, index)]
    terms = {"entry_premium": 0.004, "exit_premium": -0.003, "entry_spread": 0.002, "exit_spread": 0.006}
    found = metrics.investor_tracking_difference(*returns, years=2, **terms)
    assert found == pytest.approx(expected, rel=1e-12)
    free = metrics.investor_tracking_difference(*returns, years=2, entry_premium=0, exit_premium=0)
    assert free == pytest.approx(metrics.tracking_difference_log(*returns, years=2), rel=1e-14)
    panel = pd.DataFrame({"A": returns[0], "B": returns[0]})
    terms["entry_premium"] = pd.Series({"A": 0.004, "B": 0.0})
    both = metrics.investor_tracking_difference(panel, returns[1], years=2, **terms)
    assert both["A"] == pytest.approx(expected, rel=1e-12)
    assert both["B"] == pytest.approx(expected + 0.002, rel=1e-12)
    with pytest.raises(ParameterError, match="entry_spread"):
        metrics.investor_tracking_difference(*returns, years=2, entry_premium=0, exit_premium=0, entry_spread=-0.1)


@pytest.mark.parametrize("years", [0, -1, float("nan"), float("inf")])
def test_years(years):
    returns = pd.Series([0.1, 0.2])
    with pytest.raises(ParameterError, match="years"):
        metrics.tracking_difference(returns, returns, years=years)


def test_years_by_fund():
    funds = pd.DataFrame({"A": [0.1, 0.2], "B": [np.nan, 0.2]})
    benchmark = pd.Series([0.0, 0.0])
    found = metrics.tracking_difference_log(funds, benchmark, years=pd.Series({"A": 2.0, "B": 0.5}))
    np.testing.assert_allclose(found, [0.15, 0.4])
    with pytest.raises(AlignmentError, match="years"):
        metrics.tracking_difference_log(funds, benchmark, years=pd.Series({"B": 2.0, "A": 0.5}))
    with pytest.raises(ParameterError, match="years is a Series"):
        metrics.tracking_difference_log(funds["A"], benchmark, years=pd.Series({"A": 2.0}))


def test_unknown_kind_offers_the_nearest():
    returns = pd.Series([0.1, 0.2])
    with pytest.raises(UnknownNameError, match="did you mean 'arithmetic'"):
        metrics.tracking_difference(returns, returns, years=1, kind="arithmetical")


def test_a_total_loss_has_no_compound_return():
    lost = pd.Series([0.1, -1.0])
    with pytest.raises(DataError, match="loss of all"):
        metrics.active_premium(lost, pd.Series([0.1, 0.1]), periods_per_year=12)


def test_rounding_floor():
    # A perfect fund, printed to the cent: simulated against the formula.
    rng = np.random.default_rng(11)
    true = 25 * np.exp(rng.normal(0, 0.03, 20_000).cumsum() * 0.05)
    printed = pd.Series(np.round(true, 2))
    returns = [np.log(pd.Series(x)).diff().iloc[1:] for x in (printed, true)]
    measured = metrics.tracking_error(*returns, periods_per_year=252)
    assert metrics.rounding_floor(printed, 0.01, periods_per_year=252) == pytest.approx(measured, rel=0.02)
    constant = metrics.rounding_floor(pd.Series([25.0, 25.0]), 0.01, periods_per_year=252)
    assert constant == pytest.approx(metrics.rounding_floor(25, 0.01, periods_per_year=252), rel=1e-15)
    with pytest.raises(DataError, match="prices are positive"):
        metrics.rounding_floor(pd.Series([1.0, 0.0]), 0.01, periods_per_year=252)
    with pytest.raises(ParameterError, match="tick"):
        metrics.rounding_floor(25.0, -0.01, periods_per_year=252)


def test_lo_parameters():
    assert metrics.lo_scaling([0.0] * 11, 12) == pytest.approx(12**0.5, rel=1e-15)
    assert metrics.lo_scaling([], 1) == 1.0
    assert np.isnan(metrics.lo_scaling([-1.0], 3))
    assert np.isnan(metrics.lo_ratio_factor([-1.0], 2))
    assert metrics.lo_scaling([-1.0], 2) == 0.0
    with pytest.raises(DataError, match="outside −1 to 1"):
        metrics.lo_scaling([1.5], 12)
    for periods in (0, 2.5, True):
        with pytest.raises(ParameterError, match="periods"):
            metrics.lo_scaling([0.1], periods)
