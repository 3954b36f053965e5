"""The smallest change of a drift that would show: promised and found as often."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.decomposition import local_level
from research.decomposition.breaks import detectable_change
from research.errors import ParameterError, SampleError


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
            found += fit.p_values(0.0)["change"] < 0.05
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
