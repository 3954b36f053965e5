"""Samples whose parameters are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

Sample = tuple[pd.Series, pd.DataFrame]


@pytest.fixture(scope="session")
def sample() -> Callable[..., Sample]:
    """Make a level with two drivers, coefficients 1 and 1, and noise of two kinds."""

    def make(seed: int, *, permanent: float, transitory: float, sessions: int = 253, fee: float = 0.0025) -> Sample:
        rng = np.random.default_rng(seed)
        days = pd.bdate_range("2024-01-02", periods=sessions)
        elapsed = (days - days[0]).days.to_numpy() / 365.0
        drivers = pd.DataFrame({"fee": -fee * elapsed, "premium": 0.004 * rng.standard_normal(sessions)}, index=days)
        noise = np.cumsum(permanent * rng.standard_normal(sessions)) + transitory * rng.standard_normal(sessions)
        return drivers.sum(axis=1) + noise, drivers

    return make
