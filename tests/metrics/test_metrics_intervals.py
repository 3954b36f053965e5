"""Intervals: against statsmodels and arch, against measuring resampled rows, and what they cover in simulations."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from scipy.signal import lfilter

from research import metrics
from research.errors import AlignmentError, ParameterError, UnknownNameError
from research.metrics import bootstrap_interval, hac_interval, paired_interval, stationary_blocks
from research.metrics.intervals import Request

RNG = np.random.default_rng(31)
DAYS = pd.bdate_range("2024-01-02", periods=300)
BENCHMARK = pd.Series(RNG.normal(0, 0.02, 300), DAYS, name="benchmark")
FUNDS = pd.DataFrame(
    {
        "A": BENCHMARK + RNG.normal(-1e-4, 1e-3, 300),
        "B": 0.97 * BENCHMARK + RNG.standard_t(5, 300) * 1e-3,
    }
)
YEAR = {"periods_per_year": 252}
MEASURES = {one.name: one for one in metrics.measures() if one.form}
OPTIONS = {
    "periods_per_year": 252,
    "years": 1.2,
    "lags": 3,
    "lag": 2,
    "horizon": 5,
    "band": 0.001,
    "entry_premium": 0.001,
    "exit_premium": -0.001,
    "entry_spread": 0.001,
    "exit_spread": 0.0,
}


def asked(name):
    """The options of an interval of the measure, and what it compares with."""
    one = MEASURES[name]
    replaced = {} if one.form.one_of is None else one.form.one_of[1](1)
    options = {key: OPTIONS[key] for key in one.options if key not in replaced}
    if one.form.one_of is not None:
        options[one.form.one_of[0]] = OPTIONS[one.form.one_of[0]]
    return options, BENCHMARK if one.benchmark else None


def direct(name, fund, benchmark, options):
    """The measure's own function."""
    if name == "divergence_autocorrelation":
        return getattr(metrics, name)(fund, benchmark, lags=options["lag"]).loc[options["lag"]]
    if name == "horizon_tracking_error":
        return getattr(metrics, name)(fund, benchmark, horizons=(options["horizon"],), **YEAR).iloc[0]
    pair = (fund,) if benchmark is None else (fund, benchmark)
    return getattr(metrics, name)(*pair, **options)


@pytest.mark.parametrize("name", sorted(MEASURES))
@pytest.mark.parametrize("holes", [False, True])
def test_a_form_is_its_measure(name, holes):
    options, benchmark = asked(name)
    funds = FUNDS.copy()
    if holes:
        funds.iloc[5, 0], funds.iloc[100:103, 1] = np.nan, np.nan
    request = Request.of(name, funds, benchmark, 0.95, options)
    for statistic, estimate in request.statistics():
        assert statistic.estimate() == pytest.approx(estimate, rel=1e-9)
    found = hac_interval(name, funds, benchmark, **options)
    for fund in funds:
        expected = direct(name, funds[fund], benchmark, options)
        assert found.frame.loc[fund, "estimate"] == pytest.approx(expected, rel=1e-12)
    assert (found.frame["lower"] < found.frame["estimate"]).all()
    assert (found.frame["estimate"] < found.frame["upper"]).all()


@pytest.mark.parametrize("name", sorted(name for name, one in MEASURES.items() if one.form.rows == "complete"))
def test_bootstrap_is_measuring_resampled_rows(name):
    options, benchmark = asked(name)
    fund = FUNDS["B"]
    found = bootstrap_interval(name, fund, benchmark, draws=50, seed=3, block_length=4, expanded=False, **options)
    indices = stationary_blocks(300, draws=50, block_length=4, seed=3).indices()
    drawn = pd.DataFrame(fund.to_numpy()[indices.T])
    other = None if benchmark is None else pd.DataFrame(benchmark.to_numpy()[indices.T])
    again = np.asarray(direct(name, drawn, other, options))
    if name == "mean_absolute_centred_divergence":  # linear in the mean: right to first order
        assert found.std_error == pytest.approx(again.std(ddof=1), rel=0.02)
        return
    assert found.std_error == pytest.approx(again.std(ddof=1), rel=1e-8)
    np.testing.assert_allclose(found.interval, np.quantile(again, [0.025, 0.975]), rtol=1e-8)


