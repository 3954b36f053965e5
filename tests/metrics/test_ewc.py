"""Equally weighted cosines: against a cosine transform and a t table, algebra, and what the intervals cover."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import fft, stats
from scipy.signal import lfilter
from statsmodels.tsa.stattools import acf

from research.errors import AlignmentError, DataError, ParameterError, SampleError
from research.metrics import (
    bootstrap_interval,
    hac_interval,
    premium_deviation,
    premium_mean,
    premium_percentile_interval,
    tracking_error,
)
from research.metrics.ewc import (
    cosine_coefficients,
    cosine_half_width,
    ewc_variance,
    premium_deviation_interval,
    premium_mean_interval,
    tracking_error_ratio_interval,
)

RNG = np.random.default_rng(5)
DAYS = pd.bdate_range("2024-01-02", periods=251)
PREMIUM = pd.Series(lfilter([1.0], [1.0, -0.8], RNG.normal(2e-4, 1e-3, 251)), DAYS)
YEAR = {"periods_per_year": 252}


def t_value(df: int, confidence: float) -> float:
    return float(stats.t.ppf(0.5 + confidence / 2, df))


def test_coefficients_are_those_of_the_orthonormal_cosine_transform():
    table = RNG.standard_normal((3, 40))
    expected = fft.dct(table, type=2, norm="ortho", axis=1)[:, 1:9]
    np.testing.assert_allclose(cosine_coefficients(table, 8), expected, rtol=1e-12, atol=1e-14)


def test_with_every_cosine_it_is_the_sample_variance():
    values = RNG.standard_normal(60)
    assert ewc_variance(values, 59) == pytest.approx(np.var(values, ddof=1), rel=1e-12)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_half_width_written_out(confidence):
    """One series, one step at a time, by a cosine transform, another program's autocorrelation and a t table."""
    values = PREMIUM.to_numpy()
    nobs = len(values)

    def long_run(series: np.ndarray, count: int) -> float:
        return float(np.mean(fft.dct(series, type=2, norm="ortho")[1 : count + 1] ** 2))

    four = t_value(4, confidence) * np.sqrt(long_run(values, 4) / nobs)
    assert cosine_half_width(values, confidence=confidence) == pytest.approx(four, rel=1e-12)
    slope = min(max((nobs * acf(values, nlags=1)[1] + 1) / (nobs - 3), 0.0), 0.98)
    centred = values - values.mean()
    residuals = np.array([centred[t] - slope * centred[t - 1] for t in range(1, nobs)])
    eight = t_value(8, confidence) * np.sqrt(long_run(residuals, 8) / nobs) / (1 - slope)
    found = cosine_half_width(values, confidence=confidence, persistent=True)
    assert found == pytest.approx(max(four, eight), rel=1e-12)


def test_a_mean_has_the_same_interval_wherever_it_lies():
    plain, moved = premium_mean_interval(PREMIUM), premium_mean_interval(3.0 * PREMIUM + 0.01)
    assert moved.estimate == pytest.approx(3.0 * plain.estimate + 0.01, rel=1e-12)
    assert moved.upper - moved.lower == pytest.approx(3.0 * (plain.upper - plain.lower), rel=1e-9)
    assert plain.estimate == pytest.approx(premium_mean(PREMIUM), rel=1e-12)


def test_missing_sessions_are_left_out():
    holes = PREMIUM.copy()
    holes.iloc[[3, 100, 101]] = np.nan
    found, dropped = premium_mean_interval(holes), premium_mean_interval(holes.dropna())
    assert found.interval == dropped.interval
    assert found.nobs == 248


def test_a_premium_that_never_moves_is_known():
    found = premium_mean_interval(pd.Series(0.001, DAYS))
    assert found.interval == pytest.approx((0.001, 0.001), abs=1e-15)


