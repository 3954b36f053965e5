"""Samples whose parameters are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

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


@pytest.fixture(scope="session")
def persistent() -> Callable[..., Sample]:
    """Make a level with two drivers, coefficients 1 and 1, and noise that takes its time to come back."""

    def make(
        seed: int, *, phi: float = 0.8, spread: float = 1e-4, permanent: float = 0.0, sessions: int = 505
    ) -> Sample:
        rng = np.random.default_rng(seed)
        shocks = spread * np.sqrt(1 - phi**2) * rng.standard_normal(sessions + 200)
        noise = lfilter([1.0], [1.0, -phi], shocks)[200:] + np.cumsum(permanent * rng.standard_normal(sessions))
        days = pd.bdate_range("2024-01-02", periods=sessions)
        fee = -0.0025 * (days - days[0]).days.to_numpy() / 365.0
        drivers = pd.DataFrame({"fee": fee, "premium": 0.004 * rng.standard_normal(sessions)}, index=days)
        return drivers.sum(axis=1) + noise, drivers

    return make