@pytest.mark.parametrize("lags", [0, 5])
def test_hac_error_of_a_slope_is_statsmodels(lags):
    fund = FUNDS["B"]
    hac = {"maxlags": lags, "use_correction": False}
    fit = sm.OLS(fund, sm.add_constant(BENCHMARK)).fit(cov_type="HAC", cov_kwds=hac)
    assert hac_interval("beta", fund, BENCHMARK, bandwidth=lags).std_error == pytest.approx(fit.bse.iloc[1], rel=1e-9)


def test_hac_error_of_a_mean_is_statsmodels():
    d = FUNDS["A"] - BENCHMARK
    fit = sm.OLS(d, np.ones(300)).fit(cov_type="HAC", cov_kwds={"maxlags": 7, "use_correction": False})
    found = hac_interval(metrics.tracking_difference_log, FUNDS["A"], BENCHMARK, bandwidth=7, years=300)
    assert found.std_error == pytest.approx(fit.bse.iloc[0], rel=1e-10)
    assert found.lags == 7
    assert found.nobs == 300


def test_hac_error_of_a_correlation_under_independence():
    # Normal data: the standard error of Fisher's z is 1/√n.
    rng = np.random.default_rng(2)
    x = rng.standard_normal(40_000)
    y = 0.6 * x + 0.8 * rng.standard_normal(40_000)
    found = hac_interval("correlation", pd.Series(y), pd.Series(x), bandwidth=0)
    assert found.std_error / (1 - found.estimate**2) == pytest.approx(1 / 200, rel=0.03)


def test_bootstrap_against_arch():
    d = (FUNDS["A"] - BENCHMARK).to_numpy()
    other = StationaryBootstrap(6, d, seed=np.random.default_rng(1)).apply(lambda x: x.std(ddof=1) * 252**0.5, 4000)
    found = bootstrap_interval(
        "tracking_error", FUNDS["A"], BENCHMARK, draws=4000, block_length=6, expanded=False, **YEAR
    )
    assert found.std_error == pytest.approx(other.std(), rel=0.05)
    np.testing.assert_allclose(found.interval, np.quantile(other, [0.025, 0.975]), rtol=0.01)


def test_block_length_is_recorded_and_that_of_the_influence_values():
    d = FUNDS["A"] - BENCHMARK
    square = ((d - d.mean()) ** 2).to_numpy()
    expected = max(float(optimal_block_length(square)["stationary"].iloc[0]), 1.0)
    found = bootstrap_interval("tracking_error", FUNDS["A"], BENCHMARK, draws=20, seed=9, **YEAR)
    assert found.block_length == pytest.approx(expected, rel=1e-6)
    assert (found.draws, found.seed, found.nobs, found.confidence) == (20, 9, 300, 0.95)
    assert "Politis and White" in found.method
    same = bootstrap_interval("tracking_error", FUNDS["A"], BENCHMARK, draws=20, seed=9, **YEAR)
    pd.testing.assert_frame_equal(found.frame, same.frame)


def test_panel_is_its_columns():
    for function in (hac_interval, bootstrap_interval):
        together = function("tracking_error", FUNDS, BENCHMARK, **YEAR)
        for fund in FUNDS:
            alone = function("tracking_error", FUNDS[fund], BENCHMARK, **YEAR)
            np.testing.assert_allclose(together.frame.loc[fund], alone.frame.iloc[0], rtol=1e-13)
    years = pd.Series({"A": 1.0, "B": 2.0})
    by_fund = hac_interval("tracking_difference_log", FUNDS, BENCHMARK, years=years)
    alone = hac_interval("tracking_difference_log", FUNDS["B"], BENCHMARK, years=2.0)
    assert by_fund.upper["B"] == pytest.approx(alone.upper, rel=1e-13)


def test_paired_interval_of_means_is_the_interval_of_the_difference():
    found = paired_interval("tracking_difference_log", FUNDS["A"], FUNDS["B"], BENCHMARK, years=1)
    zero = BENCHMARK * 0
    single = hac_interval("tracking_difference_log", FUNDS["A"] - FUNDS["B"], zero, years=1)
    np.testing.assert_allclose(found.frame.iloc[0], single.frame.iloc[0], rtol=1e-8)
    assert found.frame.index[0] == "A − B"


