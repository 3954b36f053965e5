"""The calibrated interval of a tracking error: against other programs and written-out formulas, algebra, refusals."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from research.errors import AlignmentError, DataError, ParameterError, SampleError
from research.metrics import hac_interval, horizon_tracking_error, tracking_error
from research.metrics.tracking_error_interval import (
    FEATURES,
    calibration,
    calibration_record,
    horizon_sums,
    interval_features,
    tracking_error_interval,
)

RNG = np.random.default_rng(3)
DAYS = pd.bdate_range("2023-01-02", periods=504)
BENCHMARK = pd.Series(RNG.normal(0, 0.02, 504), DAYS)
DIVERGENCE = pd.Series(1e-4 * RNG.standard_normal(504), DAYS)
YEAR = {"periods_per_year": 252}


def garch(rng: np.random.Generator, sessions: int, arch: float = 0.08, garch: float = 0.91) -> np.ndarray:
    """A path with clusters, session by session."""
    variance, path = 1.0, []
    for shock in rng.standard_normal(500 + sessions):
        path.append(math.sqrt(variance) * shock)
        variance = 1 - arch - garch + arch * path[-1] ** 2 + garch * variance
    return np.array(path[500:])


class TestEstimate:
    def test_is_the_tracking_error(self):
        fund = BENCHMARK + DIVERGENCE
        found = tracking_error_interval(fund, BENCHMARK, **YEAR)
        assert found.estimate == pytest.approx(tracking_error(fund, BENCHMARK, **YEAR), rel=1e-12)
        assert found.nobs == 504

    @pytest.mark.parametrize("horizon", [1, 5, 21])
    def test_over_a_horizon_with_gaps_it_is_the_horizon_tracking_error(self, horizon):
        fund = BENCHMARK + DIVERGENCE
        fund.iloc[[40, 41, 300]] = np.nan
        expected = horizon_tracking_error(fund, BENCHMARK, horizons=(horizon,), **YEAR).iloc[0]
        found = tracking_error_interval(fund, BENCHMARK, horizon=horizon, **YEAR)
        assert found.estimate == pytest.approx(expected, rel=1e-12)
        assert found.nobs == 501

    def test_of_a_divergence_and_of_its_two_sides_it_is_the_same(self):
        one = tracking_error_interval(BENCHMARK + DIVERGENCE, BENCHMARK, **YEAR)
        other = tracking_error_interval(DIVERGENCE, **YEAR)
        assert one.period == pytest.approx(other.period, rel=1e-9)


class TestAlgebra:
    @pytest.mark.parametrize("horizon", [1, 5, 21])
    def test_scale_shift_and_sign(self, horizon):
        plain = tracking_error_interval(DIVERGENCE, horizon=horizon, **YEAR)
        moved = tracking_error_interval(-3.0 * DIVERGENCE + 1e-3, horizon=horizon, **YEAR)
        for name in ("period", "long_run"):
            assert getattr(moved, name) == pytest.approx([3.0 * end for end in getattr(plain, name)], rel=1e-9)

    def test_years_scale_the_ends_as_they_scale_the_estimate(self):
        daily, yearly = (tracking_error_interval(DIVERGENCE, periods_per_year=periods) for periods in (1, 365))
        assert yearly.long_run == pytest.approx([math.sqrt(365) * end for end in daily.long_run], rel=1e-12)

    def test_the_kind_says_which_leads(self):
        period, long_run = (tracking_error_interval(DIVERGENCE, kind=kind, **YEAR) for kind in ("period", "long_run"))
        assert (period.lower, period.upper) == period.period == long_run.period
        assert long_run.interval == long_run.long_run
        assert (period.leads, long_run.leads) == ("period", "long_run")

    def test_the_long_run_is_known_less_well_than_the_period(self):
        found = tracking_error_interval(DIVERGENCE, **YEAR)
        assert found.long_run[0] < found.period[0] < found.estimate < found.period[1] < found.long_run[1]

    def test_sums_are_those_of_pandas(self):
        holes = DIVERGENCE.copy()
        holes.iloc[[7, 250]] = np.nan
        expected = holes.rolling(5).sum().to_numpy()[4:]
        np.testing.assert_allclose(horizon_sums(holes.to_numpy(), 5), expected, rtol=0, atol=1e-15)


class TestFeatures:
    def test_gain_written_out_with_another_programs_density(self):
        """Student's t of 6 degrees from scipy, the variance by its recursion, one session at a time."""
        path = garch(np.random.default_rng(4), 300)
        squares = (path - path.mean()) ** 2 / np.var(path)
        gains = []
        for last, before in ((0.05, 0.94), (0.08, 0.91), (0.12, 0.80), (0.15, 0.84), (0.25, 0.60)):
            variance = [1.0]
            for square in squares[:-1]:
                variance.append(1 - last - before + last * min(square, 16.0) + before * variance[-1])
            scaled = np.array(variance) * np.mean(squares / variance)
            spread = np.sqrt(scaled * 4 / 6)
            flat = stats.t.logpdf(np.sqrt(squares), 6, scale=math.sqrt(4 / 6)).sum()
            gains.append(stats.t.logpdf(np.sqrt(squares), 6, scale=spread).sum() - flat)
        found = interval_features(path[None], path[None])[3][0]
        np.testing.assert_allclose(found, gains, rtol=1e-8)

    def test_kurtosis_share_and_ratio(self):
        daily = RNG.standard_t(5, (1, 400))
        sums = horizon_sums(daily, 5)
        features, deviation, error, _ = interval_features(daily, sums, 5)
        named = dict(zip(FEATURES, features[0], strict=True))
        kurtosis = stats.kurtosis(sums[0], fisher=False)
        assert named["log_kurtosis"] == pytest.approx(math.log((kurtosis - 1) / 4))
        assert named["log_daily_kurtosis"] == pytest.approx(math.log(stats.kurtosis(daily[0], fisher=False) - 1))
        assert named["log_sessions"] == pytest.approx(math.log(400 / 252))
        centred = daily[0] - daily[0].mean()
        assert named["largest_share"] == pytest.approx(math.log(100 * np.max(centred**2) / np.sum(centred**2)))
        ratio = np.std(sums[0]) / np.std(daily[0]) / math.sqrt(5)
        assert named["log_variance_ratio"] == pytest.approx(math.log(ratio))
        assert deviation[0] == pytest.approx(np.std(sums[0], ddof=1))
        assert error[0] == pytest.approx(math.sqrt((kurtosis - 1) / 4 / 396))

    def test_many_at_once_are_each_alone(self):
        table = RNG.standard_t(4, (3, 200))
        together = interval_features(table, table)[0]
        alone = np.concatenate([interval_features(row[None], row[None])[0] for row in table])
        np.testing.assert_allclose(together, alone, rtol=1e-12)


