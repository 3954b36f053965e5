"""The day on which a slope changes: found, with an interval that covers, and not found where there is none.

The smallest change that would show: promised and found as often.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from research.decomposition import local_level, slope_break
from research.decomposition.averaged import averaged_level
from research.decomposition.breaks import SIGNIFICANT, detectable_change
from research.errors import ParameterError, SampleError


def fund(seed: int, *, permanent: float, transitory: float, day: str | None = "2025-03-04", sessions: int = 300):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2024-07-23", periods=sessions)
    after = 0.0 if day is None else np.maximum(0, (days - pd.Timestamp(day)).days.to_numpy() + 1)
    noise = np.cumsum(permanent * rng.standard_normal(sessions)) + transitory * rng.standard_normal(sessions)
    return pd.Series(-0.0025 / 365 * after + noise, days)


def test_the_day_is_found_on_a_weekend_too():
    for day in ("2025-03-04", "2025-03-08", "2025-03-09"):
        found = slope_break(fund(1, permanent=0.0, transitory=1e-7, day=day), draws=99)
        assert found.date == pd.Timestamp(day)
        assert found.interval[0] <= found.date <= found.interval[1]
        assert found.p_value == pytest.approx(0.01)


def test_slopes_are_those_of_the_regression_at_that_day():
    level = fund(2, permanent=1e-6, transitory=2e-6)
    found = slope_break(level, draws=99)
    days = (level.index - found.date).days.to_numpy() + 1
    ramps = pd.DataFrame({"before": np.minimum(days, 0), "after": np.maximum(days, 0)}, index=level.index) / 365.0
    fit = averaged_level(level, ramps)
    assert found.slope_before == pytest.approx(fit.params["before"], abs=1e-10)
    assert found.slope_after == pytest.approx(fit.params["after"], abs=1e-10)
    assert found.std_error_after == pytest.approx(fit.std_errors["after"], rel=1e-5)


def test_profile_equals_brute_force_likelihood():
    """The likelihood ratio of a day, against two least squares fits in changes where noise is a random walk."""
    level = fund(3, permanent=1e-6, transitory=0.0)
    found = slope_break(level, draws=19)
    day = found.date + pd.Timedelta(days=9)

    def residual(candidate: pd.Timestamp) -> float:
        clock = (level.index - level.index[0]).days.to_numpy() / 365.0
        ramp = np.maximum(0, (level.index - candidate).days.to_numpy() + 1) / 365.0
        x, y = np.diff(np.column_stack([clock, ramp]), axis=0), np.diff(level.to_numpy())
        return float(np.linalg.lstsq(x, y, rcond=None)[1][0])

    expected = (len(level) - 1) * np.log(residual(day) / residual(found.date))
    assert found.profile[day] == pytest.approx(expected, rel=0.05)
    assert found.profile.min() == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("permanent", "transitory"), [(2e-6, 0.0), (0.0, 1e-5), (1e-6, 5e-6)])
def test_intervals_of_the_day_cover(permanent, transitory):
    hits = []
    for seed in range(60):
        found = slope_break(fund(seed, permanent=permanent, transitory=transitory), draws=99, seed=seed)
        hits.append(found.interval[0] <= pd.Timestamp("2025-03-04") <= found.interval[1])
    assert np.mean(hits) > 0.86  # 95 % nominal, 60 draws: four Monte-Carlo errors below is 84 %


@pytest.mark.slow
def test_no_change_is_rarely_called_one():
    p_values = [
        slope_break(fund(seed, permanent=2e-6, transitory=2e-6, day=None), draws=49, seed=seed).p_value
        for seed in range(60)
    ]
    assert np.mean(np.array(p_values) <= 0.05) < 0.17
    assert np.mean(np.array(p_values) <= 0.5) > 0.25


def slow_noise(seed: int, sessions: int = 504) -> pd.Series:
    """One basis point that comes back slowly: AR(1) of 0.8."""
    shocks = 1e-4 * np.random.default_rng(seed).standard_normal(sessions)
    shocks[1:] *= 0.6
    return pd.Series(lfilter([1.0], [1.0, -0.8], shocks), pd.bdate_range("2024-07-23", periods=sessions))


@pytest.mark.slow
def test_a_change_is_found_under_noise_that_comes_back_slowly():
    found = []
    for seed in range(30):
        level = slow_noise(seed)
        days = (level.index - level.index[252]).days.to_numpy() + 1
        found.append(slope_break(level - 0.0020 / 365 * np.maximum(0, days), draws=199, seed=seed))
    assert sum(one.is_real for one in found) >= 25  # 27 of 30 are expected where the power is 90 %
    assert sum(one.interval[0] <= level.index[252] <= one.interval[1] for one in found) >= 26


@pytest.mark.slow
def test_slow_noise_is_rarely_called_a_change():
    assert sum(slope_break(slow_noise(seed), draws=199, seed=seed).is_real for seed in range(30)) <= 2


def test_collinear_drivers_are_imposed_and_do_not_take_the_search_down():
    level = fund(1, permanent=0.0, transitory=1e-7)
    years = pd.Series((level.index - level.index[0]).days / 365.0, level.index)
    drivers = pd.DataFrame({"staking": 0.03 * years, "tax": -0.01 * years, "nothing": 0.0}, index=level.index)
    alone, beside = slope_break(level, draws=19), slope_break(level + drivers.sum(axis=1), drivers, draws=19)
    assert beside.date == alone.date
    assert beside.slope_after == pytest.approx(alone.slope_after, rel=1e-9)


def test_a_driver_that_is_the_change_leaves_nothing_to_find_on_its_day():
    level = fund(1, permanent=0.0, transitory=1e-6)
    after = pd.Series(np.maximum(0, (level.index - pd.Timestamp("2025-03-04")).days + 1), level.index)
    assert not slope_break(level, after.to_frame("fee"), draws=99).is_real


def test_what_a_slope_carries_is_part_of_it():
    """A gearing that every drift brings with it, of which the search knows the shape and not the size."""
    level = fund(1, permanent=0.0, transitory=1e-7)
    gusts = np.random.default_rng(0).standard_normal(len(level)).cumsum() * 0.05

    def carries(starts: pd.DatetimeIndex) -> np.ndarray:
        moves = np.diff(gusts, prepend=0.0)[:, None] * (level.index.to_numpy()[:, None] >= starts.to_numpy())
        return moves.cumsum(axis=0)

    level = level - 0.0025 * carries(pd.DatetimeIndex(["2025-03-04"]))[:, 0]
    with_it, without = slope_break(level, draws=19, carries=carries), slope_break(level, draws=19)
    assert with_it.date == pd.Timestamp("2025-03-04")
    assert with_it.slope_after * 1e4 == pytest.approx(-25.0, abs=0.02)
    assert with_it.std_error_after < 0.05 * without.std_error_after


def test_a_change_with_little_after_it_is_near_an_edge():
    early, middle = fund(1, permanent=0.0, transitory=1e-7, day="2025-08-01"), fund(1, permanent=0.0, transitory=1e-7)
    found = slope_break(early, draws=19)
    assert found.date == pd.Timestamp("2025-08-01")
    assert found.sessions[1] == (early.index >= "2025-08-01").sum() < 42
    assert found.near_edge
    assert "Near an edge" in str(found)
    assert not slope_break(middle, draws=19).near_edge


def test_missing_sessions_and_further_drivers():
    level = fund(4, permanent=0.0, transitory=1e-7)
    rng = np.random.default_rng(0)
    premium = pd.DataFrame({"premium": 0.004 * rng.standard_normal(len(level))}, index=level.index)
    holes = level.copy()
    holes.iloc[[50, 51, 200]] = np.nan
    assert slope_break(holes, draws=19).date == pd.Timestamp("2025-03-04")
    assert slope_break(level + premium["premium"], premium, draws=19).date == pd.Timestamp("2025-03-04")


def test_seed_decides():
    level = fund(5, permanent=2e-6, transitory=1e-6)
    first, again = slope_break(level, seed=3, draws=99), slope_break(level, seed=3, draws=99)
    assert first.interval == again.interval
    assert first.p_value == again.p_value


def test_refusals():
    level = fund(6, permanent=1e-6, transitory=1e-6)
    with pytest.raises(SampleError, match="at least 50"):
        slope_break(level.iloc[:30])
    with pytest.raises(ParameterError, match="dates"):
        slope_break(level.reset_index(drop=True))
    with pytest.raises(ParameterError, match="draws"):
        slope_break(level, draws=3)


def test_a_change_is_real_where_it_is_more_than_chance():
    assert slope_break(fund(1, permanent=0.0, transitory=1e-7), draws=99).is_real is True
    none = slope_break(fund(1, permanent=2e-6, transitory=2e-6, day=None), draws=99)
    assert none.is_real is False
    assert replace(none, p_value=SIGNIFICANT).is_real
    assert not replace(none, p_value=np.nextafter(SIGNIFICANT, 1.0)).is_real


def test_its_record_is_in_basis_points_a_year():
    """A fee of 0.25 % a year that begins on a known day, over noise that hides neither."""
    record = slope_break(fund(1, permanent=0.0, transitory=1e-7), draws=19).to_dict()
    assert record["date"] == pd.Timestamp("2025-03-04")
    assert record["slope_before_bp"] == pytest.approx(0.0, abs=0.01)
    assert record["slope_after_bp"] == pytest.approx(-25.0, abs=0.01)
    assert 0.0 < record["std_error_after_bp"] < 0.01


class TestDetectableChange:
    DAYS = pd.bdate_range("2024-07-23", periods=300)

    def noise(self, rng, permanent, transitory):
        walk = permanent * rng.standard_normal(300).cumsum()
        return pd.Series(walk + transitory * rng.standard_normal(300), self.DAYS)

    def fee(self, rate=0.002):
        return pd.Series(-rate / 365 * (self.DAYS - self.DAYS[0]).days, self.DAYS, name="fee")

    @pytest.mark.parametrize(("permanent", "transitory"), [(0.0, 2e-5), (1e-5, 1e-5)])
    def test_a_change_of_that_size_is_found_as_often_as_promised(self, permanent, transitory):
        """In samples with a change of the detectable size, a t test of one more slope finds it four times in five."""
        rng = np.random.default_rng(8)
        sizes = [
            detectable_change(self.noise(rng, permanent, transitory) + self.fee(), self.fee().to_frame(), after=(63,))
            for _ in range(40)
        ]
        size = float(np.mean([one[63] for one in sizes]))
        since = np.maximum((self.DAYS - self.DAYS[-64]).days, 0) / 365.0
        columns = pd.DataFrame({"fee": self.fee(), "change": -since}, index=self.DAYS)
        found = 0
        for _ in range(300):
            level = self.noise(rng, permanent, transitory) + self.fee() - size * since
            fit = local_level(level, columns)
            found += fit.p_values_zero()["change"] < 0.05
        assert 0.74 < found / 300 < 0.87

    def test_shrinks_with_time_and_with_noise(self):
        rng = np.random.default_rng(2)
        quiet, loud = (
            detectable_change(self.noise(rng, 0.0, sd) + self.fee(), self.fee().to_frame()) for sd in (1e-5, 1e-4)
        )
        assert quiet.is_monotonic_decreasing
        assert list(quiet.index) == [5, 10, 21, 42, 63, 126]
        assert loud[21] / quiet[21] == pytest.approx(10, rel=0.3)

    def test_refusals(self):
        level = self.noise(np.random.default_rng(1), 0.0, 1e-5)
        with pytest.raises(ParameterError, match="power is 80"):
            detectable_change(level, power=80)
        with pytest.raises(SampleError, match="8 sessions are too few"):
            detectable_change(level.iloc[:8])


def test_a_level_that_never_moves_or_is_none():
    with pytest.raises(SampleError, match="the level never moves over its 100 sessions"):
        slope_break(pd.Series(0.0, pd.bdate_range("2024-01-01", periods=100)))
    with pytest.raises(ParameterError, match="level is a NoneType: give a pandas Series"):
        slope_break(None)