def test_paired_interval_is_narrower_than_two_alone():
    common = pd.Series(RNG.standard_normal(300) * 1e-3, DAYS)
    near = (BENCHMARK + common + 1e-5 * RNG.standard_normal(300)).rename("near")
    far = (BENCHMARK + 1.1 * common).rename("far")
    for method in ("hac", "bootstrap"):
        found = paired_interval("tracking_error", near, far, BENCHMARK, method=method, **YEAR)
        assert found.upper < 0
        assert found.estimate == pytest.approx(
            metrics.tracking_error(near, BENCHMARK, **YEAR) - metrics.tracking_error(far, BENCHMARK, **YEAR), rel=1e-9
        )
        alone = hac_interval("tracking_error", near, BENCHMARK, **YEAR)
        assert found.std_error < alone.std_error / 3


def test_paired_interval_of_a_fund_with_itself_is_zero():
    found = paired_interval("tracking_error", FUNDS["A"], FUNDS["A"], BENCHMARK, **YEAR)
    assert found.interval == (0.0, 0.0)


def test_paired_interval_drops_what_either_lacks_and_takes_two_benchmarks():
    first, second = FUNDS["A"].copy(), FUNDS["B"].copy()
    first.iloc[3], second.iloc[7] = np.nan, np.nan
    other = BENCHMARK + 1e-4
    found = paired_interval(
        "tracking_difference_log", first, second, BENCHMARK, second_benchmark_returns=other, years=1
    )
    assert found.nobs == 298
    kept = DAYS.delete([3, 7])
    expected = (first - BENCHMARK)[kept].sum() - (second - other)[kept].sum()
    assert found.estimate == pytest.approx(expected, rel=1e-9)


def test_edges():
    flat = hac_interval("tracking_error", BENCHMARK, BENCHMARK, **YEAR)
    assert flat.interval == (0.0, 0.0)
    none = hac_interval("information_ratio_arithmetic", BENCHMARK, BENCHMARK, **YEAR)
    assert all(math.isnan(x) for x in (none.estimate, *none.interval))
    few = bootstrap_interval("tracking_error", FUNDS["A"].iloc[:3], BENCHMARK.iloc[:3], **YEAR)
    assert few.nobs == 0
    assert math.isnan(few.lower)
    empty = hac_interval("tracking_error", FUNDS["A"] * np.nan, BENCHMARK, **YEAR)
    assert math.isnan(empty.estimate)
    short = hac_interval("horizon_tracking_error", FUNDS["A"].iloc[:8], BENCHMARK.iloc[:8], horizon=5, **YEAR)
    assert short.nobs == 4


def test_the_former_name_of_confidence_passes_with_a_warning():
    wide = hac_interval("tracking_error", FUNDS, BENCHMARK, confidence=0.99, **YEAR)
    with pytest.warns(DeprecationWarning, match=r"hac_interval\(level=…\) is now called confidence"):
        former = hac_interval("tracking_error", FUNDS, BENCHMARK, level=0.99, **YEAR)
    pd.testing.assert_frame_equal(former.frame, wide.frame)
    with pytest.warns(DeprecationWarning, match=r"MeasureInterval\.level is now called confidence"):
        assert former.level == 0.99
    assert wide.to_dict()["level"] == wide.to_dict()["confidence"] == 0.99


def test_any_name_of_a_measure_will_do():
    for name in ("TE", "active risk", metrics.tracking_error):
        found = hac_interval(name, FUNDS, BENCHMARK, **YEAR)
        assert found.measure == "tracking_error"
        pd.testing.assert_frame_equal(found.frame, hac_interval("tracking_error", FUNDS, BENCHMARK, **YEAR).frame)