class TestFlags:
    def test_normal_and_steady_raises_none(self):
        found = tracking_error_interval(DIVERGENCE, **YEAR)
        assert found.calibrated
        assert not found.heavy_tails
        assert not found.clusters
        assert math.isnan(found.independent_stretches)
        assert found.mean_absolute_divergence is None

    def test_how_often_each_is_raised(self):
        """False alarms of normal samples, and samples of the kinds that the flags are there for."""
        rng = np.random.default_rng(8)
        kinds = {
            "normal": lambda: rng.standard_normal(504),
            "t 2.2": lambda: rng.standard_t(2.2, 504),
            "clusters": lambda: garch(rng, 504),
        }
        rates = {}
        for kind, draw in kinds.items():
            found = [tracking_error_interval(pd.Series(draw(), DAYS), **YEAR) for _ in range(60)]
            rates[kind] = np.mean([[each.heavy_tails, each.clusters] for each in found], axis=0)
        assert rates["normal"][0] <= 0.05
        assert rates["normal"][1] <= 0.05
        assert rates["t 2.2"][0] >= 0.6
        assert rates["clusters"][1] >= 0.6

    def test_clusters_hold_few_stretches(self):
        found = tracking_error_interval(pd.Series(garch(np.random.default_rng(1), 504), DAYS), **YEAR)
        assert found.clusters
        # Twice the half-life over ln 2 is the sum of an exponential's autocorrelations, both sides.
        apart = 1 + 2 * sum(0.5 ** (lag / found.half_life) for lag in range(1, 2000))
        assert found.independent_stretches == pytest.approx(504 / apart, rel=1e-3)

    def test_heavy_tails_let_the_mean_absolute_divergence_lead(self):
        divergence = pd.Series(1e-4 * np.random.default_rng(3).standard_t(1.8, 504), DAYS)
        found = tracking_error_interval(divergence, **YEAR)
        assert found.leads == "mean_absolute_divergence"
        expected = hac_interval("mean_absolute_divergence", divergence, 0.0 * divergence)
        assert found.mean_absolute_divergence.interval == expected.interval
        assert found.summary().frame.index[0] == "mean absolute divergence, a session"
        sizes = (divergence - divergence.mean()) ** 2
        assert found.one_day_share == pytest.approx(sizes.max() / sizes.sum(), rel=1e-12)

    def test_hill_finds_the_index_of_a_pareto_tail(self):
        sizes = np.random.default_rng(0).pareto(2.0, 4000) + 1.0
        divergence = pd.Series(sizes * np.random.default_rng(1).choice([-1.0, 1.0], 4000))
        found = tracking_error_interval(divergence, **YEAR)
        assert found.tail_index == pytest.approx(2.0, abs=4 * 2.0 / math.sqrt(200))

    def test_one_outlier_holds_its_share(self):
        divergence = DIVERGENCE.copy()
        divergence.iloc[100] = 50 * divergence.std()
        assert tracking_error_interval(divergence, **YEAR).one_day_share > 0.8

    @pytest.mark.parametrize(("sessions", "expected"), [(63, True), (1512, True), (1513, False)])
    def test_lengths_that_were_simulated(self, sessions, expected):
        divergence = pd.Series(np.random.default_rng(0).standard_normal(sessions))
        found = tracking_error_interval(divergence, **YEAR)
        assert found.calibrated is expected
        assert ("uncalibrated" in str(found)) is not expected