class TestRatio:
    ONE, OTHER = (pd.Series(1e-4 * RNG.standard_t(5, 251), DAYS) for _ in range(2))

    def test_written_out(self):
        deviations = [values.std(ddof=0) for values in (self.ONE, self.OTHER)]
        scores = [
            (((values - values.mean()) / deviation) ** 2).to_numpy() / 2
            for values, deviation in zip((self.ONE, self.OTHER), deviations, strict=True)
        ]
        waves = fft.dct(scores[0] - scores[1], type=2, norm="ortho")[1:5]
        half = t_value(4, 0.95) * np.sqrt(np.mean(waves**2) / 251)
        found = tracking_error_ratio_interval(self.ONE, self.OTHER)
        ratio = deviations[0] / deviations[1]
        assert found.estimate == pytest.approx(ratio, rel=1e-12)
        assert found.interval == pytest.approx((ratio * np.exp(-half), ratio * np.exp(half)), rel=1e-10)

    def test_is_the_ratio_of_the_tracking_errors(self):
        zero = pd.Series(0.0, DAYS)
        errors = [tracking_error(values, zero, **YEAR) for values in (self.ONE, self.OTHER)]
        assert tracking_error_ratio_interval(self.ONE, self.OTHER).estimate == pytest.approx(errors[0] / errors[1])

    def test_turned_round_it_is_its_reciprocal(self):
        found, turned = (
            tracking_error_ratio_interval(*pair) for pair in ((self.ONE, self.OTHER), (self.OTHER, self.ONE))
        )
        assert turned.interval == pytest.approx((1 / found.upper, 1 / found.lower), rel=1e-12)

    def test_of_two_copies_it_is_known(self):
        found = tracking_error_ratio_interval(self.ONE, -2.0 * self.ONE)
        assert found.interval == pytest.approx((0.5, 0.5), rel=1e-12)


def autoregression(rng: np.random.Generator, slope: float, sessions: int, draws: int, kind: str) -> np.ndarray:
    shape = (draws, sessions + 300)
    shocks = rng.standard_t(3, shape) if kind == "t" else rng.standard_normal(shape)
    path = lfilter([1.0], [1.0, -slope], shocks, axis=1)[:, 300:]
    return path + 2.0 * rng.standard_normal(path.shape) if kind == "noise" else path


@pytest.mark.parametrize("sessions", [126, 504])
@pytest.mark.parametrize(("slope", "kind"), [(0.5, "normal"), (0.9, "normal"), (0.9, "t"), (0.9, "noise")])
def test_the_mean_of_a_premium_is_covered(slope, kind, sessions):
    draws = 1000
    values = autoregression(np.random.default_rng([sessions, int(10 * slope)]), slope, sessions, draws, kind)
    covered = float(np.mean(np.abs(values.mean(axis=1)) <= cosine_half_width(values, persistent=True)))
    assert covered + 2 * np.sqrt(covered * (1 - covered) / draws) >= 0.92


def test_where_the_hac_interval_does_not_cover():
    """What the wider interval is for: the study can tell an interval that fails."""
    values = autoregression(np.random.default_rng(2), 0.9, 126, 300, "normal")
    funds = pd.DataFrame(values.T, pd.bdate_range("2024-01-02", periods=126))
    found = hac_interval("premium_mean", funds).frame
    assert float(((found["lower"] <= 0) & (found["upper"] >= 0)).mean()) < 0.87


def covers(interval: tuple[float, float], truth: float) -> bool:
    """Whether it holds the truth; an end that is NaN is open."""
    return not (interval[0] > truth or interval[1] < truth)


@pytest.mark.parametrize(("sessions", "slope"), [(126, 0.5), (126, 0.8), (504, 0.5), (504, 0.9)])
def test_the_spread_and_the_percentiles_of_a_premium_are_covered(sessions, slope):
    draws, percentiles = 250, (5.0, 50.0, 95.0)
    values = autoregression(np.random.default_rng([7, sessions, int(10 * slope)]), slope, sessions, draws, "normal")
    values *= np.sqrt(1 - slope**2)
    days = pd.bdate_range("2024-01-02", periods=sessions)
    truths = stats.norm.ppf(np.array(percentiles) / 100)
    spread, ends = 0, np.zeros(3)
    for row in values:
        premium = pd.Series(row, days)
        spread += covers(premium_deviation_interval(premium).interval, 1.0)
        found = premium_percentile_interval(premium, percentiles, bandwidth="cosines")
        pairs = found[["lower", "upper"]].itertuples(index=False, name=None)
        ends += [covers(pair, truth) for pair, truth in zip(pairs, truths, strict=True)]
    covered = np.append(ends, spread) / draws
    assert (covered + 2 * np.sqrt(covered * (1 - covered) / draws) >= 0.92).all()


def test_where_a_bootstrap_of_the_spread_does_not_cover():
    """The study can tell an interval that fails: blocks that are short beside the memory of the premium."""
    values = autoregression(np.random.default_rng(3), 0.9, 126, 150, "normal") * np.sqrt(1 - 0.9**2)
    funds = pd.DataFrame(values.T, pd.bdate_range("2024-01-02", periods=126))
    found = bootstrap_interval("premium_deviation", funds, draws=199).frame
    assert float(((found["lower"] <= 1) & (found["upper"] >= 1)).mean()) < 0.8