def test_refusals():
    with pytest.raises(UnknownNameError, match="measure with an interval 'observations'"):
        hac_interval("observations", FUNDS, BENCHMARK)
    with pytest.raises(UnknownNameError, match="tracking_error"):
        hac_interval("tracking_eror", FUNDS, BENCHMARK)
    with pytest.raises(ParameterError, match="takes the options periods_per_year; given were none"):
        hac_interval("tracking_error", FUNDS, BENCHMARK)
    with pytest.raises(ParameterError, match="needs benchmark"):
        hac_interval("tracking_error", FUNDS, **YEAR)
    with pytest.raises(ParameterError, match="takes no benchmark"):
        hac_interval("premium_mean", FUNDS, BENCHMARK)
    with pytest.raises(ParameterError, match="confidence"):
        hac_interval("tracking_error", FUNDS, BENCHMARK, confidence=95, **YEAR)
    with pytest.raises(ParameterError, match="bandwidth"):
        hac_interval("tracking_error", FUNDS, BENCHMARK, bandwidth="andrews", **YEAR)
    with pytest.raises(AlignmentError):
        bootstrap_interval("tracking_error", FUNDS, BENCHMARK.iloc[1:], **YEAR)
    with pytest.raises(AlignmentError):
        paired_interval("tracking_error", FUNDS["A"], FUNDS["B"].iloc[1:], BENCHMARK, **YEAR)
    with pytest.raises(ParameterError, match="method"):
        paired_interval("tracking_error", FUNDS["A"], FUNDS["B"], BENCHMARK, method="jackknife", **YEAR)
    with pytest.raises(ParameterError, match="one fund as a Series"):
        paired_interval("tracking_error", FUNDS, FUNDS["B"], BENCHMARK, **YEAR)


def test_result_reads():
    found = hac_interval("tracking_error", FUNDS, BENCHMARK, **YEAR)
    assert "tracking error (periods_per_year=252), 95% intervals" in str(found)
    assert "Bartlett" in str(found)
    assert "<table" in found._repr_html_()
    assert set(found.to_dict()["funds"]) == {"A", "B"}
    assert found.block_length is None
    assert found.summary().to_frame().equals(found.frame)


# What the intervals cover. Worlds of divergences with known deviation.
def normal(rng, n):
    return rng.standard_normal(n)


def premium_noise(rng, n):
    """A permanent part, and the change of a premium that fades by 0.6 a day."""
    premium = lfilter([1], [1, -0.6], rng.standard_normal(n + 101))[100:]
    return np.diff(premium) + 0.3 * rng.standard_normal(n)


def heavy_premium_noise(rng, n):
    return np.diff(lfilter([1], [1, -0.6], rng.standard_t(5, n + 101))[100:])


def heavy(rng, n):
    return rng.standard_t(5, n)


def autocorrelated(rng, n):
    return lfilter([1], [1, -0.3], rng.standard_normal(n + 100))[100:]


# Variance of the change of an AR(1) with unit shocks: 2/(1 + ρ).
DEVIATIONS = {
    normal: 1.0,
    premium_noise: (2 / 1.6 + 0.09) ** 0.5,
    heavy_premium_noise: (5 / 3 * 2 / 1.6) ** 0.5,
    heavy: (5 / 3) ** 0.5,
    autocorrelated: (1 / 0.91) ** 0.5,
}


def coverage(function, world, worlds, nobs, **options):
    """Share of worlds whose interval of the deviation holds the true one, all of them as one panel."""
    rng = np.random.default_rng(17)
    panel = pd.DataFrame({i: world(rng, nobs) for i in range(worlds)})
    found = function("tracking_error", panel, pd.Series(np.zeros(nobs)), periods_per_year=1, **options).frame
    return ((found["lower"] <= DEVIATIONS[world]) & (DEVIATIONS[world] <= found["upper"])).mean()


@pytest.mark.parametrize("world", [normal, premium_noise], ids=lambda world: world.__name__)
def test_coverage(world):
    # 400 worlds: three standard deviations of the share are 3.3 points.
    assert 0.90 <= coverage(hac_interval, world, 400, 250) <= 0.985
    assert 0.90 <= coverage(bootstrap_interval, world, 400, 250, draws=499) <= 0.985