class TestRefusals:
    @pytest.mark.parametrize(("sessions", "horizon", "needed"), [(62, 1, 63), (125, 21, 126), (62, 5, 63)])
    def test_short_samples(self, sessions, horizon, needed):
        with pytest.raises(SampleError, match=f"{sessions} sessions .* needs {needed}"):
            tracking_error_interval(DIVERGENCE.iloc[:sessions], horizon=horizon, **YEAR)

    def test_gaps_that_leave_no_sums(self):
        holes = DIVERGENCE.copy()
        holes.iloc[::7] = np.nan
        with pytest.raises(SampleError, match="gaps"):
            tracking_error_interval(holes, horizon=21, **YEAR)

    def test_a_divergence_that_never_moves(self):
        with pytest.raises(SampleError, match="never moves"):
            tracking_error_interval(0.0 * DIVERGENCE, **YEAR)

    @pytest.mark.parametrize(
        ("options", "hint"),
        [
            ({"kind": "longrun"}, "'long_run'"),
            ({"horizon": 63}, "1, 5, 21 sessions"),
            ({"confidence": 0.5}, "calibrated for 0"),
            ({"confidence": 95}, "such as 0"),
            ({"periods_per_year": 0}, "observations a year"),
        ],
    )
    def test_parameters(self, options, hint):
        with pytest.raises(ParameterError, match=hint):
            tracking_error_interval(DIVERGENCE, **{**YEAR, **options})

    def test_inputs(self):
        with pytest.raises(ParameterError, match="of a frame one column"):
            tracking_error_interval(DIVERGENCE.to_frame(), **YEAR)
        with pytest.raises(AlignmentError):
            tracking_error_interval(BENCHMARK, BENCHMARK.iloc[1:], **YEAR)
        with pytest.raises(DataError, match="infinite"):
            tracking_error_interval(DIVERGENCE.replace(DIVERGENCE.iloc[9], np.inf), **YEAR)


class TestResult:
    FOUND = tracking_error_interval(DIVERGENCE, **YEAR)

    def test_is_frozen(self):
        with pytest.raises(FrozenInstanceError):
            self.FOUND.estimate = 1.0

    def test_record_is_plain(self):
        record = self.FOUND.to_dict()
        assert record["period"] == list(self.FOUND.period)
        assert record["half_life"] is None
        assert record["leads"] == "period"

    def test_table_is_in_basis_points(self):
        frame = self.FOUND.to_frame()
        assert frame.loc["long run, a year", "upper_bp"] == pytest.approx(1e4 * self.FOUND.long_run[1], rel=1e-12)
        assert frame.index[0] == "these sessions, a year"


def test_the_file_knows_the_features_it_is_of():
    record = calibration_record()
    assert record["features"] == list(FEATURES)
    for horizon, count in ((1, 6), (5, 8), (21, 8)):
        found = calibration(horizon, 0.95)
        assert found.centre.shape == found.scale.shape == (count,)
        assert found.period.shape == found.long_run.shape == (2, 2 * count + 1)