class TestSpread:
    def test_written_out(self):
        values = PREMIUM.to_numpy()
        scores = (((values - values.mean()) / values.std()) ** 2 - 1) / 2
        factor = np.exp(cosine_half_width(scores, persistent=True))
        error = cosine_half_width(values, persistent=True) / t_value(8, 0.95)
        found = premium_deviation_interval(PREMIUM)
        assert found.estimate == pytest.approx(premium_deviation(PREMIUM), rel=1e-12)
        assert found.lower == pytest.approx(found.estimate / factor, rel=1e-12)
        assert found.upper == pytest.approx(np.sqrt(found.estimate**2 + error**2) * factor, rel=1e-12)

    def test_has_the_premiums_unit_and_no_place(self):
        found, moved = premium_deviation_interval(PREMIUM), premium_deviation_interval(0.01 - 3.0 * PREMIUM)
        assert moved.interval == pytest.approx([3.0 * end for end in found.interval], rel=1e-9)

    def test_what_never_moves_is_refused(self):
        with pytest.raises(SampleError, match="never moves"):
            premium_deviation_interval(pd.Series(0.0, DAYS))


def test_percentiles_by_cosines_have_no_lags_and_may_be_open():
    found = premium_percentile_interval(PREMIUM, (1.0, 50.0), bandwidth="cosines")
    assert found["lags"].isna().all()
    assert np.isnan(found.loc[1.0, "lower"])
    below = (PREMIUM.median() >= PREMIUM).astype(float)
    share = 0.5 + cosine_half_width(below, persistent=True)
    assert found.loc[50.0, "upper"] == pytest.approx(PREMIUM.quantile(share), rel=1e-12)


@pytest.mark.parametrize("kind", ["normal", "t", "shared clusters"])
def test_the_ratio_of_two_tracking_errors_is_covered(kind):
    draws, sessions = 600, 252
    rng = np.random.default_rng(11)
    shape = (draws, 2, sessions)
    shocks = rng.standard_t(5, shape) if kind == "t" else rng.standard_normal(shape)
    if kind == "shared clusters":
        logs = lfilter([1.0], [1.0, -0.97], rng.standard_normal((draws, sessions + 300)), axis=1)[:, None, 300:]
        shocks = shocks * np.exp(0.1 * logs)
    days = pd.bdate_range("2024-01-02", periods=sessions)
    found = [tracking_error_ratio_interval(pd.Series(2 * one, days), pd.Series(other, days)) for one, other in shocks]
    covered = float(np.mean([interval.lower <= 2.0 <= interval.upper for interval in found]))
    assert covered + 2 * np.sqrt(covered * (1 - covered) / draws) >= 0.92


class TestRefusals:
    def test_what_is_not_a_series(self):
        with pytest.raises(ParameterError, match="DataFrame"):
            premium_mean_interval(PREMIUM.to_frame())
        with pytest.raises(ParameterError, match="ndarray"):
            tracking_error_ratio_interval(PREMIUM, PREMIUM.to_numpy())

    def test_short_and_flat_samples(self):
        with pytest.raises(SampleError, match="29 complete periods"):
            premium_mean_interval(PREMIUM.iloc[:29])
        with pytest.raises(SampleError, match="second divergence never moves"):
            tracking_error_ratio_interval(PREMIUM, pd.Series(0.0, DAYS))

    def test_labels_and_infinities(self):
        with pytest.raises(AlignmentError):
            tracking_error_ratio_interval(PREMIUM, PREMIUM.iloc[1:])
        with pytest.raises(DataError, match="infinite"):
            premium_mean_interval(PREMIUM.replace(PREMIUM.iloc[4], np.inf))

    def test_counts_and_confidence(self):
        with pytest.raises(ParameterError, match="4 cosines of 4 observations"):
            cosine_coefficients(np.ones(4), 4)
        with pytest.raises(ParameterError, match="such as 0"):
            premium_mean_interval(PREMIUM, confidence=95)
        with pytest.raises(ParameterError, match="at least 10"):
            cosine_half_width(np.ones(9))


def test_shows_itself():
    found = premium_mean_interval(PREMIUM)
    assert "mean premium, 95% interval" in str(found)
    assert found.to_dict()["nobs"] == 251
    assert found.summary().frame.loc["mean premium", "upper"] == found.upper
