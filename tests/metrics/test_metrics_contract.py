"""Every public function: what it answers to data that are misaligned, missing, flat or of another type.

The tables below are that documentation; a function that is missing from them fails the suite.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research import metrics
from research.errors import AlignmentError, DataError, ParameterError

DAYS = pd.date_range("2024-01-02", periods=40, freq="B")
RNG = np.random.default_rng(7)
BENCHMARK = pd.Series(RNG.normal(0, 0.02, 40), index=DAYS, name="benchmark")
FUND = pd.Series(BENCHMARK + RNG.normal(-1e-4, 1e-3, 40), index=DAYS, name="fund")


@dataclass(frozen=True)
class Answers:
    """Documented answers of a function: a number, zero or nan."""

    one_row: str  # one complete observation
    itself: str  # the benchmark against itself
    flat: str  # a benchmark that never moves


N, Z, A = "nan", "zero", "number"
GIVEN = {
    "periods_per_year": 252,
    "years": 0.5,
    "lags": 2,
    "horizons": (1, 5),
    "entry_premium": 0.0,
    "exit_premium": 0.0,
    "window": 5,
    "min_count": 5,
    "band": 0.001,
    "tick": 0.01,
}
# Every measure of the registry that compares a fund with a benchmark, and every function of theirs over windows.
PAIRS = {
    "active_premium": Answers(A, Z, A),
    "ar1_adjusted_tracking_error": Answers(N, N, A),
    "autocorrelation_adjusted_tracking_error": Answers(N, N, A),
    "beta": Answers(N, A, N),
    "correlation": Answers(N, A, N),
    "divergence_autocorrelation": Answers(N, N, A),
    "down_capture": Answers(N, A, N),
    "down_capture_annualised": Answers(N, A, N),
    "down_capture_arithmetic": Answers(N, A, N),
    "downside_tracking_error": Answers(A, Z, A),
    "expanding_tracking_error": Answers(N, Z, A),
    "horizon_tracking_error": Answers(N, Z, A),
    "information_ratio_arithmetic": Answers(N, N, A),
    "information_ratio_geometric": Answers(N, N, A),
    "investor_tracking_difference": Answers(A, Z, A),
    "mean_absolute_centred_divergence": Answers(Z, Z, A),
    "mean_absolute_divergence": Answers(A, Z, A),
    "observations": Answers(A, A, A),
    "residual_tracking_error": Answers(N, Z, N),
    "rolling_beta": Answers(N, A, N),
    "rolling_correlation": Answers(N, A, N),
    "rolling_mean_absolute_divergence": Answers(N, Z, A),
    "rolling_root_mean_square_divergence": Answers(N, Z, A),
    "rolling_tracking_error": Answers(N, Z, A),
    "root_mean_square_divergence": Answers(A, Z, A),
    "tracking_difference": Answers(A, Z, A),
    "tracking_difference_arithmetic": Answers(A, Z, A),
    "tracking_difference_log": Answers(A, Z, A),
    "tracking_difference_ratio": Answers(A, Z, A),
    "tracking_error": Answers(N, Z, A),
    "tracking_error_variance": Answers(N, Z, A),
    "up_capture": Answers(A, A, N),
    "up_capture_annualised": Answers(A, A, N),
    "up_capture_arithmetic": Answers(A, A, N),
}
# One input: a premium, a price or a divergence level. Answers to one row and to a series that never moves.
SINGLES = {
    "days_outside": Answers(A, A, A),
    "horizon_tracking_error_of_level": Answers(N, Z, Z),
    "premium_autoregression": Answers(N, N, N),
    "premium_deviation": Answers(N, Z, Z),
    "premium_half_life": Answers(N, N, N),
    "premium_mean": Answers(A, A, A),
    "premium_percentiles": Answers(A, A, A),
    "premium_statistics": Answers(A, A, A),
    "rolling_tracking_difference_log": Answers(N, Z, Z),
    "rounding_floor": Answers(A, A, A),
}
ELSEWHERE = {"ex_ante_tracking_error"}  # takes weights: tested with the algebra


def arguments(name: str) -> dict:
    """What the function needs beside the data; horizons and a minimum count, which have defaults, to fit forty days."""
    taken = inspect.signature(getattr(metrics, name)).parameters.values()
    return {
        one.name: GIVEN[one.name]
        for one in taken
        if one.name in GIVEN and (one.default is one.empty or one.name == "horizons")
    }


def bind(name: str):
    return partial(getattr(metrics, name), **arguments(name))


def last(value) -> np.ndarray:
    """The answer, or the last row of a table that has one row for each session."""
    array = np.asarray(value, dtype=float)
    return np.atleast_1d(array[-1] if array.ndim and len(array) == len(DAYS) else array)


def is_answer(value, kind: str) -> bool:
    numbers = last(value)
    if kind == N:
        return bool(np.isnan(numbers).all())
    if kind == Z:
        return bool((numbers == 0).all())
    return bool(np.isfinite(numbers).any()) and not (numbers == 0).all()


def pairs(test):
    return pytest.mark.parametrize("name", sorted(PAIRS))(test)


def singles(test):
    return pytest.mark.parametrize("name", sorted(SINGLES))(test)


def test_every_measure_and_every_window_is_in_a_table():
    """A measure that is registered, or a function of a fund and its benchmark, has its answers written down."""
    functions = [name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))]
    taken = {name: list(inspect.signature(getattr(metrics, name)).parameters)[:2] for name in functions}
    comparing = {
        name
        for name, data in taken.items()
        if data in (["fund_returns", "benchmark_returns"], ["fund_simple_returns", "benchmark_simple_returns"])
    }
    assert comparing - {"rank_funds"} == set(PAIRS)
    assert {one.name for one in metrics.measures()} <= set(PAIRS) | set(SINGLES) | ELSEWHERE
    assert not set(PAIRS) & set(SINGLES)


@pytest.mark.parametrize("name", [name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))])
def test_docstring_is_complete(name):
    function = getattr(metrics, name)
    text = inspect.getdoc(function)
    assert "\nParameters\n" in text
    assert "\nReturns\n" in text
    assert "Examples\n" in text
    assert "NaN" in text
    if "periods_per_year" in inspect.signature(function).parameters:
        parameter = inspect.signature(function).parameters["periods_per_year"]
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert parameter.default is parameter.empty


@pairs
def test_sound_data(name):
    assert is_answer(bind(name)(FUND, BENCHMARK), A)


@pairs
def test_misaligned_by_one_day(name):
    shifted = BENCHMARK.set_axis(DAYS + pd.offsets.BDay(1))
    with pytest.raises(
        AlignmentError, match=r"row 0: 2024-01-02 in the fund, 2024-01-03 in the bench.* \(40 and 40.*align"
    ):
        bind(name)(FUND, shifted)


@pairs
def test_unequal_length(name):
    with pytest.raises(AlignmentError, match=r"row 38: 2024-02-23 in the fund, nothing in the benchmark \(40 and 38"):
        bind(name)(FUND, BENCHMARK.iloc[:-2])


@pairs
def test_one_label_missing_inside(name):
    with pytest.raises(AlignmentError, match=r"row 3: .*1 only in the first, 0 only in the second"):
        bind(name)(FUND, BENCHMARK.drop(DAYS[3]))


@pairs
def test_time_zones(name):
    with pytest.raises(AlignmentError, match="none in the fund, UTC in the benchmark"):
        bind(name)(FUND, BENCHMARK.tz_localize("UTC"))
    with pytest.raises(AlignmentError, match="time zone"):
        bind(name)(FUND.tz_localize("America/New_York"), BENCHMARK.tz_localize("UTC"))


@pairs
def test_both_aware_of_one_zone(name):
    aware = bind(name)(FUND.tz_localize("UTC"), BENCHMARK.tz_localize("UTC"))
    np.testing.assert_array_equal(np.asarray(aware), np.asarray(bind(name)(FUND, BENCHMARK)))


@pairs
def test_labels_of_another_resolution_are_the_same_labels(name):
    seconds = BENCHMARK.set_axis(DAYS.as_unit("s"))
    np.testing.assert_array_equal(np.asarray(bind(name)(FUND, seconds)), np.asarray(bind(name)(FUND, BENCHMARK)))


@pairs
@pytest.mark.parametrize("side", ["fund", "benchmark"])
def test_nan_inside_is_left_out_on_both_sides(name, side):
    gap = {"fund": FUND.copy(), "benchmark": BENCHMARK.copy()}
    gap[side].iloc[10] = np.nan
    value = bind(name)(gap["fund"], gap["benchmark"])
    assert is_answer(value, A)
    # The value on the other side of the gap must not matter.
    other = "benchmark" if side == "fund" else "fund"
    gap[other].iloc[10] = 0.5
    np.testing.assert_array_equal(np.asarray(value), np.asarray(bind(name)(gap["fund"], gap["benchmark"])))
    order_matters = {"divergence_autocorrelation", "horizon_tracking_error", "autocorrelation_adjusted_tracking_error"}
    if (
        "rolling" not in name
        and "expanding" not in name
        and name not in order_matters | {"ar1_adjusted_tracking_error"}
    ):
        dropped = bind(name)(FUND.drop(DAYS[10]), BENCHMARK.drop(DAYS[10]))
        np.testing.assert_allclose(np.asarray(value), np.asarray(dropped), rtol=1e-12)


@pairs
def test_all_nan(name):
    value = np.asarray(bind(name)(FUND * np.nan, BENCHMARK), dtype=float)
    assert (value == 0).all() if name == "observations" else np.isnan(value).all()


@pairs
def test_no_rows(name):
    value = np.asarray(bind(name)(FUND.iloc[:0], BENCHMARK.iloc[:0]), dtype=float)
    assert (value == 0).all() if name == "observations" else np.isnan(value).all()


@pairs
def test_one_row(name):
    day = BENCHMARK.index[(BENCHMARK > 0) & (FUND < BENCHMARK)][:1]
    assert is_answer(bind(name)(FUND.loc[day], BENCHMARK.loc[day]), PAIRS[name].one_row)


@pairs
def test_benchmark_against_itself(name):
    assert is_answer(bind(name)(BENCHMARK, BENCHMARK), PAIRS[name].itself)


@pairs
def test_flat_benchmark(name):
    assert is_answer(bind(name)(FUND, BENCHMARK * 0), PAIRS[name].flat)


YEAR, SPAN = 252, GIVEN["years"]


def compound(r, periods=1.0):
    return np.prod(1 + r) ** periods - 1


def capture(chosen, measured):
    """A capture is that of the periods chosen; none where there is no such period or the benchmark stood still."""
    return lambda c, b: measured(b[chosen(b)] + c) / measured(b[chosen(b)]) if b[chosen(b)].any() else np.nan


def annual(r):
    return compound(r, YEAR / len(r))


# A fund that gains c on its benchmark each period: what each function must say of it, by its formula.
CONSTANT = {
    "active_premium": lambda c, b: annual(b + c) - annual(b),
    "beta": lambda c, b: 1.0 if b.any() else np.nan,
    "down_capture": capture(lambda b: b <= 0, compound),
    "down_capture_annualised": capture(lambda b: b < 0, annual),
    "down_capture_arithmetic": capture(lambda b: b <= 0, np.mean),
    "downside_tracking_error": lambda c, b: max(-c, 0) * YEAR**0.5,
    "investor_tracking_difference": lambda c, b: len(b) * c / SPAN,
    "mean_absolute_divergence": lambda c, b: abs(c),
    "observations": lambda c, b: len(b),
    "residual_tracking_error": lambda c, b: 0.0 if b.any() else np.nan,
    "root_mean_square_divergence": lambda c, b: abs(c) * YEAR**0.5,
    "tracking_difference_arithmetic": lambda c, b: np.expm1((b + c).sum() / SPAN) - np.expm1(b.sum() / SPAN),
    "tracking_difference_log": lambda c, b: len(b) * c / SPAN,
    "tracking_difference_ratio": lambda c, b: np.expm1(len(b) * c / SPAN),
    "up_capture": capture(lambda b: b > 0, compound),
    "up_capture_annualised": capture(lambda b: b > 0, annual),
    "up_capture_arithmetic": capture(lambda b: b > 0, np.mean),
}
CONSTANT |= {
    "correlation": CONSTANT["beta"],
    "rolling_beta": CONSTANT["beta"],
    "rolling_correlation": CONSTANT["beta"],
    "rolling_mean_absolute_divergence": CONSTANT["mean_absolute_divergence"],
    "rolling_root_mean_square_divergence": CONSTANT["root_mean_square_divergence"],
    "tracking_difference": CONSTANT["tracking_difference_log"],
}
DISPERSION = {  # of a divergence that does not vary there is none
    "expanding_tracking_error",
    "horizon_tracking_error",
    "mean_absolute_centred_divergence",
    "rolling_tracking_error",
    "tracking_error",
    "tracking_error_variance",
}
UNDEFINED = {  # ratios to that dispersion
    "ar1_adjusted_tracking_error",
    "autocorrelation_adjusted_tracking_error",
    "divergence_autocorrelation",
    "information_ratio_arithmetic",
    "information_ratio_geometric",
}


def test_every_measure_has_its_answer_to_a_constant_divergence():
    assert set(CONSTANT) | DISPERSION | UNDEFINED == set(PAIRS)


# 0.1 is not a binary fraction: naive sums would leave a variance of rounding errors and an enormous ratio.
@pairs
@pytest.mark.parametrize("gain", [0.1, -0.1])
def test_constant_divergence_is_no_dispersion(name, gain):
    fund = pd.Series(gain, index=DAYS)
    found = last(bind(name)(fund, fund * 0))
    if name in UNDEFINED:
        assert np.isnan(found).all()
    elif name in DISPERSION:
        # The horizons alone are taken from a cumulated level, which rounds at four times the gain of 0.1.
        cumulated = 4 * YEAR**0.5 * np.finfo(float).eps
        assert (found <= (cumulated if name == "horizon_tracking_error" else 0)).all()
    else:
        assert found == pytest.approx(CONSTANT[name](gain, np.zeros(40)), rel=1e-12, nan_ok=True)


@pairs
@pytest.mark.parametrize("gain", [0.1, -0.1])
def test_constant_divergence_on_a_moving_benchmark(name, gain):
    found = last(bind(name)(BENCHMARK + gain, BENCHMARK))
    if name in UNDEFINED:
        assert np.isnan(found).all()
    elif name in DISPERSION:
        # b + c − b is c but for the rounding of numbers of this size, cumulated ones too; a year is sixteen deviations.
        assert (found <= 4 * YEAR**0.5 * np.finfo(float).eps).all()
    else:
        expected = CONSTANT[name](gain, BENCHMARK.to_numpy())
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pairs
@pytest.mark.parametrize("side", [0, 1])
def test_infinite(name, side):
    sides = [FUND.copy(), BENCHMARK.copy()]
    sides[side].iloc[4] = np.inf
    with pytest.raises(DataError, match=r"the (fund|benchmark) is infinite at 2024-01-08 \(1 in all\)"):
        bind(name)(*sides)


@pairs
def test_integers(name):
    fund = pd.Series(RNG.integers(0, 4, 40), index=DAYS)
    benchmark = pd.Series(RNG.integers(0, 3, 40), index=DAYS)
    whole, real = bind(name)(fund, benchmark), bind(name)(fund.astype(float), benchmark.astype(float))
    np.testing.assert_array_equal(np.asarray(whole), np.asarray(real))


@pairs
def test_float32_is_computed_in_float64(name):
    fund, benchmark = FUND.astype("float32"), BENCHMARK.astype("float32")
    single, double = bind(name)(fund, benchmark), bind(name)(fund.astype(float), benchmark.astype(float))
    assert np.asarray(single).dtype == np.float64
    np.testing.assert_array_equal(np.asarray(single), np.asarray(double))


@pairs
def test_nullable_numbers(name):
    fund = FUND.astype("Float64")
    fund.iloc[3] = pd.NA
    expected = FUND.copy()
    expected.iloc[3] = np.nan
    np.testing.assert_array_equal(np.asarray(bind(name)(fund, BENCHMARK)), np.asarray(bind(name)(expected, BENCHMARK)))


@pairs
def test_not_numbers(name):
    with pytest.raises(DataError, match="the fund holds values that are not numbers"):
        bind(name)(FUND.astype(str).where(FUND > 0, "n/a"), BENCHMARK)


@pairs
def test_not_pandas(name):
    with pytest.raises(ParameterError, match="the fund is a ndarray"):
        bind(name)(FUND.to_numpy(), BENCHMARK)


@pairs
def test_unsorted_and_repeated(name):
    with pytest.raises(DataError, match=r"the fund is not sorted: 2024-02-23 at row 1"):
        bind(name)(FUND.iloc[::-1], BENCHMARK.iloc[::-1])
    twice = DAYS[:-1].append(DAYS[[38]])
    with pytest.raises(DataError, match=r"2024-02-23 more than once"):
        bind(name)(FUND.set_axis(twice), BENCHMARK.set_axis(twice))


@pairs
def test_inputs_stay_as_they_were(name):
    fund, benchmark = FUND.copy(), BENCHMARK.copy()
    fund.iloc[3] = np.nan
    before = fund.copy(), benchmark.copy()
    bind(name)(fund, benchmark)
    pd.testing.assert_series_equal(fund, before[0])
    pd.testing.assert_series_equal(benchmark, before[1])


def panel() -> pd.DataFrame:
    funds = pd.DataFrame({"A": FUND, "B": FUND * 1.1 - 0.001, "C": BENCHMARK})
    funds.iloc[:7, 1] = np.nan
    return funds


@pairs
def test_a_panel_is_its_columns(name):
    funds = panel()
    together = bind(name)(funds, BENCHMARK)
    for column in funds:
        alone = bind(name)(funds[column], BENCHMARK)
        np.testing.assert_array_equal(np.asarray(together[column]), np.asarray(alone))
    if isinstance(together, pd.Series):
        assert list(together.index) == list(funds.columns)
    else:
        assert list(together.columns) == list(funds.columns)


@pairs
def test_a_benchmark_for_each_fund(name):
    funds = panel()
    benchmarks = pd.DataFrame({"A": BENCHMARK, "B": BENCHMARK + 0.001, "C": FUND})
    together = bind(name)(funds, benchmarks)
    for column in funds:
        alone = bind(name)(funds[column], benchmarks[column])
        np.testing.assert_array_equal(np.asarray(together[column]), np.asarray(alone))
    with pytest.raises(AlignmentError, match=r"position 0: the fund has 'A', the benchmark 'C' \(3 and 3 columns\)"):
        bind(name)(funds, benchmarks[["C", "B", "A"]])
    with pytest.raises(ParameterError, match="the fund is a Series and the benchmark a DataFrame"):
        bind(name)(FUND, benchmarks)


@pairs
@pytest.mark.parametrize("periods", [0, -1, math.nan, math.inf])
def test_periods_per_year(name, periods):
    if "periods_per_year" in arguments(name):
        with pytest.raises(ParameterError, match="periods_per_year"):
            partial(bind(name), periods_per_year=periods)(FUND, BENCHMARK)


PREMIUM = pd.Series(np.abs(RNG.normal(0.002, 0.003, 40)) + 1e-4, index=DAYS)


@singles
def test_single_input(name):
    function, case = bind(name), SINGLES[name]
    value = function(PREMIUM)
    assert np.isfinite(last(value)).any()
    assert is_answer(function(PREMIUM.iloc[1:2]), case.one_row)
    assert is_answer(function(PREMIUM * 0 + 0.1), case.flat)
    assert np.isnan(
        np.asarray(function(PREMIUM * np.nan), dtype=float)[1 if name == "premium_statistics" else ...]
    ).all()
    np.testing.assert_array_equal(
        np.asarray(function(PREMIUM.astype("float32"))), np.asarray(function(PREMIUM.astype("float32").astype(float)))
    )
    whole = pd.Series(np.arange(1, 41) % 7 + 1, index=DAYS)
    np.testing.assert_array_equal(np.asarray(function(whole)), np.asarray(function(whole.astype(float))))
    gap = PREMIUM.copy()
    gap.iloc[10] = np.nan
    assert np.isfinite(last(function(gap))).any()


@singles
def test_single_input_refusals(name):
    function = bind(name)
    infinite = PREMIUM.copy()
    infinite.iloc[4] = -np.inf
    with pytest.raises(DataError, match="infinite at 2024-01-08"):
        function(infinite)
    with pytest.raises(DataError, match="not sorted"):
        function(PREMIUM.iloc[::-1])
    with pytest.raises(ParameterError, match="is a list"):
        function(PREMIUM.tolist())


@singles
def test_single_input_panel(name):
    funds = pd.DataFrame({"A": PREMIUM, "B": PREMIUM * 2})
    funds.iloc[3, 0] = np.nan
    together = bind(name)(funds)
    for column in funds:
        np.testing.assert_array_equal(np.asarray(together[column]), np.asarray(bind(name)(funds[column])))


# Prices in place of returns: refused in the one place where every pair is checked.
NAV = 25 * np.exp(FUND.cumsum())
LEVELS = {
    "prices": (NAV, 100 * np.exp(BENCHMARK.cumsum())),
    "growth of one unit": (np.exp(FUND.cumsum()), np.exp(BENCHMARK.cumsum())),
    "gross returns": (1 + FUND, 1 + BENCHMARK),
}


@pairs
@pytest.mark.parametrize("kind", LEVELS)
def test_prices_are_refused_by_name(name, kind):
    nav, index = LEVELS[kind]
    with pytest.raises(DataError, match=r"the fund lies between .*: prices or levels.*numpy\.log\(prices\)\.diff"):
        bind(name)(nav, BENCHMARK)
    with pytest.raises(DataError, match=r"the benchmark lies between .*research\.load .*benchmark_returns"):
        bind(name)(FUND, index)
    gap = nav.copy()
    gap.iloc[:3] = np.nan
    with pytest.raises(DataError, match="the fund, column 'B', lies between"):
        bind(name)(pd.DataFrame({"A": FUND, "B": gap}), BENCHMARK)


PLAUSIBLE = {
    "the bull market of 1995 to 1999, years": [0.376, 0.230, 0.334, 0.286, 0.210, 0.15],
    "hyperinflation with one quiet year": [1.41, 2.78, 1.18, 38.8, 8.0, 0.41, 2.1],
    "five years of doubling": [0.7, 0.8, 0.9, 0.75, 0.69],
    "cash": [0.0002] * 250,
    "a coin's best weeks": [0.49, 0.51, 0.6, 0.8, 0.55, 0.7],
    "mostly missing": [math.nan] * 40 + [0.6] * 5,
    "nothing known": [math.nan] * 40,
    "none": [],
}


@pytest.mark.parametrize("kind", PLAUSIBLE)
def test_plausible_returns_are_not_taken_for_prices(kind):
    returns = pd.Series(PLAUSIBLE[kind], dtype=float)
    metrics.mean_absolute_divergence(returns, returns)


@given(
    st.lists(st.floats(-0.95, 20, allow_subnormal=False), min_size=1, max_size=60),
    st.floats(-0.95, 0.5, allow_subnormal=False),
    st.data(),
)
def test_one_period_without_a_gain_of_half_clears_a_series(gains, quiet, data):
    gains.insert(data.draw(st.integers(0, len(gains))), quiet)
    returns = pd.Series(gains)
    assert metrics.observations(returns, returns * 0) == len(gains)


def test_returns_of_assets_are_no_prices_either():
    prices = pd.DataFrame({"A": NAV, "B": FUND})
    for function in (metrics.sample_covariance, partial(metrics.ewma_covariance, half_life=5)):
        with pytest.raises(DataError, match="the returns, column 'A', lies between"):
            function(prices, periods_per_year=252)


def test_prices_are_no_premium():
    with pytest.raises(DataError, match=r"the premium lies between .*: prices, no premium; give numpy\.log"):
        metrics.premium_mean(NAV)
    with pytest.raises(DataError, match=r"the premium, column 'B', lies between"):
        metrics.premium_deviation(pd.DataFrame({"A": PREMIUM, "B": np.resize(NAV, len(PREMIUM))}, PREMIUM.index))
    with pytest.raises(DataError, match=r"prices, no premium"):
        metrics.premium_mean_interval(NAV)
    # An early trust traded at ten times its net asset value.
    assert metrics.premium_mean(pd.Series([np.log(10.0)] * 40)) == pytest.approx(np.log(10.0))


def test_percent_against_fractions_is_refused():
    with pytest.raises(DataError, match=r"the fund is in percent and the benchmark in fractions; divide the fund's"):
        metrics.tracking_error(100 * FUND, BENCHMARK, periods_per_year=252)
    with pytest.raises(DataError, match=r"the benchmark is in percent and the fund in fractions"):
        metrics.tracking_error(FUND, 100 * BENCHMARK, periods_per_year=252)
    with pytest.raises(DataError, match="the fund, column 'B', and the benchmark"):
        metrics.tracking_error(pd.DataFrame({"A": FUND, "B": 100 * FUND}), BENCHMARK, periods_per_year=252)
    cash = pd.Series(np.random.default_rng(3).normal(0.0, 1e-2, len(FUND)), FUND.index) * float(BENCHMARK.std())
    assert metrics.tracking_error(cash, BENCHMARK, periods_per_year=252) > 0.0