def test_coverage_of_independent_theory_is_worse():
    # The interval that everybody prints, chi-squared, against one here, on fat-tailed premium noise.
    rng = np.random.default_rng(23)
    chi = np.sqrt(249 / np.array([289.37, 206.30]))  # 2.5 and 97.5 % points with 249 degrees of freedom
    inside = 0
    for _ in range(400):
        deviation = heavy_premium_noise(rng, 250).std(ddof=1)
        inside += deviation * chi[0] <= DEVIATIONS[heavy_premium_noise] <= deviation * chi[1]
    assert inside / 400 < 0.85
    assert coverage(hac_interval, heavy_premium_noise, 400, 250) > 0.89


@pytest.mark.slow
@pytest.mark.parametrize("world", DEVIATIONS, ids=lambda world: world.__name__)
@pytest.mark.parametrize("nobs", [250, 504])
def test_coverage_study(world, nobs):
    shares = {
        "HAC": coverage(hac_interval, world, 2000, nobs),
        "bootstrap": coverage(bootstrap_interval, world, 2000, nobs, draws=999),
    }
    assert all(0.90 <= share <= 0.98 for share in shares.values()), shares


@pytest.mark.slow
def test_coverage_of_differences_between_funds():
    rng = np.random.default_rng(29)
    hit = {"hac": 0, "bootstrap": 0}
    for _ in range(500):
        common = premium_noise(rng, 300)
        first, second = (pd.Series(common + premium_noise(rng, 300)) for _ in range(2))
        for method in hit:
            found = paired_interval(
                "tracking_error", first, second, pd.Series(np.zeros(300)), method=method, draws=499, periods_per_year=1
            )
            hit[method] += found.lower <= 0 <= found.upper
    assert all(0.92 <= count / 500 <= 0.98 for count in hit.values()), hit


def market(rng, nobs, worlds):
    """Funds and benchmarks of a year: daily premium noise, a fee, a little too much of a volatile benchmark."""
    reference = 0.03 * rng.standard_normal((nobs, worlds))
    premium = np.diff(1e-3 * rng.standard_normal((nobs + 1, worlds)), axis=0)
    fund = 1.01 * reference - 1e-4 + premium + 1e-3 * rng.standard_normal((nobs, worlds))
    return pd.DataFrame(fund), pd.DataFrame(reference)


def shares_of_all_measures(worlds, nobs, draws):
    """Coverage of each measure whose true value does not grow with the sample."""
    rng = np.random.default_rng(61)
    funds, references = market(rng, nobs, worlds)
    long_fund, long_reference = (x[0] for x in market(rng, 1_000_000, 1))
    rows = {}
    for name in sorted(set(MEASURES) - {"up_capture", "down_capture", "days_outside"}):
        options = asked(name)[0]
        options |= {"years": nobs / 252} if "years" in options else {}
        long_options = options | ({"years": 1_000_000 / 252} if "years" in options else {})
        if name == "investor_tracking_difference":  # its premiums are paid once
            long_options["years"] = options["years"]
        if MEASURES[name].benchmark:
            pair, long_pair = (funds, references), (long_fund, long_reference)
        else:
            pair, long_pair = (funds - references, None), (long_fund - long_reference, None)
        true = direct(name, *long_pair, long_options)
        if name == "investor_tracking_difference":
            cost = direct(name, long_fund * 0, long_fund * 0, options)
            drift = direct("tracking_difference_log", *long_pair, {"years": 1_000_000 / 252})
            true = drift + cost
        rows[name] = {}
        for label, function, extra in (("hac", hac_interval, {}), ("bootstrap", bootstrap_interval, {"draws": draws})):
            found = function(name, *pair, **extra, **options).frame
            rows[name][label] = ((found["lower"] <= true) & (true <= found["upper"])).mean()
    return pd.DataFrame(rows).T


# Drifts of premium noise: their long-run variance is smaller than any short window shows, and intervals too wide.
DRIFTS = ["active_premium", "information_ratio_arithmetic", "information_ratio_geometric", "premium_mean"]


@pytest.mark.slow
def test_coverage_of_every_measure():
    shares = shares_of_all_measures(600, 252, 499)
    wide = shares.index.isin(DRIFTS) | shares.index.str.contains("tracking_difference")
    assert (shares >= 0.88).all(axis=None), shares
    assert (shares[~wide] <= 0.99).all(axis=None), shares
